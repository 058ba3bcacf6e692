// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/nt.h>: processes and their memory. Rule numbers are those of
 * Documentation/nt-semantics.rst.
 */
#include "target.h"
#include "ntapc/nt.h"
#include "ntapc/win32.h"
#include "kselftest_harness.h"

#define GARBAGE	((HANDLE)0x7ffffff4)
#define P(x)	((PVOID)(uintptr_t)(x))

static HANDLE open_process(pid_t pid, ACCESS_MASK access)
{
	CLIENT_ID id = { .UniqueProcess = UlongToHandle(pid) };
	HANDLE handle = NULL;

	return NtOpenProcess(&handle, access, NULL, &id) ? NULL : handle;
}

static HANDLE begin(struct target *t, ACCESS_MASK access)
{
	return target_begin(t) ? open_process(t->pid, access) : NULL;
}

TEST(reads)
{
	unsigned char bytes[5000];
	SIZE_T count = 0xdead;
	struct target t;
	HANDLE process = begin(&t, PROCESS_VM_READ);

	ASSERT_NE(NULL, process);
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(process, P(remote(0, 3)),
						      bytes, 5000, &count));
	EXPECT_EQ(5000, count);
	EXPECT_TRUE(is_childs(bytes, 3, 5000));
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(process, P(remote(0, 0)),
						      bytes, 1, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(process, P(remote(0, 0)),
						      bytes, 0, &count));
	EXPECT_EQ(0, count);
	/* As far as it goes. */
	EXPECT_EQ(STATUS_PARTIAL_COPY,
		  NtReadVirtualMemory(process, P(remote(NO_ACCESS, 0) - 100),
				      bytes, 300, &count));
	EXPECT_EQ(100, count);
	EXPECT_TRUE(is_childs(bytes, DATA_SIZE - 100, 100));
	EXPECT_EQ(STATUS_PARTIAL_COPY,
		  NtReadVirtualMemory(process, P(remote(FREE, 0)), bytes, 3,
				      &count));
	EXPECT_EQ(0, count);
	EXPECT_EQ(STATUS_PARTIAL_COPY, NtReadVirtualMemory(process, NULL, bytes,
							   3, NULL));
}

TEST(writes)
{
	unsigned char seen[16];
	SIZE_T count = 0xdead;
	struct target t;
	HANDLE process = begin(&t, PROCESS_VM_WRITE);

	ASSERT_NE(NULL, process);
	EXPECT_EQ(STATUS_SUCCESS, NtWriteVirtualMemory(process,
						       P(remote(BEHIND, 1)),
						       "written", 7, &count));
	EXPECT_EQ(7, count);
	ASSERT_TRUE(target_peek(&t, remote(BEHIND, 0), seen, 9));
	EXPECT_EQ(0, memcmp("\0written\0", seen, 9));
	EXPECT_EQ(0, arena[BEHIND * PAGE + 1]);
	EXPECT_EQ(STATUS_PARTIAL_COPY,
		  NtWriteVirtualMemory(process, P(remote(READ_ONLY, 0)), "x", 1,
				       &count));
	EXPECT_EQ(0, count);
	EXPECT_EQ(STATUS_PARTIAL_COPY,
		  NtWriteVirtualMemory(process, P(remote(NO_ACCESS, 0) - 4),
				       "12345678", 8, &count));
	EXPECT_EQ(4, count);
}

