// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI as a 32 bit process has it: the same layout, and everything but
 * frames. And the 32 bit process that the memory test acts upon.
 */
#include "ntsync.h"
#include "objects.h"
#include "procs.h"
#include "abi_layout.h"
#include "kselftest_harness.h"

_Static_assert(sizeof(void *) == 4, "a 32 bit program");

#define ROUTINE		0x123456789abcULL

FIXTURE(abi32)
{
	int dev;
	int self;
	struct ntapc_record records[16];
};

FIXTURE_SETUP(abi32)
{
	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	self->self = open_thread(self->dev, 0);
	ASSERT_LE(0, self->self);
}

FIXTURE_TEARDOWN(abi32)
{
}

TEST_F(abi32, info)
{
	struct ntapc_info info;

	ASSERT_EQ(0, get_info(self->dev, &info));
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(NTAPC_ABI_VERSION, info.abi_version);
	EXPECT_EQ(sizeof(struct ntapc_frame), info.frame_size);
	EXPECT_EQ(0, info.pad);
}

TEST_F(abi32, open)
{
	struct ntapc_thread_info info;
	struct ntapc_control *control;

	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(getpid(), info.tid);
	control = map_control(self->self);
	ASSERT_NE(NULL, control);
	EXPECT_EQ(getpid(), control->tid);
	EXPECT_EQ(-ESRCH, open_thread(self->dev, 2));
}

/* Routine and arguments are 64 bits wide. */
TEST_F(abi32, queue_and_records)
{
	struct ntapc_queue_entry entries[2] = {
		{ .routine = ROUTINE + 1, .arg = { 1, 2, ~0ULL } },
		{ .routine = ROUTINE + 2, .arg = { 4, 5, 6 } },
	};
	int reserve = open_reserve(self->dev);
	__u32 count = 0;

	ASSERT_LE(0, reserve);
	EXPECT_EQ(0, queue_full(self->self, NTAPC_QUEUE_RESERVE, ROUTINE,
				~0ULL, KERNEL_ADDRESS, 3, reserve));
	EXPECT_EQ(2, queue_many(self->self, entries, 2));
	ASSERT_EQ(NTAPC_STATUS_USER_APC,
		  wait_records(self->dev, 0, self->records, 16, &count));
	ASSERT_EQ(3, count);
	EXPECT_EQ(ROUTINE, self->records[0].routine);
	EXPECT_EQ(~0ULL, self->records[0].arg[0]);
	EXPECT_EQ(KERNEL_ADDRESS, self->records[0].arg[1]);
	EXPECT_EQ(3, self->records[0].arg[2]);
	EXPECT_EQ(ROUTINE + 1, self->records[1].routine);
	EXPECT_EQ(~0ULL, self->records[1].arg[2]);
	EXPECT_EQ(ROUTINE + 2, self->records[2].routine);
	EXPECT_EQ(6, self->records[2].arg[2]);
}

/* No frames, neither asked for nor sent. */
TEST_F(abi32, no_frames)
{
	struct ntapc_frame frame = { .size = sizeof(frame) };
	struct ntapc_thread_info info;

	EXPECT_EQ(-EOPNOTSUPP, set_dispatcher(self->dev, 0x1000));
	EXPECT_EQ(-EOPNOTSUPP, queue_full(self->self, NTAPC_QUEUE_SPECIAL,
					  ROUTINE, 0, 0, 0, 0));
	EXPECT_EQ(-EOPNOTSUPP, delay(self->dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(-EOPNOTSUPP, test_alert(self->dev, 0));
	EXPECT_EQ(-EOPNOTSUPP, continue_frame(self->dev, 0, &frame));
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(0, info.nr_queued);
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(self->dev, 0, 0));
}

/* A pointer's upper half isn't ignored. */
TEST_F(abi32, pointers_are_64_bits_wide)
{
	struct ntapc_queue_entry entry = { .routine = 1 };
	struct ntapc_queue_many many = {
		.size = sizeof(many),
		.entries = ADDR(&entry) | 1ULL << 32,
		.count = 1,
	};
	struct ntapc_test_alert test = {
		.size = sizeof(test),
		.flags = NTAPC_WAIT_RECORDS,
		.records = ADDR(self->records) | 1ULL << 32,
		.nr_records = 4,
	};

	EXPECT_EQ(-EFAULT, sys_ioctl(self->self, NTAPC_IOC_QUEUE_MANY, &many));
	many.entries = ADDR(&entry) | 1ULL << 63;
	EXPECT_EQ(-EFAULT, sys_ioctl(self->self, NTAPC_IOC_QUEUE_MANY, &many));
	EXPECT_EQ(0, nr_pending(self->self));
	many.entries = ADDR(&entry);
	EXPECT_EQ(1, sys_ioctl(self->self, NTAPC_IOC_QUEUE_MANY, &many));
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTAPC_IOC_TEST_ALERT, &test));
	EXPECT_EQ(1, nr_pending(self->self));
	test.records = ADDR(self->records);
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  sys_ioctl(self->dev, NTAPC_IOC_TEST_ALERT, &test));
	EXPECT_EQ(1, test.nr_records);
}

