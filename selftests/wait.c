// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waits and test-alerts: rules 5.3, 5.4, 11.1 to 11.4 and 11.8.
 */
#include "common.h"
#include "kselftest_harness.h"

#include <sched.h>
#include <sys/wait.h>

#define ROUTINE		((void *)0x123456789000)
#define PATIENCE	(PATIENCE_MS * NS_PER_MS)

FIXTURE(wait)
{
	int dev;
	int self;
	struct ntapc_record records[16];
};

FIXTURE_SETUP(wait)
{
	log_reset();
	self->dev = open_frames(dispatch_continue);
	ASSERT_LE(0, self->dev);
	self->self = open_thread(self->dev, 0);
	ASSERT_LE(0, self->self);
}

FIXTURE_TEARDOWN(wait)
{
	close(self->self);
	close(self->dev);
}

static void leave_on_go(struct worker *worker)
{
	worker_wait(worker);
}

/* An exited thread's descriptor. */
static int exited_thread(int dev)
{
	struct ntapc_thread_info info;
	struct worker worker;

	if (!worker_start(&worker, dev, leave_on_go))
		return -1;
	worker_go(&worker);
	worker_join(&worker);
	if (!wait_until(!get_thread_info(worker.fd, &info) &&
			info.state & NTAPC_THREAD_EXITED))
		return -1;
	return worker.fd;
}

/* 11.8: a delay of nothing. */
static __u64 time_of_nothing(struct __test_metadata *_metadata,
			     FIXTURE_DATA(wait) *self)
{
	__u64 begin = now();

	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(self->dev, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(self->dev, 0, 1));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(self->dev, 0, begin - 1));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  delay(self->dev, NTAPC_WAIT_REALTIME, 1));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  delay(self->dev, NTAPC_WAIT_REALTIME,
			now_on(CLOCK_REALTIME) - NS_PER_SEC));
	return now() - begin;
}

/* How often what takes too long once may do so before it isn't by accident. */
#define ATTEMPTS	20

TEST_F(wait, delay_of_nothing)
{
	unsigned int i;

	for (i = 0; i < ATTEMPTS; i++)
		if (time_of_nothing(_metadata, self) < NS_PER_SEC)
			break;
	EXPECT_GT(ATTEMPTS, i);
}

/*
 * In the child of this, CLOCK_MONOTONIC is @seconds ahead of ours. Returns false where
 * the kernel has no time namespaces.
 */
static bool shift_monotonic(int seconds)
{
	char offset[32];
	int fd, length;

	if (unshare(CLONE_NEWTIME))
		return false;
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	length = snprintf(offset, sizeof(offset), "monotonic %d 0", seconds);
	if (fd < 0 || write(fd, offset, length) != length)
		return false;
	return !close(fd);
}

/* A deadline is a time of the caller's: else this one would be hours off. */
TEST_F(wait, deadline_is_of_the_time_namespace)
{
	__u64 outside = now_on(CLOCK_MONOTONIC);
	int status;
	pid_t pid;

	if (geteuid() || !shift_monotonic(36000))
		SKIP(return, "no time namespaces");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		__u64 begin = now_on(CLOCK_MONOTONIC);
		long long ret;

		if (begin < outside + 36000 * NS_PER_SEC)
			_exit(1);
		ret = delay(self->dev, 0, begin + 60 * NS_PER_MS);
		if (ret != NTAPC_STATUS_SUCCESS)
			_exit(2);
		_exit(now_on(CLOCK_MONOTONIC) < begin + 60 * NS_PER_MS ? 3 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* 11.8: never STATUS_TIMEOUT for a delay. */
TEST_F(wait, delay_takes_its_time)
{
	static const struct {
		__u32 flags;
		clockid_t clock;
	} cases[] = {
		{ 0, CLOCK_MONOTONIC },
		{ NTAPC_WAIT_ALERTABLE, CLOCK_MONOTONIC },
		{ NTAPC_WAIT_REALTIME, CLOCK_REALTIME },
		{ NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_REALTIME, CLOCK_REALTIME },
	};
	unsigned int i, attempt;
	__u64 begin, end;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (attempt = 0; attempt < ATTEMPTS; attempt++) {
			begin = now_on(cases[i].clock);
			EXPECT_EQ(NTAPC_STATUS_SUCCESS,
				  delay(self->dev, cases[i].flags,
					begin + 60 * NS_PER_MS));
			end = now_on(cases[i].clock);
			EXPECT_LE(begin + 60 * NS_PER_MS, end);
			if (end < begin + 2 * NS_PER_SEC)
				break;
		}
		EXPECT_GT(ATTEMPTS, attempt);
	}
}

TEST_F(wait, deadline_near_the_end_of_time)
{
	/* Not forever, but it overflows a signed count. */
	EXPECT_EQ(0, queue(self->self, log_apc, 1));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE,
			NTAPC_WAIT_FOREVER - 1));
	EXPECT_EQ(0, queue(self->self, log_apc, 2));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_REALTIME,
			1ULL << 63));
	EXPECT_EQ(0, queue(self->self, log_apc, 3));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE, NTAPC_WAIT_FOREVER));
	EXPECT_EQ(3, log_count());
}

