// SPDX-License-Identifier: GPL-2.0-only
/*
 * What another address space may still do to a thread or process.
 *
 * Whoever holds its descriptor was let at it once. When the thread since
 * then took other credentials or became undumpable, as a program does that
 * drops or gains privileges, that no longer says anything: what was queued from
 * outside before the change is dropped, and a descriptor has to pass the check
 * of opening it again.
 */
#include <linux/pid.h>
#include <linux/sched/coredump.h>

#include "thread.h"

static bool same_authority(const struct cred *a, const struct cred *b)
{
	return uid_eq(a->uid, b->uid) && uid_eq(a->euid, b->euid) &&
	       uid_eq(a->suid, b->suid) && uid_eq(a->fsuid, b->fsuid) &&
	       gid_eq(a->gid, b->gid) && gid_eq(a->egid, b->egid) &&
	       gid_eq(a->sgid, b->sgid) && gid_eq(a->fsgid, b->fsgid) &&
	       a->user_ns == b->user_ns &&
	       cap_issubset(b->cap_permitted, a->cap_permitted);
}

/**
 * ntapc_authority_init - what a new record's right to act depends on
 * @authority: to be initialised
 * @task: the thread, or one of the process
 * @mm: its address space
 */
void ntapc_authority_init(struct ntapc_authority *authority,
			  struct task_struct *task, struct mm_struct *mm)
{
	authority->cred = get_task_cred(task);
	authority->dumpable = mm ? get_dumpable(mm) : SUID_DUMP_USER;
	authority->nr = 0;
}

/**
 * ntapc_authority_free - the record goes
 * @authority: initialised, or all 0
 */
void ntapc_authority_free(struct ntapc_authority *authority)
{
	put_cred(authority->cred);
}

/* Nothing has changed since it was looked at. Under RCU. */
static bool is_fresh(const struct ntapc_authority *authority,
		     const struct task_struct *task, struct mm_struct *mm)
{
	const struct cred *cred;
	u8 dumpable;

	if (!mm)
		return false;
	/* What is stored before these two is seen then: see refresh(). */
	cred = smp_load_acquire(&authority->cred);
	dumpable = smp_load_acquire(&authority->dumpable);	/* the same */
	return cred == __task_cred(task) && dumpable == get_dumpable(mm);
}

/* Has it changed? Under RCU, with the record locked. */
static u32 refresh(struct ntapc_authority *authority,
		   const struct task_struct *task, struct mm_struct *mm)
{
	const struct cred *cred, *old = authority->cred;
	/* Without one it is over, which is another matter. */
	u8 dumpable = mm ? get_dumpable(mm) : authority->dumpable;

	if (dumpable != authority->dumpable) {
		if (authority->dumpable == SUID_DUMP_USER)
			WRITE_ONCE(authority->nr, authority->nr + 1);
		/* After nr: see is_fresh(). */
		smp_store_release(&authority->dumpable, dumpable);
	}
	cred = __task_cred(task);
	if (cred == old)
		return authority->nr;
	/* The task's own reference may go at any time, RCU keeps the memory. */
	cred = get_cred_rcu(cred);
	if (!cred || !same_authority(old, cred))
		WRITE_ONCE(authority->nr, authority->nr + 1);
	if (!cred)
		return authority->nr;
	/* After nr: see is_fresh(). */
	smp_store_release(&authority->cred, cred);
	put_cred(old);
	return authority->nr;
}

/**
 * ntapc_authority_refresh - has the thread changed?
 * @thread: locked and not retired
 *
 * Return: a number, which is another one if it has.
 */
u32 ntapc_authority_refresh(struct ntapc_thread *thread)
{
	u32 nr;

	lockdep_assert_held(&thread->lock);
	rcu_read_lock();
	nr = refresh(&thread->authority, thread->task,
		     READ_ONCE(thread->process->mm));
	rcu_read_unlock();
	return nr;
}

