// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows: memory shared with the kernel, to and from which copies of the largest
 * size are fastest.
 */
#include "procs.h"
#include "kselftest_harness.h"

#include <sys/resource.h>
#include <sys/stat.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif

#define USER	65530

#define THERE	1

static int dev, process;
static struct target target;

FIXTURE(window)
{
};

FIXTURE_SETUP(window)
{
	dev = open_device();
	ASSERT_LE(0, dev);
}

FIXTURE_TEARDOWN(window)
{
}

static unsigned char *map_window(int window, size_t offset, size_t length)
{
	void *map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED,
			 window, offset);

	return map == MAP_FAILED ? NULL : map;
}

TEST_F(window, limits)
{
	struct ntapc_window args = { .size = sizeof(args) };
	int window;

	EXPECT_EQ(-EINVAL, open_window(dev, 0));
	EXPECT_EQ(-EINVAL, open_window(dev, NTAPC_WINDOW_MAX + 1));
	EXPECT_EQ(-EINVAL, open_window(dev, 1ULL << 32));
	EXPECT_EQ(-EINVAL, open_window(dev, ~0ULL));
	args.length = 1;
	args.flags = 1;
	EXPECT_EQ(-EINVAL, sys_ioctl(dev, NTAPC_IOC_WINDOW, &args));
	window = open_window(dev, 1);
	ASSERT_LE(0, window);
	EXPECT_EQ(FD_CLOEXEC, fcntl(window, F_GETFD));
	/* Rounded up to whole pages. */
	EXPECT_NE(NULL, map_window(window, 0, ONE_PAGE));
	EXPECT_EQ(NULL, map_window(window, 0, 2 * ONE_PAGE));
	window = open_window(dev, ONE_PAGE + 1);
	EXPECT_NE(NULL, map_window(window, 0, 2 * ONE_PAGE));
	close(window);
}

TEST_F(window, largest)
{
	int window = open_window(dev, NTAPC_WINDOW_MAX);
	unsigned char *map;

	if (window == -ENOMEM)
		SKIP(return, "not so much memory");
	ASSERT_LE(0, window);
	map = map_window(window, 0, NTAPC_WINDOW_MAX);
	ASSERT_NE(NULL, map);
	EXPECT_EQ(0, map[NTAPC_WINDOW_MAX - 1]);
	map[NTAPC_WINDOW_MAX - 1] = 1;
	EXPECT_EQ(1, map_window(window, NTAPC_WINDOW_MAX - ONE_PAGE,
				ONE_PAGE)[ONE_PAGE - 1]);
}

/* Whatever it was before: threat 16. */
TEST_F(window, zero_filled)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		int window = open_window(dev, 2 * MIB);
		unsigned char *map;

		ASSERT_LE(0, window);
		map = map_window(window, 0, 2 * MIB);
		ASSERT_NE(NULL, map);
		EXPECT_EQ(2 * MIB, same_bytes(map, 2 * MIB, 0));
		memset(map, 0xa5, 2 * MIB);
		close(window);
		EXPECT_EQ(2 * MIB, same_bytes(map, 2 * MIB, 0xa5));
		munmap(map, 2 * MIB);
	}
}

