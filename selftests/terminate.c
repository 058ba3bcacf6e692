// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a single thread: rules 7.3, 7.5 and 6.7. It goes wherever it is, runs
 * nothing more, and its process lives on.
 */
#include "common.h"
#include "kselftest_harness.h"

#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>

#define PATIENCE	(PATIENCE_MS * NS_PER_MS)

/* What the threads are to end with. */
#define STATUS		0xdead0001

static int dev, self_fd;
static int fds[2];
static char program[PATH_MAX];

static bool prepare(void)
{
	log_reset();
	dev = open_frames(dispatch_continue);
	if (dev < 0 || pipe2(fds, O_CLOEXEC))
		return false;
	self_fd = open_thread(dev, 0);
	return self_fd >= 0 &&
	       readlink("/proc/self/exe", program, sizeof(program) - 1) > 0;
}

static atomic_int signals;

static void count_signal(int sig)
{
	(void)sig;
	atomic_fetch_add(&signals, 1);
}

/* Where a thread may be. Each says in stage 1 that it is about to go there. */

static void in_user_code(struct worker *worker)
{
	volatile __u64 *count = &worker->arg;

	atomic_store(&worker->stage, 1);
	for (;;)
		++*count;
}

static void in_read(struct worker *worker)
{
	char c;

	atomic_store(&worker->stage, 1);
	worker->ret = read(fds[0], &c, 1);
}

static void in_nanosleep(struct worker *worker)
{
	struct timespec ts = { .tv_sec = PATIENCE_MS / 1000 };

	atomic_store(&worker->stage, 1);
	worker->ret = syscall(SYS_nanosleep, &ts, NULL);
}

static void in_futex(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

static void in_poll(struct worker *worker)
{
	struct pollfd pollfd = { .fd = fds[0], .events = POLLIN };

	atomic_store(&worker->stage, 1);
	worker->ret = poll(&pollfd, 1, -1);
}

static void in_delay(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = delay(dev, 0, NTAPC_WAIT_FOREVER);
}

static void in_alertable_delay(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = delay(dev, NTAPC_WAIT_ALERTABLE, NTAPC_WAIT_FOREVER);
}

static void in_wait_for_thread(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = wait_thread(dev, 0, NTAPC_WAIT_FOREVER, self_fd);
}

static void in_wait_by_id(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = wait_by_id(dev, 0, NTAPC_WAIT_FOREVER);
}

static void in_wait_for_records(struct worker *worker)
{
	struct ntapc_record record;
	__u32 count;

	atomic_store(&worker->stage, 1);
	worker->ret = wait_records(dev, NTAPC_WAIT_FOREVER, &record, 1, &count);
}

/* No signal can get at it. */
static void with_signals_blocked(struct worker *worker)
{
	sigset_t set;

	sigfillset(&set);
	/* glibc leaves its own two out. */
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8);
	in_read(worker);
}

/* No guard holds it up. */
static void with_a_guard(struct worker *worker)
{
	this_control = map_control(worker->fd);
	if (this_control)
		this_control->guard = 1;
	in_user_code(worker);
}

static void with_a_guard_in_read(struct worker *worker)
{
	this_control = map_control(worker->fd);
	if (this_control)
		this_control->guard = 1;
	in_read(worker);
}

static struct worker *in_routine;

static void spin_in_routine(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg0;
	(void)arg1;
	(void)arg2;
	in_user_code(in_routine);
}

static void in_apc_routine(struct worker *worker)
{
	in_routine = worker;
	queue(worker->fd, spin_in_routine, 0);
	worker->ret = delay(dev, NTAPC_WAIT_ALERTABLE, 0);
}

static void sleep_in_routine(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg0;
	(void)arg1;
	(void)arg2;
	in_alertable_delay(in_routine);
}

static void waiting_in_apc_routine(struct worker *worker)
{
	in_routine = worker;
	queue_special(worker->fd, sleep_in_routine, 0);
}

static struct worker *in_handler;

static void spin_in_handler(int sig)
{
	(void)sig;
	in_user_code(in_handler);
}