static void delay_long(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = delay(worker->dev, worker->arg, now() + PATIENCE);
	atomic_store(&worker->stage, 2);
}

static void delay_huge(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = delay(worker->dev, NTAPC_WAIT_ALERTABLE, worker->arg);
	atomic_store(&worker->stage, 2);
}

/* Deadlines that a clock never reaches do block. */
TEST_F(wait, huge_deadlines_block)
{
	static const __u64 deadlines[] = {
		NTAPC_WAIT_FOREVER, NTAPC_WAIT_FOREVER - 1, 1ULL << 63,
		(1ULL << 63) - 1,
	};
	struct worker worker;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		worker.arg = deadlines[i];
		ASSERT_TRUE(worker_start(&worker, self->dev, delay_huge));
		ASSERT_TRUE(wait_waiting(worker.fd));
		ASSERT_TRUE(wait_asleep(worker.tid));
		EXPECT_EQ(1, atomic_load(&worker.stage));
		EXPECT_EQ(0, queue(worker.fd, log_apc, i));
		worker_join(&worker);
		EXPECT_EQ(NTAPC_STATUS_USER_APC, worker.ret);
		EXPECT_EQ(i + 1, log_count());
	}
}

/* 3.6: an alertable wait is broken by a user APC. */
TEST_F(wait, alertable_is_broken)
{
	struct ntapc_thread_info info;
	struct worker worker = { .arg = NTAPC_WAIT_ALERTABLE };

	ASSERT_TRUE(worker_start(&worker, self->dev, delay_long));
	ASSERT_TRUE(wait_waiting(worker.fd));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(NTAPC_THREAD_WAITING | NTAPC_THREAD_ALERTABLE, info.state);
	EXPECT_EQ(0, queue(worker.fd, log_apc, 7));
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, worker.ret);
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(7, log_entry(0));
}

static unsigned int short_ms;

