// SPDX-License-Identifier: GPL-2.0-only
/*
 * Delivery in the thread's own context: kernel APCs, then a pending continue,
 * then the next user APC. The only user of task_work.
 *
 * Order lives in our lists: task_work's is LIFO. A thread has two task works,
 * a plain one and one that interrupts system calls; both call deliver(), which
 * does all there is to do.
 */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uprobes.h>

#include "thread.h"
#include "../arch/arch.h"

/* APCs that a rundown frees in one go. */
#define RUNDOWN_CHUNK	256

/* How long a thread is left alone that is in the middle of a system call. */
#define POSTPONE_TIME	(HZ / 50)

static LIST_HEAD(postponed_threads);
static DEFINE_SPINLOCK(postponed_lock);
static void kick_postponed(struct work_struct *work);
static DECLARE_DELAYED_WORK(postponed_work, kick_postponed);

/**
 * struct ntapc_continuation - what NTAPC_IOC_CONTINUE asks for
 * @context: to be resumed; not trusted
 * @restart: of the frame
 * @flags: of the frame
 */
struct ntapc_continuation {
	struct ntapc_context context;
	u64 restart;
	u32 flags;
};

/* Will code of ours be called for the thread, other than by its own ioctls? */
static bool under_way(const struct ntapc_thread *thread)
{
	lockdep_assert_held(&thread->lock);
	return thread->nr_user || thread->nr_special || thread->delivering ||
	       thread->work_queued || thread->nudge_queued ||
	       !list_empty_careful(&thread->postponed);
}

/**
 * ntapc_thread_pin - keep the module if code of its will be called
 * @thread: any; the caller keeps the module itself
 */
void ntapc_thread_pin(struct ntapc_thread *thread)
{
	spin_lock(&thread->lock);
	if (!thread->pinned && under_way(thread)) {
		__module_get(THIS_MODULE);
		thread->pinned = true;
	}
	spin_unlock(&thread->lock);
}

/*
 * Nothing may be left for which the thread was pinned. Returns whether the
 * caller has now to drop the reference, as the last thing it does.
 */
static bool unpin(struct ntapc_thread *thread)
{
	lockdep_assert_held(&thread->lock);
	if (!thread->pinned || under_way(thread))
		return false;
	thread->pinned = false;
	return true;
}

/**
 * ntapc_thread_kick - have the thread come by deliver()
 * @thread: locked and not retired
 * @interrupt: also out of an interruptible system call
 */
void ntapc_thread_kick(struct ntapc_thread *thread, bool interrupt)
{
	struct callback_head *work = interrupt ? &thread->nudge : &thread->work;
	bool *queued = interrupt ? &thread->nudge_queued : &thread->work_queued;

	lockdep_assert_held(&thread->lock);
	if (*queued)
		return;
	if (task_work_add(thread->task, work,
			  interrupt ? TWA_SIGNAL : TWA_RESUME))
		return;	/* Past its last task work: it retires. */
	*queued = true;
	ntapc_thread_hold(thread);
}

/*
 * Task work isn't run at the return to user mode only: io_uring_enter(2) runs it
 * while it waits, a traced thread at its stops, KVM_RUN before it enters its
 * guest. The registers are those of the system call's entry then and its result
 * is to come. Task work added from task work would be run in the same place, over
 * and over; so the thread is kicked again after a time.
 */
static void postpone(struct ntapc_thread *thread, bool interrupt)
{
	spin_lock(&postponed_lock);
	if (list_empty(&thread->postponed)) {
		list_add_tail(&thread->postponed, &postponed_threads);
		ntapc_thread_hold(thread);
		thread->postponed_interrupt = false;
	}
	thread->postponed_interrupt |= interrupt;
	spin_unlock(&postponed_lock);
	queue_delayed_work(ntapc_workqueue, &postponed_work, POSTPONE_TIME);
}

static struct ntapc_thread *next_postponed(bool *interrupt)
{
	struct ntapc_thread *thread;

