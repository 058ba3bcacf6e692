// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/win32.h>: RegisterWaitForSingleObject(), UnregisterWait(), UnregisterWaitEx().
 * Rule numbers are those of Documentation/nt-semantics.rst.
 *
 * The objects are eventfds with EFD_SEMAPHORE, which a wait looks at and a callback
 * takes from, and ntapc's own, which a wait takes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "face.h"
#include "ntapc/nt.h"
#include "ntapc/win32.h"
#include "kselftest_harness.h"

static int event_op(int fd, uint32_t op)
{
	struct ntapc_event e = { .size = sizeof(e), .op = op };

	return ioctl(fd, NTAPC_IOC_EVENT, &e) ? -1 : (int)e.previous;
}

static int set(int fd)
{
	return event_op(fd, NTAPC_EVENT_SET);
}

/* An object of ntapc's with a handle, which has a descriptor of its own. */
struct made {
	int fd;
	HANDLE handle;
};

static bool make(struct made *m, uint32_t type, uint32_t count, uint32_t limit)
{
	struct ntapc_create c = {
		.size = sizeof(c),
		.type = type,
		.count = count,
		.limit = limit,
	};

	m->fd = ioctl(ntapc_instance(), NTAPC_IOC_CREATE, &c);
	return m->fd >= 0 &&
	       !ntapc_handle_from_fd(m->fd, GENERIC_ALL, &m->handle);
}

static bool is_signalled(int fd)
{
	struct ntapc_object_info info = { .size = sizeof(info) };

	return !ioctl(fd, NTAPC_IOC_OBJECT_INFO, &info) && info.state > 0;
}

/* What a callback tells, and what it waits for. */
struct seen {
	sem_t called;
	_Atomic int calls, timeouts;
	_Atomic pid_t tid;
	sem_t *go;		/* it doesn't return before */
	_Atomic int ended;
};

static VOID CALLBACK callback(PVOID parameter, BOOLEAN timed_out)
{
	struct seen *s = parameter;
	sem_t *go = s->go;	/* whoever it calls may change that */

	if (timed_out)
		s->timeouts++;
	s->tid = gettid();
	s->calls++;
	sem_post(&s->called);
	if (go)
		come(go);
	s->ended++;
}

FIXTURE(wait) {
	struct made event;	/* a synchronization event */
	struct seen seen;
	HANDLE wait;
};

FIXTURE_SETUP(wait)
{
	memset(&self->seen, 0, sizeof(self->seen));
	sem_init(&self->seen.called, 0, 0);
	ASSERT_TRUE(make(&self->event, NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0, 0));
}

FIXTURE_TEARDOWN(wait)
{
}

static bool registered(HANDLE *wait, HANDLE object, struct seen *s, ULONG ms,
		       ULONG flags)
{
	return RegisterWaitForSingleObject(wait, object, callback, s, ms, flags);
}

/* 11.5: the object is taken, each time; the callback runs in another thread. */
TEST_F(wait, repeats)
{
	int i;

	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, WT_EXECUTEDEFAULT));
	for (i = 1; i <= 20; i++) {
		EXPECT_EQ(0, set(self->event.fd));
		ASSERT_TRUE(come(&self->seen.called));
		EXPECT_EQ(i, self->seen.calls);
	}
	EXPECT_EQ(0, self->seen.timeouts);
	EXPECT_NE(gettid(), self->seen.tid);
	ASSERT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	/* From then on nobody takes it. */
	set(self->event.fd);
	EXPECT_TRUE(is_signalled(self->event.fd));
	EXPECT_EQ(20, self->seen.calls);
}

/* As many as there is to take, one call for each. */
TEST_F(wait, semaphore)
{
	struct made semaphore;
	int i;

	ASSERT_TRUE(make(&semaphore, NTAPC_OBJECT_SEMAPHORE, 7, 7));
	ASSERT_TRUE(registered(&self->wait, semaphore.handle, &self->seen,
			       INFINITE, 0));
	for (i = 0; i < 7; i++)
		ASSERT_TRUE(come(&self->seen.called));
	ASSERT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	EXPECT_EQ(7, self->seen.calls);
	EXPECT_FALSE(is_signalled(semaphore.fd));
}

TEST_F(wait, only_once)
{
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, WT_EXECUTEONLYONCE));
	set(self->event.fd);
	ASSERT_TRUE(come(&self->seen.called));
	/* Nobody waits for it any more, as nobody takes it. */
	set(self->event.fd);
	EXPECT_EQ(0, SleepEx(20, FALSE));
	EXPECT_TRUE(is_signalled(self->event.fd));
	/* It has to be unregistered nevertheless, once. */
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	EXPECT_FALSE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_EQ(1, self->seen.calls);
}

