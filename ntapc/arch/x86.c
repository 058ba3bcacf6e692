// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is particular to x86-64 hardware: segments, 32-bit code, shadow stacks,
 * single-stepping.
 */
#include <linux/compat.h>
#include <linux/sched.h>
#include <asm/processor-flags.h>
#include <asm/ptrace.h>
#include <asm/prctl.h>
#include <asm/segment.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

#include "arch.h"
#include "regs.h"

/* restart_syscall(2) for 32-bit callers; not in the headers of 64 bits. */
#define NR_IA32_RESTART_SYSCALL	0

/* The result of the system call in @regs; 32-bit ones aren't sign-extended. */
long ntapc_arch_syscall_result(const struct pt_regs *regs)
{
	return in_ia32_syscall() ? (long)(int)regs->ax : (long)regs->ax;
}

u64 ntapc_arch_restart_nr(void)
{
	if (current->restart_block.arch_data & TS_COMPAT)
		return NR_IA32_RESTART_SYSCALL;
	return __NR_restart_syscall;
}

/* With FRED the words of the selectors have other things in their upper bits. */
void ntapc_arch_get_segments(const struct pt_regs *regs, u64 *cs, u64 *ss)
{
	*cs = (u16)regs->cs;
	*ss = (u16)regs->ss;
}

/* Anything but 32-bit user code's selector gives that of 64-bit user code. */
void ntapc_arch_set_code_segment(struct pt_regs *regs, u64 cs)
{
	u16 selector = cs == __USER32_CS ? __USER32_CS : __USER_CS;

	if ((u16)regs->cs != selector)
		regs->cs = selector;
	if ((u16)regs->ss != __USER_DS)
		regs->ss = __USER_DS;
}

/* Only the kernel can go back to any other. */
bool ntapc_arch_in_64bit_code(const struct pt_regs *regs)
{
	return (u16)regs->cs == __USER_CS;
}

/*
 * TIF_FORCED_TF isn't set where the debugger stepped on a popf, as that might
 * have set the flag itself.
 */
static bool debugger_steps(void)
{
	return test_thread_flag(TIF_FORCED_TF) ||
	       test_thread_flag(TIF_SINGLESTEP);
}

/* The trap flag isn't the program's own if a debugger single-steps it. */
unsigned long ntapc_arch_hide_trap_flag(unsigned long flags)
{
	return debugger_steps() ? flags & ~X86_EFLAGS_TF : flags;
}

/* The program's own isn't for the dispatcher. */
unsigned long ntapc_arch_drop_trap_flag(unsigned long flags)
{
	return debugger_steps() ? flags : flags & ~X86_EFLAGS_TF;
}

static bool has_shadow_stack(void)
{
#ifdef CONFIG_X86_USER_SHADOW_STACK
	return current->thread.features & ARCH_SHSTK_SHSTK;
#else
	return false;
#endif
}

/**
 * ntapc_arch_frame_possible - can current take a frame where it is?
 * @regs: its user registers
 *
 * Not with a shadow stack: no way to push a return token is exported. Not in
 * code of a segment that continuing couldn't restore (one from an LDT), nor in
 * a process of 32 bits.
 *
 * Return: whether it can.
 */
bool ntapc_arch_frame_possible(const struct pt_regs *regs)
{
	u16 cs = regs->cs;

	return (cs == __USER_CS || cs == __USER32_CS) &&
	       !ntapc_arch_task_is_32bit(current) && !has_shadow_stack();
}

/* Is @task's process one of 32 bits? (Not: does it run 32-bit code now.) */
bool ntapc_arch_task_is_32bit(const struct task_struct *task)
{
	return test_tsk_thread_flag((struct task_struct *)task, TIF_ADDR32);
}
