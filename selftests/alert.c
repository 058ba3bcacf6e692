// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alerts: rules 5.1 to 5.7 and 11.1 to 11.3; alerts by thread id: 15.1 to 15.4.
 */
#include "common.h"
#include "kselftest_harness.h"

#define PATIENCE	(PATIENCE_MS * NS_PER_MS)

static int dev, self_fd;

static bool prepare(void)
{
	log_reset();
	dev = open_frames(dispatch_continue);
	if (dev < 0)
		return false;
	self_fd = open_thread(dev, 0);
	return self_fd >= 0;
}

FIXTURE(alert)
{
};

FIXTURE_SETUP(alert)
{
	ASSERT_TRUE(prepare());
}

FIXTURE_TEARDOWN(alert)
{
}

static void leave_on_go(struct worker *worker)
{
	worker_wait(worker);
}

static void leave_at_once(struct worker *worker)
{
	(void)worker;
}

/* A delay with the flags of @arg. */
static void delay_worker(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = delay(worker->dev, worker->arg, now() + PATIENCE);
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
}

/* A delay; @arg becomes how long it took. */
static unsigned int short_ms;

static void delay_short(struct worker *worker)
{
	__u64 begin = now();

	atomic_store(&worker->stage, 1);
	worker->ret = delay(worker->dev, worker->arg,
			    begin + short_ms * NS_PER_MS);
	worker->arg = now() - begin;
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
}

static void wait_for_thread(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = wait_thread(worker->dev, NTAPC_WAIT_ALERTABLE,
				  now() + PATIENCE, worker->arg);
	atomic_store(&worker->stage, 2);
}

static void wait_for_records(struct worker *worker)
{
	struct ntapc_record record;
	__u32 count = 0;

	atomic_store(&worker->stage, 1);
	worker->ret = wait_records(worker->dev, now() + PATIENCE, &record, 1,
				   &count);
	worker->arg = count;
	atomic_store(&worker->stage, 2);
}

/* 5.1: it ends an alertable wait, and is gone with that. */
TEST_F(alert, ends_an_alertable_delay)
{
	struct worker worker = { .arg = NTAPC_WAIT_ALERTABLE };

	ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, alert_thread(worker.fd));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	worker_go(&worker);
	worker_join(&worker);
}

TEST_F(alert, ends_an_alertable_wait_for_a_thread)
{
	struct worker target, waiter;

	ASSERT_TRUE(worker_start(&target, dev, leave_on_go));
	waiter.arg = target.fd;
	ASSERT_TRUE(worker_start(&waiter, dev, wait_for_thread));
	ASSERT_TRUE(wait_waiting(waiter.fd));
	EXPECT_EQ(0, alert_thread(waiter.fd));
	worker_join(&waiter);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, waiter.ret);
	worker_go(&target);
	worker_join(&target);
}

TEST_F(alert, ends_a_wait_for_records)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, dev, wait_for_records));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, alert_thread(worker.fd));
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	EXPECT_EQ(0, worker.arg);
}

/* 5.1: not one that isn't alertable: it stays. */
static void delay_then_test(struct worker *worker)
{
	__u64 begin = now();

	atomic_store(&worker->stage, 1);
	worker->ret = delay(worker->dev, 0, begin + 300 * NS_PER_MS);
	worker->arg = now() - begin;
	if (!worker->ret)
		worker->ret = delay(worker->dev, NTAPC_WAIT_ALERTABLE,
				    now() + PATIENCE);
	atomic_store(&worker->stage, 2);
}

TEST_F(alert, not_one_that_isnt_alertable)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, dev, delay_then_test));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, alert_thread(worker.fd));
	worker_join(&worker);
	EXPECT_LE(300 * NS_PER_MS, worker.arg);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
}

