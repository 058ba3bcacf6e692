// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: suspending, ending, alerting and looking into threads. Rule numbers are
 * those of Documentation/nt-semantics.rst.
 */
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include "steer.h"
#include "kselftest_harness.h"

#define WAITING		(NTAPC_THREAD_WAITING | NTAPC_THREAD_ALERTABLE)

/* Each test is in a process of its own, with a log of its own. */

/* A thread that runs @start; counters start anew. */
static int begin(pthread_t *thread, void *(*start)(void *), void *arg)
{
	atomic_store(&counted, 0);
	return ntapc_thread_create(thread, NULL, start, arg, NULL);
}

static int begin_counting(void)
{
	pthread_t thread;
	int fd = begin(&thread, count_for_ever, NULL);

	return fd >= 0 && reaches(&counted, 1) ? fd : -1;
}

/* 6.1, 6.2, 6.5 */
TEST(suspend_and_resume)
{
	struct ntapc_thread_info info;
	int fd = begin_counting();
	long seen;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_TRUE(info.state & NTAPC_THREAD_SUSPENDED);
	EXPECT_EQ(1, info.suspend_count);
	seen = counted;
	EXPECT_TRUE(stands_still(&counted));
	EXPECT_EQ(1, ntapc_suspend(fd, 0));
	EXPECT_EQ(2, ntapc_resume(fd, 0));
	EXPECT_TRUE(stands_still(&counted));
	EXPECT_EQ(seen, counted);
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	EXPECT_TRUE(reaches(&counted, seen + 1));
	/* Nothing to resume. */
	EXPECT_EQ(0, ntapc_resume(fd, 0));
	EXPECT_TRUE(reaches(&counted, counted + 1));
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(0, info.suspend_count);
	EXPECT_FALSE(info.state & NTAPC_THREAD_SUSPENDED);
}

