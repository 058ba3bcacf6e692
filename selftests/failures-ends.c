// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failures at the ends of threads, processes and images, and in fork() (threat 19): what
 * was queued is dropped once, and what one has is given back, whatever fails meanwhile.
 */
#include "failures.h"
#include "objects.h"
#include "procs.h"
#include "kselftest_harness.h"

static int dev, process;
static struct target target;

FIXTURE(ends)
{
	long long references;
};

FIXTURE_SETUP(ends)
{
	if (failures_need())
		SKIP(return, "needs %s", failures_need());
	self->references = module_references();
	log_reset();
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	ASSERT_TRUE(target_start(&target, NULL));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	ASSERT_TRUE(failures_begin());
}

FIXTURE_TEARDOWN(ends)
{
	if (!dev)
		return;
	target_kill(&target);
	close(process);
	close(dev);
	EXPECT_TRUE(wait_until(module_references() == self->references));
}

/* How many places an end has isn't seen any more: so many are tried. */
#define END_PLACES	16

#define STATUS	0x1234

/* What a thread, or process, has when it ends. */
struct estate {
	int mutant, timer, apc;
	struct ntapc_control *control;
};

static void acquire_estate(struct estate *estate, struct worker *worker)
{
	estate->mutant = create_mutant(dev, true);
	estate->timer = create_timer(dev, true);
	set_timer_full(estate->timer, MS_FROM_NOW(3600000), 0, ADDR(log_apc), 0);
	set_exit_status(dev, STATUS);
	estate->control = map_control(worker->fd);
	attach(process);
}

static void unmap_slot(struct ntapc_control *slot)
{
	munmap((void *)((uintptr_t)slot & -ONE_PAGE), ONE_PAGE);
}

static void end_thread(struct worker *worker)
{
	struct estate *estate = (void *)(uintptr_t)worker->arg;
	unsigned long status[6] = { 0 };

	acquire_estate(estate, worker);
	if (!failures_begin())
		return;
	atomic_store(&worker->stage, 1);
	while (atomic_load(&worker->stage) < 2)
		sched_yield();
	arm(atomic_load(&worker->stage) - 1);
	raw_syscall(SYS_exit, status);
}

static __u32 apc_state(int apc)
{
	struct ntapc_apc_result result;

	return apc_result(apc, &result, NULL, 0) ? ~0U : result.state;
}

/* Rules 7.3, 14.3 and 9.11; a mutant is abandoned. */
TEST_F(ends, end_of_thread)
{
	struct ntapc_thread_info info;
	struct worker worker = { 0 };
	struct estate estate;
	unsigned int n;

	for (n = 1; n <= END_PLACES; n++) {
		worker.arg = ADDR(&estate);
		ASSERT_TRUE(worker_start(&worker, dev, end_thread));
		ASSERT_TRUE(worker_reached(&worker, 1));
		estate.apc = kernel_apc(worker.fd, 0, "count", 0);
		ASSERT_LE(0, estate.apc);
		ASSERT_EQ(0, queue(worker.fd, log_apc, 1));
		ASSERT_EQ(0, queue(worker.fd, log_apc, 2));
		ASSERT_EQ(1, stack_count(process));
		atomic_store(&worker.stage, 1 + n);
		ASSERT_TRUE(wait_gone(worker.fd));
		worker_join(&worker);
		ASSERT_EQ(0, get_thread_info(worker.fd, &info));
		EXPECT_EQ(2, info.nr_dropped);
		EXPECT_EQ(2, info.nr_queued);
		EXPECT_EQ(0, info.nr_user);
		EXPECT_EQ(STATUS, info.exit_status);
		EXPECT_EQ(0, stack_count(process));
		EXPECT_EQ(NTAPC_APC_RUN_DOWN, apc_state(estate.apc));
		EXPECT_EQ(NTAPC_STATUS_ABANDONED_WAIT_0, try_one(estate.mutant));
		EXPECT_EQ(0, release_mutant(estate.mutant));
		EXPECT_EQ(1, cancel_timer(estate.timer, NULL));
		unmap_slot(estate.control);
		close(estate.mutant);
		close(estate.timer);
		close(estate.apc);
		close(worker.fd);
	}
	EXPECT_EQ(0, log_count());
}

/* A child that ends, or executes something, with its @value[0]-th place failing. */

static char program[PATH_MAX];

/* What it does once it has something to lose. */
static void lose_all(struct target *t, bool exec)
{
	char *const argv[] = { program, "--executed", NULL };
	char *const envp[] = { NULL };
	struct call call = {
		exec ? SYS_execve : SYS_exit_group,
		{ exec ? (unsigned long)program : 0, (unsigned long)argv,
		  (unsigned long)envp },
	};
	struct worker self;
	struct estate estate;
	struct outcome outcome;

	set_dispatcher(dev, ADDR(dispatch_continue));
	self.fd = open_thread(dev, 0);
	acquire_estate(&estate, &self);
	detach(dev);
	if (!failures_begin())
		_exit(100);
	target_step(t, 1);
	outcome = call_failing(&call, atomic_load(&t->shared->value[0]));
	atomic_store(&t->shared->value[1], outcome.ret);
	/* It is as it was, and can be done after all. */
	target_step(t, 2);
	raw_syscall(call.nr, call.arg);
	_exit(101);
}

static void exits(struct target *t)
{
	lose_all(t, false);
}

static void executes(struct target *t)
{
	lose_all(t, true);
}

/* What is executed: whether the place is still to come. */
static int executed(void)
{
	long long left = -1;

	/* If the very place is here, then again. */
	while (left < 0)
		left = read_number(FAIL_NTH);
	return left ? 10 : 11;
}

