/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A verb is a function, and a line in main.c's table. It gets its own arguments,
 * argv[0] being its name, and returns the exit status: 0, 1 for a failure, 2 for wrong
 * usage.
 */
#ifndef NTAPC_VERB_H
#define NTAPC_VERB_H

#include <stdbool.h>
#include <sys/types.h>

int verb_demo(int argc, char **argv);
int verb_info(int argc, char **argv);

/* steer.c */
int verb_suspend(int argc, char **argv);
int verb_resume(int argc, char **argv);
int verb_alert(int argc, char **argv);
int verb_terminate(int argc, char **argv);

/* look.c */
int verb_context(int argc, char **argv);
int verb_stack(int argc, char **argv);
int show_thread(char **argv);

/* objects.c */
int verb_objects(int argc, char **argv);

/* attach.c */
int verb_attach(int argc, char **argv);

/*
 * Says on standard error why libntapc can't reach the module, and what to do.
 * @err: negative errno, as it returned
 */
void say_unavailable(int err);

/* For verbs without arguments: 0, or 2 after saying what is wrong. */
int no_arguments(int argc, char **argv);

/* For verbs that want a thread: it. */
struct subject {
	const char *verb;
	pid_t tid;
	int fd;
};

/* Opens the thread @tid; returns 0, or the exit status after saying what is wrong. */
int subject_open(struct subject *s, const char *verb, const char *tid);

/* The same for a verb whose only argument it is. */
int only_subject(struct subject *s, int argc, char **argv);

/* Says why something can't be done to it; returns the exit status. */
int subject_refused(const struct subject *s, int err);

/* A number in C's notation; false: it isn't one, or too big. */
bool parse_number(const char *text, unsigned long max, unsigned long *number);

#endif /* NTAPC_VERB_H */
