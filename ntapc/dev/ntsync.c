// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntsync's ioctls, on an instance and on the objects that they make. What they
 * return, and in what order they check, is as ntsync has it.
 */
#include <linux/anon_inodes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/ntapc_ntsync.h>

#include "dev.h"

static long make(struct file *instance, u8 type, u32 state, u32 limit, u32 owner)
{
	struct ntapc_object *object = ntapc_object_alloc(type, state, limit);

	if (!object)
		return -ENOMEM;
	object->home = (unsigned long)instance->private_data;
	object->ko.by_id = type == NTAPC_OBJECT_MUTANT;
	object->ko.owner = owner;
	return ntapc_object_fd(object, true);
}

static long create_semaphore(struct file *instance, void __user *user)
{
	struct ntsync_sem_args args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.count > args.max)
		return -EINVAL;
	return make(instance, NTAPC_OBJECT_SEMAPHORE, args.count, args.max, 0);
}

static long create_mutex(struct file *instance, void __user *user)
{
	struct ntsync_mutex_args args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (!args.owner != !args.count)
		return -EINVAL;
	return make(instance, NTAPC_OBJECT_MUTANT, args.count, 0, args.owner);
}

static long create_event(struct file *instance, void __user *user)
{
	struct ntsync_event_args args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	return make(instance,
		    args.manual ? NTAPC_OBJECT_NOTIFICATION_EVENT :
				  NTAPC_OBJECT_SYNCHRONIZATION_EVENT,
		    !!args.signaled, 0, 0);
}

static long wait_for(struct file *instance, struct ntsync_wait_args __user *user,
		     bool all)
{
	s32 fds[NTSYNC_MAX_WAIT_COUNT + 1];
	struct ntsync_wait_args args;
	struct ntapc_thread *thread;
	bool abandoned, ended = true;
	int index, status;
	u32 nr;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.pad || args.flags & ~NTSYNC_WAIT_REALTIME || !args.owner ||
	    args.count > NTSYNC_MAX_WAIT_COUNT)
		return -EINVAL;
	nr = args.count;
	if (copy_from_user(fds, u64_to_user_ptr(args.objs), nr * sizeof(*fds)))
		return -EFAULT;
	if (args.alert)
		fds[nr++] = args.alert;
	status = ntapc_ntsync_wait(fds, nr, args.alert, all, args.owner,
				   (unsigned long)instance->private_data,
				   args.timeout,
				   args.flags & NTSYNC_WAIT_REALTIME, &index,
				   &abandoned);
	switch (status) {
	case NTAPC_WAIT_TIMEOUT:
		status = -ETIMEDOUT;
		ended = false;
		break;
	case NTAPC_WAIT_USER_APC:
	case NTAPC_WAIT_ALERTED:
		/* As the alert itself would. */
		index = args.count;
		status = 0;
		break;
	case NTAPC_WAIT_OBJECT:
		status = abandoned ? -EOWNERDEAD : 0;
		break;
	default:
		ended = false;
		break;
	}
	if (ended && put_user(index, &user->index))
		status = -EFAULT;
	thread = ntapc_thread_find(current);
	return thread ? ntapc_deliver_sync(thread, status) :
			ntapc_sure_to_restart(status);
}

/**
 * ntapc_ntsync_ioctl - ntsync's ioctls of an instance
 * @file: the instance
 * @cmd: the command
 * @arg: address of its struct
 *
 * Return: as ntsync.
 */
long ntapc_ntsync_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case NTSYNC_IOC_CREATE_SEM:
		return create_semaphore(file, user);
	case NTSYNC_IOC_CREATE_MUTEX:
		return create_mutex(file, user);
	case NTSYNC_IOC_CREATE_EVENT:
		return create_event(file, user);
	case NTSYNC_IOC_WAIT_ANY:
		return wait_for(file, user, false);
	case NTSYNC_IOC_WAIT_ALL:
		return wait_for(file, user, true);
	default:
		return -ENOTTY;
	}
}

/* Objects */

static bool is_mutex(const struct ntapc_object *object)
{
	return object->ko.type == NTAPC_OBJECT_MUTANT;
}

