/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libntapc: kernel32's names, types, values and signatures.
 *
 * Each function does what its namesake does in Windows, as far as ntapc has it.
 *
 * Copyright (C) 2026 the ntapc authors
 */
#ifndef NTAPC_WIN32_H
#define NTAPC_WIN32_H

#include <ntapc/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _SECURITY_ATTRIBUTES {
	DWORD nLength;
	LPVOID lpSecurityDescriptor;
	BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef DWORD (WINAPI *PTHREAD_START_ROUTINE)(LPVOID lpThreadParameter);
typedef PTHREAD_START_ROUTINE LPTHREAD_START_ROUTINE;
typedef VOID (CALLBACK *PAPCFUNC)(ULONG_PTR Parameter);
typedef VOID (APIENTRY *PTIMERAPCROUTINE)(LPVOID lpArgToCompletionRoutine,
					  DWORD dwTimerLowValue,
					  DWORD dwTimerHighValue);

#ifndef STATUS_WAIT_0
#define STATUS_WAIT_0		0x00000000
#define STATUS_ABANDONED_WAIT_0	0x00000080
#define STATUS_USER_APC		0x000000C0
#define STATUS_TIMEOUT		0x00000102
#define STATUS_PENDING		0x00000103
#endif

#define INFINITE		0xffffffffu
#define WAIT_OBJECT_0		0x00000000u
#define WAIT_ABANDONED		0x00000080u
#define WAIT_ABANDONED_0	0x00000080u
#define WAIT_IO_COMPLETION	0x000000c0u
#define WAIT_TIMEOUT		258u
#define WAIT_FAILED		0xffffffffu
#define STILL_ACTIVE		259u

#define CREATE_SUSPENDED			0x00000004
#define STACK_SIZE_PARAM_IS_A_RESERVATION	0x00010000

#define NO_ERROR			0u
#define ERROR_SUCCESS			0u
#define ERROR_INVALID_FUNCTION		1u
#define ERROR_FILE_NOT_FOUND		2u
#define ERROR_PATH_NOT_FOUND		3u
#define ERROR_TOO_MANY_OPEN_FILES	4u
#define ERROR_ACCESS_DENIED		5u
#define ERROR_INVALID_HANDLE		6u
#define ERROR_NOT_ENOUGH_MEMORY		8u
#define ERROR_BAD_LENGTH		24u
#define ERROR_GEN_FAILURE		31u
#define ERROR_NOT_SUPPORTED		50u
#define ERROR_INVALID_PARAMETER		87u
#define ERROR_INVALID_NAME		123u
#define ERROR_SIGNAL_REFUSED		156u
#define ERROR_BAD_PATHNAME		161u
#define ERROR_ALREADY_EXISTS		183u
#define ERROR_FILENAME_EXCED_RANGE	206u
#define ERROR_MORE_DATA			234u
#define ERROR_NOT_OWNER			288u
#define ERROR_TOO_MANY_POSTS		298u
#define ERROR_PARTIAL_COPY		299u
#define ERROR_MR_MID_NOT_FOUND		317u
#define ERROR_INVALID_ADDRESS		487u
#define ERROR_MUTANT_LIMIT_EXCEEDED	587u
#define ERROR_OBJECT_NAME_EXISTS	698u
#define ERROR_NO_YIELD_PERFORMED	721u
#define ERROR_ABANDONED_WAIT_0		735u
#define ERROR_USER_APC			737u
#define ERROR_KERNEL_APC		738u
#define ERROR_ALERTED			739u
#define ERROR_IO_PENDING		997u
#define ERROR_NOACCESS			998u
#define ERROR_FILE_INVALID		1006u
#define ERROR_NO_SYSTEM_RESOURCES	1450u
#define ERROR_TIMEOUT			1460u

/* Rules 10.1 to 10.4. Needs THREAD_SET_CONTEXT. */
DWORD WINAPI QueueUserAPC(PAPCFUNC pfnAPC, HANDLE hThread, ULONG_PTR dwData);

/* Rules 10.7, 13.x. */
BOOL WINAPI QueueUserAPC2(PAPCFUNC ApcRoutine, HANDLE Thread, ULONG_PTR Data,
			  QUEUE_USER_APC_FLAGS Flags);