static void wait_alone(struct worker *worker)
{
	struct ntapc_record record;
	__u32 count = 0;

	worker->ret = wait_records(worker->dev, in_ms(PATIENCE_MS), &record, 1,
				   &count);
	worker->arg = record.routine;
}

TEST_F(abi32, waits)
{
	struct worker worker;
	__u64 begin = now();

	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(self->dev, 0, begin + 20000000));
	EXPECT_LE(begin + 20000000, now());
	ASSERT_TRUE(worker_start(&worker, self->dev, wait_alone));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, queue_full(worker.fd, 0, ROUTINE, 0, 0, 0, 0));
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, worker.ret);
	EXPECT_EQ(ROUTINE, worker.arg);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  wait_thread(self->dev, 0, in_ms(PATIENCE_MS), worker.fd));
}

static const char object_name[] = "ntapc-selftest-abi32";

TEST_F(abi32, objects)
{
	struct ntapc_object_info info;
	__s32 objects[NR_OBJECT_TYPES], previous;
	__u32 existed, signalled;
	unsigned int i;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		objects[i] = create_object(self->dev, object_types[i].type, 0,
					   object_types[i].limit);
		ASSERT_LE(0, objects[i]);
		ASSERT_EQ(0, get_object_info(objects[i], &info));
		EXPECT_EQ(sizeof(info), info.size);
		EXPECT_EQ(object_types[i].type, info.type);
		EXPECT_EQ(i == 3, info.state);
	}
	/* The mutant is nobody's. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 3, wait_any(self->dev, 0, objects,
						    NR_OBJECT_TYPES));
	EXPECT_EQ(getpid(), object_owner(objects[3]));
	EXPECT_EQ(0, release_object(objects[3], 1, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_EQ(-EPERM, release_mutant(objects[3]));
	EXPECT_EQ(0, set_event(objects[0]));
	EXPECT_EQ(1, reset_event(objects[0]));
	EXPECT_EQ(0, pulse_event(objects[1]));
	EXPECT_EQ(0, release_semaphore(objects[2], 0x7fffffff));
	EXPECT_EQ(-EOVERFLOW, release_semaphore(objects[2], 1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(objects[2]));
	EXPECT_EQ(0x7ffffffe, object_state(objects[2]));
	/* Times are 64 bits wide. */
	EXPECT_EQ(0, set_timer(objects[4], INT64_MIN));
	ASSERT_EQ(0, get_object_info(objects[4], &info));
	EXPECT_LT(1LL << 50, info.remaining);
	EXPECT_EQ(1, cancel_timer(objects[4], &signalled));
	EXPECT_EQ(0, signalled);
	EXPECT_LE(0, create_named(self->dev, 0, 0, 0, object_name,
				  sizeof(object_name), &existed));
	EXPECT_LE(0, create_named(self->dev, 0, NTAPC_CREATE_OPEN, 0,
				  object_name, sizeof(object_name), &existed));
	EXPECT_EQ(1, existed);
}

