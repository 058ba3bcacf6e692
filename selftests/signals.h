/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals that programs with calls.h catch and count, and a worker that blocks in
 * ppoll() with a mask of its own.
 */
#ifndef NTAPC_SELFTESTS_SIGNALS_H
#define NTAPC_SELFTESTS_SIGNALS_H

#include "calls.h"

static atomic_int signals;
static atomic_int signal_tid;

static void count_signal(int sig)
{
	(void)sig;
	atomic_store(&signal_tid, syscall(SYS_gettid));
	atomic_fetch_add(&signals, 1);
}

static void catch_signal(int sig, int flags)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = flags,
	};

	sigemptyset(&action.sa_mask);
	sigaction(sig, &action, NULL);
	atomic_store(&signals, 0);
}

static void ppoll_with_mask(struct worker *worker)
{
	struct pollfd pollfd = { .fd = call.fds[0], .events = POLLIN };
	struct timespec ts = { .tv_sec = PATIENCE_MS / 1000 };
	sigset_t blocked, none, after;

	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	atomic_store(&worker->stage, 1);
	call.ret = ppoll(&pollfd, 1, &ts, &none);
	call.error = errno;
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	worker->arg = sigismember(&after, SIGUSR1);
}

#endif
