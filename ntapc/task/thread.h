/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads and processes that ntapc knows, and what is done to them.
 *
 * Who owns whom
 *
 *   A thread's record is made when the thread first calls ntapc or is first
 *   opened. While the thread lives the record is in a hash, by task, which holds
 *   one reference. Every descriptor for the thread holds one, and so does every
 *   task work under way. It *retires* when the thread exits or calls execve(),
 *   and from then on nothing is queued to it; it is freed with its last
 *   reference. Each record holds a reference to its process's record, which is
 *   in a hash by thread group until the group exits or calls execve().
 *
 *   A system thread has a record as well, made with it and without an address
 *   space; its process is the one that stands for all of them.
 *
 *   A queued APC belongs to its target. Every descriptor holds the module. When
 *   the last one is closed, each thread that has APCs queued or task work under
 *   way is *pinned*: it holds a reference to the module until nothing is left,
 *   so that the module can't go while its code is still to be called. (The last
 *   instructions after dropping that reference are module_exit's affair, see
 *   main.c.)
 *
 * Locks, outer first
 *
 *   named_mutex (named.c)         the list of named kernel APCs
 *   ntapc_process.sweep_mutex     sweeps through a process's threads
 *   ntapc_process.control_mutex   making of control pages
 *   ntapc_thread.waitq.lock       who waits for a thread's end or suspension
 *   (the locks of dispatcher objects, see sync/sync.h)
 *   ntapc_thread.lock             everything about one thread's APCs
 *   ntapc_process.lock            control slots in use
 *   users_lock (user.c)           the hash of users
 *   postponed_lock (deliver.c)    the list of threads to be kicked again
 *   system_lock (system.c)        the list of system threads
 *   threads_lock (thread.c)       the hash of threads; raw
 *   processes_lock (process.c)    the hash of processes, their life and death; raw
 *
 * Only the last two are taken with preemption disabled by the caller (by probes
 * of tracepoints); no lock is taken in interrupts. Below ntapc_thread.lock are
 * only the kernel's own: task_work_add() and wake_up_process() are called under
 * it, which is what keeps ->task valid for them. No two threads' locks are held
 * together.
 */
#ifndef NTAPC_TASK_THREAD_H
#define NTAPC_TASK_THREAD_H

#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/restart_block.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal_types.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/ntapc.h>

#include "../core/core.h"

struct ntapc_literal;
struct ntapc_object;
struct pt_regs;
struct vm_area_struct;

/**
 * struct ntapc_user - what one user has queued
 * @hash: by @uid; protected by users_lock
 * @uid: invariant
 * @state: how many descriptors charge to it, and how many APCs are charged;
 *	one word, see user.c. At 0 it is freed
 * @nr_calls: attached routines that run for it
 * @all_lock: held by who locks more than one of its dispatcher objects, sync/'s own
 */
struct ntapc_user {
	struct hlist_node hash;
	kuid_t uid;
	atomic64_t state;
	atomic_t nr_calls;
	spinlock_t all_lock;
};

/**
 * struct ntapc_reserve_object - memory set aside for one APC
 * @kref: one for the descriptor, one while @busy
 * @busy: 0 or 1; whoever takes it from 0 to 1 owns @apc
 * @user: who made it and is charged for it as long as it exists; invariant
 * @apc: the APC
 */
struct ntapc_reserve_object;

/**
 * struct ntapc_user_apc - an APC that user space queued
 * @apc: the APC itself
 * @thread: the target, which outlives it; invariant while queued
 * @user: who is charged for it; NULL if it is @reserve's
 * @reserve: the reserve object that it is part of, or NULL
 * @authority: if @foreign, ntapc_authority.nr of the target when it was queued
 * @flags: NTAPC_QUEUE_SPECIAL and NTAPC_QUEUE_CALLBACK_CONTEXT as queued, and
 *	NTAPC_APC_FOREIGN
 */
struct ntapc_user_apc {
	struct ntapc_apc apc;
	struct ntapc_thread *thread;
	struct ntapc_user *user;
	struct ntapc_reserve_object *reserve;
	u32 authority;
	u32 flags;
};

