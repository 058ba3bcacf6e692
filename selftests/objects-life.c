// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends of who waits, holds mutants and has timers running, and of the objects
 * themselves; how many of them there may be; arguments that change meanwhile
 * (threats 2, 10, 11, 12, 17, 18, 20).
 */
#include "objects.h"
#include "kselftest_harness.h"

#include <sys/epoll.h>
#include <sys/resource.h>

static int dev;
static char program[PATH_MAX];

static void count_apc(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg0;
	(void)arg1;
	(void)arg2;
}

FIXTURE(life)
{
	struct ntapc_info before;
};

FIXTURE_SETUP(life)
{
	dev = open_frames(dispatch_user);
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, get_info(dev, &self->before));
	ASSERT_LT(0, readlink("/proc/self/exe", program, sizeof(program) - 1));
}

/* No record is left behind but this thread's, and no charge. */
FIXTURE_TEARDOWN(life)
{
	struct ntapc_info after;

	EXPECT_TRUE(wait_until(!get_info(dev, &after) &&
			       after.nr_threads <= self->before.nr_threads + 1 &&
			       after.queued_user <= self->before.queued_user)) {
		TH_LOG("%u threads, %u APCs", after.nr_threads,
		       after.queued_user);
	}
}

/* The ends of a process that waits and holds (2, 7.3, 11.6) */

enum way {
	BY_PTHREAD_EXIT,
	BY_EXIT_GROUP,
	BY_SIGKILL,
	BY_EXECVE,
	BY_EXECVE_OF_ANOTHER,
};

#define HELD		40
#define RECURSION	3

static struct shared {
	atomic_int ready, go;
	int mutants[HELD];
	int event, semaphore, timer;
} *shared;

static void *hold_and_wait(void *arg)
{
	__s32 objects[] = { shared->semaphore, shared->event };
	long number = (long)arg;
	unsigned int i, j;

	if (number == 3) {
		for (i = 0; i < HELD; i++)
			for (j = 0; j < RECURSION; j++)
				if (try_one(shared->mutants[i]))
					_exit(2);
		if (set_timer_full(shared->timer, -1, 1, ADDR(count_apc), 1))
			_exit(3);
	}
	atomic_fetch_add(&shared->ready, 1);
	switch (number) {
	case 0:
		wait_one(shared->event, NTAPC_WAIT_FOREVER);
		break;
	case 1:
		wait_any(dev, NTAPC_WAIT_FOREVER, objects, 2);
		break;
	case 2:
		wait_all(dev, NTAPC_WAIT_FOREVER, objects, 2);
		break;
	default:
		while (!atomic_load(&shared->go))
			breathe(UNHURRIED);
	}
	return NULL;
}

static void *execute(void *unused)
{
	char *argv[] = { program, "--true", NULL };

	(void)unused;
	while (!atomic_load(&shared->go))
		breathe(UNHURRIED);
	execv(program, argv);
	_exit(9);
}

static void be_holder(enum way way)
{
	pthread_t threads[4], other;
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, hold_and_wait,
				   (void *)(long)i))
			_exit(1);
	if (way == BY_EXECVE_OF_ANOTHER &&
	    pthread_create(&other, NULL, execute, NULL))
		_exit(1);
	while (!atomic_load(&shared->go))
		breathe(UNHURRIED);
	switch (way) {
	case BY_EXIT_GROUP:
		_exit(0);
	case BY_EXECVE:
		execute(NULL);
		break;
	case BY_PTHREAD_EXIT:
		pthread_exit(NULL);
	default:
		for (;;)
			pause();
	}
}

static bool make_shared(void)
{
	unsigned int i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return false;
	for (i = 0; i < HELD; i++)
		shared->mutants[i] = create_mutant(dev, false);
	shared->event = create_event(dev, false);
	shared->semaphore = create_semaphore(dev, 0, 10);
	shared->timer = create_timer(dev, false);
	return shared->timer >= 0;
}

