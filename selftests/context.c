// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread's registers, from outside: NtGetContextThread, NtSetContextThread.
 * What one gets is what the thread would go on with, and what is set is nothing
 * that user code couldn't have had.
 */
#include "common.h"
#include "kselftest_harness.h"

#include <cpuid.h>
#include <linux/futex.h>
#include <sys/ptrace.h>
#include <sys/user.h>

/* context_asm.S */
extern volatile __u64 context_stop;
extern __u64 context_rsp, context_after[16], context_flags, context_avx;
extern const __u64 context_pattern[15];
extern unsigned char context_vectors[16][32], context_vectors_after[16][32];
extern const char context_loop[], context_loop_end[], context_land[];
extern const char context_call_end[];
long context_spin(void);
long context_call(long number, long arg1, long arg2, long arg3, long arg4);

#define FLAG_TF		(1ULL << 8)
#define FLAG_IF		(1ULL << 9)
#define FLAG_IOPL	(3ULL << 12)
#define FLAG_VM		(1ULL << 17)
#define FLAG_VIF	(1ULL << 19)
#define FLAG_VIP	(1ULL << 20)
/* What user code can't set. */
#define FLAGS_DENIED	(FLAG_IOPL | FLAG_VM | FLAG_VIF | FLAG_VIP)

#define GENERAL		(NTAPC_CONTEXT_CONTROL | NTAPC_CONTEXT_INTEGER)
#define ALL_GENERAL	(GENERAL | NTAPC_CONTEXT_SEGMENTS)

#define XSTATE_MAX	16384
#define XSTATE_XMM	160
#define XSTATE_MXCSR	24
#define XSTATE_BV	512
#define XSTATE_MIN	576

static int dev, self_fd;
static int fds[2];
static __u64 user_cs, user_ss;
static __u64 features;

FIXTURE(context)
{
	struct ntapc_context c;
};

FIXTURE_SETUP(context)
{
	struct ntapc_info info;

	log_reset();
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	self_fd = open_thread(dev, 0);
	ASSERT_LE(0, self_fd);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(0, get_info(dev, &info));
	features = info.features;
	asm("mov %%cs, %0\n\tmov %%ss, %1" : "=r"(user_cs), "=r"(user_ss));
	memset(&self->c, 0xcc, sizeof(self->c));
}

FIXTURE_TEARDOWN(context)
{
}

/* All of NTAPC_IOC_GET_CONTEXT and NTAPC_IOC_SET_CONTEXT. */
static int context_ioctl(int thread, unsigned int cmd, __u32 what,
			 const void *context, const void *xstate, __u32 *size)
{
	struct ntapc_thread_context args = {
		.size = sizeof(args),
		.what = what,
		.context = ADDR(context),
		.xstate = ADDR(xstate),
		.xstate_size = size ? *size : 0,
	};
	int ret = sys_ioctl(thread, cmd, &args);

	if (size && cmd == NTAPC_IOC_GET_CONTEXT)
		*size = args.xstate_size;
	return ret;
}

static void spin_worker(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = context_spin();
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
}

static __u64 rip_of(int thread)
{
	struct ntapc_context c;

	return get_context(thread, NTAPC_CONTEXT_CONTROL, &c) ? 0 : c.rip;
}

static bool in_loop(__u64 rip)
{
	return rip >= ADDR(context_loop) && rip < ADDR(context_loop_end);
}

/* Starts it, and waits until it is in its loop. */
static bool start_spinning(struct worker *worker)
{
	context_stop = 0;
	return worker_start(worker, dev, spin_worker) &&
	       worker_reached(worker, 1) &&
	       wait_until(in_loop(rip_of(worker->fd)));
}

static void stop_spinning(struct worker *worker)
{
	context_stop = 1;
	worker_reached(worker, 2);
	worker_go(worker);
	worker_join(worker);
}

#define EXPECT_PATTERN(context) do {					\
	const __u64 *r_ = (const __u64 *)(context);			\
	int i_;								\
									\
	for (i_ = 0; i_ < 15; i_++) {					\
		EXPECT_EQ(context_pattern[i_], r_[i_]) {		\
			TH_LOG("register %d", i_);			\
		}							\
	}								\
} while (0)

/* Getting */

/* Every register of one that is suspended in user code. */
TEST_F(context, of_a_suspended_thread)
{
	struct worker worker = {};
	int i;

	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	for (i = 0; i < 3; i++) {
		memset(&self->c, 0xcc, sizeof(self->c));
		ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &self->c));
		EXPECT_PATTERN(&self->c);
		EXPECT_TRUE(in_loop(self->c.rip));
		EXPECT_EQ(context_rsp, self->c.rsp);
		EXPECT_EQ(user_cs, self->c.cs);
		EXPECT_EQ(user_ss, self->c.ss);
		/* ZF and PF of the comparison, IF, and no others. */
		EXPECT_EQ(0x244, self->c.eflags & 0xed5);
		EXPECT_EQ(0, self->c.eflags & FLAGS_DENIED);
		EXPECT_EQ(NTAPC_THREAD_SUSPENDED, thread_bits(worker.fd));
	}
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	stop_spinning(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_PATTERN(context_after);
	EXPECT_EQ(context_rsp, context_after[15]);
}

/* ... and of one that isn't suspended: 3.5, it is a special kernel APC. */
TEST_F(context, of_a_running_thread)
{
	unsigned int rounds = scaled(500), i;
	struct worker worker = {};

	ASSERT_TRUE(start_spinning(&worker));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, get_context(worker.fd, GENERAL, &self->c));
		EXPECT_PATTERN(&self->c);
		EXPECT_TRUE(in_loop(self->c.rip));
	}
	stop_spinning(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_PATTERN(context_after);
}

/* Only the members that are asked for are written. */
TEST_F(context, parts)
{
	__u64 *r = (__u64 *)&self->c;
	struct worker worker = {};
	int i;

	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, get_context(worker.fd, NTAPC_CONTEXT_CONTROL, &self->c));
	for (i = 0; i < 15; i++) {
		EXPECT_EQ(i == 4 ? context_pattern[4] : 0xccccccccccccccccULL,
			  r[i]);
	}
	EXPECT_TRUE(in_loop(self->c.rip));
	EXPECT_EQ(context_rsp, self->c.rsp);
	memset(&self->c, 0xcc, sizeof(self->c));
	ASSERT_EQ(0, get_context(worker.fd, NTAPC_CONTEXT_INTEGER, &self->c));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(i < 15 && i != 4 ? context_pattern[i] :
			  0xccccccccccccccccULL, r[i]);
	}
	memset(&self->c, 0xcc, sizeof(self->c));
	ASSERT_EQ(0, get_context(worker.fd, NTAPC_CONTEXT_SEGMENTS, &self->c));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0xccccccccccccccccULL, r[i]);
	}
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	stop_spinning(&worker);
}

