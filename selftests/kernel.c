// SPDX-License-Identifier: GPL-2.0-only
/*
 * The in-kernel API, through a client module (client/): rules 2.1 to 2.5, 3.1 to
 * 3.8, 4.2 to 4.8, 5.1, 5.5, 6.1 to 6.7, 7.1 to 7.4, 8.1 to 8.5, 9.10, 9.12, 11.1,
 * 11.4, 11.8 and 11.10. Needs NTAPC_CLIENT_KO, the client's file.
 * How it is driven, and what order() and trace() say, is in kernel.h.
 */
#include "common.h"
#include "kselftest_harness.h"
#include "calls.h"
#include "kernel.h"

#define PATIENCE	(PATIENCE_MS * NS_PER_MS)

FIXTURE(kernel)
{
	int unused;
};

FIXTURE_SETUP(kernel)
{
	NEED_CLIENT();
}

FIXTURE_TEARDOWN_PARENT(kernel)
{
	CLIENT_GOES();
}

/* Making and inserting: sections 2 and 3 */

/* 2.3: without a normal routine it is a kernel APC, and has no context. */
TEST_F(kernel, no_normal_routine_makes_it_special)
{
	struct client_event *event;

	EXPECT_EQ(1, RUN(SPECIAL(1, .mode = USER_MODE, .program = 3,
				 .arg = { 5, 6 })));
	EXPECT_STREQ("K1", order());
	event = find_event(CLIENT_KERNEL);
	EXPECT_EQ(0, event->context);
	EXPECT_EQ(5, event->arg[0]);
	EXPECT_EQ(6, event->arg[1]);
}

/* 2.4, 2.5: with one it is a normal kernel APC; insertion sets its arguments. */
TEST_F(kernel, normal_routine_and_arguments)
{
	struct client_event *event;

	EXPECT_EQ(1, RUN(NORMAL(1, .arg = { ~0ULL, 7 })));
	EXPECT_STREQ("K1 N1", order());
	event = find_event(CLIENT_NORMAL);
	EXPECT_EQ(1, event->context);
	EXPECT_EQ(~0ULL, event->arg[0]);
	EXPECT_EQ(7, event->arg[1]);
	EXPECT_EQ(getpid(), event->tid);
}

/* 2.1, 2.2, 3.3: of a thread that isn't attached all but Attached are its own. */
TEST_F(kernel, environments)
{
	struct ntapc_thread_info info;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		EXPECT_EQ(1, RUN(SPECIAL(i, .environment = i)));
	}
	EXPECT_STREQ("K0 K2 K3", order());
	EXPECT_EQ(1, nr_kernel(self_fd));
	EXPECT_EQ(1, RUN(STEP(REMOVE, .id = ENV_ATTACHED)));
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(0, info.nr_kernel);
	EXPECT_EQ(3, info.nr_kernel_run);
}

/* 3.1: not a second time, and not to a thread that has ended. */
TEST_F(kernel, refused_insertions)
{
	EXPECT_EQ(1, RUN(SPECIAL_AND(1, CLIENT_TWICE)));
	EXPECT_EQ(1, RUN(NORMAL(2, .flags = CLIENT_TWICE)));
	EXPECT_STREQ("K1 K2 N2", order());

	EXPECT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1),
			 STEP(WAIT, .target = -1, .arg = { CLIENT_FOREVER })));
	reset_events();
	EXPECT_EQ(0, RUN(SPECIAL(3, .target = -1)));
	EXPECT_EQ(0, RUN(NORMAL(4, .target = -1)));
	EXPECT_STREQ("", order());
}

/* 3.2, 4.3: special ones first, each kind in its order. */
TEST_F(kernel, order_of_insertion)
{
	EXPECT_EQ(0, RUN(STEP(ENTER_GUARDED), NORMAL(1), NORMAL(2), SPECIAL(3),
			 NORMAL(4), SPECIAL(5), STEP(LEAVE_GUARDED)));
	EXPECT_STREQ("K3 K5 K1 N1 K2 N2 K4 N4", order());
}

/* 3.4, 4.8: to oneself; it has run when the system call is over. */
TEST_F(kernel, to_oneself)
{
	EXPECT_EQ(0, RUN(NORMAL(1), SPECIAL(2), MARK(1)));
	EXPECT_STREQ("M1 K2 K1 N1", order());
}

TEST_F(kernel, inserted_in_atomic_context)
{
	EXPECT_EQ(1, RUN(NORMAL(1, .flags = CLIENT_ATOMIC)));
	EXPECT_EQ(1, RUN(SPECIAL_AND(2, CLIENT_ATOMIC)));
	EXPECT_STREQ("K1 N1 K2", order());
}

/* 3.5: a thread in user code is interrupted. */
TEST_F(kernel, to_a_running_thread)
{
	unsigned int rounds = scaled(200), i;
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, spin));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(1, RUN(NORMAL(i, .target = worker.tid)));
		ASSERT_TRUE(wait_until(count_events(CLIENT_NORMAL_END) == 1));
		EXPECT_EQ(worker.tid, find_event(CLIENT_KERNEL)->tid);
		EXPECT_EQ(worker.tid, find_event(CLIENT_NORMAL)->tid);
		reset_events();
	}
	worker_go(&worker);
	worker_join(&worker);
}

/* User memory is the target's, another process's too. */
TEST_F(kernel, in_the_targets_address_space)
{
	volatile __u64 *shared, *private;
	pid_t child;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	private = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_NE(MAP_FAILED, private);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		while (!*private)
			shared[1] = 1;
		shared[0] = *private;
		_exit(0);
	}
	ASSERT_TRUE(wait_until(shared[1]));
	ASSERT_EQ(0, PROGRAM(1, STEP(WRITE_USER, .routine = ADDR(private),
				     .arg = { 77 })));
	EXPECT_EQ(1, RUN(SPECIAL(1, .target = child, .kernel_program = 1)));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(77, shared[0]);
	EXPECT_EQ(0, *private);
}

/* Delivering: section 4 */

/* 4.2, 8.2: in a guarded region nothing runs, not at a safe point either. */
TEST_F(kernel, guarded_region_holds_all)
{
	EXPECT_EQ(0, RUN(STEP(ENTER_GUARDED), NORMAL(1), SPECIAL(2), MARK(1),
			 SAFE_POINT, MARK(2), STEP(LEAVE_GUARDED), MARK(3)));
	EXPECT_STREQ("M1 M2 K2 K1 N1 M3", order());
}

/* 4.3, 8.1, 8.4: a critical region holds normal ones. */
TEST_F(kernel, critical_region_holds_normal_ones)
{
	EXPECT_EQ(0, RUN(STEP(ENTER_CRITICAL), NORMAL(1), SPECIAL(2), MARK(1),
			 SAFE_POINT, MARK(2), STEP(LEAVE_CRITICAL), MARK(3)));
	EXPECT_STREQ("M1 K2 M2 K1 N1 M3", order());
}

/* 4.3: a normal one that is held up holds up those that come later. */
TEST_F(kernel, user_apcs_wait_for_normal_ones)
{
	EXPECT_EQ(1, RUN(STEP(ENTER_CRITICAL), NORMAL(1)));
	EXPECT_EQ(0, queue_special(self_fd, log_apc, 1));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(0, RUN(STEP(LEAVE_CRITICAL)));
	EXPECT_STREQ("K1 N1", order());
	EXPECT_TRUE(wait_until(log_count() == 1));
}

/* 4.4: normal ones don't nest, a special one interrupts one. */
TEST_F(kernel, nesting)
{
	ASSERT_EQ(0, PROGRAM(1, SPECIAL(2), NORMAL(3), SAFE_POINT, MARK(1)));
	EXPECT_EQ(1, RUN(NORMAL(1, .program = 1)));
	EXPECT_STREQ("K1 k1 N1 K2 k2 M1 n1 K3 k3 N3 n3", trace());
}

/* Not NT's, which has APC_LEVEL: a special one interrupts a kernel routine. */
TEST_F(kernel, kernel_routine_is_interrupted)
{
	ASSERT_EQ(0, PROGRAM(1, SPECIAL(2), SAFE_POINT, MARK(1)));
	EXPECT_EQ(1, RUN(SPECIAL(1, .kernel_program = 1)));
	EXPECT_STREQ("K1 K2 k2 M1 k1", trace());
}

/* Nor is sleeping forbidden there; the client stays meanwhile. */
TEST_F(kernel, kernel_routine_sleeps)
{
	struct worker worker = {};

	ASSERT_EQ(0, PROGRAM(1, STEP(WAIT_GATE, .id = 1)));
	ASSERT_TRUE(worker_start(&worker, dev, spin));
	EXPECT_EQ(1, RUN(NORMAL(1, .target = worker.tid,
				.kernel_program = 1)));
	ASSERT_TRUE(wait_order("K1"));
	close(client);
	EXPECT_TRUE(is_busy(unload_client()));
	ASSERT_EQ(0, open_client());
	EXPECT_STREQ("K1", trace());
	EXPECT_EQ(0, RUN(STEP(OPEN_GATE, .id = 1)));
	EXPECT_TRUE(wait_until(!strcmp("K1 k1 N1 n1", trace())));
	worker_go(&worker);
	worker_join(&worker);
}

/* 4.3: the kernel routine may take the normal routine away. */
TEST_F(kernel, kernel_routine_suppresses)
{
	EXPECT_EQ(1, RUN(NORMAL(1, .flags = CLIENT_SUPPRESS), NORMAL(2)));
	EXPECT_STREQ("K1 K2 N2", order());
}

/* 4.3: or put another in its place, and change what that gets. */
TEST_F(kernel, kernel_routine_changes)
{
	struct client_event *event;

	EXPECT_EQ(1, RUN(NORMAL(1, .flags = CLIENT_CHANGE, .arg = { 5, 6 })));
	EXPECT_STREQ("K1 O0", order());
	event = find_event(CLIENT_OTHER_NORMAL);
	EXPECT_EQ(CLIENT_CHANGED(1), event->context);
	EXPECT_EQ(CLIENT_CHANGED(5), event->arg[0]);
	EXPECT_EQ(CLIENT_CHANGED(6), event->arg[1]);
}

