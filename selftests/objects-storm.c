// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load: many threads that wait for any and for all of many objects, disturbed by APCs
 * and suspensions. Mutants exclude, semaphores neither make nor lose a unit, and
 * nobody waits for ever (rules 11.1, 11.5, 11.6; threats 10, 20).
 */
#include "objects.h"
#include "kselftest_harness.h"

#define THREADS		16
#define KIND		16	/* objects of each kind: 64 in all */
#define UNITS		3	/* of each semaphore */
#define MOST		6	/* that are waited for at once */

/* Rounds of all threads together. */
#define ROUNDS		1000000
/* On a processor that is emulated with all of a debugging kernel's checks. */
#define ROUNDS_UML	20000
/* Once there are so many, no more are begun after that time. */
#define ENOUGH_MS	120000

/* No round for so long is a lost wake-up. */
#define STUCK_MS	60000

static int dev;
static __s32 mutants[KIND], semaphores[KIND], events[KIND], gates[KIND];

/* By what is excluded only: no atomics for what a mutant or event protects. */
static struct {
	volatile pid_t owner;
	volatile __u64 count;
} by_mutant[KIND], by_event[KIND];
static atomic_uint held_units[KIND];

static struct member {
	struct worker worker;
	__u64 seed;
	unsigned int rounds;
	atomic_uint done;
	unsigned int by_mutant[KIND], by_event[KIND];
	atomic_uint queued, ran;
	unsigned int broken;
	/* For the watchdog. */
	const char *volatile doing;
	int wrong_line;
	long wrong;
} members[THREADS];

static __thread struct member *self;
static atomic_bool quit;
static __u64 enough;

static unsigned int below(__u64 *seed, unsigned int n)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*seed >> 33) % n;
}

static unsigned int random_below(unsigned int n)
{
	return below(&self->seed, n);
}

/* The first mistake of a thread; all end then. */
static void note(int line, long what)
{
	if (!self->wrong_line) {
		self->wrong_line = line;
		self->wrong = what;
	}
	atomic_store(&quit, true);
}

#define CHECK(condition, what) do {					\
	if (!(condition))						\
		note(__LINE__, what);					\
} while (0)

static void count_apc(__u64 member, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	atomic_fetch_add(&members[member].ran, 1);
}

/* Waits until it has got something, whatever breaks the wait. */
static int get(__u32 flags, const __s32 *objects, unsigned int nr)
{
	int ret;

	do {
		__u32 alertable = random_below(2) ? NTAPC_WAIT_ALERTABLE : 0;
		__u64 deadline = random_below(4) ? NTAPC_WAIT_FOREVER :
				 now() + random_below(1000000);

		ret = wait_objects(dev, flags | alertable, deadline, objects,
				   nr);
		if (ret == NTAPC_STATUS_USER_APC || ret == NTAPC_STATUS_TIMEOUT)
			self->broken++;
	} while (ret == NTAPC_STATUS_USER_APC || ret == NTAPC_STATUS_TIMEOUT);
	CHECK(ret >= 0 && ret < (int)nr, ret);
	return ret;
}

/* What is held is held by this thread alone. */
static void enter_mutant(unsigned int i)
{
	CHECK(!by_mutant[i].owner, i);
	by_mutant[i].owner = self->worker.tid;
	by_mutant[i].count++;
	self->by_mutant[i]++;
}

static void leave_mutant(unsigned int i)
{
	CHECK(by_mutant[i].owner == self->worker.tid, i);
	by_mutant[i].owner = 0;
	CHECK(!release_mutant(mutants[i]), i);
}

static void enter_event(unsigned int i)
{
	CHECK(!by_event[i].owner, i);
	by_event[i].owner = self->worker.tid;
	by_event[i].count++;
	self->by_event[i]++;
}

static void leave_event(unsigned int i)
{
	int before;

	CHECK(by_event[i].owner == self->worker.tid, i);
	by_event[i].owner = 0;
	before = set_event(events[i]);
	CHECK(!before, before);
}

static void enter_semaphore(unsigned int i)
{
	CHECK(atomic_fetch_add(&held_units[i], 1) < UNITS, i);
}

static void leave_semaphore(unsigned int i)
{
	atomic_fetch_sub(&held_units[i], 1);
	CHECK(!release_semaphore(semaphores[i], 1), i);
}

/* Who holds something doesn't wait for more. */
static void linger(void)
{
	if (!random_below(8))
		sched_yield();
}

enum kind {
	MUTANT,
	EVENT,
	SEMAPHORE,
	KINDS
};

static const struct {
	__s32 *objects;
	void (*enter)(unsigned int i);
	void (*leave)(unsigned int i);
} kinds[] = {
	[MUTANT] = { mutants, enter_mutant, leave_mutant },
	[EVENT] = { events, enter_event, leave_event },
	[SEMAPHORE] = { semaphores, enter_semaphore, leave_semaphore },
};

