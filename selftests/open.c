// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors: who gets one for which thread, what it can do besides ioctls
 * (nothing), and what it tells of the thread's end.
 */
#include "common.h"
#include "kselftest_harness.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define USER		65531
#define OTHER_USER	65532

#define YAMA		"/proc/sys/kernel/yama/ptrace_scope"

FIXTURE(open)
{
	int dev;
};

FIXTURE_SETUP(open)
{
	self->dev = open_device();
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN(open)
{
}

static void leave_on_go(struct worker *worker)
{
	worker_wait(worker);
}

static void leave_at_once(struct worker *worker)
{
	(void)worker;
}

TEST_F(open, own_thread)
{
	struct ntapc_thread_info info;
	int by_zero, by_tid;

	by_zero = open_thread(self->dev, 0);
	ASSERT_LE(0, by_zero);
	by_tid = open_thread(self->dev, syscall(SYS_gettid));
	ASSERT_LE(0, by_tid);
	EXPECT_NE(by_zero, by_tid);
	ASSERT_EQ(0, get_thread_info(by_tid, &info));
	EXPECT_EQ(getpid(), info.tid);
	/* They are for the same thread. */
	EXPECT_EQ(0, queue(by_zero, (void *)1, 2));
	EXPECT_EQ(1, nr_pending(by_tid));
	EXPECT_EQ(0, close(by_zero));
	EXPECT_EQ(1, nr_pending(by_tid));
}

TEST_F(open, close_on_exec)
{
	int thread = open_thread(self->dev, 0);
	int reserve = open_reserve(self->dev);

	EXPECT_EQ(FD_CLOEXEC, fcntl(thread, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(reserve, F_GETFD));
}

TEST_F(open, thread_of_own_process)
{
	struct ntapc_thread_info info;
	struct worker worker;
	__u32 offset;
	__u64 page;

	/* Even of one that nobody else could look into. */
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 0));
	ASSERT_TRUE(worker_start(&worker, self->dev, leave_on_go));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(worker.tid, info.tid);
	EXPECT_EQ(0, queue(worker.fd, (void *)1, 2));
	EXPECT_EQ(0, thread_control(worker.fd, &offset, &page));
	worker_go(&worker);
	worker_join(&worker);
}

TEST_F(open, no_such_thread)
{
	struct worker worker;
	pid_t child;

	EXPECT_EQ(-ESRCH, open_thread(self->dev, INT_MAX));
	EXPECT_EQ(-ESRCH, open_thread(self->dev, 4194304));
	EXPECT_GT(0, open_thread(self->dev, -1));
	EXPECT_GT(0, open_thread(self->dev, INT_MIN));
	/* A thread that has left. */
	ASSERT_TRUE(worker_start(&worker, self->dev, leave_at_once));
	worker_join(&worker);
	EXPECT_TRUE(wait_until(open_thread(self->dev, worker.tid) == -ESRCH));
	/* A zombie, and what isn't even that any more. */
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(0);
	ASSERT_TRUE(wait_until(thread_state(child) == 'Z'));
	EXPECT_EQ(-ESRCH, open_thread(self->dev, child));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(-ESRCH, open_thread(self->dev, child));
}

TEST_F(open, kernel_thread)
{
	/* kthreadd */
	EXPECT_EQ(-ESRCH, open_thread(self->dev, 2));
}

TEST_F(open, poll_sees_the_end)
{
	struct pollfd pollfd = { .events = POLLIN | POLLOUT };
	struct ntapc_thread_info info;
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, self->dev, leave_on_go));
	pollfd.fd = worker.fd;
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	EXPECT_EQ(0, queue(worker.fd, (void *)1, 1));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	worker_go(&worker);
	EXPECT_EQ(1, poll(&pollfd, 1, PATIENCE_MS));
	EXPECT_EQ(POLLIN, pollfd.revents);
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(NTAPC_THREAD_EXITED, info.state);
	EXPECT_EQ(0, info.tid);
	worker_join(&worker);
}

