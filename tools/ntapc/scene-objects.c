// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo: dispatcher objects, and who gets what of a wait for them.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/ntapc_ntsync.h>

#include "stage.h"

static _Atomic long ran, turn;

static void count_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	atomic_fetch_add(&ran, 1);
	note("  user APC runs", 0, 0);
}

static int make(unsigned int type, unsigned int count, unsigned int limit)
{
	int fd = ntapc_object_create(type, count, limit, NULL, NULL);

	if (fd < 0)
		expect(false, "an object can't be made: error %ld", -fd, 0);
	return fd;
}

static int state_of(int fd)
{
	struct ntapc_object_info info;

	return ntapc_object_info(fd, &info) ? -1 : info.state;
}

/* One wait, in which all of it is true at once (rule 11.3). */
static void what_comes_first(void)
{
	int event = make(NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0, 0);
	int self = ntapc_thread_self(), ret;

	atomic_store(&ran, 0);
	ntapc_queue(self, count_apc, 0, 0, 0);
	ntapc_alert(self);
	ntapc_event_set(event);
	note("queues an APC to itself, alerts itself, and sets an event", 0, 0);
	note("waits for the event, alertable, for 0 ms, again and again:", 0, 0);
	ret = ntapc_wait_object(event, 0, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_WAIT_0 && !ran,
	       "the object is first: WAIT_0 (0x%lx), %ld APCs have run", ret,
	       ran);
	ret = ntapc_wait_object(event, 0, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_ALERTED && !ran,
	       "then the alert: ALERTED (0x%lx), %ld APCs have run", ret, ran);
	ret = ntapc_wait_object(event, 0, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_USER_APC && ran == 1,
	       "then the APC: USER_APC (0x%lx), %ld has run", ret, ran);
	ret = ntapc_wait_object(event, 0, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_TIMEOUT,
	       "and the timeout is last: TIMEOUT (0x%lx)", ret, 0);
	close(event);
}

enum { EVENT, SEMAPHORE, MUTANT, ALL };
static int object[ALL];

static void wait_for_all(struct actor *me)
{
	int ret;

	(void)me;
	note("waits for an event, a semaphore and a mutant, for all of them", 0,
	     0);
	ret = ntapc_wait_objects(object, ALL, PATIENCE, NTAPC_ALL);
	expect(ret == NTAPC_STATUS_WAIT_0, "has all of them (0x%lx)", ret, 0);
	expect(!state_of(object[EVENT]) && !state_of(object[SEMAPHORE]) &&
	       !state_of(object[MUTANT]), "and they are taken, at once", 0, 0);
	note("ends, and doesn't release the mutant", 0, 0);
}

static void all_or_nothing(void)
{
	struct actor waiter = { .name = "waiter", .play = wait_for_all };
	int32_t previous = -1;
	int ret;

	object[EVENT] = make(NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0, 0);
	object[SEMAPHORE] = make(NTAPC_OBJECT_SEMAPHORE, 1, 5);
	object[MUTANT] = make(NTAPC_OBJECT_MUTANT, 1, 0);
	note("holds a mutant", 0, 0);
	if (!actor_enter(&waiter))
		return;
	waited_for(object[MUTANT], 1);
	ntapc_event_set(object[EVENT]);
	expect(waits(waiter.fd, false) && state_of(object[EVENT]) == 1 &&
	       state_of(object[SEMAPHORE]) == 1,
	       "two of three are signalled: nothing is taken", 0, 0);
	note("releases the mutant", 0, 0);
	ntapc_release(object[MUTANT], 1, &previous);
	actor_leave(&waiter);
	ret = ntapc_wait_object(object[MUTANT], PATIENCE, 0);
	expect(ret == NTAPC_STATUS_ABANDONED_WAIT_0,
	       "acquires the mutant, and is told: ABANDONED_WAIT_0 (0x%lx)", ret,
	       0);
	ret = ntapc_release(object[MUTANT], 1, &previous);
	expect(!ret && !previous, "releases it: it was held once", 0, 0);
	ret = ntapc_release(object[MUTANT], 1, &previous);
	expect(ret == -EPERM, "once more: %s, as it isn't its any more",
	       (long)strerrorname_np(-ret), 0);
}

