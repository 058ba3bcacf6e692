// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers: NtSetTimer and NtCancelTimer, when they expire, and their APCs.
 */
#include "faults.h"
#include "objects.h"
#include "kselftest_harness.h"

#define PATIENCE	in_ms(PATIENCE_MS)
#define ROUTINE		0x123456789000ULL
/* What is far enough off not to come. */
#define FAR		MS_FROM_NOW(3600 * 1000)
#define PERIOD_MAX	0x7fffffffU

FIXTURE(timer)
{
	int dev;
	int self;
	int timer;
	struct ntapc_record record;
};

FIXTURE_VARIANT(timer)
{
	bool notification;
};

FIXTURE_VARIANT_ADD(timer, notification)
{
	.notification = true,
};

FIXTURE_VARIANT_ADD(timer, synchronization)
{
	.notification = false,
};

FIXTURE_SETUP(timer)
{
	log_reset();
	self->dev = open_frames(dispatch_continue);
	ASSERT_LE(0, self->dev);
	self->self = open_thread(self->dev, 0);
	ASSERT_LE(0, self->self);
	self->timer = create_timer(self->dev, variant->notification);
	ASSERT_LE(0, self->timer);
}

FIXTURE_TEARDOWN(timer)
{
	close(self->timer);
	close(self->self);
	close(self->dev);
}

/* Now, as NT has it. */
static __s64 nt_time(void)
{
	return NT_UNIX_EPOCH + now_on(CLOCK_REALTIME) / 100;
}

#define EXPECT_SET(set, ms) do {					\
	struct ntapc_object_info info_;					\
									\
	ASSERT_EQ(0, get_object_info(self->timer, &info_));		\
	EXPECT_EQ(set ? NTAPC_OBJECT_TIMER_SET : 0, info_.flags);	\
	EXPECT_EQ(ms, info_.period);					\
	if (!(set))							\
		EXPECT_EQ(0, info_.remaining);				\
} while (0)

TEST_F(timer, created)
{
	__u32 type = variant->notification ? NTAPC_OBJECT_NOTIFICATION_TIMER :
					     NTAPC_OBJECT_SYNCHRONIZATION_TIMER;
	struct ntapc_object_info info;

	ASSERT_EQ(0, get_object_info(self->timer, &info));
	EXPECT_EQ(type, info.type);
	EXPECT_EQ(0, info.state);
	EXPECT_EQ(0, info.limit);
	EXPECT_EQ(0, info.nr_waiters);
	EXPECT_EQ(0, info.owner);
	EXPECT_SET(false, 0);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->timer));
	EXPECT_EQ(-EINVAL, create_object(self->dev, type, 1, 0));
	EXPECT_EQ(-EINVAL, create_object(self->dev, type, 0, 1));
}

TEST_F(timer, other_ioctls)
{
	EXPECT_EQ(-ENOTTY, set_event(self->timer));
	EXPECT_EQ(-ENOTTY, release_object(self->timer, 1, NULL));
	EXPECT_EQ(-EINVAL, set_timer_full(self->timer, FAR, PERIOD_MAX + 1, 0,
					  0));
	EXPECT_EQ(-EINVAL, set_timer_full(self->timer, FAR, ~0U, 0, 0));
	EXPECT_EQ(-EINVAL, set_timer_full(self->timer, FAR, 0, 0, 1));
	EXPECT_SET(false, 0);
}

/* From now on: not before its time, and that is CLOCK_MONOTONIC's. */
TEST_F(timer, relative)
{
	__u64 begin = now();

	EXPECT_EQ(0, set_timer(self->timer, MS_FROM_NOW(30)));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->timer, PATIENCE));
	EXPECT_LE(begin + 30 * NS_PER_MS, now());
	EXPECT_SET(false, 0);
	EXPECT_EQ(variant->notification, object_state(self->timer));
	EXPECT_EQ(variant->notification ? NTAPC_STATUS_WAIT_0 :
		  NTAPC_STATUS_TIMEOUT, try_one(self->timer));
}

TEST_F(timer, absolute)
{
	__s64 due = nt_time() + 300000;

	EXPECT_EQ(0, set_timer(self->timer, due));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->timer, PATIENCE));
	EXPECT_LE(due, nt_time());
	EXPECT_SET(false, 0);
	EXPECT_EQ(variant->notification, object_state(self->timer));
}

