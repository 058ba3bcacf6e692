// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching by the in-kernel API: rules 2.1, 2.2, 3.3, 8.1, 8.2 and 9.1 to 9.12. All
 * of it is done by a user thread, for which a kernel thread stands in where memory
 * is touched, and by a system thread, which attaches literally. See kernel.h for how
 * it is driven; kernel-process.c has the processes' side.
 */
#include "common.h"
#include "kselftest_harness.h"
#include "procs.h"
#include "kernel.h"
#include "actor.h"

FIXTURE(attached)
{
	int unused;
};

FIXTURE_VARIANT(attached)
{
	bool system;
};

FIXTURE_VARIANT_ADD(attached, user)
{
	.system = false,
};

FIXTURE_VARIANT_ADD(attached, system)
{
	.system = true,
};

FIXTURE_SETUP(attached)
{
	NEED_CLIENT();
	ASSERT_TRUE(start_targets());
	reset_events();
}

FIXTURE_TEARDOWN_PARENT(attached)
{
	CLIENT_GOES();
}

#define DO(...)			ACT(variant->system, ##__VA_ARGS__)
#define START(actor, ...)						\
	START_ACTOR(actor, variant->system, ##__VA_ARGS__)

/* There and back */

/* 9.1, 9.2, 9.3, 9.6, 9.12: what is read and written in between is there. */
TEST_F(attached, there_and_back)
{
	__u64 value = 0;

	EXPECT_EQ(AT_HOME, DO(IS_ATTACHED, ATTACH(A), IS_ATTACHED, WHERE, READ,
			      WRITE(0x99), DETACH, WHERE, IS_ATTACHED));
	EXPECT_EQ(AT_HOME, RESULT(0));
	EXPECT_EQ(0, RESULT(1));
	EXPECT_EQ(ATTACHED, RESULT(2));
	EXPECT_EQ(A, RESULT(3));
	EXPECT_EQ(IN_A, RESULT(4));
	EXPECT_EQ(0, RESULT(5));
	EXPECT_EQ(0, RESULT(6));
	EXPECT_EQ(0, RESULT(7));
	ASSERT_TRUE(peek(target_a.pid, &value, word, sizeof(value)));
	EXPECT_EQ(0x99, value);
	EXPECT_EQ(OWN, *word);
	EXPECT_BALANCE();
}

/* Where nobody is attached it is one's own memory, if there is any. */
TEST_F(attached, at_home)
{
	long expected = variant->system ? -ESRCH : OWN;

	EXPECT_EQ(expected, DO(READ));
	EXPECT_EQ(expected, DO(ATTACH(A), DETACH, READ));
}

/* 9.1, 9.7: to where one is already nothing is done, nor is on the way back. */
TEST_F(attached, where_it_is_already)
{
	EXPECT_EQ(AT_HOME, DO(ATTACH(0), IS_ATTACHED));
	EXPECT_EQ(0, RESULT(0));
	EXPECT_EQ(AT_HOME, DO(STACK(0, 1), IS_ATTACHED, UNSTACK(1),
			      IS_ATTACHED));
	EXPECT_EQ(0, RESULT(0));
	EXPECT_EQ(AT_HOME, RESULT(1));
	EXPECT_EQ(0, RESULT(2));
	EXPECT_EQ(AT_HOME, DO(ATTACH(A), ATTACH(A), STACK(A, 2), UNSTACK(2),
			      IS_ATTACHED, READ, DETACH, IS_ATTACHED));
	EXPECT_EQ(0, RESULT(1));
	EXPECT_EQ(0, RESULT(2));
	EXPECT_EQ(0, RESULT(3));
	EXPECT_EQ(ATTACHED, RESULT(4));
	EXPECT_EQ(IN_A, RESULT(5));
	EXPECT_EQ(0, RESULT(6));
	EXPECT_BALANCE();
}

/* 9.1: to another process while attached: bugcheck 5, and nothing has changed. */
TEST_F(attached, bugcheck_5)
{
	EXPECT_EQ(AT_HOME, DO(ATTACH(A), ATTACH(B), WHERE, READ, DETACH,
			      IS_ATTACHED));
	EXPECT_EQ(-EBUSY, RESULT(1));
	EXPECT_EQ(A, RESULT(2));
	EXPECT_EQ(IN_A, RESULT(3));
	EXPECT_EQ(0, RESULT(4));
	EXPECT_EQ(AT_HOME, DO(STACK(A, 1), ATTACH(B), WHERE, UNSTACK(1),
			      IS_ATTACHED));
	EXPECT_EQ(-EBUSY, RESULT(1));
	EXPECT_EQ(A, RESULT(2));
	EXPECT_EQ(0, RESULT(3));
	EXPECT_BALANCE();
}

/* 9.7, 9.8: the stack form nests; each way back is one step. */
TEST_F(attached, nesting)
{
	EXPECT_EQ(AT_HOME,
		  DO(STACK(A, 1), READ, STACK(B, 2), READ, STACK(A, 3), READ,
		     UNSTACK(3), READ, UNSTACK(2), READ, UNSTACK(1),
		     IS_ATTACHED));
	EXPECT_EQ(IN_A, RESULT(1));
	EXPECT_EQ(IN_B, RESULT(3));
	EXPECT_EQ(IN_A, RESULT(5));
	EXPECT_EQ(0, RESULT(6));
	EXPECT_EQ(IN_B, RESULT(7));
	EXPECT_EQ(0, RESULT(8));
	EXPECT_EQ(IN_A, RESULT(9));
	EXPECT_EQ(0, RESULT(10));
	/* Around the plain form as well, which itself is refused from inside. */
	EXPECT_EQ(AT_HOME, DO(ATTACH(A), STACK(B, 1), DETACH, READ, UNSTACK(1),
			      READ, DETACH, IS_ATTACHED));
	EXPECT_EQ(-EBUSY, RESULT(2));
	EXPECT_EQ(IN_B, RESULT(3));
	EXPECT_EQ(0, RESULT(4));
	EXPECT_EQ(IN_A, RESULT(5));
	EXPECT_EQ(0, RESULT(6));
	EXPECT_BALANCE();
}

/* Sixteen nest, and no more. */
TEST_F(attached, depth)
{
	struct client_step steps[2 * NTAPC_ATTACH_DEPTH_MAX + 3];
	unsigned int i, nr = 0;

	for (i = 0; i <= NTAPC_ATTACH_DEPTH_MAX; i++)
		steps[nr++] = STACK(i & 1 ? B : A, i);
	steps[nr++] = READ;
	for (i = NTAPC_ATTACH_DEPTH_MAX; i--;)
		steps[nr++] = UNSTACK(i);
	steps[nr++] = IS_ATTACHED;
	EXPECT_EQ(AT_HOME, act(variant->system, steps, nr));
	for (i = 0; i < nr - 1; i++) {
		if (i == NTAPC_ATTACH_DEPTH_MAX) {
			EXPECT_EQ(-EOVERFLOW, RESULT(i));
		} else if (i == NTAPC_ATTACH_DEPTH_MAX + 1) {
			EXPECT_EQ(IN_B, RESULT(i));
		} else {
			EXPECT_EQ(0, RESULT(i));
		}
	}
	EXPECT_BALANCE();
}

/* 9.6, 9.8: without an attachment the one does nothing, the other is refused. */
TEST_F(attached, detach_without_attach)
{
	EXPECT_EQ(0, DO(DETACH));
	EXPECT_EQ(0, DO(STACK(A, 1), UNSTACK(1)));
	/* NT: bugcheck 6. */
	EXPECT_EQ(-EINVAL, DO(UNSTACK(1)));
	/* Nor is it possible in another order than the reverse. */
	EXPECT_EQ(AT_HOME, DO(STACK(A, 1), STACK(B, 2), UNSTACK(1), READ,
			      UNSTACK(2), UNSTACK(2), READ, UNSTACK(1),
			      IS_ATTACHED));
	EXPECT_EQ(-EINVAL, RESULT(2));
	EXPECT_EQ(IN_B, RESULT(3));
	EXPECT_EQ(0, RESULT(4));
	EXPECT_EQ(-EINVAL, RESULT(5));
	EXPECT_EQ(IN_A, RESULT(6));
	EXPECT_EQ(0, RESULT(7));
	EXPECT_BALANCE();
}

/* The example of Documentation/kernel-api.rst, from outside and attached. */
TEST_F(attached, example)
{
#define PEEK(process)							\
	STEP(PEEK, .target = (process), .routine = ADDR(word))

	EXPECT_EQ(IN_A, DO(PEEK(target_a.pid)));
	EXPECT_EQ(IN_B, DO(PEEK(target_b.pid)));
	EXPECT_EQ(IN_B, DO(ATTACH(B), PEEK(target_a.pid), PEEK(target_b.pid),
			   READ, DETACH, PEEK(target_b.pid)));
	EXPECT_EQ(IN_A, RESULT(1));
	EXPECT_EQ(IN_B, RESULT(2));
	EXPECT_EQ(IN_B, RESULT(3));
	EXPECT_EQ(-EFAULT, DO(STEP(PEEK, .target = target_a.pid, .routine = 8)));
	EXPECT_EQ(AT_HOME, DO(IS_ATTACHED));
	EXPECT_BALANCE();
}

/* Environments */

/* 2.1, 2.2, 3.3: inserted before, for the other one it waits until then. */
TEST_F(attached, inserted_before)
{
	EXPECT_EQ(0, DO(SPECIAL(0, .environment = ENV_ORIGINAL),
			SPECIAL(1, .environment = ENV_ATTACHED),
			SPECIAL(2, .environment = ENV_CURRENT),
			SPECIAL(3, .environment = ENV_INSERT), MARK(1),
			ATTACH(A), MARK(2), SAFE_POINT, MARK(3), DETACH,
			MARK(4)));
	EXPECT_STREQ("M1 K1@ M2@ M3@ K0 K2 K3 M4", deeds());
}

/* 9.9: while attached, all but the Original ones run. */
TEST_F(attached, inserted_while_attached)
{
	EXPECT_EQ(0, DO(ATTACH(A), NORMAL(0, .environment = ENV_ORIGINAL),
			NORMAL(1, .environment = ENV_ATTACHED),
			NORMAL(2, .environment = ENV_CURRENT),
			NORMAL(3, .environment = ENV_INSERT), MARK(1),
			SAFE_POINT, MARK(2), DETACH, MARK(3)));
	EXPECT_STREQ("M1@ K1@ N1@ K2@ N2@ K3@ N3@ M2@ K0 N0 M3", deeds());
}

/* 2.1: Current is resolved when it is made, Insert when it is inserted. */
TEST_F(attached, made_before)
{
#define MAKE(number)							\
	STEP(MAKE, .id = (number), .environment = (number),		\
	     .flags = CLIENT_SPECIAL)
#define INSERT_MADE(number)	STEP(INSERT_MADE, .id = (number))

	EXPECT_EQ(0, DO(MAKE(0), MAKE(1), MAKE(2), MAKE(3), ATTACH(A),
			INSERT_MADE(0), INSERT_MADE(1), INSERT_MADE(2),
			INSERT_MADE(3), SAFE_POINT, MARK(1), DETACH, MARK(2)));
	EXPECT_STREQ("K1@ K3@ M1@ K0 K2 M2", deeds());
}

TEST_F(attached, made_while_attached)
{
	EXPECT_EQ(0, DO(ATTACH(A), MAKE(0), MAKE(1), MAKE(2), MAKE(3), DETACH,
			INSERT_MADE(0), INSERT_MADE(1), INSERT_MADE(2),
			INSERT_MADE(3), SAFE_POINT, MARK(1), ATTACH(B), MARK(2),
			DETACH, MARK(3)));
	EXPECT_STREQ("K0 K3 M1 K1@ K2@ M2@ M3", deeds());
}

/* 9.9: inserted by another thread, while the target waits attached. */
TEST_F(attached, inserted_by_another)
{
	struct actor actor;
	__s32 target;

	ASSERT_TRUE(START(&actor, ATTACH(A), MARK(1), WAIT_ALERT, MARK(2),
			  DETACH, MARK(3)));
	target = actor_target(&actor);
	ASSERT_TRUE(wait_deeds("M1@"));
	EXPECT_EQ(1, RUN(NORMAL(0, .target = target)));
	EXPECT_EQ(1, RUN(SPECIAL(1, .target = target)));
	EXPECT_EQ(1, RUN(NORMAL(2, .target = target,
				.environment = ENV_ATTACHED)));
	ASSERT_TRUE(wait_deeds("M1@ K2@ N2@"));
	EXPECT_EQ(1, RUN(SPECIAL(3, .target = target,
				 .environment = ENV_CURRENT)));
	ASSERT_TRUE(wait_deeds("M1@ K2@ N2@ K3@"));
	EXPECT_EQ(1, RUN(NORMAL(4, .target = target,
				.environment = ENV_INSERT)));
	ASSERT_TRUE(wait_deeds("M1@ K2@ N2@ K3@ K4@ N4@"));
	/* Those for its home may be taken back where they wait (7.1). */
	EXPECT_EQ(1, RUN(SPECIAL(5, .target = target)));
	EXPECT_EQ(1, RUN(STEP(REMOVE, .id = 5)));
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = target)));
	actor_join(&actor);
	EXPECT_STREQ("M1@ K2@ N2@ K3@ K4@ N4@ M2@ K1 K0 N0 M3", deeds());
	EXPECT_EQ(NTAPC_STATUS_ALERTED, actor.steps[2].result);
	EXPECT_BALANCE();
}