static void close_all(void)
{
	int i;

	for (i = 0; i < ALL; i++)
		close(object[i]);
}

void scene_objects(void)
{
	what_comes_first();
	all_or_nothing();
	close_all();
}

/* A suspended thread doesn't wait (rules 6.3, 11.4). */
struct queuer {
	struct actor actor;
	int event;
	long turns[2];
};

static void take_two(struct actor *me)
{
	struct queuer *q = (struct queuer *)me;
	int i, ret;

	for (i = 0; i < 2; i++) {
		if (i)
			come(&me->cue);
		note("waits for the event", 0, 0);
		ret = ntapc_wait_object(q->event, PATIENCE, 0);
		q->turns[i] = atomic_fetch_add(&turn, 1) + 1;
		expect(ret == NTAPC_STATUS_WAIT_0, "gets it, as number %ld",
		       q->turns[i], 0);
		sem_post(&me->done);
	}
}

static bool enter_queue(struct queuer *q, unsigned int place)
{
	return actor_enter(&q->actor) && waited_for(q->event, place);
}

static void lose_place(struct queuer *a, struct queuer *b)
{
	note("suspends first, and resumes it", 0, 0);
	ntapc_suspend(a->actor.fd, NTAPC_SUSPEND_WAIT);
	expect(waited_for(a->event, 1), "while suspended it isn't in the queue",
	       0, 0);
	ntapc_resume(a->actor.fd, 0);
	expect(waited_for(a->event, 2), "then it is again, behind second", 0, 0);
	note("sets the event", 0, 0);
	ntapc_event_set(a->event);
	come(&b->actor.done);
	note("sets the event", 0, 0);
	ntapc_event_set(a->event);
	come(&a->actor.done);
	expect(b->turns[0] == 1 && a->turns[0] == 2,
	       "who came second was served first", 0, 0);
}

static void miss_pulse(struct queuer *a)
{
	sem_post(&a->actor.cue);
	expect(waited_for(a->event, 1), "first waits again", 0, 0);
	ntapc_suspend(a->actor.fd, NTAPC_SUSPEND_WAIT);
	note("suspends it, pulses the event, and resumes it", 0, 0);
	ntapc_event_pulse(a->event);
	ntapc_resume(a->actor.fd, 0);
	expect(waited_for(a->event, 1) && atomic_load(&turn) == 2,
	       "it has missed the pulse, and waits on", 0, 0);
	note("pulses the event", 0, 0);
	ntapc_event_pulse(a->event);
	come(&a->actor.done);
	expect(a->turns[1] == 3 && !state_of(a->event),
	       "which lets it go, and leaves the event not signalled", 0, 0);
}

static void timer_apc(uintptr_t context, uintptr_t low, uintptr_t high)
{
	uint64_t time = (uint64_t)high << 32 | low;

	/* 1970 to 2100, in units of 100 ns since 1601. */
	expect(context == 4711 && time > 116444736000000000 &&
	       time < 157469184000000000,
	       "  timer's APC runs, context %ld, time 0x%lx", context, time);
	atomic_fetch_add(&ran, 1);
}

