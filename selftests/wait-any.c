// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for any of several objects: which one is taken, and what a descriptor
 * has to be (rules 11.5 and 11.7). And for one alone.
 */
#include "objects.h"
#include "procs.h"
#include "kselftest_harness.h"
#include "waits.h"

#define NR	NTAPC_OBJECTS_MAX

FIXTURE_OF_EVENTS(wait_any)

/* 11.5: the lowest index, and nothing but that is taken. */
TEST_F(wait_any, lowest_index)
{
	int i;

	for (i = 3; i < 8; i++)
		set_event(self->events[i]);
	for (i = 3; i < 8; i++) {
		EXPECT_EQ(NTAPC_STATUS_WAIT_0 + i,
			  wait_any(self->dev, FOREVER, self->events, NR));
		EXPECT_EQ(0, object_state(self->events[i]));
		EXPECT_EQ(i < 7, object_state(self->events[7]));
	}
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_any(self->dev, 0, self->events, NR));
	for (i = 0; i < NR; i++)
		EXPECT_EQ(0, nr_waiters(self->events[i]));
}

/* 11.7: 1 to 64 of them. */
TEST_F(wait_any, every_number)
{
	__s32 too_many[NR + 1];
	int n;

	for (n = 1; n <= NR; n++) {
		set_event(self->events[n - 1]);
		EXPECT_EQ(n - 1, wait_any(self->dev, PATIENCE, self->events,
					  n));
		EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
			  wait_any(self->dev, 0, self->events, n));
	}
	memcpy(too_many, self->events, sizeof(self->events));
	too_many[NR] = self->events[0];
	set_event(self->events[0]);
	EXPECT_EQ(-EINVAL, wait_any(self->dev, 0, too_many, NR + 1));
	EXPECT_EQ(-EINVAL, wait_any(self->dev, 0, too_many, ~0U));
	EXPECT_EQ(1, object_state(self->events[0]));
}

/* Each of 64, while it is waited for. */
TEST_F(wait_any, every_index)
{
	struct waiter waiter;
	int i, j;

	for (i = 0; i < NR; i++) {
		ASSERT_TRUE(waiter_start(&waiter, self->dev, 0, self->events,
					 NR));
		ASSERT_EQ(1, nr_waiters(self->events[NR - 1]));
		EXPECT_EQ(0, set_event(self->events[i]));
		EXPECT_EQ(i, waiter_result(&waiter));
		/* It has left all queues. */
		for (j = 0; j < NR; j++)
			EXPECT_EQ(0, nr_waiters(self->events[j]));
		waiter_end(&waiter);
	}
}

/* Of those that are signalled while it waits, the first in time. */
TEST_F(wait_any, first_in_time)
{
	struct waiter waiter;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, 0, self->events, 3));
	set_event(self->events[2]);
	set_event(self->events[0]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 2, waiter_result(&waiter));
	EXPECT_EQ(1, object_state(self->events[0]));
	EXPECT_EQ(0, object_state(self->events[2]));
	waiter_end(&waiter);
}

