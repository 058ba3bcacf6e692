// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching and detaching: what the ioctls of the instance act on, nesting, what
 * NT has bugchecks for, and the attacher's own end (rules 9.1, 9.2, 9.6 to 9.8,
 * 9.11, 9.12).
 */
#include "procs.h"
#include "kselftest_harness.h"

/* The same address in every process, and other data in each. */
static __u64 word = 0x1000;

static int dev, this_thread;
/* Two children, and this process itself, which is 0 of the three. */
static struct target targets[3];
static int processes[3];
static const __u64 words[3] = { 0x1000, 0x1001, 0x1002 };
static char program[PATH_MAX];

FIXTURE(attached)
{
};

static void be_first(struct target *target)
{
	(void)target;
	word = words[1];
}

static void be_second(struct target *target)
{
	(void)target;
	word = words[2];
}

FIXTURE_SETUP(attached)
{
	dev = open_frames(dispatch_user);
	ASSERT_LE(0, dev);
	this_thread = open_thread(dev, 0);
	ASSERT_LE(0, this_thread);
	ASSERT_LT(0, readlink("/proc/self/exe", program, sizeof(program) - 1));
	ASSERT_TRUE(target_start(&targets[1], be_first));
	ASSERT_TRUE(target_start(&targets[2], be_second));
	processes[0] = open_process(dev, 0);
	processes[1] = open_process(dev, targets[1].pid);
	processes[2] = open_process(dev, targets[2].pid);
	ASSERT_LE(0, processes[0]);
	ASSERT_LE(0, processes[1]);
	ASSERT_LE(0, processes[2]);
}

/* Every test leaves the counts balanced (rule 9.5). */
FIXTURE_TEARDOWN(attached)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, stack_count(processes[i])) {
			TH_LOG("StackCount of process %u", i);
		}
	}
	for (i = 1; i < 3; i++)
		target_kill(&targets[i]);
}

static bool is_attached(void)
{
	return thread_bits(this_thread) & NTAPC_THREAD_ATTACHED;
}

/* What the ioctls of the instance see at the address of @word. */
static __u64 seen(void)
{
	return read_word(dev, &word);
}

TEST_F(attached, plain)
{
	__u32 save;

	EXPECT_FALSE(is_attached());
	EXPECT_EQ(words[0], seen());
	ASSERT_EQ(0, attach_full(processes[1], 0, &save));
	EXPECT_EQ(NTAPC_SAVE_NONE, save);
	EXPECT_TRUE(is_attached());
	EXPECT_EQ(1, stack_count(processes[1]));
	EXPECT_EQ(0, stack_count(processes[2]));
	EXPECT_EQ(words[1], seen());
	EXPECT_EQ(words[0], word);
	/* Writes go there as well. */
	EXPECT_EQ(0, write_word(dev, &word, 0x9999));
	EXPECT_EQ(words[0], word);
	EXPECT_EQ(0x9999, read_word(processes[1], &word));
	/* Operations on a process's descriptor act in that one all the same. */
	EXPECT_EQ(words[2], read_word(processes[2], &word));
	EXPECT_EQ(words[0], read_word(processes[0], &word));
	ASSERT_EQ(0, detach(dev));
	EXPECT_FALSE(is_attached());
	EXPECT_EQ(words[0], seen());
	EXPECT_EQ(0, write_word(dev, &word, 0x8888));
	EXPECT_EQ(0x8888, word);
	EXPECT_EQ(0x9999, read_word(processes[1], &word));
}

TEST_F(attached, stack)
{
	__u32 save;

	ASSERT_EQ(0, attach_stack(processes[2], &save));
	EXPECT_NE(NTAPC_SAVE_NONE, save);
	EXPECT_NE(NTAPC_SAVE_SAME, save);
	EXPECT_NE(POISON32, save);
	EXPECT_TRUE(is_attached());
	EXPECT_EQ(words[2], seen());
	EXPECT_EQ(1, stack_count(processes[2]));
	ASSERT_EQ(0, detach_stack(dev, save));
	EXPECT_FALSE(is_attached());
	EXPECT_EQ(words[0], seen());
}

