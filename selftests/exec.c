// SPDX-License-Identifier: GPL-2.0-only
/*
 * Authority that must not outlive what it was given over: execve(), changes of
 * credentials, fork().
 */
#include "common.h"
#include "kselftest_harness.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define USER	65531

static int dev;

/* Shared between a test and its children. */
struct shared {
	atomic_int stage;	/* how far the child has come */
	atomic_int go;		/* how far it may go */
	atomic_int tid;
	int result[8];
};

static struct shared *shared;
static char program[PATH_MAX], setuid_program[64];

static bool has_exited(int thread)
{
	struct ntapc_thread_info info;

	return !get_thread_info(thread, &info) &&
	       info.state & NTAPC_THREAD_EXITED;
}

FIXTURE(exec)
{
	int fd;
};

/*
 * A private mount of an empty tmpfs, for a set-user-ID copy of this program,
 * and shared memory that it can find again after execve().
 */
FIXTURE_SETUP(exec)
{
	char arg[16];

	log_reset();
	if (geteuid())
		SKIP(return, "needs root");
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("none", "/tmp", "tmpfs", 0, "mode=777"));
	ASSERT_LT(0, readlink("/proc/self/exe", program, sizeof(program) - 1));
	snprintf(setuid_program, sizeof(setuid_program), "/tmp/setuid");
	snprintf(arg, sizeof(arg), "%d", getpid());
	self->fd = open(setuid_program, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ASSERT_LE(0, self->fd);
	{
		int from = open(program, O_RDONLY | O_CLOEXEC);
		char buffer[65536];
		ssize_t n;

		ASSERT_LE(0, from);
		while ((n = read(from, buffer, sizeof(buffer))) > 0) {
			ASSERT_EQ(n, write(self->fd, buffer, n));
		}
		close(from);
	}
	close(self->fd);
	ASSERT_EQ(0, chmod(setuid_program, 04755));
	self->fd = memfd_create("shared", 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ftruncate(self->fd, 4096));
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd,
		      0);
	ASSERT_NE(MAP_FAILED, shared);
}

FIXTURE_TEARDOWN(exec)
{
}

static void step(int stage)
{
	atomic_store(&shared->stage, stage);
	while (atomic_load(&shared->go) < stage)
		breathe(0);
}

static bool reached(int stage)
{
	return wait_until(atomic_load(&shared->stage) >= stage);
}

static void go(int stage)
{
	atomic_store(&shared->go, stage);
}

/* What the executed program is: it finds the shared memory at descriptor @fd. */
static int executed(int fd)
{
	struct ntapc_thread_info info;
	int self;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return 1;
	dev = open_frames(dispatch_continue);
	if (dev < 0)
		return 2;
	/* Nothing has come over from the old image, and nothing runs. */
	self = open_thread(dev, 0);
	if (get_thread_info(self, &info) || info.nr_queued || info.nr_user ||
	    info.nr_special)
		return 3;
	if (delay(dev, NTAPC_WAIT_ALERTABLE, 0) != NTAPC_STATUS_SUCCESS)
		return 4;
	shared->result[0] = geteuid();
	step(100);
	/* Still nothing. */
	if (delay(dev, NTAPC_WAIT_ALERTABLE, 0) != NTAPC_STATUS_SUCCESS)
		return 5;
	if (get_thread_info(self, &info) || info.nr_queued)
		return 6;
	return log_count() ? 7 : 0;
}

static void exec_program(const char *path, int fd)
{
	char number[16], *argv[] = { (char *)path, "--exec", number, NULL };
	char *envp[] = { NULL };

	snprintf(number, sizeof(number), "%d", fd);
	execve(path, argv, envp);
	_exit(9);
}

/* Counts down in the shared memory, one execve() at a time. */
static void exec_again(int fd)
{
	char number[16], *argv[] = { program, "--again", number, NULL };

	snprintf(number, sizeof(number), "%d", fd);
	if (!shared->result[1])
		_exit(0);
	shared->result[1]--;
	execv(program, argv);
	_exit(9);
}

