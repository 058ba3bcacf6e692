/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * NT asynchronous procedure calls on Linux: the whole ABI of /dev/ntapc.
 *
 * Copyright (C) 2026 the ntapc authors
 */
#ifndef _UAPI_LINUX_NTAPC_H
#define _UAPI_LINUX_NTAPC_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: Overview
 *
 * Opening /dev/ntapc gives an *instance*, a place to make objects from. Every
 * other object is a file descriptor too, close-on-exec, that an ioctl on the
 * instance returns::
 *
 *   instance   NTAPC_IOC_INFO            what this kernel offers
 *              NTAPC_IOC_THREAD_OPEN  -> thread
 *              NTAPC_IOC_RESERVE      -> reserve object
 *              NTAPC_IOC_DISPATCHER      where frames of this process start
 *              NTAPC_IOC_WAIT            delay, or wait for objects
 *              NTAPC_IOC_TEST_ALERT      run what is queued
 *              NTAPC_IOC_CONTINUE        end of an APC delivered by frame
 *              NTAPC_IOC_EXIT_STATUS     what this thread will have ended with
 *              NTAPC_IOC_ALERT_BY_ID     alert a thread of one's own by its id
 *              NTAPC_IOC_WAIT_BY_ID      wait for such an alert
 *              NTAPC_IOC_PROCESS_OPEN -> process
 *              NTAPC_IOC_DETACH          back from where the thread is attached
 *              NTAPC_IOC_WINDOW       -> window
 *              NTAPC_IOC_CREATE       -> event, semaphore, mutant or timer
 *   thread     NTAPC_IOC_QUEUE           one user APC
 *              NTAPC_IOC_QUEUE_MANY      a batch of them
 *              NTAPC_IOC_THREAD_INFO     state and counts
 *              NTAPC_IOC_THREAD_CONTROL  + mmap(): the thread's control slot
 *              NTAPC_IOC_SUSPEND         suspend it, or all its process
 *              NTAPC_IOC_RESUME          the reverse
 *              NTAPC_IOC_ALERT           alert it
 *              NTAPC_IOC_TERMINATE       end it
 *              NTAPC_IOC_GET_CONTEXT     its registers
 *              NTAPC_IOC_SET_CONTEXT     the same
 *              NTAPC_IOC_KERNEL_APC   -> kernel APC
 *   kernel APC NTAPC_IOC_APC_RESULT      what it found
 *              NTAPC_IOC_APC_REMOVE      take it back
 *   process    NTAPC_IOC_PROCESS_INFO    state and counts
 *              NTAPC_IOC_ATTACH          attach the calling thread to it
 *              NTAPC_IOC_OUT_SWAP        it has no pages in memory any more
 *   process    NTAPC_IOC_READ            copy from there
 *    or        NTAPC_IOC_WRITE           copy to there
 *   instance   NTAPC_IOC_FILL            write a pattern
 *              NTAPC_IOC_COMPARE         with one's own memory
 *              NTAPC_IOC_SEARCH          for a pattern
 *              NTAPC_IOC_EXCHANGE        atomically, with or without comparing
 *              NTAPC_IOC_QUERY           what is mapped at an address
 *              NTAPC_IOC_CALL            a registered routine of the kernel's
 *   window     mmap()                    memory that copies of the largest size
 *                                        are fastest to and from
 *   event      NTAPC_IOC_EVENT           set, reset or pulse it
 *   semaphore, NTAPC_IOC_RELEASE         give it back
 *    mutant
 *   timer      NTAPC_IOC_SET_TIMER       start it
 *              NTAPC_IOC_CANCEL_TIMER    stop it
 *   each of    NTAPC_IOC_OBJECT_INFO     its state
 *    these     NTAPC_IOC_WAIT            wait for it alone
 *
 * Those from NTAPC_IOC_READ to NTAPC_IOC_CALL act in the process's address space. On
 * an instance they act where the calling thread is: in the one that it is attached
 * to, else in its own.
 *
 * The ioctls of the instance that act on a thread act on the calling one,
 * whoever opened the instance. Holding a thread's descriptor is the right to
 * do all of this to it, until that thread's process calls execve(): from then on
 * the descriptor reaches nothing. The same goes for a process's descriptor.
 *
 * Each ioctl takes a pointer to one struct whose first member is its size in
 * bytes as the caller knows it. A longer struct than the kernel's is accepted
 * while the surplus is zero. Unless said otherwise ioctls return 0.
 *
 * Structures are laid out alike for 32 and 64 bit callers; pointers are __u64.
 *
 * An instance takes the ioctls of include/uapi/linux/ntsync.h, too, as Linux 6.14
 * and later have them on /dev/ntsync, and so do the objects that those make.
 */

/**
 * DOC: Errors
 *
 * An error changes nothing. Every errno has one meaning:
 *
 *  - ENOTTY: this kind of descriptor has no such command.
 *  - EFAULT: the struct can't be accessed.
 *  - E2BIG: the struct is longer than the kernel's and the surplus isn't zero,
 *    or longer than a page.
 *  - EINVAL: size too small (which is found before E2BIG and before the rest of
 *    the struct is accessed); an unknown flag; padding or an unused member that
 *    isn't zero; a number outside its documented range.
 *  - EFAULT, too: memory that the struct points to can't be accessed.
 *  - EBADF: a descriptor named in the struct isn't open.
 *  - EPROTOTYPE: a descriptor named in the struct is of another kind.
 *  - EBUSY: the reserve object is bound to an APC that is still queued; or what
 *    NT ends with bugcheck 5 (INVALID_PROCESS_ATTACH_ATTEMPT) or 6
 *    (INVALID_PROCESS_DETACH_ATTEMPT); or the process is in use or in another
 *    state.
 *  - ENOENT: no kernel APC or attached routine of that name is registered, or no
 *    object of that name exists.
 *  - EEXIST: an object is named twice in a wait for all of them.
 *  - ESRCH: no such thread or process; it has exited; or its process has since
 *    called execve().
 *  - EACCES: the kernel's ptrace rules don't let the caller at that thread or
 *    process; or they no longer would, because it changed credentials or became
 *    undumpable after it was opened by, or handed to, another process.
 *  - EPERM: only the thread itself, or a thread of its process, may do this; or
 *    the mutant is not the caller's.
 *  - EOPNOTSUPP: user APCs by frame can't be delivered to this thread: it runs
 *    32-bit code or has a user shadow stack.
 *  - ENXIO: the target's process has no dispatcher.
 *  - EAGAIN: a limit of queued APCs, for the thread or for the user, is
 *    reached (they are in struct ntapc_info), or the one of calls of attached
 *    routines.
 *  - EOVERFLOW: the suspend count, the depth of attachments, the count of
 *    attached threads, of a semaphore or of a mutant is at its limit.
 *  - ENOMEM: no memory.
 *
 * Where the right to another process's thread or process has to be found out anew,
 * any ioctl on it may say ENFILE, as open(2), or ENOMEM.
 *
 * Where several apply, the first in the order of this list is returned, except
 * where an ioctl gives its own order.
 */

#define NTAPC_ABI_VERSION	1

#define NTAPC_TYPE		'N'

#define NTAPC_IOC_INFO			_IO(NTAPC_TYPE, 0xa0)
#define NTAPC_IOC_THREAD_OPEN		_IO(NTAPC_TYPE, 0xa1)
#define NTAPC_IOC_RESERVE		_IO(NTAPC_TYPE, 0xa2)
#define NTAPC_IOC_DISPATCHER		_IO(NTAPC_TYPE, 0xa3)
#define NTAPC_IOC_WAIT			_IO(NTAPC_TYPE, 0xa4)
#define NTAPC_IOC_TEST_ALERT		_IO(NTAPC_TYPE, 0xa5)
#define NTAPC_IOC_CONTINUE		_IO(NTAPC_TYPE, 0xa6)
#define NTAPC_IOC_EXIT_STATUS		_IO(NTAPC_TYPE, 0xa7)
#define NTAPC_IOC_ALERT_BY_ID		_IO(NTAPC_TYPE, 0xa8)
#define NTAPC_IOC_WAIT_BY_ID		_IO(NTAPC_TYPE, 0xa9)
#define NTAPC_IOC_PROCESS_OPEN		_IO(NTAPC_TYPE, 0xaa)
#define NTAPC_IOC_DETACH		_IO(NTAPC_TYPE, 0xab)
#define NTAPC_IOC_WINDOW		_IO(NTAPC_TYPE, 0xac)
#define NTAPC_IOC_CREATE		_IO(NTAPC_TYPE, 0xad)

#define NTAPC_IOC_QUEUE			_IO(NTAPC_TYPE, 0xb0)
#define NTAPC_IOC_QUEUE_MANY		_IO(NTAPC_TYPE, 0xb1)
#define NTAPC_IOC_THREAD_INFO		_IO(NTAPC_TYPE, 0xb2)
#define NTAPC_IOC_THREAD_CONTROL	_IO(NTAPC_TYPE, 0xb3)
#define NTAPC_IOC_SUSPEND		_IO(NTAPC_TYPE, 0xb4)
#define NTAPC_IOC_RESUME		_IO(NTAPC_TYPE, 0xb5)
#define NTAPC_IOC_ALERT			_IO(NTAPC_TYPE, 0xb6)
#define NTAPC_IOC_TERMINATE		_IO(NTAPC_TYPE, 0xb7)
#define NTAPC_IOC_GET_CONTEXT		_IO(NTAPC_TYPE, 0xb8)
#define NTAPC_IOC_SET_CONTEXT		_IO(NTAPC_TYPE, 0xb9)
#define NTAPC_IOC_KERNEL_APC		_IO(NTAPC_TYPE, 0xba)

