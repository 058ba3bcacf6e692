// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waits for objects that APCs, alerts, suspensions and signals come upon: what wins,
 * what goes on, and that it does so with nothing lost or done twice.
 */
#include "objects.h"
#include "procs.h"
#include "kselftest_harness.h"
#include "waits.h"

#include <linux/ntapc_ntsync.h>

#define ROUTINE		((void *)0x123456789000)

/* The ways to wait: for one by its own descriptor, for any and for all. */
enum way {
	ONE,
	ANY,
	ALL,
};

FIXTURE(mixed)
{
	int dev;
	int self;
	/* [0] is the one that decides; [1] is never, or always, signalled. */
	__s32 events[2];
	struct ntapc_record records[4];
};

FIXTURE_VARIANT(mixed)
{
	enum way way;
	/* APCs are handed over as records. */
	bool records;
};

FIXTURE_VARIANT_ADD(mixed, one_by_frame)
{
	.way = ONE,
	.records = false,
};

FIXTURE_VARIANT_ADD(mixed, one_by_records)
{
	.way = ONE,
	.records = true,
};

FIXTURE_VARIANT_ADD(mixed, any_by_frame)
{
	.way = ANY,
	.records = false,
};

FIXTURE_VARIANT_ADD(mixed, any_by_records)
{
	.way = ANY,
	.records = true,
};

FIXTURE_VARIANT_ADD(mixed, all_by_frame)
{
	.way = ALL,
	.records = false,
};

FIXTURE_VARIANT_ADD(mixed, all_by_records)
{
	.way = ALL,
	.records = true,
};

FIXTURE_SETUP(mixed)
{
	open_for_waits(_metadata, &self->dev, &self->self);
	self->events[0] = create_event(self->dev, false);
	ASSERT_LE(0, self->events[0]);
	self->events[1] = create_notification(self->dev, variant->way == ALL);
	ASSERT_LE(0, self->events[1]);
}

FIXTURE_TEARDOWN(mixed)
{
}

/* What a wait of the variant is. */
struct how {
	int dev;
	enum way way;
	__u32 flags;
	__u64 deadline;
	__s32 *events;
	struct ntapc_record *records;
	__u32 nr_records;
	int signal;
	__u32 left;	/* of the flags, afterwards */
};

static int wait_how(struct how *how)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = how->flags,
		.deadline = how->deadline,
		.records = ADDR(how->records),
		.nr_records = how->nr_records,
		.signal = how->signal,
	};
	int ret;

	if (how->way != ONE) {
		args.nr_objects = 2;
		args.objects = ADDR(how->events);
	}
	ret = sys_ioctl(how->way == ONE ? how->events[0] : how->dev,
			NTAPC_IOC_WAIT, &args);
	how->left = args.flags;
	return ret;
}

#define HOW(flags_, deadline_) (struct how) {				\
	.dev = self->dev,						\
	.way = variant->way,						\
	.flags = (flags_) | (variant->way == ALL ? NTAPC_WAIT_ALL : 0) |	\
		 (variant->records && (flags_) & NTAPC_WAIT_ALERTABLE ?	\
		  NTAPC_WAIT_RECORDS : 0),				\
	.deadline = deadline_,						\
	.events = self->events,						\
	.records = variant->records && (flags_) & NTAPC_WAIT_ALERTABLE ? \
		   self->records : NULL,				\
	.nr_records = variant->records &&				\
		      (flags_) & NTAPC_WAIT_ALERTABLE ? 4 : 0,		\
}

#define WAIT(flags, deadline) ({					\
	struct how how_ = HOW(flags, deadline);				\
									\
	wait_how(&how_);						\
})

struct how_worker {
	struct worker worker;
	struct how how;
};

