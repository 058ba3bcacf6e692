// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutants: who owns them, how often, and what becomes of them when that thread ends
 * (rule 11.6).
 */
#include "objects.h"
#include "kselftest_harness.h"

#define PATIENCE	in_ms(PATIENCE_MS)

FIXTURE(mutant)
{
	int dev;
	int mutant;
};

FIXTURE_SETUP(mutant)
{
	self->dev = open_frames(dispatch_continue);
	ASSERT_LE(0, self->dev);
	self->mutant = create_mutant(self->dev, false);
	ASSERT_LE(0, self->mutant);
}

FIXTURE_TEARDOWN(mutant)
{
	close(self->mutant);
	close(self->dev);
}

/* It is held @times times, by the thread @owner. */
#define EXPECT_HELD(mutant, times, tid, bits) do {			\
	struct ntapc_object_info info_;					\
									\
	ASSERT_EQ(0, get_object_info(mutant, &info_));			\
	EXPECT_EQ(NTAPC_OBJECT_MUTANT, info_.type);			\
	EXPECT_EQ(1 - (times), info_.state);				\
	EXPECT_EQ(tid, info_.owner);					\
	EXPECT_EQ(bits, info_.flags);					\
	EXPECT_EQ(0, info_.limit);					\
	EXPECT_EQ(0, info_.period);					\
	EXPECT_EQ(0, info_.remaining);					\
} while (0)

TEST_F(mutant, create)
{
	int owned;

	EXPECT_HELD(self->mutant, 0, 0, 0);
	owned = create_mutant(self->dev, true);
	ASSERT_LE(0, owned);
	EXPECT_HELD(owned, 1, gettid(), NTAPC_OBJECT_OWNED_BY_CALLER);
	EXPECT_EQ(0, release_mutant(owned));
	EXPECT_HELD(owned, 0, 0, 0);
	EXPECT_EQ(-EINVAL, create_object(self->dev, NTAPC_OBJECT_MUTANT, 2, 0));
	EXPECT_EQ(-EINVAL, create_object(self->dev, NTAPC_OBJECT_MUTANT, 0, 1));
}

/* 11.6: the state counts down from 1; what is returned is the state before. */
TEST_F(mutant, recursion)
{
	__s32 previous;
	int i;

	for (i = 1; i <= 10; i++) {
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
		EXPECT_HELD(self->mutant, i, gettid(),
			    NTAPC_OBJECT_OWNED_BY_CALLER);
	}
	for (i = 10; i; i--) {
		EXPECT_EQ(0, release_object(self->mutant, 1, &previous));
		EXPECT_EQ(1 - i, previous);
	}
	EXPECT_HELD(self->mutant, 0, 0, 0);
}

static void try_worker(struct worker *worker)
{
	worker->ret = try_one(worker->arg);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

static void release_worker(struct worker *worker)
{
	worker->ret = release_mutant(worker->arg);
}

static long by_another(struct __test_metadata *_metadata, int dev,
		       void (*fn)(struct worker *worker), int mutant)
{
	struct worker worker = { .arg = mutant };

	ASSERT_TRUE(worker_start(&worker, dev, fn));
	worker_go(&worker);
	worker_join(&worker);
	close(worker.fd);
	return worker.ret;
}

/* 11.6: STATUS_MUTANT_NOT_OWNED. */
TEST_F(mutant, only_the_owner_releases_it)
{
	__s32 previous;

	EXPECT_EQ(-EPERM, release_object(self->mutant, 1, &previous));
	EXPECT_EQ((__s32)POISON, previous);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
	EXPECT_EQ(-EPERM, by_another(_metadata, self->dev, release_worker,
				     self->mutant));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  by_another(_metadata, self->dev, try_worker, self->mutant));
	EXPECT_HELD(self->mutant, 1, gettid(), NTAPC_OBJECT_OWNED_BY_CALLER);
	EXPECT_EQ(0, release_mutant(self->mutant));
	EXPECT_EQ(-EPERM, release_mutant(self->mutant));
}

TEST_F(mutant, bad_counts)
{
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
	EXPECT_EQ(-EINVAL, release_object(self->mutant, 0, NULL));
	EXPECT_EQ(-EINVAL, release_object(self->mutant, 2, NULL));
	EXPECT_EQ(-EINVAL, release_object(self->mutant, ~0U, NULL));
	EXPECT_HELD(self->mutant, 1, gettid(), NTAPC_OBJECT_OWNED_BY_CALLER);
}

