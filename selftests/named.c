// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel APCs that programs queue by name: what they do, in which order they run
 * (rules 3.2, 3.5, 4.3, 4.4) and what becomes of those that don't (7.1, 7.3).
 */
#include "common.h"
#include "kselftest_harness.h"

#include <sys/eventfd.h>

#define SPECIAL		NTAPC_KERNEL_APC_SPECIAL

static int dev, self_fd;
static int fds[2];

FIXTURE(named)
{
	struct ntapc_apc_result result;
	__u64 values[NTAPC_APC_VALUES_MAX];
};

FIXTURE_SETUP(named)
{
	log_reset();
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	self_fd = open_thread(dev, 0);
	ASSERT_LE(0, self_fd);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
}

FIXTURE_TEARDOWN(named)
{
}

static unsigned int apc_state(int apc)
{
	struct ntapc_apc_result result;

	return apc_result(apc, &result, NULL, 0) ? ~0U : result.state;
}

static __u64 apc_order(int apc)
{
	struct ntapc_apc_result result;

	return apc_result(apc, &result, NULL, 0) ? ~0ULL : result.order;
}

/* Waits until it has run or never will. */
static bool wait_apc(int apc)
{
	struct pollfd pollfd = { .fd = apc, .events = POLLIN };

	return poll(&pollfd, 1, PATIENCE_MS) == 1 && pollfd.revents & POLLIN;
}

static __u64 read_eventfd(int fd)
{
	__u64 value = 0;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

/* Threads to queue to */

static void count_worker(struct worker *worker)
{
	volatile __u64 *count = &worker->arg;

	atomic_store(&worker->stage, 1);
	while (atomic_load_explicit(&worker->go, memory_order_relaxed) < 2)
		++*count;
}

static void read_worker(struct worker *worker)
{
	char c;

	atomic_store(&worker->stage, 1);
	worker->ret = read(fds[0], &c, 1);
	atomic_store(&worker->stage, 2);
}

/* In vfork() none can run: rule 3.5's "anything else". */
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
	worker_wait(worker);
	worker->ret = reap(child);
}

static bool hold_up(struct worker *worker)
{
	return worker_start(worker, dev, vfork_worker) &&
	       worker_reached(worker, 1) &&
	       wait_until(thread_state(worker->tid) == 'D');
}

static bool let_go(struct worker *worker)
{
	return write(fds[1], "x", 1) == 1 && worker_reached(worker, 2);
}

static void finish(struct worker *worker)
{
	worker_go(worker);
	worker_join(worker);
}

/* The routines */

/* "count" says how often it has run in the thread, normal and special alike. */
TEST_F(named, count)
{
	struct worker worker = {};
	int apc, i;

	ASSERT_TRUE(worker_start(&worker, dev, count_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 1; i <= 10; i++) {
		apc = kernel_apc(worker.fd, i & 1 ? SPECIAL : 0, "count", 0);
		ASSERT_LE(0, apc);
		ASSERT_TRUE(wait_apc(apc));
		self->values[0] = self->values[1] = ~0ULL;
		ASSERT_EQ(0, apc_result(apc, &self->result, self->values, 2));
		EXPECT_EQ(sizeof(self->result), self->result.size);
		EXPECT_EQ(NTAPC_APC_RUN, self->result.state);
		EXPECT_EQ(i, self->result.order);
		EXPECT_EQ(1, self->result.nr_values);
		EXPECT_EQ(i, self->values[0]);
		EXPECT_EQ(~0ULL, self->values[1]);
		EXPECT_EQ(FD_CLOEXEC, fcntl(apc, F_GETFD));
		close(apc);
	}
	finish(&worker);
}

/* To oneself: it has run when the call returns. */
TEST_F(named, to_oneself)
{
	int apc, i;

	for (i = 1; i <= 4; i++) {
		apc = kernel_apc(self_fd, i & 1 ? SPECIAL : 0, "count", 0);
		ASSERT_LE(0, apc);
		EXPECT_EQ(POLLIN, poll_now(apc));
		ASSERT_EQ(0, apc_result(apc, &self->result, self->values, 1));
		EXPECT_EQ(NTAPC_APC_RUN, self->result.state);
		EXPECT_EQ(i, self->values[0]);
		EXPECT_EQ(0, apc_remove(apc));
		EXPECT_EQ(NTAPC_APC_RUN, apc_state(apc));
		close(apc);
	}
}

TEST_F(named, eventfd)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), apc, i;
	struct worker worker = {};

	ASSERT_LE(0, event);
	ASSERT_TRUE(worker_start(&worker, dev, count_worker));
	for (i = 0; i < 4; i++) {
		apc = kernel_apc(worker.fd, i & 1 ? SPECIAL : 0, "eventfd",
				 event);
		ASSERT_LE(0, apc);
		ASSERT_TRUE(wait_apc(apc));
		EXPECT_EQ(1, read_eventfd(event));
		ASSERT_EQ(0, apc_result(apc, &self->result, self->values, 1));
		EXPECT_EQ(NTAPC_APC_RUN, self->result.state);
		EXPECT_EQ(0, self->result.nr_values);
		close(apc);
	}
	finish(&worker);
}