/* 5.2: it stays until it is taken, and two are one. */
TEST_F(alert, sticks_and_collapses)
{
	struct ntapc_control *control = map_control(self_fd);
	int i, many;

	ASSERT_NE(NULL, control);
	for (many = 1; many < 4; many++) {
		EXPECT_EQ(0, control->pending);
		for (i = 0; i < many; i++) {
			EXPECT_EQ(0, alert_thread(self_fd));
			EXPECT_EQ(NTAPC_PENDING_ALERT, control->pending);
		}
		/* A wait that isn't alertable leaves it. */
		EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(dev, 0, 0));
		EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_thread(dev, 0, 0, self_fd));
		EXPECT_EQ(NTAPC_PENDING_ALERT, control->pending);
		EXPECT_EQ(NTAPC_STATUS_ALERTED,
			  delay(dev, NTAPC_WAIT_ALERTABLE,
				NTAPC_WAIT_FOREVER));
		EXPECT_EQ(0, control->pending);
		EXPECT_EQ(NTAPC_STATUS_SUCCESS,
			  delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	}
}

/* 5.3, 5.4: a test takes it, and then runs no APC. */
TEST_F(alert, test_alert)
{
	EXPECT_EQ(0, alert_thread(self_fd));
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(0, queue(self_fd, log_apc, 2));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, test_alert(dev, 0));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(2, nr_pending(self_fd));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(dev, 0));
	EXPECT_EQ(2, log_count());
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(dev, 0));
}

TEST_F(alert, test_alert_for_records)
{
	struct ntapc_record records[4];

	EXPECT_EQ(0, alert_thread(self_fd));
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, take_records(dev, records, 4));
	EXPECT_EQ(1, nr_pending(self_fd));
	EXPECT_EQ(1, take_records(dev, records, 4));
}

TEST_F(alert, test_alert_for_special_ones_leaves_it)
{
	EXPECT_EQ(0, alert_thread(self_fd));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  test_alert(dev, NTAPC_TEST_SPECIAL_ONLY));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, test_alert(dev, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(dev, 0));
}

/* 11.3: object, alert, APC, time. Each stays while an earlier one wins. */
TEST_F(alert, order)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, dev, leave_at_once));
	worker_join(&worker);
	ASSERT_TRUE(wait_gone(worker.fd));
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(0, alert_thread(self_fd));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  wait_thread(dev, NTAPC_WAIT_ALERTABLE, 0, worker.fd));
	EXPECT_EQ(NTAPC_STATUS_ALERTED,
		  wait_thread(dev, NTAPC_WAIT_ALERTABLE, 0, self_fd));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(NTAPC_STATUS_USER_APC,
		  wait_thread(dev, NTAPC_WAIT_ALERTABLE, 0, self_fd));
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_thread(dev, NTAPC_WAIT_ALERTABLE, 0, self_fd));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  wait_thread(dev, NTAPC_WAIT_ALERTABLE, 0, worker.fd));
}

/* 12.4: one that comes in an APC's routine ends the chain. */
static void alert_oneself(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
	alert_thread(self_fd);
}

TEST_F(alert, ends_a_chain)
{
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(0, queue(self_fd, alert_oneself, 2));
	EXPECT_EQ(0, queue(self_fd, log_apc, 3));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	ASSERT_EQ(2, log_count());
	EXPECT_EQ(1, nr_pending(self_fd));
	/* It was taken for that. */
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(3, log_count());
}

/* Neither a Linux system call nor user code notices anything. */
static int fds[2];

static void read_worker(struct worker *worker)
{
	char c;

	atomic_store(&worker->stage, 1);
	worker->ret = read(fds[0], &c, 1);
	worker->arg = delay(worker->dev, NTAPC_WAIT_ALERTABLE,
			    now() + PATIENCE);
}

TEST_F(alert, leaves_system_calls_alone)
{
	struct worker worker;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_TRUE(worker_start(&worker, dev, read_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(0, alert_thread(worker.fd));
	breathe(UNHURRIED);
	EXPECT_EQ('S', thread_state(worker.tid));
	EXPECT_EQ(1, write(fds[1], "x", 1));
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.arg);
}

TEST_F(alert, exited_thread)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, dev, leave_at_once));
	worker_join(&worker);
	ASSERT_TRUE(wait_gone(worker.fd));
	EXPECT_EQ(-ESRCH, alert_thread(worker.fd));
}

