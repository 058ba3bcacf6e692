// SPDX-License-Identifier: GPL-2.0-only
/*
 * Insertion: refusal, order, and what the target is owed (section 3).
 */
#include <linux/bits.h>
#include <linux/string.h>

#include "fixture.h"

/* 3.1, 7.6 */
static void not_queueable_is_refused(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	enum ntapc_test_kind kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		enum ntapc_wake wake = NTAPC_WAKE_UNWAIT;
		struct ntapc_apc before, *apc;
		struct ntapc_kthread kt_before;

		ntapc_fixture_reset(f);
		ntapc_core_wait_begin(&f->kt, NTAPC_USER_MODE, true);
		f->kt.apc_queueable = false;
		apc = ntapc_test_make(f, 'a', kind);
		before = *apc;
		kt_before = f->kt;
		KUNIT_EXPECT_FALSE(test,
				   ntapc_core_insert(&f->kt, apc, TEST_ARG1,
						     TEST_ARG2, false, &wake));
		KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
		KUNIT_EXPECT_EQ(test, memcmp(&before, apc, sizeof(before)), 0);
		KUNIT_EXPECT_EQ(test,
				memcmp(&kt_before, &f->kt, sizeof(kt_before)), 0);
	}
}

/* 3.1: one KAPC is on at most one list (1.1). */
static void inserted_is_refused(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	enum ntapc_test_kind kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		enum ntapc_wake wake = NTAPC_WAKE_UNWAIT;
		struct ntapc_kthread before;
		struct ntapc_apc *apc;

		ntapc_fixture_reset(f);
		ntapc_test_queue(test, 'a', kind);
		ntapc_test_queue(test, 'b', kind);
		ntapc_core_wait_begin(&f->kt, NTAPC_USER_MODE, true);
		before = f->kt;
		apc = ntapc_test_apc(f, 'a');
		KUNIT_EXPECT_FALSE(test, ntapc_core_insert(&f->kt, apc, 1, 2,
							   false, &wake));
		KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
		KUNIT_EXPECT_EQ(test, apc->normal.arg[0], TEST_ARG1);
		KUNIT_EXPECT_EQ(test, apc->normal.arg[1], TEST_ARG2);
		KUNIT_EXPECT_TRUE(test, apc->inserted);
		KUNIT_EXPECT_EQ(test, memcmp(&before, &f->kt, sizeof(before)), 0);
		KUNIT_EXPECT_STREQ(test,
				   ntapc_test_order(f, &f->kt.apc_state,
						    ntapc_test_mode(kind)),
				   "ab");
	}
}

struct order_row {
	const char *rule;
	const char *queued;	/* a, b, c, ... of these kinds */
	const char *kernel, *user;
};

static const struct order_row order_rows[] = {
	{ "3.2a (1)", "nnn", "abc", "" },
	{ "3.2a (2)", "ooo", "", "abc" },
	{ "3.2a (3)", "nono", "ac", "bd" },
	{ "3.2c (1)", "sss", "abc", "" },
	{ "3.2c (2)", "nns", "cab", "" },
	{ "3.2c (3)", "nsns", "bdac", "" },
	{ "3.2c (4)", "snsnss", "acefbd", "" },
	{ "13.4 (1)", "oox", "", "cab" },
	{ "13.4 (2)", "xoxo", "", "acbd" },
	{ "3.2 (1)", "snoxsnox", "aebf", "dhcg" },
};

static void order_desc(const struct order_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: \"%s\"", row->rule,
		 row->queued);
}

KUNIT_ARRAY_PARAM(order, order_rows, order_desc);

static void special_first_each_in_order(struct kunit *test)
{
	const struct order_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;

	ntapc_test_queue_all(test, row->queued);
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_KERNEL_MODE),
			   row->kernel);
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_USER_MODE),
			   row->user);
}

