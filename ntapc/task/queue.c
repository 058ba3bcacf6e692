// SPDX-License-Identifier: GPL-2.0-only
/*
 * User APCs: made, charged for, queued, freed (sections 10 and 13).
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "thread.h"

static struct kmem_cache *apc_cache;

/* Entries of NTAPC_IOC_QUEUE_MANY that are copied in and queued at a time. */
#define QUEUE_CHUNK	16

/* APCs that are freed at a time. */
#define FREE_BULK	16

struct ntapc_user_apc *ntapc_user_apc_of(struct ntapc_apc *apc)
{
	return container_of(apc, struct ntapc_user_apc, apc);
}

/* Reserve objects */

static void free_reserve(struct kref *kref)
{
	struct ntapc_reserve_object *reserve =
		container_of(kref, struct ntapc_reserve_object, kref);

	ntapc_user_uncharge(reserve->user, 1);
	kfree(reserve);
}

/**
 * ntapc_reserve_alloc - NtAllocateReserveObject
 *
 * Current's user is charged for one APC as long as the object exists.
 *
 * Return: a reference, EAGAIN or ENOMEM.
 */
struct ntapc_reserve_object *ntapc_reserve_alloc(void)
{
	struct ntapc_reserve_object *reserve;
	struct ntapc_user *user;
	u32 charged;

	user = ntapc_user_get(current_uid());
	if (!user)
		return ERR_PTR(-ENOMEM);
	charged = ntapc_user_charge(user, 1);
	ntapc_user_put(user);	/* The charge keeps it. */
	if (!charged)
		return ERR_PTR(-EAGAIN);
	reserve = kzalloc(sizeof(*reserve), GFP_KERNEL_ACCOUNT);
	if (!reserve) {
		ntapc_user_uncharge(user, 1);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&reserve->kref);
	reserve->user = user;
	return reserve;
}

/**
 * ntapc_reserve_put - drop a reference
 * @reserve: may be freed
 */
void ntapc_reserve_put(struct ntapc_reserve_object *reserve)
{
	kref_put(&reserve->kref, free_reserve);
}

static bool claim_reserve(struct ntapc_reserve_object *reserve)
{
	if (atomic_cmpxchg(&reserve->busy, 0, 1))
		return false;
	kref_get(&reserve->kref);
	return true;
}

static void release_reserve(struct ntapc_reserve_object *reserve)
{
	atomic_set_release(&reserve->busy, 0);
	ntapc_reserve_put(reserve);
}

/**
 * ntapc_reserve_is_busy - is it used for an APC, queued or being handed over?
 * @reserve: any
 *
 * Return: whether it is. It may cease to be at any time.
 */
bool ntapc_reserve_is_busy(const struct ntapc_reserve_object *reserve)
{
	return atomic_read(&reserve->busy);
}

/* APCs */

static void free_apc(struct ntapc_user_apc *uapc)
{
	if (uapc->reserve) {
		release_reserve(uapc->reserve);
		return;
	}
	ntapc_user_uncharge(uapc->user, 1);
	kmem_cache_free(apc_cache, uapc);
}

/* KernelRoutine and RundownRoutine of a user APC: it only frees (10.1). */
static void user_apc_done(struct ntapc_apc *apc, struct ntapc_normal *normal)
{
	free_apc(ntapc_user_apc_of(apc));
}

static void user_apc_rundown(struct ntapc_apc *apc)
{
	free_apc(ntapc_user_apc_of(apc));
}

/* Frees @nr of one user's, none of them a reserve object's. */
static void free_bulk(struct ntapc_user *user, void **apcs, u32 nr)
{
	if (!nr)
		return;
	ntapc_user_uncharge(user, nr);
	kmem_cache_free_bulk(apc_cache, nr, apcs);
}

/**
 * ntapc_apcs_done - run the kernel routines of what has been handed over
 * @apcs: user APCs that are no longer inserted; freed, and the list emptied
 *
 * Nearly always they are alike and only free, which goes faster in bulk.
 */
