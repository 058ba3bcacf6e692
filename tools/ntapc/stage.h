/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The demo's stage: a timeline that all threads and processes write to, special
 * APCs included, and that is shown at the end of each scene.
 */
#ifndef NTAPC_STAGE_H
#define NTAPC_STAGE_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include <ntapc.h>

/* How long anything that must come is waited for, in ns; the demo has a watchdog. */
#define PATIENCE	UINT64_C(60000000000)
#define MS		UINT64_C(1000000)

/* Returns 0 or -errno. */
int stage_open(void);

void scene_begin(const char *title);
/* Shows what has happened since. */
void scene_end(void);

/* Shows the totals; returns whether all was as it should be. */
bool stage_close(void);

/* What the calling thread is called from now on. @name stays the caller's. */
void call_me(const char *name);

/*
 * Something happened now, here. Async-signal-safe; the texts stay the caller's.
 * @text: printf()'s, for up to two longs
 */
void note(const char *text, long a, long b);

/* The same for what has to be true, for all is well then only. */
bool expect(bool good, const char *text, long a, long b);

/* An event between threads. */
bool come(sem_t *event);

/* Until the thread is in an alertable wait, or any one of ntapc's. */
bool waits(int fd, bool alertable);

/* Until there are that many waits for the object. */
bool waited_for(int fd, unsigned int n);

/* Until another thread, which makes no call to tell, has got there. */
bool reaches(_Atomic long *value, long n);

/* A thread of the demo's with its own name. */
struct actor {
	const char *name;
	void (*play)(struct actor *actor);
	void (*prepare)(int fd, struct actor *actor);
	sem_t entered;
	sem_t cue;		/* for the actor */
	sem_t done;		/* for the others */
	int fd;
	pthread_t thread;
};

/* Returns when its routine has started; false: it hasn't. */
bool actor_enter(struct actor *actor);
void actor_leave(struct actor *actor);

/* demo.c's scenes */
void scene_waiting(void);
void scene_not_started(void);
void scene_nested(void);
void scene_computing(void);
void scene_guarded(void);
void scene_reading(void);
void scene_process(void);
void scene_steered(void);
void scene_attached(void);
void scene_objects(void);
void scene_losing_place(void);
void scene_ntsync(void);
void scene_refused(void);
void scene_limit(void);

#endif /* NTAPC_STAGE_H */
