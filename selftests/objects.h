/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dispatcher objects: their ioctls as functions that return the result or -errno,
 * and threads that wait for them.
 */
#ifndef NTAPC_SELFTESTS_OBJECTS_H
#define NTAPC_SELFTESTS_OBJECTS_H

#include "common.h"

/* What the out members hold before a call: written or not is to be told apart. */
#define POISON		0xccccccccU
/* In units of 100 ns, from now on, as NTAPC_IOC_SET_TIMER has it. */
#define MS_FROM_NOW(ms)	(-10000LL * (ms))
/* From 1601 to 1970, in units of 100 ns. */
#define NT_UNIX_EPOCH	116444736000000000LL

static const struct object_type {
	const char *name;
	__u32 type;
	__u32 limit;
} object_types[] = {
	{ "notification event", NTAPC_OBJECT_NOTIFICATION_EVENT, 0 },
	{ "synchronization event", NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0 },
	{ "semaphore", NTAPC_OBJECT_SEMAPHORE, 0x7fffffff },
	{ "mutant", NTAPC_OBJECT_MUTANT, 0 },
	{ "notification timer", NTAPC_OBJECT_NOTIFICATION_TIMER, 0 },
	{ "synchronization timer", NTAPC_OBJECT_SYNCHRONIZATION_TIMER, 0 },
};

#define NR_OBJECT_TYPES	(sizeof(object_types) / sizeof(object_types[0]))

/* Making them */

static inline int create_object(int dev, __u32 type, __u32 count, __u32 limit)
{
	struct ntapc_create args = {
		.size = sizeof(args),
		.type = type,
		.count = count,
		.limit = limit,
		.existed = POISON,
	};

	return sys_ioctl(dev, NTAPC_IOC_CREATE, &args);
}

/* @existed may be NULL; it is only written on success. */
static inline int create_named(int dev, __u32 type, __u32 flags, __u32 limit,
			       const void *name, __u32 length, __u32 *existed)
{
	struct ntapc_create args = {
		.size = sizeof(args),
		.type = type,
		.flags = flags,
		.limit = limit,
		.name = ADDR(name),
		.name_length = length,
		.existed = POISON,
	};
	int ret = sys_ioctl(dev, NTAPC_IOC_CREATE, &args);

	if (existed)
		*existed = args.existed;
	return ret;
}

/* NotificationEvent stays signalled, SynchronizationEvent lets one go. */
static inline int create_notification(int dev, bool signalled)
{
	return create_object(dev, NTAPC_OBJECT_NOTIFICATION_EVENT, signalled, 0);
}

static inline int create_event(int dev, bool signalled)
{
	return create_object(dev, NTAPC_OBJECT_SYNCHRONIZATION_EVENT, signalled,
			     0);
}

static inline int create_semaphore(int dev, __u32 count, __u32 limit)
{
	return create_object(dev, NTAPC_OBJECT_SEMAPHORE, count, limit);
}

static inline int create_mutant(int dev, bool owned)
{
	return create_object(dev, NTAPC_OBJECT_MUTANT, owned, 0);
}

static inline int create_timer(int dev, bool notification)
{
	return create_object(dev, notification ?
			     NTAPC_OBJECT_NOTIFICATION_TIMER :
			     NTAPC_OBJECT_SYNCHRONIZATION_TIMER, 0, 0);
}

/* Changing them */

/* Whether it was signalled before, 0 or 1; or an error. */
static inline int event_op(int event, __u32 op)
{
	struct ntapc_event args = {
		.size = sizeof(args),
		.op = op,
		.previous = POISON,
	};
	int ret = sys_ioctl(event, NTAPC_IOC_EVENT, &args);

	return ret ? ret : (int)args.previous;
}

static inline int set_event(int event)
{
	return event_op(event, NTAPC_EVENT_SET);
}

static inline int reset_event(int event)
{
	return event_op(event, NTAPC_EVENT_RESET);
}

static inline int pulse_event(int event)
{
	return event_op(event, NTAPC_EVENT_PULSE);
}

/* @previous may be NULL; it is POISON if nothing was written. */
static inline int release_object(int object, __u32 count, __s32 *previous)
{
	struct ntapc_release args = {
		.size = sizeof(args),
		.count = count,
		.previous = (__s32)POISON,
	};
	int ret = sys_ioctl(object, NTAPC_IOC_RELEASE, &args);

	if (previous)
		*previous = args.previous;
	return ret;
}

static inline int release_semaphore(int semaphore, __u32 count)
{
	return release_object(semaphore, count, NULL);
}

static inline int release_mutant(int mutant)
{
	return release_object(mutant, 1, NULL);
}

/* Whether it was signalled before; or an error. @due is NT's. */
static inline int set_timer_full(int timer, __s64 due, __u32 period,
				 __u64 routine, __u64 context)
{
	struct ntapc_set_timer args = {
		.size = sizeof(args),
		.period = period,
		.due = due,
		.routine = routine,
		.context = context,
		.previous = POISON,
	};
	int ret = sys_ioctl(timer, NTAPC_IOC_SET_TIMER, &args);

	return ret ? ret : (int)args.previous;
}

static inline int set_timer(int timer, __s64 due)
{
	return set_timer_full(timer, due, 0, 0, 0);
}

