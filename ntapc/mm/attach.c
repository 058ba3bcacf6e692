// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching to processes (section 9).
 *
 * For a user thread this is a change of its APC state, and of what its ioctls act on:
 * who acts there is a stand-in, or the thread itself by way of the pages. A system
 * thread goes there (literal.c).
 */
#include <linux/export.h>
#include <linux/sched/mm.h>

#include "mm.h"

/* Names of save areas; a thread's own differ until this has wrapped. */
static atomic_t last_save;

static u32 new_save(void)
{
	u32 save;

	do {
		save = atomic_inc_return(&last_save);
	} while (save == NTAPC_SAVE_NONE || save == NTAPC_SAVE_SAME);
	return save;
}

/* The rest, once the APC state is the new one. Undoes that after an error. */
static int arrive(struct ntapc_thread *thread,
		  struct ntapc_attachment *attachment,
		  struct ntapc_ready *ready, bool tell_swapper)
{
	int err = 0;

	if (ready->waits) {
		if (tell_swapper)
			ntapc_tell_swapper(attachment->process);
		err = ntapc_wait_ready(attachment->process, ready,
				       attachment->by_kernel);
		if (!err)
			ntapc_attach_resident(thread);
	}
	if (!err && thread->system)
		err = ntapc_literal_enter(attachment);
	if (err)
		ntapc_attach_undo(thread, ready);
	return err;
}

static int attach(struct ntapc_thread *thread,
		  const struct ntapc_attachment *wanted, u32 *save)
{
	struct ntapc_attachment *attachment;
	struct ntapc_ready ready;
	bool tell_swapper;
	int ret;

	/* That of system threads has no address space. */
	if (ntapc_process_is_over(wanted->process) &&
	    (!thread->system || wanted->process != ntapc_system_process))
		return -ESRCH;
	attachment = ntapc_attachment_alloc(thread, wanted);
	if (!attachment)
		return -ENOMEM;
	attachment->id = wanted->stack ? new_save() : NTAPC_SAVE_NONE;
	*save = attachment->id;
	ret = ntapc_attach_begin(thread, attachment, &ready, &tell_swapper);
	if (!ret)
		return arrive(thread, attachment, &ready, tell_swapper);
	ntapc_attachment_free(thread, attachment);
	if (ret < 0)
		return ret;
	/* Who attached may have lost the right, which has just been proved. */
	attachment = ntapc_attachment(thread);
	if (attachment && !wanted->by_kernel)
		attachment->actor = wanted->actor;
	*save = wanted->stack ? NTAPC_SAVE_SAME : NTAPC_SAVE_NONE;
	return 0;
}

/**
 * ntapc_attach - NTAPC_IOC_ATTACH
 * @thread: current's record
 * @process: where to; kept by the caller
 * @actor: who attaches, found to be allowed to
 * @stack: KeStackAttachProcess, else KeAttachProcess
 * @save: set to the save area's name
 *
 * Return: 0; ESRCH; ENOMEM; EBUSY; EOVERFLOW; ERESTARTSYS.
 */
int ntapc_attach(struct ntapc_thread *thread, struct ntapc_process *process,
		 const struct ntapc_actor *actor, bool stack, u32 *save)
{
	const struct ntapc_attachment wanted = {
		.process = process,
		.actor = *actor,
		.stack = stack,
	};

	return attach(thread, &wanted, save);
}

static int detach(struct ntapc_thread *thread, bool unstack, u32 save,
		  bool *recheck)
{
	*recheck = false;
	if (unstack && save == NTAPC_SAVE_SAME)
		return 0;
	return ntapc_attach_end(thread, unstack, save, recheck);
}

/**
 * ntapc_detach - NTAPC_IOC_DETACH
 * @thread: current's record
 * @unstack: KeUnstackDetachProcess, else KeDetachProcess
 * @save: the save area's name, with @unstack
 *
 * Return: 0, EINVAL or EBUSY.
 */
