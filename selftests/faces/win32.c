// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/win32.h>, written as a test for Windows would be. Rule numbers are those
 * of Documentation/nt-semantics.rst.
 */
#include "face.h"
#include "ntapc/nt.h"
#include "ntapc/win32.h"
#include "kselftest_harness.h"

static VOID CALLBACK apc(ULONG_PTR parameter)
{
	log_add((int)parameter);
}

static HANDLE duplicate(HANDLE handle, DWORD access, DWORD options)
{
	HANDLE copy = NULL;

	if (!DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(),
			     &copy, access, FALSE, options))
		return NULL;
	return copy;
}

static DWORD WINAPI return_parameter(LPVOID parameter)
{
	return (DWORD)(ULONG_PTR)parameter;
}

static HANDLE dead_thread(DWORD code)
{
	HANDLE handle = CreateThread(NULL, 0, return_parameter,
				     (LPVOID)(ULONG_PTR)code, 0, NULL);

	if (handle)
		WaitForSingleObject(handle, INFINITE);
	return handle;
}

/* 12.9, 11.8 */
TEST(sleep_ex)
{
	ULONGLONG begin;

	SetLastError(0xdead);
	EXPECT_EQ(0, SleepEx(0, FALSE));
	EXPECT_EQ(0, SleepEx(0, TRUE));
	begin = GetTickCount64();
	EXPECT_EQ(0, SleepEx(20, TRUE));
	EXPECT_LE(19, GetTickCount64() - begin);
	begin = GetTickCount64();
	Sleep(20);
	EXPECT_LE(19, GetTickCount64() - begin);
	EXPECT_NE(0, QueueUserAPC(apc, GetCurrentThread(), 1));
	EXPECT_EQ(0, SleepEx(1, FALSE));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(INFINITE, TRUE));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(0xdead, GetLastError());
}

/* First in, first out, in one drain. */
TEST(order)
{
	int i;

	for (i = 0; i < 1000; i++)
		ASSERT_NE(0, QueueUserAPC(apc, GetCurrentThread(), i));
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(0, TRUE));
	ASSERT_EQ(1000, log_count);
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(i, log_entry[i]);
	EXPECT_EQ(0, SleepEx(0, TRUE));
}

static VOID CALLBACK queue_more(ULONG_PTR n)
{
	log_add((int)n);
	if (n < 5)
		QueueUserAPC(queue_more, GetCurrentThread(), n + 1);
}

static VOID CALLBACK sleep_inside(ULONG_PTR n)
{
	log_add((int)n);
	log_add(SleepEx(0, TRUE) == WAIT_IO_COMPLETION ? 100 : 101);
}

/* 12.8, 12.6 */
TEST(queue_and_sleep_inside)
{
	QueueUserAPC(queue_more, GetCurrentThread(), 1);
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(0, TRUE));
	EXPECT_TRUE(logged(5, 1, 2, 3, 4, 5));
	log_reset();
	QueueUserAPC(sleep_inside, GetCurrentThread(), 1);
	QueueUserAPC(sleep_inside, GetCurrentThread(), 2);
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(0, TRUE));
	EXPECT_TRUE(logged(4, 1, 2, 101, 100));
}