/* 4.3: the APC is the kernel routine's, which may insert it again. */
TEST_F(kernel, kernel_routine_inserts_again)
{
	EXPECT_EQ(0, RUN(STEP(ENTER_GUARDED),
			 SPECIAL_AND(1, CLIENT_REINSERT, .times = 2),
			 SPECIAL(2), STEP(LEAVE_GUARDED)));
	EXPECT_STREQ("K1 K2 K1 K1", order());
	reset_events();
	EXPECT_EQ(1, RUN(NORMAL(1, .flags = CLIENT_REINSERT, .times = 2)));
	EXPECT_STREQ("K1 N1 K1 N1 K1 N1", order());
}

/* 4.5, 3.6: a client's user APC is one like any other. */
TEST_F(kernel, user_apc)
{
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(1, RUN(STEP(INSERT, .id = 1, .mode = USER_MODE,
			      .routine = ADDR(log_apc), .context = 2)));
	EXPECT_EQ(0, queue(self_fd, log_apc, 3));
	EXPECT_EQ(3, nr_pending(self_fd));
	EXPECT_STREQ("", order());
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_STREQ("K1", order());
	ASSERT_EQ(3, log_count());
	EXPECT_EQ(1, log_entry(0));
	EXPECT_EQ(2, log_entry(1));
	EXPECT_EQ(3, log_entry(2));
}

/* 4.5: its kernel routine may change it; suppressed, the next one follows. */
TEST_F(kernel, user_apc_changed_and_suppressed)
{
	struct ntapc_thread_info info;

	EXPECT_EQ(1, RUN(STEP(INSERT, .id = 1, .mode = USER_MODE,
			      .flags = CLIENT_SUPPRESS,
			      .routine = ADDR(log_apc), .context = 1),
			 STEP(INSERT, .id = 2, .mode = USER_MODE,
			      .flags = CLIENT_CHANGE,
			      .routine = ADDR(log_apc), .context = 2)));
	EXPECT_EQ(0, queue(self_fd, log_apc, 3));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_STREQ("K1 K2", order());
	ASSERT_EQ(2, log_count());
	EXPECT_EQ(CLIENT_CHANGED(2), log_entry(0));
	EXPECT_EQ(3, log_entry(1));
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(3, info.nr_queued);
	EXPECT_EQ(info.nr_queued, info.nr_delivered + info.nr_dropped);
}

/* The same as records; its kernel routine has its say for each by itself. */
TEST_F(kernel, user_apcs_as_records)
{
	struct ntapc_record records[4];

	EXPECT_EQ(1, RUN(STEP(INSERT, .id = 1, .mode = USER_MODE,
			      .flags = CLIENT_SUPPRESS, .routine = 16),
			 STEP(INSERT, .id = 2, .mode = USER_MODE,
			      .flags = CLIENT_CHANGE, .routine = 16,
			      .context = 2, .arg = { 3, 4 }),
			 STEP(INSERT, .id = 3, .mode = USER_MODE,
			      .routine = 16, .context = 5)));
	ASSERT_EQ(1, take_records(dev, records, 4));
	EXPECT_STREQ("K1 K2", order());
	EXPECT_EQ(16, records[0].routine);
	EXPECT_EQ(CLIENT_CHANGED(2), records[0].arg[0]);
	EXPECT_EQ(CLIENT_CHANGED(3), records[0].arg[1]);
	EXPECT_EQ(CLIENT_CHANGED(4), records[0].arg[2]);
	ASSERT_EQ(1, take_records(dev, records, 4));
	EXPECT_STREQ("K1 K2 K3", order());
	EXPECT_EQ(5, records[0].arg[0]);
	EXPECT_EQ(0, take_records(dev, records, 4));
}

#define RECORD_OF(value) do {						\
	ASSERT_EQ(1, take_records(dev, records, 4));			\
	EXPECT_EQ(value, records[0].arg[0]);				\
} while (0)

/* Those of modules are handed over alone, whatever is before and behind them. */
TEST_F(kernel, user_apcs_among_records)
{
	struct ntapc_control *control = map_control(self_fd);
	struct ntapc_record records[4];

	ASSERT_NE(NULL, control);
	EXPECT_EQ(1, RUN(STEP(INSERT, .id = 1, .mode = USER_MODE,
			      .flags = CLIENT_SUPPRESS, .routine = 16)));
	EXPECT_EQ(0, queue(self_fd, log_apc, 10));
	EXPECT_EQ(0, queue(self_fd, log_apc, 11));
	EXPECT_EQ(1, RUN(STEP(INSERT, .id = 2, .mode = USER_MODE, .routine = 16,
			      .context = 12)));
	EXPECT_EQ(0, queue(self_fd, log_apc, 13));
	/* The first leaves nothing. */
	ASSERT_EQ(2, take_records(dev, records, 4));
	EXPECT_EQ(10, records[0].arg[0]);
	EXPECT_EQ(11, records[1].arg[0]);
	EXPECT_STREQ("K1", order());
	RECORD_OF(12);
	EXPECT_STREQ("K1 K2", order());
	RECORD_OF(13);
	/* Also when a special one is held back. */
	control->guard = 1;
	EXPECT_EQ(0, queue_special(self_fd, log_apc, 20));
	EXPECT_EQ(0, queue(self_fd, log_apc, 21));
	EXPECT_EQ(1, RUN(STEP(INSERT, .id = 3, .mode = USER_MODE, .routine = 16,
			      .context = 22)));
	EXPECT_EQ(0, queue(self_fd, log_apc, 23));
	RECORD_OF(21);
	RECORD_OF(22);
	RECORD_OF(23);
	EXPECT_EQ(0, take_records(dev, records, 4));
	EXPECT_STREQ("K1 K2 K3", order());
	control->guard = 0;
	RECORD_OF(20);
	EXPECT_EQ(0, nr_pending(self_fd));
}

/* 7.5: the current thread may be ended by a module, in any system call. */
TEST_F(kernel, terminates_current)
{
	struct ntapc_thread_info info;
	struct job job = {};

	ASSERT_TRUE(START_JOB(&job, STEP(TERMINATE, .arg = { 99 })));
	ASSERT_TRUE(wait_gone(job.worker.fd));
	ASSERT_EQ(0, get_thread_info(job.worker.fd, &info));
	EXPECT_EQ(99, info.exit_status);
	EXPECT_EQ(1, atomic_load(&job.worker.stage));
	close(job.worker.fd);
}

/* Alerts: section 5 */

/* 5.1, 5.2: each mode has its own, and the previous one is returned. */
TEST_F(kernel, alerts_stay_and_collapse)
{
	EXPECT_EQ(0, RUN(STEP(ALERT, .mode = USER_MODE)));
	EXPECT_EQ(1, RUN(STEP(ALERT, .mode = USER_MODE)));
	EXPECT_EQ(0, RUN(STEP(TEST_ALERT, .mode = KERNEL_MODE)));
	EXPECT_EQ(1, RUN(STEP(TEST_ALERT, .mode = USER_MODE)));
	EXPECT_EQ(0, RUN(STEP(TEST_ALERT, .mode = USER_MODE)));
	EXPECT_EQ(1, RUN(STEP(ALERT, .mode = KERNEL_MODE),
			 STEP(TEST_ALERT, .mode = KERNEL_MODE)));
}

/* 4.7: a kernel alert doesn't survive the return to user mode. */
TEST_F(kernel, kernel_alert_ends_with_the_call)
{
	EXPECT_EQ(0, RUN(STEP(ALERT, .mode = KERNEL_MODE)));
	EXPECT_EQ(0, RUN(STEP(TEST_ALERT, .mode = KERNEL_MODE)));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
}

/* 5.1, 11.10: an alert ends an alertable wait, and is gone. */
TEST_F(kernel, alert_ends_a_wait)
{
	struct client_step steps[] = {
		STEP(DELAY, .mode = USER_MODE, .flags = CLIENT_ALERTABLE,
		     .arg = { CLIENT_FOREVER }),
		STEP(TEST_ALERT, .mode = USER_MODE),
		STEP(DELAY, .mode = KERNEL_MODE, .flags = CLIENT_ALERTABLE,
		     .arg = { CLIENT_FOREVER }),
		STEP(TEST_ALERT, .mode = KERNEL_MODE),
	};
	struct job job = {};

	ASSERT_TRUE(start_job(&job, steps, ARRAY_SIZE(steps)));
	ASSERT_TRUE(wait_waiting(job.worker.fd));
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = job.worker.tid,
			      .mode = USER_MODE)));
	/* The second is kernel mode's, which a user alert doesn't end. */
	ASSERT_TRUE(wait_until(count_events(CLIENT_STEP) == 3));
	ASSERT_TRUE(wait_waiting(job.worker.fd));
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = job.worker.tid,
			      .mode = USER_MODE)));
	EXPECT_EQ(1, RUN(STEP(ALERT, .target = job.worker.tid,
			      .mode = USER_MODE)));
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = job.worker.tid,
			      .mode = KERNEL_MODE)));
	worker_join(&job.worker);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, job.steps[0].result);
	EXPECT_EQ(0, job.steps[1].result);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, job.steps[2].result);
	EXPECT_EQ(0, job.steps[3].result);
}

/* 5.5, 5.7: alerts, then resumes; a suspended wait ends when it goes on. */
TEST_F(kernel, alert_and_resume)
{
	struct job job = {};

	ASSERT_TRUE(START_JOB(&job, STEP(DELAY, .mode = KERNEL_MODE,
					 .flags = CLIENT_ALERTABLE,
					 .arg = { CLIENT_FOREVER })));
	ASSERT_TRUE(wait_waiting(job.worker.fd));
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = job.worker.tid)));
	EXPECT_EQ(1, RUN(STEP(SUSPEND, .target = job.worker.tid)));
	ASSERT_TRUE(wait_suspended(job.worker.fd));
	EXPECT_EQ(2, RUN(STEP(ALERT_RESUME, .target = job.worker.tid)));
	EXPECT_TRUE(wait_suspended(job.worker.fd));
	EXPECT_EQ(1, RUN(STEP(ALERT_RESUME, .target = job.worker.tid)));
	worker_join(&job.worker);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, job.worker.ret);
	EXPECT_EQ(0, RUN(STEP(ALERT_RESUME)));
}