static void check_end(struct __test_metadata *_metadata, enum way way)
{
	__s32 objects[HELD + 1];
	struct waiter waiter;
	unsigned int i;
	pid_t child;

	atomic_store(&shared->ready, 0);
	atomic_store(&shared->go, 0);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		be_holder(way);
	ASSERT_TRUE(wait_until(atomic_load(&shared->ready) == 4 &&
			       nr_waiters(shared->event) == 3));
	EXPECT_EQ(1 - RECURSION, object_state(shared->mutants[0]));
	/* Half of the mutants are waited for, all at once. */
	memcpy(objects, shared->mutants, sizeof(*objects) * HELD / 2);
	ASSERT_TRUE(waiter_start(&waiter, dev, NTAPC_WAIT_ALL, objects,
				 HELD / 2));
	atomic_store(&shared->go, 1);
	if (way == BY_SIGKILL)
		kill(child, SIGKILL);
	/* Only two of its threads do. */
	if (way == BY_PTHREAD_EXIT) {
		ASSERT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0, waiter_result(&waiter));
		ASSERT_EQ(3, nr_waiters(shared->event));
		kill(child, SIGKILL);
	}
	EXPECT_EQ(way == BY_SIGKILL || way == BY_PTHREAD_EXIT ? -SIGKILL : 0,
		  reap(child));
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0, waiter_result(&waiter));
	EXPECT_TRUE(wait_until_waiting(shared->event, 0));
	EXPECT_TRUE(wait_until_waiting(shared->semaphore, 0));
	/* Nobody has taken anything, and none is abandoned twice. */
	for (i = HELD / 2; i < HELD; i++) {
		EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0,
			  wait_one(shared->mutants[i], in_ms(PATIENCE_MS)));
		EXPECT_EQ(0, release_mutant(shared->mutants[i]));
		EXPECT_EQ(0, object_bits(shared->mutants[i]));
	}
	waiter_end(&waiter);
	for (i = 0; i < HELD / 2; i++) {
		EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0,
			  wait_one(shared->mutants[i], in_ms(PATIENCE_MS)));
		EXPECT_EQ(0, release_mutant(shared->mutants[i]));
	}
	EXPECT_EQ(0, set_event(shared->event));
	EXPECT_EQ(0, try_one(shared->event));
	/* The timer is everybody's, and goes on without its APC's thread. */
	EXPECT_EQ(0, wait_one(shared->timer, in_ms(PATIENCE_MS)));
	EXPECT_EQ(1, cancel_timer(shared->timer, NULL));
	try_one(shared->timer);
}

FIXTURE(ends)
{
};

FIXTURE_VARIANT(ends)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(ends, pthread_exit)
{
	.way = BY_PTHREAD_EXIT,
};

FIXTURE_VARIANT_ADD(ends, exit_group)
{
	.way = BY_EXIT_GROUP,
};

FIXTURE_VARIANT_ADD(ends, sigkill)
{
	.way = BY_SIGKILL,
};

FIXTURE_VARIANT_ADD(ends, execve)
{
	.way = BY_EXECVE,
};

FIXTURE_VARIANT_ADD(ends, execve_of_another)
{
	.way = BY_EXECVE_OF_ANOTHER,
};

FIXTURE_SETUP(ends)
{
	life_setup(_metadata, &(FIXTURE_DATA(life)) {}, NULL);
}

FIXTURE_TEARDOWN(ends)
{
}

TEST_F(ends, everything_given_back)
{
	unsigned int rounds = scaled(100), round;

	ASSERT_TRUE(make_shared());
	for (round = 0; round < rounds + 2; round++)
		check_end(_metadata, variant->way);
}

/* Objects that go while they are waited for: the wait keeps them. */
TEST_F(life, closed_while_waited_for)
{
	unsigned int rounds = scaled(500), round;
	struct waiter waiter;
	__s32 objects[2];

	for (round = 0; round < rounds; round++) {
		__u32 flags = round & 1 ? NTAPC_WAIT_ALL : 0;
		__u64 deadline = in_ms(20);

		objects[0] = create_event(dev, false);
		objects[1] = create_timer(dev, true);
		set_timer(objects[1], MS_FROM_NOW(1));
		ASSERT_TRUE(waiter_begin(&waiter, dev, flags, deadline, objects,
					 2));
		/* In the wait, or not yet: then there are no such objects. */
		if (round & 2)
			wait_until(waiter_is_done(&waiter) ||
				   thread_bits(waiter.worker.fd) &
				   NTAPC_THREAD_WAITING);
		close(objects[0]);
		close(objects[1]);
		if (round & 1) {
			EXPECT_TRUE(waiter_result(&waiter) == -EBADF ||
				    waiter.worker.ret == NTAPC_STATUS_TIMEOUT);
		} else {
			EXPECT_TRUE(waiter_result(&waiter) == -EBADF ||
				    waiter.worker.ret == 1 ||
				    waiter.worker.ret == NTAPC_STATUS_TIMEOUT);
		}
		waiter_end(&waiter);
	}
}