static int thread_fdinfo(int fd, char *text, size_t size)
{
	char path[64];
	ssize_t len;
	int file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = open(path, O_RDONLY);
	if (file < 0)
		return -1;
	len = read(file, text, size - 1);
	close(file);
	if (len < 0)
		return -1;
	text[len] = 0;
	return 0;
}

/* The kernel's own addresses would look like this. */
static bool has_pointer(const char *text)
{
	return strstr(text, "ffff8") || strstr(text, "ffffff") ||
	       strstr(text, "0x");
}

TEST_F(open, fdinfo)
{
	int thread = open_thread(self->dev, 0);
	int reserve = open_reserve(self->dev);
	char text[4096], line[64];

	ASSERT_LE(0, thread);
	ASSERT_EQ(0, thread_fdinfo(self->dev, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-type:\tinstance\n"));
	EXPECT_FALSE(has_pointer(text));

	EXPECT_EQ(0, queue(thread, (void *)1, 1));
	EXPECT_EQ(0, queue(thread, (void *)1, 1));
	ASSERT_EQ(0, thread_fdinfo(thread, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-type:\tthread\n"));
	snprintf(line, sizeof(line), "ntapc-tid:\t%d\n", getpid());
	EXPECT_NE(NULL, strstr(text, line));
	EXPECT_NE(NULL, strstr(text, "ntapc-user-apcs:\t2\n"));
	EXPECT_NE(NULL, strstr(text, "ntapc-special-user-apcs:\t0\n"));
	EXPECT_NE(NULL, strstr(text, "ntapc-queued:\t2\n"));
	EXPECT_NE(NULL, strstr(text, "ntapc-delivered:\t0\n"));
	EXPECT_NE(NULL, strstr(text, "ntapc-dropped:\t0\n"));
	EXPECT_FALSE(has_pointer(text));

	ASSERT_EQ(0, thread_fdinfo(reserve, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-type:\treserve\n"));
	EXPECT_FALSE(has_pointer(text));
}

/* Nothing but ioctl() and poll() does anything, whoever makes the call. */
TEST_F(open, nothing_but_ioctls)
{
	int fds[] = {
		self->dev, open_thread(self->dev, 0), open_reserve(self->dev),
	};
	struct ntapc_thread_info before, after;
	char text[64] = {};
	struct iovec iov = { text, sizeof(text) };
	unsigned int i;
	void *map;

	ASSERT_EQ(0, get_thread_info(fds[1], &before));
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(-1, read(fds[i], text, sizeof(text)));
		EXPECT_EQ(-1, write(fds[i], text, sizeof(text)));
		EXPECT_EQ(-1, pread(fds[i], text, sizeof(text), 0));
		EXPECT_EQ(-1, pwrite(fds[i], text, sizeof(text), 0));
		EXPECT_EQ(-1, readv(fds[i], &iov, 1));
		EXPECT_EQ(-1, writev(fds[i], &iov, 1));
		EXPECT_EQ(-1, ftruncate(fds[i], 0));
		EXPECT_GE(0, lseek(fds[i], 1, SEEK_SET));
		map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fds[i], 0);
		EXPECT_EQ(MAP_FAILED, map);
		if (i == 1)
			continue;
		map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			   fds[i], 0);
		EXPECT_EQ(MAP_FAILED, map);
		EXPECT_EQ(ENODEV, errno);
	}
	ASSERT_EQ(0, get_thread_info(fds[1], &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

/* The control slot's mapping. */
TEST_F(open, mmap)
{
	int thread = open_thread(self->dev, 0), worker_fd;
	long page = sysconf(_SC_PAGESIZE);
	struct ntapc_control *control, *other, *again;
	__u32 offset, offset2;
	struct worker worker;
	__u64 id, id2;
	void *map;

	ASSERT_LE(0, thread);
	ASSERT_EQ(0, thread_control(thread, &offset, &id));
	EXPECT_EQ(0, offset % 64);
	EXPECT_GE(page - 64, offset);
#define FAILS(error, length, protection, flags, at) do {		\
	map = mmap(NULL, length, protection, flags, thread, at);	\
	EXPECT_EQ(MAP_FAILED, map);					\
	EXPECT_EQ(error, errno);					\
} while (0)
	FAILS(EINVAL, 2 * page, PROT_READ, MAP_SHARED, 0);
	FAILS(EINVAL, page, PROT_READ, MAP_SHARED, page);
	FAILS(EINVAL, page, PROT_READ, MAP_SHARED, 1ULL << 40);
	FAILS(EINVAL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
#undef FAILS
	/* Mapped or not, twice or not, with or without a call before. */
	map = mmap(NULL, page, PROT_READ, MAP_SHARED, thread, 0);
	ASSERT_NE(MAP_FAILED, map);
	control = map_control(thread);
	ASSERT_NE(NULL, control);
	again = map_control(thread);
	ASSERT_NE(NULL, again);
	EXPECT_NE(control, again);
	control->guard = 3;
	EXPECT_EQ(3, again->guard);
	EXPECT_EQ(3, ((struct ntapc_control *)((char *)map + offset))->guard);
	control->guard = 0;
	EXPECT_EQ(MAP_FAILED, mremap((void *)(ADDR(control) & -page), page,
				     2 * page, MREMAP_MAYMOVE));
	EXPECT_EQ(0, munmap(map, page));

	/* Another thread's is another; the page may be the same. */
	ASSERT_TRUE(worker_start(&worker, self->dev, leave_on_go));
	ASSERT_EQ(0, thread_control(worker.fd, &offset2, &id2));
	EXPECT_TRUE(offset != offset2 || id != id2);
	other = map_control(worker.fd);
	ASSERT_NE(NULL, other);
	EXPECT_EQ(worker.tid, other->tid);
	EXPECT_EQ(getpid(), control->tid);
	if (id == id2) {
		EXPECT_EQ(worker.tid,
			  ((struct ntapc_control *)((ADDR(control) & -page) +
						    offset2))->tid);
	}
	worker_fd = worker.fd;
	worker_go(&worker);
	worker_join(&worker);
	/* Nothing is queued to it any more a moment before it has let go of all. */
	ASSERT_TRUE(wait_gone(worker_fd));
	EXPECT_EQ(-ESRCH, queue(worker_fd, (void *)1, 1));
	/* Its mapping is still there, its slot is nobody's. */
	EXPECT_EQ(0, other->tid);
	EXPECT_EQ(-ESRCH, thread_control(worker_fd, &offset2, &id2));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, page, PROT_READ, MAP_SHARED, worker_fd,
				   0));
	EXPECT_EQ(ESRCH, errno);
	/* The kernel gets by without our mapping. */
	control->guard = 1;
	EXPECT_EQ(0, munmap((void *)(ADDR(control) & -page), page));
	EXPECT_EQ(0, munmap((void *)(ADDR(again) & -page), page));
	ASSERT_EQ(0, set_dispatcher(self->dev, ADDR(dispatch_continue)));
	EXPECT_EQ(0, queue_special(thread, (void *)1, 1));
	EXPECT_EQ(1, nr_pending(thread));
}

/* More threads than fit into one page have slots of their own. */
TEST_F(open, many_slots)
{
	enum { MANY = 150 };
	static struct worker workers[MANY];
	static struct {
		__u32 offset;
		__u64 page;
	} slots[MANY];
	unsigned int i, j;

	for (i = 0; i < MANY; i++) {
		struct ntapc_control *control;

		ASSERT_TRUE(worker_start(&workers[i], self->dev, leave_on_go));
		ASSERT_EQ(0, thread_control(workers[i].fd, &slots[i].offset,
					    &slots[i].page));
		control = map_control(workers[i].fd);
		ASSERT_NE(NULL, control);
		ASSERT_EQ(workers[i].tid, control->tid);
		for (j = 0; j < i; j++) {
			ASSERT_TRUE(slots[i].offset != slots[j].offset ||
				    slots[i].page != slots[j].page);
		}
	}
	for (i = 0; i < MANY; i++) {
		worker_go(&workers[i]);
		worker_join(&workers[i]);
	}
}

/* A descriptor never reaches a thread that got the old one's number (14.5). */
TEST_F(open, recycled_thread_id)
{
	struct ntapc_thread_info info;
	pid_t first, child;
	int thread, i;

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
		thread = open_thread(self->dev, first);
		if (thread < 0 || queue(thread, (void *)1, 1))
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
			if (queue(thread, (void *)1, 1) != -ESRCH)
				_exit(2);
			if (get_thread_info(thread, &info) || info.tid ||
			    !(info.state & NTAPC_THREAD_EXITED))
				_exit(3);
			kill(again, SIGKILL);
			reap(again);
		}
		_exit(0);
	}
	i = reap(child);
	if (i == 40 || i == 41)
		SKIP(return, "thread ids can't be chosen");
	EXPECT_EQ(0, i);
}

/*
 * Who may open whose thread. The kernel's own answer, which ntapc has to give
 * too, is whether the caller can open /proc/TID/mem; where the case is clear we
 * say what it must be.
 */

enum {
	CAN = 0,
	CANT = -EACCES,
	/* Whatever the kernel says. */
	SAME = 1,
};

static int kernels_answer(pid_t tid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", tid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == EPERM ? -EACCES : -errno;
	close(fd);
	return 0;
}

/* In a child: 0 if the answer is right, else what to exit with. */
static int check_access(int dev, pid_t tid, int expected)
{
	int answer = kernels_answer(tid);
	int fd = open_thread(dev, tid);
	int ret = fd < 0 ? fd : 0;

	if (fd >= 0)
		close(fd);
	if (ret != answer)
		return 100 - ret;
	if (expected != SAME && ret != expected)
		return 50 - ret;
	return 0;
}

static void become(uid_t user)
{
	if (setresgid(user, user, user) || setresuid(user, user, user) ||
	    prctl(PR_SET_DUMPABLE, 1))
		_exit(8);
}

/* A child that does @prepare and waits to be killed. */
static pid_t start_target(void (*prepare)(void))
{
	int fds[2];
	pid_t child;
	char c;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		prepare();
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		close(fds[1]);
		for (;;)
			pause();
	}
	close(fds[1]);
	if (read(fds[0], &c, 1) != 1)
		child = -1;
	close(fds[0]);
	return child;
}

static void be_root(void)
{
}

static void be_user(void)
{
	become(USER);
}

static void be_other_user(void)
{
	become(OTHER_USER);
}

static void be_undumpable_user(void)
{
	become(USER);
	prctl(PR_SET_DUMPABLE, 0);
}

static void be_undumpable_root(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

/* Has more privileges than the caller, though not all of a different user's. */
static void be_user_with_saved_root(void)
{
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, 0) ||
	    prctl(PR_SET_DUMPABLE, 1))
		_exit(8);
}

