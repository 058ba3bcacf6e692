// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Alerts: NT's older ones, which end alertable waits, and those by thread id, which
 * have a wait of their own.
 */
#include <errno.h>

#include "internal.h"

int ntapc_alert(int fd)
{
	struct ntapc_alert a = { .size = sizeof(a) };

	return ntapc__ioctl(fd, NTAPC_IOC_ALERT, &a);
}

int ntapc_alert_by_id(pid_t tid)
{
	struct ntapc_alert_by_id a = { .size = sizeof(a), .tid = tid };
	int fd = ntapc_instance();

	return fd < 0 ? fd : ntapc__ioctl(fd, NTAPC_IOC_ALERT_BY_ID, &a);
}

int ntapc_wait_by_id(uint64_t timeout_ns, unsigned int flags)
{
	struct ntapc_wait_by_id w = { .size = sizeof(w) };
	int fd, ret;

	/* APCs don't end it (rule 15.4). */
	if (flags & NTAPC_ALERTABLE)
		return -EINVAL;
	ret = ntapc__deadline(timeout_ns, flags, &w.deadline);
	if (ret)
		return ret;
	if (flags & NTAPC_REALTIME)
		w.flags |= NTAPC_WAIT_REALTIME;
	fd = ntapc_instance();
	return fd < 0 ? fd : ntapc__ioctl(fd, NTAPC_IOC_WAIT_BY_ID, &w);
}
