// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: ordinary APCs. Rule numbers are those of
 * Documentation/nt-semantics.rst.
 */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "face.h"
#include "kselftest_harness.h"

FIXTURE(plain)
{
	int self;
};

FIXTURE_SETUP(plain)
{
	log_reset();
	self->self = ntapc_thread_self();
	ASSERT_LE(0, self->self);
}

FIXTURE_TEARDOWN(plain)
{
}

TEST_F(plain, version_and_info)
{
	struct ntapc_info info;

	EXPECT_STREQ(NTAPC_LIB_VERSION, ntapc_version());
	ASSERT_EQ(0, ntapc_get_info(&info));
	EXPECT_EQ(NTAPC_ABI_VERSION, info.abi_version);
	EXPECT_LT(0, info.max_queued_thread);
	EXPECT_LT(0, info.max_queued_user);
	EXPECT_EQ(sizeof(struct ntapc_frame), info.frame_size);
}

/* 3.4, 12.2 */
TEST_F(plain, first_in_first_out)
{
	struct ntapc_queue_entry many[300];
	int i, n = 0;

	for (i = 0; i < 700; i++)
		ASSERT_EQ(0, ntapc_queue(self->self, log_apc, n++, 0, 0));
	for (i = 0; i < 300; i++)
		many[i] = (struct ntapc_queue_entry){
			.routine = (uintptr_t)log_apc,
			.arg = { n++ },
		};
	ASSERT_EQ(300, ntapc_queue_many(self->self, many, 300));
	ASSERT_EQ(0, log_count);
	/* One alertable wait runs them all and returns once. */
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	ASSERT_EQ(1000, log_count);
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(i, log_entry[i]);
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(0, NTAPC_ALERTABLE));
}

static void sum_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	log_add(a == 0xfedcba9876543210 && b == UINTPTR_MAX && c == 7);
}

TEST_F(plain, arguments_are_whole)
{
	ASSERT_EQ(0, ntapc_queue(self->self, sum_apc, 0xfedcba9876543210,
				 UINTPTR_MAX, 7));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
	EXPECT_TRUE(logged(1, 1));
}

/* 5.4: the queue has run, and the result isn't USER_APC. */
TEST_F(plain, test_alert)
{
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 1, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 2, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
	EXPECT_TRUE(logged(2, 1, 2));
}

/* With nothing queued, an alertable test needs no system call. */
TEST_F(plain, test_alert_for_free)
{
	pid_t pid = fork();

	if (!pid) {
		ntapc_test_alert();
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
			_exit(77);
		ntapc_guard_enter();
		ntapc_guard_leave();
		syscall(SYS_exit, ntapc_test_alert());
	}
	int end = end_of(pid);

	if (end == 77)
		SKIP(return, "no seccomp");
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, end);
}

static void requeue_apc(uintptr_t n, uintptr_t fd, uintptr_t c)
{
	(void)c;
	log_add(n);
	if (n < 200)
		ntapc_queue(fd, requeue_apc, n + 1, fd, 0);
}

/* 12.8 */
TEST_F(plain, queued_by_an_apc_runs_in_the_same_drain)
{
	ASSERT_EQ(0, ntapc_queue(self->self, requeue_apc, 1, self->self, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  ntapc_delay(NTAPC_FOREVER, NTAPC_ALERTABLE));
	EXPECT_EQ(200, log_count);
	EXPECT_EQ(200, log_entry[199]);
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(0, NTAPC_ALERTABLE));
}

static int nested_result[8];

static void nesting_apc(uintptr_t n, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(n);
	nested_result[n] = ntapc_delay(0, NTAPC_ALERTABLE);
	log_add(-n);
}

/* 12.6: the following ones run deeper, each once. */
TEST_F(plain, nested_waits_take_the_following_ones)
{
	ASSERT_EQ(0, ntapc_queue(self->self, nesting_apc, 1, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, nesting_apc, 2, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, nesting_apc, 3, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(6, 1, 2, 3, -3, -2, -1));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, nested_result[1]);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, nested_result[2]);
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, nested_result[3]);
}

