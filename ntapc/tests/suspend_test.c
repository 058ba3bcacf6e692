// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspension (section 6), KeAlertResumeThread (5.5, 5.7).
 *
 * A row is a script, a letter for each step, and what the steps answered, a word
 * for each that answers:
 *
 *   s S r f t	suspend, suspend oneself, resume, freeze, thaw: the previous
 *   F A	count; force resume, alert and resume: what it returns. Then what
 *		the thread is owed: - nothing, i(nterrupt), w(ake it)
 *   x z	the first suspension, the first freeze is taken back: the same
 *   k n u	another thread queues a special kernel, a normal kernel, a user APC,
 *   K U	alerts kernel mode, user mode: what the thread is owed
 *   D		it runs its kernel APCs: their letters, or a dot; and ! if it is
 *		blocked. A normal one's normal routine begins, and goes on till
 *   d		it is done: no answer
 *   b e	the suspend APC begins to wait: y or n; ends to wait: what ended it
 *   g		the suspend APC lets the thread go: y if it will be back, else n;
 *		and ! if kernel APCs are pending
 *   w W y	a user mode wait begins that is, isn't alertable; a kernel mode wait
 *   v		that ends: what ended it
 *   c C G H	it enters, leaves a critical region, a guarded one
 *   T X	it attaches once more, detaches once
 *   q		it takes no more APCs
 *
 * What ended a wait is o(bject), k(ernel APC), u(ser APC), a(lert) or a dot. The
 * suspend APC is p, others are a, b, ...
 */
#include <linux/ntapc.h>
#include <linux/string.h>

#include "fixture.h"

#define SUSPEND_APC	'p'

struct suspend_row {
	const char *rule;
	const char *script, *answers;
	const char *queue;	/* of kernel APCs, at home */
	u8 suspend_count, freeze_count;
};

