/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls that block, a variant of the fixture "calls" for each: for
 * programs that have the harness's header and a FIXTURE_SETUP(calls).
 */
#ifndef NTAPC_SELFTESTS_CALLS_H
#define NTAPC_SELFTESTS_CALLS_H

#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/un.h>

struct call {
	int fds[2];
	int other;
	atomic_int word;
	pid_t child;
	key_t key;
	long ret;
	int error;
	/* How long those take that end by themselves. */
	unsigned int timeout_ms;
	__u64 started;		/* just before the worker was */
	__u64 begin, end;	/* of the call, by the worker's watch */
	struct worker worker;
};

static struct call call;

FIXTURE(calls)
{
};

FIXTURE_VARIANT(calls)
{
	bool (*prepare)(void);
	long (*block)(void);
	/* Makes it end; for a call with a timeout none is needed. */
	void (*release)(void);
	/* What it returns then. */
	long ret;
	/* Linux never restarts it: signal(7). */
	bool eintr;
	unsigned int timeout_ms;
};

static bool prepare_pipe(void)
{
	return !pipe2(call.fds, O_CLOEXEC);
}

static void release_pipe(void)
{
	if (write(call.fds[1], "x", 1) != 1)
		abort();
}

static long block_read(void)
{
	char c;

	return read(call.fds[0], &c, 1);
}

FIXTURE_VARIANT_ADD(calls, read_pipe)
{
	.prepare = prepare_pipe,
	.block = block_read,
	.release = release_pipe,
	.ret = 1,
};

static bool prepare_full_pipe(void)
{
	char page[4096] = {};

	if (pipe2(call.fds, O_CLOEXEC | O_NONBLOCK))
		return false;
	while (write(call.fds[1], page, sizeof(page)) > 0)
		;
	return !fcntl(call.fds[1], F_SETFL, 0);
}

static long block_write(void)
{
	char page[4096] = {};

	return write(call.fds[1], page, sizeof(page));
}

static void drain_pipe(void)
{
	char page[4096];
	int i;

	for (i = 0; i < 4; i++)
		if (read(call.fds[0], page, sizeof(page)) < 0)
			abort();
}

FIXTURE_VARIANT_ADD(calls, write_pipe)
{
	.prepare = prepare_full_pipe,
	.block = block_write,
	.release = drain_pipe,
	.ret = 4096,
};

static bool prepare_eventfd(void)
{
	call.fds[0] = call.fds[1] = eventfd(0, EFD_CLOEXEC);
	return call.fds[0] >= 0;
}

static long block_read_eventfd(void)
{
	__u64 value;

	return read(call.fds[0], &value, sizeof(value));
}

static void release_eventfd(void)
{
	__u64 one = 1;

	if (write(call.fds[0], &one, sizeof(one)) != sizeof(one))
		abort();
}

FIXTURE_VARIANT_ADD(calls, read_eventfd)
{
	.prepare = prepare_eventfd,
	.block = block_read_eventfd,
	.release = release_eventfd,
	.ret = 8,
};

static bool prepare_sockets(void)
{
	return !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, call.fds);
}

static long block_recv_all(void)
{
	char text[8];

	return recv(call.fds[0], text, sizeof(text), MSG_WAITALL);
}

static void release_recv_all(void)
{
	if (send(call.fds[1], "12345678", 8, 0) != 8)
		abort();
}

FIXTURE_VARIANT_ADD(calls, recv_waitall)
{
	.prepare = prepare_sockets,
	.block = block_recv_all,
	.release = release_recv_all,
	.ret = 8,
};

static bool prepare_recv_timeout(void)
{
	struct timeval tv = { .tv_sec = PATIENCE_MS / 1000 };

	return prepare_sockets() &&
	       !setsockopt(call.fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv,
			   sizeof(tv));
}

FIXTURE_VARIANT_ADD(calls, recv_with_so_rcvtimeo)
{
	.prepare = prepare_recv_timeout,
	.block = block_recv_all,
	.release = release_recv_all,
	.ret = 8,
	.eintr = true,
};

