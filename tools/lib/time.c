// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Times: ours in nanoseconds and NT's in units of 100 ns.
 */
#include <errno.h>
#include <time.h>

#include "internal.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

uint64_t ntapc__now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t ntapc__realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* What does not fit is never. */
int ntapc__deadline(uint64_t timeout_ns, unsigned int flags, __u64 *deadline)
{
	*deadline = timeout_ns;
	if (flags & ~(NTAPC_ALERTABLE | NTAPC_ABSOLUTE | NTAPC_REALTIME) ||
	    (flags & NTAPC_ABSOLUTE && flags & NTAPC_REALTIME))
		return -EINVAL;
	if (flags & (NTAPC_ABSOLUTE | NTAPC_REALTIME) || !timeout_ns ||
	    timeout_ns == NTAPC_FOREVER)
		return 0;
	if (__builtin_add_overflow(timeout_ns, ntapc__now_ns(), deadline))
		*deadline = NTAPC_FOREVER;
	return 0;
}

/* Negative: a span; else a point in time since 1601. */
struct nt_timeout ntapc__nt_timeout(int64_t hundred_ns)
{
	struct nt_timeout t = { .flags = 0 };
	uint64_t units;

	if (hundred_ns < 0) {
		units = -(uint64_t)hundred_ns;
	} else {
		t.flags = NTAPC_REALTIME;
		units = hundred_ns > NT_EPOCH ? hundred_ns - NT_EPOCH : 0;
	}
	if (!units)
		t.flags = 0;
	if (__builtin_mul_overflow(units, (uint64_t)NS_PER_UNIT, &t.ns))
		t.ns = NTAPC_FOREVER;
	return t;
}
