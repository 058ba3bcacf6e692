// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies from and to all kinds of memory: never touched, shared, of files, huge,
 * copied on write, a growing stack, and such that somebody else has to bring in.
 */
#include "procs.h"
#include "faults.h"
#include "kselftest_harness.h"

static int dev, process;
static struct target target;
static unsigned char *area;

#define AREA	(64 * ONE_PAGE)

FIXTURE(memory)
{
};

FIXTURE_SETUP(memory)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	area = map_pages(AREA);
	ASSERT_NE(MAP_FAILED, area);
}

FIXTURE_TEARDOWN(memory)
{
	if (process > 0) {
		EXPECT_TRUE(wait_until(!stack_count(process)));
	}
	if (target.pid > 0)
		target_kill(&target);
}

#define START(fn) do {							\
	ASSERT_TRUE(target_start(&target, fn));				\
	process = open_process(dev, target.pid);			\
	ASSERT_LE(0, process);						\
} while (0)

/* Pages that nobody has touched: zeros to read, and there once written. */
TEST_F(memory, never_touched)
{
	static unsigned char buffer[AREA];

	START(NULL);
	memset(buffer, 0xa5, sizeof(buffer));
	EXPECT_EQ(0, copy_read(process, buffer, area, AREA));
	EXPECT_EQ(AREA, same_bytes(buffer, AREA, 0));
	/* A page in between is written to first. */
	EXPECT_EQ(0, copy_write(process, "x", area + 5 * ONE_PAGE + 9, 1));
	ASSERT_TRUE(peek(target.pid, buffer, area, AREA));
	EXPECT_EQ(5 * ONE_PAGE + 9, same_bytes(buffer, AREA, 0));
	EXPECT_EQ('x', buffer[5 * ONE_PAGE + 9]);
	/* And one's own, which is never touched before the copy into it. */
	EXPECT_EQ(0, copy_read(process, area, area, AREA));
	EXPECT_EQ('x', area[5 * ONE_PAGE + 9]);
	pattern_fill(buffer, AREA, 4);
	EXPECT_EQ(0, copy_write(process, buffer, area + ONE_PAGE,
				AREA - ONE_PAGE));
	memset(buffer, 0, AREA);
	ASSERT_TRUE(peek(target.pid, buffer, area + ONE_PAGE, AREA - ONE_PAGE));
	EXPECT_EQ(AREA - ONE_PAGE, pattern_check(buffer, AREA - ONE_PAGE, 0, 4));
}

static unsigned char *mapped;
static int file;

/* On go 1 it syncs the mapping; on go 2 it has unmapped it. */
static void map_file(struct target *t)
{
	mapped = mmap(mapped, AREA, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_FIXED, file, 0);
	if (mapped == MAP_FAILED)
		_exit(1);
	target_step(t, 1);
	if (msync(mapped, AREA, MS_SYNC))
		_exit(2);
	target_step(t, 2);
}

/* A shared mapping of a file: what is written there is in the file. */
TEST_F(memory, shared_file)
{
	static unsigned char buffer[AREA];
	char path[] = "/tmp/ntapc-copy.XXXXXX";

	file = mkostemp(path, O_CLOEXEC);
	ASSERT_LE(0, file);
	unlink(path);
	ASSERT_EQ(0, ftruncate(file, AREA));
	mapped = area;
	START(map_file);
	pattern_fill(buffer, AREA, 5);
	EXPECT_EQ(0, copy_write(process, buffer, mapped, AREA));
	target_go(&target, 1);
	ASSERT_TRUE(target_reached(&target, 2));
	memset(buffer, 0, AREA);
	ASSERT_EQ(AREA, pread(file, buffer, AREA, 0));
	EXPECT_EQ(AREA, pattern_check(buffer, AREA, 0, 5));
	/* And the other way. */
	ASSERT_EQ(4, pwrite(file, "ABCD", 4, 4094));
	EXPECT_EQ(0, copy_read(process, buffer, mapped + 4094, 4));
	EXPECT_EQ(0, memcmp(buffer, "ABCD", 4));
	target_go(&target, 2);
}