/* Whether it was set; or an error. @signalled may be NULL. */
static inline int cancel_timer(int timer, __u32 *signalled)
{
	struct ntapc_cancel_timer args = {
		.size = sizeof(args),
		.was_set = POISON,
		.signalled = POISON,
	};
	int ret = sys_ioctl(timer, NTAPC_IOC_CANCEL_TIMER, &args);

	if (signalled)
		*signalled = args.signalled;
	return ret ? ret : (int)args.was_set;
}

/* Looking at them */

static inline int get_object_info(int object, struct ntapc_object_info *info)
{
	memset(info, 0xcc, sizeof(*info));
	info->size = sizeof(*info);
	return sys_ioctl(object, NTAPC_IOC_OBJECT_INFO, info);
}

#define NO_STATE	INT_MIN

/* SignalState, which of a mutant may be below 0; or NO_STATE. */
static inline __s32 object_state(int object)
{
	struct ntapc_object_info info;

	return get_object_info(object, &info) ? NO_STATE : info.state;
}

static inline __u32 object_bits(int object)
{
	struct ntapc_object_info info;

	return get_object_info(object, &info) ? ~0U : info.flags;
}

static inline __u32 object_owner(int object)
{
	struct ntapc_object_info info;

	return get_object_info(object, &info) ? ~0U : info.owner;
}

static inline unsigned int nr_waiters(int object)
{
	struct ntapc_object_info info;

	return get_object_info(object, &info) ? UINT_MAX : info.nr_waiters;
}

/* Waits until just so many wait for it. */
static inline bool wait_until_waiting(int object, unsigned int nr)
{
	return wait_until(nr_waiters(object) == nr);
}

/* Waiting for them */

/* By the instance. */
static inline int wait_objects(int dev, __u32 flags, __u64 deadline,
			       const __s32 *objects, __u32 nr)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = flags,
		.deadline = deadline,
		.nr_objects = nr,
		.objects = ADDR(objects),
	};

	return sys_ioctl(dev, NTAPC_IOC_WAIT, &args);
}

static inline int wait_any(int dev, __u64 deadline, const __s32 *objects,
			   __u32 nr)
{
	return wait_objects(dev, 0, deadline, objects, nr);
}

static inline int wait_all(int dev, __u64 deadline, const __s32 *objects,
			   __u32 nr)
{
	return wait_objects(dev, NTAPC_WAIT_ALL, deadline, objects, nr);
}

/* By the object's own descriptor. */
static inline int wait_flags(int object, __u32 flags, __u64 deadline)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = flags,
		.deadline = deadline,
	};

	return sys_ioctl(object, NTAPC_IOC_WAIT, &args);
}

static inline int wait_one(int object, __u64 deadline)
{
	return wait_flags(object, 0, deadline);
}

/* Would it satisfy a wait now? If so it is taken. */
static inline int try_one(int object)
{
	return wait_one(object, 0);
}

/* NtSignalAndWaitForSingleObject */
static inline int signal_and_wait(int signal, int object, __u32 flags,
				  __u64 deadline)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_SIGNAL | flags,
		.deadline = deadline,
		.signal = signal,
	};

	return sys_ioctl(object, NTAPC_IOC_WAIT, &args);
}

/*
 * struct waiter - a thread that waits once, and then sleeps until it may end
 *
 * waiter_start() returns when it waits. What it returned is in @worker.ret, once
 * waiter_done(). What it has acquired is its own until waiter_end().
 */
struct waiter {
	struct worker worker;
	__u32 flags;
	__u64 deadline;
	__s32 objects[NTAPC_OBJECTS_MAX];
	__u32 nr;
};

static void waiter_run(struct worker *worker)
{
	struct waiter *waiter = (struct waiter *)worker;

	worker->ret = wait_objects(worker->dev, waiter->flags, waiter->deadline,
				   waiter->objects, waiter->nr);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

/* It may be through with the wait already. */
static inline bool waiter_begin(struct waiter *waiter, int dev, __u32 flags,
				__u64 deadline, const __s32 *objects, __u32 nr)
{
	waiter->flags = flags;
	waiter->deadline = deadline;
	waiter->nr = nr;
	memcpy(waiter->objects, objects, nr * sizeof(*objects));
	return worker_start(&waiter->worker, dev, waiter_run);
}

static inline bool waiter_start(struct waiter *waiter, int dev, __u32 flags,
				const __s32 *objects, __u32 nr)
{
	return waiter_begin(waiter, dev, flags, NTAPC_WAIT_FOREVER, objects,
			    nr) &&
	       wait_waiting(waiter->worker.fd);
}

static inline bool waiter_start_one(struct waiter *waiter, int dev, int object)
{
	return waiter_start(waiter, dev, 0, &object, 1);
}

/* Has the wait ended? */
static inline bool waiter_is_done(struct waiter *waiter)
{
	return atomic_load(&waiter->worker.stage);
}

static inline bool waiter_done(struct waiter *waiter)
{
	return worker_reached(&waiter->worker, 1);
}

#define STILL_WAITING	(-10000)

/* What the wait returned, which ends soon or has ended. */
static inline long waiter_result(struct waiter *waiter)
{
	return waiter_done(waiter) ? waiter->worker.ret : STILL_WAITING;
}

/* The wait has ended or does soon; so does the thread then. */
static inline void waiter_end(struct waiter *waiter)
{
	worker_go(&waiter->worker);
	worker_join(&waiter->worker);
	close(waiter->worker.fd);
}

#endif /* NTAPC_SELFTESTS_OBJECTS_H */
