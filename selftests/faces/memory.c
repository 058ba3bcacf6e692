// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: copies from and to the memory of another process, and what else is done
 * there.
 */
#include "target.h"
#include "kselftest_harness.h"

#define KERNELS		(1ULL << 63)

/* To begin with, so that what is left alone shows. */
static struct ntapc_progress progress;

#define FRESH_PROGRESS()						\
	(progress = (struct ntapc_progress){ 0xdead, 0xdead }, &progress)

#define EXPECT_PROGRESS(n, at)						\
	do {								\
		EXPECT_EQ((uint64_t)(n), progress.done);		\
		EXPECT_EQ((uint64_t)(at), progress.fault);		\
	} while (0)

static int read_some(int fd, uint64_t address, void *to, size_t length)
{
	return ntapc_process_read(fd, address, to, length, FRESH_PROGRESS());
}

static int write_some(int fd, uint64_t address, const void *from, size_t length)
{
	return ntapc_process_write(fd, address, from, length, FRESH_PROGRESS());
}

TEST(reads)
{
	unsigned char bytes[3 * 4096 + 1];
	const size_t lengths[] = { 1, 7, 8, 64, 4095, 4096, sizeof(bytes) };
	struct target t;
	int fd = target_open(&t);
	size_t i;

	ASSERT_LE(0, fd);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(bytes, 0, sizeof(bytes));
		EXPECT_EQ(0, read_some(fd, remote(0, i), bytes, lengths[i]));
		EXPECT_TRUE(is_childs(bytes, i, lengths[i]));
		EXPECT_PROGRESS(lengths[i], 0);
		EXPECT_TRUE(lengths[i] == sizeof(bytes) || !bytes[lengths[i]]);
	}
	EXPECT_EQ(0, read_some(fd, remote(READ_ONLY, 5), bytes, 100));
	EXPECT_TRUE(is_childs(bytes, READ_ONLY * PAGE + 5, 100));
	EXPECT_EQ(0, read_some(fd, remote(0, 0), bytes, 0));
	EXPECT_PROGRESS(0, 0);
	EXPECT_EQ(0, ntapc_process_read(fd, remote(0, 0), bytes, 1, NULL));
}

TEST(writes)
{
	unsigned char bytes[2 * 4096], seen[sizeof(bytes)];
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	memset(bytes, 0x5a, sizeof(bytes));
	EXPECT_EQ(0, write_some(fd, remote(0, 100), bytes, sizeof(bytes)));
	EXPECT_PROGRESS(sizeof(bytes), 0);
	ASSERT_TRUE(target_peek(&t, remote(0, 100), seen, sizeof(seen)));
	EXPECT_EQ(0, memcmp(bytes, seen, sizeof(bytes)));
	/* Neither more nor less, and nothing at home. */
	ASSERT_TRUE(target_peek(&t, remote(0, 0), seen, 100));
	EXPECT_TRUE(is_childs(seen, 0, 100));
	ASSERT_TRUE(target_peek(&t, remote(0, 100 + sizeof(bytes)), seen, 100));
	EXPECT_TRUE(is_childs(seen, 100 + sizeof(bytes), 100));
	EXPECT_EQ(0, arena[100]);
}

TEST(large_copies)
{
	const size_t length = (5 << 20) + 123;
	unsigned char *mine, *seen;
	struct target t;
	size_t i;
	int fd;

	arena = mmap(NULL, ARENA_PAGES * PAGE + (6 << 20), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)arena);
	mine = malloc(length);
	seen = malloc(length);
	ASSERT_TRUE(mine && seen);
	fd = target_open(&t);
	ASSERT_LE(0, fd);
	for (i = 0; i < length; i++)
		mine[i] = childs_byte(i);
	EXPECT_EQ(0, write_some(fd, remote(ARENA_PAGES, 77), mine, length));
	EXPECT_PROGRESS(length, 0);
	ASSERT_TRUE(target_peek(&t, remote(ARENA_PAGES, 77), seen, length));
	EXPECT_EQ(0, memcmp(mine, seen, length));
	memset(seen, 0, length);
	EXPECT_EQ(0, read_some(fd, remote(ARENA_PAGES, 77), seen, length));
	EXPECT_EQ(0, memcmp(mine, seen, length));
	EXPECT_EQ(0, ntapc_process_compare(fd, remote(ARENA_PAGES, 77), mine,
					   length, FRESH_PROGRESS()));
	EXPECT_PROGRESS(length, 0);
}

