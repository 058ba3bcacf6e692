// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies from and to another process: every size and alignment, vectors, and what
 * is said of one that can't be done to its end. Each is checked by other means than
 * ntapc's.
 */
#include "procs.h"
#include "kselftest_harness.h"

#define LARGEST		(16 * MIB)
/* Room around what is copied, which is to stay as it is. */
#define MARGIN		(2 * ONE_PAGE)
#define AREA		(LARGEST + 2 * MARGIN)

/* Seeds of the patterns: in the target, and here at the same addresses. */
#define THERE		1
#define HERE		2

static int dev, process;
static struct target target;
static unsigned char *area;	/* in both */
static unsigned char *local;	/* here only */

FIXTURE(copies)
{
	int fd;
	__u32 save;
};

/* On a process's descriptor, or on an instance whose thread is attached. */
FIXTURE_VARIANT(copies)
{
	bool attached;
};

FIXTURE_VARIANT_ADD(copies, of_a_process)
{
};

FIXTURE_VARIANT_ADD(copies, attached)
{
	.attached = true,
};

static void be_target(struct target *t)
{
	(void)t;
	pattern_fill(area, AREA, THERE);
}

FIXTURE_SETUP(copies)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	area = map_pages(AREA);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_TRUE(target_start(&target, be_target));
	pattern_fill(area, AREA, HERE);
	local = map_pages(AREA);
	ASSERT_NE(MAP_FAILED, local);
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	self->fd = process;
	if (variant->attached) {
		ASSERT_EQ(0, attach_stack(process, &self->save));
		self->fd = dev;
	}
}

FIXTURE_TEARDOWN(copies)
{
	if (variant->attached) {
		EXPECT_EQ(0, detach_stack(dev, self->save));
	}
	EXPECT_EQ(0, stack_count(process));
	/* Nothing has landed at the remote addresses here. */
	EXPECT_EQ(AREA, pattern_check(area, AREA, 0, HERE));
	target_kill(&target);
}

static const size_t sizes[] = {
	1, 2, 3, 7, 8, 9, 15, 16, 63, 64, 65, 127, 255, 1000, 2047, 4095, 4096,
	4097, 8191, 8192, 8193, 12288, 16384, 65535, 65536, 65537, 262144,
	1000003, MIB, MIB + 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 4096,
	4 * MIB + 77, LARGEST,
};

/* Of both sides, in bytes from a page's beginning. */
static const struct {
	unsigned int remote, local;
} alignments[] = {
	{ 0, 0 }, { 1, 0 }, { 0, 1 }, { 7, 3 }, { 4095, 0 }, { 0, 4095 },
	{ 4095, 4095 }, { 2048, 2048 }, { 4032, 8 }, { 64, 4090 },
};

/* How much of it a slow machine is spared. */
static bool spared(size_t size, unsigned int alignment)
{
	return size > 300000 && alignment >= (size == LARGEST ? 1 : 3);
}

TEST_F(copies, read_sizes)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(alignments); j++) {
			size_t from = MARGIN + alignments[j].remote;
			unsigned char *to = local + MARGIN + alignments[j].local;
			size_t size = sizes[i];

			if (spared(size, j))
				continue;
			memset(to - 64, 0xa5, size + 128);
			ASSERT_EQ(0, copy_read(self->fd, to, area + from, size)) {
				TH_LOG("%zu bytes, alignment %u", size, j);
			}
			ASSERT_EQ(size, pattern_check(to, size, from, THERE)) {
				TH_LOG("%zu bytes, alignment %u", size, j);
			}
			ASSERT_EQ(64, same_bytes(to - 64, 64, 0xa5));
			ASSERT_EQ(64, same_bytes(to + size, 64, 0xa5));
		}
	}
}

