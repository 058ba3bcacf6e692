// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table for people and the file for programs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench.h"

static FILE *json;
static const char *json_path;
static bool json_started;
static char guest[64];

static bool file_says(const char *path, const char *what)
{
	FILE *f = fopen(path, "re");
	bool found = false;
	char line[256];

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, what);
	fclose(f);
	return found;
}

/* "um", "qemu-6.12", or "linux-6.12" of anything else. */
const char *report_guest(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	if (options.guest)
		return options.guest;
	if (*guest)
		return guest;
	uname(&name);
	sscanf(name.release, "%d.%d", &major, &minor);
	if (file_says("/proc/cpuinfo", "User Mode Linux"))
		strcpy(guest, "um");
	else
		snprintf(guest, sizeof(guest), "%s-%d.%d",
			 file_says("/sys/class/dmi/id/sys_vendor", "QEMU") ?
				 "qemu" : "linux", major, minor);
	return guest;
}

void report_open(const char *path)
{
	json_path = path;
	json = fopen(path, "we");
	if (!json)
		die("%s: %m", path);
	fprintf(json, "[");
	printf("%-15s %-38s %-22s %-5s %10s %10s %10s %10s %7s %7s\n", "case",
	       "what", "peer", "cpu", "ntapc", "p99", "peer", "p99", "ratio",
	       "wanted");
}

static void write_json(const struct row *row)
{
	fprintf(json, "%s\n  {\"case\": \"%s\", \"peer\": \"%s\", ",
		json_started ? "," : "", row->id, row->peer);
	fprintf(json, "\"cpu\": \"%s\", \"guest\": \"%s\", ",
		cpu_name(row->cpu), report_guest());
	/* What isn't a time says so; the names stay, for simple readers. */
	if (strcmp(row->unit, "ns"))
		fprintf(json, "\"unit\": \"%s\", ", row->unit);
	fprintf(json, "\"ntapc_ns\": %.1f, \"peer_ns\": %.1f, ", row->own,
		row->other);
	fprintf(json, "\"ratio\": %.4f, \"n\": %zu}", row->ratio, row->n);
	json_started = true;
}

void report_row(const struct row *row)
{
	printf("%-15s %-38s %-22s %-5s %10.0f %10.0f %10.0f %10.0f %7.3f ",
	       row->id, row->what, row->peer, cpu_name(row->cpu), row->own,
	       row->own_p99, row->other, row->other_p99, row->ratio);
	if (row->wanted && row->cpu == CPU_SAME)
		printf("%7.2f%s", row->wanted,
		       row->ratio > row->wanted ? " *" : "");
	printf("\n");
	fflush(stdout);
	write_json(row);
}

void report_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("  ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
}

void report_close(void)
{
	fprintf(json, "\n]\n");
	if (fclose(json))
		die("%s: %m", json_path);
}
