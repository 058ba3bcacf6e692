// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A thread's ring of records: APCs that the kernel handed over and that haven't
 * run yet.
 *
 * Order: the kernel is asked for more only when the ring is empty, so what is in
 * the ring is always older than what is in the kernel.
 *
 * Only its thread uses it, but a special APC of that thread may come between any
 * two instructions and use it as well. Each operation is therefore a guarded
 * stretch. A system call that fills the ring can't be one: special APCs have to
 * break its wait. One may run before the caller has seen the result, wait
 * alertably itself, and must then find what has just been handed over. So each
 * operation first settles a fill that is complete, which shows in a first record
 * that has a routine (no record is without). A fill that isn't complete, because
 * its system call is about to start or to be restarted, keeps the ring for
 * itself; meanwhile APCs are handed over one at a time, past the ring.
 */
#include "internal.h"

static void settle(struct ring *ring)
{
	if (likely(!ring->filler))
		return;
	if (ring->record[0].routine) {
		ring->next = 0;
		ring->count = *ring->filled < RING_SIZE ? *ring->filled :
							  RING_SIZE;
		ring->filler = NULL;
	} else if (__builtin_frame_address(0) > ring->filler) {
		/* longjmp() left it. */
		ring->filler = NULL;
	}
}

bool ntapc__ring_empty(struct thread *t)
{
	bool empty;

	ntapc_guard_enter();
	settle(&t->ring);
	empty = t->ring.next == t->ring.count;
	ntapc_guard_leave();
	return empty;
}

bool ntapc__ring_pop(struct thread *t, struct ntapc_record *record)
{
	struct ring *ring = &t->ring;
	bool popped = false;

	ntapc_guard_enter();
	settle(ring);
	if (ring->next != ring->count) {
		*record = ring->record[ring->next++];
		popped = true;
	}
	ntapc_guard_leave();
	return popped;
}

/*
 * Begins to fill the ring, if it is empty and no other fill is under way. The
 * caller then has the kernel write to ring.record, and how many to *@filled in
 * ring.call; @frame is the caller's frame address.
 */
bool ntapc__ring_fill_begin(struct thread *t, const uint32_t *filled,
			    void *frame)
{
	struct ring *ring = &t->ring;
	bool mine;

	ntapc_guard_enter();
	settle(ring);
	/* One that is live is further up the stack. */
	if (ring->filler && frame >= ring->filler)
		ring->filler = NULL;
	mine = !ring->filler && ring->next == ring->count;
	if (mine) {
		ring->record[0].routine = 0;
		ring->filled = filled;
		ring->filler = frame;
	}
	ntapc_guard_leave();
	return mine;
}

void ntapc__ring_fill_end(struct thread *t, void *frame)
{
	struct ring *ring = &t->ring;

	ntapc_guard_enter();
	settle(ring);
	if (ring->filler == frame)
		ring->filler = NULL;
	ntapc_guard_leave();
}
