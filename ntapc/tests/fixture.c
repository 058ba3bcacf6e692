// SPDX-License-Identifier: GPL-2.0-only
#include <linux/string.h>

#include "fixture.h"

/* Core never calls these. */
static void kernel_routine(struct ntapc_apc *apc, struct ntapc_normal *normal)
{
}

static void rundown_routine(struct ntapc_apc *apc)
{
}

/* The .init of every suite that has a fixture in test->priv. */
int ntapc_fixture_init(struct kunit *test)
{
	struct ntapc_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	test->priv = f;
	ntapc_fixture_reset(f);
	return 0;
}

void ntapc_fixture_reset(struct ntapc_fixture *f)
{
	char letter;
	int i;

	/* Whoever relies on zeroed memory is to be found out. */
	memset(f, 0xa5, sizeof(*f));
	f->depth = 0;
	f->environment = NTAPC_ENV_ORIGINAL;
	for (i = 0; i < NTAPC_TEST_PROCESSES; i++)
		ntapc_core_process_init(&f->process[i]);
	ntapc_core_init(&f->kt, &f->process[0]);
	for (letter = 'a'; letter < 'a' + NTAPC_TEST_APCS; letter++)
		ntapc_test_make(f, letter, NORMAL_KERNEL);
}

struct ntapc_apc *ntapc_test_apc(struct ntapc_fixture *f, char letter)
{
	return &f->apc[letter - 'a'];
}

/* '-' for no APC. */
char ntapc_test_letter(const struct ntapc_fixture *f,
		       const struct ntapc_apc *apc)
{
	return apc ? 'a' + (apc - f->apc) : '-';
}

/* Initialises an APC; a special user one as it is in its second stage (13.3). */
struct ntapc_apc *ntapc_test_make(struct ntapc_fixture *f, char letter,
				  enum ntapc_test_kind kind)
{
	struct ntapc_apc *apc = ntapc_test_apc(f, letter);

	ntapc_apc_init(apc, &f->kt, f->environment, kernel_routine,
		       rundown_routine,
		       kind == SPECIAL_KERNEL ? 0 : TEST_ROUTINE,
		       ntapc_test_mode(kind), TEST_CONTEXT);
	apc->special_user = kind == SPECIAL_USER;
	return apc;
}

/*
 * Makes and queues one APC, from another thread but for the second stage of a
 * special user one, which is always the target's own doing.
 */
enum ntapc_wake ntapc_test_queue(struct kunit *test, char letter,
				 enum ntapc_test_kind kind)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc = ntapc_test_make(f, letter, kind);
	enum ntapc_wake wake;

	KUNIT_ASSERT_TRUE(test, ntapc_core_insert(&f->kt, apc, TEST_ARG1,
						  TEST_ARG2,
						  kind == SPECIAL_USER, &wake));
	return wake;
}

/* Makes and queues the APC that ends the thread (7.5). */
enum ntapc_wake ntapc_test_queue_exit(struct kunit *test, char letter)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc = ntapc_test_make(f, letter, ORDINARY_USER);
	enum ntapc_wake wake;

	KUNIT_ASSERT_TRUE(test, ntapc_core_insert_exit(&f->kt, apc, &wake));
	return wake;
}

/*
 * Queues the APCs a, b, c, ... of the kinds that the letters of @what say:
 * s(pecial) and n(ormal) kernel ones, o(rdinary user) and x (special user).
 */
void ntapc_test_queue_all(struct kunit *test, const char *what)
{
	static const char kinds[] = {
		[SPECIAL_KERNEL] = 's', [NORMAL_KERNEL] = 'n',
		[ORDINARY_USER] = 'o', [SPECIAL_USER] = 'x',
	};
	char letter;

	for (letter = 'a'; *what; what++, letter++) {
		const char *kind = memchr(kinds, *what, sizeof(kinds));

		KUNIT_ASSERT_NOT_NULL(test, kind);
		ntapc_test_queue(test, letter, kind - kinds);
	}
}

