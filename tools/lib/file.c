// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * kernel32's face of files: transfers whose end is an APC of the thread that has begun
 * them.
 *
 * The library's own threads (pool.c) do the transfers. io_uring would need one of
 * those as well, as its completions are no APCs, and isn't to be had everywhere: seccomp
 * filters of containers and a sysctl forbid it.
 *
 * A request keeps what it needs: the handle pinned, a descriptor of the thread, and a
 * reserve object, so that at its end nothing is lacking to queue the APC. The thread's
 * exit cancels what is left, and waits for that, as nothing may be written to its
 * stack then. Nobody takes a lock (see internal.h). All of a request that changes
 * hands is in its word::
 *
 *   FREE -> CLAIMED	who issues it, and fills it in
 *   CLAIMED -> LIVE	from here on it is in the pool, and can be cancelled
 *   LIVE -> ENDING	the worker; nothing of the thread's is touched any more
 *   ENDING -> FREE	the same, when the APC is queued; with the next generation
 *
 * The request of a thread that is ended between the first two is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"
#include "ntapc/win32.h"
#include "pool.h"

#define REQUESTS	16384
#define APPEND		UINT64_MAX	/* both halves of the offset */

/* A request's word: generation, CANCELLED, state. */
#define STATE_MASK	3U
#define FREE		0U
#define CLAIMED		1U
#define LIVE		2U
#define ENDING		3U
#define CANCELLED	4U
#define GENERATION	8U

struct request {
	struct work work;	/* first */
	_Atomic uint32_t word;
	/* What it is looked for by. */
	_Atomic pid_t tid;
	struct slot *_Atomic slot;
	OVERLAPPED *_Atomic overlapped;

	struct object_ref file;
	int thread, reserve;	/* descriptors */
	bool stream;		/* has no offsets */
	bool pipe;
	bool write;
	char *buffer;
	DWORD length, done;
	uint64_t offset;
	LPOVERLAPPED_COMPLETION_ROUTINE routine;
};

struct files {
	_Atomic int cancel_fd;		/* plus 1; an eventfd that is only written to */
	_Atomic uint32_t nr_used;	/* of @request, ever */
	_Atomic uint32_t hint;		/* where one may be free */
	struct request request[REQUESTS];
};

static void *_Atomic files_memory;
static pthread_key_t exit_key;
static bool exit_key_valid;

static struct files *files_get(void)
{
	return ntapc__own_memory(&files_memory, sizeof(struct files));
}

/* What an errno of a transfer is in NT and in Win32. */
static const struct outcome {
	int err;
	NTSTATUS status;
	DWORD error;
} outcomes[] = {
	{ 0, STATUS_SUCCESS, ERROR_SUCCESS },
	{ -ENODATA, (NTSTATUS)0xC0000011, ERROR_HANDLE_EOF },
	{ -ECANCELED, (NTSTATUS)0xC0000120, ERROR_OPERATION_ABORTED },
	{ -EPIPE, (NTSTATUS)0xC000014B, ERROR_BROKEN_PIPE },
	{ -ECONNRESET, (NTSTATUS)0xC000020D, ERROR_NETNAME_DELETED },
	{ -ENOSPC, (NTSTATUS)0xC000007F, ERROR_DISK_FULL },
	{ -EDQUOT, (NTSTATUS)0xC000007F, ERROR_DISK_FULL },
	{ -EFBIG, (NTSTATUS)0xC000007F, ERROR_DISK_FULL },
	{ -EFAULT, STATUS_ACCESS_VIOLATION, ERROR_NOACCESS },
	{ -EIO, (NTSTATUS)0xC0000185, ERROR_IO_DEVICE },
	{ -EINVAL, STATUS_INVALID_PARAMETER, ERROR_INVALID_PARAMETER },
	{ -EISDIR, STATUS_INVALID_PARAMETER, ERROR_INVALID_PARAMETER },
	{ -EPERM, STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED },
	{ INT_MIN, STATUS_UNSUCCESSFUL, ERROR_GEN_FAILURE },
};

