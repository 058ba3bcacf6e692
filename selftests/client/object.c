// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispatcher objects, and waits for them.
 */
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include <linux/ntapc.h>

#include "internal.h"

static struct ntapc_object *objects[CLIENT_NR_OBJECTS];
static DEFINE_MUTEX(objects_mutex);

/* A reference to object @number, or an error. */
static struct ntapc_object *get_object(unsigned int number)
{
	struct ntapc_object *object;

	if (number >= CLIENT_NR_OBJECTS)
		return ERR_PTR(-EINVAL);
	mutex_lock(&objects_mutex);
	object = objects[number];
	if (object)
		ntapc_object_reference(object);
	mutex_unlock(&objects_mutex);
	return object ? object : ERR_PTR(-ENOENT);
}

/* Keeps @object, which may be an error, in the place of what has that number. */
static s64 keep(unsigned int number, struct ntapc_object *object)
{
	struct ntapc_object *old;

	if (IS_ERR(object))
		return PTR_ERR(object);
	if (number >= CLIENT_NR_OBJECTS) {
		ntapc_object_dereference(object);
		return -EINVAL;
	}
	mutex_lock(&objects_mutex);
	old = objects[number];
	objects[number] = object;
	mutex_unlock(&objects_mutex);
	if (old)
		ntapc_object_dereference(old);
	return 0;
}

/* [objects] */
static struct ntapc_object *make(u32 type, u32 count, u32 limit)
{
	switch (type) {
	case NTAPC_OBJECT_NOTIFICATION_EVENT:
	case NTAPC_OBJECT_SYNCHRONIZATION_EVENT:
		return ntapc_create_event(type == NTAPC_OBJECT_NOTIFICATION_EVENT,
					  count);
	case NTAPC_OBJECT_SEMAPHORE:
		return ntapc_create_semaphore(count, limit);
	case NTAPC_OBJECT_MUTANT:
		return ntapc_create_mutant();
	case NTAPC_OBJECT_NOTIFICATION_TIMER:
	case NTAPC_OBJECT_SYNCHRONIZATION_TIMER:
		return ntapc_create_timer(type == NTAPC_OBJECT_NOTIFICATION_TIMER);
	case CLIENT_MUTEX:
		return ntapc_create_mutex();
	}
	return ERR_PTR(-EINVAL);
}

/* [objects end] */

s64 client_make_object(const struct client_step *step)
{
	return keep(step->id, make(step->routine, step->arg[0], step->arg[1]));
}

s64 client_keep_object(const struct client_step *step)
{
	return keep(step->id, ntapc_object_by_fd(step->target));
}

s64 client_object_of_thread(const struct client_step *step)
{
	struct ntapc_thread *thread = client_target(step->target);
	s64 result;

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	result = keep(step->id, ntapc_object_of_thread(thread));
	/* The object stays also when the record goes. */
	ntapc_thread_dereference(thread);
	return result;
}

s64 client_object_of_process(const struct client_step *step)
{
	struct ntapc_process *process = ntapc_process_lookup(step->target);
	s64 result;

	if (IS_ERR(process))
		return PTR_ERR(process);
	result = keep(step->id, ntapc_object_of_process(process));
	ntapc_process_dereference(process);
	return result;
}

void client_drop_objects(void)
{
	unsigned int i;

	for (i = 0; i < CLIENT_NR_OBJECTS; i++) {
		if (objects[i])
			ntapc_object_dereference(objects[i]);
		objects[i] = NULL;
	}
}

static s64 release_semaphore(struct ntapc_object *object, u32 count)
{
	u32 previous;
	int err = ntapc_release_semaphore(object, count, &previous);

	return err ? err : (s64)previous;
}

static s64 set_timer(struct ntapc_object *object, const struct client_step *step)
{
	return ntapc_set_timer(object, client_interval(step), step->arg[1]);
}

static s64 operate(struct ntapc_object *object, const struct client_step *step)
{
	switch (step->op) {
	case CLIENT_SET_EVENT:
		return ntapc_set_event(object);
	case CLIENT_RESET_EVENT:
		return ntapc_reset_event(object);
	case CLIENT_PULSE_EVENT:
		return ntapc_pulse_event(object);
	case CLIENT_RELEASE_SEMAPHORE:
		return release_semaphore(object, step->count);
	case CLIENT_RELEASE_MUTANT:
		return ntapc_release_mutant(object);
	case CLIENT_SET_TIMER:
		return set_timer(object, step);
	case CLIENT_CANCEL_TIMER:
		return ntapc_cancel_timer(object);
	case CLIENT_READ_STATE:
		return ntapc_read_state(object);
	case CLIENT_OBJECT_FD:
		return ntapc_object_open_fd(object);
	}
	return -EINVAL;
}

s64 client_operate(const struct client_step *step)
{
	struct ntapc_object *object = get_object(step->id);
	bool atomic = step->flags & CLIENT_ATOMIC;
	s64 result;

	if (IS_ERR(object))
		return PTR_ERR(object);
	if (atomic)
		preempt_disable();
	result = operate(object, step);
	if (atomic)
		preempt_enable();
	ntapc_object_dereference(object);
	return result;
}

/* [waits] */
s64 client_wait_object(const struct client_step *step)
{
	struct ntapc_object *object = get_object(step->id);
	s64 timeout = client_interval(step), result;

	if (IS_ERR(object))
		return PTR_ERR(object);
	result = ntapc_wait_for_single_object(object, step->mode,
					      step->flags & CLIENT_ALERTABLE,
					      step->arg[0] == CLIENT_FOREVER ?
					      NULL : &timeout);
	ntapc_object_dereference(object);
	return result;
}

/* [waits end] */

/* References to the @step->count objects of @set, or an error. */
static s64 get_objects(const struct client_step *step,
		       struct ntapc_object **set, unsigned int *nr)
{
	for (*nr = 0; *nr < step->count; ++*nr) {
		bool again = step->flags & CLIENT_TWICE && *nr &&
			     *nr == step->count - 1;

		set[*nr] = get_object(again ? step->id : step->id + *nr);
		if (IS_ERR(set[*nr]))
			return PTR_ERR(set[*nr]);
	}
	return 0;
}

s64 client_wait_objects(const struct client_step *step)
{
	bool forever = step->arg[0] == CLIENT_FOREVER;
	s64 timeout = client_interval(step), result;
	struct ntapc_object **set;
	unsigned int i, nr;

	/* Too many may be asked for. */
	if (step->count > CLIENT_NR_OBJECTS)
		return -EINVAL;
	set = kcalloc(CLIENT_NR_OBJECTS, sizeof(*set), GFP_KERNEL);
	if (!set)
		return -ENOMEM;
	result = get_objects(step, set, &nr);
	if (!result)
		result = ntapc_wait_for_multiple_objects(nr, set,
							 step->flags & CLIENT_ALL,
							 step->mode,
							 step->flags & CLIENT_ALERTABLE,
							 forever ? NULL : &timeout);
	for (i = 0; i < nr; i++)
		ntapc_object_dereference(set[i]);
	kfree(set);
	return result;
}
