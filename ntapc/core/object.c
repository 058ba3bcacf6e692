// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a dispatcher object is signalled, and what a wait takes from it (11.5,
 * 11.6).
 */
#include <linux/ntapc.h>

#include "core.h"

/**
 * ntapc_core_object_init - KeInitializeEvent and its kin
 * @ko: all of it is set
 * @type: NTAPC_OBJECT_*
 * @state: signalled or not, or a semaphore's count
 * @limit: of a semaphore, else 0
 *
 * A mutant starts as nobody's.
 */
void ntapc_core_object_init(struct ntapc_kobject *ko, u8 type, u32 state,
			    u32 limit)
{
	*ko = (struct ntapc_kobject) {
		.type = type,
		.state = state,
		.limit = limit,
	};
}

/**
 * ntapc_core_satisfy - a wait takes from the object
 * @ko: the object, signalled for @owner
 * @owner: who waits, for a mutant
 *
 * Return: whether that was an abandoned mutant, which it no longer is.
 */
bool ntapc_core_satisfy(struct ntapc_kobject *ko, u64 owner)
{
	bool abandoned = ko->abandoned;

	switch (ko->type) {
	case NTAPC_OBJECT_SYNCHRONIZATION_EVENT:
	case NTAPC_OBJECT_SYNCHRONIZATION_TIMER:
		ko->state = 0;
		break;
	case NTAPC_OBJECT_SEMAPHORE:
		ko->state--;
		break;
	case NTAPC_OBJECT_MUTANT:
		ko->state++;
		ko->owner = owner;
		ko->abandoned = false;
		break;
	default:
		break;
	}
	return abandoned;
}

/**
 * ntapc_core_keeps - does it stay signalled when waits are satisfied?
 * @ko: the object
 *
 * Return: whether it is of a notification type.
 */
bool ntapc_core_keeps(const struct ntapc_kobject *ko)
{
	return ko->type == NTAPC_OBJECT_NOTIFICATION_EVENT ||
	       ko->type == NTAPC_OBJECT_NOTIFICATION_TIMER ||
	       ko->type == NTAPC_OBJECT_LIFE;
}

/**
 * ntapc_core_set - KeSetEvent, and the expiry of a timer
 * @ko: an event, a timer or a life
 *
 * Return: its state before.
 */
u32 ntapc_core_set(struct ntapc_kobject *ko)
{
	u32 previous = ko->state;

	ko->state = 1;
	return previous;
}

/**
 * ntapc_core_reset - KeResetEvent, and the setting of a timer
 * @ko: an event or a timer
 *
 * Return: its state before.
 */
u32 ntapc_core_reset(struct ntapc_kobject *ko)
{
	u32 previous = ko->state;

	ko->state = 0;
	return previous;
}

/**
 * ntapc_core_release_semaphore - KeReleaseSemaphore
 * @ko: a semaphore
 * @count: how many
 * @previous: set to its count before
 *
 * Return: false, with nothing changed, if that were past its limit.
 */
bool ntapc_core_release_semaphore(struct ntapc_kobject *ko, u32 count,
				  u32 *previous)
{
	*previous = ko->state;
	if (count > ko->limit - ko->state)
		return false;
	ko->state += count;
	return true;
}

/**
 * ntapc_core_release_mutant - KeReleaseMutant
 * @ko: a mutant
 * @owner: who releases it
 * @previous: set to how often it was acquired before
 *
 * Return: false, with nothing changed, if it isn't @owner's (11.6).
 */
bool ntapc_core_release_mutant(struct ntapc_kobject *ko, u64 owner,
			       u32 *previous)
{
	*previous = ko->state;
	if (!ko->state || ko->owner != owner)
		return false;
	if (!--ko->state)
		ko->owner = 0;
	return true;
}

/**
 * ntapc_core_abandon - the owner of a mutant has ended
 * @ko: a mutant
 * @owner: who
 *
 * Return: false, with nothing changed, if it isn't @owner's.
 */
bool ntapc_core_abandon(struct ntapc_kobject *ko, u64 owner)
{
	if (ko->owner != owner)
		return false;
	ko->state = 0;
	ko->owner = 0;
	ko->abandoned = true;
	return true;
}

/**
 * ntapc_core_signal_state - SignalState, as KeReadStateEvent and its kin see it
 * @ko: the object
 *
 * Return: see struct ntapc_object_info.
 */
s32 ntapc_core_signal_state(const struct ntapc_kobject *ko)
{
	if (ko->type != NTAPC_OBJECT_MUTANT)
		return ko->state;
	return ntapc_core_mutant_state(ko->state);
}
