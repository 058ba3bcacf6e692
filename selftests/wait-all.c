// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for all of several objects: nothing is taken until all are there, and
 * then all of them at once (rules 11.5 and 11.7).
 */
#include "objects.h"
#include "procs.h"
#include "kselftest_harness.h"
#include "waits.h"

#define NR		NTAPC_OBJECTS_MAX

FIXTURE_OF_EVENTS(wait_all)

/* Every combination of four. */
TEST_F(wait_all, all_or_nothing)
{
	unsigned int mask, i;

	for (mask = 0; mask < 16; mask++) {
		for (i = 0; i < 4; i++)
			event_op(self->events[i], mask & 1U << i ?
				 NTAPC_EVENT_SET : NTAPC_EVENT_RESET);
		EXPECT_EQ(mask == 15 ? NTAPC_STATUS_WAIT_0 :
			  NTAPC_STATUS_TIMEOUT,
			  wait_all(self->dev, 0, self->events, 4));
		for (i = 0; i < 4; i++)
			EXPECT_EQ(mask != 15 && mask & 1U << i,
				  object_state(self->events[i]));
	}
}

/* The same while it waits, in every order that three can come in. */
TEST_F(wait_all, in_any_order)
{
	static const int orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
		{ 2, 1, 0 },
	};
	struct waiter waiter;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL,
					 self->events, 3));
		for (j = 0; j < 3; j++) {
			EXPECT_FALSE(waiter_is_done(&waiter));
			EXPECT_EQ(1, nr_waiters(self->events[0]));
			EXPECT_EQ(0, set_event(self->events[orders[i][j]]));
			EXPECT_EQ(j < 2,
				  object_state(self->events[orders[i][j]]));
		}
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
		for (j = 0; j < 3; j++) {
			EXPECT_EQ(0, object_state(self->events[j]));
			EXPECT_EQ(0, nr_waiters(self->events[j]));
		}
		waiter_end(&waiter);
	}
}

/* What was there may be taken away meanwhile. */
TEST_F(wait_all, taken_away_meanwhile)
{
	struct waiter waiter;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL,
				 self->events, 2));
	set_event(self->events[0]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->events[0]));
	set_event(self->events[1]);
	EXPECT_FALSE(waiter_is_done(&waiter));
	EXPECT_EQ(1, reset_event(self->events[1]));
	set_event(self->events[0]);
	EXPECT_FALSE(waiter_is_done(&waiter));
	EXPECT_EQ(1, object_state(self->events[0]));
	set_event(self->events[1]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	waiter_end(&waiter);
}

TEST_F(wait_all, every_number)
{
	int n, i;

	for (n = 1; n <= NR; n++) {
		for (i = 0; i < n; i++) {
			if (i == n - 1)
				EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
					  wait_all(self->dev, 0, self->events,
						   n));
			set_event(self->events[i]);
		}
		EXPECT_EQ(NTAPC_STATUS_WAIT_0,
			  wait_all(self->dev, PATIENCE, self->events, n));
		for (i = 0; i < n; i++)
			EXPECT_EQ(0, object_state(self->events[i]));
	}
	EXPECT_EQ(-EINVAL, wait_all(self->dev, 0, self->events, NR + 1));
}

/* 64, the last one of which comes in the middle. */
TEST_F(wait_all, sixty_four)
{
	struct waiter waiter;
	int i;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL,
				 self->events, NR));
	for (i = 0; i < NR; i++)
		if (i != NR / 2)
			EXPECT_EQ(0, set_event(self->events[i]));
	EXPECT_FALSE(waiter_is_done(&waiter));
	EXPECT_EQ(0, set_event(self->events[NR / 2]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(0, object_state(self->events[i]));
		EXPECT_EQ(0, nr_waiters(self->events[i]));
	}
	waiter_end(&waiter);
}

TEST_F(wait_all, timeout)
{
	__u64 begin = now();
	int i;

	for (i = 1; i < 5; i++)
		set_event(self->events[i]);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_all(self->dev, begin + 20 * NS_PER_MS, self->events, 5));
	EXPECT_LE(begin + 20 * NS_PER_MS, now());
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(!!i, object_state(self->events[i]));
		EXPECT_EQ(0, nr_waiters(self->events[i]));
	}
}

