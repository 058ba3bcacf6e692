// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that fail half way, at each place where they can for want of memory or
 * because user memory can't be accessed (threat 19): the error is a documented one and
 * has changed nothing, and the same call works afterwards. A row for each call.
 */
#include "failures-world.h"
#include "kselftest_harness.h"

#include "ioctls.h"	/* of the uapi headers, see the Makefile */

/*
 * struct row - a call
 * @name: of it
 * @cmd: the ioctl; 0 for other system calls
 * @prepare: gets ready what isn't yet, and completes the call
 * @done: it returned @ret, and no error: whether it has done what it should, which is
 *	taken back
 * @unchanged: after an error: what look() doesn't see is as it was; may be NULL
 * @flags: as below
 */
struct row {
	const char *name;
	unsigned long cmd;
	bool (*prepare)(struct call *call);
	bool (*done)(long ret);
	bool (*unchanged)(void);
	unsigned int flags;
};

/* No failure makes it fail. */
#define NEVER_FAILS	(1U << 0)
/* After EFAULT, which is about the result alone, it may have been done. */
#define DONE_ANYWAY	(1U << 1)
/* It needs no memory. */
#define NO_MEMORY	(1U << 2)
/* It may be the first thing that a thread does with ntapc, as an instance's may. */
#define BEGINS		(1U << 3)
/* It is so already for the thread that it is made on. */
#define BEGUN		(1U << 4)

/* Arguments */

/* The struct, and what structs are longer by than the kernel's. */
static unsigned char args[4096] __attribute__((aligned(64)));
static __u32 surplus;

/* What structs point to. */
static unsigned char ours[AREA] __attribute__((aligned(64)));
static __u64 values[8];
static struct ntapc_record records[4];
static struct ntapc_context registers;

static bool set_args(struct call *call, int fd, const void *from, size_t size)
{
	memset(args, 0, sizeof(args));
	memcpy(args, from, size);
	call->arg[0] = fd;
	return fd >= 0;
}

/* On @fd with a struct of that type, the rest of which is 0. */
#define ARGS(fd, type, ...) ({						\
	struct type struct_ = { __VA_ARGS__ };				\
									\
	struct_.size = sizeof(struct_) + surplus;			\
	set_args(call, fd, &struct_, sizeof(struct_));			\
})

/* The same for those of ntsync's, which have no size. */
#define NT_ARGS(fd, type, ...) ({					\
	type struct_ = { __VA_ARGS__ };					\
									\
	set_args(call, fd, &struct_, sizeof(struct_));			\
})

/* The struct as the call left it. */
#define RESULT(type)	((const struct type *)args)

/* Another system call. */
#define CALL(nr_, ...)							\
	((*call = (struct call) { (nr_), { __VA_ARGS__ } }), true)

/* What belongs to a process, each has its own: made when it is first asked for. */

/* Does this process ask for the first time? @pid is who asked last. */
static bool first_time(pid_t *pid)
{
	bool first = *pid != getpid();

	*pid = getpid();
	return first;
}

static int own_thread(void)
{
	static pid_t pid;
	static int fd;

	if (first_time(&pid))
		fd = open_thread(dev, 0);
	return fd;
}

static int own_process(void)
{
	static pid_t pid;
	static int fd;

	if (first_time(&pid))
		fd = open_process(dev, 0);
	return fd;
}

static int own_mutant(void)
{
	static pid_t pid;
	static int fd;

	if (first_time(&pid))
		fd = create_mutant(dev, true);
	return fd;
}

static bool frames(void)
{
	static pid_t pid;

	return !first_time(&pid) ||
	       !set_dispatcher(dev, ADDR(dispatch_continue));
}

/* A process that nobody has opened yet. */
static pid_t stranger;

static void part_from_stranger(void)
{
	if (stranger) {
		kill(stranger, SIGKILL);
		reap(stranger);
	}
	stranger = 0;
}

static bool meet_stranger(void)
{
	part_from_stranger();
	stranger = fork();
	if (!stranger) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return stranger > 0;
}

/* What many have in common */

static bool done_zero(long ret)
{
	return !ret;
}

static bool done_close(long ret)
{
	return !close(ret);
}

#include "failures-instance.h"
#include "failures-threads.h"
#include "failures-processes.h"
#include "failures-objects.h"
#include "failures-others.h"

