// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user registers: restarts of system calls, untrusted contexts, frames.
 *
 * Tests run in a kernel thread, which has no user registers: each case makes
 * its own struct pt_regs, and user memory where a frame is to go.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <asm/processor-flags.h>
#include <asm/unistd.h>
#include <kunit/test.h>

#include "../arch/arch.h"
#include "../arch/regs.h"

#define TEST_IP		0x401000UL
#define TEST_SP		0x10001230UL
#define TEST_ENTRY	0x402000UL

/* What user code runs with: interrupts on, and the bit that always is. */
#define TEST_FLAGS	(X86_EFLAGS_IF | X86_EFLAGS_FIXED)

/* The flags that sigreturn(2) takes from user space. */
static const unsigned long user_flags =
	X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF |
	X86_EFLAGS_SF | X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_OF |
	X86_EFLAGS_RF | X86_EFLAGS_AC;

static void set_syscall_nr(struct pt_regs *regs, long nr)
{
#ifdef CONFIG_UML
	regs->regs.syscall = nr;
#else
	regs->orig_ax = nr;
#endif
}

/* Registers that all differ, of code outside of a system call. */
static void make_regs(struct pt_regs *regs)
{
	unsigned long *gp = user_gp(regs);
	int i;

	memset(regs, 0, sizeof(*regs));
	for (i = 0; i <= R_SS; i++)
		gp[i] = 0x5a00000000000000UL + i;
	gp[R_IP] = TEST_IP;
	gp[R_SP] = TEST_SP;
	gp[R_FLAGS] = TEST_FLAGS;
#ifdef CONFIG_UML
	/* The host's selectors. */
	gp[R_CS] = 0x33;
	gp[R_SS] = 0x2b;
#else
	gp[R_CS] = __USER_CS;
	gp[R_SS] = __USER_DS;
#endif
	set_syscall_nr(regs, -1);
}

/* test->priv are two: those worked on, and what they are compared with. */
static int init(struct kunit *test)
{
	struct pt_regs *regs = kunit_kcalloc(test, 2, sizeof(*regs), GFP_KERNEL);

	if (!regs)
		return -ENOMEM;
	make_regs(regs);
	test->priv = regs;
	return 0;
}

/* The copy is as @regs are now, until changed. */
static struct pt_regs *copy_regs(struct pt_regs *regs)
{
	regs[1] = regs[0];
	return &regs[1];
}

static bool same_as_copy(const struct pt_regs *regs)
{
	return !memcmp(&regs[0], &regs[1], sizeof(*regs));
}

/* Restarts of interrupted system calls */

struct restart_row {
	long nr;
	long result;
	enum ntapc_restart restart;
	/* After it was acted on, if it asks for anything. */
	long ax;
};

#define ANY_NR	35

static const struct restart_row restart_rows[] = {
	{ ANY_NR, -ERESTARTSYS, NTAPC_RESTART_CALL, ANY_NR },
	{ ANY_NR, -ERESTARTNOINTR, NTAPC_RESTART_CALL, ANY_NR },
	{ ANY_NR, -ERESTARTNOHAND, NTAPC_RESTART_CALL, ANY_NR },
	{ ANY_NR, -ERESTART_RESTARTBLOCK, NTAPC_RESTART_BLOCK,
	  __NR_restart_syscall },
	/* Number 0 is one like any other. */
	{ 0, -ERESTARTSYS, NTAPC_RESTART_CALL, 0 },
	{ 0, -ERESTART_RESTARTBLOCK, NTAPC_RESTART_BLOCK,
	  __NR_restart_syscall },
	/* Ended, well or not. */
	{ ANY_NR, 0, NTAPC_RESTART_NONE },
	{ ANY_NR, 512, NTAPC_RESTART_NONE },
	{ ANY_NR, -EINTR, NTAPC_RESTART_NONE },
	{ ANY_NR, -ENOIOCTLCMD, NTAPC_RESTART_NONE },
	{ ANY_NR, -EPROBE_DEFER, NTAPC_RESTART_NONE },
	/* Not in a system call: a register has that value by chance. */
	{ -1, -ERESTARTSYS, NTAPC_RESTART_NONE },
	{ -1, -ERESTARTNOINTR, NTAPC_RESTART_NONE },
	{ -1, -ERESTARTNOHAND, NTAPC_RESTART_NONE },
	{ -1, -ERESTART_RESTARTBLOCK, NTAPC_RESTART_NONE },
	{ -1, 0, NTAPC_RESTART_NONE },
};

