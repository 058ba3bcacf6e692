// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 0: single system calls, to see what the other cases are made of.
 */
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

#define TIMED(name, op)						\
	static void name(struct series *s, enum cpu cpu,	\
			 unsigned int count)			\
	{							\
		while (count--) {				\
			uint64_t begin = clock_now();		\
								\
			op;					\
			series_add_time(s, begin, clock_now(), 1); \
		}						\
	}

static int self_fd, instance_fd;
static unsigned int nr_run;

static void routine(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
	nr_run++;
}

static void test_alert_raw(void)
{
	struct ntapc_record record;
	struct ntapc_test_alert args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_RECORDS,
		.records = (uintptr_t)&record,
		.nr_records = 1,
	};

	ioctl(instance_fd, NTAPC_IOC_TEST_ALERT, &args);
}

static void wait_raw(void)
{
	struct ntapc_wait args = { .size = sizeof(args) };

	ioctl(instance_fd, NTAPC_IOC_WAIT, &args);
}

static void continue_bad(void)
{
	struct ntapc_continue args = { .size = sizeof(args), .frame = 8 };

	ioctl(instance_fd, NTAPC_IOC_CONTINUE, &args);
}

TIMED(getpid_each, syscall(SYS_getpid))
TIMED(no_command_each, ioctl(self_fd, _IO('N', 0xff), 0))
TIMED(queue_null_each, ntapc_queue(self_fd, NULL, 0, 0, 0))
TIMED(test_alert_each, test_alert_raw())
TIMED(wait_each, wait_raw())
TIMED(continue_each, continue_bad())

static void queue_each(struct series *s, enum cpu cpu, unsigned int count)
{
	while (count--) {
		uint64_t begin = clock_now();

		ntapc_queue(self_fd, routine, 0, 0, 0);
		series_add_time(s, begin, clock_now(), 1);
		ntapc_test_alert();
	}
}

/* What was queued is taken as a record, by a bare system call. */
static void take_each(struct series *s, enum cpu cpu, unsigned int count)
{
	while (count--) {
		uint64_t begin;

		ntapc_queue(self_fd, routine, 0, 0, 0);
		begin = clock_now();
		test_alert_raw();
		series_add_time(s, begin, clock_now(), 1);
	}
}

static void compare_piece(const char *what, side_fn run)
{
	struct comparison c = {
		.id = "0",
		.what = what,
		.run = run,
		.peer = { { .name = "getpid", .run = getpid_each } },
	};

	compare(&c, CPU_SAME);
}

void case_pieces(void)
{
	self_fd = must(ntapc_thread_self(), "ntapc_thread_self");
	instance_fd = must(ntapc_instance(), "ntapc_instance");
	compare_piece("do-nothing ioctl (ENOTTY)", no_command_each);
	compare_piece("queue, NULL routine", queue_null_each);
	compare_piece("test alert, nothing there", test_alert_each);
	compare_piece("wait, time is over", wait_each);
	compare_piece("continue, bad frame", continue_each);
	compare_piece("queue to oneself, ordinary", queue_each);
	compare_piece("test alert, one record", take_each);
}
