// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/nt.h>: events, semaphores, mutants, timers, and waits for them, written as a
 * test for Windows would be. Rule numbers are those of Documentation/nt-semantics.rst.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <uchar.h>

#include "waiter.h"
#include "ntapc/nt.h"
#include "kselftest_harness.h"

#define GARBAGE		((HANDLE)(ULONG_PTR)0x10000)
#define P(n)		((PVOID)(ULONG_PTR)(n))
#define DIRECTORY	u"\\BaseNamedObjects\\"

static LARGE_INTEGER zero;
static LARGE_INTEGER patience = { .QuadPart = -10000000LL * PATIENCE_S };

static HANDLE event(EVENT_TYPE type, BOOLEAN state)
{
	HANDLE handle = NULL;

	NtCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, type, state);
	return handle;
}

static HANDLE semaphore(LONG count, LONG limit)
{
	HANDLE handle = NULL;

	NtCreateSemaphore(&handle, SEMAPHORE_ALL_ACCESS, NULL, count, limit);
	return handle;
}

static HANDLE mutant(BOOLEAN owned)
{
	HANDLE handle = NULL;

	NtCreateMutant(&handle, MUTANT_ALL_ACCESS, NULL, owned);
	return handle;
}

static HANDLE timer(TIMER_TYPE type)
{
	HANDLE handle = NULL;

	NtCreateTimer(&handle, TIMER_ALL_ACCESS, NULL, type);
	return handle;
}

static HANDLE with_access(HANDLE handle, ACCESS_MASK access)
{
	HANDLE copy = NULL;

	NtDuplicateObject(NtCurrentProcess(), handle, NtCurrentProcess(), &copy,
			  access, 0, 0);
	return copy;
}

static NTSTATUS look(HANDLE handle)
{
	return NtWaitForSingleObject(handle, FALSE, &zero);
}

static LONG event_state(HANDLE handle)
{
	EVENT_BASIC_INFORMATION basic = { .EventState = 99 };

	NtQueryEvent(handle, EventBasicInformation, &basic, sizeof(basic), NULL);
	return basic.EventState;
}

static LONG mutant_count(HANDLE handle)
{
	MUTANT_BASIC_INFORMATION basic = { .CurrentCount = 99 };

	NtQueryMutant(handle, MutantBasicInformation, &basic, sizeof(basic),
		      NULL);
	return basic.CurrentCount;
}

static ULONG semaphore_count(HANDLE handle)
{
	SEMAPHORE_BASIC_INFORMATION basic = { .CurrentCount = 99 };

	NtQuerySemaphore(handle, SemaphoreBasicInformation, &basic,
			 sizeof(basic), NULL);
	return basic.CurrentCount;
}

/* Attributes with a name, which goes on being used. */
struct named {
	UNICODE_STRING string;
	OBJECT_ATTRIBUTES attributes;
};

static POBJECT_ATTRIBUTES named(struct named *n, const char16_t *name,
				ULONG attributes)
{
	size_t length = 0;

	while (name[length])
		length++;
	n->string.Length = length * sizeof(WCHAR);
	n->string.MaximumLength = n->string.Length;
	n->string.Buffer = (PWSTR)name;
	InitializeObjectAttributes(&n->attributes, &n->string, attributes, NULL,
				   NULL);
	return &n->attributes;
}

