// SPDX-License-Identifier: GPL-2.0-only
/*
 * Special user APCs: rules 13.1 to 13.5, the flag that interrupts a system call,
 * and the guard count.
 */
#include "common.h"
#include "kselftest_harness.h"
#include "calls.h"
#include "signals.h"

#include <linux/io_uring.h>

static int dev, self_fd;

/* How often the calls are interrupted. */
#define INTERRUPTIONS	4

FIXTURE(special)
{
};

FIXTURE_VARIANT(special)
{
	const char *dispatcher;
};

FIXTURE_VARIANT_ADD(special, ioctl)
{
	.dispatcher = dispatch_continue,
};

FIXTURE_VARIANT_ADD(special, user)
{
	.dispatcher = dispatch_user,
};

FIXTURE_SETUP(special)
{
	log_reset();
	dev = open_frames(variant->dispatcher);
	ASSERT_LE(0, dev);
	self_fd = open_thread(dev, 0);
	ASSERT_LE(0, self_fd);
}

FIXTURE_TEARDOWN(special)
{
}

static bool wait_logged(unsigned int count)
{
	return wait_until(log_count() >= count);
}

/* 13.2: queued to oneself, it has run when the call returns. */
TEST_F(special, to_oneself)
{
	struct ntapc_thread_info info;
	int i;

	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, queue_special(self_fd, log_apc, i));
		ASSERT_EQ(i + 1, log_count());
		EXPECT_EQ(i, log_entry(i));
	}
	EXPECT_EQ(0, queue_interrupt(self_fd, log_apc, 10));
	EXPECT_EQ(11, log_count());
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(0, info.nr_special);
	EXPECT_EQ(11, info.nr_delivered);
}

static struct ntapc_frame seen;

static void keep_frame(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	seen = *this_frame;
	log_add(arg0);
}

TEST_F(special, frame_to_oneself)
{
	EXPECT_EQ(0, queue_special(self_fd, keep_frame, 1));
	ASSERT_EQ(1, log_count());
	EXPECT_TRUE(seen.flags & NTAPC_FRAME_SPECIAL);
	EXPECT_TRUE(seen.flags & NTAPC_FRAME_SYNC);
	/* Not an alertable point: ordinary ones don't follow. */
	EXPECT_FALSE(seen.flags & NTAPC_FRAME_TEST_ALERT);
	EXPECT_EQ(0, seen.context.rax);
	EXPECT_EQ(0, seen.restart);
}

/* 13.1: it may nest on itself. */
static void queue_nested(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	if (arg0 && queue_special(self_fd, queue_nested, arg0 - 1))
		log_add(~0ULL);
	log_add(1000 + arg0);
}

TEST_F(special, nests)
{
	int i;

	EXPECT_EQ(0, queue_special(self_fd, queue_nested, 20));
	ASSERT_EQ(42, log_count());
	for (i = 0; i <= 20; i++) {
		EXPECT_EQ(20 - i, log_entry(i));
		EXPECT_EQ(1000 + i, log_entry(21 + i));
	}
}

/* 13.5: a special one doesn't arm ordinary ones. */
TEST_F(special, ordinary_ones_stay)
{
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(0, queue_special(self_fd, log_apc, 2));
	ASSERT_EQ(1, log_count());
	EXPECT_EQ(2, log_entry(0));
	EXPECT_EQ(1, nr_pending(self_fd));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(2, log_count());
}

/* Nor does one that a frame's chain meets end up among them. */
static void special_inside(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	queue_special(self_fd, log_apc, 100);
	log_add(arg0);
}

TEST_F(special, inside_an_ordinary_one)
{
	static const __u64 expected[] = { 1, 100, 1, 2 };
	unsigned int i;

	EXPECT_EQ(0, queue(self_fd, special_inside, 1));
	EXPECT_EQ(0, queue(self_fd, log_apc, 2));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	ASSERT_EQ(4, log_count());
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(expected[i], log_entry(i));
	}
}

TEST_F(special, with_a_reserve_object)
{
	int reserve = open_reserve(dev);
	int i;

	ASSERT_LE(0, reserve);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, queue_full(self_fd, NTAPC_QUEUE_SPECIAL |
					NTAPC_QUEUE_RESERVE, ADDR(log_apc),
					i, 0, 0, reserve));
		ASSERT_EQ(i + 1, log_count());
	}
}

/* Interrupted computation */

static __u64 lcg(__u64 x)
{
	return x * 6364136223846793005ULL + 1442695040888963407ULL;
}

