// SPDX-License-Identifier: GPL-2.0-only
/*
 * System threads: kernel threads with the APC state of a thread.
 */
#include <linux/export.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "thread.h"

/**
 * struct ntapc_system - what only system threads have
 * @entry: in the list of all that haven't been ended; protected by system_lock
 * @thread: its record, which owns it; invariant once it is woken
 * @task: referenced; invariant
 * @start: what it runs; invariant
 * @context: the argument of @start; invariant
 * @owner: whose code @start is; not referenced, see on_module_event()
 * @stopping: somebody has called kthread_stop(); protected by system_lock
 */
struct ntapc_system {
	struct list_head entry;
	struct ntapc_thread *thread;
	struct task_struct *task;
	u32 (*start)(void *context);
	void *context;
	struct module *owner;
	bool stopping;
};

static LIST_HEAD(system_threads);
static DEFINE_SPINLOCK(system_lock);

/**
 * ntapc_system_stops - is current a system thread that is to end?
 * @thread: current's record
 *
 * Return: whether it is.
 */
bool ntapc_system_stops(const struct ntapc_thread *thread)
{
	return thread->system && kthread_should_stop();
}

/**
 * ntapc_system_free - the record of a system thread goes
 * @system: its part of it
 */
void ntapc_system_free(struct ntapc_system *system)
{
	put_task_struct(system->task);
	kfree(system);
}

/*
 * The thread has ended: nothing of its client's runs in it any more. Drops the
 * thread's own reference, once: whether this did is returned, and if so the caller
 * has to drop the thread's hold on our code.
 */
static bool end(struct ntapc_system *system, u32 status)
{
	struct ntapc_thread *thread = system->thread;
	bool first;

	spin_lock(&system_lock);
	first = !list_empty(&system->entry);
	list_del_init(&system->entry);
	spin_unlock(&system_lock);
	if (!first)
		return false;
	WRITE_ONCE(thread->exit_status, status);
	ntapc_thread_end(thread);
	ntapc_thread_put(thread);
	return true;
}

static void __noreturn end_self(struct ntapc_system *system, u32 status)
{
	struct ntapc_thread *thread = system->thread;

	if (ntapc_core_apcs_disabled(&thread->kt) || thread->kt.save)
		pr_notice("system thread %s[%d] ends inside a region or attached\n",
			  current->comm, task_pid_nr(current));
	/* It alone can leave the address space that it is in. */
	ntapc_attach_release(thread);
	end(system, status);
	module_put_and_kthread_exit(0);
}

static int run(void *data)
{
	struct ntapc_system *system = data;

	/* Its first safe point; it may have been created to be suspended. */
	ntapc_run_kernel_apcs(system->thread);
	end_self(system, system->start(system->context));
}

/**
 * __ntapc_create_system_thread - see ntapc_create_system_thread()
 * @start: see there
 * @context: see there
 * @name: see there
 * @owner: the module that @start belongs to
 *
 * Return: see there.
 */
struct ntapc_thread *
__ntapc_create_system_thread(u32 (*start)(void *context), void *context,
			     const char *name, struct module *owner)
{
	struct ntapc_system *system;
	struct ntapc_thread *thread;
	struct task_struct *task;

	system = kzalloc(sizeof(*system), GFP_KERNEL);
	if (!system)
		return ERR_PTR(-ENOMEM);
	system->start = start;
	system->context = context;
	system->owner = owner;
	task = kthread_create(run, system, "%s", name);
	if (IS_ERR(task)) {
		kfree(system);
		return ERR_CAST(task);
	}
	system->task = get_task_struct(task);
	thread = ntapc_thread_make_system(task, system);
	if (IS_ERR(thread)) {
		/* It never ran, and so won't. */
		kthread_stop(task);
		ntapc_system_free(system);
		return thread;
	}
	system->thread = thread;
	/* The thread's own reference, and its hold on our code. */
	ntapc_thread_hold(thread);
	__module_get(THIS_MODULE);
	spin_lock(&system_lock);
	list_add(&system->entry, &system_threads);
	spin_unlock(&system_lock);
	wake_up_process(task);
	return thread;
}
EXPORT_SYMBOL_GPL(__ntapc_create_system_thread);

