// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an APC that may come between any two instructions must leave as it was:
 * registers, flags, extended state, the red zone; and what else a thread has
 * going when one comes: restartable sequences, signal stacks, tracers.
 */
#include "common.h"
#include "kselftest_harness.h"

#include <cpuid.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#define HAVE_RSEQ
#endif

/* state_asm.S */
extern volatile int spin_stop;
extern volatile __u64 spin_rounds;
extern const __u64 pattern[15];
extern __u64 captured[16], captured_flags;
extern unsigned char captured_xmm[16][16];
extern const char dispatch_capture[], rseq_start[], rseq_end[], rseq_abort[];

struct xstate {
	__u16 fcw, pad;
	__u32 mxcsr;
	__u32 mxcsr_usual;
	__u8 pad2[52];
	__u8 x87[8][16];
	__u64 k[8];
	__u8 vector[32][64];
};

_Static_assert(offsetof(struct xstate, x87) == 64, "state_asm.S");
_Static_assert(offsetof(struct xstate, k) == 192, "state_asm.S");
_Static_assert(offsetof(struct xstate, vector) == 256, "state_asm.S");

long spin_registers(void);
unsigned long spin_flags(unsigned long flags);
void spin_sse(const struct xstate *in, struct xstate *out, unsigned int rounds);
void spin_avx(const struct xstate *in, struct xstate *out, unsigned int rounds);
void spin_avx512(const struct xstate *in, struct xstate *out,
		 unsigned int rounds);
void wreck_sse(void);
void wreck_avx(void);
void wreck_avx512(void);
long in_rseq(void *rseq, volatile int *flag);

static int dev;
static atomic_uint hits;

FIXTURE(state)
{
};

FIXTURE_VARIANT(state)
{
	const char *dispatcher;
};

FIXTURE_VARIANT_ADD(state, ioctl)
{
	.dispatcher = dispatch_continue,
};

FIXTURE_VARIANT_ADD(state, user)
{
	.dispatcher = dispatch_user,
};

FIXTURE_SETUP(state)
{
	log_reset();
	dev = open_frames(variant->dispatcher);
	ASSERT_LE(0, dev);
}

FIXTURE_TEARDOWN(state)
{
}

/*
 * Sends specials to a spinning thread, each when the last one has run. With one
 * processor it is a short sleep of ours that interrupts the other.
 */
static bool send_specials(int thread, const void *routine, unsigned int count)
{
	struct sched_param first = { .sched_priority = 10 }, usual = {};
	bool alone = nr_cpus() == 1;
	unsigned int before, round, i;
	bool ok = true;
	__u64 give_up;

	if (alone)
		sched_setscheduler(0, SCHED_FIFO, &first);
	for (i = 0; i < count && ok; i++) {
		before = atomic_load(&hits);
		ok = !queue_special(thread, routine, i);
		give_up = in_ms(PATIENCE_MS);
		for (round = 0; ok && atomic_load(&hits) == before; round++) {
			if (alone || round > 10000)
				breathe(100);
			else
				__builtin_ia32_pause();
			ok = round < PATIENCE_ROUNDS || now() < give_up;
		}
	}
	/* Threads that are made later inherit this. */
	if (alone)
		sched_setscheduler(0, SCHED_OTHER, &usual);
	return ok;
}

static void hit(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg0;
	(void)arg1;
	(void)arg2;
	atomic_fetch_add(&hits, 1);
}

static void registers_worker(struct worker *worker)
{
	atomic_store(&worker->stage, 1);
	worker->ret = spin_registers();
	atomic_store(&worker->stage, 2);
}

TEST_F(state, registers_and_red_zone)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, dev, registers_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_TRUE(send_specials(worker.fd, hit, scaled(5000)));
	EXPECT_EQ(1, atomic_load(&worker.stage));
	spin_stop = 1;
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
}

static void flags_worker(struct worker *worker)
{
	unsigned long flags = worker->arg;

	atomic_store(&worker->stage, 1);
	worker->ret = spin_flags(flags);
}

