// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of threads.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "dev.h"
#include "../arch/arch.h"
#include "../compat.h"

#define NTAPC_IOCTL_BASE	_IOC_NR(NTAPC_IOC_QUEUE)

/**
 * struct thread_file - what a thread's descriptor stands for
 * @thread: referenced; invariant
 * @user: who opened it, and so most likely is the one to be charged for what
 *	is queued with it; referenced; invariant
 * @checked: what the right to act was checked against
 */
struct thread_file {
	struct ntapc_thread *thread;
	struct ntapc_user *user;
	struct ntapc_checked checked;
};

/* Who acts, with the right checked. */
static int get_actor(struct file *file, struct ntapc_actor *actor)
{
	struct thread_file *tf = file->private_data;
	const struct ntapc_subject subject = { .thread = tf->thread };

	return ntapc_get_actor(&subject, file, &tf->checked, actor);
}

/*
 * Who queues is charged, also with a descriptor that somebody else opened.
 * Returns a reference only if it isn't @tf->user: see put_charged().
 */
static struct ntapc_user *get_charged(const struct thread_file *tf)
{
	kuid_t uid = current_uid();

	if (likely(uid_eq(tf->user->uid, uid)))
		return tf->user;
	return ntapc_user_get(uid);
}

static void put_charged(const struct thread_file *tf, struct ntapc_user *user)
{
	if (user != tf->user)
		ntapc_user_put(user);
}

#define QUEUE_FLAGS							\
	(NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_INTERRUPT |			\
	 NTAPC_QUEUE_RESERVE | NTAPC_QUEUE_CALLBACK_CONTEXT)

static bool queue_args_valid(const struct ntapc_queue *args)
{
	if (args->flags & ~QUEUE_FLAGS || args->pad)
		return false;
	if ((args->flags & NTAPC_QUEUE_INTERRUPT) &&
	    !(args->flags & NTAPC_QUEUE_SPECIAL))
		return false;
	return (args->flags & NTAPC_QUEUE_RESERVE) || !args->reserve;
}

/* NTAPC_IOC_QUEUE, with the file of the reserve object if there is one. */
static long queue_one(struct ntapc_call *call,
		      struct ntapc_reserve_object *reserve)
{
	struct thread_file *tf = call->file->private_data;
	const struct ntapc_queue *args = call->args;
	struct ntapc_thread *thread = tf->thread;
	struct ntapc_user *user = tf->user;
	struct ntapc_actor actor;
	long err;

	err = get_actor(call->file, &actor);
	if (err)
		return err;
	/* A reserve object has been charged for. */
	if (!reserve)
		user = get_charged(tf);
	if (!user)
		return -ENOMEM;
	err = ntapc_queue(thread, user, reserve, actor.authority, args);
	put_charged(tf, user);
	/* Without an error it isn't retired, and ->task no other's by now. */
	if (!err && thread->task == current)
		err = ntapc_deliver_sync(thread, err);
	return err;
}

static long ioctl_queue(struct ntapc_call *call)
{
	const struct ntapc_queue *args = call->args;
	struct ntapc_reserve_object *reserve;
	struct fd f;
	long err;

	if (!queue_args_valid(args))
		return -EINVAL;
	if (!(args->flags & NTAPC_QUEUE_RESERVE))
		return queue_one(call, NULL);

	/* The reserve object is resolved before the thread is (10.5). */
	f = fdget(args->reserve);
	if (!ntapc_fd_file(f))
		return -EBADF;
	reserve = ntapc_reserve_of_file(ntapc_fd_file(f));
	err = reserve ? queue_one(call, reserve) : -EPROTOTYPE;
	fdput(f);
	return err;
}

static long ioctl_queue_many(struct ntapc_call *call)
{
	struct thread_file *tf = call->file->private_data;
	const struct ntapc_queue_many *args = call->args;
	struct ntapc_actor actor;
	struct ntapc_user *user;
	int ret;

	if (args->flags & ~NTAPC_QUEUE_CALLBACK_CONTEXT || args->pad ||
	    !args->count || args->count > NTAPC_QUEUE_MANY_MAX)
		return -EINVAL;
	ret = get_actor(call->file, &actor);
	if (ret)
		return ret;
	user = get_charged(tf);
	if (!user)
		return -ENOMEM;
	ret = ntapc_queue_many(tf->thread, user, actor.authority, args);
	put_charged(tf, user);
	return ret;
}

static long ioctl_thread_info(struct ntapc_call *call)
{
	struct thread_file *tf = call->file->private_data;
	struct ntapc_thread_info info = { .size = sizeof(info) };
	struct ntapc_actor actor;
	int err;

	err = get_actor(call->file, &actor);
	if (err && err != -ESRCH)
		return err;
	ntapc_thread_info(tf->thread, &info);
	return ntapc_copy_out(call, &info, sizeof(info));
}

