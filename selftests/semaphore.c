// SPDX-License-Identifier: GPL-2.0-only
/*
 * Semaphores: NtReleaseSemaphore, its limit, and to whom the count goes.
 */
#include "objects.h"
#include "kselftest_harness.h"

#define MOST		0x7fffffffU

FIXTURE(semaphore)
{
	int dev;
	int semaphore;
};

FIXTURE_SETUP(semaphore)
{
	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	self->semaphore = create_semaphore(self->dev, 0, 3);
	ASSERT_LE(0, self->semaphore);
}

FIXTURE_TEARDOWN(semaphore)
{
	close(self->semaphore);
	close(self->dev);
}

TEST_F(semaphore, create)
{
	static const struct {
		__u32 count, limit;
		bool valid;
	} cases[] = {
		{ 0, 0, false },	{ 0, 1, true },
		{ 1, 1, true },		{ 2, 1, false },
		{ 0, MOST, true },	{ MOST, MOST, true },
		{ MOST - 1, MOST, true },
		{ 0, MOST + 1, false },	{ MOST + 1, MOST, false },
		{ 0, ~0U, false },	{ ~0U, ~0U, false },
	};
	struct ntapc_object_info info;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fd = create_semaphore(self->dev, cases[i].count,
				      cases[i].limit);
		if (!cases[i].valid) {
			EXPECT_EQ(-EINVAL, fd) {
				TH_LOG("case %u", i);
			}
			continue;
		}
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, get_object_info(fd, &info));
		EXPECT_EQ(NTAPC_OBJECT_SEMAPHORE, info.type);
		EXPECT_EQ(cases[i].count, info.state);
		EXPECT_EQ(cases[i].limit, info.limit);
		EXPECT_EQ(0, info.flags);
		EXPECT_EQ(0, info.nr_waiters);
		EXPECT_EQ(0, info.owner);
		EXPECT_EQ(0, info.period);
		EXPECT_EQ(0, info.remaining);
		close(fd);
	}
}

/* It returns the count before; each wait takes one. */
TEST_F(semaphore, count)
{
	__s32 previous;

	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->semaphore));
	EXPECT_EQ(0, release_object(self->semaphore, 1, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_EQ(0, release_object(self->semaphore, 2, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_EQ(3, object_state(self->semaphore));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->semaphore));
	EXPECT_EQ(2, object_state(self->semaphore));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->semaphore));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->semaphore));
	EXPECT_EQ(0, object_state(self->semaphore));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->semaphore));
	EXPECT_EQ(0, release_object(self->semaphore, 3, &previous));
	EXPECT_EQ(0, previous);
}

/* STATUS_SEMAPHORE_LIMIT_EXCEEDED: nothing is changed or written. */
TEST_F(semaphore, limit)
{
	__s32 previous;
	int most;

	EXPECT_EQ(-EOVERFLOW, release_object(self->semaphore, 4, &previous));
	EXPECT_EQ((__s32)POISON, previous);
	EXPECT_EQ(0, object_state(self->semaphore));
	EXPECT_EQ(0, release_semaphore(self->semaphore, 2));
	EXPECT_EQ(-EOVERFLOW, release_semaphore(self->semaphore, 2));
	EXPECT_EQ(-EOVERFLOW, release_semaphore(self->semaphore, MOST));
	EXPECT_EQ(2, object_state(self->semaphore));
	EXPECT_EQ(0, release_semaphore(self->semaphore, 1));
	EXPECT_EQ(-EOVERFLOW, release_semaphore(self->semaphore, 1));
	EXPECT_EQ(3, object_state(self->semaphore));

	/* What would not fit into 32 bits. */
	most = create_semaphore(self->dev, 1, MOST);
	ASSERT_LE(0, most);
	EXPECT_EQ(-EOVERFLOW, release_semaphore(most, MOST));
	EXPECT_EQ(1, object_state(most));
	EXPECT_EQ(0, release_object(most, MOST - 1, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_EQ(MOST, object_state(most));
	EXPECT_EQ(-EOVERFLOW, release_object(most, 1, &previous));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(most));
	EXPECT_EQ(MOST - 1, object_state(most));
}

TEST_F(semaphore, bad_counts)
{
	static const __u32 counts[] = { 0, MOST + 1, MOST + 2, ~0U };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		EXPECT_EQ(-EINVAL, release_semaphore(self->semaphore,
						     counts[i]));
	}
	EXPECT_EQ(0, object_state(self->semaphore));
}