#define NTAPC_IOC_PROCESS_INFO		_IO(NTAPC_TYPE, 0xc0)
#define NTAPC_IOC_ATTACH		_IO(NTAPC_TYPE, 0xc1)
#define NTAPC_IOC_OUT_SWAP		_IO(NTAPC_TYPE, 0xc2)
#define NTAPC_IOC_READ			_IO(NTAPC_TYPE, 0xc3)
#define NTAPC_IOC_WRITE			_IO(NTAPC_TYPE, 0xc4)
#define NTAPC_IOC_FILL			_IO(NTAPC_TYPE, 0xc5)
#define NTAPC_IOC_COMPARE		_IO(NTAPC_TYPE, 0xc6)
#define NTAPC_IOC_SEARCH		_IO(NTAPC_TYPE, 0xc7)
#define NTAPC_IOC_EXCHANGE		_IO(NTAPC_TYPE, 0xc8)
#define NTAPC_IOC_QUERY			_IO(NTAPC_TYPE, 0xc9)
#define NTAPC_IOC_CALL			_IO(NTAPC_TYPE, 0xca)

#define NTAPC_IOC_APC_RESULT		_IO(NTAPC_TYPE, 0xd0)
#define NTAPC_IOC_APC_REMOVE		_IO(NTAPC_TYPE, 0xd1)

#define NTAPC_IOC_EVENT			_IO(NTAPC_TYPE, 0xe0)
#define NTAPC_IOC_RELEASE		_IO(NTAPC_TYPE, 0xe1)
#define NTAPC_IOC_SET_TIMER		_IO(NTAPC_TYPE, 0xe2)
#define NTAPC_IOC_CANCEL_TIMER		_IO(NTAPC_TYPE, 0xe3)
#define NTAPC_IOC_OBJECT_INFO		_IO(NTAPC_TYPE, 0xe4)

/*
 * What NTAPC_IOC_WAIT and NTAPC_IOC_TEST_ALERT return when they succeed: NT's
 * status values, all of which are positive as an int.
 */
#define NTAPC_STATUS_SUCCESS	0x00000000
#define NTAPC_STATUS_WAIT_0	0x00000000
#define NTAPC_STATUS_ABANDONED_WAIT_0	0x00000080
#define NTAPC_STATUS_USER_APC	0x000000c0
#define NTAPC_STATUS_ALERTED	0x00000101
#define NTAPC_STATUS_TIMEOUT	0x00000102

/**
 * struct ntapc_info - NTAPC_IOC_INFO: what this kernel offers
 * @size: in: size of this struct in bytes, at least 16. out: the kernel's size
 * @abi_version: out: NTAPC_ABI_VERSION of the module
 * @features: out: bits NTAPC_FEATURE_*
 * @max_queued_thread: out: APCs that may be queued to one thread
 * @max_queued_user: out: APCs that one user may have queued, over all threads;
 *	who calls is charged, by real uid
 * @queued_user: out: APCs that the calling user has queued now
 * @frame_size: out: size of struct ntapc_frame in bytes
 * @nr_threads: out: threads that ntapc knows now
 * @pad: out: 0
 *
 * Works on an instance. Members beyond @size aren't written.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ENOMEM.
 */
struct ntapc_info {
	__u32 size;
	__u32 abi_version;
	__u64 features;
	__u32 max_queued_thread;
	__u32 max_queued_user;
	__u32 queued_user;
	__u32 frame_size;
	__u32 nr_threads;
	__u32 pad;
};

/* Frames can be delivered on this architecture. */
#define NTAPC_FEATURE_FRAME	(1ULL << 0)
/* An APC that lands in a restartable sequence (rseq) aborts it. */
#define NTAPC_FEATURE_RSEQ	(1ULL << 1)
/* NTAPC_CONTEXT_EXTENDED can be got and set. */
#define NTAPC_FEATURE_EXTENDED	(1ULL << 2)

/**
 * struct ntapc_thread_open - NTAPC_IOC_THREAD_OPEN: a descriptor for a thread
 * @size: in: size of this struct in bytes
 * @flags: in: 0
 * @tid: in: a thread's id in the caller's pid namespace; 0 is the caller
 * @pad: in: 0
 *
 * Works on an instance and returns a thread's descriptor. NT: NtOpenThread.
 * A thread whose address space is the caller's may always be opened. Another
 * may when the kernel would let the caller open its /proc/TID/mem: uid,
 * dumpable, user namespace, Yama and other security modules all count.
 *
 * poll(): readable (POLLIN) once the thread has exited and what was queued to it
 * has been dropped; POLLPRI while it is suspended, not only about to be.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ESRCH (also for a kernel thread), EACCES,
 * EMFILE and ENFILE as open(2), ENOMEM.
 */
struct ntapc_thread_open {
	__u32 size;
	__u32 flags;
	__s32 tid;
	__u32 pad;
};

/**
 * struct ntapc_reserve - NTAPC_IOC_RESERVE: memory for one APC, set aside
 * @size: in: size of this struct in bytes
 * @type: in: NTAPC_RESERVE_USER_APC
 *
 * Works on an instance and returns a reserve object's descriptor. An APC that
 * is queued with it needs no memory and counts against no limit. It serves one
 * queued APC at a time and is free again when that was delivered or dropped;
 * the queued APC outlives the descriptor. NT: NtAllocateReserveObject, rules
 * 10.5 and 10.6.
 *
 * Errors: EFAULT, E2BIG, EINVAL (also an unknown type), EAGAIN, EMFILE and
 * ENFILE as open(2), ENOMEM.
 */
struct ntapc_reserve {
	__u32 size;
	__u32 type;
};

#define NTAPC_RESERVE_USER_APC	0

/**
 * struct ntapc_dispatcher - NTAPC_IOC_DISPATCHER: where frames start
 * @size: in: size of this struct in bytes
 * @flags: in: 0
 * @entry: in: address of the code, the same for all threads of the calling
 *	process (of its address space); 0 takes it away
 *
 * Works on an instance. @entry plays KiUserApcDispatcher's part (rule 12.1):
 * it is entered with its first argument register and its stack pointer holding
 * the address of a struct ntapc_frame, the direction flag clear, all other
 * registers as they were (but rcx and r11, which system calls clobber anyway, on
 * the return of one of ntapc's). It runs the APC and resumes what was interrupted,
 * with NTAPC_IOC_CONTINUE or by itself. The child of a fork() has its parent's
 * dispatcher to register anew.
 *
 * A process without one can still take its ordinary APCs as records.
 *
 * Errors: EFAULT, E2BIG, EINVAL (also an @entry that isn't a user address),
 * EOPNOTSUPP (the caller runs 32-bit code or has a shadow stack), ENOMEM.
 */
struct ntapc_dispatcher {
	__u32 size;
	__u32 flags;
	__u64 entry;
};

/**
 * struct ntapc_record - one APC, handed over as data
 * @routine: as it was queued; never 0
 * @arg: as they were queued
 * @flags: NTAPC_QUEUE_SPECIAL and NTAPC_QUEUE_CALLBACK_CONTEXT as queued
 * @pad: 0
 *
 * A record handed out is delivered: it has left the queue and its reserve
 * object is free. To run it is the caller's duty.
 */
struct ntapc_record {
	__u64 routine;
	__u64 arg[3];
	__u32 flags;
	__u32 pad;
};

/**
 * struct ntapc_wait - NTAPC_IOC_WAIT: delay, or wait for objects
 * @size: in: size of this struct in bytes, at least 40
 * @flags: in: bits NTAPC_WAIT_*. out: without NTAPC_WAIT_SIGNAL once that is done
 * @deadline: in: ns on CLOCK_MONOTONIC, or on CLOCK_REALTIME with
 *	NTAPC_WAIT_REALTIME; 0 or any past time: do not block;
 *	NTAPC_WAIT_FOREVER: no limit
 * @records: in: address of @nr_records struct ntapc_record, with
 *	NTAPC_WAIT_RECORDS; else 0
 * @nr_records: in: room at @records, 1 to NTAPC_RECORDS_MAX; else 0.
 *	out: how many were written, when NTAPC_STATUS_USER_APC is returned
 * @nr_objects: in: 0 (a delay) to NTAPC_OBJECTS_MAX
 * @objects: in: address of @nr_objects __s32, descriptors of what to wait for;
 *	else 0
 * @signal: in: with NTAPC_WAIT_SIGNAL the descriptor of an event, which is set
 *	first, or a semaphore or mutant, which is released once; else not looked at
 * @owner: in: whose the mutexes are to be that ntsync's ioctls have made; a wait
 *	for one of those needs it. 0: none
 *
 * Works on an instance, for the calling thread. What may be waited for:
 *
 *  - the objects of NTAPC_IOC_CREATE, and those that ntsync's ioctls have made on
 *    any instance;
 *  - a thread or process: signalled once it has exited;
 *  - the descriptor of anything else that poll() knows: signalled while it is
 *    readable, has an error or was hung up. It is only looked at. In a wait for
 *    all, what has become readable may have ceased to be when the others are
 *    taken, and a pulse may be missed. (The latter also if the objects of a wait
 *    for all have been made by several users.)
 *
 * On an event, semaphore, mutant or timer it waits for just that object, and
 * @nr_objects and @objects are 0. It returns
 *
 *  - NTAPC_STATUS_WAIT_0 + i: the object of index i is signalled, and taken as its
 *    kind has it; if several are, the first. 0 with NTAPC_WAIT_ALL: all are, and
 *    all are taken at once. Until then none is;
 *  - NTAPC_STATUS_ABANDONED_WAIT_0 + i: the same, but the object is a mutant, or
 *    with NTAPC_WAIT_ALL and i = 0 one of them is a mutant, whose last owner has
 *    exited without releasing it;
 *  - NTAPC_STATUS_ALERTED: alertable, and there was an alert;
 *  - NTAPC_STATUS_USER_APC: alertable, and user APCs were there. By frame: all
 *    of them have run when the caller sees this. As records: up to @nr_records
 *    were taken off the queue;
 *  - NTAPC_STATUS_TIMEOUT, or NTAPC_STATUS_SUCCESS for a delay.
 *
 * where an earlier one wins over a later one (rules 11.1 to 11.9; NT:
 * NtDelayExecution, NtWaitForSingleObject, NtWaitForMultipleObjects,
 * NtSignalAndWaitForSingleObject). Who waits longest for an object gets it first.
 * A signal handler that runs meanwhile doesn't end the wait if it was installed
 * with SA_RESTART; else the error is EINTR. The thread queues anew then, as it
 * does after a suspension. The signalling isn't repeated: that is why @flags is
 * written.
 *
 * Errors: EFAULT, E2BIG, EINVAL (also a mutex of ntsync's without @owner), EBADF,
 * EPROTOTYPE (a descriptor that can't be polled; @signal of another kind), EEXIST,
 * EOPNOTSUPP and ENXIO (alertable without NTAPC_WAIT_RECORDS and frames aren't
 * possible), EINTR, ENOMEM. Of several descriptors in @objects the first that is
 * wrong counts, and @signal comes last; of @signal EPERM and EOVERFLOW as NTAPC_IOC_RELEASE, and
 * then nothing is waited for; EOVERFLOW, too, if the caller has acquired a mutant
 * as often as can be counted. With EFAULT because of @records no APC was taken off
 * the queue.
 */
