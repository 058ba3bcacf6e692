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

/*
 * From then on a special APC registers the thread anew, if it has to. In this order, as
 * one that still finds a thread finds its slot through it.
 */
static void thread_forget(void)
{
	ntapc__tls.thread = NULL;
	atomic_signal_fence(memory_order_seq_cst);
	ntapc_control_slot = NULL;
	atomic_signal_fence(memory_order_seq_cst);
}

static void thread_free(struct thread *t)
{
	ntapc__slot_unmap(t);
	munmap(t, sizeof(*t));
}

static void thread_exit(void *arg)
{
	struct thread *t = arg;
	bool registered;

	if (ntapc__tls.thread != t)
		return;
	registered = ntapc__registered();
	thread_forget();
	if (registered) {
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
 * was prepared here is then dropped. All that are prepared have one control, whose
 * guard keeps them out from when that is looked at.
 *
 * In the child of a fork the parent's state is dropped first, with the records in
 * it, but for its descriptor: by now the number may be another file's.
 */
int ntapc__thread_register(void)
{
	struct thread *t = ntapc__tls.thread;
	int ret;

	if (t) {
		thread_forget();
		thread_free(t);
	}
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
	/* At once, as one may come, and write it, in between. */
	__atomic_fetch_add(&t->control->guard, 1, __ATOMIC_SEQ_CST);
	if (ntapc__registered())
		goto unguard;
	t->control->guard = ntapc__tls.unregistered.guard + 1;
	ntapc__tls.unregistered.guard = 0;
	ntapc__tls.thread = t;
	ntapc_control_slot = t->control;
	ntapc__list_enter(t);

	if (exit_key_valid)
		pthread_setspecific(exit_key, t);
	ntapc_guard_leave();
	return 0;
unguard:
	ntapc_guard_leave();
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