static void in_signal_handler(struct worker *worker)
{
	in_handler = worker;
	signal(SIGUSR2, spin_in_handler);
	pthread_kill(pthread_self(), SIGUSR2);
}

static void suspended(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	suspend_thread(worker->fd, 0);
	suspend_thread(worker->fd, 0);
	worker->ret = 1;
}

FIXTURE(terminate)
{
};

/* How it is known that it has got there. */
enum sign {
	MOVES,
	SLEEPS,
	WAITS,
	SUSPENDED,
};

FIXTURE_VARIANT(terminate)
{
	void (*fn)(struct worker *worker);
	enum sign sign;
};

#define IN(name, how)							\
FIXTURE_VARIANT_ADD(terminate, name)					\
{									\
	.fn = name,							\
	.sign = how,							\
}

IN(in_user_code, MOVES);
IN(in_read, SLEEPS);
IN(in_nanosleep, SLEEPS);
IN(in_futex, SLEEPS);
IN(in_poll, SLEEPS);
IN(in_delay, WAITS);
IN(in_alertable_delay, WAITS);
IN(in_wait_for_thread, WAITS);
IN(in_wait_by_id, WAITS);
IN(in_wait_for_records, WAITS);
IN(with_signals_blocked, SLEEPS);
IN(with_a_guard, MOVES);
IN(with_a_guard_in_read, SLEEPS);
IN(in_apc_routine, MOVES);
IN(waiting_in_apc_routine, WAITS);
IN(in_signal_handler, MOVES);
IN(suspended, SUSPENDED);

FIXTURE_SETUP(terminate)
{
	ASSERT_TRUE(prepare());
}

FIXTURE_TEARDOWN(terminate)
{
}

static bool is_there(struct worker *worker, enum sign sign)
{
	if (!worker_reached(worker, 1))
		return false;
	switch (sign) {
	case MOVES:
		return moves(&worker->arg);
	case SLEEPS:
		return wait_asleep(worker->tid);
	case WAITS:
		return wait_waiting(worker->fd);
	case SUSPENDED:
		return wait_suspended(worker->fd);
	}
	return false;
}

/* Only that thread ends, its descriptor says so, and it can be joined. */
TEST_F(terminate, ends)
{
	struct ntapc_thread_info info;
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, variant->fn));
	ASSERT_TRUE(is_there(&worker, variant->sign));
	EXPECT_EQ(0, terminate_thread(worker.fd, STATUS));
	ASSERT_TRUE(wait_gone(worker.fd));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(NTAPC_THREAD_EXITED, info.state);
	EXPECT_EQ(STATUS, info.exit_status);
	EXPECT_EQ(0, info.tid);
	EXPECT_EQ(0, info.suspend_count);
	EXPECT_EQ(0, info.nr_user + info.nr_special + info.nr_kernel);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_thread(dev, 0, 0, worker.fd));
	/* 7.6, 6.8: it is gone for everybody. */
	EXPECT_EQ(-ESRCH, terminate_thread(worker.fd, 2));
	EXPECT_EQ(-ESRCH, suspend_thread(worker.fd, 0));
	EXPECT_EQ(-ESRCH, queue(worker.fd, log_apc, 1));
	EXPECT_EQ(0, resume_thread(worker.fd, 0));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(STATUS, info.exit_status);
	/* This one goes on. */
	EXPECT_EQ(0, queue_special(self_fd, log_apc, 1));
	EXPECT_EQ(1, log_count());
}

/* 7.3, 14.3: what is queued to it is dropped, not run. */
TEST_F(terminate, drops_what_is_queued)
{
	struct ntapc_thread_info info;
	struct worker worker = {};
	__u64 delivered, queued;
	int i, apc;

	ASSERT_TRUE(worker_start(&worker, dev, variant->fn));
	ASSERT_TRUE(is_there(&worker, variant->sign));
	/* Whatever would run is held off by a suspension. */
	ASSERT_LE(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	delivered = info.nr_delivered;
	queued = info.nr_queued;
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, queue(worker.fd, log_apc, i));
		EXPECT_EQ(0, queue_special(worker.fd, log_apc, i));
		EXPECT_EQ(0, queue_interrupt(worker.fd, log_apc, i));
	}
	apc = kernel_apc(worker.fd, 0, "count", 0);
	EXPECT_LE(0, apc);
	EXPECT_EQ(0, terminate_thread(worker.fd, STATUS));
	ASSERT_TRUE(wait_gone(worker.fd));
	worker_join(&worker);
	EXPECT_EQ(0, log_count());
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(queued + 15, info.nr_queued);
	EXPECT_EQ(delivered, info.nr_delivered);
	EXPECT_EQ(15, info.nr_dropped);
	EXPECT_EQ(POLLIN, poll_now(apc));
	EXPECT_EQ(0, worker.ret);
}