/* Any instance will do: it is the thread that is attached. */
TEST_F(attached, other_instance)
{
	int other = open_device();

	ASSERT_LE(0, other);
	ASSERT_EQ(0, attach(processes[1]));
	EXPECT_EQ(words[1], read_word(other, &word));
	EXPECT_EQ(0, detach(other));
	EXPECT_EQ(words[0], seen());
	close(other);
}

/* All operations of an instance act where the thread is. */
TEST_F(attached, operations_act_there)
{
	struct ntapc_search search = {
		.step = 8,
		.remote = ADDR(&word),
		.length = 8,
		.pattern = ADDR(&words[1]),
		.pattern_length = 8,
	};
	struct ntapc_fill fill = {
		.width = 8,
		.remote = ADDR(&word),
		.length = 8,
		.pattern = 0x77,
	};
	__u64 expected = words[1], old;
	struct ntapc_query mapping;
	void *only_here;

	only_here = map_pages(ONE_PAGE);
	ASSERT_NE(MAP_FAILED, only_here);
	ASSERT_EQ(0, attach(processes[1]));
	EXPECT_EQ(0, copy_plain(dev, NTAPC_IOC_COMPARE, &expected, ADDR(&word),
				8));
	EXPECT_EQ(1, search_full(dev, &search));
	EXPECT_EQ(ADDR(&word), search.found);
	EXPECT_EQ(0, compare_exchange(dev, &word, 8, 5, words[0], &old));
	EXPECT_EQ(words[1], old);
	EXPECT_EQ(1, compare_exchange(dev, &word, 8, 5, words[1], &old));
	EXPECT_EQ(5, seen());
	EXPECT_EQ(0, fill_full(dev, &fill));
	EXPECT_EQ(0x77, seen());
	ASSERT_EQ(0, query(dev, ADDR(only_here), &mapping, NULL, 0));
	EXPECT_FALSE(mapping.type & NTAPC_MAP_MAPPED);
	EXPECT_EQ(0, attached_call(dev, "strnlen", ADDR(&word), 8, &old));
	EXPECT_EQ(1, old);
	EXPECT_EQ(-EFAULT, copy_read(dev, &old, only_here, 8));
	EXPECT_EQ(0, detach(dev));
	EXPECT_EQ(words[0], word);
	ASSERT_EQ(0, query(dev, ADDR(only_here), &mapping, NULL, 0));
	EXPECT_TRUE(mapping.type & NTAPC_MAP_MAPPED);
}

/* Where it is already nothing is done (9.1, 9.7). */
TEST_F(attached, own_process)
{
	__u32 save;

	/* The plain form knows no marker. */
	EXPECT_EQ(0, attach_full(processes[0], 0, &save));
	EXPECT_EQ(NTAPC_SAVE_NONE, save);
	EXPECT_FALSE(is_attached());
	EXPECT_EQ(0, stack_count(processes[0]));
	EXPECT_EQ(0, attach_stack(processes[0], &save));
	EXPECT_EQ(NTAPC_SAVE_SAME, save);
	EXPECT_FALSE(is_attached());
	/* The marker's detachment does nothing, any number of times. */
	EXPECT_EQ(0, detach_stack(dev, NTAPC_SAVE_SAME));
	EXPECT_EQ(0, detach_stack(dev, NTAPC_SAVE_SAME));
	EXPECT_EQ(words[0], seen());
}

TEST_F(attached, same_process_again)
{
	__u32 save, again;

	ASSERT_EQ(0, attach_stack(processes[1], &save));
	/* Not even bugcheck 5: that is looked at second (9.1). */
	EXPECT_EQ(0, attach_full(processes[1], 0, &again));
	EXPECT_EQ(NTAPC_SAVE_NONE, again);
	EXPECT_EQ(0, attach_stack(processes[1], &again));
	EXPECT_EQ(NTAPC_SAVE_SAME, again);
	EXPECT_EQ(1, stack_count(processes[1]));
	EXPECT_EQ(0, detach_stack(dev, again));
	EXPECT_TRUE(is_attached());
	EXPECT_EQ(words[1], seen());
	EXPECT_EQ(0, detach_stack(dev, save));
	EXPECT_FALSE(is_attached());
}

