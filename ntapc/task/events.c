// SPDX-License-Identifier: GPL-2.0-only
/*
 * Learning that a thread exits or calls execve().
 *
 * Task work runs at exit too, but only where some is queued; the tracepoints
 * tell of every thread. They are looked up by name because they aren't exported
 * one by one.
 */
#include <linux/binfmts.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/version.h>

#include "thread.h"

/* Probes run with preemption disabled. */

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
static void on_exit(void *data, struct task_struct *task, bool group_dead)
#else
static void on_exit(void *data, struct task_struct *task)
#endif
{
	ntapc_task_exits(task);
}

static void on_exec(void *data, struct task_struct *task, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	ntapc_task_execs(task);
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
} events[] = {
	{ "sched_process_exit", on_exit },
	{ "sched_process_exec", on_exec },
};

static void look_up(struct tracepoint *tracepoint, void *data)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!strcmp(tracepoint->name, events[i].name))
			events[i].tracepoint = tracepoint;
	}
}

static void unregister(int nr)
{
	while (nr--)
		tracepoint_probe_unregister(events[nr].tracepoint,
					    events[nr].probe, NULL);
	tracepoint_synchronize_unregister();
}

int ntapc_events_init(void)
{
	int i, err;

	for_each_kernel_tracepoint(look_up, NULL);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		err = -ENOENT;
		if (events[i].tracepoint)
			err = tracepoint_probe_register(events[i].tracepoint,
							events[i].probe, NULL);
		if (err) {
			pr_err("can't follow tracepoint %s (%d)\n",
			       events[i].name, err);
			unregister(i);
			return err;
		}
	}
	return 0;
}

void ntapc_events_exit(void)
{
	unregister(ARRAY_SIZE(events));
}