TEST_F(copies, write_sizes)
{
	unsigned char *check = map_pages(AREA);
	unsigned int i, j;

	ASSERT_NE(MAP_FAILED, check);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(alignments); j++) {
			size_t to = MARGIN + alignments[j].remote;
			unsigned char *from = local + MARGIN +
					      alignments[j].local;
			size_t size = sizes[i];

			if (spared(size, j))
				continue;
			pattern_fill(from, size, i + j);
			ASSERT_EQ(0, copy_write(self->fd, from, area + to,
						size)) {
				TH_LOG("%zu bytes, alignment %u", size, j);
			}
			ASSERT_TRUE(peek(target.pid, check, area + to - 64,
					 size + 128));
			ASSERT_EQ(64, pattern_check(check, 64, to - 64, THERE));
			ASSERT_EQ(size, pattern_check(check + 64, size, 0,
						      i + j)) {
				TH_LOG("%zu bytes, alignment %u", size, j);
			}
			ASSERT_EQ(64, pattern_check(check + 64 + size, 64,
						    to + size, THERE));
			/* And as it was, for the next one. */
			pattern_fill(check, 0, 0);
			for (size_t k = 0; k < size; k++)
				check[k] = pattern_byte(to + k, THERE);
			ASSERT_TRUE(poke(target.pid, check, area + to, size));
		}
	}
}

TEST_F(copies, nothing)
{
	struct ntapc_copy args = {
		.remote = ADDR(area),
		.local = ADDR(local),
	};

	EXPECT_EQ(0, copy_full(self->fd, NTAPC_IOC_READ, &args));
	EXPECT_EQ(0, args.done);
	EXPECT_EQ(0, copy_full(self->fd, NTAPC_IOC_WRITE, &args));
	EXPECT_EQ(0, args.done);
	EXPECT_EQ(0, copy_full(self->fd, NTAPC_IOC_COMPARE, &args));
	EXPECT_EQ(0, args.done);
}

/* Onto the very addresses that it comes from, in the other process. */
TEST_F(copies, same_addresses)
{
	unsigned char *check = map_pages(MIB);

	ASSERT_EQ(0, copy_write(self->fd, area, area, MIB));
	ASSERT_TRUE(peek(target.pid, check, area, MIB));
	EXPECT_EQ(MIB, pattern_check(check, MIB, 0, HERE));
	ASSERT_EQ(0, copy_read(self->fd, area, area + MIB, MIB));
	EXPECT_EQ(MIB, pattern_check(area, MIB, MIB, THERE));
	pattern_fill(area, MIB, HERE);
}

/* The process's own descriptor, where both sides are the same memory. */
TEST(own_memory)
{
	static unsigned char from[200000], to[200000];
	int own;

	dev = open_device();
	own = open_process(dev, 0);
	ASSERT_LE(0, own);
	pattern_fill(from, sizeof(from), 3);
	EXPECT_EQ(0, copy_read(own, to, from, sizeof(from)));
	EXPECT_EQ(sizeof(to), pattern_check(to, sizeof(to), 0, 3));
	memset(to, 0, sizeof(to));
	EXPECT_EQ(0, copy_write(dev, from, to, sizeof(from)));
	EXPECT_EQ(sizeof(to), pattern_check(to, sizeof(to), 0, 3));
	/* Overlapping: any order will do, and nothing else changes. */
	EXPECT_EQ(0, copy_read(own, from + 1000, from, 100000));
	EXPECT_EQ(1000, pattern_check(from, 1000, 0, 3));
	EXPECT_EQ(sizeof(from) - 101000,
		  pattern_check(from + 101000, sizeof(from) - 101000, 101000, 3));
	EXPECT_EQ(0, copy_read(own, to, to, sizeof(to)));
	EXPECT_EQ(sizeof(to), pattern_check(to, sizeof(to), 0, 3));
}

/* Vectors */

#define SPAN	96

