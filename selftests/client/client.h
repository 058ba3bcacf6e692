/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * How a test drives the client module: /dev/ntapc-client.
 *
 * A *step* is one call of the in-kernel API. Steps run in the caller's context,
 * all of them in one ioctl (CLIENT_IOC_RUN); or they are stored as a *program*,
 * which then runs inside an APC's routine or is what a system thread does. What
 * happens goes to a log, in the order in which it happens.
 */
#ifndef NTAPC_SELFTESTS_CLIENT_H
#define NTAPC_SELFTESTS_CLIENT_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define CLIENT_DEVICE		"/dev/ntapc-client"

#define CLIENT_STEPS_MAX	48
#define CLIENT_NR_PROGRAMS	16	/* 0 is none */
#define CLIENT_NR_SYSTEMS	128
#define CLIENT_NR_PROCESSES	8	/* 0 is none */
#define CLIENT_NR_SAVES		64
#define CLIENT_NR_GATES		32
#define CLIENT_NR_OBJECTS	70	/* more than a wait may be for */
#define CLIENT_LOG_MAX		1024

/* What a step does, and its result. Unless said otherwise that is 0 or -errno. */
enum client_op {
	/* Nothing but an event in the log. */
	CLIENT_MARK,
	/*
	 * Makes .count (0: 1) APCs and inserts them, numbered from .id on, with
	 * .arg as system arguments. How many insertions succeeded.
	 */
	CLIENT_INSERT,
	/* Makes APC .id, as CLIENT_INSERT does, and doesn't insert it. */
	CLIENT_MAKE,
	/* Inserts APC .id, which was made: 1 or 0. */
	CLIENT_INSERT_MADE,
	/* Removes APC .id: 1 or 0. */
	CLIENT_REMOVE,
	/* Flushes the queue of .mode. */
	CLIENT_FLUSH,

	CLIENT_ENTER_CRITICAL,
	CLIENT_LEAVE_CRITICAL,
	CLIENT_ENTER_GUARDED,
	CLIENT_LEAVE_GUARDED,
	/* 1: APCs are disabled, 2: all of them are. */
	CLIENT_ARE_DISABLED,
	/* 1: attached, 2: there is a current process. */
	CLIENT_IS_ATTACHED,

	/* Keeps the process of .target, with a reference, as number .id. */
	CLIENT_KEEP_PROCESS,
	/* Drops the reference to process .id. */
	CLIENT_DROP_PROCESS,
	/* The number of the current process, 0 if it isn't kept. */
	CLIENT_WHERE,
	/* To process .target: a kept one's number, or 0: the current one. */
	CLIENT_ATTACH,
	CLIENT_DETACH,
	/* The same, with save area .id. */
	CLIENT_STACK_ATTACH,
	CLIENT_UNSTACK,
	/*
	 * .count (0: 8) bytes at .routine where the thread is attached: read, for
	 * the result the first eight of them; or .arg[0] written to them all.
	 */
	CLIENT_READ,
	CLIENT_WRITE,
	/*
	 * Reads them again and again, until that fails or gate .id is open; with
	 * CLIENT_DIRECT or CLIENT_IN_CALL otherwise than by ntapc_read_attached().
	 */
	CLIENT_READ_ON,
	/* Has .program and then a read of .routine done where it is attached. */
	CLIENT_CALL,
	/* All that is needed to read .routine of the process of thread .target. */
	CLIENT_PEEK,
	/* Registers the attached routine "client-more", or takes it away. */
	CLIENT_REGISTER,
	CLIENT_UNREGISTER,

	/* Alerts .target with .mode: what the alert was before. */
	CLIENT_ALERT,
	/* Takes the current thread's alert of .mode: whether there was one. */
	CLIENT_TEST_ALERT,
	/* These return the previous count. */
	CLIENT_ALERT_RESUME,
	CLIENT_SUSPEND,
	CLIENT_RESUME,
	CLIENT_FORCE_RESUME,
	CLIENT_FREEZE_ALL,
	CLIENT_THAW_ALL,
	/* Ends .target with status .arg[0]. */
	CLIENT_TERMINATE,

