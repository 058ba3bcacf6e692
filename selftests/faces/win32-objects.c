// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/win32.h>: events, mutexes, semaphores, waitable timers, and waits for them,
 * written as a test for Windows would be. Rule numbers are those of
 * Documentation/nt-semantics.rst.
 */
#include <string.h>
#include <sys/eventfd.h>

#include "waiter.h"
#include "ntapc/nt.h"
#include "ntapc/win32.h"
#include "kselftest_harness.h"

#define GARBAGE		((HANDLE)(ULONG_PTR)0x7ffffff4)
#define PATIENCE_MS	(PATIENCE_S * 1000)
#define W(s)		((LPCWSTR)u##s)

#define EXPECT_FAILS(error, call)					\
	do {								\
		SetLastError(0xdead);					\
		EXPECT_FALSE(call);					\
		EXPECT_EQ(error, GetLastError());			\
	} while (0)

#define EXPECT_WAIT_FAILS(error, call)					\
	do {								\
		SetLastError(0xdead);					\
		EXPECT_EQ(WAIT_FAILED, call);				\
		EXPECT_EQ(error, GetLastError());			\
	} while (0)

static DWORD look(HANDLE handle)
{
	return WaitForSingleObject(handle, 0);
}

static HANDLE with_access(HANDLE handle, DWORD access)
{
	HANDLE copy = NULL;

	DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), &copy,
			access, FALSE, 0);
	return copy;
}

TEST(events)
{
	HANDLE manual, automatic, m = CreateMutex(NULL, FALSE, NULL);

	SetLastError(0xdead);
	manual = CreateEvent(NULL, TRUE, FALSE, NULL);
	ASSERT_NE(NULL, manual);
	/* Of this function it tells whether it has made one. */
	EXPECT_EQ(ERROR_SUCCESS, GetLastError());
	SetLastError(0xdead);
	EXPECT_EQ(WAIT_TIMEOUT, look(manual));
	EXPECT_TRUE(SetEvent(manual));
	EXPECT_EQ(WAIT_OBJECT_0, look(manual));
	EXPECT_EQ(WAIT_OBJECT_0, look(manual));
	EXPECT_TRUE(ResetEvent(manual));
	EXPECT_EQ(WAIT_TIMEOUT, look(manual));
	EXPECT_TRUE(SetEvent(manual));
	EXPECT_TRUE(PulseEvent(manual));
	EXPECT_EQ(WAIT_TIMEOUT, look(manual));
	EXPECT_EQ(0xdead, GetLastError());
	automatic = CreateEvent(NULL, FALSE, TRUE, NULL);
	ASSERT_NE(NULL, automatic);
	EXPECT_EQ(WAIT_OBJECT_0, look(automatic));
	EXPECT_EQ(WAIT_TIMEOUT, look(automatic));

	EXPECT_FAILS(ERROR_INVALID_HANDLE, SetEvent(GARBAGE));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, SetEvent(m));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, ResetEvent(NULL));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, PulseEvent(GetCurrentThread()));
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     SetEvent(with_access(manual, SYNCHRONIZE)));
	EXPECT_WAIT_FAILS(ERROR_ACCESS_DENIED,
			  look(with_access(manual, EVENT_MODIFY_STATE)));
	EXPECT_TRUE(CloseHandle(manual));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, SetEvent(manual));
	EXPECT_WAIT_FAILS(ERROR_INVALID_HANDLE, look(manual));
}