static void deep_apc(uintptr_t n, uintptr_t fd, uintptr_t c)
{
	(void)c;
	log_add(n);
	/* Between what is in the library and what is in the kernel. */
	if (n == 150)
		ntapc_queue(fd, log_apc, 200, 0, 0);
	ntapc_test_alert();
}

/* FIFO over what was handed over already and what is queued still. */
TEST_F(plain, nesting_200_deep_keeps_the_order)
{
	int i;

	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, ntapc_queue(self->self, deep_apc, i, self->self, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	ASSERT_EQ(201, log_count);
	for (i = 0; i <= 200; i++)
		ASSERT_EQ(i, log_entry[i]);
}

/* 3.4, 3.6: nothing but an alertable point runs them. */
TEST_F(plain, not_alertable)
{
	struct ntapc_thread_info info;

	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 1, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(2 * MS, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(0, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_thread(self->self, 0, 0));
	EXPECT_EQ(0, log_count);
	ASSERT_EQ(0, ntapc_thread_info(self->self, &info));
	EXPECT_EQ(1, info.nr_user);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(1, 1));
}

/* 11.8 */
TEST_F(plain, delays_take_their_time)
{
	uint64_t begin = now_ns();

	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(20 * MS, 0));
	EXPECT_LE(20 * MS, now_ns() - begin);
	begin = now_ns();
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(20 * MS, NTAPC_ALERTABLE));
	EXPECT_LE(20 * MS, now_ns() - begin);
	begin = now_ns();
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  ntapc_delay(begin + 20 * MS, NTAPC_ALERTABLE | NTAPC_ABSOLUTE));
	EXPECT_LE(20 * MS, now_ns() - begin);
	/* The past. */
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(1, NTAPC_REALTIME));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(1, NTAPC_ABSOLUTE));
}

static void *nothing(void *arg)
{
	return arg;
}

static int dead_thread(void)
{
	pthread_t thread;
	int fd = ntapc_thread_create(&thread, NULL, nothing, NULL, NULL);

	if (fd >= 0) {
		pthread_join(thread, NULL);
		ntapc_wait_thread(fd, PATIENCE_NS, 0);
	}
	return fd;
}

/* 11.3: the object wins, and the APC stays queued. */
TEST_F(plain, object_beats_apc)
{
	int dead = dead_thread();

	ASSERT_LE(0, dead);
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 1, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  ntapc_wait_thread(dead, 0, NTAPC_ALERTABLE));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  ntapc_wait_thread(self->self, 0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(1, 1));
}

static int wait_status, wait_log_count;

static void waiting_apc(uintptr_t fd, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(1);
	wait_status = ntapc_wait_thread(fd, 0, NTAPC_ALERTABLE);
	wait_log_count = log_count;
}

/* The same when the APC is one that was handed over to the library already. */
TEST_F(plain, object_beats_apc_in_the_ring)
{
	int dead = dead_thread();

	ASSERT_LE(0, dead);
	ASSERT_EQ(0, ntapc_queue(self->self, waiting_apc, dead, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 2, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_status);
	EXPECT_EQ(1, wait_log_count);
	EXPECT_TRUE(logged(2, 1, 2));

	log_reset();
	ASSERT_EQ(0, ntapc_queue(self->self, waiting_apc, self->self, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 2, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, wait_status);
	EXPECT_EQ(2, wait_log_count);
}

static jmp_buf escape;

static void escaping_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(a);
	longjmp(escape, 1);
}

TEST_F(plain, longjmp_out_of_an_apc)
{
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 1, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, escaping_apc, 2, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 3, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 4, 0, 0));
	if (!setjmp(escape)) {
		ntapc_delay(0, NTAPC_ALERTABLE);
		ASSERT_TRUE(false) TH_LOG("not reached");
	}
	EXPECT_TRUE(logged(2, 1, 2));
	EXPECT_EQ(0, ntapc_queue(self->self, log_apc, 5, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(5, 1, 2, 3, 4, 5));
}

