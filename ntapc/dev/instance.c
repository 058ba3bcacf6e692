// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/ntapc: an instance is a place to make objects from, and where a thread
 * acts on itself. It keeps nothing but a number: who acts is always current.
 */
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "dev.h"
#include "../arch/arch.h"
#include "../compat.h"

#define NTAPC_IOCTL_BASE	_IOC_NR(NTAPC_IOC_INFO)

static long ioctl_info(struct ntapc_call *call)
{
	struct ntapc_info info = {
		.size = sizeof(info),
		.abi_version = NTAPC_ABI_VERSION,
		.features = NTAPC_FEATURE_FRAME,
		.max_queued_thread = READ_ONCE(ntapc_max_queued_per_thread),
		.max_queued_user = READ_ONCE(ntapc_max_queued_per_user),
		.frame_size = sizeof(struct ntapc_frame),
		.nr_threads = ntapc_nr_threads(),
	};
	struct ntapc_user *user;

	if (IS_ENABLED(CONFIG_RSEQ))
		info.features |= NTAPC_FEATURE_RSEQ;
	if (ntapc_arch_xstate_size())
		info.features |= NTAPC_FEATURE_EXTENDED;
	user = ntapc_user_get(current_uid());
	if (!user)
		return -ENOMEM;
	info.queued_user = ntapc_user_queued(user);
	ntapc_user_put(user);
	return ntapc_copy_out(call, &info, sizeof(info));
}

static long ioctl_dispatcher(struct ntapc_call *call)
{
	const struct ntapc_dispatcher *args = call->args;
	struct ntapc_thread *thread;
	int err;

	if (args->flags || args->entry >= TASK_SIZE)
		return -EINVAL;
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	if (args->entry) {
		err = ntapc_frame_possible(thread);
		if (err == -EOPNOTSUPP)
			return err;
	}
	WRITE_ONCE(thread->process->dispatcher, args->entry);
	WRITE_ONCE(thread->process->syscall_insn,
		   ntapc_arch_syscall_insn(current_pt_regs()));
	/* What came before there was one. */
	return ntapc_deliver_sync(thread, 0);
}

/**
 * ntapc_records_valid - do these arguments of an ioctl go together?
 * @flags: NTAPC_WAIT_RECORDS
 * @records: as in struct ntapc_wait
 * @nr_records: as in struct ntapc_wait
 *
 * Return: whether they do.
 */
bool ntapc_records_valid(u32 flags, u64 records, u32 nr_records)
{
	if (flags & NTAPC_WAIT_RECORDS)
		return nr_records && nr_records <= NTAPC_RECORDS_MAX;
	return !records && !nr_records;
}

static long ioctl_test_alert(struct ntapc_call *call)
{
	struct ntapc_test_alert __user *user = call->user;
	const struct ntapc_test_alert *args = call->args;
	struct ntapc_thread *thread;
	int err;

	if (args->flags & ~(NTAPC_WAIT_RECORDS | NTAPC_TEST_SPECIAL_ONLY) ||
	    args->pad ||
	    !ntapc_records_valid(args->flags, args->records, args->nr_records))
		return -EINVAL;
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	err = args->flags & NTAPC_WAIT_RECORDS ? 0 :
						 ntapc_frame_possible(thread);
	if (err)
		return err;
	return ntapc_test_alert(thread, args, &user->nr_records);
}

static long ioctl_continue(struct ntapc_call *call)
{
	const struct ntapc_continue *args = call->args;
	struct ntapc_thread *thread;
	struct ntapc_frame frame;
	int err;

	if (args->flags & ~NTAPC_CONTINUE_TEST_ALERT)
		return -EINVAL;
	if (copy_from_user(&frame, u64_to_user_ptr(args->frame), sizeof(frame)))
		return -EFAULT;
	if (frame.size != sizeof(frame))
		return -EINVAL;
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	err = ntapc_frame_possible(thread);
	if (err == -EOPNOTSUPP)
		return err;
	return ntapc_continue(thread, &frame,
			      args->flags & NTAPC_CONTINUE_TEST_ALERT);
}

static long ioctl_exit_status(struct ntapc_call *call)
{
	const struct ntapc_exit_status *args = call->args;
	struct ntapc_thread *thread = ntapc_thread_self();

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	spin_lock(&thread->lock);
	/* Who ends it has said what it ends with. */
	if (!thread->terminating)
		WRITE_ONCE(thread->exit_status, args->status);
	spin_unlock(&thread->lock);
	return 0;
}

static long alert_task(struct task_struct *task)
{
	struct ntapc_thread *thread;

	if (!same_thread_group(task, current))
		return -EACCES;
	thread = ntapc_thread_get(task);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	ntapc_alert_by_id(thread);
	ntapc_thread_put(thread);
	return 0;
}

static long ioctl_alert_by_id(struct ntapc_call *call)
{
	const struct ntapc_alert_by_id *args = call->args;
	struct task_struct *task;
	long err;

	if (args->tid < 1)
		return -EINVAL;
	task = ntapc_get_task(args->tid);
	if (!task)
		return -ESRCH;
	err = alert_task(task);
	put_task_struct(task);
	return err;
}

static long ioctl_wait_by_id(struct ntapc_call *call)
{
	const struct ntapc_wait_by_id *args = call->args;
	struct ntapc_thread *thread;

	if (args->flags & ~NTAPC_WAIT_REALTIME)
		return -EINVAL;
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	return ntapc_wait_by_id(thread, args);
}