static void compute(struct worker *worker)
{
	volatile __u64 *steps = &worker->arg;
	__u64 x = 1, n = 0;
	double sum = 0;

	atomic_store(&worker->stage, 1);
	while (atomic_load_explicit(&worker->go, memory_order_relaxed) < 2) {
		x = lcg(x);
		sum += (double)(n & 1023);
		*steps = ++n;
	}
	/* Check by doing it again. */
	for (; n; n--) {
		x = (x - 1442695040888963407ULL) * 13877824140714322085ULL;
		sum -= (double)((n - 1) & 1023);
	}
	worker->ret = x == 1 && sum == 0;
}

/* 13.1: a thread in user code is interrupted at once, and goes on as it was. */
TEST_F(special, interrupts_a_computation)
{
	unsigned int rounds = scaled(2000), i;
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, compute));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, queue_special(worker.fd, log_apc, i));
		ASSERT_TRUE(wait_logged(i + 1));
		EXPECT_EQ(i, log_entry(i));
	}
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_LT(0, worker.arg);
	EXPECT_EQ(1, worker.ret);
}

/* The frame of an interrupted computation. */
TEST_F(special, frame_of_a_computation)
{
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, compute));
	ASSERT_TRUE(wait_until(((volatile struct worker *)&worker)->arg > 1000));
	ASSERT_EQ(0, queue_special(worker.fd, keep_frame, 1));
	ASSERT_TRUE(wait_logged(1));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
	EXPECT_EQ(NTAPC_FRAME_SPECIAL, seen.flags & ~NTAPC_FRAME_NEED_CONTINUE);
	EXPECT_EQ(0, seen.restart);
}

/*
 * Many at once, each once. One that comes while another's dispatcher starts runs
 * before it, so that their order shows nothing here.
 */
TEST_F(special, many_at_once)
{
	unsigned int rounds = scaled(2000), i;
	struct worker worker = {};
	static bool seen_it[2000];

	ASSERT_TRUE(worker_start(&worker, dev, compute));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, queue_special(worker.fd, log_apc, i));
	}
	ASSERT_TRUE(wait_logged(rounds));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
	ASSERT_EQ(rounds, log_count());
	for (i = 0; i < rounds; i++) {
		ASSERT_GT(rounds, log_entry(i));
		EXPECT_FALSE(seen_it[log_entry(i)]);
		seen_it[log_entry(i)] = true;
	}
}

/* 13.4: special ones first, then ordinary ones, each kind in its order. */
TEST_F(special, before_ordinary_ones)
{
	static const __u64 expected[] = { 2, 4, 1, 3, 5 };
	struct ntapc_control *control = map_control(self_fd);
	unsigned int i;

	ASSERT_NE(NULL, control);
	control->guard = 1;
	for (i = 1; i <= 5; i++) {
		EXPECT_EQ(0, i & 1 ? queue(self_fd, log_apc, i) :
			     queue_special(self_fd, log_apc, i));
	}
	EXPECT_EQ(0, log_count());
	control->guard = 0;
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	ASSERT_EQ(5, log_count());
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(expected[i], log_entry(i));
	}
}

/* A SIGSTOPped process runs them when it is continued, killed never. */
TEST_F(special, to_a_stopped_process)
{
	volatile unsigned int *ran;
	int thread, status;
	pid_t child;

	ran = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, ran);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		set_dispatcher(dev, ADDR(dispatch_continue));
		ran[1] = 1;
		for (;;)
			*ran = log_count();
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_until(ran[1]));
	ASSERT_EQ(0, kill(child, SIGSTOP));
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	EXPECT_EQ(0, queue_special(thread, log_apc, 1));
	EXPECT_EQ(0, queue_interrupt(thread, log_apc, 2));
	/* Not continued by that. */
	EXPECT_TRUE(wait_until(thread_state(child) == 'T'));
	EXPECT_EQ(2, nr_pending(thread));
	EXPECT_EQ(0, *ran);
	ASSERT_EQ(0, kill(child, SIGCONT));
	EXPECT_TRUE(wait_until(*ran == 2));
	ASSERT_EQ(0, kill(child, SIGSTOP));
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	EXPECT_EQ(0, queue_interrupt(thread, log_apc, 3));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	EXPECT_EQ(2, *ran);
}

/* The guard count */

TEST_F(special, guard_holds_them_back)
{
	struct ntapc_control *control = map_control(self_fd);

	ASSERT_NE(NULL, control);
	control->guard = 1;
	EXPECT_EQ(0, queue_special(self_fd, log_apc, 1));
	EXPECT_EQ(0, queue_interrupt(self_fd, log_apc, 2));
	EXPECT_EQ(0, queue(self_fd, log_apc, 3));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(3, nr_pending(self_fd));
	EXPECT_EQ(NTAPC_PENDING_USER | NTAPC_PENDING_SPECIAL, control->pending);
	/* As deep as one likes. */
	control->guard = 77;
	EXPECT_EQ(0, queue_special(self_fd, log_apc, 4));
	EXPECT_EQ(0, log_count());
	control->guard = 0;
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(dev, NTAPC_TEST_SPECIAL_ONLY));
	ASSERT_EQ(3, log_count());
	EXPECT_EQ(1, log_entry(0));
	EXPECT_EQ(2, log_entry(1));
	EXPECT_EQ(4, log_entry(2));
	EXPECT_EQ(NTAPC_PENDING_USER, control->pending);
	EXPECT_EQ(1, nr_pending(self_fd));
	/* And now they aren't any more. */
	EXPECT_EQ(0, queue_special(self_fd, log_apc, 5));
	EXPECT_EQ(4, log_count());
}

