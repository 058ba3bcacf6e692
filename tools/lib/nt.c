// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: APCs, waits, handles. Threads are in nt-thread.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

#define HANDLE_TAG_BITS	3
#define NT_EPOCH	INT64_C(116444736000000000)

_Static_assert(sizeof(APC_CALLBACK_DATA) == sizeof(struct ntapc_callback_data) &&
	       offsetof(APC_CALLBACK_DATA, ContextRecord) ==
	       offsetof(struct ntapc_callback_data, context), "same struct");
_Static_assert(sizeof(CONTEXT) == 1232, "as in Windows");
_Static_assert(QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC == NTAPC_QUEUE_SPECIAL &&
	       QUEUE_USER_APC_CALLBACK_DATA_CONTEXT ==
	       NTAPC_QUEUE_CALLBACK_CONTEXT, "passed on as they are");

/* The reserve object is looked up before the thread (rule 10.5). */
static NTSTATUS queue(HANDLE thread, HANDLE reserve, ULONG flags,
		      PPS_APC_ROUTINE routine, PVOID a1, PVOID a2, PVOID a3)
{
	struct object_ref r = { .fd = -1 }, t;
	union {
		PPS_APC_ROUTINE nt;
		ntapc_routine plain;
	} fn = { .nt = routine };
	NTSTATUS status;

	if (flags & ~(QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC |
		      QUEUE_USER_APC_CALLBACK_DATA_CONTEXT))
		return STATUS_INVALID_PARAMETER;
	if (reserve) {
		status = ntapc__object_get_type(reserve, OBJECT_RESERVE, 0, &r);
		if (status)
			return status;
	}
	status = ntapc__object_get_type(thread, OBJECT_THREAD,
					THREAD_SET_CONTEXT, &t);
	if (!status) {
		status = ntapc__status(ntapc_queue_ex(t.fd, flags, r.fd,
						      fn.plain, (uintptr_t)a1,
						      (uintptr_t)a2,
						      (uintptr_t)a3));
		ntapc__object_ref_put(&t);
	}
	ntapc__object_ref_put(&r);
	return status;
}

NTSTATUS NTAPI NtQueueApcThread(HANDLE ThreadHandle, PPS_APC_ROUTINE ApcRoutine,
				PVOID ApcArgument1, PVOID ApcArgument2,
				PVOID ApcArgument3)
{
	return queue(ThreadHandle, NULL, 0, ApcRoutine, ApcArgument1,
		     ApcArgument2, ApcArgument3);
}

NTSTATUS NTAPI NtQueueApcThreadEx(HANDLE ThreadHandle, HANDLE ReserveHandle,
				  PPS_APC_ROUTINE ApcRoutine, PVOID ApcArgument1,
				  PVOID ApcArgument2, PVOID ApcArgument3)
{
	ULONG_PTR reserve = (ULONG_PTR)ReserveHandle;

	return queue(ThreadHandle, (HANDLE)(reserve & ~HANDLE_TAG_BITS),
		     reserve & HANDLE_TAG_BITS, ApcRoutine, ApcArgument1,
		     ApcArgument2, ApcArgument3);
}

NTSTATUS NTAPI NtQueueApcThreadEx2(HANDLE ThreadHandle, HANDLE ReserveHandle,
				   ULONG ApcFlags, PPS_APC_ROUTINE ApcRoutine,
				   PVOID ApcArgument1, PVOID ApcArgument2,
				   PVOID ApcArgument3)
{
	return queue(ThreadHandle, ReserveHandle, ApcFlags, ApcRoutine,
		     ApcArgument1, ApcArgument2, ApcArgument3);
}

NTSTATUS NTAPI NtTestAlert(VOID)
{
	int ret = ntapc_test_alert();

	return ret < 0 ? ntapc__status(ret) : ret;
}

/*
 * Waits for @fd, or just waits if that is negative. There is no EINTR in NT: the
 * wait goes on, until the time it was to end at.
 */
static NTSTATUS wait(int fd, BOOLEAN alertable, struct nt_timeout t)
{
	unsigned int flags = t.flags | (alertable ? NTAPC_ALERTABLE : 0);
	int ret;

	if (!(t.flags & NTAPC_REALTIME) && t.ns && t.ns != NTAPC_FOREVER) {
		flags |= NTAPC_ABSOLUTE;
		if (__builtin_add_overflow(t.ns, ntapc__now_ns(), &t.ns))
			t.ns = NTAPC_FOREVER;
	}
	do {
		ret = fd < 0 ? ntapc_delay(t.ns, flags) :
			       ntapc_wait_thread(fd, t.ns, flags);
	} while (ret == -EINTR);
	return ret < 0 ? ntapc__status(ret) : ret;
}

NTSTATUS NTAPI NtDelayExecution(BOOLEAN Alertable, PLARGE_INTEGER DelayInterval)
{
	if (!DelayInterval)
		return STATUS_ACCESS_VIOLATION;
	return wait(-1, Alertable, ntapc__nt_timeout(DelayInterval->QuadPart));
}