static long semaphore_release(struct ntapc_object *object, u32 __user *user)
{
	u32 count, previous;
	int err;

	if (get_user(count, user))
		return -EFAULT;
	if (object->ko.type != NTAPC_OBJECT_SEMAPHORE)
		return -EINVAL;
	err = ntapc_object_release_semaphore(object, count, &previous);
	if (!err && put_user(previous, user))
		err = -EFAULT;
	return err;
}

static long mutex_unlock_by(struct ntapc_object *object,
			    struct ntsync_mutex_args __user *user)
{
	struct ntsync_mutex_args args;
	u32 previous;
	int err;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (!args.owner || !is_mutex(object))
		return -EINVAL;
	err = ntapc_object_release_mutant(object, args.owner, &previous);
	if (!err && put_user(previous, &user->count))
		err = -EFAULT;
	return err;
}

static long mutex_kill(struct ntapc_object *object, u32 __user *user)
{
	u32 owner;

	if (get_user(owner, user))
		return -EFAULT;
	if (!owner || !is_mutex(object))
		return -EINVAL;
	return ntapc_object_abandon(object, owner);
}

static long change_event(struct ntapc_object *object, u32 __user *user,
			 u32 (*change)(struct ntapc_object *object))
{
	if (!ntapc_core_is_event(&object->ko))
		return -EINVAL;
	return put_user(change(object), user);
}

static long read_semaphore(struct ntapc_object *object, void __user *user)
{
	struct ntsync_sem_args args;

	if (object->ko.type != NTAPC_OBJECT_SEMAPHORE)
		return -EINVAL;
	spin_lock(&object->lock);
	args.count = object->ko.state;
	args.max = object->ko.limit;
	spin_unlock(&object->lock);
	return copy_to_user(user, &args, sizeof(args)) ? -EFAULT : 0;
}

static long read_mutex(struct ntapc_object *object, void __user *user)
{
	struct ntsync_mutex_args args;
	int ret;

	if (!is_mutex(object))
		return -EINVAL;
	spin_lock(&object->lock);
	args.count = object->ko.state;
	args.owner = object->ko.owner;
	ret = object->ko.abandoned ? -EOWNERDEAD : 0;
	spin_unlock(&object->lock);
	return copy_to_user(user, &args, sizeof(args)) ? -EFAULT : ret;
}

static long read_event(struct ntapc_object *object, void __user *user)
{
	struct ntsync_event_args args;

	if (!ntapc_core_is_event(&object->ko))
		return -EINVAL;
	spin_lock(&object->lock);
	args.manual = ntapc_core_keeps(&object->ko);
	args.signaled = object->ko.state;
	spin_unlock(&object->lock);
	return copy_to_user(user, &args, sizeof(args)) ? -EFAULT : 0;
}

/**
 * ntapc_ntsync_object_ioctl - ntsync's ioctls of an object that those have made
 * @object: the object
 * @cmd: the command
 * @arg: address of its struct
 *
 * Return: as ntsync.
 */
long ntapc_ntsync_object_ioctl(struct ntapc_object *object, unsigned int cmd,
			       unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case NTSYNC_IOC_SEM_RELEASE:
		return semaphore_release(object, user);
	case NTSYNC_IOC_SEM_READ:
		return read_semaphore(object, user);
	case NTSYNC_IOC_MUTEX_UNLOCK:
		return mutex_unlock_by(object, user);
	case NTSYNC_IOC_MUTEX_KILL:
		return mutex_kill(object, user);
	case NTSYNC_IOC_MUTEX_READ:
		return read_mutex(object, user);
	case NTSYNC_IOC_EVENT_SET:
		return change_event(object, user, ntapc_object_set);
	case NTSYNC_IOC_EVENT_RESET:
		return change_event(object, user, ntapc_object_reset);
	case NTSYNC_IOC_EVENT_PULSE:
		return change_event(object, user, ntapc_object_pulse);
	case NTSYNC_IOC_EVENT_READ:
		return read_event(object, user);
	default:
		return -ENOTTY;
	}
}
