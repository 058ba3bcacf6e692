// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends a wait: the order in which it looks (11.1, 11.2), what may break it
 * (11.10), and that the first decision stands (11.11).
 */
#include <linux/bits.h>
#include <linux/string.h>

#include "fixture.h"

/* All that a wait looks at. */
struct wait_given {
	bool user_mode;
	bool alertable;
	bool kernel_pending;
	bool guarded_region;	/* SpecialApcDisable */
	bool signalled;
	bool kernel_alert, user_alert;
	bool ordinary;		/* is queued */
	bool special;		/* is queued */
	bool exit;		/* the APC that ends the thread is queued */
	bool guard;		/* ntapc's own, holds special ones back */
	bool armed;		/* UserApcPending */
	bool due;
};

#define NR_WAIT_BITS	13

struct wait_row {
	const char *rule;
	struct wait_given given;
	int status;
};

#define USER_MODE	.user_mode = true
#define ALERTABLE	.alertable = true
#define KERNEL_PENDING	.kernel_pending = true
#define SIGNALLED	.signalled = true
#define KERNEL_ALERT	.kernel_alert = true
#define USER_ALERT	.user_alert = true
#define ORDINARY	.ordinary = true
#define SPECIAL		.special = true
#define EXIT		.exit = true
#define GUARD		.guard = true
#define ARMED		.armed = true
#define DUE		.due = true

static const struct wait_row wait_rows[] = {
	{ "11.1(0) (1)", { USER_MODE, ALERTABLE, KERNEL_PENDING, SIGNALLED,
			   KERNEL_ALERT, USER_ALERT, ORDINARY, SPECIAL, ARMED,
			   DUE },
	  NTAPC_WAIT_KERNEL_APC },
	{ "11.1(0) (2)", { KERNEL_PENDING }, NTAPC_WAIT_KERNEL_APC },
	{ "11.1(0) (3)", { KERNEL_PENDING, .guarded_region = true },
	  NTAPC_WAIT_BLOCK },
	{ "11.1(1) (1)", { USER_MODE, ALERTABLE, SIGNALLED, KERNEL_ALERT,
			   USER_ALERT, ORDINARY, SPECIAL, ARMED, DUE },
	  NTAPC_WAIT_OBJECT },
	{ "11.1(1) (2)", { KERNEL_PENDING, .guarded_region = true, SIGNALLED },
	  NTAPC_WAIT_OBJECT },
	/* Alertable. */
	{ "11.2 (1)", { USER_MODE, ALERTABLE, USER_ALERT, ORDINARY, DUE },
	  NTAPC_WAIT_ALERTED },
	{ "11.2 (2)", { USER_MODE, ALERTABLE, KERNEL_ALERT, ORDINARY, DUE },
	  NTAPC_WAIT_USER_APC },
	{ "11.2 (3)", { USER_MODE, ALERTABLE, KERNEL_ALERT, DUE },
	  NTAPC_WAIT_ALERTED },
	{ "11.2 (4)", { USER_MODE, ALERTABLE, KERNEL_ALERT, USER_ALERT },
	  NTAPC_WAIT_ALERTED },
	{ "11.2 (5)", { ALERTABLE, KERNEL_ALERT, DUE }, NTAPC_WAIT_ALERTED },
	{ "11.2 (6)", { ALERTABLE, USER_ALERT, ORDINARY, ARMED },
	  NTAPC_WAIT_BLOCK },
	/* Not alertable: only what is armed, only in user mode. */
	{ "11.2 (7)", { USER_MODE, KERNEL_ALERT, USER_ALERT, ORDINARY, SPECIAL },
	  NTAPC_WAIT_BLOCK },
	{ "11.2 (8)", { USER_MODE, ORDINARY, ARMED, DUE },
	  NTAPC_WAIT_USER_APC },
	{ "11.2 (9)", { ORDINARY, ARMED }, NTAPC_WAIT_BLOCK },
	{ "11.3 (1)", { USER_MODE, ALERTABLE, ORDINARY, DUE },
	  NTAPC_WAIT_USER_APC },
	{ "11.1(3) (1)", { DUE }, NTAPC_WAIT_TIMEOUT },
	{ "11.1(3) (2)", { USER_MODE, ALERTABLE, DUE }, NTAPC_WAIT_TIMEOUT },
	{ "11.1(4) (1)", { USER_MODE, ALERTABLE }, NTAPC_WAIT_BLOCK },
	{ "13.1 (1)", { USER_MODE, ALERTABLE, SPECIAL, DUE },
	  NTAPC_WAIT_USER_APC },
	{ "13.1 (2)", { USER_MODE, SPECIAL, DUE }, NTAPC_WAIT_TIMEOUT },
	{ "guard (1)", { USER_MODE, ALERTABLE, SPECIAL, GUARD },
	  NTAPC_WAIT_BLOCK },
	{ "guard (2)", { USER_MODE, ALERTABLE, SPECIAL, GUARD, ORDINARY },
	  NTAPC_WAIT_USER_APC },
	/* What ends a thread ends its user mode waits, and the guard may not. */
	{ "7.5 (1)", { USER_MODE, EXIT, DUE }, NTAPC_WAIT_USER_APC },
	{ "7.5 (2)", { USER_MODE, ALERTABLE, EXIT, DUE }, NTAPC_WAIT_USER_APC },
	{ "7.5 (3)", { USER_MODE, EXIT, GUARD }, NTAPC_WAIT_USER_APC },
	{ "7.5 (4)", { USER_MODE, ALERTABLE, EXIT, GUARD },
	  NTAPC_WAIT_USER_APC },
	{ "7.5 (5)", { USER_MODE, ALERTABLE, EXIT, SPECIAL, GUARD,
		       KERNEL_ALERT }, NTAPC_WAIT_USER_APC },
	{ "7.5 (6)", { EXIT }, NTAPC_WAIT_BLOCK },
	{ "7.5 (7)", { ALERTABLE, EXIT, GUARD }, NTAPC_WAIT_BLOCK },
	{ "7.5 (8)", { USER_MODE, EXIT, SIGNALLED }, NTAPC_WAIT_OBJECT },
	{ "7.5 (9)", { USER_MODE, ALERTABLE, EXIT, USER_ALERT },
	  NTAPC_WAIT_ALERTED },
};

