// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is delivered next (section 4), chains (12.2) and special user APCs
 * (section 13).
 */
#include <linux/string.h>

#include "fixture.h"

/*
 * Takes kernel APCs as KiDeliverApc does until none may run; @ran gets their
 * letters. Their normal routines count as having run at once (4.3).
 */
static bool deliver_kernel(struct kunit *test, char *ran)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc;
	bool blocked;

	while ((apc = ntapc_core_next_kernel(&f->kt, &blocked))) {
		KUNIT_EXPECT_FALSE(test, apc->inserted);
		KUNIT_EXPECT_FALSE(test, blocked);
		KUNIT_EXPECT_FALSE(test, f->kt.apc_state.kernel_pending);
		*ran++ = ntapc_test_letter(f, apc);
	}
	*ran = '\0';
	return blocked;
}

struct kernel_row {
	const char *rule;
	const char *queued;
	s16 kernel_disable, special_disable;
	bool in_progress;
	const char *ran, *left;
	bool blocked;
};

static const struct kernel_row kernel_rows[] = {
	{ "4.3 (1)", "", 0, 0, false, "", "", false },
	{ "4.3 (2)", "n", 0, 0, false, "a", "", false },
	{ "4.3 (3)", "s", 0, 0, false, "a", "", false },
	{ "4.3 (4)", "nsns", 0, 0, false, "bdac", "", false },
	/* A critical region stops at the first normal one. */
	{ "4.3 (5)", "n", -1, 0, false, "", "a", true },
	{ "4.3 (6)", "nsns", -1, 0, false, "bd", "ac", true },
	{ "8.1 (1)", "ss", -1, 0, false, "ab", "", false },
	/* As does a normal one that is running: they don't nest. */
	{ "4.4 (1)", "n", 0, 0, true, "", "a", true },
	{ "4.4 (2)", "nsns", 0, 0, true, "bd", "ac", true },
	{ "4.4 (3)", "s", 0, 0, true, "a", "", false },
	{ "4.4 (4)", "ns", -1, 0, true, "b", "a", true },
	/* A guarded region stops all, user APCs too. */
	{ "4.2 (1)", "s", 0, -1, false, "", "a", true },
	{ "4.2 (2)", "n", 0, -1, false, "", "a", true },
	{ "4.2 (3)", "nsns", 0, -1, false, "", "bdac", true },
	{ "4.2 (4)", "", 0, -1, false, "", "", true },
	{ "8.2 (1)", "ns", -1, -1, true, "", "ba", true },
	/* Any count but 0 counts. */
	{ "8.3 (1)", "ns", -3, 0, false, "b", "a", true },
	{ "8.3 (2)", "ns", 1, 0, false, "b", "a", true },
	{ "8.3 (3)", "ns", 0, -3, false, "", "ba", true },
	{ "8.3 (4)", "ns", 0, 1, false, "", "ba", true },
};

static void kernel_desc(const struct kernel_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: \"%s\"", row->rule,
		 row->queued);
}

KUNIT_ARRAY_PARAM(kernel, kernel_rows, kernel_desc);

static void kernel_apcs_run(struct kunit *test)
{
	const struct kernel_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	char ran[NTAPC_TEST_APCS + 1];
	bool blocked;

	ntapc_test_queue_all(test, row->queued);
	kt->apc_state.kernel_pending = true;
	kt->kernel_apc_disable = row->kernel_disable;
	kt->special_apc_disable = row->special_disable;
	kt->apc_state.kernel_in_progress = row->in_progress;

	blocked = deliver_kernel(test, ran);
	KUNIT_EXPECT_STREQ(test, ran, row->ran);
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &kt->apc_state,
					    NTAPC_KERNEL_MODE),
			   row->left);
	/* Whether user APCs have to wait too. */
	KUNIT_EXPECT_EQ(test, blocked, row->blocked);
	KUNIT_EXPECT_EQ(test, kt->apc_state.kernel_in_progress,
			row->in_progress);
}