/* 0, or WAIT_IO_COMPLETION when APCs have run. Never touches the last error. */
DWORD WINAPI SleepEx(DWORD dwMilliseconds, BOOL bAlertable);
VOID WINAPI Sleep(DWORD dwMilliseconds);

/* Rule 14.1. */
HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES lpThreadAttributes,
			   SIZE_T dwStackSize,
			   LPTHREAD_START_ROUTINE lpStartAddress,
			   LPVOID lpParameter, DWORD dwCreationFlags,
			   LPDWORD lpThreadId);
HANDLE WINAPI OpenThread(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 DWORD dwThreadId);
HANDLE WINAPI GetCurrentThread(VOID);
DWORD WINAPI GetCurrentThreadId(VOID);
HANDLE WINAPI GetCurrentProcess(VOID);
DWORD WINAPI GetCurrentProcessId(VOID);
DWORD WINAPI GetThreadId(HANDLE Thread);
BOOL WINAPI GetExitCodeThread(HANDLE hThread, LPDWORD lpExitCode);
DECLSPEC_NORETURN VOID WINAPI ExitThread(DWORD dwExitCode);
BOOL WINAPI SwitchToThread(VOID);

/* As NtOpenProcess(), where it says what a handle is good for. */
HANDLE WINAPI OpenProcess(DWORD dwDesiredAccess, BOOL bInheritHandle,
			  DWORD dwProcessId);
DWORD WINAPI GetProcessId(HANDLE Process);

/*
 * ReadProcessMemory() needs PROCESS_VM_READ, WriteProcessMemory() PROCESS_VM_WRITE and
 * PROCESS_VM_OPERATION. The count is set, unless it is NULL, also when they fail.
 * ERROR_PARTIAL_COPY: not all of it can be accessed there, for reading maybe nothing;
 * ERROR_NOACCESS: nothing can be written there, or it is the caller's memory;
 * ERROR_ACCESS_DENIED: also of an ended process. Unlike in Windows what is
 * read-only, code for one, isn't made writable for the occasion.
 */
BOOL WINAPI ReadProcessMemory(HANDLE hProcess, LPCVOID lpBaseAddress,
			      LPVOID lpBuffer, SIZE_T nSize,
			      PSIZE_T lpNumberOfBytesRead);
BOOL WINAPI WriteProcessMemory(HANDLE hProcess, LPVOID lpBaseAddress,
			       LPCVOID lpBuffer, SIZE_T nSize,
			       PSIZE_T lpNumberOfBytesWritten);

/*
 * The size of the structure, or 0: ERROR_BAD_LENGTH, ERROR_INVALID_PARAMETER (not a
 * user's address), and so on. Needs PROCESS_QUERY_INFORMATION. What differs from
 * Windows is said where MEMORY_BASIC_INFORMATION is.
 */
SIZE_T WINAPI VirtualQueryEx(HANDLE hProcess, LPCVOID lpAddress,
			     PMEMORY_BASIC_INFORMATION lpBuffer, SIZE_T dwLength);
SIZE_T WINAPI VirtualQuery(LPCVOID lpAddress, PMEMORY_BASIC_INFORMATION lpBuffer,
			   SIZE_T dwLength);

/* Needs PROCESS_VM_WRITE. */
BOOL WINAPI FlushInstructionCache(HANDLE hProcess, LPCVOID lpBaseAddress,
				  SIZE_T dwSize);

/*
 * Rules 6.1 to 6.8. The suspend count before, or (DWORD)-1: ERROR_SIGNAL_REFUSED for
 * one too many, ERROR_ACCESS_DENIED also for a thread that ends.
 *
 * As in Windows: a thread may be suspended with any lock of the program's or the C
 * library's held, malloc()'s for one, and whoever then wants that lock waits for the
 * resumption. No function here does, but CreateThread().
 */
DWORD WINAPI SuspendThread(HANDLE hThread);
DWORD WINAPI ResumeThread(HANDLE hThread);

/* Rule 7.5. Nothing of the thread's is cleaned up, and its locks stay locked. */
BOOL WINAPI TerminateThread(HANDLE hThread, DWORD dwExitCode);

