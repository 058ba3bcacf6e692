// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo's stage. The timeline is in memory that forked processes share.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "stage.h"

#define MAX_EVENTS	1024

enum verdict { NOTE, GOOD, BAD };

struct event {
	uint64_t time;		/* ns */
	const char *who;
	const char *text;
	long a, b;
	pid_t tid;
	enum verdict verdict;
};

static struct {
	_Atomic unsigned int count;
	struct event event[MAX_EVENTS];
} *stage;

static uint64_t begin;
static unsigned int shown, scenes, good, bad;
static bool colour;

static __thread const char *my_name;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

int stage_open(void)
{
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stage == MAP_FAILED)
		return -errno;
	colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	begin = now();
	call_me("main");
	return 0;
}

static const char *paint(const char *sequence)
{
	return colour ? sequence : "";
}

void call_me(const char *name)
{
	my_name = name;
}

static void add(enum verdict verdict, const char *text, long a, long b)
{
	unsigned int i = atomic_fetch_add(&stage->count, 1);
	struct event *e = &stage->event[i % MAX_EVENTS];

	*e = (struct event){
		.time = now() - begin,
		.who = my_name,
		.text = text,
		.a = a,
		.b = b,
		.tid = gettid(),
		.verdict = verdict,
	};
}

void note(const char *text, long a, long b)
{
	add(NOTE, text, a, b);
}

bool expect(bool is_good, const char *text, long a, long b)
{
	add(is_good ? GOOD : BAD, text, a, b);
	return is_good;
}

static void show(const struct event *e)
{
	static const char *const mark[] = { "  ", "ok", "NO" };
	static const char *const tint[] = { "", "\033[32m", "\033[1;31m" };

	printf("%10.1f  %-10s %7d  %s%s%s  ", e->time / 1000.0,
	       e->who ? e->who : "(new)", e->tid, paint(tint[e->verdict]),
	       mark[e->verdict], paint(e->verdict == NOTE ? "" : "\033[0m"));
	printf(e->text, e->a, e->b);
	printf("\n");
	good += e->verdict == GOOD;
	bad += e->verdict == BAD;
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

void scene_begin(const char *title)
{
	printf("\n%s%u. %s%s\n", paint("\033[1m"), ++scenes, title,
	       paint("\033[0m"));
	if (scenes == 1)
		printf("%s%10s  %-10s %7s%s\n", paint("\033[2m"), "us",
		       "thread", "tid", paint("\033[0m"));
	fflush(stdout);
}

void scene_end(void)
{
	unsigned int n = atomic_load(&stage->count);

	if (n > MAX_EVENTS) {
		printf("  (%u events, too many to show)\n", n);
		bad++;
		n = MAX_EVENTS;
	}
	qsort(stage->event + shown, n - shown, sizeof(struct event), by_time);
	for (; shown < n; shown++)
		show(&stage->event[shown]);
	fflush(stdout);
}

bool stage_close(void)
{
	printf("\n%s%u scenes, %u things expected of NT: %u came true, %u didn't."
	       "%s\n", paint(bad ? "\033[1;31m" : "\033[1;32m"), scenes,
	       good + bad, good, bad, paint("\033[0m"));
	return !bad && good;
}

bool come(sem_t *event)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE / 1000000000;
	while (sem_timedwait(event, &until))
		if (errno != EINTR)
			return false;
	return true;
}

bool waits(int fd, bool alertable)
{
	uint32_t state = NTAPC_THREAD_WAITING |
			 (alertable ? NTAPC_THREAD_ALERTABLE : 0);
	uint64_t give_up = now() + PATIENCE;
	struct ntapc_thread_info info;

	/* There is no event for this: it is for us to see, not for programs. */
	do {
		if (ntapc_thread_info(fd, &info) ||
		    info.state & NTAPC_THREAD_EXITED)
			return false;
		if ((info.state & state) == state)
			return true;
		sched_yield();
	} while (now() < give_up);
	return false;
}

bool waited_for(int fd, unsigned int n)
{
	uint64_t give_up = now() + PATIENCE;
	struct ntapc_object_info info;

	do {
		if (ntapc_object_info(fd, &info))
			return false;
		if (info.nr_waiters == n)
			return true;
		sched_yield();
	} while (now() < give_up);
	return false;
}

bool reaches(_Atomic long *value, long n)
{
	uint64_t give_up = now() + PATIENCE;

	while (atomic_load(value) < n && now() < give_up)
		sched_yield();
	return atomic_load(value) >= n;
}

static void *actor_main(void *arg)
{
	struct actor *actor = arg;

	call_me(actor->name);
	sem_post(&actor->entered);
	actor->play(actor);
	return NULL;
}

static void actor_prepare(int fd, void *arg)
{
	struct actor *actor = arg;

	if (actor->prepare)
		actor->prepare(fd, actor);
}

bool actor_enter(struct actor *actor)
{
	sem_init(&actor->entered, 0, 0);
	sem_init(&actor->cue, 0, 0);
	sem_init(&actor->done, 0, 0);
	actor->fd = ntapc_thread_create(&actor->thread, NULL, actor_main, actor,
					actor_prepare);
	if (actor->fd < 0)
		return expect(false, "a thread can't be made: error %ld",
			      -actor->fd, 0);
	/* What is queued from now on doesn't run before its routine. */
	return come(&actor->entered);
}

void actor_leave(struct actor *actor)
{
	pthread_join(actor->thread, NULL);
	close(actor->fd);
}