/* 9.7: the attachment around another one keeps what it has queued. */
TEST_F(attached, nested_states)
{
	EXPECT_EQ(0, DO(STACK(A, 1), STEP(ENTER_CRITICAL),
			NORMAL(1, .environment = ENV_CURRENT), STACK(B, 2),
			SPECIAL(2, .environment = ENV_CURRENT), SAFE_POINT,
			MARK(1), STEP(LEAVE_CRITICAL), MARK(2), UNSTACK(2),
			MARK(3), UNSTACK(1)));
	EXPECT_STREQ("K2@ M1@ M2@ K1@ N1@ M3@", deeds());
}

/* The consequence of 9.9: it is suspended when it comes back. */
TEST_F(attached, suspension_waits)
{
	struct actor actor;
	__s32 target;

	ASSERT_TRUE(START(&actor, ATTACH(A), MARK(1), WAIT_ALERT, MARK(2),
			  DETACH, MARK(3)));
	target = actor_target(&actor);
	ASSERT_TRUE(wait_deeds("M1@"));
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = target)));
	EXPECT_EQ(1, RUN(NORMAL(1, .target = target,
				.environment = ENV_ATTACHED)));
	ASSERT_TRUE(wait_deeds("M1@ K1@ N1@"));
	if (!variant->system) {
		EXPECT_EQ(NTAPC_THREAD_SUSPENDING | NTAPC_THREAD_ATTACHED,
			  thread_bits(actor.job.worker.fd) &
			  (NTAPC_THREAD_SUSPENDED | NTAPC_THREAD_SUSPENDING |
			   NTAPC_THREAD_ATTACHED));
	}
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = target)));
	/* In the suspended thread a special one runs, at home. */
	EXPECT_EQ(1, RUN(SPECIAL(2, .target = target)));
	ASSERT_TRUE(wait_deeds("M1@ K1@ N1@ M2@ K2"));
	if (!variant->system) {
		EXPECT_TRUE(wait_suspended(actor.job.worker.fd));
	}
	EXPECT_EQ(1, RUN(STEP(RESUME, .target = target)));
	actor_join(&actor);
	EXPECT_STREQ("M1@ K1@ N1@ M2@ K2 M3", deeds());
}

