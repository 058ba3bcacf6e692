// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever ends a wait, against whatever else does at the same moment: a wait has
 * one outcome, and what it hasn't been given is still there (rules 11.1, 11.5, 11.9,
 * 11.11; threat 10).
 */
#include "objects.h"
#include "kselftest_harness.h"

/*
 * A round: the waiter waits for @x, the giver signals that, the helper does
 * something else. All three start at once. Then it is counted what is left.
 */
enum form {
	SINGLE,
	ANY,
	ALL,
	SIGNAL_AND_WAIT,
	TIMER,
};

enum cause {
	BY_SET,
	BY_PULSE,
	BY_RESET,
	BY_RELEASE,
	BY_APC,
	BY_SPECIAL,
	BY_ALERT,
	BY_SUSPENSION,
	BY_SIGNAL,
	BY_TIMEOUT,
	BY_CLOSE,
	BY_EXIT,
	BY_KILL,
	BY_TERMINATION,
};

/* Rounds for each pair on a usual machine. */
#define ROUNDS		4000
/* Where each round needs a process. */
#define PROCESS_ROUNDS	200

#define NOT_BACK	(-20000)

static struct race {
	enum form form;
	enum cause cause;
	int dev;
	int x;			/* what is contended for */
	int y;			/* ALL: wanted as well, and signalled once */
	int z;			/* SIGNAL_AND_WAIT: signalled first */
	int dud;		/* never signalled */
	int waited;		/* @x, or another descriptor of it */
	__u32 flags;
	__u64 deadline;
	__u64 seed;
	struct worker waiter;
	pthread_t helper;
	atomic_uint round, returned, helped, settle, settled;
	atomic_long status;	/* of the wait */
	long tested;		/* what a test for alerts said then */
	long before;		/* the helper's result */
	atomic_uint ran;	/* APCs and signal handlers */
} *race;

static unsigned int random_below(__u64 *state, unsigned int n)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % n;
}

/* Has everybody start at another moment each time. */
static void skew(__u64 *seed)
{
	volatile unsigned int spin = random_below(seed, 400);
	unsigned int yield = random_below(seed, 4);

	while (spin--)
		;
	while (yield--)
		sched_yield();
}

static void count_apc(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg0;
	(void)arg1;
	(void)arg2;
	atomic_fetch_add(&race->ran, 1);
}

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&race->ran, 1);
}

static long do_wait(void)
{
	const __s32 any[] = { race->dud, race->waited, race->dud };
	const __s32 all[] = { race->y, race->waited };

	switch (race->form) {
	case ANY:
		return wait_objects(race->dev, race->flags, race->deadline, any,
				    3);
	case ALL:
		return wait_objects(race->dev, race->flags | NTAPC_WAIT_ALL,
				    race->deadline, all, 2);
	case SIGNAL_AND_WAIT:
		return signal_and_wait(race->z, race->waited, race->flags,
				       race->deadline);
	default:
		return wait_flags(race->waited, race->flags, race->deadline);
	}
}

/* What the wait returns when it was given @x. */
static long success(void)
{
	return race->form == ANY ? NTAPC_STATUS_WAIT_0 + 1 : NTAPC_STATUS_WAIT_0;
}

static void waiter(struct worker *worker)
{
	unsigned int round;
	__u64 seed = 1;

	(void)worker;
	for (round = 1;; round++) {
		while (atomic_load(&race->round) < round)
			sched_yield();
		skew(&seed);
		atomic_store(&race->status, do_wait());
		atomic_store(&race->returned, round);
		while (atomic_load(&race->settle) < round)
			sched_yield();
		race->tested = test_alert(race->dev, 0);
		atomic_store(&race->settled, round);
	}
}

/* What the giver does: whether it was signalled already. */
static int give(__u64 *seed)
{
	if (race->form == TIMER)
		return set_timer(race->x, -1 - random_below(seed, 500));
	if (race->cause == BY_RELEASE)
		return release_semaphore(race->x, 1);
	return set_event(race->x);
}

