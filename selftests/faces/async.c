// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc.h>: special user APCs, which come at any instruction, and the library's
 * dispatcher. Rule numbers are those of Documentation/nt-semantics.rst.
 */
#include <setjmp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unwind.h>

#include "face.h"
#include "ntapc/types.h"
#include "ntapc/win32.h"
#include "state.h"
#include "kselftest_harness.h"

#define SPECIAL	NTAPC_QUEUE_SPECIAL

static int queue_special(int fd, ntapc_routine routine, uintptr_t arg)
{
	return ntapc_queue_ex(fd, SPECIAL, -1, routine, arg, 0, 0);
}

/* Spins until the value is at least @n: the other side can't tell otherwise. */
static bool reaches(_Atomic int *value, int n)
{
	return comes_true(atomic_load(value) >= n);
}

FIXTURE(async)
{
	int self;
};

FIXTURE_SETUP(async)
{
	log_reset();
	self->self = ntapc_thread_self();
	ASSERT_LE(0, self->self);
}

FIXTURE_TEARDOWN(async)
{
}

static void errno_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	errno = EXDEV;
	SetLastError(4711);
	log_add(a);
}

/* 13.2 */
TEST_F(async, to_self_ran_before_the_call_returns)
{
	int i;

	for (i = 0; i < 100; i++) {
		errno = i;
		SetLastError(1000 + i);
		ASSERT_EQ(0, queue_special(self->self, errno_apc, i));
		ASSERT_EQ(i + 1, log_count);
		ASSERT_EQ(i, log_entry[i]);
		ASSERT_EQ(i, errno);
		ASSERT_EQ(1000 + i, GetLastError());
	}
}

static void nest_apc(uintptr_t n, uintptr_t fd, uintptr_t c)
{
	(void)c;
	log_add(n);
	if (n < 20)
		ntapc_queue_ex(fd, SPECIAL, -1, nest_apc, n + 1, fd, 0);
	log_add(-(int)n);
}

/* 13.1: may nest on itself. */
TEST_F(async, nests)
{
	int i;

	ASSERT_EQ(0, ntapc_queue_ex(self->self, SPECIAL, -1, nest_apc, 1,
				    self->self, 0));
	ASSERT_EQ(40, log_count);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(i + 1, log_entry[i]);
		ASSERT_EQ(-(i + 1), log_entry[39 - i]);
	}
}

/* 13.4: ordinary ones are passed over. */
TEST_F(async, leaves_ordinary_ones_alone)
{
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 1, 0, 0));
	ASSERT_EQ(0, queue_special(self->self, log_apc, 2));
	EXPECT_TRUE(logged(1, 2));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(2, 2, 1));
}

static void draining_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(a);
	log_add(ntapc_test_alert());
	log_add(-(int)a);
}

static void special_in_the_middle_apc(uintptr_t n, uintptr_t fd, uintptr_t c)
{
	(void)c;
	log_add(n);
	queue_special(fd, draining_apc, 50);
	log_add(-(int)n);
}

/* A special one that waits alertably takes the following ordinary ones: 12.6. */
TEST_F(async, keeps_the_order_of_ordinary_ones)
{
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 1, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, special_in_the_middle_apc, 2,
				 self->self, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 3, 0, 0));
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 4, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(8, 1, 2, 50, 3, 4, 0, -50, -2));
}

/* Guarded stretches */

TEST_F(async, guard_holds_back)
{
	ntapc_guard_enter();
	ntapc_guard_enter();
	ASSERT_EQ(0, queue_special(self->self, log_apc, 1));
	ASSERT_EQ(0, queue_special(self->self, log_apc, 2));
	EXPECT_EQ(0, log_count);
	ntapc_guard_leave();
	EXPECT_EQ(0, log_count);
	/* Ordinary ones aren't affected. */
	ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 3, 0, 0));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(1, 3));
	ntapc_guard_leave();
	EXPECT_TRUE(logged(3, 3, 1, 2));
	/* One leave too many does nothing. */
	ntapc_guard_leave();
	ASSERT_EQ(0, queue_special(self->self, log_apc, 4));
	EXPECT_TRUE(logged(4, 3, 1, 2, 4));
}