/* A private one: the file stays as it is. */
TEST_F(memory, private_file)
{
	char path[] = "/tmp/ntapc-copy.XXXXXX", text[4];
	unsigned char *map;

	file = mkostemp(path, O_CLOEXEC);
	ASSERT_LE(0, file);
	unlink(path);
	ASSERT_EQ(AREA, pwrite(file, area, AREA, 0));
	ASSERT_EQ(4, pwrite(file, "abcd", 4, 4094));
	map = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	ASSERT_NE(MAP_FAILED, map);
	START(NULL);
	EXPECT_EQ(0, copy_read(process, text, map + 4094, 4));
	EXPECT_EQ(0, memcmp(text, "abcd", 4));
	EXPECT_EQ(0, copy_write(process, "WXYZ", map + 4094, 4));
	ASSERT_TRUE(peek(target.pid, text, map + 4094, 4));
	EXPECT_EQ(0, memcmp(text, "WXYZ", 4));
	ASSERT_EQ(4, pread(file, text, 4, 4094));
	EXPECT_EQ(0, memcmp(text, "abcd", 4));
	EXPECT_EQ(0, memcmp(map + 4094, "abcd", 4));
}

/*
 * Code is mapped read-only and private: a debugger could force its way in, ntapc
 * doesn't.
 */
TEST_F(memory, code_is_not_written_to)
{
	unsigned char code[16], now_there[16];
	const void *function = (const void *)(uintptr_t)pattern_byte;
	struct ntapc_copy args = {
		.remote = ADDR(function),
		.local = ADDR(code),
		.length = sizeof(code),
	};
	struct ntapc_fill fill = {
		.width = 1,
		.remote = ADDR(function),
		.length = 8,
	};
	__u64 old;

	START(NULL);
	EXPECT_EQ(0, copy_full(process, NTAPC_IOC_READ, &args));
	EXPECT_EQ(0, memcmp(code, function, sizeof(code)));
	EXPECT_EQ(-EFAULT, copy_full(process, NTAPC_IOC_WRITE, &args));
	EXPECT_EQ(0, args.done);
	EXPECT_EQ(ADDR(function), args.fault);
	EXPECT_EQ(-EFAULT, fill_full(process, &fill));
	EXPECT_EQ(0, fill.done);
	EXPECT_EQ(-EFAULT, compare_exchange(process,
					    (void *)(ADDR(function) & -8UL), 8,
					    0, 0, &old));
	ASSERT_TRUE(peek(target.pid, now_there, function, sizeof(code)));
	EXPECT_EQ(0, memcmp(code, now_there, sizeof(code)));
}

/* What is written goes to the target alone, after a fork() on either side. */
static void fork_again(struct target *t)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	atomic_store(&t->shared->value[0], child);
}

TEST_F(memory, copy_on_write)
{
	static unsigned char buffer[AREA];
	pid_t grandchild;

	pattern_fill(area, AREA, 6);
	START(fork_again);
	grandchild = atomic_load(&target.shared->value[0]);
	ASSERT_LT(0, grandchild);
	memset(buffer, 0x77, AREA);
	EXPECT_EQ(0, copy_write(process, buffer, area, AREA));
	EXPECT_EQ(AREA, pattern_check(area, AREA, 0, 6));
	ASSERT_TRUE(peek(grandchild, buffer, area, AREA));
	EXPECT_EQ(AREA, pattern_check(buffer, AREA, 0, 6));
	ASSERT_TRUE(peek(target.pid, buffer, area, AREA));
	EXPECT_EQ(AREA, same_bytes(buffer, AREA, 0x77));
	kill(grandchild, SIGKILL);
}