/* Bugcheck 6, and what comes before it */

/* 9.8: what is pending runs first, also in the plain form; then what has waited. */
TEST_F(attached, detaching_drains)
{
	EXPECT_EQ(0, DO(ATTACH(A), NORMAL(1, .environment = ENV_CURRENT),
			SPECIAL(2, .environment = ENV_CURRENT), NORMAL(3),
			SPECIAL(4), MARK(1), DETACH, MARK(2)));
	EXPECT_STREQ("M1@ K2@ K1@ N1@ K4 K3 N3 M2", deeds());
	EXPECT_EQ(0, RESULT(6));
	reset_events();
	EXPECT_EQ(0, DO(STACK(A, 1), NORMAL(1, .environment = ENV_CURRENT),
			SPECIAL(2, .environment = ENV_CURRENT), NORMAL(3),
			SPECIAL(4), MARK(1), UNSTACK(1), MARK(2)));
	EXPECT_STREQ("M1@ K2@ K1@ N1@ K4 K3 N3 M2", deeds());
	EXPECT_EQ(0, RESULT(6));
}

/* 9.6: one that a region keeps from running: refused, until it has run. */
TEST_F(attached, one_is_queued)
{
	EXPECT_EQ(AT_HOME, DO(ATTACH(A), STEP(ENTER_CRITICAL),
			      NORMAL(1, .environment = ENV_CURRENT), DETACH,
			      READ, MARK(1), STEP(LEAVE_CRITICAL), MARK(2),
			      DETACH, IS_ATTACHED));
	EXPECT_EQ(-EBUSY, RESULT(3));
	EXPECT_EQ(IN_A, RESULT(4));
	EXPECT_EQ(0, RESULT(8));
	EXPECT_STREQ("M1@ K1@ N1@ M2@", deeds());
	reset_events();
	EXPECT_EQ(AT_HOME, DO(STACK(A, 1), STEP(ENTER_GUARDED),
			      SPECIAL(1, .environment = ENV_CURRENT),
			      UNSTACK(1), READ, STEP(LEAVE_GUARDED), MARK(1),
			      UNSTACK(1), IS_ATTACHED));
	EXPECT_EQ(-EBUSY, RESULT(3));
	EXPECT_EQ(IN_A, RESULT(4));
	EXPECT_EQ(0, RESULT(7));
	EXPECT_STREQ("K1@ M1@", deeds());
	EXPECT_BALANCE();
}