/* A timer's APC, of which the arguments are halves of a time. */
TEST_F(abi32, timer_apc)
{
	int timer = create_timer(self->dev, false);
	__u64 time;

	EXPECT_EQ(0, set_timer_full(timer, 0, 0, ROUTINE, ~0ULL));
	ASSERT_EQ(1, take_records(self->dev, self->records, 16));
	EXPECT_EQ(ROUTINE, self->records[0].routine);
	EXPECT_EQ(~0ULL, self->records[0].arg[0]);
	time = self->records[0].arg[1] | self->records[0].arg[2] << 32;
	EXPECT_LT(NT_UNIX_EPOCH, time);
	EXPECT_LE(time, NT_UNIX_EPOCH + now_on(CLOCK_REALTIME) / 100);
}

TEST_F(abi32, waits_for_objects)
{
	int events[2] = { create_event(self->dev, false),
			  create_event(self->dev, false) };
	struct ntapc_wait args = {
		.size = sizeof(args),
		.nr_objects = 2,
		.objects = ADDR(events) | 1ULL << 32,
	};
	struct waiter any, all;

	ASSERT_TRUE(waiter_start(&any, self->dev, 0, events, 2));
	set_event(events[1]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, waiter_result(&any));
	ASSERT_TRUE(waiter_start(&all, self->dev, NTAPC_WAIT_ALL, events, 2));
	set_event(events[1]);
	EXPECT_FALSE(waiter_is_done(&all));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  signal_and_wait(events[0], create_event(self->dev, false), 0,
				  0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&all));
	waiter_end(&any);
	waiter_end(&all);
	/* The upper half of the array's address isn't ignored. */
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
}

/* ntsync's ioctls, whose structs have no size to tell of themselves. */
_Static_assert(sizeof(struct ntsync_wait_args) == 40, "as of 64 bits");
_Static_assert(offsetof(struct ntsync_wait_args, pad) == 36, "as of 64 bits");

TEST_F(abi32, ntsync_semaphore)
{
	int sem = make_sem(self->dev, 2, 3);
	__u32 previous, index;

	EXPECT_EQ(-EINVAL, make_sem(self->dev, 2, 1));
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTSYNC_IOC_CREATE_SEM, NULL));
	EXPECT_SEM(sem, 2, 3);
	EXPECT_EQ(-EOVERFLOW, sem_release(sem, 2, &previous));
	EXPECT_EQ(2, previous);		/* the count, untouched */
	EXPECT_EQ(0, sem_release(sem, 1, &previous));
	EXPECT_EQ(2, previous);
	EXPECT_EQ(0, ANY(self->dev, 1, &index, sem));
	EXPECT_EQ(0, index);
	EXPECT_SEM(sem, 2, 3);
	sem = make_sem(self->dev, UINT_MAX, UINT_MAX);
	EXPECT_SEM(sem, UINT_MAX, UINT_MAX);
	EXPECT_EQ(-EOVERFLOW, sem_release(sem, 1, NULL));
	EXPECT_EQ(-EFAULT, sys_ioctl(sem, NTSYNC_IOC_SEM_READ, NULL));
	EXPECT_EQ(-EINVAL, event_do(sem, NTSYNC_IOC_EVENT_SET, NULL));
}

/* 11.6, with numbers for owners. */
TEST_F(abi32, ntsync_mutex)
{
	int mutex = make_mutex(self->dev, 123, 2);
	__u32 previous, index;

	EXPECT_EQ(-EINVAL, make_mutex(self->dev, 0, 1));
	EXPECT_EQ(-EINVAL, make_mutex(self->dev, 1, 0));
	EXPECT_MUTEX(mutex, 0, 123, 2);
	EXPECT_EQ(-EPERM, mutex_unlock(mutex, 124, &previous));
	EXPECT_EQ(POISON, previous);
	EXPECT_EQ(-EINVAL, mutex_unlock(mutex, 0, NULL));
	EXPECT_EQ(-ETIMEDOUT, ANY(self->dev, 124, &index, mutex));
	EXPECT_EQ(POISON, index);
	EXPECT_EQ(0, mutex_unlock(mutex, 123, &previous));
	EXPECT_EQ(2, previous);
	EXPECT_EQ(-EPERM, mutex_kill(mutex, 124));
	EXPECT_EQ(0, mutex_kill(mutex, 123));
	EXPECT_MUTEX(mutex, -EOWNERDEAD, 0, 0);
	EXPECT_EQ(-EOWNERDEAD, ANY(self->dev, 0x80000000, &index, mutex));
	EXPECT_EQ(0, index);
	EXPECT_MUTEX(mutex, 0, 0x80000000, 1);
}

