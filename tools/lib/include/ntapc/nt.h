/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libntapc: the native API's names, types, values and signatures.
 *
 * Each function does what its namesake does in NT, as far as ntapc has it; the
 * rules are those of Documentation/nt-semantics.rst. Where the module isn't there
 * functions return STATUS_NO_SUCH_DEVICE. A NULL where NT would fault returns
 * STATUS_ACCESS_VIOLATION, as does any bad PreviousSuspendCount; other bad pointers
 * fault.
 *
 * Copyright (C) 2026 the ntapc authors
 */
#ifndef NTAPC_NT_H
#define NTAPC_NT_H

#include <ntapc/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef LONG NTSTATUS, *PNTSTATUS;

#define NT_SUCCESS(s)		((NTSTATUS)(s) >= 0)
#define NT_INFORMATION(s)	((ULONG)(s) >> 30 == 1)
#define NT_WARNING(s)		((ULONG)(s) >> 30 == 2)
#define NT_ERROR(s)		((ULONG)(s) >> 30 == 3)

#define STATUS_SUCCESS			((NTSTATUS)0x00000000)
#ifndef STATUS_WAIT_0
#define STATUS_WAIT_0			((NTSTATUS)0x00000000)
#define STATUS_ABANDONED_WAIT_0		((NTSTATUS)0x00000080)
#define STATUS_USER_APC			((NTSTATUS)0x000000C0)
#define STATUS_TIMEOUT			((NTSTATUS)0x00000102)
#define STATUS_PENDING			((NTSTATUS)0x00000103)
#endif
#define STATUS_KERNEL_APC		((NTSTATUS)0x00000100)
#define STATUS_ALERTED			((NTSTATUS)0x00000101)
#define STATUS_OBJECT_NAME_EXISTS	((NTSTATUS)0x40000000)
#define STATUS_NO_YIELD_PERFORMED	((NTSTATUS)0x40000024)
#define STATUS_TIMER_RESUME_IGNORED	((NTSTATUS)0x40000025)
#define STATUS_BUFFER_OVERFLOW		((NTSTATUS)0x80000005)
#define STATUS_PARTIAL_COPY		((NTSTATUS)0x8000000D)
#define STATUS_UNSUCCESSFUL		((NTSTATUS)0xC0000001)
#define STATUS_NOT_IMPLEMENTED		((NTSTATUS)0xC0000002)
#define STATUS_INVALID_INFO_CLASS	((NTSTATUS)0xC0000003)
#define STATUS_INFO_LENGTH_MISMATCH	((NTSTATUS)0xC0000004)
#define STATUS_ACCESS_VIOLATION		((NTSTATUS)0xC0000005)
#define STATUS_INVALID_HANDLE		((NTSTATUS)0xC0000008)
#define STATUS_INVALID_CID		((NTSTATUS)0xC000000B)
#define STATUS_INVALID_PARAMETER	((NTSTATUS)0xC000000D)
#define STATUS_NO_SUCH_DEVICE		((NTSTATUS)0xC000000E)
#define STATUS_NO_MEMORY		((NTSTATUS)0xC0000017)
#define STATUS_ACCESS_DENIED		((NTSTATUS)0xC0000022)
#define STATUS_OBJECT_TYPE_MISMATCH	((NTSTATUS)0xC0000024)
#define STATUS_INVALID_PARAMETER_MIX	((NTSTATUS)0xC0000030)
#define STATUS_OBJECT_NAME_INVALID	((NTSTATUS)0xC0000033)
#define STATUS_OBJECT_NAME_NOT_FOUND	((NTSTATUS)0xC0000034)
#define STATUS_OBJECT_NAME_COLLISION	((NTSTATUS)0xC0000035)
#define STATUS_OBJECT_PATH_NOT_FOUND	((NTSTATUS)0xC000003A)
#define STATUS_OBJECT_PATH_SYNTAX_BAD	((NTSTATUS)0xC000003B)
#define STATUS_MUTANT_NOT_OWNED		((NTSTATUS)0xC0000046)
#define STATUS_SEMAPHORE_LIMIT_EXCEEDED	((NTSTATUS)0xC0000047)
#define STATUS_SUSPEND_COUNT_EXCEEDED	((NTSTATUS)0xC000004A)
#define STATUS_THREAD_IS_TERMINATING	((NTSTATUS)0xC000004B)
#define STATUS_FILE_INVALID		((NTSTATUS)0xC0000098)
#define STATUS_INSUFFICIENT_RESOURCES	((NTSTATUS)0xC000009A)
#define STATUS_NOT_SUPPORTED		((NTSTATUS)0xC00000BB)
#define STATUS_INVALID_PARAMETER_1	((NTSTATUS)0xC00000EF)
#define STATUS_INVALID_PARAMETER_2	((NTSTATUS)0xC00000F0)
#define STATUS_INVALID_PARAMETER_3	((NTSTATUS)0xC00000F1)
#define STATUS_INVALID_PARAMETER_4	((NTSTATUS)0xC00000F2)
#define STATUS_INVALID_PARAMETER_6	((NTSTATUS)0xC00000F4)
#define STATUS_NAME_TOO_LONG		((NTSTATUS)0xC0000106)
#define STATUS_PROCESS_IS_TERMINATING	((NTSTATUS)0xC000010A)
#define STATUS_TOO_MANY_OPENED_FILES	((NTSTATUS)0xC000011F)
#define STATUS_INVALID_ADDRESS		((NTSTATUS)0xC0000141)
#define STATUS_MUTANT_LIMIT_EXCEEDED	((NTSTATUS)0xC0000191)

