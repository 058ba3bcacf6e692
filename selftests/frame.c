// SPDX-License-Identifier: GPL-2.0-only
/*
 * APCs by frame: rules 12.1 to 12.8, each with a dispatcher that continues by
 * ioctl and with one that goes back in user mode.
 */
#include "common.h"
#include "kselftest_harness.h"

#define PATIENCE	(PATIENCE_MS * NS_PER_MS)

static int dev, self_fd;

FIXTURE(frame)
{
};

FIXTURE_VARIANT(frame)
{
	const char *dispatcher;
};

FIXTURE_VARIANT_ADD(frame, ioctl)
{
	.dispatcher = dispatch_continue,
};

FIXTURE_VARIANT_ADD(frame, user)
{
	.dispatcher = dispatch_user,
};

FIXTURE_SETUP(frame)
{
	log_reset();
	dev = open_frames(variant->dispatcher);
	ASSERT_LE(0, dev);
	self_fd = open_thread(dev, 0);
	ASSERT_LE(0, self_fd);
	if (variant->dispatcher == dispatch_user) {
		this_control = map_control(self_fd);
		ASSERT_NE(NULL, this_control);
	}
}

FIXTURE_TEARDOWN(frame)
{
}

static int drain(void)
{
	return delay(dev, NTAPC_WAIT_ALERTABLE, 0);
}

/* Frames as they came, in order. */
static struct ntapc_frame frames[64];
static struct ntapc_frame *frame_at[64];
static unsigned int nr_frames;

static void keep_frame(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	frames[nr_frames % 64] = *this_frame;
	frame_at[nr_frames++ % 64] = this_frame;
}

/* 12.1: what a frame holds. */
TEST_F(frame, holds_what_was_queued)
{
	struct ntapc_info info;

	ASSERT_EQ(0, get_info(dev, &info));
	EXPECT_TRUE(info.features & NTAPC_FEATURE_FRAME);
	EXPECT_EQ(sizeof(struct ntapc_frame), info.frame_size);
	EXPECT_EQ(0, queue_full(self_fd, NTAPC_QUEUE_CALLBACK_CONTEXT,
				ADDR(keep_frame), 1, ~0ULL, 3, 0));
	EXPECT_EQ(0, queue(self_fd, keep_frame, 2));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	ASSERT_EQ(2, nr_frames);
	EXPECT_EQ(sizeof(struct ntapc_frame), frames[0].size);
	EXPECT_EQ(ADDR(keep_frame), frames[0].routine);
	EXPECT_EQ(1, frames[0].arg[0]);
	EXPECT_EQ(~0ULL, frames[0].arg[1]);
	EXPECT_EQ(3, frames[0].arg[2]);
	EXPECT_EQ(NTAPC_FRAME_CALLBACK_CONTEXT | NTAPC_FRAME_TEST_ALERT |
		  NTAPC_FRAME_SYNC,
		  frames[0].flags & ~NTAPC_FRAME_NEED_CONTINUE);
	EXPECT_EQ(0, frames[0].restart);
	EXPECT_FALSE(frames[1].flags & NTAPC_FRAME_CALLBACK_CONTEXT);
	EXPECT_TRUE(frames[1].flags & NTAPC_FRAME_TEST_ALERT);
	EXPECT_FALSE(frames[1].flags & NTAPC_FRAME_SPECIAL);
}

/* 12.1: the wait's status is in its result register already. */
TEST_F(frame, result_is_in_the_context)
{
	EXPECT_EQ(0, queue(self_fd, keep_frame, 1));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	ASSERT_EQ(1, nr_frames);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, frames[0].context.rax);
	EXPECT_EQ(0, queue(self_fd, keep_frame, 2));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(dev, 0));
	ASSERT_EQ(2, nr_frames);
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, frames[1].context.rax);
}

/* The dispatcher may change the result, and with it what the wait returns. */
static void change_result(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	this_frame->context.rax = arg0;
}

TEST_F(frame, context_is_what_is_resumed)
{
	EXPECT_EQ(0, queue(self_fd, change_result, 0x12345));
	EXPECT_EQ(0x12345, drain());
}

/* 64-byte aligned, and the red zone between. */
TEST_F(frame, alignment_and_red_zone)
{
	__u64 end;
	int i;

	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, queue(self_fd, keep_frame, i));
	}
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	ASSERT_EQ(5, nr_frames);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, ADDR(frame_at[i]) % 64);
		end = ADDR(frame_at[i]) + sizeof(struct ntapc_frame);
		EXPECT_LE(end + 128, frames[i].context.rsp);
		EXPECT_GT(ADDR(frame_at[i]) + 4096, frames[i].context.rsp);
		/* The chain goes on with the same context (12.2). */
		EXPECT_EQ(0, memcmp(&frames[0].context, &frames[i].context,
				    sizeof(struct ntapc_context)));
	}
}

