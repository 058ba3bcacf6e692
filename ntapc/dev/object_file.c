// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of events, semaphores, mutants and timers.
 */
#include <linux/anon_inodes.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "dev.h"

#define NTAPC_IOCTL_BASE	_IOC_NR(NTAPC_IOC_EVENT)

static long ioctl_event(struct ntapc_call *call)
{
	struct ntapc_object *object = call->file->private_data;
	struct ntapc_event __user *user = call->user;
	const struct ntapc_event *args = call->args;
	u32 previous;

	if (!ntapc_core_is_event(&object->ko))
		return -ENOTTY;
	if (args->pad)
		return -EINVAL;
	switch (args->op) {
	case NTAPC_EVENT_SET:
		previous = ntapc_object_set(object);
		break;
	case NTAPC_EVENT_RESET:
		previous = ntapc_object_reset(object);
		break;
	case NTAPC_EVENT_PULSE:
		previous = ntapc_object_pulse(object);
		break;
	default:
		return -EINVAL;
	}
	return put_user(previous, &user->previous);
}

static long release_mutant(struct ntapc_object *object, s32 *previous)
{
	struct ntapc_thread *thread;
	u32 acquired;
	int err;

	if (object->ko.by_id)
		return -EPERM;
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	err = ntapc_object_release_mutant(object, ntapc_owner(thread),
					  &acquired);
	*previous = ntapc_core_mutant_state(acquired);
	return err;
}

static long ioctl_release(struct ntapc_call *call)
{
	struct ntapc_object *object = call->file->private_data;
	bool mutant = object->ko.type == NTAPC_OBJECT_MUTANT;
	struct ntapc_release __user *user = call->user;
	const struct ntapc_release *args = call->args;
	s32 previous;
	long err;

	if (object->ko.type != NTAPC_OBJECT_SEMAPHORE && !mutant)
		return -ENOTTY;
	if (args->pad || !args->count || args->count > (mutant ? 1 : S32_MAX))
		return -EINVAL;
	if (mutant)
		err = release_mutant(object, &previous);
	else
		err = ntapc_object_release_semaphore(object, args->count,
						     (u32 *)&previous);
	return err ? err : put_user(previous, &user->previous);
}

static long ioctl_set_timer(struct ntapc_call *call)
{
	struct ntapc_object *object = call->file->private_data;
	struct ntapc_set_timer __user *user = call->user;
	const struct ntapc_set_timer *args = call->args;
	struct ntapc_thread *thread = NULL;
	bool was_set;
	u32 previous;
	int err;

	if (!object->timer)
		return -ENOTTY;
	if (args->pad || args->period > S32_MAX ||
	    (!args->routine && args->context))
		return -EINVAL;
	if (args->routine) {
		thread = ntapc_thread_self();
		if (IS_ERR(thread))
			return PTR_ERR(thread);
	}
	err = ntapc_timer_set(object, thread, args, &previous, &was_set);
	return err ? err : put_user(previous, &user->previous);
}

static long ioctl_cancel_timer(struct ntapc_call *call)
{
	struct ntapc_object *object = call->file->private_data;
	struct ntapc_cancel_timer result = { .size = call->size };
	const struct ntapc_cancel_timer *args = call->args;

	if (!object->timer)
		return -ENOTTY;
	if (args->pad)
		return -EINVAL;
	result.was_set = ntapc_timer_cancel(object);
	result.signalled = ntapc_object_is_signalled(object);
	return ntapc_copy_out(call, &result, sizeof(result));
}

static long ioctl_object_info(struct ntapc_call *call)
{
	struct ntapc_object_info info = { .size = sizeof(info) };

	ntapc_object_info(call->file->private_data, &info);
	return ntapc_copy_out(call, &info, sizeof(info));
}

static const struct ntapc_ioctl object_ioctls[] = {
	NTAPC_IOCTL(NTAPC_IOC_EVENT, ioctl_event, struct ntapc_event, pad),
	NTAPC_IOCTL(NTAPC_IOC_RELEASE, ioctl_release, struct ntapc_release,
		    pad),
	NTAPC_IOCTL(NTAPC_IOC_SET_TIMER, ioctl_set_timer,
		    struct ntapc_set_timer, pad),
	NTAPC_IOCTL(NTAPC_IOC_CANCEL_TIMER, ioctl_cancel_timer,
		    struct ntapc_cancel_timer, pad),
	NTAPC_IOCTL(NTAPC_IOC_OBJECT_INFO, ioctl_object_info,
		    struct ntapc_object_info, limit),
};

/* Waiting has its number from the instance. */
static const struct ntapc_ioctl object_wait = {
	.size = sizeof(struct ntapc_wait),
	.min_size = offsetofend(struct ntapc_wait, objects),
	.cmd = NTAPC_IOC_WAIT,
	.execute = ntapc_ioctl_wait_object,
};

