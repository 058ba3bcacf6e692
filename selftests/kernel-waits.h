/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ends a wait in the kernel, and what doesn't: the table of rule 11.10. Part of
 * kernel-objects.c.
 */

FIXTURE(ends)
{
	int fd;			/* event 0, which is waited for */
};

FIXTURE_VARIANT(ends)
{
	bool system;
	bool many;		/* event 1, too */
	int mode;
	bool alertable;
};

#define ENDS(name, system_, many_, mode_, alertable_)			\
FIXTURE_VARIANT_ADD(ends, name)						\
{									\
	.system = system_,						\
	.many = many_,							\
	.mode = mode_,							\
	.alertable = alertable_,					\
}

ENDS(user, false, false, USER_MODE, false);
ENDS(user_alertable, false, false, USER_MODE, true);
ENDS(kernel, false, false, KERNEL_MODE, false);
ENDS(kernel_alertable, false, false, KERNEL_MODE, true);
ENDS(user_many, false, true, USER_MODE, false);
ENDS(user_many_alertable, false, true, USER_MODE, true);
ENDS(kernel_many, false, true, KERNEL_MODE, false);
ENDS(kernel_many_alertable, false, true, KERNEL_MODE, true);
ENDS(system_user, true, false, USER_MODE, false);
ENDS(system_user_alertable, true, false, USER_MODE, true);
ENDS(system_kernel, true, false, KERNEL_MODE, false);
ENDS(system_kernel_alertable, true, true, KERNEL_MODE, true);

FIXTURE_SETUP(ends)
{
	NEED_CLIENT();
	ASSERT_EQ(0, RUN(EVENT(0), EVENT(1)));
	self->fd = RUN(STEP(OBJECT_FD, .id = 0));
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(ends)
{
	CLIENT_GOES();
}

#define THE_WAIT(ms)							\
	STEP(WAIT_OBJECTS, .id = 0, .count = variant->many ? 2 : 1,	\
	     .mode = variant->mode,					\
	     .flags = variant->alertable ? CLIENT_ALERTABLE : 0,	\
	     .arg = { (ms) })

/* A thread that is in the wait. */
#define START_WAIT(actor)						\
do {									\
	ASSERT_TRUE(START_ACTOR(actor, variant->system,			\
				THE_WAIT(CLIENT_FOREVER)));		\
	ASSERT_TRUE(wait_until_waiting(self->fd, 1));			\
} while (0)

/*
 * It has been ended by @status; or is in the wait still, and is let go by an object.
 * Whatever ends a wait decides that before it returns to its caller: a wait that
 * isn't over then goes on until the event.
 */
#define EXPECT_END(actor, ended, status)				\
do {									\
	if (!(ended)) {							\
		EXPECT_EQ(0, RUN(SET(0)));				\
	}								\
	EXPECT_EQ((ended) ? (status) : 0, actor_join(actor));		\
	EXPECT_EQ(0, RUN(STATE(0)));					\
} while (0)

/* 11.1: an object. */
TEST_F(ends, by_an_object)
{
	struct actor actor;

	START_WAIT(&actor);
	EXPECT_END(&actor, false, 0);
	EXPECT_EQ(0, nr_waiters(self->fd));
	if (!variant->many)
		return;
	reset_events();
	START_WAIT(&actor);
	EXPECT_EQ(0, RUN(SET(1)));
	EXPECT_EQ(1, actor_join(&actor));
	EXPECT_EQ(0, RUN(STATE(1)));
	EXPECT_EQ(0, nr_waiters(self->fd));
}

/* 5.1: an alert of kernel mode ends every alertable wait. */
TEST_F(ends, by_a_kernel_alert)
{
	struct actor actor;

	START_WAIT(&actor);
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = actor_target(&actor),
			      .mode = KERNEL_MODE)));
	EXPECT_END(&actor, variant->alertable, NTAPC_STATUS_ALERTED);
}

/* 5.1: one of user mode just those of user mode. */
TEST_F(ends, by_a_user_alert)
{
	struct actor actor;

	START_WAIT(&actor);
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = actor_target(&actor),
			      .mode = USER_MODE)));
	EXPECT_END(&actor, variant->alertable && variant->mode == USER_MODE,
		   NTAPC_STATUS_ALERTED);
}