TEST_F(wait, times_out)
{
	uint64_t begin = now_ns();

	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen, 30,
			       WT_EXECUTEONLYONCE));
	ASSERT_TRUE(come(&self->seen.called));
	EXPECT_LE(30 * MS, now_ns() - begin);
	EXPECT_EQ(1, self->seen.timeouts);
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	EXPECT_EQ(1, self->seen.calls);
}

/* Over and over, each time for as long; and in between it can be signalled. */
TEST_F(wait, times_out_again)
{
	uint64_t begin = now_ns();
	int i;

	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen, 10,
			       0));
	for (i = 0; i < 5; i++)
		ASSERT_TRUE(come(&self->seen.called));
	EXPECT_LE(50 * MS, now_ns() - begin);
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	EXPECT_EQ(self->seen.calls, self->seen.timeouts);
	i = self->seen.calls;
	SleepEx(30, FALSE);
	EXPECT_EQ(i, self->seen.calls);
}

/* 11.1, 11.3: 0 ms just looks, and what is signalled comes before the timeout. */
TEST_F(wait, looks)
{
	set(self->event.fd);
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen, 0,
			       WT_EXECUTEONLYONCE));
	ASSERT_TRUE(come(&self->seen.called));
	EXPECT_EQ(0, self->seen.timeouts);
	EXPECT_FALSE(is_signalled(self->event.fd));
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen, 0,
			       WT_EXECUTEONLYONCE));
	ASSERT_TRUE(come(&self->seen.called));
	EXPECT_EQ(1, self->seen.timeouts);
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
}

/* 11.6: an abandoned mutant is as good as any. Whoever waits has it then. */
static void *abandon(void *arg)
{
	int32_t fd = *(int *)arg;
	struct ntapc_wait w = {
		.size = sizeof(w),
		.nr_objects = 1,
		.objects = (uintptr_t)&fd,
		.deadline = NTAPC_WAIT_FOREVER,
	};

	ioctl(ntapc_instance(), NTAPC_IOC_WAIT, &w);
	return NULL;
}

TEST_F(wait, abandoned_mutant)
{
	struct made mutant;
	pthread_t thread;

	ASSERT_TRUE(make(&mutant, NTAPC_OBJECT_MUTANT, 0, 0));
	pthread_create(&thread, NULL, abandon, &mutant.fd);
	pthread_join(thread, NULL);
	ASSERT_TRUE(registered(&self->wait, mutant.handle, &self->seen, INFINITE,
			       WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD));
	ASSERT_TRUE(come(&self->seen.called));
	EXPECT_EQ(0, self->seen.timeouts);
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
}

/* A thread's end, and a file's readability, are waited for as well. */
static DWORD WINAPI end_when_told(LPVOID parameter)
{
	come(parameter);
	return 0;
}

TEST_F(wait, other_objects)
{
	struct seen second = { .calls = 0 };
	HANDLE thread, file, wait, self_process;
	uint64_t one = 1;
	sem_t go;
	int fd = eventfd(0, 0);

	sem_init(&go, 0, 0);
	sem_init(&second.called, 0, 0);
	thread = CreateThread(NULL, 0, end_when_told, &go, 0, NULL);
	ASSERT_EQ(0, ntapc_handle_from_fd(fd, GENERIC_ALL, &file));
	ASSERT_TRUE(registered(&self->wait, thread, &self->seen, INFINITE,
			       WT_EXECUTEONLYONCE));
	ASSERT_TRUE(registered(&wait, file, &second, INFINITE,
			       WT_EXECUTEONLYONCE));
	EXPECT_EQ(0, self->seen.calls);
	EXPECT_EQ(0, second.calls);
	sem_post(&go);
	ASSERT_TRUE(come(&self->seen.called));
	EXPECT_EQ(0, second.calls);
	ASSERT_EQ(8, write(fd, &one, 8));
	ASSERT_TRUE(come(&second.called));
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	EXPECT_TRUE(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
	/* Oneself never has ended. */
	self_process = OpenProcess(SYNCHRONIZE, FALSE, GetCurrentProcessId());
	ASSERT_TRUE(registered(&wait, self_process, &second, 1,
			       WT_EXECUTEONLYONCE));
	ASSERT_TRUE(come(&second.called));
	EXPECT_EQ(1, second.timeouts);
	EXPECT_TRUE(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
}

static int nr_threads(void)
{
	char line[256];
	FILE *status = fopen("/proc/self/status", "r");
	int n = -1;

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "Threads: %d", &n) == 1)
			break;
	if (status)
		fclose(status);
	return n;
}