static void be_user_in_user_namespace(void)
{
	become(USER);
	if (unshare(CLONE_NEWUSER))
		_exit(7);
	prctl(PR_SET_DUMPABLE, 1);
}

static void be_in_pid_namespace(void)
{
	become(USER);
}

FIXTURE(access)
{
	int dev;
	long long yama;
};

FIXTURE_VARIANT(access)
{
	int yama;
};

FIXTURE_VARIANT_ADD(access, yama_0)
{
	.yama = 0,
};

FIXTURE_VARIANT_ADD(access, yama_1)
{
	.yama = 1,
};

FIXTURE_VARIANT_ADD(access, yama_2)
{
	.yama = 2,
};

FIXTURE_SETUP(access)
{
	self->yama = read_number(YAMA);
	if (geteuid())
		SKIP(return, "needs root");
	if (self->yama < 0 && variant->yama)
		SKIP(return, "no Yama");
	if (self->yama == 3)
		SKIP(return, "Yama has been set to 3");
	if (self->yama >= 0) {
		ASSERT_EQ(0, write_number(YAMA, variant->yama));
	}
	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
}

FIXTURE_TEARDOWN_PARENT(access)
{
	if (self->yama >= 0 && self->yama < 3)
		write_number(YAMA, self->yama);
}

/* Checks one pair: the caller is a child that did @prepare_caller. */
#define CHECK(prepare_caller, prepare_target, expected) do {		\
	pid_t target_ = start_target(prepare_target);			\
	pid_t caller_;							\
									\
	ASSERT_LT(0, target_);						\
	caller_ = fork();						\
	ASSERT_LE(0, caller_);						\
	if (!caller_) {							\
		prepare_caller();					\
		_exit(check_access(self->dev, target_, expected));	\
	}								\
	EXPECT_EQ(0, reap(caller_));					\
	kill(target_, SIGKILL);						\
	reap(target_);							\
} while (0)

