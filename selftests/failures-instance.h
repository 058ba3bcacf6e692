/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that failures.c has fail: on an instance, for the calling thread.
 */
#ifndef NTAPC_SELFTESTS_FAILURES_INSTANCE_H
#define NTAPC_SELFTESTS_FAILURES_INSTANCE_H

/* The instance */

static bool prepare_info(struct call *call)
{
	return ARGS(dev, ntapc_info, .abi_version = 0);
}

static bool done_info(long ret)
{
	return !ret && RESULT(ntapc_info)->abi_version == NTAPC_ABI_VERSION;
}

/* Somebody who has nothing to do with ntapc. */
static bool prepare_info_other(struct call *call)
{
	return prepare_info(call) && !syscall(SYS_setresuid, 12345, 0, 0);
}

static bool unchanged_info_other(void)
{
	return !syscall(SYS_setresuid, 0, 0, 0);
}

static bool done_info_other(long ret)
{
	return unchanged_info_other() && done_info(ret) &&
	       !RESULT(ntapc_info)->queued_user;
}

static bool prepare_open_self(struct call *call)
{
	return ARGS(dev, ntapc_thread_open, .tid = 0);
}

static bool prepare_open_there(struct call *call)
{
	return ARGS(dev, ntapc_thread_open, .tid = target.pid);
}

static bool prepare_open_stranger(struct call *call)
{
	return meet_stranger() &&
	       ARGS(dev, ntapc_thread_open, .tid = stranger);
}

static bool prepare_reserve(struct call *call)
{
	return ARGS(dev, ntapc_reserve, .type = NTAPC_RESERVE_USER_APC);
}

static bool prepare_dispatcher(struct call *call)
{
	return ARGS(dev, ntapc_dispatcher, .entry = ADDR(dispatch_continue));
}

static bool prepare_exit_status(struct call *call)
{
	return ARGS(dev, ntapc_exit_status, .status = 1);
}

static bool prepare_alert_by_id(struct call *call)
{
	return ARGS(dev, ntapc_alert_by_id, .tid = getpid());
}

static bool unchanged_alert_by_id(void)
{
	return wait_by_id(dev, 0, 0) == NTAPC_STATUS_TIMEOUT;
}

static bool done_alert_by_id(long ret)
{
	return !ret && wait_by_id(dev, 0, 0) == NTAPC_STATUS_ALERTED;
}

static bool prepare_wait_by_id(struct call *call)
{
	return !alert_by_id(dev, getpid()) &&
	       ARGS(dev, ntapc_wait_by_id, .deadline = 0);
}

static bool unchanged_wait_by_id(void)
{
	return wait_by_id(dev, 0, 0) == NTAPC_STATUS_ALERTED;
}

static bool done_wait_by_id(long ret)
{
	return ret == NTAPC_STATUS_ALERTED && unchanged_alert_by_id();
}

/* The same for a thread's first call of all. */
static bool prepare_wait_by_id_in_vain(struct call *call)
{
	return ARGS(dev, ntapc_wait_by_id, .deadline = 0);
}

static bool done_timeout(long ret)
{
	return ret == NTAPC_STATUS_TIMEOUT;
}

static bool prepare_process_open_self(struct call *call)
{
	return ARGS(dev, ntapc_process_open, .pid = 0);
}

static bool prepare_process_open_there(struct call *call)
{
	return ARGS(dev, ntapc_process_open, .pid = target.pid);
}

static bool prepare_process_open_stranger(struct call *call)
{
	return meet_stranger() &&
	       ARGS(dev, ntapc_process_open, .pid = stranger);
}

static bool prepare_process_open_pidfd(struct call *call)
{
	static pid_t pid;
	static int fd;

	if (pid != getpid()) {
		pid = getpid();
		fd = pidfd_of(target.pid);
	}
	return ARGS(dev, ntapc_process_open, .flags = NTAPC_PROCESS_PIDFD,
		    .pid = fd);
}

static bool is_attached(void)
{
	return thread_bits(own_thread()) & NTAPC_THREAD_ATTACHED;
}

static bool prepare_detach(struct call *call)
{
	return (is_attached() || !attach(process)) &&
	       ARGS(dev, ntapc_detach, .flags = 0);
}

static bool done_detach(long ret)
{
	return !ret && !is_attached();
}

static bool prepare_window(struct call *call)
{
	return ARGS(dev, ntapc_window, .length = 3 * ONE_PAGE);
}

/* Waits */

static bool is_set(int event)
{
	return object_state(event) == 1;
}

/* How many of several are. */
static unsigned int nr_set(const int *events, unsigned int nr)
{
	unsigned int i, set = 0;

	for (i = 0; i < nr; i++)
		set += is_set(events[i]);
	return set;
}

static bool prepare_delay(struct call *call)
{
	return ARGS(dev, ntapc_wait, .deadline = 0);
}

static bool prepare_any(struct call *call)
{
	return set_event(many[2]) >= 0 &&
	       ARGS(dev, ntapc_wait, .nr_objects = 3, .objects = ADDR(many));
}

static bool unchanged_any(void)
{
	return nr_set(many, MANY) == 1;
}

static bool done_any(long ret)
{
	return ret == 2 && !nr_set(many, MANY);
}

static bool prepare_any_of_many(struct call *call)
{
	return set_event(many[MANY - 1]) >= 0 &&
	       ARGS(dev, ntapc_wait, .nr_objects = MANY, .objects = ADDR(many));
}

