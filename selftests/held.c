// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals, stops, tracers and execve() that meet a suspension: rules 6.2 to 6.5,
 * 6.9. Linux may want a suspended thread for something else; nothing of what it
 * was in the middle of is lost by that, and it is suspended afterwards.
 */
#include "common.h"
#include "kselftest_harness.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/user.h>

#define GENERAL		(NTAPC_CONTEXT_CONTROL | NTAPC_CONTEXT_INTEGER)
#define SUSPENSION	(NTAPC_THREAD_SUSPENDED | NTAPC_THREAD_SUSPENDING)
#define BIT_OF(sig)	(1ULL << ((sig) - 1))
/* What the new image in the tests of execve() exits with. */
#define NEW_IMAGE	4

/* Shared between a test and its child. */
struct shared {
	__u64 count;
	/* The child's signal mask, read anew before @count is raised. */
	__u64 mask;
	__u64 ended;
	long ret;
	atomic_int stage;
	atomic_int go;
};

static struct shared *shared;
static int dev;
static int fds[2];
static char program[PATH_MAX];

FIXTURE(held)
{
};

static bool prepare(void)
{
	dev = open_device();
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return dev >= 0 && shared != MAP_FAILED && !pipe2(fds, O_CLOEXEC) &&
	       readlink("/proc/self/exe", program, sizeof(program) - 1) > 0;
}

FIXTURE_SETUP(held)
{
	ASSERT_TRUE(prepare());
}

FIXTURE_TEARDOWN(held)
{
}

static unsigned int suspend_count(int thread)
{
	struct ntapc_thread_info info;

	return get_thread_info(thread, &info) ? ~0U : info.suspend_count;
}

/* The kernel's, without what the library does to it. */
static __u64 own_mask(void)
{
	__u64 mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof(mask));
	return mask;
}

static void set_own_mask(__u64 mask)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

/* A child that calls @fn; its descriptor is in @thread. */
static pid_t start(void (*fn)(void), int *thread)
{
	pid_t child;

	memset(shared, 0, sizeof(*shared));
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn();
		_exit(0);
	}
	*thread = child < 0 ? -1 : open_thread(dev, child);
	if (*thread < 0 || !wait_until(atomic_load(&shared->stage)))
		return -1;
	return child;
}

static void stop_child(int thread, pid_t child)
{
	kill(child, SIGKILL);
	reap(child);
	close(thread);
}

static bool stop(pid_t child)
{
	int status;

	return !kill(child, SIGSTOP) &&
	       waitpid(child, &status, WUNTRACED) == child &&
	       WIFSTOPPED(status);
}

static bool cont(pid_t child)
{
	int status;

	return !kill(child, SIGCONT) &&
	       waitpid(child, &status, WCONTINUED) == child &&
	       WIFCONTINUED(status);
}

static void count(void)
{
	volatile __u64 *counter = &shared->count;

	atomic_store(&shared->stage, 1);
	while (!atomic_load_explicit(&shared->go, memory_order_relaxed))
		++*counter;
}

/* Masks of system calls that have one of their own */

static void nothing(int sig)
{
	(void)sig;
}

static long call_ppoll(const sigset_t *mask)
{
	struct pollfd pollfd = { .fd = fds[0], .events = POLLIN };

	return ppoll(&pollfd, 1, NULL, mask);
}

static long call_pselect(const sigset_t *mask)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	return pselect(fds[0] + 1, &set, NULL, NULL, NULL, mask);
}

static long call_sigsuspend(const sigset_t *mask)
{
	return sigsuspend(mask);
}

FIXTURE(mask)
{
};

FIXTURE_VARIANT(mask)
{
	long (*call)(const sigset_t *mask);
	__u32 set;
	/* A signal ends it; else that a pipe has something. */
	bool by_signal;
};

#define MASK(name, ...) FIXTURE_VARIANT_ADD(mask, name) { __VA_ARGS__ }

