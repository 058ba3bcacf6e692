// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of processes that threads of a client's are attached to, and of the
 * client meanwhile: rules 9.3 to 9.5 and 9.11. See kernel.h for how it is driven;
 * kernel-attach.c has the threads' side.
 */
#include "common.h"
#include "kselftest_harness.h"
#include "procs.h"
#include "kernel.h"
#include "actor.h"

#define KEEP(number, thread)						\
	STEP(KEEP_PROCESS, .id = (number), .target = (thread))

FIXTURE(processes)
{
	int unused;
};

FIXTURE_SETUP(processes)
{
	NEED_CLIENT();
	ASSERT_TRUE(start_targets());
	reset_events();
}

FIXTURE_TEARDOWN_PARENT(processes)
{
	CLIENT_GOES();
}

/* Looking up */

/* One object for a process, whichever of its threads it is looked up by. */
TEST_F(processes, lookup)
{
	struct worker worker = {};

	EXPECT_EQ(0, RUN(KEEP(3, getpid())));
	EXPECT_EQ(3, RUN(WHERE));
	EXPECT_EQ(3, ACT(false, ATTACH(A), WHERE, DETACH, WHERE));
	EXPECT_EQ(A, RESULT(1));
	ASSERT_TRUE(worker_start(&worker, dev, spin));
	EXPECT_EQ(0, RUN(STEP(DROP_PROCESS, .id = 3), KEEP(4, worker.tid)));
	EXPECT_EQ(4, RUN(WHERE));
	worker_go(&worker);
	worker_join(&worker);
	/* The thread has ended, the process hasn't. */
	EXPECT_EQ(4, RUN(WHERE));
	EXPECT_EQ(0, RUN(ATTACH(4), IS_ATTACHED, DETACH));
}

/* Those that aren't there, and kernel threads. */
TEST_F(processes, lookup_of_none)
{
	pid_t child;
	int i;

	/* Both ways to look up: by even ids and odd ones. */
	for (i = 0; i < 2; i++) {
		child = fork();
		ASSERT_LE(0, child);
		if (!child)
			_exit(0);
		EXPECT_EQ(0, reap(child));
		EXPECT_EQ(-ESRCH, RUN(KEEP(3, child)));
	}
	EXPECT_EQ(-ESRCH, RUN(KEEP(3, 2)));
	EXPECT_EQ(-ESRCH, RUN(KEEP(3, 3)));
	EXPECT_EQ(-ESRCH, RUN(KEEP(3, 0x7fffffff)));
}

/* All system threads are in the same one, to which nobody can attach. */
TEST_F(processes, system_process)
{
	EXPECT_EQ(0, ACT(true, KEEP(3, 0), WHERE, DETACH));
	EXPECT_EQ(3, RESULT(1));
	reset_events();
	EXPECT_EQ(0, ACT(true, WHERE, ATTACH(3), ATTACH(A), WHERE, DETACH));
	EXPECT_EQ(3, RESULT(0));
	EXPECT_EQ(0, RESULT(1));
	EXPECT_EQ(A, RESULT(3));
	EXPECT_EQ(AT_HOME, RUN(ATTACH(3), STACK(3, 1), IS_ATTACHED));
	EXPECT_EQ(-ESRCH, RUN(ATTACH(3)));
	EXPECT_EQ(-ESRCH, RUN(STACK(3, 1)));
}

/* A process whose object is kept but that is no more. */
TEST_F(processes, ended)
{
	kill(target_a.pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(target_a.pid));
	ASSERT_TRUE(wait_until(process_ended(process_a)));
	EXPECT_EQ(-ESRCH, RUN(ATTACH(A)));
	EXPECT_EQ(-ESRCH, RUN(STACK(A, 1)));
	EXPECT_EQ(AT_HOME, RUN(IS_ATTACHED));
	reset_events();
	EXPECT_EQ(-ESRCH, ACT(true, STACK(B, 2), ATTACH(A), UNSTACK(2),
			      STACK(A, 1)));
	EXPECT_BALANCE();
}

