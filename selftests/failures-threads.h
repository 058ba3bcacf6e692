/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that failures.c has fail: on threads and kernel APCs.
 */
#ifndef NTAPC_SELFTESTS_FAILURES_THREADS_H
#define NTAPC_SELFTESTS_FAILURES_THREADS_H

/* Threads */

static bool prepare_queue(struct call *call)
{
	return ARGS(own_thread(), ntapc_queue, .routine = ADDR(log_apc));
}

static bool done_queue(long ret)
{
	return !ret && take_records(dev, records, 4) == 1 &&
	       records[0].routine == ADDR(log_apc);
}

static bool prepare_queue_there(struct call *call)
{
	return ARGS(there, ntapc_queue, .routine = ADDR(log_apc));
}

static bool prepare_queue_reserve(struct call *call)
{
	return ARGS(own_thread(), ntapc_queue, .flags = NTAPC_QUEUE_RESERVE,
		    .routine = ADDR(log_apc), .reserve = reserve);
}

static bool prepare_queue_special(struct call *call)
{
	log_reset();
	return frames() &&
	       ARGS(own_thread(), ntapc_queue, .flags = NTAPC_QUEUE_SPECIAL,
		    .routine = ADDR(log_apc), .arg = { 5 });
}

static bool unchanged_special(void)
{
	return !log_count() && !nr_pending(own_thread());
}

static bool done_queue_special(long ret)
{
	return !ret && log_count() == 1 && log_entry(0) == 5 &&
	       !nr_pending(own_thread());
}

/* Another thread takes it, which is asleep. */
static bool prepare_queue_special_peer(struct call *call)
{
	log_reset();
	return frames() &&
	       ARGS(peer.fd, ntapc_queue,
		    .flags = NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_INTERRUPT,
		    .routine = ADDR(log_apc));
}

/* In another process it isn't seen. */
static bool done_queue_special_peer(long ret)
{
	return !ret && (getpid() != test_pid || wait_until(log_count() == 1));
}

#define BATCH	40	/* more than one chunk of the kernel's */

static struct ntapc_queue_entry entries[BATCH];

static bool prepare_queue_many(struct call *call)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		entries[i] = (struct ntapc_queue_entry) { ADDR(log_apc), { i } };
	return ARGS(own_thread(), ntapc_queue_many, .entries = ADDR(entries),
		    .count = BATCH);
}

/* As many as it says, the first ones. */
static bool done_queue_many(long ret)
{
	struct ntapc_record taken[BATCH];
	long i;

	if (ret < 1 || ret > BATCH || take_records(dev, taken, BATCH) != ret)
		return false;
	for (i = 0; i < ret; i++)
		if (taken[i].arg[0] != i)
			return false;
	return true;
}

static bool prepare_thread_info(struct call *call)
{
	return ARGS(there, ntapc_thread_info, .tid = 0);
}

static bool done_thread_info(long ret)
{
	return !ret && RESULT(ntapc_thread_info)->tid == target.pid;
}

static bool prepare_thread_control(struct call *call)
{
	return ARGS(own_thread(), ntapc_thread_control, .offset = 1);
}

static bool done_thread_control(long ret)
{
	return !ret && !(RESULT(ntapc_thread_control)->offset % 64);
}

static bool prepare_suspend(struct call *call)
{
	return ARGS(peer.fd, ntapc_suspend, .flags = 0);
}

static bool resumed(long ret, int thread)
{
	return !ret && resume_thread(thread, 0) == 1;
}

static bool done_suspend(long ret)
{
	return resumed(ret, peer.fd);
}

static bool prepare_suspend_wait(struct call *call)
{
	return ARGS(peer.fd, ntapc_suspend, .flags = NTAPC_SUSPEND_WAIT);
}

static bool done_suspend_wait(long ret)
{
	return thread_bits(peer.fd) & NTAPC_THREAD_SUSPENDED &&
	       done_suspend(ret);
}

static bool prepare_suspend_process(struct call *call)
{
	return ARGS(there, ntapc_suspend, .flags = NTAPC_SUSPEND_PROCESS);
}

static bool done_suspend_process(long ret)
{
	return resumed(ret, there);
}

/* A process whose threads have never been suspended. */
static int strange_thread = -1;

static bool prepare_suspend_stranger(struct call *call)
{
	if (!meet_stranger())
		return false;
	close(strange_thread);
	strange_thread = open_thread(dev, stranger);
	return ARGS(strange_thread, ntapc_suspend,
		    .flags = NTAPC_SUSPEND_PROCESS);
}

static bool unchanged_suspend_stranger(void)
{
	struct ntapc_thread_info info;

	return !get_thread_info(strange_thread, &info) && !info.suspend_count;
}

static bool done_suspend_stranger(long ret)
{
	return resumed(ret, strange_thread);
}

static unsigned int suspend_count(int thread)
{
	struct ntapc_thread_info info;

	return get_thread_info(thread, &info) ? UINT_MAX : info.suspend_count;
}

static bool have_suspended(void)
{
	return suspend_count(peer.fd) ||
	       !suspend_thread(peer.fd, NTAPC_SUSPEND_WAIT);
}

