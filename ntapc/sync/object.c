// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispatcher objects: made, signalled, freed.
 */
#include <linux/slab.h>

#include "sync.h"

/**
 * ntapc_object_init - an object of current's user that has one reference
 * @object: all of it is set
 * @type: NTAPC_OBJECT_*
 * @state: see struct ntapc_kobject
 * @limit: of a semaphore, else 0
 *
 * Return: false if there is no memory.
 */
bool ntapc_object_init(struct ntapc_object *object, u8 type, u32 state,
		       u32 limit)
{
	memset(object, 0, sizeof(*object));
	spin_lock_init(&object->lock);
	ntapc_core_object_init(&object->ko, type, state, limit);
	INIT_LIST_HEAD(&object->waiters);
	INIT_LIST_HEAD(&object->owned);
	kref_init(&object->kref);
	init_waitqueue_head(&object->pollers);
	object->user = ntapc_user_get(current_uid());
	return object->user;
}

/**
 * ntapc_object_destroy - undoes ntapc_object_init()
 * @object: nobody knows it any more
 */
void ntapc_object_destroy(struct ntapc_object *object)
{
	ntapc_user_put(object->user);
}

/**
 * ntapc_object_alloc - any object but a timer
 * @type: as ntapc_object_init()
 * @state: as ntapc_object_init()
 * @limit: as ntapc_object_init()
 *
 * Return: a reference, or NULL.
 */
struct ntapc_object *ntapc_object_alloc(u8 type, u32 state, u32 limit)
{
	struct ntapc_object *object;

	object = kmalloc(sizeof(*object), GFP_KERNEL_ACCOUNT);
	if (object && !ntapc_object_init(object, type, state, limit)) {
		kfree(object);
		object = NULL;
	}
	return object;
}

/* The mutant is locked, and nobody's any more. */
static void disown(struct ntapc_object *object)
{
	struct ntapc_thread *holder = object->holder;

	if (!holder)
		return;
	spin_lock(&holder->lock);
	list_del_init(&object->owned);
	spin_unlock(&holder->lock);
	object->holder = NULL;
}

/**
 * ntapc_object_own - a thread has acquired a mutant that was nobody's
 * @object: the mutant, locked
 * @thread: locked
 */
void ntapc_object_own(struct ntapc_object *object, struct ntapc_thread *thread)
{
	object->holder = thread;
	list_add_tail(&object->owned, &thread->mutants);
	if (object->ko.disables_apcs)
		ntapc_core_enter_critical(&thread->kt);
}

/**
 * ntapc_object_acquire_new - a mutant's InitialOwner
 * @object: a mutant that nobody else knows yet
 * @thread: current's record
 */
void ntapc_object_acquire_new(struct ntapc_object *object,
			      struct ntapc_thread *thread)
{
	spin_lock(&object->lock);
	spin_lock(&thread->lock);
	ntapc_core_satisfy(&object->ko, ntapc_owner(thread));
	ntapc_object_own(object, thread);
	spin_unlock(&thread->lock);
	spin_unlock(&object->lock);
}

static void free_object(struct kref *kref)
{
	struct ntapc_object *object =
		container_of(kref, struct ntapc_object, kref);

	/* Its holder may be ending: then that waits for this. */
	spin_lock(&object->lock);
	disown(object);
	spin_unlock(&object->lock);
	if (object->name)
		ntapc_object_unname(object);
	if (object->timer) {
		ntapc_timer_free(object->timer);
		return;
	}
	ntapc_object_destroy(object);
	kfree(object);
}

/**
 * ntapc_object_hold - another reference
 * @object: referenced by the caller
 */
void ntapc_object_hold(struct ntapc_object *object)
{
	kref_get(&object->kref);
}

/**
 * ntapc_object_put - drop a reference
 * @object: may be freed, which may sleep if it is a timer or has a name
 */
void ntapc_object_put(struct ntapc_object *object)
{
	kref_put(&object->kref, free_object);
}

/* Somebody may be polling it. */
static void tell_pollers(struct ntapc_object *object)
{
	/* Has the barrier that this needs. */
	if (wq_has_sleeper(&object->pollers))
		wake_up_poll(&object->pollers, EPOLLIN | EPOLLRDNORM);
}

/**
 * ntapc_object_set - KeSetEvent; and what a timer and the end of a thread do
 * @object: an event, a timer or a life
 *
 * Return: its state before.
 */