/* One of every kind, each the one that is signalled. */
TEST_F(wait_any, every_kind)
{
	struct target target;
	struct worker thread;
	struct waiter waiter;
	__s32 objects[8];
	unsigned int i;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		objects[i] = create_object(self->dev, object_types[i].type, 0,
					   object_types[i].limit);
		ASSERT_LE(0, objects[i]);
	}
	ASSERT_TRUE(worker_start(&thread, self->dev, leave_on_go));
	objects[6] = thread.fd;
	ASSERT_TRUE(target_start(&target, NULL));
	objects[7] = open_process(self->dev, target.pid);
	ASSERT_LE(0, objects[7]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(objects[3]));
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		ASSERT_TRUE(waiter_start(&waiter, self->dev, 0, objects + i,
					 ARRAY_SIZE(objects) - i));
		switch (i) {
		case 0:
		case 1:
			EXPECT_EQ(0, set_event(objects[i]));
			break;
		case 2:
			EXPECT_EQ(0, release_semaphore(objects[i], 1));
			break;
		case 3:
			EXPECT_EQ(0, release_mutant(objects[i]));
			break;
		case 4:
		case 5:
			EXPECT_EQ(0, set_timer(objects[i], MS_FROM_NOW(1)));
			break;
		case 6:
			worker_go(&thread);
			worker_join(&thread);
			break;
		default:
			EXPECT_EQ(-SIGKILL, target_kill(&target));
		}
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
		waiter_end(&waiter);
	}
	/* What stays signalled is so at any place. */
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(self->dev, 0, objects, 8));
	/* The mutant's owner has ended, or is about to. */
	ASSERT_TRUE(wait_until(object_bits(objects[3]) &
			       NTAPC_OBJECT_ABANDONED));
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0 + 2,
		  wait_any(self->dev, 0, objects + 1, 7));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, wait_any(self->dev, 0, objects + 5,
						    3));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(self->dev, 0, objects + 7, 1));
}

/* 11.7: the same one may be named more than once. */
TEST_F(wait_any, duplicates)
{
	__s32 same[NR];
	struct waiter waiter;
	int i;

	for (i = 0; i < NR; i++)
		same[i] = self->events[0];
	set_event(self->events[0]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(self->dev, 0, same, NR));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_any(self->dev, 0, same, NR));
	ASSERT_TRUE(waiter_start(&waiter, self->dev, 0, same, NR));
	EXPECT_EQ(NR, nr_waiters(self->events[0]));
	set_event(self->events[0]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiter));
	EXPECT_EQ(0, nr_waiters(self->events[0]));
	EXPECT_EQ(0, object_state(self->events[0]));
	waiter_end(&waiter);
}

/* A semaphore that several wait for by several ways gives each just one. */
TEST_F(wait_any, duplicates_of_a_semaphore)
{
	int semaphore = create_semaphore(self->dev, 0, 10);
	__s32 same[] = { semaphore, self->events[0], semaphore };
	struct waiter waiters[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_TRUE(waiter_start(&waiters[i], self->dev, 0, same, 3));
	EXPECT_EQ(6, nr_waiters(semaphore));
	EXPECT_EQ(0, release_semaphore(semaphore, 2));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[0]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[1]));
	EXPECT_TRUE(wait_until_waiting(semaphore, 2));
	EXPECT_EQ(0, object_state(semaphore));
	EXPECT_FALSE(waiter_is_done(&waiters[2]));
	EXPECT_EQ(0, release_semaphore(semaphore, 2));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, waiter_result(&waiters[2]));
	EXPECT_EQ(1, object_state(semaphore));
	for (i = 0; i < 3; i++)
		waiter_end(&waiters[i]);
}

/* A deadline takes its time, and takes nothing. */
TEST_F(wait_any, timeout)
{
	__u64 begin = now(), real;
	int i;

	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_any(self->dev, begin + 20 * NS_PER_MS, self->events,
			   NR));
	EXPECT_LE(begin + 20 * NS_PER_MS, now());
	begin = now();
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_one(self->events[0], begin + 20 * NS_PER_MS));
	EXPECT_LE(begin + 20 * NS_PER_MS, now());
	real = now_on(CLOCK_REALTIME);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_objects(self->dev, NTAPC_WAIT_REALTIME,
			       real + 20 * NS_PER_MS, self->events, NR));
	EXPECT_LE(real + 20 * NS_PER_MS, now_on(CLOCK_REALTIME));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_any(self->dev, 1, self->events,
						 NR));
	for (i = 0; i < NR; i++)
		EXPECT_EQ(0, nr_waiters(self->events[i]));
}

