// SPDX-License-Identifier: GPL-2.0-only
/*
 * There and back by futex: a word for each direction.
 */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static struct partner partner;
static uint32_t ping, pong;

static void futex(uint32_t *word, int op, uint32_t value)
{
	syscall(SYS_futex, word, op, value, NULL);
}

static void send_word(uint32_t *word)
{
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	futex(word, FUTEX_WAKE_PRIVATE, 1);
}

static void receive_word(uint32_t *word)
{
	while (!__atomic_load_n(word, __ATOMIC_ACQUIRE))
		futex(word, FUTEX_WAIT_PRIVATE, 0);
	__atomic_store_n(word, 0, __ATOMIC_RELAXED);
}

static void futex_partner(struct partner *p)
{
	word_set(&p->ready, 1);
	for (;;) {
		receive_word(&ping);
		if (p->stop)
			return;
		send_word(&pong);
	}
}

void pingpong_by_futex(struct series *s, enum cpu cpu, unsigned int count)
{
	ping = 0;
	pong = 0;
	partner_start(&partner, cpu, futex_partner);
	while (count--) {
		uint64_t begin = clock_now();

		send_word(&ping);
		receive_word(&pong);
		series_add_time(s, begin, clock_now(), 1);
	}
	partner.stop = 1;
	send_word(&ping);
	partner_join(&partner);
}
