// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel APCs: running them in their thread's context (section 4), and APCs of
 * other modules (sections 2, 3, 7).
 */
#include <linux/export.h>
#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "thread.h"
#include "../trace.h"

static struct ntapc_kapc *kapc_of(struct ntapc_apc *apc)
{
	return container_of(apc, struct ntapc_kapc, apc);
}

/* What a routine has to leave as it found it. */
struct state_before {
	int preempt_count;
	int lock_depth;
};

static int held_locks(void)
{
#ifdef CONFIG_LOCKDEP
	return current->lockdep_depth;
#else
	return 0;
#endif
}

static struct state_before get_state(void)
{
	return (struct state_before){
		.preempt_count = preempt_count(),
		.lock_depth = held_locks(),
	};
}

/*
 * A routine that leaks a lock or atomic context is its module's bug (NT: bugcheck
 * IRQL_UNEXPECTED_VALUE, rule 4.3). It is named, and what can be is put right, as
 * work queues and timers do.
 */
static void check_state(const struct state_before *before, const void *routine)
{
	if (likely(preempt_count() == before->preempt_count &&
		   held_locks() == before->lock_depth && !irqs_disabled()))
		return;
	pr_err("kernel routine %ps leaked a lock or atomic context: preempt=0x%08x, was 0x%08x, locks %d, were %d, target %s[%d]\n",
	       routine, preempt_count(), before->preempt_count, held_locks(),
	       before->lock_depth, current->comm, task_pid_nr(current));
	if (irqs_disabled())
		local_irq_enable();
	preempt_count_set(before->preempt_count);
}

/**
 * ntapc_call_kernel_routine - call an APC's kernel routine
 * @thread: current's record
 * @apc: off its list; may be freed
 * @normal: what it may change
 */
void ntapc_call_kernel_routine(struct ntapc_thread *thread,
			       struct ntapc_apc *apc,
			       struct ntapc_normal *normal)
{
	ntapc_kernel_routine_t routine = apc->kernel_routine;
	struct state_before before = get_state();

	routine(apc, normal);
	check_state(&before, routine);
}

static void call_normal_routine(const struct ntapc_normal *normal)
{
	ntapc_normal_routine_t routine =
		(ntapc_normal_routine_t)(unsigned long)normal->routine;
	struct state_before before = get_state();

	routine((void *)(unsigned long)normal->context,
		(void *)(unsigned long)normal->arg[0],
		(void *)(unsigned long)normal->arg[1]);
	check_state(&before, routine);
}

/* A routine has returned: where it was called, or is it to be brought back there? */
static void check_attached(struct ntapc_thread *thread,
			   const struct ntapc_apc_save *save)
{
	if (unlikely(thread->kt.save != save))
		ntapc_attach_unwind(thread, save);
}

/* One APC that has been taken off its list. Nothing is locked. */
static void run_one(struct ntapc_thread *thread, struct ntapc_apc *apc)
{
	struct ntapc_kthread *kt = &thread->kt;
	/* The kernel routine may free the APC (4.3). */
	struct ntapc_normal normal = apc->normal;
	struct module *owner = apc->kind == NTAPC_KIND_CLIENT ?
				       kapc_of(apc)->owner : NULL;
	const struct ntapc_apc_save *save = kt->save;

	trace_ntapc_kernel_apc_run(thread, apc);
	thread->depth++;
	ntapc_call_kernel_routine(thread, apc, &normal);
	check_attached(thread, save);
	if (normal.routine) {
		save = kt->save;
		/* Only the thread itself looks at it or changes it unlocked. */
		spin_lock(&thread->lock);
		kt->apc_state.kernel_in_progress = true;
		spin_unlock(&thread->lock);
		call_normal_routine(&normal);
		/* That flag is where it was called. */
		check_attached(thread, save);
		spin_lock(&thread->lock);
		ntapc_core_kernel_done(kt);
		spin_unlock(&thread->lock);
	}
	thread->depth--;
	/* None of its code is on the stack any more. */
	if (owner)
		module_put(owner);
}

/**
 * ntapc_run_kernel_apcs - the kernel part of KiDeliverApc (rules 4.2 to 4.4)
 * @thread: current's record
 *
 * Task context, nothing locked. May block for as long as the thread is
 * suspended.
 *
 * Return: what the caller may do next.
 */
enum ntapc_ran ntapc_run_kernel_apcs(struct ntapc_thread *thread)
{
	struct ntapc_kthread *kt = &thread->kt;
	struct ntapc_apc *apc;
	bool blocked = false;