/* 6.1: 127 and no more. */
TEST(suspend_count_limit)
{
	struct ntapc_thread_info info;
	int fd = begin_counting();
	int i;

	ASSERT_LE(0, fd);
	for (i = 0; i < NTAPC_SUSPEND_MAX; i++)
		ASSERT_EQ(i, ntapc_suspend(fd, 0));
	EXPECT_EQ(-EOVERFLOW, ntapc_suspend(fd, 0));
	EXPECT_EQ(-EOVERFLOW, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(NTAPC_SUSPEND_MAX, info.suspend_count);
	for (i = NTAPC_SUSPEND_MAX; i; i--)
		ASSERT_EQ(i, ntapc_resume(fd, 0));
	EXPECT_TRUE(reaches(&counted, counted + 1));
}

static void *suspend_self(void *arg)
{
	(void)arg;
	log_add(1);
	log_add(100 + ntapc_suspend(ntapc_thread_self(), 0));
	return NULL;
}

/* 6.4: it takes effect before the call returns. */
TEST(suspend_oneself)
{
	pthread_t thread;
	int fd = begin(&thread, suspend_self, NULL);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(becomes(fd, NTAPC_THREAD_SUSPENDED));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	pthread_join(thread, NULL);
	EXPECT_TRUE(logged(2, 1, 100));
}

struct waiter {
	uint64_t timeout;
	unsigned int flags;
	int status;
};

static void *wait_once(void *arg)
{
	struct waiter *w = arg;

	w->status = ntapc_delay(w->timeout, w->flags);
	return NULL;
}

/* 6.3, 6.10: queued meanwhile, run when resumed. */
TEST(apcs_wait_for_the_resumption)
{
	struct waiter w = { PATIENCE_NS, NTAPC_ALERTABLE, 1 };
	struct ntapc_thread_info info;
	pthread_t thread;
	int fd = begin(&thread, wait_once, &w);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(becomes(fd, WAITING));
	EXPECT_EQ(0, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(0, ntapc_queue(fd, log_apc, 1, 0, 0));
	EXPECT_EQ(0, ntapc_queue_ex(fd, NTAPC_QUEUE_SPECIAL, -1, log_apc, 2, 0,
				    0));
	let_others_run();
	EXPECT_EQ(0, log_count);
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(1, info.nr_user);
	EXPECT_EQ(1, info.nr_special);
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	pthread_join(thread, NULL);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, w.status);
	EXPECT_EQ(2, log_count);
}

/* Whether it was suspended, and resumed, before its wait for that long was over. */
static bool suspended_in_the_wait(struct __test_metadata *_metadata, uint64_t span)
{
	struct waiter w = { span, 0, 1 };
	uint64_t due = now_ns() + span;
	bool in_time = false;
	pthread_t thread;
	int fd = begin(&thread, wait_once, &w);

	ASSERT_LE(0, fd);
	if (becomes(fd, NTAPC_THREAD_WAITING) &&
	    !ntapc_suspend(fd, NTAPC_SUSPEND_WAIT)) {
		in_time = now_ns() < due;
		EXPECT_EQ(1, ntapc_resume(fd, 0));
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, w.status);
	EXPECT_LE(due, now_ns());
	close(fd);
	return in_time;
}

/* 6.3: a wait that isn't alertable goes on, to its due time. */
TEST(wait_goes_on_after_the_resumption)
{
	uint64_t span = 50 * MS;

	/* On a machine so busy that it was over before: a longer one. */
	while (!suspended_in_the_wait(_metadata, span)) {
		span *= 2;
		ASSERT_LT(span, 2 * PATIENCE_NS);
	}
}

static int pipe_end[2];

static void *read_pipe(void *arg)
{
	char c = 0;

	*(ssize_t *)arg = read(pipe_end[0], &c, 1);
	return (void *)(uintptr_t)c;
}

static char linux_state(pid_t tid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state;
}

/* Until it sleeps in the kernel: of a Linux call only its state tells. */
static bool blocks(int fd)
{
	struct ntapc_thread_info info;

	return !ntapc_thread_info(fd, &info) &&
	       comes_true(linux_state(info.tid) == 'S');
}

/* 6.3, for a Linux system call: it is suspended there, and restarted. */
TEST(suspended_in_a_system_call)
{
	ssize_t got = -1;
	pthread_t thread;
	void *c;
	int fd;

	ASSERT_EQ(0, pipe(pipe_end));
	fd = begin(&thread, read_pipe, &got);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(blocks(fd));
	EXPECT_EQ(0, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	ASSERT_EQ(1, write(pipe_end[1], "x", 1));
	let_others_run();
	EXPECT_EQ(-1, got);
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	pthread_join(thread, &c);
	EXPECT_EQ(1, got);
	EXPECT_EQ('x', (uintptr_t)c);
}

static void suspend_and_queue(int fd, void *arg)
{
	(void)arg;
	log_add(100 + ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	log_add(200 + ntapc_queue(fd, log_apc, 1, 0, 0));
}

static void *log_start(void *arg)
{
	log_add(2);
	return arg;
}

/* 14.1: created suspended; what is queued runs at the start, before the routine. */
TEST(created_suspended)
{
	pthread_t thread;
	void *result;
	int fd;

	fd = ntapc_thread_create(&thread, NULL, log_start, &thread,
				 suspend_and_queue);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(becomes(fd, NTAPC_THREAD_SUSPENDED));
	EXPECT_EQ(0, ntapc_queue(fd, log_apc, 3, 0, 0));
	let_others_run();
	EXPECT_TRUE(logged(2, 100, 200));
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	pthread_join(thread, &result);
	EXPECT_EQ(&thread, result);
	EXPECT_TRUE(logged(5, 100, 200, 1, 3, 2));
}

static sem_t never;

static void *wait_for_ever(void *arg)
{
	ntapc_delay(NTAPC_FOREVER, (uintptr_t)arg);
	log_add(1);
	return NULL;
}

static void *wait_for_sem(void *arg)
{
	(void)arg;
	sem_wait(&never);
	log_add(1);
	return NULL;
}

static void *read_for_ever(void *arg)
{
	ssize_t got;

	(void)arg;
	read_pipe(&got);
	log_add(1);
	return NULL;
}

static void *wait_for_id(void *arg)
{
	(void)arg;
	ntapc_wait_by_id(NTAPC_FOREVER, 0);
	log_add(1);
	return NULL;
}

static void *suspend_self_for_ever(void *arg)
{
	(void)arg;
	ntapc_suspend(ntapc_thread_self(), 0);
	log_add(1);
	return NULL;
}

static void *guard_for_ever(void *arg)
{
	ntapc_guard_enter();
	return count_for_ever(arg);
}

/* 7.5, 6.7: whatever it does; 7.3: its APCs are dropped. */
TEST(terminate)
{
	static const struct {
		void *(*start)(void *);
		uintptr_t arg;
		uint32_t state;		/* of ntapc's; 0: it sleeps; ~0: runs */
	} cases[] = {
		{ count_for_ever, 0, ~0u },
		{ guard_for_ever, 0, ~0u },
		{ wait_for_ever, NTAPC_ALERTABLE, WAITING },
		{ wait_for_ever, 0, NTAPC_THREAD_WAITING },
		{ wait_for_id, 0, 0 },
		{ wait_for_sem, 0, 0 },
		{ read_for_ever, 0, 0 },
		{ suspend_self_for_ever, 0, NTAPC_THREAD_SUSPENDED },
	};
	struct ntapc_thread_info info;
	pthread_t thread;
	unsigned int i;
	int fd;

	ASSERT_EQ(0, pipe(pipe_end));
	sem_init(&never, 0, 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fd = begin(&thread, cases[i].start, (void *)cases[i].arg);
		ASSERT_LE(0, fd);
		ASSERT_TRUE(cases[i].state == ~0u ? reaches(&counted, 1) :
			    cases[i].state ? becomes(fd, cases[i].state) :
			    blocks(fd)) {
			TH_LOG("case %u", i);
		}
		if (cases[i].state != WAITING)
			EXPECT_EQ(0, ntapc_queue(fd, log_apc, 2, 0, 0));
		EXPECT_EQ(0, ntapc_terminate(fd, 0x8000 + i));
		/* 11.2: no wait holds it up. */
		EXPECT_EQ(NTAPC_STATUS_WAIT_0,
			  ntapc_wait_thread(fd, PATIENCE_NS, 0)) {
			TH_LOG("case %u", i);
		}
		ASSERT_EQ(0, ntapc_thread_info(fd, &info));
		EXPECT_TRUE(info.state & NTAPC_THREAD_EXITED);
		EXPECT_EQ(0x8000 + i, info.exit_status);
		EXPECT_EQ(cases[i].state != WAITING, info.nr_dropped);
		EXPECT_EQ(0, info.nr_delivered);
		EXPECT_EQ(0, log_count);
		EXPECT_EQ(0, pthread_join(thread, NULL));
		close(fd);
	}
}

/* 7.5: nothing runs first, least of all an APC. */
TEST(terminate_suspended_before_its_start)
{
	struct ntapc_thread_info info;
	pthread_t thread;
	int fd;

	fd = ntapc_thread_create(&thread, NULL, log_start, NULL,
				 suspend_and_queue);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ntapc_terminate(fd, 77));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_thread(fd, PATIENCE_NS, 0));
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(77, info.exit_status);
	EXPECT_EQ(1, info.nr_dropped);
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_TRUE(logged(2, 100, 200));
}

static void *terminate_self(void *arg)
{
	log_add(1);
	ntapc_terminate(ntapc_thread_self(), (uintptr_t)arg);
	log_add(2);
	return NULL;
}

/* 7.5, 14.4, 6.8: of oneself; what can then be done to it. */
TEST(ended_threads)
{
	struct ntapc_thread_context c = { .what = NTAPC_CONTEXT_SEGMENTS };
	struct ntapc_thread_info info;
	pthread_t thread;
	int fd = begin(&thread, terminate_self, (void *)5);

	ASSERT_LE(0, fd);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, ntapc_wait_thread(fd, PATIENCE_NS, 0));
	EXPECT_TRUE(logged(1, 1));
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(5, info.exit_status);
	EXPECT_EQ(-ESRCH, ntapc_suspend(fd, 0));
	EXPECT_EQ(-ESRCH, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(0, ntapc_resume(fd, 0));
	EXPECT_EQ(-ESRCH, ntapc_alert(fd));
	EXPECT_EQ(-ESRCH, ntapc_terminate(fd, 6));
	EXPECT_EQ(-ESRCH, ntapc_context_get(fd, &c));
	EXPECT_EQ(-ESRCH, ntapc_kernel_apc(fd, "count", 0, NULL));
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(5, info.exit_status);
}

/* 5.2, 5.3, 11.2, 11.3 */
TEST(alert_oneself)
{
	int self = ntapc_thread_self();

	ASSERT_LE(0, self);
	EXPECT_EQ(0, ntapc_alert(self));
	EXPECT_EQ(0, ntapc_alert(self));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, ntapc_test_alert());
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());

	EXPECT_EQ(0, ntapc_alert(self));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(MS, 0));
	EXPECT_EQ(NTAPC_STATUS_ALERTED,
		  ntapc_delay(NTAPC_FOREVER, NTAPC_ALERTABLE));
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(0, NTAPC_ALERTABLE));

	/* Alert beats APC beats timeout. */
	EXPECT_EQ(0, ntapc_queue(self, log_apc, 1, 0, 0));
	EXPECT_EQ(0, ntapc_alert(self));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(1, 1));
}

