// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspension: rules 6.1 to 6.5, 6.8 to 6.10. A suspended thread runs nothing and
 * takes nothing, whatever it was doing, and goes on as if nothing had been.
 */
#include "common.h"
#include "kselftest_harness.h"
#include "calls.h"
#include "signals.h"

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>

#define SUSPENSION	(NTAPC_THREAD_SUSPENDED | NTAPC_THREAD_SUSPENDING)
#define PATIENCE	(PATIENCE_MS * NS_PER_MS)

/* How often what is interrupted again and again is. */
#define INTERRUPTIONS	4

static int dev, self_fd;
static char program[PATH_MAX];

static bool prepare_program(void)
{
	log_reset();
	dev = open_frames(dispatch_continue);
	if (dev < 0)
		return false;
	self_fd = open_thread(dev, 0);
	return self_fd >= 0 &&
	       readlink("/proc/self/exe", program, sizeof(program) - 1) > 0;
}

FIXTURE(suspend)
{
};

FIXTURE_SETUP(suspend)
{
	ASSERT_TRUE(prepare_program());
}

FIXTURE_TEARDOWN(suspend)
{
}

/* Shared between a test and its children. */
struct shared {
	__u64 counts[8];
	atomic_int tids[8];
	atomic_int signals;
	atomic_int signal_tid;
	atomic_int go;
	atomic_int made;
};

static struct shared *shared;

static bool make_shared(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared != MAP_FAILED;
}

static unsigned int suspend_count(int thread)
{
	struct ntapc_thread_info info;

	return get_thread_info(thread, &info) ? ~0U : info.suspend_count;
}

/* Counts in @arg until it is to go. */
static void count_worker(struct worker *worker)
{
	volatile __u64 *count = &worker->arg;

	atomic_store(&worker->stage, 1);
	while (atomic_load_explicit(&worker->go, memory_order_relaxed) < 2)
		++*count;
	atomic_store(&worker->stage, 2);
}

static bool start_counting(struct worker *worker)
{
	worker->arg = 0;
	return worker_start(worker, dev, count_worker) &&
	       worker_reached(worker, 1) && moves(&worker->arg);
}

static void leave_on_go(struct worker *worker)
{
	worker_wait(worker);
}

static void leave_at_once(struct worker *worker)
{
	(void)worker;
}

/* Counts */

/* 6.1, 6.5: up and down; each call returns what the count was. */
TEST_F(suspend, counts)
{
	struct worker worker;
	unsigned int i;

	ASSERT_TRUE(start_counting(&worker));
	EXPECT_EQ(0, suspend_count(worker.fd));
	EXPECT_EQ(0, resume_thread(worker.fd, 0));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(i, suspend_thread(worker.fd, 0));
		EXPECT_EQ(i + 1, suspend_count(worker.fd));
	}
	ASSERT_TRUE(wait_suspended(worker.fd));
	EXPECT_TRUE(wait_asleep(worker.tid));
	for (i = 5; i > 1; i--) {
		EXPECT_EQ(i, resume_thread(worker.fd, 0));
		EXPECT_EQ(i - 1, suspend_count(worker.fd));
		EXPECT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(worker.fd));
		EXPECT_TRUE(stands_still(&worker.arg));
	}
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	EXPECT_EQ(0, suspend_count(worker.fd));
	EXPECT_TRUE(moves(&worker.arg));
	EXPECT_TRUE(wait_bits(worker.fd, ~0U, 0));
	EXPECT_EQ(0, resume_thread(worker.fd, 0));
	EXPECT_EQ(0, suspend_count(worker.fd));
	worker_go(&worker);
	worker_join(&worker);
}

/* 6.1: the limit, where nothing changes any more. */
TEST_F(suspend, limit)
{
	struct worker worker;
	int i;

	ASSERT_TRUE(start_counting(&worker));
	for (i = 0; i < NTAPC_SUSPEND_MAX; i++) {
		ASSERT_EQ(i, suspend_thread(worker.fd, 0));
	}
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EOVERFLOW, suspend_thread(worker.fd, 0));
		EXPECT_EQ(-EOVERFLOW,
			  suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		EXPECT_EQ(NTAPC_SUSPEND_MAX, suspend_count(worker.fd));
	}
	ASSERT_TRUE(wait_suspended(worker.fd));
	EXPECT_EQ(NTAPC_SUSPEND_MAX, resume_thread(worker.fd, 0));
	EXPECT_EQ(NTAPC_SUSPEND_MAX - 1, suspend_thread(worker.fd, 0));
	for (i = NTAPC_SUSPEND_MAX; i > 0; i--) {
		EXPECT_TRUE(!!(thread_bits(worker.fd) & NTAPC_THREAD_SUSPENDED));
		ASSERT_EQ(i, resume_thread(worker.fd, 0));
	}
	EXPECT_TRUE(moves(&worker.arg));
	worker_go(&worker);
	worker_join(&worker);
}

/* 6.8: an exited thread can be resumed, which does nothing, but not suspended. */
TEST_F(suspend, exited)
{
	struct ntapc_thread_info info;
	struct worker worker;
	pid_t child;
	int thread;

	ASSERT_TRUE(worker_start(&worker, dev, leave_at_once));
	worker_join(&worker);
	ASSERT_TRUE(wait_gone(worker.fd));
	EXPECT_EQ(-ESRCH, suspend_thread(worker.fd, 0));
	EXPECT_EQ(-ESRCH, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(0, resume_thread(worker.fd, 0));
	EXPECT_EQ(0, resume_thread(worker.fd, NTAPC_RESUME_ALERT));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(NTAPC_THREAD_EXITED, info.state);
	EXPECT_EQ(0, info.suspend_count);

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pause();
		_exit(1);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	ASSERT_TRUE(wait_gone(thread));
	EXPECT_EQ(-ESRCH, suspend_thread(thread, 0));
	EXPECT_EQ(-ESRCH, suspend_thread(thread, NTAPC_SUSPEND_PROCESS));
	EXPECT_EQ(-ESRCH, resume_thread(thread, NTAPC_RESUME_PROCESS));
	EXPECT_EQ(0, resume_thread(thread, 0));
}

TEST_F(suspend, flag_combinations)
{
	struct worker worker;

	ASSERT_TRUE(start_counting(&worker));
	EXPECT_EQ(-EINVAL, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT |
					  NTAPC_SUSPEND_PROCESS));
	EXPECT_EQ(-EINVAL, resume_thread(worker.fd, NTAPC_RESUME_ALERT |
					 NTAPC_RESUME_PROCESS));
	EXPECT_EQ(-EINVAL, suspend_thread(worker.fd, 4));
	EXPECT_EQ(-EINVAL, resume_thread(worker.fd, 4));
	EXPECT_EQ(0, suspend_count(worker.fd));
	EXPECT_TRUE(moves(&worker.arg));
	worker_go(&worker);
	worker_join(&worker);
}

/* Oneself */

static void suspend_itself(struct worker *worker)
{
	int fd = open_thread(worker->dev, 0);

	atomic_store(&worker->stage, 1);
	worker->ret = suspend_thread(fd, worker->arg);
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
	close(fd);
}

/* 6.4: it takes effect before the call returns. */
TEST_F(suspend, oneself)
{
	static const __u32 flags[] = { 0, NTAPC_SUSPEND_WAIT };
	struct worker worker;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		worker.arg = flags[i];
		ASSERT_TRUE(worker_start(&worker, dev, suspend_itself));
		ASSERT_TRUE(wait_suspended(worker.fd));
		EXPECT_EQ(1, atomic_load(&worker.stage));
		EXPECT_TRUE(wait_asleep(worker.tid));
		/* 6.5: another suspension needs its own resumption. */
		EXPECT_EQ(1, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		EXPECT_EQ(2, resume_thread(worker.fd, 0));
		breathe(UNHURRIED);
		EXPECT_EQ(1, atomic_load(&worker.stage));
		EXPECT_EQ(1, resume_thread(worker.fd, 0));
		ASSERT_TRUE(worker_reached(&worker, 2));
		EXPECT_EQ(0, worker.ret);
		worker_go(&worker);
		worker_join(&worker);
		close(worker.fd);
	}
}

/* 6.10, 13.1: a special one queued meanwhile runs when it has been resumed. */
TEST_F(suspend, oneself_then_special)
{
	struct worker worker = { .arg = 0 };

	ASSERT_TRUE(worker_start(&worker, dev, suspend_itself));
	ASSERT_TRUE(wait_suspended(worker.fd));
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 1));
	EXPECT_EQ(0, queue_interrupt(worker.fd, log_apc, 2));
	breathe(UNHURRIED);
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(2, log_count());
	worker_go(&worker);
	worker_join(&worker);
}

/* Over and over, by itself, resumed from outside. */
static void suspend_itself_often(struct worker *worker)
{
	int fd = open_thread(worker->dev, 0);
	__u64 i;

	for (i = 0; i < worker->arg && !worker->ret; i++) {
		worker->ret = suspend_thread(fd, 0);
		atomic_fetch_add(&worker->stage, 1);
	}
	close(fd);
}

TEST_F(suspend, oneself_often)
{
	struct worker worker = { .arg = scaled(1000) };
	unsigned int i;

	ASSERT_TRUE(worker_start(&worker, dev, suspend_itself_often));
	for (i = 0; i < worker.arg; i++) {
		ASSERT_TRUE(wait_until(suspend_count(worker.fd) == 1));
		ASSERT_EQ(i, atomic_load(&worker.stage));
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
		ASSERT_TRUE(worker_reached(&worker, i + 1));
	}
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
}

/* States */

/* NTAPC_SUSPEND_WAIT says when it is really suspended, and so does poll(). */
TEST_F(suspend, wait_for_it)
{
	unsigned int rounds = scaled(500), i;
	struct worker worker;
	__u64 seen;

	ASSERT_TRUE(start_counting(&worker));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		seen = *(volatile __u64 *)&worker.arg;
		ASSERT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(worker.fd));
		ASSERT_EQ(POLLPRI, poll_now(worker.fd));
		ASSERT_EQ(1, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		ASSERT_EQ(2, resume_thread(worker.fd, 0));
		ASSERT_EQ(seen, *(volatile __u64 *)&worker.arg);
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
		ASSERT_EQ(0, poll_now(worker.fd));
		ASSERT_EQ(0, suspend_count(worker.fd));
	}
	worker_go(&worker);
	worker_join(&worker);
}