/* 3.2, all sequences of @n: bit i of @special says what the i-th is. */
static void check_sequence(struct kunit *test, int n, unsigned int special,
			   enum ntapc_test_kind special_kind,
			   enum ntapc_test_kind normal_kind)
{
	struct ntapc_fixture *f = test->priv;
	char expected[NTAPC_TEST_APCS + 1] = "", *to = expected;
	int i;

	ntapc_fixture_reset(f);
	for (i = 0; i < n; i++)
		ntapc_test_queue(test, 'a' + i, special & BIT(i) ? special_kind :
								   normal_kind);
	for (i = 0; i < n; i++)
		if (special & BIT(i))
			*to++ = 'a' + i;
	for (i = 0; i < n; i++)
		if (!(special & BIT(i)))
			*to++ = 'a' + i;
	KUNIT_EXPECT_STREQ_MSG(test,
			       ntapc_test_order(f, &f->kt.apc_state,
						ntapc_test_mode(normal_kind)),
			       expected, "n %d, special %#x", n, special);
}

static void all_orders(struct kunit *test)
{
	unsigned int special;
	int n;

	for (n = 0; n <= 8; n++) {
		for (special = 0; special < BIT(n); special++) {
			check_sequence(test, n, special, SPECIAL_KERNEL,
				       NORMAL_KERNEL);
			check_sequence(test, n, special, SPECIAL_USER,
				       ORDINARY_USER);
			if (ntapc_test_failed(test))
				return;
		}
	}
}

/* 3.3, 9.9: to the other environment, whatever the thread does. */
static void other_environment_only_queues(struct kunit *test)
{
	static const struct {
		bool attached;
		enum ntapc_environment environment;
	} rows[] = {
		{ true, NTAPC_ENV_ORIGINAL }, { false, NTAPC_ENV_ATTACHED },
	};
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	enum ntapc_test_kind kind;
	int i, where;

	for (i = 0; i < ARRAY_SIZE(rows) * NR_WHERE * NR_KINDS; i++) {
		enum ntapc_wake wake = NTAPC_WAKE_UNWAIT;
		struct ntapc_apc *apc;

		kind = i % NR_KINDS;
		where = i / NR_KINDS % NR_WHERE;
		ntapc_fixture_reset(f);
		if (rows[i / NR_KINDS / NR_WHERE].attached)
			ntapc_test_attach(test);
		if (where == WAITING || where == DECIDED)
			ntapc_core_wait_begin(kt, NTAPC_USER_MODE, true);
		if (where == DECIDED)
			kt->wait_status = NTAPC_WAIT_ALERTED;
		apc = ntapc_test_make(f, 'a', kind);
		apc->environment = rows[i / NR_KINDS / NR_WHERE].environment;
		KUNIT_EXPECT_TRUE(test, ntapc_core_insert(kt, apc, 0, 0,
							  where == SELF, &wake));
		KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
		KUNIT_EXPECT_FALSE(test, kt->apc_state.kernel_pending);
		KUNIT_EXPECT_FALSE(test, kt->apc_state.user_pending);
		KUNIT_EXPECT_FALSE(test, kt->apc_state.special_pending);
		KUNIT_EXPECT_FALSE(test, kt->saved_apc_state.kernel_pending);
		KUNIT_EXPECT_FALSE(test, kt->saved_apc_state.user_pending);
		if (where == WAITING)
			KUNIT_EXPECT_EQ(test, kt->wait_status,
					NTAPC_WAIT_BLOCK);
		KUNIT_EXPECT_STREQ(test,
				   ntapc_test_order(f, &kt->saved_apc_state,
						    ntapc_test_mode(kind)),
				   "a");
	}
}

/* What an insert finds, and what it has to do. */
struct wake_row {
	const char *rule;
	enum ntapc_test_kind kind;
	enum ntapc_test_where where;
	struct wake_given {
		u8 wait_mode;
		bool alertable;
		s16 kernel_disable, special_disable;
		bool in_progress;
		bool user_pending;
	} given;
	struct wake_expected {
		enum ntapc_wake wake;
		int wait_status;
		bool kernel_pending;
		bool user_pending;
	} expected;
};

