// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queueing: rules 10.1 to 10.8, 3.1 to 3.6, 7.6 and 14.4. What was queued is
 * looked at by record, so that no dispatcher is needed.
 */
#include "common.h"
#include "kselftest_harness.h"

/* Any address does: records are never called. */
#define ROUTINE		((void *)0x123456789000)

FIXTURE(queue)
{
	int dev;
	int self;
	struct ntapc_record records[64];
};

FIXTURE_SETUP(queue)
{
	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	self->self = open_thread(self->dev, 0);
	ASSERT_LE(0, self->self);
}

FIXTURE_TEARDOWN(queue)
{
	close(self->self);
	close(self->dev);
}

static void blocked_on_go(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

static void leave_at_once(struct worker *worker)
{
	(void)worker;
}

/* 10.1: a routine and three opaque arguments arrive as they were queued. */
TEST_F(queue, arguments_are_opaque)
{
	EXPECT_EQ(0, queue_full(self->self, 0, ~0ULL, 0, ~0ULL,
				0x8000000000000001ULL, 0));
	EXPECT_EQ(0, queue_full(self->self, 0, 1, KERNEL_ADDRESS, 2, 3, 0));
	memset(self->records, 0xcc, sizeof(self->records));
	ASSERT_EQ(2, take_records(self->dev, self->records, 64));
	EXPECT_EQ(~0ULL, self->records[0].routine);
	EXPECT_EQ(0, self->records[0].arg[0]);
	EXPECT_EQ(~0ULL, self->records[0].arg[1]);
	EXPECT_EQ(0x8000000000000001ULL, self->records[0].arg[2]);
	EXPECT_EQ(0, self->records[0].flags);
	EXPECT_EQ(0, self->records[0].pad);
	EXPECT_EQ(1, self->records[1].routine);
	EXPECT_EQ(KERNEL_ADDRESS, self->records[1].arg[0]);
	EXPECT_EQ(0xcccccccc, self->records[2].flags);
}

/* 3.2a, 3.4: at the tail; and nothing happens to the thread itself. */
TEST_F(queue, in_order_and_only_queued)
{
	struct ntapc_thread_info info;
	int i;

	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, queue(self->self, ROUTINE, i));
	}
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(10, info.nr_user);
	EXPECT_EQ(0, info.nr_special);
	EXPECT_EQ(10, info.nr_queued);
	EXPECT_EQ(0, info.nr_delivered);
	EXPECT_EQ(0, info.nr_dropped);
	ASSERT_EQ(10, take_records(self->dev, self->records, 64));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(i, self->records[i].arg[0]);
	}
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(0, info.nr_user);
	EXPECT_EQ(10, info.nr_delivered);
}

/* 10.3: no routine, nothing queued, and it wakes nobody. */
TEST_F(queue, null_routine)
{
	struct ntapc_thread_info info;

	EXPECT_EQ(0, queue(self->self, NULL, 1));
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(0, info.nr_user);
	EXPECT_EQ(0, take_records(self->dev, self->records, 64));
	/* And it isn't left over in any count. */
	EXPECT_EQ(0, queue_full(self->self, 0, 0, 1, 2, 3, 0));
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(info.nr_queued, info.nr_delivered);
}

static void wait_with_records(struct worker *worker)
{
	struct ntapc_record records[4];
	__u32 count = 0;

	worker->ret = wait_records(worker->dev, in_ms(PATIENCE_MS), records, 4,
				   &count);
	worker->arg = count;
	atomic_store(&worker->stage, 1);
}

TEST_F(queue, null_routine_doesnt_end_a_wait)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, self->dev, wait_with_records));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, queue(worker.fd, NULL, 1));
	EXPECT_EQ(0, queue(worker.fd, NULL, 2));
	EXPECT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, atomic_load(&worker.stage));
	EXPECT_EQ(0, queue(worker.fd, ROUTINE, 3));
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, worker.ret);
	EXPECT_EQ(1, worker.arg);
}