/* 10.2, 10.3, 7.6 */
TEST(queue_errors)
{
	HANDLE dead = dead_thread(0);
	HANDLE weak = duplicate(GetCurrentThread(), SYNCHRONIZE, 0);

	ASSERT_NE(NULL, dead);
	ASSERT_NE(NULL, weak);
	EXPECT_NE(0, QueueUserAPC(NULL, GetCurrentThread(), 0));
	EXPECT_EQ(0, SleepEx(0, TRUE));
	SetLastError(0xdead);
	EXPECT_EQ(0, QueueUserAPC(apc, dead, 0));
	EXPECT_EQ(ERROR_GEN_FAILURE, GetLastError());
	SetLastError(0xdead);
	EXPECT_EQ(0, QueueUserAPC(NULL, dead, 0));
	EXPECT_EQ(ERROR_GEN_FAILURE, GetLastError());
	EXPECT_EQ(0, QueueUserAPC(apc, NULL, 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	SetLastError(0xdead);
	EXPECT_EQ(0, QueueUserAPC(apc, GetCurrentProcess(), 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_EQ(0, QueueUserAPC(apc, weak, 0));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	EXPECT_EQ(0, log_count);
}

static VOID CALLBACK context_apc(ULONG_PTR parameter)
{
	PAPC_CALLBACK_DATA data = (PAPC_CALLBACK_DATA)parameter;

	log_add((int)data->Parameter);
	log_add(data->ContextRecord->Rip != 0);
}

/* 10.7, 13.2 */
TEST(queue_2)
{
	EXPECT_TRUE(QueueUserAPC2(apc, GetCurrentThread(), 1,
				  QUEUE_USER_APC_FLAGS_NONE));
	EXPECT_EQ(0, log_count);
	SetLastError(0xdead);
	EXPECT_TRUE(QueueUserAPC2(apc, GetCurrentThread(), 2,
				  QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC));
	EXPECT_TRUE(logged(1, 2));
	EXPECT_EQ(0xdead, GetLastError());
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(0, TRUE));
	EXPECT_TRUE(logged(2, 2, 1));
	log_reset();
	EXPECT_TRUE(QueueUserAPC2(context_apc, GetCurrentThread(), 3,
				  QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC |
				  QUEUE_USER_APC_CALLBACK_DATA_CONTEXT));
	EXPECT_TRUE(logged(2, 3, 1));
	EXPECT_FALSE(QueueUserAPC2(apc, GetCurrentThread(), 4,
				   (QUEUE_USER_APC_FLAGS)0x40));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
}

static DWORD WINAPI sleep_once(LPVOID parameter)
{
	sem_post((sem_t *)parameter);
	return SleepEx(INFINITE, TRUE);
}

/* A sleeping thread is woken by it; its code is what SleepEx returned. */
TEST(wakes_a_sleeper)
{
	DWORD code, tid;
	HANDLE thread;
	sem_t ready;

	sem_init(&ready, 0, 0);
	thread = CreateThread(NULL, 0, sleep_once, &ready, 0, &tid);
	ASSERT_NE(NULL, thread);
	ASSERT_TRUE(come(&ready));
	EXPECT_TRUE(GetExitCodeThread(thread, &code));
	EXPECT_EQ(STILL_ACTIVE, code);
	EXPECT_EQ(tid, GetThreadId(thread));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(thread, 0));
	EXPECT_NE(0, QueueUserAPC(apc, thread, 9));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	EXPECT_TRUE(GetExitCodeThread(thread, &code));
	EXPECT_EQ(WAIT_IO_COMPLETION, code);
	EXPECT_TRUE(logged(1, 9));
	EXPECT_EQ(tid, GetThreadId(thread));
	EXPECT_TRUE(CloseHandle(thread));
}

static DWORD WINAPI post_and_wait(LPVOID parameter)
{
	sem_t *sems = parameter;

	sem_post(&sems[0]);
	come(&sems[1]);
	return 77;
}

/* 14.3: lost, never run. */
TEST(exit_with_apcs_queued)
{
	HANDLE thread, other;
	DWORD code, tid;
	sem_t sems[2];

	sem_init(&sems[0], 0, 0);
	sem_init(&sems[1], 0, 0);
	thread = CreateThread(NULL, 0, post_and_wait, sems, 0, &tid);
	ASSERT_NE(NULL, thread);
	ASSERT_TRUE(come(&sems[0]));
	other = OpenThread(THREAD_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE,
			   tid);
	ASSERT_NE(NULL, other);
	EXPECT_NE(0, QueueUserAPC(apc, thread, 1));
	sem_post(&sems[1]);
	/* Also seen through a handle that was opened by id. */
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(other, INFINITE));
	EXPECT_TRUE(GetExitCodeThread(other, &code));
	EXPECT_EQ(77, code);
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(0, QueueUserAPC(apc, thread, 1));
	EXPECT_EQ(ERROR_GEN_FAILURE, GetLastError());
}

static DWORD WINAPI exit_early(LPVOID parameter)
{
	(void)parameter;
	ExitThread(0xabcd);
}

static VOID CALLBACK exit_apc(ULONG_PTR parameter)
{
	log_add(1);
	ExitThread((DWORD)parameter);
}

static DWORD WINAPI exit_in_apc(LPVOID parameter)
{
	(void)parameter;
	QueueUserAPC(exit_apc, GetCurrentThread(), 0x1234);
	QueueUserAPC(apc, GetCurrentThread(), 2);
	SleepEx(INFINITE, TRUE);
	log_add(3);
	return 0;
}

static DWORD WINAPI exit_in_special(LPVOID parameter)
{
	(void)parameter;
	QueueUserAPC2(exit_apc, GetCurrentThread(), 0x5678,
		      QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC);
	log_add(3);
	return 0;
}

TEST(exit_thread)
{
	static const LPTHREAD_START_ROUTINE start[] = {
		exit_early, exit_in_apc, exit_in_special
	};
	static const DWORD expected[] = { 0xabcd, 0x1234, 0x5678 };
	HANDLE thread;
	DWORD code;
	int i;

	for (i = 0; i < 3; i++) {
		log_reset();
		thread = CreateThread(NULL, 0, start[i], NULL, 0, NULL);
		ASSERT_NE(NULL, thread);
		EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
		EXPECT_TRUE(GetExitCodeThread(thread, &code));
		EXPECT_EQ(expected[i], code);
		EXPECT_EQ(i > 0, log_count);
		CloseHandle(thread);
	}
}

static DWORD WINAPI big_stack(LPVOID parameter)
{
	volatile char stack[200 * 1024];

	stack[sizeof(stack) - 1] = 1;
	stack[0] = 1;
	return stack[0] + (DWORD)(ULONG_PTR)parameter;
}

TEST(create_thread)
{
	HANDLE thread;
	DWORD code;

	/* What is committed at first isn't the limit; a reservation is. */
	thread = CreateThread(NULL, 4096, big_stack, (LPVOID)1, 0, NULL);
	ASSERT_NE(NULL, thread);
	WaitForSingleObject(thread, INFINITE);
	GetExitCodeThread(thread, &code);
	EXPECT_EQ(2, code);
	thread = CreateThread(NULL, 1024 * 1024, big_stack, (LPVOID)2,
			      STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
	ASSERT_NE(NULL, thread);
	WaitForSingleObject(thread, INFINITE);
	GetExitCodeThread(thread, &code);
	EXPECT_EQ(3, code);
}

TEST(open_thread)
{
	HANDLE self;

	self = OpenThread(THREAD_SET_CONTEXT, FALSE, GetCurrentThreadId());
	ASSERT_NE(NULL, self);
	EXPECT_NE(0, QueueUserAPC(apc, self, 6));
	EXPECT_EQ(0, GetThreadId(self));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	EXPECT_EQ(WAIT_FAILED, WaitForSingleObject(self, 0));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(0, TRUE));
	EXPECT_TRUE(logged(1, 6));
	EXPECT_EQ(NULL, OpenThread(SYNCHRONIZE, FALSE, 0x3ffffffc));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(NULL, OpenThread(SYNCHRONIZE, FALSE, 0));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
}

/* 11.3 */
TEST(wait_for_single_object)
{
	HANDLE dead = dead_thread(5);

	ASSERT_NE(NULL, dead);
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(GetCurrentThread(), 0));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObjectEx(GetCurrentThread(), 2,
						      TRUE));
	QueueUserAPC(apc, GetCurrentThread(), 1);
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObjectEx(dead, INFINITE, TRUE));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(GetCurrentThread(), 1));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(WAIT_IO_COMPLETION,
		  WaitForSingleObjectEx(GetCurrentThread(), INFINITE, TRUE));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(WAIT_FAILED, WaitForSingleObject(NULL, 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
}

TEST(close_handle)
{
	HANDLE handle = duplicate(GetCurrentThread(), 0, DUPLICATE_SAME_ACCESS);
	HANDLE later;
	int i;

	ASSERT_NE(NULL, handle);
	EXPECT_EQ(0, (ULONG_PTR)handle & 3);
	EXPECT_TRUE(CloseHandle(handle));
	SetLastError(0xdead);
	EXPECT_FALSE(CloseHandle(handle));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_FALSE(CloseHandle(NULL));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	/* Pseudo handles need no closing. */
	EXPECT_TRUE(CloseHandle(GetCurrentThread()));
	EXPECT_TRUE(CloseHandle(GetCurrentProcess()));
	/* 14.5: the stale one doesn't come to mean another soon. */
	for (i = 0; i < 5000; i++) {
		later = duplicate(GetCurrentThread(), 0, DUPLICATE_SAME_ACCESS);
		ASSERT_NE(NULL, later);
		ASSERT_NE(handle, later);
		ASSERT_TRUE(CloseHandle(later));
	}
	EXPECT_EQ(0, QueueUserAPC(apc, handle, 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
}

TEST(duplicate_handle)
{
	HANDLE weak, same, strong, moved = NULL;

	weak = duplicate(GetCurrentThread(), SYNCHRONIZE, 0);
	ASSERT_NE(NULL, weak);
	same = duplicate(weak, 0, DUPLICATE_SAME_ACCESS);
	ASSERT_NE(NULL, same);
	EXPECT_NE(weak, same);
	EXPECT_EQ(0, QueueUserAPC(apc, same, 0));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(same, 0));
	/* More rights are a matter of what the caller may, as for OpenThread(). */
	strong = duplicate(weak, THREAD_ALL_ACCESS, 0);
	ASSERT_NE(NULL, strong);
	EXPECT_NE(0, QueueUserAPC(apc, strong, 1));
	/* Each handle lives by itself. */
	EXPECT_TRUE(CloseHandle(weak));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(same, 0));
	/* Moved. */
	EXPECT_TRUE(DuplicateHandle(GetCurrentProcess(), strong,
				    GetCurrentProcess(), &moved, 0, FALSE,
				    DUPLICATE_SAME_ACCESS |
				    DUPLICATE_CLOSE_SOURCE));
	EXPECT_NE(0, QueueUserAPC(apc, moved, 2));
	EXPECT_FALSE(CloseHandle(strong));
	/* Just closed. */
	EXPECT_TRUE(DuplicateHandle(GetCurrentProcess(), moved, NULL, NULL, 0,
				    FALSE, DUPLICATE_CLOSE_SOURCE));
	EXPECT_FALSE(CloseHandle(moved));
	EXPECT_FALSE(DuplicateHandle(GetCurrentProcess(), moved,
				     GetCurrentProcess(), &moved, 0, FALSE,
				     DUPLICATE_SAME_ACCESS));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_FALSE(DuplicateHandle(GetCurrentThread(), same,
				     GetCurrentProcess(), &moved, 0, FALSE,
				     DUPLICATE_SAME_ACCESS));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(0, TRUE));
	EXPECT_TRUE(logged(2, 1, 2));
}

