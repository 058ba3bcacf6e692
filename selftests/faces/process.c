// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: processes, and attaching to them. Rule numbers are those of
 * Documentation/nt-semantics.rst.
 */
#include <sys/resource.h>

#include "steer.h"
#include "target.h"
#include "kselftest_harness.h"

#define NO_SUCH_PID	0x3fffffff
#define NOBODY		65534

/* Each test is in a process of its own. */

static int open_pidfd(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

static struct ntapc_process_info info_of(int fd)
{
	struct ntapc_process_info info;

	memset(&info, 0xcc, sizeof(info));
	if (ntapc_process_info(fd, &info))
		info.state = ~0U;
	return info;
}

/* The first byte where the thread is: what tells that apart. */
static int byte_here(void)
{
	unsigned char byte;
	int ret = ntapc_process_read(NTAPC_HERE, (uintptr_t)arena, &byte, 1, NULL);

	return ret < 0 ? ret : byte;
}

#define HOME	0
#define THERE	childs_byte(0)

static bool is_attached(void)
{
	struct ntapc_thread_info info;

	return !ntapc_thread_info(ntapc_thread_self(), &info) &&
	       info.state & NTAPC_THREAD_ATTACHED;
}

TEST(opens)
{
	struct target t;
	int fd, pidfd;

	ASSERT_TRUE(target_begin(&t));
	fd = ntapc_process_open(t.pid);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(t.pid, info_of(fd).pid);
	pidfd = open_pidfd(t.pid);
	ASSERT_LE(0, pidfd);
	fd = ntapc_process_open_pidfd(pidfd);
	ASSERT_LE(0, fd);
	EXPECT_EQ(t.pid, info_of(fd).pid);
	fd = ntapc_process_open(0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(getpid(), info_of(fd).pid);

	EXPECT_EQ(-ESRCH, ntapc_process_open(NO_SUCH_PID));
	EXPECT_EQ(-EINVAL, ntapc_process_open(-1));
	EXPECT_EQ(-EBADF, ntapc_process_open_pidfd(-1));
	EXPECT_EQ(-EINVAL, ntapc_process_open_pidfd(fd));
	/* A zombie. */
	kill(t.pid, SIGKILL);
	ASSERT_TRUE(readable_in_time(pidfd));
	EXPECT_EQ(-ESRCH, ntapc_process_open(t.pid));
	EXPECT_EQ(-ESRCH, ntapc_process_open_pidfd(pidfd));
}

static void *hold(void *arg)
{
	sem_t *sem = arg;

	come(sem);
	return NULL;
}

/* Any thread's id will do. */
TEST(open_by_thread)
{
	struct ntapc_thread_info info;
	pthread_t thread;
	sem_t sem;
	int tfd, fd;

	sem_init(&sem, 0, 0);
	tfd = ntapc_thread_create(&thread, NULL, hold, &sem, NULL);
	ASSERT_LE(0, tfd);
	ASSERT_EQ(0, ntapc_thread_info(tfd, &info));
	fd = ntapc_process_open(info.tid);
	ASSERT_LE(0, fd);
	EXPECT_EQ(getpid(), info_of(fd).pid);
	sem_post(&sem);
	pthread_join(thread, NULL);
}

TEST(open_what_one_may_not)
{
	pid_t parent = getpid(), pid;

	if (geteuid())
		SKIP(return, "not root");
	ASSERT_LE(0, ntapc_instance());
	pid = fork();
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(200);
		_exit(-ntapc_process_open(parent));
	}
	EXPECT_EQ(EACCES, end_of(pid));
}

/* The right to a process ends when that hides itself from who has it. */
static int use_hidden(void)
{
	struct ntapc_process_info info;
	unsigned char byte;
	struct target t;
	uint32_t save;
	int fd;

	if (setgid(NOBODY) || setuid(NOBODY) || prctl(PR_SET_DUMPABLE, 1))
		return 200;
	fd = target_open(&t);
	if (fd < 0 || ntapc_process_info(fd, &info))
		return 201;
	if (!target_do(&t, DO_HIDE) || !target_is_ready(&t))
		return 202;
	if (ntapc_attach(fd) != -EACCES)
		return 1;
	if (ntapc_stack_attach(fd, &save) != -EACCES)
		return 2;
	if (ntapc_process_info(fd, &info) != -EACCES)
		return 3;
	if (ntapc_process_out_swap(fd, NULL) != -EACCES)
		return 4;
	if (ntapc_process_read(fd, remote(0, 0), &byte, 1, NULL) != -EACCES)
		return 5;
	return byte_here() == HOME ? 0 : 6;
}

TEST(use_what_one_may_no_longer)
{
	pid_t pid;

	if (geteuid())
		SKIP(return, "not root");
	ASSERT_LE(0, ntapc_instance());
	pid = fork();
	if (!pid)
		_exit(use_hidden());
	EXPECT_EQ(0, end_of(pid));
}

TEST(no_more_descriptors)
{
	struct rlimit limit = { 3, 3 };
	void *memory;

	ASSERT_LE(0, ntapc_instance());
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, ntapc_process_open(0));
	EXPECT_EQ(-EMFILE, ntapc_window_create(1, &memory));
}

