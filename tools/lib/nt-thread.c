// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: threads.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

#define STACK_SLACK	(64 * 1024)

struct nt_start {
	PUSER_THREAD_START_ROUTINE routine;
	PVOID argument;
};

void ntapc__nt_exit_thread(ULONG status)
{
	ntapc_set_exit_status(status);
	pthread_exit(NULL);
}

static void *nt_thread_main(void *arg)
{
	struct nt_start start = *(struct nt_start *)arg;

	free(arg);
	ntapc_set_exit_status(start.routine(start.argument));
	return NULL;
}

/* A detached thread; *@fd is the caller's to close. @stack 0: the default. */
NTSTATUS ntapc__nt_create_thread(void *(*start)(void *), void *arg,
				 SIZE_T stack, int *fd, pid_t *tid)
{
	struct spawn s = { .start = start, .arg = arg };
	size_t least = STACK_SLACK + PTHREAD_STACK_MIN;
	size_t page = sysconf(_SC_PAGESIZE);
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (stack) {
		if (stack < least)
			stack = least;
		stack = (stack + page - 1) / page * page;
	}
	ret = stack ? -pthread_attr_setstacksize(&attr, stack) : 0;
	if (!ret)
		ret = ntapc__spawn(NULL, &attr, &s);
	pthread_attr_destroy(&attr);
	if (ret < 0)
		return ntapc__status(ret);
	*fd = ret;
	*tid = s.tid;
	return STATUS_SUCCESS;
}

static void give_client_id(PPS_ATTRIBUTE_LIST list, pid_t tid)
{
	CLIENT_ID id = {
		.UniqueProcess = ULongToHandle(getpid()),
		.UniqueThread = ULongToHandle(tid),
	};
	SIZE_T i, n;

	if (!list || list->TotalLength < offsetof(PS_ATTRIBUTE_LIST, Attributes))
		return;
	n = (list->TotalLength - offsetof(PS_ATTRIBUTE_LIST, Attributes)) /
	    sizeof(PS_ATTRIBUTE);
	for (i = 0; i < n; i++) {
		PPS_ATTRIBUTE a = &list->Attributes[i];

		if (a->Attribute == PS_ATTRIBUTE_CLIENT_ID &&
		    a->Size == sizeof(CLIENT_ID))
			*(PCLIENT_ID)a->ValuePtr = id;
	}
}

NTSTATUS NTAPI NtCreateThreadEx(PHANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
				POBJECT_ATTRIBUTES ObjectAttributes,
				HANDLE ProcessHandle,
				PUSER_THREAD_START_ROUTINE StartRoutine,
				PVOID Argument, ULONG CreateFlags,
				SIZE_T ZeroBits, SIZE_T StackSize,
				SIZE_T MaximumStackSize,
				PPS_ATTRIBUTE_LIST AttributeList)
{
	struct object_ref process;
	struct nt_start *start;
	NTSTATUS status;
	pid_t tid;
	int fd;

	(void)ZeroBits;
	if (!ThreadHandle)
		return STATUS_ACCESS_VIOLATION;
	*ThreadHandle = NULL;
	if (ObjectAttributes && ObjectAttributes->ObjectName)
		return STATUS_OBJECT_NAME_INVALID;
	if (CreateFlags & THREAD_CREATE_FLAGS_CREATE_SUSPENDED)
		return STATUS_NOT_SUPPORTED;
	if (CreateFlags & ~(THREAD_CREATE_FLAGS_SKIP_THREAD_ATTACH |
			    THREAD_CREATE_FLAGS_HIDE_FROM_DEBUGGER))
		return STATUS_INVALID_PARAMETER;
	status = ntapc__object_get_type(ProcessHandle, OBJECT_PROCESS, 0,
					&process);
	if (status)
		return status;
	ntapc__object_ref_put(&process);

	start = malloc(sizeof(*start));
	if (!start)
		return STATUS_NO_MEMORY;
	start->routine = StartRoutine;
	start->argument = Argument;
	if (MaximumStackSize < StackSize)
		MaximumStackSize = StackSize;
	status = ntapc__nt_create_thread(nt_thread_main, start, MaximumStackSize,
					 &fd, &tid);
	if (status) {
		free(start);
		return status;
	}
	give_client_id(AttributeList, tid);
	return ntapc__object_publish(OBJECT_THREAD, fd, tid,
				     ntapc__thread_access(DesiredAccess),
				     ThreadHandle);
}