/* What is wrong at home is found before the handle is looked at, as in NT. */
TEST(access_violations)
{
	char bytes[16];
	SIZE_T count = 0xdead;
	struct target t;
	HANDLE process = begin(&t, PROCESS_VM_READ | PROCESS_VM_WRITE);

	ASSERT_NE(NULL, process);
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtReadVirtualMemory(process, P(remote(0, 0)), NULL, 8, &count));
	EXPECT_EQ(0, count);
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtWriteVirtualMemory(process, P(remote(BEHIND, 0)), P(8), 8,
				       &count));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtReadVirtualMemory(GARBAGE, P(1ULL << 63), bytes, 8, NULL));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtReadVirtualMemory(GARBAGE, P(-4L), bytes, 8, NULL));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtReadVirtualMemory(GARBAGE, P(remote(0, 0)), bytes,
				      (SIZE_T)1 << 63, NULL));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtReadVirtualMemory(GARBAGE, P(remote(0, 0)), bytes, 8, P(8)));
	count = 0xdead;
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtReadVirtualMemory(GARBAGE, P(remote(0, 0)), bytes, 8,
				      &count));
	EXPECT_EQ(0, count);
}

TEST(handles)
{
	char bytes[16];
	struct target t;
	HANDLE process = begin(&t, PROCESS_VM_READ), copy;

	ASSERT_NE(NULL, process);
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtWriteVirtualMemory(process, P(remote(0, 0)), bytes, 8, NULL));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  NtReadVirtualMemory(NtCurrentThread(), P(remote(0, 0)), bytes,
				      8, NULL));
	/* Rights may be asked for by who could open it. */
	ASSERT_EQ(STATUS_SUCCESS,
		  NtDuplicateObject(NtCurrentProcess(), process,
				    NtCurrentProcess(), &copy, PROCESS_VM_WRITE,
				    0, 0));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(process));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtReadVirtualMemory(process, P(remote(0, 0)), bytes, 8, NULL));
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtReadVirtualMemory(copy, P(remote(0, 0)), bytes, 8, NULL));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtWriteVirtualMemory(copy, P(remote(BEHIND, 0)), "x", 1, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(copy));
}

static int nr_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* A handle's descriptors go with it. */
TEST(descriptors)
{
	HANDLE a, b, c = NULL;
	struct target t;
	char byte;
	int before;

	ASSERT_TRUE(target_begin(&t));
	ASSERT_LE(0, ntapc_thread_self());
	before = nr_fds();
	a = open_process(t.pid, PROCESS_ALL_ACCESS);
	ASSERT_NE(NULL, a);
	ASSERT_EQ(STATUS_SUCCESS,
		  NtDuplicateObject(NtCurrentProcess(), a, NtCurrentProcess(),
				    &b, 0, 0, DUPLICATE_SAME_ACCESS));
	EXPECT_LT(before, nr_fds());
	EXPECT_LE(0, ntapc_handle_to_fd(b));
	ASSERT_EQ(STATUS_SUCCESS,
		  ntapc_handle_from_fd(ntapc_handle_to_fd(b), PROCESS_VM_READ,
				       &c));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(a));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(b));
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(c, P(remote(0, 0)), &byte,
						      1, NULL));
	EXPECT_EQ((char)childs_byte(0), byte);
	EXPECT_EQ(STATUS_SUCCESS, NtClose(c));
	/* One's own: by handle, one is opened for the while. */
	a = open_process(getpid(), PROCESS_ALL_ACCESS);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(-EBADF, ntapc_handle_to_fd(a));
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(a, &before, &byte, 1, NULL));
	EXPECT_EQ(STATUS_SUCCESS, NtClose(a));
	EXPECT_EQ(before, nr_fds());
}

/* NtCurrentProcess() is where the thread is, a handle is what it was opened for. */
TEST(current_process)
{
	unsigned char byte = 0xcc;
	struct target t;
	HANDLE self;
	SIZE_T count;
	int fd = target_open(&t);

	ASSERT_LE(0, fd);
	self = open_process(getpid(), PROCESS_ALL_ACCESS);
	ASSERT_NE(NULL, self);
	arena[0] = 0x11;
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(NtCurrentProcess(), arena,
						      &byte, 1, &count));
	EXPECT_EQ(0x11, byte);
	EXPECT_EQ(STATUS_SUCCESS, NtWriteVirtualMemory(NtCurrentProcess(), arena,
						       "\x22", 1, &count));
	EXPECT_EQ(0x22, arena[0]);
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(self, arena, &byte, 1,
						      &count));
	EXPECT_EQ(0x22, byte);
	ASSERT_EQ(0, ntapc_attach(fd));
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(NtCurrentProcess(), arena,
						      &byte, 1, &count));
	EXPECT_EQ(childs_byte(0), byte);
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(self, arena, &byte, 1,
						      &count));
	EXPECT_EQ(0x22, byte);
	EXPECT_EQ(0, ntapc_detach());
}

