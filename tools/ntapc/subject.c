// SPDX-License-Identifier: GPL-2.0-only
/*
 * The thread that a verb is about, and what can be wrong with it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntapc.h>

#include "verb.h"

bool parse_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 0);
	return !errno && *text >= '0' && *text <= '9' && !*end && *number <= max;
}

int subject_refused(const struct subject *s, int err)
{
	fprintf(stderr, "ntapc %s: ", s->verb);
	switch (-err) {
	case ESRCH:
		fprintf(stderr, "there is no thread %d, or it is the kernel's",
			s->tid);
		break;
	case EACCES:
		fprintf(stderr, "thread %d isn't one that you may debug: it is"
			" another user's, or protects itself", s->tid);
		break;
	case EOVERFLOW:
		fprintf(stderr, "thread %d is suspended %d times, which is the"
			" most", s->tid, NTAPC_SUSPEND_MAX);
		break;
	case EOPNOTSUPP:
		fprintf(stderr, "thread %d runs 32-bit code", s->tid);
		break;
	default:
		fprintf(stderr, "thread %d: %s", s->tid, strerror(-err));
	}
	fprintf(stderr, "\n");
	return 1;
}

int subject_open(struct subject *s, const char *verb, const char *tid)
{
	unsigned long number;
	int ret;

	s->verb = verb;
	if (!parse_number(tid, INT_MAX, &number) || !number) {
		fprintf(stderr, "ntapc %s: '%s' isn't a thread's id\n", verb, tid);
		return 2;
	}
	s->tid = number;
	ret = ntapc_instance();
	if (ret < 0) {
		say_unavailable(ret);
		return 1;
	}
	s->fd = ntapc_thread_open(s->tid);
	return s->fd < 0 ? subject_refused(s, s->fd) : 0;
}

int only_subject(struct subject *s, int argc, char **argv)
{
	if (argc == 2)
		return subject_open(s, argv[0], argv[1]);
	fprintf(stderr, "usage: ntapc %s TID\n", argv[0]);
	return 2;
}