/* One whose eventfd is closed meanwhile, and one that counts to its limit. */
TEST_F(named, eventfd_closed_or_full)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int full = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	__u64 most = ~0ULL - 1;
	struct worker worker = {};
	int apcs[3], i;

	ASSERT_EQ(sizeof(most), write(full, &most, sizeof(most)));
	ASSERT_TRUE(hold_up(&worker));
	apcs[0] = kernel_apc(worker.fd, 0, "eventfd", event);
	apcs[1] = kernel_apc(worker.fd, 0, "eventfd", full);
	apcs[2] = kernel_apc(worker.fd, 0, "eventfd", full);
	close(event);
	ASSERT_TRUE(let_go(&worker));
	for (i = 0; i < 3; i++) {
		ASSERT_LE(0, apcs[i]);
		EXPECT_TRUE(wait_apc(apcs[i]));
		EXPECT_EQ(NTAPC_APC_RUN, apc_state(apcs[i]));
	}
	finish(&worker);
	EXPECT_EQ(0, worker.ret);
}

/* "stack": a chain of functions with frame pointers. */
static void *return_addresses[4];
static atomic_bool stop_chain;

static __attribute__((noinline)) int chain_3(struct worker *worker)
{
	volatile __u64 *count = &worker->arg;

	return_addresses[3] = __builtin_return_address(0);
	atomic_store(&worker->stage, 1);
	while (!atomic_load_explicit(&stop_chain, memory_order_relaxed))
		++*count;
	return 1;
}

static __attribute__((noinline)) int chain_2(struct worker *worker)
{
	return_addresses[2] = __builtin_return_address(0);
	return chain_3(worker) + 1;
}

static __attribute__((noinline)) int chain_1(struct worker *worker)
{
	return_addresses[1] = __builtin_return_address(0);
	return chain_2(worker) + 1;
}

static void chain_0(struct worker *worker)
{
	return_addresses[0] = __builtin_return_address(0);
	worker->ret = chain_1(worker) + 1;
}

TEST_F(named, stack)
{
	static const __u32 flags[] = { 0, SPECIAL };
	struct worker worker = {};
	unsigned int round, i;
	int apc;

	ASSERT_TRUE(worker_start(&worker, dev, chain_0));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(moves(&worker.arg));
	for (round = 0; round < 20; round++) {
		apc = kernel_apc(worker.fd, flags[round & 1], "stack",
				 NTAPC_APC_VALUES_MAX);
		ASSERT_LE(0, apc);
		ASSERT_TRUE(wait_apc(apc));
		memset(self->values, 0xcc, sizeof(self->values));
		ASSERT_EQ(0, apc_result(apc, &self->result, self->values,
					NTAPC_APC_VALUES_MAX));
		ASSERT_LE(5, self->result.nr_values);
		ASSERT_GE(NTAPC_APC_VALUES_MAX, self->result.nr_values);
		/* In the innermost, then where each returns to. */
		EXPECT_LE(ADDR(chain_3), self->values[0]);
		EXPECT_GT(ADDR(chain_3) + 256, self->values[0]);
		for (i = 0; i < 4; i++) {
			EXPECT_EQ(ADDR(return_addresses[3 - i]),
				  self->values[1 + i]) {
				TH_LOG("frame %u", i);
			}
		}
		close(apc);
	}
	/* Fewer, if that is asked for. */
	for (i = 1; i < 5; i++) {
		apc = kernel_apc(worker.fd, 0, "stack", i);
		ASSERT_LE(0, apc);
		ASSERT_TRUE(wait_apc(apc));
		memset(self->values, 0xcc, sizeof(self->values));
		ASSERT_EQ(0, apc_result(apc, &self->result, self->values,
					NTAPC_APC_VALUES_MAX));
		EXPECT_EQ(i, self->result.nr_values);
		EXPECT_EQ(0xccccccccccccccccULL, self->values[i]);
		close(apc);
	}
	atomic_store(&stop_chain, true);
	worker_join(&worker);
	EXPECT_EQ(4, worker.ret);
}

