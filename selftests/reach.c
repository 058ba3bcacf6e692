// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process's descriptor and an attachment reach, and what they no longer do:
 * each operation after each change of the target's or the caller's (threats 3, 4
 * and 5).
 */
#include "procs.h"
#include "kselftest_harness.h"

#include <sys/mount.h>
#include <sys/stat.h>

#define USER		65531
#define OTHER_USER	65532

static int dev;
static char program[PATH_MAX];
static __u64 word = 0x1000;
/* What only the next image's memory holds; it is at the same address there. */
#define SECRET		0x5ec7e75ec7e75ec7ULL
static volatile __u64 secret;

/* Every operation, as a number: 0, 1 or an error. */
#define NR_OPERATIONS	12
/*
 * Taking back needs no right, as long as there is a process: who began it may always
 * put it right. Here nothing has been begun.
 */
#define CANCEL		10

static int operate_on(int fd, unsigned int which)
{
	struct ntapc_fill fill = {
		.width = 8, .remote = ADDR(&word), .length = 8, .pattern = 9,
	};
	struct ntapc_search search = {
		.step = 1,
		.remote = ADDR(&word),
		.length = 8,
		.pattern = ADDR(&word),
		.pattern_length = 1,
	};
	struct ntapc_process_info info;
	struct ntapc_query mapping;
	__u64 value = 0;

	switch (which) {
	case 0:
		return copy_read(fd, &value, &word, 8);
	case 1:
		return copy_write(fd, &word, &word, 8);
	case 2:
		return copy_plain(fd, NTAPC_IOC_COMPARE, &word, ADDR(&word), 8);
	case 3:
		return fill_full(fd, &fill);
	case 4:
		return search_full(fd, &search);
	case 5:
		return compare_exchange(fd, &word, 8, 1, 1, &value);
	case 6:
		return query(fd, ADDR(&word), &mapping, NULL, 0);
	case 7:
		return attached_call(fd, "crc32", ADDR(&word), 8, &value);
	/* From here on of a process only. */
	case 8:
		return attach(fd);
	case 9:
		return out_swap(fd, NTAPC_OUT_SWAP_BEGIN, NULL, 0);
	case CANCEL:
		return out_swap(fd, NTAPC_OUT_SWAP_CANCEL, NULL, 0);
	default:
		return get_process_info(fd, &info);
	}
}

#define NR_ATTACHED	8

/*
 * All operations give @error, but the last, which gives @info_error: 0, or which
 * one didn't, as something to exit with.
 */
static int all_give(int process, bool attached, int error, int info_error)
{
	unsigned int i;
	int ret;

	for (i = 0; i < NR_OPERATIONS; i++) {
		int expected = i == CANCEL && error == -EACCES ? -EBUSY :
			       i == NR_OPERATIONS - 1 ? info_error : error;

		ret = operate_on(process, i);
		if (ret != expected) {
			fprintf(stderr, "# operation %u: %d\n", i, ret);
			return 100 + i;
		}
	}
	for (i = 0; attached && i < NR_ATTACHED; i++) {
		ret = operate_on(dev, i);
		if (ret != error) {
			fprintf(stderr, "# attached, operation %u: %d\n", i,
				ret);
			return 120 + i;
		}
	}
	return 0;
}

/* All operations succeed; the thread is attached then as before. */
static int all_succeed(int process)
{
	unsigned int i;
	int ret;

	for (i = 0; i < NR_OPERATIONS; i++) {
		ret = operate_on(process, i);
		if (ret < 0) {
			fprintf(stderr, "# operation %u: %d\n", i, ret);
			return 140 + i;
		}
		if (i == 8 && detach(dev))
			return 160;
	}
	return 0;
}

static void become(uid_t user)
{
	if (setresgid(user, user, user) || setresuid(user, user, user) ||
	    prctl(PR_SET_DUMPABLE, 1))
		_exit(8);
}

FIXTURE(change)
{
};

enum change {
	NONE,
	ANOTHER_USER,
	ANOTHER_GROUP,
	UNDUMPABLE,
	BY_A_THREAD,	/* one that isn't the leader, for itself alone */
};

FIXTURE_VARIANT(change)
{
	enum change change;
};

FIXTURE_VARIANT_ADD(change, none)
{
	.change = NONE,
};

