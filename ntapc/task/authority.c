// SPDX-License-Identifier: GPL-2.0-only
/*
 * What another address space may still do to a thread.
 *
 * Whoever holds a thread's descriptor was let at it once. When the thread since
 * then took other credentials or became undumpable, as a program does that
 * drops or gains privileges, that no longer says anything: what was queued from
 * outside before the change is dropped, and a descriptor has to pass the check
 * of NTAPC_IOC_THREAD_OPEN again.
 */
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
 * ntapc_authority_refresh - has the thread changed?
 * @thread: locked and not retired
 *
 * Return: @thread->authority, which is another number if it has.
 */
u32 ntapc_authority_refresh(struct ntapc_thread *thread)
{
	const struct cred *cred, *old = thread->cred;
	struct mm_struct *mm = READ_ONCE(thread->process->mm);
	/* Without one it is over, which is another matter. */
	u8 dumpable = mm ? get_dumpable(mm) : thread->dumpable;

	lockdep_assert_held(&thread->lock);
	if (dumpable != thread->dumpable) {
		if (thread->dumpable == SUID_DUMP_USER)
			thread->authority++;
		thread->dumpable = dumpable;
	}

	rcu_read_lock();
	cred = __task_cred(thread->task);
	if (cred == old) {
		rcu_read_unlock();
		return thread->authority;
	}
	/* The task's own reference may go at any time, RCU keeps the memory. */
	cred = get_cred_rcu(cred);
	rcu_read_unlock();
	if (!cred)
		return ++thread->authority;
	if (!same_authority(old, cred))
		thread->authority++;
	thread->cred = cred;
	put_cred(old);
	return thread->authority;
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
	authority = thread->retired ? thread->authority :
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
 * ntapc_thread_is_over - can nothing be queued any more?
 * @thread: any
 *
 * Return: whether it, or its process, has ended or has another image.
 */
bool ntapc_thread_is_over(const struct ntapc_thread *thread)
{
	return READ_ONCE(thread->retired) ||
	       (!READ_ONCE(thread->process->mm) && !thread->system);
}

/**
 * ntapc_thread_is_foreign - is current's address space another one?
 * @thread: may be retired, then it is
 *
 * Return: whether it is.
 */
bool ntapc_thread_is_foreign(const struct ntapc_thread *thread)
{
	return current->mm != READ_ONCE(thread->process->mm);
}
