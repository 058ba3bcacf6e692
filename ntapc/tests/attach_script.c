// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ctype.h>
#include <linux/string.h>

#include "attach_script.h"

#define EXIT_APC	'p'

#define answer(s, ...)	ntapc_test_answer(&(s)->answers, __VA_ARGS__)

static struct ntapc_fixture *fixture(const struct attach_script *s)
{
	return s->test->priv;
}

static char argument(struct attach_script *s)
{
	KUNIT_ASSERT_NE(s->test, *s->rest, '\0');
	return *s->rest++;
}

static char result_letter(enum ntapc_attach_result result)
{
	switch (result) {
	case NTAPC_ATTACHED:
		return 'y';
	case NTAPC_ATTACH_SAME:
		return '=';
	case NTAPC_ATTACH_REFUSED:
		return '!';
	case NTAPC_ATTACH_EXCEEDED:
		return '^';
	}
	return '?';
}

static void step_attach(struct attach_script *s, char what)
{
	struct ntapc_fixture *f = fixture(s);
	char process = argument(s);
	enum ntapc_attach_result result;

	result = ntapc_test_try_attach(f, process, tolower(what) == 's');
	answer(s, "%c", result_letter(result));
	if (result != NTAPC_ATTACHED)
		return;
	s->target[f->depth] = process;
	if (islower(what))
		ntapc_core_attach_resident(&f->kt,
					   ntapc_test_process(f, process));
}

static void step_detach(struct attach_script *s, char what)
{
	/* Whoever doesn't set it is to be found out. */
	bool recheck = true;
	enum ntapc_attach_result result;

	result = ntapc_test_try_detach(fixture(s), what == 'u', &recheck);
	answer(s, "%c%s", result_letter(result), recheck ? "k" : "");
}

/* APCs are made for the thread as it is then. */
static void step_make(struct attach_script *s)
{
	enum ntapc_environment environment = argument(s) - '0';
	char what = argument(s);
	enum ntapc_test_kind kind = what == 's' ? SPECIAL_KERNEL :
				    what == 'n' ? NORMAL_KERNEL :
				    what == 'o' ? ORDINARY_USER : SPECIAL_USER;

	fixture(s)->environment = environment;
	ntapc_test_make(fixture(s), s->next, kind);
	fixture(s)->environment = NTAPC_ENV_ORIGINAL;
	s->made = s->next++;
}

/* From another thread; a special user one from itself (13.3). */
static void step_insert(struct attach_script *s)
{
	struct ntapc_apc *apc = ntapc_test_apc(fixture(s), s->made);
	enum ntapc_wake wake = -1;

	KUNIT_EXPECT_TRUE(s->test,
			  ntapc_core_insert(&fixture(s)->kt, apc, 0, 0,
					    apc->special_user, &wake));
	ntapc_test_answer_wake(&s->answers, wake);
}

static void step_run_down(struct attach_script *s)
{
	char letters[NTAPC_TEST_APCS + 1] = ".", *to = letters;
	struct ntapc_apc *apc, *next;
	LIST_HEAD(flushed);

	KUNIT_EXPECT_FALSE(s->test,
			   ntapc_core_run_down_some(&fixture(s)->kt, NTAPC_TEST_APCS,
						    &flushed));
	list_for_each_entry_safe(apc, next, &flushed, entry) {
		KUNIT_EXPECT_FALSE(s->test, apc->inserted);
		*to++ = ntapc_test_letter(fixture(s), apc);
		*to = '\0';
		list_del_init(&apc->entry);
	}
	answer(s, "%s", letters);
}

/* 4.3: at the first normal one's normal routine this is stuck till "e". */
static void step_deliver(struct attach_script *s)
{
	char ran[NTAPC_TEST_APCS + 1] = ".", *to = ran;
	struct ntapc_apc *apc;
	bool blocked;

	while ((apc = ntapc_core_next_kernel(&fixture(s)->kt, &blocked))) {
		*to++ = ntapc_test_letter(fixture(s), apc);
		*to = '\0';
		if (apc->normal.routine)
			fixture(s)->kt.apc_state.kernel_in_progress = true;
	}
	answer(s, "%s%s", ran, blocked ? "!" : "");
}

static void step_next_user(struct attach_script *s)
{
	struct ntapc_apc *apc = ntapc_core_next_user(&fixture(s)->kt, false);

	answer(s, "%c", apc ? ntapc_test_letter(fixture(s), apc) : '.');
}

static void step_alert(struct attach_script *s, char what)
{
	enum ntapc_wake wake = -1;

	ntapc_core_alert(&fixture(s)->kt, what == 'K' ? NTAPC_KERNEL_MODE :
						  NTAPC_USER_MODE, &wake);
	ntapc_test_answer_wake(&s->answers, wake);
}

