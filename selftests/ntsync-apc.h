/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ntapc adds to ntsync: the part of ntsync.c that only /dev/ntapc passes.
 */

FIXTURE(ntsync_apc)
{
	int dev;
	int self;
	int event;		/* auto-reset, not signalled */
	int alert;
};

FIXTURE_SETUP(ntsync_apc)
{
	log_reset();
	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	self->self = open_thread(self->dev, 0);
	ASSERT_LE(0, self->self);
	self->event = make_event(self->dev, 0, 0);
	self->alert = make_event(self->dev, 0, 0);
	ASSERT_LE(0, self->alert);
}

FIXTURE_TEARDOWN(ntsync_apc)
{
}

static void set_auto(int event)
{
	event_do(event, NTSYNC_IOC_EVENT_SET, NULL);
}

/* The record that is queued; 0 if there isn't just one. */
static __u64 taken_record(int dev)
{
	struct ntapc_record records[2];

	return take_records(dev, records, 2) == 1 ? records[0].arg[0] : 0;
}

/* 3.6, 11.2: without a dispatcher the wait ends, and the APC is there for the taking. */
TEST_F(ntsync_apc, record_ends_a_wait_with_an_alert)
{
	unsigned int all;

	for (all = 0; all < 2; all++) {
		unsigned long cmd = all ? NTSYNC_IOC_WAIT_ALL :
					  NTSYNC_IOC_WAIT_ANY;
		__u32 index;

		EXPECT_EQ(0, queue(self->self, log_apc, 7));
		/* 11.3: with no time to wait either. */
		EXPECT_EQ(0, nt_wait(self->dev, cmd, 0, 1, self->alert, &index,
				     &self->event, 1));
		EXPECT_EQ(1, index);
		EXPECT_EQ(1, nr_pending(self->self));
		EXPECT_EQ(0, nt_wait(self->dev, cmd, ~0ULL, 1, self->alert,
				     &index, &self->event, 1));
		EXPECT_EQ(1, index);
		EXPECT_EQ(7, taken_record(self->dev));
		EXPECT_EQ(-ETIMEDOUT, nt_wait(self->dev, cmd, 0, 1, self->alert,
					      &index, &self->event, 1));
	}
	EXPECT_EQ(0, log_count());
}

static void wait_with_alert(struct worker *worker)
{
	const int *fds = (const int *)(uintptr_t)worker->arg;
	__u32 index;

	worker->ret = nt_wait(worker->dev, NTSYNC_IOC_WAIT_ANY, ~0ULL, 1, fds[1],
			      &index, fds, 1);
	worker->arg = index;
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

TEST_F(ntsync_apc, record_wakes_a_wait_with_an_alert)
{
	const int fds[] = { self->event, self->alert };
	struct worker worker = { .arg = ADDR(fds) };
	struct ntapc_thread_info info;

	ASSERT_TRUE(worker_start(&worker, self->dev, wait_with_alert));
	ASSERT_TRUE(wait_waiting(worker.fd));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(NTAPC_THREAD_WAITING | NTAPC_THREAD_ALERTABLE, info.state);
	EXPECT_EQ(0, queue(worker.fd, log_apc, 3));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(1, worker.arg);
	EXPECT_EQ(1, nr_pending(worker.fd));
	worker_go(&worker);
	worker_join(&worker);
}

/* 5.1: an alert, which is taken by that. */
TEST_F(ntsync_apc, alert_wakes_a_wait_with_an_alert)
{
	const int fds[] = { self->event, self->alert };
	struct worker worker = { .arg = ADDR(fds) };
	__u32 index;

	ASSERT_TRUE(worker_start(&worker, self->dev, wait_with_alert));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, alert_thread(worker.fd));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(1, worker.arg);
	worker_go(&worker);
	worker_join(&worker);

	EXPECT_EQ(0, alert_thread(self->self));
	EXPECT_EQ(0, ANY_ALERT(self->dev, self->alert, &index, self->event));
	EXPECT_EQ(1, index);
	EXPECT_EQ(-ETIMEDOUT, ANY_ALERT(self->dev, self->alert, &index,
					self->event));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, take_records(self->dev,
						     &(struct ntapc_record){}, 1));
}

