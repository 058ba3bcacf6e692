// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * kernel32's face of the native API: events, mutexes, semaphores, waitable timers.
 */
#include "handle.h"
#include "internal.h"
#include "ntapc/win32.h"

/*
 * What a Create function makes or opens: the last error says which. @status: of the
 * name.
 */
static HANDLE create(struct ntapc_create *what, NTSTATUS status,
		     const struct name *name)
{
	HANDLE handle;

	if (!status)
		status = ntapc__sync_create(&handle, MAXIMUM_ALLOWED, what, name,
					    true);
	if (!ntapc__done(status))
		return NULL;
	SetLastError(status == STATUS_OBJECT_NAME_EXISTS ? ERROR_ALREADY_EXISTS :
							   ERROR_SUCCESS);
	return handle;
}

static HANDLE create_a(struct ntapc_create *what, LPCSTR text)
{
	struct name name;
	NTSTATUS status = ntapc__name_from_text(text, &name);

	return create(what, status, &name);
}

static HANDLE create_w(struct ntapc_create *what, LPCWSTR text)
{
	struct name name;
	NTSTATUS status = ntapc__name_from_wide(text, &name);

	return create(what, status, &name);
}

static HANDLE open_named(DWORD access, uint32_t type, NTSTATUS status,
			 const struct name *name)
{
	HANDLE handle;

	if (!status && !name->length)
		status = STATUS_OBJECT_NAME_INVALID;
	if (!status)
		status = ntapc__sync_open(&handle, access, type, name);
	return ntapc__done(status) ? handle : NULL;
}

static HANDLE open_a(DWORD access, uint32_t type, LPCSTR text)
{
	struct name name;
	NTSTATUS status = ntapc__name_from_text(text, &name);

	return open_named(access, type, text ? status : STATUS_INVALID_PARAMETER,
			  &name);
}

static HANDLE open_w(DWORD access, uint32_t type, LPCWSTR text)
{
	struct name name;
	NTSTATUS status = ntapc__name_from_wide(text, &name);

	return open_named(access, type, text ? status : STATUS_INVALID_PARAMETER,
			  &name);
}

/* Events */

static uint32_t event_type(BOOL manual)
{
	return manual ? NTAPC_OBJECT_NOTIFICATION_EVENT :
			NTAPC_OBJECT_SYNCHRONIZATION_EVENT;
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES lpEventAttributes,
			   BOOL bManualReset, BOOL bInitialState, LPCSTR lpName)
{
	struct ntapc_create what = {
		.type = event_type(bManualReset),
		.count = !!bInitialState,
	};

	(void)lpEventAttributes;
	return create_a(&what, lpName);
}

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES lpEventAttributes,
			   BOOL bManualReset, BOOL bInitialState, LPCWSTR lpName)
{
	struct ntapc_create what = {
		.type = event_type(bManualReset),
		.count = !!bInitialState,
	};

	(void)lpEventAttributes;
	return create_w(&what, lpName);
}

HANDLE WINAPI OpenEventA(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 LPCSTR lpName)
{
	(void)bInheritHandle;
	return open_a(dwDesiredAccess, NTAPC_OBJECT_NOTIFICATION_EVENT, lpName);
}

HANDLE WINAPI OpenEventW(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 LPCWSTR lpName)
{
	(void)bInheritHandle;
	return open_w(dwDesiredAccess, NTAPC_OBJECT_NOTIFICATION_EVENT, lpName);
}

BOOL WINAPI SetEvent(HANDLE hEvent)
{
	return ntapc__done(NtSetEvent(hEvent, NULL));
}

BOOL WINAPI ResetEvent(HANDLE hEvent)
{
	return ntapc__done(NtResetEvent(hEvent, NULL));
}

BOOL WINAPI PulseEvent(HANDLE hEvent)
{
	return ntapc__done(NtPulseEvent(hEvent, NULL));
}

/* Mutexes: NT's mutants */

HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES lpMutexAttributes,
			   BOOL bInitialOwner, LPCSTR lpName)
{
	struct ntapc_create what = {
		.type = NTAPC_OBJECT_MUTANT,
		.count = !!bInitialOwner,
	};

	(void)lpMutexAttributes;
	return create_a(&what, lpName);
}

HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES lpMutexAttributes,
			   BOOL bInitialOwner, LPCWSTR lpName)
{
	struct ntapc_create what = {
		.type = NTAPC_OBJECT_MUTANT,
		.count = !!bInitialOwner,
	};

	(void)lpMutexAttributes;
	return create_w(&what, lpName);
}

HANDLE WINAPI OpenMutexA(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 LPCSTR lpName)
{
	(void)bInheritHandle;
	return open_a(dwDesiredAccess, NTAPC_OBJECT_MUTANT, lpName);
}