void ntapc_apcs_done(struct list_head *apcs)
{
	struct ntapc_user *user = NULL;
	struct ntapc_normal normal;
	struct ntapc_apc *apc, *next;
	void *bulk[FREE_BULK];
	u32 nr = 0;

	list_for_each_entry_safe(apc, next, apcs, entry) {
		struct ntapc_user_apc *uapc = ntapc_user_apc_of(apc);

		/* No other kind is handed over in bulk. */
		if (unlikely(uapc->reserve)) {
			normal = apc->normal;
			apc->kernel_routine(apc, &normal);
			continue;
		}
		if (nr == FREE_BULK || uapc->user != user) {
			free_bulk(user, bulk, nr);
			user = uapc->user;
			nr = 0;
		}
		bulk[nr++] = uapc;
	}
	free_bulk(user, bulk, nr);
	INIT_LIST_HEAD(apcs);
}

/**
 * ntapc_free_apcs - free what is on a list
 * @apcs: APCs that are no longer inserted; emptied
 */
void ntapc_free_apcs(struct list_head *apcs)
{
	struct ntapc_apc *apc, *next;

	list_for_each_entry_safe(apc, next, apcs, entry) {
		ntapc_rundown_apc(apc);
		cond_resched();
	}
	INIT_LIST_HEAD(apcs);
}

/*
 * Second stage of a special user APC, in the target's context (13.3): it has
 * got past the regions and becomes a user APC in the same memory.
 */
static void special_second_stage(struct ntapc_apc *apc,
				 struct ntapc_normal *normal)
{
	struct ntapc_user_apc *uapc = ntapc_user_apc_of(apc);
	struct ntapc_thread *thread = uapc->thread;
	struct ntapc_normal what = *normal;
	enum ntapc_wake wake;

	normal->routine = 0;
	spin_lock(&thread->lock);
	ntapc_apc_init(apc, &thread->kt, NTAPC_ENV_ORIGINAL, user_apc_done,
		       user_apc_rundown, what.routine, NTAPC_USER_MODE,
		       what.context);
	apc->special_user = true;
	if (ntapc_core_insert(&thread->kt, apc, what.arg[0], what.arg[1], true,
			      &wake)) {
		ntapc_control_publish(thread);
		apc = NULL;
	} else {
		ntapc_uncount(thread, &uapc->apc);
		thread->nr_dropped++;
	}
	spin_unlock(&thread->lock);
	if (apc)
		free_apc(uapc);
}

static void init_apc(struct ntapc_user_apc *uapc, struct ntapc_thread *thread,
		     u32 flags, u64 routine, u64 context)
{
	bool special = flags & NTAPC_QUEUE_SPECIAL;

	uapc->thread = thread;
	uapc->flags = flags & (NTAPC_QUEUE_SPECIAL |
			       NTAPC_QUEUE_CALLBACK_CONTEXT);
	/* The first stage of a special one is a normal kernel APC (13.3). */
	ntapc_apc_init(&uapc->apc, &thread->kt, NTAPC_ENV_ORIGINAL,
		       special ? special_second_stage : user_apc_done,
		       user_apc_rundown, routine,
		       special ? NTAPC_KERNEL_MODE : NTAPC_USER_MODE, context);
}

static bool thread_is_full(const struct ntapc_thread *thread)
{
	return READ_ONCE(thread->nr_limited) >=
	       READ_ONCE(ntapc_max_queued_per_thread);
}

static void count_user(struct ntapc_thread *thread,
		       const struct ntapc_user_apc *uapc, int one)
{
	if (uapc->flags & NTAPC_QUEUE_SPECIAL)
		thread->nr_special += one;
	else
		thread->nr_user += one;
	if (uapc->flags & NTAPC_APC_FOREIGN)
		thread->nr_foreign += one;
	if (!uapc->reserve)
		thread->nr_limited += one;
}

static void count_client(struct ntapc_thread *thread,
			 const struct ntapc_apc *apc, int one)
{
	if (apc->mode == NTAPC_KERNEL_MODE) {
		thread->nr_kernel += one;
		return;
	}
	thread->nr_client += one;
	thread->nr_user += one;
}

static void count(struct ntapc_thread *thread, const struct ntapc_apc *apc,
		  int one)
{
	lockdep_assert_held(&thread->lock);
	if (likely(apc->kind == NTAPC_KIND_USER))
		count_user(thread, ntapc_user_apc_of((struct ntapc_apc *)apc),
			   one);
	else if (apc->kind == NTAPC_KIND_CLIENT)
		count_client(thread, apc, one);
}

