// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * kernel32's face of the native API: errors, APCs, threads, handles.
 */
#include <stdlib.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"
#include "ntapc/win32.h"

#define NS_PER_MS	1000000
#define DEFAULT_STACK	(8 * 1024 * 1024)

struct win32_start {
	LPTHREAD_START_ROUTINE routine;
	LPVOID parameter;
};

/* Whether it went well; if not, the last error says why. */
BOOL ntapc__done(NTSTATUS status)
{
	if (NT_SUCCESS(status))
		return TRUE;
	SetLastError(RtlNtStatusToDosError(status));
	return FALSE;
}

DWORD WINAPI GetLastError(VOID)
{
	return ntapc__tls.last_error;
}

VOID WINAPI SetLastError(DWORD dwErrCode)
{
	ntapc__tls.last_error = dwErrCode;
}

/*
 * Rule 10.4. The kernel sees three opaque arguments; two more than the routine
 * takes do no harm in this calling convention, so no dispatcher is in between.
 */
DWORD WINAPI QueueUserAPC(PAPCFUNC pfnAPC, HANDLE hThread, ULONG_PTR dwData)
{
	return QueueUserAPC2(pfnAPC, hThread, dwData, QUEUE_USER_APC_FLAGS_NONE);
}

BOOL WINAPI QueueUserAPC2(PAPCFUNC ApcRoutine, HANDLE Thread, ULONG_PTR Data,
			  QUEUE_USER_APC_FLAGS Flags)
{
	union {
		PAPCFUNC win32;
		PPS_APC_ROUTINE nt;
	} routine = { .win32 = ApcRoutine };

	return ntapc__done(NtQueueApcThreadEx2(Thread, NULL, Flags, routine.nt,
					       (PVOID)Data, NULL, NULL));
}

static void *win32_thread_main(void *arg)
{
	struct win32_start start = *(struct win32_start *)arg;

	free(arg);
	ntapc_set_exit_status(start.routine(start.parameter));
	return NULL;
}

/* A size that isn't said to be the reservation is what is committed at first. */
static SIZE_T stack_to_reserve(SIZE_T size, DWORD flags)
{
	if (flags & STACK_SIZE_PARAM_IS_A_RESERVATION || size > DEFAULT_STACK)
		return size;
	return 0;
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES lpThreadAttributes,
			   SIZE_T dwStackSize,
			   LPTHREAD_START_ROUTINE lpStartAddress,
			   LPVOID lpParameter, DWORD dwCreationFlags,
			   LPDWORD lpThreadId)
{
	bool suspended = dwCreationFlags & CREATE_SUSPENDED;
	struct win32_start *start;
	struct object thread;
	NTSTATUS status;
	HANDLE handle;

	(void)lpThreadAttributes;
	start = malloc(sizeof(*start));
	if (!start) {
		ntapc__done(STATUS_NO_MEMORY);
		return NULL;
	}
	start->routine = lpStartAddress;
	start->parameter = lpParameter;
	status = ntapc__nt_create_thread(win32_thread_main, start,
					 stack_to_reserve(dwStackSize,
							  dwCreationFlags),
					 suspended, &thread);
	if (!ntapc__done(status)) {
		free(start);
		return NULL;
	}
	thread.access = THREAD_ALL_ACCESS;
	if (!ntapc__done(ntapc__nt_publish_thread(&thread, suspended, &handle)))
		return NULL;
	if (lpThreadId)
		*lpThreadId = thread.tid;
	return handle;
}

HANDLE WINAPI OpenThread(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 DWORD dwThreadId)
{
	CLIENT_ID id = { .UniqueThread = ULongToHandle(dwThreadId) };
	HANDLE handle;

	(void)bInheritHandle;
	if (!ntapc__done(NtOpenThread(&handle, dwDesiredAccess, NULL, &id)))
		return NULL;
	return handle;
}

HANDLE WINAPI GetCurrentThread(VOID)
{
	return NtCurrentThread();
}

DWORD WINAPI GetCurrentThreadId(VOID)
{
	return gettid();
}

HANDLE WINAPI GetCurrentProcess(VOID)
{
	return NtCurrentProcess();
}

DWORD WINAPI GetCurrentProcessId(VOID)
{
	return getpid();
}

DWORD WINAPI GetThreadId(HANDLE Thread)
{
	THREAD_BASIC_INFORMATION basic;

	if (!ntapc__done(NtQueryInformationThread(Thread,
						  ThreadBasicInformation, &basic,
						  sizeof(basic), NULL)))
		return 0;
	return HandleToULong(basic.ClientId.UniqueThread);
}

BOOL WINAPI GetExitCodeThread(HANDLE hThread, LPDWORD lpExitCode)
{
	THREAD_BASIC_INFORMATION basic;

	if (!ntapc__done(NtQueryInformationThread(hThread,
						  ThreadBasicInformation, &basic,
						  sizeof(basic), NULL)))
		return FALSE;
	*lpExitCode = basic.ExitStatus;
	return TRUE;
}

VOID WINAPI ExitThread(DWORD dwExitCode)
{
	ntapc__nt_exit_thread(dwExitCode);
}

DWORD WINAPI SuspendThread(HANDLE hThread)
{
	ULONG count;

	return ntapc__done(NtSuspendThread(hThread, &count)) ? count : (DWORD)-1;
}

DWORD WINAPI ResumeThread(HANDLE hThread)
{
	ULONG count;

	return ntapc__done(NtResumeThread(hThread, &count)) ? count : (DWORD)-1;
}

/* Unlike in the native API no handle is an invalid one. */
BOOL WINAPI TerminateThread(HANDLE hThread, DWORD dwExitCode)
{
	if (!hThread)
		return ntapc__done(STATUS_INVALID_HANDLE);
	return ntapc__done(NtTerminateThread(hThread, dwExitCode));
}

BOOL WINAPI GetThreadContext(HANDLE hThread, PCONTEXT lpContext)
{
	return ntapc__done(NtGetContextThread(hThread, lpContext));
}

BOOL WINAPI SetThreadContext(HANDLE hThread, const CONTEXT *lpContext)
{
	return ntapc__done(NtSetContextThread(hThread, (PCONTEXT)lpContext));
}

BOOL WINAPI SwitchToThread(VOID)
{
	return NtYieldExecution() != STATUS_NO_YIELD_PERFORMED;
}

BOOL WINAPI CloseHandle(HANDLE hObject)
{
	return ntapc__done(NtClose(hObject));
}

BOOL WINAPI DuplicateHandle(HANDLE hSourceProcessHandle, HANDLE hSourceHandle,
			    HANDLE hTargetProcessHandle, LPHANDLE lpTargetHandle,
			    DWORD dwDesiredAccess, BOOL bInheritHandle,
			    DWORD dwOptions)
{
	return ntapc__done(NtDuplicateObject(hSourceProcessHandle, hSourceHandle,
					     hTargetProcessHandle,
					     lpTargetHandle, dwDesiredAccess,
					     bInheritHandle ? OBJ_INHERIT : 0,
					     dwOptions));
}

DWORD WINAPI GetTickCount(VOID)
{
	return GetTickCount64();
}

ULONGLONG WINAPI GetTickCount64(VOID)
{
	return ntapc__now_ns() / NS_PER_MS;
}
