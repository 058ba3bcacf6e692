// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/win32.h>: ReadFileEx(), WriteFileEx(), CancelIo(), CancelIoEx(). Rule numbers
 * are those of Documentation/nt-semantics.rst.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "face.h"
#include "ntapc/nt.h"
#include "ntapc/win32.h"
#include "kselftest_harness.h"

#define SIZE	100000

/* One transfer, and how it ended. */
struct transfer {
	OVERLAPPED overlapped;	/* first */
	int n;			/* what is logged at its end */
	DWORD error, bytes;
	int calls;
	pid_t tid;
	char buffer[64];
};

static VOID CALLBACK ended(DWORD error, DWORD bytes, LPOVERLAPPED overlapped)
{
	struct transfer *t = (struct transfer *)overlapped;

	t->error = error;
	t->bytes = bytes;
	t->tid = gettid();
	t->calls++;
	log_add(t->n);
}

static bool begin_read(HANDLE file, struct transfer *t, uint64_t offset, DWORD n)
{
	t->overlapped.Offset = (DWORD)offset;
	t->overlapped.OffsetHigh = offset >> 32;
	return ReadFileEx(file, t->buffer, n, &t->overlapped, ended);
}

static bool begin_write(HANDLE file, struct transfer *t, uint64_t offset,
			const char *text)
{
	strcpy(t->buffer, text);
	t->overlapped.Offset = (DWORD)offset;
	t->overlapped.OffsetHigh = offset >> 32;
	return WriteFileEx(file, t->buffer, strlen(text), &t->overlapped, ended);
}

/* Alertable waits until it has ended. */
static bool ends(struct transfer *t)
{
	int i;

	/* A second at a time: see come(). Others may end it, too. */
	for (i = 0; !t->calls && i < PATIENCE_S; )
		i += SleepEx(1000, TRUE) != WAIT_IO_COMPLETION;
	return t->calls == 1;
}

/* Not alertable: until its APC is queued. */
static bool is_queued(unsigned int n)
{
	struct ntapc_thread_info info;

	return comes_true(!ntapc_thread_info(ntapc_thread_self(), &info) &&
			  info.nr_user >= n);
}

static HANDLE handle_of(int fd)
{
	HANDLE handle = NULL;

	if (ntapc_handle_from_fd(fd, GENERIC_READ | GENERIC_WRITE, &handle))
		return NULL;
	return handle;
}

static int make_file(void)
{
	char c[SIZE];
	int fd = syscall(SYS_memfd_create, "file", 0U), i;

	for (i = 0; i < SIZE; i++)
		c[i] = i * 7 + i / 251;
	return write(fd, c, SIZE) == SIZE ? fd : -1;
}

static char byte_at(int i)
{
	return i * 7 + i / 251;
}

FIXTURE(file) {
	int fd;
	HANDLE file;
	int pipe[2];
	HANDLE read_end, write_end;
};

FIXTURE_SETUP(file)
{
	log_reset();
	self->fd = make_file();
	ASSERT_LE(0, self->fd);
	self->file = handle_of(self->fd);
	ASSERT_NE(NULL, self->file);
	ASSERT_EQ(0, pipe(self->pipe));
	self->read_end = handle_of(self->pipe[0]);
	self->write_end = handle_of(self->pipe[1]);
	ASSERT_NE(NULL, self->read_end);
	ASSERT_NE(NULL, self->write_end);
}

FIXTURE_TEARDOWN(file)
{
}