MASK(ppoll, .call = call_ppoll);
MASK(ppoll_control, .call = call_ppoll, .set = NTAPC_CONTEXT_CONTROL);
MASK(ppoll_integer, .call = call_ppoll, .set = NTAPC_CONTEXT_INTEGER);
MASK(ppoll_general, .call = call_ppoll, .set = GENERAL);
MASK(pselect_control, .call = call_pselect, .set = NTAPC_CONTEXT_CONTROL);
MASK(pselect_general, .call = call_pselect, .set = GENERAL);
MASK(sigsuspend, .call = call_sigsuspend, .by_signal = true);
MASK(sigsuspend_control, .call = call_sigsuspend,
     .set = NTAPC_CONTEXT_CONTROL, .by_signal = true);
MASK(sigsuspend_general, .call = call_sigsuspend, .set = GENERAL,
     .by_signal = true);

FIXTURE_SETUP(mask)
{
	ASSERT_TRUE(prepare());
}

FIXTURE_TEARDOWN(mask)
{
}

static long (*call_with_mask)(const sigset_t *mask);

static void wait_with_mask(void)
{
	struct sigaction action = { .sa_handler = nothing };
	sigset_t mask;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	set_own_mask(BIT_OF(SIGUSR2));
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	atomic_store(&shared->stage, 1);
	shared->ret = call_with_mask(&mask);
	if (shared->ret < 0)
		shared->ret = -errno;
	shared->mask = own_mask();
}

/*
 * 6.5: it goes on as if nothing had been, with its own mask, although its
 * registers were set while it had neither that nor the call's.
 */
TEST_F(mask, own_one_is_back)
{
	struct ntapc_context context;
	int thread, stops;
	pid_t child;

	call_with_mask = variant->call;
	for (stops = 0; stops < 3; stops++) {
		child = start(wait_with_mask, &thread);
		ASSERT_LT(0, child);
		ASSERT_TRUE(wait_asleep(child));
		ASSERT_EQ(0, suspend_thread(thread, NTAPC_SUSPEND_WAIT));
		ASSERT_EQ(0, get_context(thread, GENERAL, &context));
		if (variant->set) {
			ASSERT_EQ(0, set_context(thread, variant->set,
						 &context));
		}
		/* Linux takes it then, once or between two changes. */
		if (stops) {
			ASSERT_TRUE(stop(child));
			ASSERT_TRUE(cont(child));
			ASSERT_TRUE(wait_suspended(thread));
		}
		if (stops == 2 && variant->set) {
			ASSERT_EQ(0, set_context(thread, variant->set,
						 &context));
		}
		ASSERT_EQ(1, resume_thread(thread, 0));
		if (variant->by_signal) {
			ASSERT_EQ(0, kill(child, SIGUSR2));
		} else {
			ASSERT_EQ(1, write(fds[1], "x", 1));
		}
		EXPECT_EQ(0, reap(child));
		EXPECT_EQ(BIT_OF(SIGUSR2), shared->mask);
		EXPECT_EQ(variant->by_signal ? -EINTR : 1, shared->ret);
		if (!variant->by_signal) {
			char c;

			ASSERT_EQ(1, read(fds[0], &c, 1));
		}
		close(thread);
	}
}

/* Waits of ntapc's */

static int object;
static __u64 deadline;

static void wait_for_object(void)
{
	atomic_store(&shared->stage, 1);
	shared->ret = wait_thread(dev, 0, NTAPC_WAIT_FOREVER, object);
	shared->ended = now();
}

static void wait_for_time(void)
{
	atomic_store(&shared->stage, 1);
	shared->ret = delay(dev, 0, deadline);
	shared->ended = now();
	atomic_store(&shared->stage, 2);
	/* Should all of it come too late there still is somebody to do it to. */
	while (!atomic_load(&shared->go))
		breathe(UNHURRIED);
}

/* Sets what it has, has Linux stop it, and resumes it. */
static bool set_stop_and_resume(int thread, pid_t child, __u32 what, int stops)
{
	struct ntapc_context context;

	if (suspend_thread(thread, NTAPC_SUSPEND_WAIT) ||
	    get_context(thread, GENERAL, &context) ||
	    (what && set_context(thread, what, &context)))
		return false;
	while (stops-- > 0)
		if (!stop(child) || !cont(child) || !wait_suspended(thread))
			return false;
	return resume_thread(thread, 0) == 1;
}