/* In ntapc_user_apc.flags: queued from another address space. */
#define NTAPC_APC_FOREIGN	BIT(31)

struct ntapc_reserve_object {
	struct kref kref;
	atomic_t busy;
	struct ntapc_user *user;
	struct ntapc_user_apc apc;
};

/**
 * struct ntapc_authority - what a right to act was checked against
 * @cred: the credentials last looked at, referenced
 * @nr: counts the changes that took the right away from other processes
 * @dumpable: of the address space, when last looked at
 *
 * Written under the lock of what it is part of, @nr first.
 */
struct ntapc_authority {
	const struct cred *cred;
	u32 nr;
	u8 dumpable;
};

/**
 * struct ntapc_process - a thread group with one address space
 * @kref: one for each thread's record, one while hashed
 * @hash: by @tgid; protected by processes_lock, read under RCU
 * @rcu: frees it
 * @tgid: referenced; invariant
 * @retire_work: drops @retired_mm and the hash's reference
 * @mm: its address space, for comparing only; NULL once it has exited or called
 *	execve(). Referenced (mmgrab) while not NULL. Written under processes_lock,
 *	read under RCU
 * @retired_mm: what @mm was
 * @dispatcher: where frames start, or 0; plain loads and stores
 * @syscall_insn: where its code has an instruction that makes a system call, or 0;
 *	plain loads and stores
 * @is_32bit: a process of 32 bits; invariant
 * @authority: what other processes' right to act on it depends on; under @lock
 * @end_work: wakes who waits for its end, then queues @retire_work
 * @waitq: woken when @mm has become NULL
 * @object: what is waited for where its end is, or NULL; set once, sync/'s own
 * @kp: state and ready list; under @lock
 * @out_swapper: for whom it is OutSwap, else NULL; under @lock
 * @swap_work: brings it in; holds a reference while queued
 * @ranges: @nr_ranges of them, which were in memory before it was swapped out;
 *	under @lock
 * @nr_ranges: see @ranges
 * @nr_out_swap: how often it was swapped out; under @lock
 * @nr_in_swap: how often it was brought in; under @lock
 * @nr_literal: system threads that are in its address space; under @lock
 * @lock: protects what says so, @control_pages and the slots in them
 * @control_mutex: makes one thread at a time add to @control_pages
 * @sweep_mutex: one sweep through its threads at a time: they are marked, see suspend.c
 * @control_pages: of struct ntapc_control_page
 */
struct ntapc_process {
	struct kref kref;
	struct hlist_node hash;
	struct rcu_head rcu;
	struct rcu_work retire_work;
	struct pid *tgid;
	struct mm_struct *mm;
	struct mm_struct *retired_mm;
	u64 dispatcher;
	u64 syscall_insn;
	bool is_32bit;
	struct ntapc_authority authority;
	struct work_struct end_work;
	wait_queue_head_t waitq;
	struct ntapc_object *object;
	struct ntapc_kprocess kp;
	const void *out_swapper;
	struct work_struct swap_work;
	struct ntapc_range *ranges;
	u32 nr_ranges;
	u32 nr_literal;
	u64 nr_out_swap;
	u64 nr_in_swap;
	spinlock_t lock;
	struct mutex control_mutex;
	struct mutex sweep_mutex;
	struct list_head control_pages;
};

/**
 * struct ntapc_actor - who does something to a thread or process
 * @foreign: from another address space
 * @authority: if so, ntapc_authority.nr for which that was allowed
 */
struct ntapc_actor {
	bool foreign;
	u32 authority;
};

/**
 * struct ntapc_ready - who waits for a process to be in memory
 * @entry: on the process's ready list, until @go; protected by the process's lock
 * @task: who waits; invariant
 * @process: for what; kept by who waits; invariant
 * @go: it may go on; set under the process's lock
 * @waits: it came too early, and is to ask ntapc_wait_ready(), even if @go has been
 *	set since; its own
 */
struct ntapc_ready {
	struct list_head entry;
	struct task_struct *task;
	struct ntapc_process *process;
	bool go;
	bool waits;
};

