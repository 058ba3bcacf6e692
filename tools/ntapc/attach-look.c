// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc attach PID dump, string, search: looking into a process's memory.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "verb.h"

#define PER_LINE	16
/* The most that the kernel's routine looks for an end. */
#define STRING_MAX	65536

/* What is being shown: lines are put together from pieces. */
struct dump {
	uint64_t address;	/* of the line */
	unsigned char line[PER_LINE];
	unsigned char before[PER_LINE];
	size_t filled;
	bool repeats;		/* the line before was, and was left out */
	bool any;
};

static void print_line(const struct dump *d)
{
	size_t i;

	printf("%016llx ", (unsigned long long)d->address);
	for (i = 0; i < PER_LINE; i++) {
		if (i % 8 == 0)
			printf(" ");
		if (i < d->filled)
			printf("%02x ", d->line[i]);
		else
			printf("   ");
	}
	printf(" |");
	for (i = 0; i < d->filled; i++)
		putchar(d->line[i] >= ' ' && d->line[i] <= '~' ? d->line[i] : '.');
	printf("|\n");
}

/* Lines that are the same as the one before are one line, "*". */
static void end_line(struct dump *d)
{
	bool same = d->any && d->filled == PER_LINE &&
		    !memcmp(d->line, d->before, PER_LINE);

	if (!same)
		print_line(d);
	else if (!d->repeats)
		printf("*\n");
	d->repeats = same;
	d->any = true;
	memcpy(d->before, d->line, PER_LINE);
	d->address += d->filled;
	d->filled = 0;
}

static bool dump_piece(void *context, const void *piece, size_t length)
{
	const unsigned char *byte = piece;
	struct dump *d = context;
	size_t i;

	for (i = 0; i < length; i++) {
		d->line[d->filled++] = byte[i];
		if (d->filled == PER_LINE)
			end_line(d);
	}
	return true;
}

int attach_dump(struct target *t, int argc, char **argv)
{
	uint64_t address, length;
	struct dump d = { 0 };
	int status;

	if (argc != 3)
		return wrong_usage(t);
	if (!parse_address(t, argv[1], &address) ||
	    !parse_length(t, argv[2], &length))
		return 2;
	d.address = address;
	status = read_pieces(t, address, length, dump_piece, &d);
	if (d.filled)
		end_line(&d);
	if (d.any)
		printf("%016llx\n", (unsigned long long)d.address);
	return status;
}

static bool print_text(void *context, const void *piece, size_t length)
{
	const unsigned char *c = piece;
	size_t i;

	(void)context;
	for (i = 0; i < length; i++) {
		if (c[i] == '\\')
			printf("\\\\");
		else if (c[i] >= ' ' && c[i] != 0x7f)
			putchar(c[i]);
		else
			printf("\\x%02x", c[i]);
	}
	return true;
}

int attach_string(struct target *t, int argc, char **argv)
{
	uint64_t arg[3] = { 0, STRING_MAX }, length = 0;
	unsigned int n = 1;
	int ret;

	if (argc != 2)
		return wrong_usage(t);
	if (!parse_address(t, argv[1], &arg[0]))
		return 2;
	ret = ntapc_process_call(NTAPC_HERE, "strnlen", arg, &length, &n);
	if (ret < 0)
		return target_refused(t, ret, NULL);
	ret = read_pieces(t, arg[0], length, print_text, NULL);
	printf("\n");
	if (length == STRING_MAX)
		fprintf(stderr, "ntapc attach string: and so on: no end in %d"
			" bytes\n", STRING_MAX);
	return ret;
}

/* Prints all places; returns the exit status. */
static int search(const struct target *t, uint64_t address, uint64_t length,
		  const struct bytes *bytes)
{
	uint64_t end = address + length, found;
	struct ntapc_progress progress;
	bool any = false;
	int ret;

	while ((ret = ntapc_process_search(NTAPC_HERE, address, end - address,
					   bytes->at, bytes->length, 1, &found,
					   &progress)) == 1) {
		printf("%llx\n", (unsigned long long)found);
		address = found + 1;
		any = true;
	}
	if (ret)
		return target_refused(t, ret, &progress);
	return any ? 0 : 1;
}

int attach_search(struct target *t, int argc, char **argv)
{
	static const struct option options[] = {
		{ "string", no_argument, NULL, 's' },
		{ 0 }
	};
	uint64_t address, length;
	struct bytes bytes;
	bool text = false;
	int option, status;

	optind = 0;
	while ((option = getopt_long(argc, argv, "s", options, NULL)) != -1) {
		if (option != 's')
			return wrong_usage(t);
		text = true;
	}
	argc -= optind;
	argv += optind;
	if (argc < 3 || (text && argc != 3))
		return wrong_usage(t);
	if (!parse_address(t, argv[0], &address) ||
	    !parse_length(t, argv[1], &length) ||
	    !parse_bytes(t, text, argc - 2, argv + 2, &bytes))
		return 2;
	if (bytes.length && bytes.length <= NTAPC_PATTERN_MAX) {
		status = search(t, address, length, &bytes);
	} else {
		fprintf(stderr, "ntapc attach search: 1 to %d bytes\n",
			NTAPC_PATTERN_MAX);
		status = 2;
	}
	free(bytes.at);
	return status;
}
