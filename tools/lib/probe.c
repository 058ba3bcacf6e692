// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Probing: NT looks whether it can write a result before it does anything.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handle.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23	/* since Linux 5.14 */
#endif

/*
 * Can @at be written to? Finding out changes nothing there and needs no signal
 * handler: the kernel makes the pages writable, as the write would.
 */
NTSTATUS ntapc__probe_for_write(void *at, size_t length)
{
	uintptr_t page = sysconf(_SC_PAGESIZE);
	uintptr_t begin = (uintptr_t)at & ~(page - 1);
	uintptr_t end;
	int saved = errno;
	int ret;

	if (__builtin_add_overflow((uintptr_t)at, length + page - 1, &end))
		return STATUS_ACCESS_VIOLATION;
	end &= ~(page - 1);
	do {
		ret = madvise((void *)begin, end - begin, MADV_POPULATE_WRITE);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	errno = saved;
	return ret ? STATUS_ACCESS_VIOLATION : STATUS_SUCCESS;
}
