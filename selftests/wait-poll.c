// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for what only poll() knows, alone and together with dispatcher objects:
 * it is looked at, and never taken.
 */
#include "objects.h"
#include "procs.h"
#include "kselftest_harness.h"
#include "waits.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

/* What is polled: [0] is waited for, the others make it ready. */
static struct {
	int dev;
	int fds[4];
	pid_t child;
	struct worker worker;
} polled;

FIXTURE(polled)
{
	int dev;
	int self;
	int event;
	int fd;
	__s32 both[2];
};

FIXTURE_VARIANT(polled)
{
	bool (*prepare)(void);
	bool (*ready)(void);
	/* NULL: once ready it stays so. */
	bool (*unready)(void);
};

static bool prepare_eventfd(void)
{
	polled.fds[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return polled.fds[0] >= 0;
}

static bool ready_eventfd(void)
{
	__u64 one = 1;

	return write(polled.fds[0], &one, sizeof(one)) == sizeof(one);
}

static bool unready_eventfd(void)
{
	__u64 value;

	return read(polled.fds[0], &value, sizeof(value)) == sizeof(value);
}

FIXTURE_VARIANT_ADD(polled, eventfd)
{
	.prepare = prepare_eventfd,
	.ready = ready_eventfd,
	.unready = unready_eventfd,
};

static bool prepare_pipe(void)
{
	return !pipe2(polled.fds, O_CLOEXEC);
}

static bool ready_by_writing(void)
{
	return write(polled.fds[1], "x", 1) == 1;
}

static bool unready_by_reading(void)
{
	char c;

	return read(polled.fds[0], &c, 1) == 1;
}

static bool ready_by_closing(void)
{
	return !close(polled.fds[1]);
}

FIXTURE_VARIANT_ADD(polled, pipe)
{
	.prepare = prepare_pipe,
	.ready = ready_by_writing,
	.unready = unready_by_reading,
};

FIXTURE_VARIANT_ADD(polled, pipe_hung_up)
{
	.prepare = prepare_pipe,
	.ready = ready_by_closing,
};

/* The end that can be written to, which doesn't count; until it has an error. */
static bool prepare_pipe_to_write(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return false;
	polled.fds[0] = fds[1];
	polled.fds[1] = fds[0];
	return true;
}

FIXTURE_VARIANT_ADD(polled, pipe_error)
{
	.prepare = prepare_pipe_to_write,
	.ready = ready_by_closing,
};

static bool prepare_sockets(void)
{
	return !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, polled.fds);
}

FIXTURE_VARIANT_ADD(polled, socket)
{
	.prepare = prepare_sockets,
	.ready = ready_by_writing,
	.unready = unready_by_reading,
};

FIXTURE_VARIANT_ADD(polled, socket_hung_up)
{
	.prepare = prepare_sockets,
	.ready = ready_by_closing,
};

static bool prepare_timerfd(void)
{
	polled.fds[0] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return polled.fds[0] >= 0;
}

static bool arm_timerfd(long ns)
{
	struct itimerspec time = { .it_value.tv_nsec = ns };

	return !timerfd_settime(polled.fds[0], 0, &time, NULL);
}

static bool ready_timerfd(void)
{
	return arm_timerfd(1) && wait_until(poll_now(polled.fds[0]) & POLLIN);
}

static bool unready_timerfd(void)
{
	return arm_timerfd(0);
}

FIXTURE_VARIANT_ADD(polled, timerfd)
{
	.prepare = prepare_timerfd,
	.ready = ready_timerfd,
	.unready = unready_timerfd,
};

static bool prepare_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	polled.fds[0] = signalfd(-1, &set, SFD_CLOEXEC);
	return polled.fds[0] >= 0;
}

static bool ready_signalfd(void)
{
	return !kill(getpid(), SIGUSR2);
}

static bool unready_signalfd(void)
{
	struct signalfd_siginfo info;

	return read(polled.fds[0], &info, sizeof(info)) == sizeof(info);
}

FIXTURE_VARIANT_ADD(polled, signalfd)
{
	.prepare = prepare_signalfd,
	.ready = ready_signalfd,
	.unready = unready_signalfd,
};

