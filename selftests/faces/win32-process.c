// SPDX-License-Identifier: GPL-2.0-only
/*
 * <ntapc/win32.h>: processes and their memory, written as a test for Windows would be.
 */
#include "target.h"
#include "ntapc/win32.h"
#include "kselftest_harness.h"

#define GARBAGE		((HANDLE)0x7ffffff4)
#define P(x)		((LPVOID)(uintptr_t)(x))
#define NOBODY		65534

#define EXPECT_FAILS(error, call)					\
	do {								\
		SetLastError(0xdead);					\
		EXPECT_FALSE(call);					\
		EXPECT_EQ(error, GetLastError());			\
	} while (0)

static HANDLE begin(struct target *t, DWORD access)
{
	return target_begin(t) ? OpenProcess(access, FALSE, t->pid) : NULL;
}

TEST(open_process)
{
	struct target t;
	HANDLE process = begin(&t, PROCESS_ALL_ACCESS), weak;
	pid_t parent = getpid(), pid;

	ASSERT_NE(NULL, process);
	EXPECT_EQ(t.pid, GetProcessId(process));
	EXPECT_EQ(getpid(), GetProcessId(GetCurrentProcess()));
	weak = OpenProcess(PROCESS_VM_READ, FALSE, t.pid);
	ASSERT_NE(NULL, weak);
	EXPECT_FAILS(ERROR_ACCESS_DENIED, GetProcessId(weak));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, GetProcessId(GARBAGE));
	EXPECT_FAILS(ERROR_INVALID_HANDLE, GetProcessId(GetCurrentThread()));
	EXPECT_FAILS(ERROR_INVALID_PARAMETER,
		     OpenProcess(PROCESS_ALL_ACCESS, FALSE, 0x3ffffffc));
	EXPECT_TRUE(CloseHandle(weak));
	EXPECT_TRUE(CloseHandle(process));
	if (geteuid())
		return;
	pid = fork();
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(200);
		_exit(OpenProcess(PROCESS_ALL_ACCESS, FALSE, parent) ?
		      100 : GetLastError());
	}
	EXPECT_EQ(ERROR_ACCESS_DENIED, end_of(pid));
}

TEST(read_process_memory)
{
	unsigned char bytes[5000];
	SIZE_T count = 0xdead;
	struct target t;
	HANDLE process = begin(&t, PROCESS_VM_READ);

	ASSERT_NE(NULL, process);
	SetLastError(0xdead);
	EXPECT_TRUE(ReadProcessMemory(process, P(remote(0, 3)), bytes, 5000,
				      &count));
	EXPECT_EQ(0xdead, GetLastError());
	EXPECT_EQ(5000, count);
	EXPECT_TRUE(is_childs(bytes, 3, 5000));
	EXPECT_TRUE(ReadProcessMemory(process, P(remote(0, 0)), bytes, 1, NULL));
	EXPECT_FAILS(ERROR_PARTIAL_COPY,
		     ReadProcessMemory(process, P(remote(NO_ACCESS, 0) - 100),
				       bytes, 300, &count));
	EXPECT_EQ(100, count);
	EXPECT_TRUE(is_childs(bytes, DATA_SIZE - 100, 100));
	EXPECT_FAILS(ERROR_PARTIAL_COPY,
		     ReadProcessMemory(process, NULL, bytes, 8, &count));
	EXPECT_EQ(0, count);
	EXPECT_FAILS(ERROR_NOACCESS, ReadProcessMemory(process, P(remote(0, 0)),
						       NULL, 8, &count));
	EXPECT_FAILS(ERROR_NOACCESS, ReadProcessMemory(process, P(remote(0, 0)),
						       bytes, 8, P(8)));
	count = 0xdead;
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     ReadProcessMemory(GARBAGE, P(remote(0, 0)), bytes, 8,
				       &count));
	EXPECT_EQ(0, count);
	EXPECT_TRUE(CloseHandle(process));
	process = OpenProcess(PROCESS_VM_WRITE, FALSE, t.pid);
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     ReadProcessMemory(process, P(remote(0, 0)), bytes, 8,
				       &count));
}

