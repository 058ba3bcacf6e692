// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: NtSetEvent, NtResetEvent and NtPulseEvent with nobody, one and many
 * waiting, for any and for all; and who comes first (rules 6.3, 11.4, 11.5).
 */
#include "objects.h"
#include "kselftest_harness.h"

#define FOREVER		NTAPC_WAIT_FOREVER

FIXTURE(event)
{
	int dev;
	int event;
};

FIXTURE_VARIANT(event)
{
	__u32 type;
	bool notification;
};

FIXTURE_VARIANT_ADD(event, notification)
{
	.type = NTAPC_OBJECT_NOTIFICATION_EVENT,
	.notification = true,
};

FIXTURE_VARIANT_ADD(event, synchronization)
{
	.type = NTAPC_OBJECT_SYNCHRONIZATION_EVENT,
};

FIXTURE_SETUP(event)
{
	log_reset();
	self->dev = open_frames(dispatch_continue);
	ASSERT_LE(0, self->dev);
	self->event = create_object(self->dev, variant->type, 0, 0);
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(event)
{
	close(self->event);
	close(self->dev);
}

/* KeSetEvent and so on return the state before. */
TEST_F(event, previous)
{
	EXPECT_EQ(0, reset_event(self->event));
	EXPECT_EQ(0, set_event(self->event));
	EXPECT_EQ(1, set_event(self->event));
	EXPECT_EQ(1, object_state(self->event));
	EXPECT_EQ(1, reset_event(self->event));
	EXPECT_EQ(0, reset_event(self->event));
	EXPECT_EQ(0, object_state(self->event));
	EXPECT_EQ(0, pulse_event(self->event));
	EXPECT_EQ(0, object_state(self->event));
	EXPECT_EQ(0, set_event(self->event));
	EXPECT_EQ(1, pulse_event(self->event));
	EXPECT_EQ(0, object_state(self->event));
}

TEST_F(event, starts_as_told)
{
	int event = create_object(self->dev, variant->type, 1, 0);

	ASSERT_LE(0, event);
	EXPECT_EQ(1, object_state(event));
	EXPECT_EQ(0, object_state(self->event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(event));
	EXPECT_EQ(variant->notification, object_state(event));
	EXPECT_EQ(-EINVAL, create_object(self->dev, variant->type, 2, 0));
	EXPECT_EQ(-EINVAL, create_object(self->dev, variant->type, ~0U, 0));
	EXPECT_EQ(-EINVAL, create_object(self->dev, variant->type, 0, 1));
}

TEST_F(event, info)
{
	struct ntapc_object_info info;
	int state;

	for (state = 0; state < 2; state++) {
		if (state)
			set_event(self->event);
		ASSERT_EQ(0, get_object_info(self->event, &info));
		EXPECT_EQ(sizeof(info), info.size);
		EXPECT_EQ(variant->type, info.type);
		EXPECT_EQ(state, info.state);
		EXPECT_EQ(0, info.limit);
		EXPECT_EQ(0, info.flags);
		EXPECT_EQ(0, info.nr_waiters);
		EXPECT_EQ(0, info.owner);
		EXPECT_EQ(0, info.period);
		EXPECT_EQ(0, info.remaining);
	}
}

TEST_F(event, other_ioctls)
{
	EXPECT_EQ(-ENOTTY, release_object(self->event, 1, NULL));
	EXPECT_EQ(-ENOTTY, set_timer(self->event, 0));
	EXPECT_EQ(-ENOTTY, cancel_timer(self->event, NULL));
	EXPECT_EQ(-EINVAL, event_op(self->event, 3));
	EXPECT_EQ(-EINVAL, event_op(self->event, ~0U));
	EXPECT_EQ(0, object_state(self->event));
}

/* Who doesn't wait yet finds what was left; a pulse leaves nothing. */
TEST_F(event, nobody_waits)
{
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->event));
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->event));
	EXPECT_EQ(variant->notification ? NTAPC_STATUS_WAIT_0 :
		  NTAPC_STATUS_TIMEOUT, try_one(self->event));
	set_event(self->event);
	pulse_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->event));
	pulse_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->event));
}

