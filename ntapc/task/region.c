// SPDX-License-Identifier: GPL-2.0-only
/*
 * Critical and guarded regions of other modules' code (section 8), and what is
 * done about one that isn't left (9.10).
 */
#include <linux/export.h>
#include <linux/pid.h>

#include "thread.h"
#include "../trace.h"

/* On the way back to user mode it is to be seen whether it has been left. */
static int enter(void (*enter_region)(struct ntapc_kthread *kt))
{
	struct ntapc_thread *thread = ntapc_thread_current();

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	spin_lock(&thread->lock);
	enter_region(&thread->kt);
	ntapc_thread_kick(thread, false);
	spin_unlock(&thread->lock);
	return 0;
}

static void leave(bool (*leave_region)(struct ntapc_kthread *kt))
{
	struct ntapc_thread *thread = ntapc_thread_current();
	bool recheck;

	if (IS_ERR(thread))
		return;
	spin_lock(&thread->lock);
	recheck = leave_region(&thread->kt);
	if (!ntapc_core_apcs_disabled(&thread->kt))
		thread->mismatch = false;
	spin_unlock(&thread->lock);
	ntapc_recheck(thread, recheck);
}

/**
 * ntapc_enter_critical_region - KeEnterCriticalRegion (rule 8.1)
 *
 * Until it is left the current thread runs no normal kernel APC, and so isn't
 * suspended or terminated. Regions nest. They have to be left before the thread
 * returns to user mode.
 *
 * Return: 0, or ENOMEM or ESRCH (neither a user thread nor a system thread of
 * ntapc's), after which there is nothing to leave. A thread that has called
 * ntapc_thread_current() before is given neither.
 */
int ntapc_enter_critical_region(void)
{
	return enter(ntapc_core_enter_critical);
}
EXPORT_SYMBOL_GPL(ntapc_enter_critical_region);

/**
 * ntapc_leave_critical_region - KeLeaveCriticalRegion (rules 8.3, 8.4)
 *
 * With the outermost region left, kernel APCs that were held up run before this
 * returns; the thread may be suspended here.
 */
void ntapc_leave_critical_region(void)
{
	leave(ntapc_core_leave_critical);
}
EXPORT_SYMBOL_GPL(ntapc_leave_critical_region);

/**
 * ntapc_enter_guarded_region - KeEnterGuardedRegion (rule 8.2)
 *
 * Until it is left the current thread runs no kernel APC at all. Else as
 * ntapc_enter_critical_region().
 *
 * Return: as ntapc_enter_critical_region().
 */
int ntapc_enter_guarded_region(void)
{
	return enter(ntapc_core_enter_guarded);
}
EXPORT_SYMBOL_GPL(ntapc_enter_guarded_region);

/**
 * ntapc_leave_guarded_region - KeLeaveGuardedRegion (rules 8.3, 8.4)
 *
 * As ntapc_leave_critical_region().
 */
void ntapc_leave_guarded_region(void)
{
	leave(ntapc_core_leave_guarded);
}
EXPORT_SYMBOL_GPL(ntapc_leave_guarded_region);

/**
 * ntapc_are_apcs_disabled - KeAreApcsDisabled (rule 8.5)
 *
 * Any task context.
 *
 * Return: whether the current thread is in a region of either kind.
 */
bool ntapc_are_apcs_disabled(void)
{
	struct ntapc_thread *thread = ntapc_thread_find(current);

	return thread && ntapc_core_apcs_disabled(&thread->kt);
}
EXPORT_SYMBOL_GPL(ntapc_are_apcs_disabled);

/**
 * ntapc_are_all_apcs_disabled - KeAreAllApcsDisabled (rule 8.5)
 *
 * Any task context; NT's IRQL has no counterpart.
 *
 * Return: whether the current thread is in a guarded region.
 */
bool ntapc_are_all_apcs_disabled(void)
{
	struct ntapc_thread *thread = ntapc_thread_find(current);

	return thread && ntapc_core_all_apcs_disabled(&thread->kt);
}
EXPORT_SYMBOL_GPL(ntapc_are_all_apcs_disabled);

/**
 * ntapc_recheck - what the end of a region or attachment may have made possible
 * @thread: current's record
 * @kernel: its kernel APCs are to be run
 */
void ntapc_recheck(struct ntapc_thread *thread, bool kernel)
{
	const struct ntapc_apc_state *state = &thread->kt.apc_state;

	if (kernel)
		ntapc_run_kernel_apcs(thread);
	/* A kernel APC that was held up may have held user APCs up (4.3). */
	spin_lock(&thread->lock);
	if (state->special_pending || state->user_pending)
		ntapc_thread_kick(thread, false);
	spin_unlock(&thread->lock);
	ntapc_unpin(thread);
}

/**
 * ntapc_check_regions - is the thread in a region, where user mode comes next?
 * @thread: current's record
 *
 * Or has a module left it attached? NT: bugcheck APC_INDEX_MISMATCH (rule 9.10).
 * Here the region stays, what it holds up stays queued, the attachment is undone,
 * and whoever looks at the thread is told.
 */
void ntapc_check_regions(struct ntapc_thread *thread)
{
	struct ntapc_kthread *kt = &thread->kt;
	bool attached = false;
	bool found = false;

	if (unlikely(kt->save))
		attached = ntapc_attach_check(thread);
	if (likely(!ntapc_core_apcs_disabled(kt) && !attached))
		return;
	spin_lock(&thread->lock);
	if (!thread->mismatch || attached) {
		thread->mismatch = ntapc_core_apcs_disabled(kt);
		thread->nr_mismatch++;
		found = true;
	}
	spin_unlock(&thread->lock);
	if (!found)
		return;
	trace_ntapc_region_mismatch(thread);
	pr_notice_once("%s[%d] returns to user mode inside a region or attached: critical %d, guarded %d, attached %d\n",
		       current->comm, task_pid_nr(current),
		       kt->kernel_apc_disable, kt->special_apc_disable,
		       attached);
}
