/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#include <stdio.h>
#include <ntapc/win32.h>

static BOOL called;	/* touched by the worker only */

static VOID CALLBACK say(ULONG_PTR n)
{
	called = TRUE;
	printf("APC %lu\n", (unsigned long)n);
}

static DWORD WINAPI worker(LPVOID unused)
{
	while (!called)
		SleepEx(INFINITE, TRUE);
	puts("the worker goes on");
	return 0;
}

int main(void)
{
	HANDLE thread = CreateThread(NULL, 0, worker, NULL, 0, NULL);

	QueueUserAPC(say, thread, 1);
	return WaitForSingleObject(thread, INFINITE) != WAIT_OBJECT_0;
}
