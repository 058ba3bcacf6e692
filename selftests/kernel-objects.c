// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispatcher objects and waits by the in-kernel API: rules 5.1, 6.3, 7.3, 8.6 and
 * 11.1 to 11.11. A user thread in kernel mode and a system thread do the same. See
 * kernel.h for how they are driven; what user space does with objects has tests of
 * its own.
 */
#include "ntsync.h"
#include "objects.h"
#include "kselftest_harness.h"
#include "procs.h"
#include "kernel.h"
#include "actor.h"

#define ABANDONED	NTAPC_STATUS_ABANDONED_WAIT_0
#define TIMEOUT		NTAPC_STATUS_TIMEOUT

#define MAKE(number, kind, ...)						\
	STEP(MAKE_OBJECT, .id = (number), .routine = (kind),		\
	     .arg = { __VA_ARGS__ })
#define NOTIFICATION(number)	MAKE(number, NTAPC_OBJECT_NOTIFICATION_EVENT, 0)
#define EVENT(number)	MAKE(number, NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0)
#define SEMAPHORE(number, count, limit)					\
	MAKE(number, NTAPC_OBJECT_SEMAPHORE, count, limit)
#define MUTANT(number)	MAKE(number, NTAPC_OBJECT_MUTANT, 0)
#define MUTEX(number)	MAKE(number, CLIENT_MUTEX, 0)
#define SET(number)	STEP(SET_EVENT, .id = (number))
#define RESET(number)	STEP(RESET_EVENT, .id = (number))
#define PULSE(number)	STEP(PULSE_EVENT, .id = (number))
#define GIVE(number, how_many)						\
	STEP(RELEASE_SEMAPHORE, .id = (number), .count = (how_many))
