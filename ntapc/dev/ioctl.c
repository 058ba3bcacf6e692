// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying an ioctl's struct in and finding its handler.
 */
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "dev.h"

static const struct ntapc_ioctl *find(unsigned int cmd,
				      const struct ntapc_ioctl *table,
				      unsigned int base, unsigned int nr)
{
	unsigned int index = _IOC_NR(cmd) - base;

	if (index >= nr)
		return NULL;
	table += array_index_nospec(index, nr);
	return table->cmd == cmd ? table : NULL;
}

/* Copies a struct in whose size may be another than ours. */
static int copy_in(struct ntapc_call *call, const struct ntapc_ioctl *ioctl)
{
	int err;

	if (get_user(call->size, (u32 __user *)call->user))
		return -EFAULT;
	if (call->size < ioctl->min_size)
		return -EINVAL;
	if (call->size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(call->args, ioctl->size, call->user,
				    call->size);
	/* It was checked, and may have been changed since. */
	if (!err)
		*(u32 *)call->args = call->size;
	return err;
}

/**
 * ntapc_dispatch_ioctl - the body of every ->unlocked_ioctl
 * @file: that it was made on
 * @cmd: the command
 * @arg: address of the struct in user memory
 * @table: of the commands from _IOC_NR() @base on
 * @base: of the first entry of @table
 * @nr: entries in @table
 *
 * Return: ENOTTY, EFAULT, EINVAL, E2BIG, or what the handler returns.
 */
long ntapc_dispatch_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg, const struct ntapc_ioctl *table,
			  unsigned int base, unsigned int nr)
{
	const struct ntapc_ioctl *ioctl = find(cmd, table, base, nr);
	/* As much as the struct is long is set below, whatever its user's size. */
	u64 args[NTAPC_IOCTL_MAX_SIZE / sizeof(u64)] __uninitialized;
	struct ntapc_call call = {
		.file = file,
		.args = args,
		.user = (void __user *)arg,
	};
	int err;

	if (!ioctl)
		return -ENOTTY;
	/*
	 * Nearly every caller's struct is as long as ours: one access to user
	 * memory says so. A shorter one may be at the end of what is mapped.
	 */
	call.size = ioctl->size;
	if (!ntapc_struct_from_user(args, call.user, ioctl->size) ||
	    *(u32 *)args != ioctl->size) {
		err = copy_in(&call, ioctl);
		if (err)
			return err;
	}
	return ioctl->execute(&call);
}

/**
 * ntapc_copy_out - give a struct back to the caller, as much as it knows of
 * @call: the ioctl
 * @out: the struct
 * @size: of it, in bytes
 *
 * Return: 0 or EFAULT.
 */
long ntapc_copy_out(struct ntapc_call *call, const void *out, size_t size)
{
	if (copy_to_user(call->user, out, min_t(size_t, size, call->size)))
		return -EFAULT;
	return 0;
}