/* Lets it happen; if it is an APC, that is @letter. */
enum ntapc_wake ntapc_test_happen(struct kunit *test,
				  enum ntapc_test_event event, char letter)
{
	struct ntapc_fixture *f = test->priv;
	enum ntapc_mode mode = NTAPC_KERNEL_MODE;
	enum ntapc_wake wake;

	switch (event) {
	case EVENT_SPECIAL_KERNEL:
		return ntapc_test_queue(test, letter, SPECIAL_KERNEL);
	case EVENT_NORMAL_KERNEL:
		return ntapc_test_queue(test, letter, NORMAL_KERNEL);
	case EVENT_ORDINARY_USER:
		return ntapc_test_queue(test, letter, ORDINARY_USER);
	case EVENT_EXIT:
		return ntapc_test_queue_exit(test, letter);
	case EVENT_OBJECT:
		return ntapc_core_wait_satisfy(&f->kt);
	case EVENT_USER_ALERT:
		mode = NTAPC_USER_MODE;
		fallthrough;
	default:
		ntapc_core_alert(&f->kt, mode, &wake);
		return wake;
	}
}

/* A wait that anything breaks, and that is over: what it was stays written down. */
void ntapc_test_wait_before(struct ntapc_fixture *f)
{
	ntapc_core_wait_begin(&f->kt, NTAPC_USER_MODE, true);
	ntapc_core_wait_end(&f->kt);
}

static char *append_list(struct ntapc_fixture *f, char *to,
			 const struct list_head *list)
{
	const struct ntapc_apc *apc;

	list_for_each_entry(apc, list, entry) {
		if (to == f->order + NTAPC_TEST_APCS)
			break;
		*to++ = ntapc_test_letter(f, apc);
	}
	return to;
}

/* ApcListHead[@mode] of @state. Valid until the next call. */
const char *ntapc_test_order(struct ntapc_fixture *f,
			     const struct ntapc_apc_state *state,
			     enum ntapc_mode mode)
{
	char *to = append_list(f, f->order, &state->special[mode]);

	*append_list(f, to, &state->normal[mode]) = '\0';
	return f->order;
}

/* Forwards and backwards. What has been moved by copying isn't. */
static bool is_closed(const struct list_head *list)
{
	const struct list_head *each = list;
	int nr = 0;

	do {
		if (each->next->prev != each || nr++ > NTAPC_TEST_APCS)
			return false;
		each = each->next;
	} while (each != list);
	return true;
}

static bool is_whole(const struct ntapc_apc_state *state)
{
	int mode;

	for (mode = 0; mode < NTAPC_NR_MODES; mode++)
		if (!is_closed(&state->special[mode]) ||
		    !is_closed(&state->normal[mode]))
			return false;
	return true;
}

struct ntapc_kprocess *ntapc_test_process(struct ntapc_fixture *f, char letter)
{
	return &f->process[letter - 'A'];
}

static char process_letter(const struct ntapc_fixture *f,
			   const struct ntapc_kprocess *process)
{
	return process ? 'A' + (process - f->process) : '-';
}

static size_t write_state(struct ntapc_fixture *f, char *to, size_t size,
			  const struct ntapc_apc_state *state)
{
	size_t len;

	if (!is_whole(state))
		return scnprintf(to, size, "broken ");
	len = scnprintf(to, size, "%c:%s/", process_letter(f, state->process),
			ntapc_test_order(f, state, NTAPC_KERNEL_MODE));
	len += scnprintf(to + len, size - len, "%s,%s%s%s%s%s",
			 ntapc_test_order(f, state, NTAPC_USER_MODE),
			 state->kernel_in_progress ? "i" : "",
			 state->kernel_pending ? "k" : "",
			 state->user_pending ? "u" : "",
			 state->special_pending ? "s" : "",
			 state->exit_pending ? "e" : "");
	if (to[len - 1] == ',')
		len--;
	return len + scnprintf(to + len, size - len, " ");
}

/*
 * The thread's states, the active one first, then those of the attachments around
 * it from the inmost to the outmost, then SavedApcState. Of each its process, the
 * kernel and the user queue, and the flags: i(n progress), k(ernel APCs pending),
 * u(ser APCs pending), s(pecial ones), e(xit). Valid until the next call.
 */
