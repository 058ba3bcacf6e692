// SPDX-License-Identifier: GPL-2.0-only
/*
 * What else can be done in another process: fill, compare, search, exchange, query
 * and call.
 */
#include "procs.h"
#include "kselftest_harness.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

/* A read-only page and a hole come after so many pages. */
#define GOOD		80
#define AREA		(GOOD * ONE_PAGE)
#define THERE		1
#define HERE		2

static int dev, process;
static struct target target;
static unsigned char *area;

FIXTURE(operate)
{
	int fd;
	__u32 save;
};

FIXTURE_VARIANT(operate)
{
	bool attached;
};

FIXTURE_VARIANT_ADD(operate, of_a_process)
{
};

FIXTURE_VARIANT_ADD(operate, attached)
{
	.attached = true,
};

static void be_target(struct target *t)
{
	(void)t;
	pattern_fill(area, AREA + ONE_PAGE, THERE);
	mprotect(area + AREA, ONE_PAGE, PROT_READ);
	munmap(area + AREA + ONE_PAGE, ONE_PAGE);
}

FIXTURE_SETUP(operate)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	area = map_pages_with_holes(AREA + 2 * ONE_PAGE);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_TRUE(target_start(&target, be_target));
	pattern_fill(area, AREA + 2 * ONE_PAGE, HERE);
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	self->fd = process;
	if (variant->attached) {
		ASSERT_EQ(0, attach_stack(process, &self->save));
		self->fd = dev;
	}
}

FIXTURE_TEARDOWN(operate)
{
	if (variant->attached) {
		EXPECT_EQ(0, detach_stack(dev, self->save));
	}
	EXPECT_EQ(0, stack_count(process));
	EXPECT_EQ(AREA, pattern_check(area, AREA, 0, HERE));
	target_kill(&target);
}

/* Fill */

TEST_F(operate, fill)
{
	static const __u32 widths[] = { 1, 2, 4, 8 };
	static const size_t starts[] = { 0, 1, 5, 4088, 4095, 4096 };
	static const size_t counts[] = { 0, 1, 2, 3, 511, 513, 8192, 20000 };
	const __u64 pattern = 0x1122334455667788ULL;
	unsigned char *check = map_pages(AREA + ONE_PAGE);
	unsigned int w, s, c;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		for (s = 0; s < ARRAY_SIZE(starts); s++) {
			for (c = 0; c < ARRAY_SIZE(counts); c++) {
				size_t at = 64 + starts[s];
				size_t length = counts[c] * widths[w], i;
				struct ntapc_fill fill = {
					.width = widths[w],
					.remote = ADDR(area) + at,
					.length = length,
					.pattern = pattern,
				};

				ASSERT_EQ(0, fill_full(self->fd, &fill));
				ASSERT_EQ(length, fill.done);
				ASSERT_TRUE(peek(target.pid, check,
						 area + at - 64, length + 128));
				ASSERT_EQ(64, pattern_check(check, 64, at - 64,
							    THERE));
				for (i = 0; i < length; i++)
					if (check[64 + i] !=
					    (pattern >> i % widths[w] * 8 &
					     0xff))
						break;
				ASSERT_EQ(length, i) {
					TH_LOG("width %u at %zu", widths[w],
					       starts[s]);
				}
				ASSERT_EQ(64, pattern_check(check + 64 + length,
							    64, at + length,
							    THERE));
				for (i = 0; i < length; i++)
					check[i] = pattern_byte(at + i, THERE);
				ASSERT_TRUE(poke(target.pid, check, area + at,
						 length));
			}
		}
	}
}

TEST_F(operate, fill_errors)
{
	unsigned char check[16];
	static const struct ntapc_fill bad[] = {
		{ .width = 0, .length = 8 }, { .width = 3, .length = 9 },
		{ .width = 16, .length = 16 }, { .width = ~0U, .length = 8 },
		{ .width = 2, .length = 7 }, { .width = 8, .length = 4 },
		{ .width = 4, .length = 1ULL << 63 },
		{ .width = 1, .length = ~0ULL },
	};
	struct ntapc_fill fill;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fill = bad[i];
		fill.remote = ADDR(area);
		EXPECT_EQ(-EINVAL, fill_full(self->fd, &fill)) {
			TH_LOG("case %u", i);
		}
	}
	fill = (struct ntapc_fill) {
		.width = 8, .remote = ~0ULL - 15, .length = 32,
	};
	EXPECT_EQ(-EINVAL, fill_full(self->fd, &fill));
	fill.remote = KERNEL_ADDRESS;
	EXPECT_EQ(-EFAULT, fill_full(self->fd, &fill));
	EXPECT_EQ(0, fill.done);
	EXPECT_EQ(KERNEL_ADDRESS, fill.fault);
	/* Up to a read-only page. */
	fill = (struct ntapc_fill) {
		.width = 4,
		.remote = ADDR(area) + AREA - 3 * ONE_PAGE - 4,
		.length = 4 * ONE_PAGE,
		.pattern = 0x77777777,
	};
	EXPECT_EQ(-EFAULT, fill_full(self->fd, &fill));
	EXPECT_EQ(3 * ONE_PAGE + 4, fill.done);
	EXPECT_EQ(ADDR(area) + AREA, fill.fault);
	ASSERT_TRUE(peek(target.pid, check, area + AREA - 8, 16));
	EXPECT_EQ(8, same_bytes(check, 8, 0x77));
	EXPECT_EQ(8, pattern_check(check + 8, 8, AREA, THERE));
}

