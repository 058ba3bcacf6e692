// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspension (section 6).
 *
 * SuspendSemaphore has no counterpart: the suspend APC waits until both counts
 * are 0, which is what the semaphore amounts to.
 */
#include <linux/ntapc.h>

#include "core.h"

/* From not suspended to suspended: the suspend APC, unless it is still there. */
static void insert_apc(struct ntapc_kthread *kt, bool self,
		       enum ntapc_wake *wake)
{
	if (!kt->suspended)
		ntapc_core_insert(kt, kt->suspend_apc, 0, 0, self, wake);
}

/* One of the counts has become 0. */
static void release(struct ntapc_kthread *kt, enum ntapc_wake *wake)
{
	if (!ntapc_core_to_suspend(kt) && kt->suspended)
		*wake = ntapc_core_wait_satisfy(kt);
}

static int raise_count(struct ntapc_kthread *kt, u8 *count, bool self,
		       enum ntapc_wake *wake)
{
	u8 was = *count;
	bool first = !ntapc_core_to_suspend(kt);

	*wake = NTAPC_WAKE_NONE;
	if (was == NTAPC_SUSPEND_MAX)
		return NTAPC_CORE_SUSPEND_EXCEEDED;
	if (!kt->apc_queueable)
		return was;
	++*count;
	if (first)
		insert_apc(kt, self, wake);
	return was;
}

static int lower_count(struct ntapc_kthread *kt, u8 *count, u32 *nr_zero,
		       enum ntapc_wake *wake)
{
	u8 was = *count;

	*wake = NTAPC_WAKE_NONE;
	if (was) {
		if (!--*count)
			++*nr_zero;
		release(kt, wake);
	}
	return was;
}

/**
 * ntapc_core_suspend - KeSuspendThread (rules 6.1, 6.2)
 * @kt: the target, its suspend_apc initialised
 * @self: the target is the current thread
 * @wake: set to what is to be done to the target
 *
 * Return: the previous count, or %NTAPC_CORE_SUSPEND_EXCEEDED with no effect.
 */
int ntapc_core_suspend(struct ntapc_kthread *kt, bool self,
		       enum ntapc_wake *wake)
{
	return raise_count(kt, &kt->suspend_count, self, wake);
}

/**
 * ntapc_core_resume - KeResumeThread (rule 6.5)
 * @kt: the target
 * @wake: set to what is to be done to the target
 *
 * Return: the previous count.
 */
int ntapc_core_resume(struct ntapc_kthread *kt, enum ntapc_wake *wake)
{
	return lower_count(kt, &kt->suspend_count, &kt->nr_resumed, wake);
}

/**
 * ntapc_core_alert_resume - KeAlertResumeThread (rules 5.5, 5.7)
 * @kt: the target
 * @wake: set to what is to be done to the target
 *
 * Return: the previous count.
 */
int ntapc_core_alert_resume(struct ntapc_kthread *kt, enum ntapc_wake *wake)
{
	enum ntapc_wake alert;
	int was;

	ntapc_core_alert(kt, NTAPC_KERNEL_MODE, &alert);
	was = ntapc_core_resume(kt, wake);
	/* It is in one wait at most, and the first decision stands (11.11). */
	if (alert == NTAPC_WAKE_UNWAIT)
		*wake = alert;
	return was;
}

/**
 * ntapc_core_freeze - KeFreezeAllThreads, for one of them (rule 6.6)
 * @kt: the target, its suspend_apc initialised
 * @self: the target is the current thread
 * @wake: set to what is to be done to the target
 *
 * Return: the previous count, or %NTAPC_CORE_SUSPEND_EXCEEDED with no effect.
 */
int ntapc_core_freeze(struct ntapc_kthread *kt, bool self,
		      enum ntapc_wake *wake)
{
	return raise_count(kt, &kt->freeze_count, self, wake);
}

/**
 * ntapc_core_thaw - KeThawAllThreads, for one of them (rule 6.6)
 * @kt: the target
 * @wake: set to what is to be done to the target
 *
 * Return: the previous count.
 */