TEST_F(context, segments)
{
	struct ntapc_thread_context args = {
		.size = sizeof(args),
		.what = NTAPC_CONTEXT_SEGMENTS,
		.context = ADDR(&self->c),
		.ds = 0xcccc, .es = 0xcccc, .fs = 0xcccc, .gs = 0xcccc,
	};
	__u16 ds, es, fs, gs;

	asm("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3" :
	    "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	ASSERT_EQ(0, sys_ioctl(self_fd, NTAPC_IOC_GET_CONTEXT, &args));
	EXPECT_EQ(ds, args.ds);
	EXPECT_EQ(es, args.es);
	EXPECT_EQ(fs, args.fs);
	EXPECT_EQ(gs, args.gs);
	/* Setting them changes nothing. */
	args.ds = args.es = args.fs = args.gs = 0x33;
	EXPECT_EQ(0, sys_ioctl(self_fd, NTAPC_IOC_SET_CONTEXT, &args));
	asm("mov %%ds, %0" : "=r"(ds));
	EXPECT_NE(0x33, ds);
}

/* Oneself: what the call returns to. */
TEST_F(context, of_oneself)
{
	struct ntapc_thread_context args = {
		.size = sizeof(args),
		.what = GENERAL,
		.context = ADDR(&self->c),
	};

	EXPECT_EQ(0, context_call(SYS_ioctl, self_fd, NTAPC_IOC_GET_CONTEXT,
				  (long)&args, 0));
	EXPECT_EQ(ADDR(context_call_end), self->c.rip);
	EXPECT_EQ(0x7b7b7b7b7b7b7b7bULL, self->c.rbx);
	EXPECT_EQ(self_fd, self->c.rdi);
	EXPECT_EQ(NTAPC_IOC_GET_CONTEXT, self->c.rsi);
	EXPECT_EQ(ADDR(&args), self->c.rdx);
}

/* Setting */

/* A debugger's use: a suspended thread goes on elsewhere. */
TEST_F(context, set_rip)
{
	struct worker worker = {};

	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, get_context(worker.fd, NTAPC_CONTEXT_CONTROL, &self->c));
	self->c.rip = ADDR(context_land);
	EXPECT_EQ(0, set_context(worker.fd, NTAPC_CONTEXT_CONTROL, &self->c));
	EXPECT_EQ(ADDR(context_land), rip_of(worker.fd));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(1, worker.ret);
	/* The others are what they were. */
	EXPECT_PATTERN(context_after);
	worker_go(&worker);
	worker_join(&worker);
}

TEST_F(context, set_every_register)
{
	static char stack[65536] __attribute__((aligned(64)));
	struct worker worker = {};
	struct ntapc_context got;
	__u64 *r = (__u64 *)&self->c;
	int i;

	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &self->c));
	for (i = 0; i < 15; i++)
		r[i] = 0x8123456789abcdefULL * (i + 1);
	self->c.rip = ADDR(context_land);
	self->c.rsp = ADDR(stack + sizeof(stack));
	self->c.eflags = 0x202 | 0x8d5 | 0x400;
	EXPECT_EQ(0, set_context(worker.fd, ALL_GENERAL, &self->c));
	ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &got));
	for (i = 0; i < 15; i++) {
		EXPECT_EQ(r[i], ((__u64 *)&got)[i]);
	}
	EXPECT_EQ(self->c.rip, got.rip);
	EXPECT_EQ(self->c.rsp, got.rsp);
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(1, worker.ret);
	for (i = 0; i < 15; i++) {
		EXPECT_EQ(r[i], context_after[i]) {
			TH_LOG("register %d", i);
		}
	}
	EXPECT_EQ(self->c.rsp, context_after[15]);
	EXPECT_EQ(0x8d5 | 0x400, context_flags & 0xcd5);
	worker_go(&worker);
	worker_join(&worker);
}

/* Only the named members are taken. */
TEST_F(context, set_parts)
{
	struct worker worker = {};

	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	/* All wrong but what is named. */
	memset(&self->c, 0xcc, sizeof(self->c));
	EXPECT_EQ(0, set_context(worker.fd, NTAPC_CONTEXT_SEGMENTS, &self->c));
	self->c.r15 = context_pattern[0] + 1;
	self->c.rdi = context_pattern[14] + 1;
	EXPECT_EQ(0, set_context(worker.fd, NTAPC_CONTEXT_INTEGER, &self->c));
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	stop_spinning(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(context_pattern[0] + 1, context_after[0]);
	EXPECT_EQ(context_pattern[14] + 1, context_after[14]);
	EXPECT_EQ(0xccccccccccccccccULL, context_after[10]);
	/* rbp is CONTROL's. */
	EXPECT_EQ(context_pattern[4], context_after[4]);
	EXPECT_EQ(context_rsp, context_after[15]);
}

/* Of a running thread it takes effect too. */
TEST_F(context, set_of_a_running_thread)
{
	struct worker worker = {};

	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, get_context(worker.fd, NTAPC_CONTEXT_CONTROL, &self->c));
	self->c.rip = ADDR(context_land);
	EXPECT_EQ(0, set_context(worker.fd, NTAPC_CONTEXT_CONTROL, &self->c));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(1, worker.ret);
	worker_go(&worker);
	worker_join(&worker);
}

/* Oneself: rbx, which the call would keep. */
TEST_F(context, set_oneself)
{
	struct ntapc_thread_context args = {
		.size = sizeof(args),
		.what = GENERAL,
		.context = ADDR(&self->c),
	};

	ASSERT_EQ(0, context_call(SYS_ioctl, self_fd, NTAPC_IOC_GET_CONTEXT,
				  (long)&args, 0));
	/* It goes on where it was and with the result of its own call. */
	EXPECT_EQ(0, context_call(SYS_ioctl, self_fd, NTAPC_IOC_SET_CONTEXT,
				  (long)&args, 0));
}

/* Situations that mustn't be changed by getting and setting. */

