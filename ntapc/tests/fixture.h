/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of core/ share: a thread, processes to attach it to, and APCs to
 * queue to it. Each APC has a letter, so that a queue is a string, its head first;
 * each process a capital letter, of which A is the thread's own.
 *
 * "Rule" in tables and messages is a number in Documentation/nt-semantics.rst.
 */
#ifndef NTAPC_TESTS_FIXTURE_H
#define NTAPC_TESTS_FIXTURE_H

#include <kunit/test.h>
#include <linux/ntapc.h>

#include "../core/core.h"

#define NTAPC_TEST_APCS		16
#define NTAPC_TEST_PROCESSES	4

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

/* What may happen to a thread while it begins to wait, or waits. */
enum ntapc_test_event {
	EVENT_SPECIAL_KERNEL,
	EVENT_NORMAL_KERNEL,
	EVENT_ORDINARY_USER,
	EVENT_KERNEL_ALERT,
	EVENT_USER_ALERT,
	EVENT_OBJECT,
	EVENT_EXIT,		/* it is to be terminated (7.5) */
	NR_EVENTS,
};

struct ntapc_fixture {
	struct ntapc_kthread kt;
	struct ntapc_kprocess process[NTAPC_TEST_PROCESSES];
	struct ntapc_apc_save save[NTAPC_ATTACH_DEPTH_MAX];
	unsigned int depth;	/* how many of them are in use */
	enum ntapc_environment environment;	/* of what ntapc_test_make() makes */
	struct ntapc_apc apc[NTAPC_TEST_APCS];
	char order[NTAPC_TEST_APCS + 1];
	char text[(NTAPC_ATTACH_DEPTH_MAX + 1) * 10 + NTAPC_TEST_APCS];
};

/* What the steps of a script answered, a word for each that does. */
struct ntapc_test_answers {
	char text[128];
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
enum ntapc_wake ntapc_test_happen(struct kunit *test,
				  enum ntapc_test_event event, char letter);
void ntapc_test_wait_before(struct ntapc_fixture *f);
const char *ntapc_test_order(struct ntapc_fixture *f,
			     const struct ntapc_apc_state *state,
			     enum ntapc_mode mode);
struct ntapc_kprocess *ntapc_test_process(struct ntapc_fixture *f, char letter);
const char *ntapc_test_states(struct ntapc_fixture *f);
enum ntapc_attach_result ntapc_test_try_attach(struct ntapc_fixture *f,
					       char process, bool stack);
enum ntapc_attach_result ntapc_test_try_detach(struct ntapc_fixture *f,
					       bool unstack, bool *recheck);
bool ntapc_test_undo(struct ntapc_fixture *f, char process);
void ntapc_test_attach(struct kunit *test);
void ntapc_test_detach(struct kunit *test);

void __printf(2, 3) ntapc_test_answer(struct ntapc_test_answers *answers,
				      const char *format, ...);
char ntapc_test_wake_letter(enum ntapc_wake wake);
void ntapc_test_answer_wake(struct ntapc_test_answers *answers,
			    enum ntapc_wake wake);
void ntapc_test_answer_status(struct ntapc_test_answers *answers, int status);

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
