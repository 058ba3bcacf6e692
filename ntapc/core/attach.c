// SPDX-License-Identifier: GPL-2.0-only
/*
 * What attaching to a process does to a thread's APC state (section 9).
 *
 * The caller serialises all calls that name the same process, too.
 */
#include <linux/ntapc.h>

#include "core.h"

static void move_lists(struct ntapc_apc_state *to, struct ntapc_apc_state *from)
{
	int mode;

	for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
		list_replace_init(&from->special[mode], &to->special[mode]);
		list_replace_init(&from->normal[mode], &to->normal[mode]);
	}
}

/* KiMoveApcState: @from is left without APCs. */
static void move_state(struct ntapc_apc_state *to, struct ntapc_apc_state *from)
{
	move_lists(to, from);
	to->process = from->process;
	to->kernel_in_progress = from->kernel_in_progress;
	to->kernel_pending = from->kernel_pending;
	to->user_pending = from->user_pending;
	to->special_pending = from->special_pending;
	to->exit_pending = from->exit_pending;
}

/* Nothing is in progress or armed where nothing has been before (9.2). */
static void clear_flags(struct ntapc_apc_state *state)
{
	state->kernel_in_progress = false;
	state->kernel_pending =
		!ntapc_apc_state_empty(state, NTAPC_KERNEL_MODE);
	state->user_pending = false;
	state->special_pending = !list_empty(&state->special[NTAPC_USER_MODE]);
	state->exit_pending = false;
}

static void set_index(struct ntapc_kthread *kt, u8 index)
{
	kt->apc_state_index = index;
	kt->apc_state_pointer[index] = &kt->apc_state;
	kt->apc_state_pointer[!index] = &kt->saved_apc_state;
}

/*
 * The first attachment. What waits for the Attached environment already becomes the
 * active state's. (NT leaves it behind on lists that nothing looks at again.)
 */
static void save_home(struct ntapc_kthread *kt)
{
	struct ntapc_apc_state early;

	move_lists(&early, &kt->saved_apc_state);
	move_state(&kt->saved_apc_state, &kt->apc_state);
	move_lists(&kt->apc_state, &early);
	set_index(kt, 1);
}

/**
 * ntapc_core_attach - the first half of KiAttachProcess (rules 9.1, 9.2, 9.7)
 * @kt: the current thread
 * @process: where it attaches to
 * @save: KeStackAttachProcess's save area; it is the thread's as long as it is
 *	attached
 * @stack: by KeStackAttachProcess, else by KeAttachProcess
 *
 * After NTAPC_ATTACHED the thread has its new state, but is still in the old
 * process: it is in the new one by ntapc_core_attach_resident(), which the caller
 * calls once that is in memory (9.3).
 *
 * Return: what was done; but for NTAPC_ATTACHED nothing has changed.
 */
enum ntapc_attach_result
ntapc_core_attach(struct ntapc_kthread *kt, struct ntapc_kprocess *process,
		  struct ntapc_apc_save *save, bool stack)
{
	if (kt->apc_state.process == process)
		return NTAPC_ATTACH_SAME;
	if (kt->apc_state_index && !stack)
		return NTAPC_ATTACH_REFUSED;
	if (process->stack_count == NTAPC_STACK_COUNT_MAX)
		return NTAPC_ATTACH_EXCEEDED;

	process->stack_count++;
	save->outer = kt->save;
	kt->save = save;
	if (kt->apc_state_index) {
		move_state(&save->state, &kt->apc_state);
	} else {
		save->state.process = NULL;
		save_home(kt);
	}
	clear_flags(&kt->apc_state);
	return NTAPC_ATTACHED;
}

/**
 * ntapc_core_attach_resident - the second half (rule 9.3)
 * @kt: the current thread
 * @process: where it attaches to, in memory
 */
void ntapc_core_attach_resident(struct ntapc_kthread *kt,
				struct ntapc_kprocess *process)
{
	kt->apc_state.process = process;
}

/* What is left of KeDetachProcess once nothing speaks against it. */
static bool restore(struct ntapc_kthread *kt, struct ntapc_kprocess *process)
{
	struct ntapc_apc_save *save = kt->save;

	ntapc_core_process_leave(process);
	kt->save = save->outer;
	if (save->state.process) {
		move_state(&kt->apc_state, &save->state);
	} else {
		struct ntapc_apc_state early;

		/* Only what an attachment that didn't come about leaves. */
		move_lists(&early, &kt->apc_state);
		move_state(&kt->apc_state, &kt->saved_apc_state);
		move_lists(&kt->saved_apc_state, &early);
		kt->saved_apc_state.process = NULL;
		clear_flags(&kt->saved_apc_state);
		kt->saved_apc_state.kernel_pending = false;
		set_index(kt, 0);
	}
	/* The user list's state is as it was: that isn't looked at (9.6). */
	if (ntapc_apc_state_empty(&kt->apc_state, NTAPC_KERNEL_MODE))
		return false;
	kt->apc_state.kernel_pending = true;
	return true;
}

/**
 * ntapc_core_detach - KeDetachProcess, KeUnstackDetachProcess (rules 9.6, 9.8)
 * @kt: the current thread; its pending kernel APCs have been run, if they may
 * @unstack: by KeUnstackDetachProcess
 * @recheck: set to whether kernel APCs of the other state are to be run now
 *
 * Return: NTAPC_ATTACHED if it has come back one step; NTAPC_ATTACH_SAME if it
 * wasn't attached, NTAPC_ATTACH_REFUSED: nothing has changed.
 */
enum ntapc_attach_result ntapc_core_detach(struct ntapc_kthread *kt,
					   bool unstack, bool *recheck)
{
	const struct ntapc_apc_state *state = &kt->apc_state;

	*recheck = false;
	if (!kt->apc_state_index)
		return unstack ? NTAPC_ATTACH_REFUSED : NTAPC_ATTACH_SAME;
	if (state->kernel_in_progress ||
	    !ntapc_apc_state_empty(state, NTAPC_KERNEL_MODE) ||
	    !ntapc_apc_state_empty(state, NTAPC_USER_MODE))
		return NTAPC_ATTACH_REFUSED;
	/* NT would lose what the attachments around this one have saved. */
	if (!unstack && kt->save->outer)
		return NTAPC_ATTACH_REFUSED;
	*recheck = restore(kt, state->process);
	return NTAPC_ATTACHED;
}

/**
 * ntapc_core_attach_undo - leave, whatever is queued or running
 * @kt: the current thread, in the middle of an attachment, or one that has ended
 * @process: what ntapc_core_attach() was called for
 *
 * Not NT's: there no attachment fails half-way, and no thread ends attached
 * (bugcheck 5). What is queued for the Attached environment waits for the next
 * one.
 *
 * Return: whether kernel APCs are to be run now.
 */
bool ntapc_core_attach_undo(struct ntapc_kthread *kt,
			    struct ntapc_kprocess *process)
{
	struct ntapc_apc_save *save = kt->save;

	/* Behind those of the attachment around this one. */
	if (save->state.process) {
		int mode;

		for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
			list_splice_tail_init(&kt->apc_state.special[mode],
					      &save->state.special[mode]);
			list_splice_tail_init(&kt->apc_state.normal[mode],
					      &save->state.normal[mode]);
		}
		save->state.special_pending =
			!list_empty(&save->state.special[NTAPC_USER_MODE]);
	}
	return restore(kt, process);
}
