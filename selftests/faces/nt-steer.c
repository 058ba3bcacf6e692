// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/nt.h>: suspending, ending, alerting and looking into threads, written as a
 * test for Windows would be. Rule numbers are those of Documentation/nt-semantics.rst.
 */
#include <string.h>
#include <sys/mman.h>

#include "ntapc/nt.h"
#include "ntapc/win32.h"
#include "steer.h"
#include "kselftest_harness.h"

#define GARBAGE	((HANDLE)(ULONG_PTR)0x10000)
#define POISON	0xdeadbeef
#define P(n)	((PVOID)(ULONG_PTR)(n))

static VOID NTAPI apc(PVOID a, PVOID b, PVOID c)
{
	UNREFERENCED_PARAMETER(b);
	UNREFERENCED_PARAMETER(c);
	log_add((int)(ULONG_PTR)a);
}

static HANDLE duplicate(HANDLE source, ACCESS_MASK access)
{
	HANDLE handle = NULL;

	NtDuplicateObject(NtCurrentProcess(), source, NtCurrentProcess(), &handle,
			  access, 0, 0);
	return handle;
}

static HANDLE create(PUSER_THREAD_START_ROUTINE start, PVOID argument, ULONG flags)
{
	HANDLE handle = NULL;

	NtCreateThreadEx(&handle, THREAD_ALL_ACCESS, NULL, NtCurrentProcess(),
			 start, argument, flags, 0, 0, 0, NULL);
	return handle;
}

static NTSTATUS NTAPI count(PVOID argument)
{
	count_for_ever(argument);
	return STATUS_SUCCESS;
}

static HANDLE counting_thread(void)
{
	HANDLE handle;

	atomic_store(&counted, 0);
	handle = create(count, NULL, 0);
	return handle && reaches(&counted, 1) ? handle : NULL;
}

static NTSTATUS NTAPI return_argument(PVOID argument)
{
	log_add(1000);
	return (NTSTATUS)(ULONG_PTR)argument;
}

static HANDLE dead_thread(NTSTATUS status)
{
	HANDLE handle = create(return_argument, P(status), 0);

	if (handle)
		NtWaitForSingleObject(handle, FALSE, NULL);
	log_reset();
	return handle;
}

static NTSTATUS wait_for(HANDLE handle)
{
	LARGE_INTEGER timeout = { .QuadPart = -10000000LL * PATIENCE_S };

	return NtWaitForSingleObject(handle, FALSE, &timeout);
}

static NTSTATUS exit_status(HANDLE handle)
{
	THREAD_BASIC_INFORMATION basic = { .ExitStatus = POISON };

	NtQueryInformationThread(handle, ThreadBasicInformation, &basic,
				 sizeof(basic), NULL);
	return basic.ExitStatus;
}

static ULONG suspend_count(HANDLE handle)
{
	ULONG value = POISON;

	NtQueryInformationThread(handle, ThreadSuspendCount, &value,
				 sizeof(value), NULL);
	return value;
}

static bool is_in(HANDLE handle, uint32_t state)
{
	return becomes(ntapc_handle_to_fd(handle), state);
}

/* 6.1, 6.5 */
TEST(suspend_and_resume)
{
	HANDLE thread = counting_thread();
	ULONG previous = POISON;
	long seen;

	ASSERT_NE(NULL, thread);
	EXPECT_EQ(0, suspend_count(thread));
	EXPECT_EQ(STATUS_SUCCESS, NtSuspendThread(thread, &previous));
	EXPECT_EQ(0, previous);
	ASSERT_TRUE(is_in(thread, NTAPC_THREAD_SUSPENDED));
	seen = counted;
	EXPECT_TRUE(stands_still(&counted));
	/* The count is optional. */
	EXPECT_EQ(STATUS_SUCCESS, NtSuspendThread(thread, NULL));
	EXPECT_EQ(2, suspend_count(thread));
	EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(thread, &previous));
	EXPECT_EQ(2, previous);
	EXPECT_TRUE(stands_still(&counted));
	EXPECT_EQ(seen, counted);
	EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(thread, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_TRUE(reaches(&counted, seen + 1));
	EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(thread, &previous));
	EXPECT_EQ(0, previous);
}

