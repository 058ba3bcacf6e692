// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: windows.
 */
#include <sys/resource.h>

#include "target.h"
#include "kselftest_harness.h"

#define NOBODY	65534

static int read_window(int fd, uint64_t address, int window, uint64_t offset,
		       size_t length, struct ntapc_progress *progress)
{
	*progress = (struct ntapc_progress){ 0xdead, 0xdead };
	return ntapc_process_read_window(fd, address, window, offset, length,
					 progress);
}

TEST(creates_and_destroys)
{
	unsigned char *memory = NULL, *part;
	void *at;
	size_t i;
	int w;

	w = ntapc_window_create(2 * PAGE + 1, &at);
	ASSERT_LE(0, w);
	memory = at;
	EXPECT_EQ(FD_CLOEXEC, fcntl(w, F_GETFD));
	for (i = 0; i < 3 * PAGE; i++)
		ASSERT_EQ(0, memory[i]);
	memory[PAGE] = 5;
	/* Another mapping is of the same memory. */
	part = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w, PAGE);
	ASSERT_NE(MAP_FAILED, (void *)part);
	EXPECT_EQ(5, part[0]);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w,
				   3 * PAGE));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, w, 0));
	EXPECT_EQ(0, ntapc_window_destroy(w, at, 2 * PAGE + 1));
	EXPECT_EQ(-1, fcntl(w, F_GETFD));
	/* As long as it is mapped it is there. */
	EXPECT_EQ(5, part[0]);

	EXPECT_EQ(-EINVAL, ntapc_window_create(0, &at));
	EXPECT_EQ(-EINVAL, ntapc_window_create(NTAPC_WINDOW_MAX + 1, &at));
	EXPECT_EQ(-EBADF, ntapc_window_destroy(-1, part, PAGE));
	EXPECT_EQ(-EINVAL, ntapc_window_destroy(w, part + 1, PAGE));
}

TEST(copies)
{
	struct ntapc_progress p;
	unsigned char *memory, seen[64];
	struct target t;
	int fd = target_open(&t), w;
	void *at;

	ASSERT_LE(0, fd);
	w = ntapc_window_create(4 * PAGE, &at);
	ASSERT_LE(0, w);
	memory = at;
	EXPECT_EQ(0, read_window(fd, remote(0, 9), w, 100, 3 * PAGE, &p));
	EXPECT_EQ(3 * PAGE, p.done);
	EXPECT_EQ(0, p.fault);
	EXPECT_TRUE(is_childs(memory + 100, 9, 3 * PAGE));
	EXPECT_EQ(0, memory[99]);
	EXPECT_EQ(0, memory[100 + 3 * PAGE]);
	memcpy(memory + 50, "through a window", 16);
	EXPECT_EQ(0, ntapc_process_write_window(fd, remote(BEHIND, 3), w, 50, 16,
						&p));
	EXPECT_EQ(16, p.done);
	ASSERT_TRUE(target_peek(&t, remote(BEHIND, 0), seen, 20));
	EXPECT_EQ(0, memcmp("\0\0\0through a window\0", seen, 20));
	/* All of it, and nothing. */
	EXPECT_EQ(0, read_window(fd, remote(0, 0), w, 0, DATA_SIZE, &p));
	EXPECT_TRUE(is_childs(memory, 0, DATA_SIZE));
	EXPECT_EQ(0, read_window(fd, remote(0, 0), w, 4 * PAGE, 0, &p));
	EXPECT_EQ(0, ntapc_window_destroy(w, at, 4 * PAGE));
}

TEST(copies_that_fail)
{
	struct ntapc_progress p;
	struct target t;
	int fd = target_open(&t), w;
	unsigned char *memory;
	void *at;

	ASSERT_LE(0, fd);
	w = ntapc_window_create(2 * PAGE, &at);
	ASSERT_LE(0, w);
	memory = at;
	EXPECT_EQ(-EFAULT, read_window(fd, remote(NO_ACCESS, 0) - 100, w, 8, 300,
				       &p));
	EXPECT_EQ(100, p.done);
	EXPECT_EQ(remote(NO_ACCESS, 0), p.fault);
	EXPECT_TRUE(is_childs(memory + 8, DATA_SIZE - 100, 100));
	EXPECT_EQ(-EFAULT, ntapc_process_write_window(fd, remote(READ_ONLY, 0), w,
						      0, 10, &p));
	EXPECT_EQ(0, p.done);
	EXPECT_EQ(remote(READ_ONLY, 0), p.fault);
	/* Outside of it. */
	EXPECT_EQ(-EINVAL, read_window(fd, remote(0, 0), w, 1, 2 * PAGE, &p));
	EXPECT_EQ(-EINVAL, read_window(fd, remote(0, 0), w, 2 * PAGE, 1, &p));
	EXPECT_EQ(-EINVAL, read_window(fd, remote(0, 0), w, UINT64_MAX, 2, &p));
	EXPECT_EQ(-EBADF, read_window(fd, remote(0, 0), -2, 0, 1, &p));
	EXPECT_EQ(-EPROTOTYPE, read_window(fd, remote(0, 0), fd, 0, 1, &p));
}

TEST(vectors)
{
	struct ntapc_range places[2], offsets[] = { { 10, 30 }, { PAGE, 100 } };
	struct ntapc_progress p;
	unsigned char *memory;
	struct target t;
	int fd = target_open(&t), w;
	void *at;

	ASSERT_LE(0, fd);
	w = ntapc_window_create(2 * PAGE, &at);
	ASSERT_LE(0, w);
	memory = at;
	places[0] = (struct ntapc_range){ remote(1, 0), 50 };
	places[1] = (struct ntapc_range){ remote(3, 0), 80 };
	EXPECT_EQ(0, ntapc_process_readv(fd, places, 2, offsets, 2, w, &p));
	EXPECT_EQ(130, p.done);
	EXPECT_TRUE(is_childs(memory + 10, PAGE, 30));
	EXPECT_TRUE(is_childs(memory + PAGE, PAGE + 30, 20));
	EXPECT_TRUE(is_childs(memory + PAGE + 20, 3 * PAGE, 80));
	places[0].address = remote(BEHIND, 0);
	places[1].address = remote(BEHIND, 50);
	EXPECT_EQ(0, ntapc_process_writev(fd, places, 2, offsets, 2, w, &p));
	EXPECT_EQ(0, ntapc_process_compare(fd, remote(BEHIND, 30), memory + PAGE,
					   100, NULL));
	offsets[1].address = 2 * PAGE - 50;
	EXPECT_EQ(-EINVAL, ntapc_process_readv(fd, places, 2, offsets, 2, w, &p));
}

static int as_nobody(void)
{
	const struct rlimit none = { 0, 0 };
	void *at;

	if (setrlimit(RLIMIT_MEMLOCK, &none) || setgid(NOBODY) || setuid(NOBODY))
		return 200;
	return -ntapc_window_create(PAGE, &at);
}

TEST(counts_as_locked)
{
	pid_t pid;

	if (geteuid())
		SKIP(return, "not root");
	ASSERT_LE(0, ntapc_instance());
	pid = fork();
	if (!pid)
		_exit(as_nobody());
	EXPECT_EQ(ENOMEM, end_of(pid));
}

TEST_HARNESS_MAIN
