// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 3: a special user APC one way, to the first instruction of its routine, beside
 * a signal and its handler.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

static int pid;

static void arrive(void)
{
	__atomic_store_n(&one_way_arrival, clock_now(), __ATOMIC_RELEASE);
}

static void routine(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
	arrive();
}

static void handler(int sig)
{
	arrive();
}

static uint64_t send_apc(void)
{
	uint64_t begin = clock_now();

	ntapc_queue_ex(one_way_target.fd, NTAPC_QUEUE_SPECIAL, -1, routine, 0,
		       0, 0);
	return begin;
}

static uint64_t send_interrupting_apc(void)
{
	uint64_t begin = clock_now();

	ntapc_queue_ex(one_way_target.fd,
		       NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_INTERRUPT, -1, routine,
		       0, 0, 0);
	return begin;
}

static uint64_t send_signal(void)
{
	uint64_t begin = clock_now();

	syscall(SYS_tgkill, pid, one_way_target.tid, SIGUSR1);
	return begin;
}

static void spin_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	one_way(s, cpu, count, ONE_WAY_SPINS, send_apc);
}

static void spin_signal(struct series *s, enum cpu cpu, unsigned int count)
{
	one_way(s, cpu, count, ONE_WAY_SPINS, send_signal);
}

static void read_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	one_way(s, cpu, count, ONE_WAY_READS, send_interrupting_apc);
}

static void read_signal(struct series *s, enum cpu cpu, unsigned int count)
{
	one_way(s, cpu, count, ONE_WAY_READS, send_signal);
}

void case_special(void)
{
	static const struct comparison spinning = {
		.id = "3-spin",
		.what = "special APC, target spins, one way",
		.run = spin_apc,
		.peer = { { .name = "tgkill", .run = spin_signal,
			    .wanted = 0.5 } },
	};
	static const struct comparison reading = {
		.id = "3-read",
		.what = "special APC, target in read(2)",
		.run = read_apc,
		.peer = { { .name = "tgkill", .run = read_signal,
			    .wanted = 0.5 } },
	};
	struct sigaction action = {
		.sa_handler = handler,
		.sa_flags = SA_RESTART,
	};
	long throttle;

	sigaction(SIGUSR1, &action, NULL);
	pid = getpid();
	throttle = cpu_unthrottle();
	compare_both(&spinning);
	compare_both(&reading);
	cpu_throttle(throttle);
}
