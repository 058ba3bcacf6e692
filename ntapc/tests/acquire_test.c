// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of a wait: looking at objects, of which one may decide it by then,
 * blocking, and its end (11.1, 11.3, 11.11).
 */
#include <linux/bits.h>
#include <linux/string.h>

#include "fixture.h"

/*
 * 11.1, 11.3, 11.11: while the thread looks at its objects only those decide, once,
 * and what else happens is there for later.
 */
static void check_early(struct kunit *test, enum ntapc_test_event first,
			enum ntapc_test_event second)
{
	const enum ntapc_test_event events[] = { first, second };
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	int i, status = NTAPC_WAIT_BLOCK;

	ntapc_fixture_reset(f);
	ntapc_test_wait_before(f);
	ntapc_core_wait_acquire(kt);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		bool decides = events[i] == EVENT_OBJECT &&
			       status == NTAPC_WAIT_BLOCK;

		if (decides)
			status = NTAPC_WAIT_OBJECT;
		KUNIT_EXPECT_EQ(test, decides,
				ntapc_test_happen(test, events[i], 'a' + i) ==
				NTAPC_WAKE_UNWAIT);
		KUNIT_EXPECT_EQ(test, kt->wait_status, status);
	}
	/* No alert is taken (5.1), and nothing is armed (3.6). */
	KUNIT_EXPECT_EQ(test, kt->alerted[NTAPC_USER_MODE],
			first == EVENT_USER_ALERT ||
			second == EVENT_USER_ALERT);
	KUNIT_EXPECT_EQ(test, kt->alerted[NTAPC_KERNEL_MODE],
			first == EVENT_KERNEL_ALERT ||
			second == EVENT_KERNEL_ALERT);
	KUNIT_EXPECT_EQ(test, kt->apc_state.user_pending,
			first == EVENT_EXIT || second == EVENT_EXIT);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt), status);
}

static void only_objects_decide_early(struct kunit *test)
{
	int i;

	for (i = 0; i < NR_EVENTS * NR_EVENTS; i++) {
		check_early(test, i / NR_EVENTS, i % NR_EVENTS);
		if (ntapc_test_failed(test)) {
			kunit_info(test, "%d, then %d", i / NR_EVENTS,
				   i % NR_EVENTS);
			return;
		}
	}
}

/* What a thread may have been in before. */
static void be_in_some_wait(struct ntapc_kthread *kt, unsigned int bits)
{
	kt->acquiring = bits & BIT(0);
	kt->waiting = bits & BIT(1);
	kt->alertable = bits & BIT(2);
	kt->wait_mode = bits & BIT(3) ? NTAPC_USER_MODE : NTAPC_KERNEL_MODE;
	kt->wait_status = bits & BIT(4) ? NTAPC_WAIT_USER_APC :
			  bits & BIT(5) ? NTAPC_WAIT_OBJECT : NTAPC_WAIT_BLOCK;
	kt->waiting_by_id = bits & BIT(6);
	kt->alerted[NTAPC_USER_MODE] = bits & BIT(7);
}

#define NR_SOME_BITS	8