static void *log_start(void *arg)
{
	(void)arg;
	log_add(100);
	log_add(ntapc_delay(0, NTAPC_ALERTABLE));
	return NULL;
}

static void queue_two(int fd, void *arg)
{
	(void)arg;
	ntapc_queue(fd, log_apc, 1, 0, 0);
	ntapc_queue(fd, log_apc, 2, 0, 0);
}

/* 14.1: before the start routine; a later wait doesn't see them. */
TEST_F(plain, queued_before_the_start)
{
	pthread_t thread;
	int fd;

	fd = ntapc_thread_create(&thread, NULL, log_start, NULL, queue_two);
	ASSERT_LE(0, fd);
	pthread_join(thread, NULL);
	EXPECT_TRUE(logged(4, 1, 2, 100, NTAPC_STATUS_SUCCESS));
}

static sem_t started, go;

static void *exit_with_queue(void *arg)
{
	(void)arg;
	sem_post(&started);
	come(&go);
	ntapc_set_exit_status(0x12345678);
	return NULL;
}

/* 7.3, 7.6, 14.3, 14.4 */
TEST_F(plain, exit_with_apcs_queued)
{
	struct ntapc_thread_info info;
	pthread_t thread;
	int fd;

	sem_init(&started, 0, 0);
	sem_init(&go, 0, 0);
	fd = ntapc_thread_create(&thread, NULL, exit_with_queue, NULL, NULL);
	ASSERT_LE(0, fd);
	/* Earlier ones would run before the routine. */
	ASSERT_TRUE(come(&started));
	ASSERT_EQ(0, ntapc_queue(fd, log_apc, 1, 0, 0));
	ASSERT_EQ(0, ntapc_queue(fd, NULL, 0, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_thread(fd, 0, 0));
	sem_post(&go);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  ntapc_wait_thread(fd, PATIENCE_NS, NTAPC_ALERTABLE));
	pthread_join(thread, NULL);
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(NTAPC_THREAD_EXITED, info.state & NTAPC_THREAD_EXITED);
	EXPECT_EQ(0x12345678, info.exit_status);
	EXPECT_EQ(1, info.nr_dropped);
	EXPECT_EQ(0, info.nr_delivered);
	EXPECT_EQ(0, info.tid);
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(-ESRCH, ntapc_queue(fd, log_apc, 1, 0, 0));
	EXPECT_EQ(-ESRCH, ntapc_queue(fd, NULL, 0, 0, 0));
}

#define PRODUCERS	8
#define EACH		400

static int last_of[PRODUCERS], total, disorder;

static void count_apc(uintptr_t producer, uintptr_t n, uintptr_t c)
{
	(void)c;
	if (last_of[producer] + 1 != (int)n)
		disorder++;
	last_of[producer] = n;
	total++;
}

static int consumer_fd;

static void *produce(void *arg)
{
	uintptr_t me = (uintptr_t)arg;
	int i, ret;

	for (i = 1; i <= EACH; i++) {
		do {
			ret = ntapc_queue(consumer_fd, count_apc, me, i, 0);
		} while (ret == -EAGAIN && !sched_yield());
		if (ret)
			return (void *)(intptr_t)ret;
	}
	return NULL;
}

/* Each one's in order, none lost, none twice. */
TEST_F(plain, eight_producers)
{
	pthread_t thread[PRODUCERS];
	uintptr_t i;
	void *ret;

	consumer_fd = self->self;
	for (i = 0; i < PRODUCERS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, produce, (void *)i));
	while (total < PRODUCERS * EACH)
		ASSERT_EQ(NTAPC_STATUS_USER_APC,
			  ntapc_delay(PATIENCE_NS, NTAPC_ALERTABLE));
	for (i = 0; i < PRODUCERS; i++) {
		pthread_join(thread[i], &ret);
		EXPECT_EQ(NULL, ret);
	}
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_EQ(PRODUCERS * EACH, total);
	EXPECT_EQ(0, disorder);
}

