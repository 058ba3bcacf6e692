// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking APCs off the queues, and putting them back (section 7).
 */
#include <linux/bits.h>
#include <linux/string.h>

#include "fixture.h"

/* 7.1 */
static void not_inserted_changes_nothing(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread before;
	enum ntapc_test_kind kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		struct ntapc_apc *apc;

		ntapc_fixture_reset(f);
		f->kt.apc_state.kernel_pending = true;
		f->kt.apc_state.user_pending = true;
		apc = ntapc_test_make(f, 'a', kind);
		before = f->kt;
		KUNIT_EXPECT_FALSE(test, ntapc_core_remove(&f->kt, apc));
		KUNIT_EXPECT_FALSE(test, apc->inserted);
		KUNIT_EXPECT_EQ(test, memcmp(&before, &f->kt, sizeof(before)), 0);
	}
}

/* What is queued with both lists' pending set, and the flags after a removal. */
struct remove_row {
	const char *rule;
	const char *queued;
	char removed;
	const char *kernel, *user;
	bool kernel_pending, user_pending, special_pending;
};

static const struct remove_row remove_rows[] = {
	{ "7.1 (1)", "n", 'a', "", "", false, true, false },
	{ "7.1 (2)", "s", 'a', "", "", false, true, false },
	{ "7.1 (3)", "nn", 'a', "b", "", true, true, false },
	{ "7.1 (4)", "nn", 'b', "a", "", true, true, false },
	{ "7.1 (5)", "ns", 'b', "a", "", true, true, false },
	{ "7.1 (6)", "ns", 'a', "b", "", true, true, false },
	{ "7.1 (7)", "nnsns", 'd', "ceab", "", true, true, false },
	{ "7.1 (8)", "o", 'a', "", "", true, false, false },
	{ "7.1 (9)", "ooo", 'b', "", "ac", true, true, false },
	{ "7.1 (10)", "xx", 'a', "", "b", true, false, true },
	{ "7.1 (11)", "x", 'a', "", "", true, false, false },
	/* Armed is what is ordinary (13.5). */
	{ "7.1 (12)", "ox", 'a', "", "b", true, false, true },
	{ "7.1 (13)", "ox", 'b', "", "a", true, true, false },
	/* The other mode's stay as they are. */
	{ "7.1 (14)", "no", 'a', "", "b", false, true, false },
	{ "7.1 (15)", "nox", 'a', "", "cb", false, true, true },
	{ "7.1 (16)", "no", 'b', "a", "", true, false, false },
};

static void remove_desc(const struct remove_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %c of %s", row->rule,
		 row->removed, row->queued);
}

KUNIT_ARRAY_PARAM(remove, remove_rows, remove_desc);

/* From @state, which @kt's home APCs are on. */
static void check_remove(struct kunit *test, struct ntapc_apc_state *state)
{
	const struct remove_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc = ntapc_test_apc(f, row->removed);

	state->kernel_pending = true;
	state->user_pending = true;
	KUNIT_EXPECT_TRUE(test, ntapc_core_remove(&f->kt, apc));
	KUNIT_EXPECT_FALSE(test, apc->inserted);
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_KERNEL_MODE),
			   row->kernel);
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_USER_MODE),
			   row->user);
	KUNIT_EXPECT_EQ(test, state->kernel_pending, row->kernel_pending);
	KUNIT_EXPECT_EQ(test, state->user_pending, row->user_pending);
	KUNIT_EXPECT_EQ(test, state->special_pending, row->special_pending);
	/* Again: there is nothing to remove. */
	KUNIT_EXPECT_FALSE(test, ntapc_core_remove(&f->kt, apc));
}

static void empty_list_clears_pending(struct kunit *test)
{
	const struct remove_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;

	ntapc_test_queue_all(test, row->queued);
	check_remove(test, &f->kt.apc_state);
}

/* 7.1: "of the state it was on". */
static void saved_state_is_settled(struct kunit *test)
{
	const struct remove_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *active = &f->kt.apc_state;

	ntapc_test_queue_all(test, row->queued);
	ntapc_test_attach(test);
	active->kernel_pending = true;
	active->user_pending = true;
	check_remove(test, &f->kt.saved_apc_state);
	KUNIT_EXPECT_TRUE(test, active->kernel_pending);
	KUNIT_EXPECT_TRUE(test, active->user_pending);
	KUNIT_EXPECT_FALSE(test, active->special_pending);
}