TEST_F(abi32, ntsync_event)
{
	__u32 previous, index, manual;

	for (manual = 0; manual < 2; manual++) {
		int event = make_event(self->dev, manual, 0);

		EXPECT_EVENT(event, manual, 0);
		EXPECT_EQ(-ETIMEDOUT, ANY(self->dev, 1, &index, event));
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_SET, &previous));
		EXPECT_EQ(0, previous);
		EXPECT_EQ(0, ANY(self->dev, 1, &index, event));
		EXPECT_EVENT(event, manual, manual);
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_RESET,
				      &previous));
		EXPECT_EQ(manual, previous);
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_SET, NULL));
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_PULSE,
				      &previous));
		EXPECT_EQ(1, previous);
		EXPECT_EVENT(event, manual, 0);
	}
}

/* 11.5, 11.7: any, and all or nothing; and what is checked first. */
TEST_F(abi32, ntsync_waits)
{
	int sem = make_sem(self->dev, 1, 4), mutex = make_mutex(self->dev, 0, 0);
	int event = make_event(self->dev, 0, 0);
	struct ntsync_wait_args args = {
		.objs = ADDR(&sem) | 1ULL << 32,
		.count = 1,
		.index = POISON,
		.owner = 1,
	};
	const int all[] = { event, sem, mutex };
	__u64 until = now() + 20000000;
	struct nt_waiter waiter = {};
	__u32 index;

	EXPECT_EQ(0, ANY(self->dev, 5, &index, event, sem, mutex));
	EXPECT_EQ(1, index);
	EXPECT_EQ(0, ANY(self->dev, 5, &index, event, sem, mutex));
	EXPECT_EQ(2, index);
	EXPECT_EQ(-ETIMEDOUT, ALL(self->dev, 5, &index, event, sem, mutex));
	EXPECT_MUTEX(mutex, 0, 5, 1);
	ASSERT_TRUE(nt_start(&waiter, self->dev, NTSYNC_IOC_WAIT_ALL, 5, all, 3));
	EXPECT_EQ(0, sem_release(sem, 2, NULL));
	EXPECT_SEM(sem, 2, 4);
	EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_SET, NULL));
	EXPECT_EQ(0, nt_join(&waiter));
	EXPECT_EQ(0, waiter.index);
	EXPECT_SEM(sem, 1, 4);
	EXPECT_EVENT(event, 0, 0);
	EXPECT_MUTEX(mutex, 0, 5, 2);
	EXPECT_EQ(-EINVAL, ALL(self->dev, 5, &index, sem, event, sem));
	/* Times are 64 bits wide, and so is the array's address. */
	EXPECT_EQ(-ETIMEDOUT, nt_wait(self->dev, NTSYNC_IOC_WAIT_ANY, until, 6, 0,
				      &index, &mutex, 1));
	EXPECT_LE(until, now());
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTSYNC_IOC_WAIT_ANY, &args));
	args.pad = 1;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTSYNC_IOC_WAIT_ANY, &args));
	EXPECT_EQ(POISON, args.index);
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTSYNC_IOC_WAIT_ALL, NULL));
	EXPECT_SEM(sem, 1, 4);
}

