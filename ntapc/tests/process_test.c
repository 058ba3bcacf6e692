// SPDX-License-Identifier: GPL-2.0-only
/*
 * Being in memory or not (rules 9.3 to 9.5).
 *
 * Who attaches to a process that isn't in memory is on its ready list; here they
 * have numbers, in the order in which they came.
 */
#include <linux/string.h>

#include "fixture.h"

#define NR_STATES	(NTAPC_PROCESS_OUT_SWAP + 1)
#define MAX_WAITERS	10

/* A process and who waits for it. */
struct scene {
	struct ntapc_kprocess process;
	struct list_head waiter[MAX_WAITERS];
	unsigned int nr;	/* how many have come */
	char order[MAX_WAITERS + 1];
};

static void set_scene(struct scene *scene, u8 state, unsigned int waiters,
		      u32 count)
{
	memset(scene, 0xa5, sizeof(*scene));
	ntapc_core_process_init(&scene->process);
	scene->process.state = state;
	scene->process.stack_count = count;
	for (scene->nr = 0; scene->nr < waiters; scene->nr++)
		list_add_tail(&scene->waiter[scene->nr],
			      &scene->process.ready_list);
}

/* The ready list. Valid until the next call. */
static const char *waiting(struct scene *scene)
{
	const struct list_head *each;
	char *to = scene->order;

	list_for_each(each, &scene->process.ready_list) {
		if (to == scene->order + MAX_WAITERS)
			break;
		*to++ = '0' + (each - scene->waiter);
	}
	*to = '\0';
	return scene->order;
}

/*
 * The functions: w(ait), of out-swap b(egin), s(tart), e(nd) and c(ancel), of in-swap
 * S(tart) and E(nd). What it returned, y or n, or a dot if it returns nothing.
 */
static char call(struct scene *scene, char function)
{
	struct ntapc_kprocess *process = &scene->process;
	bool ret;

	switch (function) {
	case 'w':
		ret = ntapc_core_process_wait(process,
					      &scene->waiter[scene->nr++]);
		break;
	case 'b':
		ret = ntapc_core_out_swap_begin(process);
		break;
	case 's':
		ret = ntapc_core_out_swap_start(process);
		break;
	case 'e':
		ret = ntapc_core_out_swap_end(process);
		break;
	case 'c':
		ntapc_core_out_swap_cancel(process);
		return '.';
	case 'S':
		ntapc_core_in_swap_start(process);
		return '.';
	case 'E':
		ntapc_core_in_swap_end(process);
		return '.';
	default:
		return '?';
	}
	return ret ? 'y' : 'n';
}

/* 9.4: every state, with and without waiters, by every function that it allows. */
#define IN_MEMORY	NTAPC_PROCESS_IN_MEMORY
#define OUT_OF_MEMORY	NTAPC_PROCESS_OUT_OF_MEMORY
#define IN_TRANSITION	NTAPC_PROCESS_IN_TRANSITION
#define OUT_TRANSITION	NTAPC_PROCESS_OUT_TRANSITION
#define IN_SWAP		NTAPC_PROCESS_IN_SWAP
#define OUT_SWAP	NTAPC_PROCESS_OUT_SWAP

struct state_row {
	const char *rule;
	u8 from;
	unsigned int waiters;
	u32 count;
	char function, answer;
	u8 to;
};

