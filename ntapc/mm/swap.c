// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that leave memory and come back (rules 9.3 to 9.5).
 *
 * To give pages to reclaim is user space's part, no module can. To bring them in is
 * the swapper's: works of a queue, one for each process that is wanted, so that one
 * whose pages are slow to come holds up nobody else.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "mm.h"
#include "../compat.h"
#include "../trace.h"

static struct workqueue_struct *swapper;

static void trace_state(const struct ntapc_process *process)
{
	lockdep_assert_held(&process->lock);
	trace_ntapc_process_state(process);
}

/* It is in memory: who waits goes on, in order (rule 9.3). */
static void let_go_on(struct ntapc_process *process)
{
	struct ntapc_ready *ready, *next;

	lockdep_assert_held(&process->lock);
	list_for_each_entry_safe(ready, next, &process->kp.ready_list, entry) {
		struct task_struct *task = ready->task;

		trace_ntapc_process_ready(process, task);
		list_del(&ready->entry);
		/*
		 * It may return once it sees this, but not before it has had
		 * our lock: see ntapc_wait_ready().
		 */
		WRITE_ONCE(ready->go, true);
		wake_up_process(task);
	}
}

/**
 * ntapc_wait_ready - wait on a process's ready list
 * @process: kept by the caller
 * @ready: on its list
 * @killable: only a fatal signal ends it, or that the system thread is to stop
 *
 * Return: 0 once it is in memory; ESRCH once it is over; ERESTARTSYS, or EINTR if
 * @killable. Unless it is 0 @ready is still on the list, if it hasn't been told to go
 * on just now.
 */
int ntapc_wait_ready(struct ntapc_process *process, struct ntapc_ready *ready,
		     bool killable)
{
	unsigned int state = killable ? TASK_KILLABLE : TASK_INTERRUPTIBLE;
	bool system = current->flags & PF_KTHREAD;
	DEFINE_WAIT(wait);
	int err;

	/* System threads know no signals, but are woken to stop. */
	if (system)
		state = TASK_IDLE;
	for (;;) {
		prepare_to_wait(&process->waitq, &wait, state);
		err = 0;
		if (READ_ONCE(ready->go))
			break;
		err = -ESRCH;
		if (ntapc_process_is_over(process))
			break;
		err = killable ? -EINTR : -ERESTARTSYS;
		if (system ? ntapc_system_thread_should_stop() :
			     signal_pending_state(state, current))
			break;
		schedule();
	}
	finish_wait(&process->waitq, &wait);
	/* Who told us to go on may still have @ready in its hands. */
	spin_lock(&process->lock);
	if (ready->go)
		err = ntapc_process_is_over(process) ? -ESRCH : 0;
	spin_unlock(&process->lock);
	return err;
}

/*
 * Brings a few pages from @address on in. Returns where to go on, or @end.
 *
 * Anonymous ones only: a file's may take as long as its server likes, FUSE's for
 * one, and were not swapped out but dropped. The lock is kept meanwhile, so that
 * they are still anonymous. What was never there, or isn't any more, is no page to
 * be brought in: FOLL_DUMP leaves holes, as it does for core dumps.
 */
static u64 bring_in_some(struct mm_struct *mm, u64 address, u64 end)
{
	struct page *page[NTAPC_PAGES_FEW];
	struct vm_area_struct *vma;
	long i, nr;

	/* Killable, so that it isn't taken for a hung task: it may last. */
	if (mmap_read_lock_killable(mm))
		return end;
	vma = find_vma(mm, address);
	if (!vma || vma->vm_start >= end) {
		address = end;
		goto unlock;
	}
	if (!vma_is_anonymous(vma)) {
		address = vma->vm_end;
		goto unlock;
	}
	address = max_t(u64, address, vma->vm_start);
	end = min_t(u64, end, vma->vm_end);
	nr = ntapc_get_user_pages_remote(mm, address,
					 min_t(u64, ARRAY_SIZE(page),
					       (end - address) >> PAGE_SHIFT),
					 FOLL_DUMP, page, NULL);
	for (i = 0; i < nr; i++)
		put_page(page[i]);
	address += (u64)max(nr, 1L) << PAGE_SHIFT;
unlock:
	mmap_read_unlock(mm);
	return address;
}

static void bring_in(struct ntapc_process *process,
		     const struct ntapc_range *ranges, u32 nr_ranges)
{
	struct mm_struct *mm = ntapc_process_mm(process);
	u32 i;

	if (!mm)
		return;
	for (i = 0; i < nr_ranges; i++) {
		u64 address = ranges[i].address;
		u64 end = address + ranges[i].length;

		while (address < end && !ntapc_process_is_over(process)) {
			address = bring_in_some(mm, address, end);
			cond_resched();
		}
	}
	mmput(mm);
}