TEST(event_names)
{
	HANDLE e, again;

	EXPECT_FAILS(ERROR_FILE_NOT_FOUND,
		     OpenEvent(EVENT_ALL_ACCESS, FALSE, "faces-w"));
	e = CreateEvent(NULL, TRUE, FALSE, "faces-w");
	ASSERT_NE(NULL, e);
	EXPECT_EQ(ERROR_SUCCESS, GetLastError());
	again = CreateEvent(NULL, FALSE, TRUE, "faces-w");
	ASSERT_NE(NULL, again);
	EXPECT_EQ(ERROR_ALREADY_EXISTS, GetLastError());
	EXPECT_EQ(WAIT_TIMEOUT, look(again));
	EXPECT_TRUE(CloseHandle(again));
	again = OpenEvent(EVENT_MODIFY_STATE, FALSE, "faces-w");
	ASSERT_NE(NULL, again);
	EXPECT_TRUE(SetEvent(again));
	EXPECT_EQ(WAIT_OBJECT_0, look(e));
	EXPECT_WAIT_FAILS(ERROR_ACCESS_DENIED, look(again));
	/* Of another type. */
	EXPECT_FAILS(ERROR_INVALID_HANDLE, CreateMutex(NULL, FALSE, "faces-w"));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     CreateSemaphore(NULL, 0, 1, "faces-w"));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     CreateWaitableTimer(NULL, FALSE, "faces-w"));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     OpenMutex(MUTEX_ALL_ACCESS, FALSE, "faces-w"));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     OpenSemaphore(SEMAPHORE_ALL_ACCESS, FALSE, "faces-w"));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     OpenWaitableTimer(TIMER_ALL_ACCESS, FALSE, "faces-w"));
	EXPECT_TRUE(CloseHandle(e));
	EXPECT_TRUE(CloseHandle(again));
	EXPECT_FAILS(ERROR_FILE_NOT_FOUND,
		     OpenEvent(EVENT_ALL_ACCESS, FALSE, "faces-w"));
}

TEST(names)
{
	char name[NTAPC_NAME_MAX + 2];
	WCHAR wide[NTAPC_NAME_MAX + 2];
	HANDLE e;
	int i;

	for (i = 0; i <= NTAPC_NAME_MAX; i++)
		name[i] = wide[i] = 'n';
	name[i] = wide[i] = 0;
	EXPECT_FAILS(ERROR_FILENAME_EXCED_RANGE,
		     CreateEventA(NULL, TRUE, FALSE, name));
	EXPECT_FAILS(ERROR_FILENAME_EXCED_RANGE,
		     CreateEventW(NULL, TRUE, FALSE, wide));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER,
		     OpenEventA(EVENT_ALL_ACCESS, FALSE, NULL));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER,
		     OpenEventW(EVENT_ALL_ACCESS, FALSE, NULL));
	EXPECT_FAILS(ERROR_PATH_NOT_FOUND,
		     CreateEventA(NULL, TRUE, FALSE, "a\\b"));
	EXPECT_FAILS(ERROR_PATH_NOT_FOUND,
		     OpenEventW(EVENT_ALL_ACCESS, FALSE, W("Global\\a\\b")));
	EXPECT_FAILS(ERROR_INVALID_NAME,
		     CreateEventA(NULL, TRUE, FALSE, "Local\\"));
	/* None at all is no error, and no name. */
	EXPECT_NE(NULL, CreateEventA(NULL, TRUE, FALSE, ""));
	EXPECT_NE(NULL, CreateEventW(NULL, TRUE, FALSE, W("")));
	EXPECT_EQ(ERROR_SUCCESS, GetLastError());

	e = CreateEventW(NULL, TRUE, FALSE, W("faces\u00e4"));
	ASSERT_NE(NULL, e);
	EXPECT_NE(NULL, OpenEventA(SYNCHRONIZE, FALSE, "faces\xc3\xa4"));
	EXPECT_NE(NULL, OpenEventA(SYNCHRONIZE, FALSE, "Local\\faces\xc3\xa4"));
	EXPECT_NE(NULL, OpenEventW(SYNCHRONIZE, FALSE, W("Global\\faces\u00e4")));
	EXPECT_LE(0, ntapc_object_open(NTAPC_OBJECT_NOTIFICATION_EVENT,
				       "faces\xc3\xa4"));
	EXPECT_FAILS(ERROR_FILE_NOT_FOUND,
		     OpenEventA(SYNCHRONIZE, FALSE, "FACES\xc3\xa4"));
}