/* Compare */

TEST_F(operate, compare)
{
	unsigned char *mine = map_pages(AREA + 2 * ONE_PAGE);
	static const size_t differs[] = {
		0, 1, 7, 8, 63, 64, 4095, 4096, 4097, 65535, 65536, 65537,
		AREA - 1,
	};
	struct ntapc_copy args;
	unsigned int i, offset;

	pattern_fill(mine, AREA + ONE_PAGE, THERE);
	args = (struct ntapc_copy) {
		.remote = ADDR(area), .local = ADDR(mine), .length = AREA,
	};
	EXPECT_EQ(0, copy_full(self->fd, NTAPC_IOC_COMPARE, &args));
	EXPECT_EQ(AREA, args.done);
	for (i = 0; i < ARRAY_SIZE(differs); i++) {
		mine[differs[i]] ^= 0x80;
		for (offset = 0; offset < 3 && offset <= differs[i]; offset++) {
			args.remote = ADDR(area) + offset;
			args.local = ADDR(mine) + offset;
			args.length = AREA - offset;
			EXPECT_EQ(1, copy_full(self->fd, NTAPC_IOC_COMPARE,
					       &args));
			EXPECT_EQ(differs[i] - offset, args.done);
			/* Just in front of it all is equal. */
			args.length = differs[i] - offset;
			EXPECT_EQ(0, copy_full(self->fd, NTAPC_IOC_COMPARE,
					       &args));
			EXPECT_EQ(differs[i] - offset, args.done);
		}
		mine[differs[i]] ^= 0x80;
	}
	/* A difference in front of a hole, and none. */
	args.remote = ADDR(area);
	args.local = ADDR(mine);
	args.length = AREA + 2 * ONE_PAGE;
	EXPECT_EQ(-EFAULT, copy_full(self->fd, NTAPC_IOC_COMPARE, &args));
	EXPECT_EQ(AREA + ONE_PAGE, args.done);
	EXPECT_EQ(ADDR(area) + AREA + ONE_PAGE, args.fault);
	mine[5] ^= 1;
	EXPECT_EQ(1, copy_full(self->fd, NTAPC_IOC_COMPARE, &args));
	EXPECT_EQ(5, args.done);
	mine[5] ^= 1;
	/* One's own memory that isn't there. */
	ASSERT_EQ(0, munmap(mine + 3 * ONE_PAGE, ONE_PAGE));
	args.length = AREA;
	EXPECT_EQ(-EFAULT, copy_full(self->fd, NTAPC_IOC_COMPARE, &args));
	EXPECT_EQ(3 * ONE_PAGE, args.done);
	EXPECT_EQ(0, args.fault);
}

TEST_F(operate, compare_has_no_vectors)
{
	int window = open_window(dev, ONE_PAGE);
	struct ntapc_range range = { ADDR(area), 8 };
	struct ntapc_copy args;

	EXPECT_EQ(-EINVAL, copy_vector(self->fd, NTAPC_IOC_COMPARE, &range, 1,
				       &range, 1, &args));
	args = (struct ntapc_copy) {
		.flags = NTAPC_COPY_WINDOW,
		.remote = ADDR(area),
		.length = 8,
		.window = window,
	};
	ASSERT_LE(0, window);
	EXPECT_EQ(-EINVAL, copy_full(self->fd, NTAPC_IOC_COMPARE, &args));
}

/* Search */

static const unsigned char needle[12] = "needle-42!!";