/* A hundred system threads in one process, at once. */
TEST_F(processes, many_system_threads)
{
#define MANY	100
	struct ntapc_process_info info;
	unsigned int i, nr, seen = 0;

	ASSERT_EQ(0, PROGRAM(1, STEP(ATTACH, .target = A, .flags = CLIENT_QUIET),
			     STEP(READ, .routine = ADDR(word)), GATE(1),
			     STEP(DETACH, .flags = CLIENT_QUIET)));
	for (i = 1; i <= MANY; i++) {
		ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = i, .program = 1,
				      .flags = CLIENT_QUIET)));
	}
	EXPECT_TRUE(wait_until(stack_count(process_a) == MANY));
	ASSERT_EQ(0, get_process_info(process_a, &info));
	EXPECT_EQ(0, info.nr_ready);
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, info.state);
	EXPECT_EQ(0, RUN(OPEN(1)));
	for (i = 1; i <= MANY; i++) {
		EXPECT_EQ(0x5000 + i, RUN(STEP(STOP_SYSTEM, .id = i,
					       .flags = CLIENT_QUIET)));
	}
	EXPECT_BALANCE();
	nr = read_events();
	for (i = 0; i < nr; i++)
		seen += events[i].what == CLIENT_COPIED && !events[i].result &&
			events[i].arg[1] == IN_A;
	EXPECT_EQ(MANY, seen);
}

/* The end of a process that a thread is attached to */

/* How that thread reads there when it comes. */
enum reading {
	BY_NTAPC = 0,
	BY_ITSELF = CLIENT_DIRECT,
	BY_CALL = CLIENT_IN_CALL,
};

FIXTURE(end)
{
	int unused;
};

FIXTURE_VARIANT(end)
{
	bool system;
	enum reading reading;
	bool exec;
};