/* 9.6: in the middle of a normal kernel APC. */
TEST_F(attached, in_a_normal_routine)
{
	ASSERT_EQ(0, PROGRAM(1, STEP(DETACH, .id = 77)));
	EXPECT_EQ(AT_HOME, DO(ATTACH(A), NORMAL(1, .program = 1,
						.environment = ENV_CURRENT),
			      SAFE_POINT, IS_ATTACHED, DETACH, IS_ATTACHED));
	EXPECT_EQ(ATTACHED, RESULT(3));
	EXPECT_EQ(0, RESULT(4));
	EXPECT_EQ(-EBUSY, result_of(1, 0));
	/* In one of its own a thread may well come and go. */
	reset_events();
	ASSERT_EQ(0, PROGRAM(1, ATTACH(A), READ, DETACH, MARK(1)));
	EXPECT_EQ(AT_HOME, DO(NORMAL(1, .program = 1), NORMAL(2), SAFE_POINT,
			      IS_ATTACHED));
	EXPECT_EQ(0, result_of(1, 0));
	EXPECT_EQ(IN_A, result_of(1, 1));
	EXPECT_EQ(0, result_of(1, 2));
	EXPECT_STREQ("K1 N1 M1 K2 N2", deeds());
	EXPECT_BALANCE();
}