static const struct state_row state_rows[] = {
	/* Who attaches waits; only out of memory has the swapper to be told. */
	{ "9.3 (1)", OUT_OF_MEMORY, 0, 1, 'w', 'y', IN_TRANSITION },
	{ "9.3 (2)", IN_TRANSITION, 0, 1, 'w', 'n', IN_TRANSITION },
	{ "9.3 (3)", IN_TRANSITION, 2, 3, 'w', 'n', IN_TRANSITION },
	{ "9.3 (4)", OUT_TRANSITION, 0, 1, 'w', 'n', OUT_TRANSITION },
	{ "9.3 (5)", OUT_TRANSITION, 2, 3, 'w', 'n', OUT_TRANSITION },
	{ "9.3 (6)", IN_SWAP, 0, 1, 'w', 'n', IN_SWAP },
	{ "9.3 (7)", IN_SWAP, 2, 3, 'w', 'n', IN_SWAP },
	{ "9.3 (8)", OUT_SWAP, 0, 1, 'w', 'n', OUT_SWAP },
	{ "9.3 (9)", OUT_SWAP, 2, 3, 'w', 'n', OUT_SWAP },
	/* Only a process in memory that nobody is attached to may leave it. */
	{ "9.5 (1)", IN_MEMORY, 0, 0, 'b', 'y', OUT_TRANSITION },
	{ "9.5 (2)", IN_MEMORY, 0, 1, 'b', 'n', IN_MEMORY },
	{ "9.5 (3)", IN_MEMORY, 0, NTAPC_STACK_COUNT_MAX, 'b', 'n', IN_MEMORY },
	{ "9.5 (4)", OUT_OF_MEMORY, 0, 0, 'b', 'n', OUT_OF_MEMORY },
	{ "9.5 (5)", IN_TRANSITION, 0, 0, 'b', 'n', IN_TRANSITION },
	{ "9.5 (6)", IN_TRANSITION, 1, 1, 'b', 'n', IN_TRANSITION },
	{ "9.5 (7)", OUT_TRANSITION, 0, 0, 'b', 'n', OUT_TRANSITION },
	{ "9.5 (8)", OUT_TRANSITION, 1, 1, 'b', 'n', OUT_TRANSITION },
	{ "9.5 (9)", IN_SWAP, 0, 0, 'b', 'n', IN_SWAP },
	{ "9.5 (10)", IN_SWAP, 1, 1, 'b', 'n', IN_SWAP },
	{ "9.5 (11)", OUT_SWAP, 0, 0, 'b', 'n', OUT_SWAP },
	{ "9.5 (12)", OUT_SWAP, 1, 1, 'b', 'n', OUT_SWAP },
	/* Who has attached by then keeps it in memory. */
	{ "9.4 (1)", OUT_TRANSITION, 0, 0, 's', 'y', OUT_SWAP },
	{ "9.4 (2)", OUT_TRANSITION, 1, 1, 's', 'n', IN_MEMORY },
	{ "9.4 (3)", OUT_TRANSITION, 3, 3, 's', 'n', IN_MEMORY },
	/* Later it is brought back as soon as it is out. */
	{ "9.4 (4)", OUT_SWAP, 0, 0, 'e', 'n', OUT_OF_MEMORY },
	{ "9.4 (5)", OUT_SWAP, 1, 1, 'e', 'y', IN_TRANSITION },
	{ "9.4 (6)", OUT_SWAP, 3, 3, 'e', 'y', IN_TRANSITION },
	{ "9.4 (7)", OUT_SWAP, 0, 0, 'c', '.', IN_MEMORY },
	{ "9.4 (8)", OUT_SWAP, 2, 2, 'c', '.', IN_MEMORY },
	/* A signal may have ended the wait of the only one. */
	{ "9.4 (9)", IN_TRANSITION, 0, 0, 'S', '.', IN_SWAP },
	{ "9.4 (10)", IN_TRANSITION, 2, 2, 'S', '.', IN_SWAP },
	{ "9.4 (11)", IN_SWAP, 0, 0, 'E', '.', IN_MEMORY },
	{ "9.4 (12)", IN_SWAP, 2, 2, 'E', '.', IN_MEMORY },
};

static void state_desc(const struct state_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: state %u, %u waiting, %c",
		 row->rule, row->from, row->waiters, row->function);
}

KUNIT_ARRAY_PARAM(state, state_rows, state_desc);

/* Who waits stays, in order, for the caller to let them go; a new one is last. */
static void state_moves(struct kunit *test)
{
	const struct state_row *row = test->param_value;
	char expected[] = "0123456789";
	struct scene scene;

	set_scene(&scene, row->from, row->waiters, row->count);
	KUNIT_EXPECT_EQ(test, call(&scene, row->function), row->answer);
	KUNIT_EXPECT_EQ(test, scene.process.state, row->to);
	KUNIT_EXPECT_EQ(test, scene.process.stack_count, row->count);
	expected[row->waiters + (row->function == 'w')] = '\0';
	KUNIT_EXPECT_STREQ(test, waiting(&scene), expected);
}

