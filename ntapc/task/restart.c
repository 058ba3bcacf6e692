// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restart state of system calls that an APC interrupted.
 *
 * current->restart_block holds the state of one call. The APC makes calls of its
 * own, which overwrite it, so that it is kept aside here until the frame's code
 * continues. It holds kernel pointers: user space sees only a number.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "thread.h"

/* Frames that are abandoned, by longjmp() say, leave their state behind. */
#define MAX_RESTARTS	64

struct restart_state {
	struct list_head entry;
	u64 id;
	struct restart_block block;
};

static void free_newest(struct ntapc_thread *thread)
{
	struct restart_state *state;

	state = list_first_entry(&thread->restarts, struct restart_state, entry);
	list_del(&state->entry);
	kfree(state);
}

static void free_oldest(struct ntapc_thread *thread)
{
	struct restart_state *state;

	state = list_last_entry(&thread->restarts, struct restart_state, entry);
	list_del(&state->entry);
	kfree(state);
}

/**
 * ntapc_restart_save - keep current's restart state
 * @thread: current's record
 *
 * Return: what names it, never 0. Without memory it names nothing: the call
 * will then have been interrupted (EINTR).
 */
u64 ntapc_restart_save(struct ntapc_thread *thread)
{
	u64 id = ++thread->next_restart;
	struct restart_state *state, *last;
	unsigned int nr = 0;

	state = kmalloc(sizeof(*state), GFP_KERNEL_ACCOUNT);
	if (!state)
		return id;
	state->id = id;
	state->block = current->restart_block;
	list_add(&state->entry, &thread->restarts);
	list_for_each_entry(last, &thread->restarts, entry)
		nr++;
	if (nr > MAX_RESTARTS)
		free_oldest(thread);
	return id;
}

/**
 * ntapc_restart_resume - make a kept state current's again
 * @thread: current's record
 * @id: from ntapc_restart_save(), by way of user space: not trusted
 *
 * Frames nest: those newer than the one that continues have been abandoned.
 *
 * Return: false if there is no such state.
 */
bool ntapc_restart_resume(struct ntapc_thread *thread, u64 id)
{
	struct restart_state *state;

	list_for_each_entry(state, &thread->restarts, entry) {
		if (state->id == id)
			goto found;
	}
	return false;
found:
	while (list_first_entry(&thread->restarts, struct restart_state,
				entry) != state)
		free_newest(thread);
	current->restart_block = state->block;
	free_newest(thread);
	return true;
}

/**
 * ntapc_restart_free_all - forget everything
 * @thread: has ended
 */
void ntapc_restart_free_all(struct ntapc_thread *thread)
{
	while (!list_empty(&thread->restarts))
		free_newest(thread);
}