/* 6.7: a suspended one is resumed for that, however deep it is. */
TEST_F(terminate, while_suspended)
{
	struct worker worker = {};
	int i;

	ASSERT_TRUE(worker_start(&worker, dev, variant->fn));
	ASSERT_TRUE(is_there(&worker, variant->sign));
	for (i = 0; i < 3; i++) {
		ASSERT_LE(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	}
	EXPECT_EQ(0, terminate_thread(worker.fd, STATUS));
	ASSERT_TRUE(wait_gone(worker.fd));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(NTAPC_THREAD_EXITED, thread_bits(worker.fd));
}

/* Before any further user code: a handler that waits doesn't run either. */
TEST_F(terminate, before_signal_handlers)
{
	struct worker worker = {};

	signal(SIGUSR1, count_signal);
	ASSERT_TRUE(worker_start(&worker, dev, variant->fn));
	ASSERT_TRUE(is_there(&worker, variant->sign));
	ASSERT_LE(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	pthread_kill(worker.thread, SIGUSR1);
	EXPECT_EQ(0, terminate_thread(worker.fd, STATUS));
	ASSERT_TRUE(wait_gone(worker.fd));
	worker_join(&worker);
	EXPECT_EQ(0, atomic_load(&signals));
	EXPECT_EQ(0, worker.ret);
}

/* One that has hardly begun. */
static void leave_at_once(struct worker *worker)
{
	worker->ret = 1;
}

FIXTURE(other)
{
};

FIXTURE_SETUP(other)
{
	ASSERT_TRUE(prepare());
}

FIXTURE_TEARDOWN(other)
{
}

/* Of oneself the call doesn't return. */
static void terminate_itself(struct worker *worker)
{
	int fd = open_thread(dev, 0);

	queue(fd, log_apc, 1);
	terminate_thread(fd, worker->arg);
	worker->ret = 1;
}

TEST_F(other, oneself)
{
	static const __u32 statuses[] = { 0, 1, STATUS, ~0U };
	struct ntapc_thread_info info;
	struct worker worker = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		worker.arg = statuses[i];
		ASSERT_TRUE(worker_start(&worker, dev, terminate_itself));
		ASSERT_TRUE(wait_gone(worker.fd));
		worker_join(&worker);
		EXPECT_EQ(0, worker.ret);
		ASSERT_EQ(0, get_thread_info(worker.fd, &info));
		EXPECT_EQ(statuses[i], info.exit_status);
		EXPECT_EQ(1, info.nr_dropped);
		EXPECT_EQ(0, log_count());
		close(worker.fd);
	}
}

/* In its own APC's routine. */
static void end_in_routine(__u64 fd, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(1);
	terminate_thread(fd, STATUS);
	log_add(2);
}

static void run_its_end(struct worker *worker)
{
	queue(worker->fd, end_in_routine, worker->fd);
	queue(worker->fd, log_apc, 3);
	delay(dev, NTAPC_WAIT_ALERTABLE, 0);
	worker->ret = 1;
}

TEST_F(other, oneself_in_a_routine)
{
	struct ntapc_thread_info info;
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, run_its_end));
	ASSERT_TRUE(wait_gone(worker.fd));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	ASSERT_EQ(1, log_count());
	EXPECT_EQ(1, log_entry(0));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(STATUS, info.exit_status);
	EXPECT_EQ(1, info.nr_delivered);
	EXPECT_EQ(1, info.nr_dropped);
}

