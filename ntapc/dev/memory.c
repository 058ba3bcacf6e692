// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls that act in an address space: on a process's descriptor in its, on an
 * instance where the calling thread is.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "dev.h"
#include "../compat.h"

#define NTAPC_IOCTL_BASE	_IOC_NR(NTAPC_IOC_READ)

static int enter(struct ntapc_call *call, struct ntapc_space *space)
{
	struct ntapc_process *process;
	struct ntapc_thread *thread;
	struct ntapc_actor actor;
	int err;

	process = ntapc_process_of_file(call->file);
	if (process) {
		err = ntapc_process_actor(call->file, &actor);
		if (err)
			return err;
		/* One's own needs no attachment. */
		return ntapc_space_enter(space, process, &actor,
					 !ntapc_process_is_foreign(process));
	}
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	process = ntapc_where(thread, &actor);
	return ntapc_space_enter(space, process, &actor, true);
}

/* What an ioctl that was in an address space returns. */
static long leave(struct ntapc_space *space, long result,
		  const struct ntapc_progress *progress, u64 __user *done)
{
	ntapc_space_leave(space);
	if (!done)
		return result;
	/* Both members: they stand side by side. */
	if (!user_access_begin(done, sizeof(*progress)))
		return -EFAULT;
	unsafe_put_user(progress->done, &done[0], fault);
	unsafe_put_user(progress->fault, &done[1], fault);
	user_access_end();
	return result;
fault:
	user_access_end();
	return -EFAULT;
}

/* Copies */

/**
 * struct copy - what NTAPC_IOC_READ and NTAPC_IOC_WRITE are to copy
 * @remote: the ranges in the process
 * @nr_remote: of them
 * @one: @remote, where there is no vector
 * @local: the other side
 * @window: what @local points to for one range of a window
 * @vector: what @remote and @local point to, or NULL
 * @total: in bytes
 */
struct copy {
	const struct ntapc_range *remote;
	u32 nr_remote;
	struct ntapc_range one;
	struct iov_iter local;
	struct kvec window;
	struct ntapc_range *vector;
	u64 total;
};

#define COPY_FLAGS	(NTAPC_COPY_VECTOR | NTAPC_COPY_WINDOW)

static bool count_valid(u32 nr)
{
	return nr && nr <= NTAPC_RANGES_MAX;
}

static bool copy_args_valid(const struct ntapc_copy *args)
{
	if (args->flags & ~COPY_FLAGS || args->pad)
		return false;
	if (!(args->flags & NTAPC_COPY_WINDOW) && args->window)
		return false;
	if (args->flags & NTAPC_COPY_VECTOR)
		return !args->length && count_valid(args->nr_remote) &&
		       count_valid(args->nr_local);
	return !args->nr_remote && !args->nr_local;
}

/* Copies a vector in. Its total, at most SSIZE_MAX, or an error. */
static ssize_t get_ranges(struct ntapc_range *ranges, u64 from, u32 nr)
{
	u64 total = 0;
	u32 i;

	if (copy_from_user(ranges, u64_to_user_ptr(from),
			   nr * sizeof(*ranges)))
		return -EFAULT;
	for (i = 0; i < nr; i++) {
		if (!ntapc_range_valid(ranges[i].address, ranges[i].length))
			return -EINVAL;
		total += ranges[i].length;
		if (total > SSIZE_MAX)
			return -EINVAL;
	}
	return total;
}

static int get_vectors(struct copy *copy, const struct ntapc_copy *args)
{
	struct ntapc_range *local;
	ssize_t nr_remote, nr_local;

	copy->vector = kvmalloc_array(args->nr_remote + args->nr_local,
				      sizeof(*copy->vector), GFP_KERNEL_ACCOUNT);
	if (!copy->vector)
		return -ENOMEM;
	local = copy->vector + args->nr_remote;
	nr_remote = get_ranges(copy->vector, args->remote, args->nr_remote);
	nr_local = get_ranges(local, args->local, args->nr_local);
	if (nr_remote < 0 || nr_local < 0)
		return nr_remote == -EFAULT || nr_local == -EFAULT ? -EFAULT :
								     -EINVAL;
	copy->remote = copy->vector;
	copy->nr_remote = args->nr_remote;
	copy->total = min(nr_remote, nr_local);
	return 0;
}

