// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The calling thread's state, and threads by descriptor.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

__thread struct tls ntapc__tls = { .unregistered.tid = 1 };
__thread struct ntapc_control *ntapc_control_slot;

static pthread_key_t exit_key;
static bool exit_key_valid;

static void thread_free(struct thread *t)
{
	ntapc_control_slot = NULL;
	ntapc__tls.thread = NULL;
	ntapc__slot_unmap(t);
	munmap(t, sizeof(*t));
}

static void thread_exit(void *arg)
{
	struct thread *t = arg;

	if (ntapc__tls.thread != t)
		return;
	if (ntapc__registered()) {
		ntapc__list_leave(t);
		close(t->fd);
	}
	thread_free(t);
}

/* Early, so that registering takes no lock. */
__attribute__((constructor)) static void exit_key_make(void)
{
	exit_key_valid = !pthread_key_create(&exit_key, thread_exit);
}

int ntapc_thread_open(pid_t tid)
{
	struct ntapc_thread_open to = { .size = sizeof(to), .tid = tid };
	int fd = ntapc_instance();

	if (fd < 0)
		return fd;
	return ntapc__ioctl(fd, NTAPC_IOC_THREAD_OPEN, &to);
}

static struct thread *thread_alloc(void)
{
	int saved = errno;
	struct thread *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	errno = saved;
	return t == MAP_FAILED ? NULL : t;
}

/* A program that closes all descriptors (a daemon) closes the instance, too. */
static int thread_open_self(void)
{
	int fd = ntapc_thread_open(0);

	if (fd == -EBADF || fd == -ENOTTY) {
		ntapc__instance_lost();
		fd = ntapc_thread_open(0);
	}
	return ntapc__keep_off_stdio(fd);
}

/*
 * A special APC may run in the midst of this and register the thread itself: what
 * was prepared here is then dropped.
 *
 * In the child of a fork the parent's state is dropped first, with the records in
 * it, but for its descriptor: by now the number may be another file's.
 */
int ntapc__thread_register(void)
{
	struct thread *t;
	int ret;

	if (ntapc__tls.thread)
		thread_free(ntapc__tls.thread);
	ntapc__reap();
	t = thread_alloc();
	if (!t)
		return -ENOMEM;
	ret = thread_open_self();
	if (ret < 0)
		goto free;
	t->fd = ret;
	ret = ntapc__slot_map(t->fd, t);
	if (ret)
		goto close;
	if (ntapc__registered())
		goto unmap;
	t->control->guard = ntapc__tls.unregistered.guard;
	ntapc__tls.unregistered.guard = 0;
	ntapc__tls.thread = t;
	ntapc_control_slot = t->control;
	ntapc__list_enter(t);

	if (exit_key_valid)
		pthread_setspecific(exit_key, t);
	return 0;
unmap:
	ntapc__slot_unmap(t);
close:
	close(t->fd);
free:
	munmap(t, sizeof(*t));
	return ret;
}

int ntapc_thread_self(void)
{
	int err;
	struct thread *t = ntapc__self(&err);

	return t ? t->fd : err;
}

int ntapc_thread_info(int fd, struct ntapc_thread_info *info)
{
	*info = (struct ntapc_thread_info){ .size = sizeof(*info) };
	return ntapc__ioctl(fd, NTAPC_IOC_THREAD_INFO, info);
}

int ntapc_set_exit_status(uint32_t status)
{
	struct ntapc_exit_status es = { .size = sizeof(es), .status = status };
	int fd = ntapc_instance();

	if (fd < 0)
		return fd;
	return ntapc__ioctl(fd, NTAPC_IOC_EXIT_STATUS, &es);
}
