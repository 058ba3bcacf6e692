// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of processes: who gets one for which, what it tells, and that it
 * outlives its process but not its image (rules 9.4, 9.5; threats 4, 5, 12, 13).
 */
#include "procs.h"
#include "kselftest_harness.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define USER	65531

static int dev;
static char program[PATH_MAX];
static __u64 word = 0x1111;

FIXTURE(process)
{
};

FIXTURE_SETUP(process)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_LT(0, readlink("/proc/self/exe", program, sizeof(program) - 1));
}

FIXTURE_TEARDOWN(process)
{
}

/* Every operation there is, on a process that has ended: ESRCH. */
#define EXPECT_ENDED(process) do {					\
	struct ntapc_range range_ = { ADDR(&word) & -ONE_PAGE, ONE_PAGE }; \
	struct ntapc_fill fill_ = { .width = 1, .remote = ADDR(&word) };	\
	struct ntapc_search search_ = {					\
		.step = 1,						\
		.remote = ADDR(&word),					\
		.length = 8,						\
		.pattern = ADDR(&word),					\
		.pattern_length = 1,					\
	};								\
	struct ntapc_query query_;					\
	__u64 buffer_ = 0, old_;					\
	__u32 save_;							\
									\
	EXPECT_EQ(-ESRCH, attach(process));				\
	EXPECT_EQ(-ESRCH, attach_stack(process, &save_));		\
	EXPECT_EQ(-ESRCH, out_swap(process, NTAPC_OUT_SWAP_BEGIN, NULL, 0)); \
	EXPECT_EQ(-ESRCH, out_swap(process, NTAPC_OUT_SWAP_END, &range_, 1)); \
	EXPECT_EQ(-ESRCH, out_swap(process, NTAPC_OUT_SWAP_CANCEL, NULL, 0)); \
	EXPECT_EQ(-ESRCH, copy_read(process, &buffer_, &word, 8));	\
	EXPECT_EQ(-ESRCH, copy_write(process, &buffer_, &word, 8));	\
	EXPECT_EQ(-ESRCH, copy_plain(process, NTAPC_IOC_COMPARE, &buffer_, \
				     ADDR(&word), 8));			\
	EXPECT_EQ(-ESRCH, fill_full(process, &fill_));			\
	EXPECT_EQ(-ESRCH, search_full(process, &search_));		\
	EXPECT_EQ(-ESRCH, compare_exchange(process, &word, 8, 1, 1, &old_)); \
	EXPECT_EQ(-ESRCH, query(process, ADDR(&word), &query_, NULL, 0)); \
	EXPECT_EQ(-ESRCH, attached_call(process, "strnlen", ADDR(&word), 1, \
					&buffer_));			\
	EXPECT_EQ(0, stack_count(process));				\
	EXPECT_TRUE(process_ended(process));				\
	EXPECT_EQ(POLLIN, poll_now(process));				\
} while (0)

TEST_F(process, own)
{
	int by_zero = open_process(dev, 0), by_pid;
	struct ntapc_process_info info;

	ASSERT_LE(0, by_zero);
	EXPECT_EQ(FD_CLOEXEC, fcntl(by_zero, F_GETFD));
	by_pid = open_process(dev, getpid());
	ASSERT_LE(0, by_pid);
	EXPECT_NE(by_zero, by_pid);
	ASSERT_EQ(0, get_process_info(by_pid, &info));
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, info.state);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(0, info.stack_count);
	EXPECT_EQ(0, info.nr_ready);
	EXPECT_EQ(0, info.nr_out_swap);
	EXPECT_EQ(0, info.nr_in_swap);
	EXPECT_EQ(0, poll_now(by_pid));
	EXPECT_EQ(0x1111, read_word(by_zero, &word));
	EXPECT_EQ(0, write_word(by_pid, &word, 0x2222));
	EXPECT_EQ(0x2222, word);
	EXPECT_EQ(0, close(by_zero));
	EXPECT_EQ(0x2222, read_word(by_pid, &word));
}

