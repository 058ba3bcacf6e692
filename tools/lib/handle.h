/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Handles: numbers for objects, with the access rights they were opened with.
 */
#ifndef NTAPC_HANDLE_H
#define NTAPC_HANDLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "ntapc/nt.h"

enum object_type { OBJECT_THREAD, OBJECT_RESERVE, OBJECT_PROCESS };

/* What a handle stands for. Each handle has its own, with its own descriptor. */
struct object {
	enum object_type type;
	int fd;		/* of a process a pidfd; -1: our own process */
	int space;	/* of a process another one, of ntapc's; -1: none */
	pid_t pid;	/* of a process, or a thread's; 0: of a reserve object */
	pid_t tid;	/* of a thread, also once it has exited */
	ACCESS_MASK access;
};

/* A handle resolved: put it when done. */
struct object_ref {
	struct slot *slot;	/* NULL: a pseudo handle */
	struct object object;
};

/* handle.c: the table */
NTSTATUS ntapc__handle_insert(const struct object *object, HANDLE *handle);
NTSTATUS ntapc__handle_remove(HANDLE handle);
struct slot *ntapc__handle_pin(HANDLE handle, struct object *object);
void ntapc__handle_unpin(struct slot *slot);
bool ntapc__handle_find_thread(pid_t tid, struct object *object);

/* object.c: what is in it */
NTSTATUS ntapc__object_get(HANDLE handle, struct object_ref *ref);
NTSTATUS ntapc__object_get_type(HANDLE handle, enum object_type type,
				ACCESS_MASK access, struct object_ref *ref);
void ntapc__object_ref_put(struct object_ref *ref);
void ntapc__object_close(const struct object *object);
NTSTATUS ntapc__object_publish(const struct object *object, HANDLE *handle);
NTSTATUS ntapc__object_duplicate(const struct object *source,
				 ACCESS_MASK access, HANDLE *handle);
ACCESS_MASK ntapc__object_access(enum object_type type, ACCESS_MASK desired);

/* status.c */
NTSTATUS ntapc__status(int err);

/* probe.c */
NTSTATUS ntapc__probe_for_write(void *at, size_t length);

/* nt-thread.c */
NTSTATUS ntapc__nt_create_thread(void *(*start)(void *), void *arg,
				 SIZE_T stack, bool suspended,
				 struct object *thread);
NTSTATUS ntapc__nt_publish_thread(const struct object *thread, bool suspended,
				  HANDLE *handle);
void ntapc__nt_exit_thread(ULONG status) __attribute__((noreturn));
bool ntapc__thread_has_exited(int fd);

/* nt-process.c */
bool ntapc__process_has_thread(ULONG_PTR pid, ULONG_PTR tid);
pid_t ntapc__process_of_thread(pid_t tid);
bool ntapc__process_may_open(const struct object *process);
NTSTATUS ntapc__check_own_process(HANDLE handle);
NTSTATUS ntapc__process_from_fd(int fd, ACCESS_MASK access, HANDLE *handle);
struct nt_timeout;
NTSTATUS ntapc__process_wait(const struct object *process,
			     const struct nt_timeout *timeout);

/* win32.c */
BOOL ntapc__done(NTSTATUS status);

#endif /* NTAPC_HANDLE_H */
