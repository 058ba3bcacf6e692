// SPDX-License-Identifier: GPL-2.0-only
/*
 * System threads that are in the address space which they are attached to.
 *
 * Such a thread has to keep the address space, because it may access it at any time.
 * So that it doesn't keep the memory of a process that has ended: once nobody but
 * system threads is left there, everything in it is unmapped, and they find
 * nothing. That is at once, or REAP_AGAIN after the last one who acted there
 * otherwise has left.
 */
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/userfaultfd_k.h>
#include <linux/workqueue.h>

#include "mm.h"

#define REAP_AGAIN	(HZ / 10)

/**
 * struct ntapc_literal - one stay in an address space
 * @mm: its mm_users are held while @there
 * @process: whose; referenced
 * @kref: the attachment's, and that of @reap while it is queued or runs
 * @task: who is there; invariant, kept by the thread's record
 * @parked: the thread has gone on from here, without @mm; the thread's, or theirs who
 *	undo its attachments when it has ended
 * @there: the thread hasn't left; under the process's lock
 * @end: in the process's wait queue: its end queues @reap
 * @reap: unmaps
 */
struct ntapc_literal {
	struct mm_struct *mm;
	struct ntapc_process *process;
	struct kref kref;
	const struct task_struct *task;
	bool parked;
	bool there;
	struct wait_queue_entry end;
	struct delayed_work reap;
};

static void free_literal(struct kref *kref)
{
	struct ntapc_literal *literal =
		container_of(kref, struct ntapc_literal, kref);

	mmdrop(literal->mm);
	ntapc_process_put(literal->process);
	kfree(literal);
}

static void put_literal(struct ntapc_literal *literal)
{
	kref_put(&literal->kref, free_literal);
}

/* Of a reap that was queued; ntapc's exit waits for the end of one that runs. */
static void put_reap(struct ntapc_literal *literal)
{
	put_literal(literal);
	module_put(THIS_MODULE);
}

static void queue_reap(struct ntapc_literal *literal, unsigned long delay)
{
	kref_get(&literal->kref);
	__module_get(THIS_MODULE);
	if (!queue_delayed_work(ntapc_workqueue, &literal->reap, delay))
		put_reap(literal);
}

/*
 * Is it time to unmap? mm_users has one more than there are system threads, which is
 * ours. If somebody else is there, it is looked at again.
 */
static bool is_time(struct ntapc_literal *literal)
{
	struct ntapc_process *process = literal->process;
	bool alone;

	spin_lock(&process->lock);
	alone = atomic_read(&literal->mm->mm_users) <= process->nr_literal + 1;
	/* Under the lock: leave() takes it back. */
	if (!alone && literal->there)
		queue_reap(literal, REAP_AGAIN);
	spin_unlock(&process->lock);
	return alone;
}

/*
 * But what is sealed, and what somebody is to be told of by userfaultfd(2), who may
 * take his time: that goes when the last one leaves.
 */
static void unmap_all(struct mm_struct *mm)
{
	unsigned long start = 0, end = 0;
	struct vm_area_struct *vma;
	bool told;

	ntapc_enter_mm(mm);
	for (;;) {
		/* Killable, so that it isn't taken for a hung task. */
		if (mmap_read_lock_killable(mm))
			break;
		vma = find_vma(mm, end);
		if (vma) {
			start = vma->vm_start;
			end = vma->vm_end;
			told = userfaultfd_armed(vma);
		}
		mmap_read_unlock(mm);
		if (!vma)
			break;
		if (!told)
			vm_munmap(start, end - start);
		cond_resched();
	}
	ntapc_leave_mm(mm);
}

static void reap(struct work_struct *work)
{
	struct ntapc_literal *literal =
		container_of(to_delayed_work(work), struct ntapc_literal, reap);

	/* If the thread has left it is the last one's mmput() that unmaps. */
	if (READ_ONCE(literal->there) && mmget_not_zero(literal->mm)) {
		if (is_time(literal))
			unmap_all(literal->mm);
		mmput(literal->mm);
	}
	put_reap(literal);
}