/* The same for a copy into one's own memory. */
TEST_F(memory, copy_on_write_here)
{
	static unsigned char buffer[AREA];

	pattern_fill(area, AREA, 6);
	START(NULL);
	/* area is shared with the target, copied on write. */
	memset(buffer, 0x55, AREA);
	ASSERT_TRUE(poke(target.pid, buffer, buffer, AREA));
	EXPECT_EQ(0, copy_read(process, area, buffer, AREA));
	EXPECT_EQ(AREA, same_bytes(area, AREA, 0x55));
	ASSERT_TRUE(peek(target.pid, buffer, area, AREA));
	EXPECT_EQ(AREA, pattern_check(buffer, AREA, 0, 6));
}

/* Zero pages: what was only ever read becomes memory of its own. */
TEST_F(memory, zero_page)
{
	unsigned char buffer[16];
	volatile unsigned char sum = 0;
	size_t i;

	for (i = 0; i < AREA; i += ONE_PAGE)
		sum += area[i];
	START(NULL);
	EXPECT_EQ(0, copy_write(process, "zero page", area, 9));
	ASSERT_TRUE(peek(target.pid, buffer, area, 16));
	EXPECT_EQ(0, memcmp(buffer, "zero page", 9));
	EXPECT_EQ(16, same_bytes(area, 16, 0));
	ASSERT_TRUE(peek(target.pid, buffer, area + ONE_PAGE, 16));
	EXPECT_EQ(16, same_bytes(buffer, 16, 0));
}

/* Where the target's stack begins now; 0 if it can't be found. */
static __u64 stack_start(pid_t pid)
{
	char path[64], line[256];
	__u64 found = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return 0;
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[stack]"))
			found = strtoull(line, NULL, 16);
	fclose(maps);
	return found;
}

/*
 * A stack grows when it is copied to, where the kernel lets a copy from outside do
 * that: its own says whether it does. It never grows beyond its limit.
 */
TEST_F(memory, stack_growth)
{
	struct ntapc_copy args = { .local = ADDR(area), .length = 8 };
	__u64 start;
	bool grows;

	START(NULL);
	start = stack_start(target.pid);
	ASSERT_NE(0, start);
	pattern_fill(area, 8, 7);
	grows = poke(target.pid, area, (void *)(uintptr_t)(start - 8), 8);
	start = stack_start(target.pid);
	args.remote = start - 8;
	EXPECT_EQ(grows ? 0 : -EFAULT,
		  copy_full(process, NTAPC_IOC_WRITE, &args));
	if (grows) {
		EXPECT_EQ(8, args.done);
		EXPECT_GT(start, stack_start(target.pid));
		memset(area, 0, 8);
		ASSERT_TRUE(peek(target.pid, area,
				 (void *)(uintptr_t)(start - 8), 8));
		EXPECT_EQ(8, pattern_check(area, 8, 0, 7));
	} else {
		EXPECT_EQ(0, args.done);
		EXPECT_EQ(start - 8, args.fault);
		EXPECT_EQ(start, stack_start(target.pid));
	}
	args.remote = start - (1ULL << 32);
	EXPECT_EQ(-EFAULT, copy_full(process, NTAPC_IOC_READ, &args));
	EXPECT_EQ(0, args.done);
	EXPECT_EQ(args.remote, args.fault);
}

#define HUGE_PAGE	(2 * MIB)

/* Over the borders of huge pages, written by both. */
static void check_huge(struct __test_metadata *_metadata, unsigned char *huge,
		       size_t length)
{
	unsigned char *buffer = map_pages(length), *check = map_pages(length);
	size_t at = HUGE_PAGE - 5000;

	ASSERT_EQ(0, copy_read(process, buffer, huge, length));
	EXPECT_EQ(length, pattern_check(buffer, length, 0, 8));
	pattern_fill(buffer, 10000, 9);
	ASSERT_EQ(0, copy_write(process, buffer, huge + at, 10000));
	ASSERT_TRUE(peek(target.pid, check, huge, length));
	EXPECT_EQ(at, pattern_check(check, at, 0, 8));
	EXPECT_EQ(10000, pattern_check(check + at, 10000, 0, 9));
	EXPECT_EQ(length - at - 10000,
		  pattern_check(check + at + 10000, length - at - 10000,
				at + 10000, 8));
	/* Here nothing has changed. */
	EXPECT_EQ(length, pattern_check(huge, length, 0, 8));
	/* And into huge pages of one's own. */
	ASSERT_EQ(0, copy_read(process, huge, huge, length));
	EXPECT_EQ(0, memcmp(huge, check, length));
}