static int again(int fd)
{
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		return 1;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return 2;
	/*
	 * Now and then it has a record of its own, or stays until it has been
	 * opened: one that is busy executing nearly never can be.
	 */
	if (shared->result[1] % 3 == 0) {
		dev = open_device();
		if (dev < 0 || open_thread(dev, 0) < 0)
			return 3;
	}
	if (shared->result[1] % 2 == 1) {
		int seen = atomic_load(&shared->go);

		if (!wait_until(atomic_load(&shared->go) != seen))
			return 4;
	}
	exec_again(fd);
	return 5;
}

static void become_user(void)
{
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER) ||
	    prctl(PR_SET_DUMPABLE, 1))
		_exit(8);
}

/*
 * The attack: an unprivileged parent opens its child, queues to it while the
 * child is about to execute a set-user-ID program, and keeps the descriptor.
 */
TEST_F(exec, set_user_id_program)
{
	int status, pipes[2];
	pid_t attacker;

	ASSERT_EQ(0, pipe(pipes));
	attacker = fork();
	ASSERT_LE(0, attacker);
	if (!attacker) {
		struct ntapc_queue_entry entry = { .routine = ADDR(log_apc) };
		struct ntapc_thread_info info;
		struct ntapc_info mine;
		int thread, i, e = 10;
		pid_t child;
		char c;

		become_user();
		child = fork();
		if (!child) {
			set_dispatcher(dev, ADDR(dispatch_continue));
			/* Blocked with APCs pending when it executes. */
			if (read(pipes[0], &c, 1) != 1)
				_exit(1);
			exec_program(setuid_program, self->fd);
		}
		thread = open_thread(dev, child);
		if (thread < 0 || !wait_asleep(child))
			_exit(e);
		for (i = 0; i < 5; i++)
			if (queue(thread, log_apc, i))
				_exit(e + 1);
		if (queue_special(thread, NULL, 0))
			_exit(e + 2);
		if (write(pipes[1], "x", 1) != 1 || !reached(100))
			_exit(e + 3);
		/* The descriptor reaches nothing any more, and says so. */
		if (queue(thread, log_apc, 1) != -ESRCH ||
		    queue_special(thread, log_apc, 1) != -ESRCH ||
		    queue(thread, NULL, 1) != -ESRCH ||
		    queue_many(thread, &entry, 1) != -ESRCH)
			_exit(e + 4);
		if (get_thread_info(thread, &info) ||
		    !(info.state & NTAPC_THREAD_EXITED))
			_exit(e + 5);
		if (info.nr_queued != 5 || info.nr_dropped != 5 ||
		    info.nr_delivered || info.nr_user || info.tid)
			_exit(e + 6);
		/* Nor is there a new one to be had. */
		if (open_thread(dev, child) != -EACCES)
			_exit(e + 7);
		if (get_info(dev, &mine) || mine.queued_user)
			_exit(e + 8);
		go(100);
		status = reap(child);
		_exit(status);
	}
	EXPECT_EQ(0, reap(attacker));
	EXPECT_EQ(0, shared->result[0]);
}

/* A descriptor that the process had of itself is as dead. */
TEST_F(exec, own_descriptor_across_exec)
{
	int thread, dup_of_it;
	pid_t child;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		thread = open_thread(dev, 0);
		dup_of_it = fcntl(thread, F_DUPFD, 200);
		queue(thread, log_apc, 1);
		if (dup_of_it != 200)
			_exit(20);
		{
			char number[16];
			char *argv[] = { program, "--inherited", number, NULL };

			snprintf(number, sizeof(number), "%d", dup_of_it);
			execv(program, argv);
		}
		_exit(21);
	}
	EXPECT_EQ(0, reap(child));
}

static int inherited(int thread)
{
	struct ntapc_control *control;
	struct ntapc_thread_info info;
	__u32 offset;
	__u64 page;

	if (queue(thread, log_apc, 1) != -ESRCH)
		return 1;
	if (thread_control(thread, &offset, &page) != -ESRCH)
		return 2;
	control = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		       MAP_SHARED, thread, 0);
	if (control != MAP_FAILED || errno != ESRCH)
		return 3;
	if (get_thread_info(thread, &info) ||
	    !(info.state & NTAPC_THREAD_EXITED) || info.nr_dropped != 1)
		return 4;
	/* While a new one works. */
	dev = open_device();
	thread = open_thread(dev, 0);
	if (thread < 0 || queue(thread, log_apc, 1))
		return 5;
	return 0;
}