TEST_F(semaphore, other_ioctls)
{
	EXPECT_EQ(-ENOTTY, set_event(self->semaphore));
	EXPECT_EQ(-ENOTTY, event_op(self->semaphore, ~0U));
	EXPECT_EQ(-ENOTTY, set_timer(self->semaphore, 0));
	EXPECT_EQ(-ENOTTY, cancel_timer(self->semaphore, NULL));
	EXPECT_EQ(0, object_state(self->semaphore));
}

/* As many threads go as are released, those that wait longest. */
TEST_F(semaphore, waiters)
{
	struct waiter waiters[5];
	__s32 previous;
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(waiter_start_one(&waiters[i], self->dev,
					     self->semaphore));
		ASSERT_EQ(i + 1, nr_waiters(self->semaphore));
	}
	EXPECT_EQ(0, release_object(self->semaphore, 2, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[0]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[1]));
	EXPECT_EQ(3, nr_waiters(self->semaphore));
	EXPECT_EQ(0, object_state(self->semaphore));
	for (i = 2; i < 5; i++)
		EXPECT_FALSE(waiter_is_done(&waiters[i]));
	EXPECT_EQ(0, release_semaphore(self->semaphore, 1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[2]));
	EXPECT_EQ(2, nr_waiters(self->semaphore));
	/* One more than there are waiters. */
	EXPECT_EQ(0, release_object(self->semaphore, 3, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[3]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[4]));
	EXPECT_EQ(1, object_state(self->semaphore));
	for (i = 0; i < 5; i++)
		waiter_end(&waiters[i]);
}

/* The limit is what counts, not how many wait. */
TEST_F(semaphore, limit_with_waiters)
{
	struct waiter waiter;

	ASSERT_TRUE(waiter_start_one(&waiter, self->dev, self->semaphore));
	EXPECT_EQ(-EOVERFLOW, release_semaphore(self->semaphore, 4));
	EXPECT_EQ(1, nr_waiters(self->semaphore));
	EXPECT_FALSE(waiter_is_done(&waiter));
	EXPECT_EQ(0, release_semaphore(self->semaphore, 3));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	EXPECT_EQ(2, object_state(self->semaphore));
	waiter_end(&waiter);
}

/* Who waits for it and something else doesn't take what it can't use. */
TEST_F(semaphore, waits_for_all)
{
	int event = create_event(self->dev, false);
	__s32 both[] = { self->semaphore, event };
	struct waiter all[2];
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(waiter_start(&all[i], self->dev, NTAPC_WAIT_ALL,
					 both, 2));
	}
	EXPECT_EQ(0, release_semaphore(self->semaphore, 2));
	EXPECT_EQ(2, object_state(self->semaphore));
	EXPECT_EQ(2, nr_waiters(self->semaphore));
	set_event(event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&all[0]));
	EXPECT_EQ(1, object_state(self->semaphore));
	EXPECT_FALSE(waiter_is_done(&all[1]));
	/* Another thread gets the one that is left: then it isn't enough. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->semaphore));
	set_event(event);
	EXPECT_EQ(1, object_state(event));
	EXPECT_FALSE(waiter_is_done(&all[1]));
	EXPECT_EQ(0, release_semaphore(self->semaphore, 1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&all[1]));
	EXPECT_EQ(0, object_state(self->semaphore));
	EXPECT_EQ(0, object_state(event));
	for (i = 0; i < 2; i++)
		waiter_end(&all[i]);
}

TEST_HARNESS_MAIN