/* fork(): the child has none. */
TEST_F(alert, forked)
{
	pid_t child;

	EXPECT_EQ(0, alert_thread(self_fd));
	EXPECT_EQ(0, alert_by_id(dev, getpid()));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		set_dispatcher(dev, ADDR(dispatch_continue));
		if (delay(dev, NTAPC_WAIT_ALERTABLE, 0))
			_exit(1);
		if (wait_by_id(dev, 0, 0) != NTAPC_STATUS_TIMEOUT)
			_exit(2);
		/* The descriptor is the parent's. */
		_exit(alert_thread(self_fd) ? 3 : 0);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, test_alert(dev, 0));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, wait_by_id(dev, 0, 0));
}

/* NtAlertResumeThread: rules 5.5 and 5.7 */

TEST_F(alert, resume_in_an_alertable_wait)
{
	struct worker worker = { .arg = NTAPC_WAIT_ALERTABLE };

	ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(1, suspend_thread(worker.fd, 0));
	EXPECT_EQ(2, resume_thread(worker.fd, NTAPC_RESUME_ALERT));
	breathe(UNHURRIED);
	EXPECT_EQ(1, atomic_load(&worker.stage));
	EXPECT_EQ(NTAPC_THREAD_SUSPENDED,
		  thread_bits(worker.fd) & NTAPC_THREAD_SUSPENDED);
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	worker_go(&worker);
	worker_join(&worker);
}

TEST_F(alert, resume_at_once)
{
	struct worker worker = { .arg = NTAPC_WAIT_ALERTABLE };

	ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	ASSERT_EQ(0, suspend_thread(worker.fd, NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(1, resume_thread(worker.fd, NTAPC_RESUME_ALERT));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	worker_go(&worker);
	worker_join(&worker);
}

/* 5.5: also of one that isn't suspended: a kernel alert breaks any alertable. */
TEST_F(alert, resume_of_one_that_isnt_suspended)
{
	struct worker worker = { .arg = NTAPC_WAIT_ALERTABLE };

	ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, resume_thread(worker.fd, NTAPC_RESUME_ALERT));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	worker_go(&worker);
	worker_join(&worker);
}

/* 4.7: one that came in a wait that isn't alertable ends with the system call. */
TEST_F(alert, kernel_alert_doesnt_reach_user_mode)
{
	struct ntapc_control *control;
	bool in_time = false;

	/* Longer, if it was over before the alert came. */
	for (short_ms = 300; !in_time && short_ms < PATIENCE_MS;
	     short_ms *= 2) {
		struct worker worker = { .arg = 0 };
		__u64 begin = now();

		ASSERT_TRUE(worker_start(&worker, dev, delay_short));
		ASSERT_TRUE(wait_until(atomic_load(&worker.stage) == 2 ||
				       thread_bits(worker.fd) &
				       NTAPC_THREAD_WAITING));
		EXPECT_EQ(0, resume_thread(worker.fd, NTAPC_RESUME_ALERT));
		in_time = now() - begin < short_ms * NS_PER_MS;
		ASSERT_TRUE(worker_reached(&worker, 2));
		EXPECT_EQ(NTAPC_STATUS_SUCCESS, worker.ret);
		EXPECT_LE(short_ms * NS_PER_MS, worker.arg);
		worker_go(&worker);
		worker_join(&worker);
		close(worker.fd);
	}
	EXPECT_TRUE(in_time);
	/* To oneself: it is gone when the call has returned. */
	control = map_control(self_fd);
	ASSERT_NE(NULL, control);
	EXPECT_EQ(0, resume_thread(self_fd, NTAPC_RESUME_ALERT));
	EXPECT_EQ(0, control->pending);
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(dev, 0));
}

/* It takes no user alert away, nor does it become one. */
TEST_F(alert, kernel_alert_isnt_a_user_alert)
{
	EXPECT_EQ(0, alert_thread(self_fd));
	EXPECT_EQ(0, resume_thread(self_fd, NTAPC_RESUME_ALERT));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
}

/* Signals */

static atomic_int signals;

static void count_signal(int sig)
{
	(void)sig;
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

TEST_F(alert, after_a_signal)
{
	struct worker worker = { .arg = NTAPC_WAIT_ALERTABLE };

	catch_signal(SIGUSR1, SA_RESTART);
	ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	pthread_kill(worker.thread, SIGUSR1);
	ASSERT_TRUE(wait_until(atomic_load(&signals) == 1));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, alert_thread(worker.fd));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	worker_go(&worker);
	worker_join(&worker);
}