#define KERNEL_WAIT	.wait_mode = NTAPC_KERNEL_MODE
#define USER_WAIT	.wait_mode = NTAPC_USER_MODE
#define ALERTABLE	.alertable = true
#define CRITICAL	.kernel_disable = -1
#define GUARDED		.special_disable = -1
#define IN_PROGRESS	.in_progress = true
#define ARMED		.user_pending = true

#define NOTHING		{ NTAPC_WAKE_NONE, NTAPC_WAIT_BLOCK, false, false }
#define STAYS_ARMED	{ NTAPC_WAKE_NONE, NTAPC_WAIT_BLOCK, false, true }
#define FLAG_ONLY	{ NTAPC_WAKE_NONE, NTAPC_WAIT_BLOCK, true, false }
#define INTERRUPT	{ NTAPC_WAKE_INTERRUPT, NTAPC_WAIT_BLOCK, true, false }
#define BY_KERNEL_APC	{ NTAPC_WAKE_UNWAIT, NTAPC_WAIT_KERNEL_APC, true, false }
#define BY_USER_APC	{ NTAPC_WAKE_UNWAIT, NTAPC_WAIT_USER_APC, false, true }

static const struct wake_row wake_rows[] = {
	/* To oneself. */
	{ "3.4 (1)", SPECIAL_KERNEL, SELF, { }, INTERRUPT },
	{ "3.4 (2)", NORMAL_KERNEL, SELF, { }, INTERRUPT },
	{ "3.4 (3)", SPECIAL_KERNEL, SELF, { GUARDED }, FLAG_ONLY },
	{ "3.4 (4)", NORMAL_KERNEL, SELF, { GUARDED }, FLAG_ONLY },
	{ "3.4 (5)", NORMAL_KERNEL, SELF, { CRITICAL }, INTERRUPT },
	{ "3.4 (6)", ORDINARY_USER, SELF, { }, NOTHING },
	{ "3.4 (7)", ORDINARY_USER, SELF, { ARMED }, STAYS_ARMED },
	/* To a running thread: an interrupt of its processor. */
	{ "3.5 (1)", SPECIAL_KERNEL, RUNNING, { }, INTERRUPT },
	{ "3.5 (2)", NORMAL_KERNEL, RUNNING, { }, INTERRUPT },
	{ "3.5 (3)", NORMAL_KERNEL, RUNNING, { IN_PROGRESS }, INTERRUPT },
	/* A special one breaks a wait unless in a guarded region. */
	{ "3.5 (4)", SPECIAL_KERNEL, WAITING, { KERNEL_WAIT }, BY_KERNEL_APC },
	{ "3.5 (5)", SPECIAL_KERNEL, WAITING, { USER_WAIT }, BY_KERNEL_APC },
	{ "3.5 (6)", SPECIAL_KERNEL, WAITING, { USER_WAIT, ALERTABLE },
	  BY_KERNEL_APC },
	{ "3.5 (7)", SPECIAL_KERNEL, WAITING, { CRITICAL }, BY_KERNEL_APC },
	{ "3.5 (8)", SPECIAL_KERNEL, WAITING, { IN_PROGRESS }, BY_KERNEL_APC },
	{ "3.5 (9)", SPECIAL_KERNEL, WAITING, { GUARDED }, FLAG_ONLY },
	{ "3.5 (10)", SPECIAL_KERNEL, WAITING, { GUARDED, CRITICAL },
	  FLAG_ONLY },
	/* A normal one neither in a critical region nor beside another. */
	{ "3.5 (11)", NORMAL_KERNEL, WAITING, { KERNEL_WAIT }, BY_KERNEL_APC },
	{ "3.5 (12)", NORMAL_KERNEL, WAITING, { USER_WAIT }, BY_KERNEL_APC },
	{ "3.5 (13)", NORMAL_KERNEL, WAITING, { CRITICAL }, FLAG_ONLY },
	{ "3.5 (14)", NORMAL_KERNEL, WAITING, { IN_PROGRESS }, FLAG_ONLY },
	{ "3.5 (15)", NORMAL_KERNEL, WAITING, { GUARDED }, FLAG_ONLY },
	{ "8.3 (1)", NORMAL_KERNEL, WAITING, { .kernel_disable = -3 },
	  FLAG_ONLY },
	{ "8.3 (2)", NORMAL_KERNEL, WAITING, { .kernel_disable = 1 },
	  FLAG_ONLY },
	{ "8.3 (3)", SPECIAL_KERNEL, WAITING, { .special_disable = -3 },
	  FLAG_ONLY },
	{ "3.5 (16)", SPECIAL_KERNEL, DECIDED, { USER_WAIT }, FLAG_ONLY },
	/* Only a user mode wait, alertable or with APCs armed. */
	{ "3.6 (1)", ORDINARY_USER, RUNNING, { }, NOTHING },
	{ "3.6 (2)", ORDINARY_USER, RUNNING, { ARMED }, STAYS_ARMED },
	{ "3.6 (3)", ORDINARY_USER, WAITING, { USER_WAIT }, NOTHING },
	{ "3.6 (4)", ORDINARY_USER, WAITING, { USER_WAIT, ALERTABLE },
	  BY_USER_APC },
	{ "3.6 (5)", ORDINARY_USER, WAITING, { USER_WAIT, ARMED },
	  BY_USER_APC },
	{ "3.6 (6)", ORDINARY_USER, DECIDED, { USER_WAIT, ALERTABLE },
	  NOTHING },
	{ "3.7 (1)", ORDINARY_USER, WAITING, { KERNEL_WAIT, ALERTABLE },
	  NOTHING },
	{ "3.7 (2)", ORDINARY_USER, WAITING, { KERNEL_WAIT, ALERTABLE, ARMED },
	  STAYS_ARMED },
	/* The wait ends, the APC only runs later. */
	{ "8.1 (1)", ORDINARY_USER, WAITING, { USER_WAIT, ALERTABLE, CRITICAL },
	  BY_USER_APC },
	/* Its second stage happens in the target. */
	{ "13.3 (1)", SPECIAL_USER, SELF, { }, NOTHING },
};