/* Any whole pages of it, shared; nothing else. */
TEST_F(window, mmap)
{
	int window = open_window(dev, 8 * ONE_PAGE);
	unsigned char *all, *part, *again;

	ASSERT_LE(0, window);
	all = map_window(window, 0, 8 * ONE_PAGE);
	ASSERT_NE(NULL, all);
	part = map_window(window, 3 * ONE_PAGE, 2 * ONE_PAGE);
	ASSERT_NE(NULL, part);
	again = map_window(window, 7 * ONE_PAGE, ONE_PAGE);
	ASSERT_NE(NULL, again);
	pattern_fill(all, 8 * ONE_PAGE, 1);
	EXPECT_EQ(2 * ONE_PAGE, pattern_check(part, 2 * ONE_PAGE, 3 * ONE_PAGE,
					      1));
	EXPECT_EQ(ONE_PAGE, pattern_check(again, ONE_PAGE, 7 * ONE_PAGE, 1));
	part[5] = ~part[5];
	EXPECT_EQ(part[5], all[3 * ONE_PAGE + 5]);
#define FAILS(length, protection, flags, offset) do {			\
	void *map_ = mmap(NULL, length, protection, flags, window, offset); \
									\
	EXPECT_EQ(MAP_FAILED, map_);					\
	EXPECT_EQ(EINVAL, errno);					\
} while (0)
	FAILS(9 * ONE_PAGE, PROT_READ, MAP_SHARED, 0);
	FAILS(8 * ONE_PAGE, PROT_READ, MAP_SHARED, ONE_PAGE);
	FAILS(ONE_PAGE, PROT_READ, MAP_SHARED, 8 * ONE_PAGE);
	FAILS(ONE_PAGE, PROT_READ, MAP_SHARED, 1ULL << 40);
	FAILS(ONE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	FAILS(ONE_PAGE, PROT_READ, MAP_PRIVATE, 0);
#undef FAILS
	/* It doesn't become more by growing a mapping. */
	EXPECT_EQ(MAP_FAILED, mremap(again, ONE_PAGE, 2 * ONE_PAGE,
				     MREMAP_MAYMOVE));
	/* Nothing else is to be done with the descriptor. */
	EXPECT_EQ(-1, read(window, all, 8));
	EXPECT_EQ(-1, write(window, all, 8));
	EXPECT_EQ(-1, pread(window, all, 8, 0));
	EXPECT_EQ(-1, ftruncate(window, 0));
	EXPECT_EQ(-ENOTTY, sys_ioctl(window, NTAPC_IOC_READ, all));
	EXPECT_EQ(-ENOTTY, sys_ioctl(window, NTAPC_IOC_WINDOW, all));
	/* A read-only mapping stays what it is. */
	part = mmap(NULL, ONE_PAGE, PROT_READ, MAP_SHARED, window, 0);
	ASSERT_NE(MAP_FAILED, part);
	EXPECT_EQ(all[1], part[1]);
}

/* The parts of it live in the kernel; the child of fork() sees the same. */
TEST_F(window, fork)
{
	int window = open_window(dev, ONE_PAGE);
	unsigned char *map = map_window(window, 0, ONE_PAGE);
	pid_t child;

	ASSERT_NE(NULL, map);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		map[7] = 7;
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(7, map[7]);
}

#define AREA	(5 * MIB)

static unsigned char *area;

static void be_target(struct target *t)
{
	(void)t;
	pattern_fill(area, AREA, THERE);
}

FIXTURE(copying)
{
	int fd, window;
	__u32 save;
	unsigned char *map;
};

FIXTURE_VARIANT(copying)
{
	bool attached;
};

FIXTURE_VARIANT_ADD(copying, of_a_process)
{
};

FIXTURE_VARIANT_ADD(copying, attached)
{
	.attached = true,
};

FIXTURE_SETUP(copying)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	area = map_pages(AREA);
	ASSERT_TRUE(target_start(&target, be_target));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	self->window = open_window(dev, AREA);
	ASSERT_LE(0, self->window);
	self->map = map_window(self->window, 0, AREA);
	ASSERT_NE(NULL, self->map);
	self->fd = process;
	if (variant->attached) {
		ASSERT_EQ(0, attach_stack(process, &self->save));
		self->fd = dev;
	}
}

FIXTURE_TEARDOWN(copying)
{
	if (variant->attached) {
		EXPECT_EQ(0, detach_stack(dev, self->save));
	}
	EXPECT_EQ(0, stack_count(process));
	target_kill(&target);
}

static int copy_window(int fd, unsigned int cmd, int window, __u64 offset,
		       __u64 remote, __u64 length, struct ntapc_copy *args)
{
	*args = (struct ntapc_copy) {
		.flags = NTAPC_COPY_WINDOW,
		.remote = remote,
		.local = offset,
		.length = length,
		.window = window,
	};
	return copy_full(fd, cmd, args);
}

