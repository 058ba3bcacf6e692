// SPDX-License-Identifier: GPL-2.0-only
/*
 * Acting in another address space: entering it, and getting at its pages.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "mm.h"
#include "../compat.h"

#ifdef CONFIG_HIGHMEM
#error "ntapc reaches pages by their kernel address: HIGHMEM is not supported"
#endif

/**
 * ntapc_may_reach - may a process's memory still be reached?
 * @process: any
 * @actor: who was allowed to
 *
 * Return: 0, ESRCH or EACCES.
 */
int ntapc_may_reach(struct ntapc_process *process,
		    const struct ntapc_actor *actor)
{
	if (ntapc_process_is_over(process))
		return -ESRCH;
	if (actor->foreign &&
	    ntapc_process_authority(process) != actor->authority)
		return -EACCES;
	return 0;
}

/*
 * KeStackAttachProcess without a state of its own: nobody is to see one. The right
 * may have gone while this waited.
 */
static int enter(struct ntapc_process *process, const struct ntapc_actor *actor)
{
	struct ntapc_ready ready = { .task = current, .process = process };
	bool tell = false;
	int err = 0;

	spin_lock(&process->lock);
	if (!ntapc_core_process_enter(&process->kp)) {
		err = -EOVERFLOW;
	} else if (unlikely(process->kp.state != NTAPC_PROCESS_IN_MEMORY)) {
		tell = ntapc_core_process_wait(&process->kp, &ready.entry);
		ready.waits = true;
	}
	spin_unlock(&process->lock);
	if (likely(!ready.waits))
		return err;

	if (tell)
		ntapc_tell_swapper(process);
	err = ntapc_wait_ready(process, &ready, false);
	if (!err)
		err = ntapc_may_reach(process, actor);
	if (err) {
		spin_lock(&process->lock);
		ntapc_ready_leave(&ready);
		ntapc_core_process_leave(&process->kp);
		spin_unlock(&process->lock);
	}
	return err;
}

/**
 * ntapc_space_enter - begin to act in a process's address space
 * @space: set
 * @process: kept by the caller until ntapc_space_leave()
 * @actor: who acts
 * @attached: the current thread is attached there, or it is its own: whether @actor
 *	may act is looked at again. Else it has just been
 *
 * Return: 0; ESRCH; EACCES; EOVERFLOW; ERESTARTSYS if a signal ended the wait for it
 * to be in memory.
 */
int ntapc_space_enter(struct ntapc_space *space, struct ntapc_process *process,
		      const struct ntapc_actor *actor, bool attached)
{
	int err;

	space->process = process;
	space->actor = *actor;
	space->entered = !attached;
	err = attached ? ntapc_may_reach(process, actor) :
			 enter(process, actor);
	if (err)
		return err;
	space->mm = ntapc_process_mm(process);
	if (space->mm)
		return 0;
	space->mm = NULL;
	ntapc_space_leave(space);
	return -ESRCH;
}

/**
 * ntapc_space_leave - the end of that
 * @space: entered
 */
void ntapc_space_leave(struct ntapc_space *space)
{
	struct ntapc_process *process = space->process;

	if (space->mm)
		mmput(space->mm);
	if (!space->entered)
		return;
	spin_lock(&process->lock);
	ntapc_core_process_leave(&process->kp);
	spin_unlock(&process->lock);
}

/**
 * ntapc_space_check - to be asked between two batches
 * @space: entered
 *
 * Return: 0, ESRCH, EACCES, or EINTR if current is being killed.
 */
int ntapc_space_check(const struct ntapc_space *space)
{
	cond_resched();
	if (fatal_signal_pending(current))
		return -EINTR;
	return ntapc_may_reach(space->process, &space->actor);
}

/**
 * ntapc_range_valid - can there be such a range, anywhere?
 * @address: of the first byte
 * @length: in bytes
 *
 * Return: whether it doesn't wrap and isn't longer than what a call can return.
 */
bool ntapc_range_valid(u64 address, u64 length)
{
	return length <= SSIZE_MAX && address + length >= address;
}

static unsigned int pages_of(u64 address, u64 length, unsigned int max)
{
	u64 end;

	/* Before anything can overflow. */
	length = min_t(u64, length, (u64)max << PAGE_SHIFT);
	end = PAGE_ALIGN(offset_in_page(address) + length);
	return min_t(u64, end >> PAGE_SHIFT, max);
}

/**
 * ntapc_get_pages - get at the first pages of a range, faulting them in
 * @space: entered
 * @pages: its first pages are set
 * @address: of the first byte
 * @length: in bytes, not 0
 * @flags: FOLL_*; never FOLL_FORCE
 *
 * Return: how many pages, for ntapc_put_pages(); EFAULT (nothing there, or not that
 * way); EINTR (current is being killed); ENOMEM.
 */
int ntapc_get_pages(const struct ntapc_space *space, struct ntapc_pages *pages,
		    u64 address, u64 length, unsigned int flags)
{
	unsigned long start = address & PAGE_MASK;
	unsigned int max;
	int locked = 1;
	long nr;

	if (address >= TASK_SIZE_MAX)
		return -EFAULT;
	length = min_t(u64, length, TASK_SIZE_MAX - address);
	max = pages_of(address, length,
		       length > NTAPC_PAGES_SMALL ? NTAPC_PAGES : NTAPC_PAGES_FEW);
	if (mmap_read_lock_killable(space->mm))
		return -EINTR;
	/*
	 * What is written to is pinned: the caller's memory may keep the copy
	 * waiting, and a fork() meanwhile mustn't give the page to the child.
	 */
	if (flags & FOLL_WRITE)
		nr = ntapc_pin_user_pages_remote(space->mm, start, max, flags,
						 pages->page, &locked);
	else
		nr = ntapc_get_user_pages_remote(space->mm, start, max, flags,
						 pages->page, &locked);
	if (locked)
		mmap_read_unlock(space->mm);
	if (likely(nr > 0))
		return nr;
	if (fatal_signal_pending(current))
		return -EINTR;
	return nr == -ENOMEM ? -ENOMEM : -EFAULT;
}

/**
 * ntapc_put_pages - the reverse
 * @pages: whose first pages are let go
 * @nr: how many
 * @flags: as for ntapc_get_pages()
 */
void ntapc_put_pages(struct ntapc_pages *pages, unsigned int nr,
		     unsigned int flags)
{
	unsigned int i;

	if (flags & FOLL_WRITE) {
		unpin_user_pages_dirty_lock(pages->page, nr, true);
		return;
	}
	for (i = 0; i < nr; i++)
		put_page(pages->page[i]);
}
