// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: events, semaphores, mutants and timers. Waits are in waits.c. Rule numbers
 * are those of Documentation/nt-semantics.rst.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "waiter.h"
#include "kselftest_harness.h"

#define NOTIFICATION	NTAPC_OBJECT_NOTIFICATION_EVENT
#define SYNCHRONIZATION	NTAPC_OBJECT_SYNCHRONIZATION_EVENT
#define SEMAPHORE	NTAPC_OBJECT_SEMAPHORE
#define MUTANT		NTAPC_OBJECT_MUTANT
#define TIMER		NTAPC_OBJECT_NOTIFICATION_TIMER
#define AUTO_TIMER	NTAPC_OBJECT_SYNCHRONIZATION_TIMER

static int create(unsigned int type, uint32_t count, uint32_t limit)
{
	return ntapc_object_create(type, count, limit, NULL, NULL);
}

/* Takes it, if it is signalled. */
static int look(int fd)
{
	return ntapc_wait_object(fd, 0, 0);
}

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

static struct ntapc_object_info info_of(int fd)
{
	struct ntapc_object_info info;

	memset(&info, 0xcc, sizeof(info));
	if (ntapc_object_info(fd, &info))
		memset(&info, 0xdd, sizeof(info));
	return info;
}

TEST(create_errors)
{
	char name[NTAPC_NAME_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[NTAPC_NAME_MAX + 1] = '\0';
	EXPECT_EQ(-EINVAL, create(AUTO_TIMER + 1, 0, 0));
	EXPECT_EQ(-EINVAL, create(NOTIFICATION, 2, 0));
	EXPECT_EQ(-EINVAL, create(NOTIFICATION, 0, 1));
	EXPECT_EQ(-EINVAL, create(SEMAPHORE, 0, 0));
	EXPECT_EQ(-EINVAL, create(SEMAPHORE, 3, 2));
	EXPECT_EQ(-EINVAL, create(SEMAPHORE, 0, 0x80000000));
	EXPECT_EQ(-EINVAL, create(MUTANT, 2, 0));
	EXPECT_EQ(-EINVAL, create(TIMER, 1, 0));
	EXPECT_EQ(-EINVAL, ntapc_object_create(MUTANT, 0, 0, "", NULL));
	EXPECT_EQ(-EINVAL, ntapc_object_create(MUTANT, 0, 0, name, NULL));
	EXPECT_EQ(-EINVAL, ntapc_object_open(MUTANT, NULL));
	EXPECT_EQ(-EINVAL, ntapc_object_open(MUTANT, ""));
	name[NTAPC_NAME_MAX] = '\0';
	EXPECT_EQ(-ENOENT, ntapc_object_open(MUTANT, name));
	EXPECT_LE(0, ntapc_object_create(MUTANT, 0, 0, name, NULL));
	EXPECT_LE(0, ntapc_object_open(MUTANT, name));
}

/* What isn't of its kind, and what isn't anything. */
TEST(wrong_descriptors)
{
	int event = create(NOTIFICATION, 0, 0);
	int mutant = create(MUTANT, 0, 0);
	struct ntapc_object_info info;

	ASSERT_LE(0, event);
	ASSERT_LE(0, mutant);
	EXPECT_EQ(-ENOTTY, ntapc_event_set(mutant));
	EXPECT_EQ(-ENOTTY, ntapc_event_reset(mutant));
	EXPECT_EQ(-ENOTTY, ntapc_event_pulse(mutant));
	EXPECT_EQ(-ENOTTY, ntapc_release(event, 1, NULL));
	EXPECT_EQ(-ENOTTY, ntapc_timer_set(event, 0, 0, 0, NULL, 0));
	EXPECT_EQ(-ENOTTY, ntapc_timer_cancel(event));
	EXPECT_EQ(-ENOTTY, ntapc_object_info(ntapc_thread_self(), &info));
	EXPECT_EQ(-EBADF, ntapc_event_set(-1));
	EXPECT_EQ(-EBADF, ntapc_release(-1, 1, NULL));
	EXPECT_EQ(-EBADF, ntapc_timer_set(-1, 0, 0, 0, NULL, 0));
	EXPECT_EQ(-EBADF, ntapc_timer_cancel(-1));
	EXPECT_EQ(-EBADF, ntapc_object_info(-1, &info));
}

TEST(close_on_exec)
{
	int event = create(NOTIFICATION, 0, 0);

	ASSERT_LE(0, event);
	EXPECT_EQ(FD_CLOEXEC, fcntl(event, F_GETFD));
}

/* Events: one stays signalled, of the other each wait takes that. */
TEST(notification_event)
{
	int event = create(NOTIFICATION, 0, 0);

	ASSERT_LE(0, event);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(event));
	EXPECT_FALSE(is_readable(event));
	EXPECT_EQ(0, ntapc_event_set(event));
	EXPECT_TRUE(is_readable(event));
	EXPECT_EQ(1, ntapc_event_set(event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(event));
	EXPECT_EQ(NOTIFICATION, info_of(event).type);
	EXPECT_EQ(1, info_of(event).state);
	EXPECT_EQ(1, ntapc_event_reset(event));
	EXPECT_EQ(0, ntapc_event_reset(event));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(event));
	EXPECT_EQ(0, info_of(event).state);
	EXPECT_EQ(0, info_of(event).limit);
	EXPECT_EQ(0, info_of(event).flags);
}