/* INVALID_PROCESS_ATTACH_ATTEMPT */
TEST_F(attached, bugcheck_5)
{
	ASSERT_EQ(0, attach(processes[1]));
	EXPECT_EQ(-EBUSY, attach(processes[2]));
	/* One's own process is another one now. */
	EXPECT_EQ(-EBUSY, attach(processes[0]));
	EXPECT_EQ(words[1], seen());
	EXPECT_EQ(0, stack_count(processes[2]));
	EXPECT_EQ(0, stack_count(processes[0]));
	EXPECT_EQ(0, detach(dev));
	EXPECT_EQ(0, attach(processes[2]));
	EXPECT_EQ(words[2], seen());
	EXPECT_EQ(0, detach(dev));
}

/* A - B - A - home, with each one's data at each level (9.7). */
TEST_F(attached, nesting)
{
	__u32 save[4];

	ASSERT_EQ(0, attach_stack(processes[1], &save[0]));
	EXPECT_EQ(words[1], seen());
	ASSERT_EQ(0, attach_stack(processes[2], &save[1]));
	EXPECT_EQ(words[2], seen());
	ASSERT_EQ(0, attach_stack(processes[1], &save[2]));
	EXPECT_EQ(words[1], seen());
	EXPECT_EQ(2, stack_count(processes[1]));
	EXPECT_EQ(1, stack_count(processes[2]));
	ASSERT_EQ(0, attach_stack(processes[0], &save[3]));
	EXPECT_EQ(words[0], seen());
	/* At home, and attached all the same (9.12). */
	EXPECT_TRUE(is_attached());
	EXPECT_EQ(1, stack_count(processes[0]));
	EXPECT_NE(save[0], save[1]);
	EXPECT_NE(save[1], save[2]);
	EXPECT_NE(save[2], save[3]);

	ASSERT_EQ(0, detach_stack(dev, save[3]));
	EXPECT_EQ(words[1], seen());
	ASSERT_EQ(0, detach_stack(dev, save[2]));
	EXPECT_EQ(words[2], seen());
	EXPECT_EQ(1, stack_count(processes[1]));
	ASSERT_EQ(0, detach_stack(dev, save[1]));
	EXPECT_EQ(words[1], seen());
	EXPECT_TRUE(is_attached());
	ASSERT_EQ(0, detach_stack(dev, save[0]));
	EXPECT_EQ(words[0], seen());
	EXPECT_FALSE(is_attached());
}

/* A stack form inside a plain one; the plain one's end is plain. */
TEST_F(attached, stack_in_plain)
{
	__u32 save;

	ASSERT_EQ(0, attach(processes[1]));
	ASSERT_EQ(0, attach_stack(processes[2], &save));
	EXPECT_EQ(words[2], seen());
	/* NT would lose what the outer one has saved. */
	EXPECT_EQ(-EBUSY, detach(dev));
	EXPECT_EQ(words[2], seen());
	EXPECT_EQ(0, detach_stack(dev, save));
	EXPECT_EQ(words[1], seen());
	EXPECT_EQ(0, detach(dev));
	EXPECT_EQ(words[0], seen());
}

TEST_F(attached, depth)
{
	__u32 save[NTAPC_ATTACH_DEPTH_MAX], more;
	int i;

	for (i = 0; i < NTAPC_ATTACH_DEPTH_MAX; i++) {
		ASSERT_EQ(0, attach_stack(processes[1 + i % 2], &save[i]));
		ASSERT_EQ(words[1 + i % 2], seen());
	}
	EXPECT_EQ(NTAPC_ATTACH_DEPTH_MAX / 2, stack_count(processes[1]));
	EXPECT_EQ(-EOVERFLOW, attach_stack(processes[1], &more));
	EXPECT_EQ(-EOVERFLOW, attach_stack(processes[0], &more));
	/* What needs no level still works. */
	EXPECT_EQ(0, attach_stack(processes[2], &more));
	EXPECT_EQ(NTAPC_SAVE_SAME, more);
	EXPECT_EQ(NTAPC_ATTACH_DEPTH_MAX / 2, stack_count(processes[1]));
	EXPECT_EQ(NTAPC_ATTACH_DEPTH_MAX / 2, stack_count(processes[2]));
	EXPECT_EQ(words[2], seen());
	while (i--) {
		ASSERT_EQ(words[1 + i % 2], seen());
		ASSERT_EQ(0, detach_stack(dev, save[i]));
	}
	EXPECT_EQ(words[0], seen());
	/* And all of them again. */
	for (i = 0; i < NTAPC_ATTACH_DEPTH_MAX; i++) {
		ASSERT_EQ(0, attach_stack(processes[1 + i % 2], &save[i]));
	}
	while (i--) {
		ASSERT_EQ(0, detach_stack(dev, save[i]));
	}
}