static const struct suspend_row suspend_rows[] = {
	{ "3.5 (1)", "s", "0i", "p", 1, 0 },
	{ "6.1 (1)", "sss", "0i 1- 2-", "p", 3, 0 },
	/* Not queueable: nothing changes. */
	{ "6.1 (2)", "qs", "0-", "", 0, 0 },
	{ "6.1 (3)", "sqs", "0i 1-", "p", 1, 0 },
	{ "6.1 (4)", "qf", "0-", "", 0, 0 },
	{ "6.1 (5)", "sqr", "0i 1-", "p", 0, 0 },
	/* A normal kernel APC: at the tail, behind specials and held up. */
	{ "6.2 (1)", "ns", "i 0i", "ap", 1, 0 },
	{ "6.2 (2)", "sk", "0i i", "ap", 1, 0 },
	{ "6.2 (3)", "csDr", "0i .! 1-", "p", 0, 0 },
	{ "6.2 (4)", "csDCDb", "0i .! p y", "", 1, 0 },
	{ "6.2 (5)", "GsDHDb", "0i .! p y", "", 1, 0 },
	{ "6.2 (6)", "GcsHDCD", "0i .! p", "", 1, 0 },
	{ "6.2 (7)", "nDsDdDb", "i a 0i .! p y", "", 1, 0 },
	{ "6.2 (8)", "csk", "0i i", "ap", 1, 0 },
	{ "6.2 (9)", "cskD", "0i i a!", "p", 1, 0 },
	/* It breaks waits, whatever their mode, but not what holds it up. */
	{ "6.3 (1)", "wsv", "0w k", "p", 1, 0 },
	{ "6.3 (2)", "Wsv", "0w k", "p", 1, 0 },
	{ "6.3 (3)", "ysv", "0w k", "p", 1, 0 },
	{ "6.3 (4)", "cWsv", "0- .", "p", 1, 0 },
	{ "6.3 (5)", "GWsv", "0- .", "p", 1, 0 },
	{ "6.3 (6)", "nDWsv", "i a 0- .", "p", 1, 0 },
	{ "6.3 (7)", "wusv", "w 0- u", "p", 1, 0 },
	/* Only the first suspension does. */
	{ "6.3 (8)", "sWsv", "0i 1- .", "p", 2, 0 },
	/* What ends its own wait: resumption and special kernel APCs. */
	{ "6.3 (9)", "sDbe", "0i p y .", "", 1, 0 },
	{ "6.3 (10)", "sDbre", "0i p y 1w o", "", 0, 0 },
	{ "6.3 (11)", "sDbke", "0i p y w k", "a", 1, 0 },
	{ "6.3 (12)", "sDbne", "0i p y - .", "a", 1, 0 },
	{ "6.3 (13)", "sDbue", "0i p y - .", "", 1, 0 },
	{ "6.3 (14)", "sDbKe", "0i p y - .", "", 1, 0 },
	{ "6.3 (15)", "sDbUe", "0i p y - .", "", 1, 0 },
	{ "6.3 (16)", "sDbkeDb", "0i p y w k a y", "", 1, 0 },
	/* Of oneself. */
	{ "6.4 (1)", "S", "0i", "p", 1, 0 },
	{ "6.4 (2)", "GSHDb", "0- p y", "", 1, 0 },
	{ "6.5 (1)", "r", "0-", "", 0, 0 },
	{ "6.5 (2)", "ssrr", "0i 1- 2- 1-", "p", 0, 0 },
	{ "6.5 (3)", "ssrrr", "0i 1- 2- 1- 0-", "p", 0, 0 },
	{ "6.5 (4)", "ssDbr", "0i 1- p y 2-", "", 1, 0 },
	{ "6.5 (5)", "ssDbrre", "0i 1- p y 2- 1w o", "", 0, 0 },
	/* Resumed before it ran: it runs, and waits for nothing. */
	{ "6.5 (6)", "srDb", "0i 1- p n", "", 0, 0 },
	{ "6.5 (7)", "sDrb", "0i p 1- n", "", 0, 0 },
	/* And suspended again: it is still there, once. */
	{ "6.1 (6)", "srsDb", "0i 1- 0- p y", "", 1, 0 },
	{ "6.1 (7)", "sDrsb", "0i p 1- 0i y", "p", 1, 0 },
	{ "6.1 (8)", "sDrsbredDb", "0i p 1- 0i y 1w o p n", "", 0, 0 },
	/* While still in the wait: that goes on. */
	{ "6.1 (9)", "sDbrs", "0i p y 1w 0-", "", 1, 0 },
	{ "6.1 (10)", "sDbrseb", "0i p y 1w 0- o y", "", 1, 0 },
	{ "6.1 (11)", "sDbrsebre", "0i p y 1w 0- o y 1w o", "", 0, 0 },
	{ "6.1 (12)", "sDbrsr", "0i p y 1w 0- 1-", "", 0, 0 },
	/* The first decision stands (11.11). */
	{ "11.11 (1)", "sDbkre", "0i p y w 1- k", "a", 0, 0 },
	{ "11.11 (2)", "sDbrke", "0i p y 1w - o", "a", 0, 0 },
	{ "11.11 (3)", "sDbrF", "0i p y 1w 0-", "", 0, 0 },
	/* Once it no longer waits, resumption ends no other wait. */
	{ "6.5 (8)", "sDbeWr", "0i p y . 1-", "", 0, 0 },
	{ "6.5 (9)", "sWr", "0i 1-", "p", 0, 0 },
	/* Freezing: a count of its own, the same APC. */
	{ "6.6 (1)", "f", "0i", "p", 0, 1 },
	{ "6.6 (2)", "fff", "0i 1- 2-", "p", 0, 3 },
	{ "6.6 (3)", "t", "0-", "", 0, 0 },
	{ "6.6 (4)", "fs", "0i 0-", "p", 1, 1 },
	{ "6.6 (5)", "sf", "0i 0-", "p", 1, 1 },
	{ "6.6 (6)", "st", "0i 0-", "p", 1, 0 },
	{ "6.6 (7)", "fr", "0i 0-", "p", 0, 1 },
	{ "6.6 (8)", "fDb", "0i p y", "", 0, 1 },
	{ "6.6 (9)", "frDb", "0i 0- p y", "", 0, 1 },
	/* It runs only when both are 0. */
	{ "6.6 (10)", "fDbte", "0i p y 1w o", "", 0, 0 },
	{ "6.6 (11)", "sDbfrte", "0i p y 0- 1- 1w o", "", 0, 0 },
	{ "6.6 (12)", "fDbstre", "0i p y 0- 1- 1w o", "", 0, 0 },
	{ "6.6 (13)", "sfDbre", "0i 0- p y 1- .", "", 0, 1 },
	{ "6.6 (14)", "sfDbte", "0i 0- p y 1- .", "", 1, 0 },
	{ "6.6 (15)", "sDbt", "0i p y 0-", "", 1, 0 },
	{ "6.6 (16)", "fDbr", "0i p y 0-", "", 0, 1 },
	/* 0 to 1 of the one while the other isn't 0 inserts nothing. */
	{ "6.6 (17)", "sDbf", "0i p y 0-", "", 1, 1 },
	{ "6.6 (18)", "sDf", "0i p 0-", "", 1, 1 },
	{ "6.6 (19)", "fDs", "0i p 0-", "", 1, 1 },
	/* By force. */
	{ "6.7 (1)", "F", "0-", "", 0, 0 },
	{ "6.7 (2)", "sF", "0i 1-", "p", 0, 0 },
	{ "6.7 (3)", "sfsF", "0i 0- 1- 3-", "p", 0, 0 },
	{ "6.7 (4)", "ssDbFe", "0i 1- p y 2w o", "", 0, 0 },
	{ "6.7 (5)", "fDbFe", "0i p y 1w o", "", 0, 0 },
	{ "6.7 (6)", "sfDbFe", "0i 0- p y 2w o", "", 0, 0 },
	{ "6.7 (7)", "WF", "0-", "", 0, 0 },
	{ "6.7 (8)", "sWF", "0i 1-", "p", 0, 0 },
	{ "6.7 (9)", "sqF", "0i 1-", "p", 0, 0 },
	/* Alert, then resume: the alert breaks what it may (5.1). */
	{ "5.5 (1)", "A", "0-", "", 0, 0 },
	{ "5.5 (2)", "wAv", "0w a", "", 0, 0 },
	{ "5.5 (3)", "WAv", "0- .", "", 0, 0 },
	{ "5.5 (4)", "yAv", "0- .", "", 0, 0 },
	{ "5.5 (5)", "sA", "0i 1-", "p", 0, 0 },
	{ "5.5 (6)", "ssDbA", "0i 1- p y 2-", "", 1, 0 },
	{ "5.5 (7)", "sDbAe", "0i p y 1w o", "", 0, 0 },
	{ "5.5 (8)", "sfDbAe", "0i 0- p y 1- .", "", 0, 1 },
	{ "5.5 (9)", "cwsAv", "0- 1w a", "p", 0, 0 },
	{ "5.5 (10)", "wsAv", "0w 1- k", "p", 0, 0 },
	{ "5.5 (11)", "wAAv", "0w 0- a", "", 0, 0 },
	{ "5.5 (12)", "sDbKAe", "0i p y - 1w o", "", 0, 0 },
	/* ntapc's own: what has been ended since isn't taken back. */
	{ "undo (1)", "sx", "0i 1-", "p", 0, 0 },
	{ "undo (2)", "ssx", "0i 1- 2-", "p", 1, 0 },
	{ "undo (3)", "ssrx", "0i 1- 2- 1-", "p", 0, 0 },
	{ "undo (4)", "sDbxe", "0i p y 1w o", "", 0, 0 },
	{ "undo (5)", "srx", "0i 1- 0-", "p", 0, 0 },
	{ "undo (6)", "srsx", "0i 1- 0- 1-", "p", 1, 0 },
	{ "undo (7)", "sFsx", "0i 1- 0- 1-", "p", 1, 0 },
	{ "undo (8)", "sAsx", "0i 1- 0- 1-", "p", 1, 0 },
	{ "undo (9)", "sftx", "0i 0- 1- 1-", "p", 0, 0 },
	{ "undo (10)", "fz", "0i 1-", "p", 0, 0 },
	{ "undo (11)", "ftfz", "0i 1- 0- 1-", "p", 0, 1 },
	{ "undo (12)", "fFfz", "0i 1- 0- 1-", "p", 0, 1 },
	{ "undo (13)", "fsrz", "0i 0- 1- 1-", "p", 0, 0 },
	{ "undo (14)", "sfFfsz", "0i 0- 2- 0- 0- 1-", "p", 1, 1 },
	/* ntapc's own: it keeps its place when it lets the thread go. */
	{ "again (1)", "sDg", "0i p y!", "p", 1, 0 },
	{ "again (2)", "sDbneg", "0i p y - . y!", "pa", 1, 0 },
	{ "again (3)", "sDbkneg", "0i p y w - k y!", "apb", 1, 0 },
	{ "again (4)", "sDbnegdDb", "0i p y - . y! p! y", "a", 1, 0 },
	{ "again (5)", "fDg", "0i p y!", "p", 0, 1 },
	/* Not when it is resumed, or nothing is taken any more; and not twice. */
	{ "again (6)", "sDbreg", "0i p y 1w o n", "", 0, 0 },
	{ "again (7)", "sDrsDg", "0i p 1- 0i .! y", "p", 1, 0 },
	{ "again (8)", "sDrnsDg", "0i p 1- i 0i .! y", "ap", 1, 0 },
	{ "again (9)", "sDqg", "0i p n", "", 1, 0 },
	/* At home, though attached. */
	{ "again (10)", "sDrqg", "0i p 1- n", "", 0, 0 },
	{ "again (11)", "sDrsqg", "0i p 1- 0i n!", "p", 1, 0 },
	{ "again (12)", "sDTg", "0i p y", "p", 1, 0 },
	{ "again (13)", "sDnTg", "0i p i y", "pa", 1, 0 },
	{ "again (14)", "sDTTg", "0i p y", "p", 1, 0 },
	{ "again (15)", "sDTgXdDb", "0i p y p y", "", 1, 0 },
	/* While attached nothing happens, but it is counted. */
	{ "9.9 (1)", "Ts", "0-", "p", 1, 0 },
	{ "9.9 (2)", "TWsv", "0- .", "p", 1, 0 },
	{ "9.9 (3)", "TsXDb", "0- p y", "", 1, 0 },
	{ "9.9 (4)", "TsrXDb", "0- 1- p n", "", 0, 0 },
	{ "9.9 (5)", "TfXDb", "0- p y", "", 0, 1 },
	{ "9.9 (6)", "TS", "0-", "p", 1, 0 },
	{ "9.9 (7)", "TSDXDb", "0- . p y", "", 1, 0 },
	{ "9.9 (8)", "TTsXDXDb", "0- . p y", "", 1, 0 },
	{ "9.9 (9)", "TysvD", "0- . .", "p", 1, 0 },
	{ "9.9 (10)", "TwsvD", "0- . .", "p", 1, 0 },
	{ "9.9 (11)", "sTDXDb", "0i . p y", "", 1, 0 },
	{ "9.9 (12)", "sTsfXDb", "0i 1- 0- p y", "", 2, 1 },
	{ "9.9 (13)", "TsFXDb", "0- 1- p n", "", 0, 0 },
	{ "9.9 (14)", "TsrsXDb", "0- 1- 0- p y", "", 1, 0 },
	{ "9.9 (15)", "TwsAv", "0- 1w a", "p", 0, 0 },
	{ "9.9 (16)", "TsqXr", "0- 1-", "p", 0, 0 },
	/* Nor do other APCs of home. */
	{ "9.9 (17)", "TknsDXD", "- - 0- . ab!", "p", 1, 0 },
	{ "9.9 (18)", "TwuvX", "- .", "", 0, 0 },
	/* It may attach out of a normal routine, and be suspended after that. */
	{ "9.9 (19)", "nDTsXDdDb", "i a 0- .! p y", "", 1, 0 },
};

