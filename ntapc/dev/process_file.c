// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of processes.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "dev.h"
#include "../compat.h"

#define NTAPC_IOCTL_BASE	_IOC_NR(NTAPC_IOC_PROCESS_INFO)

/**
 * struct process_file - what a process's descriptor stands for
 * @process: referenced; invariant
 * @checked: what the right to act was checked against
 */
struct process_file {
	struct ntapc_process *process;
	struct ntapc_checked checked;
};

/* Who acts, with the right checked. */
static int get_actor(struct file *file, struct ntapc_actor *actor)
{
	struct process_file *pf = file->private_data;
	const struct ntapc_subject subject = { .process = pf->process };

	return ntapc_get_actor(&subject, file, &pf->checked, actor);
}

static long ioctl_process_info(struct ntapc_call *call)
{
	struct process_file *pf = call->file->private_data;
	struct ntapc_process_info info = { .size = sizeof(info) };
	struct ntapc_actor actor;
	int err;

	err = get_actor(call->file, &actor);
	if (err && err != -ESRCH)
		return err;
	ntapc_process_info(pf->process, &info);
	return ntapc_copy_out(call, &info, sizeof(info));
}

static long ioctl_attach(struct ntapc_call *call)
{
	struct process_file *pf = call->file->private_data;
	struct ntapc_attach __user *user = call->user;
	const struct ntapc_attach *args = call->args;
	struct ntapc_thread *thread;
	struct ntapc_actor actor;
	long err;
	u32 save;

	if (args->flags & ~NTAPC_ATTACH_STACK || args->pad)
		return -EINVAL;
	/* Before: the thread would have to be brought back. */
	if (put_user(NTAPC_SAVE_NONE, &user->save))
		return -EFAULT;
	err = get_actor(call->file, &actor);
	if (err)
		return err;
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	err = ntapc_attach(thread, pf->process, &actor,
			   args->flags & NTAPC_ATTACH_STACK, &save);
	/* It may have been unmapped since. */
	if (!err && save != NTAPC_SAVE_NONE && put_user(save, &user->save)) {
		if (save != NTAPC_SAVE_SAME)
			ntapc_attach_undo(thread, NULL);
		err = -EFAULT;
	}
	return ntapc_deliver_sync(thread, err);
}

/* Are these pages that can have been in memory? */
static bool ranges_valid(const struct ntapc_range *ranges, u32 nr)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		u64 address = ranges[i].address, length = ranges[i].length;

		if (!length || (address | length) & ~PAGE_MASK ||
		    address >= TASK_SIZE_MAX ||
		    length > TASK_SIZE_MAX - address)
			return false;
		pages += length >> PAGE_SHIFT;
	}
	return pages <= totalram_pages();
}

static struct ntapc_range *get_ranges(const struct ntapc_out_swap *args)
{
	struct ntapc_range *ranges;

	if (!args->nr_ranges)
		return NULL;
	ranges = kvmalloc_array(args->nr_ranges, sizeof(*ranges),
				GFP_KERNEL_ACCOUNT);
	if (!ranges)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(ranges, u64_to_user_ptr(args->ranges),
			   args->nr_ranges * sizeof(*ranges))) {
		kvfree(ranges);
		return ERR_PTR(-EFAULT);
	}
	if (!ranges_valid(ranges, args->nr_ranges)) {
		kvfree(ranges);
		return ERR_PTR(-EINVAL);
	}
	return ranges;
}

static long out_swap_end(struct ntapc_call *call)
{
	struct process_file *pf = call->file->private_data;
	const struct ntapc_out_swap *args = call->args;
	struct ntapc_range *ranges = get_ranges(args);
	struct ntapc_actor actor;
	long err;

	if (IS_ERR(ranges))
		return PTR_ERR(ranges);
	err = get_actor(call->file, &actor);
	if (!err)
		err = ntapc_out_swap_end(pf->process, pf, ranges,
					 args->nr_ranges);
	if (err)
		kvfree(ranges);
	return err;
}

static long ioctl_out_swap(struct ntapc_call *call)
{
	struct process_file *pf = call->file->private_data;
	const struct ntapc_out_swap *args = call->args;
	struct ntapc_actor actor;
	long err;

	if (args->pad || args->nr_ranges > NTAPC_RANGES_MAX ||
	    (!args->nr_ranges && args->ranges))
		return -EINVAL;
	if (args->step == NTAPC_OUT_SWAP_END)
		return out_swap_end(call);
	if (args->nr_ranges || (args->step != NTAPC_OUT_SWAP_BEGIN &&
				args->step != NTAPC_OUT_SWAP_CANCEL))
		return -EINVAL;
	/* Who began it may put it right, whatever has become of his right. */
	if (args->step == NTAPC_OUT_SWAP_CANCEL)
		return ntapc_process_is_over(pf->process) ?
			       -ESRCH :
			       ntapc_out_swap_cancel(pf->process, pf);
	err = get_actor(call->file, &actor);
	return err ? err : ntapc_out_swap_begin(pf->process, pf);
}

static const struct ntapc_ioctl process_ioctls[] = {
	NTAPC_IOCTL(NTAPC_IOC_PROCESS_INFO, ioctl_process_info,
		    struct ntapc_process_info, flags),
	NTAPC_IOCTL(NTAPC_IOC_ATTACH, ioctl_attach, struct ntapc_attach, pad),
	NTAPC_IOCTL(NTAPC_IOC_OUT_SWAP, ioctl_out_swap, struct ntapc_out_swap,
		    pad),
};