int ntapc_core_thaw(struct ntapc_kthread *kt, enum ntapc_wake *wake)
{
	return lower_count(kt, &kt->freeze_count, &kt->nr_thawed, wake);
}

/**
 * ntapc_core_force_resume - KeForceResumeThread (rule 6.7)
 * @kt: the target
 * @wake: set to what is to be done to the target
 *
 * Return: the sum of both counts as they were.
 */
int ntapc_core_force_resume(struct ntapc_kthread *kt, enum ntapc_wake *wake)
{
	int was = kt->suspend_count + kt->freeze_count;

	*wake = NTAPC_WAKE_NONE;
	kt->nr_resumed += !!kt->suspend_count;
	kt->nr_thawed += !!kt->freeze_count;
	kt->suspend_count = 0;
	kt->freeze_count = 0;
	if (was)
		release(kt, wake);
	return was;
}

/**
 * ntapc_core_unsuspend - take back a suspension that nobody has ended
 * @kt: the target
 * @since: its nr_resumed after that ntapc_core_suspend()
 * @wake: set to what is to be done to the target
 *
 * Not NT's. If the count has been 0 since, what it is now is others'.
 *
 * Return: the previous count.
 */
int ntapc_core_unsuspend(struct ntapc_kthread *kt, u32 since,
			 enum ntapc_wake *wake)
{
	*wake = NTAPC_WAKE_NONE;
	return kt->nr_resumed == since ? ntapc_core_resume(kt, wake) :
					 kt->suspend_count;
}

/**
 * ntapc_core_unfreeze - the same for ntapc_core_freeze()
 * @kt: the target
 * @since: its nr_thawed after that
 * @wake: set to what is to be done to the target
 *
 * Return: the previous count.
 */
int ntapc_core_unfreeze(struct ntapc_kthread *kt, u32 since,
			enum ntapc_wake *wake)
{
	*wake = NTAPC_WAKE_NONE;
	return kt->nr_thawed == since ? ntapc_core_thaw(kt, wake) :
					kt->freeze_count;
}

/**
 * ntapc_core_suspend_begin - the suspend APC is about to block (rule 6.3)
 * @kt: the current thread
 *
 * A wait in kernel mode that isn't alertable: only resumption and special
 * kernel APCs end it.
 *
 * Return: false if the thread has been resumed meanwhile.
 */
bool ntapc_core_suspend_begin(struct ntapc_kthread *kt)
{
	if (!ntapc_core_to_suspend(kt))
		return false;
	kt->suspended = true;
	ntapc_core_wait_begin(kt, NTAPC_KERNEL_MODE, false);
	return true;
}

/**
 * ntapc_core_suspend_end - it has stopped blocking, for whatever reason
 * @kt: the current thread
 *
 * Return: as ntapc_core_wait_end().
 */
int ntapc_core_suspend_end(struct ntapc_kthread *kt)
{
	kt->suspended = false;
	return ntapc_core_wait_end(kt);
}

/**
 * ntapc_core_suspend_again - the suspend APC had to let the thread go
 * @kt: the current thread, in the normal routine of its suspend APC
 *
 * Not NT's: Linux stops, traces and freezes threads on their way to user mode.
 * The APC is back at the head of the queue, and no later normal one gets ahead.
 *
 * Return: false if the thread has been resumed meanwhile, or ends.
 */
bool ntapc_core_suspend_again(struct ntapc_kthread *kt)
{
	struct ntapc_apc *apc = kt->suspend_apc;

	if (!ntapc_core_to_suspend(kt) || !kt->apc_queueable)
		return false;
	if (apc->inserted)
		return true;
	apc->inserted = true;
	list_add(&apc->entry, &kt->apc_state_pointer[0]->normal[NTAPC_KERNEL_MODE]);
	if (!kt->apc_state_index)
		kt->apc_state.kernel_pending = true;
	return true;
}