static void wait_desc(const struct wait_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wait, wait_rows, wait_desc);

/* What the wait answers, and what it leaves behind. */
struct wait_expected {
	int status;
	bool kernel_alert, user_alert, armed;
};

static void check_wait(struct kunit *test, const struct wait_given *given,
		       const struct wait_expected *expected)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	const char *queued = given->ordinary ? given->special ? "ox" : "o" :
			     given->special ? "x" : "";
	char order[NTAPC_TEST_APCS + 1];

	ntapc_fixture_reset(f);
	ntapc_test_queue_all(test, queued);
	if (given->exit)
		ntapc_test_queue_exit(test, 'p');
	strscpy(order, ntapc_test_order(f, &kt->apc_state, NTAPC_USER_MODE),
		sizeof(order));
	kt->apc_state.kernel_pending = given->kernel_pending;
	kt->special_apc_disable = given->guarded_region ? -1 : 0;
	kt->alerted[NTAPC_KERNEL_MODE] = given->kernel_alert;
	kt->alerted[NTAPC_USER_MODE] = given->user_alert;
	kt->apc_state.user_pending = given->armed || given->exit;

	KUNIT_EXPECT_EQ(test,
			ntapc_core_wait_test(kt, given->user_mode,
					     given->alertable,
					     given->signalled, given->guard,
					     given->due),
			expected->status);
	KUNIT_EXPECT_EQ(test, kt->alerted[NTAPC_KERNEL_MODE],
			expected->kernel_alert);
	KUNIT_EXPECT_EQ(test, kt->alerted[NTAPC_USER_MODE],
			expected->user_alert);
	KUNIT_EXPECT_EQ(test, kt->apc_state.user_pending, expected->armed);
	KUNIT_EXPECT_EQ(test, kt->apc_state.kernel_pending,
			given->kernel_pending);
	KUNIT_EXPECT_EQ(test, kt->apc_state.special_pending,
			given->special || given->exit);
	KUNIT_EXPECT_EQ(test, kt->apc_state.exit_pending, given->exit);
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &kt->apc_state, NTAPC_USER_MODE),
			   order);
}

