// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispatcher objects: when they are signalled, and for whom, and what each operation
 * makes of them (11.5, 11.6, 7.3).
 */
#include <linux/limits.h>
#include <linux/string.h>

#include "fixture.h"

/* Who waits, or releases. Whoever keeps 32 bits of them takes them for one. */
#define ME	0x0000111100004444ULL
#define OTHER	0x0000222200004444ULL
#define NOBODY	0

/* NT's count of 1 less that is MINLONG (11.6). */
#define DEEPEST	0x80000001u

#define NOTIFICATION(is) \
	{ .type = NTAPC_OBJECT_NOTIFICATION_EVENT, .state = is }
#define SYNCHRONIZATION(is) \
	{ .type = NTAPC_OBJECT_SYNCHRONIZATION_EVENT, .state = is }
#define NOTIFICATION_TIMER(is) \
	{ .type = NTAPC_OBJECT_NOTIFICATION_TIMER, .state = is }
#define SYNCHRONIZATION_TIMER(is) \
	{ .type = NTAPC_OBJECT_SYNCHRONIZATION_TIMER, .state = is }
#define LIFE(is) \
	{ .type = NTAPC_OBJECT_LIFE, .state = is }
#define SEMAPHORE(is, most) \
	{ .type = NTAPC_OBJECT_SEMAPHORE, .state = is, .limit = most }
#define MUTANT(times, whose) \
	{ .type = NTAPC_OBJECT_MUTANT, .state = times, .owner = whose }
#define ABANDONED \
	{ .type = NTAPC_OBJECT_MUTANT, .abandoned = true }
/* ntsync's. */
#define MUTEX(times, whose) \
	{ .type = NTAPC_OBJECT_MUTANT, .by_id = true, .state = times, \
	  .owner = whose }
#define ABANDONED_MUTEX \
	{ .type = NTAPC_OBJECT_MUTANT, .by_id = true, .abandoned = true }
/* Another module's. */
#define KERNEL_MUTEX(times, whose) \
	{ .type = NTAPC_OBJECT_MUTANT, .disables_apcs = true, .state = times, \
	  .owner = whose }

static bool same(const struct ntapc_kobject *a, const struct ntapc_kobject *b)
{
	return a->type == b->type && a->disables_apcs == b->disables_apcs &&
	       a->by_id == b->by_id && a->abandoned == b->abandoned &&
	       a->state == b->state && a->limit == b->limit &&
	       a->owner == b->owner;
}

static void expect_same(struct kunit *test, const struct ntapc_kobject *is,
			const struct ntapc_kobject *expected)
{
	KUNIT_EXPECT_TRUE_MSG(test, same(is, expected),
			      "type %u: state %u, owner %#llx, abandoned %d, limit %u; expected %u, %#llx, %d, %u",
			      is->type, is->state, is->owner, is->abandoned,
			      is->limit, expected->state, expected->owner,
			      expected->abandoned, expected->limit);
}

/* What can be asked of an object, which changes nothing. */
struct look_row {
	const char *rule;
	struct ntapc_kobject object;
	bool for_me, for_other;		/* signalled */
	bool too_often;			/* for me; never for the other */
	bool keeps;
	s32 signal_state;
};