	/* Waits of .mode, for .arg[0] ms or CLIENT_FOREVER: NT's status. */
	CLIENT_DELAY,
	CLIENT_WAIT,

	/*
	 * Object .id: of type .routine (NTAPC_OBJECT_* or CLIENT_MUTEX), with .arg as
	 * count and limit; the one of descriptor .target; the one of a thread or
	 * process, .target. What has had that number is let go.
	 */
	CLIENT_MAKE_OBJECT,
	CLIENT_KEEP_OBJECT,
	CLIENT_OBJECT_OF_THREAD,
	CLIENT_OBJECT_OF_PROCESS,
	/* A descriptor for object .id. */
	CLIENT_OBJECT_FD,
	/* What these do to object .id: whether it was signalled before. */
	CLIENT_SET_EVENT,
	CLIENT_RESET_EVENT,
	CLIENT_PULSE_EVENT,
	/* .count of it: the count before. */
	CLIENT_RELEASE_SEMAPHORE,
	CLIENT_RELEASE_MUTANT,
	/* .arg[0] as for waits, .arg[1] the period in ms: whether it was set. */
	CLIENT_SET_TIMER,
	CLIENT_CANCEL_TIMER,
	CLIENT_READ_STATE,
	/* Wait for object .id, or for .count of them from .id on. */
	CLIENT_WAIT_OBJECT,
	CLIENT_WAIT_OBJECTS,

	/* System thread .id does .program, again and again with CLIENT_REPEAT. */
	CLIENT_CREATE_SYSTEM,
	/* Stops system thread .id: its exit status. */
	CLIENT_STOP_SYSTEM,
	/* Leaves system thread .id to its fate. */
	CLIENT_FORGET_SYSTEM,
	/* In a system thread: ends it with status .arg[0]; elsewhere EINVAL. */
	CLIENT_EXIT_SYSTEM,
	/* In a system thread: ends it without a word to ntapc; elsewhere EINVAL. */
	CLIENT_VANISH,
	/* In a system thread: whether it is to stop. */
	CLIENT_SHOULD_STOP,
	/* In a system thread: runs its kernel APCs. */
	CLIENT_DELIVER,

	/* Waits, other than by ntapc, until gate .id is open. */
	CLIENT_WAIT_GATE,
	CLIENT_OPEN_GATE,
	/* Writes .arg[0] to user memory at .routine. */
	CLIENT_WRITE_USER,
	/* Leaves a routine's state other than it was: enum client_leak in .id. */
	CLIENT_LEAK,
	CLIENT_NR_OPS,
};

enum client_leak {
	CLIENT_LEAK_PREEMPT,
	CLIENT_LEAK_IRQ,
	CLIENT_LEAK_LOCK,
};

#define CLIENT_FOREVER		(~0ULL)

/* KeInitializeMutex, besides the types of ntapc.h */
#define CLIENT_MUTEX		0x100

/* client_step.flags, of CLIENT_INSERT */
#define CLIENT_SPECIAL		(1U << 0)	/* no normal routine */
#define CLIENT_SUPPRESS		(1U << 1)	/* kernel routine: none to follow */
#define CLIENT_CHANGE		(1U << 2)	/* kernel routine: another, other arguments */
#define CLIENT_REINSERT		(1U << 3)	/* kernel routine: .times more */
#define CLIENT_TWICE		(1U << 4)	/* insert it a second time at once */
#define CLIENT_ATOMIC		(1U << 5)	/* insert it with preemption disabled */
/* of waits */
#define CLIENT_ALERTABLE	(1U << 6)
#define CLIENT_RAW_TIME		(1U << 8)	/* .arg[0] is in NT's units */
/* of CLIENT_CREATE_SYSTEM */
#define CLIENT_REPEAT		(1U << 7)
/* of CLIENT_READ_ON */
#define CLIENT_DIRECT		(1U << 9)	/* in a system thread, by itself */
#define CLIENT_IN_CALL		(1U << 10)	/* in ntapc_call_attached() */
/* of CLIENT_WAIT_OBJECTS; with CLIENT_TWICE the last is the first */
#define CLIENT_ALL		(1U << 12)
/* of all */
#define CLIENT_QUIET		(1U << 11)	/* not for the log */

