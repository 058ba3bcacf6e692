// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * What the library holds for threads that were ended from outside, and so couldn't
 * give it back: found when the next thread registers.
 *
 * The list takes no lock. An entry's word has a generation, so that whoever looked at
 * one that has since become another thread's notices.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#define STATE_MASK	UINT64_C(3)
#define FREE		UINT64_C(0)
#define CLAIMED		UINT64_C(1)
#define LISTED		UINT64_C(2)
#define GENERATION	UINT64_C(4)

void ntapc__list_enter(struct thread *t)
{
	struct process *p = ntapc__process();
	unsigned int i, at;

	for (i = 0; p && i < LIST_SIZE; i++) {
		struct list_entry *e;
		uint64_t word;

		at = atomic_fetch_add(&p->list_cursor, 1) % LIST_SIZE;
		e = &p->list[at];
		word = atomic_load(&e->word);
		if ((word & STATE_MASK) != FREE ||
		    !atomic_compare_exchange_strong(&e->word, &word,
						    word | CLAIMED))
			continue;
		e->thread = t;
		atomic_store(&e->fd, t->fd);
		atomic_store(&e->tid, gettid());
		atomic_store(&e->word, word | LISTED);
		t->entry = e;
		return;
	}
	/* Too many threads at once: it does without. */
}

static void entry_free(struct list_entry *e)
{
	uint64_t word = atomic_load(&e->word);

	atomic_store(&e->word, (word & ~STATE_MASK) + GENERATION);
}

/* By the thread itself, which therefore nobody takes for ended. */
void ntapc__list_leave(struct thread *t)
{
	if (t->entry)
		entry_free(t->entry);
	t->entry = NULL;
}

/*
 * Is it gone? A program that closes descriptors that aren't its own may have reused
 * the number for another thread's: so the id is looked at, too.
 */
static bool is_gone(const struct list_entry *e, bool *is_going)
{
	struct ntapc_thread_info info;

	if (ntapc_thread_info(atomic_load(&e->fd), &info))
		return false;
	*is_going = info.state &
		    (NTAPC_THREAD_TERMINATING | NTAPC_THREAD_EXITED);
	return info.state & NTAPC_THREAD_EXITED &&
	       syscall(SYS_tgkill, getpid(), atomic_load(&e->tid), 0);
}

/* Returns whether it is to be looked at again. */
static bool reap_entry(struct list_entry *e)
{
	uint64_t word = atomic_load(&e->word);
	bool is_going = false;

	if ((word & STATE_MASK) != LISTED || !is_gone(e, &is_going))
		return is_going;
	if (!atomic_compare_exchange_strong(&e->word, &word,
					    (word & ~STATE_MASK) | CLAIMED))
		return false;
	ntapc__slot_unmap(e->thread);
	close(e->thread->fd);
	munmap(e->thread, sizeof(*e->thread));
	entry_free(e);
	return false;
}

void ntapc__reap_later(void)
{
	struct process *p = ntapc__process();

	if (p)
		atomic_store(&p->to_reap, 1);
}

void ntapc__reap(void)
{
	struct process *p = ntapc__process();
	int saved = errno;
	bool again = false;
	unsigned int i;

	if (!p || !atomic_load(&p->to_reap) || !atomic_exchange(&p->to_reap, 0))
		return;
	for (i = 0; i < LIST_SIZE; i++)
		again |= reap_entry(&p->list[i]);
	if (again)
		ntapc__reap_later();
	errno = saved;
}