/* The routine runs in the thread that has issued it, and only in an alertable wait. */
TEST_F(file, reads_at_an_offset)
{
	struct transfer t = { .n = 1 };
	int i;

	SetLastError(0xdead);
	ASSERT_TRUE(begin_read(self->file, &t, 1234, 50));
	EXPECT_EQ(ERROR_SUCCESS, GetLastError());
	ASSERT_TRUE(is_queued(1));
	/* 3.6: an ordinary APC doesn't come in any other. */
	EXPECT_EQ(0, SleepEx(1, FALSE));
	EXPECT_EQ(0, t.calls);
	EXPECT_TRUE(HasOverlappedIoCompleted(&t.overlapped));
	EXPECT_EQ(50, t.overlapped.InternalHigh);
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(0, TRUE));
	EXPECT_EQ(1, t.calls);
	EXPECT_EQ(gettid(), t.tid);
	EXPECT_EQ(ERROR_SUCCESS, t.error);
	EXPECT_EQ(50, t.bytes);
	for (i = 0; i < 50; i++)
		EXPECT_EQ(byte_at(1234 + i), t.buffer[i]);
	EXPECT_EQ(0, t.buffer[50]);
	/* The file's own position isn't touched. */
	EXPECT_EQ(SIZE, lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(file, writes_at_an_offset)
{
	struct transfer t[2] = { { .n = 1 }, { .n = 2 } };
	char seen[16] = "";

	/* Beyond 4 GiB, where both halves count. */
	ASSERT_TRUE(begin_write(self->file, &t[0], (5ull << 32) + 3, "far"));
	ASSERT_TRUE(ends(&t[0]));
	EXPECT_EQ(ERROR_SUCCESS, t[0].error);
	EXPECT_EQ(3, t[0].bytes);
	ASSERT_EQ(3, pread(self->fd, seen, 16, (5ull << 32) + 3));
	EXPECT_STREQ("far", seen);
	/* All ones: at the end, wherever that is. */
	ASSERT_TRUE(begin_write(self->file, &t[1], ~0ull, "end"));
	ASSERT_TRUE(ends(&t[1]));
	EXPECT_EQ(ERROR_SUCCESS, t[1].error);
	ASSERT_EQ(6, pread(self->fd, seen, 16, (5ull << 32) + 3));
	EXPECT_EQ(0, memcmp("farend", seen, 6));
}

TEST_F(file, end_of_file)
{
	struct transfer t[4] = { { .n = 1 }, { .n = 2 }, { .n = 3 }, { .n = 4 } };
	int i;

	/* What there is, then nothing, at the end and behind. */
	ASSERT_TRUE(begin_read(self->file, &t[0], SIZE - 10, 50));
	ASSERT_TRUE(begin_read(self->file, &t[1], SIZE, 50));
	ASSERT_TRUE(begin_read(self->file, &t[2], SIZE + 77, 50));
	ASSERT_TRUE(begin_read(self->file, &t[3], SIZE + 77, 0));
	for (i = 0; i < 4; i++)
		ASSERT_TRUE(ends(&t[i]));
	EXPECT_EQ(ERROR_SUCCESS, t[0].error);
	EXPECT_EQ(10, t[0].bytes);
	EXPECT_EQ(ERROR_HANDLE_EOF, t[1].error);
	EXPECT_EQ(0, t[1].bytes);
	EXPECT_EQ(ERROR_HANDLE_EOF, t[2].error);
	EXPECT_EQ(0xC0000011u, t[2].overlapped.Internal);
	EXPECT_EQ(ERROR_SUCCESS, t[3].error);
}

static VOID CALLBACK user_apc(ULONG_PTR n)
{
	log_add(n);
}

/* 3.2a: at the tail, between other user APCs. */
TEST_F(file, in_order_with_other_apcs)
{
	struct transfer t = { .n = 2 };

	ASSERT_NE(0, QueueUserAPC(user_apc, GetCurrentThread(), 1));
	ASSERT_TRUE(begin_read(self->file, &t, 0, 10));
	ASSERT_TRUE(is_queued(2));
	ASSERT_NE(0, QueueUserAPC(user_apc, GetCurrentThread(), 3));
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(0, TRUE));
	EXPECT_TRUE(logged(3, 1, 2, 3));
}

/* 12.6: an APC may issue the next one, and wait for it. */
static HANDLE chained_file;
static struct transfer chained[3];

static VOID CALLBACK next_one(DWORD error, DWORD bytes, LPOVERLAPPED overlapped)
{
	int i = (struct transfer *)overlapped - chained;

	log_add(i);
	if (error || bytes != 10)
		log_add(100);
	if (i == 2)
		return;
	ReadFileEx(chained_file, chained[i + 1].buffer, 10,
		   &chained[i + 1].overlapped, next_one);
	log_add(SleepEx(PATIENCE_S * 1000, TRUE) == WAIT_IO_COMPLETION ? 10 : 11);
}