static long in_user_code(void)
{
	return context_spin();
}

static long in_read(void)
{
	char c;

	return context_call(SYS_read, fds[0], (long)&c, 1, 0);
}

/* How long those take that end by themselves; and just before one was begun. */
static unsigned int timeout_ms;
static __u64 started;

#define FIRST_TIMEOUT_MS	400
#define LAST_TIMEOUT_MS		15000

static long in_nanosleep(void)
{
	struct timespec ts = timespec_of_ms(timeout_ms);

	return context_call(SYS_nanosleep, (long)&ts, 0, 0, 0);
}

static atomic_int word;

static long in_futex_timeout(void)
{
	struct timespec ts = timespec_of_ms(timeout_ms);

	return context_call(SYS_futex, (long)&word, FUTEX_WAIT_PRIVATE, 0,
			    (long)&ts);
}

static long in_poll(void)
{
	struct pollfd pollfd = { .fd = fds[0], .events = POLLIN };

	return context_call(SYS_poll, (long)&pollfd, 1, -1, 0);
}

static long in_poll_timeout(void)
{
	struct pollfd pollfd = { .fd = fds[0], .events = POLLIN };

	return context_call(SYS_poll, (long)&pollfd, 1, timeout_ms, 0);
}

static long in_delay(void)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.deadline = in_ms(timeout_ms),
	};

	return context_call(SYS_ioctl, dev, NTAPC_IOC_WAIT, (long)&args, 0);
}

static long in_alertable_delay(void)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_ALERTABLE,
		.deadline = in_ms(10 * PATIENCE_MS),
	};

	return context_call(SYS_ioctl, dev, NTAPC_IOC_WAIT, (long)&args, 0);
}

static long in_wait_by_id(void)
{
	struct ntapc_wait_by_id args = {
		.size = sizeof(args),
		.deadline = in_ms(10 * PATIENCE_MS),
	};

	return context_call(SYS_ioctl, dev, NTAPC_IOC_WAIT_BY_ID, (long)&args,
			    0);
}

static void write_pipe(int thread, pid_t tid)
{
	(void)thread;
	(void)tid;
	if (write(fds[1], "x", 1) != 1)
		abort();
}

static void queue_one(int thread, pid_t tid)
{
	(void)tid;
	queue(thread, log_apc, 1);
}

static void alert_it(int thread, pid_t tid)
{
	(void)thread;
	alert_by_id(dev, tid);
}

static void stop_it(int thread, pid_t tid)
{
	(void)thread;
	(void)tid;
	context_stop = 1;
}

FIXTURE(situation)
{
};

/*
 * @number: of the system call that is made again
 * @is_wait: of ntapc's, which goes on whatever is set
 * @timeout: it ends by itself
 */
FIXTURE_VARIANT(situation)
{
	long (*fn)(void);
	void (*release)(int thread, pid_t tid);
	long number;
	bool is_wait;
	long ret;
	bool timeout;
};

#define SITUATION(name, ...)						\
FIXTURE_VARIANT_ADD(situation, name)					\
{									\
	.fn = name,							\
	__VA_ARGS__							\
}

SITUATION(in_user_code, .release = stop_it, .number = -1);
SITUATION(in_read, .release = write_pipe, .number = SYS_read, .ret = 1);
SITUATION(in_nanosleep, .number = SYS_nanosleep, .timeout = true);
SITUATION(in_futex_timeout, .number = SYS_futex, .ret = -ETIMEDOUT,
	  .timeout = true);
SITUATION(in_poll, .release = write_pipe, .number = SYS_poll, .ret = 1);
SITUATION(in_poll_timeout, .number = SYS_poll, .timeout = true);
SITUATION(in_delay, .is_wait = true, .timeout = true);
SITUATION(in_alertable_delay, .release = queue_one, .is_wait = true,
	  .ret = NTAPC_STATUS_USER_APC);
SITUATION(in_wait_by_id, .release = alert_it, .is_wait = true,
	  .ret = NTAPC_STATUS_ALERTED);

FIXTURE_SETUP(situation)
{
	log_reset();
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	context_stop = 0;
	atomic_store(&word, 0);
	timeout_ms = FIRST_TIMEOUT_MS;
}

FIXTURE_TEARDOWN(situation)
{
}

static long (*situation_fn)(void);

static void situation_worker(struct worker *worker)
{
	__u64 begin = now();

	atomic_store(&worker->stage, 1);
	worker->ret = situation_fn();
	worker->arg = now() - begin;
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
}

static bool is_there(struct worker *worker, bool is_wait, bool spins)
{
	if (!worker_reached(worker, 1))
		return false;
	if (spins)
		return wait_until(in_loop(rip_of(worker->fd)));
	if (!is_wait)
		return wait_asleep(worker->tid);
	/* Or past it already, if it ends by itself. */
	return wait_until(atomic_load(&worker->stage) == 2 ||
			  thread_bits(worker->fd) & NTAPC_THREAD_WAITING);
}

#define START() do {							\
	situation_fn = variant->fn;					\
	started = now();						\
	ASSERT_TRUE(worker_start(&worker, dev, situation_worker));	\
	ASSERT_TRUE(is_there(&worker, variant->is_wait,			\
			     variant->number < 0));			\
} while (0)

#define FINISH() do {							\
	if (variant->release)						\
		variant->release(worker.fd, worker.tid);		\
	ASSERT_TRUE(worker_reached(&worker, 2));			\
	EXPECT_EQ(variant->ret, worker.ret);				\
	if (variant->timeout) {						\
		EXPECT_LE(timeout_ms * NS_PER_MS, worker.arg);		\
	}								\
	worker_go(&worker);						\
	worker_join(&worker);						\
	close(worker.fd);						\
} while (0)

/* Nothing has ended by itself yet; a thread that is suspended then was in it. */
#define IN_TIME()							\
	(!variant->timeout || now() - started < timeout_ms * NS_PER_MS)

/*
 * What ends by itself before all is done that is to be done to it has shown
 * nothing: this machine had other things to do. Then once more, and longer.
 */
static bool once_more(bool in_time)
{
	if (!in_time)
		timeout_ms *= 2;
	return !in_time && timeout_ms < LAST_TIMEOUT_MS;
}

