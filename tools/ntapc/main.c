// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc: NT's asynchronous procedure calls on Linux, from the command line.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <ntapc.h>

#include "verb.h"

static int verb_help(int argc, char **argv);

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *what;
} verbs[] = {
	{ "info", verb_info, "[TID]",
	  "is the module there, with what limits; or a thread's state" },
	{ "demo", verb_demo, "", "watch APCs at work" },
	{ "suspend", verb_suspend, "[-p] TID",
	  "suspend a thread; -p: all of its process" },
	{ "resume", verb_resume, "[-p] TID", "take a suspension back" },
	{ "alert", verb_alert, "TID", "end a thread's alertable wait" },
	{ "terminate", verb_terminate, "TID [STATUS]", "end a thread" },
	{ "stack", verb_stack, "TID", "where a thread is, and how it got there" },
	{ "context", verb_context, "TID", "a thread's registers" },
	{ "objects", verb_objects, "PID",
	  "what of ntapc's a process has open: events, mutants, threads..." },
	{ "attach", verb_attach, "PID ACTION...",
	  "a process's memory: read, write, look; attach --help tells more" },
	{ "help", verb_help, "", "this text" },
};

#define NR_VERBS	(sizeof(verbs) / sizeof(verbs[0]))

static void usage(FILE *to)
{
	size_t i;

	fprintf(to, "usage: ntapc [--help] [--version] VERB [ARGUMENT]...\n\n");
	for (i = 0; i < NR_VERBS; i++)
		fprintf(to, "  %-9s  %-13s  %s\n", verbs[i].name,
			verbs[i].arguments, verbs[i].what);
	fprintf(to, "\nMore in ntapc(1).\n");
}

static int verb_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	usage(stdout);
	return 0;
}

int no_arguments(int argc, char **argv)
{
	if (argc == 1)
		return 0;
	fprintf(stderr, "ntapc %s: takes no arguments\n", argv[0]);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	int option;
	size_t i;

	/* Options after the verb are the verb's. */
	while ((option = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			printf("ntapc %s\n", ntapc_version());
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	argc -= optind;
	argv += optind;
	for (i = 0; i < NR_VERBS; i++) {
		if (strcmp(argv[0], verbs[i].name))
			continue;
		/* So that a verb can use getopt_long(), too. */
		optind = 0;
		return verbs[i].run(argc, argv);
	}
	fprintf(stderr, "ntapc: no verb '%s'\n", argv[0]);
	usage(stderr);
	return 2;
}
