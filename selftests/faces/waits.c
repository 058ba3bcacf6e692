// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: waits for one, any and all (section 11). Rule numbers are those of
 * Documentation/nt-semantics.rst.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#include "waiter.h"
#include "kselftest_harness.h"

#define MANY	NTAPC_OBJECTS_MAX

static int create(unsigned int type, uint32_t count)
{
	return ntapc_object_create(type, count,
				   type == NTAPC_OBJECT_SEMAPHORE ? 2 : 0, NULL,
				   NULL);
}

/* A synchronization event: who has waited for it has taken it. */
static int event(uint32_t state)
{
	return create(NTAPC_OBJECT_SYNCHRONIZATION_EVENT, state);
}

static int look(int fd)
{
	return ntapc_wait_object(fd, 0, 0);
}

static int state_of(int fd)
{
	struct ntapc_object_info info;

	return ntapc_object_info(fd, &info) ? 99 : info.state;
}

static int waiters_of(int fd)
{
	struct ntapc_object_info info;

	return ntapc_object_info(fd, &info) ? 99 : (int)info.nr_waiters;
}

/* A wait of a thread's own. */
struct want {
	int fd[MANY];
	unsigned int n;
	unsigned int flags;
	int signal;
	bool with_signal;
};

static long wait_for(void *arg)
{
	const struct want *want = arg;

	if (want->with_signal)
		return ntapc_signal_and_wait(want->signal, want->fd[0],
					     NTAPC_FOREVER, want->flags);
	return ntapc_wait_objects(want->fd, want->n, NTAPC_FOREVER, want->flags);
}

/* 11.7 */
TEST(errors)
{
	int fd[MANY + 1], i;

	for (i = 0; i < MANY + 1; i++)
		fd[i] = event(1);
	ASSERT_LE(0, fd[MANY]);
	EXPECT_EQ(-EINVAL, ntapc_wait_objects(fd, 0, 0, 0));
	EXPECT_EQ(-EINVAL, ntapc_wait_objects(fd, MANY + 1, 0, 0));
	EXPECT_EQ(-EINVAL, ntapc_wait_objects(fd, 1, 0, 1U << 30));
	EXPECT_EQ(-EINVAL, ntapc_wait_object(fd[0], 0, NTAPC_ALL));
	EXPECT_EQ(-EINVAL, ntapc_wait_object(fd[0], 0,
					     NTAPC_ABSOLUTE | NTAPC_REALTIME));
	EXPECT_EQ(-EINVAL, ntapc_wait_thread(ntapc_thread_self(), 0,
					     NTAPC_FRAMES));
	EXPECT_EQ(-EINVAL, ntapc_delay(0, NTAPC_FRAMES));
	EXPECT_EQ(-EBADF, ntapc_wait_object(-1, 0, 0));
	fd[1] = -1;
	EXPECT_EQ(-EBADF, ntapc_wait_objects(fd, 2, 0, 0));
	/* Files that are always ready, and that poll(2) knows nothing of. */
	fd[1] = open("/proc/self/exe", O_RDONLY);
	ASSERT_LE(0, fd[1]);
	EXPECT_EQ(-EPROTOTYPE, ntapc_wait_objects(fd, 2, 0, 0));
	EXPECT_EQ(-EPROTOTYPE, ntapc_wait_object(fd[1], 0, 0));
	/* Nothing was taken by any of these. */
	EXPECT_EQ(1, state_of(fd[0]));
}

