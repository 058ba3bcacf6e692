// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Guarded stretches: the parts of ntapc_guard_enter() and _leave() that aren't
 * inline.
 */
#include "internal.h"

/* Never fails: without the module there are no special APCs to keep out. */
struct ntapc_control *ntapc_control_get(void)
{
	int err;
	struct thread *t = ntapc__self(&err);

	/* A special APC may come where the thread is registered and this isn't set. */
	ntapc_control_slot = t ? t->control : &ntapc__tls.unregistered;
	return ntapc_control_slot;
}

void ntapc_guard_flush(void)
{
	struct ntapc_test_alert ta = {
		.size = sizeof(ta),
		.flags = NTAPC_TEST_SPECIAL_ONLY,
	};
	int fd = ntapc_instance();

	if (fd < 0)
		return;
	ntapc__tls.in_call = 1;
	ntapc__ioctl(fd, NTAPC_IOC_TEST_ALERT, &ta);
	ntapc__tls.in_call = 0;
}