/**
 * struct ntapc_attachment - one attachment of a thread
 * @save: the save area; under the lock of the thread, whose kt.save it is on
 * @process: where it is attached to; referenced
 * @actor: who attached last
 * @id: names it for the thread; invariant
 * @stack: by KeStackAttachProcess; invariant
 * @by_kernel: by another module, which has to detach before user mode; invariant
 * @leave: or NULL. Called in the thread's context to leave the address space for
 *	that of the attachment around this one, if there is one
 * @literal: where the thread itself is, or NULL; mm/'s own
 *
 * All that isn't under a lock is the thread's own.
 */
struct ntapc_attachment {
	struct ntapc_apc_save save;
	struct ntapc_process *process;
	struct ntapc_actor actor;
	u32 id;
	bool stack;
	bool by_kernel;
	void (*leave)(struct ntapc_attachment *attachment,
		      const struct ntapc_attachment *outer);
	struct ntapc_literal *literal;
};

struct ntapc_control_page;

/* Whose an APC is: ntapc_apc.kind. */
enum ntapc_kind {
	NTAPC_KIND_USER,	/* user space's, a struct ntapc_user_apc */
	NTAPC_KIND_CLIENT,	/* another module's, a struct ntapc_kapc */
	NTAPC_KIND_OWN,		/* part of what ntapc does to a thread */
};

/**
 * struct ntapc_continuation - registers that the next return to user mode takes
 * @context: to be resumed; not trusted
 * @restart: of the frame
 * @flags: of the frame
 * @in_call: set from outside while the thread was in a system call of which rax
 *	is still to get the result
 */
struct ntapc_continuation {
	struct ntapc_context context;
	u64 restart;
	u32 flags;
	bool in_call;
};

/**
 * struct ntapc_suspension - what only threads have that were ever suspended
 * @apc: SuspendApc; under the thread's lock
 * @mask: the thread's blocked signals while @masked; the thread's own
 * @masked: all signals are held back; the thread's own
 * @round: the process-wide suspension that last came by; under the thread's lock
 * @counted: which raised its count; under the thread's lock
 * @since: if so, how often that count had become 0; under the thread's lock
 * @still: the thread stands still, or runs special kernel APCs in between; the
 *	thread's own, plain loads elsewhere
 */
struct ntapc_suspension {
	struct ntapc_apc apc;
	sigset_t mask;
	bool masked;
	bool counted;
	bool still;
	u32 since;
	u64 round;
};

/* What ntapc_run_kernel_apcs() found. */
enum ntapc_ran {
	NTAPC_RAN_ALL,		/* no kernel APC is left */
	NTAPC_RAN_BLOCKED,	/* one is held up: no user APC either (4.3) */
	NTAPC_RAN_LEAVE,	/* on to user mode, where Linux wants the thread */
};

/* Whether its @nudge is queued, and what it is to do; the later includes the former. */
enum ntapc_nudge {
	NTAPC_NUDGE_NONE,
	NTAPC_NUDGE_HUSHED,	/* nothing now: see ntapc_thread_hush() */
	NTAPC_NUDGE_KERNEL,	/* fetch the thread to a safe point */
	NTAPC_NUDGE_LEAVE,	/* fetch it out of its system call */
};

