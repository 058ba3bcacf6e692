// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * kernel32's face of waits that somebody else does.
 *
 * Waiters, threads of the library's, wait for up to PLACES objects each, and for an
 * event of their own, which whoever changes anything sets. What is signalled is given to
 * the pool (pool.c).
 *
 * All is under one lock, which nobody holds in a wait or in a callback. No special APC
 * comes between, and who is cancelled doesn't leave it locked. A registration is
 * referenced by its handle, for as long as it is registered, and by each call of its
 * callback, from when it is due to its end. While it is watched its waiter may be about
 * to take its object, so it is unregistered only after that: otherwise an object could
 * be taken for a wait that is no more.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"
#include "ntapc/win32.h"
#include "pool.h"

#define PLACES		(NTAPC_OBJECTS_MAX - 1)
#define NS_PER_MS	1000000
#define PAUSE_MS	100

struct registration {
	struct registration *next;	/* the registered ones */
	int refs;
	struct waiter *waiter;		/* NULL: it isn't waited for any more */
	struct object_ref object;
	WAITORTIMERCALLBACK callback;
	PVOID context;
	ULONG flags;
	uint64_t span, deadline;	/* ns; NTAPC_WAIT_FOREVER: none */
	bool armed;			/* to be waited for */
	bool watched;			/* being waited for */
	bool unregistered;
	bool due;			/* a call that has yet to begin */
	BOOLEAN timed_out;		/* its argument */
	int nr_calls;			/* that have begun */
	struct object_ref completion;	/* the event to set at the end */
	bool has_completion;
	struct work work;
};

struct waiter {
	struct waiter *next;
	int control;			/* a synchronization event */
	int nr;
	struct registration *place[PLACES];
};

/* All zeros to begin with, and in the child of a fork. */
struct registry {
	pthread_mutex_t lock;
	pthread_cond_t changed;		/* something isn't watched, or called, any more */
	struct registration *first;
	struct waiter *waiters;
	int never;			/* plus 1: an event that nobody sets */
};

/* A call of a callback that the calling thread is in. */
struct call {
	struct call *outer;
	struct registration *registration;
};

static __thread struct call *calls __attribute__((tls_model("initial-exec")));
static __thread int cancel_state __attribute__((tls_model("initial-exec")));
static void *_Atomic registry_memory;

static struct registry *registry_get(void)
{
	return ntapc__own_memory(&registry_memory, sizeof(struct registry));
}

static void lock(struct registry *all)
{
	ntapc_guard_enter();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	pthread_mutex_lock(&all->lock);
}

static void unlock(struct registry *all)
{
	pthread_mutex_unlock(&all->lock);
	pthread_setcancelstate(cancel_state, NULL);
	ntapc_guard_leave();
}

/* --- objects --------------------------------------------------------------- */

static int make_event(void)
{
	return ntapc__keep_off_stdio(ntapc_object_create(
		NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0, 0, NULL, NULL));
}

static int wait_for(const int32_t *fds, unsigned int n, unsigned int flags,
		    uint64_t deadline)
{
	struct ntapc_wait w = {
		.size = sizeof(w),
		.flags = flags,
		.deadline = deadline,
		.nr_objects = n,
		.objects = (uintptr_t)fds,
	};
	int fd = ntapc_instance();

	return fd < 0 ? fd : ntapc__ioctl(fd, NTAPC_IOC_WAIT, &w);
}

/* Takes it if it is signalled. Our own process, which has no descriptor, never is. */
static int look(const struct registration *r)
{
	int32_t fd = r->object.object.fd;

	return fd < 0 ? NTAPC_STATUS_TIMEOUT : wait_for(&fd, 1, 0, 0);
}

/* 0, or why it can't be waited for. Nothing is taken, as the other never comes. */
static int try_out(struct registry *all, int fd)
{
	int32_t fds[2] = { all->never - 1, fd };
	int ret;

	if (fd < 0)
		return 0;
	if (!all->never) {
		ret = make_event();
		if (ret < 0)
			return ret;
		fds[0] = ret;
		all->never = ret + 1;
	}
	ret = wait_for(fds, 2, NTAPC_WAIT_ALL, 0);
	return ret < 0 ? ret : 0;
}

/* --- calls ----------------------------------------------------------------- */

static void put(struct registration *r)
{
	if (--r->refs)
		return;
	ntapc__object_ref_put(&r->object);
	free(r);
}

