/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The ioctls of ntsync (Linux 6.14 and later), which /dev/ntapc takes as well, for
 * those whose kernel headers lack linux/ntsync.h. Where that has been included this
 * adds nothing. What they do is said in Documentation/userspace-api/ntsync.rst of
 * the kernel.
 *
 * Copyright (C) 2026 the ntapc authors
 */
#ifndef _UAPI_LINUX_NTAPC_NTSYNC_H
#define _UAPI_LINUX_NTAPC_NTSYNC_H

#include <linux/ioctl.h>
#include <linux/types.h>

#ifndef __LINUX_NTSYNC_H

struct ntsync_sem_args {
	__u32 count;
	__u32 max;
};

struct ntsync_mutex_args {
	__u32 owner;
	__u32 count;
};

struct ntsync_event_args {
	__u32 manual;
	__u32 signaled;
};

/**
 * struct ntsync_wait_args - NTSYNC_IOC_WAIT_ANY, NTSYNC_IOC_WAIT_ALL
 * @timeout: in: ns, absolute; all ones: no limit
 * @objs: in: address of @count __u32 descriptors
 * @count: in: at most NTSYNC_MAX_WAIT_COUNT
 * @index: out: which one; @count: the alert
 * @flags: in: NTSYNC_WAIT_REALTIME or 0
 * @owner: in: whose mutexes are to be
 * @alert: in: the descriptor of an event, or 0. ntapc ends the wait with it, too,
 *	where the thread has user APCs queued or was alerted
 * @pad: in: 0
 */
struct ntsync_wait_args {
	__u64 timeout;
	__u64 objs;
	__u32 count;
	__u32 index;
	__u32 flags;
	__u32 owner;
	__u32 alert;
	__u32 pad;
};

#define NTSYNC_WAIT_REALTIME		0x1
#define NTSYNC_MAX_WAIT_COUNT		64

#define NTSYNC_IOC_CREATE_SEM		_IOW('N', 0x80, struct ntsync_sem_args)
#define NTSYNC_IOC_SEM_RELEASE		_IOWR('N', 0x81, __u32)
#define NTSYNC_IOC_WAIT_ANY		_IOWR('N', 0x82, struct ntsync_wait_args)
#define NTSYNC_IOC_WAIT_ALL		_IOWR('N', 0x83, struct ntsync_wait_args)
#define NTSYNC_IOC_CREATE_MUTEX		_IOW('N', 0x84, struct ntsync_mutex_args)
#define NTSYNC_IOC_MUTEX_UNLOCK		_IOWR('N', 0x85, struct ntsync_mutex_args)
#define NTSYNC_IOC_MUTEX_KILL		_IOW('N', 0x86, __u32)
#define NTSYNC_IOC_CREATE_EVENT		_IOW('N', 0x87, struct ntsync_event_args)
#define NTSYNC_IOC_EVENT_SET		_IOR('N', 0x88, __u32)
#define NTSYNC_IOC_EVENT_RESET		_IOR('N', 0x89, __u32)
#define NTSYNC_IOC_EVENT_PULSE		_IOR('N', 0x8a, __u32)
#define NTSYNC_IOC_SEM_READ		_IOR('N', 0x8b, struct ntsync_sem_args)
#define NTSYNC_IOC_MUTEX_READ		_IOR('N', 0x8c, struct ntsync_mutex_args)
#define NTSYNC_IOC_EVENT_READ		_IOR('N', 0x8d, struct ntsync_event_args)

#endif
#endif