TEST(tells_its_state)
{
	struct ntapc_process_info info;
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	info = info_of(fd);
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, info.state);
	EXPECT_EQ(t.pid, info.pid);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(0, info.stack_count);
	EXPECT_EQ(0, info.nr_ready);
	EXPECT_EQ(0, info.nr_out_swap);
	EXPECT_EQ(0, info.nr_in_swap);
	EXPECT_EQ(-EBADF, ntapc_process_info(-1, &info));
	EXPECT_EQ(-ENOTTY, ntapc_process_info(ntapc_thread_self(), &info));
	EXPECT_EQ(-ENOTTY, ntapc_process_info(ntapc_instance(), &info));
	target_kill(&t);
	EXPECT_TRUE(readable_in_time(fd));
	info = info_of(fd);
	EXPECT_EQ(NTAPC_PROCESS_ENDED, info.flags);
	EXPECT_EQ(0, info.pid);
}

/* 9.1, 9.6 */
TEST(attach_and_detach)
{
	struct target t;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	EXPECT_EQ(HOME, byte_here());
	ASSERT_EQ(0, ntapc_attach(fd));
	EXPECT_TRUE(is_attached());
	EXPECT_EQ(1, info_of(fd).stack_count);
	EXPECT_EQ(THERE, byte_here());
	/* One's own code is where it was. */
	EXPECT_EQ(HOME, arena[0]);
	EXPECT_EQ(0, ntapc_detach());
	EXPECT_FALSE(is_attached());
	EXPECT_EQ(0, info_of(fd).stack_count);
	EXPECT_EQ(HOME, byte_here());
	/* 9.6: nothing to do. */
	EXPECT_EQ(0, ntapc_detach());
}

/* 9.1: where one is already, and elsewhere. */
TEST(attach_again)
{
	struct target t, u;
	int a = target_open(&t), b = target_open(&u), self;

	self = ntapc_process_open(0);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_LE(0, self);
	EXPECT_EQ(0, ntapc_attach(self));
	EXPECT_FALSE(is_attached());
	ASSERT_EQ(0, ntapc_attach(a));
	EXPECT_EQ(0, ntapc_attach(a));
	EXPECT_EQ(1, info_of(a).stack_count);
	EXPECT_EQ(-EBUSY, ntapc_attach(b));
	EXPECT_EQ(-EBUSY, ntapc_attach(self));
	EXPECT_EQ(0, info_of(b).stack_count);
	EXPECT_EQ(THERE, byte_here());
	EXPECT_EQ(0, ntapc_detach());
	EXPECT_EQ(HOME, byte_here());
}

TEST(attach_to_what_is_none)
{
	uint32_t save;

	EXPECT_EQ(-EBADF, ntapc_attach(-1));
	EXPECT_EQ(-ENOTTY, ntapc_attach(ntapc_thread_self()));
	EXPECT_EQ(-EBADF, ntapc_stack_attach(-1, &save));
	EXPECT_EQ(-ENOTTY, ntapc_stack_attach(ntapc_thread_self(), &save));
	EXPECT_FALSE(is_attached());
}