/* It isn't waited for any more. */
static void leave(struct registration *r)
{
	struct waiter *w = r->waiter;
	int i;

	r->armed = false;
	r->waiter = NULL;
	for (i = 0; w && i < w->nr; i++) {
		if (w->place[i] != r)
			continue;
		w->place[i] = w->place[--w->nr];
		return;
	}
}

/* The last call is over, or there was none. */
static void complete(struct registration *r)
{
	if (!r->has_completion)
		return;
	ntapc_event_set(r->completion.object.fd);
	ntapc__object_ref_put(&r->completion);
	r->has_completion = false;
}

/* With the lock held, which it drops meanwhile; and the caller's reference. */
static void call(struct registry *all, struct registration *r)
{
	struct call call = { .outer = calls, .registration = r };
	BOOLEAN timed_out = r->timed_out;

	r->due = false;
	r->nr_calls++;
	if (r->waiter && !r->unregistered) {
		r->armed = true;
		ntapc_event_set(r->waiter->control);
	}
	unlock(all);
	calls = &call;
	r->callback(r->context, timed_out);
	calls = call.outer;
	lock(all);
	r->nr_calls--;
	if (r->unregistered && !r->due && !r->nr_calls)
		complete(r);
	pthread_cond_broadcast(&all->changed);
	put(r);
}

static void call_in_pool(struct work *work)
{
	struct registration *r = (struct registration *)
		((char *)work - offsetof(struct registration, work));
	struct registry *all = registry_get();

	lock(all);
	call(all, r);
	unlock(all);
}

static void rearm_later(struct registration *r)
{
	r->armed = false;
	/* One more, so that it surely is later than now, with a span of 0 too. */
	if (r->span != NTAPC_WAIT_FOREVER)
		r->deadline = ntapc__now_ns() + r->span + 1;
	if (r->flags & WT_EXECUTEONLYONCE)
		leave(r);
}

/* With the lock held, which it may drop meanwhile. */
static void fire(struct registry *all, struct registration *r, BOOLEAN timed_out)
{
	r->refs++;
	r->due = true;
	r->timed_out = timed_out;
	rearm_later(r);
	if (r->flags & WT_EXECUTEINWAITTHREAD)
		call(all, r);
	else
		ntapc__pool_give(&r->work);
}

/* --- waiters --------------------------------------------------------------- */

/* What is being waited for: who[i] by fds[i]. The first one is the waiter's own. */
struct watch {
	int n;
	int32_t fds[NTAPC_OBJECTS_MAX];
	struct registration *who[NTAPC_OBJECTS_MAX];
	uint64_t deadline;
};

static void watch_begin(struct waiter *w, struct watch *watch)
{
	int i;

	watch->n = 1;
	watch->fds[0] = w->control;
	watch->deadline = NTAPC_WAIT_FOREVER;
	for (i = 0; i < w->nr; i++) {
		struct registration *r = w->place[i];

		if (!r->armed)
			continue;
		if (r->deadline < watch->deadline)
			watch->deadline = r->deadline;
		if (r->object.object.fd < 0)
			continue;
		r->watched = true;
		watch->fds[watch->n] = r->object.object.fd;
		watch->who[watch->n++] = r;
	}
}

static void watch_end(struct registry *all, struct watch *watch)
{
	int i;

	for (i = 1; i < watch->n; i++)
		watch->who[i]->watched = false;
	pthread_cond_broadcast(&all->changed);
}

/* The first of several that are signalled wins: it is to be the last one next time. */
static void move_to_end(struct waiter *w, struct registration *r)
{
	int i;

	for (i = 0; i < w->nr && w->place[i] != r; i++)
		;
	for (; i + 1 < w->nr; i++) {
		w->place[i] = w->place[i + 1];
		w->place[i + 1] = r;
	}
}

static void fire_signalled(struct registry *all, struct waiter *w,
			   struct watch *watch, int status)
{
	int i = status & ~NTAPC_STATUS_ABANDONED_WAIT_0;

	if (i < 1 || i >= watch->n)
		return;
	move_to_end(w, watch->who[i]);
	fire(all, watch->who[i], FALSE);
}

static struct registration *expired(struct waiter *w, uint64_t now)
{
	int i;

