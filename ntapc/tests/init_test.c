// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads and APCs as they begin (sections 1 and 2).
 */
#include <linux/module.h>
#include <linux/string.h>

#include "fixture.h"

static void thread_begins_unattached(struct kunit *test)
{
	struct ntapc_kprocess home;
	struct ntapc_kthread kt;
	int i;

	memset(&kt, 0xa5, sizeof(kt));
	ntapc_core_init(&kt, &home);
	KUNIT_EXPECT_PTR_EQ(test, kt.apc_state.process, &home);
	KUNIT_EXPECT_EQ(test, kt.apc_state_index, 0);
	KUNIT_EXPECT_PTR_EQ(test, kt.apc_state_pointer[0], &kt.apc_state);
	KUNIT_EXPECT_PTR_EQ(test, kt.apc_state_pointer[1],
			    &kt.saved_apc_state);
	KUNIT_EXPECT_TRUE(test, kt.apc_queueable);
	KUNIT_EXPECT_EQ(test, kt.kernel_apc_disable, 0);
	KUNIT_EXPECT_EQ(test, kt.special_apc_disable, 0);
	KUNIT_EXPECT_FALSE(test, kt.waiting);
	KUNIT_EXPECT_FALSE(test, kt.waiting_by_id);
	KUNIT_EXPECT_FALSE(test, kt.alerted_by_id);
	KUNIT_EXPECT_FALSE(test, kt.suspended);
	KUNIT_EXPECT_EQ(test, kt.suspend_count, 0);
	KUNIT_EXPECT_EQ(test, kt.freeze_count, 0);
	KUNIT_EXPECT_FALSE(test, kt.apc_state.kernel_in_progress);
	KUNIT_EXPECT_FALSE(test, kt.apc_state.kernel_pending);
	KUNIT_EXPECT_FALSE(test, kt.apc_state.user_pending);
	KUNIT_EXPECT_FALSE(test, kt.apc_state.special_pending);
	KUNIT_EXPECT_FALSE(test, kt.apc_state.exit_pending);
	for (i = 0; i < NTAPC_NR_MODES; i++) {
		KUNIT_EXPECT_FALSE(test, kt.alerted[i]);
		KUNIT_EXPECT_TRUE(test, ntapc_apc_state_empty(&kt.apc_state, i));
		KUNIT_EXPECT_TRUE(test,
				  ntapc_apc_state_empty(&kt.saved_apc_state, i));
	}
}

/* ApcStateIndex when the APC is made and when it is inserted. */
struct environment_row {
	const char *rule;
	enum ntapc_environment environment;
	u8 at_init, at_insert;
	u8 goes_to;
};

static const struct environment_row environment_rows[] = {
	/* Always the home process's. */
	{ "2.2 (1)", NTAPC_ENV_ORIGINAL, 0, 0, 0 },
	{ "2.2 (2)", NTAPC_ENV_ORIGINAL, 0, 1, 0 },
	{ "2.2 (3)", NTAPC_ENV_ORIGINAL, 1, 0, 0 },
	{ "2.2 (4)", NTAPC_ENV_ORIGINAL, 1, 1, 0 },
	/* Always that of being attached. */
	{ "2.2 (5)", NTAPC_ENV_ATTACHED, 0, 0, 1 },
	{ "2.2 (6)", NTAPC_ENV_ATTACHED, 0, 1, 1 },
	{ "2.2 (7)", NTAPC_ENV_ATTACHED, 1, 0, 1 },
	{ "2.2 (8)", NTAPC_ENV_ATTACHED, 1, 1, 1 },
	/* Resolved when made. */
	{ "2.1 (1)", NTAPC_ENV_CURRENT, 0, 0, 0 },
	{ "2.1 (2)", NTAPC_ENV_CURRENT, 0, 1, 0 },
	{ "2.1 (3)", NTAPC_ENV_CURRENT, 1, 0, 1 },
	{ "2.1 (4)", NTAPC_ENV_CURRENT, 1, 1, 1 },
	/* Resolved when inserted. */
	{ "2.1 (5)", NTAPC_ENV_INSERT, 0, 0, 0 },
	{ "2.1 (6)", NTAPC_ENV_INSERT, 0, 1, 1 },
	{ "2.1 (7)", NTAPC_ENV_INSERT, 1, 0, 0 },
	{ "2.1 (8)", NTAPC_ENV_INSERT, 1, 1, 1 },
};

