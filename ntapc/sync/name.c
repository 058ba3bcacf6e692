// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of objects: one user's, in one IPC namespace.
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/ipc_namespace.h>
#include <linux/jhash.h>
#include <linux/nsproxy.h>
#include <linux/slab.h>

#include "sync.h"

/**
 * struct ntapc_name - the name of an object
 * @entry: in names; protected by names_mutex
 * @object: whose; not referenced: it takes its name away before it goes
 * @user: the effective uid of who made it
 * @ipc: the IPC namespace that it was made in, for comparing only. It isn't kept: a
 *	later one may be in its place, but hardly with its number, too
 * @ipc_number: inode number of that
 * @length: bytes of @bytes
 * @bytes: any
 */
struct ntapc_name {
	struct hlist_node entry;
	struct ntapc_object *object;
	kuid_t user;
	const void *ipc;
	unsigned int ipc_number;
	u32 length;
	u8 bytes[];
};

static DEFINE_MUTEX(names_mutex);
static DEFINE_HASHTABLE(names, 8);

static u32 hash_of(const struct ntapc_name *name)
{
	return jhash(name->bytes, name->length,
		     __kuid_val(name->user) ^ name->ipc_number);
}

static bool is_same(const struct ntapc_name *a, const struct ntapc_name *b)
{
	return uid_eq(a->user, b->user) && a->ipc == b->ipc &&
	       a->ipc_number == b->ipc_number && a->length == b->length &&
	       !memcmp(a->bytes, b->bytes, a->length);
}

/* The object of that name, referenced, or NULL. */
static struct ntapc_object *find(const struct ntapc_name *wanted)
{
	struct ntapc_name *name;

	hash_for_each_possible(names, name, entry, hash_of(wanted)) {
		/* One that is being freed has no name any more. */
		if (is_same(name, wanted) &&
		    kref_get_unless_zero(&name->object->kref))
			return name->object;
	}
	return NULL;
}

/* Events of both types are one type, and so are timers. */
static u8 family(u8 type)
{
	switch (type) {
	case NTAPC_OBJECT_SYNCHRONIZATION_EVENT:
		return NTAPC_OBJECT_NOTIFICATION_EVENT;
	case NTAPC_OBJECT_SYNCHRONIZATION_TIMER:
		return NTAPC_OBJECT_NOTIFICATION_TIMER;
	default:
		return type;
	}
}

static struct ntapc_object *open_or_add(struct ntapc_name *name, u8 type,
					struct ntapc_object *new)
{
	struct ntapc_object *object;

	mutex_lock(&names_mutex);
	object = find(name);
	if (!object && new) {
		name->object = new;
		new->name = name;
		hash_add(names, &name->entry, hash_of(name));
		object = new;
	}
	mutex_unlock(&names_mutex);
	if (!object)
		return ERR_PTR(-ENOENT);
	if (family(object->ko.type) == family(type))
		return object;
	ntapc_object_put(object);
	return ERR_PTR(-EPROTOTYPE);
}

/**
 * ntapc_object_open - NtOpenEvent and its kin, and what NtCreateEvent does with a name
 * @bytes: the name
 * @length: of it, in bytes
 * @type: NTAPC_OBJECT_*
 * @new: a new object that gets the name if there is none of it; or NULL
 *
 * Return: a reference to the object of that name, or @new; ENOENT, EPROTOTYPE,
 * ENOMEM.
 */
struct ntapc_object *ntapc_object_open(const void *bytes, u32 length, u8 type,
				       struct ntapc_object *new)
{
	const struct ipc_namespace *ipc = current->nsproxy->ipc_ns;
	struct ntapc_object *object;
	struct ntapc_name *name;

	name = kmalloc(struct_size(name, bytes, length), GFP_KERNEL_ACCOUNT);
	if (!name)
		return ERR_PTR(-ENOMEM);
	name->user = current_euid();
	name->ipc = ipc;
	name->ipc_number = ipc ? ipc->ns.inum : 0;
	name->length = length;
	memcpy(name->bytes, bytes, length);
	object = open_or_add(name, type, new);
	if (IS_ERR(object) || object != new)
		kfree(name);
	return object;
}

/**
 * ntapc_object_unname - the object is being freed
 * @object: has a name
 */
void ntapc_object_unname(struct ntapc_object *object)
{
	mutex_lock(&names_mutex);
	hash_del(&object->name->entry);
	mutex_unlock(&names_mutex);
	kfree(object->name);
}
