// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules that hold for every ioctl: the size-first struct, each errno's one
 * meaning, the order of checks; and that an error changes nothing.
 */
#include "objects.h"
#include "procs.h"
#include "abi_layout.h"
#include "kselftest_harness.h"

#include <linux/userfaultfd.h>

enum descriptor {
	INSTANCE,
	THREAD,
	GONE,		/* a thread that has exited */
	KERNEL_APC,
	PROCESS,
	EVENT,		/* signalled, and stays so */
	SEMAPHORE,
	TIMER,
	NR_DESCRIPTORS,
};

/* Valid arguments for an ioctl that may be made any number of times. */
union args {
	__u32 size;
	struct ntapc_info info;
	struct ntapc_thread_open thread_open;
	struct ntapc_reserve reserve;
	struct ntapc_dispatcher dispatcher;
	struct ntapc_wait wait;
	struct ntapc_test_alert test_alert;
	struct ntapc_continue cont;
	struct ntapc_exit_status exit_status;
	struct ntapc_queue queue;
	struct ntapc_queue_many queue_many;
	struct ntapc_thread_info thread_info;
	struct ntapc_thread_control thread_control;
	struct ntapc_alert_by_id alert_by_id;
	struct ntapc_thread_context thread_context;
	struct ntapc_kernel_apc kernel_apc;
	struct ntapc_process_info process_info;
	struct ntapc_out_swap out_swap;
	struct ntapc_copy copy;
	struct ntapc_fill fill;
	struct ntapc_search search;
	struct ntapc_exchange exchange;
	struct ntapc_query query;
	struct ntapc_attached_call attached_call;
	struct ntapc_window window;
	struct ntapc_create create;
	struct ntapc_event event;
	struct ntapc_release release;
	struct ntapc_set_timer set_timer;
	struct ntapc_cancel_timer cancel_timer;
	struct ntapc_object_info object_info;
	unsigned char bytes[8192];
};

static struct ntapc_queue_entry an_entry = { .routine = 0x1000 };
static struct ntapc_context a_context;
/* What is copied and searched: @there holds the same as @here. */
static __u64 here[2] = { 0x1234567, 5 }, there[2] = { 0x1234567, 5 };

FIXTURE(abi)
{
	int fds[NR_DESCRIPTORS];
	/* A page to put structs in, and one behind it that isn't there. */
	char *page;
	long page_size;
	struct ntapc_thread_info before;
	union args args;
};

/*
 * @size: of the whole struct
 * @min_size: that the kernel accepts
 * @flags_at: where 32 bits of flags are, of which none of @bad_flags is allowed
 * @zero_at: other members of 32 bits that must be 0 in the arguments of fill()
 * @returns_fd: on success
 * @is_out: it is written to, always
 */
FIXTURE_VARIANT(abi)
{
	enum descriptor descriptor;
	unsigned int cmd;
	__u32 size;
	__u32 min_size;
	int flags_at;
	__u32 bad_flags;
	int zero_at[6];
	bool returns_fd;
	bool is_out;
	/* It works on an instance, too. */
	bool also_instance;
	/* There is no success to be had here: what it fails with instead. */
	long error;
	long ret;
};

#define NONE	(-1)

FIXTURE_VARIANT_ADD(abi, info)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_INFO,
	.size = sizeof(struct ntapc_info),
	.min_size = 16,
	.flags_at = NONE,
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, thread_open)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_THREAD_OPEN,
	.size = sizeof(struct ntapc_thread_open),
	.min_size = sizeof(struct ntapc_thread_open),
	.flags_at = offsetof(struct ntapc_thread_open, flags),
	.bad_flags = ~0U,
	.zero_at = { offsetof(struct ntapc_thread_open, pad) },
	.returns_fd = true,
};

FIXTURE_VARIANT_ADD(abi, reserve)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_RESERVE,
	.size = sizeof(struct ntapc_reserve),
	.min_size = sizeof(struct ntapc_reserve),
	.flags_at = offsetof(struct ntapc_reserve, type),
	.bad_flags = ~0U,
	.returns_fd = true,
};

FIXTURE_VARIANT_ADD(abi, dispatcher)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_DISPATCHER,
	.size = sizeof(struct ntapc_dispatcher),
	.min_size = sizeof(struct ntapc_dispatcher),
	.flags_at = offsetof(struct ntapc_dispatcher, flags),
	.bad_flags = ~0U,
};

FIXTURE_VARIANT_ADD(abi, wait)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_WAIT,
	.size = sizeof(struct ntapc_wait),
	.min_size = offsetof(struct ntapc_wait, signal),
	.flags_at = offsetof(struct ntapc_wait, flags),
	.bad_flags = ~(NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS |
		       NTAPC_WAIT_REALTIME | NTAPC_WAIT_ALL |
		       NTAPC_WAIT_SIGNAL),
	.zero_at = { offsetof(struct ntapc_wait, records),
		     offsetof(struct ntapc_wait, nr_records),
		     offsetof(struct ntapc_wait, nr_objects),
		     offsetof(struct ntapc_wait, objects) },
};

FIXTURE_VARIANT_ADD(abi, test_alert)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_TEST_ALERT,
	.size = sizeof(struct ntapc_test_alert),
	.min_size = sizeof(struct ntapc_test_alert),
	.flags_at = offsetof(struct ntapc_test_alert, flags),
	.bad_flags = ~(NTAPC_WAIT_RECORDS | NTAPC_TEST_SPECIAL_ONLY),
	.zero_at = { offsetof(struct ntapc_test_alert, records),
		     offsetof(struct ntapc_test_alert, nr_records),
		     offsetof(struct ntapc_test_alert, pad) },
};

FIXTURE_VARIANT_ADD(abi, cont)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_CONTINUE,
	.size = sizeof(struct ntapc_continue),
	.min_size = sizeof(struct ntapc_continue),
	.flags_at = offsetof(struct ntapc_continue, flags),
	.bad_flags = ~NTAPC_CONTINUE_TEST_ALERT,
	/* Not a frame. */
	.error = -EINVAL,
};

FIXTURE_VARIANT_ADD(abi, exit_status)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_EXIT_STATUS,
	.size = sizeof(struct ntapc_exit_status),
	.min_size = sizeof(struct ntapc_exit_status),
	.flags_at = NONE,
};

FIXTURE_VARIANT_ADD(abi, queue)
{
	.descriptor = THREAD,
	.cmd = NTAPC_IOC_QUEUE,
	.size = sizeof(struct ntapc_queue),
	.min_size = sizeof(struct ntapc_queue),
	.flags_at = offsetof(struct ntapc_queue, flags),
	.bad_flags = ~(NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_INTERRUPT |
		       NTAPC_QUEUE_RESERVE | NTAPC_QUEUE_CALLBACK_CONTEXT),
	.zero_at = { offsetof(struct ntapc_queue, reserve),
		     offsetof(struct ntapc_queue, pad) },
};