static int reserve_fd, requeue_status;

static void reserve_apc(uintptr_t n, uintptr_t fd, uintptr_t c)
{
	(void)c;
	log_add(n);
	/* What was handed over has left its reserve free. */
	if (n == 1)
		requeue_status = ntapc_queue_ex(fd, 0, reserve_fd, log_apc, 2, 0,
						0);
}

/* 10.5 */
TEST_F(plain, reserve_serves_one_at_a_time)
{
	reserve_fd = ntapc_reserve_create();
	ASSERT_LE(0, reserve_fd);
	ASSERT_EQ(0, ntapc_queue_ex(self->self, 0, reserve_fd, reserve_apc, 1,
				    self->self, 0));
	EXPECT_EQ(-EBUSY, ntapc_queue_ex(self->self, 0, reserve_fd, log_apc, 9,
					 0, 0));
	requeue_status = -1;
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_EQ(0, requeue_status);
	EXPECT_TRUE(logged(2, 1, 2));
	/* The queued one outlives the reserve object. */
	ASSERT_EQ(0, ntapc_queue_ex(self->self, 0, reserve_fd, log_apc, 3, 0, 0));
	close(reserve_fd);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(3, 1, 2, 3));
}

TEST_F(plain, errors)
{
	int other = open("/dev/null", O_RDWR);
	struct ntapc_thread_info info;

	errno = 12345;
	EXPECT_EQ(-EBADF, ntapc_queue(-1, log_apc, 0, 0, 0));
	EXPECT_EQ(-ENOTTY, ntapc_queue(other, log_apc, 0, 0, 0));
	EXPECT_EQ(-EINVAL, ntapc_queue_ex(self->self, 1U << 9, -1, log_apc, 0, 0,
					  0));
	EXPECT_EQ(-EINVAL, ntapc_queue_ex(self->self, NTAPC_QUEUE_RESERVE, -1,
					  log_apc, 0, 0, 0));
	EXPECT_EQ(-EBADF, ntapc_queue_ex(self->self, 0, -2, log_apc, 0, 0, 0));
	EXPECT_EQ(-EPROTOTYPE, ntapc_queue_ex(self->self, 0, other, log_apc, 0,
					      0, 0));
	EXPECT_EQ(-EPROTOTYPE, ntapc_queue_ex(self->self, 0, self->self, log_apc,
					      0, 0, 0));
	EXPECT_EQ(-EINVAL, ntapc_queue_many(self->self, NULL, 0));
	EXPECT_EQ(-ESRCH, ntapc_thread_open(0x3fffffff));
	EXPECT_EQ(-ENOTTY, ntapc_thread_info(other, &info));
	EXPECT_EQ(-EINVAL, ntapc_delay(0, 1U << 20));
	EXPECT_EQ(-EINVAL, ntapc_delay(1, NTAPC_ABSOLUTE | NTAPC_REALTIME));
	EXPECT_EQ(-EBADF, ntapc_wait_thread(-1, 0, 0));
	EXPECT_EQ(-EPROTOTYPE, ntapc_wait_thread(other, 0, NTAPC_ALERTABLE));
	EXPECT_EQ(12345, errno);
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
	EXPECT_EQ(0, log_count);
}