/* Only the newest attachment's own token ends it. */
TEST_F(attached, wrong_tokens)
{
	__u32 old, save[2];

	EXPECT_EQ(-EINVAL, detach_stack(dev, 1));
	EXPECT_EQ(-EINVAL, detach_stack(dev, 0xdead));
	ASSERT_EQ(0, attach_stack(processes[1], &old));
	ASSERT_EQ(0, detach_stack(dev, old));
	/* Used, and not attached. */
	EXPECT_EQ(-EINVAL, detach_stack(dev, old));

	ASSERT_EQ(0, attach_stack(processes[1], &save[0]));
	EXPECT_EQ(-EINVAL, detach_stack(dev, save[0] + 100));
	ASSERT_EQ(0, attach_stack(processes[2], &save[1]));
	/* That of an outer one; it isn't skipped to. */
	EXPECT_EQ(-EINVAL, detach_stack(dev, save[0]));
	EXPECT_EQ(words[2], seen());
	/* The marker is always right, and never ends anything. */
	EXPECT_EQ(0, detach_stack(dev, NTAPC_SAVE_SAME));
	EXPECT_EQ(words[2], seen());
	EXPECT_EQ(0, detach_stack(dev, save[1]));
	EXPECT_EQ(-EINVAL, detach_stack(dev, save[1]));
	EXPECT_EQ(words[1], seen());
	/* A token with the plain form. */
	EXPECT_EQ(-EINVAL, detach_full(dev, 0, save[0]));
	EXPECT_EQ(words[1], seen());
	EXPECT_EQ(0, detach_stack(dev, save[0]));
	EXPECT_EQ(words[0], seen());
}

TEST_F(attached, detach_without_attach)
{
	EXPECT_EQ(0, detach(dev));
	EXPECT_EQ(0, detach(dev));
	EXPECT_FALSE(is_attached());
	EXPECT_EQ(words[0], seen());
}