/* 5.1, 11.3: APCs and alerts end it; without frames the APCs stay queued. */
TEST_F(abi32, ntsync_alert)
{
	int alert = make_event(self->dev, 0, 0), sem = make_sem(self->dev, 0, 1);
	__u32 index;

	EXPECT_EQ(-ETIMEDOUT, ANY_ALERT(self->dev, alert, &index, sem));
	EXPECT_EQ(0, queue_full(self->self, 0, ROUTINE, 0, 0, 0, 0));
	EXPECT_EQ(0, ANY_ALERT(self->dev, alert, &index, sem));
	EXPECT_EQ(1, index);
	EXPECT_EVENT(alert, 0, 0);
	ASSERT_EQ(1, take_records(self->dev, self->records, 16));
	EXPECT_EQ(ROUTINE, self->records[0].routine);
	EXPECT_EQ(0, alert_thread(self->self));
	EXPECT_EQ(0, ALL_ALERT(self->dev, alert, &index, sem));
	EXPECT_EQ(1, index);
	EXPECT_EQ(-ETIMEDOUT, ALL_ALERT(self->dev, alert, &index, sem));
}

static void count_worker(struct worker *worker)
{
	volatile __u64 *count = &worker->arg;

	while (atomic_load_explicit(&worker->go, memory_order_relaxed) < 2)
		++*count;
}

/* Registers are those of 64 bit code. */
TEST_F(abi32, no_contexts)
{
	struct ntapc_context context = {};
	struct worker worker = {};

	EXPECT_EQ(-EOPNOTSUPP, get_context(self->self, NTAPC_CONTEXT_CONTROL,
					   &context));
	EXPECT_EQ(-EOPNOTSUPP, set_context(self->self, NTAPC_CONTEXT_CONTROL,
					   &context));
	ASSERT_TRUE(worker_start(&worker, self->dev, count_worker));
	ASSERT_TRUE(moves(&worker.arg));
	EXPECT_EQ(-EOPNOTSUPP, get_context(worker.fd, NTAPC_CONTEXT_INTEGER,
					   &context));
	EXPECT_EQ(-EOPNOTSUPP, set_context(worker.fd, NTAPC_CONTEXT_INTEGER,
					   &context));
	EXPECT_TRUE(moves(&worker.arg));
	worker_go(&worker);
	worker_join(&worker);
}

/* Everything else there is. */
TEST_F(abi32, suspend)
{
	struct worker worker = {};
	int i;

	ASSERT_TRUE(worker_start(&worker, self->dev, count_worker));
	ASSERT_TRUE(moves(&worker.arg));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		EXPECT_TRUE(stands_still(&worker.arg));
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
		EXPECT_TRUE(moves(&worker.arg));
	}
	worker_go(&worker);
	worker_join(&worker);
}

static int fds[2];

static void read_worker(struct worker *worker)
{
	char c;

	worker->ret = read(fds[0], &c, 1);
}

TEST_F(abi32, suspend_in_a_read)
{
	struct worker worker;
	int i;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_TRUE(worker_start(&worker, self->dev, read_worker));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(wait_asleep(worker.tid));
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
	}
	EXPECT_EQ(1, write(fds[1], "x", 1));
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
}

TEST_F(abi32, alerts)
{
	EXPECT_EQ(0, alert_thread(self->self));
	EXPECT_EQ(NTAPC_STATUS_ALERTED,
		  take_records(self->dev, self->records, 16));
	EXPECT_EQ(0, alert_by_id(self->dev, getpid()));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, wait_by_id(self->dev, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_by_id(self->dev, 0, 0));
}

TEST_F(abi32, terminate)
{
	static void (*const where[])(struct worker *worker) = {
		count_worker, read_worker,
	};
	struct ntapc_thread_info info;
	struct worker worker;
	unsigned int i;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	for (i = 0; i < ARRAY_SIZE(where); i++) {
		worker.ret = 0;
		worker.arg = 0;
		ASSERT_TRUE(worker_start(&worker, self->dev, where[i]));
		ASSERT_TRUE(i ? wait_asleep(worker.tid) : moves(&worker.arg));
		EXPECT_EQ(0, terminate_thread(worker.fd, 0xdead0001));
		ASSERT_TRUE(wait_gone(worker.fd));
		worker_join(&worker);
		EXPECT_EQ(0, worker.ret);
		ASSERT_EQ(0, get_thread_info(worker.fd, &info));
		EXPECT_EQ(0xdead0001, info.exit_status);
		close(worker.fd);
	}
}