static void alerting_apc(uintptr_t n, uintptr_t fd, uintptr_t c)
{
	(void)c;
	log_add(n);
	ntapc_alert(fd);
}

/* 12.4: an alert ends the chain; the rest stays queued. */
TEST(alert_ends_the_chain)
{
	int self = ntapc_thread_self();

	ASSERT_LE(0, self);
	EXPECT_EQ(0, ntapc_queue(self, alerting_apc, 1, self, 0));
	EXPECT_EQ(0, ntapc_queue(self, log_apc, 2, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(2, 1, 2));
}

/* 5.1: a waiter is woken; 11.3: the object beats the alert, which stays. */
TEST(alert_another)
{
	struct waiter w = { NTAPC_FOREVER, NTAPC_ALERTABLE, 1 };
	int self = ntapc_thread_self();
	pthread_t thread;
	int fd = begin(&thread, wait_once, &w);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(becomes(fd, WAITING));
	EXPECT_EQ(0, ntapc_alert(fd));
	pthread_join(thread, NULL);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, w.status);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  ntapc_wait_thread(fd, PATIENCE_NS, NTAPC_ALERTABLE));
	EXPECT_EQ(0, ntapc_alert(self));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0,
		  ntapc_wait_thread(fd, PATIENCE_NS, NTAPC_ALERTABLE));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, ntapc_test_alert());
}