/*
 * Of a thread that was suspended: it surely is, when GetThreadContext() returns. See
 * NtGetContextThread() for the flags.
 */
BOOL WINAPI GetThreadContext(HANDLE hThread, PCONTEXT lpContext);
BOOL WINAPI SetThreadContext(HANDLE hThread, const CONTEXT *lpContext);

/*
 * Events, mutexes, semaphores and waitable timers. Names are those of <ntapc.h>, UTF-8,
 * maybe with Global\ or Local\ before them, which is all one. A backslash elsewhere:
 * ERROR_PATH_NOT_FOUND; more than 512 bytes: ERROR_FILENAME_EXCED_RANGE.
 *
 * The Create functions open what has that name already and set the last error to
 * ERROR_ALREADY_EXISTS then, else to 0; ERROR_INVALID_HANDLE: it is of another type. The
 * Open functions: ERROR_FILE_NOT_FOUND; ERROR_INVALID_PARAMETER for a NULL.
 */
HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES lpEventAttributes,
			   BOOL bManualReset, BOOL bInitialState, LPCSTR lpName);
HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES lpEventAttributes,
			   BOOL bManualReset, BOOL bInitialState, LPCWSTR lpName);
HANDLE WINAPI OpenEventA(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 LPCSTR lpName);
HANDLE WINAPI OpenEventW(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 LPCWSTR lpName);
BOOL WINAPI SetEvent(HANDLE hEvent);
BOOL WINAPI ResetEvent(HANDLE hEvent);
BOOL WINAPI PulseEvent(HANDLE hEvent);

/* ERROR_NOT_OWNER: the mutex isn't the calling thread's. */
HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES lpMutexAttributes,
			   BOOL bInitialOwner, LPCSTR lpName);
HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES lpMutexAttributes,
			   BOOL bInitialOwner, LPCWSTR lpName);
HANDLE WINAPI OpenMutexA(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 LPCSTR lpName);
HANDLE WINAPI OpenMutexW(DWORD dwDesiredAccess, BOOL bInheritHandle,
			 LPCWSTR lpName);
BOOL WINAPI ReleaseMutex(HANDLE hMutex);

/* ERROR_TOO_MANY_POSTS: past the maximum; nothing is released. */
HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
			       LONG lInitialCount, LONG lMaximumCount,
			       LPCSTR lpName);
HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
			       LONG lInitialCount, LONG lMaximumCount,
			       LPCWSTR lpName);
HANDLE WINAPI OpenSemaphoreA(DWORD dwDesiredAccess, BOOL bInheritHandle,
			     LPCSTR lpName);
HANDLE WINAPI OpenSemaphoreW(DWORD dwDesiredAccess, BOOL bInheritHandle,
			     LPCWSTR lpName);
BOOL WINAPI ReleaseSemaphore(HANDLE hSemaphore, LONG lReleaseCount,
			     LPLONG lpPreviousCount);

/*
 * The routine runs as a user APC of the thread that called SetWaitableTimer(), with the
 * time of expiry in units of 100 ns since 1601. A due time is in those, or negative from
 * now on; the period is in ms. fResume: ERROR_NOT_SUPPORTED, and success.
 */
HANDLE WINAPI CreateWaitableTimerA(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				   BOOL bManualReset, LPCSTR lpTimerName);
HANDLE WINAPI CreateWaitableTimerW(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				   BOOL bManualReset, LPCWSTR lpTimerName);
HANDLE WINAPI OpenWaitableTimerA(DWORD dwDesiredAccess, BOOL bInheritHandle,
				 LPCSTR lpTimerName);
HANDLE WINAPI OpenWaitableTimerW(DWORD dwDesiredAccess, BOOL bInheritHandle,
				 LPCWSTR lpTimerName);
BOOL WINAPI SetWaitableTimer(HANDLE hTimer, const LARGE_INTEGER *lpDueTime,
			     LONG lPeriod, PTIMERAPCROUTINE pfnCompletionRoutine,
			     LPVOID lpArgToCompletionRoutine, BOOL fResume);
BOOL WINAPI CancelWaitableTimer(HANDLE hTimer);

