/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#include <stdio.h>
#include <ntapc/win32.h>

static BOOL called;	/* touched by the worker only */

static VOID CALLBACK say(ULONG_PTR n)
{
	printf("APC %lu\n", (unsigned long)n);
	called = TRUE;
}

static DWORD WINAPI worker(LPVOID unused)
{
	while (!called)
		SleepEx(INFINITE, TRUE);
	puts("the wait is over");
	return 42;
}

int main(void)
{
	HANDLE thread = CreateThread(NULL, 0, worker, NULL, 0, NULL);
	DWORD code = 0;

	if (!thread || !QueueUserAPC(say, thread, 1))
		return 1;
	WaitForSingleObject(thread, INFINITE);
	GetExitCodeThread(thread, &code);
	printf("the thread ended with %u\n", (unsigned int)code);
	return !CloseHandle(thread);
}
