/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Handles: numbers for objects, with the access rights they were opened with.
 */
#ifndef NTAPC_HANDLE_H
#define NTAPC_HANDLE_H

#include <stdbool.h>
#include <sys/types.h>

#include <linux/ntapc.h>

#include "ntapc/nt.h"

enum object_type {
	OBJECT_THREAD,
	OBJECT_RESERVE,
	OBJECT_PROCESS,
	OBJECT_EVENT,
	OBJECT_SEMAPHORE,
	OBJECT_MUTANT,
	OBJECT_TIMER,
	OBJECT_FILE,	/* whatever else there are descriptors of */
};

static inline bool ntapc__object_is_sync(enum object_type type)
{
	return type >= OBJECT_EVENT && type <= OBJECT_TIMER;
}

/* What a handle stands for. Each handle has its own, with its own descriptor. */
struct object {
	enum object_type type;
	int fd;		/* of a process a pidfd; -1: our own process */
	int space;	/* of a process another one, of ntapc's; -1: none */
	pid_t pid;	/* of a process, or a thread's; else 0 */
	pid_t tid;	/* of a thread, also once it has exited; else 0 */
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
enum object_type ntapc__object_type(uint32_t type);

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
int ntapc__open_pidfd(pid_t pid);

/* nt-wait.c */
NTSTATUS ntapc__signal_status(int err);

/* nt-name.c: names of objects */
struct name {
	size_t length;	/* 0: none */
	char text[NTAPC_NAME_MAX];
};

NTSTATUS ntapc__name_capture(const OBJECT_ATTRIBUTES *attributes,
			     struct name *name);
NTSTATUS ntapc__name_from_text(const char *text, struct name *name);
NTSTATUS ntapc__name_from_wide(PCWSTR text, struct name *name);

/* nt-sync.c */
NTSTATUS ntapc__sync_create(HANDLE *handle, ACCESS_MASK access,
			    struct ntapc_create *what, const struct name *name,
			    bool open_if);
NTSTATUS ntapc__sync_open(HANDLE *handle, ACCESS_MASK access, uint32_t type,
			  const struct name *name);
NTSTATUS ntapc__sync_create_nt(PHANDLE handle, ACCESS_MASK access,
			       struct ntapc_create *what,
			       const OBJECT_ATTRIBUTES *attributes);
NTSTATUS ntapc__sync_open_nt(PHANDLE handle, ACCESS_MASK access, uint32_t type,
			     const OBJECT_ATTRIBUTES *attributes);
NTSTATUS ntapc__sync_query(HANDLE handle, enum object_type type,
			   ACCESS_MASK access, struct ntapc_object_info *info);
NTSTATUS ntapc__query_check(const void *buffer, ULONG length, ULONG needed);

/* win32.c */
BOOL ntapc__done(NTSTATUS status);

/* win32-wait.c */
PLARGE_INTEGER ntapc__timeout_from_ms(DWORD ms, PLARGE_INTEGER time);

#endif /* NTAPC_HANDLE_H */
