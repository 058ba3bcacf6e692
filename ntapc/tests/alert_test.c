// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alerts (sections 5 and 15).
 */
#include <linux/bits.h>

#include "fixture.h"

/* What a wait, if there is one, and the alert flags are, before and after. */
struct alert_row {
	const char *rule;
	enum ntapc_mode mode;
	enum ntapc_test_where where;
	enum ntapc_mode wait_mode;
	bool alertable;
	bool was;
	bool unwaits;
	bool is;
};

#define KERNEL	NTAPC_KERNEL_MODE
#define USER	NTAPC_USER_MODE

static const struct alert_row alert_rows[] = {
	/* Nobody to break: it stays. */
	{ "5.1 (1)", USER, RUNNING, 0, false, false, false, true },
	{ "5.1 (2)", KERNEL, RUNNING, 0, false, false, false, true },
	{ "5.1 (3)", USER, WAITING, USER, false, false, false, true },
	{ "5.1 (4)", KERNEL, WAITING, KERNEL, false, false, false, true },
	{ "5.1 (5)", KERNEL, WAITING, USER, false, false, false, true },
	/* A user alert breaks user mode waits, a kernel alert any. */
	{ "5.1 (6)", USER, WAITING, USER, true, false, true, false },
	{ "5.1 (7)", USER, WAITING, KERNEL, true, false, false, true },
	{ "5.1 (8)", KERNEL, WAITING, USER, true, false, true, false },
	{ "5.1 (9)", KERNEL, WAITING, KERNEL, true, false, true, false },
	/* A second one before the first is taken is none. */
	{ "5.2 (1)", USER, RUNNING, 0, false, true, false, true },
	{ "5.2 (2)", KERNEL, RUNNING, 0, false, true, false, true },
	{ "5.2 (3)", USER, WAITING, USER, true, true, false, true },
	{ "5.2 (4)", KERNEL, WAITING, KERNEL, true, true, false, true },
	/* The wait is over already. */
	{ "11.11 (1)", USER, DECIDED, USER, true, false, false, true },
	{ "11.11 (2)", KERNEL, DECIDED, KERNEL, true, false, false, true },
};

static void alert_desc(const struct alert_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(alert, alert_rows, alert_desc);

static void check_alert(struct kunit *test, const struct alert_row *row)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	enum ntapc_mode other = row->mode == USER ? KERNEL : USER;
	enum ntapc_wake wake;
	int status = NTAPC_WAIT_BLOCK;

	ntapc_fixture_reset(f);
	ntapc_test_queue_all(test, "no");
	kt->apc_state.kernel_pending = false;
	if (row->where == WAITING || row->where == DECIDED)
		ntapc_core_wait_begin(kt, row->wait_mode, row->alertable);
	if (row->where == DECIDED)
		status = NTAPC_WAIT_KERNEL_APC;
	kt->wait_status = status;
	kt->alerted[row->mode] = row->was;

	KUNIT_EXPECT_EQ(test, ntapc_core_alert(kt, row->mode, &wake), row->was);
	KUNIT_EXPECT_EQ(test, wake, row->unwaits ? NTAPC_WAKE_UNWAIT :
						   NTAPC_WAKE_NONE);
	KUNIT_EXPECT_EQ(test, kt->wait_status, row->unwaits ?
				NTAPC_WAIT_ALERTED : status);
	KUNIT_EXPECT_EQ(test, kt->alerted[row->mode], row->is);
	KUNIT_EXPECT_FALSE(test, kt->alerted[other]);
	KUNIT_EXPECT_FALSE(test, kt->apc_state.user_pending);
	KUNIT_EXPECT_FALSE(test, kt->apc_state.kernel_pending);
}

static void alert_breaks_wait_or_stays(struct kunit *test)
{
	check_alert(test, test->param_value);
}

static void all_alerts(struct kunit *test)
{
	unsigned int bits;

	for (bits = 0; bits < 3 * BIT(4); bits++) {
		struct alert_row row = {
			.where = RUNNING + bits / BIT(4),
			.mode = bits & BIT(0) ? USER : KERNEL,
			.wait_mode = bits & BIT(1) ? USER : KERNEL,
			.alertable = bits & BIT(2),
			.was = bits & BIT(3),
		};

		if (!row.was && row.where == WAITING && row.alertable)
			row.unwaits = row.mode == KERNEL ||
				      row.wait_mode == USER;
		row.is = !row.unwaits;
		check_alert(test, &row);
		if (ntapc_test_failed(test)) {
			kunit_info(test, "where %d, bits %#lx", row.where,
				   bits % BIT(4));
			return;
		}
	}
}

