// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 6: waits for any of several events, and for all of them. There and back
 * between two threads, each of which waits for as many; and by one thread alone,
 * which sets one of them and then doesn't have to wait for it.
 *
 * Which one is set counts, as the first that is set ends the wait: the figures are
 * means of those for the first, the middle and the last. Waits for all are asked
 * by setting all, in both orders, and answered by a single event.
 */
#include <stdio.h>

#include "bench.h"

static struct partner partner;
static struct event_set asks, answers;
static unsigned int nr_events, position;
static bool backwards;

static void vary_position(unsigned int variant)
{
	position = variant * (nr_events - 1) / 2;
}

static void vary_order(unsigned int variant)
{
	backwards = variant;
}

/* Any of them */

static void any_partner(struct partner *p)
{
	word_set(&p->ready, 1);
	for (;;) {
		unsigned int i = asks.kind->wait_any(&asks);

		if (p->stop)
			return;
		answers.kind->set(answers.fd[i]);
	}
}

static void any_there_and_back(struct series *s, enum cpu cpu,
			       unsigned int count,
			       const struct event_kind *kind)
{
	if (!event_set_open(&asks, kind, nr_events))
		return;
	event_set_open(&answers, kind, nr_events);
	partner_start(&partner, cpu, any_partner);
	while (count--) {
		uint64_t begin = clock_now();
		unsigned int i;

		kind->set(asks.fd[position]);
		i = kind->wait_any(&answers);
		series_add_time(s, begin, clock_now(), 1);
		if (i != position)
			die("case 6: %s: %u came for %u", kind->name, i,
			    position);
	}
	partner.stop = 1;
	kind->set(asks.fd[position]);
	partner_join(&partner);
	event_set_close(&asks);
	event_set_close(&answers);
}

static void any_is_set(struct series *s, enum cpu cpu, unsigned int count,
		       const struct event_kind *kind)
{
	if (!event_set_open(&asks, kind, nr_events))
		return;
	while (count--) {
		uint64_t begin = clock_now();

		kind->set(asks.fd[position]);
		kind->wait_any(&asks);
		series_add_time(s, begin, clock_now(), 1);
	}
	event_set_close(&asks);
}

/* All of them */

static void set_all(struct event_set *set)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		set->kind->set(set->fd[backwards ? set->nr - 1 - i : i]);
}

static void all_partner(struct partner *p)
{
	word_set(&p->ready, 1);
	for (;;) {
		asks.kind->wait_all(&asks, backwards);
		if (p->stop)
			return;
		answers.kind->set(answers.fd[0]);
	}
}

static void all_there_and_back(struct series *s, enum cpu cpu,
			       unsigned int count,
			       const struct event_kind *kind)
{
	if (!event_set_open(&asks, kind, nr_events))
		return;
	event_set_open(&answers, kind, 1);
	partner_start(&partner, cpu, all_partner);
	while (count--) {
		uint64_t begin = clock_now();

		set_all(&asks);
		kind->wait(answers.fd[0]);
		series_add_time(s, begin, clock_now(), 1);
	}
	partner.stop = 1;
	set_all(&asks);
	partner_join(&partner);
	event_set_close(&asks);
	event_set_close(&answers);
}

#define SIDES(kind)							\
	static void any_##kind(struct series *s, enum cpu cpu,		\
			       unsigned int count)			\
	{								\
		any_there_and_back(s, cpu, count, &event_##kind);	\
	}								\
									\
	static void ready_##kind(struct series *s, enum cpu cpu,	\
				 unsigned int count)			\
	{								\
		any_is_set(s, cpu, count, &event_##kind);		\
	}								\
									\
	static void all_##kind(struct series *s, enum cpu cpu,		\
			       unsigned int count)			\
	{								\
		all_there_and_back(s, cpu, count, &event_##kind);	\
	}

SIDES(ntapc)
SIDES(eventfd)
SIDES(ntsync)

static void compare_any(unsigned int nr)
{
	char id[16], what[64];
	struct comparison c = {
		.id = id,
		.what = what,
		.run = any_ntapc,
		.variants = nr > 1 ? 3 : 1,
		.vary = vary_position,
		.peer = {
			{ .name = "eventfd, poll and read",
			  .run = any_eventfd, .wanted = 0.7 },
			{ .name = "ntsync", .run = any_ntsync, .wanted = 1 },
		},
	};

	nr_events = nr;
	snprintf(id, sizeof(id), "6-any-%u", nr);
	snprintf(what, sizeof(what), "wait for any of %u, there and back", nr);
	compare_both(&c);

	snprintf(id, sizeof(id), "6-ready-%u", nr);
	snprintf(what, sizeof(what), "set one of %u, wait for any", nr);
	c.run = ready_ntapc;
	c.peer[0].run = ready_eventfd;
	c.peer[0].wanted = 0;
	c.peer[1].run = ready_ntsync;
	compare(&c, CPU_SAME);
}

static void compare_all(unsigned int nr)
{
	char id[16], what[64];
	const struct comparison c = {
		.id = id,
		.what = what,
		.run = all_ntapc,
		.count = options.samples / 4,
		.variants = 2,
		.vary = vary_order,
		.peer = {
			{ .name = "eventfd, read in turn",
			  .run = all_eventfd },
			{ .name = "ntsync", .run = all_ntsync, .wanted = 1 },
		},
	};

	nr_events = nr;
	snprintf(id, sizeof(id), "6-all-%u", nr);
	snprintf(what, sizeof(what), "set all %u, wait for all, and back", nr);
	compare_both(&c);
}

void case_wait(void)
{
	compare_any(1);
	compare_any(8);
	compare_any(64);
	compare_all(8);
	compare_all(64);
}