static void restart_desc(const struct restart_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "system call %ld: %ld", row->nr,
		 row->result);
}

KUNIT_ARRAY_PARAM(restart, restart_rows, restart_desc);

static void restart_is_found(struct kunit *test)
{
	const struct restart_row *row = test->param_value;
	struct pt_regs *regs = test->priv;

	set_syscall_nr(regs, row->nr);
	user_gp(regs)[R_AX] = row->result;
	copy_regs(regs);
	KUNIT_EXPECT_EQ(test, ntapc_arch_restart(regs), row->restart);
	KUNIT_EXPECT_TRUE(test, same_as_copy(regs));
}

static void restart_is_converted_once(struct kunit *test)
{
	const struct restart_row *row = test->param_value;
	struct pt_regs *regs = test->priv, *expected;

	set_syscall_nr(regs, row->nr);
	user_gp(regs)[R_AX] = row->result;
	expected = copy_regs(regs);
	if (row->restart != NTAPC_RESTART_NONE) {
		user_gp(expected)[R_AX] = row->ax;
		user_gp(expected)[R_IP] = TEST_IP - 2;
		set_syscall_nr(expected, -1);
	}
	ntapc_arch_convert_restart(regs, ntapc_arch_restart(regs));
	KUNIT_EXPECT_TRUE(test, same_as_copy(regs));
	ntapc_arch_convert_restart(regs, ntapc_arch_restart(regs));
	KUNIT_EXPECT_TRUE(test, same_as_copy(regs));
}

static void failed_restart_is_eintr(struct kunit *test)
{
	struct pt_regs *regs = test->priv;
	unsigned long *gp = user_gp(regs);

	set_syscall_nr(regs, ANY_NR);
	gp[R_AX] = -ERESTART_RESTARTBLOCK;
	ntapc_arch_convert_restart(regs, ntapc_arch_restart(regs));
	ntapc_arch_fail_restart(regs);
	KUNIT_EXPECT_EQ(test, (long)gp[R_AX], -EINTR);
	KUNIT_EXPECT_EQ(test, gp[R_IP], TEST_IP);

	/* Somebody changed what is to be called. */
	gp[R_AX] = ANY_NR;
	copy_regs(regs);
	ntapc_arch_fail_restart(regs);
	KUNIT_EXPECT_TRUE(test, same_as_copy(regs));
}

static void entered_call_is_recognised(struct kunit *test)
{
	static const struct {
		long nr, result;
		bool inside;
	} rows[] = {
		{ ANY_NR, -ENOSYS, true },
		{ 0, -ENOSYS, true },
		{ -1, -ENOSYS, false },
		{ ANY_NR, 0, false },
		{ ANY_NR, -ERESTARTSYS, false },
		{ ANY_NR, -EINTR, false },
	};
	struct pt_regs *regs = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		set_syscall_nr(regs, rows[i].nr);
		user_gp(regs)[R_AX] = rows[i].result;
		KUNIT_EXPECT_EQ_MSG(test, ntapc_arch_in_syscall(regs),
				    rows[i].inside, "row %d", i + 1);
	}
}

/* What signal(7) says of a call that a handler interrupts. */
struct handler_row {
	long result;
	bool sa_restart;
	bool interrupts;
};

static const struct handler_row handler_rows[] = {
	{ -ERESTARTSYS, true, false },
	{ -ERESTARTSYS, false, true },
	{ -ERESTARTNOINTR, true, false },
	{ -ERESTARTNOINTR, false, false },
	{ -ERESTARTNOHAND, true, true },
	{ -ERESTARTNOHAND, false, true },
	{ -ERESTART_RESTARTBLOCK, true, true },
	{ -ERESTART_RESTARTBLOCK, false, true },
};

static void handler_desc(const struct handler_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%ld, SA_RESTART %d", row->result,
		 row->sa_restart);
}

KUNIT_ARRAY_PARAM(handler, handler_rows, handler_desc);