/* Where it would go on, suspended or not. */
TEST_F(situation, get)
{
	struct ntapc_context c[2];
	struct worker worker = {};
	bool in_time;
	int i;

	do {
		memset(c, 0xcc, sizeof(c));
		START();
		ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &c[0]));
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		in_time = IN_TIME();
		ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &c[1]));
		EXPECT_EQ(1, resume_thread(worker.fd, 0));
		FINISH();
	} while (once_more(in_time));
	ASSERT_TRUE(in_time);
	for (i = 0; i < 2; i++) {
		if (variant->number < 0) {
			EXPECT_TRUE(in_loop(c[i].rip));
			continue;
		}
		EXPECT_EQ(0x7b7b7b7b7b7b7b7bULL, c[i].rbx);
		if (variant->is_wait) {
			/* What it returns to. */
			EXPECT_EQ(ADDR(context_call_end), c[i].rip);
			EXPECT_EQ(dev, c[i].rdi);
			continue;
		}
		/* What makes it again. */
		EXPECT_EQ(ADDR(context_call_end) - 2, c[i].rip);
		EXPECT_TRUE(c[i].rax == variant->number ||
			    c[i].rax == SYS_restart_syscall) {
			TH_LOG("rax %llu", c[i].rax);
		}
	}
}

/* Got and set back, of a suspended thread: 0, or what was wrong. */
static int set_back(int thread, bool is_wait)
{
	struct ntapc_context c, again;

	memset(&c, 0xcc, sizeof(c));
	memset(&again, 0xdd, sizeof(again));
	if (get_context(thread, ALL_GENERAL, &c))
		return 1;
	if (set_context(thread, ALL_GENERAL, &c))
		return 2;
	if (get_context(thread, ALL_GENERAL, &again))
		return 3;
	/* rax is undefined in a wait. */
	if (is_wait)
		again.rax = c.rax;
	return memcmp(&c, &again, sizeof(c)) ? 4 : 0;
}

/* Got and set back: nothing has been. */
TEST_F(situation, set_back)
{
	struct worker worker = {};
	bool in_time;
	int i;

	do {
		START();
		for (i = 0; i < 2; i++) {
			ASSERT_EQ(0, suspend_thread(worker.fd,
						    NTAPC_SUSPEND_WAIT));
			in_time = IN_TIME();
			EXPECT_EQ(0, set_back(worker.fd, variant->is_wait));
			ASSERT_EQ(1, resume_thread(worker.fd, 0));
		}
		if (!variant->timeout) {
			ASSERT_TRUE(is_there(&worker, variant->is_wait,
					     variant->number < 0));
			EXPECT_EQ(1, atomic_load(&worker.stage));
		}
		FINISH();
	} while (once_more(in_time));
	EXPECT_TRUE(in_time);
}

/* The same while it isn't suspended, and so can't be let come to its end. */
TEST_F(situation, set_back_meanwhile)
{
	struct ntapc_context c;
	struct worker worker = {};
	int i;

	timeout_ms = 10 * PATIENCE_MS;
	START();
	for (i = 0; i < 4; i++) {
		memset(&c, 0xcc, sizeof(c));
		ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &c));
		ASSERT_EQ(0, set_context(worker.fd, ALL_GENERAL, &c));
	}
	ASSERT_TRUE(is_there(&worker, variant->is_wait, variant->number < 0));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(0, set_back(worker.fd, variant->is_wait));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	ASSERT_EQ(1, resume_thread(worker.fd, 0));
	/* Those that end by themselves are left in it. */
	if (!variant->timeout) {
		FINISH();
	}
}

/* Set elsewhere: a call is given up, a wait of ntapc's isn't. */
TEST_F(situation, set_past_it)
{
	struct ntapc_context c;
	struct worker worker = {};
	bool in_time;

	for (;;) {
		START();
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		in_time = IN_TIME();
		if (in_time)
			break;
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
		FINISH();
		ASSERT_TRUE(once_more(in_time));
	}
	ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &c));
	c.rip = ADDR(context_call_end);
	c.rax = 4711;
	if (variant->number < 0) {
		c.rip = ADDR(context_land);
	}
	ASSERT_EQ(0, set_context(worker.fd, ALL_GENERAL, &c));
	ASSERT_EQ(1, resume_thread(worker.fd, 0));
	if (variant->is_wait) {
		FINISH();
		return;
	}
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(variant->number < 0 ? 1 : 4711, worker.ret);
	worker_go(&worker);
	worker_join(&worker);
}

/* Has Linux get hold of the thread for a moment, as a debugger would. */
static int hold_for_a_moment(pid_t tid)
{
	pid_t child = fork();
	int status;

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ptrace(PTRACE_SEIZE, tid, 0, 0) ||
		    ptrace(PTRACE_INTERRUPT, tid, 0, 0) ||
		    waitpid(tid, &status, __WALL) != tid ||
		    ptrace(PTRACE_DETACH, tid, 0, 0))
			_exit(1);
		_exit(0);
	}
	return reap(child);
}

/*
 * Has a suspended thread leave its wait, in order to begin it anew; it may have done
 * so already before it was suspended again.
 */
static bool leave_wait(struct worker *worker)
{
	return wait_until(({
		bool held = !hold_for_a_moment(worker->tid) &&
			    wait_suspended(worker->fd);

		held && rip_of(worker->fd) == ADDR(context_call_end) - 2;
	}));
}

/* 6.3: got in a wait, and set when that has been left to begin anew. */
TEST_F(situation, set_late)
{
	struct ntapc_context c, left, set;
	struct worker worker = {};
	bool in_time;

	if (!variant->is_wait)
		SKIP(return, "its registers differ in the call only");
	for (;;) {
		START();
		memset(&c, 0xcc, sizeof(c));
		ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &c));
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		in_time = IN_TIME();
		if (in_time && leave_wait(&worker))
			break;
		ASSERT_FALSE(in_time);
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
		FINISH();
		ASSERT_TRUE(once_more(in_time));
	}
	ASSERT_EQ(ADDR(context_call_end), c.rip);
	memset(&left, 0xcc, sizeof(left));
	memset(&set, 0xcc, sizeof(set));
	ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &left));
	ASSERT_EQ(0, set_context(worker.fd, ALL_GENERAL, &c));
	ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &set));
	EXPECT_EQ(0, memcmp(&left, &set, sizeof(left)));
	/* The same once more, now that there is something set. */
	ASSERT_EQ(0, set_context(worker.fd, ALL_GENERAL, &c));
	ASSERT_EQ(1, resume_thread(worker.fd, 0));
	FINISH();
}