/* A thread for 63 of them, and each is told apart. */
TEST_F(wait, many)
{
	enum { MANY = 150 };
	static struct made m[MANY];
	static struct seen s[MANY];
	static HANDLE wait[MANY];
	int i, k, before = nr_threads();

	for (i = 0; i < MANY; i++) {
		sem_init(&s[i].called, 0, 0);
		ASSERT_TRUE(make(&m[i], NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0,
				 0));
		/* Each in its waiter, so that no worker is needed. */
		ASSERT_TRUE(registered(&wait[i], m[i].handle, &s[i], INFINITE,
				       WT_EXECUTEINWAITTHREAD));
	}
	/* Three waiters, and the pool's first. */
	EXPECT_GE(before + 4, nr_threads());
	for (k = 1; k <= 2; k++) {
		for (i = MANY - 1; i >= 0; i--) {
			set(m[i].fd);
			ASSERT_TRUE(come(&s[i].called));
			ASSERT_EQ(k, s[i].calls);
		}
	}
	for (i = 0; i < MANY; i++) {
		ASSERT_TRUE(UnregisterWaitEx(wait[i], INVALID_HANDLE_VALUE));
		EXPECT_EQ(2, s[i].calls);
	}
}

/* One that is always signalled doesn't keep the others from being seen. */
TEST_F(wait, nobody_starves)
{
	struct made always;
	struct seen s = { .calls = 0 };
	HANDLE wait;
	int i;

	sem_init(&s.called, 0, 0);
	ASSERT_TRUE(make(&always, NTAPC_OBJECT_NOTIFICATION_EVENT, 1, 0));
	ASSERT_TRUE(registered(&wait, always.handle, &s, INFINITE,
			       WT_EXECUTEINWAITTHREAD));
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, WT_EXECUTEINWAITTHREAD));
	for (i = 0; i < 10; i++) {
		set(self->event.fd);
		ASSERT_TRUE(come(&self->seen.called));
	}
	EXPECT_TRUE(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
	EXPECT_LT(5, s.calls);
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
}

/*
 * How often the other threads have gone to sleep, if all of them are asleep; else -1.
 * (The time that they were given says less: a guest's is its host's, too.)
 */
static long sleeps_of_others(void)
{
	char path[64], line[256], state;
	DIR *tasks = opendir("/proc/self/task");
	long sum = 0, n;
	struct dirent *d;
	FILE *status;

	while (tasks && (d = readdir(tasks))) {
		if (d->d_name[0] == '.' || atoi(d->d_name) == gettid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%.16s/status",
			 d->d_name);
		status = fopen(path, "r");
		while (status && fgets(line, sizeof(line), status)) {
			if (sscanf(line, "State: %c", &state) == 1 &&
			    state != 'S')
				sum = -1;
			if (sum >= 0 &&
			    sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
				sum += n;
		}
		if (status)
			fclose(status);
		if (sum < 0)
			break;
	}
	if (tasks)
		closedir(tasks);
	return sum;
}

/* Whether for some time they sleep and do nothing else. */
static bool others_sleep(void)
{
	long before = sleeps_of_others();

	SleepEx(50, FALSE);
	return before >= 0 && sleeps_of_others() == before;
}

/* Nor does it make anybody busy once it has called. */
TEST_F(wait, no_busy_loop)
{
	struct made always;

	ASSERT_TRUE(make(&always, NTAPC_OBJECT_NOTIFICATION_EVENT, 1, 0));
	ASSERT_TRUE(registered(&self->wait, always.handle, &self->seen, INFINITE,
			       WT_EXECUTEONLYONCE));
	ASSERT_TRUE(come(&self->seen.called));
	/* Such a time comes. */
	EXPECT_TRUE(comes_true(others_sleep()));
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
}

/* A call that takes long keeps neither the object from being taken nor the next call. */
TEST_F(wait, calls_overlap)
{
	sem_t go;

	sem_init(&go, 0, 0);
	self->seen.go = &go;
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, WT_EXECUTELONGFUNCTION));
	set(self->event.fd);
	ASSERT_TRUE(come(&self->seen.called));
	set(self->event.fd);
	ASSERT_TRUE(come(&self->seen.called));
	EXPECT_EQ(0, self->seen.ended);
	sem_post(&go);
	sem_post(&go);
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	EXPECT_EQ(2, self->seen.ended);
}

/* Unregistering while a call is under way */