/*
 * 11.11: an alert, an APC and a timeout race for the same waits. Whoever takes
 * records gets each alert and each APC once; no wait ends for nothing.
 */
struct race {
	struct worker worker;
	unsigned int alerts, apcs, timeouts, wrong;
	atomic_uint round;	/* that may begin */
	atomic_uint ready;	/* how many of its producers are */
};

static struct race race;

static void race_worker(struct worker *worker)
{
	struct ntapc_record records[4];
	unsigned int round, alerts, apcs;
	__u32 count;

	(void)worker;
	for (round = 1; round <= worker->arg; round++) {
		alerts = 0;
		apcs = 0;
		atomic_store(&race.round, round);
		while (!alerts || !apcs) {
			count = 0;
			switch (wait_records(dev, now() + 100000, records, 4,
					     &count)) {
			case NTAPC_STATUS_ALERTED:
				alerts++;
				break;
			case NTAPC_STATUS_USER_APC:
				apcs += count;
				if (count != 1 || records[0].arg[0] != round)
					race.wrong++;
				break;
			case NTAPC_STATUS_SUCCESS:
				race.timeouts++;
				break;
			default:
				race.wrong++;
			}
		}
		/* Nothing is left. */
		if (alerts != 1 || apcs != 1 ||
		    wait_records(dev, 0, records, 4, &count) !=
		    NTAPC_STATUS_SUCCESS)
			race.wrong++;
		race.alerts += alerts;
		race.apcs += apcs;
	}
}

static void send_worker(struct worker *worker)
{
	unsigned int round, spins;

	for (round = 1; round <= race.worker.arg; round++) {
		for (spins = 0; atomic_load(&race.round) < round; spins++)
			breathe(spins);
		if (worker->arg ? alert_thread(race.worker.fd) :
				  queue(race.worker.fd, log_apc, round))
			worker->ret = 1;
	}
}

TEST_F(alert, races_apc_and_timeout)
{
	unsigned int rounds = scaled(10000), i;
	struct worker senders[2] = { { .arg = 0 }, { .arg = 1 } };

	race.worker.arg = rounds;
	ASSERT_TRUE(worker_start(&race.worker, dev, race_worker));
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(worker_start(&senders[i], dev, send_worker));
	}
	for (i = 0; i < 2; i++) {
		worker_join(&senders[i]);
		EXPECT_EQ(0, senders[i].ret);
	}
	worker_join(&race.worker);
	EXPECT_EQ(0, race.wrong);
	EXPECT_EQ(rounds, race.alerts);
	EXPECT_EQ(rounds, race.apcs);
	TH_LOG("%u waits ran out of time", race.timeouts);
}

/* 11.11: nor does one get lost that races the object. */
TEST_F(alert, races_the_object)
{
	unsigned int rounds = scaled(300), i, objects = 0, alerts = 0;
	struct worker target, waiter;
	int error;

	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(worker_start(&target, dev, leave_on_go));
		waiter.arg = target.fd;
		ASSERT_TRUE(worker_start(&waiter, dev, wait_for_thread));
		ASSERT_TRUE(wait_waiting(waiter.fd));
		if (i & 1)
			worker_go(&target);
		/* The waiter may be gone already. */
		error = alert_thread(waiter.fd);
		EXPECT_TRUE(!error || error == -ESRCH);
		worker_go(&target);
		worker_join(&waiter);
		worker_join(&target);
		if (waiter.ret == NTAPC_STATUS_WAIT_0) {
			objects++;
		} else {
			alerts++;
			EXPECT_EQ(NTAPC_STATUS_ALERTED, waiter.ret);
		}
		close(target.fd);
		close(waiter.fd);
	}
	TH_LOG("%u ended by the exit, %u by the alert", objects, alerts);
	EXPECT_EQ(rounds, objects + alerts);
}

/* By id: section 15 */

FIXTURE(by_id)
{
};

FIXTURE_SETUP(by_id)
{
	ASSERT_TRUE(prepare());
}

FIXTURE_TEARDOWN(by_id)
{
}

static void by_id_worker(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = wait_by_id(worker->dev, 0, now() + PATIENCE);
	worker->arg = log_count();
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
}