/**
 * ntapc_terminate_system_thread - PsTerminateSystemThread
 * @status: the calling system thread's exit status
 *
 * What the thread holds is its own affair. Returns only if the caller isn't a
 * system thread (NT: STATUS_INVALID_PARAMETER), or is the routine of an APC.
 */
void ntapc_terminate_system_thread(u32 status)
{
	struct ntapc_thread *thread = ntapc_thread_find(current);

	if (thread && thread->system && !thread->depth)
		end_self(thread->system, status);
}
EXPORT_SYMBOL_GPL(ntapc_terminate_system_thread);

/**
 * ntapc_system_thread_should_stop - is the calling system thread to end?
 *
 * Its waits return EINTR from then on.
 *
 * Return: whether it is.
 */
bool ntapc_system_thread_should_stop(void)
{
	return (current->flags & PF_KTHREAD) && kthread_should_stop();
}
EXPORT_SYMBOL_GPL(ntapc_system_thread_should_stop);

static void stop(struct ntapc_system *system)
{
	bool first;

	spin_lock(&system_lock);
	first = !system->stopping;
	system->stopping = true;
	spin_unlock(&system_lock);
	if (!first)
		return;
	ntapc_force_resume_thread(system->thread);
	/* Ends its waits, whatever they are for. */
	kthread_stop(system->task);
	/*
	 * If it was stopped before it first ran, and never will, or ended without
	 * telling. That it has exited doesn't say: its task may have by now, too.
	 */
	if (end(system, 0))
		module_put(THIS_MODULE);
}

/**
 * ntapc_stop_system_thread - end a system thread, and wait for that
 * @thread: referenced by the caller
 *
 * The thread is resumed, its waits return, and it sees
 * ntapc_system_thread_should_stop(). May be called for one that has ended.
 *
 * Return: its exit status.
 */
u32 ntapc_stop_system_thread(struct ntapc_thread *thread)
{
	stop(thread->system);
	wait_event(thread->waitq, READ_ONCE(thread->exited));
	return READ_ONCE(thread->exit_status);
}
EXPORT_SYMBOL_GPL(ntapc_stop_system_thread);

/* A thread of @owner's, referenced, or NULL. */
static struct ntapc_thread *find_of(const struct module *owner)
{
	struct ntapc_system *system;
	struct ntapc_thread *thread = NULL;

	spin_lock(&system_lock);
	list_for_each_entry(system, &system_threads, entry) {
		if (system->owner == owner) {
			thread = system->thread;
			ntapc_thread_hold(thread);
			break;
		}
	}
	spin_unlock(&system_lock);
	return thread;
}

/*
 * A module's exit function has returned, and its code is about to go: names and
 * threads that it has forgotten go now.
 */
static int on_module_event(struct notifier_block *block, unsigned long event,
			   void *data)
{
	struct ntapc_thread *thread;

	if (event != MODULE_STATE_GOING)
		return NOTIFY_OK;
	ntapc_named_forget(data);
	while ((thread = find_of(data))) {
		pr_notice("module %s leaves system thread %s[%d] behind: stopping it\n",
			  ((struct module *)data)->name,
			  thread->system->task->comm, pid_nr(thread->pid));
		ntapc_stop_system_thread(thread);
		ntapc_thread_put(thread);
		/* Who else stops it may not have taken it off yet. */
		cond_resched();
	}
	return NOTIFY_OK;
}

static struct notifier_block module_notifier = {
	.notifier_call = on_module_event,
};

int ntapc_system_init(void)
{
	return register_module_notifier(&module_notifier);
}

void ntapc_system_exit(void)
{
	unregister_module_notifier(&module_notifier);
}