static bool prepare_listener(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = offsetof(struct sockaddr_un, sun_path) + 1 +
		  snprintf(address.sun_path + 1, 64, "ntapc-%d", getpid());

	call.fds[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	call.fds[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	call.other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return !bind(call.fds[0], (void *)&address, len) &&
	       !listen(call.fds[0], 0);
}

static int connect_to_listener(int fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = offsetof(struct sockaddr_un, sun_path) + 1 +
		  snprintf(address.sun_path + 1, 64, "ntapc-%d", getpid());

	return connect(fd, (void *)&address, len);
}

static long block_accept(void)
{
	return accept4(call.fds[0], NULL, NULL, SOCK_CLOEXEC) < 0 ? -1 : 0;
}

static void release_accept(void)
{
	if (connect_to_listener(call.fds[1]))
		abort();
}

FIXTURE_VARIANT_ADD(calls, accept)
{
	.prepare = prepare_listener,
	.block = block_accept,
	.release = release_accept,
};

/* One connection fits into the backlog, so that the next blocks. */
static bool prepare_connect(void)
{
	return prepare_listener() && !connect_to_listener(call.fds[1]);
}

static long block_connect(void)
{
	return connect_to_listener(call.other);
}

static void release_connect(void)
{
	if (accept(call.fds[0], NULL, NULL) < 0)
		abort();
}

FIXTURE_VARIANT_ADD(calls, connect)
{
	.prepare = prepare_connect,
	.block = block_connect,
	.release = release_connect,
};

static bool prepare_flock(void)
{
	char path[] = "/tmp/ntapc-special.XXXXXX";

	call.fds[0] = mkostemp(path, O_CLOEXEC);
	call.fds[1] = open(path, O_RDWR | O_CLOEXEC);
	unlink(path);
	return call.fds[1] >= 0 && !flock(call.fds[0], LOCK_EX);
}

static long block_flock(void)
{
	return flock(call.fds[1], LOCK_EX);
}

static void release_flock(void)
{
	if (flock(call.fds[0], LOCK_UN))
		abort();
}

FIXTURE_VARIANT_ADD(calls, flock)
{
	.prepare = prepare_flock,
	.block = block_flock,
	.release = release_flock,
};

static bool prepare_child(void)
{
	char c;

	if (!prepare_pipe())
		return false;
	call.child = fork();
	if (!call.child) {
		close(call.fds[1]);
		_exit(read(call.fds[0], &c, 1) == 1 ? 0 : 1);
	}
	return call.child > 0;
}

static long block_waitpid(void)
{
	int status = -1;

	return waitpid(call.child, &status, 0) == call.child ? status : -1;
}

FIXTURE_VARIANT_ADD(calls, waitpid)
{
	.prepare = prepare_child,
	.block = block_waitpid,
	.release = release_pipe,
};

static bool prepare_word(void)
{
	atomic_store(&call.word, 0);
	return true;
}

static long futex_wait(const struct timespec *timeout)
{
	return syscall(SYS_futex, &call.word, FUTEX_WAIT_PRIVATE, 0, timeout,
		       NULL, 0);
}

static long block_futex(void)
{
	return futex_wait(NULL);
}

static void release_futex(void)
{
	atomic_store(&call.word, 1);
	if (syscall(SYS_futex, &call.word, FUTEX_WAKE_PRIVATE, 1) != 1)
		abort();
}

FIXTURE_VARIANT_ADD(calls, futex)
{
	.prepare = prepare_word,
	.block = block_futex,
	.release = release_futex,
};

/* -1 with ETIMEDOUT is what it ends with; told as 110. */
static long block_futex_timeout(void)
{
	struct timespec ts = timespec_of_ms(call.timeout_ms);

	return futex_wait(&ts) < 0 && errno == ETIMEDOUT ? ETIMEDOUT : -1;
}

FIXTURE_VARIANT_ADD(calls, futex_timeout)
{
	.prepare = prepare_word,
	.block = block_futex_timeout,
	.ret = ETIMEDOUT,
	.timeout_ms = 400,
};

static long block_nanosleep(void)
{
	struct timespec ts = timespec_of_ms(call.timeout_ms);
	struct timespec rest = {};

	return syscall(SYS_nanosleep, &ts, &rest);
}

FIXTURE_VARIANT_ADD(calls, nanosleep)
{
	.prepare = prepare_word,
	.block = block_nanosleep,
	.timeout_ms = 400,
};

static long block_clock_nanosleep(void)
{
	__u64 deadline = in_ms(call.timeout_ms);
	struct timespec ts = {
		.tv_sec = deadline / NS_PER_SEC,
		.tv_nsec = deadline % NS_PER_SEC,
	};

	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &ts,
		       NULL);
}

FIXTURE_VARIANT_ADD(calls, clock_nanosleep_absolute)
{
	.prepare = prepare_word,
	.block = block_clock_nanosleep,
	.timeout_ms = 400,
};

static long block_poll(void)
{
	struct pollfd pollfd = { .fd = call.fds[0], .events = POLLIN };

	return poll(&pollfd, 1, -1);
}

FIXTURE_VARIANT_ADD(calls, poll)
{
	.prepare = prepare_pipe,
	.block = block_poll,
	.release = release_pipe,
	.ret = 1,
};

static long block_poll_timeout(void)
{
	struct pollfd pollfd = { .fd = call.fds[0], .events = POLLIN };

	return poll(&pollfd, 1, call.timeout_ms);
}

FIXTURE_VARIANT_ADD(calls, poll_timeout)
{
	.prepare = prepare_pipe,
	.block = block_poll_timeout,
	.timeout_ms = 400,
};

static long block_ppoll_timeout(void)
{
	struct pollfd pollfd = { .fd = call.fds[0], .events = POLLIN };
	struct timespec ts = timespec_of_ms(call.timeout_ms);
	sigset_t mask;

	sigfillset(&mask);
	return ppoll(&pollfd, 1, &ts, &mask);
}

FIXTURE_VARIANT_ADD(calls, ppoll_timeout)
{
	.prepare = prepare_pipe,
	.block = block_ppoll_timeout,
	.timeout_ms = 400,
};

static long block_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(call.fds[0], &set);
	return select(call.fds[0] + 1, &set, NULL, NULL, NULL);
}

