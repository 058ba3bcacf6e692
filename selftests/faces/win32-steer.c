// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/win32.h>: suspending, ending and looking into threads, written as a test for
 * Windows would be. Rule numbers are those of Documentation/nt-semantics.rst.
 */
#include <string.h>
#include <sys/resource.h>

#include "ntapc/nt.h"
#include "ntapc/win32.h"
#include "steer.h"
#include "kselftest_harness.h"

#define FAILED	((DWORD)-1)
#define P(n)	((LPVOID)(ULONG_PTR)(n))

static VOID CALLBACK apc(ULONG_PTR parameter)
{
	log_add((int)parameter);
}

static HANDLE duplicate(HANDLE handle, DWORD access)
{
	HANDLE copy = NULL;

	DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), &copy,
			access, FALSE, 0);
	return copy;
}

static DWORD WINAPI count(LPVOID parameter)
{
	count_for_ever(parameter);
	return 0;
}

static HANDLE counting_thread(void)
{
	HANDLE thread;

	atomic_store(&counted, 0);
	thread = CreateThread(NULL, 0, count, NULL, 0, NULL);
	return thread && reaches(&counted, 1) ? thread : NULL;
}

static DWORD WINAPI return_parameter(LPVOID parameter)
{
	log_add(1000);
	return (DWORD)(ULONG_PTR)parameter;
}

static DWORD exit_code(HANDLE thread)
{
	DWORD code = 0xdeadbeef;

	GetExitCodeThread(thread, &code);
	return code;
}

/* 6.1, 6.5. Where its context can be had, it is suspended. */
TEST(suspend_thread)
{
	CONTEXT context = { .ContextFlags = CONTEXT_CONTROL };
	HANDLE thread = counting_thread();
	long seen;

	ASSERT_NE(NULL, thread);
	EXPECT_EQ(0, SuspendThread(thread));
	if (!GetThreadContext(thread, &context)) {
		EXPECT_EQ(ERROR_NOT_SUPPORTED, GetLastError());
		ASSERT_TRUE(becomes(ntapc_handle_to_fd(thread),
				    NTAPC_THREAD_SUSPENDED));
	}
	seen = counted;
	EXPECT_TRUE(stands_still(&counted));
	EXPECT_EQ(1, SuspendThread(thread));
	EXPECT_EQ(2, ResumeThread(thread));
	EXPECT_TRUE(stands_still(&counted));
	EXPECT_EQ(seen, counted);
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(thread, 0));
	EXPECT_EQ(STILL_ACTIVE, exit_code(thread));
	EXPECT_EQ(1, ResumeThread(thread));
	EXPECT_TRUE(reaches(&counted, seen + 1));
	EXPECT_EQ(0, ResumeThread(thread));
	EXPECT_TRUE(TerminateThread(thread, 7));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	EXPECT_EQ(7, exit_code(thread));
}

/* 6.8: rights; a thread that has ended. */
TEST(errors)
{
	HANDLE thread = counting_thread(), weak;
	CONTEXT context = { .ContextFlags = CONTEXT_CONTROL };
	int i;

	ASSERT_NE(NULL, thread);
	weak = duplicate(thread, SYNCHRONIZE);
	ASSERT_NE(NULL, weak);
	SetLastError(0xdead);
	EXPECT_EQ(FAILED, SuspendThread(weak));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	SetLastError(0xdead);
	EXPECT_EQ(FAILED, ResumeThread(weak));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	SetLastError(0xdead);
	EXPECT_FALSE(TerminateThread(weak, 1));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	SetLastError(0xdead);
	EXPECT_FALSE(GetThreadContext(weak, &context));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	SetLastError(0xdead);
	EXPECT_FALSE(SetThreadContext(weak, &context));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	EXPECT_EQ(FAILED, SuspendThread(NULL));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	SetLastError(0xdead);
	EXPECT_FALSE(TerminateThread(NULL, 1));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());

	SetLastError(0xdead);
	for (i = 0; i < 127; i++)
		ASSERT_EQ(i, SuspendThread(thread));
	EXPECT_EQ(0xdead, GetLastError());
	EXPECT_EQ(FAILED, SuspendThread(thread));
	EXPECT_EQ(ERROR_SIGNAL_REFUSED, GetLastError());

	/* 6.7 */
	EXPECT_TRUE(TerminateThread(thread, 1));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	SetLastError(0xdead);
	EXPECT_EQ(FAILED, SuspendThread(thread));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	EXPECT_EQ(0, ResumeThread(thread));
	EXPECT_EQ(0, QueueUserAPC(apc, thread, 1));
	EXPECT_EQ(ERROR_GEN_FAILURE, GetLastError());
}