TEST_F(wait, unregister_at_once)
{
	sem_t go;

	sem_init(&go, 0, 0);
	self->seen.go = &go;
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, 0));
	set(self->event.fd);
	ASSERT_TRUE(come(&self->seen.called));
	SetLastError(0xdead);
	EXPECT_FALSE(UnregisterWait(self->wait));
	EXPECT_EQ(ERROR_IO_PENDING, GetLastError());
	/* It is unregistered for all that. */
	set(self->event.fd);
	EXPECT_TRUE(is_signalled(self->event.fd));
	EXPECT_FALSE(UnregisterWait(self->wait));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_EQ(0, self->seen.ended);
	sem_post(&go);
	/* Without a call it's done. */
	self->seen.go = NULL;
	event_op(self->event.fd, NTAPC_EVENT_RESET);
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, 0));
	EXPECT_TRUE(UnregisterWait(self->wait));
}

TEST_F(wait, unregister_with_event)
{
	struct made over;
	sem_t go;

	sem_init(&go, 0, 0);
	self->seen.go = &go;
	ASSERT_TRUE(make(&over, NTAPC_OBJECT_NOTIFICATION_EVENT, 0, 0));
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, 0));
	/* What isn't an event changes nothing. */
	EXPECT_FALSE(UnregisterWaitEx(self->wait, GetCurrentThread()));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	set(self->event.fd);
	ASSERT_TRUE(come(&self->seen.called));
	EXPECT_FALSE(UnregisterWaitEx(self->wait, over.handle));
	EXPECT_EQ(ERROR_IO_PENDING, GetLastError());
	EXPECT_FALSE(is_signalled(over.fd));
	sem_post(&go);
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(over.handle,
						     PATIENCE_S * 1000));
	EXPECT_EQ(1, self->seen.ended);
	/* No call: it is set at once. */
	event_op(over.fd, NTAPC_EVENT_RESET);
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, 0));
	EXPECT_TRUE(UnregisterWaitEx(self->wait, over.handle));
	EXPECT_TRUE(is_signalled(over.fd));
}

static void *release_later(void *arg)
{
	struct seen *s = arg;

	SleepEx(20, FALSE);
	sem_post(s->go);
	return NULL;
}

TEST_F(wait, unregister_waits)
{
	pthread_t thread;
	sem_t go;

	sem_init(&go, 0, 0);
	self->seen.go = &go;
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, 0));
	set(self->event.fd);
	ASSERT_TRUE(come(&self->seen.called));
	pthread_create(&thread, NULL, release_later, &self->seen);
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
	EXPECT_EQ(1, self->seen.ended);
	pthread_join(thread, NULL);
}

/* Who is cancelled in the wait for a call leaves nothing locked. */
static void *unregister_cancelled(void *wait)
{
	pthread_cancel(pthread_self());
	UnregisterWaitEx(wait, INVALID_HANDLE_VALUE);
	log_add(1);
	pthread_testcancel();
	return NULL;
}

TEST_F(wait, cancelled)
{
	pthread_t threads[2];
	void *result;
	sem_t go;

	sem_init(&go, 0, 0);
	self->seen.go = &go;
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, 0));
	set(self->event.fd);
	ASSERT_TRUE(come(&self->seen.called));
	pthread_create(&threads[0], NULL, release_later, &self->seen);
	pthread_create(&threads[1], NULL, unregister_cancelled, self->wait);
	pthread_join(threads[1], &result);
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(1, self->seen.ended);
	pthread_join(threads[0], NULL);
	self->seen.go = NULL;
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, 0));
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
}

/* In a call of its own, where Windows would wait for ever. */
static HANDLE own_wait;
static sem_t own_done;
static _Atomic int own_result;

static VOID CALLBACK unregister_self(PVOID how, BOOLEAN timed_out)
{
	(void)timed_out;
	if (UnregisterWaitEx(own_wait, how))
		own_result = 1;
	else
		own_result = -(int)GetLastError();
	sem_post(&own_done);
}

TEST_F(wait, unregister_in_a_call)
{
	static const ULONG flags[] = { 0, WT_EXECUTEINWAITTHREAD };
	HANDLE how[] = { NULL, INVALID_HANDLE_VALUE };
	int i;

	sem_init(&own_done, 0, 0);
	for (i = 0; i < 4; i++) {
		own_result = 0;
		ASSERT_TRUE(RegisterWaitForSingleObject(&own_wait,
							self->event.handle,
							unregister_self,
							how[i % 2], INFINITE,
							flags[i / 2]));
		set(self->event.fd);
		ASSERT_TRUE(come(&own_done));
		EXPECT_EQ(-(int)ERROR_IO_PENDING, own_result);
		set(self->event.fd);
		EXPECT_EQ(1, event_op(self->event.fd, NTAPC_EVENT_RESET));
	}
}