/**
 * ntapc_count - an APC is queued
 * @thread: its target, locked
 * @apc: the APC
 */
void ntapc_count(struct ntapc_thread *thread, const struct ntapc_apc *apc)
{
	count(thread, apc, 1);
}

/**
 * ntapc_uncount - an APC is no longer queued
 * @thread: its target, locked
 * @apc: the APC, not yet freed
 */
void ntapc_uncount(struct ntapc_thread *thread, const struct ntapc_apc *apc)
{
	count(thread, apc, -1);
}

/**
 * ntapc_act_on_wake - do what an insert or the like asks for
 * @thread: the target, locked and not retired
 * @wake: what was asked for
 * @interrupt: an APC interrupt is to reach it in a blocking system call, too
 *
 * An APC interrupt of the current thread is left to the end of its ioctl.
 */
void ntapc_act_on_wake(struct ntapc_thread *thread, enum ntapc_wake wake,
		       bool interrupt)
{
	if (wake == NTAPC_WAKE_UNWAIT)
		wake_up_process(thread->task);
	else if (wake == NTAPC_WAKE_INTERRUPT && thread->task != current)
		ntapc_thread_kick(thread, interrupt);
}

/* Inserts @uapc. The thread is locked. */
static int insert(struct ntapc_thread *thread, struct ntapc_user_apc *uapc,
		  u64 arg1, u64 arg2, const struct ntapc_actor *actor,
		  bool interrupt)
{
	enum ntapc_wake wake;

	if (ntapc_thread_is_over(thread))
		return -ESRCH;
	if (ntapc_authority_lost(thread, actor))
		return -EACCES;
	if (!uapc->reserve && thread_is_full(thread))
		return -EAGAIN;
	if (!ntapc_core_insert(&thread->kt, &uapc->apc, arg1, arg2,
			       thread->task == current, &wake))
		return -ESRCH;
	if (actor->foreign) {
		uapc->authority = actor->authority;
		uapc->flags |= NTAPC_APC_FOREIGN;
	}
	ntapc_count(thread, &uapc->apc);
	thread->nr_queued++;
	ntapc_act_on_wake(thread, wake, interrupt);
	/*
	 * A wait of ntapc's that goes on would have it wait until it ends; also if it
	 * has been woken for something else, or the thread is suspended in it.
	 */
	if (unlikely(interrupt && wake != NTAPC_WAKE_INTERRUPT) &&
	    thread->task != current && !thread->kt.apc_state_index)
		ntapc_thread_kick(thread, true);
	return 0;
}

static struct ntapc_user_apc *get_apc(struct ntapc_thread *thread,
				      struct ntapc_user *user,
				      struct ntapc_reserve_object *reserve)
{
	struct ntapc_user_apc *uapc;

	if (reserve) {
		reserve->apc.reserve = reserve;
		reserve->apc.user = NULL;
		return &reserve->apc;
	}
	if (thread_is_full(thread) || !ntapc_user_charge(user, 1))
		return ERR_PTR(-EAGAIN);
	uapc = kmem_cache_alloc(apc_cache, GFP_KERNEL);
	if (!uapc) {
		ntapc_user_uncharge(user, 1);
		return ERR_PTR(-ENOMEM);
	}
	uapc->reserve = NULL;
	uapc->user = user;
	return uapc;
}

/* Can special user APCs be delivered in @thread's process at all? */
static int special_possible(const struct ntapc_thread *thread)
{
	if (thread->process->is_32bit)
		return -EOPNOTSUPP;
	if (!READ_ONCE(thread->process->dispatcher))
		return -ENXIO;
	return 0;
}

/*
 * A special one to oneself, which no region and no earlier APC holds up, would
 * have been delivered by the end of this very ioctl (13.2). Then it needs no
 * memory. Returns 1 if it has to be queued after all.
 */
static int deliver_to_self(struct ntapc_thread *thread,
			   const struct ntapc_queue *args, bool limited)
{
	const struct ntapc_kthread *kt = &thread->kt;
	int err = 1;

	spin_lock(&thread->lock);
	if (limited && thread_is_full(thread))
		err = -EAGAIN;
	else if (!thread->nr_special && !kt->apc_state.user_pending &&
		 !kt->apc_state_index &&
		 !kt->special_apc_disable && !kt->kernel_apc_disable &&
		 ntapc_apc_state_empty(&kt->apc_state, NTAPC_KERNEL_MODE))
		err = 0;
	spin_unlock(&thread->lock);
	if (!err)
		err = ntapc_push_special(thread, args);
	return err;
}

