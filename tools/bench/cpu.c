// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where threads run. The measuring thread has the highest CPU: interrupts of
 * devices are mostly served by the lowest.
 */
#include <sched.h>
#include <time.h>

#include "bench.h"

#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"

/* For a target to be back in its loop or system call. */
#define PAUSE_NS	60000

static int main_cpu, other_cpu = -1;

static const char *const names[] = {
	[CPU_SAME] = "same",
	[CPU_CROSS] = "cross",
};

const char *cpu_name(enum cpu cpu)
{
	return names[cpu];
}

void cpu_init(void)
{
	cpu_set_t set;
	int i;

	if (sched_getaffinity(0, sizeof(set), &set))
		die("sched_getaffinity: %m");
	for (i = CPU_SETSIZE - 1; i >= 0 && !CPU_ISSET(i, &set); i--)
		;
	main_cpu = i;
	for (i--; i >= 0 && !CPU_ISSET(i, &set); i--)
		;
	other_cpu = i;
}

bool cpu_possible(enum cpu cpu)
{
	return cpu == CPU_SAME || other_cpu >= 0;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity: %m");
}

void cpu_pin_main(void)
{
	pin(main_cpu);
}

void cpu_pin_partner(enum cpu cpu)
{
	pin(cpu == CPU_SAME ? main_cpu : other_cpu);
}

void cpu_priority(int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &param))
		die("sched_setscheduler: %m (the benchmark needs root)");
}

void cpu_idle_policy(void)
{
	struct sched_param param = { };

	if (sched_setscheduler(0, SCHED_IDLE, &param))
		die("sched_setscheduler: %m");
}

long cpu_unthrottle(void)
{
	long runtime = read_number(RT_RUNTIME);

	write_number(RT_RUNTIME, -1);
	return runtime;
}

void cpu_throttle(long runtime)
{
	write_number(RT_RUNTIME, runtime);
}

void pause_asleep(void)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };

	nanosleep(&pause, NULL);
}

void pause_awake(void)
{
	uint64_t begin = clock_now();

	while (clock_ns(clock_now() - begin) < PAUSE_NS)
		;
}
