// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspension (section 6) and alerts from outside (sections 5 and 15).
 *
 * A suspended thread sits in the normal routine of its suspend APC, a normal
 * kernel APC: on its way to user mode, or in a wait of ntapc's. All signals that
 * can be are blocked there, so that others of its process take them. What Linux
 * still wants of it - to die, to stop, to be traced or frozen - is done by
 * get_signal(), which comes after task work: the routine lets the thread go there,
 * with the suspend APC back in its queue, and has it fetched again.
 */
#include <linux/export.h>
#include <linux/freezer.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/signal.h>
#include <linux/slab.h>

#include "thread.h"
#include "../compat.h"
#include "../trace.h"

static void suspend_normal(void *context, void *arg1, void *arg2);

/* Signals of a suspended thread */

static void hold_signals(struct ntapc_suspension *suspension)
{
	sigset_t all;

	/* System calls with a mask of their own may have put it back. */
	sigfillset(&all);
	sigdelsetmask(&all, sigmask(SIGKILL) | sigmask(SIGSTOP));
	if (suspension->masked && sigequalsets(&current->blocked, &all))
		return;
	suspension->mask = current->blocked;
	suspension->masked = true;
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void release_signals(struct ntapc_suspension *suspension)
{
	if (!suspension->masked)
		return;
	suspension->masked = false;
	sigprocmask(SIG_SETMASK, &suspension->mask, NULL);
}

/**
 * ntapc_set_own_mask - change current's signal mask, as far as it has it now
 * @thread: current's record
 * @mask: becomes its own; a suspended thread has it when it is resumed
 */
void ntapc_set_own_mask(struct ntapc_thread *thread, sigset_t *mask)
{
	if (thread->suspension && thread->suspension->masked)
		thread->suspension->mask = *mask;
	else
		sigprocmask(SIG_SETMASK, mask, NULL);
}

/* The suspend APC */

/**
 * ntapc_is_suspended - does the thread stand still?
 * @thread: any
 *
 * Return: whether it is suspended, not only about to be or not to be any more.
 */
bool ntapc_is_suspended(const struct ntapc_thread *thread)
{
	const struct ntapc_suspension *suspension =
		READ_ONCE(thread->suspension);

	return suspension && READ_ONCE(suspension->still) &&
	       (READ_ONCE(thread->kt.suspend_count) ||
		READ_ONCE(thread->kt.freeze_count));
}

static void announce(struct ntapc_thread *thread)
{
	if (wq_has_sleeper(&thread->waitq))
		wake_up_poll(&thread->waitq, EPOLLPRI);
}

/*
 * Does Linux want the thread, so that it has to go to get_signal()? What is only
 * marked as such would take it through there, and on to user mode.
 */
static bool wanted_by_linux(const struct ntapc_thread *thread)
{
	struct sighand_struct *sighand =
		rcu_dereference_protected(current->sighand, true);

	if (thread->system)
		return ntapc_system_stops(thread);
	if (fatal_signal_pending(current))
		return true;
	if (thread->stay || !test_thread_flag(TIF_SIGPENDING))
		return false;
	spin_lock_irq(&sighand->siglock);
	recalc_sigpending();
	spin_unlock_irq(&sighand->siglock);
	return test_thread_flag(TIF_SIGPENDING);
}

/*
 * Blocks once. Task work of others' that is added meanwhile would keep an
 * interruptible sleep from sleeping: it comes after, see suspend_normal(). In a
 * wait of kernel mode nothing but being killed ends it.
 */
static void block(struct ntapc_thread *thread)
{
	unsigned int state = thread->stay ? TASK_KILLABLE | TASK_NOLOAD :
					    TASK_INTERRUPTIBLE;

	if (!thread->system)
		state |= TASK_FREEZABLE;
	set_current_state(state);
	/* Pairs with the wake-up, which comes after the decision. */
	if (READ_ONCE(thread->kt.wait_status) == NTAPC_WAIT_BLOCK &&
	    !ntapc_system_stops(thread))
		schedule();
	__set_current_state(TASK_RUNNING);
}

/* Waits as long as the thread is suspended; whether that was interrupted. */
static bool wait_suspended(struct ntapc_thread *thread, bool *notified)
{
	struct ntapc_suspension *suspension = thread->suspension;
	struct ntapc_kthread *kt = &thread->kt;
	bool begun, over;

	for (;;) {
		if (test_thread_flag(TIF_NOTIFY_SIGNAL)) {
			clear_notify_signal();
			*notified = true;
		}
		/* Rule 6.3: special ones interrupt this normal one (4.4). */
		ntapc_run_kernel_apcs(thread);
		if (wanted_by_linux(thread))
			return true;
		spin_lock(&thread->lock);
		begun = (kt->special_apc_disable ||
			 list_empty(&kt->apc_state.special[NTAPC_KERNEL_MODE])) &&
			ntapc_core_suspend_begin(kt);
		over = !begun && !ntapc_core_to_suspend(kt);
		/* With the count: a suspension from now on is told anew. */
		if (over)
			WRITE_ONCE(suspension->still, false);
		spin_unlock(&thread->lock);
		if (over)
			return false;
		if (!begun)
			continue;
		if (!suspension->still) {
			trace_ntapc_suspended(thread);
			WRITE_ONCE(suspension->still, true);
			announce(thread);
		}
		block(thread);
		spin_lock(&thread->lock);
		ntapc_core_suspend_end(kt);
		spin_unlock(&thread->lock);
	}
}

/*
 * Linux wants the thread. If it isn't to end, it is fetched again after that;
 * whether that has to be.
 */
static bool let_go(struct ntapc_thread *thread)
{
	bool again;

	if (fatal_signal_pending(current) || thread->system)
		return true;
	spin_lock(&thread->lock);
	again = ntapc_core_suspend_again(&thread->kt);
	spin_unlock(&thread->lock);
	if (again)
		ntapc_thread_kick_soon(thread);
	return again;
}

/* NormalRoutine of the suspend APC (rule 1.5); @context is the thread. */
static void suspend_normal(void *context, void *arg1, void *arg2)
{
	struct ntapc_thread *thread = context;
	struct ntapc_suspension *suspension = thread->suspension;
	bool notified = false;
	bool interrupted;

	if (!thread->system)
		hold_signals(suspension);
	interrupted = wait_suspended(thread, &notified);
	WRITE_ONCE(suspension->still, false);
	if (interrupted)
		thread->leave = let_go(thread);
	/*
	 * Also if it is let go: should it get to user mode, it must be with the
	 * signals that are its own. Handlers that get_signal() enters for them
	 * run when the thread is resumed.
	 */
	release_signals(suspension);
	/* What others have queued is for the way out. */
	if (notified && task_work_pending(current))
		set_thread_flag(TIF_NOTIFY_SIGNAL);
}

static void suspend_kernel(struct ntapc_apc *apc, struct ntapc_normal *normal)
{
	/* Nothing (1.5). */
}

static void suspend_rundown(struct ntapc_apc *apc)
{
	/* It is freed with the thread. */
}

/* Memory for suspensions of @thread, once and for all. */
static int make_suspension(struct ntapc_thread *thread)
{
	struct ntapc_suspension *new;

	if (READ_ONCE(thread->suspension))
		return 0;
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	ntapc_apc_init(&new->apc, &thread->kt, NTAPC_ENV_ORIGINAL,
		       suspend_kernel, suspend_rundown,
		       (unsigned long)suspend_normal, NTAPC_KERNEL_MODE,
		       (unsigned long)thread);
	new->apc.kind = NTAPC_KIND_OWN;
	spin_lock(&thread->lock);
	if (!thread->suspension) {
		thread->kt.suspend_apc = &new->apc;
		WRITE_ONCE(thread->suspension, new);
		new = NULL;
	}
	spin_unlock(&thread->lock);
	kfree(new);
	return 0;
}

/* Suspending and resuming */

/* It doesn't survive the next return to user mode (4.7). */
static void expire_kernel_alert(struct ntapc_thread *thread)
{
	if (thread->kt.alerted[NTAPC_KERNEL_MODE])
		ntapc_thread_kick(thread, false);
}

/* An entry of KeSuspendThread's family: ntapc_core_suspend() or _freeze(). */
typedef int (*raise_t)(struct ntapc_kthread *kt, bool self,
		       enum ntapc_wake *wake);
typedef int (*lower_t)(struct ntapc_kthread *kt, enum ntapc_wake *wake);
/* And what takes it back. */
typedef int (*undo_t)(struct ntapc_kthread *kt, u32 since,
		      enum ntapc_wake *wake);

/* The thread is locked and has a suspension. */
static int raise_locked(struct ntapc_thread *thread, raise_t raise)
{
	enum ntapc_wake wake;
	int was;

	if (thread->terminating)
		return -ESRCH;
	was = raise(&thread->kt, thread->task == current, &wake);
	if (was == NTAPC_CORE_SUSPEND_EXCEEDED)
		return -EOVERFLOW;
	trace_ntapc_suspend(thread);
	ntapc_notify_target(thread, thread->kt.suspend_apc, wake);
	return was;
}

static void lowered(struct ntapc_thread *thread, enum ntapc_wake wake)
{
	trace_ntapc_resume(thread);
	ntapc_act_on_wake(thread, wake, false);
	expire_kernel_alert(thread);
}

static int lower_locked(struct ntapc_thread *thread, lower_t lower)
{
	enum ntapc_wake wake;
	int was = lower(&thread->kt, &wake);

	lowered(thread, wake);
	return was;
}

static void undo_locked(struct ntapc_thread *thread, undo_t undo, u32 since)
{
	enum ntapc_wake wake;

	undo(&thread->kt, since, &wake);
	lowered(thread, wake);
}

/* @since is set to what ntapc_core_unsuspend() wants. */
static int suspend(struct ntapc_thread *thread, const struct ntapc_actor *actor,
		   u32 *since)
{
	int ret = make_suspension(thread);

	if (ret)
		return ret;
	spin_lock(&thread->lock);
	ret = ntapc_check_actor(thread, actor);
	if (!ret)
		ret = raise_locked(thread, ntapc_core_suspend);
	*since = thread->kt.nr_resumed;
	spin_unlock(&thread->lock);
	return ret;
}

static bool wait_is_over(const struct ntapc_thread *thread)
{
	return ntapc_is_suspended(thread) || ntapc_thread_is_over(thread) ||
	       READ_ONCE(thread->terminating) ||
	       !READ_ONCE(thread->kt.suspend_count);
}

/* Until @thread stands still. If that is interrupted the suspension is undone. */
static int wait_until_suspended(struct ntapc_thread *thread, u32 since)
{
	int err = wait_event_interruptible(thread->waitq, wait_is_over(thread));

	if (err) {
		spin_lock(&thread->lock);
		if (!ntapc_thread_is_over(thread))
			undo_locked(thread, ntapc_core_unsuspend, since);
		spin_unlock(&thread->lock);
		announce(thread);
		return err;
	}
	return ntapc_thread_is_over(thread) || READ_ONCE(thread->terminating) ?
		       -ESRCH : 0;
}

/**
 * ntapc_suspend - NtSuspendThread
 * @thread: the target
 * @actor: who suspends
 * @wait: until it stands still
 *
 * Return: the previous count; ESRCH, EACCES, EOVERFLOW, ENOMEM, ERESTARTSYS.
 */
int ntapc_suspend(struct ntapc_thread *thread, const struct ntapc_actor *actor,
		  bool wait)
{
	int ret, was;
	u32 since;

	was = suspend(thread, actor, &since);
	/* ->task isn't another's while current's own record isn't retired. */
	if (was < 0 || !wait || thread->task == current)
		return was;
	ret = wait_until_suspended(thread, since);
	return ret ? ret : was;
}

/**
 * ntapc_resume - NtResumeThread, NtAlertResumeThread (rules 5.5, 6.5, 6.8)
 * @thread: the target
 * @actor: who resumes
 * @alert: with an alert
 *
 * Return: the previous count, 0 for one that is no more; EACCES.
 */
int ntapc_resume(struct ntapc_thread *thread, const struct ntapc_actor *actor,
		 bool alert)
{
	int ret;

	spin_lock(&thread->lock);
	ret = ntapc_check_actor(thread, actor);
	if (!ret)
		ret = lower_locked(thread, alert ? ntapc_core_alert_resume :
						   ntapc_core_resume);
	else if (ret == -ESRCH)
		ret = 0;
	spin_unlock(&thread->lock);
	announce(thread);
	return ret;
}

/* All threads of a process */

static atomic64_t rounds;

/**
 * struct sweep - what is done to each thread of a process
 * @origin: the thread by which it was named
 * @actor: who acts, by a right to @origin
 * @round: its number
 * @raise: what it does
 * @undo: what takes that back
 * @except: a thread that is left out, or NULL
 */
struct sweep {
	struct ntapc_thread *origin;
	const struct ntapc_actor *actor;
	u64 round;
	raise_t raise;
	undo_t undo;
	const struct task_struct *except;
};

/* Threads that are looked for in one go. */
#define SWEEP_CHUNK	32

static bool swept(const struct task_struct *task, const struct sweep *sweep)
{
	const struct ntapc_thread *thread = ntapc_thread_find(task);
	const struct ntapc_suspension *suspension =
		thread ? READ_ONCE(thread->suspension) : NULL;

	return suspension && READ_ONCE(suspension->round) == sweep->round;
}

/* Up to SWEEP_CHUNK threads that the sweep hasn't come by yet, referenced. */
static int find_unswept(struct task_struct *leader, const struct sweep *sweep,
			struct task_struct **tasks)
{
	const unsigned int unfit =
		PF_EXITING | PF_IO_WORKER | NTAPC_PF_USER_WORKER;
	struct task_struct *task;
	int nr = 0;

	rcu_read_lock();
	for_each_thread(leader, task) {
		if (task == sweep->except || READ_ONCE(task->flags) & unfit ||
		    swept(task, sweep))
			continue;
		get_task_struct(task);
		tasks[nr++] = task;
		if (nr == SWEEP_CHUNK)
			break;
	}
	rcu_read_unlock();
	return nr;
}

/*
 * 0, ENOMEM, ESRCH or EACCES. A thread that ends or is at its limit is left
 * alone.
 */
static int sweep_one(struct task_struct *task, const struct sweep *sweep)
{
	struct ntapc_thread *thread = ntapc_thread_get(task);
	int ret;

	if (IS_ERR(thread))
		return PTR_ERR(thread) == -ENOMEM ? -ENOMEM : 0;
	ret = make_suspension(thread);
	/* After an execve() the threads are another image's. */
	if (!ret)
		ret = ntapc_may_act(sweep->origin, sweep->actor);
	if (!ret && thread->process != sweep->origin->process)
		ret = -ESRCH;
	if (!ret) {
		spin_lock(&thread->lock);
		WRITE_ONCE(thread->suspension->round, sweep->round);
		thread->suspension->counted =
			!ntapc_thread_is_over(thread) &&
			raise_locked(thread, sweep->raise) >= 0;
		thread->suspension->since =
			sweep->raise == ntapc_core_freeze ?
				thread->kt.nr_thawed :
				thread->kt.nr_resumed;
		spin_unlock(&thread->lock);
	}
	ntapc_thread_put(thread);
	return ret;
}

/* Calls @fn for each thread of a process that is known, locked. */
static void act_on_known(struct task_struct *leader,
			 void (*fn)(struct ntapc_thread *thread, void *data),
			 void *data)
{
	struct ntapc_thread *thread;
	struct task_struct *task;

	rcu_read_lock();
	for_each_thread(leader, task) {
		thread = ntapc_thread_find(task);
		if (!thread)
			continue;
		spin_lock(&thread->lock);
		if (!thread->retired)
			fn(thread, data);
		spin_unlock(&thread->lock);
		announce(thread);
	}
	rcu_read_unlock();
}

static void undo_one(struct ntapc_thread *thread, void *data)
{
	const struct sweep *sweep = data;

	if (thread->process == sweep->origin->process &&
	    thread->suspension && thread->suspension->counted &&
	    thread->suspension->round == sweep->round)
		undo_locked(thread, sweep->undo, thread->suspension->since);
}

/* As often a process is looked through: what comes up even later gets away. */
#define MAX_ROUNDS	4096

/*
 * A thread that isn't suspended yet may make another one: look again until there
 * is none left.
 */
static int sweep_process(struct task_struct *leader, struct sweep *sweep)
{
	struct mutex *mutex = &sweep->origin->process->sweep_mutex;
	struct task_struct *tasks[SWEEP_CHUNK];
	unsigned int round;
	int ret = 0, i, nr;

	/* Two would take each other's marks for none of theirs. */
	if (mutex_lock_killable(mutex))
		return -EINTR;
	sweep->round = atomic64_inc_return(&rounds);
	for (round = 0; !ret && round < MAX_ROUNDS; round++) {
		nr = find_unswept(leader, sweep, tasks);
		if (!nr)
			break;
		for (i = 0; i < nr; i++) {
			if (!ret)
				ret = sweep_one(tasks[i], sweep);
			put_task_struct(tasks[i]);
		}
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	if (ret)
		act_on_known(leader, undo_one, sweep);
	mutex_unlock(mutex);
	return ret;
}

/* The process of @thread, if @actor may act on it, or an error. */
static struct task_struct *leader_of(struct ntapc_thread *thread,
				     const struct ntapc_actor *actor)
{
	int err = ntapc_may_act(thread, actor);
	struct task_struct *leader;

	if (err)
		return ERR_PTR(err);
	leader = get_pid_task(thread->process->tgid, PIDTYPE_TGID);
	return leader ? leader : ERR_PTR(-ESRCH);
}

/**
 * ntapc_suspend_process - NtSuspendProcess (rule 6.9)
 * @thread: one of the process
 * @actor: who suspends
 *
 * Return: 0, ESRCH, EACCES, ENOMEM, EINTR (only if current is killed).
 */
int ntapc_suspend_process(struct ntapc_thread *thread,
			  const struct ntapc_actor *actor)
{
	struct sweep sweep = {
		.origin = thread,
		.actor = actor,
		.raise = ntapc_core_suspend,
		.undo = ntapc_core_unsuspend,
	};
	struct task_struct *leader = leader_of(thread, actor);
	int ret;

	if (IS_ERR(leader))
		return PTR_ERR(leader);
	ret = sweep_process(leader, &sweep);
	put_task_struct(leader);
	return ret;
}

static void resume_one(struct ntapc_thread *thread, void *data)
{
	const struct ntapc_thread *origin = data;

	/* Not those of another image. */
	if (thread->process == origin->process)
		lower_locked(thread, ntapc_core_resume);
}

/**
 * ntapc_resume_process - NtResumeProcess
 * @thread: one of the process
 * @actor: who resumes
 *
 * Return: 0, ESRCH, EACCES.
 */
int ntapc_resume_process(struct ntapc_thread *thread,
			 const struct ntapc_actor *actor)
{
	struct task_struct *leader = leader_of(thread, actor);

	if (IS_ERR(leader))
		return PTR_ERR(leader);
	act_on_known(leader, resume_one, thread);
	put_task_struct(leader);
	return 0;
}

/* Alerts */

static void alert_locked(struct ntapc_thread *thread, enum ntapc_mode mode,
			 bool *was)
{
	enum ntapc_wake wake;

	*was = ntapc_core_alert(&thread->kt, mode, &wake);
	ntapc_control_publish(thread);
	ntapc_act_on_wake(thread, wake, false);
	expire_kernel_alert(thread);
}

/**
 * ntapc_alert - NtAlertThread (rules 5.1, 5.6)
 * @thread: the target
 * @actor: who alerts
 *
 * Return: 0, ESRCH, EACCES.
 */
int ntapc_alert(struct ntapc_thread *thread, const struct ntapc_actor *actor)
{
	bool was;
	int err;

	spin_lock(&thread->lock);
	err = ntapc_check_actor(thread, actor);
	if (!err)
		alert_locked(thread, NTAPC_USER_MODE, &was);
	spin_unlock(&thread->lock);
	return err;
}

/**
 * ntapc_alert_by_id - NtAlertThreadByThreadId (rule 15.1)
 * @thread: the target
 */
void ntapc_alert_by_id(struct ntapc_thread *thread)
{
	enum ntapc_wake wake;

	spin_lock(&thread->lock);
	ntapc_core_alert_by_id(&thread->kt, &wake);
	if (!thread->retired)
		ntapc_act_on_wake(thread, wake, false);
	spin_unlock(&thread->lock);
}

/* The API of other modules */

static const struct ntapc_actor module_actor;

/**
 * ntapc_suspend_thread - KeSuspendThread (rule 6.1)
 * @thread: the target, also the current thread
 *
 * Doesn't wait for the target to stand still. Of oneself it takes effect at the
 * next safe point.
 *
 * Return: the previous count; ESRCH, EOVERFLOW (%NTAPC_SUSPEND_MAX is reached),
 * ENOMEM.
 */
int ntapc_suspend_thread(struct ntapc_thread *thread)
{
	u32 since;

	return suspend(thread, &module_actor, &since);
}
EXPORT_SYMBOL_GPL(ntapc_suspend_thread);

/**
 * ntapc_resume_thread - KeResumeThread (rule 6.5)
 * @thread: the target
 *
 * Any task context.
 *
 * Return: the previous count, 0 for one that is no more.
 */
int ntapc_resume_thread(struct ntapc_thread *thread)
{
	return ntapc_resume(thread, &module_actor, false);
}
EXPORT_SYMBOL_GPL(ntapc_resume_thread);

/**
 * ntapc_alert_resume_thread - KeAlertResumeThread (rule 5.5)
 * @thread: the target
 *
 * Any task context.
 *
 * Return: the previous count, 0 for one that is no more.
 */
int ntapc_alert_resume_thread(struct ntapc_thread *thread)
{
	return ntapc_resume(thread, &module_actor, true);
}
EXPORT_SYMBOL_GPL(ntapc_alert_resume_thread);

/**
 * ntapc_force_resume_thread - KeForceResumeThread (rule 6.7)
 * @thread: the target
 *
 * Any task context.
 *
 * Return: the sum of its suspend and freeze counts as they were, or ESRCH.
 */
int ntapc_force_resume_thread(struct ntapc_thread *thread)
{
	int ret;

	spin_lock(&thread->lock);
	ret = ntapc_check_actor(thread, &module_actor);
	if (!ret)
		ret = lower_locked(thread, ntapc_core_force_resume);
	spin_unlock(&thread->lock);
	announce(thread);
	return ret;
}
EXPORT_SYMBOL_GPL(ntapc_force_resume_thread);

/**
 * ntapc_freeze_all_threads - KeFreezeAllThreads (rule 6.6)
 *
 * All threads of the current process but the current one, by a count of their
 * own. Doesn't wait for them to stand still.
 *
 * Return: 0, or ENOMEM, or EINTR if the current thread is killed, or as
 * ntapc_thread_current(); then none is frozen by this.
 */
int ntapc_freeze_all_threads(void)
{
	struct sweep sweep = {
		.origin = ntapc_thread_current(),
		.actor = &module_actor,
		.raise = ntapc_core_freeze,
		.undo = ntapc_core_unfreeze,
		.except = current,
	};

	if (IS_ERR(sweep.origin))
		return PTR_ERR(sweep.origin);
	return sweep_process(current, &sweep);
}
EXPORT_SYMBOL_GPL(ntapc_freeze_all_threads);

static void thaw_one(struct ntapc_thread *thread, void *data)
{
	if (thread->task != current)
		lower_locked(thread, ntapc_core_thaw);
}

/**
 * ntapc_thaw_all_threads - KeThawAllThreads (rule 6.6)
 */
void ntapc_thaw_all_threads(void)
{
	act_on_known(current, thaw_one, NULL);
}
EXPORT_SYMBOL_GPL(ntapc_thaw_all_threads);

/**
 * ntapc_alert_thread - KeAlertThread (rule 5.1)
 * @thread: the target
 * @mode: of the alert; a kernel alert breaks waits of both modes
 *
 * Any task context.
 *
 * Return: whether it was there already.
 */
bool ntapc_alert_thread(struct ntapc_thread *thread, enum ntapc_mode mode)
{
	bool was = false;

	spin_lock(&thread->lock);
	if (!ntapc_thread_is_over(thread))
		alert_locked(thread, mode, &was);
	spin_unlock(&thread->lock);
	return was;
}
EXPORT_SYMBOL_GPL(ntapc_alert_thread);

/**
 * ntapc_test_alert_thread - KeTestAlertThread (rule 5.3)
 * @mode: whose alert
 *
 * Of the current thread. If there is none and @mode is user mode, queued user
 * APCs are armed: they run on the return to user mode.
 *
 * Return: whether there was one, which is thereby taken.
 */
bool ntapc_test_alert_thread(enum ntapc_mode mode)
{
	struct ntapc_thread *thread = ntapc_thread_find(current);
	bool alerted;

	if (!thread)
		return false;
	spin_lock(&thread->lock);
	alerted = ntapc_core_test_alert(&thread->kt, mode);
	if (thread->kt.apc_state.user_pending)
		ntapc_thread_kick(thread, false);
	ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	return alerted;
}
EXPORT_SYMBOL_GPL(ntapc_test_alert_thread);