static bool prepare_pidfd(void)
{
	polled.child = fork();
	if (!polled.child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	polled.fds[0] = pidfd_of(polled.child);
	return polled.fds[0] >= 0;
}

static bool ready_pidfd(void)
{
	return !kill(polled.child, SIGKILL) &&
	       wait_until(poll_now(polled.fds[0]) & POLLIN);
}

FIXTURE_VARIANT_ADD(polled, pidfd)
{
	.prepare = prepare_pidfd,
	.ready = ready_pidfd,
};

/* An epoll instance that one of our events is in. */
static bool prepare_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	polled.fds[0] = epoll_create1(EPOLL_CLOEXEC);
	polled.fds[1] = create_notification(polled.dev, false);
	return !epoll_ctl(polled.fds[0], EPOLL_CTL_ADD, polled.fds[1], &event);
}

static bool ready_epoll(void)
{
	return !set_event(polled.fds[1]);
}

static bool unready_epoll(void)
{
	return reset_event(polled.fds[1]) == 1;
}

FIXTURE_VARIANT_ADD(polled, epoll_of_an_event)
{
	.prepare = prepare_epoll,
	.ready = ready_epoll,
	.unready = unready_epoll,
};

/* And one that a thread is in. */
static bool prepare_epoll_of_a_thread(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (!worker_start(&polled.worker, polled.dev, leave_on_go))
		return false;
	polled.fds[0] = epoll_create1(EPOLL_CLOEXEC);
	return !epoll_ctl(polled.fds[0], EPOLL_CTL_ADD, polled.worker.fd,
			  &event);
}

static bool ready_epoll_of_a_thread(void)
{
	worker_go(&polled.worker);
	worker_join(&polled.worker);
	/* A thread that is gone tells so next, and the epoll instance then knows. */
	return wait_until(poll_now(polled.fds[0]) & POLLIN);
}

FIXTURE_VARIANT_ADD(polled, epoll_of_a_thread)
{
	.prepare = prepare_epoll_of_a_thread,
	.ready = ready_epoll_of_a_thread,
};

/* A kernel APC by name: once it has run. A suspended thread's doesn't. */
static bool prepare_kernel_apc(void)
{
	struct worker *worker = &polled.worker;

	if (!worker_start(worker, polled.dev, leave_on_go) ||
	    suspend_thread(worker->fd, NTAPC_SUSPEND_WAIT))
		return false;
	polled.fds[0] = kernel_apc(worker->fd, 0, "count", 0);
	return polled.fds[0] >= 0;
}

static bool ready_kernel_apc(void)
{
	return resume_thread(polled.worker.fd, 0) == 1 &&
	       wait_until(poll_now(polled.fds[0]) & POLLIN);
}

FIXTURE_VARIANT_ADD(polled, kernel_apc)
{
	.prepare = prepare_kernel_apc,
	.ready = ready_kernel_apc,
};

FIXTURE_SETUP(polled)
{
	open_for_waits(_metadata, &self->dev, &self->self);
	self->event = create_event(self->dev, false);
	ASSERT_LE(0, self->event);
	polled.dev = self->dev;
	ASSERT_TRUE(variant->prepare());
	self->fd = polled.fds[0];
	self->both[0] = self->event;
	self->both[1] = self->fd;
}

FIXTURE_TEARDOWN(polled)
{
	if (polled.child) {
		kill(polled.child, SIGKILL);
		reap(polled.child);
	}
}

/* Signalled while it is ready, however often it is waited for. */
TEST_F(polled, looked_at)
{
	__u64 begin = now();

	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_any(self->dev, 0, &self->fd, 1));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_any(self->dev, begin + 20 * NS_PER_MS, self->both, 2));
	EXPECT_LE(begin + 20 * NS_PER_MS, now());
	ASSERT_TRUE(variant->ready());
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(self->dev, 0, &self->fd, 1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(self->dev, FOREVER, &self->fd,
						1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_all(self->dev, 0, &self->fd, 1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, wait_any(self->dev, FOREVER,
						    self->both, 2));
	if (!variant->unready)
		return;
	ASSERT_TRUE(variant->unready());
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_any(self->dev, 0, self->both, 2));
}

