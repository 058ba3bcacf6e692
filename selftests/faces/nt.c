// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/nt.h>, written as a test for Windows would be. Rule numbers are those of
 * Documentation/nt-semantics.rst.
 */
#include <string.h>

#include "face.h"
#include "ntapc/nt.h"
#include "ntapc/win32.h"
#include "kselftest_harness.h"

#define GARBAGE	((HANDLE)(ULONG_PTR)0x10000)

static VOID NTAPI apc(PVOID a, PVOID b, PVOID c)
{
	UNREFERENCED_PARAMETER(b);
	UNREFERENCED_PARAMETER(c);
	log_add((int)(ULONG_PTR)a);
}

#define P(n)	((PVOID)(ULONG_PTR)(n))

static NTSTATUS delay(BOOLEAN alertable, LONGLONG units)
{
	LARGE_INTEGER interval = { .QuadPart = units };

	return NtDelayExecution(alertable, &interval);
}

static HANDLE self_with(ACCESS_MASK access)
{
	HANDLE handle = NULL;

	NtDuplicateObject(NtCurrentProcess(), NtCurrentThread(),
			  NtCurrentProcess(), &handle, access, 0, 0);
	return handle;
}

static NTSTATUS NTAPI return_argument(PVOID argument)
{
	return (NTSTATUS)(ULONG_PTR)argument;
}

/* A thread that has ended with @status. */
static HANDLE dead_thread(NTSTATUS status)
{
	HANDLE handle = NULL;

	if (NtCreateThreadEx(&handle, THREAD_ALL_ACCESS, NULL,
			     NtCurrentProcess(), return_argument, P(status), 0,
			     0, 0, 0, NULL))
		return NULL;
	NtWaitForSingleObject(handle, FALSE, NULL);
	return handle;
}

static HANDLE reserve_object(void)
{
	HANDLE handle = NULL;

	NtAllocateReserveObject(&handle, NULL, MemoryReserveUserApc);
	return handle;
}

/* Each test is in a process of its own, with a log of its own. */

/* 10.1 to 10.4, 5.4 */
TEST(queue_and_test_alert)
{
	EXPECT_EQ(STATUS_SUCCESS, NtTestAlert());
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThread(NtCurrentThread(), apc, P(1), P(2), P(3)));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThread(NtCurrentThread(), apc, P(2), NULL, NULL));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(STATUS_SUCCESS, NtTestAlert());
	EXPECT_TRUE(logged(2, 1, 2));
}

