// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 5: a thousand are queued into one thread, which isn't alertable, one by
 * one or in one call; signals into a process that has them blocked.
 */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

#define QUEUED	1000

static struct partner target;
static struct ntapc_queue_entry entries[QUEUED];
static uint32_t command;	/* 0: wait, 1: run what is queued, 2: leave */

static void routine(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
}

static void target_main(struct partner *p)
{
	p->fd = must(ntapc_thread_self(), "ntapc_thread_self");
	word_set(&p->ready, 1);
	while (word_wait_while(&command, 0) != 2) {
		ntapc_test_alert();
		word_set(&command, 0);
	}
}

static void run(struct series *s, enum cpu cpu, unsigned int count,
		void (*queue)(void))
{
	unsigned int i;

	for (i = 0; i < QUEUED; i++)
		entries[i].routine = (uintptr_t)routine;
	command = 0;
	partner_start(&target, cpu, target_main);
	while (count--) {
		uint64_t begin = clock_now();

		queue();
		series_add_time(s, begin, clock_now(), QUEUED);
		word_set(&command, 1);
		word_wait_while(&command, 1);
	}
	word_set(&command, 2);
	partner_join(&target);
}

static void queue_each(void)
{
	unsigned int i;

	for (i = 0; i < QUEUED; i++) {
		if (ntapc_queue(target.fd, routine, i, 0, 0))
			die("ntapc_queue failed");
	}
}

static void queue_batch(void)
{
	if (ntapc_queue_many(target.fd, entries, QUEUED) != QUEUED)
		die("ntapc_queue_many failed");
}

static void one_by_one(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, queue_each);
}

static void batched(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, queue_batch);
}

static void take_signals(const sigset_t *set)
{
	static const struct timespec now;

	while (sigtimedwait(set, NULL, &now) > 0)
		;
}

static void by_sigqueue(struct series *s, enum cpu cpu, unsigned int count)
{
	union sigval value = { };
	unsigned int i;
	int pid = getpid();
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	while (count--) {
		uint64_t begin = clock_now();

		for (i = 0; i < QUEUED; i++) {
			if (sigqueue(pid, SIGRTMIN, value))
				die("sigqueue: %m");
		}
		series_add_time(s, begin, clock_now(), QUEUED);
		take_signals(&set);
	}
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void case_queue(void)
{
	struct comparison single = {
		.id = "5-single",
		.what = "queue 1,000, one by one, each",
		.run = one_by_one,
		.count = options.samples / 50,
		.peer = { { .name = "sigqueue", .run = by_sigqueue,
			    .wanted = 0.45 } },
	};
	struct comparison many = {
		.id = "5-batch",
		.what = "queue 1,000, one call, each",
		.run = batched,
		.count = options.samples / 50,
		.peer = { { .name = "sigqueue", .run = by_sigqueue,
			    .wanted = 0.1 } },
	};

	compare_both(&single);
	compare(&many, CPU_SAME);
}
