// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving objects to the waits for them: one of several, or all at once.
 */
#include <linux/slab.h>

#include "sync.h"

static struct kmem_cache *set_cache;

/* Held by whoever takes more than one user's all_lock. */
static DEFINE_SPINLOCK(cross_lock);

/* Is this one of those that are wanted together? */
static inline bool is_one_of_all(const struct ntapc_block *block)
{
	const struct ntapc_wait_set *set = block->set;

	return set->all &&
	       !(set->alert && block == &set->block[set->nr - 1]);
}

/* How many of a set's blocks are wanted together. */
static u32 nr_of_all(const struct ntapc_wait_set *set)
{
	return set->nr - set->alert;
}

/* Who a wait is to an object. */
static u64 owner_of(const struct ntapc_wait_set *set,
		    const struct ntapc_object *object)
{
	return object->ko.by_id ? set->owner : ntapc_owner(set->thread);
}

static inline bool is_signalled(const struct ntapc_wait_set *set,
				const struct ntapc_object *object)
{
	return ntapc_core_signalled(&object->ko, owner_of(set, object));
}

static bool is_exceeded(const struct ntapc_wait_set *set,
			const struct ntapc_object *object)
{
	return ntapc_core_is_exceeded(&object->ko, owner_of(set, object));
}

static bool is_decided(const struct ntapc_wait_set *set)
{
	return READ_ONCE(set->thread->kt.wait_status) != NTAPC_WAIT_BLOCK;
}

/* Its thread, which is locked, is to be woken as soon as that is possible. */
static void chain(struct ntapc_giving *giving, struct ntapc_thread *thread)
{
	if (thread->to_wake)
		return;
	thread->to_wake = true;
	thread->next_woken = giving->woken;
	giving->woken = thread;
}

/*
 * Decides the wait, unless that has been done. Its thread is locked, and is where
 * it can be woken: in the wait. @giving is NULL if that is current.
 */
static bool decide(struct ntapc_wait_set *set, int index,
		   struct ntapc_giving *giving)
{
	struct ntapc_thread *thread = set->thread;
	/* Else it hasn't blocked yet, and asks before it does. */
	bool blocks = thread->kt.waiting;

	if (ntapc_core_wait_satisfy(&thread->kt) == NTAPC_WAKE_NONE)
		return false;
	set->index = index;
	if (blocks && giving->all)
		chain(giving, thread);
	else if (blocks)
		wake_up_process(thread->task);
	return true;
}

/* What the wait takes from one object; both it and the thread are locked. */
static void consume(struct ntapc_wait_set *set, struct ntapc_object *object)
{
	if (ntapc_core_satisfy(&object->ko, owner_of(set, object)))
		set->abandoned = true;
	if (object->ko.type == NTAPC_OBJECT_MUTANT && !object->ko.by_id &&
	    !object->holder)
		ntapc_object_own(object, set->thread);
}

/* @all: it is one of those that are wanted together. */
static __always_inline void queue(struct ntapc_block *block, bool all)
{
	if (!list_empty(&block->entry))
		return;
	list_add_tail(&block->entry, &block->object->waiters);
	block->object->nr_waiters++;
	block->object->nr_all += all;
}

static __always_inline void unqueue(struct ntapc_block *block, bool all)
{
	if (list_empty(&block->entry))
		return;
	list_del_init(&block->entry);
	block->object->nr_waiters--;
	block->object->nr_all -= all;
}

/* Gives the object to the wait, unless that is decided. The object is locked. */
static void give_any(struct ntapc_block *block, struct ntapc_giving *giving)
{
	struct ntapc_wait_set *set = block->set;
	struct ntapc_thread *thread = set->thread;

	/* Where a wait is in the queue more than once the first one has done it. */
	if (is_decided(set))
		return;
	spin_lock(&thread->lock);
	if (decide(set, block - set->block, giving)) {
		consume(set, block->object);
		/* From here on the set may be gone, but for this lock. */
		unqueue(block, false);
	}
	spin_unlock(&thread->lock);
}