/* 10.2 */
TEST(queue_statuses)
{
	HANDLE weak = self_with(THREAD_ALL_ACCESS & ~THREAD_SET_CONTEXT);
	HANDLE strong = self_with(THREAD_SET_CONTEXT);
	HANDLE reserve = reserve_object();

	ASSERT_NE(NULL, weak);
	ASSERT_NE(NULL, strong);
	ASSERT_NE(NULL, reserve);
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtQueueApcThread(NULL, apc, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtQueueApcThread(GARBAGE, apc, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtQueueApcThread(reserve, apc, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtQueueApcThread(NtCurrentProcess(), apc, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtQueueApcThread(weak, apc, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThread(strong, apc, P(5), NULL, NULL));
	EXPECT_EQ(STATUS_USER_APC, delay(TRUE, 0));
	EXPECT_TRUE(logged(1, 5));
}

/* 10.3: NULL on a live thread succeeds and runs nothing; 14.4. */
TEST(null_routine)
{
	HANDLE dead = dead_thread(STATUS_SUCCESS);

	ASSERT_NE(NULL, dead);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThread(NtCurrentThread(), NULL, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_SUCCESS, delay(TRUE, -10000));
	EXPECT_EQ(STATUS_UNSUCCESSFUL,
		  NtQueueApcThread(dead, NULL, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_UNSUCCESSFUL,
		  NtQueueApcThread(dead, apc, NULL, NULL, NULL));
}

/* 10.5: order of checks, the flags in a handle's low bits. */
TEST(queue_ex)
{
	HANDLE reserve = reserve_object();
	HANDLE self = self_with(THREAD_SET_CONTEXT);
	HANDLE dead = dead_thread(STATUS_SUCCESS);

	ASSERT_NE(NULL, reserve);
	ASSERT_NE(NULL, self);
	ASSERT_NE(NULL, dead);
	/* The reserve is resolved before the thread. */
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtQueueApcThreadEx(GARBAGE, self, apc, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtQueueApcThreadEx(self, GARBAGE, apc, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtQueueApcThreadEx(GARBAGE, reserve, apc, NULL, NULL, NULL));

	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThreadEx(self, reserve, apc, P(1), NULL, NULL));
	EXPECT_EQ(STATUS_INVALID_PARAMETER_2,
		  NtQueueApcThreadEx(self, reserve, apc, P(2), NULL, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtTestAlert());
	/* Free again after delivery, and after a failed insert. */
	EXPECT_EQ(STATUS_UNSUCCESSFUL,
		  NtQueueApcThreadEx(dead, reserve, apc, P(3), NULL, NULL));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThreadEx(self, reserve, apc, P(4), NULL, NULL));
	/* The APC outlives the close. */
	EXPECT_EQ(STATUS_SUCCESS, NtClose(reserve));
	EXPECT_EQ(STATUS_SUCCESS, NtTestAlert());
	EXPECT_TRUE(logged(2, 1, 4));

	/* 13.2: special, and has run. */
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThreadEx(self, QUEUE_USER_APC_SPECIAL_USER_APC, apc,
				     P(5), NULL, NULL));
	EXPECT_TRUE(logged(3, 1, 4, 5));
	reserve = reserve_object();
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThreadEx(self, (HANDLE)((ULONG_PTR)reserve | 1), apc,
				     P(6), NULL, NULL));
	EXPECT_TRUE(logged(4, 1, 4, 5, 6));
}

static APC_CALLBACK_DATA callback_data;
static DWORD64 callback_rip;

static VOID NTAPI callback_apc(PVOID a, PVOID b, PVOID c)
{
	callback_data = *(PAPC_CALLBACK_DATA)a;
	callback_rip = callback_data.ContextRecord->Rip;
	log_add(b == P(8) && c == P(9));
}

/* 10.7 */
TEST(queue_ex2)
{
	EXPECT_EQ(STATUS_INVALID_PARAMETER,
		  NtQueueApcThreadEx2(NtCurrentThread(), NULL, 0x100, apc, NULL,
				      NULL, NULL));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThreadEx2(NtCurrentThread(), NULL,
				      QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC, apc,
				      P(1), NULL, NULL));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThreadEx2(NtCurrentThread(), NULL,
				      QUEUE_USER_APC_CALLBACK_DATA_CONTEXT,
				      callback_apc, P(7), P(8), P(9)));
	EXPECT_EQ(STATUS_USER_APC, delay(TRUE, 0));
	EXPECT_TRUE(logged(2, 1, 1));
	EXPECT_EQ(7, callback_data.Parameter);
	EXPECT_NE(0, callback_rip);
}

/* 10.6 */
TEST(allocate_reserve_object)
{
	UNICODE_STRING name = { 0 };
	OBJECT_ATTRIBUTES attributes;
	HANDLE handle = GARBAGE;

	EXPECT_EQ(STATUS_INVALID_PARAMETER,
		  NtAllocateReserveObject(&handle, NULL, MemoryReserveTypeMax));
	EXPECT_EQ(NULL, handle);
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtAllocateReserveObject(NULL, NULL, MemoryReserveUserApc));
	InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
	EXPECT_EQ(STATUS_OBJECT_NAME_INVALID,
		  NtAllocateReserveObject(&handle, &attributes,
					  MemoryReserveUserApc));
	attributes.ObjectName = NULL;
	EXPECT_EQ(STATUS_SUCCESS,
		  NtAllocateReserveObject(&handle, &attributes,
					  MemoryReserveUserApc));
	EXPECT_EQ(0, (ULONG_PTR)handle & 3);
	/* Not a thing to wait for. */
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtWaitForSingleObject(handle, FALSE, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(handle));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtClose(handle));
}