/* poll() wakes who waits for a suspension. */
static void poll_suspended(struct worker *worker)
{
	struct pollfd pollfd = { .fd = worker->arg, .events = POLLPRI };

	atomic_store(&worker->stage, 1);
	worker->ret = poll(&pollfd, 1, PATIENCE_MS) == 1 ? pollfd.revents : -1;
}

TEST_F(suspend, poll_wakes)
{
	struct worker worker, poller;

	ASSERT_TRUE(start_counting(&worker));
	poller.arg = worker.fd;
	ASSERT_TRUE(worker_start(&poller, dev, poll_suspended));
	ASSERT_TRUE(worker_reached(&poller, 1));
	ASSERT_TRUE(wait_asleep(poller.tid));
	EXPECT_EQ(0, suspend_thread(worker.fd, 0));
	worker_join(&poller);
	EXPECT_EQ(POLLPRI, poller.ret);
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	worker_go(&worker);
	worker_join(&worker);
}

TEST_F(suspend, fdinfo)
{
	struct worker worker;
	char text[4096];

	ASSERT_TRUE(start_counting(&worker));
	ASSERT_EQ(0, read_fdinfo(worker.fd, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-suspend-count:\t0\n"));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(1, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, read_fdinfo(worker.fd, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-suspend-count:\t2\n"));
	resume_thread(worker.fd, 0);
	resume_thread(worker.fd, 0);
	worker_go(&worker);
	worker_join(&worker);
}

/* In vfork() nothing can be done to a thread: the suspension stays pending. */
static void vfork_worker(struct worker *worker)
{
	volatile __u64 *count = &worker->arg;
	pid_t child;
	char c;

	child = vfork();
	if (!child) {
		/* Its parent's memory: there is nothing left but to wait. */
		atomic_store(&worker->stage, 1);
		_exit(read(call.fds[0], &c, 1) == 1 ? 0 : 1);
	}
	atomic_store(&worker->stage, 2);
	while (atomic_load_explicit(&worker->go, memory_order_relaxed) < 2)
		++*count;
	worker->ret = reap(child);
}

static bool start_vfork(struct worker *worker)
{
	worker->arg = 0;
	return prepare_pipe() && worker_start(worker, dev, vfork_worker) &&
	       worker_reached(worker, 1) &&
	       wait_until(thread_state(worker->tid) == 'D');
}

/* 6.2: the call doesn't wait, and the count is 1 though it isn't suspended. */
TEST_F(suspend, pending_in_vfork)
{
	struct worker worker;

	ASSERT_TRUE(start_vfork(&worker));
	EXPECT_EQ(0, suspend_thread(worker.fd, 0));
	EXPECT_EQ(1, suspend_count(worker.fd));
	EXPECT_EQ(NTAPC_THREAD_SUSPENDING, thread_bits(worker.fd) & SUSPENSION);
	EXPECT_EQ(0, poll_now(worker.fd));
	EXPECT_EQ('D', thread_state(worker.tid));
	release_pipe();
	ASSERT_TRUE(wait_bits(worker.fd, SUSPENSION, NTAPC_THREAD_SUSPENDED));
	EXPECT_EQ(POLLPRI, poll_now(worker.fd));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	EXPECT_EQ(0, worker.arg);
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_TRUE(moves(&worker.arg));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
}

/* Taken back before it took effect: nothing has been. */
TEST_F(suspend, pending_and_taken_back)
{
	struct worker worker;
	int i;

	ASSERT_TRUE(start_vfork(&worker));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, suspend_thread(worker.fd, 0));
		EXPECT_EQ(1, suspend_thread(worker.fd, 0));
		EXPECT_EQ(2, resume_thread(worker.fd, 0));
		EXPECT_EQ(1, resume_thread(worker.fd, 0));
		EXPECT_EQ(0, thread_bits(worker.fd) & SUSPENSION);
	}
	release_pipe();
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_TRUE(moves(&worker.arg));
	EXPECT_EQ(0, thread_bits(worker.fd));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
}

static void nothing(int sig)
{
	(void)sig;
}

static void suspend_and_wait(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = suspend_thread(worker->arg, NTAPC_SUSPEND_WAIT);
	atomic_store(&worker->stage, 2);
}

/* Whoever waits for it can be interrupted; then it isn't suspended by that. */
TEST_F(suspend, wait_is_interrupted)
{
	struct sigaction action = { .sa_handler = nothing };
	struct worker worker, other;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_TRUE(start_vfork(&worker));
	other.arg = worker.fd;
	ASSERT_TRUE(worker_start(&other, dev, suspend_and_wait));
	ASSERT_TRUE(worker_reached(&other, 1));
	ASSERT_TRUE(wait_until(suspend_count(worker.fd) == 1));
	ASSERT_TRUE(wait_asleep(other.tid));
	EXPECT_EQ(1, atomic_load(&other.stage));
	pthread_kill(other.thread, SIGUSR1);
	worker_join(&other);
	EXPECT_EQ(-EINTR, other.ret);
	EXPECT_EQ(0, suspend_count(worker.fd));
	release_pipe();
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_TRUE(moves(&worker.arg));
	worker_go(&worker);
	worker_join(&worker);
}

static void suspend_and_wait_idly(struct worker *worker)
{
	struct sched_param param = {};

	sched_setscheduler(0, SCHED_IDLE, &param);
	suspend_and_wait(worker);
}

/*
 * What it takes back is its own suspension: not that of others who have resumed the
 * thread and suspended it anew before it saw that.
 */
TEST_F(suspend, wait_is_interrupted_too_late)
{
	struct sigaction action = { .sa_handler = nothing };
	struct worker worker, other;
	int i;

	/* So that it doesn't run before we sleep. */
	pin_to_cpu(0);
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_TRUE(start_vfork(&worker));
	other.arg = worker.fd;
	for (i = 0; i < 100; i++) {
		ASSERT_TRUE(worker_start(&other, dev, suspend_and_wait_idly));
		ASSERT_TRUE(wait_until(suspend_count(worker.fd) == 1));
		ASSERT_TRUE(wait_asleep(other.tid));
		EXPECT_EQ(1, resume_thread(worker.fd, 0));
		EXPECT_EQ(0, suspend_thread(worker.fd, 0));
		pthread_kill(other.thread, SIGUSR1);
		worker_join(&other);
		EXPECT_EQ(1, suspend_count(worker.fd));
		EXPECT_EQ(1, resume_thread(worker.fd, 0));
		/* Else it did. */
		if (other.ret == -EINTR)
			break;
		EXPECT_EQ(0, other.ret);
	}
	EXPECT_EQ(-EINTR, other.ret);
	release_pipe();
	worker_go(&worker);
	worker_join(&worker);
}

/* It returns when it has come to the safe point. */
TEST_F(suspend, wait_for_a_pending_one)
{
	struct worker worker, other;

	ASSERT_TRUE(start_vfork(&worker));
	other.arg = worker.fd;
	ASSERT_TRUE(worker_start(&other, dev, suspend_and_wait));
	ASSERT_TRUE(wait_until(suspend_count(worker.fd) == 1));
	ASSERT_TRUE(wait_asleep(other.tid));
	release_pipe();
	worker_join(&other);
	EXPECT_EQ(0, other.ret);
	EXPECT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(worker.fd));
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	worker_go(&worker);
	worker_join(&worker);
}

/* ... or ESRCH if the thread ends instead. */
TEST_F(suspend, wait_for_one_that_ends)
{
	struct worker other;
	int thread;
	pid_t child;
	char c;

	ASSERT_TRUE(prepare_pipe());
	ASSERT_TRUE(make_shared());
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (!vfork()) {
			atomic_store(&shared->go, 1);
			_exit(read(call.fds[0], &c, 1) != 1);
		}
		_exit(1);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_until(atomic_load(&shared->go) &&
			       thread_state(child) == 'D'));
	other.arg = thread;
	ASSERT_TRUE(worker_start(&other, dev, suspend_and_wait));
	ASSERT_TRUE(wait_until(suspend_count(thread) == 1));
	ASSERT_TRUE(wait_asleep(other.tid));
	kill(child, SIGKILL);
	worker_join(&other);
	EXPECT_EQ(-ESRCH, other.ret);
	EXPECT_EQ(-SIGKILL, reap(child));
	release_pipe();
}

/* A guarded stretch holds back special user APCs, not a suspension. */
static void guarded_worker(struct worker *worker)
{
	this_control = map_control(worker->fd);
	if (this_control)
		this_control->guard = 1;
	count_worker(worker);
	if (this_control)
		this_control->guard = 0;
	test_alert(worker->dev, NTAPC_TEST_SPECIAL_ONLY);
}

TEST_F(suspend, in_a_guarded_stretch)
{
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, guarded_worker));
	ASSERT_TRUE(moves(&worker.arg));
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 1));
	EXPECT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	EXPECT_TRUE(stands_still(&worker.arg));
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	EXPECT_TRUE(moves(&worker.arg));
	EXPECT_EQ(0, log_count());
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(1, log_count());
}

/* System calls, one variant for each: calls.h. */

FIXTURE_SETUP(calls)
{
	ASSERT_TRUE(prepare_program());
}

FIXTURE_TEARDOWN(calls)
{
}

/* 6.3: it is interrupted, and goes on with what is left of its time. */
TEST_F(calls, restart)
{
	bool in_time;
	__u64 last;
	int i;

	call.timeout_ms = variant->timeout_ms;
	do {
		START_CALL();
		for (i = 0; i < INTERRUPTIONS && !(variant->eintr && i); i++) {
			if (variant->timeout_ms && i == INTERRUPTIONS - 1)
				wait_for_part_of_call(2);
			ASSERT_EQ(0, suspend_thread(call.worker.fd,
						    NTAPC_SUSPEND_WAIT));
			in_time = call_has_time();
			EXPECT_TRUE(wait_asleep(call.worker.tid));
			EXPECT_EQ(NTAPC_THREAD_SUSPENDED,
				  thread_bits(call.worker.fd));
			if (in_time) {
				EXPECT_EQ(1, atomic_load(&call.worker.stage));
			}
			last = now();
			ASSERT_EQ(1, resume_thread(call.worker.fd, 0));
			if (!variant->eintr && !variant->timeout_ms) {
				ASSERT_TRUE(wait_asleep(call.worker.tid));
				EXPECT_EQ(1, atomic_load(&call.worker.stage));
			}
		}
		if (variant->release && !variant->eintr)
			variant->release();
		ASSERT_TRUE(finish_call());
		EXPECT_RESULT();
		if (!variant->timeout_ms)
			return;
		EXPECT_LE(call.timeout_ms * NS_PER_MS, call.worker.arg);
		/* Not started over each time. */
		in_time = in_time && call_kept_its_time(last);
	} while (!in_time && more_time_for_call());
	EXPECT_TRUE(in_time);
}