FIXTURE_VARIANT_ADD(abi, queue_many)
{
	.descriptor = THREAD,
	.cmd = NTAPC_IOC_QUEUE_MANY,
	.size = sizeof(struct ntapc_queue_many),
	.min_size = sizeof(struct ntapc_queue_many),
	.flags_at = offsetof(struct ntapc_queue_many, flags),
	.bad_flags = ~NTAPC_QUEUE_CALLBACK_CONTEXT,
	.zero_at = { offsetof(struct ntapc_queue_many, pad) },
	.ret = 1,
};

FIXTURE_VARIANT_ADD(abi, thread_info)
{
	.descriptor = THREAD,
	.cmd = NTAPC_IOC_THREAD_INFO,
	.size = sizeof(struct ntapc_thread_info),
	.min_size = 16,
	.flags_at = NONE,
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, thread_control)
{
	.descriptor = THREAD,
	.cmd = NTAPC_IOC_THREAD_CONTROL,
	.size = sizeof(struct ntapc_thread_control),
	.min_size = sizeof(struct ntapc_thread_control),
	.flags_at = NONE,
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, alert_by_id)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_ALERT_BY_ID,
	.size = sizeof(struct ntapc_alert_by_id),
	.min_size = sizeof(struct ntapc_alert_by_id),
	.flags_at = NONE,
};

FIXTURE_VARIANT_ADD(abi, wait_by_id)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_WAIT_BY_ID,
	.size = sizeof(struct ntapc_wait_by_id),
	.min_size = sizeof(struct ntapc_wait_by_id),
	.flags_at = offsetof(struct ntapc_wait_by_id, flags),
	.bad_flags = ~NTAPC_WAIT_REALTIME,
	.ret = NTAPC_STATUS_TIMEOUT,
};

/* Of oneself it wouldn't come back. */
FIXTURE_VARIANT_ADD(abi, suspend)
{
	.descriptor = GONE,
	.cmd = NTAPC_IOC_SUSPEND,
	.size = sizeof(struct ntapc_suspend),
	.min_size = sizeof(struct ntapc_suspend),
	.flags_at = offsetof(struct ntapc_suspend, flags),
	.bad_flags = ~(NTAPC_SUSPEND_PROCESS | NTAPC_SUSPEND_WAIT),
	.error = -ESRCH,
};

FIXTURE_VARIANT_ADD(abi, resume)
{
	.descriptor = THREAD,
	.cmd = NTAPC_IOC_RESUME,
	.size = sizeof(struct ntapc_resume),
	.min_size = sizeof(struct ntapc_resume),
	.flags_at = offsetof(struct ntapc_resume, flags),
	.bad_flags = ~(NTAPC_RESUME_PROCESS | NTAPC_RESUME_ALERT),
};

FIXTURE_VARIANT_ADD(abi, alert)
{
	.descriptor = THREAD,
	.cmd = NTAPC_IOC_ALERT,
	.size = sizeof(struct ntapc_alert),
	.min_size = sizeof(struct ntapc_alert),
	.flags_at = offsetof(struct ntapc_alert, flags),
	.bad_flags = ~0U,
};

FIXTURE_VARIANT_ADD(abi, terminate)
{
	.descriptor = GONE,
	.cmd = NTAPC_IOC_TERMINATE,
	.size = sizeof(struct ntapc_terminate),
	.min_size = sizeof(struct ntapc_terminate),
	.flags_at = NONE,
	.error = -ESRCH,
};

FIXTURE_VARIANT_ADD(abi, get_context)
{
	.descriptor = THREAD,
	.cmd = NTAPC_IOC_GET_CONTEXT,
	.size = sizeof(struct ntapc_thread_context),
	.min_size = sizeof(struct ntapc_thread_context),
	.flags_at = offsetof(struct ntapc_thread_context, what),
	.bad_flags = ~(NTAPC_CONTEXT_CONTROL | NTAPC_CONTEXT_INTEGER |
		       NTAPC_CONTEXT_SEGMENTS | NTAPC_CONTEXT_EXTENDED),
	.zero_at = { offsetof(struct ntapc_thread_context, xstate),
		     offsetof(struct ntapc_thread_context, xstate_size),
		     offsetof(struct ntapc_thread_context, pad) },
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, set_context)
{
	.descriptor = THREAD,
	.cmd = NTAPC_IOC_SET_CONTEXT,
	.size = sizeof(struct ntapc_thread_context),
	.min_size = sizeof(struct ntapc_thread_context),
	.flags_at = offsetof(struct ntapc_thread_context, what),
	.bad_flags = ~(NTAPC_CONTEXT_CONTROL | NTAPC_CONTEXT_INTEGER |
		       NTAPC_CONTEXT_SEGMENTS | NTAPC_CONTEXT_EXTENDED),
	.zero_at = { offsetof(struct ntapc_thread_context, xstate),
		     offsetof(struct ntapc_thread_context, xstate_size),
		     offsetof(struct ntapc_thread_context, pad) },
};

FIXTURE_VARIANT_ADD(abi, kernel_apc)
{
	.descriptor = THREAD,
	.cmd = NTAPC_IOC_KERNEL_APC,
	.size = sizeof(struct ntapc_kernel_apc),
	.min_size = sizeof(struct ntapc_kernel_apc),
	.flags_at = offsetof(struct ntapc_kernel_apc, flags),
	.bad_flags = ~(NTAPC_KERNEL_APC_SPECIAL | NTAPC_KERNEL_APC_ATTACHED |
		       NTAPC_KERNEL_APC_CURRENT | NTAPC_KERNEL_APC_INSERT),
	.zero_at = { offsetof(struct ntapc_kernel_apc, arg[0]),
		     offsetof(struct ntapc_kernel_apc, arg[1]),
		     offsetof(struct ntapc_kernel_apc, arg[2]) },
	.returns_fd = true,
};

FIXTURE_VARIANT_ADD(abi, apc_result)
{
	.descriptor = KERNEL_APC,
	.cmd = NTAPC_IOC_APC_RESULT,
	.size = sizeof(struct ntapc_apc_result),
	.min_size = sizeof(struct ntapc_apc_result),
	.flags_at = NONE,
	.zero_at = { offsetof(struct ntapc_apc_result, pad) },
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, apc_remove)
{
	.descriptor = KERNEL_APC,
	.cmd = NTAPC_IOC_APC_REMOVE,
	.size = sizeof(struct ntapc_apc_remove),
	.min_size = sizeof(struct ntapc_apc_remove),
	.flags_at = offsetof(struct ntapc_apc_remove, flags),
	.bad_flags = ~0U,
};

FIXTURE_VARIANT_ADD(abi, process_open)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_PROCESS_OPEN,
	.size = sizeof(struct ntapc_process_open),
	.min_size = sizeof(struct ntapc_process_open),
	.flags_at = offsetof(struct ntapc_process_open, flags),
	.bad_flags = ~NTAPC_PROCESS_PIDFD,
	.zero_at = { offsetof(struct ntapc_process_open, pad) },
	.returns_fd = true,
};

FIXTURE_VARIANT_ADD(abi, process_info)
{
	.descriptor = PROCESS,
	.cmd = NTAPC_IOC_PROCESS_INFO,
	.size = sizeof(struct ntapc_process_info),
	.min_size = 16,
	.flags_at = NONE,
	.is_out = true,
};

