// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is particular to User-mode Linux on x86-64.
 */
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/unistd.h>

#include "arch.h"
#include "regs.h"

long ntapc_arch_syscall_result(const struct pt_regs *regs)
{
	return user_gp(regs)[R_AX];
}

u64 ntapc_arch_restart_nr(void)
{
	return __NR_restart_syscall;
}

void ntapc_arch_get_segments(const struct pt_regs *regs, u64 *cs, u64 *ss)
{
	*cs = user_gp(regs)[R_CS];
	*ss = user_gp(regs)[R_SS];
}

/* The host's selectors are the only ones that it would let us set. */
void ntapc_arch_set_code_segment(struct pt_regs *regs, u64 cs)
{
}

bool ntapc_arch_in_64bit_code(const struct pt_regs *regs)
{
	return true;
}

unsigned long ntapc_arch_hide_trap_flag(unsigned long flags)
{
	return flags;
}

unsigned long ntapc_arch_drop_trap_flag(unsigned long flags)
{
	return flags;
}

bool ntapc_arch_frame_possible(const struct pt_regs *regs)
{
	return true;
}

bool ntapc_arch_task_is_32bit(const struct task_struct *task)
{
	return false;
}

/* 64-bit code's are of no use, and UML keeps none. */
void ntapc_arch_get_data_segments(u16 segment[4])
{
	memset(segment, 0, 4 * sizeof(*segment));
}
