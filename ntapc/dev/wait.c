// SPDX-License-Identifier: GPL-2.0-only
/*
 * The waits: what descriptors stand for, and NTAPC_IOC_WAIT.
 */
#include <linux/bitmap.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "dev.h"
#include "../compat.h"

#define WAIT_FLAGS							\
	(NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS | NTAPC_WAIT_REALTIME | \
	 NTAPC_WAIT_ALL | NTAPC_WAIT_SIGNAL)

/**
 * ntapc_dispatcher_object - what a wait for a descriptor waits for
 * @file: any
 *
 * Return: the dispatcher object, which @file keeps; NULL if it has none; ENOMEM.
 */
struct ntapc_object *ntapc_dispatcher_object(const struct file *file)
{
	struct ntapc_object *object = ntapc_object_of_file(file);
	struct ntapc_process *process;
	struct ntapc_thread *thread;

	if (likely(object))
		return object;
	thread = ntapc_thread_of_file(file);
	process = ntapc_process_of_file(file);
	if (!thread && !process)
		return NULL;
	object = thread ? ntapc_thread_object(thread) :
			  ntapc_process_object(process);
	return object ? object : ERR_PTR(-ENOMEM);
}

/* Has @block stand for what the descriptor does. */
static int resolve(struct ntapc_wait_set *set, struct ntapc_block *block, int fd)
{
	struct ntapc_object *object;
	struct file *file;

	block->fd = fdget(fd);
	file = ntapc_fd_file(block->fd);
	if (!file)
		return -EBADF;
	object = ntapc_dispatcher_object(file);
	if (IS_ERR(object))
		return PTR_ERR(object);
	ntapc_block_init(set, block, object, object ? NULL : file);
	if (object)
		return object->ko.by_id && !set->owner ? -EINVAL : 0;
	if (!file_can_poll(file))
		return -EPROTOTYPE;
	set->nr_files++;
	return 0;
}

/* Which of the blocks of a set may be the same. */
struct seen {
	DECLARE_BITMAP(hashes, 512);
};

/* Is one of the first @nr the same as the one that follows them? */
static bool is_twice(const struct ntapc_wait_set *set, u32 nr, struct seen *seen)
{
	const struct ntapc_block *block = &set->block[nr];
	const void *what = block->object ? (void *)block->object : block->file;
	u32 i;

	if (!__test_and_set_bit(hash_ptr(what, 9), seen->hashes))
		return false;
	for (i = 0; i < nr; i++) {
		if (set->block[i].object == block->object &&
		    set->block[i].file == block->file)
			return true;
	}
	return false;
}

/* Lets go of the first @nr descriptors. */
static void put_descriptors(struct ntapc_wait_set *set, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		fdput(set->block[i].fd);
}

static int resolve_all(struct ntapc_wait_set *set, const s32 *fds)
{
	struct seen seen __uninitialized;
	u32 i;
	int err;

	if (set->all)
		bitmap_zero(seen.hashes, 512);
	for (i = 0; i < set->nr; i++) {
		err = resolve(set, &set->block[i], fds[i]);
		if (!err && set->all && is_twice(set, i, &seen))
			err = -EEXIST;
		if (err) {
			put_descriptors(set, i + 1);
			return err;
		}
	}
	return 0;
}

/* May a thread with these flags and records be given user APCs? */
static int check_handover(const struct ntapc_thread *thread, u32 flags)
{
	if (!(flags & NTAPC_WAIT_ALERTABLE) || flags & NTAPC_WAIT_RECORDS)
		return 0;
	return ntapc_frame_possible(thread);
}

/* What may be signalled for NTAPC_WAIT_SIGNAL; EPROTOTYPE if it may not. */
static int signal_object(struct ntapc_object *object,
			 struct ntapc_thread *thread)
{
	u32 previous;

	switch (object->ko.type) {
	case NTAPC_OBJECT_NOTIFICATION_EVENT:
	case NTAPC_OBJECT_SYNCHRONIZATION_EVENT:
		ntapc_object_set(object);
		return 0;
	case NTAPC_OBJECT_SEMAPHORE:
		return ntapc_object_release_semaphore(object, 1, &previous);
	case NTAPC_OBJECT_MUTANT:
		if (object->ko.by_id)
			return -EPROTOTYPE;
		return ntapc_object_release_mutant(object, ntapc_owner(thread),
						   &previous);
	default:
		return -EPROTOTYPE;
	}
}

/*
 * Signals what the wait is to signal first. If the call is made anew after a signal
 * handler it doesn't again: its flags say so by then.
 */
static int signal_first(struct ntapc_call *call, struct ntapc_thread *thread)
{
	struct ntapc_wait __user *user = call->user;
	const struct ntapc_wait *args = call->args;
	struct ntapc_object *object;
	struct fd f;
	int err;

	f = fdget(args->signal);
	if (!ntapc_fd_file(f))
		return -EBADF;
	object = ntapc_object_of_file(ntapc_fd_file(f));
	err = -EPROTOTYPE;
	if (!object)
		goto put;
	err = -EFAULT;
	if (put_user(args->flags & ~NTAPC_WAIT_SIGNAL, &user->flags))
		goto put;
	err = signal_object(object, thread);
	if (err && put_user(args->flags, &user->flags))
		err = -EFAULT;
put:
	fdput(f);
	return err;
}

static long wait_for_set(struct ntapc_call *call, struct ntapc_thread *thread,
			 struct ntapc_wait_set *set)
{
	struct ntapc_wait __user *user = call->user;
	const struct ntapc_wait *args = call->args;
	int err;