#define MANY	5000

/* Each by itself, and none of another's. */
TEST(many_handles)
{
	static HANDLE handle[MANY];
	int i;

	/* Of the process: threads' would need as many descriptors. */
	for (i = 0; i < MANY; i++) {
		handle[i] = duplicate(GetCurrentProcess(), 0,
				      DUPLICATE_SAME_ACCESS);
		ASSERT_NE(NULL, handle[i]);
		ASSERT_TRUE(!i || handle[i] != handle[i - 1]);
	}
	for (i = 0; i < MANY; i += 2)
		ASSERT_TRUE(CloseHandle(handle[i]));
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(i % 2, CloseHandle(handle[i]));
}

struct closed_wait {
	HANDLE object;
	DWORD result;
};

static DWORD WINAPI wait_for_object(LPVOID parameter)
{
	struct closed_wait *w = parameter;

	w->result = WaitForSingleObject(w->object, INFINITE);
	return 0;
}

/* What a wait is for stays until the wait is over, also when its handle is closed. */
TEST(close_while_waiting)
{
	struct closed_wait w = { .result = 1 };
	HANDLE object, waiter;
	sem_t sems[2];

	sem_init(&sems[0], 0, 0);
	sem_init(&sems[1], 0, 0);
	object = CreateThread(NULL, 0, post_and_wait, sems, 0, NULL);
	ASSERT_NE(NULL, object);
	ASSERT_TRUE(come(&sems[0]));
	w.object = object;
	waiter = CreateThread(NULL, 0, wait_for_object, &w, 0, NULL);
	ASSERT_NE(NULL, waiter);
	ASSERT_TRUE(becomes(ntapc_handle_to_fd(waiter), NTAPC_THREAD_WAITING));
	EXPECT_TRUE(CloseHandle(object));
	EXPECT_FALSE(CloseHandle(object));
	EXPECT_EQ(WAIT_FAILED, WaitForSingleObject(object, 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(waiter, 0));
	sem_post(&sems[1]);
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(waiter, INFINITE));
	EXPECT_EQ(WAIT_OBJECT_0, w.result);
}