/* It has expired when the call returns. */
TEST_F(timer, past)
{
	const __s64 dues[] = {
		0, 1, NT_UNIX_EPOCH - 1, NT_UNIX_EPOCH, NT_UNIX_EPOCH + 1,
		nt_time() - 1, nt_time() - 10000000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dues); i++) {
		EXPECT_EQ(variant->notification && i,
			  set_timer(self->timer, dues[i]));
		EXPECT_EQ(1, object_state(self->timer)) {
			TH_LOG("due %lld", dues[i]);
		}
		EXPECT_SET(false, 0);
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->timer));
		EXPECT_EQ(variant->notification, object_state(self->timer));
	}
	/* The shortest time from now on. */
	set_timer(self->timer, -1);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->timer, PATIENCE));
}

/* The limits of what can be said are far off, and nothing overflows. */
TEST_F(timer, far_off)
{
	static const __s64 dues[] = {
		INT64_MIN, INT64_MIN + 1, -(INT64_MAX / 100),
		-(INT64_MAX / 100) - 1, -(INT64_MAX / 100) + 1, INT64_MAX,
		INT64_MAX - 1, INT64_MAX / 100 + NT_UNIX_EPOCH,
		INT64_MAX / 100 + NT_UNIX_EPOCH + 1,
		INT64_MAX / 100 + NT_UNIX_EPOCH - 1,
	};
	struct ntapc_object_info info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dues); i++) {
		EXPECT_EQ(0, set_timer_full(self->timer, dues[i], PERIOD_MAX, 0,
					    0));
		EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->timer)) {
			TH_LOG("due %lld", dues[i]);
		}
		ASSERT_EQ(0, get_object_info(self->timer, &info));
		EXPECT_EQ(NTAPC_OBJECT_TIMER_SET, info.flags);
		EXPECT_EQ(PERIOD_MAX, info.period);
		/* At least a century. */
		EXPECT_LT(100LL * 365 * 86400 * 10000000, info.remaining) {
			TH_LOG("due %lld, remaining %lld", dues[i],
			       info.remaining);
		}
		EXPECT_EQ(1, cancel_timer(self->timer, NULL));
	}
}

TEST_F(timer, info)
{
	struct ntapc_object_info info;

	EXPECT_EQ(0, set_timer_full(self->timer, FAR, 7, 0, 0));
	ASSERT_EQ(0, get_object_info(self->timer, &info));
	EXPECT_EQ(NTAPC_OBJECT_TIMER_SET, info.flags);
	EXPECT_EQ(7, info.period);
	EXPECT_LT(0, info.remaining);
	EXPECT_GE(-FAR, info.remaining);
	EXPECT_EQ(0, info.state);
	set_timer(self->timer, nt_time() - FAR);
	ASSERT_EQ(0, get_object_info(self->timer, &info));
	EXPECT_EQ(0, info.period);
	EXPECT_LT(0, info.remaining);
	EXPECT_GE(-FAR, info.remaining);
}

/* It is not signalled from when it is set until it expires. */
TEST_F(timer, set_again)
{
	EXPECT_EQ(0, set_timer(self->timer, 0));
	EXPECT_EQ(1, set_timer(self->timer, FAR));
	EXPECT_EQ(0, object_state(self->timer));
	EXPECT_SET(true, 0);
	/* Only the later setting counts. */
	EXPECT_EQ(0, set_timer(self->timer, MS_FROM_NOW(1)));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->timer, PATIENCE));
	EXPECT_SET(false, 0);
	EXPECT_EQ(variant->notification, set_timer_full(self->timer, FAR, 1, 0,
							0));
	EXPECT_SET(true, 1);
	EXPECT_EQ(0, set_timer(self->timer, FAR));
	EXPECT_SET(true, 0);
}

TEST_F(timer, cancel)
{
	__u32 signalled;

	EXPECT_EQ(0, cancel_timer(self->timer, &signalled));
	EXPECT_EQ(0, signalled);
	set_timer_full(self->timer, FAR, 5, 0, 0);
	EXPECT_EQ(1, cancel_timer(self->timer, &signalled));
	EXPECT_EQ(0, signalled);
	EXPECT_SET(false, 0);
	EXPECT_EQ(0, cancel_timer(self->timer, &signalled));
	/* One that has expired isn't set any more, and stays signalled. */
	set_timer(self->timer, 0);
	EXPECT_EQ(0, cancel_timer(self->timer, &signalled));
	EXPECT_EQ(1, signalled);
	EXPECT_EQ(1, object_state(self->timer));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->timer));
	/* A periodic one is. */
	set_timer_full(self->timer, 0, PERIOD_MAX, 0, 0);
	EXPECT_EQ(1, cancel_timer(self->timer, &signalled));
	EXPECT_EQ(1, signalled);
	EXPECT_SET(false, 0);
}