TEST(events)
{
	HANDLE stays = event(NotificationEvent, FALSE);
	HANDLE goes = event(SynchronizationEvent, TRUE);
	LONG previous = 99;

	ASSERT_NE(NULL, stays);
	ASSERT_NE(NULL, goes);
	EXPECT_EQ(STATUS_TIMEOUT, look(stays));
	EXPECT_EQ(STATUS_SUCCESS, NtSetEvent(stays, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_EQ(STATUS_SUCCESS, NtSetEvent(stays, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_EQ(STATUS_WAIT_0, look(stays));
	EXPECT_EQ(STATUS_WAIT_0, look(stays));
	EXPECT_EQ(STATUS_SUCCESS, NtResetEvent(stays, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_EQ(STATUS_SUCCESS, NtResetEvent(stays, NULL));
	EXPECT_EQ(STATUS_TIMEOUT, look(stays));
	EXPECT_EQ(STATUS_SUCCESS, NtSetEvent(stays, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtClearEvent(stays));
	EXPECT_EQ(0, event_state(stays));
	EXPECT_EQ(STATUS_SUCCESS, NtSetEvent(stays, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtPulseEvent(stays, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_EQ(0, event_state(stays));

	EXPECT_EQ(STATUS_WAIT_0, look(goes));
	EXPECT_EQ(STATUS_TIMEOUT, look(goes));
	EXPECT_EQ(STATUS_SUCCESS, NtSetEvent(goes, NULL));
	EXPECT_EQ(STATUS_WAIT_0, look(goes));
	EXPECT_EQ(0, event_state(goes));
}

TEST(event_statuses)
{
	HANDLE handle = P(0xdead), e = event(NotificationEvent, FALSE);
	HANDLE query = with_access(e, EVENT_QUERY_STATE | SYNCHRONIZE);
	HANDLE modify = with_access(e, EVENT_MODIFY_STATE);
	HANDLE generic = with_access(e, GENERIC_READ);
	HANDLE m = mutant(FALSE);

	ASSERT_NE(NULL, generic);
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtCreateEvent(NULL, 0, NULL, NotificationEvent, FALSE));
	EXPECT_EQ(STATUS_INVALID_PARAMETER,
		  NtCreateEvent(&handle, 0, NULL, 2, FALSE));
	EXPECT_EQ(NULL, handle);
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtSetEvent(GARBAGE, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtResetEvent(NULL, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH, NtSetEvent(m, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH, NtClearEvent(m));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtPulseEvent(NtCurrentThread(), NULL));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtSetEvent(query, NULL));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtResetEvent(query, NULL));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtClearEvent(query));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtPulseEvent(query, NULL));
	EXPECT_EQ(STATUS_TIMEOUT, look(query));
	EXPECT_EQ(STATUS_SUCCESS, NtSetEvent(modify, NULL));
	EXPECT_EQ(99, event_state(modify));
	EXPECT_EQ(STATUS_ACCESS_DENIED, look(modify));
	EXPECT_EQ(1, event_state(generic));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtSetEvent(generic, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(e));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtSetEvent(e, NULL));
	/* It is the others' still. */
	EXPECT_EQ(1, event_state(query));
}

TEST(query_event)
{
	HANDLE e = event(SynchronizationEvent, TRUE);
	EVENT_BASIC_INFORMATION basic;
	ULONG length = 0;

	ASSERT_NE(NULL, e);
	memset(&basic, 0xcc, sizeof(basic));
	EXPECT_EQ(STATUS_SUCCESS, NtQueryEvent(e, EventBasicInformation, &basic,
					       sizeof(basic), &length));
	EXPECT_EQ(sizeof(basic), length);
	EXPECT_EQ(SynchronizationEvent, basic.EventType);
	EXPECT_EQ(1, basic.EventState);
	EXPECT_EQ(STATUS_INVALID_INFO_CLASS,
		  NtQueryEvent(GARBAGE, 1, &basic, sizeof(basic), NULL));
	EXPECT_EQ(STATUS_INFO_LENGTH_MISMATCH,
		  NtQueryEvent(GARBAGE, EventBasicInformation, &basic,
			       sizeof(basic) - 1, NULL));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtQueryEvent(GARBAGE, EventBasicInformation, NULL,
			       sizeof(basic), NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtQueryEvent(GARBAGE, EventBasicInformation, &basic,
			       sizeof(basic), NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtQueryEvent(mutant(FALSE), EventBasicInformation, &basic,
			       sizeof(basic), NULL));
}

TEST(semaphores)
{
	HANDLE handle, s = semaphore(1, 3), weak;
	SEMAPHORE_BASIC_INFORMATION basic;
	LONG previous = 99;
	ULONG length;

	ASSERT_NE(NULL, s);
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtCreateSemaphore(NULL, 0, NULL, 0, 1));
	EXPECT_EQ(STATUS_INVALID_PARAMETER,
		  NtCreateSemaphore(&handle, 0, NULL, 0, 0));
	EXPECT_EQ(STATUS_INVALID_PARAMETER,
		  NtCreateSemaphore(&handle, 0, NULL, -1, 1));
	EXPECT_EQ(STATUS_INVALID_PARAMETER,
		  NtCreateSemaphore(&handle, 0, NULL, 2, 1));
	EXPECT_EQ(STATUS_INVALID_PARAMETER,
		  NtCreateSemaphore(&handle, 0, NULL, 0, -1));
	EXPECT_EQ(STATUS_WAIT_0, look(s));
	EXPECT_EQ(STATUS_TIMEOUT, look(s));
	EXPECT_EQ(STATUS_SUCCESS, NtReleaseSemaphore(s, 2, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_EQ(STATUS_SEMAPHORE_LIMIT_EXCEEDED,
		  NtReleaseSemaphore(s, 2, &previous));
	EXPECT_EQ(STATUS_SEMAPHORE_LIMIT_EXCEEDED,
		  NtReleaseSemaphore(s, 0x7fffffff, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtReleaseSemaphore(s, 1, &previous));
	EXPECT_EQ(2, previous);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQuerySemaphore(s, SemaphoreBasicInformation, &basic,
				   sizeof(basic), &length));
	EXPECT_EQ(3, basic.CurrentCount);
	EXPECT_EQ(3, basic.MaximumCount);
	EXPECT_EQ(sizeof(basic), length);

	/* The count is looked at before the handle. */
	EXPECT_EQ(STATUS_INVALID_PARAMETER, NtReleaseSemaphore(GARBAGE, 0, NULL));
	EXPECT_EQ(STATUS_INVALID_PARAMETER, NtReleaseSemaphore(s, -1, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtReleaseSemaphore(GARBAGE, 1, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtReleaseSemaphore(mutant(TRUE), 1, NULL));
	weak = with_access(s, SEMAPHORE_QUERY_STATE);
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtReleaseSemaphore(weak, 1, NULL));
	EXPECT_EQ(3, semaphore_count(weak));
	weak = with_access(s, SEMAPHORE_MODIFY_STATE);
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtQuerySemaphore(weak, SemaphoreBasicInformation, &basic,
				   sizeof(basic), NULL));
	EXPECT_EQ(STATUS_INVALID_INFO_CLASS,
		  NtQuerySemaphore(s, 1, &basic, sizeof(basic), NULL));
	EXPECT_EQ(STATUS_INFO_LENGTH_MISMATCH,
		  NtQuerySemaphore(s, SemaphoreBasicInformation, &basic, 4,
				   NULL));
}

static long look_at(void *arg)
{
	return look(*(HANDLE *)arg);
}

static long release_it(void *arg)
{
	return NtReleaseMutant(*(HANDLE *)arg, NULL);
}

/* 11.6 */
TEST(mutants)
{
	MUTANT_BASIC_INFORMATION basic;
	MUTANT_OWNER_INFORMATION owner;
	HANDLE m = mutant(FALSE), weak;
	LONG previous = 99;
	ULONG length;

	ASSERT_NE(NULL, m);
	EXPECT_EQ(STATUS_ACCESS_VIOLATION, NtCreateMutant(NULL, 0, NULL, FALSE));
	EXPECT_EQ(STATUS_MUTANT_NOT_OWNED, NtReleaseMutant(m, &previous));
	EXPECT_EQ(99, previous);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueryMutant(m, MutantOwnerInformation, &owner,
				sizeof(owner), &length));
	EXPECT_EQ(NULL, owner.ClientId.UniqueThread);
	EXPECT_EQ(NULL, owner.ClientId.UniqueProcess);
	EXPECT_EQ(STATUS_WAIT_0, look(m));
	EXPECT_EQ(STATUS_WAIT_0, look(m));
	memset(&basic, 0xcc, sizeof(basic));
	EXPECT_EQ(STATUS_SUCCESS, NtQueryMutant(m, MutantBasicInformation, &basic,
						sizeof(basic), &length));
	EXPECT_EQ(sizeof(basic), length);
	EXPECT_EQ(-1, basic.CurrentCount);
	EXPECT_EQ(TRUE, basic.OwnedByCaller);
	EXPECT_EQ(FALSE, basic.AbandonedState);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueryMutant(m, MutantOwnerInformation, &owner,
				sizeof(owner), &length));
	EXPECT_EQ(P(gettid()), owner.ClientId.UniqueThread);
	EXPECT_EQ(P(getpid()), owner.ClientId.UniqueProcess);
	EXPECT_EQ(STATUS_TIMEOUT, elsewhere(look_at, &m));
	EXPECT_EQ(STATUS_MUTANT_NOT_OWNED, elsewhere(release_it, &m));
	EXPECT_EQ(STATUS_SUCCESS, NtReleaseMutant(m, &previous));
	EXPECT_EQ(-1, previous);
	EXPECT_EQ(STATUS_SUCCESS, NtReleaseMutant(m, &previous));
	EXPECT_EQ(0, previous);
	EXPECT_EQ(1, mutant_count(m));
	EXPECT_EQ(STATUS_MUTANT_NOT_OWNED, NtReleaseMutant(m, &previous));

	EXPECT_EQ(STATUS_INVALID_HANDLE, NtReleaseMutant(GARBAGE, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtReleaseMutant(semaphore(0, 1), NULL));
	/* That takes no right, but to be the owner. */
	weak = with_access(m, SYNCHRONIZE);
	EXPECT_EQ(STATUS_WAIT_0, look(weak));
	EXPECT_EQ(STATUS_SUCCESS, NtReleaseMutant(weak, NULL));
	EXPECT_EQ(99, mutant_count(weak));
	EXPECT_EQ(STATUS_INVALID_INFO_CLASS,
		  NtQueryMutant(m, 2, &basic, sizeof(basic), NULL));
	EXPECT_EQ(STATUS_INFO_LENGTH_MISMATCH,
		  NtQueryMutant(m, MutantOwnerInformation, &owner, 8, NULL));
	EXPECT_EQ(0, mutant_count(mutant(TRUE)));
}

static long acquire_all(void *arg)
{
	return NtWaitForMultipleObjects(2, arg, WaitAll, FALSE, NULL);
}

/* 11.6: who has it next is told. Of all of them, 0x80. */
TEST(abandoned)
{
	HANDLE m[3] = { mutant(FALSE), mutant(FALSE), event(NotificationEvent,
							     TRUE) };
	MUTANT_BASIC_INFORMATION basic;
	HANDLE order[2] = { event(NotificationEvent, FALSE), m[0] };

	ASSERT_NE(NULL, m[2]);
	EXPECT_EQ(STATUS_WAIT_0, elsewhere(acquire_all, m));
	/* Not before the thread has ended, which join() isn't about. */
	EXPECT_EQ(STATUS_ABANDONED_WAIT_0 + 1,
		  NtWaitForMultipleObjects(2, order, WaitAny, FALSE, &patience));
	EXPECT_EQ(STATUS_SUCCESS, NtReleaseMutant(m[0], NULL));
	EXPECT_EQ(STATUS_ABANDONED_WAIT_0,
		  NtWaitForMultipleObjects(3, m, WaitAll, FALSE, &patience));
	EXPECT_EQ(STATUS_WAIT_0,
		  NtWaitForMultipleObjects(3, m, WaitAll, FALSE, &zero));
	EXPECT_EQ(-1, mutant_count(m[1]));

	m[0] = mutant(FALSE);
	EXPECT_EQ(STATUS_WAIT_0, elsewhere(look_at, m));
	do {
		EXPECT_EQ(STATUS_SUCCESS,
			  NtQueryMutant(m[0], MutantBasicInformation, &basic,
					sizeof(basic), NULL));
	} while (basic.CurrentCount != 1);
	EXPECT_EQ(TRUE, basic.AbandonedState);
	EXPECT_EQ(STATUS_ABANDONED_WAIT_0, look(m[0]));
	EXPECT_EQ(STATUS_WAIT_0, look(m[0]));
}

/* Names: made, opened, in the way of each other. */
TEST(names)
{
	HANDLE e, f, other = P(1);
	struct named n, m;

	named(&n, DIRECTORY u"faces-nt", 0);
	EXPECT_EQ(STATUS_OBJECT_NAME_NOT_FOUND,
		  NtOpenEvent(&e, EVENT_ALL_ACCESS, &n.attributes));
	EXPECT_EQ(NULL, e);
	ASSERT_EQ(STATUS_SUCCESS,
		  NtCreateEvent(&e, EVENT_ALL_ACCESS, &n.attributes,
				NotificationEvent, FALSE));
	EXPECT_EQ(STATUS_OBJECT_NAME_COLLISION,
		  NtCreateEvent(&other, EVENT_ALL_ACCESS, &n.attributes,
				NotificationEvent, TRUE));
	EXPECT_EQ(NULL, other);
	/* Whatever its type. */
	EXPECT_EQ(STATUS_OBJECT_NAME_COLLISION,
		  NtCreateMutant(&other, MUTANT_ALL_ACCESS, &n.attributes,
				 FALSE));
	named(&m, DIRECTORY u"faces-nt", OBJ_OPENIF | OBJ_CASE_INSENSITIVE);
	ASSERT_EQ(STATUS_OBJECT_NAME_EXISTS,
		  NtCreateEvent(&f, EVENT_ALL_ACCESS, &m.attributes,
				SynchronizationEvent, TRUE));
	EXPECT_EQ(0, event_state(f));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtCreateSemaphore(&other, 0, &m.attributes, 0, 1));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtOpenMutant(&other, 0, &n.attributes));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtOpenSemaphore(&other, 0, &n.attributes));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtOpenTimer(&other, 0, &n.attributes));
	EXPECT_EQ(STATUS_SUCCESS, NtSetEvent(f, NULL));
	EXPECT_EQ(1, event_state(e));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(f));
	ASSERT_EQ(STATUS_SUCCESS,
		  NtOpenEvent(&f, EVENT_QUERY_STATE, &n.attributes));
	EXPECT_EQ(1, event_state(f));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtSetEvent(f, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(e));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(f));
	EXPECT_EQ(STATUS_OBJECT_NAME_NOT_FOUND,
		  NtOpenEvent(&e, EVENT_ALL_ACCESS, &n.attributes));
}

