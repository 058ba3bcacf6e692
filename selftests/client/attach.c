// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching to processes, and what is done in their address spaces.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

/* References, by the numbers that steps name them by. */
static struct ntapc_process *processes[CLIENT_NR_PROCESSES];
static DEFINE_MUTEX(processes_mutex);

/* Each is for one thread at a time. */
static struct ntapc_attach_state saves[CLIENT_NR_SAVES];

/* [process] */
/* A reference to the process of a thread that a step names. */
static struct ntapc_process *process_of(s32 target)
{
	struct ntapc_process *process;
	struct ntapc_thread *thread;

	/* By the id of any of its threads, or of one that is at hand. */
	if (target > 0 && target & 1)
		return ntapc_process_lookup(target);
	thread = client_target(target);
	if (IS_ERR(thread))
		return ERR_CAST(thread);
	process = ntapc_process_of_thread(thread);
	/* It is good as long as the thread's record is. */
	ntapc_process_reference(process);
	ntapc_thread_dereference(thread);
	return process;
}

/* [process end] */

s64 client_keep_process(const struct client_step *step)
{
	struct ntapc_process *process, *before;

	if (!step->id || step->id >= CLIENT_NR_PROCESSES)
		return -EINVAL;
	process = process_of(step->target);
	if (IS_ERR(process))
		return PTR_ERR(process);
	mutex_lock(&processes_mutex);
	before = processes[step->id];
	processes[step->id] = process;
	mutex_unlock(&processes_mutex);
	if (before)
		ntapc_process_dereference(before);
	return 0;
}

static void drop_process(unsigned int number)
{
	struct ntapc_process *process;

	mutex_lock(&processes_mutex);
	process = processes[number];
	processes[number] = NULL;
	mutex_unlock(&processes_mutex);
	if (process)
		ntapc_process_dereference(process);
}

s64 client_drop_process(const struct client_step *step)
{
	if (step->id >= CLIENT_NR_PROCESSES)
		return -EINVAL;
	drop_process(step->id);
	return 0;
}

void client_drop_processes(void)
{
	unsigned int i;

	for (i = 0; i < CLIENT_NR_PROCESSES; i++)
		drop_process(i);
}

s64 client_where(const struct client_step *step)
{
	struct ntapc_process *process = ntapc_current_process();
	unsigned int i;
	s64 number = 0;

	mutex_lock(&processes_mutex);
	for (i = 1; process && i < CLIENT_NR_PROCESSES; i++)
		if (processes[i] == process)
			number = i;
	mutex_unlock(&processes_mutex);
	return number;
}

/* A reference to a kept process, or to the one that the thread is in. */
static struct ntapc_process *named_process(s32 number)
{
	struct ntapc_process *process = NULL;

	if (number < 0 || number >= CLIENT_NR_PROCESSES)
		return ERR_PTR(-EINVAL);
	mutex_lock(&processes_mutex);
	process = number ? processes[number] : ntapc_current_process();
	if (process)
		ntapc_process_reference(process);
	mutex_unlock(&processes_mutex);
	return process ? process : ERR_PTR(-ESRCH);
}

s64 client_attach(const struct client_step *step)
{
	struct ntapc_process *process = named_process(step->target);
	int err;

	if (IS_ERR(process))
		return PTR_ERR(process);
	err = ntapc_attach_process(process);
	/* Who is attached needs no reference to be there. */
	ntapc_process_dereference(process);
	return err;
}

s64 client_detach(const struct client_step *step)
{
	return ntapc_detach_process();
}

s64 client_stack_attach(const struct client_step *step)
{
	struct ntapc_process *process;
	int err;

	if (step->id >= CLIENT_NR_SAVES)
		return -EINVAL;
	process = named_process(step->target);
	if (IS_ERR(process))
		return PTR_ERR(process);
	err = ntapc_stack_attach_process(process, &saves[step->id]);
	ntapc_process_dereference(process);
	return err;
}

s64 client_unstack(const struct client_step *step)
{
	if (step->id >= CLIENT_NR_SAVES)
		return -EINVAL;
	return ntapc_unstack_detach_process(&saves[step->id]);
}

/* Copies */

#define COPY_MAX	(64 << 20)

static void log_copy(const struct client_step *step, u64 value, size_t done,
		     int err)
{
	if (!(step->flags & CLIENT_QUIET))
		client_log(CLIENT_COPIED, step->id, done, step->routine, value,
			   err);
}

static size_t length_of(const struct client_step *step)
{
	return step->count ? step->count : sizeof(u64);
}

