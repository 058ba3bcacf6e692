// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the benchmark: how long it is from an insertion to the routine in the
 * target, for a special kernel APC and for the bare task work below it.
 */
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/uaccess.h>

#include "internal.h"

/**
 * struct kick - one that is under way
 * @kapc: the APC
 * @work: or the task work
 * @arrival: where the target says when it came
 */
struct kick {
	struct ntapc_kapc kapc;
	struct callback_head work;
	u64 __user *arrival;
};

static bool used_task_work;

/* The benchmark's clock, see tools/bench/bench.h. */
static u64 clock(void)
{
	u32 lo, hi;

	asm volatile("lfence; rdtsc; lfence" : "=a"(lo), "=d"(hi) :: "memory");
	return (u64)hi << 32 | lo;
}

static void arrive(u64 __user *arrival, u64 now)
{
	/* Who exits has no user memory any more. */
	if (current->mm && put_user(now, arrival))
		pr_debug("nowhere to write the time of arrival\n");
}

static void kick_kernel_routine(struct ntapc_apc *apc,
				struct ntapc_normal *normal)
{
	u64 now = clock();
	struct kick *kick = container_of(apc, struct kick, kapc.apc);

	arrive(kick->arrival, now);
	ntapc_thread_dereference(kick->kapc.thread);
	kfree(kick);
}

static void kick_rundown_routine(struct ntapc_apc *apc)
{
	struct kick *kick = container_of(apc, struct kick, kapc.apc);

	ntapc_thread_dereference(kick->kapc.thread);
	kfree(kick);
}

static int kick_by_apc(struct kick *kick, struct client_kick *args)
{
	struct ntapc_thread *thread = ntapc_thread_lookup(args->tid);

	if (IS_ERR(thread)) {
		kfree(kick);
		return PTR_ERR(thread);
	}
	ntapc_kapc_init(&kick->kapc, thread, NTAPC_ENV_ORIGINAL,
			kick_kernel_routine, kick_rundown_routine, 0,
			NTAPC_KERNEL_MODE, 0);
	args->begin = clock();
	if (ntapc_kapc_insert(&kick->kapc, 0, 0))
		return 0;
	kick_rundown_routine(&kick->kapc.apc);
	return -ESRCH;
}

static void kick_work(struct callback_head *work)
{
	u64 now = clock();
	struct kick *kick = container_of(work, struct kick, work);

	arrive(kick->arrival, now);
	kfree(kick);
	/* For what is left of this function see client_kick_exit(). */
	module_put(THIS_MODULE);
}

static int kick_by_task_work(struct kick *kick, struct client_kick *args)
{
	struct task_struct *task;
	struct pid *pid;
	int err;

	pid = find_get_pid(args->tid);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	if (!task) {
		kfree(kick);
		return -ESRCH;
	}
	__module_get(THIS_MODULE);
	WRITE_ONCE(used_task_work, true);
	init_task_work(&kick->work, kick_work);
	args->begin = clock();
	err = task_work_add(task, &kick->work, TWA_SIGNAL);
	if (err) {
		kfree(kick);
		module_put(THIS_MODULE);
	}
	put_task_struct(task);
	return err;
}

int client_kick(struct client_kick *args)
{
	struct kick *kick = kzalloc(sizeof(*kick), GFP_KERNEL);

	if (!kick)
		return -ENOMEM;
	kick->arrival = u64_to_user_ptr(args->arrival);
	switch (args->how) {
	case CLIENT_KICK_APC:
		return kick_by_apc(kick, args);
	case CLIENT_KICK_TASK_WORK:
		return kick_by_task_work(kick, args);
	}
	kfree(kick);
	return -EINVAL;
}

/* A task work that has dropped its reference may not have returned yet. */
void client_kick_exit(void)
{
	if (used_task_work)
		synchronize_rcu_tasks();
}