/* To one's own process: nothing is done. */
FIXTURE_VARIANT_ADD(abi, attach)
{
	.descriptor = PROCESS,
	.cmd = NTAPC_IOC_ATTACH,
	.size = sizeof(struct ntapc_attach),
	.min_size = sizeof(struct ntapc_attach),
	.flags_at = offsetof(struct ntapc_attach, flags),
	.bad_flags = ~NTAPC_ATTACH_STACK,
	.zero_at = { offsetof(struct ntapc_attach, pad) },
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, detach)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_DETACH,
	.size = sizeof(struct ntapc_detach),
	.min_size = sizeof(struct ntapc_detach),
	.flags_at = offsetof(struct ntapc_detach, flags),
	.bad_flags = ~NTAPC_DETACH_UNSTACK,
	.zero_at = { offsetof(struct ntapc_detach, save),
		     offsetof(struct ntapc_detach, pad) },
};

/* Not begun. */
FIXTURE_VARIANT_ADD(abi, out_swap)
{
	.descriptor = PROCESS,
	.cmd = NTAPC_IOC_OUT_SWAP,
	.size = sizeof(struct ntapc_out_swap),
	.min_size = sizeof(struct ntapc_out_swap),
	.flags_at = offsetof(struct ntapc_out_swap, step),
	.bad_flags = ~3U,
	.zero_at = { offsetof(struct ntapc_out_swap, ranges),
		     offsetof(struct ntapc_out_swap, nr_ranges),
		     offsetof(struct ntapc_out_swap, pad) },
	.error = -EBUSY,
};

#define COPY(name, number)						\
FIXTURE_VARIANT_ADD(abi, name)						\
{									\
	.descriptor = PROCESS,						\
	.cmd = number,							\
	.size = sizeof(struct ntapc_copy),				\
	.min_size = sizeof(struct ntapc_copy),				\
	.flags_at = offsetof(struct ntapc_copy, flags),			\
	.bad_flags = ~(NTAPC_COPY_VECTOR | NTAPC_COPY_WINDOW),		\
	.zero_at = { offsetof(struct ntapc_copy, nr_remote),		\
		     offsetof(struct ntapc_copy, nr_local),		\
		     offsetof(struct ntapc_copy, window),		\
		     offsetof(struct ntapc_copy, pad) },		\
	.is_out = true,							\
	.also_instance = true,						\
}

COPY(read, NTAPC_IOC_READ);
COPY(write, NTAPC_IOC_WRITE);
COPY(compare, NTAPC_IOC_COMPARE);

FIXTURE_VARIANT_ADD(abi, fill)
{
	.descriptor = PROCESS,
	.cmd = NTAPC_IOC_FILL,
	.size = sizeof(struct ntapc_fill),
	.min_size = sizeof(struct ntapc_fill),
	.flags_at = offsetof(struct ntapc_fill, width),
	.bad_flags = ~15U,
	.is_out = true,
	.also_instance = true,
};

FIXTURE_VARIANT_ADD(abi, search)
{
	.descriptor = PROCESS,
	.cmd = NTAPC_IOC_SEARCH,
	.size = sizeof(struct ntapc_search),
	.min_size = sizeof(struct ntapc_search),
	.flags_at = offsetof(struct ntapc_search, step),
	.bad_flags = ~8191U,
	.zero_at = { offsetof(struct ntapc_search, pad) },
	.is_out = true,
	.also_instance = true,
	.ret = 1,
};

FIXTURE_VARIANT_ADD(abi, exchange)
{
	.descriptor = PROCESS,
	.cmd = NTAPC_IOC_EXCHANGE,
	.size = sizeof(struct ntapc_exchange),
	.min_size = sizeof(struct ntapc_exchange),
	.flags_at = offsetof(struct ntapc_exchange, flags),
	.bad_flags = ~NTAPC_EXCHANGE_COMPARE,
	.zero_at = { offsetof(struct ntapc_exchange, comparand),
		     offsetof(struct ntapc_exchange, pad) },
	.is_out = true,
	.also_instance = true,
	.ret = 1,
};

FIXTURE_VARIANT_ADD(abi, query)
{
	.descriptor = PROCESS,
	.cmd = NTAPC_IOC_QUERY,
	.size = sizeof(struct ntapc_query),
	.min_size = sizeof(struct ntapc_query),
	.flags_at = NONE,
	.is_out = true,
	.also_instance = true,
};

FIXTURE_VARIANT_ADD(abi, attached_call)
{
	.descriptor = PROCESS,
	.cmd = NTAPC_IOC_CALL,
	.size = sizeof(struct ntapc_attached_call),
	.min_size = sizeof(struct ntapc_attached_call),
	.flags_at = offsetof(struct ntapc_attached_call, flags),
	.bad_flags = ~0U,
	.zero_at = { offsetof(struct ntapc_attached_call, pad) },
	.is_out = true,
	.also_instance = true,
};

FIXTURE_VARIANT_ADD(abi, window)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_WINDOW,
	.size = sizeof(struct ntapc_window),
	.min_size = sizeof(struct ntapc_window),
	.flags_at = offsetof(struct ntapc_window, flags),
	.bad_flags = ~0U,
	.returns_fd = true,
};

FIXTURE_VARIANT_ADD(abi, create)
{
	.descriptor = INSTANCE,
	.cmd = NTAPC_IOC_CREATE,
	.size = sizeof(struct ntapc_create),
	.min_size = sizeof(struct ntapc_create),
	.flags_at = offsetof(struct ntapc_create, type),
	.bad_flags = ~7U,
	.zero_at = { offsetof(struct ntapc_create, flags),
		     offsetof(struct ntapc_create, limit),
		     offsetof(struct ntapc_create, name_length),
		     offsetof(struct ntapc_create, name),
		     offsetof(struct ntapc_create, name) + 4,
		     offsetof(struct ntapc_create, pad) },
	.returns_fd = true,
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, event)
{
	.descriptor = EVENT,
	.cmd = NTAPC_IOC_EVENT,
	.size = sizeof(struct ntapc_event),
	.min_size = sizeof(struct ntapc_event),
	.flags_at = offsetof(struct ntapc_event, op),
	.bad_flags = ~3U,
	.zero_at = { offsetof(struct ntapc_event, pad) },
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, release)
{
	.descriptor = SEMAPHORE,
	.cmd = NTAPC_IOC_RELEASE,
	.size = sizeof(struct ntapc_release),
	.min_size = sizeof(struct ntapc_release),
	/* A count: what is too much of it. */
	.flags_at = offsetof(struct ntapc_release, count),
	.bad_flags = 1U << 31,
	.zero_at = { offsetof(struct ntapc_release, pad) },
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, set_timer)
{
	.descriptor = TIMER,
	.cmd = NTAPC_IOC_SET_TIMER,
	.size = sizeof(struct ntapc_set_timer),
	.min_size = sizeof(struct ntapc_set_timer),
	.flags_at = offsetof(struct ntapc_set_timer, period),
	.bad_flags = 1U << 31,
	.zero_at = { offsetof(struct ntapc_set_timer, context),
		     offsetof(struct ntapc_set_timer, context) + 4,
		     offsetof(struct ntapc_set_timer, pad) },
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, cancel_timer)
{
	.descriptor = TIMER,
	.cmd = NTAPC_IOC_CANCEL_TIMER,
	.size = sizeof(struct ntapc_cancel_timer),
	.min_size = sizeof(struct ntapc_cancel_timer),
	.flags_at = NONE,
	.zero_at = { offsetof(struct ntapc_cancel_timer, pad) },
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, object_info)
{
	.descriptor = EVENT,
	.cmd = NTAPC_IOC_OBJECT_INFO,
	.size = sizeof(struct ntapc_object_info),
	.min_size = 16,
	.flags_at = NONE,
	.is_out = true,
};

