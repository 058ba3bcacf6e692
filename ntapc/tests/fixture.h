/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of core/ share: a thread and APCs to queue to it. Each APC has
 * a letter, so that a queue is a string, its head first.
 *
 * "Rule" in tables and messages is a number in Documentation/nt-semantics.rst.
 */
#ifndef NTAPC_TESTS_FIXTURE_H
#define NTAPC_TESTS_FIXTURE_H

#include <kunit/test.h>

#include "../core/core.h"

#define NTAPC_TEST_APCS	16

enum ntapc_test_kind {
	SPECIAL_KERNEL,
	NORMAL_KERNEL,
	ORDINARY_USER,
	SPECIAL_USER,
	NR_KINDS,
};

/* Where the target of an insert or alert is. */
enum ntapc_test_where {
	SELF,		/* it is the current thread */
	RUNNING,	/* another one, not waiting */
	WAITING,
	DECIDED,	/* what ends its wait is decided, it hasn't run yet */
	NR_WHERE,
};

struct ntapc_fixture {
	struct ntapc_kthread kt;
	struct ntapc_kprocess home;
	struct ntapc_apc apc[NTAPC_TEST_APCS];
	char order[NTAPC_TEST_APCS + 1];
};

/* Any values, but such that each is recognised. */
#define TEST_ROUTINE	0x1111000011110000ULL
#define TEST_CONTEXT	0x2222000022220000ULL
#define TEST_ARG1	0x3333000033330000ULL
#define TEST_ARG2	0x4444000044440000ULL

int ntapc_fixture_init(struct kunit *test);
void ntapc_fixture_reset(struct ntapc_fixture *f);
struct ntapc_apc *ntapc_test_apc(struct ntapc_fixture *f, char letter);
char ntapc_test_letter(const struct ntapc_fixture *f,
		       const struct ntapc_apc *apc);
struct ntapc_apc *ntapc_test_make(struct ntapc_fixture *f, char letter,
				  enum ntapc_test_kind kind);
enum ntapc_wake ntapc_test_queue(struct kunit *test, char letter,
				 enum ntapc_test_kind kind);
enum ntapc_wake ntapc_test_queue_exit(struct kunit *test, char letter);
void ntapc_test_queue_all(struct kunit *test, const char *what);
const char *ntapc_test_order(struct ntapc_fixture *f,
			     const struct ntapc_apc_state *state,
			     enum ntapc_mode mode);
void ntapc_test_attach(struct ntapc_kthread *kt);
void ntapc_test_detach(struct ntapc_kthread *kt);

/* One failed combination of thousands is enough. */
static inline bool ntapc_test_failed(const struct kunit *test)
{
	return READ_ONCE(test->status) == KUNIT_FAILURE;
}

static inline enum ntapc_mode ntapc_test_mode(enum ntapc_test_kind kind)
{
	return kind == ORDINARY_USER || kind == SPECIAL_USER ?
		       NTAPC_USER_MODE : NTAPC_KERNEL_MODE;
}

#endif