/* A mutant that is freed while it is held, or while its holder ends. */
static void *hold_all(void *arg)
{
	struct sched_param param = { .sched_priority = 1 };
	unsigned int i;

	(void)arg;
	for (i = 0; i < HELD; i++)
		try_one(shared->mutants[i]);
	atomic_store(&shared->ready, 1);
	while (!atomic_load(&shared->go))
		sched_yield();
	/* Who frees must come to run all the same. */
	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
	return NULL;
}

TEST_F(life, mutants_freed_at_their_holders_end)
{
	unsigned int rounds = scaled(500), round, i;
	pthread_t thread;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (round = 0; round < rounds; round++) {
		atomic_store(&shared->ready, 0);
		atomic_store(&shared->go, 0);
		for (i = 0; i < HELD; i++) {
			char name[32];
			int len = snprintf(name, sizeof(name), "held-%u", i);

			shared->mutants[i] = i & 1 ?
				create_named(dev, NTAPC_OBJECT_MUTANT, 0, 0,
					     name, len, NULL) :
				create_mutant(dev, false);
			ASSERT_LE(0, shared->mutants[i]);
		}
		ASSERT_EQ(0, pthread_create(&thread, NULL, hold_all, NULL));
		ASSERT_TRUE(wait_until(atomic_load(&shared->ready)));
		if (round & 1)
			atomic_store(&shared->go, 1);
		for (i = 0; i < HELD; i++)
			close(shared->mutants[i]);
		atomic_store(&shared->go, 1);
		pthread_join(thread, NULL);
	}
}

/* Timers */

#define TIMERS	300

/* They expire while they are set anew, cancelled and freed (2). */
TEST_F(life, timers_freed_while_they_expire)
{
	unsigned int rounds = scaled(200), round, i;
	int timers[TIMERS / 10];

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < TIMERS / 10; i++) {
			timers[i] = create_timer(dev, i & 1);
			ASSERT_LE(0, timers[i]);
			ASSERT_EQ(0, set_timer_full(timers[i], -(int)i * 100, 1,
						    i & 2 ? ADDR(count_apc) : 0,
						    0));
		}
		if (round & 1)
			wait_one(timers[0], in_ms(100));
		for (i = 0; i < TIMERS / 10; i++) {
			if (round & 2)
				set_timer_full(timers[i], -1, 1, 0, 0);
			close(timers[i]);
		}
	}
	delay(dev, NTAPC_WAIT_ALERTABLE, 0);
	EXPECT_EQ(0, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
}

/* Hundreds with the shortest period there is: others still get to run. */
TEST_F(life, timers_by_the_hundred)
{
	int timers[TIMERS], event = create_event(dev, false);
	struct rlimit limit = { TIMERS + 100, TIMERS + 100 };
	struct waiter waiter;
	unsigned int i, j;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < TIMERS; i++) {
		timers[i] = create_timer(dev, false);
		ASSERT_LE(0, timers[i]);
		ASSERT_EQ(0, set_timer_full(timers[i], -1, 1, 0, 0));
	}
	for (j = 0; j < 3; j++)
		for (i = 0; i < TIMERS; i++)
			ASSERT_EQ(0, wait_one(timers[i], in_ms(PATIENCE_MS)));
	ASSERT_TRUE(waiter_start_one(&waiter, dev, event));
	EXPECT_EQ(0, set_event(event));
	EXPECT_EQ(0, waiter_result(&waiter));
	waiter_end(&waiter);
	for (i = 0; i < TIMERS; i++) {
		EXPECT_EQ(1, cancel_timer(timers[i], NULL));
		try_one(timers[i]);
		EXPECT_EQ(0, object_state(timers[i]));
	}
}

/* Many */

/* Objects, timers that run, and names up to the limit of descriptors (11). */
static void exhaust(void)
{
	char name[NTAPC_NAME_MAX] = { };
	unsigned int i;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0;; i++) {
		snprintf(name, sizeof(name), "%u", i);
		fd = create_named(dev, object_types[i % NR_OBJECT_TYPES].type, 0,
				  object_types[i % NR_OBJECT_TYPES].limit, name,
				  sizeof(name), NULL);
		if (fd < 0)
			break;
		if (i % NR_OBJECT_TYPES >= 4 &&
		    set_timer_full(fd, MS_FROM_NOW(1), i & 8 ? 100 : 0,
				   i & 16 ? ADDR(count_apc) : 0, 0) < 0) {
			fd = -EINVAL;
			break;
		}
	}
	atomic_store(&shared->go, fd);
	atomic_store(&shared->ready, i);
	for (;;)
		pause();
}