/* Suspension: section 6 */

/* 6.1, 6.5: counts, up to the limit. */
TEST_F(kernel, suspend_counts)
{
	struct worker worker = {};
	unsigned int i;

	ASSERT_TRUE(worker_start(&worker, dev, spin));
	for (i = 0; i < NTAPC_SUSPEND_MAX; i++) {
		ASSERT_EQ(i, RUN(STEP(SUSPEND, .target = worker.tid)));
	}
	EXPECT_EQ(-EOVERFLOW, RUN(STEP(SUSPEND, .target = worker.tid)));
	ASSERT_TRUE(wait_suspended(worker.fd));
	for (i = NTAPC_SUSPEND_MAX; i; i--) {
		ASSERT_EQ(i, RUN(STEP(RESUME, .target = worker.tid)));
	}
	EXPECT_EQ(0, RUN(STEP(RESUME, .target = worker.tid)));
	EXPECT_TRUE(moves(&worker.arg));
	worker_go(&worker);
	worker_join(&worker);
}

/* 6.2: a region holds a suspension up; special ones still run. */
TEST_F(kernel, region_holds_suspension)
{
	struct job job = {};

	ASSERT_TRUE(START_JOB(&job, STEP(ENTER_CRITICAL),
			      STEP(DELAY, .mode = KERNEL_MODE,
				   .flags = CLIENT_ALERTABLE,
				   .arg = { CLIENT_FOREVER }),
			      MARK(1), STEP(LEAVE_CRITICAL), MARK(2)));
	ASSERT_TRUE(wait_waiting(job.worker.fd));
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = job.worker.tid)));
	EXPECT_EQ(1, RUN(SPECIAL(1, .target = job.worker.tid)));
	ASSERT_TRUE(wait_order("K1"));
	EXPECT_TRUE(wait_bits(job.worker.fd, NTAPC_THREAD_SUSPENDED |
			      NTAPC_THREAD_SUSPENDING, NTAPC_THREAD_SUSPENDING));
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = job.worker.tid)));
	ASSERT_TRUE(wait_suspended(job.worker.fd));
	EXPECT_STREQ("K1 M1", order());
	EXPECT_EQ(1, RUN(STEP(RESUME, .target = job.worker.tid)));
	worker_join(&job.worker);
	EXPECT_STREQ("K1 M1 M2", order());
}

/* 6.3, 4.4: in a suspended thread special ones run, normal ones don't. */
TEST_F(kernel, to_a_suspended_thread)
{
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, spin));
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = worker.tid)));
	ASSERT_TRUE(wait_suspended(worker.fd));
	EXPECT_EQ(1, RUN(NORMAL(1, .target = worker.tid),
			 SPECIAL(2, .target = worker.tid)));
	EXPECT_TRUE(wait_order("K2"));
	EXPECT_EQ(1, nr_kernel(worker.fd));
	EXPECT_TRUE(wait_suspended(worker.fd));
	EXPECT_TRUE(stands_still(&worker.arg));
	EXPECT_EQ(1, RUN(STEP(RESUME, .target = worker.tid)));
	EXPECT_TRUE(wait_order("K2 K1 N1"));
	worker_go(&worker);
	worker_join(&worker);
}

/* 6.6, 6.7: freezing has a count of its own; a thread runs when both are 0. */
TEST_F(kernel, freezing)
{
	struct worker worker = {};
	struct ntapc_thread_info info;

	ASSERT_TRUE(worker_start(&worker, dev, spin));
	ASSERT_TRUE(worker_reached(&worker, 1));
	/* All but the caller. */
	EXPECT_EQ(0, RUN(STEP(FREEZE_ALL)));
	ASSERT_TRUE(wait_suspended(worker.fd));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(0, info.suspend_count);
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = worker.tid)));
	EXPECT_EQ(0, RUN(STEP(THAW_ALL)));
	EXPECT_TRUE(stands_still(&worker.arg));
	EXPECT_EQ(0, RUN(STEP(FREEZE_ALL)));
	EXPECT_EQ(1, RUN(STEP(RESUME, .target = worker.tid)));
	EXPECT_TRUE(stands_still(&worker.arg));
	EXPECT_EQ(0, RUN(STEP(THAW_ALL)));
	EXPECT_TRUE(moves(&worker.arg));
	EXPECT_EQ(0, RUN(STEP(FREEZE_ALL)));
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = worker.tid)));
	EXPECT_EQ(2, RUN(STEP(FORCE_RESUME, .target = worker.tid)));
	EXPECT_TRUE(moves(&worker.arg));
	worker_go(&worker);
	worker_join(&worker);
}

/* Removing, flushing, exit: section 7 */

/* 7.1: removed it doesn't run, and removing it again says so. */
TEST_F(kernel, remove)
{
	struct client_step steps[] = {
		STEP(ENTER_GUARDED), NORMAL(1), SPECIAL(2), NORMAL(3),
		STEP(REMOVE, .id = 1), STEP(REMOVE, .id = 1),
		STEP(REMOVE, .id = 2), STEP(LEAVE_GUARDED),
	};

	EXPECT_EQ(0, run_steps(steps, ARRAY_SIZE(steps)));
	EXPECT_EQ(1, steps[4].result);
	EXPECT_EQ(0, steps[5].result);
	EXPECT_EQ(1, steps[6].result);
	EXPECT_STREQ("K3 N3", order());
}

/* 7.1: in its own kernel routine it isn't inserted. */
TEST_F(kernel, remove_what_runs)
{
	unsigned int nr, i, seen = 0;

	ASSERT_EQ(0, PROGRAM(1, STEP(REMOVE, .id = 1)));
	EXPECT_EQ(1, RUN(NORMAL(1, .kernel_program = 1)));
	EXPECT_STREQ("K1 N1", order());
	nr = read_events();
	for (i = 0; i < nr; i++) {
		if (events[i].what == CLIENT_STEP &&
		    events[i].id == CLIENT_REMOVE) {
			EXPECT_EQ(0, events[i].result);
			seen++;
		}
	}
	EXPECT_EQ(1, seen);
}

/* 7.2: all of one mode, in order; the other mode's stay. */
TEST_F(kernel, flush)
{
	EXPECT_EQ(1, RUN(STEP(INSERT, .id = 9, .mode = USER_MODE,
			      .routine = ADDR(log_apc), .context = 9)));
	EXPECT_EQ(0, queue(self_fd, log_apc, 10));
	EXPECT_EQ(0, RUN(STEP(ENTER_GUARDED), NORMAL(1), SPECIAL(2), NORMAL(3),
			 STEP(FLUSH, .mode = KERNEL_MODE), MARK(1),
			 STEP(LEAVE_GUARDED), MARK(2)));
	EXPECT_STREQ("R2 R1 R3 M1 M2", order());
	EXPECT_EQ(0, nr_kernel(self_fd));
	EXPECT_EQ(2, nr_pending(self_fd));
	EXPECT_EQ(0, RUN(STEP(FLUSH, .mode = USER_MODE)));
	EXPECT_EQ(0, nr_pending(self_fd));
	EXPECT_STREQ("R2 R1 R3 M1 M2 R9", order());
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(0, log_count());
}

/* A flush leaves a suspension under way alone. */
TEST_F(kernel, flush_leaves_a_suspension)
{
	struct job job = {};

	ASSERT_TRUE(START_JOB(&job, STEP(ENTER_GUARDED),
			      STEP(WAIT_GATE, .id = 1), STEP(LEAVE_GUARDED),
			      MARK(1)));
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = job.worker.tid)));
	EXPECT_EQ(1, RUN(NORMAL(1, .target = job.worker.tid)));
	EXPECT_EQ(0, RUN(STEP(FLUSH, .target = job.worker.tid)));
	EXPECT_STREQ("R1", order());
	EXPECT_EQ(0, RUN(STEP(OPEN_GATE, .id = 1)));
	EXPECT_TRUE(wait_suspended(job.worker.fd));
	EXPECT_STREQ("R1", order());
	EXPECT_EQ(1, RUN(STEP(RESUME, .target = job.worker.tid)));
	worker_join(&job.worker);
	EXPECT_STREQ("R1 M1", order());
}

static void leave_with_apcs(struct worker *worker)
{
	worker_wait(worker);
}

/* 7.3: what is queued when the thread ends is run down, each once. */
TEST_F(kernel, exit_runs_down)
{
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, leave_with_apcs));
	EXPECT_EQ(1, RUN(NORMAL(1, .target = worker.tid,
				.environment = ENV_ATTACHED),
			 SPECIAL(2, .target = worker.tid,
				 .environment = ENV_ATTACHED),
			 STEP(INSERT, .id = 3, .target = worker.tid,
			      .mode = USER_MODE, .routine = ADDR(log_apc))));
	EXPECT_STREQ("", order());
	worker_go(&worker);
	worker_join(&worker);
	ASSERT_TRUE(wait_gone(worker.fd));
	EXPECT_EQ(0, count_events(CLIENT_KERNEL));
	EXPECT_EQ(3, count_events(CLIENT_RUNDOWN));
	EXPECT_EQ(0, log_count());
}

/* 7.3: NT stops the machine if a thread ends in a region. Here it just ends. */
TEST_F(kernel, exit_in_a_region)
{
	pid_t child = fork();
	int thread;

	ASSERT_LE(0, child);
	if (!child) {
		RUN(STEP(ENTER_CRITICAL), STEP(ENTER_GUARDED));
		pause();
		_exit(1);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_bits(thread, NTAPC_THREAD_MISMATCH,
			      NTAPC_THREAD_MISMATCH));
	EXPECT_EQ(1, RUN(NORMAL(1, .target = child),
			 SPECIAL(2, .target = child)));
	EXPECT_STREQ("", order());
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	ASSERT_TRUE(wait_gone(thread));
	EXPECT_EQ(0, count_events(CLIENT_KERNEL));
	EXPECT_EQ(2, count_events(CLIENT_RUNDOWN));
}

/* A child inherits neither regions nor APCs. */
TEST_F(kernel, fork_inherits_nothing)
{
	pid_t child;

	EXPECT_EQ(1, RUN(STEP(ENTER_CRITICAL), NORMAL(1)));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(RUN(STEP(ARE_DISABLED)) ? 1 : 0);
	EXPECT_EQ(0, reap(child));
	EXPECT_STREQ("", order());
	EXPECT_EQ(0, RUN(STEP(LEAVE_CRITICAL)));
	EXPECT_STREQ("K1 N1", order());
}