static long help(__u64 *seed)
{
	long ret;

	switch (race->cause) {
	case BY_SET:
	case BY_RELEASE:
		return give(seed);
	case BY_PULSE:
		return pulse_event(race->x);
	case BY_RESET:
		return race->form == TIMER ? cancel_timer(race->x, NULL) :
		       reset_event(race->x);
	case BY_APC:
		return queue(race->waiter.fd, count_apc, 0);
	case BY_SPECIAL:
		return random_below(seed, 2) ?
		       queue_special(race->waiter.fd, count_apc, 0) :
		       queue_interrupt(race->waiter.fd, count_apc, 0);
	case BY_ALERT:
		return alert_thread(race->waiter.fd);
	case BY_SUSPENSION:
		ret = suspend_thread(race->waiter.fd, 0);
		skew(seed);
		return resume_thread(race->waiter.fd, 0) < 0 ? -1 :
		       ret < 0 ? ret : 0;
	case BY_SIGNAL:
		return -pthread_kill(race->waiter.thread, SIGUSR1);
	case BY_CLOSE:
		return close(race->waited);
	default:
		return 0;
	}
}

static void *helper(void *unused)
{
	unsigned int round;
	__u64 seed = 2;

	(void)unused;
	for (round = 1;; round++) {
		while (atomic_load(&race->round) < round)
			sched_yield();
		skew(&seed);
		race->before = help(&seed);
		atomic_store(&race->helped, round);
	}
	return NULL;
}

/* How often it can still be taken; a timer first expires, if it is going to. */
static unsigned int left_of(int object)
{
	unsigned int n = 0;

	if (race->form == TIMER &&
	    !wait_until(!(object_bits(object) & NTAPC_OBJECT_TIMER_SET)))
		return UINT_MAX;
	while (n < 10 && try_one(object) == NTAPC_STATUS_WAIT_0)
		n++;
	return n;
}

static bool has_returned(unsigned int round)
{
	return atomic_load(&race->returned) == round;
}

static int make_x(void)
{
	if (race->form == TIMER)
		return create_timer(race->dev, false);
	if (race->cause == BY_RELEASE)
		return create_semaphore(race->dev, 0, 2);
	return create_event(race->dev, false);
}

static bool make_objects(void)
{
	race->x = make_x();
	race->waited = race->x;
	race->y = create_event(race->dev, false);
	race->z = create_event(race->dev, false);
	race->dud = create_event(race->dev, false);
	return race->x >= 0 && race->y >= 0 && race->z >= 0 && race->dud >= 0;
}

/* What else this wait may return. */
static bool is_allowed(long status)
{
	switch (race->cause) {
	case BY_APC:
		return status == NTAPC_STATUS_USER_APC;
	case BY_SPECIAL:
		return status == NTAPC_STATUS_USER_APC &&
		       race->flags & NTAPC_WAIT_ALERTABLE;
	case BY_ALERT:
		return status == NTAPC_STATUS_ALERTED;
	case BY_SIGNAL:
		return status == -EINTR;
	case BY_TIMEOUT:
		return status == NTAPC_STATUS_TIMEOUT;
	case BY_CLOSE:
		return status == -EBADF;
	default:
		return false;
	}
}

FIXTURE(race)
{
};

FIXTURE_VARIANT(race)
{
	enum form form;
};

FIXTURE_VARIANT_ADD(race, single)
{
	.form = SINGLE,
};

FIXTURE_VARIANT_ADD(race, any)
{
	.form = ANY,
};

FIXTURE_VARIANT_ADD(race, all)
{
	.form = ALL,
};

FIXTURE_VARIANT_ADD(race, signal_and_wait)
{
	.form = SIGNAL_AND_WAIT,
};

FIXTURE_VARIANT_ADD(race, timer)
{
	.form = TIMER,
};

FIXTURE_SETUP(race)
{
	race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, race);
	race->form = variant->form;
	race->seed = 3;
	race->dev = open_frames(dispatch_user);
	ASSERT_LE(0, race->dev);
}

FIXTURE_TEARDOWN(race)
{
}

/* The wait has to end by itself now; what there is to see if it doesn't. */
#define ASSERT_RETURNS(round)						\
	ASSERT_TRUE(wait_until(has_returned(round))) {			\
		TH_LOG("round %u: x %d, y %d, waiters %u, thread %#x",	\
		       round, object_state(race->x),			\
		       object_state(race->y), nr_waiters(race->x),	\
		       thread_bits(race->waiter.fd));			\
	}