/* Any program, not only a set-user-ID one; and poll() sees the end. */
TEST_F(exec, ordinary_program)
{
	struct pollfd pollfd = { .events = POLLIN };
	struct ntapc_thread_info info;
	pid_t child;
	int thread;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		set_dispatcher(dev, ADDR(dispatch_continue));
		step(1);
		exec_program(program, self->fd);
	}
	ASSERT_TRUE(reached(1));
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	EXPECT_EQ(0, queue(thread, log_apc, 1));
	pollfd.fd = thread;
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	go(1);
	ASSERT_TRUE(reached(100));
	EXPECT_EQ(-ESRCH, queue(thread, log_apc, 1));
	ASSERT_EQ(0, get_thread_info(thread, &info));
	EXPECT_EQ(NTAPC_THREAD_EXITED, info.state);
	EXPECT_EQ(1, info.nr_dropped);
	/* A new descriptor reaches the new image. */
	close(thread);
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_EQ(0, get_thread_info(thread, &info));
	EXPECT_EQ(child, info.tid);
	EXPECT_EQ(0, info.nr_queued);
	go(100);
	EXPECT_EQ(0, reap(child));
}

/* An execve() that fails changes nothing. */
TEST_F(exec, that_fails)
{
	struct ntapc_thread_info info;
	int thread = open_thread(dev, 0);
	char *argv[] = { "/nonexistent", NULL };

	ASSERT_LE(0, thread);
	EXPECT_EQ(0, queue(thread, log_apc, 1));
	EXPECT_EQ(-1, execv(argv[0], argv));
	EXPECT_EQ(-1, execv("/proc/self/status", argv));
	ASSERT_EQ(0, get_thread_info(thread, &info));
	EXPECT_EQ(0, info.state);
	EXPECT_EQ(1, info.nr_user);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(1, log_count());
}

/* A thread that isn't the leader executes: all threads' descriptors are dead. */
static void *exec_from_thread(void *arg)
{
	atomic_store(&shared->tid, syscall(SYS_gettid));
	step(1);
	exec_program(program, *(int *)arg);
	return NULL;
}

TEST_F(exec, by_a_thread_that_isnt_the_leader)
{
	struct ntapc_thread_info info;
	int leader, thread;
	pid_t child;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pthread_t other;

		pthread_create(&other, NULL, exec_from_thread, &self->fd);
		for (;;)
			pause();
	}
	ASSERT_TRUE(reached(1));
	leader = open_thread(dev, child);
	ASSERT_LE(0, leader);
	thread = open_thread(dev, atomic_load(&shared->tid));
	ASSERT_LE(0, thread);
	EXPECT_EQ(0, queue(leader, log_apc, 1));
	EXPECT_EQ(0, queue(thread, log_apc, 2));
	EXPECT_EQ(0, queue(thread, log_apc, 3));
	go(1);
	ASSERT_TRUE(reached(100));
	EXPECT_EQ(-ESRCH, queue(leader, log_apc, 1));
	EXPECT_EQ(-ESRCH, queue(thread, log_apc, 1));
	ASSERT_TRUE(wait_until(has_exited(leader) && has_exited(thread)));
	ASSERT_EQ(0, get_thread_info(leader, &info));
	EXPECT_EQ(1, info.nr_dropped);
	ASSERT_EQ(0, get_thread_info(thread, &info));
	EXPECT_EQ(2, info.nr_dropped);
	/* The number of the thread that executed is nobody's now. */
	EXPECT_EQ(-ESRCH, open_thread(dev, atomic_load(&shared->tid)));
	go(100);
	EXPECT_EQ(0, reap(child));
}