/* Each of the other functions with a name, in both encodings. */
TEST(names_of_each_kind)
{
	EXPECT_NE(NULL, CreateMutexA(NULL, FALSE, "m"));
	EXPECT_NE(NULL, CreateMutexW(NULL, FALSE, W("m")));
	EXPECT_EQ(ERROR_ALREADY_EXISTS, GetLastError());
	EXPECT_NE(NULL, OpenMutexA(SYNCHRONIZE, FALSE, "m"));
	EXPECT_NE(NULL, OpenMutexW(SYNCHRONIZE, FALSE, W("m")));
	EXPECT_FAILS(ERROR_FILE_NOT_FOUND, OpenMutexA(SYNCHRONIZE, FALSE, "M"));
	EXPECT_NE(NULL, CreateSemaphoreA(NULL, 0, 1, "s"));
	EXPECT_NE(NULL, CreateSemaphoreW(NULL, 1, 2, W("s")));
	EXPECT_EQ(ERROR_ALREADY_EXISTS, GetLastError());
	EXPECT_NE(NULL, OpenSemaphoreA(SYNCHRONIZE, FALSE, "s"));
	EXPECT_NE(NULL, OpenSemaphoreW(SYNCHRONIZE, FALSE, W("s")));
	EXPECT_FAILS(ERROR_FILE_NOT_FOUND,
		     OpenSemaphoreW(SYNCHRONIZE, FALSE, W("S")));
	EXPECT_NE(NULL, CreateWaitableTimerA(NULL, FALSE, "t"));
	EXPECT_NE(NULL, CreateWaitableTimerW(NULL, TRUE, W("t")));
	EXPECT_EQ(ERROR_ALREADY_EXISTS, GetLastError());
	EXPECT_NE(NULL, OpenWaitableTimerA(SYNCHRONIZE, FALSE, "t"));
	EXPECT_NE(NULL, OpenWaitableTimerW(SYNCHRONIZE, FALSE, W("t")));
	EXPECT_FAILS(ERROR_FILE_NOT_FOUND,
		     OpenWaitableTimerA(SYNCHRONIZE, FALSE, "T"));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER,
		     OpenWaitableTimerW(SYNCHRONIZE, FALSE, NULL));
}

/* Another process, which has the name and no more. */
TEST(across_processes)
{
	HANDLE e = CreateEvent(NULL, FALSE, FALSE, "faces-there");
	HANDLE done = CreateEvent(NULL, FALSE, FALSE, "faces-back");
	pid_t pid;

	ASSERT_NE(NULL, e);
	ASSERT_NE(NULL, done);
	pid = fork();
	if (!pid) {
		e = OpenEvent(SYNCHRONIZE, FALSE, "faces-there");
		if (WaitForSingleObject(e, PATIENCE_MS))
			_exit(1);
		done = OpenEvent(EVENT_MODIFY_STATE, FALSE, "faces-back");
		_exit(!SetEvent(done));
	}
	EXPECT_EQ(WAIT_OBJECT_0, SignalObjectAndWait(e, done, PATIENCE_MS, FALSE));
	EXPECT_EQ(0, end_of(pid));
}

static long look_at(void *arg)
{
	return look(*(HANDLE *)arg);
}

static long release_it(void *arg)
{
	return ReleaseMutex(*(HANDLE *)arg) ? 0 : GetLastError();
}

/* 11.6 */
TEST(mutexes)
{
	HANDLE m = CreateMutex(NULL, TRUE, NULL), weak;

	ASSERT_NE(NULL, m);
	EXPECT_EQ(WAIT_OBJECT_0, look(m));
	EXPECT_EQ(WAIT_TIMEOUT, elsewhere(look_at, &m));
	EXPECT_EQ(ERROR_NOT_OWNER, elsewhere(release_it, &m));
	EXPECT_TRUE(ReleaseMutex(m));
	EXPECT_TRUE(ReleaseMutex(m));
	EXPECT_FAILS(ERROR_NOT_OWNER, ReleaseMutex(m));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, ReleaseMutex(GARBAGE));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     ReleaseMutex(CreateEvent(NULL, TRUE, FALSE, NULL)));
	weak = with_access(m, SYNCHRONIZE);
	EXPECT_EQ(WAIT_OBJECT_0, look(weak));
	EXPECT_TRUE(ReleaseMutex(weak));

	EXPECT_EQ(WAIT_OBJECT_0, elsewhere(look_at, &m));
	SetLastError(0xdead);
	EXPECT_EQ(WAIT_ABANDONED, WaitForSingleObject(m, PATIENCE_MS));
	EXPECT_EQ(0xdead, GetLastError());
	EXPECT_EQ(WAIT_OBJECT_0, look(m));
}

/* To open one that is there isn't to own it. */
TEST(mutex_is_there)
{
	HANDLE m = CreateMutex(NULL, FALSE, "faces-mutex");
	HANDLE again = CreateMutex(NULL, TRUE, "faces-mutex");

	ASSERT_NE(NULL, m);
	ASSERT_NE(NULL, again);
	EXPECT_EQ(ERROR_ALREADY_EXISTS, GetLastError());
	EXPECT_FAILS(ERROR_NOT_OWNER, ReleaseMutex(again));
}