TEST(synchronization_event)
{
	int event = create(SYNCHRONIZATION, 1, 0);

	ASSERT_LE(0, event);
	EXPECT_EQ(SYNCHRONIZATION, info_of(event).type);
	EXPECT_EQ(1, info_of(event).state);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(event));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(event));
	EXPECT_EQ(0, ntapc_event_set(event));
	EXPECT_EQ(1, ntapc_event_set(event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(event));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(event));
}

static long wait_for(void *arg)
{
	return ntapc_wait_object(*(int *)arg, NTAPC_FOREVER, 0);
}

/* A pulse is nothing to who doesn't wait; it lets all of them go, or one. */
TEST(pulse)
{
	int event = create(NOTIFICATION, 0, 0);
	int one = create(SYNCHRONIZATION, 0, 0);
	struct waiter w[2];

	ASSERT_LE(0, event);
	ASSERT_LE(0, one);
	EXPECT_EQ(0, ntapc_event_pulse(event));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(event));
	EXPECT_EQ(0, ntapc_event_set(event));
	EXPECT_EQ(1, ntapc_event_pulse(event));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(event));

	ASSERT_TRUE(waiter_begin(&w[0], wait_for, &event));
	ASSERT_TRUE(waiter_begin(&w[1], wait_for, &event));
	EXPECT_EQ(2, info_of(event).nr_waiters);
	EXPECT_EQ(0, ntapc_event_pulse(event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w[0]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w[1]));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(event));

	/* Who waits longest. */
	ASSERT_TRUE(waiter_begin(&w[0], wait_for, &one));
	ASSERT_TRUE(waiter_begin(&w[1], wait_for, &one));
	EXPECT_EQ(0, ntapc_event_pulse(one));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w[0]));
	EXPECT_EQ(1, info_of(one).nr_waiters);
	EXPECT_TRUE(waiter_waits(&w[1]));
	EXPECT_EQ(0, ntapc_event_pulse(one));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w[1]));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(one));
}

