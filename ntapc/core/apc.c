// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making, inserting, removing and flushing APCs (sections 2, 3 and 7).
 */
#include <linux/string.h>

#include "core.h"

static void apc_state_init(struct ntapc_apc_state *state)
{
	int mode;

	for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
		INIT_LIST_HEAD(&state->special[mode]);
		INIT_LIST_HEAD(&state->normal[mode]);
	}
	state->kernel_in_progress = false;
	state->kernel_pending = false;
	state->user_pending = false;
	state->special_pending = false;
	state->exit_pending = false;
	state->process = NULL;
}

/**
 * ntapc_core_init - the APC part of KeInitThread (rule 1.5)
 * @kt: to be initialised
 * @home: the process that it belongs to
 */
void ntapc_core_init(struct ntapc_kthread *kt, struct ntapc_kprocess *home)
{
	memset(kt, 0, sizeof(*kt));
	apc_state_init(&kt->apc_state);
	apc_state_init(&kt->saved_apc_state);
	kt->apc_state.process = home;
	kt->apc_state_pointer[0] = &kt->apc_state;
	kt->apc_state_pointer[1] = &kt->saved_apc_state;
	kt->apc_queueable = true;
	kt->wait_status = NTAPC_WAIT_BLOCK;
}

/**
 * ntapc_apc_init - KeInitializeApc
 * @apc: to be initialised; must not be inserted
 * @kt: the target, whose index %NTAPC_ENV_CURRENT is resolved to now (2.1)
 * @environment: which of the target's states it goes to (2.1, 2.2)
 * @kernel_routine: required
 * @rundown_routine: or NULL
 * @normal_routine: 0 makes a special kernel APC whatever @mode says (2.3)
 * @mode: of @normal_routine (2.4)
 * @normal_context: first argument of @normal_routine
 */
void ntapc_apc_init(struct ntapc_apc *apc, const struct ntapc_kthread *kt,
		    enum ntapc_environment environment,
		    ntapc_kernel_routine_t kernel_routine,
		    ntapc_rundown_routine_t rundown_routine,
		    u64 normal_routine, enum ntapc_mode mode,
		    u64 normal_context)
{
	if (environment == NTAPC_ENV_CURRENT)
		environment = kt->apc_state_index;
	INIT_LIST_HEAD(&apc->entry);
	apc->environment = environment;
	apc->kernel_routine = kernel_routine;
	apc->rundown_routine = rundown_routine;
	apc->normal.routine = normal_routine;
	apc->normal.context = normal_routine ? normal_context : 0;
	apc->mode = normal_routine ? mode : NTAPC_KERNEL_MODE;
	apc->special_user = false;
	apc->inserted = false;
	apc->kind = 0;
}

static bool is_special(const struct ntapc_apc *apc)
{
	return !apc->normal.routine || apc->special_user;
}

/**
 * ntapc_core_kernel_runs - would a kernel APC run at the next safe point?
 * @kt: the target
 * @apc: to be inserted, or inserted, in its active state
 *
 * The condition of rule 3.5 for breaking a wait.
 *
 * Return: whether no region and no running normal kernel APC holds it up.
 */
bool ntapc_core_kernel_runs(const struct ntapc_kthread *kt,
			    const struct ntapc_apc *apc)
{
	if (kt->special_apc_disable)
		return false;
	return is_special(apc) || (!kt->kernel_apc_disable &&
				   !kt->apc_state.kernel_in_progress);
}

/* Ends the wait that @kt is in. The first decision stands (11.11). */
static enum ntapc_wake unwait(struct ntapc_kthread *kt, int status)
{
	if (kt->wait_status != NTAPC_WAIT_BLOCK)
		return NTAPC_WAKE_NONE;
	kt->wait_status = status;
	return NTAPC_WAKE_UNWAIT;
}

static enum ntapc_wake wake_for_kernel_apc(struct ntapc_kthread *kt,
					   const struct ntapc_apc *apc,
					   bool self)
{
	kt->apc_state.kernel_pending = true;
	if (self)
		return kt->special_apc_disable ? NTAPC_WAKE_NONE :
						 NTAPC_WAKE_INTERRUPT;
	if (!kt->waiting)
		return NTAPC_WAKE_INTERRUPT;
	if (ntapc_core_kernel_runs(kt, apc))
		return unwait(kt, NTAPC_WAIT_KERNEL_APC);
	return NTAPC_WAKE_NONE;
}

