// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ordinary user APC never disturbs anything outside of ntapc's alertable
 * waits: no system call fails, restarts or comes back short, and no instruction
 * is interrupted.
 */
#include "common.h"
#include "kselftest_harness.h"
#include "calls.h"

static int dev;

FIXTURE_SETUP(calls)
{
	log_reset();
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
}

FIXTURE_TEARDOWN(calls)
{
}

/* Voluntary context switches: a sleeper that was woken has more of them. */
static long long nr_switches(pid_t tid)
{
	char path[64], line[128];
	long long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "voluntary_ctxt_switches:", 24))
			count = atoll(line + 24);
	fclose(file);
	return count;
}

/* Who reads that waits until the thread is off its processor. */
static void wait_inactive(pid_t tid)
{
	char path[64], text[256];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof(text)) < 0)
		perror(path);
	close(fd);
}

/* The same, once it is really off the processor: it says that it sleeps before. */
static long long settled_switches(pid_t tid)
{
	long long last, count = -1;

	wait_until(({
		last = count;
		wait_inactive(tid);
		count = nr_switches(tid);
		breathe(100);
		count == last && thread_state(tid) == 'S';
	}));
	return count;
}

TEST_F(calls, undisturbed)
{
	struct ntapc_queue_entry entries[16];
	unsigned int many = scaled(2000), i, sent = 0;
	long long switches;
	int reserve;

	for (i = 0; i < 16; i++) {
		entries[i].routine = ADDR(log_apc);
		entries[i].arg[0] = i;
	}
	reserve = open_reserve(dev);
	ASSERT_LE(0, reserve);
	call.timeout_ms = variant->timeout_ms;
	START_CALL();
	switches = settled_switches(call.worker.tid);
	ASSERT_EQ(0, queue_reserve(call.worker.fd, reserve, log_apc, 0));
	sent++;
	for (i = 0; i < many; i++) {
		if (i % 8) {
			ASSERT_EQ(0, queue(call.worker.fd, log_apc, i));
			sent++;
		} else {
			ASSERT_EQ(16, queue_many(call.worker.fd, entries, 16));
			sent += 16;
		}
	}
	if (!variant->timeout_ms) {
		EXPECT_EQ('S', thread_state(call.worker.tid));
		/* It hasn't so much as been woken. */
		EXPECT_EQ(switches, nr_switches(call.worker.tid));
		EXPECT_EQ(1, atomic_load(&call.worker.stage));
		variant->release();
	}
	ASSERT_TRUE(worker_reached(&call.worker, 2));
	EXPECT_EQ(variant->ret, call.ret) {
		TH_LOG("errno %d", call.error);
	}
	if (variant->timeout_ms) {
		EXPECT_LE(variant->timeout_ms * NS_PER_MS, call.worker.arg);
	}
	/* They are all still there, and none has run. */
	EXPECT_EQ(sent, nr_pending(call.worker.fd));
	EXPECT_EQ(0, log_count());
	worker_go(&call.worker);
	worker_join(&call.worker);
	EXPECT_EQ(0, log_count());
}

/* A read in many pieces, with APCs between all of them. */
#define PIECES	64
#define PIECE	1024

static void receive_all(struct worker *worker)
{
	static char text[PIECES * PIECE];

	atomic_store(&worker->stage, 1);
	worker->ret = recv(call.fds[0], text, sizeof(text), MSG_WAITALL);
	atomic_store(&worker->stage, 2);
}

TEST(no_short_read)
{
	static char piece[PIECE];
	int i;

	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_TRUE(prepare_sockets());
	ASSERT_TRUE(worker_start(&call.worker, dev, receive_all));
	ASSERT_TRUE(worker_reached(&call.worker, 1));
	for (i = 0; i < PIECES; i++) {
		ASSERT_TRUE(wait_asleep(call.worker.tid));
		ASSERT_EQ(0, queue(call.worker.fd, log_apc, i));
		EXPECT_EQ(1, atomic_load(&call.worker.stage));
		ASSERT_EQ(PIECE, send(call.fds[1], piece, PIECE, 0));
		/* After the last piece it may be gone. */
		if (i < PIECES - 1) {
			ASSERT_EQ(0, queue(call.worker.fd, log_apc, i));
		}
	}
	worker_join(&call.worker);
	EXPECT_EQ(PIECES * PIECE, call.worker.ret);
	EXPECT_EQ(0, log_count());
}

/* A thread that never waits never has one run. */
static void compute(struct worker *worker)
{
	volatile unsigned int n = 0;

	atomic_store(&worker->stage, 1);
	while (atomic_load_explicit(&worker->go, memory_order_relaxed) < 2)
		n++;
}

TEST(no_interruption)
{
	struct ntapc_thread_info info;
	struct worker worker;
	unsigned int i;

	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	ASSERT_TRUE(worker_start(&worker, dev, compute));
	ASSERT_TRUE(worker_reached(&worker, 1));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, queue(worker.fd, log_apc, i));
	}
	EXPECT_EQ(1000, nr_pending(worker.fd));
	EXPECT_EQ(0, log_count());
	worker_go(&worker);
	worker_join(&worker);
	EXPECT_EQ(0, log_count());
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(0, info.nr_delivered);
}

TEST_HARNESS_MAIN