TEST_F(state, flags)
{
	static const __u64 cases[] = {
		0x202,			/* none */
		0x202 | 0x8d5,		/* OF SF ZF AF PF CF */
		0x202 | 0x400,		/* DF */
		0x202 | 0xcd5,		/* all of these */
		0x202 | 1 << 21,	/* ID */
	};
	struct worker worker;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		spin_stop = 0;
		worker.arg = cases[i];
		ASSERT_TRUE(worker_start(&worker, dev, flags_worker));
		ASSERT_TRUE(worker_reached(&worker, 1));
		EXPECT_TRUE(send_specials(worker.fd, hit, scaled(500)));
		spin_stop = 1;
		worker_join(&worker);
		EXPECT_EQ(cases[i], worker.ret);
	}
}

/* What the dispatcher is entered with (12.1). */
TEST_F(state, at_the_entry)
{
	struct worker worker;
	unsigned int i, j;
	__u64 rounds;

	/* In the order of the pattern; rsp and rdi are the frame's address. */
	static const int order[] = {
		0, 1, 2, 3, 4, -1, 6, 8, 9, 10, 11, 12, 13, 14, 15,
	};

	ASSERT_EQ(0, set_dispatcher(dev, ADDR(dispatch_capture)));
	ASSERT_TRUE(worker_start(&worker, dev, registers_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < 100; i++) {
		/* It must be back in its loop from the last one. */
		rounds = spin_rounds;
		ASSERT_TRUE(wait_until(spin_rounds > rounds + 1));
		ASSERT_TRUE(send_specials(worker.fd, hit, 1));
		for (j = 0; j < 15; j++) {
			if (order[j] >= 0) {
				ASSERT_EQ(pattern[j], captured[order[j]]) {
					TH_LOG("register %u", j);
				}
			}
		}
		ASSERT_EQ(captured[5], captured[7]);
		ASSERT_EQ(0, captured[7] % 64);
	}
	spin_stop = 1;
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
}

TEST_F(state, direction_flag_at_the_entry)
{
	struct worker worker = { .arg = 0x202 | 0xcd5 };

	ASSERT_EQ(0, set_dispatcher(dev, ADDR(dispatch_capture)));
	ASSERT_TRUE(worker_start(&worker, dev, flags_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	captured_flags = ~0ULL;
	ASSERT_TRUE(send_specials(worker.fd, hit, 20));
	EXPECT_EQ(0, captured_flags & 0x400);
	spin_stop = 1;
	worker_join(&worker);
	EXPECT_EQ(0x202 | 0xcd5, worker.ret);
}

/* Extended state */

static void fill_xstate(struct xstate *x, unsigned int seed)
{
	unsigned int i, j;

	memset(x, 0, sizeof(*x));
	x->fcw = 0x027f | (seed & 3) << 10;	/* rounding */
	x->mxcsr = 0x1f80 | (seed & 3) << 13;
	x->mxcsr_usual = 0x1f80;
	for (i = 0; i < 8; i++) {
		for (j = 0; j < 8; j++)
			x->x87[i][j] = i * 16 + j + seed;
		/* A normal number: the integer bit, and an exponent. */
		x->x87[i][7] |= 0x80;
		x->x87[i][8] = i + seed;
		x->x87[i][9] = 0x40;
		x->k[i] = 0x1111 * (i + 1) + seed;
		x->k[i] &= 0xffff;
	}
	for (i = 0; i < 32; i++) {
		for (j = 0; j < 64; j++)
			x->vector[i][j] = i * 7 + j * 3 + seed;
	}
}

static void (*spin_it)(const struct xstate *in, struct xstate *out,
		       unsigned int rounds);
static void (*wreck_it)(void);
static unsigned int vector_bytes, vectors, masks;
static atomic_uint differences;

static void hit_and_wreck(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg0;
	(void)arg1;
	(void)arg2;
	wreck_it();
	atomic_fetch_add(&hits, 1);
}

static bool same_xstate(const struct xstate *a, const struct xstate *b)
{
	unsigned int i;

	if (a->fcw != b->fcw || a->mxcsr != b->mxcsr)
		return false;
	for (i = 0; i < 8; i++) {
		if (memcmp(a->x87[i], b->x87[i], 10))
			return false;
		if (masks && a->k[i] != b->k[i])
			return false;
	}
	for (i = 0; i < vectors; i++)
		if (memcmp(a->vector[i], b->vector[i], vector_bytes))
			return false;
	return true;
}

static void xstate_worker(struct worker *worker)
{
	static struct xstate in, out;
	unsigned int seed;

	atomic_store(&worker->stage, 1);
	for (seed = 0; !spin_stop; seed++) {
		fill_xstate(&in, seed);
		memset(&out, 0, sizeof(out));
		spin_it(&in, &out, 20000);
		if (!same_xstate(&in, &out))
			atomic_fetch_add(&differences, 1);
	}
	worker->ret = seed;
}

static bool has_xcr0(unsigned int bits)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return false;
	asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return (a & bits) == bits;
}

static bool has_avx(void)
{
	unsigned int a, b, c, d;

	return has_xcr0(6) && __get_cpuid(1, &a, &b, &c, &d) && c & bit_AVX;
}

static bool has_avx512(void)
{
	unsigned int a, b, c, d;

	return has_xcr0(0xe6) && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
	       b & bit_AVX512F;
}

static bool run_xstate(unsigned int count, long *passes)
{
	struct worker worker;
	bool ok;

	if (!worker_start(&worker, dev, xstate_worker) ||
	    !worker_reached(&worker, 1))
		return false;
	ok = send_specials(worker.fd, hit_and_wreck, count);
	spin_stop = 1;
	worker_join(&worker);
	*passes = worker.ret;
	return ok;
}

TEST_F(state, sse)
{
	long passes = 0;

	spin_it = spin_sse;
	wreck_it = wreck_sse;
	vectors = 16;
	vector_bytes = 16;
	EXPECT_TRUE(run_xstate(scaled(15000), &passes));
	EXPECT_EQ(0, atomic_load(&differences));
	EXPECT_LT(0, passes);
}

TEST_F(state, avx)
{
	long passes = 0;

	if (!has_avx())
		SKIP(return, "no AVX");
	spin_it = spin_avx;
	wreck_it = wreck_avx;
	vectors = 16;
	vector_bytes = 32;
	EXPECT_TRUE(run_xstate(scaled(15000), &passes));
	EXPECT_EQ(0, atomic_load(&differences));
	EXPECT_LT(0, passes);
}

TEST_F(state, avx512)
{
	long passes = 0;

	if (!has_avx512())
		SKIP(return, "no AVX-512");
	spin_it = spin_avx512;
	wreck_it = wreck_avx512;
	vectors = 32;
	vector_bytes = 64;
	masks = 8;
	EXPECT_TRUE(run_xstate(scaled(15000), &passes));
	EXPECT_EQ(0, atomic_load(&differences));
	EXPECT_LT(0, passes);
}

/* The extended state is in the registers when the dispatcher starts. */
static void sse_worker(struct worker *worker)
{
	static struct xstate in, out;

	fill_xstate(&in, 1);
	atomic_store(&worker->stage, 1);
	while (!spin_stop) {
		spin_sse(&in, &out, 1000000);
		worker->ret |= !same_xstate(&in, &out);
	}
}

TEST_F(state, xmm_at_the_entry)
{
	struct worker worker = {};
	struct xstate expected;
	int i, right = 0;

	fill_xstate(&expected, 1);
	vectors = 16;
	vector_bytes = 16;
	ASSERT_EQ(0, set_dispatcher(dev, ADDR(dispatch_capture)));
	ASSERT_TRUE(worker_start(&worker, dev, sse_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(send_specials(worker.fd, hit, 1));
		/* Unless it came in the compare. */
		right += !memcmp(captured_xmm[7], expected.vector[7], 16) &&
			 !memcmp(captured_xmm[15], expected.vector[15], 16);
	}
	spin_stop = 1;
	worker_join(&worker);
	EXPECT_EQ(0, worker.ret);
	EXPECT_LE(10, right);
}

/* Restartable sequences */

#ifdef HAVE_RSEQ
static atomic_uint inside, aborted;

static void look_at_rip(__u64 arg0, __u64 arg1, __u64 arg2)
{
	__u64 rip = this_frame->context.rip;

	(void)arg0;
	(void)arg1;
	(void)arg2;
	if (rip >= ADDR(rseq_start) && rip < ADDR(rseq_end))
		atomic_fetch_add(&inside, 1);
	if (rip == ADDR(rseq_abort))
		atomic_fetch_add(&aborted, 1);
	atomic_fetch_add(&hits, 1);
}

static void rseq_worker(struct worker *worker)
{
	void *rseq = (char *)__builtin_thread_pointer() + __rseq_offset;

	atomic_store(&worker->stage, 1);
	while (in_rseq(rseq, &spin_stop))
		worker->arg++;
}

/* An APC that lands in one aborts it, as a signal does. */
TEST_F(state, rseq_is_aborted)
{
	struct worker worker = {};
	volatile __u64 *aborts = &worker.arg;
	unsigned int count = scaled(1000), i, seen;
	struct ntapc_info info;
	__u64 before;

	ASSERT_EQ(0, get_info(dev, &info));
	if (!(info.features & NTAPC_FEATURE_RSEQ))
		SKIP(return, "no rseq");
	if (!__rseq_size)
		SKIP(return, "the C library has not registered rseq");
	ASSERT_TRUE(worker_start(&worker, dev, rseq_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < count; i++) {
		before = *aborts;
		seen = atomic_load(&aborted);
		ASSERT_TRUE(send_specials(worker.fd, look_at_rip, 1));
		/*
		 * The thread itself has to see it, too. But one that came between two
		 * has aborted none, and nothing need abort the next.
		 */
		if (atomic_load(&aborted) != seen)
			ASSERT_TRUE(wait_until(*aborts != before));
	}
	spin_stop = 1;
	worker_join(&worker);
	EXPECT_EQ(0, atomic_load(&inside));
	/* All but those that came between two sequences. */
	EXPECT_LE(count / 2, atomic_load(&aborted));
}
#endif

/* Signal stacks */

#define ALT_STACK	65536

static char alt_stack[ALT_STACK] __attribute__((aligned(64)));
static volatile int handler_runs, handler_stop;
static volatile __u64 frame_address;
static volatile int on_stack;

static bool on_alt_stack(__u64 address)
{
	return address >= ADDR(alt_stack) && address < ADDR(alt_stack) +
	       ALT_STACK;
}

static void spin_in_handler(int sig)
{
	volatile __u64 canaries[16];
	int i;

	(void)sig;
	for (i = 0; i < 16; i++)
		canaries[i] = i * 0x0101010101010101ULL;
	handler_runs++;
	while (!handler_stop)
		;
	for (i = 0; i < 16; i++)
		if (canaries[i] != i * 0x0101010101010101ULL)
			abort();
	if (!on_alt_stack(ADDR(canaries)))
		abort();
}

static void look_at_stack(__u64 arg0, __u64 arg1, __u64 arg2)
{
	stack_t ss;

	(void)arg0;
	(void)arg1;
	(void)arg2;
	sigaltstack(NULL, &ss);
	on_stack = ss.ss_flags;
	frame_address = ADDR(this_frame);
	atomic_fetch_add(&hits, 1);
}

static void alt_stack_worker(struct worker *worker)
{
	stack_t ss = { .ss_sp = alt_stack, .ss_size = ALT_STACK };
	struct sigaction action = {
		.sa_handler = spin_in_handler,
		.sa_flags = SA_ONSTACK,
	};

	sigaltstack(&ss, NULL);
	sigaction(SIGUSR1, &action, NULL);
	atomic_store(&worker->stage, 1);
	raise(SIGUSR1);
	/* It can be used again. */
	sigaltstack(NULL, &ss);
	worker->ret = ss.ss_flags;
	raise(SIGUSR1);
	atomic_store(&worker->stage, 2);
	while (!spin_stop)
		;
}

TEST_F(state, on_a_signal_stack)
{
	struct worker worker;

	ASSERT_TRUE(worker_start(&worker, dev, alt_stack_worker));
	ASSERT_TRUE(worker_reached(&worker, 1));
	ASSERT_TRUE(wait_until(handler_runs == 1));
	ASSERT_TRUE(send_specials(worker.fd, look_at_stack, scaled(500)));
	/* Code that runs on that stack is interrupted on it. */
	EXPECT_TRUE(on_alt_stack(frame_address));
	EXPECT_EQ(SS_ONSTACK, on_stack);
	handler_stop = 1;
	ASSERT_TRUE(worker_reached(&worker, 2));
	EXPECT_EQ(2, handler_runs);
	EXPECT_EQ(0, worker.ret);
	/* And off it, off it. */
	ASSERT_TRUE(send_specials(worker.fd, look_at_stack, 1));
	EXPECT_FALSE(on_alt_stack(frame_address));
	EXPECT_EQ(0, on_stack);
	spin_stop = 1;
	worker_join(&worker);
}

/* Tracers */

struct traced {
	atomic_uint ran;
	atomic_int stage;
	atomic_int stop;
	int fds[2];
};

static struct traced *traced;

static void traced_apc(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg0;
	(void)arg1;
	(void)arg2;
	atomic_fetch_add(&traced->ran, 1);
}

/* Computes until told to stop; exits with 0 if the result is right. */
static void be_traced(const char *dispatcher)
{
	__u64 x = 1, n = 0;

	set_dispatcher(dev, ADDR(dispatcher));
	atomic_store(&traced->stage, 1);
	while (!atomic_load_explicit(&traced->stop, memory_order_relaxed)) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		n++;
	}
	for (; n; n--)
		x = (x - 1442695040888963407ULL) * 13877824140714322085ULL;
	_exit(x == 1 ? 0 : 1);
}

static pid_t start_traced(const char *dispatcher, void (*be)(const char *))
{
	pid_t child;

	traced = mmap(NULL, sizeof(*traced), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (traced == MAP_FAILED || pipe2(traced->fds, O_CLOEXEC))
		return -1;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		be(dispatcher);
	}
	if (!wait_until(atomic_load(&traced->stage)))
		return -1;
	return child;
}

/* Interrupts the tracee and waits for it to be stopped. */
static bool attach(pid_t child)
{
	int status;

	return !ptrace(PTRACE_SEIZE, child, 0, 0) &&
	       !ptrace(PTRACE_INTERRUPT, child, 0, 0) &&
	       waitpid(child, &status, __WALL) == child && WIFSTOPPED(status);
}

static bool single_step(pid_t child)
{
	int status;

	return !ptrace(PTRACE_SINGLESTEP, child, 0, 0) &&
	       waitpid(child, &status, __WALL) == child &&
	       WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
}

/*
 * After stepping over a popf, Linux no longer knows that the trap flag is the
 * tracer's, and would leave it set.
 */
static bool detach(pid_t child)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, child, 0, &regs))
		return false;
	regs.eflags &= ~0x100UL;
	return !ptrace(PTRACE_SETREGS, child, 0, &regs) &&
	       !ptrace(PTRACE_DETACH, child, 0, 0);
}