/* An error changes nothing, not even one that is found last. */
TEST_F(attached, read_only_struct)
{
	struct ntapc_attach *args = map_pages(ONE_PAGE);

	ASSERT_NE(MAP_FAILED, args);
	args->size = sizeof(*args);
	args->flags = NTAPC_ATTACH_STACK;
	ASSERT_EQ(0, mprotect(args, ONE_PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, sys_ioctl(processes[1], NTAPC_IOC_ATTACH, args));
	EXPECT_FALSE(is_attached());
	EXPECT_EQ(0, stack_count(processes[1]));
	EXPECT_EQ(words[0], seen());
}

static __u32 shared_save;

static void detach_from_outside(struct worker *worker)
{
	/* It isn't attached itself, and the token is foreign. */
	worker->ret = detach_stack(worker->dev, shared_save) == -EINVAL &&
		      detach(worker->dev) == 0 &&
		      read_word(worker->dev, &word) == words[0];
}

TEST_F(attached, detach_by_another_thread)
{
	struct worker worker = {};

	ASSERT_EQ(0, attach_stack(processes[1], &shared_save));
	ASSERT_TRUE(worker_start(&worker, dev, detach_from_outside));
	worker_join(&worker);
	EXPECT_EQ(1, worker.ret);
	EXPECT_TRUE(is_attached());
	EXPECT_EQ(words[1], seen());
	EXPECT_EQ(0, detach_stack(dev, shared_save));
}

static void attach_to_second(struct worker *worker)
{
	__u32 save;

	worker->ret = attach_stack(processes[2], &save);
	if (worker->ret || read_word(worker->dev, &word) != words[2])
		worker->ret = -1;
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
	if (read_word(worker->dev, &word) != words[2])
		worker->ret = -2;
	/* The other's token, though it looks like ours, isn't mixed up with it. */
	if (detach_stack(worker->dev, save))
		worker->ret = -3;
}

/* Each thread is somewhere of its own. */
TEST_F(attached, threads)
{
	struct worker worker = {};

	ASSERT_EQ(0, attach_stack(processes[1], &shared_save));
	ASSERT_TRUE(worker_start(&worker, dev, attach_to_second));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(words[1], seen());
	EXPECT_TRUE(thread_bits(worker.fd) & NTAPC_THREAD_ATTACHED);
	EXPECT_EQ(1, stack_count(processes[1]));
	EXPECT_EQ(1, stack_count(processes[2]));
	EXPECT_EQ(0, detach_stack(dev, shared_save));
	EXPECT_EQ(words[0], seen());
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
}

static void attach_and_leave(struct worker *worker)
{
	__u32 save;

	worker->ret = attach_stack(processes[1], &save) ||
		      attach_stack(processes[2], &save) ||
		      attach_stack(processes[1], &save);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

/* Exit of the attacher detaches it, however deep it is (NT: bugcheck 5). */
TEST_F(attached, thread_exits_attached)
{
	struct worker worker = {};

	ASSERT_TRUE(worker_start(&worker, dev, attach_and_leave));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, worker.ret);
	EXPECT_EQ(2, stack_count(processes[1]));
	EXPECT_EQ(1, stack_count(processes[2]));
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_TRUE(wait_gone(worker.fd));
	EXPECT_TRUE(wait_until(!stack_count(processes[1])));
	EXPECT_TRUE(wait_until(!stack_count(processes[2])));
	EXPECT_EQ(NTAPC_THREAD_EXITED, thread_bits(worker.fd));
}

/* The child of fork() isn't attached (threat 23). */
TEST_F(attached, fork)
{
	pid_t child;

	ASSERT_EQ(0, attach_stack(processes[1], &shared_save));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int thread = open_thread(dev, 0);

		if (thread_bits(thread) & NTAPC_THREAD_ATTACHED)
			_exit(1);
		if (read_word(dev, &word) != words[0])
			_exit(2);
		/* Its parent's descriptor for that is no way back. */
		if (detach_stack(dev, shared_save) != -EINVAL)
			_exit(3);
		if (attach(processes[1]) || read_word(dev, &word) != words[1])
			_exit(4);
		if (stack_count(processes[1]) != 2)
			_exit(5);
		/* And it goes attached. */
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(is_attached());
	EXPECT_EQ(words[1], seen());
	EXPECT_TRUE(wait_until(stack_count(processes[1]) == 1));
	EXPECT_EQ(0, detach_stack(dev, shared_save));
}

/* exit_group() with all threads attached, and SIGKILL. */
static void attach_for_good(struct worker *worker)
{
	__u32 save;

	if (attach_stack(processes[worker->arg], &save))
		_exit(1);
	atomic_store(&worker->stage, 1);
	for (;;)
		pause();
}

static void attach_four(struct target *target)
{
	static struct worker workers[4];
	unsigned int i;

	dev = open_device();
	for (i = 0; i < 4; i++) {
		workers[i].arg = 1 + i % 2;
		if (!worker_start(&workers[i], dev, attach_for_good) ||
		    !worker_reached(&workers[i], 1))
			_exit(2);
	}
	if (attach(processes[1]))
		_exit(3);
	target_step(target, 1);
	_exit(0);
}

TEST_F(attached, process_exits_attached)
{
	struct target attacher;
	int killed;

	for (killed = 0; killed < 2; killed++) {
		ASSERT_TRUE(target_start(&attacher, attach_four));
		EXPECT_EQ(3, stack_count(processes[1]));
		EXPECT_EQ(2, stack_count(processes[2]));
		if (killed) {
			EXPECT_EQ(-SIGKILL, target_kill(&attacher));
		} else {
			target_go(&attacher, 1);
			EXPECT_EQ(0, reap(attacher.pid));
		}
		EXPECT_TRUE(wait_until(!stack_count(processes[1])));
		EXPECT_TRUE(wait_until(!stack_count(processes[2])));
	}
}

static void exec_attached(struct target *target)
{
	char number[16], *argv[] = { program, "--executed", number, NULL };
	__u32 save;

	dev = open_device();
	if (attach_stack(processes[1], &save) ||
	    attach_stack(processes[2], &save))
		_exit(1);
	snprintf(number, sizeof(number), "%u", save);
	target_step(target, 1);
	execv(program, argv);
	_exit(2);
}

/* What the executed program finds: it isn't attached. */
static int executed(__u32 save)
{
	int thread;

	dev = open_device();
	thread = open_thread(dev, 0);
	if (thread < 0 || thread_bits(thread))
		return 10;
	if (detach_stack(dev, save) != -EINVAL || detach(dev))
		return 11;
	return read_word(dev, &word) == words[0] ? 0 : 12;
}

TEST_F(attached, exec_attached)
{
	struct target attacher;

	ASSERT_TRUE(target_start(&attacher, exec_attached));
	EXPECT_EQ(1, stack_count(processes[1]));
	EXPECT_EQ(1, stack_count(processes[2]));
	target_go(&attacher, 1);
	EXPECT_EQ(0, reap(attacher.pid));
	EXPECT_TRUE(wait_until(!stack_count(processes[1])));
	EXPECT_TRUE(wait_until(!stack_count(processes[2])));
}

/* An execve() that fails has detached nobody. */
TEST_F(attached, exec_that_fails)
{
	char *argv[] = { "/nonexistent", NULL };

	ASSERT_EQ(0, attach(processes[1]));
	EXPECT_EQ(-1, execv("/nonexistent", argv));
	EXPECT_EQ(words[1], seen());
	EXPECT_EQ(0, detach(dev));
}

/* The end of the process that it is attached to. */
TEST_F(attached, target_ends)
{
	struct target target;
	__u32 save[2];
	__u64 old;
	int process;

	ASSERT_TRUE(target_start(&target, be_first));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	ASSERT_EQ(0, attach_stack(process, &save[0]));
	ASSERT_EQ(0, attach_stack(processes[2], &save[1]));
	target_kill(&target);
	ASSERT_TRUE(wait_gone(process));
	/* Elsewhere nothing has happened. */
	EXPECT_EQ(words[2], seen());
	EXPECT_EQ(0, detach_stack(dev, save[1]));
	EXPECT_TRUE(is_attached());
	EXPECT_EQ(-ESRCH, copy_read(dev, &old, &word, 8));
	EXPECT_EQ(-ESRCH, compare_exchange(dev, &word, 8, 1, 1, &old));
	/* Out of there as from anywhere, and into others. */
	EXPECT_EQ(0, attach_stack(processes[1], &save[1]));
	EXPECT_EQ(words[1], seen());
	EXPECT_EQ(0, detach_stack(dev, save[1]));
	EXPECT_EQ(0, detach_stack(dev, save[0]));
	EXPECT_EQ(words[0], seen());
	EXPECT_EQ(-ESRCH, attach(process));
	EXPECT_EQ(0, stack_count(process));
}

/* StackCount's own limit (9.5) can't be reached here, but many can attach. */
TEST_F(attached, many_threads)
{
	enum { MANY = 64 };
	static struct worker workers[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		workers[i] = (struct worker) {};
		ASSERT_TRUE(worker_start(&workers[i], dev, attach_to_second));
		ASSERT_TRUE(worker_reached(&workers[i], 1));
	}
	EXPECT_EQ(MANY, stack_count(processes[2]));
	for (i = 0; i < MANY; i++) {
		worker_go(&workers[i]);
		worker_join(&workers[i]);
		EXPECT_EQ(0, workers[i].ret);
	}
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--executed"))
		return executed(strtoul(argv[2], NULL, 0));
	return test_harness_run(argc, argv);
}