TEST_F(access, root)
{
	CHECK(be_root, be_root, CAN);
	CHECK(be_root, be_user, CAN);
	CHECK(be_root, be_undumpable_user, CAN);
	CHECK(be_root, be_undumpable_root, CAN);
	EXPECT_EQ(0, check_access(self->dev, 1, CAN));
	EXPECT_EQ(0, check_access(self->dev, getpid(), CAN));
}

TEST_F(access, user)
{
	pid_t caller;

	CHECK(be_user, be_root, CANT);
	CHECK(be_user, be_undumpable_root, CANT);
	CHECK(be_user, be_other_user, CANT);
	CHECK(be_user, be_undumpable_user, CANT);
	CHECK(be_user, be_user_with_saved_root, CANT);
	/* Siblings: Yama restricts that to descendants. */
	CHECK(be_user, be_user, variant->yama > 0 ? CANT : CAN);
	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		be_user();
		_exit(check_access(self->dev, 1, CANT));
	}
	EXPECT_EQ(0, reap(caller));
}

/* One's own children and oneself. */
TEST_F(access, descendants)
{
	pid_t caller;

	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		pid_t child;
		int ret;

		be_user();
		child = start_target(be_root);
		ret = check_access(self->dev, child,
				   variant->yama == 2 ? CANT : CAN);
		kill(child, SIGKILL);
		if (ret)
			_exit(ret);
		/* Its parent, which under Yama it isn't let at. */
		child = fork();
		if (!child)
			_exit(check_access(self->dev, getppid(),
					   variant->yama ? CANT : CAN));
		ret = reap(child);
		if (ret)
			_exit(ret);
		/* Itself always, also undumpable. */
		prctl(PR_SET_DUMPABLE, 0);
		child = open_thread(self->dev, getpid());
		_exit(child < 0 ? 20 : 0);
	}
	EXPECT_EQ(0, reap(caller));
}

