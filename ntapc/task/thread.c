// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of threads: made, found, retired, freed.
 */
#include <linux/export.h>
#include <linux/hashtable.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "thread.h"
#include "../arch/arch.h"

static DEFINE_HASHTABLE(threads, 14);
/* Raw, because probes of tracepoints take it, which may not sleep on RT. */
static DEFINE_RAW_SPINLOCK(threads_lock);
static unsigned int nr_threads;	/* in the hash; protected by threads_lock */
static struct kmem_cache *thread_cache;
struct workqueue_struct *ntapc_workqueue;
const struct ntapc_life_ops *ntapc_life;

static void free_thread_rcu(struct rcu_head *rcu)
{
	struct ntapc_thread *thread =
		container_of(rcu, struct ntapc_thread, rcu);

	/* Sweeps look at it under RCU. */
	kfree(thread->suspension);
	kmem_cache_free(thread_cache, thread);
}

static void free_thread(struct kref *kref)
{
	struct ntapc_thread *thread =
		container_of(kref, struct ntapc_thread, kref);

	/* There is something only if the module was going as it ended. */
	ntapc_run_down(thread);
	ntapc_attach_release(thread);
	kfree(thread->continuation);
	kfree(thread->spare);
	if (thread->object)
		ntapc_life->put(thread->object);
	if (thread->system)
		ntapc_system_free(thread->system);
	ntapc_restart_free_all(thread);
	ntapc_control_release(thread);
	ntapc_authority_free(&thread->authority);
	put_pid(thread->pid);
	ntapc_process_put(thread->process);
	call_rcu(&thread->rcu, free_thread_rcu);
}

/**
 * ntapc_thread_hold - another reference
 * @thread: referenced by the caller
 */
void ntapc_thread_hold(struct ntapc_thread *thread)
{
	kref_get(&thread->kref);
}

/**
 * ntapc_thread_put - drop a reference
 * @thread: may be freed
 */
void ntapc_thread_put(struct ntapc_thread *thread)
{
	kref_put(&thread->kref, free_thread);
}

/* Under RCU or threads_lock. */
static struct ntapc_thread *find_thread(const struct task_struct *task)
{
	struct ntapc_thread *thread;

	hash_for_each_possible_rcu(threads, thread, hash, (unsigned long)task) {
		if (thread->task == task)
			return thread;
	}
	return NULL;
}

/* Takes over the reference to @process. */
static struct ntapc_thread *alloc_thread(struct task_struct *task,
					 struct mm_struct *mm,
					 struct ntapc_process *process)
{
	struct ntapc_thread *thread;

	thread = kmem_cache_zalloc(thread_cache, GFP_KERNEL_ACCOUNT);
	if (!thread) {
		ntapc_process_put(process);
		return ERR_PTR(-ENOMEM);
	}
	thread->process = process;
	kref_init(&thread->kref);
	spin_lock_init(&thread->lock);
	ntapc_core_init(&thread->kt, &process->kp);
	ntapc_thread_init_works(thread);
	INIT_LIST_HEAD(&thread->restarts);
	INIT_LIST_HEAD(&thread->mutants);
	init_waitqueue_head(&thread->waitq);
	thread->task = task;
	thread->pid = get_task_pid(task, PIDTYPE_PID);
	if (!thread->pid) {
		ntapc_process_put(process);
		kmem_cache_free(thread_cache, thread);
		return ERR_PTR(-ESRCH);
	}
	ntapc_authority_init(&thread->authority, task, mm);
	return thread;
}

static struct ntapc_thread *alloc_user_thread(struct task_struct *task,
					      struct mm_struct *mm)
{
	struct ntapc_process *process = ntapc_process_find_or_make(task, mm);

	if (IS_ERR(process))
		return ERR_CAST(process);
	return alloc_thread(task, mm, process);
}

/**
 * ntapc_thread_retire - the thread has exited or has another image
 * @thread: any
 *
 * From here on nothing is queued to it. What is queued is for run_down().
 */
void ntapc_thread_retire(struct ntapc_thread *thread)
{
	bool hashed;

	raw_spin_lock(&threads_lock);
	hashed = !hlist_unhashed(&thread->hash);
	if (hashed) {
		hash_del_rcu(&thread->hash);
		nr_threads--;
	}
	raw_spin_unlock(&threads_lock);
	if (!hashed)
		return;

	spin_lock(&thread->lock);
	thread->kt.apc_queueable = false;
	thread->retired = true;
	spin_unlock(&thread->lock);
	ntapc_control_release(thread);
	ntapc_thread_put(thread);
}