/* A dead thread can't be opened anew, so it gets no more rights. */
TEST(duplicate_dead)
{
	HANDLE dead = dead_thread(3), weak, more;
	DWORD code;

	ASSERT_NE(NULL, dead);
	weak = duplicate(dead, SYNCHRONIZE, 0);
	ASSERT_NE(NULL, weak);
	EXPECT_EQ(NULL, duplicate(weak, THREAD_QUERY_INFORMATION, 0));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	more = duplicate(dead, THREAD_QUERY_INFORMATION, 0);
	ASSERT_NE(NULL, more);
	EXPECT_TRUE(GetExitCodeThread(more, &code));
	EXPECT_EQ(3, code);
}

#define THREADS	8

static DWORD WINAPI use_handles(LPVOID parameter)
{
	HANDLE handle;
	int i;

	(void)parameter;
	for (i = 0; i < 300; i++) {
		handle = duplicate(GetCurrentThread(), THREAD_ALL_ACCESS, 0);
		if (!handle || !QueueUserAPC(apc, handle, 1))
			return 1;
		if (!CloseHandle(handle) || CloseHandle(handle))
			return 2;
		if (SleepEx(0, TRUE) != WAIT_IO_COMPLETION)
			return 3;
		if (!QueueUserAPC2(apc, GetCurrentThread(), 1,
				   QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC))
			return 4;
	}
	return 0;
}

TEST(eight_threads)
{
	HANDLE thread[THREADS];
	DWORD code;
	int i;

	for (i = 0; i < THREADS; i++) {
		thread[i] = CreateThread(NULL, 0, use_handles, NULL, 0, NULL);
		ASSERT_NE(NULL, thread[i]);
	}
	for (i = 0; i < THREADS; i++) {
		EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread[i], INFINITE));
		EXPECT_TRUE(GetExitCodeThread(thread[i], &code));
		EXPECT_EQ(0, code);
	}
	EXPECT_EQ(THREADS * 600, log_count);
}

TEST(ids_and_time)
{
	DWORD ticks = GetTickCount();

	EXPECT_EQ(getpid(), GetCurrentProcessId());
	EXPECT_EQ(gettid(), GetCurrentThreadId());
	EXPECT_EQ(gettid(), GetThreadId(GetCurrentThread()));
	EXPECT_EQ((HANDLE)(LONG_PTR)-2, GetCurrentThread());
	EXPECT_EQ((HANDLE)(LONG_PTR)-1, GetCurrentProcess());
	SwitchToThread();
	EXPECT_LE(0, (LONG)(GetTickCount() - ticks));
}

TEST_HARNESS_MAIN
