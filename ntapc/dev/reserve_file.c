// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of reserve objects.
 */
#include <linux/anon_inodes.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "dev.h"

static int reserve_release(struct inode *inode, struct file *file)
{
	ntapc_reserve_put(file->private_data);
	ntapc_file_closed();
	return 0;
}

static void reserve_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ntapc_reserve_object *reserve = file->private_data;

	seq_puts(m, "ntapc-type:\treserve\n");
	seq_printf(m, "ntapc-busy:\t%d\n", atomic_read(&reserve->busy));
}

static const struct file_operations reserve_fops = {
	.owner = THIS_MODULE,
	.release = reserve_release,
	.show_fdinfo = reserve_show_fdinfo,
};

/**
 * ntapc_reserve_of_file - the reserve object that a descriptor is for
 * @file: any
 *
 * Return: the object, which @file keeps; NULL if it is of another kind.
 */
struct ntapc_reserve_object *ntapc_reserve_of_file(const struct file *file)
{
	return file->f_op == &reserve_fops ? file->private_data : NULL;
}

/* NTAPC_IOC_RESERVE */
long ntapc_reserve_open(struct ntapc_call *call)
{
	const struct ntapc_reserve *args = call->args;
	struct ntapc_reserve_object *reserve;
	int fd;

	if (args->type != NTAPC_RESERVE_USER_APC)
		return -EINVAL;
	reserve = ntapc_reserve_alloc();
	if (IS_ERR(reserve))
		return PTR_ERR(reserve);
	ntapc_file_opened();
	fd = anon_inode_getfd("[ntapc-reserve]", &reserve_fops, reserve,
			      O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		ntapc_reserve_put(reserve);
		ntapc_file_closed();
	}
	return fd;
}