/* 10.1: never a silent drop. */
TEST_F(plain, limit)
{
	static struct ntapc_queue_entry many[1024];
	uint64_t give_up = now_ns() + 5000 * MS;
	struct ntapc_thread_info tinfo;
	struct ntapc_info info;
	int n, ret;

	ASSERT_EQ(0, ntapc_get_info(&info));
	for (n = 0; n < 1024; n++)
		many[n].routine = (uintptr_t)log_apc;
	n = 0;
	while ((ret = ntapc_queue_many(self->self, many, 1024)) > 0) {
		n += ret;
		if (now_ns() > give_up)
			SKIP(return, "this kernel is too slow");
	}
	EXPECT_EQ(-EAGAIN, ret);
	EXPECT_EQ(-EAGAIN, ntapc_queue(self->self, log_apc, 0, 0, 0));
	EXPECT_LE(n, info.max_queued_thread);
	ASSERT_EQ(0, ntapc_thread_info(self->self, &tinfo));
	EXPECT_EQ(n, tinfo.nr_user);
	/* With a reserve object there is no limit. */
	ret = ntapc_reserve_create();
	ASSERT_LE(0, ret);
	EXPECT_EQ(0, ntapc_queue_ex(self->self, 0, ret, log_apc, 0, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_EQ(n + 1, log_count);
}

static pid_t apc_child;

static void forking_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(a);
	apc_child = fork();
}

/* A child has none of its parent's APCs, wherever they were. */
TEST_F(plain, fork_inside_an_apc)
{
	int status;

	ASSERT_EQ(0, ntapc_queue(self->self, forking_apc, 1, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 2, 0, 0));
	status = ntapc_delay(0, NTAPC_ALERTABLE);
	if (!apc_child) {
		int own = ntapc_thread_self();

		if (status != NTAPC_STATUS_USER_APC || !logged(1, 1))
			_exit(1);
		if (ntapc_delay(0, NTAPC_ALERTABLE) != NTAPC_STATUS_SUCCESS)
			_exit(2);
		if (own < 0 || ntapc_queue(own, log_apc, 3, 0, 0))
			_exit(3);
		if (ntapc_delay(0, NTAPC_ALERTABLE) != NTAPC_STATUS_USER_APC ||
		    !logged(2, 1, 3))
			_exit(4);
		_exit(0);
	}
	EXPECT_EQ(0, end_of(apc_child));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, status);
	EXPECT_TRUE(logged(2, 1, 2));
}

/* Also a fork that the C library doesn't see, and with all files closed. */
TEST_F(plain, raw_fork_and_closed_files)
{
	pid_t pid;

	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 1, 0, 0));
	pid = syscall(SYS_fork);
	if (!pid) {
		int fd;

		for (fd = 0; fd < 64; fd++)
			close(fd);
		fd = ntapc_thread_self();
		if (fd <= STDERR_FILENO)
			_exit(1);
		if (ntapc_instance() <= STDERR_FILENO)
			_exit(2);
		if (ntapc_test_alert() || log_count)
			_exit(3);
		if (ntapc_queue(fd, log_apc, 2, 0, 0) ||
		    ntapc_delay(0, NTAPC_ALERTABLE) != NTAPC_STATUS_USER_APC)
			_exit(4);
		_exit(logged(1, 2) ? 0 : 5);
	}
	EXPECT_EQ(0, end_of(pid));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(1, 1));
}

static void on_signal(int sig)
{
	(void)sig;
	log_add(77);
}

struct waiter {
	sem_t ready;
	int fd;
	int status;
};

static void *wait_alertably(void *arg)
{
	struct waiter *w = arg;

	w->fd = ntapc_thread_self();
	sem_post(&w->ready);
	w->status = ntapc_delay(PATIENCE_NS, NTAPC_ALERTABLE);
	return NULL;
}

#define WAITING	(NTAPC_THREAD_WAITING | NTAPC_THREAD_ALERTABLE)