/* All places where it can be, at borders of pages and of larger chunks. */
TEST_F(operate, search)
{
	static const size_t places[] = {
		0, 1, 2, 3, 8, 100, 4080, 4084, 4085, 4088, 4090, 4095, 4096,
		8190, 65520, 65530, 65535, 65536, 131068, 262140, 300001,
		AREA - sizeof(needle),
	};
	static const __u32 steps[] = { 1, 2, 4, 8, 16, 512, 4096 };
	unsigned char old[sizeof(needle)];
	struct ntapc_search search;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		ASSERT_TRUE(peek(target.pid, old, area + places[i],
				 sizeof(old)));
		ASSERT_TRUE(poke(target.pid, needle, area + places[i],
				 sizeof(needle)));
		for (j = 0; j < ARRAY_SIZE(steps); j++) {
			bool found = !(places[i] % steps[j]);

			search = (struct ntapc_search) {
				.step = steps[j],
				.remote = ADDR(area),
				.length = AREA,
				.pattern = ADDR(needle),
				.pattern_length = sizeof(needle),
			};
			ASSERT_EQ(found, search_full(self->fd, &search)) {
				TH_LOG("at %zu, step %u", places[i], steps[j]);
			}
			ASSERT_EQ(found ? ADDR(area) + places[i] : 0,
				  search.found);
			/* Steps are counted from where one begins. */
			if (!places[i])
				continue;
			search.remote = ADDR(area) + places[i] % steps[j];
			search.length = AREA - places[i] % steps[j];
			ASSERT_EQ(1, search_full(self->fd, &search)) {
				TH_LOG("at %zu, step %u", places[i], steps[j]);
			}
			ASSERT_EQ(ADDR(area) + places[i], search.found);
		}
		/* It must be within, to its last byte. */
		search = (struct ntapc_search) {
			.step = 1,
			.remote = ADDR(area),
			.length = places[i] + sizeof(needle),
			.pattern = ADDR(needle),
			.pattern_length = sizeof(needle),
		};
		EXPECT_EQ(1, search_full(self->fd, &search));
		search.length--;
		EXPECT_EQ(0, search_full(self->fd, &search)) {
			TH_LOG("at %zu", places[i]);
		}
		EXPECT_EQ(0, search.found);
		/* And to its first. */
		search.length = AREA - places[i];
		search.remote += places[i];
		EXPECT_EQ(1, search_full(self->fd, &search));
		search.remote++;
		search.length--;
		EXPECT_EQ(0, search_full(self->fd, &search));
		ASSERT_TRUE(poke(target.pid, old, area + places[i],
				 sizeof(old)));
	}
}

/* The first of several; false starts; the longest pattern; a repeating one. */
TEST_F(operate, search_first)
{
	static unsigned char pattern[NTAPC_PATTERN_MAX];
	unsigned char zeros[64] = {};
	struct ntapc_search search = {
		.step = 1,
		.remote = ADDR(area),
		.length = AREA,
		.pattern = ADDR(needle),
		.pattern_length = sizeof(needle),
	};

	ASSERT_TRUE(poke(target.pid, needle, area + 70001, sizeof(needle)));
	ASSERT_TRUE(poke(target.pid, needle, area + 65530, sizeof(needle)));
	ASSERT_TRUE(poke(target.pid, needle, area + 65519, sizeof(needle) - 1));
	EXPECT_EQ(1, search_full(self->fd, &search));
	EXPECT_EQ(ADDR(area) + 65530, search.found);

	/* As it lies there, over two borders of pages, unaligned. */
	ASSERT_TRUE(peek(target.pid, pattern, area + 201, sizeof(pattern)));
	search.pattern = ADDR(pattern);
	search.pattern_length = sizeof(pattern);
	EXPECT_EQ(1, search_full(self->fd, &search));
	EXPECT_GE(ADDR(area) + 201, search.found);
	pattern[sizeof(pattern) - 1] ^= 1;
	EXPECT_EQ(0, search_full(self->fd, &search));

	/* In a run that is one too long. */
	ASSERT_TRUE(poke(target.pid, zeros, area + 65500, 64));
	search.pattern = ADDR(zeros);
	search.pattern_length = 60;
	EXPECT_EQ(1, search_full(self->fd, &search));
	EXPECT_EQ(ADDR(area) + 65500, search.found);
	search.remote = ADDR(area) + 65504;
	search.length = 60;
	EXPECT_EQ(1, search_full(self->fd, &search));
	EXPECT_EQ(ADDR(area) + 65504, search.found);
	search.remote++;
	EXPECT_EQ(0, search_full(self->fd, &search));
	/* Shorter than the pattern: there is none. */
	search.length = 59;
	EXPECT_EQ(0, search_full(self->fd, &search));
	search.length = 0;
	EXPECT_EQ(0, search_full(self->fd, &search));
}