FIXTURE_VARIANT_ADD(abi, wait_object)
{
	.descriptor = EVENT,
	.cmd = NTAPC_IOC_WAIT,
	.size = sizeof(struct ntapc_wait),
	.min_size = offsetof(struct ntapc_wait, signal),
	.flags_at = offsetof(struct ntapc_wait, flags),
	.bad_flags = ~(NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS |
		       NTAPC_WAIT_REALTIME | NTAPC_WAIT_ALL |
		       NTAPC_WAIT_SIGNAL),
	.zero_at = { offsetof(struct ntapc_wait, records),
		     offsetof(struct ntapc_wait, nr_records),
		     offsetof(struct ntapc_wait, nr_objects),
		     offsetof(struct ntapc_wait, objects) },
	.also_instance = true,
};

static void leave_at_once(struct worker *worker)
{
	(void)worker;
}

FIXTURE_SETUP(abi)
{
	struct worker gone;

	self->fds[INSTANCE] = open_frames(dispatch_continue);
	ASSERT_LE(0, self->fds[INSTANCE]);
	self->fds[THREAD] = open_thread(self->fds[INSTANCE], 0);
	ASSERT_LE(0, self->fds[THREAD]);
	self->fds[PROCESS] = open_process(self->fds[INSTANCE], 0);
	ASSERT_LE(0, self->fds[PROCESS]);
	if (variant->descriptor == GONE) {
		ASSERT_TRUE(worker_start(&gone, self->fds[INSTANCE],
					 leave_at_once));
		worker_join(&gone);
		ASSERT_TRUE(wait_gone(gone.fd));
		self->fds[GONE] = gone.fd;
	}
	if (variant->descriptor == KERNEL_APC) {
		self->fds[KERNEL_APC] = kernel_apc(self->fds[THREAD], 0,
						   "count", 0);
		ASSERT_LE(0, self->fds[KERNEL_APC]);
	}
	self->fds[EVENT] = create_notification(self->fds[INSTANCE], true);
	ASSERT_LE(0, self->fds[EVENT]);
	self->fds[SEMAPHORE] = create_semaphore(self->fds[INSTANCE], 0,
						0x7fffffff);
	ASSERT_LE(0, self->fds[SEMAPHORE]);
	self->fds[TIMER] = create_timer(self->fds[INSTANCE], true);
	ASSERT_LE(0, self->fds[TIMER]);
	self->page_size = sysconf(_SC_PAGESIZE);
	self->page = mmap(NULL, 3 * self->page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	ASSERT_EQ(0, munmap(self->page + self->page_size, self->page_size));
	ASSERT_EQ(0, get_thread_info(self->fds[THREAD], &self->before));
}

FIXTURE_TEARDOWN(abi)
{
}

/* Valid arguments, with out members poisoned. */
static void fill(union args *args, unsigned int cmd, __u32 size)
{
	memset(args, 0, sizeof(*args));
	switch (cmd) {
	case NTAPC_IOC_INFO:
	case NTAPC_IOC_THREAD_INFO:
	case NTAPC_IOC_THREAD_CONTROL:
	case NTAPC_IOC_PROCESS_INFO:
		memset(args, 0xcc, size);
		break;
	case NTAPC_IOC_DISPATCHER:
		args->dispatcher.entry = ADDR(dispatch_continue);
		break;
	case NTAPC_IOC_CONTINUE:
		/* Not a frame. */
		args->cont.frame = ADDR(&an_entry);
		break;
	case NTAPC_IOC_QUEUE:
		args->queue.routine = 0x1000;
		break;
	case NTAPC_IOC_QUEUE_MANY:
		args->queue_many.entries = ADDR(&an_entry);
		args->queue_many.count = 1;
		break;
	case NTAPC_IOC_ALERT_BY_ID:
		args->alert_by_id.tid = syscall(SYS_gettid);
		break;
	case NTAPC_IOC_GET_CONTEXT:
	case NTAPC_IOC_SET_CONTEXT:
		/* Neither writes nor takes anything of the context. */
		args->thread_context.what = NTAPC_CONTEXT_SEGMENTS;
		args->thread_context.context = ADDR(&a_context);
		break;
	case NTAPC_IOC_KERNEL_APC:
		strcpy(args->kernel_apc.name, "count");
		break;
	case NTAPC_IOC_OUT_SWAP:
		args->out_swap.step = NTAPC_OUT_SWAP_CANCEL;
		break;
	case NTAPC_IOC_READ:
	case NTAPC_IOC_WRITE:
	case NTAPC_IOC_COMPARE:
		memset(args, 0, sizeof(args->copy));
		args->copy.remote = ADDR(there);
		args->copy.local = ADDR(here);
		args->copy.length = sizeof(here);
		args->copy.done = POISON64;
		args->copy.fault = POISON64;
		break;
	case NTAPC_IOC_FILL:
		args->fill.width = 8;
		args->fill.remote = ADDR(there);
		args->fill.length = 8;
		args->fill.pattern = here[0];
		args->fill.done = POISON64;
		args->fill.fault = POISON64;
		break;
	case NTAPC_IOC_SEARCH:
		args->search.step = 8;
		args->search.remote = ADDR(there);
		args->search.length = sizeof(there);
		args->search.pattern = ADDR(&here[1]);
		args->search.pattern_length = 8;
		args->search.found = POISON64;
		args->search.done = POISON64;
		args->search.fault = POISON64;
		break;
	case NTAPC_IOC_EXCHANGE:
		args->exchange.remote = ADDR(&there[1]);
		args->exchange.value = 5;
		args->exchange.width = 8;
		args->exchange.old = POISON64;
		break;
	case NTAPC_IOC_QUERY:
		memset(args, 0xcc, size);
		args->query.address = ADDR(there);
		args->query.path = 0;
		args->query.path_size = 0;
		break;
	case NTAPC_IOC_CALL:
		strcpy(args->attached_call.name, "strnlen");
		args->attached_call.arg[0] = ADDR(there);
		args->attached_call.arg[1] = 8;
		break;
	case NTAPC_IOC_WINDOW:
		args->window.length = 1;
		break;
	case NTAPC_IOC_CREATE:
		args->create.existed = POISON32;
		break;
	case NTAPC_IOC_EVENT:
		args->event.previous = POISON32;
		break;
	case NTAPC_IOC_RELEASE:
		args->release.count = 1;
		args->release.previous = (__s32)POISON32;
		break;
	case NTAPC_IOC_SET_TIMER:
		args->set_timer.due = -10000000;
		args->set_timer.previous = POISON32;
		break;
	case NTAPC_IOC_CANCEL_TIMER:
		args->cancel_timer.was_set = POISON32;
		args->cancel_timer.signalled = POISON32;
		break;
	case NTAPC_IOC_OBJECT_INFO:
		memset(args, 0xcc, size);
		break;
	}
	args->size = size;
}

/* Undoes what a success did. */
#define EXPECT_SUCCESS(result) do {					\
	struct ntapc_record record_;					\
	long ret_ = (result);						\
									\
	if (variant->error) {						\
		EXPECT_EQ(variant->error, ret_);			\
	} else if (variant->returns_fd) {				\
		EXPECT_LE(0, ret_);					\
		close(ret_);						\
	} else {							\
		EXPECT_EQ(variant->ret, ret_);				\
	}								\
	if (variant->cmd == NTAPC_IOC_QUEUE ||				\
	    variant->cmd == NTAPC_IOC_QUEUE_MANY)			\
		EXPECT_EQ(1, take_records(self->fds[INSTANCE],		\
					  &record_, 1));		\
} while (0)

