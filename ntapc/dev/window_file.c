// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of windows.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "dev.h"

static int window_mmap(struct file *file, struct vm_area_struct *vma)
{
	return ntapc_window_mmap(file->private_data, vma);
}

static int window_release(struct inode *inode, struct file *file)
{
	ntapc_window_free(file->private_data);
	ntapc_file_closed();
	return 0;
}

static void window_show_fdinfo(struct seq_file *m, struct file *file)
{
	seq_puts(m, "ntapc-type:\twindow\n");
	seq_printf(m, "ntapc-length:\t%llu\n",
		   ntapc_window_length(file->private_data));
}

static const struct file_operations window_fops = {
	.owner = THIS_MODULE,
	.release = window_release,
	.mmap = window_mmap,
	.show_fdinfo = window_show_fdinfo,
};

/**
 * ntapc_window_of_file - the window that a descriptor is for
 * @file: any
 *
 * Return: the window, which @file keeps; NULL if it is of another kind.
 */
const struct ntapc_window_memory *ntapc_window_of_file(const struct file *file)
{
	return file->f_op == &window_fops ? file->private_data : NULL;
}

/* NTAPC_IOC_WINDOW */
long ntapc_window_open(struct ntapc_call *call)
{
	const struct ntapc_window *args = call->args;
	struct ntapc_window_memory *window;
	int fd;

	if (args->flags || !args->length || args->length > NTAPC_WINDOW_MAX)
		return -EINVAL;
	window = ntapc_window_alloc(args->length);
	if (IS_ERR(window))
		return PTR_ERR(window);
	ntapc_file_opened();
	fd = anon_inode_getfd("[ntapc-window]", &window_fops, window,
			      O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		ntapc_window_free(window);
		ntapc_file_closed();
	}
	return fd;
}
