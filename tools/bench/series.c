// SPDX-License-Identifier: GPL-2.0-only
/*
 * Series of measured values.
 */
#include <stdlib.h>

#include "bench.h"

void series_add(struct series *s, double value)
{
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 1024;
		s->value = realloc(s->value, s->room * sizeof(*s->value));
		if (!s->value)
			die("no memory for the samples");
	}
	s->value[s->count++] = value;
}

void series_add_time(struct series *s, uint64_t begin, uint64_t end,
		     unsigned int of)
{
	double ns = clock_ns(end - begin) - clock_cost_ns();

	series_add(s, ns > 0 ? ns / of : 0);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double series_percentile(struct series *s, double percentile)
{
	if (!s->count)
		return 0;
	qsort(s->value, s->count, sizeof(*s->value), ascending);
	return s->value[(size_t)((s->count - 1) * percentile / 100)];
}

void series_free(struct series *s)
{
	free(s->value);
	*s = (struct series){ };
}