typedef struct _UNICODE_STRING {
	USHORT Length;
	USHORT MaximumLength;
	PWSTR Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _OBJECT_ATTRIBUTES {
	ULONG Length;
	HANDLE RootDirectory;
	PUNICODE_STRING ObjectName;
	ULONG Attributes;
	PVOID SecurityDescriptor;
	PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

#define OBJ_INHERIT		0x00000002
#define OBJ_CASE_INSENSITIVE	0x00000040
#define OBJ_OPENIF		0x00000080

#define InitializeObjectAttributes(p, n, a, r, s)		\
	do {							\
		(p)->Length = sizeof(OBJECT_ATTRIBUTES);	\
		(p)->RootDirectory = (r);			\
		(p)->Attributes = (a);				\
		(p)->ObjectName = (n);				\
		(p)->SecurityDescriptor = (s);			\
		(p)->SecurityQualityOfService = NULL;		\
	} while (0)

/* Processes and threads go by their Linux ids, as handle-wide numbers. */
typedef struct _CLIENT_ID {
	HANDLE UniqueProcess;
	HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

typedef struct _PS_ATTRIBUTE {
	ULONG_PTR Attribute;
	SIZE_T Size;
	union {
		ULONG_PTR Value;
		PVOID ValuePtr;
	};
	PSIZE_T ReturnLength;
} PS_ATTRIBUTE, *PPS_ATTRIBUTE;

typedef struct _PS_ATTRIBUTE_LIST {
	SIZE_T TotalLength;
	PS_ATTRIBUTE Attributes[1];
} PS_ATTRIBUTE_LIST, *PPS_ATTRIBUTE_LIST;

#define PS_ATTRIBUTE_CLIENT_ID	0x00010003

typedef VOID (NTAPI *PPS_APC_ROUTINE)(PVOID ApcArgument1, PVOID ApcArgument2,
				      PVOID ApcArgument3);
typedef PPS_APC_ROUTINE PUSER_APC_ROUTINE;
typedef VOID (NTAPI *PKNORMAL_ROUTINE)(PVOID NormalContext,
				       PVOID SystemArgument1,
				       PVOID SystemArgument2);
typedef NTSTATUS (NTAPI *PUSER_THREAD_START_ROUTINE)(PVOID ThreadParameter);

typedef enum _MEMORY_RESERVE_TYPE {
	MemoryReserveUserApc,
	MemoryReserveIoCompletion,
	MemoryReserveTypeMax
} MEMORY_RESERVE_TYPE;

/* In the place of a reserve handle, whose low two bits are flags. */
typedef enum _USER_APC_OPTION_FLAGS {
	APC_FORCE_THREAD_SIGNAL = 1	/* a special user APC */
} USER_APC_OPTION_FLAGS;

typedef union _USER_APC_OPTION {
	ULONG_PTR UserApcFlags;
	HANDLE MemoryReserveHandle;
} USER_APC_OPTION, *PUSER_APC_OPTION;

#define QUEUE_USER_APC_SPECIAL_USER_APC	((HANDLE)0x1)

typedef enum _THREADINFOCLASS {
	ThreadBasicInformation = 0,
	ThreadIsTerminated = 20,
	ThreadSuspendCount = 35
} THREADINFOCLASS;

typedef enum _EVENT_TYPE {
	NotificationEvent,
	SynchronizationEvent
} EVENT_TYPE;

typedef enum _TIMER_TYPE {
	NotificationTimer,
	SynchronizationTimer
} TIMER_TYPE;

typedef enum _WAIT_TYPE {
	WaitAll,
	WaitAny
} WAIT_TYPE;

typedef VOID (NTAPI *PTIMER_APC_ROUTINE)(PVOID TimerContext,
					 ULONG TimerLowValue,
					 LONG TimerHighValue);

typedef enum _EVENT_INFORMATION_CLASS {
	EventBasicInformation
} EVENT_INFORMATION_CLASS;

typedef struct _EVENT_BASIC_INFORMATION {
	EVENT_TYPE EventType;
	LONG EventState;
} EVENT_BASIC_INFORMATION, *PEVENT_BASIC_INFORMATION;

typedef enum _SEMAPHORE_INFORMATION_CLASS {
	SemaphoreBasicInformation
} SEMAPHORE_INFORMATION_CLASS;

typedef struct _SEMAPHORE_BASIC_INFORMATION {
	ULONG CurrentCount;
	ULONG MaximumCount;
} SEMAPHORE_BASIC_INFORMATION, *PSEMAPHORE_BASIC_INFORMATION;

typedef enum _MUTANT_INFORMATION_CLASS {
	MutantBasicInformation,
	MutantOwnerInformation
} MUTANT_INFORMATION_CLASS;

typedef struct _MUTANT_BASIC_INFORMATION {
	LONG CurrentCount;	/* 1 minus how often it is acquired */
	BOOLEAN OwnedByCaller;
	BOOLEAN AbandonedState;
} MUTANT_BASIC_INFORMATION, *PMUTANT_BASIC_INFORMATION;

typedef struct _MUTANT_OWNER_INFORMATION {
	CLIENT_ID ClientId;	/* NULL, NULL: nobody's */
} MUTANT_OWNER_INFORMATION, *PMUTANT_OWNER_INFORMATION;

typedef enum _TIMER_INFORMATION_CLASS {
	TimerBasicInformation
} TIMER_INFORMATION_CLASS;

typedef struct _TIMER_BASIC_INFORMATION {
	LARGE_INTEGER RemainingTime;	/* 0 of one that isn't set */
	BOOLEAN TimerState;
} TIMER_BASIC_INFORMATION, *PTIMER_BASIC_INFORMATION;

typedef enum _MEMORY_INFORMATION_CLASS {
	MemoryBasicInformation = 0,		/* MEMORY_BASIC_INFORMATION */
	MemoryMappedFilenameInformation = 2	/* UNICODE_STRING, then its text */
} MEMORY_INFORMATION_CLASS;

typedef LONG KPRIORITY;

typedef struct _THREAD_BASIC_INFORMATION {
	NTSTATUS ExitStatus;	/* STATUS_PENDING while it runs */
	PVOID TebBaseAddress;	/* NULL: there is no TEB */
	CLIENT_ID ClientId;
	KAFFINITY AffinityMask;
	KPRIORITY Priority;
	LONG BasePriority;
} THREAD_BASIC_INFORMATION, *PTHREAD_BASIC_INFORMATION;

#define THREAD_CREATE_FLAGS_NONE		0x00000000
#define THREAD_CREATE_FLAGS_CREATE_SUSPENDED	0x00000001
#define THREAD_CREATE_FLAGS_SKIP_THREAD_ATTACH	0x00000002
#define THREAD_CREATE_FLAGS_HIDE_FROM_DEBUGGER	0x00000004

#define DUPLICATE_SAME_ATTRIBUTES	0x00000004

#define NtCurrentProcess()	((HANDLE)(LONG_PTR)-1)
#define NtCurrentThread()	((HANDLE)(LONG_PTR)-2)
#define ZwCurrentProcess()	NtCurrentProcess()
#define ZwCurrentThread()	NtCurrentThread()

/* Rules 10.1 to 10.4. Needs THREAD_SET_CONTEXT. */
NTSTATUS NTAPI NtQueueApcThread(HANDLE ThreadHandle, PPS_APC_ROUTINE ApcRoutine,
				PVOID ApcArgument1, PVOID ApcArgument2,
				PVOID ApcArgument3);

/* Rule 10.5. @ReserveHandle: a reserve object's, or NULL, plus flags. */
NTSTATUS NTAPI NtQueueApcThreadEx(HANDLE ThreadHandle, HANDLE ReserveHandle,
				  PPS_APC_ROUTINE ApcRoutine, PVOID ApcArgument1,
				  PVOID ApcArgument2, PVOID ApcArgument3);

/* Rule 10.7. @ApcFlags: QUEUE_USER_APC_FLAGS. */
NTSTATUS NTAPI NtQueueApcThreadEx2(HANDLE ThreadHandle, HANDLE ReserveHandle,
				   ULONG ApcFlags, PPS_APC_ROUTINE ApcRoutine,
				   PVOID ApcArgument1, PVOID ApcArgument2,
				   PVOID ApcArgument3);

/* Rules 5.3, 5.4. */
NTSTATUS NTAPI NtTestAlert(VOID);

/*
 * Rules 11.1 to 11.8. The interval is in 100 ns, negative from now, else since
 * 1601. STATUS_SUCCESS, STATUS_USER_APC or STATUS_ALERTED.
 */
NTSTATUS NTAPI NtDelayExecution(BOOLEAN Alertable, PLARGE_INTEGER DelayInterval);

/* Rule 10.6. */
NTSTATUS NTAPI NtAllocateReserveObject(PHANDLE MemoryReserveHandle,
				       POBJECT_ATTRIBUTES ObjectAttributes,
				       MEMORY_RESERVE_TYPE Type);

NTSTATUS NTAPI NtClose(HANDLE Handle);

/* Own and other processes' threads, as far as the kernel's ptrace rules allow. */
NTSTATUS NTAPI NtOpenThread(PHANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
			    POBJECT_ATTRIBUTES ObjectAttributes,
			    PCLIENT_ID ClientId);

/*
 * The same. A process can be suspended, resumed and waited for, and its memory read,
 * written and looked at. To wait for it is to wait for its end; its memory is out of
 * reach, STATUS_PROCESS_IS_TERMINATING, also once it has called execve(2).
 *
 * NtCurrentProcess() is, for what is done to memory, the process that the calling thread
 * is attached to (ntapc_attach()), as in NT's kernel; a handle of its own process always
 * is that.
 */
NTSTATUS NTAPI NtOpenProcess(PHANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
			     POBJECT_ATTRIBUTES ObjectAttributes,
			     PCLIENT_ID ClientId);

/*
 * In the own process. Rule 14.1: the thread begins with a test-alert, when it is
 * resumed if it is created suspended. Until then its registers are those of the
 * library, which starts threads; set others and it goes on there instead.
 */
NTSTATUS NTAPI NtCreateThreadEx(PHANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
				POBJECT_ATTRIBUTES ObjectAttributes,
				HANDLE ProcessHandle,
				PUSER_THREAD_START_ROUTINE StartRoutine,
				PVOID Argument, ULONG CreateFlags,
				SIZE_T ZeroBits, SIZE_T StackSize,
				SIZE_T MaximumStackSize,
				PPS_ATTRIBUTE_LIST AttributeList);

/*
 * Rule 7.5. Needs THREAD_TERMINATE. Of oneself the C library's clean-up runs; of
 * another thread nothing does, and its stack isn't freed: see ntapc_terminate(). Of one
 * that has ended, or is about to, STATUS_SUCCESS.
 */
NTSTATUS NTAPI NtTerminateThread(HANDLE ThreadHandle, NTSTATUS ExitStatus);

/*
 * Rules 6.1 to 6.8. NtResumeThread needs THREAD_RESUME, which comes with
 * THREAD_SUSPEND_RESUME; the others that. PreviousSuspendCount is NULL or can be
 * written to, which is looked at first. STATUS_SUSPEND_COUNT_EXCEEDED;
 * STATUS_THREAD_IS_TERMINATING, though one that has ended can be resumed, to no effect.
 * What not to do to a process with a suspended thread in it: see ntapc_suspend().
 */
NTSTATUS NTAPI NtSuspendThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount);
NTSTATUS NTAPI NtResumeThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount);
/* Rules 5.5, 5.7. */
NTSTATUS NTAPI NtAlertResumeThread(HANDLE ThreadHandle,
				   PULONG PreviousSuspendCount);

/* Rule 6.9. Needs PROCESS_SUSPEND_RESUME. STATUS_PROCESS_IS_TERMINATING. */
NTSTATUS NTAPI NtSuspendProcess(HANDLE ProcessHandle);
NTSTATUS NTAPI NtResumeProcess(HANDLE ProcessHandle);

/*
 * Need PROCESS_VM_READ and PROCESS_VM_WRITE. The count is set, unless it is NULL, also
 * with STATUS_PARTIAL_COPY: something in that process can't be accessed, the first byte
 * maybe. STATUS_ACCESS_VIOLATION: something in the calling one, the count included, which
 * is looked at first; or a range that wraps or is the kernel's.
 * STATUS_PROCESS_IS_TERMINATING. A process that isn't in memory is brought in (rule 9.3).
 *
 * Unlike in NT nothing is copied before, so that an overlap shows; and 0 bytes need a
 * good handle, too.
 */
NTSTATUS NTAPI NtReadVirtualMemory(HANDLE ProcessHandle, PVOID BaseAddress,
				   PVOID Buffer, SIZE_T NumberOfBytesToRead,
				   PSIZE_T NumberOfBytesRead);
NTSTATUS NTAPI NtWriteVirtualMemory(HANDLE ProcessHandle, PVOID BaseAddress,
				    const VOID *Buffer,
				    SIZE_T NumberOfBytesToWrite,
				    PSIZE_T NumberOfBytesWritten);

/*
 * MemoryBasicInformation: see MEMORY_BASIC_INFORMATION for what differs.
 * MemoryMappedFilenameInformation: the file's path as Linux has it, in UTF-16 and
 * without a terminating 0 in Length. Need PROCESS_QUERY_INFORMATION. Another class:
 * STATUS_INVALID_INFO_CLASS; too little room: STATUS_INFO_LENGTH_MISMATCH, or
 * STATUS_BUFFER_OVERFLOW, with the length that is needed in *ReturnLength, for a path;
 * an address that isn't a user's: STATUS_INVALID_PARAMETER; asked for a path where
 * nothing is mapped: STATUS_INVALID_ADDRESS, or no file: STATUS_FILE_INVALID;
 * STATUS_PROCESS_IS_TERMINATING.
 */
NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE ProcessHandle, PVOID BaseAddress,
				    MEMORY_INFORMATION_CLASS MemoryInformationClass,
				    PVOID MemoryInformation,
				    SIZE_T MemoryInformationLength,
				    PSIZE_T ReturnLength);