/* The same thread in a system call, and the caller itself. */
TEST_F(named, stack_in_a_system_call)
{
	struct worker worker = {};
	int apc;

	ASSERT_TRUE(worker_start(&worker, dev, read_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_asleep(worker.tid));
	apc = kernel_apc(worker.fd, 0, "stack", 8);
	ASSERT_LE(0, apc);
	ASSERT_TRUE(wait_apc(apc));
	ASSERT_EQ(0, apc_result(apc, &self->result, self->values, 8));
	EXPECT_LE(1, self->result.nr_values);
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	EXPECT_EQ(1, write(fds[1], "x", 1));
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
	apc = kernel_apc(self_fd, 0, "stack", 8);
	ASSERT_LE(0, apc);
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(apc));
}

/* Frame pointers that lead anywhere, and in circles. */
static __u64 circle[2][2];

static void bad_frames_worker(struct worker *worker)
{
	__u64 rbp = worker->arg;

	atomic_store(&worker->stage, 1);
	asm volatile("push %%rbp\n\t"
		     "mov %0, %%rbp\n"
		     "1:\tpause\n\t"
		     "cmpl $2, (%1)\n\t"
		     "jl 1b\n\t"
		     "pop %%rbp"
		     : "+a"(rbp) : "d"(&worker->go) : "memory", "cc");
}

TEST_F(named, stack_with_bad_frames)
{
	const __u64 bad[] = {
		0, 1, 8, 4096, KERNEL_ADDRESS, NON_CANONICAL, ~0ULL, ~0ULL - 7,
		~0ULL - 15, 0x7ffffffff000ULL, 0x7fffffffeff8ULL,
		ADDR(circle[0]), ADDR(circle[0]) + 1,
	};
	struct worker worker;
	unsigned int i;
	int apc;

	circle[0][0] = ADDR(circle[1]);
	circle[1][0] = ADDR(circle[0]);
	circle[0][1] = 0x1111;
	circle[1][1] = 0x2222;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		worker.arg = bad[i];
		ASSERT_TRUE(worker_start(&worker, dev, bad_frames_worker));
		ASSERT_TRUE(worker_reached(&worker, 1));
		/* Where it is then, as the next ones find it in its loop. */
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
		apc = kernel_apc(worker.fd, 0, "stack", NTAPC_APC_VALUES_MAX);
		ASSERT_LE(0, apc);
		ASSERT_TRUE(wait_apc(apc));
		ASSERT_EQ(0, apc_result(apc, &self->result, self->values,
					NTAPC_APC_VALUES_MAX));
		EXPECT_LE(1, self->result.nr_values);
		EXPECT_GE(NTAPC_APC_VALUES_MAX, self->result.nr_values);
		close(apc);
		finish(&worker);
		close(worker.fd);
	}
}

/* Order */

/* 3.2, 4.3: special ones first, each kind in its order. */
TEST_F(named, special_ones_first)
{
	static const __u32 flags[] = { 0, SPECIAL, 0, SPECIAL, SPECIAL, 0 };
	static const __u64 order[] = { 4, 1, 5, 2, 3, 6 };
	struct ntapc_thread_info info;
	struct worker worker = {};
	int apcs[6], i;

	ASSERT_TRUE(hold_up(&worker));
	for (i = 0; i < 6; i++) {
		apcs[i] = kernel_apc(worker.fd, flags[i], "count", 0);
		ASSERT_LE(0, apcs[i]);
		EXPECT_EQ(NTAPC_APC_QUEUED, apc_state(apcs[i]));
		EXPECT_EQ(0, poll_now(apcs[i]));
	}
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(6, info.nr_kernel);
	EXPECT_EQ(0, info.nr_kernel_run);
	ASSERT_TRUE(let_go(&worker));
	for (i = 0; i < 6; i++) {
		ASSERT_TRUE(wait_apc(apcs[i]));
		EXPECT_EQ(NTAPC_APC_RUN, apc_state(apcs[i]));
		EXPECT_EQ(order[i], apc_order(apcs[i]));
	}
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(0, info.nr_kernel);
	EXPECT_EQ(6, info.nr_kernel_run);
	finish(&worker);
}

