/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dispatcher objects, and waits for them.
 *
 * Who owns whom
 *
 *   An object is referenced by its descriptors, by other modules, and, if it says
 *   whether a thread or process is alive, by that one's record. A wait keeps what
 *   it waits for by descriptor or by its caller's reference, and needs none of its
 *   own. While a thread holds a mutant that is on a list of the thread's; it gets
 *   off it when it is released or freed, or when the thread ends.
 *
 * How a wait is decided
 *
 *   A wait has a *block* in the queue of each of its objects, in order of arrival
 *   (KWAIT_BLOCK). Whoever signals an object goes through its queue and gives the
 *   object away for as long as there is something to give: under the lock of the
 *   object, which says what there is, and the lock of the waiting thread, under
 *   which each wait is decided once, by an object, an APC, an alert or the thread
 *   itself. A wait for any of several objects is put in queue after queue, and may
 *   be decided by the first ones before it is in the last.
 *
 *   A wait for all takes all locks of its objects at once. Who takes more than one
 *   object's lock holds all_lock, the one of the user whose they are, and may then
 *   take them in any order: others never wait for a second one. Who signals an
 *   object that has such a wait in its queue holds all_lock from before its state
 *   changes until it has been given away, so that nobody sees it in between. Threads
 *   are woken after that.
 *
 *   In the same way who takes several users' all_lock holds cross_lock: a wait for
 *   all objects of several users, for itself alone. Nobody else can give it all of
 *   them; he wakes it to look. So it is with a wait for all in which there is
 *   something to be polled.
 *
 * Locks, outer first; those of task/ are between or below as said there
 *
 *   names_mutex (name.c)          names of objects
 *   ntapc_timer.mutex             setting, cancelling and expiry of a timer
 *   cross_lock (set.c)            who may take several users' all_lock
 *   ntapc_user.all_lock           who may lock several objects of a user
 *   ntapc_object.lock             its state and queue
 *   ntapc_thread.lock
 *
 * ntapc_object.pollers is woken with none of them held.
 */
#ifndef NTAPC_SYNC_H
#define NTAPC_SYNC_H

#include <linux/file.h>
#include <linux/kref.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "../task/thread.h"

struct ntapc_name;
struct ntapc_timer;

/**
 * struct ntapc_object - a dispatcher object
 * @lock: protects what says so
 * @ko: type, owner and state; under @lock, and looked at without where that is
 *	only a hint. The type is invariant
 * @waiters: &struct ntapc_block, in order; under @lock
 * @nr_waiters: how many; under @lock
 * @nr_all: how many of them are waits for all; under @lock, and rises under all_lock
 * @user: who made it, referenced; invariant
 * @holder: of a mutant: who has it, or NULL; under @lock. It can't be freed
 *	before it is off @owned
 * @owned: on @holder's list; under the lock of @holder
 * @kref: see above
 * @pollers: who polls it
 * @home: number of the instance that ntsync's ioctls know it on, or 0; invariant
 * @timer: the rest of a timer, or NULL; invariant
 * @name: or NULL; protected by names_mutex
 */
struct ntapc_object {
	spinlock_t lock;
	struct ntapc_kobject ko;
	struct list_head waiters;
	u32 nr_waiters;
	u32 nr_all;
	struct ntapc_user *user;
	struct ntapc_thread *holder;
	struct list_head owned;
	struct kref kref;
	wait_queue_head_t pollers;
	unsigned long home;
	struct ntapc_timer *timer;
	struct ntapc_name *name;
};

/**
 * struct ntapc_block - one thread's wait for one object (KWAIT_BLOCK)
 * @entry: in the object's queue, or empty; under the object's lock
 * @set: what it is part of; invariant
 * @object: or NULL
 * @file: then what is polled
 * @fd: what keeps the two; its maker's own
 */
struct ntapc_block {
	struct list_head entry;
	struct ntapc_wait_set *set;
	struct ntapc_object *object;
	struct file *file;
	struct fd fd;
};