static void wait_worker(struct worker *worker)
{
	struct how_worker *waiter = (struct how_worker *)worker;

	worker->ret = wait_how(&waiter->how);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

#define START(waiter, flags, deadline) do {				\
	(waiter)->how = HOW(flags, deadline);				\
	ASSERT_TRUE(worker_start(&(waiter)->worker, self->dev,		\
				 wait_worker));				\
	ASSERT_TRUE(wait_waiting((waiter)->worker.fd));			\
	ASSERT_EQ(1, nr_waiters(self->events[0]));			\
} while (0)

#define END(waiter) do {						\
	worker_go(&(waiter)->worker);					\
	worker_join(&(waiter)->worker);					\
	close((waiter)->worker.fd);					\
} while (0)

/*
 * The same, and suspended before it is due at @deadline, which is set; then it is
 * due. However slow the machine is, it comes to that in the end.
 */
#define START_AND_SUSPEND(waiter, flags, deadline) do {			\
	unsigned int ms_;						\
									\
	for (ms_ = 200;; ms_ *= 2) {					\
		deadline = in_ms(ms_);					\
		(waiter)->how = HOW(flags, deadline);			\
		ASSERT_TRUE(worker_start(&(waiter)->worker, self->dev,	\
					 wait_worker));			\
		wait_until(nr_waiters(self->events[0]) == 1 ||		\
			   now() >= deadline);				\
		ASSERT_EQ(0, suspend_thread((waiter)->worker.fd,	\
					    NTAPC_SUSPEND_WAIT));	\
		if (now() < deadline)					\
			break;						\
		ASSERT_EQ(1, resume_thread((waiter)->worker.fd, 0));	\
		END(waiter);						\
	}								\
	EXPECT_EQ(0, nr_waiters(self->events[0]));			\
} while (0)

#define EXPECT_RESULT(result, waiter) do {				\
	EXPECT_TRUE(worker_reached(&(waiter)->worker, 1));		\
	EXPECT_EQ(result, (waiter)->worker.ret);			\
	EXPECT_EQ(0, nr_waiters(self->events[0]));			\
	EXPECT_EQ(0, nr_waiters(self->events[1]));			\
} while (0)

/* 11.1, 11.3: objects, alert, user APCs, timeout: one after the other. */
TEST_F(mixed, order)
{
	static const __u64 deadlines[] = { 0, 1, FOREVER };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		log_reset();
		EXPECT_EQ(0, queue(self->self, log_apc, 1));
		EXPECT_EQ(0, alert_thread(self->self));
		EXPECT_EQ(0, set_event(self->events[0]));
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, WAIT(NTAPC_WAIT_ALERTABLE,
						    deadlines[i]));
		EXPECT_EQ(0, object_state(self->events[0]));
		EXPECT_EQ(1, nr_pending(self->self));
		EXPECT_EQ(0, log_count());
		/* Who isn't alertable doesn't see them. */
		EXPECT_EQ(NTAPC_STATUS_TIMEOUT, WAIT(0, 1));
		EXPECT_EQ(NTAPC_STATUS_ALERTED, WAIT(NTAPC_WAIT_ALERTABLE,
						     deadlines[i]));
		EXPECT_EQ(1, nr_pending(self->self));
		EXPECT_EQ(0, log_count());
		EXPECT_EQ(NTAPC_STATUS_TIMEOUT, WAIT(0, 1));
		EXPECT_EQ(NTAPC_STATUS_USER_APC, WAIT(NTAPC_WAIT_ALERTABLE,
						      deadlines[i]));
		EXPECT_EQ(0, nr_pending(self->self));
		EXPECT_EQ(!variant->records, log_count());
		EXPECT_EQ(NTAPC_STATUS_TIMEOUT, WAIT(NTAPC_WAIT_ALERTABLE, 0));
	}
}

/* 3.6, 3.8: a user APC breaks it, and the object isn't taken. */
TEST_F(mixed, broken_by_an_apc)
{
	struct how_worker waiter;

	START(&waiter, NTAPC_WAIT_ALERTABLE, FOREVER);
	EXPECT_EQ(0, queue(waiter.worker.fd, log_apc, 1));
	EXPECT_RESULT(NTAPC_STATUS_USER_APC, &waiter);
	EXPECT_EQ(0, set_event(self->events[0]));
	EXPECT_EQ(1, object_state(self->events[0]));
	EXPECT_EQ(!variant->records, log_count());
	END(&waiter);
}

