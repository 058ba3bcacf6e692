// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo: a thread attaches to another process, acts in its memory, and comes home.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stage.h"

#define LARGE		(16UL << 20)
/* As much as RLIMIT_MEMLOCK lets everybody have. */
#define SMALLER		(4UL << 20)
#define ROUNDS		3
#define SEED		0x5eed
#define SECRET		"the child's secret"
#define MINE		"the parent's own"
#define ANSWER		"the parent's answer"

/* At one address in both processes, with other contents. */
static char text[64];
static unsigned int *large;

static _Atomic long ran;

static void home_again(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	atomic_fetch_add(&ran, 1);
	note("  user APC runs", 0, 0);
}

static const char *error(int ret)
{
	return ret < 0 ? strerrorname_np(-ret) : "success";
}

/* It says when it is ready, and looks at its memory when it is told to. */
static void child_main(int ready, int cue)
{
	size_t i;
	char c = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	call_me("child");
	strcpy(text, SECRET);
	for (i = 0; i < LARGE / sizeof(*large); i++)
		large[i] = SEED + i;
	note("has \"%s\" at 0x%lx", (long)SECRET, (long)text);
	(void)!write(ready, &c, 1);
	while (read(cue, &c, 1) == 1) {
		expect(!strcmp(text, ANSWER), "now finds \"%s\" there",
		       (long)ANSWER, 0);
		(void)!write(ready, &c, 1);
	}
	_exit(0);
}

struct child {
	pid_t pid;
	int fd;
	int ready, cue;
};

static bool wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, PATIENCE / MS) == 1;
}

static bool child_is_ready(struct child *child)
{
	char c;

	return wait_for(child->ready) && read(child->ready, &c, 1) == 1;
}

static bool child_begin(struct child *child)
{
	int ready[2], cue[2];

	if (pipe2(ready, O_CLOEXEC) || pipe2(cue, O_CLOEXEC))
		return expect(false, "no pipes: error %ld", errno, 0);
	child->pid = fork();
	if (!child->pid) {
		close(ready[0]);
		close(cue[1]);
		child_main(ready[1], cue[0]);
	}
	close(ready[1]);
	close(cue[0]);
	child->ready = ready[0];
	child->cue = cue[1];
	strcpy(text, MINE);
	if (!child_is_ready(child))
		return expect(false, "the child doesn't come up", 0, 0);
	child->fd = ntapc_process_open(child->pid);
	return expect(child->fd >= 0, "opens process %ld: %s", child->pid,
		      (long)error(child->fd));
}

static void child_end(struct child *child)
{
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	close(child->ready);
	close(child->cue);
	if (child->fd >= 0)
		close(child->fd);
}

/* From another thread, as this one is only to come across what it left. */
struct helper {
	struct actor actor;
	int target;
	int kernel_apc;
};

static void queue_two(struct actor *me)
{
	struct helper *h = (struct helper *)me;
	int ret;

	ret = ntapc_queue(h->target, home_again, 0, 0, 0);
	note("queues a user APC to main: %s", (long)error(ret), 0);
	h->kernel_apc = ntapc_kernel_apc(h->target, "count",
					 NTAPC_KERNEL_APC_ATTACHED, NULL);
	note("and a kernel APC for the Attached environment: %s",
	     (long)error(h->kernel_apc), 0);
	sem_post(&me->done);
}

static void apcs_meanwhile(void)
{
	struct helper h = {
		.actor = { .name = "other", .play = queue_two },
		.target = ntapc_thread_self(),
		.kernel_apc = -1,
	};
	struct ntapc_apc_result result = { .nr_values = 0 };
	int ret;

	if (!actor_enter(&h.actor) || !come(&h.actor.done))
		return;
	actor_leave(&h.actor);
	expect(h.kernel_apc >= 0 && wait_for(h.kernel_apc) &&
	       !ntapc_apc_result(h.kernel_apc, &result) &&
	       result.state == NTAPC_APC_RUN,
	       "the kernel APC has run, while it is attached", 0, 0);
	close(h.kernel_apc);
	ret = ntapc_delay(0, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_SUCCESS && !atomic_load(&ran),
	       "the user APC has to wait, also in an alertable wait", 0, 0);
}

static void see_and_answer(struct child *child)
{
	static char seen[sizeof(text)];
	struct ntapc_thread_info info;
	uint32_t save;
	char c = 0;
	int ret;

	ret = ntapc_stack_attach(child->fd, &save);
	if (!expect(!ret, "attaches to it: %s", (long)error(ret), 0))
		return;
	ntapc_thread_info(ntapc_thread_self(), &info);
	expect(info.state & NTAPC_THREAD_ATTACHED && !strcmp(text, MINE),
	       "its own code goes on to see \"%s\" there", (long)text, 0);
	ret = ntapc_process_read(NTAPC_HERE, (uintptr_t)text, seen, sizeof(seen),
				 NULL);
	expect(!ret && !strcmp(seen, SECRET), "reads there: \"%s\"", (long)seen,
	       0);
	apcs_meanwhile();
	ret = ntapc_process_write(NTAPC_HERE, (uintptr_t)text, ANSWER,
				  sizeof(ANSWER), NULL);
	expect(!ret, "writes there: %s", (long)error(ret), 0);
	ret = ntapc_unstack_detach(save);
	expect(!ret, "detaches: %s", (long)error(ret), 0);
	ret = ntapc_test_alert();
	expect(!ret && atomic_load(&ran) == 1, "and the user APC has run", 0, 0);
	(void)!write(child->cue, &c, 1);
	expect(child_is_ready(child) && !strcmp(text, MINE),
	       "its own is still \"%s\"", (long)text, 0);
}

