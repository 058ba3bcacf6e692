/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How selftests/model.c and ntapc_exerciser.ko talk: steps go in, and each gives
 * what it returned and all that can be seen afterwards. For tests only: no ABI.
 */
#ifndef NTAPC_TESTS_EXERCISER_H
#define NTAPC_TESTS_EXERCISER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EXERCISER_DEVICE	"ntapc-exerciser"

/* APCs are numbers. The first two have a purpose. */
#define EXERCISER_SUSPEND_APC	0
#define EXERCISER_EXIT_APC	1
#define EXERCISER_APCS		12

#define EXERCISER_NONE		0xff

/* Processes are numbers, too, and the first is the thread's own. */
#define EXERCISER_PROCESSES	4
/* So many attachments nest. */
#define EXERCISER_DEPTH		4

enum exerciser_kind {
	KIND_SPECIAL_KERNEL,
	KIND_NORMAL_KERNEL,
	KIND_ORDINARY_USER,
	KIND_SPECIAL_USER,	/* in its second stage */
	NR_KINDS_OF_APC,
};

/* What @apc, @a, @b and @value of a step mean is in brackets. */
enum exerciser_what {
	STEP_RESET,		/* a new thread, new APCs */
	STEP_INIT,		/* [apc, a: kind, b: environment] */
	STEP_INSERT,		/* [apc, a: to oneself, value: argument] */
	STEP_INSERT_EXIT,
	STEP_REMOVE,		/* [apc] */
	STEP_FLUSH,		/* [a: mode, value: at most so many, 0 for all] */
	STEP_RUN_DOWN,		/* [value: at most so many of each queue] */
	STEP_NEXT_KERNEL,	/* [a: a normal one's normal routine begins] */
	STEP_KERNEL_DONE,
	STEP_NEXT_USER,		/* [a: guarded, b: keep it] */
	STEP_NEXT_USERS,	/* [b: keep them, value: at most so many] */
	STEP_REQUEUE,		/* those kept */
	STEP_DROP,		/* those kept */
	STEP_KERNEL_RUNS,	/* [apc] */
	STEP_RETURN_TO_USER,
	STEP_ALERT,		/* [a: mode] */
	STEP_TEST_ALERT,	/* [a: mode] */
	STEP_ALERT_BY_ID,
	STEP_TAKE_ALERT_BY_ID,
	STEP_WAIT_TEST,		/* [a: mode, b: bits TEST_*] */
	STEP_WAIT_BEGIN,	/* [a: mode, b: bits BEGIN_*] */
	STEP_WAIT_SATISFY,
	STEP_WAIT_END,
	STEP_ENTER_CRITICAL,
	STEP_LEAVE_CRITICAL,
	STEP_ENTER_GUARDED,
	STEP_LEAVE_GUARDED,
	STEP_SUSPEND,		/* [a: oneself] */
	STEP_RESUME,
	STEP_ALERT_RESUME,
	STEP_FREEZE,		/* [a: oneself] */
	STEP_THAW,
	STEP_FORCE_RESUME,
	STEP_SUSPEND_BEGIN,
	STEP_SUSPEND_END,
	STEP_SUSPEND_AGAIN,
	STEP_QUEUEABLE,		/* [a] */
	STEP_ATTACH,		/* [a: process, b: bits ATTACH_*] */
	STEP_RESIDENT,		/* the process is in memory now */
	STEP_DETACH,		/* [a: unstack] */
	STEP_UNDO,		/* of the newest attachment */
	NR_STEPS,
};

#define TEST_ALERTABLE		0x1
#define TEST_SIGNALLED		0x2
#define TEST_GUARDED		0x4
#define TEST_DUE		0x8

#define BEGIN_ALERTABLE		0x1
#define BEGIN_BY_ID		0x2

#define ATTACH_STACK		0x1
#define ATTACH_FULL		0x2	/* as many are attached as may be */

/* Of what STEP_DETACH returns: kernel APCs are to run now. */
#define RET_RECHECK		0x100