/* 6.8: rights and kinds */
TEST(suspend_statuses)
{
	HANDLE thread = counting_thread();
	HANDLE weak, strong, only_resume;
	ULONG previous = POISON;

	ASSERT_NE(NULL, thread);
	weak = duplicate(thread, THREAD_ALL_ACCESS & ~THREAD_SUSPEND_RESUME &
			 ~THREAD_RESUME);
	strong = duplicate(thread, THREAD_SUSPEND_RESUME);
	only_resume = duplicate(thread, THREAD_RESUME);
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtSuspendThread(weak, &previous));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtResumeThread(weak, &previous));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtAlertResumeThread(weak, &previous));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtSuspendThread(only_resume, &previous));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtSuspendThread(GARBAGE, &previous));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtResumeThread(NULL, &previous));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtSuspendThread(NtCurrentProcess(), &previous));
	EXPECT_EQ(POISON, previous);
	EXPECT_EQ(0, suspend_count(thread));
	EXPECT_EQ(STATUS_SUCCESS, NtSuspendThread(strong, &previous));
	EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(only_resume, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_EQ(STATUS_SUCCESS, NtSuspendThread(strong, &previous));
	EXPECT_EQ(STATUS_SUCCESS, NtAlertResumeThread(strong, &previous));
	EXPECT_EQ(1, previous);
}

/* 6.8: the count's pointer is probed first; its status wins, nothing happens. */
TEST(suspend_bad_count_pointer)
{
	HANDLE thread = counting_thread();
	PULONG read_only = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);
	PULONG bad[] = { (PULONG)1, (PULONG)(ULONG_PTR)0xffff800000000000,
			 (PULONG)~(ULONG_PTR)0, read_only };
	unsigned int i;

	ASSERT_NE(NULL, thread);
	ASSERT_NE(MAP_FAILED, (void *)read_only);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(STATUS_ACCESS_VIOLATION,
			  NtSuspendThread(GARBAGE, bad[i]));
		EXPECT_EQ(STATUS_ACCESS_VIOLATION,
			  NtSuspendThread(thread, bad[i]));
		EXPECT_EQ(STATUS_ACCESS_VIOLATION,
			  NtAlertResumeThread(thread, bad[i]));
	}
	EXPECT_EQ(0, suspend_count(thread));
	EXPECT_EQ(STATUS_SUCCESS, NtSuspendThread(thread, NULL));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(STATUS_ACCESS_VIOLATION,
			  NtResumeThread(thread, bad[i]));
	EXPECT_EQ(1, suspend_count(thread));
}

/* 6.1 */
TEST(suspend_count_exceeded)
{
	HANDLE thread = counting_thread();
	ULONG previous;
	ULONG i;

	ASSERT_NE(NULL, thread);
	for (i = 0; i < 127; i++) {
		ASSERT_EQ(STATUS_SUCCESS, NtSuspendThread(thread, &previous));
		ASSERT_EQ(i, previous);
	}
	previous = POISON;
	EXPECT_EQ(STATUS_SUSPEND_COUNT_EXCEEDED,
		  NtSuspendThread(thread, &previous));
	EXPECT_EQ(POISON, previous);
	EXPECT_EQ(127, suspend_count(thread));
}

/* 6.8: natively, ntdll's view of what Win32 calls ACCESS_DENIED. */
TEST(suspend_ended_thread)
{
	HANDLE dead = dead_thread(3);
	CONTEXT context = { .ContextFlags = CONTEXT_INTEGER };
	ULONG previous = POISON;

	ASSERT_NE(NULL, dead);
	EXPECT_EQ(STATUS_THREAD_IS_TERMINATING, NtSuspendThread(dead, &previous));
	EXPECT_EQ(POISON, previous);
	EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(dead, &previous));
	EXPECT_EQ(0, previous);
	previous = POISON;
	EXPECT_EQ(STATUS_SUCCESS, NtAlertResumeThread(dead, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThread(dead));
	EXPECT_EQ(STATUS_SUCCESS, NtTerminateThread(dead, 4));
	EXPECT_EQ(3, exit_status(dead));
	EXPECT_EQ(STATUS_UNSUCCESSFUL, NtGetContextThread(dead, &context));
	EXPECT_EQ(STATUS_UNSUCCESSFUL, NtSetContextThread(dead, &context));
}