/* The same as to other memory, at every size and alignment. */
TEST_F(copying, both_ways)
{
	static const size_t sizes[] = {
		1, 8, 63, 4095, 4096, 4097, 65536, 100001, 2 * MIB - 1,
		2 * MIB, 2 * MIB + 1, 4 * MIB + 4097,
	};
	static const size_t offsets[][2] = {
		{ 0, 0 }, { 1, 0 }, { 0, 1 }, { 4095, 7 }, { 100, 4095 },
		{ 4096, 65536 },
	};
	unsigned char *check = map_pages(AREA);
	struct ntapc_copy args;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			size_t near = 64 + offsets[j][0];
			size_t far = 64 + offsets[j][1];
			size_t size = sizes[i], k;

			if (size > 200000 && j > 2)
				continue;
			memset(self->map + near - 64, 0xa5, size + 128);
			ASSERT_EQ(0, copy_window(self->fd, NTAPC_IOC_READ,
						 self->window, near,
						 ADDR(area) + far, size, &args));
			ASSERT_EQ(size, args.done);
			ASSERT_EQ(size, pattern_check(self->map + near, size,
						      far, THERE)) {
				TH_LOG("%zu bytes", size);
			}
			ASSERT_EQ(64, same_bytes(self->map + near - 64, 64,
						 0xa5));
			ASSERT_EQ(64, same_bytes(self->map + near + size, 64,
						 0xa5));
			pattern_fill(self->map + near, size, i + 7);
			ASSERT_EQ(0, copy_window(self->fd, NTAPC_IOC_WRITE,
						 self->window, near,
						 ADDR(area) + far, size, &args));
			ASSERT_EQ(size, args.done);
			ASSERT_TRUE(peek(target.pid, check, area + far - 64,
					 size + 128));
			ASSERT_EQ(64, pattern_check(check, 64, far - 64, THERE));
			ASSERT_EQ(size, pattern_check(check + 64, size, 0,
						      i + 7));
			ASSERT_EQ(64, pattern_check(check + 64 + size, 64,
						    far + size, THERE));
			for (k = 0; k < size; k++)
				check[k] = pattern_byte(far + k, THERE);
			ASSERT_TRUE(poke(target.pid, check, area + far, size));
		}
	}
}

/* It needs no mapping, nor does it matter whose. */
TEST_F(copying, unmapped)
{
	struct ntapc_copy args;

	munmap(self->map, AREA);
	ASSERT_EQ(0, copy_window(self->fd, NTAPC_IOC_READ, self->window, 0,
				 ADDR(area), 3 * MIB, &args));
	EXPECT_EQ(3 * MIB, args.done);
	self->map = map_window(self->window, 0, AREA);
	ASSERT_NE(NULL, self->map);
	EXPECT_EQ(3 * MIB, pattern_check(self->map, 3 * MIB, 0, THERE));
	/* Mapped read-only here it is written to all the same: it's no mapping. */
	ASSERT_EQ(0, mprotect(self->map, AREA, PROT_READ));
	ASSERT_EQ(0, copy_window(self->fd, NTAPC_IOC_READ, self->window, 0,
				 ADDR(area) + 1, MIB, &args));
	EXPECT_EQ(MIB, pattern_check(self->map, MIB, 1, THERE));
}

TEST_F(copying, vectors)
{
	struct ntapc_range remote[3] = {
		{ ADDR(area) + 1000000, 70000 }, { ADDR(area), 1 },
		{ ADDR(area) + 5, 300000 },
	};
	struct ntapc_range near[4] = {
		{ 0, 5 }, { 4090, 69000 }, { 200000, 0 }, { 1000000, 1000000 },
	};
	struct ntapc_copy args = {
		.flags = NTAPC_COPY_VECTOR | NTAPC_COPY_WINDOW,
		.remote = ADDR(remote),
		.local = ADDR(near),
		.nr_remote = 3,
		.nr_local = 4,
		.window = self->window,
	};
	unsigned char *map = self->map;

	ASSERT_EQ(0, copy_full(self->fd, NTAPC_IOC_READ, &args));
	EXPECT_EQ(370001, args.done);
	EXPECT_EQ(5, pattern_check(map, 5, 1000000, THERE));
	EXPECT_EQ(4085, same_bytes(map + 5, 4085, 0));
	EXPECT_EQ(69000, pattern_check(map + 4090, 69000, 1000005, THERE));
	EXPECT_EQ(995, pattern_check(map + 1000000, 995, 1069005, THERE));
	EXPECT_EQ(pattern_byte(0, THERE), map[1000995]);
	EXPECT_EQ(300000, pattern_check(map + 1000996, 300000, 5, THERE));
	EXPECT_EQ(1000, same_bytes(map + 1300996, 1000, 0));
	/* A piece that isn't all in the window. */
	near[3] = (struct ntapc_range) { AREA - 10, 11 };
	EXPECT_EQ(-EINVAL, copy_full(self->fd, NTAPC_IOC_READ, &args));
	near[3] = (struct ntapc_range) { AREA + 1, 0 };
	EXPECT_GE(0, copy_full(self->fd, NTAPC_IOC_READ, &args));
}

