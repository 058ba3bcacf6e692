// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc attach PID query: what is mapped in a process's memory.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "attach.h"

/* So that paths stand below each other. */
#define INODE_WIDTH	10

static void print_kind(const struct ntapc_query *q)
{
	static const struct {
		__u32 bit;
		const char *name;
	} kinds[] = {
		{ NTAPC_MAP_GROWS, "stack" },
		{ NTAPC_MAP_LOCKED, "locked" },
		{ NTAPC_MAP_IO, "device" },
		{ NTAPC_MAP_HUGETLB, "huge" },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (q->type & kinds[i].bit)
			printf(" [%s]", kinds[i].name);
}

/* As /proc/PID/maps has it, then what that doesn't have. */
static void print_mapping(const struct ntapc_query *q, const char *path)
{
	printf("%08llx-%08llx ", (unsigned long long)q->start,
	       (unsigned long long)q->end);
	if (!(q->type & NTAPC_MAP_MAPPED)) {
		printf("free\n");
		return;
	}
	printf("%c%c%c%c %08llx %02x:%02x %-*llu",
	       q->protection & PROT_READ ? 'r' : '-',
	       q->protection & PROT_WRITE ? 'w' : '-',
	       q->protection & PROT_EXEC ? 'x' : '-',
	       q->type & NTAPC_MAP_SHARED ? 's' : 'p',
	       (unsigned long long)q->offset, q->dev_major, q->dev_minor,
	       path[0] ? INODE_WIDTH : 0, (unsigned long long)q->inode);
	if (path[0])
		printf(" %s", path);
	print_kind(q);
	printf("\n");
}

/* Up to the end of the address space. */
static int query_all(const struct target *t)
{
	struct ntapc_query q = { .end = 0 };
	uint64_t address;
	char path[4096];
	int ret;

	do {
		address = q.end;
		ret = ntapc_process_query(NTAPC_HERE, address, &q, path,
					  sizeof(path));
		if (!ret && q.type & NTAPC_MAP_MAPPED)
			print_mapping(&q, path);
	} while (!ret && q.end > address);
	/* Behind the last one there is nothing more to ask for. */
	if (!ret || (ret == -EINVAL && address))
		return 0;
	return target_refused(t, ret, NULL);
}

int attach_query(struct target *t, int argc, char **argv)
{
	struct ntapc_query q;
	uint64_t address;
	char path[4096];
	int ret;

	if (argc > 2)
		return wrong_usage(t);
	if (argc == 1)
		return query_all(t);
	if (!parse_address(t, argv[1], &address))
		return 2;
	ret = ntapc_process_query(NTAPC_HERE, address, &q, path, sizeof(path));
	if (ret)
		return target_refused(t, ret, NULL);
	print_mapping(&q, path);
	return 0;
}