/* A handler without SA_RESTART ends the wait, one with it doesn't. */
TEST_F(plain, signals)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct waiter w = { .status = 1 };
	pthread_t thread;

	sem_init(&w.ready, 0, 0);
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &sa, NULL);

	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_alertably, &w));
	ASSERT_TRUE(come(&w.ready));
	ASSERT_TRUE(becomes(w.fd, WAITING));
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	EXPECT_EQ(-EINTR, w.status);
	EXPECT_TRUE(logged(1, 77));

	log_reset();
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_alertably, &w));
	ASSERT_TRUE(come(&w.ready));
	ASSERT_TRUE(becomes(w.fd, WAITING));
	pthread_kill(thread, SIGUSR2);
	while (!log_count)
		sched_yield();
	ASSERT_TRUE(becomes(w.fd, WAITING));
	ASSERT_EQ(0, ntapc_queue(w.fd, log_apc, 5, 0, 0));
	pthread_join(thread, NULL);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, w.status);
	EXPECT_TRUE(logged(2, 77, 5));
}

/* 3.6: an alertable waiter is woken. */
TEST_F(plain, wakes_a_waiter)
{
	struct waiter w = { .status = 1 };
	pthread_t thread;
	int i;

	sem_init(&w.ready, 0, 0);
	for (i = 0; i < 50; i++) {
		log_reset();
		ASSERT_EQ(0, pthread_create(&thread, NULL, wait_alertably, &w));
		ASSERT_TRUE(come(&w.ready));
		if (i & 1)
			ASSERT_TRUE(becomes(w.fd, WAITING));
		ASSERT_EQ(0, ntapc_queue(w.fd, log_apc, i, 0, 0));
		pthread_join(thread, NULL);
		ASSERT_EQ(NTAPC_STATUS_USER_APC, w.status);
		ASSERT_TRUE(logged(1, i));
	}
}

/* A thread's end releases what it had: 300 of them, one after another. */
TEST_F(plain, threads_come_and_go)
{
	struct ntapc_info before, after;
	int i, first = -1, last = -1;

	ASSERT_EQ(0, ntapc_get_info(&before));
	for (i = 0; i < 300; i++) {
		last = dead_thread();
		ASSERT_LE(0, last);
		if (first < 0)
			first = last;
		close(last);
	}
	EXPECT_EQ(first, last);
	ASSERT_EQ(0, ntapc_get_info(&after));
	EXPECT_LE(after.nr_threads, before.nr_threads + 5);
}

static void *thread_nothing_failing(void *arg)
{
	log_add(1);
	return arg;
}

/* Where no descriptor is left the thread isn't started, and the error is told. */
TEST_F(plain, thread_create_fails_whole)
{
	pthread_t thread;
	int fds[1024], n = 0;

	while (n < 1024 && (fds[n] = dup(self->self)) >= 0)
		n++;
	if (n == 1024) {
		while (n)
			close(fds[--n]);
		SKIP(return, "too many descriptors");
	}
	EXPECT_EQ(-EMFILE, ntapc_thread_create(&thread, NULL,
					       thread_nothing_failing, NULL,
					       NULL));
	while (n)
		close(fds[--n]);
	EXPECT_EQ(0, log_count);
	n = ntapc_thread_create(&thread, NULL, thread_nothing_failing, NULL,
				NULL);
	ASSERT_LE(0, n);
	pthread_join(thread, NULL);
	EXPECT_EQ(1, log_count);
}

static void *create_cancelled(void *created)
{
	pthread_cancel(pthread_self());
	log_add(ntapc_thread_create(created, NULL, thread_nothing_failing, NULL,
				    NULL) >= 0 ? 2 : 3);
	pthread_testcancel();
	return NULL;
}

/* Who is cancelled while he creates a thread, has created it. */
TEST_F(plain, thread_create_cancelled)
{
	pthread_t thread, created;
	void *result;

	pthread_create(&thread, NULL, create_cancelled, &created);
	pthread_join(thread, &result);
	EXPECT_EQ(PTHREAD_CANCELED, result);
	ASSERT_LT(0, log_count);
	pthread_join(created, NULL);
	EXPECT_EQ(2, log_count);
	EXPECT_EQ(3, log_entry[0] + log_entry[1]);
}

TEST_HARNESS_MAIN