static long ioctl_detach(struct ntapc_call *call)
{
	const struct ntapc_detach *args = call->args;
	struct ntapc_thread *thread;
	long err;

	if (args->flags & ~NTAPC_DETACH_UNSTACK || args->pad ||
	    (!(args->flags & NTAPC_DETACH_UNSTACK) && args->save))
		return -EINVAL;
	thread = ntapc_thread_self();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	err = ntapc_detach(thread, args->flags & NTAPC_DETACH_UNSTACK,
			   args->save);
	/* What has waited for this. */
	return ntapc_deliver_sync(thread, err);
}

static const struct ntapc_ioctl instance_ioctls[] = {
	NTAPC_IOCTL(NTAPC_IOC_INFO, ioctl_info, struct ntapc_info, features),
	NTAPC_IOCTL(NTAPC_IOC_THREAD_OPEN, ntapc_thread_open,
		    struct ntapc_thread_open, pad),
	NTAPC_IOCTL(NTAPC_IOC_RESERVE, ntapc_reserve_open, struct ntapc_reserve,
		    type),
	NTAPC_IOCTL(NTAPC_IOC_DISPATCHER, ioctl_dispatcher,
		    struct ntapc_dispatcher, entry),
	NTAPC_IOCTL(NTAPC_IOC_WAIT, ntapc_ioctl_wait, struct ntapc_wait,
		    objects),
	NTAPC_IOCTL(NTAPC_IOC_TEST_ALERT, ioctl_test_alert,
		    struct ntapc_test_alert, pad),
	NTAPC_IOCTL(NTAPC_IOC_CONTINUE, ioctl_continue, struct ntapc_continue,
		    frame),
	NTAPC_IOCTL(NTAPC_IOC_EXIT_STATUS, ioctl_exit_status,
		    struct ntapc_exit_status, status),
	NTAPC_IOCTL(NTAPC_IOC_ALERT_BY_ID, ioctl_alert_by_id,
		    struct ntapc_alert_by_id, tid),
	NTAPC_IOCTL(NTAPC_IOC_WAIT_BY_ID, ioctl_wait_by_id,
		    struct ntapc_wait_by_id, deadline),
	NTAPC_IOCTL(NTAPC_IOC_PROCESS_OPEN, ntapc_process_open,
		    struct ntapc_process_open, pad),
	NTAPC_IOCTL(NTAPC_IOC_DETACH, ioctl_detach, struct ntapc_detach, pad),
	NTAPC_IOCTL(NTAPC_IOC_WINDOW, ntapc_window_open, struct ntapc_window,
		    length),
	NTAPC_IOCTL(NTAPC_IOC_CREATE, ntapc_object_create, struct ntapc_create,
		    pad),
};

static long instance_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	if (_IOC_NR(cmd) >= _IOC_NR(NTAPC_IOC_READ))
		return ntapc_memory_ioctl(file, cmd, arg);
	if (_IOC_NR(cmd) < NTAPC_NTSYNC_END)
		return ntapc_ntsync_ioctl(file, cmd, arg);
	return ntapc_dispatch_ioctl(file, cmd, arg, instance_ioctls,
				    NTAPC_IOCTL_BASE,
				    ARRAY_SIZE(instance_ioctls));
}

static int instance_open(struct inode *inode, struct file *file)
{
	static atomic_long_t last;

	/* What ntsync's ioctls know its objects by; nothing is behind it. */
	file->private_data = (void *)atomic_long_inc_return(&last);
	ntapc_file_opened();
	return stream_open(inode, file);
}

static int instance_release(struct inode *inode, struct file *file)
{
	ntapc_file_closed();
	return 0;
}

static void instance_show_fdinfo(struct seq_file *m, struct file *file)
{
	seq_puts(m, "ntapc-type:\tinstance\n");
	seq_printf(m, "ntapc-abi:\t%u\n", NTAPC_ABI_VERSION);
}

static const struct file_operations instance_fops = {
	.owner = THIS_MODULE,
	.open = instance_open,
	.release = instance_release,
	.unlocked_ioctl = instance_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = instance_show_fdinfo,
};

static struct miscdevice ntapc_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ntapc",
	.fops = &instance_fops,
};

static bool serve_ntsync;
module_param_named(ntsync, serve_ntsync, bool, 0444);
MODULE_PARM_DESC(ntsync, "serve /dev/ntsync, where the kernel has no ntsync of its own");

static struct miscdevice ntsync_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ntsync",
	.fops = &instance_fops,
};

/* /dev/ntapc may be open by now: this can't fail any more. */
static void register_ntsync(void)
{
	int err;

	if (!serve_ntsync)
		return;
	/* Its driver may come at any time, and wants the name. */
	if (IS_ENABLED(CONFIG_NTSYNC)) {
		pr_notice("this kernel has an ntsync of its own: /dev/ntsync is left to it\n");
		serve_ntsync = false;
		return;
	}
	err = misc_register(&ntsync_device);
	if (err) {
		pr_err("can't serve /dev/ntsync (%d)\n", err);
		serve_ntsync = false;
	}
}

int ntapc_device_init(void)
{
	int err = misc_register(&ntapc_device);

	if (!err)
		register_ntsync();
	return err;
}

void ntapc_device_exit(void)
{
	if (serve_ntsync)
		misc_deregister(&ntsync_device);
	misc_deregister(&ntapc_device);
}
