// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for words, reading and writing numbers.
 */
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

uint32_t word_wait_while(uint32_t *word, uint32_t value)
{
	uint32_t now;

	while ((now = __atomic_load_n(word, __ATOMIC_ACQUIRE)) == value)
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL);
	return now;
}

void word_set(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX);
}

bool write_number(const char *path, long value)
{
	FILE *f = fopen(path, "we");
	bool ok;

	if (!f)
		return false;
	ok = fprintf(f, "%ld\n", value) > 0;
	return !fclose(f) && ok;
}

long read_number(const char *path)
{
	FILE *f = fopen(path, "re");
	long value;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

long read_field(const char *path, const char *name)
{
	size_t length = strlen(name);
	FILE *f = fopen(path, "re");
	long value = -1;
	char line[256];

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, length) ||
		    !strchr(": \t", line[length]))
			continue;
		if (sscanf(line + length + 1, "%ld", &value) != 1)
			value = -1;
		break;
	}
	fclose(f);
	return value;
}