/* All ways to cut a span into two and three pieces, on both sides. */
TEST_F(copies, vector_splits)
{
	struct ntapc_range remote[3], near[3];
	unsigned int i, j, step = on_uml() ? 5 : slowness() > 2 ? 7 : 1;
	unsigned char *to = local + ONE_PAGE - SPAN / 2;
	unsigned char *from = area + MARGIN - SPAN / 2;
	struct ntapc_copy args;

	for (i = 0; i <= SPAN; i += step) {
		for (j = 0; j <= SPAN; j += step) {
			/* The two pieces of the one, changed places. */
			remote[0] = (struct ntapc_range) { ADDR(from) + i,
							   SPAN - i };
			remote[1] = (struct ntapc_range) { ADDR(from), i };
			near[0] = (struct ntapc_range) { ADDR(to), j };
			near[1] = (struct ntapc_range) { ADDR(to) + j, 0 };
			near[2] = (struct ntapc_range) { ADDR(to) + j,
							 SPAN - j };
			memset(to, 0, SPAN);
			ASSERT_EQ(0, copy_vector(self->fd, NTAPC_IOC_READ, near,
						 3, remote, 2, &args));
			ASSERT_EQ(SPAN, args.done);
			ASSERT_EQ(SPAN - i,
				  pattern_check(to, SPAN - i,
						from - area + i, THERE));
			ASSERT_EQ(i, pattern_check(to + SPAN - i, i,
						   from - area, THERE));
			/* And back, which changes nothing. */
			ASSERT_EQ(0, copy_vector(self->fd, NTAPC_IOC_WRITE, near,
						 3, remote, 2, &args));
			ASSERT_EQ(SPAN, args.done);
		}
	}
	ASSERT_TRUE(peek(target.pid, local, from, SPAN));
	EXPECT_EQ(SPAN, pattern_check(local, SPAN, from - area, THERE));
}

/* Pieces of all lengths, small and large, cut differently on both sides. */
TEST_F(copies, vector_of_many)
{
	static struct ntapc_range remote[NTAPC_RANGES_MAX + 1];
	static struct ntapc_range near[NTAPC_RANGES_MAX + 1];
	size_t at, total = 0, near_total = 0;
	struct ntapc_copy args;
	unsigned int i;

	for (i = 0; i < NTAPC_RANGES_MAX + 1; i++) {
		size_t length = i % 17 == 3 ? 0 : i % 100 == 50 ? 9000 :
				i * 37 % 701;

		/* With a gap behind each. */
		remote[i] = (struct ntapc_range) {
			ADDR(area) + total + i, length,
		};
		total += length;
		near[i] = (struct ntapc_range) {
			ADDR(local) + near_total, i * 53 % 997,
		};
		near_total += near[i].length;
	}
	total -= remote[NTAPC_RANGES_MAX].length;
	near_total -= near[NTAPC_RANGES_MAX].length;
	ASSERT_LT(total, near_total);
	memset(local, 0xa5, near_total);
	ASSERT_EQ(0, copy_vector(self->fd, NTAPC_IOC_READ, near,
				 NTAPC_RANGES_MAX, remote, NTAPC_RANGES_MAX,
				 &args));
	/* The smaller one of both. */
	EXPECT_EQ(total, args.done);
	for (i = 0, at = 0; i < NTAPC_RANGES_MAX; at += remote[i++].length) {
		ASSERT_EQ(remote[i].length,
			  pattern_check(local + at, remote[i].length, at + i,
					THERE));
	}
	EXPECT_EQ(near_total - total,
		  same_bytes(local + total, near_total - total, 0xa5));
	ASSERT_EQ(0, copy_vector(self->fd, NTAPC_IOC_WRITE, near,
				 NTAPC_RANGES_MAX, remote, NTAPC_RANGES_MAX,
				 &args));
	EXPECT_EQ(total, args.done);
	/* One more is too many, on either side; none is too few. */
	EXPECT_EQ(-EINVAL, copy_vector(self->fd, NTAPC_IOC_READ, near,
				       NTAPC_RANGES_MAX, remote,
				       NTAPC_RANGES_MAX + 1, &args));
	EXPECT_EQ(-EINVAL, copy_vector(self->fd, NTAPC_IOC_READ, near,
				       NTAPC_RANGES_MAX + 1, remote,
				       NTAPC_RANGES_MAX, &args));
	EXPECT_EQ(-EINVAL, copy_vector(self->fd, NTAPC_IOC_READ, near, 0, remote,
				       1, &args));
	EXPECT_EQ(-EINVAL, copy_vector(self->fd, NTAPC_IOC_READ, near, 1, remote,
				       0, &args));
	ASSERT_TRUE(peek(target.pid, local, area, MIB));
	EXPECT_EQ(MIB, pattern_check(local, MIB, 0, THERE));
}