static void prepare_round(unsigned int round)
{
	if (race->form == ALL)
		set_event(race->y);
	race->flags = 0;
	race->deadline = NTAPC_WAIT_FOREVER;
	if (race->cause == BY_APC || race->cause == BY_ALERT ||
	    (race->cause == BY_SPECIAL && round & 1))
		race->flags = NTAPC_WAIT_ALERTABLE;
	if (race->cause == BY_TIMEOUT)
		race->deadline = now() + random_below(&race->seed, 100000);
	if (race->cause == BY_CLOSE)
		race->waited = fcntl(race->x, F_DUPFD_CLOEXEC, 0);
	if (race->cause == BY_SIGNAL) {
		struct sigaction action = {
			.sa_handler = count_signal,
			.sa_flags = round & 1 ? SA_RESTART : 0,
		};

		sigaction(SIGUSR1, &action, NULL);
	}
	atomic_store(&race->ran, 0);
}

/* What is queued, or was, has come exactly once. */
static void check_told(struct __test_metadata *_metadata, long status)
{
	switch (race->cause) {
	case BY_APC:
	case BY_SPECIAL:
		ASSERT_EQ(0, race->before);
		ASSERT_EQ(1, atomic_load(&race->ran));
		break;
	case BY_SIGNAL:
		ASSERT_EQ(0, race->before);
		ASSERT_TRUE(wait_until(atomic_load(&race->ran)));
		ASSERT_EQ(1, atomic_load(&race->ran));
		break;
	case BY_ALERT:
		ASSERT_EQ(0, race->before);
		ASSERT_NE(status == NTAPC_STATUS_ALERTED,
			  race->tested == NTAPC_STATUS_ALERTED);
		break;
	default:
		ASSERT_EQ(0, race->tested);
	}
}

static void run_round(struct __test_metadata *_metadata, unsigned int round)
{
	unsigned int given, most, left, taken;
	long status, before;
	int signalled;

	prepare_round(round);
	atomic_store(&race->round, round);
	/* Half of the time it already waits. */
	if (round & 2)
		wait_until(nr_waiters(race->x) || has_returned(round));
	skew(&race->seed);
	signalled = give(&race->seed);
	ASSERT_LE(0, signalled);
	ASSERT_TRUE(wait_until(atomic_load(&race->helped) == round));
	before = race->before;
	ASSERT_LE(0, before);

	/* A timer that is set anew is no longer signalled, but will be. */
	given = race->cause == BY_RELEASE ? 2 :
		race->form == TIMER ? 1 : !signalled;
	most = given;
	if (race->cause == BY_SET && race->form == TIMER)
		most++;		/* The first may have expired, or not. */
	else if (race->cause == BY_SET)
		most = given += !before;
	else if (race->cause == BY_PULSE && !before)
		most++;		/* It may have let it go. */
	else if (race->cause == BY_PULSE || race->cause == BY_RESET)
		most = given -= before;
	if (!given && !has_returned(round)) {
		ASSERT_LE(0, give(&race->seed));
		given++;
		most++;
	}
	ASSERT_RETURNS(round);
	atomic_store(&race->settle, round);
	ASSERT_TRUE(wait_until(atomic_load(&race->settled) == round));

	status = atomic_load(&race->status);
	taken = status == success();
	ASSERT_TRUE(taken || is_allowed(status)) {
		TH_LOG("round %u: status %ld", round, status);
	}
	left = left_of(race->x);
	ASSERT_LE(given, taken + left) {
		TH_LOG("round %u: lost one, status %ld, %d %ld", round, status,
		       signalled, before);
	}
	ASSERT_GE(most, taken + left) {
		TH_LOG("round %u: one twice, status %ld, %d %ld", round, status,
		       signalled, before);
	}
	if (race->form == ALL) {
		ASSERT_EQ(!taken, left_of(race->y));
	}
	/* Once, even if the call was made anew; but not if it was in vain. */
	if (race->form == SIGNAL_AND_WAIT) {
		ASSERT_EQ(status != -EBADF, left_of(race->z));
	}
	ASSERT_EQ(0, nr_waiters(race->x));
	ASSERT_EQ(0, nr_waiters(race->dud));
	check_told(_metadata, status);
}

