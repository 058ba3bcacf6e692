// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 4: a thousand wait; all are run, one after the other.
 */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

#define QUEUED	1000

static volatile unsigned int nr_run;

static void routine(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
	nr_run++;
}

static void handler(int sig)
{
	nr_run++;
}

static void check_ran(unsigned int before)
{
	if (nr_run - before != QUEUED)
		die("case 4: %u of %u ran", nr_run - before, QUEUED);
}

static void by_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	static struct ntapc_queue_entry entries[QUEUED];
	int fd = must(ntapc_thread_self(), "ntapc_thread_self");
	unsigned int i;

	for (i = 0; i < QUEUED; i++)
		entries[i].routine = (uintptr_t)routine;
	while (count--) {
		unsigned int before = nr_run;
		uint64_t begin;

		must(ntapc_queue_many(fd, entries, QUEUED), "ntapc_queue_many");
		begin = clock_now();
		ntapc_test_alert();
		series_add_time(s, begin, clock_now(), QUEUED);
		check_ran(before);
	}
}

static void by_signal(struct series *s, enum cpu cpu, unsigned int count)
{
	union sigval value = { };
	sigset_t set;
	unsigned int i;
	int pid = getpid();

	signal(SIGRTMIN, handler);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	while (count--) {
		unsigned int before = nr_run;
		uint64_t begin;

		for (i = 0; i < QUEUED; i++) {
			if (sigqueue(pid, SIGRTMIN, value))
				die("sigqueue: %m");
		}
		begin = clock_now();
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
		series_add_time(s, begin, clock_now(), QUEUED);
		pthread_sigmask(SIG_BLOCK, &set, NULL);
		check_ran(before);
	}
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void case_drain(void)
{
	struct comparison c = {
		.id = "4",
		.what = "drain of 1,000, each",
		.run = by_apc,
		.count = options.samples / 50,
		.peer = { { .name = "queued signal", .run = by_signal,
			    .wanted = 0.1 } },
	};

	compare(&c, CPU_SAME);
}
