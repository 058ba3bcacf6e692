/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The library's own threads: they run what is given to them, and are made when they
 * are needed.
 */
#ifndef NTAPC_POOL_H
#define NTAPC_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many there are at most. What is given beyond that waits for one to be free. */
#define POOL_WORKERS	256

/*
 * Something to run, in memory of whoever gives it. @run may free that.
 *
 * What has the same @key, other than zeros, is run one after the other, in the order it
 * was given in. All else may be run at the same time.
 */
struct work {
	struct work *next;	/* the pool's */
	uint64_t key[3];
	void (*run)(struct work *work);
	/* NULL, or: it needn't wait for others any more (see ntapc__pool_look()) */
	bool (*hurries)(struct work *work);
};

/*
 * Makes the first worker, if that hasn't been done. Returns 0 or a negative errno: then
 * nothing may be given.
 */
int ntapc__pool_start(void);

/* Takes no lock and can't fail. */
void ntapc__pool_give(struct work *work);

/* Some have begun to hurry. The same. */
void ntapc__pool_look(void);

/* A detached thread that no signal of the program's is handled by. 0 or -errno. */
int ntapc__own_thread(void *(*start)(void *), void *arg);

/*
 * @size bytes of zeros, got once, which are zeros again in the child of a fork, where
 * none of these threads is. Or NULL.
 */
void *ntapc__own_memory(void *_Atomic *where, size_t size);

/* Waits until *@word isn't @value, or for @seconds unless that is 0. -ETIMEDOUT or 0. */
int ntapc__futex_wait(_Atomic uint32_t *word, uint32_t value, int seconds);
void ntapc__futex_wake(_Atomic uint32_t *word, int n);

#endif /* NTAPC_POOL_H */
