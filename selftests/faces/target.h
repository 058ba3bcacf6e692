/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share that reach into another process: a child which has other things
 * than its parent at the same addresses.
 */
#ifndef NTAPC_FACES_TARGET_H
#define NTAPC_FACES_TARGET_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "face.h"

#define PAGE		((size_t)sysconf(_SC_PAGESIZE))

/* Pages of the arena. The ones with data have bytes as childs_byte() says. */
#define DATA_PAGES	4	/* from the first one on */
#define NO_ACCESS	4	/* PROT_NONE */
#define READ_ONLY	5	/* data */
#define FREE		6	/* nothing is mapped there */
#define BEHIND		7	/* zeros, can be written to */
#define ARENA_PAGES	8

#define DATA_SIZE	(DATA_PAGES * PAGE)

static unsigned char *arena;

static inline unsigned char childs_byte(size_t i)
{
	return i * 7 + i / 251 + 3;
}

static inline uint64_t remote(size_t page, size_t offset)
{
	return (uintptr_t)arena + page * PAGE + offset;
}

struct target {
	pid_t pid;
	int ready, cue;
};

/* What the child does when it gets a byte. */
#define DO_EXEC		'x'	/* and stays there */
#define DO_EXIT		'q'
#define DO_HIDE		'h'	/* and says when it has */

#define STAY		"NTAPC_FACES_STAY"

__attribute__((constructor)) static void stay_after_exec(void)
{
	if (getenv(STAY))
		for (;;)
			pause();
}

static inline void target_main(int ready, int cue)
{
	char c = 0;

	while (write(ready, &c, 1) == 1 && read(cue, &c, 1) == 1) {
		if (c == DO_EXEC) {
			setenv(STAY, "1", 1);
			execl("/proc/self/exe", "stay", NULL);
		}
		if (c == DO_EXIT)
			break;
		if (c == DO_HIDE)
			prctl(PR_SET_DUMPABLE, 0);
	}
	_exit(0);
}

static inline void arena_fill(void)
{
	size_t i;

	for (i = 0; i < ARENA_PAGES * PAGE; i++)
		arena[i] = i < BEHIND * PAGE ? childs_byte(i) : 0;
	mprotect(arena + NO_ACCESS * PAGE, PAGE, PROT_NONE);
	mprotect(arena + READ_ONLY * PAGE, PAGE, PROT_READ);
	munmap(arena + FREE * PAGE, PAGE);
}

static inline bool readable_in_time(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int i;

	/* A second at a time: see come(). */
	for (i = 0; i < PATIENCE_S; i++)
		if (poll(&p, 1, 1000) == 1)
			return true;
	return false;
}

static inline bool target_is_ready(struct target *t)
{
	char c;

	return readable_in_time(t->ready) && read(t->ready, &c, 1) == 1;
}

/* The parent's arena is all there, and all zeros. */
static inline bool target_begin(struct target *t)
{
	int ready[2], cue[2];

	if (!arena)
		arena = mmap(NULL, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED || pipe2(ready, O_CLOEXEC) ||
	    pipe2(cue, O_CLOEXEC))
		return false;
	t->pid = fork();
	if (!t->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		arena_fill();
		target_main(ready[1], cue[0]);
	}
	close(ready[1]);
	close(cue[0]);
	t->ready = ready[0];
	t->cue = cue[1];
	return t->pid > 0 && target_is_ready(t);
}

/* The same, and a descriptor for it; -1: it didn't come up. */
static inline int target_open(struct target *t)
{
	return target_begin(t) ? ntapc_process_open(t->pid) : -1;
}

static inline bool target_do(struct target *t, char what)
{
	return write(t->cue, &what, 1) == 1;
}

/* Kills it and waits until it is gone for good. */
static inline void target_kill(struct target *t)
{
	kill(t->pid, SIGKILL);
	end_of(t->pid);
}

/* What ntapc has done there is looked at without it. */
static inline bool target_peek(struct target *t, uint64_t address, void *to,
			       size_t length)
{
	struct iovec l = { to, length };
	struct iovec r = { (void *)(uintptr_t)address, length };

	return process_vm_readv(t->pid, &l, 1, &r, 1, 0) == (ssize_t)length;
}

/* A step of a process's leaving memory, so that one can stop in between. */
static inline bool out_swap_step(int fd, uint32_t step)
{
	struct ntapc_out_swap os = { .size = sizeof(os), .step = step };

	return !ioctl(fd, NTAPC_IOC_OUT_SWAP, &os);
}

/* Until so many wait for it to be brought in, of which only its state tells. */
static inline bool becomes_ready(int fd, uint32_t nr)
{
	struct ntapc_process_info info;

	return comes_true(ntapc_process_info(fd, &info) ||
			  info.nr_ready == nr) && info.nr_ready == nr;
}

/* Are these the child's bytes, from @i on in its arena? */
static inline bool is_childs(const void *bytes, size_t i, size_t length)
{
	const unsigned char *b = bytes;
	size_t n;

	for (n = 0; n < length; n++)
		if (b[n] != childs_byte(i + n))
			return false;
	return true;
}

#endif /* NTAPC_FACES_TARGET_H */
