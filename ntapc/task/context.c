// SPDX-License-Identifier: GPL-2.0-only
/*
 * NtGetContextThread and NtSetContextThread: the registers of a thread, by a
 * special kernel APC in it.
 */
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "thread.h"
#include "../arch/arch.h"

/**
 * struct ntapc_context_call - one look at, or change of, a thread's registers
 * @apc: inserted, or with the caller
 * @thread: the target
 * @actor: who asks
 * @done: the APC has run or been run down
 * @kref: the caller's and the APC's
 * @set: set, don't get
 * @what: NTAPC_CONTEXT_*
 * @context: in or out
 * @segment: out, ds, es, fs, gs
 * @xstate: in or out, or NULL
 * @xstate_size: bytes at @xstate
 * @cont: for the target to use, or NULL
 * @err: out
 *
 * The target owns all of it from the insertion until @done.
 */
struct ntapc_context_call {
	struct ntapc_apc apc;
	struct ntapc_thread *thread;
	struct ntapc_actor actor;
	struct completion done;
	struct kref kref;
	bool set;
	u32 what;
	struct ntapc_context context;
	u16 segment[4];
	void *xstate;
	u32 xstate_size;
	struct ntapc_continuation *cont;
	int err;
};

#define REGISTERS	(NTAPC_CONTEXT_CONTROL | NTAPC_CONTEXT_INTEGER)

static void free_call(struct kref *kref)
{
	struct ntapc_context_call *call =
		container_of(kref, struct ntapc_context_call, kref);

	kfree(call->cont);
	kvfree(call->xstate);
	kfree(call);
}

static void put_call(struct ntapc_context_call *call)
{
	kref_put(&call->kref, free_call);
}

/* Takes what @what names from @from. */
static void merge(struct ntapc_context *to, const struct ntapc_context *from,
		  u32 what)
{
	struct ntapc_context old = *to;

	if (what & NTAPC_CONTEXT_INTEGER) {
		*to = *from;
		to->rip = old.rip;
		to->cs = old.cs;
		to->eflags = old.eflags;
		to->rsp = old.rsp;
		to->ss = old.ss;
		to->rbp = old.rbp;
	}
	if (what & NTAPC_CONTEXT_CONTROL) {
		to->rip = from->rip;
		to->cs = from->cs;
		to->eflags = from->eflags;
		to->rsp = from->rsp;
		to->ss = from->ss;
		to->rbp = from->rbp;
	}
}

static int get_context(struct ntapc_thread *thread,
		       struct ntapc_context_call *call)
{
	const struct ntapc_continuation *cont = thread->continuation;
	struct pt_regs *regs = current_pt_regs();

	if (cont)
		call->context = cont->context;
	else
		ntapc_arch_get_resumed(regs, &call->context);
	if (cont ? cont->in_call : ntapc_arch_in_syscall(regs))
		ntapc_arch_mark_call(&call->context);
	ntapc_arch_get_data_segments(call->segment);
	if (!(call->what & NTAPC_CONTEXT_EXTENDED))
		return 0;
	return ntapc_arch_get_xstate(call->xstate, call->xstate_size);
}

/*
 * The thread goes on with what is in a continuation, as after
 * NTAPC_IOC_CONTINUE. There may be one already: then that is what it would have
 * gone on with.
 */
static void set_registers(struct ntapc_thread *thread,
			  struct ntapc_context_call *call)
{
	struct pt_regs *regs = current_pt_regs();
	struct ntapc_continuation *cont = thread->continuation;
	struct ntapc_context old;

	if (!cont) {
		cont = call->cont;
		call->cont = NULL;
		cont->flags = 0;
		cont->restart = 0;
		cont->in_call = ntapc_arch_in_syscall(regs);
		if (!cont->in_call)
			cont->restart = ntapc_restart_settle(thread, regs);
		ntapc_arch_get_context(regs, &cont->context);
		thread->continuation = cont;
	}
	old = cont->context;
	merge(&cont->context, &call->context, call->what);
	/* Inside of a call it is the call's end that sees to rax. */
	if (!cont->in_call)
		ntapc_arch_keep_call(&old, &cont->context);
	/* Who looks at it again sees what the thread will have. */
	ntapc_arch_clean_context(regs, &cont->context);
	ntapc_come_by(thread);
}