static const struct look_row look_rows[] = {
	/* One state for everybody. */
	{ "11.5 (1)", NOTIFICATION(0), false, false, false, true, 0 },
	{ "11.5 (2)", NOTIFICATION(1), true, true, false, true, 1 },
	{ "11.5 (3)", SYNCHRONIZATION(0), false, false, false, false, 0 },
	{ "11.5 (4)", SYNCHRONIZATION(1), true, true, false, false, 1 },
	{ "11.5 (5)", NOTIFICATION_TIMER(0), false, false, false, true, 0 },
	{ "11.5 (6)", NOTIFICATION_TIMER(1), true, true, false, true, 1 },
	{ "11.5 (7)", SYNCHRONIZATION_TIMER(0), false, false, false, false, 0 },
	{ "11.5 (8)", SYNCHRONIZATION_TIMER(1), true, true, false, false, 1 },
	/* A thread or process, before and after its end. */
	{ "7.3 (1)", LIFE(0), false, false, false, true, 0 },
	{ "7.3 (2)", LIFE(1), true, true, false, true, 1 },
	/* A semaphore's count. */
	{ "11.5 (9)", SEMAPHORE(0, 1), false, false, false, false, 0 },
	{ "11.5 (10)", SEMAPHORE(1, 1), true, true, false, false, 1 },
	{ "11.5 (11)", SEMAPHORE(S32_MAX, S32_MAX), true, true, false, false,
	  S32_MAX },
	/* ntsync's count further, and may have room for nothing. */
	{ "11.5 (12)", SEMAPHORE(U32_MAX, U32_MAX), true, true, false, false,
	  -1 },
	{ "11.5 (13)", SEMAPHORE(0, 0), false, false, false, false, 0 },
	/* A mutant: nobody's, or the caller's own. */
	{ "11.6 (1)", MUTANT(0, NOBODY), true, true, false, false, 1 },
	{ "11.6 (2)", MUTANT(1, ME), true, false, false, false, 0 },
	{ "11.6 (3)", MUTANT(2, ME), true, false, false, false, -1 },
	{ "11.6 (4)", MUTANT(1, OTHER), false, true, false, false, 0 },
	{ "11.6 (5)", ABANDONED, true, true, false, false, 1 },
	{ "11.6 (6)", MUTEX(0, NOBODY), true, true, false, false, 1 },
	{ "11.6 (7)", MUTEX(1, ME), true, false, false, false, 0 },
	{ "11.6 (8)", ABANDONED_MUTEX, true, true, false, false, 1 },
	{ "11.6 (9)", KERNEL_MUTEX(1, ME), true, false, false, false, 0 },
	/* As often as can be, and once less. */
	{ "11.6 (10)", MUTANT(DEEPEST - 1, ME), true, false, false, false,
	  S32_MIN + 1 },
	{ "11.6 (11)", MUTANT(DEEPEST, ME), false, false, true, false,
	  S32_MIN },
	{ "11.6 (12)", KERNEL_MUTEX(DEEPEST, ME), false, false, true, false,
	  S32_MIN },
	/* ntsync's own limit; a wait for it goes on. */
	{ "11.6 (13)", MUTEX(DEEPEST, ME), true, false, false, false,
	  S32_MIN },
	{ "11.6 (14)", MUTEX(U32_MAX - 1, ME), true, false, false, false, 3 },
	{ "11.6 (15)", MUTEX(U32_MAX, ME), false, false, false, false, 2 },
};