/* Many times, with everything else that interrupts. */
TEST_F(situation, under_load)
{
	unsigned int rounds = scaled(200), i, specials = 0;
	struct ntapc_context c;
	struct worker worker = {};

	if (variant->timeout)
		SKIP(return, "it would end");
	START();
	for (i = 0; i < rounds; i++) {
		if (i % 3 == 1) {
			ASSERT_EQ(0, suspend_thread(worker.fd, 0));
		}
		ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &c));
		if (i % 5 == 2 && !variant->is_wait) {
			ASSERT_EQ(0, queue_interrupt(worker.fd, log_apc, i));
			specials++;
		} else if (i % 3 == 1) {
			/* Suspended: nothing comes between. */
			ASSERT_EQ(0, set_context(worker.fd, ALL_GENERAL, &c));
		}
		if (i % 3 == 1) {
			ASSERT_EQ(1, resume_thread(worker.fd, 0));
		}
	}
	ASSERT_TRUE(wait_until(log_count() == specials));
	FINISH();
}

/* Bad values */

static const __u64 bad_addresses[] = {
	KERNEL_ADDRESS, NON_CANONICAL, ~0ULL, ~0ULL - 7, 1ULL << 63,
	0xffff800000000000ULL, 0xffff7fffffffffffULL, 0x1234567812345678ULL,
	0xffffffff81000000ULL, 0xffffffffff600000ULL, 0xfffffe0000000000ULL,
};

/* A child that spins, suspended; it exits with 10 if it got to context_land. */
static pid_t start_child(int *thread)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(context_spin() ? 10 : 11);
	}
	*thread = open_thread(dev, child);
	if (*thread < 0 || !wait_until(in_loop(rip_of(*thread))) ||
	    suspend_thread(*thread, NTAPC_SUSPEND_WAIT))
		return -1;
	return child;
}

/* What the child ended with after @c was set. */
static int try_context(struct ntapc_context *c, __u32 what, int *error)
{
	struct ntapc_context now_c;
	int thread, ret;
	pid_t child;

	child = start_child(&thread);
	if (child < 0)
		return -1000;
	if (get_context(thread, ALL_GENERAL, &now_c))
		return -1001;
	/* rsp as it was unless it is what is tried. */
	if (!c->rsp)
		c->rsp = now_c.rsp;
	*error = set_context(thread, what, c);
	resume_thread(thread, 0);
	if (*error)
		kill(child, SIGKILL);
	ret = reap(child);
	close(thread);
	return ret;
}

static struct ntapc_context good_context(void)
{
	struct ntapc_context c = {
		.rip = ADDR(context_land),
		.cs = user_cs,
		.eflags = 0x202,
		.ss = user_ss,
	};

	return c;
}

/* An address that isn't a user address makes the thread fault. */
TEST_F(context, set_bad_addresses)
{
	struct ntapc_context c;
	unsigned int i;
	int error = -1;

	c = good_context();
	EXPECT_EQ(10, try_context(&c, GENERAL, &error));
	EXPECT_EQ(0, error);
	for (i = 0; i < ARRAY_SIZE(bad_addresses); i++) {
		c = good_context();
		c.rip = bad_addresses[i];
		EXPECT_EQ(-SIGSEGV, try_context(&c, GENERAL, &error)) {
			TH_LOG("rip %#llx: %d", c.rip, error);
		}
		c = good_context();
		c.rsp = bad_addresses[i];
		EXPECT_EQ(-SIGSEGV, try_context(&c, GENERAL, &error)) {
			TH_LOG("rsp %#llx: %d", c.rsp, error);
		}
	}
	/* User addresses, though nothing is there. */
	c = good_context();
	c.rip = 0x7ffffffff000ULL;
	EXPECT_EQ(-SIGSEGV, try_context(&c, GENERAL, &error));
	c = good_context();
	c.rsp = 12345;
	EXPECT_EQ(10, try_context(&c, GENERAL, &error));
}

TEST_F(context, set_bad_segments)
{
	static const __u64 cases[] = {
		0, 0x08, 0x10, 0x13, 0x18, 0x1b, 0x2b, 0x30, 0x33, 0x3b, 0x43,
		0x7b, 0xfff8, 0xffff, 0x10000, 0x10033, 0x1000000000033, ~0ULL,
	};
	struct ntapc_context c;
	unsigned int i;
	int error;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		c = good_context();
		c.cs = cases[i];
		EXPECT_EQ(10, try_context(&c, GENERAL, &error)) {
			TH_LOG("cs %#llx: %d", c.cs, error);
		}
		c = good_context();
		c.ss = cases[i];
		EXPECT_EQ(10, try_context(&c, GENERAL, &error)) {
			TH_LOG("ss %#llx: %d", c.ss, error);
		}
	}
}

/* Of the flags only those that user code could set. */
TEST_F(context, set_each_flag)
{
	__u64 flag, kept = 0x8d5 | 0x400;
	struct worker worker = {};
	struct ntapc_context c;

	for (flag = 1; flag; flag <<= 1) {
		if (flag == FLAG_TF)
			continue;
		ASSERT_TRUE(start_spinning(&worker));
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &c));
		c.rip = ADDR(context_land);
		c.eflags = flag;
		ASSERT_EQ(0, set_context(worker.fd, ALL_GENERAL, &c));
		ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &c));
		EXPECT_EQ(0, c.eflags & FLAGS_DENIED);
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
		ASSERT_TRUE(worker_reached(&worker, 2));
		EXPECT_EQ(1, worker.ret);
		EXPECT_EQ(0, context_flags & FLAGS_DENIED);
		EXPECT_EQ(FLAG_IF, context_flags & FLAG_IF);
		EXPECT_EQ(flag & kept, context_flags & kept);
		worker_go(&worker);
		worker_join(&worker);
		close(worker.fd);
	}
}

static __u64 seed;

static __u64 random64(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return seed ^ seed >> 29;
}

