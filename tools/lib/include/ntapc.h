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
 * what was queued before, by @prepare, runs before @start (NT: rule 14.1).
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
 * ntapc_delay() or ntapc_wait_thread() with NTAPC_ALERTABLE.
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