static void look_desc(const struct look_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(look, look_rows, look_desc);

static void looking_changes_nothing(struct kunit *test)
{
	const struct look_row *row = test->param_value;
	struct ntapc_kobject ko = row->object;

	KUNIT_EXPECT_EQ(test, ntapc_core_signalled(&ko, ME), row->for_me);
	KUNIT_EXPECT_EQ(test, ntapc_core_signalled(&ko, OTHER),
			row->for_other);
	KUNIT_EXPECT_EQ(test, ntapc_core_is_exceeded(&ko, ME),
			row->too_often);
	KUNIT_EXPECT_FALSE(test, ntapc_core_is_exceeded(&ko, OTHER));
	/* What isn't a mutant is nobody's, whatever its state. */
	KUNIT_EXPECT_FALSE(test, ntapc_core_is_exceeded(&ko, NOBODY));
	KUNIT_EXPECT_EQ(test, ntapc_core_keeps(&ko), row->keeps);
	KUNIT_EXPECT_EQ(test, ntapc_core_signal_state(&ko), row->signal_state);
	expect_same(test, &ko, &row->object);
}

enum operation {
	SATISFY,	/* for whom; answers whether it was abandoned */
	SET,		/* answers the state before */
	RESET,		/* answers the state before */
	RELEASE,	/* how many; answers whether it could be done */
	UNLOCK,		/* by whom; answers whether it could be done */
	ABANDON,	/* whose; answers whether it could be done */
};

/* One state, one operation, the next state. */
struct change_row {
	const char *rule;
	struct ntapc_kobject from;
	enum operation operation;
	u64 with;
	u32 answer;
	struct ntapc_kobject to;
};

static const struct change_row change_rows[] = {
	/* A wait: what notifies stays, what synchronizes is taken. */
	{ "11.5 (1)", NOTIFICATION(1), SATISFY, ME, false, NOTIFICATION(1) },
	{ "11.5 (2)", SYNCHRONIZATION(1), SATISFY, ME, false,
	  SYNCHRONIZATION(0) },
	{ "11.5 (3)", NOTIFICATION_TIMER(1), SATISFY, ME, false,
	  NOTIFICATION_TIMER(1) },
	{ "11.5 (4)", SYNCHRONIZATION_TIMER(1), SATISFY, ME, false,
	  SYNCHRONIZATION_TIMER(0) },
	{ "7.3 (1)", LIFE(1), SATISFY, ME, false, LIFE(1) },
	/* One of a semaphore's count, and its limit stays. */
	{ "11.5 (5)", SEMAPHORE(1, 1), SATISFY, ME, false, SEMAPHORE(0, 1) },
	{ "11.5 (6)", SEMAPHORE(2, 5), SATISFY, ME, false, SEMAPHORE(1, 5) },
	{ "11.5 (7)", SEMAPHORE(S32_MAX, S32_MAX), SATISFY, ME, false,
	  SEMAPHORE(S32_MAX - 1, S32_MAX) },
	{ "11.5 (8)", SEMAPHORE(U32_MAX, U32_MAX), SATISFY, ME, false,
	  SEMAPHORE(U32_MAX - 1, U32_MAX) },
	/* A mutant becomes the caller's, or is once more. */
	{ "11.6 (1)", MUTANT(0, NOBODY), SATISFY, ME, false, MUTANT(1, ME) },
	{ "11.6 (2)", MUTANT(1, ME), SATISFY, ME, false, MUTANT(2, ME) },
	{ "11.6 (3)", MUTANT(DEEPEST - 1, ME), SATISFY, ME, false,
	  MUTANT(DEEPEST, ME) },
	{ "11.6 (4)", MUTEX(0, NOBODY), SATISFY, ME, false, MUTEX(1, ME) },
	{ "11.6 (5)", MUTEX(U32_MAX - 1, ME), SATISFY, ME, false,
	  MUTEX(U32_MAX, ME) },
	{ "8.6 (1)", KERNEL_MUTEX(0, NOBODY), SATISFY, ME, false,
	  KERNEL_MUTEX(1, ME) },
	/* Abandoned is it for who acquires it next. */
	{ "11.6 (6)", ABANDONED, SATISFY, ME, true, MUTANT(1, ME) },
	{ "11.6 (7)", ABANDONED_MUTEX, SATISFY, OTHER, true, MUTEX(1, OTHER) },
	/* KeSetEvent, the expiry of a timer, the end of a thread or process. */
	{ "11.5 (9)", NOTIFICATION(0), SET, 0, 0, NOTIFICATION(1) },
	{ "11.5 (10)", NOTIFICATION(1), SET, 0, 1, NOTIFICATION(1) },
	{ "11.5 (11)", SYNCHRONIZATION(0), SET, 0, 0, SYNCHRONIZATION(1) },
	{ "11.5 (12)", SYNCHRONIZATION(1), SET, 0, 1, SYNCHRONIZATION(1) },
	{ "11.5 (13)", NOTIFICATION_TIMER(0), SET, 0, 0,
	  NOTIFICATION_TIMER(1) },
	{ "11.5 (14)", NOTIFICATION_TIMER(1), SET, 0, 1,
	  NOTIFICATION_TIMER(1) },
	{ "11.5 (15)", SYNCHRONIZATION_TIMER(0), SET, 0, 0,
	  SYNCHRONIZATION_TIMER(1) },
	{ "11.5 (16)", SYNCHRONIZATION_TIMER(1), SET, 0, 1,
	  SYNCHRONIZATION_TIMER(1) },
	{ "7.3 (2)", LIFE(0), SET, 0, 0, LIFE(1) },
	{ "7.3 (3)", LIFE(1), SET, 0, 1, LIFE(1) },
	/* KeResetEvent, the setting of a timer. */
	{ "11.5 (17)", NOTIFICATION(0), RESET, 0, 0, NOTIFICATION(0) },
	{ "11.5 (18)", NOTIFICATION(1), RESET, 0, 1, NOTIFICATION(0) },
	{ "11.5 (19)", SYNCHRONIZATION(0), RESET, 0, 0, SYNCHRONIZATION(0) },
	{ "11.5 (20)", SYNCHRONIZATION(1), RESET, 0, 1, SYNCHRONIZATION(0) },
	{ "11.5 (21)", NOTIFICATION_TIMER(0), RESET, 0, 0,
	  NOTIFICATION_TIMER(0) },
	{ "11.5 (22)", NOTIFICATION_TIMER(1), RESET, 0, 1,
	  NOTIFICATION_TIMER(0) },
	{ "11.5 (23)", SYNCHRONIZATION_TIMER(0), RESET, 0, 0,
	  SYNCHRONIZATION_TIMER(0) },
	{ "11.5 (24)", SYNCHRONIZATION_TIMER(1), RESET, 0, 1,
	  SYNCHRONIZATION_TIMER(0) },
	/* KeReleaseSemaphore: up to the limit, and past it not at all. */
	{ "11.5 (25)", SEMAPHORE(0, 1), RELEASE, 1, true, SEMAPHORE(1, 1) },
	{ "11.5 (26)", SEMAPHORE(1, 1), RELEASE, 1, false, SEMAPHORE(1, 1) },
	{ "11.5 (27)", SEMAPHORE(2, 5), RELEASE, 3, true, SEMAPHORE(5, 5) },
	{ "11.5 (28)", SEMAPHORE(2, 5), RELEASE, 4, false, SEMAPHORE(2, 5) },
	{ "11.5 (29)", SEMAPHORE(0, S32_MAX), RELEASE, S32_MAX, true,
	  SEMAPHORE(S32_MAX, S32_MAX) },
	{ "11.5 (30)", SEMAPHORE(1, S32_MAX), RELEASE, S32_MAX, false,
	  SEMAPHORE(1, S32_MAX) },
	/* Not even where the sum is a small one again. */
	{ "11.5 (31)", SEMAPHORE(3, 5), RELEASE, U32_MAX, false,
	  SEMAPHORE(3, 5) },
	{ "11.5 (32)", SEMAPHORE(3, 5), RELEASE, U32_MAX - 1, false,
	  SEMAPHORE(3, 5) },
	/* ntsync's: by nothing, and in all of 32 bits. */
	{ "11.5 (33)", SEMAPHORE(0, U32_MAX), RELEASE, U32_MAX, true,
	  SEMAPHORE(U32_MAX, U32_MAX) },
	{ "11.5 (34)", SEMAPHORE(1, U32_MAX), RELEASE, U32_MAX, false,
	  SEMAPHORE(1, U32_MAX) },
	{ "11.5 (35)", SEMAPHORE(1, U32_MAX), RELEASE, U32_MAX - 1, true,
	  SEMAPHORE(U32_MAX, U32_MAX) },
	{ "11.5 (36)", SEMAPHORE(U32_MAX, U32_MAX), RELEASE, 1, false,
	  SEMAPHORE(U32_MAX, U32_MAX) },
	{ "11.5 (37)", SEMAPHORE(5, 5), RELEASE, 0, true, SEMAPHORE(5, 5) },
	{ "11.5 (38)", SEMAPHORE(0, 0), RELEASE, 0, true, SEMAPHORE(0, 0) },
	{ "11.5 (39)", SEMAPHORE(0, 0), RELEASE, 1, false, SEMAPHORE(0, 0) },
	/* KeReleaseMutant: as often as it was acquired, by its owner. */
	{ "11.6 (8)", MUTANT(1, ME), UNLOCK, ME, true, MUTANT(0, NOBODY) },
	{ "11.6 (9)", MUTANT(2, ME), UNLOCK, ME, true, MUTANT(1, ME) },
	{ "11.6 (10)", MUTANT(DEEPEST, ME), UNLOCK, ME, true,
	  MUTANT(DEEPEST - 1, ME) },
	{ "11.6 (11)", MUTANT(1, OTHER), UNLOCK, ME, false, MUTANT(1, OTHER) },
	{ "11.6 (12)", MUTANT(2, OTHER), UNLOCK, ME, false, MUTANT(2, OTHER) },
	{ "11.6 (13)", MUTANT(0, NOBODY), UNLOCK, ME, false,
	  MUTANT(0, NOBODY) },
	{ "11.6 (14)", ABANDONED, UNLOCK, ME, false, ABANDONED },
	{ "11.6 (15)", MUTEX(1, ME), UNLOCK, ME, true, MUTEX(0, NOBODY) },
	{ "11.6 (16)", MUTEX(1, OTHER), UNLOCK, ME, false, MUTEX(1, OTHER) },
	{ "11.6 (17)", MUTEX(U32_MAX, ME), UNLOCK, ME, true,
	  MUTEX(U32_MAX - 1, ME) },
	{ "11.6 (18)", ABANDONED_MUTEX, UNLOCK, ME, false, ABANDONED_MUTEX },
	/* What is nobody's isn't nobody's to release. */
	{ "11.6 (19)", MUTANT(0, NOBODY), UNLOCK, NOBODY, false,
	  MUTANT(0, NOBODY) },
	{ "8.6 (2)", KERNEL_MUTEX(1, ME), UNLOCK, ME, true,
	  KERNEL_MUTEX(0, NOBODY) },
	/* Its owner has ended, however often it had it. */
	{ "11.6 (20)", MUTANT(1, ME), ABANDON, ME, true, ABANDONED },
	{ "11.6 (21)", MUTANT(DEEPEST, ME), ABANDON, ME, true, ABANDONED },
	{ "11.6 (22)", MUTANT(1, OTHER), ABANDON, ME, false,
	  MUTANT(1, OTHER) },
	{ "11.6 (23)", MUTANT(0, NOBODY), ABANDON, ME, false,
	  MUTANT(0, NOBODY) },
	{ "11.6 (24)", ABANDONED, ABANDON, ME, false, ABANDONED },
	{ "11.6 (25)", MUTEX(U32_MAX, ME), ABANDON, ME, true,
	  ABANDONED_MUTEX },
	{ "11.6 (26)", MUTEX(1, OTHER), ABANDON, ME, false, MUTEX(1, OTHER) },
};

static void change_desc(const struct change_row *row, char *desc)
{
	strscpy(desc, row->rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(change, change_rows, change_desc);

/* What the operation says the state was, is checked by all that say it. */
static u32 operate(struct kunit *test, struct ntapc_kobject *ko,
		   enum operation operation, u64 with)
{
	u32 before = ko->state, previous = ~before;
	bool done;

	switch (operation) {
	case SATISFY:
		return ntapc_core_satisfy(ko, with);
	case SET:
		return ntapc_core_set(ko);
	case RESET:
		return ntapc_core_reset(ko);
	case RELEASE:
		done = ntapc_core_release_semaphore(ko, with, &previous);
		break;
	case UNLOCK:
		done = ntapc_core_release_mutant(ko, with, &previous);
		break;
	default:
		return ntapc_core_abandon(ko, with);
	}
	KUNIT_EXPECT_EQ(test, previous, before);
	return done;
}

static void operation_leads_to(struct kunit *test)
{
	const struct change_row *row = test->param_value;
	struct ntapc_kobject ko = row->from;

	KUNIT_EXPECT_EQ(test, operate(test, &ko, row->operation, row->with),
			row->answer);
	expect_same(test, &ko, &row->to);
}

/* All of it is set, and a mutant is nobody's whoever had it before. */
static void objects_begin_as_told(struct kunit *test)
{
	static const struct ntapc_kobject begun[] = {
		NOTIFICATION(0), NOTIFICATION(1), SYNCHRONIZATION(0),
		SYNCHRONIZATION(1), NOTIFICATION_TIMER(0),
		SYNCHRONIZATION_TIMER(0), LIFE(0), SEMAPHORE(0, 1),
		SEMAPHORE(3, 7), SEMAPHORE(U32_MAX, U32_MAX),
		MUTANT(0, NOBODY),
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(begun); i++) {
		struct ntapc_kobject ko = {
			.type = U8_MAX, .disables_apcs = true, .by_id = true,
			.abandoned = true, .state = U32_MAX, .limit = 77,
			.owner = ME,
		};

		ntapc_core_object_init(&ko, begun[i].type, begun[i].state,
				       begun[i].limit);
		expect_same(test, &ko, &begun[i]);
	}
}

/* Counts, and limits, where something may go wrong. */
static const u32 numbers[] = {
	0, 1, 2, 3, S32_MAX - 1, S32_MAX, S32_MAX + 1u, U32_MAX - 2,
	U32_MAX - 1, U32_MAX,
};

static void check_release(struct kunit *test, u32 state, u32 limit, u32 count)
{
	struct ntapc_kobject ko = SEMAPHORE(state, limit), expected = ko;
	bool fits = (u64)state + count <= limit;

	if (fits)
		expected.state = state + count;
	KUNIT_EXPECT_EQ_MSG(test, operate(test, &ko, RELEASE, count), fits,
			    "%u of %u, and %u", state, limit, count);
	expect_same(test, &ko, &expected);
}

/* 11.5: in all combinations. */
static void all_releases(struct kunit *test)
{
	int nr = ARRAY_SIZE(numbers);
	int i;

	for (i = 0; i < nr * nr * nr; i++) {
		u32 state = numbers[i % nr], limit = numbers[i / nr % nr];

		if (state <= limit)
			check_release(test, state, limit, numbers[i / nr / nr]);
	}
}

/* 11.5: it satisfies as many waits as its count says, and no more. */
static void semaphore_lets_through_its_count(struct kunit *test)
{
	struct ntapc_kobject ko = SEMAPHORE(0, 8);
	int i;

	KUNIT_EXPECT_TRUE(test, operate(test, &ko, RELEASE, 5));
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_TRUE(test, ntapc_core_signalled(&ko, ME));
		KUNIT_EXPECT_FALSE(test, ntapc_core_satisfy(&ko, ME));
	}
	KUNIT_EXPECT_FALSE(test, ntapc_core_signalled(&ko, ME));
	KUNIT_EXPECT_TRUE(test, operate(test, &ko, RELEASE, 8));
}

/* 11.6: SignalState counts down from 1, and up again; then it is another's. */
static void mutant_is_released_as_often_as_acquired(struct kunit *test)
{
	struct ntapc_kobject ko = MUTANT(0, NOBODY);
	int i;

	for (i = 0; i < 100; i++) {
		KUNIT_EXPECT_TRUE(test, ntapc_core_signalled(&ko, ME));
		KUNIT_EXPECT_FALSE(test, ntapc_core_satisfy(&ko, ME));
		KUNIT_EXPECT_EQ(test, ntapc_core_signal_state(&ko), -i);
		KUNIT_EXPECT_FALSE(test, ntapc_core_signalled(&ko, OTHER));
		KUNIT_EXPECT_FALSE(test, operate(test, &ko, UNLOCK, OTHER));
	}
	while (i--) {
		KUNIT_EXPECT_FALSE(test, ntapc_core_signalled(&ko, OTHER));
		KUNIT_EXPECT_TRUE(test, operate(test, &ko, UNLOCK, ME));
		KUNIT_EXPECT_EQ(test, ntapc_core_signal_state(&ko), 1 - i);
	}
	KUNIT_EXPECT_FALSE(test, operate(test, &ko, UNLOCK, ME));
	KUNIT_EXPECT_TRUE(test, ntapc_core_signalled(&ko, OTHER));
	KUNIT_EXPECT_FALSE(test, ntapc_core_satisfy(&ko, OTHER));
	KUNIT_EXPECT_EQ(test, ko.owner, OTHER);
}

/* 11.6: one acquisition hears of it, and it is told anew the next time. */
static void abandoned_once_each_time(struct kunit *test)
{
	struct ntapc_kobject ko = MUTANT(0, NOBODY);
	int i;

	for (i = 0; i < 3; i++) {
		ntapc_core_satisfy(&ko, ME);
		ntapc_core_satisfy(&ko, ME);
		KUNIT_EXPECT_TRUE(test, ntapc_core_abandon(&ko, ME));
		KUNIT_EXPECT_FALSE(test, ntapc_core_abandon(&ko, ME));
		KUNIT_EXPECT_EQ(test, ntapc_core_signal_state(&ko), 1);
		KUNIT_EXPECT_TRUE(test, ntapc_core_satisfy(&ko, OTHER));
		KUNIT_EXPECT_FALSE(test, ntapc_core_satisfy(&ko, OTHER));
		KUNIT_EXPECT_TRUE(test, operate(test, &ko, UNLOCK, OTHER));
		KUNIT_EXPECT_TRUE(test, operate(test, &ko, UNLOCK, OTHER));
		KUNIT_EXPECT_FALSE(test, ntapc_core_satisfy(&ko, ME));
		KUNIT_EXPECT_TRUE(test, operate(test, &ko, UNLOCK, ME));
	}
}

/* 11.6: at NT's limit the wait fails and the mutant stays; one back, one more. */
static void mutant_has_a_limit(struct kunit *test)
{
	struct ntapc_kobject ko = MUTANT(DEEPEST, ME);

	KUNIT_EXPECT_FALSE(test, ntapc_core_signalled(&ko, ME));
	KUNIT_EXPECT_TRUE(test, ntapc_core_is_exceeded(&ko, ME));
	KUNIT_EXPECT_TRUE(test, operate(test, &ko, UNLOCK, ME));
	KUNIT_EXPECT_TRUE(test, ntapc_core_signalled(&ko, ME));
	KUNIT_EXPECT_FALSE(test, ntapc_core_is_exceeded(&ko, ME));
	ntapc_core_satisfy(&ko, ME);
	KUNIT_EXPECT_TRUE(test, ntapc_core_is_exceeded(&ko, ME));
	/* Its owner's end is the end of that, too. */
	KUNIT_EXPECT_TRUE(test, ntapc_core_abandon(&ko, ME));
	KUNIT_EXPECT_TRUE(test, ntapc_core_signalled(&ko, ME));
	KUNIT_EXPECT_FALSE(test, ntapc_core_is_exceeded(&ko, ME));
}

/*
 * 11.5: what a wait takes makes it wait the next time, unless the object keeps
 * what it has, or is the caller's.
 */
static void keeps_what_it_says_it_keeps(struct kunit *test)
{
	static const struct ntapc_kobject signalled[] = {
		NOTIFICATION(1), SYNCHRONIZATION(1), NOTIFICATION_TIMER(1),
		SYNCHRONIZATION_TIMER(1), LIFE(1), SEMAPHORE(1, 1),
		MUTANT(0, NOBODY), ABANDONED, MUTEX(0, NOBODY),
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(signalled); i++) {
		struct ntapc_kobject ko = signalled[i];
		bool keeps = ntapc_core_keeps(&ko);

		KUNIT_EXPECT_TRUE(test, ntapc_core_signalled(&ko, ME));
		ntapc_core_satisfy(&ko, ME);
		KUNIT_EXPECT_EQ_MSG(test, ntapc_core_signalled(&ko, OTHER),
				    keeps, "type %u", ko.type);
		KUNIT_EXPECT_EQ_MSG(test, same(&ko, &signalled[i]), keeps,
				    "type %u", ko.type);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(looking_changes_nothing, look_gen_params),
	KUNIT_CASE_PARAM(operation_leads_to, change_gen_params),
	KUNIT_CASE(objects_begin_as_told),
	KUNIT_CASE(all_releases),
	KUNIT_CASE(semaphore_lets_through_its_count),
	KUNIT_CASE(mutant_is_released_as_often_as_acquired),
	KUNIT_CASE(abandoned_once_each_time),
	KUNIT_CASE(mutant_has_a_limit),
	KUNIT_CASE(keeps_what_it_says_it_keeps),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_object",
	.test_cases = cases,
};

kunit_test_suite(suite);
