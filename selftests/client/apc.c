// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making, inserting and removing APCs.
 *
 * An APC here is allocated for one insertion. Whichever of its routines is called
 * frees it: the kernel routine, or the rundown routine in its place (rule 7.4).
 * Whoever wants to remove one has to be sure that it isn't freed meanwhile, for
 * which there is the table: an APC is in it until it is freed.
 */
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "internal.h"

/* [apc] */
/**
 * struct client_apc - one of this module's APCs
 * @kapc: what ntapc knows of it
 * @id: its place in the table
 * @flags: of the step that made it
 * @kernel_program: what its kernel routine does
 * @times: how often its kernel routine still inserts it again
 */
struct client_apc {
	struct ntapc_kapc kapc;
	u32 id;
	u32 flags;
	unsigned int kernel_program;
	unsigned int times;
};

/* By id. Its lock nests outside ntapc's. */
static DEFINE_XARRAY(apcs);

static struct client_apc *client_apc_of(struct ntapc_apc *apc)
{
	return container_of(apc, struct client_apc, kapc.apc);
}

static void free_apc(struct client_apc *apc)
{
	/* What ntapc_kapc_init() was given isn't used any more. */
	ntapc_thread_dereference(apc->kapc.thread);
	kfree(apc);
}

/* [apc end] */

/* The context of a normal kernel APC says what to do: @apc may be gone by then. */
static u64 make_context(u32 id, unsigned int program)
{
	return (u64)program << 32 | id;
}

static void other_normal_routine(void *context, void *arg1, void *arg2)
{
	client_log(CLIENT_OTHER_NORMAL, 0, (u64)context, (u64)arg1, (u64)arg2,
		   0);
}

/* [routines] */
static void normal_routine(void *context, void *arg1, void *arg2)
{
	u32 id = lower_32_bits((u64)context);

	client_log(CLIENT_NORMAL, id, (u64)context, (u64)arg1, (u64)arg2, 0);
	client_run_program(upper_32_bits((u64)context));
	client_log(CLIENT_NORMAL_END, id, 0, 0, 0, 0);
}

static void change(const struct client_apc *apc, struct ntapc_normal *normal)
{
	/* A user APC's routine is the program's; here it stays what it is. */
	if (apc->kapc.apc.mode == NTAPC_KERNEL_MODE)
		normal->routine = (unsigned long)other_normal_routine;
	normal->context = CLIENT_CHANGED(normal->context);
	normal->arg[0] = CLIENT_CHANGED(normal->arg[0]);
	normal->arg[1] = CLIENT_CHANGED(normal->arg[1]);
}

static void kernel_routine(struct ntapc_apc *kapc, struct ntapc_normal *normal)
{
	struct client_apc *apc = client_apc_of(kapc);
	u32 id = apc->id;

	client_log(CLIENT_KERNEL, id, normal->context, normal->arg[0],
		   normal->arg[1], 0);
	if (apc->flags & CLIENT_SUPPRESS)
		normal->routine = 0;
	else if (apc->flags & CLIENT_CHANGE)
		change(apc, normal);
	client_run_program(apc->kernel_program);
	client_log(CLIENT_KERNEL_END, id, 0, 0, 0, 0);

	/* Once it is inserted again others may remove and free it. */
	if (apc->times && apc->times--) {
		if (ntapc_kapc_insert(&apc->kapc, normal->arg[0],
				      normal->arg[1]))
			return;
	}
	/* From here on client_remove() doesn't find it. */
	xa_erase(&apcs, id);
	free_apc(apc);
}

static void rundown_routine(struct ntapc_apc *kapc)
{
	struct client_apc *apc = client_apc_of(kapc);

	client_log(CLIENT_RUNDOWN, apc->id, kapc->normal.context,
		   kapc->normal.arg[0], kapc->normal.arg[1], 0);
	xa_erase(&apcs, apc->id);
	free_apc(apc);
}

/* [routines end] */

/* [init] */
static void init_apc(struct client_apc *apc, struct ntapc_thread *thread,
		     const struct client_step *step)
{
	u64 routine = (unsigned long)normal_routine;
	u64 context = make_context(apc->id, step->program);

	if (step->flags & CLIENT_SPECIAL) {
		routine = 0;
	} else if (step->mode == NTAPC_USER_MODE) {
		routine = step->routine;
		context = step->context;
	}
	ntapc_kapc_init(&apc->kapc, thread, step->environment, kernel_routine,
			rundown_routine, routine, step->mode, context);
}

