// SPDX-License-Identifier: GPL-2.0-only
/*
 * Delays and waits (section 11).
 */
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/nsproxy.h>
#include <linux/sched/signal.h>
#include <linux/time_namespace.h>
#include <linux/uaccess.h>

#include "sync.h"

/*
 * What is waited for, how, until when, and where APCs go if not by frame. @looked: it
 * has been interrupted, and looked once more at what looked ready.
 */
struct wait {
	struct ntapc_wait_set *set;
	struct ntapc_batch *batch;
	enum ntapc_mode mode;
	bool by_id;
	bool more;
	bool alertable;
	bool looked;
	bool due;
	ktime_t deadline;
	clockid_t clock;
	bool forever;
	u64 slack;
};

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
static bool block(struct wait *wait)
{
	if (wait->forever) {
		schedule();
		return false;
	}
	/* 0 says that the timer has expired. */
	return !schedule_hrtimeout_range_clock(&wait->deadline,
					       wait->slack, HRTIMER_MODE_ABS,
					       wait->clock);
}

/* The same of a wait that has no time to block. */
static bool is_due(const struct wait *wait)
{
	ktime_t now;

	if (wait->due || wait->forever)
		return wait->due;
	now = wait->clock == CLOCK_REALTIME ? ktime_get_real() : ktime_get();
	return now >= wait->deadline;
}