TEST_F(copying, ranges)
{
	struct ntapc_copy args;
	static const __u64 bad[][2] = {
		{ AREA, 1 }, { AREA - 1, 2 }, { 0, AREA + 1 },
		{ ~0ULL, 1 }, { ~0ULL - 4095, 4096 }, { 1ULL << 63, 1 },
		{ ~0ULL, 2 }, { 1, ~0ULL >> 1 },
	};
	unsigned int i;
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, copy_window(self->fd, NTAPC_IOC_READ,
					       self->window, bad[i][0],
					       ADDR(area), bad[i][1], &args)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(-EINVAL, copy_window(self->fd, NTAPC_IOC_WRITE,
					       self->window, bad[i][0],
					       ADDR(area), bad[i][1], &args));
	}
	EXPECT_EQ(0, copy_window(self->fd, NTAPC_IOC_READ, self->window,
				 AREA - 1, ADDR(area), 1, &args));
	EXPECT_EQ(0, copy_window(self->fd, NTAPC_IOC_READ, self->window, 0,
				 ADDR(area), AREA, &args));
	/* Not open, and of another kind. */
	EXPECT_EQ(-EBADF, copy_window(self->fd, NTAPC_IOC_READ, -1, 0,
				      ADDR(area), 8, &args));
	EXPECT_EQ(-EPROTOTYPE, copy_window(self->fd, NTAPC_IOC_READ, pipes[0], 0,
					   ADDR(area), 8, &args));
	EXPECT_EQ(-EPROTOTYPE, copy_window(self->fd, NTAPC_IOC_READ, process, 0,
					   ADDR(area), 8, &args));
	EXPECT_EQ(-EPROTOTYPE, copy_window(self->fd, NTAPC_IOC_READ, dev, 0,
					   ADDR(area), 8, &args));
}

/* What can't be accessed there is said as exactly. */
TEST_F(copying, partial)
{
	struct ntapc_copy args;
	unsigned int cmd;

	/* The target's memory ends there. */
	for (cmd = NTAPC_IOC_READ; cmd <= NTAPC_IOC_WRITE; cmd++) {
		__u64 hole = 0x10000;

		EXPECT_EQ(-EFAULT, copy_window(self->fd, cmd, self->window, 5,
					       hole, 100, &args));
		EXPECT_EQ(0, args.done);
		EXPECT_EQ(hole, args.fault);
	}
	area = map_pages_with_holes(8 * ONE_PAGE);
	ASSERT_NE(MAP_FAILED, area);
	munmap(area + 5 * ONE_PAGE, ONE_PAGE);
	target_kill(&target);
	if (variant->attached) {
		ASSERT_EQ(0, detach_stack(dev, self->save));
	}
	pattern_fill(area, 5 * ONE_PAGE, THERE);
	ASSERT_TRUE(target_start(&target, NULL));
	close(process);
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	if (variant->attached) {
		ASSERT_EQ(0, attach_stack(process, &self->save));
	} else {
		self->fd = process;
	}
	memset(self->map, 0xa5, MIB);
	EXPECT_EQ(-EFAULT, copy_window(self->fd, NTAPC_IOC_READ, self->window,
				       99, ADDR(area) + 7, 8 * ONE_PAGE, &args));
	EXPECT_EQ(5 * ONE_PAGE - 7, args.done);
	EXPECT_EQ(ADDR(area) + 5 * ONE_PAGE, args.fault);
	EXPECT_EQ(5 * ONE_PAGE - 7,
		  pattern_check(self->map + 99, 5 * ONE_PAGE - 7, 7, THERE));
	EXPECT_EQ(3 * ONE_PAGE,
		  same_bytes(self->map + 99 + 5 * ONE_PAGE - 7, 3 * ONE_PAGE,
			     0xa5));
}

/* Closed while it is mapped: the memory stays, and only that. */
TEST_F(copying, closed_while_mapped)
{
	struct ntapc_copy args;

	ASSERT_EQ(0, copy_window(self->fd, NTAPC_IOC_READ, self->window, 0,
				 ADDR(area), AREA, &args));
	EXPECT_EQ(0, close(self->window));
	EXPECT_EQ(AREA, pattern_check(self->map, AREA, 0, THERE));
	self->map[3] = 3;
	EXPECT_EQ(-EBADF, copy_window(self->fd, NTAPC_IOC_READ, self->window, 0,
				      ADDR(area), 8, &args));
	/* As ordinary memory it can still be copied to and from. */
	EXPECT_EQ(0, copy_read(self->fd, self->map, area + 1, 100000));
	EXPECT_EQ(100000, pattern_check(self->map, 100000, 1, THERE));
	EXPECT_EQ(0, copy_write(self->fd, self->map, area + 1, 100000));
	EXPECT_EQ(0, munmap(self->map, AREA));
}

