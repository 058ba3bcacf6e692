// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers: objects that signal themselves, and may queue an APC then.
 */
#include <linux/hrtimer.h>
#include <linux/slab.h>

#include "sync.h"
#include "../compat.h"

/**
 * struct ntapc_timer - a timer
 * @object: its dispatcher object
 * @mutex: protects what isn't said to be otherwise
 * @hrtimer: runs until the next expiry
 * @work: does what an expiry means: interrupts take none of our locks
 * @expired: @hrtimer has, and @work has yet to see it; atomic
 * @set: it is going to expire
 * @period: ms, or 0
 * @realtime: @hrtimer is on CLOCK_REALTIME
 * @reserve: memory for the APC, or NULL
 * @thread: the APC's target, referenced, or NULL
 * @apc: what it calls
 */
struct ntapc_timer {
	struct ntapc_object object;
	struct mutex mutex;
	struct hrtimer hrtimer;
	struct work_struct work;
	atomic_t expired;
	bool set;
	bool realtime;
	u32 period;
	struct ntapc_reserve_object *reserve;
	struct ntapc_thread *thread;
	struct ntapc_queue apc;
};

/* Of the priority of any other work: who sets timers isn't charged for it. */
static struct workqueue_struct *timer_workqueue;

static void queue_apc(struct ntapc_timer *timer)
{
	u64 now;

	if (!timer->thread)
		return;
	now = ktime_get_real_ns() / NTAPC_NS_PER_UNIT + NTAPC_UNIX_EPOCH;
	timer->apc.arg[1] = lower_32_bits(now);
	timer->apc.arg[2] = upper_32_bits(now);
	/* If it is queued still, or its thread has ended, there is none. */
	ntapc_reserve_queue(timer->thread, timer->reserve, &timer->apc);
}

static enum hrtimer_restart timer_fires(struct hrtimer *hrtimer)
{
	struct ntapc_timer *timer =
		container_of(hrtimer, struct ntapc_timer, hrtimer);

	atomic_set(&timer->expired, 1);
	queue_work(timer_workqueue, &timer->work);
	return HRTIMER_NORESTART;
}

static void start(struct ntapc_timer *timer, ktime_t due, clockid_t clock)
{
	timer->realtime = clock == CLOCK_REALTIME;
	timer->set = true;
	ntapc_hrtimer_setup(&timer->hrtimer, timer_fires, clock,
			    HRTIMER_MODE_ABS);
	hrtimer_start(&timer->hrtimer, due, HRTIMER_MODE_ABS);
}

/* The next of a periodic timer. Expiries that are past by now are left out. */
static void start_next(struct ntapc_timer *timer)
{
	ktime_t period = ms_to_ktime(timer->period);

	/* It has run, or hasn't been started; now it isn't running either. */
	hrtimer_cancel(&timer->hrtimer);
	if (timer->realtime) {
		start(timer, ktime_add(ktime_get(), period), CLOCK_MONOTONIC);
		return;
	}
	hrtimer_forward_now(&timer->hrtimer, period);
	hrtimer_restart(&timer->hrtimer);
}

static void expire(struct ntapc_timer *timer)
{
	timer->set = timer->period;
	/* What the object's waiters find is what an APC finds, too. */
	ntapc_object_set(&timer->object);
	queue_apc(timer);
}

static void timer_work(struct work_struct *work)
{
	struct ntapc_timer *timer =
		container_of(work, struct ntapc_timer, work);

	mutex_lock(&timer->mutex);
	/* Not if it has been set again or cancelled since. */
	if (atomic_xchg(&timer->expired, 0)) {
		expire(timer);
		if (timer->period)
			start_next(timer);
	}
	mutex_unlock(&timer->mutex);
}

/* Undoes the setting of the timer; returns whether it was set. */
static bool stop(struct ntapc_timer *timer)
{
	bool was_set = timer->set;

	hrtimer_cancel(&timer->hrtimer);
	atomic_set(&timer->expired, 0);
	timer->set = false;
	timer->period = 0;
	if (timer->thread) {
		ntapc_reserve_take_back(timer->thread, timer->reserve);
		ntapc_thread_put(timer->thread);
		timer->thread = NULL;
	}
	return was_set;
}

/**
 * ntapc_timer_alloc - KeInitializeTimerEx
 * @type: NTAPC_OBJECT_NOTIFICATION_TIMER or NTAPC_OBJECT_SYNCHRONIZATION_TIMER
 *
 * Return: a reference to its object, or NULL.
 */
struct ntapc_object *ntapc_timer_alloc(u8 type)
{
	struct ntapc_timer *timer = kzalloc(sizeof(*timer), GFP_KERNEL_ACCOUNT);

	if (!timer)
		return NULL;
	if (!ntapc_object_init(&timer->object, type, 0, 0)) {
		kfree(timer);
		return NULL;
	}
	timer->object.timer = timer;
	mutex_init(&timer->mutex);
	INIT_WORK(&timer->work, timer_work);
	ntapc_hrtimer_setup(&timer->hrtimer, timer_fires, CLOCK_MONOTONIC,
			    HRTIMER_MODE_ABS);
	return &timer->object;
}