	spin_lock(&postponed_lock);
	thread = list_first_entry_or_null(&postponed_threads,
					  struct ntapc_thread, postponed);
	if (thread) {
		list_del_init(&thread->postponed);
		*interrupt = thread->postponed_interrupt;
	}
	spin_unlock(&postponed_lock);
	return thread;
}

static void kick_postponed(struct work_struct *work)
{
	struct ntapc_thread *thread;
	bool interrupt, put;

	while ((thread = next_postponed(&interrupt))) {
		spin_lock(&thread->lock);
		if (!thread->retired)
			ntapc_thread_kick(thread, interrupt);
		put = unpin(thread);
		spin_unlock(&thread->lock);
		ntapc_thread_put(thread);
		/* module_exit waits for this work to end. */
		if (put)
			module_put(THIS_MODULE);
	}
}

/**
 * ntapc_thread_guarded - does the thread hold special user APCs back?
 * @thread: current's record
 *
 * Return: what user space says in the control slot.
 */
bool ntapc_thread_guarded(const struct ntapc_thread *thread)
{
	return thread->control && READ_ONCE(thread->control->guard);
}

/**
 * ntapc_run_kernel_apcs - the kernel part of KiDeliverApc (rule 4.3)
 * @thread: current's record
 *
 * Task context, nothing locked.
 */
void ntapc_run_kernel_apcs(struct ntapc_thread *thread)
{
	struct ntapc_kthread *kt = &thread->kt;
	struct ntapc_apc *apc;
	bool blocked;

	might_sleep();
	spin_lock(&thread->lock);
	while ((apc = ntapc_core_next_kernel(kt, &blocked))) {
		/* The kernel routine may free the APC (4.3). */
		struct ntapc_normal normal = apc->normal;

		spin_unlock(&thread->lock);
		apc->kernel_routine(apc, &normal);
		spin_lock(&thread->lock);
	}
	spin_unlock(&thread->lock);
}

/* Is there a user APC that may be delivered now? The thread's own call. */
static bool anything_due(const struct ntapc_thread *thread)
{
	const struct ntapc_apc_state *state = &thread->kt.apc_state;

	return READ_ONCE(state->user_pending) ||
	       (READ_ONCE(state->special_pending) &&
		!ntapc_thread_guarded(thread));
}

static bool is_stale(struct ntapc_thread *thread,
		     const struct ntapc_user_apc *uapc)
{
	return (uapc->flags & NTAPC_APC_FOREIGN) &&
	       uapc->authority != ntapc_authority_refresh(thread);
}

/**
 * ntapc_take_user - the user APC to hand over now
 * @thread: current's record, locked
 * @stale: APCs that may no longer be are added to it, for ntapc_free_apcs()
 *
 * Return: the APC, still counted as queued, or NULL.
 */
struct ntapc_user_apc *ntapc_take_user(struct ntapc_thread *thread,
				       struct list_head *stale)
{
	bool guarded = ntapc_thread_guarded(thread);
	bool armed = thread->kt.apc_state.user_pending;
	struct ntapc_user_apc *uapc;
	struct ntapc_apc *apc;

	lockdep_assert_held(&thread->lock);
	while ((apc = ntapc_core_next_user(&thread->kt, guarded))) {
		uapc = ntapc_user_apc_of(apc);
		if (!is_stale(thread, uapc))
			return uapc;
		list_add_tail(&apc->entry, stale);
		ntapc_uncount(thread, uapc);
		thread->nr_dropped++;
		/* It didn't run, so that it can't have disarmed the next. */
		if (armed && thread->nr_user)
			thread->kt.apc_state.user_pending = true;
	}
	return NULL;
}

/**
 * ntapc_untake - user space couldn't be given what was taken
 * @thread: current's record
 * @taken: what was, in order, counted as delivered; emptied
 */
