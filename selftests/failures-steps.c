// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failures in what takes several steps (threat 19): calls that block until another
 * thread has them go on, and delivery. Who waits gets what it waits for or an error, and
 * then has taken nothing; an APC runs once.
 */
#include "failures.h"
#include "ntsync.h"
#include "objects.h"
#include "procs.h"
#include "kselftest_harness.h"

#include <sys/eventfd.h>

#define MANY	12
#define OWNER	7

static int dev, process;
static struct target target;
static int many[MANY], nt_many[MANY], eventfds[MANY], mixed[MANY];
static int pipes[2];

/* Signals that said that a frame couldn't be written. */
static atomic_int faults;

static void count_fault(int sig)
{
	(void)sig;
	atomic_fetch_add(&faults, 1);
}

FIXTURE(steps)
{
	long long references;
};

FIXTURE_SETUP(steps)
{
	struct sigaction action = {
		.sa_handler = count_fault,
		.sa_flags = SA_ONSTACK | SA_NODEFER,
	};
	unsigned int i;

	if (failures_need())
		SKIP(return, "needs %s", failures_need());
	self->references = module_references();
	log_reset();
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	ASSERT_TRUE(target_start(&target, NULL));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	for (i = 0; i < MANY; i++) {
		many[i] = create_event(dev, false);
		ASSERT_LE(0, many[i]);
		nt_many[i] = make_event(dev, 0, 0);
		ASSERT_LE(0, nt_many[i]);
		eventfds[i] = eventfd(0, EFD_CLOEXEC);
		ASSERT_LE(0, eventfds[i]);
		mixed[i] = i % 2 ? many[i] : eventfds[i];
	}
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, sigaction(SIGSEGV, &action, NULL));
	ASSERT_TRUE(failures_begin());
}

FIXTURE_TEARDOWN(steps)
{
	unsigned int i;

	if (!dev)
		return;
	target_kill(&target);
	for (i = 0; i < MANY; i++) {
		close(many[i]);
		close(nt_many[i]);
	}
	close(process);
	close(dev);
	EXPECT_TRUE(wait_until(module_references() == self->references));
}

/*
 * struct caller - a thread that makes one call, in which a place fails
 * @worker: the thread, and how far it is
 * @may: it may make the call
 * @call: made
 * @outcome: of it
 * @n: which place fails
 */
struct caller {
	struct worker worker;
	atomic_bool may;
	struct call call;
	struct outcome outcome;
	unsigned int n;
};

/* Stages */
enum {
	READY = 1,
	CALLS,
	HAS_CALLED,	/* and waits for worker_go() */
	HAS_RUN,	/* what was left of its APCs */
};

static char stacks[65536] __attribute__((aligned(64)));

/* Everything is run in the end, also what couldn't be handed over at once. */
static void run_rest(struct worker *worker)
{
	while (nr_pending(worker->fd)) {
		test_alert(dev, NTAPC_TEST_SPECIAL_ONLY);
		delay(dev, NTAPC_WAIT_ALERTABLE, 0);
	}
}

static void make_call(struct worker *worker)
{
	struct caller *caller = (struct caller *)worker;
	stack_t stack = { .ss_sp = stacks, .ss_size = sizeof(stacks) };

	sigaltstack(&stack, NULL);
	if (!failures_begin())
		return;
	atomic_store(&worker->stage, READY);
	/* It isn't to look as if it slept in the call. */
	while (!atomic_load(&caller->may))
		sched_yield();
	atomic_store(&worker->stage, CALLS);
	caller->outcome = call_failing(&caller->call, caller->n);
	atomic_store(&worker->stage, HAS_CALLED);
	worker_wait(worker);
	run_rest(worker);
	atomic_store(&worker->stage, HAS_RUN);
}

/*
 * struct scene - a call that blocks, and what has it go on
 * @name: of it
 * @prepare: completes the call
 * @blocks: whether the thread is blocked in it; NULL: it is in a wait of ntapc's
 * @satisfy: has it go on
 * @satisfied: it returned @ret, and no error: whether that is right; takes back what
 *	it did
 * @untouched: nothing was taken: asked after an error, before @satisfy
 * @afterwards: when all is done, error or not
 * @error: one that it may return besides ENOMEM and EFAULT
 */