static int set_context(struct ntapc_thread *thread,
		       struct ntapc_context_call *call)
{
	int err = 0;

	/* What can be refused comes first. */
	if (call->what & NTAPC_CONTEXT_EXTENDED)
		err = ntapc_arch_set_xstate(call->xstate, call->xstate_size);
	if (!err && (call->what & REGISTERS))
		set_registers(thread, call);
	return err;
}

static void execute(struct ntapc_thread *thread, struct ntapc_context_call *call)
{
	/* The right may have gone since. */
	call->err = ntapc_may_act(thread, &call->actor);
	if (!call->err)
		call->err = call->set ? set_context(thread, call) :
					get_context(thread, call);
}

/* KernelRoutine, in the target's context. */
static void context_kernel(struct ntapc_apc *apc, struct ntapc_normal *normal)
{
	struct ntapc_context_call *call =
		container_of(apc, struct ntapc_context_call, apc);

	execute(call->thread, call);
	complete(&call->done);
	put_call(call);
}

static void context_rundown(struct ntapc_apc *apc)
{
	struct ntapc_context_call *call =
		container_of(apc, struct ntapc_context_call, apc);

	call->err = -ESRCH;
	complete(&call->done);
	put_call(call);
}

/*
 * Threads that ask each other, and so interrupt each other, have to answer in
 * between: taking the question back and asking again might go on for ever.
 */
static int wait_until_done(struct ntapc_context_call *call)
{
	struct ntapc_thread *self = ntapc_thread_self();
	bool goes_on;
	int err;

	do {
		err = wait_for_completion_interruptible(&call->done);
		if (IS_ERR(self))
			return err;
		spin_lock(&self->lock);
		ntapc_thread_unhush(self);
		spin_unlock(&self->lock);
		if (!err || task_sigpending(current) ||
		    ntapc_run_kernel_apcs(self) != NTAPC_RAN_ALL)
			return err;
		spin_lock(&self->lock);
		/* One that has come after those was told to nobody. */
		goes_on = ntapc_core_kernel_due(&self->kt) ||
			  ntapc_thread_hush(self);
		spin_unlock(&self->lock);
	} while (goes_on);
	return err;
}

/* The target is another thread. */
static int send(struct ntapc_thread *thread, struct ntapc_context_call *call)
{
	bool removed;
	int err;

	ntapc_apc_init(&call->apc, &thread->kt, NTAPC_ENV_ORIGINAL,
		       context_kernel, context_rundown, 0, NTAPC_KERNEL_MODE,
		       0);
	spin_lock(&thread->lock);
	err = ntapc_check_actor(thread, &call->actor);
	if (!err) {
		kref_get(&call->kref);
		if (!ntapc_insert_own(thread, &call->apc)) {
			kref_put(&call->kref, free_call);
			err = -ESRCH;
		}
	}
	spin_unlock(&thread->lock);
	if (err)
		return err;

	err = wait_until_done(call);
	if (!err)
		return call->err;
	spin_lock(&thread->lock);
	removed = ntapc_core_remove(&thread->kt, &call->apc);
	spin_unlock(&thread->lock);
	if (removed) {
		put_call(call);
		return err;
	}
	/* It is running, or being run down. The APC's reference keeps it. */
	if (wait_for_completion_killable(&call->done))
		return -EINTR;
	return call->err;
}

static int copy_in(struct ntapc_context_call *call,
		   const struct ntapc_thread_context *args)
{
	if ((call->what & REGISTERS) &&
	    copy_from_user(&call->context, u64_to_user_ptr(args->context),
			   sizeof(call->context)))
		return -EFAULT;
	if (call->xstate && copy_from_user(call->xstate,
					   u64_to_user_ptr(args->xstate),
					   args->xstate_size))
		return -EFAULT;
	return 0;
}

