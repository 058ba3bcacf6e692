// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends: of the target and of the attacher, by kill, exit and execve(), at any
 * moment, alone and by the hundred (threats 2, 9, 11).
 */
#include "procs.h"
#include "kselftest_harness.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define AREA	(4 * MIB)

static int dev, process;
static struct target target;
static unsigned char *area;
static char program[PATH_MAX];
static __u64 word = 0x1000;

FIXTURE(lifetime)
{
	struct ntapc_info before;
};

FIXTURE_SETUP(lifetime)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, get_info(dev, &self->before));
	ASSERT_LT(0, readlink("/proc/self/exe", program, sizeof(program) - 1));
	area = map_pages(AREA);
	ASSERT_NE(MAP_FAILED, area);
}

/* No thread's record is left behind but that of this one. */
FIXTURE_TEARDOWN(lifetime)
{
	struct ntapc_info after;

	EXPECT_TRUE(wait_until(!get_info(dev, &after) &&
			       after.nr_threads <= self->before.nr_threads + 1)) {
		TH_LOG("%u threads, before %u", after.nr_threads,
		       self->before.nr_threads);
	}
}

/*
 * That memory has been freed shows in the file system whose file was mapped: its
 * blocks are free only when the last mapping has gone.
 */
#define MOUNT		"/tmp/ntapc-lifetime"
#define FILE_SIZE	(2 * MIB)

static unsigned long long free_blocks(void)
{
	struct statfs fs;

	return statfs(MOUNT, &fs) ? 0 : fs.f_bfree;
}

static void *file_map;