/* 9.6: a user APC in the active list, too; only it can be taken out again. */
TEST_F(attached, user_apc_is_queued)
{
	if (variant->system)
		SKIP(return, "a system thread has no user APCs");
	EXPECT_EQ(AT_HOME, DO(ATTACH(A), STEP(INSERT, .id = 1, .mode = USER_MODE,
					      .environment = ENV_CURRENT,
					      .routine = ADDR(log_apc)),
			      DETACH, STEP(REMOVE, .id = 1), DETACH,
			      IS_ATTACHED));
	EXPECT_EQ(-EBUSY, RESULT(2));
	EXPECT_EQ(1, RESULT(3));
	EXPECT_EQ(0, RESULT(4));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(0, log_count());
}

/* 9.2, 9.6: user APCs of its home wait, and are there as they were. */
TEST_F(attached, user_apcs_of_its_home)
{
	if (variant->system)
		SKIP(return, "a system thread has no user APCs");
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	/* Alertable, but they aren't this environment's. */
	EXPECT_EQ(0, DO(ATTACH(A), STEP(DELAY, .mode = USER_MODE,
					.flags = CLIENT_ALERTABLE), DETACH));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, RESULT(1));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(1, log_count());
}

/* Regions: 8.1, 8.2 */

TEST_F(attached, inside_regions)
{
	EXPECT_EQ(0, DO(STEP(ENTER_CRITICAL), STEP(ENTER_GUARDED), NORMAL(0),
			ATTACH(A), READ, STEP(ARE_DISABLED),
			NORMAL(1, .environment = ENV_CURRENT),
			SPECIAL(2, .environment = ENV_CURRENT), MARK(1),
			STEP(LEAVE_GUARDED), MARK(2), STEP(LEAVE_CRITICAL),
			MARK(3), DETACH, MARK(4)));
	EXPECT_EQ(0, RESULT(3));
	EXPECT_EQ(IN_A, RESULT(4));
	EXPECT_EQ(3, RESULT(5));
	EXPECT_EQ(0, RESULT(13));
	EXPECT_STREQ("M1@ K2@ M2@ K1@ N1@ M3@ K0 N0 M4", deeds());
	/* They don't end with the attachment. */
	reset_events();
	EXPECT_EQ(0, DO(ATTACH(A), STEP(ENTER_GUARDED), SPECIAL(1), DETACH,
			STEP(ARE_DISABLED), MARK(1), STEP(LEAVE_GUARDED),
			MARK(2)));
	EXPECT_EQ(3, RESULT(4));
	EXPECT_STREQ("M1 K1 M2", deeds());
	EXPECT_BALANCE();
}