/* 11.7: an object twice, by whichever descriptors; nothing is taken. */
TEST_F(wait_all, duplicates)
{
	static const char name[] = "ntapc-selftest-wait-all";
	int dup_of_0 = dup(self->events[0]), fds[2], i, j;
	int named = create_named(self->dev, 1, 0, 0, name, sizeof(name), NULL);
	int again = create_named(self->dev, 1, 0, 0, name, sizeof(name), NULL);
	int thread = open_thread(self->dev, 0);
	int process = open_process(self->dev, 0);
	int process_again = open_process(self->dev, 0);
	__s32 many[NR];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	set_event(self->events[0]);
	set_event(named);
	{
		const __s32 pairs[][2] = {
			{ self->events[0], self->events[0] },
			{ self->events[0], dup_of_0 },
			{ named, again },
			{ self->self, thread },
			{ process, process_again },
			{ fds[0], fds[0] },
		};

		for (i = 0; i < (int)ARRAY_SIZE(pairs); i++) {
			EXPECT_EQ(-EEXIST, wait_all(self->dev, 0, pairs[i],
						    2)) {
				TH_LOG("pair %d", i);
			}
		}
	}
	/* At any two places of 64. */
	for (i = 0; i < NR; i += 9)
		for (j = i + 1; j < NR; j += 7) {
			memcpy(many, self->events, sizeof(many));
			many[j] = many[i];
			EXPECT_EQ(-EEXIST, wait_all(self->dev, 0, many, NR));
		}
	EXPECT_EQ(1, object_state(self->events[0]));
	EXPECT_EQ(1, object_state(named));
	EXPECT_EQ(0, nr_waiters(self->events[0]));
}

/* A bad descriptor at any place. */
TEST_F(wait_all, bad_descriptors)
{
	int file = memfd_create("not to be polled", MFD_CLOEXEC), place, i;
	__s32 objects[4];

	ASSERT_LE(0, file);
	for (i = 0; i < 4; i++)
		set_event(self->events[i]);
	for (place = 0; place < 4; place++) {
		memcpy(objects, self->events, sizeof(objects));
		objects[place] = -1;
		EXPECT_EQ(-EBADF, wait_all(self->dev, 0, objects, 4));
		objects[place] = file;
		EXPECT_EQ(-EPROTOTYPE, wait_all(self->dev, 0, objects, 4));
		objects[place] = self->dev;
		EXPECT_EQ(-EPROTOTYPE, wait_all(self->dev, 0, objects, 4));
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(1, object_state(self->events[i]));
}

/* One of every kind, together. */
TEST_F(wait_all, every_kind)
{
	struct target target;
	struct worker thread;
	struct waiter waiter;
	__s32 objects[8];
	unsigned int i;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		objects[i] = create_object(self->dev, object_types[i].type, 0,
					   object_types[i].limit);
		ASSERT_LE(0, objects[i]);
	}
	ASSERT_TRUE(worker_start(&thread, self->dev, leave_on_go));
	objects[6] = thread.fd;
	ASSERT_TRUE(target_start(&target, NULL));
	objects[7] = open_process(self->dev, target.pid);
	ASSERT_LE(0, objects[7]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(objects[3]));
	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, objects,
				 8));
	EXPECT_EQ(-SIGKILL, target_kill(&target));
	EXPECT_EQ(0, set_event(objects[0]));
	EXPECT_EQ(0, set_timer(objects[5], 0));
	EXPECT_EQ(0, release_semaphore(objects[2], 2));
	EXPECT_EQ(0, set_timer(objects[4], MS_FROM_NOW(1)));
	ASSERT_TRUE(wait_until(object_state(objects[4]) == 1));
	worker_go(&thread);
	worker_join(&thread);
	ASSERT_TRUE(wait_gone(thread.fd));
	EXPECT_EQ(0, set_event(objects[1]));
	EXPECT_FALSE(waiter_is_done(&waiter));
	EXPECT_EQ(1, object_state(objects[1]));
	EXPECT_EQ(2, object_state(objects[2]));
	EXPECT_EQ(0, release_mutant(objects[3]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	EXPECT_EQ(1, object_state(objects[0]));
	EXPECT_EQ(0, object_state(objects[1]));
	EXPECT_EQ(1, object_state(objects[2]));
	EXPECT_EQ(waiter.worker.tid, object_owner(objects[3]));
	EXPECT_EQ(1, object_state(objects[4]));
	EXPECT_EQ(0, object_state(objects[5]));
	waiter_end(&waiter);
}

/* A thread's end, or a process's, may be what makes it complete. */
TEST_F(wait_all, completed_by_an_end)
{
	struct target target;
	struct worker thread;
	struct waiter waiter;
	__s32 objects[2] = { self->events[0] };

	set_event(self->events[0]);
	ASSERT_TRUE(worker_start(&thread, self->dev, leave_on_go));
	objects[1] = thread.fd;
	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, objects,
				 2));
	worker_go(&thread);
	worker_join(&thread);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	waiter_end(&waiter);

	set_event(self->events[0]);
	ASSERT_TRUE(target_start(&target, NULL));
	objects[1] = open_process(self->dev, target.pid);
	ASSERT_LE(0, objects[1]);
	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, objects,
				 2));
	EXPECT_EQ(-SIGKILL, target_kill(&target));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	EXPECT_EQ(0, object_state(self->events[0]));
	waiter_end(&waiter);
}