/* 3.6: another thread that isn't alertable just has it queued. */
TEST_F(queue, to_another_thread)
{
	struct ntapc_thread_info info;
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, self->dev, blocked_on_go));
	EXPECT_EQ(0, queue(worker.fd, ROUTINE, 1));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(1, info.nr_user);
	EXPECT_EQ(worker.tid, info.tid);
	/* It isn't ours. */
	EXPECT_EQ(0, take_records(self->dev, self->records, 64));
	worker_go(&worker);
	worker_join(&worker);
	/* 14.3: it left without taking it. */
	ASSERT_TRUE(wait_until(!get_thread_info(worker.fd, &info) &&
			       info.state & NTAPC_THREAD_EXITED));
	EXPECT_EQ(0, info.nr_user);
	EXPECT_EQ(1, info.nr_queued);
	EXPECT_EQ(0, info.nr_delivered);
	EXPECT_EQ(1, info.nr_dropped);
	EXPECT_EQ(0, info.tid);
}

/* 7.6, 14.4: a terminated thread, which is found out before a NULL routine. */
TEST_F(queue, terminated_thread)
{
	struct ntapc_queue_entry entry = { .routine = 1 };
	struct ntapc_thread_info info;
	struct worker worker;
	int reserve;

	ASSERT_TRUE(worker_start(&worker, self->dev, leave_at_once));
	worker_join(&worker);
	ASSERT_TRUE(wait_until(!get_thread_info(worker.fd, &info) &&
			       info.state & NTAPC_THREAD_EXITED));
	EXPECT_EQ(-ESRCH, queue(worker.fd, ROUTINE, 1));
	EXPECT_EQ(-ESRCH, queue(worker.fd, NULL, 1));
	EXPECT_EQ(-ESRCH, queue_special(worker.fd, ROUTINE, 1));
	EXPECT_EQ(-ESRCH, queue_many(worker.fd, &entry, 1));

	/* 10.5: a reserve object is free after a failed insertion. */
	reserve = open_reserve(self->dev);
	ASSERT_LE(0, reserve);
	EXPECT_EQ(-ESRCH, queue_reserve(worker.fd, reserve, ROUTINE, 1));
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 2));
	ASSERT_EQ(1, take_records(self->dev, self->records, 64));
	EXPECT_EQ(2, self->records[0].arg[0]);
	/* And it is resolved before the thread is. */
	EXPECT_EQ(-EBADF, queue_reserve(worker.fd, 1000, ROUTINE, 1));
	EXPECT_EQ(-EPROTOTYPE, queue_reserve(worker.fd, self->dev, ROUTINE, 1));
}

/* 10.5 */
TEST_F(queue, reserve_busy_until_delivered)
{
	struct ntapc_thread_info info;
	int reserve = open_reserve(self->dev);

	ASSERT_LE(0, reserve);
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 1));
	EXPECT_EQ(-EBUSY, queue_reserve(self->self, reserve, ROUTINE, 2));
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(1, info.nr_user);
	EXPECT_EQ(1, info.nr_queued);
	ASSERT_EQ(1, take_records(self->dev, self->records, 64));
	EXPECT_EQ(1, self->records[0].arg[0]);
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 3));
	ASSERT_EQ(1, take_records(self->dev, self->records, 64));
	EXPECT_EQ(3, self->records[0].arg[0]);
}

TEST_F(queue, reserve_keeps_its_place_in_the_queue)
{
	int reserve = open_reserve(self->dev);
	int i;

	ASSERT_LE(0, reserve);
	EXPECT_EQ(0, queue(self->self, ROUTINE, 0));
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 1));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 2));
	ASSERT_EQ(3, take_records(self->dev, self->records, 64));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i, self->records[i].arg[0]);
	}
	EXPECT_EQ(0, self->records[1].flags);
}

/* 10.5: a queued APC outlives its reserve object. */
TEST_F(queue, reserve_closed_while_queued)
{
	int reserve = open_reserve(self->dev);

	ASSERT_LE(0, reserve);
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 1));
	EXPECT_EQ(0, close(reserve));
	ASSERT_EQ(1, take_records(self->dev, self->records, 64));
	EXPECT_EQ(1, self->records[0].arg[0]);
}

TEST_F(queue, reserve_free_after_target_exited)
{
	int reserve = open_reserve(self->dev);
	struct worker worker;

	ASSERT_LE(0, reserve);
	ASSERT_TRUE(worker_start(&worker, self->dev, blocked_on_go));
	EXPECT_EQ(0, queue_reserve(worker.fd, reserve, ROUTINE, 1));
	EXPECT_EQ(-EBUSY, queue_reserve(self->self, reserve, ROUTINE, 2));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_TRUE(wait_until(!queue_reserve(self->self, reserve, ROUTINE, 2)));
	ASSERT_EQ(1, take_records(self->dev, self->records, 64));
	EXPECT_EQ(2, self->records[0].arg[0]);
}