TEST(semaphores)
{
	HANDLE s = CreateSemaphore(NULL, 1, 3, NULL);
	LONG previous = 99;

	ASSERT_NE(NULL, s);
	EXPECT_EQ(WAIT_OBJECT_0, look(s));
	EXPECT_EQ(WAIT_TIMEOUT, look(s));
	EXPECT_TRUE(ReleaseSemaphore(s, 2, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_FAILS(ERROR_TOO_MANY_POSTS, ReleaseSemaphore(s, 2, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_TRUE(ReleaseSemaphore(s, 1, NULL));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER, ReleaseSemaphore(s, 0, NULL));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER, ReleaseSemaphore(s, -1, NULL));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, ReleaseSemaphore(GARBAGE, 1, NULL));
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     ReleaseSemaphore(with_access(s, SYNCHRONIZE), 1, NULL));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER, CreateSemaphore(NULL, 0, 0, NULL));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER, CreateSemaphore(NULL, 2, 1, NULL));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER, CreateSemaphore(NULL, -1, 1, NULL));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER, CreateSemaphore(NULL, 0, -1, NULL));
}

static struct {
	LPVOID argument;
	LONGLONG time;
	DWORD thread;
} expiry;

static VOID APIENTRY expired(LPVOID argument, DWORD low, DWORD high)
{
	log_add(1);
	expiry.argument = argument;
	expiry.time = (LONGLONG)high << 32 | low;
	expiry.thread = GetCurrentThreadId();
}

TEST(waitable_timers)
{
	HANDLE manual = CreateWaitableTimer(NULL, TRUE, NULL);
	HANDLE automatic = CreateWaitableTimer(NULL, FALSE, NULL);
	LARGE_INTEGER due = { .QuadPart = -200000 }, far, at_once;
	ULONGLONG begin = GetTickCount64();
	int i;

	ASSERT_NE(NULL, manual);
	ASSERT_NE(NULL, automatic);
	far.QuadPart = INT64_MIN;
	at_once.QuadPart = 0;
	EXPECT_EQ(WAIT_TIMEOUT, look(manual));
	EXPECT_TRUE(SetWaitableTimer(manual, &due, 0, NULL, NULL, FALSE));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(manual, PATIENCE_MS));
	EXPECT_LE(19, GetTickCount64() - begin);
	EXPECT_EQ(WAIT_OBJECT_0, look(manual));
	EXPECT_TRUE(CancelWaitableTimer(manual));
	/* That doesn't change its state; to set it does. */
	EXPECT_EQ(WAIT_OBJECT_0, look(manual));
	EXPECT_TRUE(SetWaitableTimer(manual, &far, 0, NULL, NULL, FALSE));
	EXPECT_EQ(WAIT_TIMEOUT, look(manual));
	/* Some every other ms. */
	EXPECT_TRUE(SetWaitableTimer(automatic, &at_once, 2, NULL, NULL, FALSE));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(WAIT_OBJECT_0,
			  WaitForSingleObject(automatic, PATIENCE_MS));
	/* The machine isn't woken up. */
	SetLastError(0xdead);
	EXPECT_TRUE(SetWaitableTimer(automatic, &far, 0, NULL, NULL, TRUE));
	EXPECT_EQ(ERROR_NOT_SUPPORTED, GetLastError());

	EXPECT_FAILS(ERROR_INVALID_PARAMETER,
		     SetWaitableTimer(manual, &due, -1, NULL, NULL, FALSE));
	EXPECT_FAILS(ERROR_NOACCESS,
		     SetWaitableTimer(manual, NULL, 0, NULL, NULL, FALSE));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     SetWaitableTimer(GARBAGE, &due, 0, NULL, NULL, FALSE));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, CancelWaitableTimer(GARBAGE));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     CancelWaitableTimer(GetCurrentThread()));
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     CancelWaitableTimer(with_access(manual, SYNCHRONIZE)));
}