/* 6.3: what it waits for comes while it is suspended: it is there afterwards. */
TEST_F(calls, event_while_suspended)
{
	bool in_time;
	__u64 due;

	if (variant->release == release_futex)
		SKIP(return, "nobody waits on the futex meanwhile");
	call.timeout_ms = variant->timeout_ms;
	do {
		START_CALL();
		due = call.begin + call.timeout_ms * NS_PER_MS;
		ASSERT_EQ(0, suspend_thread(call.worker.fd,
					    NTAPC_SUSPEND_WAIT));
		in_time = call_has_time();
		if (variant->release)
			variant->release();
		/* The time that it had is over. */
		if (variant->timeout_ms) {
			ASSERT_TRUE(wait_until(now() > due + NS_PER_MS));
		}
		EXPECT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(call.worker.fd));
		if (in_time) {
			EXPECT_EQ(1, atomic_load(&call.worker.stage));
		}
		ASSERT_EQ(1, resume_thread(call.worker.fd, 0));
		ASSERT_TRUE(finish_call());
		EXPECT_RESULT();
	} while (!in_time && more_time_for_call());
	EXPECT_TRUE(in_time);
}

/* 6.10: APCs of all kinds wait for the resumption. */
TEST_F(calls, apcs_while_suspended)
{
	bool in_time;

	call.timeout_ms = variant->timeout_ms;
	do {
		log_reset();
		START_CALL();
		ASSERT_EQ(0, suspend_thread(call.worker.fd,
					    NTAPC_SUSPEND_WAIT));
		in_time = call_has_time();
		EXPECT_EQ(0, queue(call.worker.fd, log_apc, 1));
		EXPECT_EQ(0, queue_special(call.worker.fd, log_apc, 2));
		EXPECT_EQ(0, queue_interrupt(call.worker.fd, log_apc, 3));
		breathe(UNHURRIED);
		EXPECT_EQ(0, log_count());
		EXPECT_EQ(3, nr_pending(call.worker.fd));
		EXPECT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(call.worker.fd));
		ASSERT_EQ(1, resume_thread(call.worker.fd, 0));
		ASSERT_TRUE(wait_until(log_count() == 2));
		if (!variant->eintr && !variant->timeout_ms) {
			ASSERT_TRUE(wait_asleep(call.worker.tid));
			EXPECT_EQ(1, atomic_load(&call.worker.stage));
			variant->release();
		}
		ASSERT_TRUE(finish_call());
		EXPECT_RESULT();
		if (in_time) {
			EXPECT_EQ(2, call.worker.ret);
		}
		EXPECT_EQ(2, log_count());
	} while (!in_time && more_time_for_call());
	EXPECT_TRUE(in_time);
}

/* Killed where it stands. */
TEST_F(calls, process_ends)
{
	pid_t child;
	int status;

	/* It isn't waited for. */
	call.timeout_ms = variant->timeout_ms ? 10 * PATIENCE_MS : 0;
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (!start_call(variant->prepare, variant->block, dev))
			_exit(1);
		if (suspend_thread(call.worker.fd, NTAPC_SUSPEND_WAIT))
			_exit(2);
		_exit(0);
	}
	status = reap(child);
	EXPECT_EQ(0, status);
}

/* A suspended reader leaves what there is to others. */
static void read_worker(struct worker *worker)
{
	char c;

	atomic_store(&worker->stage, 1);
	worker->ret = read(call.fds[0], &c, 1);
	atomic_store(&worker->stage, 2);
}

TEST_F(suspend, takes_nothing_from_a_pipe)
{
	struct worker worker;
	int there;
	char c;

	ASSERT_TRUE(prepare_pipe());
	ASSERT_TRUE(worker_start(&worker, dev, read_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_asleep(worker.tid));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	release_pipe();
	breathe(UNHURRIED);
	ASSERT_EQ(0, ioctl(call.fds[0], FIONREAD, &there));
	EXPECT_EQ(1, there);
	ASSERT_EQ(1, read(call.fds[0], &c, 1));
	ASSERT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	release_pipe();
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
}

/* A futex that changes meanwhile: the wait finds it changed. */
static void futex_worker(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = futex_wait(NULL) ? -errno : 0;
}

TEST_F(suspend, futex_changes_meanwhile)
{
	struct worker worker;

	ASSERT_TRUE(prepare_word());
	ASSERT_TRUE(worker_start(&worker, dev, futex_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_asleep(worker.tid));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	atomic_store(&call.word, 1);
	syscall(SYS_futex, &call.word, FUTEX_WAKE_PRIVATE, 1);
	breathe(UNHURRIED);
	EXPECT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(worker.fd));
	ASSERT_EQ(1, resume_thread(worker.fd, 0));
	worker_join(&worker);
	EXPECT_EQ(-EAGAIN, worker.ret);
}

/* ppoll()'s mask is in force again afterwards. */
TEST_F(suspend, ppoll_mask)
{
	int meanwhile;

	catch_signal(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(prepare_pipe());
	for (meanwhile = 0; meanwhile < 2; meanwhile++) {
		atomic_store(&signals, 0);
		ASSERT_TRUE(worker_start(&call.worker, dev, ppoll_with_mask));
		ASSERT_TRUE(worker_reached(&call.worker, 1));
		ASSERT_TRUE(wait_asleep(call.worker.tid));
		ASSERT_EQ(0, suspend_thread(call.worker.fd,
					    NTAPC_SUSPEND_WAIT));
		if (meanwhile) {
			pthread_kill(call.worker.thread, SIGUSR1);
			breathe(UNHURRIED);
			EXPECT_EQ(0, atomic_load(&signals));
		}
		ASSERT_EQ(1, resume_thread(call.worker.fd, 0));
		if (!meanwhile) {
			ASSERT_TRUE(wait_asleep(call.worker.tid));
			EXPECT_EQ(0, atomic_load(&signals));
			pthread_kill(call.worker.thread, SIGUSR1);
		}
		/* ppoll() lets it in, SA_RESTART or not. */
		worker_join(&call.worker);
		EXPECT_EQ(-1, call.ret);
		EXPECT_EQ(EINTR, call.error);
		EXPECT_EQ(1, atomic_load(&signals));
		EXPECT_EQ(1, call.worker.arg);
		close(call.worker.fd);
	}
}

/* Waits of ntapc's: 6.3, 11.4 */

enum event {
	EXIT = 1,	/* the object's, for a wait that has one */
	APC = 2,
	ALERT = 4,
	BY_ID = 8,
	DUE = 16,
};

FIXTURE(waits)
{
};

/*
 * @flags, @object, @by_id: what the wait is like
 * @meanwhile: comes while it is suspended
 * @ret: what it returns after that; -1 if it doesn't
 * @end: what ends it then, and @ret is meant of that
 */
FIXTURE_VARIANT(waits)
{
	__u32 flags;
	bool object;
	bool by_id;
	unsigned int meanwhile;
	unsigned int end;
	int ret;
	unsigned int runs;
};

#define WAITS(name, ...) FIXTURE_VARIANT_ADD(waits, name) { __VA_ARGS__ }

WAITS(delay_due, .meanwhile = DUE, .ret = NTAPC_STATUS_SUCCESS);
WAITS(delay_alertable_due, .flags = NTAPC_WAIT_ALERTABLE, .meanwhile = DUE,
      .ret = NTAPC_STATUS_SUCCESS);
WAITS(delay_alertable_apc, .flags = NTAPC_WAIT_ALERTABLE, .meanwhile = APC,
      .ret = NTAPC_STATUS_USER_APC, .runs = 1);
WAITS(delay_alertable_alert, .flags = NTAPC_WAIT_ALERTABLE, .meanwhile = ALERT,
      .ret = NTAPC_STATUS_ALERTED);
/* 11.2: the alert comes first, and the APC stays. */
WAITS(delay_alertable_both, .flags = NTAPC_WAIT_ALERTABLE,
      .meanwhile = ALERT | APC, .ret = NTAPC_STATUS_ALERTED);
/* 11.3: the APC beats the time. */
WAITS(delay_alertable_apc_and_due, .flags = NTAPC_WAIT_ALERTABLE,
      .meanwhile = APC | DUE, .ret = NTAPC_STATUS_USER_APC, .runs = 1);
WAITS(delay_apc, .meanwhile = APC | ALERT | BY_ID, .end = DUE,
      .ret = NTAPC_STATUS_SUCCESS);
WAITS(delay_goes_on, .flags = NTAPC_WAIT_ALERTABLE, .end = APC,
      .ret = NTAPC_STATUS_USER_APC, .runs = 1);
WAITS(object, .object = true, .meanwhile = EXIT, .ret = NTAPC_STATUS_WAIT_0);
WAITS(object_alertable, .flags = NTAPC_WAIT_ALERTABLE, .object = true,
      .meanwhile = EXIT, .ret = NTAPC_STATUS_WAIT_0);
/* 11.3: the object beats everything. */
WAITS(object_and_all, .flags = NTAPC_WAIT_ALERTABLE, .object = true,
      .meanwhile = EXIT | ALERT | APC | DUE, .ret = NTAPC_STATUS_WAIT_0);
WAITS(object_due, .object = true, .meanwhile = DUE,
      .ret = NTAPC_STATUS_TIMEOUT);
WAITS(object_goes_on, .object = true, .end = EXIT, .ret = NTAPC_STATUS_WAIT_0);
WAITS(by_id, .by_id = true, .meanwhile = BY_ID, .ret = NTAPC_STATUS_ALERTED);
WAITS(by_id_due, .by_id = true, .meanwhile = DUE, .ret = NTAPC_STATUS_TIMEOUT);
WAITS(by_id_goes_on, .by_id = true, .meanwhile = APC | ALERT, .end = BY_ID,
      .ret = NTAPC_STATUS_ALERTED);

FIXTURE_SETUP(waits)
{
	ASSERT_TRUE(prepare_program());
}

FIXTURE_TEARDOWN(waits)
{
}

struct waiter {
	struct worker worker;
	__u32 flags;
	int object;
	bool by_id;
	__u64 deadline;
};

static void wait_worker(struct worker *worker)
{
	struct waiter *waiter = (struct waiter *)worker;

	atomic_store(&worker->stage, 1);
	if (waiter->by_id)
		worker->ret = wait_by_id(dev, 0, waiter->deadline);
	else if (waiter->object >= 0)
		worker->ret = wait_thread(dev, waiter->flags, waiter->deadline,
					  waiter->object);
	else
		worker->ret = delay(dev, waiter->flags, waiter->deadline);
	worker->arg = log_count();
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
}

static void cause(unsigned int events, struct waiter *waiter,
		  struct worker *object)
{
	int thread = waiter->worker.fd;

	if (events & APC && queue(thread, log_apc, 1))
		abort();
	if (events & ALERT && alert_thread(thread))
		abort();
	if (events & BY_ID && alert_by_id(dev, waiter->worker.tid))
		abort();
	if (events & EXIT) {
		worker_go(object);
		worker_join(object);
		if (!wait_gone(object->fd))
			abort();
	}
	if (events & DUE)
		wait_until(now() > waiter->deadline);
}

/* In the wait, or behind it. */
static bool has_begun(struct waiter *waiter)
{
	return atomic_load(&waiter->worker.stage) == 2 ||
	       thread_bits(waiter->worker.fd) & NTAPC_THREAD_WAITING;
}

static bool end_waiter(struct waiter *waiter)
{
	if (!worker_reached(&waiter->worker, 2))
		return false;
	worker_go(&waiter->worker);
	worker_join(&waiter->worker);
	close(waiter->worker.fd);
	return true;
}

/*
 * Suspends it in its wait, which may be due after a while: if that was over before
 * it was suspended it is done again, and longer. With a deadline that is due it is
 * so for whatever is waited for.
 */
static bool suspend_in_wait(struct waiter *waiter, bool due)
{
	unsigned int ms = 200;

	do {
		ms *= 2;
		waiter->deadline = due ? in_ms(ms) : now() + PATIENCE;
		if (!worker_start(&waiter->worker, dev, wait_worker) ||
		    !wait_until(has_begun(waiter)) ||
		    suspend_thread(waiter->worker.fd, NTAPC_SUSPEND_WAIT))
			return false;
		if (now() < waiter->deadline)
			return true;
		if (resume_thread(waiter->worker.fd, 0) != 1 ||
		    !end_waiter(waiter))
			return false;
	} while (due && ms < PATIENCE_MS);
	return false;
}

TEST_F(waits, suspended)
{
	struct waiter waiter = {
		.flags = variant->flags,
		.object = -1,
		.by_id = variant->by_id,
	};
	struct worker object;

	if (variant->object) {
		ASSERT_TRUE(worker_start(&object, dev, leave_on_go));
		waiter.object = object.fd;
	}
	ASSERT_TRUE(suspend_in_wait(&waiter, (variant->meanwhile |
					      variant->end) & DUE));
	EXPECT_EQ(NTAPC_THREAD_SUSPENDED,
		  thread_bits(waiter.worker.fd) & SUSPENSION);
	cause(variant->meanwhile, &waiter, &object);
	breathe(UNHURRIED);
	/* It has taken nothing of that. */
	EXPECT_EQ(1, atomic_load(&waiter.worker.stage));
	EXPECT_EQ(NTAPC_THREAD_SUSPENDED,
		  thread_bits(waiter.worker.fd) & SUSPENSION);
	EXPECT_EQ(0, log_count());
	ASSERT_EQ(1, resume_thread(waiter.worker.fd, 0));
	if (variant->end) {
		if (variant->end != DUE) {
			ASSERT_TRUE(wait_waiting(waiter.worker.fd));
			EXPECT_EQ(1, atomic_load(&waiter.worker.stage));
		}
		cause(variant->end, &waiter, &object);
	}
	ASSERT_TRUE(worker_reached(&waiter.worker, 2));
	EXPECT_EQ(variant->ret, waiter.worker.ret);
	EXPECT_EQ(variant->runs, waiter.worker.arg);
	if ((variant->meanwhile | variant->end) == DUE) {
		EXPECT_LE(waiter.deadline, now());
	}
	ASSERT_TRUE(end_waiter(&waiter));
	/* What it didn't take was there until it exited. */
	EXPECT_EQ(variant->runs, log_count());
}

/* 6.3: others may have the object meanwhile, each of them. */
TEST_F(suspend, others_wait_on)
{
	struct worker object;
	struct waiter waiters[3] = {};
	int i;

	ASSERT_TRUE(worker_start(&object, dev, leave_on_go));
	for (i = 0; i < 3; i++) {
		waiters[i].object = object.fd;
		waiters[i].deadline = now() + PATIENCE;
		ASSERT_TRUE(worker_start(&waiters[i].worker, dev, wait_worker));
		ASSERT_TRUE(wait_waiting(waiters[i].worker.fd));
	}
	ASSERT_EQ(0, suspend_thread(waiters[1].worker.fd, NTAPC_SUSPEND_WAIT));
	worker_go(&object);
	worker_join(&object);
	ASSERT_TRUE(worker_reached(&waiters[0].worker, 2));
	ASSERT_TRUE(worker_reached(&waiters[2].worker, 2));
	EXPECT_EQ(1, atomic_load(&waiters[1].worker.stage));
	ASSERT_EQ(1, resume_thread(waiters[1].worker.fd, 0));
	for (i = 0; i < 3; i++) {
		worker_go(&waiters[i].worker);
		worker_join(&waiters[i].worker);
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiters[i].worker.ret);
	}
}

/*
 * A wait that is interrupted over and over keeps its deadline (11.4): else it would
 * never end.
 */
TEST_F(suspend, deadline_stays)
{
	struct waiter waiter = { .object = -1 };

	waiter.deadline = now() + 400 * NS_PER_MS;
	ASSERT_TRUE(worker_start(&waiter.worker, dev, wait_worker));
	ASSERT_TRUE(worker_reached(&waiter.worker, 1));
	while (atomic_load(&waiter.worker.stage) < 2) {
		ASSERT_EQ(0, suspend_thread(waiter.worker.fd, 0));
		ASSERT_EQ(1, resume_thread(waiter.worker.fd, 0));
		breathe(20);
	}
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, waiter.worker.ret);
	EXPECT_LE(waiter.deadline, now());
	worker_go(&waiter.worker);
	worker_join(&waiter.worker);
}