static void guarding_apc(uintptr_t a, uintptr_t fd, uintptr_t c)
{
	(void)c;
	log_add(a);
	ntapc_guard_enter();
	queue_special(fd, log_apc, a + 1);
	log_add(-(int)a);
	ntapc_guard_leave();
}

TEST_F(async, guard_inside_an_apc)
{
	ASSERT_EQ(0, ntapc_queue_ex(self->self, SPECIAL, -1, guarding_apc, 1,
				    self->self, 0));
	EXPECT_TRUE(logged(3, 1, -1, 2));
}

/* Other threads */

struct target {
	pthread_t thread;
	sem_t ready;
	sem_t go;
	int fd;
	int status;
	int pipe[2];
	int event;
};

static void target_start(struct target *t, void *(*start)(void *))
{
	sem_init(&t->ready, 0, 0);
	sem_init(&t->go, 0, 0);
	t->fd = -1;
	pthread_create(&t->thread, NULL, start, t);
	come(&t->ready);
}

static void *wait_main(void *arg)
{
	struct target *t = arg;

	t->fd = ntapc_thread_self();
	sem_post(&t->ready);
	t->status = t->event < 0 ?
		    ntapc_delay(PATIENCE_NS, NTAPC_ALERTABLE) :
		    ntapc_wait_object(t->event, NTAPC_FOREVER, 0);
	return NULL;
}

/* 13.1: an alertable wait is broken at once. */
TEST_F(async, breaks_an_alertable_wait)
{
	struct target t = { .event = -1 };

	target_start(&t, wait_main);
	ASSERT_TRUE(becomes(t.fd, NTAPC_THREAD_WAITING | NTAPC_THREAD_ALERTABLE));
	ASSERT_EQ(0, queue_special(t.fd, log_apc, 1));
	pthread_join(t.thread, NULL);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, t.status);
	EXPECT_TRUE(logged(1, 1));
}

static _Atomic int signalled;

static void late_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	log_add(signalled);
}

/* 13.1: another wait isn't cut short; the APC runs at its end. */
TEST_F(async, leaves_another_wait_alone)
{
	struct target t = { .event = ntapc_object_create(
		NTAPC_OBJECT_NOTIFICATION_EVENT, 0, 0, NULL, NULL) };
	struct ntapc_thread_info info;

	ASSERT_LE(0, t.event);
	target_start(&t, wait_main);
	ASSERT_TRUE(becomes(t.fd, NTAPC_THREAD_WAITING));
	ASSERT_EQ(0, queue_special(t.fd, late_apc, 0));
	/* Time enough to be wrong in. */
	EXPECT_EQ(NTAPC_STATUS_SUCCESS, ntapc_delay(100 * MS, 0));
	/* Its first stage interrupts the wait for a moment. */
	EXPECT_TRUE(becomes(t.fd, NTAPC_THREAD_WAITING));
	ASSERT_EQ(0, ntapc_thread_info(t.fd, &info));
	EXPECT_EQ(1, info.nr_special);
	signalled = 1;
	EXPECT_EQ(0, ntapc_event_set(t.event));
	pthread_join(t.thread, NULL);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, t.status);
	EXPECT_TRUE(logged(1, 1));
}

static void *read_main(void *arg)
{
	struct target *t = arg;
	char c = 0;

	t->fd = ntapc_thread_self();
	sem_post(&t->ready);
	t->status = read(t->pipe[0], &c, 1) == 1 && c == 'x' ? 1 : -errno;
	return NULL;
}

static void post_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(1);
	sem_post((sem_t *)a);
}

/* Not NT's: the system call is interrupted, and restarts. */
TEST_F(async, interrupts_a_system_call)
{
	struct target t = { 0 };
	int i;

	ASSERT_EQ(0, pipe(t.pipe));
	target_start(&t, read_main);
	for (i = 1; i <= 20; i++) {
		ASSERT_EQ(0, ntapc_queue_ex(t.fd,
					    SPECIAL | NTAPC_QUEUE_INTERRUPT, -1,
					    post_apc, (uintptr_t)&t.go, 0, 0));
		ASSERT_TRUE(come(&t.go));
		ASSERT_EQ(i, log_count);
	}
	ASSERT_EQ(1, write(t.pipe[1], "x", 1));
	pthread_join(t.thread, NULL);
	EXPECT_EQ(1, t.status);
}