static const struct outcome *outcome_of(int err)
{
	const struct outcome *o = outcomes;

	while (o->err != err && o->err != INT_MIN)
		o++;
	return o;
}

/* --- doing it: in a worker ------------------------------------------------- */

static bool is_cancelled(struct request *r)
{
	return atomic_load(&r->word) & CANCELLED;
}

static int watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/*
 * Until the file is ready or the request is cancelled. That is told by an eventfd which
 * all requests share and nobody reads from, so each epoll sees the edge of each write;
 * who terminated the thread tells nobody, but its descriptor is readable then.
 */
static int wait_in(int epoll, struct request *r)
{
	int cancel = atomic_load(&files_get()->cancel_fd) - 1;
	struct epoll_event event;
	int ret;

	ret = watch(epoll, r->file.object.fd, r->write ? EPOLLOUT : EPOLLIN);
	if (ret == -EPERM)
		return 0;	/* it never has to be waited for */
	if (!ret)
		ret = watch(epoll, r->thread, EPOLLIN);
	if (!ret)
		ret = watch(epoll, cancel, EPOLLIN | EPOLLET);
	while (!ret && !is_cancelled(r)) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			continue;
		if (event.data.fd == r->thread)
			return -ECANCELED;
		if (event.data.fd == r->file.object.fd)
			return 0;
	}
	return ret ? ret : -ECANCELED;
}

static int wait_ready(struct request *r)
{
	struct pollfd now = {
		.fd = r->file.object.fd,
		.events = r->write ? POLLOUT : POLLIN,
	};
	int epoll, ret;

	if (poll(&now, 1, 0))
		return 0;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		return -errno;
	ret = wait_in(epoll, r);
	close(epoll);
	return ret;
}

/*
 * Where RWF_NOWAIT isn't to be had: of named pipes, and of more with older kernels. All
 * of a write would wait where nobody can cancel it, but a pipe that is ready has room
 * for PIPE_BUF. What else it may be is written as it is: a device may take each write
 * for a message.
 */
static ssize_t transfer_plainly(struct request *r, const struct iovec *part)
{
	int fd = r->file.object.fd;
	size_t n = part->iov_len;
	ssize_t ret;

	ret = r->write ? send(fd, part->iov_base, n, MSG_DONTWAIT) :
			 recv(fd, part->iov_base, n, MSG_DONTWAIT);
	if (ret >= 0 || errno != ENOTSOCK)
		return ret;
	if (r->pipe && n > PIPE_BUF)
		n = PIPE_BUF;
	return r->write ? write(fd, part->iov_base, n) :
			  read(fd, part->iov_base, n);
}

/* Of what is ready; another reader may have been faster, hence RWF_NOWAIT. */
static ssize_t transfer_some(struct request *r)
{
	struct iovec part = { r->buffer + r->done, r->length - r->done };
	int flags = r->stream ? RWF_NOWAIT : 0;
	off_t offset = r->stream ? -1 : (off_t)(r->offset + r->done);
	int fd = r->file.object.fd;
	ssize_t n;

	if (r->write && !r->stream && r->offset == APPEND) {
		flags = RWF_APPEND;
		offset = 0;
	}
	n = r->write ? pwritev2(fd, &part, 1, offset, flags) :
		       preadv2(fd, &part, 1, offset, flags);
	if (n < 0 && errno == EOPNOTSUPP && r->stream)
		n = transfer_plainly(r, &part);
	return n < 0 ? -errno : n;
}

/* The end of a file is an error, but that of a connection isn't. */
static int at_end(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	return S_ISSOCK(st.st_mode) ? 0 : S_ISFIFO(st.st_mode) ? -EPIPE : -ENODATA;
}

