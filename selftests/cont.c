// SPDX-License-Identifier: GPL-2.0-only
/*
 * NTAPC_IOC_CONTINUE's frame is not trusted: whatever is in it, the thread goes
 * on with something that it could have had anyway, or it faults.
 */
#include "common.h"
#include "kselftest_harness.h"

#include <setjmp.h>

/* cont_asm.S */
extern __u64 land_registers[16], land_flags, land_cs, land_ss;
extern const char cont_land[], cont_hlt[], cont_exit32[];
void cont_handler(int sig);
void cont_landed(void);
void cont_signalled(int sig);

#define FLAG_TF		(1ULL << 8)
#define FLAG_IF		(1ULL << 9)
#define FLAG_IOPL	(3ULL << 12)
#define FLAG_VM		(1ULL << 17)
#define FLAG_VIF	(1ULL << 19)
#define FLAG_VIP	(1ULL << 20)
/* What user code can't set. */
#define FLAGS_DENIED	(FLAG_IOPL | FLAG_VM | FLAG_VIF | FLAG_VIP)

#define CS32		0x23

static int dev, self_fd;
static __u64 user_cs, user_ss;
static sigjmp_buf back;
static char stack[65536] __attribute__((aligned(64)));
static char alt_stack[65536] __attribute__((aligned(64)));

/* What try_continue() returns besides errors and signals. */
#define LANDED		1000

void cont_landed(void)
{
	siglongjmp(back, LANDED);
}

void cont_signalled(int sig)
{
	siglongjmp(back, sig);
}

static const int caught[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };

FIXTURE(cont)
{
};

FIXTURE_SETUP(cont)
{
	stack_t ss = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };
	struct sigaction action = {
		.sa_handler = cont_handler,
		.sa_flags = SA_ONSTACK | SA_NODEFER,
	};
	unsigned int i;

	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	self_fd = open_thread(dev, 0);
	ASSERT_LE(0, self_fd);
	asm("mov %%cs, %0\n\tmov %%ss, %1" : "=r"(user_cs), "=r"(user_ss));
	ASSERT_EQ(0, sigaltstack(&ss, NULL));
	for (i = 0; i < ARRAY_SIZE(caught); i++) {
		ASSERT_EQ(0, sigaction(caught[i], &action, NULL));
	}
}

FIXTURE_TEARDOWN(cont)
{
}

/* A frame that lands. */
static struct ntapc_frame good_frame(void)
{
	struct ntapc_frame frame = {
		.size = sizeof(frame),
		.context = {
			.rip = ADDR(cont_land),
			.cs = user_cs,
			.eflags = 0x202,
			.rsp = ADDR(stack + sizeof(stack) / 2),
			.ss = user_ss,
		},
	};

	return frame;
}

/* LANDED, the number of the signal it ended in, or an error. */
static int try_continue(const struct ntapc_frame *frame, __u32 flags)
{
	int how;

	memset(land_registers, 0xcc, sizeof(land_registers));
	land_flags = ~0ULL;
	how = sigsetjmp(back, 1);
	if (how)
		return how;
	return continue_frame(dev, flags, frame);
}

TEST_F(cont, every_register_arrives)
{
	struct ntapc_frame frame = good_frame();
	__u64 *r = (__u64 *)&frame.context;
	int i;

	for (i = 0; i < 15; i++)
		r[i] = 0x8123456789abcdefULL * (i + 1);
	ASSERT_EQ(LANDED, try_continue(&frame, 0));
	for (i = 0; i < 15; i++) {
		EXPECT_EQ(r[i], land_registers[i]) {
			TH_LOG("register %d", i);
		}
	}
	EXPECT_EQ(frame.context.rsp, land_registers[15]);
	EXPECT_EQ(user_cs, land_cs);
	EXPECT_EQ(user_ss, land_ss);
}

