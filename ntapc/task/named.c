// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel APCs that user programs queue by name.
 *
 * ntapc is its own first client here: each use of a name is a struct ntapc_kapc
 * that belongs to the module which registered the routine.
 */
#include <linux/eventfd.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "thread.h"
#include "../arch/arch.h"

/**
 * struct ntapc_named_use - one use of a name
 * @kapc: the APC
 * @kref: the descriptor's, and the APC's while it is inserted or running
 * @named: what is called; its owner is held while the APC isn't done
 * @call: what it is called with; the target's while the APC isn't done
 * @actor: who queued it; invariant
 * @user: who is charged for it, as long as it exists
 * @waitq: woken when @state is no longer %NTAPC_APC_QUEUED
 * @order: of its run; set before @state
 * @state: NTAPC_APC_*; written once, with release semantics
 * @name: as queued; invariant
 * @value: what @call's points to
 */
struct ntapc_named_use {
	struct ntapc_kapc kapc;
	struct kref kref;
	struct ntapc_named_apc *named;
	struct ntapc_named_call call;
	struct ntapc_actor actor;
	struct ntapc_user *user;
	wait_queue_head_t waitq;
	u64 order;
	u32 state;
	char name[sizeof_field(struct ntapc_kernel_apc, name)];
	u64 value[NTAPC_APC_VALUES_MAX];
};

static LIST_HEAD(names);
static DEFINE_MUTEX(named_mutex);

/* The registry */

static struct ntapc_named_apc *find_named(const char *name)
{
	struct ntapc_named_apc *named;

	lockdep_assert_held(&named_mutex);
	list_for_each_entry(named, &names, entry) {
		if (!strcmp(named->name, name))
			return named;
	}
	return NULL;
}

/**
 * ntapc_register_named_apc - let user programs queue a kernel APC by name
 * @named: what they may queue; lives until it is unregistered, and beyond, until
 *	the module goes
 *
 * Who may queue it to which thread is what is so for user APCs. See &struct
 * ntapc_kernel_apc of the user API.
 *
 * Return: 0; EINVAL if the name is too long or empty; EEXIST if it is taken.
 */