static const __u32 parts[] = {
	0, NTAPC_CONTEXT_INTEGER, NTAPC_CONTEXT_CONTROL, GENERAL,
};

/* 6.5: the wait isn't over before there is something to be over for. */
TEST_F(held, wait_goes_on)
{
	int thread, other_fd;
	unsigned int i;
	pid_t child, other;

	for (i = 0; i < 2 * ARRAY_SIZE(parts); i++) {
		other = start(count, &other_fd);
		ASSERT_LT(0, other);
		object = other_fd;
		child = start(wait_for_object, &thread);
		ASSERT_LT(0, child);
		EXPECT_TRUE(wait_waiting(thread));
		EXPECT_EQ(0, shared->ret);
		ASSERT_TRUE(set_stop_and_resume(thread, child, parts[i / 2],
						1 + i % 2));
		/* It waits again, and hasn't returned. */
		EXPECT_TRUE(wait_waiting(thread));
		EXPECT_EQ(0, shared->ended);
		stop_child(other_fd, other);
		EXPECT_EQ(0, reap(child));
		EXPECT_EQ(0, shared->ret);
		close(thread);
	}
}

TEST_F(held, wait_ends_in_time)
{
	unsigned int i, ms;
	bool in_time;
	pid_t child;
	int thread;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		/* Longer, if it was over before all was done. */
		for (in_time = false, ms = 500; !in_time; ms *= 2) {
			ASSERT_GT(PATIENCE_MS, ms);
			deadline = in_ms(ms);
			child = start(wait_for_time, &thread);
			ASSERT_LT(0, child);
			ASSERT_TRUE(wait_until(atomic_load(&shared->stage) == 2 ||
					       thread_bits(thread) &
					       NTAPC_THREAD_WAITING));
			EXPECT_TRUE(set_stop_and_resume(thread, child,
							parts[i], 1));
			in_time = now() < deadline;
			ASSERT_TRUE(wait_until(atomic_load(&shared->stage) == 2));
			atomic_store(&shared->go, 1);
			EXPECT_EQ(0, reap(child));
			EXPECT_EQ(0, shared->ret);
			EXPECT_LE(deadline, shared->ended);
			close(thread);
		}
	}
}

/* Stops */

static bool is_suspended(int thread)
{
	return thread_bits(thread) & NTAPC_THREAD_SUSPENDED;
}

/* How often this thread was put off its processor. */
static long nr_put_off(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

/*
 * A stop that is lifted before the thread has come by it isn't one: it stands
 * still throughout. The thread can't get in between, on the same processor and
 * with less priority.
 */
TEST_F(held, stop_that_never_was)
{
	struct sched_param param = { .sched_priority = 1 };
	unsigned int rounds = 200, i;
	long put_off;
	__u64 before;
	pid_t child;
	int thread;

	pin_to_cpu(0);
	child = start(count, &thread);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, suspend_thread(thread, NTAPC_SUSPEND_WAIT));
	before = *(volatile __u64 *)&shared->count;
	if (sched_setscheduler(0, SCHED_FIFO, &param)) {
		stop_child(thread, child);
		SKIP(return, "needs a priority of its own");
	}
	for (i = 0; i < rounds; i++) {
		put_off = nr_put_off();
		ASSERT_EQ(0, kill(child, SIGSTOP));
		ASSERT_EQ(0, kill(child, SIGCONT));
		/*
		 * Who starves for a second is let run nevertheless: if that was
		 * in between it may have been stopped.
		 */
		if (nr_put_off() != put_off) {
			breathe(UNHURRIED);
			ASSERT_TRUE(wait_until(thread_state(child) == 'S' &&
					       is_suspended(thread)));
			before = *(volatile __u64 *)&shared->count;
			continue;
		}
		/* Lets it run, if it would. */
		breathe(UNHURRIED);
		ASSERT_EQ(before, *(volatile __u64 *)&shared->count);
		ASSERT_EQ(NTAPC_THREAD_SUSPENDED,
			  thread_bits(thread) & SUSPENSION);
	}
	param.sched_priority = 0;
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &param));
	EXPECT_EQ(1, suspend_count(thread));
	EXPECT_EQ(1, resume_thread(thread, 0));
	EXPECT_TRUE(moves(&shared->count));
	stop_child(thread, child);
}