/* Nothing was queued, delivered or dropped by an ioctl that failed. */
#define EXPECT_UNCHANGED() do {						\
	struct ntapc_thread_info after_;				\
									\
	EXPECT_EQ(0, get_thread_info(self->fds[THREAD], &after_));	\
	EXPECT_EQ(0, memcmp(&self->before, &after_, sizeof(after_)));	\
} while (0)

#define CALL(address)	\
	sys_ioctl(self->fds[variant->descriptor], variant->cmd, address)

TEST_F(abi, works)
{
	fill(&self->args, variant->cmd, variant->size);
	EXPECT_SUCCESS(CALL(&self->args));
}

TEST_F(abi, size_too_small)
{
	__u32 size;

	for (size = 0; size < variant->min_size; size++) {
		fill(&self->args, variant->cmd, variant->size);
		self->args.size = size;
		EXPECT_EQ(-EINVAL, CALL(&self->args)) {
			TH_LOG("size %u", size);
		}
	}
	EXPECT_UNCHANGED();
}

/* Between what is accepted and the whole struct. */
TEST_F(abi, size_of_an_older_caller)
{
	union args old;
	__u32 size;

	if (variant->min_size == variant->size)
		SKIP(return, "there is no older struct");
	for (size = variant->min_size; size <= variant->size; size++) {
		fill(&self->args, variant->cmd, variant->size);
		memset(self->args.bytes + (variant->is_out ? 4 : size), 0xcc,
		       sizeof(self->args) - (variant->is_out ? 4 : size));
		self->args.size = size;
		old = self->args;
		EXPECT_EQ(0, CALL(&self->args)) {
			TH_LOG("size %u", size);
		}
		if (!variant->is_out) {
			EXPECT_EQ(0, memcmp(&old, &self->args, sizeof(old)));
			continue;
		}
		/* The kernel's size, and nothing written beyond the caller's. */
		EXPECT_EQ(variant->size, self->args.size);
		EXPECT_EQ(0, memcmp(old.bytes + size, self->args.bytes + size,
				    sizeof(old) - size));
	}
}

/* A newer caller's longer struct is fine while the surplus is zero. */
TEST_F(abi, size_with_zero_tail)
{
	__u32 sizes[] = {
		variant->size + 1, variant->size + 8, 200, self->page_size - 1,
		self->page_size,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(&self->args, variant->cmd, variant->size);
		self->args.size = sizes[i];
		EXPECT_SUCCESS(CALL(&self->args));
	}
}

TEST_F(abi, size_with_nonzero_tail)
{
	__u32 sizes[] = {
		variant->size + 1, variant->size + 8, 200, self->page_size,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(&self->args, variant->cmd, variant->size);
		self->args.size = sizes[i];
		self->args.bytes[sizes[i] - 1] = 1;
		EXPECT_EQ(-E2BIG, CALL(&self->args)) {
			TH_LOG("size %u", sizes[i]);
		}
	}
	EXPECT_UNCHANGED();
}

TEST_F(abi, size_over_a_page)
{
	__u32 sizes[] = {
		self->page_size + 1, 2 * self->page_size, 1U << 31, ~0U,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(&self->args, variant->cmd, variant->size);
		self->args.size = sizes[i];
		EXPECT_EQ(-E2BIG, CALL(&self->args)) {
			TH_LOG("size %u", sizes[i]);
		}
	}
	EXPECT_UNCHANGED();
}

/* Structs needn't be aligned. */
TEST_F(abi, unaligned)
{
	int offset;

	fill(&self->args, variant->cmd, variant->size);
	for (offset = 1; offset < 16; offset++) {
		memcpy(self->page + offset, &self->args, variant->size);
		EXPECT_SUCCESS(CALL(self->page + offset));
	}
}

/* Up to the last byte of a page, and one byte too far. */
TEST_F(abi, straddling_an_unmapped_page)
{
	char *end = self->page + self->page_size;
	__u32 missing;

	fill(&self->args, variant->cmd, variant->size);
	memcpy(end - variant->size, &self->args, variant->size);
	EXPECT_SUCCESS(CALL(end - variant->size));
	ASSERT_EQ(0, get_thread_info(self->fds[THREAD], &self->before));
	for (missing = 1; missing <= variant->size; missing++) {
		memcpy(end - variant->size + missing, &self->args,
		       variant->size - missing);
		EXPECT_EQ(-EFAULT, CALL(end - variant->size + missing)) {
			TH_LOG("%u bytes missing", missing);
		}
	}
	EXPECT_UNCHANGED();
}

/* The surplus must be readable as well. */
TEST_F(abi, tail_straddling_an_unmapped_page)
{
	char *end = self->page + self->page_size;

	fill(&self->args, variant->cmd, variant->size);
	self->args.size = variant->size + 64;
	memcpy(end - variant->size - 32, &self->args, variant->size + 32);
	EXPECT_EQ(-EFAULT, CALL(end - variant->size - 32));
	EXPECT_UNCHANGED();
}

TEST_F(abi, bad_addresses)
{
	const __u64 addresses[] = {
		0, 1, 4096, KERNEL_ADDRESS, NON_CANONICAL, NON_CANONICAL - 1,
		~0ULL, ~0ULL - 4095, ADDR(self->page + self->page_size),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		EXPECT_EQ(-EFAULT, CALL((void *)(uintptr_t)addresses[i])) {
			TH_LOG("address %#llx", addresses[i]);
		}
	}
	EXPECT_UNCHANGED();
}

TEST_F(abi, memory_without_access)
{
	if (on_uml())
		SKIP(return, "UML's kernel reads it all the same");
	fill(&self->args, variant->cmd, variant->size);
	memcpy(self->page, &self->args, variant->size);
	ASSERT_EQ(0, mprotect(self->page, self->page_size, PROT_NONE));
	EXPECT_EQ(-EFAULT, CALL(self->page));
	EXPECT_UNCHANGED();
}

