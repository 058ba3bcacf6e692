/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libntapc: NT's asynchronous procedure calls for Linux threads, Linux style.
 *
 * Copyright (C) 2026 the ntapc authors
 *
 * Unless said otherwise a function returns 0 or a non-negative result, or a
 * negative errno value; errno itself is left alone. What each errno means is in
 * <linux/ntapc.h>; besides, every function that is the first one of a process or
 * thread to need the module can return what open("/dev/ntapc") does: -ENOENT
 * (not loaded), -EACCES (no permission), -EMFILE and so on.
 *
 * Rule numbers are those of Documentation/nt-semantics.rst.
 */
#ifndef NTAPC_H
#define NTAPC_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/ntapc.h>

#include <ntapc/process.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NTAPC_LIB_VERSION	"0.1.0"

/**
 * ntapc_routine - an APC's routine
 *
 * An ordinary APC runs as a plain function call from within an alertable point:
 * it may do whatever a callback may. A special one can run between any two
 * instructions of its thread, as a signal handler does: it may call what is
 * async-signal-safe, and this library's <ntapc.h> functions, and has to keep
 * away from what the interrupted code may be in the middle of. errno is kept
 * for it. ntapc_guard_enter() keeps special APCs out of a stretch of code.
 */
typedef void (*ntapc_routine)(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3);

/* --- library and module --------------------------------------------------- */

/**
 * ntapc_version - the library's version
 *
 * Return: for example "0.1.0"; NTAPC_LIB_VERSION is what one compiled with.
 */
const char *ntapc_version(void);

/**
 * ntapc_get_info - what the module offers, and its limits
 * @info: filled in; its size member is set by this function
 *
 * Return: 0, or what open("/dev/ntapc") says.
 */
int ntapc_get_info(struct ntapc_info *info);

/**
 * ntapc_instance - the descriptor of this process's instance
 *
 * The library opens /dev/ntapc once for a process, close-on-exec and never as
 * descriptor 0, 1 or 2. It is the library's: don't close it.
 *
 * Return: the descriptor, or -errno.
 */
int ntapc_instance(void);

/* --- threads -------------------------------------------------------------- */

/**
 * ntapc_thread_self - a descriptor for the calling thread
 *
 * Makes the thread known to the module if it isn't yet. The descriptor is the
 * library's, which closes it when the thread ends; to hand it out dup() it, or
 * send it to another process (SCM_RIGHTS): holding it is the right to queue.
 *
 * Return: the descriptor, or -errno.
 */
int ntapc_thread_self(void);

/**
 * ntapc_thread_open - a descriptor for any thread (NT: NtOpenThread)
 * @tid: its id, as gettid() gives it; 0 is the caller
 *
 * Return: a close-on-exec descriptor that the caller closes, or -ESRCH, -EACCES.
 */
int ntapc_thread_open(pid_t tid);

/**
 * ntapc_thread_create - a thread that takes APCs from its first instruction
 * @thread: set to the new thread, unless NULL
 * @attr: as for pthread_create(), or NULL
 * @start: runs in the new thread
 * @arg: for @start and @prepare
 * @prepare: NULL, or runs in the calling thread with the new one's descriptor,
 *	once that is registered and before it goes on
 *
 * The new thread registers itself, tests for APCs and only then calls @start:
 * what was queued before, by @prepare, runs before @start (NT: rule 14.1). If
 * @prepare suspends it, with NTAPC_SUSPEND_WAIT, it is created suspended: it does
 * all this when it is resumed.
 * Threads from pthread_create() can be used as well; they are registered by the
 * first call that needs it.
 *
 * Return: a descriptor of the new thread, which the caller closes, or -errno, in
 * which case there is no thread.
 */
int ntapc_thread_create(pthread_t *thread, const pthread_attr_t *attr,
			void *(*start)(void *arg), void *arg,
			void (*prepare)(int fd, void *arg));

/**
 * ntapc_thread_info - a thread's state and counts, also once it has exited
 * @fd: a thread
 * @info: filled in; its size member is set by this function
 */
int ntapc_thread_info(int fd, struct ntapc_thread_info *info);

/**
 * ntapc_set_exit_status - what ntapc_thread_info() will show of this thread
 * @status: any value, shown once it has exited
 */
int ntapc_set_exit_status(uint32_t status);

/* --- queueing ------------------------------------------------------------- */