/* From a stream it takes what there is; all else is done to the end. */
static int transfer(struct request *r)
{
	ssize_t n;
	int ret;

	if (is_cancelled(r) || ntapc__thread_has_exited(r->thread))
		return -ECANCELED;
	while (r->done < r->length) {
		ret = r->stream ? wait_ready(r) : 0;
		if (ret)
			return ret;
		n = transfer_some(r);
		if (n == -EAGAIN)
			continue;
		if (n < 0)
			return n;
		if (!n)
			return r->done ? 0 : at_end(r->file.object.fd);
		r->done += n;
		if (r->stream && !r->write)
			return 0;
	}
	return 0;
}

static void release(struct files *f, struct request *r)
{
	uint32_t i = r - f->request, word;

	close(r->thread);
	close(r->reserve);
	ntapc__object_ref_put(&r->file);
	/* Nobody changes an ending one's. */
	word = atomic_load(&r->word);
	atomic_store(&r->word,
		     ((word & ~(GENERATION - 1)) + GENERATION) | FREE);
	if (i < atomic_load(&f->hint))
		atomic_store(&f->hint, i);
}

/* That the thread has ended meanwhile is no error: then nobody wants to know. */
static void finish(struct request *r, int err)
{
	const struct outcome *o = outcome_of(err);
	OVERLAPPED *overlapped = atomic_load(&r->overlapped);
	union {
		LPOVERLAPPED_COMPLETION_ROUTINE win32;
		ntapc_routine plain;
	} fn = { .win32 = r->routine };

	overlapped->InternalHigh = r->done;
	__atomic_store_n(&overlapped->Internal, (ULONG)o->status,
			 __ATOMIC_RELEASE);
	/* Who has cancelled it may wait for that. */
	if (atomic_fetch_or(&r->word, ENDING) & CANCELLED)
		ntapc__futex_wake(&r->word, INT_MAX);
	ntapc_queue_ex(r->thread, 0, r->reserve, fn.plain, o->error, r->done,
		       (uintptr_t)overlapped);
	release(files_get(), r);
}

static void request_run(struct work *work)
{
	struct request *r = (struct request *)work;

	finish(r, transfer(r));
}

static bool request_hurries(struct work *work)
{
	return is_cancelled((struct request *)work);
}

/* --- issuing it ------------------------------------------------------------ */

static bool claim(struct request *r)
{
	uint32_t word = atomic_load(&r->word);

	return (word & STATE_MASK) == FREE &&
	       atomic_compare_exchange_strong(&r->word, &word, word | CLAIMED);
}

static struct request *claim_any(struct files *f)
{
	uint32_t from = atomic_load(&f->hint), i, at, used;

	for (i = 0; i < REQUESTS; i++) {
		at = (from + i) % REQUESTS;
		if (!claim(&f->request[at]))
			continue;
		atomic_store(&f->hint, at + 1);
		used = atomic_load(&f->nr_used);
		while (used <= at &&
		       !atomic_compare_exchange_weak(&f->nr_used, &used, at + 1))
			;
		return &f->request[at];
	}
	return NULL;
}

/* It stays for as long as the process: who writes to it needn't fear for its number. */
static int cancel_fd_make(struct files *f)
{
	int expected = 0, fd;

	if (atomic_load(&f->cancel_fd))
		return 0;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	fd = ntapc__keep_off_stdio(fd);
	if (fd < 0)
		return fd;
	if (!atomic_compare_exchange_strong(&f->cancel_fd, &expected, fd + 1))
		close(fd);
	return 0;
}

/* pread() and the like take negative ones for something else, or for none at all. */
static bool is_offset_valid(const struct request *r)
{
	return r->stream || r->offset <= INT64_MAX ||
	       (r->write && r->offset == APPEND);
}

