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

DECLARE_EVENT_CLASS(ntapc_attachment,
	TP_PROTO(const struct ntapc_thread *thread,
		 const struct ntapc_process *process),
	TP_ARGS(thread, process),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(pid_t, process)
		__field(u32, stack_count)
	),
	TP_fast_assign(
		__entry->pid = pid_nr(thread->pid);
		__entry->process = pid_nr(process->tgid);
		__entry->stack_count = READ_ONCE(process->kp.stack_count);
	),
	TP_printk("pid=%d process=%d stack_count=%u", __entry->pid,
		  __entry->process, __entry->stack_count)
);

/* A thread begins to attach; it may have to wait. */
DEFINE_EVENT(ntapc_attachment, ntapc_attach,
	TP_PROTO(const struct ntapc_thread *thread,
		 const struct ntapc_process *process),
	TP_ARGS(thread, process));

/* It has come back. */
DEFINE_EVENT(ntapc_attachment, ntapc_detach,
	TP_PROTO(const struct ntapc_thread *thread,
		 const struct ntapc_process *process),
	TP_ARGS(thread, process));

/* A process changes its state (rule 9.4). */
TRACE_EVENT(ntapc_process_state,
	TP_PROTO(const struct ntapc_process *process),
	TP_ARGS(process),
	TP_STRUCT__entry(
		__field(pid_t, process)
		__field(u8, state)
	),
	TP_fast_assign(
		__entry->process = pid_nr(process->tgid);
		__entry->state = process->kp.state;
	),
	TP_printk("process=%d state=%s", __entry->process,
		  __print_symbolic(__entry->state,
			{ NTAPC_PROCESS_IN_MEMORY, "InMemory" },
			{ NTAPC_PROCESS_OUT_OF_MEMORY, "OutOfMemory" },
			{ NTAPC_PROCESS_IN_TRANSITION, "InTransition" },
			{ NTAPC_PROCESS_OUT_TRANSITION, "OutTransition" },
			{ NTAPC_PROCESS_IN_SWAP, "InSwap" },
			{ NTAPC_PROCESS_OUT_SWAP, "OutSwap" }))
);

/* Who waited on its ready list goes on (rule 9.3). */
TRACE_EVENT(ntapc_process_ready,
	TP_PROTO(const struct ntapc_process *process,
		 const struct task_struct *task),
	TP_ARGS(process, task),
	TP_STRUCT__entry(
		__field(pid_t, process)
		__field(pid_t, pid)
	),
	TP_fast_assign(
		__entry->process = pid_nr(process->tgid);
		__entry->pid = task->pid;
	),
	TP_printk("process=%d pid=%d", __entry->process, __entry->pid)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