/* Anything at all: the thread goes on or faults, and the kernel stands. */
TEST_F(context, set_random)
{
	unsigned int rounds = scaled(1000), i, j, landed = 0, faulted = 0;
	const char *env = getenv("NTAPC_SEED");
	struct ntapc_context c;
	int ret, error;

	seed = env ? strtoull(env, NULL, 0) : now();
	TH_LOG("NTAPC_SEED=%llu", seed);
	for (i = 0; i < rounds; i++) {
		for (j = 0; j < sizeof(c) / 8; j++)
			((__u64 *)&c)[j] = random64();
		if (random64() % 4)
			c.rip = ADDR(context_land);
		if (random64() % 4)
			c.rsp = 0;
		if (random64() % 4)
			c.cs = user_cs;
		/* As 32 bit code it would do anything. */
		if ((c.cs & 0xffff) == 0x23)
			c.cs = 0;
		if (on_uml() || random64() % 2)
			c.eflags &= ~FLAG_TF;
		ret = try_context(&c, GENERAL, &error);
		ASSERT_EQ(0, error);
		if (ret == 10)
			landed++;
		else
			faulted++;
		ASSERT_TRUE(ret == 10 || ret == -SIGSEGV || ret == -SIGBUS ||
			    ret == -SIGTRAP) {
			TH_LOG("round %u: %d", i, ret);
		}
	}
	TH_LOG("%u landed, %u faulted", landed, faulted);
	EXPECT_LT(0, landed);
}

/* Extended state */

static bool has_avx(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) ||
	    !(c & bit_AVX))
		return false;
	asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return (a & 6) == 6;
}

/* Where the upper halves of ymm are in the standard format. */
static unsigned int ymm_offset(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid_count(13, 2, &a, &b, &c, &d) ? b : 0;
}

static void fill_vectors(unsigned int start)
{
	unsigned int i, j;

	for (i = 0; i < 16; i++)
		for (j = 0; j < 32; j++)
			context_vectors[i][j] = i * 32 + j + start;
}

static unsigned char xstate[XSTATE_MAX] __attribute__((aligned(64)));

TEST_F(context, extended)
{
	unsigned int i, high = ymm_offset();
	struct worker worker = {};
	__u32 size = sizeof(xstate);
	bool avx = has_avx();
	__u64 bv;

	if (!(features & NTAPC_FEATURE_EXTENDED))
		SKIP(return, "no extended state here");
	context_avx = avx;
	fill_vectors(1);
	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	memset(xstate, 0xcc, sizeof(xstate));
	ASSERT_EQ(0, context_ioctl(worker.fd, NTAPC_IOC_GET_CONTEXT,
				   NTAPC_CONTEXT_EXTENDED, NULL, xstate, &size));
	ASSERT_LE(XSTATE_MIN, size);
	ASSERT_GE(sizeof(xstate), size);
	memcpy(&bv, xstate + XSTATE_BV, 8);
	EXPECT_EQ(2, bv & 2);
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(0, memcmp(context_vectors[i],
				    xstate + XSTATE_XMM + 16 * i, 16));
		if (avx) {
			EXPECT_EQ(4, bv & 4);
			EXPECT_EQ(0, memcmp(context_vectors[i] + 16,
					    xstate + high + 16 * i, 16));
		}
	}
	/* Nothing beyond what there is. */
	EXPECT_EQ(0xcc, size < sizeof(xstate) ? xstate[size] : 0xcc);
	/* Set other values, with the general registers at once. */
	for (i = 0; i < 16; i++) {
		memset(xstate + XSTATE_XMM + 16 * i, 0x40 + i, 16);
		if (avx)
			memset(xstate + high + 16 * i, 0x80 + i, 16);
	}
	ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &self->c));
	self->c.rip = ADDR(context_land);
	EXPECT_EQ(0, context_ioctl(worker.fd, NTAPC_IOC_SET_CONTEXT,
				   GENERAL | NTAPC_CONTEXT_EXTENDED, &self->c,
				   xstate, &size));
	ASSERT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(1, worker.ret);
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(0x40 + i, context_vectors_after[i][0]);
		EXPECT_EQ(0x40 + i, context_vectors_after[i][15]);
		if (avx) {
			EXPECT_EQ(0x80 + i, context_vectors_after[i][16]);
			EXPECT_EQ(0x80 + i, context_vectors_after[i][31]);
		}
	}
	worker_go(&worker);
	worker_join(&worker);
}

/* Got and set back; and the general registers alone leave it as it is. */
TEST_F(context, extended_set_back)
{
	struct worker worker = {};
	__u32 size = sizeof(xstate);
	int i;

	if (!(features & NTAPC_FEATURE_EXTENDED))
		SKIP(return, "no extended state here");
	context_avx = has_avx();
	fill_vectors(7);
	ASSERT_TRUE(start_spinning(&worker));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
		size = sizeof(xstate);
		ASSERT_EQ(0, context_ioctl(worker.fd, NTAPC_IOC_GET_CONTEXT,
					   ALL_GENERAL | NTAPC_CONTEXT_EXTENDED,
					   &self->c, xstate, &size));
		if (i & 1) {
			ASSERT_EQ(0, context_ioctl(worker.fd,
						   NTAPC_IOC_SET_CONTEXT,
						   ALL_GENERAL |
						   NTAPC_CONTEXT_EXTENDED,
						   &self->c, xstate, &size));
		} else {
			ASSERT_EQ(0, set_context(worker.fd, ALL_GENERAL,
						 &self->c));
		}
		ASSERT_EQ(1, resume_thread(worker.fd, 0));
	}
	stop_spinning(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(0, memcmp(context_vectors, context_vectors_after,
			    context_avx ? sizeof(context_vectors) : 16));
	EXPECT_PATTERN(context_after);
}

/* Sizes: as many as fit, and how many there are. */
TEST_F(context, extended_sizes)
{
	static const __u32 rooms[] = { 1, 24, 512, 575, 576, 600, 16383 };
	struct worker worker = {};
	unsigned char whole[XSTATE_MAX];
	__u32 size = sizeof(whole), all, i;

	if (!(features & NTAPC_FEATURE_EXTENDED))
		SKIP(return, "no extended state here");
	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, context_ioctl(worker.fd, NTAPC_IOC_GET_CONTEXT,
				   NTAPC_CONTEXT_EXTENDED, NULL, whole, &size));
	all = size;
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		__u32 room = rooms[i];

		memset(xstate, 0xcc, sizeof(xstate));
		size = room;
		EXPECT_EQ(0, context_ioctl(worker.fd, NTAPC_IOC_GET_CONTEXT,
					   NTAPC_CONTEXT_EXTENDED, NULL, xstate,
					   &size));
		EXPECT_EQ(all, size);
		if (room > all)
			room = all;
		EXPECT_EQ(0, memcmp(whole, xstate, room));
		EXPECT_EQ(0xcc, xstate[room]);
	}
	for (i = 0; i < XSTATE_MIN; i += 25) {
		size = i;
		EXPECT_EQ(-EINVAL, context_ioctl(worker.fd,
						 NTAPC_IOC_SET_CONTEXT,
						 NTAPC_CONTEXT_EXTENDED, NULL,
						 whole, &size));
	}
	size = all;
	EXPECT_EQ(0, context_ioctl(worker.fd, NTAPC_IOC_SET_CONTEXT,
				   NTAPC_CONTEXT_EXTENDED, NULL, whole, &size));
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	stop_spinning(&worker);
}