struct scene {
	const char *name;
	bool (*prepare)(struct caller *caller);
	bool (*blocks)(struct caller *caller);
	bool (*satisfy)(struct caller *caller);
	bool (*satisfied)(struct caller *caller, long ret);
	bool (*untouched)(struct caller *caller);
	bool (*afterwards)(struct caller *caller);
	int error;
};

static union {
	struct ntapc_wait wait;
	struct ntapc_wait_by_id by_id;
	struct ntapc_attach attach;
	struct ntsync_wait_args nt_wait;
} args;

static struct ntapc_record records[4];
static struct pollfd pollfd;

#define CALL(fd, cmd, member, ...) ({					\
	args.member = (__typeof__(args.member)) { __VA_ARGS__ };	\
	caller->call = (struct call) {					\
		SYS_ioctl, { (fd), (cmd), (unsigned long)&args }	\
	};								\
	true;								\
})

#define WAIT(...)							\
	CALL(dev, NTAPC_IOC_WAIT, wait, .size = sizeof(args.wait),	\
	     .deadline = NTAPC_WAIT_FOREVER, __VA_ARGS__)

/* Objects */

static unsigned int nr_set(const int *events)
{
	unsigned int i, set = 0;

	for (i = 0; i < MANY; i++)
		set += object_state(events[i]) == 1;
	return set;
}

static bool waited_for(const int *events)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		if (nr_waiters(events[i]))
			return true;
	return false;
}

static bool events_untouched(struct caller *caller)
{
	(void)caller;
	return !nr_set(many) && !waited_for(many) && !nr_set(nt_many) &&
	       !waited_for(nt_many);
}

static bool prepare_any(struct caller *caller)
{
	return WAIT(.nr_objects = MANY, .objects = ADDR(many));
}

static bool satisfy_any(struct caller *caller)
{
	(void)caller;
	return !set_event(many[5]);
}

static bool satisfied_any(struct caller *caller, long ret)
{
	return ret == 5 && events_untouched(caller);
}

/* It waits anew after a suspension. */
static bool satisfy_suspended(struct caller *caller)
{
	return !suspend_thread(caller->worker.fd, NTAPC_SUSPEND_WAIT) &&
	       !set_event(many[5]) &&
	       resume_thread(caller->worker.fd, 0) == 1;
}

static bool prepare_all(struct caller *caller)
{
	return WAIT(.flags = NTAPC_WAIT_ALL, .nr_objects = MANY,
		    .objects = ADDR(many));
}

static bool satisfy_all(struct caller *caller)
{
	unsigned int i;

	(void)caller;
	for (i = 0; i < MANY; i++)
		if (set_event(many[i]))
			return false;
	return true;
}

static bool satisfied_all(struct caller *caller, long ret)
{
	return !ret && events_untouched(caller);
}

static bool prepare_one(struct caller *caller)
{
	return CALL(many[5], NTAPC_IOC_WAIT, wait, .size = sizeof(args.wait),
		    .deadline = NTAPC_WAIT_FOREVER);
}

/* What is polled is only looked at, so it is taken back. */

static bool prepare_polled(struct caller *caller)
{
	return WAIT(.nr_objects = MANY, .objects = ADDR(eventfds));
}

static bool add_one(int fd)
{
	__u64 one = 1;

	return write(fd, &one, sizeof(one)) == sizeof(one);
}

static bool take_one(int fd)
{
	__u64 count;

	return read(fd, &count, sizeof(count)) == sizeof(count) && count == 1;
}

static bool satisfy_polled(struct caller *caller)
{
	(void)caller;
	return add_one(eventfds[10]);
}

static bool satisfied_polled(struct caller *caller, long ret)
{
	(void)caller;
	return ret == 10;
}

static bool after_polled(struct caller *caller)
{
	(void)caller;
	return take_one(eventfds[10]);
}

static bool prepare_mixed(struct caller *caller)
{
	return WAIT(.flags = NTAPC_WAIT_ALL, .nr_objects = MANY,
		    .objects = ADDR(mixed));
}

