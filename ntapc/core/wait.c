// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order in which a wait looks at what may end it (section 11).
 */
#include "core.h"

/* Rule 11.2. NTAPC_WAIT_BLOCK if nothing of the kind. */
static int test_alertable(struct ntapc_kthread *kt, enum ntapc_mode mode,
			  bool guarded)
{
	struct ntapc_apc_state *state = &kt->apc_state;
	/* What ends the thread isn't held back. */
	bool special = state->special_pending &&
		       (!guarded || state->exit_pending);

	if (kt->alerted[mode]) {
		kt->alerted[mode] = false;
		return NTAPC_WAIT_ALERTED;
	}
	if (mode == NTAPC_USER_MODE) {
		if (!list_empty(&state->normal[NTAPC_USER_MODE])) {
			state->user_pending = true;
			return NTAPC_WAIT_USER_APC;
		}
		if (special)
			return NTAPC_WAIT_USER_APC;
	}
	if (kt->alerted[NTAPC_KERNEL_MODE]) {
		kt->alerted[NTAPC_KERNEL_MODE] = false;
		return NTAPC_WAIT_ALERTED;
	}
	return NTAPC_WAIT_BLOCK;
}

/**
 * ntapc_core_wait_test - does this wait end before it begins? (rule 11.1)
 * @kt: the current thread
 * @mode: WaitMode
 * @alertable: Alertable
 * @signalled: the objects satisfy the wait
 * @guarded: the thread holds special user APCs back
 * @due: the time is over
 *
 * Return: %NTAPC_WAIT_KERNEL_APC: run them, then ask again;
 * %NTAPC_WAIT_BLOCK: nothing ends it; else how it ended.
 */
int ntapc_core_wait_test(struct ntapc_kthread *kt, enum ntapc_mode mode,
			 bool alertable, bool signalled, bool guarded,
			 bool due)
{
	int status = NTAPC_WAIT_BLOCK;

	if (kt->apc_state.kernel_pending && !kt->special_apc_disable)
		return NTAPC_WAIT_KERNEL_APC;
	if (signalled)
		return NTAPC_WAIT_OBJECT;
	if (alertable)
		status = test_alertable(kt, mode, guarded);
	else if (mode == NTAPC_USER_MODE && kt->apc_state.user_pending)
		status = NTAPC_WAIT_USER_APC;
	if (status == NTAPC_WAIT_BLOCK && due)
		status = NTAPC_WAIT_TIMEOUT;
	return status;
}