/* Two that want the same, in opposite order: the one that came first. */
TEST_F(wait_all, order)
{
	__s32 ab[] = { self->events[0], self->events[1] };
	__s32 ba[] = { self->events[1], self->events[0] };
	struct waiter waiters[4];
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_TRUE(waiter_start(&waiters[i], self->dev, NTAPC_WAIT_ALL,
					 i & 1 ? ba : ab, 2));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, set_event(ab[i / 2]));
		EXPECT_EQ(0, set_event(ba[i / 2]));
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[i]));
		EXPECT_EQ(3 - i, nr_waiters(self->events[0]));
		EXPECT_EQ(0, object_state(self->events[0]));
		EXPECT_EQ(0, object_state(self->events[1]));
	}
	for (i = 0; i < 4; i++)
		waiter_end(&waiters[i]);
}

/* One that can't be satisfied doesn't stand in another's way. */
TEST_F(wait_all, one_behind_that_can)
{
	__s32 blocked[] = { self->events[0], self->events[1],
			    self->events[2] };
	__s32 free[] = { self->events[1], self->events[0] };
	struct waiter first, second;

	ASSERT_TRUE(waiter_start(&first, self->dev, NTAPC_WAIT_ALL, blocked,
				 3));
	ASSERT_TRUE(waiter_start(&second, self->dev, NTAPC_WAIT_ALL, free, 2));
	set_event(self->events[0]);
	set_event(self->events[1]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&second));
	EXPECT_EQ(0, object_state(self->events[0]));
	EXPECT_EQ(1, nr_waiters(self->events[0]));
	set_event(self->events[2]);
	set_event(self->events[1]);
	EXPECT_FALSE(waiter_is_done(&first));
	set_event(self->events[0]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&first));
	waiter_end(&first);
	waiter_end(&second);
}

/* A semaphore's count serves as many as it has. */
TEST_F(wait_all, semaphore)
{
	int semaphore = create_semaphore(self->dev, 0, 10);
	int notification = create_notification(self->dev, true);
	__s32 objects[] = { notification, semaphore };
	struct waiter waiters[4];
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_TRUE(waiter_start(&waiters[i], self->dev, NTAPC_WAIT_ALL,
					 objects, 2));
	EXPECT_EQ(0, release_semaphore(semaphore, 3));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[i]));
	EXPECT_EQ(0, object_state(semaphore));
	EXPECT_EQ(1, nr_waiters(semaphore));
	EXPECT_FALSE(waiter_is_done(&waiters[3]));
	EXPECT_EQ(0, release_semaphore(semaphore, 3));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[3]));
	EXPECT_EQ(2, object_state(semaphore));
	for (i = 0; i < 4; i++)
		waiter_end(&waiters[i]);
}

/* Descriptors are closed while it waits; it goes on. */
TEST_F(wait_all, closed_while_waited_for)
{
	int copies[2] = { dup(self->events[0]), dup(self->events[1]) };
	struct waiter waiter;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL,
				 self->events, 2));
	close(self->events[0]);
	close(self->events[1]);
	set_event(copies[0]);
	EXPECT_FALSE(waiter_is_done(&waiter));
	set_event(copies[1]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	waiter_end(&waiter);
}

/* 6.3: a suspended thread isn't given them, and is when it is resumed. */
TEST_F(wait_all, suspended)
{
	struct waiter waiter;
	int i;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL,
				 self->events, 3));
	ASSERT_EQ(0, suspend_thread(waiter.worker.fd, NTAPC_SUSPEND_WAIT));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, set_event(self->events[i]));
		EXPECT_EQ(0, nr_waiters(self->events[i]));
	}
	EXPECT_FALSE(waiter_is_done(&waiter));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1, object_state(self->events[i]));
	ASSERT_EQ(1, resume_thread(waiter.worker.fd, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	waiter_end(&waiter);
}

/* A killed thread leaves all queues, and has taken nothing. */
TEST_F(wait_all, killed)
{
	pid_t child;
	int i;

	set_event(self->events[0]);
	child = fork();
	if (!child)
		_exit(wait_all(self->dev, FOREVER, self->events, NR));
	ASSERT_TRUE(wait_until_waiting(self->events[NR - 1], 1));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(0, nr_waiters(self->events[i]));
		EXPECT_EQ(!i, object_state(self->events[i]));
	}
}

TEST_HARNESS_MAIN
