// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alertable delays and waits, and handing APCs over as records (section 11).
 */
#include <linux/export.h>
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
 * @single: another module's APC, of which no object is left; with it @nr is 1
 * @has_single: there is @single, and @taken is empty
 * @taken: those APCs
 * @stale: others, which may no longer be delivered
 */
struct batch {
	struct ntapc_record __user *to;
	u32 room;
	u32 nr;
	bool special_only;
	bool has_single;
	struct ntapc_normal single;
	struct list_head taken;
	struct list_head stale;
};

static void init_batch(struct batch *batch, u64 to, u32 room)
{
	batch->to = u64_to_user_ptr(to);
	batch->room = room;
	batch->nr = 0;
	batch->special_only = false;
	batch->has_single = false;
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
	struct ntapc_apc *apc;

	/* Each one's end would arm the next (12.2). */
	state->user_pending = !batch->special_only &&
		!list_empty(&state->normal[NTAPC_USER_MODE]);
	apc = ntapc_take_user(thread, &batch->stale);
	if (!apc)
		return false;
	ntapc_uncount(thread, apc);
	thread->nr_delivered++;
	list_add_tail(&apc->entry, &batch->taken);
	batch->nr++;
	return true;
}

/* Is the next one another module's? It is handed over alone. */
static bool client_is_next(struct ntapc_thread *thread,
			   const struct batch *batch)
{
	struct ntapc_apc_state *state = &thread->kt.apc_state;
	struct ntapc_apc *apc;

	if (likely(!thread->nr_client) || state->special_pending ||
	    batch->special_only)
		return false;
	apc = list_first_entry_or_null(&state->normal[NTAPC_USER_MODE],
				       struct ntapc_apc, entry);
	return apc && apc->kind == NTAPC_KIND_CLIENT;
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
	/* It ends before it would run them. */
	if (unlikely(state->exit_pending || thread->kt.apc_state_index))
		return false;
	if (client_is_next(thread, batch))
		until = min(until, batch->nr ? batch->nr : 1);
	while (batch->nr < until && (thread->nr_user || thread->nr_special)) {
		if (!state->special_pending && !thread->nr_foreign &&
		    !thread->nr_client && !batch->special_only &&
		    !list_empty(&state->normal[NTAPC_USER_MODE]))
			take_ordinary(thread, batch, until - batch->nr);
		else if (!take_one(thread, batch) ||
			 client_is_next(thread, batch))
			break;
	}
	state->user_pending = false;
	ntapc_control_publish(thread);
	return batch->nr == until && until < batch->room && !thread->nr_client;
}

/*
 * If what was taken is another module's APC: its kernel routine has its say, and
 * may leave nothing to hand over.
 */
static void call_client(struct ntapc_thread *thread, struct batch *batch)
{
	struct ntapc_apc *apc = list_first_entry_or_null(&batch->taken,
						struct ntapc_apc, entry);

	if (!apc || apc->kind != NTAPC_KIND_CLIENT)
		return;
	list_del(&apc->entry);
	batch->has_single = ntapc_call_client(thread, apc, &batch->single);
	batch->nr = batch->has_single;
}

static bool put_single(const struct batch *batch)
{
	struct ntapc_record record = {
		.routine = batch->single.routine,
		.arg = { batch->single.context, batch->single.arg[0],
			 batch->single.arg[1] },
	};

	return !copy_to_user(batch->to, &record, sizeof(record));
}