TEST(open_each_kind)
{
	struct named s, m, t;
	HANDLE h, again;

	named(&s, DIRECTORY u"faces-s", 0);
	named(&m, DIRECTORY u"faces-m", 0);
	named(&t, DIRECTORY u"faces-t", 0);
	ASSERT_EQ(STATUS_SUCCESS, NtCreateSemaphore(&h, 0, &s.attributes, 1, 2));
	ASSERT_EQ(STATUS_SUCCESS,
		  NtOpenSemaphore(&again, MAXIMUM_ALLOWED, &s.attributes));
	EXPECT_EQ(STATUS_SUCCESS, NtReleaseSemaphore(again, 1, NULL));
	ASSERT_EQ(STATUS_SUCCESS, NtCreateMutant(&h, 0, &m.attributes, TRUE));
	ASSERT_EQ(STATUS_SUCCESS,
		  NtOpenMutant(&again, MAXIMUM_ALLOWED, &m.attributes));
	EXPECT_EQ(0, mutant_count(again));
	ASSERT_EQ(STATUS_SUCCESS,
		  NtCreateTimer(&h, 0, &t.attributes, NotificationTimer));
	ASSERT_EQ(STATUS_SUCCESS,
		  NtOpenTimer(&again, MAXIMUM_ALLOWED, &t.attributes));
	EXPECT_EQ(STATUS_TIMEOUT, look(again));
}