/* 15.1 */
TEST_F(by_id, sticks_and_collapses)
{
	__u64 begin = now();
	int i, many;

	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_by_id(dev, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_by_id(dev, 0, begin - 1));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_by_id(dev, 0, begin + 50 * NS_PER_MS));
	EXPECT_LE(begin + 50 * NS_PER_MS, now());
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_by_id(dev, NTAPC_WAIT_REALTIME, 1));
	for (many = 1; many < 4; many++) {
		for (i = 0; i < many; i++) {
			EXPECT_EQ(0, alert_by_id(dev, getpid()));
		}
		EXPECT_EQ(NTAPC_STATUS_ALERTED,
			  wait_by_id(dev, 0, NTAPC_WAIT_FOREVER));
		EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_by_id(dev, 0, 0));
	}
	/* It beats the time. */
	EXPECT_EQ(0, alert_by_id(dev, getpid()));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, wait_by_id(dev, 0, 0));
}

TEST_F(by_id, realtime)
{
	__u64 deadline = now_on(CLOCK_REALTIME) + 50 * NS_PER_MS;

	EXPECT_EQ(NTAPC_STATUS_TIMEOUT,
		  wait_by_id(dev, NTAPC_WAIT_REALTIME, deadline));
	EXPECT_LE(deadline, now_on(CLOCK_REALTIME));
}

TEST_F(by_id, ends_the_wait)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, dev, by_id_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(NTAPC_THREAD_WAITING, thread_bits(worker.fd));
	EXPECT_EQ(0, alert_by_id(dev, worker.tid));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	worker_go(&worker);
	worker_join(&worker);
}

/* 15.1: it isn't the other alert, nor an APC. */
TEST_F(by_id, is_another_bit)
{
	EXPECT_EQ(0, alert_by_id(dev, getpid()));
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(dev, 0));
	EXPECT_EQ(0, alert_thread(self_fd));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, wait_by_id(dev, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_by_id(dev, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, test_alert(dev, 0));
}

/* 15.4: what ends other waits doesn't end this one, and stays. */
static void by_id_then_the_rest(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = wait_by_id(worker->dev, 0, now() + PATIENCE);
	worker->arg = log_count();
	if (test_alert(worker->dev, 0) != NTAPC_STATUS_ALERTED)
		worker->ret = -1;
	if (delay(worker->dev, NTAPC_WAIT_ALERTABLE, 0) !=
	    NTAPC_STATUS_USER_APC)
		worker->ret = -2;
}

TEST_F(by_id, nothing_else_ends_it)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, dev, by_id_then_the_rest));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, queue(worker.fd, log_apc, 1));
	EXPECT_EQ(0, alert_thread(worker.fd));
	EXPECT_EQ(0, resume_thread(worker.fd, NTAPC_RESUME_ALERT));
	breathe(UNHURRIED);
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	/* Nor does a special one: it runs when the wait is over (13.1). */
	EXPECT_EQ(0, queue_special(worker.fd, log_apc, 2));
	breathe(UNHURRIED);
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	EXPECT_EQ(0, alert_by_id(dev, worker.tid));
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	EXPECT_EQ(1, worker.arg);
	EXPECT_EQ(2, log_count());
}

/* 15.1: it doesn't end waits of the other kinds. */
TEST_F(by_id, ends_no_other_wait)
{
	struct worker worker = { .arg = NTAPC_WAIT_ALERTABLE };

	ASSERT_TRUE(worker_start(&worker, dev, delay_worker));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, alert_by_id(dev, worker.tid));
	breathe(UNHURRIED);
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	EXPECT_EQ(0, alert_thread(worker.fd));
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	worker_go(&worker);
	worker_join(&worker);
}

