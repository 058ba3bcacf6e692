// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc-bench: options and the table of cases.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <ntapc.h>

#include "bench.h"

static const struct {
	unsigned int number;
	const char *what;
	void (*run)(void);
} cases[] = {
	{ 0, "system calls that the others are made of", case_pieces },
	{ 1, "queue to oneself and run", case_self },
	{ 2, "round trip between alertable waiters", case_round_trip },
	{ 3, "special user APC, one way", case_special },
	{ 4, "drain of 1,000", case_drain },
	{ 5, "queue into one thread", case_queue },
	{ 6, "waits for any and for all", case_wait },
	{ 7, "events and mutants", case_event },
	{ 7, "an event that many wait for", case_wake },
	{ 8, "suspending and resuming", case_suspend },
	{ 8, "kernel APC, one way", case_kernel_apc },
	{ 9, "attach and detach", case_attach },
	{ 9, "copies from and to another process", case_copy },
	{ 10, "many registered threads, many queued", case_scale },
	{ 11, "memory", case_memory },
};

struct options options = { .output = "/out/bench.json", .repetitions = 5 };

static const char usage[] =
"Usage: ntapc-bench [OPTION]... [CASE,...]\n"
"Runs ntapc beside other ways to the same end and compares medians.\n"
"\n"
"  -o FILE   results as JSON (/out/bench.json)\n"
"  -g NAME   name of this guest in them\n"
"  -r N      repetitions, interleaved (5)\n"
"  -n N      samples for each repetition, as far as time goes\n"
"  -t N      threads in case 10 (100000, as far as memory goes)\n"
"  -q N      queued APCs in case 10 (1000000)\n"
"  -l        list the cases\n"
"\n"
"Times are ns. A row with * has not reached the ratio wanted on one CPU.\n";

void die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	fprintf(stderr, "ntapc-bench: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

int must(int ret, const char *what)
{
	if (ret < 0)
		die("%s: %s", what, strerror(-ret));
	return ret;
}

static bool chosen(const char *list, unsigned int number)
{
	const char *p = list;
	char *end;

	if (!list || !*list)
		return true;
	while (*p) {
		unsigned long n = strtoul(p, &end, 10);

		if (end == p)
			die("'%s' isn't a list of cases", list);
		if (n == number)
			return true;
		p = *end ? end + 1 : end;
	}
	return false;
}

static void list_cases(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		printf("%3u  %s\n", cases[i].number, cases[i].what);
}

static unsigned int number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end || !n || n > 100000000)
		die("'%s' isn't a sensible number", text);
	return n;
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "o:g:r:n:t:q:lh")) != -1) {
		switch (c) {
		case 'o':
			options.output = optarg;
			break;
		case 'g':
			options.guest = optarg;
			break;
		case 'r':
			options.repetitions = number(optarg);
			break;
		case 'n':
			options.samples = number(optarg);
			break;
		case 't':
			options.threads = number(optarg);
			break;
		case 'q':
			options.queued = number(optarg);
			break;
		case 'l':
			list_cases();
			exit(0);
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (argc - optind > 1) {
		fputs(usage, stderr);
		exit(2);
	}
}

/* User-mode Linux is slower by a factor of ten, and a debug kernel. */
static void set_defaults(void)
{
	bool slow = !strcmp(report_guest(), "um");

	options.repetition_ns = slow ? 0.3e9 : 1.5e9;
	if (!options.samples)
		options.samples = slow ? 500 : 2000;
	if (!options.threads)
		options.threads = slow ? 2000 : 100000;
	if (!options.queued)
		options.queued = slow ? 50000 : 1000000;
}

/* For sigqueue(), and for descriptors of many threads. */
static void raise_limits(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_SIGPENDING, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_SIGPENDING, &limit);
}

static void describe(void)
{
	struct ntapc_info info;

	must(ntapc_get_info(&info), "/dev/ntapc");
	printf("ntapc-bench: guest %s, %u interleaved repetitions, clock %s (%.0f ns a pair, subtracted)\n",
	       report_guest(), options.repetitions, clock_name(),
	       clock_cost_ns());
	if (options.repetitions < 5)
		printf("fewer than 5 repetitions don't say much\n");
}

int main(int argc, char **argv)
{
	const char *list;
	size_t i;

	parse(argc, argv);
	list = argv[optind];
	set_defaults();
	raise_limits();
	cpu_init();
	cpu_pin_main();
	clock_init();
	describe();
	report_open(options.output);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (chosen(list, cases[i].number))
			cases[i].run();
	}
	report_close();
	return 0;
}