static bool satisfy_mixed(struct caller *caller)
{
	unsigned int i;

	(void)caller;
	for (i = 0; i < MANY; i++)
		if (i % 2 ? set_event(mixed[i]) : !add_one(mixed[i]))
			return false;
	return true;
}

/* Also what nobody waited for. */
static bool after_mixed(struct caller *caller)
{
	unsigned int i;

	(void)caller;
	for (i = 0; i < MANY; i += 2)
		if (!take_one(mixed[i]))
			return false;
	for (i = 1; i < MANY; i += 2)
		reset_event(mixed[i]);
	return true;
}

static bool prepare_nt_any(struct caller *caller)
{
	return CALL(dev, NTSYNC_IOC_WAIT_ANY, nt_wait, .timeout = ~0ULL,
		    .objs = ADDR(nt_many), .count = MANY - 1,
		    .alert = nt_many[MANY - 1], .owner = OWNER);
}

static bool satisfy_nt_any(struct caller *caller)
{
	(void)caller;
	return !event_do(nt_many[5], NTSYNC_IOC_EVENT_SET, NULL);
}

static bool satisfied_nt_any(struct caller *caller, long ret)
{
	return !ret && args.nt_wait.index == 5 && events_untouched(caller);
}

static bool prepare_nt_all(struct caller *caller)
{
	return CALL(dev, NTSYNC_IOC_WAIT_ALL, nt_wait, .timeout = ~0ULL,
		    .objs = ADDR(nt_many), .count = MANY, .owner = OWNER);
}

static bool satisfy_nt_all(struct caller *caller)
{
	unsigned int i;

	(void)caller;
	for (i = 0; i < MANY; i++)
		if (event_do(nt_many[i], NTSYNC_IOC_EVENT_SET, NULL))
			return false;
	return true;
}

/* What nobody took is reset after an error. */
static bool after_events(struct caller *caller)
{
	unsigned int i;

	(void)caller;
	for (i = 0; i < MANY; i++) {
		reset_event(many[i]);
		event_do(nt_many[i], NTSYNC_IOC_EVENT_RESET, NULL);
	}
	return true;
}

/* Alerts by id */

static bool prepare_by_id(struct caller *caller)
{
	return CALL(dev, NTAPC_IOC_WAIT_BY_ID, by_id,
		    .size = sizeof(args.by_id), .deadline = NTAPC_WAIT_FOREVER);
}

static bool satisfy_by_id(struct caller *caller)
{
	return !alert_by_id(dev, atomic_load(&caller->worker.tid));
}

static bool satisfied_by_id(struct caller *caller, long ret)
{
	(void)caller;
	return ret == NTAPC_STATUS_ALERTED;
}

/* Attaching to a process that is out of memory, as NT calls it */

static bool prepare_attach(struct caller *caller)
{
	return !out_swap(process, NTAPC_OUT_SWAP_BEGIN, NULL, 0) &&
	       CALL(process, NTAPC_IOC_ATTACH, attach,
		    .size = sizeof(args.attach));
}

static bool blocks_attach(struct caller *caller)
{
	struct ntapc_process_info info;

	(void)caller;
	return !get_process_info(process, &info) && info.nr_ready == 1;
}

static bool satisfy_attach(struct caller *caller)
{
	(void)caller;
	return !out_swap(process, NTAPC_OUT_SWAP_END, NULL, 0);
}

static bool satisfied_attach(struct caller *caller, long ret)
{
	return !ret && process_state(process) == NTAPC_PROCESS_IN_MEMORY &&
	       thread_bits(caller->worker.fd) & NTAPC_THREAD_ATTACHED &&
	       stack_count(process) == 1;
}

static bool attach_untouched(struct caller *caller)
{
	return !(thread_bits(caller->worker.fd) & NTAPC_THREAD_ATTACHED) &&
	       !stack_count(process);
}

/* If nobody waits for it it is somebody else's turn. */
static bool after_attach(struct caller *caller)
{
	(void)caller;
	/* The caller's own attachment ends with its thread, after its join. */
	return wait_until(!stack_count(process)) && !attach(process) &&
	       !detach(dev);
}

/*
 * Delivery. The log tells what has run, when the thread has run the rest, too: all, in
 * order, once.
 */
