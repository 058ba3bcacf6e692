// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The handle table.
 *
 * A handle is generation : index : 00. The table is searched for a free slot from
 * where the last one was found, never with fewer than RESERVE_FREE free ones, and
 * each use of a slot has the next generation: a stale handle meets a new object
 * after RESERVE_FREE * GENERATIONS closes or so (rule 14.5). The low two bits aren't
 * looked at, as in NT.
 *
 * There is no lock. A thread can be suspended or ended at any instruction, by one
 * that then wants a handle; and a special APC can want one anywhere. All of a slot
 * that changes hands is in its word::
 *
 *   FREE -> CLAIMED	insert: whoever does this fills in the object
 *   CLAIMED -> LIVE	insert: from here on it can be pinned
 *   LIVE -> CLOSED	remove: nobody can pin it any more
 *   CLOSED -> FREE	by whoever finds no pin left: remove, or the last to unpin
 *
 * A pin keeps the object as it is. The slot of a thread that ends with a pin, or in
 * the midst of a step, is lost, as is one that another thread had pinned when a child
 * was forked, in the child; nothing else suffers.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "handle.h"

#define INDEX_BITS	20
#define GENERATION_BITS	9
#define INDEX_MASK	((1U << INDEX_BITS) - 1)
#define GENERATION_MASK	((1U << GENERATION_BITS) - 1)
#define CHUNK_SLOTS	1024
#define CHUNKS		((1U << INDEX_BITS) / CHUNK_SLOTS)
#define RESERVE_FREE	256

/* A slot's word: generation, state, number of pins. */
#define PINS_MASK	UINT64_C(0xffffffff)
#define STATE_MASK	(UINT64_C(3) << 32)
#define FREE		(UINT64_C(0) << 32)
#define CLAIMED		(UINT64_C(1) << 32)
#define LIVE		(UINT64_C(2) << 32)
#define CLOSED		(UINT64_C(3) << 32)
#define GENERATION_SHIFT 34

struct slot {
	_Atomic uint64_t word;
	struct object object;	/* written while CLAIMED, read while pinned */
};

/* Only grows. A chunk is there before it is counted. */
static struct slot *_Atomic chunk[CHUNKS];
static _Atomic uint32_t nr_chunks;

static _Atomic uint32_t cursor;	/* where to look for a free slot */
/* About how many there are; wrong by those that ended threads have lost. */
static _Atomic int32_t nr_free;

static struct slot *slot_at(uint32_t index)
{
	return atomic_load(&chunk[index / CHUNK_SLOTS]) + index % CHUNK_SLOTS;
}

static uint32_t nr_slots(void)
{
	return atomic_load(&nr_chunks) * CHUNK_SLOTS;
}

static uint64_t generation_of(uint64_t word)
{
	return word >> GENERATION_SHIFT;
}

static HANDLE encode(uint32_t index, uint64_t generation)
{
	return (HANDLE)((generation << INDEX_BITS | index) << 2);
}

/* Adds a chunk, or sees another thread do it. From the kernel: no lock. */
static bool grow(void)
{
	uint32_t n = atomic_load(&nr_chunks);
	struct slot *new, *expected = NULL;
	size_t size = CHUNK_SLOTS * sizeof(*new);
	int saved = errno;

	if (n == CHUNKS)
		return false;
	new = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	errno = saved;
	if (new == MAP_FAILED)
		return false;
	if (atomic_compare_exchange_strong(&chunk[n], &expected, new))
		atomic_fetch_add(&nr_free, CHUNK_SLOTS);
	else
		munmap(new, size);
	atomic_compare_exchange_strong(&nr_chunks, &n, n + 1);
	return true;
}

/* Claims the slot if it is free. */
static bool claim(struct slot *slot)
{
	uint64_t word = atomic_load(&slot->word);

	if ((word & STATE_MASK) != FREE ||
	    !atomic_compare_exchange_strong(&slot->word, &word, word | CLAIMED))
		return false;
	atomic_fetch_sub(&nr_free, 1);
	return true;
}