/* Load */

struct target {
	struct worker worker;
	__u64 next;
	__u64 wrong;
	atomic_ullong specials, ordinary;
	atomic_bool done;
};

static struct target target;

static void take_in_order(__u64 number, __u64 unused, __u64 unused2)
{
	(void)unused;
	(void)unused2;
	if (number != target.next++)
		target.wrong++;
	/* A wait needn't end while there always is something to run (12.7). */
	target.worker.arg++;
	atomic_fetch_add(&target.ordinary, 1);
}

static void take_special(__u64 unused, __u64 unused2, __u64 unused3)
{
	(void)unused;
	(void)unused2;
	(void)unused3;
	atomic_fetch_add(&target.specials, 1);
}

static void consume(struct worker *worker)
{
	int ret;

	while (!atomic_load(&target.done) || nr_pending(worker->fd)) {
		ret = delay(dev, NTAPC_WAIT_ALERTABLE, in_ms(2));
		if (ret != NTAPC_STATUS_SUCCESS && ret != NTAPC_STATUS_USER_APC)
			target.wrong++;
		worker->arg++;
	}
}

static void hammer_worker(struct worker *worker)
{
	__u64 rounds = worker->arg, i;
	int ret;

	for (i = 0; i < rounds; i++) {
		ret = suspend_thread(target.worker.fd,
				     i % 3 ? 0 : NTAPC_SUSPEND_WAIT);
		if (ret < 0) {
			worker->ret = ret;
			return;
		}
		if (i % 8 == 0)
			breathe(16);
		else if (i % 2)
			sched_yield();
		ret = resume_thread(target.worker.fd, 0);
		if (ret < 1) {
			worker->ret = ret - 1000;
			return;
		}
		/* It has to get on now and then, whatever the others do. */
		if (i % 4 == 3 && !moves(&target.worker.arg)) {
			worker->ret = -2000;
			return;
		}
	}
	worker->ret = 0;
}

/* No APC is lost, none comes twice, and ordinary ones keep their order. */
TEST_F(suspend, under_load)
{
	unsigned int rounds = scaled(1000), sent = 0, specials = 0, i;
	struct worker hammers[2] = {
		{ .arg = rounds }, { .arg = rounds },
	};
	bool alive;
	int ret;

	ASSERT_TRUE(worker_start(&target.worker, dev, consume));
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(worker_start(&hammers[i], dev, hammer_worker));
	}
	do {
		/* Whether they were still at it when this round began. */
		alive = !wait_thread(dev, 0, 0, hammers[0].fd) ? false : true;
		for (i = 0; i < 8; i++) {
			if (nr_pending(target.worker.fd) > 1000)
				break;
			ret = queue(target.worker.fd, take_in_order, sent);
			ASSERT_EQ(0, ret);
			sent++;
			if (i % 4 == 1) {
				ASSERT_EQ(0, queue_special(target.worker.fd,
							   take_special, 0));
				specials++;
			} else if (i % 4 == 3) {
				ASSERT_EQ(0, queue_interrupt(target.worker.fd,
							     take_special, 0));
				specials++;
			}
		}
		breathe(20);
	} while (alive);
	for (i = 0; i < 2; i++) {
		worker_join(&hammers[i]);
		EXPECT_EQ(0, hammers[i].ret);
	}
	EXPECT_EQ(0, suspend_count(target.worker.fd));
	atomic_store(&target.done, true);
	worker_join(&target.worker);
	EXPECT_EQ(sent, atomic_load(&target.ordinary));
	EXPECT_EQ(specials, atomic_load(&target.specials));
	EXPECT_EQ(0, target.wrong);
	TH_LOG("%u ordinary, %u special ones", sent, specials);
}