#define END_VARIANTS(name, is_system, how)				\
FIXTURE_VARIANT_ADD(end, name##_killed)					\
{									\
	.system = is_system,						\
	.reading = how,							\
};									\
FIXTURE_VARIANT_ADD(end, name##_exec)					\
{									\
	.system = is_system,						\
	.reading = how,							\
	.exec = true,							\
}

END_VARIANTS(user, false, BY_NTAPC);
END_VARIANTS(user_call, false, BY_CALL);
END_VARIANTS(system, true, BY_NTAPC);
END_VARIANTS(system_itself, true, BY_ITSELF);
END_VARIANTS(system_call, true, BY_CALL);

/* What the harness keeps for a fixture its children would share. */
static int memfd, ending_process;
static struct target ending;

/* Its memory is something that can be seen to be gone. */
static void have_memory(struct target *target)
{
	static char *const argv[] = { "sleep", "1000", NULL };

	close(client);
	*word = IN_A;
	if (mmap(NULL, ONE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0) ==
	    MAP_FAILED)
		_exit(1);
	target_step(target, 1);
	execv("/bin/sleep", argv);
	_exit(1);
}

/* A file that is mapped writable can't be sealed. */
static bool memory_is_gone(void)
{
	return !fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE);
}

FIXTURE_SETUP(end)
{
	NEED_CLIENT();
	word = map_pages(ONE_PAGE);
	ASSERT_NE(MAP_FAILED, word);
	memfd = memfd_create("ntapc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, ONE_PAGE));
	ASSERT_TRUE(target_start(&ending, have_memory));
	ending_process = open_process(dev, ending.pid);
	ASSERT_LE(0, ending_process);
	ASSERT_EQ(0, RUN(KEEP(A, ending.pid)));
	reset_events();
}

FIXTURE_TEARDOWN_PARENT(end)
{
	CLIENT_GOES();
}

/*
 * Whatever is under way there fails; the thread stays attached, and the memory
 * doesn't stay for that. Only a routine of the client's keeps it, until it returns.
 */
TEST_F(end, while_it_reads)
{
	bool in_call = variant->reading == BY_CALL;
	struct actor actor;

	ASSERT_TRUE(START_ACTOR(&actor, variant->system, STACK(A, 1),
				STEP(READ_ON, .id = 1, .routine = ADDR(word),
				     .flags = variant->reading),
				IS_ATTACHED, MARK(1), GATE(2), READ,
				STEP(CALL, .routine = ADDR(word)), UNSTACK(1),
				IS_ATTACHED));
	ASSERT_TRUE(wait_until(count_events(CLIENT_READS_ON)));
	EXPECT_FALSE(memory_is_gone());
	if (variant->exec) {
		target_go(&ending, 1);
		ASSERT_TRUE(wait_until(process_ended(ending_process)));
	} else {
		kill(ending.pid, SIGKILL);
		EXPECT_EQ(-SIGKILL, reap(ending.pid));
	}
	if (in_call) {
		EXPECT_FALSE(memory_is_gone());
		EXPECT_EQ(0, RUN(OPEN(1)));
	}
	ASSERT_TRUE(wait_deeds("M1@"));
	EXPECT_TRUE(wait_until(memory_is_gone()));
	EXPECT_EQ(1, stack_count(ending_process));
	EXPECT_EQ(0, RUN(OPEN(2)));
	EXPECT_EQ(AT_HOME, actor_join(&actor));
	EXPECT_EQ(0, actor.steps[0].result);
	EXPECT_EQ(in_call ? 0 : variant->reading == BY_ITSELF ? -EFAULT : -ESRCH,
		  actor.steps[1].result);
	EXPECT_EQ(ATTACHED, actor.steps[2].result);
	EXPECT_EQ(-ESRCH, actor.steps[5].result);
	EXPECT_EQ(-ESRCH, actor.steps[6].result);
	EXPECT_EQ(0, actor.steps[7].result);
	EXPECT_EQ(0, stack_count(ending_process));
	if (variant->exec)
		EXPECT_EQ(-SIGKILL, target_kill(&ending));
}

/* Being in memory: 9.3 to 9.5 */

FIXTURE(swapped)
{
	int unused;
};

FIXTURE_VARIANT(swapped)
{
	bool system;
};

FIXTURE_VARIANT_ADD(swapped, user)
{
	.system = false,
};

FIXTURE_VARIANT_ADD(swapped, system)
{
	.system = true,
};

FIXTURE_SETUP(swapped)
{
	NEED_CLIENT();
	ASSERT_TRUE(start_targets());
	reset_events();
}

FIXTURE_TEARDOWN_PARENT(swapped)
{
	CLIENT_GOES();
}

static unsigned int nr_ready(int process)
{
	struct ntapc_process_info info;

	return get_process_info(process, &info) ? UINT_MAX : info.nr_ready;
}

static int swap_step(__u32 step)
{
	return out_swap(process_a, step, NULL, 0);
}

/* Starts who attaches to A, which is leaving memory, and waits for that. */
#define START_WAITING(actor, ...)					\
do {									\
	ASSERT_EQ(0, swap_step(NTAPC_OUT_SWAP_BEGIN));			\
	ASSERT_TRUE(START_ACTOR(actor, variant->system, ##__VA_ARGS__)); \
	ASSERT_TRUE(wait_until(nr_ready(process_a) == 1));		\
} while (0)

/* 9.3: who attaches waits until it is in memory again. */
TEST_F(swapped, attaching_waits)
{
	struct ntapc_process_info info;
	struct actor actor;

	START_WAITING(&actor, MARK(1), ATTACH(A), MARK(2), READ, DETACH,
		      MARK(3));
	/* 9.9: for its home, where it isn't any more. */
	EXPECT_EQ(1, RUN(SPECIAL(1, .target = actor_target(&actor))));
	ASSERT_EQ(0, get_process_info(process_a, &info));
	EXPECT_EQ(NTAPC_PROCESS_OUT_SWAP, info.state);
	EXPECT_EQ(1, info.stack_count);
	EXPECT_EQ(0, swap_step(NTAPC_OUT_SWAP_END));
	actor_join(&actor);
	EXPECT_EQ(0, actor.steps[1].result);
	EXPECT_EQ(IN_A, actor.steps[3].result);
	EXPECT_STREQ("M1 M2@ K1 M3", deeds());
	ASSERT_EQ(0, get_process_info(process_a, &info));
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, info.state);
	EXPECT_EQ(1, info.nr_in_swap);
	EXPECT_BALANCE();
}

TEST_F(swapped, it_stays_after_all)
{
	struct actor actor;

	START_WAITING(&actor, ATTACH(A), READ, DETACH);
	EXPECT_EQ(0, swap_step(NTAPC_OUT_SWAP_CANCEL));
	EXPECT_EQ(0, actor_join(&actor));
	EXPECT_EQ(IN_A, actor.steps[1].result);
	EXPECT_BALANCE();
}

/* It is already out when somebody comes: the swapper is told. */
TEST_F(swapped, it_is_out)
{
	ASSERT_EQ(0, swap_step(NTAPC_OUT_SWAP_BEGIN));
	ASSERT_EQ(0, swap_step(NTAPC_OUT_SWAP_END));
	EXPECT_EQ(NTAPC_PROCESS_OUT_OF_MEMORY, process_state(process_a));
	EXPECT_EQ(0, ACT(variant->system, STACK(A, 1), READ, UNSTACK(1)));
	EXPECT_EQ(IN_A, RESULT(1));
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, process_state(process_a));
	EXPECT_BALANCE();
}

/* 9.5: somebody is attached: it doesn't leave. */
TEST_F(swapped, not_while_attached)
{
	struct actor actor;

	ASSERT_TRUE(START_ACTOR(&actor, variant->system, ATTACH(A), MARK(1),
				GATE(1), DETACH));
	ASSERT_TRUE(wait_deeds("M1@"));
	EXPECT_EQ(-EBUSY, swap_step(NTAPC_OUT_SWAP_BEGIN));
	EXPECT_EQ(0, RUN(OPEN(1)));
	EXPECT_EQ(0, actor_join(&actor));
	EXPECT_EQ(0, swap_step(NTAPC_OUT_SWAP_BEGIN));
	EXPECT_EQ(0, swap_step(NTAPC_OUT_SWAP_CANCEL));
}

/* It ends instead of coming back. */
TEST_F(swapped, it_ends)
{
	struct actor actor;

	START_WAITING(&actor, ATTACH(A), IS_ATTACHED);
	kill(target_a.pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(target_a.pid));
	EXPECT_EQ(AT_HOME, actor_join(&actor));
	EXPECT_EQ(-ESRCH, actor.steps[0].result);
	EXPECT_BALANCE();
	EXPECT_EQ(0, nr_ready(process_a));
}

/* Not NT's: being killed ends the wait, and so does the end of a system thread. */
TEST_F(swapped, waiting_is_ended)
{
	struct actor actor;
	pid_t child;

	if (variant->system) {
		START_WAITING(&actor, ATTACH(A), IS_ATTACHED);
		EXPECT_EQ(0x5001, RUN(STEP(STOP_SYSTEM, .id = ACTOR_SYSTEM)));
	} else {
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			ASSERT_EQ(0, PROGRAM(ACTOR_PROGRAM, ATTACH(A),
					     IS_ATTACHED));
			ASSERT_EQ(0, swap_step(NTAPC_OUT_SWAP_BEGIN));
			/* In a kernel APC of its own. */
			RUN(SPECIAL(1, .kernel_program = ACTOR_PROGRAM),
			    SAFE_POINT);
			_exit(1);
		}
		ASSERT_TRUE(wait_until(nr_ready(process_a) == 1));
		kill(child, SIGKILL);
		EXPECT_EQ(-SIGKILL, reap(child));
	}
	EXPECT_EQ(-EINTR, result_of(ACTOR_PROGRAM, 0));
	EXPECT_EQ(AT_HOME, result_of(ACTOR_PROGRAM, 1));
	EXPECT_EQ(0, nr_ready(process_a));
	EXPECT_BALANCE();
	EXPECT_EQ(0, swap_step(NTAPC_OUT_SWAP_CANCEL));
}

/* Routines that user programs have run there */

static int call_full(int fd, const char *name, const __u64 *arg, __u64 *values,
		     __u32 room, __u32 *nr)
{
	struct ntapc_attached_call args = {
		.size = sizeof(args),
		.arg = { arg[0], arg[1], arg[2] },
		.values = ADDR(values),
		.nr_values = room,
	};
	int ret;

	strcpy(args.name, name);
	ret = sys_ioctl(fd, NTAPC_IOC_CALL, &args);
	*nr = args.nr_values;
	return ret;
}

/* In a kernel thread, attached to the process; what it says is passed on. */
TEST_F(processes, routine)
{
	__u64 values[4] = { 1, 2, 3, 4 };
	__u32 nr;

	EXPECT_EQ(0, call_full(process_a, "client-peek",
			       (__u64[]){ ADDR(word), 3, 7 }, values, 4, &nr));
	EXPECT_EQ(3, nr);
	EXPECT_EQ(IN_A, values[0]);
	EXPECT_EQ(0, values[1]);
	EXPECT_EQ(4, values[3]);
	EXPECT_NE(getpid(), find_event(CLIENT_ROUTINE)->tid);
	EXPECT_EQ(7, find_event(CLIENT_ROUTINE)->arg[1]);
	/* There is less room than there are values. */
	EXPECT_EQ(0, call_full(process_b, "client-peek",
			       (__u64[]){ ADDR(word), 3, 0 }, values, 1, &nr));
	EXPECT_EQ(3, nr);
	EXPECT_EQ(IN_B, values[0]);
	EXPECT_EQ(0, values[1]);
	/* Where the thread is, if it is asked of the instance. */
	EXPECT_EQ(0, call_full(dev, "client-peek", (__u64[]){ ADDR(word), 1, 0 },
			       values, 1, &nr));
	EXPECT_EQ(OWN, values[0]);
	EXPECT_EQ(-EINVAL, call_full(process_a, "client-peek",
				     (__u64[]){ ADDR(word), 1000, 0 }, values, 4,
				     &nr));
	EXPECT_EQ(-EFAULT, call_full(process_a, "client-peek",
				     (__u64[]){ 8, 1, 0 }, values, 4, &nr));
	EXPECT_EQ(-ENOENT, attached_call(process_a, "client-pee", 0, 0, NULL));
	EXPECT_EQ(0, RUN(OPEN(1)));
	EXPECT_EQ(-EXDEV, attached_call(process_a, "client-hold", 1, EXDEV,
					NULL));
	EXPECT_BALANCE();
}

/* Names are unique, and come and go. */
TEST_F(processes, names_of_routines)
{
	EXPECT_EQ(-ENOENT, attached_call(process_a, "client-more", 0, 0, NULL));
	EXPECT_EQ(0, RUN(STEP(REGISTER)));
	EXPECT_GT(0, RUN(STEP(REGISTER)));
	EXPECT_EQ(0, attached_call(process_a, "client-more", 0, 0, NULL));
	EXPECT_EQ(0, RUN(STEP(UNREGISTER)));
	EXPECT_EQ(-ENOENT, attached_call(process_a, "client-more", 0, 0, NULL));
	EXPECT_EQ(0, RUN(STEP(REGISTER)));
	EXPECT_EQ(0, attached_call(process_a, "client-more", 0, 0, NULL));
	EXPECT_EQ(0, RUN(STEP(UNREGISTER)));
}

/* One that its client forgets goes with the module. */
TEST_F(processes, routine_is_forgotten)
{
	int log = open_kernel_log();

	EXPECT_EQ(0, RUN(STEP(REGISTER)));
	close(client);
	EXPECT_TRUE(client_goes());
	EXPECT_TRUE(kernel_said(log, "ntapc_client", "client-more", ""));
	EXPECT_EQ(-ENOENT, attached_call(process_a, "client-more", 0, 0, NULL));
	EXPECT_EQ(-ENOENT, attached_call(process_a, "client-peek", 0, 0, NULL));
	ASSERT_EQ(0, load_client());
	ASSERT_EQ(0, open_client());
	EXPECT_EQ(0, RUN(STEP(REGISTER)));
	EXPECT_EQ(0, RUN(STEP(UNREGISTER)));
	close(log);
}

static void call_hold(struct worker *worker)
{
	worker->ret = attached_call(worker->arg, "client-hold", 1, 0, NULL);
}

/* One that runs keeps its module, and StackCount. */
TEST_F(processes, routine_keeps_its_module)
{
	struct worker worker = { .arg = process_a };

	ASSERT_TRUE(worker_start(&worker, dev, call_hold));
	ASSERT_TRUE(wait_until(count_events(CLIENT_ROUTINE) == 1));
	EXPECT_EQ(1, stack_count(process_a));
	close(client);
	EXPECT_TRUE(is_busy(unload_client()));
	ASSERT_EQ(0, open_client());
	EXPECT_EQ(0, RUN(OPEN(1)));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_BALANCE();
	close(client);
	EXPECT_TRUE(client_goes());
}

/* Also if who asked for it is killed meanwhile: it goes on. */
TEST_F(processes, caller_of_a_routine_is_killed)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		close(client);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		attached_call(process_a, "client-hold", 1, 0, NULL);
		_exit(1);
	}
	ASSERT_TRUE(wait_until(count_events(CLIENT_ROUTINE) == 1));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	close(client);
	EXPECT_TRUE(is_busy(unload_client()));
	ASSERT_EQ(0, open_client());
	EXPECT_EQ(0, RUN(OPEN(1)));
	EXPECT_TRUE(wait_until(!stack_count(process_a)));
	close(client);
	EXPECT_TRUE(client_goes());
}