static void open_self(struct worker *worker)
{
	worker->ret = open_process(worker->dev, worker->arg);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

/* The id of any of its threads names a process. */
TEST_F(process, by_a_thread)
{
	struct ntapc_process_info info;
	struct worker worker = {};
	int process;

	ASSERT_TRUE(worker_start(&worker, dev, open_self));
	ASSERT_TRUE(worker_reached(&worker, 1));
	process = open_process(dev, worker.tid);
	ASSERT_LE(0, process);
	ASSERT_EQ(0, get_process_info(process, &info));
	EXPECT_EQ(getpid(), info.pid);
	/* 0 is the caller's process, not its thread. */
	ASSERT_LE(0, worker.ret);
	ASSERT_EQ(0, get_process_info(worker.ret, &info));
	EXPECT_EQ(getpid(), info.pid);
	worker_go(&worker);
	worker_join(&worker);
	/* The process is still there when that thread isn't. */
	EXPECT_EQ(0, poll_now(process));
	EXPECT_EQ(word, read_word(process, &word));
	EXPECT_TRUE(wait_until(open_process(dev, worker.tid) == -ESRCH));
}

static void change_word(struct target *target)
{
	(void)target;
	word = 0x3333;
}

TEST_F(process, child)
{
	struct ntapc_process_info info;
	struct target target;
	int process, pidfd;

	ASSERT_TRUE(target_start(&target, change_word));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	ASSERT_EQ(0, get_process_info(process, &info));
	EXPECT_EQ(target.pid, info.pid);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(0x3333, read_word(process, &word));
	EXPECT_EQ(0x1111, word);
	close(process);

	pidfd = pidfd_of(target.pid);
	ASSERT_LE(0, pidfd);
	process = open_process_pidfd(dev, pidfd);
	ASSERT_LE(0, process);
	EXPECT_EQ(FD_CLOEXEC, fcntl(process, F_GETFD));
	/* It isn't needed any more. */
	close(pidfd);
	ASSERT_EQ(0, get_process_info(process, &info));
	EXPECT_EQ(target.pid, info.pid);
	EXPECT_EQ(0x3333, read_word(process, &word));
	EXPECT_EQ(-SIGKILL, target_kill(&target));
	EXPECT_TRUE(wait_gone(process));
	EXPECT_ENDED(process);
}

TEST_F(process, what_is_none)
{
	int pipes[2], pidfd, thread, other;
	struct target target;
	pid_t child;

	EXPECT_EQ(-ESRCH, open_process(dev, INT_MAX));
	EXPECT_GT(0, open_process(dev, -1));
	EXPECT_GT(0, open_process(dev, INT_MIN));
	/* kthreadd */
	EXPECT_EQ(-ESRCH, open_process(dev, 2));
	pidfd = pidfd_of(2);
	ASSERT_LE(0, pidfd);
	EXPECT_EQ(-ESRCH, open_process_pidfd(dev, pidfd));
	close(pidfd);

	/* Not open, and not a pidfd. */
	EXPECT_EQ(-EBADF, open_process_pidfd(dev, -1));
	EXPECT_EQ(-EBADF, open_process_pidfd(dev, 999));
	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EINVAL, open_process_pidfd(dev, pipes[0]));
	EXPECT_EQ(-EINVAL, open_process_pidfd(dev, dev));
	thread = open_thread(dev, 0);
	EXPECT_EQ(-EINVAL, open_process_pidfd(dev, thread));
	other = open_process(dev, 0);
	EXPECT_EQ(-EINVAL, open_process_pidfd(dev, other));
	/* The directory of a process in /proc names it as well, to some. */
	other = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(-EINVAL, open_process_pidfd(dev, other));

	/* A zombie; a pidfd of what isn't even that any more. */
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(0);
	pidfd = pidfd_of(child);
	ASSERT_LE(0, pidfd);
	ASSERT_TRUE(wait_until(thread_state(child) == 'Z'));
	EXPECT_EQ(-ESRCH, open_process(dev, child));
	EXPECT_EQ(-ESRCH, open_process_pidfd(dev, pidfd));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(-ESRCH, open_process(dev, child));
	EXPECT_EQ(-ESRCH, open_process_pidfd(dev, pidfd));
	/* Errors leave nothing behind: it would be a descriptor. */
	close(pidfd);
	ASSERT_TRUE(target_start(&target, NULL));
	EXPECT_EQ(pidfd, open_process(dev, target.pid));
	target_kill(&target);
}

/* A process whose first thread has left is one still. */
static void *last_thread(void *arg)
{
	struct target *target = arg;

	atomic_store(&target->shared->value[0], syscall(SYS_gettid));
	while (thread_state(getpid()) != 'Z')
		sched_yield();
	word = 0x4444;
	target_step(target, 1);
	_exit(7);
}

