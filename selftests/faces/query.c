// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: what is mapped in another process.
 */
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "target.h"
#include "kselftest_harness.h"

static int query(int fd, uint64_t address, struct ntapc_query *q)
{
	memset(q, 0xcc, sizeof(*q));
	return ntapc_process_query(fd, address, q, NULL, 0);
}

TEST(arena_of_the_child)
{
	const uint32_t rw = PROT_READ | PROT_WRITE;
	struct ntapc_query q;
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query(fd, remote(2, 5), &q));
	EXPECT_EQ(NTAPC_MAP_MAPPED, q.type);
	/* It may have been joined to what is below. */
	EXPECT_GE(remote(0, 0), q.start);
	EXPECT_EQ(remote(NO_ACCESS, 0), q.end);
	EXPECT_EQ(rw, q.protection);
	EXPECT_EQ(rw | PROT_EXEC, q.max_protection);
	EXPECT_EQ(0, q.inode);
	EXPECT_EQ(0, q.path_length);
	ASSERT_EQ(0, query(fd, remote(NO_ACCESS, 5), &q));
	EXPECT_EQ(remote(NO_ACCESS, 0), q.start);
	EXPECT_EQ(remote(READ_ONLY, 0), q.end);
	EXPECT_EQ(PROT_NONE, q.protection);
	ASSERT_EQ(0, query(fd, remote(READ_ONLY, 5), &q));
	EXPECT_EQ(remote(FREE, 0), q.end);
	EXPECT_EQ(PROT_READ, q.protection);
	ASSERT_EQ(0, query(fd, remote(FREE, 5), &q));
	EXPECT_EQ(0, q.type);
	EXPECT_EQ(remote(FREE, 0), q.start);
	EXPECT_EQ(remote(BEHIND, 0), q.end);
	EXPECT_EQ(0, q.protection);
	ASSERT_EQ(0, query(fd, remote(BEHIND, 5), &q));
	EXPECT_EQ(remote(BEHIND, 0), q.start);
	EXPECT_EQ(rw, q.protection);
}

/* @path: as /proc/PID/maps has it */
static bool is_in_maps(const struct ntapc_query *q, const char *line,
		       const char *path)
{
	unsigned long start, end, offset, inode;
	unsigned int major, minor;
	char r, w, x, p, name[PATH_MAX] = "";

	if (sscanf(line, "%lx-%lx %c%c%c%c %lx %x:%x %lu %4095[^\n]", &start,
		   &end, &r, &w, &x, &p, &offset, &major, &minor, &inode,
		   name) < 10)
		return false;
	return start == q->start && end == q->end &&
	       (r == 'r') == !!(q->protection & PROT_READ) &&
	       (w == 'w') == !!(q->protection & PROT_WRITE) &&
	       (x == 'x') == !!(q->protection & PROT_EXEC) &&
	       (p == 's') == !!(q->type & NTAPC_MAP_SHARED) &&
	       inode == q->inode && major == q->dev_major &&
	       minor == q->dev_minor &&
	       (!(q->type & NTAPC_MAP_FILE) ||
		(offset == q->offset && !strcmp(path, name)));
}

/* All of a process, one after the other, is what /proc/PID/maps has. */
TEST(all_of_it)
{
	char maps[64], line[PATH_MAX + 128], path[PATH_MAX];
	struct ntapc_query q = { .end = 0 };
	struct target t;
	int fd = target_open(&t), ret, n = 0;
	uint64_t at = 0;
	FILE *file;

	ASSERT_LE(0, fd);
	snprintf(maps, sizeof(maps), "/proc/%d/maps", t.pid);
	file = fopen(maps, "r");
	ASSERT_NE(NULL, file);
	while (!(ret = ntapc_process_query(fd, at, &q, path, sizeof(path)))) {
		ASSERT_LE(q.start, at);
		ASSERT_GT(q.end, at);
		at = q.end;
		if (!(q.type & NTAPC_MAP_MAPPED))
			continue;
		ASSERT_NE(NULL, fgets(line, sizeof(line), file));
		EXPECT_TRUE(is_in_maps(&q, line, path)) {
			TH_LOG("%llx-%llx %s isn't %s", q.start, q.end, path,
			       line);
		}
		n++;
	}
	EXPECT_EQ(-EINVAL, ret);
	EXPECT_LT(5, n);
	/* But for what isn't in user space. */
	if (fgets(line, sizeof(line), file))
		EXPECT_NE(NULL, strstr(line, "[vsyscall]"));
	fclose(file);
}

