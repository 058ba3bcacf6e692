// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: threads.
 */
#include <errno.h>
#include <limits.h>
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

/* A detached thread, an object without rights yet. @stack 0: the default. */
NTSTATUS ntapc__nt_create_thread(void *(*start)(void *), void *arg,
				 SIZE_T stack, bool suspended,
				 struct object *thread)
{
	struct spawn s = { .start = start, .arg = arg, .suspended = suspended };
	size_t least = STACK_SLACK + PTHREAD_STACK_MIN;
	size_t page = sysconf(_SC_PAGESIZE);
	pthread_attr_t attr;
	int ret;

	/* It would be 0 when it is rounded up. */
	if (stack > SIZE_MAX - page + 1)
		return STATUS_NO_MEMORY;
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
	*thread = (struct object){
		.type = OBJECT_THREAD,
		.fd = ret,
		.pid = getpid(),
		.tid = s.tid,
	};
	return STATUS_SUCCESS;
}

/* Without a handle nobody could resume it. */
NTSTATUS ntapc__nt_publish_thread(const struct object *thread, bool suspended,
				  HANDLE *handle)
{
	NTSTATUS status = ntapc__handle_insert(thread, handle);

	if (status) {
		if (suspended)
			ntapc_terminate(thread->fd, status);
		close(thread->fd);
	}
	return status;
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
	bool suspended = CreateFlags & THREAD_CREATE_FLAGS_CREATE_SUSPENDED;
	struct nt_start *start;
	struct object thread;
	NTSTATUS status;

	(void)ZeroBits;
	if (!ThreadHandle)
		return STATUS_ACCESS_VIOLATION;
	*ThreadHandle = NULL;
	if (ObjectAttributes && ObjectAttributes->ObjectName)
		return STATUS_OBJECT_NAME_INVALID;
	if (CreateFlags & ~(THREAD_CREATE_FLAGS_CREATE_SUSPENDED |
			    THREAD_CREATE_FLAGS_SKIP_THREAD_ATTACH |
			    THREAD_CREATE_FLAGS_HIDE_FROM_DEBUGGER))
		return STATUS_INVALID_PARAMETER;
	status = ntapc__check_own_process(ProcessHandle);
	if (status)
		return status;

	start = malloc(sizeof(*start));
	if (!start)
		return STATUS_NO_MEMORY;
	start->routine = StartRoutine;
	start->argument = Argument;
	if (MaximumStackSize < StackSize)
		MaximumStackSize = StackSize;
	status = ntapc__nt_create_thread(nt_thread_main, start, MaximumStackSize,
					 suspended, &thread);
	if (status) {
		free(start);
		return status;
	}
	give_client_id(AttributeList, thread.tid);
	thread.access = ntapc__object_access(OBJECT_THREAD, DesiredAccess);
	return ntapc__nt_publish_thread(&thread, suspended, ThreadHandle);
}

NTSTATUS NTAPI NtOpenThread(PHANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
			    POBJECT_ATTRIBUTES ObjectAttributes,
			    PCLIENT_ID ClientId)
{
	struct object thread = { .type = OBJECT_THREAD };
	ULONG_PTR pid, tid;

	if (!ThreadHandle)
		return STATUS_ACCESS_VIOLATION;
	*ThreadHandle = NULL;
	if (!ClientId || (ObjectAttributes && ObjectAttributes->ObjectName))
		return STATUS_INVALID_PARAMETER_MIX;
	pid = (ULONG_PTR)ClientId->UniqueProcess;
	tid = (ULONG_PTR)ClientId->UniqueThread;
	if (!tid || tid > INT_MAX ||
	    (pid && !ntapc__process_has_thread(pid, tid)))
		return STATUS_INVALID_CID;
	thread.fd = ntapc__keep_off_stdio(ntapc_thread_open(tid));
	if (thread.fd == -ESRCH)
		return STATUS_INVALID_CID;
	if (thread.fd < 0)
		return ntapc__status(thread.fd);
	thread.tid = tid;
	thread.pid = pid ? pid : (ULONG_PTR)ntapc__process_of_thread(tid);
	thread.access = ntapc__object_access(OBJECT_THREAD, DesiredAccess);
	return ntapc__object_publish(&thread, ThreadHandle);
}

/* It has, and nothing that was queued to it is left. */
bool ntapc__thread_has_exited(int fd)
{
	struct ntapc_thread_info info;

	return !ntapc_thread_info(fd, &info) && info.state & NTAPC_THREAD_EXITED;
}

NTSTATUS NTAPI NtTerminateThread(HANDLE ThreadHandle, NTSTATUS ExitStatus)
{
	struct object_ref ref;
	NTSTATUS status;
	bool self;
	int ret;

	/* Without a handle it is the caller. */
	if (!ThreadHandle || ThreadHandle == NtCurrentThread())
		ntapc__nt_exit_thread(ExitStatus);
	status = ntapc__object_get_type(ThreadHandle, OBJECT_THREAD,
					THREAD_TERMINATE, &ref);
	if (status)
		return status;
	/* Who has this id and hasn't exited is us. */
	self = ref.object.tid == gettid() &&
	       !ntapc__thread_has_exited(ref.object.fd);
	ret = self ? 0 : ntapc_terminate(ref.object.fd, ExitStatus);
	/* What has been done needs no doing. */
	if (ret == -ESRCH && ntapc__thread_has_exited(ref.object.fd))
		ret = 0;
	ntapc__object_ref_put(&ref);
	if (self)
		ntapc__nt_exit_thread(ExitStatus);
	return ntapc__status(ret);
}

static void query_basic(const struct object *thread,
			const struct ntapc_thread_info *info, PVOID buffer)
{
	THREAD_BASIC_INFORMATION basic = {
		.ExitStatus = info->state & NTAPC_THREAD_EXITED ?
			      (NTSTATUS)info->exit_status : STATUS_PENDING,
		.ClientId = {
			.UniqueProcess = ULongToHandle(thread->pid),
			.UniqueThread = ULongToHandle(thread->tid),
		},
		.AffinityMask = ~(KAFFINITY)0,
	};

	*(PTHREAD_BASIC_INFORMATION)buffer = basic;
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
	case ThreadSuspendCount:
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
	ret = ntapc_thread_info(ref.object.fd, &info);
	if (ret)
		status = ntapc__status(ret);
	else if (ThreadInformationClass == ThreadBasicInformation)
		query_basic(&ref.object, &info, ThreadInformation);
	else if (ThreadInformationClass == ThreadSuspendCount)
		*(PULONG)ThreadInformation = info.suspend_count;
	else
		*(PULONG)ThreadInformation =
			!!(info.state & NTAPC_THREAD_EXITED);
	ntapc__object_ref_put(&ref);
	if (!status && ReturnLength)
		*ReturnLength = length;
	return status;
}