/* Setting an event that is set gives nobody anything twice. */
TEST_F(event, set_twice)
{
	set_event(self->event);
	EXPECT_EQ(1, set_event(self->event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->event));
	EXPECT_EQ(variant->notification, object_state(self->event));
}

static void one_waits(struct __test_metadata *_metadata, int dev, int event,
		      __u32 op, int after)
{
	struct waiter waiter;

	ASSERT_TRUE(waiter_start_one(&waiter, dev, event));
	ASSERT_EQ(1, nr_waiters(event));
	EXPECT_EQ(0, event_op(event, op));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	EXPECT_EQ(after, object_state(event));
	EXPECT_EQ(0, nr_waiters(event));
	waiter_end(&waiter);
	reset_event(event);
}

TEST_F(event, one_waits)
{
	one_waits(_metadata, self->dev, self->event, NTAPC_EVENT_SET,
		  variant->notification);
	one_waits(_metadata, self->dev, self->event, NTAPC_EVENT_PULSE, 0);
}

/* A reset lets nobody go. */
TEST_F(event, reset_while_waited_for)
{
	struct waiter waiter;

	ASSERT_TRUE(waiter_start_one(&waiter, self->dev, self->event));
	EXPECT_EQ(0, reset_event(self->event));
	EXPECT_EQ(1, nr_waiters(self->event));
	EXPECT_FALSE(waiter_is_done(&waiter));
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	waiter_end(&waiter);
}

#define MANY	8

/*
 * 11.5: all of them for a notification event; the one that waits longest for a
 * synchronization event, and so on in order of arrival.
 */
static void many_wait(struct __test_metadata *_metadata, int dev, int event,
		      bool notification, __u32 op)
{
	struct waiter waiters[MANY];
	int i, j;

	for (i = 0; i < MANY; i++) {
		ASSERT_TRUE(waiter_start_one(&waiters[i], dev, event));
		ASSERT_EQ(i + 1, nr_waiters(event));
	}
	for (i = 0; i < MANY; i++) {
		if (!notification || !i)
			EXPECT_EQ(0, event_op(event, op));
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[i]));
		EXPECT_EQ(notification ? 0 : MANY - 1 - i, nr_waiters(event));
		for (j = i + 1; j < MANY && !notification; j++)
			EXPECT_FALSE(waiter_is_done(&waiters[j]));
	}
	EXPECT_EQ(notification && op == NTAPC_EVENT_SET, object_state(event));
	for (i = 0; i < MANY; i++)
		waiter_end(&waiters[i]);
	reset_event(event);
}

TEST_F(event, many_wait)
{
	many_wait(_metadata, self->dev, self->event, variant->notification,
		  NTAPC_EVENT_SET);
}

TEST_F(event, many_wait_for_a_pulse)
{
	many_wait(_metadata, self->dev, self->event, variant->notification,
		  NTAPC_EVENT_PULSE);
}

/* Who waits for all isn't let go, nor is anything kept for it. */
TEST_F(event, who_waits_for_all_is_passed_over)
{
	int other = create_event(self->dev, false);
	__s32 both[] = { self->event, other };
	struct waiter all, any;

	ASSERT_TRUE(waiter_start(&all, self->dev, NTAPC_WAIT_ALL, both, 2));
	ASSERT_TRUE(waiter_start_one(&any, self->dev, self->event));
	ASSERT_EQ(2, nr_waiters(self->event));
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&any));
	EXPECT_EQ(1, nr_waiters(self->event));
	EXPECT_FALSE(waiter_is_done(&all));
	EXPECT_EQ(variant->notification, object_state(self->event));
	/* Now the other one, and this one: no matter in which order. */
	set_event(other);
	if (!variant->notification) {
		EXPECT_EQ(1, nr_waiters(self->event));
		EXPECT_FALSE(waiter_is_done(&all));
		EXPECT_EQ(1, object_state(other));
		set_event(self->event);
	}
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&all));
	EXPECT_EQ(variant->notification, object_state(self->event));
	EXPECT_EQ(0, object_state(other));
	waiter_end(&all);
	waiter_end(&any);
}

