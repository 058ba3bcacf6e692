// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 7, second part: a notification event that many threads wait for is set.
 * Timed is the call that sets it, for each thread that it wakes. Who sets it has a
 * real-time priority, so that none of them runs before it is reset: the many would
 * have their share of the CPU also with the policy SCHED_IDLE.
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

/**
 * struct pool - waiters for the same, which live as long as the comparison
 * @nr: how many
 * @event_fd: what they wait for,
 * @by_futex: or by futex for @round to change; from their next wait on
 * @stop: they are to end
 * @round: how often they were woken
 * @nr_running: those that are not about to wait
 * @all_wait: there are none of these
 */
struct pool {
	unsigned int nr;
	int event_fd;
	bool by_futex;
	bool stop;
	uint32_t round;
	uint32_t nr_running;
	uint32_t all_wait;
	pthread_t *threads;
};

static struct pool many, few;

static void change_event(const struct pool *pool, unsigned int op)
{
	struct ntapc_event args = { .size = sizeof(args), .op = op };

	if (ioctl(pool->event_fd, NTAPC_IOC_EVENT, &args))
		die("NTAPC_IOC_EVENT: %m");
}

static void wait_for_event(const struct pool *pool)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.deadline = NTAPC_WAIT_FOREVER,
	};

	if (ioctl(pool->event_fd, NTAPC_IOC_WAIT, &args))
		die("NTAPC_IOC_WAIT: %m");
}

static void expect_all(struct pool *pool)
{
	__atomic_store_n(&pool->all_wait, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&pool->nr_running, pool->nr, __ATOMIC_RELEASE);
}

static void *waiter(void *arg)
{
	struct pool *pool = arg;

	cpu_pin_partner(CPU_SAME);
	while (!pool->stop) {
		uint32_t seen = __atomic_load_n(&pool->round, __ATOMIC_ACQUIRE);
		bool by_futex = pool->by_futex;

		if (!__atomic_sub_fetch(&pool->nr_running, 1, __ATOMIC_ACQ_REL))
			word_set(&pool->all_wait, 1);
		if (by_futex)
			word_wait_while(&pool->round, seen);
		else
			wait_for_event(pool);
	}
	return NULL;
}

/* The last has said that it is about to wait, and may not do so yet. */
static void wait_until_waiting(struct pool *pool)
{
	struct ntapc_object_info info = { .size = sizeof(info) };

	word_wait_while(&pool->all_wait, 0);
	do {
		pause_asleep();
		if (pool->by_futex)
			return;
		if (ioctl(pool->event_fd, NTAPC_IOC_OBJECT_INFO, &info))
			die("NTAPC_IOC_OBJECT_INFO: %m");
	} while (info.nr_waiters < pool->nr);
}

/* Returns how many were woken: by futex, who is late for the wait isn't. */
static unsigned int wake(struct pool *pool, bool by_futex, uint64_t *begin,
			 uint64_t *end)
{
	unsigned int woken = pool->nr;

	expect_all(pool);
	*begin = clock_now();
	if (by_futex) {
		__atomic_add_fetch(&pool->round, 1, __ATOMIC_ACQ_REL);
		woken = syscall(SYS_futex, &pool->round, FUTEX_WAKE_PRIVATE,
				INT_MAX);
	} else {
		change_event(pool, NTAPC_EVENT_SET);
	}
	*end = clock_now();
	if (!by_futex)
		change_event(pool, NTAPC_EVENT_RESET);
	return woken;
}

static void pool_start(struct pool *pool, unsigned int nr)
{
	struct ntapc_create args = {
		.size = sizeof(args),
		.type = NTAPC_OBJECT_NOTIFICATION_EVENT,
	};
	int instance = must(ntapc_instance(), "ntapc_instance");
	pthread_attr_t attr;
	unsigned int i;
	int err;

	*pool = (struct pool){
		.nr = nr,
		.event_fd = ioctl(instance, NTAPC_IOC_CREATE, &args),
		.threads = calloc(nr, sizeof(*pool->threads)),
	};
	if (pool->event_fd < 0)
		die("an event: %m");
	expect_all(pool);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (i = 0; i < nr; i++) {
		err = pthread_create(&pool->threads[i], &attr, waiter, pool);
		if (err)
			die("pthread_create: %s", strerror(err));
	}
	pthread_attr_destroy(&attr);
}

static void pool_stop(struct pool *pool)
{
	uint64_t begin, end;
	unsigned int i;

	wait_until_waiting(pool);
	pool->stop = true;
	wake(pool, pool->by_futex, &begin, &end);
	for (i = 0; i < pool->nr; i++)
		pthread_join(pool->threads[i], NULL);
	free(pool->threads);
	close(pool->event_fd);
}

static void wake_pool(struct pool *pool, bool by_futex, struct series *s,
		      unsigned int count)
{
	uint64_t begin, end;
	bool before = pool->by_futex;

	cpu_priority(HIGH);
	if (before != by_futex) {
		wait_until_waiting(pool);
		pool->by_futex = by_futex;
		wake(pool, before, &begin, &end);
	}
	while (count--) {
		wait_until_waiting(pool);
		if (wake(pool, by_futex, &begin, &end) == pool->nr)
			series_add_time(s, begin, end, pool->nr);
	}
	cpu_priority(0);
}

static void event_wakes_many(struct series *s, enum cpu cpu, unsigned int count)
{
	wake_pool(&many, false, s, count);
}

static void event_wakes_few(struct series *s, enum cpu cpu, unsigned int count)
{
	wake_pool(&few, false, s, count);
}

static void futex_wakes_many(struct series *s, enum cpu cpu, unsigned int count)
{
	wake_pool(&many, true, s, count);
}

static void compare_wake(unsigned int nr)
{
	char id[16], what[64], as_few[32];
	struct comparison c = {
		.id = id,
		.what = what,
		.run = event_wakes_many,
		.count = options.samples / (nr > FEW ? 50 : 4),
		.peer = {
			{ .name = "futex, as many",
			  .run = futex_wakes_many },
			{ .name = as_few, .run = event_wakes_few,
			  .wanted = nr > FEW ? 1.2 : 0 },
		},
	};

	snprintf(id, sizeof(id), "7-wake-%u", nr);
	snprintf(what, sizeof(what), "event wakes %u, each", nr);
	snprintf(as_few, sizeof(as_few), "%u waiters", FEW);
	pool_start(&many, nr);
	pool_start(&few, FEW);
	compare(&c, CPU_SAME);
	pool_stop(&many);
	pool_stop(&few);
}

void case_wake(void)
{
	compare_wake(1);
	compare_wake(10);
	compare_wake(100);
	compare_wake(1000);
}
