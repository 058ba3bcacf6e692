// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A process leaves memory. Which of its pages are in memory is found out first, as
 * whoever looks into a process that is on its way out brings it back.
 *
 * What the kernel's reclaim is asked for is what the swapper is told to bring in again.
 * All memory needed is from the kernel: see suspend.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21	/* since Linux 5.4 */
#endif

/* What proc(5) says of an entry of a pagemap. */
#define PAGE_PRESENT	(UINT64_C(1) << 63)
#define PAGE_OF_FILE	(UINT64_C(1) << 61)	/* or shared */

#define ENTRIES		4096
#define BATCH		64
/* Gaps of more than this aren't worth the memory that they would take. */
#define GAP_MAX		(UINT64_C(1) << 20)

/* Mappings whose pages aren't the process's own, or that don't take part. */
#define NOT_OURS	(NTAPC_MAP_SHARED | NTAPC_MAP_LOCKED | NTAPC_MAP_IO | \
			 NTAPC_MAP_HUGETLB)

struct plan {
	struct ntapc_range range[NTAPC_RANGES_MAX];
	uint64_t mapping[NTAPC_RANGES_MAX];	/* where the one begins it is in */
	uint64_t entry[ENTRIES];
	unsigned int nr;
	uint64_t gap;		/* so much between two ranges makes them one */
	uint64_t page;		/* size of a page */
};

static uint64_t end_of(const struct ntapc_range *range)
{
	return range->address + range->length;
}

static bool join(struct plan *p, unsigned int i, uint64_t address,
		 uint64_t length, uint64_t mapping)
{
	struct ntapc_range *range = &p->range[i];

	if (p->mapping[i] != mapping || address - end_of(range) > p->gap)
		return false;
	range->length = address + length - range->address;
	return true;
}

/* Room for another one: the nearest neighbours become one range. */
static bool make_room(struct plan *p)
{
	unsigned int i, last;

	while (p->nr == NTAPC_RANGES_MAX) {
		if (p->gap >= GAP_MAX)
			return false;
		p->gap = p->gap ? p->gap * 2 : p->page;
		for (last = 0, i = 1; i < p->nr; i++) {
			if (join(p, last, p->range[i].address,
				 p->range[i].length, p->mapping[i]))
				continue;
			last++;
			p->range[last] = p->range[i];
			p->mapping[last] = p->mapping[i];
		}
		p->nr = last + 1;
	}
	return true;
}

static bool add(struct plan *p, uint64_t address, uint64_t length,
		uint64_t mapping)
{
	if (p->nr && join(p, p->nr - 1, address, length, mapping))
		return true;
	if (!make_room(p))
		return false;
	p->range[p->nr] = (struct ntapc_range){ address, length };
	p->mapping[p->nr] = mapping;
	p->nr++;
	return true;
}

static bool in_memory(uint64_t entry)
{
	return entry & PAGE_PRESENT && !(entry & PAGE_OF_FILE);
}

/* Adds what is in memory of a mapping. Returns 1, 0 if the plan is full, or -errno. */
static int add_mapping(struct plan *p, int pagemap, uint64_t start, uint64_t end)
{
	uint64_t at = start;
	ssize_t got, i;

	while (at < end) {
		uint64_t n = (end - at) / p->page;

		if (n > ENTRIES)
			n = ENTRIES;
		got = pread(pagemap, p->entry, n * sizeof(p->entry[0]),
			    at / p->page * sizeof(p->entry[0]));
		if (got < 0)
			return -errno;
		got /= sizeof(p->entry[0]);
		/* It ends where the memory of an ended process did. */
		if (!got)
			return 1;
		for (i = 0; i < got; i++, at += p->page)
			if (in_memory(p->entry[i]) &&
			    !add(p, at, p->page, start))
				return 0;
	}
	return 1;
}

static int make_plan(struct plan *p, int fd, int pagemap)
{
	struct ntapc_query q;
	uint64_t at = 0;
	int ret = 1;

	p->page = sysconf(_SC_PAGESIZE);
	while (ret > 0) {
		ret = ntapc_process_query(fd, at, &q, NULL, 0);
		if (ret)
			break;
		ret = 1;
		if (q.type & NTAPC_MAP_MAPPED && !(q.type & NOT_OURS))
			ret = add_mapping(p, pagemap, q.start, q.end);
		if (q.end <= at)
			break;
		at = q.end;
	}
	/* The end of the address space isn't an error. */
	return ret == -EINVAL || ret > 0 ? 0 : ret;
}

