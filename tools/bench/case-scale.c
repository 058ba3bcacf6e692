// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 10: inserting and delivering when very many threads are registered, and
 * when very many APCs are queued, beside the same when there is one.
 */
#include <sys/ioctl.h>

#include <ntapc.h>

#include "bench.h"

#define PER_THREAD	"/sys/module/ntapc/parameters/max_queued_per_thread"
#define PER_USER	"/sys/module/ntapc/parameters/max_queued_per_user"

static int self_fd, instance_fd;
static unsigned int crowd_size;	/* 0: there is none now */
static unsigned int crowd_reached;

static void routine(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
}

/* Many threads. */

static void insert_and_deliver(struct series *s, unsigned int count)
{
	while (count--) {
		uint64_t begin = clock_now();

		ntapc_queue(self_fd, routine, 0, 0, 0);
		ntapc_test_alert();
		series_add_time(s, begin, clock_now(), 1);
	}
}

static void among_many(struct series *s, enum cpu cpu, unsigned int count)
{
	if (!crowd_size) {
		crowd_size = crowd_start(options.threads);
		crowd_register(false);
		crowd_reached = crowd_size;
	}
	insert_and_deliver(s, count);
}

static void alone(struct series *s, enum cpu cpu, unsigned int count)
{
	crowd_stop();
	crowd_size = 0;
	insert_and_deliver(s, count);
}

/* Many queued: one is put at the end, the first is taken. */

static unsigned int nr_queued;

static void take_first(void)
{
	struct ntapc_record record;
	struct ntapc_test_alert args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_RECORDS,
		.records = (uintptr_t)&record,
		.nr_records = 1,
	};

	if (ioctl(instance_fd, NTAPC_IOC_TEST_ALERT, &args) !=
	    NTAPC_STATUS_USER_APC)
		die("case 10: nothing was delivered");
}

static void put_and_take(struct series *s, unsigned int count)
{
	while (count--) {
		uint64_t begin = clock_now();

		ntapc_queue(self_fd, routine, 0, 0, 0);
		take_first();
		series_add_time(s, begin, clock_now(), 1);
	}
}

static void queue_many(unsigned int wanted)
{
	static struct ntapc_queue_entry entries[10000];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(entries); i++)
		entries[i].routine = (uintptr_t)routine;
	while (nr_queued < wanted) {
		unsigned int n = wanted - nr_queued;

		if (n > ARRAY_SIZE(entries))
			n = ARRAY_SIZE(entries);
		nr_queued += must(ntapc_queue_many(self_fd, entries, n),
				  "ntapc_queue_many");
	}
}

static void many_queued(struct series *s, enum cpu cpu, unsigned int count)
{
	queue_many(options.queued);
	put_and_take(s, count);
}

static void one_queued(struct series *s, enum cpu cpu, unsigned int count)
{
	if (nr_queued)
		ntapc_test_alert();
	nr_queued = 0;
	put_and_take(s, count);
}

static void raise_queue_limits(void)
{
	if (!write_number(PER_THREAD, options.queued + 1000l) ||
	    !write_number(PER_USER, options.queued + 1000l))
		die("can't raise the limits of queued APCs: %m");
}

void case_scale(void)
{
	static const struct comparison threads = {
		.id = "10-threads",
		.what = "insert, deliver; many threads",
		.run = among_many,
		.peer = { { .name = "one thread", .run = alone,
			    .wanted = 1.2 } },
	};
	static const struct comparison queued = {
		.id = "10-queued",
		.what = "insert, deliver; many queued",
		.run = many_queued,
		.peer = { { .name = "one queued", .run = one_queued,
			    .wanted = 1.2 } },
	};
	long per_thread = read_number(PER_THREAD);
	long per_user = read_number(PER_USER);

	self_fd = must(ntapc_thread_self(), "ntapc_thread_self");
	instance_fd = must(ntapc_instance(), "ntapc_instance");
	compare(&threads, CPU_SAME);
	report_note("10-threads: with %u registered threads%s", crowd_reached,
		    crowd_reached < options.threads ?
			    ", as far as memory goes" : "");
	raise_queue_limits();
	compare(&queued, CPU_SAME);
	write_number(PER_THREAD, per_thread);
	write_number(PER_USER, per_user);
	report_note("10-queued: with %u queued", options.queued);
}
