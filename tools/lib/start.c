// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Threads that take APCs from their first instruction.
 */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <unistd.h>

#include "internal.h"

/*
 * Lives on the creator's stack: the last to touch it is the creator, which waits
 * for the new thread's last post.
 */
struct handshake {
	struct spawn *spawn;
	sem_t registered;	/* posted by the new thread, again if prepared */
	sem_t prepared;		/* posted by the creator, if it prepares */
	int fd;			/* the new thread's, for the creator; or -errno */
};

static void sem_wait_all(sem_t *sem)
{
	int saved = errno;

	while (sem_wait(sem) && errno == EINTR)
		;
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

static void *thread_main(void *arg)
{
	struct handshake *h = arg;
	void *(*start)(void *) = h->spawn->start;
	void *start_arg = h->spawn->arg;
	bool prepare = h->spawn->prepare;
	int fd = publish();

	h->fd = fd;
	h->spawn->tid = gettid();
	sem_post(&h->registered);
	if (fd < 0)
		return NULL;
	if (prepare) {
		sem_wait_all(&h->prepared);
		sem_post(&h->registered);
	}
	/* The initial thunk's continue with a test (rule 14.1). */
	ntapc_test_alert();
	return start(start_arg);
}

int ntapc__spawn(pthread_t *thread, const pthread_attr_t *attr, struct spawn *s)
{
	struct handshake h = { .spawn = s };
	int detached = PTHREAD_CREATE_JOINABLE;
	pthread_t t;
	int ret;

	sem_init(&h.registered, 0, 0);
	sem_init(&h.prepared, 0, 0);
	ret = -pthread_create(&t, attr, thread_main, &h);
	if (ret)
		return ret;
	sem_wait_all(&h.registered);
	ret = h.fd;
	if (ret < 0) {
		if (attr)
			pthread_attr_getdetachstate(attr, &detached);
		if (detached == PTHREAD_CREATE_JOINABLE)
			pthread_join(t, NULL);
		return ret;
	}
	if (thread)
		*thread = t;
	if (s->prepare) {
		s->prepare(ret, s->arg);
		sem_post(&h.prepared);
		sem_wait_all(&h.registered);
	}
	return ret;
}

int ntapc_thread_create(pthread_t *thread, const pthread_attr_t *attr,
			void *(*start)(void *arg), void *arg,
			void (*prepare)(int fd, void *arg))
{
	struct spawn s = { .start = start, .arg = arg, .prepare = prepare };

	return ntapc__spawn(thread, attr, &s);
}
