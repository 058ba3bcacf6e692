// SPDX-License-Identifier: GPL-2.0-only
/*
 * APCs, waits, suspension, end and signals of a thread that is attached: each
 * environment has its own queues (rules 2.1, 2.2, 3.3, 9.2, 9.6, 9.8, 9.9).
 */
#include "procs.h"
#include "kselftest_harness.h"

static __u64 word = 0x1000;
static int dev, process;
static struct target target;

FIXTURE(environment)
{
};

static void be_target(struct target *t)
{
	(void)t;
	word = 0x1001;
}

FIXTURE_SETUP(environment)
{
	log_reset();
	dev = open_frames(dispatch_user);
	ASSERT_LE(0, dev);
	ASSERT_TRUE(target_start(&target, be_target));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
}

FIXTURE_TEARDOWN(environment)
{
	EXPECT_TRUE(wait_until(!stack_count(process)));
	target_kill(&target);
}

/*
 * An attached thread that counts, so that it can be seen to run, until it is to
 * detach; and that counts on, detached, until it is to go.
 */
struct counter {
	struct worker worker;
	atomic_int detach, leave;
	volatile __u64 count;
	__u64 seen;
	int detached;
};

static struct counter counter;

static void count_attached(struct worker *worker)
{
	__u32 save;

	worker->ret = attach_stack(process, &save);
	atomic_store(&worker->stage, 1);
	while (!atomic_load(&counter.detach)) {
		counter.count++;
		/* Through the kernel as well as in user code. */
		if (!(counter.count & 1023))
			counter.seen = read_word(worker->dev, &word);
	}
	/* At least once, however soon it was to detach. */
	counter.seen = read_word(worker->dev, &word);
	counter.detached = detach_stack(worker->dev, save);
	atomic_store(&worker->stage, 2);
	while (!atomic_load(&counter.leave))
		counter.count++;
	atomic_store(&worker->stage, 3);
}

static bool counter_start(void)
{
	return worker_start(&counter.worker, dev, count_attached) &&
	       worker_reached(&counter.worker, 1) && !counter.worker.ret;
}

static void counter_end(void)
{
	atomic_store(&counter.detach, 1);
	atomic_store(&counter.leave, 1);
	worker_join(&counter.worker);
}

static int apc_state(int apc)
{
	struct ntapc_apc_result result;

	return apc_result(apc, &result, NULL, 0) ? -1 : (int)result.state;
}

#define THREAD	counter.worker.fd

/* User APCs are all Original's: they wait (9.9). */
TEST_F(environment, user_apcs)
{
	ASSERT_TRUE(counter_start());
	EXPECT_EQ(0, queue(THREAD, log_apc, 1));
	EXPECT_EQ(0, queue_special(THREAD, log_apc, 2));
	EXPECT_EQ(0, queue_interrupt(THREAD, log_apc, 3));
	EXPECT_EQ(3, nr_pending(THREAD));
	EXPECT_TRUE(moves(&counter.count));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(3, nr_pending(THREAD));
	atomic_store(&counter.detach, 1);
	ASSERT_TRUE(worker_reached(&counter.worker, 2));
	/* Special ones have run; the ordinary one still needs to be asked for. */
	EXPECT_EQ(0, counter.detached);
	EXPECT_TRUE(wait_until(log_count() == 2));
	EXPECT_EQ(1, nr_pending(THREAD));
	counter_end();
	EXPECT_EQ(0x1001, counter.seen);
}

static int self_detached;
static unsigned int before_detach, after_detach;

/* To oneself: not before the detachment, but before that call returns (13.2). */
TEST_F(environment, special_to_oneself)
{
	int self_fd = open_thread(dev, 0);
	__u32 save;

	ASSERT_LE(0, self_fd);
	ASSERT_EQ(0, attach_stack(process, &save));
	EXPECT_EQ(0, queue_special(self_fd, log_apc, 1));
	before_detach = log_count();
	EXPECT_EQ(0x1001, read_word(dev, &word));
	self_detached = detach_stack(dev, save);
	after_detach = log_count();
	EXPECT_EQ(0, before_detach);
	EXPECT_EQ(0, self_detached);
	EXPECT_EQ(1, after_detach);
}

