// SPDX-License-Identifier: GPL-2.0-only
/*
 * Critical and guarded regions (section 8).
 */
#include <linux/bits.h>
#include <linux/string.h>

#include "fixture.h"

/*
 * A script is what the thread does: it enters and leaves c(ritical) and
 * g(uarded) regions, a capital letter leaves. @rechecks has a letter for each
 * step: '!' if the kernel APCs are to be run now.
 */
struct region_row {
	const char *rule;
	const char *queued;
	const char *script, *rechecks;
	s16 kernel_disable, special_disable;
};

static const struct region_row region_rows[] = {
	{ "8.1 (1)", "", "c", ".", -1, 0 },
	{ "8.2 (1)", "", "g", ".", 0, -1 },
	/* Both nest, each has its count. */
	{ "8.3 (1)", "", "ccc", "...", -3, 0 },
	{ "8.3 (2)", "", "ggg", "...", 0, -3 },
	{ "8.3 (3)", "", "cgcgg", ".....", -2, -3 },
	{ "8.3 (4)", "", "cCgG", "....", 0, 0 },
	/* They may be left in any order. */
	{ "8.3 (5)", "n", "cgCG", "...!", 0, 0 },
	{ "8.3 (6)", "n", "cgGC", "..!!", 0, 0 },
	{ "8.3 (7)", "n", "gcgCGG", ".....!", 0, 0 },
	/* A leave without an enter. */
	{ "8.3 (8)", "ns", "C", ".", 1, 0 },
	{ "8.3 (9)", "ns", "G", ".", 0, 1 },
	{ "8.3 (10)", "ns", "CCG", "...", 2, 1 },
	/* Leaving looks again exactly when the count becomes 0. */
	{ "8.4 (1)", "n", "cC", ".!", 0, 0 },
	{ "8.4 (2)", "s", "cC", ".!", 0, 0 },
	{ "8.4 (3)", "n", "ccC", "...", -1, 0 },
	{ "8.4 (4)", "n", "ccCC", "...!", 0, 0 },
	{ "8.4 (5)", "n", "gG", ".!", 0, 0 },
	{ "8.4 (6)", "s", "gG", ".!", 0, 0 },
	{ "8.4 (7)", "s", "ggG", "...", 0, -1 },
	{ "8.4 (8)", "s", "ggGG", "...!", 0, 0 },
	/* A critical one doesn't in a guarded one, the other way round does. */
	{ "8.4 (9)", "ns", "gcC", "...", 0, -1 },
	{ "8.4 (10)", "ns", "cgG", "..!", -1, 0 },
	{ "8.4 (11)", "ns", "GcC", "...", 0, 1 },
	/* Only the kernel list counts. */
	{ "8.4 (12)", "", "cCgG", "....", 0, 0 },
	{ "8.4 (13)", "oox", "cCgG", "....", 0, 0 },
	/* An enter takes an unbalanced leave back, and looks at nothing. */
	{ "8.4 (14)", "ns", "CcGg", "....", 0, 0 },
};

static void region_desc(const struct region_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %s", row->rule, row->script);
}

KUNIT_ARRAY_PARAM(region, region_rows, region_desc);

static bool region_step(struct ntapc_kthread *kt, char what)
{
	switch (what) {
	case 'c':
		ntapc_core_enter_critical(kt);
		return false;
	case 'C':
		return ntapc_core_leave_critical(kt);
	case 'g':
		ntapc_core_enter_guarded(kt);
		return false;
	default:
		return ntapc_core_leave_guarded(kt);
	}
}

static void check_disabled(struct kunit *test, int kernel, int special)
{
	struct ntapc_kthread *kt = &((struct ntapc_fixture *)test->priv)->kt;

	KUNIT_EXPECT_EQ(test, kt->kernel_apc_disable, kernel);
	KUNIT_EXPECT_EQ(test, kt->special_apc_disable, special);
	/* 8.5 */
	KUNIT_EXPECT_EQ(test, ntapc_core_apcs_disabled(kt),
			kernel != 0 || special != 0);
	KUNIT_EXPECT_EQ(test, ntapc_core_all_apcs_disabled(kt), special != 0);
}