/* Adds @new to the hash. Returns a reference to it, or to what is there already. */
static struct ntapc_thread *add_thread(struct ntapc_thread *new)
{
	struct ntapc_thread *thread;

	raw_spin_lock(&threads_lock);
	thread = find_thread(new->task);
	if (thread) {
		kref_get(&thread->kref);
	} else {
		kref_get(&new->kref);	/* the hash's */
		kref_get(&new->kref);	/* the caller's */
		hash_add_rcu(threads, &new->hash, (unsigned long)new->task);
		nr_threads++;
		thread = new;
	}
	raw_spin_unlock(&threads_lock);
	return thread;
}

/*
 * Has @task's exit or execve() been too early to see that it has a record?
 * Pairs with the barrier in retire_task(): either that finds the record, which
 * has been added by now, or we find here what came before it.
 */
static bool missed(const struct task_struct *task, const struct mm_struct *mm)
{
	smp_mb();	/* see above */
	return (READ_ONCE(task->flags) & PF_EXITING) ||
	       READ_ONCE(task->mm) != mm;
}

static struct ntapc_thread *make_thread(struct task_struct *task,
					struct mm_struct *mm)
{
	struct pid *tgid = get_task_pid(task, PIDTYPE_TGID);
	struct ntapc_thread *thread, *new;

	if (!tgid)
		return ERR_PTR(-ESRCH);
	new = alloc_user_thread(task, mm);
	if (IS_ERR(new)) {
		ntapc_process_retire_missed(tgid);
		put_pid(tgid);
		return new;
	}
	thread = add_thread(new);
	if (thread != new) {
		/* That its process's record was made too late then isn't told. */
		ntapc_process_retire_missed(tgid);
	} else if (missed(task, mm)) {
		/*
		 * Somebody else may have got it meanwhile, and wait for its end, or
		 * have queued a task work.
		 */
		ntapc_thread_bury(thread);
		ntapc_process_retire_missed(tgid);
	}
	put_pid(tgid);
	ntapc_thread_put(new);
	return thread;
}

/**
 * ntapc_thread_make_system - the record of a new system thread
 * @task: the thread, which doesn't run yet
 * @system: its part of the record
 *
 * Return: a reference, or ENOMEM. ntapc_thread_retire() drops another one.
 */
struct ntapc_thread *ntapc_thread_make_system(struct task_struct *task,
					      struct ntapc_system *system)
{
	struct ntapc_thread *thread;

	ntapc_process_hold(ntapc_system_process);
	thread = alloc_thread(task, NULL, ntapc_system_process);
	if (IS_ERR(thread))
		return thread;
	thread->system = system;
	ntapc_thread_put(add_thread(thread));
	return thread;
}

static struct ntapc_thread *find_or_make_thread(struct task_struct *task,
						struct mm_struct *mm)
{
	struct ntapc_thread *thread;

	rcu_read_lock();
	thread = find_thread(task);
	if (thread && !kref_get_unless_zero(&thread->kref))
		thread = NULL;
	rcu_read_unlock();
	if (!thread) {
		thread = make_thread(task, mm);
		if (IS_ERR(thread))
			return thread;
	}
	if (!READ_ONCE(thread->retired) &&
	    READ_ONCE(thread->process->mm) == mm)
		return thread;
	/*
	 * A task's address spaces only ever follow one another: if @mm is its
	 * present one, the record is for an earlier one, and its own thread has
	 * nothing to do with it any more. If @mm isn't, nothing can be told.
	 */
	if (READ_ONCE(task->mm) == mm)
		ntapc_thread_bury(thread);
	ntapc_thread_put(thread);
	return ERR_PTR(-EAGAIN);
}

/* How often an execve() may get into the way of who opens the thread. */
#define MAX_TRIES	16

/**
 * ntapc_thread_get - the record of a thread, made if need be
 * @task: referenced by the caller
 *
 * Return: a reference; ESRCH if @task is a kernel thread or is exiting, or is
 * calling execve() time and again; ENOMEM.
 */
struct ntapc_thread *ntapc_thread_get(struct task_struct *task)
{
	struct ntapc_thread *thread = ERR_PTR(-EAGAIN);
	int tries;

	for (tries = 0; tries < MAX_TRIES && thread == ERR_PTR(-EAGAIN);
	     tries++) {
		struct mm_struct *mm = get_task_mm(task);

		if (!mm)
			return ERR_PTR(-ESRCH);
		thread = find_or_make_thread(task, mm);
		mmput(mm);
	}
	return thread == ERR_PTR(-EAGAIN) ? ERR_PTR(-ESRCH) : thread;
}