static bool has_exited(int thread)
{
	return thread_bits(thread) & NTAPC_THREAD_EXITED;
}

/* Is it over, with what was queued dropped, once? */
static bool is_over(int thread, int its_process)
{
	struct ntapc_thread_info info;

	return wait_until(has_exited(thread) && process_ended(its_process)) &&
	       !get_thread_info(thread, &info) && info.nr_dropped == 2 &&
	       info.nr_queued == 2 && queue(thread, log_apc, 3) == -ESRCH;
}

static bool is_as_before(int thread, int its_process)
{
	struct ntapc_thread_info info;

	return !get_thread_info(thread, &info) && !info.nr_dropped &&
	       info.nr_user == 2 && !has_exited(thread) &&
	       !process_ended(its_process);
}

/* Its exit status, or -1 if something is wrong. */
static int end_process(void (*fn)(struct target *t), unsigned int n)
{
	struct target child = { 0 };
	bool right, back = false;
	int thread, its_process;
	int status;

	if (!target_start(&child, fn))
		return -1;
	thread = open_thread(dev, child.pid);
	its_process = open_process(dev, child.pid);
	if (thread < 0 || its_process < 0 || queue(thread, log_apc, 1) ||
	    queue(thread, log_apc, 2))
		return -1;
	atomic_store(&child.shared->value[0], n);
	target_go(&child, 1);
	/* It may have come back from the call. */
	right = wait_until(has_exited(thread) ||
			   (back = atomic_load(&child.shared->stage) == 2));
	if (right && back)
		right = is_as_before(thread, its_process) &&
			is_error(atomic_load(&child.shared->value[1]));
	target_go(&child, 2);
	status = reap(child.pid);
	right &= is_over(thread, its_process);
	munmap(child.shared, sizeof(*child.shared));
	close(thread);
	close(its_process);
	return right ? status : -1;
}

/* Rules 7.3 and 14.3. */
TEST_F(ends, end_of_process)
{
	unsigned int n;

	for (n = 1; n <= END_PLACES; n++)
		EXPECT_EQ(0, end_process(exits, n));
}

/* What the C library says of a program that it can't begin, for want of memory. */
#define NOT_BEGUN	127

/*
 * Threat 3. What is behind the point of no return kills the process, or is in what has
 * been executed. The kernel's own places are many, and not all are tried.
 */
TEST_F(ends, exec)
{
	unsigned int n;
	int status = 0;

	/* A page that can't be mapped is written to through a null pointer there. */
	if (on_uml())
		SKIP(return, "User-mode Linux itself doesn't survive it");
	ASSERT_LT(0, readlink("/proc/self/exe", program, sizeof(program) - 1));
	for (n = 1; n < PLACES_MAX && status != 10; n += 1 + n / 8) {
		status = end_process(executes, n);
		EXPECT_TRUE(status == 10 || status == 11 || status == NOT_BEGUN ||
			    status == -SIGKILL || status == -SIGSEGV)
			TH_LOG("place %u: %d", n, status);
	}
	EXPECT_EQ(10, status);
	EXPECT_EQ(0, log_count());
}

/* fork(), of who has everything open and mapped */

static struct ntapc_control *control;
static __u64 *shared_page;

/*
 * The slots are its parent's business: it has others, that are zero, also where the
 * page for them can't be had at once.
 */
static void check_inherited(unsigned int n)
{
	bool right;

	if (!failures_begin())
		_exit(2);
	arm(n % 4);
	right = !*(volatile __u32 *)&control->tid;
	disarm();
	_exit(right && *shared_page == 5 ? 0 : 1);
}

/* Threat 23. */
TEST_F(ends, fork)
{
	unsigned long none[6] = { 0 };
	struct ntapc_thread_info info;
	struct ntapc_record record;
	long long references;
	int thread, window;
	bool failed = true;
	unsigned int n;

	thread = open_thread(dev, 0);
	control = map_control(thread);
	ASSERT_NE(NULL, control);
	window = open_window(dev, ONE_PAGE);
	shared_page = mmap(NULL, ONE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   window, 0);
	ASSERT_NE(MAP_FAILED, shared_page);
	*shared_page = 5;
	ASSERT_EQ(0, queue(thread, log_apc, 1));
	references = module_references();
	/* User-mode Linux panics over what a fork() that failed leaves: it is spared. */
	for (n = 1; n < PLACES_MAX && (on_uml() ? n < 9 : failed);
	     n += 1 + n / 16) {
		long child;

		arm(on_uml() ? 0 : n);
		child = raw_syscall(SYS_fork, none);
		if (!child)
			check_inherited(n);
		failed = disarm();
		if (child > 0) {
			EXPECT_EQ(0, reap(child));
		} else {
			EXPECT_TRUE(failed && (child == -ENOMEM ||
					       child == -EAGAIN))
				TH_LOG("place %u: %ld", n, child);
		}
		ASSERT_TRUE(wait_until(module_references() == references));
		ASSERT_EQ(0, get_thread_info(thread, &info));
		EXPECT_EQ(1, info.nr_user);
		EXPECT_EQ(syscall(SYS_gettid), control->tid);
	}
	EXPECT_TRUE(on_uml() || !failed);
	EXPECT_EQ(1, take_records(dev, &record, 1));
	unmap_slot(control);
	munmap(shared_page, ONE_PAGE);
	close(window);
	close(thread);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--executed"))
		return executed();
	return RUN_WITH_FAILURES(argc, argv);
}