static void wake_desc(const struct wake_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wake, wake_rows, wake_desc);

static void check_wake(struct kunit *test, const struct wake_row *row)
{
	const struct wake_given *given = &row->given;
	const struct wake_expected *expected = &row->expected;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	struct ntapc_apc *apc;
	enum ntapc_wake wake;

	ntapc_fixture_reset(f);
	if (row->where == WAITING || row->where == DECIDED)
		ntapc_core_wait_begin(kt, given->wait_mode, given->alertable);
	if (row->where == DECIDED)
		kt->wait_status = NTAPC_WAIT_ALERTED;
	kt->kernel_apc_disable = given->kernel_disable;
	kt->special_apc_disable = given->special_disable;
	kt->apc_state.kernel_in_progress = given->in_progress;
	kt->apc_state.user_pending = given->user_pending;

	apc = ntapc_test_make(f, 'a', row->kind);
	KUNIT_EXPECT_TRUE(test, ntapc_core_insert(kt, apc, TEST_ARG1, TEST_ARG2,
						  row->where == SELF, &wake));
	KUNIT_EXPECT_EQ(test, wake, expected->wake);
	KUNIT_EXPECT_EQ(test, kt->wait_status,
			row->where == DECIDED ? NTAPC_WAIT_ALERTED :
						expected->wait_status);
	KUNIT_EXPECT_EQ(test, kt->apc_state.kernel_pending,
			expected->kernel_pending);
	KUNIT_EXPECT_EQ(test, kt->apc_state.user_pending,
			expected->user_pending);
	KUNIT_EXPECT_EQ(test, kt->apc_state.special_pending,
			row->kind == SPECIAL_USER);
	KUNIT_EXPECT_TRUE(test, apc->inserted);
	KUNIT_EXPECT_EQ(test, apc->normal.arg[0], TEST_ARG1);
	KUNIT_EXPECT_EQ(test, apc->normal.arg[1], TEST_ARG2);
}