static void handler_decides_restart(struct kunit *test)
{
	const struct handler_row *row = test->param_value;
	struct pt_regs *regs = test->priv, *expected;

	set_syscall_nr(regs, ANY_NR);
	user_gp(regs)[R_AX] = row->result;
	expected = copy_regs(regs);
	KUNIT_EXPECT_EQ(test,
			ntapc_arch_handler_interrupts(regs, row->sa_restart),
			row->interrupts);
	KUNIT_EXPECT_TRUE(test, same_as_copy(regs));

	user_gp(expected)[R_AX] = -EINTR;
	set_syscall_nr(expected, -1);
	ntapc_arch_interrupt_call(regs);
	KUNIT_EXPECT_TRUE(test, same_as_copy(regs));
}

static struct kunit_case restart_cases[] = {
	KUNIT_CASE_PARAM(restart_is_found, restart_gen_params),
	KUNIT_CASE_PARAM(restart_is_converted_once, restart_gen_params),
	KUNIT_CASE(entered_call_is_recognised),
	KUNIT_CASE_PARAM(handler_decides_restart, handler_gen_params),
	KUNIT_CASE(failed_restart_is_eintr),
	{ }
};

static struct kunit_suite restart_suite = {
	.name = "ntapc_arch_restart",
	.init = init,
	.test_cases = restart_cases,
};

/* Contexts */

static void context_has_all_registers(struct kunit *test)
{
	struct pt_regs *regs = test->priv;
	const unsigned long *gp = user_gp(regs);
	struct ntapc_context context;

	memset(&context, 0xcc, sizeof(context));
	ntapc_arch_get_context(regs, &context);
	KUNIT_EXPECT_EQ(test, context.r15, gp[R_15]);
	KUNIT_EXPECT_EQ(test, context.r14, gp[R_14]);
	KUNIT_EXPECT_EQ(test, context.r13, gp[R_13]);
	KUNIT_EXPECT_EQ(test, context.r12, gp[R_12]);
	KUNIT_EXPECT_EQ(test, context.rbp, gp[R_BP]);
	KUNIT_EXPECT_EQ(test, context.rbx, gp[R_BX]);
	KUNIT_EXPECT_EQ(test, context.r11, gp[R_11]);
	KUNIT_EXPECT_EQ(test, context.r10, gp[R_10]);
	KUNIT_EXPECT_EQ(test, context.r9, gp[R_9]);
	KUNIT_EXPECT_EQ(test, context.r8, gp[R_8]);
	KUNIT_EXPECT_EQ(test, context.rax, gp[R_AX]);
	KUNIT_EXPECT_EQ(test, context.rcx, gp[R_CX]);
	KUNIT_EXPECT_EQ(test, context.rdx, gp[R_DX]);
	KUNIT_EXPECT_EQ(test, context.rsi, gp[R_SI]);
	KUNIT_EXPECT_EQ(test, context.rdi, gp[R_DI]);
	KUNIT_EXPECT_EQ(test, context.rip, TEST_IP);
	KUNIT_EXPECT_EQ(test, context.cs, gp[R_CS]);
	KUNIT_EXPECT_EQ(test, context.eflags, TEST_FLAGS);
	KUNIT_EXPECT_EQ(test, context.rsp, TEST_SP);
	KUNIT_EXPECT_EQ(test, context.ss, gp[R_SS]);
}

static void context_is_restored(struct kunit *test)
{
	struct pt_regs *regs = test->priv;
	unsigned long *gp = user_gp(regs);
	struct ntapc_context context;
	int i;

	gp[R_FLAGS] |= X86_EFLAGS_CF | X86_EFLAGS_ZF;
	copy_regs(regs);
	ntapc_arch_get_context(regs, &context);
	for (i = 0; i <= R_DI; i++)
		gp[i] = ~gp[i];
	gp[R_IP] = TEST_ENTRY;
	gp[R_SP] -= 4096;
	gp[R_FLAGS] = TEST_FLAGS | X86_EFLAGS_SF;
	ntapc_arch_set_context(regs, &context);
	KUNIT_EXPECT_TRUE(test, same_as_copy(regs));
	KUNIT_EXPECT_FALSE(test, signal_pending(current));
}