static NTSTATUS NTAPI suspend_self(PVOID argument)
{
	ULONG previous = POISON;

	UNREFERENCED_PARAMETER(argument);
	log_add(1);
	NtSuspendThread(NtCurrentThread(), &previous);
	log_add(100 + previous);
	return STATUS_SUCCESS;
}

/* 6.4 */
TEST(suspend_oneself)
{
	HANDLE thread = create(suspend_self, NULL, 0);
	ULONG previous;

	ASSERT_NE(NULL, thread);
	ASSERT_TRUE(is_in(thread, NTAPC_THREAD_SUSPENDED));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(thread, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
	EXPECT_TRUE(logged(2, 1, 100));
}

/* 14.1, 6.10 */
TEST(create_suspended)
{
	HANDLE thread = create(return_argument, P(42),
			       THREAD_CREATE_FLAGS_CREATE_SUSPENDED);
	LARGE_INTEGER zero = { .QuadPart = 0 };
	ULONG previous = POISON;

	ASSERT_NE(NULL, thread);
	EXPECT_EQ(1, suspend_count(thread));
	EXPECT_EQ(STATUS_SUCCESS, NtQueueApcThread(thread, apc, P(1), 0, 0));
	EXPECT_EQ(STATUS_SUCCESS, NtQueueApcThread(thread, apc, P(2), 0, 0));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThreadEx2(thread, NULL,
				      QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC, apc,
				      P(3), NULL, NULL));
	let_others_run();
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForSingleObject(thread, FALSE, &zero));
	EXPECT_EQ(STATUS_PENDING, exit_status(thread));
	EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(thread, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
	/* 13.4: the special one first; then in order, and before the routine. */
	EXPECT_TRUE(logged(4, 3, 1, 2, 1000));
	EXPECT_EQ(42, exit_status(thread));
}

/* 7.5: it never ran. */
TEST(terminate_created_suspended)
{
	HANDLE thread = create(return_argument, P(42),
			       THREAD_CREATE_FLAGS_CREATE_SUSPENDED);

	ASSERT_NE(NULL, thread);
	EXPECT_EQ(STATUS_SUCCESS, NtQueueApcThread(thread, apc, P(1), 0, 0));
	EXPECT_EQ(STATUS_SUCCESS, NtTerminateThread(thread, 43));
	EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
	EXPECT_EQ(43, exit_status(thread));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(STATUS_UNSUCCESSFUL, NtQueueApcThread(thread, apc, 0, 0, 0));
}

static NTSTATUS NTAPI delay_for_ever(PVOID alertable)
{
	LARGE_INTEGER forever = { .QuadPart = INT64_MIN };

	log_add(NtDelayExecution(!!alertable, &forever));
	return STATUS_SUCCESS;
}

/* 7.5, 11.2: alertable or not; the rights for it. */
TEST(terminate_waiting_threads)
{
	HANDLE thread, weak;
	int i;

	for (i = 0; i < 2; i++) {
		thread = create(delay_for_ever, P(i), 0);
		ASSERT_NE(NULL, thread);
		ASSERT_TRUE(is_in(thread, NTAPC_THREAD_WAITING));
		weak = duplicate(thread, THREAD_ALL_ACCESS & ~THREAD_TERMINATE);
		EXPECT_EQ(STATUS_ACCESS_DENIED, NtTerminateThread(weak, 1));
		EXPECT_EQ(STATUS_PENDING, exit_status(thread));
		EXPECT_EQ(STATUS_SUCCESS,
			  NtTerminateThread(thread, STATUS_ACCESS_DENIED + i));
		EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
		EXPECT_EQ(STATUS_ACCESS_DENIED + i, exit_status(thread));
		EXPECT_EQ(0, log_count);
	}
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtTerminateThread(NtCurrentProcess(), 0));
}

