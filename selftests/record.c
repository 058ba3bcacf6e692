// SPDX-License-Identifier: GPL-2.0-only
/*
 * APCs by record: what section 12 says of frames, where it makes sense, then
 * what is particular to records.
 */
#include "common.h"
#include "kselftest_harness.h"

#define ROUTINE		((void *)0x123456789000)

FIXTURE(record)
{
	int dev;
	int self;
	struct ntapc_record records[NTAPC_RECORDS_MAX];
};

FIXTURE_SETUP(record)
{
	log_reset();
	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	self->self = open_thread(self->dev, 0);
	ASSERT_LE(0, self->self);
}

FIXTURE_TEARDOWN(record)
{
}

TEST_F(record, in_batches_and_in_order)
{
	struct ntapc_thread_info info;
	unsigned int i, n = 0;
	__u32 count = 0;

	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, queue(self->self, ROUTINE, i));
	}
	while (n < 1000) {
		ASSERT_EQ(NTAPC_STATUS_USER_APC,
			  wait_records(self->dev, 0, self->records, 7, &count));
		ASSERT_EQ(n + 7 <= 1000 ? 7 : 1000 - n, count);
		for (i = 0; i < count; i++, n++) {
			ASSERT_EQ(n, self->records[i].arg[0]);
		}
	}
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  wait_records(self->dev, 0, self->records, 7, &count));
	ASSERT_EQ(0, get_thread_info(self->self, &info));
	EXPECT_EQ(1000, info.nr_delivered);
}

TEST_F(record, the_rest_is_left_alone)
{
	unsigned int i;
	__u32 count = 0;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, queue(self->self, ROUTINE, i));
	}
	memset(self->records, 0xcc, sizeof(self->records));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  wait_records(self->dev, 0, self->records, 256, &count));
	EXPECT_EQ(3, count);
	for (i = 3 * sizeof(*self->records); i < sizeof(self->records); i++) {
		ASSERT_EQ(0xcc, ((unsigned char *)self->records)[i]);
	}
}

TEST_F(record, room)
{
	static const __u32 bad[] = { 0, NTAPC_RECORDS_MAX + 1, 1U << 31, ~0U };
	__u32 count = 0;
	unsigned int i;

	EXPECT_EQ(0, queue(self->self, ROUTINE, 1));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, wait_records(self->dev, 0, self->records,
						bad[i], &count));
		EXPECT_EQ(-EINVAL, take_records(self->dev, self->records,
						bad[i]));
	}
	EXPECT_EQ(1, nr_pending(self->self));
	EXPECT_EQ(1, take_records(self->dev, self->records, 1));
}

/* Without NTAPC_WAIT_RECORDS, and without being alertable, there are none. */
TEST_F(record, members_are_unused_without_the_flag)
{
	struct ntapc_test_alert test = {
		.size = sizeof(test),
		.records = ADDR(self->records),
	};
	struct ntapc_wait wait = {
		.size = sizeof(wait),
		.nr_records = 1,
	};

	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_TEST_ALERT, &test));
	test.records = 0;
	test.nr_records = 1;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_TEST_ALERT, &test));
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &wait));
	wait.nr_records = 0;
	wait.records = ADDR(self->records);
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &wait));
}

TEST_F(record, test_alert)
{
	EXPECT_EQ(0, take_records(self->dev, self->records, 4));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 1));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 2));
	EXPECT_EQ(1, take_records(self->dev, self->records, 1));
	EXPECT_EQ(1, self->records[0].arg[0]);
	EXPECT_EQ(1, take_records(self->dev, self->records, 4));
	EXPECT_EQ(2, self->records[0].arg[0]);
	EXPECT_EQ(0, take_records(self->dev, self->records, 4));
}

TEST_F(record, test_alert_special_only_leaves_ordinary_ones)
{
	struct ntapc_test_alert args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_RECORDS | NTAPC_TEST_SPECIAL_ONLY,
		.records = ADDR(self->records),
		.nr_records = 4,
	};

	EXPECT_EQ(0, queue(self->self, ROUTINE, 1));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  sys_ioctl(self->dev, NTAPC_IOC_TEST_ALERT, &args));
	EXPECT_EQ(1, nr_pending(self->self));
}