/* Writes the records of what has been taken; whether that worked. */
static bool put_records(const struct batch *batch)
{
	struct ntapc_record __user *to = batch->to;
	struct ntapc_apc *apc;

	if (unlikely(batch->has_single))
		return put_single(batch);
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
	call_client(thread, batch);
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

/* What is waited for, how, until when, and where APCs go if not by frame. */
struct wait {
	struct ntapc_thread *object;
	struct batch *batch;
	enum ntapc_mode mode;
	bool by_id;
	bool more;
	bool alertable;
	bool due;
	ktime_t deadline;
	clockid_t clock;
	bool forever;
};

static bool is_signalled(const struct ntapc_thread *thread,
			 const struct wait *wait)
{
	if (unlikely(wait->by_id))
		return READ_ONCE(thread->kt.alerted_by_id);
	return wait->object && READ_ONCE(wait->object->exited);
}

/*
 * What Linux ends a wait with: a signal, of which a wait in kernel mode only
 * sees that the thread is killed; or that a system thread is to stop.
 */
static bool is_interrupted(const struct ntapc_thread *thread,
			   const struct wait *wait)
{
	if (unlikely(thread->system))
		return ntapc_system_stops(thread);
	return wait->mode == NTAPC_USER_MODE ? signal_pending(current) :
					       fatal_signal_pending(current);
}

static unsigned int task_state(const struct wait *wait)
{
	/* Without a load: it isn't work that is waited for. */
	return wait->mode == NTAPC_USER_MODE ? TASK_INTERRUPTIBLE :
					       TASK_KILLABLE | TASK_NOLOAD;
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

/* The wait is decided: takes what decided it. The thread is locked. */
static void take(struct ntapc_thread *thread, struct wait *wait, int status)
{
	if (status == NTAPC_WAIT_USER_APC && wait->batch)
		wait->more = take_chunk(thread, wait->batch);
	else if (status == NTAPC_WAIT_OBJECT && unlikely(wait->by_id))
		ntapc_core_take_alert_by_id(&thread->kt);
	else if (status == NTAPC_WAIT_ALERTED)
		ntapc_control_publish(thread);
}

/* A wait in kernel mode isn't left for Linux's sake, suspended or not. */
static enum ntapc_ran run_kernel_apcs(struct ntapc_thread *thread,
				      const struct wait *wait)
{
	bool stay = wait->mode == NTAPC_KERNEL_MODE;
	enum ntapc_ran ran;

	thread->stay += stay;
	ran = ntapc_run_kernel_apcs(thread);
	thread->stay -= stay;
	return ran;
}

/* Rule 11.1. Returns enum ntapc_wait_status or -ERESTARTSYS. */
static int wait_loop(struct ntapc_thread *thread, struct wait *wait)
{
	struct ntapc_kthread *kt = &thread->kt;
	int status;

	for (;;) {
		bool guarded = ntapc_thread_guarded(thread);
		bool is_signalled_now;

		spin_lock(&thread->lock);
		status = ntapc_core_wait_test(kt, wait->mode, wait->alertable,
					      is_signalled(thread, wait),
					      guarded, wait->due);
		if (status == NTAPC_WAIT_BLOCK) {
			ntapc_core_wait_begin(kt, wait->mode, wait->alertable);
			kt->waiting_by_id = wait->by_id;
			set_current_state(task_state(wait));
		} else {
			take(thread, wait, status);
		}
		spin_unlock(&thread->lock);
		if (status == NTAPC_WAIT_KERNEL_APC) {
			if (run_kernel_apcs(thread, wait) == NTAPC_RAN_LEAVE)
				return -ERESTARTSYS;
			continue;
		}
		if (status != NTAPC_WAIT_BLOCK)
			return status;

		/* What was signalled before the wait began decides nothing. */
		if (!is_signalled(thread, wait) &&
		    !is_interrupted(thread, wait))
			wait->due = block(wait);
		__set_current_state(TASK_RUNNING);

		spin_lock(&thread->lock);
		status = ntapc_core_wait_end(kt);
		kt->waiting_by_id = false;
		is_signalled_now = is_signalled(thread, wait);
		if (status != NTAPC_WAIT_OBJECT || is_signalled_now)
			take(thread, wait, status);
		spin_unlock(&thread->lock);
		/* That was for a wait in which a kernel APC makes this one. */
		if (status == NTAPC_WAIT_OBJECT && !is_signalled_now)
			continue;
		if (status == NTAPC_WAIT_OBJECT ||
		    status == NTAPC_WAIT_USER_APC ||
		    status == NTAPC_WAIT_ALERTED)
			return status;
		if (status == NTAPC_WAIT_BLOCK && !wait->due &&
		    !is_signalled(thread, wait) &&
		    is_interrupted(thread, wait))
			return -ERESTARTSYS;
	}
}

/* A thread in the queue of an object. */
struct waiter {
	wait_queue_entry_t entry;
	struct ntapc_thread *thread;
	const struct ntapc_thread *object;
};

/* Called by the wake-up of an object's queue: the object decides the wait. */
static int object_signalled(wait_queue_entry_t *entry, unsigned int mode,
			    int flags, void *key)
{
	struct waiter *waiter = container_of(entry, struct waiter, entry);
	struct ntapc_thread *thread = waiter->thread;

	/* Others are told of its suspension. */
	if (!READ_ONCE(waiter->object->exited))
		return 0;
	spin_lock(&thread->lock);
	/* It may be in another wait just now, that of its suspend APC. */
	if (!thread->kt.suspended &&
	    ntapc_core_wait_satisfy(&thread->kt) == NTAPC_WAKE_UNWAIT)
		wake_up_process(thread->task);
	spin_unlock(&thread->lock);
	return 0;
}

static int wait_for(struct ntapc_thread *thread, struct wait *wait)
{
	struct waiter waiter = { .thread = thread, .object = wait->object };
	int status;

	if (!wait->object)
		return wait_loop(thread, wait);
	init_waitqueue_func_entry(&waiter.entry, object_signalled);
	add_wait_queue(&wait->object->waitq, &waiter.entry);
	status = wait_loop(thread, wait);
	remove_wait_queue(&wait->object->waitq, &waiter.entry);
	return status;
}

/* @deadline and @flags are as in struct ntapc_wait. */
static void set_deadline(struct wait *wait, u64 deadline, u32 flags)
{
	wait->due = !deadline;
	wait->deadline = min_t(u64, deadline, KTIME_MAX);
	wait->clock = flags & NTAPC_WAIT_REALTIME ? CLOCK_REALTIME :
						    CLOCK_MONOTONIC;
	wait->forever = deadline == NTAPC_WAIT_FOREVER;
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
		.mode = NTAPC_USER_MODE,
		.alertable = args->flags & NTAPC_WAIT_ALERTABLE,
	};
	long status;
	int nr;

	set_deadline(&wait, args->deadline, args->flags);
	if (args->flags & NTAPC_WAIT_RECORDS) {
		init_batch(&batch, args->records, args->nr_records);
		wait.batch = &batch;
	}
	do {
		nr = 1;
		status = wait_for(thread, &wait);
		/* It ends before it would see any. */
		if (unlikely(READ_ONCE(thread->kt.apc_state.exit_pending)))
			break;
		if (status == NTAPC_WAIT_USER_APC && wait.batch) {
			nr = deliver_records(thread, &batch, wait.more,
					     nr_records);
			if (nr < 0)
				status = nr;
		}
		/* Those of the attached environment aren't handed over. */
	} while (!nr && !thread->kt.apc_state_index);
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
	bool taken = false;

	if (READ_ONCE(thread->kt.apc_state.kernel_pending) &&
	    ntapc_run_kernel_apcs(thread) == NTAPC_RAN_LEAVE)
		return ntapc_sure_to_restart(-ERESTARTNOINTR);
	if (records)
		init_batch(&batch, args->records, args->nr_records);
again:
	spin_lock(&thread->lock);
	if (args->flags & NTAPC_TEST_SPECIAL_ONLY)
		batch.special_only = true;
	else if (ntapc_core_test_alert(&thread->kt, NTAPC_USER_MODE))
		status = NTAPC_STATUS_ALERTED;
	if (records && status == NTAPC_STATUS_SUCCESS) {
		more = take_chunk(thread, &batch);
		taken = batch.nr;
	} else {
		ntapc_control_publish(thread);
	}
	spin_unlock(&thread->lock);

	if (records && status == NTAPC_STATUS_SUCCESS) {
		int nr = deliver_records(thread, &batch, more, nr_records);

		/* A kernel routine that left nothing has armed the next (4.5). */
		if (!nr && taken)
			goto again;
		status = nr > 0 ? NTAPC_STATUS_USER_APC : nr;
	}
	return ntapc_deliver_sync(thread, status);
}

/**
 * ntapc_wait_by_id - NtWaitForAlertByThreadId (rules 15.1, 15.4)
 * @thread: current's record
 * @args: checked
 *
 * Return: as documented for &struct ntapc_wait_by_id.
 */
long ntapc_wait_by_id(struct ntapc_thread *thread,
		      const struct ntapc_wait_by_id *args)
{
	struct wait wait = {
		.mode = NTAPC_USER_MODE,
		.by_id = true,
	};
	long status;

	set_deadline(&wait, args->deadline, args->flags);
	status = wait_loop(thread, &wait);
	if (status == NTAPC_WAIT_OBJECT)
		status = NTAPC_STATUS_ALERTED;
	return ntapc_deliver_sync(thread, status);
}

/* The API of other modules */

#define NS_PER_UNIT	100
/* From 1601 to 1970, in units of 100 ns. */
#define UNIX_EPOCH	116444736000000000LL

/* @time: in units of 100 ns, negative from now, else since 1601; NULL: never. */
static void set_nt_deadline(struct wait *wait, const s64 *time)
{
	wait->clock = CLOCK_MONOTONIC;
	wait->forever = !time;
	if (!time)
		return;
	wait->due = !*time;
	if (*time < 0) {
		u64 units = -(u64)*time;

		units = min_t(u64, units, KTIME_MAX / NS_PER_UNIT);
		wait->deadline = ktime_add_safe(ktime_get(),
						units * NS_PER_UNIT);
		return;
	}
	wait->clock = CLOCK_REALTIME;
	wait->deadline = *time <= UNIX_EPOCH ? 0 :
			 min_t(u64, *time - UNIX_EPOCH, KTIME_MAX / NS_PER_UNIT) *
				 NS_PER_UNIT;
	if (!wait->deadline)
		wait->due = true;
}

static int wait_in_kernel(struct wait *wait, const s64 *time)
{
	struct ntapc_thread *thread = ntapc_thread_current();
	struct ntapc_apc_state *state;
	int status;

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	state = &thread->kt.apc_state;
	set_nt_deadline(wait, time);
	status = wait_for(thread, wait);
	/* What came when the wait was decided already has told nobody. */
	if (READ_ONCE(state->kernel_pending))
		run_kernel_apcs(thread, wait);
	/* Delivery is the affair of the return to user mode (11.10). */
	spin_lock(&thread->lock);
	if ((state->kernel_pending || state->user_pending ||
	     state->special_pending) && !thread->retired)
		ntapc_thread_kick(thread, false);
	spin_unlock(&thread->lock);
	if (thread->system)
		return status == -ERESTARTSYS ? -EINTR : status;
	ntapc_unpin(thread);
	return ntapc_sure_to_restart(status);
}

/**
 * ntapc_delay_execution - KeDelayExecutionThread (rule 11.8)
 * @mode: &enum ntapc_mode, WaitMode
 * @alertable: alerts end it, and in user mode user APCs, too (11.10)
 * @interval: 100 ns; negative from now, else since 1601
 *
 * Kernel APCs run meanwhile, and never end it. In user mode signals do, in kernel
 * mode only one that kills the thread does.
 *
 * Return: %NTAPC_KWAIT_SUCCESS, %NTAPC_KWAIT_USER_APC (they run on the return to
 * user mode), %NTAPC_KWAIT_ALERTED; ERESTARTSYS, for the system call to return;
 * EINTR if a system thread is to stop; as ntapc_thread_current().
 */
int ntapc_delay_execution(enum ntapc_mode mode, bool alertable, s64 interval)
{
	struct wait wait = {
		.mode = mode,
		.alertable = alertable,
	};
	int status = wait_in_kernel(&wait, &interval);

	return status == NTAPC_WAIT_TIMEOUT ? NTAPC_KWAIT_SUCCESS : status;
}
EXPORT_SYMBOL_GPL(ntapc_delay_execution);

/**
 * ntapc_wait_for_thread - KeWaitForSingleObject, for a thread's end
 * @object: the thread, referenced by the caller
 * @mode: as ntapc_delay_execution()
 * @alertable: as ntapc_delay_execution()
 * @timeout: 100 ns, as ntapc_delay_execution(); 0: doesn't block; NULL: no limit
 *
 * Return: as ntapc_delay_execution(), and %NTAPC_KWAIT_TIMEOUT.
 */
int ntapc_wait_for_thread(struct ntapc_thread *object, enum ntapc_mode mode,
			  bool alertable, const s64 *timeout)
{
	struct wait wait = {
		.object = object,
		.mode = mode,
		.alertable = alertable,
	};

	return wait_in_kernel(&wait, timeout);
}
EXPORT_SYMBOL_GPL(ntapc_wait_for_thread);