static void suspend_desc(const struct suspend_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %s", row->rule, row->script);
}

KUNIT_ARRAY_PARAM(suspend, suspend_rows, suspend_desc);

struct script {
	struct kunit *test;
	struct ntapc_kthread *kt;
	char next;		/* the APC to be queued next */
	u32 since[2];		/* after the first suspension, the first freeze */
	bool begun[2];
	struct ntapc_test_answers answers;
};

#define answer(s, ...)	ntapc_test_answer(&(s)->answers, __VA_ARGS__)

static void setup_suspend_apc(struct ntapc_fixture *f)
{
	f->kt.suspend_apc = ntapc_test_make(f, SUSPEND_APC, NORMAL_KERNEL);
}

/* 4.3: at the first normal one's normal routine this is stuck till "d". */
static void step_deliver(struct script *s)
{
	struct ntapc_fixture *f = s->test->priv;
	char ran[NTAPC_TEST_APCS + 1] = ".", *to = ran;
	struct ntapc_apc *apc;
	bool blocked;

	while ((apc = ntapc_core_next_kernel(s->kt, &blocked))) {
		*to++ = ntapc_test_letter(f, apc);
		*to = '\0';
		if (apc->normal.routine)
			s->kt->apc_state.kernel_in_progress = true;
	}
	answer(s, "%s%s", ran, blocked ? "!" : "");
}