/* Suspensions by many, of one that computes. */
TEST_F(suspend, by_many)
{
	struct worker hammers[4];
	int i;

	ASSERT_TRUE(start_counting(&target.worker));
	for (i = 0; i < 4; i++) {
		hammers[i].arg = scaled(500);
		ASSERT_TRUE(worker_start(&hammers[i], dev, hammer_worker));
	}
	for (i = 0; i < 4; i++) {
		worker_join(&hammers[i]);
		EXPECT_EQ(0, hammers[i].ret);
	}
	EXPECT_EQ(0, suspend_count(target.worker.fd));
	EXPECT_TRUE(moves(&target.worker.arg));
	EXPECT_TRUE(wait_bits(target.worker.fd, ~0U, 0));
	worker_go(&target.worker);
	worker_join(&target.worker);
}

/*
 * Two that suspend each other may both stand still, as on NT; whoever resumes
 * them from outside gets them going again.
 */
static struct worker pair[2];
static __u32 pair_flags;

static void suspend_the_other(struct worker *worker)
{
	int other, ret;
	__u64 i;

	atomic_store(&worker->stage, 1);
	worker_wait(worker);
	other = pair[worker == &pair[0]].fd;
	for (i = 0; i < worker->arg; i++) {
		while ((ret = suspend_thread(other, pair_flags)) == -EOVERFLOW)
			breathe(20);
		/* It may be through already. */
		if (ret < 0 && ret != -ESRCH)
			worker->ret = ret;
		atomic_fetch_add(&worker->stage, 1);
	}
}

static bool pair_has_ended(void)
{
	return thread_bits(pair[0].fd) & thread_bits(pair[1].fd) &
	       NTAPC_THREAD_EXITED;
}

/* How far they have come, both together. */
static int resume_pair(void)
{
	int i, stages = 0;

	for (i = 0; i < 2; i++) {
		if (suspend_count(pair[i].fd))
			resume_thread(pair[i].fd, 0);
		stages += atomic_load(&pair[i].stage);
	}
	return stages;
}

static bool run_pair(unsigned int rounds, __u32 flags)
{
	int stages = 0, i;

	pair_flags = flags;
	for (i = 0; i < 2; i++) {
		pair[i].arg = rounds;
		pair[i].ret = 0;
		if (!worker_start(&pair[i], dev, suspend_the_other) ||
		    !worker_reached(&pair[i], 1))
			return false;
	}
	worker_go(&pair[0]);
	worker_go(&pair[1]);
	/* However long all of it takes, they get on. */
	while (!pair_has_ended()) {
		if (!wait_until(resume_pair() > stages || pair_has_ended()))
			return false;
		stages = resume_pair();
	}
	for (i = 0; i < 2; i++)
		worker_join(&pair[i]);
	return !pair[0].ret && !pair[1].ret;
}

TEST_F(suspend, each_other)
{
	unsigned int rounds = scaled(1000), i;

	ASSERT_TRUE(run_pair(rounds, 0));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(rounds + 1, atomic_load(&pair[i].stage));
	}
}

/* Also while each waits for the other to stand still. */
TEST_F(suspend, each_other_confirmed)
{
	EXPECT_TRUE(run_pair(scaled(200), NTAPC_SUSPEND_WAIT));
}

/* Signals */

/* Those with a handler are held until it is resumed. */
TEST_F(suspend, signal_is_held)
{
	struct worker worker;

	catch_signal(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(start_counting(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	pthread_kill(worker.thread, SIGUSR1);
	EXPECT_TRUE(stands_still(&worker.arg));
	EXPECT_EQ(0, atomic_load(&signals));
	EXPECT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(worker.fd));
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	EXPECT_TRUE(wait_until(atomic_load(&signals) == 1));
	EXPECT_EQ(worker.tid, atomic_load(&signal_tid));
	EXPECT_TRUE(moves(&worker.arg));
	worker_go(&worker);
	worker_join(&worker);
}

/* The call that it comes to then ends or goes on as its flags say. */
TEST_F(suspend, signal_held_from_a_system_call)
{
	static const int flags[] = { SA_RESTART, 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		catch_signal(SIGUSR1, flags[i]);
		ASSERT_TRUE(start_call(prepare_pipe, block_read, dev));
		ASSERT_EQ(0, suspend_thread(call.worker.fd,
					    NTAPC_SUSPEND_WAIT));
		pthread_kill(call.worker.thread, SIGUSR1);
		breathe(UNHURRIED);
		EXPECT_EQ(0, atomic_load(&signals));
		ASSERT_EQ(1, resume_thread(call.worker.fd, 0));
		ASSERT_TRUE(wait_until(atomic_load(&signals) == 1));
		if (flags[i] & SA_RESTART) {
			ASSERT_TRUE(wait_asleep(call.worker.tid));
			release_pipe();
		}
		ASSERT_TRUE(finish_call());
		EXPECT_EQ(flags[i] ? 1 : -1, call.ret);
		if (!flags[i]) {
			EXPECT_EQ(EINTR, call.error);
		}
	}
}

/* The signal mask is the thread's own all the time. */
static void mask_worker(struct worker *worker)
{
	sigset_t set, after;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	count_worker(worker);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	worker->ret = memcmp(&set, &after, 8);
}

TEST_F(suspend, signal_mask)
{
	struct worker worker = {};
	int i;

	catch_signal(SIGUSR2, 0);
	ASSERT_TRUE(worker_start(&worker, dev, mask_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		pthread_kill(worker.thread, SIGUSR2);
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
		ASSERT_TRUE(moves(&worker.arg));
	}
	EXPECT_EQ(0, atomic_load(&signals));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
}

static void share_signal(int sig)
{
	(void)sig;
	atomic_store(&shared->signal_tid, syscall(SYS_gettid));
	atomic_fetch_add(&shared->signals, 1);
}

static void count_shared(int i)
{
	volatile __u64 *count = &shared->counts[i];

	atomic_store(&shared->tids[i], syscall(SYS_gettid));
	while (!atomic_load_explicit(&shared->go, memory_order_relaxed))
		++*count;
}

static void *count_in_thread(void *arg)
{
	count_shared((long)arg);
	return NULL;
}

/* A child of @threads threads, each counting; it exits with 0 on shared->go. */
static pid_t start_process(int threads, int *fds)
{
	pthread_t thread;
	pid_t child;
	long i;

	memset(shared, 0, sizeof(*shared));
	child = fork();
	if (!child) {
		struct sigaction action = {
			.sa_handler = share_signal,
			.sa_flags = SA_RESTART,
		};

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigaction(SIGUSR1, &action, NULL);
		set_dispatcher(dev, ADDR(dispatch_continue));
		for (i = 1; i < threads; i++)
			if (pthread_create(&thread, NULL, count_in_thread,
					   (void *)i))
				_exit(1);
		count_shared(0);
		_exit(0);
	}
	for (i = 0; i < threads; i++) {
		if (!moves(&shared->counts[i]))
			return -1;
		fds[i] = open_thread(dev, atomic_load(&shared->tids[i]));
		if (fds[i] < 0)
			return -1;
	}
	return child;
}

/* SIGKILL ends it at once, whether one of its threads is suspended or all. */
TEST_F(suspend, sigkill)
{
	int fds[3], all, i;
	pid_t child;

	ASSERT_TRUE(make_shared());
	for (all = 0; all < 2; all++) {
		child = start_process(3, fds);
		ASSERT_LT(0, child);
		for (i = 0; i < (all ? 3 : 1); i++) {
			ASSERT_EQ(0, suspend_thread(fds[i], NTAPC_SUSPEND_WAIT));
		}
		kill(child, SIGKILL);
		EXPECT_EQ(-SIGKILL, reap(child));
		for (i = 0; i < 3; i++) {
			EXPECT_TRUE(wait_gone(fds[i]));
			EXPECT_EQ(NTAPC_THREAD_EXITED, thread_bits(fds[i]));
			EXPECT_EQ(0, resume_thread(fds[i], 0));
			close(fds[i]);
		}
	}
}

/* Other fatal signals find a thread that isn't suspended, or wait for one. */
TEST_F(suspend, sigterm)
{
	pid_t child;
	int fds[2];

	ASSERT_TRUE(make_shared());
	child = start_process(2, fds);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
	kill(child, SIGTERM);
	EXPECT_EQ(-SIGTERM, reap(child));
	child = start_process(1, fds);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
	kill(child, SIGTERM);
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	EXPECT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(fds[0]));
	EXPECT_EQ(1, resume_thread(fds[0], 0));
	EXPECT_EQ(-SIGTERM, reap(child));
}

/* Its process can be stopped and continued, and it is suspended all the time. */
TEST_F(suspend, sigstop)
{
	int fds[2], status, i;
	pid_t child;

	ASSERT_TRUE(make_shared());
	child = start_process(2, fds);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kill(child, SIGSTOP));
		ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
		ASSERT_TRUE(WIFSTOPPED(status));
		EXPECT_TRUE(stands_still(&shared->counts[1]));
		ASSERT_EQ(0, kill(child, SIGCONT));
		ASSERT_EQ(child, waitpid(child, &status, WCONTINUED));
		ASSERT_TRUE(WIFCONTINUED(status));
		EXPECT_TRUE(moves(&shared->counts[1]));
		/* It may run for a moment, if it has to be fetched. */
		ASSERT_TRUE(wait_suspended(fds[0]));
		EXPECT_TRUE(stands_still(&shared->counts[0]));
		EXPECT_EQ(1, suspend_count(fds[0]));
	}
	EXPECT_EQ(1, resume_thread(fds[0], 0));
	EXPECT_TRUE(moves(&shared->counts[0]));
	atomic_store(&shared->go, 1);
	EXPECT_EQ(0, reap(child));
}

/* Suspended and resumed while it is stopped: neither starts it. */
TEST_F(suspend, while_stopped)
{
	int fds[1], status;
	pid_t child;

	ASSERT_TRUE(make_shared());
	child = start_process(1, fds);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, kill(child, SIGSTOP));
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	EXPECT_EQ(0, suspend_thread(fds[0], 0));
	EXPECT_EQ(1, suspend_count(fds[0]));
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	EXPECT_EQ(1, resume_thread(fds[0], 0));
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	EXPECT_EQ(0, suspend_thread(fds[0], 0));
	ASSERT_EQ(0, kill(child, SIGCONT));
	ASSERT_TRUE(wait_suspended(fds[0]));
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	EXPECT_EQ(1, resume_thread(fds[0], 0));
	EXPECT_TRUE(moves(&shared->counts[0]));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
}