/* The wait is decided: takes what decided it. The thread is locked. */
static void take(struct ntapc_thread *thread, struct wait *wait, int status)
{
	if (status == NTAPC_WAIT_USER_APC && wait->batch)
		wait->more = ntapc_batch_take(thread, wait->batch);
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

/* What ends the wait now, but for objects; the thread is locked. */
static int test(struct ntapc_kthread *kt, const struct wait *wait, bool guarded)
{
	return ntapc_core_wait_test(kt, wait->mode, wait->alertable,
				    wait->by_id && kt->alerted_by_id, guarded,
				    wait->due);
}

/*
 * Blocking is next, unless something has ended the wait already. The thread is
 * locked. Returns enum ntapc_wait_status.
 */
static int begin(struct ntapc_thread *thread, struct wait *wait, bool guarded)
{
	struct ntapc_kthread *kt = &thread->kt;
	int status = test(kt, wait, guarded);

	if (status == NTAPC_WAIT_BLOCK) {
		ntapc_core_wait_begin(kt, wait->mode, wait->alertable);
		kt->waiting_by_id = wait->by_id;
		set_current_state(task_state(wait));
	} else {
		take(thread, wait, status);
	}
	return status;
}

/* For nothing, or for one object that knows its queue: the usual cases. */
static int begin_single(struct ntapc_thread *thread, struct wait *wait,
			bool guarded)
{
	struct ntapc_wait_set *set = wait->set;
	struct ntapc_object *object = set ? set->block[0].object : NULL;
	int status;

	if (object) {
		spin_lock(&object->lock);
		status = ntapc_set_try_single(set);
		if (status) {
			spin_unlock(&object->lock);
			return status < 0 ? status : NTAPC_WAIT_OBJECT;
		}
	}
	spin_lock(&thread->lock);
	status = begin(thread, wait, guarded);
	spin_unlock(&thread->lock);
	if (object) {
		if (status == NTAPC_WAIT_BLOCK)
			ntapc_set_queue_single(set);
		spin_unlock(&object->lock);
	}
	return status;
}

/*
 * For several objects, or what has to be polled: they are looked at one after the
 * other, and each one that isn't signalled then may decide the wait from there on.
 */
static int begin_many(struct ntapc_thread *thread, struct wait *wait,
		      bool guarded)
{
	struct ntapc_wait_set *set = wait->set;
	int status, err = 0;

	if (set->nr_files && !set->polled)
		err = ntapc_set_prepare(set);
	else if (set->nr_files)
		/* Before it is polled again, as what polls sets it after. */
		smp_store_mb(set->table->triggered, 0);
	spin_lock(&thread->lock);
	if (!thread->kt.acquiring)
		ntapc_core_wait_acquire(&thread->kt);
	set->retest = false;
	spin_unlock(&thread->lock);
	if (!err)
		err = ntapc_set_try(set);

	spin_lock(&thread->lock);
	status = ntapc_core_wait_end(&thread->kt);
	if (status == NTAPC_WAIT_BLOCK)
		status = err ? err : begin(thread, wait, guarded);
	spin_unlock(&thread->lock);
	return status;
}

/* Is there something to look at again that doesn't decide by itself? */
static bool looks_ready(const struct ntapc_wait_set *set)
{
	return set && (READ_ONCE(set->retest) ||
		       (set->nr_files && READ_ONCE(set->table->triggered)));
}

/*
 * The thread has been woken, and is locked. Returns how the wait ended, or
 * NTAPC_WAIT_BLOCK if it hasn't.
 */
static int look_again(struct ntapc_thread *thread, struct wait *wait,
		      bool guarded, bool interrupted)
{
	struct ntapc_kthread *kt = &thread->kt;
	bool looked = wait->looked;
	int status = kt->wait_status;

	/*
	 * What looks ready is looked at before anything else ends the wait. But it may
	 * look so time and again: an interruption waits for that once only. The deadline
	 * always does: that look is the last one.
	 */
	wait->looked = interrupted;
	if (status == NTAPC_WAIT_BLOCK && looks_ready(wait->set) &&
	    (wait->due || !(interrupted && looked)))
		return status;
	if (status == NTAPC_WAIT_BLOCK)
		status = test(kt, wait, guarded);
	/* What a kernel APC interrupts isn't the wait that runs it (11.4). */
	if (status == NTAPC_WAIT_BLOCK && interrupted &&
	    !ntapc_thread_hush(thread))
		status = -ERESTARTSYS;
	return status;
}

/*
 * Blocks. Returns how the wait ended, or NTAPC_WAIT_BLOCK if it is to begin again,
 * where it is queued.
 */
static int block_until_decided(struct ntapc_thread *thread, struct wait *wait,
			       bool guarded)
{
	struct ntapc_kthread *kt = &thread->kt;
	struct ntapc_wait_set *set = wait->set;
	int status;

	if (is_interrupted(thread, wait)) {
		spin_lock(&thread->lock);
		ntapc_thread_hush(thread);
		spin_unlock(&thread->lock);
	}
	for (;;) {
		bool interrupted;

		/* What was signalled before the wait began decides nothing. */
		if (!(wait->by_id && READ_ONCE(kt->alerted_by_id)) &&
		    !looks_ready(set) && !is_interrupted(thread, wait))
			wait->due = block(wait);
		else
			wait->due = is_due(wait);
		__set_current_state(TASK_RUNNING);
		interrupted = is_interrupted(thread, wait);

		spin_lock(&thread->lock);
		status = look_again(thread, wait, guarded, interrupted);
		if (status != NTAPC_WAIT_BLOCK ||
		    (set && ntapc_set_looks_itself(set)))
			break;
		/* Still waiting: nothing has been missed. */
		set_current_state(task_state(wait));
		spin_unlock(&thread->lock);
	}
	ntapc_core_wait_end(kt);
	ntapc_thread_unhush(thread);
	kt->waiting_by_id = false;
	/* That was for a wait in which a kernel APC makes this one. */
	if (status == NTAPC_WAIT_OBJECT && wait->by_id && !kt->alerted_by_id)
		status = NTAPC_WAIT_BLOCK;
	else if (status == NTAPC_WAIT_BLOCK)
		ntapc_core_wait_acquire(kt);	/* Who signals now isn't missed. */
	else
		take(thread, wait, status);
	spin_unlock(&thread->lock);
	return status;
}

/* Rule 11.1. Returns enum ntapc_wait_status or an error. */
static int wait_loop(struct ntapc_thread *thread, struct wait *wait)
{
	struct ntapc_kthread *kt = &thread->kt;
	struct ntapc_wait_set *set = wait->set;
	bool single = !set || (set->nr == 1 && !set->nr_files && !set->all);
	int status;

	for (;;) {
		bool guarded = ntapc_thread_guarded(thread);

		/* Again when all locks are held; but it goes before objects. */
		if (unlikely(READ_ONCE(kt->apc_state.kernel_pending) &&
			     !kt->special_apc_disable && !kt->acquiring)) {
			status = NTAPC_WAIT_KERNEL_APC;
		} else if (single) {
			status = begin_single(thread, wait, guarded);
		} else {
			status = begin_many(thread, wait, guarded);
		}
		if (status == NTAPC_WAIT_BLOCK) {
			status = block_until_decided(thread, wait, guarded);
			if (status == NTAPC_WAIT_BLOCK) {
				/* What looks ready may do so time and again. */
				cond_resched();
				continue;
			}
		}
		/* The usual end: who has given it the object has taken it off. */
		if (set && !(single && list_empty(&set->block[0].entry)))
			ntapc_set_leave(set);
		if (status != NTAPC_WAIT_KERNEL_APC)
			break;
		if (run_kernel_apcs(thread, wait) == NTAPC_RAN_LEAVE)
			return -ERESTARTSYS;
	}
	return status;
}

/* What NT calls the end of a wait. */
static int nt_status(const struct ntapc_wait_set *set, int status)
{
	if (status != NTAPC_WAIT_OBJECT || !set)
		return status;
	return set->index + (set->abandoned ? NTAPC_WAIT_ABANDONED : 0);
}

/* A time on CLOCK_MONOTONIC is that of the caller's time namespace. */
static ktime_t monotonic_to_host(ktime_t time)
{
#ifdef CONFIG_TIME_NS
	const struct time_namespace *ns = current->nsproxy->time_ns;
	ktime_t offset = timespec64_to_ktime(ns->offsets.monotonic);

	if (time < offset)
		return 0;
	time = offset < 0 ? ktime_add_safe(time, -offset) : time - offset;
#endif
	return time;
}

/* @deadline is as in struct ntapc_wait. */
static void set_deadline(struct wait *wait, u64 deadline, bool realtime)
{
	wait->due = !deadline;
	wait->forever = deadline == NTAPC_WAIT_FOREVER;
	wait->clock = realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	wait->deadline = min_t(u64, deadline, KTIME_MAX);
	wait->slack = current->timer_slack_ns;
	if (!realtime && !wait->due && !wait->forever)
		wait->deadline = monotonic_to_host(wait->deadline);
}

/**
 * ntapc_wait - NtDelayExecution, NtWaitForMultipleObjects
 * @thread: current's record
 * @set: what to wait for, kept by the caller; or NULL
 * @args: checked
 * @nr_records: where the user's count of records is
 *
 * Return: as documented for &struct ntapc_wait.
 */
long ntapc_wait(struct ntapc_thread *thread, struct ntapc_wait_set *set,
		const struct ntapc_wait *args, u32 __user *nr_records)
{
	struct ntapc_batch batch;
	struct wait wait = {
		.set = set,
		.mode = NTAPC_USER_MODE,
		.alertable = args->flags & NTAPC_WAIT_ALERTABLE,
	};
	long status;
	int nr;

	set_deadline(&wait, args->deadline, args->flags & NTAPC_WAIT_REALTIME);
	if (args->flags & NTAPC_WAIT_RECORDS) {
		ntapc_batch_init(&batch, args->records, args->nr_records);
		wait.batch = &batch;
	}
	do {
		nr = 1;
		status = wait_loop(thread, &wait);
		/* It ends before it would see any. */
		if (unlikely(READ_ONCE(thread->kt.apc_state.exit_pending)))
			break;
		if (status == NTAPC_WAIT_USER_APC && wait.batch) {
			nr = ntapc_batch_deliver(thread, &batch, wait.more,
						 nr_records);
			if (nr < 0)
				status = nr;
		}
		/* Those of the attached environment aren't handed over. */
	} while (!nr && !thread->kt.apc_state_index);
	if (status == NTAPC_WAIT_TIMEOUT && !set)
		status = NTAPC_STATUS_SUCCESS;
	else
		status = nt_status(set, status);
	return ntapc_deliver_if_due(thread, status);
}

/**
 * ntapc_wait_ntsync - the wait of ntsync's ioctls
 * @thread: current's record
 * @set: what to wait for, kept by the caller. If it has an alert, user APCs and
 *	alerts end the wait, too
 * @deadline: ns
 * @realtime: on CLOCK_REALTIME, else on CLOCK_MONOTONIC
 *
 * APCs are delivered by frame by this if they can be; else they stay queued.
 *
 * Return: &enum ntapc_wait_status, or an error. The set says which object it was.
 */
int ntapc_wait_ntsync(struct ntapc_thread *thread, struct ntapc_wait_set *set,
		      u64 deadline, bool realtime)
{
	struct wait wait = {
		.set = set,
		.mode = NTAPC_USER_MODE,
		.alertable = set->alert,
	};
	int status;

	/* To ntsync all but all ones are signed, and the past at that. */
	if ((s64)deadline < 0 && deadline != NTAPC_WAIT_FOREVER)
		deadline = 0;
	set_deadline(&wait, deadline, realtime);
	wait.slack = 0;
	status = wait_loop(thread, &wait);
	if (status == NTAPC_WAIT_USER_APC && ntapc_frame_possible(thread)) {
		spin_lock(&thread->lock);
		thread->kt.apc_state.user_pending = false;
		spin_unlock(&thread->lock);
	}
	return status;
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

	set_deadline(&wait, args->deadline, args->flags & NTAPC_WAIT_REALTIME);
	status = wait_loop(thread, &wait);
	if (status == NTAPC_WAIT_OBJECT)
		status = NTAPC_STATUS_ALERTED;
	return ntapc_deliver_sync(thread, status);
}

/* The API of other modules */

/**
 * ntapc_nt_deadline - what a time of NT's means
 * @time: in units of 100 ns, below 0 from now on, else since 1601
 * @clock: set to the clock that the result is on
 *
 * Return: the time, 0 if it can't but have passed.
 */
ktime_t ntapc_nt_deadline(s64 time, clockid_t *clock)
{
	u64 units;

	if (time < 0) {
		*clock = CLOCK_MONOTONIC;
		units = min_t(u64, -(u64)time, KTIME_MAX / NTAPC_NS_PER_UNIT);
		return ktime_add_safe(ktime_get(), units * NTAPC_NS_PER_UNIT);
	}
	*clock = CLOCK_REALTIME;
	if (time <= NTAPC_UNIX_EPOCH)
		return 0;
	units = min_t(u64, time - NTAPC_UNIX_EPOCH,
		      KTIME_MAX / NTAPC_NS_PER_UNIT);
	return units * NTAPC_NS_PER_UNIT;
}

static void set_nt_deadline(struct wait *wait, const s64 *time)
{
	wait->clock = CLOCK_MONOTONIC;
	wait->forever = !time;
	wait->slack = current->timer_slack_ns;
	if (!time)
		return;
	wait->deadline = ntapc_nt_deadline(*time, &wait->clock);
	wait->due = !wait->deadline;
}

static int wait_in_kernel(struct ntapc_thread *thread, struct wait *wait,
			  const s64 *time)
{
	struct ntapc_apc_state *state = &thread->kt.apc_state;
	int status;

	set_nt_deadline(wait, time);
	status = nt_status(wait->set, wait_loop(thread, wait));
	/* What came when the wait was decided already has told nobody. */
	if (READ_ONCE(state->kernel_pending))
		run_kernel_apcs(thread, wait);
	/*
	 * Delivery is the affair of the return to user mode (11.10), and so is to see
	 * whether the region of a mutex has been left by then.
	 */
	spin_lock(&thread->lock);
	if ((state->kernel_pending || state->user_pending ||
	     state->special_pending ||
	     ntapc_core_apcs_disabled(&thread->kt)) && !thread->retired)
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
 * Kernel APCs run meanwhile, and never end it. In user mode signals do, and task
 * work of others' that interrupts system calls; in kernel mode only a signal that
 * kills the thread does.
 *
 * Return: %NTAPC_KWAIT_SUCCESS, %NTAPC_KWAIT_USER_APC (they run on the return to
 * user mode), %NTAPC_KWAIT_ALERTED; ERESTARTSYS, for the system call to return;
 * EINTR if a system thread is to stop; as ntapc_thread_current().
 */
int ntapc_delay_execution(enum ntapc_mode mode, bool alertable, s64 interval)
{
	struct ntapc_thread *thread = ntapc_thread_current();
	struct wait wait = {
		.mode = mode,
		.alertable = alertable,
	};
	int status;

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	status = wait_in_kernel(thread, &wait, &interval);
	return status == NTAPC_WAIT_TIMEOUT ? NTAPC_KWAIT_SUCCESS : status;
}
EXPORT_SYMBOL_GPL(ntapc_delay_execution);

static int wait_for_objects(struct ntapc_object *const *objects,
			    unsigned int nr, bool all, struct wait *wait,
			    const s64 *timeout)
{
	struct ntapc_thread *thread = ntapc_thread_current();
	struct ntapc_small_set small __uninitialized;
	struct ntapc_wait_set *set;
	unsigned int i;
	int status;

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	set = ntapc_set_get(&small, thread, nr);
	if (!set)
		return -ENOMEM;
	/* All of one are any of one, which is easier. */
	set->all = all && nr > 1;
	for (i = 0; i < nr; i++)
		ntapc_block_init(set, &set->block[i], objects[i], NULL);
	wait->set = set;
	status = wait_in_kernel(thread, wait, timeout);
	ntapc_set_put(set, &small);
	return status;
}

/**
 * ntapc_wait_for_single_object - KeWaitForSingleObject (rules 11.1 to 11.6, 11.10)
 * @object: referenced by the caller
 * @mode: as ntapc_delay_execution()
 * @alertable: as ntapc_delay_execution()
 * @timeout: 100 ns, as ntapc_delay_execution(); 0: doesn't block; NULL: no limit
 *
 * Return: %NTAPC_KWAIT_SUCCESS: the object was signalled, and has been taken as its
 * type has it; %NTAPC_KWAIT_ABANDONED: the same, and it is a mutant that was
 * abandoned; %NTAPC_KWAIT_TIMEOUT; EOVERFLOW if it is a mutant that the thread has
 * acquired as often as can be counted; EINVAL if it is one of ntsync's, which has
 * numbers for owners; else as ntapc_delay_execution().
 */
int ntapc_wait_for_single_object(struct ntapc_object *object,
				 enum ntapc_mode mode, bool alertable,
				 const s64 *timeout)
{
	return ntapc_wait_for_multiple_objects(1, &object, false, mode,
					       alertable, timeout);
}
EXPORT_SYMBOL_GPL(ntapc_wait_for_single_object);

/**
 * ntapc_wait_for_multiple_objects - KeWaitForMultipleObjects
 * @nr: how many, 1 to %NTAPC_KWAIT_OBJECTS_MAX
 * @objects: referenced by the caller
 * @all: for all of them at once, not for any
 * @mode: as ntapc_delay_execution()
 * @alertable: as ntapc_delay_execution()
 * @timeout: as ntapc_wait_for_single_object()
 *
 * Return: %NTAPC_KWAIT_SUCCESS + i or %NTAPC_KWAIT_ABANDONED + i: the first that was
 * signalled is the one of index i; with @all i is 0; EINVAL if @nr is out of range
 * (NT: bugcheck 0xc); EEXIST if one is there twice, with @all; ENOMEM; else as
 * ntapc_wait_for_single_object().
 */
int ntapc_wait_for_multiple_objects(unsigned int nr,
				    struct ntapc_object *const *objects,
				    bool all, enum ntapc_mode mode,
				    bool alertable, const s64 *timeout)
{
	struct wait wait = {
		.mode = mode,
		.alertable = alertable,
	};
	unsigned int i, j;

	if (!nr || nr > NTAPC_OBJECTS_MAX)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		if (objects[i]->ko.by_id)
			return -EINVAL;
		for (j = 0; j < i && all; j++) {
			if (objects[j] == objects[i])
				return -EEXIST;
		}
	}
	return wait_for_objects(objects, nr, all, &wait, timeout);
}
EXPORT_SYMBOL_GPL(ntapc_wait_for_multiple_objects);

/**
 * ntapc_wait_for_thread - KeWaitForSingleObject, for a thread's end
 * @thread: the thread, referenced by the caller
 * @mode: as ntapc_delay_execution()
 * @alertable: as ntapc_delay_execution()
 * @timeout: 100 ns, as ntapc_delay_execution(); 0: doesn't block; NULL: no limit
 *
 * Return: as ntapc_wait_for_single_object(); ENOMEM.
 */
int ntapc_wait_for_thread(struct ntapc_thread *thread, enum ntapc_mode mode,
			  bool alertable, const s64 *timeout)
{
	struct ntapc_object *object = ntapc_thread_object(thread);

	if (!object)
		return -ENOMEM;
	return ntapc_wait_for_single_object(object, mode, alertable, timeout);
}
EXPORT_SYMBOL_GPL(ntapc_wait_for_thread);