/* vfork() and execve() do nothing to the parent, whose memory was shared. */
TEST_F(exec, after_vfork)
{
	struct ntapc_thread_info info;
	static int thread;
	pid_t child;

	thread = open_thread(dev, 0);
	ASSERT_LE(0, thread);
	EXPECT_EQ(0, queue(thread, log_apc, 1));
	go(100);
	child = vfork();
	if (!child)
		exec_program(program, self->fd);
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(0, get_thread_info(thread, &info));
	EXPECT_EQ(0, info.state);
	EXPECT_EQ(1, info.nr_user);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(0, queue_special(thread, log_apc, 1));
	EXPECT_EQ(2, log_count());
}

/* One that executes itself over and over while it is opened and queued to. */
TEST_F(exec, while_opened_and_queued_to)
{
	unsigned int rounds = scaled(200), done, opened = 0, sent = 0;
	struct ntapc_info before, info;
	pid_t child;
	int thread;

	ASSERT_EQ(0, get_info(dev, &before));
	shared->result[1] = rounds;
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		exec_again(self->fd);
	do {
		done = !((volatile struct shared *)shared)->result[1];
		thread = open_thread(dev, child);
		if (thread < 0) {
			ASSERT_EQ(-ESRCH, thread);
			continue;
		}
		opened++;
		for (int i = 0; i < 10; i++) {
			int ret = queue(thread, log_apc, i);

			ASSERT_TRUE(!ret || ret == -ESRCH) {
				TH_LOG("queue: %d", ret);
			}
			sent += !ret;
			/* Half of them while it goes on. */
			if (i == 5)
				atomic_fetch_add(&shared->go, 1);
		}
		close(thread);
	} while (!done);
	EXPECT_EQ(0, reap(child));
	EXPECT_LT(rounds / 10, opened);
	TH_LOG("opened %u times, %u queued", opened, sent);
	EXPECT_TRUE(wait_until(!get_info(dev, &info) &&
			       info.queued_user <= before.queued_user &&
			       info.nr_threads <= before.nr_threads));
}

/* Credentials */

/* How a target changes. */
enum change {
	DROP_TO_ANOTHER_USER,
	UNDUMPABLE,
	BOTH,
};

FIXTURE(change)
{
};

FIXTURE_VARIANT(change)
{
	enum change change;
};

FIXTURE_VARIANT_ADD(change, user)
{
	.change = DROP_TO_ANOTHER_USER,
};

FIXTURE_VARIANT_ADD(change, dumpable)
{
	.change = UNDUMPABLE,
};

FIXTURE_VARIANT_ADD(change, both)
{
	.change = BOTH,
};

FIXTURE_SETUP(change)
{
	if (geteuid())
		SKIP(return, "needs root");
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
}

FIXTURE_TEARDOWN(change)
{
}

/* As USER; with a saved user id of @saved, of which 0 keeps CAP_SETUID aside. */
static bool become_changeable(uid_t saved)
{
	return !setresgid(USER, USER, USER) && !setresuid(USER, USER, saved) &&
	       !prctl(PR_SET_DUMPABLE, 1);
}

static bool do_change(enum change change)
{
	if (change != UNDUMPABLE &&
	    (seteuid(0) || setresuid(USER + 1, USER + 1, USER + 1)))
		return false;
	return !prctl(PR_SET_DUMPABLE, change == DROP_TO_ANOTHER_USER);
}

/*
 * The target starts as USER with CAP_SETUID kept aside, so that it can be opened
 * by its likes at first.
 */
static int changing_target(enum change change)
{
	struct ntapc_record records[8];
	struct ntapc_thread_info info;
	int self, ret;

	if (!become_changeable(0))
		return 30;
	/* A saved user id of 0 would keep the likes out: it goes in a moment. */
	self = open_thread(dev, 0);
	if (self < 0 || queue(self, log_apc, 1))
		return 31;
	step(1);
	if (!do_change(change))
		return 32;
	step(2);
	/* What it queued itself is there; what came from outside isn't. */
	ret = take_records(dev, records, 8);
	if (ret != 1 || records[0].arg[0] != 1)
		return 40 + ret;
	if (get_thread_info(self, &info) || info.nr_dropped != 2 ||
	    info.nr_delivered != 1 || info.nr_queued != 3)
		return 34;
	/* Its own descriptor goes on working. */
	if (queue(self, log_apc, 4) || take_records(dev, records, 8) != 1)
		return 35;
	return 0;
}