/* 11.7: twice is once too often for all, before anything is taken; not for any. */
TEST(duplicates)
{
	int fd[3] = { event(1), event(1), -1 };
	int thread[2] = { ntapc_thread_open(0), ntapc_thread_open(0) };

	ASSERT_LE(0, fd[1]);
	fd[2] = dup(fd[0]);
	EXPECT_EQ(-EEXIST, ntapc_wait_objects(fd, 3, 0, NTAPC_ALL));
	EXPECT_EQ(1, state_of(fd[0]));
	EXPECT_EQ(1, state_of(fd[1]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_objects(fd, 3, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, ntapc_wait_objects(fd, 3, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_objects(fd, 3, 0, 0));
	EXPECT_EQ(-EEXIST, ntapc_wait_objects(thread, 2, 0, NTAPC_ALL));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_objects(thread, 2, 0, 0));
}

/* 11.5: the first one, and just that. */
TEST(any_takes_the_first)
{
	int fd[4] = { event(0), event(1), create(NTAPC_OBJECT_SEMAPHORE, 1),
		      create(NTAPC_OBJECT_MUTANT, 0) };

	ASSERT_LE(0, fd[3]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, ntapc_wait_objects(fd, 4, 0, 0));
	EXPECT_EQ(0, state_of(fd[1]));
	EXPECT_EQ(1, state_of(fd[2]));
	EXPECT_EQ(1, state_of(fd[3]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 2, ntapc_wait_objects(fd, 4, 0, 0));
	EXPECT_EQ(0, state_of(fd[2]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 3, ntapc_wait_objects(fd, 4, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 3, ntapc_wait_objects(fd, 4, 0, 0));
	EXPECT_EQ(-1, state_of(fd[3]));
}

TEST(any_of_64)
{
	struct want want = { .n = MANY };
	struct waiter w;
	int i;

	for (i = 0; i < MANY; i++)
		want.fd[i] = event(0);
	ASSERT_LE(0, want.fd[MANY - 1]);
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	EXPECT_EQ(1, waiters_of(want.fd[0]));
	EXPECT_EQ(1, waiters_of(want.fd[MANY - 1]));
	EXPECT_EQ(0, ntapc_event_set(want.fd[42]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 42, waiter_end(&w));
	EXPECT_EQ(0, state_of(want.fd[42]));
	EXPECT_EQ(0, waiters_of(want.fd[0]));
	EXPECT_EQ(0, waiters_of(want.fd[MANY - 1]));
}

/* 11.5: nothing is taken until all are there, and then all at once. */
TEST(all_or_nothing)
{
	struct want want = { .n = MANY, .flags = NTAPC_ALL };
	struct waiter w;
	int i;

	for (i = 0; i < MANY; i++)
		want.fd[i] = event(0);
	ASSERT_LE(0, want.fd[MANY - 1]);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  ntapc_wait_objects(want.fd, MANY, 0, NTAPC_ALL));
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	for (i = MANY - 1; i > 0; i--)
		EXPECT_EQ(0, ntapc_event_set(want.fd[i]));
	EXPECT_TRUE(waiter_waits(&w));
	EXPECT_EQ(1, state_of(want.fd[1]));
	/* Somebody else takes one meanwhile. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(want.fd[7]));
	EXPECT_EQ(0, ntapc_event_set(want.fd[0]));
	EXPECT_TRUE(waiter_waits(&w));
	EXPECT_EQ(1, state_of(want.fd[0]));
	EXPECT_EQ(0, ntapc_event_set(want.fd[7]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, state_of(want.fd[i]));
}

static long look_at(void *arg)
{
	return look(*(int *)arg);
}

/* 11.5, 11.6: one's own mutant counts as signalled; one that is abandoned tells. */
TEST(mutants_among_them)
{
	int fd[3] = { event(1), create(NTAPC_OBJECT_MUTANT, 1),
		      create(NTAPC_OBJECT_MUTANT, 0) };

	ASSERT_LE(0, fd[2]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_objects(fd, 3, 0, NTAPC_ALL));
	EXPECT_EQ(-1, state_of(fd[1]));
	EXPECT_EQ(0, ntapc_release(fd[2], 1, NULL));

	EXPECT_EQ(NTAPC_STATUS_WAIT_0, elsewhere(look_at, &fd[2]));
	/* Once it has, the wait below is for one that is abandoned. */
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0,
		  ntapc_wait_object(fd[2], PATIENCE_NS, 0));
	EXPECT_EQ(0, ntapc_release(fd[2], 1, NULL));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, elsewhere(look_at, &fd[2]));
	fd[1] = event(0);
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0 + 2,
		  ntapc_wait_objects(fd, 3, PATIENCE_NS, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 2, ntapc_wait_objects(fd, 3, 0, 0));
	EXPECT_EQ(0, ntapc_release(fd[2], 1, NULL));
	EXPECT_EQ(0, ntapc_release(fd[2], 1, NULL));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, elsewhere(look_at, &fd[2]));
	ntapc_event_set(fd[0]);
	ntapc_event_set(fd[1]);
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0,
		  ntapc_wait_objects(fd, 3, PATIENCE_NS, NTAPC_ALL));
}

/* 11.3: object, alert, APC, timeout; what doesn't win is left. */
TEST(who_wins)
{
	int self = ntapc_thread_self();
	int fd = event(1);

	ASSERT_LE(0, self);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ntapc_queue(self, log_apc, 1, 0, 0));
	ASSERT_EQ(0, ntapc_alert(self));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_object(fd, 0, NTAPC_ALERTABLE));
	EXPECT_EQ(0, log_count);
	/* Without being alertable it sees neither. */
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_object(fd, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, ntapc_wait_object(fd, 0, NTAPC_ALERTABLE));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  ntapc_wait_object(fd, 0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_object(fd, 0, NTAPC_ALERTABLE));
}