/* One that is queued before, and has to run at home, does so before (9.2). */
TEST_F(environment, queued_before)
{
	int self_fd = open_thread(dev, 0);
	struct ntapc_record record;
	__u32 save;

	EXPECT_EQ(0, queue(self_fd, log_apc, 7));
	ASSERT_EQ(0, attach_stack(process, &save));
	/* In the saved state it is out of reach. */
	EXPECT_EQ(0, take_records(dev, &record, 1));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, test_alert(dev, 0));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(1, nr_pending(self_fd));
	EXPECT_EQ(0, detach_stack(dev, save));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(7, log_entry(0));
}

static void wait_attached(struct worker *worker)
{
	__u32 save;

	worker->arg = attach_stack(process, &save);
	worker->ret = delay(worker->dev, NTAPC_WAIT_ALERTABLE,
			    in_ms(PATIENCE_MS));
	atomic_store(&worker->stage, 1);
	worker->arg |= detach_stack(worker->dev, save);
	worker_wait(worker);
	/* At home it is there. */
	atomic_store(&worker->stage, delay(worker->dev, NTAPC_WAIT_ALERTABLE,
					   0) ? 2 : 3);
}

/* An alertable wait isn't ended by what waits at home (3.3); by an alert it is. */
TEST_F(environment, alertable_wait)
{
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, wait_attached));
	ASSERT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, queue(worker.fd, log_apc, 1));
	EXPECT_EQ(0, queue(worker.fd, log_apc, 2));
	EXPECT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(NTAPC_THREAD_WAITING | NTAPC_THREAD_ALERTABLE |
		  NTAPC_THREAD_ATTACHED, thread_bits(worker.fd));
	EXPECT_EQ(0, worker.stage);
	EXPECT_EQ(0, alert_thread(worker.fd));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	EXPECT_EQ(0, log_count());
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, worker.arg);
	EXPECT_EQ(2, worker.stage);
	EXPECT_EQ(2, log_count());
}

/*
 * Kernel APCs by name, for each environment and for where the thread is when they
 * are queued.
 */
FIXTURE(kernel_apcs)
{
};

FIXTURE_VARIANT(kernel_apcs)
{
	__u32 flags;
	/* Where it runs: bit 0 at home, bit 1 attached; if it is there then. */
	bool at_home, attached;
};

FIXTURE_VARIANT_ADD(kernel_apcs, original)
{
	.at_home = true,
};

FIXTURE_VARIANT_ADD(kernel_apcs, original_special)
{
	.flags = NTAPC_KERNEL_APC_SPECIAL,
	.at_home = true,
};

FIXTURE_VARIANT_ADD(kernel_apcs, attached)
{
	.flags = NTAPC_KERNEL_APC_ATTACHED,
	.attached = true,
};

FIXTURE_VARIANT_ADD(kernel_apcs, attached_special)
{
	.flags = NTAPC_KERNEL_APC_ATTACHED | NTAPC_KERNEL_APC_SPECIAL,
	.attached = true,
};

FIXTURE_VARIANT_ADD(kernel_apcs, current)
{
	.flags = NTAPC_KERNEL_APC_CURRENT,
	.at_home = true,
	.attached = true,
};

FIXTURE_VARIANT_ADD(kernel_apcs, insert)
{
	.flags = NTAPC_KERNEL_APC_INSERT,
	.at_home = true,
	.attached = true,
};

FIXTURE_SETUP(kernel_apcs)
{
	environment_setup(_metadata, NULL, NULL);
}

FIXTURE_TEARDOWN(kernel_apcs)
{
	environment_teardown(_metadata, NULL, NULL);
}

/* Queued from outside while it is attached. */
TEST_F(kernel_apcs, while_attached)
{
	int apc;

	ASSERT_TRUE(counter_start());
	apc = kernel_apc(THREAD, variant->flags, "count", 0);
	ASSERT_LE(0, apc);
	if (variant->attached) {
		EXPECT_TRUE(wait_until(apc_state(apc) == NTAPC_APC_RUN));
	} else {
		EXPECT_TRUE(moves(&counter.count));
		EXPECT_TRUE(wait_until(counter.seen == 0x1001));
		EXPECT_EQ(NTAPC_APC_QUEUED, apc_state(apc));
	}
	EXPECT_TRUE(thread_bits(THREAD) & NTAPC_THREAD_ATTACHED);
	atomic_store(&counter.detach, 1);
	ASSERT_TRUE(worker_reached(&counter.worker, 2));
	/* What waited at home has run before the detachment was over (9.6). */
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(apc));
	EXPECT_EQ(0, counter.detached);
	counter_end();
	EXPECT_EQ(0x1001, counter.seen);
}