/* 5.1 to 5.4, 5.6, 11.3 */
TEST(alert_thread)
{
	LARGE_INTEGER zero = { .QuadPart = 0 };
	HANDLE thread = create(delay_for_ever, P(1), 0);
	HANDLE weak, strong;

	ASSERT_NE(NULL, thread);
	weak = duplicate(thread, THREAD_ALL_ACCESS & ~THREAD_ALERT);
	strong = duplicate(thread, THREAD_ALERT);
	ASSERT_TRUE(is_in(thread, NTAPC_THREAD_ALERTABLE));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtAlertThread(weak));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtAlertThread(GARBAGE));
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThread(strong));
	EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
	EXPECT_TRUE(logged(1, STATUS_ALERTED));

	EXPECT_EQ(STATUS_SUCCESS, NtAlertThread(NtCurrentThread()));
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThread(NtCurrentThread()));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThread(NtCurrentThread(), apc, P(7), 0, 0));
	EXPECT_EQ(STATUS_ALERTED, NtTestAlert());
	EXPECT_TRUE(logged(1, STATUS_ALERTED));
	EXPECT_EQ(STATUS_SUCCESS, NtTestAlert());
	EXPECT_TRUE(logged(2, STATUS_ALERTED, 7));
	/* The object beats the alert, which stays. */
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThread(NtCurrentThread()));
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(thread, TRUE, &zero));
	EXPECT_EQ(STATUS_ALERTED,
		  NtWaitForSingleObject(NtCurrentThread(), TRUE, &zero));
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForSingleObject(NtCurrentThread(), TRUE, &zero));
}

/* 5.7 */
TEST(alert_resume_thread)
{
	HANDLE thread = create(delay_for_ever, P(1), 0);
	ULONG previous = POISON;

	ASSERT_NE(NULL, thread);
	ASSERT_TRUE(is_in(thread, NTAPC_THREAD_ALERTABLE));
	EXPECT_EQ(STATUS_SUCCESS, NtSuspendThread(thread, NULL));
	ASSERT_TRUE(is_in(thread, NTAPC_THREAD_SUSPENDED));
	EXPECT_EQ(STATUS_SUCCESS, NtAlertResumeThread(thread, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
	EXPECT_TRUE(logged(1, STATUS_ALERTED));
}

static HANDLE own_id(void)
{
	return UlongToHandle(GetCurrentThreadId());
}

/* 15.1, 15.2 */
TEST(tid_alert)
{
	LARGE_INTEGER zero = { .QuadPart = 0 }, ms = { .QuadPart = -10000 };

	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForAlertByThreadId(NULL, &zero));
	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForAlertByThreadId(P(0x123), &ms));
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThreadByThreadId(own_id()));
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThreadByThreadId(own_id()));
	EXPECT_EQ(STATUS_SUCCESS, NtTestAlert());
	EXPECT_EQ(STATUS_ALERTED, NtWaitForAlertByThreadId(P(0x123), NULL));
	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForAlertByThreadId(NULL, &zero));
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThread(NtCurrentThread()));
	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForAlertByThreadId(NULL, &ms));
	/* 15.4 */
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueueApcThread(NtCurrentThread(), apc, P(1), 0, 0));
	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForAlertByThreadId(NULL, &ms));
	EXPECT_EQ(0, log_count);
}

static NTSTATUS NTAPI wait_for_alert(PVOID argument)
{
	UNREFERENCED_PARAMETER(argument);
	log_add(NtWaitForAlertByThreadId(NULL, NULL));
	return STATUS_SUCCESS;
}

static HANDLE id_of(HANDLE thread)
{
	return UlongToHandle(GetThreadId(thread));
}