static long process_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	if (_IOC_NR(cmd) >= _IOC_NR(NTAPC_IOC_READ))
		return ntapc_memory_ioctl(file, cmd, arg);
	return ntapc_dispatch_ioctl(file, cmd, arg, process_ioctls,
				    NTAPC_IOCTL_BASE,
				    ARRAY_SIZE(process_ioctls));
}

static __poll_t process_poll(struct file *file, poll_table *wait)
{
	struct process_file *pf = file->private_data;

	poll_wait(file, &pf->process->waitq, wait);
	return ntapc_process_is_over(pf->process) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void free_process_file(struct process_file *pf)
{
	/* Whoever began it can't say any more when it is done. */
	ntapc_out_swap_cancel(pf->process, pf);
	ntapc_process_put(pf->process);
	kfree(pf);
	ntapc_file_closed();
}

static int process_release(struct inode *inode, struct file *file)
{
	free_process_file(file->private_data);
	return 0;
}

static const char *const state_names[] = {
	[NTAPC_PROCESS_IN_MEMORY] = "in-memory",
	[NTAPC_PROCESS_OUT_OF_MEMORY] = "out-of-memory",
	[NTAPC_PROCESS_IN_TRANSITION] = "in-transition",
	[NTAPC_PROCESS_OUT_TRANSITION] = "out-transition",
	[NTAPC_PROCESS_IN_SWAP] = "in-swap",
	[NTAPC_PROCESS_OUT_SWAP] = "out-swap",
};

static void process_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct process_file *pf = file->private_data;
	struct ntapc_process_info info;

	ntapc_process_info(pf->process, &info);
	seq_puts(m, "ntapc-type:\tprocess\n");
	seq_printf(m, "ntapc-pid:\t%d\n", info.pid);
	seq_printf(m, "ntapc-state:\t%s%s\n", state_names[info.state],
		   info.flags & NTAPC_PROCESS_ENDED ? " ended" : "");
	seq_printf(m, "ntapc-stack-count:\t%u\n", info.stack_count);
	seq_printf(m, "ntapc-ready:\t%u\n", info.nr_ready);
	seq_printf(m, "ntapc-out-swaps:\t%llu\n", info.nr_out_swap);
	seq_printf(m, "ntapc-in-swaps:\t%llu\n", info.nr_in_swap);
}

static const struct file_operations process_fops = {
	.owner = THIS_MODULE,
	.release = process_release,
	.unlocked_ioctl = process_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = process_poll,
	.show_fdinfo = process_show_fdinfo,
};

/**
 * ntapc_process_of_file - the process that a descriptor is for
 * @file: any
 *
 * Return: the process, which @file keeps; NULL if it is of another kind.
 */
struct ntapc_process *ntapc_process_of_file(const struct file *file)
{
	struct process_file *pf = file->private_data;

	return file->f_op == &process_fops ? pf->process : NULL;
}

/**
 * ntapc_process_actor - may current act on a descriptor's process?
 * @file: a process's
 * @actor: set
 *
 * Return: 0, ESRCH, EACCES; ENOMEM or ENFILE if it couldn't be found out.
 */
int ntapc_process_actor(struct file *file, struct ntapc_actor *actor)
{
	return get_actor(file, actor);
}

/* A descriptor for @process, whose reference is the caller's to put. */
static int make_fd(struct ntapc_process *process, u32 authority)
{
	struct process_file *pf;
	int fd;

	pf = kzalloc(sizeof(*pf), GFP_KERNEL_ACCOUNT);
	if (!pf)
		return -ENOMEM;
	ntapc_process_hold(process);
	pf->process = process;
	pf->checked.opened = authority;
	pf->checked.again = authority;
	ntapc_file_opened();
	fd = anon_inode_getfd("[ntapc-process]", &process_fops, pf,
			      O_RDWR | O_CLOEXEC);
	if (fd < 0)
		free_process_file(pf);
	return fd;
}

static int open_task(struct task_struct *task)
{
	struct ntapc_process *process;
	u32 authority;
	int ret;

	if (!ntapc_is_user_task(task))
		return -ESRCH;
	/* Asked before a record is made: the refused leave no trace. */
	ret = ntapc_may_access_task(task);
	if (ret)
		return ret;
	process = ntapc_process_get(task);
	if (IS_ERR(process))
		return PTR_ERR(process);
	authority = ntapc_process_authority(process);
	/* And again about what the record now stands for. */
	ret = ntapc_may_access_process(process);
	if (!ret)
		ret = make_fd(process, authority);
	ntapc_process_put(process);
	return ret;
}

/* NTAPC_IOC_PROCESS_OPEN */
long ntapc_process_open(struct ntapc_call *call)
{
	const struct ntapc_process_open *args = call->args;
	struct task_struct *task;
	long ret;

	if (args->flags & ~NTAPC_PROCESS_PIDFD || args->pad)
		return -EINVAL;
	if (!(args->flags & NTAPC_PROCESS_PIDFD)) {
		if (args->pid < 0)
			return -EINVAL;
		return ntapc_open_by_id(args->pid, open_task);
	}
	task = ntapc_task_of_pidfd(args->pid);
	if (IS_ERR(task))
		return PTR_ERR(task);
	ret = open_task(task);
	put_task_struct(task);
	return ret;
}