FIXTURE_VARIANT_ADD(change, user)
{
	.change = ANOTHER_USER,
};

FIXTURE_VARIANT_ADD(change, group)
{
	.change = ANOTHER_GROUP,
};

FIXTURE_VARIANT_ADD(change, dumpable)
{
	.change = UNDUMPABLE,
};

FIXTURE_VARIANT_ADD(change, by_a_thread)
{
	.change = BY_A_THREAD,
};

FIXTURE_SETUP(change)
{
	if (geteuid())
		SKIP(return, "needs root");
	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
}

FIXTURE_TEARDOWN(change)
{
}

static enum change the_change;

static void *change_alone(void *arg)
{
	(void)arg;
	/* Not the C library's, which would change all threads. */
	if (syscall(SYS_setresuid, -1, 0, -1) ||
	    syscall(SYS_setresuid, OTHER_USER, OTHER_USER, OTHER_USER))
		_exit(1);
	return NULL;
}

/* It stays root in its saved id, so that it can change at all. */
static void change_on_go(struct target *t)
{
	pthread_t thread;

	if (setresgid(USER, USER, USER) || setresuid(USER, USER, 0) ||
	    prctl(PR_SET_DUMPABLE, 1))
		_exit(1);
	target_step(t, 1);
	switch (the_change) {
	case NONE:
		break;
	case ANOTHER_USER:
		if (seteuid(0) || setresuid(OTHER_USER, OTHER_USER, OTHER_USER))
			_exit(2);
		prctl(PR_SET_DUMPABLE, 1);
		break;
	case ANOTHER_GROUP:
		if (seteuid(0) || setresgid(OTHER_USER, OTHER_USER,
					    OTHER_USER) ||
		    setresuid(USER, USER, 0))
			_exit(3);
		prctl(PR_SET_DUMPABLE, 1);
		break;
	case UNDUMPABLE:
		prctl(PR_SET_DUMPABLE, 0);
		break;
	case BY_A_THREAD:
		if (pthread_create(&thread, NULL, change_alone, NULL))
			_exit(4);
		pthread_join(thread, NULL);
		break;
	}
	target_step(t, 2);
}

/*
 * Opened by root, used by another user, whom the kernel wouldn't let at the target
 * any more after its change. Before it all is possible.
 */
TEST_F(change, of_the_target)
{
	struct target target;
	int process;
	pid_t user;

	the_change = variant->change;
	ASSERT_TRUE(target_start(&target, change_on_go));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	user = fork();
	ASSERT_LE(0, user);
	if (!user) {
		__u32 save;
		int ret;

		become(USER);
		ret = all_succeed(process);
		if (ret)
			_exit(ret);
		if (attach_stack(process, &save))
			_exit(1);
		target_go(&target, 1);
		if (!target_reached(&target, 2))
			_exit(2);
		if (variant->change == NONE) {
			if (detach_stack(dev, save))
				_exit(3);
			_exit(all_succeed(process));
		}
		ret = all_give(process, true, -EACCES, -EACCES);
		if (ret)
			_exit(ret);
		/* It gets away from there. */
		if (detach_stack(dev, save))
			_exit(3);
		if (read_word(dev, &word) != word)
			_exit(4);
		if (open_process(dev, target.pid) != -EACCES)
			_exit(5);
		_exit(0);
	}
	EXPECT_EQ(0, reap(user));
	/* Root may still, by the same descriptor. */
	EXPECT_EQ(0, all_succeed(process));
	EXPECT_EQ(0, stack_count(process));
	target_kill(&target);
}

/* A descriptor that is handed to a process, which then loses its rights. */
TEST_F(change, of_the_caller)
{
	struct target target;
	int process;
	pid_t user;

	/* Only that it is another now matters: the target hasn't changed. */
	if (variant->change != NONE)
		SKIP(return, "one case is enough");
	the_change = NONE;
	ASSERT_TRUE(target_start(&target, NULL));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	user = fork();
	ASSERT_LE(0, user);
	if (!user) {
		become(OTHER_USER);
		/* The descriptor is the right. */
		if (open_process(dev, target.pid) != -EACCES)
			_exit(1);
		_exit(all_succeed(process));
	}
	EXPECT_EQ(0, reap(user));
	target_kill(&target);
}