static void timer_with_apc(void)
{
	int timer = make(NTAPC_OBJECT_NOTIFICATION_TIMER, 0, 0), ret;

	atomic_store(&ran, 0);
	ret = ntapc_timer_set(timer, 5 * MS, 0, 0, timer_apc, 4711);
	note("sets a timer with an APC, due in 5 ms, and waits, alertable", 0, 0);
	if (expect(!ret, "it wasn't signalled", 0, 0))
		ret = ntapc_delay(PATIENCE, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_USER_APC && ran == 1 && state_of(timer) == 1,
	       "USER_APC (0x%lx), and the timer is signalled", ret, 0);
	note("sets it again, waits for it, not alertable, and cancels it", 0, 0);
	ntapc_timer_set(timer, 0, 0, 0, timer_apc, 4711);
	ret = ntapc_wait_object(timer, PATIENCE, 0);
	ntapc_timer_cancel(timer);
	expect(ret == NTAPC_STATUS_WAIT_0 && !ntapc_test_alert() && ran == 1,
	       "which has taken its queued APC back", 0, 0);
	close(timer);
}

void scene_losing_place(void)
{
	int event = make(NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0, 0);
	struct queuer a = {
		.actor = { .name = "first", .play = take_two },
		.event = event,
	};
	struct queuer b = {
		.actor = { .name = "second", .play = take_two },
		.event = event,
	};

	atomic_store(&turn, 0);
	if (!enter_queue(&a, 1) || !enter_queue(&b, 2))
		return;
	lose_place(&a, &b);
	miss_pulse(&a);
	/* The other one has its second turn as well. */
	sem_post(&b.actor.cue);
	ntapc_event_set(event);
	actor_leave(&a.actor);
	actor_leave(&b.actor);
	close(event);
	timer_with_apc();
}

/* What a program for /dev/ntsync does, with /dev/ntapc open instead. */
struct client {
	struct actor actor;
	int event, alert;
};

static int ntsync_event(bool signaled)
{
	struct ntsync_event_args args = { .signaled = signaled };

	return ioctl(ntapc_instance(), NTSYNC_IOC_CREATE_EVENT, &args);
}

static int ntsync_wait(int fd, int alert, uint32_t *index)
{
	uint32_t object = fd;
	struct ntsync_wait_args args = {
		.timeout = UINT64_MAX,
		.objs = (uintptr_t)&object,
		.count = 1,
		.owner = 1,
		.alert = alert,
	};
	int ret = ioctl(ntapc_instance(), NTSYNC_IOC_WAIT_ANY, &args);

	*index = args.index;
	return ret;
}

static void wait_as_client(struct actor *me)
{
	struct client *client = (struct client *)me;
	uint32_t index = 99;
	int ret;

	note("NTSYNC_IOC_WAIT_ANY for one event, with an alert event", 0, 0);
	ret = ntsync_wait(client->event, client->alert, &index);
	expect(!ret && index == 1 && ran == 1,
	       "it has run, and the wait returns the alert's index, %ld", index,
	       0);
	sem_post(&me->done);
	ret = ntsync_wait(client->event, client->alert, &index);
	expect(!ret && !index, "waits again, and gets the event: index %ld",
	       index, 0);
}

void scene_ntsync(void)
{
	struct client client = {
		.actor = { .name = "client", .play = wait_as_client },
		.event = ntsync_event(false),
		.alert = ntsync_event(false),
	};
	struct ntsync_event_args state = { .signaled = 99 };

	atomic_store(&ran, 0);
	if (!expect(client.event >= 0 && client.alert >= 0,
		    "makes two of ntsync's events", 0, 0) ||
	    !actor_enter(&client.actor))
		return;
	expect(waited_for(client.event, 1), "sees client wait", 0, 0);
	note("queues an APC to client, and doesn't touch the alert event", 0, 0);
	ntapc_queue(client.actor.fd, count_apc, 0, 0, 0);
	come(&client.actor.done);
	ioctl(client.alert, NTSYNC_IOC_EVENT_READ, &state);
	expect(!state.signaled, "the alert event isn't signalled", 0, 0);
	expect(waited_for(client.event, 1), "sees client wait again", 0, 0);
	note("NTSYNC_IOC_EVENT_SET", 0, 0);
	ioctl(client.event, NTSYNC_IOC_EVENT_SET, &(uint32_t){ 0 });
	actor_leave(&client.actor);
	close(client.event);
	close(client.alert);
}