	for (i = 0; i < w->nr; i++)
		if (w->place[i]->armed && w->place[i]->deadline <= now)
			return w->place[i];
	return NULL;
}

/* Also of those the object comes before the timeout (rule 11.1). */
static void fire_expired(struct registry *all, struct waiter *w)
{
	uint64_t now = ntapc__now_ns();
	struct registration *r;
	int ret;

	while ((r = expired(w, now))) {
		ret = look(r);
		fire(all, r, ret < 0 || ret == NTAPC_STATUS_TIMEOUT);
	}
}

/* What doesn't pass: a descriptor was closed, and its number may be another file's. */
static bool is_bad(int err)
{
	return err == -EBADF || err == -EPROTOTYPE || err == -ENOTTY;
}

/* What can't be waited for any more, as its descriptor was closed, is left out. */
static bool leave_bad(struct registry *all, struct waiter *w)
{
	bool any = false;
	int i;

	for (i = w->nr - 1; i >= 0; i--) {
		if (!is_bad(try_out(all, w->place[i]->object.object.fd)))
			continue;
		leave(w->place[i]);
		any = true;
	}
	return any;
}

/* The last one stays, to be used again. */
static bool is_needed(struct registry *all, struct waiter *w)
{
	return w->nr || (all->waiters == w && !w->next);
}

static void waiter_free(struct registry *all, struct waiter *w)
{
	struct waiter **at;

	for (at = &all->waiters; *at != w; at = &(*at)->next)
		;
	*at = w->next;
	while (w->nr)
		leave(w->place[0]);
	close(w->control);
	free(w);
}

/* There is no memory, say. It needn't be there at once the next time. */
static void pause_unlocked(struct registry *all)
{
	unlock(all);
	poll(NULL, 0, PAUSE_MS);
	lock(all);
}

static void *waiter_main(void *arg)
{
	struct registry *all = registry_get();
	struct waiter *w = arg;
	struct watch watch;
	int ret;

	lock(all);
	while (is_needed(all, w)) {
		watch_begin(w, &watch);
		unlock(all);
		ret = wait_for(watch.fds, watch.n, 0, watch.deadline);
		lock(all);
		watch_end(all, &watch);
		if (ret >= 0 && ret != NTAPC_STATUS_TIMEOUT)
			fire_signalled(all, w, &watch, ret);
		else if (is_bad(ret) && !leave_bad(all, w))
			break;	/* it's its own event that has been closed */
		else if (ret < 0 && ret != -EINTR && !is_bad(ret))
			pause_unlocked(all);
		fire_expired(all, w);
	}
	waiter_free(all, w);
	unlock(all);
	return NULL;
}

static struct waiter *make_waiter(struct registry *all, int *err)
{
	struct waiter *w = calloc(1, sizeof(*w));

	*err = -ENOMEM;
	if (!w)
		return NULL;
	w->control = *err = make_event();
	if (*err < 0)
		goto free;
	*err = ntapc__own_thread(waiter_main, w);
	if (*err)
		goto close;
	/* It has to have the lock before it looks whether it is needed. */
	w->next = all->waiters;
	all->waiters = w;
	return w;
close:
	close(w->control);
free:
	free(w);
	return NULL;
}

/* --- kernel32's ------------------------------------------------------------ */

static int enter(struct registry *all, struct registration *r)
{
	struct waiter *w;
	int ret;

	ret = try_out(all, r->object.object.fd);
	for (w = all->waiters; w && w->nr == PLACES; w = w->next)
		;
	if (!ret && !w)
		w = make_waiter(all, &ret);
	if (ret)
		return ret;
	w->place[w->nr++] = r;
	r->waiter = w;
	r->armed = true;
	r->next = all->first;
	all->first = r;
	ntapc_event_set(w->control);
	return 0;
}

static NTSTATUS get_waitable(HANDLE handle, struct object_ref *ref)
{
	NTSTATUS status;

	/*
	 * As for NtWaitForMultipleObjects(). Nor could it be kept: the descriptor of
	 * the current thread is the library's own, and closed when that exits.
	 */
	if (handle == NtCurrentThread() || handle == NtCurrentProcess())
		return STATUS_INVALID_HANDLE;
	status = ntapc__object_get(handle, ref);
	if (status)
		return status;
	if (ref->object.type == OBJECT_RESERVE)
		status = STATUS_OBJECT_TYPE_MISMATCH;
	else if (!(ref->object.access & SYNCHRONIZE))
		status = STATUS_ACCESS_DENIED;
	if (status)
		ntapc__object_ref_put(ref);
	return status;
}