static bool done_any_of_many(long ret)
{
	return ret == MANY - 1 && !nr_set(many, MANY);
}

static bool set_all(const int *events, unsigned long cmd)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		if (cmd ? event_do(events[i], cmd, NULL) : set_event(events[i]) < 0)
			return false;
	return true;
}

static bool prepare_all_of_many(struct call *call)
{
	return set_all(many, 0) &&
	       ARGS(dev, ntapc_wait, .flags = NTAPC_WAIT_ALL, .nr_objects = MANY,
		    .objects = ADDR(many));
}

static bool unchanged_all(void)
{
	return nr_set(many, MANY) == MANY;
}

static bool done_all_of_many(long ret)
{
	return !ret && !nr_set(many, MANY);
}

static bool prepare_polled(struct call *call)
{
	return ARGS(dev, ntapc_wait, .nr_objects = MANY,
		    .objects = ADDR(eventfds));
}

/* One that isn't ready to poll, so that all the others are begun to be polled. */
static bool done_polled(long ret)
{
	return ret == MANY - 1 && poll_now(eventfds[MANY - 1]) == POLLIN;
}

static bool prepare_ends(struct call *call)
{
	static __s32 fds[2];

	fds[0] = own_thread();
	fds[1] = own_process();
	return ARGS(dev, ntapc_wait, .nr_objects = 2, .objects = ADDR(fds));
}

static bool prepare_end_of_process(struct call *call)
{
	static __s32 fd;

	fd = own_process();
	return ARGS(dev, ntapc_wait, .nr_objects = 1, .objects = ADDR(&fd));
}

static bool have_queued(unsigned int nr)
{
	while (nr_pending(own_thread()) < nr)
		if (queue(own_thread(), log_apc, 1))
			return false;
	return true;
}

static bool unchanged_two_queued(void)
{
	return nr_pending(own_thread()) == 2;
}

static bool prepare_wait_records(struct call *call)
{
	memset(records, 0xcc, sizeof(records));
	return have_queued(2) &&
	       ARGS(dev, ntapc_wait,
		    .flags = NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS,
		    .records = ADDR(records), .nr_records = 4);
}

static bool two_records(long ret, __u32 nr)
{
	return ret == NTAPC_STATUS_USER_APC && nr == 2 &&
	       records[0].routine == ADDR(log_apc) &&
	       records[1].routine == ADDR(log_apc) &&
	       !nr_pending(own_thread());
}

static bool done_wait_records(long ret)
{
	return two_records(ret, RESULT(ntapc_wait)->nr_records);
}

static bool prepare_wait_frames(struct call *call)
{
	log_reset();
	return frames() && have_queued(1) &&
	       ARGS(dev, ntapc_wait, .flags = NTAPC_WAIT_ALERTABLE);
}

/*
 * One: where the first one's end can't hand the second one over it is SIGSEGV, which
 * failures-steps.c is for.
 */
static bool unchanged_frames(void)
{
	return !log_count() && nr_pending(own_thread()) == 1;
}

static bool done_wait_frames(long ret)
{
	return ret == NTAPC_STATUS_USER_APC && log_count() == 1 &&
	       !nr_pending(own_thread());
}

static bool prepare_signal_and_wait(struct call *call)
{
	static __s32 fd;

	fd = object[EVENT];
	return ARGS(dev, ntapc_wait, .flags = NTAPC_WAIT_SIGNAL,
		    .nr_objects = 1, .objects = ADDR(&fd),
		    .signal = object[SEMAPHORE]);
}

static bool done_signal_and_wait(long ret)
{
	return ret == NTAPC_STATUS_TIMEOUT &&
	       object_state(object[SEMAPHORE]) == 2 &&
	       !try_one(object[SEMAPHORE]);
}

static bool prepare_wait_object(struct call *call)
{
	return set_event(object[SYNC_EVENT]) >= 0 &&
	       ARGS(object[SYNC_EVENT], ntapc_wait, .deadline = 0);
}

static bool done_wait_object(long ret)
{
	return !ret && !is_set(object[SYNC_EVENT]);
}

static bool prepare_test_alert(struct call *call)
{
	memset(records, 0xcc, sizeof(records));
	return have_queued(2) &&
	       ARGS(dev, ntapc_test_alert, .flags = NTAPC_WAIT_RECORDS,
		    .records = ADDR(records), .nr_records = 4);
}

static bool done_test_alert(long ret)
{
	return two_records(ret, RESULT(ntapc_test_alert)->nr_records);
}

static bool prepare_test_alert_frames(struct call *call)
{
	log_reset();
	return frames() && have_queued(1) &&
	       ARGS(dev, ntapc_test_alert, .flags = 0);
}

static bool done_test_alert_frames(long ret)
{
	return !ret && log_count() == 1 && !nr_pending(own_thread());
}

/* It goes on behind the very call, which raw_syscall() sees to. */
static bool prepare_continue(struct call *call)
{
	resume_frame.size = sizeof(resume_frame);
	resume_frame.context.rax = RESUMED;
	resume_frame.context.cs = 0x33;
	resume_frame.context.eflags = 0x202;
	return ARGS(dev, ntapc_continue, .frame = ADDR(&resume_frame));
}

static bool done_continue(long ret)
{
	return ret == RESUMED;
}

#endif