/**
 * ntapc_queue - NtQueueApcThreadEx2
 * @thread: the target
 * @user: who is charged
 * @reserve: what to use instead of memory, or NULL
 * @authority: for which current's right to @thread has been checked
 * @args: checked; @args->reserve is not looked at
 *
 * Return: 0; ESRCH, EACCES, EBUSY, EOPNOTSUPP, ENXIO, EAGAIN, ENOMEM as documented for
 * &struct ntapc_queue.
 */
int ntapc_queue(struct ntapc_thread *thread, struct ntapc_user *user,
		struct ntapc_reserve_object *reserve, u32 authority,
		const struct ntapc_queue *args)
{
	const struct ntapc_actor actor = {
		.foreign = ntapc_thread_is_foreign(thread),
		.authority = authority,
	};
	struct ntapc_user_apc *uapc;
	int err;

	if (ntapc_thread_is_over(thread))
		return -ESRCH;
	if (reserve && !claim_reserve(reserve))
		return -EBUSY;
	/* It would be a special kernel APC that frees itself (10.3, 2.3). */
	err = 0;
	if (!args->routine)
		goto unclaim;
	if (args->flags & NTAPC_QUEUE_SPECIAL) {
		err = special_possible(thread);
		if (err)
			goto unclaim;
	}
	if ((args->flags & NTAPC_QUEUE_SPECIAL) && thread->task == current) {
		err = deliver_to_self(thread, args, !reserve);
		if (err <= 0)
			goto unclaim;
	}
	uapc = get_apc(thread, user, reserve);
	err = PTR_ERR_OR_ZERO(uapc);
	if (err)
		goto unclaim;
	init_apc(uapc, thread, args->flags, args->routine, args->arg[0]);

	spin_lock(&thread->lock);
	err = insert(thread, uapc, args->arg[1], args->arg[2], &actor,
		     args->flags & NTAPC_QUEUE_INTERRUPT);
	if (!err)
		ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	if (err)
		free_apc(uapc);
	return err;

unclaim:
	if (reserve)
		release_reserve(reserve);
	return err;
}

/**
 * ntapc_reserve_queue - queue an ordinary user APC in the name of its target
 * @thread: the target
 * @reserve: what to use for it
 * @args: its routine and arguments; the rest is not looked at
 *
 * Return: 0; ESRCH, or EBUSY if the one before is still queued.
 */
int ntapc_reserve_queue(struct ntapc_thread *thread,
			struct ntapc_reserve_object *reserve,
			const struct ntapc_queue *args)
{
	const struct ntapc_actor itself = { .foreign = false };
	struct ntapc_user_apc *uapc;
	int err;

	if (!claim_reserve(reserve))
		return -EBUSY;
	uapc = get_apc(thread, NULL, reserve);
	init_apc(uapc, thread, 0, args->routine, args->arg[0]);
	spin_lock(&thread->lock);
	err = insert(thread, uapc, args->arg[1], args->arg[2], &itself, false);
	if (!err)
		ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	if (err)
		free_apc(uapc);
	return err;
}

/**
 * ntapc_reserve_take_back - the APC is not to run, if it still is queued
 * @thread: the target
 * @reserve: what was used for it
 */
void ntapc_reserve_take_back(struct ntapc_thread *thread,
			     struct ntapc_reserve_object *reserve)
{
	struct ntapc_apc *apc = &reserve->apc.apc;
	bool removed;

	spin_lock(&thread->lock);
	/* An earlier target may have it, and have put it back into its queue. */
	removed = reserve->apc.thread == thread &&
		  ntapc_core_remove(&thread->kt, apc);
	if (removed) {
		ntapc_uncount(thread, apc);
		thread->nr_dropped++;
		if (!thread->retired)
			ntapc_control_publish(thread);
	}
	spin_unlock(&thread->lock);
	if (removed)
		free_apc(&reserve->apc);
}