/* Waits for all */

/* @outer, which allows it, is held; @locked is locked already, if given. */
static void lock_objects(struct ntapc_wait_set *set, spinlock_t *outer,
			 const struct ntapc_object *locked)
{
	u32 i;

	for (i = 0; i < nr_of_all(set); i++) {
		struct ntapc_object *object = set->block[i].object;

		if (object && object != locked)
			spin_lock_nest_lock(&object->lock, outer);
	}
}

static void unlock_objects(struct ntapc_wait_set *set,
			   const struct ntapc_object *locked)
{
	u32 i;

	for (i = nr_of_all(set); i-- > 0;) {
		struct ntapc_object *object = set->block[i].object;

		if (object && object != locked)
			spin_unlock(&object->lock);
	}
}

/* The first of them from @from up to @to that isn't signalled, or @to. */
static u32 first_unsignalled(const struct ntapc_wait_set *set, u32 from, u32 to)
{
	u32 i;

	for (i = from; i < to; i++) {
		const struct ntapc_object *object = set->block[i].object;

		/* Only a hint where no lock is held. */
		if (object && !data_race(is_signalled(set, object)))
			break;
	}
	return i;
}

/* Begins with the one that was missing last: it most likely still is. */
static bool all_signalled(struct ntapc_wait_set *set)
{
	u32 missing = READ_ONCE(set->missing);
	u32 found = first_unsignalled(set, missing, nr_of_all(set));

	if (found == nr_of_all(set)) {
		found = first_unsignalled(set, 0, missing);
		if (found == missing)
			return true;
	}
	WRITE_ONCE(set->missing, found);
	return false;
}

/*
 * Gives all objects, which are locked and signalled, to the wait, and takes it out
 * of their queues.
 */
static void consume_all(struct ntapc_wait_set *set, struct ntapc_giving *giving)
{
	struct ntapc_thread *thread = set->thread;
	u32 i;

	spin_lock(&thread->lock);
	if (decide(set, 0, giving)) {
		for (i = 0; i < nr_of_all(set); i++) {
			struct ntapc_block *block = &set->block[i];

			if (!block->object)
				continue;
			consume(set, block->object);
			unqueue(block, true);
		}
	}
	spin_unlock(&thread->lock);
}

/* For a wait for all that only its own thread can satisfy. */
static void ask_to_retest(struct ntapc_wait_set *set,
			  struct ntapc_giving *giving)
{
	struct ntapc_thread *thread = set->thread;

	spin_lock(&thread->lock);
	set->retest = true;
	if (thread->kt.waiting)
		chain(giving, thread);
	spin_unlock(&thread->lock);
}

/* The same for one wait for all in the queue of @object, which is locked. */
static void give_all(struct ntapc_object *object, struct ntapc_wait_set *set,
		     struct ntapc_giving *giving)
{
	/*
	 * As all_lock is held no other object of that user which has this wait in
	 * its queue, too, can become signalled just now: if one doesn't look so, it
	 * isn't. (It can cease to be, by a wait for it alone.) Of two objects of several
	 * users that become signalled at once one of the two signallers sees both:
	 * each has changed the state of one before it looks at the other.
	 */
	if (!set->user)
		smp_mb();	/* Pairs with itself, in the other signaller. */
	if (!all_signalled(set))
		return;
	if (ntapc_set_looks_itself(set)) {
		ask_to_retest(set, giving);
		return;
	}
	lock_objects(set, &object->user->all_lock, object);
	if (all_signalled(set))
		consume_all(set, giving);
	unlock_objects(set, object);
}

/**
 * ntapc_giving_begin_all - ntapc_giving_begin(), with waits for all in the queue
 * @giving: as ntapc_giving_begin()
 * @object: locked, and unlocked for a moment
 */