/* 11.2: a wait without one isn't alertable. */
TEST_F(ntsync_apc, nothing_ends_a_wait_without_an_alert)
{
	const int fds[] = { self->event, 0 };
	struct worker worker = { .arg = ADDR(fds) };
	struct ntapc_thread_info info;
	__u32 index;

	ASSERT_TRUE(worker_start(&worker, self->dev, wait_with_alert));
	ASSERT_TRUE(wait_waiting(worker.fd));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(NTAPC_THREAD_WAITING, info.state);
	EXPECT_EQ(0, queue(worker.fd, log_apc, 3));
	EXPECT_EQ(0, alert_thread(worker.fd));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_TRUE(info.state & NTAPC_THREAD_WAITING);
	set_auto(self->event);
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(0, worker.arg);
	EXPECT_EQ(1, nr_pending(worker.fd));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, queue(self->self, log_apc, 7));
	EXPECT_EQ(-ETIMEDOUT, ANY(self->dev, 1, &index, self->event));
	EXPECT_EQ(1, nr_pending(self->self));
}

/* 11.1, 11.3: object, alert event, NT's alert, APC, time: in this order. */
TEST_F(ntsync_apc, order)
{
	__u32 index;

	set_auto(self->event);
	set_auto(self->alert);
	EXPECT_EQ(0, alert_thread(self->self));
	EXPECT_EQ(0, queue(self->self, log_apc, 7));
	EXPECT_EQ(0, ANY_ALERT(self->dev, self->alert, &index, self->event));
	EXPECT_EQ(0, index);
	EXPECT_EVENT(self->event, 0, 0);
	EXPECT_EVENT(self->alert, 0, 1);
	EXPECT_EQ(0, ANY_ALERT(self->dev, self->alert, &index, self->event));
	EXPECT_EQ(1, index);
	EXPECT_EVENT(self->alert, 0, 0);
	/* It takes the alert: else the record couldn't be had below. */
	EXPECT_EQ(0, ANY_ALERT(self->dev, self->alert, &index, self->event));
	EXPECT_EQ(1, index);
	EXPECT_EQ(1, nr_pending(self->self));
	EXPECT_EQ(7, taken_record(self->dev));
}

/* 6.3: a suspended thread acquires nothing; the wait goes on then. */
TEST_F(ntsync_apc, suspended)
{
	const int fds[] = { self->event, self->alert };
	struct worker worker = { .arg = ADDR(fds) };

	ASSERT_TRUE(worker_start(&worker, self->dev, wait_with_alert));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, suspend_thread(worker.fd, 0));
	ASSERT_TRUE(wait_suspended(worker.fd));
	set_auto(self->event);
	EXPECT_EVENT(self->event, 0, 1);
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(0, worker.arg);
	EXPECT_EVENT(self->event, 0, 0);
	worker_go(&worker);
	worker_join(&worker);
}

#ifdef __x86_64__

/* 12.2: by frame the whole queue has run when the caller sees the return. */
TEST_F(ntsync_apc, frames_end_a_wait_with_an_alert)
{
	const int fds[] = { self->event, self->alert };
	int dev = open_frames(dispatch_continue), i;
	struct worker worker = { .arg = ADDR(fds) };
	__u32 index;

	ASSERT_LE(0, dev);
	ASSERT_TRUE(worker_start(&worker, self->dev, wait_with_alert));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, queue(worker.fd, log_apc, 3));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(1, worker.arg);
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(3, log_entry(0));
	worker_go(&worker);
	worker_join(&worker);

	log_reset();
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, queue(self->self, log_apc, i));
	EXPECT_EQ(0, ANY_ALERT(self->dev, self->alert, &index, self->event));
	EXPECT_EQ(1, index);
	ASSERT_EQ(3, log_count());
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, log_entry(i));
	EXPECT_EQ(-ETIMEDOUT, ANY_ALERT(self->dev, self->alert, &index,
					self->event));
	/* An object goes first, and the APC stays (11.11). */
	EXPECT_EQ(0, queue(self->self, log_apc, 4));
	set_auto(self->event);
	EXPECT_EQ(0, ANY_ALERT(self->dev, self->alert, &index, self->event));
	EXPECT_EQ(0, index);
	EXPECT_EQ(3, log_count());
	EXPECT_EQ(1, nr_pending(self->self));
}

#endif

/* ntapc's own ioctls on them */

static int wait_as(int fd, __u32 owner)
{
	struct ntapc_wait args = { .size = sizeof(args), .owner = owner };

	return sys_ioctl(fd, NTAPC_IOC_WAIT, &args);
}