static __u64 rip_of(pid_t child)
{
	struct user_regs_struct regs = {};

	ptrace(PTRACE_GETREGS, child, 0, &regs);
	return regs.rip;
}

/* Stepped through several APCs from end to end. */
TEST_F(state, single_stepped)
{
	unsigned int i, steps;
	pid_t child;
	int thread;

	if (on_uml() && variant->dispatcher == dispatch_user)
		SKIP(return, "stepping over a popf leaves the trap flag set");
	child = start_traced(variant->dispatcher, be_traced);
	ASSERT_LT(0, child);
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(attach(child));
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, queue_special(thread, traced_apc, i));
		for (steps = 0; steps < 5000 && atomic_load(&traced->ran) < i;
		     steps++) {
			ASSERT_TRUE(single_step(child));
		}
		EXPECT_EQ(i, atomic_load(&traced->ran));
		/* And out of it again. */
		for (steps = 0; steps < 200; steps++) {
			ASSERT_TRUE(single_step(child));
		}
	}
	atomic_store(&traced->stop, 1);
	ASSERT_TRUE(detach(child));
	EXPECT_EQ(0, reap(child));
}

/* The tracer goes while it is in the routine: nobody steps any more. */
TEST_F(state, detached_in_an_apc)
{
	unsigned int steps;
	bool in_apc = false;
	pid_t child;
	int thread;

	child = start_traced(variant->dispatcher, be_traced);
	ASSERT_LT(0, child);
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(attach(child));
	ASSERT_TRUE(single_step(child));
	ASSERT_EQ(0, queue_special(thread, traced_apc, 1));
	for (steps = 0; steps < 5000 && !in_apc; steps++) {
		__u64 rip;

		ASSERT_TRUE(single_step(child));
		rip = rip_of(child);
		in_apc = rip >= ADDR(traced_apc) && rip < ADDR(traced_apc) + 8;
	}
	EXPECT_TRUE(in_apc);
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, child, 0, 0));
	EXPECT_TRUE(wait_until(atomic_load(&traced->ran) == 1));
	atomic_store(&traced->stop, 1);
	/* Not -SIGTRAP. */
	EXPECT_EQ(0, reap(child));
}