/* And who waits longer for all, which are there, goes first. */
TEST_F(event, who_waits_for_all_is_first)
{
	int other = create_event(self->dev, true);
	__s32 both[] = { self->event, other };
	struct waiter all, any;

	ASSERT_TRUE(waiter_start(&all, self->dev, NTAPC_WAIT_ALL, both, 2));
	ASSERT_TRUE(waiter_start_one(&any, self->dev, self->event));
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&all));
	EXPECT_EQ(0, object_state(other));
	if (!variant->notification) {
		EXPECT_EQ(1, nr_waiters(self->event));
		EXPECT_FALSE(waiter_is_done(&any));
		set_event(self->event);
	}
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&any));
	waiter_end(&all);
	waiter_end(&any);
}

/* A pulse lets those go for whom the rest is there. */
TEST_F(event, pulse_for_all)
{
	int ready = create_event(self->dev, true);
	int unready = create_event(self->dev, false);
	__s32 with_ready[] = { ready, self->event };
	__s32 with_unready[] = { self->event, unready };
	struct waiter lucky, unlucky;

	ASSERT_TRUE(waiter_start(&unlucky, self->dev, NTAPC_WAIT_ALL,
				 with_unready, 2));
	ASSERT_TRUE(waiter_start(&lucky, self->dev, NTAPC_WAIT_ALL, with_ready,
				 2));
	EXPECT_EQ(0, pulse_event(self->event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&lucky));
	EXPECT_EQ(0, object_state(self->event));
	EXPECT_EQ(0, object_state(ready));
	/* It has gone by when the rest comes. */
	set_event(unready);
	EXPECT_EQ(1, nr_waiters(self->event));
	EXPECT_FALSE(waiter_is_done(&unlucky));
	EXPECT_EQ(1, object_state(unready));
	pulse_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&unlucky));
	EXPECT_EQ(0, object_state(unready));
	waiter_end(&lucky);
	waiter_end(&unlucky);
}

/* A thread that waits for it twice, and for others, gets it once. */
TEST_F(event, several_places_in_the_queue)
{
	int other = create_event(self->dev, false);
	__s32 objects[] = { other, self->event, self->event };
	struct waiter first, second;

	ASSERT_TRUE(waiter_start(&first, self->dev, 0, objects, 3));
	ASSERT_TRUE(waiter_start_one(&second, self->dev, self->event));
	EXPECT_EQ(3, nr_waiters(self->event));
	EXPECT_EQ(1, nr_waiters(other));
	set_event(self->event);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, waiter_result(&first));
	if (!variant->notification) {
		EXPECT_TRUE(wait_until_waiting(self->event, 1));
		EXPECT_FALSE(waiter_is_done(&second));
		set_event(self->event);
	}
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&second));
	EXPECT_EQ(0, nr_waiters(other));
	waiter_end(&first);
	waiter_end(&second);
}

/* Order of arrival, and what changes it */

FIXTURE(order)
{
	int dev;
	int event;
	struct waiter waiters[3];
};

static atomic_int signals;

static void count_signal(int sig)
{
	(void)sig;
	atomic_fetch_add(&signals, 1);
}

FIXTURE_SETUP(order)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = SA_RESTART,
	};
	int i;

	log_reset();
	sigaction(SIGUSR1, &action, NULL);
	atomic_store(&signals, 0);
	self->dev = open_frames(dispatch_continue);
	ASSERT_LE(0, self->dev);
	self->event = create_event(self->dev, false);
	ASSERT_LE(0, self->event);
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(waiter_start_one(&self->waiters[i], self->dev,
					     self->event));
	}
	ASSERT_EQ(3, nr_waiters(self->event));
}

FIXTURE_TEARDOWN(order)
{
	close(self->event);
	close(self->dev);
}

#define EXPECT_ORDER(a, b, c) do {					\
	const int order_[] = { a, b, c };				\
	int i_;								\
									\
	for (i_ = 0; i_ < 3; i_++) {					\
		EXPECT_EQ(0, set_event(self->event));			\
		EXPECT_EQ(NTAPC_STATUS_WAIT_0,				\
			  waiter_result(&self->waiters[order_[i_]]));	\
		EXPECT_EQ(2 - i_, nr_waiters(self->event));		\
	}								\
	for (i_ = 0; i_ < 3; i_++)					\
		waiter_end(&self->waiters[i_]);				\
} while (0)

