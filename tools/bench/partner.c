// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second thread of a comparison.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static void *partner_main(void *arg)
{
	struct partner *p = arg;

	cpu_pin_partner(p->cpu);
	p->tid = gettid();
	p->main(p);
	return NULL;
}

void partner_start(struct partner *p, enum cpu cpu,
		   void (*main)(struct partner *p))
{
	pthread_t thread;
	int err;

	*p = (struct partner){ .main = main, .cpu = cpu, .fd = -1 };
	err = pthread_create(&thread, NULL, partner_main, p);
	if (err)
		die("pthread_create: %s", strerror(err));
	p->handle = thread;
	word_wait_while(&p->ready, 0);
}

void partner_join(struct partner *p)
{
	pthread_join(p->handle, NULL);
}