/* A buffer that can't be written takes nothing off the queue. */
TEST_F(record, fault_takes_nothing)
{
	static struct ntapc_thread_info before, after;
	long page = sysconf(_SC_PAGESIZE);
	struct ntapc_record *bad[6];
	unsigned int i, j;
	__u32 count = 0;
	char *map;

	map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ));
	ASSERT_EQ(0, munmap(map + 2 * page, page));
	bad[0] = NULL;
	bad[1] = (void *)(uintptr_t)KERNEL_ADDRESS;
	bad[2] = (void *)(map + page);		/* read only */
	bad[3] = (void *)(map + 2 * page);	/* not there */
	/* Room for the first, not for all of the second. */
	bad[4] = (void *)(map + page - sizeof(struct ntapc_record) - 8);
	bad[5] = (void *)(uintptr_t)(NON_CANONICAL - 64);

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, queue(self->self, ROUTINE, i));
	}
	ASSERT_EQ(0, get_thread_info(self->self, &before));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, wait_records(self->dev, 0, bad[i], 4,
						&count)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(-EFAULT, take_records(self->dev, bad[i], 4));
		ASSERT_EQ(0, get_thread_info(self->self, &after));
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	}
	ASSERT_EQ(3, take_records(self->dev, self->records, 4));
	for (j = 0; j < 3; j++) {
		EXPECT_EQ(j, self->records[j].arg[0]);
	}
}

/* Nor does a struct whose count can't be written back. */
TEST_F(record, read_only_struct_takes_nothing)
{
	long page = sysconf(_SC_PAGESIZE);
	struct ntapc_wait *args;

	args = mmap(NULL, page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, args);
	args->size = sizeof(*args);
	args->flags = NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS;
	args->records = ADDR(self->records);
	args->nr_records = 4;
	ASSERT_EQ(0, mprotect(args, page, PROT_READ));
	EXPECT_EQ(0, queue(self->self, ROUTINE, 1));
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTAPC_IOC_WAIT, args));
	EXPECT_EQ(1, nr_pending(self->self));
	EXPECT_EQ(1, take_records(self->dev, self->records, 4));
}

/* A blocked one is written to when the APC comes. */
static void wait_with_records(struct worker *worker)
{
	struct ntapc_record records[8];
	__u32 count = 0, i;

	while (atomic_load(&worker->go) < 2) {
		worker->ret = wait_records(worker->dev, NTAPC_WAIT_FOREVER,
					   records, 8, &count);
		if (worker->ret != NTAPC_STATUS_USER_APC)
			return;
		for (i = 0; i < count; i++) {
			if (!records[i].routine)
				return;
			if (records[i].arg[0] != worker->arg++)
				worker->arg = 1 << 30;
			if (records[i].arg[1])
				worker_go(worker);
		}
	}
}

TEST_F(record, blocked)
{
	unsigned int i, many = scaled(5000);
	struct ntapc_thread_info info;
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, self->dev, wait_with_records));
	ASSERT_TRUE(wait_waiting(worker.fd));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(NTAPC_THREAD_WAITING | NTAPC_THREAD_ALERTABLE, info.state);
	for (i = 0; i < many; i++) {
		ASSERT_EQ(0, queue_full(worker.fd, 0, ADDR(ROUTINE), i,
					i == many - 1, 0, 0));
	}
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, worker.ret);
	EXPECT_EQ(many, worker.arg);
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(many, info.nr_delivered);
	EXPECT_EQ(0, info.nr_dropped);
}

static void wait_on_bad_buffer(struct worker *worker)
{
	struct ntapc_record records[1];
	__u32 count = 0;

	worker->ret = wait_records(worker->dev, in_ms(PATIENCE_MS),
				   (void *)(uintptr_t)worker->arg, 4, &count);
	worker->arg = take_records(worker->dev, records, 1);
}

