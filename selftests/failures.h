/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failures on demand: that the n-th place fails at which a thread has the kernel ask
 * for memory or copy from or to user memory, counted from now on. Kernels with
 * CONFIG_FAULT_INJECTION do so, see Documentation/fault-injection there; it is the
 * thread's own affair, its children and what it has other threads do are spared.
 *
 * A debug kernel asks for memory itself, which it can do without: not every failure
 * is one of the call's. And what is written is written by plain stores in part, which
 * don't fail so: bad addresses are the affair of the programs "abi", "record" and so on.
 */
#ifndef NTAPC_SELFTESTS_FAILURES_H
#define NTAPC_SELFTESTS_FAILURES_H

#include "common.h"

#include <sys/mount.h>

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define DEBUGFS		"/sys/kernel/debug/"

/* More places than any call has. */
#define PLACES_MAX	2000

/* What may fail, by default next to nothing, and what is said of it. */
static struct knob {
	const char *path;
	const char *value;
	char before[32];
} knobs[] = {
	{ DEBUGFS "failslab/ignore-gfp-wait", "N", "" },
	{ DEBUGFS "failslab/verbose", "0", "" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N", "" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N", "" },
	{ DEBUGFS "fail_page_alloc/min-order", "0", "" },
	{ DEBUGFS "fail_page_alloc/verbose", "0", "" },
	{ DEBUGFS "fail_usercopy/verbose", "0", "" },
};

#define NR_KNOBS	(sizeof(knobs) / sizeof(knobs[0]))

static bool debugfs_is_ours;

static inline bool knob_io(struct knob *knob, bool put_back)
{
	int fd = open(knob->path, O_RDWR | O_CLOEXEC);
	const char *value = put_back ? knob->before : knob->value;
	bool done = fd >= 0;

	if (done && !knob->before[0])
		done = read(fd, knob->before, sizeof(knob->before) - 1) > 0;
	if (done)
		done = pwrite(fd, value, strlen(value), 0) > 0;
	if (fd >= 0)
		close(fd);
	return done;
}

/* Once in a program, and the reverse at its end. */
static inline void failures_allow(void)
{
	unsigned int i;

	if (access(FAIL_NTH, W_OK))
		return;
	if (access(DEBUGFS "failslab", F_OK))
		debugfs_is_ours = !mount("none", DEBUGFS, "debugfs", 0, NULL);
	for (i = 0; i < NR_KNOBS; i++)
		knob_io(&knobs[i], false);
}

static inline void failures_forbid(void)
{
	unsigned int i;

	for (i = 0; i < NR_KNOBS; i++)
		if (knobs[i].before[0])
			knob_io(&knobs[i], true);
	if (debugfs_is_ours)
		umount(DEBUGFS);
}

/* The body of main(), for programs that have the harness's header. */
#define RUN_WITH_FAILURES(argc, argv) ({				\
	int ret_;							\
									\
	failures_allow();						\
	ret_ = test_harness_run(argc, argv);				\
	failures_forbid();						\
	ret_;								\
})

/* What is lacking for failures; NULL if nothing is. */
static inline const char *failures_need(void)
{
	if (access(FAIL_NTH, W_OK))
		return "a kernel with CONFIG_FAULT_INJECTION, and root";
	if (!knobs[0].before[0] || !knobs[2].before[0])
		return "CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC and their debugfs files";
	return NULL;
}

/* System calls that touch nothing that isn't in memory already. */

/* Where a call is gone on from, for NTAPC_IOC_CONTINUE: behind the last one. */
static struct ntapc_frame resume_frame;

#define RESUMED		0x7e57

/*
 * What the compiler takes to be as it was is stored first, so that the frame leads
 * to the end of this function, too.
 */
static __attribute__((noinline)) long raw_syscall(long nr,
						  const unsigned long *arg)
{
	register unsigned long a3 __asm__("r10") = arg[3];
	register unsigned long a4 __asm__("r8") = arg[4];
	register unsigned long a5 __asm__("r9") = arg[5];
	void *context = &resume_frame.context;
	long ret;

	__asm__ volatile("movq %%r15, (%%rcx)\n\t"
			 "movq %%r14, 8(%%rcx)\n\t"
			 "movq %%r13, 16(%%rcx)\n\t"
			 "movq %%r12, 24(%%rcx)\n\t"
			 "movq %%rbp, 32(%%rcx)\n\t"
			 "movq %%rbx, 40(%%rcx)\n\t"
			 "movq %%r10, 56(%%rcx)\n\t"
			 "movq %%r9, 64(%%rcx)\n\t"
			 "movq %%r8, 72(%%rcx)\n\t"
			 "movq %%rdx, 96(%%rcx)\n\t"
			 "movq %%rsi, 104(%%rcx)\n\t"
			 "movq %%rdi, 112(%%rcx)\n\t"
			 "movq %%rsp, 144(%%rcx)\n\t"
			 "leaq 1f(%%rip), %%r11\n\t"
			 "movq %%r11, 120(%%rcx)\n\t"
			 "syscall\n"
			 "1:"
			 : "=a" (ret), "+c" (context)
			 : "0" (nr), "D" (arg[0]), "S" (arg[1]), "d" (arg[2]),
			   "r" (a3), "r" (a4), "r" (a5)
			 : "r11", "memory", "cc");
	return ret;
}

/* The calling thread's own file; one that was forked has to open its own. */
static __thread int nth_fd = -1;

static inline bool failures_open(void)
{
	nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	return nth_fd >= 0;
}

/* The @n-th place from now on is to fail; 0: none. */
static inline void arm(unsigned int n)
{
	unsigned long arg[6] = { nth_fd };
	char text[16];
	unsigned int i = sizeof(text);

	do {
		text[--i] = '0' + n % 10;
		n /= 10;
	} while (n);
	arg[1] = (unsigned long)&text[i];
	arg[2] = sizeof(text) - i;
	/* What is left of an earlier one may hit this very call. */
	while (raw_syscall(SYS_pwrite64, arg) == -EFAULT)
		;
}

/* From here on nothing fails; whether something has. */
static inline bool disarm(void)
{
	char text[16] = {};
	unsigned long arg[6] = { nth_fd, (unsigned long)text, sizeof(text) };
	long ret;

	/* If it is the next place this fails, by itself. */
	ret = raw_syscall(SYS_pread64, arg);
	arm(0);
	return ret > 0 && text[0] == '0';
}

struct call {
	long nr;
	unsigned long arg[6];
};

struct outcome {
	long ret;	/* or -errno */
	bool failed;	/* there was an @n-th place */
};

static inline struct outcome call_failing(const struct call *call, unsigned int n)
{
	struct outcome outcome;

	arm(n);
	outcome.ret = raw_syscall(call->nr, call->arg);
	outcome.failed = disarm();
	return outcome;
}

static inline bool is_error(long ret)
{
	return ret < 0 && ret >= -4095;
}

/*
 * For a thread that has just begun, or was forked: has it go where the calls go, so
 * that its stack and code are there afterwards.
 */
static inline bool failures_begin(void)
{
	const struct call call = { .nr = SYS_getppid };

	return failures_open() && call_failing(&call, 0).ret >= 0;
}

#endif