NTSTATUS NTAPI NtWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable,
				     PLARGE_INTEGER Timeout)
{
	struct nt_timeout t = { .ns = NTAPC_FOREVER };
	struct object_ref ref;
	NTSTATUS status;

	if (Timeout)
		t = ntapc__nt_timeout(Timeout->QuadPart);
	status = ntapc__object_get(Handle, &ref);
	if (status)
		return status;
	if (ref.type == OBJECT_RESERVE) {
		status = STATUS_OBJECT_TYPE_MISMATCH;
	} else if (!(ref.access & SYNCHRONIZE)) {
		status = STATUS_ACCESS_DENIED;
	} else if (ref.type == OBJECT_PROCESS) {
		/* Our own, which never has ended while this runs. */
		status = wait(-1, Alertable, t);
		if (status == STATUS_SUCCESS)
			status = STATUS_TIMEOUT;
	} else {
		status = wait(ref.fd, Alertable, t);
	}
	ntapc__object_ref_put(&ref);
	return status;
}

NTSTATUS NTAPI NtYieldExecution(VOID)
{
	/* Whether anybody else was there to run, Linux doesn't say. */
	sched_yield();
	return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtQuerySystemTime(PLARGE_INTEGER SystemTime)
{
	struct timespec ts;

	if (!SystemTime)
		return STATUS_ACCESS_VIOLATION;
	clock_gettime(CLOCK_REALTIME, &ts);
	SystemTime->QuadPart = NT_EPOCH + ts.tv_sec * INT64_C(10000000) +
			       ts.tv_nsec / 100;
	return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtAllocateReserveObject(PHANDLE MemoryReserveHandle,
				       POBJECT_ATTRIBUTES ObjectAttributes,
				       MEMORY_RESERVE_TYPE Type)
{
	int fd;

	if (!MemoryReserveHandle)
		return STATUS_ACCESS_VIOLATION;
	*MemoryReserveHandle = NULL;
	if (Type >= MemoryReserveTypeMax)
		return STATUS_INVALID_PARAMETER;
	if (ObjectAttributes && ObjectAttributes->ObjectName)
		return STATUS_OBJECT_NAME_INVALID;
	if (Type != MemoryReserveUserApc)
		return STATUS_NOT_SUPPORTED;
	fd = ntapc__keep_off_stdio(ntapc_reserve_create());
	if (fd < 0)
		return ntapc__status(fd);
	return ntapc__object_publish(OBJECT_RESERVE, fd, 0, STANDARD_RIGHTS_ALL,
				     MemoryReserveHandle);
}

NTSTATUS NTAPI NtClose(HANDLE Handle)
{
	if (Handle == NtCurrentProcess() || Handle == NtCurrentThread())
		return STATUS_SUCCESS;
	return ntapc__handle_remove(Handle);
}

static NTSTATUS check_own_process(HANDLE handle)
{
	struct object_ref ref;
	NTSTATUS status;

	status = ntapc__object_get_type(handle, OBJECT_PROCESS, 0, &ref);
	if (!status)
		ntapc__object_ref_put(&ref);
	return status;
}

/* Is the thread one that the caller could open itself? */
static bool may_open(const struct object_ref *ref)
{
	struct ntapc_thread_info info;
	int fd;

	if (ntapc_thread_info(ref->fd, &info) || info.state & NTAPC_THREAD_EXITED)
		return false;
	fd = ntapc_thread_open(ref->tid);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Rights that the source doesn't have are granted as by opening it anew. */
static NTSTATUS duplicate(struct object_ref *ref, ACCESS_MASK access,
			  HANDLE *target)
{
	NTSTATUS status;
	int fd;

	if (access & ~ref->access && (ref->type != OBJECT_THREAD || !may_open(ref)))
		return STATUS_ACCESS_DENIED;
	if (ref->object) {
		atomic_fetch_add(&ref->object->refs, 1);
		status = ntapc__handle_insert(ref->object, access, target);
		if (status)
			ntapc__object_put(ref->object);
		return status;
	}
	fd = ref->fd;
	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (fd < 0)
			return STATUS_TOO_MANY_OPENED_FILES;
	}
	return ntapc__object_publish(ref->type, fd, ref->tid, access, target);
}

NTSTATUS NTAPI NtDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle,
				 HANDLE TargetProcessHandle,
				 PHANDLE TargetHandle, ACCESS_MASK DesiredAccess,
				 ULONG HandleAttributes, ULONG Options)
{
	struct object_ref ref;
	NTSTATUS status;
	HANDLE target;

	(void)HandleAttributes;
	if (Options & ~(DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS |
			DUPLICATE_SAME_ATTRIBUTES))
		return STATUS_INVALID_PARAMETER;
	status = check_own_process(SourceProcessHandle);
	if (status)
		return status;
	if (TargetHandle) {
		*TargetHandle = NULL;
		status = check_own_process(TargetProcessHandle);
	}
	if (!status)
		status = ntapc__object_get(SourceHandle, &ref);
	if (!status) {
		if (TargetHandle) {
			ACCESS_MASK access = ref.access;

			if (!(Options & DUPLICATE_SAME_ACCESS))
				access = ref.type == OBJECT_THREAD ?
					 ntapc__thread_access(DesiredAccess) :
					 DesiredAccess;
			status = duplicate(&ref, access, &target);
			if (!status)
				*TargetHandle = target;
		}
		ntapc__object_ref_put(&ref);
	}
	/* Closed also when nothing was duplicated. */
	if (Options & DUPLICATE_CLOSE_SOURCE) {
		NTSTATUS closed = NtClose(SourceHandle);

		if (!status)
			status = closed;
	}
	return status;
}
