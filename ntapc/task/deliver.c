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
#include <linux/hrtimer.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched/jobctl.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uprobes.h>

#include "thread.h"
#include "../arch/arch.h"
#include "../compat.h"

/* APCs that a rundown frees in one go. */
#define RUNDOWN_CHUNK	256

/* How long a thread is left alone that is in the middle of a system call. */
#define POSTPONE_TIME	(HZ / 50)
/* The same, while it is stopped or traced there. */
#define HELD_TIME	(HZ / 10)

/*
 * How long a thread is given to get from task work to where Linux wants it: what
 * is added earlier would be run there and then, and it would never get away.
 */
#define LEAVE_NS	(50 * NSEC_PER_USEC)

static struct hrtimer leave_timer;
static bool leave_armed;	/* by who leaves; under postponed_lock */
static LIST_HEAD(postponed_threads);
static DEFINE_SPINLOCK(postponed_lock);
static void kick_postponed(struct work_struct *work);
static DECLARE_DELAYED_WORK(postponed_work, kick_postponed);

/* Will code of ours be called for the thread, other than by its own ioctls? */
static bool under_way(const struct ntapc_thread *thread)
{
	lockdep_assert_held(&thread->lock);
	return thread->nr_user || thread->nr_special || thread->delivering ||
	       thread->work_queued || thread->nudged ||
	       !list_empty_careful(&thread->postponed);
}

static void pin(struct ntapc_thread *thread)
{
	lockdep_assert_held(&thread->lock);
	if (!thread->pinned) {
		__module_get(THIS_MODULE);
		thread->pinned = true;
	}
}

/**
 * ntapc_thread_pin - keep the module if code of its will be called
 * @thread: any; the caller keeps the module itself
 */
