// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: waits (section 11).
 *
 * There is no EINTR in NT: a wait that a signal handler has ended goes on, until when
 * it was to end.
 */
#include <errno.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

/* A handle that is waited for, and by which descriptor. */
struct waitable {
	struct object_ref ref;
	int fd;
	bool temporary;
};

/* A relative timeout as a point in time. */
static struct nt_timeout absolute(struct nt_timeout t)
{
	if (t.flags & NTAPC_REALTIME || !t.ns || t.ns == NTAPC_FOREVER)
		return t;
	t.flags |= NTAPC_ABSOLUTE;
	if (__builtin_add_overflow(t.ns, ntapc__now_ns(), &t.ns))
		t.ns = NTAPC_FOREVER;
	return t;
}

static struct nt_timeout timeout_of(const LARGE_INTEGER *timeout)
{
	struct nt_timeout forever = { .ns = NTAPC_FOREVER };

	return timeout ? absolute(ntapc__nt_timeout(timeout->QuadPart)) : forever;
}

NTSTATUS NTAPI NtDelayExecution(BOOLEAN Alertable, PLARGE_INTEGER DelayInterval)
{
	unsigned int flags = Alertable ? NTAPC_ALERTABLE : 0;
	struct nt_timeout t;
	int ret;

	if (!DelayInterval)
		return STATUS_ACCESS_VIOLATION;
	t = timeout_of(DelayInterval);
	do {
		ret = ntapc_delay(t.ns, flags | t.flags);
	} while (ret == -EINTR);
	return ret < 0 ? ntapc__status(ret) : ret;
}

NTSTATUS NTAPI NtWaitForAlertByThreadId(PVOID Address, PLARGE_INTEGER Timeout)
{
	struct nt_timeout t = timeout_of(Timeout);
	int ret;

	(void)Address;	/* a hint for debuggers (rule 15.2) */
	do {
		ret = ntapc_wait_by_id(t.ns, t.flags);
	} while (ret == -EINTR);
	return ret < 0 ? ntapc__status(ret) : ret;
}

/* A handle of one's own process has no descriptor; it gets one for the while. */
static NTSTATUS find_fd(struct waitable *w)
{
	const struct object *object = &w->ref.object;

	w->fd = object->fd;
	w->temporary = false;
	if (object->type == OBJECT_RESERVE)
		return STATUS_OBJECT_TYPE_MISMATCH;
	if (!(object->access & SYNCHRONIZE))
		return STATUS_ACCESS_DENIED;
	if (object->type != OBJECT_PROCESS || object->fd >= 0)
		return STATUS_SUCCESS;
	w->fd = ntapc__open_pidfd(object->pid);
	w->temporary = w->fd >= 0;
	return w->fd < 0 ? ntapc__status(w->fd) : STATUS_SUCCESS;
}

static NTSTATUS waitable_get(HANDLE handle, struct waitable *w)
{
	NTSTATUS status = ntapc__object_get(handle, &w->ref);

	if (status)
		return status;
	status = find_fd(w);
	if (status)
		ntapc__object_ref_put(&w->ref);
	return status;
}

static void waitables_put(struct waitable *w, ULONG count)
{
	int saved = errno;
	ULONG i;

	for (i = 0; i < count; i++) {
		if (w[i].temporary)
			close(w[i].fd);
		ntapc__object_ref_put(&w[i].ref);
	}
	errno = saved;
}

/* What an errno of signalling an object means. */
NTSTATUS ntapc__signal_status(int err)
{
	switch (err) {
	case -EPERM:
		return STATUS_MUTANT_NOT_OWNED;
	case -EOVERFLOW:
		return STATUS_SEMAPHORE_LIMIT_EXCEEDED;
	default:
		return ntapc__status(err);
	}
}

static NTSTATUS wait_status(int ret, bool signalled)
{
	if (ret >= 0)
		return ret;
	if (!signalled)
		return ntapc__signal_status(ret);
	switch (ret) {
	case -EEXIST:
		return STATUS_INVALID_PARAMETER_MIX;
	case -EOVERFLOW:
		return STATUS_MUTANT_LIMIT_EXCEEDED;
	default:
		return ntapc__status(ret);
	}
}

/* @w has what it is for. */
static NTSTATUS wait(struct ntapc_wait *w, BOOLEAN alertable,
		     const LARGE_INTEGER *timeout)
{
	struct nt_timeout t = timeout_of(timeout);
	int ret;

	w->size = sizeof(*w);
	w->deadline = t.ns;
	if (alertable)
		w->flags |= NTAPC_WAIT_ALERTABLE;
	if (t.flags & NTAPC_REALTIME)
		w->flags |= NTAPC_WAIT_REALTIME;
	do {
		ret = ntapc__wait(w, false);
	} while (ret == -EINTR);
	return wait_status(ret, !(w->flags & NTAPC_WAIT_SIGNAL));
}