static long ioctl_thread_control(struct ntapc_call *call)
{
	struct thread_file *tf = call->file->private_data;
	struct ntapc_thread_control *args = call->args;
	int err;

	err = ntapc_control_slot(tf->thread, &args->page, &args->offset);
	if (err)
		return err;
	args->size = sizeof(*args);
	return ntapc_copy_out(call, args, sizeof(*args));
}

static long ioctl_suspend(struct ntapc_call *call)
{
	struct thread_file *tf = call->file->private_data;
	const struct ntapc_suspend *args = call->args;
	struct ntapc_thread *thread = tf->thread;
	struct ntapc_actor actor;
	long ret;

	if (args->flags & ~(NTAPC_SUSPEND_PROCESS | NTAPC_SUSPEND_WAIT) ||
	    args->flags == (NTAPC_SUSPEND_PROCESS | NTAPC_SUSPEND_WAIT))
		return -EINVAL;
	ret = get_actor(call->file, &actor);
	if (ret)
		return ret;
	if (args->flags & NTAPC_SUSPEND_PROCESS)
		return ntapc_suspend_process(thread, &actor);
	ret = ntapc_suspend(thread, &actor, args->flags & NTAPC_SUSPEND_WAIT);
	/* Without an error it isn't retired, and ->task no other's by now. */
	if (ret >= 0 && thread->task == current)
		ret = ntapc_deliver_sync(thread, ret);
	return ret;
}

static long ioctl_resume(struct ntapc_call *call)
{
	struct thread_file *tf = call->file->private_data;
	const struct ntapc_resume *args = call->args;
	struct ntapc_actor actor;
	int err;

	if (args->flags & ~(NTAPC_RESUME_PROCESS | NTAPC_RESUME_ALERT) ||
	    args->flags == (NTAPC_RESUME_PROCESS | NTAPC_RESUME_ALERT))
		return -EINVAL;
	err = get_actor(call->file, &actor);
	if (err == -ESRCH && !(args->flags & NTAPC_RESUME_PROCESS))
		return 0;
	if (err)
		return err;
	if (args->flags & NTAPC_RESUME_PROCESS)
		return ntapc_resume_process(tf->thread, &actor);
	return ntapc_resume(tf->thread, &actor,
			    args->flags & NTAPC_RESUME_ALERT);
}

static long ioctl_alert(struct ntapc_call *call)
{
	struct thread_file *tf = call->file->private_data;
	const struct ntapc_alert *args = call->args;
	struct ntapc_actor actor;
	int err;

	if (args->flags)
		return -EINVAL;
	err = get_actor(call->file, &actor);
	return err ? err : ntapc_alert(tf->thread, &actor);
}

static long ioctl_terminate(struct ntapc_call *call)
{
	struct thread_file *tf = call->file->private_data;
	const struct ntapc_terminate *args = call->args;
	struct ntapc_thread *thread = tf->thread;
	struct ntapc_actor actor;
	long err;

	err = get_actor(call->file, &actor);
	if (err)
		return err;
	err = ntapc_terminate(thread, &actor, args->status);
	if (!err && thread->task == current)
		err = ntapc_deliver_sync(thread, err);
	return err;
}

/* The least that the XSAVE format has: the legacy area and the header. */
#define XSTATE_MIN	576

#define CONTEXT_REGISTERS						\
	(NTAPC_CONTEXT_CONTROL | NTAPC_CONTEXT_INTEGER |		\
	 NTAPC_CONTEXT_SEGMENTS)

static bool context_args_valid(const struct ntapc_thread_context *args,
			       bool set)
{
	if (!args->what ||
	    args->what & ~(CONTEXT_REGISTERS | NTAPC_CONTEXT_EXTENDED) ||
	    args->pad)
		return false;
	if (!(args->what & CONTEXT_REGISTERS) && args->context)
		return false;
	if (!(args->what & NTAPC_CONTEXT_EXTENDED))
		return !args->xstate && !args->xstate_size;
	return !set || args->xstate_size >= XSTATE_MIN;
}

static long do_context(struct ntapc_call *call, bool set)
{
	struct thread_file *tf = call->file->private_data;
	struct ntapc_thread_context *args = call->args;
	struct ntapc_actor actor;
	int err;

	if (!context_args_valid(args, set))
		return -EINVAL;
	err = get_actor(call->file, &actor);
	if (err)
		return err;
	if (tf->thread->process->is_32bit)
		return -EOPNOTSUPP;
	if ((args->what & NTAPC_CONTEXT_EXTENDED) && !ntapc_arch_xstate_size())
		return -EOPNOTSUPP;
	if (set && args->xstate_size > ntapc_arch_xstate_size())
		return -EINVAL;
	return ntapc_context(tf->thread, &actor, set, args);
}

