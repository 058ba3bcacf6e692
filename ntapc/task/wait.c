// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alertable delays and waits, and handing APCs over as records (section 11).
 */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "thread.h"

/* APCs that are taken off the queue in one hold of the lock. */
#define TAKE_CHUNK	64

/**
 * struct batch - APCs on their way to user space as records
 * @to: where the records go
 * @room: how many may be taken
 * @nr: how many have been taken
 * @special_only: leave ordinary ones alone
 * @taken: those APCs
 * @stale: others, which may no longer be delivered
 */
struct batch {
	struct ntapc_record __user *to;
	u32 room;
	u32 nr;
	bool special_only;
	struct list_head taken;
	struct list_head stale;
};

static void init_batch(struct batch *batch, u64 to, u32 room)
{
	batch->to = u64_to_user_ptr(to);
	batch->room = room;
	batch->nr = 0;
	batch->special_only = false;
	INIT_LIST_HEAD(&batch->taken);
	INIT_LIST_HEAD(&batch->stale);
}

/*
 * Takes up to @max ordinary APCs at once, which none is to go before and none of
 * which can have become stale.
 */
static void take_ordinary(struct ntapc_thread *thread, struct batch *batch,
			  u32 max)
{
	struct ntapc_apc *apc;
	LIST_HEAD(taken);
	u32 nr;

	nr = ntapc_core_next_users(&thread->kt, max, &taken);
	list_for_each_entry(apc, &taken, entry) {
		if (!ntapc_user_apc_of(apc)->reserve)
			thread->nr_limited--;
	}
	thread->nr_user -= nr;
	thread->nr_delivered += nr;
	list_splice_tail(&taken, &batch->taken);
	batch->nr += nr;
}

/* Takes one APC, a special one first; whether there was one. */
static bool take_one(struct ntapc_thread *thread, struct batch *batch)
{
	struct ntapc_apc_state *state = &thread->kt.apc_state;
	struct ntapc_user_apc *uapc;

	/* Each one's end would arm the next (12.2). */
	state->user_pending = !batch->special_only &&
		!list_empty(&state->normal[NTAPC_USER_MODE]);
	uapc = ntapc_take_user(thread, &batch->stale);
	if (!uapc)
		return false;
	ntapc_uncount(thread, uapc);
	thread->nr_delivered++;
	list_add_tail(&uapc->apc.entry, &batch->taken);
	batch->nr++;
	return true;
}

/*
 * Takes up to TAKE_CHUNK APCs off the queue, special ones first. Returns whether
 * there may be more.
 */
static bool take_chunk(struct ntapc_thread *thread, struct batch *batch)
{
	struct ntapc_apc_state *state = &thread->kt.apc_state;
	u32 until = min(batch->room, batch->nr + TAKE_CHUNK);

	lockdep_assert_held(&thread->lock);
	while (batch->nr < until && (thread->nr_user || thread->nr_special)) {
		if (!state->special_pending && !thread->nr_foreign &&
		    !batch->special_only &&
		    !list_empty(&state->normal[NTAPC_USER_MODE]))
			take_ordinary(thread, batch, until - batch->nr);
		else if (!take_one(thread, batch))
			break;
	}
	state->user_pending = false;
	ntapc_control_publish(thread);
	return batch->nr == until && until < batch->room;
}

