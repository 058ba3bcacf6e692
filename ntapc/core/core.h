/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of APC queueing, delivery, alerts and wait order.
 *
 * Pure: nothing here knows a task, an address space, user memory or an
 * allocator, and nothing takes a lock. The caller serialises all calls that
 * name the same &struct ntapc_kthread. Numbers in comments are those of
 * Documentation/nt-semantics.rst.
 */
#ifndef NTAPC_CORE_H
#define NTAPC_CORE_H

#include <linux/list.h>
#include <linux/types.h>

struct ntapc_apc;

/* KPROCESSOR_MODE */
enum ntapc_mode {
	NTAPC_KERNEL_MODE,
	NTAPC_USER_MODE,
	NTAPC_NR_MODES,
};

/* KAPC_ENVIRONMENT */
enum ntapc_environment {
	NTAPC_ENV_ORIGINAL,
	NTAPC_ENV_ATTACHED,
	NTAPC_ENV_CURRENT,
	NTAPC_ENV_INSERT,
};

/**
 * struct ntapc_normal - what an APC is to call, in the form kernel routines
 *	may change
 * @routine: NormalRoutine; a user address for a user APC
 * @context: NormalContext
 * @arg: SystemArgument1 and SystemArgument2
 */
struct ntapc_normal {
	u64 routine;
	u64 context;
	u64 arg[2];
};

/*
 * KernelRoutine. Called with the APC off its list; may free it. Setting
 * @normal->routine to 0 suppresses the normal routine.
 */
typedef void (*ntapc_kernel_routine_t)(struct ntapc_apc *apc,
				       struct ntapc_normal *normal);
/* RundownRoutine: the APC will never be delivered. May free it. */
typedef void (*ntapc_rundown_routine_t)(struct ntapc_apc *apc);

/**
 * struct ntapc_apc - one asynchronous procedure call (KAPC, rule 1.1)
 * @entry: on one of the target's lists while @inserted
 * @kernel_routine: see &ntapc_kernel_routine_t
 * @rundown_routine: see &ntapc_rundown_routine_t
 * @normal: what to call
 * @environment: &enum ntapc_environment, resolved as rule 2.1 says
 * @mode: &enum ntapc_mode of the list it belongs on
 * @special_user: a special user APC that has reached its second stage (13.3)
 * @inserted: on a list
 *
 * The members from @entry on belong to the target's lock while @inserted, to
 * the owner otherwise.
 */
struct ntapc_apc {
	struct list_head entry;
	ntapc_kernel_routine_t kernel_routine;
	ntapc_rundown_routine_t rundown_routine;
	struct ntapc_normal normal;
	u8 environment;
	u8 mode;
	bool special_user;
	bool inserted;
};

/**
 * struct ntapc_apc_state - the queues of a thread in one address space
 *	(KAPC_STATE, rule 1.2)
 * @special: for each mode the APCs that go ahead of @normal: special kernel
 *	APCs, and special user APCs
 * @normal: for each mode the other ones. ApcListHead[mode] is @special followed
 *	by @normal; two lists make each insert O(1)
 * @kernel_in_progress: KernelApcInProgress, a normal kernel APC is running
 * @kernel_pending: KernelApcPending
 * @user_pending: UserApcPending, ordinary user APCs are armed
 * @special_pending: SpecialUserApcPending, @special of user mode isn't empty
 */
struct ntapc_apc_state {
	struct list_head special[NTAPC_NR_MODES];
	struct list_head normal[NTAPC_NR_MODES];
	bool kernel_in_progress;
	bool kernel_pending;
	bool user_pending;
	bool special_pending;
};

/* What ends, or doesn't yet end, a wait. The first are NT's status values. */
enum ntapc_wait_status {
	NTAPC_WAIT_OBJECT = 0x000,
	NTAPC_WAIT_USER_APC = 0x0c0,
	NTAPC_WAIT_KERNEL_APC = 0x100,
	NTAPC_WAIT_ALERTED = 0x101,
	NTAPC_WAIT_TIMEOUT = 0x102,
	NTAPC_WAIT_BLOCK = -1,
};