/* 5.1 */
TEST_F(mixed, broken_by_an_alert)
{
	struct how_worker waiter;

	START(&waiter, NTAPC_WAIT_ALERTABLE, FOREVER);
	EXPECT_EQ(0, alert_thread(waiter.worker.fd));
	EXPECT_RESULT(NTAPC_STATUS_ALERTED, &waiter);
	EXPECT_EQ(0, set_event(self->events[0]));
	EXPECT_EQ(1, object_state(self->events[0]));
	END(&waiter);
}

/* 11.10: one that isn't alertable is broken by neither. */
TEST_F(mixed, not_alertable)
{
	struct how_worker waiter;

	START(&waiter, 0, FOREVER);
	EXPECT_EQ(0, queue(waiter.worker.fd, log_apc, 1));
	EXPECT_EQ(0, alert_thread(waiter.worker.fd));
	EXPECT_EQ(1, nr_waiters(self->events[0]));
	EXPECT_EQ(0, atomic_load(&waiter.worker.stage));
	set_event(self->events[0]);
	EXPECT_RESULT(NTAPC_STATUS_WAIT_0, &waiter);
	EXPECT_EQ(1, nr_pending(waiter.worker.fd));
	EXPECT_EQ(0, log_count());
	END(&waiter);
}

/* 7.5: but by the thread's end. */
TEST_F(mixed, terminated)
{
	struct how_worker waiter;

	START(&waiter, 0, FOREVER);
	EXPECT_EQ(0, terminate_thread(waiter.worker.fd, 5));
	worker_join(&waiter.worker);
	EXPECT_EQ(0, atomic_load(&waiter.worker.stage));
	EXPECT_EQ(0, nr_waiters(self->events[0]));
	EXPECT_EQ(0, set_event(self->events[0]));
	EXPECT_EQ(1, object_state(self->events[0]));
	close(waiter.worker.fd);
}

/* An APC by frame may wait itself; what the outer wait was for it can take. */
static int wait_in_apc;

static void waiting_apc(__u64 event, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	wait_in_apc = wait_one(event, PATIENCE);
}

TEST_F(mixed, apc_waits)
{
	struct how_worker waiter;

	if (variant->records)
		SKIP(return, "by frame");
	wait_in_apc = -1;
	START(&waiter, NTAPC_WAIT_ALERTABLE, FOREVER);
	EXPECT_EQ(0, queue(waiter.worker.fd, waiting_apc, self->events[0]));
	/* Out of the outer wait, and in the inner one. */
	ASSERT_TRUE(wait_until(!(thread_bits(waiter.worker.fd) &
				 NTAPC_THREAD_ALERTABLE) &&
			       nr_waiters(self->events[0]) == 1));
	EXPECT_EQ(0, set_event(self->events[0]));
	EXPECT_RESULT(NTAPC_STATUS_USER_APC, &waiter);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_in_apc);
	EXPECT_EQ(0, object_state(self->events[0]));
	END(&waiter);
}

/* With records that can't be written to no APC is lost; objects don't mind. */
TEST_F(mixed, bad_records)
{
	struct how how = HOW(NTAPC_WAIT_ALERTABLE, 0);

	if (!variant->records)
		SKIP(return, "by records");
	how.records = (void *)4096;
	EXPECT_EQ(0, queue(self->self, ROUTINE, 1));
	EXPECT_EQ(-EFAULT, wait_how(&how));
	EXPECT_EQ(1, nr_pending(self->self));
	set_event(self->events[0]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_how(&how));
	EXPECT_EQ(1, nr_pending(self->self));
	how.nr_records = 0;
	EXPECT_EQ(-EINVAL, wait_how(&how));
	how.nr_records = NTAPC_RECORDS_MAX + 1;
	EXPECT_EQ(-EINVAL, wait_how(&how));
	EXPECT_EQ(1, nr_pending(self->self));
}