/* How far it got, and where it can't go on. */
TEST(faults_there)
{
	unsigned char bytes[4096];
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EFAULT, read_some(fd, remote(NO_ACCESS, 0) - 100, bytes, 300));
	EXPECT_PROGRESS(100, remote(NO_ACCESS, 0));
	EXPECT_TRUE(is_childs(bytes, DATA_SIZE - 100, 100));
	EXPECT_EQ(-EFAULT, read_some(fd, remote(NO_ACCESS, 8), bytes, 8));
	EXPECT_PROGRESS(0, remote(NO_ACCESS, 8));
	EXPECT_EQ(-EFAULT, read_some(fd, remote(FREE, 0), bytes, 1));
	EXPECT_PROGRESS(0, remote(FREE, 0));
	EXPECT_EQ(-EFAULT, write_some(fd, remote(READ_ONLY, 16), "x", 1));
	EXPECT_PROGRESS(0, remote(READ_ONLY, 16));
	ASSERT_TRUE(target_peek(&t, remote(READ_ONLY, 0), bytes, 100));
	EXPECT_TRUE(is_childs(bytes, READ_ONLY * PAGE, 100));
	EXPECT_EQ(-EFAULT, read_some(fd, KERNELS, bytes, 1));
	EXPECT_PROGRESS(0, KERNELS);
	EXPECT_EQ(-EFAULT, read_some(fd, 0, bytes, 1));
	EXPECT_PROGRESS(0, 0);
	EXPECT_EQ(-EFAULT, read_some(fd, 1, bytes, 1));
	EXPECT_PROGRESS(0, 1);
}

/* The same at home. */
TEST(faults_here)
{
	unsigned char *edge;
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)edge);
	munmap(edge + PAGE, PAGE);
	edge += PAGE - 100;
	EXPECT_EQ(-EFAULT, read_some(fd, remote(0, 0), edge, 300));
	EXPECT_EQ(0, progress.fault);
	EXPECT_LE(progress.done, 100);
	EXPECT_TRUE(is_childs(edge, 0, progress.done));
	EXPECT_EQ(-EFAULT, write_some(fd, remote(BEHIND, 0), edge, 300));
	EXPECT_EQ(0, progress.fault);
	EXPECT_LE(progress.done, 100);
	EXPECT_EQ(-EFAULT, read_some(fd, remote(0, 0), NULL, 8));
	EXPECT_PROGRESS(0, 0);
}

TEST(ranges_that_are_none)
{
	char bytes[16];
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, read_some(fd, UINT64_MAX - 3, bytes, 16));
	EXPECT_EQ(-EINVAL, read_some(fd, 0, bytes, (size_t)1 << 63));
	EXPECT_EQ(-EINVAL, write_some(fd, UINT64_MAX - 3, bytes, 16));
}

TEST(what_is_no_process)
{
	char bytes[16];
	int fd = ntapc_thread_self();

	EXPECT_EQ(-EBADF, read_some(-1, remote(0, 0), bytes, 16));
	EXPECT_PROGRESS(0, 0);
	EXPECT_EQ(-ENOTTY, read_some(fd, remote(0, 0), bytes, 16));
	EXPECT_EQ(-ENOTTY, write_some(fd, remote(0, 0), bytes, 16));
	/* The error of an opening that failed isn't a place. */
	EXPECT_EQ(-EBADF, read_some(ntapc_process_open(0x3fffffff), 0, bytes, 1));
}

/* Where the thread is: at home, too. */
TEST(here)
{
	char mine[] = "mine", seen[sizeof(mine)] = "";
	struct ntapc_query q;

	EXPECT_EQ(0, read_some(NTAPC_HERE, (uintptr_t)mine, seen, sizeof(seen)));
	EXPECT_STREQ("mine", seen);
	EXPECT_EQ(0, write_some(NTAPC_HERE, (uintptr_t)mine, "none", 4));
	EXPECT_STREQ("none", mine);
	EXPECT_EQ(0, ntapc_process_query(NTAPC_HERE, (uintptr_t)mine, &q, NULL,
					 0));
	EXPECT_TRUE(q.type & NTAPC_MAP_MAPPED);
}

