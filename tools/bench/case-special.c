// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 3: one way, from just before the call that sends to the first instruction
 * of the routine or handler in the target. The target spins in user code, or
 * blocks in read(2).
 *
 * On one CPU scheduling policies make the order of events certain, and the same
 * whatever is sent. To a target that blocks in read(2) the sender has the policy
 * SCHED_IDLE: when the target is woken it preempts the sender's call. A spinning
 * target has been preempted by the sender, which a timer woke at a higher
 * real-time priority; the sender comes down to the target's, sends and yields.
 * Across CPUs the sender spins until the time of arrival is there.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

static struct partner target;
static int event_fd, pid;
static bool yielding;
static uint64_t arrival;	/* of what was sent; 0: not yet */

static void arrive(void)
{
	__atomic_store_n(&arrival, clock_now(), __ATOMIC_RELEASE);
	if (yielding)
		sched_yield();
}

static void routine(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
	arrive();
}

static void handler(int sig)
{
	arrive();
}

/* The targets. */

static void spin(struct partner *p)
{
	cpu_priority(p->cpu == CPU_SAME ? LOW : 0);
	p->fd = must(ntapc_thread_self(), "ntapc_thread_self");
	word_set(&p->ready, 1);
	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED))
		;
}

static void read_forever(struct partner *p)
{
	uint64_t value = 0;

	cpu_priority(0);
	p->fd = must(ntapc_thread_self(), "ntapc_thread_self");
	word_set(&p->ready, 1);
	while (read(event_fd, &value, sizeof(value)) < 0 && errno == EINTR)
		;
}

/* What is sent. */

static void send_apc(void)
{
	ntapc_queue_ex(target.fd, NTAPC_QUEUE_SPECIAL, -1, routine, 0, 0, 0);
}

static void send_interrupting_apc(void)
{
	ntapc_queue_ex(target.fd, NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_INTERRUPT,
		       -1, routine, 0, 0, 0);
}

static void send_signal(void)
{
	syscall(SYS_tgkill, pid, target.tid, SIGUSR1);
}

/* The senders. */

static void send_and_yield(struct series *s, void (*send)(void))
{
	uint64_t begin;

	cpu_priority(HIGH);
	pause_asleep();
	cpu_priority(LOW);
	begin = clock_now();
	send();
	while (!__atomic_load_n(&arrival, __ATOMIC_ACQUIRE))
		sched_yield();
	series_add_time(s, begin, arrival, 1);
}

static void send_and_be_preempted(struct series *s, void (*send)(void))
{
	uint64_t begin = clock_now();

	/* When this returns the target nearly always is blocked again. */
	send();
	while (!__atomic_load_n(&arrival, __ATOMIC_ACQUIRE))
		sched_yield();
	series_add_time(s, begin, arrival, 1);
}

static void send_across(struct series *s, void (*send)(void))
{
	uint64_t begin, end;

	pause_awake();
	begin = clock_now();
	send();
	while (!(end = __atomic_load_n(&arrival, __ATOMIC_ACQUIRE)))
		;
	series_add_time(s, begin, end, 1);
}

static void run(struct series *s, enum cpu cpu, unsigned int count,
		void (*send)(void), void (*where)(struct partner *p))
{
	struct sigaction action = {
		.sa_handler = handler,
		.sa_flags = SA_RESTART,
	};
	uint64_t one = 1;

	sigaction(SIGUSR1, &action, NULL);
	pid = getpid();
	event_fd = eventfd(0, EFD_CLOEXEC);
	yielding = cpu == CPU_SAME && where == spin;
	cpu_priority(where == spin ? HIGH : 0);
	partner_start(&target, cpu, where);
	if (cpu == CPU_SAME && where != spin)
		cpu_idle_policy();
	while (count--) {
		arrival = 0;
		if (cpu == CPU_CROSS)
			send_across(s, send);
		else if (where == spin)
			send_and_yield(s, send);
		else
			send_and_be_preempted(s, send);
	}
	cpu_priority(HIGH);
	__atomic_store_n(&target.stop, 1, __ATOMIC_RELAXED);
	if (write(event_fd, &one, sizeof(one)) < 0)
		die("write to an eventfd: %m");
	partner_join(&target);
	cpu_priority(0);
	close(event_fd);
}

static void spin_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, send_apc, spin);
}

static void spin_signal(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, send_signal, spin);
}

static void read_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, send_interrupting_apc, read_forever);
}

static void read_signal(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, send_signal, read_forever);
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

	long throttle = cpu_unthrottle();

	compare_both(&spinning);
	compare_both(&reading);
	cpu_throttle(throttle);
}
