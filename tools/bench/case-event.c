// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 7, first part: there and back between two threads by an event for each
 * direction, set and wait, or both in one call; and a mutant that nobody else wants.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

static struct partner partner;
static struct event_set events;

#define PING	events.fd[0]
#define PONG	events.fd[1]

/* Set and wait */

static void event_partner(struct partner *p)
{
	word_set(&p->ready, 1);
	for (;;) {
		events.kind->wait(PING);
		if (p->stop)
			return;
		events.kind->set(PONG);
	}
}

static void there_and_back(struct series *s, enum cpu cpu, unsigned int count,
			   const struct event_kind *kind)
{
	if (!event_set_open(&events, kind, 2))
		return;
	partner_start(&partner, cpu, event_partner);
	while (count--) {
		uint64_t begin = clock_now();

		kind->set(PING);
		kind->wait(PONG);
		series_add_time(s, begin, clock_now(), 1);
	}
	partner.stop = 1;
	kind->set(PING);
	partner_join(&partner);
	event_set_close(&events);
}

static void by_ntapc(struct series *s, enum cpu cpu, unsigned int count)
{
	there_and_back(s, cpu, count, &event_ntapc);
}

static void by_eventfd(struct series *s, enum cpu cpu, unsigned int count)
{
	there_and_back(s, cpu, count, &event_eventfd);
}

static void by_ntsync(struct series *s, enum cpu cpu, unsigned int count)
{
	there_and_back(s, cpu, count, &event_ntsync);
}

/* Both in one call: NtSignalAndWaitForSingleObject */

static void set_and_wait(int set, int wait)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_SIGNAL,
		.deadline = NTAPC_WAIT_FOREVER,
		.signal = set,
	};

	if (ioctl(wait, NTAPC_IOC_WAIT, &args))
		die("NTAPC_IOC_WAIT: %m");
}

static void one_call_partner(struct partner *p)
{
	word_set(&p->ready, 1);
	events.kind->wait(PING);
	while (!p->stop)
		set_and_wait(PONG, PING);
}

static void by_one_call(struct series *s, enum cpu cpu, unsigned int count)
{
	event_set_open(&events, &event_ntapc, 2);
	partner_start(&partner, cpu, one_call_partner);
	while (count--) {
		uint64_t begin = clock_now();

		set_and_wait(PING, PONG);
		series_add_time(s, begin, clock_now(), 1);
	}
	partner.stop = 1;
	events.kind->set(PING);
	partner_join(&partner);
	event_set_close(&events);
}

/* A mutant */

static void mutant_each(struct series *s, enum cpu cpu, unsigned int count)
{
	int fd = mutant_make_ntapc();

	while (count--) {
		uint64_t begin = clock_now();

		mutant_use_ntapc(fd);
		series_add_time(s, begin, clock_now(), 1);
	}
	close(fd);
}

static void mutex_each(struct series *s, enum cpu cpu, unsigned int count)
{
	int fd = mutant_make_ntsync();

	if (fd < 0)
		return;
	while (count--) {
		uint64_t begin = clock_now();

		mutant_use_ntsync(fd);
		series_add_time(s, begin, clock_now(), 1);
	}
	close(fd);
}

static void nothing_each(struct series *s, enum cpu cpu, unsigned int count)
{
	int fd = mutant_make_ntapc();

	while (count--) {
		uint64_t begin = clock_now();

		ioctl(fd, _IO(NTAPC_TYPE, 0xff), 0);
		series_add_time(s, begin, clock_now(), 1);
	}
	close(fd);
}

void case_event(void)
{
	static const struct comparison mutant = {
		.id = "7-mutant",
		.what = "mutant, acquired and released",
		.run = mutant_each,
		.peer = {
			{ .name = "2 do-nothing ioctls", .run = nothing_each,
			  .factor = 2, .wanted = 1.5 },
			{ .name = "ntsync", .run = mutex_each },
		},
	};
	struct comparison c = {
		.id = "7-event",
		.what = "event, set and wait, there and back",
		.run = by_ntapc,
		.peer = {
			{ .name = "futex ping-pong",
			  .run = pingpong_by_futex, .wanted = 1.25 },
			{ .name = "eventfd ping-pong", .run = by_eventfd,
			  .wanted = 0.95 },
			{ .name = "ntsync", .run = by_ntsync, .wanted = 1 },
		},
	};

	compare_both(&c);
	c.id = "7-one-call";
	c.what = "the same, set and wait in one call";
	c.run = by_one_call;
	compare_both(&c);
	compare(&mutant, CPU_SAME);
}