/* 11.8: the table; never TIMEOUT. */
TEST(delay_execution)
{
	LARGE_INTEGER before, until, now;
	NTSTATUS status;

	EXPECT_EQ(STATUS_ACCESS_VIOLATION, NtDelayExecution(TRUE, NULL));
	status = delay(FALSE, 0);
	EXPECT_TRUE(status == STATUS_SUCCESS ||
		    status == STATUS_NO_YIELD_PERFORMED);
	EXPECT_EQ(STATUS_SUCCESS, delay(FALSE, -10000));
	status = delay(TRUE, 0);
	EXPECT_TRUE(status == STATUS_SUCCESS ||
		    status == STATUS_NO_YIELD_PERFORMED);
	EXPECT_EQ(STATUS_SUCCESS, delay(TRUE, -10000));

	/* Absolute ones. */
	EXPECT_EQ(STATUS_SUCCESS, delay(TRUE, 1));
	ASSERT_EQ(STATUS_SUCCESS, NtQuerySystemTime(&before));
	until.QuadPart = before.QuadPart + 300000;	/* 30 ms */
	EXPECT_EQ(STATUS_SUCCESS, NtDelayExecution(TRUE, &until));
	NtQuerySystemTime(&now);
	EXPECT_LE(until.QuadPart, now.QuadPart);

	/* Not alertable: the APC waits. */
	NtQueueApcThread(NtCurrentThread(), apc, P(1), NULL, NULL);
	EXPECT_EQ(STATUS_SUCCESS, delay(FALSE, -10000));
	EXPECT_EQ(0, log_count);
	/* 11.3: APC beats zero timeout; and a forever. */
	EXPECT_EQ(STATUS_USER_APC, delay(TRUE, 0));
	NtQueueApcThread(NtCurrentThread(), apc, P(2), NULL, NULL);
	EXPECT_EQ(STATUS_USER_APC, delay(TRUE, INT64_MIN));
	EXPECT_TRUE(logged(2, 1, 2));
}

/* 11.1, 11.3 */
TEST(wait_for_single_object)
{
	LARGE_INTEGER zero = { .QuadPart = 0 }, ms = { .QuadPart = -10000 };
	HANDLE dead = dead_thread(STATUS_SUCCESS);
	HANDLE blind = self_with(THREAD_SET_CONTEXT);

	ASSERT_NE(NULL, dead);
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtWaitForSingleObject(NULL, FALSE, &zero));
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtWaitForSingleObject(blind, FALSE, &zero));
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForSingleObject(NtCurrentThread(), FALSE, &zero));
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForSingleObject(NtCurrentThread(), TRUE, &ms));
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForSingleObject(NtCurrentProcess(), TRUE, &zero));
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(dead, FALSE, &zero));
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(dead, TRUE, NULL));
	NtQueueApcThread(NtCurrentThread(), apc, P(1), NULL, NULL);
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(dead, TRUE, NULL));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(STATUS_USER_APC,
		  NtWaitForSingleObject(NtCurrentThread(), TRUE, &zero));
	EXPECT_TRUE(logged(1, 1));
}

static CLIENT_ID seen_id;

static NTSTATUS NTAPI note_id(PVOID argument)
{
	UNREFERENCED_PARAMETER(argument);
	seen_id.UniqueProcess = UlongToHandle(GetCurrentProcessId());
	seen_id.UniqueThread = UlongToHandle(GetCurrentThreadId());
	return STATUS_ALERTED;
}

TEST(create_thread)
{
	THREAD_BASIC_INFORMATION basic;
	PS_ATTRIBUTE_LIST list = { 0 };
	ULONG length, terminated = 7;
	CLIENT_ID id = { 0 };
	HANDLE handle;

	list.TotalLength = sizeof(list);
	list.Attributes[0].Attribute = PS_ATTRIBUTE_CLIENT_ID;
	list.Attributes[0].Size = sizeof(id);
	list.Attributes[0].ValuePtr = &id;
	ASSERT_EQ(STATUS_SUCCESS,
		  NtCreateThreadEx(&handle, THREAD_QUERY_INFORMATION | SYNCHRONIZE,
				   NULL, NtCurrentProcess(), note_id, NULL, 0, 0,
				   0, 256 * 1024, &list));
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(handle, FALSE, NULL));
	EXPECT_EQ(seen_id.UniqueThread, id.UniqueThread);
	EXPECT_EQ(seen_id.UniqueProcess, id.UniqueProcess);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueryInformationThread(handle, ThreadBasicInformation,
					   &basic, sizeof(basic), &length));
	EXPECT_EQ(sizeof(basic), length);
	EXPECT_EQ(STATUS_ALERTED, basic.ExitStatus);
	EXPECT_EQ(id.UniqueThread, basic.ClientId.UniqueThread);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueryInformationThread(handle, ThreadIsTerminated,
					   &terminated, sizeof(terminated),
					   NULL));
	EXPECT_EQ(1, terminated);
	EXPECT_EQ(STATUS_INFO_LENGTH_MISMATCH,
		  NtQueryInformationThread(handle, ThreadBasicInformation,
					   &basic, sizeof(basic) - 1, NULL));
	EXPECT_EQ(STATUS_INVALID_INFO_CLASS,
		  NtQueryInformationThread(handle, (THREADINFOCLASS)999, &basic,
					   sizeof(basic), NULL));
	/* Not asked for. */
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtQueueApcThread(handle, apc, NULL, NULL, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(handle));

	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueryInformationThread(NtCurrentThread(),
					   ThreadBasicInformation, &basic,
					   sizeof(basic), NULL));
	EXPECT_EQ(STATUS_PENDING, basic.ExitStatus);
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtCreateThreadEx(&handle, THREAD_ALL_ACCESS, NULL,
				   NtCurrentThread(), note_id, NULL, 0, 0, 0, 0,
				   NULL));
	EXPECT_EQ(STATUS_INVALID_PARAMETER,
		  NtCreateThreadEx(&handle, THREAD_ALL_ACCESS, NULL,
				   NtCurrentProcess(), note_id, NULL, 0x80000000,
				   0, 0, 0, NULL));
	/* Rounded up it would be none at all. */
	EXPECT_EQ(STATUS_NO_MEMORY,
		  NtCreateThreadEx(&handle, THREAD_ALL_ACCESS, NULL,
				   NtCurrentProcess(), note_id, NULL, 0, 0,
				   SIZE_MAX, 0, NULL));
	EXPECT_EQ(NULL, handle);
}