NTSTATUS NTAPI NtWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable,
				     PLARGE_INTEGER Timeout)
{
	struct ntapc_wait w = { .nr_objects = 1 };
	struct waitable object;
	NTSTATUS status;

	status = waitable_get(Handle, &object);
	if (status)
		return status;
	w.objects = (uintptr_t)&object.fd;
	status = wait(&w, Alertable, Timeout);
	waitables_put(&object, 1);
	return status;
}

/* The kernel knows all others that are there twice. */
static bool is_process_twice(const struct waitable *w, ULONG count)
{
	ULONG i, j;

	for (i = 0; i < count; i++) {
		for (j = 0; j < i; j++) {
			if (w[i].ref.object.type == OBJECT_PROCESS &&
			    w[j].ref.object.type == OBJECT_PROCESS &&
			    w[i].ref.object.pid == w[j].ref.object.pid)
				return true;
		}
	}
	return false;
}

static NTSTATUS wait_for_many(const struct waitable *w, ULONG count, bool all,
			      BOOLEAN alertable, const LARGE_INTEGER *timeout)
{
	struct ntapc_wait args = { .nr_objects = count };
	int32_t fd[MAXIMUM_WAIT_OBJECTS];
	ULONG i;

	for (i = 0; i < count; i++)
		fd[i] = w[i].fd;
	args.objects = (uintptr_t)fd;
	if (all) {
		args.flags = NTAPC_WAIT_ALL;
		if (is_process_twice(w, count))
			return STATUS_INVALID_PARAMETER_MIX;
	}
	return wait(&args, alertable, timeout);
}

NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG Count, const HANDLE *Handles,
					WAIT_TYPE WaitType, BOOLEAN Alertable,
					PLARGE_INTEGER Timeout)
{
	struct waitable w[MAXIMUM_WAIT_OBJECTS];
	NTSTATUS status = STATUS_SUCCESS;
	ULONG n = 0;

	if (!Count || Count > MAXIMUM_WAIT_OBJECTS)
		return STATUS_INVALID_PARAMETER_1;
	if (WaitType != WaitAll && WaitType != WaitAny)
		return STATUS_INVALID_PARAMETER_3;
	if (!Handles)
		return STATUS_ACCESS_VIOLATION;
	while (!status && n < Count) {
		/* Only entries of the table are looked for. */
		if (Handles[n] == NtCurrentThread() ||
		    Handles[n] == NtCurrentProcess())
			status = STATUS_INVALID_HANDLE;
		else
			status = waitable_get(Handles[n], &w[n]);
		n += !status;
	}
	if (!status)
		status = wait_for_many(w, Count, WaitType == WaitAll, Alertable,
				       Timeout);
	waitables_put(w, n);
	return status;
}

/* What signalling an object takes, by itself or before a wait. */
static NTSTATUS check_signal(const struct object *object)
{
	ACCESS_MASK access;

	switch (object->type) {
	case OBJECT_EVENT:
		access = EVENT_MODIFY_STATE;
		break;
	case OBJECT_SEMAPHORE:
		access = SEMAPHORE_MODIFY_STATE;
		break;
	case OBJECT_MUTANT:
		access = 0;
		break;
	default:
		return STATUS_OBJECT_TYPE_MISMATCH;
	}
	return access & ~object->access ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

/* Both handles are looked up before the signalled one's type (rule 11.9). */
NTSTATUS NTAPI NtSignalAndWaitForSingleObject(HANDLE SignalHandle,
					      HANDLE WaitHandle,
					      BOOLEAN Alertable,
					      PLARGE_INTEGER Timeout)
{
	struct ntapc_wait w = {
		.flags = NTAPC_WAIT_SIGNAL,
		.nr_objects = 1,
	};
	struct object_ref signal;
	struct waitable object;
	NTSTATUS status;

	status = ntapc__object_get(SignalHandle, &signal);
	if (status)
		return status;
	status = waitable_get(WaitHandle, &object);
	if (!status) {
		status = check_signal(&signal.object);
		if (!status) {
			w.signal = signal.object.fd;
			w.objects = (uintptr_t)&object.fd;
			status = wait(&w, Alertable, Timeout);
		}
		waitables_put(&object, 1);
	}
	ntapc__object_ref_put(&signal);
	return status;
}