TEST_F(mutant, other_ioctls)
{
	EXPECT_EQ(-ENOTTY, set_event(self->mutant));
	EXPECT_EQ(-ENOTTY, set_timer(self->mutant, 0));
	EXPECT_EQ(-ENOTTY, cancel_timer(self->mutant, NULL));
}

/* The thread owns it, not the process or who has the descriptor. */
TEST_F(mutant, fork)
{
	pid_t child;

	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
	child = fork();
	if (!child) {
		if (try_one(self->mutant) != NTAPC_STATUS_TIMEOUT)
			_exit(1);
		if (release_mutant(self->mutant) != -EPERM)
			_exit(2);
		if (object_bits(self->mutant))
			_exit(3);
		_exit(object_owner(self->mutant) == (__u32)getppid() ? 0 : 4);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_HELD(self->mutant, 1, gettid(), NTAPC_OBJECT_OWNED_BY_CALLER);
}

/* 11.5: released, it goes to who has waited longest; only when it is free. */
TEST_F(mutant, waiters)
{
	struct waiter waiters[3];
	int i;

	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(waiter_start_one(&waiters[i], self->dev,
					     self->mutant));
	}
	EXPECT_EQ(0, release_mutant(self->mutant));
	EXPECT_EQ(3, nr_waiters(self->mutant));
	/* The owner doesn't queue behind them. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
	EXPECT_EQ(0, release_mutant(self->mutant));
	EXPECT_EQ(0, release_mutant(self->mutant));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i ? NTAPC_STATUS_ABANDONED_WAIT_0 :
			  NTAPC_STATUS_WAIT_0, waiter_result(&waiters[i]));
		EXPECT_HELD(self->mutant, 1, waiters[i].worker.tid, 0);
		EXPECT_EQ(2 - i, nr_waiters(self->mutant));
		EXPECT_EQ(-EPERM, release_mutant(self->mutant));
		/* It goes without releasing it. */
		waiter_end(&waiters[i]);
	}
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0, wait_one(self->mutant,
							  PATIENCE));
}

/* 11.5: for its owner it is signalled, also among all. */
TEST_F(mutant, owner_waits_for_all)
{
	int event = create_event(self->dev, true);
	__s32 both[] = { event, self->mutant };

	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_all(self->dev, 0, both, 2));
	EXPECT_HELD(self->mutant, 2, gettid(), NTAPC_OBJECT_OWNED_BY_CALLER);
	EXPECT_EQ(0, object_state(event));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_all(self->dev, 0, both, 2));
	EXPECT_HELD(self->mutant, 2, gettid(), NTAPC_OBJECT_OWNED_BY_CALLER);
}

/* Abandoned, which the next owner is told, once. */
static void expect_abandoned(struct __test_metadata *_metadata, int mutant)
{
	ASSERT_TRUE(wait_until(object_bits(mutant) & NTAPC_OBJECT_ABANDONED));
	EXPECT_HELD(mutant, 0, 0, NTAPC_OBJECT_ABANDONED);
	/* Nobody's: it can be taken, and not be released. */
	EXPECT_EQ(-EPERM, release_mutant(mutant));
	EXPECT_EQ(POLLIN, poll_now(mutant));
	EXPECT_HELD(mutant, 0, 0, NTAPC_OBJECT_ABANDONED);
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0, try_one(mutant));
	EXPECT_HELD(mutant, 1, gettid(), NTAPC_OBJECT_OWNED_BY_CALLER);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(mutant));
	EXPECT_EQ(0, release_mutant(mutant));
	EXPECT_EQ(0, release_mutant(mutant));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(mutant));
	EXPECT_EQ(0, release_mutant(mutant));
}

/* By a thread that ends, though it held it more than once. */
TEST_F(mutant, abandoned_by_a_thread)
{
	struct worker worker = { .arg = self->mutant };

	ASSERT_TRUE(worker_start(&worker, self->dev, try_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, worker.ret);
	EXPECT_HELD(self->mutant, 1, worker.tid, 0);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->mutant));
	worker_go(&worker);
	worker_join(&worker);
	expect_abandoned(_metadata, self->mutant);
}