/* The process ends while a routine runs there. */
TEST_F(processes, process_of_a_routine_ends)
{
	struct worker worker = { .arg = process_a };

	ASSERT_TRUE(worker_start(&worker, dev, call_hold));
	ASSERT_TRUE(wait_until(count_events(CLIENT_ROUTINE) == 1));
	kill(target_a.pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(target_a.pid));
	EXPECT_EQ(0, RUN(OPEN(1)));
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(-ESRCH, attached_call(process_a, "client-hold", 1, 0, NULL));
	EXPECT_BALANCE();
}

/* Unloading with a thread attached */

/* One's own system thread that is attached is stopped, and detached. */
TEST_F(processes, client_goes_attached)
{
	ASSERT_EQ(0, PROGRAM(1, ATTACH(A), STEP(DELAY, .arg = { CLIENT_FOREVER }),
			     DETACH));
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1, .program = 1)));
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 2, .program = 1),
			 STEP(FORGET_SYSTEM, .id = 2)));
	ASSERT_TRUE(wait_until(stack_count(process_a) == 2));
	close(client);
	EXPECT_TRUE(client_goes());
	EXPECT_BALANCE();
}

/* All at once */

#define STORM_WORKERS	3
#define STORM_APCS	180	/* what the log has room for */

static void come_and_go(struct worker *worker)
{
	unsigned int save = 2 * worker->arg;
	bool b_is_gone = false;

	atomic_store(&worker->stage, 1);
	while (atomic_load(&worker->go) < 2) {
		struct client_step steps[] = {
			STACK(A, save), READ, STACK(B, save + 1), READ,
			UNSTACK(save + 1), READ, UNSTACK(save),
		};
		unsigned int i;

		for (i = 0; i < ARRAY_SIZE(steps); i++)
			steps[i].flags = CLIENT_QUIET;
		worker->ret = run_steps(steps, ARRAY_SIZE(steps));
		if (steps[2].result == -ESRCH)
			b_is_gone = true;
		if (worker->ret || steps[1].result != IN_A ||
		    steps[5].result != IN_A ||
		    (steps[2].result && !b_is_gone) ||
		    (!steps[2].result && steps[4].result))
			break;
		/* It may end in the middle of it. */
		if (!steps[2].result && steps[3].result != IN_B &&
		    steps[3].result != -ESRCH && steps[3].result != -EFAULT)
			break;
	}
	if (atomic_load(&worker->go) < 2 && !worker->ret)
		worker->ret = -EPROTO;
}