/* An APC or an alert from elsewhere ends it, and takes nothing. */
static void breaks(struct __test_metadata *_metadata, unsigned int flags)
{
	struct want want = {
		.fd = { event(0), event(1) },
		.n = 2,
		.flags = NTAPC_ALERTABLE | NTAPC_ALL | flags,
	};
	struct waiter w;

	ASSERT_LE(0, want.fd[1]);
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	ASSERT_EQ(0, ntapc_queue(w.fd, log_apc, 1, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, waiter_end(&w));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(1, state_of(want.fd[1]));
	EXPECT_EQ(0, waiters_of(want.fd[0]));
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	ASSERT_EQ(0, ntapc_alert(w.fd));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, waiter_end(&w));
	EXPECT_EQ(1, state_of(want.fd[1]));
}

TEST(broken_by_an_apc)
{
	breaks(_metadata, 0);
}

static bool have_frames(void)
{
	struct ntapc_info info;

	return !ntapc_get_info(&info) && info.features & NTAPC_FEATURE_FRAME;
}

/* The same by frame, which the library's dispatcher takes. */
TEST(broken_by_an_apc_by_frame)
{
	if (!have_frames())
		SKIP(return, "no frames");
	breaks(_metadata, NTAPC_FRAMES);
}

/* 12.2, by frame and as calls: all that are queued, in order, and one result. */
TEST(all_apcs_have_run)
{
	int self = ntapc_thread_self();
	int fd = event(0), i;

	ASSERT_LE(0, self);
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, ntapc_queue(self, log_apc, i, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  ntapc_wait_object(fd, NTAPC_FOREVER, NTAPC_ALERTABLE));
	EXPECT_EQ(200, log_count);
	if (!have_frames())
		SKIP(return, "no frames");
	for (i = 200; i < 400; i++)
		ASSERT_EQ(0, ntapc_queue(self, log_apc, i, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  ntapc_wait_object(fd, NTAPC_FOREVER,
				    NTAPC_ALERTABLE | NTAPC_FRAMES));
	ASSERT_EQ(400, log_count);
	for (i = 0; i < 400; i++)
		ASSERT_EQ(i, log_entry[i]);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  ntapc_wait_object(fd, 0, NTAPC_ALERTABLE | NTAPC_FRAMES));
}

static int inner;
static unsigned int inner_flags;

/* More APCs are behind this one, already handed over maybe. */
static void waiting_apc(uintptr_t fd, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(ntapc_signal_and_wait(inner, fd, NTAPC_FOREVER, inner_flags));
	log_add(look(inner));
}

/*
 * 12.6: within an APC an object wins over the ones that follow, signalled first as it
 * is to be; else they run, and the wait is over.
 */
TEST(within_an_apc)
{
	static const unsigned int flags[] = {
		NTAPC_ALERTABLE, NTAPC_ALERTABLE | NTAPC_FRAMES,
	};
	int self = ntapc_thread_self();
	int fd = event(0), i;

	ASSERT_LE(0, self);
	ASSERT_LE(0, fd);
	inner = event(0);
	for (i = 0; i < (have_frames() ? 2 : 1); i++) {
		inner_flags = flags[i];
		log_reset();
		ntapc_event_set(fd);
		ntapc_queue(self, waiting_apc, fd, 0, 0);
		ntapc_queue(self, log_apc, 1, 0, 0);
		EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
		EXPECT_TRUE(logged(3, NTAPC_STATUS_WAIT_0, NTAPC_STATUS_WAIT_0, 1));
		log_reset();
		ntapc_queue(self, waiting_apc, fd, 0, 0);
		ntapc_queue(self, log_apc, 1, 0, 0);
		EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
		EXPECT_TRUE(logged(3, 1, NTAPC_STATUS_USER_APC,
				   NTAPC_STATUS_WAIT_0));
	}
}