/* Whatever the stack pointer was. */
TEST_F(frame, odd_stack_pointers)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_ALERTABLE,
	};
	__u64 rsp, rdx, rdi;
	long ret;
	int i;

	for (i = 0; i < 64; i++) {
		rdx = ADDR(&args);
		rdi = dev;
		EXPECT_EQ(0, queue(self_fd, keep_frame, i));
		/* With canaries in the red zone. */
		asm volatile("mov %%rsp, %%rbx\n\t"
			     "and $-64, %%rsp\n\t"
			     "sub %[odd], %%rsp\n\t"
			     "lea -128(%%rsp), %%r8\n\t"
			     "mov %%rdi, %%r9\n\t"
			     "mov $0x5a, %%al\n\t"
			     "mov $128, %%ecx\n\t"
			     "mov %%r8, %%rdi\n\t"
			     "rep stosb\n\t"
			     "mov %%r9, %%rdi\n\t"
			     "mov %[nr], %%eax\n\t"
			     "syscall\n\t"
			     "mov %%rsp, %%r9\n\t"
			     "cld\n\t"
			     "mov $128, %%ecx\n\t"
			     "mov %%r8, %%rdi\n\t"
			     "mov %%rax, %%r10\n\t"
			     "mov $0x5a, %%al\n\t"
			     "repe scasb\n\t"
			     "mov %%r10, %%rax\n\t"
			     "mov $0, %%r10d\n\t"
			     "je 1f\n\t"
			     "inc %%r10d\n"
			     "1:\n\t"
			     "mov %%rbx, %%rsp\n\t"
			     "mov %%r10, %%rdx\n\t"
			     : "=&a"(ret), "+d"(rdx), "+D"(rdi)
			     : [odd] "r"((__u64)i + 512), [nr] "i"(SYS_ioctl),
			       "S"((__u64)NTAPC_IOC_WAIT)
			     : "rbx", "rcx", "r8", "r9", "r10", "r11",
			       "memory", "cc");
		EXPECT_EQ(NTAPC_STATUS_USER_APC, ret);
		/* The canaries live. */
		EXPECT_EQ(0, rdx);
	}
	ASSERT_EQ(64, nr_frames);
	for (i = 0; i < 64; i++) {
		EXPECT_EQ(0, ADDR(frame_at[i]) % 64);
		rsp = frames[i].context.rsp;
		EXPECT_EQ((64 - i) % 64, rsp % 64);
		EXPECT_LE(ADDR(frame_at[i]) + sizeof(struct ntapc_frame) + 128,
			  rsp);
	}
}

/* 12.2: one alertable wait drains the whole queue in order, and returns once. */
TEST_F(frame, drains_in_order)
{
	struct ntapc_thread_info info;
	int i;

	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, queue(self_fd, log_apc, i));
	}
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	ASSERT_EQ(1000, log_count());
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(i, log_entry(i));
	}
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, drain());
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(1000, info.nr_delivered);
	EXPECT_EQ(0, info.nr_user);
}

/* 12.8: an APC that an APC queues to its own thread runs in the same drain. */
static void queue_next(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	if (arg0 && queue(self_fd, queue_next, arg0 - 1))
		log_add(~0ULL);
}

TEST_F(frame, queueing_to_oneself_while_draining)
{
	int i;

	EXPECT_EQ(0, queue(self_fd, queue_next, 20));
	EXPECT_EQ(0, queue(self_fd, log_apc, 1000));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	ASSERT_EQ(22, log_count());
	EXPECT_EQ(20, log_entry(0));
	EXPECT_EQ(1000, log_entry(1));
	for (i = 2; i < 22; i++) {
		EXPECT_EQ(21 - i, log_entry(i));
	}
}

/* 12.6: an alertable wait inside an APC delivers the following ones nested. */
static int depth, max_depth;

static void wait_inside(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	if (++depth > max_depth)
		max_depth = depth;
	/* The result of the nested wait, after those that it ran. */
	log_add(arg0 << 16 | drain());
	depth--;
}