/* 10.3 with a reserve object: nothing is queued, so it stays free. */
TEST_F(queue, reserve_with_null_routine)
{
	int reserve = open_reserve(self->dev);

	ASSERT_LE(0, reserve);
	EXPECT_EQ(0, queue_reserve(self->self, reserve, NULL, 1));
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 2));
	EXPECT_EQ(1, take_records(self->dev, self->records, 64));
}

TEST_F(queue, reserve_descriptor_of_another_kind)
{
	struct ntapc_thread_info info;
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	EXPECT_EQ(-EPROTOTYPE, queue_reserve(self->self, fds[0], ROUTINE, 1));
	EXPECT_EQ(-EPROTOTYPE, queue_reserve(self->self, self->dev, ROUTINE, 1));
	EXPECT_EQ(-EPROTOTYPE, queue_reserve(self->self, self->self, ROUTINE, 1));
	close(fds[0]);
	EXPECT_EQ(-EBADF, queue_reserve(self->self, fds[0], ROUTINE, 1));
	EXPECT_EQ(-EBADF, queue_reserve(self->self, -1, ROUTINE, 1));
	EXPECT_EQ(-EBADF, queue_reserve(self->self, INT_MAX, ROUTINE, 1));
	/* Without the flag there is no reserve object. */
	EXPECT_EQ(-EINVAL, queue_full(self->self, 0, 1, 0, 0, 0, fds[1]));
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(0, info.nr_queued);
}

TEST_F(queue, reserve_type)
{
	struct ntapc_reserve args = { .size = sizeof(args), .type = 1 };

	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_RESERVE, &args));
	args.type = ~0U;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_RESERVE, &args));
}

/* 10.7: the flag for the dispatcher is passed on. */
TEST_F(queue, callback_context_flag)
{
	EXPECT_EQ(0, queue_full(self->self, NTAPC_QUEUE_CALLBACK_CONTEXT, 1, 2,
				3, 4, 0));
	ASSERT_EQ(1, take_records(self->dev, self->records, 64));
	EXPECT_EQ(NTAPC_QUEUE_CALLBACK_CONTEXT, self->records[0].flags);
}

/* Frames need a dispatcher, records don't. */
TEST_F(queue, no_dispatcher)
{
	struct ntapc_thread_info info;

	EXPECT_EQ(-ENXIO, queue_special(self->self, ROUTINE, 1));
	EXPECT_EQ(-ENXIO, queue_interrupt(self->self, ROUTINE, 1));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 2));
	EXPECT_EQ(-ENXIO, test_alert(self->dev, 0));
	EXPECT_EQ(-ENXIO, delay(self->dev, NTAPC_WAIT_ALERTABLE, 0));
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(1, info.nr_user);
	EXPECT_EQ(0, info.nr_special);
	EXPECT_EQ(0, info.nr_delivered);
	/* EBUSY comes before ENXIO. */
	ASSERT_EQ(1, take_records(self->dev, self->records, 64));
	EXPECT_EQ(2, self->records[0].arg[0]);
}

TEST_F(queue, dispatcher_taken_away)
{
	ASSERT_EQ(0, set_dispatcher(self->dev, ADDR(dispatch_continue)));
	EXPECT_EQ(0, test_alert(self->dev, 0));
	ASSERT_EQ(0, set_dispatcher(self->dev, 0));
	EXPECT_EQ(-ENXIO, queue_special(self->self, ROUTINE, 1));
	EXPECT_EQ(-ENXIO, delay(self->dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(-EINVAL, set_dispatcher(self->dev, KERNEL_ADDRESS));
	EXPECT_EQ(-EINVAL, set_dispatcher(self->dev, ~0ULL));
	EXPECT_EQ(-ENXIO, queue_special(self->self, ROUTINE, 1));
}

TEST_F(queue, busy_before_no_dispatcher)
{
	int reserve = open_reserve(self->dev);

	ASSERT_LE(0, reserve);
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 1));
	EXPECT_EQ(-EBUSY, queue_full(self->self,
				     NTAPC_QUEUE_RESERVE | NTAPC_QUEUE_SPECIAL,
				     1, 2, 3, 4, reserve));
	EXPECT_EQ(1, take_records(self->dev, self->records, 64));
	EXPECT_EQ(-ENXIO, queue_full(self->self,
				     NTAPC_QUEUE_RESERVE | NTAPC_QUEUE_SPECIAL,
				     1, 2, 3, 4, reserve));
	/* And the reserve object is free after that. */
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 1));
}

