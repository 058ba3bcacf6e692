// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 1: a thread queues to itself and has it run. A special APC has run when
 * the queueing call returns, as a signal's handler has when tgkill() does; an
 * ordinary one needs an alertable point.
 */
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

static int self_fd;
static volatile unsigned int nr_run;

static void routine(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
	nr_run++;
}

static void handler(int sig)
{
	nr_run++;
}

static void check_ran(unsigned int before, unsigned int count)
{
	if (nr_run - before != count)
		die("case 1: %u of %u ran", nr_run - before, count);
}

static void special(struct series *s, enum cpu cpu, unsigned int count)
{
	unsigned int i, before = nr_run;

	for (i = 0; i < count; i++) {
		uint64_t begin = clock_now();

		ntapc_queue_ex(self_fd, NTAPC_QUEUE_SPECIAL, -1, routine, 0, 0,
			       0);
		series_add_time(s, begin, clock_now(), 1);
	}
	check_ran(before, count);
}

static void ordinary(struct series *s, enum cpu cpu, unsigned int count)
{
	unsigned int i, before = nr_run;

	for (i = 0; i < count; i++) {
		uint64_t begin = clock_now();

		ntapc_queue(self_fd, routine, 0, 0, 0);
		ntapc_test_alert();
		series_add_time(s, begin, clock_now(), 1);
	}
	check_ran(before, count);
}

static void signal_self(struct series *s, enum cpu cpu, unsigned int count)
{
	unsigned int i, before = nr_run;
	int pid = getpid(), tid = gettid();

	for (i = 0; i < count; i++) {
		uint64_t begin = clock_now();

		syscall(SYS_tgkill, pid, tid, SIGUSR1);
		series_add_time(s, begin, clock_now(), 1);
	}
	check_ran(before, count);
}

static void nothing(struct series *s, enum cpu cpu, unsigned int count)
{
	while (count--) {
		uint64_t begin = clock_now();

		ioctl(self_fd, _IO(NTAPC_TYPE, 0xff), 0);
		series_add_time(s, begin, clock_now(), 1);
	}
}

#define PEERS {								\
	{ .name = "self tgkill", .run = signal_self, .wanted = 0.33 },	\
	{ .name = "3.5 x do-nothing ioctl", .run = nothing,		\
	  .factor = 3.5, .wanted = 1 },					\
}

void case_self(void)
{
	static const struct comparison by_special = {
		.id = "1",
		.what = "self-queue and run, special",
		.run = special,
		.peer = PEERS,
	};
	static const struct comparison by_test_alert = {
		.id = "1-alert",
		.what = "self-queue and run, by test alert",
		.run = ordinary,
		.peer = PEERS,
	};

	signal(SIGUSR1, handler);
	self_fd = must(ntapc_thread_self(), "ntapc_thread_self");
	compare(&by_special, CPU_SAME);
	compare(&by_test_alert, CPU_SAME);
}