/*
 * 11.1 and 11.2 as a list of what is looked at, first one first. Each has at
 * most one effect, and only if it is the one that ends the wait.
 */
static struct wait_expected predict_wait(const struct wait_given *g)
{
	struct wait_expected e = {
		.status = NTAPC_WAIT_BLOCK,
		.kernel_alert = g->kernel_alert,
		.user_alert = g->user_alert,
		.armed = g->armed || g->exit,
	};
	const struct {
		bool ends;
		int status;
		bool *clears, *sets;
	} steps[] = {
		/* 11.1(0) */
		{ g->kernel_pending && !g->guarded_region,
		  NTAPC_WAIT_KERNEL_APC },
		/* 11.1(1) */
		{ g->signalled, NTAPC_WAIT_OBJECT },
		/* 11.1(2), which is 11.2 */
		{ g->alertable && g->user_mode && g->user_alert,
		  NTAPC_WAIT_ALERTED, &e.user_alert },
		{ g->alertable && !g->user_mode && g->kernel_alert,
		  NTAPC_WAIT_ALERTED, &e.kernel_alert },
		{ g->alertable && g->user_mode && g->ordinary,
		  NTAPC_WAIT_USER_APC, NULL, &e.armed },
		{ g->alertable && g->user_mode && g->special && !g->guard,
		  NTAPC_WAIT_USER_APC },
		{ g->alertable && g->user_mode && g->exit,
		  NTAPC_WAIT_USER_APC },
		{ g->alertable && g->kernel_alert,
		  NTAPC_WAIT_ALERTED, &e.kernel_alert },
		{ !g->alertable && g->user_mode && (g->armed || g->exit),
		  NTAPC_WAIT_USER_APC },
		/* 11.1(3) */
		{ g->due, NTAPC_WAIT_TIMEOUT },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (!steps[i].ends)
			continue;
		e.status = steps[i].status;
		if (steps[i].clears)
			*steps[i].clears = false;
		if (steps[i].sets)
			*steps[i].sets = true;
		break;
	}
	return e;
}

static void first_in_order_ends_wait(struct kunit *test)
{
	const struct wait_row *row = test->param_value;
	struct wait_expected expected = predict_wait(&row->given);

	KUNIT_EXPECT_EQ(test, expected.status, row->status);
	check_wait(test, &row->given, &expected);
}

static void all_waits(struct kunit *test)
{
	unsigned int bits;

	for (bits = 0; bits < BIT(NR_WAIT_BITS); bits++) {
		struct wait_given given = {
			.user_mode = bits & BIT(0),
			.alertable = bits & BIT(1),
			.kernel_pending = bits & BIT(2),
			.guarded_region = bits & BIT(3),
			.signalled = bits & BIT(4),
			.kernel_alert = bits & BIT(5),
			.user_alert = bits & BIT(6),
			.ordinary = bits & BIT(7),
			.special = bits & BIT(8),
			.guard = bits & BIT(9),
			.armed = bits & BIT(10),
			.due = bits & BIT(11),
			.exit = bits & BIT(12),
		};
		struct wait_expected expected = predict_wait(&given);

		check_wait(test, &given, &expected);
		if (ntapc_test_failed(test)) {
			kunit_info(test, "bits %#x", bits);
			return;
		}
	}
}

/* A wait, and what each event makes of it. */
struct broken_row {
	const char *rule;
	enum ntapc_mode mode;
	bool alertable;
	int status[NR_EVENTS];
};

/* Kernel APCs run in any wait, and none returns for them (11.10). */
#define ANY_WAIT \
	[EVENT_SPECIAL_KERNEL] = NTAPC_WAIT_KERNEL_APC, \
	[EVENT_NORMAL_KERNEL] = NTAPC_WAIT_KERNEL_APC, \
	[EVENT_OBJECT] = NTAPC_WAIT_OBJECT