static __thread volatile bool in_guard;
static atomic_uint violations;

static void check_guard(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	if (in_guard)
		atomic_fetch_add(&violations, 1);
	log_add(arg0);
}

static void guard_on_and_off(struct worker *worker)
{
	volatile struct ntapc_control *control = map_control(worker->fd);
	volatile int i;

	if (!control)
		return;
	atomic_store(&worker->stage, 1);
	while (atomic_load(&worker->go) < 2) {
		control->guard++;
		in_guard = true;
		for (i = 0; i < 200; i++)
			;
		in_guard = false;
		/* Lower it first, look second. */
		control->guard--;
		if (!control->guard &&
		    __atomic_load_n(&control->pending, __ATOMIC_SEQ_CST) &
		    NTAPC_PENDING_SPECIAL) {
			test_alert(worker->dev, NTAPC_TEST_SPECIAL_ONLY);
			worker->arg++;
		}
	}
}

/* None runs inside a guarded stretch, and none is forgotten after it. */
TEST_F(special, guard_in_a_loop)
{
	unsigned int rounds = scaled(3000), i;
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, guard_on_and_off));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, queue_special(worker.fd, check_guard, i));
		ASSERT_TRUE(wait_logged(i + 1));
	}
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, atomic_load(&violations));
	EXPECT_EQ(rounds, log_count());
	/* Some must have come in the stretch, or this has shown nothing. */
	EXPECT_LT(0, worker.arg);
	TH_LOG("%llu of %u were held back", worker.arg, rounds);
}

/* A guarded thread that blocks keeps them pending, also those that interrupt. */
static int guarded_pipe[2];

static void read_guarded(struct worker *worker)
{
	struct ntapc_control *control = map_control(worker->fd);
	char c;

	if (!control)
		return;
	control->guard = 1;
	atomic_store(&worker->stage, 1);
	worker->ret = read(guarded_pipe[0], &c, 1);
	worker->arg = log_count();
	control->guard = 0;
	test_alert(worker->dev, NTAPC_TEST_SPECIAL_ONLY);
}

TEST_F(special, guard_around_a_system_call)
{
	struct worker worker;

	ASSERT_EQ(0, pipe2(guarded_pipe, O_CLOEXEC));
	ASSERT_TRUE(worker_start(&worker, dev, read_guarded));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 1));
	EXPECT_EQ(0, queue_interrupt(worker.fd, log_apc, 2));
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(1, write(guarded_pipe[1], "x", 1));
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
	EXPECT_EQ(0, worker.arg);
	EXPECT_EQ(2, log_count());
}

/* Waits of ntapc's */

static unsigned int delay_ms;

static void delay_worker(struct worker *worker)
{
	__u64 begin = now();

	atomic_store(&worker->stage, 1);
	worker->ret = delay(worker->dev, worker->arg,
			    begin + delay_ms * NS_PER_MS);
	worker->arg = now() - begin;
	log_add(~0ULL);
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
}

/* In the wait, or behind it already. */
static bool wait_in_delay(struct worker *worker)
{
	return wait_until(atomic_load(&worker->stage) == 2 ||
			  thread_bits(worker->fd) & NTAPC_THREAD_WAITING);
}

/* 13.1: an alertable wait is interrupted at once. */
TEST_F(special, ends_an_alertable_wait)
{
	struct worker worker = { .arg = NTAPC_WAIT_ALERTABLE };

	delay_ms = PATIENCE_MS;
	ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, queue_special(worker.fd, keep_frame, 1));
	ASSERT_TRUE(worker_finish(&worker));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, worker.ret);
	EXPECT_EQ(2, log_count());
	EXPECT_EQ(1, log_entry(0));
	EXPECT_TRUE(seen.flags & NTAPC_FRAME_SPECIAL);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, seen.context.rax);
}

static void wait_records_worker(struct worker *worker)
{
	struct ntapc_record record = {};
	__u32 count = 0;

	worker->ret = wait_records(worker->dev, in_ms(PATIENCE_MS), &record, 1,
				   &count);
	worker->arg = record.arg[0] << 32 | record.flags;
}