static enum ntapc_wake wake_for_user_apc(struct ntapc_kthread *kt, bool self)
{
	struct ntapc_apc_state *state = &kt->apc_state;

	/* Once its wait is decided it no longer is Waiting (11.11). */
	if (self || !kt->waiting || kt->wait_status != NTAPC_WAIT_BLOCK ||
	    kt->wait_mode != NTAPC_USER_MODE)
		return NTAPC_WAKE_NONE;
	if (!kt->alertable && !state->user_pending)
		return NTAPC_WAKE_NONE;
	state->user_pending = true;
	return unwait(kt, NTAPC_WAIT_USER_APC);
}

/**
 * ntapc_core_insert - KeInsertQueueApc
 * @kt: the target
 * @apc: initialised for @kt
 * @arg1: SystemArgument1
 * @arg2: SystemArgument2
 * @self: the target is the current thread (3.4)
 * @wake: set to what is to be done to the target (3.3 to 3.7)
 *
 * Return: false, with no effect, if @kt isn't queueable or @apc is inserted
 * already (3.1).
 */
bool ntapc_core_insert(struct ntapc_kthread *kt, struct ntapc_apc *apc,
		       u64 arg1, u64 arg2, bool self, enum ntapc_wake *wake)
{
	u8 environment = apc->environment;
	struct ntapc_apc_state *state;

	*wake = NTAPC_WAKE_NONE;
	if (!kt->apc_queueable || apc->inserted)
		return false;

	/* Insert is resolved only here (2.1). */
	if (environment == NTAPC_ENV_INSERT)
		environment = kt->apc_state_index;
	apc->environment = environment;
	state = kt->apc_state_pointer[environment];

	apc->normal.arg[0] = arg1;
	apc->normal.arg[1] = arg2;
	apc->inserted = true;
	/* Rule 3.2: specials in order ahead of all normals, normals in order. */
	list_add_tail(&apc->entry, is_special(apc) ? &state->special[apc->mode] :
						     &state->normal[apc->mode]);
	if (apc->special_user)
		state->special_pending = true;

	/* In the other environment: noticed on attach or detach (3.3). */
	if (environment != kt->apc_state_index)
		return true;
	*wake = apc->mode == NTAPC_KERNEL_MODE ?
			wake_for_kernel_apc(kt, apc, self) :
			wake_for_user_apc(kt, self);
	return true;
}

/**
 * ntapc_core_insert_exit - insert the APC that ends the thread (3.2b, 7.5)
 * @kt: the current thread
 * @apc: initialised as a user APC of the original environment
 * @wake: set to what is to be done to the target
 *
 * It is the head of the user queue, armed at once. It is inserted by the thread
 * itself, out of a kernel APC; what wakes a wait that was broken for that is
 * that the wait looks again (11.2).
 *
 * Return: false, with no effect, if @kt isn't queueable or @apc is inserted
 * already.
 */
bool ntapc_core_insert_exit(struct ntapc_kthread *kt, struct ntapc_apc *apc,
			    enum ntapc_wake *wake)
{
	struct ntapc_apc_state *state = kt->apc_state_pointer[0];

	*wake = NTAPC_WAKE_NONE;
	if (!kt->apc_queueable || apc->inserted)
		return false;
	apc->inserted = true;
	list_add(&apc->entry, &state->special[NTAPC_USER_MODE]);
	state->special_pending = true;
	state->user_pending = true;
	state->exit_pending = true;
	if (!kt->apc_state_index && kt->waiting &&
	    kt->wait_mode == NTAPC_USER_MODE)
		*wake = unwait(kt, NTAPC_WAIT_USER_APC);
	return true;
}

/* Rule 7.1: the flags of lists that have become empty. */
static void settle_flags(struct ntapc_apc_state *state, enum ntapc_mode mode)
{
	if (mode == NTAPC_KERNEL_MODE) {
		if (ntapc_apc_state_empty(state, mode))
			state->kernel_pending = false;
		return;
	}
	state->special_pending = !list_empty(&state->special[mode]);
	/* Only with all the others is the one that ends the thread flushed. */
	if (!state->special_pending)
		state->exit_pending = false;
	/* That one is armed, too (3.2b). */
	if (list_empty(&state->normal[mode]) && !state->exit_pending)
		state->user_pending = false;
}