/* Does process @pid have a thread @tid? */
static bool process_has_thread(ULONG_PTR pid, ULONG_PTR tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%lu/task/%lu", pid, tid);
	return !access(path, F_OK);
}

NTSTATUS NTAPI NtOpenThread(PHANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
			    POBJECT_ATTRIBUTES ObjectAttributes,
			    PCLIENT_ID ClientId)
{
	ULONG_PTR pid, tid;
	int fd;

	if (!ThreadHandle)
		return STATUS_ACCESS_VIOLATION;
	*ThreadHandle = NULL;
	if (!ClientId || (ObjectAttributes && ObjectAttributes->ObjectName))
		return STATUS_INVALID_PARAMETER_MIX;
	pid = (ULONG_PTR)ClientId->UniqueProcess;
	tid = (ULONG_PTR)ClientId->UniqueThread;
	if (!tid || tid > INT_MAX || (pid && !process_has_thread(pid, tid)))
		return STATUS_INVALID_CID;
	fd = ntapc__keep_off_stdio(ntapc_thread_open(tid));
	if (fd == -ESRCH)
		return STATUS_INVALID_CID;
	if (fd < 0)
		return ntapc__status(fd);
	return ntapc__object_publish(OBJECT_THREAD, fd, tid,
				     ntapc__thread_access(DesiredAccess),
				     ThreadHandle);
}

NTSTATUS NTAPI NtTerminateThread(HANDLE ThreadHandle, NTSTATUS ExitStatus)
{
	struct ntapc_thread_info info;
	struct object_ref ref;
	NTSTATUS status;
	bool self;

	/* Without a handle it is the caller. */
	if (!ThreadHandle || ThreadHandle == NtCurrentThread())
		ntapc__nt_exit_thread(ExitStatus);
	status = ntapc__object_get_type(ThreadHandle, OBJECT_THREAD,
					THREAD_TERMINATE, &ref);
	if (status)
		return status;
	/* Who has this id and hasn't exited is us. */
	self = ref.tid == gettid() && !ntapc_thread_info(ref.fd, &info) &&
	       !(info.state & NTAPC_THREAD_EXITED);
	ntapc__object_ref_put(&ref);
	if (self)
		ntapc__nt_exit_thread(ExitStatus);
	return STATUS_NOT_SUPPORTED;
}

static NTSTATUS query_basic(const struct object_ref *ref,
			    const struct ntapc_thread_info *info, PVOID buffer)
{
	bool own = process_has_thread(getpid(), ref->tid);
	THREAD_BASIC_INFORMATION basic = {
		.ExitStatus = info->state & NTAPC_THREAD_EXITED ?
			      (NTSTATUS)info->exit_status : STATUS_PENDING,
		.ClientId = {
			.UniqueProcess = ULongToHandle(own ? getpid() : 0),
			.UniqueThread = ULongToHandle(ref->tid),
		},
		.AffinityMask = ~(KAFFINITY)0,
	};

	*(PTHREAD_BASIC_INFORMATION)buffer = basic;
	return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtQueryInformationThread(HANDLE ThreadHandle,
					THREADINFOCLASS ThreadInformationClass,
					PVOID ThreadInformation,
					ULONG ThreadInformationLength,
					PULONG ReturnLength)
{
	struct ntapc_thread_info info;
	struct object_ref ref;
	NTSTATUS status;
	ULONG length;
	int ret;

	switch (ThreadInformationClass) {
	case ThreadBasicInformation:
		length = sizeof(THREAD_BASIC_INFORMATION);
		break;
	case ThreadIsTerminated:
		length = sizeof(ULONG);
		break;
	default:
		return STATUS_INVALID_INFO_CLASS;
	}
	if (ThreadInformationLength != length)
		return STATUS_INFO_LENGTH_MISMATCH;
	if (!ThreadInformation)
		return STATUS_ACCESS_VIOLATION;
	status = ntapc__object_get_type(ThreadHandle, OBJECT_THREAD,
					THREAD_QUERY_LIMITED_INFORMATION, &ref);
	if (status)
		return status;
	ret = ntapc_thread_info(ref.fd, &info);
	if (ret)
		status = ntapc__status(ret);
	else if (ThreadInformationClass == ThreadBasicInformation)
		status = query_basic(&ref, &info, ThreadInformation);
	else
		*(PULONG)ThreadInformation =
			!!(info.state & NTAPC_THREAD_EXITED);
	ntapc__object_ref_put(&ref);
	if (!status && ReturnLength)
		*ReturnLength = length;
	return status;
}