void ntapc_giving_begin_all(struct ntapc_giving *giving,
			    struct ntapc_object *object)
{
	spin_unlock(&object->lock);
	giving->all = true;
	rcu_read_lock();
	spin_lock(&object->user->all_lock);
	spin_lock_nest_lock(&object->lock, &object->user->all_lock);
}

/**
 * ntapc_giving_give_queue - ntapc_giving_give(), with somebody in the queue
 * @giving: has begun
 * @object: signalled
 */
void ntapc_giving_give_queue(struct ntapc_giving *giving,
			     struct ntapc_object *object)
{
	struct ntapc_block *block, *next;

	list_for_each_entry_safe(block, next, &object->waiters, entry) {
		struct ntapc_wait_set *set = block->set;

		if (!is_signalled(set, object)) {
			/* An owner that is a number may wait in several threads. */
			if (object->ko.by_id)
				continue;
			break;
		}
		if (is_one_of_all(block))
			give_all(object, set, giving);
		else
			give_any(block, giving);
	}
}

/**
 * ntapc_giving_end_all - ntapc_giving_end(), with all_lock held
 * @giving: has begun
 * @object: no longer locked
 */
void ntapc_giving_end_all(struct ntapc_giving *giving,
			  struct ntapc_object *object)
{
	struct ntapc_thread *thread, *next;

	spin_unlock(&object->user->all_lock);
	for (thread = giving->woken; thread; thread = next) {
		spin_lock(&thread->lock);
		/* From here on it may be in another's chain. */
		next = thread->next_woken;
		thread->to_wake = false;
		/* Else it has seen it by itself, and may even have ended since. */
		if (!thread->retired && thread->kt.waiting)
			wake_up_process(thread->task);
		spin_unlock(&thread->lock);
	}
	rcu_read_unlock();
}

/* The waiting thread's own part */

/* Is a polled one ready? The first time it is told who waits. */
static bool is_ready(struct ntapc_wait_set *set, struct ntapc_block *block)
{
	const __poll_t wanted = EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLHUP;

	set->table->pt._key = wanted;
	return vfs_poll(block->file, &set->table->pt) & wanted;
}

static int try_any(struct ntapc_wait_set *set, u32 first)
{
	u32 i;

	for (i = first; i < set->nr && !is_decided(set); i++) {
		struct ntapc_block *block = &set->block[i];
		struct ntapc_object *object = block->object;
		bool exceeded = false;

		if (!object) {
			if (is_ready(set, block)) {
				spin_lock(&set->thread->lock);
				decide(set, i, NULL);
				spin_unlock(&set->thread->lock);
			}
			continue;
		}
		spin_lock(&object->lock);
		if (is_signalled(set, object))
			give_any(block, NULL);
		else if (is_exceeded(set, object))
			exceeded = true;
		else
			queue(block, false);
		spin_unlock(&object->lock);
		if (exceeded)
			return -EOVERFLOW;
	}
	return 0;
}

/* The one user whose all objects are that are wanted together, or NULL. */
static struct ntapc_user *common_user(const struct ntapc_wait_set *set)
{
	struct ntapc_user *user = NULL;
	u32 i;

	for (i = 0; i < nr_of_all(set); i++) {
		const struct ntapc_object *object = set->block[i].object;

		if (object && user && object->user != user)
			return NULL;
		if (object)
			user = object->user;
	}
	return user;
}

/* Is @index the first object of its user's? */
static bool first_of_user(const struct ntapc_wait_set *set, u32 index)
{
	u32 i;

	for (i = 0; i < index; i++) {
		if (set->block[i].object &&
		    set->block[i].object->user == set->block[index].object->user)
			return false;
	}
	return true;
}

/* Takes what allows to lock all objects; returns that. */
static spinlock_t *lock_users(struct ntapc_wait_set *set)
{
	u32 i;

	if (likely(set->user)) {
		spin_lock(&set->user->all_lock);
		return &set->user->all_lock;
	}
	spin_lock(&cross_lock);
	for (i = 0; i < nr_of_all(set); i++) {
		if (set->block[i].object && first_of_user(set, i))
			spin_lock_nest_lock(&set->block[i].object->user->all_lock,
					    &cross_lock);
	}
	return &cross_lock;
}

