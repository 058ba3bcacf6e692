/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What failing calls are made on, and what can be seen of it all: for failures.c.
 */
#ifndef NTAPC_SELFTESTS_FAILURES_WORLD_H
#define NTAPC_SELFTESTS_FAILURES_WORLD_H

#include "failures.h"
#include "ntsync.h"
#include "objects.h"
#include "procs.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#define MANY		12	/* more objects than a wait has room for without memory */
#define OWNER		7	/* of ntsync's mutexes */
#define HOUR		(3600 * NS_PER_SEC)
#define AREA		(5 * ONE_PAGE)
#define LARGE		MIB	/* from here on a stand-in copies */

static int dev;
static pid_t test_pid;		/* whose main thread the test is */
static int test_thread;		/* that */
static struct worker peer;	/* another thread of the same process */
static struct target target;	/* another process */
static int there, process;	/* its thread, and itself */

enum {
	EVENT,			/* a notification event */
	SYNC_EVENT,
	SEMAPHORE,
	MUTANT,
	NT_SEM,
	NT_MUTEX,
	NT_EVENT,
	FIRST_OF_MANY,
	FIRST_OF_NT_MANY = FIRST_OF_MANY + MANY,
	NR_OBJECTS = FIRST_OF_NT_MANY + MANY,
};

static int object[NR_OBJECTS];
static int * const many = &object[FIRST_OF_MANY];
static int * const nt_many = &object[FIRST_OF_NT_MANY];
static int eventfds[MANY];
static int reserve, window, large_window;

/*
 * In both processes at the same addresses: what is read, and what is written. What
 * is @untouched has no pages, and @large is for stand-ins.
 */
static unsigned char *area, *written, *large, *untouched;

static void be_target(struct target *t)
{
	(void)t;
	memset(large, 3, LARGE);
	pattern_fill(area, AREA, 1);
	memset(written, 2, AREA);
}

static void be_peer(struct worker *worker)
{
	worker_wait(worker);
}

static bool make_objects(void)
{
	unsigned int i;

	object[EVENT] = create_notification(dev, false);
	object[SYNC_EVENT] = create_event(dev, false);
	object[SEMAPHORE] = create_semaphore(dev, 1, 4);
	object[MUTANT] = create_mutant(dev, false);
	object[NT_SEM] = make_sem(dev, 1, 4);
	object[NT_MUTEX] = make_mutex(dev, 0, 0);
	object[NT_EVENT] = make_event(dev, 1, 0);
	for (i = 0; i < MANY; i++) {
		many[i] = create_event(dev, false);
		nt_many[i] = make_event(dev, 0, 0);
		/* The last one can be read from. */
		eventfds[i] = eventfd(i == MANY - 1, EFD_CLOEXEC);
	}
	for (i = 0; i < NR_OBJECTS; i++)
		if (object[i] < 0)
			return false;
	return eventfds[MANY - 1] >= 0;
}

static bool make_memory(void)
{
	area = map_pages(AREA);
	written = map_pages(AREA);
	large = map_pages(LARGE);
	untouched = map_pages(ONE_PAGE);
	if (area == MAP_FAILED || written == MAP_FAILED ||
	    large == MAP_FAILED || untouched == MAP_FAILED)
		return false;
	pattern_fill(area, AREA, 1);
	memset(written, 2, AREA);
	return true;
}

static bool make_world(void)
{
	log_reset();
	test_pid = getpid();
	dev = open_frames(dispatch_continue);
	if (dev < 0 || !failures_begin() || !make_memory() || !make_objects() ||
	    !worker_start(&peer, dev, be_peer) ||
	    !target_start(&target, be_target))
		return false;
	test_thread = open_thread(dev, 0);
	there = open_thread(dev, target.pid);
	process = open_process(dev, target.pid);
	reserve = open_reserve(dev);
	window = open_window(dev, 2 * ONE_PAGE);
	large_window = open_window(dev, LARGE);
	return test_thread >= 0 && there >= 0 && process >= 0 && reserve >= 0 &&
	       window >= 0 && large_window >= 0;
}

/* Is it one of the module's? */
static bool is_ours(int fd)
{
	char path[64], link[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof(link) - 1) > 0 &&
	       (strstr(link, "ntapc") || strstr(link, "ntsync"));
}

/* All of it is closed; what stays is for the end of the test to find. */
static void end_world(void)
{
	int fd;

	worker_go(&peer);
	worker_join(&peer);
	target_kill(&target);
	for (fd = STDERR_FILENO + 1; fd < 1024; fd++)
		if (is_ours(fd))
			close(fd);
}

/* What can be seen of it */

struct look {
	int free_fd;
	long long references;
	struct ntapc_info info;
	struct ntapc_thread_info thread[3];
	struct ntapc_process_info process;
	struct ntapc_object_info object[FIRST_OF_MANY];
	unsigned int log;
	unsigned char there[64];
};

static void look(struct look *look)
{
	unsigned int i;

	memset(look, 0, sizeof(*look));
	/* Also what has been set aside for a descriptor. */
	look->free_fd = dup(dev);
	close(look->free_fd);
	look->references = module_references();
	get_info(dev, &look->info);
	get_thread_info(test_thread, &look->thread[0]);
	get_thread_info(peer.fd, &look->thread[1]);
	get_thread_info(there, &look->thread[2]);
	get_process_info(process, &look->process);
	for (i = 0; i < FIRST_OF_MANY; i++)
		get_object_info(object[i], &look->object[i]);
	look->log = log_count();
	peek(target.pid, look->there, area, sizeof(look->there));
}

static bool differ(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size);
}

static bool threads_differ(const struct look *before, const struct look *after,
			   unsigned int i)
{
	return differ(&before->thread[i], &after->thread[i],
		      sizeof(before->thread[i]));
}

/* What has changed; NULL if nothing has. */
static const char *difference(const struct look *before, struct look *after)
{
	/* That a thread has become known is no change, nor what has ended since. */
	if (after->info.nr_threads <= before->info.nr_threads + 1)
		after->info.nr_threads = before->info.nr_threads;
	if (before->free_fd != after->free_fd)
		return "a descriptor is left";
	if (before->references < after->references)
		return "a reference to the module is left";
	if (before->info.queued_user != after->info.queued_user)
		return "the user is charged for something";
	if (differ(&before->info, &after->info, sizeof(after->info)))
		return "there are other threads";
	if (threads_differ(before, after, 0))
		return "the calling thread has changed";
	if (threads_differ(before, after, 1))
		return "the other thread has changed";
	if (threads_differ(before, after, 2))
		return "the other process's thread has changed";
	if (differ(&before->process, &after->process, sizeof(after->process)))
		return "the other process has changed";
	if (differ(before->object, after->object, sizeof(after->object)))
		return "an object has changed";
	if (before->log != after->log)
		return "an APC has been run";
	if (differ(before->there, after->there, sizeof(after->there)))
		return "the other process's memory has changed";
	return NULL;
}

/* The same, once what is under way has come to its end. */
static const char *lasting_difference(const struct look *before)
{
	const char *what;
	struct look after;

	(void)wait_until((look(&after), !(what = difference(before, &after))));
	return what;
}

#endif