/* Blocks in read() over and over. */
static void be_reading(const char *dispatcher)
{
	int i;
	char c;

	set_dispatcher(dev, ADDR(dispatcher));
	atomic_store(&traced->stage, 1);
	for (i = 0; i < 5; i++)
		if (read(traced->fds[0], &c, 1) != 1)
			_exit(1);
	_exit(0);
}

/* As strace does it: each system call's entry and exit are seen. */
TEST_F(state, system_calls_traced)
{
	unsigned int reads = 0, stops = 0, interrupted = 0, written = 0;
	struct user_regs_struct regs;
	int thread, status, wrong = 0;
	pid_t child;

	child = start_traced(variant->dispatcher, be_reading);
	ASSERT_LT(0, child);
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_TRUE(wait_asleep(child));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACESYSGOOD));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, child, 0, 0));
	for (;;) {
		/* WNOHANG: when it blocks in the read it is our turn. */
		pid_t ret = waitpid(child, &status, __WALL | WNOHANG);

		ASSERT_LE(0, ret);
		if (!ret) {
			if (thread_state(child) != 'S') {
				breathe(100);
				continue;
			}
			if (interrupted == written) {
				ASSERT_EQ(0, queue_interrupt(thread, traced_apc,
							     1));
				interrupted++;
			} else if (atomic_load(&traced->ran) == interrupted &&
				   written < 5) {
				ASSERT_EQ(1, write(traced->fds[1], "x", 1));
				written++;
			}
			breathe(100);
			continue;
		}
		if (WIFEXITED(status) || WIFSIGNALED(status))
			break;
		ASSERT_GT(10000, ++stops);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			memset(&regs, 0, sizeof(regs));
			ASSERT_EQ(0, ptrace(PTRACE_GETREGS, child, 0, &regs));
			reads += regs.orig_rax == SYS_read;
			/* Restart codes are for the kernel's eyes. */
			if (regs.orig_rax == -1 && (long)regs.rax < 0)
				wrong++;
		}
		ASSERT_EQ(0, ptrace(PTRACE_SYSCALL, child, 0, 0));
	}
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(5, written);
	EXPECT_EQ(interrupted, atomic_load(&traced->ran));
	EXPECT_LE(10, reads);
	EXPECT_EQ(0, wrong);
}

