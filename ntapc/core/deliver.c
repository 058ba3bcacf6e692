// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which APC runs next: the choices of KiDeliverApc (section 4, 13.4).
 */
#include "core.h"

static struct ntapc_apc *take_first(struct list_head *list)
{
	struct ntapc_apc *apc;

	apc = list_first_entry_or_null(list, struct ntapc_apc, entry);
	if (apc) {
		list_del_init(&apc->entry);
		apc->inserted = false;
	}
	return apc;
}

/* Does a normal kernel APC have to wait? (4.3) */
static bool normal_is_blocked(const struct ntapc_kthread *kt)
{
	return kt->apc_state.kernel_in_progress || kt->kernel_apc_disable;
}

/**
 * ntapc_core_kernel_due - is there a kernel APC to run now? (4.2, 4.3)
 * @kt: the current thread
 *
 * Return: whether one is pending that nothing holds back.
 */
bool ntapc_core_kernel_due(const struct ntapc_kthread *kt)
{
	const struct ntapc_apc_state *state = &kt->apc_state;

	if (!state->kernel_pending || kt->special_apc_disable)
		return false;
	return !list_empty(&state->special[NTAPC_KERNEL_MODE]) ||
	       (!list_empty(&state->normal[NTAPC_KERNEL_MODE]) &&
		!normal_is_blocked(kt));
}

/**
 * ntapc_core_next_kernel - the kernel APC to run now, taken off its list
 * @kt: the current thread
 * @blocked: set in a guarded region (4.2), or if a normal kernel APC waits for a
 *	region to be left or for another one to end (4.3): then no user APC may be
 *	delivered either
 *
 * Return: the APC or NULL. If it has a normal routine (after its kernel routine
 * ran), the caller sets kernel_in_progress, runs that, and calls
 * ntapc_core_kernel_done() (4.3, 4.4).
 */
struct ntapc_apc *ntapc_core_next_kernel(struct ntapc_kthread *kt,
					 bool *blocked)
{
	struct ntapc_apc_state *state = &kt->apc_state;
	struct ntapc_apc *apc;

	state->kernel_pending = false;
	*blocked = kt->special_apc_disable;	/* nothing at all (4.2) */
	if (*blocked)
		return NULL;
	apc = take_first(&state->special[NTAPC_KERNEL_MODE]);
	if (apc)
		return apc;
	if (list_empty(&state->normal[NTAPC_KERNEL_MODE]))
		return NULL;
	if (normal_is_blocked(kt)) {
		*blocked = true;
		return NULL;
	}
	return take_first(&state->normal[NTAPC_KERNEL_MODE]);
}

/**
 * ntapc_core_kernel_done - the normal routine of a kernel APC has returned
 * @kt: the current thread
 */
void ntapc_core_kernel_done(struct ntapc_kthread *kt)
{
	kt->apc_state.kernel_in_progress = false;
}

/**
 * ntapc_core_return_to_user - a kernel alert doesn't survive that (4.7)
 * @kt: the current thread
 */
void ntapc_core_return_to_user(struct ntapc_kthread *kt)
{
	kt->alerted[NTAPC_KERNEL_MODE] = false;
}

/**
 * ntapc_core_next_user - the user APC to deliver now, taken off its list
 * @kt: the current thread, none of whose kernel APCs is left or blocked
 * @guarded: the thread holds special user APCs back
 *
 * The one that ends the thread first (3.2), a special one next (13.4), else one
 * ordinary one if they are armed, which disarms them (4.5): the end of each APC is
 * what arms the next (12.2).
 *
 * Return: the APC or NULL.
 */
struct ntapc_apc *ntapc_core_next_user(struct ntapc_kthread *kt, bool guarded)
{
	struct ntapc_apc_state *state = &kt->apc_state;
	struct ntapc_apc *apc;

	if (state->special_pending && (!guarded || state->exit_pending)) {
		state->exit_pending = false;
		apc = take_first(&state->special[NTAPC_USER_MODE]);
		state->special_pending =
			!list_empty(&state->special[NTAPC_USER_MODE]);
		return apc;
	}
	if (!state->user_pending)
		return NULL;
	state->user_pending = false;
	return take_first(&state->normal[NTAPC_USER_MODE]);
}

/**
 * ntapc_core_next_users - several ordinary user APCs at once
 * @kt: the current thread, at an alertable point, none of whose special user or
 *	kernel APCs is to run first
 * @max: at most so many, at least 1
 * @taken: they are added to its tail, in order
 *
 * The end of each arms the next (12.2), so that one after the other would be
 * taken as well; what is left is not armed.
 *
 * Return: how many.
 */
u32 ntapc_core_next_users(struct ntapc_kthread *kt, u32 max,
			  struct list_head *taken)
{
	struct ntapc_apc_state *state = &kt->apc_state;
	struct list_head *list = &state->normal[NTAPC_USER_MODE];
	struct list_head *last = list;
	struct ntapc_apc *apc;
	LIST_HEAD(head);
	u32 nr = 0;

	list_for_each_entry(apc, list, entry) {
		apc->inserted = false;
		last = &apc->entry;
		if (++nr == max)
			break;
	}
	list_cut_position(&head, list, last);
	list_splice_tail(&head, taken);
	state->user_pending = false;
	return nr;
}