static void delay_short(struct worker *worker)
{
	__u64 begin = now();

	worker->ret = delay(worker->dev, worker->arg,
			    begin + short_ms * NS_PER_MS);
	worker->arg = now() - begin;
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

/* Starts it. Whether it is in its wait: else that is over. */
static bool start_short(struct worker *worker, int dev)
{
	worker->arg = 0;
	return worker_start(worker, dev, delay_short) &&
	       wait_until(atomic_load(&worker->stage) ||
			  thread_bits(worker->fd) & NTAPC_THREAD_WAITING);
}

/*
 * A wait that this machine was too slow for, so that it was over before all was done
 * that was to be done within it, has shown nothing: then for twice as long.
 */
static bool longer(bool in_time)
{
	short_ms *= 2;
	return !in_time && short_ms < PATIENCE_MS;
}

/* 3.6, 11.2: one that isn't alertable is not, and the APC stays. */
TEST_F(wait, not_alertable_isnt_broken)
{
	struct ntapc_thread_info info;
	struct worker worker;
	bool in_time;
	__u64 begin;

	short_ms = 300;
	do {
		begin = now();
		ASSERT_TRUE(start_short(&worker, self->dev));
		ASSERT_EQ(0, get_thread_info(worker.fd, &info));
		EXPECT_EQ(0, queue(worker.fd, log_apc, 7));
		in_time = now() - begin < short_ms * NS_PER_MS;
		if (in_time) {
			EXPECT_EQ(NTAPC_THREAD_WAITING, info.state);
		}
		ASSERT_TRUE(worker_reached(&worker, 1));
		EXPECT_EQ(NTAPC_STATUS_SUCCESS, worker.ret);
		EXPECT_LE(short_ms * NS_PER_MS, worker.arg);
		ASSERT_EQ(0, get_thread_info(worker.fd, &info));
		EXPECT_EQ(0, info.state);
		EXPECT_EQ(1, info.nr_user);
		EXPECT_EQ(0, log_count());
		worker_go(&worker);
		worker_join(&worker);
		EXPECT_EQ(0, log_count());
		close(worker.fd);
	} while (longer(in_time));
	EXPECT_TRUE(in_time);
}

/* 11.3: a queued APC beats a zero timeout and any past one. */
TEST_F(wait, apc_beats_timeout)
{
	int thread = open_thread(self->dev, 0);
	__u32 count = 0;

	EXPECT_EQ(0, queue(self->self, log_apc, 1));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(0, queue(self->self, log_apc, 2));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE, 1));
	EXPECT_EQ(2, log_count());
	EXPECT_EQ(0, queue(self->self, log_apc, 3));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  wait_thread(self->dev, NTAPC_WAIT_ALERTABLE, 0, thread));
	EXPECT_EQ(3, log_count());
	EXPECT_EQ(0, queue(self->self, log_apc, 4));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  wait_records(self->dev, 0, self->records, 16, &count));
	EXPECT_EQ(1, count);
	EXPECT_EQ(3, log_count());
	/* Not alertable: it stays. */
	EXPECT_EQ(0, queue(self->self, log_apc, 5));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(self->dev, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_thread(self->dev, 0, 0, thread));
	EXPECT_EQ(3, log_count());
	EXPECT_EQ(1, nr_pending(self->self));
}

/* 11.1, 11.3: a signalled object beats the APC, which stays. */
TEST_F(wait, object_beats_apc)
{
	int gone = exited_thread(self->dev);
	__s32 object = gone;
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS,
		.records = ADDR(self->records),
		.nr_records = 16,
		.nr_objects = 1,
		.objects = ADDR(&object),
	};

	ASSERT_LE(0, gone);
	EXPECT_EQ(0, queue(self->self, log_apc, 1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  wait_thread(self->dev, NTAPC_WAIT_ALERTABLE,
			      NTAPC_WAIT_FOREVER, gone));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  wait_thread(self->dev, NTAPC_WAIT_ALERTABLE, 0, gone));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(1, nr_pending(self->self));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  delay(self->dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(1, log_count());
}

static void wait_for_thread(struct worker *worker)
{
	worker->ret = wait_thread(worker->dev, NTAPC_WAIT_ALERTABLE,
				  now() + PATIENCE, worker->arg);
	atomic_store(&worker->stage, 1);
}

TEST_F(wait, for_a_thread)
{
	struct worker target, waiter[3];
	__u64 begin;
	int i;

	ASSERT_TRUE(worker_start(&target, self->dev, leave_on_go));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_thread(self->dev, 0, 0, target.fd));
	begin = now();
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_thread(self->dev, 0, in_ms(50), target.fd));
	EXPECT_LE(50 * NS_PER_MS, now() - begin);

	for (i = 0; i < 3; i++) {
		waiter[i].arg = target.fd;
		ASSERT_TRUE(worker_start(&waiter[i], self->dev,
					 wait_for_thread));
		ASSERT_TRUE(wait_waiting(waiter[i].fd));
	}
	/* An APC ends one of the waits; the exit the others. */
	EXPECT_EQ(0, queue(waiter[1].fd, log_apc, 1));
	worker_join(&waiter[1]);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, waiter[1].ret);
	EXPECT_EQ(0, atomic_load(&waiter[0].stage));
	worker_go(&target);
	worker_join(&waiter[0]);
	worker_join(&waiter[2]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter[0].ret);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter[2].ret);
	worker_join(&target);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  wait_thread(self->dev, 0, 0, target.fd));
	EXPECT_EQ(1, log_count());
}