TEST(semaphore)
{
	int semaphore = create(SEMAPHORE, 1, 3);
	int32_t previous = -1;

	ASSERT_LE(0, semaphore);
	EXPECT_EQ(SEMAPHORE, info_of(semaphore).type);
	EXPECT_EQ(3, info_of(semaphore).limit);
	EXPECT_TRUE(is_readable(semaphore));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(semaphore));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(semaphore));
	EXPECT_FALSE(is_readable(semaphore));
	EXPECT_EQ(0, ntapc_release(semaphore, 2, &previous));
	EXPECT_EQ(0, previous);
	/* At the limit and one past it; then nothing is changed. */
	EXPECT_EQ(-EOVERFLOW, ntapc_release(semaphore, 2, &previous));
	EXPECT_EQ(2, info_of(semaphore).state);
	EXPECT_EQ(0, ntapc_release(semaphore, 1, &previous));
	EXPECT_EQ(2, previous);
	EXPECT_EQ(-EOVERFLOW, ntapc_release(semaphore, 1, NULL));
	EXPECT_EQ(-EOVERFLOW, ntapc_release(semaphore, 0x7fffffff, NULL));
	EXPECT_EQ(-EINVAL, ntapc_release(semaphore, 0, NULL));
	EXPECT_EQ(-EINVAL, ntapc_release(semaphore, 0x80000000, NULL));
	EXPECT_EQ(3, info_of(semaphore).state);
	EXPECT_EQ(0, ntapc_release(create(SEMAPHORE, 0, 0x7fffffff), 0x7fffffff,
				   &previous));
}

/* Each release of one lets one go. */
TEST(semaphore_waiters)
{
	int semaphore = create(SEMAPHORE, 0, 3);
	struct waiter w[3];
	int i;

	ASSERT_LE(0, semaphore);
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(waiter_begin(&w[i], wait_for, &semaphore));
	EXPECT_EQ(0, ntapc_release(semaphore, 2, NULL));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w[0]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w[1]));
	EXPECT_TRUE(waiter_waits(&w[2]));
	EXPECT_EQ(0, info_of(semaphore).state);
	EXPECT_EQ(0, ntapc_release(semaphore, 1, NULL));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w[2]));
}

static long look_at(void *arg)
{
	return look(*(int *)arg);
}

static long release_it(void *arg)
{
	return ntapc_release(*(int *)arg, 1, NULL);
}

/* 11.6 */
TEST(mutant)
{
	int mutant = create(MUTANT, 0, 0);
	int32_t previous = 99;

	ASSERT_LE(0, mutant);
	EXPECT_EQ(MUTANT, info_of(mutant).type);
	EXPECT_EQ(1, info_of(mutant).state);
	EXPECT_TRUE(is_readable(mutant));
	EXPECT_EQ(-EPERM, ntapc_release(mutant, 1, &previous));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(mutant));
	EXPECT_EQ(0, info_of(mutant).state);
	EXPECT_EQ(NTAPC_OBJECT_OWNED_BY_CALLER, info_of(mutant).flags);
	EXPECT_EQ(gettid(), info_of(mutant).owner);
	EXPECT_FALSE(is_readable(mutant));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(mutant));
	EXPECT_EQ(-1, info_of(mutant).state);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, elsewhere(look_at, &mutant));
	EXPECT_EQ(-EPERM, elsewhere(release_it, &mutant));
	EXPECT_EQ(-EINVAL, ntapc_release(mutant, 2, &previous));
	EXPECT_EQ(99, previous);
	EXPECT_EQ(0, ntapc_release(mutant, 1, &previous));
	EXPECT_EQ(-1, previous);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, elsewhere(look_at, &mutant));
	EXPECT_EQ(0, ntapc_release(mutant, 1, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_EQ(-EPERM, ntapc_release(mutant, 1, NULL));
	EXPECT_EQ(0, info_of(mutant).owner);
}

/* It starts as the caller's, and who waits gets it when it is given back. */
TEST(mutant_handed_on)
{
	int mutant = create(MUTANT, 1, 0);
	struct waiter w;

	ASSERT_LE(0, mutant);
	ASSERT_TRUE(waiter_begin(&w, wait_for, &mutant));
	EXPECT_EQ(0, ntapc_release(mutant, 1, NULL));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w));
	/* Its thread has ended with it. */
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0,
		  ntapc_wait_object(mutant, NTAPC_FOREVER, 0));
}