TEST(open_thread)
{
	CLIENT_ID id = { .UniqueThread = UlongToHandle(GetCurrentThreadId()) };
	OBJECT_ATTRIBUTES attributes;
	HANDLE handle = GARBAGE;

	InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
	EXPECT_EQ(STATUS_INVALID_PARAMETER_MIX,
		  NtOpenThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL));
	EXPECT_EQ(NULL, handle);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtOpenThread(&handle, THREAD_SET_CONTEXT, &attributes, &id));
	EXPECT_EQ(STATUS_SUCCESS, NtQueueApcThread(handle, apc, P(1), 0, 0));
	EXPECT_EQ(STATUS_SUCCESS, NtTestAlert());
	EXPECT_TRUE(logged(1, 1));
	id.UniqueProcess = UlongToHandle(1);
	EXPECT_EQ(STATUS_INVALID_CID,
		  NtOpenThread(&handle, THREAD_SET_CONTEXT, &attributes, &id));
	id.UniqueProcess = UlongToHandle(GetCurrentProcessId());
	EXPECT_EQ(STATUS_SUCCESS,
		  NtOpenThread(&handle, MAXIMUM_ALLOWED, &attributes, &id));
	id.UniqueThread = UlongToHandle(0x3ffffffc);
	EXPECT_EQ(STATUS_INVALID_CID,
		  NtOpenThread(&handle, THREAD_SET_CONTEXT, &attributes, &id));
}

static NTSTATUS NTAPI terminate_self(PVOID argument)
{
	HANDLE self = self_with(THREAD_TERMINATE);

	/* In whatever way. */
	NtTerminateThread(argument ? self : NULL, STATUS_TIMEOUT);
	log_add(1);
	return STATUS_SUCCESS;
}

TEST(terminate_oneself)
{
	THREAD_BASIC_INFORMATION basic;
	HANDLE handle;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(STATUS_SUCCESS,
			  NtCreateThreadEx(&handle, THREAD_ALL_ACCESS, NULL,
					   NtCurrentProcess(), terminate_self,
					   P(i), 0, 0, 0, 0, NULL));
		NtWaitForSingleObject(handle, FALSE, NULL);
		NtQueryInformationThread(handle, ThreadBasicInformation, &basic,
					 sizeof(basic), NULL);
		EXPECT_EQ(STATUS_TIMEOUT, basic.ExitStatus);
		NtClose(handle);
	}
	EXPECT_EQ(0, log_count);
	handle = self_with(SYNCHRONIZE);
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtTerminateThread(handle, 0));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtTerminateThread(GARBAGE, 0));
}

static VOID NTAPI nested(PVOID a, PVOID b, PVOID c)
{
	UNREFERENCED_PARAMETER(b);
	UNREFERENCED_PARAMETER(c);
	log_add((int)(ULONG_PTR)a);
	log_add((int)delay(TRUE, 0));
}

/* 12.6 */
TEST(nested_delays)
{
	NtQueueApcThread(NtCurrentThread(), nested, P(1), 0, 0);
	NtQueueApcThread(NtCurrentThread(), nested, P(2), 0, 0);
	EXPECT_EQ(STATUS_USER_APC, delay(TRUE, INT64_MIN));
	EXPECT_TRUE(logged(4, 1, 2, STATUS_SUCCESS, STATUS_USER_APC));
}