u32 ntapc_object_set(struct ntapc_object *object)
{
	struct ntapc_giving giving;
	u32 previous;

	ntapc_giving_begin(&giving, object);
	previous = ntapc_core_set(&object->ko);
	/* Who waits for what is signalled already isn't let go by that. */
	if (!previous)
		ntapc_giving_give(&giving, object);
	ntapc_giving_end(&giving, object);
	tell_pollers(object);
	return previous;
}

/**
 * ntapc_object_reset - KeResetEvent
 * @object: an event or a timer
 *
 * Return: its state before.
 */
u32 ntapc_object_reset(struct ntapc_object *object)
{
	u32 previous;

	spin_lock(&object->lock);
	previous = ntapc_core_reset(&object->ko);
	spin_unlock(&object->lock);
	return previous;
}

/**
 * ntapc_object_pulse - KePulseEvent
 * @object: an event
 *
 * Return: its state before.
 */
u32 ntapc_object_pulse(struct ntapc_object *object)
{
	struct ntapc_giving giving;
	u32 previous;

	ntapc_giving_begin(&giving, object);
	previous = ntapc_core_set(&object->ko);
	if (!previous)
		ntapc_giving_give(&giving, object);
	ntapc_core_reset(&object->ko);
	ntapc_giving_end(&giving, object);
	return previous;
}

/**
 * ntapc_object_release_semaphore - KeReleaseSemaphore
 * @object: a semaphore
 * @count: how many
 * @previous: set to its count before
 *
 * Return: 0, or EOVERFLOW if that were past its limit.
 */
int ntapc_object_release_semaphore(struct ntapc_object *object, u32 count,
				   u32 *previous)
{
	struct ntapc_giving giving;
	bool done;

	ntapc_giving_begin(&giving, object);
	done = ntapc_core_release_semaphore(&object->ko, count, previous);
	if (done)
		ntapc_giving_give(&giving, object);
	ntapc_giving_end(&giving, object);
	if (!done)
		return -EOVERFLOW;
	tell_pollers(object);
	return 0;
}

/**
 * ntapc_object_release_mutant - KeReleaseMutant
 * @object: a mutant
 * @owner: who releases it
 * @previous: set to how often it was acquired before
 *
 * Return: 0, or EPERM if it isn't @owner's.
 */
int ntapc_object_release_mutant(struct ntapc_object *object, u64 owner,
				u32 *previous)
{
	struct ntapc_giving giving;
	bool done;

	ntapc_giving_begin(&giving, object);
	done = ntapc_core_release_mutant(&object->ko, owner, previous);
	if (done && !object->ko.owner)
		disown(object);
	if (done)
		ntapc_giving_give(&giving, object);
	ntapc_giving_end(&giving, object);
	if (!done)
		return -EPERM;
	tell_pollers(object);
	return 0;
}

/**
 * ntapc_object_abandon - the owner of a mutant has ended
 * @object: a mutant
 * @owner: who
 *
 * Return: 0, or EPERM if it isn't @owner's.
 */
int ntapc_object_abandon(struct ntapc_object *object, u64 owner)
{
	struct ntapc_giving giving;
	bool done;

	ntapc_giving_begin(&giving, object);
	done = ntapc_core_abandon(&object->ko, owner);
	if (done) {
		disown(object);
		ntapc_giving_give(&giving, object);
	}
	ntapc_giving_end(&giving, object);
	if (!done)
		return -EPERM;
	tell_pollers(object);
	return 0;
}

/**
 * ntapc_object_is_signalled - for poll()
 * @object: any
 *
 * Return: whether it is; a mutant: whether it is nobody's.
 */
bool ntapc_object_is_signalled(const struct ntapc_object *object)
{
	if (object->ko.type == NTAPC_OBJECT_MUTANT)
		return !READ_ONCE(object->ko.state);
	return READ_ONCE(object->ko.state);
}

/**
 * ntapc_object_info - what NTAPC_IOC_OBJECT_INFO shows
 * @object: any
 * @info: zeroed but for size; what isn't 0 is set
 */
void ntapc_object_info(struct ntapc_object *object,
		       struct ntapc_object_info *info)
{
	const struct ntapc_kobject *ko = &object->ko;
	struct ntapc_thread *holder;