/* As in Windows these are the names without a letter, unless UNICODE is defined. */
#ifdef UNICODE
#define CreateEvent		CreateEventW
#define OpenEvent		OpenEventW
#define CreateMutex		CreateMutexW
#define OpenMutex		OpenMutexW
#define CreateSemaphore		CreateSemaphoreW
#define OpenSemaphore		OpenSemaphoreW
#define CreateWaitableTimer	CreateWaitableTimerW
#define OpenWaitableTimer	OpenWaitableTimerW
#else
#define CreateEvent		CreateEventA
#define OpenEvent		OpenEventA
#define CreateMutex		CreateMutexA
#define OpenMutex		OpenMutexA
#define CreateSemaphore		CreateSemaphoreA
#define OpenSemaphore		OpenSemaphoreA
#define CreateWaitableTimer	CreateWaitableTimerA
#define OpenWaitableTimer	OpenWaitableTimerA
#endif

/*
 * What can be waited for: see NtWaitForSingleObject(). WAIT_OBJECT_0 + i,
 * WAIT_ABANDONED_0 + i, WAIT_TIMEOUT; WAIT_IO_COMPLETION: alertable, and APCs have run;
 * WAIT_FAILED. Alerts aren't Win32's: they start an alertable wait anew, with all of
 * its time (rule 12.9). ERROR_INVALID_PARAMETER: not 1 to MAXIMUM_WAIT_OBJECTS, or
 * all and one twice.
 */
DWORD WINAPI WaitForSingleObject(HANDLE hHandle, DWORD dwMilliseconds);
DWORD WINAPI WaitForSingleObjectEx(HANDLE hHandle, DWORD dwMilliseconds,
				   BOOL bAlertable);
DWORD WINAPI WaitForMultipleObjects(DWORD nCount, const HANDLE *lpHandles,
				    BOOL bWaitAll, DWORD dwMilliseconds);
DWORD WINAPI WaitForMultipleObjectsEx(DWORD nCount, const HANDLE *lpHandles,
				      BOOL bWaitAll, DWORD dwMilliseconds,
				      BOOL bAlertable);

/*
 * Rule 11.9. If the signalling fails, as SetEvent(), ReleaseSemaphore() or
 * ReleaseMutex() would, nothing is waited for. After an alert only the wait is begun
 * anew.
 */
DWORD WINAPI SignalObjectAndWait(HANDLE hObjectToSignal, HANDLE hObjectToWaitOn,
				 DWORD dwMilliseconds, BOOL bAlertable);

BOOL WINAPI CloseHandle(HANDLE hObject);
BOOL WINAPI DuplicateHandle(HANDLE hSourceProcessHandle, HANDLE hSourceHandle,
			    HANDLE hTargetProcessHandle, LPHANDLE lpTargetHandle,
			    DWORD dwDesiredAccess, BOOL bInheritHandle,
			    DWORD dwOptions);

DWORD WINAPI GetLastError(VOID);
VOID WINAPI SetLastError(DWORD dwErrCode);

DWORD WINAPI GetTickCount(VOID);
ULONGLONG WINAPI GetTickCount64(VOID);

/* --- completions: files, and waits that the library does ------------------------- */

#define ERROR_HANDLE_EOF		38u
#define ERROR_NETNAME_DELETED		64u
#define ERROR_BROKEN_PIPE		109u
#define ERROR_DISK_FULL			112u
#define ERROR_OPERATION_ABORTED		995u
#define ERROR_IO_DEVICE			1117u
#define ERROR_NOT_FOUND			1168u

typedef struct _OVERLAPPED {
	ULONG_PTR Internal;	/* STATUS_PENDING, then how it ended */
	ULONG_PTR InternalHigh;	/* bytes */
	union {
		__extension__ struct {
			DWORD Offset;
			DWORD OffsetHigh;
		};
		PVOID Pointer;
	};
	HANDLE hEvent;		/* the caller's own */
} OVERLAPPED, *LPOVERLAPPED;

#define HasOverlappedIoCompleted(o)	((DWORD)(o)->Internal != STATUS_PENDING)

typedef VOID (WINAPI *LPOVERLAPPED_COMPLETION_ROUTINE)(
	DWORD dwErrorCode, DWORD dwNumberOfBytesTransfered,
	LPOVERLAPPED lpOverlapped);