/* 11.10: user APCs are delivered to none but alertable waits of user mode. */
TEST_F(ends, by_a_user_apc)
{
	bool ends = variant->alertable && variant->mode == USER_MODE;
	struct actor actor;

	if (variant->system)
		SKIP(return, "it has no user mode");
	START_WAIT(&actor);
	EXPECT_EQ(0, queue(actor.job.worker.fd, log_apc, 1));
	if (!ends)
		EXPECT_EQ(1, nr_pending(actor.job.worker.fd));
	EXPECT_END(&actor, ends, NTAPC_STATUS_USER_APC);
	/* It has run on the way back, or stays. */
	EXPECT_EQ(ends, log_count());
}

/* 11.4, 11.10: kernel APCs run, and the wait goes on, in the queue again. */
TEST_F(ends, not_by_a_kernel_apc)
{
	struct actor actor;

	START_WAIT(&actor);
	EXPECT_EQ(1, RUN(NORMAL(1, .target = actor_target(&actor))));
	ASSERT_TRUE(wait_deeds("K1 N1"));
	EXPECT_EQ(1, RUN(SPECIAL(2, .target = actor_target(&actor))));
	ASSERT_TRUE(wait_deeds("K1 N1 K2"));
	ASSERT_TRUE(wait_until_waiting(self->fd, 1));
	EXPECT_END(&actor, false, 0);
}

static void do_nothing(int sig)
{
	(void)sig;
}

/* Linux's own: a signal that is handled ends waits of user mode. */
TEST_F(ends, by_a_signal)
{
	struct sigaction action = { .sa_handler = do_nothing };
	struct actor actor;

	if (variant->system)
		SKIP(return, "it has no signals");
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	START_WAIT(&actor);
	pthread_kill(actor.job.worker.thread, SIGUSR1);
	EXPECT_END(&actor, variant->mode == USER_MODE, -ERESTARTSYS);
	EXPECT_EQ(0, nr_waiters(self->fd));
}

/* 6.3, 11.4: a suspension doesn't; and who is suspended takes nothing. */
TEST_F(ends, not_by_a_suspension)
{
	struct actor actor;
	__s32 target;

	START_WAIT(&actor);
	target = actor_target(&actor);
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = target)));
	/* It is suspended inside. */
	ASSERT_TRUE(wait_until_waiting(self->fd, 0));
	EXPECT_EQ(0, RUN(SET(0)));
	EXPECT_EQ(1, RUN(STATE(0)));
	EXPECT_EQ(1, RUN(STEP(RESUME, .target = target)));
	EXPECT_EQ(0, actor_join(&actor));
	EXPECT_EQ(0, RUN(STATE(0)));
}

/* A system thread that is to stop doesn't wait any longer, nor again. */
TEST_F(ends, by_stopping)
{
	struct actor actor;

	if (!variant->system)
		SKIP(return, "a user thread can't be stopped");
	START_WAIT(&actor);
	EXPECT_LE(0, RUN(STEP(STOP_SYSTEM, .id = ACTOR_SYSTEM)));
	find_results(&actor);
	EXPECT_EQ(-EINTR, actor.steps[0].result);
	EXPECT_EQ(0, nr_waiters(self->fd));
}

/* 11.1 to 11.3, 11.11: an object, an alert of that mode, an APC, an alert, time. */
TEST_F(ends, order)
{
	bool user = variant->mode == USER_MODE;

	if (variant->system)
		SKIP(return, "it has no user mode");
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	/* All in one call: an alert of kernel mode doesn't outlive that. */
	ACT(false, STEP(ALERT, .mode = KERNEL_MODE),
	    STEP(ALERT, .mode = USER_MODE), SET(0), THE_WAIT(0), THE_WAIT(0),
	    THE_WAIT(0), STEP(TEST_ALERT, .mode = KERNEL_MODE));
	EXPECT_EQ(0, RESULT(3));
	if (!variant->alertable) {
		EXPECT_EQ(TIMEOUT, RESULT(4));
		EXPECT_EQ(1, RESULT(6));
	} else {
		EXPECT_EQ(NTAPC_STATUS_ALERTED, RESULT(4));
		EXPECT_EQ(user ? NTAPC_STATUS_USER_APC : TIMEOUT, RESULT(5));
		EXPECT_EQ(user, RESULT(6));
	}
	EXPECT_EQ(user && variant->alertable, log_count());
}