/* Streams keep their order, by what is transferred to or from. */
static int describe(struct request *r)
{
	int fd = r->file.object.fd, flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if ((flags & O_ACCMODE) == (r->write ? O_RDONLY : O_WRONLY) ||
	    flags & O_PATH)
		return -EACCES;
	r->stream = !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
	r->pipe = S_ISFIFO(st.st_mode);
	if (!is_offset_valid(r))
		return -EINVAL;
	r->work.key[0] = r->work.key[1] = r->work.key[2] = 0;
	if (!r->stream)
		return 0;
	r->work.key[2] = 1 + r->write;
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) {
		r->work.key[0] = st.st_dev;
		r->work.key[1] = st.st_ino;
	} else {
		/* Many that have nothing in common may have one inode. */
		r->work.key[0] = (uintptr_t)r->file.slot;
	}
	return 0;
}

/* What it will need; the file is put by the caller if it fails. */
static int equip(struct request *r)
{
	int self = ntapc_thread_self(), ret;

	if (self < 0)
		return self;
	ret = describe(r);
	if (ret)
		return ret;
	r->thread = fcntl(self, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (r->thread < 0)
		return -errno;
	r->reserve = ntapc__keep_off_stdio(ntapc_reserve_create());
	if (r->reserve < 0) {
		close(r->thread);
		return r->reserve;
	}
	return 0;
}

static NTSTATUS issue(struct files *f, const struct request *template)
{
	OVERLAPPED *overlapped = atomic_load(&template->overlapped);
	struct request *r = claim_any(f);
	uint32_t word;
	int ret;

	if (!r)
		return STATUS_INSUFFICIENT_RESOURCES;
	word = atomic_load(&r->word);
	r->work.run = request_run;
	r->work.hurries = request_hurries;
	r->file = template->file;
	r->write = template->write;
	r->buffer = template->buffer;
	r->length = template->length;
	r->offset = template->offset;
	r->routine = template->routine;
	r->done = 0;
	atomic_store(&r->tid, gettid());
	atomic_store(&r->slot, r->file.slot);
	atomic_store(&r->overlapped, overlapped);
	ret = equip(r);
	if (ret) {
		atomic_store(&r->word, word & ~STATE_MASK);
		return ntapc__status(ret);
	}
	overlapped->InternalHigh = 0;
	overlapped->Internal = STATUS_PENDING;
	if (exit_key_valid)
		pthread_setspecific(exit_key, f);
	atomic_store(&r->word, (word & ~STATE_MASK) | LIVE);
	ntapc__pool_give(&r->work);
	return STATUS_SUCCESS;
}

static NTSTATUS begin(HANDLE file, struct request *template)
{
	ACCESS_MASK access = template->write ? FILE_WRITE_DATA : FILE_READ_DATA;
	struct files *f = files_get();
	int saved = errno, ret;
	NTSTATUS status;

	if (!template->routine || !atomic_load(&template->overlapped))
		return STATUS_INVALID_PARAMETER;
	if (!f)
		return STATUS_NO_MEMORY;
	status = ntapc__object_get_type(file, OBJECT_FILE, access,
					&template->file);
	if (status)
		return status;
	ret = cancel_fd_make(f);
	if (!ret)
		ret = ntapc__pool_start();
	status = ret ? ntapc__status(ret) : issue(f, template);
	if (status)
		ntapc__object_ref_put(&template->file);
	errno = saved;
	return status;
}

static BOOL transfer_ex(HANDLE file, void *buffer, DWORD length,
			LPOVERLAPPED overlapped,
			LPOVERLAPPED_COMPLETION_ROUTINE routine, bool write)
{
	struct request template = {
		.write = write,
		.buffer = buffer,
		.length = length,
		.routine = routine,
	};

	if (overlapped)
		template.offset = (uint64_t)overlapped->OffsetHigh << 32 |
				  overlapped->Offset;
	atomic_init(&template.overlapped, overlapped);
	if (!ntapc__done(begin(file, &template)))
		return FALSE;
	/* Callers look for warnings there. */
	SetLastError(ERROR_SUCCESS);
	return TRUE;
}

BOOL WINAPI ReadFileEx(HANDLE hFile, LPVOID lpBuffer, DWORD nNumberOfBytesToRead,
		       LPOVERLAPPED lpOverlapped,
		       LPOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
{
	return transfer_ex(hFile, lpBuffer, nNumberOfBytesToRead, lpOverlapped,
			   lpCompletionRoutine, false);
}

BOOL WINAPI WriteFileEx(HANDLE hFile, LPCVOID lpBuffer,
			DWORD nNumberOfBytesToWrite, LPOVERLAPPED lpOverlapped,
			LPOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
{
	return transfer_ex(hFile, (void *)lpBuffer, nNumberOfBytesToWrite,
			   lpOverlapped, lpCompletionRoutine, true);
}

/* --- taking it back -------------------------------------------------------- */

/* What is to be cancelled; NULL and 0: any. */
struct which {
	pid_t tid;
	struct slot *slot;
	OVERLAPPED *overlapped;
};

static bool is_meant(struct request *r, uint32_t word, const struct which *which)
{
	return (word & STATE_MASK) == LIVE &&
	       (!which->tid || atomic_load(&r->tid) == which->tid) &&
	       (!which->slot || atomic_load(&r->slot) == which->slot) &&
	       (!which->overlapped ||
		atomic_load(&r->overlapped) == which->overlapped);
}

/*
 * The word has to be as before when all the others have been looked at. If it isn't,
 * somebody else may have cancelled it, which is as good, and is seen the next time.
 */
static bool cancel(struct request *r, const struct which *which)
{
	uint32_t word = atomic_load(&r->word);

	while (is_meant(r, word, which))
		if (atomic_compare_exchange_weak(&r->word, &word,
						 word | CANCELLED))
			return true;
	return false;
}

static bool cancel_all(struct files *f, const struct which *which)
{
	uint32_t n = atomic_load(&f->nr_used), i;
	uint64_t one = 1;
	bool any = false;
	int saved = errno;

	for (i = 0; i < n; i++)
		any |= cancel(&f->request[i], which);
	if (any) {
		(void)!write(atomic_load(&f->cancel_fd) - 1, &one, sizeof(one));
		ntapc__pool_look();
	}
	errno = saved;
	return any;
}

static NTSTATUS cancel_io(HANDLE file, struct which *which, bool *any)
{
	struct files *f = files_get();
	struct object_ref ref;
	NTSTATUS status;

	if (!f)
		return STATUS_NO_MEMORY;
	status = ntapc__object_get_type(file, OBJECT_FILE, 0, &ref);
	if (status)
		return status;
	which->slot = ref.slot;
	*any = cancel_all(f, which);
	ntapc__object_ref_put(&ref);
	return STATUS_SUCCESS;
}

BOOL WINAPI CancelIo(HANDLE hFile)
{
	struct which which = { .tid = gettid() };
	bool any;

	return ntapc__done(cancel_io(hFile, &which, &any));
}

BOOL WINAPI CancelIoEx(HANDLE hFile, LPOVERLAPPED lpOverlapped)
{
	struct which which = { .overlapped = lpOverlapped };
	bool any;

	if (!ntapc__done(cancel_io(hFile, &which, &any)))
		return FALSE;
	if (!any)
		SetLastError(ERROR_NOT_FOUND);
	return any;
}

/* When the thread exits. In the child of a fork none of its requests are there. */
static void thread_exit(void *memory)
{
	struct which which = { .tid = gettid() };
	struct files *f = memory;
	uint32_t n = atomic_load(&f->nr_used), i, word;

	if (!cancel_all(f, &which))
		return;
	for (i = 0; i < n; i++) {
		struct request *r = &f->request[i];

		while (word = atomic_load(&r->word),
		       atomic_load(&r->tid) == which.tid &&
		       (word & STATE_MASK) == LIVE)
			ntapc__futex_wait(&r->word, word, 0);
	}
}

__attribute__((constructor)) static void exit_key_make(void)
{
	exit_key_valid = !pthread_key_create(&exit_key, thread_exit);
}