/* The routine runs at an alertable point of the thread that has set the timer. */
TEST(completion_routine)
{
	HANDLE t = CreateWaitableTimer(NULL, TRUE, NULL);
	LARGE_INTEGER due = { .QuadPart = -50000 }, begin, end;
	LPVOID argument = (LPVOID)(ULONG_PTR)0xfedcba9876543210;

	ASSERT_NE(NULL, t);
	NtQuerySystemTime(&begin);
	EXPECT_TRUE(SetWaitableTimer(t, &due, 0, expired, argument, FALSE));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(t, PATIENCE_MS));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(t, 0));
	EXPECT_EQ(0, log_count);
	/* Or while it waits for it; the object wins, and is then followed by it. */
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(PATIENCE_MS, TRUE));
	NtQuerySystemTime(&end);
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(argument, expiry.argument);
	EXPECT_EQ(GetCurrentThreadId(), expiry.thread);
	EXPECT_LE(begin.QuadPart + 50000, expiry.time);
	EXPECT_GE(end.QuadPart, expiry.time);

	due.QuadPart = 0;
	EXPECT_TRUE(SetWaitableTimer(t, &due, 0, expired, NULL, FALSE));
	EXPECT_TRUE(CancelWaitableTimer(t));
	EXPECT_EQ(0, SleepEx(0, TRUE));
	EXPECT_TRUE(logged(1, 1));
}

/* 11.7 */
TEST(wait_for_multiple_errors)
{
	HANDLE h[MAXIMUM_WAIT_OBJECTS + 1];
	int i;

	for (i = 0; i <= MAXIMUM_WAIT_OBJECTS; i++)
		h[i] = CreateEvent(NULL, FALSE, TRUE, NULL);
	ASSERT_NE(NULL, h[MAXIMUM_WAIT_OBJECTS]);
	EXPECT_WAIT_FAILS(ERROR_INVALID_PARAMETER,
			  WaitForMultipleObjects(0, h, FALSE, 0));
	EXPECT_WAIT_FAILS(ERROR_INVALID_PARAMETER,
			  WaitForMultipleObjects(65, h, FALSE, 0));
	EXPECT_WAIT_FAILS(ERROR_NOACCESS,
			  WaitForMultipleObjects(1, NULL, FALSE, 0));
	h[1] = GARBAGE;
	EXPECT_WAIT_FAILS(ERROR_INVALID_HANDLE,
			  WaitForMultipleObjects(3, h, FALSE, 0));
	h[1] = GetCurrentThread();
	EXPECT_WAIT_FAILS(ERROR_INVALID_HANDLE,
			  WaitForMultipleObjects(3, h, FALSE, 0));
	h[1] = with_access(h[0], EVENT_MODIFY_STATE);
	EXPECT_WAIT_FAILS(ERROR_ACCESS_DENIED,
			  WaitForMultipleObjects(3, h, FALSE, 0));
	h[1] = h[0];
	EXPECT_WAIT_FAILS(ERROR_INVALID_PARAMETER,
			  WaitForMultipleObjects(3, h, TRUE, INFINITE));
	/* All but the one that is there twice by now. */
	EXPECT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(64, h, FALSE, 0));
	EXPECT_EQ(WAIT_OBJECT_0 + 2, WaitForMultipleObjects(64, h, FALSE, 0));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(60, h + 4, TRUE, INFINITE));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(60, h + 4, FALSE, 0));
	EXPECT_EQ(WAIT_OBJECT_0 + 3, WaitForMultipleObjects(64, h, FALSE, 0));
}

/* 11.5, 11.6 */
TEST(wait_for_multiple)
{
	HANDLE h[3] = { CreateEvent(NULL, FALSE, FALSE, NULL),
			CreateMutex(NULL, FALSE, NULL),
			CreateSemaphore(NULL, 1, 1, NULL) };
	LONG previous;

	ASSERT_NE(NULL, h[2]);
	EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(3, h, TRUE, 0));
	EXPECT_EQ(WAIT_OBJECT_0 + 1, WaitForMultipleObjects(3, h, FALSE, 0));
	EXPECT_TRUE(ReleaseMutex(h[1]));
	EXPECT_EQ(WAIT_OBJECT_0, elsewhere(look_at, &h[1]));
	EXPECT_EQ(WAIT_ABANDONED_0 + 1,
		  WaitForMultipleObjects(2, h, FALSE, PATIENCE_MS));
	EXPECT_TRUE(ReleaseMutex(h[1]));
	EXPECT_EQ(WAIT_OBJECT_0, elsewhere(look_at, &h[1]));
	EXPECT_TRUE(SetEvent(h[0]));
	EXPECT_EQ(WAIT_ABANDONED_0,
		  WaitForMultipleObjects(3, h, TRUE, PATIENCE_MS));
	EXPECT_EQ(WAIT_TIMEOUT, look(h[0]));
	EXPECT_TRUE(ReleaseSemaphore(h[2], 1, &previous));
	EXPECT_EQ(0, previous);
}