/*
 * Another process, that was let at the target before: afterwards it isn't, and
 * what it queued is dropped.
 */
TEST_F(change, takes_authority_away)
{
	struct ntapc_queue_entry entry = { .routine = 1 };
	struct ntapc_thread_info info;
	pid_t target, other;
	int thread;

	target = fork();
	ASSERT_LE(0, target);
	if (!target)
		_exit(changing_target(variant->change));
	ASSERT_TRUE(reached(1));
	/* Opened by root, then used without root's rights. */
	thread = open_thread(dev, target);
	ASSERT_LE(0, thread);
	other = fork();
	ASSERT_LE(0, other);
	if (!other) {
		become_user();
		if (queue(thread, log_apc, 2) || queue_many(thread, &entry, 1) !=
		    1)
			_exit(50);
		if (get_thread_info(thread, &info) || info.nr_user != 3)
			_exit(51);
		go(1);
		if (!reached(2))
			_exit(52);
		if (queue(thread, log_apc, 3) != -EACCES)
			_exit(53);
		if (queue(thread, NULL, 3) != -EACCES)
			_exit(54);
		if (queue_many(thread, &entry, 1) != -EACCES)
			_exit(55);
		if (get_thread_info(thread, &info) != -EACCES)
			_exit(56);
		if (open_thread(dev, target) != -EACCES)
			_exit(57);
		/* That it exits may still be seen. */
		if (wait_thread(dev, 0, 0, thread) != NTAPC_STATUS_TIMEOUT)
			_exit(58);
		go(2);
		_exit(0);
	}
	EXPECT_EQ(0, reap(other));
	EXPECT_EQ(0, reap(target));
}

/* On go 1 it changes; as USER its likes can open it, until then. */
static void change_on_go(enum change change)
{
	if (!become_changeable(change == UNDUMPABLE ? USER : 0))
		_exit(30);
	step(1);
	if (!do_change(change))
		_exit(31);
	step(2);
	_exit(0);
}

/* Nobody gets it back by what another one may who has the same descriptor. */
static void check_shared(struct __test_metadata *_metadata, enum change change,
			 bool opened_by_root)
{
	int fds[2], i, process = -1;
	struct ntapc_process_open args = { .size = sizeof(args) };
	struct ntapc_process_info info = { .size = sizeof(info) };
	pid_t target, other;
	char c = 0;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	target = fork();
	ASSERT_LE(0, target);
	if (!target)
		change_on_go(change);
	ASSERT_TRUE(reached(1));
	args.pid = target;
	if (opened_by_root) {
		process = sys_ioctl(dev, NTAPC_IOC_PROCESS_OPEN, &args);
		ASSERT_LE(0, process);
	}
	other = fork();
	ASSERT_LE(0, other);
	if (!other) {
		become_user();
		if (!opened_by_root)
			process = sys_ioctl(dev, NTAPC_IOC_PROCESS_OPEN, &args);
		if (process < 0 ||
		    sys_ioctl(process, NTAPC_IOC_PROCESS_INFO, &info))
			_exit(51);
		if (send_fd(fds[1], process))
			_exit(52);
		/* Before root has used it, and since. */
		for (i = 0; i < 2; i++) {
			if (read(fds[1], &c, 1) != 1)
				_exit(53);
			if (sys_ioctl(process, NTAPC_IOC_PROCESS_INFO, &info) !=
			    -EACCES)
				_exit(54 + i);
			if (write(fds[1], &c, 1) != 1)
				_exit(56);
		}
		_exit(0);
	}
	close(fds[1]);
	process = receive_fd(fds[0]);
	ASSERT_LE(0, process);
	go(1);
	ASSERT_TRUE(reached(2));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, write(fds[0], &c, 1));
		ASSERT_EQ(1, read(fds[0], &c, 1));
		EXPECT_EQ(0, sys_ioctl(process, NTAPC_IOC_PROCESS_INFO, &info));
	}
	EXPECT_EQ(0, reap(other));
	go(2);
	EXPECT_EQ(0, reap(target));
}