/* A number of /proc/meminfo, in KiB. */
static long long memory(const char *what)
{
	long long value = -1;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, what, strlen(what)))
			value = strtoll(line + strlen(what), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

TEST_F(life, as_many_as_descriptors)
{
	unsigned int most = on_uml() ? 1000 : 4000, round;
	struct rlimit limit = { most, most };
	long long before, after = 0;
	pid_t child;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	before = memory("Slab:");
	for (round = 0; round < 10; round++) {
		atomic_store(&shared->ready, 0);
		child = fork();
		ASSERT_LE(0, child);
		if (!child)
			exhaust();
		ASSERT_TRUE(wait_until(atomic_load(&shared->ready)));
		kill(child, SIGKILL);
		ASSERT_EQ(-SIGKILL, reap(child));
		ASSERT_EQ(-EMFILE, atomic_load(&shared->go)) {
			TH_LOG("after %d", atomic_load(&shared->ready));
		}
		/* All names are free again. */
		ASSERT_TRUE(wait_until(({
			int fd = create_named(dev, NTAPC_OBJECT_SEMAPHORE,
					      NTAPC_CREATE_OPEN, 0, "2", 1,
					      NULL);

			if (fd >= 0)
				close(fd);
			fd == -ENOENT;
		})));
	}
	/* There KASAN keeps what is freed for a while, and kmemleak finds leaks. */
	if (on_uml())
		return;
	/* Each round had about 1 KiB for each object; one round's is forgiven. */
	EXPECT_TRUE(wait_until((after = memory("Slab:")) < before + 3 * most)) {
		TH_LOG("%lld KiB, before %lld", after, before);
	}
}

/* Who opens a name that is had by somebody gets just that object (12). */
static atomic_uint wrong;

static void *open_and_close(void *unused)
{
	unsigned int rounds = scaled(5000);

	(void)unused;
	while (rounds--) {
		int a = create_named(dev, NTAPC_OBJECT_SEMAPHORE, 0, 100, "same",
				     4, NULL);
		int b = create_named(dev, NTAPC_OBJECT_SEMAPHORE,
				     NTAPC_CREATE_OPEN, 0, "same", 4, NULL);
		struct ntapc_object_info info;

		if (a < 0 || (b < 0 && atomic_fetch_add(&wrong, 1) < 100)) {
			atomic_fetch_add(&wrong, 1);
			break;
		}
		/* One unit through the one, and back through the other. */
		if (release_semaphore(a, 1) || try_one(b) ||
		    get_object_info(a, &info) || info.limit != 100)
			atomic_fetch_add(&wrong, 1);
		close(b);
		close(a);
	}
	return NULL;
}

TEST_F(life, names_come_and_go)
{
	pthread_t threads[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, open_and_close,
					    NULL));
	}
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, atomic_load(&wrong));
	EXPECT_EQ(-ENOENT, create_named(dev, NTAPC_OBJECT_SEMAPHORE,
					NTAPC_CREATE_OPEN, 0, "same", 4, NULL));
}

#define CROWD	1000

static int crowd_event;
static atomic_uint crowd_returned, crowd_failed;

static void *be_one_of_many(void *unused)
{
	(void)unused;
	if (wait_one(crowd_event, NTAPC_WAIT_FOREVER))
		atomic_fetch_add(&crowd_failed, 1);
	atomic_fetch_add(&crowd_returned, 1);
	return NULL;
}

/* A notification event lets all go; a synchronization event one for each set. */
TEST_F(life, thousand_waiters)
{
	static pthread_t threads[CROWD];
	unsigned int type, i;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (type = 0; type < 2; type++) {
		crowd_event = type ? create_event(dev, false) :
				     create_notification(dev, false);
		atomic_store(&crowd_returned, 0);
		for (i = 0; i < CROWD; i++) {
			ASSERT_EQ(0, pthread_create(&threads[i], &attr,
						    be_one_of_many, NULL));
		}
		ASSERT_TRUE(wait_until_waiting(crowd_event, CROWD));
		for (i = 0; i < (type ? CROWD : 1); i++) {
			ASSERT_EQ(0, set_event(crowd_event));
			ASSERT_EQ(type ? CROWD - 1 - i : 0,
				  nr_waiters(crowd_event));
		}
		for (i = 0; i < CROWD; i++)
			pthread_join(threads[i], NULL);
		EXPECT_EQ(CROWD, atomic_load(&crowd_returned));
		EXPECT_EQ(0, atomic_load(&crowd_failed));
		EXPECT_EQ(!type, object_state(crowd_event));
		close(crowd_event);
	}
}