TEST_F(memory, transparent_huge_pages)
{
	unsigned char *map = map_pages(3 * HUGE_PAGE), *huge;

	if (access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK))
		SKIP(return, "no transparent huge pages");
	huge = (void *)((ADDR(map) + HUGE_PAGE - 1) & -HUGE_PAGE);
	ASSERT_EQ(0, madvise(huge, 2 * HUGE_PAGE, MADV_HUGEPAGE));
	pattern_fill(huge, 2 * HUGE_PAGE, 8);
	START(NULL);
	check_huge(_metadata, huge, 2 * HUGE_PAGE);
}

TEST_F(memory, hugetlb)
{
	static const char path[] = "/proc/sys/vm/nr_hugepages";
	long long before = read_number(path);
	struct ntapc_query mapping;
	unsigned char *huge;

	if (before < 0 || geteuid())
		SKIP(return, "no huge pages, or not root");
	write_number(path, before + 6);
	if (read_number(path) < before + 6) {
		write_number(path, before);
		SKIP(return, "no huge pages to be had");
	}
	huge = mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, huge);
	pattern_fill(huge, 2 * HUGE_PAGE, 8);
	START(NULL);
	ASSERT_EQ(0, query(process, ADDR(huge) + 5, &mapping, NULL, 0));
	EXPECT_TRUE(mapping.type & NTAPC_MAP_HUGETLB);
	check_huge(_metadata, huge, 2 * HUGE_PAGE);
	target_kill(&target);
	target.pid = 0;
	munmap(huge, 2 * HUGE_PAGE);
	write_number(path, before);
}

/*
 * Memory whose missing pages somebody brings in: here it is we who do, when we
 * like (userfaultfd).
 */
static void register_all(struct target *t)
{
	int fd = register_faults(area, AREA);

	atomic_store(&t->shared->value[0], fd);
	/* When its parent has it, it is the only one who has. */
	target_step(t, 1);
	close(fd);
}

/* The descriptor of the child's user faults; below 0 if there is none. */
static int start_faulting(void)
{
	int fd, pidfd;

	if (!target_start(&target, register_all))
		return -1;
	process = open_process(dev, target.pid);
	pidfd = pidfd_of(target.pid);
	fd = atomic_load(&target.shared->value[0]);
	if (process < 0 || fd < 0) {
		target_go(&target, 1);
		return -1;
	}
	fd = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	close(pidfd);
	target_go(&target, 1);
	return target_reached(&target, 2) ? fd : -1;
}

static unsigned char served[AREA];

static void read_all(struct worker *worker)
{
	worker->ret = copy_read(process, served, area, 8 * ONE_PAGE);
	atomic_store(&worker->stage, 1);
}

static void write_all(struct worker *worker)
{
	worker->ret = copy_write(process, served, area, 8 * ONE_PAGE);
	atomic_store(&worker->stage, 1);
}