/**
 * ntapc_get_task - the task with that id
 * @tid: in current's pid namespace
 *
 * Return: a reference, or NULL.
 */
struct task_struct *ntapc_get_task(pid_t tid)
{
	struct pid *pid = find_get_pid(tid);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);

	put_pid(pid);
	return task;
}

/**
 * ntapc_thread_find - the record of a thread, if there is one
 * @task: current; or any, under RCU
 *
 * Return: the record, no reference taken, or NULL.
 */
struct ntapc_thread *ntapc_thread_find(const struct task_struct *task)
{
	struct ntapc_thread *thread;

	rcu_read_lock();
	thread = find_thread(task);
	rcu_read_unlock();
	return thread;
}

/**
 * ntapc_thread_self - the record of the current thread, made if need be
 *
 * No reference is taken: only the current thread's own exit, execve() or, with
 * no descriptor left, the module's unloading can retire it.
 *
 * Return: the record, or an error as ntapc_thread_get().
 */
struct ntapc_thread *ntapc_thread_self(void)
{
	struct ntapc_thread *thread;

	rcu_read_lock();
	thread = find_thread(current);
	rcu_read_unlock();
	/* A system thread may be attached to an address space. */
	if (likely(thread && (thread->process->mm == current->mm ||
			      thread->system)))
		return thread;
	thread = ntapc_thread_get(current);
	if (!IS_ERR(thread))
		ntapc_thread_put(thread);
	return thread;
}

static void retire_task(struct task_struct *task)
{
	struct ntapc_thread *thread;

	smp_mb();	/* see missed() */
	rcu_read_lock();
	thread = find_thread(task);
	/* After execve() one that was opened just now is for the new image. */
	if (thread &&
	    (!task->mm || READ_ONCE(thread->process->mm) != task->mm) &&
	    kref_get_unless_zero(&thread->kref))
		ntapc_thread_retire_later(thread);
	rcu_read_unlock();
}

/**
 * ntapc_task_exits - a thread exits; its address space is already gone
 * @task: current
 *
 * May be called in atomic context.
 */
void ntapc_task_exits(struct task_struct *task)
{
	retire_task(task);
	if (!atomic_read(&task->signal->live))
		ntapc_process_retire(task_tgid(task), NULL);
}

/**
 * ntapc_task_execs - a thread has a new image; it is its process's only one
 * @task: current
 *
 * May be called in atomic context.
 */
void ntapc_task_execs(struct task_struct *task)
{
	retire_task(task);
	ntapc_process_retire(task_tgid(task), task->mm);
}

/**
 * ntapc_thread_info - what NTAPC_IOC_THREAD_INFO shows
 * @thread: may be retired
 * @info: all members but size are set
 */
void ntapc_thread_info(struct ntapc_thread *thread,
		       struct ntapc_thread_info *info)
{
	spin_lock(&thread->lock);
	info->state = 0;
	if (thread->exited)
		info->state |= NTAPC_THREAD_EXITED;
	else if (thread->terminating)
		info->state |= NTAPC_THREAD_TERMINATING;
	if (ntapc_is_suspended(thread))
		info->state |= NTAPC_THREAD_SUSPENDED;
	else if (!thread->retired && ntapc_core_to_suspend(&thread->kt))
		info->state |= NTAPC_THREAD_SUSPENDING;
	if (thread->mismatch)
		info->state |= NTAPC_THREAD_MISMATCH;
	if (thread->kt.apc_state_index)
		info->state |= NTAPC_THREAD_ATTACHED;
	if (thread->kt.waiting && !thread->kt.suspended) {
		info->state |= NTAPC_THREAD_WAITING;
		if (thread->kt.alertable)
			info->state |= NTAPC_THREAD_ALERTABLE;
	}
	info->nr_user = thread->nr_user;
	info->nr_special = thread->nr_special;
	info->nr_queued = thread->nr_queued;
	info->nr_delivered = thread->nr_delivered;
	info->nr_dropped = thread->nr_dropped;
	info->suspend_count = thread->retired ? 0 : thread->kt.suspend_count;
	info->nr_kernel = thread->nr_kernel;
	info->nr_kernel_run = thread->nr_kernel_run;
	info->nr_mismatch = thread->nr_mismatch;
	spin_unlock(&thread->lock);
	info->exit_status = 0;
	info->tid = 0;
	if (info->state & NTAPC_THREAD_EXITED)
		info->exit_status = READ_ONCE(thread->exit_status);
	else
		info->tid = pid_vnr(thread->pid);
}

static atomic_t nr_files;	/* descriptors of all kinds */

/**
 * ntapc_any_files - does a descriptor keep the module?
 *
 * Return: whether there is one.
 */
