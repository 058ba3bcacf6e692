// SPDX-License-Identifier: GPL-2.0-only
/*
 * A restartable sequence that an APC interrupts is aborted, as it is when a
 * signal is delivered (rseq_signal_deliver() isn't exported).
 *
 * The kernel's own fix-up, which comes later in the same return to user mode,
 * looks at the registers after they point at the dispatcher: it sees code
 * outside of the sequence and only forgets about it.
 */
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "arch.h"
#include "regs.h"

/* 1: inside, @cs is valid; 0: outside; else a broken descriptor. */
static int read_critical_section(unsigned long ip, struct rseq_cs *cs)
{
	u32 __user *usig;
	u64 ptr;
	u32 sig;

	if (get_user(ptr, &current->rseq->rseq_cs))
		return -EFAULT;
	if (!ptr)
		return 0;
	if (ptr >= TASK_SIZE ||
	    copy_from_user(cs, (void __user *)(unsigned long)ptr, sizeof(*cs)))
		return -EFAULT;
	if (ip - cs->start_ip >= cs->post_commit_offset)
		return 0;
	if (cs->version || cs->abort_ip >= TASK_SIZE ||
	    cs->abort_ip - cs->start_ip < cs->post_commit_offset)
		return -EINVAL;
	usig = (u32 __user *)(unsigned long)(cs->abort_ip - sizeof(u32));
	if (get_user(sig, usig))
		return -EFAULT;
	return sig == current->rseq_sig ? 1 : -EINVAL;
}

/**
 * ntapc_arch_abort_rseq - end a restartable sequence that @regs are in
 * @regs: the user registers; the instruction pointer may become the sequence's
 *	abort handler. A broken descriptor is answered with SIGSEGV, as always.
 */
void ntapc_arch_abort_rseq(struct pt_regs *regs)
{
	unsigned long *gp = user_gp(regs);
	struct rseq_cs cs;
	int inside;

	if (!current->rseq)
		return;
	inside = read_critical_section(gp[R_IP], &cs);
	if (!inside)
		return;
	if (inside < 0 || put_user(0ULL, &current->rseq->rseq_cs)) {
		force_sig(SIGSEGV);
		return;
	}
	gp[R_IP] = cs.abort_ip;
}