/**
 * struct ntapc_wait_set - what a wait is for
 * @thread: who waits; invariant
 * @owner: whose mutexes of ntsync's are to be, or 0; invariant
 * @nr: how many of @block; invariant
 * @nr_files: how many of them are polled; invariant
 * @all: all of them are wanted, except @alert; invariant
 * @alert: the last of @block is ntsync's alert, which alone ends the wait, too;
 *	invariant
 * @user: of a wait for all whose objects are one user's: who, else NULL; invariant
 *	while it is queued
 * @missing: of those that are wanted together, the first that wasn't signalled when
 *	that was looked at last; only a hint
 * @retest: its thread is to look whether it can be satisfied; under the lock of
 *	@thread
 * @index: which has decided the wait; under the lock of @thread
 * @abandoned: a mutant that was abandoned was among what was taken; under the lock
 *	of @thread
 * @polled: the polled ones know who waits; the thread's own
 * @table: for the polled ones, or NULL; the thread's own
 * @block: of what is waited for
 */
struct ntapc_wait_set {
	struct ntapc_thread *thread;
	u64 owner;
	struct ntapc_user *user;
	u32 nr;
	u32 nr_files;
	u32 missing;
	bool all;
	bool alert;
	bool retest;
	bool abandoned;
	bool polled;
	int index;
	struct poll_wqueues *table;
	struct ntapc_block block[];
};

/* How many blocks a set on the stack has. */
#define NTAPC_FEW_BLOCKS	8

struct ntapc_small_set {
	struct ntapc_wait_set set;
	struct ntapc_block block[NTAPC_FEW_BLOCKS];
};

/* object.c: objects, and how they are signalled */
bool ntapc_object_init(struct ntapc_object *object, u8 type, u32 state,
		       u32 limit);
void ntapc_object_destroy(struct ntapc_object *object);
struct ntapc_object *ntapc_object_alloc(u8 type, u32 state, u32 limit);
void ntapc_object_hold(struct ntapc_object *object);
void ntapc_object_put(struct ntapc_object *object);
u32 ntapc_object_set(struct ntapc_object *object);
u32 ntapc_object_reset(struct ntapc_object *object);
u32 ntapc_object_pulse(struct ntapc_object *object);
int ntapc_object_release_semaphore(struct ntapc_object *object, u32 count,
				   u32 *previous);
int ntapc_object_release_mutant(struct ntapc_object *object, u64 owner,
				u32 *previous);
int ntapc_object_abandon(struct ntapc_object *object, u64 owner);
void ntapc_object_own(struct ntapc_object *object,
		      struct ntapc_thread *thread);
void ntapc_object_acquire_new(struct ntapc_object *object,
			      struct ntapc_thread *thread);
bool ntapc_object_is_signalled(const struct ntapc_object *object);
void ntapc_object_info(struct ntapc_object *object,
		       struct ntapc_object_info *info);
struct ntapc_object *ntapc_thread_object(struct ntapc_thread *thread);
struct ntapc_object *ntapc_process_object(struct ntapc_process *process);

#define NTAPC_NS_PER_UNIT	100
/* From 1601 to 1970, in units of 100 ns. */
#define NTAPC_UNIX_EPOCH	116444736000000000LL

/* Who a thread is to mutants that aren't ntsync's. */
static inline u64 ntapc_owner(const struct ntapc_thread *thread)
{
	return (unsigned long)thread;
}

/**
 * struct ntapc_giving - an object is being signalled
 * @all: all_lock is held, too
 * @woken: threads that are to be woken when it no longer is, chained by their
 *	next_woken. RCU keeps the records
 */
struct ntapc_giving {
	bool all;
	struct ntapc_thread *woken;
};

/* set.c: giving objects to waits */
void ntapc_giving_begin_all(struct ntapc_giving *giving,
			    struct ntapc_object *object);
void ntapc_giving_give_queue(struct ntapc_giving *giving,
			     struct ntapc_object *object);
void ntapc_giving_end_all(struct ntapc_giving *giving,
			  struct ntapc_object *object);

/**
 * ntapc_giving_begin - an object is going to be signalled
 * @giving: all of it is set
 * @object: is locked by this
 */