s64 client_read(const struct client_step *step)
{
	size_t length = length_of(step), done = 0;
	u64 value = 0;
	void *buffer;
	int err;

	if (length > COPY_MAX)
		return -EINVAL;
	buffer = kvzalloc(length, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	err = ntapc_read_attached(buffer, step->routine, length, &done);
	memcpy(&value, buffer, min(length, sizeof(value)));
	kvfree(buffer);
	log_copy(step, value, done, err);
	return err ? err : value;
}

s64 client_write(const struct client_step *step)
{
	size_t length = length_of(step), done = 0, i;
	u64 *buffer;
	int err;

	if (length > COPY_MAX)
		return -EINVAL;
	buffer = kvzalloc(round_up(length, sizeof(*buffer)), GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	for (i = 0; i < DIV_ROUND_UP(length, sizeof(*buffer)); i++)
		buffer[i] = step->arg[0];
	err = ntapc_write_attached(step->routine, buffer, length, &done);
	kvfree(buffer);
	log_copy(step, step->arg[0], done, err);
	return err;
}

/* Reads on and on, in one way or another */

#define READ_ON_MAX	(60 * HZ)

static int read_by_itself(const struct client_step *step)
{
	u64 __user *from = u64_to_user_ptr(step->routine);
	u64 value;

	/* Without an address space there is no telling whose memory that is. */
	if (!current->mm)
		return -EINVAL;
	return copy_from_user(&value, from, sizeof(value)) ? -EFAULT : 0;
}

static int read_by_ntapc(const struct client_step *step)
{
	size_t done;
	u64 value;

	return ntapc_read_attached(&value, step->routine, sizeof(value), &done);
}

static int read_on(const struct client_step *step,
		   int (*read)(const struct client_step *step))
{
	unsigned long give_up = jiffies + READ_ON_MAX;
	bool told = false;
	int err;

	do {
		err = read(step);
		if (!err && !told) {
			client_log(CLIENT_READS_ON, step->id, 0, 0, 0, 0);
			told = true;
		}
		cond_resched();
		/* A stand-in isn't killed with a test that has failed. */
		if (!err && time_after(jiffies, give_up))
			err = -ETIME;
	} while (!err && !client_gate_is_open(step->id) &&
		 !ntapc_system_thread_should_stop() &&
		 !fatal_signal_pending(current));
	return err;
}

static int read_on_by_itself(void *context)
{
	return read_on(context, read_by_itself);
}

s64 client_read_on(const struct client_step *step)
{
	if (step->flags & CLIENT_IN_CALL)
		return ntapc_call_attached(read_on_by_itself, (void *)step);
	/* The caller's own memory isn't what this is about. */
	if (!(step->flags & CLIENT_DIRECT))
		return read_on(step, read_by_ntapc);
	if (!(current->flags & PF_KTHREAD))
		return -EINVAL;
	return read_on(step, read_by_itself);
}

/* [call] */
/**
 * struct client_call - what is to be done in the other address space
 * @step: says what
 * @value: what was read
 */
struct client_call {
	const struct client_step *step;
	u64 value;
};

/*
 * Runs where the thread is attached: by itself in a system thread, in a kernel
 * thread that stands in for it in all others.
 */
static int attached_routine(void *context)
{
	struct client_call *call = context;
	u64 __user *from = u64_to_user_ptr(call->step->routine);

	client_log(CLIENT_CALLED, !!(current->flags & PF_KTHREAD), 0, 0, 0, 0);
	client_run_program(call->step->program);
	return get_user(call->value, from);
}

s64 client_call(const struct client_step *step)
{
	struct client_call call = { .step = step };
	int err;

	err = ntapc_call_attached(attached_routine, &call);
	return err ? err : call.value;
}

/* [call end] */

/* [peek] */
/* Reads a word of a process that isn't the caller's. */
static int peek(struct ntapc_process *process, u64 from, u64 *value)
{
	struct ntapc_attach_state state;
	size_t done;
	int err, detach_err;

	err = ntapc_stack_attach_process(process, &state);
	if (err)
		return err;
	err = ntapc_read_attached(value, from, sizeof(*value), &done);
	/* NT would stop the machine instead of failing here. */
	detach_err = ntapc_unstack_detach_process(&state);
	return err ? err : detach_err;
}

s64 client_peek(const struct client_step *step)
{
	struct ntapc_process *process = process_of(step->target);
	u64 value;
	int err;

	if (IS_ERR(process))
		return PTR_ERR(process);
	err = peek(process, step->routine, &value);
	ntapc_process_dereference(process);
	return err ? err : value;
}

/* [peek end] */