static long object_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long ret;

	switch (cmd) {
	case NTAPC_IOC_WAIT:
		if (ntapc_try_ioctl(file, arg, sizeof(struct ntapc_wait),
				    ntapc_ioctl_wait_object, &ret))
			return ret;
		return ntapc_dispatch_ioctl(file, cmd, arg, &object_wait,
					    _IOC_NR(NTAPC_IOC_WAIT), 1);
	case NTAPC_IOC_EVENT:
		if (ntapc_try_ioctl(file, arg, sizeof(struct ntapc_event),
				    ioctl_event, &ret))
			return ret;
		break;
	case NTAPC_IOC_RELEASE:
		if (ntapc_try_ioctl(file, arg, sizeof(struct ntapc_release),
				    ioctl_release, &ret))
			return ret;
		break;
	}
	return ntapc_dispatch_ioctl(file, cmd, arg, object_ioctls,
				    NTAPC_IOCTL_BASE,
				    ARRAY_SIZE(object_ioctls));
}

static __poll_t object_poll(struct file *file, poll_table *wait)
{
	struct ntapc_object *object = file->private_data;

	poll_wait(file, &object->pollers, wait);
	return ntapc_object_is_signalled(object) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int object_release(struct inode *inode, struct file *file)
{
	ntapc_object_put(file->private_data);
	ntapc_file_closed();
	return 0;
}

static const char *const type_names[] = {
	[NTAPC_OBJECT_NOTIFICATION_EVENT] = "notification-event",
	[NTAPC_OBJECT_SYNCHRONIZATION_EVENT] = "synchronization-event",
	[NTAPC_OBJECT_SEMAPHORE] = "semaphore",
	[NTAPC_OBJECT_MUTANT] = "mutant",
	[NTAPC_OBJECT_NOTIFICATION_TIMER] = "notification-timer",
	[NTAPC_OBJECT_SYNCHRONIZATION_TIMER] = "synchronization-timer",
};

static void object_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ntapc_object_info info = { };

	ntapc_object_info(file->private_data, &info);
	seq_printf(m, "ntapc-type:\t%s\n", type_names[info.type]);
	seq_printf(m, "ntapc-state:\t%d%s\n", info.state,
		   info.flags & NTAPC_OBJECT_ABANDONED ? " abandoned" : "");
	if (info.limit)
		seq_printf(m, "ntapc-limit:\t%u\n", info.limit);
	if (info.type == NTAPC_OBJECT_MUTANT)
		seq_printf(m, "ntapc-owner:\t%u\n", info.owner);
	seq_printf(m, "ntapc-waiters:\t%u\n", info.nr_waiters);
	if (info.flags & NTAPC_OBJECT_TIMER_SET) {
		seq_printf(m, "ntapc-remaining:\t%lld\n", info.remaining);
		seq_printf(m, "ntapc-period:\t%u\n", info.period);
	}
}

const struct file_operations ntapc_object_fops = {
	.owner = THIS_MODULE,
	.release = object_release,
	.unlocked_ioctl = object_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = object_poll,
	.show_fdinfo = object_show_fdinfo,
};

static long ntsync_object_ioctl(struct file *file, unsigned int cmd,
				unsigned long arg)
{
	if (_IOC_NR(cmd) < NTAPC_NTSYNC_END)
		return ntapc_ntsync_object_ioctl(file->private_data, cmd, arg);
	return object_ioctl(file, cmd, arg);
}

/* Like ntsync's they can't be polled. */
const struct file_operations ntapc_ntsync_object_fops = {
	.owner = THIS_MODULE,
	.release = object_release,
	.unlocked_ioctl = ntsync_object_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = object_show_fdinfo,
};

/**
 * ntapc_object_fd - a descriptor for an object
 * @object: the caller's reference becomes the descriptor's, also if this fails
 * @ntsync: one that ntsync's ioctls have made
 *
 * Return: the descriptor, EMFILE, ENFILE or ENOMEM.
 */
int ntapc_object_fd(struct ntapc_object *object, bool ntsync)
{
	int fd;

	ntapc_file_opened();
	if (ntsync)
		fd = anon_inode_getfd("ntsync", &ntapc_ntsync_object_fops, object,
				      O_RDWR | O_CLOEXEC);
	else
		fd = anon_inode_getfd("[ntapc-object]", &ntapc_object_fops, object,
				      O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		ntapc_object_put(object);
		ntapc_file_closed();
	}
	return fd;
}

