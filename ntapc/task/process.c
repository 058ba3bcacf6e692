// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of processes: made, found, retired, freed.
 */
#include <linux/export.h>
#include <linux/hashtable.h>
#include <linux/poll.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "thread.h"
#include "../arch/arch.h"

static DEFINE_HASHTABLE(processes, 8);
/* Raw, because probes of tracepoints take it, which may not sleep on RT. */
static DEFINE_RAW_SPINLOCK(processes_lock);
struct ntapc_process *ntapc_system_process;

static void free_process_rcu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct ntapc_process, rcu));
}

static void free_process(struct kref *kref)
{
	struct ntapc_process *process =
		container_of(kref, struct ntapc_process, kref);

	if (process->object)
		ntapc_life->put(process->object);
	ntapc_control_free_pages(process);
	ntapc_authority_free(&process->authority);
	kvfree(process->ranges);
	put_pid(process->tgid);
	call_rcu(&process->rcu, free_process_rcu);
}

/**
 * ntapc_process_hold - another reference
 * @process: referenced by the caller
 */
void ntapc_process_hold(struct ntapc_process *process)
{
	kref_get(&process->kref);
}

/**
 * ntapc_process_put - drop a reference
 * @process: may be freed
 */
void ntapc_process_put(struct ntapc_process *process)
{
	kref_put(&process->kref, free_process);
}

static struct ntapc_process *find_process(const struct pid *tgid)
{
	struct ntapc_process *process;

	lockdep_assert_held(&processes_lock);
	hash_for_each_possible(processes, process, hash, (unsigned long)tgid) {
		if (process->tgid == tgid)
			return process;
	}
	return NULL;
}

/* Process context: mmdrop() isn't safe in a softirq (pgd_dtor). */
static void retire_process_fn(struct work_struct *work)
{
	struct ntapc_process *process =
		container_of(to_rcu_work(work), struct ntapc_process,
			     retire_work);

	mmdrop(process->retired_mm);
	ntapc_process_put(process);
}

/* Who waits learns at once, what takes a grace period comes after. */
static void process_ended(struct work_struct *work)
{
	struct ntapc_process *process =
		container_of(work, struct ntapc_process, end_work);

	ntapc_life->process_ends(process);
	wake_up_all(&process->waitq);
	queue_rcu_work(ntapc_workqueue, &process->retire_work);
}

/*
 * The process is over or has another address space. What follows from that is
 * left to a work queue, as this may be called in atomic context.
 */
static void retire_process(struct ntapc_process *process)
{
	lockdep_assert_held(&processes_lock);
	hash_del_rcu(&process->hash);
	process->retired_mm = process->mm;
	WRITE_ONCE(process->mm, NULL);
	queue_work(ntapc_workqueue, &process->end_work);
}

/**
 * ntapc_process_retire - a thread group has exited or called execve()
 * @tgid: the group
 * @mm: what it has now, or NULL; a record for that stays
 *
 * May be called in atomic context.
 */
void ntapc_process_retire(const struct pid *tgid, const struct mm_struct *mm)
{
	struct ntapc_process *process;

	raw_spin_lock(&processes_lock);
	process = find_process(tgid);
	if (process && process->mm != mm)
		retire_process(process);
	raw_spin_unlock(&processes_lock);
}

static void init_process(struct ntapc_process *process)
{
	kref_init(&process->kref);
	spin_lock_init(&process->lock);
	mutex_init(&process->control_mutex);
	mutex_init(&process->sweep_mutex);
	INIT_LIST_HEAD(&process->control_pages);
	init_waitqueue_head(&process->waitq);
	ntapc_core_process_init(&process->kp);
}

static struct ntapc_process *alloc_process(struct task_struct *task,
					   struct mm_struct *mm)
{
	struct pid *tgid = get_task_pid(task, PIDTYPE_TGID);
	struct ntapc_process *process;

	if (!tgid)
		return ERR_PTR(-ESRCH);
	process = kzalloc(sizeof(*process), GFP_KERNEL_ACCOUNT);
	if (!process) {
		put_pid(tgid);
		return ERR_PTR(-ENOMEM);
	}
	INIT_RCU_WORK(&process->retire_work, retire_process_fn);
	INIT_WORK(&process->end_work, process_ended);
	init_process(process);
	ntapc_authority_init(&process->authority, task, mm);
	process->tgid = tgid;
	process->is_32bit = ntapc_arch_task_is_32bit(task);
	mmgrab(mm);
	process->mm = mm;
	return process;
}