TEST(vectors)
{
	unsigned char a[5], b[100], c[7];
	struct ntapc_range local[] = {
		{ (uintptr_t)a, sizeof(a) }, { (uintptr_t)b, sizeof(b) },
		{ (uintptr_t)c, sizeof(c) },
	};
	struct target t;
	int fd = target_open(&t);
	struct ntapc_range places[] = {
		{ remote(0, 10), 50 }, { remote(READ_ONLY, 0), 0 },
		{ remote(2, 20), 62 },
	};

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ntapc_process_readv(fd, places, 3, local, 3, -1,
					 FRESH_PROGRESS()));
	EXPECT_PROGRESS(112, 0);
	EXPECT_TRUE(is_childs(a, 10, 5));
	EXPECT_TRUE(is_childs(b, 15, 45));
	EXPECT_TRUE(is_childs(b + 45, 2 * PAGE + 20, 55));
	EXPECT_TRUE(is_childs(c, 2 * PAGE + 75, 7));
	/* The shorter one decides. */
	memset(b, 0, sizeof(b));
	EXPECT_EQ(0, ntapc_process_readv(fd, places, 1, local, 3, -1,
					 FRESH_PROGRESS()));
	EXPECT_PROGRESS(50, 0);
	EXPECT_EQ(0, b[45]);
	/* Back to front. */
	places[0].address = remote(BEHIND, 0);
	places[2].address = remote(BEHIND, 50);
	EXPECT_EQ(0, ntapc_process_writev(fd, places, 3, local, 3, -1,
					  FRESH_PROGRESS()));
	EXPECT_PROGRESS(112, 0);
	EXPECT_EQ(0, ntapc_process_compare(fd, remote(BEHIND, 0), a, 5, NULL));
	EXPECT_EQ(0, ntapc_process_compare(fd, remote(BEHIND, 5), b, 100, NULL));
	EXPECT_EQ(0, ntapc_process_compare(fd, remote(BEHIND, 105), c, 7, NULL));
	/* A hole among them. */
	places[1] = (struct ntapc_range){ remote(FREE, 0), 1 };
	EXPECT_EQ(-EFAULT, ntapc_process_readv(fd, places, 3, local, 3, -1,
					       FRESH_PROGRESS()));
	EXPECT_PROGRESS(50, remote(FREE, 0));
}

TEST(vectors_that_are_none)
{
	static struct ntapc_range many[NTAPC_RANGES_MAX + 1];
	struct ntapc_range one = { (uintptr_t)many, 1 };
	struct ntapc_range place;
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	place = (struct ntapc_range){ remote(0, 0), 1 };
	EXPECT_EQ(-EINVAL, ntapc_process_readv(fd, &place, 0, &one, 1, -1, NULL));
	EXPECT_EQ(-EINVAL, ntapc_process_readv(fd, &place, 1, &one, 0, -1, NULL));
	EXPECT_EQ(-EINVAL, ntapc_process_readv(fd, many, NTAPC_RANGES_MAX + 1,
					       &one, 1, -1, NULL));
	EXPECT_EQ(0, ntapc_process_readv(fd, many, NTAPC_RANGES_MAX, &one, 1, -1,
					 NULL));
	EXPECT_EQ(-EFAULT, ntapc_process_readv(fd, (void *)8, 1, &one, 1, -1,
					       FRESH_PROGRESS()));
	EXPECT_PROGRESS(0, 0);
}

TEST(compares)
{
	unsigned char mine[3000];
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, read_some(fd, remote(0, 7), mine, sizeof(mine)));
	EXPECT_EQ(0, ntapc_process_compare(fd, remote(0, 7), mine, sizeof(mine),
					   FRESH_PROGRESS()));
	EXPECT_PROGRESS(sizeof(mine), 0);
	mine[2345] ^= 1;
	EXPECT_EQ(1, ntapc_process_compare(fd, remote(0, 7), mine, sizeof(mine),
					   FRESH_PROGRESS()));
	EXPECT_PROGRESS(2345, 0);
	mine[0] ^= 1;
	EXPECT_EQ(1, ntapc_process_compare(fd, remote(0, 7), mine, sizeof(mine),
					   FRESH_PROGRESS()));
	EXPECT_PROGRESS(0, 0);
	EXPECT_EQ(-EFAULT, ntapc_process_compare(fd, remote(FREE, 0), mine, 1,
						 FRESH_PROGRESS()));
	EXPECT_PROGRESS(0, remote(FREE, 0));
}