static void unlock_users(struct ntapc_wait_set *set)
{
	u32 i;

	if (likely(set->user)) {
		spin_unlock(&set->user->all_lock);
		return;
	}
	for (i = nr_of_all(set); i-- > 0;) {
		if (set->block[i].object && first_of_user(set, i))
			spin_unlock(&set->block[i].object->user->all_lock);
	}
	spin_unlock(&cross_lock);
}

static int try_all(struct ntapc_wait_set *set)
{
	spinlock_t *outer;
	bool ready = true;
	int err = 0;
	u32 i;

	for (i = 0; i < nr_of_all(set) && set->nr_files; i++) {
		struct ntapc_block *block = &set->block[i];

		if (!block->object && !is_ready(set, block))
			ready = false;
	}
	set->user = common_user(set);
	outer = lock_users(set);
	lock_objects(set, outer, NULL);
	for (i = 0; i < nr_of_all(set); i++) {
		const struct ntapc_object *object = set->block[i].object;

		if (object && is_exceeded(set, object))
			err = -EOVERFLOW;
	}
	if (!err && ready && all_signalled(set))
		consume_all(set, NULL);
	for (i = 0; i < nr_of_all(set) && !err && !is_decided(set); i++) {
		if (set->block[i].object)
			queue(&set->block[i], true);
	}
	unlock_objects(set, NULL);
	unlock_users(set);
	return err;
}

/**
 * ntapc_set_try - take what is signalled, and queue for what isn't
 * @set: its thread, current, is acquiring
 *
 * May be called again while it is queued.
 *
 * Return: 0; EOVERFLOW if the thread can't acquire a mutant once more, ENOMEM if not
 * all polled ones could be told.
 */
int ntapc_set_try(struct ntapc_wait_set *set)
{
	int err;

	if (!set->all) {
		err = try_any(set, 0);
	} else {
		err = try_all(set);
		if (!err && set->alert)
			err = try_any(set, nr_of_all(set));
	}
	if (!set->nr_files)
		return err;
	/* All polled ones have been told, unless another has decided. */
	set->table->pt._qproc = NULL;
	return err ? err : set->table->error;
}

/* The only object of @set is locked, and @set isn't queued. */
static void consume_single(struct ntapc_wait_set *set,
			   struct ntapc_object *object)
{
	if (object->ko.type == NTAPC_OBJECT_MUTANT) {
		spin_lock(&set->thread->lock);
		consume(set, object);
		spin_unlock(&set->thread->lock);
	} else {
		consume(set, object);
	}
}

/**
 * ntapc_set_try_single - take the only object if it is signalled
 * @set: of one object. That one is locked
 *
 * Nothing else can decide the wait: it isn't queued.
 *
 * Return: 1 if it was, 0 if not, or EOVERFLOW.
 */
int ntapc_set_try_single(struct ntapc_wait_set *set)
{
	struct ntapc_object *object = set->block[0].object;

	if (!is_signalled(set, object))
		return is_exceeded(set, object) ? -EOVERFLOW : 0;
	set->index = 0;
	consume_single(set, object);
	return 1;
}

/**
 * ntapc_set_queue_single - queue for the only object
 * @set: of one object. That one is locked
 */
void ntapc_set_queue_single(struct ntapc_wait_set *set)
{
	queue(&set->block[0], false);
}

/**
 * ntapc_set_leave - leave all queues
 * @set: its thread, current, isn't waiting any more
 */