static VOID CALLBACK apc(ULONG_PTR parameter)
{
	log_add((int)parameter);
}

/* 11.3: the object before the APC, that before the timeout. */
TEST(alertable)
{
	HANDLE h[2] = { CreateEvent(NULL, FALSE, TRUE, NULL),
			CreateEvent(NULL, FALSE, FALSE, NULL) };

	ASSERT_NE(NULL, h[1]);
	QueueUserAPC(apc, GetCurrentThread(), 1);
	EXPECT_EQ(WAIT_OBJECT_0,
		  WaitForMultipleObjectsEx(2, h, FALSE, INFINITE, TRUE));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjectsEx(2, h, FALSE, 0, FALSE));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(WAIT_IO_COMPLETION,
		  WaitForMultipleObjectsEx(2, h, TRUE, 0, TRUE));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjectsEx(2, h, TRUE, 0, TRUE));
	QueueUserAPC(apc, GetCurrentThread(), 2);
	EXPECT_EQ(WAIT_IO_COMPLETION,
		  WaitForSingleObjectEx(h[0], INFINITE, TRUE));
	EXPECT_TRUE(logged(2, 1, 2));
}

/* What a thread of its own waits for, and how. */
struct want {
	HANDLE handle[2];
	DWORD count;
	DWORD ms;
	bool all;
	HANDLE signal;
};

static long wait_for(void *arg)
{
	const struct want *want = arg;

	if (want->signal)
		return SignalObjectAndWait(want->signal, want->handle[0],
					   want->ms, TRUE);
	if (want->count == 1)
		return WaitForSingleObjectEx(want->handle[0], want->ms, TRUE);
	return WaitForMultipleObjectsEx(want->count, want->handle, want->all,
					want->ms, TRUE);
}

/* 12.9: an alert doesn't show, but takes part of the wait: it starts over. */
TEST(alerts_do_not_show)
{
	struct want want = { .ms = INFINITE };
	struct waiter w;
	LONG previous;

	want.handle[0] = CreateEvent(NULL, FALSE, FALSE, NULL);
	want.handle[1] = CreateEvent(NULL, FALSE, TRUE, NULL);
	ASSERT_NE(NULL, want.handle[1]);
	for (want.count = 1; want.count <= 2; want.count++) {
		want.all = want.count == 2;
		ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
		ASSERT_EQ(0, ntapc_alert(w.fd));
		/* Which it has taken when it waits again. */
		ASSERT_TRUE(becomes(w.fd, NTAPC_THREAD_WAITING));
		EXPECT_TRUE(SetEvent(want.handle[0]));
		EXPECT_EQ(WAIT_OBJECT_0, waiter_end(&w));
	}
	/* Signalled is what is to be signalled just once. */
	want.signal = CreateSemaphore(NULL, 0, 9, NULL);
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	ASSERT_EQ(0, ntapc_alert(w.fd));
	ASSERT_TRUE(becomes(w.fd, NTAPC_THREAD_WAITING));
	EXPECT_TRUE(SetEvent(want.handle[0]));
	EXPECT_EQ(WAIT_OBJECT_0, waiter_end(&w));
	EXPECT_TRUE(ReleaseSemaphore(want.signal, 1, &previous));
	EXPECT_EQ(1, previous);
	/* An alert before the wait. */
	ASSERT_EQ(0, ntapc_alert(ntapc_thread_self()));
	EXPECT_EQ(WAIT_TIMEOUT,
		  WaitForMultipleObjectsEx(2, want.handle, TRUE, 1, TRUE));
}

#define WHOLE_MS	200
#define PART_MS		20

/* 12.9: all of its time, from the alert on. */
TEST(alerts_prolong)
{
	struct want want = { .count = 1, .ms = WHOLE_MS };
	ULONGLONG alerted;
	struct waiter w;
	int i;

	want.handle[0] = CreateEvent(NULL, FALSE, FALSE, NULL);
	ASSERT_NE(NULL, want.handle[0]);
	/* On a machine so busy that the time is over before there is no telling. */
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(waiter_create(&w, wait_for, &want));
		becomes(w.fd, NTAPC_THREAD_WAITING);
		Sleep(PART_MS);
		alerted = GetTickCount64();
		ntapc_alert(w.fd);
		EXPECT_EQ(WAIT_TIMEOUT, waiter_end(&w));
		if (GetTickCount64() - alerted >= want.ms - 1)
			break;
		/* As long as it takes here. */
		want.ms += WHOLE_MS;
	}
	EXPECT_GT(20, i);
}