/* A signal for the process goes to a thread that can take it. */
TEST_F(suspend, signal_for_the_process)
{
	pid_t child;
	int fds[2];

	ASSERT_TRUE(make_shared());
	child = start_process(2, fds);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, kill(child, SIGUSR1));
	EXPECT_TRUE(wait_until(atomic_load(&shared->signals) == 1));
	EXPECT_EQ(shared->tids[1], shared->signal_tid);
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	/* With all suspended it waits for the first that is resumed. */
	ASSERT_EQ(0, suspend_thread(fds[1], NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, kill(child, SIGUSR1));
	EXPECT_TRUE(stands_still(&shared->counts[1]));
	EXPECT_EQ(1, atomic_load(&shared->signals));
	EXPECT_EQ(1, resume_thread(fds[1], 0));
	EXPECT_TRUE(wait_until(atomic_load(&shared->signals) == 2));
	EXPECT_EQ(shared->tids[1], shared->signal_tid);
	EXPECT_EQ(1, resume_thread(fds[0], 0));
	atomic_store(&shared->go, 1);
	EXPECT_EQ(0, reap(child));
}

/* Tracers */

TEST_F(suspend, traced)
{
	struct user_regs_struct regs;
	int fds[1], status, seize;
	pid_t child;

	ASSERT_TRUE(make_shared());
	for (seize = 0; seize < 2; seize++) {
		child = start_process(1, fds);
		ASSERT_LT(0, child);
		ASSERT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
		if (seize) {
			ASSERT_EQ(0, ptrace(PTRACE_SEIZE, child, 0, 0));
			ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, child, 0, 0));
		} else {
			ASSERT_EQ(0, ptrace(PTRACE_ATTACH, child, 0, 0));
		}
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_TRUE(WIFSTOPPED(status));
		EXPECT_EQ(0, ptrace(PTRACE_GETREGS, child, 0, &regs));
		EXPECT_EQ(0, ptrace(PTRACE_SETREGS, child, 0, &regs));
		EXPECT_EQ(1, suspend_count(fds[0]));
		EXPECT_EQ(0, ptrace(PTRACE_DETACH, child, 0, 0));
		ASSERT_TRUE(wait_suspended(fds[0]));
		EXPECT_TRUE(stands_still(&shared->counts[0]));
		EXPECT_EQ(1, resume_thread(fds[0], 0));
		EXPECT_TRUE(moves(&shared->counts[0]));
		atomic_store(&shared->go, 1);
		EXPECT_EQ(0, reap(child));
		close(fds[0]);
	}
}

/* Resumed under a tracer that has stopped it: it stays there. */
TEST_F(suspend, resumed_while_traced)
{
	int fds[1], status;
	pid_t child;

	ASSERT_TRUE(make_shared());
	child = start_process(1, fds);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, child, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, child, 0, 0));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(1, resume_thread(fds[0], 0));
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	EXPECT_EQ(0, ptrace(PTRACE_CONT, child, 0, 0));
	EXPECT_TRUE(moves(&shared->counts[0]));
	EXPECT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	EXPECT_EQ(1, resume_thread(fds[0], 0));
	atomic_store(&shared->go, 1);
	EXPECT_EQ(0, reap(child));
}

/* The freezer */

TEST_F(suspend, frozen)
{
	pid_t child;
	int fds[2];

	ASSERT_TRUE(make_shared());
	child = start_process(2, fds);
	ASSERT_LT(0, child);
	if (geteuid() || !freezer_take(child)) {
		kill(child, SIGKILL);
		reap(child);
		freezer_remove();
		SKIP(return, "no cgroup freezer");
	}
	ASSERT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
	/* It counts as frozen, too. */
	EXPECT_TRUE(freezer_freeze());
	EXPECT_TRUE(stands_still(&shared->counts[1]));
	EXPECT_EQ(1, suspend_count(fds[0]));
	EXPECT_TRUE(freezer_thaw());
	EXPECT_TRUE(moves(&shared->counts[1]));
	ASSERT_TRUE(wait_suspended(fds[0]));
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	/* Resumed while frozen: it goes on when it is thawed. */
	EXPECT_TRUE(freezer_freeze());
	EXPECT_EQ(1, resume_thread(fds[0], 0));
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	EXPECT_TRUE(freezer_thaw());
	EXPECT_TRUE(moves(&shared->counts[0]));
	/* Suspended while frozen: it is when it is thawed. */
	EXPECT_TRUE(freezer_freeze());
	EXPECT_EQ(0, suspend_thread(fds[0], 0));
	EXPECT_TRUE(freezer_thaw());
	EXPECT_TRUE(wait_suspended(fds[0]));
	EXPECT_TRUE(stands_still(&shared->counts[0]));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	freezer_remove();
}

/* All of them at once, for a thread that is suspended and resumed meanwhile. */
static int everything_fds[2];

static void suspend_both(struct worker *worker)
{
	int ret, i;

	while (atomic_load(&worker->go) < 2) {
		for (i = 0; i < 2; i++) {
			ret = suspend_thread(everything_fds[i], 0);
			if (ret < 0)
				worker->ret = ret;
			breathe(worker->arg++ & 15);
			ret = resume_thread(everything_fds[i], 0);
			if (ret < 1)
				worker->ret = ret - 1000;
		}
	}
}

TEST_F(suspend, with_everything)
{
	unsigned int rounds = scaled(400), i;
	struct worker hammers[2] = {};
	int status, handled = 0;
	pid_t child;

	ASSERT_TRUE(make_shared());
	child = start_process(2, everything_fds);
	ASSERT_LT(0, child);
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(worker_start(&hammers[i], dev, suspend_both));
	}
	for (i = 0; i < rounds; i++) {
		switch (i % 4) {
		case 0:
			ASSERT_EQ(0, kill(child, SIGSTOP));
			ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
			ASSERT_TRUE(WIFSTOPPED(status));
			ASSERT_EQ(0, kill(child, SIGCONT));
			break;
		case 1:
			ASSERT_EQ(0, ptrace(PTRACE_SEIZE, child, 0, 0));
			ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, child, 0, 0));
			ASSERT_EQ(child, waitpid(child, &status, 0));
			ASSERT_TRUE(WIFSTOPPED(status));
			ASSERT_EQ(0, ptrace(PTRACE_DETACH, child, 0, 0));
			break;
		case 2:
			handled = atomic_load(&shared->signals);
			ASSERT_EQ(0, kill(child, SIGUSR1));
			ASSERT_TRUE(wait_until(atomic_load(&shared->signals) >
					       handled));
			break;
		case 3:
			ASSERT_EQ(0, queue_interrupt(everything_fds[i / 4 % 2],
						     log_apc, i));
			break;
		}
	}
	for (i = 0; i < 2; i++) {
		worker_go(&hammers[i]);
		worker_join(&hammers[i]);
		EXPECT_EQ(0, hammers[i].ret);
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, suspend_count(everything_fds[i]));
		EXPECT_TRUE(moves(&shared->counts[i]));
		EXPECT_TRUE(wait_until(!nr_pending(everything_fds[i])));
	}
	atomic_store(&shared->go, 1);
	EXPECT_EQ(0, reap(child));
}

/* Processes: NtSuspendProcess, NtResumeProcess */

TEST_F(suspend, process)
{
	pid_t child;
	int fds[3], i;

	ASSERT_TRUE(make_shared());
	child = start_process(3, fds);
	ASSERT_LT(0, child);
	/* One of its threads is enough to name it. */
	EXPECT_EQ(0, suspend_thread(fds[1], NTAPC_SUSPEND_PROCESS));
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(wait_suspended(fds[i]));
		EXPECT_EQ(1, suspend_count(fds[i]));
		EXPECT_TRUE(stands_still(&shared->counts[i]));
	}
	/* One more for one of them. */
	EXPECT_EQ(1, suspend_thread(fds[2], 0));
	EXPECT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_PROCESS));
	EXPECT_EQ(2, suspend_count(fds[0]));
	EXPECT_EQ(3, suspend_count(fds[2]));
	EXPECT_EQ(0, resume_thread(fds[0], NTAPC_RESUME_PROCESS));
	EXPECT_EQ(0, resume_thread(fds[0], NTAPC_RESUME_PROCESS));
	EXPECT_TRUE(moves(&shared->counts[0]));
	EXPECT_TRUE(moves(&shared->counts[1]));
	EXPECT_TRUE(stands_still(&shared->counts[2]));
	EXPECT_EQ(1, suspend_count(fds[2]));
	/* 6.5: those that aren't suspended are left alone. */
	EXPECT_EQ(0, resume_thread(fds[1], NTAPC_RESUME_PROCESS));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, suspend_count(fds[i]));
		EXPECT_TRUE(moves(&shared->counts[i]));
	}
	atomic_store(&shared->go, 1);
	EXPECT_EQ(0, reap(child));
}

/* More than once at a time: each counts once, for each thread. */
#define SWEEPERS	2
#define SWEEPS		25

static void sweep_process(struct worker *worker)
{
	unsigned int i;

	worker_wait(worker);
	for (i = 0; i < SWEEPS && !worker->ret; i++)
		worker->ret = suspend_thread(worker->arg,
					     NTAPC_SUSPEND_PROCESS);
}

TEST_F(suspend, process_by_several)
{
	unsigned int rounds = scaled(20), round, i;
	struct worker sweepers[SWEEPERS];
	pid_t child;
	int fds[3];

	ASSERT_TRUE(make_shared());
	child = start_process(3, fds);
	ASSERT_LT(0, child);
	for (round = 0; round < rounds; round++) {
		memset(sweepers, 0, sizeof(sweepers));
		for (i = 0; i < SWEEPERS; i++) {
			sweepers[i].arg = fds[i];
			ASSERT_TRUE(worker_start(&sweepers[i], dev,
						 sweep_process));
		}
		for (i = 0; i < SWEEPERS; i++)
			worker_go(&sweepers[i]);
		for (i = 0; i < SWEEPERS; i++) {
			worker_join(&sweepers[i]);
			EXPECT_EQ(0, sweepers[i].ret);
			close(sweepers[i].fd);
		}
		for (i = 0; i < 3; i++) {
			ASSERT_EQ(SWEEPERS * SWEEPS, suspend_count(fds[i]));
		}
		for (i = 0; i < SWEEPERS * SWEEPS; i++) {
			ASSERT_EQ(0, resume_thread(fds[0],
						   NTAPC_RESUME_PROCESS));
		}
	}
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(moves(&shared->counts[i]));
	}
	atomic_store(&shared->go, 1);
	EXPECT_EQ(0, reap(child));
}