/* By record too. */
TEST_F(special, ends_a_wait_for_records)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, dev, wait_records_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 7));
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, worker.ret);
	EXPECT_EQ(7ULL << 32 | NTAPC_QUEUE_SPECIAL, worker.arg);
	EXPECT_EQ(0, log_count());
}

/*
 * 13.1: a wait that isn't alertable isn't cut short. Each time with twice the time,
 * until that was enough for what is to be done within it.
 */
TEST_F(special, runs_after_a_wait)
{
	bool in_time = false;

	for (delay_ms = 400; !in_time && delay_ms < PATIENCE_MS;
	     delay_ms *= 2) {
		struct worker worker = { .arg = 0 };
		__u64 begin = now();
		unsigned int count;

		log_reset();
		ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
		ASSERT_TRUE(wait_in_delay(&worker));
		EXPECT_EQ(0, queue_special(worker.fd, log_apc, 1));
		count = log_count();
		in_time = now() - begin < delay_ms * NS_PER_MS;
		/* Come late, it runs when the worker goes on. */
		ASSERT_TRUE(worker_finish(&worker));
		EXPECT_EQ(NTAPC_STATUS_SUCCESS, worker.ret);
		EXPECT_LE(delay_ms * NS_PER_MS, worker.arg);
		ASSERT_EQ(2, log_count());
		if (in_time) {
			EXPECT_EQ(0, count);
			EXPECT_EQ(1, log_entry(0));
		}
	}
	EXPECT_TRUE(in_time);
}

TEST_F(special, interrupts_a_wait_that_goes_on)
{
	bool in_time = false;

	for (delay_ms = 400; !in_time && delay_ms < PATIENCE_MS;
	     delay_ms *= 2) {
		struct worker worker = { .arg = 0 };
		__u64 begin = now();

		log_reset();
		ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
		ASSERT_TRUE(wait_in_delay(&worker));
		EXPECT_EQ(0, queue_interrupt(worker.fd, log_apc, 1));
		ASSERT_TRUE(wait_logged(1));
		in_time = now() - begin < delay_ms * NS_PER_MS;
		if (in_time) {
			EXPECT_EQ(1, log_entry(0));
		}
		ASSERT_TRUE(wait_logged(2));
		ASSERT_TRUE(worker_finish(&worker));
		EXPECT_EQ(NTAPC_STATUS_SUCCESS, worker.ret);
		EXPECT_LE(delay_ms * NS_PER_MS, worker.arg);
		EXPECT_EQ(2, log_count());
	}
	EXPECT_TRUE(in_time);
}

