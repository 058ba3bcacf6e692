// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock: the time stamp counter, which user code reads without a system call
 * also in guests whose clock_gettime() is one.
 */
#include <time.h>

#include "bench.h"

static double ns_per_tick = 1;
static double cost_ns;

uint64_t clock_slow(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

const char *clock_name(void)
{
#ifdef __x86_64__
	return "rdtsc";
#else
	return "clock_gettime";
#endif
}

static void calibrate(void)
{
	uint64_t ticks, ns, now;

	ns = clock_slow();
	ticks = clock_now();
	do {
		now = clock_slow();
	} while (now - ns < 100000000);
	ns_per_tick = (double)(now - ns) / (clock_now() - ticks);
}

void clock_init(void)
{
	struct series s = { };
	int i;

	calibrate();
	for (i = 0; i < 20000; i++) {
		uint64_t begin = clock_now();
		uint64_t end = clock_now();

		series_add(&s, clock_ns(end - begin));
	}
	cost_ns = series_percentile(&s, 50);
	series_free(&s);
}

double clock_cost_ns(void)
{
	return cost_ns;
}

double clock_ns(uint64_t ticks)
{
	return ticks * ns_per_tick;
}