/* By NtTerminateThread. */
TEST_F(mutant, abandoned_by_a_terminated_thread)
{
	struct worker worker = { .arg = self->mutant };

	ASSERT_TRUE(worker_start(&worker, self->dev, try_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, terminate_thread(worker.fd, 1));
	worker_join(&worker);
	expect_abandoned(_metadata, self->mutant);
}

static void take_twice(int mutant)
{
	if (try_one(mutant) || try_one(mutant))
		_exit(1);
}

static void *take_in_a_thread(void *arg)
{
	take_twice(*(int *)arg);
	pause();
	return NULL;
}

/* By a process that exits, with another thread as the owner. */
TEST_F(mutant, abandoned_by_exit_group)
{
	pthread_t thread;
	pid_t child;

	child = fork();
	if (!child) {
		if (pthread_create(&thread, NULL, take_in_a_thread,
				   &self->mutant))
			_exit(2);
		if (!wait_until(object_state(self->mutant) == -1))
			_exit(3);
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
	expect_abandoned(_metadata, self->mutant);
}

TEST_F(mutant, abandoned_by_sigkill)
{
	pid_t child;

	child = fork();
	if (!child) {
		take_twice(self->mutant);
		for (;;)
			pause();
	}
	ASSERT_TRUE(wait_until(object_state(self->mutant) == -1));
	EXPECT_EQ(child, object_owner(self->mutant));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	expect_abandoned(_metadata, self->mutant);
}

/* What the program is when it was executed by one of the tests: alive. */
#define EXECUTED	"NTAPC_MUTANT_EXECUTED"

static void __attribute__((constructor)) live(void)
{
	if (!getenv(EXECUTED))
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static void execute(void)
{
	char *argv[] = { "mutant", NULL }, *envp[] = { EXECUTED "=1", NULL };

	execve("/proc/self/exe", argv, envp);
	_exit(9);
}

static void *execute_in_a_thread(void *arg)
{
	(void)arg;
	execute();
	return NULL;
}

/* The thread that called execve() lives on, but not as who has acquired it. */
TEST_F(mutant, abandoned_by_execve)
{
	pid_t child;

	child = fork();
	if (!child) {
		take_twice(self->mutant);
		execute();
	}
	ASSERT_TRUE(wait_until(object_bits(self->mutant) &
			       NTAPC_OBJECT_ABANDONED));
	expect_abandoned(_metadata, self->mutant);
	EXPECT_EQ(0, kill(child, 0));
	EXPECT_EQ(0, waitpid(child, NULL, WNOHANG));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
}

/* By the leader, when another thread calls execve(). */
TEST_F(mutant, abandoned_by_another_threads_execve)
{
	pthread_t thread;
	pid_t child;

	child = fork();
	if (!child) {
		take_twice(self->mutant);
		if (pthread_create(&thread, NULL, execute_in_a_thread, NULL))
			_exit(2);
		for (;;)
			pause();
	}
	ASSERT_TRUE(wait_until(object_bits(self->mutant) &
			       NTAPC_OBJECT_ABANDONED));
	expect_abandoned(_metadata, self->mutant);
	EXPECT_EQ(0, waitpid(child, NULL, WNOHANG));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
}

/* Several at once, and some that were released in time. */
TEST_F(mutant, several_abandoned)
{
	int mutants[8], i;
	pid_t child;

	for (i = 0; i < 8; i++) {
		mutants[i] = create_mutant(self->dev, false);
		ASSERT_LE(0, mutants[i]);
	}
	child = fork();
	if (!child) {
		for (i = 0; i < 8; i++)
			take_twice(mutants[i]);
		for (i = 0; i < 8; i += 2)
			if (release_mutant(mutants[i]) ||
			    release_mutant(mutants[i]))
				_exit(1);
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
	for (i = 0; i < 8; i++) {
		if (i & 1)
			expect_abandoned(_metadata, mutants[i]);
		else
			EXPECT_HELD(mutants[i], 0, 0, 0);
		close(mutants[i]);
	}
}

/* Who waits gets it, whether for one, any or all. */
TEST_F(mutant, abandoned_to_who_waits)
{
	int event = create_event(self->dev, false);
	__s32 objects[] = { event, self->mutant };
	struct worker owner = { .arg = self->mutant };
	struct waiter waiters[3];

	ASSERT_TRUE(worker_start(&owner, self->dev, try_worker));
	ASSERT_TRUE(worker_reached(&owner, 1));
	ASSERT_TRUE(waiter_start(&waiters[0], self->dev, 0, objects, 2));
	ASSERT_TRUE(waiter_start(&waiters[1], self->dev, NTAPC_WAIT_ALL,
				 objects, 2));
	ASSERT_TRUE(waiter_start_one(&waiters[2], self->dev, self->mutant));
	worker_go(&owner);
	worker_join(&owner);
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0 + 1,
		  waiter_result(&waiters[0]));
	EXPECT_HELD(self->mutant, 1, waiters[0].worker.tid, 0);
	/* Not for all yet: the one behind goes first. */
	waiter_end(&waiters[0]);
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0, waiter_result(&waiters[2]));
	set_event(event);
	EXPECT_EQ(1, object_state(event));
	EXPECT_FALSE(waiter_is_done(&waiters[1]));
	waiter_end(&waiters[2]);
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0, waiter_result(&waiters[1]));
	EXPECT_EQ(0, object_state(event));
	waiter_end(&waiters[1]);
	EXPECT_EQ(0, nr_waiters(event));
	EXPECT_EQ(0, nr_waiters(self->mutant));
	expect_abandoned(_metadata, self->mutant);
}

/* 11.6: for all it is 0x80 whichever is the abandoned one, and all are taken. */
TEST_F(mutant, abandoned_among_all)
{
	int fine = create_mutant(self->dev, false);
	__s32 both[] = { fine, self->mutant };

	EXPECT_EQ(NTAPC_STATUS_WAIT_0, by_another(_metadata, self->dev,
						  try_worker, self->mutant));
	ASSERT_TRUE(wait_until(object_bits(self->mutant) &
			       NTAPC_OBJECT_ABANDONED));
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0,
		  wait_all(self->dev, 0, both, 2));
	EXPECT_HELD(self->mutant, 1, gettid(), NTAPC_OBJECT_OWNED_BY_CALLER);
	EXPECT_HELD(fine, 1, gettid(), NTAPC_OBJECT_OWNED_BY_CALLER);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_all(self->dev, 0, both, 2));
}