/* 15.3: an ended thread's id is good while there is a handle. */
TEST(tid_alert_statuses)
{
	HANDLE thread = create(wait_for_alert, NULL, 0), copy, id;
	int ends[2];
	pid_t pid;
	char c;

	ASSERT_NE(NULL, thread);
	id = id_of(thread);
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThreadByThreadId(id));
	EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
	EXPECT_TRUE(logged(1, STATUS_ALERTED));
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThreadByThreadId(id));
	copy = duplicate(thread, SYNCHRONIZE);
	EXPECT_EQ(STATUS_SUCCESS, NtClose(thread));
	EXPECT_EQ(STATUS_SUCCESS, NtAlertThreadByThreadId(id));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(copy));
	EXPECT_EQ(STATUS_INVALID_CID, NtAlertThreadByThreadId(id));

	EXPECT_EQ(STATUS_INVALID_CID, NtAlertThreadByThreadId(NULL));
	EXPECT_EQ(STATUS_INVALID_CID, NtAlertThreadByThreadId(P(0x3ffffffc)));
	EXPECT_EQ(STATUS_INVALID_CID,
		  NtAlertThreadByThreadId(P(0xfffffffffffffffc)));
	ASSERT_EQ(0, pipe(ends));
	pid = fork();
	if (!pid) {
		close(ends[1]);
		_exit(read(ends[0], &c, 1));
	}
	close(ends[0]);
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtAlertThreadByThreadId(P(pid)));
	close(ends[1]);
	EXPECT_EQ(0, end_of(pid));
}

static NTSTATUS NTAPI spin_routine(PVOID started)
{
	return (NTSTATUS)(ULONG_PTR)spin(started);
}

static HANDLE spinning_thread(void)
{
	static _Atomic long started;
	HANDLE thread;

	atomic_store(&started, 0);
	thread = create(spin_routine, &started, 0);
	if (!thread || !reaches(&started, 1) || NtSuspendThread(thread, NULL))
		return NULL;
	return thread;
}

static bool in_spin(ULONG_PTR rip)
{
	return rip >= (ULONG_PTR)spin_begin && rip < (ULONG_PTR)spin_end;
}

/* 1.5, 3.5. Each group by itself, and nothing but what is asked for. */
TEST(get_context)
{
	HANDLE thread = spinning_thread(), weak;
	CONTEXT c, d;
	NTSTATUS status;

	ASSERT_NE(NULL, thread);
	weak = duplicate(thread, THREAD_ALL_ACCESS & ~THREAD_GET_CONTEXT);
	memset(&c, 0xcc, sizeof(c));
	c.ContextFlags = CONTEXT_CONTROL;
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtGetContextThread(weak, &c));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtGetContextThread(GARBAGE, &c));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION, NtGetContextThread(thread, NULL));
	EXPECT_EQ(0xcccccccccccccccc, c.Rip);
	status = NtGetContextThread(thread, &c);
	if (status == STATUS_NOT_SUPPORTED)
		SKIP(return, "no registers to be had here");
	ASSERT_EQ(STATUS_SUCCESS, status);
	EXPECT_TRUE(in_spin(c.Rip));
	EXPECT_NE(0xcccccccccccccccc, c.Rsp);
	EXPECT_EQ(3, c.SegCs & 3);
	EXPECT_NE(0xcccccccc, c.EFlags);
	EXPECT_EQ(0xcccccccccccccccc, c.Rbx);
	EXPECT_EQ(0xcccccccccccccccc, c.Rbp);
	EXPECT_EQ(CONTEXT_CONTROL, c.ContextFlags);

	memset(&d, 0xcc, sizeof(d));
	d.ContextFlags = CONTEXT_INTEGER;
	ASSERT_EQ(STATUS_SUCCESS, NtGetContextThread(thread, &d));
	EXPECT_EQ(SPIN_RBX, d.Rbx);
	EXPECT_EQ(SPIN_R12, d.R12);
	EXPECT_EQ(SPIN_R15, d.R15);
	/* push %rbp; mov %rsp, %rbp; and three more pushes */
	EXPECT_EQ(c.Rsp + 24, d.Rbp);
	EXPECT_EQ(0xcccccccccccccccc, d.Rip);
	EXPECT_EQ(0xcccccccccccccccc, d.Rsp);

	c.ContextFlags = CONTEXT_SEGMENTS | CONTEXT_DEBUG_REGISTERS;
	EXPECT_EQ(STATUS_SUCCESS, NtGetContextThread(thread, &c));
	EXPECT_NE(0xcccc, c.SegDs);
	EXPECT_EQ(0, c.Dr7);

	c.ContextFlags = 0x3;
	EXPECT_EQ(STATUS_INVALID_PARAMETER, NtGetContextThread(thread, &c));
	c.ContextFlags = CONTEXT_AMD64 | 0x40;
	EXPECT_EQ(STATUS_NOT_SUPPORTED, NtGetContextThread(thread, &c));
	c.ContextFlags = CONTEXT_AMD64;
	EXPECT_EQ(STATUS_SUCCESS, NtGetContextThread(thread, &c));
}