/* The wait holds the object, not the number. */
TEST_F(wait, for_a_thread_whose_descriptor_is_closed)
{
	struct worker target, waiter;

	ASSERT_TRUE(worker_start(&target, self->dev, leave_on_go));
	waiter.arg = target.fd;
	ASSERT_TRUE(worker_start(&waiter, self->dev, wait_for_thread));
	ASSERT_TRUE(wait_waiting(waiter.fd));
	EXPECT_EQ(0, close(target.fd));
	worker_go(&target);
	worker_join(&waiter);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter.ret);
	worker_join(&target);
}

/* Waiting for oneself is allowed and never satisfied. */
TEST_F(wait, for_oneself)
{
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_thread(self->dev, 0, in_ms(20), self->self));
}

/* Bad descriptors, and bad numbers of them. */
TEST_F(wait, bad_objects)
{
	__s32 objects[2] = { self->self, self->self };
	struct ntapc_wait args = {
		.size = sizeof(args),
		.nr_objects = NTAPC_OBJECTS_MAX + 1,
		.objects = ADDR(objects),
	};
	int fds[2], file;

	/* 11.7 */
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	args.nr_objects = ~0U;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	args.nr_objects = 0;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	args.nr_objects = 1;
	args.objects = 0;
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	args.objects = KERNEL_ADDRESS;
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));

	file = memfd_create("not to be polled", MFD_CLOEXEC);
	ASSERT_LE(0, file);
	EXPECT_EQ(-EPROTOTYPE, wait_thread(self->dev, 0, 0, file));
	EXPECT_EQ(-EPROTOTYPE, wait_thread(self->dev, 0, 0, self->dev));
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	close(fds[0]);
	EXPECT_EQ(-EBADF, wait_thread(self->dev, 0, 0, fds[0]));
	EXPECT_EQ(-EBADF, wait_thread(self->dev, 0, 0, -1));
	EXPECT_EQ(-EBADF, wait_thread(self->dev, 0, 0, INT_MAX));
	/* A bad object comes before any APC. */
	EXPECT_EQ(0, queue(self->self, log_apc, 1));
	EXPECT_EQ(-EBADF, wait_thread(self->dev, NTAPC_WAIT_ALERTABLE, 0, -1));
	EXPECT_EQ(1, nr_pending(self->self));
	EXPECT_EQ(0, log_count());
}

TEST_F(wait, flags)
{
	EXPECT_EQ(-EINVAL, delay(self->dev, NTAPC_TEST_SPECIAL_ONLY, 0));
	EXPECT_EQ(-EINVAL, delay(self->dev, 1U << 6, 0));
	EXPECT_EQ(-EINVAL, delay(self->dev, 1U << 31, 0));
	/* Of nothing all are there. */
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(self->dev, NTAPC_WAIT_ALL, 0));
	EXPECT_EQ(-EINVAL, test_alert(self->dev, NTAPC_WAIT_ALERTABLE));
	EXPECT_EQ(-EINVAL, test_alert(self->dev, NTAPC_WAIT_REALTIME));
	EXPECT_EQ(-EINVAL, test_alert(self->dev, NTAPC_WAIT_ALL));
	EXPECT_EQ(-EINVAL, test_alert(self->dev, NTAPC_WAIT_SIGNAL));
	EXPECT_EQ(-EINVAL, test_alert(self->dev, 1U << 6));
}

/* 5.4: the queue has run when the caller sees the return, which is SUCCESS. */
TEST_F(wait, test_alert)
{
	int i;

	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(self->dev, 0));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, queue(self->self, log_apc, i));
	}
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(self->dev, 0));
	ASSERT_EQ(5, log_count());
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(i, log_entry(i));
	}
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(self->dev, 0));
	EXPECT_EQ(5, log_count());
}

TEST_F(wait, test_alert_special_only_leaves_ordinary_ones)
{
	EXPECT_EQ(0, queue(self->self, log_apc, 1));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  test_alert(self->dev, NTAPC_TEST_SPECIAL_ONLY));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(1, nr_pending(self->self));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(self->dev, 0));
	EXPECT_EQ(1, log_count());
}

