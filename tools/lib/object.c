// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The objects that handles stand for: threads, reserve objects, the own process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

#define GENERIC_ANY \
	(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL)

/*
 * Memory and descriptors are allocated and freed in guarded stretches: a special
 * APC may use handles while the code it interrupted is in the midst of malloc()
 * here.
 */
struct object *ntapc__object_new(enum object_type type, int fd, pid_t tid)
{
	struct object *object;

	ntapc_guard_enter();
	object = malloc(sizeof(*object));
	ntapc_guard_leave();
	if (!object)
		return NULL;
	atomic_init(&object->refs, 1);
	object->type = type;
	object->fd = fd;
	object->tid = tid;
	return object;
}

void ntapc__object_put(struct object *object)
{
	if (atomic_fetch_sub(&object->refs, 1) != 1)
		return;
	if (object->fd >= 0)
		close(object->fd);
	ntapc_guard_enter();
	free(object);
	ntapc_guard_leave();
}

static NTSTATUS get_current_thread(struct object_ref *ref)
{
	int fd = ntapc_thread_self();

	if (fd < 0)
		return ntapc__status(fd);
	*ref = (struct object_ref){
		.type = OBJECT_THREAD,
		.fd = fd,
		.tid = gettid(),
		.access = THREAD_ALL_ACCESS,
	};
	return STATUS_SUCCESS;
}

NTSTATUS ntapc__object_get(HANDLE handle, struct object_ref *ref)
{
	ACCESS_MASK access;
	struct object *object;
	NTSTATUS status;

	if (handle == NtCurrentThread())
		return get_current_thread(ref);
	if (handle == NtCurrentProcess()) {
		*ref = (struct object_ref){
			.type = OBJECT_PROCESS,
			.fd = -1,
			.access = PROCESS_ALL_ACCESS,
		};
		return STATUS_SUCCESS;
	}
	status = ntapc__handle_find(handle, &object, &access);
	if (status)
		return status;
	*ref = (struct object_ref){
		.object = object,
		.type = object->type,
		.fd = object->fd,
		.tid = object->tid,
		.access = access,
	};
	return STATUS_SUCCESS;
}

/* The type is checked before the access, as in NT. */
NTSTATUS ntapc__object_get_type(HANDLE handle, enum object_type type,
				ACCESS_MASK access, struct object_ref *ref)
{
	NTSTATUS status = ntapc__object_get(handle, ref);

	if (status)
		return status;
	if (ref->type != type)
		status = STATUS_OBJECT_TYPE_MISMATCH;
	else if (access & ~ref->access)
		status = STATUS_ACCESS_DENIED;
	if (status)
		ntapc__object_ref_put(ref);
	return status;
}

void ntapc__object_ref_put(struct object_ref *ref)
{
	if (ref->object)
		ntapc__object_put(ref->object);
}

/* A new object and a handle for it. Takes @fd over, also when it fails. */
NTSTATUS ntapc__object_publish(enum object_type type, int fd, pid_t tid,
			       ACCESS_MASK access, HANDLE *handle)
{
	struct object *object = ntapc__object_new(type, fd, tid);
	NTSTATUS status;

	if (!object) {
		if (fd >= 0)
			close(fd);
		return STATUS_NO_MEMORY;
	}
	status = ntapc__handle_insert(object, access, handle);
	if (status)
		ntapc__object_put(object);
	return status;
}

/* What generic rights mean for a thread, and what rights imply. */
ACCESS_MASK ntapc__thread_access(ACCESS_MASK desired)
{
	ACCESS_MASK access = desired & ~(GENERIC_ANY | MAXIMUM_ALLOWED);

	if (desired & (GENERIC_ALL | MAXIMUM_ALLOWED))
		access |= THREAD_ALL_ACCESS;
	if (desired & GENERIC_READ)
		access |= STANDARD_RIGHTS_READ | THREAD_GET_CONTEXT |
			  THREAD_QUERY_INFORMATION;
	if (desired & GENERIC_WRITE)
		access |= STANDARD_RIGHTS_WRITE | THREAD_TERMINATE |
			  THREAD_SUSPEND_RESUME | THREAD_ALERT |
			  THREAD_SET_CONTEXT | THREAD_SET_INFORMATION |
			  THREAD_SET_LIMITED_INFORMATION;
	if (desired & GENERIC_EXECUTE)
		access |= STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE | THREAD_RESUME |
			  THREAD_QUERY_LIMITED_INFORMATION;
	if (access & THREAD_QUERY_INFORMATION)
		access |= THREAD_QUERY_LIMITED_INFORMATION;
	if (access & THREAD_SET_INFORMATION)
		access |= THREAD_SET_LIMITED_INFORMATION;
	if (access & THREAD_SUSPEND_RESUME)
		access |= THREAD_RESUME;
	return access;
}

NTSTATUS ntapc_handle_from_fd(int fd, ACCESS_MASK DesiredAccess, PHANDLE Handle)
{
	struct ntapc_thread_info info;
	int ret = ntapc_thread_info(fd, &info);

	if (ret)
		return ntapc__status(ret);
	fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd < 0)
		return STATUS_TOO_MANY_OPENED_FILES;
	return ntapc__object_publish(OBJECT_THREAD, fd, info.tid,
				     ntapc__thread_access(DesiredAccess),
				     Handle);
}

int ntapc_handle_to_fd(HANDLE Handle)
{
	struct object_ref ref;
	NTSTATUS status;

	status = ntapc__object_get_type(Handle, OBJECT_THREAD, 0, &ref);
	if (status)
		return -EBADF;
	ntapc__object_ref_put(&ref);
	return ref.fd;
}