/* A thread at its limit doesn't keep the others from being suspended. */
TEST_F(suspend, process_with_one_at_the_limit)
{
	pid_t child;
	int fds[2], i;

	ASSERT_TRUE(make_shared());
	child = start_process(2, fds);
	ASSERT_LT(0, child);
	for (i = 0; i < NTAPC_SUSPEND_MAX; i++) {
		ASSERT_EQ(i, suspend_thread(fds[0], 0));
	}
	EXPECT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_PROCESS));
	EXPECT_EQ(NTAPC_SUSPEND_MAX, suspend_count(fds[0]));
	EXPECT_EQ(1, suspend_count(fds[1]));
	EXPECT_TRUE(wait_suspended(fds[1]));
	EXPECT_EQ(0, resume_thread(fds[1], NTAPC_RESUME_PROCESS));
	EXPECT_EQ(NTAPC_SUSPEND_MAX - 1, suspend_count(fds[0]));
	EXPECT_EQ(0, suspend_count(fds[1]));
	EXPECT_TRUE(moves(&shared->counts[1]));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
}

/* One that suspends all of itself; another process resumes it. */
TEST_F(suspend, own_process)
{
	int thread, other_fd;
	pid_t child;

	ASSERT_TRUE(make_shared());
	memset(shared, 0, sizeof(*shared));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pthread_t other;
		int self, ret;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		self = open_thread(dev, 0);
		pthread_create(&other, NULL, count_in_thread, (void *)1L);
		if (!moves(&shared->counts[1]))
			_exit(1);
		ret = suspend_thread(self, NTAPC_SUSPEND_PROCESS);
		atomic_store(&shared->go, 1);
		pthread_join(other, NULL);
		_exit(ret ? 2 : 0);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_suspended(thread));
	/* The other one is on its way. */
	other_fd = open_thread(dev, atomic_load(&shared->tids[1]));
	ASSERT_LE(0, other_fd);
	ASSERT_TRUE(wait_suspended(other_fd));
	EXPECT_TRUE(stands_still(&shared->counts[1]));
	EXPECT_EQ(0, atomic_load(&shared->go));
	EXPECT_EQ(0, resume_thread(thread, NTAPC_RESUME_PROCESS));
	EXPECT_EQ(0, reap(child));
}

/* Threads that are made just then are suspended too. */
static void *count_once(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&shared->counts[0], 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Each that isn't just ending, as far as they can be listed. */
static bool all_suspended(pid_t pid)
{
	struct dirent *entry;
	bool all = true;
	char path[64];
	int thread;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		thread = open_thread(dev, atoi(entry->d_name));
		if (thread == -ESRCH)
			continue;
		all = all && thread >= 0 &&
		      thread_bits(thread) & (NTAPC_THREAD_SUSPENDED |
					     NTAPC_THREAD_EXITED);
		close(thread);
	}
	closedir(dir);
	return all;
}

TEST_F(suspend, process_that_makes_threads)
{
	unsigned int rounds = scaled(50), round;
	pid_t child;
	int thread;

	ASSERT_TRUE(make_shared());
	memset(shared, 0, sizeof(*shared));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pthread_t threads[4];
		int i;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (!atomic_load(&shared->go)) {
			for (i = 0; i < 4; i++)
				if (pthread_create(&threads[i], NULL,
						   count_once, NULL))
					_exit(1);
			for (i = 0; i < 4; i++)
				pthread_join(threads[i], NULL);
		}
		_exit(0);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	for (round = 0; round < rounds; round++) {
		ASSERT_TRUE(moves(&shared->counts[0]));
		ASSERT_EQ(0, suspend_thread(thread, NTAPC_SUSPEND_PROCESS));
		ASSERT_TRUE(wait_suspended(thread));
		/* Whoever was on its way to a safe point gets there. */
		ASSERT_TRUE(wait_until(all_suspended(child)));
		ASSERT_TRUE(stands_still(&shared->counts[0]));
		ASSERT_EQ(0, resume_thread(thread, NTAPC_RESUME_PROCESS));
	}
	EXPECT_TRUE(moves(&shared->counts[0]));
	atomic_store(&shared->go, 1);
	EXPECT_EQ(0, reap(child));
}

/* A process's child isn't suspended with it, nor is a child of a suspended one. */
TEST_F(suspend, fork_of_a_process)
{
	pid_t child;
	int thread;

	ASSERT_TRUE(make_shared());
	memset(shared, 0, sizeof(*shared));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct worker worker;
		pid_t grandchild;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!start_counting(&worker) ||
		    suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT))
			_exit(1);
		grandchild = fork();
		if (!grandchild) {
			int self = open_thread(dev, 0);

			if (thread_bits(self) || suspend_count(self))
				_exit(2);
			atomic_store(&shared->tids[1], getpid());
			count_shared(0);
			_exit(0);
		}
		_exit(reap(grandchild));
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(moves(&shared->counts[0]));
	EXPECT_EQ(0, suspend_thread(thread, NTAPC_SUSPEND_PROCESS));
	ASSERT_TRUE(wait_suspended(thread));
	EXPECT_TRUE(moves(&shared->counts[0]));
	EXPECT_EQ(0, resume_thread(thread, NTAPC_RESUME_PROCESS));
	atomic_store(&shared->go, 1);
	EXPECT_EQ(0, reap(child));
}

/* Suspended over and over while it forks: no child ever is. */
static void fork_worker(struct worker *worker)
{
	pid_t child;

	while (atomic_load(&worker->go) < 2) {
		child = fork();
		if (!child)
			_exit(0);
		if (child < 0 || reap(child))
			worker->ret++;
		++*(volatile __u64 *)&worker->arg;
	}
}

TEST_F(suspend, while_it_forks)
{
	unsigned int rounds = scaled(300), i;
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, fork_worker));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
		if (i % 16 == 0) {
			ASSERT_TRUE(moves(&worker.arg));
		}
	}
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
}

/* Ends */

enum way {
	BY_SIGKILL,
	BY_EXIT_GROUP,
	BY_EXEC,
	BY_CRASH,
	BY_EXITS,	/* of all other threads, the leader being resumed then */
};

FIXTURE(end)
{
};

FIXTURE_VARIANT(end)
{
	enum way way;
	/* The leader is suspended, or the one that is neither. */
	bool leader;
	int ret;
};

#define END(name, ...) FIXTURE_VARIANT_ADD(end, name) { __VA_ARGS__ }

END(sigkill, .way = BY_SIGKILL, .ret = -SIGKILL);
END(sigkill_leader, .way = BY_SIGKILL, .leader = true, .ret = -SIGKILL);
END(exit_group, .way = BY_EXIT_GROUP, .ret = 3);
END(exit_group_leader, .way = BY_EXIT_GROUP, .leader = true, .ret = 3);
END(exec, .way = BY_EXEC, .ret = 4);
END(exec_leader, .way = BY_EXEC, .leader = true, .ret = 4);
END(crash, .way = BY_CRASH, .ret = -SIGILL);
END(crash_leader, .way = BY_CRASH, .leader = true, .ret = -SIGILL);
END(exits, .way = BY_EXITS, .leader = true, .ret = 0);

FIXTURE_SETUP(end)
{
	ASSERT_TRUE(prepare_program());
	ASSERT_TRUE(make_shared());
}

FIXTURE_TEARDOWN(end)
{
}

static enum way way_to_go;

static void *end_it(void *arg)
{
	char *argv[] = { program, "--child", NULL };

	(void)arg;
	atomic_store(&shared->tids[2], syscall(SYS_gettid));
	while (!atomic_load(&shared->go))
		breathe(20);
	switch (way_to_go) {
	case BY_EXIT_GROUP:
		_exit(3);
	case BY_EXEC:
		execv(program, argv);
		_exit(1);
	case BY_CRASH:
		__builtin_trap();
	case BY_EXITS:
		return NULL;
	case BY_SIGKILL:
		break;
	}
	for (;;)
		pause();
}

TEST_F(end, of_a_process)
{
	pid_t child;
	int fds[2], which = variant->leader ? 0 : 1;

	way_to_go = variant->way;
	memset(shared, 0, sizeof(*shared));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pthread_t threads[2];

		pthread_create(&threads[0], NULL, count_in_thread, (void *)1L);
		pthread_create(&threads[1], NULL, end_it, NULL);
		count_shared(0);
		/* Set free by BY_EXITS only. */
		if (way_to_go != BY_EXITS)
			for (;;)
				pause();
		_exit(0);
	}
	ASSERT_TRUE(moves(&shared->counts[0]));
	ASSERT_TRUE(moves(&shared->counts[1]));
	ASSERT_TRUE(wait_until(atomic_load(&shared->tids[2])));
	fds[0] = open_thread(dev, shared->tids[which]);
	ASSERT_LE(0, fds[0]);
	fds[1] = open_thread(dev, shared->tids[2]);
	ASSERT_LE(0, fds[1]);
	ASSERT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(0, queue(fds[0], log_apc, 1));
	if (variant->way == BY_SIGKILL)
		kill(child, SIGKILL);
	atomic_store(&shared->go, 1);
	if (variant->way == BY_EXITS) {
		ASSERT_TRUE(wait_gone(fds[1]));
		EXPECT_TRUE(stands_still(&shared->counts[0]));
		EXPECT_EQ(1, resume_thread(fds[0], 0));
	}
	EXPECT_EQ(variant->ret, reap(child));
	EXPECT_TRUE(wait_gone(fds[0]));
	EXPECT_EQ(NTAPC_THREAD_EXITED, thread_bits(fds[0]));
	EXPECT_EQ(0, suspend_count(fds[0]));
	/* 6.8 */
	EXPECT_EQ(0, resume_thread(fds[0], 0));
	EXPECT_EQ(-ESRCH, suspend_thread(fds[0], 0));
}