static void map_unlinked_file(struct target *t)
{
	int fd = open(MOUNT "/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)t;
	if (fd < 0 || unlink(MOUNT "/file") || ftruncate(fd, FILE_SIZE))
		_exit(1);
	file_map = mmap(file_map, FILE_SIZE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED, fd, 0);
	if (file_map == MAP_FAILED)
		_exit(2);
	memset(file_map, 0x5a, FILE_SIZE);
	close(fd);
}

static atomic_bool copying;

static void copy_all_the_time(struct worker *worker)
{
	unsigned char *buffer = map_pages(AREA);
	__u32 save;
	int ret;

	worker->ret = attach_stack(process, &save);
	atomic_store(&worker->stage, 1);
	while (!worker->ret && atomic_load(&copying)) {
		ret = copy_read(worker->arg ? worker->dev : process, buffer,
				file_map, FILE_SIZE);
		if (ret == -ESRCH)
			atomic_store(&worker->stage, 2);
		else if (ret)
			worker->ret = ret;
	}
	ret = detach_stack(worker->dev, save);
	if (ret)
		worker->ret = ret;
}

/* Attached threads, idle or in the middle of copies, don't keep it (threat 9). */
static void check_freed(struct __test_metadata *_metadata, bool busy)
{
	struct worker workers[3] = { { .arg = 0 }, { .arg = 1 }, { .arg = 1 } };
	unsigned long long before, during;
	unsigned int i, n = busy ? 3 : 0;
	__u32 save;

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mkdir(MOUNT, 0700);
	ASSERT_EQ(0, mount("none", MOUNT, "tmpfs", 0, "size=16m"));
	before = free_blocks();
	ASSERT_NE(0, before);
	file_map = map_pages(FILE_SIZE);
	ASSERT_TRUE(target_start(&target, map_unlinked_file));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	during = free_blocks();
	ASSERT_LE(FILE_SIZE / ONE_PAGE, before - during);
	ASSERT_EQ(0, attach_stack(process, &save));
	atomic_store(&copying, true);
	for (i = 0; i < n; i++) {
		ASSERT_TRUE(worker_start(&workers[i], dev, copy_all_the_time));
		ASSERT_TRUE(worker_reached(&workers[i], 1));
	}
	EXPECT_EQ(during, free_blocks());
	EXPECT_EQ(-SIGKILL, target_kill(&target));
	/* While everybody is still attached. */
	EXPECT_TRUE(wait_until(free_blocks() == before));
	EXPECT_LT(0, stack_count(process));
	atomic_store(&copying, false);
	for (i = 0; i < n; i++) {
		worker_join(&workers[i]);
		EXPECT_EQ(0, workers[i].ret);
	}
	EXPECT_EQ(0, detach_stack(dev, save));
	EXPECT_EQ(0, stack_count(process));
	umount(MOUNT);
	rmdir(MOUNT);
}

TEST_F(lifetime, memory_is_freed_while_attached)
{
	if (geteuid())
		SKIP(return, "needs root");
	check_freed(_metadata, false);
}

TEST_F(lifetime, memory_is_freed_while_copying)
{
	if (geteuid())
		SKIP(return, "needs root");
	check_freed(_metadata, true);
}

/* And the process's end isn't held up: it can be waited for at once. */
static void copy_large(struct worker *worker)
{
	unsigned char *buffer = map_pages(AREA);
	int ret = 0;

	while (!ret) {
		ret = worker->arg ? copy_write(process, buffer, area, AREA) :
		      copy_read(process, buffer, area, AREA);
		atomic_fetch_add(&worker->stage, 1);
	}
	worker->ret = ret;
}

TEST_F(lifetime, target_killed_in_mid_copy)
{
	unsigned int rounds = scaled(100), i, j;

	for (i = 0; i < rounds; i++) {
		struct worker workers[3] = { { .arg = i & 1 }, { .arg = 1 },
					     { .arg = 0 } };

		ASSERT_TRUE(target_start(&target, NULL));
		process = open_process(dev, target.pid);
		ASSERT_LE(0, process);
		for (j = 0; j < 3; j++) {
			ASSERT_TRUE(worker_start(&workers[j], dev, copy_large));
			ASSERT_TRUE(worker_reached(&workers[j], 1 + i % 3));
		}
		EXPECT_EQ(-SIGKILL, target_kill(&target));
		for (j = 0; j < 3; j++) {
			worker_join(&workers[j]);
			EXPECT_EQ(-ESRCH, workers[j].ret);
			close(workers[j].fd);
		}
		EXPECT_EQ(0, stack_count(process));
		close(process);
	}
}

static void exec_on_go(struct target *t)
{
	char *argv[] = { program, "--sleep", NULL };

	target_step(t, 1);
	execv(program, argv);
	_exit(9);
}

/* execve() in the middle of copies: they end, and reach nothing of what follows. */
TEST_F(lifetime, target_executes_in_mid_copy)
{
	unsigned int rounds = scaled(60), i, j;

	for (i = 0; i < rounds; i++) {
		struct worker workers[2] = { { .arg = 0 }, { .arg = 1 } };

		ASSERT_TRUE(target_start(&target, exec_on_go));
		process = open_process(dev, target.pid);
		ASSERT_LE(0, process);
		for (j = 0; j < 2; j++) {
			ASSERT_TRUE(worker_start(&workers[j], dev, copy_large));
			ASSERT_TRUE(worker_reached(&workers[j], 1));
		}
		target_go(&target, 1);
		for (j = 0; j < 2; j++) {
			worker_join(&workers[j]);
			EXPECT_EQ(-ESRCH, workers[j].ret);
			close(workers[j].fd);
		}
		/* Its memory has gone a moment before it is over. */
		EXPECT_TRUE(wait_gone(process));
		EXPECT_TRUE(process_ended(process));
		EXPECT_EQ(0, stack_count(process));
		target_kill(&target);
		close(process);
	}
}

/* The attacher's end, in the middle of copies, by each way there is. */
static pid_t victim;

static void copy_for_ever(struct worker *worker)
{
	unsigned char *buffer = map_pages(AREA);
	__u32 save;

	if (attach_stack(process, &save))
		_exit(1);
	for (;;) {
		if (copy_read(worker->arg ? worker->dev : process, buffer, area,
			      AREA))
			_exit(2);
		atomic_fetch_add(&worker->stage, 1);
	}
}

static int attacher_copies(struct target *t)
{
	static struct worker workers[3];
	unsigned int i;

	dev = open_device();
	process = open_process(dev, victim);
	for (i = 0; i < 3; i++) {
		workers[i].arg = i & 1;
		if (!worker_start(&workers[i], dev, copy_for_ever) ||
		    !worker_reached(&workers[i], 1))
			return 1;
	}
	atomic_store(&t->shared->stage, 1);
	return 0;
}

static void attacher_is_killed(struct target *t)
{
	if (attacher_copies(t))
		_exit(3);
}

static void attacher_exits(struct target *t)
{
	if (attacher_copies(t))
		_exit(3);
	target_step(t, 1);
	_exit(0);
}

static void attacher_executes(struct target *t)
{
	char *argv[] = { program, "--true", NULL };

	if (attacher_copies(t))
		_exit(3);
	target_step(t, 1);
	execv(program, argv);
	_exit(4);
}

static void *execute(void *arg)
{
	char *argv[] = { program, "--true", NULL };

	target_step(arg, 1);
	execv(program, argv);
	_exit(4);
}

/* From another thread than the leader, which is attached as well. */
static void attacher_thread_executes(struct target *t)
{
	pthread_t thread;
	__u32 save;

	if (attacher_copies(t) || attach_stack(process, &save) ||
	    pthread_create(&thread, NULL, execute, t))
		_exit(3);
	for (;;)
		pause();
}

TEST_F(lifetime, attacher_ends_in_mid_copy)
{
	static void (*const ways[])(struct target *t) = {
		attacher_is_killed, attacher_exits, attacher_executes,
		attacher_thread_executes,
	};
	unsigned int rounds = scaled(40), i, j;
	struct target attacher;

	if (rounds < 3)
		rounds = 3;
	ASSERT_TRUE(target_start(&target, NULL));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	victim = target.pid;
	for (i = 0; i < rounds; i++) {
		for (j = 0; j < ARRAY_SIZE(ways); j++) {
			ASSERT_TRUE(target_start(&attacher, ways[j]));
			EXPECT_LE(3, stack_count(process));
			if (j) {
				target_go(&attacher, 1);
				EXPECT_EQ(0, reap(attacher.pid)) {
					TH_LOG("way %u", j);
				}
			} else {
				EXPECT_EQ(-SIGKILL, target_kill(&attacher));
			}
			EXPECT_TRUE(wait_until(!stack_count(process))) {
				TH_LOG("way %u", j);
			}
		}
	}
	EXPECT_EQ(0x1000, read_word(process, &word));
	target_kill(&target);
}

/* Both at once. */
TEST_F(lifetime, both_end)
{
	unsigned int rounds = scaled(100), i;
	struct target attacher;

	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(target_start(&target, NULL));
		victim = target.pid;
		process = open_process(dev, target.pid);
		ASSERT_LE(0, process);
		ASSERT_TRUE(target_start(&attacher, attacher_is_killed));
		kill(i & 1 ? target.pid : attacher.pid, SIGKILL);
		kill(i & 1 ? attacher.pid : target.pid, SIGKILL);
		reap(target.pid);
		reap(attacher.pid);
		EXPECT_TRUE(wait_gone(process));
		EXPECT_TRUE(wait_until(!stack_count(process)));
		close(process);
	}
}