TEST_F(abi32, kernel_apcs)
{
	struct ntapc_apc_result result;
	__u64 values[4];
	int apc;

	apc = kernel_apc(self->self, 0, "count", 0);
	ASSERT_LE(0, apc);
	ASSERT_EQ(0, apc_result(apc, &result, values, 4));
	EXPECT_EQ(NTAPC_APC_RUN, result.state);
	EXPECT_EQ(1, result.nr_values);
	EXPECT_EQ(1, values[0]);
	apc = kernel_apc(self->self, 0, "stack", 4);
	ASSERT_LE(0, apc);
	ASSERT_EQ(0, apc_result(apc, &result, values, 4));
	EXPECT_EQ(NTAPC_APC_RUN, result.state);
	EXPECT_LE(1, result.nr_values);
	EXPECT_EQ(0, apc_remove(apc));
}

/* Other processes: its own kind. */
static __u64 word = 0x1000;
static unsigned char area[300000];

static void be_target(struct target *target)
{
	(void)target;
	word = 0x1001;
	pattern_fill(area, sizeof(area), 1);
}

FIXTURE(processes32)
{
	int dev, process;
	struct target target;
};

FIXTURE_SETUP(processes32)
{
	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	ASSERT_TRUE(target_start(&self->target, be_target));
	self->process = open_process(self->dev, self->target.pid);
	ASSERT_LE(0, self->process);
	pattern_fill(area, sizeof(area), 2);
}

FIXTURE_TEARDOWN(processes32)
{
	EXPECT_EQ(0, stack_count(self->process));
	target_kill(&self->target);
}

TEST_F(processes32, attach)
{
	struct ntapc_process_info info;
	__u32 save;

	ASSERT_EQ(0, get_process_info(self->process, &info));
	EXPECT_EQ(self->target.pid, info.pid);
	EXPECT_EQ(NTAPC_PROCESS_32BIT, info.flags);
	ASSERT_EQ(0, attach_stack(self->process, &save));
	EXPECT_EQ(0x1001, read_word(self->dev, &word));
	EXPECT_EQ(0, write_word(self->dev, &word, 0x1002));
	EXPECT_EQ(0x1000, word);
	EXPECT_EQ(0, detach_stack(self->dev, save));
	EXPECT_EQ(0x1002, read_word(self->process, &word));
}

TEST_F(processes32, copies)
{
	static unsigned char buffer[sizeof(area)];
	struct ntapc_range remote[2] = {
		{ ADDR(area) + 1000, 5000 }, { ADDR(area), 70000 },
	};
	struct ntapc_range local[2] = {
		{ ADDR(buffer), 100 }, { ADDR(buffer) + 100, 80000 },
	};
	struct ntapc_copy args;

	EXPECT_EQ(0, copy_read(self->process, buffer, area, sizeof(area)));
	EXPECT_EQ(sizeof(area), pattern_check(buffer, sizeof(area), 0, 1));
	EXPECT_EQ(0, copy_write(self->process, area, area, sizeof(area)));
	EXPECT_EQ(0, copy_read(self->process, buffer, area, sizeof(area)));
	EXPECT_EQ(sizeof(area), pattern_check(buffer, sizeof(area), 0, 2));
	/* Vectors have the same entries as of 64 bits. */
	ASSERT_EQ(0, copy_vector(self->process, NTAPC_IOC_READ, local, 2, remote,
				 2, &args));
	EXPECT_EQ(75000, args.done);
	EXPECT_EQ(5000, pattern_check(buffer, 5000, 1000, 2));
	EXPECT_EQ(70000, pattern_check(buffer + 5000, 70000, 0, 2));
	/* The upper halves of addresses aren't ignored. */
	args = (struct ntapc_copy) {
		.remote = ADDR(area) | 1ULL << 32,
		.local = ADDR(buffer),
		.length = 8,
	};
	EXPECT_EQ(-EFAULT, copy_full(self->process, NTAPC_IOC_READ, &args));
	EXPECT_EQ(ADDR(area) | 1ULL << 32, args.fault);
	args.remote = ADDR(area);
	args.local |= 1ULL << 32;
	EXPECT_EQ(-EFAULT, copy_full(self->process, NTAPC_IOC_READ, &args));
	EXPECT_EQ(0, args.fault);
	args.local = ADDR(buffer);
	args.length = 1ULL << 32 | 8;
	EXPECT_GT(0, copy_full(self->process, NTAPC_IOC_READ, &args));
}