/* Consumes the reference to @thread. */
static struct client_apc *make_apc(struct ntapc_thread *thread,
				   const struct client_step *step, u32 id)
{
	struct client_apc *apc;

	apc = kzalloc(sizeof(*apc), GFP_KERNEL);
	if (!apc) {
		ntapc_thread_dereference(thread);
		return ERR_PTR(-ENOMEM);
	}
	apc->id = id;
	apc->flags = step->flags;
	apc->kernel_program = step->kernel_program;
	apc->times = step->flags & CLIENT_REINSERT ? step->times : 0;
	init_apc(apc, thread, step);
	return apc;
}

/* [init end] */

static bool insert(struct client_apc *apc, const struct client_step *step)
{
	bool inserted;

	if (!(step->flags & CLIENT_ATOMIC))
		return ntapc_kapc_insert(&apc->kapc, step->arg[0],
					 step->arg[1]);
	preempt_disable();
	inserted = ntapc_kapc_insert(&apc->kapc, step->arg[0], step->arg[1]);
	preempt_enable();
	return inserted;
}

/* [insert] */
/* One that is in the table, or an error. */
static struct client_apc *make_one(const struct client_step *step, u32 id)
{
	struct ntapc_thread *thread = client_target(step->target);
	struct client_apc *apc;
	int err;

	if (IS_ERR(thread))
		return ERR_CAST(thread);
	apc = make_apc(thread, step, id);
	if (IS_ERR(apc))
		return apc;
	err = xa_insert(&apcs, id, apc, GFP_KERNEL);
	if (err) {
		free_apc(apc);
		return ERR_PTR(err);
	}
	return apc;
}

static s64 insert_one(const struct client_step *step, u32 id)
{
	/* It is in the table before a routine can want to take it out. */
	struct client_apc *apc = make_one(step, id);

	if (IS_ERR(apc))
		return PTR_ERR(apc);
	if (!insert(apc, step)) {
		/* The thread has ended: no routine is called (rule 3.1). */
		xa_erase(&apcs, id);
		free_apc(apc);
		return 0;
	}
	/*
	 * For another thread it may have run by now, and be gone. One's own runs
	 * at the end of the system call.
	 */
	if (step->flags & CLIENT_TWICE && !step->target)
		return 1 + insert(apc, step);
	return 1;
}

/* [insert end] */

s64 client_insert(const struct client_step *step)
{
	s64 result, inserted = 0;
	u32 i = 0;

	do {
		result = insert_one(step, step->id + i);
		if (result < 0)
			return result;
		inserted += result;
	} while (++i < step->count);
	return inserted;
}

/* In two steps: between them the thread may attach, or come back. */
s64 client_make(const struct client_step *step)
{
	return PTR_ERR_OR_ZERO(make_one(step, step->id));
}

s64 client_insert_made(const struct client_step *step)
{
	/* Nobody else knows of it yet. */
	struct client_apc *apc = xa_load(&apcs, step->id);

	if (!apc)
		return -ESRCH;
	if (insert(apc, step))
		return 1;
	xa_erase(&apcs, step->id);
	free_apc(apc);
	return 0;
}

/* Those that were made and never inserted; there are no others any more. */
void client_free_made(void)
{
	struct client_apc *apc;
	unsigned long id;

	xa_for_each(&apcs, id, apc)
		free_apc(apc);
	xa_destroy(&apcs);
}

/* [remove] */
s64 client_remove(const struct client_step *step)
{
	struct client_apc *apc;
	bool removed;

	/* With the lock held no routine can free it: see kernel_routine(). */
	xa_lock(&apcs);
	apc = xa_load(&apcs, step->id);
	removed = apc && ntapc_kapc_remove(&apc->kapc);
	if (removed)
		__xa_erase(&apcs, step->id);
	xa_unlock(&apcs);
	/* It will never run, so that nobody else frees it. */
	if (removed)
		free_apc(apc);
	return removed;
}

/* [remove end] */
