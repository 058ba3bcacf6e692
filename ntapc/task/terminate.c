// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ending a thread from outside (rule 7.5).
 *
 * In two stages, as NT does it: a normal kernel APC, which regions hold up, whose
 * normal routine makes a user APC of it that goes ahead of all others. What that
 * one does is to have the thread call exit(2), in user mode: do_exit() isn't
 * exported, and a signal would end the whole process.
 */
#include <linux/export.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/thread_info.h>

#include "thread.h"
#include "../arch/arch.h"
#include "../trace.h"

/**
 * struct exit_apc - the APC of a termination
 * @apc: in either stage
 * @thread: the target
 * @actor: who ends it
 */
struct exit_apc {
	struct ntapc_apc apc;
	struct ntapc_thread *thread;
	struct ntapc_actor actor;
};

static struct exit_apc *exit_apc_of(struct ntapc_apc *apc)
{
	return container_of(apc, struct exit_apc, apc);
}

/* PspExitApcRundown, and PsExitSpecialApc's name: see ntapc_exit_thread(). */
static void exit_rundown(struct ntapc_apc *apc)
{
	kfree(exit_apc_of(apc));
}

static void exit_special(struct ntapc_apc *apc, struct ntapc_normal *normal)
{
	/* It stays on its list until the thread runs down. */
}

/* PspExitNormalApc; @context is the struct exit_apc. */
static void exit_normal(void *context, void *arg1, void *arg2)
{
	struct exit_apc *exit = context;
	struct ntapc_thread *thread = exit->thread;
	enum ntapc_wake wake;
	bool inserted;

	spin_lock(&thread->lock);
	ntapc_apc_init(&exit->apc, &thread->kt, NTAPC_ENV_ORIGINAL, exit_special,
		       exit_rundown, 1, NTAPC_USER_MODE, 0);
	exit->apc.kind = NTAPC_KIND_OWN;
	inserted = ntapc_core_insert_exit(&thread->kt, &exit->apc, &wake);
	spin_unlock(&thread->lock);
	if (!inserted)
		kfree(exit);
}

static void exit_kernel(struct ntapc_apc *apc, struct ntapc_normal *normal)
{
	struct exit_apc *exit = exit_apc_of(apc);
	struct ntapc_thread *thread = exit->thread;
	bool lost;

	spin_lock(&thread->lock);
	thread->exit = NULL;
	lost = ntapc_authority_lost(thread, &exit->actor);
	if (lost)
		WRITE_ONCE(thread->terminating, false);
	spin_unlock(&thread->lock);
	/* As with all that was queued before the right to was lost. */
	if (lost) {
		normal->routine = 0;
		kfree(exit);
	}
}

/*
 * It has been told that the thread is ending: so that has to hold, also if he who
 * began it loses his right to. Who may act now may do so for as long as any other.
 */
static void second_actor(struct ntapc_thread *thread,
			 const struct ntapc_actor *actor, u32 status)
{
	struct exit_apc *exit = thread->exit;

	lockdep_assert_held(&thread->lock);
	if (!exit || !exit->actor.foreign)
		return;
	if (ntapc_authority_lost(thread, &exit->actor))
		WRITE_ONCE(thread->exit_status, status);
	exit->actor = *actor;
}

static int insert_exit(struct ntapc_thread *thread,
		       const struct ntapc_actor *actor, struct exit_apc *exit,
		       u32 status)
{
	enum ntapc_wake wake;
	int err = ntapc_check_actor(thread, actor);

	lockdep_assert_held(&thread->lock);
	if (err)
		return err;
	if (thread->terminating) {
		second_actor(thread, actor, status);
		return 1;
	}
	if (!ntapc_insert_own(thread, &exit->apc))
		return -ESRCH;
	thread->exit = exit;
	WRITE_ONCE(thread->terminating, true);
	WRITE_ONCE(thread->exit_status, status);
	trace_ntapc_terminate(thread);
	/* A suspended thread couldn't end (6.7). */
	ntapc_core_force_resume(&thread->kt, &wake);
	ntapc_act_on_wake(thread, wake, true);
	/* Another module may ask for it, in a system call that isn't ours. */
	if (thread->task == current)
		ntapc_thread_kick(thread, false);
	return 0;
}

/**
 * ntapc_terminate - NtTerminateThread
 * @thread: the target, not a system thread
 * @actor: who ends it
 * @status: what it ends with
 *
 * Return: 0, ESRCH, EACCES, ENOMEM.
 */
int ntapc_terminate(struct ntapc_thread *thread,
		    const struct ntapc_actor *actor, u32 status)
{
	struct exit_apc *exit = kmalloc(sizeof(*exit), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!exit)
		return -ENOMEM;
	exit->thread = thread;
	exit->actor = *actor;
	ntapc_apc_init(&exit->apc, &thread->kt, NTAPC_ENV_ORIGINAL, exit_kernel,
		       exit_rundown, (unsigned long)exit_normal,
		       NTAPC_KERNEL_MODE, (unsigned long)exit);
	spin_lock(&thread->lock);
	ret = insert_exit(thread, actor, exit, status);
	spin_unlock(&thread->lock);
	wake_up_all(&thread->waitq);
	if (ret)
		kfree(exit);
	return min(ret, 0);
}

/**
 * ntapc_exit_thread - PsExitSpecialApc: the thread ends now
 * @thread: current's record, which has an exit pending
 * @regs: its user registers, where user mode comes next
 */
void ntapc_exit_thread(struct ntapc_thread *thread, struct pt_regs *regs)
{
	u64 *known = &thread->process->syscall_insn;
	sigset_t all;
	u64 insn;

	/* No handler is to find the registers of that call. */
	sigfillset(&all);
	sigdelsetmask(&all, sigmask(SIGKILL) | sigmask(SIGSTOP));
	sigprocmask(SIG_SETMASK, &all, NULL);
#ifdef CONFIG_GENERIC_ENTRY
	/* It would be refused a call from there. */
	clear_task_syscall_work(current, SYSCALL_USER_DISPATCH);
#endif
	insn = ntapc_arch_exit_call(regs, READ_ONCE(*known),
				    READ_ONCE(thread->exit_status));
	if (insn)
		WRITE_ONCE(*known, insn);
	else
		force_sig(SIGKILL);
}

/**
 * ntapc_terminate_thread - PsTerminateThread, of a user thread
 * @thread: the target
 * @status: what it ends with
 *
 * Doesn't wait for the end: see ntapc_wait_for_thread(). A thread that is ending
 * already keeps its status.
 *
 * Return: 0; ESRCH; EINVAL if it is a system thread, which only ends itself;
 * ENOMEM.
 */
int ntapc_terminate_thread(struct ntapc_thread *thread, u32 status)
{
	static const struct ntapc_actor actor;

	if (thread->system)
		return -EINVAL;
	return ntapc_terminate(thread, &actor, status);
}
EXPORT_SYMBOL_GPL(ntapc_terminate_thread);