TEST_F(frame, nested)
{
	int i;

	for (i = 1; i <= 10; i++) {
		EXPECT_EQ(0, queue(self_fd, wait_inside, i));
	}
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	EXPECT_EQ(10, max_depth);
	EXPECT_EQ(0, depth);
	ASSERT_EQ(20, log_count());
	for (i = 1; i <= 10; i++) {
		EXPECT_EQ(i, log_entry(i - 1));
		/* The innermost found nothing, every other one did. */
		EXPECT_EQ((11 - i) << 16 | (i == 1 ? 0 : NTAPC_STATUS_USER_APC),
			  log_entry(9 + i));
	}
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, drain());
}

static void test_inside(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	if (!arg0)
		log_add(test_alert(dev, 0) + 1000);
}

TEST_F(frame, nested_test_alert)
{
	static const __u64 expected[] = { 0, 1, 2, 1000 };
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, queue(self_fd, test_inside, i));
	}
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(dev, 0));
	ASSERT_EQ(4, log_count());
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(expected[i], log_entry(i));
	}
}

/* A nested wait that isn't alertable, and one that ends by its deadline. */
static void delay_inside(__u64 arg0, __u64 arg1, __u64 arg2)
{
	__u64 begin = now();

	(void)arg2;
	log_add(arg0);
	log_add(delay(dev, arg1, begin + 20 * NS_PER_MS));
	log_add(now() - begin >= 20 * NS_PER_MS);
}

TEST_F(frame, nested_delay)
{
	static const __u64 expected[] = { 1, 0, 1, 2, 3, 0, 1 };
	unsigned int i;

	EXPECT_EQ(0, queue_full(self_fd, 0, ADDR(delay_inside), 1, 0, 0, 0));
	EXPECT_EQ(0, queue(self_fd, log_apc, 2));
	EXPECT_EQ(0, queue_full(self_fd, 0, ADDR(delay_inside), 3,
				NTAPC_WAIT_ALERTABLE, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	ASSERT_EQ(ARRAY_SIZE(expected), log_count());
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		EXPECT_EQ(expected[i], log_entry(i));
	}
}

/* 12.3: without a test for further APCs the chain ends. */
static void end_chain(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	this_frame->flags &= ~NTAPC_FRAME_TEST_ALERT;
}

TEST_F(frame, chain_ends_when_told)
{
	int i;

	EXPECT_EQ(0, queue(self_fd, log_apc, 0));
	EXPECT_EQ(0, queue(self_fd, end_chain, 1));
	EXPECT_EQ(0, queue(self_fd, log_apc, 2));
	EXPECT_EQ(0, queue(self_fd, end_chain, 3));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	EXPECT_EQ(2, log_count());
	EXPECT_EQ(2, nr_pending(self_fd));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	EXPECT_EQ(4, log_count());
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, drain());
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(i, log_entry(i));
	}
}

/* The reserve object is free before the routine runs. */
static int own_reserve;

static void queue_with_same_reserve(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	if (arg0 && queue_reserve(self_fd, own_reserve,
				  queue_with_same_reserve, arg0 - 1))
		log_add(~0ULL);
}

TEST_F(frame, reserve_is_free_in_the_routine)
{
	int i;

	own_reserve = open_reserve(dev);
	ASSERT_LE(0, own_reserve);
	EXPECT_EQ(0, queue_reserve(self_fd, own_reserve,
				   queue_with_same_reserve, 10));
	EXPECT_EQ(-EBUSY, queue_reserve(self_fd, own_reserve, log_apc, 99));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	ASSERT_EQ(11, log_count());
	for (i = 0; i < 11; i++) {
		EXPECT_EQ(10 - i, log_entry(i));
	}
}

/* errno and the stack below survive; a routine may use a lot of stack. */
static void use_stack(__u64 arg0, __u64 arg1, __u64 arg2)
{
	volatile char stack[65536];

	(void)arg1;
	(void)arg2;
	memset((void *)stack, 0xee, sizeof(stack));
	log_add(arg0 + stack[100]);
}

TEST_F(frame, routine_uses_stack)
{
	volatile __u64 locals[16];
	int i;

	for (i = 0; i < 16; i++)
		locals[i] = ~i;
	EXPECT_EQ(0, queue(self_fd, use_stack, 1));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	EXPECT_EQ(1, log_count());
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(~i, locals[i]);
	}
}

/*
 * A stack that can't take the frame: at an alertable point that is an error,
 * and nothing is lost.
 */