TEST_F(access, yama_exception)
{
	int fds[2];
	pid_t caller, target;
	char c;

	if (variant->yama != 1)
		SKIP(return, "Yama 1 only");
	/* A target that lets anybody of its own user at it. */
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	target = fork();
	ASSERT_LE(0, target);
	if (!target) {
		be_user();
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(fds[0], &c, 1));
	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		be_user();
		_exit(check_access(self->dev, target, CAN));
	}
	EXPECT_EQ(0, reap(caller));
	kill(target, SIGKILL);
	reap(target);
}

/* User namespaces: being root in one's own is nothing outside. */
TEST_F(access, user_namespaces)
{
	pid_t caller, target;

	target = start_target(be_user_in_user_namespace);
	if (target < 0)
		SKIP(return, "no user namespaces");
	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		be_user();
		_exit(check_access(self->dev, target, SAME));
	}
	EXPECT_EQ(0, reap(caller));
	EXPECT_EQ(0, check_access(self->dev, target, CAN));
	kill(target, SIGKILL);
	reap(target);

	/* From inside: its own kind outside, and others. */
	CHECK(be_user_in_user_namespace, be_user, CANT);
	CHECK(be_user_in_user_namespace, be_other_user, CANT);
	CHECK(be_user_in_user_namespace, be_root, CANT);
	/* Two that are both root in a namespace of their own. */
	CHECK(be_user_in_user_namespace, be_user_in_user_namespace, CANT);
}