static void removed_can_be_queued_again(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	enum ntapc_wake wake;

	ntapc_test_queue_all(test, "ooo");
	KUNIT_EXPECT_TRUE(test, ntapc_core_remove(&f->kt,
						  ntapc_test_apc(f, 'a')));
	KUNIT_EXPECT_TRUE(test, ntapc_core_insert(&f->kt,
						  ntapc_test_apc(f, 'a'), 1, 2,
						  false, &wake));
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &f->kt.apc_state,
					    NTAPC_USER_MODE),
			   "bca");
	KUNIT_EXPECT_EQ(test, f->apc[0].normal.arg[0], 1);
	KUNIT_EXPECT_EQ(test, f->apc[0].normal.arg[1], 2);
}

static struct kunit_case remove_cases[] = {
	KUNIT_CASE(not_inserted_changes_nothing),
	KUNIT_CASE_PARAM(empty_list_clears_pending, remove_gen_params),
	KUNIT_CASE_PARAM(saved_state_is_settled, remove_gen_params),
	KUNIT_CASE(removed_can_be_queued_again),
	{ }
};

static struct kunit_suite remove_suite = {
	.name = "ntapc_core_remove",
	.init = ntapc_fixture_init,
	.test_cases = remove_cases,
};

/* 7.2 */
struct flush_row {
	const char *rule;
	const char *queued;
	enum ntapc_mode mode;
	const char *flushed;
	const char *kernel, *user;
	bool kernel_pending, user_pending, special_pending;
};

static const struct flush_row flush_rows[] = {
	{ "7.2 (1)", "", NTAPC_KERNEL_MODE, "", "", "", false, false, false },
	{ "7.2 (2)", "", NTAPC_USER_MODE, "", "", "", false, false, false },
	{ "7.2 (3)", "nsns", NTAPC_KERNEL_MODE, "bdac", "", "", false, false,
	  false },
	{ "7.2 (4)", "oxox", NTAPC_USER_MODE, "bdac", "", "", false, false,
	  false },
	{ "7.2 (5)", "nosx", NTAPC_KERNEL_MODE, "ca", "", "db", false, true,
	  true },
	{ "7.2 (6)", "nosx", NTAPC_USER_MODE, "db", "ca", "", true, false,
	  false },
	{ "7.2 (7)", "no", NTAPC_USER_MODE, "b", "a", "", true, false, false },
};

static void flush_desc(const struct flush_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %s mode of \"%s\"",
		 row->rule, row->mode == NTAPC_USER_MODE ? "user" : "kernel",
		 row->queued);
}

KUNIT_ARRAY_PARAM(flush, flush_rows, flush_desc);

static void check_flushed(struct kunit *test, struct list_head *flushed,
			  const char *expected)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc, *next;

	list_for_each_entry_safe(apc, next, flushed, entry) {
		KUNIT_EXPECT_FALSE(test, apc->inserted);
		KUNIT_EXPECT_EQ(test, ntapc_test_letter(f, apc), *expected);
		if (*expected)
			expected++;
		list_del_init(&apc->entry);
	}
	KUNIT_EXPECT_STREQ(test, expected, "");
}

static void active_queue_is_flushed(struct kunit *test)
{
	const struct flush_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;
	LIST_HEAD(flushed);

	ntapc_test_queue_all(test, row->queued);
	state->user_pending = strchr(row->queued, 'o');
	ntapc_core_flush(&f->kt, row->mode, &flushed);
	check_flushed(test, &flushed, row->flushed);
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_KERNEL_MODE),
			   row->kernel);
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_USER_MODE),
			   row->user);
	KUNIT_EXPECT_EQ(test, state->kernel_pending, row->kernel_pending);
	KUNIT_EXPECT_EQ(test, state->user_pending, row->user_pending);
	KUNIT_EXPECT_EQ(test, state->special_pending, row->special_pending);
}

/* 7.2: only the active state's. */
static void saved_queue_is_left(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	enum ntapc_mode mode;
	LIST_HEAD(flushed);

	ntapc_test_queue_all(test, "nosx");
	ntapc_test_attach(test);
	for (mode = 0; mode < NTAPC_NR_MODES; mode++)
		ntapc_core_flush(&f->kt, mode, &flushed);
	KUNIT_EXPECT_TRUE(test, list_empty(&flushed));
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &f->kt.saved_apc_state,
					    NTAPC_KERNEL_MODE),
			   "ca");
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &f->kt.saved_apc_state,
					    NTAPC_USER_MODE),
			   "db");
	KUNIT_EXPECT_TRUE(test, f->apc[0].inserted);
}