/* The buffer goes away while the thread is blocked. */
TEST_F(record, buffer_unmapped_while_blocked)
{
	long page = sysconf(_SC_PAGESIZE);
	struct worker worker;
	void *map;

	map = mmap(NULL, page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	worker.arg = ADDR(map);
	ASSERT_TRUE(worker_start(&worker, self->dev, wait_on_bad_buffer));
	ASSERT_TRUE(wait_waiting(worker.fd));
	ASSERT_EQ(0, munmap(map, page));
	EXPECT_EQ(0, queue(worker.fd, ROUTINE, 1));
	worker_join(&worker);
	EXPECT_EQ(-EFAULT, worker.ret);
	EXPECT_EQ(1, worker.arg);
}

/* Records and frames of one queue. */
TEST_F(record, mixed_with_frames)
{
	int i, dev = open_frames(dispatch_continue);

	ASSERT_LE(0, dev);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, queue(self->self, log_apc, i));
	}
	ASSERT_EQ(4, take_records(self->dev, self->records, 4));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(i, self->records[i].arg[0]);
	}
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE, 0));
	ASSERT_EQ(6, log_count());
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(4 + i, log_entry(i));
	}
}

/* Records taken inside an APC that came by frame. */
static int inside_dev;
static struct ntapc_record inside[4];

static void take_inside(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	log_add(1000 + take_records(inside_dev, inside, 2));
}

TEST_F(record, taken_inside_a_frame)
{
	static const __u64 expected[] = { 0, 1002, 3, 4 };
	unsigned int i;

	inside_dev = open_frames(dispatch_continue);
	ASSERT_LE(0, inside_dev);
	EXPECT_EQ(0, queue(self->self, take_inside, 0));
	for (i = 1; i < 5; i++) {
		EXPECT_EQ(0, queue(self->self, log_apc, i));
	}
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE, 0));
	ASSERT_EQ(4, log_count());
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(expected[i], log_entry(i));
	}
	EXPECT_EQ(1, inside[0].arg[0]);
	EXPECT_EQ(2, inside[1].arg[0]);
}

/* Special ones that a guard holds back aren't handed out unless asked for. */
TEST_F(record, special_flag)
{
	struct ntapc_test_alert args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_RECORDS | NTAPC_TEST_SPECIAL_ONLY,
		.records = ADDR(self->records),
		.nr_records = 4,
	};
	struct ntapc_control *control;

	ASSERT_LE(0, open_frames(dispatch_continue));
	control = map_control(self->self);
	ASSERT_NE(NULL, control);
	control->guard = 1;
	EXPECT_EQ(0, queue(self->self, ROUTINE, 1));
	EXPECT_EQ(0, queue_full(self->self, NTAPC_QUEUE_SPECIAL |
				NTAPC_QUEUE_CALLBACK_CONTEXT,
				ADDR(ROUTINE), 2, 3, 4, 0));
	EXPECT_EQ(NTAPC_PENDING_USER | NTAPC_PENDING_SPECIAL, control->pending);
	EXPECT_EQ(2, nr_pending(self->self));
	/* Lowered by hand, without a system call: nothing interrupts us yet. */
	control->guard = 0;
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  sys_ioctl(self->dev, NTAPC_IOC_TEST_ALERT, &args));
	ASSERT_EQ(1, args.nr_records);
	EXPECT_EQ(NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_CALLBACK_CONTEXT,
		  self->records[0].flags);
	EXPECT_EQ(2, self->records[0].arg[0]);
	EXPECT_EQ(3, self->records[0].arg[1]);
	EXPECT_EQ(4, self->records[0].arg[2]);
	EXPECT_EQ(NTAPC_PENDING_USER, control->pending);
	ASSERT_EQ(1, take_records(self->dev, self->records, 4));
	EXPECT_EQ(1, self->records[0].arg[0]);
	EXPECT_EQ(0, self->records[0].flags);
	EXPECT_EQ(0, control->pending);
}

TEST_HARNESS_MAIN