TEST_F(memory, faults_that_are_served)
{
	static unsigned char page[ONE_PAGE];
	struct worker worker = {};
	int faults = start_faulting();
	unsigned int i;
	__u64 address;

	if (faults < 0)
		SKIP(return, "no user faults of another process's");
	ASSERT_TRUE(worker_start(&worker, dev, read_all));
	for (i = 0; i < 8; i++) {
		address = next_fault(faults);
		ASSERT_EQ(ADDR(area) + i * ONE_PAGE, address);
		EXPECT_EQ(0, worker.stage);
		/* StackCount: copies under way. */
		EXPECT_EQ(1, stack_count(process));
		memset(page, i + 1, ONE_PAGE);
		ASSERT_EQ(0, serve_fault(faults, address, page));
	}
	ASSERT_TRUE(worker_reached(&worker, 1));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(ONE_PAGE, same_bytes(served + i * ONE_PAGE, ONE_PAGE,
					       i + 1));
	}
	EXPECT_EQ(0, stack_count(process));
	close(faults);
}

/* While one copy is held up others are not (threat 20). */
TEST_F(memory, others_go_on_meanwhile)
{
	struct target other;
	struct worker worker = {};
	int faults = start_faulting(), second, i;
	static __u64 word = 0x99;
	__u64 address;

	if (faults < 0)
		SKIP(return, "no user faults of another process's");
	ASSERT_TRUE(target_start(&other, NULL));
	second = open_process(dev, other.pid);
	ASSERT_LE(0, second);
	ASSERT_TRUE(worker_start(&worker, dev, write_all));
	address = next_fault(faults);
	ASSERT_EQ(ADDR(area), address);
	for (i = 0; i < 100; i++) {
		/* In the same process, and in another. */
		ASSERT_EQ(0x99, read_word(process, &word));
		ASSERT_EQ(0x99, read_word(second, &word));
	}
	ASSERT_EQ(0, copy_read(second, served, served, sizeof(served)));
	ASSERT_EQ(0, attach(second));
	ASSERT_EQ(0, detach(dev));
	EXPECT_EQ(0, worker.stage);
	/* Nobody serves any more: the pages are anonymous ones again. */
	close(faults);
	target_kill(&other);
	ASSERT_TRUE(worker_reached(&worker, 1));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
}

/* SIGKILL of who is held up: it dies, served or not. */
TEST_F(memory, killed_while_held_up)
{
	unsigned int cmds[] = { NTAPC_IOC_READ, NTAPC_IOC_WRITE }, i;
	int faults = start_faulting();
	static __u64 word = 0x99;
	pid_t caller;

	if (faults < 0)
		SKIP(return, "no user faults of another process's");
	for (i = 0; i < 2; i++) {
		__u64 where = ADDR(area) + i * 8 * ONE_PAGE;

		caller = fork();
		ASSERT_LE(0, caller);
		if (!caller) {
			close(faults);
			copy_plain(process, cmds[i], served, where,
				   8 * ONE_PAGE);
			_exit(1);
		}
		ASSERT_EQ(where, next_fault(faults));
		kill(caller, SIGKILL);
		EXPECT_EQ(-SIGKILL, reap(caller));
		/* The target and others live on. */
		EXPECT_EQ(0x99, read_word(process, &word));
	}
	close(faults);
	EXPECT_TRUE(wait_until(!stack_count(process)));
}

/* Calls that are held up are limited, and hold up nothing else. */
static int call_at(unsigned int page)
{
	__u64 value;

	return attached_call(process, "strnlen",
			     ADDR(area) + page * ONE_PAGE, 8, &value);
}

static void call_held_up(struct worker *worker)
{
	worker->ret = call_at(worker->arg);
	atomic_store(&worker->stage, 1);
}

static struct worker callers[NTAPC_CALLS_MAX];

static bool start_callers(void)
{
	unsigned int i;

	for (i = 0; i < NTAPC_CALLS_MAX; i++) {
		callers[i] = (struct worker) { .arg = i };
		if (!worker_start(&callers[i], dev, call_held_up))
			return false;
	}
	return true;
}

static bool all_at_their_faults(int faults)
{
	unsigned int i;

	for (i = 0; i < NTAPC_CALLS_MAX; i++)
		if (!next_fault(faults))
			return false;
	return true;
}