/* Suspension */

/* 6.3, 11.4: it goes on, in all queues. */
TEST_F(mixed, suspended)
{
	struct how_worker waiter;
	int i;

	START(&waiter, 0, FOREVER);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, suspend_thread(waiter.worker.fd,
					    NTAPC_SUSPEND_WAIT));
		EXPECT_EQ(0, nr_waiters(self->events[0]));
		EXPECT_EQ(0, nr_waiters(self->events[1]));
		ASSERT_EQ(1, resume_thread(waiter.worker.fd, 0));
		ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
	}
	EXPECT_EQ(0, set_event(self->events[0]));
	EXPECT_RESULT(NTAPC_STATUS_WAIT_0, &waiter);
	END(&waiter);
}

/* 11.4: to its old due time, which doesn't end it while it is suspended. */
TEST_F(mixed, due_while_suspended)
{
	struct how_worker waiter;
	__u64 deadline;

	START_AND_SUSPEND(&waiter, 0, deadline);
	delay(self->dev, 0, deadline);
	EXPECT_EQ(0, atomic_load(&waiter.worker.stage));
	ASSERT_EQ(1, resume_thread(waiter.worker.fd, 0));
	EXPECT_RESULT(NTAPC_STATUS_TIMEOUT, &waiter);
	END(&waiter);
}

/* 11.1: resumed after that, it takes what is signalled by then. */
TEST_F(mixed, signalled_while_suspended)
{
	struct how_worker waiter;
	__u64 deadline;

	START_AND_SUSPEND(&waiter, NTAPC_WAIT_ALERTABLE, deadline);
	EXPECT_EQ(0, queue(waiter.worker.fd, log_apc, 1));
	EXPECT_EQ(0, alert_thread(waiter.worker.fd));
	EXPECT_EQ(0, set_event(self->events[0]));
	delay(self->dev, 0, deadline);
	EXPECT_EQ(1, object_state(self->events[0]));
	ASSERT_EQ(1, resume_thread(waiter.worker.fd, 0));
	EXPECT_RESULT(NTAPC_STATUS_WAIT_0, &waiter);
	EXPECT_EQ(0, object_state(self->events[0]));
	EXPECT_EQ(1, nr_pending(waiter.worker.fd));
	EXPECT_EQ(0, log_count());
	END(&waiter);
}

/* 6.10: an APC waits for the resumption, too, and beats the timeout. */
TEST_F(mixed, apc_while_suspended)
{
	struct how_worker waiter;
	__u64 deadline;

	START_AND_SUSPEND(&waiter, NTAPC_WAIT_ALERTABLE, deadline);
	EXPECT_EQ(0, queue(waiter.worker.fd, log_apc, 1));
	delay(self->dev, 0, deadline);
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(1, nr_pending(waiter.worker.fd));
	ASSERT_EQ(1, resume_thread(waiter.worker.fd, 0));
	EXPECT_RESULT(NTAPC_STATUS_USER_APC, &waiter);
	EXPECT_EQ(!variant->records, log_count());
	END(&waiter);
}