	err = check_handover(thread, args->flags);
	if (!err && unlikely(args->flags & NTAPC_WAIT_SIGNAL))
		err = signal_first(call, thread);
	return err ? err : ntapc_wait(thread, set, args, &user->nr_records);
}

static bool wait_args_valid(const struct ntapc_wait *args)
{
	return !(args->flags & ~WAIT_FLAGS) &&
	       args->nr_objects <= NTAPC_OBJECTS_MAX &&
	       (args->nr_objects || !args->objects) &&
	       ntapc_records_valid(args->flags, args->records,
				   args->nr_records);
}

/* Waits for what is named by descriptors. */
static long wait_for_fds(struct ntapc_call *call, struct ntapc_thread *thread,
			 const s32 *fds)
{
	const struct ntapc_wait *args = call->args;
	struct ntapc_small_set small __uninitialized;
	struct ntapc_wait_set *set;
	long ret;

	set = ntapc_set_get(&small, thread, args->nr_objects);
	if (!set)
		return -ENOMEM;
	/* All of one are any of one, which is easier. */
	set->all = args->flags & NTAPC_WAIT_ALL && set->nr > 1;
	set->owner = args->owner;
	ret = resolve_all(set, fds);
	if (!ret) {
		ret = wait_for_set(call, thread, set);
		put_descriptors(set, set->nr);
	}
	ntapc_set_put(set, &small);
	return ret;
}

/* NTAPC_IOC_WAIT on an instance */
long ntapc_ioctl_wait(struct ntapc_call *call)
{
	s32 fds[NTAPC_OBJECTS_MAX] __uninitialized;
	const struct ntapc_wait *args = call->args;
	struct ntapc_thread *thread;

	if (!wait_args_valid(args))
		return -EINVAL;
	if (copy_from_user(fds, u64_to_user_ptr(args->objects),
			   args->nr_objects * sizeof(*fds)))
		return -EFAULT;
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	if (!args->nr_objects)
		return wait_for_set(call, thread, NULL);
	return wait_for_fds(call, thread, fds);
}

/* Can a wait begin with looking at its object? Kernel APCs go first (11.1). */
static bool may_take_at_once(const struct ntapc_thread *thread, u32 flags)
{
	return !(flags & (NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_SIGNAL)) &&
	       !READ_ONCE(thread->kt.apc_state.kernel_pending);
}

/* NTAPC_IOC_WAIT on an object: its descriptor is kept by this very call. */
long ntapc_ioctl_wait_object(struct ntapc_call *call)
{
	struct ntapc_object *object = call->file->private_data;
	struct ntapc_small_set small __uninitialized;
	const struct ntapc_wait *args = call->args;
	struct ntapc_thread *thread;
	long ret;

	if (!wait_args_valid(args) || args->nr_objects ||
	    (object->ko.by_id && !args->owner))
		return -EINVAL;
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	if (may_take_at_once(thread, args->flags)) {
		ret = ntapc_object_take(object, thread, args->owner);
		if (ret != NTAPC_WAIT_BLOCK)
			return ntapc_deliver_if_due(thread, ret);
	}
	ntapc_set_init(&small.set, thread, 1);
	small.set.owner = args->owner;
	ntapc_block_init(&small.set, &small.set.block[0], object, NULL);
	ret = wait_for_set(call, thread, &small.set);
	ntapc_set_put(&small.set, &small);
	return ret;
}

/* ntsync's waits know one error for what is wrong with a descriptor. */

static int resolve_ntsync(struct ntapc_wait_set *set, u32 index, int fd,
			  unsigned long home, struct seen *seen)
{
	struct ntapc_block *block = &set->block[index];
	struct ntapc_object *object;

	block->fd = fdget(fd);
	if (!ntapc_fd_file(block->fd))
		return -EINVAL;
	object = ntapc_object_of_file(ntapc_fd_file(block->fd));
	if (!object || object->home != home)
		return -EINVAL;
	ntapc_block_init(set, block, object, NULL);
	return set->all && is_twice(set, index, seen) ? -EINVAL : 0;
}

/**
 * ntapc_ntsync_wait - wait for objects of one instance
 * @fds: their descriptors
 * @nr: how many; the last may be an alert
 * @alert: it is
 * @all: for all of the others
 * @owner: whose mutexes are to be
 * @home: the instance
 * @deadline: ns; all ones: never
 * @realtime: on CLOCK_REALTIME
 * @index: set to which
 * @abandoned: set to whether that, or one of them, was an abandoned mutex
 *
 * Return: &enum ntapc_wait_status, or an error: EINVAL, ENOMEM, ERESTARTSYS.
 */
int ntapc_ntsync_wait(const s32 *fds, u32 nr, bool alert, bool all, u32 owner,
		      unsigned long home, u64 deadline, bool realtime,
		      int *index, bool *abandoned)
{
	struct ntapc_small_set small __uninitialized;
	struct seen seen = { };
	struct ntapc_thread *thread;
	struct ntapc_wait_set *set;
	int ret = 0;
	u32 i;

	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	set = ntapc_set_get(&small, thread, nr);
	if (!set)
		return -ENOMEM;
	set->all = all;
	set->alert = alert;
	set->owner = owner;
	for (i = 0; i < nr && !ret; i++)
		ret = resolve_ntsync(set, i, fds[i], home, &seen);
	if (!ret)
		ret = ntapc_wait_ntsync(thread, set, deadline, realtime);
	*index = set->index;
	*abandoned = set->abandoned;
	put_descriptors(set, i);
	ntapc_set_put(set, &small);
	return ret;
}