struct ntapc_wait {
	__u32 size;
	__u32 flags;
	__u64 deadline;
	__u64 records;
	__u32 nr_records;
	__u32 nr_objects;
	__u64 objects;
	__s32 signal;
	__u32 owner;
};

/* User APCs and alerts end the wait (NT: Alertable). */
#define NTAPC_WAIT_ALERTABLE	(1U << 0)
/* Hand user APCs over as records instead of by frame. */
#define NTAPC_WAIT_RECORDS	(1U << 1)
/* @deadline is on CLOCK_REALTIME. */
#define NTAPC_WAIT_REALTIME	(1U << 2)
/* NTAPC_IOC_TEST_ALERT: only special user APCs. */
#define NTAPC_TEST_SPECIAL_ONLY	(1U << 3)
/* For all of the objects, not any. */
#define NTAPC_WAIT_ALL		(1U << 4)
/* Signal @signal first. */
#define NTAPC_WAIT_SIGNAL	(1U << 5)

#define NTAPC_OBJECTS_MAX	64

#define NTAPC_WAIT_FOREVER	(~0ULL)
#define NTAPC_RECORDS_MAX	256

/**
 * struct ntapc_test_alert - NTAPC_IOC_TEST_ALERT: run what is queued
 * @size: in: size of this struct in bytes
 * @flags: in: 0, NTAPC_WAIT_RECORDS, NTAPC_TEST_SPECIAL_ONLY
 * @records: as in struct ntapc_wait
 * @nr_records: as in struct ntapc_wait
 * @pad: in: 0
 *
 * Works on an instance, for the calling thread. NT: NtTestAlert, rules 5.3 and
 * 5.4. Returns NTAPC_STATUS_ALERTED if there was an alert, which is thereby
 * taken; no APC is then run. Else, by frame, all user APCs have run when the
 * caller sees NTAPC_STATUS_SUCCESS; as records, NTAPC_STATUS_USER_APC says that
 * some were handed over and NTAPC_STATUS_SUCCESS that there are none.
 * With NTAPC_TEST_SPECIAL_ONLY, which is for the end of a guarded stretch
 * (struct ntapc_control), alerts and ordinary APCs are left alone.
 *
 * Errors: EFAULT, E2BIG, EINVAL, EOPNOTSUPP, ENXIO, ENOMEM as NTAPC_IOC_WAIT.
 */
struct ntapc_test_alert {
	__u32 size;
	__u32 flags;
	__u64 records;
	__u32 nr_records;
	__u32 pad;
};

/**
 * struct ntapc_context - the registers of interrupted x86-64 code
 * @r15: register
 * @r14: register
 * @r13: register
 * @r12: register
 * @rbp: register
 * @rbx: register
 * @r11: register
 * @r10: register
 * @r9: register
 * @r8: register
 * @rax: register; a system call's result where one was interrupted
 * @rcx: register
 * @rdx: register
 * @rsi: register
 * @rdi: register
 * @rip: where to go on
 * @cs: code segment selector
 * @eflags: flags
 * @rsp: stack pointer
 * @ss: stack segment selector
 *
 * The fs and gs bases are untouched by delivery and by continuing. The extended
 * state (x87 to AVX-512) is in the registers when the dispatcher starts; saving
 * it is the dispatcher's affair.
 */
struct ntapc_context {
	__u64 r15;
	__u64 r14;
	__u64 r13;
	__u64 r12;
	__u64 rbp;
	__u64 rbx;
	__u64 r11;
	__u64 r10;
	__u64 r9;
	__u64 r8;
	__u64 rax;
	__u64 rcx;
	__u64 rdx;
	__u64 rsi;
	__u64 rdi;
	__u64 rip;
	__u64 cs;
	__u64 eflags;
	__u64 rsp;
	__u64 ss;
};

/**
 * struct ntapc_frame - what the dispatcher finds on the user stack
 * @size: size of this struct in bytes
 * @flags: bits NTAPC_FRAME_*
 * @routine: as queued
 * @arg: as queued
 * @restart: names the interrupted system call's restart state, or 0; to be left
 *	as it is
 * @context: what was interrupted
 *
 * The frame starts on a 64-byte boundary. Its end is at least 16 bytes below the
 * red zone, which is the 128 bytes below the interrupted stack pointer: from
 * those 16 a return instruction can restore rip and rsp at once.
 */
struct ntapc_frame {
	__u32 size;
	__u32 flags;
	__u64 routine;
	__u64 arg[3];
	__u64 restart;
	struct ntapc_context context;
};

/* As queued: a special user APC. */
#define NTAPC_FRAME_SPECIAL		(1U << 0)
/*
 * Continue with a test for further user APCs (rule 12.2): this APC came at an
 * alertable point. Clear it to end the chain (rule 12.3).
 */
#define NTAPC_FRAME_TEST_ALERT		(1U << 1)
/*
 * Delivered on the return of an ioctl of this thread's own on /dev/ntapc, so
 * whatever the calling convention lets a call clobber needs no saving if that
 * ioctl was made by a function call.
 */
#define NTAPC_FRAME_SYNC		(1U << 2)
/* Only NTAPC_IOC_CONTINUE can resume @context, user code can't. */
#define NTAPC_FRAME_NEED_CONTINUE	(1U << 3)
/* As queued: NTAPC_QUEUE_CALLBACK_CONTEXT. */
#define NTAPC_FRAME_CALLBACK_CONTEXT	(1U << 16)

/**
 * struct ntapc_continue - NTAPC_IOC_CONTINUE: resume what a frame interrupted
 * @size: in: size of this struct in bytes
 * @flags: in: 0 or NTAPC_CONTINUE_TEST_ALERT
 * @frame: in: address of a struct ntapc_frame, of which size, restart and
 *	context are read
 *
 * Works on an instance and doesn't return to the caller but to @frame's context
 * (NT: NtContinue, rules 12.2 to 12.5). With NTAPC_CONTINUE_TEST_ALERT the next
 * user APC, if there is one, is delivered on that context first; an alert is
 * taken and ends the chain.
 *
 * The context is not trusted: of the flags only those that user code could set
 * itself are taken, the code segment must be one of user mode's (else it is
 * that of 64-bit code), the stack segment is user mode's, and a rip or rsp that
 * is not a user address makes the thread fault (SIGSEGV).
 *
 * Errors: EFAULT, E2BIG, EINVAL, EOPNOTSUPP, ENOMEM.
 */
struct ntapc_continue {
	__u32 size;
	__u32 flags;
	__u64 frame;
};

#define NTAPC_CONTINUE_TEST_ALERT	(1U << 0)

/**
 * struct ntapc_exit_status - NTAPC_IOC_EXIT_STATUS: what the caller ends with
 * @size: in: size of this struct in bytes
 * @status: in: any value
 *
 * Works on an instance. Sets what struct ntapc_thread_info shows of the calling
 * thread once it has exited (NT: ETHREAD's ExitStatus); 0 if never set.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ENOMEM.
 */
struct ntapc_exit_status {
	__u32 size;
	__u32 status;
};

/**
 * struct ntapc_queue - NTAPC_IOC_QUEUE: queue a user APC
 * @size: in: size of this struct in bytes
 * @flags: in: bits NTAPC_QUEUE_*
 * @routine: in: address in the target's process; 0: the call succeeds and
 *	nothing is run (rule 10.3)
 * @arg: in: opaque
 * @reserve: in: with NTAPC_QUEUE_RESERVE a reserve object's descriptor; else 0
 * @pad: in: 0
 *
 * Works on a thread. NT: NtQueueApcThread, NtQueueApcThreadEx,
 * NtQueueApcThreadEx2; rules 10.1 to 10.8 and 13.x. An ordinary APC runs when
 * the target next is at an alertable point of ntapc's: it never disturbs a
 * Linux system call. A special one runs when the target is next in user code:
 * at once if it is there, else at the end of its system call; queued to
 * oneself it has run when this call returns.
 *
 * Order of checks: EFAULT, E2BIG, EINVAL, EBADF, EPROTOTYPE, ESRCH, EACCES,
 * EBUSY, EOPNOTSUPP and ENXIO (special ones only), EAGAIN, ENOMEM. Of these
 * EBUSY can come only with, EAGAIN and ENOMEM only without, a reserve object.
 */
struct ntapc_queue {
	__u32 size;
	__u32 flags;
	__u64 routine;
	__u64 arg[3];
	__s32 reserve;
	__u32 pad;
};

