/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ntapc attach PID ACTION: an action is a function, and a line in attach.c's table. It
 * gets its own arguments, argv[0] being its name, and returns the exit status.
 */
#ifndef NTAPC_ATTACH_H
#define NTAPC_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ntapc.h>

/* The process, to which the calling thread is attached if the action wants that. */
struct target {
	const char *action;
	pid_t pid;
	int fd;
};

/* attach-copy.c */
int attach_read(struct target *t, int argc, char **argv);
int attach_write(struct target *t, int argc, char **argv);
int attach_fill(struct target *t, int argc, char **argv);

/* attach-look.c */
int attach_dump(struct target *t, int argc, char **argv);
int attach_search(struct target *t, int argc, char **argv);
int attach_string(struct target *t, int argc, char **argv);

/* attach-map.c */
int attach_query(struct target *t, int argc, char **argv);

/* attach-swap.c */
int attach_info(struct target *t, int argc, char **argv);
int attach_out_swap(struct target *t, int argc, char **argv);

/*
 * Says why something can't be done to the process, @progress being how far it got or
 * NULL; returns the exit status.
 */
int target_refused(const struct target *t, int err,
		   const struct ntapc_progress *progress);

/* The same for what is wrong with the usage. */
int wrong_usage(const struct target *t);

/* An address is hexadecimal, with 0x or without. Says what is wrong with it if so. */
bool parse_address(const struct target *t, const char *text, uint64_t *address);
bool parse_length(const struct target *t, const char *text, uint64_t *length);

struct bytes {
	unsigned char *at;
	size_t length;
};

/*
 * "HEX...": two digits for a byte; or after -s, --string one TEXT. To be freed. Says what
 * is wrong with it if so. optind is where it begins.
 */
bool parse_bytes(const struct target *t, bool text, int argc, char **argv,
		 struct bytes *bytes);

/*
 * Reads all of it in pieces, and has them used in order: @use returns false to end that.
 * Says what went wrong; returns the exit status.
 */
int read_pieces(const struct target *t, uint64_t address, uint64_t length,
		bool (*use)(void *context, const void *piece, size_t length),
		void *context);

#endif /* NTAPC_ATTACH_H */