static inline void ntapc_giving_begin(struct ntapc_giving *giving,
				      struct ntapc_object *object)
{
	giving->all = false;
	giving->woken = NULL;
	spin_lock(&object->lock);
	if (unlikely(object->nr_all))
		ntapc_giving_begin_all(giving, object);
}

/**
 * ntapc_giving_give - give a signalled object to who waits for it, in order
 * @giving: has begun
 * @object: signalled
 */
static inline void ntapc_giving_give(struct ntapc_giving *giving,
				     struct ntapc_object *object)
{
	if (!list_empty(&object->waiters))
		ntapc_giving_give_queue(giving, object);
}

/**
 * ntapc_giving_end - the object is what it is now
 * @giving: has begun
 * @object: is unlocked by this
 */
static inline void ntapc_giving_end(struct ntapc_giving *giving,
				    struct ntapc_object *object)
{
	spin_unlock(&object->lock);
	if (unlikely(giving->all))
		ntapc_giving_end_all(giving, object);
}

int ntapc_object_take(struct ntapc_object *object, struct ntapc_thread *thread,
		      u64 owner);
int ntapc_set_try(struct ntapc_wait_set *set);
int ntapc_set_try_single(struct ntapc_wait_set *set);
void ntapc_set_queue_single(struct ntapc_wait_set *set);
void ntapc_set_leave(struct ntapc_wait_set *set);
struct ntapc_wait_set *ntapc_set_get(struct ntapc_small_set *small,
				     struct ntapc_thread *thread, u32 nr);
void ntapc_set_put(struct ntapc_wait_set *set, struct ntapc_small_set *small);
int ntapc_sets_init(void);
void ntapc_sets_exit(void);
bool ntapc_set_looks_itself(const struct ntapc_wait_set *set);
int ntapc_set_prepare(struct ntapc_wait_set *set);

/**
 * ntapc_set_init - a set whose blocks are still to be
 * @set: with room for @nr blocks
 * @thread: who is going to wait
 * @nr: how many
 */
static inline void ntapc_set_init(struct ntapc_wait_set *set,
				  struct ntapc_thread *thread, u32 nr)
{
	*set = (struct ntapc_wait_set) { .thread = thread, .nr = nr };
}

/**
 * ntapc_block_init - what one of the blocks is for
 * @set: it is part of
 * @block: all but its fd is set
 * @object: or NULL
 * @file: then what is polled
 */
static inline void ntapc_block_init(struct ntapc_wait_set *set,
				    struct ntapc_block *block,
				    struct ntapc_object *object,
				    struct file *file)
{
	INIT_LIST_HEAD(&block->entry);
	block->set = set;
	block->object = object;
	block->file = file;
}

/* wait.c: NtDelayExecution, NtWaitForMultipleObjects and their kin */
long ntapc_wait(struct ntapc_thread *thread, struct ntapc_wait_set *set,
		const struct ntapc_wait *args, u32 __user *nr_records);
int ntapc_wait_ntsync(struct ntapc_thread *thread, struct ntapc_wait_set *set,
		      u64 deadline, bool realtime);
ktime_t ntapc_nt_deadline(s64 time, clockid_t *clock);
long ntapc_wait_by_id(struct ntapc_thread *thread,
		      const struct ntapc_wait_by_id *args);

/* timer.c: timers */
struct ntapc_object *ntapc_timer_alloc(u8 type);
void ntapc_timer_free(struct ntapc_timer *timer);
int ntapc_timer_set(struct ntapc_object *object, struct ntapc_thread *thread,
		    const struct ntapc_set_timer *args, u32 *previous,
		    bool *was_set);
int ntapc_timers_init(void);
void ntapc_timers_exit(void);
bool ntapc_timer_cancel(struct ntapc_object *object);
void ntapc_timer_info(struct ntapc_timer *timer,
		      struct ntapc_object_info *info);

/* name.c: names of objects */
struct ntapc_object *ntapc_object_open(const void *name, u32 length, u8 type,
				       struct ntapc_object *new);
void ntapc_object_unname(struct ntapc_object *object);

int ntapc_sync_init(void);
void ntapc_sync_exit(void);

#endif
