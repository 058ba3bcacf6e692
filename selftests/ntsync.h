/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ntsync's ioctls as functions that return their result or -errno, and a thread that
 * waits by them. None needs /dev/ntapc.
 */
#ifndef NTAPC_SELFTESTS_NTSYNC_H
#define NTAPC_SELFTESTS_NTSYNC_H

#include "common.h"

#include <linux/ntapc_ntsync.h>

static inline int make_sem(int dev, __u32 count, __u32 max)
{
	struct ntsync_sem_args args = { .count = count, .max = max };

	return sys_ioctl(dev, NTSYNC_IOC_CREATE_SEM, &args);
}

static inline int make_mutex(int dev, __u32 owner, __u32 count)
{
	struct ntsync_mutex_args args = { .owner = owner, .count = count };

	return sys_ioctl(dev, NTSYNC_IOC_CREATE_MUTEX, &args);
}

static inline int make_event(int dev, __u32 manual, __u32 signaled)
{
	struct ntsync_event_args args = {
		.manual = manual,
		.signaled = signaled,
	};

	return sys_ioctl(dev, NTSYNC_IOC_CREATE_EVENT, &args);
}

/* Each of @previous may be NULL. */

static inline int sem_release(int sem, __u32 count, __u32 *previous)
{
	__u32 args = count;
	int ret = sys_ioctl(sem, NTSYNC_IOC_SEM_RELEASE, &args);

	if (previous)
		*previous = args;
	return ret;
}

static inline int mutex_unlock(int mutex, __u32 owner, __u32 *previous)
{
	struct ntsync_mutex_args args = { .owner = owner, .count = 0xcccccccc };
	int ret = sys_ioctl(mutex, NTSYNC_IOC_MUTEX_UNLOCK, &args);

	if (previous)
		*previous = args.count;
	return ret;
}

static inline int mutex_kill(int mutex, __u32 owner)
{
	return sys_ioctl(mutex, NTSYNC_IOC_MUTEX_KILL, &owner);
}

static inline int event_do(int event, unsigned long cmd, __u32 *previous)
{
	__u32 args = 0xcccccccc;
	int ret = sys_ioctl(event, cmd, &args);

	if (previous)
		*previous = args;
	return ret;
}

/* What the three kinds say of themselves. */

#define EXPECT_SEM(fd, count_, max_)					\
do {									\
	struct ntsync_sem_args state_;					\
									\
	memset(&state_, 0xcc, sizeof(state_));				\
	EXPECT_EQ(0, sys_ioctl(fd, NTSYNC_IOC_SEM_READ, &state_));	\
	EXPECT_EQ((__u32)(count_), state_.count);			\
	EXPECT_EQ((__u32)(max_), state_.max);				\
} while (0)

#define EXPECT_MUTEX(fd, result, owner_, count_)			\
do {									\
	struct ntsync_mutex_args state_;				\
									\
	memset(&state_, 0xcc, sizeof(state_));				\
	EXPECT_EQ(result, sys_ioctl(fd, NTSYNC_IOC_MUTEX_READ, &state_)); \
	EXPECT_EQ((__u32)(owner_), state_.owner);			\
	EXPECT_EQ((__u32)(count_), state_.count);			\
} while (0)

#define EXPECT_EVENT(fd, manual_, signaled_)				\
do {									\
	struct ntsync_event_args state_;				\
									\
	memset(&state_, 0xcc, sizeof(state_));				\
	EXPECT_EQ(0, sys_ioctl(fd, NTSYNC_IOC_EVENT_READ, &state_));	\
	EXPECT_EQ((__u32)(manual_), state_.manual);			\
	EXPECT_EQ((__u32)(signaled_), state_.signaled);			\
} while (0)

/* Waits. @index is 0xcccccccc unless it was written. */

static inline int nt_wait_flags(int dev, unsigned long cmd, __u32 flags,
				__u64 timeout, __u32 owner, int alert,
				__u32 *index, const int *fds, __u32 nr)
{
	struct ntsync_wait_args args = {
		.timeout = timeout,
		.objs = ADDR(fds),
		.count = nr,
		.index = 0xcccccccc,
		.flags = flags,
		.owner = owner,
		.alert = alert,
	};
	int ret = sys_ioctl(dev, cmd, &args);

	*index = args.index;
	return ret;
}

static inline int nt_wait(int dev, unsigned long cmd, __u64 timeout, __u32 owner,
			  int alert, __u32 *index, const int *fds, __u32 nr)
{
	return nt_wait_flags(dev, cmd, 0, timeout, owner, alert, index, fds, nr);
}

#define NT_TRY(dev, cmd, owner, alert, index, ...) ({			\
	const int fds_[] = { __VA_ARGS__ };				\
	nt_wait(dev, cmd, 0, owner, alert, index, fds_,			\
		sizeof(fds_) / sizeof(fds_[0]));			\
})

/* For these objects, without blocking. */
#define ANY(dev, owner, index, ...)					\
	NT_TRY(dev, NTSYNC_IOC_WAIT_ANY, owner, 0, index, __VA_ARGS__)
#define ALL(dev, owner, index, ...)					\
	NT_TRY(dev, NTSYNC_IOC_WAIT_ALL, owner, 0, index, __VA_ARGS__)
#define ANY_ALERT(dev, alert, index, ...)				\
	NT_TRY(dev, NTSYNC_IOC_WAIT_ANY, 1, alert, index, __VA_ARGS__)
#define ALL_ALERT(dev, alert, index, ...)				\
	NT_TRY(dev, NTSYNC_IOC_WAIT_ALL, 1, alert, index, __VA_ARGS__)

/* A thread that waits without end, and ends then. */
struct nt_waiter {
	pthread_t thread;
	int dev;
	unsigned long cmd;
	__u32 owner;
	int alert;
	int fds[NTSYNC_MAX_WAIT_COUNT];
	__u32 nr;
	atomic_int tid;
	__u32 index;
	int ret;
};

static inline void *nt_waiter_run(void *arg)
{
	struct nt_waiter *waiter = arg;

	atomic_store(&waiter->tid, syscall(SYS_gettid));
	waiter->ret = nt_wait(waiter->dev, waiter->cmd, ~0ULL, waiter->owner,
			      waiter->alert, &waiter->index, waiter->fds,
			      waiter->nr);
	return NULL;
}

/* It may be through with the wait already. */
static inline bool nt_begin(struct nt_waiter *waiter, int dev, unsigned long cmd,
			    __u32 owner, const int *fds, __u32 nr)
{
	waiter->dev = dev;
	waiter->cmd = cmd;
	waiter->owner = owner;
	memcpy(waiter->fds, fds, nr * sizeof(*fds));
	waiter->nr = nr;
	atomic_store(&waiter->tid, 0);
	return !pthread_create(&waiter->thread, NULL, nt_waiter_run, waiter) &&
	       wait_until(atomic_load(&waiter->tid));
}

/* The same, until it sleeps: between its first words and the wait it doesn't. */
static inline bool nt_start(struct nt_waiter *waiter, int dev, unsigned long cmd,
			    __u32 owner, const int *fds, __u32 nr)
{
	return nt_begin(waiter, dev, cmd, owner, fds, nr) &&
	       wait_asleep(waiter->tid);
}

static inline int nt_join(struct nt_waiter *waiter)
{
	pthread_join(waiter->thread, NULL);
	return waiter->ret;
}

#endif
