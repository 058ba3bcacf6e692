// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alertable delays and waits, and handing APCs over as records (section 11).
 */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "thread.h"

/* Records that are taken off the queue and copied out at a time. */
#define RECORD_CHUNK	16

static void fill_record(struct ntapc_record *record,
			const struct ntapc_user_apc *uapc)
{
	const struct ntapc_normal *normal = &uapc->apc.normal;

	record->routine = normal->routine;
	record->arg[0] = normal->context;
	record->arg[1] = normal->arg[0];
	record->arg[2] = normal->arg[1];
	record->flags = uapc->flags & (NTAPC_QUEUE_SPECIAL |
				       NTAPC_QUEUE_CALLBACK_CONTEXT);
	record->pad = 0;
}

/*
 * Takes up to @room APCs off the queue, special ones first, and writes them to
 * @to. Returns how many are on @taken; -EFAULT leaves them there.
 */
static int take_records(struct ntapc_thread *thread, bool special_only,
			struct ntapc_record __user *to, int room,
			struct list_head *taken, struct list_head *stale)
{
	struct ntapc_apc_state *state = &thread->kt.apc_state;
	struct ntapc_record records[RECORD_CHUNK];
	struct ntapc_user_apc *uapc;
	int nr = 0;

	spin_lock(&thread->lock);
	while (nr < min(room, RECORD_CHUNK)) {
		/* Each one's end would arm the next (12.2). */
		state->user_pending = !special_only && thread->nr_user &&
			!list_empty(&state->normal[NTAPC_USER_MODE]);
		uapc = ntapc_take_user(thread, stale);
		if (!uapc)
			break;
		fill_record(&records[nr++], uapc);
		list_add_tail(&uapc->apc.entry, taken);
	}
	state->user_pending = false;
	spin_unlock(&thread->lock);
	if (copy_to_user(to, records, nr * sizeof(*records)))
		return -EFAULT;
	return nr;
}

/* The APCs on @taken have been handed over. */
static void deliver_taken(struct ntapc_thread *thread, struct list_head *taken)
{
	struct ntapc_normal normal;
	struct ntapc_apc *apc, *next;

	spin_lock(&thread->lock);
	list_for_each_entry(apc, taken, entry) {
		ntapc_uncount(thread, ntapc_user_apc_of(apc));
		thread->nr_delivered++;
	}
	ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	list_for_each_entry_safe(apc, next, taken, entry) {
		normal = apc->normal;
		apc->kernel_routine(apc, &normal);
	}
}

/*
 * Hands user APCs over as records. Returns how many, 0 if all have become stale,
 * or -EFAULT with none taken off the queue.
 */
static int deliver_records(struct ntapc_thread *thread, bool special_only,
			   u64 records, u32 room, u32 __user *nr_records)
{
	struct ntapc_record __user *to = u64_to_user_ptr(records);
	LIST_HEAD(taken);
	LIST_HEAD(stale);
	int nr = 0, got;

	do {
		got = take_records(thread, special_only, to + nr, room - nr,
				   &taken, &stale);
		if (got < 0)
			goto fault;
		nr += got;
	} while (got == RECORD_CHUNK && (u32)nr < room);
	if (put_user(nr, nr_records))
		goto fault;
	deliver_taken(thread, &taken);
	ntapc_free_apcs(&stale);
	return nr;

fault:
	spin_lock(&thread->lock);
	ntapc_core_requeue(&thread->kt, &taken);
	ntapc_control_publish(thread);
	spin_unlock(&thread->lock);
	ntapc_free_apcs(&stale);
	return -EFAULT;
}

/* What is waited for, and until when. */
struct wait {
	struct ntapc_thread *object;
	bool alertable;
	bool due;
	ktime_t deadline;
	clockid_t clock;
	bool forever;
};

static bool is_signalled(const struct wait *wait)
{
	return wait->object && READ_ONCE(wait->object->retired);
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
		}
		spin_unlock(&thread->lock);
		if (status == NTAPC_WAIT_KERNEL_APC) {
			ntapc_run_kernel_apcs(thread);
			continue;
		}
		if (status != NTAPC_WAIT_BLOCK)
			return status;

		/* set_current_state() orders this after the decision to block. */
		if (!is_signalled(wait) && !signal_pending(current))
			wait->due = block(wait);
		__set_current_state(TASK_RUNNING);

		spin_lock(&thread->lock);
		status = ntapc_core_wait_end(kt);
		spin_unlock(&thread->lock);
		if (status == NTAPC_WAIT_USER_APC ||
		    status == NTAPC_WAIT_ALERTED)
			return status;
		if (status == NTAPC_WAIT_BLOCK && !wait->due &&
		    !is_signalled(wait) && signal_pending(current))
			return -ERESTARTSYS;
	}
}

static int wait_for(struct ntapc_thread *thread, struct wait *wait)
{
	wait_queue_entry_t entry;
	int status;

	if (!wait->object)
		return wait_loop(thread, wait);
	init_waitqueue_entry(&entry, current);
	add_wait_queue(&wait->object->exit_wait, &entry);
	status = wait_loop(thread, wait);
	remove_wait_queue(&wait->object->exit_wait, &entry);
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
	bool records = args->flags & NTAPC_WAIT_RECORDS;
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

again:
	status = wait_for(thread, &wait);
	if (status == NTAPC_WAIT_TIMEOUT && !object)
		status = NTAPC_STATUS_SUCCESS;
	if (status == NTAPC_WAIT_USER_APC && records) {
		int nr = deliver_records(thread, false, args->records,
					 args->nr_records, nr_records);

		if (!nr)
			goto again;
		if (nr < 0)
			status = nr;
	}
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
	bool special_only = args->flags & NTAPC_TEST_SPECIAL_ONLY;
	long status = NTAPC_STATUS_SUCCESS;
	bool alerted = false;

	if (READ_ONCE(thread->kt.apc_state.kernel_pending))
		ntapc_run_kernel_apcs(thread);
	if (!special_only) {
		spin_lock(&thread->lock);
		alerted = ntapc_core_test_alert(&thread->kt, NTAPC_USER_MODE);
		ntapc_control_publish(thread);
		spin_unlock(&thread->lock);
	}
	if (alerted) {
		status = NTAPC_STATUS_ALERTED;
	} else if (args->flags & NTAPC_WAIT_RECORDS) {
		int nr = deliver_records(thread, special_only, args->records,
					 args->nr_records, nr_records);

		status = nr > 0 ? NTAPC_STATUS_USER_APC : nr;
	}
	return ntapc_deliver_sync(thread, status);
}