/* 11.5: the lowest index, whichever of the two it is. */
TEST_F(polled, lowest_index)
{
	__s32 reversed[] = { self->fd, self->event };

	ASSERT_TRUE(variant->ready());
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(self->dev, 0, reversed, 2));
	EXPECT_EQ(1, object_state(self->event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(self->dev, 0, self->both, 2));
	EXPECT_EQ(0, object_state(self->event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, wait_any(self->dev, 0, self->both,
						    2));
	EXPECT_EQ(0, nr_waiters(self->event));
}

/* It becomes ready, or an object does, while any is waited for. */
TEST_F(polled, any)
{
	struct waiter waiters[3];
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_TRUE(waiter_start(&waiters[i], self->dev, 0, self->both,
					 2));
	ASSERT_TRUE(waiter_start_one(&waiters[2], self->dev, self->fd));
	EXPECT_EQ(2, nr_waiters(self->event));
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[0]));
	EXPECT_EQ(1, nr_waiters(self->event));
	EXPECT_FALSE(waiter_is_done(&waiters[1]));
	ASSERT_TRUE(variant->ready());
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, waiter_result(&waiters[1]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[2]));
	EXPECT_EQ(0, nr_waiters(self->event));
	for (i = 0; i < 3; i++)
		waiter_end(&waiters[i]);
}

/* All: the object is taken only when the polled one is ready, too. */
TEST_F(polled, all_object_first)
{
	struct waiter waiter;

	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_all(self->dev, 0, self->both, 2));
	EXPECT_EQ(1, object_state(self->event));
	reset_event(self->event);
	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, self->both,
				 2));
	set_event(self->event);
	ASSERT_TRUE(wait_asleep(waiter.worker.tid));
	EXPECT_EQ(1, object_state(self->event));
	EXPECT_FALSE(waiter_is_done(&waiter));
	ASSERT_TRUE(variant->ready());
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	EXPECT_EQ(0, object_state(self->event));
	EXPECT_EQ(0, nr_waiters(self->event));
	waiter_end(&waiter);
}

TEST_F(polled, all_object_last)
{
	struct waiter waiter;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, self->both,
				 2));
	ASSERT_TRUE(variant->ready());
	ASSERT_TRUE(wait_asleep(waiter.worker.tid));
	EXPECT_FALSE(waiter_is_done(&waiter));
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	EXPECT_EQ(0, object_state(self->event));
	EXPECT_EQ(0, nr_waiters(self->event));
	waiter_end(&waiter);
	/* And with both there from the start. */
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_all(self->dev, 0, self->both, 2));
	EXPECT_EQ(0, object_state(self->event));
}

/* Ready and unready again before the object comes: it isn't any more. */
TEST_F(polled, all_unready_again)
{
	struct waiter waiter;

	if (!variant->unready)
		SKIP(return, "once ready it stays so");
	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, self->both,
				 2));
	ASSERT_TRUE(variant->ready());
	/* If it is just looking it may believe what it saw. */
	ASSERT_TRUE(wait_asleep(waiter.worker.tid));
	ASSERT_TRUE(variant->unready());
	set_event(self->event);
	ASSERT_TRUE(wait_asleep(waiter.worker.tid));
	EXPECT_FALSE(waiter_is_done(&waiter));
	EXPECT_EQ(1, object_state(self->event));
	ASSERT_TRUE(variant->ready());
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	EXPECT_EQ(0, object_state(self->event));
	waiter_end(&waiter);
}

/* 11.1, 11.3: ready beats alert beats user APC beats timeout. */
TEST_F(polled, order)
{
	if (variant->unready)
		ASSERT_TRUE(variant->ready());
	EXPECT_EQ(0, queue(self->self, log_apc, 1));
	EXPECT_EQ(0, alert_thread(self->self));
	if (variant->unready) {
		EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1,
			  wait_objects(self->dev, NTAPC_WAIT_ALERTABLE, 0,
				       self->both, 2));
		ASSERT_TRUE(variant->unready());
	}
	EXPECT_EQ(NTAPC_STATUS_ALERTED,
		  wait_objects(self->dev, NTAPC_WAIT_ALERTABLE, 0, self->both,
			       2));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  wait_objects(self->dev, NTAPC_WAIT_ALERTABLE, 0, self->both,
			       2));
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_objects(self->dev, NTAPC_WAIT_ALERTABLE, 0, self->both,
			       2));
}