/* 5.7: NtAlertResumeThread */
TEST_F(mixed, alert_resume)
{
	struct how_worker waiter;

	START(&waiter, NTAPC_WAIT_ALERTABLE, FOREVER);
	ASSERT_EQ(0, suspend_thread(waiter.worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(1, resume_thread(waiter.worker.fd, NTAPC_RESUME_ALERT));
	EXPECT_RESULT(NTAPC_STATUS_ALERTED, &waiter);
	END(&waiter);
}

/* 11.4, 11.10: kernel APCs run meanwhile, as many as there are, and end nothing. */
TEST_F(mixed, kernel_apcs)
{
	struct ntapc_apc_result result;
	struct how_worker waiter;
	int i, apc;

	START(&waiter, NTAPC_WAIT_ALERTABLE, FOREVER);
	for (i = 0; i < 20; i++) {
		apc = kernel_apc(waiter.worker.fd,
				 i & 1 ? NTAPC_KERNEL_APC_SPECIAL : 0, "count",
				 0);
		ASSERT_LE(0, apc);
		ASSERT_TRUE(wait_until(!apc_result(apc, &result, NULL, 0) &&
				       result.state == NTAPC_APC_RUN));
		close(apc);
	}
	ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
	EXPECT_EQ(0, atomic_load(&waiter.worker.stage));
	EXPECT_EQ(0, set_event(self->events[0]));
	EXPECT_RESULT(NTAPC_STATUS_WAIT_0, &waiter);
	END(&waiter);
}

/* Signals */

/* With SA_RESTART it goes on, in all queues. */
TEST_F(mixed, signal_restarts)
{
	struct how_worker waiter;
	int i;

	START(&waiter, NTAPC_WAIT_ALERTABLE, FOREVER);
	for (i = 1; i <= 5; i++) {
		pthread_kill(waiter.worker.thread, SIGUSR1);
		ASSERT_TRUE(wait_until(atomic_load(&signals) == i));
		ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
	}
	EXPECT_EQ(0, atomic_load(&waiter.worker.stage));
	EXPECT_EQ(0, set_event(self->events[0]));
	EXPECT_RESULT(NTAPC_STATUS_WAIT_0, &waiter);
	END(&waiter);
}

/* To its old due time. */
TEST_F(mixed, signal_keeps_the_due_time)
{
	__u64 deadline = in_ms(400);
	struct how_worker waiter;

	waiter.how = HOW(0, deadline);
	ASSERT_TRUE(worker_start(&waiter.worker, self->dev, wait_worker));
	/* On a very slow machine it is through by now. */
	wait_until(nr_waiters(self->events[0]) == 1 || now() >= deadline);
	pthread_kill(waiter.worker.thread, SIGUSR1);
	ASSERT_TRUE(wait_until(atomic_load(&signals) == 1));
	EXPECT_RESULT(NTAPC_STATUS_TIMEOUT, &waiter);
	EXPECT_LE(deadline, now());
	END(&waiter);
}

static int event_of_handler;

static void set_in_handler(int sig)
{
	(void)sig;
	set_event(event_of_handler);
}

/* What its handler does is seen. */
TEST_F(mixed, signal_handler_sets_the_event)
{
	struct sigaction action = {
		.sa_handler = set_in_handler,
		.sa_flags = SA_RESTART,
	};
	struct how_worker waiter;

	event_of_handler = self->events[0];
	sigaction(SIGUSR1, &action, NULL);
	START(&waiter, 0, FOREVER);
	pthread_kill(waiter.worker.thread, SIGUSR1);
	EXPECT_RESULT(NTAPC_STATUS_WAIT_0, &waiter);
	EXPECT_EQ(0, object_state(self->events[0]));
	END(&waiter);
}

/* Without: EINTR, and nothing is taken. */
TEST_F(mixed, signal_ends_it)
{
	static const __u32 flags[] = { 0, NTAPC_WAIT_ALERTABLE };
	struct how_worker waiter;
	unsigned int i;

	catch_signal(0);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		START(&waiter, flags[i], FOREVER);
		pthread_kill(waiter.worker.thread, SIGUSR1);
		EXPECT_RESULT(-EINTR, &waiter);
		EXPECT_EQ(0, object_state(self->events[0]));
		EXPECT_EQ(variant->way == ALL, object_state(self->events[1]));
		END(&waiter);
	}
}

static void *send_at_once(void *arg)
{
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	return NULL;
}

/* 11.1: a pending signal doesn't come before an object that is there. */
TEST_F(mixed, object_beats_signal)
{
	pthread_t self_thread = pthread_self(), sender;
	int i;

	catch_signal(0);
	for (i = 0; i < 20; i++) {
		set_event(self->events[0]);
		ASSERT_EQ(0, pthread_create(&sender, NULL, send_at_once,
					    &self_thread));
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, WAIT(0, FOREVER));
		pthread_join(sender, NULL);
	}
	EXPECT_EQ(20, atomic_load(&signals));
}