/* Returns the index of a slot that the caller has claimed, or 0. */
static uint32_t claim_next(void)
{
	uint32_t n = nr_slots(), i, index;

	for (i = 0; i < n; i++) {
		index = atomic_fetch_add(&cursor, 1) % n;
		/* The first one is never used: NULL isn't a handle. */
		if (index && claim(slot_at(index)))
			return index;
	}
	return 0;
}

/* Takes the object's descriptor over unless it fails. */
NTSTATUS ntapc__handle_insert(const struct object *object, HANDLE *handle)
{
	struct slot *slot;
	uint32_t index;
	uint64_t word;

	/* A quarter to spare keeps the search short. */
	if (atomic_load(&nr_free) <= RESERVE_FREE + (int32_t)(nr_slots() / 4))
		grow();
	do {
		index = claim_next();
	} while (!index && grow());
	if (!index)
		return STATUS_INSUFFICIENT_RESOURCES;
	slot = slot_at(index);
	slot->object = *object;
	word = atomic_load(&slot->word);
	*handle = encode(index, generation_of(word));
	atomic_store(&slot->word, (word & ~STATE_MASK) | LIVE);
	return STATUS_SUCCESS;
}

/* The caller has found it closed and without a pin, which happens once. */
static void release(struct slot *slot, uint64_t word)
{
	uint64_t generation = (generation_of(word) + 1) & GENERATION_MASK;

	ntapc__object_close(&slot->object);
	atomic_store(&slot->word, generation << GENERATION_SHIFT | FREE);
	atomic_fetch_add(&nr_free, 1);
}

/* The slot that @handle means, if it is live, and its word. */
static struct slot *decode(HANDLE handle, uint64_t *word)
{
	uintptr_t value = (uintptr_t)handle >> 2;
	uint32_t index = value & INDEX_MASK;
	struct slot *slot;

	if (!index || index >= nr_slots())
		return NULL;
	slot = slot_at(index);
	*word = atomic_load(&slot->word);
	if ((*word & STATE_MASK) != LIVE ||
	    value >> INDEX_BITS != generation_of(*word))
		return NULL;
	return slot;
}

NTSTATUS ntapc__handle_remove(HANDLE handle)
{
	struct slot *slot;
	uint64_t word;

	do {
		slot = decode(handle, &word);
		if (!slot)
			return STATUS_INVALID_HANDLE;
	} while (!atomic_compare_exchange_weak(&slot->word, &word,
					       (word & ~STATE_MASK) | CLOSED));
	if (!(word & PINS_MASK))
		release(slot, word);
	return STATUS_SUCCESS;
}

/* Returns NULL if it isn't a handle; else it is to be unpinned. */
struct slot *ntapc__handle_pin(HANDLE handle, struct object *object)
{
	struct slot *slot;
	uint64_t word;

	do {
		slot = decode(handle, &word);
		if (!slot)
			return NULL;
	} while (!atomic_compare_exchange_weak(&slot->word, &word, word + 1));
	*object = slot->object;
	return slot;
}

void ntapc__handle_unpin(struct slot *slot)
{
	uint64_t word = atomic_fetch_sub(&slot->word, 1);

	if ((word & STATE_MASK) == CLOSED && (word & PINS_MASK) == 1)
		release(slot, word);
}

/* Is there a handle of a thread, which may have exited, that has this id? */
bool ntapc__handle_find_thread(pid_t tid, struct object *object)
{
	uint32_t n = nr_slots(), i;
	struct slot *slot;
	uint64_t word;
	bool found;

	for (i = 1; i < n; i++) {
		word = atomic_load(&slot_at(i)->word);
		if ((word & STATE_MASK) != LIVE)
			continue;
		slot = ntapc__handle_pin(encode(i, generation_of(word)), object);
		if (!slot)
			continue;
		ntapc__handle_unpin(slot);
		found = object->type == OBJECT_THREAD && object->tid == tid;
		if (found)
			return true;
	}
	return false;
}
