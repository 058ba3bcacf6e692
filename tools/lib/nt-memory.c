// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: the memory of processes.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

_Static_assert(sizeof(void *) != 8 || sizeof(MEMORY_BASIC_INFORMATION) == 48,
	       "as in Windows");

/* A process's address space to act in. */
struct space {
	struct object_ref process;
	int fd;
	bool temporary;
};

/*
 * NtCurrentProcess() is where the thread is. A handle for one's own process has no
 * descriptor, so that there can be more of them than of those; it gets one for a while.
 */
static NTSTATUS space_get(HANDLE handle, ACCESS_MASK access, struct space *space)
{
	struct object *process = &space->process.object;
	NTSTATUS status;

	status = ntapc__object_get_type(handle, OBJECT_PROCESS, access,
					&space->process);
	if (status)
		return status;
	space->fd = process->space;
	space->temporary = false;
	if (!space->process.slot) {
		space->fd = NTAPC_HERE;
	} else if (process->fd < 0) {
		space->fd = ntapc_process_open(0);
		space->temporary = space->fd >= 0;
		if (space->fd < 0)
			status = ntapc__status(space->fd);
	} else if (space->fd < 0) {
		status = STATUS_PROCESS_IS_TERMINATING;
	}
	if (status)
		ntapc__object_ref_put(&space->process);
	return status;
}

static void space_put(struct space *space)
{
	int saved = errno;

	if (space->temporary)
		close(space->fd);
	errno = saved;
	ntapc__object_ref_put(&space->process);
}

/* Nobody's address space is there, and no range wraps. */
static bool is_kernels(const volatile void *at, size_t length)
{
	intptr_t end;

	return (intptr_t)at < 0 ||
	       __builtin_add_overflow((intptr_t)at, length, &end);
}

/* A fault at the address 0 there looks like one at home, but begins and ends there. */
static bool is_fault_there(PVOID remote, const struct ntapc_progress *progress)
{
	return progress->fault || (!remote && !progress->done);
}

static NTSTATUS copy_status(int ret, PVOID remote,
			    const struct ntapc_progress *progress)
{
	switch (ret) {
	case -EFAULT:
		return is_fault_there(remote, progress) ?
		       STATUS_PARTIAL_COPY : STATUS_ACCESS_VIOLATION;
	case -ESRCH:
		return STATUS_PROCESS_IS_TERMINATING;
	case -EOVERFLOW:
		return STATUS_INSUFFICIENT_RESOURCES;
	default:
		return ntapc__status(ret);
	}
}

static NTSTATUS copy(HANDLE handle, bool write, PVOID remote, PVOID local,
		     SIZE_T length, PSIZE_T count)
{
	struct ntapc_progress progress;
	struct space space;
	NTSTATUS status;
	int ret;

	if (is_kernels(remote, length) || is_kernels(local, length))
		return STATUS_ACCESS_VIOLATION;
	if (count) {
		status = ntapc__probe_for_write(count, sizeof(*count));
		if (status)
			return status;
	}
	status = space_get(handle, write ? PROCESS_VM_WRITE : PROCESS_VM_READ,
			   &space);
	if (status) {
		if (count)
			*count = 0;
		return status;
	}
	/* In the wait to be brought in: there is no EINTR in NT. */
	do {
		ret = write ? ntapc_process_write(space.fd, (uintptr_t)remote,
						  local, length, &progress) :
			      ntapc_process_read(space.fd, (uintptr_t)remote,
						 local, length, &progress);
	} while (ret == -EINTR && !progress.done);
	space_put(&space);
	if (count)
		*count = progress.done;
	return copy_status(ret, remote, &progress);
}

NTSTATUS NTAPI NtReadVirtualMemory(HANDLE ProcessHandle, PVOID BaseAddress,
				   PVOID Buffer, SIZE_T NumberOfBytesToRead,
				   PSIZE_T NumberOfBytesRead)
{
	return copy(ProcessHandle, false, BaseAddress, Buffer,
		    NumberOfBytesToRead, NumberOfBytesRead);
}

NTSTATUS NTAPI NtWriteVirtualMemory(HANDLE ProcessHandle, PVOID BaseAddress,
				    const VOID *Buffer,
				    SIZE_T NumberOfBytesToWrite,
				    PSIZE_T NumberOfBytesWritten)
{
	return copy(ProcessHandle, true, BaseAddress, (PVOID)Buffer,
		    NumberOfBytesToWrite, NumberOfBytesWritten);
}

static NTSTATUS query(HANDLE handle, PVOID address, struct ntapc_query *q,
		      char *path, size_t path_size)
{
	struct space space;
	NTSTATUS status;
	int ret;

	status = space_get(handle, PROCESS_QUERY_INFORMATION, &space);
	if (status)
		return status;
	do {
		ret = ntapc_process_query(space.fd, (uintptr_t)address, q, path,
					  path_size);
	} while (ret == -EINTR);
	space_put(&space);
	return ret == -ESRCH ? STATUS_PROCESS_IS_TERMINATING :
			       ntapc__status(ret);
}

/* Windows has no memory that can be written to but not read. */
static DWORD to_protect(uint32_t type, uint32_t protection)
{
	bool copy = type & NTAPC_MAP_FILE && !(type & NTAPC_MAP_SHARED);
	DWORD protect;

	if (protection & PROT_WRITE)
		protect = copy ? PAGE_WRITECOPY : PAGE_READWRITE;
	else if (protection & PROT_READ)
		protect = PAGE_READONLY;
	else
		protect = PAGE_NOACCESS;
	/* The ones for code are the same ones four bits up. */
	return protection & PROT_EXEC ? protect << 4 : protect;
}