TEST(fills)
{
	const uint64_t pattern = 0x1122334455667788;
	unsigned char seen[64], want[64];
	struct target t;
	int fd = target_open(&t);
	unsigned int width, i;

	ASSERT_LE(0, fd);
	for (width = 1; width <= 8; width *= 2) {
		EXPECT_EQ(0, ntapc_process_fill(fd, remote(1, 3), 48, pattern,
						width, FRESH_PROGRESS()));
		EXPECT_PROGRESS(48, 0);
		for (i = 0; i < 48; i++)
			want[i] = pattern >> i % width * 8;
		ASSERT_TRUE(target_peek(&t, remote(1, 3), seen, 49));
		EXPECT_EQ(0, memcmp(want, seen, 48));
		EXPECT_TRUE(is_childs(seen + 48, PAGE + 51, 1));
	}
	EXPECT_EQ(0, ntapc_process_fill(fd, remote(1, 0), 0, 1, 1, NULL));
	EXPECT_EQ(-EINVAL, ntapc_process_fill(fd, remote(1, 0), 6, 1, 3, NULL));
	EXPECT_EQ(-EINVAL, ntapc_process_fill(fd, remote(1, 0), 16, 1, 16, NULL));
	EXPECT_EQ(-EINVAL, ntapc_process_fill(fd, remote(1, 0), 7, 1, 2, NULL));
	EXPECT_EQ(-EFAULT, ntapc_process_fill(fd, remote(NO_ACCESS, 0) - 10, 20,
					      1, 1, FRESH_PROGRESS()));
	EXPECT_PROGRESS(10, remote(NO_ACCESS, 0));
	EXPECT_EQ(-EFAULT, ntapc_process_fill(fd, remote(READ_ONLY, 0), 20, 1, 1,
					      FRESH_PROGRESS()));
	EXPECT_PROGRESS(0, remote(READ_ONLY, 0));
}

TEST(searches)
{
	static const char word[] = "the needle";
	const size_t n = sizeof(word) - 1;
	uint64_t place, found;
	struct target t;
	int fd = target_open(&t);
	char pattern[NTAPC_PATTERN_MAX + 1] = "";

	ASSERT_LE(0, fd);
	/* Across the end of a page. */
	place = remote(2, 0) - 3;
	EXPECT_EQ(0, write_some(fd, place, word, n));
	EXPECT_EQ(1, ntapc_process_search(fd, remote(0, 0), DATA_SIZE, word, n, 1,
					  &found, NULL));
	EXPECT_EQ(place, found);
	/* The end is part of it. */
	EXPECT_EQ(1, ntapc_process_search(fd, remote(0, 0),
					  place + n - remote(0, 0), word, n, 1,
					  &found, NULL));
	EXPECT_EQ(0, ntapc_process_search(fd, remote(0, 0),
					  place + n - 1 - remote(0, 0), word, n,
					  1, &found, FRESH_PROGRESS()));
	EXPECT_EQ(0, found);
	EXPECT_PROGRESS(place + n - 1 - remote(0, 0), 0);
	EXPECT_EQ(0, ntapc_process_search(fd, place + 1,
					  DATA_SIZE / 2, word, n, 1, &found,
					  NULL));
	/* Steps, from where it begins. */
	EXPECT_EQ(0, ntapc_process_search(fd, remote(0, 0), DATA_SIZE, word, n, 4,
					  &found, NULL));
	EXPECT_EQ(1, ntapc_process_search(fd, remote(0, 1), DATA_SIZE - 1, word,
					  n, 4, &found, NULL));
	EXPECT_EQ(place, found);
	EXPECT_EQ(-EFAULT, ntapc_process_search(fd, remote(3, 0), 2 * PAGE, word,
						n, 1, &found, FRESH_PROGRESS()));
	EXPECT_PROGRESS(PAGE, remote(NO_ACCESS, 0));
	EXPECT_EQ(0, found);
	EXPECT_EQ(-EINVAL, ntapc_process_search(fd, remote(0, 0), 64, word, 0, 1,
						&found, NULL));
	EXPECT_EQ(-EINVAL, ntapc_process_search(fd, remote(0, 0), 64, word, n, 0,
						&found, NULL));
	EXPECT_EQ(-EINVAL, ntapc_process_search(fd, remote(0, 0), 64, word, n,
						4097, &found, NULL));
	EXPECT_EQ(-EINVAL, ntapc_process_search(fd, remote(0, 0), DATA_SIZE,
						pattern, NTAPC_PATTERN_MAX + 1, 1,
						&found, NULL));
	EXPECT_EQ(0, ntapc_process_search(fd, remote(0, 0), DATA_SIZE, pattern,
					  NTAPC_PATTERN_MAX, 1, &found, NULL));
	EXPECT_EQ(-EFAULT, ntapc_process_search(fd, remote(0, 0), 64, NULL, n, 1,
						&found, NULL));
}

