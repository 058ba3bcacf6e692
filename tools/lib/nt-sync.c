// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: events, semaphores and mutants, and what timers share with them.
 */
#include <errno.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

static NTSTATUS create_status(int err)
{
	switch (err) {
	case -ENOENT:
		return STATUS_OBJECT_NAME_NOT_FOUND;
	case -EPROTOTYPE:
		return STATUS_OBJECT_TYPE_MISMATCH;
	default:
		return ntapc__status(err);
	}
}

static NTSTATUS create(struct ntapc_create *what, const struct name *name,
		       int *fd)
{
	/* Without the module an instance says ENOENT, too. */
	int ret = ntapc_instance();

	if (ret < 0)
		return ntapc__status(ret);
	ret = ntapc__object_create(what, name->text, name->length);
	*fd = ntapc__keep_off_stdio(ret);
	return *fd < 0 ? create_status(*fd) : STATUS_SUCCESS;
}

static NTSTATUS publish(int fd, uint32_t type, ACCESS_MASK access,
			HANDLE *handle)
{
	struct object object = { .type = ntapc__object_type(type), .fd = fd };

	object.access = ntapc__object_access(object.type, access);
	return ntapc__object_publish(&object, handle);
}

/*
 * STATUS_OBJECT_NAME_EXISTS if it has been opened. Not to open it, the caller has to
 * ask for that: of a name that is taken the type doesn't matter then.
 */
NTSTATUS ntapc__sync_create(HANDLE *handle, ACCESS_MASK access,
			    struct ntapc_create *what, const struct name *name,
			    bool open_if)
{
	NTSTATUS status;
	int fd;

	status = create(what, name, &fd);
	if (status)
		return status == STATUS_OBJECT_TYPE_MISMATCH && !open_if ?
		       STATUS_OBJECT_NAME_COLLISION : status;
	if (what->existed && !open_if) {
		close(fd);
		return STATUS_OBJECT_NAME_COLLISION;
	}
	status = publish(fd, what->type, access, handle);
	return !status && what->existed ? STATUS_OBJECT_NAME_EXISTS : status;
}

NTSTATUS ntapc__sync_open(HANDLE *handle, ACCESS_MASK access, uint32_t type,
			  const struct name *name)
{
	struct ntapc_create what = { .type = type, .flags = NTAPC_CREATE_OPEN };
	NTSTATUS status;
	int fd;

	status = create(&what, name, &fd);
	return status ? status : publish(fd, type, access, handle);
}

NTSTATUS ntapc__sync_create_nt(PHANDLE handle, ACCESS_MASK access,
			       struct ntapc_create *what,
			       const OBJECT_ATTRIBUTES *attributes)
{
	struct name name;
	NTSTATUS status;

	status = ntapc__name_capture(attributes, &name);
	if (status)
		return status;
	return ntapc__sync_create(handle, access, what, &name,
				  attributes &&
				  attributes->Attributes & OBJ_OPENIF);
}

NTSTATUS ntapc__sync_open_nt(PHANDLE handle, ACCESS_MASK access, uint32_t type,
			     const OBJECT_ATTRIBUTES *attributes)
{
	struct name name;
	NTSTATUS status;

	if (!handle)
		return STATUS_ACCESS_VIOLATION;
	*handle = NULL;
	if (!attributes)
		return STATUS_INVALID_PARAMETER;
	status = ntapc__name_capture(attributes, &name);
	if (status)
		return status;
	if (!name.length)
		return STATUS_OBJECT_PATH_SYNTAX_BAD;
	return ntapc__sync_open(handle, access, type, &name);
}

/* What is checked before a query's handle, but for its class. */
NTSTATUS ntapc__query_check(const void *buffer, ULONG length, ULONG needed)
{
	if (length != needed)
		return STATUS_INFO_LENGTH_MISMATCH;
	return buffer ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
}

NTSTATUS ntapc__sync_query(HANDLE handle, enum object_type type,
			   ACCESS_MASK access, struct ntapc_object_info *info)
{
	struct object_ref ref;
	NTSTATUS status;

	status = ntapc__object_get_type(handle, type, access, &ref);
	if (status)
		return status;
	status = ntapc__status(ntapc_object_info(ref.object.fd, info));
	ntapc__object_ref_put(&ref);
	return status;
}

/* Events */