TEST_F(change, isnt_undone_by_who_was_given_it)
{
	if (variant->change != UNDUMPABLE)
		SKIP(return, "a saved user id of 0 keeps the likes out");
	check_shared(_metadata, variant->change, false);
}

TEST_F(change, isnt_undone_by_who_opened_it)
{
	check_shared(_metadata, variant->change, true);
}

/* One that still would be let at it keeps its right. */
TEST_F(change, leaves_root_its_right)
{
	pid_t target;
	int thread;

	target = fork();
	ASSERT_LE(0, target);
	if (!target) {
		struct ntapc_record records[8];

		if (!become_changeable(0))
			_exit(30);
		step(1);
		if (!do_change(variant->change))
			_exit(32);
		step(2);
		/* Queued after the change, by one who may. */
		if (take_records(dev, records, 8) != 1 ||
		    records[0].arg[0] != 3)
			_exit(34);
		_exit(0);
	}
	ASSERT_TRUE(reached(1));
	thread = open_thread(dev, target);
	ASSERT_LE(0, thread);
	EXPECT_EQ(0, queue(thread, log_apc, 2));
	go(1);
	ASSERT_TRUE(reached(2));
	EXPECT_EQ(0, queue(thread, log_apc, 3));
	go(2);
	EXPECT_EQ(0, reap(target));
}

/*
 * Who was told that the thread is ending already may rely on that, also if he who is
 * ending it loses his right to before it ends.
 */
TEST_F(change, leaves_a_second_termination)
{
	pid_t target, other, child;
	int thread;

	if (variant->change != UNDUMPABLE)
		SKIP(return, "in vfork() only the memory is shared");
	target = fork();
	ASSERT_LE(0, target);
	if (!target) {
		child = vfork();
		if (!child) {
			step(1);
			prctl(PR_SET_DUMPABLE, 0);
			step(2);
			_exit(0);
		}
		_exit(30);
	}
	ASSERT_TRUE(reached(1));
	thread = open_thread(dev, target);
	ASSERT_LE(0, thread);
	other = fork();
	ASSERT_LE(0, other);
	if (!other) {
		become_user();
		_exit(terminate_thread(thread, 31) ? 50 : 0);
	}
	EXPECT_EQ(0, reap(other));
	go(1);
	ASSERT_TRUE(reached(2));
	EXPECT_EQ(0, terminate_thread(thread, 32));
	go(2);
	EXPECT_EQ(32, reap(target));
}

/*
 * Queueing races the change: once the target has changed nothing that came from
 * outside is handed over, whatever the queueing was told.
 */
TEST_F(change, races_queueing)
{
	unsigned int rounds = scaled(40), round;
	struct ntapc_queue_entry entries[64];
	pid_t target, other;
	int thread, i;

	for (i = 0; i < 64; i++)
		entries[i] = (struct ntapc_queue_entry){ .routine = 1 };
	for (round = 0; round < rounds; round++) {
		atomic_store(&shared->stage, 0);
		atomic_store(&shared->go, 0);
		target = fork();
		ASSERT_LE(0, target);
		if (!target) {
			struct ntapc_record records[8];
			struct ntapc_thread_info info;
			int self_thread;

			if (!become_changeable(0))
				_exit(30);
			step(1);
			if (!do_change(variant->change))
				_exit(32);
			if (take_records(dev, records, 8))
				_exit(34);
			step(2);
			self_thread = open_thread(dev, 0);
			if (take_records(dev, records, 8) ||
			    get_thread_info(self_thread, &info))
				_exit(35);
			_exit(info.nr_queued == info.nr_dropped ? 0 : 36);
		}
		ASSERT_TRUE(reached(1));
		thread = open_thread(dev, target);
		ASSERT_LE(0, thread);
		other = fork();
		ASSERT_LE(0, other);
		if (!other) {
			int ret;

			become_user();
			go(1);
			do {
				ret = queue_many(thread, entries, 64);
				if (ret < 0 && ret != -EACCES && ret != -EAGAIN)
					_exit(50);
			} while (atomic_load(&shared->stage) < 2);
			/* Nothing more from here on. */
			ret = queue_many(thread, entries, 64);
			if (ret != -EACCES)
				_exit(51);
			go(2);
			_exit(0);
		}
		EXPECT_EQ(0, reap(other));
		EXPECT_EQ(0, reap(target));
		close(thread);
	}
}