/* Writes the records of what has been taken; whether that worked. */
static bool put_records(const struct batch *batch)
{
	struct ntapc_record __user *to = batch->to;
	struct ntapc_apc *apc;

	if (!user_write_access_begin(to, batch->nr * sizeof(*to)))
		return false;
	list_for_each_entry(apc, &batch->taken, entry) {
		u32 flags = container_of(apc, struct ntapc_user_apc, apc)->flags;

		unsafe_put_user(apc->normal.routine, &to->routine, fault);
		unsafe_put_user(apc->normal.context, &to->arg[0], fault);
		unsafe_put_user(apc->normal.arg[0], &to->arg[1], fault);
		unsafe_put_user(apc->normal.arg[1], &to->arg[2], fault);
		unsafe_put_user(flags & (NTAPC_QUEUE_SPECIAL |
					 NTAPC_QUEUE_CALLBACK_CONTEXT),
				&to->flags, fault);
		unsafe_put_user(0, &to->pad, fault);
		to++;
	}
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

/*
 * Hands over what has been taken, and what follows if there is @more. Returns
 * how many, 0 if all have become stale, or -EFAULT with none off the queue.
 */
static int deliver_records(struct ntapc_thread *thread, struct batch *batch,
			   bool more, u32 __user *nr_records)
{
	int ret;

	while (unlikely(more)) {
		spin_lock(&thread->lock);
		more = take_chunk(thread, batch);
		spin_unlock(&thread->lock);
		cond_resched();
	}
	ret = batch->nr;
	if (ret && (put_user(batch->nr, nr_records) || !put_records(batch))) {
		ntapc_untake(thread, &batch->taken);
		ret = -EFAULT;
	} else {
		ntapc_apcs_done(&batch->taken);
	}
	if (unlikely(!list_empty(&batch->stale)))
		ntapc_free_apcs(&batch->stale);
	return ret;
}

/* What is waited for, until when, and where APCs go if not by frame. */
struct wait {
	struct ntapc_thread *object;
	struct batch *batch;
	bool more;
	bool alertable;
	bool due;
	ktime_t deadline;
	clockid_t clock;
	bool forever;
};

static bool is_signalled(const struct wait *wait)
{
	return wait->object && READ_ONCE(wait->object->exited);
}

/* Blocks until woken; returns whether the time is over. */
static bool block(const struct wait *wait)
{
	if (wait->forever) {
		schedule();
		return false;
	}
	/* 0 says that the timer has expired. */
	return !schedule_hrtimeout_range_clock((ktime_t *)&wait->deadline,
					       current->timer_slack_ns,
					       HRTIMER_MODE_ABS, wait->clock);
}

/* Rule 11.1. Returns enum ntapc_wait_status or -ERESTARTSYS. */
static int wait_loop(struct ntapc_thread *thread, struct wait *wait)
{
	struct ntapc_kthread *kt = &thread->kt;
	int status;

	for (;;) {
		bool guarded = ntapc_thread_guarded(thread);

		spin_lock(&thread->lock);
		status = ntapc_core_wait_test(kt, NTAPC_USER_MODE,
					      wait->alertable,
					      is_signalled(wait), guarded,
					      wait->due);
		if (status == NTAPC_WAIT_BLOCK) {
			ntapc_core_wait_begin(kt, NTAPC_USER_MODE,
					      wait->alertable);
			set_current_state(TASK_INTERRUPTIBLE);
		} else if (status == NTAPC_WAIT_USER_APC && wait->batch) {
			wait->more = take_chunk(thread, wait->batch);
		}
		spin_unlock(&thread->lock);
		if (status == NTAPC_WAIT_KERNEL_APC) {
			ntapc_run_kernel_apcs(thread);
			continue;
		}
		if (status != NTAPC_WAIT_BLOCK)
			return status;

		/* What was signalled before the wait began decides nothing. */
		if (!is_signalled(wait) && !signal_pending(current))
			wait->due = block(wait);
		__set_current_state(TASK_RUNNING);

		spin_lock(&thread->lock);
		status = ntapc_core_wait_end(kt);
		if (status == NTAPC_WAIT_USER_APC && wait->batch)
			wait->more = take_chunk(thread, wait->batch);
		spin_unlock(&thread->lock);
		if (status == NTAPC_WAIT_OBJECT ||
		    status == NTAPC_WAIT_USER_APC ||
		    status == NTAPC_WAIT_ALERTED)
			return status;
		if (status == NTAPC_WAIT_BLOCK && !wait->due &&
		    !is_signalled(wait) && signal_pending(current))
			return -ERESTARTSYS;
	}
}

/* A thread in the queue of an object. */
struct waiter {
	wait_queue_entry_t entry;
	struct ntapc_thread *thread;
};

/* Called by the wake-up of an object's queue: the object decides the wait. */
static int object_signalled(wait_queue_entry_t *entry, unsigned int mode,
			    int flags, void *key)
{
	struct waiter *waiter = container_of(entry, struct waiter, entry);
	struct ntapc_thread *thread = waiter->thread;

	spin_lock(&thread->lock);
	if (ntapc_core_wait_satisfy(&thread->kt) == NTAPC_WAKE_UNWAIT)
		wake_up_process(thread->task);
	spin_unlock(&thread->lock);
	return 0;
}

static int wait_for(struct ntapc_thread *thread, struct wait *wait)
{
	struct waiter waiter = { .thread = thread };
	int status;

	if (!wait->object)
		return wait_loop(thread, wait);
	init_waitqueue_func_entry(&waiter.entry, object_signalled);
	add_wait_queue(&wait->object->exit_wait, &waiter.entry);
	status = wait_loop(thread, wait);
	remove_wait_queue(&wait->object->exit_wait, &waiter.entry);
	return status;
}

/**
 * ntapc_wait - NtDelayExecution, NtWaitForSingleObject
 * @thread: current's record
 * @object: a thread to wait for, referenced by the caller, or NULL
 * @args: checked
 * @nr_records: where the user's count of records is
 *
 * Return: as documented for &struct ntapc_wait.
 */
long ntapc_wait(struct ntapc_thread *thread, struct ntapc_thread *object,
		struct ntapc_wait *args, u32 __user *nr_records)
{
	struct batch batch;
	struct wait wait = {
		.object = object,
		.alertable = args->flags & NTAPC_WAIT_ALERTABLE,
		.due = !args->deadline,
		.deadline = min_t(u64, args->deadline, KTIME_MAX),
		.clock = args->flags & NTAPC_WAIT_REALTIME ? CLOCK_REALTIME :
							     CLOCK_MONOTONIC,
		.forever = args->deadline == NTAPC_WAIT_FOREVER,
	};
	long status;
	int nr;

	if (args->flags & NTAPC_WAIT_RECORDS) {
		init_batch(&batch, args->records, args->nr_records);
		wait.batch = &batch;
	}
	do {
		nr = 1;
		status = wait_for(thread, &wait);
		if (status == NTAPC_WAIT_USER_APC && wait.batch) {
			nr = deliver_records(thread, &batch, wait.more,
					     nr_records);
			if (nr < 0)
				status = nr;
		}
	} while (!nr);
	if (status == NTAPC_WAIT_TIMEOUT && !object)
		status = NTAPC_STATUS_SUCCESS;
	return ntapc_deliver_sync(thread, status);
}

/**
 * ntapc_test_alert - NtTestAlert (rules 5.3, 5.4)
 * @thread: current's record
 * @args: checked
 * @nr_records: where the user's count of records is
 *
 * Return: as documented for &struct ntapc_test_alert.
 */
long ntapc_test_alert(struct ntapc_thread *thread,
		      const struct ntapc_test_alert *args,
		      u32 __user *nr_records)
{
	bool records = args->flags & NTAPC_WAIT_RECORDS;
	long status = NTAPC_STATUS_SUCCESS;
	struct batch batch;
	bool more = false;

	if (READ_ONCE(thread->kt.apc_state.kernel_pending))
		ntapc_run_kernel_apcs(thread);
	if (records)
		init_batch(&batch, args->records, args->nr_records);

	spin_lock(&thread->lock);
	if (args->flags & NTAPC_TEST_SPECIAL_ONLY)
		batch.special_only = true;
	else if (ntapc_core_test_alert(&thread->kt, NTAPC_USER_MODE))
		status = NTAPC_STATUS_ALERTED;
	if (records && status == NTAPC_STATUS_SUCCESS)
		more = take_chunk(thread, &batch);
	else
		ntapc_control_publish(thread);
	spin_unlock(&thread->lock);

	if (records && status == NTAPC_STATUS_SUCCESS) {
		int nr = deliver_records(thread, &batch, more, nr_records);

		status = nr > 0 ? NTAPC_STATUS_USER_APC : nr;
	}
	return ntapc_deliver_sync(thread, status);
}