/* Queued to oneself: before attaching, while attached, and after. */
TEST_F(kernel_apcs, to_oneself)
{
	int self_fd = open_thread(dev, 0), before, during, after;
	__u32 save;

	ASSERT_LE(0, self_fd);
	before = kernel_apc(self_fd, variant->flags, "count", 0);
	ASSERT_LE(0, before);
	EXPECT_EQ(variant->at_home ? NTAPC_APC_RUN : NTAPC_APC_QUEUED,
		  apc_state(before));
	ASSERT_EQ(0, attach_stack(process, &save));
	/* What waited for an attachment finds it. */
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(before));
	during = kernel_apc(self_fd, variant->flags, "count", 0);
	ASSERT_LE(0, during);
	EXPECT_EQ(variant->attached ? NTAPC_APC_RUN : NTAPC_APC_QUEUED,
		  apc_state(during));
	EXPECT_EQ(0x1001, read_word(dev, &word));
	ASSERT_EQ(0, detach_stack(dev, save));
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(during));
	after = kernel_apc(self_fd, variant->flags, "count", 0);
	ASSERT_LE(0, after);
	EXPECT_EQ(variant->at_home ? NTAPC_APC_RUN : NTAPC_APC_QUEUED,
		  apc_state(after));
	if (!variant->at_home) {
		EXPECT_EQ(1, apc_remove(after));
		EXPECT_EQ(NTAPC_APC_REMOVED, apc_state(after));
	}
}

/* Taken back from the environment that it isn't in (7.1). */
TEST_F(kernel_apcs, remove)
{
	int self_fd = open_thread(dev, 0), apc;
	__u32 save;

	ASSERT_LE(0, self_fd);
	if (!variant->at_home) {
		apc = kernel_apc(self_fd, variant->flags, "count", 0);
		EXPECT_EQ(1, apc_remove(apc));
		ASSERT_EQ(0, attach_stack(process, &save));
		EXPECT_EQ(NTAPC_APC_REMOVED, apc_state(apc));
		EXPECT_EQ(0, detach_stack(dev, save));
	}
	if (!variant->attached) {
		ASSERT_EQ(0, attach_stack(process, &save));
		apc = kernel_apc(self_fd, variant->flags, "count", 0);
		EXPECT_EQ(1, apc_remove(apc));
		EXPECT_EQ(0, detach_stack(dev, save));
		EXPECT_EQ(NTAPC_APC_REMOVED, apc_state(apc));
	}
}

/* In a wait that it makes attached. */
TEST_F(kernel_apcs, in_a_wait)
{
	struct worker worker = {};
	int apc;

	ASSERT_TRUE(worker_start(&worker, dev, wait_attached));
	ASSERT_TRUE(wait_waiting(worker.fd));
	apc = kernel_apc(worker.fd, variant->flags, "count", 0);
	ASSERT_LE(0, apc);
	if (variant->attached) {
		EXPECT_TRUE(wait_until(apc_state(apc) == NTAPC_APC_RUN));
	} else {
		EXPECT_TRUE(wait_asleep(worker.tid));
		EXPECT_EQ(NTAPC_APC_QUEUED, apc_state(apc));
	}
	/* It never ends the wait (3.5, 11.4). */
	EXPECT_TRUE(wait_waiting(worker.fd));
	EXPECT_EQ(0, alert_thread(worker.fd));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, worker.ret);
	EXPECT_TRUE(wait_until(apc_state(apc) == NTAPC_APC_RUN));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, worker.arg);
}