/* What isn't a name, or not one of here. */
TEST(name_errors)
{
	static char16_t name[600] = DIRECTORY;
	struct named n;
	HANDLE h;
	int i;

	EXPECT_EQ(STATUS_INVALID_PARAMETER, NtOpenEvent(&h, 0, NULL));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtOpenEvent(NULL, 0, named(&n, DIRECTORY u"a", 0)));
	named(&n, u"a", 0);
	n.attributes.ObjectName = NULL;
	EXPECT_EQ(STATUS_OBJECT_PATH_SYNTAX_BAD,
		  NtOpenEvent(&h, 0, &n.attributes));
	/* To make one without a name it does. */
	EXPECT_EQ(STATUS_SUCCESS, NtCreateMutant(&h, 0, &n.attributes, FALSE));
	EXPECT_EQ(STATUS_OBJECT_PATH_SYNTAX_BAD,
		  NtOpenEvent(&h, 0, named(&n, u"", 0)));
	EXPECT_EQ(STATUS_OBJECT_PATH_SYNTAX_BAD,
		  NtOpenEvent(&h, 0, named(&n, u"BaseNamedObjects\\a", 0)));
	EXPECT_EQ(STATUS_OBJECT_PATH_NOT_FOUND,
		  NtOpenEvent(&h, 0, named(&n, u"\\Elsewhere\\a", 0)));
	EXPECT_EQ(STATUS_OBJECT_PATH_NOT_FOUND,
		  NtCreateEvent(&h, 0, named(&n, DIRECTORY u"a\\b", 0), 0, 0));
	EXPECT_EQ(STATUS_OBJECT_NAME_INVALID,
		  NtOpenEvent(&h, 0, named(&n, DIRECTORY, 0)));
	named(&n, DIRECTORY u"a", 0);
	n.string.Length--;
	EXPECT_EQ(STATUS_OBJECT_NAME_INVALID, NtOpenEvent(&h, 0, &n.attributes));
	named(&n, DIRECTORY u"a", 0);
	n.string.Buffer = NULL;
	EXPECT_EQ(STATUS_ACCESS_VIOLATION, NtOpenEvent(&h, 0, &n.attributes));
	named(&n, DIRECTORY u"a", 0);
	n.attributes.Length--;
	EXPECT_EQ(STATUS_INVALID_PARAMETER, NtOpenEvent(&h, 0, &n.attributes));
	EXPECT_EQ(STATUS_INVALID_PARAMETER,
		  NtOpenEvent(&h, 0, named(&n, DIRECTORY u"a", 0x10000)));
	named(&n, DIRECTORY u"a", 0);
	n.attributes.RootDirectory = GARBAGE;
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtOpenEvent(&h, 0, &n.attributes));

	for (i = 18; i < 18 + NTAPC_NAME_MAX + 1; i++)
		name[i] = 'n';
	EXPECT_EQ(STATUS_NAME_TOO_LONG, NtOpenEvent(&h, 0, named(&n, name, 0)));
	name[18 + NTAPC_NAME_MAX] = 0;
	EXPECT_EQ(STATUS_OBJECT_NAME_NOT_FOUND,
		  NtOpenEvent(&h, 0, named(&n, name, 0)));
	/* In bytes of UTF-8. */
	name[18] = u'\u00e9';
	EXPECT_EQ(STATUS_NAME_TOO_LONG, NtOpenEvent(&h, 0, named(&n, name, 0)));
}