/*
 * A child that has the id of the last one, which has ended. 0 if somebody else was
 * faster, -1 if ids can't be chosen.
 */
static pid_t fork_as(pid_t id)
{
	pid_t child;

	if (write_number("/proc/sys/kernel/ns_last_pid", id - 1))
		return -1;
	child = fork();
	if (!child) {
		if (getpid() == id)
			pause();
		_exit(0);
	}
	if (child == id)
		return child;
	reap(child);
	return 0;
}

/* 14.5: a thread with the id of one that has ended isn't that one. */
TEST_F(kernel, recycled_id)
{
	pid_t first, second = 0;
	int thread, tries;

	/* Who is faster may keep it: then with another one. */
	for (tries = 0; tries < 20 && !second; tries++) {
		reset_events();
		first = fork();
		ASSERT_LE(0, first);
		if (!first) {
			pause();
			_exit(1);
		}
		EXPECT_EQ(1, RUN(SPECIAL(1, .target = first,
					 .environment = ENV_ATTACHED)));
		kill(first, SIGKILL);
		EXPECT_EQ(-SIGKILL, reap(first));
		second = fork_as(first);
		if (second < 0)
			SKIP(return, "ids can't be chosen here");
	}
	ASSERT_EQ(first, second);
	thread = open_thread(dev, second);
	ASSERT_LE(0, thread);
	EXPECT_EQ(0, nr_kernel(thread));
	EXPECT_EQ(1, RUN(SPECIAL(3, .target = second)));
	EXPECT_TRUE(wait_order("R1 K3"));
	kill(second, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(second));
	EXPECT_EQ(-ESRCH, RUN(SPECIAL(2, .target = second)));
}

/* Regions: section 8 */

/* 8.3, 8.5: both nest, each with its own count. */
TEST_F(kernel, regions_nest)
{
	struct client_step steps[] = {
		STEP(ARE_DISABLED),
		STEP(ENTER_CRITICAL), STEP(ENTER_CRITICAL), STEP(ARE_DISABLED),
		STEP(ENTER_GUARDED), STEP(ENTER_GUARDED), STEP(ARE_DISABLED),
		STEP(LEAVE_CRITICAL), STEP(LEAVE_GUARDED), STEP(ARE_DISABLED),
		STEP(LEAVE_CRITICAL), STEP(ARE_DISABLED),
		STEP(LEAVE_GUARDED), STEP(ARE_DISABLED),
	};

	EXPECT_EQ(0, run_steps(steps, ARRAY_SIZE(steps)));
	EXPECT_EQ(0, steps[0].result);
	EXPECT_EQ(1, steps[3].result);
	EXPECT_EQ(3, steps[6].result);
	EXPECT_EQ(3, steps[9].result);
	EXPECT_EQ(3, steps[11].result);
	EXPECT_EQ(0, steps[13].result);
}

/* 8.4: leaving the outermost of each is what counts. */
TEST_F(kernel, leaving_nested_regions)
{
	EXPECT_EQ(0, RUN(STEP(ENTER_CRITICAL), STEP(ENTER_CRITICAL),
			 STEP(ENTER_GUARDED), STEP(ENTER_GUARDED), NORMAL(1),
			 SPECIAL(2), STEP(LEAVE_GUARDED), MARK(1),
			 STEP(LEAVE_CRITICAL), MARK(2), STEP(LEAVE_GUARDED),
			 MARK(3), STEP(LEAVE_CRITICAL), MARK(4)));
	EXPECT_STREQ("M1 M2 K2 M3 K1 N1 M4", order());
}

/* 8.4: a critical region left inside a guarded one lets nothing run. */
TEST_F(kernel, critical_in_guarded)
{
	EXPECT_EQ(0, RUN(STEP(ENTER_GUARDED), STEP(ENTER_CRITICAL), NORMAL(1),
			 STEP(LEAVE_CRITICAL), MARK(1), STEP(LEAVE_GUARDED),
			 MARK(2)));
	EXPECT_STREQ("M1 K1 N1 M2", order());
}

/* 8.3: a leave without an enter counts the other way. */
TEST_F(kernel, unbalanced_leave)
{
	EXPECT_EQ(1, RUN(STEP(LEAVE_CRITICAL), STEP(ARE_DISABLED)));
	EXPECT_EQ(0, RUN(STEP(ENTER_CRITICAL), STEP(ARE_DISABLED)));
	EXPECT_EQ(1, RUN(NORMAL(1)));
	EXPECT_STREQ("K1 N1", order());
}

/* 8.1: a user APC breaks an alertable wait in a region all the same. */
TEST_F(kernel, wait_in_a_region_is_broken)
{
	struct job job = {};

	ASSERT_TRUE(START_JOB(&job, STEP(ENTER_CRITICAL),
			      STEP(DELAY, .mode = USER_MODE,
				   .flags = CLIENT_ALERTABLE,
				   .arg = { CLIENT_FOREVER }),
			      STEP(LEAVE_CRITICAL)));
	ASSERT_TRUE(wait_waiting(job.worker.fd));
	EXPECT_EQ(0, queue(job.worker.fd, log_apc, 1));
	worker_join(&job.worker);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, job.steps[1].result);
	EXPECT_EQ(1, log_count());
}

/* 9.10: back in user mode inside a region, for once and all to see. */
TEST_F(kernel, region_mismatch)
{
	struct ntapc_thread_info info;
	struct worker worker = {};
	unsigned int i;

	EXPECT_EQ(0, RUN(STEP(ENTER_CRITICAL)));
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_TRUE(info.state & NTAPC_THREAD_MISMATCH);
	EXPECT_EQ(1, info.nr_mismatch);
	/* What it holds up stays, and nothing else is held up by that. */
	EXPECT_EQ(1, RUN(NORMAL(1)));
	EXPECT_EQ(1, RUN(SPECIAL(2)));
	EXPECT_STREQ("K2", order());
	for (i = 0; i < 100; i++)
		getppid();
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(1, info.nr_kernel);
	EXPECT_EQ(1, info.nr_mismatch);
	ASSERT_TRUE(worker_start(&worker, dev, spin));
	EXPECT_EQ(1, RUN(NORMAL(3, .target = worker.tid)));
	EXPECT_TRUE(wait_order("K2 K3 N3"));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, RUN(STEP(LEAVE_CRITICAL), MARK(1)));
	EXPECT_STREQ("K2 K3 N3 K1 N1 M1", order());
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_FALSE(info.state & NTAPC_THREAD_MISMATCH);
	EXPECT_EQ(1, info.nr_mismatch);
	EXPECT_EQ(0, info.nr_kernel);
	/* Each time counts. */
	EXPECT_EQ(0, RUN(STEP(ENTER_GUARDED)));
	ASSERT_EQ(0, get_thread_info(self_fd, &info));
	EXPECT_EQ(2, info.nr_mismatch);
	EXPECT_EQ(0, RUN(STEP(LEAVE_GUARDED)));
}

/* 9.12: nobody is attached. */
TEST_F(kernel, not_attached)
{
	EXPECT_EQ(2, RUN(STEP(IS_ATTACHED)));
}

/* Waits: section 11 */

FIXTURE(kernel_wait)
{
	int unused;
};

FIXTURE_VARIANT(kernel_wait)
{
	__u8 mode;
	__u32 flags;
	bool object;
};

#define WAIT_VARIANTS(name, of_object)					\
FIXTURE_VARIANT_ADD(kernel_wait, name##_user_alertable)			\
{									\
	.mode = USER_MODE,						\
	.flags = CLIENT_ALERTABLE,					\
	.object = of_object,						\
};									\
FIXTURE_VARIANT_ADD(kernel_wait, name##_user)				\
{									\
	.mode = USER_MODE,						\
	.object = of_object,						\
};									\
FIXTURE_VARIANT_ADD(kernel_wait, name##_kernel_alertable)		\
{									\
	.mode = KERNEL_MODE,						\
	.flags = CLIENT_ALERTABLE,					\
	.object = of_object,						\
};									\
FIXTURE_VARIANT_ADD(kernel_wait, name##_kernel)				\
{									\
	.mode = KERNEL_MODE,						\
	.object = of_object,						\
}

WAIT_VARIANTS(delay, false);
WAIT_VARIANTS(thread, true);

FIXTURE_SETUP(kernel_wait)
{
	NEED_CLIENT();
}

FIXTURE_TEARDOWN_PARENT(kernel_wait)
{
	CLIENT_GOES();
}

/*
 * How long those waits take that end by themselves. Whoever is in one stays behind it,
 * so that there still is somebody to do things to if this machine is late. That has
 * shown nothing: then it is done again, in a wait for twice as long.
 */
static unsigned int wait_ms;

#define FIRST_WAIT_MS	400

static void do_job_and_stay(struct worker *worker)
{
	do_job(worker);
	worker_wait(worker);
}

#define START_IN_WAIT(job, ...) ({					\
	struct client_step steps_[] = { __VA_ARGS__ };			\
									\
	memcpy((job)->steps, steps_, sizeof(steps_));			\
	(job)->nr = ARRAY_SIZE(steps_);					\
	worker_start(&(job)->worker, dev, do_job_and_stay) &&		\
		wait_until(atomic_load(&(job)->worker.stage) == 2 ||	\
			   thread_bits((job)->worker.fd) &		\
			   NTAPC_THREAD_WAITING);			\
})

static bool wait_longer(bool in_time)
{
	wait_ms *= 2;
	return !in_time && wait_ms < PATIENCE_MS;
}

/* The wait of the variant, for system thread 1 if for anything. */
#define THE_WAIT(ms) ((struct client_step){				\
	.op = variant->object ? CLIENT_WAIT : CLIENT_DELAY,		\
	.target = variant->object ? -1 : 0,				\
	.mode = variant->mode,						\
	.flags = variant->flags,					\
	.arg = { ms },							\
})