void ntapc_untake(struct ntapc_thread *thread, struct list_head *taken)
{
	struct ntapc_apc *apc;

	spin_lock(&thread->lock);
	list_for_each_entry(apc, taken, entry) {
		ntapc_count(thread, ntapc_user_apc_of(apc));
		thread->nr_delivered--;
	}
	ntapc_core_requeue(&thread->kt, taken);
	ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
}

/* @queue_flags: NTAPC_QUEUE_* */
static void fill_frame(struct ntapc_frame *frame, const struct pt_regs *regs,
		       u32 queue_flags, u64 routine, u64 arg0, u64 arg1,
		       u64 arg2)
{
	BUILD_BUG_ON(NTAPC_FRAME_CALLBACK_CONTEXT !=
		     NTAPC_QUEUE_CALLBACK_CONTEXT);
	BUILD_BUG_ON(NTAPC_FRAME_SPECIAL != NTAPC_QUEUE_SPECIAL);
	frame->size = sizeof(*frame);
	frame->flags |= queue_flags & (NTAPC_QUEUE_SPECIAL |
				       NTAPC_QUEUE_CALLBACK_CONTEXT);
	frame->routine = routine;
	frame->arg[0] = arg0;
	frame->arg[1] = arg1;
	frame->arg[2] = arg2;
	ntapc_arch_get_context(regs, &frame->context);
}

/*
 * A frame whose dispatcher hasn't run an instruction yet mustn't be interrupted
 * by the next special user APC, or they would run last come, first served. It is
 * told to come by when it is done instead.
 */
static bool newest_frame_not_entered(struct ntapc_thread *thread,
				     const struct pt_regs *regs)
{
	struct ntapc_frame __user *frame =
		u64_to_user_ptr(thread->last_frame);
	u32 flags;

	if (!thread->last_frame ||
	    user_stack_pointer((struct pt_regs *)regs) != thread->last_frame ||
	    instruction_pointer((struct pt_regs *)regs) !=
		    READ_ONCE(thread->process->dispatcher))
		return false;
	return !get_user(flags, &frame->flags) &&
	       !put_user(flags | NTAPC_FRAME_NEED_CONTINUE, &frame->flags);
}

/* What push_user_apc() did. */
enum push {
	PUSH_NONE,	/* there was nothing to deliver */
	PUSH_DONE,
	PUSH_FAULT,	/* the user stack can't take the frame; nothing is lost */
};

/*
 * Delivers one user APC by frame. @frame->flags and ->restart are what the
 * caller knows; a result that the interrupted ioctl has yet to return is in
 * @result, if that isn't NULL.
 */
static enum push push_user_apc(struct ntapc_thread *thread,
			       struct pt_regs *regs, struct ntapc_frame *frame,
			       const long *result)
{
	u64 dispatcher = READ_ONCE(thread->process->dispatcher);
	struct ntapc_user_apc *uapc;
	struct ntapc_normal normal;
	LIST_HEAD(stale);
	LIST_HEAD(taken);

	if (!dispatcher)
		return PUSH_NONE;
	spin_lock(&thread->lock);
	uapc = ntapc_take_user(thread, &stale);
	if (uapc) {
		ntapc_uncount(thread, uapc);
		thread->nr_delivered++;
	}
	/*
	 * The end of a special one has to see to ordinary ones that an
	 * alertable point has armed, and to further special ones.
	 */
	if (uapc && (!uapc->apc.special_user ||
		     thread->kt.apc_state.user_pending))
		frame->flags |= NTAPC_FRAME_TEST_ALERT;
	if (thread->kt.apc_state.special_pending)
		frame->flags |= NTAPC_FRAME_NEED_CONTINUE;
	ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	ntapc_free_apcs(&stale);
	if (!uapc)
		return PUSH_NONE;

	normal = uapc->apc.normal;
	fill_frame(frame, regs, uapc->flags, normal.routine, normal.context,
		   normal.arg[0], normal.arg[1]);
	if (result)
		frame->context.rax = *result;
	if (frame->restart)
		frame->flags |= NTAPC_FRAME_NEED_CONTINUE;
	if (ntapc_arch_push_frame(regs, dispatcher, frame)) {
		list_add(&uapc->apc.entry, &taken);
		ntapc_untake(thread, &taken);
		return PUSH_FAULT;
	}
	thread->last_frame = user_stack_pointer(regs);
	uapc->apc.kernel_routine(&uapc->apc, &normal);
	return PUSH_DONE;
}