TEST(ended)
{
	MEMORY_BASIC_INFORMATION basic;
	LARGE_INTEGER zero = { .QuadPart = 0 };
	SIZE_T count = 0xdead;
	struct target t;
	HANDLE process = begin(&t, PROCESS_ALL_ACCESS);
	HANDLE handle;
	char byte;

	ASSERT_NE(NULL, process);
	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForSingleObject(process, FALSE, &zero));
	kill(t.pid, SIGKILL);
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(process, FALSE, NULL));
	EXPECT_EQ(STATUS_PROCESS_IS_TERMINATING,
		  NtReadVirtualMemory(process, P(remote(0, 0)), &byte, 1,
				      &count));
	EXPECT_EQ(0, count);
	EXPECT_EQ(STATUS_PROCESS_IS_TERMINATING,
		  NtWriteVirtualMemory(process, P(remote(0, 0)), &byte, 1,
				       &count));
	EXPECT_EQ(STATUS_PROCESS_IS_TERMINATING,
		  NtQueryVirtualMemory(process, P(remote(0, 0)),
				       MemoryBasicInformation, &basic,
				       sizeof(basic), NULL));
	/* A zombie is there, and has no memory. */
	handle = open_process(t.pid, PROCESS_ALL_ACCESS);
	ASSERT_NE(NULL, handle);
	EXPECT_EQ(STATUS_PROCESS_IS_TERMINATING,
		  NtReadVirtualMemory(handle, P(remote(0, 0)), &byte, 1, NULL));
	end_of(t.pid);
	EXPECT_EQ(NULL, open_process(t.pid, PROCESS_ALL_ACCESS));
	EXPECT_EQ(STATUS_PROCESS_IS_TERMINATING,
		  ntapc_handle_from_fd(ntapc_handle_to_fd(process), 0, &handle));
}

/* As a process it is the same, as an image another: it is waited for, not read. */
TEST(after_execve)
{
	LARGE_INTEGER zero = { .QuadPart = 0 };
	struct target t;
	HANDLE process = begin(&t, PROCESS_ALL_ACCESS);
	char byte;

	ASSERT_NE(NULL, process);
	ASSERT_TRUE(target_do(&t, DO_EXEC));
	ASSERT_TRUE(readable_in_time(ntapc_handle_to_fd(process)));
	EXPECT_EQ(STATUS_TIMEOUT, NtWaitForSingleObject(process, FALSE, &zero));
	EXPECT_EQ(STATUS_PROCESS_IS_TERMINATING,
		  NtReadVirtualMemory(process, P(remote(0, 0)), &byte, 1, NULL));
	target_kill(&t);
	EXPECT_EQ(STATUS_WAIT_0, NtWaitForSingleObject(process, FALSE, &zero));
}

static NTSTATUS query(HANDLE process, uint64_t address,
		      PMEMORY_BASIC_INFORMATION basic)
{
	SIZE_T length = 0xdead;
	NTSTATUS status;

	memset(basic, 0xcc, sizeof(*basic));
	status = NtQueryVirtualMemory(process, P(address), MemoryBasicInformation,
				      basic, sizeof(*basic), &length);
	return status || length == sizeof(*basic) ? status : STATUS_UNSUCCESSFUL;
}