/* A wait goes on when the timer is cancelled or set anew. */
TEST_F(timer, cancel_while_waited_for)
{
	struct waiter waiter;

	set_timer(self->timer, FAR);
	ASSERT_TRUE(waiter_start_one(&waiter, self->dev, self->timer));
	EXPECT_EQ(1, cancel_timer(self->timer, NULL));
	EXPECT_EQ(1, nr_waiters(self->timer));
	set_timer(self->timer, FAR);
	EXPECT_EQ(1, nr_waiters(self->timer));
	EXPECT_FALSE(waiter_is_done(&waiter));
	set_timer(self->timer, MS_FROM_NOW(1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	waiter_end(&waiter);
}

/* Again and again; never sooner than the periods that have passed. */
TEST_F(timer, periodic)
{
	__u64 begin = now();
	int i;

	EXPECT_EQ(0, set_timer_full(self->timer, MS_FROM_NOW(2), 3, 0, 0));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->timer, PATIENCE));
		EXPECT_SET(true, 3);
		if (variant->notification)
			break;
		EXPECT_LE(begin + (2 + i * 3) * NS_PER_MS, now());
	}
	EXPECT_EQ(1, cancel_timer(self->timer, NULL));
	if (!variant->notification) {
		try_one(self->timer);
		EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->timer));
	}
}

/* With a first time that is past, on whichever clock, periods are from now on. */
TEST_F(timer, periodic_from_the_past)
{
	const __s64 dues[] = { 0, 1, nt_time() - 10000000, nt_time() + 10000 };
	unsigned int i, j;
	__u64 begin;

	for (i = 0; i < ARRAY_SIZE(dues); i++) {
		begin = now();
		set_timer_full(self->timer, dues[i], 5, 0, 0);
		for (j = 0; j < 4; j++) {
			EXPECT_EQ(NTAPC_STATUS_WAIT_0,
				  wait_one(self->timer, PATIENCE));
			if (variant->notification)
				break;
			EXPECT_LE(begin + j * 5 * NS_PER_MS, now());
		}
		EXPECT_EQ(1, cancel_timer(self->timer, NULL));
		set_timer(self->timer, FAR);
	}
}

/* One waiter for a synchronization timer, all for a notification timer. */
TEST_F(timer, waiters)
{
	struct waiter waiters[4];
	int i;

	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(waiter_start_one(&waiters[i], self->dev,
					     self->timer));
	}
	for (i = 0; i < 4; i++) {
		if (!variant->notification || !i)
			EXPECT_EQ(0, set_timer(self->timer, 0));
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[i]));
		EXPECT_EQ(variant->notification ? 0 : 3 - i,
			  nr_waiters(self->timer));
	}
	EXPECT_EQ(variant->notification, object_state(self->timer));
	for (i = 0; i < 4; i++)
		waiter_end(&waiters[i]);
}

TEST_F(timer, among_all)
{
	int event = create_event(self->dev, false);
	__s32 both[] = { self->timer, event };
	struct waiter waiter;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALL, both, 2));
	set_timer(self->timer, MS_FROM_NOW(1));
	ASSERT_TRUE(wait_until(object_state(self->timer) == 1));
	EXPECT_FALSE(waiter_is_done(&waiter));
	set_event(event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	EXPECT_EQ(variant->notification, object_state(self->timer));
	waiter_end(&waiter);
}

/* A due time since 1601 follows the clock, one from now on doesn't. */
TEST_F(timer, clock_is_set)
{
	int relative = create_timer(self->dev, true);
	__u64 real = now_on(CLOCK_REALTIME), begin = now();
	struct timespec ts;

	ASSERT_LE(0, relative);
	EXPECT_EQ(0, set_timer(relative, FAR));
	EXPECT_EQ(0, set_timer(self->timer, nt_time() - FAR));
	ts.tv_sec = real / NS_PER_SEC + 3601;
	ts.tv_nsec = 0;
	if (clock_settime(CLOCK_REALTIME, &ts))
		SKIP(return, "the clock can't be set");
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->timer, PATIENCE));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(relative));
	real += now() - begin;
	ts.tv_sec = real / NS_PER_SEC;
	ts.tv_nsec = real % NS_PER_SEC;
	EXPECT_EQ(0, clock_settime(CLOCK_REALTIME, &ts));
}