	might_sleep();
	thread->leave = false;
	spin_lock(&thread->lock);
	while (!thread->leave &&
	       (apc = ntapc_core_next_kernel(kt, &blocked))) {
		/* A special user APC goes on in the user queue. */
		if (apc->kind == NTAPC_KIND_CLIENT) {
			ntapc_uncount(thread, apc);
			thread->nr_kernel_run++;
		}
		spin_unlock(&thread->lock);
		run_one(thread, apc);
		/* Others may queue them as fast as they run. */
		cond_resched();
		spin_lock(&thread->lock);
	}
	spin_unlock(&thread->lock);
	if (thread->leave)
		return NTAPC_RAN_LEAVE;
	return blocked ? NTAPC_RAN_BLOCKED : NTAPC_RAN_ALL;
}

/* ntapc_act_on_wake() for a kernel APC, which ends no system call. */
static void act_on_wake(struct ntapc_thread *thread, enum ntapc_wake wake)
{
	if (wake == NTAPC_WAKE_INTERRUPT && thread->task != current)
		ntapc_thread_nudge(thread);
	else
		ntapc_act_on_wake(thread, wake, true);
}

/**
 * ntapc_notify_target - have a thread come by its safe point
 * @thread: the target, locked and not retired
 * @apc: a kernel APC that has been inserted
 * @wake: what the insertion asked for
 *
 * The current thread comes by on its return to user mode: whoever inserts may be
 * in a system call that isn't ours.
 */
void ntapc_notify_target(struct ntapc_thread *thread,
			 const struct ntapc_apc *apc, enum ntapc_wake wake)
{
	/* Held up by a region, it looks again when it leaves that. */
	if (wake == NTAPC_WAKE_INTERRUPT &&
	    !ntapc_core_kernel_runs(&thread->kt, apc))
		return;
	if (wake == NTAPC_WAKE_INTERRUPT && thread->task == current)
		ntapc_thread_kick(thread, false);
	else
		act_on_wake(thread, wake);
}

/**
 * ntapc_insert_own - queue an APC that is part of what ntapc does to a thread
 * @thread: its target, locked and not retired
 * @apc: initialised, a kernel APC
 *
 * Return: false if the thread takes none any more.
 */
bool ntapc_insert_own(struct ntapc_thread *thread, struct ntapc_apc *apc)
{
	enum ntapc_wake wake;

	apc->kind = NTAPC_KIND_OWN;
	if (!ntapc_core_insert(&thread->kt, apc, 0, 0, thread->task == current,
			       &wake))
		return false;
	act_on_wake(thread, wake);
	return true;
}

/**
 * ntapc_rundown_apc - an APC will never be delivered
 * @apc: off its list; may be freed
 */
void ntapc_rundown_apc(struct ntapc_apc *apc)
{
	struct module *owner = apc->kind == NTAPC_KIND_CLIENT ?
				       kapc_of(apc)->owner : NULL;

	apc->rundown_routine(apc);
	if (owner)
		module_put(owner);
}

/* The API of other modules */

/**
 * __ntapc_kapc_init - see ntapc_kapc_init()
 * @kapc: see there
 * @thread: see there
 * @environment: see there
 * @kernel_routine: see there
 * @rundown_routine: see there
 * @normal_routine: see there
 * @mode: see there
 * @normal_context: see there
 * @owner: the module that the routines belong to
 */
void __ntapc_kapc_init(struct ntapc_kapc *kapc, struct ntapc_thread *thread,
		       enum ntapc_environment environment,
		       ntapc_kernel_routine_t kernel_routine,
		       ntapc_rundown_routine_t rundown_routine,
		       u64 normal_routine, enum ntapc_mode mode,
		       u64 normal_context, struct module *owner)
{
	spin_lock(&thread->lock);
	ntapc_apc_init(&kapc->apc, &thread->kt, environment, kernel_routine,
		       rundown_routine, normal_routine, mode, normal_context);
	spin_unlock(&thread->lock);
	kapc->apc.kind = NTAPC_KIND_CLIENT;
	kapc->thread = thread;
	kapc->owner = owner;
}
EXPORT_SYMBOL_GPL(__ntapc_kapc_init);

/**
 * ntapc_kapc_insert - KeInsertQueueApc (section 3)
 * @kapc: initialised
 * @arg1: SystemArgument1
 * @arg2: SystemArgument2
 *
 * A kernel APC runs at the target's next safe point: on its return to user mode,
 * for which it is fetched out of interruptible system calls; in a wait of
 * ntapc's; when it leaves a region. Any task context.
 *
 * Return: false, with no effect, if the target has ended or @kapc is inserted
 * already (3.1).
 */