/* What the processor refuses. */
TEST_F(context, extended_refused)
{
	static const struct {
		unsigned int offset;
		unsigned char value;
	} cases[] = {
		{ XSTATE_MXCSR + 2, 0xff },	/* reserved bits of MXCSR */
		{ XSTATE_MXCSR + 3, 0xff },
		{ XSTATE_BV + 7, 0x40 },	/* no such component */
		{ XSTATE_BV + 6, 0x01 },
		{ XSTATE_BV + 15, 0x80 },	/* compacted */
		{ XSTATE_BV + 16, 0x01 },	/* reserved in the header */
		{ XSTATE_BV + 63, 0x01 },
	};
	unsigned char whole[XSTATE_MAX];
	struct worker worker = {};
	__u32 size = sizeof(whole), all;
	unsigned int i;

	if (!(features & NTAPC_FEATURE_EXTENDED))
		SKIP(return, "no extended state here");
	context_avx = has_avx();
	fill_vectors(3);
	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, context_ioctl(worker.fd, NTAPC_IOC_GET_CONTEXT,
				   NTAPC_CONTEXT_EXTENDED, NULL, whole, &size));
	all = size;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(xstate, whole, all);
		xstate[cases[i].offset] = cases[i].value;
		size = all;
		EXPECT_EQ(-EINVAL, context_ioctl(worker.fd,
						 NTAPC_IOC_SET_CONTEXT,
						 NTAPC_CONTEXT_EXTENDED, NULL,
						 xstate, &size)) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	stop_spinning(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(0, memcmp(context_vectors, context_vectors_after, 16));
	EXPECT_PATTERN(context_after);
}

/* Without the feature it is refused, before the thread is disturbed. */
TEST_F(context, extended_not_here)
{
	__u32 size = sizeof(xstate);

	if (features & NTAPC_FEATURE_EXTENDED)
		SKIP(return, "it is");
	EXPECT_EQ(-EOPNOTSUPP, context_ioctl(self_fd, NTAPC_IOC_GET_CONTEXT,
					     NTAPC_CONTEXT_EXTENDED, NULL,
					     xstate, &size));
	size = XSTATE_MIN;
	EXPECT_EQ(-EOPNOTSUPP, context_ioctl(self_fd, NTAPC_IOC_SET_CONTEXT,
					     NTAPC_CONTEXT_EXTENDED, NULL,
					     xstate, &size));
}

/* Errors */

static void leave_at_once(struct worker *worker)
{
	(void)worker;
}

TEST_F(context, errors)
{
	static const unsigned int cmds[] = {
		NTAPC_IOC_GET_CONTEXT, NTAPC_IOC_SET_CONTEXT,
	};
	struct ntapc_thread_context args;
	struct worker gone, worker = {};
	unsigned int i;

	ASSERT_TRUE(worker_start(&gone, dev, leave_at_once));
	worker_join(&gone);
	ASSERT_TRUE(wait_gone(gone.fd));
	ASSERT_TRUE(start_spinning(&worker));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	for (i = 0; i < 2; i++) {
#define TRY(error, thread, ...) do {					\
	args = (struct ntapc_thread_context){				\
		.size = sizeof(args),					\
		__VA_ARGS__						\
	};								\
	EXPECT_EQ(error, sys_ioctl(thread, cmds[i], &args)) {		\
		TH_LOG("line %d, command %u", __LINE__, i);		\
	}								\
} while (0)
		/* At least one, and only known ones. */
		TRY(-EINVAL, worker.fd, .context = ADDR(&self->c));
		TRY(-EINVAL, worker.fd, .what = 16 | GENERAL,
		    .context = ADDR(&self->c));
		TRY(-EINVAL, worker.fd, .what = GENERAL, .pad = 1,
		    .context = ADDR(&self->c));
		/* What isn't used is 0. */
		TRY(-EINVAL, worker.fd, .what = NTAPC_CONTEXT_EXTENDED,
		    .context = ADDR(&self->c), .xstate = ADDR(xstate),
		    .xstate_size = sizeof(xstate));
		TRY(-EINVAL, worker.fd, .what = GENERAL,
		    .context = ADDR(&self->c), .xstate = ADDR(xstate));
		TRY(-EINVAL, worker.fd, .what = GENERAL,
		    .context = ADDR(&self->c), .xstate_size = 1024);
		/* EINVAL before ESRCH. */
		TRY(-EINVAL, gone.fd, .what = GENERAL, .pad = 1,
		    .context = ADDR(&self->c));
		TRY(-ESRCH, gone.fd, .what = GENERAL,
		    .context = ADDR(&self->c));
		/* Memory that can't be accessed. */
		TRY(-EFAULT, worker.fd, .what = GENERAL,
		    .context = KERNEL_ADDRESS);
		TRY(-EFAULT, worker.fd, .what = GENERAL, .context = 0);
		TRY(-EFAULT, worker.fd, .what = GENERAL, .context = 16);
		if (features & NTAPC_FEATURE_EXTENDED) {
			TRY(-EFAULT, worker.fd, .what = NTAPC_CONTEXT_EXTENDED,
			    .xstate = KERNEL_ADDRESS,
			    .xstate_size = XSTATE_MIN);
			self->c = good_context();
			TRY(-EFAULT, worker.fd,
			    .what = NTAPC_CONTEXT_EXTENDED | GENERAL,
			    .context = ADDR(&self->c), .xstate = 16,
			    .xstate_size = XSTATE_MIN);
		}
#undef TRY
	}
	/* After all of that nothing was set. */
	ASSERT_EQ(0, get_context(worker.fd, ALL_GENERAL, &self->c));
	EXPECT_PATTERN(&self->c);
	EXPECT_TRUE(in_loop(self->c.rip));
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	stop_spinning(&worker);
	EXPECT_EQ(0, worker.ret);
}