TEST_F(abi, read_only_memory)
{
	fill(&self->args, variant->cmd, variant->size);
	memcpy(self->page, &self->args, variant->size);
	ASSERT_EQ(0, mprotect(self->page, self->page_size, PROT_READ));
	if (variant->is_out) {
		EXPECT_EQ(-EFAULT, CALL(self->page));
		EXPECT_EQ(0, memcmp(self->page, &self->args, variant->size));
		EXPECT_UNCHANGED();
	} else {
		EXPECT_SUCCESS(CALL(self->page));
	}
}

/* What isn't an out struct isn't written to. */
TEST_F(abi, input_is_left_alone)
{
	union args old;

	if (variant->is_out)
		SKIP(return, "an out struct");
	fill(&self->args, variant->cmd, variant->size);
	memset(self->args.bytes + variant->size, 0xcc, 64);
	old = self->args;
	EXPECT_SUCCESS(CALL(&self->args));
	EXPECT_EQ(0, memcmp(&old, &self->args, variant->size + 64));
}

TEST_F(abi, unknown_flags)
{
	__u32 bit;

	if (variant->flags_at == NONE)
		SKIP(return, "no flags");
	for (bit = 1; bit; bit <<= 1) {
		if (!(variant->bad_flags & bit))
			continue;
		fill(&self->args, variant->cmd, variant->size);
		memcpy(self->args.bytes + variant->flags_at, &bit, sizeof(bit));
		EXPECT_EQ(-EINVAL, CALL(&self->args)) {
			TH_LOG("flags %#x", bit);
		}
	}
	EXPECT_UNCHANGED();
}

TEST_F(abi, padding_and_unused_members)
{
	unsigned int i, byte;

	if (!variant->zero_at[0])
		SKIP(return, "no padding");
	for (i = 0; i < ARRAY_SIZE(variant->zero_at) && variant->zero_at[i]; i++)
		for (byte = 0; byte < 4; byte++) {
			fill(&self->args, variant->cmd, variant->size);
			self->args.bytes[variant->zero_at[i] + byte] = 1;
			EXPECT_LT(CALL(&self->args), 0) {
				TH_LOG("offset %u",
				       variant->zero_at[i] + byte);
			}
		}
	EXPECT_UNCHANGED();
}

/* EFAULT of the struct comes before E2BIG, E2BIG before EINVAL. */
TEST_F(abi, order_of_checks)
{
	char *end = self->page + self->page_size;

	/* A size that is too small, in a struct that can't be read. */
	EXPECT_EQ(-EFAULT, CALL(end - 3));
	/* Only the size itself can be read: too small, whatever follows. */
	memset(end - 4, 0, 4);
	EXPECT_EQ(-EINVAL, CALL(end - 4));
	if (variant->flags_at != NONE) {
		__u32 flags = variant->bad_flags;

		/* Unknown flags in a struct that isn't all there. */
		fill(&self->args, variant->cmd, variant->size);
		memcpy(self->args.bytes + variant->flags_at, &flags, 4);
		memcpy(end - variant->size + 1, &self->args,
		       variant->size - 1);
		EXPECT_EQ(-EFAULT, CALL(end - variant->size + 1));
		/* Unknown flags and something in the surplus. */
		self->args.size = variant->size + 8;
		self->args.bytes[variant->size] = 1;
		EXPECT_EQ(-E2BIG, CALL(&self->args));
	}
	EXPECT_UNCHANGED();
}

/* The struct changes while the kernel reads it: either is all right. */
static atomic_bool racing;

static void *race_for_size(void *arg)
{
	volatile __u32 *size = arg;
	__u32 sizes[] = { size[0], 0, ~0U, 4096, 4097, size[0] + 8 };
	unsigned int i = 0;

	while (atomic_load(&racing)) {
		*size = sizes[i++ % ARRAY_SIZE(sizes)];
		if (!(i % 64))
			sched_yield();
	}
	return NULL;
}

TEST_F(abi, size_changes_meanwhile)
{
	unsigned int rounds = scaled(20000), i;
	struct ntapc_record record;
	pthread_t thread;
	long ret;

	if (variant->error)
		SKIP(return, "it can't succeed");
	fill((void *)self->args.bytes, variant->cmd, variant->size);
	memcpy(self->page, &self->args, variant->size);
	atomic_store(&racing, true);
	ASSERT_EQ(0, pthread_create(&thread, NULL, race_for_size, self->page));
	for (i = 0; i < rounds; i++) {
		ret = CALL(self->page);
		if (ret != -EINVAL && ret != -E2BIG) {
			if (variant->returns_fd) {
				ASSERT_LE(0, ret);
				close(ret);
			} else {
				ASSERT_EQ(variant->ret, ret);
			}
			if (variant->cmd == NTAPC_IOC_QUEUE ||
			    variant->cmd == NTAPC_IOC_QUEUE_MANY) {
				ASSERT_EQ(1, take_records(self->fds[INSTANCE],
							  &record, 1));
			}
		}
		/* An out struct has its size written. */
		if (variant->is_out)
			memcpy(self->page + 4, self->args.bytes + 4,
			       variant->size - 4);
	}
	atomic_store(&racing, false);
	pthread_join(thread, NULL);
}

/* What is written without having been asked for, or left unwritten. */
TEST_F(abi, out_members_of_objects)
{
	union args *args = &self->args;

	fill(args, variant->cmd, variant->size);
	switch (variant->cmd) {
	case NTAPC_IOC_CREATE:
		EXPECT_SUCCESS(CALL(args));
		EXPECT_EQ(0, args->create.existed);
		EXPECT_EQ(0, args->create.pad);
		break;
	case NTAPC_IOC_EVENT:
		EXPECT_EQ(0, CALL(args));
		EXPECT_EQ(1, args->event.previous);
		EXPECT_EQ(0, args->event.pad);
		break;
	case NTAPC_IOC_RELEASE:
		EXPECT_EQ(0, CALL(args));
		EXPECT_EQ(0, args->release.previous);
		EXPECT_EQ(0, args->release.pad);
		break;
	case NTAPC_IOC_SET_TIMER:
		EXPECT_EQ(0, CALL(args));
		EXPECT_EQ(0, args->set_timer.previous);
		EXPECT_EQ(0, args->set_timer.pad);
		break;
	case NTAPC_IOC_CANCEL_TIMER:
		EXPECT_EQ(0, CALL(args));
		EXPECT_EQ(0, args->cancel_timer.was_set);
		EXPECT_EQ(0, args->cancel_timer.signalled);
		EXPECT_EQ(0, args->cancel_timer.pad);
		break;
	default:
		SKIP(return, "no object's");
	}
	EXPECT_EQ(variant->size, args->size);
}

