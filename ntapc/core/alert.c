// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alerts (sections 5 and 15).
 */
#include "core.h"

/**
 * ntapc_core_test_alert - KeTestAlertThread (rule 5.3)
 * @kt: the current thread
 * @mode: whose alert
 *
 * Return: whether there was an alert, which is thereby taken; if there was none
 * and @mode is user mode, queued user APCs are armed.
 */
bool ntapc_core_test_alert(struct ntapc_kthread *kt, enum ntapc_mode mode)
{
	struct ntapc_apc_state *state = &kt->apc_state;

	if (kt->alerted[mode]) {
		kt->alerted[mode] = false;
		return true;
	}
	if (mode == NTAPC_USER_MODE &&
	    !list_empty(&state->normal[NTAPC_USER_MODE]))
		state->user_pending = true;
	return false;
}

/**
 * ntapc_core_alert - KeAlertThread (rules 5.1, 5.2)
 * @kt: the target
 * @mode: of the alert; a kernel alert breaks user and kernel mode waits
 * @wake: set to what is to be done to the target
 *
 * Return: whether that alert was there already.
 */
bool ntapc_core_alert(struct ntapc_kthread *kt, enum ntapc_mode mode,
		      enum ntapc_wake *wake)
{
	bool was = kt->alerted[mode];

	*wake = NTAPC_WAKE_NONE;
	if (was)
		return true;
	if (kt->waiting && kt->alertable && mode <= kt->wait_mode &&
	    kt->wait_status == NTAPC_WAIT_BLOCK) {
		kt->wait_status = NTAPC_WAIT_ALERTED;
		*wake = NTAPC_WAKE_UNWAIT;
	} else {
		kt->alerted[mode] = true;
	}
	return false;
}

/**
 * ntapc_core_alert_by_id - NtAlertThreadByThreadId (rule 15.1)
 * @kt: the target
 * @wake: set to what is to be done to the target
 */
void ntapc_core_alert_by_id(struct ntapc_kthread *kt, enum ntapc_wake *wake)
{
	kt->alerted_by_id = true;
	*wake = kt->waiting_by_id ? ntapc_core_wait_satisfy(kt) :
				    NTAPC_WAKE_NONE;
}

/**
 * ntapc_core_take_alert_by_id - the end of a wait for it
 * @kt: the current thread
 *
 * Return: whether there was one, which is thereby taken.
 */
bool ntapc_core_take_alert_by_id(struct ntapc_kthread *kt)
{
	bool was = kt->alerted_by_id;

	kt->alerted_by_id = false;
	return was;
}