const char *ntapc_test_states(struct ntapc_fixture *f)
{
	const struct ntapc_apc_save *save = f->kt.save;
	size_t size = sizeof(f->text), len;
	unsigned int depth;

	len = write_state(f, f->text, size, &f->kt.apc_state);
	for (depth = f->depth; depth; depth--, save = save->outer) {
		if (save != &f->save[depth - 1])
			break;
		if (save->state.process)
			len += write_state(f, f->text + len, size - len,
					   &save->state);
	}
	if (depth || save)
		len += scnprintf(f->text + len, size - len, "astray ");
	len += write_state(f, f->text + len, size - len,
			   &f->kt.saved_apc_state);
	f->text[len - 1] = '\0';
	return f->text;
}

/* The first half of attaching. */
enum ntapc_attach_result ntapc_test_try_attach(struct ntapc_fixture *f,
					       char process, bool stack)
{
	enum ntapc_attach_result result;

	result = ntapc_core_attach(&f->kt, ntapc_test_process(f, process),
				   &f->save[f->depth], stack);
	if (result == NTAPC_ATTACHED)
		f->depth++;
	return result;
}

/* It is the caller's again: whoever still relies on it is to be found out. */
static void drop_save(struct ntapc_fixture *f)
{
	if (!f->depth)
		return;
	memset(&f->save[--f->depth], 0xa5, sizeof(*f->save));
}

enum ntapc_attach_result ntapc_test_try_detach(struct ntapc_fixture *f,
					       bool unstack, bool *recheck)
{
	enum ntapc_attach_result result;

	result = ntapc_core_detach(&f->kt, unstack, recheck);
	if (result == NTAPC_ATTACHED)
		drop_save(f);
	return result;
}

bool ntapc_test_undo(struct ntapc_fixture *f, char process)
{
	bool recheck = ntapc_core_attach_undo(&f->kt,
					      ntapc_test_process(f, process));

	drop_save(f);
	return recheck;
}

/* Once more, to B, to C and so on. */
void ntapc_test_attach(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	char process = 'B' + f->depth;

	KUNIT_ASSERT_LT(test, f->depth + 1, NTAPC_TEST_PROCESSES);
	KUNIT_ASSERT_EQ(test, ntapc_test_try_attach(f, process, true),
			NTAPC_ATTACHED);
	ntapc_core_attach_resident(&f->kt, ntapc_test_process(f, process));
}

/* From there, for which the active queues have to be empty (9.6). */
void ntapc_test_detach(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	bool recheck;

	KUNIT_ASSERT_EQ(test, ntapc_test_try_detach(f, true, &recheck),
			NTAPC_ATTACHED);
}

char ntapc_test_wake_letter(enum ntapc_wake wake)
{
	return wake == NTAPC_WAKE_NONE ? '-' :
	       wake == NTAPC_WAKE_INTERRUPT ? 'i' :
	       wake == NTAPC_WAKE_UNWAIT ? 'w' : '?';
}

static char status_letter(int status)
{
	switch (status) {
	case NTAPC_WAIT_OBJECT:
		return 'o';
	case NTAPC_WAIT_KERNEL_APC:
		return 'k';
	case NTAPC_WAIT_USER_APC:
		return 'u';
	case NTAPC_WAIT_ALERTED:
		return 'a';
	case NTAPC_WAIT_BLOCK:
		return '.';
	default:
		return '?';
	}
}

void ntapc_test_answer(struct ntapc_test_answers *answers, const char *format,
		       ...)
{
	size_t len = strlen(answers->text);
	va_list args;

	if (len)
		len += scnprintf(answers->text + len,
				 sizeof(answers->text) - len, " ");
	va_start(args, format);
	vsnprintf(answers->text + len, sizeof(answers->text) - len, format,
		  args);
	va_end(args);
}

void ntapc_test_answer_wake(struct ntapc_test_answers *answers,
			    enum ntapc_wake wake)
{
	ntapc_test_answer(answers, "%c", ntapc_test_wake_letter(wake));
}

/* What ended a wait. */
void ntapc_test_answer_status(struct ntapc_test_answers *answers, int status)
{
	ntapc_test_answer(answers, "%c", status_letter(status));
}