#define RELEASE(number)	STEP(RELEASE_MUTANT, .id = (number))
#define STATE(number)	STEP(READ_STATE, .id = (number))
/* Without blocking, and without end. */
#define TRY(number)	STEP(WAIT_OBJECT, .id = (number))
#define AWAIT(number, ...)						\
	STEP(WAIT_OBJECT, .id = (number), .arg = { CLIENT_FOREVER },	\
	     ##__VA_ARGS__)
#define TRY_ANY(first, nr, ...)						\
	STEP(WAIT_OBJECTS, .id = (first), .count = (nr), ##__VA_ARGS__)
#define TRY_ALL(first, nr)						\
	STEP(WAIT_OBJECTS, .id = (first), .count = (nr), .flags = CLIENT_ALL)
#define AWAIT_ALL(first, nr)						\
	STEP(WAIT_OBJECTS, .id = (first), .count = (nr),		\
	     .flags = CLIENT_ALL, .arg = { CLIENT_FOREVER })

FIXTURE(objects)
{
	int unused;
};

FIXTURE_VARIANT(objects)
{
	bool system;
};

FIXTURE_VARIANT_ADD(objects, user)
{
	.system = false,
};

FIXTURE_VARIANT_ADD(objects, system)
{
	.system = true,
};

FIXTURE_SETUP(objects)
{
	NEED_CLIENT();
}

FIXTURE_TEARDOWN_PARENT(objects)
{
	CLIENT_GOES();
}

#define DO(...)			ACT(variant->system, ##__VA_ARGS__)
#define START(actor, ...)						\
	START_ACTOR(actor, variant->system, ##__VA_ARGS__)

/* What each step of the last DO() gave. */
#define EXPECT_RESULTS(...)						\
do {									\
	static const long expected_[] = { __VA_ARGS__ };		\
	unsigned int step_;						\
									\
	for (step_ = 0; step_ < ARRAY_SIZE(expected_); step_++)		\
		EXPECT_EQ(expected_[step_], RESULT(step_)) {		\
			TH_LOG("step %u", step_);			\
		}							\
} while (0)

/* One thing of each kind */

TEST_F(objects, events)
{
	DO(NOTIFICATION(0), STATE(0), SET(0), SET(0), STATE(0), TRY(0), TRY(0),
	   PULSE(0), STATE(0), RESET(0), TRY(0));
	EXPECT_RESULTS(0, 0, 0, 1, 1, 0, 0, 1, 0, 0, TIMEOUT);
	reset_events();
	DO(EVENT(0), TRY(0), SET(0), TRY(0), STATE(0), TRY(0), SET(0), RESET(0),
	   TRY(0), PULSE(0), TRY(0));
	EXPECT_RESULTS(0, TIMEOUT, 0, 0, 0, TIMEOUT, 0, 1, TIMEOUT, 0, TIMEOUT);
}

TEST_F(objects, semaphores)
{
	DO(SEMAPHORE(0, 1, 3), GIVE(0, 2), GIVE(0, 1), STATE(0), TRY(0), TRY(0),
	   TRY(0), TRY(0), GIVE(0, 4), GIVE(0, 0), STATE(0));
	EXPECT_RESULTS(0, 1, -EOVERFLOW, 3, 0, 0, 0, TIMEOUT, -EOVERFLOW,
		       -EINVAL, 0);
	reset_events();
	DO(SEMAPHORE(0, 0, 0), SEMAPHORE(0, 4, 3), SEMAPHORE(0, 0, 0x80000000),
	   SEMAPHORE(0, 0x7fffffff, 0x7fffffff), GIVE(0, 0x80000000), TRY(0),
	   GIVE(0, 1));
	EXPECT_RESULTS(-EINVAL, -EINVAL, -EINVAL, 0, -EINVAL, 0, 0x7ffffffe);
}

/* 11.6: counts down from 1. */
TEST_F(objects, mutants)
{
	DO(MUTANT(0), STATE(0), RELEASE(0), TRY(0), STATE(0), TRY(0), STATE(0),
	   RELEASE(0), RELEASE(0), RELEASE(0), STATE(0));
	EXPECT_RESULTS(0, 1, -EPERM, 0, 0, 0, -1, 0, 0, -EPERM, 1);
}

/* 8.6: a mutex keeps normal kernel APCs away while it is held. */
TEST_F(objects, mutexes)
{
	__s32 target = variant->system ? -ACTOR_SYSTEM : 0;

	DO(MUTEX(0), TRY(0), TRY(0), STEP(ARE_DISABLED),
	   NORMAL(1, .target = target), SAFE_POINT, MARK(1), RELEASE(0),
	   MARK(2), RELEASE(0), MARK(3), STEP(ARE_DISABLED), RELEASE(0));
	EXPECT_EQ(1, RESULT(3));
	EXPECT_EQ(0, RESULT(11));
	EXPECT_EQ(-EPERM, RESULT(12));
	EXPECT_STREQ("M1 M2 K1 N1 M3", deeds());
}

/* What isn't of that kind is left alone. */
TEST_F(objects, operations_of_others)
{
	DO(EVENT(0), GIVE(0, 1), RELEASE(0), STEP(SET_TIMER, .id = 0),
	   STEP(CANCEL_TIMER, .id = 0), STATE(0));
	EXPECT_RESULTS(0, -EINVAL, -EINVAL, 0, 0, 0);
	reset_events();
	DO(SEMAPHORE(0, 1, 1), SET(0), RESET(0), PULSE(0), RELEASE(0), STATE(0));
	EXPECT_RESULTS(0, 0, 0, 0, -EINVAL, 1);
}

/* Any task context, where that is said. */
TEST_F(objects, in_atomic_context)
{
	DO(NOTIFICATION(0), STEP(SET_EVENT, .id = 0, .flags = CLIENT_ATOMIC),
	   STEP(PULSE_EVENT, .id = 0, .flags = CLIENT_ATOMIC),
	   STEP(RESET_EVENT, .id = 0, .flags = CLIENT_ATOMIC),
	   STEP(READ_STATE, .id = 0, .flags = CLIENT_ATOMIC),
	   SEMAPHORE(0, 0, 2), STEP(RELEASE_SEMAPHORE, .id = 0, .count = 1,
				    .flags = CLIENT_ATOMIC),
	   MUTANT(0), TRY(0),
	   STEP(RELEASE_MUTANT, .id = 0, .flags = CLIENT_ATOMIC));
	EXPECT_RESULTS(0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
}

/* Timers: relative, past, periodic; set again, cancelled. */
TEST_F(objects, timers)
{
	__u64 begin = now();

	DO(MAKE(0, NTAPC_OBJECT_NOTIFICATION_TIMER, 0),
	   STEP(CANCEL_TIMER, .id = 0),
	   STEP(SET_TIMER, .id = 0, .arg = { 3600 * 1000, 0 }), TRY(0),
	   STEP(SET_TIMER, .id = 0, .arg = { 20, 0 }), AWAIT(0), TRY(0),
	   STEP(CANCEL_TIMER, .id = 0), STATE(0),
	   STEP(SET_TIMER, .id = 0, .arg = { 3600 * 1000, 0 }), STATE(0),
	   STEP(CANCEL_TIMER, .id = 0), TRY(0));
	EXPECT_RESULTS(0, 0, 0, TIMEOUT, 1, 0, 0, 0, 1, 0, 0, 1, TIMEOUT);
	EXPECT_LE(20 * NS_PER_MS, now() - begin);
	reset_events();
	DO(MAKE(0, NTAPC_OBJECT_SYNCHRONIZATION_TIMER, 0),
	   STEP(SET_TIMER, .id = 0, .flags = CLIENT_RAW_TIME, .arg = { 1, 0 }),
	   AWAIT(0), TRY(0), STEP(SET_TIMER, .id = 0, .arg = { 1, 5 }), AWAIT(0),
	   AWAIT(0), AWAIT(0), STEP(CANCEL_TIMER, .id = 0));
	EXPECT_RESULTS(0, 0, 0, TIMEOUT, 0, 0, 0, 0, 1);
}

/* Waiting for many */

TEST_F(objects, limits)
{
	struct client_step steps[CLIENT_STEPS_MAX];
	unsigned int i, nr = 0;

	for (i = 0; i < 65; i++)
		ASSERT_EQ(0, RUN(NOTIFICATION(i)));
	steps[nr++] = TRY_ANY(0, 0);
	steps[nr++] = TRY_ALL(0, 0);
	steps[nr++] = TRY_ANY(0, 65);
	steps[nr++] = TRY_ALL(0, 65);
	steps[nr++] = TRY_ANY(0, 64);
	steps[nr++] = SET(63);
	steps[nr++] = TRY_ANY(0, 64);
	steps[nr++] = TRY_ALL(0, 64);
	steps[nr++] = TRY_ALL(63, 1);
	/* 11.7: named twice. */
	steps[nr++] = TRY_ANY(62, 3, .flags = CLIENT_TWICE);
	steps[nr++] = TRY_ANY(62, 3, .flags = CLIENT_TWICE | CLIENT_ALL);
	act(variant->system, steps, nr);
	EXPECT_RESULTS(-EINVAL, -EINVAL, -EINVAL, -EINVAL, TIMEOUT, 0, 63,
		       TIMEOUT, 0, 1, -EEXIST);
	for (i = 0; i < 64; i++)
		ASSERT_EQ(i == 63, RUN(SET(i)));
	reset_events();
	EXPECT_EQ(0, DO(TRY_ALL(0, 64)));
}

/* 11.5: the lowest index, and just it; all, or nothing. */
TEST_F(objects, any_and_all)
{
	DO(SEMAPHORE(0, 0, 9), EVENT(1), MUTANT(2), EVENT(3), SET(1), SET(3),
	   TRY_ANY(0, 4), STATE(1), STATE(2), STATE(3), TRY_ANY(0, 4), STATE(2),
	   TRY_ALL(0, 4), STATE(3), STATE(2), SET(1), GIVE(0, 2), TRY_ALL(0, 4),
	   STATE(0), STATE(1), STATE(2), STATE(3));
	EXPECT_RESULTS(0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 2, 0, TIMEOUT, 1, 0, 0, 0,
		       0, 1, 0, -1, 0);
}

TEST_F(objects, blocks_until_all_are_there)
{
	struct actor actor;

	ASSERT_EQ(0, RUN(SEMAPHORE(0, 0, 9), EVENT(1), MUTANT(2), TRY(2)));
	ASSERT_TRUE(START(&actor, AWAIT_ALL(0, 3), STATE(2)));
	ASSERT_EQ(0, RUN(GIVE(0, 1), SET(1)));
	/* Nothing is taken, however far the other one is. */
	EXPECT_EQ(1, RUN(STATE(0)));
	EXPECT_EQ(1, RUN(STATE(1)));
	EXPECT_EQ(0, RUN(RELEASE(2)));
	EXPECT_EQ(0, actor_join(&actor));
	EXPECT_EQ(0, actor.steps[0].result);
	EXPECT_EQ(0, RUN(STATE(0)));
	EXPECT_EQ(0, RUN(STATE(1)));
}

/* 7.3, 11.6: the end of a mutant's owner, without waiting, and while others wait. */
TEST_F(objects, abandoned)
{
	struct actor actor;

	ASSERT_EQ(0, RUN(MUTANT(0), NOTIFICATION(1), MUTANT(2), EVENT(3)));
	ASSERT_TRUE(START(&actor, TRY(0), TRY(0), TRY(2), AWAIT(3)));
	ASSERT_TRUE(wait_until(RUN(STATE(2)) == 0));
	EXPECT_EQ(-1, RUN(STATE(0)));
	EXPECT_EQ(-EPERM, RUN(RELEASE(0)));
	EXPECT_EQ(TIMEOUT, RUN(TRY_ANY(0, 3)));
	EXPECT_EQ(0, RUN(SET(3)));
	/* A record is run down when its thread has ended, which is soon. */
	EXPECT_EQ(ABANDONED + 1, RUN(TRY_ANY(1, 2, .arg = { CLIENT_FOREVER })));
	EXPECT_EQ(0, actor_join(&actor));
	EXPECT_EQ(0, RUN(RELEASE(2)));
	EXPECT_EQ(0, RUN(TRY(2)));
	EXPECT_EQ(0, RUN(SET(1)));
	EXPECT_EQ(ABANDONED, RUN(AWAIT_ALL(0, 3)));
	EXPECT_EQ(0, RUN(STATE(0)));
	EXPECT_EQ(-1, RUN(STATE(2)));
	EXPECT_EQ(0, RUN(TRY_ALL(0, 3)));
}

/* A pulse lets all go who wait then, or one. */
TEST_F(objects, pulse)
{
	bool notification;

	for (notification = false;; notification = true) {
		struct actor actor;
		struct job job = {};
		int fd;

		EXPECT_EQ(0, RUN(MAKE(0, notification ?
				      NTAPC_OBJECT_NOTIFICATION_EVENT :
				      NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0)));
		fd = RUN(STEP(OBJECT_FD, .id = 0));
		ASSERT_LE(0, fd);
		ASSERT_TRUE(START_JOB(&job, AWAIT(0)));
		ASSERT_TRUE(wait_until_waiting(fd, 1));
		reset_events();
		ASSERT_TRUE(START(&actor, AWAIT(0)));
		ASSERT_TRUE(wait_until_waiting(fd, 2));
		EXPECT_EQ(0, RUN(PULSE(0)));
		/* Who has come first goes first. */
		worker_join(&job.worker);
		EXPECT_EQ(0, job.steps[0].result);
		EXPECT_EQ(0, object_state(fd));
		if (!notification) {
			EXPECT_EQ(1, nr_waiters(fd));
			EXPECT_EQ(0, RUN(SET(0)));
		}
		EXPECT_EQ(0, actor_join(&actor));
		close(fd);
		if (notification)
			break;
	}
}

/* Shared with user space */

/* What a descriptor stands for is the object itself, both ways. */
TEST_F(objects, by_descriptor)
{
	int event = create_event(dev, false), mutant = create_mutant(dev, true);
	struct actor actor;
	int fd;

	ASSERT_EQ(0, RUN(STEP(KEEP_OBJECT, .id = 0, .target = event)));
	ASSERT_EQ(0, RUN(STEP(KEEP_OBJECT, .id = 1, .target = mutant)));
	ASSERT_TRUE(START(&actor, TRY(1), RELEASE(1), AWAIT(0)));
	ASSERT_TRUE(wait_until_waiting(event, 1));
	EXPECT_EQ(0, set_event(event));
	EXPECT_EQ(0, actor_join(&actor));
	/* The mutant is the calling thread's, and nobody else's. */
	EXPECT_EQ(TIMEOUT, actor.steps[0].result);
	EXPECT_EQ(-EPERM, actor.steps[1].result);
	EXPECT_EQ(0, RUN(RELEASE(1)));
	EXPECT_EQ(1, object_state(mutant));
	EXPECT_EQ(0, RUN(TRY(1)));
	EXPECT_EQ(getpid(), object_owner(mutant));
	EXPECT_EQ(0, release_mutant(mutant));

	reset_events();
	EXPECT_EQ(0, DO(SEMAPHORE(2, 1, 2)));
	fd = RUN(STEP(OBJECT_FD, .id = 2));
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(fd));
	EXPECT_EQ(TIMEOUT, RUN(TRY(2)));
	EXPECT_EQ(0, release_semaphore(fd, 1));
	EXPECT_EQ(0, RUN(TRY(2)));
	/* It outlives its descriptors, and they the client's reference. */
	close(event);
	EXPECT_EQ(0, RUN(SET(0)));
	EXPECT_EQ(0, RUN(NOTIFICATION(2)));
	EXPECT_EQ(0, release_semaphore(fd, 1));
}

TEST_F(objects, descriptors_of_others)
{
	int ntsync = make_mutex(dev, 1, 1), pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	DO(STEP(DELAY), STEP(KEEP_OBJECT, .id = 0, .target = -1));
	EXPECT_EQ(-EBADF, RESULT(1));
	EXPECT_EQ(-EPROTOTYPE, RUN(STEP(KEEP_OBJECT, .target = dev)));
	EXPECT_EQ(-EPROTOTYPE, RUN(STEP(KEEP_OBJECT, .target = pipes[0])));
	/* Owners that are numbers are nobody's in the kernel. */
	ASSERT_EQ(0, RUN(STEP(KEEP_OBJECT, .id = 0, .target = ntsync)));
	reset_events();
	DO(TRY(0), TRY_ANY(0, 1), RELEASE(0));
	EXPECT_RESULTS(-EINVAL, -EINVAL, -EPERM);
	/* What has a descriptor of its own, and what user space isn't to hold. */
	ASSERT_EQ(0, RUN(STEP(KEEP_OBJECT, .id = 1, .target = self_fd)));
	EXPECT_EQ(-EINVAL, RUN(STEP(OBJECT_FD, .id = 1)));
	EXPECT_EQ(-EINVAL, RUN(MUTEX(2), STEP(OBJECT_FD, .id = 2)));
}

/* Threads and processes: signalled for ever, once they have ended. */
TEST_F(objects, ends_of_threads_and_processes)
{
	int fds[2];
	pid_t child;
	char c;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	child = fork();
	if (!child) {
		close(client);
		close(fds[1]);
		_exit(read(fds[0], &c, 1));
	}
	ASSERT_EQ(0, PROGRAM(1, STEP(WAIT_GATE, .id = 1)));
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 2, .program = 1)));
	ASSERT_EQ(0, RUN(STEP(OBJECT_OF_THREAD, .id = 0, .target = -2)));
	ASSERT_EQ(0, RUN(STEP(OBJECT_OF_PROCESS, .id = 1, .target = child)));
	ASSERT_EQ(0, RUN(STEP(OBJECT_OF_THREAD, .id = 2, .target = child)));
	reset_events();
	DO(TRY_ANY(0, 3), STATE(0), STATE(1), SET(0));
	EXPECT_RESULTS(TIMEOUT, 0, 0, 0);
	close(fds[1]);
	reset_events();
	EXPECT_EQ(1, DO(STEP(WAIT_OBJECTS, .id = 1, .count = 2,
			     .flags = CLIENT_ALL, .arg = { CLIENT_FOREVER }),
			TRY_ANY(0, 2)));
	EXPECT_EQ(0, reap(child));
	/* That would close the gate again. */
	reset_events();
	RUN(STEP(OPEN_GATE, .id = 1));
	EXPECT_EQ(1, DO(AWAIT(0), AWAIT_ALL(0, 3), STATE(0)));
	EXPECT_LE(0, RUN(STEP(STOP_SYSTEM, .id = 2)));
	EXPECT_EQ(1, RUN(STATE(0)));
}

#include "kernel-waits.h"

TEST_HARNESS_MAIN