static const struct broken_row broken_rows[] = {
	{ "11.10 (1)", NTAPC_USER_MODE, true,
	  { ANY_WAIT,
	    [EVENT_ORDINARY_USER] = NTAPC_WAIT_USER_APC,
	    [EVENT_KERNEL_ALERT] = NTAPC_WAIT_ALERTED,
	    [EVENT_USER_ALERT] = NTAPC_WAIT_ALERTED,
	    [EVENT_EXIT] = NTAPC_WAIT_USER_APC } },
	{ "11.10 (2)", NTAPC_KERNEL_MODE, true,
	  { ANY_WAIT,
	    [EVENT_ORDINARY_USER] = NTAPC_WAIT_BLOCK,
	    [EVENT_KERNEL_ALERT] = NTAPC_WAIT_ALERTED,
	    [EVENT_USER_ALERT] = NTAPC_WAIT_BLOCK,
	    [EVENT_EXIT] = NTAPC_WAIT_BLOCK } },
	{ "11.10 (3)", NTAPC_USER_MODE, false,
	  { ANY_WAIT,
	    [EVENT_ORDINARY_USER] = NTAPC_WAIT_BLOCK,
	    [EVENT_KERNEL_ALERT] = NTAPC_WAIT_BLOCK,
	    [EVENT_USER_ALERT] = NTAPC_WAIT_BLOCK,
	    [EVENT_EXIT] = NTAPC_WAIT_USER_APC } },
	{ "11.10 (4)", NTAPC_KERNEL_MODE, false,
	  { ANY_WAIT,
	    [EVENT_ORDINARY_USER] = NTAPC_WAIT_BLOCK,
	    [EVENT_KERNEL_ALERT] = NTAPC_WAIT_BLOCK,
	    [EVENT_USER_ALERT] = NTAPC_WAIT_BLOCK,
	    [EVENT_EXIT] = NTAPC_WAIT_BLOCK } },
};

static void broken_desc(const struct broken_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(broken, broken_rows, broken_desc);

/* The wait looks, first at objects, of which none is signalled any more. */
static int look(struct kunit *test, const struct broken_row *row,
		bool signalled)
{
	struct ntapc_fixture *f = test->priv;

	return ntapc_core_wait_test(&f->kt, row->mode, row->alertable,
				    signalled, false, false);
}

/*
 * What of an event is left: the alert or the APC, unless it is what ended the wait,
 * and an ordinary APC is armed only then (3.6, 5.1).
 */
static void check_left(struct kunit *test, enum ntapc_test_event event, int status)
{
	struct ntapc_fixture *f = test->priv;
	const struct ntapc_kthread *kt = &f->kt;
	bool kernel = event <= EVENT_NORMAL_KERNEL;
	bool user = event == EVENT_ORDINARY_USER || event == EVENT_EXIT;

	KUNIT_EXPECT_EQ(test, kt->alerted[NTAPC_KERNEL_MODE],
			event == EVENT_KERNEL_ALERT &&
			status != NTAPC_WAIT_ALERTED);
	KUNIT_EXPECT_EQ(test, kt->alerted[NTAPC_USER_MODE],
			event == EVENT_USER_ALERT &&
			status != NTAPC_WAIT_ALERTED);
	KUNIT_EXPECT_EQ(test, kt->apc_state.kernel_pending, kernel);
	KUNIT_EXPECT_EQ(test, kt->apc_state.user_pending,
			event == EVENT_EXIT || status == NTAPC_WAIT_USER_APC);
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &kt->apc_state,
					    NTAPC_KERNEL_MODE),
			   kernel ? "a" : "");
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &kt->apc_state, NTAPC_USER_MODE),
			   user ? "a" : "");
}

/*
 * 11.10, whenever it happens: before the wait, while it looks at its objects, or
 * while it blocks.
 */