/* As many as there are at the head that may be queued. */
static int count_valid(const struct ntapc_queue_entry *entries, int count)
{
	int n = 0;

	while (n < count && entries[n].routine)
		n++;
	return n;
}

/* Memory for up to @count APCs; returns for how many, or an error. */
static int get_apcs(struct ntapc_thread *thread, struct ntapc_user *user,
		    struct ntapc_user_apc **apcs, int count)
{
	int made, charged;

	if (thread_is_full(thread))
		return -EAGAIN;
	charged = ntapc_user_charge(user, count);
	if (!charged)
		return -EAGAIN;
	made = kmem_cache_alloc_bulk(apc_cache, GFP_KERNEL, charged,
				     (void **)apcs);
	/* It is all or none. */
	while (made < charged) {
		apcs[made] = kmem_cache_alloc(apc_cache, GFP_KERNEL);
		if (!apcs[made])
			break;
		made++;
	}
	if (made < charged)
		ntapc_user_uncharge(user, charged - made);
	return made ? made : -ENOMEM;
}

/* Queues up to QUEUE_CHUNK @entries; returns how many, or an error. */
static int queue_chunk(struct ntapc_thread *thread, struct ntapc_user *user,
		       u32 authority, u32 flags,
		       const struct ntapc_queue_entry *entries, int count)
{
	const struct ntapc_actor actor = {
		.foreign = ntapc_thread_is_foreign(thread),
		.authority = authority,
	};
	struct ntapc_user_apc *apcs[QUEUE_CHUNK];
	int made, queued, i, err = 0;

	count = count_valid(entries, count);
	if (!count)
		return -EINVAL;
	made = get_apcs(thread, user, apcs, count);
	if (made < 0)
		return made;
	for (i = 0; i < made; i++) {
		apcs[i]->reserve = NULL;
		apcs[i]->user = user;
		init_apc(apcs[i], thread, flags, entries[i].routine,
			 entries[i].arg[0]);
	}

	spin_lock(&thread->lock);
	for (queued = 0; queued < made; queued++) {
		err = insert(thread, apcs[queued], entries[queued].arg[1],
			     entries[queued].arg[2], &actor, false);
		if (err)
			break;
	}
	if (queued)
		ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	while (made > queued)
		free_apc(apcs[--made]);
	return queued ? queued : err;
}

/**
 * ntapc_queue_many - a batch of ordinary user APCs
 * @thread: the target
 * @user: who is charged
 * @authority: for which current's right to @thread has been checked
 * @args: checked
 *
 * Return: how many were queued, or, for the first one's sake, an error as
 * documented for &struct ntapc_queue_many.
 */
int ntapc_queue_many(struct ntapc_thread *thread, struct ntapc_user *user,
		     u32 authority, const struct ntapc_queue_many *args)
{
	struct ntapc_queue_entry __user *from = u64_to_user_ptr(args->entries);
	struct ntapc_queue_entry entries[QUEUE_CHUNK];
	int total = 0, ret = 0;

	while (total < args->count) {
		int count = min_t(int, args->count - total, QUEUE_CHUNK);

		/* Up to an entry that can't be read, those before it count. */
		while (copy_from_user(entries, from + total,
				      count * sizeof(*from))) {
			if (count == 1) {
				ret = -EFAULT;
				goto out;
			}
			count = 1;
		}
		ret = queue_chunk(thread, user, authority, args->flags, entries,
				  count);
		if (ret < 0)
			break;
		total += ret;
		if (ret < count || fatal_signal_pending(current))
			break;
		cond_resched();
	}
out:
	return total ? total : ret;
}

/*
 * Every member is set when an APC is made, so that its memory needn't be zeroed
 * before: a cache whose objects have a constructor is left alone by init_on_alloc.
 */
static void construct_apc(void *apc)
{
}

int ntapc_queue_init(void)
{
	BUILD_BUG_ON(sizeof(struct ntapc_user_apc) > 128);
	apc_cache = kmem_cache_create("ntapc_apc",
				      sizeof(struct ntapc_user_apc), 0,
				      SLAB_ACCOUNT, construct_apc);
	return apc_cache ? 0 : -ENOMEM;
}

void ntapc_queue_exit(void)
{
	kmem_cache_destroy(apc_cache);
}