/* The same names as elsewhere, in UTF-8, and two for the directory. */
TEST(names_are_everybodys)
{
	struct named n;
	HANDLE h;
	int fd;

	ASSERT_EQ(STATUS_SUCCESS,
		  NtCreateEvent(&h, EVENT_ALL_ACCESS,
				named(&n, DIRECTORY u"A\u00e9\u20ac\U0001f600", 0),
				NotificationEvent, TRUE));
	fd = ntapc_object_open(NTAPC_OBJECT_NOTIFICATION_EVENT,
			       "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, ntapc_event_reset(fd));
	EXPECT_EQ(0, event_state(h));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtOpenEvent(&h, EVENT_ALL_ACCESS,
			      named(&n, DIRECTORY u"Global\\A\u00e9\u20ac\U0001f600",
				    0)));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtOpenEvent(&h, EVENT_ALL_ACCESS,
			      named(&n, DIRECTORY u"Local\\A\u00e9\u20ac\U0001f600",
				    0)));
	EXPECT_EQ(STATUS_OBJECT_NAME_NOT_FOUND,
		  NtOpenEvent(&h, EVENT_ALL_ACCESS,
			      named(&n, DIRECTORY u"a\u00e9\u20ac\U0001f600", 0)));
}

static struct {
	PVOID context;
	LONGLONG time;
} expiry;

static VOID NTAPI expired(PVOID context, ULONG low, LONG high)
{
	log_add(1);
	expiry.context = context;
	expiry.time = (LONGLONG)high << 32 | low;
}

TEST(timers)
{
	HANDLE t = timer(SynchronizationTimer), n = timer(NotificationTimer);
	LARGE_INTEGER due = { .QuadPart = -200000 }, begin, end, far;
	BOOLEAN state = 99;

	ASSERT_NE(NULL, t);
	ASSERT_NE(NULL, n);
	NtQuerySystemTime(&begin);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtSetTimer(t, &due, NULL, NULL, FALSE, 0, &state));
	EXPECT_EQ(FALSE, state);
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(t, FALSE, &patience));
	NtQuerySystemTime(&end);
	EXPECT_LE(200000, end.QuadPart - begin.QuadPart);
	EXPECT_EQ(STATUS_TIMEOUT, look(t));

	/* A time since 1601. */
	due.QuadPart = end.QuadPart + 100000;
	EXPECT_EQ(STATUS_SUCCESS,
		  NtSetTimer(n, &due, NULL, NULL, FALSE, 0, NULL));
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(n, FALSE, &patience));
	NtQuerySystemTime(&end);
	EXPECT_LE(due.QuadPart, end.QuadPart);
	EXPECT_EQ(STATUS_WAIT_0, look(n));
	EXPECT_EQ(STATUS_SUCCESS, NtCancelTimer(n, &state));
	EXPECT_EQ(TRUE, state);
	/* Set anew it isn't signalled any more. */
	far.QuadPart = INT64_MIN;
	EXPECT_EQ(STATUS_TIMER_RESUME_IGNORED,
		  NtSetTimer(n, &far, NULL, NULL, TRUE, 0, &state));
	EXPECT_EQ(TRUE, state);
	EXPECT_EQ(STATUS_TIMEOUT, look(n));
	EXPECT_EQ(STATUS_SUCCESS, NtCancelTimer(n, &state));
	EXPECT_EQ(FALSE, state);
	EXPECT_EQ(STATUS_SUCCESS, NtCancelTimer(n, NULL));
}

TEST(timer_statuses)
{
	LARGE_INTEGER due = { .QuadPart = INT64_MIN };
	HANDLE t = timer(NotificationTimer), weak, handle;
	TIMER_BASIC_INFORMATION basic;
	ULONG length;

	ASSERT_NE(NULL, t);
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtCreateTimer(NULL, 0, NULL, NotificationTimer));
	EXPECT_EQ(STATUS_INVALID_PARAMETER, NtCreateTimer(&handle, 0, NULL, 2));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtSetTimer(GARBAGE, NULL, NULL, NULL, FALSE, 0, NULL));
	EXPECT_EQ(STATUS_INVALID_PARAMETER_6,
		  NtSetTimer(GARBAGE, &due, NULL, NULL, FALSE, -1, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtSetTimer(GARBAGE, &due, NULL, NULL, FALSE, 0, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtSetTimer(mutant(FALSE), &due, NULL, NULL, FALSE, 0, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtCancelTimer(GARBAGE, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtCancelTimer(mutant(FALSE), NULL));
	weak = with_access(t, TIMER_QUERY_STATE);
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtSetTimer(weak, &due, NULL, NULL, FALSE, 0, NULL));
	EXPECT_EQ(STATUS_ACCESS_DENIED, NtCancelTimer(weak, NULL));
	/* A context without a routine is nobody's. */
	EXPECT_EQ(STATUS_SUCCESS,
		  NtSetTimer(t, &due, NULL, P(7), FALSE, 0x7fffffff, NULL));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueryTimer(weak, TimerBasicInformation, &basic,
			       sizeof(basic), &length));
	EXPECT_EQ(sizeof(basic), length);
	EXPECT_LT(0, basic.RemainingTime.QuadPart);
	EXPECT_EQ(FALSE, basic.TimerState);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtSetTimer(t, &zero, NULL, NULL, FALSE, 0, NULL));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueryTimer(t, TimerBasicInformation, &basic, sizeof(basic),
			       NULL));
	EXPECT_EQ(TRUE, basic.TimerState);
	EXPECT_EQ(0, basic.RemainingTime.QuadPart);
	EXPECT_EQ(STATUS_INVALID_INFO_CLASS,
		  NtQueryTimer(t, 1, &basic, sizeof(basic), NULL));
	EXPECT_EQ(STATUS_INFO_LENGTH_MISMATCH,
		  NtQueryTimer(t, TimerBasicInformation, &basic, 8, NULL));
	weak = with_access(t, TIMER_MODIFY_STATE);
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtQueryTimer(weak, TimerBasicInformation, &basic,
			       sizeof(basic), NULL));
}