/* An object in an epoll set in a set in a set, and that in a wait of ours. */
TEST_F(life, chain_of_epoll)
{
	int event = create_event(dev, false), fds[4], last = event;
	struct epoll_event item = { .events = EPOLLIN };
	struct waiter waiter;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		fds[i] = epoll_create1(EPOLL_CLOEXEC);
		ASSERT_EQ(0, epoll_ctl(fds[i], EPOLL_CTL_ADD, last, &item));
		last = fds[i];
	}
	for (i = 0; i < scaled(500); i++) {
		ASSERT_TRUE(waiter_start_one(&waiter, dev, last));
		ASSERT_EQ(0, set_event(event));
		ASSERT_EQ(0, waiter_result(&waiter));
		waiter_end(&waiter);
		ASSERT_EQ(0, try_one(event));
		ASSERT_EQ(NTAPC_STATUS_TIMEOUT, wait_objects(dev, 0, 0, &last, 1));
	}
	/* The innermost goes first. */
	ASSERT_TRUE(waiter_start_one(&waiter, dev, last));
	close(event);
	for (i = 0; i < 3; i++)
		close(fds[i]);
	/* It waits on, until the process ends. */
	EXPECT_FALSE(waiter_is_done(&waiter));
}

/* Somebody else writes to what a call has been given (18). */
static struct ntapc_wait moving;
static __s32 moving_fds[NTAPC_OBJECTS_MAX];
static atomic_bool done_moving;
static int real_fds[4];

static void *move(void *unused)
{
	unsigned int random = 1;

	(void)unused;
	while (!atomic_load(&done_moving)) {
		random = random * 1103515245 + 12345;
		moving_fds[random >> 8 & 3] = random & 0x10000 ?
			real_fds[random >> 20 & 3] : (int)(random >> 20 & 15);
		moving.nr_objects = random >> 10 & 3 ? random >> 12 & 3 :
				    random >> 12;
		moving.flags = random & 0x200 ? NTAPC_WAIT_ALL :
			       random & 0x400 ? NTAPC_WAIT_SIGNAL : 0;
		moving.signal = random & 0x800 ? real_fds[random >> 20 & 3] : 0;
		moving.objects = random & 0xff ? ADDR(moving_fds) : random;
		moving.size = random & 0x1f000 ? sizeof(moving) : random >> 4;
		if (!(random & 0xf0000))
			sched_yield();
	}
	return NULL;
}

TEST_F(life, arguments_change_meanwhile)
{
	unsigned int rounds = scaled(200000), i, waited = 0;
	__u64 give_up = in_ms(PATIENCE_MS);
	pthread_t thread;
	int ret;

	real_fds[0] = create_event(dev, true);
	real_fds[1] = create_semaphore(dev, 5, 10);
	real_fds[2] = create_mutant(dev, false);
	real_fds[3] = create_notification(dev, true);
	moving.deadline = 0;
	ASSERT_EQ(0, pthread_create(&thread, NULL, move, NULL));
	/* There is nothing to wait for before the other thread has run. */
	for (i = 0; i < rounds || (!waited && now() < give_up); i++) {
		ret = sys_ioctl(dev, NTAPC_IOC_WAIT, &moving);
		waited += ret >= 0;
		ASSERT_TRUE((ret >= 0 && ret < 64) || ret == -EINVAL ||
			    ret == NTAPC_STATUS_TIMEOUT || ret == -EFAULT ||
			    ret == -E2BIG || ret == -EBADF || ret == -EPERM ||
			    ret == -EPROTOTYPE || ret == -EEXIST ||
			    ret == -EOVERFLOW) {
			TH_LOG("%d", ret);
		}
		if (!(i & 15))
			sched_yield();
	}
	atomic_store(&done_moving, true);
	pthread_join(thread, NULL);
	EXPECT_LT(0, waited);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, nr_waiters(real_fds[i]));
	}
	EXPECT_LE(0, object_state(real_fds[1]));
	EXPECT_GE(10, object_state(real_fds[1]));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--true"))
		return 0;
	return test_harness_run(argc, argv);
}