TEST_F(cont, code_segment)
{
	static const __u64 cases[] = {
		0, 0x08, 0x10, 0x13, 0x18, 0x1b, 0x2b, 0x30, 0x33, 0x3b, 0x43,
		0x7b, 0xfff8, 0xffff, 0x10000, 0x10033, 0x1000000000033, ~0ULL,
	};
	struct ntapc_frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		frame = good_frame();
		frame.context.cs = cases[i];
		EXPECT_EQ(LANDED, try_continue(&frame, 0)) {
			TH_LOG("cs %#llx", cases[i]);
		}
		EXPECT_EQ(user_cs, land_cs);
		EXPECT_EQ(user_ss, land_ss);
	}
}

/* The code segment of 32 bit code is one of user mode's, too. */
TEST_F(cont, code_segment_of_32_bit_code)
{
	struct ntapc_frame frame = good_frame();
	pid_t child;
	int ret;

	if (on_uml())
		SKIP(return, "no 32 bit code on UML");
	frame.context.cs = CS32;
	frame.context.rip = ADDR(cont_exit32);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		set_dispatcher(dev, ADDR(dispatch_continue));
		_exit(try_continue(&frame, 0) & 0x7f);
	}
	ret = reap(child);
	if (ret == SIGSEGV)
		SKIP(return, "this kernel has no 32 bit system calls");
	EXPECT_EQ(42, ret);
	/* From there a fault comes back to 64 bit code all right. */
	frame.context.rip = ADDR(cont_hlt);
	EXPECT_EQ(SIGSEGV, try_continue(&frame, 0));
}

TEST_F(cont, stack_segment)
{
	static const __u64 cases[] = {
		0, 3, 0x10, 0x13, 0x18, 0x1b, 0x23, 0x2b, 0x33, 0x3b, 0xfff8,
		0xffff, 0x10000, ~0ULL,
	};
	struct ntapc_frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		frame = good_frame();
		frame.context.ss = cases[i];
		EXPECT_EQ(LANDED, try_continue(&frame, 0)) {
			TH_LOG("ss %#llx", cases[i]);
		}
		EXPECT_EQ(user_ss, land_ss);
	}
}

TEST_F(cont, each_flag)
{
	struct ntapc_frame frame;
	__u64 flag, kept = 0x8d5 | 0x400;	/* OF SF ZF AF PF CF, DF */
	int ret;

	for (flag = 1; flag; flag <<= 1) {
		/* UML steps on in the handler, and never gets out of it. */
		if (flag == FLAG_TF && on_uml())
			continue;
		frame = good_frame();
		frame.context.eflags = flag;
		ret = try_continue(&frame, 0);
		if (flag == FLAG_TF) {
			/* Which user code could have set as well. */
			EXPECT_TRUE(ret == LANDED || ret == SIGTRAP);
			continue;
		}
		EXPECT_EQ(LANDED, ret) {
			TH_LOG("flag %#llx", flag);
		}
		EXPECT_EQ(0, land_flags & FLAGS_DENIED);
		EXPECT_EQ(FLAG_IF, land_flags & FLAG_IF);
		EXPECT_EQ(flag & kept, land_flags & kept);
	}
	frame = good_frame();
	frame.context.eflags = ~FLAG_TF;
	EXPECT_EQ(LANDED, try_continue(&frame, 0));
	EXPECT_EQ(0, land_flags & FLAGS_DENIED);
	EXPECT_EQ(kept, land_flags & kept);
}