struct choice {
	enum kind kind[MOST];
	unsigned int index[MOST];
	__s32 objects[MOST + 1];
	unsigned int nr;
};

/* Some objects, none of them twice. */
static void choose(struct choice *choice, unsigned int nr)
{
	unsigned int start = random_below(KIND), i;

	choice->nr = nr;
	for (i = 0; i < nr; i++) {
		choice->kind[i] = random_below(KINDS);
		/* Few of them, for contention. */
		choice->index[i] = (start + i) % KIND;
		choice->objects[i] =
			kinds[choice->kind[i]].objects[choice->index[i]];
	}
}

static void take_all(void)
{
	struct choice choice;
	unsigned int i, nr;

	choose(&choice, 1 + random_below(MOST));
	nr = choice.nr;
	/* A gate may be shut just now, and is only looked at. */
	if (!random_below(4))
		choice.objects[nr++] = gates[random_below(KIND)];
	self->doing = "waits for all";
	CHECK(!get(NTAPC_WAIT_ALL, choice.objects, nr), nr);
	self->doing = "has all";
	for (i = 0; i < choice.nr; i++)
		kinds[choice.kind[i]].enter(choice.index[i]);
	linger();
	for (i = 0; i < choice.nr; i++)
		kinds[choice.kind[i]].leave(choice.index[i]);
}

static void take_any(void)
{
	struct choice choice;
	unsigned int i;

	choose(&choice, 1 + random_below(MOST));
	self->doing = "waits for any";
	i = get(0, choice.objects, choice.nr);
	self->doing = "has one";
	if (i >= choice.nr)
		return;
	kinds[choice.kind[i]].enter(choice.index[i]);
	linger();
	kinds[choice.kind[i]].leave(choice.index[i]);
}

/* NtSignalAndWaitForSingleObject, from one semaphore to another. */
static void change_over(void)
{
	unsigned int from = random_below(KIND), to = random_below(KIND);
	int ret;

	self->doing = "waits to change over";
	get(0, &semaphores[from], 1);
	enter_semaphore(from);
	atomic_fetch_sub(&held_units[from], 1);
	self->doing = "changes over";
	ret = signal_and_wait(semaphores[from], semaphores[to], 0,
			      NTAPC_WAIT_FOREVER);
	CHECK(!ret, ret);
	enter_semaphore(to);
	leave_semaphore(to);
}

/* Every gate is open in the end, whoever shut it last. */
static void shut_gate(void)
{
	unsigned int i = random_below(KIND);

	self->doing = "shuts a gate";
	CHECK((random_below(2) ? reset_event : pulse_event)(gates[i]) >= 0, i);
	linger();
	CHECK(set_event(gates[i]) >= 0, i);
}

/* Already one's own: never waits. */
static void nest_mutant(void)
{
	unsigned int i = random_below(KIND);
	int ret;

	self->doing = "waits to nest";
	get(0, &mutants[i], 1);
	enter_mutant(i);
	self->doing = "nests";
	ret = try_one(mutants[i]);
	CHECK(!ret, ret);
	CHECK(object_state(mutants[i]) == -1, i);
	CHECK(!release_mutant(mutants[i]), i);
	leave_mutant(i);
}

static bool goes_on(void)
{
	unsigned int done = atomic_load(&self->done);

	return done < self->rounds && !atomic_load(&quit) &&
	       (done < ROUNDS_UML / THREADS || now() < enough);
}

static void storm(struct worker *worker)
{
	self = (struct member *)worker;
	this_control = map_control(worker->fd);
	while (goes_on()) {
		switch (random_below(16)) {
		case 0 ... 5:
			take_all();
			break;
		case 6 ... 11:
			take_any();
			break;
		case 12:
			shut_gate();
			break;
		case 13:
			nest_mutant();
			break;
		default:
			change_over();
		}
		atomic_fetch_add(&self->done, 1);
	}
	/* What came last, if it was queued before the disturbers ended. */
	self->doing = "has done";
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
	test_alert(dev, 0);
}

/* APCs and suspensions; who does this is never suspended himself. */
static void *disturb(void *arg)
{
	__u64 seed = ADDR(arg);
	unsigned int i, n;

	while (!atomic_load(&quit)) {
		struct member *member;

		i = below(&seed, THREADS);
		n = below(&seed, 20);
		member = &members[i];
		switch (below(&seed, 3)) {
		case 0:
			if (suspend_thread(member->worker.fd, 0) < 0)
				abort();
			while (n--)
				sched_yield();
			if (resume_thread(member->worker.fd, 0) < 0)
				abort();
			break;
		case 1:
			if (!queue_full(member->worker.fd, 0, ADDR(count_apc),
					i, 0, 0, 0))
				atomic_fetch_add(&member->queued, 1);
			break;
		default:
			if (!queue_full(member->worker.fd, NTAPC_QUEUE_SPECIAL |
					(n & 1 ? NTAPC_QUEUE_INTERRUPT : 0),
					ADDR(count_apc), i, 0, 0, 0))
				atomic_fetch_add(&member->queued, 1);
		}
		breathe(100);
	}
	return NULL;
}