static void leaving_looks_again(struct kunit *test)
{
	const struct region_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	const char *what;
	int i = 0;

	ntapc_test_queue_all(test, row->queued);
	for (what = row->script; *what; what++, i++) {
		f->kt.apc_state.kernel_pending = false;
		KUNIT_EXPECT_EQ_MSG(test, region_step(&f->kt, *what) ? '!' : '.',
				    row->rechecks[i], "step %d", i);
		KUNIT_EXPECT_EQ(test, f->kt.apc_state.kernel_pending,
				row->rechecks[i] == '!');
	}
	KUNIT_EXPECT_EQ(test, row->rechecks[i], '\0');
	check_disabled(test, row->kernel_disable, row->special_disable);
}

#define SCRIPT_STEPS	6

/* 8.3 and 8.4 in so many words, for each script of @SCRIPT_STEPS steps. */
static void check_script(struct kunit *test, unsigned int script,
			 const char *queued)
{
	struct ntapc_fixture *f = test->priv;
	int kernel = 0, special = 0, i;

	ntapc_fixture_reset(f);
	ntapc_test_queue_all(test, queued);
	for (i = 0; i < SCRIPT_STEPS; i++) {
		char what = "cCgG"[script >> 2 * i & 3];
		bool looks = false;

		switch (what) {
		case 'c':
			kernel--;
			break;
		case 'C':
			kernel++;
			looks = kernel == 0 && special == 0;
			break;
		case 'g':
			special--;
			break;
		case 'G':
			special++;
			looks = special == 0;
			break;
		}
		looks = looks && *queued;
		f->kt.apc_state.kernel_pending = false;
		KUNIT_EXPECT_EQ(test, region_step(&f->kt, what), looks);
		KUNIT_EXPECT_EQ(test, f->kt.apc_state.kernel_pending, looks);
		check_disabled(test, kernel, special);
	}
	if (ntapc_test_failed(test))
		kunit_info(test, "script %#x, queued \"%s\"", script, queued);
}

static void all_scripts(struct kunit *test)
{
	static const char *const queued[] = { "", "n", "s" };
	unsigned int script, i;

	for (i = 0; i < ARRAY_SIZE(queued); i++) {
		for (script = 0; script < BIT(2 * SCRIPT_STEPS); script++) {
			check_script(test, script, queued[i]);
			if (ntapc_test_failed(test))
				return;
		}
	}
}

/* 8.4: what is pending stays so, whatever a leave finds. */
static void leaving_clears_nothing(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;

	f->kt.apc_state.kernel_pending = true;
	region_step(&f->kt, 'c');
	KUNIT_EXPECT_FALSE(test, region_step(&f->kt, 'C'));
	region_step(&f->kt, 'g');
	KUNIT_EXPECT_FALSE(test, region_step(&f->kt, 'G'));
	KUNIT_EXPECT_TRUE(test, f->kt.apc_state.kernel_pending);
}

/* 8.4, 9.9: what waits for a detach isn't looked at. */
static void only_active_queue_is_looked_at(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;

	ntapc_test_queue_all(test, "ns");
	ntapc_test_attach(test);
	region_step(&f->kt, 'c');
	KUNIT_EXPECT_FALSE(test, region_step(&f->kt, 'C'));
	region_step(&f->kt, 'g');
	KUNIT_EXPECT_FALSE(test, region_step(&f->kt, 'G'));
}

/* 3.5: what may break a wait is what would run. */
static void regions_hold_up(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *special = ntapc_test_make(f, 'a', SPECIAL_KERNEL);
	struct ntapc_apc *normal = ntapc_test_make(f, 'b', NORMAL_KERNEL);
	struct ntapc_kthread *kt = &f->kt;
	int i;

	for (i = 0; i < 3 * 3 * 2; i++) {
		kt->kernel_apc_disable = i % 3 - 1;
		kt->special_apc_disable = i / 3 % 3 - 1;
		kt->apc_state.kernel_in_progress = i / 9;
		KUNIT_EXPECT_EQ_MSG(test, ntapc_core_kernel_runs(kt, special),
				    kt->special_apc_disable == 0, "%d", i);
		KUNIT_EXPECT_EQ_MSG(test, ntapc_core_kernel_runs(kt, normal),
				    kt->special_apc_disable == 0 &&
				    kt->kernel_apc_disable == 0 && i < 9,
				    "%d", i);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(leaving_looks_again, region_gen_params),
	KUNIT_CASE(all_scripts),
	KUNIT_CASE(leaving_clears_nothing),
	KUNIT_CASE(only_active_queue_is_looked_at),
	KUNIT_CASE(regions_hold_up),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_region",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