/* 9.7, 9.8 */
TEST(stack_attach)
{
	uint32_t first, second, same, third;
	struct target t, u;
	int a = target_open(&t), b = target_open(&u), self;

	self = ntapc_process_open(0);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_EQ(0, ntapc_stack_attach(self, &same));
	EXPECT_EQ(NTAPC_SAVE_SAME, same);
	EXPECT_FALSE(is_attached());
	EXPECT_EQ(0, ntapc_unstack_detach(same));

	ASSERT_EQ(0, ntapc_stack_attach(a, &first));
	EXPECT_EQ(THERE, byte_here());
	ASSERT_EQ(0, ntapc_stack_attach(b, &second));
	EXPECT_EQ(1, info_of(a).stack_count);
	EXPECT_EQ(1, info_of(b).stack_count);
	ASSERT_EQ(0, ntapc_stack_attach(b, &same));
	EXPECT_EQ(NTAPC_SAVE_SAME, same);
	EXPECT_EQ(1, info_of(b).stack_count);
	/* Home is a place like others. */
	ASSERT_EQ(0, ntapc_stack_attach(self, &third));
	EXPECT_EQ(HOME, byte_here());

	EXPECT_EQ(-EBUSY, ntapc_detach());
	EXPECT_EQ(-EINVAL, ntapc_unstack_detach(first));
	EXPECT_EQ(-EINVAL, ntapc_unstack_detach(second));
	EXPECT_EQ(0, ntapc_unstack_detach(third));
	EXPECT_EQ(THERE, byte_here());
	EXPECT_EQ(0, ntapc_unstack_detach(same));
	EXPECT_EQ(THERE, byte_here());
	EXPECT_EQ(0, ntapc_unstack_detach(second));
	EXPECT_EQ(0, info_of(b).stack_count);
	EXPECT_TRUE(is_attached());
	EXPECT_EQ(-EINVAL, ntapc_unstack_detach(second));
	EXPECT_EQ(0, ntapc_unstack_detach(first));
	EXPECT_FALSE(is_attached());
	EXPECT_EQ(HOME, byte_here());
	EXPECT_EQ(-EINVAL, ntapc_unstack_detach(first));
}

TEST(stack_depth)
{
	uint32_t save[NTAPC_ATTACH_DEPTH_MAX], more;
	struct target t, u;
	int fd[2] = { target_open(&t), target_open(&u) };
	int i;

	ASSERT_LE(0, fd[0]);
	ASSERT_LE(0, fd[1]);
	for (i = 0; i < NTAPC_ATTACH_DEPTH_MAX; i++)
		ASSERT_EQ(0, ntapc_stack_attach(fd[i % 2], &save[i]));
	EXPECT_EQ(-EOVERFLOW, ntapc_stack_attach(fd[i % 2], &more));
	while (i--)
		ASSERT_EQ(0, ntapc_unstack_detach(save[i]));
	EXPECT_EQ(HOME, byte_here());
	EXPECT_EQ(0, info_of(fd[0]).stack_count);
	EXPECT_EQ(0, info_of(fd[1]).stack_count);
}

static uint32_t state_of(int apc)
{
	struct ntapc_apc_result result = { .nr_values = 0 };

	return ntapc_apc_result(apc, &result) ? ~0U : result.state;
}

/* 9.2, 9.9 */
TEST(apcs_wait)
{
	struct target t;
	int fd = target_open(&t), self = ntapc_thread_self();
	int original, attached, now;

	ASSERT_LE(0, fd);
	attached = ntapc_kernel_apc(self, "count", NTAPC_KERNEL_APC_ATTACHED,
				    NULL);
	ASSERT_LE(0, attached);
	EXPECT_EQ(NTAPC_APC_QUEUED, state_of(attached));
	ASSERT_EQ(0, ntapc_queue(self, log_apc, 1, 0, 0));
	ASSERT_EQ(0, ntapc_attach(fd));
	EXPECT_EQ(0, ntapc_queue(self, log_apc, 2, 0, 0));
	original = ntapc_kernel_apc(self, "count", 0, NULL);
	now = ntapc_kernel_apc(self, "count", NTAPC_KERNEL_APC_CURRENT, NULL);
	ASSERT_LE(0, original);
	ASSERT_LE(0, now);
	EXPECT_TRUE(readable_in_time(attached));
	EXPECT_EQ(NTAPC_APC_RUN, state_of(attached));
	EXPECT_TRUE(readable_in_time(now));
	EXPECT_EQ(NTAPC_APC_RUN, state_of(now));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(NTAPC_APC_QUEUED, state_of(original));

	ASSERT_EQ(0, ntapc_detach());
	EXPECT_TRUE(readable_in_time(original));
	EXPECT_EQ(NTAPC_APC_RUN, state_of(original));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(2, 1, 2));
}