/* Pid namespaces: what has no number there isn't there. */
TEST_F(access, pid_namespaces)
{
	struct ntapc_thread_info info;
	pid_t caller, target;
	int thread;

	target = start_target(be_in_pid_namespace);
	ASSERT_LT(0, target);
	thread = open_thread(self->dev, target);
	ASSERT_LE(0, thread);
	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		pid_t init;

		if (unshare(CLONE_NEWPID))
			_exit(0);
		init = fork();
		if (!init) {
			/* We are 1 here, and the target is none of ours. */
			if (open_thread(self->dev, target) != -ESRCH)
				_exit(1);
			if (open_thread(self->dev, getppid() ?: 99) != -ESRCH)
				_exit(2);
			if (get_thread_info(thread, &info) || info.tid)
				_exit(3);
			/* The descriptor still is the right to queue. */
			if (queue(thread, (void *)1, 1))
				_exit(4);
			thread = open_thread(self->dev, 1);
			if (thread < 0 || get_thread_info(thread, &info) ||
			    info.tid != 1)
				_exit(5);
			_exit(0);
		}
		_exit(reap(init));
	}
	EXPECT_EQ(0, reap(caller));
	EXPECT_EQ(1, nr_pending(thread));
	kill(target, SIGKILL);
	reap(target);
}

/* What only a thread of the process may do, root or not. */
TEST_F(access, control_slot_is_private)
{
	pid_t target = start_target(be_root);
	__u32 offset;
	__u64 page;
	int thread;
	void *map;

	ASSERT_LT(0, target);
	thread = open_thread(self->dev, target);
	ASSERT_LE(0, thread);
	EXPECT_EQ(-EPERM, thread_control(thread, &offset, &page));
	map = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, thread,
		   0);
	EXPECT_EQ(MAP_FAILED, map);
	EXPECT_EQ(EPERM, errno);
	kill(target, SIGKILL);
	reap(target);
}

/* pidfd_getfd(): the kernel applies its own rules. */
TEST_F(access, pidfd_getfd)
{
	int fds[2], number, pidfd, fd;
	struct ntapc_thread_info info;
	pid_t target, caller;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	target = fork();
	ASSERT_LE(0, target);
	if (!target) {
		become(USER);
		number = open_thread(self->dev, 0);
		if (write(fds[1], &number, sizeof(number)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(sizeof(number), read(fds[0], &number, sizeof(number)));
	ASSERT_LE(0, number);
	pidfd = syscall(SYS_pidfd_open, target, 0);
	if (pidfd < 0)
		SKIP(return, "no pidfds");
	fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_thread_info(fd, &info));
	EXPECT_EQ(target, info.tid);
	EXPECT_EQ(0, queue(fd, (void *)1, 1));
	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		become(OTHER_USER);
		fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
		_exit(fd < 0 && errno == EPERM ? 0 : 1);
	}
	EXPECT_EQ(0, reap(caller));
	kill(target, SIGKILL);
	reap(target);
}

/* Passed to a process that could not have opened it: it may queue. */
TEST_F(access, handed_over)
{
	pid_t target = start_target(be_root), caller;
	int thread;

	ASSERT_LT(0, target);
	thread = open_thread(self->dev, target);
	ASSERT_LE(0, thread);
	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		become(OTHER_USER);
		if (open_thread(self->dev, target) != -EACCES)
			_exit(1);
		_exit(queue(thread, (void *)1, 1) ? 2 : 0);
	}
	EXPECT_EQ(0, reap(caller));
	EXPECT_EQ(1, nr_pending(thread));
	kill(target, SIGKILL);
	reap(target);
}

TEST_HARNESS_MAIN