/* They come before user APCs. */
TEST_F(named, before_user_apcs)
{
	struct worker worker = {};
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), apc;

	ASSERT_LE(0, event);
	ASSERT_TRUE(hold_up(&worker));
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 1));
	apc = kernel_apc(worker.fd, 0, "eventfd", event);
	ASSERT_LE(0, apc);
	ASSERT_TRUE(let_go(&worker));
	ASSERT_TRUE(wait_until(log_count() == 1));
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(apc));
	EXPECT_EQ(1, read_eventfd(event));
	finish(&worker);
}

/*
 * 4.4, 6.3: a suspended thread is in a normal kernel APC, so that special ones
 * run in it at once and normal ones when it is resumed.
 */
TEST_F(named, while_suspended)
{
	struct worker worker = {};
	int normal, special;

	ASSERT_TRUE(worker_start(&worker, dev, count_worker));
	ASSERT_TRUE(moves(&worker.arg));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	normal = kernel_apc(worker.fd, 0, "count", 0);
	ASSERT_LE(0, normal);
	special = kernel_apc(worker.fd, SPECIAL, "count", 0);
	ASSERT_LE(0, special);
	ASSERT_TRUE(wait_apc(special));
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(special));
	EXPECT_EQ(1, apc_order(special));
	EXPECT_TRUE(stands_still(&worker.arg));
	EXPECT_EQ(NTAPC_APC_QUEUED, apc_state(normal));
	EXPECT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(worker.fd));
	ASSERT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(wait_apc(normal));
	EXPECT_EQ(2, apc_order(normal));
	EXPECT_TRUE(moves(&worker.arg));
	finish(&worker);
}

/* Where a thread may be, and what mustn't be disturbed by it. */

TEST_F(named, in_a_read)
{
	struct worker worker = {};
	int apc, i;

	ASSERT_TRUE(worker_start(&worker, dev, read_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(wait_asleep(worker.tid));
		apc = kernel_apc(worker.fd, i & 1 ? SPECIAL : 0, "count", 0);
		ASSERT_LE(0, apc);
		ASSERT_TRUE(wait_apc(apc));
		EXPECT_EQ(1, atomic_load(&worker.stage));
		close(apc);
	}
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	EXPECT_EQ(1, write(fds[1], "x", 1));
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
}

/* 3.5, 11.4: they run in any wait of ntapc's, which goes on to its deadline. */
static unsigned int delay_ms;

static void delay_worker(struct worker *worker)
{
	__u64 begin = now();

	atomic_store(&worker->stage, 1);
	worker->ret = delay(dev, worker->arg, begin + delay_ms * NS_PER_MS);
	worker->arg = now() - begin;
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
}

TEST_F(named, in_a_delay)
{
	static const __u32 flags[] = { 0, NTAPC_WAIT_ALERTABLE };
	struct worker worker = {};
	unsigned int i, ran;
	__u64 begin, last;
	bool in_time;
	int apc;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		/* Longer, if it was over before all of them had run. */
		for (in_time = false, delay_ms = 400; !in_time; delay_ms *= 2) {
			ASSERT_GT(PATIENCE_MS, delay_ms);
			begin = now();
			worker.arg = flags[i];
			ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
			ASSERT_TRUE(wait_until(atomic_load(&worker.stage) == 2 ||
					       thread_bits(worker.fd) &
					       NTAPC_THREAD_WAITING));
			for (ran = 0; ran < 4; ran++) {
				if (ran == 3)
					wait_until(now() - begin >
						   delay_ms * NS_PER_MS / 2);
				last = now();
				apc = kernel_apc(worker.fd, ran & 1 ? SPECIAL : 0,
						 "count", 0);
				ASSERT_LE(0, apc);
				ASSERT_TRUE(wait_apc(apc));
				EXPECT_EQ(NTAPC_APC_RUN, apc_state(apc));
				close(apc);
			}
			in_time = now() - begin < delay_ms * NS_PER_MS;
			ASSERT_TRUE(worker_reached(&worker, 2));
			EXPECT_EQ(NTAPC_STATUS_SUCCESS, worker.ret);
			EXPECT_LE(delay_ms * NS_PER_MS, worker.arg);
			/* Before it would have ended if begun anew. */
			in_time = in_time &&
				  now() < last + delay_ms * NS_PER_MS;
			finish(&worker);
			close(worker.fd);
		}
	}
}