/* 3.6, 5.1: broken by APCs and alerts; the other one isn't taken. */
TEST_F(polled, broken)
{
	static const __u32 flags[] = { 0, NTAPC_WAIT_ALL };
	struct waiter waiter;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_TRUE(waiter_start(&waiter, self->dev,
					 NTAPC_WAIT_ALERTABLE | flags[i],
					 self->both, 2));
		EXPECT_EQ(0, queue(waiter.worker.fd, log_apc, 1));
		EXPECT_EQ(NTAPC_STATUS_USER_APC, waiter_result(&waiter));
		EXPECT_EQ(i * 2 + 1, log_count());
		waiter_end(&waiter);
		ASSERT_TRUE(waiter_start(&waiter, self->dev,
					 NTAPC_WAIT_ALERTABLE | flags[i],
					 self->both, 2));
		EXPECT_EQ(0, alert_thread(waiter.worker.fd));
		EXPECT_EQ(NTAPC_STATUS_ALERTED, waiter_result(&waiter));
		waiter_end(&waiter);
		EXPECT_EQ(0, nr_waiters(self->event));
		log_add(0);
	}
}

/* 11.4: suspended, resumed and interrupted it waits for both anew. */
TEST_F(polled, restarted)
{
	static const __u32 flags[] = { 0, NTAPC_WAIT_ALL };
	struct waiter waiters[2];
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(waiter_start(&waiters[i], self->dev, flags[i],
					 self->both, 2));
		pthread_kill(waiters[i].worker.thread, SIGUSR1);
		ASSERT_TRUE(wait_until(atomic_load(&signals) == i + 1));
		ASSERT_TRUE(wait_until_waiting(self->event, i + 1));
		ASSERT_EQ(0, suspend_thread(waiters[i].worker.fd,
					    NTAPC_SUSPEND_WAIT));
		EXPECT_EQ(i, nr_waiters(self->event));
		ASSERT_EQ(1, resume_thread(waiters[i].worker.fd, 0));
		ASSERT_TRUE(wait_until_waiting(self->event, i + 1));
		EXPECT_FALSE(waiter_is_done(&waiters[i]));
	}
	ASSERT_TRUE(variant->ready());
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, waiter_result(&waiters[0]));
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[1]));
	EXPECT_EQ(0, object_state(self->event));
	for (i = 0; i < 2; i++)
		waiter_end(&waiters[i]);
}

/* 6.3: what becomes ready while the thread is suspended is seen afterwards. */
TEST_F(polled, ready_while_suspended)
{
	struct waiter waiter;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, 0, self->both, 2));
	ASSERT_EQ(0, suspend_thread(waiter.worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_TRUE(variant->ready());
	EXPECT_FALSE(waiter_is_done(&waiter));
	ASSERT_EQ(1, resume_thread(waiter.worker.fd, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, waiter_result(&waiter));
	waiter_end(&waiter);
}

/* Without SA_RESTART. */
TEST_F(polled, signal_ends_it)
{
	struct waiter waiter;

	catch_signal(0);
	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, self->both,
				 2));
	pthread_kill(waiter.worker.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, waiter_result(&waiter));
	EXPECT_EQ(0, nr_waiters(self->event));
	waiter_end(&waiter);
}

/* NTAPC_WAIT_SIGNAL, which signals objects only, with a wait for it. */
TEST_F(polled, signal_first)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_SIGNAL,
		.nr_objects = 1,
		.objects = ADDR(&self->fd),
		.signal = self->event,
	};

	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	EXPECT_EQ(1, object_state(self->event));
	EXPECT_EQ(-EPROTOTYPE, signal_and_wait(self->fd, self->event, 0, 0));
	EXPECT_EQ(1, object_state(self->event));
}

/* The wait holds it when its descriptor is closed. */
TEST_F(polled, closed_while_waited_for)
{
	int copy = dup(self->fd);
	struct waiter waiter;

	ASSERT_LE(0, copy);
	ASSERT_TRUE(waiter_start(&waiter, self->dev, 0, self->both, 2));
	EXPECT_EQ(0, close(self->fd));
	/* What makes it ready knows it by this. */
	polled.fds[0] = copy;
	ASSERT_TRUE(variant->ready());
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, waiter_result(&waiter));
	waiter_end(&waiter);
}

