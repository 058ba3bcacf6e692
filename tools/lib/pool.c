// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The library's own threads.
 *
 * Whoever gives something takes no lock: it may be suspended or ended at any
 * instruction, or be a special APC. It pushes to @given, counts @posted up and wakes
 * one who waits for that to change. The workers' lock is among workers only, none of
 * which runs anything while it holds it.
 *
 * One worker more than are busy is there to be woken: who finds something to run and
 * nobody idle makes another one first. So nothing waits behind what blocks, up to
 * POOL_WORKERS of it, and only the first worker is made by a thread of the program's.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "pool.h"

/* For how long an idle worker stays that isn't the last. */
#define IDLE_S		10

/* A worker that runs something, on its stack. */
struct busy {
	struct busy *next;
	const uint64_t *key;
};

/* All zeros to begin with, the mutex too. */
struct pool {
	_Atomic uint32_t started;
	_Atomic uint32_t posted;
	struct work *_Atomic given;	/* the last one first */
	/* Under @lock. */
	pthread_mutex_t lock;
	struct work *first, **end;	/* in order; @end is NULL at first */
	struct busy *busy;
	int nr_workers, nr_idle;
};

static void *_Atomic pool_memory;

static struct pool *pool_get(void)
{
	return ntapc__own_memory(&pool_memory, sizeof(struct pool));
}

void *ntapc__own_memory(void *_Atomic *where, size_t size)
{
	void *p = atomic_load(where), *expected = NULL;
	int saved = errno;

	if (p)
		return p;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p != MAP_FAILED && madvise(p, size, MADV_WIPEONFORK)) {
		munmap(p, size);
		p = MAP_FAILED;
	}
	errno = saved;
	if (p == MAP_FAILED)
		return NULL;
	if (!atomic_compare_exchange_strong(where, &expected, p)) {
		munmap(p, size);
		p = expected;
	}
	return p;
}

int ntapc__futex_wait(_Atomic uint32_t *word, uint32_t value, int seconds)
{
	struct timespec timeout = { .tv_sec = seconds };
	int saved = errno, ret = 0;

	if (syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value,
		    seconds ? &timeout : NULL, NULL, 0) && errno == ETIMEDOUT)
		ret = -ETIMEDOUT;
	errno = saved;
	return ret;
}

void ntapc__futex_wake(_Atomic uint32_t *word, int n)
{
	int saved = errno;

	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
	errno = saved;
}

/* Also SIGPIPE, which is for the thread that has written. */
int ntapc__own_thread(void *(*start)(void *), void *arg)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = -pthread_create(&thread, &attr, start, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return ret;
}

/* Takes over what was given. */
static void collect(struct pool *p)
{
	struct work *given = atomic_exchange(&p->given, NULL), *next;
	struct work *in_order = NULL;

	for (; given; given = next) {
		next = given->next;
		given->next = in_order;
		in_order = given;
	}
	if (!p->end)
		p->end = &p->first;
	*p->end = in_order;
	while (*p->end)
		p->end = &(*p->end)->next;
}

static bool same_key(const uint64_t *a, const uint64_t *b)
{
	return (a[0] || a[1] || a[2]) && !memcmp(a, b, 3 * sizeof(*a));
}

/* Is something with its key being run, or to be run before? */
static bool must_wait(const struct pool *p, struct work *work)
{
	const struct work *earlier;
	const struct busy *busy;

	if (work->hurries && work->hurries(work))
		return false;
	for (busy = p->busy; busy; busy = busy->next)
		if (same_key(work->key, busy->key))
			return true;
	for (earlier = p->first; earlier != work; earlier = earlier->next)
		if (same_key(work->key, earlier->key))
			return true;
	return false;
}

static struct work *pick(struct pool *p)
{
	struct work **at, *work;

	for (at = &p->first; (work = *at); at = &work->next) {
		if (must_wait(p, work))
			continue;
		*at = work->next;
		if (!work->next)
			p->end = at;
		return work;
	}
	return NULL;
}

static void *worker_main(void *arg);

/* The caller has counted it. */
static int make_worker(struct pool *p)
{
	int ret = ntapc__own_thread(worker_main, p);

	if (ret) {
		pthread_mutex_lock(&p->lock);
		p->nr_workers--;
		pthread_mutex_unlock(&p->lock);
	}
	return ret;
}

/* With the lock held, which it drops meanwhile. */
static void run(struct pool *p, struct work *work)
{
	uint64_t key[3] = { work->key[0], work->key[1], work->key[2] };
	struct busy me = { .next = p->busy, .key = key }, **at;
	bool make = !p->nr_idle && p->nr_workers < POOL_WORKERS;

	p->busy = &me;
	p->nr_workers += make;
	pthread_mutex_unlock(&p->lock);
	if (make)
		make_worker(p);
	work->run(work);
	pthread_mutex_lock(&p->lock);
	for (at = &p->busy; *at != &me; at = &(*at)->next)
		;
	*at = me.next;
}

/* The same. Returns whether it was too long for nothing. */
static bool idle(struct pool *p, uint32_t posted)
{
	int ret;

	p->nr_idle++;
	pthread_mutex_unlock(&p->lock);
	ret = ntapc__futex_wait(&p->posted, posted, IDLE_S);
	pthread_mutex_lock(&p->lock);
	p->nr_idle--;
	return ret == -ETIMEDOUT && p->nr_idle;
}

static void *worker_main(void *arg)
{
	struct pool *p = arg;
	struct work *work;
	uint32_t posted;
	bool enough = false;

	pthread_mutex_lock(&p->lock);
	while (!enough) {
		posted = atomic_load(&p->posted);
		collect(p);
		work = pick(p);
		if (work)
			run(p, work);
		else
			enough = idle(p, posted);
	}
	p->nr_workers--;
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int ntapc__pool_start(void)
{
	struct pool *p = pool_get();
	int ret = 0;

	if (!p)
		return -ENOMEM;
	if (atomic_load(&p->started))
		return 0;
	/* A special APC that starts it, too, would wait for the lock for ever. */
	ntapc_guard_enter();
	if (!atomic_load(&p->started)) {
		pthread_mutex_lock(&p->lock);
		p->nr_workers++;
		pthread_mutex_unlock(&p->lock);
		ret = make_worker(p);
		/* Not before; so two may make one each, of which one ends idle. */
		if (!ret)
			atomic_store(&p->started, 1);
	}
	ntapc_guard_leave();
	return ret;
}

void ntapc__pool_look(void)
{
	struct pool *p = pool_get();

	atomic_fetch_add(&p->posted, 1);
	ntapc__futex_wake(&p->posted, 1);
}

void ntapc__pool_give(struct work *work)
{
	struct pool *p = pool_get();

	work->next = atomic_load(&p->given);
	while (!atomic_compare_exchange_weak(&p->given, &work->next, work))
		;
	ntapc__pool_look();
}