/* There has been a suspension, or with @freeze a freeze. */
static void note_first(struct script *s, bool freeze)
{
	if (!s->begun[freeze])
		s->since[freeze] = freeze ? s->kt->nr_thawed :
					    s->kt->nr_resumed;
	s->begun[freeze] = true;
}

static void step_count(struct script *s, char what)
{
	/* Whoever doesn't set it is to be found out. */
	enum ntapc_wake wake = -1;
	struct ntapc_kthread *kt = s->kt;
	int was;

	switch (what) {
	case 's':
	case 'S':
		was = ntapc_core_suspend(kt, what == 'S', &wake);
		note_first(s, false);
		break;
	case 'r':
		was = ntapc_core_resume(kt, &wake);
		break;
	case 'f':
		was = ntapc_core_freeze(kt, false, &wake);
		note_first(s, true);
		break;
	case 'x':
		was = ntapc_core_unsuspend(kt, s->since[false], &wake);
		break;
	case 'z':
		was = ntapc_core_unfreeze(kt, s->since[true], &wake);
		break;
	case 't':
		was = ntapc_core_thaw(kt, &wake);
		break;
	case 'F':
		was = ntapc_core_force_resume(kt, &wake);
		break;
	default:
		was = ntapc_core_alert_resume(kt, &wake);
	}
	answer(s, "%d%c", was, ntapc_test_wake_letter(wake));
}