/*
 * From InMemory on: the functions above, and - lets the first waiter go. The answers,
 * where the process is then, and who waits.
 */
struct path_row {
	const char *rule;
	const char *script, *answers;
	u8 state;
	const char *waiting;
};

static const struct path_row path_rows[] = {
	{ "9.4 (13)", "bse", "yyn", OUT_OF_MEMORY, "" },
	{ "9.4 (14)", "bsewSE", "yyny..", IN_MEMORY, "0" },
	{ "9.4 (15)", "bsc", "yy.", IN_MEMORY, "" },
	{ "9.4 (16)", "bwsbse", "ynnyny", IN_TRANSITION, "0" },
	{ "9.4 (17)", "bws-b", "ynn-y", OUT_TRANSITION, "" },
	{ "9.4 (18)", "bsweSE", "yyny..", IN_MEMORY, "0" },
	{ "9.4 (19)", "bswc", "yyn.", IN_MEMORY, "0" },
	/* In order, whenever they came. */
	{ "9.3 (10)", "bswwewSwwE", "yynnyn.nn.", IN_MEMORY, "01234" },
	{ "9.3 (11)", "bsewwwSwE---", "yynynn.n.---", IN_MEMORY, "3" },
	/* The swapper is told once for each time that it is out. */
	{ "9.3 (12)", "bsewwSwE---bsew", "yynyn.n.---yyny", IN_TRANSITION,
	  "3" },
	/* The one who had it brought in is gone: it is, all the same. */
	{ "9.3 (13)", "bsew-wSE", "yyny-n..", IN_MEMORY, "1" },
	{ "9.3 (14)", "bsew-SEb", "yyny-..y", OUT_TRANSITION, "" },
	{ "9.4 (20)", "bw-s", "yn-y", OUT_SWAP, "" },
	{ "9.4 (21)", "bsw-e", "yyn-n", OUT_OF_MEMORY, "" },
};

static void path_desc(const struct path_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %s", row->rule, row->script);
}

KUNIT_ARRAY_PARAM(path, path_rows, path_desc);

static void path_is_gone(struct kunit *test)
{
	const struct path_row *row = test->param_value;
	char answers[16] = "", *to = answers;
	const char *script;
	struct scene scene;

	set_scene(&scene, IN_MEMORY, 0, 0);
	for (script = row->script; *script; script++) {
		if (*script != '-') {
			*to++ = call(&scene, *script);
			continue;
		}
		KUNIT_ASSERT_FALSE(test,
				   list_empty(&scene.process.ready_list));
		list_del(scene.process.ready_list.next);
		*to++ = '-';
	}
	KUNIT_EXPECT_STREQ(test, answers, row->answers);
	KUNIT_EXPECT_EQ(test, scene.process.state, row->state);
	KUNIT_EXPECT_STREQ(test, waiting(&scene), row->waiting);
}

