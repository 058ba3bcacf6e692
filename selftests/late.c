// SPDX-License-Identifier: GPL-2.0-only
/*
 * What comes too late: operations that were kept waiting, by their caller or by the
 * target, while the right to them went or the target became two (threats 3 and 4).
 */
#include "procs.h"
#include "faults.h"
#include "kselftest_harness.h"

static int dev, process, faults;
static struct target target;
static struct worker worker;
static unsigned char *page, *data;
static unsigned char content[64 << 10] __attribute__((aligned(4096)));

#define SECRET	"what is written once nobody may look any more"

FIXTURE(late)
{
};

/* Stage 2: it may not be looked at any more, and has something to hide. */
static void hide(struct target *t)
{
	target_step(t, 1);
	prctl(PR_SET_DUMPABLE, 0);
	strcpy((char *)data, SECRET);
}

FIXTURE_SETUP(late)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	page = map_pages(ONE_PAGE);
	data = map_pages(ONE_PAGE);
	ASSERT_NE(MAP_FAILED, page);
	ASSERT_NE(MAP_FAILED, data);
	memset(data, 'a', ONE_PAGE);
}

FIXTURE_TEARDOWN(late)
{
	if (target.pid > 0)
		target_kill(&target);
}

/* Starts the target, and leaves this process's own page to be served. */
#define START(fn) do {							\
	ASSERT_TRUE(target_start(&target, fn));				\
	process = open_process(dev, target.pid);			\
	ASSERT_LE(0, process);						\
	faults = register_faults(page, ONE_PAGE);			\
	if (faults < 0)							\
		SKIP(return, "no user faults");				\
} while (0)

/* The worker sits in its operation: what is done meanwhile is done too early for it. */
#define KEPT_WAITING() do {						\
	ASSERT_EQ(ADDR(page), next_fault(faults));			\
	ASSERT_EQ(0, worker.stage);					\
} while (0)

static void go_on(struct __test_metadata *_metadata, int until)
{
	target_go(&target, 1);
	ASSERT_TRUE(target_reached(&target, until));
	ASSERT_EQ(0, serve_fault(faults, ADDR(page), content));
	worker_join(&worker);
}

static void compare(struct worker *w)
{
	struct ntapc_copy args = {
		.remote = ADDR(data),
		.local = ADDR(page),
		.length = sizeof(SECRET),
	};

	w->ret = copy_full(process, NTAPC_IOC_COMPARE, &args);
	w->arg = args.done;
	atomic_store(&w->stage, 1);
}

TEST_F(late, compare)
{
	START(hide);
	strcpy((char *)content, SECRET);
	ASSERT_TRUE(worker_start(&worker, dev, compare));
	KEPT_WAITING();
	go_on(_metadata, 2);
	EXPECT_EQ(-EACCES, worker.ret);
	EXPECT_EQ(0, worker.arg);
}

static void search(struct worker *w)
{
	struct ntapc_search args = {
		.step = 1,
		.remote = ADDR(data),
		.length = sizeof(SECRET),
		.pattern = ADDR(page),
		.pattern_length = 8,
	};

	w->ret = search_full(process, &args);
	w->arg = args.found;
	atomic_store(&w->stage, 1);
}

TEST_F(late, search)
{
	START(hide);
	strcpy((char *)content, SECRET);
	ASSERT_TRUE(worker_start(&worker, dev, search));
	KEPT_WAITING();
	go_on(_metadata, 2);
	EXPECT_EQ(-EACCES, worker.ret);
	EXPECT_EQ(0, worker.arg);
}

/* A child of the target's, which the target's memory is shared with until written. */
static void have_child(struct target *t)
{
	memset(data, 'b', ONE_PAGE);
	target_step(t, 1);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		atomic_store(&t->shared->stage, 2);
		while (atomic_load(&t->shared->go) < 2)
			breathe(0);
		atomic_store(&t->shared->value[0], data[0]);
		atomic_store(&t->shared->stage, 3);
		_exit(0);
	}
	for (;;)
		pause();
}

static void write_page(struct worker *w)
{
	w->ret = copy_write(process, page, data, 64);
	atomic_store(&w->stage, 1);
}

/* What is pinned is copied at fork(): the write is for the target alone. */
TEST_F(late, write_over_fork)
{
	START(have_child);
	memset(content, 'X', ONE_PAGE);
	ASSERT_TRUE(worker_start(&worker, dev, write_page));
	KEPT_WAITING();
	go_on(_metadata, 2);
	EXPECT_EQ(0, worker.ret);
	target_go(&target, 2);
	ASSERT_TRUE(target_reached(&target, 3));
	EXPECT_EQ('b', atomic_load(&target.shared->value[0]));
	EXPECT_TRUE(peek(target.pid, content, data, 1));
	EXPECT_EQ('X', content[0]);
}

/* A copy whose own memory can't be read leaves what is behind @done alone. */
TEST_F(late, write_that_faults)
{
	unsigned int tail;

	START(NULL);
	close(faults);
	ASSERT_EQ(0, munmap(page, ONE_PAGE));
	page = map_pages(2 * ONE_PAGE);
	ASSERT_EQ(0, munmap(page + ONE_PAGE, ONE_PAGE));
	memset(page, 'X', ONE_PAGE);
	for (tail = 0; tail < 130; tail++) {
		struct ntapc_copy args = {
			.remote = ADDR(data),
			.local = ADDR(page) + ONE_PAGE - tail,
			.length = 200,
		};

		memset(content, 'a', 200);
		ASSERT_TRUE(poke(target.pid, content, data, 200));
		EXPECT_EQ(-EFAULT, copy_full(process, NTAPC_IOC_WRITE, &args));
		EXPECT_EQ(tail, args.done);
		ASSERT_TRUE(peek(target.pid, content, data, 200));
		EXPECT_EQ(tail, same_bytes(content, tail, 'X'));
		EXPECT_EQ(200 - tail,
			  same_bytes(content + tail, 200 - tail, 'a'));
	}
}

static void read_data(struct worker *w)
{
	static char buffer[sizeof(SECRET)];

	w->ret = copy_read(process, buffer, data, sizeof(buffer));
	w->arg = strcmp(buffer, SECRET);
	atomic_store(&w->stage, 1);
}

/* Whoever made the process leave memory chooses when it comes back. */
TEST_F(late, right_lost_on_the_ready_list)
{
	struct ntapc_process_info info;
	int own;

	START(hide);
	own = open_process(dev, target.pid);
	ASSERT_EQ(0, out_swap(own, NTAPC_OUT_SWAP_BEGIN, NULL, 0));
	ASSERT_TRUE(worker_start(&worker, dev, read_data));
	ASSERT_TRUE(wait_until(!get_process_info(process, &info) &&
			       info.nr_ready == 1));
	target_go(&target, 1);
	ASSERT_TRUE(target_reached(&target, 2));
	close(own);
	worker_join(&worker);
	EXPECT_EQ(-EACCES, worker.ret);
	EXPECT_NE(0, worker.arg);
}

TEST_HARNESS_MAIN
