// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispatcher objects of other modules.
 */
#include <linux/export.h>

#include "sync.h"

static struct ntapc_object *or_no_memory(struct ntapc_object *object)
{
	return object ? object : ERR_PTR(-ENOMEM);
}

/**
 * ntapc_create_event - KeInitializeEvent
 * @notification: a notification event; else a synchronization event
 * @signalled: its state
 *
 * Return: a reference, or ENOMEM.
 */
struct ntapc_object *ntapc_create_event(bool notification, bool signalled)
{
	u8 type = notification ? NTAPC_OBJECT_NOTIFICATION_EVENT :
				 NTAPC_OBJECT_SYNCHRONIZATION_EVENT;

	return or_no_memory(ntapc_object_alloc(type, signalled, 0));
}
EXPORT_SYMBOL_GPL(ntapc_create_event);

/**
 * ntapc_create_semaphore - KeInitializeSemaphore
 * @count: its count
 * @limit: the highest count, 1 to 0x7fffffff
 *
 * Return: a reference, or ENOMEM; EINVAL for what NT takes for a mistake.
 */
struct ntapc_object *ntapc_create_semaphore(u32 count, u32 limit)
{
	if (!limit || limit > S32_MAX || count > limit)
		return ERR_PTR(-EINVAL);
	return or_no_memory(ntapc_object_alloc(NTAPC_OBJECT_SEMAPHORE, count,
					       limit));
}
EXPORT_SYMBOL_GPL(ntapc_create_semaphore);

/**
 * ntapc_create_mutant - KeInitializeMutant
 *
 * It is nobody's.
 *
 * Return: a reference, or ENOMEM.
 */
struct ntapc_object *ntapc_create_mutant(void)
{
	return or_no_memory(ntapc_object_alloc(NTAPC_OBJECT_MUTANT, 0, 0));
}
EXPORT_SYMBOL_GPL(ntapc_create_mutant);

/**
 * ntapc_create_mutex - KeInitializeMutex
 *
 * A mutant that keeps the thread that has acquired it in a critical region until it
 * has released it (8.6). The same functions serve it.
 *
 * Return: a reference, or ENOMEM.
 */
struct ntapc_object *ntapc_create_mutex(void)
{
	struct ntapc_object *object =
		ntapc_object_alloc(NTAPC_OBJECT_MUTANT, 0, 0);

	if (object)
		object->ko.disables_apcs = true;
	return or_no_memory(object);
}
EXPORT_SYMBOL_GPL(ntapc_create_mutex);

/**
 * ntapc_create_timer - KeInitializeTimerEx
 * @notification: a notification timer; else a synchronization timer
 *
 * Return: a reference, or ENOMEM.
 */
struct ntapc_object *ntapc_create_timer(bool notification)
{
	u8 type = notification ? NTAPC_OBJECT_NOTIFICATION_TIMER :
				 NTAPC_OBJECT_SYNCHRONIZATION_TIMER;

	return or_no_memory(ntapc_timer_alloc(type));
}
EXPORT_SYMBOL_GPL(ntapc_create_timer);

/**
 * ntapc_object_of_thread - what is signalled when a thread has ended
 * @thread: referenced by the caller
 *
 * Return: a reference, or ENOMEM.
 */
struct ntapc_object *ntapc_object_of_thread(struct ntapc_thread *thread)
{
	struct ntapc_object *object = ntapc_thread_object(thread);

	if (object)
		ntapc_object_hold(object);
	return or_no_memory(object);
}
EXPORT_SYMBOL_GPL(ntapc_object_of_thread);

/**
 * ntapc_object_of_process - what is signalled when a process has ended
 * @process: referenced by the caller
 *
 * Return: a reference, or ENOMEM.
 */
struct ntapc_object *ntapc_object_of_process(struct ntapc_process *process)
{
	struct ntapc_object *object = ntapc_process_object(process);

	if (object)
		ntapc_object_hold(object);
	return or_no_memory(object);
}
EXPORT_SYMBOL_GPL(ntapc_object_of_process);

/**
 * ntapc_object_reference - ObReferenceObject
 * @object: referenced by the caller
 *
 * Any task context.
 */
void ntapc_object_reference(struct ntapc_object *object)
{
	ntapc_object_hold(object);
}
EXPORT_SYMBOL_GPL(ntapc_object_reference);

/**
 * ntapc_object_dereference - ObDereferenceObject
 * @object: referenced by the caller, in no wait of his, and no mutex that a thread
 *	holds if the reference is the last
 */
void ntapc_object_dereference(struct ntapc_object *object)
{
	ntapc_object_put(object);
}
EXPORT_SYMBOL_GPL(ntapc_object_dereference);

/**
 * ntapc_set_event - KeSetEvent
 * @event: referenced by the caller
 *
 * Any task context.
 *
 * Return: whether it was signalled before; false, with nothing done, if it is no
 * event.
 */