static void step_queue(struct script *s, char what)
{
	enum ntapc_test_kind kind = what == 'k' ? SPECIAL_KERNEL :
				    what == 'n' ? NORMAL_KERNEL : ORDINARY_USER;

	ntapc_test_answer_wake(&s->answers,
			       ntapc_test_queue(s->test, s->next++, kind));
}

static void step_alert(struct script *s, char what)
{
	enum ntapc_wake wake;

	ntapc_core_alert(s->kt, what == 'K' ? NTAPC_KERNEL_MODE :
					      NTAPC_USER_MODE, &wake);
	ntapc_test_answer_wake(&s->answers, wake);
}

static void step(struct script *s, char what)
{
	struct ntapc_kthread *kt = s->kt;
	bool again;

	switch (what) {
	case 's': case 'S': case 'r': case 'f': case 't': case 'F': case 'A':
	case 'x': case 'z':
		step_count(s, what);
		break;
	case 'k': case 'n': case 'u':
		step_queue(s, what);
		break;
	case 'K': case 'U':
		step_alert(s, what);
		break;
	case 'D':
		step_deliver(s);
		break;
	case 'd':
		ntapc_core_kernel_done(kt);
		break;
	case 'b':
		answer(s, "%c", ntapc_core_suspend_begin(kt) ? 'y' : 'n');
		break;
	case 'e':
		ntapc_test_answer_status(&s->answers,
					 ntapc_core_suspend_end(kt));
		break;
	case 'g':
		again = ntapc_core_suspend_again(kt);
		answer(s, "%c%s", again ? 'y' : 'n',
		       kt->apc_state.kernel_pending ? "!" : "");
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
	case 'c':
		ntapc_core_enter_critical(kt);
		break;
	case 'C':
		ntapc_core_leave_critical(kt);
		break;
	case 'G':
		ntapc_core_enter_guarded(kt);
		break;
	case 'H':
		ntapc_core_leave_guarded(kt);
		break;
	case 'T':
		ntapc_test_attach(s->test);
		break;
	case 'X':
		ntapc_test_detach(s->test);
		break;
	case 'q':
		kt->apc_queueable = false;
		break;
	default:
		KUNIT_FAIL(s->test, "'%c' means nothing", what);
	}
}