/*
 * The record of @task's process, if it is for @mm. Returns a reference, NULL if
 * there is none, or EAGAIN if an execve() has taken @mm away meanwhile. One for
 * an earlier address space, the event being still to come, is retired.
 */
static struct ntapc_process *find_process_for(struct task_struct *task,
					      const struct mm_struct *mm)
{
	struct ntapc_process *process;

	lockdep_assert_held(&processes_lock);
	process = find_process(task_tgid(task));
	if (!process)
		return NULL;
	if (process->mm != mm) {
		if (READ_ONCE(task->mm) != mm)
			return ERR_PTR(-EAGAIN);
		retire_process(process);
		return NULL;
	}
	kref_get(&process->kref);
	return process;
}

/**
 * ntapc_process_find_or_make - the record of a thread's process
 * @task: referenced by the caller
 * @mm: its address space, referenced by the caller
 *
 * The caller sees to it that a record made too late is retired:
 * ntapc_process_retire_missed().
 *
 * Return: a reference; EAGAIN if an execve() has taken @mm away meanwhile; ENOMEM;
 * ESRCH.
 */
struct ntapc_process *ntapc_process_find_or_make(struct task_struct *task,
						 struct mm_struct *mm)
{
	struct ntapc_process *new, *process;

	raw_spin_lock(&processes_lock);
	process = find_process_for(task, mm);
	raw_spin_unlock(&processes_lock);
	if (process)
		return process;

	new = alloc_process(task, mm);
	if (IS_ERR(new))
		return new;
	raw_spin_lock(&processes_lock);
	process = find_process_for(task, mm);
	if (!process) {
		process = new;
		kref_get(&process->kref);	/* the caller's */
		hash_add_rcu(processes, &process->hash,
			     (unsigned long)process->tgid);
	}
	raw_spin_unlock(&processes_lock);
	if (process != new) {
		mmdrop(new->mm);
		ntapc_process_put(new);
	}
	return process;
}

/*
 * Is the record for what its thread group doesn't have any more? With the lock that
 * a new record is added under: whoever has added one has seen the group's present
 * address space before, and so do we.
 */
static bool is_stale(const struct ntapc_process *process)
{
	struct task_struct *leader, *task;
	bool stale;

	lockdep_assert_held(&processes_lock);
	rcu_read_lock();
	leader = pid_task(process->tgid, PIDTYPE_TGID);
	/* If all have left theirs the event is to come, or has been. */
	stale = !leader || !atomic_read(&leader->signal->live);
	if (leader) {
		for_each_thread(leader, task) {
			const struct mm_struct *mm = READ_ONCE(task->mm);

			/* They have the same; execve() waits for the others. */
			if (mm) {
				stale = mm != process->mm;
				break;
			}
		}
	}
	rcu_read_unlock();
	return stale;
}

/**
 * ntapc_process_retire_missed - retire a record that came too late for that
 * @tgid: the record of that thread group may have been made after the event that
 *	would retire it
 */
void ntapc_process_retire_missed(const struct pid *tgid)
{
	struct ntapc_process *process;

	smp_mb();	/* see missed() in thread.c */
	raw_spin_lock(&processes_lock);
	process = find_process(tgid);
	if (process && is_stale(process))
		retire_process(process);
	raw_spin_unlock(&processes_lock);
}

/* How often an execve() may get into the way of who opens the process. */
#define MAX_TRIES	16

/**
 * ntapc_process_get - the record of a thread's process, made if need be
 * @task: referenced by the caller
 *
 * Return: a reference; ESRCH if @task is a kernel thread or is exiting, or is
 * calling execve() time and again; ENOMEM.
 */
struct ntapc_process *ntapc_process_get(struct task_struct *task)
{
	struct ntapc_process *process = ERR_PTR(-EAGAIN);
	struct pid *tgid = get_task_pid(task, PIDTYPE_TGID);
	int tries;

	if (!tgid)
		return ERR_PTR(-ESRCH);
	for (tries = 0; tries < MAX_TRIES && process == ERR_PTR(-EAGAIN);
	     tries++) {
		struct mm_struct *mm = get_task_mm(task);

		if (!mm) {
			process = ERR_PTR(-ESRCH);
			break;
		}
		process = ntapc_process_find_or_make(task, mm);
		mmput(mm);
	}
	ntapc_process_retire_missed(tgid);
	put_pid(tgid);
	return process == ERR_PTR(-EAGAIN) ? ERR_PTR(-ESRCH) : process;
}

