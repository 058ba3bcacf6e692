// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building a user frame from the user registers, and restoring them.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <asm/processor-flags.h>
#include <asm/unistd.h>

#include "arch.h"
#include "regs.h"

/* The flags that user code can change by itself, as for sigreturn(2). */
#define USER_FLAGS							\
	(X86_EFLAGS_AC | X86_EFLAGS_OF | X86_EFLAGS_DF | X86_EFLAGS_TF | \
	 X86_EFLAGS_SF | X86_EFLAGS_ZF | X86_EFLAGS_AF | X86_EFLAGS_PF | \
	 X86_EFLAGS_CF | X86_EFLAGS_RF)

/* Both "syscall" and "int $0x80" are this long. */
#define SYSCALL_INSN_SIZE	2

/**
 * ntapc_arch_in_syscall - has a system call been entered and not yet ended?
 * @regs: the user registers
 *
 * The result is preset to ENOSYS on entry. A call that ended with just that is
 * taken for one that hasn't.
 *
 * Return: whether it is so.
 */
bool ntapc_arch_in_syscall(const struct pt_regs *regs)
{
	return in_syscall(regs) &&
	       ntapc_arch_syscall_result(regs) == -ENOSYS;
}

/**
 * ntapc_arch_restart - is an interrupted system call waiting to be restarted?
 * @regs: the user registers
 *
 * True only between a system call that ended with a restart code and the place
 * in signal delivery that acts on it; task work run by get_signal() is there.
 *
 * Return: what the code asks for if no signal handler is to be run.
 */
enum ntapc_restart ntapc_arch_restart(const struct pt_regs *regs)
{
	if (!in_syscall(regs))
		return NTAPC_RESTART_NONE;
	switch (ntapc_arch_syscall_result(regs)) {
	case -ERESTARTNOHAND:
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
		return NTAPC_RESTART_CALL;
	case -ERESTART_RESTARTBLOCK:
		return NTAPC_RESTART_BLOCK;
	}
	return NTAPC_RESTART_NONE;
}

/* "syscall" and "int $0x80" in memory. */
#define INSN_SYSCALL	0x050f
#define INSN_INT80	0x80cd

/* exit(2) for 32-bit callers; not in the headers of 64 bits. */
#define NR_IA32_EXIT	1

/* The instruction at @insn, 0 if it can't be read. */
static u16 read_insn(u64 insn)
{
	u16 code;

	if (!insn || insn >= TASK_SIZE ||
	    get_user(code, (u16 __user *)(unsigned long)insn))
		return 0;
	return code;
}

static bool makes_call(u64 insn)
{
	u16 code = read_insn(insn);

	return code == INSN_SYSCALL || code == INSN_INT80;
}

/**
 * ntapc_arch_about_to_restart - has the kernel itself set a call up to restart?
 * @regs: the user registers
 *
 * As it does where nothing is to be handled when a thread that was stopped in
 * the call goes on. If so, that call is no longer in @regs afterwards.
 *
 * Return: whether they are those of code about to make a restart_syscall(2).
 */
bool ntapc_arch_about_to_restart(struct pt_regs *regs)
{
	const unsigned long *gp = user_gp(regs);

	if (!in_syscall(regs) || gp[R_AX] != ntapc_arch_restart_nr() ||
	    !makes_call(gp[R_IP]))
		return false;
	leave_syscall(regs);
	return true;
}

/**
 * ntapc_arch_handler_interrupts - does a handler end that system call?
 * @regs: the user registers, in which ntapc_arch_restart() found something
 * @sa_restart: the handler was installed with SA_RESTART
 *
 * Return: whether the call is to return EINTR.
 */
bool ntapc_arch_handler_interrupts(const struct pt_regs *regs, bool sa_restart)
{
	switch (ntapc_arch_syscall_result(regs)) {
	case -ERESTARTNOINTR:
		return false;
	case -ERESTARTSYS:
		return !sa_restart;
	}
	return true;
}

/**
 * ntapc_arch_interrupt_call - the other way to act on ntapc_arch_restart()
 * @regs: the user registers; the system call has returned EINTR
 */
void ntapc_arch_interrupt_call(struct pt_regs *regs)
{
	user_gp(regs)[R_AX] = -EINTR;
	leave_syscall(regs);
}

/**
 * ntapc_arch_convert_restart - act on what ntapc_arch_restart() found
 * @regs: the user registers
 * @restart: what it found
 *
 * Afterwards @regs are those of code about to make the system call, and signal
 * delivery, which may come later in the same exit to user mode, sees no system
 * call in them: done twice, the instruction pointer would go back twice.
 */
void ntapc_arch_convert_restart(struct pt_regs *regs,
				enum ntapc_restart restart)
{
	unsigned long *gp = user_gp(regs);

	if (restart == NTAPC_RESTART_NONE)
		return;
	gp[R_AX] = restart == NTAPC_RESTART_BLOCK ? ntapc_arch_restart_nr() :
						    same_call(regs);
	gp[R_IP] -= SYSCALL_INSN_SIZE;
	leave_syscall(regs);
}