/* A special user APC (NT: QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC). */
#define NTAPC_QUEUE_SPECIAL		(1U << 0)
/*
 * With NTAPC_QUEUE_SPECIAL: interrupt the target's Linux system call if it
 * blocks interruptibly. The call restarts after the APC; those that Linux never
 * restarts return EINTR. Not NT's.
 */
#define NTAPC_QUEUE_INTERRUPT		(1U << 1)
/* Use @reserve. */
#define NTAPC_QUEUE_RESERVE		(1U << 2)
/* Passed on to the dispatcher (NT: QUEUE_USER_APC_CALLBACK_DATA_CONTEXT). */
#define NTAPC_QUEUE_CALLBACK_CONTEXT	(1U << 16)

/**
 * struct ntapc_queue_entry - one APC of a batch
 * @routine: as in struct ntapc_queue, but not 0
 * @arg: as in struct ntapc_queue
 */
struct ntapc_queue_entry {
	__u64 routine;
	__u64 arg[3];
};

/**
 * struct ntapc_queue_many - NTAPC_IOC_QUEUE_MANY: queue a batch of ordinary APCs
 * @size: in: size of this struct in bytes
 * @flags: in: 0 or NTAPC_QUEUE_CALLBACK_CONTEXT
 * @entries: in: address of @count struct ntapc_queue_entry
 * @count: in: 1 to NTAPC_QUEUE_MANY_MAX
 * @pad: in: 0
 *
 * Works on a thread and returns how many were queued, from the first on and in
 * order. Fewer than @count were if a limit or memory
 * ran out, or an entry couldn't be read or is invalid; the error itself is
 * returned if it met the first one.
 *
 * Errors: as NTAPC_IOC_QUEUE.
 */
struct ntapc_queue_many {
	__u32 size;
	__u32 flags;
	__u64 entries;
	__u32 count;
	__u32 pad;
};

#define NTAPC_QUEUE_MANY_MAX	65536

/**
 * struct ntapc_thread_info - NTAPC_IOC_THREAD_INFO: state and counts
 * @size: in: size of this struct in bytes, at least 16. out: the kernel's size
 * @state: out: bits NTAPC_THREAD_*
 * @tid: out: the thread's id in the caller's pid namespace, 0 if it has none
 *	there or has exited
 * @exit_status: out: once exited, what NTAPC_IOC_EXIT_STATUS set
 * @nr_user: out: ordinary user APCs queued
 * @nr_special: out: special user APCs queued
 * @nr_queued: out: user APCs ever queued
 * @nr_delivered: out: of these, handed over
 * @nr_dropped: out: of these, dropped, by exit, execve() or loss of authority
 * @suspend_count: out: SuspendCount, 0 to NTAPC_SUSPEND_MAX
 * @nr_kernel: out: kernel APCs queued, the suspend APC not counted
 * @nr_kernel_run: out: kernel APCs ever run, the suspend APC not counted
 * @nr_mismatch: out: how often the thread came back to user mode inside a region
 *	(NT: bugcheck APC_INDEX_MISMATCH, rule 9.10)
 *
 * Works on a thread, also an exited one. @nr_queued is @nr_delivered +
 * @nr_dropped + @nr_user + @nr_special at all times.
 *
 * Errors: EFAULT, EINVAL, EACCES.
 */
struct ntapc_thread_info {
	__u32 size;
	__u32 state;
	__s32 tid;
	__u32 exit_status;
	__u32 nr_user;
	__u32 nr_special;
	__u64 nr_queued;
	__u64 nr_delivered;
	__u64 nr_dropped;
	__u32 suspend_count;
	__u32 nr_kernel;
	__u64 nr_kernel_run;
	__u64 nr_mismatch;
};

/*
 * It has exited, or its process called execve(), and what was queued to it has
 * been dropped. Ioctls may say ESRCH a moment earlier.
 */
#define NTAPC_THREAD_EXITED	(1U << 0)
/* It is in a wait of ntapc's. */
#define NTAPC_THREAD_WAITING	(1U << 1)
/* That wait is alertable. */
#define NTAPC_THREAD_ALERTABLE	(1U << 2)
/* It is suspended: it sits in the wait of its suspend APC (rule 6.3). */
#define NTAPC_THREAD_SUSPENDED	(1U << 3)
/* It is to be suspended, but hasn't come to a safe point yet (rule 6.2). */
#define NTAPC_THREAD_SUSPENDING	(1U << 4)
/* It is to end (NTAPC_IOC_TERMINATE), and hasn't yet. */
#define NTAPC_THREAD_TERMINATING (1U << 5)
/*
 * A kernel module has let it return to user mode inside a critical or guarded
 * region, and hasn't left it since: kernel APCs it holds up stay queued.
 */
#define NTAPC_THREAD_MISMATCH	(1U << 6)
/*
 * It is attached to another process (NT: ApcStateIndex 1): what is queued for its
 * own waits, suspension and termination included (rule 9.9).
 */
#define NTAPC_THREAD_ATTACHED	(1U << 7)

/**
 * struct ntapc_control - the control slot of a thread, shared with the kernel
 * @tid: the thread's id in its own pid namespace; 0 in a process that got the
 *	mapping by fork(), where the slot is another, unused one
 * @pending: bits NTAPC_PENDING_*; written by the kernel
 * @guard: while not 0, special user APCs stay pending; written by the thread
 * @pad: reserved, 0
 *
 * The kernel believes nothing here that could hurt another than the owner.
 * Whoever takes @guard back to 0 and then finds NTAPC_PENDING_SPECIAL calls
 * NTAPC_IOC_TEST_ALERT with NTAPC_TEST_SPECIAL_ONLY to have them run.
 */
struct ntapc_control {
	__u32 tid;
	__u32 pending;
	__u32 guard;
	__u32 pad[13];
};

/* There are ordinary user APCs: an alertable point would run them. */
#define NTAPC_PENDING_USER	(1U << 0)
/* There are special user APCs that @guard holds back. */
#define NTAPC_PENDING_SPECIAL	(1U << 1)
/* There is an alert. */
#define NTAPC_PENDING_ALERT	(1U << 2)

/**
 * struct ntapc_thread_control - NTAPC_IOC_THREAD_CONTROL: find the control slot
 * @size: in: size of this struct in bytes
 * @offset: out: where the slot is in the page, in bytes, a multiple of 64
 * @page: out: names the page: threads of a process that get the same number
 *	here share it, and one mapping of it is enough for them
 *
 * Works on a thread of the calling process. mmap() of the thread's descriptor,
 * one page at offset 0, MAP_SHARED, then gives the page. The slot is the
 * thread's until it exits.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ESRCH, EPERM, ENOMEM. mmap(): EINVAL for
 * another length, offset or MAP_PRIVATE, ESRCH, EPERM, ENOMEM.
 */
struct ntapc_thread_control {
	__u32 size;
	__u32 offset;
	__u64 page;
};

/**
 * struct ntapc_suspend - NTAPC_IOC_SUSPEND: suspend a thread
 * @size: in: size of this struct in bytes
 * @flags: in: bits NTAPC_SUSPEND_*
 *
 * Works on a thread and returns the previous suspend count, 0 to
 * NTAPC_SUSPEND_MAX - 1. NT: NtSuspendThread, NtSuspendProcess; rules 6.1 to 6.4,
 * 6.8 to 6.10. Each suspension needs its resumption. A suspended thread runs no
 * user code and takes no object that it waits for; APCs can be queued to it.
 *
 * The thread is suspended at its next safe point: at once in user code, in a
 * wait of ntapc's, or in a Linux system call that blocks interruptibly, which is
 * then restarted (see Documentation/design.rst for the calls that Linux never
 * restarts: they return EINTR). It isn't inside a region of a kernel module's.
 * Without NTAPC_SUSPEND_WAIT this call doesn't wait for that; of oneself it takes
 * effect before this call returns. All signals but SIGKILL and SIGSTOP are
 * held back from a suspended thread. SIGKILL ends it, it can be stopped, traced
 * and frozen, and is suspended afterwards. execve() and exit end a suspension.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ESRCH (also if it is terminating), EACCES,
 * EOVERFLOW, ENOMEM. With NTAPC_SUSPEND_WAIT also EINTR, after which it isn't
 * suspended by this call.
 */
struct ntapc_suspend {
	__u32 size;
	__u32 flags;
};

/*
 * All threads of the thread's process (NT: NtSuspendProcess), also those that come
 * up while this goes through them; those whose count is at its limit are left
 * alone. Returns 0.
 */
#define NTAPC_SUSPEND_PROCESS	(1U << 0)
/*
 * Return only when it is suspended (NTAPC_THREAD_SUSPENDED), or ESRCH when it
 * ends instead. Not with NTAPC_SUSPEND_PROCESS (EINVAL). Of oneself the same as
 * without. Not NT's, where one takes the thread's context to be sure.
 */
#define NTAPC_SUSPEND_WAIT	(1U << 1)

/* The most that a suspend count can be (rule 6.1). */
#define NTAPC_SUSPEND_MAX	127

/**
 * struct ntapc_resume - NTAPC_IOC_RESUME: take a suspension back
 * @size: in: size of this struct in bytes
 * @flags: in: bits NTAPC_RESUME_*
 *
 * Works on a thread and returns the previous suspend count: 0 if it wasn't
 * suspended, which changes nothing, or if it has exited or its process called
 * execve(); 1 if it goes on now. NT: NtResumeThread, NtAlertResumeThread,
 * NtResumeProcess; rules 5.5, 6.5, 6.8.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ESRCH (only with NTAPC_RESUME_PROCESS), EACCES.
 */
struct ntapc_resume {
	__u32 size;
	__u32 flags;
};

