// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The handle table.
 *
 * A handle is generation : index : 00. Slots are reused first in first out, not
 * before RESERVE_FREE others are free, and each time with the next generation: a
 * stale handle meets a new object after RESERVE_FREE * GENERATIONS closes at the
 * earliest (rule 14.5). The low two bits aren't looked at, as in NT.
 *
 * Locking: table_lock, inside a guarded stretch, lest a special APC of the thread
 * that holds it wants it, too. Held over fork(). Nothing is called under it that
 * could block or run user code.
 */
#include <pthread.h>
#include <stdlib.h>

#include "handle.h"
#include "internal.h"

#define INDEX_BITS	20
#define GENERATION_BITS	9
#define INDEX_MASK	((1U << INDEX_BITS) - 1)
#define GENERATION_MASK	((1U << GENERATION_BITS) - 1)
#define CHUNK_SLOTS	1024
#define CHUNKS		((1U << INDEX_BITS) / CHUNK_SLOTS)
#define RESERVE_FREE	256

struct slot {
	struct object *object;	/* NULL: free */
	ACCESS_MASK access;
	uint16_t generation;
	uint32_t next_free;	/* 0: last */
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

/* Protected by table_lock. */
static struct slot *chunk[CHUNKS];
static uint32_t nr_slots;
static uint32_t nr_free, first_free, last_free;	/* slot 0 is never used */

static void lock(void)
{
	ntapc_guard_enter();
	pthread_mutex_lock(&table_lock);
}

static void unlock(void)
{
	pthread_mutex_unlock(&table_lock);
	ntapc_guard_leave();
}

static void unlock_child(void)
{
	/* The guard count stayed with the parent. */
	pthread_mutex_unlock(&table_lock);
}

__attribute__((constructor)) static void hold_over_fork(void)
{
	pthread_atfork(lock, unlock, unlock_child);
}

static struct slot *slot_at(uint32_t index)
{
	return &chunk[index / CHUNK_SLOTS][index % CHUNK_SLOTS];
}

static void free_append(uint32_t index)
{
	slot_at(index)->next_free = 0;
	if (last_free)
		slot_at(last_free)->next_free = index;
	else
		first_free = index;
	last_free = index;
	nr_free++;
}

static uint32_t free_take(void)
{
	uint32_t index = first_free;

	if (!index)
		return 0;
	first_free = slot_at(index)->next_free;
	if (!first_free)
		last_free = 0;
	nr_free--;
	return index;
}

static void grow(void)
{
	uint32_t i;

	if (nr_slots == CHUNKS * CHUNK_SLOTS)
		return;
	chunk[nr_slots / CHUNK_SLOTS] = calloc(CHUNK_SLOTS, sizeof(struct slot));
	if (!chunk[nr_slots / CHUNK_SLOTS])
		return;
	i = nr_slots;
	nr_slots += CHUNK_SLOTS;
	for (; i < nr_slots; i++)
		if (i)
			free_append(i);
}

static HANDLE encode(uint32_t index, uint16_t generation)
{
	return (HANDLE)(((uintptr_t)generation << INDEX_BITS | index) << 2);
}

/* The slot that @handle means, or NULL. */
static struct slot *decode(HANDLE handle)
{
	uintptr_t value = (uintptr_t)handle >> 2;
	uint32_t index = value & INDEX_MASK;
	struct slot *slot;

	if (!index || index >= nr_slots)
		return NULL;
	slot = slot_at(index);
	if (!slot->object || value >> INDEX_BITS != slot->generation)
		return NULL;
	return slot;
}

/* Takes over the caller's reference unless it fails. */
NTSTATUS ntapc__handle_insert(struct object *object, ACCESS_MASK access,
			      HANDLE *handle)
{
	uint32_t index;

	lock();
	if (nr_free <= RESERVE_FREE)
		grow();
	index = free_take();
	if (index) {
		struct slot *slot = slot_at(index);

		slot->object = object;
		slot->access = access;
		*handle = encode(index, slot->generation);
	}
	unlock();
	return index ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS ntapc__handle_remove(HANDLE handle)
{
	struct object *object = NULL;
	struct slot *slot;

	lock();
	slot = decode(handle);
	if (slot) {
		object = slot->object;
		slot->object = NULL;
		slot->generation = (slot->generation + 1) & GENERATION_MASK;
		free_append((uintptr_t)handle >> 2 & INDEX_MASK);
	}
	unlock();
	if (!object)
		return STATUS_INVALID_HANDLE;
	ntapc__object_put(object);
	return STATUS_SUCCESS;
}

/* Gives a reference to the object. */
NTSTATUS ntapc__handle_find(HANDLE handle, struct object **object,
			    ACCESS_MASK *access)
{
	struct slot *slot;

	lock();
	slot = decode(handle);
	if (slot) {
		*object = slot->object;
		*access = slot->access;
		atomic_fetch_add(&slot->object->refs, 1);
	}
	unlock();
	return slot ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}