/* Stopped and continued, it still waits. */
TEST_F(mixed, stop_and_continue)
{
	struct how how = HOW(0, PATIENCE);
	pid_t child;
	int status;

	child = fork();
	if (!child)
		_exit(wait_how(&how));
	ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
	ASSERT_EQ(0, kill(child, SIGSTOP));
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	ASSERT_EQ(0, kill(child, SIGCONT));
	ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
	EXPECT_EQ(0, set_event(self->events[0]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, reap(child));
}

/* NTAPC_WAIT_SIGNAL: NtSignalAndWaitForSingleObject, and for more (11.9) */

static struct how signalling(struct how how, int signal)
{
	how.flags |= NTAPC_WAIT_SIGNAL;
	how.signal = signal;
	return how;
}

/* Before the wait, which may then time out; the flag is gone. */
TEST_F(mixed, signal_first)
{
	int event = create_event(self->dev, false);
	int semaphore = create_semaphore(self->dev, 0, 3);
	int mutant = create_mutant(self->dev, true);
	struct how how;

	how = signalling(HOW(0, 0), event);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_how(&how));
	EXPECT_EQ(how.flags & ~NTAPC_WAIT_SIGNAL, how.left);
	EXPECT_EQ(1, object_state(event));
	how = signalling(HOW(0, in_ms(1)), semaphore);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_how(&how));
	EXPECT_EQ(1, object_state(semaphore));
	how = signalling(HOW(0, 1), mutant);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_how(&how));
	EXPECT_EQ(1, object_state(mutant));
	EXPECT_EQ(0, object_owner(mutant));
	/* And with success. */
	set_event(self->events[0]);
	how = signalling(HOW(0, FOREVER), semaphore);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_how(&how));
	EXPECT_EQ(2, object_state(semaphore));
	/* An event that is set already is no error. */
	set_event(self->events[0]);
	how = signalling(HOW(0, FOREVER), event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_how(&how));
	EXPECT_EQ(1, object_state(event));
	/* What it signals may be what it waits for. */
	how = signalling(HOW(0, FOREVER), self->events[0]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_how(&how));
	EXPECT_EQ(0, object_state(self->events[0]));
}

/* It lands though an alert or an APC is what the wait ends with. */
TEST_F(mixed, signal_first_and_an_apc)
{
	int semaphore = create_semaphore(self->dev, 0, 3);
	struct how how = signalling(HOW(NTAPC_WAIT_ALERTABLE, FOREVER),
				    semaphore);

	EXPECT_EQ(0, alert_thread(self->self));
	EXPECT_EQ(0, queue(self->self, log_apc, 1));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, wait_how(&how));
	EXPECT_EQ(1, object_state(semaphore));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, wait_how(&how));
	EXPECT_EQ(2, object_state(semaphore));
}

/* If it fails nothing is waited for or taken, and the flag stays. */
TEST_F(mixed, signal_first_fails)
{
	int full = create_semaphore(self->dev, 3, 3);
	int nobodys = create_mutant(self->dev, false);
	int timer = create_timer(self->dev, true);
	int process = open_process(self->dev, 0);
	int closed = dup(full), fds[2];
	struct how how;
	unsigned int i;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	close(closed);
	{
		const struct {
			int fd, error;
		} cases[] = {
			{ full, -EOVERFLOW }, { nobodys, -EPERM },
			{ closed, -EBADF }, { -1, -EBADF },
			{ timer, -EPROTOTYPE }, { self->self, -EPROTOTYPE },
			{ self->dev, -EPROTOTYPE }, { fds[0], -EPROTOTYPE },
			{ process, -EPROTOTYPE },
		};

		set_event(self->events[0]);
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			how = signalling(HOW(0, FOREVER), cases[i].fd);
			EXPECT_EQ(cases[i].error, wait_how(&how)) {
				TH_LOG("case %u", i);
			}
			EXPECT_EQ(how.flags, how.left);
			EXPECT_EQ(1, object_state(self->events[0]));
		}
	}
	EXPECT_EQ(3, object_state(full));
	EXPECT_EQ(1, object_state(nobodys));
	EXPECT_EQ(0, object_state(timer));
}