bool ntapc_set_event(struct ntapc_object *event)
{
	return ntapc_core_is_event(&event->ko) && ntapc_object_set(event);
}
EXPORT_SYMBOL_GPL(ntapc_set_event);

/**
 * ntapc_reset_event - KeResetEvent
 * @event: referenced by the caller
 *
 * Any task context.
 *
 * Return: as ntapc_set_event().
 */
bool ntapc_reset_event(struct ntapc_object *event)
{
	return ntapc_core_is_event(&event->ko) && ntapc_object_reset(event);
}
EXPORT_SYMBOL_GPL(ntapc_reset_event);

/**
 * ntapc_pulse_event - KePulseEvent
 * @event: referenced by the caller
 *
 * Any task context.
 *
 * Return: as ntapc_set_event().
 */
bool ntapc_pulse_event(struct ntapc_object *event)
{
	return ntapc_core_is_event(&event->ko) && ntapc_object_pulse(event);
}
EXPORT_SYMBOL_GPL(ntapc_pulse_event);

/**
 * ntapc_release_semaphore - KeReleaseSemaphore
 * @semaphore: referenced by the caller
 * @count: how many, 1 to 0x7fffffff
 * @previous: or NULL; set to its count before
 *
 * Any task context.
 *
 * Return: 0; EOVERFLOW if that were past its limit (NT raises
 * STATUS_SEMAPHORE_LIMIT_EXCEEDED); EINVAL if it is no semaphore, or @count is out
 * of range.
 */
int ntapc_release_semaphore(struct ntapc_object *semaphore, u32 count,
			    u32 *previous)
{
	u32 before;
	int err;

	if (semaphore->ko.type != NTAPC_OBJECT_SEMAPHORE || !count ||
	    count > S32_MAX)
		return -EINVAL;
	err = ntapc_object_release_semaphore(semaphore, count, &before);
	if (!err && previous)
		*previous = before;
	return err;
}
EXPORT_SYMBOL_GPL(ntapc_release_semaphore);

/**
 * ntapc_release_mutant - KeReleaseMutant
 * @mutant: referenced by the caller
 *
 * Any task context of the thread that holds it; a mutex: as
 * ntapc_leave_critical_region().
 *
 * Return: 0; EPERM if the current thread doesn't hold it (NT raises
 * STATUS_MUTANT_NOT_OWNED); EINVAL if it is no mutant.
 */
int ntapc_release_mutant(struct ntapc_object *mutant)
{
	struct ntapc_thread *thread = ntapc_thread_find(current);
	u32 previous;
	int err;

	if (mutant->ko.type != NTAPC_OBJECT_MUTANT)
		return -EINVAL;
	if (!thread || mutant->ko.by_id)
		return -EPERM;
	err = ntapc_object_release_mutant(mutant, ntapc_owner(thread),
					  &previous);
	if (!err && previous == 1 && mutant->ko.disables_apcs)
		ntapc_leave_critical_region();
	return err;
}
EXPORT_SYMBOL_GPL(ntapc_release_mutant);

/**
 * ntapc_set_timer - KeSetTimerEx
 * @timer: referenced by the caller
 * @due: 100 ns; negative from now, else since 1601
 * @period: ms, up to 0x7fffffff; 0: it expires once
 *
 * Return: whether it was set before; false, with nothing done, if it is no timer.
 */
bool ntapc_set_timer(struct ntapc_object *timer, s64 due, u32 period)
{
	const struct ntapc_set_timer args = { .due = due, .period = period };
	bool was_set;
	u32 previous;

	if (!timer->timer || period > S32_MAX)
		return false;
	/* Without an APC it can't fail. */
	ntapc_timer_set(timer, NULL, &args, &previous, &was_set);
	return was_set;
}
EXPORT_SYMBOL_GPL(ntapc_set_timer);

/**
 * ntapc_cancel_timer - KeCancelTimer
 * @timer: referenced by the caller
 *
 * Return: as ntapc_set_timer().
 */
bool ntapc_cancel_timer(struct ntapc_object *timer)
{
	return timer->timer && ntapc_timer_cancel(timer);
}
EXPORT_SYMBOL_GPL(ntapc_cancel_timer);

/**
 * ntapc_read_state - KeReadStateEvent and its kin
 * @object: referenced by the caller
 *
 * Any task context.
 *
 * Return: an event or timer: 1 if it is signalled, else 0; a semaphore: its count; a
 * mutant: 1 minus how often it is acquired; a thread or process: 1 if it has ended.
 */
s32 ntapc_read_state(struct ntapc_object *object)
{
	s32 state;

	spin_lock(&object->lock);
	state = ntapc_core_signal_state(&object->ko);
	spin_unlock(&object->lock);
	return state;
}
EXPORT_SYMBOL_GPL(ntapc_read_state);