FIXTURE_VARIANT_ADD(calls, select)
{
	.prepare = prepare_pipe,
	.block = block_select,
	.release = release_pipe,
	.ret = 1,
};

static long block_select_timeout(void)
{
	struct timeval tv = {
		.tv_sec = call.timeout_ms / 1000,
		.tv_usec = call.timeout_ms % 1000 * 1000,
	};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(call.fds[0], &set);
	return select(call.fds[0] + 1, &set, NULL, NULL, &tv);
}

FIXTURE_VARIANT_ADD(calls, select_timeout)
{
	.prepare = prepare_pipe,
	.block = block_select_timeout,
	.timeout_ms = 400,
};

/* Linux has epoll_wait() fail whenever it is interrupted: signal(7). */
static long block_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(fd, EPOLL_CTL_ADD, call.fds[0], &event))
		return -1;
	return epoll_wait(fd, &event, 1, PATIENCE_MS);
}

FIXTURE_VARIANT_ADD(calls, epoll_wait)
{
	.prepare = prepare_pipe,
	.block = block_epoll,
	.release = release_pipe,
	.ret = 1,
	.eintr = true,
};

static bool prepare_message_queue(void)
{
	call.key = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	return call.key >= 0;
}

static long block_msgrcv(void)
{
	struct {
		long type;
		char text[8];
	} message;

	return msgrcv(call.key, &message, sizeof(message.text), 0, 0);
}

static void release_msgrcv(void)
{
	struct {
		long type;
		char text[8];
	} message = { .type = 1 };

	if (msgsnd(call.key, &message, 4, 0))
		abort();
}

FIXTURE_VARIANT_ADD(calls, msgrcv)
{
	.prepare = prepare_message_queue,
	.block = block_msgrcv,
	.release = release_msgrcv,
	.ret = 4,
};

static bool prepare_semaphore(void)
{
	call.key = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
	return call.key >= 0;
}

/* Never restarted: signal(7). */
static long block_semop(void)
{
	struct sembuf take = { .sem_op = -1 };

	return semop(call.key, &take, 1);
}

static void release_semop(void)
{
	struct sembuf give = { .sem_op = 1 };

	if (semop(call.key, &give, 1))
		abort();
}

FIXTURE_VARIANT_ADD(calls, semop)
{
	.prepare = prepare_semaphore,
	.block = block_semop,
	.release = release_semop,
	.eintr = true,
};