/* The struct is written to for it: nothing is signalled if that can't be. */
TEST_F(mixed, signal_first_in_read_only_memory)
{
	int event = create_event(self->dev, false);
	struct ntapc_wait *args;

	args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, args);
	args->size = sizeof(*args);
	args->flags = NTAPC_WAIT_SIGNAL;
	args->signal = event;
	set_event(self->events[0]);
	ASSERT_EQ(0, mprotect(args, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, sys_ioctl(self->events[0], NTAPC_IOC_WAIT, args));
	EXPECT_EQ(0, object_state(event));
	EXPECT_EQ(1, object_state(self->events[0]));
}

/* Once, however often the wait begins anew. */
TEST_F(mixed, signal_first_just_once)
{
	int semaphore = create_semaphore(self->dev, 0, 100), apc, i;
	struct ntapc_apc_result result;
	struct how_worker waiter;

	waiter.how = signalling(HOW(NTAPC_WAIT_ALERTABLE, FOREVER), semaphore);
	ASSERT_TRUE(worker_start(&waiter.worker, self->dev, wait_worker));
	ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
	EXPECT_EQ(1, object_state(semaphore));
	for (i = 1; i <= 5; i++) {
		pthread_kill(waiter.worker.thread, SIGUSR1);
		ASSERT_TRUE(wait_until(atomic_load(&signals) == i));
		ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
		ASSERT_EQ(0, suspend_thread(waiter.worker.fd,
					    NTAPC_SUSPEND_WAIT));
		ASSERT_EQ(1, resume_thread(waiter.worker.fd, 0));
		ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
		apc = kernel_apc(waiter.worker.fd, 0, "count", 0);
		ASSERT_TRUE(wait_until(!apc_result(apc, &result, NULL, 0) &&
				       result.state == NTAPC_APC_RUN));
		ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
		EXPECT_EQ(1, object_state(semaphore));
		close(apc);
	}
	EXPECT_EQ(0, set_event(self->events[0]));
	EXPECT_RESULT(NTAPC_STATUS_WAIT_0, &waiter);
	EXPECT_EQ(waiter.how.flags & ~NTAPC_WAIT_SIGNAL, waiter.how.left);
	EXPECT_EQ(1, object_state(semaphore));
	END(&waiter);
}

/* And if it ends with EINTR. */
TEST_F(mixed, signal_first_and_eintr)
{
	int semaphore = create_semaphore(self->dev, 0, 100);
	struct how_worker waiter;

	catch_signal(0);
	waiter.how = signalling(HOW(0, FOREVER), semaphore);
	ASSERT_TRUE(worker_start(&waiter.worker, self->dev, wait_worker));
	ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
	pthread_kill(waiter.worker.thread, SIGUSR1);
	EXPECT_RESULT(-EINTR, &waiter);
	/* Who calls again with what was written doesn't signal again. */
	EXPECT_EQ(waiter.how.flags & ~NTAPC_WAIT_SIGNAL, waiter.how.left);
	EXPECT_EQ(1, object_state(semaphore));
	END(&waiter);
}

/* Two threads that hand over to each other: none ever misses the other. */
struct ping_pong {
	struct worker worker;
	int mine, yours;
	unsigned int rounds, good;
};

static void play(struct worker *worker)
{
	struct ping_pong *player = (struct ping_pong *)worker;
	unsigned int i;

	for (i = 0; i < player->rounds; i++)
		player->good += !signal_and_wait(player->yours, player->mine, 0,
						 PATIENCE);
	set_event(player->yours);
}

