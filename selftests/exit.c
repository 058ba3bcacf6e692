// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends of threads and processes: rules 7.3 and 14.3. Whatever way they go, each
 * APC is either delivered or dropped, once, and reserve objects are free again.
 */
#include "common.h"
#include "kselftest_harness.h"

static int dev;

/* How a process ends. */
enum way {
	BY_PTHREAD_EXIT,
	BY_EXIT_GROUP,
	BY_SIGKILL,
	BY_EXEC,		/* of a thread that isn't the leader */
	BY_CRASH,
};

FIXTURE(end)
{
	struct ntapc_info before;
};

FIXTURE_VARIANT(end)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(end, pthread_exit)
{
	.way = BY_PTHREAD_EXIT,
};

FIXTURE_VARIANT_ADD(end, exit_group)
{
	.way = BY_EXIT_GROUP,
};

FIXTURE_VARIANT_ADD(end, sigkill)
{
	.way = BY_SIGKILL,
};

FIXTURE_VARIANT_ADD(end, exec)
{
	.way = BY_EXEC,
};

FIXTURE_VARIANT_ADD(end, crash)
{
	.way = BY_CRASH,
};

FIXTURE_SETUP(end)
{
	log_reset();
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, get_info(dev, &self->before));
}

FIXTURE_TEARDOWN(end)
{
}

static bool has_exited(int thread)
{
	struct ntapc_thread_info info;

	return !get_thread_info(thread, &info) &&
	       info.state & NTAPC_THREAD_EXITED;
}

/*
 * The victim: two threads besides its leader. One takes what is queued to it,
 * the other and the leader don't.
 */
struct victim {
	atomic_int tids[3];
	atomic_int go;
};

static struct victim *victim;
static enum way way_to_go;

static void *take_all(void *unused)
{
	struct ntapc_record records[16];
	__u32 count;

	(void)unused;
	atomic_store(&victim->tids[1], syscall(SYS_gettid));
	while (atomic_load(&victim->go) < 2)
		wait_records(dev, in_ms(5), records, 16, &count);
	return NULL;
}

static void *end_it(void *unused)
{
	char *argv[] = { "/proc/self/exe", "--child", NULL };

	(void)unused;
	atomic_store(&victim->tids[2], syscall(SYS_gettid));
	while (!atomic_load(&victim->go))
		sched_yield();
	switch (way_to_go) {
	case BY_EXIT_GROUP:
		_exit(0);
	case BY_EXEC:
		execv(argv[0], argv);
		_exit(1);
	case BY_CRASH:
		__builtin_trap();
	case BY_PTHREAD_EXIT:
		break;
	case BY_SIGKILL:
		pause();
	}
	atomic_store(&victim->go, 2);
	return NULL;
}

static void be_victim(enum way way)
{
	pthread_t threads[2];

	way_to_go = way;
	set_dispatcher(dev, ADDR(dispatch_continue));
	pthread_create(&threads[0], NULL, take_all, NULL);
	pthread_create(&threads[1], NULL, end_it, NULL);
	atomic_store(&victim->tids[0], getpid());
	if (way == BY_PTHREAD_EXIT)
		syscall(SYS_exit, 0);
	pause();
	_exit(1);
}

/* Two of these queue to a thread, open it and ask about it until it is gone. */
struct tormentor {
	pthread_t thread;
	pid_t tid;
	int fd;
	unsigned int sent;
	unsigned int wrong;
	int error;		/* the last that was wrong */
	atomic_bool quit;
};

