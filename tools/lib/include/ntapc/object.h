/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libntapc: dispatcher objects, and waits for them. Part of <ntapc.h>, which says what
 * functions return, and what of the flags and timeouts isn't said here.
 *
 * Copyright (C) 2026 the ntapc authors
 */
#ifndef NTAPC_OBJECT_H
#define NTAPC_OBJECT_H

#include <stdint.h>

#include <linux/ntapc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- events, semaphores, mutants, timers ----------------------------------- */

/**
 * ntapc_object_create - make an object (NT: NtCreateEvent and its kin)
 * @type: NTAPC_OBJECT_*
 * @count: an event: 1 if it starts signalled, else 0; a semaphore: its count; a mutant:
 *	1 if it starts as the calling thread's, else 0; a timer: 0
 * @limit: a semaphore: the highest count, 1 to 0x7fffffff; else 0
 * @name: a string of 1 to NTAPC_NAME_MAX bytes, or NULL: it has none
 * @existed: set to whether an object of that name was there, which then has been
 *	opened as it is, unless NULL
 *
 * Names are those of one user, the effective one, in one IPC namespace. A name goes
 * with the object's last descriptor. A descriptor may be handed to another process
 * (SCM_RIGHTS); holding it is the right to all that is below.
 *
 * poll(): readable (POLLIN) while it is signalled, a mutant while it is nobody's.
 *
 * Return: a close-on-exec descriptor that the caller closes; -EPROTOTYPE: the object of
 * that name is of another type, where the two types of events are one, and those of
 * timers; -EINVAL: a number out of its range, or @name is empty or too long; -EMFILE,
 * -ENFILE; -ENOMEM.
 */
int ntapc_object_create(unsigned int type, uint32_t count, uint32_t limit,
			const char *name, int *existed);

/**
 * ntapc_object_open - open an object by its name (NT: NtOpenEvent and its kin)
 * @type: NTAPC_OBJECT_*
 * @name: as for ntapc_object_create(), not NULL
 *
 * Return: a descriptor as ntapc_object_create(), or what that says; -ENOENT: there is no
 * object of that name.
 */
int ntapc_object_open(unsigned int type, const char *name);

/**
 * ntapc_object_info - an object's state (NT: NtQueryEvent and its kin)
 * @fd: an event, semaphore, mutant or timer
 * @info: filled in; its size member is set by this function
 *
 * Return: 0; -EBADF, -ENOTTY: @fd isn't one of these.
 */
int ntapc_object_info(int fd, struct ntapc_object_info *info);

/**
 * ntapc_event_set - signal an event (NT: NtSetEvent)
 * @fd: an event
 *
 * Return: 1: it was signalled before; 0: it wasn't; -EBADF, -ENOTTY: @fd isn't an event.
 */
int ntapc_event_set(int fd);

/**
 * ntapc_event_reset - the reverse (NT: NtResetEvent)
 * @fd: an event
 *
 * Return: as ntapc_event_set().
 */
int ntapc_event_reset(int fd);

/**
 * ntapc_event_pulse - let go who waits at this moment (NT: NtPulseEvent)
 * @fd: an event, which isn't signalled afterwards
 *
 * Of a synchronization event one thread is let go. One that is just suspended, or
 * handles a signal, doesn't wait at this moment (rule 6.3).
 *
 * Return: as ntapc_event_set().
 */
int ntapc_event_pulse(int fd);

/**
 * ntapc_release - give a semaphore or a mutant back
 *	(NT: NtReleaseSemaphore, NtReleaseMutant, rule 11.6)
 * @fd: a semaphore or mutant
 * @count: how many, 1 to 0x7fffffff; a mutant: 1
 * @previous: unless NULL set to NT's previous count: a semaphore's count; for a mutant
 *	1 minus how often it was acquired, so that 0 means that now it is nobody's
 *
 * A mutant is as often to be released as it was acquired, by the thread that acquired
 * it. Of a thread that ends first it is abandoned: who acquires it next is told.
 *
 * Return: 0; -EOVERFLOW: past the semaphore's limit, and nothing is changed; -EPERM: the
 * mutant isn't the calling thread's; -EINVAL: @count is out of its range; -EBADF,
 * -ENOTTY: @fd is neither; -ENOMEM.
 */
int ntapc_release(int fd, uint32_t count, int32_t *previous);

/**
 * ntapc_timer_set - start a timer, anew maybe (NT: NtSetTimer)
 * @fd: a timer, which isn't signalled until it expires
 * @timeout_ns: when it expires: as for ntapc_delay(); 0: at once
 * @flags: 0, NTAPC_ABSOLUTE or NTAPC_REALTIME
 * @period_ms: from one later expiry to the next, up to 0x7fffffff; 0: there are none
 * @routine: NULL, or runs at each expiry, as an APC of the calling thread
 * @context: its first argument; the others are the low and the high 32 bits of the time
 *	then, in units of 100 ns since 1601-01-01 (UTC)
 *
 * While the APC of an earlier expiry is still queued there is none for a later one. This
 * takes it back, as ntapc_timer_cancel() does.
 *
 * Return: 1: it was signalled before; 0: it wasn't; -EINVAL; -EAGAIN: @routine isn't
 * NULL, and the user has too many APCs queued; -EBADF, -ENOTTY: @fd isn't a timer;
 * -ENOMEM.
 */