/* What CLIENT_CHANGE makes of context and arguments. */
#define CLIENT_CHANGED(value)	((value) + 0x1000)

/**
 * struct client_step - one step
 * @op: &enum client_op
 * @flags: CLIENT_*
 * @target: a thread: its id; 0, the current one; or less, minus a system
 *	thread's number
 * @id: number of an APC, system thread, gate, process, save area
 * @routine: user APC: its address; memory: its address
 * @context: user APC: its first argument
 * @arg: see @op
 * @environment: 0 original, 1 attached, 2 current, 3 insert
 * @mode: 0 kernel, 1 user
 * @program: what the normal routine or system thread does, or 0
 * @kernel_program: what the kernel routine does, or 0
 * @count: see @op
 * @times: see CLIENT_REINSERT
 * @pad: 0
 * @result: out
 */
struct client_step {
	__u32 op;
	__u32 flags;
	__s32 target;
	__u32 id;
	__u64 routine;
	__u64 context;
	__u64 arg[2];
	__u8 environment;
	__u8 mode;
	__u8 program;
	__u8 kernel_program;
	__u32 count;
	__u32 times;
	__u32 pad;
	__s64 result;
};

enum client_what {
	/* .id is the op, .context its program, .arg the step's id and place */
	CLIENT_STEP,
	CLIENT_KERNEL,		/* .id the APC, context and arguments as they were */
	CLIENT_KERNEL_END,
	CLIENT_NORMAL,
	CLIENT_NORMAL_END,
	CLIENT_OTHER_NORMAL,	/* where CLIENT_CHANGE leads */
	CLIENT_RUNDOWN,
	CLIENT_SYSTEM,		/* .id the system thread */
	CLIENT_SYSTEM_END,
	CLIENT_PREPARE,		/* of a named kernel APC */
	CLIENT_NAMED,
	CLIENT_RELEASE,
	CLIENT_COPIED,		/* .id of the step, .context bytes were copied */
	CLIENT_READS_ON,	/* .id of the step, which has read once */
	CLIENT_CALLED,		/* .id 1: in a kernel thread */
	CLIENT_ROUTINE,		/* an attached routine, by a user program */
};

/**
 * struct client_event - something happened
 * @what: &enum client_what
 * @id: see there
 * @tid: in whose context
 * @attached: whether that thread was attached
 * @context: NormalContext
 * @arg: SystemArgument1 and 2
 * @result: of a step
 */
struct client_event {
	__u32 what;
	__u32 id;
	__s32 tid;
	__u32 attached;
	__u64 context;
	__u64 arg[2];
	__s64 result;
};

/* CLIENT_IOC_RUN, and CLIENT_IOC_PROGRAM, which stores them as @number. */
struct client_program {
	__u64 steps;
	__u32 nr;
	__u32 number;
};

/* Copies events from @from on, @room at most; @logged is how many there are. */
struct client_log {
	__u64 events;
	__u32 from;
	__u32 room;
	__u32 logged;
	__u32 pad;
};

/* CLIENT_IOC_KICK: for the benchmark. */
struct client_kick {
	__u32 how;		/* CLIENT_KICK_* */
	__s32 tid;
	__u64 arrival;		/* where the time of arrival is written */
	__u64 begin;		/* out: time before the insertion */
};

#define CLIENT_KICK_APC		0	/* a special kernel APC */
#define CLIENT_KICK_TASK_WORK	1	/* a bare task work */

#define CLIENT_IOC_RUN		_IOWR('C', 0, struct client_program)
#define CLIENT_IOC_PROGRAM	_IOW('C', 1, struct client_program)
#define CLIENT_IOC_LOG		_IOWR('C', 2, struct client_log)
#define CLIENT_IOC_RESET	_IO('C', 3)
#define CLIENT_IOC_KICK		_IOWR('C', 4, struct client_kick)

#endif