static void broken_by_what_may(struct kunit *test)
{
	const struct broken_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	enum ntapc_wake wake;
	enum ntapc_test_event event;

	for (event = 0; event < NR_EVENTS; event++) {
		int status = row->status[event];
		bool object = event == EVENT_OBJECT;

		ntapc_fixture_reset(f);
		KUNIT_EXPECT_NE(test, ntapc_test_happen(test, event, 'a'),
				NTAPC_WAKE_UNWAIT);
		KUNIT_EXPECT_EQ_MSG(test, look(test, row, object), status,
				    "event %d before", event);
		check_left(test, event, status);

		ntapc_fixture_reset(f);
		ntapc_test_wait_before(f);
		ntapc_core_wait_acquire(kt);
		KUNIT_EXPECT_EQ_MSG(test, ntapc_test_happen(test, event, 'a'),
				    object ? NTAPC_WAKE_UNWAIT :
				    event <= EVENT_NORMAL_KERNEL ?
				    NTAPC_WAKE_INTERRUPT : NTAPC_WAKE_NONE,
				    "event %d while it acquires", event);
		check_left(test, event, NTAPC_WAIT_BLOCK);
		KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt),
				object ? NTAPC_WAIT_OBJECT : NTAPC_WAIT_BLOCK);
		if (!object)
			KUNIT_EXPECT_EQ_MSG(test, look(test, row, false),
					    status, "event %d after that",
					    event);
		check_left(test, event, status);

		ntapc_fixture_reset(f);
		ntapc_core_wait_begin(kt, row->mode, row->alertable);
		wake = ntapc_test_happen(test, event, 'a');
		KUNIT_EXPECT_EQ_MSG(test, wake, status == NTAPC_WAIT_BLOCK ?
				    NTAPC_WAKE_NONE : NTAPC_WAKE_UNWAIT,
				    "event %d while it blocks", event);
		KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt), status);
		check_left(test, event, status);
	}
}

/* Which of two events decides: none, the first or the second. */
static int decider(const struct broken_row *row, enum ntapc_test_event first,
		   enum ntapc_test_event second)
{
	if (row->status[first] != NTAPC_WAIT_BLOCK)
		return 1;
	return row->status[second] != NTAPC_WAIT_BLOCK ? 2 : 0;
}

static void check_two(struct kunit *test, const struct broken_row *row,
		      enum ntapc_test_event first, enum ntapc_test_event second)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	int which = decider(row, first, second);
	enum ntapc_test_event decisive = which == 1 ? first : second;
	int status = row->status[decisive];
	/* What is left of the two: what wasn't it. */
	enum ntapc_test_event left[] = { which == 1 ? second : first,
			      which ? NR_EVENTS : second };
	enum ntapc_wake wake[2];

	ntapc_fixture_reset(f);
	ntapc_core_wait_begin(kt, row->mode, row->alertable);
	wake[0] = ntapc_test_happen(test, first, 'a');
	wake[1] = ntapc_test_happen(test, second, 'b');
	KUNIT_EXPECT_EQ(test, wake[0],
			which == 1 ? NTAPC_WAKE_UNWAIT : NTAPC_WAKE_NONE);
	KUNIT_EXPECT_EQ(test, wake[1],
			which == 2 ? NTAPC_WAKE_UNWAIT : NTAPC_WAKE_NONE);
	/* 3.6: armed by what ended the wait only. */
	KUNIT_EXPECT_EQ(test, kt->apc_state.user_pending,
			status == NTAPC_WAIT_USER_APC ||
			first == EVENT_EXIT || second == EVENT_EXIT);
	/* 5.1: an alert that ended no wait stays. */
	KUNIT_EXPECT_EQ(test, kt->alerted[NTAPC_USER_MODE],
			left[0] == EVENT_USER_ALERT ||
			left[1] == EVENT_USER_ALERT);
	KUNIT_EXPECT_EQ(test, kt->alerted[NTAPC_KERNEL_MODE],
			left[0] == EVENT_KERNEL_ALERT ||
			left[1] == EVENT_KERNEL_ALERT);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt), status);
}

/* 11.11, each event after each: what decides is the first that can. */
static void first_decision_stands(struct kunit *test)
{
	const struct broken_row *row = test->param_value;
	int i;

	for (i = 0; i < NR_EVENTS * NR_EVENTS; i++) {
		check_two(test, row, i / NR_EVENTS, i % NR_EVENTS);
		if (ntapc_test_failed(test)) {
			kunit_info(test, "%d, then %d", i / NR_EVENTS,
				   i % NR_EVENTS);
			return;
		}
	}
}

