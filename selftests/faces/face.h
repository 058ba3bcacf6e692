/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the faces share: events to wait for, and a log of which APC
 * ran when.
 */
#ifndef NTAPC_FACES_FACE_H
#define NTAPC_FACES_FACE_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ntapc.h>

#define MS		UINT64_C(1000000)
/* How long an event that must come is waited for, and how often it is looked. */
#define PATIENCE_S	30
#define PATIENCE_NS	(PATIENCE_S * UINT64_C(1000000000))
#define PATIENCE_ROUNDS	2000

/*
 * Waits for an event; false: it didn't come. A second at a time: by its end the whole
 * machine may have stood still for as long as it takes to lose one's patience.
 */
static inline bool come(sem_t *event)
{
	struct timespec until;
	int ret = -1, i;

	for (i = 0; ret && i < PATIENCE_S; i++) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		while ((ret = sem_timedwait(event, &until)) && errno == EINTR)
			;
	}
	return !ret;
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

/* Waits for what nothing tells of; the same of time alone. */
#define comes_true(condition) ({					\
	uint64_t give_up_ = now_ns() + PATIENCE_NS;			\
	unsigned int round_ = 0;					\
	bool met_;							\
									\
	while (!(met_ = !!(condition)) &&				\
	       (round_++ < PATIENCE_ROUNDS || now_ns() < give_up_))	\
		sched_yield();						\
	met_;								\
})

/*
 * Until the thread is in a wait of ntapc's, say: nothing tells of that but its state.
 * false: it never came to be, or has ended.
 */
static inline bool becomes(int fd, uint32_t state)
{
	struct ntapc_thread_info info;

	return comes_true(ntapc_thread_info(fd, &info) ||
			  (info.state & state) == state ||
			  info.state & NTAPC_THREAD_EXITED) &&
	       (info.state & state) == state;
}

/* How a child ended: its exit status, or 1000 plus the signal. */
static inline int end_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   1000 + WTERMSIG(status);
}

/* Which APCs ran, in order; negative: ended, where a test logs ends. */
#define LOG_SIZE	8192
static int log_entry[LOG_SIZE];
static _Atomic int log_count;

static inline void log_add(int entry)
{
	int i = atomic_fetch_add(&log_count, 1);

	if (i < LOG_SIZE)
		log_entry[i] = entry;
}

static inline void log_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(a);
}

/* Whether the log is exactly these @n entries. */
static inline bool logged(int n, ...)
{
	__builtin_va_list ap;
	int i;

	if (atomic_load(&log_count) != n)
		return false;
	__builtin_va_start(ap, n);
	for (i = 0; i < n; i++)
		if (log_entry[i] != __builtin_va_arg(ap, int))
			break;
	__builtin_va_end(ap);
	return i == n;
}

static inline void log_reset(void)
{
	atomic_store(&log_count, 0);
}

#endif /* NTAPC_FACES_FACE_H */