static bool prepare_resume(struct call *call)
{
	return have_suspended() &&
	       ARGS(peer.fd, ntapc_resume, .flags = 0);
}

static bool done_resume(long ret)
{
	return ret == 1 && !suspend_count(peer.fd);
}

static bool prepare_alert(struct call *call)
{
	return ARGS(own_thread(), ntapc_alert, .flags = 0);
}

static bool unchanged_alert(void)
{
	return delay(dev, NTAPC_WAIT_ALERTABLE, 0) == NTAPC_STATUS_SUCCESS;
}

static bool prepare_alert_frames(struct call *call)
{
	return frames() && prepare_alert(call);
}

static bool done_alert(long ret)
{
	return !ret &&
	       delay(dev, NTAPC_WAIT_ALERTABLE, 0) == NTAPC_STATUS_ALERTED;
}

static struct worker victim;
static pid_t victims;		/* whose it is */

static bool prepare_terminate(struct call *call)
{
	if (victims != getpid()) {
		if (!worker_start(&victim, dev, be_peer))
			return false;
		victims = getpid();
	}
	return ARGS(victim.fd, ntapc_terminate, .status = 6);
}

static bool unchanged_terminate(void)
{
	return !(thread_bits(victim.fd) &
		 (NTAPC_THREAD_TERMINATING | NTAPC_THREAD_EXITED));
}

static bool done_terminate(long ret)
{
	struct ntapc_thread_info info;
	bool done = !ret && wait_gone(victim.fd) &&
		    !get_thread_info(victim.fd, &info) && info.exit_status == 6;

	worker_join(&victim);
	/* Its last reference to the module goes after that. */
	done &= wait_until(!thread_state(atomic_load(&victim.tid)));
	close(victim.fd);
	victims = 0;
	return done;
}

#define REGISTERS	(NTAPC_CONTEXT_CONTROL | NTAPC_CONTEXT_INTEGER)

static bool prepare_get_context(struct call *call)
{
	memset(&registers, 0, sizeof(registers));
	return ARGS(peer.fd, ntapc_thread_context, .what = REGISTERS,
		    .context = ADDR(&registers));
}

static bool done_get_context(long ret)
{
	return !ret && registers.rip;
}

static bool prepare_get_own_context(struct call *call)
{
	memset(&registers, 0, sizeof(registers));
	return ARGS(own_thread(), ntapc_thread_context,
		    .what = NTAPC_CONTEXT_CONTROL, .context = ADDR(&registers));
}

/* To what they are. */
static bool prepare_set_context(struct call *call)
{
	return have_suspended() &&
	       !get_context(peer.fd, REGISTERS, &registers) &&
	       ARGS(peer.fd, ntapc_thread_context, .what = REGISTERS,
		    .context = ADDR(&registers));
}

static bool unchanged_set_context(void)
{
	struct ntapc_context now;

	return !get_context(peer.fd, REGISTERS, &now) &&
	       !memcmp(&now, &registers, sizeof(now));
}

static bool done_set_context(long ret)
{
	return resumed(ret, peer.fd);
}

static bool prepare_kernel_apc(struct call *call)
{
	return ARGS(own_thread(), ntapc_kernel_apc, .name = "count");
}

static bool done_kernel_apc(long ret)
{
	struct ntapc_apc_result result;

	return !apc_result(ret, &result, values, 1) &&
	       result.state == NTAPC_APC_RUN && !close(ret);
}

/* One that can be seen to have run, or not. */
static int told = -1;

static bool prepare_kernel_apc_peer(struct call *call)
{
	if (told < 0)
		told = eventfd(0, EFD_CLOEXEC);
	return told >= 0 &&
	       ARGS(peer.fd, ntapc_kernel_apc, .name = "eventfd",
		    .arg = { told });
}

static bool unchanged_told(void)
{
	return !poll_now(told);
}

static bool done_kernel_apc_peer(long ret)
{
	__u64 count;

	return wait_until(poll_now(ret) & POLLIN) && !close(ret) &&
	       read(told, &count, sizeof(count)) == sizeof(count) &&
	       count == 1;
}

/* Kernel APCs */

static int apc = -1;

static bool have_run_apc(void)
{
	if (apc < 0)
		apc = kernel_apc(own_thread(), 0, "count", 0);
	return apc >= 0;
}

static bool prepare_apc_result(struct call *call)
{
	return have_run_apc() &&
	       ARGS(apc, ntapc_apc_result, .values = ADDR(values),
		    .nr_values = 1);
}

static bool done_apc_result(long ret)
{
	return !ret && RESULT(ntapc_apc_result)->state == NTAPC_APC_RUN &&
	       RESULT(ntapc_apc_result)->nr_values == 1 && !close(apc) &&
	       (apc = -1);
}

static int waiting_apc = -1;

/* It waits until the thread attaches, which it doesn't. */
static bool prepare_apc_remove(struct call *call)
{
	if (waiting_apc < 0)
		waiting_apc = kernel_apc(peer.fd, NTAPC_KERNEL_APC_ATTACHED,
					 "count", 0);
	return ARGS(waiting_apc, ntapc_apc_remove, .flags = 0);
}

static bool done_apc_remove(long ret)
{
	return ret == 1 && !close(waiting_apc) && (waiting_apc = -1);
}

#endif
