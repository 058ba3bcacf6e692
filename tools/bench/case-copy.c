// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 9, second part: copies from and to another process, of every power of two
 * from 64 bytes to 16 MiB, between it and plain memory or a window.
 *
 * Under emulation it matters where the buffers are: at equal offsets modulo 2 MiB
 * their pages share entries of the emulator's TLB, which costs a factor of four and
 * more, and even else ratios move by a seventh. So several placements, the same ones
 * for every side and with no two buffers at like offsets, are averaged.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

#define SMALLEST	((size_t)64)
#define LARGEST		((size_t)16 << 20)
#define ROOM		(LARGEST + (4 << 20))

/* What a side copies at each place in one repetition; but SAMPLES_MIN times at least. */
#define VOLUME		((size_t)16 << 20)
#define SAMPLES_MIN	4

/* User-mode Linux has no address space above 2^39. */
#define REMOTE		0x2000000000
#define LOCAL		0x2100000000
#define OTHER		0x2200000000
#define WINDOW		0x2300000000

/*
 * Where in its region each buffer is. Programs' buffers are aligned to 16 bytes, few
 * to pages.
 */
static const struct place {
	size_t remote;	/* in the other process */
	size_t local;	/* in one's own memory or the window */
	size_t other;	/* the second one of a copy in one's own memory */
} places[] = {
	{ 0x003000, 0x085000, 0x141000 },
	{ 0x0a7040, 0x1d3000, 0x0390c0 },
	{ 0x11e000, 0x2a2080, 0x25c000 },
	{ 0x1f4310, 0x04c750, 0x0e9420 },
	{ 0x2690a0, 0x157000, 0x316050 },
};

static struct neighbour neighbour;
static char *local, *other;
static int window_fd;

/* What is being compared. */
static const struct place *place;
static size_t size;
static bool writing;

/* The sides: one copy each */

static void copy_ntapc(uint64_t address, int window)
{
	struct ntapc_copy args = {
		.size = sizeof(args),
		.flags = window ? NTAPC_COPY_WINDOW : 0,
		.remote = REMOTE + place->remote,
		.local = address,
		.length = size,
		.window = window,
	};

	if (ioctl(neighbour.fd, writing ? NTAPC_IOC_WRITE : NTAPC_IOC_READ,
		  &args))
		die("NTAPC_IOC_%s: %m", writing ? "WRITE" : "READ");
}

static void copy_plain(void)
{
	copy_ntapc((uintptr_t)local + place->local, 0);
}

static void copy_window(void)
{
	copy_ntapc(place->local, window_fd);
}

static void copy_process_vm(void)
{
	struct iovec here = { local + place->local, size };
	struct iovec there = { (void *)(REMOTE + place->remote), size };
	ssize_t n;

	if (writing)
		n = process_vm_writev(neighbour.pid, &here, 1, &there, 1, 0);
	else
		n = process_vm_readv(neighbour.pid, &here, 1, &there, 1, 0);
	if (n != (ssize_t)size)
		die("process_vm_%s: %m", writing ? "writev" : "readv");
}

static void copy_mem_file(void)
{
	off_t there = REMOTE + place->remote;
	char *here = local + place->local;
	ssize_t n;

	if (writing)
		n = pwrite(neighbour.mem_fd, here, size, there);
	else
		n = pread(neighbour.mem_fd, here, size, there);
	if (n != (ssize_t)size)
		die("%s of /proc/PID/mem: %m", writing ? "pwrite" : "pread");
}

static void copy_own(void)
{
	char *here = local + place->local, *there = other + place->other;

	if (writing)
		memcpy(there, here, size);
	else
		memcpy(here, there, size);
}

#define SIDE(how)							\
static void by_##how(struct series *s, enum cpu cpu, unsigned int count) \
{									\
	while (count--) {						\
		uint64_t begin = clock_now();				\
									\
		copy_##how();						\
		series_add_time(s, begin, clock_now(), 1);		\
	}								\
}

SIDE(plain)
SIDE(window)
SIDE(process_vm)
SIDE(mem_file)
SIDE(own)

/* The comparisons */

static void go_to_place(unsigned int number)
{
	place = &places[number];
}

static unsigned int samples(void)
{
	size_t count = VOLUME / size;
	size_t most = options.samples / ARRAY_SIZE(places);

	if (count > most)
		count = most;
	return count > SAMPLES_MIN ? count : SAMPLES_MIN;
}

/* Never slower than process_vm; where a stand-in copies on one CPU, much faster. */
static double wanted_of_process_vm(bool window)
{
	bool um = !strcmp(report_guest(), "um");

	return um && window && size == LARGEST ? 0.6 : 1.0;
}

static double wanted_of_memcpy(void)
{
	bool qemu = !strncmp(report_guest(), "qemu", 4);

	return qemu && size >= 1 << 20 ? 1.3 : 0;
}

static void size_name(char name[16])
{
	if (size >= 1 << 20)
		snprintf(name, 16, "%zuM", size >> 20);
	else if (size >= 1 << 10)
		snprintf(name, 16, "%zuK", size >> 10);
	else
		snprintf(name, 16, "%zu", size);
}

static void compare_copies(bool window)
{
	const char *direction = writing ? "write" : "read";
	char name[16], id[48], what[64];
	const struct comparison c = {
		.id = id,
		.what = what,
		.run = window ? by_window : by_plain,
		.count = samples(),
		.variants = ARRAY_SIZE(places),
		.vary = go_to_place,
		.peer = {
			{ .name = writing ? "process_vm_writev" :
					    "process_vm_readv",
			  .run = by_process_vm,
			  .wanted = wanted_of_process_vm(window) },
			{ .name = "/proc/PID/mem", .run = by_mem_file },
			{ .name = "memcpy in one process", .run = by_own,
			  .wanted = wanted_of_memcpy() },
		},
	};

	size_name(name);
	snprintf(id, sizeof(id), "9-%s-%s%s", direction, window ? "win-" : "",
		 name);
	snprintf(what, sizeof(what), "%s %s %s", direction, name,
		 !window ? "" : writing ? "from a window" : "into a window");
	compare(&c, CPU_SAME);
}

static int open_window(void)
{
	struct ntapc_window args = { .size = sizeof(args), .length = ROOM };
	int fd = ioctl(must(ntapc_instance(), "ntapc_instance"),
		       NTAPC_IOC_WINDOW, &args);
	void *memory;

	if (fd < 0)
		die("NTAPC_IOC_WINDOW: %m");
	memory = mmap((void *)WINDOW, ROOM, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
	if (memory == MAP_FAILED)
		die("mmap of a window: %m");
	memset(memory, 1, ROOM);
	return fd;
}

void case_copy(void)
{
	neighbour_start(&neighbour, REMOTE, ROOM);
	local = memory_map(LOCAL, ROOM);
	other = memory_map(OTHER, ROOM);
	window_fd = open_window();
	for (size = SMALLEST; size <= LARGEST; size *= 2) {
		for (int i = 0; i < 4; i++) {
			writing = i & 1;
			compare_copies(i & 2);
		}
	}
	munmap((void *)WINDOW, ROOM);
	close(window_fd);
	munmap(other, ROOM);
	munmap(local, ROOM);
	neighbour_end(&neighbour);
}