static void run(struct __test_metadata *_metadata, enum cause cause)
{
	unsigned int rounds = scaled(ROUNDS), round;

	race->cause = cause;
	ASSERT_TRUE(make_objects());
	ASSERT_TRUE(worker_start(&race->waiter, race->dev, waiter));
	ASSERT_EQ(0, pthread_create(&race->helper, NULL, helper, NULL));
	for (round = 1; round <= rounds; round++)
		run_round(_metadata, round);
}

TEST_F(race, set)
{
	run(_metadata, BY_SET);
}

TEST_F(race, pulse)
{
	if (variant->form == TIMER)
		SKIP(return, "timers aren't pulsed");
	run(_metadata, BY_PULSE);
}

TEST_F(race, reset)
{
	run(_metadata, BY_RESET);
}

TEST_F(race, release)
{
	if (variant->form == TIMER)
		SKIP(return, "timers aren't released");
	run(_metadata, BY_RELEASE);
}

TEST_F(race, apc)
{
	run(_metadata, BY_APC);
}

TEST_F(race, special_apc)
{
	run(_metadata, BY_SPECIAL);
}

TEST_F(race, alert)
{
	run(_metadata, BY_ALERT);
}

TEST_F(race, suspension)
{
	run(_metadata, BY_SUSPENSION);
}

TEST_F(race, signal)
{
	run(_metadata, BY_SIGNAL);
}

TEST_F(race, timeout)
{
	run(_metadata, BY_TIMEOUT);
}

TEST_F(race, close)
{
	run(_metadata, BY_CLOSE);
}

/* The waiter's end: what it had been given by then is gone with it, all or nothing. */

static void *wait_once(void *unused)
{
	(void)unused;
	race->waiter.tid = syscall(SYS_gettid);
	atomic_store(&race->status, do_wait());
	for (;;)
		pause();
	return NULL;
}

static void be_waiter(void)
{
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pthread_create(&thread, NULL, wait_once, NULL))
		_exit(1);
	while (!atomic_load(&race->helped))
		sched_yield();
	skew(&race->seed);
	if (race->cause == BY_EXIT)
		_exit(0);
	if (race->cause == BY_TERMINATION)
		terminate_thread(open_thread(race->dev, race->waiter.tid), 1);
	for (;;)
		pause();
}

static void run_ending_round(struct __test_metadata *_metadata, int round)
{
	unsigned int left, other, signalled;
	pid_t child;
	int thread;

	race->deadline = NTAPC_WAIT_FOREVER;
	race->waiter.tid = 0;
	atomic_store(&race->status, NOT_BACK);
	atomic_store(&race->helped, 0);
	if (race->form == ALL)
		set_event(race->y);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		be_waiter();
	ASSERT_TRUE(wait_until(race->waiter.tid));
	thread = open_thread(race->dev, race->waiter.tid);
	ASSERT_LE(0, thread);
	if (round & 1) {
		ASSERT_TRUE(wait_until(nr_waiters(race->x)));
	}
	atomic_store(&race->helped, 1);
	if (round & 2)
		skew(&race->seed);
	if (race->cause == BY_KILL)
		kill(child, SIGKILL);
	ASSERT_EQ(0, give(&race->seed));
	if (race->cause == BY_TERMINATION) {
		ASSERT_TRUE(wait_gone(thread));
	} else {
		ASSERT_EQ(race->cause == BY_EXIT ? 0 : -SIGKILL, reap(child));
	}

	ASSERT_TRUE(wait_until(!nr_waiters(race->x)));
	ASSERT_EQ(0, nr_waiters(race->y));
	left = left_of(race->x);
	other = left_of(race->y);
	signalled = left_of(race->z);
	ASSERT_GE(1, left);
	if (atomic_load(&race->status) != NOT_BACK) {
		ASSERT_EQ(success(), atomic_load(&race->status));
		ASSERT_EQ(0, left);
	}
	if (race->form == ALL) {
		ASSERT_EQ(left, other);
	}
	/* It hasn't waited before it has signalled. */
	if (race->form == SIGNAL_AND_WAIT && !left) {
		ASSERT_EQ(1, signalled);
	}
	if (race->cause == BY_TERMINATION) {
		kill(child, SIGKILL);
		reap(child);
	}
	close(thread);
}

static void run_ending(struct __test_metadata *_metadata, enum cause cause)
{
	unsigned int rounds = scaled(PROCESS_ROUNDS), round;

	race->cause = cause;
	ASSERT_TRUE(make_objects());
	for (round = 0; round < rounds; round++)
		run_ending_round(_metadata, round);
}