/* 11.3: what is signalled comes before any deadline. */
TEST_F(wait_any, signalled_beats_timeout)
{
	static const __u64 deadlines[] = { 0, 1, FOREVER - 1, FOREVER };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		set_event(self->events[5]);
		EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 5,
			  wait_any(self->dev, deadlines[i], self->events, 6));
		set_event(self->events[5]);
		EXPECT_EQ(NTAPC_STATUS_WAIT_0,
			  wait_one(self->events[5], deadlines[i]));
	}
}

/* 11.7: a bad descriptor at any place; nothing is taken. */
TEST_F(wait_any, bad_descriptors)
{
	int file = memfd_create("not to be polled", MFD_CLOEXEC);
	int reserve = open_reserve(self->dev);
	int closed = create_event(self->dev, true);
	int path = open("/", O_PATH | O_CLOEXEC);
	const struct {
		int fd;
		int error;
	} bad[] = {
		{ -1, -EBADF }, { INT_MIN, -EBADF }, { INT_MAX, -EBADF },
		{ closed, -EBADF }, { path, -EBADF },
		{ file, -EPROTOTYPE }, { self->dev, -EPROTOTYPE },
		{ reserve, -EPROTOTYPE },
	};
	__s32 objects[4];
	unsigned int i;
	int place;

	ASSERT_LE(0, file);
	ASSERT_LE(0, reserve);
	ASSERT_LE(0, path);
	close(closed);
	set_event(self->events[0]);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (place = 0; place < 4; place++) {
			memset(objects, 0, sizeof(objects));
			objects[0] = objects[1] = objects[2] = objects[3] =
				self->events[0];
			objects[place] = bad[i].fd;
			EXPECT_EQ(bad[i].error,
				  wait_any(self->dev, 0, objects, 4)) {
				TH_LOG("bad one %u at %d", i, place);
			}
		}
		EXPECT_EQ(bad[i].error, wait_any(self->dev, 0, &bad[i].fd, 1));
	}
	EXPECT_EQ(1, object_state(self->events[0]));
	EXPECT_EQ(0, nr_waiters(self->events[0]));
}

/* The array of descriptors has to be there, all of it. */
TEST_F(wait_any, bad_arrays)
{
	static const __u64 addresses[] = {
		0, 1, KERNEL_ADDRESS, NON_CANONICAL, ~0ULL, ~0ULL - 3,
	};
	struct ntapc_wait args = { .size = sizeof(args) };
	__s32 *end;
	char *pages;
	unsigned int i;

	pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, pages);
	ASSERT_EQ(0, munmap(pages + 4096, 4096));
	end = (__s32 *)(pages + 4096);
	memcpy(end - NR, self->events, sizeof(self->events));
	set_event(self->events[0]);
	set_event(self->events[NR - 1]);
	for (args.nr_objects = 1; args.nr_objects <= NR; args.nr_objects *= 2)
		for (i = 0; i < ARRAY_SIZE(addresses); i++) {
			args.objects = addresses[i];
			EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTAPC_IOC_WAIT,
						     &args));
		}
	/* One too many, by an object or a byte. */
	EXPECT_EQ(-EFAULT, wait_any(self->dev, 0, end - NR + 1, NR));
	EXPECT_EQ(-EFAULT, wait_any(self->dev, 0, end, 1));
	args.nr_objects = 1;
	args.objects = ADDR(end) - 3;
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	EXPECT_EQ(1, object_state(self->events[0]));
	EXPECT_EQ(1, object_state(self->events[NR - 1]));
	/* It is only read. */
	ASSERT_EQ(0, mprotect(pages, 4096, PROT_READ));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(self->dev, 0, end - NR, NR));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(self->dev, 0, end - 1, 1));
}