static long ioctl_get_context(struct ntapc_call *call)
{
	struct ntapc_thread_context *args = call->args;
	long err = do_context(call, false);

	if (err)
		return err;
	args->size = sizeof(*args);
	return ntapc_copy_out(call, args, sizeof(*args));
}

static long ioctl_set_context(struct ntapc_call *call)
{
	return do_context(call, true);
}

#define ENVIRONMENTS							\
	(NTAPC_KERNEL_APC_ATTACHED | NTAPC_KERNEL_APC_CURRENT |		\
	 NTAPC_KERNEL_APC_INSERT)

static bool kernel_apc_flags_valid(u32 flags)
{
	return !(flags & ~(NTAPC_KERNEL_APC_SPECIAL | ENVIRONMENTS)) &&
	       hweight32(flags & ENVIRONMENTS) <= 1;
}

static long ioctl_kernel_apc(struct ntapc_call *call)
{
	struct thread_file *tf = call->file->private_data;
	const struct ntapc_kernel_apc *args = call->args;
	struct ntapc_named_use *use;
	struct ntapc_actor actor;
	struct ntapc_user *user;
	int err, fd;

	if (!kernel_apc_flags_valid(args->flags) ||
	    strnlen(args->name, sizeof(args->name)) == sizeof(args->name))
		return -EINVAL;
	err = get_actor(call->file, &actor);
	if (err)
		return err;
	user = get_charged(tf);
	if (!user)
		return -ENOMEM;
	/* Before: once it is queued it may have run. */
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		put_charged(tf, user);
		return fd;
	}
	use = ntapc_named_make(tf->thread, user, &actor, args);
	put_charged(tf, user);	/* The charge keeps it. */
	if (IS_ERR(use)) {
		put_unused_fd(fd);
		return PTR_ERR(use);
	}
	return ntapc_apc_open(use, args->flags, fd);
}

static const struct ntapc_ioctl thread_ioctls[] = {
	NTAPC_IOCTL(NTAPC_IOC_QUEUE, ioctl_queue, struct ntapc_queue, pad),
	NTAPC_IOCTL(NTAPC_IOC_QUEUE_MANY, ioctl_queue_many,
		    struct ntapc_queue_many, pad),
	NTAPC_IOCTL(NTAPC_IOC_THREAD_INFO, ioctl_thread_info,
		    struct ntapc_thread_info, exit_status),
	NTAPC_IOCTL(NTAPC_IOC_THREAD_CONTROL, ioctl_thread_control,
		    struct ntapc_thread_control, page),
	NTAPC_IOCTL(NTAPC_IOC_SUSPEND, ioctl_suspend, struct ntapc_suspend,
		    flags),
	NTAPC_IOCTL(NTAPC_IOC_RESUME, ioctl_resume, struct ntapc_resume, flags),
	NTAPC_IOCTL(NTAPC_IOC_ALERT, ioctl_alert, struct ntapc_alert, flags),
	NTAPC_IOCTL(NTAPC_IOC_TERMINATE, ioctl_terminate,
		    struct ntapc_terminate, status),
	NTAPC_IOCTL(NTAPC_IOC_GET_CONTEXT, ioctl_get_context,
		    struct ntapc_thread_context, pad),
	NTAPC_IOCTL(NTAPC_IOC_SET_CONTEXT, ioctl_set_context,
		    struct ntapc_thread_context, pad),
	NTAPC_IOCTL(NTAPC_IOC_KERNEL_APC, ioctl_kernel_apc,
		    struct ntapc_kernel_apc, arg),
};

static long thread_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ntapc_dispatch_ioctl(file, cmd, arg, thread_ioctls,
				    NTAPC_IOCTL_BASE,
				    ARRAY_SIZE(thread_ioctls));
}

static __poll_t thread_poll(struct file *file, poll_table *wait)
{
	struct thread_file *tf = file->private_data;

	poll_wait(file, &tf->thread->waitq, wait);
	if (READ_ONCE(tf->thread->exited))
		return EPOLLIN | EPOLLRDNORM;
	return ntapc_is_suspended(tf->thread) ? EPOLLPRI : 0;
}

static int thread_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct thread_file *tf = file->private_data;

	return ntapc_control_mmap(tf->thread, vma);
}

static void free_thread_file(struct thread_file *tf)
{
	ntapc_user_put(tf->user);
	ntapc_thread_put(tf->thread);
	kfree(tf);
	ntapc_file_closed();
}