/* The routine is a user APC: an alertable wait's affair, with the time. */
TEST(timer_routine)
{
	HANDLE t = timer(NotificationTimer), e = event(NotificationEvent, FALSE);
	LARGE_INTEGER due = { .QuadPart = -50000 }, begin, end;

	ASSERT_NE(NULL, t);
	ASSERT_NE(NULL, e);
	NtQuerySystemTime(&begin);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtSetTimer(t, &due, expired, P(0xfedcba9876543210), FALSE, 0,
			     NULL));
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(t, FALSE, &patience));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(STATUS_USER_APC, NtWaitForSingleObject(e, TRUE, &patience));
	NtQuerySystemTime(&end);
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(P(0xfedcba9876543210), expiry.context);
	EXPECT_LE(begin.QuadPart + 50000, expiry.time);
	EXPECT_GE(end.QuadPart, expiry.time);
	/* Cancelled, it doesn't run. */
	EXPECT_EQ(STATUS_SUCCESS,
		  NtSetTimer(t, &zero, expired, NULL, FALSE, 0, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtCancelTimer(t, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtTestAlert());
	EXPECT_TRUE(logged(1, 1));
}

/* 11.7, in this order */
TEST(wait_for_multiple_statuses)
{
	HANDLE h[MAXIMUM_WAIT_OBJECTS + 1], weak, reserve;
	int i;

	for (i = 0; i <= MAXIMUM_WAIT_OBJECTS; i++)
		h[i] = event(SynchronizationEvent, TRUE);
	ASSERT_NE(NULL, h[MAXIMUM_WAIT_OBJECTS]);
	weak = with_access(h[0], EVENT_ALL_ACCESS & ~SYNCHRONIZE);
	ASSERT_EQ(STATUS_SUCCESS, NtAllocateReserveObject(&reserve, NULL,
							  MemoryReserveUserApc));
	EXPECT_EQ(STATUS_INVALID_PARAMETER_1,
		  NtWaitForMultipleObjects(0, NULL, 7, FALSE, &zero));
	EXPECT_EQ(STATUS_INVALID_PARAMETER_1,
		  NtWaitForMultipleObjects(65, h, 7, FALSE, &zero));
	EXPECT_EQ(STATUS_INVALID_PARAMETER_3,
		  NtWaitForMultipleObjects(1, NULL, 7, FALSE, &zero));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtWaitForMultipleObjects(1, NULL, WaitAny, FALSE, &zero));
	h[1] = GARBAGE;
	h[2] = weak;
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtWaitForMultipleObjects(3, h, WaitAny, FALSE, &zero));
	h[1] = weak;
	h[2] = GARBAGE;
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtWaitForMultipleObjects(3, h, WaitAll, FALSE, &zero));
	h[1] = reserve;
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtWaitForMultipleObjects(3, h, WaitAny, FALSE, &zero));
	h[1] = NtCurrentThread();
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtWaitForMultipleObjects(2, h, WaitAny, FALSE, &zero));
	h[1] = NtCurrentProcess();
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtWaitForMultipleObjects(2, h, WaitAny, FALSE, &zero));
	/* A bad handle is found before one that is there twice. */
	h[1] = h[0];
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtWaitForMultipleObjects(3, h, WaitAll, FALSE, &zero));
	EXPECT_EQ(STATUS_INVALID_PARAMETER_MIX,
		  NtWaitForMultipleObjects(2, h, WaitAll, FALSE, NULL));
	h[1] = with_access(h[0], SYNCHRONIZE);
	EXPECT_EQ(STATUS_INVALID_PARAMETER_MIX,
		  NtWaitForMultipleObjects(2, h, WaitAll, FALSE, NULL));
	EXPECT_EQ(1, event_state(h[0]));
	EXPECT_EQ(STATUS_WAIT_0,
		  NtWaitForMultipleObjects(2, h, WaitAny, FALSE, &zero));
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForMultipleObjects(2, h, WaitAny, FALSE, &zero));
	/* As many as there may be. */
	h[1] = event(SynchronizationEvent, FALSE);
	h[2] = event(SynchronizationEvent, FALSE);
	EXPECT_EQ(STATUS_WAIT_0 + 3,
		  NtWaitForMultipleObjects(64, h, WaitAny, FALSE, &zero));
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForMultipleObjects(64, h, WaitAll, FALSE, &zero));
}

/* 11.5 */
TEST(any_and_all)
{
	HANDLE h[3] = { event(SynchronizationEvent, FALSE), semaphore(1, 1),
			mutant(FALSE) };

	ASSERT_NE(NULL, h[2]);
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForMultipleObjects(3, h, WaitAll, FALSE, &zero));
	EXPECT_EQ(1, semaphore_count(h[1]));
	EXPECT_EQ(1, mutant_count(h[2]));
	EXPECT_EQ(STATUS_WAIT_0 + 1,
		  NtWaitForMultipleObjects(3, h, WaitAny, FALSE, &zero));
	EXPECT_EQ(STATUS_WAIT_0 + 2,
		  NtWaitForMultipleObjects(3, h, WaitAny, FALSE, &zero));
	NtReleaseSemaphore(h[1], 1, NULL);
	NtSetEvent(h[0], NULL);
	/* One's own mutant is signalled. */
	EXPECT_EQ(STATUS_WAIT_0,
		  NtWaitForMultipleObjects(3, h, WaitAll, FALSE, &zero));
	EXPECT_EQ(0, event_state(h[0]));
	EXPECT_EQ(0, semaphore_count(h[1]));
	EXPECT_EQ(-1, mutant_count(h[2]));
}