/**
 * ntapc_queue - queue an ordinary APC (NT: NtQueueApcThread, rules 10.1 to 10.3)
 * @fd: the target thread
 * @routine: an address in the target's process; NULL: succeeds, nothing runs
 * @arg1: passed on
 * @arg2: passed on
 * @arg3: passed on
 *
 * It runs when the target is next at an alertable point: ntapc_test_alert(),
 * ntapc_delay() or a wait with NTAPC_ALERTABLE.
 *
 * Return: 0; -ESRCH: it has exited; -EACCES: no longer allowed; -EAGAIN: too many
 * are queued; -EBADF, -ENOTTY: @fd isn't a thread; -ENOMEM.
 */
int ntapc_queue(int fd, ntapc_routine routine, uintptr_t arg1, uintptr_t arg2,
		uintptr_t arg3);

/**
 * ntapc_queue_ex - queue an APC (NT: NtQueueApcThreadEx2, rules 10.5, 10.7, 13.x)
 * @fd: the target thread
 * @flags: NTAPC_QUEUE_SPECIAL, NTAPC_QUEUE_INTERRUPT and
 *	NTAPC_QUEUE_CALLBACK_CONTEXT (see struct ntapc_callback_data)
 * @reserve: a reserve object, or -1
 * @routine: as for ntapc_queue()
 * @arg1: passed on
 * @arg2: passed on
 * @arg3: passed on
 *
 * A special APC queued to the calling thread has run when this returns.
 *
 * Return: as ntapc_queue(); -EBUSY: the reserve object's APC is still queued;
 * -EPROTOTYPE: @reserve isn't one; -ENXIO: special, and the target's process has
 * never used this library or registered a dispatcher; -EOPNOTSUPP: special, and
 * the target can't take frames.
 */
int ntapc_queue_ex(int fd, unsigned int flags, int reserve,
		   ntapc_routine routine, uintptr_t arg1, uintptr_t arg2,
		   uintptr_t arg3);

/**
 * ntapc_queue_many - queue a batch of ordinary APCs with one system call
 * @fd: the target thread
 * @entries: what to queue, in this order
 * @n: how many, at most NTAPC_QUEUE_MANY_MAX
 *
 * Return: how many were queued, maybe fewer than @n, or -errno if none was.
 */
int ntapc_queue_many(int fd, const struct ntapc_queue_entry *entries,
		     unsigned int n);

/**
 * ntapc_reserve_create - memory for one APC, set aside (NT: rule 10.6)
 *
 * Return: a close-on-exec descriptor that the caller closes, or -errno.
 */
int ntapc_reserve_create(void);

/**
 * struct ntapc_callback_data - what arg1 of an APC points to that was queued with
 *	NTAPC_QUEUE_CALLBACK_CONTEXT (NT: APC_CALLBACK_DATA, rule 10.7)
 * @parameter: arg1 as it was queued
 * @context: what was interrupted, a CONTEXT as in <ntapc/nt.h>; a copy
 * @reserved0: 0
 * @reserved1: 0
 */
struct ntapc_callback_data {
	uintptr_t parameter;
	struct _CONTEXT *context;
	uintptr_t reserved0;
	uintptr_t reserved1;
};

/* --- alertable points ----------------------------------------------------- */

/* User APCs and alerts end the wait. */
#define NTAPC_ALERTABLE		(1U << 0)
/* The timeout is a point in time on CLOCK_MONOTONIC, not a span from now. */
#define NTAPC_ABSOLUTE		(1U << 1)
/* The timeout is a point in time on CLOCK_REALTIME. */
#define NTAPC_REALTIME		(1U << 2)

/* No timeout. */
#define NTAPC_FOREVER		UINT64_MAX

/**
 * ntapc_test_alert - run what is queued (NT: NtTestAlert, rules 5.3, 5.4)
 *
 * Runs all user APCs of the calling thread, first in first out, those included
 * that are queued meanwhile. Costs no system call when there are none.
 *
 * Return: NTAPC_STATUS_SUCCESS; NTAPC_STATUS_ALERTED: an alert was taken instead.
 */
int ntapc_test_alert(void);