int ntapc_detach(struct ntapc_thread *thread, bool unstack, u32 save)
{
	bool recheck;

	/* The way out of the ioctl sees to what is to run now. */
	return detach(thread, unstack, save, &recheck);
}

/**
 * ntapc_where - where a thread is
 * @thread: current's record
 * @actor: set to who it is there
 *
 * Return: the process, kept as long as the thread doesn't detach.
 */
struct ntapc_process *ntapc_where(const struct ntapc_thread *thread,
				  struct ntapc_actor *actor)
{
	const struct ntapc_attachment *attachment = ntapc_attachment(thread);

	if (attachment) {
		*actor = attachment->actor;
		return attachment->process;
	}
	*actor = (struct ntapc_actor){};
	return thread->process;
}

/* The API of other modules */

static int attach_in_kernel(struct ntapc_process *process, bool stack,
			    u32 *save)
{
	struct ntapc_thread *thread = ntapc_thread_current();
	const struct ntapc_attachment wanted = {
		.process = process,
		.stack = stack,
		.by_kernel = true,
	};
	int err;

	might_sleep();
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	err = attach(thread, &wanted, save);
	/* What waited for an attachment (2.1). */
	if (!err && READ_ONCE(thread->kt.apc_state.kernel_pending))
		ntapc_run_kernel_apcs(thread);
	return err;
}

static int detach_in_kernel(bool unstack, u32 save)
{
	struct ntapc_thread *thread = ntapc_thread_find(current);
	bool recheck;
	int err;

	might_sleep();
	if (!thread)
		return unstack && save != NTAPC_SAVE_SAME ? -EINVAL : 0;
	err = detach(thread, unstack, save, &recheck);
	if (!err)
		ntapc_recheck(thread, recheck);
	return err;
}

/**
 * ntapc_attach_process - KeAttachProcess (rules 9.1 to 9.3)
 * @process: referenced by the caller; the attachment has a reference of its own
 *
 * The current thread gets another APC state: kernel APCs of the Attached
 * environment run, what is for its own process waits, suspension included. A system
 * thread is then in the address space of @process: copy_from_user() and its kin go
 * there. A user thread isn't, use ntapc_read_attached() and so on, which do the same
 * for both. A thread has to detach before it returns to user mode or ends.
 *
 * May wait for the process to be brought into memory.
 *
 * Return: 0, also if the thread is there already; ESRCH if the process is over;
 * ENOMEM; EBUSY if the thread is attached (NT: bugcheck 5), or is a system thread
 * that is in an address space which it hasn't attached to; EOVERFLOW; EINTR if the
 * thread is being killed or is to stop.
 */
int ntapc_attach_process(struct ntapc_process *process)
{
	u32 save;

	return attach_in_kernel(process, false, &save);
}
EXPORT_SYMBOL_GPL(ntapc_attach_process);

/**
 * ntapc_detach_process - KeDetachProcess (rule 9.6)
 *
 * Kernel APCs that are pending for the environment that is left run first, and what
 * waited for the thread's own process next; the thread may be suspended here.
 *
 * Return: 0, also if the thread isn't attached; EBUSY (NT: bugcheck 6) if an APC of
 * the environment that is left is queued still, or running, or if attachments are
 * nested; nothing has changed then.
 */
int ntapc_detach_process(void)
{
	return detach_in_kernel(false, NTAPC_SAVE_NONE);
}
EXPORT_SYMBOL_GPL(ntapc_detach_process);

/**
 * ntapc_stack_attach_process - KeStackAttachProcess (rule 9.7)
 * @process: as for ntapc_attach_process()
 * @state: set, for ntapc_unstack_detach_process()
 *
 * As ntapc_attach_process(), and for attached threads too, up to
 * %NTAPC_ATTACH_DEPTH_MAX times.
 *
 * Return: as ntapc_attach_process(), but not EBUSY for being attached.
 */
int ntapc_stack_attach_process(struct ntapc_process *process,
			       struct ntapc_attach_state *state)
{
	return attach_in_kernel(process, true, &state->save);
}
EXPORT_SYMBOL_GPL(ntapc_stack_attach_process);

