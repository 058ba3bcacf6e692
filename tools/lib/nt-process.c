// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: processes. What is done to their threads is done through any one of
 * them, opened for the occasion; what is done to their memory is in nt-memory.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

/* Threads end while one looks at them; a process that only does so is at its end. */
#define TRIES	16

bool ntapc__process_has_thread(ULONG_PTR pid, ULONG_PTR tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%lu/task/%lu", pid, tid);
	return !access(path, F_OK);
}

/* The process that a thread is of; 0 if there is no such thread (any more). */
pid_t ntapc__process_of_thread(pid_t tid)
{
	char path[64], text[512];
	const char *line;
	ssize_t length;
	int fd;

	if (tid <= 0)
		return 0;
	if (ntapc__process_has_thread(getpid(), tid))
		return getpid();
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	line = strstr(text, "\nTgid:");
	return line ? atoi(line + strlen("\nTgid:")) : 0;
}

static bool has_exited(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Ids are used again: what was opened must be of the process, which must be there. */
static int open_thread_of(pid_t pid, int pidfd, pid_t tid)
{
	int fd = ntapc_thread_open(tid);

	if (fd < 0)
		return fd;
	if (ntapc__process_has_thread(pid, tid) &&
	    !ntapc__thread_has_exited(fd) && !has_exited(pidfd))
		return fd;
	close(fd);
	return -ESRCH;
}

/* Without opendir(), which allocates: see suspend.c. */
static int open_any_thread(pid_t pid, int pidfd)
{
	char path[64], buffer[1024] __attribute__((aligned(8)));
	const struct dirent64 *entry;
	int dir, fd = -ESRCH;
	long length, at;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -ESRCH;
	while (fd == -ESRCH && (length = syscall(SYS_getdents64, dir, buffer,
						 sizeof(buffer))) > 0) {
		for (at = 0; fd == -ESRCH && at < length; at += entry->d_reclen) {
			entry = (void *)(buffer + at);
			if (entry->d_name[0] != '.')
				fd = open_thread_of(pid, pidfd,
						    atoi(entry->d_name));
		}
	}
	close(dir);
	return fd;
}

bool ntapc__process_may_open(const struct object *process)
{
	int fd;

	if (process->fd < 0)
		return true;
	fd = open_any_thread(process->pid, process->fd);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

NTSTATUS ntapc__check_own_process(HANDLE handle)
{
	struct object_ref ref;
	NTSTATUS status;

	status = ntapc__object_get_type(handle, OBJECT_PROCESS, 0, &ref);
	if (status)
		return status;
	ntapc__object_ref_put(&ref);
	return ref.object.pid == getpid() ? STATUS_SUCCESS :
					    STATUS_NOT_SUPPORTED;
}

/* Readable once the process has ended. */
int ntapc__open_pidfd(pid_t pid)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return errno == EINVAL ? -ESRCH : -errno;
	return ntapc__keep_off_stdio(pidfd);
}

/* A process that isn't ours. Returns 0 or a negative errno. */
static int open_process(pid_t pid, struct object *process)
{
	int fd;

	process->fd = ntapc__open_pidfd(pid);
	if (process->fd < 0)
		return process->fd;
	fd = ntapc_process_open_pidfd(process->fd);
	process->space = ntapc__keep_off_stdio(fd);
	/* One that is about to end can be waited for. */
	if (process->space >= 0 || process->space == -ESRCH)
		return 0;
	close(process->fd);
	return process->space;
}

/* A handle for what @fd, a process's descriptor of ntapc's, stands for. */
NTSTATUS ntapc__process_from_fd(int fd, ACCESS_MASK access, HANDLE *handle)
{
	struct object process = { .type = OBJECT_PROCESS, .fd = -1, .space = -1 };
	struct ntapc_process_info info;
	NTSTATUS status;
	int ret;

	ret = ntapc_process_info(fd, &info);
	if (ret)
		return ntapc__status(ret);
	process.pid = info.pid;
	access = ntapc__object_access(OBJECT_PROCESS, access);
	if (info.pid == getpid())
		return ntapc__object_duplicate(&process, access, handle);
	process.fd = ntapc__open_pidfd(info.pid);
	/* By now the number may be another's. */
	ret = ntapc_process_info(fd, &info);
	if (process.fd < 0 || ret || info.flags & NTAPC_PROCESS_ENDED ||
	    info.pid != process.pid) {
		status = STATUS_PROCESS_IS_TERMINATING;
	} else {
		process.space = fd;
		status = ntapc__object_duplicate(&process, access, handle);
	}
	if (process.fd >= 0)
		close(process.fd);
	return status;
}

NTSTATUS NTAPI NtOpenProcess(PHANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
			     POBJECT_ATTRIBUTES ObjectAttributes,
			     PCLIENT_ID ClientId)
{
	struct object process = { .type = OBJECT_PROCESS, .fd = -1, .space = -1 };
	ULONG_PTR pid, tid;
	int ret;

	if (!ProcessHandle)
		return STATUS_ACCESS_VIOLATION;
	*ProcessHandle = NULL;
	if (!ClientId || (ObjectAttributes && ObjectAttributes->ObjectName))
		return STATUS_INVALID_PARAMETER_MIX;
	pid = (ULONG_PTR)ClientId->UniqueProcess;
	tid = (ULONG_PTR)ClientId->UniqueThread;
	if (!pid || pid > INT_MAX || (tid && !ntapc__process_has_thread(pid, tid)))
		return STATUS_INVALID_CID;
	process.pid = pid;
	process.access = ntapc__object_access(OBJECT_PROCESS, DesiredAccess);
	if (process.pid != getpid()) {
		ret = open_process(pid, &process);
		if (ret == -ESRCH)
			return STATUS_INVALID_CID;
		if (ret)
			return ntapc__status(ret);
	}
	return ntapc__object_publish(&process, ProcessHandle);
}

static int act_through_thread(const struct object *process,
			      int (*act)(int fd, unsigned int flags),
			      unsigned int flags)
{
	int fd, ret = -ESRCH, i;

	if (process->fd < 0) {
		fd = ntapc_thread_self();
		return fd < 0 ? fd : act(fd, flags);
	}
	for (i = 0; ret == -ESRCH && i < TRIES; i++) {
		fd = open_any_thread(process->pid, process->fd);
		if (fd < 0)
			return fd;
		ret = act(fd, flags);
		close(fd);
	}
	return ret;
}

static NTSTATUS act_on_process(HANDLE handle,
			       int (*act)(int fd, unsigned int flags),
			       unsigned int flags)
{
	struct object_ref ref;
	NTSTATUS status;
	int ret;

	status = ntapc__object_get_type(handle, OBJECT_PROCESS,
					PROCESS_SUSPEND_RESUME, &ref);
	if (status)
		return status;
	ret = act_through_thread(&ref.object, act, flags);
	ntapc__object_ref_put(&ref);
	return ret == -ESRCH ? STATUS_PROCESS_IS_TERMINATING : ntapc__status(ret);
}

NTSTATUS NTAPI NtSuspendProcess(HANDLE ProcessHandle)
{
	return act_on_process(ProcessHandle, ntapc_suspend, NTAPC_SUSPEND_PROCESS);
}

NTSTATUS NTAPI NtResumeProcess(HANDLE ProcessHandle)
{
	return act_on_process(ProcessHandle, ntapc_resume, NTAPC_RESUME_PROCESS);
}