/**
 * ntapc_process_authority - has the process changed?
 * @process: any
 *
 * The credentials are those of its leader. One of its other threads that changes its
 * own makes the address space undumpable, which is seen as well.
 *
 * Return: a number, which is another one if it has.
 */
u32 ntapc_process_authority(struct ntapc_process *process)
{
	struct ntapc_authority *authority = &process->authority;
	struct task_struct *leader;
	struct mm_struct *mm;
	u32 nr;

	rcu_read_lock();
	leader = pid_task(process->tgid, PIDTYPE_TGID);
	/* RCU keeps the address space, too: see retire_process(). */
	mm = READ_ONCE(process->mm);
	if (!leader || is_fresh(authority, leader, mm)) {
		nr = READ_ONCE(authority->nr);
		rcu_read_unlock();
		return nr;
	}
	rcu_read_unlock();

	spin_lock(&process->lock);
	rcu_read_lock();
	leader = pid_task(process->tgid, PIDTYPE_TGID);
	nr = leader ? refresh(authority, leader, READ_ONCE(process->mm)) :
		      authority->nr;
	rcu_read_unlock();
	spin_unlock(&process->lock);
	return nr;
}

/**
 * ntapc_thread_authority - the same for a thread that isn't locked
 * @thread: may be retired
 *
 * Return: the number.
 */
u32 ntapc_thread_authority(struct ntapc_thread *thread)
{
	u32 authority;

	spin_lock(&thread->lock);
	authority = thread->retired ? thread->authority.nr :
				      ntapc_authority_refresh(thread);
	spin_unlock(&thread->lock);
	return authority;
}

/**
 * ntapc_authority_lost - has the right to act gone since it was checked?
 * @thread: locked and not retired
 * @actor: who was allowed to act
 *
 * Return: whether it has.
 */
bool ntapc_authority_lost(struct ntapc_thread *thread,
			  const struct ntapc_actor *actor)
{
	return actor->foreign &&
	       ntapc_authority_refresh(thread) != actor->authority;
}

/**
 * ntapc_check_actor - may that be done to the thread now?
 * @thread: locked
 * @actor: who was allowed to act
 *
 * Return: 0, ESRCH or EACCES.
 */
int ntapc_check_actor(struct ntapc_thread *thread,
		      const struct ntapc_actor *actor)
{
	if (ntapc_thread_is_over(thread))
		return -ESRCH;
	return ntapc_authority_lost(thread, actor) ? -EACCES : 0;
}

/**
 * ntapc_may_act - the same for a thread that isn't locked
 * @thread: any
 * @actor: who was allowed to act
 *
 * Return: 0, ESRCH or EACCES.
 */
int ntapc_may_act(struct ntapc_thread *thread,
		  const struct ntapc_actor *actor)
{
	int err;

	spin_lock(&thread->lock);
	err = ntapc_check_actor(thread, actor);
	spin_unlock(&thread->lock);
	return err;
}

/**
 * ntapc_process_is_over - has it ended, or has it another image?
 * @process: any
 *
 * Return: whether it has.
 */
bool ntapc_process_is_over(const struct ntapc_process *process)
{
	return !READ_ONCE(process->mm);
}

/**
 * ntapc_process_is_foreign - is current's address space another one?
 * @process: may be over, then it is
 *
 * Return: whether it is.
 */
bool ntapc_process_is_foreign(const struct ntapc_process *process)
{
	return current->mm != READ_ONCE(process->mm);
}

/**
 * ntapc_thread_is_over - can nothing be queued any more?
 * @thread: any
 *
 * Return: whether it, or its process, has ended or has another image.
 */
bool ntapc_thread_is_over(const struct ntapc_thread *thread)
{
	return READ_ONCE(thread->retired) ||
	       (ntapc_process_is_over(thread->process) && !thread->system);
}

/**
 * ntapc_thread_is_foreign - is current's address space another one?
 * @thread: may be retired, then it is
 *
 * Return: whether it is.
 */
bool ntapc_thread_is_foreign(const struct ntapc_thread *thread)
{
	return ntapc_process_is_foreign(thread->process);
}