/* All threads of the thread's process (NT: NtResumeProcess). Returns 0. */
#define NTAPC_RESUME_PROCESS	(1U << 0)
/*
 * First alert it, with a kernel alert (NT: NtAlertResumeThread). Not with
 * NTAPC_RESUME_PROCESS (EINVAL).
 */
#define NTAPC_RESUME_ALERT	(1U << 1)

/**
 * struct ntapc_alert - NTAPC_IOC_ALERT: alert a thread
 * @size: in: size of this struct in bytes
 * @flags: in: 0
 *
 * Works on a thread. NT: NtAlertThread; rules 5.1, 5.2, 5.6. A user alert: it
 * ends an alertable wait of the thread, else it stays until the next one or the
 * next NTAPC_IOC_TEST_ALERT. A second one before that changes nothing.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ESRCH, EACCES.
 */
struct ntapc_alert {
	__u32 size;
	__u32 flags;
};

/**
 * struct ntapc_alert_by_id - NTAPC_IOC_ALERT_BY_ID: alert a thread by its id
 * @size: in: size of this struct in bytes
 * @tid: in: a thread's id in the caller's pid namespace
 *
 * Works on an instance. NT: NtAlertThreadByThreadId; rules 15.1 to 15.3. The
 * alert is a bit of its own, which only NTAPC_IOC_WAIT_BY_ID sees. A second one
 * before that changes nothing.
 *
 * Errors: EFAULT, E2BIG, EINVAL (also a @tid below 1), ESRCH, EACCES (it is
 * another process's), ENOMEM.
 */
struct ntapc_alert_by_id {
	__u32 size;
	__s32 tid;
};

/**
 * struct ntapc_wait_by_id - NTAPC_IOC_WAIT_BY_ID: wait for an alert by id
 * @size: in: size of this struct in bytes
 * @flags: in: 0 or NTAPC_WAIT_REALTIME
 * @deadline: in: as in struct ntapc_wait
 *
 * Works on an instance, for the calling thread, and returns NTAPC_STATUS_ALERTED
 * if there is or comes an alert, which is thereby taken, or NTAPC_STATUS_TIMEOUT.
 * NT: NtWaitForAlertByThreadId; rules 15.1, 15.2, 15.4. Neither user APCs nor
 * alerts of the other kind end it.
 *
 * Errors: EFAULT, E2BIG, EINVAL, EINTR, ENOMEM.
 */
struct ntapc_wait_by_id {
	__u32 size;
	__u32 flags;
	__u64 deadline;
};

/**
 * struct ntapc_terminate - NTAPC_IOC_TERMINATE: end a thread
 * @size: in: size of this struct in bytes
 * @status: in: what it ends with, as NTAPC_IOC_EXIT_STATUS; any value
 *
 * Works on a thread. NT: NtTerminateThread; rule 7.5. Only that thread ends, as
 * if it had called exit(2): the C library's handlers and clean-up functions
 * aren't run, its stack isn't freed. A suspended thread is resumed for that.
 * It ends at its next safe point, as for NTAPC_IOC_SUSPEND, before any further
 * user code or APC, and no guard holds it up. Its waits of ntapc's end,
 * alertable or not. Of oneself this doesn't return. A second call changes
 * nothing, and succeeds; if the first one's right to it is lost before the thread
 * ends, it ends by the second.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ESRCH, EACCES, ENOMEM.
 */
struct ntapc_terminate {
	__u32 size;
	__u32 status;
};

/**
 * struct ntapc_thread_context - NTAPC_IOC_GET_CONTEXT, NTAPC_IOC_SET_CONTEXT
 * @size: in: size of this struct in bytes
 * @what: in: bits NTAPC_CONTEXT_*, at least one
 * @context: in: address of a struct ntapc_context, with any of the first three
 *	bits; else 0. Get writes only the members that @what names
 * @xstate: in: address of the extended state, with NTAPC_CONTEXT_EXTENDED; else
 *	0. In the format of the XSAVE instruction, as PTRACE_GETREGSET gives
 *	it for NT_X86_XSTATE
 * @xstate_size: in: room or bytes at @xstate; else 0. out, of get: how many bytes
 *	there are; the first of them, as many as fit, were written
 * @ds: out, of get with NTAPC_CONTEXT_SEGMENTS: selector
 * @es: out: selector
 * @fs: out: selector
 * @gs: out: selector
 * @pad: in: 0
 *
 * Works on a thread, the caller too. NT: NtGetContextThread, NtSetContextThread:
 * a special kernel APC in the thread (rules 1.5, 3.5), so that it also reaches a
 * suspended one. Of a thread that isn't suspended the result is of some moment.
 * The call returns when it is done, however long the thread takes to
 * come to a safe point.
 *
 * What one gets is what the thread would go on with: in a system call that is
 * going to be restarted, the registers that make it again (to have it given up,
 * set rip past it). In a wait of ntapc's, what it returns to, with rax undefined:
 * the wait goes on, and gives rax its result, whatever is set; also if that rax is
 * set after the thread has left the wait in order to begin it anew. What is set takes
 * effect when the thread next returns to user mode. As for NTAPC_IOC_CONTINUE
 * nothing is taken that user code couldn't have had. Setting
 * NTAPC_CONTEXT_SEGMENTS changes nothing.
 *
 * Errors: EFAULT, E2BIG, EINVAL (also an extended state to set that the processor
 * refuses, shorter than 576 bytes or longer than there is), ESRCH, EACCES,
 * EOPNOTSUPP (a thread of a 32-bit process; no extended state here), EINTR,
 * ENOMEM. After EFAULT because of @context or @xstate nothing was set.
 */
struct ntapc_thread_context {
	__u32 size;
	__u32 what;
	__u64 context;
	__u64 xstate;
	__u32 xstate_size;
	__u16 ds;
	__u16 es;
	__u16 fs;
	__u16 gs;
	__u32 pad;
};

/* rip, cs, eflags, rsp, ss, rbp */
#define NTAPC_CONTEXT_CONTROL	(1U << 0)
/* The other general registers. */
#define NTAPC_CONTEXT_INTEGER	(1U << 1)
/* ds, es, fs, gs. */
#define NTAPC_CONTEXT_SEGMENTS	(1U << 2)
/* x87, SSE, AVX and so on. */
#define NTAPC_CONTEXT_EXTENDED	(1U << 3)

/**
 * struct ntapc_kernel_apc - NTAPC_IOC_KERNEL_APC: queue a kernel APC by name
 * @size: in: size of this struct in bytes
 * @flags: in: bits NTAPC_KERNEL_APC_*
 * @name: in: of a registered routine, with its terminating 0
 * @arg: in: the routine's business
 *
 * Works on a thread and returns a kernel APC's descriptor. User code can't name
 * kernel addresses: it chooses among the routines that ntapc and other modules
 * register (ntapc_register_named_apc()). The routine runs in the thread's
 * context at its next safe point, as for NTAPC_IOC_SUSPEND, a special one ahead
 * of all normal ones and inside critical regions too (rules 3.2, 4.3, 4.4). The
 * descriptor becomes readable for poll() when it has run or never will. Closing
 * it doesn't take the APC back.
 *
 * ntapc's own routines:
 *
 *  - "eventfd": arg[0] is a descriptor of an eventfd, to which 1 is added;
 *  - "count": counts; the result is the count of this routine's runs in the
 *    thread so far;
 *  - "stack": the result is a sample of the thread's user stack: the address
 *    where it is to go on, then return addresses as far as frame pointers lead.
 *    arg[0] is how many at most, 1 to NTAPC_APC_VALUES_MAX.
 *
 * Arguments that aren't named are 0.
 *
 * Order of checks: EFAULT, E2BIG, EINVAL (also a @name without an end), ESRCH,
 * EACCES, EMFILE as open(2), ENOENT, what the routine says to its arguments
 * (EBADF, EPROTOTYPE, EINVAL), EAGAIN, ENOMEM, ENFILE as open(2).
 */
struct ntapc_kernel_apc {
	__u32 size;
	__u32 flags;
	char name[32];
	__u64 arg[3];
};

/* A special kernel APC (rule 2.3). */
#define NTAPC_KERNEL_APC_SPECIAL	(1U << 0)
/*
 * The environment (KAPC_ENVIRONMENT, rule 2.1), at most one of them. Without one it
 * is Original: it runs when the thread isn't attached to another process.
 * Attached: when it is, of whatever process; it waits until then. Current and
 * Insert: what the thread is now; the two differ only in what happens between
 * making and inserting, and so here in nothing.
 */
#define NTAPC_KERNEL_APC_ATTACHED	(1U << 1)
#define NTAPC_KERNEL_APC_CURRENT	(1U << 2)
#define NTAPC_KERNEL_APC_INSERT		(1U << 3)

#define NTAPC_APC_VALUES_MAX	64

/**
 * struct ntapc_apc_result - NTAPC_IOC_APC_RESULT: what became of a kernel APC
 * @size: in: size of this struct in bytes, at least 32. out: the kernel's size
 * @state: out: one of NTAPC_APC_QUEUED, NTAPC_APC_RUN, NTAPC_APC_REMOVED,
 *	NTAPC_APC_RUN_DOWN
 * @order: out: if it has run, how many kernel APCs, the suspend APC not counted,
 *	had run in its thread, itself included
 * @values: in: address of @nr_values __u64, or 0
 * @nr_values: in: room at @values. out: how many there are; the first of them, as
 *	many as fit, were written
 * @pad: in: 0
 *
 * Works on a kernel APC. Errors: EFAULT, E2BIG, EINVAL.
 */
struct ntapc_apc_result {
	__u32 size;
	__u32 state;
	__u64 order;
	__u64 values;
	__u32 nr_values;
	__u32 pad;
};

#define NTAPC_APC_QUEUED	0	/* it may be running just now */
#define NTAPC_APC_RUN		1
#define NTAPC_APC_REMOVED	2
#define NTAPC_APC_RUN_DOWN	3	/* the thread ended, or lost its right */