/* Resumes @regs' system call where no further APC is to run before that. */
static void finish_restart(struct ntapc_thread *thread, struct pt_regs *regs,
			   u64 restart)
{
	if (restart && !ntapc_restart_resume(thread, restart))
		ntapc_arch_fail_restart(regs);
}

/* Registers are then to be fixed up by uprobes, which keeps signals out, too. */
static bool steps_over_uprobe(void)
{
#ifdef CONFIG_UPROBES
	return current->utask && current->utask->active_uprobe;
#else
	return false;
#endif
}

static void deliver_async(struct ntapc_thread *thread, bool interrupt)
{
	struct ntapc_continuation *cont = thread->continuation;
	struct ntapc_frame frame = { };
	struct pt_regs *regs = current_pt_regs();

	if (ntapc_arch_in_syscall(regs) || steps_over_uprobe()) {
		postpone(thread, interrupt);
		return;
	}
	/* It dies before it would run anything. */
	if (fatal_signal_pending(current))
		return;
	ntapc_run_kernel_apcs(thread);
	if (cont) {
		thread->continuation = NULL;
		ntapc_arch_set_context(regs, &cont->context);
		frame.flags = cont->flags & NTAPC_FRAME_SYNC;
		frame.restart = cont->restart;
		kfree(cont);
	}
	if (!anything_due(thread) || !ntapc_arch_frame_possible(regs) ||
	    newest_frame_not_entered(thread, regs))
		goto resume;

	if (!cont)
		frame.restart = ntapc_restart_settle(thread, regs);
	ntapc_arch_abort_rseq(regs);

	switch (push_user_apc(thread, regs, &frame, NULL)) {
	case PUSH_DONE:
		return;
	case PUSH_FAULT:
		/* As for a signal's frame. */
		force_sig(SIGSEGV);
		return;
	case PUSH_NONE:
		break;
	}
resume:
	finish_restart(thread, regs, frame.restart);
}

/**
 * ntapc_run_down - the thread is gone or has another image (7.3, 14.3)
 * @thread: retired; what is queued to it is dropped
 *
 * May sleep.
 */
void ntapc_run_down(struct ntapc_thread *thread)
{
	enum ntapc_mode mode;
	LIST_HEAD(flushed);
	bool more;

	do {
		struct ntapc_apc *apc;

		more = false;
		spin_lock(&thread->lock);
		for (mode = 0; mode < NTAPC_NR_MODES; mode++)
			more |= ntapc_core_flush_some(&thread->kt, mode,
						      RUNDOWN_CHUNK, &flushed);
		list_for_each_entry(apc, &flushed, entry) {
			ntapc_uncount(thread, ntapc_user_apc_of(apc));
			thread->nr_dropped++;
		}
		spin_unlock(&thread->lock);
		ntapc_free_apcs(&flushed);
	} while (more);
}

/* Has the thread ended, or the image that the APCs were for? */
static bool is_over(const struct ntapc_thread *thread)
{
	return READ_ONCE(thread->retired) || (current->flags & PF_EXITING) ||
	       current->mm != READ_ONCE(thread->process->mm);
}

static void deliver(struct ntapc_thread *thread, bool interrupt)
{
	if (is_over(thread)) {
		ntapc_thread_retire(thread);
		ntapc_run_down(thread);
	} else {
		deliver_async(thread, interrupt);
	}
}

/*
 * Both task works. Once the last reference to the module is dropped only a few
 * instructions are still ours, and none of them blocks: module_exit waits for
 * them with synchronize_rcu_tasks().
 */
