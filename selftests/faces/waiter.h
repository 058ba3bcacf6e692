/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of objects share: a thread that waits, seen to do so.
 */
#ifndef NTAPC_FACES_WAITER_H
#define NTAPC_FACES_WAITER_H

#include "face.h"

/**
 * struct waiter - a thread that calls something once
 * @call: what it calls
 * @arg: with what
 * @result: what that returned, once it has ended
 * @fd: the thread
 * @thread: the same
 */
struct waiter {
	long (*call)(void *arg);
	void *arg;
	long result;
	int fd;
	pthread_t thread;
};

static inline void *waiter_main(void *arg)
{
	struct waiter *w = arg;

	w->result = w->call(w->arg);
	return NULL;
}

/* Returns whether there is a thread. */
static inline bool waiter_create(struct waiter *w, long (*call)(void *arg),
				 void *arg)
{
	w->call = call;
	w->arg = arg;
	w->fd = ntapc_thread_create(&w->thread, NULL, waiter_main, w, NULL);
	return w->fd >= 0;
}

/* Returns whether it has come to wait. Nothing but the caller may end the wait. */
static inline bool waiter_begin(struct waiter *w, long (*call)(void *arg),
				void *arg)
{
	return waiter_create(w, call, arg) &&
	       becomes(w->fd, NTAPC_THREAD_WAITING);
}

/* Whether it waits. One that has just been let go may still seem to. */
static inline bool waiter_waits(const struct waiter *w)
{
	struct ntapc_thread_info info;

	return !ntapc_thread_info(w->fd, &info) &&
	       info.state & NTAPC_THREAD_WAITING;
}

static inline long waiter_end(struct waiter *w)
{
	pthread_join(w->thread, NULL);
	close(w->fd);
	return w->result;
}

/* Calls it in a thread that has ended when this returns. */
static inline long elsewhere(long (*call)(void *arg), void *arg)
{
	struct waiter w = { .call = call, .arg = arg };

	pthread_create(&w.thread, NULL, waiter_main, &w);
	pthread_join(w.thread, NULL);
	return w.result;
}

#endif /* NTAPC_FACES_WAITER_H */