/* 4.2: before anything else, and whether something is delivered or not. */
static void pending_is_cleared_first(struct kunit *test)
{
	const struct kernel_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	bool blocked;

	ntapc_test_queue_all(test, row->queued);
	f->kt.apc_state.kernel_pending = true;
	f->kt.kernel_apc_disable = row->kernel_disable;
	f->kt.special_apc_disable = row->special_disable;
	f->kt.apc_state.kernel_in_progress = row->in_progress;
	ntapc_core_next_kernel(&f->kt, &blocked);
	KUNIT_EXPECT_FALSE(test, f->kt.apc_state.kernel_pending);
}

/* 4.2, 4.3: it is due if one would run. Asking changes nothing. */
static void due_is_what_would_run(struct kunit *test)
{
	const struct kernel_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt, before;

	ntapc_test_queue_all(test, row->queued);
	kt->kernel_apc_disable = row->kernel_disable;
	kt->special_apc_disable = row->special_disable;
	kt->apc_state.kernel_in_progress = row->in_progress;
	kt->apc_state.kernel_pending = true;
	before = *kt;
	KUNIT_EXPECT_EQ(test, ntapc_core_kernel_due(kt), row->ran[0] != '\0');
	KUNIT_EXPECT_EQ(test, memcmp(&before, kt, sizeof(before)), 0);
	kt->apc_state.kernel_pending = false;
	KUNIT_EXPECT_FALSE(test, ntapc_core_kernel_due(kt));
}

/* 4.3: the KAPC is its kernel routine's, which may queue it again. */
static void kernel_routine_owns_apc(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc;
	enum ntapc_wake wake;
	bool blocked;

	ntapc_test_queue_all(test, "nn");
	apc = ntapc_core_next_kernel(&f->kt, &blocked);
	KUNIT_ASSERT_PTR_EQ(test, apc, ntapc_test_apc(f, 'a'));
	KUNIT_EXPECT_TRUE(test, ntapc_core_insert(&f->kt, apc, 0, 0, true,
						  &wake));
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_INTERRUPT);
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &f->kt.apc_state,
					    NTAPC_KERNEL_MODE),
			   "ba");
}

/* 4.4: and what is queued while one runs, runs in the same loop (4.3). */
static void special_interrupts_normal(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;
	char ran[NTAPC_TEST_APCS + 1];

	ntapc_test_queue_all(test, "n");
	KUNIT_EXPECT_FALSE(test, deliver_kernel(test, ran));
	KUNIT_EXPECT_STREQ(test, ran, "a");
	state->kernel_in_progress = true;
	KUNIT_EXPECT_EQ(test, ntapc_test_queue(test, 'b', NORMAL_KERNEL),
			NTAPC_WAKE_INTERRUPT);
	KUNIT_EXPECT_EQ(test, ntapc_test_queue(test, 'c', SPECIAL_KERNEL),
			NTAPC_WAKE_INTERRUPT);
	KUNIT_EXPECT_TRUE(test, deliver_kernel(test, ran));
	KUNIT_EXPECT_STREQ(test, ran, "c");
	state->kernel_in_progress = false;
	KUNIT_EXPECT_FALSE(test, deliver_kernel(test, ran));
	KUNIT_EXPECT_STREQ(test, ran, "b");
}

struct user_row {
	const char *rule;
	const char *queued;
	bool armed, guarded;
	char taken;	/* '-' for none */
	const char *left;
	bool still_armed, still_special;
};

