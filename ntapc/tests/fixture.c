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

	/* Whoever relies on zeroed memory is to be found out. */
	memset(f, 0xa5, sizeof(*f));
	ntapc_core_process_init(&f->home);
	ntapc_core_init(&f->kt, &f->home);
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

	ntapc_apc_init(apc, &f->kt, NTAPC_ENV_ORIGINAL, kernel_routine,
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

static void move_state(struct ntapc_apc_state *to, struct ntapc_apc_state *from)
{
	int mode;

	*to = *from;
	for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
		INIT_LIST_HEAD(&to->special[mode]);
		INIT_LIST_HEAD(&to->normal[mode]);
		list_splice_init(&from->special[mode], &to->special[mode]);
		list_splice_init(&from->normal[mode], &to->normal[mode]);
	}
	from->kernel_in_progress = false;
	from->kernel_pending = false;
	from->user_pending = false;
	from->special_pending = false;
	from->exit_pending = false;
}

/* What attaching does to the thread's queues (9.2). */
void ntapc_test_attach(struct ntapc_kthread *kt)
{
	move_state(&kt->saved_apc_state, &kt->apc_state);
	kt->apc_state_pointer[0] = &kt->saved_apc_state;
	kt->apc_state_pointer[1] = &kt->apc_state;
	kt->apc_state_index = 1;
}

/* And detaching, for which the active queues have to be empty (9.6). */
void ntapc_test_detach(struct ntapc_kthread *kt)
{
	struct ntapc_apc_state *state = &kt->apc_state;

	move_state(state, &kt->saved_apc_state);
	kt->apc_state_pointer[0] = &kt->apc_state;
	kt->apc_state_pointer[1] = &kt->saved_apc_state;
	kt->apc_state_index = 0;
	if (!ntapc_apc_state_empty(state, NTAPC_KERNEL_MODE))
		state->kernel_pending = true;
}
