/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page faults that a test serves, or leaves waiting: userfaultfd(2).
 */
#ifndef NTAPC_SELFTESTS_FAULTS_H
#define NTAPC_SELFTESTS_FAULTS_H

#include "procs.h"

#include <linux/userfaultfd.h>

/* The descriptor of one's own faults there; below 0 if the kernel gives none. */
static inline int register_faults(void *area, size_t length)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { ADDR(area), length },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	/* Without O_NONBLOCK it can't be polled. */
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &range))
		return -1;
	return fd;
}

/* The address of the next fault; 0 if none comes. */
static inline __u64 next_fault(int faults)
{
	struct uffd_msg msg;

	if (!wait_readable(faults) ||
	    read(faults, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		return 0;
	return msg.arg.pagefault.address & -ONE_PAGE;
}

static inline int serve_fault(int faults, __u64 address, const void *page)
{
	struct uffdio_copy copy = {
		.dst = address,
		.src = ADDR(page),
		.len = ONE_PAGE,
	};

	return ioctl(faults, UFFDIO_COPY, &copy) ? -errno : 0;
}

#endif