TEST(write_process_memory)
{
	const DWORD access = PROCESS_VM_WRITE | PROCESS_VM_OPERATION;
	SIZE_T count = 0xdead;
	struct target t;
	HANDLE process = begin(&t, access);
	char seen[9];

	ASSERT_NE(NULL, process);
	EXPECT_TRUE(WriteProcessMemory(process, P(remote(BEHIND, 1)), "written",
				       7, &count));
	EXPECT_EQ(7, count);
	EXPECT_TRUE(WriteProcessMemory(process, P(remote(BEHIND, 1)), "w", 1,
				       NULL));
	ASSERT_TRUE(target_peek(&t, remote(BEHIND, 0), seen, 9));
	EXPECT_EQ(0, memcmp("\0written\0", seen, 9));
	/* Something, and nothing. */
	EXPECT_FAILS(ERROR_PARTIAL_COPY,
		     WriteProcessMemory(process, P(remote(NO_ACCESS, 0) - 4),
					"12345678", 8, &count));
	EXPECT_EQ(4, count);
	EXPECT_FAILS(ERROR_NOACCESS,
		     WriteProcessMemory(process, P(remote(READ_ONLY, 0)), "x", 1,
					&count));
	EXPECT_EQ(0, count);
	EXPECT_FAILS(ERROR_NOACCESS,
		     WriteProcessMemory(process, P(remote(FREE, 0)), "x", 1,
					NULL));
	EXPECT_FAILS(ERROR_NOACCESS,
		     WriteProcessMemory(process, P(remote(BEHIND, 0)), "x", 1,
					P(8)));
	EXPECT_TRUE(CloseHandle(process));
	process = OpenProcess(PROCESS_VM_WRITE, FALSE, t.pid);
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     WriteProcessMemory(process, P(remote(BEHIND, 1)), "x", 1,
					NULL));
	count = 0xdead;
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     WriteProcessMemory(process, P(remote(BEHIND, 1)), "x", 1,
					&count));
	EXPECT_EQ(0, count);
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     WriteProcessMemory(process, P(remote(BEHIND, 1)), "x", 1,
					P(8)));
	process = OpenProcess(PROCESS_VM_READ, FALSE, t.pid);
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     WriteProcessMemory(process, P(remote(BEHIND, 1)), "x", 1,
					NULL));
}

/* As one goes through a process's memory. */
TEST(virtual_query)
{
	MEMORY_BASIC_INFORMATION basic;
	struct target t;
	HANDLE process = begin(&t, PROCESS_QUERY_INFORMATION);
	char *at = NULL;
	int commits = 0, frees = 0;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(48, sizeof(basic));
	SetLastError(0xdead);
	while (VirtualQueryEx(process, at, &basic, sizeof(basic)) ==
	       sizeof(basic)) {
		ASSERT_EQ(at, basic.BaseAddress);
		ASSERT_LT(0, basic.RegionSize);
		commits += basic.State == MEM_COMMIT;
		frees += basic.State == MEM_FREE;
		at += basic.RegionSize;
	}
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_LT(4, commits);
	EXPECT_LT(1, frees);
	EXPECT_EQ(sizeof(basic), VirtualQueryEx(process, P(remote(READ_ONLY, 9)),
						&basic, sizeof(basic) + 8));
	EXPECT_EQ(P(remote(READ_ONLY, 0)), basic.BaseAddress);
	EXPECT_EQ(PAGE_READONLY, basic.Protect);
	EXPECT_FAILS(ERROR_BAD_LENGTH,
		     VirtualQueryEx(process, NULL, &basic, sizeof(basic) - 1));
	EXPECT_FAILS(ERROR_NOACCESS,
		     VirtualQueryEx(process, NULL, NULL, sizeof(basic)));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     VirtualQueryEx(GARBAGE, NULL, &basic, sizeof(basic)));
	process = OpenProcess(PROCESS_VM_READ, FALSE, t.pid);
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     VirtualQueryEx(process, NULL, &basic, sizeof(basic)));
	EXPECT_EQ(sizeof(basic), VirtualQuery(&basic, &basic, sizeof(basic)));
	EXPECT_EQ(PAGE_READWRITE, basic.Protect);
}

TEST(ended)
{
	MEMORY_BASIC_INFORMATION basic;
	SIZE_T count = 0xdead;
	struct target t;
	HANDLE process = begin(&t, PROCESS_ALL_ACCESS);
	char byte;

	ASSERT_NE(NULL, process);
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(process, 0));
	kill(t.pid, SIGKILL);
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(process, INFINITE));
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     ReadProcessMemory(process, P(remote(0, 0)), &byte, 1,
				       &count));
	EXPECT_EQ(0, count);
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     WriteProcessMemory(process, P(remote(0, 0)), &byte, 1,
					NULL));
	EXPECT_FAILS(ERROR_ACCESS_DENIED,
		     VirtualQueryEx(process, NULL, &basic, sizeof(basic)));
	EXPECT_EQ(t.pid, GetProcessId(process));
	end_of(t.pid);
}

TEST(flush_instruction_cache)
{
	EXPECT_TRUE(FlushInstructionCache(GetCurrentProcess(), NULL, 0));
	EXPECT_FAILS(ERROR_INVALID_HANDLE,
		     FlushInstructionCache(GARBAGE, NULL, 0));
}

TEST_HARNESS_MAIN