#define A_SYSTEM_THREAD()						\
	ASSERT_EQ(0, PROGRAM(9, STEP(DELAY,				\
				     .arg = { CLIENT_FOREVER })));	\
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1, .program = 9)));	\
	ASSERT_TRUE(wait_order("S1"));					\
	reset_events()

/*
 * 11.1, 11.4, 11.10: kernel APCs run at once and end no wait; its end stays where
 * it was.
 */
TEST_F(kernel_wait, kernel_apcs_end_none)
{
	bool in_time;

	A_SYSTEM_THREAD();
	wait_ms = FIRST_WAIT_MS;
	do {
		struct job job = {};
		__u64 begin = now();

		reset_events();
		ASSERT_TRUE(START_IN_WAIT(&job, THE_WAIT(wait_ms), MARK(1)));
		EXPECT_EQ(1, RUN(NORMAL(1, .target = job.worker.tid)));
		EXPECT_TRUE(wait_until(count_events(CLIENT_NORMAL_END)));
		EXPECT_EQ(1, RUN(SPECIAL(2, .target = job.worker.tid)));
		EXPECT_TRUE(wait_until(count_events(CLIENT_KERNEL_END) == 2));
		in_time = now() - begin < wait_ms * NS_PER_MS;
		ASSERT_TRUE(worker_reached(&job.worker, 2));
		EXPECT_LE(begin + wait_ms * NS_PER_MS, now());
		EXPECT_EQ(variant->object ? NTAPC_STATUS_TIMEOUT :
			  NTAPC_STATUS_SUCCESS, job.steps[0].result);
		EXPECT_EQ(1, count_events(CLIENT_NORMAL));
		EXPECT_EQ(2, count_events(CLIENT_KERNEL));
		/* Ahead of its end. */
		if (in_time) {
			EXPECT_STREQ("K1 N1 K2 M1", order());
		}
		ASSERT_TRUE(worker_finish(&job.worker));
	} while (wait_longer(in_time));
	EXPECT_TRUE(in_time);
}

/* In its system call, but not yet in the wait, with a kernel APC that has run. */
#define START_BEFORE_WAIT(job, ms) do {					\
	ASSERT_TRUE(START_JOB(job, MARK(1), STEP(WAIT_GATE, .id = 1),	\
			      THE_WAIT(ms), MARK(2)));			\
	ASSERT_TRUE(wait_order("M1"));					\
	EXPECT_EQ(1, RUN(NORMAL(1, .target = (job)->worker.tid)));	\
	EXPECT_EQ(0, RUN(STEP(OPEN_GATE, .id = 1)));			\
} while (0)

/*
 * 11.1, 11.4: nor do those that come just before it, for which Linux interrupts the
 * system call.
 */
TEST_F(kernel_wait, kernel_apc_before_it_ends_none)
{
	struct job job = {};
	__u64 begin;

	A_SYSTEM_THREAD();
	begin = now();
	START_BEFORE_WAIT(&job, 50);
	worker_join(&job.worker);
	EXPECT_LE(begin + 50 * NS_PER_MS, now());
	EXPECT_EQ(variant->object ? NTAPC_STATUS_TIMEOUT : NTAPC_STATUS_SUCCESS,
		  job.steps[2].result);
	EXPECT_STREQ("M1 K1 N1 M2", order());
}

/* One of kernel mode doesn't look asleep. */
static bool wait_in_it(struct job *job, __u32 mode)
{
	return wait_waiting(job->worker.fd) &&
	       (mode == KERNEL_MODE || wait_asleep(job->worker.tid));
}

/* 3.5, 13.1: what comes later is heard of; of user APCs, in user mode. */
TEST_F(kernel_wait, others_after_one_before_it)
{
	struct job job = {};

	A_SYSTEM_THREAD();
	START_BEFORE_WAIT(&job, CLIENT_FOREVER);
	ASSERT_TRUE(wait_order("M1 K1 N1"));
	ASSERT_TRUE(wait_in_it(&job, variant->mode));
	EXPECT_EQ(1, RUN(SPECIAL(2, .target = job.worker.tid)));
	ASSERT_TRUE(wait_order("M1 K1 N1 K2"));
	ASSERT_TRUE(wait_in_it(&job, variant->mode));
	EXPECT_STREQ("M1 K1 N1 K2", order());
	if (variant->mode == KERNEL_MODE)
		return;
	EXPECT_EQ(0, queue_interrupt(job.worker.fd, log_apc, 1));
	worker_join(&job.worker);
	EXPECT_EQ(variant->flags ? NTAPC_STATUS_USER_APC : -ERESTARTSYS,
		  job.steps[2].result);
	EXPECT_EQ(1, log_count());
	EXPECT_STREQ("M1 K1 N1 K2 M2", order());
}

/* 11.1, 4.8: the start of a wait is a safe point, also for those of oneself. */
TEST_F(kernel_wait, begins_with_kernel_apcs)
{
	A_SYSTEM_THREAD();
	EXPECT_EQ(0, RUN(NORMAL(1), SPECIAL(2), MARK(1), THE_WAIT(0),
			 MARK(2)));
	EXPECT_STREQ("M1 K2 K1 N1 M2", order());
}

/* 3.6, 3.7, 11.10: user APCs break alertable waits of user mode only. */
TEST_F(kernel_wait, user_apc)
{
	bool breaks = variant->mode == USER_MODE && variant->flags;
	bool in_time;

	A_SYSTEM_THREAD();
	wait_ms = FIRST_WAIT_MS;
	do {
		struct job job = {};
		__u64 begin = now();

		ASSERT_TRUE(START_IN_WAIT(&job, THE_WAIT(breaks ?
							 CLIENT_FOREVER :
							 wait_ms)));
		EXPECT_EQ(0, queue(job.worker.fd, log_apc, 1));
		in_time = breaks || now() - begin < wait_ms * NS_PER_MS;
		ASSERT_TRUE(worker_finish(&job.worker));
		if (breaks) {
			EXPECT_EQ(NTAPC_STATUS_USER_APC, job.worker.ret);
		} else {
			EXPECT_EQ(variant->object ? NTAPC_STATUS_TIMEOUT :
				  NTAPC_STATUS_SUCCESS, job.worker.ret);
		}
		/* It runs when the wait that it broke returns to user mode. */
		EXPECT_EQ(breaks, log_count());
	} while (wait_longer(in_time));
	EXPECT_TRUE(in_time);
}

/* 5.1, 11.10: a kernel alert breaks alertable waits of either mode. */
TEST_F(kernel_wait, kernel_alert)
{
	bool breaks = variant->flags;
	bool in_time;

	A_SYSTEM_THREAD();
	wait_ms = FIRST_WAIT_MS;
	do {
		struct job job = {};
		__u64 begin = now();
		long alerted;

		ASSERT_TRUE(START_IN_WAIT(&job,
					  THE_WAIT(breaks ? CLIENT_FOREVER :
						   wait_ms),
					  STEP(TEST_ALERT,
					       .mode = KERNEL_MODE)));
		alerted = RUN(STEP(ALERT, .mode = KERNEL_MODE,
				   .target = job.worker.tid));
		in_time = breaks || now() - begin < wait_ms * NS_PER_MS;
		ASSERT_TRUE(worker_finish(&job.worker));
		if (breaks) {
			EXPECT_EQ(NTAPC_STATUS_ALERTED, job.steps[0].result);
		} else {
			EXPECT_EQ(variant->object ? NTAPC_STATUS_TIMEOUT :
				  NTAPC_STATUS_SUCCESS, job.steps[0].result);
		}
		EXPECT_EQ(0, alerted);
		/* If it broke nothing it is still there. */
		if (in_time) {
			EXPECT_EQ(!breaks, job.steps[1].result);
		}
	} while (wait_longer(in_time));
	EXPECT_TRUE(in_time);
}

/* 7.5, 11.10: termination breaks waits of user mode, alertable or not. */
TEST_F(kernel_wait, termination)
{
	struct ntapc_thread_info info;
	bool in_time;

	A_SYSTEM_THREAD();
	wait_ms = FIRST_WAIT_MS;
	do {
		struct job job = {};
		__u64 begin = now();

		reset_events();
		ASSERT_TRUE(START_IN_WAIT(&job,
					  THE_WAIT(variant->mode == USER_MODE ?
						   CLIENT_FOREVER : wait_ms),
					  MARK(1)));
		EXPECT_EQ(0, RUN(STEP(TERMINATE, .target = job.worker.tid,
				      .arg = { 99 })));
		in_time = variant->mode == USER_MODE ||
			  now() - begin < wait_ms * NS_PER_MS;
		ASSERT_TRUE(wait_gone(job.worker.fd));
		ASSERT_EQ(0, get_thread_info(job.worker.fd, &info));
		EXPECT_EQ(99, info.exit_status);
		/* The system call went to its end, then the thread to its. */
		EXPECT_STREQ("M1", order());
		if (in_time) {
			EXPECT_EQ(1, atomic_load(&job.worker.stage));
		}
		close(job.worker.fd);
	} while (wait_longer(in_time));
	EXPECT_TRUE(in_time);
}

/* 3.8, 11.1: an object that is signalled comes first. */
TEST_F(kernel_wait, object_first)
{
	if (!variant->object)
		SKIP(return, "nothing to wait for");
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1)));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, RUN(THE_WAIT(CLIENT_FOREVER)));
	EXPECT_EQ(0, queue(self_fd, log_apc, 1));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, RUN(STEP(ALERT, .mode = KERNEL_MODE),
					   THE_WAIT(CLIENT_FOREVER)));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, RUN(THE_WAIT(0)));
	EXPECT_EQ(0, log_count());
}

/* 13.1: a special user APC doesn't end the wait, and has run when the call is over. */
TEST_F(kernel, special_user_apc_in_a_wait)
{
	struct job job = {};

	ASSERT_TRUE(START_JOB(&job, STEP(DELAY, .mode = KERNEL_MODE,
					 .flags = CLIENT_ALERTABLE,
					 .arg = { CLIENT_FOREVER }), MARK(1)));
	ASSERT_TRUE(wait_waiting(job.worker.fd));
	EXPECT_EQ(0, queue_special(job.worker.fd, log_apc, 1));
	/* Its first stage has run when this has. */
	EXPECT_EQ(1, RUN(NORMAL(1, .target = job.worker.tid)));
	ASSERT_TRUE(wait_order("K1 N1"));
	EXPECT_EQ(0, log_count());
	EXPECT_EQ(0, RUN(STEP(ALERT, .target = job.worker.tid)));
	worker_join(&job.worker);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, job.steps[0].result);
	EXPECT_EQ(1, log_count());
}