/* Computing code */

static _Atomic int landed;

/* Spoils all that the interrupted code may count on. */
static void spoil_apc(uintptr_t last, uintptr_t b, uintptr_t c)
{
	static const uint32_t mxcsr = 0x1f80;
	volatile char stack[8192];

	(void)b;
	(void)c;
	memset((char *)stack, 0x5a, sizeof(stack));
	errno = EXDEV;
	if (state_has_avx)
		__asm__ volatile("vzeroall" ::: "memory");
	__asm__ volatile("pxor %%xmm0, %%xmm0; pcmpeqd %%xmm1, %%xmm1;"
			 "pxor %%xmm7, %%xmm7; pcmpeqd %%xmm15, %%xmm15;"
			 "fninit; fld1; fldpi; fninit; ldmxcsr %0"
			 :: "m"(mxcsr) : "xmm0", "xmm1", "xmm7", "xmm15");
	if (last)
		state_stop = 1;
	atomic_fetch_add(&landed, 1);
}

static void fill_state(struct state *s)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < NR_GPR; i++)
		s->gpr[i] = 0x0123456789abcdef * (i + 3);
	for (i = 0; i < RED_ZONE_WORDS; i++)
		s->red_zone[i] = 0xfedcba9876543211 * (i + 5);
	for (i = 0; i < sizeof(s->vector); i++)
		((uint8_t *)s->vector)[i] = i * 7 + 1;
	if (!state_has_avx)
		for (i = 0; i < NR_VECTOR; i++)
			memset(s->vector[i] + 16, 0, 16);
	for (i = 0; i < NR_X87; i++)
		s->x87[i] = i + 0.5;
	s->eflags = 0x400;
	s->mxcsr = 0x7f80;
	s->x87_control = 0x0f7f;
}

static void *compute_main(void *arg)
{
	struct target *t = arg;

	t->fd = ntapc_thread_self();
	errno = 0;
	sem_post(&t->ready);
	state_spin();
	t->status = errno;
	return NULL;
}

/* Everything in the interrupted code's registers and red zone is kept. */
TEST_F(async, interrupts_a_computing_loop)
{
	struct target t = { 0 };
	int i, n = 0;

	ASSERT_EQ(840, sizeof(struct state));
	state_has_avx = __builtin_cpu_supports("avx");
	fill_state(&state_before);
	target_start(&t, compute_main);
	for (i = 0; i < 60; i++) {
		/* Alone, then five in a row. */
		ASSERT_EQ(0, queue_special(t.fd, spoil_apc, 0));
		ASSERT_TRUE(reaches(&landed, ++n));
		if (i % 10)
			continue;
		for (int k = 0; k < 5; k++, n++)
			ASSERT_EQ(0, queue_special(t.fd, spoil_apc, 0));
		ASSERT_TRUE(reaches(&landed, n));
	}
	ASSERT_EQ(0, queue_special(t.fd, spoil_apc, 1));
	pthread_join(t.thread, NULL);
	EXPECT_EQ(n + 1, landed);
	EXPECT_EQ(0, t.status);
	for (i = 0; i < NR_GPR; i++)
		EXPECT_EQ(state_before.gpr[i], state_after.gpr[i]) {
			TH_LOG("register %d", i);
		}
	EXPECT_EQ(0, memcmp(state_before.red_zone, state_after.red_zone,
			    sizeof(state_before.red_zone)));
	EXPECT_EQ(0, memcmp(state_before.vector, state_after.vector,
			    sizeof(state_before.vector)));
	EXPECT_EQ(0, memcmp(state_before.x87, state_after.x87,
			    sizeof(state_before.x87)));
	EXPECT_EQ(state_before.eflags, state_after.eflags);
	/* The status flags of the one and of the other aside. */
	EXPECT_EQ(state_before.mxcsr, state_after.mxcsr & ~0x3f);
	EXPECT_EQ(state_before.x87_control, state_after.x87_control);
}