/* Time: never early, and points in time that have passed. */
TEST(deadlines)
{
	int fd[2] = { event(0), event(0) };
	uint64_t begin = now_ns();

	ASSERT_LE(0, fd[1]);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_objects(fd, 2, 20 * MS, 0));
	EXPECT_LE(20 * MS, now_ns() - begin);
	begin = now_ns();
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  ntapc_wait_objects(fd, 2, begin + 20 * MS,
				     NTAPC_ABSOLUTE | NTAPC_ALL));
	EXPECT_LE(20 * MS, now_ns() - begin);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  ntapc_wait_object(fd[0], 1, NTAPC_ABSOLUTE));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  ntapc_wait_object(fd[0], 1, NTAPC_REALTIME));
	EXPECT_EQ(0, waiters_of(fd[0]));
}

/* Whatever poll(2) knows. */
TEST(polled)
{
	struct want want = { .fd = { event(0) }, .n = 2 };
	uint64_t one = 1;
	struct waiter w;
	int pipes[2];

	want.fd[1] = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, want.fd[1]);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(want.fd[1]));
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	ASSERT_EQ(8, write(want.fd[1], &one, 8));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, waiter_end(&w));
	/* It was only looked at. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, look(want.fd[1]));
	ASSERT_EQ(8, read(want.fd[1], &one, 8));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, look(want.fd[1]));

	want.flags = NTAPC_ALL;
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	EXPECT_EQ(0, ntapc_event_set(want.fd[0]));
	EXPECT_EQ(1, state_of(want.fd[0]));
	ASSERT_EQ(8, write(want.fd[1], &one, 8));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w));
	EXPECT_EQ(0, state_of(want.fd[0]));

	/* Hung up. */
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	want = (struct want){ .fd = { pipes[0] }, .n = 1 };
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	close(pipes[1]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w));
}

static void *stay(void *arg)
{
	read(*(int *)arg, &(char){ 0 }, 1);
	return NULL;
}

/* Threads and processes among other things. */
TEST(ends)
{
	struct want want = { .n = 3 };
	int go[2], cue[2], thread;
	pthread_t pthread;
	struct waiter w;
	pid_t pid;

	ASSERT_EQ(0, pipe(cue));
	pid = fork();
	if (!pid) {
		close(cue[1]);
		_exit(read(cue[0], &(char){ 0 }, 1));
	}
	/* Which the child has no end of. */
	ASSERT_EQ(0, pipe(go));
	thread = ntapc_thread_create(&pthread, NULL, stay, &go[0], NULL);
	ASSERT_LE(0, thread);
	want.fd[0] = event(0);
	want.fd[1] = ntapc_process_open(pid);
	want.fd[2] = thread;
	ASSERT_LE(0, want.fd[1]);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_objects(want.fd, 3, 0, 0));
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	close(go[1]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 2, waiter_end(&w));
	want.flags = NTAPC_ALL;
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	close(cue[1]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  ntapc_wait_object(want.fd[1], PATIENCE_NS, 0));
	EXPECT_EQ(0, ntapc_event_set(want.fd[0]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w));
	EXPECT_EQ(0, end_of(pid));
}

/* 11.9 */
TEST(signal_and_wait)
{
	int first = event(0), then = event(1);
	int semaphore = create(NTAPC_OBJECT_SEMAPHORE, 1);
	int mutant = create(NTAPC_OBJECT_MUTANT, 1);

	ASSERT_LE(0, first);
	ASSERT_LE(0, mutant);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_signal_and_wait(first, then, 0, 0));
	EXPECT_EQ(1, state_of(first));
	EXPECT_EQ(0, state_of(then));
	/* What is signalled stays so when the time is over. */
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  ntapc_signal_and_wait(semaphore, then, 0, 0));
	EXPECT_EQ(2, state_of(semaphore));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  ntapc_signal_and_wait(mutant, then, MS, 0));
	EXPECT_EQ(1, state_of(mutant));
	/* The one that it waits for is the one that it signals. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_signal_and_wait(then, then, 0, 0));
	EXPECT_EQ(0, state_of(then));
	/* And when an APC ends it. */
	ntapc_event_reset(first);
	ASSERT_EQ(0, ntapc_queue(ntapc_thread_self(), log_apc, 1, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  ntapc_signal_and_wait(first, then, NTAPC_FOREVER,
					NTAPC_ALERTABLE));
	EXPECT_EQ(1, state_of(first));
}