FIXTURE(stops)
{
};

FIXTURE_VARIANT(stops)
{
	/* Continued when the stop has been seen, or at once. */
	bool seen;
	/* ... and when the worker that fetches it has had its time. */
	bool later;
};

FIXTURE_VARIANT_ADD(stops, at_once) { };
FIXTURE_VARIANT_ADD(stops, seen) { .seen = true };
FIXTURE_VARIANT_ADD(stops, later) { .seen = true, .later = true };

FIXTURE_SETUP(stops)
{
	ASSERT_TRUE(prepare());
}

FIXTURE_TEARDOWN(stops)
{
}

/*
 * 6.2, 6.5: whatever the stop, it is suspended again, and stands still from then
 * on. In between it may run for a moment, if it is continued before the worker
 * has come by; not if that was before.
 */
TEST_F(stops, suspended_again)
{
	unsigned int rounds = variant->later ? scaled(100) : 200;
	unsigned int moved = 0, i;
	__u64 before, again;
	pid_t child;
	int thread;

	child = start(count, &thread);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, suspend_thread(thread, NTAPC_SUSPEND_WAIT));
	/* The fewer the rounds, the more it says that the worker was late in one. */
	for (i = 0; i < rounds || (variant->later && moved > i / 4 &&
				   i < 20 * rounds); i++) {
		before = *(volatile __u64 *)&shared->count;
		if (variant->seen) {
			ASSERT_TRUE(stop(child));
		} else {
			ASSERT_EQ(0, kill(child, SIGSTOP));
		}
		if (variant->later) {
			/* Stopped is stopped, strictly: by Linux, if not by us. */
			again = *(volatile __u64 *)&shared->count;
			ASSERT_TRUE(stands_still(&shared->count));
			ASSERT_EQ(before, again);
		}
		ASSERT_EQ(0, kill(child, SIGCONT));
		if (variant->seen) {
			ASSERT_TRUE(wait_until(thread_state(child) != 'T'));
		}
		breathe(UNHURRIED);
		ASSERT_TRUE(wait_suspended(thread));
		again = *(volatile __u64 *)&shared->count;
		moved += again != before;
		ASSERT_EQ(1, suspend_count(thread));
		breathe(UNHURRIED);
		/* No other stop has come: nothing lets it run any more. */
		if (variant->seen) {
			ASSERT_EQ(again, *(volatile __u64 *)&shared->count);
		}
	}
	/* One that wasn't seen may just be having its effect. */
	ASSERT_TRUE(wait_until(is_suspended(thread) &&
			       stands_still(&shared->count)));
	TH_LOG("ran for a moment in %u of %u", moved, rounds);
	/* The worker may be late, by nobody's fault, but isn't every time. */
	if (variant->later) {
		EXPECT_GE(i / 4, moved);
	}
	EXPECT_EQ(1, resume_thread(thread, 0));
	EXPECT_TRUE(moves(&shared->count));
	stop_child(thread, child);
}

static void read_mask(void)
{
	volatile __u64 *counter = &shared->count;

	atomic_store(&shared->stage, 1);
	for (;;) {
		*(volatile __u64 *)&shared->mask = own_mask();
		++*counter;
	}
}

/* A moment, of another length each time. */
static void spin(unsigned int round)
{
	volatile unsigned int i;

	for (i = 0; i < round % 64 * 40; i++)
		;
}

/* Its mask is its own, and it was read after this was called. */
static bool mask_is_back(void)
{
	return moves(&shared->count) && moves(&shared->count) &&
	       wait_until(!*(volatile __u64 *)&shared->mask);
}

/*
 * 6.5: nothing stays blocked, however resumption and the stop meet: continued
 * before, after, or suspended again in between.
 */