static void run_script(struct script *s, const char *steps)
{
	while (*steps)
		step(s, *steps++);
}

static void suspended_as_told(struct kunit *test)
{
	const struct suspend_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct script s = { .test = test, .kt = &f->kt, .next = 'a' };

	setup_suspend_apc(f);
	run_script(&s, row->script);
	KUNIT_EXPECT_STREQ(test, s.answers.text, row->answers);
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, f->kt.apc_state_pointer[0],
					    NTAPC_KERNEL_MODE),
			   row->queue);
	KUNIT_EXPECT_EQ(test, f->kt.suspend_apc->inserted,
			!!strchr(row->queue, SUSPEND_APC));
	KUNIT_EXPECT_EQ(test, f->kt.suspend_count, row->suspend_count);
	KUNIT_EXPECT_EQ(test, f->kt.freeze_count, row->freeze_count);
	KUNIT_EXPECT_EQ(test, ntapc_core_to_suspend(&f->kt),
			row->suspend_count || row->freeze_count);
}

/* 6.1: the limit, of each count, even if nothing can be queued. */
static void counts_are_limited(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	enum ntapc_wake wake;
	int i;

	setup_suspend_apc(f);
	for (i = 0; i < NTAPC_SUSPEND_MAX; i++) {
		KUNIT_ASSERT_EQ(test, ntapc_core_suspend(kt, false, &wake), i);
		KUNIT_ASSERT_EQ(test, ntapc_core_freeze(kt, false, &wake), i);
	}
	for (i = 0; i < 2; i++) {
		wake = NTAPC_WAKE_UNWAIT;
		KUNIT_EXPECT_EQ(test, ntapc_core_suspend(kt, i, &wake),
				NTAPC_CORE_SUSPEND_EXCEEDED);
		KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
		wake = NTAPC_WAKE_UNWAIT;
		KUNIT_EXPECT_EQ(test, ntapc_core_freeze(kt, i, &wake),
				NTAPC_CORE_SUSPEND_EXCEEDED);
		KUNIT_EXPECT_EQ(test, wake, NTAPC_WAKE_NONE);
		KUNIT_EXPECT_EQ(test, kt->suspend_count, NTAPC_SUSPEND_MAX);
		KUNIT_EXPECT_EQ(test, kt->freeze_count, NTAPC_SUSPEND_MAX);
		kt->apc_queueable = false;
	}
	KUNIT_EXPECT_EQ(test, ntapc_core_force_resume(kt, &wake),
			2 * NTAPC_SUSPEND_MAX);
	KUNIT_EXPECT_FALSE(test, ntapc_core_to_suspend(kt));
}