TEST_F(ntsync_apc, wait_with_an_owner)
{
	int other = open_device();
	int mutex = make_mutex(other, 5, 1), sem = create_semaphore(self->dev, 1, 2);
	__s32 objects[] = { mutex, sem };
	struct ntapc_wait args = {
		.size = sizeof(args),
		.nr_objects = 2,
		.objects = ADDR(objects),
	};

	/* Nobody can't own it. */
	EXPECT_EQ(-EINVAL, wait_as(mutex, 0));
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_as(mutex, 6));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_as(mutex, 5));
	EXPECT_MUTEX(mutex, 0, 5, 2);
	/* Objects of any instance, and of both kinds. */
	args.owner = 6;
	EXPECT_EQ(NTAPC_STATUS_WAIT_0 + 1,
		  sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	EXPECT_EQ(0, mutex_kill(mutex, 5));
	args.flags = NTAPC_WAIT_ALL;
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	EXPECT_EQ(0, release_semaphore(sem, 1));
	EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0,
		  sys_ioctl(self->dev, NTAPC_IOC_WAIT, &args));
	EXPECT_MUTEX(mutex, 0, 6, 1);
	/* At its limit it isn't signalled, which is no error with ntsync's. */
	mutex = make_mutex(self->dev, 7, UINT_MAX);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_as(mutex, 7));
}

TEST_F(ntsync_apc, shown_and_released)
{
	int mutex = make_mutex(self->dev, 5, 2), sem = make_sem(self->dev, 1, 3);
	struct ntapc_object_info info;
	__u32 index;

	ASSERT_EQ(0, get_object_info(mutex, &info));
	EXPECT_EQ(NTAPC_OBJECT_MUTANT, info.type);
	EXPECT_EQ(-1, info.state);
	EXPECT_EQ(5, info.owner);
	EXPECT_EQ(NTAPC_OBJECT_NTSYNC, info.flags);
	EXPECT_EQ(0, mutex_kill(mutex, 5));
	EXPECT_EQ(NTAPC_OBJECT_NTSYNC | NTAPC_OBJECT_ABANDONED,
		  object_bits(mutex));
	EXPECT_EQ(-EPERM, release_mutant(mutex));
	EXPECT_EQ(0, release_semaphore(sem, 2));
	EXPECT_SEM(sem, 3, 3);
	EXPECT_EQ(0, set_event(self->event));
	EXPECT_EVENT(self->event, 0, 1);
	/* Not the other way round. */
	EXPECT_EQ(-EINVAL, ANY(self->dev, 1, &index, create_event(self->dev, 1)));
	EXPECT_EQ(-ENOTTY, event_do(create_event(self->dev, 1),
				    NTSYNC_IOC_EVENT_SET, NULL));
	EXPECT_EQ(-EINVAL, ANY(self->dev, 1, &index, self->self));
}

/* 11.9: with an event of ntsync's to signal, and one to wait for. */
TEST_F(ntsync_apc, signal_and_wait)
{
	int mutex = make_mutex(self->dev, 5, 1);

	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  signal_and_wait(self->event, self->event, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  signal_and_wait(self->alert, self->event, 0, 0));
	EXPECT_EVENT(self->alert, 0, 1);
	EXPECT_EQ(-EPROTOTYPE, signal_and_wait(mutex, self->event, 0, 0));
	EXPECT_MUTEX(mutex, 0, 5, 1);
}

/* The parameter */

TEST(dev_ntsync_is_served_if_asked_for)
{
	char before = ntsync_parameter();

	if (!module_file())
		SKIP(return, "NTAPC_KO doesn't name the module's file");
	if (has_ntsync() && before != 'Y')
		SKIP(return, "this kernel has an ntsync of its own");
	ASSERT_TRUE(reload(""));
	EXPECT_EQ('N', ntsync_parameter());
	EXPECT_FALSE(has_ntsync());
	ASSERT_TRUE(reload("ntsync=1"));
	if (ntsync_parameter() != 'Y')
		SKIP(return, "this kernel is to have an ntsync of its own");
	EXPECT_TRUE(wait_until(has_ntsync()));
	EXPECT_LE(0, open("/dev/ntsync", O_RDWR | O_CLOEXEC));
	/* It keeps the module as /dev/ntapc does. */
	EXPECT_NE(0, unload());
}