/* 14.1, 6.10 */
TEST(create_suspended)
{
	HANDLE thread;
	DWORD tid;

	thread = CreateThread(NULL, 0, return_parameter, P(99), CREATE_SUSPENDED,
			      &tid);
	ASSERT_NE(NULL, thread);
	EXPECT_EQ(tid, GetThreadId(thread));
	EXPECT_EQ(STILL_ACTIVE, exit_code(thread));
	EXPECT_NE(0, QueueUserAPC(apc, thread, 1));
	EXPECT_NE(0, QueueUserAPC(apc, thread, 2));
	let_others_run();
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(thread, 1));
	/* Twice suspended, twice to be resumed. */
	EXPECT_EQ(1, SuspendThread(thread));
	EXPECT_EQ(2, ResumeThread(thread));
	let_others_run();
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(1, ResumeThread(thread));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	EXPECT_TRUE(logged(3, 1, 2, 1000));
	EXPECT_EQ(99, exit_code(thread));
}

/* It never ran, and never will. */
TEST(terminate_created_suspended)
{
	HANDLE thread;

	thread = CreateThread(NULL, 0, return_parameter, P(99), CREATE_SUSPENDED,
			      NULL);
	ASSERT_NE(NULL, thread);
	EXPECT_NE(0, QueueUserAPC(apc, thread, 1));
	EXPECT_TRUE(TerminateThread(thread, 100));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	EXPECT_EQ(100, exit_code(thread));
	EXPECT_EQ(0, log_count);
}

static DWORD WINAPI sleep_for_ever(LPVOID alertable)
{
	log_add(SleepEx(INFINITE, !!alertable));
	return 0;
}

/* 7.5, 11.2 */
TEST(terminate_sleepers)
{
	HANDLE thread;
	int i;

	for (i = 0; i < 2; i++) {
		thread = CreateThread(NULL, 0, sleep_for_ever, P(i), 0, NULL);
		ASSERT_NE(NULL, thread);
		ASSERT_TRUE(becomes(ntapc_handle_to_fd(thread),
				    NTAPC_THREAD_WAITING));
		EXPECT_TRUE(TerminateThread(thread, 0xabc0 + i));
		EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
		EXPECT_EQ(0xabc0 + i, exit_code(thread));
	}
	EXPECT_EQ(0, log_count);
}

static VOID CALLBACK suspend_apc(ULONG_PTR parameter)
{
	log_add((int)parameter);
	log_add(100 + SuspendThread(GetCurrentThread()));
}

static DWORD WINAPI sleep_once(LPVOID parameter)
{
	UNREFERENCED_PARAMETER(parameter);
	return SleepEx(INFINITE, TRUE);
}

/* An APC suspends its thread: the next one has to wait as well. */
TEST(suspended_in_an_apc)
{
	HANDLE thread;

	thread = CreateThread(NULL, 0, sleep_once, NULL, CREATE_SUSPENDED, NULL);
	ASSERT_NE(NULL, thread);
	EXPECT_NE(0, QueueUserAPC(suspend_apc, thread, 1));
	EXPECT_NE(0, QueueUserAPC(apc, thread, 2));
	EXPECT_EQ(1, ResumeThread(thread));
	while (log_count < 1)
		sched_yield();
	ASSERT_TRUE(becomes(ntapc_handle_to_fd(thread), NTAPC_THREAD_SUSPENDED));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(1, ResumeThread(thread));
	ASSERT_TRUE(becomes(ntapc_handle_to_fd(thread), NTAPC_THREAD_ALERTABLE));
	EXPECT_TRUE(logged(3, 1, 100, 2));
	EXPECT_NE(0, QueueUserAPC(apc, thread, 3));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	EXPECT_EQ(WAIT_IO_COMPLETION, exit_code(thread));
}

static DWORD WINAPI spin_routine(LPVOID started)
{
	return (DWORD)(ULONG_PTR)spin(started);
}

/* Suspend, get, change, set, resume. */
TEST(thread_context)
{
	static _Atomic long started;
	CONTEXT context = { .ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER };
	HANDLE thread;

	thread = CreateThread(NULL, 0, spin_routine, &started, 0, NULL);
	ASSERT_NE(NULL, thread);
	ASSERT_TRUE(reaches(&started, 1));
	EXPECT_EQ(0, SuspendThread(thread));
	if (!GetThreadContext(thread, &context) &&
	    GetLastError() == ERROR_NOT_SUPPORTED)
		SKIP(return, "no registers to be had here");
	EXPECT_EQ(SPIN_RBX, context.Rbx);
	EXPECT_EQ(SPIN_R15, context.R15);
	context.Rip = (DWORD64)spin_out_rbx;
	context.Rbx = 0x24681357;
	EXPECT_TRUE(SetThreadContext(thread, &context));
	EXPECT_EQ(1, ResumeThread(thread));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	EXPECT_EQ(0x24681357, exit_code(thread));
	SetLastError(0xdead);
	EXPECT_FALSE(GetThreadContext(thread, &context));
	EXPECT_EQ(ERROR_GEN_FAILURE, GetLastError());
}