static void environment_desc(const struct environment_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(environment, environment_rows, environment_desc);

static void set_index(struct kunit *test, u8 index)
{
	const struct ntapc_fixture *f = test->priv;
	const struct ntapc_kthread *kt = &f->kt;

	if (index && !kt->apc_state_index)
		ntapc_test_attach(test);
	else if (!index && kt->apc_state_index)
		ntapc_test_detach(test);
}

static void environment_chooses_state(struct kunit *test)
{
	const struct environment_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	struct ntapc_apc *apc = ntapc_test_apc(f, 'a');
	enum ntapc_mode mode;

	for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
		bool active = row->goes_to == row->at_insert;
		enum ntapc_wake wake;

		ntapc_fixture_reset(f);
		set_index(test, row->at_init);
		ntapc_apc_init(apc, kt, row->environment, apc->kernel_routine,
			       NULL, TEST_ROUTINE, mode, TEST_CONTEXT);
		set_index(test, row->at_insert);
		KUNIT_ASSERT_TRUE(test, ntapc_core_insert(kt, apc, 0, 0, false,
							  &wake));
		KUNIT_EXPECT_STREQ(test,
				   ntapc_test_order(f, &kt->apc_state, mode),
				   active ? "a" : "");
		KUNIT_EXPECT_STREQ(test,
				   ntapc_test_order(f, &kt->saved_apc_state,
						    mode),
				   active ? "" : "a");
	}
}

struct type_row {
	const char *rule;
	u64 routine;
	enum ntapc_mode asked, given;
	u64 context;
};

static const struct type_row type_rows[] = {
	{ "2.3 (1)", 0, NTAPC_KERNEL_MODE, NTAPC_KERNEL_MODE, 0 },
	{ "2.3 (2)", 0, NTAPC_USER_MODE, NTAPC_KERNEL_MODE, 0 },
	{ "2.4 (1)", TEST_ROUTINE, NTAPC_KERNEL_MODE, NTAPC_KERNEL_MODE,
	  TEST_CONTEXT },
	{ "2.4 (2)", TEST_ROUTINE, NTAPC_USER_MODE, NTAPC_USER_MODE,
	  TEST_CONTEXT },
};

static void type_desc(const struct type_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(type, type_rows, type_desc);

static void routine_and_mode_make_type(struct kunit *test)
{
	const struct type_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc = ntapc_test_apc(f, 'c');
	ntapc_kernel_routine_t kernel_routine = apc->kernel_routine;
	ntapc_rundown_routine_t rundown_routine = apc->rundown_routine;
	enum ntapc_wake wake;

	memset(apc, 0xa5, sizeof(*apc));
	ntapc_apc_init(apc, &f->kt, NTAPC_ENV_ORIGINAL, kernel_routine,
		       rundown_routine, row->routine, row->asked, TEST_CONTEXT);
	KUNIT_EXPECT_PTR_EQ(test, apc->kernel_routine, kernel_routine);
	KUNIT_EXPECT_PTR_EQ(test, apc->rundown_routine, rundown_routine);
	KUNIT_EXPECT_EQ(test, apc->normal.routine, row->routine);
	KUNIT_EXPECT_EQ(test, apc->normal.context, row->context);
	KUNIT_EXPECT_EQ(test, apc->mode, row->given);
	KUNIT_EXPECT_FALSE(test, apc->inserted);	/* 2.5 */

	/* A special one is one that goes ahead of the others (3.2). */
	ntapc_test_queue_all(test, row->given == NTAPC_USER_MODE ? "oo" : "nn");
	ntapc_core_insert(&f->kt, apc, 0, 0, false, &wake);
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &f->kt.apc_state, row->given),
			   row->routine ? "abc" : "cab");
}

/* 2.5 */
static void only_insert_sets_arguments(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc = ntapc_test_apc(f, 'a');
	enum ntapc_wake wake;

	apc->normal.arg[0] = ~TEST_ARG1;
	apc->normal.arg[1] = ~TEST_ARG2;
	ntapc_test_make(f, 'a', ORDINARY_USER);
	KUNIT_EXPECT_EQ(test, apc->normal.arg[0], ~TEST_ARG1);
	KUNIT_EXPECT_EQ(test, apc->normal.arg[1], ~TEST_ARG2);
	KUNIT_EXPECT_TRUE(test, ntapc_core_insert(&f->kt, apc, TEST_ARG1,
						  TEST_ARG2, false, &wake));
	KUNIT_EXPECT_EQ(test, apc->normal.arg[0], TEST_ARG1);
	KUNIT_EXPECT_EQ(test, apc->normal.arg[1], TEST_ARG2);
	KUNIT_EXPECT_TRUE(test, apc->inserted);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(thread_begins_unattached),
	KUNIT_CASE_PARAM(environment_chooses_state, environment_gen_params),
	KUNIT_CASE_PARAM(routine_and_mode_make_type, type_gen_params),
	KUNIT_CASE(only_insert_sets_arguments),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_init",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests of ntapc");
MODULE_AUTHOR("the ntapc authors");
MODULE_LICENSE("GPL");
