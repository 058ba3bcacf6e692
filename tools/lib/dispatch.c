// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Running APCs; the part of the dispatcher that is C.
 */
#include <errno.h>

#include "context.h"
#include "internal.h"

static void (*_Atomic own_entry)(void);

static void run_with_context(const struct ntapc_record *r,
			     const struct ntapc_context *context)
{
	ntapc_routine routine = (ntapc_routine)(uintptr_t)r->routine;
	struct ntapc_callback_data data = { .parameter = r->arg[0] };
	CONTEXT nt = { .ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER };

	/* Vector registers aren't in it. */
	ntapc__context_to_nt(context, nt.ContextFlags, &nt);
	data.context = &nt;
	routine((uintptr_t)&data, r->arg[1], r->arg[2]);
}

/* @context: what was interrupted; NULL: the caller, at an alertable point. */
void ntapc__run(const struct ntapc_record *r,
		const struct ntapc_context *context)
{
	ntapc_routine routine = (ntapc_routine)(uintptr_t)r->routine;
	struct ntapc_context here = { .rax = NTAPC_STATUS_USER_APC };

	if (likely(!(r->flags & NTAPC_QUEUE_CALLBACK_CONTEXT))) {
		routine(r->arg[0], r->arg[1], r->arg[2]);
		return;
	}
	if (!context) {
		ntapc__context_capture(&here);
		context = &here;
	}
	run_with_context(r, context);
}

void ntapc_run_frame(struct ntapc_frame *frame)
{
	struct ntapc_record record = {
		.routine = frame->routine,
		.arg = { frame->arg[0], frame->arg[1], frame->arg[2] },
		.flags = frame->flags & (NTAPC_FRAME_SPECIAL |
					 NTAPC_FRAME_CALLBACK_CONTEXT),
	};
	uint32_t last_error = ntapc__tls.last_error;
	bool chain = frame->flags & NTAPC_FRAME_TEST_ALERT;
	int saved = errno;
	struct thread *t;
	int err;

	/* Records in the ring are older. */
	t = ntapc__registered();
	if (chain && t && !(frame->flags & NTAPC_FRAME_SPECIAL))
		ntapc__drain_ring(t);
	ntapc__run(&record, &frame->context);
	if (chain) {
		t = ntapc__self(&err);
		if (t)
			ntapc__drain(t);
	}
	ntapc__tls.last_error = last_error;
	errno = saved;
}

int ntapc_continue(const struct ntapc_frame *frame, unsigned int flags)
{
	struct ntapc_continue c = {
		.size = sizeof(c),
		.flags = flags,
		.frame = (uintptr_t)frame,
	};
	int fd = ntapc_instance();

	if (fd < 0)
		return fd;
	return ntapc__ioctl(fd, NTAPC_IOC_CONTINUE, &c);
}

int ntapc__dispatcher_register(int fd)
{
	struct ntapc_dispatcher d = { .size = sizeof(d) };
	void (*entry)(void) = atomic_load(&own_entry);
	int ret;

	if (!ntapc__arch_dispatch_init())
		return 0;	/* records only */
	d.entry = (uintptr_t)(entry ? entry : ntapc_dispatcher);
	ret = ntapc__ioctl(fd, NTAPC_IOC_DISPATCHER, &d);
	return ret == -EOPNOTSUPP ? 0 : ret;
}

int ntapc_set_dispatcher(void (*entry)(void))
{
	int fd;

	fd = ntapc_instance();
	if (fd < 0)
		return fd;
	atomic_store(&own_entry, entry);
	return ntapc__dispatcher_register(fd);
}
