// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Alertable points: user APCs are taken as records and run as plain calls, many
 * for one system call.
 *
 * Records in the ring count as queued: what a wait finds is decided as if they
 * were still in the kernel (rule 11.3: object, alert, APC, timeout).
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "internal.h"

static int call(int fd, unsigned long cmd, void *arg)
{
	int ret;

	ntapc__tls.in_call = 1;
	ret = ntapc__ioctl(fd, cmd, arg);
	ntapc__tls.in_call = 0;
	return ret;
}

/* As NTAPC_IOC_WAIT without records. */
static int wait_plain(struct ntapc_wait *w)
{
	int fd = ntapc_instance();

	return fd < 0 ? fd : call(fd, NTAPC_IOC_WAIT, w);
}

/* As NTAPC_IOC_WAIT, alertable; records go to the ring, or one is run. */
static int wait_records(struct thread *t, const struct ntapc_wait *template)
{
	struct ntapc_wait *w = &t->ring.call.wait;
	void *frame = __builtin_frame_address(0);
	int fd = ntapc_instance();
	struct ntapc_record record;
	struct ntapc_wait single;
	int ret;

	if (fd < 0)
		return fd;
	if (ntapc__ring_fill_begin(t, &w->nr_records, frame)) {
		*w = *template;
		w->flags |= NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS;
		w->records = (uintptr_t)t->ring.record;
		w->nr_records = RING_SIZE;
		ret = call(fd, NTAPC_IOC_WAIT, w);
		ntapc__ring_fill_end(t, frame);
		return ret;
	}
	single = *template;
	single.flags |= NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS;
	single.records = (uintptr_t)&record;
	single.nr_records = 1;
	record.routine = 0;
	ret = call(fd, NTAPC_IOC_WAIT, &single);
	if (ret == NTAPC_STATUS_USER_APC && record.routine)
		ntapc__run(&record, NULL);
	return ret;
}

/* As NTAPC_IOC_TEST_ALERT; records go to the ring, or one is run. */
static int test_records(struct thread *t)
{
	struct ntapc_test_alert *ta = &t->ring.call.test_alert;
	void *frame = __builtin_frame_address(0);
	int fd = ntapc_instance();
	struct ntapc_test_alert single = {
		.size = sizeof(single),
		.flags = NTAPC_WAIT_RECORDS,
	};
	struct ntapc_record record;
	int ret;

	if (fd < 0)
		return fd;
	if (ntapc__ring_fill_begin(t, &ta->nr_records, frame)) {
		*ta = single;
		ta->records = (uintptr_t)t->ring.record;
		ta->nr_records = RING_SIZE;
		ret = call(fd, NTAPC_IOC_TEST_ALERT, ta);
		ntapc__ring_fill_end(t, frame);
		return ret;
	}
	single.records = (uintptr_t)&record;
	single.nr_records = 1;
	record.routine = 0;
	ret = call(fd, NTAPC_IOC_TEST_ALERT, &single);
	if (ret == NTAPC_STATUS_USER_APC && record.routine)
		ntapc__run(&record, NULL);
	return ret;
}

/*
 * The alert, if there is one, is taken. Only the thread itself takes alerts, so
 * with the bit set the call says so and hands nothing over.
 */
static bool take_alert(struct thread *t)
{
	return unlikely(ntapc__pending(t) & NTAPC_PENDING_ALERT) &&
	       test_records(t) == NTAPC_STATUS_ALERTED;
}

/*
 * Runs what is in the ring. Between two APCs is the test for an alert that
 * NtContinue makes, which ends the chain (rules 12.2, 12.4). An APC may fork: the
 * child has nothing more to run. Returns whether the chain goes on.
 */
bool ntapc__drain_ring(struct thread *t)
{
	struct ntapc_record record;

	while (ntapc__ring_pop(t, &record)) {
		ntapc__run(&record, NULL);
		if (ntapc__registered() != t || take_alert(t))
			return false;
	}
	return true;
}

/* Runs what is in the ring and then what is in the kernel. */
void ntapc__drain(struct thread *t)
{
	while (ntapc__drain_ring(t) &&
	       ntapc__pending(t) & NTAPC_PENDING_USER &&
	       test_records(t) == NTAPC_STATUS_USER_APC &&
	       ntapc__registered() == t)
		;
}

int ntapc_test_alert(void)
{
	int err;
	struct thread *t = ntapc__self(&err);

	if (unlikely(!t))
		return err;
	if (take_alert(t))
		return NTAPC_STATUS_ALERTED;
	ntapc__drain(t);
	return NTAPC_STATUS_SUCCESS;
}

/* Alertable, with records in the ring: nothing here blocks. */
static int wait_ring(struct thread *t, const struct ntapc_wait *template)
{
	int ret;

	if (template->nr_objects) {
		struct ntapc_wait look = *template;

		look.deadline = 0;
		ret = wait_plain(&look);
		if (ret != NTAPC_STATUS_TIMEOUT)
			return ret;
	}
	if (take_alert(t))
		return NTAPC_STATUS_ALERTED;
	ntapc__drain(t);
	return NTAPC_STATUS_USER_APC;
}

static int wait_alertable(const struct ntapc_wait *template)
{
	int ret;
	struct thread *t = ntapc__self(&ret);

	if (unlikely(!t))
		return ret;
	if (unlikely(!ntapc__ring_empty(t)))
		return wait_ring(t, template);
	ret = wait_records(t, template);
	if (ret == NTAPC_STATUS_USER_APC && ntapc__registered() == t)
		ntapc__drain(t);
	return ret;
}

int ntapc_delay(uint64_t timeout_ns, unsigned int flags)
{
	struct ntapc_wait w = { .size = sizeof(w) };
	int ret;

	ret = ntapc__deadline(timeout_ns, flags, &w.deadline);
	if (ret)
		return ret;
	if (flags & NTAPC_REALTIME)
		w.flags |= NTAPC_WAIT_REALTIME;
	if (flags & NTAPC_ALERTABLE)
		return wait_alertable(&w);
	if (!w.deadline) {
		sched_yield();
		return NTAPC_STATUS_SUCCESS;
	}
	return wait_plain(&w);
}

int ntapc_wait_thread(int fd, uint64_t timeout_ns, unsigned int flags)
{
	int32_t object = fd;
	struct ntapc_wait w = {
		.size = sizeof(w),
		.nr_objects = 1,
		.objects = (uintptr_t)&object,
	};
	int ret;

	ret = ntapc__deadline(timeout_ns, flags, &w.deadline);
	if (ret)
		return ret;
	if (flags & NTAPC_REALTIME)
		w.flags |= NTAPC_WAIT_REALTIME;
	return flags & NTAPC_ALERTABLE ? wait_alertable(&w) : wait_plain(&w);
}
