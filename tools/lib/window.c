// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Windows: memory that the kernel copies to and from at once.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

int ntapc_window_create(size_t length, void **memory)
{
	struct ntapc_window w = { .size = sizeof(w), .length = length };
	int fd = ntapc_instance();
	int saved = errno;
	int err;

	if (fd < 0)
		return fd;
	fd = ntapc__ioctl(fd, NTAPC_IOC_WINDOW, &w);
	if (fd < 0)
		return fd;
	*memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*memory != MAP_FAILED)
		return fd;
	err = -errno;
	*memory = NULL;
	close(fd);
	errno = saved;
	return err;
}

int ntapc_window_destroy(int window, void *memory, size_t length)
{
	int saved = errno;
	int ret = 0;

	if (munmap(memory, length))
		ret = -errno;
	if (close(window) && !ret)
		ret = -errno;
	errno = saved;
	return ret;
}