/* 11.8: a deadline may be a time of day, NT's. */
TEST_F(kernel, absolute_deadline)
{
	/* In 100 ns, from 1601 to 1970. */
	const __u64 epoch = 116444736000000000ULL;
	__u64 begin = now_on(CLOCK_REALTIME);

	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  RUN(STEP(DELAY, .flags = CLIENT_RAW_TIME,
			   .arg = { epoch + (begin + 50 * NS_PER_MS) / 100 })));
	EXPECT_LE(begin + 50 * NS_PER_MS, now_on(CLOCK_REALTIME));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  RUN(STEP(DELAY, .flags = CLIENT_RAW_TIME,
			   .arg = { epoch + begin / 100 })));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS,
		  RUN(STEP(DELAY, .flags = CLIENT_RAW_TIME, .arg = { 1 })));
}

static void no_op(int sig)
{
	(void)sig;
}

/* Linux's own: a signal ends a wait of user mode, one of kernel mode it doesn't. */
TEST_F(kernel, signal_in_a_wait)
{
	struct sigaction action = { .sa_handler = no_op };
	struct job job = {};

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_TRUE(START_JOB(&job, STEP(DELAY, .mode = USER_MODE,
					 .arg = { CLIENT_FOREVER }),
			      STEP(DELAY, .mode = KERNEL_MODE,
				   .arg = { 200 })));
	ASSERT_TRUE(wait_waiting(job.worker.fd));
	pthread_kill(job.worker.thread, SIGUSR1);
	worker_join(&job.worker);
	EXPECT_EQ(-ERESTARTSYS, job.steps[0].result);
	/* The signal is still pending there. */
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, job.steps[1].result);
}

TEST_F(kernel, kill_in_a_wait)
{
	pid_t child = fork();
	int thread;

	ASSERT_LE(0, child);
	if (!child) {
		RUN(STEP(DELAY, .mode = KERNEL_MODE,
			 .arg = { CLIENT_FOREVER }));
		_exit(1);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_waiting(thread));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
}

/* Linux's system calls, a variant of each */

FIXTURE_SETUP(calls)
{
	NEED_CLIENT();
}

FIXTURE_TEARDOWN_PARENT(calls)
{
	CLIENT_GOES();
}

#define INTERRUPTIONS	4

/* 3.5: a kernel APC runs at once, and the call goes on. */
TEST_F(calls, kernel_apc_interrupts)
{
	bool in_time;
	int i;

	call.timeout_ms = variant->timeout_ms;
	do {
		reset_events();
		START_CALL();
		for (i = 0; i < INTERRUPTIONS && !(variant->eintr && i); i++) {
			EXPECT_EQ(1, RUN(NORMAL(i, .target = call.worker.tid,
						.flags = i & 1 ?
							 CLIENT_SPECIAL : 0)));
			ASSERT_TRUE(wait_until(count_events(CLIENT_KERNEL_END) ==
					       i + 1));
			if (!variant->eintr && !variant->timeout_ms) {
				ASSERT_TRUE(wait_asleep(call.worker.tid));
				EXPECT_EQ(1, atomic_load(&call.worker.stage));
			}
		}
		in_time = call_has_time();
		if (variant->release && !variant->eintr)
			variant->release();
		ASSERT_TRUE(finish_call());
		EXPECT_RESULT();
		if (variant->timeout_ms) {
			EXPECT_LE(call.timeout_ms * NS_PER_MS, call.worker.arg);
		}
	} while (!in_time && more_time_for_call());
	EXPECT_TRUE(in_time);
}

/* System threads */

/* They have queues, regions and waits; each says that it is itself. */
TEST_F(kernel, system_threads)
{
	char expected[32];
	unsigned int i;
	pid_t tid;

	ASSERT_EQ(0, PROGRAM(1, STEP(DELAY, .arg = { CLIENT_FOREVER })));
	for (i = 1; i < CLIENT_NR_SYSTEMS; i++) {
		ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = i, .program = 1,
				      .flags = CLIENT_REPEAT)));
	}
	ASSERT_TRUE(wait_until(count_events(CLIENT_SYSTEM) ==
			       CLIENT_NR_SYSTEMS - 1));
	for (i = 1; i < CLIENT_NR_SYSTEMS; i++) {
		reset_events();
		EXPECT_EQ(1, RUN(NORMAL(1, .target = -(int)i)));
		EXPECT_TRUE(wait_order("K1 N1"));
		tid = find_event(CLIENT_NORMAL)->tid;
		EXPECT_NE(getpid(), tid);
		/* A number is free again only when its kernel routine is over. */
		EXPECT_EQ(1, RUN(SPECIAL(1000 + i, .target = -(int)i)));
		snprintf(expected, sizeof(expected), "K1 N1 K%u", 1000 + i);
		EXPECT_TRUE(wait_order(expected));
		EXPECT_EQ(tid, find_event(CLIENT_KERNEL)->tid);
	}
	for (i = 1; i < CLIENT_NR_SYSTEMS; i++) {
		EXPECT_EQ(0x5000 + i, RUN(STEP(STOP_SYSTEM, .id = i)));
	}
}

/* 8.1, 8.2 in a system thread; and its other safe point. */
TEST_F(kernel, system_thread_regions)
{
	ASSERT_EQ(0, PROGRAM(1, STEP(ENTER_CRITICAL), NORMAL(1), SPECIAL(2),
			     MARK(1), STEP(DELIVER), MARK(2),
			     STEP(LEAVE_CRITICAL), MARK(3), NORMAL(4),
			     MARK(4), STEP(DELIVER), MARK(5),
			     STEP(ENTER_GUARDED), SPECIAL(6), STEP(DELIVER),
			     MARK(6), STEP(LEAVE_GUARDED)));
	EXPECT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1, .program = 1),
			 STEP(WAIT, .target = -1, .arg = { CLIENT_FOREVER })));
	EXPECT_STREQ("S1 M1 K2 M2 K1 N1 M3 M4 K4 N4 M5 M6 K6", order());
	EXPECT_EQ(0x5001, RUN(STEP(STOP_SYSTEM, .id = 1)));
}

/* It ends by itself too, with what it wants; what is queued is run down (7.3). */
TEST_F(kernel, system_thread_ends_itself)
{
	ASSERT_EQ(0, PROGRAM(1, STEP(SHOULD_STOP), NORMAL(1),
			     STEP(EXIT_SYSTEM, .arg = { 55 }), MARK(1)));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  RUN(STEP(CREATE_SYSTEM, .id = 1, .program = 1),
		      STEP(WAIT, .target = -1, .arg = { CLIENT_FOREVER })));
	EXPECT_STREQ("S1 R1", order());
	EXPECT_EQ(55, RUN(STEP(STOP_SYSTEM, .id = 1)));
	/* What isn't one can't. */
	EXPECT_EQ(-EINVAL, RUN(STEP(EXIT_SYSTEM)));
	EXPECT_EQ(0, RUN(STEP(SHOULD_STOP)));
}

/*
 * Stopped at once some never run; and their task may be seen to exit before or after
 * who stops them looks.
 */
TEST_F(kernel, system_threads_stopped_at_once)
{
	unsigned int rounds = scaled(300), i, ran = 0;
	long long references = module_references();
	long status;

	ASSERT_EQ(0, PROGRAM(1, STEP(DELAY, .arg = { CLIENT_FOREVER },
				     .flags = CLIENT_QUIET)));
	for (i = 0; i < rounds; i++) {
		status = RUN(STEP(CREATE_SYSTEM, .id = 1, .program = 1),
			     STEP(STOP_SYSTEM, .id = 1));
		ASSERT_TRUE(!status || status == 0x5001);
		ran += !!status;
	}
	TH_LOG("%u of %u ran", ran, rounds);
	EXPECT_TRUE(wait_until(module_references() <= references));
}

/* A program that is in the middle of a wait, or suspended, is stopped. */
TEST_F(kernel, system_thread_is_stopped)
{
	ASSERT_EQ(0, PROGRAM(1, STEP(DELAY, .arg = { CLIENT_FOREVER }),
			     STEP(SHOULD_STOP)));
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1, .program = 1)));
	ASSERT_TRUE(wait_order("S1"));
	EXPECT_EQ(0x5001, RUN(STEP(STOP_SYSTEM, .id = 1)));
	/* The wait said EINTR, and then it was to stop. */
	read_events();
	EXPECT_EQ(-EINTR, events[2].result) {
		TH_LOG("%s", trace());
	}
	EXPECT_EQ(1, events[3].result);

	/* One that was stopped before it first ran would never do so. */
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 2, .program = 1)));
	ASSERT_TRUE(wait_until(count_events(CLIENT_SYSTEM) == 2));
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = -2)));
	EXPECT_EQ(0x5002, RUN(STEP(STOP_SYSTEM, .id = 2)));
}

/* 6.3: suspended in its wait it runs special ones only. */
TEST_F(kernel, system_thread_is_suspended)
{
	ASSERT_EQ(0, PROGRAM(1, STEP(DELAY, .arg = { CLIENT_FOREVER })));
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1, .program = 1)));
	ASSERT_TRUE(wait_order("S1"));
	EXPECT_EQ(0, RUN(STEP(SUSPEND, .target = -1)));
	EXPECT_EQ(1, RUN(NORMAL(1, .target = -1), SPECIAL(2, .target = -1)));
	EXPECT_TRUE(wait_order("S1 K2"));
	EXPECT_EQ(1, RUN(STEP(RESUME, .target = -1)));
	EXPECT_TRUE(wait_order("S1 K2 K1 N1"));
}

/* One that its client forgets ends with the module. */
TEST_F(kernel, system_thread_is_forgotten)
{
	int log = open_kernel_log();

	ASSERT_EQ(0, PROGRAM(1, STEP(DELAY, .arg = { CLIENT_FOREVER })));
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1, .program = 1,
			      .flags = CLIENT_REPEAT),
			 STEP(CREATE_SYSTEM, .id = 2, .program = 1,
			      .flags = CLIENT_REPEAT),
			 STEP(FORGET_SYSTEM, .id = 1)));
	close(client);
	EXPECT_TRUE(client_goes());
	EXPECT_TRUE(kernel_said(log, "ntapc_client", "client-system", ""));
}