/**
 * struct ntapc_apc_remove - NTAPC_IOC_APC_REMOVE: take a kernel APC back
 * @size: in: size of this struct in bytes
 * @flags: in: 0
 *
 * Works on a kernel APC and returns 1 if it was queued, and so will never run, 0
 * if it wasn't (any more). NT: KeRemoveQueueApc, rule 7.1.
 *
 * Errors: EFAULT, E2BIG, EINVAL.
 */
struct ntapc_apc_remove {
	__u32 size;
	__u32 flags;
};

/**
 * DOC: Processes
 *
 * A thread *attaches* to a process, acts in its address space and comes back. In
 * between its APC state is another one: what is queued for its own process waits
 * (rules 9.1 to 9.12).
 *
 * User code doesn't move: it still runs in its own memory. What moves is what the
 * ioctls of the instance act on, and the environment of the thread's APCs. A
 * kernel thread stands in where code has to run in the other address space. A
 * thread may stay attached while it runs user code (NT: bugcheck
 * APC_INDEX_MISMATCH, rule 9.10); it is neither suspended nor terminated, and no
 * user APC runs, before it detaches. SIGKILL ends it.
 *
 * Copies of one process to another need no attachment: on a process's descriptor
 * they attach and detach by themselves, as NtReadVirtualMemory does.
 *
 * An attached thread doesn't keep the process's memory: that is freed when the
 * process has ended and the operation has that is under way in it, which looks at
 * that after each 2 MiB at the latest.
 */

/**
 * struct ntapc_process_open - NTAPC_IOC_PROCESS_OPEN: a descriptor for a process
 * @size: in: size of this struct in bytes
 * @flags: in: 0 or NTAPC_PROCESS_PIDFD
 * @pid: in: the id of any thread of the process in the caller's pid namespace, 0
 *	is the caller's; or a pidfd, with NTAPC_PROCESS_PIDFD
 * @pad: in: 0
 *
 * Works on an instance and returns a process's descriptor. NT: NtOpenProcess. Who
 * may open it is as for NTAPC_IOC_THREAD_OPEN. It stands for the process and its
 * present image: after execve() or exit every operation but
 * NTAPC_IOC_PROCESS_INFO returns ESRCH.
 *
 * poll(): readable (POLLIN) once the process has exited or called execve().
 *
 * Errors: EFAULT, E2BIG, EINVAL (also a descriptor that isn't a pidfd), EBADF,
 * ESRCH (also a kernel thread, a zombie, or one that has no id in the caller's
 * pid namespace), EACCES, EMFILE and ENFILE as open(2), ENOMEM.
 */
struct ntapc_process_open {
	__u32 size;
	__u32 flags;
	__s32 pid;
	__u32 pad;
};

/* @pid is a pidfd. */
#define NTAPC_PROCESS_PIDFD	(1U << 0)

/**
 * struct ntapc_process_info - NTAPC_IOC_PROCESS_INFO: state and counts
 * @size: in: size of this struct in bytes, at least 16. out: the kernel's size
 * @state: out: NTAPC_PROCESS_IN_MEMORY and so on (rule 9.4)
 * @pid: out: the process's id in the caller's pid namespace, 0 if it has none there
 *	or has ended
 * @flags: out: bits NTAPC_PROCESS_*
 * @stack_count: out: StackCount: threads attached to it now, and copies under way;
 *	0 to NTAPC_STACK_COUNT_MAX (rule 9.5; kernel stacks of its own threads
 *	aren't counted: Linux keeps those in memory)
 * @nr_ready: out: of these, those on its ready list: they wait for it to be in
 *	memory (rule 9.3)
 * @nr_out_swap: out: how often it was swapped out
 * @nr_in_swap: out: how often it was brought in
 *
 * Works on a process, also an ended one.
 *
 * Errors: EFAULT, EINVAL, EACCES, ENFILE as open(2), ENOMEM.
 */
struct ntapc_process_info {
	__u32 size;
	__u32 state;
	__s32 pid;
	__u32 flags;
	__u32 stack_count;
	__u32 nr_ready;
	__u64 nr_out_swap;
	__u64 nr_in_swap;
};

/* KPROCESS_STATE */
#define NTAPC_PROCESS_IN_MEMORY		0
#define NTAPC_PROCESS_OUT_OF_MEMORY	1
#define NTAPC_PROCESS_IN_TRANSITION	2
#define NTAPC_PROCESS_OUT_TRANSITION	3
#define NTAPC_PROCESS_IN_SWAP		4
#define NTAPC_PROCESS_OUT_SWAP		5

/*
 * In ntapc_process_info.flags: it has exited or called execve(). Ioctls may say
 * ESRCH a moment earlier.
 */
#define NTAPC_PROCESS_ENDED	(1U << 0)
/* It is a process of 32 bits. */
#define NTAPC_PROCESS_32BIT	(1U << 1)

#define NTAPC_STACK_COUNT_MAX	0x7fff

/**
 * struct ntapc_attach - NTAPC_IOC_ATTACH: attach the calling thread
 * @size: in: size of this struct in bytes
 * @flags: in: 0 or NTAPC_ATTACH_STACK
 * @save: out: names where the state before was saved, for NTAPC_IOC_DETACH;
 *	NTAPC_SAVE_NONE without NTAPC_ATTACH_STACK, NTAPC_SAVE_SAME if the thread
 *	was there already
 * @pad: in: 0
 *
 * Works on a process, for the calling thread. NT: KeAttachProcess, and
 * KeStackAttachProcess with NTAPC_ATTACH_STACK, which may be called by an attached
 * thread, too; rules 9.1 to 9.3, 9.7. Where the thread is already (its own
 * process, if it isn't attached) nothing is done. If the process isn't in
 * memory the thread waits on its ready list until the swapper has brought it in;
 * a signal ends that wait, and after its handler it starts over if that was
 * installed with SA_RESTART.
 *
 * Exit and execve() of the thread detach it.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ESRCH, EACCES, ENOMEM, EBUSY (attached, and
 * without NTAPC_ATTACH_STACK: bugcheck 5), EOVERFLOW (NTAPC_ATTACH_DEPTH_MAX,
 * NTAPC_STACK_COUNT_MAX), EINTR.
 */
struct ntapc_attach {
	__u32 size;
	__u32 flags;
	__u32 save;
	__u32 pad;
};

#define NTAPC_ATTACH_STACK	(1U << 0)

#define NTAPC_SAVE_NONE		0
#define NTAPC_SAVE_SAME		(~0U)	/* the marker of rule 9.7 */

/* So many attachments of a thread nest. */
#define NTAPC_ATTACH_DEPTH_MAX	16

/**
 * struct ntapc_detach - NTAPC_IOC_DETACH: back from there
 * @size: in: size of this struct in bytes
 * @flags: in: 0 or NTAPC_DETACH_UNSTACK
 * @save: in: what NTAPC_IOC_ATTACH gave, with NTAPC_DETACH_UNSTACK; else 0
 * @pad: in: 0
 *
 * Works on an instance, for the calling thread. NT: KeDetachProcess, and
 * KeUnstackDetachProcess with NTAPC_DETACH_UNSTACK; rules 9.6, 9.8. Kernel APCs that
 * are pending for the environment that is left run first, and those that waited
 * for the other one next. Without NTAPC_DETACH_UNSTACK nothing is done if the
 * thread isn't attached; with it nothing is done if @save is NTAPC_SAVE_SAME.
 *
 * Errors: EFAULT, E2BIG, EINVAL (also a @save that isn't the thread's newest),
 * ENOMEM, EBUSY (bugcheck 6: an APC of the environment that is left is still queued
 * or running; or without NTAPC_DETACH_UNSTACK and attachments are nested).
 */
struct ntapc_detach {
	__u32 size;
	__u32 flags;
	__u32 save;
	__u32 pad;
};

#define NTAPC_DETACH_UNSTACK	(1U << 0)

/**
 * struct ntapc_out_swap - NTAPC_IOC_OUT_SWAP: a process leaves memory
 * @size: in: size of this struct in bytes
 * @step: in: NTAPC_OUT_SWAP_BEGIN, NTAPC_OUT_SWAP_END or NTAPC_OUT_SWAP_CANCEL
 * @ranges: in: address of @nr_ranges struct ntapc_range, with NTAPC_OUT_SWAP_END;
 *	else 0
 * @nr_ranges: in: 0 to NTAPC_RANGES_MAX
 * @pad: in: 0
 *
 * Works on a process. Between the two steps the caller gives its pages to reclaim,
 * with process_madvise(2) MADV_PAGEOUT, which no module can do
 * (ntapc_process_out_swap() of the library does it all). From the first step on
 * who attaches waits. The first step takes the process from InMemory through
 * OutTransition to OutSwap, the second to OutOfMemory, and on to InTransition if
 * somebody waits by then. The swapper takes it from InTransition through InSwap to
 * InMemory: the pages of @ranges that are anonymous memory's, and were in memory
 * before, are in memory again. Those of files come back when they are touched.
 * NTAPC_OUT_SWAP_CANCEL, and closing the descriptor on which it was begun, lead
 * from OutSwap back to InMemory.
 *
 * The process itself isn't stopped by this: it faults in what it touches. Suspend it
 * before if it is to stay out.
 *
 * Errors: EFAULT, E2BIG, EINVAL (also ranges of which one isn't whole pages of user
 * addresses, or that are more than there is memory), ESRCH, EACCES, EBUSY
 * (NTAPC_OUT_SWAP_BEGIN: StackCount isn't 0 or the process isn't InMemory; the
 * others: not begun with this descriptor), ENOMEM.
 */
struct ntapc_out_swap {
	__u32 size;
	__u32 step;
	__u64 ranges;
	__u32 nr_ranges;
	__u32 pad;
};