/* 9.2, 9.5: up to the limit and back, by each way in. */
static void count_is_limited(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kprocess *process = ntapc_test_process(f, 'B');
	int i;

	for (i = 0; i < NTAPC_STACK_COUNT_MAX; i++)
		KUNIT_ASSERT_TRUE(test, ntapc_core_process_enter(process));
	KUNIT_EXPECT_EQ(test, process->stack_count, NTAPC_STACK_COUNT_MAX);
	KUNIT_EXPECT_FALSE(test, ntapc_core_process_enter(process));
	KUNIT_EXPECT_EQ(test, process->stack_count, NTAPC_STACK_COUNT_MAX);
	KUNIT_EXPECT_EQ(test, ntapc_test_try_attach(f, 'B', true),
			NTAPC_ATTACH_EXCEEDED);
	KUNIT_EXPECT_EQ(test, process->stack_count, NTAPC_STACK_COUNT_MAX);

	ntapc_core_process_leave(process);
	KUNIT_EXPECT_EQ(test, process->stack_count, NTAPC_STACK_COUNT_MAX - 1);
	KUNIT_ASSERT_EQ(test, ntapc_test_try_attach(f, 'B', true),
			NTAPC_ATTACHED);
	KUNIT_EXPECT_EQ(test, process->stack_count, NTAPC_STACK_COUNT_MAX);
	KUNIT_EXPECT_FALSE(test, ntapc_core_process_enter(process));
	ntapc_test_undo(f, 'B');
	for (i = 1; i < NTAPC_STACK_COUNT_MAX; i++)
		ntapc_core_process_leave(process);
	KUNIT_EXPECT_EQ(test, process->stack_count, 0);
	KUNIT_EXPECT_TRUE(test, ntapc_core_out_swap_begin(process));
}

/* 9.5: each attachment keeps it in memory by itself, and so does a copy. */
static void attached_process_stays(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kprocess *home = ntapc_test_process(f, 'A');
	struct ntapc_kprocess *b = ntapc_test_process(f, 'B');
	struct ntapc_kprocess *c = ntapc_test_process(f, 'C');
	bool recheck;

	ntapc_test_attach(test);
	ntapc_test_attach(test);
	KUNIT_EXPECT_FALSE(test, ntapc_core_out_swap_begin(c));
	KUNIT_EXPECT_TRUE(test, ntapc_core_process_enter(b));
	KUNIT_EXPECT_FALSE(test, ntapc_core_out_swap_begin(b));
	ntapc_test_detach(test);
	KUNIT_EXPECT_TRUE(test, ntapc_core_out_swap_begin(c));
	ntapc_test_detach(test);
	KUNIT_EXPECT_FALSE(test, ntapc_core_out_swap_begin(b));
	ntapc_core_process_leave(b);
	KUNIT_EXPECT_TRUE(test, ntapc_core_out_swap_begin(b));
	/* Attached twice, by way of home. */
	b->state = IN_MEMORY;
	KUNIT_ASSERT_EQ(test, ntapc_test_try_attach(f, 'B', true),
			NTAPC_ATTACHED);
	ntapc_core_attach_resident(&f->kt, b);
	KUNIT_ASSERT_EQ(test, ntapc_test_try_attach(f, 'A', true),
			NTAPC_ATTACHED);
	ntapc_core_attach_resident(&f->kt, home);
	KUNIT_EXPECT_FALSE(test, ntapc_core_out_swap_begin(home));
	KUNIT_ASSERT_EQ(test, ntapc_test_try_attach(f, 'B', true),
			NTAPC_ATTACHED);
	ntapc_test_undo(f, 'B');
	KUNIT_EXPECT_FALSE(test, ntapc_core_out_swap_begin(b));
	KUNIT_EXPECT_EQ(test, ntapc_test_try_detach(f, true, &recheck),
			NTAPC_ATTACHED);
	KUNIT_EXPECT_EQ(test, ntapc_test_try_detach(f, true, &recheck),
			NTAPC_ATTACHED);
	KUNIT_EXPECT_TRUE(test, ntapc_core_out_swap_begin(b));
}

/* 9.3: attaching doesn't look at the state; who does it waits, counted already. */
static void attacher_waits(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kprocess *b = ntapc_test_process(f, 'B');
	struct list_head waiter;
	u8 state;

	for (state = 0; state < NR_STATES; state++) {
		ntapc_fixture_reset(f);
		b->state = state;
		KUNIT_ASSERT_EQ(test, ntapc_test_try_attach(f, 'B', false),
				NTAPC_ATTACHED);
		KUNIT_EXPECT_EQ(test, b->state, state);
		KUNIT_EXPECT_EQ(test, b->stack_count, 1);
		KUNIT_EXPECT_TRUE(test, list_empty(&b->ready_list));
		KUNIT_EXPECT_PTR_EQ(test, f->kt.apc_state.process,
				    ntapc_test_process(f, 'A'));
		if (state == IN_MEMORY)
			continue;
		ntapc_core_process_wait(b, &waiter);
		KUNIT_EXPECT_EQ(test, b->stack_count, 1);
		KUNIT_EXPECT_PTR_EQ(test, f->kt.apc_state.process,
				    ntapc_test_process(f, 'A'));
		list_del(&waiter);
		ntapc_test_undo(f, 'B');
		KUNIT_EXPECT_EQ(test, b->stack_count, 0);
	}
}