NTSTATUS NTAPI NtCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
			     POBJECT_ATTRIBUTES ObjectAttributes,
			     EVENT_TYPE EventType, BOOLEAN InitialState)
{
	struct ntapc_create what = {
		.type = EventType == NotificationEvent ?
			NTAPC_OBJECT_NOTIFICATION_EVENT :
			NTAPC_OBJECT_SYNCHRONIZATION_EVENT,
		.count = !!InitialState,
	};

	if (!EventHandle)
		return STATUS_ACCESS_VIOLATION;
	*EventHandle = NULL;
	if (EventType != NotificationEvent && EventType != SynchronizationEvent)
		return STATUS_INVALID_PARAMETER;
	return ntapc__sync_create_nt(EventHandle, DesiredAccess, &what,
				     ObjectAttributes);
}

NTSTATUS NTAPI NtOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
			   POBJECT_ATTRIBUTES ObjectAttributes)
{
	return ntapc__sync_open_nt(EventHandle, DesiredAccess,
				   NTAPC_OBJECT_NOTIFICATION_EVENT,
				   ObjectAttributes);
}

static NTSTATUS change_event(HANDLE handle, int (*change)(int fd),
			     PLONG previous)
{
	struct object_ref ref;
	NTSTATUS status;
	int ret;

	status = ntapc__object_get_type(handle, OBJECT_EVENT,
					EVENT_MODIFY_STATE, &ref);
	if (status)
		return status;
	ret = change(ref.object.fd);
	ntapc__object_ref_put(&ref);
	if (ret < 0)
		return ntapc__status(ret);
	if (previous)
		*previous = ret;
	return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
	return change_event(EventHandle, ntapc_event_set, PreviousState);
}

NTSTATUS NTAPI NtResetEvent(HANDLE EventHandle, PLONG PreviousState)
{
	return change_event(EventHandle, ntapc_event_reset, PreviousState);
}

NTSTATUS NTAPI NtClearEvent(HANDLE EventHandle)
{
	return change_event(EventHandle, ntapc_event_reset, NULL);
}

NTSTATUS NTAPI NtPulseEvent(HANDLE EventHandle, PLONG PreviousState)
{
	return change_event(EventHandle, ntapc_event_pulse, PreviousState);
}

NTSTATUS NTAPI NtQueryEvent(HANDLE EventHandle,
			    EVENT_INFORMATION_CLASS EventInformationClass,
			    PVOID EventInformation, ULONG EventInformationLength,
			    PULONG ReturnLength)
{
	PEVENT_BASIC_INFORMATION basic = EventInformation;
	struct ntapc_object_info info;
	NTSTATUS status;

	if (EventInformationClass != EventBasicInformation)
		return STATUS_INVALID_INFO_CLASS;
	status = ntapc__query_check(basic, EventInformationLength,
				    sizeof(*basic));
	if (!status)
		status = ntapc__sync_query(EventHandle, OBJECT_EVENT,
					   EVENT_QUERY_STATE, &info);
	if (status)
		return status;
	basic->EventType = info.type == NTAPC_OBJECT_NOTIFICATION_EVENT ?
			   NotificationEvent : SynchronizationEvent;
	basic->EventState = info.state;
	if (ReturnLength)
		*ReturnLength = sizeof(*basic);
	return STATUS_SUCCESS;
}

/* Semaphores */

NTSTATUS NTAPI NtCreateSemaphore(PHANDLE SemaphoreHandle,
				 ACCESS_MASK DesiredAccess,
				 POBJECT_ATTRIBUTES ObjectAttributes,
				 LONG InitialCount, LONG MaximumCount)
{
	struct ntapc_create what = {
		.type = NTAPC_OBJECT_SEMAPHORE,
		.count = InitialCount,
		.limit = MaximumCount,
	};

	if (!SemaphoreHandle)
		return STATUS_ACCESS_VIOLATION;
	*SemaphoreHandle = NULL;
	if (MaximumCount <= 0 || InitialCount < 0 || InitialCount > MaximumCount)
		return STATUS_INVALID_PARAMETER;
	return ntapc__sync_create_nt(SemaphoreHandle, DesiredAccess, &what,
				     ObjectAttributes);
}

NTSTATUS NTAPI NtOpenSemaphore(PHANDLE SemaphoreHandle,
			       ACCESS_MASK DesiredAccess,
			       POBJECT_ATTRIBUTES ObjectAttributes)
{
	return ntapc__sync_open_nt(SemaphoreHandle, DesiredAccess,
				   NTAPC_OBJECT_SEMAPHORE, ObjectAttributes);
}

static NTSTATUS release(HANDLE handle, enum object_type type,
			ACCESS_MASK access, LONG count, PLONG previous)
{
	struct object_ref ref;
	NTSTATUS status;

	status = ntapc__object_get_type(handle, type, access, &ref);
	if (status)
		return status;
	status = ntapc__signal_status(ntapc_release(ref.object.fd, count,
						    previous));
	ntapc__object_ref_put(&ref);
	return status;
}

