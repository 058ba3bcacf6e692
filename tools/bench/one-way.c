// SPDX-License-Identifier: GPL-2.0-only
/*
 * One way: from just before the call that sends to the first instruction of what
 * runs in the target for it. The target spins in user code, or blocks in read(2).
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
#include <sys/eventfd.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

struct partner one_way_target;
uint64_t one_way_arrival;

static int event_fd;
static bool yielding;

/* The targets. */

static void spin(struct partner *p)
{
	uint64_t seen = 0, now;

	cpu_priority(p->cpu == CPU_SAME ? LOW : 0);
	p->fd = must(ntapc_thread_self(), "ntapc_thread_self");
	word_set(&p->ready, 1);
	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		now = __atomic_load_n(&one_way_arrival, __ATOMIC_RELAXED);
		if (now == seen)
			continue;
		seen = now;
		if (now && yielding)
			sched_yield();
	}
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

/* The senders. */

static void send_and_yield(struct series *s, uint64_t (*send)(void))
{
	uint64_t begin;

	cpu_priority(HIGH);
	pause_asleep();
	cpu_priority(LOW);
	begin = send();
	while (!__atomic_load_n(&one_way_arrival, __ATOMIC_ACQUIRE))
		sched_yield();
	series_add_time(s, begin, one_way_arrival, 1);
}

static void send_and_be_preempted(struct series *s, uint64_t (*send)(void))
{
	/* When this returns the target nearly always is blocked again. */
	uint64_t begin = send();

	while (!__atomic_load_n(&one_way_arrival, __ATOMIC_ACQUIRE))
		sched_yield();
	series_add_time(s, begin, one_way_arrival, 1);
}

static void send_across(struct series *s, uint64_t (*send)(void))
{
	uint64_t begin, end;

	pause_awake();
	begin = send();
	while (!(end = __atomic_load_n(&one_way_arrival, __ATOMIC_ACQUIRE)))
		;
	series_add_time(s, begin, end, 1);
}

void one_way(struct series *s, enum cpu cpu, unsigned int count,
	     enum one_way_where where, uint64_t (*send)(void))
{
	bool spins = where == ONE_WAY_SPINS;
	uint64_t one = 1;

	event_fd = eventfd(0, EFD_CLOEXEC);
	one_way_arrival = 0;
	yielding = cpu == CPU_SAME && spins;
	cpu_priority(spins ? HIGH : 0);
	partner_start(&one_way_target, cpu, spins ? spin : read_forever);
	if (cpu == CPU_SAME && !spins)
		cpu_idle_policy();
	while (count--) {
		one_way_arrival = 0;
		if (cpu == CPU_CROSS)
			send_across(s, send);
		else if (spins)
			send_and_yield(s, send);
		else
			send_and_be_preempted(s, send);
	}
	cpu_priority(HIGH);
	__atomic_store_n(&one_way_target.stop, 1, __ATOMIC_RELAXED);
	if (write(event_fd, &one, sizeof(one)) < 0)
		die("write to an eventfd: %m");
	partner_join(&one_way_target);
	cpu_priority(0);
	close(event_fd);
}