/* It goes on elsewhere, with what else it had. */
TEST(set_context)
{
	static const DWORD flags[] = { CONTEXT_CONTROL, CONTEXT_INTEGER,
				       CONTEXT_CONTROL | CONTEXT_INTEGER };
	HANDLE thread, weak;
	NTSTATUS status;
	CONTEXT c, d;
	int i;

	for (i = 0; i < 3; i++) {
		thread = spinning_thread();
		ASSERT_NE(NULL, thread);
		c.ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
		status = NtGetContextThread(thread, &c);
		if (status == STATUS_NOT_SUPPORTED)
			SKIP(return, "no registers to be had here");
		ASSERT_EQ(STATUS_SUCCESS, status);
		d = c;
		c.Rip = (ULONG_PTR)spin_out_rbx;
		c.Rbx = 0x12345678;
		c.Rbp += 8;
		c.ContextFlags = flags[i];
		weak = duplicate(thread, THREAD_ALL_ACCESS & ~THREAD_SET_CONTEXT);
		EXPECT_EQ(STATUS_ACCESS_DENIED, NtSetContextThread(weak, &c));
		EXPECT_EQ(STATUS_SUCCESS, NtSetContextThread(thread, &c));
		c.ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
		EXPECT_EQ(STATUS_SUCCESS, NtGetContextThread(thread, &c));
		EXPECT_EQ(flags[i] & 1 ? (ULONG_PTR)spin_out_rbx : d.Rip, c.Rip);
		EXPECT_EQ(flags[i] & 2 ? 0x12345678 : d.Rbx, c.Rbx);
		EXPECT_EQ(flags[i] & 2 ? d.Rbp + 8 : d.Rbp, c.Rbp);
		EXPECT_EQ(d.Rsp, c.Rsp);
		EXPECT_EQ(d.R12, c.R12);
		/* Home, wherever it was. */
		c.Rip = (ULONG_PTR)spin_out_rbx;
		c.Rbp = d.Rbp;
		EXPECT_EQ(STATUS_SUCCESS, NtSetContextThread(thread, &c));
		EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(thread, NULL));
		EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
		EXPECT_EQ(flags[i] & 2 ? 0x12345678 : (NTSTATUS)SPIN_RBX,
			  exit_status(thread));
	}
	c.ContextFlags = CONTEXT_DEBUG_REGISTERS;
	c.Dr0 = 1;
	EXPECT_EQ(STATUS_NOT_SUPPORTED, NtSetContextThread(thread, &c));
}

/* A created suspended thread is sent elsewhere. */
TEST(set_context_before_the_start)
{
	HANDLE thread = create(return_argument, P(1),
			       THREAD_CREATE_FLAGS_CREATE_SUSPENDED);
	static _Atomic long started;
	CONTEXT c = { .ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER };
	NTSTATUS status;

	ASSERT_NE(NULL, thread);
	status = NtGetContextThread(thread, &c);
	if (status == STATUS_NOT_SUPPORTED)
		SKIP(return, "no registers to be had here");
	ASSERT_EQ(STATUS_SUCCESS, status);
	c.Rip = (ULONG_PTR)spin;
	c.Rdi = (ULONG_PTR)&started;
	c.Rsp = ((c.Rsp - 256) & ~(ULONG_PTR)15) - 8;
	EXPECT_EQ(STATUS_SUCCESS, NtSetContextThread(thread, &c));
	EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(thread, NULL));
	EXPECT_TRUE(reaches(&started, 1));
	EXPECT_EQ(STATUS_SUCCESS, NtTerminateThread(thread, 5));
	EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
	EXPECT_EQ(0, log_count);
}

