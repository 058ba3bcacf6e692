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

static struct ntapc_user *lookup_user(kuid_t uid)
{
	struct ntapc_user *user;

	hash_for_each_possible(users, user, hash, __kuid_val(uid)) {
		if (uid_eq(user->uid, uid)) {
			refcount_inc(&user->refs);
			return user;
		}
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
	refcount_set(&new->refs, 1);
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

/**
 * ntapc_user_put - drop a reference
 * @user: from ntapc_user_get()
 */
void ntapc_user_put(struct ntapc_user *user)
{
	if (!refcount_dec_and_lock(&user->refs, &users_lock))
		return;
	hash_del(&user->hash);
	spin_unlock(&users_lock);
	kfree(user);
}

/**
 * ntapc_user_charge - one more APC, if the limit allows
 * @user: to be charged; the charge holds a reference
 *
 * Return: whether the limit allowed it.
 */
bool ntapc_user_charge(struct ntapc_user *user)
{
	unsigned int max = READ_ONCE(ntapc_max_queued_per_user);

	if ((unsigned int)atomic_inc_return(&user->queued) > max) {
		atomic_dec(&user->queued);
		return false;
	}
	refcount_inc(&user->refs);
	return true;
}

/**
 * ntapc_user_uncharge - undo ntapc_user_charge()
 * @user: who was charged
 */
void ntapc_user_uncharge(struct ntapc_user *user)
{
	atomic_dec(&user->queued);
	ntapc_user_put(user);
}