int ntapc_register_named_apc(struct ntapc_named_apc *named)
{
	size_t length = strlen(named->name);
	int err = 0;

	if (!length ||
	    length >= sizeof_field(struct ntapc_kernel_apc, name) ||
	    !named->run)
		return -EINVAL;
	mutex_lock(&named_mutex);
	if (find_named(named->name))
		err = -EEXIST;
	else
		list_add_tail(&named->entry, &names);
	mutex_unlock(&named_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(ntapc_register_named_apc);

/**
 * ntapc_unregister_named_apc - nobody queues it any more
 * @named: registered
 *
 * Those that are queued stay, and keep its module.
 */
void ntapc_unregister_named_apc(struct ntapc_named_apc *named)
{
	mutex_lock(&named_mutex);
	list_del(&named->entry);
	mutex_unlock(&named_mutex);
}
EXPORT_SYMBOL_GPL(ntapc_unregister_named_apc);

/**
 * ntapc_named_forget - a module goes
 * @owner: it has unregistered its routines, if it hasn't forgotten some
 */
void ntapc_named_forget(const struct module *owner)
{
	struct ntapc_named_apc *named, *next;

	mutex_lock(&named_mutex);
	list_for_each_entry_safe(named, next, &names, entry) {
		if (named->owner == owner) {
			pr_notice("module %s leaves kernel APC \"%s\" registered\n",
				  owner->name, named->name);
			list_del(&named->entry);
		}
	}
	mutex_unlock(&named_mutex);
}

/* The routine of that name, its module held, or NULL. */
static struct ntapc_named_apc *get_named(const char *name)
{
	struct ntapc_named_apc *named;

	mutex_lock(&named_mutex);
	named = find_named(name);
	if (named && !try_module_get(named->owner))
		named = NULL;
	mutex_unlock(&named_mutex);
	return named;
}

/* Uses */

static void free_use(struct kref *kref)
{
	struct ntapc_named_use *use =
		container_of(kref, struct ntapc_named_use, kref);

	ntapc_thread_put(use->call.thread);
	ntapc_user_uncharge(use->user, 1);
	kfree(use);
}

/**
 * ntapc_named_put - drop a reference
 * @use: may be freed
 */
void ntapc_named_put(struct ntapc_named_use *use)
{
	kref_put(&use->kref, free_use);
}

/* The APC is done with. The caller has its reference, and the module's. */
static void finish(struct ntapc_named_use *use, u32 state)
{
	if (use->named->release)
		use->named->release(&use->call);
	/* What it found comes before. Pairs with ntapc_named_state(). */
	smp_store_release(&use->state, state);
	wake_up_poll(&use->waitq, EPOLLIN | EPOLLRDNORM);
	ntapc_named_put(use);
}

static struct ntapc_named_use *use_of(struct ntapc_apc *apc)
{
	return container_of(apc, struct ntapc_named_use, kapc.apc);
}

static void run(struct ntapc_named_use *use)
{
	/* The right may have gone since. */
	if (ntapc_may_act(use->call.thread, &use->actor)) {
		finish(use, NTAPC_APC_RUN_DOWN);
		return;
	}
	use->order = use->call.thread->nr_kernel_run;
	use->named->run(&use->call);
	finish(use, NTAPC_APC_RUN);
}

/* A special one has no normal routine, and does it here (2.3). */
static void named_kernel(struct ntapc_apc *apc, struct ntapc_normal *normal)
{
	if (!normal->routine)
		run(use_of(apc));
}

static void named_normal(void *context, void *arg1, void *arg2)
{
	run(context);
}

static void named_rundown(struct ntapc_apc *apc)
{
	finish(use_of(apc), NTAPC_APC_RUN_DOWN);
}

static struct ntapc_named_use *alloc_use(struct ntapc_thread *thread,
					 struct ntapc_user *user,
					 const struct ntapc_actor *actor,
					 const struct ntapc_kernel_apc *args)
{
	struct ntapc_named_use *use;

	if (READ_ONCE(thread->nr_kernel) >=
		    READ_ONCE(ntapc_max_queued_per_thread) ||
	    !ntapc_user_charge(user, 1))
		return ERR_PTR(-EAGAIN);
	use = kzalloc(sizeof(*use), GFP_KERNEL_ACCOUNT);
	if (!use) {
		ntapc_user_uncharge(user, 1);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&use->kref);
	init_waitqueue_head(&use->waitq);
	use->user = user;
	use->actor = *actor;
	strscpy(use->name, args->name, sizeof(use->name));
	ntapc_thread_hold(thread);
	use->call.thread = thread;
	memcpy(use->call.arg, args->arg, sizeof(use->call.arg));
	use->call.value = use->value;
	return use;
}

static enum ntapc_environment environment(u32 flags)
{
	if (flags & NTAPC_KERNEL_APC_ATTACHED)
		return NTAPC_ENV_ATTACHED;
	if (flags & NTAPC_KERNEL_APC_CURRENT)
		return NTAPC_ENV_CURRENT;
	return flags & NTAPC_KERNEL_APC_INSERT ? NTAPC_ENV_INSERT :
						 NTAPC_ENV_ORIGINAL;
}

/* Inserts it, with the references that the routines drop. */
static int insert(struct ntapc_named_use *use, u32 flags)
{
	struct ntapc_thread *thread = use->call.thread;
	bool special = flags & NTAPC_KERNEL_APC_SPECIAL;
	int err;

	err = ntapc_may_act(thread, &use->actor);
	if (err)
		return err;
	__ntapc_kapc_init(&use->kapc, thread, environment(flags), named_kernel,
			  named_rundown,
			  special ? 0 : (unsigned long)named_normal,
			  NTAPC_KERNEL_MODE, (unsigned long)use,
			  use->named->owner);
	kref_get(&use->kref);
	if (ntapc_kapc_insert(&use->kapc, 0, 0))
		return 0;
	ntapc_named_put(use);
	return -ESRCH;
}

/**
 * ntapc_named_make - prepare to queue a kernel APC by name
 * @thread: the target
 * @user: who is charged
 * @actor: who queues
 * @args: checked
 *
 * Return: a reference, for ntapc_named_insert() or ntapc_named_discard(); or an error
 * as documented for &struct ntapc_kernel_apc.
 */
struct ntapc_named_use *
ntapc_named_make(struct ntapc_thread *thread, struct ntapc_user *user,
		 const struct ntapc_actor *actor,
		 const struct ntapc_kernel_apc *args)
{
	struct ntapc_named_apc *named = get_named(args->name);
	struct ntapc_named_call check = { .thread = thread };
	struct ntapc_named_use *use;
	int err;

	if (!named)
		return ERR_PTR(-ENOENT);
	/* What the routine says to its arguments comes before any memory. */
	memcpy(check.arg, args->arg, sizeof(check.arg));
	err = named->prepare ? named->prepare(&check) : 0;
	if (err)
		goto put_module;
	use = alloc_use(thread, user, actor, args);
	err = PTR_ERR_OR_ZERO(use);
	if (err)
		goto release;
	use->named = named;
	use->call.private = check.private;
	return use;

release:
	if (named->release)
		named->release(&check);
put_module:
	module_put(named->owner);
	return ERR_PTR(err);
}

/* What it was called for isn't to be any more. The caller has its reference. */
static void unprepare(struct ntapc_named_use *use)
{
	struct module *owner = use->named->owner;

	if (use->named->release)
		use->named->release(&use->call);
	module_put(owner);
}

/**
 * ntapc_named_insert - queue it
 * @use: from ntapc_named_make(); the caller keeps its reference
 * @flags: NTAPC_KERNEL_APC_*
 *
 * It may have been run when this returns.
 *
 * Return: 0, ESRCH or EACCES.
 */
int ntapc_named_insert(struct ntapc_named_use *use, u32 flags)
{
	struct module *owner = use->named->owner;
	int err = insert(use, flags);

	if (err)
		unprepare(use);
	else
		module_put(owner);	/* The inserted APC has its own. */
	return err;
}

/**
 * ntapc_named_discard - it won't be queued after all
 * @use: from ntapc_named_make(); freed
 */
void ntapc_named_discard(struct ntapc_named_use *use)
{
	unprepare(use);
	ntapc_named_put(use);
}

/**
 * ntapc_named_remove - KeRemoveQueueApc (rule 7.1)
 * @use: referenced
 *
 * Return: 1 if it was inserted, else 0.
 */
int ntapc_named_remove(struct ntapc_named_use *use)
{
	if (!ntapc_kapc_take(&use->kapc))
		return 0;
	finish(use, NTAPC_APC_REMOVED);
	module_put(use->kapc.owner);
	return 1;
}

/**
 * ntapc_named_state - what has become of it
 * @use: referenced
 *
 * Return: NTAPC_APC_*.
 */
u32 ntapc_named_state(const struct ntapc_named_use *use)
{
	/* What it found comes after. Pairs with finish(). */
	return smp_load_acquire(&use->state);
}

/**
 * ntapc_named_waitq - what is woken when it is done
 * @use: referenced
 *
 * Return: the queue.
 */
wait_queue_head_t *ntapc_named_waitq(struct ntapc_named_use *use)
{
	return &use->waitq;
}

/**
 * ntapc_named_name - what it was queued as
 * @use: referenced
 *
 * Return: the name.
 */
const char *ntapc_named_name(const struct ntapc_named_use *use)
{
	return use->name;
}

/**
 * ntapc_named_result - what it found
 * @use: referenced; its state is %NTAPC_APC_RUN
 * @order: set
 * @values: set to what stays as long as @use does
 *
 * Return: how many @values.
 */
u32 ntapc_named_result(struct ntapc_named_use *use, u64 *order, u64 **values)
{
	*order = use->order;
	*values = use->value;
	return min_t(u32, use->call.nr_values, NTAPC_APC_VALUES_MAX);
}

/* ntapc's own routines */

static int eventfd_prepare(struct ntapc_named_call *call)
{
	struct eventfd_ctx *eventfd;

	if (call->arg[0] > INT_MAX)
		return -EBADF;
	if (call->arg[1] || call->arg[2])
		return -EINVAL;
	eventfd = eventfd_ctx_fdget(call->arg[0]);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd) == -EINVAL ? -EPROTOTYPE :
						     PTR_ERR(eventfd);
	call->private = eventfd;
	return 0;
}

static void eventfd_run(struct ntapc_named_call *call)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	eventfd_signal(call->private);
#else
	eventfd_signal(call->private, 1);
#endif
}