TEST(floating_point_context)
{
	CONTEXT c = { .ContextFlags = CONTEXT_FULL };
	struct ntapc_info info;
	HANDLE thread;

	ASSERT_EQ(0, ntapc_get_info(&info));
	thread = spinning_thread();
	ASSERT_NE(NULL, thread);
	if (!(info.features & NTAPC_FEATURE_EXTENDED)) {
		EXPECT_EQ(STATUS_NOT_SUPPORTED, NtGetContextThread(thread, &c));
		SKIP(return, "no extended state here");
	}
	ASSERT_EQ(STATUS_SUCCESS, NtGetContextThread(thread, &c));
	EXPECT_EQ(SPIN_XMM7, c.Xmm7.Low);
	EXPECT_EQ(c.FltSave.MxCsr, c.MxCsr);
	EXPECT_EQ(0x1f80, c.MxCsr & 0x1f80);
	c.Xmm7.Low = 0x1357;
	c.Rip = (ULONG_PTR)spin_out_xmm7;
	EXPECT_EQ(STATUS_SUCCESS, NtSetContextThread(thread, &c));
	EXPECT_EQ(STATUS_SUCCESS, NtResumeThread(thread, NULL));
	EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
	EXPECT_EQ(0x1357, exit_status(thread));
}

/* With a child that has two threads. */
static struct {
	_Atomic long tid[2], count[2], end;
} *shared;

static void *count_in_child(void *arg)
{
	uintptr_t i = (uintptr_t)arg;

	atomic_store(&shared->tid[i], gettid());
	while (!atomic_load(&shared->end))
		atomic_fetch_add(&shared->count[i], 1);
	return NULL;
}

/* @suspend: when both count, the first thread does this, and then ends. */
static pid_t fork_counting(NTSTATUS (*suspend)(void))
{
	pthread_t thread;
	pid_t pid;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid)
		return pid;
	if (pthread_create(&thread, NULL, count_in_child, (void *)1))
		_exit(1);
	if (suspend) {
		atomic_store(&shared->tid[0], gettid());
		if (!reaches(&shared->count[1], 1) || suspend())
			_exit(2);
		atomic_store(&shared->end, 1);
	}
	count_in_child((void *)0);
	pthread_join(thread, NULL);
	_exit(0);
}

/* Until both threads are. */
static bool child_is_suspended(void)
{
	bool is = true;
	int fd, i;

	for (i = 0; is && i < 2; i++) {
		is = reaches(&shared->tid[i], 1);
		fd = is ? ntapc_thread_open(shared->tid[i]) : -1;
		is = fd >= 0 && becomes(fd, NTAPC_THREAD_SUSPENDED);
		close(fd);
	}
	return is;
}

static HANDLE process_handle(pid_t pid, ACCESS_MASK access, NTSTATUS *status)
{
	CLIENT_ID id = { .UniqueProcess = UlongToHandle(pid) };
	HANDLE handle = GARBAGE;

	*status = NtOpenProcess(&handle, access, NULL, &id);
	return handle;
}