static bool prepare_sigtimedwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return !pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static long block_sigtimedwait(void)
{
	struct timespec ts = { .tv_sec = PATIENCE_MS / 1000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigtimedwait(&set, NULL, &ts);
}

static void release_sigtimedwait(void)
{
	pthread_kill(call.worker.thread, SIGUSR2);
}

FIXTURE_VARIANT_ADD(calls, sigtimedwait)
{
	.prepare = prepare_sigtimedwait,
	.block = block_sigtimedwait,
	.release = release_sigtimedwait,
	.ret = SIGUSR2,
	.eintr = true,
};

static void no_handler(int sig)
{
	(void)sig;
}

static bool prepare_signal(void)
{
	struct sigaction action = { .sa_handler = no_handler };

	return !sigaction(SIGUSR1, &action, NULL);
}

/* Only a handler ends it: then it is EINTR, told as 4. */
static long block_pause(void)
{
	return syscall(SYS_pause) < 0 && errno == EINTR ? EINTR : -1;
}

static void release_by_signal(void)
{
	pthread_kill(call.worker.thread, SIGUSR1);
}

FIXTURE_VARIANT_ADD(calls, pause)
{
	.prepare = prepare_signal,
	.block = block_pause,
	.release = release_by_signal,
	.ret = EINTR,
};

static long block_sigsuspend(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	return sigsuspend(&mask) < 0 && errno == EINTR ? EINTR : -1;
}

FIXTURE_VARIANT_ADD(calls, sigsuspend)
{
	.prepare = prepare_signal,
	.block = block_sigsuspend,
	.release = release_by_signal,
	.ret = EINTR,
};

/* A thread in one of them */

/* The variant's, for the worker. */
static long (*variant_block)(void);

/* It stays behind the call, so that its descriptor is good until finish_call(). */
static void call_worker(struct worker *worker)
{
	call.begin = now();
	atomic_store(&worker->stage, 1);
	call.ret = variant_block();
	call.error = errno;
	call.end = now();
	worker->arg = call.end - call.begin;
	worker->ret = log_count();
	atomic_store(&worker->stage, 2);
	worker_wait(worker);
}

static inline bool start_call(bool (*prepare)(void), long (*block)(void),
			      int instance)
{
	variant_block = block;
	if (!prepare())
		return false;
	call.started = now();
	return worker_start(&call.worker, instance, call_worker) &&
	       worker_reached(&call.worker, 1) &&
	       wait_asleep(call.worker.tid);
}

#define START_CALL()							\
	ASSERT_TRUE(start_call(variant->prepare, variant->block, dev))

/* What it has to end with if it was interrupted. */
#define EXPECT_RESULT() do {						\
	if (variant->eintr) {						\
		EXPECT_EQ(-1, call.ret);				\
		EXPECT_EQ(EINTR, call.error);				\
	} else {							\
		EXPECT_EQ(variant->ret, call.ret) {			\
			TH_LOG("errno %d", call.error);			\
		}							\
	}								\
} while (0)

/* Waits for the end of the call, and of its thread. */
static inline bool finish_call(void)
{
	return worker_finish(&call.worker);
}

/*
 * A call that ends by itself does so in its own time, whether or not the test has
 * done by then what it does to it. If it hasn't, as this machine had other things
 * to do, that has shown nothing; it is done again with twice the time.
 */
#define LONGEST_CALL_MS	15000

static inline bool call_has_time(void)
{
	return !call.timeout_ms ||
	       now() - call.started < call.timeout_ms * NS_PER_MS;
}

static inline bool more_time_for_call(void)
{
	call.timeout_ms *= 2;
	return call.timeout_ms && call.timeout_ms < LONGEST_CALL_MS;
}

/*
 * Waits until the call has used up one of so many parts of its time, for what is to
 * come so late that a call begun anew would end later by more than any delay.
 */
static inline void wait_for_part_of_call(unsigned int parts)
{
	__u64 end = call.begin + call.timeout_ms * NS_PER_MS / parts;

	wait_until(now() >= end);
}

/*
 * It hasn't been started over by what was done to it at @when or later: even if
 * its end was late, it came before it would have had to come then.
 */
static inline bool call_kept_its_time(__u64 when)
{
	return call.end < when + call.timeout_ms * NS_PER_MS;
}

#endif /* NTAPC_SELFTESTS_CALLS_H */
