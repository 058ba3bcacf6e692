// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel threads that are in another address space for somebody who can't be.
 *
 * A user thread can't leave its address space. Where code has to run in another one
 * a worker of a work queue goes there for it.
 */
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "mm.h"

/*
 * What never blocks for long; what may, of user programs, each user having a few of
 * so many; and what may, of other modules.
 */
static struct workqueue_struct *copy_queue;
static struct workqueue_struct *call_queue;
static struct workqueue_struct *client_queue;

/**
 * ntapc_enter_mm - the current kernel thread goes to an address space
 * @mm: its mm_users are held by the caller, until ntapc_leave_mm()
 */
void ntapc_enter_mm(struct mm_struct *mm)
{
	kthread_use_mm(mm);
}

/**
 * ntapc_leave_mm - and comes back
 * @mm: where it is
 */
void ntapc_leave_mm(struct mm_struct *mm)
{
	kthread_unuse_mm(mm);
}

/**
 * struct job - for a stand-in, whose owner waits for it
 * @work: calls @routine
 * @mm: where
 * @routine: what
 * @context: its argument
 */
struct job {
	struct work_struct work;
	struct mm_struct *mm;
	void (*routine)(void *context);
	void *context;
};

static void run_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	ntapc_enter_mm(job->mm);
	job->routine(job->context);
	ntapc_leave_mm(job->mm);
}

/**
 * ntapc_stand_in - have something done in another address space
 * @mm: its mm_users are held by the caller
 * @routine: mustn't wait for anything of the address space's, nor for long
 * @context: its argument
 */
void ntapc_stand_in(struct mm_struct *mm, void (*routine)(void *context),
		    void *context)
{
	struct job job = { .mm = mm, .routine = routine, .context = context };

	INIT_WORK_ONSTACK(&job.work, run_job);
	/*
	 * On this processor (the queue isn't unbound), which has nothing else to
	 * do meanwhile and where the memory is in the cache: waking another one
	 * up takes as long as copying 64 KiB.
	 */
	queue_work(copy_queue, &job.work);
	flush_work(&job.work);
	destroy_work_on_stack(&job.work);
}

/**
 * struct call - a routine that may take its time
 * @work: calls @routine
 * @kref: the caller's, and the work's
 * @waitq: woken when @done is set
 * @done: it has returned
 * @mm: where; its mm_users are held until it has returned
 * @routine: what
 * @release: called with @context once @routine has returned; or NULL
 * @context: its argument
 * @result: its result, before @done
 */
struct call {
	struct work_struct work;
	struct kref kref;
	wait_queue_head_t waitq;
	bool done;
	struct mm_struct *mm;
	int (*routine)(void *context);
	void (*release)(void *context);
	void *context;
	int result;
};

static void free_call(struct kref *kref)
{
	kfree(container_of(kref, struct call, kref));
}

static bool is_done(const struct call *call)
{
	return smp_load_acquire(&call->done);	/* see run_call() */
}

static void run_call(struct work_struct *work)
{
	struct call *call = container_of(work, struct call, work);

	ntapc_enter_mm(call->mm);
	call->result = call->routine(call->context);
	ntapc_leave_mm(call->mm);
	mmput(call->mm);
	if (call->release)
		call->release(call->context);
	/* With its result. Pairs with is_done(). */
	smp_store_release(&call->done, true);
	wake_up_all(&call->waitq);
	kref_put(&call->kref, free_call);
}

/**
 * ntapc_stand_in_call - the same for a routine that may sleep
 * @mm: its mm_users are held by the caller, and by the routine until it returns
 * @routine: called unless this returns ENOMEM
 * @release: called once @routine has returned, or won't be called; NULL: the caller
 *	waits, also while it is killed
 * @context: the argument of both
 *
 * Return: what @routine returns; ENOMEM; EINTR if current is being killed: @routine
 * goes on by itself.
 */
int ntapc_stand_in_call(struct mm_struct *mm, int (*routine)(void *context),
			void (*release)(void *context), void *context)
{
	struct call *call = kmalloc(sizeof(*call), GFP_KERNEL_ACCOUNT);
	int result = 0;

	if (!call) {
		if (release)
			release(context);
		return -ENOMEM;
	}
	INIT_WORK(&call->work, run_call);
	kref_init(&call->kref);
	kref_get(&call->kref);
	init_waitqueue_head(&call->waitq);
	call->done = false;
	mmget(mm);
	call->mm = mm;
	call->routine = routine;
	call->release = release;
	call->context = context;
	queue_work(release ? call_queue : client_queue, &call->work);

	/* It may depend on user memory: not for a hung task to be seen in. */
	if (!release)
		wait_event_idle(call->waitq, is_done(call));
	else if (wait_event_killable(call->waitq, is_done(call)))
		result = -EINTR;
	if (!result)
		result = call->result;
	kref_put(&call->kref, free_call);
	return result;
}

int ntapc_stand_in_init(void)
{
	copy_queue = alloc_workqueue("ntapc_copy", WQ_CPU_INTENSIVE, 0);
	if (!copy_queue)
		return -ENOMEM;
	call_queue = alloc_workqueue("ntapc_call", WQ_UNBOUND, WQ_MAX_ACTIVE);
	if (!call_queue)
		goto free_copy_queue;
	client_queue = alloc_workqueue("ntapc_client", WQ_UNBOUND,
				       WQ_MAX_ACTIVE);
	if (client_queue)
		return 0;
	destroy_workqueue(call_queue);
free_copy_queue:
	destroy_workqueue(copy_queue);
	return -ENOMEM;
}

/* Nobody calls; a routine whose caller was killed may still be on its way. */
void ntapc_stand_in_exit(void)
{
	destroy_workqueue(client_queue);
	destroy_workqueue(call_queue);
	destroy_workqueue(copy_queue);
}