/* Also if the thread is suspended in it when it comes. */
TEST_F(special, interrupts_a_wait_of_a_suspended)
{
	struct worker worker = { .arg = 0 };

	delay_ms = 10 * PATIENCE_MS;
	ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
	ASSERT_TRUE(wait_in_delay(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(0, queue_interrupt(worker.fd, log_apc, 1));
	ASSERT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(wait_logged(1));
	EXPECT_EQ(1, log_entry(0));
	EXPECT_EQ(1, atomic_load(&worker.stage));
}

/* System calls, one variant for each: calls.h. */

FIXTURE_SETUP(calls)
{
	log_reset();
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
}

FIXTURE_TEARDOWN(calls)
{
}

/* 13.1: without the flag it runs when the system call is done. */
TEST_F(calls, special_waits_for_the_end)
{
	if (!variant->release)
		SKIP(return, "ends by itself");
	START_CALL();
	EXPECT_EQ(0, queue_special(call.worker.fd, log_apc, 1));
	EXPECT_EQ(0, queue(call.worker.fd, log_apc, 2));
	EXPECT_TRUE(wait_asleep(call.worker.tid));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(2, nr_pending(call.worker.fd));
	variant->release();
	ASSERT_TRUE(finish_call());
	EXPECT_EQ(variant->ret, call.ret);
	/* It had run when the call returned, the ordinary one hadn't. */
	EXPECT_EQ(1, call.worker.ret);
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(1, log_entry(0));
}

/* With it, the call is interrupted and goes on. */
TEST_F(calls, interrupted)
{
	bool in_time;
	__u64 last;
	int i;

	call.timeout_ms = variant->timeout_ms;
	do {
		log_reset();
		START_CALL();
		for (i = 0; i < INTERRUPTIONS && !(variant->eintr && i); i++) {
			if (variant->timeout_ms && i == INTERRUPTIONS - 1)
				wait_for_part_of_call(2);
			last = now();
			EXPECT_EQ(0, queue_interrupt(call.worker.fd, log_apc,
						     i));
			ASSERT_TRUE(wait_logged(i + 1));
			if (!variant->eintr && !variant->timeout_ms) {
				ASSERT_TRUE(wait_asleep(call.worker.tid));
				EXPECT_EQ(1, atomic_load(&call.worker.stage));
			}
		}
		in_time = call_has_time();
		if (variant->release && !variant->eintr)
			variant->release();
		ASSERT_TRUE(finish_call());
		EXPECT_EQ(i, log_count());
		EXPECT_RESULT();
		if (!variant->timeout_ms)
			return;
		EXPECT_LE(call.timeout_ms * NS_PER_MS, call.worker.arg);
		/* Not started over each time. */
		in_time = in_time && call_kept_its_time(last);
	} while (!in_time && more_time_for_call());
	EXPECT_TRUE(in_time);
}

/*
 * A routine that uses the restart state of its thread: the interrupted sleep
 * has to find its own again.
 */
static unsigned int inside_ms;
static __u64 inside_end;

static void sleep_inside(__u64 arg0, __u64 arg1, __u64 arg2)
{
	struct timespec ts = timespec_of_ms(inside_ms);

	(void)arg1;
	(void)arg2;
	log_add(arg0);
	if (syscall(SYS_nanosleep, &ts, NULL))
		log_add(~0ULL);
	if (poll(NULL, 0, inside_ms))
		log_add(~1ULL);
	inside_end = now();
	log_add(1000 + arg0);
}

TEST_F(calls, restart_state_survives_the_routine)
{
	static const __u64 nested[] = { 1, 2, 1002, 1001 };
	unsigned int right, i;
	bool in_time;

	if (!variant->timeout_ms)
		SKIP(return, "no timeout to keep");
	call.timeout_ms = variant->timeout_ms;
	do {
		log_reset();
		inside_ms = call.timeout_ms / 16;
		START_CALL();
		wait_for_part_of_call(4);
		EXPECT_EQ(0, queue_interrupt(call.worker.fd, sleep_inside, 1));
		ASSERT_TRUE(wait_logged(1));
		in_time = call_has_time();
		ASSERT_TRUE(wait_asleep(call.worker.tid));
		/* In the routine's own sleep. */
		EXPECT_EQ(0, queue_interrupt(call.worker.fd, sleep_inside, 2));
		ASSERT_TRUE(wait_logged(4));
		ASSERT_TRUE(finish_call());
		ASSERT_EQ(4, log_count());
		EXPECT_EQ(variant->ret, call.ret) {
			TH_LOG("errno %d", call.error);
		}
		EXPECT_LE(call.timeout_ms * NS_PER_MS, call.worker.arg);
		/* Unless the first was through before the second came. */
		for (right = 0, i = 0; i < 4; i++)
			right += log_entry(i) == nested[i];
		in_time = in_time && right == 4 &&
			  call_kept_its_time(inside_end);
	} while (!in_time && more_time_for_call());
	EXPECT_TRUE(in_time);
}

/* 13.4: those that wait for the end of a system call run in their order. */
static void read_then_log(struct worker *worker)
{
	char c;

	atomic_store(&worker->stage, 1);
	worker->ret = read(call.fds[0], &c, 1);
	worker->arg = log_count();
}

TEST_F(special, in_order_after_a_system_call)
{
	struct worker worker;
	unsigned int i;

	ASSERT_TRUE(prepare_pipe());
	ASSERT_TRUE(worker_start(&worker, dev, read_then_log));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_asleep(worker.tid));
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(0, queue(worker.fd, log_apc, 1000 + i));
		EXPECT_EQ(0, queue_special(worker.fd, log_apc, i));
	}
	release_pipe();
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
	EXPECT_EQ(100, worker.arg);
	ASSERT_EQ(100, log_count());
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(i, log_entry(i));
	}
}

/* Together with signals */

/*
 * Makes this thread outrun the workers: what it does between two sleeps is done
 * before one of them gets to look, if they share a processor.
 */
static void outrun(void)
{
	struct sched_param param = { .sched_priority = 10 };

	pin_to_cpu(0);
	sched_setscheduler(0, SCHED_FIFO, &param);
}

static void read_pinned(struct worker *worker)
{
	struct sched_param param = {};
	char c;

	pin_to_cpu(0);
	sched_setscheduler(0, SCHED_OTHER, &param);
	atomic_store(&worker->stage, 1);
	call.ret = read(call.fds[0], &c, 1);
	call.error = errno;
	atomic_store(&worker->stage, 2);
	/* Should it have outrun us it still takes what is sent. */
	worker_wait(worker);
}

static void breathe_long(void)
{
	struct timespec ts = { .tv_nsec = 200000 };

	nanosleep(&ts, NULL);
}

