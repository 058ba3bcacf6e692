// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: a process leaves memory and is brought back: rules 9.3 to 9.5.
 */
#include <linux/capability.h>

#include "target.h"
#include "kselftest_harness.h"

#define NOBODY		65534
/* More stretches of pages than can be said. */
#define MANY		(4 * NTAPC_RANGES_MAX)

static struct ntapc_process_info info_of(int fd)
{
	struct ntapc_process_info info;

	if (ntapc_process_info(fd, &info))
		info.state = ~0U;
	return info;
}

/* What process_madvise(2) wants for other processes. */
static bool has_nice(void)
{
	return !geteuid() && prctl(PR_CAPBSET_READ, CAP_SYS_NICE) == 1;
}

/* 9.3 */
TEST(out_and_in)
{
	struct ntapc_process_info info;
	unsigned char bytes[256];
	uint64_t length = 0;
	struct target t;
	uint32_t save;
	int fd;

	if (!has_nice())
		SKIP(return, "no CAP_SYS_NICE");
	fd = target_open(&t);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ntapc_process_out_swap(fd, &length));
	/* Whatever else it has, it has written to these. */
	EXPECT_LE((DATA_PAGES + 1) * PAGE, length);
	info = info_of(fd);
	EXPECT_EQ(NTAPC_PROCESS_OUT_OF_MEMORY, info.state);
	EXPECT_EQ(1, info.nr_out_swap);
	EXPECT_EQ(0, info.nr_in_swap);
	/* It isn't in memory to leave it. */
	EXPECT_EQ(-EBUSY, ntapc_process_out_swap(fd, NULL));
	ASSERT_EQ(0, ntapc_stack_attach(fd, &save));
	info = info_of(fd);
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, info.state);
	EXPECT_EQ(1, info.stack_count);
	EXPECT_EQ(0, info.nr_ready);
	EXPECT_EQ(1, info.nr_in_swap);
	EXPECT_EQ(0, ntapc_process_read(NTAPC_HERE, remote(0, 0), bytes,
					sizeof(bytes), NULL));
	EXPECT_TRUE(is_childs(bytes, 0, sizeof(bytes)));
	EXPECT_EQ(0, ntapc_unstack_detach(save));
}

/* Copies bring it in, too, as they attach. */
TEST(copies_bring_it_in)
{
	unsigned char bytes[256];
	struct target t;
	int fd;

	if (!has_nice())
		SKIP(return, "no CAP_SYS_NICE");
	fd = target_open(&t);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ntapc_process_out_swap(fd, NULL));
	EXPECT_EQ(0, ntapc_process_read(fd, remote(READ_ONLY, 0), bytes,
					sizeof(bytes), NULL));
	EXPECT_TRUE(is_childs(bytes, READ_ONLY * PAGE, sizeof(bytes)));
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, info_of(fd).state);
	EXPECT_EQ(1, info_of(fd).nr_in_swap);
	ASSERT_EQ(0, ntapc_process_out_swap(fd, NULL));
	EXPECT_EQ(0, ntapc_process_write(fd, remote(BEHIND, 0), bytes,
					 sizeof(bytes), NULL));
	EXPECT_EQ(2, info_of(fd).nr_in_swap);
	EXPECT_EQ(2, info_of(fd).nr_out_swap);
}

/* 9.5: StackCount isn't 0. */
TEST(not_while_attached)
{
	struct target t;
	int fd;

	if (!has_nice())
		SKIP(return, "no CAP_SYS_NICE");
	fd = target_open(&t);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ntapc_attach(fd));
	EXPECT_EQ(-EBUSY, ntapc_process_out_swap(fd, NULL));
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, info_of(fd).state);
	EXPECT_EQ(0, ntapc_detach());
	EXPECT_EQ(0, ntapc_process_out_swap(fd, NULL));
}

/* Every other page of a large stretch; they are joined, and nothing is lost. */
TEST(many_stretches)
{
	uint64_t length = 0, tag;
	struct target t;
	size_t i;
	int fd;

	if (!has_nice())
		SKIP(return, "no CAP_SYS_NICE");
	arena = mmap(NULL, (ARENA_PAGES + MANY) * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)arena);
	fd = target_open(&t);
	ASSERT_LE(0, fd);
	for (i = 0; i < MANY; i += 2)
		ASSERT_EQ(0, ntapc_process_write(fd, remote(ARENA_PAGES + i, 8),
						 &i, sizeof(i), NULL));
	ASSERT_EQ(0, ntapc_process_out_swap(fd, &length));
	EXPECT_LE(MANY / 2 * PAGE, length);
	for (i = 0; i < MANY; i += 2) {
		ASSERT_EQ(0, ntapc_process_read(fd, remote(ARENA_PAGES + i, 8),
						&tag, sizeof(tag), NULL));
		ASSERT_EQ(i, tag);
	}
	EXPECT_EQ(1, info_of(fd).nr_in_swap);
}

/* What one does to oneself doesn't: it is done without attaching (rule 9.1). */
static bool child_brings_in(int fd)
{
	unsigned char byte;
	pid_t pid = fork();

	if (!pid)
		_exit(ntapc_process_read(fd, (uintptr_t)&byte, &byte, 1, NULL) ?
		      1 : 0);
	return !end_of(pid) &&
	       info_of(fd).state == NTAPC_PROCESS_IN_MEMORY;
}