static void end_attached(struct worker *worker)
{
	__u32 save;

	worker->ret = attach_stack(process, &save);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

/* What its thread doesn't come to any more is run down (7.3). */
TEST_F(kernel_apcs, thread_ends_attached)
{
	struct worker worker = {};
	int apc;

	ASSERT_TRUE(worker_start(&worker, dev, end_attached));
	ASSERT_TRUE(worker_reached(&worker, 1));
	apc = kernel_apc(worker.fd, variant->flags, "count", 0);
	ASSERT_LE(0, apc);
	EXPECT_EQ(0, queue(worker.fd, log_apc, 1));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_TRUE(wait_gone(worker.fd));
	EXPECT_TRUE(wait_until(poll_now(apc) == POLLIN));
	if (variant->attached) {
		EXPECT_NE(NTAPC_APC_QUEUED, apc_state(apc));
	} else {
		/* Detaching at the end doesn't run anything. */
		EXPECT_TRUE(apc_state(apc) == NTAPC_APC_RUN_DOWN ||
			    apc_state(apc) == NTAPC_APC_RUN);
	}
	EXPECT_EQ(0, log_count());
}

/* At most one environment, of those there are. */
TEST_F(environment, flags)
{
	static const __u32 bad[] = {
		NTAPC_KERNEL_APC_ATTACHED | NTAPC_KERNEL_APC_CURRENT,
		NTAPC_KERNEL_APC_ATTACHED | NTAPC_KERNEL_APC_INSERT,
		NTAPC_KERNEL_APC_CURRENT | NTAPC_KERNEL_APC_INSERT,
		NTAPC_KERNEL_APC_ATTACHED | NTAPC_KERNEL_APC_CURRENT |
		NTAPC_KERNEL_APC_INSERT, 1U << 4,
	};
	int self_fd = open_thread(dev, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, kernel_apc(self_fd, bad[i], "count", 0));
	}
}

/*
 * What waits for the Attached environment in each level of a nest: it is run where
 * it was queued, inner ones first (9.8).
 */
TEST_F(environment, nested_levels)
{
	int self_fd = open_thread(dev, 0), home, other;
	struct target second;
	__u32 save[2];

	ASSERT_TRUE(target_start(&second, be_target));
	other = open_process(dev, second.pid);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, attach_stack(process, &save[0]));
	home = kernel_apc(self_fd, 0, "count", 0);
	ASSERT_EQ(0, attach_stack(other, &save[1]));
	EXPECT_EQ(NTAPC_APC_QUEUED, apc_state(home));
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(0, detach_stack(dev, save[1]));
	/* Still not at home. */
	EXPECT_EQ(NTAPC_APC_QUEUED, apc_state(home));
	EXPECT_EQ(0, detach_stack(dev, save[0]));
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(home));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(1, log_count());
	target_kill(&second);
}

/* The thread's own process, reached by attaching, isn't its home (9.12). */
TEST_F(environment, home_by_attaching)
{
	int self_fd = open_thread(dev, 0), own = open_process(dev, 0), apc;
	__u32 save[2];

	ASSERT_EQ(0, attach_stack(process, &save[0]));
	ASSERT_EQ(0, attach_stack(own, &save[1]));
	EXPECT_EQ(0x1000, read_word(dev, &word));
	apc = kernel_apc(self_fd, 0, "count", 0);
	EXPECT_EQ(0, queue_special(self_fd, log_apc, 1));
	EXPECT_EQ(NTAPC_APC_QUEUED, apc_state(apc));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(0, detach_stack(dev, save[1]));
	EXPECT_EQ(NTAPC_APC_QUEUED, apc_state(apc));
	EXPECT_EQ(0, detach_stack(dev, save[0]));
	EXPECT_EQ(NTAPC_APC_RUN, apc_state(apc));
	EXPECT_EQ(1, log_count());
	EXPECT_EQ(0, stack_count(own));
}

/* It can't be suspended before it detaches, and then is before it goes on (9.9). */
TEST_F(environment, suspend)
{
	__u64 before;

	ASSERT_TRUE(counter_start());
	EXPECT_EQ(0, suspend_thread(THREAD, 0));
	EXPECT_TRUE(moves(&counter.count));
	before = counter.seen;
	EXPECT_EQ(NTAPC_THREAD_SUSPENDING | NTAPC_THREAD_ATTACHED,
		  thread_bits(THREAD));
	EXPECT_EQ(0, poll_now(THREAD));
	EXPECT_EQ(1, suspend_thread(THREAD, 0));
	EXPECT_TRUE(moves(&counter.count));
	atomic_store(&counter.detach, 1);
	ASSERT_TRUE(wait_suspended(THREAD));
	EXPECT_EQ(0, thread_bits(THREAD) & NTAPC_THREAD_ATTACHED);
	EXPECT_TRUE(stands_still(&counter.count));
	/* Before the detachment has returned. */
	EXPECT_EQ(1, counter.worker.stage);
	EXPECT_EQ(2, resume_thread(THREAD, 0));
	EXPECT_TRUE(stands_still(&counter.count));
	EXPECT_EQ(1, resume_thread(THREAD, 0));
	ASSERT_TRUE(worker_reached(&counter.worker, 2));
	EXPECT_TRUE(moves(&counter.count));
	EXPECT_EQ(0, counter.detached);
	EXPECT_TRUE(before == 0 || before == 0x1001);
	counter_end();
}