NTSTATUS NTAPI NtReleaseSemaphore(HANDLE SemaphoreHandle, LONG ReleaseCount,
				  PLONG PreviousCount)
{
	if (ReleaseCount <= 0)
		return STATUS_INVALID_PARAMETER;
	return release(SemaphoreHandle, OBJECT_SEMAPHORE,
		       SEMAPHORE_MODIFY_STATE, ReleaseCount, PreviousCount);
}

NTSTATUS NTAPI NtQuerySemaphore(HANDLE SemaphoreHandle,
				SEMAPHORE_INFORMATION_CLASS SemaphoreInformationClass,
				PVOID SemaphoreInformation,
				ULONG SemaphoreInformationLength,
				PULONG ReturnLength)
{
	PSEMAPHORE_BASIC_INFORMATION basic = SemaphoreInformation;
	struct ntapc_object_info info;
	NTSTATUS status;

	if (SemaphoreInformationClass != SemaphoreBasicInformation)
		return STATUS_INVALID_INFO_CLASS;
	status = ntapc__query_check(basic, SemaphoreInformationLength,
				    sizeof(*basic));
	if (!status)
		status = ntapc__sync_query(SemaphoreHandle, OBJECT_SEMAPHORE,
					   SEMAPHORE_QUERY_STATE, &info);
	if (status)
		return status;
	basic->CurrentCount = info.state;
	basic->MaximumCount = info.limit;
	if (ReturnLength)
		*ReturnLength = sizeof(*basic);
	return STATUS_SUCCESS;
}

/* Mutants */

NTSTATUS NTAPI NtCreateMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
			      POBJECT_ATTRIBUTES ObjectAttributes,
			      BOOLEAN InitialOwner)
{
	struct ntapc_create what = {
		.type = NTAPC_OBJECT_MUTANT,
		.count = !!InitialOwner,
	};

	if (!MutantHandle)
		return STATUS_ACCESS_VIOLATION;
	*MutantHandle = NULL;
	return ntapc__sync_create_nt(MutantHandle, DesiredAccess, &what,
				     ObjectAttributes);
}

NTSTATUS NTAPI NtOpenMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
			    POBJECT_ATTRIBUTES ObjectAttributes)
{
	return ntapc__sync_open_nt(MutantHandle, DesiredAccess,
				   NTAPC_OBJECT_MUTANT, ObjectAttributes);
}

/* That it is the caller's is right enough. */
NTSTATUS NTAPI NtReleaseMutant(HANDLE MutantHandle, PLONG PreviousCount)
{
	return release(MutantHandle, OBJECT_MUTANT, 0, 1, PreviousCount);
}

static void query_mutant(const struct ntapc_object_info *info,
			 PMUTANT_BASIC_INFORMATION basic)
{
	*basic = (MUTANT_BASIC_INFORMATION){
		.CurrentCount = info->state,
		.OwnedByCaller = !!(info->flags & NTAPC_OBJECT_OWNED_BY_CALLER),
		.AbandonedState = !!(info->flags & NTAPC_OBJECT_ABANDONED),
	};
}

static void query_owner(const struct ntapc_object_info *info,
			PMUTANT_OWNER_INFORMATION owner)
{
	owner->ClientId.UniqueProcess =
		ULongToHandle(ntapc__process_of_thread(info->owner));
	owner->ClientId.UniqueThread = ULongToHandle(info->owner);
}

NTSTATUS NTAPI NtQueryMutant(HANDLE MutantHandle,
			     MUTANT_INFORMATION_CLASS MutantInformationClass,
			     PVOID MutantInformation,
			     ULONG MutantInformationLength, PULONG ReturnLength)
{
	struct ntapc_object_info info;
	NTSTATUS status;
	ULONG length;

	switch (MutantInformationClass) {
	case MutantBasicInformation:
		length = sizeof(MUTANT_BASIC_INFORMATION);
		break;
	case MutantOwnerInformation:
		length = sizeof(MUTANT_OWNER_INFORMATION);
		break;
	default:
		return STATUS_INVALID_INFO_CLASS;
	}
	status = ntapc__query_check(MutantInformation, MutantInformationLength,
				    length);
	if (!status)
		status = ntapc__sync_query(MutantHandle, OBJECT_MUTANT,
					   MUTANT_QUERY_STATE, &info);
	if (status)
		return status;
	if (MutantInformationClass == MutantBasicInformation)
		query_mutant(&info, MutantInformation);
	else
		query_owner(&info, MutantInformation);
	if (ReturnLength)
		*ReturnLength = length;
	return STATUS_SUCCESS;
}
