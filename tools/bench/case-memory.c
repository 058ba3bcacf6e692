// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 11: what a registered thread and a queued APC take of the kernel's memory:
 * by how much all its slabs grow, or the size of the cache's objects with their
 * share of what a slab leaves unused, whichever is more. (Slabs grow by less where
 * earlier cases have left free objects in them.) By how much free memory shrinks
 * is shown as well, but many other things do that.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

#define MAX_THREADS	20000
#define APCS		50000

static double kernel_bytes(void)
{
	return 1024.0 * (read_field("/proc/meminfo", "Slab") -
			 read_field("/proc/meminfo", "KReclaimable"));
}

static double free_bytes(void)
{
	return 1024.0 * read_field("/proc/meminfo", "MemFree");
}

static long slab_attribute(const char *cache, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/%s", cache, name);
	return read_number(path);
}

/* Bytes for an object, with its share of what a slab leaves unused; 0: unknown. */
static double object_bytes(const char *cache)
{
	long per_slab = slab_attribute(cache, "objs_per_slab");
	long order = slab_attribute(cache, "order");

	if (per_slab <= 0 || order < 0)
		return 0;
	return (double)(sysconf(_SC_PAGESIZE) << order) / per_slab;
}

static void report_bytes(const char *id, const char *what, double bytes,
			 double limit, unsigned int n)
{
	char peer[32];
	struct row row = {
		.id = id,
		.what = what,
		.peer = peer,
		.unit = "bytes",
		.own = bytes,
		.own_p99 = bytes,
		.other = limit,
		.other_p99 = limit,
		.ratio = bytes / limit,
		.wanted = 1,
		.n = n,
	};

	snprintf(peer, sizeof(peer), "limit %.0f bytes", limit);
	report_row(&row);
}

static double thread_bytes(bool with_slots, unsigned int *n)
{
	unsigned int wanted = options.threads < MAX_THREADS ? options.threads :
							      MAX_THREADS;
	double slab, memory;

	*n = crowd_start(wanted);
	slab = kernel_bytes();
	memory = free_bytes();
	crowd_register(with_slots);
	slab = (kernel_bytes() - slab) / *n;
	memory = (memory - free_bytes()) / *n;
	crowd_stop();
	report_note("a thread%s: slabs grew by %.0f bytes, free memory shrank by %.0f",
		    with_slots ? " with its control slot" : "", slab, memory);
	if (slab < object_bytes("ntapc_thread"))
		slab = object_bytes("ntapc_thread");
	/* The slots are in pages of their own: 64 bytes each. */
	return with_slots ? slab + sizeof(struct ntapc_control) : slab;
}

static void routine(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
}

static double apc_bytes(void)
{
	static struct ntapc_queue_entry entries[APCS];
	int fd = must(ntapc_thread_self(), "ntapc_thread_self");
	double slab, memory;
	unsigned int i;

	for (i = 0; i < APCS; i++)
		entries[i].routine = (uintptr_t)routine;
	slab = kernel_bytes();
	memory = free_bytes();
	if (must(ntapc_queue_many(fd, entries, APCS), "ntapc_queue_many") !=
	    APCS)
		die("case 11: the limits of queued APCs are too low");
	slab = (kernel_bytes() - slab) / APCS;
	memory = (memory - free_bytes()) / APCS;
	ntapc_test_alert();
	report_note("an APC: slabs grew by %.0f bytes, free memory shrank by %.0f",
		    slab, memory);
	return slab < object_bytes("ntapc_apc") ? object_bytes("ntapc_apc") :
						  slab;
}

void case_memory(void)
{
	unsigned int n;
	double bytes;

	thread_bytes(false, &n);
	bytes = thread_bytes(true, &n);
	report_bytes("11-thread", "a registered thread, beyond its fds", bytes,
		     512, n);
	bytes = apc_bytes();
	report_bytes("11-apc", "a queued APC", bytes, 128, APCS);
	report_note("objects with their share of the slab: thread %.0f, APC %.0f bytes",
		    object_bytes("ntapc_thread"), object_bytes("ntapc_apc"));
}