int ntapc_timer_set(int fd, uint64_t timeout_ns, unsigned int flags,
		    uint32_t period_ms, ntapc_routine routine,
		    uintptr_t context);

/**
 * ntapc_timer_cancel - stop a timer (NT: NtCancelTimer)
 * @fd: a timer, which stays signalled if it is
 *
 * Return: 1: it was going to expire; 0: it wasn't; -EBADF, -ENOTTY: @fd isn't a timer.
 */
int ntapc_timer_cancel(int fd);

/* --- waiting --------------------------------------------------------------- */

/* For all of the objects, not any. */
#define NTAPC_ALL		(1U << 3)
/* APCs come by frame, through the dispatcher, and not as plain function calls. */
#define NTAPC_FRAMES		(1U << 4)

/**
 * ntapc_wait_object - wait for one object (NT: NtWaitForSingleObject)
 * @fd: see below
 * @timeout_ns: as for ntapc_delay(); 0 looks and doesn't wait
 * @flags: as for ntapc_delay(), and NTAPC_FRAMES
 *
 * What can be waited for:
 *
 *  - an event or a timer: signalled once it is set or has expired; a wait takes that
 *    from a synchronization one;
 *  - a semaphore: while its count isn't 0; a wait takes 1 of it;
 *  - a mutant: while it is nobody's, or the calling thread's, which acquires it (again);
 *  - a thread or process: once it has exited;
 *  - the descriptor of anything else that poll(2) knows: while it is readable, has an
 *    error or was hung up. It is only looked at.
 *
 * A signalled object wins over an alert, that over an APC and that over the timeout
 * (rule 11.3). Who waits longest for an object gets it first.
 *
 * Return: NTAPC_STATUS_WAIT_0; NTAPC_STATUS_ABANDONED_WAIT_0: the same, but it is a
 * mutant, whose last owner has ended without releasing it; NTAPC_STATUS_USER_APC:
 * alertable, and APCs have run; NTAPC_STATUS_ALERTED; NTAPC_STATUS_TIMEOUT; -EBADF;
 * -EPROTOTYPE: @fd isn't of these kinds; -EOVERFLOW: a mutant, and the calling thread has
 * acquired it as often as can be counted (rule 11.6); -EINTR: a signal handler without
 * SA_RESTART ran; -EINVAL; -EOPNOTSUPP, -ENXIO: there are no frames here; -ENOMEM.
 */
int ntapc_wait_object(int fd, uint64_t timeout_ns, unsigned int flags);

/**
 * ntapc_wait_objects - wait for several objects
 *	(NT: NtWaitForMultipleObjects, rules 11.5, 11.7)
 * @fds: see ntapc_wait_object()
 * @n: how many, 1 to NTAPC_OBJECTS_MAX
 * @timeout_ns: as for ntapc_wait_object()
 * @flags: the same, and NTAPC_ALL: only when all are signalled, all are taken at once,
 *	none before
 *
 * Return: NTAPC_STATUS_WAIT_0 + i, NTAPC_STATUS_ABANDONED_WAIT_0 + i: the object of index
 * i, the first one of those that are signalled; with NTAPC_ALL i is 0, and the latter
 * says that one of them was abandoned; -EEXIST: NTAPC_ALL, and one is there twice;
 * -EINVAL: also @n; else as ntapc_wait_object().
 */
int ntapc_wait_objects(const int *fds, unsigned int n, uint64_t timeout_ns,
		       unsigned int flags);

/**
 * ntapc_signal_and_wait - signal one object and wait for another
 *	(NT: NtSignalAndWaitForSingleObject, rule 11.9)
 * @signal: an event, which is set, or a semaphore or mutant, released once
 * @fd: as for ntapc_wait_object()
 * @timeout_ns: as for ntapc_wait_object()
 * @flags: as for ntapc_wait_object()
 *
 * Whatever then becomes of the wait, also -EINTR, @signal has been signalled.
 *
 * Return: as ntapc_wait_object(); nothing is waited for with -EPERM: @signal isn't the
 * calling thread's mutant; -EOVERFLOW: its limit; -EPROTOTYPE: it can't be signalled.
 */
int ntapc_signal_and_wait(int signal, int fd, uint64_t timeout_ns,
			  unsigned int flags);

#ifdef __cplusplus
}
#endif

#endif /* NTAPC_OBJECT_H */