TEST(queries)
{
	MEMORY_BASIC_INFORMATION basic;
	struct target t;
	HANDLE process = begin(&t, PROCESS_QUERY_INFORMATION);

	ASSERT_NE(NULL, process);
	/* From the page on. */
	ASSERT_EQ(STATUS_SUCCESS, query(process, remote(2, 5), &basic));
	EXPECT_EQ(P(remote(2, 0)), basic.BaseAddress);
	EXPECT_GE(P(remote(0, 0)), basic.AllocationBase);
	EXPECT_EQ(PAGE_EXECUTE_READWRITE, basic.AllocationProtect);
	EXPECT_EQ(2 * PAGE, basic.RegionSize);
	EXPECT_EQ(MEM_COMMIT, basic.State);
	EXPECT_EQ(PAGE_READWRITE, basic.Protect);
	EXPECT_EQ(MEM_PRIVATE, basic.Type);
	EXPECT_EQ(0, basic.PartitionId);
	ASSERT_EQ(STATUS_SUCCESS, query(process, remote(NO_ACCESS, 0), &basic));
	EXPECT_EQ(PAGE_NOACCESS, basic.Protect);
	EXPECT_EQ(MEM_COMMIT, basic.State);
	EXPECT_EQ(P(remote(NO_ACCESS, 0)), basic.AllocationBase);
	ASSERT_EQ(STATUS_SUCCESS, query(process, remote(READ_ONLY, 0), &basic));
	EXPECT_EQ(PAGE_READONLY, basic.Protect);
	ASSERT_EQ(STATUS_SUCCESS, query(process, remote(FREE, 7), &basic));
	EXPECT_EQ(P(remote(FREE, 0)), basic.BaseAddress);
	EXPECT_EQ(NULL, basic.AllocationBase);
	EXPECT_EQ(0, basic.AllocationProtect);
	EXPECT_EQ(PAGE, basic.RegionSize);
	EXPECT_EQ(MEM_FREE, basic.State);
	EXPECT_EQ(PAGE_NOACCESS, basic.Protect);
	EXPECT_EQ(0, basic.Type);

	EXPECT_EQ(STATUS_INVALID_PARAMETER, query(process, 1ULL << 63, &basic));
	EXPECT_EQ(STATUS_INVALID_PARAMETER, query(process, UINT64_MAX, &basic));
	EXPECT_EQ(STATUS_INVALID_HANDLE, query(GARBAGE, remote(0, 0), &basic));
	EXPECT_EQ(STATUS_OBJECT_TYPE_MISMATCH,
		  query(NtCurrentThread(), remote(0, 0), &basic));
	process = open_process(t.pid, PROCESS_VM_READ);
	EXPECT_EQ(STATUS_ACCESS_DENIED, query(process, remote(0, 0), &basic));
}

static int code(void)
{
	return 7;
}