static bool ran_all(unsigned int nr)
{
	unsigned int i;

	if (log_count() != nr)
		return false;
	for (i = 0; i < nr; i++)
		if (log_entry(i) != i + 1)
			return false;
	return true;
}

static bool ran_one(struct caller *caller)
{
	(void)caller;
	return ran_all(1);
}

static bool ran_three(struct caller *caller)
{
	(void)caller;
	return ran_all(3);
}

static bool prepare_frame(struct caller *caller)
{
	return WAIT(.flags = NTAPC_WAIT_ALERTABLE);
}

static bool satisfy_frame(struct caller *caller)
{
	return !queue(caller->worker.fd, log_apc, 1);
}

static bool satisfied_user_apc(struct caller *caller, long ret)
{
	(void)caller;
	return ret == NTAPC_STATUS_USER_APC;
}

/* Each one's end hands the next one over. */
static bool prepare_chain(struct caller *caller)
{
	return !queue(caller->worker.fd, log_apc, 1) &&
	       !queue(caller->worker.fd, log_apc, 2) &&
	       !queue(caller->worker.fd, log_apc, 3) &&
	       WAIT(.flags = NTAPC_WAIT_ALERTABLE);
}

static bool satisfy_nothing(struct caller *caller)
{
	(void)caller;
	return true;
}

static bool prepare_records(struct caller *caller)
{
	return WAIT(.flags = NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS,
		    .records = ADDR(records), .nr_records = 4);
}

static bool satisfied_records(struct caller *caller, long ret)
{
	(void)caller;
	if (ret != NTAPC_STATUS_USER_APC || args.wait.nr_records != 1 ||
	    records[0].routine != ADDR(log_apc))
		return false;
	log_add(records[0].arg[0]);
	return true;
}

/* A special one ends no call of Linux's, and runs when it has ended. */
static bool prepare_poll(struct caller *caller)
{
	pollfd = (struct pollfd) { .fd = pipes[0], .events = POLLIN };
	caller->call = (struct call) {
		SYS_poll, { (unsigned long)&pollfd, 1, PATIENCE_MS * 10 }
	};
	return true;
}

static bool blocks_poll(struct caller *caller)
{
	return thread_state(atomic_load(&caller->worker.tid)) == 'S';
}

static bool satisfy_poll(struct caller *caller)
{
	return !queue_special(caller->worker.fd, log_apc, 1) &&
	       write(pipes[1], "x", 1) == 1;
}

static bool satisfied_poll(struct caller *caller, long ret)
{
	(void)caller;
	return ret == 1;
}

static bool after_poll(struct caller *caller)
{
	char c;

	return read(pipes[0], &c, 1) == 1 && ran_one(caller);
}

/* Or interrupts it, and it goes on afterwards; without memory for that it is over. */
static bool satisfy_interrupted(struct caller *caller)
{
	return !queue_interrupt(caller->worker.fd, log_apc, 1) &&
	       wait_until(log_count() || atomic_load(&faults)) &&
	       write(pipes[1], "x", 1) == 1;
}

static const struct scene scenes[] = {
	{ "any", prepare_any, NULL, satisfy_any, satisfied_any,
	  events_untouched, after_events, 0 },
	{ "any, suspended", prepare_any, NULL, satisfy_suspended,
	  satisfied_any, events_untouched, after_events, 0 },
	{ "all", prepare_all, NULL, satisfy_all, satisfied_all,
	  events_untouched, after_events, 0 },
	{ "one", prepare_one, NULL, satisfy_any, satisfied_all,
	  events_untouched, after_events, 0 },
	{ "polled", prepare_polled, NULL, satisfy_polled, satisfied_polled,
	  NULL, after_polled, 0 },
	{ "all, some polled", prepare_mixed, NULL, satisfy_mixed,
	  satisfied_all, events_untouched, after_mixed, 0 },
	{ "ntsync's any", prepare_nt_any, NULL, satisfy_nt_any,
	  satisfied_nt_any, events_untouched, after_events, 0 },
	{ "ntsync's all", prepare_nt_all, NULL, satisfy_nt_all,
	  satisfied_all, events_untouched, after_events, 0 },
	{ "alert by id", prepare_by_id, NULL, satisfy_by_id,
	  satisfied_by_id, NULL, NULL, 0 },
	{ "attach", prepare_attach, blocks_attach, satisfy_attach,
	  satisfied_attach, attach_untouched, after_attach, 0 },
	{ "by frame", prepare_frame, NULL, satisfy_frame,
	  satisfied_user_apc, NULL, ran_one, 0 },
	{ "three by frame", prepare_chain, NULL, satisfy_nothing,
	  satisfied_user_apc, NULL, ran_three, 0 },
	{ "as a record", prepare_records, NULL, satisfy_frame,
	  satisfied_records, NULL, ran_one, 0 },
	{ "special, after a call", prepare_poll, blocks_poll, satisfy_poll,
	  satisfied_poll, NULL, after_poll, 0 },
	{ "special, interrupting", prepare_poll, blocks_poll,
	  satisfy_interrupted, satisfied_poll, NULL, after_poll, -EINTR },
};