/* The rows: ROW(ioctl, what is called how, what is to have become of it, ...) */
#define ROW(cmd_, how, what, ...)					\
	{ .name = #cmd_ ", " #how, .cmd = cmd_,				\
	  .prepare = prepare_##how, .done = done_##what, ##__VA_ARGS__ }
#define CALLED(how, what, ...)						\
	{ .name = #how, .prepare = prepare_##how, .done = done_##what,	\
	  ##__VA_ARGS__ }
#define KEEPS(what)	.unchanged = unchanged_##what
#define IS(flags_)	.flags = (flags_)

static const struct row rows[] = {
	ROW(NTAPC_IOC_INFO, info, info, IS(NO_MEMORY)),
	ROW(NTAPC_IOC_INFO, info_other, info_other, KEEPS(info_other)),
	ROW(NTAPC_IOC_THREAD_OPEN, open_self, close),
	ROW(NTAPC_IOC_THREAD_OPEN, open_there, close),
	ROW(NTAPC_IOC_THREAD_OPEN, open_stranger, close, IS(BEGUN)),
	ROW(NTAPC_IOC_RESERVE, reserve, close),
	ROW(NTAPC_IOC_DISPATCHER, dispatcher, zero),
	ROW(NTAPC_IOC_WAIT, delay, zero),
	ROW(NTAPC_IOC_WAIT, any, any, KEEPS(any)),
	ROW(NTAPC_IOC_WAIT, any_of_many, any_of_many, KEEPS(any)),
	ROW(NTAPC_IOC_WAIT, all_of_many, all_of_many, KEEPS(all)),
	ROW(NTAPC_IOC_WAIT, polled, polled),
	ROW(NTAPC_IOC_WAIT, ends, timeout),
	ROW(NTAPC_IOC_WAIT, end_of_process, timeout),
	ROW(NTAPC_IOC_WAIT, wait_records, wait_records, KEEPS(two_queued)),
	ROW(NTAPC_IOC_WAIT, wait_frames, wait_frames, KEEPS(frames)),
	ROW(NTAPC_IOC_WAIT, signal_and_wait, signal_and_wait),
	ROW(NTAPC_IOC_WAIT, wait_object, wait_object),
	ROW(NTAPC_IOC_TEST_ALERT, test_alert, test_alert, KEEPS(two_queued)),
	ROW(NTAPC_IOC_TEST_ALERT, test_alert_frames, test_alert_frames,
	    KEEPS(frames)),
	ROW(NTAPC_IOC_CONTINUE, continue, continue),
	ROW(NTAPC_IOC_EXIT_STATUS, exit_status, zero),
	ROW(NTAPC_IOC_ALERT_BY_ID, alert_by_id, alert_by_id,
	    KEEPS(alert_by_id)),
	ROW(NTAPC_IOC_WAIT_BY_ID, wait_by_id, wait_by_id, KEEPS(wait_by_id)),
	ROW(NTAPC_IOC_WAIT_BY_ID, wait_by_id_in_vain, timeout),
	ROW(NTAPC_IOC_PROCESS_OPEN, process_open_self, close),
	ROW(NTAPC_IOC_PROCESS_OPEN, process_open_there, close),
	ROW(NTAPC_IOC_PROCESS_OPEN, process_open_stranger, close, IS(BEGUN)),
	ROW(NTAPC_IOC_PROCESS_OPEN, process_open_pidfd, close),
	ROW(NTAPC_IOC_DETACH, detach, detach),
	ROW(NTAPC_IOC_WINDOW, window, close),
	ROW(NTAPC_IOC_CREATE, create_event, close),
	ROW(NTAPC_IOC_CREATE, create_mutant, close),
	ROW(NTAPC_IOC_CREATE, create_timer, close),
	ROW(NTAPC_IOC_CREATE, create_named, create_named, KEEPS(name)),
	ROW(NTAPC_IOC_CREATE, create_existing, existing),
	ROW(NTAPC_IOC_CREATE, open_named, existing),

	ROW(NTAPC_IOC_QUEUE, queue, queue),
	ROW(NTAPC_IOC_QUEUE, queue_there, zero),
	ROW(NTAPC_IOC_QUEUE, queue_reserve, queue, IS(NO_MEMORY)),
	ROW(NTAPC_IOC_QUEUE, queue_special, queue_special, KEEPS(special)),
	ROW(NTAPC_IOC_QUEUE, queue_special_peer, queue_special_peer),
	ROW(NTAPC_IOC_QUEUE_MANY, queue_many, queue_many),
	ROW(NTAPC_IOC_THREAD_INFO, thread_info, thread_info),
	ROW(NTAPC_IOC_THREAD_CONTROL, thread_control, thread_control,
	    IS(BEGINS)),
	ROW(NTAPC_IOC_SUSPEND, suspend, suspend),
	ROW(NTAPC_IOC_SUSPEND, suspend_wait, suspend_wait),
	ROW(NTAPC_IOC_SUSPEND, suspend_process, suspend_process),
	ROW(NTAPC_IOC_SUSPEND, suspend_stranger, suspend_stranger,
	    KEEPS(suspend_stranger)),
	ROW(NTAPC_IOC_RESUME, resume, resume, IS(NO_MEMORY)),
	ROW(NTAPC_IOC_ALERT, alert_frames, alert, KEEPS(alert), IS(NO_MEMORY)),
	ROW(NTAPC_IOC_TERMINATE, terminate, terminate, KEEPS(terminate)),
	ROW(NTAPC_IOC_GET_CONTEXT, get_context, get_context),
	ROW(NTAPC_IOC_GET_CONTEXT, get_own_context, get_context),
	ROW(NTAPC_IOC_SET_CONTEXT, set_context, set_context,
	    KEEPS(set_context)),
	ROW(NTAPC_IOC_KERNEL_APC, kernel_apc, kernel_apc, IS(BEGINS)),
	ROW(NTAPC_IOC_KERNEL_APC, kernel_apc_peer, kernel_apc_peer,
	    KEEPS(told)),
	ROW(NTAPC_IOC_APC_RESULT, apc_result, apc_result, IS(NO_MEMORY)),
	ROW(NTAPC_IOC_APC_REMOVE, apc_remove, apc_remove, IS(NO_MEMORY)),

	ROW(NTAPC_IOC_PROCESS_INFO, process_info, process_info),
	ROW(NTAPC_IOC_ATTACH, attach, attach, KEEPS(attach), IS(BEGINS)),
	ROW(NTAPC_IOC_ATTACH, attach_stack, attach_stack, KEEPS(attach)),
	ROW(NTAPC_IOC_OUT_SWAP, out_swap_begin, out_swap_begin),
	ROW(NTAPC_IOC_OUT_SWAP, out_swap_end, out_swap_end),
	ROW(NTAPC_IOC_OUT_SWAP, out_swap_cancel, out_swap_cancel),
	ROW(NTAPC_IOC_READ, read, read, KEEPS(read)),
	ROW(NTAPC_IOC_READ, read_own, read, KEEPS(read), IS(BEGINS)),
	ROW(NTAPC_IOC_READ, read_vector, read, KEEPS(read)),
	ROW(NTAPC_IOC_READ, read_window, read_window),
	ROW(NTAPC_IOC_READ, read_large, read_large),
	ROW(NTAPC_IOC_WRITE, write, write, KEEPS(write)),
	ROW(NTAPC_IOC_WRITE, write_untouched, write_untouched),
	ROW(NTAPC_IOC_FILL, fill, fill),
	ROW(NTAPC_IOC_COMPARE, compare, compare),
	ROW(NTAPC_IOC_SEARCH, search, search),
	ROW(NTAPC_IOC_EXCHANGE, exchange, exchange, KEEPS(exchange)),
	ROW(NTAPC_IOC_QUERY, query, query),
	ROW(NTAPC_IOC_QUERY, query_own, query, IS(BEGINS)),
	ROW(NTAPC_IOC_CALL, attached_call, attached_call),

	ROW(NTAPC_IOC_EVENT, event_set, event_set, IS(NO_MEMORY)),
	ROW(NTAPC_IOC_EVENT, event_reset, event_reset, IS(NO_MEMORY)),
	ROW(NTAPC_IOC_RELEASE, release, release, IS(NO_MEMORY)),
	ROW(NTAPC_IOC_RELEASE, release_mutant, release_mutant, KEEPS(mutant)),
	ROW(NTAPC_IOC_SET_TIMER, set_timer, set_timer, KEEPS(set_timer),
	    IS(BEGINS)),
	ROW(NTAPC_IOC_SET_TIMER, set_timer_now, set_timer_now,
	    KEEPS(set_timer)),
	ROW(NTAPC_IOC_CANCEL_TIMER, cancel_timer, cancel_timer,
	    IS(NO_MEMORY | DONE_ANYWAY)),
	ROW(NTAPC_IOC_OBJECT_INFO, object_info, object_info, IS(NO_MEMORY)),

	ROW(NTSYNC_IOC_CREATE_SEM, nt_create_sem, close),
	ROW(NTSYNC_IOC_CREATE_MUTEX, nt_create_mutex, close),
	ROW(NTSYNC_IOC_CREATE_EVENT, nt_create_event, close),
	ROW(NTSYNC_IOC_WAIT_ANY, nt_any, nt_any, KEEPS(nt_any), IS(BEGINS)),
	ROW(NTSYNC_IOC_WAIT_ALL, nt_all, nt_all, KEEPS(nt_all), IS(BEGINS)),
	ROW(NTSYNC_IOC_SEM_RELEASE, nt_release, nt_release, IS(NEVER_FAILS)),
	ROW(NTSYNC_IOC_MUTEX_UNLOCK, nt_unlock, nt_free, IS(NO_MEMORY)),
	ROW(NTSYNC_IOC_MUTEX_KILL, nt_kill, nt_free, IS(NEVER_FAILS)),
	ROW(NTSYNC_IOC_EVENT_SET, nt_event, nt_set, IS(NEVER_FAILS)),
	ROW(NTSYNC_IOC_EVENT_RESET, nt_event, nt_not_set, IS(NEVER_FAILS)),
	ROW(NTSYNC_IOC_EVENT_PULSE, nt_event, nt_not_set, IS(NEVER_FAILS)),
	ROW(NTSYNC_IOC_SEM_READ, nt_sem_read, nt_sem_read, IS(NO_MEMORY)),
	ROW(NTSYNC_IOC_MUTEX_READ, nt_mutex_read, nt_mutex_read,
	    IS(NO_MEMORY)),
	ROW(NTSYNC_IOC_EVENT_READ, nt_event_read, nt_event_read,
	    IS(NO_MEMORY)),

	CALLED(open, close),
	CALLED(map_control, map_control, IS(BEGINS)),
	CALLED(map_window, map_window),
	CALLED(fault, fault, IS(BEGINS)),
	CALLED(poll, poll),
	CALLED(epoll, epoll),
	CALLED(fdinfo, fdinfo),
};

#define NR_ROWS	(sizeof(rows) / sizeof(rows[0]))

/* Having them fail */

/* What came of one attempt. */
enum {
	NO_SUCH_PLACE,	/* it succeeded, as nothing failed */
	UNHURT,		/* something failed that it can do without */
	FAILED,		/* as it should */
	WRONG,
};

static int complain(const struct row *row, unsigned int n, const char *what,
		    long ret)
{
	dprintf(STDOUT_FILENO, "# %s, place %u: %s (%ld)\n", row->name, n, what,
		ret);
	return WRONG;
}

static bool may_be(const struct row *row, long error)
{
	if (error == -EFAULT)
		return true;
	return error == -ENOMEM && !(row->flags & NO_MEMORY);
}

static bool get_ready(const struct row *row, struct call *call)
{
	memset(call, 0, sizeof(*call));
	if (row->cmd) {
		call->nr = SYS_ioctl;
		call->arg[1] = row->cmd;
		call->arg[2] = (unsigned long)args;
	}
	return row->prepare(call);
}

/* It has returned an error. */
static int check_failed(const struct row *row, unsigned int n,
			const struct outcome *outcome, const struct look *before)
{
	const char *what = NULL;

	if (!outcome->failed)
		return complain(row, n, "an error without a failure",
				outcome->ret);
	if (row->flags & NEVER_FAILS || !may_be(row, outcome->ret))
		return complain(row, n, "an error that can't be", outcome->ret);
	if (row->flags & DONE_ANYWAY && outcome->ret == -EFAULT)
		return FAILED;
	what = lasting_difference(before);
	if (!what && row->unchanged && !row->unchanged())
		what = "it has been done in part";
	return what ? complain(row, n, what, outcome->ret) : FAILED;
}

/* With the @n-th place failing; and then without. */
static int attempt(const struct row *row, unsigned int n)
{
	struct outcome outcome;
	struct look before;
	struct call call;
	int result;

	if (!get_ready(row, &call))
		return complain(row, n, "it can't be prepared", errno);
	look(&before);
	outcome = call_failing(&call, n);
	if (!is_error(outcome.ret)) {
		if (!row->done(outcome.ret))
			return complain(row, n, "it wasn't done", outcome.ret);
		return outcome.failed ? UNHURT : NO_SUCH_PLACE;
	}
	result = check_failed(row, n, &outcome, &before);
	if (result != FAILED)
		return result;

	if (!get_ready(row, &call))
		return complain(row, n, "it can't be prepared again", errno);
	outcome = call_failing(&call, 0);
	if (is_error(outcome.ret) || !row->done(outcome.ret))
		return complain(row, n, "it can't be done afterwards",
				outcome.ret);
	return FAILED;
}

/* The same in a process of its own, whose thread has nothing to do with ntapc yet. */
static int attempt_first(const struct row *row, unsigned int n)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(failures_begin() ? attempt(row, n) : WRONG);
	status = reap(child);
	if (status < 0)
		return complain(row, n, "it has ended the process", status);
	return status;
}

static bool may_begin(const struct row *row)
{
	if (row->flags & (BEGINS | BEGUN))
		return row->flags & BEGINS;
	return row->cmd >= NTAPC_IOC_INFO && row->cmd < NTAPC_IOC_QUEUE;
}

/* What all have come to so far. */
static unsigned int nr_failed, nr_unhurt;

/* Each place in turn; how many made it fail, or -1. @first: as the first call. */
static int go_through(const struct row *row, bool first)
{
	int failed = 0, result;
	unsigned int n;

	if (first && !may_begin(row))
		return 0;
	/* A struct of the usual length that can't be copied at once is copied again. */
	surplus = first ? 0 : 8;
	for (n = 1; n < PLACES_MAX; n++) {
		result = first ? attempt_first(row, n) : attempt(row, n);
		if (result == NO_SUCH_PLACE)
			return failed;
		if (result == WRONG)
			return -1;
		failed += result == FAILED;
		nr_failed += result == FAILED;
		nr_unhurt += result == UNHURT;
	}
	complain(row, n, "there is no end of places", 0);
	return -1;
}

/* And it could be seen to fail. */
static bool goes_through(const struct row *row)
{
	int failed = go_through(row, false);

	if (!failed && !(row->flags & NEVER_FAILS))
		complain(row, 0, "nothing made it fail", 0);
	return failed > 0 || (!failed && row->flags & NEVER_FAILS);
}

FIXTURE(failures)
{
	long long references;
	unsigned int threads;
};

FIXTURE_SETUP(failures)
{
	struct ntapc_info info;

	if (failures_need())
		SKIP(return, "needs %s", failures_need());
	self->references = module_references();
	dev = open_device();
	ASSERT_EQ(0, get_info(dev, &info));
	self->threads = info.nr_threads;
	close(dev);
	ASSERT_TRUE(make_world());
}

/* Nothing is left of it all but that this very thread is known. */
FIXTURE_TEARDOWN(failures)
{
	struct ntapc_info info;

	if (!dev)
		return;
	part_from_stranger();
	end_world();
	EXPECT_TRUE(wait_until(module_references() == self->references));
	dev = open_device();
	EXPECT_TRUE(wait_until(!get_info(dev, &info) &&
			       info.nr_threads <= self->threads + 1));
	EXPECT_EQ(0, info.queued_user);
}

TEST_F(failures, every_call)
{
	unsigned int i;

	for (i = 0; i < NR_ROWS; i++)
		EXPECT_TRUE(goes_through(&rows[i]));
	TH_LOG("%u failed, %u did without", nr_failed, nr_unhurt);
}

/* What threads and processes are given with their first call. */
TEST_F(failures, first_call)
{
	unsigned int i;

	for (i = 0; i < NR_ROWS; i++)
		EXPECT_LE(0, go_through(&rows[i], true));
	TH_LOG("%u failed, %u did without", nr_failed, nr_unhurt);
}

/* There is a row for each ioctl of the headers. */
TEST(no_ioctl_is_left_out)
{
	static const struct {
		const char *name;
		unsigned long cmd;
	} ioctls[] = {
#define IOCTL(cmd)	{ #cmd, cmd },
		IOCTLS
#undef IOCTL
	};
	const unsigned int nr = sizeof(ioctls) / sizeof(ioctls[0]);
	unsigned int i, j;

	/* That the list is one. */
	EXPECT_LT(55, nr);
	for (i = 0; i < nr; i++) {
		for (j = 0; j < NR_ROWS && rows[j].cmd != ioctls[i].cmd; j++)
			;
		EXPECT_GT(NR_ROWS, j)
			TH_LOG("%s has no row", ioctls[i].name);
	}
}

int main(int argc, char **argv)
{
	return RUN_WITH_FAILURES(argc, argv);
}