/* Nor need it be aligned. */
TEST_F(wait_any, unaligned_array)
{
	char bytes[sizeof(self->events) + 1];
	struct ntapc_wait args = {
		.size = sizeof(args),
		.nr_objects = NR,
		.objects = ADDR(bytes + 1),
	};

	memcpy(bytes + 1, self->events, sizeof(self->events));
	set_event(self->events[9]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 9,
		  sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
}

/* Made on another instance, which is closed. */
TEST_F(wait_any, of_another_instance)
{
	int other = open_device();
	__s32 objects[2] = { self->events[0], create_event(other, true) };

	ASSERT_LE(0, objects[1]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, wait_any(self->dev, 0, objects, 2));
	set_event(objects[0]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(other, 0, objects, 2));
	close(other);
	set_event(objects[1]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, wait_any(self->dev, 0, objects, 2));
}

/* The wait holds the object, not the number. */
TEST_F(wait_any, closed_while_waited_for)
{
	int copy = dup(self->events[1]), number = self->events[1];
	struct waiter waiter;

	ASSERT_LE(0, copy);
	ASSERT_TRUE(waiter_start(&waiter, self->dev, 0, self->events, 3));
	EXPECT_EQ(0, close(number));
	/* Another one has the number now. */
	ASSERT_EQ(number, dup2(self->events[5], number));
	EXPECT_EQ(0, set_event(number));
	EXPECT_FALSE(waiter_is_done(&waiter));
	EXPECT_EQ(1, object_state(self->events[5]));
	EXPECT_EQ(1, nr_waiters(copy));
	EXPECT_EQ(0, set_event(copy));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1, waiter_result(&waiter));
	waiter_end(&waiter);
}

/* All of its objects, so that the wait alone keeps them; and the instance. */
TEST_F(wait_any, all_closed_while_waited_for)
{
	struct waiter waiter;
	int i;

	ASSERT_TRUE(waiter_start(&waiter, self->dev, NTAPC_WAIT_ALERTABLE,
				 self->events, NR));
	for (i = 0; i < NR; i++)
		close(self->events[i]);
	close(self->dev);
	EXPECT_FALSE(waiter_is_done(&waiter));
	EXPECT_EQ(0, alert_thread(waiter.worker.fd));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, waiter_result(&waiter));
	waiter_end(&waiter);
}

/* For one alone, by its own descriptor. */

TEST_F(wait_any, alone)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.nr_objects = 1,
		.objects = ADDR(self->events),
	};

	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->events[0]));
	set_event(self->events[0]);
	/* There is nothing to name. */
	EXPECT_EQ(-EINVAL, sys_ioctl(self->events[0], NTAPC_IOC_WAIT, &args));
	args.nr_objects = 0;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->events[0], NTAPC_IOC_WAIT, &args));
	args.objects = 0;
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, sys_ioctl(self->events[0],
						 NTAPC_IOC_WAIT, &args));
	/* Of one, all are that one. */
	set_event(self->events[0]);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_flags(self->events[0],
						  NTAPC_WAIT_ALL, 0));
	/* Threads and processes don't have it. */
	EXPECT_EQ(-ENOTTY, try_one(self->self));
}

/* A child waits for what its parent signals, by both ways. */
TEST_F(wait_any, by_another_process)
{
	pid_t child;
	int way;

	for (way = 0; way < 2; way++) {
		child = fork();
		if (!child)
			_exit(way ? wait_any(self->dev, PATIENCE, self->events,
					     NR) :
				    wait_one(self->events[0], PATIENCE));
		ASSERT_TRUE(wait_until_waiting(self->events[0], 1));
		EXPECT_EQ(0, set_event(self->events[way * 7]));
		EXPECT_EQ(way * 7, reap(child));
		EXPECT_EQ(0, nr_waiters(self->events[0]));
	}
}

/* A killed thread leaves all queues. */
TEST_F(wait_any, killed)
{
	pid_t child;
	int i;

	child = fork();
	if (!child)
		_exit(wait_any(self->dev, FOREVER, self->events, NR));
	ASSERT_TRUE(wait_until_waiting(self->events[NR - 1], 1));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(0, nr_waiters(self->events[i]));
		EXPECT_EQ(0, set_event(self->events[i]));
		EXPECT_EQ(1, object_state(self->events[i]));
	}
}

TEST_HARNESS_MAIN
