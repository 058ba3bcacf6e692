// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Queueing.
 */
#include <errno.h>

#include "internal.h"

/* A special APC to oneself runs on the way out, in the midst of the call. */
static int queue_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret;

	ntapc__tls.in_call = 1;
	ret = ntapc__ioctl(fd, cmd, arg);
	ntapc__tls.in_call = 0;
	return ret;
}

int ntapc_queue(int fd, ntapc_routine routine, uintptr_t arg1, uintptr_t arg2,
		uintptr_t arg3)
{
	return ntapc_queue_ex(fd, 0, -1, routine, arg1, arg2, arg3);
}

int ntapc_queue_ex(int fd, unsigned int flags, int reserve,
		   ntapc_routine routine, uintptr_t arg1, uintptr_t arg2,
		   uintptr_t arg3)
{
	struct ntapc_queue q = {
		.size = sizeof(q),
		.flags = flags,
		.routine = (uintptr_t)routine,
		.arg = { arg1, arg2, arg3 },
	};

	if (flags & NTAPC_QUEUE_RESERVE)
		return -EINVAL;
	if (reserve != -1) {
		q.flags |= NTAPC_QUEUE_RESERVE;
		q.reserve = reserve;
	}
	return queue_ioctl(fd, NTAPC_IOC_QUEUE, &q);
}

int ntapc_queue_many(int fd, const struct ntapc_queue_entry *entries,
		     unsigned int n)
{
	struct ntapc_queue_many qm = {
		.size = sizeof(qm),
		.entries = (uintptr_t)entries,
		.count = n,
	};

	return queue_ioctl(fd, NTAPC_IOC_QUEUE_MANY, &qm);
}

int ntapc_reserve_create(void)
{
	struct ntapc_reserve r = {
		.size = sizeof(r),
		.type = NTAPC_RESERVE_USER_APC,
	};
	int fd = ntapc_instance();

	if (fd < 0)
		return fd;
	return ntapc__ioctl(fd, NTAPC_IOC_RESERVE, &r);
}
