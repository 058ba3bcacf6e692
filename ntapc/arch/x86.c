// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is particular to x86-64 hardware: segments, 32-bit code, shadow stacks,
 * single-stepping.
 */
#include <linux/compat.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/pkru.h>
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

/* Current's. */
void ntapc_arch_get_data_segments(u16 segment[4])
{
	savesegment(ds, segment[0]);
	savesegment(es, segment[1]);
	savesegment(fs, segment[2]);
	savesegment(gs, segment[3]);
}

/*
 * The functions that are exported for virtual machines do what ptrace does for
 * NT_X86_XSTATE; those that take a task are not for current.
 */
#ifdef NTAPC_ARCH_XSTATE

/* The extended state in current's memory, where nothing else changes it. */
static struct fpstate *saved_fpstate(void)
{
	/*
	 * This saves what is in the processor, and has it loaded again on the
	 * return to user mode.
	 */
	kernel_fpu_begin();
	kernel_fpu_end();
	return current->thread.fpu.fpstate;
}

/**
 * ntapc_arch_xstate_size - how much extended state there is
 *
 * Return: bytes in the format of XSAVE; 0 if it can't be got.
 */
u32 ntapc_arch_xstate_size(void)
{
	if (!boot_cpu_has(X86_FEATURE_XSAVE))
		return 0;
	return current->thread.fpu.fpstate->user_size;
}

/**
 * ntapc_arch_get_xstate - current's extended state
 * @xstate: set to it, zeroed before
 * @size: ntapc_arch_xstate_size() of whoever asks
 *
 * Return: 0 or EOPNOTSUPP.
 */
int ntapc_arch_get_xstate(void *xstate, u32 size)
{
	struct fpu_guest guest = { };

	if (!ntapc_arch_xstate_size())
		return -EOPNOTSUPP;
	guest.fpstate = saved_fpstate();
	fpu_copy_guest_fpstate_to_uabi(&guest, xstate, size,
				       guest.fpstate->user_xfeatures,
				       read_pkru());
	return 0;
}

/**
 * ntapc_arch_set_xstate - take over current's extended state
 * @xstate: not trusted
 * @size: bytes at @xstate
 *
 * The protection keys aren't taken over.
 *
 * Return: 0, EINVAL or EOPNOTSUPP.
 */
int ntapc_arch_set_xstate(const void *xstate, u32 size)
{
	struct fpu_guest guest = { };
	u64 features;
	u32 pkru;

	if (!ntapc_arch_xstate_size())
		return -EOPNOTSUPP;
	guest.fpstate = saved_fpstate();
	if (size < guest.fpstate->user_size)
		return -EINVAL;
	/* What the process may have, and has made use of. */
	features = guest.fpstate->user_xfeatures & ~guest.fpstate->xfd;
	if (fpu_copy_uabi_to_guest_fpstate(&guest, xstate, features, &pkru))
		return -EINVAL;
	/* Registers that it left in another processor are out of date. */
	current->thread.fpu.last_cpu = -1;
	return 0;
}

#endif