TEST_F(memory, calls_that_are_held_up)
{
	int faults = start_faulting();
	static __u64 word = 0x99;
	unsigned int i;
	__u64 value;

	if (faults < 0)
		SKIP(return, "no user faults of another process's");
	ASSERT_TRUE(start_callers());
	ASSERT_TRUE(all_at_their_faults(faults));
	EXPECT_EQ(-EAGAIN, attached_call(process, "crc32", ADDR(&word), 8,
					 &value));
	EXPECT_EQ(-EAGAIN, attached_call(dev, "crc32", ADDR(&word), 8, &value));
	/* Copies are something else. */
	EXPECT_EQ(0x99, read_word(process, &word));
	close(faults);
	for (i = 0; i < NTAPC_CALLS_MAX; i++) {
		worker_join(&callers[i]);
		EXPECT_EQ(0, callers[i].ret);
	}
	EXPECT_TRUE(wait_until(!attached_call(process, "crc32", ADDR(&word), 8,
					      &value)));
}

static void call_in_many_threads(struct target *t)
{
	target_step(t, 1);
	if (!start_callers())
		_exit(1);
}

/* The callers die; what they have started goes on to its end. */
TEST_F(memory, callers_are_killed)
{
	struct target caller;
	int faults = start_faulting();
	static __u64 word = 0x99;
	__u64 value;

	if (faults < 0)
		SKIP(return, "no user faults of another process's");
	ASSERT_TRUE(target_start(&caller, call_in_many_threads));
	target_go(&caller, 1);
	ASSERT_TRUE(all_at_their_faults(faults));
	EXPECT_EQ(-SIGKILL, target_kill(&caller));
	EXPECT_EQ(-EAGAIN, attached_call(process, "crc32", ADDR(&word), 8,
					 &value));
	EXPECT_EQ(0x99, read_word(process, &word));
	close(faults);
	EXPECT_TRUE(wait_until(!attached_call(process, "crc32", ADDR(&word), 8,
					      &value)));
}

/* And of the target: then the copy ends, short. */
TEST_F(memory, target_killed_while_held_up)
{
	struct worker worker = {};
	int faults = start_faulting();
	__u64 word;

	if (faults < 0)
		SKIP(return, "no user faults of another process's");
	ASSERT_TRUE(worker_start(&worker, dev, read_all));
	ASSERT_EQ(ADDR(area), next_fault(faults));
	kill(target.pid, SIGKILL);
	/* The fault itself is held up until nobody serves it any more. */
	EXPECT_TRUE(wait_gone(process));
	close(faults);
	ASSERT_TRUE(worker_reached(&worker, 1));
	worker_join(&worker);
	/* It may have got to its end without looking. */
	EXPECT_TRUE(worker.ret == -ESRCH || !worker.ret);
	EXPECT_TRUE(wait_gone(process));
	EXPECT_EQ(-ESRCH, copy_read(process, &word, area, 8));
	EXPECT_EQ(-SIGKILL, reap(target.pid));
	target.pid = 0;
}

/* Faults on one's own memory. */
static void copy_from_own_faults(struct target *t)
{
	int fd = register_faults(area, 8 * ONE_PAGE);

	atomic_store(&t->shared->value[0], fd);
	target_step(t, 1);
	if (fd >= 0)
		copy_write(process, area, served, 8 * ONE_PAGE);
}

TEST_F(memory, killed_while_held_up_by_itself)
{
	struct target caller;
	int fd, pidfd;

	START(NULL);
	ASSERT_TRUE(target_start(&caller, copy_from_own_faults));
	fd = atomic_load(&caller.shared->value[0]);
	if (fd < 0) {
		target_kill(&caller);
		SKIP(return, "no user faults");
	}
	pidfd = pidfd_of(caller.pid);
	fd = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	close(pidfd);
	ASSERT_LE(0, fd);
	target_go(&caller, 1);
	ASSERT_EQ(ADDR(area), next_fault(fd));
	EXPECT_EQ(-SIGKILL, target_kill(&caller));
	close(fd);
}