/* A suspension that is taken back before never happens. */
TEST_F(environment, suspend_and_resume_meanwhile)
{
	ASSERT_TRUE(counter_start());
	EXPECT_EQ(0, suspend_thread(THREAD, 0));
	EXPECT_TRUE(moves(&counter.count));
	EXPECT_EQ(1, resume_thread(THREAD, 0));
	atomic_store(&counter.detach, 1);
	ASSERT_TRUE(worker_reached(&counter.worker, 2));
	EXPECT_TRUE(moves(&counter.count));
	EXPECT_EQ(0, thread_bits(THREAD));
	counter_end();
}

static void suspend_and_wait(struct worker *worker)
{
	worker->ret = suspend_thread(THREAD, NTAPC_SUSPEND_WAIT);
	atomic_store(&worker->stage, 1);
}

TEST_F(environment, suspend_wait)
{
	struct worker worker = {};

	ASSERT_TRUE(counter_start());
	ASSERT_TRUE(worker_start(&worker, dev, suspend_and_wait));
	ASSERT_TRUE(wait_bits(THREAD, NTAPC_THREAD_SUSPENDING,
			      NTAPC_THREAD_SUSPENDING));
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_TRUE(moves(&counter.count));
	EXPECT_EQ(0, worker.stage);
	atomic_store(&counter.detach, 1);
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, worker.ret);
	EXPECT_TRUE(stands_still(&counter.count));
	worker_join(&worker);
	EXPECT_EQ(1, resume_thread(THREAD, 0));
	counter_end();
}

/* Of oneself: attached it goes on, and stands when it detaches. */
static void suspend_oneself(struct worker *worker)
{
	int self_fd = open_thread(worker->dev, 0);
	__u32 save;

	worker->ret = attach_stack(process, &save) ||
		      suspend_thread(self_fd, 0) ||
		      read_word(worker->dev, &word) != 0x1001;
	atomic_store(&worker->stage, 1);
	worker->ret |= detach_stack(worker->dev, save);
	atomic_store(&worker->stage, 2);
}

TEST_F(environment, suspend_oneself)
{
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, suspend_oneself));
	ASSERT_TRUE(wait_suspended(worker.fd));
	EXPECT_EQ(1, worker.stage);
	EXPECT_EQ(1, resume_thread(worker.fd, 0));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(2, worker.stage);
}

/* Nor does it end before (7.5, 9.9). */
TEST_F(environment, terminate)
{
	struct ntapc_thread_info info;

	ASSERT_TRUE(counter_start());
	EXPECT_EQ(0, terminate_thread(THREAD, 0xdead0009));
	EXPECT_TRUE(moves(&counter.count));
	EXPECT_TRUE(wait_until(counter.seen == 0x1001));
	EXPECT_EQ(NTAPC_THREAD_TERMINATING | NTAPC_THREAD_ATTACHED,
		  thread_bits(THREAD));
	EXPECT_EQ(-ESRCH, suspend_thread(THREAD, 0));
	atomic_store(&counter.detach, 1);
	EXPECT_TRUE(wait_gone(THREAD));
	worker_join(&counter.worker);
	/* The detachment didn't return any more. */
	EXPECT_EQ(1, counter.worker.stage);
	ASSERT_EQ(0, get_thread_info(THREAD, &info));
	EXPECT_EQ(0xdead0009, info.exit_status);
	EXPECT_EQ(NTAPC_THREAD_EXITED, info.state);
}

static struct ntapc_context context;

static void fetch_context(struct worker *worker)
{
	worker->ret = get_context(THREAD, NTAPC_CONTEXT_CONTROL, &context);
	atomic_store(&worker->stage, 1);
}