/**
 * struct ntapc_thread - a thread (KTHREAD)
 * @lock: protects what says so
 * @retired: exited or called execve(); set once, under @lock
 * @exited: @retired, and nothing is queued any more; set once, plain loads
 * @terminating: is to end by NTAPC_IOC_TERMINATE; under @lock
 * @exit: what is to end it, as long as regions may hold that up, or NULL; under
 *	@lock
 * @leave: its suspend APC lets it go on to where Linux wants it; the thread's own
 * @stay: in a wait of kernel mode of another module's, which only ends with what
 *	it waits for: so it can't leave; the thread's own
 * @depth: how many kernel APCs are running in it; the thread's own
 * @mismatch: came back to user mode in a region; under @lock
 * @work_queued: @work is queued; under @lock
 * @nudged: &enum ntapc_nudge, of @nudge; under @lock
 * @delivering: how many of @work and @nudge are running; under @lock
 * @pinned: holds a reference to the module; under @lock
 * @kt: the APC state; under @lock
 * @task: invariant; may be followed under @lock while not @retired
 * @process: referenced; invariant
 * @pid: referenced; invariant
 * @work: calls deliver on the next return to user mode
 * @nudge: the same, interrupting a system call. Two, because task_work_cancel()
 *	isn't exported: an urgent APC can't take a plain @work back. Both do
 *	whatever there is to do, so that their order doesn't matter
 * @retire_work: retires the thread
 * @postponed: in the list of threads to be kicked again, see deliver.c
 * @postponed_nudge: &enum ntapc_nudge, by which; protected by that list's lock
 * @postponed_leave: it is there because its suspend APC let it go; protected by
 *	that list's lock
 * @retiring: @retire_work is queued, or was; atomic
 * @kref: see above
 * @nr_user: ordinary user APCs queued; under @lock
 * @nr_limited: of both kinds, those that the limit is for; under @lock
 * @nr_special: special user APCs queued, in either stage; under @lock
 * @nr_foreign: of both, those queued from another address space; under @lock
 * @exit_status: plain loads and stores
 * @authority: what other processes' right to act on it depends on; under @lock
 * @nr_client: user APCs of other modules queued; under @lock
 * @nr_kernel: kernel APCs of other modules queued; under @lock
 * @nr_kernel_run: kernel APCs of other modules run; under @lock, written by the
 *	thread
 * @nr_mismatch: how often @mismatch was set; under @lock
 * @nr_counted: runs of the kernel APC "count"; the thread's own
 * @nr_queued: ever queued; under @lock
 * @nr_delivered: of those handed over; under @lock
 * @nr_dropped: of those dropped; under @lock
 * @control: the control slot in the kernel's mapping, or NULL; under @lock, and
 *	the thread itself may read it without
 * @control_page: the page of @control
 * @continuation: what NTAPC_IOC_CONTINUE left for the task work; the thread's
 *	own
 * @restarts: restart state of interrupted system calls, newest first; the
 *	thread's own
 * @last_frame: address of the newest frame; the thread's own
 * @next_restart: the thread's own
 * @suspension: or NULL; set once, under @lock
 * @system: of a system thread, or NULL; invariant
 * @spare: memory for an attachment, or NULL; atomic
 * @waitq: woken when @exited is set (EPOLLIN), or the thread becomes suspended or
 *	is to be no longer (EPOLLPRI)
 * @to_wake: it is in a chain of threads to be woken; under @lock, sync/'s own
 * @next_woken: the next in that chain; its maker's own
 * @mutants: the mutants that it holds; under @lock, sync/'s own
 * @object: what is waited for where its end is, or NULL; set once, sync/'s own
 * @hash: by @task; protected by threads_lock, read under RCU
 * @rcu: frees it
 */
struct ntapc_thread {
	spinlock_t lock;
	bool retired;
	bool exited;
	bool terminating;
	bool leave;
	u8 stay;
	u8 depth;
	bool mismatch;
	bool work_queued;
	u8 nudged;
	bool pinned;
	u8 delivering;
	struct ntapc_kthread kt;
	struct exit_apc *exit;
	struct task_struct *task;
	struct ntapc_process *process;
	struct pid *pid;
	struct callback_head work;
	struct callback_head nudge;
	struct callback_head retire_work;
	struct list_head postponed;
	u8 postponed_nudge;
	bool postponed_leave;
	atomic_t retiring;
	struct kref kref;
	u32 nr_user;
	u32 nr_special;
	u32 nr_foreign;
	u32 nr_limited;
	u32 nr_client;
	u32 nr_kernel;
	u32 nr_mismatch;
	u32 nr_counted;
	u32 exit_status;
	u64 nr_kernel_run;
	u64 nr_queued;
	u64 nr_delivered;
	u64 nr_dropped;
	struct ntapc_authority authority;
	struct ntapc_control *control;
	struct ntapc_control_page *control_page;
	struct ntapc_continuation *continuation;
	struct list_head restarts;
	u64 last_frame;
	u64 next_restart;
	struct ntapc_suspension *suspension;
	struct ntapc_system *system;
	struct ntapc_attachment *spare;
	wait_queue_head_t waitq;
	bool to_wake;
	struct ntapc_thread *next_woken;
	struct list_head mutants;
	struct ntapc_object *object;
	struct hlist_node hash;
	struct rcu_head rcu;
};