/**
 * ntapc_arch_fail_restart - the interrupted system call can't go on
 * @regs: of code about to make a restart_syscall(2), if nobody changed them
 *
 * It has been interrupted, then.
 */
void ntapc_arch_fail_restart(struct pt_regs *regs)
{
	unsigned long *gp = user_gp(regs);

	if (gp[R_AX] != ntapc_arch_restart_nr())
		return;
	gp[R_AX] = -EINTR;
	gp[R_IP] += SYSCALL_INSN_SIZE;
}

/**
 * ntapc_arch_get_context - copy the user registers out
 * @regs: the user registers
 * @context: all members are set
 */
void ntapc_arch_get_context(const struct pt_regs *regs,
			    struct ntapc_context *context)
{
	const unsigned long *gp = user_gp(regs);

	BUILD_BUG_ON(offsetof(struct ntapc_context, rip) !=
		     R_ORIG_AX * sizeof(u64));
	memcpy(context, gp, offsetof(struct ntapc_context, rip));
	context->rip = gp[R_IP];
	context->eflags = ntapc_arch_hide_trap_flag(gp[R_FLAGS]);
	context->rsp = gp[R_SP];
	ntapc_arch_get_segments(regs, &context->cs, &context->ss);
}

/**
 * ntapc_arch_set_context - restore user registers from untrusted ones
 * @regs: the user registers
 * @context: anything
 *
 * As sigreturn(2): nothing is taken that user code couldn't have had. Where the
 * instruction or stack pointer isn't a user address the thread gets SIGSEGV.
 */
void ntapc_arch_set_context(struct pt_regs *regs,
			    const struct ntapc_context *context)
{
	unsigned long *gp = user_gp(regs);

	memcpy(gp, context, offsetof(struct ntapc_context, rip));
	gp[R_IP] = context->rip;
	gp[R_FLAGS] = (gp[R_FLAGS] & ~USER_FLAGS) |
		      (context->eflags & USER_FLAGS);
	gp[R_SP] = context->rsp;
	ntapc_arch_set_code_segment(regs, context->cs);
	leave_syscall(regs);
	if (context->rip >= TASK_SIZE || context->rsp >= TASK_SIZE)
		force_sig(SIGSEGV);
}

/**
 * ntapc_arch_clean_context - what ntapc_arch_set_context() would make of one
 * @regs: the user registers
 * @context: its flags and stack segment become those that the thread would have
 */
void ntapc_arch_clean_context(const struct pt_regs *regs,
			      struct ntapc_context *context)
{
	u64 cs;

	context->eflags = (user_gp(regs)[R_FLAGS] & ~USER_FLAGS) |
			  (context->eflags & USER_FLAGS);
	ntapc_arch_get_segments(regs, &cs, &context->ss);
}

/**
 * ntapc_arch_push_frame - put a frame on the user stack and enter @entry
 * @regs: the user registers
 * @entry: the dispatcher, a user address
 * @frame: complete, context included; context.rsp is where the stack is
 *
 * Return: 0, or -EFAULT with @regs as they were.
 */
int ntapc_arch_push_frame(struct pt_regs *regs, u64 entry,
			  struct ntapc_frame *frame)
{
	unsigned long *gp = user_gp(regs);
	unsigned long sp = frame->context.rsp - NTAPC_RED_ZONE - NTAPC_FRAME_GAP;

	if (!ntapc_arch_in_64bit_code(regs))
		frame->flags |= NTAPC_FRAME_NEED_CONTINUE;
	sp = round_down(sp - sizeof(*frame), 64);
	if (copy_to_user((void __user *)sp, frame, sizeof(*frame)))
		return -EFAULT;
	gp[R_DI] = sp;
	gp[R_SP] = sp;
	gp[R_IP] = entry;
	gp[R_FLAGS] &= ~(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_AC);
	gp[R_FLAGS] = ntapc_arch_drop_trap_flag(gp[R_FLAGS]);
	if (frame->flags & NTAPC_FRAME_SYNC) {
		/*
		 * As the system call instruction leaves them: the return to
		 * user mode can then be by its cheap counterpart.
		 */
		gp[R_CX] = gp[R_IP];
		gp[R_11] = gp[R_FLAGS];
	}
	ntapc_arch_set_code_segment(regs, 0);
	return 0;
}

/**
 * ntapc_arch_get_resumed - the registers that the thread would go on with
 * @regs: the user registers
 * @context: all members are set; where a system call is to be restarted, those of
 *	code about to make it
 */
void ntapc_arch_get_resumed(const struct pt_regs *regs,
			    struct ntapc_context *context)
{
	enum ntapc_restart restart = ntapc_arch_restart(regs);

	ntapc_arch_get_context(regs, context);
	if (restart == NTAPC_RESTART_NONE)
		return;
	context->rax = restart == NTAPC_RESTART_BLOCK ? ntapc_arch_restart_nr() :
							same_call(regs);
	context->rip -= SYSCALL_INSN_SIZE;
}

/*
 * What is got for rax in a system call: its result is to come. No code has this
 * for a result, so that it is known again when it is set.
 */