static void run_work(struct ntapc_thread *thread, bool *queued)
{
	bool put;

	spin_lock(&thread->lock);
	/* From here on whatever comes needs a new kick. */
	*queued = false;
	thread->delivering++;
	spin_unlock(&thread->lock);

	deliver(thread, queued == &thread->nudge_queued);

	spin_lock(&thread->lock);
	thread->delivering--;
	put = unpin(thread);
	spin_unlock(&thread->lock);
	ntapc_thread_put(thread);
	if (put)
		module_put(THIS_MODULE);
}

static void work_fn(struct callback_head *head)
{
	struct ntapc_thread *thread =
		container_of(head, struct ntapc_thread, work);

	run_work(thread, &thread->work_queued);
}

static void nudge_fn(struct callback_head *head)
{
	struct ntapc_thread *thread =
		container_of(head, struct ntapc_thread, nudge);

	run_work(thread, &thread->nudge_queued);
}

static void end_thread(struct ntapc_thread *thread)
{
	ntapc_thread_retire(thread);
	ntapc_run_down(thread);
	WRITE_ONCE(thread->exited, true);
	wake_up_all(&thread->exit_wait);
}

/**
 * ntapc_thread_bury - retire a record that is for an earlier image
 * @thread: its thread has called execve(), but not come by here yet
 *
 * May sleep.
 */
void ntapc_thread_bury(struct ntapc_thread *thread)
{
	end_thread(thread);
	/* Its task works may be queued, and nobody else will find it. */
	ntapc_thread_pin(thread);
}

static void retire_fn(struct callback_head *head)
{
	struct ntapc_thread *thread =
		container_of(head, struct ntapc_thread, retire_work);
	bool put = true;

	end_thread(thread);

	/* The other works may be right behind: they get our reference then. */
	spin_lock(&thread->lock);
	if (under_way(thread) && !thread->pinned) {
		thread->pinned = true;
		put = false;
	} else if (unpin(thread)) {
		module_put(THIS_MODULE);
	}
	spin_unlock(&thread->lock);
	ntapc_thread_put(thread);
	if (put)
		module_put(THIS_MODULE);
}

/**
 * ntapc_thread_retire_later - retire current, where that may sleep
 * @thread: current's record; takes over a reference
 *
 * Exit and execve() are learnt of in atomic context. Task work comes after both
 * of them, before anything of the thread's is seen again. May be called in
 * atomic context.
 */
void ntapc_thread_retire_later(struct ntapc_thread *thread)
{
	if (atomic_xchg(&thread->retiring, 1))
		goto put;
	/* If it is being unloaded there is nothing left to run down. */
	if (!try_module_get(THIS_MODULE))
		goto put;
	if (!task_work_add(current, &thread->retire_work, TWA_RESUME))
		return;
	module_put(THIS_MODULE);
put:
	/* The hash has one, too: this isn't the last. */
	ntapc_thread_put(thread);
}

/**
 * ntapc_thread_init_works - the members that deliver.c owns
 * @thread: new
 */
void ntapc_thread_init_works(struct ntapc_thread *thread)
{
	init_task_work(&thread->work, work_fn);
	init_task_work(&thread->nudge, nudge_fn);
	init_task_work(&thread->retire_work, retire_fn);
	INIT_LIST_HEAD(&thread->postponed);
}

/**
 * ntapc_push_special - deliver a special user APC that needn't be queued
 * @thread: current's record; nothing else is due to it
 * @args: what to deliver, at the end of the ioctl that gave it
 *
 * Return: 0; 1 if it has to be queued, because the thread holds it back or can't
 * take a frame; EFAULT if the user stack can't.
 */