/* Needs PROCESS_VM_WRITE. The processors that this runs on see to it by themselves. */
NTSTATUS NTAPI NtFlushInstructionCache(HANDLE ProcessHandle, PVOID BaseAddress,
				       SIZE_T NumberOfBytesToFlush);

/* Rules 5.1, 5.2. Needs THREAD_ALERT (5.6 is open on that). */
NTSTATUS NTAPI NtAlertThread(HANDLE ThreadHandle);

/*
 * Rules 15.1 to 15.4. STATUS_INVALID_CID, STATUS_ACCESS_DENIED. An ended thread's id
 * is good as long as this process has a handle of that thread. The timeout is
 * NtDelayExecution()'s, or NULL; STATUS_ALERTED or STATUS_TIMEOUT.
 */
NTSTATUS NTAPI NtAlertThreadByThreadId(HANDLE ThreadId);
NTSTATUS NTAPI NtWaitForAlertByThreadId(PVOID Address, PLARGE_INTEGER Timeout);

/*
 * Rules 1.5, 3.5. Need THREAD_GET_CONTEXT and THREAD_SET_CONTEXT. A thread is at a safe
 * point when they return, a suspended one surely suspended. ContextFlags without
 * CONTEXT_AMD64: STATUS_INVALID_PARAMETER; with parts that <ntapc/types.h> doesn't
 * name, and setting debug registers: STATUS_NOT_SUPPORTED; of an ended thread:
 * STATUS_UNSUCCESSFUL.
 */