static struct registration *make(HANDLE object, ULONG ms, NTSTATUS *status)
{
	struct registration *r = calloc(1, sizeof(*r));

	*status = STATUS_NO_MEMORY;
	if (!r)
		return NULL;
	*status = get_waitable(object, &r->object);
	if (*status) {
		free(r);
		return NULL;
	}
	r->refs = 1;
	r->work.run = call_in_pool;
	r->span = r->deadline = NTAPC_WAIT_FOREVER;
	if (ms != INFINITE) {
		r->span = (uint64_t)ms * NS_PER_MS;
		r->deadline = ntapc__now_ns() + r->span;
	}
	return r;
}

BOOL WINAPI RegisterWaitForSingleObject(PHANDLE phNewWaitObject, HANDLE hObject,
					WAITORTIMERCALLBACK Callback,
					PVOID Context, ULONG dwMilliseconds,
					ULONG dwFlags)
{
	struct registry *all = registry_get();
	struct registration *r;
	NTSTATUS status;
	int ret;

	if (!phNewWaitObject || !Callback)
		return ntapc__done(STATUS_INVALID_PARAMETER);
	*phNewWaitObject = NULL;
	ret = all ? ntapc__pool_start() : -ENOMEM;
	if (ret)
		return ntapc__done(ntapc__status(ret));
	r = make(hObject, dwMilliseconds, &status);
	if (!r)
		return ntapc__done(status);
	r->callback = Callback;
	r->context = Context;
	r->flags = dwFlags;
	lock(all);
	/* Before the callback can be called, which may want it. */
	*phNewWaitObject = r;
	ret = enter(all, r);
	if (ret) {
		*phNewWaitObject = NULL;
		put(r);
	}
	unlock(all);
	return ntapc__done(ntapc__status(ret));
}

static bool is_own_call(const struct registration *r)
{
	const struct call *c;

	for (c = calls; c; c = c->outer)
		if (c->registration == r)
			return true;
	return false;
}

/* Finds it, and it isn't registered from then on. NULL: there is no such handle. */
static struct registration *take_out(struct registry *all, HANDLE handle)
{
	struct registration **at, *r;

	for (at = &all->first; (r = *at); at = &r->next) {
		if (r != handle)
			continue;
		*at = r->next;
		r->unregistered = true;
		r->armed = false;
		if (r->watched)
			ntapc_event_set(r->waiter->control);
		while (r->watched)
			pthread_cond_wait(&all->changed, &all->lock);
		leave(r);
		return r;
	}
	return NULL;
}

/* Returns whether no call is left. */
static bool end_calls(struct registry *all, struct registration *r, bool wait)
{
	while (wait && !is_own_call(r) && (r->due || r->nr_calls))
		pthread_cond_wait(&all->changed, &all->lock);
	return !r->due && !r->nr_calls;
}

BOOL WINAPI UnregisterWaitEx(HANDLE WaitHandle, HANDLE CompletionEvent)
{
	bool wait = CompletionEvent == INVALID_HANDLE_VALUE;
	bool event = CompletionEvent && !wait;
	struct registry *all = registry_get();
	struct object_ref completion;
	NTSTATUS status = all ? STATUS_SUCCESS : STATUS_NO_MEMORY;
	struct registration *r;

	if (!status && event)
		status = ntapc__object_get_type(CompletionEvent, OBJECT_EVENT,
						EVENT_MODIFY_STATE, &completion);
	if (status)
		return ntapc__done(status);
	lock(all);
	r = take_out(all, WaitHandle);
	if (!r) {
		status = STATUS_INVALID_HANDLE;
		if (event)
			ntapc__object_ref_put(&completion);
	} else {
		r->has_completion = event;
		if (event)
			r->completion = completion;
		if (end_calls(all, r, wait))
			complete(r);
		else
			status = STATUS_PENDING;
		put(r);
	}
	unlock(all);
	if (status != STATUS_PENDING)
		return ntapc__done(status);
	SetLastError(ERROR_IO_PENDING);
	return FALSE;
}

BOOL WINAPI UnregisterWait(HANDLE WaitHandle)
{
	return UnregisterWaitEx(WaitHandle, NULL);
}