/* What NTAPC_IOC_EXIT_STATUS said before is of no account. */
static void set_status_and_spin(struct worker *worker)
{
	set_exit_status(dev, 77);
	in_user_code(worker);
}

TEST_F(other, overrides_the_exit_status)
{
	struct ntapc_thread_info info;
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, set_status_and_spin));
	ASSERT_TRUE(moves(&worker.arg));
	EXPECT_EQ(0, terminate_thread(worker.fd, STATUS));
	worker_join(&worker);
	ASSERT_TRUE(wait_gone(worker.fd));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(STATUS, info.exit_status);
}

/* 6.2: in vfork() it can't end yet; what is asked for meanwhile. */
static void vfork_worker(struct worker *worker)
{
	pid_t child;
	char c;

	child = vfork();
	if (!child) {
		/* Its parent's memory: there is nothing left but to wait. */
		atomic_store(&worker->stage, 1);
		_exit(read(fds[0], &c, 1) == 1 ? 0 : 1);
	}
	atomic_store(&worker->stage, 2);
	worker->ret = 1;
}

TEST_F(other, pending)
{
	struct ntapc_thread_info info;
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, vfork_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_until(thread_state(worker.tid) == 'D'));
	EXPECT_EQ(0, queue(worker.fd, log_apc, 1));
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 2));
	EXPECT_EQ(0, suspend_thread(worker.fd, 0));
	EXPECT_EQ(0, terminate_thread(worker.fd, STATUS));
	EXPECT_EQ(NTAPC_THREAD_TERMINATING,
		  thread_bits(worker.fd) & NTAPC_THREAD_TERMINATING);
	EXPECT_EQ(0, poll_now(worker.fd) & POLLIN);
	/* A second one changes nothing, and succeeds. */
	EXPECT_EQ(0, terminate_thread(worker.fd, 2));
	/* 6.8 */
	EXPECT_EQ(-ESRCH, suspend_thread(worker.fd, 0));
	EXPECT_EQ(-ESRCH, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(1, write(fds[1], "x", 1));
	ASSERT_TRUE(wait_gone(worker.fd));
	worker_join(&worker);
	EXPECT_EQ(1, atomic_load(&worker.stage));
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(0, log_count());
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(STATUS, info.exit_status);
	EXPECT_EQ(2, info.nr_dropped);
}

/* A robust mutex that it held is passed on. */
static pthread_mutex_t mutex;

static void hold_mutex(struct worker *worker)
{
	pthread_mutex_lock(&mutex);
	in_read(worker);
}

TEST_F(other, robust_mutex)
{
	pthread_mutexattr_t attr;
	struct worker worker = {};

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&mutex, &attr);
	ASSERT_TRUE(worker_start(&worker, dev, hold_mutex));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(0, terminate_thread(worker.fd, STATUS));
	EXPECT_EQ(EOWNERDEAD, pthread_mutex_lock(&mutex));
	worker_join(&worker);
}

/* Whoever waits for the thread sees its end. */
static void wait_for_thread(struct worker *worker)
{
	worker->ret = wait_thread(dev, 0, now() + PATIENCE, worker->arg);
}

TEST_F(other, waiters)
{
	struct worker worker = {}, waiters[3];
	int i;

	ASSERT_TRUE(worker_start(&worker, dev, in_delay));
	ASSERT_TRUE(wait_waiting(worker.fd));
	for (i = 0; i < 3; i++) {
		waiters[i].arg = worker.fd;
		waiters[i].ret = -1;
		ASSERT_TRUE(worker_start(&waiters[i], dev, wait_for_thread));
		ASSERT_TRUE(wait_waiting(waiters[i].fd));
	}
	EXPECT_EQ(0, terminate_thread(worker.fd, STATUS));
	for (i = 0; i < 3; i++) {
		worker_join(&waiters[i]);
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiters[i].ret);
	}
	worker_join(&worker);
}

/* Processes */

struct shared {
	atomic_int tids[4];
	atomic_int go;
	__u64 counts[4];
};

static struct shared *shared;

static bool make_shared(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared != MAP_FAILED;
}