/**
 * ntapc_delay - wait for a time (NT: NtDelayExecution, rules 11.1 to 11.8)
 * @timeout_ns: nanoseconds from now, or since a clock's zero; or NTAPC_FOREVER
 * @flags: NTAPC_ALERTABLE, and NTAPC_ABSOLUTE or NTAPC_REALTIME
 *
 * When it is alertable and user APCs are there, or come, all are run, as with
 * ntapc_test_alert(), and the wait is over. An APC that itself waits alertably
 * runs the ones that follow it (rule 12.6).
 *
 * Return: NTAPC_STATUS_SUCCESS: the time is over; NTAPC_STATUS_USER_APC;
 * NTAPC_STATUS_ALERTED; -EINTR: a signal handler without SA_RESTART ran; -EINVAL.
 */
int ntapc_delay(uint64_t timeout_ns, unsigned int flags);

/**
 * ntapc_wait_thread - wait for a thread's end (NT: NtWaitForSingleObject)
 * @fd: the thread; more than one thread may wait for it
 * @timeout_ns: as for ntapc_delay(); 0 looks and doesn't wait
 * @flags: as for ntapc_delay()
 *
 * The thread's end wins over an alert, that over an APC and that over the
 * timeout (rule 11.3).
 *
 * Return: NTAPC_STATUS_WAIT_0: it has exited; NTAPC_STATUS_TIMEOUT; else as
 * ntapc_delay().
 */
int ntapc_wait_thread(int fd, uint64_t timeout_ns, unsigned int flags);

#ifdef __cplusplus
}
#endif

#include <ntapc/object.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- suspending and ending ------------------------------------------------ */

/**
 * ntapc_suspend - suspend a thread (NT: NtSuspendThread, rules 6.1 to 6.4)
 * @fd: the thread, the calling one maybe
 * @flags: NTAPC_SUSPEND_WAIT: return only when it is suspended;
 *	NTAPC_SUSPEND_PROCESS: all threads of its process, also those made
 *	meanwhile (NT: NtSuspendProcess)
 *
 * Counts: each suspension needs its ntapc_resume(). Without NTAPC_SUSPEND_WAIT it
 * may still run for a moment after this has returned, until its next safe point;
 * itself a thread suspends before this returns. APCs can be queued to it and run
 * when it has been resumed (rule 6.10).
 *
 * Where it is suspended nobody knows: it may hold any lock, malloc()'s and stdio's
 * for example. Who has suspended it had better not want one before the resumption.
 * This library's functions want none, but for those that make threads.
 *
 * Return: the suspend count before, 0 to NTAPC_SUSPEND_MAX - 1, or 0 with
 * NTAPC_SUSPEND_PROCESS; -EOVERFLOW: the count is NTAPC_SUSPEND_MAX; -ESRCH: it
 * has exited or is about to (NT: STATUS_THREAD_IS_TERMINATING); -EACCES: no longer
 * allowed; -EINTR: NTAPC_SUSPEND_WAIT, and a signal handler ran: nothing is changed;
 * -EINVAL: other flags, or both; -EBADF, -ENOTTY: @fd isn't a thread; -ENOMEM.
 */
int ntapc_suspend(int fd, unsigned int flags);

/**
 * ntapc_resume - take a suspension back (NT: NtResumeThread, rules 5.5, 6.5, 6.8)
 * @fd: the thread
 * @flags: NTAPC_RESUME_ALERT: alert it before (NT: NtAlertResumeThread);
 *	NTAPC_RESUME_PROCESS: all threads of its process (NT: NtResumeProcess)
 *
 * Return: the suspend count before: 1: it goes on now; 0: it wasn't suspended, or has
 * exited or called execve(), and nothing is changed; 0 with NTAPC_RESUME_PROCESS;
 * -ESRCH: only with that, the process has exited or called execve(); -EACCES;
 * -EINVAL: other flags, or both; -EBADF, -ENOTTY.
 */
int ntapc_resume(int fd, unsigned int flags);

/**
 * ntapc_terminate - end a thread (NT: NtTerminateThread, rule 7.5)
 * @fd: the thread; the calling one: this doesn't return
 * @status: what ntapc_thread_info() will show of it
 *
 * It ends at its next safe point, whatever it waits for, and runs nothing more, no
 * APC and no clean-up function: its locks stay locked. pthread_join() works, but a
 * detached thread's stack is never freed. ntapc_wait_thread() tells when it has ended.
 * A suspended one is resumed for that. A second call changes nothing, unless the first
 * caller's right to it is lost before the thread ends.
 *
 * Return: 0; -ESRCH: it has exited; -EACCES; -EBADF, -ENOTTY; -ENOMEM.
 */