static VOID NTAPI apc(PVOID a, PVOID b, PVOID c)
{
	UNREFERENCED_PARAMETER(b);
	UNREFERENCED_PARAMETER(c);
	log_add((int)(ULONG_PTR)a);
}

/* 11.3: object, alert, APC, timeout */
TEST(who_wins)
{
	HANDLE h[2] = { event(SynchronizationEvent, FALSE),
			event(SynchronizationEvent, TRUE) };

	ASSERT_NE(NULL, h[1]);
	NtQueueApcThread(NtCurrentThread(), apc, P(1), NULL, NULL);
	NtAlertThread(NtCurrentThread());
	EXPECT_EQ(STATUS_WAIT_0 + 1,
		  NtWaitForMultipleObjects(2, h, WaitAny, TRUE, NULL));
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForMultipleObjects(2, h, WaitAny, FALSE, &zero));
	EXPECT_EQ(STATUS_ALERTED,
		  NtWaitForMultipleObjects(2, h, WaitAny, TRUE, &zero));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(STATUS_USER_APC,
		  NtWaitForMultipleObjects(2, h, WaitAll, TRUE, &zero));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForMultipleObjects(2, h, WaitAny, TRUE, &zero));
}

static HANDLE waited[2];

static long wait_alertably(void *arg)
{
	(void)arg;
	return NtWaitForMultipleObjects(2, waited, WaitAll, TRUE, &patience);
}

/* An APC from elsewhere ends the wait and takes nothing. */
TEST(apc_ends_a_wait)
{
	struct waiter w;

	waited[0] = event(SynchronizationEvent, TRUE);
	waited[1] = event(SynchronizationEvent, FALSE);
	ASSERT_TRUE(waiter_begin(&w, wait_alertably, NULL));
	ASSERT_EQ(0, ntapc_queue(w.fd, log_apc, 1, 0, 0));
	EXPECT_EQ(STATUS_USER_APC, waiter_end(&w));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(1, event_state(waited[0]));
	ASSERT_TRUE(waiter_begin(&w, wait_alertably, NULL));
	ASSERT_EQ(0, ntapc_alert(w.fd));
	EXPECT_EQ(STATUS_ALERTED, waiter_end(&w));
	ASSERT_TRUE(waiter_begin(&w, wait_alertably, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtSetEvent(waited[1], NULL));
	EXPECT_EQ(STATUS_WAIT_0, waiter_end(&w));
}

/* 11.9; both handles are looked up first. */
TEST(signal_and_wait)
{
	HANDLE first = event(SynchronizationEvent, FALSE), weak;
	HANDLE then = event(SynchronizationEvent, TRUE);
	HANDLE s = semaphore(1, 2), m = mutant(TRUE);

	ASSERT_NE(NULL, m);
	EXPECT_EQ(STATUS_WAIT_0, NtSignalAndWaitForSingleObject(first, then,
								FALSE, NULL));
	EXPECT_EQ(1, event_state(first));
	EXPECT_EQ(0, event_state(then));
	EXPECT_EQ(STATUS_TIMEOUT, NtSignalAndWaitForSingleObject(s, then, FALSE,
								 &zero));
	EXPECT_EQ(2, semaphore_count(s));
	EXPECT_EQ(STATUS_TIMEOUT, NtSignalAndWaitForSingleObject(m, then, FALSE,
								 &zero));
	EXPECT_EQ(1, mutant_count(m));
	NtResetEvent(first, NULL);
	NtQueueApcThread(NtCurrentThread(), apc, P(1), NULL, NULL);
	EXPECT_EQ(STATUS_USER_APC,
		  NtSignalAndWaitForSingleObject(first, then, TRUE, NULL));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(1, event_state(first));

	NtSetEvent(then, NULL);
	EXPECT_EQ(STATUS_MUTANT_NOT_OWNED,
		  NtSignalAndWaitForSingleObject(m, then, FALSE, NULL));
	EXPECT_EQ(STATUS_SEMAPHORE_LIMIT_EXCEEDED,
		  NtSignalAndWaitForSingleObject(s, then, FALSE, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtSignalAndWaitForSingleObject(timer(NotificationTimer), then,
						 FALSE, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtSignalAndWaitForSingleObject(NtCurrentThread(), then, FALSE,
						 NULL));
	weak = with_access(first, EVENT_QUERY_STATE);
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtSignalAndWaitForSingleObject(weak, then, FALSE, NULL));
	weak = with_access(s, SEMAPHORE_QUERY_STATE);
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtSignalAndWaitForSingleObject(weak, then, FALSE, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtSignalAndWaitForSingleObject(GARBAGE, then, FALSE, NULL));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtSignalAndWaitForSingleObject(NtCurrentThread(), GARBAGE,
						 FALSE, NULL));
	EXPECT_EQ(1, event_state(then));
	NtResetEvent(first, NULL);
	weak = with_access(then, EVENT_ALL_ACCESS & ~SYNCHRONIZE);
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtSignalAndWaitForSingleObject(first, weak, FALSE, NULL));
	EXPECT_EQ(0, event_state(first));
}