/**
 * ntapc_object_by_fd - ObReferenceObjectByHandle
 * @fd: a descriptor of an event, semaphore, mutant or timer, or a thread or process
 *
 * Return: a reference, EBADF, EPROTOTYPE (another kind) or ENOMEM.
 */
struct ntapc_object *ntapc_object_by_fd(int fd)
{
	struct ntapc_object *object;
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	object = ntapc_dispatcher_object(file);
	if (!object)
		object = ERR_PTR(-EPROTOTYPE);
	if (!IS_ERR(object))
		ntapc_object_hold(object);
	fput(file);
	return object;
}
EXPORT_SYMBOL_GPL(ntapc_object_by_fd);

/**
 * ntapc_object_open_fd - ObOpenObjectByPointer
 * @object: an event, semaphore, mutant or timer, referenced by the caller
 *
 * The descriptor is close-on-exec and has a reference of its own.
 *
 * Return: a descriptor of current's, EMFILE, ENFILE, ENOMEM; EINVAL for what user
 * space has other descriptors for, and for a mutex.
 */
int ntapc_object_open_fd(struct ntapc_object *object)
{
	if (object->ko.type == NTAPC_OBJECT_LIFE || object->ko.disables_apcs)
		return -EINVAL;
	ntapc_object_hold(object);
	return ntapc_object_fd(object, false);
}
EXPORT_SYMBOL_GPL(ntapc_object_open_fd);

/* Making them */

static bool create_args_valid(const struct ntapc_create *args)
{
	bool open = args->flags & NTAPC_CREATE_OPEN;

	if (args->flags & ~NTAPC_CREATE_OPEN || args->pad ||
	    args->name_length > NTAPC_NAME_MAX ||
	    (!args->name_length && (args->name || open)))
		return false;
	switch (args->type) {
	case NTAPC_OBJECT_NOTIFICATION_EVENT:
	case NTAPC_OBJECT_SYNCHRONIZATION_EVENT:
	case NTAPC_OBJECT_MUTANT:
		return args->count <= !open && !args->limit;
	case NTAPC_OBJECT_SEMAPHORE:
		if (open)
			return !args->count && !args->limit;
		return args->limit && args->limit <= S32_MAX &&
		       args->count <= args->limit;
	case NTAPC_OBJECT_NOTIFICATION_TIMER:
	case NTAPC_OBJECT_SYNCHRONIZATION_TIMER:
		return !args->count && !args->limit;
	default:
		return false;
	}
}

static struct ntapc_object *make_mutant(bool owned)
{
	struct ntapc_thread *thread = NULL;
	struct ntapc_object *object;

	if (owned) {
		thread = ntapc_thread_self();
		if (IS_ERR(thread))
			return ERR_CAST(thread);
	}
	object = ntapc_object_alloc(NTAPC_OBJECT_MUTANT, 0, 0);
	if (object && owned)
		ntapc_object_acquire_new(object, thread);
	return object;
}

static struct ntapc_object *make_object(const struct ntapc_create *args)
{
	struct ntapc_object *object;

	if (args->type == NTAPC_OBJECT_MUTANT)
		object = make_mutant(args->count);
	else if (args->type == NTAPC_OBJECT_NOTIFICATION_TIMER ||
		 args->type == NTAPC_OBJECT_SYNCHRONIZATION_TIMER)
		object = ntapc_timer_alloc(args->type);
	else
		object = ntapc_object_alloc(args->type, args->count,
					    args->limit);
	return object ? object : ERR_PTR(-ENOMEM);
}

/* With a name: @new, or what has that name already. Takes over @new. */
static struct ntapc_object *open_named(const struct ntapc_create *args,
				       struct ntapc_object *new)
{
	struct ntapc_object *object;
	void *name;

	name = memdup_user(u64_to_user_ptr(args->name), args->name_length);
	if (IS_ERR(name))
		object = name;
	else
		object = ntapc_object_open(name, args->name_length, args->type,
					   new);
	if (!IS_ERR(name))
		kfree(name);
	if (new && object != new)
		ntapc_object_put(new);
	return object;
}

/* NTAPC_IOC_CREATE */
long ntapc_object_create(struct ntapc_call *call)
{
	struct ntapc_create __user *user = call->user;
	const struct ntapc_create *args = call->args;
	struct ntapc_object *object, *new = NULL;

	if (!create_args_valid(args))
		return -EINVAL;
	if (!(args->flags & NTAPC_CREATE_OPEN)) {
		new = make_object(args);
		if (IS_ERR(new))
			return PTR_ERR(new);
	}
	object = args->name_length ? open_named(args, new) : new;
	if (IS_ERR(object))
		return PTR_ERR(object);
	if (put_user(object != new, &user->existed)) {
		ntapc_object_put(object);
		return -EFAULT;
	}
	return ntapc_object_fd(object, false);
}