/**
 * ntapc_process_of - the process that a part of its record belongs to
 * @kp: the part
 *
 * Return: the process.
 */
struct ntapc_process *ntapc_process_of(struct ntapc_kprocess *kp)
{
	return container_of(kp, struct ntapc_process, kp);
}

/**
 * ntapc_process_mm - use a process's address space
 * @process: any
 *
 * It is not to be kept for long: what the process leaves behind when it ends isn't
 * freed before.
 *
 * Return: the address space, for mmput(); NULL if the process is over.
 */
struct mm_struct *ntapc_process_mm(struct ntapc_process *process)
{
	struct mm_struct *mm;

	/* RCU keeps the structure: see retire_process(). */
	rcu_read_lock();
	mm = READ_ONCE(process->mm);
	if (mm && !mmget_not_zero(mm))
		mm = NULL;
	rcu_read_unlock();
	return mm;
}

/* The process of system threads has no address space, and isn't hashed. */
static struct ntapc_process *make_system_process(void)
{
	struct ntapc_process *process = kzalloc(sizeof(*process), GFP_KERNEL);

	if (!process)
		return NULL;
	init_process(process);
	return process;
}

int ntapc_processes_init(void)
{
	ntapc_system_process = make_system_process();
	return ntapc_system_process ? 0 : -ENOMEM;
}

/* No thread is known any more. */
void ntapc_processes_exit(void)
{
	struct ntapc_process *process;
	struct hlist_node *next;
	int bucket;

	hash_for_each_safe(processes, bucket, next, process, hash)
		ntapc_process_retire(process->tgid, NULL);
	ntapc_process_put(ntapc_system_process);
	/* The works that end processes have RCU queue those that retire them. */
	flush_workqueue(ntapc_workqueue);
	rcu_barrier();
}

/* The API of other modules */

/**
 * ntapc_process_lookup - PsLookupProcessByProcessId
 * @pid: of any thread of the process, in current's pid namespace
 *
 * Whether current may act on it isn't asked.
 *
 * Return: a reference; ESRCH, also for a kernel thread; ENOMEM.
 */
struct ntapc_process *ntapc_process_lookup(pid_t pid)
{
	struct task_struct *task = ntapc_get_task(pid);
	struct ntapc_process *process = ERR_PTR(-ESRCH);

	if (!task)
		return process;
	if (!(task->flags & PF_KTHREAD))
		process = ntapc_process_get(task);
	put_task_struct(task);
	return process;
}
EXPORT_SYMBOL_GPL(ntapc_process_lookup);

/**
 * ntapc_process_of_thread - IoThreadToProcess
 * @thread: any
 *
 * Any task context.
 *
 * Return: the process that it belongs to, wherever it is attached; no reference
 * is taken, @thread keeps it.
 */
struct ntapc_process *ntapc_process_of_thread(struct ntapc_thread *thread)
{
	return thread->process;
}
EXPORT_SYMBOL_GPL(ntapc_process_of_thread);

/**
 * ntapc_process_reference - ObReferenceObject, of a process
 * @process: referenced by the caller
 *
 * Any task context.
 */
void ntapc_process_reference(struct ntapc_process *process)
{
	ntapc_process_hold(process);
}
EXPORT_SYMBOL_GPL(ntapc_process_reference);

/**
 * ntapc_process_dereference - ObDereferenceObject, of a process
 * @process: referenced by the caller
 */
void ntapc_process_dereference(struct ntapc_process *process)
{
	ntapc_process_put(process);
}
EXPORT_SYMBOL_GPL(ntapc_process_dereference);

/**
 * ntapc_current_process - IoGetCurrentProcess
 *
 * Return: the process in whose address space the current thread is, to be
 * compared; all system threads have the same. NULL where ntapc_thread_current()
 * would fail.
 */
struct ntapc_process *ntapc_current_process(void)
{
	struct ntapc_thread *thread = ntapc_thread_self();

	return IS_ERR(thread) ? NULL :
				ntapc_process_of(thread->kt.apc_state.process);
}
EXPORT_SYMBOL_GPL(ntapc_current_process);

/**
 * ntapc_is_attached_process - KeIsAttachedProcess (rule 9.12)
 *
 * Return: whether the current thread is attached to another process.
 */
bool ntapc_is_attached_process(void)
{
	struct ntapc_thread *thread = ntapc_thread_find(current);

	return thread && thread->kt.apc_state_index;
}
EXPORT_SYMBOL_GPL(ntapc_is_attached_process);