void ntapc_set_leave(struct ntapc_wait_set *set)
{
	u32 i;

	for (i = 0; i < set->nr; i++) {
		struct ntapc_block *block = &set->block[i];

		if (!block->object)
			continue;
		/*
		 * Nobody else adds it. Who has taken it off has decided the wait
		 * by it, and we have seen that under our lock: there he was
		 * done with it. Who takes off all of them isn't before he has
		 * given up the objects' locks.
		 */
		if (!set->all && list_empty(&block->entry))
			continue;
		spin_lock(&block->object->lock);
		unqueue(block, is_one_of_all(block));
		spin_unlock(&block->object->lock);
	}
	if (set->polled)
		poll_freewait(set->table);
	set->polled = false;
}

/**
 * ntapc_set_looks_itself - can only its own thread tell whether it is satisfied?
 * @set: any
 *
 * Return: whether something has to be polled, or objects of several users are
 * wanted together.
 */
bool ntapc_set_looks_itself(const struct ntapc_wait_set *set)
{
	return set->nr_files || (set->all && !set->user);
}

/**
 * ntapc_set_prepare - get ready to be told by the polled ones
 * @set: in no queue; there are such
 *
 * Return: 0 or ENOMEM.
 */
int ntapc_set_prepare(struct ntapc_wait_set *set)
{
	if (!set->table) {
		set->table = kmalloc(sizeof(*set->table), GFP_KERNEL);
		if (!set->table)
			return -ENOMEM;
	}
	poll_initwait(set->table);
	set->polled = true;
	return 0;
}

/**
 * ntapc_object_take - a wait for one object that doesn't block
 * @object: what to wait for
 * @thread: current's record
 * @owner: as in struct ntapc_wait_set
 *
 * Return: %NTAPC_WAIT_OBJECT, %NTAPC_WAIT_ABANDONED, or %NTAPC_WAIT_BLOCK with
 * nothing done: it doesn't look signalled, which has to be made sure of.
 */
int ntapc_object_take(struct ntapc_object *object, struct ntapc_thread *thread,
		      u64 owner)
{
	struct ntapc_wait_set set;
	int status = NTAPC_WAIT_BLOCK;

	ntapc_set_init(&set, thread, 1);
	set.owner = owner;
	/* A hint, that saves the lock: what says no isn't believed by the caller. */
	if (!data_race(is_signalled(&set, object)))
		return status;
	spin_lock(&object->lock);
	if (is_signalled(&set, object)) {
		consume_single(&set, object);
		status = set.abandoned ? NTAPC_WAIT_ABANDONED :
					 NTAPC_WAIT_OBJECT;
	}
	spin_unlock(&object->lock);
	return status;
}

/**
 * ntapc_set_get - memory for a set
 * @small: on the stack, for a few blocks
 * @thread: who is going to wait
 * @nr: how many blocks it has
 *
 * Return: a set whose blocks are still to be, or NULL if there is no memory.
 */
struct ntapc_wait_set *ntapc_set_get(struct ntapc_small_set *small,
				     struct ntapc_thread *thread, u32 nr)
{
	struct ntapc_wait_set *set = &small->set;

	if (nr > NTAPC_FEW_BLOCKS) {
		set = kmem_cache_alloc(set_cache, GFP_KERNEL);
		if (!set)
			return NULL;
	}
	ntapc_set_init(set, thread, nr);
	return set;
}

/**
 * ntapc_set_put - that is all over
 * @set: in no queue
 * @small: as for ntapc_set_get()
 */
void ntapc_set_put(struct ntapc_wait_set *set, struct ntapc_small_set *small)
{
	if (unlikely(set->table))
		kfree(set->table);
	if (set != &small->set)
		kmem_cache_free(set_cache, set);
}

/* All that is used of a set is set before: see ntapc_apc's in task/queue.c. */
static void construct_set(void *set)
{
}

int ntapc_sets_init(void)
{
	const struct ntapc_wait_set *one;

	/* And ntsync's alert. */
	set_cache = kmem_cache_create("ntapc_wait_set",
				      struct_size(one, block,
						  NTAPC_OBJECTS_MAX + 1),
				      0, 0, construct_set);
	return set_cache ? 0 : -ENOMEM;
}

void ntapc_sets_exit(void)
{
	kmem_cache_destroy(set_cache);
}