/* A target that can't come: the caller can be interrupted. */
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
}

static struct ntapc_context got;

static void get_worker(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = get_context(worker->arg, GENERAL, &got);
	atomic_store(&worker->stage, 2);
}

static void nothing(int sig)
{
	(void)sig;
}

TEST_F(context, interrupted)
{
	struct sigaction action = { .sa_handler = nothing };
	struct worker target = {}, getter = {};

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	memset(&got, 0xcc, sizeof(got));
	ASSERT_TRUE(worker_start(&target, dev, vfork_worker));
	ASSERT_TRUE(worker_reached(&target, 1));
	ASSERT_TRUE(wait_until(thread_state(target.tid) == 'D'));
	getter.arg = target.fd;
	ASSERT_TRUE(worker_start(&getter, dev, get_worker));
	ASSERT_TRUE(worker_reached(&getter, 1));
	ASSERT_TRUE(wait_asleep(getter.tid));
	EXPECT_EQ(1, atomic_load(&getter.stage));
	pthread_kill(getter.thread, SIGUSR1);
	worker_join(&getter);
	EXPECT_EQ(-EINTR, getter.ret);
	EXPECT_EQ(0xccccccccccccccccULL, got.rip);
	EXPECT_EQ(1, write(fds[1], "x", 1));
	worker_join(&target);
	EXPECT_EQ(2, atomic_load(&target.stage));
}

/* One that comes later: it is waited for. */
TEST_F(context, of_one_that_is_late)
{
	struct worker target = {}, getter = {};

	ASSERT_TRUE(worker_start(&target, dev, vfork_worker));
	ASSERT_TRUE(worker_reached(&target, 1));
	ASSERT_TRUE(wait_until(thread_state(target.tid) == 'D'));
	getter.arg = target.fd;
	ASSERT_TRUE(worker_start(&getter, dev, get_worker));
	ASSERT_TRUE(worker_reached(&getter, 1));
	ASSERT_TRUE(wait_asleep(getter.tid));
	EXPECT_EQ(1, write(fds[1], "x", 1));
	worker_join(&getter);
	EXPECT_EQ(0, getter.ret);
	worker_join(&target);
}

static void get_often(struct worker *worker)
{
	unsigned int rounds = scaled(1000), i;
	struct ntapc_context c;

	for (i = 0; i < rounds && !worker->ret; i++)
		worker->ret = get_context(worker->arg, GENERAL, &c);
}

/* One that waits for another's answer has to give its own, each time. */
TEST_F(context, of_one_that_asks)
{
	struct worker target = {}, getter = {}, askers[2] = {};
	struct ntapc_context c;
	unsigned int i;

	ASSERT_TRUE(worker_start(&target, dev, vfork_worker));
	ASSERT_TRUE(worker_reached(&target, 1));
	ASSERT_TRUE(wait_until(thread_state(target.tid) == 'D'));
	getter.arg = target.fd;
	ASSERT_TRUE(worker_start(&getter, dev, get_worker));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(worker_reached(&getter, 1));
		ASSERT_TRUE(wait_asleep(getter.tid));
		EXPECT_EQ(0, get_context(getter.fd, GENERAL, &c));
	}
	/* While it goes back to its wait, too. */
	for (i = 0; i < 2; i++) {
		askers[i].arg = getter.fd;
		ASSERT_TRUE(worker_start(&askers[i], dev, get_often));
	}
	for (i = 0; i < 2; i++) {
		worker_join(&askers[i]);
		EXPECT_EQ(0, askers[i].ret);
	}
	EXPECT_EQ(1, atomic_load(&getter.stage));
	EXPECT_EQ(1, write(fds[1], "x", 1));
	worker_join(&getter);
	EXPECT_EQ(0, getter.ret);
	worker_join(&target);
}

/* The target ends meanwhile. */
TEST_F(context, of_one_that_ends)
{
	struct worker getter = {};
	atomic_int *forked;
	int thread;
	pid_t child;
	char c;

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
	getter.arg = thread;
	ASSERT_TRUE(worker_start(&getter, dev, get_worker));
	ASSERT_TRUE(worker_reached(&getter, 1));
	ASSERT_TRUE(wait_asleep(getter.tid));
	kill(child, SIGKILL);
	worker_join(&getter);
	EXPECT_EQ(-ESRCH, getter.ret);
	EXPECT_EQ(-SIGKILL, reap(child));
	EXPECT_EQ(1, write(fds[1], "x", 1));
}

/*
 * Threads that look at each other. From three on, some wait for each other's answers
 * in a circle while others ask them.
 */
#define MOST_LOOKERS	4

static struct worker lookers[MOST_LOOKERS];
static unsigned int nr_lookers;

static void look_at_the_others(struct worker *worker)
{
	struct ntapc_context c;
	unsigned int self = worker - lookers, i;
	int ret;

	worker_wait(worker);
	for (i = 0; i < worker->arg; i++) {
		ret = get_context(lookers[(self + 1 + i % (nr_lookers - 1)) %
					  nr_lookers].fd, GENERAL, &c);
		if (ret && ret != -ESRCH)
			worker->ret = ret;
	}
}

TEST_F(context, of_each_other)
{
	unsigned int i;

	for (nr_lookers = 2; nr_lookers <= MOST_LOOKERS; nr_lookers++) {
		memset(lookers, 0, sizeof(lookers));
		for (i = 0; i < nr_lookers; i++) {
			lookers[i].arg = scaled(1000);
			ASSERT_TRUE(worker_start(&lookers[i], dev,
						 look_at_the_others));
		}
		for (i = 0; i < nr_lookers; i++)
			worker_go(&lookers[i]);
		for (i = 0; i < nr_lookers; i++) {
			worker_join(&lookers[i]);
			EXPECT_EQ(0, lookers[i].ret);
		}
		for (i = 0; i < nr_lookers; i++)
			close(lookers[i].fd);
	}
}

/* Targets that exit while it is asked for. */
TEST_F(context, races_exit)
{
	unsigned int rounds = scaled(500), i, done = 0;
	struct worker worker;
	int ret;

	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(worker_start(&worker, dev, leave_at_once));
		while (!(ret = get_context(worker.fd, GENERAL, &self->c)))
			done++;
		ASSERT_EQ(-ESRCH, ret);
		worker_join(&worker);
		close(worker.fd);
	}
	TH_LOG("%u in time", done);
}

TEST_HARNESS_MAIN
