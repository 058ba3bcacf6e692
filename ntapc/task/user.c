// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of queued APCs, for each thread and each user.
 */
#include <linux/hashtable.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "thread.h"

unsigned int ntapc_max_queued_per_thread = 65536;
module_param_named(max_queued_per_thread, ntapc_max_queued_per_thread, uint,
		   0644);
MODULE_PARM_DESC(max_queued_per_thread,
		 "APCs that may be queued to one thread (default 65536)");

unsigned int ntapc_max_queued_per_user = 1048576;
module_param_named(max_queued_per_user, ntapc_max_queued_per_user, uint, 0644);
MODULE_PARM_DESC(max_queued_per_user,
		 "APCs that one user may have queued (default 1048576)");

static DEFINE_HASHTABLE(users, 6);
static DEFINE_SPINLOCK(users_lock);

/* ntapc_user.state: descriptors in the upper half, queued APCs in the lower. */
#define ONE_REFERENCE	0x100000000LL

static struct ntapc_user *lookup_user(kuid_t uid)
{
	struct ntapc_user *user;

	lockdep_assert_held(&users_lock);
	hash_for_each_possible(users, user, hash, __kuid_val(uid)) {
		/* At 0 it is about to be freed, and another takes its place. */
		if (uid_eq(user->uid, uid) &&
		    atomic64_add_unless(&user->state, ONE_REFERENCE, 0))
			return user;
	}
	return NULL;
}

/**
 * ntapc_user_get - the record that APCs of a user are charged to
 * @uid: the user
 *
 * Return: a reference, or NULL without memory.
 */
struct ntapc_user *ntapc_user_get(kuid_t uid)
{
	struct ntapc_user *new, *user;

	spin_lock(&users_lock);
	user = lookup_user(uid);
	spin_unlock(&users_lock);
	if (user)
		return user;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->uid = uid;
	spin_lock_init(&new->all_lock);
	atomic64_set(&new->state, ONE_REFERENCE);
	spin_lock(&users_lock);
	user = lookup_user(uid);
	if (!user)
		hash_add(users, &new->hash, __kuid_val(uid));
	spin_unlock(&users_lock);
	if (!user)
		return new;
	kfree(new);
	return user;
}

static void free_user(struct ntapc_user *user)
{
	spin_lock(&users_lock);
	hash_del(&user->hash);
	spin_unlock(&users_lock);
	kfree(user);
}

/**
 * ntapc_user_put - drop a reference
 * @user: from ntapc_user_get()
 */
void ntapc_user_put(struct ntapc_user *user)
{
	if (!atomic64_sub_return(ONE_REFERENCE, &user->state))
		free_user(user);
}

/**
 * ntapc_user_queued - how many APCs a user has queued
 * @user: referenced
 *
 * Return: the number.
 */
u32 ntapc_user_queued(const struct ntapc_user *user)
{
	return lower_32_bits(atomic64_read(&user->state));
}

/**
 * ntapc_user_charge - more APCs, as many as the limit allows
 * @user: to be charged, referenced; the charge keeps it, too
 * @nr: how many more
 *
 * Return: how many of them the limit allowed.
 */
u32 ntapc_user_charge(struct ntapc_user *user, u32 nr)
{
	unsigned int max = READ_ONCE(ntapc_max_queued_per_user);
	u32 queued = lower_32_bits(atomic64_add_return(nr, &user->state));
	u32 excess;

	if (likely(queued <= max))
		return nr;
	excess = min(queued - max, nr);
	atomic64_sub(excess, &user->state);
	return nr - excess;
}

/**
 * ntapc_user_uncharge - undo ntapc_user_charge()
 * @user: who was charged
 * @nr: for how many
 */
void ntapc_user_uncharge(struct ntapc_user *user, u32 nr)
{
	if (!atomic64_sub_return(nr, &user->state))
		free_user(user);
}

/**
 * ntapc_user_begin_call - an attached routine is to run for a user
 * @user: referenced, until ntapc_user_end_call()
 *
 * Return: false if so many run already.
 */
bool ntapc_user_begin_call(struct ntapc_user *user)
{
	return atomic_add_unless(&user->nr_calls, 1, NTAPC_CALLS_MAX);
}

/**
 * ntapc_user_end_call - it has
 * @user: the user
 */
void ntapc_user_end_call(struct ntapc_user *user)
{
	atomic_dec(&user->nr_calls);
}