/* Without a window's flag its descriptor isn't looked at: it has to be 0. */
TEST_F(copying, flag)
{
	struct ntapc_copy args = {
		.remote = ADDR(area),
		.local = ADDR(self->map),
		.length = 8,
		.window = self->window,
	};

	EXPECT_EQ(-EINVAL, copy_full(self->fd, NTAPC_IOC_READ, &args));
	args.window = 0;
	EXPECT_EQ(0, copy_full(self->fd, NTAPC_IOC_READ, &args));
	EXPECT_EQ(8, pattern_check(self->map, 8, 0, THERE));
}

/* What the kernel would have refused by pages, though it is mapped there. */

/* How the target maps @area from MIB on. */
enum refused {
	SECRET,		/* memfd_secret(2) */
	WRITE_ONLY,	/* which the processor lets read */
};

static enum refused refused;

static bool map_secret(void)
{
	int fd = syscall(SYS_memfd_secret, 0);

	return fd >= 0 && !ftruncate(fd, AREA - MIB) &&
	       mmap(area + MIB, AREA - MIB, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
}

/* Tells whether it could, and on go 1 whether there is still what was. */
static void refuse(struct target *t)
{
	bool made = refused != SECRET || map_secret();

	if (made)
		pattern_fill(area, AREA, THERE);
	if (made && refused == WRITE_ONLY)
		made = !mprotect(area + MIB, AREA - MIB, PROT_WRITE);
	atomic_store(&t->shared->value[0], made);
	target_step(t, 1);
	if (made && refused == WRITE_ONLY)
		mprotect(area + MIB, AREA - MIB, PROT_READ);
	atomic_store(&t->shared->value[1],
		     made ? pattern_check(area, AREA, 0, THERE) : 0);
}

FIXTURE(refused)
{
	int window;
	unsigned char *map;
};

FIXTURE_VARIANT(refused)
{
	enum refused how;
};

FIXTURE_VARIANT_ADD(refused, secret)
{
	.how = SECRET,
};

FIXTURE_VARIANT_ADD(refused, write_only)
{
	.how = WRITE_ONLY,
};

FIXTURE_SETUP(refused)
{
	refused = variant->how;
	dev = open_device();
	ASSERT_LE(0, dev);
	area = map_pages(AREA);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_TRUE(target_start(&target, refuse));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	self->window = open_window(dev, AREA);
	ASSERT_LE(0, self->window);
	self->map = map_window(self->window, 0, AREA);
	ASSERT_NE(NULL, self->map);
	memset(self->map, 0xa5, AREA);
}

FIXTURE_TEARDOWN(refused)
{
	target_kill(&target);
}

/* To a window as to other memory, at once or page by page. */
TEST_F(refused, by_a_window_too)
{
	static const size_t sizes[] = { ONE_PAGE, MIB, 3 * MIB };
	struct ntapc_copy args;
	unsigned int i;

	if (!atomic_load(&target.shared->value[0]))
		SKIP(return, "no memfd_secret()");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-EFAULT, copy_window(process, NTAPC_IOC_READ,
					       self->window, 0,
					       ADDR(area) + MIB, sizes[i],
					       &args)) {
			TH_LOG("%zu bytes", sizes[i]);
		}
		EXPECT_EQ(0, args.done);
		EXPECT_EQ(ADDR(area) + MIB, args.fault);
	}
	EXPECT_EQ(AREA, same_bytes(self->map, AREA, 0xa5));
	/* Up to there, and no further. */
	EXPECT_EQ(-EFAULT, copy_window(process, NTAPC_IOC_READ, self->window, 0,
				       ADDR(area) + 5, 3 * MIB, &args));
	EXPECT_EQ(MIB - 5, args.done);
	EXPECT_EQ(ADDR(area) + MIB, args.fault);
	EXPECT_EQ(MIB - 5, pattern_check(self->map, MIB - 5, 5, THERE));
	EXPECT_EQ(AREA - MIB, same_bytes(self->map + MIB, AREA - MIB, 0xa5));
	if (variant->how == SECRET) {
		EXPECT_EQ(-EFAULT, copy_window(process, NTAPC_IOC_WRITE,
					       self->window, 0,
					       ADDR(area) + MIB, 2 * MIB,
					       &args));
		EXPECT_EQ(0, args.done);
	}
	target_go(&target, 1);
	ASSERT_TRUE(target_reached(&target, INT_MAX));
	EXPECT_EQ(AREA, atomic_load(&target.shared->value[1]));
}