/* 5.5, 5.7: the wait goes on after the resumption, and finds the alert. */
TEST(resume_with_alert)
{
	struct waiter w = { NTAPC_FOREVER, NTAPC_ALERTABLE, 1 };
	pthread_t thread;
	int fd = begin(&thread, wait_once, &w);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(becomes(fd, WAITING));
	EXPECT_EQ(0, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	EXPECT_EQ(1, ntapc_resume(fd, NTAPC_RESUME_ALERT));
	pthread_join(thread, NULL);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, w.status);
}

static pid_t waiter_tid;
static sem_t waiter_ready;

static void *wait_by_id(void *arg)
{
	waiter_tid = gettid();
	sem_post(&waiter_ready);
	*(int *)arg = ntapc_wait_by_id(NTAPC_FOREVER, 0);
	log_add(9);
	return NULL;
}

/* 15.1, 15.2, 15.4 */
TEST(alert_by_id)
{
	int self = ntapc_thread_self(), status = -1;
	pthread_t thread;
	int fd;

	ASSERT_LE(0, self);
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_by_id(0, 0));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_by_id(MS, 0));
	EXPECT_EQ(0, ntapc_alert_by_id(gettid()));
	EXPECT_EQ(0, ntapc_alert_by_id(gettid()));
	/* It is no alert of the other kind, nor the reverse. */
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_test_alert());
	EXPECT_EQ(NTAPC_STATUS_ALERTED, ntapc_wait_by_id(NTAPC_FOREVER, 0));
	EXPECT_EQ(0, ntapc_alert(self));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, ntapc_wait_by_id(0, 0));
	EXPECT_EQ(NTAPC_STATUS_ALERTED, ntapc_test_alert());
	EXPECT_EQ(-EINVAL, ntapc_wait_by_id(0, NTAPC_ALERTABLE));

	sem_init(&waiter_ready, 0, 0);
	fd = begin(&thread, wait_by_id, &status);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(come(&waiter_ready));
	ASSERT_TRUE(blocks(fd));
	EXPECT_EQ(0, ntapc_queue(fd, log_apc, 1, 0, 0));
	EXPECT_EQ(0, ntapc_alert(fd));
	let_others_run();
	EXPECT_EQ(0, log_count);
	EXPECT_EQ(0, ntapc_alert_by_id(waiter_tid));
	pthread_join(thread, NULL);
	EXPECT_EQ(NTAPC_STATUS_ALERTED, status);
	EXPECT_TRUE(logged(1, 9));
}