int ntapc_push_special(struct ntapc_thread *thread,
		       const struct ntapc_queue *args)
{
	struct pt_regs *regs = current_pt_regs();
	struct ntapc_frame frame;

	if (ntapc_thread_guarded(thread) || ntapc_frame_possible(thread))
		return 1;
	frame.flags = NTAPC_FRAME_SYNC;
	frame.restart = 0;
	fill_frame(&frame, regs, args->flags, args->routine, args->arg[0],
		   args->arg[1], args->arg[2]);
	frame.context.rax = 0;
	if (ntapc_arch_push_frame(regs, READ_ONCE(thread->process->dispatcher),
				  &frame))
		return -EFAULT;
	thread->last_frame = user_stack_pointer(regs);

	spin_lock(&thread->lock);
	thread->nr_queued++;
	thread->nr_delivered++;
	spin_unlock(&thread->lock);
	return 0;
}

/* The ioctl's descriptor keeps the module. */
static void unpin_in_ioctl(struct ntapc_thread *thread)
{
	bool put;

	spin_lock(&thread->lock);
	put = unpin(thread);
	spin_unlock(&thread->lock);
	if (put)
		module_put(THIS_MODULE);
}

/* Not inlined: the frame, which is large, is cleared on entry. */
static noinline long push_at_return(struct ntapc_thread *thread, long result)
{
	struct pt_regs *regs = current_pt_regs();
	struct ntapc_frame frame = { .flags = NTAPC_FRAME_SYNC };

	if (result == -ERESTARTSYS) {
		/* Whether it restarts isn't known before the way out. */
		spin_lock(&thread->lock);
		ntapc_thread_kick(thread, false);
		spin_unlock(&thread->lock);
		return result;
	}
	if (ntapc_arch_frame_possible(regs) &&
	    !newest_frame_not_entered(thread, regs) &&
	    push_user_apc(thread, regs, &frame, &result) == PUSH_FAULT)
		result = -EFAULT;
	return result;
}

/**
 * ntapc_deliver_sync - deliver at the end of an ioctl of the thread's own
 * @thread: current's record
 * @result: what the ioctl is about to return
 *
 * The frame is put into the registers that the system call returns with, which
 * saves the way through task work.
 *
 * Return: what the ioctl has to return.
 */
long ntapc_deliver_sync(struct ntapc_thread *thread, long result)
{
	if (READ_ONCE(thread->kt.apc_state.kernel_pending))
		ntapc_run_kernel_apcs(thread);
	if (anything_due(thread))
		result = push_at_return(thread, result);
	if (unlikely(READ_ONCE(thread->pinned)))
		unpin_in_ioctl(thread);
	return result;
}

/**
 * ntapc_frame_possible - could current take an APC by frame?
 * @thread: current's record
 *
 * Return: 0, EOPNOTSUPP or ENXIO.
 */
int ntapc_frame_possible(const struct ntapc_thread *thread)
{
	if (!ntapc_arch_frame_possible(current_pt_regs()))
		return -EOPNOTSUPP;
	return READ_ONCE(thread->process->dispatcher) ? 0 : -ENXIO;
}

/**
 * ntapc_continue - NtContinue (rules 12.2 to 12.5)
 * @thread: current's record
 * @frame: copied in, not trusted
 * @test_alert: look for further user APCs first
 *
 * The registers are restored by the task work: the ioctl's own result would
 * overwrite rax, and is truncated to an int on its way.
 *
 * Return: 0 or ENOMEM.
 */
int ntapc_continue(struct ntapc_thread *thread, const struct ntapc_frame *frame,
		   bool test_alert)
{
	struct ntapc_continuation *cont;

	cont = kmalloc(sizeof(*cont), GFP_KERNEL_ACCOUNT);
	if (!cont)
		return -ENOMEM;
	kfree(thread->continuation);
	cont->context = frame->context;
	cont->restart = frame->restart;
	cont->flags = frame->flags;
	thread->continuation = cont;

	spin_lock(&thread->lock);
	/* An alert is taken and ends the chain (12.4). */
	if (test_alert)
		ntapc_core_test_alert(&thread->kt, NTAPC_USER_MODE);
	ntapc_control_publish(thread);
	ntapc_thread_kick(thread, false);
	spin_unlock(&thread->lock);
	return 0;
}
