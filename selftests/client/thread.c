// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads to act upon, and system threads.
 */
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched/task.h>

#include "internal.h"

/* [system] */
/**
 * struct client_system - one system thread
 * @thread: a reference, or NULL
 * @program: what it does
 * @repeat: until it is to stop
 */
struct client_system {
	struct ntapc_thread *thread;
	unsigned int program;
	bool repeat;
};

/*
 * A forgotten thread may run until the very end of this module, so that this is
 * no allocated memory.
 */
static struct client_system systems[CLIENT_NR_SYSTEMS];
static DEFINE_MUTEX(systems_mutex);

#define EXIT_STATUS	0x5000

static u32 system_main(void *context)
{
	const struct client_system *system = context;
	u32 number = system - systems;

	client_log(CLIENT_SYSTEM, number, 0, 0, 0, 0);
	do {
		client_run_program(system->program);
	} while (system->repeat && !ntapc_system_thread_should_stop());
	client_log(CLIENT_SYSTEM_END, number, 0, 0, 0, 0);
	return EXIT_STATUS + number;
}

static s64 create_system(const struct client_step *step)
{
	struct client_system *system = &systems[step->id];
	struct ntapc_thread *thread;

	lockdep_assert_held(&systems_mutex);
	if (system->thread)
		return -EEXIST;
	system->program = step->program;
	system->repeat = step->flags & CLIENT_REPEAT;
	thread = ntapc_create_system_thread(system_main, system,
					    "client-system");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	system->thread = thread;
	return 0;
}

static s64 stop_system(struct client_system *system)
{
	u32 status;

	lockdep_assert_held(&systems_mutex);
	if (!system->thread)
		return -ESRCH;
	/* Waits for it, also if it has ended by itself. */
	status = ntapc_stop_system_thread(system->thread);
	ntapc_thread_dereference(system->thread);
	system->thread = NULL;
	return status;
}

/* Ends those of ours that nobody has stopped. */
void client_stop_systems(void)
{
	unsigned int i;

	mutex_lock(&systems_mutex);
	for (i = 0; i < CLIENT_NR_SYSTEMS; i++)
		stop_system(&systems[i]);
	mutex_unlock(&systems_mutex);
}

/* [system end] */

static s64 forget_system(struct client_system *system)
{
	lockdep_assert_held(&systems_mutex);
	if (!system->thread)
		return -ESRCH;
	ntapc_thread_dereference(system->thread);
	system->thread = NULL;
	return 0;
}

s64 client_create_system(const struct client_step *step)
{
	s64 result;

	if (step->id >= CLIENT_NR_SYSTEMS)
		return -EINVAL;
	mutex_lock(&systems_mutex);
	result = create_system(step);
	mutex_unlock(&systems_mutex);
	return result;
}

s64 client_stop_system(const struct client_step *step)
{
	s64 result;

	if (step->id >= CLIENT_NR_SYSTEMS)
		return -EINVAL;
	mutex_lock(&systems_mutex);
	result = stop_system(&systems[step->id]);
	mutex_unlock(&systems_mutex);
	return result;
}

s64 client_forget_system(const struct client_step *step)
{
	s64 result;

	if (step->id >= CLIENT_NR_SYSTEMS)
		return -EINVAL;
	mutex_lock(&systems_mutex);
	result = forget_system(&systems[step->id]);
	mutex_unlock(&systems_mutex);
	return result;
}

static struct ntapc_thread *system_target(unsigned int number)
{
	struct ntapc_thread *thread;

	if (number >= CLIENT_NR_SYSTEMS)
		return ERR_PTR(-EINVAL);
	mutex_lock(&systems_mutex);
	thread = systems[number].thread;
	if (thread)
		ntapc_thread_reference(thread);
	mutex_unlock(&systems_mutex);
	return thread ? thread : ERR_PTR(-ESRCH);
}

/* The same as ntapc_thread_lookup(), by way of the task. */
static struct ntapc_thread *thread_of_tid(pid_t tid)
{
	struct ntapc_thread *thread;
	struct task_struct *task;
	struct pid *pid;

	pid = find_get_pid(tid);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	if (!task)
		return ERR_PTR(-ESRCH);
	thread = ntapc_thread_of_task(task);
	put_task_struct(task);
	return thread;
}

/* [target] */
/* A reference to the thread that a step names. */
struct ntapc_thread *client_target(s32 target)
{
	struct ntapc_thread *thread;

	if (target < 0)
		return system_target(-target);
	/* There are two ways from an id; both are to be tried. */
	if (target)
		return target & 1 ? thread_of_tid(target) :
				    ntapc_thread_lookup(target);
	thread = ntapc_thread_current();
	if (!IS_ERR(thread))
		ntapc_thread_reference(thread);
	return thread;
}

/* [target end] */