/* A handler without SA_RESTART gives EINTR, whichever came first. */
TEST_F(special, and_signal_without_sa_restart)
{
	unsigned int rounds = scaled(100), i;

	catch_signal(SIGUSR1, 0);
	ASSERT_TRUE(prepare_pipe());
	outrun();
	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(worker_start(&call.worker, dev, read_pinned));
		ASSERT_TRUE(worker_reached(&call.worker, 1));
		ASSERT_TRUE(wait_asleep(call.worker.tid));
		if (i & 1) {
			pthread_kill(call.worker.thread, SIGUSR1);
			EXPECT_EQ(0, queue_interrupt(call.worker.fd, log_apc, i));
		} else {
			EXPECT_EQ(0, queue_interrupt(call.worker.fd, log_apc, i));
			pthread_kill(call.worker.thread, SIGUSR1);
		}
		ASSERT_TRUE(worker_reached(&call.worker, 2));
		ASSERT_TRUE(wait_logged(i + 1));
		ASSERT_TRUE(finish_call());
		EXPECT_EQ(-1, call.ret);
		EXPECT_EQ(EINTR, call.error);
		EXPECT_EQ(i + 1, atomic_load(&signals));
		EXPECT_EQ(i + 1, log_count());
	}
}

/* One with SA_RESTART doesn't. */
TEST_F(special, and_signal_with_sa_restart)
{
	unsigned int rounds = scaled(100), i;

	catch_signal(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(prepare_pipe());
	outrun();
	ASSERT_TRUE(worker_start(&call.worker, dev, read_pinned));
	ASSERT_TRUE(worker_reached(&call.worker, 1));
	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(wait_asleep(call.worker.tid));
		if (i & 1) {
			pthread_kill(call.worker.thread, SIGUSR1);
			EXPECT_EQ(0, queue_interrupt(call.worker.fd, log_apc, i));
		} else {
			EXPECT_EQ(0, queue_interrupt(call.worker.fd, log_apc, i));
			pthread_kill(call.worker.thread, SIGUSR1);
		}
		ASSERT_TRUE(wait_logged(i + 1));
		ASSERT_TRUE(wait_until(atomic_load(&signals) == i + 1));
	}
	breathe_long();
	EXPECT_EQ(1, atomic_load(&call.worker.stage));
	release_pipe();
	ASSERT_TRUE(finish_call());
	EXPECT_EQ(1, call.ret);
	EXPECT_EQ(rounds, atomic_load(&signals));
	EXPECT_EQ(rounds, log_count());
}

/* An ignored signal and a blocked one change nothing. */
TEST_F(special, and_ignored_signal)
{
	signal(SIGUSR1, SIG_IGN);
	ASSERT_TRUE(prepare_pipe());
	outrun();
	ASSERT_TRUE(worker_start(&call.worker, dev, read_pinned));
	ASSERT_TRUE(worker_reached(&call.worker, 1));
	ASSERT_TRUE(wait_asleep(call.worker.tid));
	pthread_kill(call.worker.thread, SIGUSR1);
	EXPECT_EQ(0, queue_interrupt(call.worker.fd, log_apc, 1));
	ASSERT_TRUE(wait_logged(1));
	EXPECT_EQ(1, atomic_load(&call.worker.stage));
	release_pipe();
	ASSERT_TRUE(finish_call());
	EXPECT_EQ(1, call.ret);
}

/* A signal that comes while the routine runs, inside the interrupted read. */
static void signal_inside(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	raise(SIGUSR1);
	log_add(arg0);
}

TEST_F(special, signal_in_the_routine)
{
	catch_signal(SIGUSR1, 0);
	ASSERT_TRUE(prepare_pipe());
	ASSERT_TRUE(worker_start(&call.worker, dev, read_pinned));
	ASSERT_TRUE(worker_reached(&call.worker, 1));
	ASSERT_TRUE(wait_asleep(call.worker.tid));
	EXPECT_EQ(0, queue_interrupt(call.worker.fd, signal_inside, 1));
	ASSERT_TRUE(wait_logged(1));
	EXPECT_EQ(1, atomic_load(&signals));
	/* The signal was the routine's, not the read's. */
	ASSERT_TRUE(wait_asleep(call.worker.tid));
	EXPECT_EQ(1, atomic_load(&call.worker.stage));
	release_pipe();
	ASSERT_TRUE(finish_call());
	EXPECT_EQ(1, call.ret);
}

/* A signal handler that is interrupted by an APC, and the other way round. */
static atomic_int handler_go;

static void slow_handler(int sig)
{
	(void)sig;
	atomic_fetch_add(&signals, 1);
	while (!atomic_load(&handler_go))
		breathe(0);
	atomic_fetch_add(&signals, 1);
}

TEST_F(special, in_a_signal_handler)
{
	struct worker worker = {};

	catch_signal(SIGUSR1, SA_RESTART);
	signal(SIGUSR1, slow_handler);
	ASSERT_TRUE(worker_start(&worker, dev, compute));
	ASSERT_TRUE(worker_reached(&worker, 1));
	pthread_kill(worker.thread, SIGUSR1);
	ASSERT_TRUE(wait_until(atomic_load(&signals) == 1));
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 1));
	ASSERT_TRUE(wait_logged(1));
	EXPECT_EQ(1, atomic_load(&signals));
	atomic_store(&handler_go, 1);
	ASSERT_TRUE(wait_until(atomic_load(&signals) == 2));
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 2));
	ASSERT_TRUE(wait_logged(2));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
}

