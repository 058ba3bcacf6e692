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

/* As NTAPC_IOC_WAIT, without records. */
static int wait_plain(struct ntapc_wait *w)
{
	int fd = ntapc_instance();

	return fd < 0 ? fd : call(fd, NTAPC_IOC_WAIT, w);
}

/* What has been signalled isn't to be signalled again when the call is repeated. */
static void note_signalled(struct ntapc_wait *template,
			   const struct ntapc_wait *w)
{
	if (!(w->flags & NTAPC_WAIT_SIGNAL))
		template->flags &= ~NTAPC_WAIT_SIGNAL;
}

/* As NTAPC_IOC_WAIT, alertable; records go to the ring, or one is run. */
static int wait_records(struct thread *t, struct ntapc_wait *template)
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
		note_signalled(template, w);
		ntapc__ring_fill_end(t, frame);
		return ret;
	}
	single = *template;
	single.flags |= NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS;
	single.records = (uintptr_t)&record;
	single.nr_records = 1;
	record.routine = 0;
	ret = call(fd, NTAPC_IOC_WAIT, &single);
	note_signalled(template, &single);
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
static int wait_ring(struct thread *t, struct ntapc_wait *w)
{
	int ret;

	if (w->nr_objects) {
		struct ntapc_wait look = *w;

		look.flags &= ~NTAPC_WAIT_ALERTABLE;
		look.deadline = 0;
		ret = wait_plain(&look);
		note_signalled(w, &look);
		if (ret != NTAPC_STATUS_TIMEOUT)
			return ret;
	}
	if (take_alert(t))
		return NTAPC_STATUS_ALERTED;
	ntapc__drain(t);
	return NTAPC_STATUS_USER_APC;
}

static int wait_alertable(struct ntapc_wait *w, bool frames)
{
	int ret;
	struct thread *t = ntapc__self(&ret);

	if (unlikely(!t))
		return ret;
	if (unlikely(!ntapc__ring_empty(t)))
		return wait_ring(t, w);
	if (frames)
		return wait_plain(w);
	ret = wait_records(t, w);
	if (ret == NTAPC_STATUS_USER_APC && ntapc__registered() == t)
		ntapc__drain(t);
	return ret;
}

/*
 * As NTAPC_IOC_WAIT, but if it is alertable APCs have run then, as plain calls unless
 * @frames. Like that it takes NTAPC_WAIT_SIGNAL off the flags once it has signalled.
 */
int ntapc__wait(struct ntapc_wait *w, bool frames)
{
	int ret = w->flags & NTAPC_WAIT_ALERTABLE ? wait_alertable(w, frames) :
						    wait_plain(w);

	if (!(w->flags & NTAPC_WAIT_SIGNAL))
		w->signal = 0;
	return ret;
}

/* A wait with these flags, but for those that only the caller knows. */
static int wait_init(struct ntapc_wait *w, uint64_t timeout_ns,
		     unsigned int flags)
{
	*w = (struct ntapc_wait){ .size = sizeof(*w) };
	if (flags & NTAPC_ALERTABLE)
		w->flags |= NTAPC_WAIT_ALERTABLE;
	if (flags & NTAPC_REALTIME)
		w->flags |= NTAPC_WAIT_REALTIME;
	return ntapc__deadline(timeout_ns, flags, &w->deadline);
}

int ntapc_delay(uint64_t timeout_ns, unsigned int flags)
{
	struct ntapc_wait w;
	int ret;

	ret = wait_init(&w, timeout_ns, flags);
	if (ret)
		return ret;
	if (!(flags & NTAPC_ALERTABLE) && !w.deadline) {
		sched_yield();
		return NTAPC_STATUS_SUCCESS;
	}
	return ntapc__wait(&w, false);
}

int ntapc_wait_objects(const int *fds, unsigned int n, uint64_t timeout_ns,
		       unsigned int flags)
{
	struct ntapc_wait w;
	int ret;

	ret = wait_init(&w, timeout_ns, flags & ~(NTAPC_ALL | NTAPC_FRAMES));
	if (ret)
		return ret;
	/* None would be a delay. */
	if (!n)
		return -EINVAL;
	if (flags & NTAPC_ALL)
		w.flags |= NTAPC_WAIT_ALL;
	w.nr_objects = n;
	w.objects = (uintptr_t)fds;
	return ntapc__wait(&w, flags & NTAPC_FRAMES);
}

int ntapc_wait_object(int fd, uint64_t timeout_ns, unsigned int flags)
{
	if (flags & NTAPC_ALL)
		return -EINVAL;
	return ntapc_wait_objects(&fd, 1, timeout_ns, flags);
}

int ntapc_wait_thread(int fd, uint64_t timeout_ns, unsigned int flags)
{
	if (flags & NTAPC_FRAMES)
		return -EINVAL;
	return ntapc_wait_object(fd, timeout_ns, flags);
}

int ntapc_signal_and_wait(int signal, int fd, uint64_t timeout_ns,
			  unsigned int flags)
{
	struct ntapc_wait w;
	int ret;

	ret = wait_init(&w, timeout_ns, flags & ~NTAPC_FRAMES);
	if (ret)
		return ret;
	w.flags |= NTAPC_WAIT_SIGNAL;
	w.signal = signal;
	w.nr_objects = 1;
	w.objects = (uintptr_t)&fd;
	return ntapc__wait(&w, flags & NTAPC_FRAMES);
}