/**
 * struct ntapc_life_ops - what dispatcher objects have to do with lives
 * @thread_ends: a thread has ended: sets exited. May sleep
 * @process_ends: a process has ended. May sleep
 * @put: drops a record's reference to its object
 */
struct ntapc_life_ops {
	void (*thread_ends)(struct ntapc_thread *thread);
	void (*process_ends)(struct ntapc_process *process);
	void (*put)(struct ntapc_object *object);
};

extern const struct ntapc_life_ops *ntapc_life;	/* set before anything lives */

/* thread.c: records and their lives */
extern struct workqueue_struct *ntapc_workqueue;
int ntapc_threads_init(void);
bool ntapc_any_files(void);
void ntapc_file_opened(void);
void ntapc_file_closed(void);
void ntapc_threads_exit(void);
unsigned int ntapc_nr_threads(void);
struct ntapc_thread *ntapc_thread_self(void);
struct ntapc_thread *ntapc_thread_get(struct task_struct *task);
void ntapc_thread_hold(struct ntapc_thread *thread);
void ntapc_thread_put(struct ntapc_thread *thread);
void ntapc_thread_retire(struct ntapc_thread *thread);
void ntapc_task_exits(struct task_struct *task);
void ntapc_task_execs(struct task_struct *task);
struct task_struct *ntapc_get_task(pid_t tid);
struct ntapc_thread *ntapc_thread_find(const struct task_struct *task);
struct ntapc_thread *ntapc_thread_make_system(struct task_struct *task,
					      struct ntapc_system *system);
void ntapc_thread_info(struct ntapc_thread *thread,
		       struct ntapc_thread_info *info);

/* process.c: records and their lives */
extern struct ntapc_process *ntapc_system_process;	/* of all system threads */
int ntapc_processes_init(void);
void ntapc_processes_exit(void);
struct ntapc_process *ntapc_process_find_or_make(struct task_struct *task,
						 struct mm_struct *mm);
struct ntapc_process *ntapc_process_get(struct task_struct *task);
void ntapc_process_hold(struct ntapc_process *process);
void ntapc_process_put(struct ntapc_process *process);
void ntapc_process_retire(const struct pid *tgid, const struct mm_struct *mm);
void ntapc_process_retire_missed(const struct pid *tgid);
struct ntapc_process *ntapc_process_of(struct ntapc_kprocess *kp);
struct mm_struct *ntapc_process_mm(struct ntapc_process *process);

/* attach.c: the APC state of an attached thread */
struct ntapc_attachment *ntapc_attachment(const struct ntapc_thread *thread);
int ntapc_attach_begin(struct ntapc_thread *thread,
		       struct ntapc_attachment *attachment,
		       struct ntapc_ready *ready, bool *tell_swapper);
void ntapc_attach_resident(struct ntapc_thread *thread);
void ntapc_ready_leave(struct ntapc_ready *ready);
bool ntapc_attach_undo(struct ntapc_thread *thread, struct ntapc_ready *ready);
int ntapc_attach_end(struct ntapc_thread *thread, bool unstack, u32 save,
		     bool *recheck);
struct ntapc_attachment *
ntapc_attachment_alloc(struct ntapc_thread *thread,
		       const struct ntapc_attachment *wanted);
void ntapc_attachment_free(struct ntapc_thread *thread,
			   struct ntapc_attachment *attachment);
void ntapc_attach_unwind(struct ntapc_thread *thread,
			 const struct ntapc_apc_save *save);
void ntapc_attach_release(struct ntapc_thread *thread);
bool ntapc_attach_check(struct ntapc_thread *thread);

/* events.c: learning of exit and execve() */
int ntapc_events_init(void);
void ntapc_events_exit(void);