static void by_id_worker(struct worker *worker)
{
	worker->ret = wait_by_id(dev, 0, in_ms(PATIENCE_MS));
}

TEST_F(named, in_a_wait_by_id)
{
	struct worker worker = {};
	int apc;

	ASSERT_TRUE(worker_start(&worker, dev, by_id_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	apc = kernel_apc(worker.fd, 0, "count", 0);
	ASSERT_LE(0, apc);
	ASSERT_TRUE(wait_apc(apc));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, alert_by_id(dev, worker.tid));
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
}

/* No guard holds them up: they aren't user APCs. */
TEST_F(named, in_a_guarded_stretch)
{
	struct ntapc_control *control = map_control(self_fd);
	int apc;

	ASSERT_NE(NULL, control);
	control->guard = 1;
	apc = kernel_apc(self_fd, 0, "count", 0);
	ASSERT_LE(0, apc);
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(apc));
	control->guard = 0;
}

/* To another process. */
TEST_F(named, to_another_process)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), thread, apc;
	pid_t child;

	ASSERT_LE(0, event);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		/* It is the descriptor of who queues, whatever this one has. */
		close(event);
		for (;;)
			pause();
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	apc = kernel_apc(thread, 0, "eventfd", event);
	ASSERT_LE(0, apc);
	ASSERT_TRUE(wait_apc(apc));
	EXPECT_EQ(1, read_eventfd(event));
	/* The child of a fork() has the result to look at as well. */
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(apc));
}

/* Those that don't run */

/* 7.1 */
TEST_F(named, remove)
{
	struct worker worker = {};
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct ntapc_thread_info info;
	int apcs[4], i;

	ASSERT_LE(0, event);
	ASSERT_TRUE(hold_up(&worker));
	for (i = 0; i < 4; i++) {
		apcs[i] = kernel_apc(worker.fd, i & 1 ? SPECIAL : 0, "eventfd",
				     event);
		ASSERT_LE(0, apcs[i]);
	}
	for (i = 1; i < 3; i++) {
		EXPECT_EQ(1, apc_remove(apcs[i]));
		EXPECT_EQ(NTAPC_APC_REMOVED, apc_state(apcs[i]));
		EXPECT_EQ(POLLIN, poll_now(apcs[i]));
		EXPECT_EQ(0, apc_remove(apcs[i]));
	}
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(2, info.nr_kernel);
	ASSERT_TRUE(let_go(&worker));
	ASSERT_TRUE(wait_apc(apcs[0]));
	ASSERT_TRUE(wait_apc(apcs[3]));
	EXPECT_EQ(2, apc_order(apcs[0]));
	EXPECT_EQ(1, apc_order(apcs[3]));
	EXPECT_EQ(0, apc_remove(apcs[0]));
	EXPECT_EQ(2, read_eventfd(event));
	EXPECT_EQ(NTAPC_APC_REMOVED, apc_state(apcs[1]));
	finish(&worker);
}

/* Closing it doesn't take it back. */
TEST_F(named, close_before_it_runs)
{
	struct worker worker = {};
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), i, apc;

	ASSERT_LE(0, event);
	ASSERT_TRUE(hold_up(&worker));
	for (i = 0; i < 4; i++) {
		apc = kernel_apc(worker.fd, i & 1 ? SPECIAL : 0, "eventfd",
				 event);
		ASSERT_LE(0, apc);
		close(apc);
	}
	ASSERT_TRUE(let_go(&worker));
	finish(&worker);
	EXPECT_EQ(4, read_eventfd(event));
}