/* Both modes onto one list, as an exiting thread does (7.3). */
static void flushed_are_appended(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	LIST_HEAD(flushed);

	ntapc_test_queue_all(test, "onxs");
	ntapc_core_flush(&f->kt, NTAPC_KERNEL_MODE, &flushed);
	ntapc_core_flush(&f->kt, NTAPC_USER_MODE, &flushed);
	check_flushed(test, &flushed, "dbca");
}

/* In parts: each takes the next ones, and the flags are right in between. */
struct part_row {
	unsigned int max;
	const char *flushed, *left;
	bool user_pending, special_pending;
};

static const struct part_row part_rows[] = {
	{ 0, "", "bdac", true, true },
	{ 1, "b", "dac", true, true },
	{ 2, "bd", "ac", true, false },
	{ 3, "bda", "c", true, false },
	{ 4, "bdac", "", false, false },
	{ 5, "bdac", "", false, false },
};

static void part_desc(const struct part_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u of 4", row->max);
}

KUNIT_ARRAY_PARAM(part, part_rows, part_desc);

static void queue_is_flushed_in_parts(struct kunit *test)
{
	const struct part_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;
	LIST_HEAD(flushed);
	LIST_HEAD(rest);

	ntapc_test_queue_all(test, "oxox");
	state->user_pending = true;
	KUNIT_EXPECT_EQ(test,
			ntapc_core_flush_some(&f->kt, NTAPC_USER_MODE, row->max,
					      &flushed),
			*row->left != '\0');
	check_flushed(test, &flushed, row->flushed);
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_USER_MODE),
			   row->left);
	KUNIT_EXPECT_EQ(test, state->user_pending, row->user_pending);
	KUNIT_EXPECT_EQ(test, state->special_pending, row->special_pending);

	KUNIT_EXPECT_FALSE(test,
			   ntapc_core_flush_some(&f->kt, NTAPC_USER_MODE, 4,
						 &rest));
	check_flushed(test, &rest, row->left);
}

/* 7.2, 7.3: the APC that ends the thread is one of them. */
static void exit_is_flushed(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;
	LIST_HEAD(flushed);

	ntapc_test_queue_all(test, "ox");
	ntapc_test_queue_exit(test, 'p');
	ntapc_core_flush(&f->kt, NTAPC_KERNEL_MODE, &flushed);
	KUNIT_EXPECT_TRUE(test, state->exit_pending);
	ntapc_core_flush(&f->kt, NTAPC_USER_MODE, &flushed);
	check_flushed(test, &flushed, "pba");
	KUNIT_EXPECT_FALSE(test, state->user_pending);
	KUNIT_EXPECT_FALSE(test, state->special_pending);
	KUNIT_EXPECT_FALSE(test, state->exit_pending);
}

/* 7.1: removing others leaves it armed, first, and unguarded. */
static void exit_outlives_others(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;

	ntapc_test_queue_all(test, "oxx");
	ntapc_test_queue_exit(test, 'p');
	ntapc_core_remove(&f->kt, ntapc_test_apc(f, 'b'));
	KUNIT_EXPECT_TRUE(test, state->exit_pending);
	ntapc_core_remove(&f->kt, ntapc_test_apc(f, 'c'));
	KUNIT_EXPECT_TRUE(test, state->exit_pending);
	KUNIT_EXPECT_TRUE(test, state->special_pending);
	KUNIT_EXPECT_TRUE(test, state->user_pending);
	/* The last ordinary one that goes doesn't disarm it. */
	ntapc_core_remove(&f->kt, ntapc_test_apc(f, 'a'));
	KUNIT_EXPECT_TRUE(test, state->user_pending);
	KUNIT_EXPECT_EQ(test,
			ntapc_core_wait_test(&f->kt, NTAPC_USER_MODE, false,
					     false, false, false),
			NTAPC_WAIT_USER_APC);
	ntapc_core_remove(&f->kt, ntapc_test_apc(f, 'p'));
	KUNIT_EXPECT_FALSE(test, state->user_pending);
	KUNIT_EXPECT_FALSE(test, state->special_pending);
	KUNIT_EXPECT_FALSE(test, state->exit_pending);
}

/* 7.3: of a thread that has ended, in one call and in two. */
struct run_down_row {
	unsigned int depth;	/* so many attachments deep */
	unsigned int max;
	const char *first, *second;
};

