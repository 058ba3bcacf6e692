// SPDX-License-Identifier: GPL-2.0-only
/*
 * The APC state of attached threads (section 9). Being in the other address space is
 * the affair of mm/.
 */
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "thread.h"
#include "../trace.h"

/**
 * ntapc_attachment - the newest attachment of a thread
 * @thread: current's record, or one that has ended
 *
 * Return: the attachment, or NULL.
 */
struct ntapc_attachment *ntapc_attachment(const struct ntapc_thread *thread)
{
	struct ntapc_apc_save *save = thread->kt.save;

	return save ? container_of(save, struct ntapc_attachment, save) : NULL;
}

/**
 * ntapc_attachment_alloc - memory for an attachment
 * @thread: current's record
 * @wanted: to be copied
 *
 * Nearly always that of the last one: attachments are short.
 *
 * Return: for ntapc_attachment_free(), or NULL.
 */
struct ntapc_attachment *
ntapc_attachment_alloc(struct ntapc_thread *thread,
		       const struct ntapc_attachment *wanted)
{
	struct ntapc_attachment *attachment = xchg(&thread->spare, NULL);

	if (!attachment)
		attachment = kmalloc(sizeof(*attachment), GFP_KERNEL_ACCOUNT);
	if (attachment)
		*attachment = *wanted;
	return attachment;
}

/**
 * ntapc_attachment_free - the reverse
 * @thread: whose it was
 * @attachment: to be freed, or kept for the next one
 */
void ntapc_attachment_free(struct ntapc_thread *thread,
			   struct ntapc_attachment *attachment)
{
	kfree(xchg(&thread->spare, attachment));
}

static unsigned int depth(const struct ntapc_kthread *kt)
{
	const struct ntapc_apc_save *save;
	unsigned int nr = 0;

	for (save = kt->save; save; save = save->outer)
		nr++;
	return nr;
}

static int begin(struct ntapc_thread *thread,
		 struct ntapc_attachment *attachment,
		 struct ntapc_ready *ready, bool *tell_swapper)
{
	struct ntapc_process *process = attachment->process;
	struct ntapc_kthread *kt = &thread->kt;

	lockdep_assert_held(&process->lock);
	if (attachment->stack && depth(kt) == NTAPC_ATTACH_DEPTH_MAX &&
	    kt->apc_state.process != &process->kp)
		return -EOVERFLOW;
	switch (ntapc_core_attach(kt, &process->kp, &attachment->save,
				  attachment->stack)) {
	case NTAPC_ATTACH_SAME:
		return 1;
	case NTAPC_ATTACH_REFUSED:
		return -EBUSY;
	case NTAPC_ATTACH_EXCEEDED:
		return -EOVERFLOW;
	case NTAPC_ATTACHED:
		break;
	}
	*tell_swapper = false;
	ready->waits = process->kp.state != NTAPC_PROCESS_IN_MEMORY;
	ready->go = !ready->waits;
	if (ready->waits)
		*tell_swapper = ntapc_core_process_wait(&process->kp,
							&ready->entry);
	else
		ntapc_core_attach_resident(kt, &process->kp);
	return 0;
}

/**
 * ntapc_attach_begin - KiAttachProcess, as far as it doesn't wait
 * @thread: current's record
 * @attachment: filled in; the thread's from now on, if it succeeds
 * @ready: set; ->waits if it has been put on the process's ready list
 * @tell_swapper: set to whether somebody is to bring the process in
 *
 * Return: 0; 1 if the thread is there already; EBUSY (bugcheck 5); EOVERFLOW;
 * ESRCH. Nothing has changed unless it is 0.
 */
int ntapc_attach_begin(struct ntapc_thread *thread,
		       struct ntapc_attachment *attachment,
		       struct ntapc_ready *ready, bool *tell_swapper)
{
	struct ntapc_process *process = attachment->process;
	int ret;

	ready->task = current;
	ready->process = process;
	spin_lock(&thread->lock);
	spin_lock(&process->lock);
	ret = -ESRCH;
	if (!thread->retired)
		ret = begin(thread, attachment, ready, tell_swapper);
	spin_unlock(&process->lock);
	if (!ret) {
		trace_ntapc_attach(thread, process);
		ntapc_control_publish(thread);
		/* On the way back to user mode it is to be seen again. */
		if (attachment->by_kernel)
			ntapc_thread_kick(thread, false);
	}
	spin_unlock(&thread->lock);
	if (!ret) {
		ntapc_process_hold(process);
		/* An attached thread runs our code when it ends. */
		__module_get(THIS_MODULE);
	}
	return ret;
}

/**
 * ntapc_attach_resident - the process is in memory: the thread is there
 * @thread: current's record, after ntapc_attach_begin() and its wait
 */
void ntapc_attach_resident(struct ntapc_thread *thread)
{
	struct ntapc_process *process = ntapc_attachment(thread)->process;

	spin_lock(&thread->lock);
	ntapc_core_attach_resident(&thread->kt, &process->kp);
	spin_unlock(&thread->lock);
}

/* What was the thread's newest attachment is nobody's any more. */
static void free_attachment(struct ntapc_thread *thread,
			    struct ntapc_attachment *attachment)
{
	if (attachment->leave)
		attachment->leave(attachment, ntapc_attachment(thread));
	ntapc_process_put(attachment->process);
	ntapc_attachment_free(thread, attachment);
	/* The caller, or who called it, has another one. */
	module_put(THIS_MODULE);
}