/* On the wrong kind of descriptor. */
TEST_F(abi, other_descriptors)
{
	int reserve = open_reserve(self->fds[INSTANCE]);

	ASSERT_LE(0, reserve);
	fill(&self->args, variant->cmd, variant->size);
	EXPECT_EQ(-ENOTTY, sys_ioctl(self->fds[variant->descriptor == INSTANCE ||
					       variant->also_instance ?
					       THREAD : INSTANCE],
				     variant->cmd, &self->args));
	if (variant->descriptor != PROCESS) {
		EXPECT_EQ(-ENOTTY, sys_ioctl(self->fds[PROCESS], variant->cmd,
					     &self->args));
	}
	EXPECT_EQ(-ENOTTY, sys_ioctl(reserve, variant->cmd, &self->args));
	/* Before anything is looked at. */
	EXPECT_EQ(-ENOTTY, sys_ioctl(reserve, variant->cmd, NULL));
	EXPECT_UNCHANGED();
}

/* Every other command. */
TEST(unknown_commands)
{
	int dev = open_device(), thread, reserve, apc, process, window, event, nr;
	static const int types[] = { 'N', 'M', 0, 0xff };
	union args args;
	unsigned int i;
	int type;

	ASSERT_LE(0, dev);
	thread = open_thread(dev, 0);
	ASSERT_LE(0, thread);
	reserve = open_reserve(dev);
	ASSERT_LE(0, reserve);
	event = create_notification(dev, true);
	ASSERT_LE(0, event);
	apc = kernel_apc(thread, 0, "count", 0);
	ASSERT_LE(0, apc);
	process = open_process(dev, 0);
	ASSERT_LE(0, process);
	window = open_window(dev, 1);
	ASSERT_LE(0, window);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		type = types[i];
		for (nr = 0; nr < 256; nr++) {
			bool known = type == 'N' && nr >= 0xa0;

			memset(&args, 0, sizeof(args));
			args.size = 64;
			/* Some are the file system's for any file: type 0. */
			if (!type)
				continue;
			/* Those of ntsync's, 'N' 0x80 to 0x8d, have a size in them. */
			if (!known || (nr >= 0xae && nr < 0xc3) || nr >= 0xcb) {
				EXPECT_EQ(-ENOTTY, sys_ioctl(dev, _IO(type, nr),
							     &args));
			}
			if (!(known && nr >= 0xb0 && nr < 0xbb)) {
				EXPECT_EQ(-ENOTTY, sys_ioctl(thread,
							     _IO(type, nr),
							     &args));
			}
			if (!(known && nr >= 0xd0 && nr < 0xd2)) {
				EXPECT_EQ(-ENOTTY, sys_ioctl(apc,
							     _IO(type, nr),
							     &args));
			}
			if (!(known && nr >= 0xc0 && nr < 0xcb)) {
				EXPECT_EQ(-ENOTTY, sys_ioctl(process,
							     _IO(type, nr),
							     &args));
			}
			if (!(known && ((nr >= 0xe0 && nr < 0xe5) ||
					nr == 0xa4))) {
				EXPECT_EQ(-ENOTTY, sys_ioctl(event,
							     _IO(type, nr),
							     &args));
			}
			EXPECT_EQ(-ENOTTY, sys_ioctl(reserve, _IO(type, nr),
						     NULL));
			EXPECT_EQ(-ENOTTY, sys_ioctl(window, _IO(type, nr),
						     NULL));
		}
	}
	/* The number is right, the size or direction in the command isn't. */
	EXPECT_EQ(-ENOTTY, sys_ioctl(dev, _IOR('N', 0xa0, struct ntapc_info),
				     &args));
	EXPECT_EQ(-ENOTTY, sys_ioctl(dev, _IOW('N', 0xa0, struct ntapc_info),
				     &args));
	EXPECT_EQ(-ENOTTY, sys_ioctl(thread, _IOWR('N', 0xb0, __u32), &args));
}

/* What INFO says. */
TEST(info)
{
	int dev = open_device();
	struct ntapc_info info;

	ASSERT_LE(0, dev);
	ASSERT_EQ(0, get_info(dev, &info));
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(NTAPC_ABI_VERSION, info.abi_version);
	EXPECT_EQ(NTAPC_FEATURE_FRAME, info.features & ~(NTAPC_FEATURE_RSEQ |
							 NTAPC_FEATURE_EXTENDED));
	EXPECT_EQ(!on_uml(), !!(info.features & NTAPC_FEATURE_RSEQ));
	EXPECT_LT(0, info.max_queued_thread);
	EXPECT_LT(0, info.max_queued_user);
	EXPECT_EQ(sizeof(struct ntapc_frame), info.frame_size);
	EXPECT_EQ(0, info.pad);
	EXPECT_GT(1000000, info.nr_threads);
}

/* What THREAD_INFO says of a thread that has done nothing. */
TEST(thread_info)
{
	int dev = open_device(), thread;
	struct ntapc_thread_info info;

	ASSERT_LE(0, dev);
	thread = open_thread(dev, 0);
	ASSERT_LE(0, thread);
	ASSERT_EQ(0, get_thread_info(thread, &info));
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(0, info.state);
	EXPECT_EQ(getpid(), info.tid);
	EXPECT_EQ(0, info.exit_status);
	EXPECT_EQ(0, info.nr_user);
	EXPECT_EQ(0, info.nr_special);
	EXPECT_EQ(0, info.nr_queued);
	EXPECT_EQ(0, info.nr_delivered);
	EXPECT_EQ(0, info.nr_dropped);
	EXPECT_EQ(0, info.suspend_count);
	EXPECT_EQ(0, info.nr_kernel);
	EXPECT_EQ(0, info.nr_kernel_run);
	EXPECT_EQ(0, info.nr_mismatch);
}

/* Flags that need others. */
TEST(flag_combinations)
{
	int dev = open_frames(dispatch_continue);
	int thread = open_thread(dev, 0);

	ASSERT_LE(0, thread);
	/* Only a special one can interrupt. */
	EXPECT_EQ(-EINVAL, queue_full(thread, NTAPC_QUEUE_INTERRUPT, 1, 0, 0, 0,
				      0));
	EXPECT_EQ(-EINVAL, queue_full(thread, NTAPC_QUEUE_INTERRUPT |
				      NTAPC_QUEUE_CALLBACK_CONTEXT, 1, 0, 0, 0,
				      0));
	EXPECT_EQ(0, nr_pending(thread));
}