static const struct run_down_row run_down_rows[] = {
	{ 0, 2, "cagedbhf", "" },
	{ 1, 2, "gecahfdb", "" },
	{ 2, 2, "cagedbhf", "" },
	{ 3, 2, "cagedbhf", "" },
	{ 0, 1, "cgdh", "aebf" },
	{ 1, 1, "gchd", "eafb" },
	{ 2, 1, "cgdh", "aebf" },
	{ 3, 1, "cgdh", "aebf" },
};

static void run_down_desc(const struct run_down_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "attached %u times, %u of each",
		 row->depth, row->max);
}

KUNIT_ARRAY_PARAM(run_down, run_down_rows, run_down_desc);

static void check_nothing_left(struct kunit *test,
			       const struct ntapc_apc_state *state)
{
	int mode;

	for (mode = 0; mode < NTAPC_NR_MODES; mode++)
		KUNIT_EXPECT_TRUE(test, ntapc_apc_state_empty(state, mode));
	KUNIT_EXPECT_FALSE(test, state->kernel_pending);
	KUNIT_EXPECT_FALSE(test, state->user_pending);
	KUNIT_EXPECT_FALSE(test, state->special_pending);
	KUNIT_EXPECT_FALSE(test, state->exit_pending);
}

/*
 * Home, and where it is attached first, have a normal and a special one of each
 * mode, armed.
 */
static void ended_thread_keeps_nothing(struct kunit *test)
{
	const struct run_down_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	static const enum ntapc_test_kind kinds[] = {
		NORMAL_KERNEL, ORDINARY_USER, SPECIAL_KERNEL, SPECIAL_USER,
	};
	bool more = *row->second;
	LIST_HEAD(flushed);
	LIST_HEAD(rest);
	int i;

	ntapc_test_queue_all(test, "nosx");
	if (row->depth)
		ntapc_test_attach(test);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct ntapc_apc *apc = ntapc_test_make(f, 'e' + i, kinds[i]);
		enum ntapc_wake wake;

		apc->environment = NTAPC_ENV_ATTACHED;
		KUNIT_ASSERT_TRUE(test, ntapc_core_insert(kt, apc, 0, 0, true,
							  &wake));
	}
	kt->apc_queueable = false;
	kt->apc_state.user_pending = true;
	kt->saved_apc_state.user_pending = true;
	kt->saved_apc_state.kernel_pending = true;
	while (f->depth < row->depth)
		ntapc_test_attach(test);

	KUNIT_EXPECT_EQ(test, ntapc_core_run_down_some(kt, row->max, &flushed),
			more);
	check_flushed(test, &flushed, row->first);
	if (more)
		KUNIT_EXPECT_FALSE(test,
				   ntapc_core_run_down_some(kt, row->max,
							    &rest));
	check_flushed(test, &rest, row->second);
	check_nothing_left(test, &kt->apc_state);
	check_nothing_left(test, &kt->saved_apc_state);
	for (i = 1; i < f->depth; i++)
		check_nothing_left(test, &f->save[i].state);
}

/* Whichever queue it is that has more. */
static void rest_is_told_of(struct kunit *test)
{
	static const char *const queued[] = { "nn", "ss", "oo", "xx" };
	struct ntapc_fixture *f = test->priv;
	int i;

	for (i = 0; i < 3 * ARRAY_SIZE(queued); i++) {
		LIST_HEAD(flushed);

		ntapc_fixture_reset(f);
		if (i % 3 == 2) {
			f->environment = NTAPC_ENV_ATTACHED;
			ntapc_test_attach(test);
		}
		ntapc_test_queue_all(test, queued[i / 3]);
		if (i % 3)
			ntapc_test_attach(test);
		KUNIT_EXPECT_TRUE_MSG(test,
				      ntapc_core_run_down_some(&f->kt, 1,
							       &flushed),
				      "%d", i);
		KUNIT_EXPECT_FALSE_MSG(test,
				       ntapc_core_run_down_some(&f->kt, 1,
								&flushed),
				       "%d", i);
		check_flushed(test, &flushed, "ab");
	}
}

static struct kunit_case flush_cases[] = {
	KUNIT_CASE_PARAM(active_queue_is_flushed, flush_gen_params),
	KUNIT_CASE(saved_queue_is_left),
	KUNIT_CASE(flushed_are_appended),
	KUNIT_CASE_PARAM(queue_is_flushed_in_parts, part_gen_params),
	KUNIT_CASE(exit_is_flushed),
	KUNIT_CASE(exit_outlives_others),
	KUNIT_CASE_PARAM(ended_thread_keeps_nothing, run_down_gen_params),
	KUNIT_CASE(rest_is_told_of),
	{ }
};