TEST(ping_pong)
{
	int dev = open_device();
	int a = create_event(dev, false), b = create_event(dev, false);
	struct ping_pong players[] = {
		{ .mine = a, .yours = b, .rounds = scaled(5000) },
		{ .mine = b, .yours = a, .rounds = scaled(5000) },
	};
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_TRUE(worker_start(&players[i].worker, dev, play));
	for (i = 0; i < 2; i++) {
		worker_join(&players[i].worker);
		EXPECT_EQ(players[i].rounds, players[i].good);
	}
}

/* A delay may signal first, too. */
TEST(signal_and_delay)
{
	int dev = open_device(), event = create_event(dev, false);
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_SIGNAL,
		.signal = event,
	};

	EXPECT_EQ(NTAPC_STATUS_SUCCESS, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	EXPECT_EQ(0, args.flags);
	EXPECT_EQ(1, object_state(event));
	/* Without the flag the descriptor isn't looked at. */
	EXPECT_EQ(1, reset_event(event));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	EXPECT_EQ(0, object_state(event));
}

/* ntsync's mutexes, whose owners are numbers */

static int create_mutex(int dev, __u32 owner, __u32 count)
{
	struct ntsync_mutex_args args = { .owner = owner, .count = count };

	return sys_ioctl(dev, NTSYNC_IOC_CREATE_MUTEX, &args);
}

static int wait_as(int dev, __u32 owner, __u32 flags, __u64 deadline,
		   const __s32 *objects, __u32 nr)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = flags,
		.deadline = deadline,
		.nr_objects = nr,
		.objects = nr ? ADDR(objects) : 0,
		.owner = owner,
	};

	return sys_ioctl(nr ? dev : objects[0], NTAPC_IOC_WAIT, &args);
}

TEST(owner)
{
	int dev = open_device(), mutex = create_mutex(dev, 0, 0);
	int event = create_event(dev, true);
	__s32 both[] = { event, mutex }, one[] = { mutex };
	struct ntapc_object_info info;

	ASSERT_LE(0, mutex);
	/* It has to be said whose it is to be. */
	EXPECT_EQ(-EINVAL, wait_as(dev, 0, 0, 0, both, 2));
	EXPECT_EQ(-EINVAL, wait_as(dev, 0, NTAPC_WAIT_ALL, 0, both, 2));
	EXPECT_EQ(-EINVAL, wait_as(dev, 0, 0, 0, one, 1));
	EXPECT_EQ(-EINVAL, wait_as(dev, 0, 0, 0, one, 0));
	EXPECT_EQ(1, object_state(event));

	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_as(dev, 7, NTAPC_WAIT_ALL, 0, both,
					       2));
	EXPECT_EQ(0, object_state(event));
	ASSERT_EQ(0, get_object_info(mutex, &info));
	EXPECT_EQ(NTAPC_OBJECT_MUTANT, info.type);
	EXPECT_EQ(NTAPC_OBJECT_NTSYNC, info.flags);
	EXPECT_EQ(7, info.owner);
	EXPECT_EQ(0, info.state);
	/* The same number again, by another way; and another number. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_as(dev, 7, 0, 0, one, 0));
	EXPECT_EQ(-1, object_state(mutex));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_as(dev, 8, 0, 0, one, 1));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_as(dev, 8, NTAPC_WAIT_ALL, 0, both,
						2));
	/* NTAPC_IOC_RELEASE doesn't say whose. */
	EXPECT_EQ(-EPERM, release_mutant(mutex));
	EXPECT_EQ(-EPROTOTYPE, signal_and_wait(mutex, event, 0, 0));
	EXPECT_EQ(-1, object_state(mutex));
	/* A mutant of ours is the thread's, whatever number is given. */
	one[0] = create_mutant(dev, false);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_as(dev, 7, 0, 0, one, 1));
	EXPECT_EQ(gettid(), object_owner(one[0]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_as(dev, 8, 0, 0, one, 1));
	EXPECT_EQ(0, release_mutant(one[0]));
	EXPECT_EQ(0, release_mutant(one[0]));
}

TEST_HARNESS_MAIN
