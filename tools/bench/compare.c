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

static unsigned int nr_variants(const struct comparison *c)
{
	return c->variants ? c->variants : 1;
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

/* What one side measured, by variants. */
struct measured {
	struct series variant[MAX_VARIANTS];
};

static double percentile(const struct comparison *c, struct measured *m,
			 double percentile)
{
	unsigned int i, n = nr_variants(c);
	double sum = 0;

	for (i = 0; i < n; i++)
		sum += series_percentile(&m->variant[i], percentile);
	return sum / n;
}

static size_t nr_samples(const struct comparison *c, const struct measured *m)
{
	unsigned int i, n = nr_variants(c);
	size_t count = 0;

	for (i = 0; i < n; i++)
		count += m->variant[i].count;
	return count;
}

static void forget(const struct comparison *c, struct measured *m)
{
	unsigned int i, n = nr_variants(c);

	for (i = 0; i < n; i++)
		series_free(&m->variant[i]);
}

static void report(const struct comparison *c, const struct peer *peer,
		   enum cpu cpu, struct measured *own, struct measured *other)
{
	double factor = peer->factor ? peer->factor : 1;
	struct row row = {
		.id = c->id,
		.what = c->what,
		.peer = peer->name,
		.unit = "ns",
		.cpu = cpu,
		.own = percentile(c, own, 50),
		.own_p99 = percentile(c, own, 99),
		.other = factor * percentile(c, other, 50),
		.other_p99 = factor * percentile(c, other, 99),
		.wanted = peer->wanted,
		.n = nr_samples(c, own),
	};

	/* A peer that this kernel doesn't have leaves no samples. */
	if (!row.n || !nr_samples(c, other))
		return;
	row.ratio = row.other > 0 ? row.own / row.other : 0;
	report_row(&row);
}

/* Every side once. */
static void take_turns(const struct comparison *c, enum cpu cpu,
		       unsigned int variant, struct measured *own,
		       struct measured *other)
{
	unsigned int count = c->count ? c->count : options.samples;
	unsigned int i, n = nr_peers(c);

	if (c->vary)
		c->vary(variant);
	run_side(c->run, &own->variant[variant], cpu, count);
	for (i = 0; i < n; i++)
		run_side(c->peer[i].run, &other[i].variant[variant], cpu,
			 count);
}

void compare(const struct comparison *c, enum cpu cpu)
{
	struct measured own = { }, other[MAX_PEERS] = { };
	unsigned int rep, i, n = nr_peers(c);

	for (rep = 0; rep < options.repetitions; rep++) {
		for (i = 0; i < nr_variants(c); i++)
			take_turns(c, cpu, i, &own, other);
	}
	for (i = 0; i < n; i++) {
		report(c, &c->peer[i], cpu, &own, &other[i]);
		forget(c, &other[i]);
	}
	forget(c, &own);
}

void compare_both(const struct comparison *c)
{
	compare(c, CPU_SAME);
	if (cpu_possible(CPU_CROSS))
		compare(c, CPU_CROSS);
}