/**
 * struct ntapc_kthread - the APC part of a KTHREAD (rule 1.3)
 * @apc_state: ApcState, the active one
 * @saved_apc_state: SavedApcState, of the home process while attached
 * @apc_state_pointer: ApcStatePointer, by environment
 * @kernel_apc_disable: KernelApcDisable, below 0 in a critical region
 * @special_apc_disable: SpecialApcDisable, below 0 in a guarded region
 * @apc_state_index: ApcStateIndex, 1 while attached
 * @apc_queueable: ApcQueueable
 * @alerted: Alerted, by mode
 * @waiting: in a wait, which may be broken
 * @alertable: of that wait
 * @wait_mode: of that wait
 * @wait_status: what decided to end that wait, else %NTAPC_WAIT_BLOCK
 */
struct ntapc_kthread {
	struct ntapc_apc_state apc_state;
	struct ntapc_apc_state saved_apc_state;
	struct ntapc_apc_state *apc_state_pointer[2];
	s16 kernel_apc_disable;
	s16 special_apc_disable;
	u8 apc_state_index;
	bool apc_queueable;
	bool alerted[NTAPC_NR_MODES];
	bool waiting;
	bool alertable;
	u8 wait_mode;
	int wait_status;
};

/* What the caller of an insert or alert owes the target. */
enum ntapc_wake {
	NTAPC_WAKE_NONE,	/* nothing */
	NTAPC_WAKE_INTERRUPT,	/* make it run its kernel APCs (APC interrupt) */
	NTAPC_WAKE_UNWAIT,	/* its wait is over: wake it */
};

void ntapc_core_init(struct ntapc_kthread *kt);

/* apc.c: KeInitializeApc, KeInsertQueueApc, KeRemoveQueueApc, KeFlushQueueApc */
void ntapc_apc_init(struct ntapc_apc *apc, const struct ntapc_kthread *kt,
		    enum ntapc_environment environment,
		    ntapc_kernel_routine_t kernel_routine,
		    ntapc_rundown_routine_t rundown_routine,
		    u64 normal_routine, enum ntapc_mode mode,
		    u64 normal_context);
bool ntapc_core_insert(struct ntapc_kthread *kt, struct ntapc_apc *apc,
		       u64 arg1, u64 arg2, bool self, enum ntapc_wake *wake);
bool ntapc_core_remove(struct ntapc_kthread *kt, struct ntapc_apc *apc);
void ntapc_core_flush(struct ntapc_kthread *kt, enum ntapc_mode mode,
		      struct list_head *flushed);
bool ntapc_core_flush_some(struct ntapc_kthread *kt, enum ntapc_mode mode,
			   unsigned int max, struct list_head *flushed);
void ntapc_core_requeue(struct ntapc_kthread *kt, struct list_head *taken);

/* deliver.c: the choices of KiDeliverApc */
struct ntapc_apc *ntapc_core_next_kernel(struct ntapc_kthread *kt,
					 bool *blocked);
struct ntapc_apc *ntapc_core_next_user(struct ntapc_kthread *kt, bool guarded);
u32 ntapc_core_next_users(struct ntapc_kthread *kt, u32 max,
			  struct list_head *taken);

/* alert.c: KeTestAlertThread, KeAlertThread */
bool ntapc_core_test_alert(struct ntapc_kthread *kt, enum ntapc_mode mode);
bool ntapc_core_alert(struct ntapc_kthread *kt, enum ntapc_mode mode,
		      enum ntapc_wake *wake);

/* wait.c: the order of rule 11.1 */
int ntapc_core_wait_test(struct ntapc_kthread *kt, enum ntapc_mode mode,
			 bool alertable, bool signalled, bool guarded,
			 bool due);
void ntapc_core_wait_begin(struct ntapc_kthread *kt, enum ntapc_mode mode,
			   bool alertable);
enum ntapc_wake ntapc_core_wait_satisfy(struct ntapc_kthread *kt);
int ntapc_core_wait_end(struct ntapc_kthread *kt);

static inline bool
ntapc_apc_state_empty(const struct ntapc_apc_state *state, enum ntapc_mode mode)
{
	return list_empty(&state->special[mode]) &&
	       list_empty(&state->normal[mode]);
}

#endif
