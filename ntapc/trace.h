/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events, in the group "ntapc". User APCs have none: they would cost what
 * they measure.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ntapc

#if !defined(NTAPC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NTAPC_TRACE_H

#include <linux/tracepoint.h>

#include "task/thread.h"

DECLARE_EVENT_CLASS(ntapc_kernel_apc,
	TP_PROTO(const struct ntapc_thread *thread, const struct ntapc_apc *apc),
	TP_ARGS(thread, apc),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(void *, routine)
		__field(bool, special)
	),
	TP_fast_assign(
		__entry->pid = pid_nr(thread->pid);
		__entry->routine = apc->kernel_routine;
		__entry->special = !apc->normal.routine;
	),
	TP_printk("pid=%d routine=%ps %s", __entry->pid, __entry->routine,
		  __entry->special ? "special" : "normal")
);

/* A module's APC of kernel mode was inserted. */
DEFINE_EVENT(ntapc_kernel_apc, ntapc_kernel_apc_insert,
	TP_PROTO(const struct ntapc_thread *thread, const struct ntapc_apc *apc),
	TP_ARGS(thread, apc));

/* A kernel APC, of whatever kind, is about to run. */
DEFINE_EVENT(ntapc_kernel_apc, ntapc_kernel_apc_run,
	TP_PROTO(const struct ntapc_thread *thread, const struct ntapc_apc *apc),
	TP_ARGS(thread, apc));

DECLARE_EVENT_CLASS(ntapc_thread,
	TP_PROTO(const struct ntapc_thread *thread),
	TP_ARGS(thread),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(int, suspend_count)
		__field(int, kernel_apc_disable)
		__field(int, special_apc_disable)
	),
	TP_fast_assign(
		__entry->pid = pid_nr(thread->pid);
		__entry->suspend_count = thread->kt.suspend_count;
		__entry->kernel_apc_disable = thread->kt.kernel_apc_disable;
		__entry->special_apc_disable = thread->kt.special_apc_disable;
	),
	TP_printk("pid=%d suspend_count=%d critical=%d guarded=%d",
		  __entry->pid, __entry->suspend_count,
		  __entry->kernel_apc_disable, __entry->special_apc_disable)
);

/* The suspend count went up. */
DEFINE_EVENT(ntapc_thread, ntapc_suspend,
	TP_PROTO(const struct ntapc_thread *thread),
	TP_ARGS(thread));

/* The thread stands still. */
DEFINE_EVENT(ntapc_thread, ntapc_suspended,
	TP_PROTO(const struct ntapc_thread *thread),
	TP_ARGS(thread));

/* The suspend count went down. */
DEFINE_EVENT(ntapc_thread, ntapc_resume,
	TP_PROTO(const struct ntapc_thread *thread),
	TP_ARGS(thread));

/* The thread is to end. */
DEFINE_EVENT(ntapc_thread, ntapc_terminate,
	TP_PROTO(const struct ntapc_thread *thread),
	TP_ARGS(thread));

/* NT: bugcheck APC_INDEX_MISMATCH. */
DEFINE_EVENT(ntapc_thread, ntapc_region_mismatch,
	TP_PROTO(const struct ntapc_thread *thread),
	TP_ARGS(thread));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