bool ntapc_kapc_insert(struct ntapc_kapc *kapc, u64 arg1, u64 arg2)
{
	struct ntapc_thread *thread = kapc->thread;
	struct ntapc_apc *apc = &kapc->apc;
	struct module *owner = kapc->owner;
	enum ntapc_wake wake;
	bool inserted;

	if (!try_module_get(owner))
		return false;
	spin_lock(&thread->lock);
	inserted = !ntapc_thread_is_over(thread) &&
		   ntapc_core_insert(&thread->kt, apc, arg1, arg2,
				     thread->task == current, &wake);
	if (inserted) {
		ntapc_count(thread, apc);
		if (apc->mode == NTAPC_USER_MODE) {
			thread->nr_queued++;
			ntapc_control_publish(thread);
		}
		trace_ntapc_kernel_apc_insert(thread, apc);
		ntapc_notify_target(thread, apc, wake);
	}
	spin_unlock(&thread->lock);
	if (!inserted)
		module_put(owner);
	return inserted;
}
EXPORT_SYMBOL_GPL(ntapc_kapc_insert);

/**
 * ntapc_kapc_take - take an APC back, with its hold on its module
 * @kapc: initialised
 *
 * Return: whether it was inserted: then the module is the caller's to put.
 */
bool ntapc_kapc_take(struct ntapc_kapc *kapc)
{
	struct ntapc_thread *thread = kapc->thread;
	bool removed;

	spin_lock(&thread->lock);
	removed = ntapc_core_remove(&thread->kt, &kapc->apc);
	if (removed) {
		ntapc_uncount(thread, &kapc->apc);
		if (kapc->apc.mode == NTAPC_USER_MODE) {
			thread->nr_dropped++;
			ntapc_control_publish(thread);
		}
	}
	spin_unlock(&thread->lock);
	return removed;
}

/**
 * ntapc_kapc_remove - KeRemoveQueueApc (rule 7.1)
 * @kapc: initialised
 *
 * Any task context.
 *
 * Return: whether it was inserted. If not, its routines have run, or are
 * running, or are about to.
 */
bool ntapc_kapc_remove(struct ntapc_kapc *kapc)
{
	bool removed = ntapc_kapc_take(kapc);

	if (removed)
		ntapc_unpin(kapc->thread);

	/* The caller is that module, or keeps it. */
	if (removed)
		module_put(kapc->owner);
	return removed;
}
EXPORT_SYMBOL_GPL(ntapc_kapc_remove);

static void flush_list(struct ntapc_thread *thread, struct list_head *list,
		       struct list_head *flushed)
{
	struct ntapc_apc *apc, *next;

	list_for_each_entry_safe(apc, next, list, entry) {
		if (apc->kind == NTAPC_KIND_OWN)
			continue;
		ntapc_core_remove(&thread->kt, apc);
		ntapc_uncount(thread, apc);
		if (ntapc_counts_as_user(apc))
			thread->nr_dropped++;
		list_add_tail(&apc->entry, flushed);
	}
}

/**
 * ntapc_flush_apcs - KeFlushQueueApc (rule 7.2)
 * @thread: any
 * @mode: &enum ntapc_mode of the queue to be emptied
 *
 * NT gives its caller the chain of what was queued, whoever owns it. Here each
 * one's rundown routine is called, in order. Parts of suspensions and
 * terminations under way are in the queues as well: they stay.
 */
void ntapc_flush_apcs(struct ntapc_thread *thread, enum ntapc_mode mode)
{
	struct ntapc_apc_state *state = &thread->kt.apc_state;
	LIST_HEAD(flushed);

	spin_lock(&thread->lock);
	flush_list(thread, &state->special[mode], &flushed);
	flush_list(thread, &state->normal[mode], &flushed);
	ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	ntapc_free_apcs(&flushed);
	ntapc_unpin(thread);
}
EXPORT_SYMBOL_GPL(ntapc_flush_apcs);

/**
 * ntapc_deliver_kernel_apcs - a safe point of a system thread
 *
 * Runs the kernel APCs of the calling system thread, as they would be by an
 * interrupt in NT. Returns when it has been resumed, if it was suspended.
 */
void ntapc_deliver_kernel_apcs(void)
{
	struct ntapc_thread *thread = ntapc_thread_find(current);

	if (thread && thread->system)
		ntapc_run_kernel_apcs(thread);
}
EXPORT_SYMBOL_GPL(ntapc_deliver_kernel_apcs);