/* 11.11: each part of a wait leaves what is the others', and what has decided. */
static void parts_change_their_own(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt, expected;
	unsigned int bits;

	for (bits = 0; bits < BIT(NR_SOME_BITS); bits++) {
		bool undecided, satisfied;

		be_in_some_wait(kt, bits);
		expected = *kt;
		expected.acquiring = true;
		expected.waiting = false;
		expected.wait_status = NTAPC_WAIT_BLOCK;
		ntapc_core_wait_acquire(kt);
		KUNIT_EXPECT_EQ(test, memcmp(&expected, kt, sizeof(*kt)), 0);

		be_in_some_wait(kt, bits);
		expected = *kt;
		expected.acquiring = false;
		expected.waiting = true;
		expected.alertable = bits % 3;
		expected.wait_mode = bits % 2;
		expected.wait_status = NTAPC_WAIT_BLOCK;
		ntapc_core_wait_begin(kt, bits % 2, bits % 3);
		KUNIT_EXPECT_EQ(test, memcmp(&expected, kt, sizeof(*kt)), 0);

		be_in_some_wait(kt, bits);
		expected = *kt;
		expected.acquiring = false;
		expected.waiting = false;
		KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt),
				expected.wait_status);
		KUNIT_EXPECT_EQ(test, memcmp(&expected, kt, sizeof(*kt)), 0);

		be_in_some_wait(kt, bits);
		expected = *kt;
		undecided = kt->wait_status == NTAPC_WAIT_BLOCK;
		satisfied = undecided && (kt->acquiring || kt->waiting);
		if (satisfied)
			expected.wait_status = NTAPC_WAIT_OBJECT;
		KUNIT_EXPECT_EQ(test, ntapc_core_wait_satisfy(kt),
				satisfied ? NTAPC_WAKE_UNWAIT :
					    NTAPC_WAKE_NONE);
		KUNIT_EXPECT_EQ(test, memcmp(&expected, kt, sizeof(*kt)), 0);
		if (ntapc_test_failed(test)) {
			kunit_info(test, "bits %#x", bits);
			return;
		}
	}
}

/* 15.1, while the thread looks: what it has been told already decides. */
static void alert_by_id_decides_early(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	enum ntapc_wake wake;

	ntapc_core_wait_acquire(kt);
	ntapc_core_alert_by_id(kt, &wake);
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt), NTAPC_WAIT_BLOCK);
	kt->waiting_by_id = true;
	ntapc_core_wait_acquire(kt);
	ntapc_core_alert_by_id(kt, &wake);
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_UNWAIT);
	ntapc_core_alert_by_id(kt, &wake);
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt), NTAPC_WAIT_OBJECT);
}

/* 6.3: who is suspended in a wait is in another, and no object decides that. */
static void suspended_thread_acquires_nothing(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	struct ntapc_apc *apc;
	enum ntapc_wake wake;
	bool blocked;

	kt->suspend_apc = ntapc_test_make(f, 'a', NORMAL_KERNEL);
	ntapc_core_wait_acquire(kt);
	KUNIT_EXPECT_EQ(test, ntapc_core_suspend(kt, false, &wake), 0);
	/* It isn't in its wait yet, which no suspension decides, and no end of it. */
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_INTERRUPT);
	KUNIT_EXPECT_EQ(test, ntapc_core_resume(kt, &wake), 1);
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
	KUNIT_EXPECT_EQ(test, ntapc_core_suspend(kt, false, &wake), 0);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt), NTAPC_WAIT_BLOCK);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_test(kt, NTAPC_USER_MODE, true,
						   true, false, true),
			NTAPC_WAIT_KERNEL_APC);
	/* It has left the queues: what is signalled now decides nothing. */
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_satisfy(kt), NTAPC_WAKE_NONE);
	apc = ntapc_core_next_kernel(kt, &blocked);
	KUNIT_EXPECT_PTR_EQ(test, apc, kt->suspend_apc);
	KUNIT_EXPECT_TRUE(test, ntapc_core_suspend_begin(kt));
	KUNIT_EXPECT_EQ(test, ntapc_core_resume(kt, &wake), 1);
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_UNWAIT);
	KUNIT_EXPECT_EQ(test, ntapc_core_suspend_end(kt), NTAPC_WAIT_OBJECT);
	/* That was the suspension's, and the next wait begins undecided. */
	ntapc_core_wait_acquire(kt);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_satisfy(kt), NTAPC_WAKE_UNWAIT);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt), NTAPC_WAIT_OBJECT);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(only_objects_decide_early),
	KUNIT_CASE(parts_change_their_own),
	KUNIT_CASE(alert_by_id_decides_early),
	KUNIT_CASE(suspended_thread_acquires_nothing),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_acquire",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