static void *torment(void *arg)
{
	struct ntapc_queue_entry entries[8];
	struct tormentor *t = arg;
	struct ntapc_thread_info info;
	int reserve = open_reserve(dev);
	unsigned int i;
	int ret, fd;

	for (i = 0; i < 8; i++)
		entries[i].routine = ADDR(log_apc);
	for (i = 0; !atomic_load(&t->quit); i++) {
		switch (i % 6) {
		case 0:
			ret = queue_many(t->fd, entries, 8);
			if (ret > 0)
				t->sent += ret;
			break;
		case 1:
			ret = queue(t->fd, log_apc, i);
			t->sent += !ret;
			break;
		case 2:
			ret = queue_reserve(t->fd, reserve, log_apc, i);
			t->sent += !ret;
			break;
		case 3:
			/* The process may have exec'ed or be a zombie. */
			fd = open_thread(dev, t->tid);
			ret = fd;
			if (fd >= 0)
				close(fd);
			break;
		case 4:
			ret = get_thread_info(t->fd, &info);
			if (ret || info.nr_queued != info.nr_delivered +
			    info.nr_dropped + info.nr_user + info.nr_special)
				t->wrong++;
			break;
		case 5:
			ret = i & 8 ? queue_special(t->fd, log_apc, i) :
				      queue_interrupt(t->fd, log_apc, i);
			t->sent += !ret;
			break;
		}
		if (ret < 0 && ret != -ESRCH && ret != -EBUSY &&
		    ret != -EAGAIN && ret != -ENXIO) {
			t->error = ret;
			t->wrong++;
		}
	}
	/* Rundown: it is free again, whatever happened to its last APC. */
	ret = open_thread(dev, 0);
	if (!wait_until(queue_reserve(ret, reserve, log_apc, 0) != -EBUSY))
		t->wrong++;
	close(ret);
	close(reserve);
	return NULL;
}

TEST_F(end, while_tormented)
{
	unsigned int rounds = scaled(20), round, i, sent;
	struct tormentor tormentors[3][2];
	struct ntapc_thread_info info;
	struct ntapc_info now_info;
	pid_t child;
	int fds[3];

	victim = mmap(NULL, sizeof(*victim), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, victim);
	for (round = 0; round < rounds; round++) {
		memset(victim, 0, sizeof(*victim));
		child = fork();
		ASSERT_LE(0, child);
		if (!child)
			be_victim(variant->way);
		for (i = 0; i < 3; i++) {
			ASSERT_TRUE(wait_until(atomic_load(&victim->tids[i])));
		}
		for (i = 0; i < 3; i++) {
			fds[i] = open_thread(dev, victim->tids[i]);
			/* The leader may have gone already. */
			if (i || variant->way != BY_PTHREAD_EXIT) {
				ASSERT_LE(0, fds[i]);
			}
		}
		for (i = 0; i < 6; i++) {
			struct tormentor *t = &tormentors[i / 2][i % 2];

			memset(t, 0, sizeof(*t));
			t->fd = fds[i / 2];
			t->tid = victim->tids[i / 2];
			if (t->fd >= 0) {
				ASSERT_EQ(0, pthread_create(&t->thread, NULL,
							    torment, t));
			}
		}
		/* Let them get going. */
		for (i = 0; i < 3; i++)
			if (fds[i] >= 0) {
				ASSERT_TRUE(wait_until(nr_pending(fds[i]) ||
						       has_exited(fds[i]) ||
						       i == 1));
			}
		if (variant->way == BY_SIGKILL)
			kill(child, SIGKILL);
		atomic_store(&victim->go, 1);
		switch (variant->way) {
		case BY_CRASH:
			EXPECT_GT(0, reap(child));
			break;
		case BY_SIGKILL:
			EXPECT_EQ(-SIGKILL, reap(child));
			break;
		default:
			EXPECT_EQ(0, reap(child));
		}
		for (i = 0; i < 3; i++) {
			struct tormentor *t = tormentors[i];

			if (fds[i] < 0)
				continue;
			ASSERT_TRUE(wait_until(has_exited(fds[i])));
			atomic_store(&t[0].quit, true);
			atomic_store(&t[1].quit, true);
			pthread_join(t[0].thread, NULL);
			pthread_join(t[1].thread, NULL);
			EXPECT_EQ(0, t[0].wrong + t[1].wrong) {
				TH_LOG("thread %u: %d %d", i, t[0].error,
				       t[1].error);
			}
			sent = t[0].sent + t[1].sent;
			ASSERT_EQ(0, get_thread_info(fds[i], &info));
			EXPECT_EQ(sent, info.nr_queued);
			EXPECT_EQ(info.nr_queued,
				  info.nr_delivered + info.nr_dropped);
			EXPECT_EQ(0, info.nr_user + info.nr_special);
			EXPECT_EQ(0, info.tid);
			close(fds[i]);
		}
	}
	ASSERT_TRUE(wait_until(!get_info(dev, &now_info) &&
			       now_info.queued_user <=
			       self->before.queued_user));
	munmap(victim, sizeof(*victim));
}