static unsigned int pages_of(const unsigned char *vec, size_t n)
{
	unsigned int count = 0;

	while (n--)
		count += vec[n] & 1;
	return count;
}

/* Only what is private, and not locked, is given to reclaim. */
TEST(what_stays)
{
	int fd = ntapc_process_open(0);
	uint64_t without = 0, with = 0;
	unsigned char vec[64];
	char *locked, *shared;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ntapc_process_out_swap(fd, &without));
	ASSERT_TRUE(child_brings_in(fd));
	locked = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)locked);
	ASSERT_NE(MAP_FAILED, (void *)shared);
	memset(shared, 1, 64 * PAGE);
	ASSERT_EQ(0, mlock(locked, 64 * PAGE));
	ASSERT_EQ(0, ntapc_process_out_swap(fd, &with));
	ASSERT_EQ(0, mincore(locked, 64 * PAGE, vec));
	EXPECT_EQ(64, pages_of(vec, 64));
	/* Some pages come and go, but not as many. */
	EXPECT_GT(without + 64 * PAGE, with);
}

TEST(oneself)
{
	unsigned char byte = 1;
	uint64_t length = 0;
	int fd = ntapc_process_open(0);
	char *mine;

	ASSERT_LE(0, fd);
	mine = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)mine);
	memset(mine, 0x77, 16 * PAGE);
	ASSERT_EQ(0, ntapc_process_out_swap(fd, &length));
	EXPECT_LE(16 * PAGE, length);
	EXPECT_EQ(NTAPC_PROCESS_OUT_OF_MEMORY, info_of(fd).state);
	EXPECT_EQ(0x77, mine[5 * PAGE]);
	EXPECT_EQ(0, ntapc_process_read(fd, (uintptr_t)mine, &byte, 1, NULL));
	EXPECT_EQ(0x77, byte);
	EXPECT_EQ(NTAPC_PROCESS_OUT_OF_MEMORY, info_of(fd).state);
	EXPECT_TRUE(child_brings_in(fd));
	EXPECT_EQ(1, info_of(fd).nr_in_swap);
}

static sem_t handled;

static void on_signal(int sig)
{
	(void)sig;
	sem_post(&handled);
}

struct guest {
	int process;
	int attached, detached;
};

static void *attach_once(void *arg)
{
	struct guest *g = arg;
	uint32_t save;

	g->attached = ntapc_stack_attach(g->process, &save);
	g->detached = g->attached ? 1 : ntapc_unstack_detach(save);
	return NULL;
}

/* Who waits for it can be interrupted, or goes on to wait, as its handler says. */
TEST(signals_in_the_wait)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct guest g = { .attached = 1 };
	pthread_t thread;
	struct target t;

	sem_init(&handled, 0, 0);
	g.process = target_open(&t);
	ASSERT_LE(0, g.process);
	ASSERT_TRUE(out_swap_step(g.process, NTAPC_OUT_SWAP_BEGIN));
	EXPECT_EQ(-EBUSY, ntapc_process_out_swap(g.process, NULL));
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, attach_once, &g));
	ASSERT_TRUE(becomes_ready(g.process, 1));
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	EXPECT_EQ(-EINTR, g.attached);
	EXPECT_EQ(0, info_of(g.process).nr_ready);
	EXPECT_EQ(0, info_of(g.process).stack_count);

	sa.sa_flags = SA_RESTART;
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	sem_init(&handled, 0, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, attach_once, &g));
	ASSERT_TRUE(becomes_ready(g.process, 1));
	pthread_kill(thread, SIGUSR1);
	ASSERT_TRUE(come(&handled));
	ASSERT_TRUE(becomes_ready(g.process, 1));
	ASSERT_TRUE(out_swap_step(g.process, NTAPC_OUT_SWAP_CANCEL));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, g.attached);
	EXPECT_EQ(0, g.detached);
	EXPECT_EQ(0, info_of(g.process).nr_out_swap);
}

static int as_nobody(void)
{
	struct target t;
	int fd;

	if (setgid(NOBODY) || setuid(NOBODY) || prctl(PR_SET_DUMPABLE, 1))
		return 200;
	fd = target_open(&t);
	return fd < 0 ? 201 : -ntapc_process_out_swap(fd, NULL);
}

/* And the process is InMemory as before. */
TEST(without_capability)
{
	pid_t pid;

	if (!has_nice())
		SKIP(return, "no CAP_SYS_NICE");
	ASSERT_LE(0, ntapc_instance());
	pid = fork();
	if (!pid)
		_exit(as_nobody());
	EXPECT_EQ(EPERM, end_of(pid));
}

TEST(what_is_no_process)
{
	EXPECT_EQ(-EBADF, ntapc_process_out_swap(-1, NULL));
	EXPECT_EQ(-ENOTTY, ntapc_process_out_swap(ntapc_thread_self(), NULL));
	EXPECT_EQ(-ENOTTY, ntapc_process_out_swap(ntapc_instance(), NULL));
}

TEST_HARNESS_MAIN