/* authority.c: what other address spaces may do to a thread or process */
void ntapc_authority_init(struct ntapc_authority *authority,
			  struct task_struct *task, struct mm_struct *mm);
void ntapc_authority_free(struct ntapc_authority *authority);
u32 ntapc_process_authority(struct ntapc_process *process);
bool ntapc_process_is_over(const struct ntapc_process *process);
bool ntapc_process_is_foreign(const struct ntapc_process *process);
bool ntapc_thread_is_over(const struct ntapc_thread *thread);
bool ntapc_thread_is_foreign(const struct ntapc_thread *thread);
int ntapc_check_actor(struct ntapc_thread *thread,
		      const struct ntapc_actor *actor);
int ntapc_may_act(struct ntapc_thread *thread, const struct ntapc_actor *actor);
bool ntapc_authority_lost(struct ntapc_thread *thread,
			  const struct ntapc_actor *actor);
u32 ntapc_thread_authority(struct ntapc_thread *thread);
u32 ntapc_authority_refresh(struct ntapc_thread *thread);

/* user.c: limits */
extern unsigned int ntapc_max_queued_per_thread;
extern unsigned int ntapc_max_queued_per_user;
struct ntapc_user *ntapc_user_get(kuid_t uid);
void ntapc_user_put(struct ntapc_user *user);
u32 ntapc_user_queued(const struct ntapc_user *user);
u32 ntapc_user_charge(struct ntapc_user *user, u32 nr);
void ntapc_user_uncharge(struct ntapc_user *user, u32 nr);
bool ntapc_user_begin_call(struct ntapc_user *user);
void ntapc_user_end_call(struct ntapc_user *user);

/* queue.c: user APCs */
int ntapc_queue_init(void);
void ntapc_queue_exit(void);
int ntapc_queue(struct ntapc_thread *thread, struct ntapc_user *user,
		struct ntapc_reserve_object *reserve, u32 authority,
		const struct ntapc_queue *args);
int ntapc_queue_many(struct ntapc_thread *thread, struct ntapc_user *user,
		     u32 authority, const struct ntapc_queue_many *args);
struct ntapc_reserve_object *ntapc_reserve_alloc(void);
void ntapc_reserve_put(struct ntapc_reserve_object *reserve);
bool ntapc_reserve_is_busy(const struct ntapc_reserve_object *reserve);
int ntapc_reserve_queue(struct ntapc_thread *thread,
			struct ntapc_reserve_object *reserve,
			const struct ntapc_queue *args);
void ntapc_reserve_take_back(struct ntapc_thread *thread,
			     struct ntapc_reserve_object *reserve);
struct ntapc_user_apc *ntapc_user_apc_of(struct ntapc_apc *apc);
void ntapc_count(struct ntapc_thread *thread, const struct ntapc_apc *apc);
void ntapc_uncount(struct ntapc_thread *thread, const struct ntapc_apc *apc);
void ntapc_act_on_wake(struct ntapc_thread *thread, enum ntapc_wake wake,
		       bool interrupt);

/**
 * ntapc_sure_to_restart - what an ioctl returns
 * @result: of it
 *
 * A restart code must not get to user mode, whatever has become of the signal
 * that it was returned for: somebody else may have taken it meanwhile.
 *
 * Return: @result.
 */
static inline long ntapc_sure_to_restart(long result)
{
	if (unlikely(result == -ERESTARTSYS || result == -ERESTARTNOINTR) &&
	    !signal_pending(current))
		set_thread_flag(TIF_SIGPENDING);
	return result;
}

/* Is it a user APC that the thread's counts of them know, in whatever stage? */
static inline bool ntapc_counts_as_user(const struct ntapc_apc *apc)
{
	return apc->kind == NTAPC_KIND_USER ||
	       (apc->kind == NTAPC_KIND_CLIENT &&
		apc->mode == NTAPC_USER_MODE);
}

/**
 * ntapc_nothing_due - is there nothing for ntapc_deliver_sync() to do?
 * @thread: current's record
 *
 * Return: true only if there isn't.
 */
