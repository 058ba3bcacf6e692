// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 2: there and back between two threads, each of which waits until the
 * other's message comes, runs something and answers. Every side blocks between
 * messages, and each does it in the way that is fastest for it.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

static struct partner partner;

/* APCs: the routine answers, as Windows programs do. */

static int main_fd;
static volatile bool answered;

static void answer(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
	answered = true;
}

static void asked(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
	ntapc_queue(main_fd, answer, 0, 0, 0);
}

static void leave(uintptr_t arg1, uintptr_t arg2, uintptr_t arg3)
{
	partner.stop = 1;
}

static void apc_partner(struct partner *p)
{
	p->fd = must(ntapc_thread_self(), "ntapc_thread_self");
	word_set(&p->ready, 1);
	while (!p->stop)
		ntapc_delay(NTAPC_FOREVER, NTAPC_ALERTABLE);
}

static void by_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	main_fd = must(ntapc_thread_self(), "ntapc_thread_self");
	partner_start(&partner, cpu, apc_partner);
	while (count--) {
		uint64_t begin = clock_now();

		answered = false;
		ntapc_queue(partner.fd, asked, 0, 0, 0);
		while (!answered)
			ntapc_delay(NTAPC_FOREVER, NTAPC_ALERTABLE);
		series_add_time(s, begin, clock_now(), 1);
	}
	must(ntapc_queue(partner.fd, leave, 0, 0, 0), "ntapc_queue");
	partner_join(&partner);
}

/* Signals: blocked but in sigsuspend(), so that none is missed. */

static int main_tid;
static volatile bool signalled;

static void on_ping(int sig)
{
	if (!partner.stop)
		syscall(SYS_tgkill, getpid(), main_tid, SIGUSR2);
}

static void on_pong(int sig)
{
	signalled = true;
}

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void signal_partner(struct partner *p)
{
	sigset_t none;

	sigemptyset(&none);
	word_set(&p->ready, 1);
	while (!p->stop)
		sigsuspend(&none);
}

static void by_signal(struct series *s, enum cpu cpu, unsigned int count)
{
	sigset_t none, old;
	int pid = getpid();

	main_tid = gettid();
	sigemptyset(&none);
	signal(SIGUSR1, on_ping);
	signal(SIGUSR2, on_pong);
	pthread_sigmask(SIG_SETMASK, NULL, &old);
	block_signals();
	partner_start(&partner, cpu, signal_partner);
	while (count--) {
		uint64_t begin = clock_now();

		signalled = false;
		syscall(SYS_tgkill, pid, partner.tid, SIGUSR1);
		while (!signalled)
			sigsuspend(&none);
		series_add_time(s, begin, clock_now(), 1);
	}
	partner.stop = 1;
	syscall(SYS_tgkill, pid, partner.tid, SIGUSR1);
	partner_join(&partner);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* io_uring: a ring each; sending and waiting are one system call. */

static struct ring *main_ring, *partner_ring;

static void ring_partner(struct partner *p)
{
	word_set(&p->ready, 1);
	ring_wait(partner_ring);
	while (!p->stop)
		ring_send_and_wait(partner_ring, main_ring);
}

static void by_msg_ring(struct series *s, enum cpu cpu, unsigned int count)
{
	main_ring = ring_open();
	if (!main_ring)
		return;
	partner_ring = ring_open();
	partner_start(&partner, cpu, ring_partner);
	while (count--) {
		uint64_t begin = clock_now();

		ring_send_and_wait(main_ring, partner_ring);
		series_add_time(s, begin, clock_now(), 1);
	}
	partner.stop = 1;
	ring_send(main_ring, partner_ring);
	partner_join(&partner);
	ring_close(main_ring);
	ring_close(partner_ring);
}

void case_round_trip(void)
{
	static const struct comparison c = {
		.id = "2",
		.what = "alertable waiter, there and back",
		.run = by_apc,
		.peer = {
			{ .name = "futex ping-pong",
			  .run = pingpong_by_futex, .wanted = 1.2 },
			{ .name = "signals both ways", .run = by_signal,
			  .wanted = 0.55 },
			{ .name = "io_uring msg_ring", .run = by_msg_ring,
			  .wanted = 0.95 },
		},
	};

	compare_both(&c);
}