TEST_F(operate, search_errors)
{
	struct ntapc_search good = {
		.step = 1,
		.remote = ADDR(area),
		.length = AREA + 2 * ONE_PAGE,
		.pattern = ADDR(needle),
		.pattern_length = sizeof(needle),
	}, search;

	search = good;
	search.step = 0;
	EXPECT_EQ(-EINVAL, search_full(self->fd, &search));
	search.step = 4097;
	EXPECT_EQ(-EINVAL, search_full(self->fd, &search));
	search = good;
	search.pattern_length = 0;
	EXPECT_EQ(-EINVAL, search_full(self->fd, &search));
	search.pattern_length = NTAPC_PATTERN_MAX + 1;
	EXPECT_EQ(-EINVAL, search_full(self->fd, &search));
	search = good;
	search.length = 1ULL << 63;
	EXPECT_EQ(-EINVAL, search_full(self->fd, &search));
	search = good;
	search.remote = ~0ULL - 100;
	EXPECT_EQ(-EINVAL, search_full(self->fd, &search));
	search = good;
	search.pattern = KERNEL_ADDRESS;
	EXPECT_EQ(-EFAULT, search_full(self->fd, &search));
	/* The hole ends it, behind the read-only page. */
	search = good;
	EXPECT_EQ(-EFAULT, search_full(self->fd, &search));
	EXPECT_EQ(AREA + ONE_PAGE, search.done);
	EXPECT_EQ(ADDR(area) + AREA + ONE_PAGE, search.fault);
	/* But not if what is looked for is in front of it. */
	ASSERT_TRUE(poke(target.pid, needle, area + AREA - 300,
			 sizeof(needle)));
	search = good;
	EXPECT_EQ(1, search_full(self->fd, &search));
	EXPECT_EQ(ADDR(area) + AREA - 300, search.found);
}

/* Exchange */

TEST_F(operate, exchange)
{
	struct ntapc_exchange args;
	__u64 value = 0x1111222233334444ULL, seen, old;

	ASSERT_TRUE(poke(target.pid, &value, area + 16, 8));
	args = (struct ntapc_exchange) {
		.remote = ADDR(area) + 16, .value = 5, .width = 8,
	};
	EXPECT_EQ(1, exchange_full(self->fd, &args));
	EXPECT_EQ(value, args.old);
	ASSERT_TRUE(peek(target.pid, &seen, area + 16, 8));
	EXPECT_EQ(5, seen);
	/* Half a word, and what is beside it stays. */
	ASSERT_TRUE(poke(target.pid, &value, area + 16, 8));
	args = (struct ntapc_exchange) {
		.remote = ADDR(area) + 20, .value = 0xabcdef01, .width = 4,
	};
	EXPECT_EQ(1, exchange_full(self->fd, &args));
	EXPECT_EQ(0x11112222, args.old);
	ASSERT_TRUE(peek(target.pid, &seen, area + 16, 8));
	EXPECT_EQ(0xabcdef0133334444ULL, seen);

	/* Only if it is what it should be. */
	EXPECT_EQ(0, compare_exchange(self->fd, area + 16, 8, 1, 2, &old));
	EXPECT_EQ(0xabcdef0133334444ULL, old);
	EXPECT_EQ(1, compare_exchange(self->fd, area + 16, 8, 1, old, &old));
	EXPECT_EQ(0xabcdef0133334444ULL, old);
	EXPECT_EQ(0, compare_exchange(self->fd, area + 16, 4, 9, 2, &old));
	EXPECT_EQ(1, old);
	EXPECT_EQ(1, compare_exchange(self->fd, area + 16, 4, 9, 1, &old));
	ASSERT_TRUE(peek(target.pid, &seen, area + 16, 8));
	EXPECT_EQ(9, seen);
	/* In a page's first and last word. */
	EXPECT_EQ(0, compare_exchange(self->fd, area + ONE_PAGE - 8, 8, 0, 0,
				      &old));
	EXPECT_EQ(1, compare_exchange(self->fd, area + ONE_PAGE - 8, 8, 3, old,
				      &old));
	EXPECT_EQ(0, compare_exchange(self->fd, area + ONE_PAGE, 8, 0, 0, &old));
	EXPECT_EQ(1, compare_exchange(self->fd, area + ONE_PAGE, 8, 4, old,
				      &old));
	EXPECT_EQ(3, read_word(self->fd, area + ONE_PAGE - 8));
	EXPECT_EQ(4, read_word(self->fd, area + ONE_PAGE));
}

