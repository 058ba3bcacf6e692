// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The process's instance of /dev/ntapc.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static _Atomic int instance_fd;		/* plus 1; 0: not opened */
static struct process *_Atomic process;

const char *ntapc_version(void)
{
	return NTAPC_LIB_VERSION;
}

/* ioctl() that returns -errno and leaves errno alone. */
int ntapc__ioctl(int fd, unsigned long cmd, void *arg)
{
	int saved = errno;
	int ret = ioctl(fd, cmd, arg);

	if (ret < 0) {
		ret = -errno;
		errno = saved;
	}
	return ret;
}

/* What was opened where stdin, stdout or stderr belong goes elsewhere. */
int ntapc__keep_off_stdio(int fd)
{
	int moved;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		moved = -errno;
	close(fd);
	return moved;
}

static int instance_open(void)
{
	int saved = errno;
	int expected = 0;
	int fd;

	fd = open("/dev/ntapc", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	fd = ntapc__keep_off_stdio(fd);
	errno = saved;
	if (fd < 0)
		return fd;
	if (!atomic_compare_exchange_strong(&instance_fd, &expected, fd + 1)) {
		/* Another thread was faster. */
		close(fd);
		fd = expected - 1;
	}
	return fd;
}

/* With it comes the dispatcher: anybody may now queue special APCs to us. */
static int instance_setup(void)
{
	int fd = atomic_load(&instance_fd) - 1;
	struct process *p = ntapc__process();
	int ret;

	if (!p)
		return -ENOMEM;
	if (fd < 0)
		fd = instance_open();
	if (fd < 0 || atomic_load(&p->dispatcher_set))
		return fd;
	ret = ntapc__dispatcher_register(fd);
	if (ret == -EBADF || ret == -ENOTTY) {
		/* The program, a daemon maybe, has closed what it didn't open. */
		ntapc__instance_lost();
		fd = instance_open();
		if (fd < 0)
			return fd;
		ret = ntapc__dispatcher_register(fd);
	}
	if (ret)
		return ret;
	atomic_store(&p->dispatcher_set, 1);
	return fd;
}

int ntapc_instance(void)
{
	struct process *p = atomic_load_explicit(&process,
						 memory_order_relaxed);
	int fd = atomic_load_explicit(&instance_fd, memory_order_relaxed) - 1;

	if (likely(fd >= 0 && p && atomic_load_explicit(&p->dispatcher_set,
							memory_order_relaxed)))
		return fd;
	return instance_setup();
}

void ntapc__instance_lost(void)
{
	atomic_store(&instance_fd, 0);
}

int ntapc_get_info(struct ntapc_info *info)
{
	int fd = ntapc_instance();

	if (fd < 0)
		return fd;
	*info = (struct ntapc_info){ .size = sizeof(*info) };
	return ntapc__ioctl(fd, NTAPC_IOC_INFO, info);
}

/*
 * The memory is zero in the child of a fork: whatever is registered for an
 * address space, is registered anew there, also after a fork that the C library
 * knows nothing of.
 */
struct process *ntapc__process(void)
{
	struct process *p = atomic_load(&process);
	struct process *expected = NULL;
	int saved = errno;

	if (p)
		return p;
	p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p != MAP_FAILED && madvise(p, sizeof(*p), MADV_WIPEONFORK)) {
		munmap(p, sizeof(*p));
		p = MAP_FAILED;
	}
	errno = saved;
	if (p == MAP_FAILED)
		return NULL;
	if (!atomic_compare_exchange_strong(&process, &expected, p)) {
		munmap(p, sizeof(*p));
		p = expected;
	}
	return p;
}
