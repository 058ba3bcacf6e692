// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Kernel APCs, by the name of their routine.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

int ntapc_kernel_apc(int fd, const char *name, unsigned int flags,
		     const uint64_t arg[3])
{
	struct ntapc_kernel_apc k = { .size = sizeof(k), .flags = flags };
	size_t length = strlen(name);

	if (length >= sizeof(k.name))
		return -EINVAL;
	memcpy(k.name, name, length);
	if (arg)
		memcpy(k.arg, arg, sizeof(k.arg));
	return ntapc__ioctl(fd, NTAPC_IOC_KERNEL_APC, &k);
}

int ntapc_apc_result(int apc, struct ntapc_apc_result *result)
{
	result->size = sizeof(*result);
	result->pad = 0;
	return ntapc__ioctl(apc, NTAPC_IOC_APC_RESULT, result);
}

int ntapc_apc_remove(int apc)
{
	struct ntapc_apc_remove r = { .size = sizeof(r) };

	return ntapc__ioctl(apc, NTAPC_IOC_APC_REMOVE, &r);
}
