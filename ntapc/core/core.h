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
#include <linux/ntapc.h>
#include <linux/types.h>

#include "../include/ntapc_kernel.h"

/**
 * struct ntapc_kprocess - the part of a KPROCESS that attaching needs
 * @state: NTAPC_PROCESS_* (rule 9.4)
 * @stack_count: StackCount: how many are attached (rule 9.5)
 * @ready_list: ReadyListHead: attachers that wait for it to be in memory, in
 *	order
 */
struct ntapc_kprocess {
	u8 state;
	u32 stack_count;
	struct list_head ready_list;
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
 * @exit_pending: the first of @special of user mode ends the thread (7.5)
 * @process: Process; NULL in SavedApcState while not attached
 */
struct ntapc_apc_state {
	struct list_head special[NTAPC_NR_MODES];
	struct list_head normal[NTAPC_NR_MODES];
	struct ntapc_kprocess *process;
	bool kernel_in_progress;
	bool kernel_pending;
	bool user_pending;
	bool special_pending;
	bool exit_pending;
};

/**
 * struct ntapc_apc_save - the save area of KeStackAttachProcess
 * @state: what was the active state; its process is NULL where that went to
 *	SavedApcState instead
 * @outer: of the attachment around it, or NULL
 */
struct ntapc_apc_save {
	struct ntapc_apc_state state;
	struct ntapc_apc_save *outer;
};

/**
 * struct ntapc_kobject - the part of a dispatcher object that decides waits
 *	(DISPATCHER_HEADER, and KMUTANT)
 * @type: NTAPC_OBJECT_* of the uapi header, or NTAPC_OBJECT_LIFE
 * @disables_apcs: a mutex of another module's: who has it is in a critical region
 *	(8.6)
 * @by_id: a mutant whose owners are the numbers that user space gives (ntsync's)
 * @abandoned: the mutant's last owner has ended without releasing it
 * @state: event, timer, life: 1 if signalled; semaphore: its count; mutant: how
 *	often it is acquired
 * @limit: of @state, of a semaphore
 * @owner: of a mutant: who has it, 0 for nobody
 */
struct ntapc_kobject {
	u8 type;
	bool disables_apcs;
	bool by_id;
	bool abandoned;
	u32 state;
	u32 limit;
	u64 owner;
};

/* A thread or process: signalled once it has ended. */
#define NTAPC_OBJECT_LIFE	6

/*
 * How often a thread may acquire a mutant: NT counts SignalState from 1 down to
 * MINLONG (11.6). ntsync's count in an u32.
 */
#define NTAPC_CORE_MUTANT_LIMIT		0x80000001u
#define NTAPC_CORE_MUTEX_LIMIT		U32_MAX

/* What ends, or doesn't yet end, a wait. The first are NT's status values. */
enum ntapc_wait_status {
	NTAPC_WAIT_OBJECT = 0x000,
	NTAPC_WAIT_ABANDONED = 0x080,
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
 * @save: of the newest attachment, or NULL
 * @kernel_apc_disable: KernelApcDisable, below 0 in a critical region
 * @special_apc_disable: SpecialApcDisable, below 0 in a guarded region
 * @apc_state_index: ApcStateIndex, 1 while attached
 * @apc_queueable: ApcQueueable
 * @alerted: Alerted, by mode
 * @alerted_by_id: AlertedByThreadId (15.1)
 * @waiting_by_id: in a wait for just that
 * @suspend_count: SuspendCount
 * @freeze_count: FreezeCount
 * @nr_resumed: how often @suspend_count has become 0
 * @nr_thawed: how often @freeze_count has
 * @suspended: in the wait of the suspend APC
 * @suspend_apc: SuspendApc, set before the first suspension
 * @acquiring: at the start of a wait, which objects may decide already, and
 *	nothing else (11.3)
 * @waiting: in a wait, which may be broken
 * @alertable: of that wait
 * @wait_mode: of that wait
 * @wait_status: what decided to end that wait, else %NTAPC_WAIT_BLOCK
 */
struct ntapc_kthread {
	struct ntapc_apc_state apc_state;
	struct ntapc_apc_state saved_apc_state;
	struct ntapc_apc_state *apc_state_pointer[2];
	struct ntapc_apc_save *save;
	s16 kernel_apc_disable;
	s16 special_apc_disable;
	u8 apc_state_index;
	bool apc_queueable;
	bool alerted[NTAPC_NR_MODES];
	bool alerted_by_id;
	bool waiting_by_id;
	u8 suspend_count;
	u8 freeze_count;
	u32 nr_resumed;
	u32 nr_thawed;
	bool suspended;
	bool acquiring;
	bool waiting;
	bool alertable;
	u8 wait_mode;
	int wait_status;
	struct ntapc_apc *suspend_apc;
};

/* What the caller of an insert or alert owes the target. */
enum ntapc_wake {
	NTAPC_WAKE_NONE,	/* nothing */
	NTAPC_WAKE_INTERRUPT,	/* make it run its kernel APCs (APC interrupt) */
	NTAPC_WAKE_UNWAIT,	/* its wait is over: wake it */
};

void ntapc_core_init(struct ntapc_kthread *kt, struct ntapc_kprocess *home);

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
bool ntapc_core_run_down_some(struct ntapc_kthread *kt, unsigned int max,
			      struct list_head *flushed);
bool ntapc_core_insert_exit(struct ntapc_kthread *kt, struct ntapc_apc *apc,
			    enum ntapc_wake *wake);
void ntapc_core_requeue(struct ntapc_kthread *kt, struct list_head *taken);

/* deliver.c: the choices of KiDeliverApc */
bool ntapc_core_kernel_due(const struct ntapc_kthread *kt);
struct ntapc_apc *ntapc_core_next_kernel(struct ntapc_kthread *kt,
					 bool *blocked);
struct ntapc_apc *ntapc_core_next_user(struct ntapc_kthread *kt, bool guarded);
u32 ntapc_core_next_users(struct ntapc_kthread *kt, u32 max,
			  struct list_head *taken);

void ntapc_core_kernel_done(struct ntapc_kthread *kt);
void ntapc_core_return_to_user(struct ntapc_kthread *kt);
bool ntapc_core_kernel_runs(const struct ntapc_kthread *kt,
			    const struct ntapc_apc *apc);

/* region.c: critical and guarded regions */
void ntapc_core_enter_critical(struct ntapc_kthread *kt);
bool ntapc_core_leave_critical(struct ntapc_kthread *kt);
void ntapc_core_enter_guarded(struct ntapc_kthread *kt);
bool ntapc_core_leave_guarded(struct ntapc_kthread *kt);
bool ntapc_core_apcs_disabled(const struct ntapc_kthread *kt);
bool ntapc_core_all_apcs_disabled(const struct ntapc_kthread *kt);

/* suspend.c: KeSuspendThread and its kin */
#define NTAPC_CORE_SUSPEND_EXCEEDED	(-1)
int ntapc_core_suspend(struct ntapc_kthread *kt, bool self,
		       enum ntapc_wake *wake);
int ntapc_core_resume(struct ntapc_kthread *kt, enum ntapc_wake *wake);
int ntapc_core_alert_resume(struct ntapc_kthread *kt, enum ntapc_wake *wake);
int ntapc_core_freeze(struct ntapc_kthread *kt, bool self,
		      enum ntapc_wake *wake);
int ntapc_core_thaw(struct ntapc_kthread *kt, enum ntapc_wake *wake);
int ntapc_core_force_resume(struct ntapc_kthread *kt, enum ntapc_wake *wake);
int ntapc_core_unsuspend(struct ntapc_kthread *kt, u32 since,
			 enum ntapc_wake *wake);
int ntapc_core_unfreeze(struct ntapc_kthread *kt, u32 since,
			enum ntapc_wake *wake);
bool ntapc_core_suspend_begin(struct ntapc_kthread *kt);
int ntapc_core_suspend_end(struct ntapc_kthread *kt);
bool ntapc_core_suspend_again(struct ntapc_kthread *kt);

/* attach.c: KeAttachProcess and its kin */
enum ntapc_attach_result {
	NTAPC_ATTACHED,		/* or detached */
	NTAPC_ATTACH_SAME,	/* nothing had to be done */
	NTAPC_ATTACH_REFUSED,	/* NT: bugcheck 5 or 6 */
	NTAPC_ATTACH_EXCEEDED,	/* StackCount is at its limit */
};

enum ntapc_attach_result
ntapc_core_attach(struct ntapc_kthread *kt, struct ntapc_kprocess *process,
		  struct ntapc_apc_save *save, bool stack);
void ntapc_core_attach_resident(struct ntapc_kthread *kt,
				struct ntapc_kprocess *process);
enum ntapc_attach_result ntapc_core_detach(struct ntapc_kthread *kt,
					   bool unstack, bool *recheck);
bool ntapc_core_attach_undo(struct ntapc_kthread *kt,
			    struct ntapc_kprocess *process);

/* process.c: being in memory or not */
void ntapc_core_process_init(struct ntapc_kprocess *process);
bool ntapc_core_process_enter(struct ntapc_kprocess *process);
void ntapc_core_process_leave(struct ntapc_kprocess *process);
bool ntapc_core_process_wait(struct ntapc_kprocess *process,
			     struct list_head *entry);
bool ntapc_core_out_swap_begin(struct ntapc_kprocess *process);
bool ntapc_core_out_swap_start(struct ntapc_kprocess *process);
bool ntapc_core_out_swap_end(struct ntapc_kprocess *process);
void ntapc_core_out_swap_cancel(struct ntapc_kprocess *process);
void ntapc_core_in_swap_start(struct ntapc_kprocess *process);
void ntapc_core_in_swap_end(struct ntapc_kprocess *process);

/* alert.c: KeTestAlertThread, KeAlertThread, NtAlertThreadByThreadId */
bool ntapc_core_test_alert(struct ntapc_kthread *kt, enum ntapc_mode mode);
bool ntapc_core_alert(struct ntapc_kthread *kt, enum ntapc_mode mode,
		      enum ntapc_wake *wake);
void ntapc_core_alert_by_id(struct ntapc_kthread *kt, enum ntapc_wake *wake);
bool ntapc_core_take_alert_by_id(struct ntapc_kthread *kt);

/* wait.c: the order of rule 11.1 */
int ntapc_core_wait_test(struct ntapc_kthread *kt, enum ntapc_mode mode,
			 bool alertable, bool signalled, bool guarded,
			 bool due);

/**
 * ntapc_core_wait_acquire - from here on objects can decide the wait
 * @kt: the current thread, about to look at them one after the other
 *
 * APCs and alerts can't yet: an object that is signalled when the wait begins
 * wins over them, whichever comes first while it is looked for (11.1, 11.3).
 */
static inline void ntapc_core_wait_acquire(struct ntapc_kthread *kt)
{
	kt->acquiring = true;
	kt->waiting = false;
	kt->wait_status = NTAPC_WAIT_BLOCK;
}

/**
 * ntapc_core_wait_begin - from here on the wait can be broken (3.5, 3.6, 5.1)
 * @kt: the current thread, about to block
 * @mode: WaitMode
 * @alertable: Alertable
 */
static inline void ntapc_core_wait_begin(struct ntapc_kthread *kt,
					 enum ntapc_mode mode, bool alertable)
{
	kt->acquiring = false;
	kt->waiting = true;
	kt->alertable = alertable;
	kt->wait_mode = mode;
	kt->wait_status = NTAPC_WAIT_BLOCK;
}

/**
 * ntapc_core_wait_satisfy - an object that the thread waits for is signalled
 * @kt: a thread that may be in that wait
 *
 * If nothing has decided the wait yet, this does (11.11).
 *
 * Return: what is to be done to the thread.
 */
static inline enum ntapc_wake
ntapc_core_wait_satisfy(struct ntapc_kthread *kt)
{
	if ((!kt->waiting && !kt->acquiring) ||
	    kt->wait_status != NTAPC_WAIT_BLOCK)
		return NTAPC_WAKE_NONE;
	kt->wait_status = NTAPC_WAIT_OBJECT;
	return NTAPC_WAKE_UNWAIT;
}

/**
 * ntapc_core_wait_end - the thread has stopped blocking, for whatever reason, or
 *	looking for what is signalled
 * @kt: the current thread
 *
 * Return: what broke the wait, which stands whatever has happened since
 * (11.11), or %NTAPC_WAIT_BLOCK.
 */
static inline int ntapc_core_wait_end(struct ntapc_kthread *kt)
{
	kt->acquiring = false;
	kt->waiting = false;
	return kt->wait_status;
}

/* object.c: what dispatcher objects are signalled by, and what a wait takes */
void ntapc_core_object_init(struct ntapc_kobject *ko, u8 type, u32 state,
			    u32 limit);
bool ntapc_core_satisfy(struct ntapc_kobject *ko, u64 owner);
bool ntapc_core_keeps(const struct ntapc_kobject *ko);
u32 ntapc_core_set(struct ntapc_kobject *ko);
u32 ntapc_core_reset(struct ntapc_kobject *ko);
bool ntapc_core_release_semaphore(struct ntapc_kobject *ko, u32 count,
				  u32 *previous);
bool ntapc_core_release_mutant(struct ntapc_kobject *ko, u64 owner,
			       u32 *previous);
bool ntapc_core_abandon(struct ntapc_kobject *ko, u64 owner);
s32 ntapc_core_signal_state(const struct ntapc_kobject *ko);

static inline bool ntapc_core_is_event(const struct ntapc_kobject *ko)
{
	return ko->type == NTAPC_OBJECT_NOTIFICATION_EVENT ||
	       ko->type == NTAPC_OBJECT_SYNCHRONIZATION_EVENT;
}

/* SignalState of a mutant that is acquired that often. */
static inline s32 ntapc_core_mutant_state(u32 acquired)
{
	return (s32)(1 - acquired);
}

static inline u32 ntapc_core_mutant_limit(const struct ntapc_kobject *ko)
{
	return ko->by_id ? NTAPC_CORE_MUTEX_LIMIT : NTAPC_CORE_MUTANT_LIMIT;
}

/**
 * ntapc_core_signalled - would it satisfy a wait now?
 * @ko: the object
 * @owner: who waits, for a mutant
 *
 * Return: whether it would. A mutant is signalled for its owner, too (11.5).
 */
static inline bool ntapc_core_signalled(const struct ntapc_kobject *ko,
					u64 owner)
{
	if (ko->type != NTAPC_OBJECT_MUTANT)
		return ko->state;
	return (!ko->owner || ko->owner == owner) &&
	       ko->state < ntapc_core_mutant_limit(ko);
}

/**
 * ntapc_core_is_exceeded - has the waiting thread the mutant as often as it may?
 * @ko: the object
 * @owner: who waits
 *
 * Return: whether the wait is to fail (11.6). ntsync's wait then goes on.
 */
static inline bool ntapc_core_is_exceeded(const struct ntapc_kobject *ko,
					  u64 owner)
{
	return ko->type == NTAPC_OBJECT_MUTANT && !ko->by_id &&
	       ko->owner == owner &&
	       ko->state >= ntapc_core_mutant_limit(ko);
}

/* Must the thread stand still? (6.6) */
static inline bool ntapc_core_to_suspend(const struct ntapc_kthread *kt)
{
	return kt->suspend_count || kt->freeze_count;
}

static inline bool
ntapc_apc_state_empty(const struct ntapc_apc_state *state, enum ntapc_mode mode)
{
	return list_empty(&state->special[mode]) &&
	       list_empty(&state->normal[mode]);
}

#endif