TEST_F(race, exit)
{
	run_ending(_metadata, BY_EXIT);
}

TEST_F(race, kill)
{
	run_ending(_metadata, BY_KILL);
}

TEST_F(race, termination)
{
	run_ending(_metadata, BY_TERMINATION);
}

/* In the middle of giving */

/*
 * Three wait: one that runs at once when it may, one for all of two objects, of which
 * the other is signalled, and a last one. Whoever signals gives to all three before
 * the first can do anything about it: to nobody it looks as if that was half done.
 */
static int middle_dev, given, signalled_one;
static int (*meddle)(int object);

static void wait_and_meddle(struct worker *worker)
{
	struct sched_param param = { .sched_priority = 1 };
	int ret;

	/* Not allowed to everybody; then it takes its chances. */
	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
	ret = wait_one(given, NTAPC_WAIT_FOREVER);
	worker->ret = ret ? -1 : meddle(given);
}

FIXTURE(middle)
{
	struct worker first;
	struct waiter all, last;
};

FIXTURE_SETUP(middle)
{
	middle_dev = open_device();
	ASSERT_LE(0, middle_dev);
	signalled_one = create_notification(middle_dev, true);
	ASSERT_LE(0, signalled_one);
}

FIXTURE_TEARDOWN(middle)
{
}

#define MIDDLE_ROUNDS	400

static bool start_three(FIXTURE_DATA(middle) *self)
{
	__s32 both[] = { given, signalled_one };

	return worker_start(&self->first, middle_dev, wait_and_meddle) &&
	       wait_until_waiting(given, 1) &&
	       waiter_start(&self->all, middle_dev, NTAPC_WAIT_ALL, both, 2) &&
	       waiter_start_one(&self->last, middle_dev, given);
}

static void end_three(FIXTURE_DATA(middle) *self)
{
	worker_join(&self->first);
	close(self->first.fd);
	waiter_end(&self->all);
	waiter_end(&self->last);
}

/* Rule 11.5: a set lets everybody go that waits, whatever resets follow. */
TEST_F(middle, set_then_reset)
{
	unsigned int rounds = scaled(MIDDLE_ROUNDS), round;

	meddle = reset_event;
	for (round = 0; round < rounds; round++) {
		given = create_notification(middle_dev, false);
		ASSERT_TRUE(start_three(self));
		ASSERT_EQ(0, set_event(given));
		ASSERT_EQ(0, waiter_result(&self->all));
		ASSERT_EQ(0, waiter_result(&self->last));
		end_three(self);
		ASSERT_EQ(1, self->first.ret);
		ASSERT_EQ(0, object_state(given));
		close(given);
	}
}

/* A set that comes after a pulse isn't undone by it. */
TEST_F(middle, pulse_then_set)
{
	unsigned int rounds = scaled(MIDDLE_ROUNDS), round;

	meddle = set_event;
	for (round = 0; round < rounds; round++) {
		given = create_notification(middle_dev, false);
		ASSERT_TRUE(start_three(self));
		ASSERT_EQ(0, pulse_event(given));
		ASSERT_EQ(0, waiter_result(&self->all));
		ASSERT_EQ(0, waiter_result(&self->last));
		end_three(self);
		ASSERT_EQ(0, self->first.ret);
		ASSERT_EQ(1, object_state(given));
		close(given);
	}
}

/* Who waits longest gets it first: not who comes back for more. */
TEST_F(middle, release_then_take)
{
	unsigned int rounds = scaled(MIDDLE_ROUNDS), round;

	meddle = try_one;
	for (round = 0; round < rounds; round++) {
		given = create_semaphore(middle_dev, 0, 3);
		ASSERT_TRUE(start_three(self));
		ASSERT_EQ(0, release_semaphore(given, 2));
		ASSERT_EQ(0, waiter_result(&self->all));
		ASSERT_EQ(false, waiter_is_done(&self->last));
		ASSERT_EQ(0, release_semaphore(given, 1));
		ASSERT_EQ(0, waiter_result(&self->last));
		end_three(self);
		ASSERT_EQ(NTAPC_STATUS_TIMEOUT, self->first.ret);
		ASSERT_EQ(0, object_state(given));
		close(given);
	}
}

TEST_HARNESS_MAIN