/* Batches */

#define BATCH	32

static void fill(struct ntapc_queue_entry *entries, unsigned int count,
		 __u64 from)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		entries[i] = (struct ntapc_queue_entry){
			.routine = 0x1000 + i,
			.arg = { from + i, i, ~0ULL - i },
		};
}

TEST_F(queue, batch)
{
	struct ntapc_queue_entry entries[BATCH];
	int i;

	fill(entries, BATCH, 1);
	EXPECT_EQ(0, queue(self->self, ROUTINE, 0));
	EXPECT_EQ(BATCH, queue_many(self->self, entries, BATCH));
	EXPECT_EQ(0, queue(self->self, ROUTINE, BATCH + 1));
	ASSERT_EQ(BATCH + 2, take_records(self->dev, self->records, 64));
	for (i = 0; i < BATCH + 2; i++) {
		EXPECT_EQ(i, self->records[i].arg[0]);
	}
	for (i = 0; i < BATCH; i++) {
		EXPECT_EQ(0x1000 + i, self->records[i + 1].routine);
		EXPECT_EQ(i, self->records[i + 1].arg[1]);
		EXPECT_EQ(~0ULL - i, self->records[i + 1].arg[2]);
	}
}

TEST_F(queue, batch_count_and_flags)
{
	struct ntapc_queue_entry entries[2];
	struct ntapc_queue_many args = {
		.size = sizeof(args),
		.entries = ADDR(entries),
		.count = 1,
	};
	struct ntapc_thread_info info;

	fill(entries, 2, 0);
	EXPECT_EQ(-EINVAL, queue_many(self->self, entries, 0));
	EXPECT_EQ(-EINVAL, queue_many(self->self, entries,
				      NTAPC_QUEUE_MANY_MAX + 1));
	args.flags = NTAPC_QUEUE_SPECIAL;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->self, NTAPC_IOC_QUEUE_MANY, &args));
	args.flags = NTAPC_QUEUE_RESERVE;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->self, NTAPC_IOC_QUEUE_MANY, &args));
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(0, info.nr_queued);
	args.flags = NTAPC_QUEUE_CALLBACK_CONTEXT;
	EXPECT_EQ(1, sys_ioctl(self->self, NTAPC_IOC_QUEUE_MANY, &args));
	ASSERT_EQ(1, take_records(self->dev, self->records, 64));
	EXPECT_EQ(NTAPC_QUEUE_CALLBACK_CONTEXT, self->records[0].flags);
}

/* An entry that can't be read, or is invalid, ends the batch before it. */
TEST_F(queue, batch_ends_at_a_bad_entry)
{
	long page = sysconf(_SC_PAGESIZE);
	struct ntapc_queue_entry *entries;
	char *map;

	map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));

	/* Three and a half entries are there. */
	entries = (void *)(map + page - 3 * sizeof(*entries) -
			   sizeof(*entries) / 2);
	fill(entries, 3, 0);
	EXPECT_EQ(3, queue_many(self->self, entries, 10));
	EXPECT_EQ(3, take_records(self->dev, self->records, 64));
	EXPECT_EQ(-EFAULT, queue_many(self->self, entries + 3, 10));
	EXPECT_EQ(-EFAULT, queue_many(self->self, (void *)(map + page), 1));
	EXPECT_EQ(-EFAULT, queue_many(self->self,
				      (void *)(uintptr_t)KERNEL_ADDRESS, 1));

	/* Routine 0 isn't allowed in a batch. */
	entries = (void *)map;
	fill(entries, 10, 0);
	entries[4].routine = 0;
	EXPECT_EQ(4, queue_many(self->self, entries, 10));
	EXPECT_EQ(4, take_records(self->dev, self->records, 64));
	EXPECT_EQ(-EINVAL, queue_many(self->self, entries + 4, 6));
	EXPECT_EQ(0, nr_pending(self->self));
}