/* 15.3 */
TEST(alert_by_id_errors)
{
	int ends[2];
	pid_t pid;
	char c;

	EXPECT_EQ(-EINVAL, ntapc_alert_by_id(0));
	EXPECT_EQ(-EINVAL, ntapc_alert_by_id(-1));
	EXPECT_EQ(-ESRCH, ntapc_alert_by_id(0x3fffffff));
	ASSERT_EQ(0, pipe(ends));
	pid = fork();
	if (!pid) {
		close(ends[1]);
		_exit(read(ends[0], &c, 1));
	}
	close(ends[0]);
	EXPECT_EQ(-EACCES, ntapc_alert_by_id(pid));
	close(ends[1]);
	EXPECT_EQ(0, end_of(pid));
}

static bool in_spin(uint64_t rip)
{
	return rip >= (uintptr_t)spin_begin && rip < (uintptr_t)spin_end;
}

static int begin_spinning(pthread_t *thread)
{
	static _Atomic long started;
	int fd;

	atomic_store(&started, 0);
	fd = begin(thread, spin, &started);
	return fd >= 0 && reaches(&started, 1) ? fd : -1;
}

#define GENERAL	(NTAPC_CONTEXT_CONTROL | NTAPC_CONTEXT_INTEGER)

static struct ntapc_thread_context general(struct ntapc_context *regs)
{
	return (struct ntapc_thread_context){
		.what = GENERAL,
		.context = (uintptr_t)regs,
	};
}

/* 1.5, 3.5: got from, and set in, a suspended thread. */
TEST(context_of_a_suspended_thread)
{
	struct ntapc_context regs = { 0 }, again = { 0 };
	struct ntapc_thread_context c = general(&regs);
	pthread_t thread;
	void *result;
	int fd = begin_spinning(&thread), ret;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	ret = ntapc_context_get(fd, &c);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no registers to be had here");
	ASSERT_EQ(0, ret);
	EXPECT_TRUE(in_spin(regs.rip));
	EXPECT_EQ(SPIN_RBX, regs.rbx);
	EXPECT_EQ(SPIN_R12, regs.r12);
	EXPECT_EQ(SPIN_R15, regs.r15);
	c = general(&again);
	ASSERT_EQ(0, ntapc_context_get(fd, &c));
	EXPECT_EQ(0, memcmp(&regs, &again, sizeof(regs)));

	regs.rip = (uintptr_t)spin_out_rbx;
	regs.rbx = 0x77777777aaaaaaaa;
	c = general(&regs);
	EXPECT_EQ(0, ntapc_context_set(fd, &c));
	c = general(&again);
	ASSERT_EQ(0, ntapc_context_get(fd, &c));
	EXPECT_EQ((uintptr_t)spin_out_rbx, again.rip);
	EXPECT_EQ(0x77777777aaaaaaaa, again.rbx);
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	pthread_join(thread, &result);
	EXPECT_EQ(0x77777777aaaaaaaa, (uintptr_t)result);
}

/* Of one that runs: what it was at some moment, and it runs on. */
TEST(context_of_a_running_thread)
{
	struct ntapc_context regs = { 0 };
	struct ntapc_thread_context c = general(&regs);
	pthread_t thread;
	void *result;
	int fd = begin_spinning(&thread), ret, i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 100; i++) {
		memset(&regs, 0xcc, sizeof(regs));
		ret = ntapc_context_get(fd, &c);
		if (ret == -EOPNOTSUPP)
			SKIP(return, "no registers to be had here");
		ASSERT_EQ(0, ret);
		ASSERT_TRUE(in_spin(regs.rip));
		ASSERT_EQ(SPIN_R12, regs.r12);
	}
	regs.rip = (uintptr_t)spin_out_rbx;
	EXPECT_EQ(0, ntapc_context_set(fd, &c));
	pthread_join(thread, &result);
	EXPECT_EQ(SPIN_RBX, (uintptr_t)result);
}

/* Where xmm7 is in what XSAVE stores. */
#define XMM7	(160 + 7 * 16)