/* Only the members that @what names. */
static int copy_context_out(struct ntapc_context_call *call, u64 to, u32 what)
{
	struct ntapc_context context;

	if (!(what & REGISTERS))
		return 0;
	if ((what & REGISTERS) != REGISTERS) {
		if (copy_from_user(&context, u64_to_user_ptr(to),
				   sizeof(context)))
			return -EFAULT;
		merge(&context, &call->context, what);
		call->context = context;
	}
	return copy_to_user(u64_to_user_ptr(to), &call->context,
			    sizeof(call->context)) ? -EFAULT : 0;
}

static int copy_out(struct ntapc_context_call *call,
		    struct ntapc_thread_context *args)
{
	u32 room = args->xstate_size;

	if (copy_context_out(call, args->context, call->what))
		return -EFAULT;
	if (call->xstate) {
		args->xstate_size = call->xstate_size;
		if (copy_to_user(u64_to_user_ptr(args->xstate), call->xstate,
				 min(room, call->xstate_size)))
			return -EFAULT;
	}
	if (call->what & NTAPC_CONTEXT_SEGMENTS) {
		args->ds = call->segment[0];
		args->es = call->segment[1];
		args->fs = call->segment[2];
		args->gs = call->segment[3];
	}
	return 0;
}

static int alloc_parts(struct ntapc_context_call *call,
		       const struct ntapc_thread_context *args)
{
	if (call->what & NTAPC_CONTEXT_EXTENDED) {
		/* What user space doesn't give is zero. */
		call->xstate_size = ntapc_arch_xstate_size();
		call->xstate = kvzalloc(call->xstate_size, GFP_KERNEL_ACCOUNT);
		if (!call->xstate)
			return -ENOMEM;
	}
	if (call->set && (call->what & REGISTERS)) {
		call->cont = kmalloc(sizeof(*call->cont), GFP_KERNEL_ACCOUNT);
		if (!call->cont)
			return -ENOMEM;
	}
	return 0;
}

/**
 * ntapc_context - NtGetContextThread, NtSetContextThread
 * @thread: the target
 * @actor: who asks
 * @set: set, don't get
 * @args: checked; what is got is put into it and where it points
 *
 * Return: 0; ESRCH, EACCES, EFAULT, EINVAL, ENOMEM, ERESTARTSYS.
 */
int ntapc_context(struct ntapc_thread *thread, const struct ntapc_actor *actor,
		  bool set, struct ntapc_thread_context *args)
{
	struct ntapc_context_call *call;
	int err;

	call = kzalloc(sizeof(*call), GFP_KERNEL_ACCOUNT);
	if (!call)
		return -ENOMEM;
	kref_init(&call->kref);
	init_completion(&call->done);
	call->thread = thread;
	call->actor = *actor;
	call->set = set;
	call->what = args->what;
	err = alloc_parts(call, args);
	if (!err && set)
		err = copy_in(call, args);
	if (err)
		goto out;
	/* ->task isn't another's while current's own record isn't retired. */
	if (!ntapc_thread_is_over(thread) && thread->task == current) {
		execute(thread, call);
		err = call->err;
	} else {
		err = send(thread, call);
	}
	if (!err && !set)
		err = copy_out(call, args);
out:
	put_call(call);
	return err;
}

/**
 * ntapc_finish_continuation - the system call that it was set in has ended
 * @thread: current's record
 * @regs: current's user registers, with the call's result
 * @cont: set from outside during the call; afterwards complete
 *
 * What a call returns wins over what was set for rax. If it is to restart it does
 * so unless the thread was moved away from it.
 */
void ntapc_finish_continuation(struct ntapc_thread *thread,
			       struct pt_regs *regs,
			       struct ntapc_continuation *cont)
{
	struct ntapc_context now;
	bool moved;

	ntapc_arch_get_context(regs, &now);
	moved = cont->context.rip != now.rip;
	if (ntapc_arch_restart(regs) != NTAPC_RESTART_NONE) {
		if (moved)
			ntapc_arch_interrupt_call(regs);
		else
			cont->restart = ntapc_restart_settle(thread, regs);
	}
	ntapc_arch_get_context(regs, &now);
	cont->context.rax = now.rax;
	if (!moved)
		cont->context.rip = now.rip;
}