/* Suspensions race ends of all kinds: whoever waits comes back. */
TEST_F(end, races_suspension)
{
	unsigned int rounds = scaled(60), round;
	int ret;

	if (variant->way == BY_EXITS)
		SKIP(return, "it would have to be resumed");
	way_to_go = variant->way;
	for (round = 0; round < rounds; round++) {
		int thread;
		pid_t child;

		memset(shared, 0, sizeof(*shared));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			pthread_t threads[2];

			pthread_create(&threads[0], NULL, count_in_thread,
				       (void *)1L);
			pthread_create(&threads[1], NULL, end_it, NULL);
			count_shared(0);
			for (;;)
				pause();
		}
		ASSERT_TRUE(wait_until(atomic_load(&shared->tids[0]) &&
				       atomic_load(&shared->tids[1]) &&
				       atomic_load(&shared->tids[2])));
		thread = open_thread(dev,
				     shared->tids[variant->leader ? 0 : 1]);
		ASSERT_LE(0, thread);
		if (variant->way == BY_SIGKILL)
			kill(child, SIGKILL);
		atomic_store(&shared->go, 1);
		do {
			ret = suspend_thread(thread, round & 1 ?
					     NTAPC_SUSPEND_WAIT : 0);
		} while (ret >= 0);
		EXPECT_TRUE(ret == -ESRCH || ret == -EOVERFLOW);
		EXPECT_EQ(variant->ret, reap(child));
		EXPECT_TRUE(wait_gone(thread));
		close(thread);
	}
}

/* Authority */

#define USER	65531

static void become(uid_t user)
{
	if (setresgid(user, user, user) || setresuid(user, user, user) ||
	    prctl(PR_SET_DUMPABLE, 1))
		_exit(8);
}

/* Everything that a descriptor is the right to do. */
static int try_everything(int thread, int expected)
{
	struct ntapc_context context;
	int ret;

#define TRY(code, result) do {						\
	ret = (result);							\
	if (ret != expected)						\
		return code;						\
} while (0)
	TRY(1, suspend_thread(thread, 0));
	TRY(2, suspend_thread(thread, NTAPC_SUSPEND_WAIT));
	TRY(3, suspend_thread(thread, NTAPC_SUSPEND_PROCESS));
	/* 6.8: of one that has exited it does nothing. */
	if (expected != -ESRCH) {
		TRY(4, resume_thread(thread, 0));
		TRY(5, resume_thread(thread, NTAPC_RESUME_ALERT));
	} else if (resume_thread(thread, 0) ||
		   resume_thread(thread, NTAPC_RESUME_ALERT)) {
		return 4;
	}
	TRY(6, resume_thread(thread, NTAPC_RESUME_PROCESS));
	TRY(7, alert_thread(thread));
	TRY(8, get_context(thread, NTAPC_CONTEXT_CONTROL, &context));
	memset(&context, 0, sizeof(context));
	TRY(9, set_context(thread, NTAPC_CONTEXT_CONTROL, &context));
	TRY(10, kernel_apc(thread, 0, "count", 0));
	/* Before it is looked for. */
	TRY(11, kernel_apc(thread, 0, "nosuch", 0));
	TRY(12, terminate_thread(thread, 1));
#undef TRY
	return 0;
}

FIXTURE(authority)
{
};

FIXTURE_SETUP(authority)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_TRUE(prepare_program());
	ASSERT_TRUE(make_shared());
	memset(shared, 0, sizeof(*shared));
	ASSERT_EQ(0, chmod("/dev/ntapc", 0666));
}

FIXTURE_TEARDOWN(authority)
{
}

/*
 * A target that changes its credentials or becomes undumpable is out of reach of
 * who couldn't open it now, and in nobody's suspension on whose behalf.
 */
TEST_F(authority, after_a_change)
{
	pid_t target_pid, other;
	int thread, undumpable;

	for (undumpable = 0; undumpable < 2; undumpable++) {
		memset(shared, 0, sizeof(*shared));
		target_pid = fork();
		ASSERT_LE(0, target_pid);
		if (!target_pid) {
			if (setresgid(USER, USER, USER) ||
			    setresuid(USER, USER, 0) ||
			    prctl(PR_SET_DUMPABLE, 1))
				_exit(30);
			atomic_store(&shared->tids[0], 1);
			while (!atomic_load(&shared->go))
				breathe(20);
			if (undumpable) {
				if (prctl(PR_SET_DUMPABLE, 0))
					_exit(31);
			} else if (seteuid(0) ||
				   setresuid(USER + 1, USER + 1, USER + 1)) {
				_exit(32);
			}
			atomic_store(&shared->tids[1], 1);
			for (;;)
				++*(volatile __u64 *)&shared->counts[2];
		}
		ASSERT_TRUE(wait_until(atomic_load(&shared->tids[0])));
		thread = open_thread(dev, target_pid);
		ASSERT_LE(0, thread);
		other = fork();
		ASSERT_LE(0, other);
		if (!other) {
			int ret;

			become(USER);
			/* Handed over, it is the right to all of this. */
			if (suspend_thread(thread, NTAPC_SUSPEND_WAIT))
				_exit(50);
			if (resume_thread(thread, 0) != 1)
				_exit(51);
			atomic_store(&shared->go, 1);
			if (!wait_until(atomic_load(&shared->tids[1])))
				_exit(52);
			ret = try_everything(thread, -EACCES);
			_exit(ret);
		}
		EXPECT_EQ(0, reap(other));
		/* Nothing of that has been. */
		EXPECT_TRUE(moves(&shared->counts[2]));
		EXPECT_EQ(0, suspend_count(thread));
		EXPECT_EQ(0, thread_bits(thread));
		/* Root still may. */
		EXPECT_EQ(0, suspend_thread(thread, NTAPC_SUSPEND_WAIT));
		EXPECT_TRUE(stands_still(&shared->counts[2]));
		kill(target_pid, SIGKILL);
		EXPECT_EQ(-SIGKILL, reap(target_pid));
		close(thread);
	}
}

/* After execve() the descriptor reaches nothing. */
TEST_F(authority, after_exec)
{
	char *argv[] = { program, "--stay", NULL };
	int thread, again;
	pid_t child;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		while (!atomic_load(&shared->go))
			breathe(20);
		execv(program, argv);
		_exit(1);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	atomic_store(&shared->go, 1);
	ASSERT_TRUE(wait_gone(thread));
	EXPECT_EQ(0, try_everything(thread, -ESRCH));
	/* The new image is another matter. */
	again = open_thread(dev, child);
	ASSERT_LE(0, again);
	EXPECT_EQ(0, suspend_count(again));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
}

/* 14.5: nor does it reach a thread that got the old one's number. */
TEST_F(authority, recycled_thread_id)
{
	pid_t first, child;
	int thread, ret;

	if (unshare(CLONE_NEWPID))
		SKIP(return, "no pid namespaces");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pid_t other;

		first = fork();
		if (!first) {
			pause();
			_exit(0);
		}
		thread = open_thread(dev, first);
		if (thread < 0 || suspend_thread(thread, NTAPC_SUSPEND_WAIT))
			_exit(1);
		kill(first, SIGKILL);
		reap(first);
		if (write_number("/proc/sys/kernel/ns_last_pid", first - 1))
			_exit(40);
		other = fork();
		if (!other) {
			count_shared(0);
			_exit(0);
		}
		if (other != first)
			_exit(40);
		if (!moves(&shared->counts[0]))
			_exit(2);
		if (suspend_thread(thread, 0) != -ESRCH ||
		    resume_thread(thread, 0) != 0 ||
		    terminate_thread(thread, 1) != -ESRCH ||
		    alert_thread(thread) != -ESRCH ||
		    kernel_apc(thread, 0, "count", 0) != -ESRCH)
			_exit(3);
		if (!moves(&shared->counts[0]))
			_exit(4);
		kill(other, SIGKILL);
		reap(other);
		_exit(0);
	}
	ret = reap(child);
	if (ret == 40)
		SKIP(return, "thread ids can't be chosen");
	EXPECT_EQ(0, ret);
}

/* Unloading: the module stays while it has somebody suspended. */

FIXTURE(unload)
{
	const char *module_file;
};

static int unload(void)
{
	return syscall(SYS_delete_module, "ntapc", O_NONBLOCK) ? -errno : 0;
}

static int load(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	if (!ret && !wait_until(!access("/dev/ntapc", F_OK)))
		ret = -ENODEV;
	return ret;
}

FIXTURE_SETUP(unload)
{
	self->module_file = getenv("NTAPC_KO");
	if (geteuid())
		SKIP(return, "needs root");
	if (!self->module_file || access(self->module_file, R_OK))
		SKIP(return, "NTAPC_KO doesn't name the module's file");
	ASSERT_TRUE(make_shared());
	dev = open_device();
	ASSERT_LE(0, dev);
}

FIXTURE_TEARDOWN_PARENT(unload)
{
	const char *module_file = getenv("NTAPC_KO");

	if (!geteuid() && module_file && !access(module_file, R_OK) &&
	    access("/sys/module/ntapc", F_OK))
		load(module_file);
}

TEST_F(unload, not_while_suspended)
{
	int killed, fds[1], ret;
	pid_t child;

	for (killed = 0; killed < 2; killed++) {
		memset(shared, 0, sizeof(*shared));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			close(dev);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			count_shared(0);
			_exit(0);
		}
		ASSERT_TRUE(moves(&shared->counts[0]));
		fds[0] = open_thread(dev, child);
		ASSERT_LE(0, fds[0]);
		ASSERT_EQ(0, suspend_thread(fds[0], NTAPC_SUSPEND_WAIT));
		close(fds[0]);
		close(dev);
		ret = unload();
		ASSERT_TRUE(ret == -EBUSY || ret == -EAGAIN);
		EXPECT_TRUE(stands_still(&shared->counts[0]));
		ret = unload();
		ASSERT_TRUE(ret == -EBUSY || ret == -EAGAIN);
		if (killed) {
			kill(child, SIGKILL);
		} else {
			dev = open_device();
			ASSERT_LE(0, dev);
			/* A new descriptor for the old suspension. */
			fds[0] = open_thread(dev, child);
			ASSERT_LE(0, fds[0]);
			EXPECT_EQ(1, resume_thread(fds[0], 0));
			EXPECT_TRUE(moves(&shared->counts[0]));
			close(fds[0]);
			close(dev);
			atomic_store(&shared->go, 1);
		}
		EXPECT_EQ(killed ? -SIGKILL : 0, reap(child));
		EXPECT_TRUE(wait_until(!unload()));
		ASSERT_EQ(0, load(self->module_file));
		dev = open_device();
		ASSERT_LE(0, dev);
	}
}

int main(int argc, char **argv)
{
	/* What BY_EXEC executes. */
	if (argc > 1 && !strcmp(argv[1], "--child"))
		return 4;
	if (argc > 1 && !strcmp(argv[1], "--stay"))
		for (;;)
			pause();
	return test_harness_run(argc, argv);
}
