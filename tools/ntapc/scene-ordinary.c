// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo: ordinary APCs.
 */
#include <stdatomic.h>

#include "stage.h"

static _Atomic long ran;
static long in_order;

/* @nth: which one it was to be; @letter: what it is called */
static void ordinary(uintptr_t nth, uintptr_t letter, uintptr_t unused)
{
	(void)unused;
	note("  APC %c runs", letter, 0);
	if (atomic_fetch_add(&ran, 1) + 1 == (long)nth)
		in_order++;
}

static bool queue_ordinary(int fd, int nth, char letter)
{
	int ret = ntapc_queue(fd, ordinary, nth, letter, 0);

	return !ret || expect(false, "APC %c isn't queued: error %ld", letter,
			      -ret);
}

static void reset(void)
{
	atomic_store(&ran, 0);
	in_order = 0;
}

static void work_then_wait(struct actor *me)
{
	int ret;

	come(&me->cue);
	note("sleeps 20 ms, not alertable", 0, 0);
	ntapc_delay(20 * MS, 0);
	expect(!ran, "%ld APCs have run meanwhile", ran, 0);
	note("waits, alertable now", 0, 0);
	ret = ntapc_delay(PATIENCE, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_USER_APC && ran == 3 && in_order == 3,
	       "the wait is over once, with USER_APC (0x%lx), all %ld run in order",
	       ret, ran);
	note("waits once more", 0, 0);
	sem_post(&me->done);
	ret = ntapc_delay(PATIENCE, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_USER_APC && ran == 4, "woken up again", 0, 0);
}

void scene_waiting(void)
{
	struct actor worker = { .name = "worker", .play = work_then_wait };
	struct ntapc_thread_info info;
	int i;

	reset();
	if (!actor_enter(&worker))
		return;
	for (i = 0; i < 3; i++) {
		note("queues APC %c to worker", 'A' + i, 0);
		queue_ordinary(worker.fd, i + 1, 'A' + i);
	}
	ntapc_thread_info(worker.fd, &info);
	expect(info.nr_user == 3, "%ld are queued", info.nr_user, 0);
	sem_post(&worker.cue);
	come(&worker.done);
	expect(waits(worker.fd, true), "sees worker wait, alertable", 0, 0);
	note("queues APC D", 0, 0);
	queue_ordinary(worker.fd, 4, 'D');
	actor_leave(&worker);
}

static void start_late(struct actor *me)
{
	(void)me;
	note("its routine starts", 0, 0);
	expect(ran == 2 && in_order == 2, "%ld APCs have run before", ran, 0);
	expect(ntapc_delay(0, NTAPC_ALERTABLE) == NTAPC_STATUS_SUCCESS,
	       "an alertable wait finds nothing more", 0, 0);
}

static void queue_early(int fd, struct actor *actor)
{
	(void)actor;
	note("queues APCs A and B to newcomer, not started yet", 0, 0);
	queue_ordinary(fd, 1, 'A');
	queue_ordinary(fd, 2, 'B');
}

void scene_not_started(void)
{
	struct actor newcomer = {
		.name = "newcomer",
		.play = start_late,
		.prepare = queue_early,
	};

	reset();
	if (actor_enter(&newcomer))
		actor_leave(&newcomer);
}

static long depth, deepest;

static void nesting(uintptr_t letter, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	depth++;
	if (depth > deepest)
		deepest = depth;
	note("  APC %c begins, %ld deep, and waits alertably", letter, depth);
	ntapc_delay(0, NTAPC_ALERTABLE);
	note("  APC %c ends", letter, 0);
	depth--;
	atomic_fetch_add(&ran, 1);
}

void scene_nested(void)
{
	int self = ntapc_thread_self();
	int i, ret;

	reset();
	for (i = 0; i < 3; i++)
		ntapc_queue(self, nesting, 'A' + i, 0, 0);
	note("has queued A, B and C to itself, waits alertably", 0, 0);
	ret = ntapc_delay(PATIENCE, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_USER_APC && ran == 3 && deepest == 3,
	       "each of %ld ran once, %ld deep", ran, deepest);
}