/* Its registers are to be had when it comes home. */
TEST_F(environment, get_context)
{
	struct worker worker = {};

	ASSERT_TRUE(counter_start());
	ASSERT_TRUE(worker_start(&worker, dev, fetch_context));
	ASSERT_TRUE(wait_asleep(worker.tid));
	EXPECT_TRUE(moves(&counter.count));
	EXPECT_EQ(0, worker.stage);
	atomic_store(&counter.detach, 1);
	ASSERT_TRUE(worker_reached(&worker, 1));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_NE(0, context.rip);
	counter_end();
}

static void spin_attached(struct target *t)
{
	dev = open_device();
	if (attach(process))
		_exit(1);
	atomic_store(&t->shared->stage, 1);
	for (;;)
		atomic_fetch_add(&t->shared->value[0], 1);
}

/* SIGKILL ends it at once, suspended and terminated or not. */
TEST_F(environment, sigkill)
{
	struct target attacher;
	int thread;

	ASSERT_TRUE(target_start(&attacher, spin_attached));
	thread = open_thread(dev, attacher.pid);
	ASSERT_LE(0, thread);
	EXPECT_EQ(1, stack_count(process));
	EXPECT_EQ(0, suspend_thread(thread, 0));
	EXPECT_EQ(0, queue(thread, log_apc, 1));
	EXPECT_TRUE(moves((void *)&attacher.shared->value[0]));
	EXPECT_EQ(-SIGKILL, target_kill(&attacher));
	EXPECT_TRUE(wait_gone(thread));
	EXPECT_TRUE(wait_until(!stack_count(process)));
}

/* Stopped and continued, it still is where it was. */
TEST_F(environment, sigstop)
{
	struct target attacher;
	int thread, status;

	ASSERT_TRUE(target_start(&attacher, spin_attached));
	thread = open_thread(dev, attacher.pid);
	kill(attacher.pid, SIGSTOP);
	ASSERT_EQ(attacher.pid, waitpid(attacher.pid, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_TRUE(stands_still((void *)&attacher.shared->value[0]));
	EXPECT_EQ(1, stack_count(process));
	kill(attacher.pid, SIGCONT);
	EXPECT_TRUE(moves((void *)&attacher.shared->value[0]));
	EXPECT_TRUE(thread_bits(thread) & NTAPC_THREAD_ATTACHED);
	target_kill(&attacher);
}

static volatile __u64 handler_saw;
static atomic_int handler_runs;

static void look(int sig)
{
	(void)sig;
	handler_saw = read_word(dev, &word);
	atomic_fetch_add(&handler_runs, 1);
}

/* A signal's handler runs as ever, and what it does through ntapc acts there. */
TEST_F(environment, signal_handler)
{
	struct sigaction action = { .sa_handler = look };
	__u32 save;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, attach_stack(process, &save));
	raise(SIGUSR1);
	EXPECT_EQ(1, handler_runs);
	EXPECT_EQ(0x1001, handler_saw);
	EXPECT_EQ(0, detach_stack(dev, save));
	raise(SIGUSR1);
	EXPECT_EQ(0x1000, handler_saw);
}

/* The handler in between, in a thread that is to be suspended. */
TEST_F(environment, signal_while_to_be_suspended)
{
	struct sigaction action = { .sa_handler = look };

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_TRUE(counter_start());
	EXPECT_EQ(0, suspend_thread(THREAD, 0));
	EXPECT_TRUE(moves(&counter.count));
	pthread_kill(counter.worker.thread, SIGUSR1);
	EXPECT_TRUE(wait_until(handler_runs == 1));
	EXPECT_EQ(0x1001, handler_saw);
	atomic_store(&counter.detach, 1);
	ASSERT_TRUE(wait_suspended(THREAD));
	/* Then they are held back. */
	pthread_kill(counter.worker.thread, SIGUSR1);
	EXPECT_TRUE(stands_still(&counter.count));
	EXPECT_EQ(1, handler_runs);
	EXPECT_EQ(1, resume_thread(THREAD, 0));
	EXPECT_TRUE(wait_until(handler_runs == 2));
	counter_end();
}

/*
 * Copies by an attached thread under a storm of signals: each is whole, or says
 * that it isn't.
 */
static atomic_bool storming;

static void *send_signals(void *arg)
{
	pthread_t thread = *(pthread_t *)arg;
	unsigned int round = 0;

	while (atomic_load(&storming)) {
		pthread_kill(thread, SIGUSR1);
		breathe(++round & 15);
	}
	return NULL;
}

static void count_only(int sig)
{
	(void)sig;
	atomic_fetch_add(&handler_runs, 1);
}

TEST_F(environment, signals_during_copies)
{
	struct sigaction action = { .sa_handler = count_only };
	unsigned int rounds = scaled(2000), i;
	__u64 give_up = in_ms(PATIENCE_MS);
	pthread_t me = pthread_self(), sender;
	static char buffer[300000];
	__u32 save;

	/* The same memory here and there, as far as the copies are concerned. */
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, attach_stack(process, &save));
	atomic_store(&storming, true);
	ASSERT_EQ(0, pthread_create(&sender, NULL, send_signals, &me));
	/* The sender has to come to run for that. */
	for (i = 0; i < rounds ||
		    (!atomic_load(&handler_runs) && now() < give_up); i++) {
		ASSERT_EQ(0, copy_read(dev, buffer, buffer, sizeof(buffer)));
		ASSERT_EQ(0x1001, read_word(dev, &word));
	}
	atomic_store(&storming, false);
	pthread_join(sender, NULL);
	EXPECT_LT(0, handler_runs);
	EXPECT_EQ(0, detach_stack(dev, save));
}