TEST(exchanges)
{
	uint64_t old = 0, seen;
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, ntapc_process_exchange(fd, remote(BEHIND, 8), 8,
					    0x1122334455667788, &old));
	EXPECT_EQ(0, old);
	EXPECT_EQ(1, ntapc_process_exchange(fd, remote(BEHIND, 8), 4, 0x99, &old));
	EXPECT_EQ(0x55667788, old);
	ASSERT_TRUE(target_peek(&t, remote(BEHIND, 8), &seen, 8));
	EXPECT_EQ(0x1122334400000099, seen);
	EXPECT_EQ(0, ntapc_process_compare_exchange(fd, remote(BEHIND, 8), 8, 1,
						    2, &old));
	EXPECT_EQ(0x1122334400000099, old);
	EXPECT_EQ(1, ntapc_process_compare_exchange(fd, remote(BEHIND, 8), 8, 1,
						    old, &old));
	EXPECT_EQ(0x1122334400000099, old);
	EXPECT_EQ(0, ntapc_process_compare_exchange(fd, remote(BEHIND, 8), 4, 5,
						    2, &old));
	EXPECT_EQ(1, old);
	EXPECT_EQ(1, ntapc_process_compare_exchange(fd, remote(BEHIND, 8), 4, 5,
						    1, &old));
	ASSERT_TRUE(target_peek(&t, remote(BEHIND, 8), &seen, 8));
	EXPECT_EQ(5, seen);

	EXPECT_EQ(-EINVAL, ntapc_process_exchange(fd, remote(BEHIND, 4), 8, 1,
						  &old));
	EXPECT_EQ(-EINVAL, ntapc_process_exchange(fd, remote(BEHIND, 2), 4, 1,
						  &old));
	EXPECT_EQ(-EINVAL, ntapc_process_exchange(fd, remote(BEHIND, 0), 2, 1,
						  &old));
	EXPECT_EQ(-EINVAL, ntapc_process_exchange(fd, remote(BEHIND, 0), 4,
						  1ULL << 32, &old));
	EXPECT_EQ(-EFAULT, ntapc_process_exchange(fd, remote(READ_ONLY, 0), 8, 1,
						  &old));
	EXPECT_EQ(-EFAULT, ntapc_process_exchange(fd, remote(FREE, 0), 8, 1,
						  &old));
	EXPECT_EQ(-EBADF, ntapc_process_exchange(-1, remote(BEHIND, 0), 8, 1,
						 &old));
}

static uint32_t crc32_of(const unsigned char *bytes, size_t length)
{
	uint32_t crc = ~0U;
	int bit;

	while (length--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

TEST(calls)
{
	char name[33] = "a name that is one byte too long";
	unsigned char bytes[1000];
	uint64_t arg[3] = { 0 }, value = 0;
	struct target t;
	int fd = target_open(&t);
	unsigned int n = 1;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, write_some(fd, remote(BEHIND, 0), "nine char", 10));
	arg[0] = remote(BEHIND, 0);
	arg[1] = 100;
	EXPECT_EQ(0, ntapc_process_call(fd, "strnlen", arg, &value, &n));
	EXPECT_EQ(1, n);
	EXPECT_EQ(9, value);
	arg[1] = 5;
	EXPECT_EQ(0, ntapc_process_call(fd, "strnlen", arg, &value, &n));
	EXPECT_EQ(5, value);
	/* Where nothing is wanted, nothing is written. */
	EXPECT_EQ(0, ntapc_process_call(fd, "strnlen", arg, NULL, NULL));
	n = 0;
	EXPECT_EQ(0, ntapc_process_call(fd, "strnlen", arg, &value, &n));
	EXPECT_EQ(1, n);
	EXPECT_EQ(0, read_some(fd, remote(0, 1), bytes, sizeof(bytes)));
	arg[0] = remote(0, 1);
	arg[1] = sizeof(bytes);
	EXPECT_EQ(0, ntapc_process_call(fd, "crc32", arg, &value, &n));
	EXPECT_EQ(crc32_of(bytes, sizeof(bytes)), value);
	arg[0] = remote(FREE, 0);
	EXPECT_EQ(-EFAULT, ntapc_process_call(fd, "crc32", arg, &value, &n));
	EXPECT_EQ(-ENOENT, ntapc_process_call(fd, "no such", arg, &value, &n));
	EXPECT_EQ(-EINVAL, ntapc_process_call(fd, name, arg, &value, &n));
	EXPECT_EQ(-EBADF, ntapc_process_call(-1, "crc32", arg, &value, &n));
	EXPECT_EQ(-ENOTTY, ntapc_process_call(ntapc_thread_self(), "crc32", arg,
					      &value, &n));
}

TEST_HARNESS_MAIN
