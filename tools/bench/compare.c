// SPDX-License-Identifier: GPL-2.0-only
/*
 * A comparison: the sides take turns, so that what disturbs the machine for a
 * while disturbs all of them.
 */
#include "bench.h"

static unsigned int nr_peers(const struct comparison *c)
{
	unsigned int n = 0;

	while (n < MAX_PEERS && c->peer[n].name)
		n++;
	return n;
}

/* A repetition is cut short so that it takes not much longer than it may. */
#define LEAST	20

static void run_side(side_fn run, struct series *s, enum cpu cpu,
		     unsigned int count)
{
	unsigned int warm_up = count / 20 + 1;
	struct series cold = { };
	double ns, affordable;
	uint64_t begin;

	begin = clock_now();
	run(&cold, cpu, warm_up);
	ns = clock_ns(clock_now() - begin);
	series_free(&cold);

	affordable = options.repetition_ns * warm_up / ns;
	if (count > affordable)
		count = affordable > LEAST ? affordable : LEAST;
	run(s, cpu, count);
}

static void report(const struct comparison *c, const struct peer *peer,
		   enum cpu cpu, struct series *own, struct series *other)
{
	double factor = peer->factor ? peer->factor : 1;
	struct row row = {
		.id = c->id,
		.what = c->what,
		.peer = peer->name,
		.unit = "ns",
		.cpu = cpu,
		.own = series_percentile(own, 50),
		.own_p99 = series_percentile(own, 99),
		.other = factor * series_percentile(other, 50),
		.other_p99 = factor * series_percentile(other, 99),
		.wanted = peer->wanted,
		.n = own->count,
	};

	/* A peer that this kernel doesn't have leaves no samples. */
	if (!own->count || !other->count)
		return;
	row.ratio = row.other > 0 ? row.own / row.other : 0;
	report_row(&row);
}

void compare(const struct comparison *c, enum cpu cpu)
{
	unsigned int count = c->count ? c->count : options.samples;
	struct series own = { }, other[MAX_PEERS] = { };
	unsigned int rep, i, n = nr_peers(c);

	for (rep = 0; rep < options.repetitions; rep++) {
		run_side(c->run, &own, cpu, count);
		for (i = 0; i < n; i++)
			run_side(c->peer[i].run, &other[i], cpu, count);
	}
	for (i = 0; i < n; i++) {
		report(c, &c->peer[i], cpu, &own, &other[i]);
		series_free(&other[i]);
	}
	series_free(&own);
}

void compare_both(const struct comparison *c)
{
	compare(c, CPU_SAME);
	if (cpu_possible(CPU_CROSS))
		compare(c, CPU_CROSS);
}
