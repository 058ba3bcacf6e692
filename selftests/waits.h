/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs about waits share: for those that have the harness's header,
 * objects.h and procs.h.
 */
#ifndef NTAPC_SELFTESTS_WAITS_H
#define NTAPC_SELFTESTS_WAITS_H

#define PATIENCE	in_ms(PATIENCE_MS)
#define FOREVER		NTAPC_WAIT_FOREVER

/* A worker's: it ends when it may. */
static inline void leave_on_go(struct worker *worker)
{
	worker_wait(worker);
}

/* How often SIGUSR1 was handled. */
static atomic_int signals;

static inline void count_signal(int sig)
{
	(void)sig;
	atomic_fetch_add(&signals, 1);
}

static inline void catch_signal(int flags)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = flags,
	};

	sigaction(SIGUSR1, &action, NULL);
	atomic_store(&signals, 0);
}

/* What each fixture has: an instance, and a descriptor of the thread itself. */
static inline void open_for_waits(struct __test_metadata *_metadata, int *dev,
				  int *this_thread)
{
	log_reset();
	catch_signal(SA_RESTART);
	*dev = open_frames(dispatch_continue);
	ASSERT_LE(0, *dev);
	*this_thread = open_thread(*dev, 0);
	ASSERT_LE(0, *this_thread);
}

static inline void create_events(struct __test_metadata *_metadata, int dev,
				 __s32 *events, unsigned int nr)
{
	while (nr--) {
		events[nr] = create_event(dev, false);
		ASSERT_LE(0, events[nr]);
	}
}

/* A fixture with as many events as one can wait for. */
#define FIXTURE_OF_EVENTS(name)						\
FIXTURE(name)								\
{									\
	int dev;							\
	int self;							\
	__s32 events[NTAPC_OBJECTS_MAX];				\
};									\
									\
FIXTURE_SETUP(name)							\
{									\
	open_for_waits(_metadata, &self->dev, &self->self);		\
	create_events(_metadata, self->dev, self->events,		\
		      NTAPC_OBJECTS_MAX);				\
}									\
									\
FIXTURE_TEARDOWN(name)							\
{									\
}

#endif /* NTAPC_SELFTESTS_WAITS_H */