void ntapc_thread_pin(struct ntapc_thread *thread)
{
	spin_lock(&thread->lock);
	if (under_way(thread) && !thread->system)
		pin(thread);
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

/* Whether it is queued now; not if the thread is past its last task work. */
static bool add_work(struct ntapc_thread *thread, struct callback_head *work,
		     enum task_work_notify_mode mode)
{
	if (task_work_add(thread->task, work, mode))
		return false;	/* It retires. */
	ntapc_thread_hold(thread);
	/* Another module has it done, and may be gone before the thread comes. */
	if (unlikely(!ntapc_any_files()))
		pin(thread);
	return true;
}

/* How @nudge says, or on its next return to user mode. */
static void kick(struct ntapc_thread *thread, enum ntapc_nudge nudge)
{
	lockdep_assert_held(&thread->lock);
	/* A system thread comes by its safe points only. */
	if (thread->system)
		return;
	/* It ends after that, and a core that goes to a pipe would be cut off. */
	if (READ_ONCE(thread->task->flags) & PF_DUMPCORE)
		nudge = NTAPC_NUDGE_NONE;
	if (!nudge) {
		if (!thread->work_queued)
			thread->work_queued = add_work(thread, &thread->work,
						       TWA_RESUME);
		return;
	}
	if (!thread->nudged) {
		if (add_work(thread, &thread->nudge, TWA_SIGNAL))
			thread->nudged = nudge;
		return;
	}
	if (thread->nudged == NTAPC_NUDGE_HUSHED) {
		/* As task_work_add() does it; it is in a wait that expects it. */
		set_tsk_thread_flag(thread->task, TIF_NOTIFY_SIGNAL);
		wake_up_process(thread->task);
	}
	if (thread->nudged < nudge)
		thread->nudged = nudge;
}

/**
 * ntapc_thread_kick - have the thread come by deliver()
 * @thread: locked and not retired
 * @interrupt: also out of an interruptible system call
 */
void ntapc_thread_kick(struct ntapc_thread *thread, bool interrupt)
{
	kick(thread, interrupt ? NTAPC_NUDGE_LEAVE : NTAPC_NUDGE_NONE);
}

/**
 * ntapc_thread_nudge - have the thread come by a safe point for kernel APCs
 * @thread: locked and not retired
 *
 * Interrupts a system call, but for waits that run kernel APCs themselves.
 */
void ntapc_thread_nudge(struct ntapc_thread *thread)
{
	kick(thread, NTAPC_NUDGE_KERNEL);
}

/*
 * Is there nothing for @thread, current's, to leave a system call for but its nudge?
 * Works of Linux's own that are part of the task can wait; any other isn't even
 * followed, as another thread may take it back.
 */
static bool only_nudged(const struct ntapc_thread *thread)
{
	const struct callback_head *work = READ_ONCE(current->task_works);

	while (work == &thread->nudge || work == &thread->work ||
	       work == &thread->retire_work || ntapc_is_of_scheduler(work))
		work = READ_ONCE(work->next);
	/* That one comes without a work. */
	return !work && !klp_patch_pending(current);
}

/**
 * ntapc_thread_hush - wait on, although a kernel APC interrupts system calls
 * @thread: current's record, locked
 *
 * For a wait that has just run the kernel APCs there are, or may not; whoever
 * has more for the thread wakes it. ntapc_thread_unhush() when the wait is over.
 *
 * Return: false if the system call has to be left nevertheless.
 */
bool ntapc_thread_hush(struct ntapc_thread *thread)
{
	lockdep_assert_held(&thread->lock);
	if (!thread->nudged || thread->nudged == NTAPC_NUDGE_LEAVE ||
	    thread->terminating || task_sigpending(current))
		return false;
	/* First, as other work is queued before the flag is set for it. */
	clear_notify_signal();
	if (!only_nudged(thread)) {
		set_thread_flag(TIF_NOTIFY_SIGNAL);
		return false;
	}
	thread->nudged = NTAPC_NUDGE_HUSHED;
	return true;
}

/**
 * ntapc_thread_unhush - undo ntapc_thread_hush(), done or not
 * @thread: current's record, locked
 */
void ntapc_thread_unhush(struct ntapc_thread *thread)
{
	lockdep_assert_held(&thread->lock);
	if (likely(thread->nudged != NTAPC_NUDGE_HUSHED))
		return;
	thread->nudged = NTAPC_NUDGE_KERNEL;
	set_thread_flag(TIF_NOTIFY_SIGNAL);
}

/**
 * ntapc_come_by - there is something to be done before user mode
 * @thread: current's record
 */
void ntapc_come_by(struct ntapc_thread *thread)
{
	spin_lock(&thread->lock);
	ntapc_thread_kick(thread, false);
	spin_unlock(&thread->lock);
}

/*
 * Task work isn't run at the return to user mode only: io_uring_enter(2) runs it
 * while it waits, a traced thread at its stops, KVM_RUN before it enters its
 * guest. The registers are those of the system call's entry then and its result
 * is to come. Task work added from task work would be run in the same place, over
 * and over; so the thread is kicked again after a time.
 */
static void add_postponed(struct ntapc_thread *thread, enum ntapc_nudge nudge,
			  bool leave)
{
	spin_lock(&postponed_lock);
	if (list_empty(&thread->postponed)) {
		list_add_tail(&thread->postponed, &postponed_threads);
		ntapc_thread_hold(thread);
		thread->postponed_nudge = NTAPC_NUDGE_NONE;
		thread->postponed_leave = false;
	}
	if (thread->postponed_nudge < nudge)
		thread->postponed_nudge = nudge;
	thread->postponed_leave |= leave;
	/* Once: who is already waiting isn't put off by others that come after. */
	if (leave && !leave_armed) {
		leave_armed = true;
		hrtimer_start(&leave_timer, ns_to_ktime(LEAVE_NS),
			      HRTIMER_MODE_REL);
	}
	spin_unlock(&postponed_lock);
}

static void postpone(struct ntapc_thread *thread, enum ntapc_nudge nudge)
{
	add_postponed(thread, nudge, false);
	queue_delayed_work(ntapc_workqueue, &postponed_work, POSTPONE_TIME);
}

/**
 * ntapc_thread_kick_soon - the same as ntapc_thread_kick(), out of task work
 * @thread: current's record
 *
 * Task work that is added now would be run right away, before Linux gets at the
 * thread; so another one adds it.
 */
void ntapc_thread_kick_soon(struct ntapc_thread *thread)
{
	add_postponed(thread, NTAPC_NUDGE_LEAVE, true);
	spin_lock(&thread->lock);
	if (unlikely(!ntapc_any_files()))
		pin(thread);
	spin_unlock(&thread->lock);
}

static enum hrtimer_restart leave_expired(struct hrtimer *timer)
{
	mod_delayed_work(ntapc_workqueue, &postponed_work, 0);
	return HRTIMER_NORESTART;
}

void ntapc_deliver_init(void)
{
	ntapc_hrtimer_setup(&leave_timer, leave_expired, CLOCK_MONOTONIC,
			    HRTIMER_MODE_REL);
}

/* No thread is in the list any more. */
void ntapc_deliver_exit(void)
{
	/* The work may start the timer, and that queues the work. */
	cancel_delayed_work_sync(&postponed_work);
	hrtimer_cancel(&leave_timer);
	cancel_delayed_work_sync(&postponed_work);
}

/*
 * Is Linux holding the thread on its way to user mode, or about to? It then
 * comes of itself, and being told of a signal might make it spin there.
 */
static bool held_by_linux(const struct task_struct *task)
{
	return READ_ONCE(task->jobctl) &
	       (JOBCTL_PENDING_MASK | JOBCTL_TRAP_FREEZE | JOBCTL_STOPPED |
		JOBCTL_TRACED);
}

/* The list has a reference to it. Only kick_postponed() takes any off. */
static struct ntapc_thread *next_postponed(struct list_head *list)
{
	struct ntapc_thread *thread;

	spin_lock(&postponed_lock);
	thread = list_first_entry_or_null(list, struct ntapc_thread, postponed);
	spin_unlock(&postponed_lock);
	return thread;
}

/*
 * Takes it off, its reference with it. It is locked until it has been kicked: in
 * between nothing says that code of ours will be called for it.
 */
static enum ntapc_nudge take_postponed(struct ntapc_thread *thread, bool *leave)
{
	enum ntapc_nudge nudge;

	lockdep_assert_held(&thread->lock);
	spin_lock(&postponed_lock);
	list_del_init(&thread->postponed);
	nudge = thread->postponed_nudge;
	*leave = thread->postponed_leave;
	spin_unlock(&postponed_lock);
	return nudge;
}

/*
 * A thread that is stopped or traced in the middle of a system call will be there
 * afterwards, too; one that was let go comes by on its way out of the stop.
 */
static void kick_postponed(struct work_struct *work)
{
	bool leave, put, again = false;
	enum ntapc_nudge nudge;
	struct ntapc_thread *thread;
	LIST_HEAD(list);

	spin_lock(&postponed_lock);
	list_splice_init(&postponed_threads, &list);
	leave_armed = false;
	spin_unlock(&postponed_lock);
	while ((thread = next_postponed(&list))) {
		bool held, early = false, wait = false;

		spin_lock(&thread->lock);
		nudge = take_postponed(thread, &leave);
		if (!thread->retired) {
			held = held_by_linux(thread->task);
			wait = held && !leave;
			early = leave && thread->delivering &&
				READ_ONCE(thread->leave);
			if (!wait && !early)
				kick(thread, held ? NTAPC_NUDGE_NONE : nudge);
		}
		if (wait || early)
			add_postponed(thread, nudge, early);
		again |= wait;
		put = unpin(thread);
		spin_unlock(&thread->lock);
		ntapc_thread_put(thread);
		/* module_exit waits for this work to end. */
		if (put)
			module_put(THIS_MODULE);
	}
	if (again)
		queue_delayed_work(ntapc_workqueue, &postponed_work,
				   HELD_TIME);
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

/* Is there a user APC that may be delivered now? The thread's own call. */
static bool anything_due(const struct ntapc_thread *thread)
{
	const struct ntapc_apc_state *state = &thread->kt.apc_state;

	/* None is for the address space that it is attached to (9.9). */
	return !thread->kt.apc_state_index &&
	       (READ_ONCE(state->user_pending) ||
		(READ_ONCE(state->special_pending) &&
		 !ntapc_thread_guarded(thread)));
}

static bool is_stale(struct ntapc_thread *thread, struct ntapc_apc *apc)
{
	const struct ntapc_user_apc *uapc = ntapc_user_apc_of(apc);

	return apc->kind == NTAPC_KIND_USER &&
	       (uapc->flags & NTAPC_APC_FOREIGN) &&
	       uapc->authority != ntapc_authority_refresh(thread);
}

/**
 * ntapc_take_user - the user APC to hand over now
 * @thread: current's record, locked
 * @stale: APCs that may no longer be are added to it, for ntapc_free_apcs()
 *
 * Return: the APC, user space's or another module's, still counted as queued, or
 * NULL.
 */
struct ntapc_apc *ntapc_take_user(struct ntapc_thread *thread,
				  struct list_head *stale)
{
	bool guarded = ntapc_thread_guarded(thread);
	bool armed = thread->kt.apc_state.user_pending;
	struct ntapc_apc *apc;

	lockdep_assert_held(&thread->lock);
	/* It ends before it would run any, or is where they aren't for. */
	if (unlikely(thread->kt.apc_state.exit_pending ||
		     thread->kt.apc_state_index))
		return NULL;
	while ((apc = ntapc_core_next_user(&thread->kt, guarded))) {
		if (!is_stale(thread, apc))
			return apc;
		list_add_tail(&apc->entry, stale);
		ntapc_uncount(thread, apc);
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
		ntapc_count(thread, apc);
		thread->nr_delivered--;
	}
	ntapc_core_requeue(&thread->kt, taken);
	ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
}

/**
 * ntapc_call_client - run the kernel routine of another module's user APC
 * @thread: current's record
 * @apc: taken, and counted as delivered; may be freed
 * @normal: set to what it left
 *
 * Return: whether there is something to deliver. If not, the next ordinary APC is
 * armed, or an alert taken (4.5).
 */
bool ntapc_call_client(struct ntapc_thread *thread, struct ntapc_apc *apc,
		       struct ntapc_normal *normal)
{
	struct module *owner = container_of(apc, struct ntapc_kapc, apc)->owner;

	*normal = apc->normal;
	ntapc_call_kernel_routine(thread, apc, normal);
	module_put(owner);
	if (normal->routine)
		return true;
	spin_lock(&thread->lock);
	ntapc_core_test_alert(&thread->kt, NTAPC_USER_MODE);
	ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	return false;
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

/* Takes the APC to deliver by frame, and notes in @frame what is to follow. */
static struct ntapc_apc *take_for_frame(struct ntapc_thread *thread,
					struct ntapc_frame *frame)
{
	struct ntapc_apc *apc;
	LIST_HEAD(stale);

	spin_lock(&thread->lock);
	apc = ntapc_take_user(thread, &stale);
	if (apc) {
		ntapc_uncount(thread, apc);
		thread->nr_delivered++;
	}
	/*
	 * The end of a special one has to see to ordinary ones that an
	 * alertable point has armed, and to further special ones.
	 */
	if (apc && (!apc->special_user || thread->kt.apc_state.user_pending))
		frame->flags |= NTAPC_FRAME_TEST_ALERT;
	if (thread->kt.apc_state.special_pending)
		frame->flags |= NTAPC_FRAME_NEED_CONTINUE;
	ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	if (unlikely(!list_empty(&stale)))
		ntapc_free_apcs(&stale);
	return apc;
}

/* Another module's: its kernel routine has its say before. */
static struct ntapc_apc *call_clients(struct ntapc_thread *thread,
				      struct ntapc_frame *frame,
				      struct ntapc_apc *apc,
				      struct ntapc_normal *normal, bool *gone)
{
	while (apc && apc->kind == NTAPC_KIND_CLIENT) {
		if (ntapc_call_client(thread, apc, normal)) {
			*gone = true;
			return apc;
		}
		apc = take_for_frame(thread, frame);
	}
	return apc;
}

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
	struct ntapc_normal normal;
	struct ntapc_apc *apc;
	u32 queue_flags = 0;
	bool gone = false;
	LIST_HEAD(taken);

	if (!dispatcher)
		return PUSH_NONE;
	apc = take_for_frame(thread, frame);
	if (unlikely(apc && apc->kind == NTAPC_KIND_CLIENT))
		apc = call_clients(thread, frame, apc, &normal, &gone);
	if (!apc)
		return PUSH_NONE;
	if (likely(!gone)) {
		normal = apc->normal;
		queue_flags = ntapc_user_apc_of(apc)->flags;
	}

	fill_frame(frame, regs, queue_flags, normal.routine, normal.context,
		   normal.arg[0], normal.arg[1]);
	if (result)
		frame->context.rax = *result;
	if (frame->restart)
		frame->flags |= NTAPC_FRAME_NEED_CONTINUE;
	if (ntapc_arch_push_frame(regs, dispatcher, frame)) {
		/* What a kernel routine was called for can't be put back. */
		if (!gone) {
			list_add(&apc->entry, &taken);
			ntapc_untake(thread, &taken);
		} else if (result) {
			force_sig(SIGSEGV);
		}
		return PUSH_FAULT;
	}
	thread->last_frame = user_stack_pointer(regs);
	if (likely(!gone))
		apc->kernel_routine(apc, &normal);
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

/* Only the thread's own waits take it else. */
static void return_with_kernel_alert(struct ntapc_thread *thread)
{
	spin_lock(&thread->lock);
	ntapc_core_return_to_user(&thread->kt);
	spin_unlock(&thread->lock);
}

/*
 * In the middle of a system call, or of a step over a probed instruction. Only
 * kernel APCs may run, and only where they may block: io_uring_enter(2) holds
 * nothing while it waits, and would have to be waited for.
 */
static void deliver_in_call(struct ntapc_thread *thread,
			    const struct pt_regs *regs,
			    enum ntapc_nudge nudge)
{
	if (!steps_over_uprobe() && ntapc_arch_in_uring_enter(regs) &&
	    ntapc_run_kernel_apcs(thread) != NTAPC_RAN_LEAVE &&
	    !anything_due(thread) && !thread->continuation)
		return;
	postpone(thread, nudge);
}

/* The registers that were left for this return to user mode. */
static void apply_continuation(struct ntapc_thread *thread,
			       struct pt_regs *regs, struct ntapc_frame *frame)
{
	struct ntapc_continuation *cont = thread->continuation;

	thread->continuation = NULL;
	ntapc_arch_set_context(regs, &cont->context);
	frame->flags = cont->flags & NTAPC_FRAME_SYNC;
	frame->restart = cont->restart;
	kfree(cont);
}

static void deliver_async(struct ntapc_thread *thread, enum ntapc_nudge nudge)
{
	struct ntapc_continuation *cont;
	struct ntapc_frame frame = { };
	struct pt_regs *regs = current_pt_regs();
	enum ntapc_ran ran;

	/*
	 * It dies before it would run anything. do_exit() has task work run, too, and by
	 * then the signal is gone; nothing would end a wait there.
	 */
	if (fatal_signal_pending(current) || (current->flags & PF_POSTCOREDUMP))
		return;
	if (ntapc_arch_in_syscall(regs) || steps_over_uprobe()) {
		deliver_in_call(thread, regs, nudge);
		return;
	}
	/* Before Linux gets at the result of that call, if it is let to. */
	cont = thread->continuation;
	if (cont && cont->in_call) {
		ntapc_finish_continuation(thread, regs, cont);
		cont->in_call = false;
	}
	ran = ntapc_run_kernel_apcs(thread);
	if (fatal_signal_pending(current))
		return;
	if (ran == NTAPC_RAN_LEAVE) {
		/* Before a signal's handler is entered from these registers. */
		if (thread->continuation) {
			apply_continuation(thread, regs, &frame);
			finish_restart(thread, regs, frame.restart);
		}
		return;
	}
	if (unlikely(thread->kt.alerted[NTAPC_KERNEL_MODE]))
		return_with_kernel_alert(thread);
	ntapc_check_regions(thread);
	if (unlikely(READ_ONCE(thread->kt.apc_state.exit_pending))) {
		ntapc_exit_thread(thread, regs);
		return;
	}
	cont = thread->continuation;
	if (cont)
		apply_continuation(thread, regs, &frame);
	if (ran == NTAPC_RAN_BLOCKED || !anything_due(thread) ||
	    !ntapc_arch_frame_possible(regs) ||
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
 * @thread: retired, or about to be by somebody; what is queued to it is dropped
 *
 * May sleep.
 */
void ntapc_run_down(struct ntapc_thread *thread)
{
	LIST_HEAD(flushed);
	bool more;

	do {
		struct ntapc_apc *apc;

		spin_lock(&thread->lock);
		/* It goes with the others, and nobody may have retired it yet. */
		thread->exit = NULL;
		more = ntapc_core_run_down_some(&thread->kt, RUNDOWN_CHUNK,
						&flushed);
		list_for_each_entry(apc, &flushed, entry) {
			ntapc_uncount(thread, apc);
			if (ntapc_counts_as_user(apc))
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

static void deliver(struct ntapc_thread *thread, enum ntapc_nudge nudge)
{
	if (is_over(thread)) {
		ntapc_thread_retire(thread);
		ntapc_run_down(thread);
	} else {
		deliver_async(thread, nudge);
	}
}

/*
 * Both task works. Once the last reference to the module is dropped only a few
 * instructions are still ours, and none of them blocks: module_exit waits for
 * them with synchronize_rcu_tasks().
 */
static void run_work(struct ntapc_thread *thread, bool is_nudge)
{
	enum ntapc_nudge nudge = NTAPC_NUDGE_NONE;
	bool put;

	spin_lock(&thread->lock);
	/* From here on whatever comes needs a new kick. */
	if (is_nudge)
		swap(thread->nudged, nudge);
	else
		thread->work_queued = false;
	thread->delivering++;
	spin_unlock(&thread->lock);

	deliver(thread, nudge);

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

	run_work(thread, false);
}

static void nudge_fn(struct callback_head *head)
{
	struct ntapc_thread *thread =
		container_of(head, struct ntapc_thread, nudge);

	run_work(thread, true);
}

/**
 * ntapc_thread_end - the thread has exited or has another image
 * @thread: retired, and run down, by this; who waits for its end is woken
 *
 * May sleep.
 */
void ntapc_thread_end(struct ntapc_thread *thread)
{
	ntapc_thread_retire(thread);
	ntapc_run_down(thread);
	ntapc_attach_release(thread);
	ntapc_life->thread_ends(thread);
	wake_up_all(&thread->waitq);
}

/**
 * ntapc_thread_bury - retire a record that is for an earlier image
 * @thread: its thread has called execve(), but not come by here yet
 *
 * May sleep.
 */
void ntapc_thread_bury(struct ntapc_thread *thread)
{
	ntapc_thread_end(thread);
	/* Its task works may be queued, and nobody else will find it. */
	ntapc_thread_pin(thread);
}

static void retire_fn(struct callback_head *head)
{
	struct ntapc_thread *thread =
		container_of(head, struct ntapc_thread, retire_work);
	bool put = true;

	ntapc_thread_end(thread);

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
	/* Once: another thread may take it back meanwhile. */
	const u64 dispatcher = READ_ONCE(thread->process->dispatcher);
	struct pt_regs *regs = current_pt_regs();
	struct ntapc_frame frame;

	if (!dispatcher || ntapc_thread_guarded(thread) ||
	    !ntapc_arch_frame_possible(regs))
		return 1;
	frame.flags = NTAPC_FRAME_SYNC;
	frame.restart = 0;
	fill_frame(&frame, regs, args->flags, args->routine, args->arg[0],
		   args->arg[1], args->arg[2]);
	frame.context.rax = 0;
	if (ntapc_arch_push_frame(regs, dispatcher, &frame))
		return -EFAULT;
	thread->last_frame = user_stack_pointer(regs);

	spin_lock(&thread->lock);
	thread->nr_queued++;
	thread->nr_delivered++;
	spin_unlock(&thread->lock);
	return 0;
}

/**
 * ntapc_unpin - undo ntapc_thread_pin() if there is no more reason for it
 * @thread: any; the caller keeps the module itself
 */
void ntapc_unpin(struct ntapc_thread *thread)
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

	if (result == -ERESTARTSYS ||
	    READ_ONCE(thread->kt.apc_state.exit_pending) ||
	    thread->continuation) {
		/*
		 * Whether it restarts isn't known before the way out, and other
		 * registers than these are to come.
		 */
		ntapc_come_by(thread);
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
	enum ntapc_ran ran = NTAPC_RAN_ALL;

	if (unlikely(READ_ONCE(thread->kt.apc_state.kernel_pending)))
		ran = ntapc_run_kernel_apcs(thread);
	if (unlikely(ran == NTAPC_RAN_LEAVE))
		ntapc_come_by(thread);
	if (ran == NTAPC_RAN_ALL && anything_due(thread))
		result = push_at_return(thread, result);
	if (unlikely(thread->kt.alerted[NTAPC_KERNEL_MODE]))
		return_with_kernel_alert(thread);
	if (unlikely(READ_ONCE(thread->pinned)))
		ntapc_unpin(thread);
	return ntapc_sure_to_restart(result);
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
	cont->in_call = false;
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