/* 7.3: the thread ends first. */
TEST_F(named, rundown)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), thread, apcs[4], i;
	atomic_int *forked;
	pid_t child;
	char c;

	ASSERT_LE(0, event);
	forked = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, forked);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (!vfork()) {
			atomic_store(forked, 1);
			_exit(read(fds[0], &c, 1) != 1);
		}
		_exit(1);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_until(atomic_load(forked) &&
			       thread_state(child) == 'D'));
	for (i = 0; i < 4; i++) {
		apcs[i] = kernel_apc(thread, i & 1 ? SPECIAL : 0, "eventfd",
				     event);
		ASSERT_LE(0, apcs[i]);
	}
	close(apcs[3]);
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(wait_apc(apcs[i]));
		EXPECT_EQ(NTAPC_APC_RUN_DOWN, apc_state(apcs[i]));
		EXPECT_EQ(0, apc_remove(apcs[i]));
	}
	EXPECT_EQ(0, read_eventfd(event));
	EXPECT_EQ(-ESRCH, kernel_apc(thread, 0, "count", 0));
	EXPECT_EQ(1, write(fds[1], "x", 1));
}

/* Asking for one */

TEST_F(named, names)
{
	struct ntapc_kernel_apc args = { .size = sizeof(args) };
	static const char *const unknown[] = {
		"", "coun", "counts", "COUNT", " count", "count ", "ntapc",
		"0123456789012345678901234567890",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		EXPECT_EQ(-ENOENT, kernel_apc(self_fd, 0, unknown[i], 0)) {
			TH_LOG("\"%s\"", unknown[i]);
		}
	}
	/* Without an end. */
	memset(args.name, 'a', sizeof(args.name));
	EXPECT_EQ(-EINVAL, sys_ioctl(self_fd, NTAPC_IOC_KERNEL_APC, &args));
	memset(args.name, 0xff, sizeof(args.name));
	EXPECT_EQ(-EINVAL, sys_ioctl(self_fd, NTAPC_IOC_KERNEL_APC, &args));
	args.name[31] = 0;
	EXPECT_EQ(-ENOENT, sys_ioctl(self_fd, NTAPC_IOC_KERNEL_APC, &args));
}

TEST_F(named, arguments)
{
	int event = eventfd(0, EFD_CLOEXEC);
	struct ntapc_thread_info info;
	struct ntapc_kernel_apc args = { .size = sizeof(args) };
	static const char *const names[] = { "eventfd", "count", "stack" };
	unsigned int i, j;

	EXPECT_EQ(-EBADF, kernel_apc(self_fd, 0, "eventfd", -1));
	EXPECT_EQ(-EBADF, kernel_apc(self_fd, 0, "eventfd", 9999));
	EXPECT_GT(0, kernel_apc(self_fd, 0, "eventfd", event | 1ULL << 32));
	EXPECT_EQ(-EPROTOTYPE, kernel_apc(self_fd, 0, "eventfd", fds[0]));
	EXPECT_EQ(-EPROTOTYPE, kernel_apc(self_fd, 0, "eventfd", self_fd));
	EXPECT_EQ(-EINVAL, kernel_apc(self_fd, 0, "count", 1));
	EXPECT_EQ(-EINVAL, kernel_apc(self_fd, 0, "stack", 0));
	EXPECT_EQ(-EINVAL, kernel_apc(self_fd, 0, "stack",
				      NTAPC_APC_VALUES_MAX + 1));
	EXPECT_EQ(-EINVAL, kernel_apc(self_fd, 0, "stack", 1ULL << 32 | 1));
	EXPECT_EQ(-EINVAL, kernel_apc(self_fd, 0, "stack", ~0ULL));
	/* What isn't named is 0. */
	for (i = 0; i < 3; i++)
		for (j = 1; j < 3; j++) {
			strcpy(args.name, names[i]);
			memset(args.arg, 0, sizeof(args.arg));
			args.arg[0] = i == 0 ? event : i == 2;
			args.arg[j] = 1;
			EXPECT_EQ(-EINVAL, sys_ioctl(self_fd,
						     NTAPC_IOC_KERNEL_APC,
						     &args));
		}
	EXPECT_EQ(-EINVAL, kernel_apc(self_fd, 1U << 4, "count", 0));
	/* In one environment at most. */
	EXPECT_EQ(-EINVAL, kernel_apc(self_fd, NTAPC_KERNEL_APC_ATTACHED |
						       NTAPC_KERNEL_APC_INSERT,
				      "count", 0));
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(0, info.nr_kernel + info.nr_kernel_run);
}

static void leave_at_once(struct worker *worker)
{
	(void)worker;
}