#define NTAPC_OUT_SWAP_BEGIN	1
#define NTAPC_OUT_SWAP_END	2
#define NTAPC_OUT_SWAP_CANCEL	3

/**
 * struct ntapc_range - an entry of a vector
 * @address: of the first byte; or its offset in a window
 * @length: in bytes
 */
struct ntapc_range {
	__u64 address;
	__u64 length;
};

#define NTAPC_RANGES_MAX	1024

/**
 * struct ntapc_copy - NTAPC_IOC_READ, NTAPC_IOC_WRITE, NTAPC_IOC_COMPARE
 * @size: in: size of this struct in bytes
 * @flags: in: bits NTAPC_COPY_*
 * @remote: in: address in the process; or with NTAPC_COPY_VECTOR, of @nr_remote
 *	struct ntapc_range in one's own memory, which give addresses in the process
 * @local: in: address in one's own memory; or with NTAPC_COPY_WINDOW an offset
 *	in the window, in bytes; or with NTAPC_COPY_VECTOR the address of @nr_local
 *	struct ntapc_range, of the one or the other
 * @length: in: in bytes, 0 to SSIZE_MAX; 0 with NTAPC_COPY_VECTOR, where it is the
 *	smaller one of both vectors' totals
 * @nr_remote: in: 1 to NTAPC_RANGES_MAX with NTAPC_COPY_VECTOR, else 0
 * @nr_local: in: the same
 * @window: in: a window's descriptor with NTAPC_COPY_WINDOW, else 0
 * @pad: in: 0
 * @done: out: how many bytes were copied, or were equal, from the first on
 * @fault: out: with EFAULT, the address in the process that can't be accessed; 0 if
 *	it is one's own memory that can't (or address 0 of the process, if that is
 *	where @remote begins and @done is 0)
 *
 * Works on a process or an instance. NT: NtReadVirtualMemory,
 * NtWriteVirtualMemory, RtlCompareMemory. Pages that aren't in memory are faulted
 * in; what is mapped read-only isn't written to, also not by force. The copy is in
 * order of the vectors; where they or local and remote overlap the result is
 * that of some order of copying. Other threads see it happen byte by byte.
 * A process that isn't in memory (rule 9.4) is brought in first, but for one's own.
 * A stack is grown for a copy where process_vm_writev(2) grows it.
 *
 * NTAPC_IOC_COMPARE returns 1 if @done isn't all, 0 if it is; neither a vector nor
 * a window is possible there (EINVAL).
 *
 * Errors: EFAULT (the struct or a vector), E2BIG, EINVAL (also a range that wraps,
 * vectors of more than SSIZE_MAX bytes, or a range outside of the window), EBADF,
 * EPROTOTYPE, ESRCH, EACCES, EOVERFLOW (NTAPC_STACK_COUNT_MAX), EINTR (in the wait for
 * the process to be brought in), ENOMEM (for the vectors). Once it has begun, and
 * with @done and @fault set: EFAULT, EINTR (a fatal signal only), ENOMEM, ESRCH and
 * EACCES (the process has ended, or changed, meanwhile).
 */
struct ntapc_copy {
	__u32 size;
	__u32 flags;
	__u64 remote;
	__u64 local;
	__u64 length;
	__u32 nr_remote;
	__u32 nr_local;
	__s32 window;
	__u32 pad;
	__u64 done;
	__u64 fault;
};

#define NTAPC_COPY_VECTOR	(1U << 0)
#define NTAPC_COPY_WINDOW	(1U << 1)

/**
 * struct ntapc_fill - NTAPC_IOC_FILL: write a pattern
 * @size: in: size of this struct in bytes
 * @width: in: of the pattern: 1, 2, 4 or 8 bytes
 * @remote: in: address in the process
 * @length: in: in bytes, a multiple of @width, 0 to SSIZE_MAX
 * @pattern: in: its lowest @width bytes are written
 * @done: out: how many bytes were written
 * @fault: out: as in struct ntapc_copy
 *
 * Works on a process or an instance. NT: RtlFillMemory. Errors: as for
 * struct ntapc_copy.
 */
struct ntapc_fill {
	__u32 size;
	__u32 width;
	__u64 remote;
	__u64 length;
	__u64 pattern;
	__u64 done;
	__u64 fault;
};

/**
 * struct ntapc_search - NTAPC_IOC_SEARCH: look for a pattern
 * @size: in: size of this struct in bytes
 * @step: in: only multiples of it from @remote on are looked at: 1 to 4096 bytes
 * @remote: in: address in the process
 * @length: in: in bytes, 0 to SSIZE_MAX
 * @pattern: in: address of the pattern in one's own memory
 * @pattern_length: in: 1 to NTAPC_PATTERN_MAX bytes
 * @pad: in: 0
 * @found: out: address of the first place; 0 if there is none
 * @done: out: how many bytes were read
 * @fault: out: as in struct ntapc_copy
 *
 * Works on a process or an instance and returns 1 if @found is set, else 0.
 *
 * Errors: as for struct ntapc_copy.
 */
struct ntapc_search {
	__u32 size;
	__u32 step;
	__u64 remote;
	__u64 length;
	__u64 pattern;
	__u32 pattern_length;
	__u32 pad;
	__u64 found;
	__u64 done;
	__u64 fault;
};

#define NTAPC_PATTERN_MAX	4096

/**
 * struct ntapc_exchange - NTAPC_IOC_EXCHANGE: change a word atomically
 * @size: in: size of this struct in bytes
 * @flags: in: 0 or NTAPC_EXCHANGE_COMPARE
 * @remote: in: address in the process, a multiple of @width
 * @value: in: to be written
 * @comparand: in: with NTAPC_EXCHANGE_COMPARE, written only if this is there
 * @width: in: 4 or 8 bytes; the upper bytes of @value and @comparand are to be 0
 *	with 4
 * @pad: in: 0
 * @old: out: what was there
 *
 * Works on a process or an instance and returns 1 if it has been written, else 0.
 * Atomic with respect to all threads of all processes, in full order. NT:
 * InterlockedExchange, InterlockedCompareExchange.
 *
 * Errors: as for struct ntapc_copy; nothing is written after any.
 */
struct ntapc_exchange {
	__u32 size;
	__u32 flags;
	__u64 remote;
	__u64 value;
	__u64 comparand;
	__u32 width;
	__u32 pad;
	__u64 old;
};

#define NTAPC_EXCHANGE_COMPARE	(1U << 0)

/**
 * struct ntapc_query - NTAPC_IOC_QUERY: what is mapped at an address
 * @size: in: size of this struct in bytes
 * @type: out: bits NTAPC_MAP_*
 * @address: in: any in the process
 * @start: out: where the mapping, or the free range, begins
 * @end: out: the address behind it
 * @offset: out: of a file's mapping, that of @start in the file, in bytes
 * @inode: out: of the file, else 0
 * @dev_major: out: of the file's device, else 0
 * @dev_minor: out: the same
 * @protection: out: bits PROT_READ, PROT_WRITE, PROT_EXEC
 * @path_size: in: room at @path in bytes, 0 to 4096
 * @path: in: address where the file's path is written, with its terminating 0; or 0
 * @path_length: out: its length with that 0, also if it doesn't fit, when nothing
 *	is written; 0 without a file
 * @max_protection: out: bits PROT_*: the most that mprotect(2) can give
 *
 * Works on a process or an instance. NT: NtQueryVirtualMemory,
 * MemoryBasicInformation.
 *
 * Errors: EFAULT, E2BIG, EINVAL (also an @address that isn't a user address of
 * the process), ESRCH, EACCES, EINTR (a fatal signal only), ENOMEM.
 */
struct ntapc_query {
	__u32 size;
	__u32 type;
	__u64 address;
	__u64 start;
	__u64 end;
	__u64 offset;
	__u64 inode;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 protection;
	__u32 path_size;
	__u64 path;
	__u32 path_length;
	__u32 max_protection;
};

#define NTAPC_MAP_MAPPED	(1U << 0)	/* else it is a free range */
#define NTAPC_MAP_SHARED	(1U << 1)	/* MAP_SHARED */
#define NTAPC_MAP_FILE		(1U << 2)	/* of a file, else anonymous */
#define NTAPC_MAP_GROWS		(1U << 3)	/* downwards: a stack */
#define NTAPC_MAP_LOCKED	(1U << 4)	/* mlock(2) */
#define NTAPC_MAP_IO		(1U << 5)	/* device memory: not to be copied */
#define NTAPC_MAP_HUGETLB	(1U << 6)

/**
 * struct ntapc_attached_call - NTAPC_IOC_CALL: run a registered routine attached
 * @size: in: size of this struct in bytes
 * @flags: in: 0
 * @name: in: of a registered routine, with its terminating 0
 * @arg: in: the routine's business
 * @values: in: address of @nr_values __u64, or 0
 * @nr_values: in: room at @values. out: how many there are; the first of them, as
 *	many as fit, were written
 * @pad: in: 0
 *
 * Works on a process or an instance. A kernel thread that is attached to the
 * process runs the routine, which ntapc or another module has registered
 * (ntapc_register_attached_routine()); the caller waits for it. Returns what the
 * routine does.
 *
 * ntapc's own routines:
 *
 *  - "strnlen": the result is the length of the string at arg[0] without its
 *    terminating 0, or arg[1], at most 65536, if that is less;
 *  - "crc32": the result is the CRC-32 (as of zlib) of arg[1] bytes, at most
 *    16 MiB, at arg[0].
 *
 * They read what NTAPC_IOC_READ does (EFAULT), and grow no stack.
 *
 * Order of checks: EFAULT, E2BIG, EINVAL, ESRCH, EACCES, ENOENT, ENOMEM, EAGAIN
 * (NTAPC_CALLS_MAX of the user's run), what the routine says to its arguments; EINTR
 * (a fatal signal only: the routine goes on).
 */