/* 11.6: the next one who acquires it is told, and nobody after that. */
TEST(mutant_abandoned)
{
	int mutant = create(MUTANT, 0, 0);

	ASSERT_LE(0, mutant);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, elsewhere(look_at, &mutant));
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0,
		  ntapc_wait_object(mutant, NTAPC_FOREVER, 0));
	EXPECT_EQ(NTAPC_OBJECT_OWNED_BY_CALLER, info_of(mutant).flags);
	EXPECT_EQ(0, ntapc_release(mutant, 1, NULL));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(mutant));
}

/* A process's end is the end of its threads. */
TEST(mutant_abandoned_by_a_process)
{
	int mutant = create(MUTANT, 0, 0);
	pid_t pid;

	ASSERT_LE(0, mutant);
	pid = fork();
	if (!pid)
		_exit(look(mutant));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, end_of(pid));
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0,
		  ntapc_wait_object(mutant, NTAPC_FOREVER, 0));
}

TEST(names)
{
	int event, again, existed = 7;

	EXPECT_EQ(-ENOENT, ntapc_object_open(NOTIFICATION, "faces/name"));
	event = ntapc_object_create(NOTIFICATION, 0, 0, "faces/name", &existed);
	ASSERT_LE(0, event);
	EXPECT_EQ(0, existed);
	again = ntapc_object_create(NOTIFICATION, 1, 0, "faces/name", &existed);
	ASSERT_LE(0, again);
	EXPECT_EQ(1, existed);
	/* As it was, not as it would have been made. */
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(again));
	EXPECT_EQ(0, ntapc_event_set(event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(again));
	close(again);
	/* The two types of events are one. */
	again = ntapc_object_open(SYNCHRONIZATION, "faces/name");
	ASSERT_LE(0, again);
	EXPECT_EQ(NOTIFICATION, info_of(again).type);
	EXPECT_EQ(-EPROTOTYPE, ntapc_object_open(MUTANT, "faces/name"));
	EXPECT_EQ(-EPROTOTYPE,
		  ntapc_object_create(SEMAPHORE, 0, 1, "faces/name", &existed));
	EXPECT_EQ(-ENOENT, ntapc_object_open(NOTIFICATION, "faces/nam"));
	EXPECT_EQ(-ENOENT, ntapc_object_open(NOTIFICATION, "faces/Name"));
	/* It lives as long as the last of its descriptors. */
	close(event);
	event = ntapc_object_open(NOTIFICATION, "faces/name");
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(event));
	close(event);
	close(again);
	EXPECT_EQ(-ENOENT, ntapc_object_open(NOTIFICATION, "faces/name"));
}

/* Of a mutant that is there already nobody becomes the owner by opening it. */
TEST(named_mutant)
{
	int mutant = ntapc_object_create(MUTANT, 0, 0, "faces/mutant", NULL);
	int again = ntapc_object_create(MUTANT, 1, 0, "faces/mutant", NULL);

	ASSERT_LE(0, mutant);
	ASSERT_LE(0, again);
	EXPECT_EQ(1, info_of(mutant).state);
	EXPECT_EQ(-EPERM, ntapc_release(again, 1, NULL));
}

/* Another process, which shares nothing with this one but the name. */
TEST(name_across_processes)
{
	int event, done, fd;
	pid_t pid;

	event = ntapc_object_create(NOTIFICATION, 0, 0, "faces/there", NULL);
	done = ntapc_object_create(SYNCHRONIZATION, 0, 0, "faces/back", NULL);
	ASSERT_LE(0, event);
	ASSERT_LE(0, done);
	pid = fork();
	if (!pid) {
		close(event);
		close(done);
		fd = ntapc_object_open(NOTIFICATION, "faces/there");
		if (ntapc_wait_object(fd, PATIENCE_NS, 0))
			_exit(1);
		fd = ntapc_object_open(NOTIFICATION, "faces/back");
		_exit(ntapc_event_set(fd));
	}
	EXPECT_EQ(0, ntapc_event_set(event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_object(done, PATIENCE_NS, 0));
	EXPECT_EQ(0, end_of(pid));
}

static bool send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(fd))] = "";
	struct iovec part = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(socket, &m, 0) == 1;
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec part = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