/* Those who unregister and those who are called meet all the time. */
struct racer {
	struct made event;
	pthread_t thread;
	int failed;
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct seen s = { .calls = 0 };
	HANDLE wait;
	int i;

	sem_init(&s.called, 0, 0);
	for (i = 0; i < 100; i++) {
		int before = s.calls;

		if (!registered(&wait, racer->event.handle, &s, i % 7 ? 1000 : 0,
				i % 3 ? WT_EXECUTEONLYONCE :
				i % 2 ? WT_EXECUTEINWAITTHREAD : 0))
			racer->failed++;
		if (i % 5)
			set(racer->event.fd);
		if (!UnregisterWaitEx(wait, INVALID_HANDLE_VALUE))
			racer->failed++;
		/* Either it was called or the event is still there. */
		if (i % 5 && i % 7 && s.calls == before &&
		    !is_signalled(racer->event.fd))
			racer->failed++;
		event_op(racer->event.fd, NTAPC_EVENT_RESET);
		before = s.calls;
		sched_yield();
		if (s.calls != before || s.calls != s.ended)
			racer->failed++;
	}
	return NULL;
}

TEST_F(wait, race)
{
	struct racer racer[4] = { { .failed = 0 } };
	int i;

	for (i = 0; i < 4; i++) {
		ASSERT_TRUE(make(&racer[i].event,
				 NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0, 0));
		pthread_create(&racer[i].thread, NULL, race, &racer[i]);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(racer[i].thread, NULL);
		EXPECT_EQ(0, racer[i].failed);
	}
}

/* The handle may be closed, the object is still waited for. */
TEST_F(wait, closed_meanwhile)
{
	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, 0));
	ASSERT_TRUE(CloseHandle(self->event.handle));
	set(self->event.fd);
	ASSERT_TRUE(come(&self->seen.called));
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
}

/* The child of a fork has no registrations, and can make its own. */
TEST_F(wait, fork)
{
	struct made own;
	pid_t child;

	ASSERT_TRUE(registered(&self->wait, self->event.handle, &self->seen,
			       INFINITE, 0));
	child = fork();
	if (!child) {
		if (UnregisterWait(self->wait) ||
		    GetLastError() != ERROR_INVALID_HANDLE)
			_exit(1);
		if (!make(&own, NTAPC_OBJECT_SYNCHRONIZATION_EVENT, 0, 0) ||
		    !registered(&self->wait, own.handle, &self->seen, INFINITE,
				0))
			_exit(2);
		set(own.fd);
		if (!come(&self->seen.called))
			_exit(3);
		_exit(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE) ? 0 : 4);
	}
	EXPECT_EQ(0, end_of(child));
	set(self->event.fd);
	ASSERT_TRUE(come(&self->seen.called));
	EXPECT_TRUE(UnregisterWaitEx(self->wait, INVALID_HANDLE_VALUE));
}

TEST_F(wait, errors)
{
	HANDLE weak, reserve, file;
	int fd = open("/proc/self/exe", O_RDONLY);

	EXPECT_FALSE(registered(&self->wait, NULL, &self->seen, 0, 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_EQ(NULL, self->wait);
	ASSERT_TRUE(DuplicateHandle(GetCurrentProcess(), self->event.handle,
				    GetCurrentProcess(), &weak, 2, FALSE, 0));
	EXPECT_FALSE(registered(&self->wait, weak, &self->seen, 0, 0));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	ASSERT_EQ(0, NtAllocateReserveObject(&reserve, NULL,
					     MemoryReserveUserApc));
	EXPECT_FALSE(registered(&self->wait, reserve, &self->seen, 0, 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	/* Whose these are, is another question where it is waited for. */
	EXPECT_FALSE(registered(&self->wait, GetCurrentThread(), &self->seen, 0,
				0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_FALSE(registered(&self->wait, GetCurrentProcess(), &self->seen, 0,
				0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	/* A regular file can't be polled. */
	ASSERT_EQ(0, ntapc_handle_from_fd(fd, GENERIC_ALL, &file));
	EXPECT_FALSE(registered(&self->wait, file, &self->seen, 0, 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_FALSE(RegisterWaitForSingleObject(&self->wait, self->event.handle,
						 NULL, NULL, 0, 0));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_FALSE(UnregisterWait(NULL));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_EQ(0, self->seen.calls);
}

TEST_HARNESS_MAIN