/* 5.5, 5.7: the alert that broke nothing is there for the wait that restarts. */
static void alert_outlives_suspension(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	struct script s = { .test = test, .kt = kt, .next = 'a' };

	setup_suspend_apc(f);
	run_script(&s, "wsvDbAed");
	KUNIT_EXPECT_STREQ(test, s.answers.text, "0w k p y 1w o");
	KUNIT_EXPECT_TRUE(test, kt->alerted[NTAPC_KERNEL_MODE]);
	KUNIT_EXPECT_FALSE(test, kt->alerted[NTAPC_USER_MODE]);
	KUNIT_EXPECT_EQ(test,
			ntapc_core_wait_test(kt, NTAPC_USER_MODE, true, false,
					     false, false),
			NTAPC_WAIT_ALERTED);
	KUNIT_EXPECT_FALSE(test, kt->alerted[NTAPC_KERNEL_MODE]);
}

/* 5.1: the one that did break a wait isn't. */
static void alert_is_used_up(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct script s = { .test = test, .kt = &f->kt };

	run_script(&s, "wAv");
	KUNIT_EXPECT_STREQ(test, s.answers.text, "0w a");
	KUNIT_EXPECT_FALSE(test, f->kt.alerted[NTAPC_KERNEL_MODE]);
	KUNIT_EXPECT_FALSE(test, f->kt.alerted[NTAPC_USER_MODE]);
}

/* 6.3: the wait of the suspend APC is in kernel mode, and not alertable. */
static void suspended_in_kernel_mode(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;

	setup_suspend_apc(f);
	kt->alertable = true;
	kt->wait_mode = NTAPC_USER_MODE;
	kt->suspend_count = 1;
	KUNIT_EXPECT_TRUE(test, ntapc_core_suspend_begin(kt));
	KUNIT_EXPECT_TRUE(test, kt->suspended);
	KUNIT_EXPECT_TRUE(test, kt->waiting);
	KUNIT_EXPECT_FALSE(test, kt->alertable);
	KUNIT_EXPECT_EQ(test, kt->wait_mode, NTAPC_KERNEL_MODE);
	KUNIT_EXPECT_EQ(test, ntapc_core_suspend_end(kt), NTAPC_WAIT_BLOCK);
	KUNIT_EXPECT_FALSE(test, kt->suspended);
	KUNIT_EXPECT_FALSE(test, kt->waiting);
	kt->suspend_count = 0;
	KUNIT_EXPECT_FALSE(test, ntapc_core_suspend_begin(kt));
	KUNIT_EXPECT_FALSE(test, kt->suspended);
	KUNIT_EXPECT_FALSE(test, kt->waiting);
}

/* 6.10: what is queued meanwhile is there afterwards, unarmed. */
static void user_apcs_stay_queued(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	struct script s = { .test = test, .kt = kt, .next = 'a' };

	setup_suspend_apc(f);
	run_script(&s, "wsvDbuured");
	KUNIT_EXPECT_STREQ(test, s.answers.text, "0w k p y - - 1w o");
	KUNIT_EXPECT_STREQ(test,
			   ntapc_test_order(f, &kt->apc_state, NTAPC_USER_MODE),
			   "ab");
	KUNIT_EXPECT_FALSE(test, kt->apc_state.user_pending);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(suspended_as_told, suspend_gen_params),
	KUNIT_CASE(counts_are_limited),
	KUNIT_CASE(alert_outlives_suspension),
	KUNIT_CASE(alert_is_used_up),
	KUNIT_CASE(suspended_in_kernel_mode),
	KUNIT_CASE(user_apcs_stay_queued),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_suspend",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