/* Many of them */

FIXTURE(many)
{
	int dev;
	int fds[NTAPC_OBJECTS_MAX];
};

FIXTURE_SETUP(many)
{
	int i;

	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	for (i = 0; i < NTAPC_OBJECTS_MAX; i++) {
		self->fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		ASSERT_LE(0, self->fds[i]);
	}
}

FIXTURE_TEARDOWN(many)
{
}

static bool raise_eventfd(int fd)
{
	__u64 one = 1;

	return write(fd, &one, sizeof(one)) == sizeof(one);
}

/* Each of 64, of which a few only fit where poll() has room for them at once. */
TEST_F(many, any)
{
	struct waiter waiter;
	__u64 value;
	int i;

	for (i = 0; i < NTAPC_OBJECTS_MAX; i++) {
		ASSERT_TRUE(waiter_start(&waiter, self->dev, 0, self->fds,
					 NTAPC_OBJECTS_MAX));
		ASSERT_TRUE(raise_eventfd(self->fds[i]));
		EXPECT_EQ(i, waiter_result(&waiter));
		EXPECT_EQ(sizeof(value), read(self->fds[i], &value, 8));
		waiter_end(&waiter);
	}
}

TEST_F(many, all)
{
	struct waiter waiter;
	int i;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, self->fds,
				 NTAPC_OBJECTS_MAX));
	for (i = NTAPC_OBJECTS_MAX - 1; i >= 0; i--) {
		EXPECT_FALSE(waiter_is_done(&waiter));
		ASSERT_TRUE(raise_eventfd(self->fds[i]));
	}
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	waiter_end(&waiter);
}

/* Half of them objects, in turns. */
TEST_F(many, mixed)
{
	struct waiter waiter;
	int i;

	for (i = 0; i < NTAPC_OBJECTS_MAX; i += 2) {
		close(self->fds[i]);
		self->fds[i] = create_event(self->dev, false);
		ASSERT_LE(0, self->fds[i]);
	}
	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, self->fds,
				 NTAPC_OBJECTS_MAX));
	for (i = 0; i < NTAPC_OBJECTS_MAX; i++) {
		EXPECT_FALSE(waiter_is_done(&waiter));
		if (i & 1) {
			ASSERT_TRUE(raise_eventfd(self->fds[i]));
		} else {
			EXPECT_EQ(0, set_event(self->fds[i]));
		}
	}
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	for (i = 0; i < NTAPC_OBJECTS_MAX; i += 2)
		EXPECT_EQ(0, object_state(self->fds[i]));
	waiter_end(&waiter);
}

/* Objects in an epoll instance: level and edge. */
TEST(epoll)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int dev = open_device(), fd = create_event(dev, false);
	int level = epoll_create1(EPOLL_CLOEXEC);
	int edge = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, epoll_ctl(edge, EPOLL_CTL_ADD, fd, &event));
	event.events = EPOLLIN;
	ASSERT_EQ(0, epoll_ctl(level, EPOLL_CTL_ADD, fd, &event));
	EXPECT_EQ(0, epoll_wait(level, &event, 1, 0));
	EXPECT_EQ(0, epoll_wait(edge, &event, 1, 0));
	set_event(fd);
	EXPECT_EQ(1, epoll_wait(level, &event, 1, PATIENCE_MS));
	EXPECT_EQ(EPOLLIN, event.events);
	EXPECT_EQ(1, epoll_wait(level, &event, 1, 0));
	EXPECT_EQ(1, epoll_wait(edge, &event, 1, PATIENCE_MS));
	EXPECT_EQ(0, epoll_wait(edge, &event, 1, 0));
	/* Taken by a wait: not readable any more. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(fd));
	EXPECT_EQ(0, epoll_wait(level, &event, 1, 0));
	set_event(fd);
	EXPECT_EQ(1, epoll_wait(edge, &event, 1, PATIENCE_MS));
	close(fd);
	EXPECT_EQ(0, epoll_wait(level, &event, 1, 0));
}

TEST_HARNESS_MAIN