static void copy_from_area(struct worker *worker)
{
	worker->ret = copy_write(process, area, served, 8 * ONE_PAGE);
	atomic_store(&worker->stage, 1);
}

TEST_F(memory, own_faults_served)
{
	static unsigned char page[ONE_PAGE];
	struct worker worker = {};
	__u64 address;
	unsigned int i;
	int faults;

	START(NULL);
	faults = register_faults(area, 8 * ONE_PAGE);
	if (faults < 0)
		SKIP(return, "no user faults");
	ASSERT_TRUE(worker_start(&worker, dev, copy_from_area));
	for (i = 0; i < 8; i++) {
		address = next_fault(faults);
		ASSERT_NE(0, address);
		memset(page, 1 + (address - ADDR(area)) / ONE_PAGE, ONE_PAGE);
		ASSERT_EQ(0, serve_fault(faults, address, page));
	}
	ASSERT_TRUE(worker_reached(&worker, 1));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	close(faults);
	ASSERT_TRUE(peek(target.pid, served, served, 8 * ONE_PAGE));
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(ONE_PAGE, same_bytes(served + i * ONE_PAGE, ONE_PAGE,
					       i + 1));
	}
}

/* A 32-bit process: its addresses are as good as others. */
TEST_F(memory, target_of_32_bits)
{
	static const char program[] = "./abi32";
	struct ntapc_process_info info;
	struct ntapc_query mapping;
	char number[2][16], *argv[] = {
		(char *)program, "--target", number[0], number[1], NULL,
	};
	__u64 word = 0, old, address;
	int ready[2], go[2], fd;
	pid_t child;

	if (access(program, X_OK) || on_uml())
		SKIP(return, "no 32-bit programs here");
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		close(go[1]);
		snprintf(number[0], sizeof(number[0]), "%d", ready[1]);
		snprintf(number[1], sizeof(number[1]), "%d", go[0]);
		execv(program, argv);
		_exit(99);
	}
	close(ready[1]);
	close(go[0]);
	/* It tells where its word is, which holds 0x32323232. */
	if (read(ready[0], &address, 8) != 8) {
		EXPECT_EQ(99, reap(child));
		SKIP(return, "this kernel runs no 32-bit programs");
	}
	fd = open_process(dev, child);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_process_info(fd, &info));
	EXPECT_EQ(NTAPC_PROCESS_32BIT, info.flags);
	ASSERT_GT(1ULL << 32, address);
	EXPECT_EQ(0, copy_plain(fd, NTAPC_IOC_READ, &word, address, 4));
	EXPECT_EQ(0x32323232, word);
	EXPECT_EQ(1, compare_exchange(fd, (void *)(uintptr_t)address, 4,
				      0x33333333, 0x32323232, &old));
	EXPECT_EQ(0x32323232, old);
	EXPECT_EQ(0, copy_plain(fd, NTAPC_IOC_READ, &word, address, 4));
	EXPECT_EQ(0x33333333, word);
	ASSERT_EQ(0, query(fd, address, &mapping, NULL, 0));
	EXPECT_TRUE(mapping.type & NTAPC_MAP_MAPPED);
	ASSERT_EQ(0, attach(fd));
	EXPECT_EQ(0, copy_plain(dev, NTAPC_IOC_WRITE, &word, address, 4));
	EXPECT_EQ(0, detach(dev));
	/* Beyond its 4 GiB there is nothing, nor can be. */
	EXPECT_EQ(-EINVAL, query(fd, address | 1ULL << 32, &mapping, NULL, 0));
	EXPECT_EQ(-EFAULT, copy_plain(fd, NTAPC_IOC_READ, &word, address |
				      1ULL << 32, 4));
	/* It says whether the word is what it was made. */
	ASSERT_EQ(1, write(go[1], "x", 1));
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(wait_gone(fd));
}

TEST_HARNESS_MAIN