static void count_shared(int i)
{
	volatile __u64 *count = &shared->counts[i];

	atomic_store(&shared->tids[i], syscall(SYS_gettid));
	while (!atomic_load_explicit(&shared->go, memory_order_relaxed))
		++*count;
}

static void *count_then_exit(void *arg)
{
	(void)arg;
	count_shared(1);
	_exit(7);
}

/* The only thread of a process: it ends with the low byte. */
TEST_F(other, only_thread_of_a_process)
{
	static const struct {
		__u32 status;
		int expected;
	} cases[] = {
		{ 0, 0 }, { 1, 1 }, { 0x1234, 0x34 }, { STATUS, 1 }, { 256, 0 },
		{ ~0U, 255 },
	};
	unsigned int i;
	int thread;
	pid_t child;

	ASSERT_TRUE(make_shared());
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(shared, 0, sizeof(*shared));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			count_shared(0);
			_exit(99);
		}
		thread = open_thread(dev, child);
		ASSERT_LE(0, thread);
		ASSERT_TRUE(moves(&shared->counts[0]));
		EXPECT_EQ(0, terminate_thread(thread, cases[i].status));
		EXPECT_EQ(cases[i].expected, reap(child));
		EXPECT_TRUE(wait_gone(thread));
		close(thread);
	}
}

/* The first thread of a process: the others go on. */
TEST_F(other, first_thread_of_a_process)
{
	struct ntapc_thread_info info;
	int leader, other;
	pid_t child;

	ASSERT_TRUE(make_shared());
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pthread_t thread;

		pthread_create(&thread, NULL, count_then_exit, NULL);
		count_shared(0);
		_exit(98);
	}
	ASSERT_TRUE(moves(&shared->counts[0]));
	ASSERT_TRUE(moves(&shared->counts[1]));
	leader = open_thread(dev, child);
	ASSERT_LE(0, leader);
	other = open_thread(dev, shared->tids[1]);
	ASSERT_LE(0, other);
	EXPECT_EQ(0, terminate_thread(leader, 5));
	ASSERT_TRUE(wait_gone(leader));
	ASSERT_EQ(0, get_thread_info(leader, &info));
	EXPECT_EQ(5, info.exit_status);
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	EXPECT_TRUE(moves(&shared->counts[1]));
	EXPECT_EQ(0, poll_now(other));
	atomic_store(&shared->go, 1);
	EXPECT_EQ(7, reap(child));
}

/* All of them, one after the other: the last one gives the code. */
TEST_F(other, all_threads_of_a_process)
{
	int fd[2], i, leader_first;
	pid_t child;

	ASSERT_TRUE(make_shared());
	for (leader_first = 0; leader_first < 2; leader_first++) {
		memset(shared, 0, sizeof(*shared));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			pthread_t thread;

			pthread_create(&thread, NULL, count_then_exit, NULL);
			count_shared(0);
			_exit(98);
		}
		for (i = 0; i < 2; i++) {
			ASSERT_TRUE(moves(&shared->counts[i]));
			fd[i] = open_thread(dev, shared->tids[i]);
			ASSERT_LE(0, fd[i]);
		}
		EXPECT_EQ(0, terminate_thread(fd[!leader_first],
					      10 + !leader_first));
		ASSERT_TRUE(wait_gone(fd[!leader_first]));
		EXPECT_EQ(0, terminate_thread(fd[leader_first],
					      10 + leader_first));
		EXPECT_EQ(10 + leader_first, reap(child));
		close(fd[0]);
		close(fd[1]);
	}
}

/*
 * It ends by exit(2), of its own. A filter that refuses that can't have it run on:
 * the process dies of it.
 */