NTSTATUS NTAPI NtGetContextThread(HANDLE ThreadHandle, PCONTEXT ThreadContext);
NTSTATUS NTAPI NtSetContextThread(HANDLE ThreadHandle, PCONTEXT ThreadContext);

/* Within the own process. */
NTSTATUS NTAPI NtDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle,
				 HANDLE TargetProcessHandle,
				 PHANDLE TargetHandle, ACCESS_MASK DesiredAccess,
				 ULONG HandleAttributes, ULONG Options);

/* ThreadBasicInformation, ThreadIsTerminated and ThreadSuspendCount. */
NTSTATUS NTAPI NtQueryInformationThread(HANDLE ThreadHandle,
					THREADINFOCLASS ThreadInformationClass,
					PVOID ThreadInformation,
					ULONG ThreadInformationLength,
					PULONG ReturnLength);

/*
 * Events, semaphores, mutants and timers: rules 11.5, 11.6.
 *
 * Names are UTF-16, and Linux's in UTF-8: L"\\BaseNamedObjects\\a" is the object that
 * <ntapc.h> and Win32 know as "a". They are the caller's user's, in one IPC namespace;
 * there is no other directory, STATUS_OBJECT_PATH_NOT_FOUND, and "Global\\" and
 * "Local\\" behind that one are this one, too. Case counts, whatever the attributes say.
 * A name that is in use: STATUS_OBJECT_NAME_COLLISION, or with OBJ_OPENIF
 * STATUS_OBJECT_NAME_EXISTS, if it is an object of that type's, else
 * STATUS_OBJECT_TYPE_MISMATCH; one that isn't: STATUS_OBJECT_NAME_NOT_FOUND.
 * STATUS_OBJECT_PATH_SYNTAX_BAD: it begins with no backslash; STATUS_NAME_TOO_LONG: more
 * than 512 bytes in UTF-8; STATUS_INVALID_HANDLE: a RootDirectory. An object by a name
 * lives as long as somebody, in whatever process, has it open.
 *
 * Changing a state needs EVENT_MODIFY_STATE and so on, querying it EVENT_QUERY_STATE and
 * so on; a mutant's release needs no right. Previous states may be NULL.
 */