struct exerciser_step {
	__u8 what;
	__u8 apc;
	__u8 a;
	__u8 b;
	__u32 value;
};

/* Of one KAPC_STATE: shifted by SHIFT_SAVED for the saved one. */
#define FLAG_IN_PROGRESS	0x00000001
#define FLAG_KERNEL_PENDING	0x00000002
#define FLAG_USER_PENDING	0x00000004
#define FLAG_SPECIAL_PENDING	0x00000008
#define FLAG_EXIT_PENDING	0x00000010
#define SHIFT_SAVED		5
/* Of the thread. */
#define FLAG_ATTACHED		0x00000400
#define FLAG_QUEUEABLE		0x00000800
#define FLAG_KERNEL_ALERT	0x00001000
#define FLAG_USER_ALERT		0x00002000
#define FLAG_ALERT_BY_ID	0x00004000
#define FLAG_SUSPENDED		0x00008000
#define FLAG_TO_SUSPEND		0x00010000
#define FLAG_APCS_DISABLED	0x00020000
#define FLAG_ALL_DISABLED	0x00040000
#define FLAG_IN_WAIT		0x00080000
/* Only in a wait. */
#define FLAG_ALERTABLE		0x00100000
#define FLAG_USER_WAIT		0x00200000
/* Lists or pointers that make no sense. */
#define FLAG_CORRUPT		0x80000000

/* The queues, by state and mode, and the APCs kept or just flushed. */
#define EXERCISER_STATES	(EXERCISER_DEPTH + 1)
#define EXERCISER_LISTS		(2 * EXERCISER_STATES + 1)
#define EXERCISER_END		0xfe

/**
 * struct exerciser_state - all that can be seen of the thread
 * @flags: bits FLAG_*
 * @wait_status: what ended its wait, the last one if it is in none
 * @kernel_disable: KernelApcDisable
 * @special_disable: SpecialApcDisable
 * @suspend_count: SuspendCount
 * @freeze_count: FreezeCount
 * @inserted: a bit for each APC
 * @depth: how many attachments are nested
 * @stack_count: StackCount of each process
 * @process: Process of the active state, the saved one, and those that nested
 *	attachments have saved, the inmost first; the rest is EXERCISER_NONE
 * @outer_flags: of those, as of the others in @flags
 * @lists: kernel and user queue of each state, in the same order, and those kept,
 *	each ended by EXERCISER_END; the rest is EXERCISER_NONE
 * @pad: 0
 * @args: the sum, over the inserted APCs, of exerciser_args()
 */
struct exerciser_state {
	__u32 flags;
	__s32 wait_status;
	__s16 kernel_disable;
	__s16 special_disable;
	__u8 suspend_count;
	__u8 freeze_count;
	__u16 inserted;
	__u8 depth;
	__u8 stack_count[EXERCISER_PROCESSES];
	__u8 process[EXERCISER_STATES];
	__u8 outer_flags[EXERCISER_STATES - 2];
	__u8 lists[EXERCISER_APCS + EXERCISER_LISTS + 1];
	__u8 pad[3];
	__u64 args;
};

static inline __u64 exerciser_args(unsigned int apc, __u64 arg1, __u64 arg2)
{
	return (arg1 ^ arg2 << 1) * (2 * apc + 1);
}

/**
 * struct exerciser_result - what a step did
 * @ret: what it returned
 * @wake: what the target is owed
 * @blocked: no user APC may be delivered
 * @apc: the one it returned
 * @refused: 1: it makes no sense now and wasn't done
 * @state: afterwards
 */
struct exerciser_result {
	__s32 ret;
	__u8 wake;
	__u8 blocked;
	__u8 apc;
	__u8 refused;
	struct exerciser_state state;
};

struct exerciser_run {
	__u64 steps;
	__u64 results;
	__u32 nr;
	__u32 pad;
};

#define EXERCISER_RUN		_IOW('N', 0xe0, struct exerciser_run)

#endif