static bool refuse_exit(__u32 action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

TEST_F(other, refused_by_seccomp)
{
	static const struct {
		__u32 action;
		int expected;
	} cases[] = {
		{ SECCOMP_RET_ERRNO | EPERM, -SIGSEGV },
		{ SECCOMP_RET_TRAP, -SIGSYS },
		{ SECCOMP_RET_KILL_PROCESS, -SIGSYS },
	};
	unsigned int i;
	int thread, ret;
	pid_t child;

	ASSERT_TRUE(make_shared());
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(shared, 0, sizeof(*shared));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			if (!refuse_exit(cases[i].action))
				_exit(77);
			count_shared(0);
			_exit(99);
		}
		ASSERT_TRUE(wait_until(shared->counts[0] ||
				       thread_state(child) == 'Z'));
		if (!shared->counts[0]) {
			EXPECT_EQ(77, reap(child));
			SKIP(return, "no seccomp filters");
		}
		thread = open_thread(dev, child);
		ASSERT_LE(0, thread);
		EXPECT_EQ(0, terminate_thread(thread, 3));
		ret = reap(child);
		EXPECT_EQ(cases[i].expected, ret) {
			TH_LOG("case %u", i);
		}
		EXPECT_TRUE(wait_gone(thread));
		close(thread);
	}
}

/* Under a tracer, and stopped: it ends when it is continued. */
TEST_F(other, stopped)
{
	int thread, status;
	pid_t child;

	ASSERT_TRUE(make_shared());
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		count_shared(0);
		_exit(99);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(moves(&shared->counts[0]));
	ASSERT_EQ(0, kill(child, SIGSTOP));
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	EXPECT_EQ(0, terminate_thread(thread, 3));
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	ASSERT_EQ(0, kill(child, SIGCONT));
	EXPECT_EQ(3, reap(child));
}

/* Races */

/* With the thread's own exit, early and late. */
static void work_a_little(struct worker *worker)
{
	__u64 i;

	for (i = 0; i < worker->arg % 8; i++) {
		queue(worker->fd, log_apc, i);
		delay(dev, i & 1 ? NTAPC_WAIT_ALERTABLE : 0, 0);
	}
}

TEST_F(other, races_exit)
{
	unsigned int rounds = scaled(1000), i, terminated = 0;
	struct ntapc_info before, info;
	struct ntapc_thread_info thread;
	struct worker worker;
	int ret;

	ASSERT_EQ(0, get_info(dev, &before));
	for (i = 0; i < rounds; i++) {
		worker.arg = i;
		ASSERT_TRUE(worker_start(&worker, dev, work_a_little));
		if (i & 8)
			sched_yield();
		ret = terminate_thread(worker.fd, STATUS);
		ASSERT_TRUE(!ret || ret == -ESRCH);
		worker_join(&worker);
		ASSERT_TRUE(wait_gone(worker.fd));
		ASSERT_EQ(0, get_thread_info(worker.fd, &thread));
		ASSERT_TRUE(thread.exit_status == STATUS ||
			    !thread.exit_status);
		ASSERT_EQ(thread.nr_queued,
			  thread.nr_delivered + thread.nr_dropped);
		terminated += thread.exit_status == STATUS;
		close(worker.fd);
		if (log_count() > LOG_MAX / 2)
			log_reset();
	}
	TH_LOG("%u of %u terminated", terminated, rounds);
	EXPECT_TRUE(wait_until(!get_info(dev, &info) &&
			       info.nr_threads <= before.nr_threads &&
			       info.queued_user <= before.queued_user));
}

/* With signals that have a handler: it ends all the same. */
static void handle(int sig)
{
	(void)sig;
}

TEST_F(other, races_signals)
{
	static void (*const where[])(struct worker *worker) = {
		in_user_code, in_read, in_delay, in_nanosleep,
	};
	struct sigaction action = { .sa_handler = handle };
	unsigned int rounds = scaled(400), i, j;
	struct worker worker;
	int ret;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	for (i = 0; i < rounds; i++) {
		action.sa_flags = i & 4 ? SA_RESTART : 0;
		sigaction(SIGUSR1, &action, NULL);
		worker.arg = 0;
		ASSERT_TRUE(worker_start(&worker, dev,
					 where[i % ARRAY_SIZE(where)]));
		ASSERT_TRUE(worker_reached(&worker, 1));
		for (j = 0; j < i % 8; j++)
			pthread_kill(worker.thread, SIGUSR1);
		/* One that was interrupted may have left. */
		ret = terminate_thread(worker.fd, STATUS);
		EXPECT_TRUE(!ret || ret == -ESRCH);
		/* Its end is to come, whatever else does. */
		while (!poll_now(worker.fd) && i & 8)
			syscall(SYS_tgkill, getpid(), worker.tid, SIGUSR1);
		ASSERT_TRUE(wait_gone(worker.fd));
		worker_join(&worker);
		close(worker.fd);
	}
}