TEST_F(queue, batch_large)
{
	unsigned int count = scaled(20000);
	struct ntapc_queue_entry *entries;
	struct ntapc_info info;
	unsigned int i, n = 0;
	int got;

	entries = calloc(count, sizeof(*entries));
	ASSERT_NE(NULL, entries);
	fill(entries, count, 0);
	ASSERT_EQ(0, get_info(self->dev, &info));
	if (info.max_queued_thread < count || info.max_queued_user < count)
		SKIP(return, "the limits are lower");
	ASSERT_EQ(count, queue_many(self->self, entries, count));
	while ((got = take_records(self->dev, self->records, 64)) > 0)
		for (i = 0; i < got; i++, n++) {
			ASSERT_EQ(n, self->records[i].arg[0]);
		}
	EXPECT_EQ(0, got);
	EXPECT_EQ(count, n);
}

/* NTAPC_IOC_INFO's count of what this user has queued. */
TEST_F(queue, user_count)
{
	int reserve = open_reserve(self->dev);
	struct ntapc_info before, info;

	ASSERT_LE(0, reserve);
	ASSERT_EQ(0, get_info(self->dev, &before));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 1));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 2));
	EXPECT_EQ(0, queue(self->self, NULL, 3));
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 4));
	ASSERT_EQ(0, get_info(self->dev, &info));
	EXPECT_EQ(before.queued_user + 2, info.queued_user);
	EXPECT_EQ(3, take_records(self->dev, self->records, 64));
	ASSERT_EQ(0, get_info(self->dev, &info));
	EXPECT_EQ(before.queued_user, info.queued_user);
}

/* Limits */

FIXTURE(limits)
{
	int dev;
	int self;
	long long thread;
	long long user;
	struct ntapc_record records[64];
};

FIXTURE_SETUP(limits)
{
	self->thread = get_parameter("max_queued_per_thread");
	self->user = get_parameter("max_queued_per_user");
	ASSERT_LT(0, self->thread);
	ASSERT_LT(0, self->user);
	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	self->self = open_thread(self->dev, 0);
	ASSERT_LE(0, self->self);
}

FIXTURE_TEARDOWN_PARENT(limits)
{
	set_parameter("max_queued_per_thread", self->thread);
	set_parameter("max_queued_per_user", self->user);
}

TEST_F(limits, are_in_info)
{
	struct ntapc_info info;

	ASSERT_EQ(0, get_info(self->dev, &info));
	EXPECT_EQ(self->thread, info.max_queued_thread);
	EXPECT_EQ(self->user, info.max_queued_user);
	ASSERT_EQ(0, set_parameter("max_queued_per_thread", 12));
	ASSERT_EQ(0, set_parameter("max_queued_per_user", 34));
	ASSERT_EQ(0, get_info(self->dev, &info));
	EXPECT_EQ(12, info.max_queued_thread);
	EXPECT_EQ(34, info.max_queued_user);
}

TEST_F(limits, per_thread)
{
	struct ntapc_queue_entry entries[8];
	struct ntapc_thread_info info;
	int reserve, i;

	reserve = open_reserve(self->dev);
	ASSERT_LE(0, reserve);
	ASSERT_EQ(0, set_parameter("max_queued_per_thread", 5));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, queue(self->self, ROUTINE, i));
	}
	EXPECT_EQ(-EAGAIN, queue(self->self, ROUTINE, 5));
	fill(entries, 8, 5);
	EXPECT_EQ(-EAGAIN, queue_many(self->self, entries, 8));
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(5, info.nr_user);
	EXPECT_EQ(5, info.nr_queued);
	EXPECT_EQ(0, info.nr_dropped);
	/* Nothing to keep, nothing to count. */
	EXPECT_EQ(0, queue(self->self, NULL, 5));
	/* 10.8: a reserve object always works. */
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 5));
	ASSERT_EQ(2, take_records(self->dev, self->records, 2));
	/* Room for two again. */
	EXPECT_EQ(2, queue_many(self->self, entries + 1, 7));
	EXPECT_EQ(-EAGAIN, queue(self->self, ROUTINE, 9));
	ASSERT_EQ(6, take_records(self->dev, self->records, 64));
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(i + 2, self->records[i].arg[0]);
	}
}