/* Memory */

/* The kernel thread is another one for user threads, and the same for system ones. */
TEST_F(attached, stand_in)
{
#define CALL(...)	STEP(CALL, .routine = ADDR(word), ##__VA_ARGS__)

	struct client_event *called;

	ASSERT_EQ(0, PROGRAM(1, MARK(7), GATE(1)));
	EXPECT_EQ(0, DO(OPEN(1), ATTACH(A), CALL(.program = 1), STACK(B, 1),
			CALL(), UNSTACK(1), STEP(CALL, .routine = 8), DETACH));
	EXPECT_EQ(IN_A, RESULT(2));
	EXPECT_EQ(IN_B, RESULT(4));
	EXPECT_EQ(-EFAULT, RESULT(6));
	EXPECT_EQ(3, count_events(CLIENT_CALLED));
	called = find_event(CLIENT_CALLED);
	EXPECT_EQ(1, called->id);
	if (variant->system) {
		EXPECT_EQ(find_event(CLIENT_SYSTEM)->tid, called->tid);
	} else {
		EXPECT_NE(getpid(), called->tid);
	}
	reset_events();
	EXPECT_EQ(variant->system ? -ESRCH : OWN, DO(CALL()));
}

/* Up to where it can't; the caller is told how far it came. */
TEST_F(attached, holes)
{
	char *end = (char *)word + ONE_PAGE;
	struct client_event *copied;
	char byte = 0;

	EXPECT_EQ(0, DO(ATTACH(A), STEP(READ, .routine = ADDR(end - 100),
					.count = 200), DETACH));
	EXPECT_EQ(-EFAULT, RESULT(1));
	copied = find_event(CLIENT_COPIED);
	EXPECT_EQ(100, copied->context);
	reset_events();
	EXPECT_EQ(0, DO(ATTACH(A), STEP(WRITE, .routine = ADDR(end - 96),
					.arg = { 0x5555555555555555 },
					.count = 200), DETACH));
	EXPECT_EQ(-EFAULT, RESULT(1));
	copied = find_event(CLIENT_COPIED);
	EXPECT_EQ(96, copied->context);
	ASSERT_TRUE(peek(target_a.pid, &byte, end - 1, 1));
	EXPECT_EQ(0x55, byte);
	EXPECT_EQ(0, end[-1]);
	/* The kernel's memory isn't user memory. */
	EXPECT_EQ(0, DO(ATTACH(A), STEP(READ, .routine = KERNEL_ADDRESS),
			STEP(CALL, .routine = KERNEL_ADDRESS), DETACH));
	EXPECT_EQ(-EFAULT, RESULT(1));
	EXPECT_EQ(-EFAULT, RESULT(2));
}