/* A descriptor from elsewhere as a handle. */
TEST(handles_and_descriptors)
{
	HANDLE handle;
	int fd = ntapc_thread_open(0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(STATUS_SUCCESS,
		  ntapc_handle_from_fd(fd, THREAD_SET_CONTEXT, &handle));
	close(fd);
	EXPECT_LE(0, ntapc_handle_to_fd(handle));
	EXPECT_EQ(STATUS_SUCCESS, NtQueueApcThread(handle, apc, P(4), 0, 0));
	EXPECT_EQ(STATUS_SUCCESS, NtTestAlert());
	EXPECT_TRUE(logged(1, 4));
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtWaitForSingleObject(handle, FALSE, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  ntapc_handle_from_fd(-1, 0, &handle));
	EXPECT_EQ(-EBADF, ntapc_handle_to_fd(GARBAGE));
}

/* Sections 0 and 10 */
TEST(status_to_error)
{
	static const struct {
		NTSTATUS status;
		ULONG error;
	} table[] = {
		{ STATUS_SUCCESS, ERROR_SUCCESS },
		{ STATUS_UNSUCCESSFUL, ERROR_GEN_FAILURE },
		{ STATUS_INVALID_HANDLE, ERROR_INVALID_HANDLE },
		{ STATUS_OBJECT_TYPE_MISMATCH, ERROR_INVALID_HANDLE },
		{ STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED },
		{ STATUS_THREAD_IS_TERMINATING, ERROR_ACCESS_DENIED },
		{ STATUS_PROCESS_IS_TERMINATING, ERROR_ACCESS_DENIED },
		{ STATUS_INVALID_CID, ERROR_INVALID_PARAMETER },
		{ STATUS_INVALID_PARAMETER, ERROR_INVALID_PARAMETER },
		{ STATUS_INVALID_PARAMETER_2, ERROR_INVALID_PARAMETER },
		{ STATUS_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY },
		{ STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED },
		{ STATUS_SUSPEND_COUNT_EXCEEDED, ERROR_SIGNAL_REFUSED },
		{ STATUS_MUTANT_NOT_OWNED, ERROR_NOT_OWNER },
		{ STATUS_SEMAPHORE_LIMIT_EXCEEDED, ERROR_TOO_MANY_POSTS },
		{ STATUS_ACCESS_VIOLATION, ERROR_NOACCESS },
		{ STATUS_INFO_LENGTH_MISMATCH, ERROR_BAD_LENGTH },
		{ (NTSTATUS)0xC0FFEE00, ERROR_MR_MID_NOT_FOUND },
		/* The caller's own, and Win32 errors in disguise. */
		{ (NTSTATUS)0xE0001234, 0xE0001234 },
		{ (NTSTATUS)0xC0070057, ERROR_INVALID_PARAMETER },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		EXPECT_EQ(table[i].error, RtlNtStatusToDosError(table[i].status)) {
			TH_LOG("status 0x%x", table[i].status);
		}
}

/* Types are as wide as Windows has them. */
TEST(types)
{
	EXPECT_EQ(4, sizeof(ULONG));
	EXPECT_EQ(4, sizeof(LONG));
	EXPECT_EQ(4, sizeof(NTSTATUS));
	EXPECT_EQ(4, sizeof(ACCESS_MASK));
	EXPECT_EQ(1, sizeof(BOOLEAN));
	EXPECT_EQ(2, sizeof(WCHAR));
	EXPECT_EQ(8, sizeof(LARGE_INTEGER));
	EXPECT_EQ(8, sizeof(HANDLE));
	EXPECT_EQ(1232, sizeof(CONTEXT));
	EXPECT_EQ(0x78, offsetof(CONTEXT, Rax));
	EXPECT_EQ(0xf8, offsetof(CONTEXT, Rip));
	EXPECT_EQ(0x100, offsetof(CONTEXT, FltSave));
	EXPECT_EQ(0x300, offsetof(CONTEXT, VectorRegister));
	EXPECT_EQ(48, sizeof(OBJECT_ATTRIBUTES));
	EXPECT_EQ(48, sizeof(THREAD_BASIC_INFORMATION));
	EXPECT_EQ(40, sizeof(PS_ATTRIBUTE_LIST));
}

TEST_HARNESS_MAIN