/**
 * ntapc_core_remove - KeRemoveQueueApc (rule 7.1)
 * @kt: its target
 * @apc: to be removed
 *
 * Return: whether it was inserted.
 */
bool ntapc_core_remove(struct ntapc_kthread *kt, struct ntapc_apc *apc)
{
	struct ntapc_apc_save *save;

	if (!apc->inserted)
		return false;
	list_del_init(&apc->entry);
	apc->inserted = false;
	settle_flags(kt->apc_state_pointer[apc->environment], apc->mode);
	/* It may have been on a list that an inner attachment has saved. */
	for (save = kt->save; save; save = save->outer) {
		if (save->state.process)
			settle_flags(&save->state, apc->mode);
	}
	return true;
}

static unsigned int flush_list(struct list_head *list, unsigned int max,
			       struct list_head *flushed)
{
	struct ntapc_apc *apc, *next;
	unsigned int nr = 0;

	list_for_each_entry_safe(apc, next, list, entry) {
		if (nr == max)
			break;
		apc->inserted = false;
		list_move_tail(&apc->entry, flushed);
		nr++;
	}
	return nr;
}

static bool flush_state(struct ntapc_apc_state *state, enum ntapc_mode mode,
			unsigned int max, struct list_head *flushed)
{
	max -= flush_list(&state->special[mode], max, flushed);
	flush_list(&state->normal[mode], max, flushed);
	settle_flags(state, mode);
	return !ntapc_apc_state_empty(state, mode);
}

/**
 * ntapc_core_flush_some - KeFlushQueueApc, in parts
 * @kt: whose active state's queue is emptied
 * @mode: of the queue
 * @max: how many entries to take at most
 * @flushed: the entries are added to its tail, in order, no longer inserted
 *
 * Return: whether there are more.
 */
bool ntapc_core_flush_some(struct ntapc_kthread *kt, enum ntapc_mode mode,
			   unsigned int max, struct list_head *flushed)
{
	return flush_state(&kt->apc_state, mode, max, flushed);
}

/**
 * ntapc_core_run_down_some - take what a thread that has ended will never run
 * @kt: not queueable any more
 * @max: how many entries to take at most, of each list
 * @flushed: the entries are added to its tail, no longer inserted
 *
 * Of both modes and all environments: those for one that it isn't in would else
 * stay for ever.
 *
 * Return: whether there are more.
 */
bool ntapc_core_run_down_some(struct ntapc_kthread *kt, unsigned int max,
			      struct list_head *flushed)
{
	struct ntapc_apc_save *save;
	bool more = false;
	int mode;

	for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
		more |= flush_state(&kt->apc_state, mode, max, flushed);
		more |= flush_state(&kt->saved_apc_state, mode, max, flushed);
		for (save = kt->save; save; save = save->outer) {
			if (save->state.process)
				more |= flush_state(&save->state, mode, max,
						    flushed);
		}
	}
	return more;
}

/**
 * ntapc_core_flush - KeFlushQueueApc (rule 7.2)
 * @kt: whose active state's queue is emptied
 * @mode: of the queue
 * @flushed: the entries are added to its tail, in order, no longer inserted
 */
void ntapc_core_flush(struct ntapc_kthread *kt, enum ntapc_mode mode,
		      struct list_head *flushed)
{
	ntapc_core_flush_some(kt, mode, UINT_MAX, flushed);
}

/**
 * ntapc_core_requeue - put user APCs back that couldn't be handed over
 * @kt: whose they were
 * @taken: taken by ntapc_core_next_user(), in order; emptied
 *
 * They are the head of their queues again; the next alertable point arms the
 * ordinary ones. Not NT's: there the frame's fault is raised in the thread and
 * the APC is gone.
 */
void ntapc_core_requeue(struct ntapc_kthread *kt, struct list_head *taken)
{
	struct ntapc_apc_state *state = &kt->apc_state;
	struct list_head *special = &state->special[NTAPC_USER_MODE];
	struct list_head *normal = &state->normal[NTAPC_USER_MODE];
	struct ntapc_apc *apc, *next;

	/* But the one that ends the thread stays ahead of all (3.2b). */
	if (state->exit_pending)
		special = special->next;
	list_for_each_entry_safe_reverse(apc, next, taken, entry) {
		list_move(&apc->entry, apc->special_user ? special : normal);
		apc->inserted = true;
		if (apc->special_user)
			state->special_pending = true;
	}
}