/* Processes: one's own doesn't end while one looks; for others one waits alertably. */
TEST(processes)
{
	OBJECT_ATTRIBUTES none = { .Length = sizeof(none) };
	CLIENT_ID id = { .UniqueProcess = P(getpid()) };
	HANDLE self, h[3];
	int cue[2];
	pid_t pid;

	ASSERT_EQ(STATUS_SUCCESS,
		  NtOpenProcess(&self, PROCESS_ALL_ACCESS, &none, &id));
	EXPECT_EQ(STATUS_TIMEOUT, look(NtCurrentProcess()));
	EXPECT_EQ(STATUS_TIMEOUT, look(self));
	h[0] = self;
	h[1] = event(SynchronizationEvent, TRUE);
	EXPECT_EQ(STATUS_TIMEOUT,
		  NtWaitForMultipleObjects(2, h, WaitAll, FALSE, &zero));
	EXPECT_EQ(STATUS_WAIT_0 + 1,
		  NtWaitForMultipleObjects(2, h, WaitAny, FALSE, &zero));
	h[1] = with_access(self, SYNCHRONIZE);
	EXPECT_EQ(STATUS_INVALID_PARAMETER_MIX,
		  NtWaitForMultipleObjects(2, h, WaitAll, FALSE, &zero));

	ASSERT_EQ(0, pipe(cue));
	pid = fork();
	if (!pid) {
		close(cue[1]);
		_exit(read(cue[0], &(char){ 0 }, 1));
	}
	id.UniqueProcess = P(pid);
	ASSERT_EQ(STATUS_SUCCESS,
		  NtOpenProcess(&h[1], PROCESS_ALL_ACCESS, &none, &id));
	NtQueueApcThread(NtCurrentThread(), apc, P(1), NULL, NULL);
	EXPECT_EQ(STATUS_USER_APC, NtWaitForSingleObject(h[1], TRUE, NULL));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForSingleObject(h[1], TRUE, &zero));
	close(cue[1]);
	EXPECT_EQ(STATUS_WAIT_0 + 1,
		  NtWaitForMultipleObjects(2, h, WaitAny, TRUE, NULL));
	EXPECT_EQ(0, end_of(pid));
	/* Also when nobody knows it any more. */
	EXPECT_EQ(STATUS_WAIT_0, look(h[1]));
}

/* Any descriptor as a handle, and objects' descriptors. */
TEST(handles_of_descriptors)
{
	HANDLE h[2], handle;
	uint64_t one = 1;
	int fd;

	fd = eventfd(0, EFD_CLOEXEC);
	ASSERT_EQ(STATUS_SUCCESS, ntapc_handle_from_fd(fd, GENERIC_READ, &h[0]));
	h[1] = event(SynchronizationEvent, FALSE);
	EXPECT_EQ(STATUS_TIMEOUT, look(h[0]));
	ASSERT_EQ(8, write(fd, &one, 8));
	EXPECT_EQ(STATUS_WAIT_0, look(h[0]));
	EXPECT_EQ(STATUS_WAIT_0,
		  NtWaitForMultipleObjects(2, h, WaitAny, FALSE, &zero));
	NtSetEvent(h[1], NULL);
	EXPECT_EQ(STATUS_WAIT_0,
		  NtWaitForMultipleObjects(2, h, WaitAll, FALSE, &zero));
	EXPECT_EQ(0, event_state(h[1]));
	/* It has a descriptor of its own. */
	close(fd);
	EXPECT_EQ(STATUS_WAIT_0, look(h[0]));
	EXPECT_EQ(8, read(ntapc_handle_to_fd(h[0]), &one, 8));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH, NtSetEvent(h[0], NULL));
	ASSERT_EQ(STATUS_SUCCESS,
		  ntapc_handle_from_fd(ntapc_handle_to_fd(h[0]), 0, &handle));
	EXPECT_EQ(STATUS_ACCESS_DENIED, look(handle));
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(STATUS_SUCCESS, ntapc_handle_from_fd(fd, SYNCHRONIZE, &handle));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH, look(handle));

	/* Objects. */
	fd = ntapc_object_create(NTAPC_OBJECT_SEMAPHORE, 0, 2, NULL, NULL);
	ASSERT_EQ(STATUS_SUCCESS,
		  ntapc_handle_from_fd(fd, SEMAPHORE_ALL_ACCESS, &handle));
	EXPECT_EQ(STATUS_SUCCESS, NtReleaseSemaphore(handle, 1, NULL));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_object(fd, 0, 0));
	fd = ntapc_object_create(NTAPC_OBJECT_MUTANT, 1, 0, NULL, NULL);
	ASSERT_EQ(STATUS_SUCCESS,
		  ntapc_handle_from_fd(fd, MUTANT_ALL_ACCESS, &handle));
	EXPECT_EQ(0, mutant_count(handle));
	fd = ntapc_object_create(NTAPC_OBJECT_SYNCHRONIZATION_TIMER, 0, 0, NULL,
				 NULL);
	ASSERT_EQ(STATUS_SUCCESS,
		  ntapc_handle_from_fd(fd, TIMER_ALL_ACCESS, &handle));
	EXPECT_EQ(STATUS_SUCCESS, NtCancelTimer(handle, NULL));
	EXPECT_EQ(0, ntapc_event_set(ntapc_handle_to_fd(h[1])));
	EXPECT_EQ(1, event_state(h[1]));
}

static long wait_for_it(void *arg)
{
	return NtWaitForSingleObject(*(HANDLE *)arg, FALSE, &patience);
}

/* A wait keeps what it is for, also when its handle is closed. */
TEST(close_while_waiting)
{
	HANDLE e = event(SynchronizationEvent, FALSE);
	HANDLE copy = with_access(e, EVENT_ALL_ACCESS), closed = e;
	struct waiter w;

	ASSERT_NE(NULL, copy);
	ASSERT_TRUE(waiter_begin(&w, wait_for_it, &e));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(closed));
	EXPECT_EQ(STATUS_INVALID_HANDLE, NtSetEvent(closed, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtSetEvent(copy, NULL));
	EXPECT_EQ(STATUS_WAIT_0, waiter_end(&w));
}

TEST_HARNESS_MAIN