NTSTATUS NTAPI NtCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
			     POBJECT_ATTRIBUTES ObjectAttributes,
			     EVENT_TYPE EventType, BOOLEAN InitialState);
NTSTATUS NTAPI NtOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
			   POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtSetEvent(HANDLE EventHandle, PLONG PreviousState);
NTSTATUS NTAPI NtResetEvent(HANDLE EventHandle, PLONG PreviousState);
NTSTATUS NTAPI NtClearEvent(HANDLE EventHandle);
NTSTATUS NTAPI NtPulseEvent(HANDLE EventHandle, PLONG PreviousState);
NTSTATUS NTAPI NtQueryEvent(HANDLE EventHandle,
			    EVENT_INFORMATION_CLASS EventInformationClass,
			    PVOID EventInformation, ULONG EventInformationLength,
			    PULONG ReturnLength);

/* STATUS_SEMAPHORE_LIMIT_EXCEEDED: nothing is released. */
NTSTATUS NTAPI NtCreateSemaphore(PHANDLE SemaphoreHandle,
				 ACCESS_MASK DesiredAccess,
				 POBJECT_ATTRIBUTES ObjectAttributes,
				 LONG InitialCount, LONG MaximumCount);
NTSTATUS NTAPI NtOpenSemaphore(PHANDLE SemaphoreHandle,
			       ACCESS_MASK DesiredAccess,
			       POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtReleaseSemaphore(HANDLE SemaphoreHandle, LONG ReleaseCount,
				  PLONG PreviousCount);
NTSTATUS NTAPI NtQuerySemaphore(HANDLE SemaphoreHandle,
				SEMAPHORE_INFORMATION_CLASS SemaphoreInformationClass,
				PVOID SemaphoreInformation,
				ULONG SemaphoreInformationLength,
				PULONG ReturnLength);

/* STATUS_MUTANT_NOT_OWNED: it isn't the calling thread's. */
NTSTATUS NTAPI NtCreateMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
			      POBJECT_ATTRIBUTES ObjectAttributes,
			      BOOLEAN InitialOwner);