/* fork(): rule of NT's, none is inherited. */
FIXTURE(forked)
{
};

FIXTURE_SETUP(forked)
{
	log_reset();
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
}

FIXTURE_TEARDOWN(forked)
{
}

TEST_F(forked, child_has_none_pending)
{
	struct ntapc_thread_info info;
	struct ntapc_record records[4];
	struct ntapc_control *control;
	int thread = open_thread(dev, 0);
	pid_t child;
	int own;

	ASSERT_LE(0, thread);
	control = map_control(thread);
	ASSERT_NE(NULL, control);
	EXPECT_EQ(0, queue(thread, log_apc, 1));
	EXPECT_EQ(NTAPC_PENDING_USER, control->pending);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		/* The inherited mapping is of an unused slot. */
		if (control->tid || control->pending || control->guard)
			_exit(1);
		control->guard = 5;
		own = open_thread(dev, 0);
		if (own < 0 || get_thread_info(own, &info) ||
		    info.nr_queued || info.nr_user || info.tid != getpid())
			_exit(2);
		if (take_records(dev, records, 4))
			_exit(3);
		/* No dispatcher either. */
		if (queue_special(own, log_apc, 1) != -ENXIO)
			_exit(4);
		set_dispatcher(dev, ADDR(dispatch_continue));
		/* That other slot's guard is nothing to us. */
		if (queue_special(own, log_apc, 1) || log_count() != 1)
			_exit(5);
		/* It gets a slot of its own. */
		control = map_control(own);
		if (!control || control->tid != getpid() || control->guard)
			_exit(6);
		/* The inherited descriptor is the parent's still. */
		if (get_thread_info(thread, &info) || info.tid != getppid() ||
		    info.nr_user != 1 || queue(thread, log_apc, 2))
			_exit(7);
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(getpid(), control->tid);
	EXPECT_EQ(0, control->guard);
	EXPECT_EQ(2, nr_pending(thread));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(2, log_count());
}

/* A descriptor that was handed over is the right to queue. */
TEST_F(forked, parent_queues_through_an_inherited_descriptor)
{
	struct ntapc_thread_info info;
	int fds[2], thread;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct ntapc_record record;
		__u32 count = 0;

		if (send_fd(fds[1], open_thread(dev, 0)))
			_exit(1);
		if (wait_records(dev, in_ms(PATIENCE_MS), &record, 1, &count) !=
		    NTAPC_STATUS_USER_APC)
			_exit(2);
		_exit(record.arg[0] == 77 ? 0 : 3);
	}
	thread = receive_fd(fds[0]);
	ASSERT_LE(0, thread);
	ASSERT_EQ(0, get_thread_info(thread, &info));
	EXPECT_EQ(child, info.tid);
	EXPECT_EQ(0, queue(thread, log_apc, 77));
	EXPECT_EQ(0, reap(child));
}

/* A thread made with a shared address space is of the process's, by vfork() too. */
TEST_F(forked, vfork_child_is_its_own_thread)
{
	struct ntapc_record records[4];
	volatile int error = 0;
	static int thread;
	pid_t child;

	thread = open_thread(dev, 0);
	ASSERT_LE(0, thread);
	EXPECT_EQ(0, queue(thread, log_apc, 1));
	child = vfork();
	if (!child) {
		int self = open_thread(dev, 0);
		struct ntapc_thread_info info;

		if (self < 0 || get_thread_info(self, &info) ||
		    info.nr_queued || info.tid != getpid())
			error = 1;
		else if (take_records(dev, records, 4))
			error = 2;
		else if (queue(thread, log_apc, 2))
			error = 3;
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, error);
	EXPECT_EQ(2, take_records(dev, records, 4));
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--exec"))
		return executed(atoi(argv[2]));
	if (argc > 2 && !strcmp(argv[1], "--again"))
		return again(atoi(argv[2]));
	if (argc > 2 && !strcmp(argv[1], "--inherited"))
		return inherited(atoi(argv[2]));
	return test_harness_run(argc, argv);
}