static void target_is_woken(struct kunit *test)
{
	check_wake(test, test->param_value);
}

/* Rules 3.4 to 3.7 in so many words. */
static void predict_wake(struct wake_row *row)
{
	const struct wake_given *given = &row->given;
	bool kernel = ntapc_test_mode(row->kind) == NTAPC_KERNEL_MODE;
	bool deliverable = row->kind == SPECIAL_KERNEL ||
			   (given->kernel_disable == 0 && !given->in_progress);
	bool breakable = given->wait_mode == NTAPC_USER_MODE &&
			 (given->alertable || given->user_pending);

	row->expected = (struct wake_expected){
		.wake = NTAPC_WAKE_NONE,
		.wait_status = NTAPC_WAIT_BLOCK,
		.kernel_pending = kernel,
		.user_pending = given->user_pending,
	};
	if (kernel && row->where == SELF && given->special_disable == 0) {
		row->rule = "3.4";
		row->expected.wake = NTAPC_WAKE_INTERRUPT;
	} else if (kernel && row->where == RUNNING) {
		row->rule = "3.5 running";
		row->expected.wake = NTAPC_WAKE_INTERRUPT;
	} else if (kernel && row->where == WAITING &&
		   given->special_disable == 0 && deliverable) {
		row->rule = "3.5 waiting";
		row->expected.wake = NTAPC_WAKE_UNWAIT;
		row->expected.wait_status = NTAPC_WAIT_KERNEL_APC;
	} else if (!kernel && row->where == WAITING && breakable) {
		row->rule = "3.6";
		row->expected.wake = NTAPC_WAKE_UNWAIT;
		row->expected.wait_status = NTAPC_WAIT_USER_APC;
		row->expected.user_pending = true;
	} else {
		row->rule = "3.4 to 3.7, nothing";
	}
}

static void all_wakes(struct kunit *test)
{
	unsigned int bits;
	struct wake_row row;

	for (bits = 0; bits < NR_WHERE * 3 * BIT(6); bits++) {
		unsigned int rest = bits / BIT(6);

		row = (struct wake_row){
			.where = rest % NR_WHERE,
			.kind = rest / NR_WHERE,
			.given = {
				.wait_mode = bits & BIT(0) ? NTAPC_USER_MODE :
							     NTAPC_KERNEL_MODE,
				.alertable = bits & BIT(1),
				.kernel_disable = bits & BIT(2) ? -1 : 0,
				.special_disable = bits & BIT(3) ? -1 : 0,
				.in_progress = bits & BIT(4),
				.user_pending = bits & BIT(5),
			},
		};
		predict_wake(&row);
		check_wake(test, &row);
		if (ntapc_test_failed(test)) {
			kunit_info(test, "rule %s, kind %d, where %d, bits %#lx",
				   row.rule, row.kind, row.where,
				   bits % BIT(6));
			return;
		}
	}
}