int ntapc_terminate(int fd, uint32_t status);

/* --- alerts --------------------------------------------------------------- */

/**
 * ntapc_alert - alert a thread (NT: NtAlertThread, rules 5.1, 5.2)
 * @fd: the thread
 *
 * Ends its alertable wait, with NTAPC_STATUS_ALERTED; if it isn't in one then its
 * next one, or its next ntapc_test_alert(). More than one until then are one.
 *
 * Return: 0; -ESRCH: it has exited; -EACCES; -EBADF, -ENOTTY.
 */
int ntapc_alert(int fd);

/**
 * ntapc_alert_by_id - alert a thread of the own process
 *	(NT: NtAlertThreadByThreadId, rules 15.1 to 15.3)
 * @tid: its id, as gettid() gives it
 *
 * Of this alert only ntapc_wait_by_id() takes notice. More than one until then are
 * one.
 *
 * Return: 0; -EINVAL: @tid isn't positive; -ESRCH: no such thread; -EACCES: it is
 * another process's; -ENOMEM.
 */
int ntapc_alert_by_id(pid_t tid);

/**
 * ntapc_wait_by_id - wait for ntapc_alert_by_id()
 *	(NT: NtWaitForAlertByThreadId, rules 15.1, 15.4)
 * @timeout_ns: as for ntapc_delay(); 0 looks and doesn't wait
 * @flags: NTAPC_ABSOLUTE or NTAPC_REALTIME
 *
 * Takes the alert. Neither APCs nor the other kind of alert end it.
 *
 * Return: NTAPC_STATUS_ALERTED; NTAPC_STATUS_TIMEOUT; -EINTR: a signal handler
 * without SA_RESTART ran; -EINVAL; -ENOMEM.
 */
int ntapc_wait_by_id(uint64_t timeout_ns, unsigned int flags);

/* --- registers ------------------------------------------------------------ */

/**
 * ntapc_context_get - a thread's registers (NT: NtGetContextThread)
 * @fd: the thread
 * @context: what, context, xstate and xstate_size say what is wanted, where to;
 *	see struct ntapc_thread_context. The rest is filled in
 *
 * Waits until the thread is at a safe point, so that a suspended one certainly is
 * suspended then. Of one that isn't, they are those of some moment.
 *
 * Return: 0; -ESRCH: it has exited or is about to; -EACCES; -EOPNOTSUPP: it runs
 * 32-bit code, or the extended state can't be had here; -EFAULT; -EINVAL; -EINTR: a
 * signal handler ran; -EBADF, -ENOTTY; -ENOMEM.
 */
int ntapc_context_get(int fd, struct ntapc_thread_context *context);

/**
 * ntapc_context_set - set a thread's registers (NT: NtSetContextThread)
 * @fd: the thread
 * @context: as for ntapc_context_get()
 *
 * The thread goes on with them. Of the flags and segments only what user code could
 * have is taken. One that is in a wait of ntapc's stays in it, and gets its result.
 *
 * Return: as ntapc_context_get(); -EINVAL also: the processor refuses the extended
 * state.
 */
int ntapc_context_set(int fd, const struct ntapc_thread_context *context);

/* --- kernel APCs ---------------------------------------------------------- */

/**
 * ntapc_kernel_apc - have a routine of the kernel's run in a thread's context
 *	(rules 3.2, 4.3, 4.4)
 * @fd: the thread
 * @name: which routine: "stack", "count", "eventfd", or one that another module has
 *	registered; see struct ntapc_kernel_apc
 * @flags: NTAPC_KERNEL_APC_SPECIAL: ahead of all that aren't, and also while the thread
 *	is suspended; NTAPC_KERNEL_APC_ATTACHED: when it is attached to another
 *	process, else when it isn't; or that by what it is now: NTAPC_KERNEL_APC_CURRENT
 *	or NTAPC_KERNEL_APC_INSERT (rules 2.1, 9.9)
 * @arg: the routine's business; NULL: all 0
 *
 * It runs at the thread's next safe point, wherever it is in user code, and disturbs
 * nothing. The descriptor is readable for poll(2) when it has run or never will.
 *
 * Return: a close-on-exec descriptor that the caller closes, with which it isn't
 * taken back; -ENOENT: no such routine; -ESRCH: the thread has exited; -EACCES;
 * -EAGAIN: too many are queued; -EINVAL: other flags, a name that is too long, or the
 * routine doesn't take @arg, for which there are also -EBADF and -EPROTOTYPE;
 * -EBADF, -ENOTTY: @fd isn't a thread; -EMFILE, -ENFILE; -ENOMEM.
 */
