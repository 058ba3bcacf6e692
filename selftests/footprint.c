// SPDX-License-Identifier: GPL-2.0-only
/*
 * What acting in other processes leaves in memory, and what happens where there is
 * none (threats 9 and 11).
 */
#include "procs.h"
#include "kselftest_harness.h"

#include <sys/mount.h>
#include <sys/stat.h>

#define AREA	(4 * MIB)

static int dev, process;
static struct target target;
static unsigned char *area;

FIXTURE(footprint)
{
};

FIXTURE_SETUP(footprint)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	area = map_pages(AREA);
	ASSERT_NE(MAP_FAILED, area);
}

FIXTURE_TEARDOWN(footprint)
{
	if (target.pid > 0)
		target_kill(&target);
}

static void touch(struct target *t)
{
	(void)t;
	memset(area, 1, AREA);
}

/* All of it in one go, by each way there is; 0 or an error. */
static int one_round(int window)
{
	struct ntapc_copy args = {
		.flags = NTAPC_COPY_WINDOW,
		.remote = ADDR(area),
		.length = AREA,
		.window = window,
	};
	struct ntapc_fill fill = {
		.width = 1, .remote = ADDR(area), .length = AREA, .pattern = 2,
	};
	__u32 save;
	int ret;

	ret = attach_stack(process, &save);
	if (ret)
		return ret;
	ret = copy_read(dev, area, area, AREA);
	if (!ret)
		ret = copy_write(process, area, area, AREA);
	if (!ret)
		ret = copy_full(process, NTAPC_IOC_READ, &args);
	if (!ret)
		ret = copy_full(dev, NTAPC_IOC_WRITE, &args);
	if (!ret)
		ret = fill_full(dev, &fill);
	return detach_stack(dev, save) ?: ret;
}

/* Nothing of one process's memory stays with the other. */
TEST_F(footprint, rss_is_as_before)
{
	long long ours, theirs;
	unsigned int i;
	int window;

	memset(area, 1, AREA);
	ASSERT_TRUE(target_start(&target, touch));
	process = open_process(dev, target.pid);
	window = open_window(dev, AREA);
	ASSERT_LE(0, window);
	/* What the first round needs for itself is there then. */
	ASSERT_EQ(0, one_round(window));
	ours = status_of(getpid(), "VmRSS");
	theirs = status_of(target.pid, "VmRSS");
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, one_round(window));
	close(window);
	/* Each round moves five times 4 MiB; the counters are exact to some pages. */
	EXPECT_GT(1024, llabs(status_of(getpid(), "VmRSS") - ours));
	EXPECT_GT(1024, llabs(status_of(target.pid, "VmRSS") - theirs));
	EXPECT_EQ(0, stack_count(process));
}

#define GROUPS	"/tmp/ntapc-groups"
#define GROUP	GROUPS "/ntapc-footprint"

static bool put(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, what, strlen(what)) ==
				       (ssize_t)strlen(what);

	if (fd >= 0)
		close(fd);
	return done;
}

/* A group of processes that may have 16 MiB; whether there can be one. */
static bool make_group(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	mkdir(GROUPS, 0700);
	if (mount("none", GROUPS, "cgroup2", 0, NULL))
		return false;
	put(GROUPS "/cgroup.subtree_control", "+memory");
	if (mkdir(GROUP, 0700) && errno != EEXIST)
		return false;
	put(GROUP "/memory.swap.max", "0");
	return put(GROUP "/memory.max", "16M");
}

#define MUCH	(256 * MIB)

static unsigned char *much;

static void write_much(struct worker *worker)
{
	struct ntapc_fill fill = {
		.width = 1, .remote = ADDR(much), .length = MUCH, .pattern = 3,
	};

	worker->ret = fill_full(worker->arg, &fill);
	worker->arg = fill.done;
	atomic_store(&worker->stage, 1);
}

/*
 * What is written to memory that wasn't there before is charged to whom it belongs:
 * the target is killed for want of memory, not who writes.
 */
TEST_F(footprint, target_has_no_memory)
{
	struct worker worker = {};
	char number[16];
	int ret;

	if (!make_group())
		SKIP(return, "no memory control groups");
	much = mmap(NULL, MUCH, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, much);
	ASSERT_TRUE(target_start(&target, NULL));
	snprintf(number, sizeof(number), "%d", target.pid);
	ASSERT_TRUE(put(GROUP "/cgroup.procs", number));
	process = open_process(dev, target.pid);
	ASSERT_EQ(0, attach(process));
	worker.arg = process;
	ASSERT_TRUE(worker_start(&worker, dev, write_much));
	EXPECT_EQ(-SIGKILL, reap(target.pid));
	worker_join(&worker);
	/* Whichever of its ends was seen first. */
	ret = worker.ret;
	EXPECT_TRUE(ret == -ESRCH || ret == -EFAULT || ret == -ENOMEM) {
		TH_LOG("%d", ret);
	}
	EXPECT_GT(MUCH, worker.arg);
	EXPECT_TRUE(process_ended(process));
	EXPECT_EQ(0, detach(dev));
	target.pid = 0;
	/* And nothing keeps what it had. */
	EXPECT_TRUE(wait_until(!rmdir(GROUP)));
}

TEST_HARNESS_MAIN