/**
 * ntapc_timer_free - the last reference to its object is gone
 * @timer: freed with its object
 */
void ntapc_timer_free(struct ntapc_timer *timer)
{
	/* The work may be under way, and start the timer once more. */
	mutex_lock(&timer->mutex);
	stop(timer);
	mutex_unlock(&timer->mutex);
	cancel_work_sync(&timer->work);
	if (timer->reserve)
		ntapc_reserve_put(timer->reserve);
	mutex_destroy(&timer->mutex);
	ntapc_object_destroy(&timer->object);
	kfree(timer);
}

/* Has the timer no memory for an APC? While it is locked that only changes to no. */
static bool needs_reserve(const struct ntapc_timer *timer)
{
	return !timer->reserve || ntapc_reserve_is_busy(timer->reserve);
}

/*
 * Locks the timer, with memory for an APC in @spare if it may need that: to get it may
 * take its time, and who waits for the lock keeps other timers from expiring. If there
 * is none, what it has may do: most often that is about to be taken back.
 */
static int lock_with_spare(struct ntapc_timer *timer,
			   struct ntapc_reserve_object **spare)
{
	struct ntapc_reserve_object *new;

	mutex_lock(&timer->mutex);
	if (!needs_reserve(timer))
		return 0;
	mutex_unlock(&timer->mutex);
	new = ntapc_reserve_alloc();
	mutex_lock(&timer->mutex);
	if (!IS_ERR(new)) {
		*spare = new;
	} else if (!timer->reserve) {
		mutex_unlock(&timer->mutex);
		return PTR_ERR(new);
	}
	return 0;
}

/*
 * The timer has been stopped: what still uses its memory is the APC of an earlier
 * setting that is just being handed over, which keeps it.
 */
static void take_spare(struct ntapc_timer *timer,
		       struct ntapc_reserve_object **spare)
{
	if (*spare && needs_reserve(timer))
		swap(timer->reserve, *spare);
}

/**
 * ntapc_timer_set - KeSetTimerEx, NtSetTimer
 * @object: a timer
 * @thread: current's record if there is an APC, which is queued to it; else NULL
 * @args: checked
 * @previous: set to its state before
 * @was_set: set to whether it was going to expire
 *
 * Return: 0, EAGAIN or ENOMEM.
 */
int ntapc_timer_set(struct ntapc_object *object, struct ntapc_thread *thread,
		    const struct ntapc_set_timer *args, u32 *previous,
		    bool *was_set)
{
	struct ntapc_timer *timer = object->timer;
	struct ntapc_reserve_object *spare = NULL;
	clockid_t clock;
	ktime_t due;
	int err = 0;

	if (thread)
		err = lock_with_spare(timer, &spare);
	else
		mutex_lock(&timer->mutex);
	if (err)
		return err;
	*was_set = stop(timer);
	*previous = ntapc_object_reset(object);
	timer->period = args->period;
	if (thread) {
		take_spare(timer, &spare);
		ntapc_thread_hold(thread);
		timer->thread = thread;
		timer->apc.routine = args->routine;
		timer->apc.arg[0] = args->context;
	}
	due = ntapc_nt_deadline(args->due, &clock);
	if (args->due && due > (clock == CLOCK_REALTIME ? ktime_get_real() :
							  ktime_get())) {
		start(timer, due, clock);
	} else {
		expire(timer);
		/* The period is from now on. */
		timer->realtime = true;
		if (timer->period)
			start_next(timer);
	}
	mutex_unlock(&timer->mutex);
	if (spare)
		ntapc_reserve_put(spare);
	return 0;
}

/**
 * ntapc_timer_cancel - KeCancelTimer, NtCancelTimer
 * @object: a timer
 *
 * Return: whether it was set.
 */
bool ntapc_timer_cancel(struct ntapc_object *object)
{
	struct ntapc_timer *timer = object->timer;
	bool was_set;

	mutex_lock(&timer->mutex);
	was_set = stop(timer);
	mutex_unlock(&timer->mutex);
	return was_set;
}

/**
 * ntapc_timer_info - what NTAPC_IOC_OBJECT_INFO shows of a timer alone
 * @timer: any
 * @info: period, remaining and a flag are set
 */
void ntapc_timer_info(struct ntapc_timer *timer, struct ntapc_object_info *info)
{
	mutex_lock(&timer->mutex);
	if (timer->set) {
		info->flags |= NTAPC_OBJECT_TIMER_SET;
		info->period = timer->period;
		info->remaining =
			div_s64(hrtimer_get_remaining(&timer->hrtimer),
				NTAPC_NS_PER_UNIT);
	}
	mutex_unlock(&timer->mutex);
}

int ntapc_timers_init(void)
{
	timer_workqueue = alloc_workqueue("ntapc_timer", WQ_UNBOUND, 0);
	return timer_workqueue ? 0 : -ENOMEM;
}

void ntapc_timers_exit(void)
{
	destroy_workqueue(timer_workqueue);
}