TEST_F(order, of_arrival)
{
	EXPECT_ORDER(0, 1, 2);
}

/* 6.3, 11.4: a suspended thread is in no queue; resumed it comes last. */
TEST_F(order, suspension)
{
	int thread = self->waiters[0].worker.fd;

	ASSERT_EQ(0, suspend_thread(thread, NTAPC_SUSPEND_WAIT));
	ASSERT_TRUE(wait_suspended(thread));
	EXPECT_EQ(2, nr_waiters(self->event));
	ASSERT_EQ(1, resume_thread(thread, 0));
	ASSERT_TRUE(wait_until_waiting(self->event, 3));
	EXPECT_ORDER(1, 2, 0);
}

/* 6.3: a suspended thread can't acquire objects. */
TEST_F(order, suspended_gets_nothing)
{
	struct waiter *first = &self->waiters[0];
	int i;

	ASSERT_EQ(0, suspend_thread(first->worker.fd, NTAPC_SUSPEND_WAIT));
	for (i = 1; i < 3; i++) {
		set_event(self->event);
		EXPECT_EQ(NTAPC_STATUS_WAIT_0,
			  waiter_result(&self->waiters[i]));
	}
	EXPECT_EQ(0, set_event(self->event));
	EXPECT_EQ(1, object_state(self->event));
	EXPECT_FALSE(waiter_is_done(first));
	ASSERT_EQ(1, resume_thread(first->worker.fd, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(first));
	EXPECT_EQ(0, object_state(self->event));
	for (i = 0; i < 3; i++)
		waiter_end(&self->waiters[i]);
}

/* 6.3, 11.4: and it misses a pulse. */
TEST_F(order, suspended_misses_a_pulse)
{
	struct waiter *first = &self->waiters[0];
	int i;

	ASSERT_EQ(0, suspend_thread(first->worker.fd, NTAPC_SUSPEND_WAIT));
	for (i = 1; i < 3; i++) {
		EXPECT_EQ(0, pulse_event(self->event));
		EXPECT_EQ(NTAPC_STATUS_WAIT_0,
			  waiter_result(&self->waiters[i]));
	}
	EXPECT_EQ(0, pulse_event(self->event));
	ASSERT_EQ(1, resume_thread(first->worker.fd, 0));
	ASSERT_TRUE(wait_until_waiting(self->event, 1));
	EXPECT_FALSE(waiter_is_done(first));
	EXPECT_EQ(0, pulse_event(self->event));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(first));
	for (i = 0; i < 3; i++)
		waiter_end(&self->waiters[i]);
}

/* 3.5, 11.4: a kernel APC makes it queue anew as well. */
TEST_F(order, kernel_apc)
{
	struct ntapc_apc_result result;
	int thread = self->waiters[0].worker.fd;
	int apc = kernel_apc(thread, 0, "count", 0);

	ASSERT_LE(0, apc);
	ASSERT_TRUE(wait_until(!apc_result(apc, &result, NULL, 0) &&
			       result.state == NTAPC_APC_RUN));
	ASSERT_TRUE(wait_until_waiting(self->event, 3));
	EXPECT_ORDER(1, 2, 0);
}

/* So does a signal whose handler was installed with SA_RESTART. */
TEST_F(order, signal)
{
	pthread_kill(self->waiters[1].worker.thread, SIGUSR1);
	/* In the handler it waits for nothing. */
	ASSERT_TRUE(wait_until(atomic_load(&signals) == 1));
	ASSERT_TRUE(wait_until_waiting(self->event, 3));
	EXPECT_ORDER(0, 2, 1);
}

/* An APC that isn't for this wait doesn't: it isn't alertable (3.6). */
TEST_F(order, user_apc)
{
	EXPECT_EQ(0, queue(self->waiters[0].worker.fd, log_apc, 1));
	EXPECT_EQ(0, alert_thread(self->waiters[0].worker.fd));
	EXPECT_EQ(3, nr_waiters(self->event));
	EXPECT_ORDER(0, 1, 2);
	EXPECT_EQ(0, log_count());
}

TEST_HARNESS_MAIN
