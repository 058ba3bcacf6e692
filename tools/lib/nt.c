// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: APCs and handles. Waits are in nt-wait.c.
 */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

#define HANDLE_TAG_BITS	3

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
	struct object_ref r = { .object.fd = -1 }, t;
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
		status = ntapc__status(ntapc_queue_ex(t.object.fd, flags,
						      r.object.fd, fn.plain,
						      (uintptr_t)a1,
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

NTSTATUS NTAPI NtYieldExecution(VOID)
{
	/* Whether anybody else was there to run, Linux doesn't say. */
	sched_yield();
	return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtQuerySystemTime(PLARGE_INTEGER SystemTime)
{
	if (!SystemTime)
		return STATUS_ACCESS_VIOLATION;
	SystemTime->QuadPart = NT_EPOCH + ntapc__realtime_ns() / NS_PER_UNIT;
	return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtAllocateReserveObject(PHANDLE MemoryReserveHandle,
				       POBJECT_ATTRIBUTES ObjectAttributes,
				       MEMORY_RESERVE_TYPE Type)
{
	struct object reserve = {
		.type = OBJECT_RESERVE,
		.access = STANDARD_RIGHTS_ALL,
	};

	if (!MemoryReserveHandle)
		return STATUS_ACCESS_VIOLATION;
	*MemoryReserveHandle = NULL;
	if (Type >= MemoryReserveTypeMax)
		return STATUS_INVALID_PARAMETER;
	if (ObjectAttributes && ObjectAttributes->ObjectName)
		return STATUS_OBJECT_NAME_INVALID;
	if (Type != MemoryReserveUserApc)
		return STATUS_NOT_SUPPORTED;
	reserve.fd = ntapc__keep_off_stdio(ntapc_reserve_create());
	if (reserve.fd < 0)
		return ntapc__status(reserve.fd);
	return ntapc__object_publish(&reserve, MemoryReserveHandle);
}

NTSTATUS NTAPI NtClose(HANDLE Handle)
{
	if (Handle == NtCurrentProcess() || Handle == NtCurrentThread())
		return STATUS_SUCCESS;
	return ntapc__handle_remove(Handle);
}

/* Is it something that the caller could open itself? */
static bool may_open(const struct object *object)
{
	int fd;

	/* Of what isn't opened by number, holding it is all that there is. */
	if (ntapc__object_is_sync(object->type) || object->type == OBJECT_FILE)
		return true;
	if (object->type == OBJECT_PROCESS)
		return ntapc__process_may_open(object);
	if (object->type != OBJECT_THREAD || ntapc__thread_has_exited(object->fd))
		return false;
	fd = ntapc_thread_open(object->tid);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Rights that the source doesn't have are granted as by opening it anew. */
static NTSTATUS duplicate(const struct object *source, ACCESS_MASK desired,
			  ULONG options, HANDLE *target)
{
	ACCESS_MASK access = source->access;

	if (!(options & DUPLICATE_SAME_ACCESS))
		access = ntapc__object_access(source->type, desired);
	if (access & ~source->access && !may_open(source))
		return STATUS_ACCESS_DENIED;
	return ntapc__object_duplicate(source, access, target);
}

NTSTATUS NTAPI NtDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle,
				 HANDLE TargetProcessHandle,
				 PHANDLE TargetHandle, ACCESS_MASK DesiredAccess,
				 ULONG HandleAttributes, ULONG Options)
{
	struct object_ref ref;
	NTSTATUS status;

	(void)HandleAttributes;
	if (Options & ~(DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS |
			DUPLICATE_SAME_ATTRIBUTES))
		return STATUS_INVALID_PARAMETER;
	status = ntapc__check_own_process(SourceProcessHandle);
	if (status)
		return status;
	if (TargetHandle) {
		*TargetHandle = NULL;
		status = ntapc__check_own_process(TargetProcessHandle);
	}
	if (!status)
		status = ntapc__object_get(SourceHandle, &ref);
	if (!status) {
		if (TargetHandle)
			status = duplicate(&ref.object, DesiredAccess, Options,
					   TargetHandle);
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