/* Signals */

static atomic_int signals;

static void count_signal(int sig)
{
	(void)sig;
	atomic_fetch_add(&signals, 1);
}

static void catch_signal(int sig, int flags)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = flags,
	};

	sigemptyset(&action.sa_mask);
	sigaction(sig, &action, NULL);
	atomic_store(&signals, 0);
}

TEST_F(wait, signal_ends_it)
{
	static const __u32 flags[] = { 0, NTAPC_WAIT_ALERTABLE };
	struct worker worker;
	unsigned int i;

	catch_signal(SIGUSR1, 0);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		worker.arg = flags[i];
		ASSERT_TRUE(worker_start(&worker, self->dev, delay_long));
		ASSERT_TRUE(wait_waiting(worker.fd));
		ASSERT_TRUE(wait_asleep(worker.tid));
		pthread_kill(worker.thread, SIGUSR1);
		worker_join(&worker);
		EXPECT_EQ(-EINTR, worker.ret);
		EXPECT_EQ(i + 1, atomic_load(&signals));
	}
}

TEST_F(wait, signal_with_sa_restart_doesnt)
{
	struct worker worker;
	bool in_time;
	__u64 last;
	int i;

	short_ms = 300;
	do {
		__u64 begin = now();

		catch_signal(SIGUSR1, SA_RESTART);
		ASSERT_TRUE(start_short(&worker, self->dev));
		for (i = 0; i < 5; i++) {
			/* The last one late, when there is less left. */
			if (i == 4)
				wait_until(now() - begin >
					   short_ms * NS_PER_MS / 2);
			last = now();
			pthread_kill(worker.thread, SIGUSR1);
			ASSERT_TRUE(wait_until(atomic_load(&signals) > i));
		}
		in_time = now() - begin < short_ms * NS_PER_MS;
		ASSERT_TRUE(worker_reached(&worker, 1));
		EXPECT_EQ(NTAPC_STATUS_SUCCESS, worker.ret);
		EXPECT_LE(short_ms * NS_PER_MS, worker.arg);
		/* 11.4: the deadline stays what it was. */
		in_time = in_time && now() < last + short_ms * NS_PER_MS;
		worker_go(&worker);
		worker_join(&worker);
		close(worker.fd);
	} while (longer(in_time));
	EXPECT_TRUE(in_time);
}

TEST_F(wait, alertable_again_after_sa_restart)
{
	struct worker worker = { .arg = NTAPC_WAIT_ALERTABLE };

	catch_signal(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(worker_start(&worker, self->dev, delay_long));
	ASSERT_TRUE(wait_waiting(worker.fd));
	pthread_kill(worker.thread, SIGUSR1);
	ASSERT_TRUE(wait_until(atomic_load(&signals) == 1));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, queue(worker.fd, log_apc, 1));
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, worker.ret);
	EXPECT_EQ(1, log_count());
}

TEST_F(wait, wait_for_a_thread_after_sa_restart)
{
	struct worker target, waiter;

	catch_signal(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(worker_start(&target, self->dev, leave_on_go));
	waiter.arg = target.fd;
	ASSERT_TRUE(worker_start(&waiter, self->dev, wait_for_thread));
	ASSERT_TRUE(wait_waiting(waiter.fd));
	pthread_kill(waiter.thread, SIGUSR1);
	ASSERT_TRUE(wait_until(atomic_load(&signals) == 1));
	worker_go(&target);
	worker_join(&waiter);
	worker_join(&target);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter.ret);
}

/*
 * A stopped and continued thread still waits, and to its old deadline. Its exit
 * status; @in_time is whether it was stopped in its wait.
 */