/* Queueing from several sides while it attaches and detaches: none is lost. */
static atomic_bool hopping;

static void hop(struct worker *worker)
{
	__u32 save;

	while (atomic_load(&hopping)) {
		if (attach_stack(process, &save) ||
		    read_word(worker->dev, &word) != 0x1001 ||
		    detach_stack(worker->dev, save) ||
		    read_word(worker->dev, &word) != 0x1000)
			worker->ret++;
		delay(worker->dev, NTAPC_WAIT_ALERTABLE, 0);
	}
	while (nr_pending(worker->fd))
		delay(worker->dev, NTAPC_WAIT_ALERTABLE, 0);
}

TEST_F(environment, queueing_meanwhile)
{
	unsigned int rounds = scaled(2000), i, run = 0;
	struct ntapc_thread_info info;
	struct worker worker = {};
	int apc[3];

	if (rounds > LOG_MAX / 2)
		rounds = LOG_MAX / 2;
	atomic_store(&hopping, true);
	ASSERT_TRUE(worker_start(&worker, dev, hop));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, queue(worker.fd, log_apc, i));
		if (i % 4 == 0) {
			ASSERT_EQ(0, queue_special(worker.fd, log_apc, i));
		}
		apc[0] = kernel_apc(worker.fd, 0, "count", 0);
		apc[1] = kernel_apc(worker.fd, NTAPC_KERNEL_APC_ATTACHED,
				    "count", 0);
		apc[2] = kernel_apc(worker.fd, NTAPC_KERNEL_APC_INSERT |
				    NTAPC_KERNEL_APC_SPECIAL, "count", 0);
		ASSERT_LE(0, apc[0]);
		ASSERT_LE(0, apc[1]);
		ASSERT_LE(0, apc[2]);
		if (i % 8 == 0) {
			ASSERT_EQ(0, suspend_thread(worker.fd,
						    NTAPC_SUSPEND_WAIT));
			EXPECT_FALSE(thread_bits(worker.fd) &
				     NTAPC_THREAD_ATTACHED);
			ASSERT_EQ(1, resume_thread(worker.fd, 0));
		}
		run += 3;
		ASSERT_TRUE(wait_until(apc_state(apc[0]) == NTAPC_APC_RUN &&
				       apc_state(apc[1]) == NTAPC_APC_RUN &&
				       apc_state(apc[2]) == NTAPC_APC_RUN));
		close(apc[0]);
		close(apc[1]);
		close(apc[2]);
	}
	atomic_store(&hopping, false);
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_TRUE(wait_gone(worker.fd));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(run, info.nr_kernel_run);
	EXPECT_EQ(rounds + (rounds + 3) / 4, log_count());
	EXPECT_EQ(info.nr_queued, info.nr_delivered);
}

TEST_HARNESS_MAIN
