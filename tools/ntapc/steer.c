// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc suspend, resume, alert, terminate: what is done to a thread.
 */
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

#include <ntapc.h>

#include "verb.h"

/* How long it is waited for what a thread does at its next safe point, in ms. */
#define PATIENCE_MS	1000

static bool comes(const struct subject *s, short event)
{
	struct pollfd p = { .fd = s->fd, .events = event };

	return poll(&p, 1, PATIENCE_MS) == 1;
}

/* "[-p] TID": sets *@process if all of its process is meant. */
static int parse(struct subject *s, bool *process, int argc, char **argv)
{
	static const struct option options[] = {
		{ "process", no_argument, NULL, 'p' },
		{ 0 }
	};
	int option;

	*process = false;
	while ((option = getopt_long(argc, argv, "p", options, NULL)) == 'p')
		*process = true;
	if (option == -1 && optind + 1 == argc)
		return subject_open(s, argv[0], argv[optind]);
	fprintf(stderr, "usage: ntapc %s [-p] TID\n", argv[0]);
	return 2;
}

int verb_suspend(int argc, char **argv)
{
	bool process;
	struct subject s;
	int ret;

	ret = parse(&s, &process, argc, argv);
	if (ret)
		return ret;
	ret = ntapc_suspend(s.fd, process ? NTAPC_SUSPEND_PROCESS : 0);
	if (ret < 0)
		return subject_refused(&s, ret);
	if (process)
		printf("the process of thread %d: suspended\n", s.tid);
	else if (comes(&s, POLLPRI))
		printf("thread %d: suspended, count %d\n", s.tid, ret + 1);
	else
		printf("thread %d: is being suspended, count %d; its next safe"
		       " point hasn't come yet\n", s.tid, ret + 1);
	return 0;
}

int verb_resume(int argc, char **argv)
{
	bool process;
	struct subject s;
	int ret;

	ret = parse(&s, &process, argc, argv);
	if (ret)
		return ret;
	ret = ntapc_resume(s.fd, process ? NTAPC_RESUME_PROCESS : 0);
	if (ret < 0)
		return subject_refused(&s, ret);
	if (process)
		printf("the process of thread %d: resumed\n", s.tid);
	else if (ret > 1)
		printf("thread %d: still suspended, count %d\n", s.tid, ret - 1);
	else
		printf("thread %d: %s\n", s.tid, ret ? "goes on" :
		       "wasn't suspended");
	return 0;
}

int verb_alert(int argc, char **argv)
{
	struct subject s;
	int ret;

	ret = only_subject(&s, argc, argv);
	if (ret)
		return ret;
	ret = ntapc_alert(s.fd);
	if (ret)
		return subject_refused(&s, ret);
	printf("thread %d: alerted\n", s.tid);
	return 0;
}

int verb_terminate(int argc, char **argv)
{
	unsigned long status = 0;
	struct subject s;
	int ret;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: ntapc %s TID [STATUS]\n", argv[0]);
		return 2;
	}
	if (argc == 3 && !parse_number(argv[2], UINT_MAX, &status)) {
		fprintf(stderr, "ntapc %s: '%s' isn't a number of 32 bits\n",
			argv[0], argv[2]);
		return 2;
	}
	ret = subject_open(&s, argv[0], argv[1]);
	if (ret)
		return ret;
	ret = ntapc_terminate(s.fd, status);
	if (ret)
		return subject_refused(&s, ret);
	if (comes(&s, POLLIN))
		printf("thread %d: has ended, status 0x%lx\n", s.tid, status);
	else
		printf("thread %d: is to end; its next safe point hasn't come"
		       " yet\n", s.tid);
	return 0;
}