static int stop_in_delay(int dev, unsigned int ms, bool *in_time)
{
	struct ntapc_thread_info info;
	__u64 begin = now();
	int thread, status;
	pid_t child;

	*in_time = false;
	child = fork();
	if (!child) {
		begin = now();
		if (delay(dev, 0, begin + ms * NS_PER_MS))
			_exit(1);
		_exit(now() - begin < ms * NS_PER_MS ? 2 : 0);
	}
	if (child < 0)
		return -1;
	thread = open_thread(dev, child);
	wait_until(thread_state(child) == 'Z' ||
		   thread_bits(thread) & NTAPC_THREAD_WAITING);
	kill(child, SIGSTOP);
	if (waitpid(child, &status, WUNTRACED) != child)
		return -2;
	if (!WIFSTOPPED(status)) {
		close(thread);
		return WIFEXITED(status) ? WEXITSTATUS(status) : -3;
	}
	*in_time = now() - begin < ms * NS_PER_MS;
	kill(child, SIGCONT);
	status = reap(child);
	if (thread >= 0 && (!wait_gone(thread) || get_thread_info(thread, &info) ||
			    info.state != NTAPC_THREAD_EXITED))
		status = -4;
	close(thread);
	return status;
}

TEST_F(wait, stop_and_continue)
{
	bool in_time;

	short_ms = 400;
	do {
		EXPECT_EQ(0, stop_in_delay(self->dev, short_ms, &in_time));
	} while (longer(in_time));
	EXPECT_TRUE(in_time);
}

TEST_F(wait, killed)
{
	static const __u32 flags[] = { 0, NTAPC_WAIT_ALERTABLE };
	unsigned int i;
	pid_t child;
	int thread;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			set_dispatcher(self->dev, ADDR(dispatch_continue));
			delay(self->dev, flags[i], NTAPC_WAIT_FOREVER);
			_exit(1);
		}
		thread = open_thread(self->dev, child);
		ASSERT_LE(0, thread);
		ASSERT_TRUE(wait_waiting(thread));
		kill(child, SIGKILL);
		EXPECT_EQ(-SIGKILL, reap(child));
		close(thread);
	}
}

/* A deadline on the real-time clock follows when that is set. */
TEST_F(wait, realtime_follows_the_clock)
{
	struct timespec ts;
	__u64 real, begin;
	pid_t child;
	int thread;

	real = now_on(CLOCK_REALTIME);
	begin = now();
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(delay(self->dev, NTAPC_WAIT_REALTIME,
			    real + 3600 * NS_PER_SEC) ? 1 : 0);
	thread = open_thread(self->dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_waiting(thread));
	ts.tv_sec = real / NS_PER_SEC + 3601;
	ts.tv_nsec = 0;
	if (clock_settime(CLOCK_REALTIME, &ts)) {
		kill(child, SIGKILL);
		reap(child);
		SKIP(return, "the clock can't be set");
	}
	EXPECT_EQ(0, reap(child));
	real += now() - begin;
	ts.tv_sec = real / NS_PER_SEC;
	ts.tv_nsec = real % NS_PER_SEC;
	EXPECT_EQ(0, clock_settime(CLOCK_REALTIME, &ts));
}

/*
 * 11.11: a wait that the exit and an APC race for ends in one way, and the APC
 * is either run or still there.
 */
TEST_F(wait, exit_races_apc)
{
	unsigned int rounds = scaled(300), i, objects = 0, apcs = 0, ran;
	struct worker target, waiter;
	int error;

	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(worker_start(&target, self->dev, leave_on_go));
		waiter.arg = target.fd;
		ran = log_count();
		ASSERT_TRUE(worker_start(&waiter, self->dev, wait_for_thread));
		ASSERT_TRUE(wait_waiting(waiter.fd));
		if (i & 1)
			worker_go(&target);
		/* The waiter may be gone already. */
		error = queue(waiter.fd, log_apc, i);
		EXPECT_TRUE(!error || error == -ESRCH);
		worker_go(&target);
		worker_join(&waiter);
		worker_join(&target);
		if (waiter.ret == NTAPC_STATUS_WAIT_0) {
			objects++;
			EXPECT_EQ(ran, log_count());
		} else {
			apcs++;
			EXPECT_EQ(NTAPC_STATUS_USER_APC, waiter.ret);
			EXPECT_EQ(ran + 1, log_count());
		}
		close(target.fd);
		close(waiter.fd);
		if (log_count() > LOG_MAX / 2)
			log_reset();
	}
	TH_LOG("%u ended by the exit, %u by the APC", objects, apcs);
	EXPECT_EQ(rounds, objects + apcs);
}

TEST_HARNESS_MAIN