static const struct user_row user_rows[] = {
	/* Only armed ones, one of them, and that disarms. */
	{ "4.5 (1)", "", false, false, '-', "", false, false },
	{ "4.5 (2)", "o", false, false, '-', "a", false, false },
	{ "4.5 (3)", "o", true, false, 'a', "", false, false },
	{ "4.5 (4)", "ooo", true, false, 'a', "bc", false, false },
	{ "4.5 (5)", "ooo", true, true, 'a', "bc", false, false },
	/* Special ones first, armed or not, one at a time. */
	{ "13.4 (1)", "x", false, false, 'a', "", false, false },
	{ "13.4 (2)", "xx", false, false, 'a', "b", false, true },
	{ "13.4 (3)", "ox", true, false, 'b', "a", true, false },
	{ "13.4 (4)", "oxx", true, false, 'b', "ca", true, true },
	/* Ordinary ones are passed over, and nothing arms them. */
	{ "13.5 (1)", "ox", false, false, 'b', "a", false, false },
	/* ntapc's guard holds special ones back, and them alone. */
	{ "guard (1)", "x", false, true, '-', "a", false, true },
	{ "guard (2)", "ox", false, true, '-', "ba", false, true },
	{ "guard (3)", "ox", true, true, 'a', "b", false, true },
};

static void user_desc(const struct user_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: \"%s\"", row->rule,
		 row->queued);
}

KUNIT_ARRAY_PARAM(user, user_rows, user_desc);

static void user_apc_is_taken(struct kunit *test)
{
	const struct user_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;
	struct ntapc_apc *apc;

	ntapc_test_queue_all(test, row->queued);
	state->user_pending = row->armed;
	apc = ntapc_core_next_user(&f->kt, row->guarded);
	KUNIT_EXPECT_EQ(test, ntapc_test_letter(f, apc), row->taken);
	if (apc)
		KUNIT_EXPECT_FALSE(test, apc->inserted);
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_USER_MODE),
			   row->left);
	KUNIT_EXPECT_EQ(test, state->user_pending, row->still_armed);
	KUNIT_EXPECT_EQ(test, state->special_pending, row->still_special);
}

/* With the APC that ends the thread, p, queued after @queued. */
struct exit_row {
	const char *rule;
	const char *queued;
	bool guarded;
	const char *taken;	/* by as many calls, '-' for none */
	const char *left;
};

static const struct exit_row exit_rows[] = {
	{ "3.2b (1)", "", false, "p-", "" },
	{ "3.2b (2)", "o", false, "pa-", "" },
	{ "3.2b (3)", "oxx", false, "pbca-", "" },
	/* ntapc's guard doesn't hold it back, but the special ones still. */
	{ "7.5 (1)", "", true, "p-", "" },
	{ "7.5 (2)", "xx", true, "p-", "ab" },
	{ "7.5 (3)", "oxx", true, "pa-", "bc" },
};

static void exit_desc(const struct exit_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: \"%s\"%s", row->rule,
		 row->queued, row->guarded ? ", guarded" : "");
}

KUNIT_ARRAY_PARAM(exit, exit_rows, exit_desc);

static void exit_is_taken_first(struct kunit *test)
{
	const struct exit_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;
	const char *taken;
	struct ntapc_apc *apc;

	ntapc_test_queue_all(test, row->queued);
	ntapc_test_queue_exit(test, 'p');
	for (taken = row->taken; *taken; taken++) {
		apc = ntapc_core_next_user(&f->kt, row->guarded);
		KUNIT_EXPECT_EQ(test, ntapc_test_letter(f, apc), *taken);
		KUNIT_EXPECT_FALSE(test, state->exit_pending);
	}
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_USER_MODE),
			   row->left);
	/* Neither p nor ordinary ones are ever left over. */
	KUNIT_EXPECT_EQ(test, state->special_pending, *row->left != '\0');
}

/* Several at once: as many as if the end of each had armed the next (12.2). */
struct users_row {
	const char *queued;
	u32 max;
	const char *taken, *left;
	bool special_left;
};

static const struct users_row users_rows[] = {
	{ "", 1, "", "", false },
	{ "o", 1, "a", "", false },
	{ "ooo", 1, "a", "bc", false },
	{ "ooo", 2, "ab", "c", false },
	{ "ooo", 3, "abc", "", false },
	{ "ooo", 4, "abc", "", false },
	/* Special ones that the guard holds back stay. */
	{ "x", 2, "", "a", true },
	{ "oxoxo", 2, "ac", "bde", true },
	{ "oxoxo", 4, "ace", "bd", true },
};