static void step_wait_test(struct attach_script *s)
{
	int status = ntapc_core_wait_test(&fixture(s)->kt, NTAPC_USER_MODE, true,
					  false, false, false);

	ntapc_test_answer_status(&s->answers, status);
}

static void step(struct attach_script *s)
{
	struct ntapc_kthread *kt = &fixture(s)->kt;
	struct ntapc_fixture *f = fixture(s);
	char what = argument(s), name;

	switch (what) {
	case 'a': case 's': case 'A': case 'S':
		step_attach(s, what);
		break;
	case 'R':
		name = s->target[f->depth];
		ntapc_core_attach_resident(kt, ntapc_test_process(f, name));
		break;
	case 'd': case 'u':
		step_detach(s, what);
		break;
	case 'b':
		KUNIT_ASSERT_GT(s->test, f->depth, 0);
		name = s->target[f->depth];
		answer(s, ntapc_test_undo(f, name) ? "k" : ".");
		break;
	case 'l':
		ntapc_test_process(f, argument(s))->stack_count =
			NTAPC_STACK_COUNT_MAX;
		break;
	case 'm':
		step_make(s);
		break;
	case 'i':
		step_insert(s);
		break;
	case '0': case '1': case '2': case '3':
		s->rest--;
		step_make(s);
		step_insert(s);
		break;
	case 'E':
		ntapc_test_answer_wake(&s->answers,
				       ntapc_test_queue_exit(s->test, EXIT_APC));
		break;
	case 'r':
		name = argument(s);
		answer(s, ntapc_core_remove(kt, ntapc_test_apc(f, name)) ?
				  "y" : "n");
		break;
	case 'F':
		step_run_down(s);
		break;
	case 'D':
		step_deliver(s);
		break;
	case 'e':
		ntapc_core_kernel_done(kt);
		break;
	case 'T':
		answer(s, ntapc_core_test_alert(kt, NTAPC_USER_MODE) ?
				  "y" : "n");
		break;
	case 'N':
		step_next_user(s);
		break;
	case 'K': case 'L':
		step_alert(s, what);
		break;
	case 'w': case 'W':
		ntapc_core_wait_begin(kt, NTAPC_USER_MODE, what == 'w');
		break;
	case 'y':
		ntapc_core_wait_begin(kt, NTAPC_KERNEL_MODE, false);
		break;
	case 'v':
		ntapc_test_answer_status(&s->answers, ntapc_core_wait_end(kt));
		break;
	case '?':
		step_wait_test(s);
		break;
	case 'c':
		ntapc_core_enter_critical(kt);
		break;
	case 'C':
		answer(s, ntapc_core_leave_critical(kt) ? "k" : ".");
		break;
	case 'G':
		ntapc_core_enter_guarded(kt);
		break;
	case 'H':
		answer(s, ntapc_core_leave_guarded(kt) ? "k" : ".");
		break;
	default:
		KUNIT_FAIL(s->test, "'%c' means nothing", what);
	}
}

/* 2.2, 9.2, 9.6: the index and what goes with it, of each depth. */
void ntapc_test_check_index(struct kunit *test)
{
	const struct ntapc_fixture *f = test->priv;
	const struct ntapc_kthread *kt = &f->kt;

	KUNIT_EXPECT_EQ(test, kt->apc_state_index, f->depth ? 1 : 0);
	KUNIT_EXPECT_PTR_EQ(test, kt->apc_state_pointer[kt->apc_state_index],
			    &kt->apc_state);
	KUNIT_EXPECT_PTR_EQ(test, kt->apc_state_pointer[!kt->apc_state_index],
			    &kt->saved_apc_state);
	KUNIT_ASSERT_PTR_EQ(test, kt->save,
			    f->depth ? &f->save[f->depth - 1] : NULL);
}

/* What answers with one of these has done nothing. */
static bool is_refusal(const char *answers)
{
	const char *last = strrchr(answers, ' ');

	last = last ? last + 1 : answers;
	return *last && strchr("=!^", *last);
}

/* Nothing good comes of going on with a thread that isn't where it should be. */
static void check_answers(struct attach_script *s)
{
	const char *answers = s->answers.text;

	if (s->expected && strncmp(answers, s->expected, strlen(answers)))
		KUNIT_ASSERT_STREQ(s->test, answers, s->expected);
}

void ntapc_test_run_script(struct attach_script *s, const char *steps)
{
	struct ntapc_fixture *f = fixture(s), *before;

	before = kunit_kmalloc(s->test, sizeof(*before), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(s->test, before);
	for (s->rest = steps; *s->rest;) {
		bool attaches = strchr("asAS", *s->rest);
		bool detaches = strchr("du", *s->rest);

		*before = *f;
		step(s);
		check_answers(s);
		ntapc_test_check_index(s->test);
		if ((!attaches && !detaches) || !is_refusal(s->answers.text))
			continue;
		KUNIT_EXPECT_EQ(s->test, memcmp(before, f, sizeof(*f)), 0);
	}
}
