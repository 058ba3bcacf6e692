// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * kernel32's face of the native API: processes and their memory.
 */
#include "handle.h"
#include "ntapc/win32.h"

HANDLE WINAPI OpenProcess(DWORD dwDesiredAccess, BOOL bInheritHandle,
			  DWORD dwProcessId)
{
	CLIENT_ID id = { .UniqueProcess = ULongToHandle(dwProcessId) };
	HANDLE handle;

	(void)bInheritHandle;
	if (!ntapc__done(NtOpenProcess(&handle, dwDesiredAccess, NULL, &id)))
		return NULL;
	return handle;
}

DWORD WINAPI GetProcessId(HANDLE Process)
{
	struct object_ref ref;

	if (!ntapc__done(ntapc__object_get_type(Process, OBJECT_PROCESS,
						PROCESS_QUERY_LIMITED_INFORMATION,
						&ref)))
		return 0;
	ntapc__object_ref_put(&ref);
	return ref.object.pid;
}

BOOL WINAPI ReadProcessMemory(HANDLE hProcess, LPCVOID lpBaseAddress,
			      LPVOID lpBuffer, SIZE_T nSize,
			      PSIZE_T lpNumberOfBytesRead)
{
	return ntapc__done(NtReadVirtualMemory(hProcess, (PVOID)lpBaseAddress,
					       lpBuffer, nSize,
					       lpNumberOfBytesRead));
}

/* In Windows it asks for the protection to be lifted first, hence the second right. */
BOOL WINAPI WriteProcessMemory(HANDLE hProcess, LPVOID lpBaseAddress,
			       LPCVOID lpBuffer, SIZE_T nSize,
			       PSIZE_T lpNumberOfBytesWritten)
{
	PSIZE_T written = lpNumberOfBytesWritten;
	struct object_ref ref;
	NTSTATUS status;
	SIZE_T count;

	status = ntapc__object_get_type(hProcess, OBJECT_PROCESS,
					PROCESS_VM_WRITE | PROCESS_VM_OPERATION,
					&ref);
	if (status) {
		if (written && !ntapc__probe_for_write(written, sizeof(*written)))
			*written = 0;
		return ntapc__done(status);
	}
	ntapc__object_ref_put(&ref);
	if (!written)
		written = &count;
	status = NtWriteVirtualMemory(hProcess, lpBaseAddress, lpBuffer, nSize,
				      written);
	if (status == STATUS_PARTIAL_COPY && !*written)
		status = STATUS_ACCESS_VIOLATION;
	return ntapc__done(status);
}

SIZE_T WINAPI VirtualQueryEx(HANDLE hProcess, LPCVOID lpAddress,
			     PMEMORY_BASIC_INFORMATION lpBuffer, SIZE_T dwLength)
{
	SIZE_T length;

	if (!ntapc__done(NtQueryVirtualMemory(hProcess, (PVOID)lpAddress,
					      MemoryBasicInformation, lpBuffer,
					      dwLength, &length)))
		return 0;
	return length;
}

SIZE_T WINAPI VirtualQuery(LPCVOID lpAddress, PMEMORY_BASIC_INFORMATION lpBuffer,
			   SIZE_T dwLength)
{
	return VirtualQueryEx(GetCurrentProcess(), lpAddress, lpBuffer, dwLength);
}

BOOL WINAPI FlushInstructionCache(HANDLE hProcess, LPCVOID lpBaseAddress,
				  SIZE_T dwSize)
{
	return ntapc__done(NtFlushInstructionCache(hProcess,
						   (PVOID)lpBaseAddress,
						   dwSize));
}