/* What ntapc's own routines read is no other memory. */
TEST_F(refused, by_calls_too)
{
	__u64 value;

	if (!atomic_load(&target.shared->value[0]))
		SKIP(return, "no memfd_secret()");
	EXPECT_EQ(0, attached_call(process, "crc32", ADDR(area), MIB, &value));
	EXPECT_EQ(-EFAULT, attached_call(process, "crc32", ADDR(area), MIB + 1,
					 &value));
	EXPECT_EQ(-EFAULT, attached_call(process, "crc32", ADDR(area) + MIB, 1,
					 &value));
	EXPECT_EQ(-EFAULT, attached_call(process, "strnlen", ADDR(area) + MIB,
					 1, &value));
}

/* A window of another process's that copies from this one. */
TEST_F(window, target_is_the_owner)
{
	int window = open_window(dev, ONE_PAGE), own = open_process(dev, 0);
	unsigned char *map = map_window(window, 0, ONE_PAGE);
	struct ntapc_copy args;

	ASSERT_NE(NULL, map);
	pattern_fill(map, ONE_PAGE, 3);
	/* Onto itself, overlapping, through the mapping. */
	EXPECT_EQ(0, copy_window(own, NTAPC_IOC_READ, window, 0, ADDR(map),
				 ONE_PAGE, &args));
	EXPECT_EQ(ONE_PAGE, pattern_check(map, ONE_PAGE, 0, 3));
}

/*
 * RLIMIT_MEMLOCK, for who isn't root: charged while it lives, by descriptor or by
 * mapping, and given back.
 */
static int with_limit(void)
{
	struct rlimit limit = { MIB, MIB };
	unsigned char *map;
	int windows[2], i;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) ||
	    setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		return 77;
	dev = open_device();
	if (dev < 0)
		return 77;
	if (open_window(dev, MIB + 1) != -ENOMEM)
		return 1;
	for (i = 0; i < 20; i++) {
		windows[0] = open_window(dev, MIB / 2);
		windows[1] = open_window(dev, MIB / 2);
		if (windows[0] < 0 || windows[1] < 0)
			return 2;
		if (open_window(dev, 1) != -ENOMEM)
			return 3;
		/* One page is one page. */
		close(windows[0]);
		windows[0] = open_window(dev, MIB / 2 - ONE_PAGE);
		if (windows[0] < 0)
			return 4;
		close(windows[0]);
		map = map_window(windows[1], 0, MIB / 2);
		close(windows[1]);
		/* The mapping holds it. */
		if (!map || open_window(dev, MIB) != -ENOMEM)
			return 5;
		munmap(map, MIB / 2);
	}
	windows[0] = open_window(dev, MIB);
	if (windows[0] < 0)
		return 6;
	/* A second descriptor of the same costs nothing, and keeps it. */
	windows[1] = dup(windows[0]);
	close(windows[0]);
	if (open_window(dev, 1) != -ENOMEM)
		return 7;
	close(windows[1]);
	windows[0] = open_window(dev, MIB);
	return windows[0] < 0 ? 8 : 0;
}

TEST_F(window, rlimit_memlock)
{
	int ret;
	pid_t child;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(with_limit());
	ret = reap(child);
	EXPECT_EQ(0, ret);
	/* What it had open when it went is given back as well. */
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(with_limit());
	EXPECT_EQ(0, reap(child));
}

/* Two processes of a user's: what one of them passes on stays its charge. */
TEST_F(window, given_back_by_the_last)
{
	struct rlimit limit = { MIB, MIB };
	pid_t child;
	int ret;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int window, sync[2];
		pid_t other;
		char c;

		if (setrlimit(RLIMIT_MEMLOCK, &limit) ||
		    setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
			_exit(77);
		dev = open_device();
		window = open_window(dev, MIB);
		if (window < 0 || pipe(sync))
			_exit(1);
		other = fork();
		if (!other) {
			close(sync[1]);
			/* Until the other one says so. */
			_exit(read(sync[0], &c, 1) == 1 ? 0 : 9);
		}
		close(window);
		if (write(sync[1], "x", 1) != 1 || reap(other))
			_exit(3);
		/* Its last part may be given back a moment later. */
		if (!wait_until(open_window(dev, MIB) >= 0))
			_exit(4);
		_exit(0);
	}
	ret = reap(child);
	EXPECT_EQ(0, ret);
}

TEST_HARNESS_MAIN