NTSTATUS NTAPI NtOpenMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
			    POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtReleaseMutant(HANDLE MutantHandle, PLONG PreviousCount);
NTSTATUS NTAPI NtQueryMutant(HANDLE MutantHandle,
			     MUTANT_INFORMATION_CLASS MutantInformationClass,
			     PVOID MutantInformation,
			     ULONG MutantInformationLength, PULONG ReturnLength);

/*
 * The routine runs as a user APC of the thread that called NtSetTimer(), with the time
 * of expiry. A period is in ms; STATUS_INVALID_PARAMETER_6: negative. ResumeTimer TRUE
 * changes nothing but the result, STATUS_TIMER_RESUME_IGNORED.
 */
NTSTATUS NTAPI NtCreateTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
			     POBJECT_ATTRIBUTES ObjectAttributes,
			     TIMER_TYPE TimerType);
NTSTATUS NTAPI NtOpenTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
			   POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtSetTimer(HANDLE TimerHandle, PLARGE_INTEGER DueTime,
			  PTIMER_APC_ROUTINE TimerApcRoutine, PVOID TimerContext,
			  BOOLEAN ResumeTimer, LONG Period,
			  PBOOLEAN PreviousState);
NTSTATUS NTAPI NtCancelTimer(HANDLE TimerHandle, PBOOLEAN CurrentState);
NTSTATUS NTAPI NtQueryTimer(HANDLE TimerHandle,
			    TIMER_INFORMATION_CLASS TimerInformationClass,
			    PVOID TimerInformation, ULONG TimerInformationLength,
			    PULONG ReturnLength);