/* EINVAL, ESRCH, ENOENT, then what the routine says. */
TEST_F(named, order_of_checks)
{
	struct ntapc_kernel_apc args = { .size = sizeof(args), .arg = { -1 } };
	struct worker gone;

	ASSERT_TRUE(worker_start(&gone, dev, leave_at_once));
	worker_join(&gone);
	ASSERT_TRUE(wait_gone(gone.fd));
	memset(args.name, 'a', sizeof(args.name));
	EXPECT_EQ(-EINVAL, sys_ioctl(gone.fd, NTAPC_IOC_KERNEL_APC, &args));
	EXPECT_EQ(-EINVAL, kernel_apc(gone.fd, 1U << 4, "nosuch", -1));
	EXPECT_EQ(-ESRCH, kernel_apc(gone.fd, 0, "nosuch", -1));
	EXPECT_EQ(-ESRCH, kernel_apc(gone.fd, 0, "eventfd", -1));
	EXPECT_EQ(-ENOENT, kernel_apc(self_fd, 0, "nosuch", -1));
	EXPECT_EQ(-EBADF, kernel_apc(self_fd, 0, "eventfd", -1));
}

/* Looking at one */

TEST_F(named, result)
{
	struct ntapc_apc_result result = { .size = sizeof(result) };
	int apc = kernel_apc(self_fd, 0, "stack", 4);
	__u32 count;

	ASSERT_LE(0, apc);
	ASSERT_EQ(0, sys_ioctl(apc, NTAPC_IOC_APC_RESULT, &result));
	count = result.nr_values;
	EXPECT_LE(1, count);
	EXPECT_EQ(NTAPC_APC_RUN, result.state);
	/* Less room than there are, and more. */
	memset(self->values, 0xcc, sizeof(self->values));
	ASSERT_EQ(0, apc_result(apc, &result, self->values, count - 1));
	EXPECT_EQ(count, result.nr_values);
	EXPECT_EQ(0xccccccccccccccccULL, self->values[count - 1]);
	ASSERT_EQ(0, apc_result(apc, &result, self->values, 64));
	EXPECT_EQ(count, result.nr_values);
	EXPECT_NE(0xccccccccccccccccULL, self->values[count - 1]);
	EXPECT_EQ(0xccccccccccccccccULL, self->values[count]);
	/* Memory that isn't there. */
	EXPECT_EQ(-EFAULT, apc_result(apc, &result,
				      (void *)(uintptr_t)KERNEL_ADDRESS, 4));
	EXPECT_EQ(-EFAULT, apc_result(apc, &result, (void *)16UL, 4));
	/* None is wanted. */
	EXPECT_EQ(0, apc_result(apc, &result, NULL, 0));
	result.size = sizeof(result);
	result.nr_values = 0;
	result.values = 0;
	result.pad = 1;
	EXPECT_EQ(-EINVAL, sys_ioctl(apc, NTAPC_IOC_APC_RESULT, &result));
}

TEST_F(named, fdinfo)
{
	struct worker worker = {};
	char text[4096];
	int apc;

	ASSERT_TRUE(hold_up(&worker));
	apc = kernel_apc(worker.fd, 0, "count", 0);
	ASSERT_LE(0, apc);
	ASSERT_EQ(0, read_fdinfo(apc, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-type:\tkernel-apc\n"));
	EXPECT_EQ(NULL, strstr(text, "ffff"));
	EXPECT_EQ(NULL, strstr(text, "0x"));
	ASSERT_TRUE(let_go(&worker));
	finish(&worker);
}

/* It does nothing but its two ioctls and poll(). */
TEST_F(named, nothing_but_ioctls)
{
	int apc = kernel_apc(self_fd, 0, "count", 0);
	char text[8];

	ASSERT_LE(0, apc);
	EXPECT_EQ(-1, read(apc, text, sizeof(text)));
	EXPECT_EQ(-1, write(apc, text, sizeof(text)));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, apc, 0));
	EXPECT_EQ(-ENOTTY, queue(apc, log_apc, 1));
	EXPECT_EQ(-ENOTTY, suspend_thread(apc, 0));
	EXPECT_EQ(-ENOTTY, apc_remove(self_fd));
	EXPECT_EQ(-ENOTTY, apc_remove(dev));
	/* It has run, so that it can be read from as poll() has it. */
	EXPECT_EQ(0, wait_thread(dev, 0, 0, apc));
}

