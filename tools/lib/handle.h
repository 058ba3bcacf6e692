/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Handles: numbers for objects, with the access rights they were opened with.
 */
#ifndef NTAPC_HANDLE_H
#define NTAPC_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "ntapc/nt.h"

enum object_type { OBJECT_THREAD, OBJECT_RESERVE, OBJECT_PROCESS };

/*
 * Freed, and its descriptor closed, with the last reference; each handle has one,
 * and each call that works on it. Invariant after creation but for @refs.
 */
struct object {
	_Atomic unsigned int refs;
	enum object_type type;
	int fd;		/* -1: a process, which is always our own */
	pid_t tid;	/* of a thread, also once it has exited */
};

/* A handle resolved: put it when done. */
struct object_ref {
	struct object *object;	/* NULL: a pseudo handle */
	enum object_type type;
	int fd;
	pid_t tid;
	ACCESS_MASK access;
};

/* handle.c: the table */
NTSTATUS ntapc__handle_insert(struct object *object, ACCESS_MASK access,
			      HANDLE *handle);
NTSTATUS ntapc__handle_remove(HANDLE handle);
NTSTATUS ntapc__handle_find(HANDLE handle, struct object **object,
			    ACCESS_MASK *access);

/* object.c: what is in it */
struct object *ntapc__object_new(enum object_type type, int fd, pid_t tid);
void ntapc__object_put(struct object *object);
NTSTATUS ntapc__object_get(HANDLE handle, struct object_ref *ref);
NTSTATUS ntapc__object_get_type(HANDLE handle, enum object_type type,
				ACCESS_MASK access, struct object_ref *ref);
void ntapc__object_ref_put(struct object_ref *ref);
NTSTATUS ntapc__object_publish(enum object_type type, int fd, pid_t tid,
			       ACCESS_MASK access, HANDLE *handle);
ACCESS_MASK ntapc__thread_access(ACCESS_MASK desired);

/* status.c */
NTSTATUS ntapc__status(int err);

/* nt-thread.c */
NTSTATUS ntapc__nt_create_thread(void *(*start)(void *), void *arg,
				 SIZE_T stack, int *fd, pid_t *tid);
void ntapc__nt_exit_thread(ULONG status) __attribute__((noreturn));

#endif /* NTAPC_HANDLE_H */