/* 11.9 */
TEST(signal_object_and_wait)
{
	HANDLE e = CreateEvent(NULL, FALSE, FALSE, NULL);
	HANDLE then = CreateEvent(NULL, FALSE, TRUE, NULL);
	HANDLE s = CreateSemaphore(NULL, 0, 1, NULL);
	HANDLE m = CreateMutex(NULL, TRUE, NULL);

	ASSERT_NE(NULL, m);
	EXPECT_EQ(WAIT_OBJECT_0, SignalObjectAndWait(e, then, INFINITE, FALSE));
	EXPECT_EQ(WAIT_OBJECT_0, look(e));
	EXPECT_EQ(WAIT_TIMEOUT, SignalObjectAndWait(s, then, 0, FALSE));
	EXPECT_EQ(WAIT_TIMEOUT, SignalObjectAndWait(m, then, 1, FALSE));
	QueueUserAPC(apc, GetCurrentThread(), 1);
	EXPECT_EQ(WAIT_IO_COMPLETION,
		  SignalObjectAndWait(e, then, INFINITE, TRUE));
	EXPECT_EQ(WAIT_OBJECT_0, look(e));
	EXPECT_TRUE(logged(1, 1));

	EXPECT_TRUE(SetEvent(then));
	EXPECT_WAIT_FAILS(ERROR_TOO_MANY_POSTS,
			  SignalObjectAndWait(s, then, 0, FALSE));
	EXPECT_WAIT_FAILS(ERROR_NOT_OWNER,
			  SignalObjectAndWait(m, then, 0, FALSE));
	EXPECT_WAIT_FAILS(ERROR_INVALID_HANDLE,
			  SignalObjectAndWait(GetCurrentThread(), then, 0,
					      FALSE));
	EXPECT_WAIT_FAILS(ERROR_INVALID_HANDLE,
			  SignalObjectAndWait(GARBAGE, then, 0, FALSE));
	EXPECT_WAIT_FAILS(ERROR_INVALID_HANDLE,
			  SignalObjectAndWait(e, GARBAGE, 0, FALSE));
	EXPECT_WAIT_FAILS(ERROR_ACCESS_DENIED,
			  SignalObjectAndWait(with_access(e, SYNCHRONIZE), then,
					      0, FALSE));
	EXPECT_EQ(WAIT_TIMEOUT, look(e));
	EXPECT_EQ(WAIT_OBJECT_0, look(then));
}

/* Threads, processes and descriptors beside them. */
TEST(other_things)
{
	HANDLE h[2] = { CreateEvent(NULL, FALSE, FALSE, NULL) };
	uint64_t one = 1;
	int cue[2], fd;
	pid_t pid;

	fd = eventfd(0, EFD_CLOEXEC);
	ASSERT_EQ(STATUS_SUCCESS, ntapc_handle_from_fd(fd, SYNCHRONIZE, &h[1]));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(2, h, FALSE, 0));
	ASSERT_EQ(8, write(fd, &one, 8));
	EXPECT_EQ(WAIT_OBJECT_0 + 1,
		  WaitForMultipleObjects(2, h, FALSE, INFINITE));
	EXPECT_EQ(WAIT_OBJECT_0, look(h[1]));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, SetEvent(h[1]));

	ASSERT_EQ(0, pipe(cue));
	pid = fork();
	if (!pid) {
		close(cue[1]);
		_exit(read(cue[0], &(char){ 0 }, 1));
	}
	h[1] = OpenProcess(SYNCHRONIZE, FALSE, pid);
	ASSERT_NE(NULL, h[1]);
	QueueUserAPC(apc, GetCurrentThread(), 1);
	EXPECT_EQ(WAIT_IO_COMPLETION,
		  WaitForSingleObjectEx(h[1], INFINITE, TRUE));
	close(cue[1]);
	EXPECT_EQ(WAIT_OBJECT_0 + 1,
		  WaitForMultipleObjectsEx(2, h, FALSE, INFINITE, TRUE));
	EXPECT_EQ(0, end_of(pid));
}

TEST_HARNESS_MAIN