/* APCs */

/* Takes the one APC that is there. */
#define EXPECT_APC(context, after) do {					\
	__u64 time_;							\
									\
	ASSERT_EQ(1, take_records(self->dev, &self->record, 1));	\
	EXPECT_EQ(ROUTINE, self->record.routine);			\
	EXPECT_EQ(context, self->record.arg[0]);			\
	EXPECT_EQ(0, self->record.arg[1] >> 32);			\
	EXPECT_EQ(0, self->record.arg[2] >> 32);			\
	EXPECT_EQ(0, self->record.flags);				\
	time_ = self->record.arg[1] | self->record.arg[2] << 32;	\
	EXPECT_LE(after, time_);					\
	EXPECT_GE(nt_time(), time_);					\
} while (0)

TEST_F(timer, apc)
{
	const __s64 dues[] = { 0, 1, MS_FROM_NOW(2), nt_time() + 20000 };
	unsigned int i;
	__s64 begin;

	for (i = 0; i < ARRAY_SIZE(dues); i++) {
		begin = nt_time();
		set_timer_full(self->timer, dues[i], 0, ROUTINE, ~0ULL - i);
		/* Signalled first, and then it is queued. */
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->timer, PATIENCE));
		ASSERT_TRUE(wait_until(nr_pending(self->self) == 1));
		EXPECT_APC(~0ULL - i, begin);
	}
	EXPECT_EQ(0, nr_pending(self->self));
}

/* By frame it ends an alertable wait, and has run when that returns. */
TEST_F(timer, apc_by_frame)
{
	EXPECT_EQ(0, set_timer_full(self->timer, MS_FROM_NOW(2), 0,
				    ADDR(log_apc), 17));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE, PATIENCE));
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(17, log_entry(0));
	EXPECT_EQ(1, object_state(self->timer));
}

/* At each expiry, unless the last one's is still queued. */
TEST_F(timer, periodic_apc)
{
	__s64 begin = nt_time();
	int i;

	EXPECT_EQ(0, set_timer_full(self->timer, MS_FROM_NOW(1), 1, ROUTINE,
				    5));
	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(wait_until(nr_pending(self->self) == 1));
		EXPECT_APC(5, begin);
		EXPECT_LE(begin + 10000, nt_time());
	}
	for (i = 0; i < 5 && !variant->notification; i++) {
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->timer, PATIENCE));
		EXPECT_GE(1, nr_pending(self->self));
	}
	cancel_timer(self->timer, NULL);
	EXPECT_EQ(0, nr_pending(self->self));
}

/* Cancelling, setting anew and the last close take a queued one back. */
TEST_F(timer, apc_taken_back)
{
	int i;

	for (i = 0; i < 6; i++) {
		set_timer_full(self->timer, i & 1 ? -1 : 0, i < 3 ? 1 : 0,
			       ROUTINE, 0);
		ASSERT_TRUE(wait_until(nr_pending(self->self) == 1));
		switch (i % 3) {
		case 0:
			EXPECT_EQ(i < 3, cancel_timer(self->timer, NULL));
			break;
		case 1:
			set_timer(self->timer, FAR);
			break;
		default:
			close(self->timer);
			self->timer = create_timer(self->dev,
						   variant->notification);
		}
		EXPECT_EQ(0, nr_pending(self->self));
	}
	/* The reserve is free again. */
	set_timer_full(self->timer, 0, 0, ROUTINE, 1);
	EXPECT_EQ(1, nr_pending(self->self));
	EXPECT_APC(1, 0);
}