static void leave_leader(struct target *target)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, last_thread, target))
		_exit(1);
	syscall(SYS_exit, 0);
}

TEST_F(process, leader_has_left)
{
	struct ntapc_process_info info;
	struct target target;
	int process, leader;

	ASSERT_TRUE(target_start(&target, leave_leader));
	process = open_process(dev, atomic_load(&target.shared->value[0]));
	ASSERT_LE(0, process);
	EXPECT_EQ(0, poll_now(process));
	EXPECT_EQ(0x4444, read_word(process, &word));
	ASSERT_EQ(0, get_process_info(process, &info));
	EXPECT_EQ(0, info.flags);
	/* By its own id it may count as a zombie, which has no memory. */
	leader = open_process(dev, target.pid);
	if (leader != -ESRCH) {
		ASSERT_LE(0, leader);
		EXPECT_EQ(0x4444, read_word(leader, &word));
	}
	target_go(&target, 1);
	EXPECT_EQ(7, reap(target.pid));
	EXPECT_TRUE(wait_gone(process));
	EXPECT_ENDED(process);
}

static void leave_on_go(struct target *target)
{
	target_step(target, 1);
	_exit(3);
}

/* It survives the process, and says so. */
TEST_F(process, exit)
{
	struct pollfd pollfd = { .events = POLLIN | POLLOUT | POLLPRI };
	struct ntapc_process_info info;
	struct target target;

	ASSERT_TRUE(target_start(&target, leave_on_go));
	pollfd.fd = open_process(dev, target.pid);
	ASSERT_LE(0, pollfd.fd);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	EXPECT_FALSE(process_ended(pollfd.fd));
	target_go(&target, 1);
	/* Before anybody has waited for it. */
	EXPECT_EQ(1, poll(&pollfd, 1, PATIENCE_MS));
	EXPECT_EQ(POLLIN, pollfd.revents);
	EXPECT_ENDED(pollfd.fd);
	EXPECT_EQ(3, reap(target.pid));
	EXPECT_ENDED(pollfd.fd);
	ASSERT_EQ(0, get_process_info(pollfd.fd, &info));
	EXPECT_EQ(0, info.pid);
	EXPECT_EQ(NTAPC_PROCESS_ENDED, info.flags);
}

static void exec_on_go(struct target *target)
{
	char *argv[] = { program, "--sleep", NULL };

	target_step(target, 1);
	execv(program, argv);
	_exit(9);
}

/* Nor does its right go over to the next image (threat 3). */
TEST_F(process, exec)
{
	struct ntapc_process_info info;
	int process, again, pidfd;
	struct target target;

	ASSERT_TRUE(target_start(&target, exec_on_go));
	pidfd = pidfd_of(target.pid);
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	EXPECT_EQ(word, read_word(process, &word));
	target_go(&target, 1);
	EXPECT_TRUE(wait_gone(process));
	EXPECT_ENDED(process);
	ASSERT_EQ(0, get_process_info(process, &info));
	EXPECT_EQ(0, info.pid);
	/* While a new one reaches the new image, by id or by the old pidfd. */
	ASSERT_TRUE(wait_until(({
		again = open_process_pidfd(dev, pidfd);
		again >= 0 && !process_ended(again);
	})));
	ASSERT_EQ(0, get_process_info(again, &info));
	EXPECT_EQ(target.pid, info.pid);
	EXPECT_EQ(0, info.flags);
	EXPECT_ENDED(process);
	target_kill(&target);
	EXPECT_TRUE(wait_gone(again));
}

/* An execve() that fails ends nothing. */
static void fail_to_exec(struct target *target)
{
	char *argv[] = { "/nonexistent", NULL };

	target_step(target, 1);
	execv("/nonexistent", argv);
	word = 0x5555;
	atomic_store(&target->shared->stage, 2);
}

TEST_F(process, exec_that_fails)
{
	struct target target;
	int process;

	ASSERT_TRUE(target_start(&target, fail_to_exec));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	target_go(&target, 1);
	ASSERT_TRUE(target_reached(&target, 2));
	EXPECT_EQ(0, poll_now(process));
	EXPECT_FALSE(process_ended(process));
	EXPECT_EQ(0x5555, read_word(process, &word));
	target_kill(&target);
}