struct guest {
	int process;
	sem_t attached, go;
	int ret;
};

static void *attach_until_told(void *arg)
{
	struct guest *g = arg;

	g->ret = ntapc_attach(g->process);
	sem_post(&g->attached);
	come(&g->go);
	g->ret = ntapc_detach();
	while (!g->ret)
		atomic_fetch_add(&counted, 1);
	return NULL;
}

/* 9.9: an attached thread is suspended, and ends, when it has come home. */
TEST(suspension_waits)
{
	struct guest g = { .ret = -1 };
	struct ntapc_thread_info info;
	pthread_t thread;
	struct target t;
	int fd;

	sem_init(&g.attached, 0, 0);
	sem_init(&g.go, 0, 0);
	g.process = target_open(&t);
	ASSERT_LE(0, g.process);
	fd = ntapc_thread_create(&thread, NULL, attach_until_told, &g, NULL);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(come(&g.attached));
	ASSERT_EQ(0, g.ret);
	EXPECT_EQ(0, ntapc_suspend(fd, 0));
	let_others_run();
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(1, info.suspend_count);
	EXPECT_FALSE(info.state & NTAPC_THREAD_SUSPENDED);
	EXPECT_TRUE(info.state & NTAPC_THREAD_ATTACHED);
	sem_post(&g.go);
	EXPECT_TRUE(becomes(fd, NTAPC_THREAD_SUSPENDED));
	EXPECT_EQ(0, info_of(g.process).stack_count);
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	EXPECT_TRUE(reaches(&counted, 1));
	EXPECT_EQ(0, ntapc_terminate(fd, 7));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_thread(fd, PATIENCE_NS, 0));
}

TEST(its_end)
{
	struct target t;
	int fd = target_open(&t);
	unsigned char byte;
	uint32_t save;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ntapc_stack_attach(fd, &save));
	target_kill(&t);
	ASSERT_TRUE(readable_in_time(fd));
	EXPECT_EQ(-ESRCH, byte_here());
	EXPECT_EQ(-ESRCH, ntapc_process_read(fd, remote(0, 0), &byte, 1, NULL));
	EXPECT_EQ(0, ntapc_unstack_detach(save));
	EXPECT_EQ(HOME, byte_here());
	EXPECT_EQ(-ESRCH, ntapc_attach(fd));
	EXPECT_EQ(-ESRCH, ntapc_stack_attach(fd, &save));
	EXPECT_EQ(-ESRCH, ntapc_process_out_swap(fd, NULL));
}

/* Its image is another one, and whoever had a right to the old one has none to it. */
TEST(its_execve)
{
	struct target t;
	int fd = target_open(&t), again;
	unsigned char byte;
	uint32_t save;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ntapc_stack_attach(fd, &save));
	ASSERT_TRUE(target_do(&t, DO_EXEC));
	ASSERT_TRUE(readable_in_time(fd));
	EXPECT_EQ(-ESRCH, byte_here());
	EXPECT_EQ(-ESRCH, ntapc_process_read(fd, remote(0, 0), &byte, 1, NULL));
	EXPECT_EQ(NTAPC_PROCESS_ENDED, info_of(fd).flags);
	EXPECT_EQ(0, ntapc_unstack_detach(save));
	EXPECT_EQ(-ESRCH, ntapc_attach(fd));
	again = ntapc_process_open(t.pid);
	ASSERT_LE(0, again);
	EXPECT_EQ(0, info_of(again).flags);
	target_kill(&t);
}

/* A thread that ends goes home first (NT: bugcheck 5, rule 7.3). */
static void *leave_attached(void *arg)
{
	struct guest *g = arg;

	g->ret = ntapc_attach(g->process);
	return NULL;
}

TEST(end_of_an_attached_thread)
{
	struct guest g = { .ret = -1 };
	pthread_t thread;
	struct target t;
	int fd;

	g.process = target_open(&t);
	ASSERT_LE(0, g.process);
	fd = ntapc_thread_create(&thread, NULL, leave_attached, &g, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_thread(fd, PATIENCE_NS, 0));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, g.ret);
	EXPECT_EQ(0, info_of(g.process).stack_count);
}

TEST_HARNESS_MAIN