static void users_desc(const struct users_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "12.2: %u of \"%s\"", row->max,
		 row->queued);
}

KUNIT_ARRAY_PARAM(users, users_rows, users_desc);

static void user_apcs_are_taken_at_once(struct kunit *test)
{
	const struct users_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;
	const char *expected = row->taken;
	struct ntapc_apc *apc, *next;
	LIST_HEAD(taken);

	ntapc_test_queue_all(test, row->queued);
	state->user_pending = true;
	KUNIT_EXPECT_EQ(test, ntapc_core_next_users(&f->kt, row->max, &taken),
			strlen(row->taken));
	list_for_each_entry_safe(apc, next, &taken, entry) {
		KUNIT_EXPECT_FALSE(test, apc->inserted);
		KUNIT_EXPECT_EQ(test, ntapc_test_letter(f, apc), *expected);
		if (*expected)
			expected++;
		list_del_init(&apc->entry);
	}
	KUNIT_EXPECT_STREQ(test, expected, "");
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_USER_MODE),
			   row->left);
	KUNIT_EXPECT_FALSE(test, state->user_pending);
	KUNIT_EXPECT_EQ(test, state->special_pending, row->special_left);
}

/* Delivers the next user APC as the end of the last one does (12.2). */
static char continue_chain(struct ntapc_fixture *f)
{
	ntapc_core_test_alert(&f->kt, NTAPC_USER_MODE);
	return ntapc_test_letter(f, ntapc_core_next_user(&f->kt, false));
}

/* 12.2, 12.8: in order, with those queued meanwhile, and then it ends. */
static void chain_drains_queue(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;

	ntapc_test_queue_all(test, "oo");
	KUNIT_EXPECT_EQ(test, continue_chain(f), 'a');
	ntapc_test_queue(test, 'c', ORDINARY_USER);
	KUNIT_EXPECT_EQ(test, continue_chain(f), 'b');
	KUNIT_EXPECT_EQ(test, continue_chain(f), 'c');
	ntapc_test_queue(test, 'd', ORDINARY_USER);
	KUNIT_EXPECT_EQ(test, continue_chain(f), 'd');
	KUNIT_EXPECT_EQ(test, continue_chain(f), '-');
	KUNIT_EXPECT_FALSE(test, f->kt.apc_state.user_pending);
}

/* 12.3: the rest waits for the next alertable point. */
static void chain_ends_without_test(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;

	ntapc_test_queue_all(test, "oo");
	KUNIT_EXPECT_EQ(test, continue_chain(f), 'a');
	KUNIT_EXPECT_NULL(test, ntapc_core_next_user(&f->kt, false));
	KUNIT_EXPECT_EQ(test, continue_chain(f), 'b');
}

/* 12.4 */
static void alert_ends_chain(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	enum ntapc_wake wake;

	ntapc_test_queue_all(test, "oo");
	KUNIT_EXPECT_EQ(test, continue_chain(f), 'a');
	ntapc_core_alert(&f->kt, NTAPC_USER_MODE, &wake);
	KUNIT_EXPECT_EQ(test, continue_chain(f), '-');
	KUNIT_EXPECT_EQ(test, continue_chain(f), 'b');
}

/* 13.3: a kernel APC whose kernel routine makes it a user APC. */
static char second_stage(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc;
	enum ntapc_wake wake;
	bool blocked;

	apc = ntapc_core_next_kernel(&f->kt, &blocked);
	if (!apc)
		return '-';
	ntapc_test_make(f, ntapc_test_letter(f, apc), SPECIAL_USER);
	KUNIT_EXPECT_TRUE(test, ntapc_core_insert(&f->kt, apc, TEST_ARG1,
						  TEST_ARG2, true, &wake));
	KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
	return ntapc_test_letter(f, apc);
}