/**
 * ntapc_ready_leave - who waited doesn't wait any more
 * @ready: with its process locked
 */
void ntapc_ready_leave(struct ntapc_ready *ready)
{
	lockdep_assert_held(&ready->process->lock);
	if (!ready->go)
		list_del(&ready->entry);
	ready->go = true;
}

/**
 * ntapc_attach_undo - leave the newest attachment, whatever is queued
 * @thread: current's record, or one that has ended
 * @ready: with which it may still be on the ready list, or NULL
 *
 * Return: whether there was one.
 */
bool ntapc_attach_undo(struct ntapc_thread *thread, struct ntapc_ready *ready)
{
	struct ntapc_attachment *attachment;
	struct ntapc_process *process;
	bool recheck;

	/* It is on our caller's stack. */
	if (ready) {
		spin_lock(&ready->process->lock);
		ntapc_ready_leave(ready);
		spin_unlock(&ready->process->lock);
	}
	spin_lock(&thread->lock);
	/* Of a thread that has ended two may do it at a time. */
	attachment = ntapc_attachment(thread);
	if (!attachment) {
		spin_unlock(&thread->lock);
		return false;
	}
	process = attachment->process;
	spin_lock(&process->lock);
	recheck = ntapc_core_attach_undo(&thread->kt, &process->kp);
	spin_unlock(&process->lock);
	trace_ntapc_detach(thread, process);
	ntapc_control_publish(thread);
	if (recheck && !thread->retired)
		ntapc_thread_kick(thread, false);
	spin_unlock(&thread->lock);
	free_attachment(thread, attachment);
	return true;
}

static bool is_newest(const struct ntapc_thread *thread, u32 save)
{
	const struct ntapc_attachment *attachment = ntapc_attachment(thread);

	return attachment && attachment->stack && attachment->id == save;
}

/**
 * ntapc_attach_end - KeDetachProcess, KeUnstackDetachProcess
 * @thread: current's record
 * @unstack: which of them
 * @save: the number of the save area, with @unstack
 * @recheck: set to whether kernel APCs are to be run now
 *
 * Return: 0, also if the thread isn't attached, without @unstack; EINVAL if @save
 * isn't its newest; EBUSY (bugcheck 6).
 */
int ntapc_attach_end(struct ntapc_thread *thread, bool unstack, u32 save,
		     bool *recheck)
{
	struct ntapc_attachment *attachment;
	enum ntapc_attach_result result;
	struct ntapc_process *process;

	/* Without an attachment of that name nothing is to change. */
	if (unstack && !is_newest(thread, save))
		return -EINVAL;
	spin_lock(&thread->lock);
	/* NT's would be taken by interrupts all the time; rule 9.8 retries. */
	while (ntapc_core_kernel_due(&thread->kt) && thread->kt.save) {
		spin_unlock(&thread->lock);
		ntapc_run_kernel_apcs(thread);
		spin_lock(&thread->lock);
	}
	/* Their routines may have attached and detached. */
	attachment = ntapc_attachment(thread);
	*recheck = false;
	if (unstack && !is_newest(thread, save)) {
		spin_unlock(&thread->lock);
		return -EINVAL;
	}
	if (!attachment) {
		spin_unlock(&thread->lock);
		return 0;
	}
	process = attachment->process;
	spin_lock(&process->lock);
	result = ntapc_core_detach(&thread->kt, unstack, recheck);
	spin_unlock(&process->lock);
	if (result == NTAPC_ATTACHED) {
		trace_ntapc_detach(thread, process);
		ntapc_control_publish(thread);
	}
	spin_unlock(&thread->lock);
	if (result != NTAPC_ATTACHED)
		return -EBUSY;
	free_attachment(thread, attachment);
	return 0;
}

/**
 * ntapc_attach_unwind - the routine of an APC has left the thread attached
 * @thread: current's record
 * @save: its kt.save before, or what was; not followed
 *
 * NT: rule 4.6. What it attached and didn't detach is undone; what it detached and
 * hadn't attached can't be.
 */
void ntapc_attach_unwind(struct ntapc_thread *thread,
			 const struct ntapc_apc_save *save)
{
	const struct ntapc_apc_save *outer = thread->kt.save;

	while (outer && outer != save)
		outer = outer->outer;
	pr_err("a kernel routine leaves %s[%d] in another process than it found it\n",
	       current->comm, task_pid_nr(current));
	if (outer != save)
		return;
	while (thread->kt.save != save)
		ntapc_attach_undo(thread, NULL);
}

/**
 * ntapc_attach_release - a thread ends, attached or not (rule 9.10)
 * @thread: retired; a system thread calls this itself
 *
 * NT: bugcheck 5. Here it is over with all of its attachments.
 */
void ntapc_attach_release(struct ntapc_thread *thread)
{
	while (ntapc_attach_undo(thread, NULL))
		;
}

/**
 * ntapc_attach_check - has a module left current attached, on its way to user mode?
 * @thread: current's record
 *
 * It is detached then: what the module had to do can't be done any more.
 *
 * Return: whether it was (rule 9.10).
 */
bool ntapc_attach_check(struct ntapc_thread *thread)
{
	const struct ntapc_attachment *attachment = ntapc_attachment(thread);
	bool found = false;

	while (attachment && attachment->by_kernel) {
		ntapc_attach_undo(thread, NULL);
		attachment = ntapc_attachment(thread);
		found = true;
	}
	return found;
}