static void set_for_oneself(struct worker *worker)
{
	worker->ret = set_timer_full(worker->arg, FAR, 1, ROUTINE, 3);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

/* It is queued to who has set the timer, and to nobody once that has exited. */
TEST_F(timer, apc_of_another_thread)
{
	struct worker worker = { .arg = self->timer };
	struct ntapc_thread_info info;

	ASSERT_TRUE(worker_start(&worker, self->dev, set_for_oneself));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(0, nr_pending(self->self));
	EXPECT_SET(true, 1);
	worker_go(&worker);
	worker_join(&worker);
	ASSERT_TRUE(wait_gone(worker.fd));
	/* The timer is still set; another thread may cancel it. */
	EXPECT_SET(true, 1);
	EXPECT_EQ(1, cancel_timer(self->timer, NULL));
	EXPECT_EQ(0, nr_pending(self->self));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(0, info.nr_queued);
}

static void set_periodic(struct worker *worker)
{
	worker->ret = set_timer_full(worker->arg, 0, 1, ROUTINE, 3);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

/* The thread exits with one queued, and the timer goes on without APCs. */
TEST_F(timer, thread_exits)
{
	struct worker worker = { .arg = self->timer };
	int i;

	ASSERT_TRUE(worker_start(&worker, self->dev, set_periodic));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_until(nr_pending(worker.fd) == 1));
	worker_go(&worker);
	worker_join(&worker);
	ASSERT_TRUE(wait_gone(worker.fd));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->timer, PATIENCE));
	}
	EXPECT_EQ(0, nr_pending(worker.fd));
	EXPECT_EQ(0, nr_pending(self->self));
	EXPECT_EQ(1, cancel_timer(self->timer, NULL));
}

/* It becomes another's: the APC that was queued to the first is taken back. */
TEST_F(timer, set_by_another_thread)
{
	struct worker worker = { .arg = self->timer };

	set_timer_full(self->timer, 0, 0, ROUTINE, 1);
	EXPECT_EQ(1, nr_pending(self->self));
	ASSERT_TRUE(worker_start(&worker, self->dev, set_periodic));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, nr_pending(self->self));
	ASSERT_TRUE(wait_until(nr_pending(worker.fd) == 1));
	set_timer_full(self->timer, 0, 0, ROUTINE, 2);
	EXPECT_EQ(0, nr_pending(worker.fd));
	EXPECT_APC(2, 0);
	worker_go(&worker);
	worker_join(&worker);
}

static struct ntapc_record *slow_records;

static void take_slowly(struct worker *worker)
{
	set_timer_full(worker->arg, 0, 0, ROUTINE, 1);
	worker->ret = take_records(worker->dev, slow_records, 4);
}

/* The same while that one is just taking it: each gets its own. */
TEST_F(timer, set_while_the_apc_is_taken)
{
	struct worker worker = { .arg = self->timer };
	static const char served[ONE_PAGE];
	int faults;

	slow_records = mmap(NULL, ONE_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, slow_records);
	faults = register_faults(slow_records, ONE_PAGE);
	if (faults < 0)
		SKIP(return, "no userfaultfd");
	ASSERT_TRUE(worker_start(&worker, self->dev, take_slowly));
	ASSERT_EQ(ADDR(slow_records), next_fault(faults));
	/* It has expired before. */
	EXPECT_EQ(1, set_timer_full(self->timer, 0, 0, ROUTINE, 2));
	EXPECT_APC(2, 0);
	ASSERT_EQ(0, serve_fault(faults, ADDR(slow_records), served));
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
	EXPECT_EQ(1, slow_records[0].arg[0]);
	close(faults);
}

/* Closed while it is set: nothing comes of it. */
TEST_F(timer, close_while_set)
{
	unsigned int rounds = scaled(200), i;
	int timer;

	for (i = 0; i < rounds; i++) {
		timer = create_timer(self->dev, variant->notification);
		ASSERT_LE(0, timer);
		set_timer_full(timer, i & 1 ? -1 : MS_FROM_NOW(1), i & 2 ? 1 : 0,
			       i & 4 ? ROUTINE : 0, 0);
		if (i & 8)
			sched_yield();
		EXPECT_EQ(0, close(timer));
		EXPECT_EQ(0, nr_pending(self->self));
	}
}

/* The memory for its APC is the user's, as that of reserve objects. */
TEST_F(timer, limit)
{
	long long most = get_parameter("max_queued_per_user");

	if (most < 0 || set_parameter("max_queued_per_user", 0))
		SKIP(return, "the limit can't be set");
	EXPECT_EQ(-EAGAIN, set_timer_full(self->timer, 0, 0, ROUTINE, 0));
	EXPECT_SET(false, 0);
	EXPECT_EQ(0, object_state(self->timer));
	EXPECT_EQ(0, set_timer(self->timer, FAR));
	EXPECT_EQ(-EAGAIN, set_timer_full(self->timer, 0, 3, ROUTINE, 0));
	EXPECT_SET(true, 0);
	EXPECT_EQ(0, set_parameter("max_queued_per_user", most));
	EXPECT_EQ(0, set_timer_full(self->timer, 0, 0, ROUTINE, 0));
	EXPECT_APC(0, 0);
}

TEST_HARNESS_MAIN