/* The call in which the context is set must not look like one to restart. */
static void context_is_of_no_system_call(struct kunit *test)
{
	struct pt_regs *regs = test->priv;
	struct ntapc_context context;

	ntapc_arch_get_context(regs, &context);
	context.rax = -ERESTARTSYS;
	set_syscall_nr(regs, ANY_NR);
	ntapc_arch_set_context(regs, &context);
	KUNIT_EXPECT_EQ(test, ntapc_arch_restart(regs), NTAPC_RESTART_NONE);
	KUNIT_EXPECT_EQ(test, (long)user_gp(regs)[R_AX], -ERESTARTSYS);
}

/* Each of the 64 bits, asked for on and off, where it is off and on. */
static void only_user_flags_are_taken(struct kunit *test)
{
	struct pt_regs *regs = test->priv;
	unsigned long *gp = user_gp(regs);
	struct ntapc_context context;
	int bit, was, asked;

	ntapc_arch_get_context(regs, &context);
	for (bit = 0; bit < 64; bit++) {
		for (was = 0; was < 2; was++) {
			for (asked = 0; asked < 2; asked++) {
				bool user = user_flags & BIT_ULL(bit);

				gp[R_FLAGS] = was ? BIT_ULL(bit) : 0;
				context.eflags = asked ? BIT_ULL(bit) : 0;
				ntapc_arch_set_context(regs, &context);
				KUNIT_EXPECT_EQ_MSG(test, gp[R_FLAGS],
						    (user ? asked : was) ?
							    BIT_ULL(bit) : 0,
						    "bit %d", bit);
			}
		}
	}
	gp[R_FLAGS] = TEST_FLAGS;
	context.eflags = ~0ULL;
	ntapc_arch_set_context(regs, &context);
	KUNIT_EXPECT_EQ(test, gp[R_FLAGS], TEST_FLAGS | user_flags);
	context.eflags = 0;
	ntapc_arch_set_context(regs, &context);
	KUNIT_EXPECT_EQ(test, gp[R_FLAGS], TEST_FLAGS);
}

static void segments_are_not_taken(struct kunit *test)
{
	static const u64 selectors[] = { 0, 0x10, 0x18, 0x30, 0x07, 0xffff, ~0ULL };
	struct pt_regs *regs = test->priv;
	struct ntapc_context context;
	int i;

	ntapc_arch_get_context(regs, &context);
	copy_regs(regs);
	for (i = 0; i < ARRAY_SIZE(selectors); i++) {
		context.cs = selectors[i];
		context.ss = selectors[i];
		ntapc_arch_set_context(regs, &context);
		KUNIT_EXPECT_TRUE_MSG(test, same_as_copy(regs), "%#llx",
				      selectors[i]);
	}
}

static bool take_sigsegv(void)
{
	bool pending = signal_pending(current) &&
		       sigismember(&current->pending.signal, SIGSEGV);

	flush_signals(current);
	return pending;
}

struct address_row {
	const char *what;
	bool user_end;		/* @address is counted from there */
	u64 address;
	bool fault;
};

static const struct address_row address_rows[] = {
	{ "the last user address", true, -1, false },
	{ "the first that isn't", true, 0, true },
	{ "no canonical address", false, 1ULL << 55, true },
	{ "a kernel's address", false, 1ULL << 63, true },
	{ "the highest address", false, ~0ULL, true },
};