/* The order of NTAPC_IOC_QUEUE's checks, each error with all later ones. */
TEST(queue_order)
{
	int dev = open_device(), pipes[2];
	struct worker worker;
	struct ntapc_queue args = {
		.size = sizeof(args),
		.flags = NTAPC_QUEUE_RESERVE | NTAPC_QUEUE_SPECIAL,
		.routine = 1,
		.reserve = -1,
	};
	int thread, reserve;

	ASSERT_LE(0, dev);
	ASSERT_EQ(0, pipe(pipes));
	thread = open_thread(dev, 0);
	ASSERT_LE(0, thread);
	reserve = open_reserve(dev);
	ASSERT_LE(0, reserve);
	/* An exited thread, and a reserve object that is busy. */
	ASSERT_TRUE(worker_start(&worker, dev, leave_at_once));
	worker_join(&worker);
	ASSERT_TRUE(wait_until(queue(worker.fd, log_apc, 1) == -ESRCH));
	ASSERT_EQ(0, queue_reserve(thread, reserve, log_apc, 1));

	args.pad = 1;
	EXPECT_EQ(-EINVAL, sys_ioctl(worker.fd, NTAPC_IOC_QUEUE, &args));
	args.pad = 0;
	EXPECT_EQ(-EBADF, sys_ioctl(worker.fd, NTAPC_IOC_QUEUE, &args));
	args.reserve = pipes[0];
	EXPECT_EQ(-EPROTOTYPE, sys_ioctl(worker.fd, NTAPC_IOC_QUEUE, &args));
	args.reserve = reserve;
	EXPECT_EQ(-ESRCH, sys_ioctl(worker.fd, NTAPC_IOC_QUEUE, &args));
	/* There is no dispatcher. */
	EXPECT_EQ(-EBUSY, sys_ioctl(thread, NTAPC_IOC_QUEUE, &args));
	args.reserve = open_reserve(dev);
	EXPECT_EQ(-ENXIO, sys_ioctl(thread, NTAPC_IOC_QUEUE, &args));
	EXPECT_EQ(1, nr_pending(thread));
}

/* The order of NTAPC_IOC_WAIT's checks. */
TEST(wait_order)
{
	int dev = open_device(), file, thread, event;
	__s32 objects[] = { -1, -1 };
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_ALL |
			 NTAPC_WAIT_SIGNAL | 1U << 31,
		.nr_objects = 2,
		.objects = KERNEL_ADDRESS,
	};

	ASSERT_LE(0, dev);
	file = memfd_create("not to be polled", MFD_CLOEXEC);
	ASSERT_LE(0, file);
	event = create_notification(dev, false);
	ASSERT_LE(0, event);
	thread = open_thread(dev, 0);
	ASSERT_LE(0, thread);
	EXPECT_EQ(-EINVAL, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	args.flags &= ~(1U << 31);
	EXPECT_EQ(-EFAULT, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	args.objects = ADDR(objects);
	EXPECT_EQ(-EBADF, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	objects[0] = objects[1] = file;
	EXPECT_EQ(-EPROTOTYPE, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	objects[0] = objects[1] = thread;
	EXPECT_EQ(-EEXIST, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	args.nr_objects = 1;
	/* There is no dispatcher. */
	EXPECT_EQ(-ENXIO, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	/* What is signalled comes last, as that can't be undone. */
	args.flags = NTAPC_WAIT_SIGNAL;
	args.signal = -1;
	EXPECT_EQ(-EBADF, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	args.signal = file;
	EXPECT_EQ(-EPROTOTYPE, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	args.signal = event;
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, sys_ioctl(dev, NTAPC_IOC_WAIT, &args));
	EXPECT_EQ(0, args.flags);
	EXPECT_EQ(1, object_state(event));
}

/* The order of NTAPC_IOC_READ's checks, each error with all later ones. */
TEST(copy_order)
{
	int dev = open_device(), process, pipes[2], window;
	struct ntapc_range remote = { KERNEL_ADDRESS, 8 }, local = { 1, 8 };
	struct target target;
	struct ntapc_copy args = {
		.flags = NTAPC_COPY_VECTOR | NTAPC_COPY_WINDOW | 1U << 31,
		.remote = KERNEL_ADDRESS,
		.local = ADDR(&local),
		.nr_remote = 1,
		.nr_local = 1,
		.window = -1,
	};

	ASSERT_LE(0, dev);
	ASSERT_EQ(0, pipe(pipes));
	window = open_window(dev, 16);
	ASSERT_TRUE(target_start(&target, NULL));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	target_kill(&target);
	ASSERT_TRUE(wait_gone(process));
	EXPECT_EQ(-EINVAL, copy_full(process, NTAPC_IOC_READ, &args));
	args.flags &= ~(1U << 31);
	args.remote = ADDR(&remote);
	EXPECT_EQ(-EBADF, copy_full(process, NTAPC_IOC_READ, &args));
	args.window = pipes[0];
	EXPECT_EQ(-EPROTOTYPE, copy_full(process, NTAPC_IOC_READ, &args));
	args.window = window;
	EXPECT_EQ(-ESRCH, copy_full(process, NTAPC_IOC_READ, &args));
	/* A process that is there: only now its memory. */
	EXPECT_EQ(-EFAULT, copy_full(dev, NTAPC_IOC_READ, &args));
	EXPECT_EQ(0, args.done);
	EXPECT_EQ(KERNEL_ADDRESS, args.fault);
	remote.address = ADDR(&there);
	EXPECT_EQ(0, copy_full(dev, NTAPC_IOC_READ, &args));
	EXPECT_EQ(8, args.done);
}

/* And NTAPC_IOC_CALL's. */
TEST(call_order)
{
	struct ntapc_attached_call args = { .size = sizeof(args) };
	int dev = open_device(), process;
	struct target target;

	ASSERT_TRUE(target_start(&target, NULL));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	target_kill(&target);
	ASSERT_TRUE(wait_gone(process));
	memset(args.name, 'x', sizeof(args.name));
	EXPECT_EQ(-EINVAL, sys_ioctl(process, NTAPC_IOC_CALL, &args));
	args.name[31] = 0;
	EXPECT_EQ(-ESRCH, sys_ioctl(process, NTAPC_IOC_CALL, &args));
	EXPECT_EQ(-ENOENT, sys_ioctl(dev, NTAPC_IOC_CALL, &args));
	memset(args.name, 0, sizeof(args.name));
	strcpy(args.name, "strnlen");
	args.arg[1] = ~0ULL;
	EXPECT_EQ(-ESRCH, sys_ioctl(process, NTAPC_IOC_CALL, &args));
	EXPECT_EQ(-EINVAL, sys_ioctl(dev, NTAPC_IOC_CALL, &args));
}

/* Descriptors run out. */
TEST(emfile)
{
	int dev = open_device(), thread, fd, last = -1;
	unsigned int i;

	ASSERT_LE(0, dev);
	thread = open_thread(dev, 0);
	ASSERT_LE(0, thread);
	while ((fd = dup(dev)) >= 0)
		last = fd;
	EXPECT_EQ(EMFILE, errno);
	EXPECT_EQ(-EMFILE, open_thread(dev, 0));
	EXPECT_EQ(-EMFILE, open_reserve(dev));
	EXPECT_EQ(-EMFILE, kernel_apc(thread, 0, "count", 0));
	EXPECT_EQ(-EMFILE, open_process(dev, 0));
	EXPECT_EQ(-EMFILE, open_window(dev, 1));
	for (i = 0; i < NR_OBJECT_TYPES; i++)
		EXPECT_EQ(-EMFILE, create_object(dev, object_types[i].type, 0,
						 object_types[i].limit));
	EXPECT_EQ(-EMFILE, open_device());
	close(last);
	EXPECT_EQ(last, open_thread(dev, 0));
}

TEST_HARNESS_MAIN