/* An address that isn't a user address makes the thread fault. */
TEST_F(cont, addresses)
{
	static const __u64 bad[] = {
		KERNEL_ADDRESS, NON_CANONICAL, ~0ULL, ~0ULL - 7, 1ULL << 63,
		0xffff800000000000ULL, 0xffff7fffffffffffULL,
		0x1234567812345678ULL, 0xffffffff81000000ULL,
		0xffffffffff600000ULL, 0xfffffe0000000000ULL,
	};
	struct ntapc_frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		frame = good_frame();
		frame.context.rip = bad[i];
		EXPECT_EQ(SIGSEGV, try_continue(&frame, 0)) {
			TH_LOG("rip %#llx", bad[i]);
		}
		frame = good_frame();
		frame.context.rsp = bad[i];
		EXPECT_EQ(SIGSEGV, try_continue(&frame, 0)) {
			TH_LOG("rsp %#llx", bad[i]);
		}
	}
	/* User addresses, though nothing is there. */
	frame = good_frame();
	frame.context.rip = 0;
	EXPECT_EQ(SIGSEGV, try_continue(&frame, 0));
	frame.context.rip = 0x7ffffffff000ULL;
	EXPECT_EQ(SIGSEGV, try_continue(&frame, 0));
	frame = good_frame();
	frame.context.rsp = 0;
	EXPECT_EQ(LANDED, try_continue(&frame, 0));
	EXPECT_EQ(0, land_registers[15]);
	frame.context.rsp = 12345;
	EXPECT_EQ(LANDED, try_continue(&frame, 0));
	EXPECT_EQ(12345, land_registers[15]);
}

/* Only this frame's size is known. */
TEST_F(cont, frame_size)
{
	static const __u32 sizes[] = {
		0, 4, sizeof(struct ntapc_frame) - 1,
		sizeof(struct ntapc_frame) + 1, 1U << 31, ~0U,
	};
	struct ntapc_frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		frame = good_frame();
		frame.size = sizes[i];
		EXPECT_EQ(-EINVAL, try_continue(&frame, 0));
	}
}

TEST_F(cont, frame_address)
{
	struct ntapc_frame frame = good_frame();
	long page = sysconf(_SC_PAGESIZE);
	char *map;

	map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
	memcpy(map + page - sizeof(frame), &frame, sizeof(frame));
	EXPECT_EQ(LANDED, try_continue((void *)(map + page - sizeof(frame)),
				       0));
	memmove(map + page - sizeof(frame) + 1, &frame, sizeof(frame) - 1);
	EXPECT_EQ(-EFAULT, try_continue((void *)(map + page - sizeof(frame) +
						 1), 0));
	EXPECT_EQ(-EFAULT, try_continue(NULL, 0));
	EXPECT_EQ(-EFAULT, try_continue((void *)(uintptr_t)KERNEL_ADDRESS, 0));
	/* Any alignment; and it is only read. */
	memcpy(map + 1, &frame, sizeof(frame));
	ASSERT_EQ(0, mprotect(map, page, PROT_READ));
	EXPECT_EQ(LANDED, try_continue((void *)(map + 1), 0));
}

/* Flags, routine and arguments are of no account. */
TEST_F(cont, the_rest_of_the_frame)
{
	struct ntapc_frame frame = good_frame();

	frame.flags = ~0U;
	frame.routine = ~0ULL;
	memset(frame.arg, 0xff, sizeof(frame.arg));
	EXPECT_EQ(LANDED, try_continue(&frame, 0));
}

/* A restart state that isn't one's own, or isn't there. */
TEST_F(cont, restart)
{
	static const __u64 cases[] = {
		1, 2, 3, 1000, ~0ULL, KERNEL_ADDRESS, 0x123456789,
	};
	struct ntapc_frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		frame = good_frame();
		frame.restart = cases[i];
		EXPECT_EQ(LANDED, try_continue(&frame, 0)) {
			TH_LOG("restart %#llx", cases[i]);
		}
		frame.context.rax = SYS_restart_syscall;
		EXPECT_EQ(LANDED, try_continue(&frame, 0));
	}
}

