// SPDX-License-Identifier: GPL-2.0-only
/*
 * Critical and guarded regions (section 8).
 */
#include "core.h"

/* Rule 8.4: what waited for the region to be left runs now. */
static bool recheck(struct ntapc_kthread *kt)
{
	if (ntapc_apc_state_empty(&kt->apc_state, NTAPC_KERNEL_MODE))
		return false;
	kt->apc_state.kernel_pending = true;
	return true;
}

/**
 * ntapc_core_enter_critical - KeEnterCriticalRegion (rule 8.1)
 * @kt: the current thread
 */
void ntapc_core_enter_critical(struct ntapc_kthread *kt)
{
	kt->kernel_apc_disable--;
}

/**
 * ntapc_core_leave_critical - KeLeaveCriticalRegion (rules 8.3, 8.4)
 * @kt: the current thread
 *
 * Return: whether its kernel APCs are to be run now.
 */
bool ntapc_core_leave_critical(struct ntapc_kthread *kt)
{
	return !++kt->kernel_apc_disable && !kt->special_apc_disable &&
	       recheck(kt);
}

/**
 * ntapc_core_enter_guarded - KeEnterGuardedRegion (rule 8.2)
 * @kt: the current thread
 */
void ntapc_core_enter_guarded(struct ntapc_kthread *kt)
{
	kt->special_apc_disable--;
}

/**
 * ntapc_core_leave_guarded - KeLeaveGuardedRegion (rules 8.3, 8.4)
 * @kt: the current thread
 *
 * Return: whether its kernel APCs are to be run now; a critical region, if it is
 * in one, still holds up the normal ones.
 */
bool ntapc_core_leave_guarded(struct ntapc_kthread *kt)
{
	return !++kt->special_apc_disable && recheck(kt);
}

/**
 * ntapc_core_apcs_disabled - KeAreApcsDisabled (rule 8.5)
 * @kt: the current thread
 *
 * Return: whether normal kernel APCs are held up.
 */
bool ntapc_core_apcs_disabled(const struct ntapc_kthread *kt)
{
	return kt->kernel_apc_disable || kt->special_apc_disable;
}

/**
 * ntapc_core_all_apcs_disabled - KeAreAllApcsDisabled (rule 8.5)
 * @kt: the current thread
 *
 * Return: whether special kernel APCs are held up, too.
 */
bool ntapc_core_all_apcs_disabled(const struct ntapc_kthread *kt)
{
	return kt->special_apc_disable;
}
