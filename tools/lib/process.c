// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Processes by descriptor, and attaching the calling thread to them.
 */
#include <errno.h>

#include "internal.h"

static int process_open(unsigned int flags, int pid)
{
	struct ntapc_process_open po = {
		.size = sizeof(po),
		.flags = flags,
		.pid = pid,
	};
	int fd = ntapc_instance();

	if (fd < 0)
		return fd;
	return ntapc__ioctl(fd, NTAPC_IOC_PROCESS_OPEN, &po);
}

int ntapc_process_open(pid_t pid)
{
	return process_open(0, pid);
}

int ntapc_process_open_pidfd(int pidfd)
{
	return process_open(NTAPC_PROCESS_PIDFD, pidfd);
}

int ntapc_process_info(int fd, struct ntapc_process_info *info)
{
	*info = (struct ntapc_process_info){ .size = sizeof(*info) };
	return ntapc__ioctl(fd, NTAPC_IOC_PROCESS_INFO, info);
}

int ntapc_attach(int fd)
{
	struct ntapc_attach a = { .size = sizeof(a) };

	return ntapc__ioctl(fd, NTAPC_IOC_ATTACH, &a);
}

int ntapc_stack_attach(int fd, uint32_t *save)
{
	struct ntapc_attach a = {
		.size = sizeof(a),
		.flags = NTAPC_ATTACH_STACK,
	};
	int ret = ntapc__ioctl(fd, NTAPC_IOC_ATTACH, &a);

	if (!ret)
		*save = a.save;
	return ret;
}

static int detach(unsigned int flags, uint32_t save)
{
	struct ntapc_detach d = {
		.size = sizeof(d),
		.flags = flags,
		.save = save,
	};
	int fd = ntapc_instance();

	if (fd < 0)
		return fd;
	return ntapc__ioctl(fd, NTAPC_IOC_DETACH, &d);
}

int ntapc_detach(void)
{
	return detach(0, 0);
}

int ntapc_unstack_detach(uint32_t save)
{
	return detach(NTAPC_DETACH_UNSTACK, save);
}