/* System calls whose results it can check, also the one that makes a stop. */
static void be_calling(const char *dispatcher)
{
	pid_t parent = getppid();
	volatile pid_t child;
	int i;
	char c;

	set_dispatcher(dev, ADDR(dispatcher));
	atomic_store(&traced->stage, 1);
	while (!atomic_load(&traced->stop))
		breathe(100);
	for (i = 0; i < 20; i++) {
		if (syscall(SYS_getppid) != parent)
			_exit(1);
		if (write(traced->fds[1], "x", 1) != 1)
			_exit(2);
		if (read(traced->fds[0], &c, 1) != 1)
			_exit(3);
		child = vfork();
		if (!child)
			_exit(7);
		if (child < 0 || reap(child) != 7)
			_exit(4);
	}
	_exit(0);
}

/* APCs queued at each stop of a tracer: also on the way in, and in vfork(). */
TEST_F(state, queued_at_system_call_stops)
{
	unsigned int stops = 0, queued = 0, events = 0, ran;
	int thread, status;
	pid_t child;

	child = start_traced(variant->dispatcher, be_calling);
	ASSERT_LT(0, child);
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACESYSGOOD |
			    PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, child, 0, 0));
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);

		ASSERT_LT(0, pid);
		if (pid != child) {
			/* The child of the child, which is traced as well. */
			if (WIFSTOPPED(status))
				ptrace(PTRACE_DETACH, pid, 0, 0);
			continue;
		}
		if (!WIFSTOPPED(status))
			break;
		stops++;
		events += status >> 16 != 0;
		atomic_store(&traced->stop, 1);
		/* What it does itself to end an APC is stopped in, too. */
		if (stops % 5 == 0 && !nr_pending(thread)) {
			ASSERT_EQ(0, stops & 1 ?
				  queue_special(thread, traced_apc, 1) :
				  queue_interrupt(thread, traced_apc, 1));
			queued++;
		}
		ASSERT_EQ(0, ptrace(PTRACE_SYSCALL, child, 0, 0));
	}
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_LT(100, stops);
	EXPECT_LT(20, events);
	/* How many depends on how far it gets while one is put off. */
	EXPECT_LT(0, queued);
	/* The last may be dropped by the exit. */
	ran = atomic_load(&traced->ran);
	EXPECT_TRUE(ran == queued || ran == queued - 1);
}

TEST_HARNESS_MAIN