/* The descriptor is closed while a copy on it is under way. */
TEST_F(lifetime, closed_in_mid_copy)
{
	struct worker worker = { .arg = 1 };
	unsigned int i;

	ASSERT_TRUE(target_start(&target, NULL));
	for (i = 0; i < scaled(50); i++) {
		process = open_process(dev, target.pid);
		ASSERT_LE(0, process);
		ASSERT_TRUE(worker_start(&worker, dev, copy_large));
		ASSERT_TRUE(worker_reached(&worker, 1));
		close(process);
		worker_join(&worker);
		EXPECT_EQ(-EBADF, worker.ret);
		close(worker.fd);
	}
	target_kill(&target);
}

/* Levels of a nest that end one by one, while it is in there. */
TEST_F(lifetime, levels_end)
{
	struct target levels[NTAPC_ATTACH_DEPTH_MAX];
	__u32 save[NTAPC_ATTACH_DEPTH_MAX];
	int processes[NTAPC_ATTACH_DEPTH_MAX], i;

	for (i = 0; i < NTAPC_ATTACH_DEPTH_MAX; i++) {
		ASSERT_TRUE(target_start(&levels[i], NULL));
		processes[i] = open_process(dev, levels[i].pid);
		ASSERT_LE(0, processes[i]);
		ASSERT_EQ(0, attach_stack(processes[i], &save[i]));
	}
	/* Every second one. */
	for (i = 0; i < NTAPC_ATTACH_DEPTH_MAX; i += 2) {
		target_kill(&levels[i]);
		ASSERT_TRUE(wait_gone(processes[i]));
		close(processes[i]);
	}
	for (i = NTAPC_ATTACH_DEPTH_MAX - 1; i >= 0; i--) {
		__u64 seen;

		EXPECT_EQ(i & 1 ? 0 : -ESRCH, copy_read(dev, &seen, &word, 8));
		EXPECT_EQ(0, detach_stack(dev, save[i]));
	}
	EXPECT_EQ(0x1000, read_word(dev, &word));
	for (i = 1; i < NTAPC_ATTACH_DEPTH_MAX; i += 2)
		target_kill(&levels[i]);
}