TEST_F(held, mask_after_a_race)
{
	unsigned int rounds = scaled(2000), i;
	pid_t child;
	int thread;

	child = start(read_mask, &thread);
	ASSERT_LT(0, child);
	ASSERT_TRUE(mask_is_back());
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, suspend_thread(thread, NTAPC_SUSPEND_WAIT));
		ASSERT_EQ(0, kill(child, SIGSTOP));
		spin(i);
		switch (i % 4) {
		case 0:
			ASSERT_EQ(1, resume_thread(thread, 0));
			ASSERT_EQ(0, kill(child, SIGCONT));
			break;
		case 1:
			ASSERT_EQ(0, kill(child, SIGCONT));
			spin(i / 4);
			ASSERT_EQ(1, resume_thread(thread, 0));
			break;
		case 2:
			ASSERT_EQ(1, resume_thread(thread, 0));
			ASSERT_EQ(0, suspend_thread(thread, 0));
			ASSERT_EQ(0, kill(child, SIGCONT));
			spin(i / 4);
			ASSERT_EQ(1, resume_thread(thread, 0));
			break;
		case 3:
			ASSERT_EQ(1, resume_thread(thread, 0));
			ASSERT_EQ(0, kill(child, SIGCONT));
			ASSERT_EQ(0, suspend_thread(thread, 0));
			spin(i / 4);
			ASSERT_EQ(1, resume_thread(thread, 0));
			break;
		}
		ASSERT_TRUE(mask_is_back());
		ASSERT_EQ(0, suspend_count(thread));
	}
	/* It takes one, as nothing is blocked. */
	ASSERT_EQ(0, kill(child, SIGTERM));
	EXPECT_EQ(-SIGTERM, reap(child));
	close(thread);
}

/* execve() */

static void call_exec(void)
{
	char *argv[] = { program, "--child", NULL };

	execv(program, argv);
	_exit(1);
}

static void exec_on_go(void)
{
	count();
	call_exec();
}

static void *exec_in_thread(void *arg)
{
	(void)arg;
	exec_on_go();
	return NULL;
}

static void exec_in_thread_on_go(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_in_thread, NULL))
		_exit(1);
	for (;;)
		pause();
}

/* Ends within the time, with the status of the new image. */
static bool ends_well(pid_t child)
{
	int status;

	return wait_until(waitpid(child, &status, WNOHANG) == child) &&
	       WIFEXITED(status) && WEXITSTATUS(status) == NEW_IMAGE;
}

/*
 * 6.9, 14.3: a suspension of the process is one of the image that the descriptor
 * is for. As soon as that is resumed nothing keeps the other from running.
 */
TEST_F(held, process_that_executes)
{
	unsigned int rounds = scaled(200), took = 0, late = 0, i;
	int thread, ret;
	pid_t child;

	for (i = 0; i < rounds; i++) {
		child = start(i & 1 ? exec_in_thread_on_go : exec_on_go,
			      &thread);
		ASSERT_LT(0, child);
		atomic_store(&shared->go, 1);
		spin(i / 2);
		/* From nearly at once to when it has ended. */
		if (i % 8 > 5)
			breathe(i % 8 * 100);
		ret = suspend_thread(thread, NTAPC_SUSPEND_PROCESS);
		if (ret == -ESRCH) {
			late++;
		} else {
			ASSERT_EQ(0, ret);
			took++;
			ret = resume_thread(thread, NTAPC_RESUME_PROCESS);
			ASSERT_TRUE(!ret || ret == -ESRCH);
		}
		ASSERT_TRUE(ends_well(child));
		EXPECT_TRUE(wait_gone(thread));
		close(thread);
	}
	TH_LOG("%u in time, %u late", took, late);
}

/* Tracers */

enum stop_at {
	AT_ENTRY,	/* suspended while it is stopped there */
	AT_SECCOMP,	/* ... before it is: task work runs inside of the call */
};

FIXTURE(tracer)
{
};

FIXTURE_VARIANT(tracer)
{
	enum stop_at at;
};

FIXTURE_VARIANT_ADD(tracer, entry) { .at = AT_ENTRY };
FIXTURE_VARIANT_ADD(tracer, seccomp) { .at = AT_SECCOMP };

FIXTURE_SETUP(tracer)
{
	ASSERT_TRUE(prepare());
}

FIXTURE_TEARDOWN(tracer)
{
}

static enum stop_at stop_at;