/* All the ways in which memory can be used, of our own. */
TEST(protections)
{
	static const struct {
		int prot;
		DWORD private, file;
	} rows[] = {
		{ PROT_NONE, PAGE_NOACCESS, PAGE_NOACCESS },
		{ PROT_READ, PAGE_READONLY, PAGE_READONLY },
		{ PROT_WRITE, PAGE_READWRITE, PAGE_WRITECOPY },
		{ PROT_READ | PROT_WRITE, PAGE_READWRITE, PAGE_WRITECOPY },
		{ PROT_EXEC, PAGE_EXECUTE, PAGE_EXECUTE },
		{ PROT_READ | PROT_EXEC, PAGE_EXECUTE_READ, PAGE_EXECUTE_READ },
		{ PROT_READ | PROT_WRITE | PROT_EXEC, PAGE_EXECUTE_READWRITE,
		  PAGE_EXECUTE_WRITECOPY },
	};
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	HANDLE self = NtCurrentProcess();
	MEMORY_BASIC_INFORMATION basic;
	size_t i;
	PVOID at;

	ASSERT_LE(0, file);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		at = mmap(NULL, PAGE, rows[i].prot, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
		ASSERT_NE(MAP_FAILED, at);
		ASSERT_EQ(STATUS_SUCCESS, query(self, (uintptr_t)at, &basic));
		EXPECT_EQ(rows[i].private, basic.Protect);
		EXPECT_EQ(MEM_PRIVATE, basic.Type);
		at = mmap(NULL, PAGE, rows[i].prot, MAP_PRIVATE, file, 0);
		ASSERT_NE(MAP_FAILED, at);
		ASSERT_EQ(STATUS_SUCCESS, query(self, (uintptr_t)at, &basic));
		EXPECT_EQ(rows[i].file, basic.Protect);
		EXPECT_EQ(PAGE_EXECUTE_WRITECOPY, basic.AllocationProtect);
		EXPECT_EQ(MEM_MAPPED, basic.Type);
	}
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		  -1, 0);
	ASSERT_EQ(STATUS_SUCCESS, query(self, (uintptr_t)at, &basic));
	EXPECT_EQ(PAGE_READWRITE, basic.Protect);
	EXPECT_EQ(MEM_MAPPED, basic.Type);
	ASSERT_EQ(STATUS_SUCCESS, query(self, (uintptr_t)code, &basic));
	EXPECT_TRUE(basic.Protect == PAGE_EXECUTE_READ ||
		    basic.Protect == PAGE_EXECUTE);
	EXPECT_EQ(7, code());
}

TEST(query_arguments)
{
	HANDLE self = NtCurrentProcess();
	MEMORY_BASIC_INFORMATION basic;

	EXPECT_EQ(STATUS_INVALID_INFO_CLASS,
		  NtQueryVirtualMemory(self, &basic, 77, &basic, sizeof(basic),
				       NULL));
	EXPECT_EQ(STATUS_INFO_LENGTH_MISMATCH,
		  NtQueryVirtualMemory(self, &basic, MemoryBasicInformation,
				       &basic, sizeof(basic) - 1, NULL));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueryVirtualMemory(self, &basic, MemoryBasicInformation,
				       &basic, sizeof(basic), NULL));
	EXPECT_EQ(STATUS_ACCESS_VIOLATION,
		  NtQueryVirtualMemory(self, &basic, MemoryBasicInformation,
				       NULL, sizeof(basic), NULL));
	EXPECT_EQ(STATUS_INFO_LENGTH_MISMATCH,
		  NtQueryVirtualMemory(self, &basic,
				       MemoryMappedFilenameInformation, &basic,
				       sizeof(UNICODE_STRING) - 1, NULL));
}

/* Two bytes, four bytes, and one that isn't UTF-8. */
TEST(file_names)
{
	static const char name[] = "/tmp/ntapc-\xc3\xa9\xf0\x9f\x98\x80\xff";
	const WCHAR end[] = { 'c', '-', 0xe9, 0xd83d, 0xde00, 0xfffd, 0 };
	const size_t length = 2 * (11 + 1 + 2 + 1);
	struct {
		UNICODE_STRING name;
		WCHAR text[64];
	} buffer;
	SIZE_T needed = 0;
	HANDLE self = NtCurrentProcess();
	int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	PVOID at;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, 1));
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(STATUS_SUCCESS,
		  NtQueryVirtualMemory(self, at, MemoryMappedFilenameInformation,
				       &buffer, sizeof(buffer), &needed));
	EXPECT_EQ(length, buffer.name.Length);
	EXPECT_EQ(length + 2, buffer.name.MaximumLength);
	EXPECT_EQ(&buffer.text[0], buffer.name.Buffer);
	EXPECT_EQ(sizeof(UNICODE_STRING) + length + 2, needed);
	EXPECT_EQ('/', buffer.text[0]);
	EXPECT_EQ(0, memcmp(end, buffer.text + 9, sizeof(end)));
	EXPECT_EQ(STATUS_SUCCESS,
		  NtQueryVirtualMemory(self, at, MemoryMappedFilenameInformation,
				       &buffer, needed, NULL));
	EXPECT_EQ(STATUS_BUFFER_OVERFLOW,
		  NtQueryVirtualMemory(self, at, MemoryMappedFilenameInformation,
				       &buffer, needed - 1, &needed));
	EXPECT_EQ(sizeof(UNICODE_STRING) + length + 2, needed);
	EXPECT_EQ(STATUS_FILE_INVALID,
		  NtQueryVirtualMemory(self, &buffer,
				       MemoryMappedFilenameInformation, &buffer,
				       sizeof(buffer), NULL));
	munmap(at, PAGE);
	EXPECT_EQ(STATUS_INVALID_ADDRESS,
		  NtQueryVirtualMemory(self, at, MemoryMappedFilenameInformation,
				       &buffer, sizeof(buffer), NULL));
	unlink(name);
}

