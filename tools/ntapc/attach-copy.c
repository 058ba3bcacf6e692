// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc attach PID read, write, fill: bytes out of a process's memory and into it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "verb.h"

#define PIECE	(1 << 20)

int read_pieces(const struct target *t, uint64_t address, uint64_t length,
		bool (*use)(void *context, const void *piece, size_t length),
		void *context)
{
	struct ntapc_progress progress;
	uint64_t done = 0;
	bool go_on = true;
	void *piece;
	size_t n;
	int ret = 0;

	piece = malloc(PIECE);
	if (!piece)
		return target_refused(t, -ENOMEM, NULL);
	while (!ret && go_on && done < length) {
		n = length - done < PIECE ? length - done : PIECE;
		ret = ntapc_process_read(NTAPC_HERE, address + done, piece, n,
					 &progress);
		if (progress.done)
			go_on = use(context, piece, progress.done);
		done += progress.done;
	}
	free(piece);
	if (!go_on)
		return 1;
	progress.done = done;
	return ret ? target_refused(t, ret, &progress) : 0;
}

static bool put_out(void *context, const void *piece, size_t length)
{
	(void)context;
	if (fwrite(piece, 1, length, stdout) == length && !fflush(stdout))
		return true;
	fprintf(stderr, "ntapc attach read: %s\n", strerror(errno));
	return false;
}

int attach_read(struct target *t, int argc, char **argv)
{
	uint64_t address, length;

	if (argc != 3)
		return wrong_usage(t);
	if (!parse_address(t, argv[1], &address) ||
	    !parse_length(t, argv[2], &length))
		return 2;
	return read_pieces(t, address, length, put_out, NULL);
}

/* Says how it went; returns the exit status. */
static int say_written(const struct target *t, int ret,
		       const struct ntapc_progress *progress)
{
	if (ret)
		return target_refused(t, ret, progress);
	printf("process %d: %llu bytes written\n", t->pid,
	       (unsigned long long)progress->done);
	return 0;
}

static int write_bytes(const struct target *t, uint64_t address,
		       const struct bytes *bytes)
{
	struct ntapc_progress progress;
	int ret;

	ret = ntapc_process_write(NTAPC_HERE, address, bytes->at, bytes->length,
				  &progress);
	return say_written(t, ret, &progress);
}

static int write_stream(const struct target *t, uint64_t address, FILE *from,
			const char *name)
{
	struct ntapc_progress progress = { 0 };
	uint64_t done = 0;
	char *piece;
	size_t n;
	int ret = 0;

	piece = malloc(PIECE);
	if (!piece)
		return target_refused(t, -ENOMEM, NULL);
	while (!ret && (n = fread(piece, 1, PIECE, from)) > 0) {
		ret = ntapc_process_write(NTAPC_HERE, address + done, piece, n,
					  &progress);
		done += progress.done;
	}
	free(piece);
	progress.done = done;
	if (!ret && ferror(from)) {
		fprintf(stderr, "ntapc attach write: %s: %s\n", name,
			strerror(errno));
		return 1;
	}
	return say_written(t, ret, &progress);
}

static int write_file(const struct target *t, uint64_t address, const char *path)
{
	FILE *from = fopen(path, "re");
	int status;

	if (!from) {
		fprintf(stderr, "ntapc attach write: %s: %s\n", path,
			strerror(errno));
		return 1;
	}
	status = write_stream(t, address, from, path);
	fclose(from);
	return status;
}

int attach_write(struct target *t, int argc, char **argv)
{
	static const struct option options[] = {
		{ "string", no_argument, NULL, 's' },
		{ "file", required_argument, NULL, 'f' },
		{ 0 }
	};
	const char *file = NULL;
	struct bytes bytes;
	bool text = false;
	uint64_t address;
	int option, left, status;

	optind = 0;
	while ((option = getopt_long(argc, argv, "sf:", options, NULL)) != -1) {
		if (option == 's')
			text = true;
		else if (option == 'f')
			file = optarg;
		else
			return wrong_usage(t);
	}
	left = argc - optind - 1;
	if (left < 0 || (text && left != 1) || (file && left) || (text && file))
		return wrong_usage(t);
	if (!parse_address(t, argv[optind], &address))
		return 2;
	if (file)
		return write_file(t, address, file);
	if (!left)
		return write_stream(t, address, stdin, "standard input");
	if (!parse_bytes(t, text, left, argv + optind + 1, &bytes))
		return 2;
	status = write_bytes(t, address, &bytes);
	free(bytes.at);
	return status;
}

int attach_fill(struct target *t, int argc, char **argv)
{
	struct ntapc_progress progress;
	uint64_t address, length;
	unsigned long byte;
	int ret;

	if (argc != 4)
		return wrong_usage(t);
	if (!parse_address(t, argv[1], &address) ||
	    !parse_length(t, argv[2], &length))
		return 2;
	if (!parse_number(argv[3], 0xff, &byte)) {
		fprintf(stderr, "ntapc attach fill: '%s' isn't a byte\n", argv[3]);
		return 2;
	}
	ret = ntapc_process_fill(NTAPC_HERE, address, length, byte, 1, &progress);
	return say_written(t, ret, &progress);
}