static void eventfd_release(struct ntapc_named_call *call)
{
	eventfd_ctx_put(call->private);
}

static int count_prepare(struct ntapc_named_call *call)
{
	return call->arg[0] || call->arg[1] || call->arg[2] ? -EINVAL : 0;
}

static void count_run(struct ntapc_named_call *call)
{
	call->value[0] = ++call->thread->nr_counted;
	call->nr_values = 1;
}

static int stack_prepare(struct ntapc_named_call *call)
{
	if (!call->arg[0] || call->arg[0] > NTAPC_APC_VALUES_MAX ||
	    call->arg[1] || call->arg[2])
		return -EINVAL;
	return 0;
}

static void stack_run(struct ntapc_named_call *call)
{
	call->nr_values = ntapc_arch_user_stack(current_pt_regs(), call->value,
						call->arg[0]);
}

static struct ntapc_named_apc own[] = {
	{
		.name = "eventfd",
		.owner = THIS_MODULE,
		.prepare = eventfd_prepare,
		.run = eventfd_run,
		.release = eventfd_release,
	}, {
		.name = "count",
		.owner = THIS_MODULE,
		.prepare = count_prepare,
		.run = count_run,
	}, {
		.name = "stack",
		.owner = THIS_MODULE,
		.prepare = stack_prepare,
		.run = stack_run,
	},
};

int ntapc_named_init(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(own); i++) {
		err = ntapc_register_named_apc(&own[i]);
		if (err) {
			while (i--)
				ntapc_unregister_named_apc(&own[i]);
			return err;
		}
	}
	return 0;
}

void ntapc_named_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(own); i++)
		ntapc_unregister_named_apc(&own[i]);
}
