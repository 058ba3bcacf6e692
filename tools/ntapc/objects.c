// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc objects: what of ntapc's a process has open, from /proc/PID/fdinfo. Looking takes
 * nothing, and needs the module's device no more than its objects do.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verb.h"

#define FIELDS_MAX	16
#define UNITS_PER_S	10000000	/* of 100 ns */
#define UNITS_PER_MS	10000

/* What the module says of a descriptor, "ntapc-NAME:\tVALUE" each. */
struct entry {
	int fd;
	bool ntsync;	/* made by ntsync's ioctls */
	int n;
	struct field {
		char name[32], value[64];
	} field[FIELDS_MAX];
};

static const char *get(const struct entry *e, const char *name)
{
	int i;

	for (i = 0; i < e->n; i++)
		if (!strcmp(e->field[i].name, name))
			return e->field[i].value;
	return "";
}

static long get_number(const struct entry *e, const char *name)
{
	return strtol(get(e, name), NULL, 10);
}

static void show_waiters(const struct entry *e)
{
	long n = get_number(e, "waiters");

	if (n)
		printf("; %ld waiting", n);
}

static void show_event(const struct entry *e)
{
	printf("%s", get_number(e, "state") ? "signalled" : "not signalled");
	show_waiters(e);
}

static void show_semaphore(const struct entry *e)
{
	printf("%s of %s", get(e, "state"), get(e, "limit"));
	show_waiters(e);
}

static void show_mutant(const struct entry *e)
{
	long times = 1 - get_number(e, "state");
	const char *owner = get(e, "owner");

	/* Free is what can be acquired, abandoned or not. */
	if (times <= 0)
		printf("free");
	else if (e->ntsync)
		printf("held by owner %s", owner);
	else if (strcmp(owner, "0"))
		printf("held by thread %s", owner);
	else
		printf("held by a thread that can't be seen here");
	if (times > 1)
		printf(", %ld times", times);
	if (strstr(get(e, "state"), "abandoned"))
		printf(", abandoned");
	show_waiters(e);
}

static void show_timer(const struct entry *e)
{
	const char *remaining = get(e, "remaining");
	long long units = strtoll(remaining, NULL, 10);
	long period = get_number(e, "period");

	printf("%s", get_number(e, "state") ? "signalled" : "not signalled");
	if (!*remaining)
		printf(", not set");
	else if (units <= 0)
		printf(", due");
	else
		printf(", due in %lld.%03lld s", units / UNITS_PER_S,
		       units % UNITS_PER_S / UNITS_PER_MS);
	if (period)
		printf(" and every %ld ms", period);
	show_waiters(e);
}

static void show_thread_entry(const struct entry *e)
{
	printf("%s, %s", get(e, "tid"), get(e, "state"));
	if (get_number(e, "suspend-count"))
		printf(", suspended %s times", get(e, "suspend-count"));
	if (get_number(e, "user-apcs") || get_number(e, "special-user-apcs"))
		printf("; %s ordinary APCs queued, %s special ones",
		       get(e, "user-apcs"), get(e, "special-user-apcs"));
}

static void show_process_entry(const struct entry *e)
{
	printf("%s, %s", get(e, "pid"), get(e, "state"));
}

static void show_reserve(const struct entry *e)
{
	printf("%s", get_number(e, "busy") ? "in use" : "free");
}

static void show_window(const struct entry *e)
{
	printf("%s bytes", get(e, "length"));
}

static void show_kernel_apc(const struct entry *e)
{
	printf("%s, %s", get(e, "name"), get(e, "state"));
}

static void show_instance(const struct entry *e)
{
	printf("ABI %s", get(e, "abi"));
}

/* Of a kind that this command doesn't know. */
static void show_fields(const struct entry *e)
{
	int i;

	for (i = 0; i < e->n; i++)
		if (strcmp(e->field[i].name, "type"))
			printf("%s %s  ", e->field[i].name, e->field[i].value);
}

static const struct kind {
	const char *type;
	void (*show)(const struct entry *e);
} kinds[] = {
	{ "notification-event", show_event },
	{ "synchronization-event", show_event },
	{ "semaphore", show_semaphore },
	{ "mutant", show_mutant },
	{ "notification-timer", show_timer },
	{ "synchronization-timer", show_timer },
	{ "thread", show_thread_entry },
	{ "process", show_process_entry },
	{ "reserve", show_reserve },
	{ "window", show_window },
	{ "kernel-apc", show_kernel_apc },
	{ "instance", show_instance },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static void show(const struct entry *e)
{
	const char *type = get(e, "type");
	size_t i;

	for (i = 0; i < NR_KINDS && strcmp(kinds[i].type, type); i++)
		;
	printf("%5d  %-21s  ", e->fd, type);
	(i < NR_KINDS ? kinds[i].show : show_fields)(e);
	printf("\n");
}

/* Whether the descriptor is one of ntapc's. */
static bool read_entry(const char *pid, const char *fd, struct entry *e)
{
	char path[PATH_MAX], line[256], link[64] = "";
	FILE *file;

	e->fd = atoi(fd);
	e->n = 0;
	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (e->n < FIELDS_MAX && fgets(line, sizeof(line), file))
		if (sscanf(line, "ntapc-%31[^:]: %63[^\n]", e->field[e->n].name,
			   e->field[e->n].value) == 2)
			e->n++;
	fclose(file);
	if (!*get(e, "type"))
		return false;
	snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, fd);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		link[0] = '\0';
	e->ntsync = strstr(link, "ntsync");
	return true;
}

static int refused(const char *pid)
{
	fprintf(stderr, "ntapc objects: ");
	switch (errno) {
	case ENOENT:
	case ESRCH:
		fprintf(stderr, "there is no process %s\n", pid);
		break;
	case EACCES:
	case EPERM:
		fprintf(stderr, "process %s isn't one that you may debug: it is"
			" another user's, or protects itself\n", pid);
		break;
	default:
		fprintf(stderr, "process %s: %s\n", pid, strerror(errno));
	}
	return 1;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int is_number(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int verb_objects(int argc, char **argv)
{
	struct dirent **names;
	char pid[24], path[64];
	unsigned long number;
	struct entry e;
	int n, i, shown = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: ntapc %s PID\n", argv[0]);
		return 2;
	}
	if (!parse_number(argv[1], INT_MAX, &number) || !number) {
		fprintf(stderr, "ntapc %s: '%s' isn't a process's id\n", argv[0],
			argv[1]);
		return 2;
	}
	snprintf(pid, sizeof(pid), "%lu", number);
	snprintf(path, sizeof(path), "/proc/%s/fdinfo", pid);
	n = scandir(path, &names, is_number, by_number);
	if (n < 0)
		return refused(pid);
	for (i = 0; i < n; i++) {
		if (read_entry(pid, names[i]->d_name, &e)) {
			if (!shown++)
				printf("%5s  %-21s  %s\n", "fd", "type", "state");
			show(&e);
		}
		free(names[i]);
	}
	free(names);
	if (!shown)
		printf("process %s has nothing of ntapc's open\n", pid);
	return 0;
}