/**
 * ntapc_unstack_detach_process - KeUnstackDetachProcess (rule 9.8)
 * @state: the current thread's newest
 *
 * Return: as ntapc_detach_process(); EINVAL if @state isn't the newest.
 */
int ntapc_unstack_detach_process(const struct ntapc_attach_state *state)
{
	return detach_in_kernel(true, state->save);
}
EXPORT_SYMBOL_GPL(ntapc_unstack_detach_process);

static int copy_attached(u64 remote, struct kvec *memory, bool write,
			 size_t *done)
{
	struct ntapc_thread *thread = ntapc_thread_current();
	struct ntapc_progress progress = { };
	struct ntapc_process *process;
	struct ntapc_space space;
	struct ntapc_actor actor;
	struct iov_iter local;
	int err;

	if (done)
		*done = 0;
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	if (!ntapc_range_valid(remote, memory->iov_len))
		return -EINVAL;
	process = ntapc_where(thread, &actor);
	err = ntapc_space_enter(&space, process, &actor, true);
	if (err)
		return err;
	iov_iter_kvec(&local, write ? WRITE : READ, memory, 1, memory->iov_len);
	err = ntapc_copy(&space, remote, memory->iov_len, &local, write,
			 &progress);
	ntapc_space_leave(&space);
	if (done)
		*done = progress.done;
	return err;
}

/**
 * ntapc_read_attached - copy from where the current thread is
 * @to: kernel memory
 * @from: user address in the process that the thread is attached to, else its own
 * @length: in bytes, 0 to SSIZE_MAX
 * @done: set to how many were copied; or NULL
 *
 * Return: 0; EFAULT; EINVAL; ESRCH if the process is over, or a system thread isn't
 * attached; EACCES if a user program has attached the thread and lost its right to;
 * EINTR if the thread is being killed; ENOMEM. After an error @done bytes were copied.
 */
int ntapc_read_attached(void *to, u64 from, size_t length, size_t *done)
{
	struct kvec memory = { .iov_base = to, .iov_len = length };

	return copy_attached(from, &memory, false, done);
}
EXPORT_SYMBOL_GPL(ntapc_read_attached);

/**
 * ntapc_write_attached - copy to where the current thread is
 * @to: user address, as for ntapc_read_attached()
 * @from: kernel memory
 * @length: in bytes, 0 to SSIZE_MAX
 * @done: set to how many were copied; or NULL
 *
 * What is mapped read-only isn't written to.
 *
 * Return: as ntapc_read_attached().
 */
int ntapc_write_attached(u64 to, const void *from, size_t length, size_t *done)
{
	struct kvec memory = { .iov_base = (void *)from, .iov_len = length };

	return copy_attached(to, &memory, true, done);
}
EXPORT_SYMBOL_GPL(ntapc_write_attached);

/**
 * ntapc_call_attached - call something in the address space where the thread is
 * @routine: called once, in the current thread if that is in the address space
 *	itself, else in a kernel thread that stands in; it may sleep
 * @context: its argument
 *
 * Return: what @routine returns; ESRCH or EACCES as ntapc_read_attached(), or ENOMEM: it
 * wasn't called.
 */
int ntapc_call_attached(int (*routine)(void *context), void *context)
{
	struct ntapc_thread *thread = ntapc_thread_current();
	struct ntapc_process *process;
	struct ntapc_actor actor;
	struct mm_struct *mm;
	int ret;

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	process = ntapc_where(thread, &actor);
	/* A user program may have attached it, whose right may have gone. */
	ret = ntapc_may_reach(process, &actor);
	if (ret)
		return ret;
	mm = ntapc_process_mm(process);
	if (!mm)
		return -ESRCH;
	if (current->mm == mm)
		ret = routine(context);
	else
		ret = ntapc_stand_in_call(mm, routine, NULL, context);
	mmput(mm);
	return ret;
}
EXPORT_SYMBOL_GPL(ntapc_call_attached);