HANDLE WINAPI OpenMutexW(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 LPCWSTR lpName)
{
	(void)bInheritHandle;
	return open_w(dwDesiredAccess, NTAPC_OBJECT_MUTANT, lpName);
}

BOOL WINAPI ReleaseMutex(HANDLE hMutex)
{
	return ntapc__done(NtReleaseMutant(hMutex, NULL));
}

/* Semaphores */

HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
			       LONG lInitialCount, LONG lMaximumCount,
			       LPCSTR lpName)
{
	struct ntapc_create what = {
		.type = NTAPC_OBJECT_SEMAPHORE,
		.count = lInitialCount,
		.limit = lMaximumCount,
	};

	(void)lpSemaphoreAttributes;
	return create_a(&what, lpName);
}

HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
			       LONG lInitialCount, LONG lMaximumCount,
			       LPCWSTR lpName)
{
	struct ntapc_create what = {
		.type = NTAPC_OBJECT_SEMAPHORE,
		.count = lInitialCount,
		.limit = lMaximumCount,
	};

	(void)lpSemaphoreAttributes;
	return create_w(&what, lpName);
}

HANDLE WINAPI OpenSemaphoreA(DWORD dwDesiredAccess, BOOL bInheritHandle,
			     LPCSTR lpName)
{
	(void)bInheritHandle;
	return open_a(dwDesiredAccess, NTAPC_OBJECT_SEMAPHORE, lpName);
}

HANDLE WINAPI OpenSemaphoreW(DWORD dwDesiredAccess, BOOL bInheritHandle,
			     LPCWSTR lpName)
{
	(void)bInheritHandle;
	return open_w(dwDesiredAccess, NTAPC_OBJECT_SEMAPHORE, lpName);
}

BOOL WINAPI ReleaseSemaphore(HANDLE hSemaphore, LONG lReleaseCount,
			     LPLONG lpPreviousCount)
{
	return ntapc__done(NtReleaseSemaphore(hSemaphore, lReleaseCount,
					      lpPreviousCount));
}

/* Timers */

static uint32_t timer_type(BOOL manual)
{
	return manual ? NTAPC_OBJECT_NOTIFICATION_TIMER :
			NTAPC_OBJECT_SYNCHRONIZATION_TIMER;
}

HANDLE WINAPI CreateWaitableTimerA(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				   BOOL bManualReset, LPCSTR lpTimerName)
{
	struct ntapc_create what = { .type = timer_type(bManualReset) };

	(void)lpTimerAttributes;
	return create_a(&what, lpTimerName);
}

HANDLE WINAPI CreateWaitableTimerW(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				   BOOL bManualReset, LPCWSTR lpTimerName)
{
	struct ntapc_create what = { .type = timer_type(bManualReset) };

	(void)lpTimerAttributes;
	return create_w(&what, lpTimerName);
}

HANDLE WINAPI OpenWaitableTimerA(DWORD dwDesiredAccess, BOOL bInheritHandle,
				 LPCSTR lpTimerName)
{
	(void)bInheritHandle;
	return open_a(dwDesiredAccess, NTAPC_OBJECT_NOTIFICATION_TIMER,
		      lpTimerName);
}

HANDLE WINAPI OpenWaitableTimerW(DWORD dwDesiredAccess, BOOL bInheritHandle,
				 LPCWSTR lpTimerName)
{
	(void)bInheritHandle;
	return open_w(dwDesiredAccess, NTAPC_OBJECT_NOTIFICATION_TIMER,
		      lpTimerName);
}

BOOL WINAPI SetWaitableTimer(HANDLE hTimer, const LARGE_INTEGER *lpDueTime,
			     LONG lPeriod, PTIMERAPCROUTINE pfnCompletionRoutine,
			     LPVOID lpArgToCompletionRoutine, BOOL fResume)
{
	/* The high part of a time is signed there and not here: the same bits. */
	union {
		PTIMERAPCROUTINE win32;
		PTIMER_APC_ROUTINE nt;
	} routine = { .win32 = pfnCompletionRoutine };
	NTSTATUS status;

	status = NtSetTimer(hTimer, (PLARGE_INTEGER)lpDueTime, routine.nt,
			    lpArgToCompletionRoutine, !!fResume, lPeriod, NULL);
	if (status == STATUS_TIMER_RESUME_IGNORED)
		SetLastError(ERROR_NOT_SUPPORTED);
	return ntapc__done(status);
}

BOOL WINAPI CancelWaitableTimer(HANDLE hTimer)
{
	return ntapc__done(NtCancelTimer(hTimer, NULL));
}