/* The process is over. Atomic context. */
static int on_end(struct wait_queue_entry *entry, unsigned int mode, int flags,
		  void *key)
{
	struct ntapc_literal *literal =
		container_of(entry, struct ntapc_literal, end);

	queue_reap(literal, 0);
	return 0;
}

/* Of a thread that has ended somebody else undoes the attachments, or its exit. */
static bool is_own(const struct ntapc_literal *literal)
{
	return current == literal->task && !(current->flags & PF_EXITING);
}

static void leave(struct ntapc_literal *literal)
{
	struct ntapc_process *process = literal->process;

	remove_wait_queue(&process->waitq, &literal->end);
	spin_lock(&process->lock);
	process->nr_literal--;
	WRITE_ONCE(literal->there, false);
	spin_unlock(&process->lock);
	/* One that runs doesn't queue itself again. */
	if (cancel_delayed_work(&literal->reap))
		put_reap(literal);
	/*
	 * Of a thread that exits in there Linux has put that one already, but not
	 * what kthread_use_mm() took, which is for kthread_unuse_mm() to give back.
	 */
	if (literal->parked || is_own(literal))
		mmput(literal->mm);
	else
		mmdrop(literal->mm);
	put_literal(literal);
}

/* ntapc_attachment.leave */
static void leave_for(struct ntapc_attachment *attachment,
		      const struct ntapc_attachment *outer)
{
	struct ntapc_literal *literal = attachment->literal;

	if (is_own(literal) && current->mm == literal->mm)
		ntapc_leave_mm(literal->mm);
	else
		pr_err("system thread %s[%d] has left the address space that it is attached to\n",
		       literal->task->comm, literal->task->pid);
	if (outer && is_own(literal) && !current->mm) {
		ntapc_enter_mm(outer->literal->mm);
		outer->literal->parked = false;
	}
	leave(literal);
}

static struct ntapc_literal *alloc_literal(struct ntapc_process *process)
{
	struct ntapc_literal *literal = kzalloc(sizeof(*literal), GFP_KERNEL);

	if (!literal)
		return ERR_PTR(-ENOMEM);
	literal->mm = ntapc_process_mm(process);
	if (!literal->mm) {
		kfree(literal);
		return ERR_PTR(-ESRCH);
	}
	mmgrab(literal->mm);
	ntapc_process_hold(process);
	literal->process = process;
	literal->task = current;
	literal->there = true;
	kref_init(&literal->kref);
	init_waitqueue_func_entry(&literal->end, on_end);
	INIT_DELAYED_WORK(&literal->reap, reap);
	spin_lock(&process->lock);
	process->nr_literal++;
	spin_unlock(&process->lock);
	add_wait_queue(&process->waitq, &literal->end);
	return literal;
}

/**
 * ntapc_literal_enter - the current system thread goes where it is attached
 * @attachment: its newest, in memory
 *
 * Return: 0; ESRCH; ENOMEM; EBUSY if it is in an address space that it hasn't
 * attached to.
 */
int ntapc_literal_enter(struct ntapc_attachment *attachment)
{
	const struct ntapc_apc_save *save = attachment->save.outer;
	const struct ntapc_attachment *outer =
		save ? container_of(save, struct ntapc_attachment, save) : NULL;
	struct ntapc_literal *literal;

	if (current->mm != (outer ? outer->literal->mm : NULL))
		return -EBUSY;
	literal = alloc_literal(attachment->process);
	if (IS_ERR(literal))
		return PTR_ERR(literal);
	/* If it has ended before we were in its wait queue. */
	if (ntapc_process_is_over(attachment->process)) {
		leave(literal);
		return -ESRCH;
	}
	if (outer) {
		ntapc_leave_mm(outer->literal->mm);
		outer->literal->parked = true;
	}
	ntapc_enter_mm(literal->mm);
	attachment->literal = literal;
	attachment->leave = leave_for;
	return 0;
}