/* May @function be called now? Waiting is for who attaches, and isn't alone then. */
static bool is_legal(const struct scene *scene, char function)
{
	static const u8 from[] = {
		['s'] = OUT_TRANSITION, ['e'] = OUT_SWAP, ['c'] = OUT_SWAP,
		['S'] = IN_TRANSITION, ['E'] = IN_SWAP,
	};
	u8 state = scene->process.state;

	if (function == 'w')
		return state != IN_MEMORY && scene->nr < MAX_WAITERS;
	return function == 'b' || state == from[(u8)function];
}

#define LENGTH	9	/* of a way */

/*
 * All ways on, from the scene that @depth steps have made; the scenes behind it are
 * theirs. Nobody ever waits for nothing.
 */
static bool try_ways(struct kunit *test, struct scene *start, char *way,
		     int depth)
{
	static const char functions[] = "wbsecSE";
	const char *function;

	if (depth == LENGTH)
		return true;
	for (function = functions; *function; function++) {
		struct scene *scene = start + 1;
		u8 was = start->process.state, state;
		bool told, wait;

		/* A copy of its own, lists and all. */
		set_scene(scene, was, 0, start->process.stack_count);
		while (scene->nr < start->nr)
			list_add_tail(&scene->waiter[scene->nr++],
				      &scene->process.ready_list);
		if (!is_legal(scene, *function))
			continue;
		way[depth] = *function;
		way[depth + 1] = '\0';
		scene->process.stack_count = scene->nr + (*function == 'w');
		told = call(scene, *function) == 'y';
		state = scene->process.state;
		wait = !list_empty(&scene->process.ready_list);

		/* It is told if, and only if, there is something to do for it. */
		if (*function == 'w' || *function == 'e')
			KUNIT_EXPECT_EQ_MSG(test, told,
					    was != state &&
					    state == IN_TRANSITION, "%s", way);
		KUNIT_EXPECT_FALSE_MSG(test, state == OUT_OF_MEMORY && wait,
				       "%s", way);
		KUNIT_EXPECT_FALSE_MSG(test, state == OUT_SWAP && wait &&
				       was == OUT_TRANSITION, "%s", way);
		/* Back in memory all that wait go on (9.3). */
		if (state == IN_MEMORY)
			scene->nr = 0;
		if (ntapc_test_failed(test) ||
		    !try_ways(test, scene, way, depth + 1))
			return false;
	}
	return true;
}

static void nobody_waits_for_nothing(struct kunit *test)
{
	struct scene *scenes;
	char way[LENGTH + 1];

	scenes = kunit_kcalloc(test, LENGTH + 1, sizeof(*scenes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, scenes);
	set_scene(scenes, IN_MEMORY, 0, 0);
	try_ways(test, scenes, way, 0);
}

static void process_begins_in_memory(struct kunit *test)
{
	struct ntapc_kprocess process;

	memset(&process, 0xa5, sizeof(process));
	ntapc_core_process_init(&process);
	KUNIT_EXPECT_EQ(test, process.state, IN_MEMORY);
	KUNIT_EXPECT_EQ(test, process.stack_count, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&process.ready_list));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(process_begins_in_memory),
	KUNIT_CASE_PARAM(state_moves, state_gen_params),
	KUNIT_CASE_PARAM(path_is_gone, path_gen_params),
	KUNIT_CASE(count_is_limited),
	KUNIT_CASE(attached_process_stays),
	KUNIT_CASE(attacher_waits),
	KUNIT_CASE(nobody_waits_for_nothing),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_process",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