/* All threads of another process; 6.9 */
TEST(suspend_process)
{
	LARGE_INTEGER zero = { .QuadPart = 0 };
	pid_t pid = fork_counting(NULL);
	HANDLE process, weak;
	NTSTATUS status;
	long seen[2];

	ASSERT_LT(0, pid);
	ASSERT_TRUE(reaches(&shared->count[0], 1));
	ASSERT_TRUE(reaches(&shared->count[1], 1));
	process = process_handle(pid, PROCESS_SUSPEND_RESUME | SYNCHRONIZE,
				 &status);
	ASSERT_EQ(STATUS_SUCCESS, status);
	weak = process_handle(pid, PROCESS_QUERY_INFORMATION, &status);
	ASSERT_EQ(STATUS_SUCCESS, status);
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtSuspendProcess(weak));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtResumeProcess(weak));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtSuspendProcess(GARBAGE));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtSuspendProcess(NtCurrentThread()));

	EXPECT_EQ(STATUS_SUCCESS, NtSuspendProcess(process));
	/* It doesn't wait for the safe points. */
	ASSERT_TRUE(child_is_suspended());
	seen[0] = shared->count[0];
	seen[1] = shared->count[1];
	EXPECT_EQ(STATUS_SUCCESS, NtSuspendProcess(process));
	EXPECT_EQ(STATUS_SUCCESS, NtResumeProcess(process));
	let_others_run();
	EXPECT_EQ(seen[0], shared->count[0]);
	EXPECT_EQ(seen[1], shared->count[1]);
	EXPECT_EQ(STATUS_SUCCESS, NtResumeProcess(process));
	EXPECT_TRUE(reaches(&shared->count[0], seen[0] + 1));
	EXPECT_TRUE(reaches(&shared->count[1], seen[1] + 1));

	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForSingleObject(process, FALSE, &zero));
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtWaitForSingleObject(weak, FALSE, &zero));
	atomic_store(&shared->end, 1);
	EXPECT_EQ(STATUS_WAIT_0, wait_for(process));
	EXPECT_EQ(STATUS_PROCESS_IS_TERMINATING, NtSuspendProcess(process));
	EXPECT_EQ(STATUS_PROCESS_IS_TERMINATING, NtResumeProcess(process));
	EXPECT_EQ(0, end_of(pid));
	EXPECT_EQ(STATUS_PROCESS_IS_TERMINATING, NtSuspendProcess(process));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(process));
}

static NTSTATUS suspend_ourselves(void)
{
	return NtSuspendProcess(NtCurrentProcess());
}

/* Of oneself, all threads: somebody else has to resume it. */
TEST(suspend_own_process)
{
	pid_t pid = fork_counting(suspend_ourselves);
	HANDLE process;
	NTSTATUS status;

	ASSERT_LT(0, pid);
	process = process_handle(pid, PROCESS_ALL_ACCESS, &status);
	ASSERT_EQ(STATUS_SUCCESS, status);
	ASSERT_TRUE(child_is_suspended());
	EXPECT_TRUE(stands_still(&shared->count[1]));
	EXPECT_EQ(0, shared->end);
	EXPECT_EQ(STATUS_SUCCESS, NtResumeProcess(process));
	EXPECT_EQ(STATUS_WAIT_0, wait_for(process));
	EXPECT_EQ(0, end_of(pid));
}

TEST(open_process)
{
	HANDLE self, thread = NULL, copy;
	CLIENT_ID id = { 0 };
	NTSTATUS status;

	self = process_handle(0x3ffffffc, PROCESS_ALL_ACCESS, &status);
	EXPECT_EQ(STATUS_INVALID_CID, status);
	EXPECT_EQ(NULL, self);
	EXPECT_EQ(STATUS_INVALID_PARAMETER_MIX,
		  NtOpenProcess(&self, PROCESS_ALL_ACCESS, NULL, NULL));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtOpenProcess(NULL, PROCESS_ALL_ACCESS, NULL, &id));
	id.UniqueProcess = UlongToHandle(getpid());
	id.UniqueThread = UlongToHandle(1);
	EXPECT_EQ(STATUS_INVALID_CID,
		  NtOpenProcess(&self, PROCESS_ALL_ACCESS, NULL, &id));
	id.UniqueThread = own_id();
	ASSERT_EQ(STATUS_SUCCESS,
		  NtOpenProcess(&self, PROCESS_ALL_ACCESS, NULL, &id));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtCreateThreadEx(&thread, SYNCHRONIZE, NULL, self,
				   return_argument, P(1), 0, 0, 0, 0, NULL));
	EXPECT_EQ(STATUS_WAIT_0, wait_for(thread));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtDuplicateObject(self, self, self, &copy, SYNCHRONIZE, 0, 0));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtSuspendProcess(copy));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(copy));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(self));
}

TEST_HARNESS_MAIN
