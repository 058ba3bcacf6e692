// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc info: is the module there, and what does it offer? Of a thread: look.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <ntapc.h>

#include "verb.h"

static const struct {
	__u64 bit;
	const char *name;
} features[] = {
	{ NTAPC_FEATURE_FRAME, "frame" },
	{ NTAPC_FEATURE_RSEQ, "rseq" },
	{ NTAPC_FEATURE_EXTENDED, "extended" },
};

#define NR_FEATURES	(sizeof(features) / sizeof(features[0]))

void say_unavailable(int err)
{
	switch (-err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		fprintf(stderr,
			"ntapc: the module isn't loaded: there is no /dev/ntapc.\n"
			"As root, 'modprobe ntapc' loads it if it is installed,"
			" 'insmod ntapc.ko' if it was just built.\n");
		break;
	case EACCES:
	case EPERM:
		fprintf(stderr,
			"ntapc: the module is loaded, but you may not open"
			" /dev/ntapc.\n"
			"Its users are root and the group ntapc: as root,"
			" 'usermod -a -G ntapc NAME', then log in again.\n");
		break;
	default:
		fprintf(stderr, "ntapc: can't use /dev/ntapc: %s\n",
			strerror(-err));
	}
}

/* The module's version, or "" if it doesn't say. */
static void module_version(char *to, int size)
{
	FILE *file = fopen("/sys/module/ntapc/version", "r");

	to[0] = '\0';
	if (!file)
		return;
	if (fgets(to, size, file))
		to[strcspn(to, "\n")] = '\0';
	fclose(file);
}

static void print_features(__u64 set)
{
	size_t i;

	printf("features   ");
	for (i = 0; i < NR_FEATURES; i++) {
		if (set & features[i].bit)
			printf(" %s", features[i].name);
		set &= ~features[i].bit;
	}
	if (set)
		printf(" 0x%llx", (unsigned long long)set);
	printf("\n");
}

int verb_info(int argc, char **argv)
{
	char version[64];
	struct ntapc_info info;
	struct utsname uts;
	int ret;

	if (argc == 2)
		return show_thread(argv);
	if (argc > 2) {
		fprintf(stderr, "usage: ntapc %s [TID]\n", argv[0]);
		return 2;
	}
	uname(&uts);
	printf("library     %s, ABI %d\n", ntapc_version(), NTAPC_ABI_VERSION);
	printf("kernel      %s %s\n", uts.release, uts.machine);
	fflush(stdout);
	ret = ntapc_get_info(&info);
	if (ret) {
		say_unavailable(ret);
		return 1;
	}
	module_version(version, sizeof(version));
	printf("module      %s%sABI %u\n", version, version[0] ? ", " : "",
	       info.abi_version);
	print_features(info.features);
	printf("limits      %u APCs queued to a thread, %u by a user\n",
	       info.max_queued_thread, info.max_queued_user);
	printf("now         %u threads known, %u APCs queued by you\n",
	       info.nr_threads, info.queued_user);
	return 0;
}