static struct kunit_suite flush_suite = {
	.name = "ntapc_core_flush",
	.init = ntapc_fixture_init,
	.test_cases = flush_cases,
};

/*
 * ntapc's own: what couldn't be handed over is as if it never had been taken, but
 * the next alertable point is what arms it.
 */
struct requeue_row {
	const char *what;
	const char *queued;
	int taken;
	const char *user;
	bool special_pending;
};

static const struct requeue_row requeue_rows[] = {
	{ "none", "oo", 0, "ab", false },
	{ "one of one", "o", 1, "a", false },
	{ "one of three", "ooo", 1, "abc", false },
	{ "all of three", "ooo", 3, "abc", false },
	{ "a special one", "x", 1, "a", true },
	{ "two special ones of three", "xxx", 2, "abc", true },
	{ "special and ordinary ones", "oxoxo", 4, "bdace", true },
	{ "special ones before ordinary ones", "oxx", 2, "bca", true },
};

static void requeue_desc(const struct requeue_row *row, char *desc)
{
	strscpy(desc, row->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(requeue, requeue_rows, requeue_desc);

/* Takes the next @nr, each at an alertable point but for special ones. */
static void take(struct kunit *test, int nr, struct list_head *taken)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc;

	while (nr--) {
		apc = ntapc_core_next_user(&f->kt, false);
		if (!apc) {
			ntapc_core_test_alert(&f->kt, NTAPC_USER_MODE);
			apc = ntapc_core_next_user(&f->kt, false);
		}
		KUNIT_ASSERT_NOT_NULL(test, apc);
		list_add_tail(&apc->entry, taken);
	}
}

static void requeued_are_first_again(struct kunit *test)
{
	const struct requeue_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc_state *state = &f->kt.apc_state;
	LIST_HEAD(taken);
	const char *letter;

	ntapc_test_queue_all(test, row->queued);
	take(test, row->taken, &taken);
	ntapc_core_requeue(&f->kt, &taken);
	KUNIT_EXPECT_TRUE(test, list_empty(&taken));
	KUNIT_EXPECT_STREQ(test, ntapc_test_order(f, state, NTAPC_USER_MODE),
			   row->user);
	KUNIT_EXPECT_FALSE(test, state->user_pending);
	KUNIT_EXPECT_EQ(test, state->special_pending, row->special_pending);
	for (letter = row->user; *letter; letter++)
		KUNIT_EXPECT_TRUE(test, ntapc_test_apc(f, *letter)->inserted);
}

/* Those that came meanwhile are behind them. */
static void requeued_are_before_later_ones(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	LIST_HEAD(taken);

	ntapc_test_queue_all(test, "xoo");
	take(test, 2, &taken);
	ntapc_test_queue(test, 'd', ORDINARY_USER);
	ntapc_test_queue(test, 'e', SPECIAL_USER);
	ntapc_core_requeue(&f->kt, &taken);
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &f->kt.apc_state,
					    NTAPC_USER_MODE),
			   "aebcd");
}

/* 3.2b: nor ahead of the APC that ends the thread. */
static void requeued_are_behind_exit(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	LIST_HEAD(taken);

	ntapc_test_queue_all(test, "xxxoo");
	take(test, 2, &taken);
	ntapc_test_queue_exit(test, 'p');
	ntapc_core_requeue(&f->kt, &taken);
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &f->kt.apc_state,
					    NTAPC_USER_MODE),
			   "pabcde");
	KUNIT_EXPECT_TRUE(test, f->kt.apc_state.exit_pending);
	KUNIT_EXPECT_EQ(test,
			ntapc_test_letter(f, ntapc_core_next_user(&f->kt, true)),
			'p');
}

static struct kunit_case requeue_cases[] = {
	KUNIT_CASE_PARAM(requeued_are_first_again, requeue_gen_params),
	KUNIT_CASE(requeued_are_before_later_ones),
	KUNIT_CASE(requeued_are_behind_exit),
	{ }
};

static struct kunit_suite requeue_suite = {
	.name = "ntapc_core_requeue",
	.init = ntapc_fixture_init,
	.test_cases = requeue_cases,
};

kunit_test_suites(&remove_suite, &flush_suite, &requeue_suite);