TEST(extended_context)
{
	static unsigned char xstate[16384] __attribute__((aligned(64)));
	struct ntapc_context regs;
	struct ntapc_thread_context c = general(&regs);
	uint64_t value = 0x1122334455667788;
	struct ntapc_info info;
	pthread_t thread;
	void *result;
	int fd;

	ASSERT_EQ(0, ntapc_get_info(&info));
	if (!(info.features & NTAPC_FEATURE_EXTENDED))
		SKIP(return, "no extended state here");
	fd = begin_spinning(&thread);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	c.what |= NTAPC_CONTEXT_EXTENDED;
	c.xstate = (uintptr_t)xstate;
	c.xstate_size = sizeof(xstate);
	ASSERT_EQ(0, ntapc_context_get(fd, &c));
	EXPECT_LE(576, c.xstate_size);
	EXPECT_GE(sizeof(xstate), c.xstate_size);
	memcpy(&value, xstate + XMM7, sizeof(value));
	EXPECT_EQ(SPIN_XMM7, value);
	value = 0x1122334455667788;
	memcpy(xstate + XMM7, &value, sizeof(value));
	regs.rip = (uintptr_t)spin_out_xmm7;
	EXPECT_EQ(0, ntapc_context_set(fd, &c));
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	pthread_join(thread, &result);
	EXPECT_EQ(value, (uintptr_t)result);
}

TEST(context_errors)
{
	struct ntapc_context regs;
	struct ntapc_thread_context c = general(&regs);
	int self = ntapc_thread_self();

	ASSERT_LE(0, self);
	c.what = 0;
	EXPECT_EQ(-EINVAL, ntapc_context_get(self, &c));
	c.what = 1U << 20;
	EXPECT_EQ(-EINVAL, ntapc_context_get(self, &c));
	c = general((void *)16);
	EXPECT_EQ(-EFAULT, ntapc_context_set(self, &c));
	c = general(&regs);
	EXPECT_EQ(-EBADF, ntapc_context_get(-1, &c));
	EXPECT_EQ(-ENOTTY, ntapc_context_get(ntapc_instance(), &c));
}

static bool settles(int apc)
{
	struct pollfd p = { .fd = apc, .events = POLLIN };

	return comes_true(poll(&p, 1, 10) == 1);
}

/* 3.2, 4.3, 4.4: specials ahead, and a suspension holds up what isn't. */
TEST(kernel_apcs)
{
	uint64_t value = 0;
	struct ntapc_apc_result r = { .values = (uintptr_t)&value,
				      .nr_values = 1 };
	int fd = begin_counting();
	int normal, special;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	normal = ntapc_kernel_apc(fd, "count", 0, NULL);
	ASSERT_LE(0, normal);
	special = ntapc_kernel_apc(fd, "count", NTAPC_KERNEL_APC_SPECIAL, NULL);
	ASSERT_LE(0, special);
	ASSERT_TRUE(settles(special));
	ASSERT_EQ(0, ntapc_apc_result(special, &r));
	EXPECT_EQ(NTAPC_APC_RUN, r.state);
	EXPECT_EQ(1, r.order);
	EXPECT_EQ(1, r.nr_values);
	EXPECT_EQ(1, value);
	ASSERT_EQ(0, ntapc_apc_result(normal, &r));
	EXPECT_EQ(NTAPC_APC_QUEUED, r.state);
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	ASSERT_TRUE(settles(normal));
	r.nr_values = 1;
	ASSERT_EQ(0, ntapc_apc_result(normal, &r));
	EXPECT_EQ(NTAPC_APC_RUN, r.state);
	EXPECT_EQ(2, r.order);
	EXPECT_EQ(2, value);
	EXPECT_EQ(0, ntapc_apc_remove(normal));
}

/* 7.1 */
TEST(kernel_apc_remove)
{
	struct ntapc_apc_result r = { 0 };
	struct ntapc_thread_info info;
	int fd = begin_counting();
	int apc;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ntapc_suspend(fd, NTAPC_SUSPEND_WAIT));
	apc = ntapc_kernel_apc(fd, "count", 0, NULL);
	ASSERT_LE(0, apc);
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(1, info.nr_kernel);
	EXPECT_EQ(1, ntapc_apc_remove(apc));
	EXPECT_EQ(0, ntapc_apc_remove(apc));
	EXPECT_TRUE(settles(apc));
	ASSERT_EQ(0, ntapc_apc_result(apc, &r));
	EXPECT_EQ(NTAPC_APC_REMOVED, r.state);
	EXPECT_EQ(1, ntapc_resume(fd, 0));
	EXPECT_TRUE(reaches(&counted, counted + 1));
	ASSERT_EQ(0, ntapc_thread_info(fd, &info));
	EXPECT_EQ(0, info.nr_kernel);
	EXPECT_EQ(0, info.nr_kernel_run);
}