/*
 * Threads come and go, others insert APCs of all environments, one of the processes
 * ends: each APC comes to its end once, and nobody stays behind.
 */
TEST_F(processes, storm)
{
	struct worker workers[STORM_WORKERS] = {};
	unsigned int i, apcs = scaled(STORM_APCS), inserted = 0;
	struct ntapc_thread_info info;

	apcs = apcs < 60 ? 60 : apcs;
	for (i = 0; i < STORM_WORKERS; i++) {
		workers[i].arg = i;
		ASSERT_TRUE(worker_start(&workers[i], dev, come_and_go));
	}
	ASSERT_EQ(0, PROGRAM(1, STEP(STACK_ATTACH, .target = A, .id = 60,
				     .flags = CLIENT_QUIET),
			     STEP(STACK_ATTACH, .target = B, .id = 61,
				  .flags = CLIENT_QUIET),
			     STEP(READ, .routine = ADDR(word),
				  .flags = CLIENT_QUIET),
			     STEP(UNSTACK, .id = 61, .flags = CLIENT_QUIET),
			     STEP(UNSTACK, .id = 60, .flags = CLIENT_QUIET)));
	ASSERT_EQ(0, RUN(STEP(CREATE_SYSTEM, .id = 1, .program = 1,
			      .flags = CLIENT_REPEAT)));
	for (i = 0; i < apcs; i++) {
		__s32 target = i % 4 == 3 ? -1 : workers[i % 4].tid;

		inserted += RUN(STEP(INSERT, .id = i, .target = target,
				     .environment = i / 4 % 4,
				     .flags = CLIENT_QUIET |
					      (i & 16 ? CLIENT_SPECIAL : 0)));
		if (i == apcs / 2)
			kill(target_b.pid, SIGKILL);
		if (i % 7 == 6)
			inserted -= RUN(STEP(REMOVE, .id = i - 3,
					     .flags = CLIENT_QUIET));
		breathe(i % 32);
	}
	EXPECT_EQ(-SIGKILL, reap(target_b.pid));
	for (i = 0; i < STORM_WORKERS; i++) {
		ASSERT_EQ(0, get_thread_info(workers[i].fd, &info));
		EXPECT_EQ(0, info.nr_mismatch);
		worker_go(&workers[i]);
		worker_join(&workers[i]);
		EXPECT_EQ(0, workers[i].ret);
		ASSERT_TRUE(wait_gone(workers[i].fd));
	}
	EXPECT_EQ(0x5001, RUN(STEP(STOP_SYSTEM, .id = 1)));
	EXPECT_EQ(inserted, count_events(CLIENT_KERNEL) +
			    count_events(CLIENT_RUNDOWN));
	EXPECT_GT(CLIENT_LOG_MAX, read_events());
	EXPECT_BALANCE();
}

TEST_HARNESS_MAIN
