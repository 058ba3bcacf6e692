// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls that an APC interrupted: whether they restart, and their state.
 *
 * current->restart_block holds the state of one call. The APC makes calls of its
 * own, which overwrite it, so that it is kept aside here until the frame's code
 * continues. It holds kernel pointers: user space sees only a number.
 */
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "thread.h"
#include "../arch/arch.h"

/* Frames that are abandoned, by longjmp() say, leave their state behind. */
#define MAX_RESTARTS	64

struct restart_state {
	struct list_head entry;
	u64 id;
	struct restart_block block;
};

static void free_newest(struct ntapc_thread *thread)
{
	struct restart_state *state;

	state = list_first_entry(&thread->restarts, struct restart_state, entry);
	list_del(&state->entry);
	kfree(state);
}

static void free_oldest(struct ntapc_thread *thread)
{
	struct restart_state *state;

	state = list_last_entry(&thread->restarts, struct restart_state, entry);
	list_del(&state->entry);
	kfree(state);
}

/*
 * Keeps current's restart state. Returns what names it, never 0. Without memory
 * it names nothing: the call will then have been interrupted (EINTR).
 */
static u64 save_state(struct ntapc_thread *thread)
{
	u64 id = ++thread->next_restart;
	struct restart_state *state, *last;
	unsigned int nr = 0;

	state = kmalloc(sizeof(*state), GFP_KERNEL_ACCOUNT);
	if (!state)
		return id;
	state->id = id;
	state->block = current->restart_block;
	list_add(&state->entry, &thread->restarts);
	list_for_each_entry(last, &thread->restarts, entry)
		nr++;
	if (nr > MAX_RESTARTS)
		free_oldest(thread);
	return id;
}

/* The first of @pending that isn't blocked and has a handler, or NULL. */
static const struct k_sigaction *
first_handled(const struct sighand_struct *sighand,
	      const struct sigpending *pending)
{
	const struct k_sigaction *action;
	int sig;

	lockdep_assert_held(&sighand->siglock);
	for (sig = 1; sig <= _NSIG; sig++) {
		if (!sigismember((sigset_t *)&pending->signal, sig) ||
		    sigismember(&current->blocked, sig))
			continue;
		action = &sighand->action[sig - 1];
		if (action->sa.sa_handler != SIG_IGN &&
		    action->sa.sa_handler != SIG_DFL)
			return action;
	}
	return NULL;
}

/*
 * Task work comes before the signals that are pending with it. Whether the call
 * restarts is the affair of the one that is handled first.
 *
 * That another signal may come, or this one be taken by another thread, between
 * here and there does no harm: a handler that ran and didn't end the call is
 * what a signal just before the call gives, too (but see put_mask_back()), and
 * EINTR is the answer that a call with that signal pending had coming.
 */
static bool signal_interrupts(const struct pt_regs *regs)
{
	/* Current's own is there as long as it runs. */
	struct sighand_struct *sighand =
		rcu_dereference_protected(current->sighand, true);
	const struct k_sigaction *action;
	bool interrupts = false;

	spin_lock_irq(&sighand->siglock);
	action = first_handled(sighand, &current->pending);
	if (!action)
		action = first_handled(sighand,
				       &current->signal->shared_pending);
	if (action) {
		bool restart = action->sa.sa_flags & SA_RESTART;

		interrupts = ntapc_arch_handler_interrupts(regs, restart);
	}
	spin_unlock_irq(&sighand->siglock);
	return interrupts;
}

/*
 * sigsuspend(), ppoll() and the like have a signal mask of their own. A signal
 * that comes only now is blocked outside of them: it mustn't be handled before
 * the call is made again, which would then wait for it in vain.
 */
static void put_mask_back(struct ntapc_thread *thread)
{
	sigset_t saved = current->saved_sigmask;

	if (!test_restore_sigmask())
		return;
	clear_restore_sigmask();
	ntapc_set_own_mask(thread, &saved);
}

/**
 * ntapc_restart_settle - decide what becomes of an interrupted system call
 * @thread: current's record
 * @regs: current's user registers; afterwards those of code that isn't in a
 *	system call, see ntapc_arch_convert_restart()
 *
 * Return: what names the call's restart state, for ntapc_restart_resume(); 0 if
 * there is none.
 */
u64 ntapc_restart_settle(struct ntapc_thread *thread, struct pt_regs *regs)
{
	enum ntapc_restart restart = ntapc_arch_restart(regs);
	u64 id = 0;

	if (restart == NTAPC_RESTART_NONE) {
		/* After a stop the kernel has been faster. */
		if (!ntapc_arch_about_to_restart(regs))
			return 0;
		return save_state(thread);
	}
	if (signal_pending(current) && signal_interrupts(regs)) {
		ntapc_arch_interrupt_call(regs);
		return 0;
	}
	put_mask_back(thread);
	if (restart == NTAPC_RESTART_BLOCK)
		id = save_state(thread);
	ntapc_arch_convert_restart(regs, restart);
	return id;
}

/**
 * ntapc_restart_resume - make a kept state current's again
 * @thread: current's record
 * @id: from ntapc_restart_settle(), by way of user space: not trusted
 *
 * Frames nest: those newer than the one that continues have been abandoned.
 *
 * Return: false if there is no such state.
 */
bool ntapc_restart_resume(struct ntapc_thread *thread, u64 id)
{
	struct restart_state *state;

	list_for_each_entry(state, &thread->restarts, entry) {
		if (state->id == id)
			goto found;
	}
	return false;
found:
	while (list_first_entry(&thread->restarts, struct restart_state,
				entry) != state)
		free_newest(thread);
	current->restart_block = state->block;
	free_newest(thread);
	return true;
}

/**
 * ntapc_restart_free_all - forget everything
 * @thread: has ended
 */
void ntapc_restart_free_all(struct ntapc_thread *thread)
{
	while (!list_empty(&thread->restarts))
		free_newest(thread);
}