static __u64 rounds_done(void)
{
	__u64 sum = 0;
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		sum += atomic_load(&members[i].done);
	return sum;
}

static unsigned int nr_through(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < THREADS; i++)
		n += atomic_load(&members[i].worker.stage) == 1;
	return n;
}

/* Who waits for what, when nothing goes on. */
static void dump(struct __test_metadata *_metadata)
{
	__s32 *all[] = { mutants, semaphores, events, gates };
	struct ntapc_object_info info;
	unsigned int i, j;

	for (i = 0; i < THREADS; i++)
		TH_LOG("thread %u (%d): round %u, %s, bits %#x", i,
		       atomic_load(&members[i].worker.tid),
		       atomic_load(&members[i].done), members[i].doing,
		       thread_bits(members[i].worker.fd));
	for (i = 0; i < 4; i++)
		for (j = 0; j < KIND; j++) {
			get_object_info(all[i][j], &info);
			if (info.nr_waiters)
				TH_LOG("object %u.%u: state %d, owner %u, %u wait",
				       i, j, info.state, info.owner,
				       info.nr_waiters);
		}
}

static bool all_get_through(void)
{
	__u64 last = 0, seen, patience = in_ms(STUCK_MS);

	while (nr_through() < THREADS) {
		seen = rounds_done();
		if (seen != last)
			patience = in_ms(STUCK_MS);
		else if (now() > patience)
			return false;
		last = seen;
		breathe(UNHURRIED);
	}
	return true;
}

FIXTURE(storm)
{
};

FIXTURE_SETUP(storm)
{
	unsigned int i;

	dev = open_frames(dispatch_user);
	ASSERT_LE(0, dev);
	for (i = 0; i < KIND; i++) {
		mutants[i] = create_mutant(dev, false);
		semaphores[i] = create_semaphore(dev, UNITS, UNITS);
		events[i] = create_event(dev, true);
		gates[i] = create_notification(dev, true);
		ASSERT_LE(0, gates[i]);
	}
}

FIXTURE_TEARDOWN(storm)
{
}

TEST_F(storm, nothing_lost)
{
	unsigned int rounds = on_uml() ? ROUNDS_UML : ROUNDS, i, j;
	pthread_t disturbers[2];
	__u64 broken = 0;

	enough = in_ms(ENOUGH_MS);
	for (i = 0; i < THREADS; i++) {
		members[i].seed = i;
		members[i].rounds = rounds / THREADS;
		members[i].doing = "starts";
		ASSERT_TRUE(worker_start(&members[i].worker, dev, storm));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&disturbers[i], NULL, disturb,
					    (void *)(uintptr_t)(i + 1)));
	}
	if (!all_get_through()) {
		dump(_metadata);
		ASSERT_TRUE(false);
	}
	atomic_store(&quit, true);
	for (i = 0; i < 2; i++)
		pthread_join(disturbers[i], NULL);
	for (i = 0; i < THREADS; i++) {
		worker_go(&members[i].worker);
		worker_join(&members[i].worker);
		EXPECT_EQ(0, members[i].wrong_line) {
			TH_LOG("thread %u: line %d: %ld", i,
			       members[i].wrong_line, members[i].wrong);
		}
		EXPECT_LE(ROUNDS_UML / THREADS,
			  atomic_load(&members[i].done));
		EXPECT_EQ(atomic_load(&members[i].queued),
			  atomic_load(&members[i].ran));
		broken += members[i].broken;
	}
	for (i = 0; i < KIND; i++) {
		__u64 mutant = 0, event = 0;

		for (j = 0; j < THREADS; j++) {
			mutant += members[j].by_mutant[i];
			event += members[j].by_event[i];
		}
		EXPECT_EQ(mutant, by_mutant[i].count);
		EXPECT_EQ(event, by_event[i].count);
		EXPECT_EQ(1, object_state(mutants[i]));
		EXPECT_EQ(UNITS, object_state(semaphores[i]));
		EXPECT_EQ(1, object_state(events[i]));
		EXPECT_EQ(1, object_state(gates[i]));
		EXPECT_EQ(0, nr_waiters(mutants[i]) + nr_waiters(semaphores[i]) +
			  nr_waiters(events[i]) + nr_waiters(gates[i]));
	}
	TH_LOG("%llu rounds, %llu waits broken", rounds_done(), broken);
	EXPECT_LT(0, broken);
}

TEST_HARNESS_MAIN