/* One process, however often it is opened: its counts are the same. */
TEST_F(process, one_object)
{
	struct ntapc_process_info info;
	struct target target;
	int first, second;

	ASSERT_TRUE(target_start(&target, NULL));
	first = open_process(dev, target.pid);
	second = open_process(dev, target.pid);
	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	ASSERT_EQ(0, attach(first));
	ASSERT_EQ(0, get_process_info(second, &info));
	EXPECT_EQ(1, info.stack_count);
	close(first);
	EXPECT_EQ(1, stack_count(second));
	/* The attachment needs no descriptor. */
	EXPECT_EQ(word, read_word(dev, &word));
	close(second);
	EXPECT_EQ(word, read_word(dev, &word));
	second = open_process(dev, target.pid);
	EXPECT_EQ(1, stack_count(second));
	EXPECT_EQ(0, detach(dev));
	EXPECT_EQ(0, stack_count(second));
	target_kill(&target);
}

static bool has_pointer(const char *text)
{
	return strstr(text, "ffff8") || strstr(text, "ffffff") ||
	       strstr(text, "0x");
}

TEST_F(process, fdinfo)
{
	char text[4096], line[64];
	struct target target;
	int process, window;

	ASSERT_TRUE(target_start(&target, leave_on_go));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	ASSERT_EQ(0, read_fdinfo(process, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-type:\tprocess\n"));
	snprintf(line, sizeof(line), "ntapc-pid:\t%d\n", target.pid);
	EXPECT_NE(NULL, strstr(text, line)) {
		TH_LOG("%s", text);
	}
	EXPECT_NE(NULL, strstr(text, "ntapc-stack-count:\t0\n"));
	EXPECT_FALSE(has_pointer(text));
	ASSERT_EQ(0, attach(process));
	ASSERT_EQ(0, read_fdinfo(process, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-stack-count:\t1\n"));
	EXPECT_EQ(0, detach(dev));
	target_go(&target, 1);
	EXPECT_EQ(3, reap(target.pid));
	ASSERT_TRUE(wait_gone(process));
	ASSERT_EQ(0, read_fdinfo(process, text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, line));
	EXPECT_FALSE(has_pointer(text));

	window = open_window(dev, 1);
	ASSERT_LE(0, window);
	ASSERT_EQ(0, read_fdinfo(window, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-type:\twindow\n"));
	EXPECT_FALSE(has_pointer(text));
}

/* Nothing but ioctl() and poll() does anything (threat 5). */
TEST_F(process, nothing_but_ioctls)
{
	struct ntapc_process_info before, after;
	int process = open_process(dev, 0);
	char text[64] = {};

	ASSERT_LE(0, process);
	ASSERT_EQ(0, get_process_info(process, &before));
	EXPECT_EQ(-1, read(process, text, sizeof(text)));
	EXPECT_EQ(-1, write(process, text, sizeof(text)));
	EXPECT_EQ(-1, pread(process, text, sizeof(text), 0));
	EXPECT_EQ(-1, pwrite(process, text, sizeof(text), 0));
	EXPECT_EQ(-1, ftruncate(process, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, ONE_PAGE, PROT_READ, MAP_PRIVATE,
				   process, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, ONE_PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED, process, 0));
	ASSERT_EQ(0, get_process_info(process, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

static void become_user(void)
{
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER) ||
	    prctl(PR_SET_DUMPABLE, 1))
		_exit(8);
}

/* Whoever is handed one may use it, as its owner has decided. */
TEST_F(process, passed_on)
{
	struct target target;
	int sockets[2], process;
	pid_t child;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				sockets));
	ASSERT_TRUE(target_start(&target, change_word));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int fd, own;

		become_user();
		own = open_device();
		/* By itself it couldn't. */
		if (open_process(own, target.pid) != -EACCES)
			_exit(1);
		fd = receive_fd(sockets[1]);
		if (fd < 0)
			_exit(2);
		if (read_word(fd, &word) != 0x3333)
			_exit(3);
		if (write_word(fd, &word, 0x6666))
			_exit(4);
		if (attach(fd) || read_word(own, &word) != 0x6666)
			_exit(5);
		_exit(detach(own) ? 6 : 0);
	}
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	EXPECT_EQ(0, send_fd(sockets[0], process));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0x6666, read_word(process, &word));
	EXPECT_EQ(0x1111, word);
	target_kill(&target);
}

/* Pid namespaces: what has no number there can't be opened, but acted upon. */
TEST_F(process, pid_namespaces)
{
	struct ntapc_process_info info;
	struct target target;
	int process;
	pid_t caller;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_TRUE(target_start(&target, change_word));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		pid_t init;
		int pidfd, own;

		if (unshare(CLONE_NEWPID))
			_exit(77);
		pidfd = pidfd_of(target.pid);
		init = fork();
		if (init)
			_exit(reap(init));
		/* We are 1 here, and the target is none of ours. */
		if (open_process(dev, target.pid) != -ESRCH)
			_exit(1);
		/* A pidfd of it is no help: it has no id here. */
		if (open_process_pidfd(dev, pidfd) != -ESRCH)
			_exit(2);
		if (get_process_info(process, &info) || info.pid ||
		    info.flags & NTAPC_PROCESS_ENDED)
			_exit(3);
		if (read_word(process, &word) != 0x3333)
			_exit(4);
		own = open_process(dev, 1);
		if (own < 0 || get_process_info(own, &info) || info.pid != 1)
			_exit(5);
		own = open_process(dev, 0);
		if (own < 0 || get_process_info(own, &info) || info.pid != 1)
			_exit(6);
		_exit(read_word(own, &word) == 0x1111 ? 0 : 7);
	}
	EXPECT_EQ(0, reap(caller));
	target_kill(&target);
}

/* From outside, the init of a pid namespace is a process like others. */
TEST_F(process, init_of_a_namespace)
{
	struct ntapc_process_info info;
	struct target target;
	int process;

	if (geteuid() || unshare(CLONE_NEWPID))
		SKIP(return, "needs root and pid namespaces");
	ASSERT_TRUE(target_start(&target, change_word));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	ASSERT_EQ(0, get_process_info(process, &info));
	EXPECT_EQ(target.pid, info.pid);
	EXPECT_EQ(0x3333, read_word(process, &word));
	target_kill(&target);
	EXPECT_TRUE(wait_gone(process));
	/* And the machine's own is one, to root. */
	process = open_process(dev, 1);
	ASSERT_LE(0, process);
	EXPECT_EQ(0, poll_now(process));
}

/* A descriptor never reaches a process that got the old one's number. */
TEST_F(process, recycled_id)
{
	pid_t first, child;
	int process, i;

	if (geteuid() || unshare(CLONE_NEWPID))
		SKIP(return, "needs root and pid namespaces");
	/* The init of a namespace, in which ids can be chosen. */
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		first = fork();
		if (!first) {
			pause();
			_exit(0);
		}
		process = open_process(dev, first);
		if (process < 0 || read_word(process, &word) != word)
			_exit(1);
		kill(first, SIGKILL);
		reap(first);
		for (i = 0; i < 3; i++) {
			pid_t again;

			if (write_number("/proc/sys/kernel/ns_last_pid",
					 first - 1))
				_exit(40);
			again = fork();
			if (!again) {
				pause();
				_exit(0);
			}
			if (again != first)
				_exit(41);
			if (copy_read(process, &word, &word, 8) != -ESRCH ||
			    attach(process) != -ESRCH || !process_ended(process))
				_exit(2);
			kill(again, SIGKILL);
			reap(again);
		}
		_exit(0);
	}
	i = reap(child);
	if (i == 40 || i == 41)
		SKIP(return, "process ids can't be chosen");
	EXPECT_EQ(0, i);
}

/* vfork(): two processes live in one address space, and neither ends the other. */
TEST_F(process, vfork)
{
	int process = open_process(dev, 0);
	volatile int error = 0;
	pid_t child;

	ASSERT_LE(0, process);
	child = vfork();
	if (!child) {
		int own = open_process(dev, 0);

		if (own < 0 || write_word(own, &word, 0x7777))
			error = 1;
		else if (attach(process) || read_word(dev, &word) != 0x7777)
			error = 2;
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, error);
	EXPECT_EQ(0x7777, word);
	EXPECT_TRUE(wait_until(!stack_count(process)));
	EXPECT_EQ(0, poll_now(process));
	EXPECT_EQ(0x7777, read_word(process, &word));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--sleep")) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return test_harness_run(argc, argv);
}