TEST_F(limits, another_thread_has_its_own)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, self->dev, blocked_on_go));
	ASSERT_EQ(0, set_parameter("max_queued_per_thread", 1));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 1));
	EXPECT_EQ(-EAGAIN, queue(self->self, ROUTINE, 2));
	EXPECT_EQ(0, queue(worker.fd, ROUTINE, 1));
	EXPECT_EQ(-EAGAIN, queue(worker.fd, ROUTINE, 2));
	worker_go(&worker);
	worker_join(&worker);
}

TEST_F(limits, per_user)
{
	struct ntapc_queue_entry entries[8];
	struct ntapc_thread_info thread;
	struct ntapc_info info;
	struct worker worker;
	int reserve, i;

	reserve = open_reserve(self->dev);
	ASSERT_LE(0, reserve);
	ASSERT_TRUE(worker_start(&worker, self->dev, blocked_on_go));
	ASSERT_EQ(0, get_info(self->dev, &info));
	ASSERT_EQ(0, set_parameter("max_queued_per_user", info.queued_user + 4));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 0));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 1));
	EXPECT_EQ(0, queue(worker.fd, ROUTINE, 2));
	fill(entries, 8, 2);
	EXPECT_EQ(1, queue_many(self->self, entries, 8));
	EXPECT_EQ(-EAGAIN, queue(self->self, ROUTINE, 9));
	EXPECT_EQ(-EAGAIN, queue(worker.fd, ROUTINE, 9));
	EXPECT_EQ(0, queue_reserve(self->self, reserve, ROUTINE, 3));
	/* What a thread leaves behind at exit is uncharged too. */
	worker_go(&worker);
	worker_join(&worker);
	ASSERT_TRUE(wait_until(!get_thread_info(worker.fd, &thread) &&
			       thread.state & NTAPC_THREAD_EXITED));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 4));
	EXPECT_EQ(-EAGAIN, queue(self->self, ROUTINE, 9));
	ASSERT_EQ(5, take_records(self->dev, self->records, 64));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(i, self->records[i].arg[0]);
	}
}

/* A reserve object is its maker's charge from when it is made. */
TEST_F(limits, reserve_objects)
{
	struct ntapc_info before, info;
	int reserves[3], i;

	ASSERT_EQ(0, get_info(self->dev, &before));
	ASSERT_EQ(0, set_parameter("max_queued_per_user",
				   before.queued_user + 3));
	for (i = 0; i < 3; i++) {
		reserves[i] = open_reserve(self->dev);
		ASSERT_LE(0, reserves[i]);
	}
	EXPECT_EQ(-EAGAIN, open_reserve(self->dev));
	EXPECT_EQ(-EAGAIN, queue(self->self, ROUTINE, 1));
	ASSERT_EQ(0, get_info(self->dev, &info));
	EXPECT_EQ(before.queued_user + 3, info.queued_user);
	/* Queueing with one charges nobody. */
	EXPECT_EQ(0, queue_reserve(self->self, reserves[0], ROUTINE, 1));
	ASSERT_EQ(0, get_info(self->dev, &info));
	EXPECT_EQ(before.queued_user + 3, info.queued_user);
	/* It is there as long as its APC is. */
	close(reserves[0]);
	EXPECT_EQ(-EAGAIN, open_reserve(self->dev));
	ASSERT_EQ(1, take_records(self->dev, self->records, 64));
	reserves[0] = open_reserve(self->dev);
	EXPECT_LE(0, reserves[0]);
	for (i = 0; i < 3; i++)
		close(reserves[i]);
	ASSERT_EQ(0, get_info(self->dev, &info));
	EXPECT_EQ(before.queued_user, info.queued_user);
}

/* The limit is the queueing user's, whoever the target belongs to. */
TEST_F(limits, are_the_callers)
{
	struct ntapc_info info;
	pid_t child;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, get_info(self->dev, &info));
	ASSERT_EQ(0, set_parameter("max_queued_per_user", info.queued_user + 1));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 0));
	EXPECT_EQ(-EAGAIN, queue(self->self, ROUTINE, 1));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (setresuid(65533, 65533, 65533) ||
		    get_info(self->dev, &info) || info.queued_user)
			_exit(1);
		_exit(queue(self->self, ROUTINE, 1) ? 2 : 0);
	}
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(2, take_records(self->dev, self->records, 64));
	EXPECT_EQ(1, self->records[1].arg[0]);
}

TEST_HARNESS_MAIN