static void address_desc(const struct address_row *row, char *desc)
{
	strscpy(desc, row->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(address, address_rows, address_desc);

static void kernel_address_is_fault(struct kunit *test)
{
	const struct address_row *row = test->param_value;
	struct pt_regs *regs = test->priv;
	struct ntapc_context context;
	u64 address = row->address + (row->user_end ? TASK_SIZE : 0);

	ntapc_arch_get_context(regs, &context);
	context.rip = address;
	ntapc_arch_set_context(regs, &context);
	KUNIT_EXPECT_EQ(test, take_sigsegv(), row->fault);

	context.rip = TEST_IP;
	context.rsp = address;
	ntapc_arch_set_context(regs, &context);
	KUNIT_EXPECT_EQ(test, take_sigsegv(), row->fault);
}

static struct kunit_case context_cases[] = {
	KUNIT_CASE(context_has_all_registers),
	KUNIT_CASE(context_is_restored),
	KUNIT_CASE(context_is_of_no_system_call),
	KUNIT_CASE(only_user_flags_are_taken),
	KUNIT_CASE(segments_are_not_taken),
	KUNIT_CASE_PARAM(kernel_address_is_fault, address_gen_params),
	{ }
};

static struct kunit_suite context_suite = {
	.name = "ntapc_arch_context",
	.init = init,
	.test_cases = context_cases,
};

kunit_test_suites(&restart_suite, &context_suite);

/* Frames. User memory for tests came with this version. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)

#define STACK_SIZE	(4 * PAGE_SIZE)

static unsigned long make_stack(struct kunit *test, unsigned long prot)
{
	unsigned long stack = kunit_vm_mmap(test, NULL, 0, STACK_SIZE, prot,
					    MAP_ANONYMOUS | MAP_PRIVATE, 0);

	KUNIT_ASSERT_NE_MSG(test, stack, 0, "no user memory");
	KUNIT_ASSERT_LT(test, stack, (unsigned long)TASK_SIZE);
	return stack;
}

/* A frame of code whose stack pointer is @sp, and that is in @regs too. */
static void make_frame(struct pt_regs *regs, struct ntapc_frame *frame,
		       unsigned long sp)
{
	make_regs(regs);
	user_gp(regs)[R_SP] = sp;
	memset(frame, 0, sizeof(*frame));
	frame->size = sizeof(*frame);
	frame->flags = NTAPC_FRAME_TEST_ALERT;
	frame->routine = 0x1111;
	frame->arg[0] = 0x2222;
	frame->arg[1] = 0x3333;
	frame->arg[2] = 0x4444;
	frame->restart = 0x5555;
	ntapc_arch_get_context(regs, &frame->context);
}

static void check_frame(struct kunit *test, unsigned long sp)
{
	struct pt_regs *regs = test->priv;
	const unsigned long *gp = user_gp(regs);
	struct ntapc_frame frame, found;
	unsigned long at;

	make_frame(regs, &frame, sp);
	KUNIT_ASSERT_EQ(test, ntapc_arch_push_frame(regs, TEST_ENTRY, &frame),
			0);
	at = gp[R_SP];
	KUNIT_EXPECT_EQ(test, at % 64, 0);
	/* The red zone, and room for a dispatcher's return instruction. */
	KUNIT_EXPECT_LE(test, at + sizeof(frame) + 16 + 128, sp);
	/* And no more of the stack than that takes. */
	KUNIT_EXPECT_GT(test, at + sizeof(frame) + 16 + 128 + 64, sp);
	KUNIT_ASSERT_EQ(test, copy_from_user(&found, (void __user *)at,
					     sizeof(found)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&frame, &found, sizeof(frame)), 0);
}

static void frame_is_aligned_below_red_zone(struct kunit *test)
{
	unsigned long stack = make_stack(test, PROT_READ | PROT_WRITE);
	int odd;

	for (odd = 0; odd < 130 && !READ_ONCE(test->status); odd++)
		check_frame(test, stack + 2 * PAGE_SIZE + odd);
	/* Over a page's boundary, which is nothing special. */
	check_frame(test, stack + 2 * PAGE_SIZE + 256);
}

static void nothing_above_is_touched(struct kunit *test)
{
	unsigned long stack = make_stack(test, PROT_READ | PROT_WRITE);
	unsigned long sp = stack + 2 * PAGE_SIZE + 8;
	u8 *above = kunit_kmalloc(test, 512, GFP_KERNEL);
	struct pt_regs *regs = test->priv;
	struct ntapc_frame frame;

	KUNIT_ASSERT_NOT_NULL(test, above);
	memset(above, 0xee, 512);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)sp - 128 - 16, above,
					   512), 0);
	make_frame(regs, &frame, sp);
	KUNIT_ASSERT_EQ(test, ntapc_arch_push_frame(regs, TEST_ENTRY, &frame),
			0);
	memset(above, 0, 512);
	KUNIT_ASSERT_EQ(test, copy_from_user(above,
					     (void __user *)sp - 128 - 16, 512),
			0);
	KUNIT_EXPECT_NULL(test, memchr_inv(above, 0xee, 512));
}