/* A thread's record goes with its last descriptor, once it has exited. */
TEST(records_go)
{
	struct ntapc_info before, info;
	int thread, i;
	pid_t child;

	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, get_info(dev, &before));
	for (i = 0; i < 20; i++) {
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			pause();
			_exit(1);
		}
		thread = open_thread(dev, child);
		ASSERT_LE(0, thread);
		EXPECT_EQ(0, queue(thread, log_apc, 1));
		ASSERT_EQ(0, get_info(dev, &info));
		EXPECT_LE(before.nr_threads + 1, info.nr_threads);
		if (i & 1)
			close(thread);
		kill(child, SIGKILL);
		EXPECT_EQ(-SIGKILL, reap(child));
		if (!(i & 1))
			close(thread);
	}
	EXPECT_TRUE(wait_until(!get_info(dev, &info) &&
			       info.nr_threads <= before.nr_threads &&
			       info.queued_user <= before.queued_user));
}

/* What NTAPC_IOC_EXIT_STATUS set shows once the thread has exited. */
static void exit_with_status(struct worker *worker)
{
	worker->ret = set_exit_status(worker->dev, 0x11111111);
	worker->ret |= set_exit_status(worker->dev, 0xc0000022);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

static void exit_without_status(struct worker *worker)
{
	(void)worker;
}

TEST(exit_status)
{
	struct ntapc_thread_info info;
	struct worker worker;

	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_TRUE(worker_start(&worker, dev, exit_with_status));
	ASSERT_TRUE(worker_reached(&worker, 1));
	EXPECT_EQ(0, worker.ret);
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(0, info.exit_status);
	worker_go(&worker);
	worker_join(&worker);
	ASSERT_TRUE(wait_until(has_exited(worker.fd)));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(0xc0000022, info.exit_status);
	EXPECT_EQ(NTAPC_THREAD_EXITED, info.state);

	ASSERT_TRUE(worker_start(&worker, dev, exit_without_status));
	worker_join(&worker);
	ASSERT_TRUE(wait_until(has_exited(worker.fd)));
	ASSERT_EQ(0, get_thread_info(worker.fd, &info));
	EXPECT_EQ(0, info.exit_status);
}

/*
 * A thread that can't be waited for by anything but its descriptor: a leader
 * that left while the others go on.
 */
TEST(leader_exits_first)
{
	struct pollfd pollfd = { .events = POLLIN };
	struct ntapc_thread_info info;
	pid_t child;
	int thread;

	dev = open_device();
	ASSERT_LE(0, dev);
	victim = mmap(NULL, sizeof(*victim), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, victim);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pthread_t other;

		way_to_go = BY_SIGKILL;
		pthread_create(&other, NULL, end_it, NULL);
		while (!atomic_load(&victim->tids[2]))
			sched_yield();
		atomic_store(&victim->tids[0], 1);
		while (atomic_load(&victim->go) < 1)
			sched_yield();
		syscall(SYS_exit, 0);
	}
	ASSERT_TRUE(wait_until(atomic_load(&victim->tids[0])));
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	EXPECT_EQ(0, queue(thread, log_apc, 1));
	pollfd.fd = thread;
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	atomic_store(&victim->go, 1);
	EXPECT_EQ(1, poll(&pollfd, 1, PATIENCE_MS));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_thread(dev, 0, 0, thread));
	EXPECT_EQ(-ESRCH, queue(thread, log_apc, 1));
	EXPECT_EQ(-ESRCH, open_thread(dev, child));
	ASSERT_EQ(0, get_thread_info(thread, &info));
	EXPECT_EQ(1, info.nr_dropped);
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
}

int main(int argc, char **argv)
{
	/* What BY_EXEC executes. */
	if (argc > 1 && !strcmp(argv[1], "--child"))
		return 0;
	return test_harness_run(argc, argv);
}
