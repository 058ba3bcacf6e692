// SPDX-License-Identifier: GPL-2.0-only
/*
 * NT's asynchronous procedure calls: loading and unloading.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "dev/dev.h"
#include "task/thread.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static int __init ntapc_init(void)
{
	int err;

	err = ntapc_threads_init();
	if (err)
		return err;
	ntapc_deliver_init();
	err = ntapc_sync_init();
	if (err)
		goto exit_threads;
	err = ntapc_queue_init();
	if (err)
		goto exit_sync;
	err = ntapc_mm_init();
	if (err)
		goto exit_queue;
	err = ntapc_access_init();
	if (err)
		goto exit_mm;
	err = ntapc_events_init();
	if (err)
		goto exit_access;
	err = ntapc_system_init();
	if (err)
		goto exit_events;
	err = ntapc_named_init();
	if (err)
		goto exit_system;
	/*
	 * Where preempted kernel code isn't waited for by anything, the tail
	 * of a task work can't be either: stay.
	 */
	if (IS_ENABLED(CONFIG_PREEMPTION) && !IS_ENABLED(CONFIG_TASKS_RCU)) {
		pr_notice("this kernel can't tell when module code has been left: can't be unloaded\n");
		__module_get(THIS_MODULE);
	}
	/* From here on there may be callers. */
	err = ntapc_device_init();
	if (err)
		goto exit_named;
	return 0;

exit_named:
	ntapc_named_exit();
exit_system:
	ntapc_system_exit();
exit_events:
	ntapc_events_exit();
exit_access:
	ntapc_access_exit();
exit_mm:
	ntapc_mm_exit();
exit_queue:
	ntapc_queue_exit();
exit_sync:
	ntapc_sync_exit();
exit_threads:
	ntapc_threads_exit();
	return err;
}

/*
 * There is no descriptor, and no thread with APCs or task work: each would hold
 * the module. What may be left is the end of a task work that has just dropped
 * the last reference, in a thread that was preempted there.
 */
static void __exit ntapc_exit(void)
{
	ntapc_device_exit();
	ntapc_named_exit();
	ntapc_system_exit();
	ntapc_events_exit();
	synchronize_rcu_tasks();
	ntapc_deliver_exit();
	ntapc_access_exit();
	ntapc_mm_exit();
	ntapc_threads_exit();
	ntapc_queue_exit();
	ntapc_sync_exit();
}

module_init(ntapc_init);
module_exit(ntapc_exit);

MODULE_DESCRIPTION("NT asynchronous procedure calls for Linux tasks");
MODULE_AUTHOR("the ntapc authors");
MODULE_LICENSE("GPL");