static bool is_childs(const unsigned int *copy, size_t length)
{
	size_t i;

	for (i = 0; i < length / sizeof(*copy); i++)
		if (copy[i] != SEED + i)
			return false;
	return true;
}

static long us_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - begin->tv_sec) * 1000000 +
	       (now.tv_nsec - begin->tv_nsec) / 1000;
}

/* A window, not so large if RLIMIT_MEMLOCK doesn't let it be. */
static int make_window(unsigned long *length, void **memory)
{
	int window;

	*length = LARGE;
	window = ntapc_window_create(*length, memory);
	if (window == -ENOMEM) {
		*length = SMALLER;
		window = ntapc_window_create(*length, memory);
	}
	return window;
}

/* Each the best of some, one after the other; none is expected to be the faster one. */
static void race(struct child *child, int window, void *memory, void *other,
		 unsigned long length)
{
	struct iovec to = { other, length }, from = { large, length };
	long ours = LONG_MAX, theirs = LONG_MAX, us;
	struct timespec begin;
	ssize_t got = 0;
	int ret = 0, i;

	for (i = 0; i < ROUNDS; i++) {
		clock_gettime(CLOCK_MONOTONIC, &begin);
		ret |= ntapc_process_read_window(child->fd, (uintptr_t)large,
						 window, 0, length, NULL);
		us = us_since(&begin);
		ours = us < ours ? us : ours;
		clock_gettime(CLOCK_MONOTONIC, &begin);
		got = process_vm_readv(child->pid, &to, 1, &from, 1, 0);
		us = us_since(&begin);
		theirs = us < theirs ? us : theirs;
	}
	expect(!ret && is_childs(memory, length),
	       "copies %ld MiB of it into the window, in %ld us", length >> 20,
	       ours);
	if (got == (ssize_t)length)
		note("process_vm_readv(2) takes %ld us, %ld %% of that", theirs,
		     theirs * 100 / (ours ? ours : 1));
}

static void copy_large(struct child *child)
{
	unsigned long length;
	void *memory, *other;
	int window;

	window = make_window(&length, &memory);
	if (window == -ENOMEM) {
		note("RLIMIT_MEMLOCK leaves no room for a window", 0, 0);
		return;
	}
	if (!expect(window >= 0, "makes a window of %ld MiB: %s", length >> 20,
		    (long)error(window)))
		return;
	other = malloc(length);
	if (other) {
		/* So that neither has pages to make. */
		memset(memory, 1, length);
		memset(other, 1, length);
		race(child, window, memory, other, length);
	}
	free(other);
	ntapc_window_destroy(window, memory, length);
}

static void out_and_in(struct child *child)
{
	struct ntapc_process_info info;
	char seen[sizeof(text)] = "";
	uint64_t length = 0;
	uint32_t save;
	int ret;

	ret = ntapc_process_out_swap(child->fd, &length);
	if (ret == -EPERM) {
		note("to put it out of memory needs CAP_SYS_NICE", 0, 0);
		return;
	}
	ntapc_process_info(child->fd, &info);
	expect(!ret && info.state == NTAPC_PROCESS_OUT_OF_MEMORY,
	       "puts it out of memory, %ld KiB: %s", length >> 10,
	       (long)error(ret));
	ret = ntapc_stack_attach(child->fd, &save);
	ntapc_process_info(child->fd, &info);
	expect(!ret && info.state == NTAPC_PROCESS_IN_MEMORY &&
	       info.nr_in_swap == 1,
	       "attaches to it: the swapper has brought it in", 0, 0);
	ntapc_process_read(NTAPC_HERE, (uintptr_t)text, seen, sizeof(seen), NULL);
	expect(!strcmp(seen, ANSWER), "and nothing is lost", 0, 0);
	ntapc_unstack_detach(save);
}

static void killed_meanwhile(struct child *child)
{
	char seen[sizeof(text)];
	uint32_t save;
	int ret;

	if (ntapc_stack_attach(child->fd, &save))
		return;
	note("attaches to it, and kills it", 0, 0);
	kill(child->pid, SIGKILL);
	expect(wait_for(child->fd), "its descriptor tells of its end", 0, 0);
	ret = ntapc_process_read(NTAPC_HERE, (uintptr_t)text, seen, sizeof(seen),
				 NULL);
	expect(ret == -ESRCH, "to read there now: %s", (long)error(ret), 0);
	ret = ntapc_unstack_detach(save);
	expect(!ret, "detaches: %s", (long)error(ret), 0);
	ret = ntapc_process_read(NTAPC_HERE, (uintptr_t)text, seen, sizeof(seen),
				 NULL);
	expect(!ret && !strcmp(seen, MINE), "and is home", 0, 0);
}

void scene_attached(void)
{
	struct child child = { .fd = -1 };

	atomic_store(&ran, 0);
	large = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (large == MAP_FAILED) {
		expect(false, "no memory", 0, 0);
		return;
	}
	if (child_begin(&child)) {
		see_and_answer(&child);
		copy_large(&child);
		out_and_in(&child);
		killed_meanwhile(&child);
	}
	child_end(&child);
	munmap(large, LARGE);
}