/* Limits and load */

FIXTURE(limits)
{
	long long thread;
};

FIXTURE_SETUP(limits)
{
	self->thread = get_parameter("max_queued_per_thread");
	ASSERT_LT(0, self->thread);
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
}

FIXTURE_TEARDOWN_PARENT(limits)
{
	set_parameter("max_queued_per_thread", self->thread);
}

TEST_F(limits, of_a_thread)
{
	struct worker worker = {};
	int apcs[100], n, i;

	ASSERT_TRUE(hold_up(&worker));
	ASSERT_EQ(0, set_parameter("max_queued_per_thread", 10));
	for (n = 0; n < 100; n++) {
		apcs[n] = kernel_apc(worker.fd, 0, "count", 0);
		if (apcs[n] < 0)
			break;
	}
	EXPECT_EQ(10, n);
	EXPECT_EQ(-EAGAIN, apcs[n]);
	/* One that is taken back makes room. */
	EXPECT_EQ(1, apc_remove(apcs[0]));
	close(apcs[0]);
	apcs[0] = kernel_apc(worker.fd, SPECIAL, "count", 0);
	EXPECT_LE(0, apcs[0]);
	EXPECT_EQ(-EAGAIN, kernel_apc(worker.fd, 0, "count", 0));
	ASSERT_TRUE(let_go(&worker));
	for (i = 0; i < n; i++) {
		EXPECT_TRUE(wait_apc(apcs[i]));
	}
	i = kernel_apc(worker.fd, 0, "count", 0);
	EXPECT_LE(0, i);
	finish(&worker);
}

/* Many, by many, some of them taken back: each runs once or was removed. */
#define PRODUCERS	3

struct producer {
	struct worker worker;
	unsigned int ran, removed, run_down, wrong;
};

static struct producer producers[PRODUCERS];
static struct worker victim;

static void produce(struct worker *worker)
{
	struct producer *p = (struct producer *)worker;
	__u64 i;

	for (i = 0; i < worker->arg; i++) {
		int apc = kernel_apc(victim.fd, i & 1 ? SPECIAL : 0, "count", 0);
		int removed = 0;

		if (apc == -EAGAIN) {
			breathe(UNHURRIED);
			continue;
		}
		if (apc < 0) {
			p->wrong++;
			continue;
		}
		if (i % 3 == 0)
			removed = apc_remove(apc);
		if (i % 8 < 5 && !wait_apc(apc))
			p->wrong++;
		if (i % 8 >= 5) {
			/* Left to itself. */
			if (removed)
				p->removed++;
			else
				p->ran++;
			close(apc);
			continue;
		}
		switch (apc_state(apc)) {
		case NTAPC_APC_RUN:
			p->ran++;
			p->wrong += removed;
			break;
		case NTAPC_APC_REMOVED:
			p->removed++;
			p->wrong += !removed;
			break;
		default:
			p->wrong++;
		}
		close(apc);
	}
}

static void victim_worker(struct worker *worker)
{
	volatile __u64 n = 0;

	while (atomic_load(&worker->go) < 2) {
		n++;
		if (n % 64 == 0)
			delay(dev, n & 64 ? NTAPC_WAIT_ALERTABLE : 0,
			      now() + 50000);
	}
}

TEST_F(named, under_load)
{
	struct ntapc_thread_info info;
	unsigned int ran = 0, removed = 0;
	int i;

	ASSERT_TRUE(worker_start(&victim, dev, victim_worker));
	for (i = 0; i < PRODUCERS; i++) {
		producers[i].worker.arg = scaled(2000);
		ASSERT_TRUE(worker_start(&producers[i].worker, dev, produce));
	}
	for (i = 0; i < PRODUCERS; i++) {
		worker_join(&producers[i].worker);
		EXPECT_EQ(0, producers[i].wrong);
		ran += producers[i].ran;
		removed += producers[i].removed;
	}
	EXPECT_TRUE(wait_until(!get_thread_info(victim.fd, &info) &&
			       !info.nr_kernel));
	EXPECT_TRUE(wait_until(!get_thread_info(victim.fd, &info) &&
			       info.nr_kernel_run == ran));
	TH_LOG("%u ran, %u removed", ran, removed);
	finish(&victim);
}

TEST_HARNESS_MAIN