/* More than a moment's work, with a hole of one page's protection in the middle. */
TEST_F(attached, large)
{
	size_t length = 4 * MIB;
	struct client_event *copied;
	struct target target;
	char *memory;

	memory = map_pages(length);
	ASSERT_NE(MAP_FAILED, memory);
	memset(memory, 1, length);
	mprotect(memory + 3 * MIB, ONE_PAGE, PROT_READ);
	ASSERT_TRUE(target_start(&target, NULL));
	memset(memory, 2, 3 * MIB);
	ASSERT_EQ(0, RUN(STEP(KEEP_PROCESS, .id = 3, .target = target.pid)));
	EXPECT_EQ(0, DO(ATTACH(3), STEP(READ, .routine = ADDR(memory),
					.count = length), DETACH));
	EXPECT_EQ(0x0101010101010101, RESULT(1));
	copied = find_event(CLIENT_COPIED);
	EXPECT_EQ(length, copied->context);
	reset_events();
	EXPECT_EQ(0, DO(ATTACH(3), STEP(WRITE, .routine = ADDR(memory),
					.arg = { 0x0303030303030303 },
					.count = length), DETACH));
	EXPECT_EQ(-EFAULT, RESULT(1));
	copied = find_event(CLIENT_COPIED);
	EXPECT_EQ(3 * MIB, copied->context);
	ASSERT_TRUE(peek(target.pid, memory, memory, 3 * MIB));
	EXPECT_EQ(3 * MIB, same_bytes(memory, 3 * MIB, 3));
	EXPECT_EQ(-SIGKILL, target_kill(&target));
}

/* What NT stops for: 9.10 */

/* Back in user mode, attached: noted once, and undone. */
TEST_F(attached, forgotten)
{
	struct ntapc_thread_info info;
	unsigned int i;

	if (variant->system)
		SKIP(return, "a system thread has no user mode");
	EXPECT_EQ(1, RUN(ATTACH(A), NORMAL(1)));
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(1, info.nr_mismatch);
	EXPECT_FALSE(info.state & NTAPC_THREAD_ATTACHED);
	EXPECT_STREQ("K1 N1", order());
	EXPECT_BALANCE();
	EXPECT_EQ(AT_HOME, RUN(IS_ATTACHED));
	/* However deep; each time counts once. */
	EXPECT_EQ(0, RUN(STACK(A, 1), STACK(B, 2), STACK(A, 3)));
	for (i = 0; i < 100; i++)
		getppid();
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(2, info.nr_mismatch);
	EXPECT_BALANCE();
	/* And it may attach again. */
	EXPECT_EQ(0, RUN(ATTACH(A), READ, DETACH));
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(2, info.nr_mismatch);
	EXPECT_FALSE(info.state & NTAPC_THREAD_MISMATCH);
}

/* With something still queued that only a region has kept from running. */
TEST_F(attached, forgotten_with_one_queued)
{
	struct ntapc_thread_info info;

	if (variant->system)
		SKIP(return, "a system thread has no user mode");
	EXPECT_EQ(1, RUN(ATTACH(A), STEP(ENTER_CRITICAL),
			 NORMAL(1, .environment = ENV_CURRENT)));
	EXPECT_BALANCE();
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_TRUE(info.state & NTAPC_THREAD_MISMATCH);
	EXPECT_EQ(1, info.nr_kernel);
	EXPECT_STREQ("", order());
	/* It waits for the next attachment. */
	EXPECT_EQ(0, RUN(STEP(LEAVE_CRITICAL), MARK(1), ATTACH(A), MARK(2),
			 DETACH));
	EXPECT_STREQ("M1 K1@ N1@ M2@", order());
}

/* A system thread that ends attached, in whatever way: told, and undone. */
TEST_F(attached, ends_attached)
{
	int log = open_kernel_log();

	if (!variant->system)
		SKIP(return, "a user thread ends in user mode");
	EXPECT_EQ(0, DO(STACK(A, 1), STACK(B, 2)));
	EXPECT_TRUE(kernel_said(log, "client-system", "attached", ""));
	EXPECT_BALANCE();
	EXPECT_EQ(0, DO(ATTACH(A), NORMAL(1),
			SPECIAL(2, .environment = ENV_CURRENT),
			STEP(EXIT_SYSTEM, .arg = { 5 })));
	EXPECT_TRUE(kernel_said(log, "client-system", "attached", ""));
	EXPECT_BALANCE();
	/* Linux puts the address space that it is in, but only that one. */
	reset_events();
	EXPECT_EQ(0, DO(STACK(A, 1), STACK(B, 2), STEP(VANISH)));
	EXPECT_TRUE(kernel_said(log, "client-system", "attached", ""));
	EXPECT_TRUE(wait_until(!stack_count(process_a) &&
			       !stack_count(process_b)));
	EXPECT_EQ(IN_A, read_word(process_a, word));
	EXPECT_EQ(IN_B, read_word(process_b, word));
	close(log);
}