/* 5.2: what had no effect on the alert had none at all. */
static void alerts_collapse(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	enum ntapc_wake wake;

	KUNIT_EXPECT_FALSE(test, ntapc_core_alert(&f->kt, USER, &wake));
	KUNIT_EXPECT_TRUE(test, ntapc_core_alert(&f->kt, USER, &wake));
	KUNIT_EXPECT_TRUE(test, ntapc_core_alert(&f->kt, USER, &wake));
	KUNIT_EXPECT_TRUE(test, ntapc_core_test_alert(&f->kt, USER));
	KUNIT_EXPECT_FALSE(test, ntapc_core_test_alert(&f->kt, USER));
}

struct test_alert_row {
	const char *rule;
	enum ntapc_mode mode;
	bool kernel_alert, user_alert;
	const char *queued;
	bool returns;
	bool kernel_alert_left, user_alert_left;
	bool armed;
};

static const struct test_alert_row test_alert_rows[] = {
	{ "5.3 (1)", USER, false, false, "", false, false, false, false },
	{ "5.3 (2)", USER, false, false, "o", false, false, false, true },
	{ "5.3 (3)", USER, false, false, "oo", false, false, false, true },
	/* The alert is taken, and then nothing is armed. */
	{ "5.3 (4)", USER, false, true, "", true, false, false, false },
	{ "5.3 (5)", USER, false, true, "o", true, false, false, false },
	/* Each mode's own. */
	{ "5.3 (6)", USER, true, false, "o", false, true, false, true },
	{ "5.3 (7)", USER, true, true, "o", true, true, false, false },
	{ "5.3 (8)", KERNEL, true, true, "o", true, false, true, false },
	{ "5.3 (9)", KERNEL, false, true, "o", false, false, true, false },
	/* Kernel mode's test arms nothing. */
	{ "5.3 (10)", KERNEL, false, false, "o", false, false, false, false },
	/* Kernel APCs aren't armed. */
	{ "5.3 (11)", USER, false, false, "ns", false, false, false, false },
	/* Special ones need it not, and arm no ordinary ones (13.5). */
	{ "5.3 (12)", USER, false, false, "x", false, false, false, false },
	{ "5.3 (13)", USER, false, false, "ox", false, false, false, true },
};

static void test_alert_desc(const struct test_alert_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(test_alert, test_alert_rows, test_alert_desc);

static void test_takes_alert_or_arms(struct kunit *test)
{
	const struct test_alert_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;

	ntapc_test_queue_all(test, row->queued);
	kt->alerted[KERNEL] = row->kernel_alert;
	kt->alerted[USER] = row->user_alert;
	KUNIT_EXPECT_EQ(test, ntapc_core_test_alert(kt, row->mode),
			row->returns);
	KUNIT_EXPECT_EQ(test, kt->alerted[KERNEL], row->kernel_alert_left);
	KUNIT_EXPECT_EQ(test, kt->alerted[USER], row->user_alert_left);
	KUNIT_EXPECT_EQ(test, kt->apc_state.user_pending, row->armed);
}

/* 5.3: what is armed stays so. */
static void test_disarms_nothing(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	enum ntapc_mode mode;

	ntapc_test_queue_all(test, "o");
	f->kt.apc_state.user_pending = true;
	f->kt.alerted[KERNEL] = true;
	f->kt.alerted[USER] = true;
	for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
		KUNIT_EXPECT_TRUE(test, ntapc_core_test_alert(&f->kt, mode));
		KUNIT_EXPECT_TRUE(test, f->kt.apc_state.user_pending);
	}
}

/* 4.7: whatever there was. */
static void kernel_alert_ends_at_user_mode(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	int bits;

	for (bits = 0; bits < BIT(3); bits++) {
		struct ntapc_kthread before;

		ntapc_fixture_reset(f);
		kt->alerted[USER] = bits & BIT(1);
		kt->alerted_by_id = bits & BIT(2);
		before = *kt;
		kt->alerted[KERNEL] = bits & BIT(0);
		ntapc_core_return_to_user(kt);
		KUNIT_EXPECT_EQ(test, memcmp(&before, kt, sizeof(before)), 0);
	}
}

