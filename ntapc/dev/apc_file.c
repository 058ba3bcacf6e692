// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of kernel APCs that were queued by name.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "dev.h"

#define NTAPC_IOCTL_BASE	_IOC_NR(NTAPC_IOC_APC_RESULT)

static long ioctl_result(struct ntapc_call *call)
{
	struct ntapc_named_use *use = call->file->private_data;
	struct ntapc_apc_result *args = call->args;
	u32 room = args->nr_values;
	u64 *values;

	if (args->pad || (room && !args->values))
		return -EINVAL;
	args->size = sizeof(*args);
	args->state = ntapc_named_state(use);
	args->order = 0;
	args->nr_values = 0;
	if (args->state == NTAPC_APC_RUN)
		args->nr_values = ntapc_named_result(use, &args->order,
						     &values);
	room = min(room, args->nr_values);
	if (room && copy_to_user(u64_to_user_ptr(args->values), values,
				 room * sizeof(*values)))
		return -EFAULT;
	return ntapc_copy_out(call, args, sizeof(*args));
}

static long ioctl_remove(struct ntapc_call *call)
{
	const struct ntapc_apc_remove *args = call->args;

	if (args->flags)
		return -EINVAL;
	return ntapc_named_remove(call->file->private_data);
}

static const struct ntapc_ioctl apc_ioctls[] = {
	NTAPC_IOCTL(NTAPC_IOC_APC_RESULT, ioctl_result, struct ntapc_apc_result,
		    pad),
	NTAPC_IOCTL(NTAPC_IOC_APC_REMOVE, ioctl_remove, struct ntapc_apc_remove,
		    flags),
};

static long apc_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ntapc_dispatch_ioctl(file, cmd, arg, apc_ioctls,
				    NTAPC_IOCTL_BASE, ARRAY_SIZE(apc_ioctls));
}

static __poll_t apc_poll(struct file *file, poll_table *wait)
{
	struct ntapc_named_use *use = file->private_data;

	poll_wait(file, ntapc_named_waitq(use), wait);
	return ntapc_named_state(use) == NTAPC_APC_QUEUED ?
		       0 : EPOLLIN | EPOLLRDNORM;
}

static int apc_release(struct inode *inode, struct file *file)
{
	ntapc_named_put(file->private_data);
	ntapc_file_closed();
	return 0;
}

static void apc_show_fdinfo(struct seq_file *m, struct file *file)
{
	static const char * const states[] = {
		[NTAPC_APC_QUEUED] = "queued",
		[NTAPC_APC_RUN] = "run",
		[NTAPC_APC_REMOVED] = "removed",
		[NTAPC_APC_RUN_DOWN] = "run-down",
	};
	struct ntapc_named_use *use = file->private_data;

	seq_puts(m, "ntapc-type:\tkernel-apc\n");
	seq_printf(m, "ntapc-name:\t%s\n", ntapc_named_name(use));
	seq_printf(m, "ntapc-state:\t%s\n", states[ntapc_named_state(use)]);
}

static const struct file_operations apc_fops = {
	.owner = THIS_MODULE,
	.release = apc_release,
	.unlocked_ioctl = apc_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = apc_poll,
	.show_fdinfo = apc_show_fdinfo,
};

/**
 * ntapc_apc_open - a descriptor for a kernel APC
 * @use: made, and queued by this; the reference is taken over
 * @flags: NTAPC_KERNEL_APC_*
 * @fd: reserved by the caller
 *
 * Return: @fd; ENFILE and ENOMEM as open(2), ESRCH, EACCES: it wasn't queued.
 */
int ntapc_apc_open(struct ntapc_named_use *use, u32 flags, int fd)
{
	struct file *file;
	int err;

	ntapc_file_opened();
	file = anon_inode_getfile("[ntapc-apc]", &apc_fops, use, O_RDWR);
	if (IS_ERR(file)) {
		ntapc_named_discard(use);
		ntapc_file_closed();
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	/* At last: it may run at once, and then it can't be taken back. */
	err = ntapc_named_insert(use, flags);
	if (err) {
		fput(file);
		put_unused_fd(fd);
		return err;
	}
	fd_install(fd, file);
	return fd;
}