/* Kernel APCs by name */

static int queue_named(int thread, const char *name, __u64 arg0, __u64 arg1,
		       __u64 arg2)
{
	struct ntapc_kernel_apc args = {
		.size = sizeof(args),
		.arg = { arg0, arg1, arg2 },
	};

	strcpy(args.name, name);
	return sys_ioctl(thread, NTAPC_IOC_KERNEL_APC, &args);
}

/* Checked where it is queued, run in the target, undone after that. */
TEST_F(kernel, named)
{
	struct ntapc_apc_result result;
	struct worker worker = {};
	__u64 values[4] = {};
	int apc;

	ASSERT_TRUE(worker_start(&worker, dev, spin));
	apc = queue_named(worker.fd, "client-echo", 5, 6, 0);
	ASSERT_LE(0, apc);
	ASSERT_TRUE(wait_until(poll_now(apc) & POLLIN));
	ASSERT_EQ(0, apc_result(apc, &result, values, 4));
	EXPECT_EQ(NTAPC_APC_RUN, result.state);
	EXPECT_EQ(2, result.nr_values);
	EXPECT_EQ(5, values[0]);
	EXPECT_EQ(6, values[1]);
	EXPECT_STREQ("P0 A0 E0", order());
	EXPECT_EQ(syscall(SYS_gettid), find_event(CLIENT_PREPARE)->tid);
	EXPECT_EQ(worker.tid, find_event(CLIENT_NAMED)->tid);
	worker_go(&worker);
	worker_join(&worker);
	reset_events();
	EXPECT_EQ(-EINVAL, queue_named(self_fd, "client-echo", 5, 6, 7));
	EXPECT_STREQ("P0", order());
	EXPECT_EQ(-ENOENT, queue_named(self_fd, "client-ech", 5, 6, 0));
}

/* Taken back, or run down: undone all the same, once. */
TEST_F(kernel, named_that_do_not_run)
{
	struct ntapc_apc_result result;
	pid_t child = fork();
	int thread, first, second;

	ASSERT_LE(0, child);
	if (!child) {
		RUN(STEP(ENTER_CRITICAL));
		pause();
		_exit(1);
	}
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_bits(thread, NTAPC_THREAD_MISMATCH,
			      NTAPC_THREAD_MISMATCH));
	first = queue_named(thread, "client-echo", 1, 0, 0);
	second = queue_named(thread, "client-echo", 2, 0, 0);
	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	EXPECT_EQ(1, apc_remove(first));
	EXPECT_EQ(0, apc_remove(first));
	EXPECT_STREQ("P0 P0 E0", order());
	EXPECT_EQ(1, find_event(CLIENT_RELEASE)->context);
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	ASSERT_TRUE(wait_until(poll_now(second) & POLLIN));
	EXPECT_STREQ("P0 P0 E0 E0", order());
	ASSERT_EQ(0, apc_result(second, &result, NULL, 0));
	EXPECT_EQ(NTAPC_APC_RUN_DOWN, result.state);
}

/* One that runs keeps the module that it belongs to. */
TEST_F(kernel, named_keeps_its_module)
{
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, spin));
	ASSERT_LE(0, queue_named(worker.fd, "client-block", 1, 0, 0));
	ASSERT_TRUE(wait_order("A1"));
	close(client);
	EXPECT_TRUE(is_busy(unload_client()));
	ASSERT_EQ(0, open_client());
	EXPECT_EQ(0, RUN(STEP(OPEN_GATE, .id = 1)));
	close(client);
	EXPECT_TRUE(client_goes());
	EXPECT_EQ(-ENOENT, queue_named(worker.fd, "client-block", 1, 0, 0));
	worker_go(&worker);
	worker_join(&worker);
}

/* Routines that don't behave (4.3) */

static bool has_lockdep(void)
{
	return !access("/proc/lockdep", F_OK) || !access("/proc/lockdep_stats",
							 F_OK);
}

#define COMM	"ntapc-leaky"

/* The report names the target and the routine, and all goes on. */
static void leak_and_look(struct __test_metadata *_metadata,
			  enum client_leak what, bool in_normal)
{
	int log = open_kernel_log();
	unsigned int i;

	ASSERT_EQ(0, PROGRAM(1, STEP(LEAK, .id = what)));
	EXPECT_EQ(1, in_normal ? RUN(NORMAL(1, .program = 1)) :
		     RUN(SPECIAL(1, .kernel_program = 1)));
	for (i = 0; i < 3; i++)
		sched_yield();
	EXPECT_TRUE(kernel_said(log, in_normal ? "normal_routine" :
				"kernel_routine", "ntapc_client", COMM));
	reset_events();
	EXPECT_EQ(1, RUN(NORMAL(2)));
	EXPECT_STREQ("K2 N2", order());
	close(log);
}

TEST_F(kernel, routine_leaks_preemption)
{
	prctl(PR_SET_NAME, COMM);
	leak_and_look(_metadata, CLIENT_LEAK_PREEMPT, false);
	leak_and_look(_metadata, CLIENT_LEAK_PREEMPT, true);
}

TEST_F(kernel, routine_leaks_interrupts)
{
	prctl(PR_SET_NAME, COMM);
	leak_and_look(_metadata, CLIENT_LEAK_IRQ, false);
	leak_and_look(_metadata, CLIENT_LEAK_IRQ, true);
}

TEST_F(kernel, routine_leaks_a_lock)
{
	/* Which would itself complain, later, and rightly. */
	if (has_lockdep())
		SKIP(return, "lock debugging is on");
	prctl(PR_SET_NAME, COMM);
	leak_and_look(_metadata, CLIENT_LEAK_LOCK, false);
}

/* Storms */

/*
 * However the target ends while others insert, remove and ask,
 * each APC that was inserted has its kernel routine called, or its rundown
 * routine, or was removed: one of them, once.
 */
enum way {
	BY_RETURN,
	BY_EXIT_GROUP,
	BY_SIGKILL,
	BY_EXEC,
	BY_TERMINATE,
};

FIXTURE(kernel_storm)
{
	int unused;
};

FIXTURE_VARIANT(kernel_storm)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(kernel_storm, returns)
{
	.way = BY_RETURN,
};

FIXTURE_VARIANT_ADD(kernel_storm, exit_group)
{
	.way = BY_EXIT_GROUP,
};

FIXTURE_VARIANT_ADD(kernel_storm, sigkill)
{
	.way = BY_SIGKILL,
};

FIXTURE_VARIANT_ADD(kernel_storm, exec)
{
	.way = BY_EXEC,
};

FIXTURE_VARIANT_ADD(kernel_storm, terminate)
{
	.way = BY_TERMINATE,
};

FIXTURE_SETUP(kernel_storm)
{
	NEED_CLIENT();
}

FIXTURE_TEARDOWN_PARENT(kernel_storm)
{
	CLIENT_GOES();
}

#define STORM_THREADS	2
#define STORM_EACH	75	/* what the log has room for */

struct inserter {
	pthread_t thread;
	pid_t target;
	unsigned int first;
	/* What became of each: inserted, removed. */
	bool inserted[STORM_EACH];
	bool removed[STORM_EACH];
};

static void *insert_until_it_ends(void *arg)
{
	struct inserter *inserter = arg;
	unsigned int i;

	for (i = 0; i < STORM_EACH; i++) {
		unsigned int id = inserter->first + i;
		long ret = RUN(STEP(INSERT, .id = id,
				    .target = inserter->target,
				    .flags = i & 1 ? CLIENT_SPECIAL : 0,
				    .environment = i % 5 ? 0 : ENV_ATTACHED));

		inserter->inserted[i] = ret == 1;
		if (i % 3 == 2)
			inserter->removed[i - 2] =
				RUN(STEP(REMOVE, .id = id - 2)) == 1;
		breathe(i < STORM_EACH / 2 ? 0 : 20);
	}
	return NULL;
}

static void *spin_in_thread(void *arg)
{
	atomic_int *stage = arg;

	atomic_store(&stage[1], syscall(SYS_gettid));
	while (atomic_load(stage) < 2)
		getppid();
	return NULL;
}

static void be_victim(enum way way, atomic_int *stage)
{
	static char *const argv[] = { "/bin/true", NULL };
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_create(&thread, NULL, spin_in_thread, stage);
	while (atomic_load(stage) < 1)
		sched_yield();
	switch (way) {
	case BY_EXIT_GROUP:
		_exit(0);
	case BY_EXEC:
		execv(argv[0], argv);
		_exit(1);
	case BY_RETURN:
		atomic_store(stage, 2);
		break;
	case BY_SIGKILL:
	case BY_TERMINATE:
		break;
	}
	pthread_join(thread, NULL);
	_exit(0);
}

static unsigned int times_seen(unsigned int nr, enum client_what what,
			       unsigned int id)
{
	unsigned int i, times = 0;

	for (i = 0; i < nr; i++)
		times += events[i].what == what && events[i].id == id;
	return times;
}

/* In how many ways an inserted APC has come to its end. */
static unsigned int ends_of(struct inserter *inserter, unsigned int nr,
			    unsigned int i)
{
	unsigned int id = inserter->first + i;

	return times_seen(nr, CLIENT_KERNEL, id) +
	       times_seen(nr, CLIENT_RUNDOWN, id) + inserter->removed[i];
}

static unsigned int count_wrong(struct inserter *inserter)
{
	unsigned int nr = read_events(), wrong = 0, i;

	for (i = 0; i < STORM_EACH; i++)
		wrong += ends_of(inserter, nr, i) != inserter->inserted[i];
	return wrong;
}