/* Its own process, undumpable or not, is always its own. */
TEST_F(change, oneself)
{
	int process = open_process(dev, 0);
	pid_t child;

	if (variant->change != UNDUMPABLE)
		SKIP(return, "one case is enough");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int own;

		become(USER);
		own = open_process(dev, 0);
		prctl(PR_SET_DUMPABLE, 0);
		if (own < 0 || write_word(own, &word, 3) || word != 3 ||
		    write_word(dev, &word, 4) || word != 4)
			_exit(1);
		own = open_process(dev, 0);
		_exit(own < 0 ? 2 : 0);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0x1000, read_word(process, &word));
}

/* Who may open whose process: the kernel's own answer (threat 4). */
FIXTURE(access)
{
};

FIXTURE_SETUP(access)
{
	if (geteuid())
		SKIP(return, "needs root");
	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
}

FIXTURE_TEARDOWN(access)
{
}

static void be_root(struct target *t)
{
	(void)t;
}

static void be_user(struct target *t)
{
	(void)t;
	become(USER);
}

static void be_other_user(struct target *t)
{
	(void)t;
	become(OTHER_USER);
}

static void be_undumpable(struct target *t)
{
	(void)t;
	become(USER);
	prctl(PR_SET_DUMPABLE, 0);
}

static void be_in_user_namespace(struct target *t)
{
	(void)t;
	become(USER);
	if (unshare(CLONE_NEWUSER))
		_exit(7);
	prctl(PR_SET_DUMPABLE, 1);
}

static void be_saved_root(struct target *t)
{
	(void)t;
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, 0) ||
	    prctl(PR_SET_DUMPABLE, 1))
		_exit(8);
}

static int kernels_answer(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == EPERM ? -EACCES : -errno;
	close(fd);
	return 0;
}

/* By id and by pidfd, the same answer as the kernel's. */
static int check_open(pid_t pid, int pidfd)
{
	int expected = kernels_answer(pid);
	int by_pid = open_process(dev, pid);
	int by_pidfd = open_process_pidfd(dev, pidfd);

	if ((by_pid < 0 ? by_pid : 0) != expected)
		return 1;
	if ((by_pidfd < 0 ? by_pidfd : 0) != expected)
		return 2;
	/* And who has one can do everything with it. */
	return expected ? 0 : all_succeed(by_pid);
}

TEST_F(access, matrix)
{
	static void (*const kinds[])(struct target *t) = {
		be_root, be_user, be_other_user, be_undumpable,
		be_in_user_namespace, be_saved_root,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct target target;
		int pidfd;

		ASSERT_TRUE(target_start(&target, kinds[i]));
		pidfd = pidfd_of(target.pid);
		for (j = 0; j < ARRAY_SIZE(kinds); j++) {
			pid_t caller = fork();
			int ret;

			ASSERT_LE(0, caller);
			if (!caller) {
				kinds[j](NULL);
				_exit(check_open(target.pid, pidfd));
			}
			ret = reap(caller);
			EXPECT_TRUE(ret == 0 || ret == 7) {
				TH_LOG("target %u, caller %u: %d", i, j, ret);
			}
		}
		close(pidfd);
		target_kill(&target);
	}
}

/* Set-user-ID programs (threat 3) */

FIXTURE(image)
{
};

static char setuid_program[64];

FIXTURE_SETUP(image)
{
	char buffer[65536];
	ssize_t n;
	int from, to;

	if (geteuid())
		SKIP(return, "needs root");
	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
	ASSERT_LT(0, readlink("/proc/self/exe", program, sizeof(program) - 1));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("none", "/tmp", "tmpfs", 0, "mode=777"));
	snprintf(setuid_program, sizeof(setuid_program), "/tmp/setuid");
	from = open(program, O_RDONLY | O_CLOEXEC);
	to = open(setuid_program, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ASSERT_LE(0, from);
	ASSERT_LE(0, to);
	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		ASSERT_EQ(n, write(to, buffer, n));
	}
	close(from);
	close(to);
	ASSERT_EQ(0, chmod(setuid_program, 04755));
}

FIXTURE_TEARDOWN(image)
{
}