struct ntapc_attached_call {
	__u32 size;
	__u32 flags;
	char name[32];
	__u64 arg[3];
	__u64 values;
	__u32 nr_values;
	__u32 pad;
};

/* Attached routines of one user (real uid) that may run at a time. */
#define NTAPC_CALLS_MAX	32

/**
 * struct ntapc_window - NTAPC_IOC_WINDOW: memory shared with the kernel
 * @size: in: size of this struct in bytes
 * @flags: in: 0
 * @length: in: in bytes, 1 to NTAPC_WINDOW_MAX; rounded up to whole pages
 *
 * Works on an instance and returns a window's descriptor. mmap() of that, MAP_SHARED,
 * any whole pages of it, gives memory that NTAPC_IOC_READ and NTAPC_IOC_WRITE with
 * NTAPC_COPY_WINDOW copy to and from at once, where copies from and to other
 * memory of that size have to go page by page. It starts out as zeros, counts
 * against RLIMIT_MEMLOCK, and lives until nobody has it open or mapped.
 *
 * Errors: EFAULT, E2BIG, EINVAL, EMFILE and ENFILE as open(2), ENOMEM (also
 * because of RLIMIT_MEMLOCK). mmap(): EINVAL for MAP_PRIVATE or what is outside.
 */
struct ntapc_window {
	__u32 size;
	__u32 flags;
	__u64 length;
};

#define NTAPC_WINDOW_MAX	(64 << 20)

/**
 * struct ntapc_create - NTAPC_IOC_CREATE: make or open a dispatcher object
 * @size: in: size of this struct in bytes
 * @type: in: NTAPC_OBJECT_*
 * @flags: in: NTAPC_CREATE_*
 * @count: in: an event: 1 if it starts signalled, else 0; a semaphore: its count,
 *	up to @limit; a mutant: 1 if it starts as the calling thread's, else 0; else
 *	0
 * @limit: in: a semaphore: the highest count, 1 to 0x7fffffff; else 0
 * @name_length: in: bytes at @name, 0 to NTAPC_NAME_MAX; 0: it has no name
 * @name: in: address of the name, any bytes; 0 if it has none
 * @existed: out: 1 if an object of that name was there and has been opened, else 0
 * @pad: in: 0
 *
 * Works on an instance and returns the object's descriptor. NT: NtCreateEvent,
 * NtCreateSemaphore, NtCreateMutant, NtCreateTimer, and NtOpenEvent and so on.
 *
 * Names are one user's (the effective uid) in one IPC namespace, and shared by all
 * types. If there is an object of that name already, it is opened as it is, and
 * @count and @limit only have to be valid; so is, of any of the two types of events
 * or timers, the other. A name goes with its object's last descriptor.
 *
 * poll(): readable (POLLIN) while signalled; a mutant while it is nobody's.
 *
 * Errors: EFAULT, E2BIG, EINVAL, ENOENT (NTAPC_CREATE_OPEN), EPROTOTYPE (the object
 * of that name is of another type), EMFILE and ENFILE as open(2), ENOMEM.
 */
struct ntapc_create {
	__u32 size;
	__u32 type;
	__u32 flags;
	__u32 count;
	__u32 limit;
	__u32 name_length;
	__u64 name;
	__u32 existed;
	__u32 pad;
};

#define NTAPC_OBJECT_NOTIFICATION_EVENT		0
#define NTAPC_OBJECT_SYNCHRONIZATION_EVENT	1
#define NTAPC_OBJECT_SEMAPHORE			2
#define NTAPC_OBJECT_MUTANT			3
#define NTAPC_OBJECT_NOTIFICATION_TIMER		4
#define NTAPC_OBJECT_SYNCHRONIZATION_TIMER	5

/* Only open what is there; needs a name. */
#define NTAPC_CREATE_OPEN	(1U << 0)

#define NTAPC_NAME_MAX		512

/**
 * struct ntapc_event - NTAPC_IOC_EVENT: change an event
 * @size: in: size of this struct in bytes
 * @op: in: NTAPC_EVENT_*
 * @previous: out: 1 if it was signalled, else 0
 * @pad: in: 0
 *
 * Works on an event. NT: NtSetEvent, NtResetEvent, NtPulseEvent. A pulse lets go who
 * waits at that moment, one thread if it is a synchronization event, and leaves it
 * not signalled; who is just suspended or handles a signal doesn't wait.
 *
 * Errors: EFAULT (if only @previous can't be written: it has been done), E2BIG,
 * EINVAL, ENOTTY (not an event).
 */
struct ntapc_event {
	__u32 size;
	__u32 op;
	__u32 previous;
	__u32 pad;
};

#define NTAPC_EVENT_SET		0
#define NTAPC_EVENT_RESET	1
#define NTAPC_EVENT_PULSE	2

/**
 * struct ntapc_release - NTAPC_IOC_RELEASE: give a semaphore or mutant back
 * @size: in: size of this struct in bytes
 * @count: in: how many, 1 to 0x7fffffff; a mutant: 1
 * @previous: out: NT's previous count: a semaphore's count; for a mutant 1 minus how
 *	often it was acquired
 * @pad: in: 0
 *
 * Works on a semaphore or a mutant. NT: NtReleaseSemaphore, NtReleaseMutant.
 *
 * Errors: EFAULT (if only @previous can't be written: it has been done), E2BIG,
 * EINVAL, ENOTTY (neither), EPERM (the mutant isn't the calling thread's, NT's
 * STATUS_MUTANT_NOT_OWNED; or it is one of ntsync's), EOVERFLOW (past the
 * semaphore's limit, NT's STATUS_SEMAPHORE_LIMIT_EXCEEDED), ENOMEM.
 */
struct ntapc_release {
	__u32 size;
	__u32 count;
	__s32 previous;
	__u32 pad;
};

/**
 * struct ntapc_set_timer - NTAPC_IOC_SET_TIMER: start a timer
 * @size: in: size of this struct in bytes
 * @period: in: ms between later expiries, up to 0x7fffffff; 0: there are none
 * @due: in: when it expires: units of 100 ns, negative from now on, else since
 *	1601-01-01 (UTC); 0 and any past time: at once
 * @routine: in: a user APC to be queued to the calling thread at each expiry, its
 *	arguments @context and the low and the high 32 bits of the time then, in
 *	units of 100 ns since 1601-01-01; 0: none
 * @context: in: see @routine; 0 without
 * @previous: out: 1 if it was signalled, else 0
 * @pad: in: 0
 *
 * Works on a timer, which becomes not signalled until it expires. NT: NtSetTimer. If
 * the APC of an earlier expiry is still queued there is none for this one; setting
 * the timer again takes it back, as NTAPC_IOC_CANCEL_TIMER does. A due time since
 * 1601 follows CLOCK_REALTIME when that is set, @period doesn't depend on it.
 *
 * Errors: EFAULT (if only @previous can't be written: it has been done), E2BIG,
 * EINVAL, ENOTTY (not a timer), EAGAIN (@routine: no APC left for the user), ENOMEM.
 */
struct ntapc_set_timer {
	__u32 size;
	__u32 period;
	__s64 due;
	__u64 routine;
	__u64 context;
	__u32 previous;
	__u32 pad;
};

/**
 * struct ntapc_cancel_timer - NTAPC_IOC_CANCEL_TIMER: stop a timer
 * @size: in: size of this struct in bytes
 * @was_set: out: 1 if it was going to expire, else 0
 * @signalled: out: 1 if it is signalled, which this doesn't change, else 0
 * @pad: in: 0
 *
 * Works on a timer. NT: NtCancelTimer. The APC that it may have queued is taken back.
 *
 * Errors: EFAULT (if only the results can't be written: it has been done), E2BIG,
 * EINVAL, ENOTTY (not a timer).
 */
struct ntapc_cancel_timer {
	__u32 size;
	__u32 was_set;
	__u32 signalled;
	__u32 pad;
};

/**
 * struct ntapc_object_info - NTAPC_IOC_OBJECT_INFO: state of a dispatcher object
 * @size: in: size of this struct in bytes, at least 16. out: the kernel's size
 * @type: out: NTAPC_OBJECT_*
 * @state: out: NT's SignalState: an event or timer: 1 if signalled, else 0; a
 *	semaphore: its count; a mutant: 1 minus how often it is acquired
 * @limit: out: of a semaphore, else 0
 * @flags: out: NTAPC_OBJECT_*, see there
 * @nr_waiters: out: waits that it is part of
 * @owner: out: id of the thread that a mutant is held by, in the caller's pid
 *	namespace, 0 if it isn't seen there; of a mutex of ntsync's the owner. Else 0
 * @period: out: of a timer that is set, ms; else 0
 * @remaining: out: time until a timer that is set expires, in units of 100 ns, below
 *	0 if that is past; else 0
 *
 * Works on an event, semaphore, mutant or timer. NT: NtQueryEvent, NtQuerySemaphore,
 * NtQueryMutant, NtQueryTimer. Members beyond @size aren't written.
 *
 * Errors: EFAULT, E2BIG, EINVAL.
 */
struct ntapc_object_info {
	__u32 size;
	__u32 type;
	__s32 state;
	__u32 limit;
	__u32 flags;
	__u32 nr_waiters;
	__u32 owner;
	__u32 period;
	__s64 remaining;
};

/* The mutant is the calling thread's. */
#define NTAPC_OBJECT_OWNED_BY_CALLER	(1U << 0)
/* The mutant's last owner has exited without releasing it. */
#define NTAPC_OBJECT_ABANDONED		(1U << 1)
/* The timer is going to expire. */
#define NTAPC_OBJECT_TIMER_SET		(1U << 2)
/* A mutex that ntsync's ioctls have made: owners are the numbers that they name. */
#define NTAPC_OBJECT_NTSYNC		(1U << 3)

#endif /* _UAPI_LINUX_NTAPC_H */