/* Turns offsets in a window into the kernel's addresses. */
static int into_window(const struct ntapc_window_memory *window,
		       struct ntapc_range *range)
{
	void *address = ntapc_window_address(window, range->address,
					     range->length);

	if (!address)
		return -EINVAL;
	range->address = (unsigned long)address;
	return 0;
}

/* The local side, memory of the caller's. */
static void set_local(struct copy *copy, const struct ntapc_copy *args,
		      unsigned int direction)
{
	/* They are laid out alike, see below. */
	struct iovec *vector = (void *)(copy->vector + args->nr_remote);

	if (args->flags & NTAPC_COPY_VECTOR)
		iov_iter_init(&copy->local, direction, vector, args->nr_local,
			      copy->total);
	else
		iov_iter_ubuf(&copy->local, direction,
			      u64_to_user_ptr(args->local), copy->total);
}

/* And in a window. */
static int set_window(struct copy *copy, const struct ntapc_copy *args,
		      unsigned int direction,
		      const struct ntapc_window_memory *window)
{
	struct ntapc_range one = { args->local, args->length };
	struct ntapc_range *local = &one;
	u32 i, nr = 1;

	if (args->flags & NTAPC_COPY_VECTOR) {
		local = copy->vector + args->nr_remote;
		nr = args->nr_local;
	}
	for (i = 0; i < nr; i++) {
		if (into_window(window, &local[i]))
			return -EINVAL;
	}
	BUILD_BUG_ON(sizeof(struct kvec) != sizeof(struct ntapc_range));
	BUILD_BUG_ON(offsetof(struct kvec, iov_len) !=
		     offsetof(struct ntapc_range, length));
	BUILD_BUG_ON(sizeof(struct iovec) != sizeof(struct ntapc_range));
	BUILD_BUG_ON(offsetof(struct iovec, iov_len) !=
		     offsetof(struct ntapc_range, length));
	if (nr == 1 && local == &one) {
		copy->window.iov_base = (void *)(unsigned long)one.address;
		copy->window.iov_len = one.length;
		local = (void *)&copy->window;
	}
	iov_iter_kvec(&copy->local, direction, (struct kvec *)local, nr,
		      copy->total);
	return 0;
}

static int copy_all(struct ntapc_space *space, struct copy *copy, bool write,
		    struct ntapc_progress *progress)
{
	u64 left = copy->total;
	u32 i;

	for (i = 0; i < copy->nr_remote && left; i++) {
		u64 length = min(copy->remote[i].length, left);
		int err = 0;

		if (unlikely(i))
			err = ntapc_space_check(space);
		if (!err)
			err = ntapc_copy(space, copy->remote[i].address, length,
					 &copy->local, write, progress);
		if (err)
			return err;
		left -= length;
	}
	return 0;
}

static long copy_here(struct ntapc_call *call, struct copy *copy, bool write)
{
	struct ntapc_copy __user *user = call->user;
	struct ntapc_progress progress = { };
	struct ntapc_space space __uninitialized;
	int err;

	err = enter(call, &space);
	if (err)
		return ntapc_sure_to_restart(err);
	err = copy_all(&space, copy, write, &progress);
	return leave(&space, err, &progress, &user->done);
}

static long copy_window(struct ntapc_call *call, struct copy *copy, bool write)
{
	const struct ntapc_copy *args = call->args;
	const struct ntapc_window_memory *window;
	struct fd f = fdget(args->window);
	long ret = -EBADF;

	if (!ntapc_fd_file(f))
		return ret;
	window = ntapc_window_of_file(ntapc_fd_file(f));
	ret = -EPROTOTYPE;
	if (window)
		ret = set_window(copy, args, write ? WRITE : READ, window);
	if (!ret)
		ret = copy_here(call, copy, write);
	fdput(f);
	return ret;
}