TEST(flush_instruction_cache)
{
	struct target t;
	HANDLE process = begin(&t, PROCESS_VM_READ);

	ASSERT_NE(NULL, process);
	EXPECT_EQ(STATUS_SUCCESS,
		  NtFlushInstructionCache(NtCurrentProcess(), code, 16));
	EXPECT_EQ(STATUS_ACCESS_DENIED,
		  NtFlushInstructionCache(process, NULL, 0));
	EXPECT_EQ(STATUS_INVALID_HANDLE,
		  NtFlushInstructionCache(GARBAGE, NULL, 0));
}

/* 9.3: a process that isn't in memory is brought in, and nobody notices. */
TEST(out_of_memory)
{
	struct ntapc_process_info info;
	unsigned char byte;
	struct target t;
	HANDLE process;
	int ret;

	process = begin(&t, PROCESS_ALL_ACCESS);
	ASSERT_NE(NULL, process);
	ret = ntapc_process_out_swap(ntapc_handle_to_fd(process), NULL);
	if (ret == -EPERM)
		SKIP(return, "no CAP_SYS_NICE");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(STATUS_SUCCESS, NtReadVirtualMemory(process, P(remote(1, 0)),
						      &byte, 1, NULL));
	EXPECT_EQ(childs_byte(PAGE), byte);
	ASSERT_EQ(0, ntapc_process_info(ntapc_handle_to_fd(process), &info));
	EXPECT_EQ(1, info.nr_in_swap);
}

static sem_t handled;

static void on_signal(int sig)
{
	(void)sig;
	sem_post(&handled);
}

struct reader {
	HANDLE process;
	unsigned char byte;
	NTSTATUS status;
};

static void *read_once(void *arg)
{
	struct reader *r = arg;

	r->status = NtReadVirtualMemory(r->process, P(remote(1, 0)), &r->byte, 1,
					NULL);
	return NULL;
}

/* There is no EINTR in NT. */
TEST(signals_in_the_wait)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct reader r = { .status = STATUS_PENDING };
	pthread_t thread;
	struct target t;
	int fd;

	sem_init(&handled, 0, 0);
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	r.process = begin(&t, PROCESS_ALL_ACCESS);
	ASSERT_NE(NULL, r.process);
	fd = ntapc_handle_to_fd(r.process);
	ASSERT_TRUE(out_swap_step(fd, NTAPC_OUT_SWAP_BEGIN));
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_once, &r));
	ASSERT_TRUE(becomes_ready(fd, 1));
	pthread_kill(thread, SIGUSR1);
	ASSERT_TRUE(come(&handled));
	ASSERT_TRUE(becomes_ready(fd, 1));
	ASSERT_TRUE(out_swap_step(fd, NTAPC_OUT_SWAP_CANCEL));
	pthread_join(thread, NULL);
	EXPECT_EQ(STATUS_SUCCESS, r.status);
	EXPECT_EQ(childs_byte(PAGE), r.byte);
}

TEST_HARNESS_MAIN