/* A running thread's stack, and one that blocks in a Linux call; an eventfd. */
TEST(kernel_apc_routines)
{
	uint64_t at[NTAPC_APC_VALUES_MAX] = { 0 }, arg[3] = { 2 }, added = 0;
	struct ntapc_apc_result r = { .values = (uintptr_t)at,
				      .nr_values = NTAPC_APC_VALUES_MAX };
	pthread_t thread;
	ssize_t got = -1;
	void *c;
	int fd = begin_spinning(&thread), apc;

	ASSERT_LE(0, fd);
	apc = ntapc_kernel_apc(fd, "stack", 0, arg);
	ASSERT_LE(0, apc);
	ASSERT_TRUE(settles(apc));
	ASSERT_EQ(0, ntapc_apc_result(apc, &r));
	EXPECT_EQ(NTAPC_APC_RUN, r.state);
	/* spin() has a frame pointer, so its caller is found. */
	EXPECT_EQ(2, r.nr_values);
	EXPECT_TRUE(in_spin(at[0]));
	EXPECT_NE(0, at[1]);
	close(apc);

	ASSERT_EQ(0, pipe(pipe_end));
	fd = begin(&thread, read_pipe, &got);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(blocks(fd));
	arg[0] = eventfd(0, EFD_CLOEXEC);
	apc = ntapc_kernel_apc(fd, "eventfd", 0, arg);
	ASSERT_LE(0, apc);
	ASSERT_EQ(sizeof(added), read(arg[0], &added, sizeof(added)));
	EXPECT_EQ(1, added);
	/* The read(2) has gone on. */
	ASSERT_EQ(1, write(pipe_end[1], "y", 1));
	pthread_join(thread, &c);
	EXPECT_EQ(1, got);
	EXPECT_EQ('y', (uintptr_t)c);
}

TEST(kernel_apc_errors)
{
	struct ntapc_apc_result r = { 0 };
	int self = ntapc_thread_self();
	uint64_t arg[3] = { 0 };

	ASSERT_LE(0, self);
	EXPECT_EQ(-ENOENT, ntapc_kernel_apc(self, "no such routine", 0, NULL));
	EXPECT_EQ(-EINVAL, ntapc_kernel_apc(self, "count", 1U << 9, NULL));
	EXPECT_EQ(-EINVAL, ntapc_kernel_apc(self, "a name of thirty-two letters, "
					    "at least", 0, NULL));
	EXPECT_EQ(-EINVAL, ntapc_kernel_apc(self, "stack", 0, arg));
	arg[0] = self;
	EXPECT_EQ(-EPROTOTYPE, ntapc_kernel_apc(self, "eventfd", 0, arg));
	EXPECT_EQ(-EBADF, ntapc_kernel_apc(-1, "count", 0, NULL));
	EXPECT_EQ(-ENOTTY, ntapc_apc_result(self, &r));
	EXPECT_EQ(-ENOTTY, ntapc_apc_remove(self));
}

TEST(errors)
{
	int self = ntapc_thread_self();

	ASSERT_LE(0, self);
	errno = 12345;
	EXPECT_EQ(-EINVAL, ntapc_suspend(self, 1U << 8));
	EXPECT_EQ(-EINVAL, ntapc_suspend(self, NTAPC_SUSPEND_WAIT |
					 NTAPC_SUSPEND_PROCESS));
	EXPECT_EQ(-EINVAL, ntapc_resume(self, 1U << 8));
	EXPECT_EQ(-EBADF, ntapc_suspend(-1, 0));
	EXPECT_EQ(-EBADF, ntapc_resume(-1, 0));
	EXPECT_EQ(-EBADF, ntapc_alert(-1));
	EXPECT_EQ(-EBADF, ntapc_terminate(-1, 0));
	EXPECT_EQ(-ENOTTY, ntapc_terminate(ntapc_instance(), 0));
	EXPECT_EQ(12345, errno);
}

TEST_HARNESS_MAIN