/*
 * A storm: threads that open, attach to and copy from targets that are killed,
 * exit and execute themselves again and again. Whatever is read is of one image or
 * another: all of one kind.
 */
#define SLOTS		4
#define ATTACKERS	8
#define PATTERN		0x5a

static unsigned char uniform[70000];
static unsigned char scratch[70000];
static atomic_bool storming;
static atomic_int slots[SLOTS];
static atomic_uint ends, hits, misses;

static void be_slot(struct target *t)
{
	(void)t;
	if (victim) {
		char *argv[] = { program, "--again", "3", NULL };

		atomic_store(&t->shared->stage, 1);
		execv(program, argv);
	}
}

/* Keeps one slot filled. */
static void *keep_slot(void *arg)
{
	atomic_int *slot = arg;
	unsigned int round = 0;

	while (atomic_load(&storming)) {
		struct target one = {};

		/* Only a hint for the child: a race here is all right. */
		victim = round & 1;
		/* One that is slow to come will do as well. */
		if (!target_start(&one, be_slot) && one.pid <= 0)
			abort();
		atomic_store(slot, one.pid);
		breathe(round++ % 20 + 10);
		target_kill(&one);
		atomic_fetch_add(&ends, 1);
	}
	atomic_store(slot, 0);
	return NULL;
}

static bool is_expected(int ret)
{
	return !ret || ret == -ESRCH || ret == -EFAULT;
}

