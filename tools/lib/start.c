// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Threads that take APCs from their first instruction.
 */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

/*
 * Freed by whoever drops it last: the creator needn't be there any more when the new
 * thread, created suspended, leaves it, and is lost if that ends before.
 */
struct handshake {
	_Atomic int refs;	/* the creator's and the new thread's */
	void *(*start)(void *arg);
	void *arg;
	bool prepare;		/* the creator has something to do in between */
	sem_t registered;	/* posted by the new thread */
	sem_t prepared;		/* posted by the creator, if it prepares */
	/* Written before @registered is posted. */
	int fd;			/* the new thread's, for the creator; or -errno */
	pid_t tid;
	/* Written before @prepared is posted. */
	bool give_up;
};

static void handshake_put(struct handshake *h)
{
	if (atomic_fetch_sub(&h->refs, 1) == 1)
		free(h);
}

/* No cancellation point: the other one would wait for ever. */
static void sem_wait_all(sem_t *sem)
{
	int saved = errno, state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	while (sem_wait(sem) && errno == EINTR)
		;
	pthread_setcancelstate(state, NULL);
	errno = saved;
}

static int publish(void)
{
	int fd = ntapc_thread_self();

	if (fd < 0)
		return fd;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return fd < 0 ? -errno : fd;
}

/* Returns whether to go on. */
static bool shake(struct handshake *h)
{
	int fd = publish();

	h->fd = fd;
	h->tid = gettid();
	sem_post(&h->registered);
	if (fd < 0 || !h->prepare)
		return fd >= 0;
	sem_wait_all(&h->prepared);
	return !h->give_up;
}

static void *thread_main(void *arg)
{
	struct handshake *h = arg;
	void *(*start)(void *) = h->start;
	void *start_arg = h->arg;
	bool go_on = shake(h);

	handshake_put(h);
	if (!go_on)
		return NULL;
	/* The initial thunk's continue with a test (rule 14.1). */
	ntapc_test_alert();
	return start(start_arg);
}

/*
 * The new thread waits in the handshake, so this doesn't take long; and when it is
 * done, it runs nothing before it is resumed.
 */
static int suspend_newcomer(int fd)
{
	int ret;

	do {
		ret = ntapc_suspend(fd, NTAPC_SUSPEND_WAIT);
	} while (ret == -EINTR);
	return ret < 0 ? ret : 0;
}

static void join_if_joinable(pthread_t thread, const pthread_attr_t *attr)
{
	int detached = PTHREAD_CREATE_JOINABLE;

	if (attr)
		pthread_attr_getdetachstate(attr, &detached);
	if (detached == PTHREAD_CREATE_JOINABLE)
		pthread_join(thread, NULL);
}

/* Returns the new thread's descriptor, or -errno when there is no thread. */
static int create(pthread_t *thread, const pthread_attr_t *attr,
		  struct spawn *s, struct handshake *h)
{
	pthread_t t;
	int ret, fd;

	ret = -pthread_create(&t, attr, thread_main, h);
	if (ret) {
		handshake_put(h);	/* the new thread's */
		return ret;
	}
	sem_wait_all(&h->registered);
	fd = h->fd;
	ret = fd;
	if (fd >= 0 && thread)
		*thread = t;
	if (fd >= 0 && h->prepare) {
		if (s->prepare)
			s->prepare(fd, s->arg);
		if (s->suspended)
			ret = suspend_newcomer(fd);
		h->give_up = ret < 0;
		sem_post(&h->prepared);
	}
	if (ret >= 0) {
		s->tid = h->tid;
		return fd;
	}
	join_if_joinable(t, attr);
	if (fd >= 0)
		close(fd);
	return ret;
}

int ntapc__spawn(pthread_t *thread, const pthread_attr_t *attr, struct spawn *s)
{
	int saved = errno;
	struct handshake *h = calloc(1, sizeof(*h));
	int fd;

	if (!h) {
		errno = saved;
		return -ENOMEM;
	}
	atomic_init(&h->refs, 2);
	h->start = s->start;
	h->arg = s->arg;
	h->prepare = s->prepare || s->suspended;
	sem_init(&h->registered, 0, 0);
	sem_init(&h->prepared, 0, 0);
	fd = create(thread, attr, s, h);
	handshake_put(h);
	errno = saved;
	return fd;
}

int ntapc_thread_create(pthread_t *thread, const pthread_attr_t *attr,
			void *(*start)(void *arg), void *arg,
			void (*prepare)(int fd, void *arg))
{
	struct spawn s = { .start = start, .arg = arg, .prepare = prepare };

	return ntapc__spawn(thread, attr, &s);
}