/* A thread that was killed in its wait doesn't get it. */
TEST_F(mutant, killed_waiter)
{
	struct waiter waiter;
	pid_t child;

	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
	child = fork();
	if (!child)
		_exit(wait_one(self->mutant, NTAPC_WAIT_FOREVER) + 1);
	ASSERT_TRUE(wait_until_waiting(self->mutant, 1));
	ASSERT_TRUE(waiter_start_one(&waiter, self->dev, self->mutant));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	EXPECT_EQ(1, nr_waiters(self->mutant));
	EXPECT_EQ(0, release_mutant(self->mutant));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	waiter_end(&waiter);
}

/* The last descriptor goes while it is owned: so does the mutant. */
TEST_F(mutant, closed_while_owned)
{
	int i;

	for (i = 0; i < 4; i++) {
		int mutant = create_mutant(self->dev, i & 1);

		ASSERT_LE(0, mutant);
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(mutant));
		EXPECT_EQ(0, close(mutant));
	}
	/* The thread has the others still. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->mutant));
	EXPECT_EQ(0, release_mutant(self->mutant));
}

/* By the process, and then the thread that owned it ends. */
TEST_F(mutant, closed_while_owned_by_another)
{
	struct worker worker = { .arg = self->mutant };
	struct waiter waiter;

	ASSERT_TRUE(worker_start(&worker, self->dev, try_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, close(self->mutant));
	worker_go(&worker);
	worker_join(&worker);

	/* And the same while a thread waits for it, which keeps it. */
	self->mutant = create_mutant(self->dev, false);
	worker.arg = self->mutant;
	ASSERT_TRUE(worker_start(&worker, self->dev, try_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(waiter_start_one(&waiter, self->dev, self->mutant));
	EXPECT_EQ(0, close(self->mutant));
	EXPECT_FALSE(waiter_is_done(&waiter));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0, waiter_result(&waiter));
	waiter_end(&waiter);
	self->mutant = -1;
}

TEST_HARNESS_MAIN