TEST_F(file, chained)
{
	chained_file = self->file;
	ASSERT_TRUE(ReadFileEx(self->file, chained[0].buffer, 10,
			       &chained[0].overlapped, next_one));
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(PATIENCE_S * 1000, TRUE));
	EXPECT_TRUE(logged(5, 0, 1, 2, 10, 10));
}

/* Far more than there are threads to do them. */
TEST_F(file, many)
{
	enum { MANY = 300 };
	static struct transfer t[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		ASSERT_TRUE(begin_read(self->file, &t[i], i * 100, 20)) {
			TH_LOG("%d: error %u", i, GetLastError());
		}
	for (i = 0; i < MANY; i++) {
		ASSERT_TRUE(ends(&t[i]));
		ASSERT_EQ(20, t[i].bytes);
		ASSERT_EQ(byte_at(i * 100 + 19), t[i].buffer[19]);
	}
}

/* 10.8: no limit keeps the end of one from being queued. */
#define LIMIT	"/sys/module/ntapc/parameters/max_queued_per_thread"

TEST_F(file, limit)
{
	int limit = open(LIMIT, O_RDWR), i;
	struct transfer t = { .n = 2 };
	char before[16] = "";

	if (limit < 0)
		SKIP(return, "not root");
	ASSERT_LT(0, read(limit, before, sizeof(before) - 1));
	ASSERT_EQ(1, pwrite(limit, "5", 1, 0));
	for (i = 0; i < 10; i++)
		QueueUserAPC(user_apc, GetCurrentThread(), 1);
	EXPECT_TRUE(begin_read(self->file, &t, 0, 10));
	EXPECT_TRUE(is_queued(6));
	ASSERT_LT(0, pwrite(limit, before, strlen(before), 0));
	EXPECT_EQ(WAIT_IO_COMPLETION, SleepEx(0, TRUE));
	EXPECT_TRUE(logged(6, 1, 1, 1, 1, 1, 2));
}

/* Pipes */

TEST_F(file, pipe_waits_and_keeps_order)
{
	struct transfer t[3] = { { .n = 1 }, { .n = 2 }, { .n = 3 } };
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_TRUE(begin_read(self->read_end, &t[i], 0, 4));
	EXPECT_EQ(0, SleepEx(10, TRUE));
	EXPECT_FALSE(HasOverlappedIoCompleted(&t[0].overlapped));
	ASSERT_EQ(10, write(self->pipe[1], "aaaabbbbcc", 10));
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(ends(&t[i]));
	EXPECT_TRUE(logged(3, 1, 2, 3));
	EXPECT_EQ(0, memcmp("aaaa", t[0].buffer, 4));
	EXPECT_EQ(0, memcmp("bbbb", t[1].buffer, 4));
	/* What there is, not all that was asked for. */
	EXPECT_EQ(2, t[2].bytes);
	EXPECT_EQ(0, memcmp("cc", t[2].buffer, 2));
}

/* However many wait, each gets what is next. */
TEST_F(file, pipe_keeps_order_of_many)
{
	enum { MANY = 40 };
	static struct transfer t[MANY];
	char text[MANY];
	int round, i;

	for (i = 0; i < MANY; i++)
		text[i] = '0' + i;
	for (round = 0; round < 5; round++) {
		memset(t, 0, sizeof(t));
		log_reset();
		for (i = 0; i < MANY; i++) {
			t[i].n = i;
			ASSERT_TRUE(begin_read(self->read_end, &t[i], 0, 1));
		}
		ASSERT_EQ(MANY, write(self->pipe[1], text, MANY));
		for (i = 0; i < MANY; i++)
			ASSERT_TRUE(ends(&t[i]));
		for (i = 0; i < MANY; i++) {
			ASSERT_EQ(text[i], t[i].buffer[0]);
			ASSERT_EQ(i, log_entry[i]);
		}
	}
}

/* A write is done to its end, and those behind it don't overtake it. */
TEST_F(file, pipe_writes_all)
{
	static char large[300000], seen[sizeof(large)];
	struct transfer t[2] = { { .n = 1 }, { .n = 2 } };
	size_t got = 0, i;

	for (i = 0; i < sizeof(large); i++)
		large[i] = i * 3 + i / 100;
	ASSERT_TRUE(WriteFileEx(self->write_end, large, sizeof(large),
				&t[0].overlapped, ended));
	ASSERT_TRUE(begin_write(self->write_end, &t[1], 0, "last"));
	EXPECT_EQ(0, SleepEx(10, TRUE));
	while (got < sizeof(large)) {
		ssize_t n = read(self->pipe[0], seen + got, sizeof(large) - got);

		ASSERT_LT(0, n);
		got += n;
	}
	ASSERT_TRUE(ends(&t[0]));
	ASSERT_TRUE(ends(&t[1]));
	EXPECT_TRUE(logged(2, 1, 2));
	EXPECT_EQ(sizeof(large), t[0].bytes);
	EXPECT_EQ(0, memcmp(large, seen, sizeof(large)));
	ASSERT_EQ(4, read(self->pipe[0], seen, 10));
	EXPECT_EQ(0, memcmp("last", seen, 4));
}

/* No signal of the program's is raised by a worker's write. */
TEST_F(file, broken_pipe)
{
	struct transfer t[2] = { { .n = 1 }, { .n = 2 } };
	int other[2];
	HANDLE end;

	ASSERT_TRUE(begin_read(self->read_end, &t[0], 0, 4));
	CloseHandle(self->write_end);
	close(self->pipe[1]);
	ASSERT_TRUE(ends(&t[0]));
	EXPECT_EQ(ERROR_BROKEN_PIPE, t[0].error);
	ASSERT_EQ(0, pipe(other));
	end = handle_of(other[1]);
	close(other[0]);
	ASSERT_TRUE(begin_write(end, &t[1], 0, "x"));
	ASSERT_TRUE(ends(&t[1]));
	EXPECT_EQ(ERROR_BROKEN_PIPE, t[1].error);
}

/* Quiet pipes hold nobody up who wants something else. */
TEST_F(file, quiet_pipes)
{
	enum { QUIET = 40 };
	static struct transfer t[QUIET + 2];
	int fds[QUIET][2], i;
	HANDLE h[QUIET];

	for (i = 0; i < QUIET; i++) {
		ASSERT_EQ(0, pipe(fds[i]));
		h[i] = handle_of(fds[i][0]);
		t[i].n = i;
		ASSERT_TRUE(begin_read(h[i], &t[i], 0, 1));
	}
	ASSERT_TRUE(begin_read(self->file, &t[QUIET], 0, 1));
	ASSERT_TRUE(ends(&t[QUIET]));
	/* Nor one anonymous inode the other that is the same. */
	fds[0][0] = eventfd(0, 0);
	fds[1][0] = eventfd(1, 0);
	t[QUIET].calls = 0;
	ASSERT_TRUE(begin_read(handle_of(fds[0][0]), &t[QUIET], 0, 8));
	ASSERT_TRUE(begin_read(handle_of(fds[1][0]), &t[QUIET + 1], 0, 8));
	ASSERT_TRUE(ends(&t[QUIET + 1]));
	EXPECT_EQ(8, t[QUIET + 1].bytes);
	EXPECT_EQ(0, t[QUIET].calls);
	for (i = QUIET - 1; i >= 0; i--) {
		ASSERT_EQ(1, write(fds[i][1], "x", 1));
		ASSERT_TRUE(ends(&t[i]));
	}
}

TEST_F(file, socket)
{
	struct transfer t[3] = { { .n = 1 }, { .n = 2 }, { .n = 3 } };
	HANDLE h[2];
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
	h[0] = handle_of(fds[0]);
	h[1] = handle_of(fds[1]);
	ASSERT_TRUE(begin_read(h[0], &t[0], 0, 10));
	/* Both directions at once. */
	ASSERT_TRUE(begin_write(h[0], &t[1], 0, "ping"));
	ASSERT_TRUE(ends(&t[1]));
	ASSERT_EQ(4, read(fds[1], t[1].buffer, 10));
	ASSERT_EQ(4, write(fds[1], "pong", 4));
	ASSERT_TRUE(ends(&t[0]));
	EXPECT_EQ(4, t[0].bytes);
	/* The end of a connection isn't an error. */
	ASSERT_TRUE(begin_read(h[0], &t[2], 0, 10));
	CloseHandle(h[1]);
	close(fds[1]);
	ASSERT_TRUE(ends(&t[2]));
	EXPECT_EQ(ERROR_SUCCESS, t[2].error);
	EXPECT_EQ(0, t[2].bytes);
}

/* Taking it back */

TEST_F(file, cancel_one)
{
	struct transfer t[3] = { { .n = 1 }, { .n = 2 }, { .n = 3 } };
	int i;

	EXPECT_FALSE(CancelIoEx(self->read_end, NULL));
	EXPECT_EQ(ERROR_NOT_FOUND, GetLastError());
	EXPECT_TRUE(CancelIo(self->read_end));
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(begin_read(self->read_end, &t[i], 0, 4));
	/* One that waits behind another one, and the one that waits. */
	EXPECT_TRUE(CancelIoEx(self->read_end, &t[1].overlapped));
	ASSERT_TRUE(ends(&t[1]));
	EXPECT_TRUE(CancelIoEx(self->read_end, &t[0].overlapped));
	EXPECT_FALSE(CancelIoEx(self->write_end, &t[2].overlapped));
	ASSERT_TRUE(ends(&t[0]));
	EXPECT_EQ(ERROR_OPERATION_ABORTED, t[0].error);
	EXPECT_EQ(ERROR_OPERATION_ABORTED, t[1].error);
	EXPECT_EQ(0xC0000120u, t[1].overlapped.Internal);
	EXPECT_EQ(0, t[2].calls);
	ASSERT_EQ(4, write(self->pipe[1], "data", 4));
	ASSERT_TRUE(ends(&t[2]));
	EXPECT_EQ(4, t[2].bytes);
	EXPECT_FALSE(CancelIoEx(self->read_end, NULL));
}

/*
 * Whatever it is written to: what doesn't fit is waited for where it can be cancelled,
 * and at the thread's end, too.
 */
static char large[1 << 20];

static void *write_large_and_exit(void *arg)
{
	struct transfer *t = arg;

	return (void *)(uintptr_t)WriteFileEx(t->overlapped.hEvent, large,
					      sizeof(large), &t->overlapped,
					      ended);
}

static bool is_full(int fd)
{
	struct pollfd out = { .fd = fd, .events = POLLOUT };

	return comes_true(!poll(&out, 1, 0));
}

TEST_F(file, cancel_large_write)
{
	char directory[] = "/tmp/ntapc-file.XXXXXX", fifo[64];
	int fds[3], pair[2], i;
	uintptr_t issued;

	ASSERT_NE(NULL, mkdtemp(directory));
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	ASSERT_EQ(0, mkfifo(fifo, 0600));
	fds[0] = open(fifo, O_RDWR);
	unlink(fifo);
	rmdir(directory);
	fds[1] = self->pipe[1];
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fds[2] = pair[0];
	for (i = 0; i < 3; i++) {
		struct transfer t[2] = { { .n = 1 }, { .n = 2 } };
		HANDLE file = handle_of(fds[i]);
		pthread_t thread;

		ASSERT_NE(NULL, file);
		t[0].overlapped.hEvent = file;
		ASSERT_TRUE(write_large_and_exit(&t[0]));
		ASSERT_TRUE(is_full(fds[i]));
		EXPECT_FALSE(HasOverlappedIoCompleted(&t[0].overlapped));
		EXPECT_TRUE(CancelIo(file));
		ASSERT_TRUE(ends(&t[0]));
		EXPECT_EQ(ERROR_OPERATION_ABORTED, t[0].error);
		EXPECT_LT(0, t[0].bytes);
		EXPECT_GT(sizeof(large), t[0].bytes);
		t[1].overlapped.hEvent = file;
		pthread_create(&thread, NULL, write_large_and_exit, &t[1]);
		pthread_join(thread, (void **)&issued);
		EXPECT_TRUE(issued);
		EXPECT_EQ(0xC0000120u, t[1].overlapped.Internal);
	}
}

struct other {
	HANDLE file;
	struct transfer transfer;
	sem_t issued, go;
	bool ok;
};

static void *read_and_exit(void *arg)
{
	struct other *o = arg;
	char on_stack[4096];

	memset(on_stack, 'S', sizeof(on_stack));
	o->ok = ReadFileEx(o->file, on_stack, sizeof(on_stack),
			   &o->transfer.overlapped, ended);
	sem_post(&o->issued);
	come(&o->go);
	return (void *)(uintptr_t)(on_stack[0] == 'S');
}

/* CancelIo() is for the calling thread's only. */
TEST_F(file, cancel_own)
{
	struct other o = { .file = self->read_end };
	struct transfer t = { .n = 1 };
	pthread_t thread;
	char c;

	sem_init(&o.issued, 0, 0);
	sem_init(&o.go, 0, 0);
	pthread_create(&thread, NULL, read_and_exit, &o);
	ASSERT_TRUE(come(&o.issued));
	ASSERT_TRUE(begin_read(self->read_end, &t, 0, 4));
	ASSERT_TRUE(CancelIo(self->read_end));
	/* It needn't wait for those before it any more. */
	ASSERT_TRUE(ends(&t));
	EXPECT_EQ(ERROR_OPERATION_ABORTED, t.error);
	EXPECT_EQ(STATUS_PENDING, (NTSTATUS)o.transfer.overlapped.Internal);
	sem_post(&o.go);
	pthread_join(thread, NULL);
	EXPECT_EQ(0xC0000120u, o.transfer.overlapped.Internal);
	/* And nothing has been taken. */
	ASSERT_EQ(1, write(self->pipe[1], "x", 1));
	ASSERT_EQ(1, read(self->pipe[0], &c, 1));
}

/*
 * 14.3, and nobody writes to the stack of a thread that is gone: the transfer is over
 * before the thread is.
 */
TEST_F(file, thread_exits)
{
	int round;

	for (round = 0; round < 50; round++) {
		struct other o = { .file = self->read_end };
		pthread_t thread;
		void *untouched;
		char c;

		sem_init(&o.issued, 0, 0);
		sem_init(&o.go, 0, 1);
		ASSERT_EQ(0, pthread_create(&thread, NULL, read_and_exit, &o));
		pthread_join(thread, &untouched);
		ASSERT_TRUE(o.ok);
		ASSERT_EQ(0xC0000120u, o.transfer.overlapped.Internal);
		ASSERT_NE(NULL, untouched);
		ASSERT_EQ(1, write(self->pipe[1], "x", 1));
		ASSERT_EQ(1, read(self->pipe[0], &c, 1));
	}
	EXPECT_EQ(0, log_count);
}

/* A terminated thread runs nothing, so its end itself has to cancel. */
TEST_F(file, thread_is_terminated)
{
	struct other o = { .file = self->read_end };
	pthread_t thread;
	int fd;

	sem_init(&o.issued, 0, 0);
	sem_init(&o.go, 0, 0);
	fd = ntapc_thread_create(&thread, NULL, read_and_exit, &o, NULL);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(come(&o.issued));
	ASSERT_EQ(0, ntapc_terminate(fd, 0));
	EXPECT_TRUE(comes_true(HasOverlappedIoCompleted(
			(volatile OVERLAPPED *)&o.transfer.overlapped)));
	EXPECT_EQ(0xC0000120u, o.transfer.overlapped.Internal);
	EXPECT_EQ(0, log_count);
}

/* The child of a fork has none of it, and can begin anew. */
TEST_F(file, fork)
{
	struct transfer t[2] = { { .n = 1 }, { .n = 2 } };
	pid_t child;

	ASSERT_TRUE(begin_read(self->read_end, &t[0], 0, 4));
	child = fork();
	if (!child) {
		if (CancelIoEx(self->read_end, NULL))
			_exit(1);
		if (!begin_read(self->file, &t[1], 0, 10))
			_exit(2);
		_exit(ends(&t[1]) && t[1].bytes == 10 ? 0 : 3);
	}
	EXPECT_EQ(0, end_of(child));
	ASSERT_EQ(4, write(self->pipe[1], "mine", 4));
	ASSERT_TRUE(ends(&t[0]));
	EXPECT_EQ(4, t[0].bytes);
}

/* The handle may be closed meanwhile. */
TEST_F(file, closed_meanwhile)
{
	struct transfer t = { .n = 1 };

	ASSERT_TRUE(begin_read(self->read_end, &t, 0, 4));
	ASSERT_TRUE(CloseHandle(self->read_end));
	close(self->pipe[0]);
	ASSERT_EQ(4, write(self->pipe[1], "data", 4));
	ASSERT_TRUE(ends(&t));
	EXPECT_EQ(4, t.bytes);
}

static int nr_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int n = 0;

	while (directory && readdir(directory))
		n++;
	if (directory)
		closedir(directory);
	return n;
}