/* 3.6, 5.1: before and after a wait nothing breaks it. */
static void only_waits_are_broken(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	enum ntapc_test_event event;

	for (event = 0; event < NR_EVENTS; event++) {
		ntapc_fixture_reset(f);
		KUNIT_EXPECT_NE(test, ntapc_test_happen(test, event, 'a'),
				NTAPC_WAKE_UNWAIT);
		ntapc_fixture_reset(f);
		ntapc_core_wait_begin(&f->kt, NTAPC_USER_MODE, true);
		KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(&f->kt),
				NTAPC_WAIT_BLOCK);
		KUNIT_EXPECT_NE(test, ntapc_test_happen(test, event, 'a'),
				NTAPC_WAKE_UNWAIT);
		KUNIT_EXPECT_EQ(test, f->kt.apc_state.user_pending,
				event == EVENT_EXIT);
		KUNIT_EXPECT_EQ(test, f->kt.wait_status, NTAPC_WAIT_BLOCK);
	}
}

/* An object ends any wait, and changes nothing else. */
static void object_ends_any_wait(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	unsigned int bits;

	for (bits = 0; bits < BIT(2); bits++) {
		struct ntapc_kthread before;

		ntapc_fixture_reset(f);
		ntapc_test_queue_all(test, "o");
		kt->alerted[NTAPC_USER_MODE] = true;
		kt->kernel_apc_disable = -1;
		kt->special_apc_disable = -1;
		ntapc_core_wait_begin(kt, bits & BIT(0) ? NTAPC_USER_MODE :
							  NTAPC_KERNEL_MODE,
				      bits & BIT(1));
		before = *kt;
		KUNIT_EXPECT_EQ(test, ntapc_core_wait_satisfy(kt),
				NTAPC_WAKE_UNWAIT);
		before.wait_status = NTAPC_WAIT_OBJECT;
		KUNIT_EXPECT_EQ(test, memcmp(&before, kt, sizeof(before)), 0);
		KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt),
				NTAPC_WAIT_OBJECT);
	}
}

/* A wait knows nothing of the one before. */
static void waits_begin_undecided(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;

	ntapc_core_wait_begin(&f->kt, NTAPC_USER_MODE, true);
	KUNIT_EXPECT_EQ(test, ntapc_test_happen(test, EVENT_USER_ALERT, 'a'),
			NTAPC_WAKE_UNWAIT);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(&f->kt), NTAPC_WAIT_ALERTED);

	ntapc_core_wait_begin(&f->kt, NTAPC_KERNEL_MODE, false);
	KUNIT_EXPECT_EQ(test, ntapc_test_happen(test, EVENT_ORDINARY_USER, 'a'),
			NTAPC_WAKE_NONE);
	KUNIT_EXPECT_EQ(test, ntapc_test_happen(test, EVENT_KERNEL_ALERT, 'a'),
			NTAPC_WAKE_NONE);
	KUNIT_EXPECT_EQ(test, ntapc_test_happen(test, EVENT_SPECIAL_KERNEL, 'b'),
			NTAPC_WAKE_UNWAIT);
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(&f->kt),
			NTAPC_WAIT_KERNEL_APC);
}

/* 11.1(0), 4.3: a normal one held back by a region doesn't end the wait. */
static void blocked_kernel_apc_lets_wait(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	bool blocked;

	kt->kernel_apc_disable = -1;
	ntapc_test_queue_all(test, "n");
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_test(kt, NTAPC_KERNEL_MODE, false,
						   false, false, false),
			NTAPC_WAIT_KERNEL_APC);
	KUNIT_EXPECT_NULL(test, ntapc_core_next_kernel(kt, &blocked));
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_test(kt, NTAPC_KERNEL_MODE, false,
						   false, false, false),
			NTAPC_WAIT_BLOCK);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(first_in_order_ends_wait, wait_gen_params),
	KUNIT_CASE(all_waits),
	KUNIT_CASE_PARAM(broken_by_what_may, broken_gen_params),
	KUNIT_CASE_PARAM(first_decision_stands, broken_gen_params),
	KUNIT_CASE(only_waits_are_broken),
	KUNIT_CASE(object_ends_any_wait),
	KUNIT_CASE(waits_begin_undecided),
	KUNIT_CASE(blocked_kernel_apc_lets_wait),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_wait",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