/* 15.3: who can be alerted. */
TEST_F(by_id, who)
{
	struct worker worker;
	pid_t child;
	int ret;

	EXPECT_EQ(-EINVAL, alert_by_id(dev, 0));
	EXPECT_EQ(-EINVAL, alert_by_id(dev, -1));
	EXPECT_EQ(-EINVAL, alert_by_id(dev, INT_MIN));
	EXPECT_EQ(-ESRCH, alert_by_id(dev, INT_MAX));
	EXPECT_EQ(-ESRCH, alert_by_id(dev, 4194304));
	/* kthreadd */
	ret = alert_by_id(dev, 2);
	EXPECT_TRUE(ret == -ESRCH || ret == -EACCES);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(alert_by_id(dev, getppid()) == -EACCES &&
		      !alert_by_id(dev, getpid()) ? 0 : 1);
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, wait_by_id(dev, 0, 0));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pause();
		_exit(1);
	}
	EXPECT_EQ(-EACCES, alert_by_id(dev, child));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	EXPECT_EQ(-ESRCH, alert_by_id(dev, child));
	/* One that has left. */
	ASSERT_TRUE(worker_start(&worker, dev, leave_at_once));
	worker_join(&worker);
	EXPECT_TRUE(wait_until(alert_by_id(dev, worker.tid) == -ESRCH));
	/* One that ntapc has never heard of, through another instance. */
	EXPECT_EQ(0, alert_by_id(open_device(), getpid()));
}

/* A thread that no ioctl has named before. */
static void *nameless(void *arg)
{
	struct worker *worker = arg;

	atomic_store(&worker->tid, syscall(SYS_gettid));
	worker_wait(worker);
	worker->ret = wait_by_id(dev, 0, now() + PATIENCE);
	return NULL;
}

TEST_F(by_id, unknown_thread)
{
	struct worker worker = {};

	ASSERT_EQ(0, pthread_create(&worker.thread, NULL, nameless, &worker));
	ASSERT_TRUE(wait_until(atomic_load(&worker.tid)));
	EXPECT_EQ(0, alert_by_id(dev, worker.tid));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
}

TEST_F(by_id, flags)
{
	__u32 bit;

	for (bit = 1; bit; bit <<= 1)
		if (bit != NTAPC_WAIT_REALTIME)
			EXPECT_EQ(-EINVAL, wait_by_id(dev, bit, 0));
}

TEST_F(by_id, signals)
{
	static const int flags[] = { 0, SA_RESTART };
	struct worker worker;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		catch_signal(SIGUSR1, flags[i]);
		ASSERT_TRUE(worker_start(&worker, dev, by_id_worker));
		ASSERT_TRUE(wait_waiting(worker.fd));
		pthread_kill(worker.thread, SIGUSR1);
		ASSERT_TRUE(wait_until(atomic_load(&signals) == 1));
		if (flags[i]) {
			ASSERT_TRUE(wait_waiting(worker.fd));
			EXPECT_EQ(1, atomic_load(&worker.stage));
			EXPECT_EQ(0, alert_by_id(dev, worker.tid));
		}
		ASSERT_TRUE(worker_reached(&worker, 2));
		EXPECT_EQ(flags[i] ? NTAPC_STATUS_ALERTED : -EINTR, worker.ret);
		worker_go(&worker);
		worker_join(&worker);
		close(worker.fd);
	}
}

TEST_F(by_id, killed)
{
	pid_t child;
	int thread;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		wait_by_id(dev, 0, NTAPC_WAIT_FOREVER);
		_exit(1);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_waiting(thread));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
}

/* Two that wake each other in turn: none is lost, or they stand still. */
static struct worker players[2];

static void play(struct worker *worker)
{
	struct worker *other = &players[worker == &players[0]];
	__u64 i;

	worker_wait(worker);
	for (i = 0; i < worker->arg; i++) {
		if (worker == &players[0] &&
		    alert_by_id(dev, atomic_load(&other->tid)))
			worker->ret = 1;
		if (wait_by_id(dev, 0, now() + PATIENCE) !=
		    NTAPC_STATUS_ALERTED)
			worker->ret = 2;
		if (worker == &players[1] &&
		    alert_by_id(dev, atomic_load(&other->tid)))
			worker->ret = 3;
		if (worker->ret)
			return;
	}
}

TEST_F(by_id, in_turn)
{
	int i;

	for (i = 0; i < 2; i++) {
		players[i].arg = scaled(10000);
		ASSERT_TRUE(worker_start(&players[i], dev, play));
	}
	worker_go(&players[0]);
	worker_go(&players[1]);
	for (i = 0; i < 2; i++) {
		worker_join(&players[i]);
		EXPECT_EQ(0, players[i].ret);
	}
}

TEST_HARNESS_MAIN