/* With a test for APCs, which then find a bad stack or a good one. */
TEST_F(cont, test_alert)
{
	static const __u64 bad[] = {
		0, 4096, KERNEL_ADDRESS, NON_CANONICAL, ~0ULL,
	};
	struct ntapc_frame frame = good_frame();
	struct ntapc_record record;
	unsigned int i;
	int ret;

	log_reset();
	frame.context.rax = 77;
	EXPECT_EQ(LANDED, try_continue(&frame, NTAPC_CONTINUE_TEST_ALERT));
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(0, queue(self_fd, log_apc, 2));
	/* Without the flag they stay. */
	EXPECT_EQ(LANDED, try_continue(&frame, 0));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(LANDED, try_continue(&frame, NTAPC_CONTINUE_TEST_ALERT));
	EXPECT_EQ(2, log_count());
	EXPECT_EQ(77, land_registers[10]);

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(0, queue(self_fd, log_apc, 3));
		frame = good_frame();
		frame.context.rsp = bad[i];
		ret = try_continue(&frame, NTAPC_CONTINUE_TEST_ALERT);
		EXPECT_TRUE(ret == SIGSEGV || ret == -EFAULT) {
			TH_LOG("rsp %#llx: %d", bad[i], ret);
		}
		/* Not run, and not lost. */
		EXPECT_EQ(2, log_count());
		EXPECT_EQ(1, take_records(dev, &record, 1));
	}
}

static __u64 seed;

static __u64 random64(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return seed ^ seed >> 29;
}

static __u64 random_address(__u64 usual)
{
	switch (random64() % 8) {
	case 0:
		return random64() | 1ULL << 63;
	case 1:
		return KERNEL_ADDRESS + random64() % (1ULL << 40);
	case 2:
		return NON_CANONICAL + random64() % 65536 - 32768;
	case 3:
		/* The zero page and its neighbours. */
		return random64() % 4096;
	default:
		return usual;
	}
}

TEST_F(cont, random)
{
	static const __u64 segments[] = {
		0, 0x10, 0x18, CS32, 0x2b, 0x33, 0xffff, 0x13,
	};
	unsigned int rounds = scaled(20000), i, j, landed = 0, faulted = 0;
	const char *env = getenv("NTAPC_SEED");
	struct ntapc_frame frame;
	__u64 *registers;
	int ret;

	seed = env ? strtoull(env, NULL, 0) : now();
	TH_LOG("NTAPC_SEED=%llu", seed);
	for (i = 0; i < rounds; i++) {
		frame = good_frame();
		registers = (__u64 *)&frame.context;
		for (j = 0; j < 15; j++)
			registers[j] = random64();
		frame.context.rip = random_address(ADDR(cont_land));
		frame.context.rsp = random_address(frame.context.rsp);
		frame.context.eflags = random64();
		if (random64() % 4 || on_uml())
			frame.context.eflags &= ~FLAG_TF;
		if (random64() % 2)
			frame.context.cs = random64() % 2 ? random64() :
				segments[random64() % ARRAY_SIZE(segments)];
		if (random64() % 2)
			frame.context.ss = random64() % 2 ? random64() :
				segments[random64() % ARRAY_SIZE(segments)];
		if (!(random64() % 4))
			frame.restart = random64();
		/* 64 bit code must not run as 32 bit code. */
		if ((frame.context.cs & 0xffff) == CS32 &&
		    frame.context.rip >= 4096)
			frame.context.rip = ADDR(cont_hlt);
		ret = try_continue(&frame, random64() & 1);
		if (ret == LANDED) {
			landed++;
			ASSERT_EQ(0, land_flags & FLAGS_DENIED);
			ASSERT_EQ(FLAG_IF, land_flags & FLAG_IF);
			ASSERT_EQ(user_cs, land_cs);
			ASSERT_EQ(user_ss, land_ss);
			ASSERT_EQ(frame.context.rsp, land_registers[15]);
		} else {
			faulted++;
			ASSERT_TRUE(ret == SIGSEGV || ret == SIGTRAP ||
				    ret == SIGBUS) {
				TH_LOG("round %u: %d", i, ret);
			}
		}
	}
	TH_LOG("%u landed, %u faulted", landed, faulted);
	EXPECT_LT(0, landed);
	EXPECT_LT(0, faulted);
}

TEST_HARNESS_MAIN
