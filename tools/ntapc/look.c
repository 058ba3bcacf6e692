// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc stack, context, info TID: what can be seen of a thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <ntapc.h>

#include "sample.h"
#include "verb.h"

static void print_state(const struct ntapc_thread_info *info)
{
	static const struct {
		__u32 bit;
		const char *name;
	} states[] = {
		{ NTAPC_THREAD_WAITING, "waiting" },
		{ NTAPC_THREAD_ALERTABLE, "alertable" },
		{ NTAPC_THREAD_SUSPENDED, "suspended" },
		{ NTAPC_THREAD_SUSPENDING, "to be suspended" },
		{ NTAPC_THREAD_TERMINATING, "to end" },
		{ NTAPC_THREAD_ATTACHED, "attached to another process" },
		{ NTAPC_THREAD_MISMATCH, "in a kernel module's region" },
	};
	const char *separator = "  ";
	size_t i;

	printf("state     ");
	if (info->state & NTAPC_THREAD_EXITED) {
		printf("  exited, status 0x%x\n", info->exit_status);
		return;
	}
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (!(info->state & states[i].bit))
			continue;
		printf("%s%s", separator, states[i].name);
		separator = ", ";
	}
	printf("%s\n", info->state ? "" : "  none of ntapc's");
}

/* What /proc/TID/comm says, or "". */
static void get_name(pid_t tid, char *name, int size)
{
	char path[64];
	FILE *file;

	name[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", tid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(name, size, file))
		name[strcspn(name, "\n")] = '\0';
	fclose(file);
}

int show_thread(char **argv)
{
	struct ntapc_thread_info info;
	struct subject s;
	char name[32];
	int ret;

	ret = subject_open(&s, argv[0], argv[1]);
	if (ret)
		return ret;
	ret = ntapc_thread_info(s.fd, &info);
	if (ret)
		return subject_refused(&s, ret);
	get_name(s.tid, name, sizeof(name));
	printf("thread      %d%s%s\n", s.tid, name[0] ? ", " : "", name);
	print_state(&info);
	printf("suspended   %u times, of at most %u\n", info.suspend_count,
	       NTAPC_SUSPEND_MAX);
	printf("queued      %u ordinary APCs, %u special ones, %u kernel APCs\n",
	       info.nr_user, info.nr_special, info.nr_kernel);
	printf("ever        %llu user APCs queued, %llu handed over, %llu dropped;"
	       " %llu kernel APCs run\n", (unsigned long long)info.nr_queued,
	       (unsigned long long)info.nr_delivered,
	       (unsigned long long)info.nr_dropped,
	       (unsigned long long)info.nr_kernel_run);
	return 0;
}

static void print_registers(const struct ntapc_context *c)
{
	const struct {
		const char *name;
		__u64 value;
	} registers[] = {
		{ "rax", c->rax }, { "rbx", c->rbx }, { "rcx", c->rcx },
		{ "rdx", c->rdx }, { "rsi", c->rsi }, { "rdi", c->rdi },
		{ "rbp", c->rbp }, { "rsp", c->rsp }, { "r8", c->r8 },
		{ "r9", c->r9 }, { "r10", c->r10 }, { "r11", c->r11 },
		{ "r12", c->r12 }, { "r13", c->r13 }, { "r14", c->r14 },
		{ "r15", c->r15 }, { "eflags", c->eflags },
	};
	size_t i, n = sizeof(registers) / sizeof(registers[0]);

	for (i = 0; i < n; i++)
		printf("%-6s %016llx%s", registers[i].name,
		       (unsigned long long)registers[i].value,
		       i % 3 == 2 || i == n - 1 ? "\n" : "   ");
}

int verb_context(int argc, char **argv)
{
	struct ntapc_context regs = { 0 };
	struct ntapc_thread_context c = {
		.what = NTAPC_CONTEXT_CONTROL | NTAPC_CONTEXT_INTEGER |
			NTAPC_CONTEXT_SEGMENTS,
		.context = (uintptr_t)&regs,
	};
	struct subject s;
	char name[512];
	int ret;

	ret = only_subject(&s, argc, argv);
	if (ret)
		return ret;
	ret = ntapc_context_get(s.fd, &c);
	if (ret)
		return subject_refused(&s, ret);
	name_address(s.tid, regs.rip, name, sizeof(name));
	printf("rip    %016llx   %s\n", (unsigned long long)regs.rip, name);
	print_registers(&regs);
	printf("cs %04x  ss %04x  ds %04x  es %04x  fs %04x  gs %04x\n",
	       (unsigned int)regs.cs, (unsigned int)regs.ss, c.ds, c.es, c.fs,
	       c.gs);
	return 0;
}

int verb_stack(int argc, char **argv)
{
	uint64_t at[NTAPC_APC_VALUES_MAX];
	struct subject s;
	char name[512];
	int n, i;

	n = only_subject(&s, argc, argv);
	if (n)
		return n;
	n = sample_stack(s.fd, at);
	if (n == -ETIME) {
		fprintf(stderr, "ntapc stack: thread %d doesn't come to a safe"
			" point: it sleeps uninterruptibly, or is in a region of"
			" a kernel module's\n", s.tid);
		return 1;
	}
	if (n < 0)
		return subject_refused(&s, n);
	for (i = 0; i < n; i++) {
		/* A return address may be the next function's first one. */
		name_address(s.tid, at[i] - !!i, name, sizeof(name));
		printf("%016llx  %s\n", (unsigned long long)at[i], name);
	}
	return 0;
}