static void dispatcher_is_entered(struct kunit *test)
{
	unsigned long stack = make_stack(test, PROT_READ | PROT_WRITE);
	struct pt_regs *regs = test->priv;
	unsigned long *gp = user_gp(regs), *old = user_gp(regs + 1);
	struct ntapc_frame frame;
	int i;

	make_frame(regs, &frame, stack + STACK_SIZE);
	gp[R_FLAGS] |= user_flags;
	copy_regs(regs);
	KUNIT_ASSERT_EQ(test, ntapc_arch_push_frame(regs, TEST_ENTRY, &frame),
			0);
	KUNIT_EXPECT_EQ(test, gp[R_IP], TEST_ENTRY);
	KUNIT_EXPECT_EQ(test, gp[R_DI], gp[R_SP]);
	/* What the calling convention wants clear, and what isn't the APC's. */
	KUNIT_EXPECT_EQ(test, gp[R_FLAGS] & (X86_EFLAGS_DF | X86_EFLAGS_RF |
					     X86_EFLAGS_AC), 0);
	KUNIT_EXPECT_EQ(test, gp[R_FLAGS] & TEST_FLAGS, TEST_FLAGS);
	/* Those that a system call leaves, or undefined to a function. */
	for (i = 0; i <= R_SS; i++) {
		if (i == R_IP || i == R_SP || i == R_DI || i == R_FLAGS ||
		    i == R_CX || i == R_11)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, gp[i], old[i], "register %d", i);
	}
}

/* A place that can't take the frame, or not all of it. */
struct fault_row {
	const char *what;
	bool on_stack;		/* @sp is counted from the stack's start */
	unsigned long sp;
};

static const struct fault_row fault_rows[] = {
	{ "null", false, 0 },
	{ "below the frame's own size", false, 128 },
	{ "one byte too little", true,
	  sizeof(struct ntapc_frame) + 16 + 128 - 1 },
	{ "partly below the stack", true, 16 + 128 + 64 },
	{ "wholly below the stack", true, 0 },
	{ "the highest address", false, ~0UL },
	{ "a kernel's address", false, 1UL << 63 },
	{ "no canonical address", false, 1UL << 55 },
};

static void fault_desc(const struct fault_row *row, char *desc)
{
	strscpy(desc, row->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fault, fault_rows, fault_desc);

static void expect_fault(struct kunit *test, unsigned long sp)
{
	struct pt_regs *regs = test->priv;
	struct ntapc_frame frame;

	make_frame(regs, &frame, sp);
	copy_regs(regs);
	KUNIT_EXPECT_EQ(test, ntapc_arch_push_frame(regs, TEST_ENTRY, &frame),
			-EFAULT);
	KUNIT_EXPECT_TRUE(test, same_as_copy(regs));
}

/* The stack is preceded by a page that isn't there. */
static void fault_leaves_registers(struct kunit *test)
{
	const struct fault_row *row = test->param_value;
	unsigned long stack = make_stack(test, PROT_READ | PROT_WRITE);

	KUNIT_ASSERT_EQ(test, vm_munmap(stack, PAGE_SIZE), 0);
	expect_fault(test, row->on_stack ? stack + PAGE_SIZE + row->sp :
					   row->sp);
}

static void read_only_stack_is_fault(struct kunit *test)
{
	expect_fault(test, make_stack(test, PROT_READ) + STACK_SIZE);
}

/*
 * What signal code leaves when no handler runs: the call's instruction is next,
 * restart_syscall(2) is what it will call, and a call is still marked.
 */
struct about_row {
	const char *what;
	u16 insn;
	long nr;
	long ax;
	bool readable;
	bool about;
};

#define SYSCALL_INSN	0x050f
#define INT80_INSN	0x80cd

static const struct about_row about_rows[] = {
	{ "syscall", SYSCALL_INSN, ANY_NR, __NR_restart_syscall, true, true },
	{ "int 0x80", INT80_INSN, ANY_NR, __NR_restart_syscall, true, true },
	{ "another instruction", 0x9090, ANY_NR, __NR_restart_syscall, true },
	{ "another call", SYSCALL_INSN, ANY_NR, ANY_NR, true },
	{ "not in a call", SYSCALL_INSN, -1, __NR_restart_syscall, true },
	{ "no code there", SYSCALL_INSN, ANY_NR, __NR_restart_syscall, false },
};

static void about_desc(const struct about_row *row, char *desc)
{
	strscpy(desc, row->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(about, about_rows, about_desc);

/* User memory that begins with that instruction. */
static unsigned long make_code(struct kunit *test, u16 insn)
{
	unsigned long code = make_stack(test, PROT_READ | PROT_WRITE);

	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)code, &insn,
					   sizeof(insn)), 0);
	return code;
}