/* 9.9: while attached, what goes to the active state is as if it weren't. */
static void attached_target_is_woken(struct kunit *test)
{
	static const enum ntapc_environment environments[] = {
		NTAPC_ENV_ATTACHED, NTAPC_ENV_CURRENT, NTAPC_ENV_INSERT,
	};
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	int i;

	for (i = 0; i < ARRAY_SIZE(environments); i++) {
		struct ntapc_apc *apc = ntapc_test_apc(f, 'a');
		enum ntapc_wake wake;

		ntapc_fixture_reset(f);
		ntapc_test_attach(test);
		ntapc_apc_init(apc, kt, environments[i], apc->kernel_routine,
			       NULL, 0, NTAPC_KERNEL_MODE, 0);
		KUNIT_EXPECT_TRUE(test, ntapc_core_insert(kt, apc, 0, 0, true,
							  &wake));
		KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_INTERRUPT);
		KUNIT_EXPECT_TRUE(test, kt->apc_state.kernel_pending);
		KUNIT_EXPECT_FALSE(test, kt->saved_apc_state.kernel_pending);
		KUNIT_EXPECT_TRUE(test, ntapc_core_remove(kt, apc));
		KUNIT_EXPECT_FALSE(test, kt->apc_state.kernel_pending);

		ntapc_core_wait_begin(kt, NTAPC_KERNEL_MODE, false);
		KUNIT_EXPECT_TRUE(test, ntapc_core_insert(kt, apc, 0, 0, false,
							  &wake));
		KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_UNWAIT);
		KUNIT_EXPECT_EQ(test, kt->wait_status, NTAPC_WAIT_KERNEL_APC);
	}
}

/* The APC that ends a thread: where it is put, and what that breaks. */
struct exit_row {
	const char *rule;
	const char *queued;	/* in front of it */
	enum ntapc_test_where where;
	struct wake_given given;
	bool attached;
	enum ntapc_wake wake;
	int wait_status;
};

static const struct exit_row exit_rows[] = {
	/* At the head, armed at once. */
	{ "3.2b (1)", "", SELF, { }, false, NTAPC_WAKE_NONE,
	  NTAPC_WAIT_BLOCK },
	{ "3.2b (2)", "oo", SELF, { }, false, NTAPC_WAKE_NONE,
	  NTAPC_WAIT_BLOCK },
	{ "3.2b (3)", "xoxo", SELF, { }, false, NTAPC_WAKE_NONE,
	  NTAPC_WAIT_BLOCK },
	{ "3.2b (4)", "ox", SELF, { ARMED }, false, NTAPC_WAKE_NONE,
	  NTAPC_WAIT_BLOCK },
	/* It breaks user mode waits, kernel mode ones not. */
	{ "7.5 (1)", "o", WAITING, { USER_WAIT }, false, NTAPC_WAKE_UNWAIT,
	  NTAPC_WAIT_USER_APC },
	{ "7.5 (2)", "o", WAITING, { USER_WAIT, ALERTABLE }, false,
	  NTAPC_WAKE_UNWAIT, NTAPC_WAIT_USER_APC },
	{ "7.5 (3)", "o", WAITING, { KERNEL_WAIT }, false, NTAPC_WAKE_NONE,
	  NTAPC_WAIT_BLOCK },
	{ "7.5 (4)", "o", WAITING, { KERNEL_WAIT, ALERTABLE }, false,
	  NTAPC_WAKE_NONE, NTAPC_WAIT_BLOCK },
	{ "7.5 (5)", "o", WAITING, { USER_WAIT, CRITICAL }, false,
	  NTAPC_WAKE_UNWAIT, NTAPC_WAIT_USER_APC },
	{ "11.11 (1)", "o", DECIDED, { USER_WAIT }, false, NTAPC_WAKE_NONE,
	  NTAPC_WAIT_ALERTED },
	/* At home. */
	{ "9.9 (1)", "ox", SELF, { }, true, NTAPC_WAKE_NONE,
	  NTAPC_WAIT_BLOCK },
	{ "9.9 (2)", "ox", WAITING, { USER_WAIT, ALERTABLE }, true,
	  NTAPC_WAKE_NONE, NTAPC_WAIT_BLOCK },
};

static void exit_desc(const struct exit_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: \"%s\"", row->rule,
		 row->queued);
}

KUNIT_ARRAY_PARAM(exit, exit_rows, exit_desc);