#define NR_SCENES	(sizeof(scenes) / sizeof(scenes[0]))

static bool complain(const struct scene *scene, unsigned int n, const char *what,
		     long ret)
{
	dprintf(STDOUT_FILENO, "# %s, place %u: %s (%ld)\n", scene->name, n,
		what, ret);
	return false;
}

static bool blocks(const struct scene *scene, struct caller *caller)
{
	return scene->blocks ? scene->blocks(caller) :
			       thread_bits(caller->worker.fd) &
				NTAPC_THREAD_WAITING;
}

/* Has it returned an error that it may? */
static bool failed_rightly(const struct scene *scene, const struct outcome *outcome)
{
	long ret = outcome->ret;

	return outcome->failed &&
	       (ret == -ENOMEM || ret == -EFAULT || (ret && ret == scene->error));
}

static bool has_called(const struct caller *caller)
{
	return atomic_load(&caller->worker.stage) >= HAS_CALLED;
}

/* With its @n-th place failing; *@over if there is no such place. */
static bool play(const struct scene *scene, unsigned int n, bool *over)
{
	struct caller caller = { .n = n };
	struct worker *worker = &caller.worker;
	const long *ret = &caller.outcome.ret;

	log_reset();
	atomic_store(&faults, 0);
	if (!worker_start(worker, dev, make_call) ||
	    !worker_reached(worker, READY) || !scene->prepare(&caller))
		return complain(scene, n, "it can't be prepared", errno);
	atomic_store(&caller.may, true);
	if (!wait_until(has_called(&caller) ||
			(worker_reached(worker, CALLS) && blocks(scene, &caller))))
		return complain(scene, n, "it neither blocks nor ends", 0);

	if (has_called(&caller) && is_error(*ret) && scene->untouched &&
	    !scene->untouched(&caller))
		return complain(scene, n, "something was taken", *ret);
	if (!scene->satisfy(&caller))
		return complain(scene, n, "it can't be satisfied", errno);
	if (!worker_reached(worker, HAS_CALLED))
		return complain(scene, n, "it blocks for ever", 0);
	if (is_error(*ret) ? !failed_rightly(scene, &caller.outcome) :
			     !scene->satisfied(&caller, *ret))
		return complain(scene, n, "what it returned is wrong", *ret);
	worker_go(worker);
	if (!worker_reached(worker, HAS_RUN))
		return complain(scene, n, "what is left can't be run", 0);
	worker_join(worker);
	close(worker->fd);
	if (scene->afterwards && !scene->afterwards(&caller))
		return complain(scene, n, "something is lost, or was done twice",
				*ret);
	*over = !caller.outcome.failed;
	return true;
}

static bool play_all(const struct scene *scene)
{
	bool over = false;
	unsigned int n;

	for (n = 1; n < PLACES_MAX && !over; n++)
		if (!play(scene, n, &over))
			return false;
	return over;
}

/* Rules 11.1, 11.4, 9.3, 12.2 and 13.1, as far as they go. */
TEST_F(steps, all)
{
	unsigned int i;

	for (i = 0; i < NR_SCENES; i++)
		EXPECT_TRUE(play_all(&scenes[i]));
}

int main(int argc, char **argv)
{
	return RUN_WITH_FAILURES(argc, argv);
}
