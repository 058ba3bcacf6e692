// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc attach PID ACTION: into a process's memory and out again.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "verb.h"

static const struct action {
	const char *name;
	int (*run)(struct target *t, int argc, char **argv);
	bool attached;		/* the thread is to be, for this */
	const char *arguments;
	const char *what;
} actions[] = {
	{ "read", attach_read, true, "ADDR LENGTH",
	  "its memory, as it is, to standard output" },
	{ "write", attach_write, true, "ADDR [HEX... | -s TEXT | -f FILE]",
	  "these bytes, or standard input, into its memory" },
	{ "fill", attach_fill, true, "ADDR LENGTH BYTE",
	  "the same byte over and over" },
	{ "dump", attach_dump, true, "ADDR LENGTH", "its memory, to look at" },
	{ "string", attach_string, true, "ADDR", "the string that is there" },
	{ "search", attach_search, true, "ADDR LENGTH HEX... | -s TEXT",
	  "where these bytes are" },
	{ "query", attach_query, true, "[ADDR]",
	  "what is mapped there, or everywhere" },
	{ "out-swap", attach_out_swap, false, "", "its pages leave memory" },
	{ "info", attach_info, false, "", "its state" },
};

#define NR_ACTIONS	(sizeof(actions) / sizeof(actions[0]))

static void usage(FILE *to)
{
	size_t i;

	fprintf(to, "usage: ntapc attach PID ACTION [ARGUMENT]...\n\n");
	for (i = 0; i < NR_ACTIONS; i++)
		fprintf(to, "  %-8s  %-33s  %s\n", actions[i].name,
			actions[i].arguments, actions[i].what);
	fprintf(to, "\nADDR is hexadecimal, LENGTH and BYTE are in C's notation."
		" More in ntapc(1).\n");
}

static const struct action *find_action(const char *name)
{
	size_t i;

	for (i = 0; i < NR_ACTIONS; i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}

int wrong_usage(const struct target *t)
{
	const struct action *action = find_action(t->action);

	fprintf(stderr, "usage: ntapc attach PID %s%s%s\n", action->name,
		action->arguments[0] ? " " : "", action->arguments);
	return 2;
}

static void say_where(const struct ntapc_progress *progress)
{
	if (progress->fault)
		fprintf(stderr, "nothing accessible at 0x%llx",
			(unsigned long long)progress->fault);
	else
		fprintf(stderr, "%s", strerror(EFAULT));
	if (progress->done)
		fprintf(stderr, ", only at the %llu bytes before",
			(unsigned long long)progress->done);
}

int target_refused(const struct target *t, int err,
		   const struct ntapc_progress *progress)
{
	static const struct ntapc_progress nowhere;

	fprintf(stderr, "ntapc attach: process %d: ", t->pid);
	switch (-err) {
	case ESRCH:
		fprintf(stderr, "it has ended, or isn't there, or is the kernel's");
		break;
	case EACCES:
		fprintf(stderr, "it isn't one that you may debug: it is another"
			" user's, or protects itself");
		break;
	case EFAULT:
		say_where(progress ? progress : &nowhere);
		break;
	case EINVAL:
		fprintf(stderr, "that isn't within a user's address space");
		break;
	case EBUSY:
		fprintf(stderr, "it is in use, or isn't in memory");
		break;
	case EPERM:
		fprintf(stderr, "this needs CAP_SYS_NICE, as process_madvise(2)"
			" does");
		break;
	case EOVERFLOW:
		fprintf(stderr, "%d threads are attached to it, which is the most",
			NTAPC_STACK_COUNT_MAX);
		break;
	default:
		fprintf(stderr, "%s", strerror(-err));
	}
	fprintf(stderr, "\n");
	return 1;
}

bool parse_address(const struct target *t, const char *text, uint64_t *address)
{
	char *end;

	errno = 0;
	*address = strtoull(text, &end, 16);
	if (!errno && isxdigit((unsigned char)*text) && !*end)
		return true;
	fprintf(stderr, "ntapc attach %s: '%s' isn't an address, hexadecimal\n",
		t->action, text);
	return false;
}

bool parse_length(const struct target *t, const char *text, uint64_t *length)
{
	unsigned long number;

	if (parse_number(text, SSIZE_MAX, &number)) {
		*length = number;
		return true;
	}
	fprintf(stderr, "ntapc attach %s: '%s' isn't a number of bytes\n",
		t->action, text);
	return false;
}

static bool add_hex(struct bytes *bytes, const char *hex)
{
	unsigned int value;

	for (; *hex; hex += 2) {
		if (!isxdigit((unsigned char)hex[0]) ||
		    !isxdigit((unsigned char)hex[1]) ||
		    sscanf(hex, "%2x", &value) != 1)
			return false;
		bytes->at[bytes->length++] = value;
	}
	return true;
}

bool parse_bytes(const struct target *t, bool text, int argc, char **argv,
		 struct bytes *bytes)
{
	size_t room = 1;
	int i;

	for (i = 0; i < argc; i++)
		room += strlen(argv[i]);
	bytes->length = 0;
	bytes->at = malloc(room);
	if (!bytes->at) {
		fprintf(stderr, "ntapc attach: no memory\n");
		return false;
	}
	for (i = 0; i < argc; i++) {
		if (text) {
			bytes->length = strlen(argv[i]);
			memcpy(bytes->at, argv[i], bytes->length);
		} else if (!add_hex(bytes, argv[i])) {
			fprintf(stderr, "ntapc attach %s: '%s' isn't bytes, two"
				" hexadecimal digits each\n", t->action, argv[i]);
			free(bytes->at);
			return false;
		}
	}
	return true;
}

static int target_open(struct target *t, const char *pid)
{
	unsigned long number;
	int ret;

	if (!parse_number(pid, INT_MAX, &number) || !number) {
		fprintf(stderr, "ntapc attach: '%s' isn't a process's id\n", pid);
		return 2;
	}
	t->pid = number;
	ret = ntapc_instance();
	if (ret < 0) {
		say_unavailable(ret);
		return 1;
	}
	t->fd = ntapc_process_open(t->pid);
	return t->fd < 0 ? target_refused(t, t->fd, NULL) : 0;
}

/* There and back. */
static int run_attached(const struct action *action, struct target *t, int argc,
			char **argv)
{
	uint32_t save;
	int status, ret;

	ret = ntapc_stack_attach(t->fd, &save);
	if (ret)
		return target_refused(t, ret, NULL);
	status = action->run(t, argc, argv);
	ret = ntapc_unstack_detach(save);
	if (!ret)
		return status;
	fprintf(stderr, "ntapc attach: can't detach: %s\n", strerror(-ret));
	return 1;
}

int verb_attach(int argc, char **argv)
{
	const struct action *action;
	struct target t;
	int status;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	action = argc < 3 ? NULL : find_action(argv[2]);
	if (!action) {
		if (argc >= 3)
			fprintf(stderr, "ntapc attach: no action '%s'\n", argv[2]);
		usage(stderr);
		return 2;
	}
	t.action = action->name;
	status = target_open(&t, argv[1]);
	if (status)
		return status;
	argc -= 2;
	argv += 2;
	return action->attached ? run_attached(action, &t, argc, argv) :
				  action->run(&t, argc, argv);
}