static void swap_in(struct work_struct *work)
{
	struct ntapc_process *process =
		container_of(work, struct ntapc_process, swap_work);
	struct ntapc_range *ranges;
	u32 nr_ranges;

	spin_lock(&process->lock);
	ntapc_core_in_swap_start(&process->kp);
	trace_state(process);
	ranges = process->ranges;
	nr_ranges = process->nr_ranges;
	process->ranges = NULL;
	process->nr_ranges = 0;
	spin_unlock(&process->lock);

	bring_in(process, ranges, nr_ranges);
	kvfree(ranges);

	spin_lock(&process->lock);
	ntapc_core_in_swap_end(&process->kp);
	process->nr_in_swap++;
	trace_state(process);
	let_go_on(process);
	spin_unlock(&process->lock);
	ntapc_process_put(process);
	/* ntapc_swap_exit() waits for what is left of this. */
	module_put(THIS_MODULE);
}

/**
 * ntapc_tell_swapper - KiSwapEvent: a process is to be brought in
 * @process: InTransition just now
 */
void ntapc_tell_swapper(struct ntapc_process *process)
{
	__module_get(THIS_MODULE);
	ntapc_process_hold(process);
	/* It is InTransition once at a time; the last one may be ending still. */
	spin_lock(&process->lock);
	if (!process->swap_work.func)
		INIT_WORK(&process->swap_work, swap_in);
	spin_unlock(&process->lock);
	queue_work(swapper, &process->swap_work);
}

/**
 * ntapc_out_swap_begin - a process is about to leave memory
 * @process: any
 * @owner: who will say when it has; not NULL
 *
 * Return: 0 or EBUSY.
 */
int ntapc_out_swap_begin(struct ntapc_process *process, const void *owner)
{
	bool begun;

	spin_lock(&process->lock);
	begun = ntapc_core_out_swap_begin(&process->kp);
	if (begun) {
		trace_state(process);
		/* Nobody can have come in between: that takes the lock. */
		ntapc_core_out_swap_start(&process->kp);
		trace_state(process);
		process->out_swapper = owner;
	}
	spin_unlock(&process->lock);
	return begun ? 0 : -EBUSY;
}

/**
 * ntapc_out_swap_end - it has
 * @process: any
 * @owner: who began it
 * @ranges: what was in memory before, for kvfree() by us if this succeeds; or NULL
 * @nr_ranges: of them
 *
 * Return: 0 or EBUSY.
 */
int ntapc_out_swap_end(struct ntapc_process *process, const void *owner,
		       struct ntapc_range *ranges, u32 nr_ranges)
{
	bool wanted = false;
	int err = -EBUSY;

	spin_lock(&process->lock);
	if (process->out_swapper == owner) {
		process->out_swapper = NULL;
		process->ranges = ranges;
		process->nr_ranges = nr_ranges;
		process->nr_out_swap++;
		wanted = ntapc_core_out_swap_end(&process->kp);
		trace_state(process);
		err = 0;
	}
	spin_unlock(&process->lock);
	if (wanted)
		ntapc_tell_swapper(process);
	return err;
}

/**
 * ntapc_out_swap_cancel - it stays
 * @process: any
 * @owner: who began it
 *
 * Return: 0 or EBUSY.
 */
int ntapc_out_swap_cancel(struct ntapc_process *process, const void *owner)
{
	int err = -EBUSY;

	spin_lock(&process->lock);
	if (process->out_swapper == owner) {
		process->out_swapper = NULL;
		ntapc_core_out_swap_cancel(&process->kp);
		trace_state(process);
		let_go_on(process);
		err = 0;
	}
	spin_unlock(&process->lock);
	return err;
}

/**
 * ntapc_process_info - what NTAPC_IOC_PROCESS_INFO shows
 * @process: may be over
 * @info: all members but size are set
 */
void ntapc_process_info(struct ntapc_process *process,
			struct ntapc_process_info *info)
{
	const struct list_head *entry;

	info->flags = process->is_32bit ? NTAPC_PROCESS_32BIT : 0;
	if (ntapc_process_is_over(process))
		info->flags |= NTAPC_PROCESS_ENDED;
	info->pid = ntapc_process_is_over(process) ? 0 :
						     pid_vnr(process->tgid);
	info->nr_ready = 0;
	spin_lock(&process->lock);
	info->state = process->kp.state;
	info->stack_count = process->kp.stack_count;
	list_for_each(entry, &process->kp.ready_list)
		info->nr_ready++;
	info->nr_out_swap = process->nr_out_swap;
	info->nr_in_swap = process->nr_in_swap;
	spin_unlock(&process->lock);
}

int ntapc_swap_init(void)
{
	swapper = alloc_workqueue("ntapc_swapper", WQ_UNBOUND, WQ_MAX_ACTIVE);
	return swapper ? 0 : -ENOMEM;
}

/* Nobody waits: what is queued ends by itself. */
void ntapc_swap_exit(void)
{
	destroy_workqueue(swapper);
}