TEST_F(operate, exchange_errors)
{
	struct ntapc_exchange good = {
		.remote = ADDR(area), .value = 7, .width = 8,
	}, *args, bad;
	unsigned char check[8];
	__u64 old;

	bad = good;
	bad.width = 1;
	EXPECT_EQ(-EINVAL, exchange_full(self->fd, &bad));
	bad.width = 16;
	EXPECT_EQ(-EINVAL, exchange_full(self->fd, &bad));
	bad.width = 0;
	EXPECT_EQ(-EINVAL, exchange_full(self->fd, &bad));
	/* Not a multiple. */
	bad = good;
	bad.remote += 4;
	EXPECT_EQ(-EINVAL, exchange_full(self->fd, &bad));
	bad.width = 4;
	bad.remote++;
	EXPECT_EQ(-EINVAL, exchange_full(self->fd, &bad));
	/* More than fits, and a comparand that isn't used. */
	bad = good;
	bad.width = 4;
	bad.value = 1ULL << 32;
	EXPECT_EQ(-EINVAL, exchange_full(self->fd, &bad));
	bad.value = 7;
	bad.comparand = 1ULL << 32;
	bad.flags = NTAPC_EXCHANGE_COMPARE;
	EXPECT_EQ(-EINVAL, exchange_full(self->fd, &bad));
	/* Read-only, even if it would be equal; the hole; the kernel. */
	EXPECT_EQ(-EFAULT, compare_exchange(self->fd, area + AREA, 8, 0, 0,
					    &old));
	bad = good;
	bad.remote = ADDR(area) + AREA;
	EXPECT_EQ(-EFAULT, exchange_full(self->fd, &bad));
	ASSERT_TRUE(peek(target.pid, check, area + AREA, 8));
	EXPECT_EQ(8, pattern_check(check, 8, AREA, THERE));
	bad.remote += ONE_PAGE;
	EXPECT_EQ(-EFAULT, exchange_full(self->fd, &bad));
	bad.remote = KERNEL_ADDRESS;
	EXPECT_EQ(-EFAULT, exchange_full(self->fd, &bad));
	/* After any error nothing is written, be it the last that is found. */
	args = map_pages(ONE_PAGE);
	*args = good;
	args->size = sizeof(*args);
	ASSERT_EQ(0, mprotect(args, ONE_PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, sys_ioctl(self->fd, NTAPC_IOC_EXCHANGE, args));
	ASSERT_TRUE(peek(target.pid, check, area, 8));
	EXPECT_EQ(8, pattern_check(check, 8, 0, THERE));
}

/*
 * The sum is right although threads of this process, other processes and the
 * target itself all add to the same word at once.
 */
static __u64 *shared_word;
static unsigned int adds;

static void add_there(struct target *t)
{
	unsigned int i;

	target_step(t, 1);
	for (i = 0; i < adds; i++)
		__atomic_fetch_add(shared_word, 1, __ATOMIC_SEQ_CST);
	atomic_store(&t->shared->stage, 2);
}

/* Adds to @width bytes at @shared_word; how many, or an error. */
static int add_remotely(int fd, unsigned int times, __u32 width)
{
	__u64 seen = 0, mask = width == 4 ? 0xffffffff : ~0ULL;
	unsigned int i;
	int ret;

	for (i = 0; i < times; i++) {
		do {
			ret = compare_exchange(fd, shared_word, width,
					       (seen + 1) & mask, seen, &seen);
			if (ret < 0)
				return ret;
		} while (!ret);
		seen = (seen + 1) & mask;
	}
	return 0;
}

static __u32 add_width;

static void add_in_a_thread(struct worker *worker)
{
	/* One of them by the descriptor, one attached. */
	if (worker->arg) {
		__u32 save;

		worker->ret = attach_stack(process, &save);
		worker->ret |= add_remotely(worker->dev, scaled(20000),
					    add_width);
		worker->ret |= detach_stack(worker->dev, save);
	} else {
		worker->ret = add_remotely(process, scaled(20000), add_width);
	}
}

static void check_sum(struct __test_metadata *_metadata, bool shared)
{
	struct worker workers[2] = { { .arg = 0 }, { .arg = 1 } };
	unsigned int per_round = scaled(20000), i;
	pid_t others[2];
	__u64 sum = 0;

	adds = per_round * 50;
	dev = open_device();
	shared_word = mmap(NULL, ONE_PAGE, PROT_READ | PROT_WRITE,
			   MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE),
			   -1, 0);
	ASSERT_NE(MAP_FAILED, shared_word);
	ASSERT_TRUE(target_start(&target, add_there));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	for (i = 0; i < 2; i++) {
		others[i] = fork();
		ASSERT_LE(0, others[i]);
		if (!others[i])
			_exit(-add_remotely(process, per_round, add_width));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(worker_start(&workers[i], dev, add_in_a_thread));
	}
	target_go(&target, 1);
	for (i = 0; i < 2; i++) {
		worker_join(&workers[i]);
		EXPECT_EQ(0, workers[i].ret);
		EXPECT_EQ(0, reap(others[i]));
	}
	ASSERT_TRUE(target_reached(&target, 2));
	ASSERT_TRUE(peek(target.pid, &sum, shared_word, 8));
	EXPECT_EQ(4 * per_round + adds, sum);
	target_kill(&target);
}

