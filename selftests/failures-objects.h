/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that failures.c has fail: on dispatcher objects, and what makes them.
 */
#ifndef NTAPC_SELFTESTS_FAILURES_OBJECTS_H
#define NTAPC_SELFTESTS_FAILURES_OBJECTS_H

/* Objects that are made */

static bool prepare_create_event(struct call *call)
{
	return ARGS(dev, ntapc_create, .type = NTAPC_OBJECT_NOTIFICATION_EVENT);
}

static bool prepare_create_mutant(struct call *call)
{
	return ARGS(dev, ntapc_create, .type = NTAPC_OBJECT_MUTANT,
		    .count = 1);
}

static bool prepare_create_timer(struct call *call)
{
	return ARGS(dev, ntapc_create,
		    .type = NTAPC_OBJECT_SYNCHRONIZATION_TIMER);
}

static const char name[] = "a name that is too long for the smallest slabs";

static bool prepare_create_named(struct call *call)
{
	return ARGS(dev, ntapc_create, .type = NTAPC_OBJECT_SEMAPHORE,
		    .limit = 1, .name = ADDR(name),
		    .name_length = sizeof(name));
}

static int open_name(void)
{
	return create_named(dev, NTAPC_OBJECT_SEMAPHORE, NTAPC_CREATE_OPEN, 0,
			    name, sizeof(name), NULL);
}

static bool unchanged_name(void)
{
	return open_name() == -ENOENT;
}

static bool done_create_named(long ret)
{
	int again = open_name();

	return again >= 0 && !RESULT(ntapc_create)->existed &&
	       !close(again) && !close(ret) && unchanged_name();
}

static int named = -1;

static bool prepare_create_existing(struct call *call)
{
	if (named < 0)
		named = create_named(dev, NTAPC_OBJECT_SEMAPHORE, 0, 1, name,
				     sizeof(name), NULL);
	return named >= 0 && prepare_create_named(call);
}

static bool prepare_open_named(struct call *call)
{
	return prepare_create_existing(call) &&
	       ARGS(dev, ntapc_create, .type = NTAPC_OBJECT_SEMAPHORE,
		    .flags = NTAPC_CREATE_OPEN, .name = ADDR(name),
		    .name_length = sizeof(name));
}

static bool done_existing(long ret)
{
	bool existed = RESULT(ntapc_create)->existed;

	close(named);
	named = -1;
	return existed && !close(ret) && unchanged_name();
}

/* Objects */

static bool prepare_event_set(struct call *call)
{
	return ARGS(object[EVENT], ntapc_event, .op = NTAPC_EVENT_SET);
}

static bool done_event_set(long ret)
{
	return !ret && !RESULT(ntapc_event)->previous &&
	       reset_event(object[EVENT]) == 1;
}

static bool prepare_event_reset(struct call *call)
{
	return set_event(object[EVENT]) >= 0 &&
	       ARGS(object[EVENT], ntapc_event, .op = NTAPC_EVENT_RESET);
}

static bool done_event_reset(long ret)
{
	return !ret && RESULT(ntapc_event)->previous == 1 &&
	       !is_set(object[EVENT]);
}

static bool prepare_release(struct call *call)
{
	return ARGS(object[SEMAPHORE], ntapc_release, .count = 1);
}

static bool done_release(long ret)
{
	return !ret && RESULT(ntapc_release)->previous == 1 &&
	       !try_one(object[SEMAPHORE]);
}

static bool prepare_release_mutant(struct call *call)
{
	return ARGS(own_mutant(), ntapc_release, .count = 1);
}

static bool unchanged_mutant(void)
{
	return object_bits(own_mutant()) & NTAPC_OBJECT_OWNED_BY_CALLER;
}

static bool done_release_mutant(long ret)
{
	return !ret && !unchanged_mutant() && !try_one(own_mutant());
}

static int timer = -1;

/* A timer that has never been set. */
static bool have_timer(void)
{
	if (timer >= 0)
		close(timer);
	timer = create_timer(dev, true);
	return timer >= 0;
}

static bool prepare_set_timer(struct call *call)
{
	return have_timer() &&
	       ARGS(timer, ntapc_set_timer, .due = MS_FROM_NOW(HOUR / NS_PER_MS),
		    .routine = ADDR(log_apc));
}

static bool unchanged_set_timer(void)
{
	return !(object_bits(timer) & NTAPC_OBJECT_TIMER_SET) &&
	       !nr_pending(own_thread());
}

static bool done_set_timer(long ret)
{
	return !ret && cancel_timer(timer, NULL) == 1 && !close(timer) &&
	       (timer = -1);
}

static bool prepare_set_timer_now(struct call *call)
{
	return have_timer() &&
	       ARGS(timer, ntapc_set_timer, .due = 0,
		    .routine = ADDR(log_apc));
}

static bool done_set_timer_now(long ret)
{
	return done_queue(ret) && is_set(timer) && !close(timer) && (timer = -1);
}

