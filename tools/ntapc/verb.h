/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A verb is a function in a file of its own and a line in main.c's table. It gets
 * its own arguments, argv[0] being its name, and returns the exit status: 0, 1 for
 * a failure, 2 for wrong usage.
 */
#ifndef NTAPC_VERB_H
#define NTAPC_VERB_H

int verb_demo(int argc, char **argv);
int verb_info(int argc, char **argv);

/*
 * Says on standard error why libntapc can't reach the module, and what to do.
 * @err: negative errno, as it returned
 */
void say_unavailable(int err);

/* For verbs without arguments: 0, or 2 after saying what is wrong. */
int no_arguments(int argc, char **argv);

#endif /* NTAPC_VERB_H */