_Static_assert(PAGE_EXECUTE == PAGE_NOACCESS << 4 &&
	       PAGE_EXECUTE_READ == PAGE_READONLY << 4 &&
	       PAGE_EXECUTE_READWRITE == PAGE_READWRITE << 4 &&
	       PAGE_EXECUTE_WRITECOPY == PAGE_WRITECOPY << 4, "see to_protect()");

static NTSTATUS query_basic(HANDLE handle, PVOID address,
			    PMEMORY_BASIC_INFORMATION basic)
{
	uintptr_t page = sysconf(_SC_PAGESIZE);
	uintptr_t base = (uintptr_t)address & ~(page - 1);
	struct ntapc_query q;
	NTSTATUS status;

	status = query(handle, address, &q, NULL, 0);
	if (status)
		return status;
	*basic = (MEMORY_BASIC_INFORMATION){
		.BaseAddress = (PVOID)base,
		.RegionSize = q.end - base,
		.State = MEM_FREE,
		.Protect = PAGE_NOACCESS,
	};
	if (!(q.type & NTAPC_MAP_MAPPED))
		return STATUS_SUCCESS;
	basic->AllocationBase = (PVOID)(uintptr_t)q.start;
	basic->AllocationProtect = to_protect(q.type, q.max_protection);
	basic->State = MEM_COMMIT;
	basic->Protect = to_protect(q.type, q.protection);
	basic->Type = q.type & (NTAPC_MAP_FILE | NTAPC_MAP_SHARED) ?
		      MEM_MAPPED : MEM_PRIVATE;
	return STATUS_SUCCESS;
}

/* How many bytes a UTF-8 sequence that starts so has; 0: none does. */
static unsigned int sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Takes a character off *@text; what isn't UTF-8 is U+FFFD, byte by byte. */
static uint32_t next_character(const char **text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *c = (const unsigned char *)*text;
	unsigned int n = sequence_length(*c), i;
	uint32_t value;

	++*text;
	if (n <= 1)
		return n ? *c : 0xfffd;
	value = *c & (0x7f >> n);
	/* The terminating 0 isn't one of these. */
	for (i = 1; i < n; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0xfffd;
		value = value << 6 | (c[i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0xfffd;
	*text += n - 1;
	return value;
}

/* Never more of them than bytes. */
static size_t to_utf16(const char *text, WCHAR *wide)
{
	size_t n = 0;
	uint32_t c;

	while (*text) {
		c = next_character(&text);
		if (c >= 0x10000) {
			c -= 0x10000;
			wide[n++] = 0xd800 | c >> 10;
			c = 0xdc00 | (c & 0x3ff);
		}
		wide[n++] = c;
	}
	return n;
}

static NTSTATUS query_path(HANDLE handle, PVOID address, PUNICODE_STRING name,
			   SIZE_T room, SIZE_T *needed)
{
	char path[4096];
	WCHAR wide[sizeof(path)];
	struct ntapc_query q;
	NTSTATUS status;
	size_t length;

	status = query(handle, address, &q, path, sizeof(path));
	if (status)
		return status;
	if (!(q.type & NTAPC_MAP_MAPPED))
		return STATUS_INVALID_ADDRESS;
	if (!(q.type & NTAPC_MAP_FILE))
		return STATUS_FILE_INVALID;
	length = to_utf16(path, wide) * sizeof(WCHAR);
	*needed = sizeof(*name) + length + sizeof(WCHAR);
	if (room < *needed)
		return STATUS_BUFFER_OVERFLOW;
	name->Length = length;
	name->MaximumLength = length + sizeof(WCHAR);
	name->Buffer = (PWSTR)(name + 1);
	memcpy(name->Buffer, wide, length);
	name->Buffer[length / sizeof(WCHAR)] = 0;
	return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE ProcessHandle, PVOID BaseAddress,
				    MEMORY_INFORMATION_CLASS MemoryInformationClass,
				    PVOID MemoryInformation,
				    SIZE_T MemoryInformationLength,
				    PSIZE_T ReturnLength)
{
	SIZE_T least, needed = 0;
	NTSTATUS status;

	switch (MemoryInformationClass) {
	case MemoryBasicInformation:
		least = sizeof(MEMORY_BASIC_INFORMATION);
		break;
	case MemoryMappedFilenameInformation:
		least = sizeof(UNICODE_STRING);
		break;
	default:
		return STATUS_INVALID_INFO_CLASS;
	}
	if (MemoryInformationLength < least)
		return STATUS_INFO_LENGTH_MISMATCH;
	status = ntapc__probe_for_write(MemoryInformation, least);
	if (status)
		return status;
	if (MemoryInformationClass == MemoryBasicInformation) {
		status = query_basic(ProcessHandle, BaseAddress,
				     MemoryInformation);
		if (!status)
			needed = least;
	} else {
		status = query_path(ProcessHandle, BaseAddress,
				    MemoryInformation, MemoryInformationLength,
				    &needed);
	}
	if (needed && ReturnLength)
		*ReturnLength = needed;
	return status;
}

NTSTATUS NTAPI NtFlushInstructionCache(HANDLE ProcessHandle, PVOID BaseAddress,
				       SIZE_T NumberOfBytesToFlush)
{
	struct object_ref ref;
	NTSTATUS status;

	status = ntapc__object_get_type(ProcessHandle, OBJECT_PROCESS,
					PROCESS_VM_WRITE, &ref);
	if (status)
		return status;
	if (!ref.slot)
		__builtin___clear_cache(BaseAddress,
					(char *)BaseAddress +
					NumberOfBytesToFlush);
	ntapc__object_ref_put(&ref);
	return STATUS_SUCCESS;
}