/* With another who does the same, and with suspensions. */
static struct worker victim;

static void terminate_victim(struct worker *worker)
{
	int ret;

	while (atomic_load(&worker->go) < 2)
		;
	ret = worker->arg ? suspend_thread(victim.fd, NTAPC_SUSPEND_WAIT) :
			    terminate_thread(victim.fd, STATUS);
	worker->ret = !ret || ret == -ESRCH ? 0 : ret;
}

TEST_F(other, races_others)
{
	static void (*const where[])(struct worker *worker) = {
		in_user_code, in_read, in_delay, in_alertable_delay,
		leave_at_once,
	};
	unsigned int rounds = scaled(400), i, j;
	struct worker others[3];

	for (i = 0; i < rounds; i++) {
		for (j = 0; j < 3; j++) {
			others[j].arg = j == 2;
			ASSERT_TRUE(worker_start(&others[j], dev,
						 terminate_victim));
		}
		victim.arg = 0;
		ASSERT_TRUE(worker_start(&victim, dev,
					 where[i % ARRAY_SIZE(where)]));
		if (i & 1)
			worker_reached(&victim, i % 5 < 4);
		for (j = 0; j < 3; j++)
			worker_go(&others[j]);
		for (j = 0; j < 3; j++) {
			worker_join(&others[j]);
			ASSERT_EQ(0, others[j].ret);
			close(others[j].fd);
		}
		ASSERT_TRUE(wait_gone(victim.fd));
		worker_join(&victim);
		close(victim.fd);
	}
}

/* With execve(), by the thread itself and by another of its process. */
static void *exec_it(void *arg)
{
	char *argv[] = { program, "--child", NULL };

	(void)arg;
	atomic_store(&shared->tids[1], syscall(SYS_gettid));
	while (!atomic_load(&shared->go))
		;
	execv(program, argv);
	_exit(90);
}

TEST_F(other, races_exec)
{
	unsigned int rounds = scaled(200), i, executed = 0;
	int thread, ret, how;
	pid_t child;

	ASSERT_TRUE(make_shared());
	for (i = 0; i < rounds; i++) {
		memset(shared, 0, sizeof(*shared));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			pthread_t other;

			/* The one that executes is the leader, or isn't. */
			if (i & 1)
				exec_it(NULL);
			pthread_create(&other, NULL, exec_it, NULL);
			count_shared(0);
			for (;;)
				pause();
		}
		ASSERT_TRUE(wait_until(atomic_load(&shared->tids[1])));
		/* The one that executes, or the leader. */
		thread = open_thread(dev, i & 2 ? child : shared->tids[1]);
		ASSERT_LE(0, thread);
		atomic_store(&shared->go, 1);
		if (i & 4)
			sched_yield();
		ret = terminate_thread(thread, 55);
		ASSERT_TRUE(!ret || ret == -ESRCH);
		/* If it was in time nothing was executed: end the rest. */
		how = 0;
		if (!wait_gone(thread))
			how = 1;
		ASSERT_EQ(0, how);
		/*
		 * A leader that ended on its own leaves the other to execute;
		 * an other that did leaves the leader, which is killed.
		 */
		if (!(i & 1) && !(i & 2)) {
			struct ntapc_thread_info info;

			ASSERT_EQ(0, get_thread_info(thread, &info));
			if (info.exit_status == 55)
				kill(child, SIGKILL);
		}
		ret = reap(child);
		ASSERT_TRUE(ret == 55 || ret == 4 || ret == -SIGKILL) {
			TH_LOG("round %u: %d", i, ret);
		}
		executed += ret == 4;
		close(thread);
	}
	TH_LOG("%u of %u executed", executed, rounds);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--child"))
		return 4;
	return test_harness_run(argc, argv);
}