static _Atomic long rounds;

/* Is in the library's handle table nearly all the time. */
static DWORD WINAPI use_handles(LPVOID parameter)
{
	HANDLE handle;

	UNREFERENCED_PARAMETER(parameter);
	for (;;) {
		handle = duplicate(GetCurrentThread(), THREAD_ALL_ACCESS);
		if (!handle || !QueueUserAPC(apc, handle, 1) ||
		    SleepEx(0, TRUE) != WAIT_IO_COMPLETION ||
		    !CloseHandle(handle) || CloseHandle(handle))
			log_add(-1);
		log_reset();
		atomic_fetch_add(&rounds, 1);
	}
	return 0;
}

/* What whoever suspends a thread may want of the library. */
static bool handles_work(void)
{
	HANDLE handle = OpenThread(THREAD_ALL_ACCESS, FALSE, GetCurrentThreadId());
	bool works;

	works = handle && QueueUserAPC(apc, handle, 1) &&
		SleepEx(0, TRUE) == WAIT_IO_COMPLETION &&
		GetThreadId(handle) == GetCurrentThreadId();
	return CloseHandle(handle) && works;
}

#define SUSPENSIONS	300
#define VICTIMS		40

/* Wherever a thread is suspended, in the library too, the others can go on. */
TEST(suspended_in_the_library)
{
	HANDLE thread;
	long seen;
	int i;

	thread = CreateThread(NULL, 0, use_handles, NULL, 0, NULL);
	ASSERT_NE(NULL, thread);
	for (i = 0; i < SUSPENSIONS; i++) {
		seen = rounds;
		ASSERT_EQ(0, SuspendThread(thread));
		ASSERT_TRUE(becomes(ntapc_handle_to_fd(thread),
				    NTAPC_THREAD_SUSPENDED));
		ASSERT_TRUE(handles_work());
		ASSERT_EQ(1, ResumeThread(thread));
		ASSERT_TRUE(reaches(&rounds, seen + 2));
	}
}

/* Nor when it is ended there. */
TEST(ended_in_the_library)
{
	HANDLE thread;
	long seen;
	int i;

	for (i = 0; i < VICTIMS; i++) {
		seen = rounds;
		thread = CreateThread(NULL, 0, use_handles, NULL, 0, NULL);
		ASSERT_NE(NULL, thread);
		ASSERT_TRUE(reaches(&rounds, seen + 1 + i % 5));
		ASSERT_TRUE(TerminateThread(thread, i));
		ASSERT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
		ASSERT_EQ(i, exit_code(thread));
		ASSERT_TRUE(CloseHandle(thread));
		ASSERT_TRUE(handles_work());
	}
}

#define DESCRIPTORS	48
#define SMALL_STACK	(128 * 1024)

static DWORD WINAPI wait_here(LPVOID parameter)
{
	sem_post((sem_t *)parameter);
	for (;;)
		Sleep(INFINITE);
	return 0;
}

/* An ended one's descriptor can't be had back before the kernel is done with it. */
static HANDLE create_waiting(sem_t *ready)
{
	HANDLE thread;

	(void)comes_true(thread = CreateThread(NULL, SMALL_STACK, wait_here,
			ready, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL));
	return thread;
}

/* Ended threads leave no descriptor of the library's: more of them than there are. */
TEST(ended_threads_leave_nothing)
{
	struct rlimit limit = { DESCRIPTORS, DESCRIPTORS };
	HANDLE thread;
	sem_t ready;
	int i;

	sem_init(&ready, 0, 0);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < 3 * DESCRIPTORS; i++) {
		thread = create_waiting(&ready);
		ASSERT_NE(NULL, thread) {
			TH_LOG("thread %d: error %u", i, GetLastError());
		}
		ASSERT_TRUE(come(&ready));
		ASSERT_TRUE(TerminateThread(thread, i));
		ASSERT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
		ASSERT_EQ(i, exit_code(thread));
		ASSERT_TRUE(CloseHandle(thread));
	}
}

TEST_HARNESS_MAIN