/* It tells on descriptor @to that it is there, and waits for one byte of @from. */
static void exec_setuid(struct target *t, const int *to, const int *from)
{
	char numbers[2][16], *argv[] = {
		setuid_program, "--secret", numbers[0], numbers[1], NULL,
	};

	target_step(t, 1);
	snprintf(numbers[0], sizeof(numbers[0]), "%d", to[1]);
	snprintf(numbers[1], sizeof(numbers[1]), "%d", from[0]);
	execv(setuid_program, argv);
	_exit(9);
}

static int keep_secret(int to, int from)
{
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	secret = SECRET;
	/* With root's rights, or the test is none. */
	if (geteuid())
		return 1;
	if (write(to, "x", 1) != 1 || read(from, &c, 1) != 1)
		return 2;
	/* Nobody has changed it. */
	return secret == SECRET ? 0 : 3;
}

static int there[2], back[2];

static void be_victim(struct target *t)
{
	exec_setuid(t, there, back);
}

static atomic_bool peeping;

/* Looks for the secret all the time, attached, or by descriptor. */
static void peep(struct worker *worker)
{
	int process = worker->arg;
	__u64 value;
	__u32 save;

	if (attach_stack(process, &save))
		worker->ret = 1;
	atomic_store(&worker->stage, 1);
	while (atomic_load(&peeping)) {
		value = 0;
		copy_read(worker->dev, &value, (void *)&secret, 8);
		if (value == SECRET)
			worker->ret = 2;
		copy_read(process, &value, (void *)&secret, 8);
		if (value == SECRET)
			worker->ret = 3;
		write_word(worker->dev, (void *)&secret, 0);
		write_word(process, (void *)&secret, 0);
	}
	detach_stack(worker->dev, save);
}

/*
 * An attacher that is attached to its own child, with descriptors of it, when that
 * executes a set-user-ID program: it reaches nothing of it.
 */
TEST_F(image, set_user_id)
{
	pid_t attacker;

	ASSERT_EQ(0, pipe(there));
	ASSERT_EQ(0, pipe(back));
	attacker = fork();
	ASSERT_LE(0, attacker);
	if (!attacker) {
		struct worker workers[2] = {};
		int process, pidfd, ret, i;
		struct target target;
		__u32 save;
		char c;

		become(USER);
		if (!target_start(&target, be_victim))
			_exit(10);
		process = open_process(dev, target.pid);
		pidfd = pidfd_of(target.pid);
		if (process < 0 || all_succeed(process) ||
		    attach_stack(process, &save))
			_exit(11);
		atomic_store(&peeping, true);
		for (i = 0; i < 2; i++) {
			workers[i].arg = process;
			if (!worker_start(&workers[i], dev, peep) ||
			    !worker_reached(&workers[i], 1))
				_exit(12);
		}
		target_go(&target, 1);
		if (read(there[0], &c, 1) != 1)
			_exit(13);
		/* It is there, with its secret. */
		ret = all_give(process, true, -ESRCH, 0);
		if (ret)
			_exit(ret);
		if (open_process(dev, target.pid) != -EACCES ||
		    open_process_pidfd(dev, pidfd) != -EACCES)
			_exit(14);
		if (detach_stack(dev, save))
			_exit(15);
		atomic_store(&peeping, false);
		for (i = 0; i < 2; i++) {
			worker_join(&workers[i]);
			if (workers[i].ret)
				_exit(20 + workers[i].ret);
		}
		if (write(back[1], "x", 1) != 1)
			_exit(16);
		_exit(reap(target.pid));
	}
	EXPECT_EQ(0, reap(attacker));
}

/* A set-user-ID program that inherits descriptors isn't led astray by them. */
TEST_F(image, inherited_descriptors)
{
	pid_t attacker;

	ASSERT_EQ(0, pipe(there));
	ASSERT_EQ(0, pipe(back));
	attacker = fork();
	ASSERT_LE(0, attacker);
	if (!attacker) {
		char text[64] = {};
		int process;

		become(USER);
		process = open_process(dev, 0);
		/* As stdout and stderr: what is written there goes nowhere. */
		if (dup2(process, 1) != 1 || dup2(dev, 2) != 2)
			_exit(1);
		if (write(1, text, 8) != -1 || write(2, text, 8) != -1 ||
		    read(1, text, 8) != -1)
			_exit(2);
		_exit(0);
	}
	EXPECT_EQ(0, reap(attacker));
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "--secret"))
		return keep_secret(atoi(argv[2]), atoi(argv[3]));
	return test_harness_run(argc, argv);
}