static inline bool ntapc_nothing_due(const struct ntapc_thread *thread)
{
	const struct ntapc_kthread *kt = &thread->kt;

	return !(READ_ONCE(kt->apc_state.kernel_pending) |
		 READ_ONCE(kt->apc_state.user_pending) |
		 READ_ONCE(kt->apc_state.special_pending) |
		 READ_ONCE(kt->alerted[NTAPC_KERNEL_MODE]) |
		 READ_ONCE(thread->pinned));
}

/* deliver.c: the only user of task_work */
void ntapc_deliver_init(void);
void ntapc_deliver_exit(void);
void ntapc_thread_init_works(struct ntapc_thread *thread);
void ntapc_thread_end(struct ntapc_thread *thread);
void ntapc_unpin(struct ntapc_thread *thread);
void ntapc_thread_bury(struct ntapc_thread *thread);
void ntapc_thread_retire_later(struct ntapc_thread *thread);
void ntapc_thread_kick(struct ntapc_thread *thread, bool interrupt);
void ntapc_thread_nudge(struct ntapc_thread *thread);
bool ntapc_thread_hush(struct ntapc_thread *thread);
void ntapc_thread_unhush(struct ntapc_thread *thread);
void ntapc_come_by(struct ntapc_thread *thread);
void ntapc_thread_kick_soon(struct ntapc_thread *thread);
void ntapc_thread_pin(struct ntapc_thread *thread);
void ntapc_run_down(struct ntapc_thread *thread);
struct ntapc_apc *ntapc_take_user(struct ntapc_thread *thread,
				  struct list_head *stale);
bool ntapc_call_client(struct ntapc_thread *thread, struct ntapc_apc *apc,
		       struct ntapc_normal *normal);
void ntapc_untake(struct ntapc_thread *thread, struct list_head *taken);
void ntapc_free_apcs(struct list_head *apcs);
void ntapc_apcs_done(struct list_head *apcs);
bool ntapc_thread_guarded(const struct ntapc_thread *thread);
int ntapc_push_special(struct ntapc_thread *thread,
		       const struct ntapc_queue *args);
long ntapc_deliver_sync(struct ntapc_thread *thread, long result);

/**
 * ntapc_deliver_if_due - ntapc_deliver_sync(), which mostly has nothing to do
 * @thread: current's record
 * @result: what the ioctl is about to return
 *
 * Return: what the ioctl has to return.
 */
static inline long ntapc_deliver_if_due(struct ntapc_thread *thread,
					long result)
{
	/* A restart code has to be seen to. */
	if (likely(result >= 0 && ntapc_nothing_due(thread)))
		return result;
	return ntapc_deliver_sync(thread, result);
}

int ntapc_frame_possible(const struct ntapc_thread *thread);
int ntapc_continue(struct ntapc_thread *thread, const struct ntapc_frame *frame,
		   bool test_alert);

/* kernel_apc.c: running kernel APCs; those of other modules */
void ntapc_notify_target(struct ntapc_thread *thread,
			 const struct ntapc_apc *apc, enum ntapc_wake wake);
enum ntapc_ran ntapc_run_kernel_apcs(struct ntapc_thread *thread);
bool ntapc_kapc_take(struct ntapc_kapc *kapc);
bool ntapc_insert_own(struct ntapc_thread *thread, struct ntapc_apc *apc);
void ntapc_rundown_apc(struct ntapc_apc *apc);
void ntapc_call_kernel_routine(struct ntapc_thread *thread,
			       struct ntapc_apc *apc,
			       struct ntapc_normal *normal);

/* region.c: critical and guarded regions */
void ntapc_recheck(struct ntapc_thread *thread, bool kernel);
void ntapc_check_regions(struct ntapc_thread *thread);

/* suspend.c: suspension, and alerts from outside */
int ntapc_suspend(struct ntapc_thread *thread, const struct ntapc_actor *actor,
		  bool wait);
int ntapc_resume(struct ntapc_thread *thread, const struct ntapc_actor *actor,
		 bool alert);
int ntapc_suspend_process(struct ntapc_thread *thread,
			  const struct ntapc_actor *actor);
int ntapc_resume_process(struct ntapc_thread *thread,
			 const struct ntapc_actor *actor);