TEST_F(copies, vector_that_is_bad)
{
	struct ntapc_range remote[2] = {
		{ ADDR(area), 64 }, { ADDR(area) + 64, 64 },
	};
	struct ntapc_range near[2] = {
		{ ADDR(local), 64 }, { ADDR(local) + 64, 64 },
	};
	struct ntapc_copy args, bad;

	memset(local, 0xa5, 128);
	/* It can't be read, wholly or in its end. */
	EXPECT_EQ(-EFAULT, copy_vector(self->fd, NTAPC_IOC_READ, near, 2,
				       (void *)8, 2, &args));
	EXPECT_EQ(-EFAULT, copy_vector(self->fd, NTAPC_IOC_READ,
				       (void *)(uintptr_t)KERNEL_ADDRESS, 2,
				       remote, 2, &args));
	/* A range that wraps, and a total that is too much. */
	remote[1].address = ~0ULL - 10;
	EXPECT_EQ(-EINVAL, copy_vector(self->fd, NTAPC_IOC_READ, near, 2, remote,
				       2, &args));
	remote[1].address = ADDR(area) + 64;
	near[1].address = ~0ULL - 10;
	EXPECT_EQ(-EINVAL, copy_vector(self->fd, NTAPC_IOC_READ, near, 2, remote,
				       2, &args));
	near[1].address = ADDR(local) + 64;
	remote[0].length = SSIZE_MAX;
	remote[1].length = 1;
	EXPECT_EQ(-EINVAL, copy_vector(self->fd, NTAPC_IOC_READ, near, 2, remote,
				       2, &args));
	remote[0].length = 1ULL << 63;
	EXPECT_EQ(-EINVAL, copy_vector(self->fd, NTAPC_IOC_READ, near, 2, remote,
				       1, &args));
	remote[0].length = 64;
	remote[1].length = 64;
	/* A length beside the vectors'; counts beside a plain copy. */
	bad = (struct ntapc_copy) {
		.flags = NTAPC_COPY_VECTOR,
		.remote = ADDR(remote),
		.local = ADDR(near),
		.length = 128,
		.nr_remote = 2,
		.nr_local = 2,
	};
	EXPECT_EQ(-EINVAL, copy_full(self->fd, NTAPC_IOC_READ, &bad));
	bad.length = 0;
	EXPECT_EQ(-EINVAL, copy_full(self->fd, NTAPC_IOC_COMPARE, &bad));
	EXPECT_EQ(128, same_bytes(local, 128, 0xa5));
	EXPECT_EQ(0, copy_full(self->fd, NTAPC_IOC_READ, &bad));
	EXPECT_EQ(128, pattern_check(local, 128, 0, THERE));
}

/* Numbers that are no range, or none of a process's. */
TEST_F(copies, bad_ranges)
{
	static const struct {
		__u64 remote, length;
		long error;
	} cases[] = {
		{ ~0ULL, 2, -EINVAL },
		{ ~0ULL - 4095, 8192, -EINVAL },
		{ 4096, 1ULL << 63, -EINVAL },
		{ 4096, ~0ULL, -EINVAL },
		{ KERNEL_ADDRESS, 1, -EFAULT },
		{ KERNEL_ADDRESS, 65536, -EFAULT },
		{ NON_CANONICAL, 8, -EFAULT },
		{ 0, 1, -EFAULT },
		{ 1, 4096, -EFAULT },
	};
	struct ntapc_copy args;
	unsigned int i, cmd;

	memset(local, 0xa5, 65536);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (cmd = NTAPC_IOC_READ; cmd <= NTAPC_IOC_WRITE; cmd++) {
			args = (struct ntapc_copy) {
				.remote = cases[i].remote,
				.local = ADDR(local),
				.length = cases[i].length,
			};
			EXPECT_EQ(cases[i].error,
				  copy_full(self->fd, cmd, &args)) {
				TH_LOG("case %u", i);
			}
			if (cases[i].error != -EFAULT)
				continue;
			EXPECT_EQ(0, args.done);
			EXPECT_EQ(cases[i].remote, args.fault) {
				TH_LOG("case %u", i);
			}
			/* The same as the near side is no address there. */
			args.remote = ADDR(area);
			args.local = cases[i].remote;
			EXPECT_EQ(-EFAULT, copy_full(self->fd, cmd, &args)) {
				TH_LOG("case %u", i);
			}
			EXPECT_EQ(0, args.done);
			EXPECT_EQ(0, args.fault);
		}
	}
	EXPECT_EQ(65536, same_bytes(local, 65536, 0xa5));
	ASSERT_TRUE(peek(target.pid, local, area, 65536));
	EXPECT_EQ(65536, pattern_check(local, 65536, 0, THERE));
}