/* Killed in the middle of an attachment: what is queued is run down. */
TEST_F(attached, killed_attached)
{
	pid_t child;

	if (variant->system)
		SKIP(return, "nobody kills a system thread");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		RUN(STACK(A, 1), STEP(ENTER_GUARDED), STACK(B, 2), MARK(1),
		    WAIT_ALERT);
		_exit(1);
	}
	ASSERT_TRUE(wait_order("M1@"));
	EXPECT_EQ(1, stack_count(process_a));
	EXPECT_EQ(1, stack_count(process_b));
	EXPECT_EQ(1, RUN(NORMAL(1, .target = child)));
	EXPECT_EQ(1, RUN(SPECIAL(2, .target = child,
				 .environment = ENV_ATTACHED)));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	EXPECT_TRUE(wait_until(count_events(CLIENT_RUNDOWN) == 2));
	EXPECT_EQ(0, count_events(CLIENT_KERNEL));
	EXPECT_TRUE(wait_until(!stack_count(process_a) &&
			       !stack_count(process_b)));
}

/* A thread that is to end does so when it comes back (9.9). */
TEST_F(attached, termination_waits)
{
	struct actor actor;

	if (variant->system)
		SKIP(return, "nobody ends a system thread");
	ASSERT_TRUE(START(&actor, ATTACH(A), MARK(1),
			  STEP(DELAY, .mode = USER_MODE,
			       .flags = CLIENT_ALERTABLE,
			       .arg = { CLIENT_FOREVER }), MARK(2), DETACH));
	ASSERT_TRUE(wait_order("M1@"));
	ASSERT_TRUE(wait_waiting(actor.job.worker.fd));
	EXPECT_EQ(0, terminate_thread(actor.job.worker.fd, 3));
	EXPECT_EQ(1, RUN(SPECIAL(1, .target = actor_target(&actor),
				 .environment = ENV_ATTACHED)));
	ASSERT_TRUE(wait_order("M1@ K1@"));
	EXPECT_TRUE(wait_waiting(actor.job.worker.fd));
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = actor_target(&actor),
			      .mode = USER_MODE)));
	EXPECT_TRUE(wait_gone(actor.job.worker.fd));
	EXPECT_STREQ("M1@ K1@ M2@", order());
	EXPECT_BALANCE();
}

/* 4.6: a routine that doesn't come back from where it has attached to. */
TEST_F(attached, routine_stays_attached)
{
	ASSERT_EQ(0, PROGRAM(1, ATTACH(A)));
	EXPECT_EQ(AT_HOME, DO(NORMAL(1, .program = 1), SAFE_POINT, IS_ATTACHED));
	/* It no longer is in progress: the next one may run. */
	reset_events();
	EXPECT_EQ(AT_HOME, DO(NORMAL(1, .program = 1), SAFE_POINT, NORMAL(4),
			      SAFE_POINT, IS_ATTACHED));
	EXPECT_NE(NULL, strstr(order(), "K4 N4"));
	EXPECT_EQ(AT_HOME, DO(SPECIAL(2, .kernel_program = 1), SAFE_POINT,
			      IS_ATTACHED));
	EXPECT_BALANCE();
	/* Nor is one left behind that comes back from another's. */
	ASSERT_EQ(0, PROGRAM(1, DETACH));
	DO(ATTACH(A), SPECIAL(3, .kernel_program = 1,
			      .environment = ENV_CURRENT), SAFE_POINT, DETACH);
	EXPECT_EQ(AT_HOME, DO(IS_ATTACHED));
	EXPECT_BALANCE();
}

TEST_HARNESS_MAIN