static bool prepare_cancel_timer(struct call *call)
{
	return (timer >= 0 || have_timer()) &&
	       set_timer(timer, MS_FROM_NOW(HOUR / NS_PER_MS)) >= 0 &&
	       ARGS(timer, ntapc_cancel_timer, .was_set = 0);
}

static bool done_cancel_timer(long ret)
{
	return !ret && RESULT(ntapc_cancel_timer)->was_set == 1 &&
	       !close(timer) && (timer = -1);
}

static bool prepare_object_info(struct call *call)
{
	return ARGS(object[SEMAPHORE], ntapc_object_info, .limit = 0);
}

static bool done_object_info(long ret)
{
	return !ret && RESULT(ntapc_object_info)->limit == 4;
}

/* What ntsync's ioctls make, and do */

static bool prepare_nt_create_sem(struct call *call)
{
	return NT_ARGS(dev, struct ntsync_sem_args, .count = 1, .max = 2);
}

static bool prepare_nt_create_mutex(struct call *call)
{
	return NT_ARGS(dev, struct ntsync_mutex_args, .owner = 0);
}

static bool prepare_nt_create_event(struct call *call)
{
	return NT_ARGS(dev, struct ntsync_event_args, .manual = 1);
}

#define NT_WAIT(fds, nr, ...)						\
	NT_ARGS(dev, struct ntsync_wait_args, .objs = ADDR(fds),	\
		.count = (nr), .owner = OWNER, ##__VA_ARGS__)

static bool prepare_nt_any(struct call *call)
{
	return !event_do(nt_many[MANY - 1], NTSYNC_IOC_EVENT_SET, NULL) &&
	       NT_WAIT(nt_many, MANY, .alert = object[NT_EVENT]);
}

static bool unchanged_nt_any(void)
{
	return nr_set(nt_many, MANY) == 1;
}

static bool done_nt_any(long ret)
{
	return !ret && !nr_set(nt_many, MANY) &&
	       ((struct ntsync_wait_args *)args)->index == MANY - 1;
}

static bool prepare_nt_all(struct call *call)
{
	return set_all(nt_many, NTSYNC_IOC_EVENT_SET) &&
	       NT_WAIT(nt_many, MANY);
}

static bool unchanged_nt_all(void)
{
	return nr_set(nt_many, MANY) == MANY;
}

static bool done_nt_all(long ret)
{
	return !ret && !nr_set(nt_many, MANY);
}

static bool prepare_nt_release(struct call *call)
{
	return NT_ARGS(object[NT_SEM], __u32, 1);
}

static bool done_nt_release(long ret)
{
	__u32 index;

	return !ret && *(__u32 *)args == 1 &&
	       !ANY(dev, OWNER, &index, object[NT_SEM]);
}

/* Whose the mutex is. */
static __u32 nt_owner(void)
{
	return object_owner(object[NT_MUTEX]);
}

static bool nt_acquire(void)
{
	__u32 index;
	int ret;

	if (nt_owner() == OWNER)
		return true;
	ret = ANY(dev, OWNER, &index, object[NT_MUTEX]);
	return !ret || ret == -EOWNERDEAD;
}

static bool prepare_nt_unlock(struct call *call)
{
	return nt_acquire() &&
	       NT_ARGS(object[NT_MUTEX], struct ntsync_mutex_args,
		       .owner = OWNER);
}

static bool prepare_nt_kill(struct call *call)
{
	return nt_acquire() && NT_ARGS(object[NT_MUTEX], __u32, OWNER);
}

static bool done_nt_free(long ret)
{
	return !ret && !nt_owner();
}

static bool prepare_nt_event(struct call *call)
{
	return NT_ARGS(object[NT_EVENT], __u32, 9);
}

static bool done_nt_set(long ret)
{
	return !ret && is_set(object[NT_EVENT]) && !*(__u32 *)args &&
	       !event_do(object[NT_EVENT], NTSYNC_IOC_EVENT_RESET, NULL);
}

static bool done_nt_not_set(long ret)
{
	return !ret && !is_set(object[NT_EVENT]) && !*(__u32 *)args;
}

static bool prepare_nt_sem_read(struct call *call)
{
	return NT_ARGS(object[NT_SEM], struct ntsync_sem_args, .count = 9);
}

static bool done_nt_sem_read(long ret)
{
	return !ret && ((struct ntsync_sem_args *)args)->max == 4;
}

/* After the tests of NTSYNC_IOC_MUTEX_KILL it is abandoned. */
static bool prepare_nt_mutex_read(struct call *call)
{
	return nt_acquire() &&
	       NT_ARGS(object[NT_MUTEX], struct ntsync_mutex_args, .owner = 0);
}

static bool done_nt_mutex_read(long ret)
{
	return !ret && ((struct ntsync_mutex_args *)args)->owner == OWNER &&
	       !mutex_unlock(object[NT_MUTEX], OWNER, NULL);
}

static bool prepare_nt_event_read(struct call *call)
{
	return NT_ARGS(object[NT_EVENT], struct ntsync_event_args, .manual = 0);
}

static bool done_nt_event_read(long ret)
{
	return !ret && ((struct ntsync_event_args *)args)->manual == 1;
}

#endif