TEST(a_file)
{
	char path[PATH_MAX], name[] = "/tmp/ntapc-query-XXXXXX";
	struct ntapc_query q;
	struct target t;
	struct stat st;
	int file, fd;
	char *at;

	file = mkstemp(name);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, 3 * PAGE));
	ASSERT_EQ(0, fstat(file, &st));
	at = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, PAGE);
	ASSERT_NE(MAP_FAILED, (void *)at);
	fd = target_open(&t);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ntapc_process_query(fd, (uintptr_t)at + PAGE, &q, path,
					 sizeof(path)));
	EXPECT_EQ(NTAPC_MAP_MAPPED | NTAPC_MAP_SHARED | NTAPC_MAP_FILE, q.type);
	EXPECT_EQ((uintptr_t)at, q.start);
	EXPECT_EQ(PAGE, q.offset);
	EXPECT_EQ(st.st_ino, q.inode);
	EXPECT_EQ(major(st.st_dev), q.dev_major);
	EXPECT_EQ(minor(st.st_dev), q.dev_minor);
	EXPECT_EQ(sizeof(name), q.path_length);
	EXPECT_STREQ(name, path);
	EXPECT_EQ(PROT_READ, q.protection);
	EXPECT_TRUE(q.max_protection & PROT_WRITE);
	/* Exactly enough, and one byte too little. */
	ASSERT_EQ(0, ntapc_process_query(fd, (uintptr_t)at, &q, path,
					 sizeof(name)));
	EXPECT_STREQ(name, path);
	ASSERT_EQ(0, ntapc_process_query(fd, (uintptr_t)at, &q, path,
					 sizeof(name) - 1));
	EXPECT_EQ(sizeof(name), q.path_length);
	EXPECT_STREQ("", path);
	unlink(name);
}

TEST(kinds)
{
	unsigned char *locked, *shared;
	struct ntapc_query q;

	locked = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)locked);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	ASSERT_EQ(0, mlock(locked, PAGE));
	ASSERT_EQ(0, query(NTAPC_HERE, (uintptr_t)locked, &q));
	EXPECT_TRUE(q.type & NTAPC_MAP_LOCKED);
	ASSERT_EQ(0, query(NTAPC_HERE, (uintptr_t)shared, &q));
	EXPECT_TRUE(q.type & NTAPC_MAP_SHARED);
	ASSERT_EQ(0, query(NTAPC_HERE, (uintptr_t)&q, &q));
	EXPECT_TRUE(q.type & NTAPC_MAP_GROWS);
	EXPECT_FALSE(q.type & (NTAPC_MAP_SHARED | NTAPC_MAP_FILE |
			       NTAPC_MAP_LOCKED | NTAPC_MAP_IO |
			       NTAPC_MAP_HUGETLB));
	ASSERT_EQ(0, query(NTAPC_HERE, (uintptr_t)query, &q));
	EXPECT_TRUE(q.type & NTAPC_MAP_FILE);
	EXPECT_TRUE(q.protection & PROT_EXEC);
}

TEST(errors)
{
	struct ntapc_query q;
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, query(fd, UINT64_MAX, &q));
	EXPECT_EQ(-EINVAL, query(fd, 1ULL << 63, &q));
	EXPECT_EQ(-EBADF, query(-1, remote(0, 0), &q));
	EXPECT_EQ(-ENOTTY, query(ntapc_thread_self(), remote(0, 0), &q));
	target_kill(&t);
	EXPECT_EQ(-ESRCH, query(fd, remote(0, 0), &q));
}

TEST_HARNESS_MAIN