static void special_in_two_stages(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;

	/* The first obeys regions and interrupts. */
	kt->kernel_apc_disable = -1;
	KUNIT_EXPECT_EQ(test, ntapc_test_queue(test, 'a', NORMAL_KERNEL),
			NTAPC_WAKE_INTERRUPT);
	KUNIT_EXPECT_EQ(test, second_stage(test), '-');
	kt->kernel_apc_disable = 0;
	KUNIT_EXPECT_EQ(test, second_stage(test), 'a');
	/* The second needs no alertable point. */
	KUNIT_EXPECT_TRUE(test, kt->apc_state.special_pending);
	KUNIT_EXPECT_EQ(test,
			ntapc_test_letter(f, ntapc_core_next_user(kt, false)),
			'a');
}

/* 13.1: an alertable wait ends, any other only restarts. */
static void special_ends_alertable_wait(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	int alertable;

	for (alertable = 0; alertable < 2; alertable++) {
		ntapc_fixture_reset(f);
		ntapc_core_wait_begin(kt, NTAPC_USER_MODE, alertable);
		KUNIT_EXPECT_EQ(test, ntapc_test_queue(test, 'a', NORMAL_KERNEL),
				NTAPC_WAKE_UNWAIT);
		KUNIT_EXPECT_EQ(test, ntapc_core_wait_end(kt),
				NTAPC_WAIT_KERNEL_APC);
		KUNIT_EXPECT_EQ(test,
				ntapc_core_wait_test(kt, NTAPC_USER_MODE,
						     alertable, false, false,
						     false),
				NTAPC_WAIT_KERNEL_APC);
		KUNIT_EXPECT_EQ(test, second_stage(test), 'a');
		KUNIT_EXPECT_EQ(test,
				ntapc_core_wait_test(kt, NTAPC_USER_MODE,
						     alertable, false, false,
						     false),
				alertable ? NTAPC_WAIT_USER_APC :
					    NTAPC_WAIT_BLOCK);
		KUNIT_EXPECT_FALSE(test, kt->apc_state.user_pending);
	}
}

/* 4.3: that a normal routine has returned is all that changes. */
static void done_ends_progress(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread before;

	ntapc_test_queue_all(test, "nsox");
	f->kt.apc_state.user_pending = true;
	before = f->kt;
	f->kt.apc_state.kernel_in_progress = true;
	ntapc_core_kernel_done(&f->kt);
	KUNIT_EXPECT_EQ(test, memcmp(&before, &f->kt, sizeof(before)), 0);
}

/* 4.3, 9.2: the one that runs while attached is the active state's. */
static void progress_is_of_active_state(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;

	f->kt.apc_state.kernel_in_progress = true;
	ntapc_test_attach(test);
	f->kt.apc_state.kernel_in_progress = true;
	ntapc_core_kernel_done(&f->kt);
	KUNIT_EXPECT_FALSE(test, f->kt.apc_state.kernel_in_progress);
	KUNIT_EXPECT_TRUE(test, f->kt.saved_apc_state.kernel_in_progress);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(kernel_apcs_run, kernel_gen_params),
	KUNIT_CASE_PARAM(pending_is_cleared_first, kernel_gen_params),
	KUNIT_CASE_PARAM(due_is_what_would_run, kernel_gen_params),
	KUNIT_CASE(kernel_routine_owns_apc),
	KUNIT_CASE(special_interrupts_normal),
	KUNIT_CASE_PARAM(user_apc_is_taken, user_gen_params),
	KUNIT_CASE_PARAM(exit_is_taken_first, exit_gen_params),
	KUNIT_CASE(done_ends_progress),
	KUNIT_CASE(progress_is_of_active_state),
	KUNIT_CASE_PARAM(user_apcs_are_taken_at_once, users_gen_params),
	KUNIT_CASE(chain_drains_queue),
	KUNIT_CASE(chain_ends_without_test),
	KUNIT_CASE(alert_ends_chain),
	KUNIT_CASE(special_in_two_stages),
	KUNIT_CASE(special_ends_alertable_wait),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_deliver",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