TEST_F(frame, no_stack_no_frame)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_ALERTABLE,
	};
	static const __u64 stacks[] = { 4096, 0, KERNEL_ADDRESS, NON_CANONICAL };
	__u64 rdx, rdi;
	unsigned int i;
	long ret;

	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	for (i = 0; i < ARRAY_SIZE(stacks); i++) {
		rdx = ADDR(&args);
		rdi = dev;
		asm volatile("mov %%rsp, %%rbx\n\t"
			     "mov %[stack], %%rsp\n\t"
			     "mov %[nr], %%eax\n\t"
			     "syscall\n\t"
			     "mov %%rbx, %%rsp"
			     : "=&a"(ret), "+d"(rdx), "+D"(rdi)
			     : [stack] "r"(stacks[i]), [nr] "i"(SYS_ioctl),
			       "S"((__u64)NTAPC_IOC_WAIT)
			     : "rbx", "rcx", "r11", "memory", "cc");
		EXPECT_EQ(-EFAULT, ret);
		EXPECT_EQ(1, nr_pending(self_fd));
	}
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	EXPECT_EQ(1, log_count());
}

/* Anywhere else it is the thread's own fault, as for a signal's frame. */
TEST_F(frame, no_stack_no_special_frame)
{
	volatile int *ready;
	pid_t child;
	int thread;

	ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, ready);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		set_dispatcher(dev, ADDR(dispatch_continue));
		asm volatile("mov $4096, %%esp\n\t"
			     "movl $1, %0\n"
			     "1:\n\t"
			     "jmp 1b" : "=m"(*ready) : "r"(ready));
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_until(*ready));
	EXPECT_EQ(0, queue_special(thread, log_apc, 1));
	EXPECT_EQ(-SIGSEGV, reap(child));
}

/* Other threads */

/* Waits until as many have run: however long that takes, it goes on. */
static bool wait_ran(atomic_uint *ran, unsigned int count)
{
	unsigned int seen;

	while ((seen = atomic_load(ran)) < count)
		if (!wait_until(atomic_load(ran) > seen))
			return false;
	return true;
}

static void wait_alertably(struct worker *worker)
{
	this_control = map_control(worker->fd);
	worker->ret = 0;
	while (atomic_load(&worker->go) < 2)
		if (delay(worker->dev, NTAPC_WAIT_ALERTABLE, in_ms(20)) ==
		    NTAPC_STATUS_USER_APC)
			worker->ret++;
}

struct counter {
	atomic_uint ran;
	atomic_uint disorder;
	__u64 next;
};

static void count_in_order(__u64 arg0, __u64 arg1, __u64 arg2)
{
	struct counter *counter = (void *)(uintptr_t)arg0;

	(void)arg2;
	if (counter->next++ != arg1)
		atomic_fetch_add(&counter->disorder, 1);
	atomic_fetch_add(&counter->ran, 1);
}

TEST_F(frame, several_threads)
{
	enum { THREADS = 4 };
	struct counter counters[THREADS] = {};
	unsigned int each = scaled(5000), i, t;
	struct worker workers[THREADS];
	struct ntapc_thread_info info;

	for (t = 0; t < THREADS; t++) {
		ASSERT_TRUE(worker_start(&workers[t], dev, wait_alertably));
	}
	for (i = 0; i < each; i++)
		for (t = 0; t < THREADS; t++) {
			ASSERT_EQ(0, queue_full(workers[t].fd, 0,
						ADDR(count_in_order),
						ADDR(&counters[t]), i, 0, 0));
		}
	for (t = 0; t < THREADS; t++) {
		EXPECT_TRUE(wait_ran(&counters[t].ran, each));
		EXPECT_EQ(each, atomic_load(&counters[t].ran));
		EXPECT_EQ(0, atomic_load(&counters[t].disorder));
		worker_go(&workers[t]);
		worker_join(&workers[t]);
		EXPECT_LT(0, workers[t].ret);
		ASSERT_EQ(0, get_thread_info(workers[t].fd, &info));
		EXPECT_EQ(each, info.nr_delivered);
		EXPECT_EQ(0, info.nr_dropped);
	}
}

/* Two threads that queue to each other, each from an APC of the other's. */
static struct worker players[2];
static atomic_uint hits;

static void hit_back(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	atomic_fetch_add(&hits, 1);
	if (arg0)
		queue(players[arg0 & 1].fd, hit_back, arg0 - 1);
}

