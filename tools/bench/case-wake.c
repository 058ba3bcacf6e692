// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 7, second part: a notification event that many threads wait for is set.
 * Timed is the call that sets it, for each thread that it wakes. The waiters have
 * the policy SCHED_IDLE, so that none of them runs before the call is over.
 */
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

#define STACK_SIZE	(64 * 1024)
#define FEW		10

static int event_fd, instance_fd;
static bool by_futex, stop;
static unsigned int nr_wanted;	/* by the comparison */
static uint32_t round_nr;	/* what those wait for who wait by futex */
static uint32_t nr_running;	/* waiters that are not about to wait */
static uint32_t all_wait;	/* there are none of these */

static void change_event(unsigned int op)
{
	struct ntapc_event args = { .size = sizeof(args), .op = op };

	if (ioctl(event_fd, NTAPC_IOC_EVENT, &args))
		die("NTAPC_IOC_EVENT: %m");
}

static void wait_for_event(void)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.deadline = NTAPC_WAIT_FOREVER,
	};

	if (ioctl(event_fd, NTAPC_IOC_WAIT, &args))
		die("NTAPC_IOC_WAIT: %m");
}

static void expect(unsigned int nr)
{
	__atomic_store_n(&all_wait, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&nr_running, nr, __ATOMIC_RELEASE);
}

static void *waiter(void *arg)
{
	cpu_pin_partner(CPU_SAME);
	cpu_idle_policy();
	for (;;) {
		uint32_t seen = __atomic_load_n(&round_nr, __ATOMIC_ACQUIRE);

		if (!__atomic_sub_fetch(&nr_running, 1, __ATOMIC_ACQ_REL))
			word_set(&all_wait, 1);
		if (by_futex)
			word_wait_while(&round_nr, seen);
		else
			wait_for_event();
		if (stop)
			return NULL;
	}
}

/* The last has said that it is about to wait, and may not do so yet. */
static void wait_until_waiting(unsigned int nr)
{
	struct ntapc_object_info info = { .size = sizeof(info) };

	word_wait_while(&all_wait, 0);
	do {
		pause_asleep();
		if (!by_futex && ioctl(event_fd, NTAPC_IOC_OBJECT_INFO, &info))
			die("NTAPC_IOC_OBJECT_INFO: %m");
	} while (!by_futex && info.nr_waiters < nr);
}

/* Returns how many were woken. */
static unsigned int wake(unsigned int nr, uint64_t *begin, uint64_t *end)
{
	unsigned int woken = nr;

	expect(nr);
	*begin = clock_now();
	if (by_futex) {
		__atomic_add_fetch(&round_nr, 1, __ATOMIC_ACQ_REL);
		woken = syscall(SYS_futex, &round_nr, FUTEX_WAKE_PRIVATE,
				INT_MAX);
	} else {
		change_event(NTAPC_EVENT_SET);
	}
	*end = clock_now();
	/* At the end that is for those who come late. */
	if (!by_futex && !stop)
		change_event(NTAPC_EVENT_RESET);
	return woken;
}

static pthread_t *start_waiters(unsigned int nr)
{
	pthread_t *threads = calloc(nr, sizeof(*threads));
	pthread_attr_t attr;
	unsigned int i;
	int err;

	expect(nr);
	stop = false;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (i = 0; i < nr; i++) {
		err = pthread_create(&threads[i], &attr, waiter, NULL);
		if (err)
			die("pthread_create: %s", strerror(err));
	}
	pthread_attr_destroy(&attr);
	return threads;
}

static void wake_many(struct series *s, unsigned int count, unsigned int nr)
{
	struct ntapc_create args = {
		.size = sizeof(args),
		.type = NTAPC_OBJECT_NOTIFICATION_EVENT,
	};
	pthread_t *threads;
	uint64_t begin, end;
	unsigned int i;

	event_fd = ioctl(instance_fd, NTAPC_IOC_CREATE, &args);
	if (event_fd < 0)
		die("an event: %m");
	threads = start_waiters(nr);
	while (count--) {
		wait_until_waiting(nr);
		/* Who was late would be woken by nobody. */
		if (wake(nr, &begin, &end) == nr)
			series_add_time(s, begin, end, nr);
	}
	wait_until_waiting(nr);
	stop = true;
	wake(nr, &begin, &end);
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	close(event_fd);
}

static void event_wakes_many(struct series *s, enum cpu cpu, unsigned int count)
{
	by_futex = false;
	wake_many(s, count, nr_wanted);
}

static void event_wakes_few(struct series *s, enum cpu cpu, unsigned int count)
{
	by_futex = false;
	wake_many(s, count, FEW);
}

static void futex_wakes_many(struct series *s, enum cpu cpu, unsigned int count)
{
	by_futex = true;
	wake_many(s, count, nr_wanted);
}

static void compare_wake(unsigned int nr)
{
	char id[16], what[64], few[32];
	struct comparison c = {
		.id = id,
		.what = what,
		.run = event_wakes_many,
		.count = options.samples / (nr > FEW ? 50 : 4),
		.peer = {
			{ .name = "futex, as many",
			  .run = futex_wakes_many },
			{ .name = few, .run = event_wakes_few,
			  .wanted = nr > FEW ? 1.2 : 0 },
		},
	};

	nr_wanted = nr;
	snprintf(id, sizeof(id), "7-wake-%u", nr);
	snprintf(what, sizeof(what), "event wakes %u, each", nr);
	snprintf(few, sizeof(few), "%u waiters", FEW);
	compare(&c, CPU_SAME);
}

void case_wake(void)
{
	instance_fd = must(ntapc_instance(), "ntapc_instance");
	compare_wake(1);
	compare_wake(10);
	compare_wake(100);
	compare_wake(1000);
}