/*
 * The transfer has begun when these return. When it has ended, however it did,
 * lpCompletionRoutine is queued as an ordinary user APC to the thread that has issued it:
 * it runs in that one's next alertable wait, first in first out with its others. Until
 * then buffer and OVERLAPPED have to stay. When the thread exits, what hasn't ended is
 * cancelled, and that waited for; don't terminate one.
 *
 * hFile is from ntapc_handle_from_fd(), of any descriptor. A regular file or block device
 * is read or written at the OVERLAPPED's offset, in any order, and with both its halves
 * 0xffffffff written to at its end. Of anything else a read gets what there is, as
 * soon as there is anything; reads are done in the order they were issued in, and so
 * are writes. Of such, POOL_WORKERS (256) are in progress at most, the others wait.
 *
 * The routine's error: ERROR_HANDLE_EOF at or behind the end of a file;
 * ERROR_BROKEN_PIPE where a pipe's other end is closed; ERROR_OPERATION_ABORTED;
 * ERROR_NOACCESS for the buffer; and so on.
 */
BOOL WINAPI ReadFileEx(HANDLE hFile, LPVOID lpBuffer, DWORD nNumberOfBytesToRead,
		       LPOVERLAPPED lpOverlapped,
		       LPOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);
BOOL WINAPI WriteFileEx(HANDLE hFile, LPCVOID lpBuffer,
			DWORD nNumberOfBytesToWrite, LPOVERLAPPED lpOverlapped,
			LPOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);

/*
 * What was issued with this very handle, by the calling thread or by any; with
 * lpOverlapped only that. It ends with ERROR_OPERATION_ABORTED unless it has ended
 * already, or is a regular file's and has begun. CancelIoEx() fails with
 * ERROR_NOT_FOUND if there is none.
 */
BOOL WINAPI CancelIo(HANDLE hFile);
BOOL WINAPI CancelIoEx(HANDLE hFile, LPOVERLAPPED lpOverlapped);

typedef VOID (CALLBACK *WAITORTIMERCALLBACK)(PVOID lpParameter,
					     BOOLEAN TimerOrWaitFired);

#define WT_EXECUTEDEFAULT		0x00000000
#define WT_EXECUTEINIOTHREAD		0x00000001
#define WT_EXECUTEINWAITTHREAD		0x00000004
#define WT_EXECUTEONLYONCE		0x00000008
#define WT_EXECUTELONGFUNCTION		0x00000010
#define WT_EXECUTEINPERSISTENTTHREAD	0x00000080
#define WT_TRANSFER_IMPERSONATION	0x00000100

/*
 * One of the library's threads waits for hObject, which needs SYNCHRONIZE and mustn't be
 * a pseudo handle, and has another one call Callback, or does so itself with
 * WT_EXECUTEINWAITTHREAD (then Callback has to be quick): with FALSE when it is
 * signalled, and taken as by any wait;
 * with TRUE when dwMilliseconds have passed before. Unless WT_EXECUTEONLYONCE it is
 * waited for again at once, for as long again, though not before the last call has
 * begun; calls may overlap. The other flags make no difference.
 *
 * The handle may be closed meanwhile. What was registered has to be unregistered, also
 * after its only call. In the child of a fork nothing is.
 *
 * Registering may make a thread, and takes a lock, as unregistering does.
 */
BOOL WINAPI RegisterWaitForSingleObject(PHANDLE phNewWaitObject, HANDLE hObject,
					WAITORTIMERCALLBACK Callback,
					PVOID Context, ULONG dwMilliseconds,
					ULONG dwFlags);

/*
 * From then on it isn't waited for. FALSE and ERROR_IO_PENDING: so it is, but a call is
 * still to end. CompletionEvent: an event, to be set when none is any more; or
 * INVALID_HANDLE_VALUE to wait for that, but not in a call of its own, which gets
 * ERROR_IO_PENDING. UnregisterWait() does neither.
 */
BOOL WINAPI UnregisterWait(HANDLE WaitHandle);
BOOL WINAPI UnregisterWaitEx(HANDLE WaitHandle, HANDLE CompletionEvent);

#ifdef __cplusplus
}
#endif

#endif /* NTAPC_WIN32_H */