TEST_F(processes32, operations)
{
	struct ntapc_fill fill = {
		.width = 8,
		.remote = ADDR(area),
		.length = 16,
		.pattern = 0x1122334455667788ULL,
	};
	__u64 pattern = 0x1122334455667788ULL, old, value;
	struct ntapc_search search = {
		.step = 8,
		.remote = ADDR(area),
		.length = sizeof(area),
		.pattern = ADDR(&pattern),
		.pattern_length = 8,
	};
	struct ntapc_query mapping;

	EXPECT_EQ(0, fill_full(self->process, &fill));
	EXPECT_EQ(16, fill.done);
	EXPECT_EQ(1, search_full(self->process, &search));
	EXPECT_EQ(ADDR(area), search.found);
	/* A word of 64 bits, atomically. */
	EXPECT_EQ(1, compare_exchange(self->process, &word, 8, 1ULL << 40 | 5,
				      0x1001, &old));
	EXPECT_EQ(0x1001, old);
	EXPECT_EQ(1ULL << 40 | 5, read_word(self->process, &word));
	EXPECT_EQ(0, attached_call(self->process, "crc32", ADDR(&word), 8,
				   &value));
	ASSERT_EQ(0, query(self->process, ADDR(area), &mapping, NULL, 0));
	EXPECT_TRUE(mapping.type & NTAPC_MAP_MAPPED);
	EXPECT_GE(ADDR(area), mapping.start);
	EXPECT_LT(ADDR(area), mapping.end);
}

TEST_F(processes32, window)
{
	int window = open_window(self->dev, sizeof(area));
	struct ntapc_copy args = {
		.flags = NTAPC_COPY_WINDOW,
		.remote = ADDR(area),
		.length = sizeof(area),
		.window = window,
	};
	unsigned char *map;

	ASSERT_LE(0, window);
	map = mmap(NULL, sizeof(area), PROT_READ | PROT_WRITE, MAP_SHARED,
		   window, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, copy_full(self->process, NTAPC_IOC_READ, &args));
	EXPECT_EQ(sizeof(area), args.done);
	EXPECT_EQ(sizeof(area), pattern_check(map, sizeof(area), 0, 1));
}

TEST_F(processes32, out_swap)
{
	struct ntapc_range range = { ADDR(area) & -ONE_PAGE, 8 * ONE_PAGE };

	ASSERT_EQ(0, out_swap(self->process, NTAPC_OUT_SWAP_BEGIN, NULL, 0));
	ASSERT_EQ(0, out_swap(self->process, NTAPC_OUT_SWAP_END, &range, 1));
	EXPECT_EQ(NTAPC_PROCESS_OUT_OF_MEMORY, process_state(self->process));
	EXPECT_EQ(0x1001, read_word(self->process, &word));
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, process_state(self->process));
}

/*
 * What the memory test, of 64 bits, acts upon: it tells on descriptor @to where a
 * word is, and says after a byte of @from whether that has been changed.
 */
static int be_target_of_64_bits(int to, int from)
{
	static volatile __u32 there = 0x32323232;
	__u64 address = ADDR(&there);
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(to, &address, sizeof(address)) != sizeof(address) ||
	    read(from, &c, 1) != 1)
		return 1;
	return there == 0x33333333 ? 0 : 2;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "--target"))
		return be_target_of_64_bits(atoi(argv[2]), atoi(argv[3]));
	return test_harness_run(argc, argv);
}
