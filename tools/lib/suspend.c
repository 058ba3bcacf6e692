// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Suspending, resuming, ending.
 *
 * The thread that this is done to may be anywhere, in this library too. So nothing
 * that these functions, or others between a suspension and its resumption, need may
 * be held by somebody else: handles are looked up without a lock (handle.c), and
 * what is allocated on the way is allocated from the kernel.
 */
#include "internal.h"

int ntapc_suspend(int fd, unsigned int flags)
{
	struct ntapc_suspend s = { .size = sizeof(s), .flags = flags };

	return ntapc__ioctl(fd, NTAPC_IOC_SUSPEND, &s);
}

int ntapc_resume(int fd, unsigned int flags)
{
	struct ntapc_resume r = { .size = sizeof(r), .flags = flags };

	return ntapc__ioctl(fd, NTAPC_IOC_RESUME, &r);
}

int ntapc_terminate(int fd, uint32_t status)
{
	struct ntapc_terminate t = { .size = sizeof(t), .status = status };
	int ret;

	/* Oneself: there is no coming back. */
	ntapc__reap_later();
	ret = ntapc__ioctl(fd, NTAPC_IOC_TERMINATE, &t);
	/* Another one: who looked meanwhile has found nobody about to end. */
	ntapc__reap_later();
	return ret;
}