/* Has read(2) tell the tracer. */
static bool filter_read(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {
		.len = ARRAY_SIZE(filter),
		.filter = filter,
	};

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static void read_on_go(void)
{
	char c;

	if (stop_at == AT_SECCOMP && !filter_read())
		_exit(40);
	count();
	shared->ret = read(fds[0], &c, 1);
}

/* Until the tracee stops; the status, or -1. */
static int traced_stop(pid_t child)
{
	int status;

	if (waitpid(child, &status, __WALL) != child || !WIFSTOPPED(status))
		return -1;
	return status >> 8;
}

/*
 * The call may have been interrupted before its thread could be suspended; then
 * it restarts, and the filter has it stop again.
 */
static bool is_suspended_or_goes_on(int thread, pid_t child)
{
	int status;

	if (stop_at == AT_SECCOMP &&
	    waitpid(child, &status, __WALL | WNOHANG) == child &&
	    WIFSTOPPED(status))
		ptrace(PTRACE_CONT, child, 0, 0);
	return thread_bits(thread) & NTAPC_THREAD_SUSPENDED;
}

/*
 * 6.2, 6.3: one that is stopped inside of a system call, for longer than anybody
 * would wait for it, is suspended when it goes on, though the call then blocks.
 */
TEST_F(tracer, stopped_in_a_call)
{
	/* What is put off is looked at again every 20 ms. */
	struct timespec long_enough = { .tv_nsec = 100 * NS_PER_MS };
	struct user_regs_struct regs;
	int thread, round;
	pid_t child;

	stop_at = variant->at;
	if (variant->at == AT_SECCOMP &&
	    prctl(PR_GET_SECCOMP) < 0)
		SKIP(return, "no seccomp");
	for (round = 0; round < 3; round++) {
		child = start(read_on_go, &thread);
		ASSERT_LT(0, child);
		ASSERT_EQ(0, ptrace(PTRACE_SEIZE, child, 0,
				    PTRACE_O_TRACESYSGOOD |
				    PTRACE_O_TRACESECCOMP |
				    PTRACE_O_EXITKILL));
		ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, child, 0, 0));
		ASSERT_EQ(SIGTRAP | PTRACE_EVENT_STOP << 8,
			  traced_stop(child));
		ASSERT_EQ(0, ptrace(PTRACE_SYSCALL, child, 0, 0));
		atomic_store(&shared->go, 1);
		ASSERT_EQ(SIGTRAP | 0x80, traced_stop(child));
		ASSERT_EQ(0, ptrace(PTRACE_GETREGS, child, 0, &regs));
		ASSERT_EQ(SYS_read, regs.orig_rax);
		ASSERT_EQ(0, suspend_thread(thread, 0));
		if (variant->at == AT_SECCOMP) {
			/* Its task work has run when it stops the next time. */
			ASSERT_EQ(0, ptrace(PTRACE_CONT, child, 0, 0));
			ASSERT_EQ(SIGTRAP | PTRACE_EVENT_SECCOMP << 8,
				  traced_stop(child));
		}
		nanosleep(&long_enough, NULL);
		EXPECT_EQ(NTAPC_THREAD_SUSPENDING,
			  thread_bits(thread) & SUSPENSION);
		/* The filter needs its tracer; else it may also leave. */
		ASSERT_EQ(0, ptrace(variant->at == AT_ENTRY && round == 1 ?
				    PTRACE_DETACH : PTRACE_CONT, child, 0, 0));
		ASSERT_TRUE(wait_until(is_suspended_or_goes_on(thread, child)));
		EXPECT_EQ(1, resume_thread(thread, 0));
		/* It restarts, which the filter tells the tracer once more. */
		if (variant->at == AT_SECCOMP) {
			ASSERT_EQ(SIGTRAP | PTRACE_EVENT_SECCOMP << 8,
				  traced_stop(child));
			ASSERT_EQ(0, ptrace(PTRACE_CONT, child, 0, 0));
		}
		EXPECT_TRUE(wait_asleep(child));
		ASSERT_EQ(1, write(fds[1], "x", 1));
		EXPECT_EQ(0, reap(child));
		EXPECT_EQ(1, shared->ret);
		close(thread);
	}
}

int main(int argc, char **argv)
{
	/* What is executed. */
	if (argc > 1 && !strcmp(argv[1], "--child"))
		return NEW_IMAGE;
	return test_harness_run(argc, argv);
}