static void attack(struct worker *worker)
{
	unsigned char *buffer = map_pages(sizeof(uniform));
	unsigned int random = worker->arg * 7919 + 1;

	while (atomic_load(&storming) && !worker->ret) {
		size_t length, start;
		int fds[2], ret, i;
		__u32 save[2];

		random = random * 1103515245 + 12345;
		length = 1 + (random >> 8) % (sizeof(uniform) - 1);
		start = (random >> 16) % (sizeof(uniform) - length);
		for (i = 0; i < 2; i++) {
			pid_t pid = atomic_load(&slots[(random >> 4 * i) %
						       SLOTS]);

			/* 0 would be oneself. */
			fds[i] = open_process(worker->dev, pid ?: INT_MAX);
			if (fds[i] >= 0)
				continue;
			/* It may be just ending: whatever the kernel said. */
			if (fds[i] != -ESRCH && fds[i] != -EACCES)
				worker->ret = fds[i];
		}
		if (fds[0] < 0 || fds[1] < 0) {
			close(fds[0]);
			close(fds[1]);
			atomic_fetch_add(&misses, 1);
			sched_yield();
			continue;
		}
		ret = copy_read(fds[0], buffer, uniform + start, length);
		if (!is_expected(ret))
			worker->ret = ret;
		if (!ret && same_bytes(buffer, length, buffer[0]) != length)
			worker->ret = -1001;
		ret = attach_stack(fds[0], &save[0]);
		if (!is_expected(ret))
			worker->ret = ret;
		if (!ret) {
			int inner = attach_stack(fds[1], &save[1]);

			if (!is_expected(inner))
				worker->ret = inner;
			ret = copy_read(worker->dev, buffer, uniform + start,
					length);
			if (!is_expected(ret))
				worker->ret = ret;
			if (!ret && same_bytes(buffer, length, buffer[0]) !=
			    length)
				worker->ret = -1002;
			if (!ret)
				atomic_fetch_add(&hits, 1);
			ret = copy_write(worker->dev, buffer, scratch + start,
					 length);
			if (!is_expected(ret))
				worker->ret = ret;
			if (random & 64)
				close(fds[0]);
			if (!inner && detach_stack(worker->dev, save[1]))
				worker->ret = -1003;
			if (detach_stack(worker->dev, save[0]))
				worker->ret = -1004;
			if (random & 64)
				fds[0] = -1;
		}
		close(fds[0]);
		close(fds[1]);
	}
}

#define ENOUGH_HITS	20

/* However long it takes: it is false only when there come no more of them. */
static bool hit_often_enough(void)
{
	unsigned int n;

	for (n = 1; n <= ENOUGH_HITS; n++)
		if (!wait_until(atomic_load(&hits) >= n))
			return false;
	return true;
}

TEST_F(lifetime, storm)
{
	static struct worker workers[ATTACKERS];
	pthread_t keepers[SLOTS];
	__u64 end = in_ms(8000);
	unsigned int i;

	memset(uniform, PATTERN, sizeof(uniform));
	atomic_store(&storming, true);
	for (i = 0; i < SLOTS; i++) {
		ASSERT_EQ(0, pthread_create(&keepers[i], NULL, keep_slot,
					    &slots[i]));
	}
	for (i = 0; i < ATTACKERS; i++) {
		workers[i].arg = i;
		ASSERT_TRUE(worker_start(&workers[i], dev, attack));
	}
	while (now() < end)
		breathe(UNHURRIED);
	EXPECT_TRUE(hit_often_enough());
	atomic_store(&storming, false);
	for (i = 0; i < ATTACKERS; i++) {
		worker_join(&workers[i]);
		EXPECT_EQ(0, workers[i].ret);
		close(workers[i].fd);
	}
	for (i = 0; i < SLOTS; i++)
		pthread_join(keepers[i], NULL);
	TH_LOG("%u targets ended, %u copies, %u too late", ends, hits, misses);
	EXPECT_LT(0, ends);
	EXPECT_EQ(sizeof(uniform), same_bytes(uniform, sizeof(uniform),
					      PATTERN));
}

/* Processes leave no records, however many are opened. */
TEST_F(lifetime, many_processes)
{
	unsigned int rounds = scaled(500), i;
	__u32 save;

	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(target_start(&target, NULL));
		process = open_process(dev, target.pid);
		ASSERT_LE(0, process);
		ASSERT_EQ(0, attach_stack(process, &save));
		if (i & 1) {
			EXPECT_EQ(0, detach_stack(dev, save));
			target_kill(&target);
		} else {
			target_kill(&target);
			EXPECT_EQ(0, detach_stack(dev, save));
		}
		close(process);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--true"))
		return 0;
	if (argc > 1 && !strcmp(argv[1], "--sleep")) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	/* Executes itself some more times. */
	if (argc > 2 && !strcmp(argv[1], "--again")) {
		char number[2] = { argv[2][0] - 1 };
		char *again[] = { argv[0], "--again", number, NULL };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (argv[2][0] > '0')
			execv(argv[0], again);
		for (;;)
			pause();
	}
	return test_harness_run(argc, argv);
}