static void exit_is_first_and_armed(struct kunit *test)
{
	const struct exit_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	struct ntapc_apc_state *home;
	char expected[NTAPC_TEST_APCS + 1];

	ntapc_test_queue_all(test, row->queued);
	snprintf(expected, sizeof(expected), "p%s",
		 ntapc_test_order(f, &kt->apc_state, NTAPC_USER_MODE));
	if (row->attached)
		ntapc_test_attach(test);
	home = kt->apc_state_pointer[0];
	if (row->where == WAITING || row->where == DECIDED)
		ntapc_core_wait_begin(kt, row->given.wait_mode,
				      row->given.alertable);
	if (row->where == DECIDED)
		kt->wait_status = NTAPC_WAIT_ALERTED;
	kt->kernel_apc_disable = row->given.kernel_disable;
	home->user_pending = row->given.user_pending;

	KUNIT_EXPECT_EQ(test, ntapc_test_queue_exit(test, 'p'), row->wake);
	KUNIT_EXPECT_EQ(test, kt->wait_status, row->wait_status);
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, home, NTAPC_USER_MODE),
			   expected);
	KUNIT_EXPECT_TRUE(test, ntapc_test_apc(f, 'p')->inserted);
	KUNIT_EXPECT_TRUE(test, home->user_pending);
	KUNIT_EXPECT_TRUE(test, home->special_pending);
	KUNIT_EXPECT_TRUE(test, home->exit_pending);
	KUNIT_EXPECT_FALSE(test, home->kernel_pending);
	if (row->attached) {
		KUNIT_EXPECT_FALSE(test, kt->apc_state.user_pending);
		KUNIT_EXPECT_FALSE(test, kt->apc_state.special_pending);
		KUNIT_EXPECT_FALSE(test, kt->apc_state.exit_pending);
	}
}

/* 7.5: out of a kernel APC, where the wait that this broke has ended. */
static void exit_breaks_no_ended_wait(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;

	ntapc_core_wait_begin(&f->kt, NTAPC_USER_MODE, true);
	ntapc_core_wait_end(&f->kt);
	KUNIT_EXPECT_EQ(test, ntapc_test_queue_exit(test, 'p'),
			NTAPC_WAKE_NONE);
	KUNIT_EXPECT_EQ(test, f->kt.wait_status, NTAPC_WAIT_BLOCK);
}

/* 3.1 */
static void exit_may_be_refused(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc = ntapc_test_make(f, 'p', ORDINARY_USER);
	enum ntapc_wake wake = NTAPC_WAKE_UNWAIT;
	struct ntapc_kthread before;

	ntapc_core_wait_begin(&f->kt, NTAPC_USER_MODE, true);
	f->kt.apc_queueable = false;
	before = f->kt;
	KUNIT_EXPECT_FALSE(test, ntapc_core_insert_exit(&f->kt, apc, &wake));
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
	KUNIT_EXPECT_FALSE(test, apc->inserted);
	KUNIT_EXPECT_EQ(test, memcmp(&before, &f->kt, sizeof(before)), 0);

	ntapc_fixture_reset(f);
	ntapc_test_queue_exit(test, 'p');
	ntapc_core_wait_begin(&f->kt, NTAPC_USER_MODE, true);
	before = f->kt;
	wake = NTAPC_WAKE_UNWAIT;
	KUNIT_EXPECT_FALSE(test, ntapc_core_insert_exit(&f->kt, apc, &wake));
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
	KUNIT_EXPECT_EQ(test, memcmp(&before, &f->kt, sizeof(before)), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(not_queueable_is_refused),
	KUNIT_CASE(inserted_is_refused),
	KUNIT_CASE_PARAM(special_first_each_in_order, order_gen_params),
	KUNIT_CASE(all_orders),
	KUNIT_CASE(other_environment_only_queues),
	KUNIT_CASE_PARAM(target_is_woken, wake_gen_params),
	KUNIT_CASE(all_wakes),
	KUNIT_CASE(attached_target_is_woken),
	KUNIT_CASE_PARAM(exit_is_first_and_armed, exit_gen_params),
	KUNIT_CASE(exit_breaks_no_ended_wait),
	KUNIT_CASE(exit_may_be_refused),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_insert",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
