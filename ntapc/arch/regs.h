/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The x86-64 user registers as an array, on hardware and in User-mode Linux.
 * UML sets CONFIG_X86_64 as well, so it is asked for first.
 */
#ifndef NTAPC_ARCH_REGS_H
#define NTAPC_ARCH_REGS_H

#include <linux/ptrace.h>
#ifndef CONFIG_UML
#include <asm/segment.h>
#endif

/* Both the kernel's struct pt_regs and ptrace's user_regs_struct, from r15. */
enum {
	R_15, R_14, R_13, R_12, R_BP, R_BX, R_11, R_10, R_9, R_8,
	R_AX, R_CX, R_DX, R_SI, R_DI, R_ORIG_AX, R_IP, R_CS, R_FLAGS, R_SP, R_SS,
};

#ifdef CONFIG_UML
static inline unsigned long *user_gp(const struct pt_regs *regs)
{
	return (unsigned long *)regs->regs.gp;
}

#define COMPAT_CS	0

/* Are @regs in a system call, or just out of it? */
static inline bool in_syscall(const struct pt_regs *regs)
{
	return regs->regs.syscall >= 0;
}

/* What rax has to hold for that call to be made again. */
static inline unsigned long same_call(const struct pt_regs *regs)
{
	return regs->regs.syscall;
}

static inline long syscall_nr(const struct pt_regs *regs)
{
	return regs->regs.syscall;
}

static inline void leave_syscall(struct pt_regs *regs)
{
	regs->regs.syscall = -1;
}
#else
static inline unsigned long *user_gp(const struct pt_regs *regs)
{
	return (unsigned long *)regs;
}

#define COMPAT_CS	__USER32_CS

/* The upper half of the number is nobody's business: as syscall_get_nr(). */
static inline bool in_syscall(const struct pt_regs *regs)
{
	return (int)regs->orig_ax != -1;
}

static inline unsigned long same_call(const struct pt_regs *regs)
{
	return regs->orig_ax;
}

static inline long syscall_nr(const struct pt_regs *regs)
{
	return (int)regs->orig_ax;
}

static inline void leave_syscall(struct pt_regs *regs)
{
	regs->orig_ax = -1;
}
#endif

/* Provided by x86.c and um.c. */
long ntapc_arch_syscall_result(const struct pt_regs *regs);
u64 ntapc_arch_restart_nr(void);
void ntapc_arch_get_segments(const struct pt_regs *regs, u64 *cs, u64 *ss);
void ntapc_arch_set_code_segment(struct pt_regs *regs, u64 cs);
unsigned long ntapc_arch_hide_trap_flag(unsigned long flags);
unsigned long ntapc_arch_drop_trap_flag(unsigned long flags);
bool ntapc_arch_in_64bit_code(const struct pt_regs *regs);

#endif