static long do_copy(struct ntapc_call *call, bool write)
{
	const struct ntapc_copy *args = call->args;
	/* Set below as far as it is used: it is large. */
	struct copy copy __uninitialized;
	long ret;

	if (!copy_args_valid(args))
		return -EINVAL;
	copy.vector = NULL;
	if (args->flags & NTAPC_COPY_VECTOR) {
		ret = get_vectors(&copy, args);
		if (ret)
			goto out;
	} else {
		if (!ntapc_range_valid(args->remote, args->length) ||
		    !ntapc_range_valid(args->local, args->length))
			return -EINVAL;
		copy.one.address = args->remote;
		copy.one.length = args->length;
		copy.remote = &copy.one;
		copy.nr_remote = 1;
		copy.total = args->length;
	}
	if (args->flags & NTAPC_COPY_WINDOW) {
		ret = copy_window(call, &copy, write);
	} else {
		set_local(&copy, args, write ? WRITE : READ);
		ret = copy_here(call, &copy, write);
	}
out:
	if (unlikely(copy.vector))
		kvfree(copy.vector);
	return ret;
}

static long ioctl_read(struct ntapc_call *call)
{
	return do_copy(call, false);
}

static long ioctl_write(struct ntapc_call *call)
{
	return do_copy(call, true);
}

/* Other operations */

static long ioctl_fill(struct ntapc_call *call)
{
	struct ntapc_fill __user *user = call->user;
	const struct ntapc_fill *args = call->args;
	struct ntapc_progress progress = { };
	struct ntapc_space space;
	int err;

	if (!args->width || args->width > sizeof(u64) ||
	    !is_power_of_2(args->width) || args->length % args->width ||
	    !ntapc_range_valid(args->remote, args->length))
		return -EINVAL;
	err = enter(call, &space);
	if (err)
		return ntapc_sure_to_restart(err);
	err = ntapc_fill(&space, args, &progress);
	return leave(&space, err, &progress, &user->done);
}

static long ioctl_compare(struct ntapc_call *call)
{
	struct ntapc_copy __user *user = call->user;
	const struct ntapc_copy *args = call->args;
	struct ntapc_progress progress = { };
	struct ntapc_space space;
	int ret;

	if (args->flags || !copy_args_valid(args) ||
	    !ntapc_range_valid(args->remote, args->length) ||
	    !ntapc_range_valid(args->local, args->length))
		return -EINVAL;
	ret = enter(call, &space);
	if (ret)
		return ntapc_sure_to_restart(ret);
	ret = ntapc_compare(&space, args, &progress);
	return leave(&space, ret, &progress, &user->done);
}

static long ioctl_search(struct ntapc_call *call)
{
	struct ntapc_search __user *user = call->user;
	struct ntapc_search *args = call->args;
	struct ntapc_progress progress = { };
	struct ntapc_space space;
	long ret;

	if (!args->step || args->step > NTAPC_PATTERN_MAX ||
	    !args->pattern_length || args->pattern_length > NTAPC_PATTERN_MAX ||
	    args->pad || !ntapc_range_valid(args->remote, args->length))
		return -EINVAL;
	ret = enter(call, &space);
	if (ret)
		return ntapc_sure_to_restart(ret);
	ret = ntapc_search(&space, args, &progress);
	ret = leave(&space, ret, &progress, &user->done);
	if (put_user(args->found, &user->found))
		return -EFAULT;
	return ret;
}

static bool exchange_args_valid(const struct ntapc_exchange *args)
{
	if (args->flags & ~NTAPC_EXCHANGE_COMPARE || args->pad)
		return false;
	if (!(args->flags & NTAPC_EXCHANGE_COMPARE) && args->comparand)
		return false;
	if (args->width != sizeof(u32) && args->width != sizeof(u64))
		return false;
	if (args->width == sizeof(u32) &&
	    (upper_32_bits(args->value) || upper_32_bits(args->comparand)))
		return false;
	return !(args->remote % args->width);
}