/* A thread is alerted by its id; what it does, and what that changes. */
struct by_id_row {
	const char *rule;
	bool was;		/* it has been before */
	enum ntapc_test_where where;
	bool by_id;		/* the wait is for that */
	bool alertable;
	bool unwaits;
};

static const struct by_id_row by_id_rows[] = {
	{ "15.1 (1)", false, RUNNING, false, false, false },
	{ "15.1 (2)", true, RUNNING, false, false, false },
	/* It ends the wait for it, and no other. */
	{ "15.1 (3)", false, WAITING, true, false, true },
	{ "15.1 (4)", false, WAITING, true, true, true },
	{ "15.1 (5)", false, WAITING, false, false, false },
	{ "15.1 (6)", false, WAITING, false, true, false },
	/* Before the wait begins, or after it has ended. */
	{ "15.1 (7)", false, RUNNING, true, false, false },
	{ "11.11 (3)", false, DECIDED, true, false, false },
	{ "11.11 (4)", true, DECIDED, true, true, false },
};

static void by_id_desc(const struct by_id_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(by_id, by_id_rows, by_id_desc);

static void alert_by_id_stays(struct kunit *test)
{
	const struct by_id_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt, expected;
	enum ntapc_wake wake = -1;

	kt->alerted_by_id = row->was;
	kt->waiting_by_id = row->by_id;
	if (row->where != RUNNING)
		ntapc_core_wait_begin(kt, USER, row->alertable);
	if (row->where == DECIDED)
		kt->wait_status = NTAPC_WAIT_USER_APC;
	expected = *kt;
	ntapc_core_alert_by_id(kt, &wake);
	KUNIT_EXPECT_EQ(test, wake, row->unwaits ? NTAPC_WAKE_UNWAIT :
						   NTAPC_WAKE_NONE);
	/* Nothing else, Alerted[] least of all. */
	expected.alerted_by_id = true;
	if (row->unwaits)
		expected.wait_status = NTAPC_WAIT_OBJECT;
	KUNIT_EXPECT_EQ(test, memcmp(&expected, kt, sizeof(expected)), 0);

	/* One bit, however often, and it is taken once. */
	ntapc_core_alert_by_id(kt, &wake);
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
	KUNIT_EXPECT_TRUE(test, ntapc_core_take_alert_by_id(kt));
	KUNIT_EXPECT_FALSE(test, ntapc_core_take_alert_by_id(kt));
	KUNIT_EXPECT_FALSE(test, kt->alerted_by_id);
}

/* 15.1: neither is taken for the other. */
static void alerts_by_id_are_distinct(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	enum ntapc_wake wake;

	ntapc_core_alert_by_id(kt, &wake);
	KUNIT_EXPECT_FALSE(test, ntapc_core_test_alert(kt, USER));
	KUNIT_EXPECT_FALSE(test, ntapc_core_test_alert(kt, KERNEL));
	KUNIT_EXPECT_EQ(test, ntapc_core_wait_test(kt, USER, true, false, false,
						   false),
			NTAPC_WAIT_BLOCK);
	KUNIT_EXPECT_TRUE(test, ntapc_core_take_alert_by_id(kt));
	ntapc_core_alert(kt, USER, &wake);
	ntapc_core_alert(kt, KERNEL, &wake);
	KUNIT_EXPECT_FALSE(test, ntapc_core_take_alert_by_id(kt));
	KUNIT_EXPECT_TRUE(test, kt->alerted[USER]);
	KUNIT_EXPECT_TRUE(test, kt->alerted[KERNEL]);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(alert_breaks_wait_or_stays, alert_gen_params),
	KUNIT_CASE(all_alerts),
	KUNIT_CASE(alerts_collapse),
	KUNIT_CASE_PARAM(test_takes_alert_or_arms, test_alert_gen_params),
	KUNIT_CASE(test_disarms_nothing),
	KUNIT_CASE(kernel_alert_ends_at_user_mode),
	KUNIT_CASE_PARAM(alert_by_id_stays, by_id_gen_params),
	KUNIT_CASE(alerts_by_id_are_distinct),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_alert",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