/* As process_madvise(2), which only newer kernels allow of oneself to everybody. */
static ssize_t page_out(int pidfd, const struct iovec *iov, unsigned int n)
{
	if (pidfd >= 0)
		return syscall(SYS_process_madvise, pidfd, iov, (size_t)n,
			       MADV_PAGEOUT, 0U);
	if (madvise(iov->iov_base, iov->iov_len, MADV_PAGEOUT))
		return -1;
	return iov->iov_len;
}

/*
 * Gives all ranges to reclaim. Those that were unmapped or locked meanwhile are dropped.
 * Returns how many bytes there were, or -errno.
 */
static int64_t carry_out(struct plan *p, int pidfd)
{
	unsigned int next = 0, kept = 0, i;
	struct iovec iov[BATCH];
	uint64_t skip = 0, total = 0;
	ssize_t ret;

	while (next < p->nr) {
		for (i = 0; i < BATCH && next + i < p->nr; i++) {
			iov[i].iov_base = (void *)(uintptr_t)
				p->range[next + i].address;
			iov[i].iov_len = p->range[next + i].length;
		}
		iov[0].iov_base = (char *)iov[0].iov_base + skip;
		iov[0].iov_len -= skip;
		ret = page_out(pidfd, iov, i);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0 && errno != EINVAL && errno != ENOMEM)
			return -errno;
		if (ret <= 0) {
			/* Part of it is gone already. */
			if (skip)
				p->range[kept++] = p->range[next];
			next++;
			skip = 0;
			continue;
		}
		skip += ret;
		total += ret;
		while (next < p->nr && skip >= p->range[next].length) {
			skip -= p->range[next].length;
			p->range[kept++] = p->range[next++];
		}
	}
	p->nr = kept;
	return total;
}

static int step(int fd, unsigned int which, const struct plan *p)
{
	struct ntapc_out_swap os = { .size = sizeof(os), .step = which };

	if (p && p->nr) {
		os.ranges = (uintptr_t)p->range;
		os.nr_ranges = p->nr;
	}
	return ntapc__ioctl(fd, NTAPC_IOC_OUT_SWAP, &os);
}

static int swap(int fd, struct plan *p, int pidfd, uint64_t *length)
{
	int64_t total;
	int ret;

	ret = step(fd, NTAPC_OUT_SWAP_BEGIN, NULL);
	if (ret)
		return ret;
	total = carry_out(p, pidfd);
	ret = total < 0 ? (int)total : step(fd, NTAPC_OUT_SWAP_END, p);
	if (ret)
		step(fd, NTAPC_OUT_SWAP_CANCEL, NULL);
	else if (length)
		*length = total;
	return ret;
}

/* What /proc has by the number is the process's if that still has the number. */
static int still_is(int fd, pid_t pid)
{
	struct ntapc_process_info info;
	int ret = ntapc_process_info(fd, &info);

	if (ret)
		return ret;
	return info.flags & NTAPC_PROCESS_ENDED || info.pid != pid ? -ESRCH : 0;
}

static int with_pagemap(int fd, pid_t pid, int pidfd, uint64_t *length)
{
	struct plan *p;
	char path[64];
	int pagemap;
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return -errno;
	ret = still_is(fd, pid);
	p = ret ? MAP_FAILED : mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		close(pagemap);
		return ret ? ret : -ENOMEM;
	}
	ret = make_plan(p, fd, pagemap);
	if (!ret)
		ret = swap(fd, p, pidfd, length);
	munmap(p, sizeof(*p));
	close(pagemap);
	return ret;
}

static int out_swap(int fd, uint64_t *length)
{
	struct ntapc_process_info info;
	int pidfd = -1, ret;

	ret = ntapc_process_info(fd, &info);
	if (ret)
		return ret;
	if (info.flags & NTAPC_PROCESS_ENDED)
		return -ESRCH;
	/* To look at one that isn't would bring it in. */
	if (info.state != NTAPC_PROCESS_IN_MEMORY)
		return -EBUSY;
	if (!info.pid)
		return -ENOENT;
	if (info.pid != getpid()) {
		pidfd = syscall(SYS_pidfd_open, info.pid, 0);
		if (pidfd < 0)
			return -errno;
	}
	ret = with_pagemap(fd, info.pid, pidfd, length);
	if (pidfd >= 0)
		close(pidfd);
	return ret;
}

int ntapc_process_out_swap(int fd, uint64_t *length)
{
	int saved = errno;
	int ret = out_swap(fd, length);

	errno = saved;
	return ret;
}