	spin_lock(&object->lock);
	info->type = ko->type;
	info->state = ntapc_core_signal_state(ko);
	info->limit = ko->limit;
	info->nr_waiters = object->nr_waiters;
	holder = object->holder;
	if (ko->by_id) {
		info->flags |= NTAPC_OBJECT_NTSYNC;
		info->owner = ko->owner;
	} else if (holder) {
		/* While it holds the mutant its pid is there. */
		info->owner = pid_vnr(holder->pid);
		if (holder->task == current)
			info->flags |= NTAPC_OBJECT_OWNED_BY_CALLER;
	}
	if (ko->abandoned)
		info->flags |= NTAPC_OBJECT_ABANDONED;
	spin_unlock(&object->lock);
	if (object->timer)
		ntapc_timer_info(object->timer, info);
}

/* What is about threads and processes */

/*
 * The object that says whether something has ended, made if need be, in @place,
 * which is set once. Returns NULL if there is no memory.
 */
static struct ntapc_object *life_object(struct ntapc_object **place)
{
	struct ntapc_object *object = READ_ONCE(*place), *other;

	if (object)
		return object;
	object = ntapc_object_alloc(NTAPC_OBJECT_LIFE, 0, 0);
	if (!object)
		return NULL;
	other = cmpxchg(place, NULL, object);
	if (other) {
		ntapc_object_put(object);
		return other;
	}
	return object;
}

/**
 * ntapc_thread_object - what is signalled when a thread has ended
 * @thread: referenced by the caller
 *
 * Return: the object, which the thread's record keeps, or NULL if there is no
 * memory.
 */
struct ntapc_object *ntapc_thread_object(struct ntapc_thread *thread)
{
	struct ntapc_object *object = life_object(&thread->object);

	/* Pairs with the barrier in thread_ends(). */
	smp_mb();
	if (object && READ_ONCE(thread->exited))
		ntapc_object_set(object);
	return object;
}

/**
 * ntapc_process_object - what is signalled when a process has ended
 * @process: referenced by the caller
 *
 * Return: as ntapc_thread_object().
 */
struct ntapc_object *ntapc_process_object(struct ntapc_process *process)
{
	struct ntapc_object *object = life_object(&process->object);

	/* Pairs with the barrier in process_ends(). */
	smp_mb();
	/* That of system threads has no address space, and never ends. */
	if (object && process != ntapc_system_process &&
	    ntapc_process_is_over(process))
		ntapc_object_set(object);
	return object;
}

/* A mutant of the thread's, referenced, or NULL. */
static struct ntapc_object *first_mutant(struct ntapc_thread *thread)
{
	struct ntapc_object *object;

	for (;;) {
		spin_lock(&thread->lock);
		object = list_first_entry_or_null(&thread->mutants,
						  struct ntapc_object, owned);
		if (!object || kref_get_unless_zero(&object->kref))
			break;
		/*
		 * It is being freed, and will be off the list in a moment; by
		 * somebody who may need this processor for it.
		 */
		spin_unlock(&thread->lock);
		schedule_timeout_uninterruptible(1);
	}
	spin_unlock(&thread->lock);
	return object;
}

/* KeRundownThread (7.3): its mutants are abandoned, and its end is told. */
static void thread_ends(struct ntapc_thread *thread)
{
	struct ntapc_object *object;

	while ((object = first_mutant(thread))) {
		ntapc_object_abandon(object, ntapc_owner(thread));
		ntapc_object_put(object);
		cond_resched();
	}
	WRITE_ONCE(thread->exited, true);
	/* Pairs with the barrier in ntapc_thread_object(). */
	smp_mb();
	object = READ_ONCE(thread->object);
	if (object)
		ntapc_object_set(object);
}

static void process_ends(struct ntapc_process *process)
{
	struct ntapc_object *object;

	/* Pairs with the barrier in ntapc_process_object(). */
	smp_mb();
	object = READ_ONCE(process->object);
	if (object)
		ntapc_object_set(object);
}

static const struct ntapc_life_ops life_ops = {
	.thread_ends = thread_ends,
	.process_ends = process_ends,
	.put = ntapc_object_put,
};

int ntapc_sync_init(void)
{
	int err;

	ntapc_life = &life_ops;
	err = ntapc_sets_init();
	if (err)
		return err;
	err = ntapc_timers_init();
	if (err)
		ntapc_sets_exit();
	return err;
}

void ntapc_sync_exit(void)
{
	ntapc_timers_exit();
	ntapc_sets_exit();
}