static struct {
	int depth;
	bool in_loop, in_caller, before_insn;
} seen;

static void *unwind_main(void *arg);

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *arg)
{
	int before_insn = 0;
	uintptr_t ip = _Unwind_GetIPInfo(context, &before_insn);

	(void)arg;
	seen.depth++;
	if (ip >= (uintptr_t)state_loop && ip < (uintptr_t)state_loop_end) {
		seen.in_loop = true;
		seen.before_insn = before_insn;
	}
	if (seen.in_loop &&
	    _Unwind_FindEnclosingFunction((void *)(ip - 1)) ==
	    (void *)unwind_main)
		seen.in_caller = true;
	return seen.depth < 50 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static void unwinding_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	_Unwind_Backtrace(look, NULL);
	state_stop = 1;
}

static void __attribute__((noinline)) *unwind_main(void *arg)
{
	struct target *t = arg;

	t->fd = ntapc_thread_self();
	sem_post(&t->ready);
	state_spin();
	return NULL;
}

static _Atomic int spinning;

static void arrived_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	atomic_fetch_add(&spinning, 1);
}

/* A backtrace from the APC goes on into the interrupted function and its caller. */
TEST_F(async, unwinds_into_the_interrupted_code)
{
	struct target t = { 0 };
	int tries;

	fill_state(&state_before);
	for (tries = 0; tries < 100 && !seen.in_loop; tries++) {
		memset(&seen, 0, sizeof(seen));
		state_stop = 0;
		spinning = 0;
		target_start(&t, unwind_main);
		ASSERT_EQ(0, queue_special(t.fd, arrived_apc, 0));
		ASSERT_TRUE(reaches(&spinning, 1));
		ASSERT_EQ(0, queue_special(t.fd, unwinding_apc, 0));
		pthread_join(t.thread, NULL);
	}
	EXPECT_TRUE(seen.in_loop);
	EXPECT_TRUE(seen.before_insn);
	EXPECT_TRUE(seen.in_caller);
	EXPECT_LT(seen.depth, 50);
}

static void unwind_sync_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	_Unwind_Backtrace(look, NULL);
}

/* Also where it came on the return of a system call. */
TEST_F(async, unwinds_to_the_end)
{
	ASSERT_EQ(0, queue_special(self->self, unwind_sync_apc, 0));
	EXPECT_LT(4, seen.depth);
	EXPECT_LT(seen.depth, 50);
}

/* Eight threads that compute and interrupt each other all the while. */
#define WORKERS		8

static int worker_fd[WORKERS];
static _Atomic int worker_hits[WORKERS], workers_ready;
static sem_t all_ready;

static void hit_apc(uintptr_t who, uintptr_t b, uintptr_t c)
{
	static const double d = 3.25;
	volatile double x = d * who;

	(void)b;
	(void)c;
	x = x * x + 1.0;
	errno = EXDEV;
	atomic_fetch_add(&worker_hits[who], 1);
}

/* Vector and scalar floating point whose result is known. */
static double __attribute__((noinline)) compute(int rounds)
{
	double v[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, sum = 0;
	uint64_t hash = 1469598103934665603u;
	int i, k;

	for (i = 0; i < rounds; i++)
		for (k = 0; k < 8; k++) {
			v[k] = v[k] * 1.0000001 + k;
			hash = (hash ^ (uint64_t)v[k]) * 1099511628211u;
		}
	for (k = 0; k < 8; k++)
		sum += v[k];
	return sum + (double)(hash >> 12);
}

static double expected;
static int per_pair;

static void *worker_main(void *arg)
{
	uintptr_t me = (uintptr_t)arg;
	int i, k;

	worker_fd[me] = ntapc_thread_self();
	if (atomic_fetch_add(&workers_ready, 1) + 1 == WORKERS)
		for (i = 0; i < WORKERS; i++)
			sem_post(&all_ready);
	come(&all_ready);
	for (i = 0; i < per_pair; i++) {
		for (k = 0; k < WORKERS; k++)
			if (queue_special(worker_fd[k], hit_apc, k))
				return "queue";
		errno = 5;
		if (compute(2000) != expected)
			return "result";
		if (errno != 5)
			return "errno";
	}
	/* A thread with APCs on their way mustn't exit yet. */
	while (atomic_load(&worker_hits[me]) < WORKERS * per_pair)
		sched_yield();
	return NULL;
}

TEST_F(async, eight_threads)
{
	pthread_t thread[WORKERS];
	uintptr_t i;
	void *why;

	expected = compute(2000);
	per_pair = 40;
	sem_init(&all_ready, 0, 0);
	for (i = 0; i < WORKERS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, worker_main,
					    (void *)i));
	for (i = 0; i < WORKERS; i++) {
		pthread_join(thread[i], &why);
		EXPECT_STREQ("", why ? (char *)why : "");
		EXPECT_EQ(WORKERS * per_pair, worker_hits[i]);
	}
}