TEST_F(kernel_storm, each_ends_once)
{
	struct inserter inserters[STORM_THREADS] = {};
	unsigned int i, rounds = 1 + scaled(10), round;
	atomic_int *stage;
	int thread, ret;
	pid_t child;

	stage = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stage);
	for (round = 0; round < rounds; round++) {
		reset_events();
		memset(inserters, 0, sizeof(inserters));
		atomic_store(&stage[0], 0);
		atomic_store(&stage[1], 0);
		child = fork();
		ASSERT_LE(0, child);
		if (!child)
			be_victim(variant->way, stage);
		ASSERT_TRUE(wait_until(atomic_load(&stage[1])));
		thread = open_thread(dev, atomic_load(&stage[1]));
		ASSERT_LE(0, thread);
		for (i = 0; i < STORM_THREADS; i++) {
			inserters[i].target = atomic_load(&stage[1]);
			inserters[i].first = 1000 * i;
			pthread_create(&inserters[i].thread, NULL,
				       insert_until_it_ends, &inserters[i]);
		}
		/* The end comes somewhere in the middle of all this. */
		ASSERT_TRUE(wait_until(count_events(CLIENT_STEP) >=
				       STORM_EACH / 4));
		atomic_store(stage, 1);
		if (variant->way == BY_SIGKILL)
			kill(child, SIGKILL);
		else if (variant->way == BY_TERMINATE)
			EXPECT_EQ(0, terminate_thread(thread, 0));
		for (i = 0; i < STORM_THREADS; i++)
			pthread_join(inserters[i].thread, NULL);
		ret = reap(child);
		EXPECT_EQ(variant->way == BY_SIGKILL ? -SIGKILL : 0, ret);
		ASSERT_TRUE(wait_gone(thread));
		for (i = 0; i < STORM_THREADS; i++) {
			EXPECT_EQ(0, count_wrong(&inserters[i]));
		}
		close(thread);
	}
}

#define CPU1	"/sys/devices/system/cpu/cpu1/online"

static atomic_int hotplugs;

static void *plug_and_unplug(void *arg)
{
	atomic_int *stop = arg;

	while (!atomic_load(stop)) {
		if (!write_number(CPU1, 0))
			atomic_fetch_add(&hotplugs, 1);
		write_number(CPU1, 1);
	}
	return NULL;
}

/* Processors come and go meanwhile. */
TEST_F(kernel, cpu_goes_and_comes)
{
	unsigned int rounds = scaled(300), i, nr;
	struct worker workers[3] = {};
	atomic_int stop = 0;
	pthread_t plugger;

	if (access(CPU1, W_OK))
		SKIP(return, "no processor can be taken away");
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(worker_start(&workers[i], dev, spin));
	}
	pthread_create(&plugger, NULL, plug_and_unplug, &stop);
	for (i = 0; i < rounds || atomic_load(&hotplugs) < 5; i++) {
		nr = i % 3;
		ASSERT_EQ(1, RUN(NORMAL(i, .target = workers[nr].tid)));
		ASSERT_TRUE(wait_until(count_events(CLIENT_NORMAL_END) == 1));
		EXPECT_EQ(workers[nr].tid, find_event(CLIENT_NORMAL)->tid);
		reset_events();
		/* A suspension as well, now and then. */
		if (i % 10)
			continue;
		ASSERT_EQ(0, suspend_thread(workers[nr].fd,
					    NTAPC_SUSPEND_WAIT));
		EXPECT_EQ(1, resume_thread(workers[nr].fd, 0));
	}
	atomic_store(&stop, 1);
	pthread_join(plugger, NULL);
	TH_LOG("%d times, %u APCs", atomic_load(&hotplugs), i);
	for (i = 0; i < 3; i++) {
		worker_go(&workers[i]);
		worker_join(&workers[i]);
	}
}

/* Unloading */

/* What keeps a queued APC from running. */
enum hindrance {
	STOPPED,
	FROZEN,
	IN_VFORK,
	IN_REGION,
	NOT_ATTACHED,
	NOT_ALERTABLE,
};

FIXTURE(kernel_unload)
{
	int fds[2];
	atomic_int *stage;
};

FIXTURE_VARIANT(kernel_unload)
{
	enum hindrance hindrance;
	/* It is killed instead of being let go. */
	bool killed;
};

#define UNLOAD_VARIANTS(name, which)					\
FIXTURE_VARIANT_ADD(kernel_unload, name)				\
{									\
	.hindrance = which,						\
};									\
FIXTURE_VARIANT_ADD(kernel_unload, name##_killed)			\
{									\
	.hindrance = which,						\
	.killed = true,							\
}

UNLOAD_VARIANTS(stopped, STOPPED);
UNLOAD_VARIANTS(frozen, FROZEN);
UNLOAD_VARIANTS(vfork, IN_VFORK);
UNLOAD_VARIANTS(region, IN_REGION);
UNLOAD_VARIANTS(attached, NOT_ATTACHED);
UNLOAD_VARIANTS(user_apc, NOT_ALERTABLE);

FIXTURE_SETUP(kernel_unload)
{
	NEED_CLIENT();
	self->stage = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->stage);
	ASSERT_EQ(0, pipe2(self->fds, O_CLOEXEC));
}

FIXTURE_TEARDOWN_PARENT(kernel_unload)
{
	CLIENT_GOES();
}

static void be_target(enum hindrance hindrance, int fd, atomic_int *stage)
{
	volatile pid_t child;
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (hindrance == IN_REGION)
		RUN(STEP(ENTER_CRITICAL));
	close(client);
	close(self_fd);
	if (hindrance != IN_VFORK)
		atomic_store(stage, 1);
	switch (hindrance) {
	case IN_VFORK:
		child = vfork();
		if (!child) {
			atomic_store(stage, 1);
			_exit(read(fd, &c, 1) != 1);
		}
		_exit(reap(child));
	case STOPPED:
	case FROZEN:
		while (atomic_load(stage) < 2)
			;
		_exit(0);
	case IN_REGION:
		if (read(fd, &c, 1) != 1 || open_client())
			_exit(1);
		RUN(STEP(LEAVE_CRITICAL));
		_exit(0);
	default:
		_exit(read(fd, &c, 1) != 1);
	}
}

static bool hinder(enum hindrance hindrance, pid_t pid)
{
	int status;

	switch (hindrance) {
	case STOPPED:
		kill(pid, SIGSTOP);
		return waitpid(pid, &status, WUNTRACED) == pid;
	case FROZEN:
		return freezer_take(pid) && freezer_freeze();
	case IN_VFORK:
		return wait_until(thread_state(pid) == 'D');
	default:
		return wait_asleep(pid);
	}
}

static void let_go(enum hindrance hindrance, pid_t pid, int fd,
		   atomic_int *stage)
{
	atomic_store(stage, 2);
	switch (hindrance) {
	case STOPPED:
		kill(pid, SIGCONT);
		break;
	case FROZEN:
		freezer_thaw();
		break;
	default:
		if (write(fd, "x", 1) != 1)
			abort();
	}
}

/* The client stays as long as its APC is queued, and can go then. */
TEST_F(kernel_unload, while_one_is_queued)
{
	struct client_step step = SPECIAL(1);
	pid_t child = fork();
	int busy;

	ASSERT_LE(0, child);
	if (!child)
		be_target(variant->hindrance, self->fds[0], self->stage);
	ASSERT_TRUE(wait_until(atomic_load(self->stage)));
	if (!hinder(variant->hindrance, child)) {
		kill(child, SIGKILL);
		reap(child);
		if (variant->hindrance == FROZEN) {
			freezer_remove();
			SKIP(return, "no cgroup freezer");
		}
		ASSERT_TRUE(false);
	}
	step.target = child;
	switch (variant->hindrance) {
	case IN_REGION:
		step.flags = 0;
		break;
	case NOT_ATTACHED:
		step.environment = ENV_ATTACHED;
		break;
	case NOT_ALERTABLE:
		step.flags = 0;
		step.mode = USER_MODE;
		step.routine = ADDR(log_apc);
		break;
	default:
		break;
	}
	EXPECT_EQ(1, run_steps(&step, 1));
	close(client);
	busy = unload_client();
	/* Linux may run it in a frozen thread, without thawing that. */
	if (variant->hindrance != FROZEN) {
		EXPECT_TRUE(is_busy(busy));
	}
	if (variant->killed)
		kill(child, SIGKILL);
	else
		let_go(variant->hindrance, child, self->fds[1], self->stage);
	if (variant->hindrance == FROZEN && variant->killed)
		freezer_thaw();
	EXPECT_EQ(variant->killed ? -SIGKILL : 0, reap(child));
	if (variant->hindrance == FROZEN)
		freezer_remove();
	/* In vfork() the child of the child lives on until it has read. */
	if (variant->hindrance == IN_VFORK && variant->killed)
		ASSERT_EQ(1, write(self->fds[1], "x", 1));
	EXPECT_TRUE(client_goes());
	EXPECT_FALSE(client_is_loaded());
}

/* Time and again, with an APC of each kind on its way. */
TEST_F_TIMEOUT(kernel, load_queue_unload, 600)
{
	const char *env = getenv("NTAPC_CYCLES");
	unsigned int cycles, cycle;
	struct worker worker = {};
	pid_t child;

	cycles = env ? atoi(env) : on_uml() ? 50 : scaled(200);
	ASSERT_TRUE(worker_start(&worker, dev, spin));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(client);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	for (cycle = 0; cycle < cycles; cycle++) {
		ASSERT_EQ(1, RUN(NORMAL(1, .target = worker.tid)));
		ASSERT_EQ(1, RUN(SPECIAL(2, .target = child)));
		ASSERT_EQ(1, RUN(NORMAL(3), SPECIAL(4)));
		ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1)));
		ASSERT_EQ(1, RUN(SPECIAL(5, .target = -1)) +
			     !RUN(STEP(FORGET_SYSTEM, .id = 1)) ? 1 : 0);
		close(client);
		/* Now and then one of them ends meanwhile. */
		if (cycle % 50 == 49)
			kill(child, SIGKILL);
		ASSERT_TRUE(client_goes());
		ASSERT_EQ(0, load_client());
		ASSERT_EQ(0, open_client());
		if (cycle % 50 != 49)
			continue;
		EXPECT_EQ(-SIGKILL, reap(child));
		child = fork();
		if (!child) {
			close(client);
			for (;;)
				pause();
		}
	}
	kill(child, SIGKILL);
	reap(child);
	worker_go(&worker);
	worker_join(&worker);
}

TEST_HARNESS_MAIN