TEST_F(frame, ping_pong)
{
	unsigned int rounds = scaled(1000) * 2 - 1;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(worker_start(&players[i], dev, wait_alertably));
	}
	EXPECT_EQ(0, queue(players[0].fd, hit_back, rounds));
	EXPECT_TRUE(wait_ran(&hits, rounds + 1));
	for (i = 0; i < 2; i++) {
		worker_go(&players[i]);
		worker_join(&players[i]);
	}
	EXPECT_EQ(rounds + 1, atomic_load(&hits));
}

/* A frame abandoned by longjmp is delivered all the same. */
static sigjmp_buf way_out;

static void jump_out(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	siglongjmp(way_out, 1);
}

TEST_F(frame, abandoned)
{
	struct ntapc_thread_info info;

	EXPECT_EQ(0, queue(self_fd, jump_out, 1));
	EXPECT_EQ(0, queue(self_fd, log_apc, 2));
	if (!sigsetjmp(way_out, 0)) {
		drain();
		ASSERT_TRUE(false);
	}
	EXPECT_EQ(1, log_count());
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(1, info.nr_delivered);
	EXPECT_EQ(1, info.nr_user);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	EXPECT_EQ(2, log_count());
}

/* A child forked inside an APC continues as its parent does. */
static pid_t forked = -1;

static void fork_inside(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	forked = fork();
}

TEST_F(frame, fork_inside_an_apc)
{
	EXPECT_EQ(0, queue(self_fd, fork_inside, 1));
	EXPECT_EQ(0, queue(self_fd, log_apc, 2));
	/* Not in the harness's way: the child must not report. */
	if (drain() != NTAPC_STATUS_USER_APC) {
		if (!forked)
			_exit(9);
		ASSERT_TRUE(false);
	}
	/* The child has none of what was queued to its parent. */
	if (!forked)
		_exit(log_count());
	ASSERT_LT(0, forked);
	EXPECT_EQ(1, reap(forked));
	EXPECT_EQ(2, log_count());
}

/* NTAPC_IOC_CONTINUE works outside of any APC, as NtContinue does. */
TEST_F(frame, continue_without_an_apc)
{
	struct ntapc_frame frame = { .size = sizeof(frame) };
	struct ntapc_continue args = {
		.size = sizeof(args),
		.frame = ADDR(&frame),
	};
	__u64 rdx = ADDR(&args), rsi = NTAPC_IOC_CONTINUE, rdi = dev;
	__u64 rax, rbx, cs, ss;

	asm volatile("mov %%cs, %0\n\tmov %%ss, %1" : "=r"(cs), "=r"(ss));
	frame.context.cs = cs;
	frame.context.ss = ss;
	frame.context.eflags = 0x202;
	frame.context.rax = 0x123456789abcdef0ULL;
	frame.context.rbx = 0xfedcba9876543210ULL;
	asm volatile("mov %%rsp, %[rsp]\n\t"
		     "mov %%rbp, %[rbp]\n\t"
		     "lea 1f(%%rip), %%rax\n\t"
		     "mov %%rax, %[rip]\n\t"
		     "mov %[nr], %%eax\n\t"
		     "syscall\n\t"
		     "ud2\n"
		     "1:"
		     : "=&a"(rax), "=&b"(rbx), "+d"(rdx), "+S"(rsi), "+D"(rdi),
		       [rsp] "=m"(frame.context.rsp),
		       [rbp] "=m"(frame.context.rbp),
		       [rip] "=m"(frame.context.rip)
		     : [nr] "i"(SYS_ioctl)
		     : "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		       "r15", "memory", "cc");
	EXPECT_EQ(0x123456789abcdef0ULL, rax);
	EXPECT_EQ(0xfedcba9876543210ULL, rbx);
	EXPECT_EQ(0, rdx);
	EXPECT_EQ(0, rsi);
	EXPECT_EQ(0, rdi);
}

/* The control slot tells what is pending. */
TEST_F(frame, control_slot)
{
	struct ntapc_control *control = map_control(self_fd);

	ASSERT_NE(NULL, control);
	EXPECT_EQ(syscall(SYS_gettid), control->tid);
	EXPECT_EQ(0, control->pending);
	EXPECT_EQ(0, control->guard);
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(NTAPC_PENDING_USER, control->pending);
	EXPECT_EQ(0, queue(self_fd, end_chain, 2));
	EXPECT_EQ(0, queue(self_fd, log_apc, 3));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	EXPECT_EQ(2, log_count());
	EXPECT_EQ(NTAPC_PENDING_USER, control->pending);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, drain());
	EXPECT_EQ(3, log_count());
	EXPECT_EQ(0, control->pending);
}

TEST_HARNESS_MAIN