#define RESULT_TO_COME	((u64)-ERESTARTNOINTR)

/**
 * ntapc_arch_mark_call - the registers are those inside of a system call
 * @context: as they are behind it; rax says so afterwards
 */
void ntapc_arch_mark_call(struct ntapc_context *context)
{
	context->rax = RESULT_TO_COME;
}

/**
 * ntapc_arch_keep_call - what was got in a system call doesn't undo it
 * @old: where the thread would go on, out of any call
 * @new: where it is told to; may be from ntapc_arch_mark_call()
 *
 * The call may have ended since, or have been left in order to be made again:
 * it has its result, or is made again. If the thread has gone elsewhere it was
 * interrupted.
 */
void ntapc_arch_keep_call(const struct ntapc_context *old,
			  struct ntapc_context *new)
{
	if (new->rax != RESULT_TO_COME)
		return;
	if (new->rip == old->rip + SYSCALL_INSN_SIZE && makes_call(old->rip))
		new->rip = old->rip;
	new->rax = new->rip == old->rip ? old->rax : (u64)-EINTR;
}

/**
 * ntapc_arch_syscall_insn - where the system call in @regs was made
 * @regs: the user registers, in a system call
 *
 * Return: the address of the instruction, or 0 if that isn't one that
 * ntapc_arch_exit_call() can use.
 */
u64 ntapc_arch_syscall_insn(const struct pt_regs *regs)
{
	u64 insn = user_gp(regs)[R_IP] - SYSCALL_INSN_SIZE;

	return read_insn(insn) == INSN_SYSCALL ? insn : 0;
}

/* A page with just that instruction, for a process in which none is known. */
static u64 make_insn(u16 code)
{
	unsigned long flags = MAP_PRIVATE | MAP_ANONYMOUS;
	unsigned long page;

	/* Out of an interrupt nothing else says that the process is of 32 bits. */
	if (code == INSN_INT80)
		flags |= MAP_32BIT;
	page = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, flags, 0);
	if (IS_ERR_VALUE(page))
		return 0;
	if (access_process_vm(current, page, &code, sizeof(code),
			      FOLL_WRITE | FOLL_FORCE) != sizeof(code))
		return 0;
	return page;
}

/**
 * ntapc_arch_exit_call - have the thread call exit(2) next
 * @regs: the user registers
 * @insn: where there may be an instruction that makes a system call, or 0
 * @status: the argument
 *
 * The stack pointer becomes invalid: should the call be refused, by a seccomp
 * filter, the thread faults.
 *
 * Return: where the instruction is that it took, or 0 without memory.
 */
u64 ntapc_arch_exit_call(struct pt_regs *regs, u64 insn, u32 status)
{
	bool compat = ntapc_arch_task_is_32bit(current);
	u16 wanted = compat ? INSN_INT80 : INSN_SYSCALL;
	unsigned long *gp = user_gp(regs);

	if (read_insn(insn) != wanted)
		insn = gp[R_IP] - SYSCALL_INSN_SIZE;
	if (read_insn(insn) != wanted)
		insn = make_insn(wanted);
	if (!insn)
		return 0;
	leave_syscall(regs);
	gp[R_IP] = insn;
	gp[R_SP] = 0;
	gp[R_FLAGS] = ntapc_arch_drop_trap_flag(gp[R_FLAGS]);
	gp[R_AX] = compat ? NR_IA32_EXIT : __NR_exit;
	gp[R_DI] = status;
	gp[R_BX] = status;
	ntapc_arch_set_code_segment(regs, compat ? COMPAT_CS : 0);
	return insn;
}

/**
 * ntapc_arch_user_stack - a sample of the user stack
 * @regs: the user registers
 * @address: set to where the thread is to go on, then return addresses
 * @max: how many at most, at least 1
 *
 * As far as frame pointers lead upwards, on 64-bit code's stack.
 *
 * Return: how many.
 */
u32 ntapc_arch_user_stack(const struct pt_regs *regs, u64 *address, u32 max)
{
	struct ntapc_context context;
	u64 frame[2], at;
	u32 nr = 0;

	ntapc_arch_get_resumed(regs, &context);
	address[nr++] = context.rip;
	if (!ntapc_arch_in_64bit_code(regs))
		return nr;
	at = context.rbp;
	while (nr < max && !(at & 7) && at < TASK_SIZE &&
	       !copy_from_user(frame, (void __user *)(unsigned long)at,
			       sizeof(frame)) &&
	       frame[1]) {
		address[nr++] = frame[1];
		if (frame[0] <= at)
			break;
		at = frame[0];
	}
	return nr;
}

/**
 * ntapc_arch_in_uring_enter - is it io_uring_enter(2) that runs task work?
 * @regs: the user registers
 *
 * Return: whether they are in that call.
 */
bool ntapc_arch_in_uring_enter(const struct pt_regs *regs)
{
	/* Of one number for all: it is younger than they were different. */
	return ntapc_arch_in_syscall(regs) &&
	       syscall_nr(regs) == __NR_io_uring_enter;
}