static void pending_restart_is_recognised(struct kunit *test)
{
	const struct about_row *row = test->param_value;
	unsigned long code = make_code(test, row->insn);
	struct pt_regs *regs = test->priv, *expected;

	if (!row->readable)
		KUNIT_ASSERT_EQ(test, vm_munmap(code, PAGE_SIZE), 0);
	user_gp(regs)[R_IP] = code;
	user_gp(regs)[R_AX] = row->ax;
	set_syscall_nr(regs, row->nr);
	expected = copy_regs(regs);
	if (row->about)
		set_syscall_nr(expected, -1);
	KUNIT_EXPECT_EQ(test, ntapc_arch_about_to_restart(regs), row->about);
	KUNIT_EXPECT_TRUE(test, same_as_copy(regs));
}

/* What is got inside of a call, and set when the thread is elsewhere (6.3). */
struct late_row {
	const char *what;
	u16 insn;
	int old_ip, new_ip;	/* from the instruction */
	bool marked;
	int ip;
	long ax;
};

#define OLD_AX	77L
#define NEW_AX	-38L

static const struct late_row late_rows[] = {
	{ "call made again", SYSCALL_INSN, 0, 2, true, 0, OLD_AX },
	{ "int 0x80 made again", INT80_INSN, 0, 2, true, 0, OLD_AX },
	{ "call has ended", SYSCALL_INSN, 2, 2, true, 2, OLD_AX },
	{ "only rax is set", SYSCALL_INSN, 0, 0, true, 0, OLD_AX },
	{ "no call there", 0x9090, 0, 2, true, 2, -EINTR },
	{ "gone elsewhere", SYSCALL_INSN, 9, 2, true, 2, -EINTR },
	{ "sent elsewhere", SYSCALL_INSN, 0, 9, true, 9, -EINTR },
	{ "given up", SYSCALL_INSN, 0, 2, false, 2, NEW_AX },
	{ "another result", SYSCALL_INSN, 2, 2, false, 2, NEW_AX },
	{ "another call", SYSCALL_INSN, 0, 0, false, 0, NEW_AX },
};

static void late_desc(const struct late_row *row, char *desc)
{
	strscpy(desc, row->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(late, late_rows, late_desc);

static void late_context_keeps_call(struct kunit *test)
{
	const struct late_row *row = test->param_value;
	unsigned long code = make_code(test, row->insn);
	struct ntapc_context old, new, expected;

	memset(&old, 0x11, sizeof(old));
	memset(&new, 0x22, sizeof(new));
	old.rip = code + row->old_ip;
	old.rax = OLD_AX;
	new.rip = code + row->new_ip;
	new.rax = NEW_AX;
	if (row->marked)
		ntapc_arch_mark_call(&new);
	KUNIT_EXPECT_EQ(test, new.rip, code + row->new_ip);
	expected = new;
	expected.rip = code + row->ip;
	expected.rax = row->ax;
	ntapc_arch_keep_call(&old, &new);
	KUNIT_EXPECT_EQ(test, memcmp(&new, &expected, sizeof(new)), 0);
}

static struct kunit_case frame_cases[] = {
	KUNIT_CASE(frame_is_aligned_below_red_zone),
	KUNIT_CASE(nothing_above_is_touched),
	KUNIT_CASE(dispatcher_is_entered),
	KUNIT_CASE_PARAM(fault_leaves_registers, fault_gen_params),
	KUNIT_CASE(read_only_stack_is_fault),
	KUNIT_CASE_PARAM(pending_restart_is_recognised, about_gen_params),
	KUNIT_CASE_PARAM(late_context_keeps_call, late_gen_params),
	{ }
};

static struct kunit_suite frame_suite = {
	.name = "ntapc_arch_frame",
	.init = init,
	.test_cases = frame_cases,
};

kunit_test_suite(frame_suite);

#endif