void ntapc_set_own_mask(struct ntapc_thread *thread, sigset_t *mask);
bool ntapc_is_suspended(const struct ntapc_thread *thread);
int ntapc_alert(struct ntapc_thread *thread, const struct ntapc_actor *actor);
void ntapc_alert_by_id(struct ntapc_thread *thread);

/* terminate.c: ending a thread from outside */
int ntapc_terminate(struct ntapc_thread *thread,
		    const struct ntapc_actor *actor, u32 status);
void ntapc_exit_thread(struct ntapc_thread *thread, struct pt_regs *regs);

/* context.c: registers of other threads */
struct ntapc_context_call;
int ntapc_context(struct ntapc_thread *thread, const struct ntapc_actor *actor,
		  bool set, struct ntapc_thread_context *args);
void ntapc_finish_continuation(struct ntapc_thread *thread,
			       struct pt_regs *regs,
			       struct ntapc_continuation *cont);

/* named.c: kernel APCs that user programs queue by name */
struct ntapc_named_use;
struct ntapc_named_use *
ntapc_named_make(struct ntapc_thread *thread, struct ntapc_user *user,
		 const struct ntapc_actor *actor,
		 const struct ntapc_kernel_apc *args);
int ntapc_named_insert(struct ntapc_named_use *use, u32 flags);
void ntapc_named_discard(struct ntapc_named_use *use);
void ntapc_named_put(struct ntapc_named_use *use);
int ntapc_named_remove(struct ntapc_named_use *use);
u32 ntapc_named_state(const struct ntapc_named_use *use);
wait_queue_head_t *ntapc_named_waitq(struct ntapc_named_use *use);
const char *ntapc_named_name(const struct ntapc_named_use *use);
u32 ntapc_named_result(struct ntapc_named_use *use, u64 *order, u64 **values);
void ntapc_named_forget(const struct module *owner);
int ntapc_named_init(void);
void ntapc_named_exit(void);

/* system.c: system threads */
int ntapc_system_init(void);
void ntapc_system_exit(void);
void ntapc_system_free(struct ntapc_system *system);
bool ntapc_system_stops(const struct ntapc_thread *thread);

/* restart.c: restart state of system calls that an APC interrupted */
u64 ntapc_restart_settle(struct ntapc_thread *thread, struct pt_regs *regs);
bool ntapc_restart_resume(struct ntapc_thread *thread, u64 id);
void ntapc_restart_free_all(struct ntapc_thread *thread);

/**
 * struct ntapc_batch - APCs on their way to user space as records
 * @to: where the records go
 * @room: how many may be taken
 * @nr: how many have been taken
 * @special_only: leave ordinary ones alone
 * @single: another module's APC, of which no object is left; with it @nr is 1
 * @has_single: there is @single, and @taken is empty
 * @taken: those APCs
 * @stale: others, which may no longer be delivered
 */
struct ntapc_batch {
	struct ntapc_record __user *to;
	u32 room;
	u32 nr;
	bool special_only;
	bool has_single;
	struct ntapc_normal single;
	struct list_head taken;
	struct list_head stale;
};

/* records.c: handing APCs over as records; NtTestAlert */
void ntapc_batch_init(struct ntapc_batch *batch, u64 to, u32 room);
bool ntapc_batch_take(struct ntapc_thread *thread, struct ntapc_batch *batch);
int ntapc_batch_deliver(struct ntapc_thread *thread, struct ntapc_batch *batch,
			bool more, u32 __user *nr_records);
long ntapc_test_alert(struct ntapc_thread *thread,
		      const struct ntapc_test_alert *args,
		      u32 __user *nr_records);

/* control.c: the page shared with user space */
int ntapc_control_slot(struct ntapc_thread *thread, u64 *page, u32 *offset);
int ntapc_control_mmap(struct ntapc_thread *thread, struct vm_area_struct *vma);
void ntapc_control_release(struct ntapc_thread *thread);
void ntapc_control_free_pages(struct ntapc_process *process);
void ntapc_control_publish(struct ntapc_thread *thread);

#endif