/* As much as there is: a copy of everything ends where the memory does. */
TEST(up_to_ssize_max)
{
	unsigned char *there = map_pages_with_holes(3 * ONE_PAGE);
	unsigned char *here = map_pages(4 * ONE_PAGE);
	struct ntapc_copy args;

	ASSERT_NE(MAP_FAILED, there);
	ASSERT_EQ(0, munmap(there + 2 * ONE_PAGE, ONE_PAGE));
	dev = open_device();
	ASSERT_TRUE(target_start(&target, NULL));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	args = (struct ntapc_copy) {
		.remote = ADDR(there),
		.local = ADDR(here),
		.length = SSIZE_MAX,
	};
	EXPECT_EQ(-EFAULT, copy_full(process, NTAPC_IOC_READ, &args));
	EXPECT_EQ(2 * ONE_PAGE, args.done);
	EXPECT_EQ(ADDR(there) + 2 * ONE_PAGE, args.fault);
	EXPECT_EQ(-EFAULT, copy_full(process, NTAPC_IOC_WRITE, &args));
	EXPECT_EQ(2 * ONE_PAGE, args.done);
	EXPECT_EQ(ADDR(there) + 2 * ONE_PAGE, args.fault);
	target_kill(&target);
}

/*
 * Partial results: some pages, of which one is bad, on the one side or the other.
 */
enum badness {
	HOLE,
	PROTECTED,	/* PROT_NONE */
	READ_ONLY,
	BEHIND_THE_FILE,
};

#define PAGES	6
#define BAD	3

FIXTURE(partial)
{
	unsigned char *there, *here;
	int fd;
};

FIXTURE_VARIANT(partial)
{
	enum badness badness;
	/* The bad one is of this process's, not the target's. */
	bool near;
};

