/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of user code: taking a frame from them and giving it back.
 * Only this folder touches the members of struct pt_regs.
 *
 * Every function works on @regs, which outside of tests are
 * current_pt_regs(), and on current's user memory. Task context.
 */
#ifndef NTAPC_ARCH_H
#define NTAPC_ARCH_H

#include <linux/errno.h>
#include <linux/types.h>
#include <linux/ntapc.h>

struct pt_regs;

/*
 * Spare bytes that lie between a frame and the red zone of what it interrupted,
 * so that a dispatcher can resume it with a return instruction from there.
 */
#define NTAPC_FRAME_GAP		16
#define NTAPC_RED_ZONE		128

/* What an interrupted system call asks for; see ntapc_arch_restart(). */
enum ntapc_restart {
	NTAPC_RESTART_NONE,	/* nothing, or no system call was interrupted */
	NTAPC_RESTART_CALL,	/* the same call again */
	NTAPC_RESTART_BLOCK,	/* restart_syscall(2) */
};

/* regs.c */
bool ntapc_arch_in_syscall(const struct pt_regs *regs);
enum ntapc_restart ntapc_arch_restart(const struct pt_regs *regs);
bool ntapc_arch_about_to_restart(struct pt_regs *regs);
bool ntapc_arch_handler_interrupts(const struct pt_regs *regs, bool sa_restart);
void ntapc_arch_interrupt_call(struct pt_regs *regs);
void ntapc_arch_convert_restart(struct pt_regs *regs,
				enum ntapc_restart restart);
void ntapc_arch_fail_restart(struct pt_regs *regs);
void ntapc_arch_get_context(const struct pt_regs *regs,
			    struct ntapc_context *context);
void ntapc_arch_set_context(struct pt_regs *regs,
			    const struct ntapc_context *context);
int ntapc_arch_push_frame(struct pt_regs *regs, u64 entry,
			  struct ntapc_frame *frame);
void ntapc_arch_clean_context(const struct pt_regs *regs,
			      struct ntapc_context *context);
void ntapc_arch_get_resumed(const struct pt_regs *regs,
			    struct ntapc_context *context);
void ntapc_arch_mark_call(struct ntapc_context *context);
void ntapc_arch_keep_call(const struct ntapc_context *old,
			  struct ntapc_context *new);
u64 ntapc_arch_syscall_insn(const struct pt_regs *regs);
u64 ntapc_arch_exit_call(struct pt_regs *regs, u64 insn, u32 status);
u32 ntapc_arch_user_stack(const struct pt_regs *regs, u64 *address, u32 max);
bool ntapc_arch_in_uring_enter(const struct pt_regs *regs);

/* x86.c, um.c */
bool ntapc_arch_frame_possible(const struct pt_regs *regs);
bool ntapc_arch_task_is_32bit(const struct task_struct *task);
void ntapc_arch_get_data_segments(u16 segment[4]);

/*
 * The extended state: x86.c, by functions that are exported for KVM. User-mode
 * Linux doesn't export the size of what it keeps.
 */
#if !defined(CONFIG_UML) && IS_ENABLED(CONFIG_KVM)
#define NTAPC_ARCH_XSTATE
u32 ntapc_arch_xstate_size(void);
int ntapc_arch_get_xstate(void *xstate, u32 size);
int ntapc_arch_set_xstate(const void *xstate, u32 size);
#else
static inline u32 ntapc_arch_xstate_size(void)
{
	return 0;
}

static inline int ntapc_arch_get_xstate(void *xstate, u32 size)
{
	return -EOPNOTSUPP;
}

static inline int ntapc_arch_set_xstate(const void *xstate, u32 size)
{
	return -EOPNOTSUPP;
}
#endif

/* rseq.c */
#ifdef CONFIG_RSEQ
void ntapc_arch_abort_rseq(struct pt_regs *regs);
#else
static inline void ntapc_arch_abort_rseq(struct pt_regs *regs)
{
}
#endif

#endif
