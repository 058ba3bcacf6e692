// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: timers.
 */
#include "handle.h"
#include "internal.h"

NTSTATUS NTAPI NtCreateTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
			     POBJECT_ATTRIBUTES ObjectAttributes,
			     TIMER_TYPE TimerType)
{
	struct ntapc_create what = {
		.type = TimerType == NotificationTimer ?
			NTAPC_OBJECT_NOTIFICATION_TIMER :
			NTAPC_OBJECT_SYNCHRONIZATION_TIMER,
	};

	if (!TimerHandle)
		return STATUS_ACCESS_VIOLATION;
	*TimerHandle = NULL;
	if (TimerType != NotificationTimer && TimerType != SynchronizationTimer)
		return STATUS_INVALID_PARAMETER;
	return ntapc__sync_create_nt(TimerHandle, DesiredAccess, &what,
				     ObjectAttributes);
}

NTSTATUS NTAPI NtOpenTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
			   POBJECT_ATTRIBUTES ObjectAttributes)
{
	return ntapc__sync_open_nt(TimerHandle, DesiredAccess,
				   NTAPC_OBJECT_NOTIFICATION_TIMER,
				   ObjectAttributes);
}

/* Its two later arguments are the ones that the kernel gives. */
static uintptr_t routine_of(PTIMER_APC_ROUTINE routine)
{
	union {
		PTIMER_APC_ROUTINE nt;
		uintptr_t address;
	} fn = { .nt = routine };

	return fn.address;
}

NTSTATUS NTAPI NtSetTimer(HANDLE TimerHandle, PLARGE_INTEGER DueTime,
			  PTIMER_APC_ROUTINE TimerApcRoutine, PVOID TimerContext,
			  BOOLEAN ResumeTimer, LONG Period,
			  PBOOLEAN PreviousState)
{
	struct ntapc_set_timer s = {
		.size = sizeof(s),
		.period = Period,
		.routine = routine_of(TimerApcRoutine),
		.context = TimerApcRoutine ? (uintptr_t)TimerContext : 0,
	};
	struct object_ref ref;
	NTSTATUS status;

	if (!DueTime)
		return STATUS_ACCESS_VIOLATION;
	if (Period < 0)
		return STATUS_INVALID_PARAMETER_6;
	s.due = DueTime->QuadPart;
	status = ntapc__object_get_type(TimerHandle, OBJECT_TIMER,
					TIMER_MODIFY_STATE, &ref);
	if (status)
		return status;
	status = ntapc__status(ntapc__ioctl(ref.object.fd, NTAPC_IOC_SET_TIMER,
					    &s));
	ntapc__object_ref_put(&ref);
	if (status)
		return status;
	if (PreviousState)
		*PreviousState = s.previous;
	return ResumeTimer ? STATUS_TIMER_RESUME_IGNORED : STATUS_SUCCESS;
}

NTSTATUS NTAPI NtCancelTimer(HANDLE TimerHandle, PBOOLEAN CurrentState)
{
	struct ntapc_cancel_timer c = { .size = sizeof(c) };
	struct object_ref ref;
	NTSTATUS status;

	status = ntapc__object_get_type(TimerHandle, OBJECT_TIMER,
					TIMER_MODIFY_STATE, &ref);
	if (status)
		return status;
	status = ntapc__status(ntapc__ioctl(ref.object.fd,
					    NTAPC_IOC_CANCEL_TIMER, &c));
	ntapc__object_ref_put(&ref);
	if (!status && CurrentState)
		*CurrentState = c.signalled;
	return status;
}

NTSTATUS NTAPI NtQueryTimer(HANDLE TimerHandle,
			    TIMER_INFORMATION_CLASS TimerInformationClass,
			    PVOID TimerInformation, ULONG TimerInformationLength,
			    PULONG ReturnLength)
{
	PTIMER_BASIC_INFORMATION basic = TimerInformation;
	struct ntapc_object_info info;
	NTSTATUS status;

	if (TimerInformationClass != TimerBasicInformation)
		return STATUS_INVALID_INFO_CLASS;
	status = ntapc__query_check(basic, TimerInformationLength,
				    sizeof(*basic));
	if (!status)
		status = ntapc__sync_query(TimerHandle, OBJECT_TIMER,
					   TIMER_QUERY_STATE, &info);
	if (status)
		return status;
	basic->RemainingTime.QuadPart = info.remaining;
	basic->TimerState = info.state;
	if (ReturnLength)
		*ReturnLength = sizeof(*basic);
	return STATUS_SUCCESS;
}