TEST(exchange_is_atomic)
{
	add_width = 8;
	check_sum(_metadata, false);
}

TEST(exchange_is_atomic_in_shared_memory)
{
	add_width = 8;
	check_sum(_metadata, true);
}

TEST(exchange_of_4_bytes_is_atomic)
{
	add_width = 4;
	check_sum(_metadata, false);
}

/* Query */

/* A line of /proc/PID/maps. */
struct mapping {
	unsigned long start, end, offset, inode;
	unsigned int major, minor;
	char flags[8], path[512];
};

static bool next_mapping(FILE *maps, struct mapping *mapping)
{
	char line[1024];
	int at = 0;

	if (!fgets(line, sizeof(line), maps))
		return false;
	memset(mapping, 0, sizeof(*mapping));
	if (sscanf(line, "%lx-%lx %7s %lx %x:%x %lu %n", &mapping->start,
		   &mapping->end, mapping->flags, &mapping->offset,
		   &mapping->major, &mapping->minor, &mapping->inode, &at) < 7)
		return false;
	line[strcspn(line, "\n")] = 0;
	snprintf(mapping->path, sizeof(mapping->path), "%s", line + at);
	return true;
}

static int mapped_file;

/* Mappings of every kind, to look at. */
static void map_all_kinds(struct target *t)
{
	char *map;

	be_target(t);
	mmap(NULL, 3 * ONE_PAGE, PROT_READ, MAP_PRIVATE, mapped_file, ONE_PAGE);
	mmap(NULL, 2 * ONE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mapped_file,
	     2 * ONE_PAGE);
	mmap(NULL, ONE_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, mapped_file, 0);
	mmap(NULL, 5 * ONE_PAGE, PROT_READ | PROT_WRITE,
	     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mmap(NULL, ONE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map = map_pages(2 * ONE_PAGE);
	mlock(map, ONE_PAGE);
}

TEST(query_all)
{
	char path[] = "/tmp/ntapc-query.XXXXXX", name[64], text[4096];
	struct ntapc_query answer;
	struct mapping mapping;
	unsigned long last = 0;
	unsigned int count = 0;
	FILE *maps;

	dev = open_device();
	area = map_pages_with_holes(AREA + 2 * ONE_PAGE);
	mapped_file = mkostemp(path, O_CLOEXEC);
	ASSERT_LE(0, mapped_file);
	ASSERT_EQ(0, ftruncate(mapped_file, 8 * ONE_PAGE));
	ASSERT_TRUE(target_start(&target, map_all_kinds));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	snprintf(name, sizeof(name), "/proc/%d/maps", target.pid);
	maps = fopen(name, "re");
	ASSERT_NE(NULL, maps);
	while (next_mapping(maps, &mapping)) {
		__u32 protection = (mapping.flags[0] == 'r' ? PROT_READ : 0) |
				   (mapping.flags[1] == 'w' ? PROT_WRITE : 0) |
				   (mapping.flags[2] == 'x' ? PROT_EXEC : 0);
		bool of_file = mapping.path[0] == '/';
		__u64 places[] = {
			mapping.start, mapping.start + 1,
			(mapping.start + mapping.end) / 2, mapping.end - 1,
		};
		unsigned int i;

		/* The kernel's own page there isn't the process's. */
		if (!strcmp(mapping.path, "[vsyscall]"))
			continue;
		count++;
		if (mapping.start > last) {
			ASSERT_EQ(0, query(process, mapping.start - 1, &answer,
					   text, sizeof(text)));
			EXPECT_EQ(0, answer.type);
			EXPECT_EQ(last, answer.start);
			EXPECT_EQ(mapping.start, answer.end);
			EXPECT_EQ(0, answer.protection);
			EXPECT_EQ(0, answer.offset);
			EXPECT_EQ(0, answer.inode);
			EXPECT_EQ(0, answer.path_length);
		}
		for (i = 0; i < ARRAY_SIZE(places); i++) {
			memset(text, 0xa5, sizeof(text));
			ASSERT_EQ(0, query(process, places[i], &answer, text,
					   sizeof(text)));
			EXPECT_EQ(mapping.start, answer.start) {
				TH_LOG("%lx %s", mapping.start, mapping.path);
			}
			EXPECT_EQ(mapping.end, answer.end);
			EXPECT_EQ(protection, answer.protection);
			EXPECT_EQ(protection, protection & answer.max_protection);
			EXPECT_TRUE(answer.type & NTAPC_MAP_MAPPED);
			EXPECT_EQ(mapping.flags[3] == 's',
				  !!(answer.type & NTAPC_MAP_SHARED)) {
				TH_LOG("%lx %s", mapping.start, mapping.path);
			}
			EXPECT_EQ(!strcmp(mapping.path, "[stack]"),
				  !!(answer.type & NTAPC_MAP_GROWS));
			if (!of_file)
				continue;
			EXPECT_TRUE(answer.type & NTAPC_MAP_FILE);
			EXPECT_EQ(mapping.offset, answer.offset);
			EXPECT_EQ(mapping.inode, answer.inode);
			EXPECT_EQ(mapping.major, answer.dev_major);
			EXPECT_EQ(mapping.minor, answer.dev_minor);
			/* Anonymous shared memory has a file of the kernel's. */
			if (strstr(mapping.path, " (deleted)"))
				continue;
			EXPECT_EQ(strlen(mapping.path) + 1, answer.path_length);
			EXPECT_EQ(0, strcmp(mapping.path, text)) {
				TH_LOG("%s, not %s", text, mapping.path);
			}
		}
		last = mapping.end;
	}
	fclose(maps);
	EXPECT_LT(10, count);
	/* Behind the last one, which is where UML's user addresses end. */
	if (on_uml()) {
		target_kill(&target);
		return;
	}
	ASSERT_EQ(0, query(process, last, &answer, NULL, 0));
	EXPECT_EQ(0, answer.type);
	EXPECT_EQ(last, answer.start);
	EXPECT_LT(last, answer.end);
	unlink(path);
	target_kill(&target);
}

TEST_F(operate, query_path)
{
	struct ntapc_query answer;
	char text[PATH_MAX], own[PATH_MAX];
	__u64 address = ADDR(be_target);
	__u32 length;

	memset(text, 0xa5, sizeof(text));
	ASSERT_EQ(0, query(self->fd, address, &answer, text, sizeof(text)));
	length = answer.path_length;
	memset(own, 0, sizeof(own));
	ASSERT_LT(0, readlink("/proc/self/exe", own, sizeof(own) - 1));
	EXPECT_EQ(strlen(own) + 1, length);
	EXPECT_EQ(0, strcmp(own, text));
	EXPECT_EQ(sizeof(text) - length,
		  same_bytes(text + length, sizeof(text) - length, 0xa5));
	EXPECT_EQ(PROT_READ | PROT_EXEC, answer.protection);
	EXPECT_EQ(PROT_READ | PROT_WRITE | PROT_EXEC, answer.max_protection);
	/* Just enough room, and one byte too little. */
	memset(text, 0xa5, sizeof(text));
	ASSERT_EQ(0, query(self->fd, address, &answer, text, length));
	EXPECT_EQ(0, strcmp(own, text));
	memset(text, 0xa5, sizeof(text));
	ASSERT_EQ(0, query(self->fd, address, &answer, text, length - 1));
	EXPECT_EQ(length, answer.path_length);
	EXPECT_EQ(sizeof(text), same_bytes(text, sizeof(text), 0xa5));
	/* Without room it's only the length. */
	ASSERT_EQ(0, query(self->fd, address, &answer, NULL, 0));
	EXPECT_EQ(length, answer.path_length);
	EXPECT_EQ(-EINVAL, query(self->fd, address, &answer, text, 4097));
	EXPECT_EQ(-EFAULT, query(self->fd, address, &answer, (void *)8, 4096));
	EXPECT_EQ(-EINVAL, query(self->fd, KERNEL_ADDRESS, &answer, NULL, 0));
	EXPECT_EQ(-EINVAL, query(self->fd, ~0ULL, &answer, NULL, 0));
	/* Where nothing is mapped, at the very bottom. */
	ASSERT_EQ(0, query(self->fd, 0, &answer, NULL, 0));
	EXPECT_EQ(0, answer.type);
	EXPECT_EQ(0, answer.start);
}

/* Call */

static __u32 own_crc32(const unsigned char *data, size_t length)
{
	__u32 crc = ~0U;
	size_t i;
	int bit;

	for (i = 0; i < length; i++) {
		crc ^= data[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

TEST_F(operate, call_crc32)
{
	static const size_t lengths[] = {
		0, 1, 2, 7, 100, 4095, 4096, 4097, 65537, AREA,
	};
	unsigned char *check = map_pages(AREA + ONE_PAGE);
	unsigned int i;
	__u64 value;

	pattern_fill(check, AREA + ONE_PAGE, THERE);
	EXPECT_EQ(0xcbf43926, own_crc32((void *)"123456789", 9));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t at = i * 13 % 64;
		size_t length = lengths[i] == AREA ? AREA - at : lengths[i];

		value = POISON64;
		ASSERT_EQ(0, attached_call(self->fd, "crc32", ADDR(area) + at,
					   length, &value)) {
			TH_LOG("%zu bytes", length);
		}
		EXPECT_EQ(own_crc32(check + at, length), value) {
			TH_LOG("%zu bytes", length);
		}
	}
	EXPECT_EQ(-EINVAL, attached_call(self->fd, "crc32", ADDR(area),
					 16 * MIB + 1, &value));
	EXPECT_EQ(-EFAULT, attached_call(self->fd, "crc32", ADDR(area),
					 AREA + 2 * ONE_PAGE, &value));
	EXPECT_EQ(-EFAULT, attached_call(self->fd, "crc32", KERNEL_ADDRESS, 8,
					 &value));
}

TEST_F(operate, call_strnlen)
{
	static const size_t lengths[] = { 0, 1, 5, 4000, 4095, 4096, 65535 };
	static char text[65536 + 8];
	unsigned int i, at;
	__u64 value;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (at = 0; at < 4096; at += 1365) {
			memset(text, 'x', lengths[i]);
			text[lengths[i]] = 0;
			ASSERT_TRUE(poke(target.pid, text, area + at,
					 lengths[i] + 1));
			EXPECT_EQ(0, attached_call(self->fd, "strnlen",
						   ADDR(area) + at, 65536,
						   &value));
			EXPECT_EQ(lengths[i], value);
			EXPECT_EQ(0, attached_call(self->fd, "strnlen",
						   ADDR(area) + at, 3, &value));
			EXPECT_EQ(lengths[i] < 3 ? lengths[i] : 3, value);
		}
	}
	EXPECT_EQ(0, attached_call(self->fd, "strnlen", ADDR(area), 0, &value));
	EXPECT_EQ(0, value);
	EXPECT_EQ(-EINVAL, attached_call(self->fd, "strnlen", ADDR(area), 65537,
					 &value));
	EXPECT_EQ(-EFAULT, attached_call(self->fd, "strnlen",
					 ADDR(area) + AREA + ONE_PAGE, 8,
					 &value));
	EXPECT_EQ(-EFAULT, attached_call(self->fd, "strnlen", KERNEL_ADDRESS, 8,
					 &value));
	/* It may end just where the memory does. */
	ASSERT_TRUE(poke(target.pid, "end", area + AREA - 4, 4));
	EXPECT_EQ(0, attached_call(self->fd, "strnlen", ADDR(area) + AREA - 4,
				   65536, &value));
	EXPECT_EQ(3, value);
}

TEST_F(operate, call)
{
	struct ntapc_attached_call args = { .size = sizeof(args) };
	__u64 values[3] = { POISON64, POISON64, POISON64 };

	EXPECT_EQ(-ENOENT, attached_call(self->fd, "nosuch", 0, 0, values));
	EXPECT_EQ(-ENOENT, attached_call(self->fd, "", 0, 0, values));
	/* Named APCs are another kind of thing. */
	EXPECT_EQ(-ENOENT, attached_call(self->fd, "count", 0, 0, values));
	EXPECT_EQ(-ENOENT, attached_call(self->fd, "crc3", 0, 0, values));
	EXPECT_EQ(-ENOENT, attached_call(self->fd, "crc322", 0, 0, values));
	memset(args.name, 'x', sizeof(args.name));
	EXPECT_EQ(-EINVAL, sys_ioctl(self->fd, NTAPC_IOC_CALL, &args));
	/* More room than there are values, and none. */
	memset(args.name, 0, sizeof(args.name));
	strcpy(args.name, "crc32");
	args.arg[0] = ADDR(area);
	args.arg[1] = 9;
	args.values = ADDR(values);
	args.nr_values = 3;
	EXPECT_EQ(0, sys_ioctl(self->fd, NTAPC_IOC_CALL, &args));
	EXPECT_EQ(1, args.nr_values);
	EXPECT_NE(POISON64, values[0]);
	EXPECT_EQ(POISON64, values[1]);
	args.values = 0;
	args.nr_values = 0;
	EXPECT_EQ(0, sys_ioctl(self->fd, NTAPC_IOC_CALL, &args));
	EXPECT_EQ(1, args.nr_values);
	args.values = 8;
	args.nr_values = 1;
	EXPECT_EQ(-EFAULT, sys_ioctl(self->fd, NTAPC_IOC_CALL, &args));
}

TEST_HARNESS_MAIN