static int thread_release(struct inode *inode, struct file *file)
{
	free_thread_file(file->private_data);
	return 0;
}

static const char *state_name(u32 state)
{
	if (state & NTAPC_THREAD_EXITED)
		return "exited";
	if (state & NTAPC_THREAD_TERMINATING)
		return "terminating";
	if (state & NTAPC_THREAD_SUSPENDED)
		return "suspended";
	return state & NTAPC_THREAD_WAITING ? "waiting" : "running";
}

static void thread_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct thread_file *tf = file->private_data;
	struct ntapc_thread_info info;

	ntapc_thread_info(tf->thread, &info);
	seq_puts(m, "ntapc-type:\tthread\n");
	seq_printf(m, "ntapc-tid:\t%d\n", info.tid);
	seq_printf(m, "ntapc-state:\t%s%s%s%s\n", state_name(info.state),
		   info.state & NTAPC_THREAD_ALERTABLE ? " alertable" : "",
		   info.state & NTAPC_THREAD_SUSPENDING ? " suspend-pending" : "",
		   info.state & NTAPC_THREAD_MISMATCH ? " in-region" : "");
	seq_printf(m, "ntapc-suspend-count:\t%u\n", info.suspend_count);
	seq_printf(m, "ntapc-user-apcs:\t%u\n", info.nr_user);
	seq_printf(m, "ntapc-special-user-apcs:\t%u\n", info.nr_special);
	seq_printf(m, "ntapc-kernel-apcs:\t%u\n", info.nr_kernel);
	seq_printf(m, "ntapc-queued:\t%llu\n", info.nr_queued);
	seq_printf(m, "ntapc-delivered:\t%llu\n", info.nr_delivered);
	seq_printf(m, "ntapc-dropped:\t%llu\n", info.nr_dropped);
	seq_printf(m, "ntapc-kernel-run:\t%llu\n", info.nr_kernel_run);
	seq_printf(m, "ntapc-region-mismatches:\t%llu\n", info.nr_mismatch);
}

static const struct file_operations thread_fops = {
	.owner = THIS_MODULE,
	.release = thread_release,
	.unlocked_ioctl = thread_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = thread_poll,
	.mmap = thread_mmap,
	.show_fdinfo = thread_show_fdinfo,
};

/**
 * ntapc_thread_of_file - the thread that a descriptor is for
 * @file: any
 *
 * Return: the thread, which @file keeps; NULL if it is of another kind.
 */
struct ntapc_thread *ntapc_thread_of_file(const struct file *file)
{
	struct thread_file *tf = file->private_data;

	return file->f_op == &thread_fops ? tf->thread : NULL;
}

/* A descriptor for @thread, whose reference is the caller's to put. */
static int make_fd(struct ntapc_thread *thread, u32 authority)
{
	struct thread_file *tf;
	int fd;

	tf = kzalloc(sizeof(*tf), GFP_KERNEL_ACCOUNT);
	if (!tf)
		return -ENOMEM;
	tf->user = ntapc_user_get(current_uid());
	if (!tf->user) {
		kfree(tf);
		return -ENOMEM;
	}
	ntapc_thread_hold(thread);
	tf->thread = thread;
	tf->checked.opened = authority;
	tf->checked.again = authority;
	ntapc_file_opened();
	fd = anon_inode_getfd("[ntapc-thread]", &thread_fops, tf,
			      O_RDWR | O_CLOEXEC);
	if (fd < 0)
		free_thread_file(tf);
	return fd;
}

static int open_task(struct task_struct *task)
{
	struct ntapc_thread *thread;
	u32 authority;
	int ret;

	if (!ntapc_is_user_task(task))
		return -ESRCH;
	/* Asked before a record is made: the refused leave no trace. */
	ret = ntapc_may_access_task(task);
	if (ret)
		return ret;
	thread = ntapc_thread_get(task);
	if (IS_ERR(thread))
		return PTR_ERR(thread);

	authority = ntapc_thread_authority(thread);
	/* And again about what the record now stands for. */
	if (ntapc_thread_is_foreign(thread)) {
		ret = ntapc_may_access(thread->pid);
		if (!ret && ntapc_thread_is_over(thread))
			ret = -ESRCH;
	}
	if (!ret)
		ret = make_fd(thread, authority);
	ntapc_thread_put(thread);
	return ret;
}

/* NTAPC_IOC_THREAD_OPEN */
long ntapc_thread_open(struct ntapc_call *call)
{
	const struct ntapc_thread_open *args = call->args;

	if (args->flags || args->pad || args->tid < 0)
		return -EINVAL;
	return ntapc_open_by_id(args->tid, open_task);
}