/* A descriptor made there, and sent here. */
TEST(descriptor_across_processes)
{
	int pair[2], fd;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid) {
		fd = create(SEMAPHORE, 0, 5);
		if (!send_fd(pair[1], fd))
			_exit(1);
		_exit(ntapc_wait_object(fd, PATIENCE_NS, 0));
	}
	fd = receive_fd(pair[0]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ntapc_release(fd, 1, NULL));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, end_of(pid));
	EXPECT_EQ(0, info_of(fd).state);
}

/* What an inherited one has is one object with the parent's. */
TEST(over_fork)
{
	int event = create(SYNCHRONIZATION, 0, 0);
	pid_t pid;

	ASSERT_LE(0, event);
	pid = fork();
	if (!pid)
		_exit(ntapc_event_set(event));
	EXPECT_EQ(0, end_of(pid));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(event));
}

/* Timers */

TEST(timer_errors)
{
	int timer = create(TIMER, 0, 0);

	ASSERT_LE(0, timer);
	EXPECT_EQ(-EINVAL, ntapc_timer_set(timer, 0, NTAPC_ALERTABLE, 0, NULL, 0));
	EXPECT_EQ(-EINVAL,
		  ntapc_timer_set(timer, 0, NTAPC_ABSOLUTE | NTAPC_REALTIME, 0,
				  NULL, 0));
	EXPECT_EQ(-EINVAL, ntapc_timer_set(timer, 0, 0, 0x80000000, NULL, 0));
	EXPECT_EQ(0, info_of(timer).flags);
}

