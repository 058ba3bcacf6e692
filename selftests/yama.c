// SPDX-License-Identifier: GPL-2.0-only
/*
 * Yama's ptrace_scope of 3: nobody may attach to anybody, not even root. It
 * can't be undone, so this runs last, and only if NTAPC_YAMA=3 asks for it.
 */
#include "common.h"
#include "kselftest_harness.h"

#define YAMA	"/proc/sys/kernel/yama/ptrace_scope"

static void leave_on_go(struct worker *worker)
{
	worker_wait(worker);
}

TEST(nobody_may)
{
	const char *env = getenv("NTAPC_YAMA");
	struct worker worker;
	int dev, before;
	pid_t child;

	if (!env || strcmp(env, "3"))
		SKIP(return, "not asked for with NTAPC_YAMA=3");
	if (read_number(YAMA) < 0)
		SKIP(return, "no Yama");
	dev = open_device();
	ASSERT_LE(0, dev);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pause();
		_exit(0);
	}
	before = open_thread(dev, child);
	ASSERT_LE(0, before);
	ASSERT_EQ(0, write_number(YAMA, 3));
	EXPECT_EQ(-EACCES, open_thread(dev, child));
	EXPECT_EQ(-EACCES, open_thread(dev, 1));
	/* What was opened stays so, and one's own process is one's own. */
	EXPECT_EQ(0, queue(before, (void *)1, 1));
	EXPECT_LE(0, open_thread(dev, 0));
	EXPECT_LE(0, open_thread(dev, getpid()));
	ASSERT_TRUE(worker_start(&worker, dev, leave_on_go));
	worker_go(&worker);
	worker_join(&worker);
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
}

TEST_HARNESS_MAIN