int ntapc_kernel_apc(int fd, const char *name, unsigned int flags,
		     const uint64_t arg[3]);

/**
 * ntapc_apc_result - what became of a kernel APC
 * @apc: what ntapc_kernel_apc() returned
 * @result: values and nr_values say where results go, or are 0. The rest is filled
 *	in, nr_values with how many results there are
 *
 * Return: 0; -EFAULT; -EBADF, -ENOTTY: @apc isn't one.
 */
int ntapc_apc_result(int apc, struct ntapc_apc_result *result);

/**
 * ntapc_apc_remove - take a kernel APC back (NT: KeRemoveQueueApc, rule 7.1)
 * @apc: what ntapc_kernel_apc() returned
 *
 * Return: 1: it was queued and never runs; 0: it runs, has run, or had been taken
 * back; -EBADF, -ENOTTY.
 */
int ntapc_apc_remove(int apc);

/* --- guarded stretches ---------------------------------------------------- */

/* Not to be used directly: the functions below do. */
extern __thread struct ntapc_control *ntapc_control_slot
	__attribute__((tls_model("initial-exec")));
struct ntapc_control *ntapc_control_get(void);
void ntapc_guard_flush(void);

/**
 * ntapc_guard_enter - keep special APCs out until ntapc_guard_leave()
 *
 * They stay pending meanwhile. Nests. No system call (but for the first use in a
 * thread). Ordinary APCs aren't affected. The child of a fork starts outside of
 * any stretch.
 */
static inline void ntapc_guard_enter(void)
{
	struct ntapc_control *slot = ntapc_control_slot;

	if (__builtin_expect(!slot ||
			     !__atomic_load_n(&slot->tid, __ATOMIC_RELAXED), 0))
		slot = ntapc_control_get();
	__atomic_store_n(&slot->guard, slot->guard + 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/**
 * ntapc_guard_leave - end of a stretch that ntapc_guard_enter() began
 *
 * The outermost one runs the special APCs that came meanwhile. No system call if
 * there are none. Without a matching ntapc_guard_enter() it does nothing.
 */
static inline void ntapc_guard_leave(void)
{
	struct ntapc_control *slot = ntapc_control_slot;

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (!slot || !slot->guard)
		return;
	__atomic_store_n(&slot->guard, slot->guard - 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(!slot->guard &&
			     (__atomic_load_n(&slot->pending, __ATOMIC_RELAXED) &
			      NTAPC_PENDING_SPECIAL), 0))
		ntapc_guard_flush();
}

/* --- dispatchers ---------------------------------------------------------- */

/**
 * ntapc_dispatcher - the library's dispatcher (NT: KiUserApcDispatcher)
 *
 * Entered by the kernel with a struct ntapc_frame; not a function to call. An own
 * dispatcher can jump here with the registers that it was entered with.
 */
void ntapc_dispatcher(void);

/**
 * ntapc_set_dispatcher - where APCs by frame start in this process
 * @entry: as struct ntapc_dispatcher says; NULL: ntapc_dispatcher
 *
 * The library registers its own unless this is called. Kept over fork().
 */
int ntapc_set_dispatcher(void (*entry)(void));

/**
 * ntapc_run_frame - run the APC of a frame, for an own dispatcher
 * @frame: as the dispatcher found it
 *
 * Calls the routine and, at an alertable point, the further APCs (rule 12.2).
 * errno is kept. Saving the extended state (vector registers) is the caller's.
 */
void ntapc_run_frame(struct ntapc_frame *frame);

/**
 * ntapc_continue - resume what a frame interrupted (NT: NtContinue)
 * @frame: the frame, or a copy of it
 * @flags: 0 or NTAPC_CONTINUE_TEST_ALERT: deliver the next user APC first
 *
 * Return: only on error.
 */
int ntapc_continue(const struct ntapc_frame *frame, unsigned int flags);

#ifdef __cplusplus
}
#endif

#endif /* NTAPC_H */