static long ioctl_exchange(struct ntapc_call *call)
{
	struct ntapc_exchange __user *user = call->user;
	struct ntapc_exchange *args = call->args;
	struct ntapc_space space;
	long ret;

	if (!exchange_args_valid(args))
		return -EINVAL;
	/* Once it is done it can't be undone. */
	if (put_user(0, &user->old))
		return -EFAULT;
	ret = enter(call, &space);
	if (ret)
		return ntapc_sure_to_restart(ret);
	ret = ntapc_exchange(&space, args);
	ret = leave(&space, ret, NULL, NULL);
	if (ret >= 0 && put_user(args->old, &user->old))
		return -EFAULT;
	return ret;
}

static long ioctl_query(struct ntapc_call *call)
{
	struct ntapc_query *args = call->args;
	struct ntapc_space space;
	long ret;

	if (args->address >= TASK_SIZE_MAX || args->path_size > PATH_MAX ||
	    (!args->path && args->path_size))
		return -EINVAL;
	ret = enter(call, &space);
	if (ret)
		return ntapc_sure_to_restart(ret);
	ret = ntapc_query(&space, args);
	ret = leave(&space, ret, NULL, NULL);
	if (ret)
		return ret;
	args->size = sizeof(*args);
	return ntapc_copy_out(call, args, sizeof(*args));
}

static long put_values(struct ntapc_attached_call __user *user,
		       const struct ntapc_attached_call *args,
		       const struct ntapc_routine_run *run)
{
	const u64 *values;
	u32 nr = ntapc_routine_values(run, &values);

	if (copy_to_user(u64_to_user_ptr(args->values), values,
			 min(nr, args->nr_values) * sizeof(*values)) ||
	    put_user(nr, &user->nr_values))
		return -EFAULT;
	return 0;
}

static long ioctl_call(struct ntapc_call *call)
{
	struct ntapc_attached_call __user *user = call->user;
	const struct ntapc_attached_call *args = call->args;
	struct ntapc_routine_run *run;
	struct ntapc_space space;
	long ret;

	if (args->flags || args->pad || (!args->values && args->nr_values) ||
	    strnlen(args->name, sizeof(args->name)) == sizeof(args->name))
		return -EINVAL;
	ret = enter(call, &space);
	if (ret)
		return ntapc_sure_to_restart(ret);
	run = ntapc_routine_get(args);
	if (IS_ERR(run))
		return leave(&space, PTR_ERR(run), NULL, NULL);
	ret = ntapc_routine_run(run, &space);
	ret = leave(&space, ret, NULL, NULL);
	if (!ret)
		ret = put_values(user, args, run);
	ntapc_routine_put(run);
	return ret;
}

static const struct ntapc_ioctl memory_ioctls[] = {
	NTAPC_IOCTL(NTAPC_IOC_READ, ioctl_read, struct ntapc_copy, fault),
	NTAPC_IOCTL(NTAPC_IOC_WRITE, ioctl_write, struct ntapc_copy, fault),
	NTAPC_IOCTL(NTAPC_IOC_FILL, ioctl_fill, struct ntapc_fill, fault),
	NTAPC_IOCTL(NTAPC_IOC_COMPARE, ioctl_compare, struct ntapc_copy,
		    fault),
	NTAPC_IOCTL(NTAPC_IOC_SEARCH, ioctl_search, struct ntapc_search,
		    fault),
	NTAPC_IOCTL(NTAPC_IOC_EXCHANGE, ioctl_exchange, struct ntapc_exchange,
		    old),
	NTAPC_IOCTL(NTAPC_IOC_QUERY, ioctl_query, struct ntapc_query,
		    max_protection),
	NTAPC_IOCTL(NTAPC_IOC_CALL, ioctl_call, struct ntapc_attached_call,
		    pad),
};

/**
 * ntapc_memory_ioctl - the ioctls that act in an address space
 * @file: a process's or an instance
 * @cmd: the command
 * @arg: address of the struct in user memory
 *
 * Return: as ntapc_dispatch_ioctl().
 */
long ntapc_memory_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ntapc_dispatch_ioctl(file, cmd, arg, memory_ioctls,
				    NTAPC_IOCTL_BASE,
				    ARRAY_SIZE(memory_ioctls));
}