/* Ways out of an APC other than its end */

static jmp_buf escape;

static void escaping_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(a);
	longjmp(escape, 1);
}

TEST_F(async, longjmp_out)
{
	int i;

	for (i = 0; i < 20; i++) {
		if (!setjmp(escape)) {
			queue_special(self->self, escaping_apc, i);
			ASSERT_TRUE(false) TH_LOG("not reached");
		}
		ASSERT_EQ(2 * i + 1, log_count);
		ASSERT_EQ(0, ntapc_queue(self->self, log_apc, 100, 0, 0));
		ASSERT_EQ(NTAPC_STATUS_USER_APC,
			  ntapc_delay(0, NTAPC_ALERTABLE));
	}
}

static void escape_from_wait_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	log_add(a);
	longjmp(escape, 1);
}

static void *escape_main(void *arg)
{
	struct target *t = arg;

	t->fd = ntapc_thread_self();
	if (!setjmp(escape)) {
		sem_post(&t->ready);
		ntapc_delay(PATIENCE_NS, NTAPC_ALERTABLE);
		t->status = -1;
		return NULL;
	}
	ntapc_queue(t->fd, log_apc, 2, 0, 0);
	ntapc_queue(t->fd, log_apc, 3, 0, 0);
	t->status = ntapc_delay(0, NTAPC_ALERTABLE);
	return NULL;
}

TEST_F(async, longjmp_out_of_a_wait)
{
	struct target t = { 0 };

	target_start(&t, escape_main);
	ASSERT_TRUE(becomes(t.fd, NTAPC_THREAD_WAITING | NTAPC_THREAD_ALERTABLE));
	ASSERT_EQ(0, queue_special(t.fd, escape_from_wait_apc, 1));
	pthread_join(t.thread, NULL);
	EXPECT_EQ(NTAPC_STATUS_USER_APC, t.status);
	EXPECT_TRUE(logged(3, 1, 2, 3));
}

static pid_t child;

static void forking_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	child = fork();
}

/* The child resumes what the parent was interrupted in, and takes APCs itself. */
TEST_F(async, fork_inside)
{
	volatile int sum = 0;
	int i;

	for (i = 0; i < 10; i++)
		sum += i;
	ASSERT_EQ(0, queue_special(self->self, forking_apc, 0));
	if (!child) {
		if (sum != 45)
			_exit(1);
		i = ntapc_thread_self();
		if (i < 0 || queue_special(i, log_apc, 7))
			_exit(2);
		if (!logged(1, 7))
			_exit(3);
		ntapc_guard_enter();
		if (queue_special(i, log_apc, 8) || !logged(1, 7))
			_exit(4);
		ntapc_guard_leave();
		_exit(logged(2, 7, 8) ? 0 : 5);
	}
	EXPECT_EQ(0, end_of(child));
	EXPECT_EQ(0, log_count);
}

/* Fork while computing: the dispatcher resumes in the child without the kernel. */
static void *fork_compute_main(void *arg)
{
	struct target *t = arg;
	pid_t me = getpid();

	t->fd = ntapc_thread_self();
	sem_post(&t->ready);
	state_spin();
	if (getpid() != me)
		_exit(memcmp(&state_before.gpr, &state_after.gpr,
			     sizeof(state_before.gpr)) ||
		      memcmp(&state_before.vector, &state_after.vector,
			     sizeof(state_before.vector)) ? 1 : 0);
	return NULL;
}

