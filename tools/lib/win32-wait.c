// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * kernel32's face of the native API: waits.
 *
 * Alerts are NT's, not Win32's: one that ends an alertable wait starts it over (rule
 * 12.9).
 */
#include <errno.h>
#include <time.h>

#include "handle.h"
#include "ntapc/win32.h"

#define MS_PER_S	1000
#define NS_PER_MS	1000000
#define UNITS_PER_MS	10000	/* of 100 ns */

/* A timeout as NT has them; @time is for it. */
PLARGE_INTEGER ntapc__timeout_from_ms(DWORD ms, PLARGE_INTEGER time)
{
	if (ms == INFINITE)
		return NULL;
	time->QuadPart = -(LONGLONG)ms * UNITS_PER_MS;
	return time;
}

/* Without the module nobody can queue anything: all that is left is the time. */
static void sleep_plain(DWORD ms)
{
	struct timespec ts = {
		.tv_sec = ms / MS_PER_S,
		.tv_nsec = ms % MS_PER_S * NS_PER_MS,
	};

	do {
		while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
			;
	} while (ms == INFINITE);
}

DWORD WINAPI SleepEx(DWORD dwMilliseconds, BOOL bAlertable)
{
	LARGE_INTEGER time, forever = { .QuadPart = INT64_MIN };
	PLARGE_INTEGER interval = ntapc__timeout_from_ms(dwMilliseconds, &time);
	NTSTATUS status;

	do {
		status = NtDelayExecution(!!bAlertable,
					  interval ? interval : &forever);
	} while (status == STATUS_ALERTED);
	if (!NT_SUCCESS(status))
		sleep_plain(dwMilliseconds);
	return status == STATUS_USER_APC ? WAIT_IO_COMPLETION : 0;
}

VOID WINAPI Sleep(DWORD dwMilliseconds)
{
	SleepEx(dwMilliseconds, FALSE);
}

static DWORD wait_result(NTSTATUS status)
{
	return ntapc__done(status) ? (DWORD)status : WAIT_FAILED;
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE hHandle, DWORD dwMilliseconds,
				   BOOL bAlertable)
{
	LARGE_INTEGER time;
	PLARGE_INTEGER timeout = ntapc__timeout_from_ms(dwMilliseconds, &time);
	NTSTATUS status;

	do {
		status = NtWaitForSingleObject(hHandle, !!bAlertable, timeout);
	} while (status == STATUS_ALERTED);
	return wait_result(status);
}

DWORD WINAPI WaitForSingleObject(HANDLE hHandle, DWORD dwMilliseconds)
{
	return WaitForSingleObjectEx(hHandle, dwMilliseconds, FALSE);
}

DWORD WINAPI WaitForMultipleObjectsEx(DWORD nCount, const HANDLE *lpHandles,
				      BOOL bWaitAll, DWORD dwMilliseconds,
				      BOOL bAlertable)
{
	LARGE_INTEGER time;
	PLARGE_INTEGER timeout = ntapc__timeout_from_ms(dwMilliseconds, &time);
	NTSTATUS status;

	do {
		status = NtWaitForMultipleObjects(nCount, lpHandles,
						  bWaitAll ? WaitAll : WaitAny,
						  !!bAlertable, timeout);
	} while (status == STATUS_ALERTED);
	return wait_result(status);
}

DWORD WINAPI WaitForMultipleObjects(DWORD nCount, const HANDLE *lpHandles,
				    BOOL bWaitAll, DWORD dwMilliseconds)
{
	return WaitForMultipleObjectsEx(nCount, lpHandles, bWaitAll,
					dwMilliseconds, FALSE);
}

/* What has been signalled stays so; it is just the wait that an alert starts over. */
DWORD WINAPI SignalObjectAndWait(HANDLE hObjectToSignal, HANDLE hObjectToWaitOn,
				 DWORD dwMilliseconds, BOOL bAlertable)
{
	LARGE_INTEGER time;
	PLARGE_INTEGER timeout = ntapc__timeout_from_ms(dwMilliseconds, &time);
	NTSTATUS status;

	status = NtSignalAndWaitForSingleObject(hObjectToSignal, hObjectToWaitOn,
						!!bAlertable, timeout);
	while (status == STATUS_ALERTED)
		status = NtWaitForSingleObject(hObjectToWaitOn, TRUE, timeout);
	return wait_result(status);
}
