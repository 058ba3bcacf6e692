/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share that suspend, look into and end threads.
 */
#ifndef NTAPC_FACES_STEER_H
#define NTAPC_FACES_STEER_H

#include "face.h"
#include "steer_values.h"

/* steer_asm.S: sets *@started, a long, and spins; a thread's routine. */
void *spin(void *started);
extern const char spin_begin[], spin_end[];
/* Where to go on to have spin() return its rbx, or what is in xmm7. */
extern const char spin_out_rbx[], spin_out_xmm7[];

/* Spins until the value is at least @n: the other side can't tell otherwise. */
static inline bool reaches(_Atomic long *value, long n)
{
	return comes_true(atomic_load(value) >= n);
}

/* What could run, without having to wait for anything, has run a while after this. */
static inline void let_others_run(void)
{
	volatile long work;
	int i;

	for (i = 0; i < 200; i++) {
		for (work = 0; work < 2000; work++)
			;
		sched_yield();
	}
}

static inline bool stands_still(_Atomic long *value)
{
	long seen = atomic_load(value);

	let_others_run();
	return atomic_load(value) == seen;
}

static _Atomic long counted;

static inline void *count_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		atomic_fetch_add(&counted, 1);
	return NULL;
}

#endif /* NTAPC_FACES_STEER_H */