TEST(timer_takes_its_time)
{
	int timer = create(TIMER, 0, 0);
	uint64_t begin = now_ns();

	ASSERT_LE(0, timer);
	EXPECT_EQ(TIMER, info_of(timer).type);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(timer));
	EXPECT_EQ(0, ntapc_timer_set(timer, 20 * MS, 0, 0, NULL, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_object(timer, PATIENCE_NS, 0));
	EXPECT_LE(20 * MS, now_ns() - begin);
	/* A notification timer stays signalled until it is set again. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(timer));
	EXPECT_TRUE(is_readable(timer));
	EXPECT_EQ(1, ntapc_timer_set(timer, NTAPC_FOREVER, 0, 0, NULL, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(timer));
	EXPECT_EQ(NTAPC_OBJECT_TIMER_SET, info_of(timer).flags);
	EXPECT_LT(0, info_of(timer).remaining);
	EXPECT_EQ(1, ntapc_timer_cancel(timer));
	EXPECT_EQ(0, ntapc_timer_cancel(timer));
	EXPECT_EQ(0, info_of(timer).flags);
}

/* Points in time, and those that have passed. */
TEST(timer_points_in_time)
{
	int timer = create(AUTO_TIMER, 0, 0);
	struct timespec ts;
	uint64_t until, real;

	ASSERT_LE(0, timer);
	until = now_ns() + 20 * MS;
	EXPECT_EQ(0, ntapc_timer_set(timer, until, NTAPC_ABSOLUTE, 0, NULL, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_object(timer, PATIENCE_NS, 0));
	EXPECT_LE(until, now_ns());
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(timer));

	clock_gettime(CLOCK_REALTIME, &ts);
	real = ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec + 20 * MS;
	EXPECT_EQ(0, ntapc_timer_set(timer, real, NTAPC_REALTIME, 0, NULL, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_object(timer, PATIENCE_NS, 0));
	clock_gettime(CLOCK_REALTIME, &ts);
	EXPECT_LE(real, ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec);

	/* At once, when the call returns. */
	EXPECT_EQ(0, ntapc_timer_set(timer, 0, 0, 0, NULL, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(timer));
	EXPECT_EQ(0, ntapc_timer_set(timer, 1, NTAPC_ABSOLUTE, 0, NULL, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(timer));
	EXPECT_EQ(0, ntapc_timer_set(timer, 1, NTAPC_REALTIME, 0, NULL, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(timer));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(timer));
}

TEST(timer_period)
{
	int timer = create(AUTO_TIMER, 0, 0);
	uint64_t begin = now_ns();
	int i;

	ASSERT_LE(0, timer);
	EXPECT_EQ(0, ntapc_timer_set(timer, 10 * MS, 0, 5, NULL, 0));
	EXPECT_EQ(5, info_of(timer).period);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(NTAPC_STATUS_WAIT_0,
			  ntapc_wait_object(timer, PATIENCE_NS, 0));
	EXPECT_LE(25 * MS, now_ns() - begin);
	EXPECT_EQ(1, ntapc_timer_cancel(timer));
	EXPECT_EQ(0, info_of(timer).period);
}

static struct {
	uintptr_t context;
	uint64_t time;
	pid_t tid;
} expiry;

static void expired(uintptr_t context, uintptr_t low, uintptr_t high)
{
	log_add(1);
	expiry.context = context;
	expiry.time = (uint64_t)high << 32 | (uint32_t)low;
	expiry.tid = gettid();
}

/* Since 1601, in units of 100 ns. */
static uint64_t nt_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return UINT64_C(116444736000000000) + ts.tv_sec * UINT64_C(10000000) +
	       ts.tv_nsec / 100;
}

/* The APC is the thread's that has set the timer, and has the time. */
TEST(timer_apc)
{
	int timer = create(TIMER, 0, 0);
	uint64_t begin = nt_now();

	ASSERT_LE(0, timer);
	EXPECT_EQ(0, ntapc_timer_set(timer, 5 * MS, 0, 0, expired,
				     0xfedcba9876543210));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_object(timer, PATIENCE_NS, 0));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  ntapc_delay(PATIENCE_NS, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(0xfedcba9876543210, expiry.context);
	EXPECT_EQ(gettid(), expiry.tid);
	EXPECT_LE(begin + 5 * MS / 100, expiry.time);
	EXPECT_GE(nt_now(), expiry.time);
	/* And it ends a wait. */
	EXPECT_EQ(1, ntapc_timer_set(timer, 5 * MS, 0, 0, expired, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  ntapc_delay(PATIENCE_NS, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(2, 1, 1));
}

/* What is queued still is taken back; and of more expiries there is one APC. */
TEST(timer_apc_taken_back)
{
	int timer = create(AUTO_TIMER, 0, 0);
	struct ntapc_thread_info info;
	int i;

	ASSERT_LE(0, timer);
	EXPECT_EQ(0, ntapc_timer_set(timer, 0, 0, 0, expired, 1));
	EXPECT_EQ(0, ntapc_timer_cancel(timer));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
	EXPECT_EQ(0, log_count);
	/* It stays signalled. */
	EXPECT_EQ(1, ntapc_timer_set(timer, 0, 0, 0, expired, 1));
	EXPECT_EQ(1, ntapc_timer_set(timer, 0, 0, 0, expired, 2));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(2, expiry.context);

	EXPECT_EQ(1, ntapc_timer_set(timer, 0, 0, 1, expired, 3));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(NTAPC_STATUS_WAIT_0,
			  ntapc_wait_object(timer, PATIENCE_NS, 0));
	ASSERT_EQ(0, ntapc_thread_info(ntapc_thread_self(), &info));
	EXPECT_EQ(1, info.nr_user);
	EXPECT_EQ(1, ntapc_timer_cancel(timer));
	ASSERT_EQ(0, ntapc_thread_info(ntapc_thread_self(), &info));
	EXPECT_EQ(0, info.nr_user);
}

static long set_timer(void *arg)
{
	return ntapc_timer_set(*(int *)arg, 0, 0, 0, expired, 4);
}

/* 14.3: with its thread it goes, and the timer goes on. */
TEST(timer_apc_of_an_ended_thread)
{
	int timer = create(AUTO_TIMER, 0, 0);

	ASSERT_LE(0, timer);
	EXPECT_EQ(0, elsewhere(set_timer, &timer));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(timer));
	EXPECT_EQ(0, ntapc_timer_set(timer, 0, 0, 0, expired, 5));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(5, expiry.context);
}

TEST_HARNESS_MAIN