#define PARTIAL(name, what)						\
FIXTURE_VARIANT_ADD(partial, name##_there)				\
{									\
	.badness = what,						\
};									\
FIXTURE_VARIANT_ADD(partial, name##_here)				\
{									\
	.badness = what,						\
	.near = true,							\
}

PARTIAL(hole, HOLE);
PARTIAL(protected, PROTECTED);
PARTIAL(read_only, READ_ONLY);
PARTIAL(behind_the_file, BEHIND_THE_FILE);

/* @PAGES pages, with the bad one made so once they are filled. */
static unsigned char *map_bad(enum badness badness, unsigned int seed)
{
	unsigned char *pages = map_pages_with_holes(PAGES * ONE_PAGE), *bad;
	int fd;

	if (pages == MAP_FAILED)
		return NULL;
	bad = pages + BAD * ONE_PAGE;
	if (badness == BEHIND_THE_FILE) {
		/* The file ends in front of the bad page, and in a page. */
		fd = memfd_create("short", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, BAD * ONE_PAGE - 1000) ||
		    mmap(pages, PAGES * ONE_PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			return NULL;
		pattern_fill(pages, BAD * ONE_PAGE, seed);
		return pages;
	}
	pattern_fill(pages, PAGES * ONE_PAGE, seed);
	switch (badness) {
	case HOLE:
		munmap(bad, ONE_PAGE);
		break;
	case PROTECTED:
		mprotect(bad, ONE_PAGE, PROT_NONE);
		break;
	default:
		mprotect(bad, ONE_PAGE, PROT_READ);
		break;
	}
	return pages;
}

FIXTURE_SETUP(partial)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	if (variant->badness == PROTECTED && on_uml())
		SKIP(return, "UML's kernel reads it all the same");
	self->there = variant->near ? map_pages(PAGES * ONE_PAGE) :
		      map_bad(variant->badness, THERE);
	ASSERT_NE(NULL, self->there);
	if (variant->near)
		pattern_fill(self->there, PAGES * ONE_PAGE, THERE);
	ASSERT_TRUE(target_start(&target, NULL));
	self->here = variant->near ? map_bad(variant->badness, HERE) :
		     map_pages(PAGES * ONE_PAGE);
	ASSERT_NE(NULL, self->here);
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
}

FIXTURE_TEARDOWN(partial)
{
	EXPECT_EQ(0, stack_count(process));
	target_kill(&target);
}

/* Is this copy's way into a bad page? A read-only one is bad to write to. */
static bool is_bad(enum badness badness, bool near, unsigned int cmd)
{
	if (badness != READ_ONLY)
		return true;
	return near == (cmd == NTAPC_IOC_READ);
}

/*
 * From everywhere in the first pages into the bad one and beyond: as many bytes
 * as there were before it, its address, and nothing of what lies behind changed.
 */
TEST_F(partial, plain)
{
	static const size_t starts[] = {
		0, 1, 100, 4000, 4095, 4096, 5000, 8192, 12224, 12280, 12287,
	};
	static const size_t lengths[] = { 1, 64, 4096, 3 * 4096 };
	unsigned char *check = map_pages(PAGES * ONE_PAGE);
	unsigned int i, j, cmd;

	for (cmd = NTAPC_IOC_READ; cmd <= NTAPC_IOC_WRITE; cmd++) {
		for (i = 0; i < ARRAY_SIZE(starts); i++) {
			for (j = 0; j < ARRAY_SIZE(lengths); j++) {
				size_t start = starts[i];
				size_t good = BAD * ONE_PAGE - start;
				size_t beyond = lengths[j] > 2 * ONE_PAGE ?
						2 * ONE_PAGE : lengths[j];
				bool fails = is_bad(variant->badness,
						    variant->near, cmd);
				struct ntapc_copy args = {
					.remote = ADDR(self->there) + start,
					.local = ADDR(self->here) + start,
					.length = good + beyond,
				};

				ASSERT_EQ(fails ? -EFAULT : 0,
					  copy_full(process, cmd, &args)) {
					TH_LOG("%u from %zu, %zu beyond",
					       cmd & 0xff, start, beyond);
				}
				ASSERT_EQ(fails ? good : good + beyond,
					  args.done) {
					TH_LOG("%u from %zu, %zu beyond",
					       cmd & 0xff, start, beyond);
				}
				if (!fails)
					continue;
				ASSERT_EQ(variant->near ? 0 :
					  ADDR(self->there) + BAD * ONE_PAGE,
					  args.fault);
			}
		}
	}
	/* Wherever it didn't get to, all is as it was. */
	if (variant->badness == READ_ONLY && !variant->near) {
		ASSERT_TRUE(peek(target.pid, check,
				 self->there + BAD * ONE_PAGE, ONE_PAGE));
		EXPECT_EQ(ONE_PAGE, pattern_check(check, ONE_PAGE,
						  BAD * ONE_PAGE, THERE));
	}
}

TEST_F(partial, untouched_behind)
{
	size_t good = 2 * ONE_PAGE, at = ONE_PAGE;
	unsigned char *check = map_pages(PAGES * ONE_PAGE);
	struct ntapc_copy args = {
		.remote = ADDR(self->there) + at,
		.length = 4 * ONE_PAGE,
	};

	/* Near memory that is all there, for a bad page there. */
	if (variant->near)
		SKIP(return, "of bad pages there");
	memset(check, 0xa5, PAGES * ONE_PAGE);
	args.local = ADDR(check);
	if (is_bad(variant->badness, false, NTAPC_IOC_READ)) {
		ASSERT_EQ(-EFAULT, copy_full(process, NTAPC_IOC_READ, &args));
		EXPECT_EQ(good, args.done);
		EXPECT_EQ(PAGES * ONE_PAGE - good,
			  same_bytes(check + good, PAGES * ONE_PAGE - good,
				     0xa5));
		EXPECT_EQ(variant->badness == BEHIND_THE_FILE ? good - 1000 :
			  good, pattern_check(check, variant->badness ==
					      BEHIND_THE_FILE ? good - 1000 :
					      good, at, THERE));
	}
	memset(check, 0x5a, PAGES * ONE_PAGE);
	ASSERT_EQ(-EFAULT, copy_full(process, NTAPC_IOC_WRITE, &args));
	EXPECT_EQ(good, args.done);
	EXPECT_EQ(ADDR(self->there) + BAD * ONE_PAGE, args.fault);
	if (variant->badness != BEHIND_THE_FILE) {
		ASSERT_TRUE(peek(target.pid, check,
				 self->there + (BAD + 1) * ONE_PAGE, ONE_PAGE));
		EXPECT_EQ(ONE_PAGE, pattern_check(check, ONE_PAGE,
						  (BAD + 1) * ONE_PAGE, THERE));
	}
}

/* The same in a vector, whose pieces are cut anywhere. */
TEST_F(partial, vector)
{
	struct ntapc_range remote[4], near[4];
	struct ntapc_copy args;
	unsigned int cmd, cut;

	for (cmd = NTAPC_IOC_READ; cmd <= NTAPC_IOC_WRITE; cmd++) {
		if (!is_bad(variant->badness, variant->near, cmd))
			continue;
		for (cut = 1; cut < BAD * ONE_PAGE; cut += 1111) {
			remote[0].address = ADDR(self->there);
			remote[0].length = cut;
			/* Up to the bad page, and into it a bit. */
			remote[1].address = ADDR(self->there) + cut;
			remote[1].length = BAD * ONE_PAGE - cut + 5;
			remote[2].address = ADDR(self->there);
			remote[2].length = 10;
			near[0].address = ADDR(self->here);
			near[0].length = BAD * ONE_PAGE - 3;
			near[1].address = ADDR(self->here) + BAD * ONE_PAGE - 3;
			near[1].length = 8;
			near[2].address = ADDR(self->here);
			near[2].length = 10;
			ASSERT_EQ(-EFAULT, copy_vector(process, cmd, near, 3,
						       remote, 3, &args));
			ASSERT_EQ(BAD * ONE_PAGE, args.done) {
				TH_LOG("%u cut at %u", cmd & 0xff, cut);
			}
			ASSERT_EQ(variant->near ? 0 :
				  ADDR(self->there) + BAD * ONE_PAGE,
				  args.fault);
		}
	}
}

/* However little is left in front of the end of one's own memory: only that. */
TEST(write_from_the_end)
{
	unsigned char *there, *here = map_pages_with_holes(2 * ONE_PAGE);
	unsigned int tail;

	ASSERT_NE(MAP_FAILED, here);
	ASSERT_EQ(0, munmap(here + ONE_PAGE, ONE_PAGE));
	memset(here, 0x11, ONE_PAGE);
	there = mmap(NULL, ONE_PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, there);
	dev = open_device();
	ASSERT_TRUE(target_start(&target, NULL));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	for (tail = 0; tail < 200; tail++) {
		struct ntapc_copy args = {
			.remote = ADDR(there),
			.local = ADDR(here) + ONE_PAGE - tail,
			.length = 512,
		};

		memset(there, 0xee, ONE_PAGE);
		ASSERT_EQ(-EFAULT, copy_full(process, NTAPC_IOC_WRITE, &args));
		ASSERT_EQ(tail, args.done);
		ASSERT_EQ(0, args.fault);
		ASSERT_EQ(tail, same_bytes(there, tail, 0x11));
		ASSERT_EQ(ONE_PAGE - tail,
			  same_bytes(there + tail, ONE_PAGE - tail, 0xee)) {
			TH_LOG("with %u bytes", tail);
		}
	}
	target_kill(&target);
}

/* Starting in the bad page there is nothing to be done. */
TEST_F(partial, at_once)
{
	struct ntapc_copy args = {
		.remote = ADDR(self->there) + BAD * ONE_PAGE + 7,
		.local = ADDR(self->here) + BAD * ONE_PAGE + 7,
		.length = 100,
	};
	unsigned int cmd;

	for (cmd = NTAPC_IOC_READ; cmd <= NTAPC_IOC_WRITE; cmd++) {
		if (!is_bad(variant->badness, variant->near, cmd))
			continue;
		EXPECT_EQ(-EFAULT, copy_full(process, cmd, &args));
		EXPECT_EQ(0, args.done);
		EXPECT_EQ(variant->near ? 0 : args.remote, args.fault);
	}
}

TEST_HARNESS_MAIN