/* However it ended, no descriptor is left. */
TEST_F(file, descriptors)
{
	struct transfer t = { .n = 1 };
	int before, i;

	ASSERT_LE(0, ntapc_thread_self());
	before = nr_descriptors();
	for (i = 0; i < 20; i++) {
		t.calls = 0;
		ASSERT_TRUE(begin_read(self->file, &t, i % 2 ? 0 : SIZE, 1));
		ASSERT_TRUE(ends(&t));
		t.calls = 0;
		ASSERT_TRUE(begin_read(self->read_end, &t, 0, 1));
		ASSERT_TRUE(CancelIoEx(self->read_end, NULL));
		ASSERT_TRUE(ends(&t));
	}
	/* But one for the process. The last ones are closed a moment later. */
	EXPECT_TRUE(comes_true(nr_descriptors() == before + 1));
}

TEST_F(file, errors)
{
	struct transfer t = { .n = 1 };
	HANDLE thread = GetCurrentThread(), weak;
	int fd;

	EXPECT_FALSE(ReadFileEx(self->file, t.buffer, 1, NULL, ended));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_FALSE(ReadFileEx(self->file, t.buffer, 1, &t.overlapped, NULL));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_FALSE(begin_read(NULL, &t, 0, 1));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_FALSE(begin_read(thread, &t, 0, 1));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	/* What the descriptor isn't for, and what the handle isn't for. */
	EXPECT_FALSE(begin_read(self->write_end, &t, 0, 1));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	EXPECT_FALSE(begin_write(self->read_end, &t, 0, "x"));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	ASSERT_EQ(0, ntapc_handle_from_fd(self->fd, GENERIC_READ, &weak));
	EXPECT_FALSE(begin_write(weak, &t, 0, "x"));
	EXPECT_EQ(ERROR_ACCESS_DENIED, GetLastError());
	EXPECT_FALSE(CancelIoEx(thread, NULL));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	/* No such offset: of these one means something for writes, only. */
	EXPECT_FALSE(begin_read(self->file, &t, ~0ull, 1));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_FALSE(begin_read(self->file, &t, 1ull << 63, 1));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_FALSE(begin_write(self->file, &t, ~0ull - 1, "x"));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(SIZE, lseek(self->fd, 0, SEEK_CUR));
	t.overlapped.Offset = t.overlapped.OffsetHigh = 0;
	/* Memory that can't be written to is found at the end. */
	ASSERT_TRUE(ReadFileEx(self->file, (void *)16, 8, &t.overlapped, ended));
	ASSERT_TRUE(ends(&t));
	EXPECT_EQ(ERROR_NOACCESS, t.error);
	/* Nothing of the above was queued. */
	EXPECT_EQ(1, log_count);
	/* A device without any room. */
	fd = open("/dev/full", O_WRONLY);
	if (fd < 0)
		return;
	t.calls = 0;
	ASSERT_TRUE(begin_write(handle_of(fd), &t, 0, "x"));
	ASSERT_TRUE(ends(&t));
	EXPECT_EQ(ERROR_DISK_FULL, t.error);
}

TEST_HARNESS_MAIN