bool ntapc_any_files(void)
{
	return atomic_read(&nr_files);
}

/**
 * ntapc_file_opened - there is one more descriptor
 */
void ntapc_file_opened(void)
{
	atomic_inc(&nr_files);
}

/**
 * ntapc_file_closed - there is one fewer; that one still holds the module
 *
 * With the last one goes what kept the module for threads to which something is
 * still to happen, and which nobody can queue to any more.
 */
void ntapc_file_closed(void)
{
	struct ntapc_thread *thread;
	int bucket;

	if (!atomic_dec_and_test(&nr_files) || !READ_ONCE(nr_threads))
		return;
	rcu_read_lock();
	hash_for_each_rcu(threads, bucket, thread, hash)
		ntapc_thread_pin(thread);
	rcu_read_unlock();
}

/**
 * ntapc_nr_threads - how many threads are known
 *
 * Return: the number.
 */
unsigned int ntapc_nr_threads(void)
{
	return READ_ONCE(nr_threads);
}

/* The API of other modules */

/**
 * ntapc_thread_current - KeGetCurrentThread
 *
 * Made if need be, so that it may sleep and fail the first time.
 *
 * Return: the current thread, no reference taken; ESRCH if it is neither a user
 * thread nor a system thread of ntapc's, or is exiting; ENOMEM.
 */
struct ntapc_thread *ntapc_thread_current(void)
{
	return ntapc_thread_self();
}
EXPORT_SYMBOL_GPL(ntapc_thread_current);

/**
 * ntapc_thread_of_task - the thread that a task is
 * @task: referenced by the caller
 *
 * Return: a reference, as ntapc_thread_current().
 */
struct ntapc_thread *ntapc_thread_of_task(struct task_struct *task)
{
	struct ntapc_thread *thread;

	rcu_read_lock();
	thread = find_thread(task);
	if (thread &&
	    (!thread->system || !kref_get_unless_zero(&thread->kref)))
		thread = NULL;
	rcu_read_unlock();
	return thread ? thread : ntapc_thread_get(task);
}
EXPORT_SYMBOL_GPL(ntapc_thread_of_task);

/**
 * ntapc_thread_lookup - PsLookupThreadByThreadId
 * @tid: in current's pid namespace
 *
 * Whether current may act on it isn't asked.
 *
 * Return: a reference, as ntapc_thread_current().
 */
struct ntapc_thread *ntapc_thread_lookup(pid_t tid)
{
	struct task_struct *task = ntapc_get_task(tid);
	struct ntapc_thread *thread;

	if (!task)
		return ERR_PTR(-ESRCH);
	thread = ntapc_thread_of_task(task);
	put_task_struct(task);
	return thread;
}
EXPORT_SYMBOL_GPL(ntapc_thread_lookup);

/**
 * ntapc_thread_reference - ObReferenceObject, of a thread
 * @thread: referenced by the caller, or the current one
 *
 * Any task context.
 */
void ntapc_thread_reference(struct ntapc_thread *thread)
{
	ntapc_thread_hold(thread);
}
EXPORT_SYMBOL_GPL(ntapc_thread_reference);

/**
 * ntapc_thread_dereference - ObDereferenceObject, of a thread
 * @thread: referenced by the caller
 */
void ntapc_thread_dereference(struct ntapc_thread *thread)
{
	ntapc_thread_put(thread);
}
EXPORT_SYMBOL_GPL(ntapc_thread_dereference);

int ntapc_threads_init(void)
{
	ntapc_workqueue = alloc_workqueue("ntapc",
					  WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!ntapc_workqueue)
		return -ENOMEM;
	thread_cache = kmem_cache_create("ntapc_thread",
					 sizeof(struct ntapc_thread), 0,
					 SLAB_ACCOUNT, NULL);
	if (!thread_cache) {
		destroy_workqueue(ntapc_workqueue);
		return -ENOMEM;
	}
	if (ntapc_processes_init()) {
		kmem_cache_destroy(thread_cache);
		destroy_workqueue(ntapc_workqueue);
		return -ENOMEM;
	}
	return 0;
}

/*
 * No descriptor and no pinned thread is left, and no exit is heard of any more:
 * whatever is still in the hashes belongs to threads that live on without us.
 */
void ntapc_threads_exit(void)
{
	struct ntapc_thread *thread;
	struct hlist_node *next;
	int bucket;

	hash_for_each_safe(threads, bucket, next, thread, hash)
		ntapc_thread_retire(thread);
	ntapc_processes_exit();
	destroy_workqueue(ntapc_workqueue);
	rcu_barrier();
	kmem_cache_destroy(thread_cache);
}