/*
 * Rules 11.1 to 11.6. For events, semaphores, mutants, timers, threads, processes, and
 * for whatever poll(2) knows, which is signalled while it is readable, has an error or
 * was hung up. Need SYNCHRONIZE. STATUS_OBJECT_TYPE_MISMATCH: a reserve object, or a
 * file that poll(2) doesn't know; STATUS_MUTANT_LIMIT_EXCEEDED.
 */
NTSTATUS NTAPI NtWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable,
				     PLARGE_INTEGER Timeout);

/*
 * Rules 11.5, 11.7, in this order: STATUS_INVALID_PARAMETER_1: not 1 to
 * MAXIMUM_WAIT_OBJECTS; STATUS_INVALID_PARAMETER_3: not a WAIT_TYPE; what is wrong with
 * the first handle with which something is, and NtCurrentThread() and
 * NtCurrentProcess() aren't good here; STATUS_INVALID_PARAMETER_MIX: all, and one is
 * there twice.
 */
NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG Count, const HANDLE *Handles,
					WAIT_TYPE WaitType, BOOLEAN Alertable,
					PLARGE_INTEGER Timeout);

/*
 * Rule 11.9. Sets an event, or releases a semaphore or mutant once; if that fails, as
 * by itself it would, nothing is waited for.
 */
NTSTATUS NTAPI NtSignalAndWaitForSingleObject(HANDLE SignalHandle,
					      HANDLE WaitHandle,
					      BOOLEAN Alertable,
					      PLARGE_INTEGER Timeout);

NTSTATUS NTAPI NtYieldExecution(VOID);
NTSTATUS NTAPI NtQuerySystemTime(PLARGE_INTEGER SystemTime);

/*
 * The Win32 error that stands for a status; ERROR_MR_MID_NOT_FOUND for unknown
 * ones.
 */
ULONG NTAPI RtlNtStatusToDosError(NTSTATUS Status);

/*
 * Not NT's: handles and descriptors. A handle made from a descriptor, one from another
 * process maybe, has a copy of it. It stands for the thread, process, event, semaphore,
 * mutant or timer if it is the descriptor of one of those, else for a file in the
 * sense of Linux, of any kind: STATUS_OBJECT_TYPE_MISMATCH for one of ntsync's mutexes,
 * the owners of which aren't threads. The descriptor of a handle, which may be handed to
 * another process, is the handle's and closed with it. -EBADF: it has none, being a
 * reserve object's or the own process's, or the process had ended when it was opened.
 */
NTSTATUS ntapc_handle_from_fd(int fd, ACCESS_MASK DesiredAccess, PHANDLE Handle);
int ntapc_handle_to_fd(HANDLE Handle);

#ifdef __cplusplus
}
#endif

#endif /* NTAPC_NT_H */