/* 11.9: where it can't signal it doesn't wait. */
TEST(signal_and_wait_errors)
{
	int timer = create(NTAPC_OBJECT_NOTIFICATION_TIMER, 0);
	int mutant = create(NTAPC_OBJECT_MUTANT, 0);
	int semaphore = create(NTAPC_OBJECT_SEMAPHORE, 2);
	int fd = event(1), other = event(0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, ntapc_signal_and_wait(mutant, fd, 0, 0));
	EXPECT_EQ(-EOVERFLOW, ntapc_signal_and_wait(semaphore, fd, 0, 0));
	EXPECT_EQ(-EPROTOTYPE, ntapc_signal_and_wait(timer, fd, 0, 0));
	EXPECT_EQ(-EPROTOTYPE,
		  ntapc_signal_and_wait(ntapc_thread_self(), fd, 0, 0));
	EXPECT_EQ(-EBADF, ntapc_signal_and_wait(-1, fd, 0, 0));
	EXPECT_EQ(1, state_of(fd));
	/* Nor does it signal where it can't wait. */
	EXPECT_EQ(-EBADF, ntapc_signal_and_wait(other, -1, 0, 0));
	EXPECT_EQ(-EINVAL, ntapc_signal_and_wait(other, fd, 0, NTAPC_ALL));
	EXPECT_EQ(0, state_of(other));
}

static sem_t handled;

static void handler(int signal)
{
	(void)signal;
	sem_post(&handled);
}

static void handle(int flags)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = flags };

	sem_init(&handled, 0, 0);
	sigaction(SIGUSR1, &act, NULL);
}

/* A handler: the wait goes on, or ends, but signals once. */
TEST(handler_meanwhile)
{
	static const unsigned int flags[] = { 0, NTAPC_ALERTABLE };
	struct want want = { .with_signal = true };
	struct waiter w;
	int i;

	want.fd[0] = event(0);
	ASSERT_LE(0, want.fd[0]);
	for (i = 0; i < 2; i++) {
		want.flags = flags[i];
		want.signal = create(NTAPC_OBJECT_SEMAPHORE, 0);
		handle(SA_RESTART);
		ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
		EXPECT_EQ(1, state_of(want.signal));
		pthread_kill(w.thread, SIGUSR1);
		ASSERT_TRUE(come(&handled));
		ASSERT_TRUE(becomes(w.fd, NTAPC_THREAD_WAITING));
		EXPECT_EQ(1, state_of(want.signal));
		EXPECT_EQ(0, ntapc_event_set(want.fd[0]));
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w));
		EXPECT_EQ(1, state_of(want.signal));

		handle(0);
		ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
		pthread_kill(w.thread, SIGUSR1);
		EXPECT_EQ(-EINTR, waiter_end(&w));
		EXPECT_EQ(2, state_of(want.signal));
	}
}

/* 6.3: a suspended thread takes nothing, and waits on when it is resumed. */
TEST(suspended_meanwhile)
{
	struct want want = { .with_signal = true };
	struct waiter w;

	want.fd[0] = event(0);
	want.signal = create(NTAPC_OBJECT_SEMAPHORE, 0);
	ASSERT_LE(0, want.signal);
	ASSERT_TRUE(waiter_begin(&w, wait_for, &want));
	ASSERT_EQ(0, ntapc_suspend(w.fd, NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(0, ntapc_event_set(want.fd[0]));
	EXPECT_EQ(1, state_of(want.fd[0]));
	EXPECT_EQ(1, ntapc_resume(w.fd, 0));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_end(&w));
	EXPECT_EQ(0, state_of(want.fd[0]));
	EXPECT_EQ(1, state_of(want.signal));
}

#define ROUNDS	500

static int ping, pong;

static long answer(void *arg)
{
	int i, ret = ntapc_wait_object(ping, PATIENCE_NS, 0);

	(void)arg;
	for (i = 1; !ret && i < ROUNDS; i++)
		ret = ntapc_signal_and_wait(pong, ping, PATIENCE_NS, 0);
	return ret ? ret : ntapc_event_set(pong);
}

/* Two threads that let each other go by turns: none is ever let go for nothing. */
TEST(by_turns)
{
	struct waiter w;
	int i;

	ping = event(0);
	pong = event(0);
	ASSERT_TRUE(waiter_begin(&w, answer, NULL));
	for (i = 0; i < ROUNDS; i++)
		ASSERT_EQ(NTAPC_STATUS_WAIT_0,
			  ntapc_signal_and_wait(ping, pong, PATIENCE_NS, 0));
	EXPECT_EQ(0, waiter_end(&w));
	EXPECT_EQ(0, state_of(ping));
	EXPECT_EQ(0, state_of(pong));
}

TEST_HARNESS_MAIN