static void fork_and_stop_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	child = syscall(SYS_fork);
	state_stop = 1;
}

TEST_F(async, fork_inside_of_a_computing_loop)
{
	struct target t = { 0 };

	state_has_avx = __builtin_cpu_supports("avx");
	fill_state(&state_before);
	target_start(&t, fork_compute_main);
	ASSERT_EQ(0, queue_special(t.fd, arrived_apc, 0));
	ASSERT_TRUE(reaches(&spinning, 1));
	ASSERT_EQ(0, queue_special(t.fd, fork_and_stop_apc, 0));
	pthread_join(t.thread, NULL);
	ASSERT_LT(0, child);
	EXPECT_EQ(0, end_of(child));
	EXPECT_EQ(0, memcmp(&state_before.gpr, &state_after.gpr,
			    sizeof(state_before.gpr)));
}

/* Dispatchers of one's own */

void own_dispatcher(void);
extern int own_dispatcher_count;

TEST_F(async, own_dispatcher)
{
	ASSERT_EQ(0, ntapc_set_dispatcher(own_dispatcher));
	ASSERT_EQ(0, queue_special(self->self, log_apc, 1));
	EXPECT_EQ(1, own_dispatcher_count);
	child = fork();
	if (!child) {
		int fd = ntapc_thread_self();

		if (fd < 0 || queue_special(fd, log_apc, 2))
			_exit(1);
		_exit(own_dispatcher_count == 2 && logged(2, 1, 2) ? 0 : 2);
	}
	EXPECT_EQ(0, end_of(child));
	ASSERT_EQ(0, ntapc_set_dispatcher(NULL));
	ASSERT_EQ(0, queue_special(self->self, log_apc, 3));
	EXPECT_EQ(1, own_dispatcher_count);
	EXPECT_TRUE(logged(2, 1, 3));
}

/* 10.7: what was interrupted is shown. */
static struct ntapc_callback_data data;
static CONTEXT shown;

static void context_apc(uintptr_t a, uintptr_t b, uintptr_t c)
{
	data = *(struct ntapc_callback_data *)a;
	shown = *data.context;
	log_add(b == 22 && c == 33);
	state_stop = 1;
}

TEST_F(async, callback_context)
{
	struct target t = { 0 };

	fill_state(&state_before);
	target_start(&t, compute_main);
	ASSERT_EQ(0, queue_special(t.fd, arrived_apc, 0));
	ASSERT_TRUE(reaches(&spinning, 1));
	/* It may not have come to the loop yet; its registers tell. */
	ASSERT_EQ(0, ntapc_queue_ex(t.fd,
				    SPECIAL | NTAPC_QUEUE_CALLBACK_CONTEXT, -1,
				    context_apc, 11, 22, 33));
	pthread_join(t.thread, NULL);
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(11, data.parameter);
	EXPECT_EQ(CONTEXT_CONTROL | CONTEXT_INTEGER, shown.ContextFlags);
	if (shown.Rip >= (uintptr_t)state_loop &&
	    shown.Rip < (uintptr_t)state_loop_end) {
		EXPECT_EQ(state_before.gpr[0], shown.Rax);
		EXPECT_EQ(state_before.gpr[6], shown.Rbp);
		EXPECT_EQ(state_before.gpr[14], shown.R15);
	}

	/* An ordinary one as well. */
	log_reset();
	ASSERT_EQ(0, ntapc_queue_ex(self->self, NTAPC_QUEUE_CALLBACK_CONTEXT, -1,
				    context_apc, 12, 22, 33));
	EXPECT_EQ(NTAPC_STATUS_USER_APC, ntapc_delay(0, NTAPC_ALERTABLE));
	EXPECT_TRUE(logged(1, 1));
	EXPECT_EQ(12, data.parameter);
	EXPECT_NE(0, shown.Rip);
	EXPECT_LT((uintptr_t)&t - 65536, shown.Rsp);
}

TEST_HARNESS_MAIN