/* ppoll()'s mask is in force again after the APC, and ours during it. */
static sigset_t mask_inside;

static void look_at_mask(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	pthread_sigmask(SIG_SETMASK, NULL, &mask_inside);
	log_add(arg0);
}

TEST_F(special, ppoll_mask)
{
	catch_signal(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(prepare_pipe());
	ASSERT_TRUE(worker_start(&call.worker, dev, ppoll_with_mask));
	ASSERT_TRUE(worker_reached(&call.worker, 1));
	ASSERT_TRUE(wait_asleep(call.worker.tid));
	EXPECT_EQ(0, queue_interrupt(call.worker.fd, look_at_mask, 1));
	ASSERT_TRUE(wait_logged(1));
	ASSERT_TRUE(wait_asleep(call.worker.tid));
	EXPECT_EQ(0, atomic_load(&signals));
	/* ppoll() lets it in, SA_RESTART or not. */
	pthread_kill(call.worker.thread, SIGUSR1);
	worker_join(&call.worker);
	EXPECT_EQ(-1, call.ret);
	EXPECT_EQ(EINTR, call.error);
	EXPECT_EQ(1, atomic_load(&signals));
	EXPECT_EQ(1, call.worker.arg);
	EXPECT_EQ(1, sigismember(&mask_inside, SIGUSR1));
}

/*
 * A mask of sigsuspend()'s own is in force again when it goes on, or the signal
 * that is to end it could never come.
 */
static void suspend_worker(struct worker *worker)
{
	sigset_t mask, usual;

	sigfillset(&mask);
	pthread_sigmask(SIG_BLOCK, &mask, &usual);
	sigdelset(&mask, SIGUSR1);
	atomic_store(&worker->stage, 1);
	while (atomic_load(&worker->go) < 2) {
		sigsuspend(&mask);
		worker->arg++;
		atomic_fetch_add(&worker->stage, 1);
	}
}

TEST_F(special, and_sigsuspend)
{
	unsigned int rounds = scaled(300), i;
	struct worker worker = {};

	catch_signal(SIGUSR1, 0);
	ASSERT_TRUE(worker_start(&worker, dev, suspend_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < rounds; i++) {
		if (i % 3 == 0) {
			ASSERT_TRUE(wait_asleep(worker.tid));
		}
		if (i & 1)
			pthread_kill(worker.thread, SIGUSR1);
		EXPECT_EQ(0, queue_interrupt(worker.fd, log_apc, i));
		if (!(i & 1))
			pthread_kill(worker.thread, SIGUSR1);
		ASSERT_TRUE(wait_until(atomic_load(&signals) == i + 1));
		ASSERT_TRUE(worker_reached(&worker, i + 2));
	}
	ASSERT_TRUE(wait_logged(rounds));
	/* Not just about to look whether it is to go on. */
	ASSERT_TRUE(wait_asleep(worker.tid));
	worker_go(&worker);
	pthread_kill(worker.thread, SIGUSR1);
	worker_join(&worker);
	EXPECT_EQ(rounds + 1, worker.arg);
	EXPECT_EQ(rounds, log_count());
}

/*
 * A child that sleeps for @ms, and is stopped and continued in that; its exit status.
 * @in_time is whether it was stopped while it slept.
 */
static int stop_a_sleeper(unsigned int ms, __u32 flags, bool *in_time)
{
	__u64 begin = now();
	int thread, status;
	pid_t child;

	*in_time = false;
	child = fork();
	if (!child) {
		struct timespec ts = timespec_of_ms(ms);

		begin = now();
		set_dispatcher(dev, ADDR(dispatch_continue));
		if (syscall(SYS_nanosleep, &ts, NULL))
			_exit(1);
		if (now() - begin < ms * NS_PER_MS)
			_exit(2);
		_exit(log_count() == 2 ? 0 : 3);
	}
	if (child < 0)
		return -1;
	thread = open_thread(dev, child);
	wait_until(strchr("SZ", thread_state(child)));
	kill(child, SIGSTOP);
	if (waitpid(child, &status, WUNTRACED) != child)
		return -1;
	if (!WIFSTOPPED(status))
		return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	*in_time = now() - begin < ms * NS_PER_MS;
	if (queue_full(thread, flags, ADDR(sleep_inside), 1, 0, 0, 0))
		*in_time = false;
	kill(child, SIGCONT);
	status = reap(child);
	close(thread);
	return status;
}

/*
 * Stopped in a sleep, with an APC that sleeps itself when it is continued: the
 * sleep that was interrupted ends as if nothing had been.
 */
TEST_F(special, after_a_stop_in_a_sleep)
{
	static const __u32 flags[] = {
		NTAPC_QUEUE_SPECIAL, NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_INTERRUPT,
	};
	unsigned int i, ms;
	bool in_time;
	int status;

	inside_ms = 30;
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ms = 150;
		do {
			ms *= 2;
			status = stop_a_sleeper(ms, flags[i], &in_time);
			/* All but the APC holds whenever the stop came. */
			EXPECT_TRUE(status == 0 || (!in_time && status == 3)) {
				TH_LOG("status %d", status);
			}
		} while (!in_time && ms < PATIENCE_MS);
		EXPECT_TRUE(in_time);
	}
}

/*
 * io_uring_enter() runs task work in its middle, where registers mean nothing:
 * its result has to be its own.
 */
struct ring {
	int fd;
	struct io_uring_sqe *sqes;
	unsigned int *sq_tail, *sq_array, *cq_head, *cq_tail;
};

static bool make_ring(struct ring *ring)
{
	struct io_uring_params params = {};
	char *sq, *cq;

	ring->fd = syscall(SYS_io_uring_setup, 4, &params);
	if (ring->fd < 0)
		return false;
	sq = mmap(NULL, params.sq_off.array + 4 * sizeof(unsigned int),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, params.cq_off.cqes + 8 * sizeof(struct io_uring_cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
		  IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, 4 * sizeof(struct io_uring_sqe),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || ring->sqes == MAP_FAILED)
		return false;
	ring->sq_tail = (void *)(sq + params.sq_off.tail);
	ring->sq_array = (void *)(sq + params.sq_off.array);
	ring->cq_head = (void *)(cq + params.cq_off.head);
	ring->cq_tail = (void *)(cq + params.cq_off.tail);
	return true;
}

static struct ring ring;

/* Waits in it for the pipe to have something. */
static void ring_worker(struct worker *worker)
{
	memset(ring.sqes, 0, sizeof(*ring.sqes));
	ring.sqes->opcode = IORING_OP_POLL_ADD;
	ring.sqes->fd = call.fds[0];
	ring.sqes->poll_events = POLLIN;
	*ring.sq_array = 0;
	__atomic_store_n(ring.sq_tail, 1, __ATOMIC_RELEASE);
	atomic_store(&worker->stage, 1);
	call.ret = syscall(SYS_io_uring_enter, ring.fd, 1, 1,
			   IORING_ENTER_GETEVENTS, NULL, 0);
	call.error = errno;
	/* It may come a little later than other calls' do. */
	wait_until(log_count() == 1);
}

TEST_F(special, in_io_uring_enter)
{
	static const __u32 flags[] = {
		NTAPC_QUEUE_SPECIAL, NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_INTERRUPT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		log_reset();
		ASSERT_TRUE(prepare_pipe());
		/* Who makes it is its only user, where the kernel cares. */
		if (!make_ring(&ring))
			SKIP(return, "no io_uring");
		ASSERT_TRUE(worker_start(&call.worker, dev, ring_worker));
		ASSERT_TRUE(worker_reached(&call.worker, 1));
		ASSERT_TRUE(wait_asleep(call.worker.tid));
		EXPECT_EQ(0, queue_full(call.worker.fd, flags[i], ADDR(log_apc),
					1, 0, 0, 0));
		release_pipe();
		worker_join(&call.worker);
		EXPECT_EQ(1, call.ret) {
			TH_LOG("errno %d", call.error);
		}
		EXPECT_EQ(1, log_count());
		close(ring.fd);
	}
}

/*
 * A parent in vfork() can't be interrupted; it gets them afterwards. Its child, with
 * the same memory, tells that it is there.
 */
static void vfork_worker(struct worker *worker)
{
	pid_t child;
	char c;

	child = vfork();
	if (!child) {
		atomic_store(&worker->stage, 1);
		_exit(read(call.fds[0], &c, 1) == 1 ? 0 : 1);
	}
	worker->ret = log_count();
	worker->arg = reap(child);
}

TEST_F(special, to_a_parent_in_vfork)
{
	struct worker worker;

	ASSERT_TRUE(prepare_pipe());
	ASSERT_TRUE(worker_start(&worker, dev, vfork_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_until(thread_state(worker.tid) == 'D'));
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 1));
	EXPECT_EQ(0, queue_interrupt(worker.fd, log_apc, 2));
	EXPECT_EQ(2, nr_pending(worker.fd));
	EXPECT_EQ(0, log_count());
	release_pipe();
	worker_join(&worker);
	EXPECT_EQ(2, worker.ret);
	EXPECT_EQ(0, worker.arg);
	EXPECT_EQ(2, log_count());
}

TEST_HARNESS_MAIN
