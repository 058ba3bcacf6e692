// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The objects that handles stand for.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

#define GENERIC_ANY \
	(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL)

/* What generic rights mean for a kind of object. */
struct generic_mapping {
	ACCESS_MASK read, write, execute, all;
};

static const struct generic_mapping thread_mapping = {
	.read = STANDARD_RIGHTS_READ | THREAD_GET_CONTEXT |
		THREAD_QUERY_INFORMATION,
	.write = STANDARD_RIGHTS_WRITE | THREAD_TERMINATE |
		 THREAD_SUSPEND_RESUME | THREAD_ALERT | THREAD_SET_CONTEXT |
		 THREAD_SET_INFORMATION | THREAD_SET_LIMITED_INFORMATION,
	.execute = STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE | THREAD_RESUME |
		   THREAD_QUERY_LIMITED_INFORMATION,
	.all = THREAD_ALL_ACCESS,
};

static const struct generic_mapping process_mapping = {
	.read = STANDARD_RIGHTS_READ | PROCESS_VM_READ |
		PROCESS_QUERY_INFORMATION,
	.write = STANDARD_RIGHTS_WRITE | PROCESS_CREATE_THREAD |
		 PROCESS_VM_OPERATION | PROCESS_VM_WRITE | PROCESS_DUP_HANDLE |
		 PROCESS_CREATE_PROCESS | PROCESS_SET_QUOTA |
		 PROCESS_SET_INFORMATION | PROCESS_SUSPEND_RESUME,
	.execute = STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE | PROCESS_TERMINATE |
		   PROCESS_QUERY_LIMITED_INFORMATION,
	.all = PROCESS_ALL_ACCESS,
};

/* Of the same rights in the same places. */
_Static_assert(EVENT_QUERY_STATE == SEMAPHORE_QUERY_STATE &&
	       EVENT_QUERY_STATE == TIMER_QUERY_STATE &&
	       EVENT_MODIFY_STATE == SEMAPHORE_MODIFY_STATE &&
	       EVENT_MODIFY_STATE == TIMER_MODIFY_STATE &&
	       EVENT_ALL_ACCESS == SEMAPHORE_ALL_ACCESS &&
	       EVENT_ALL_ACCESS == TIMER_ALL_ACCESS, "one mapping for the three");

static const struct generic_mapping sync_mapping = {
	.read = STANDARD_RIGHTS_READ | EVENT_QUERY_STATE,
	.write = STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE,
	.execute = STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE,
	.all = EVENT_ALL_ACCESS,
};

static const struct generic_mapping mutant_mapping = {
	.read = STANDARD_RIGHTS_READ | MUTANT_QUERY_STATE,
	.write = STANDARD_RIGHTS_WRITE,
	.execute = STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE,
	.all = MUTANT_ALL_ACCESS,
};

static const struct generic_mapping file_mapping = {
	.read = FILE_GENERIC_READ,
	.write = FILE_GENERIC_WRITE,
	.execute = FILE_GENERIC_EXECUTE,
	.all = FILE_ALL_ACCESS,
};

static NTSTATUS get_current_thread(struct object *object)
{
	int fd = ntapc_thread_self();

	if (fd < 0)
		return ntapc__status(fd);
	*object = (struct object){
		.type = OBJECT_THREAD,
		.fd = fd,
		.pid = getpid(),
		.tid = gettid(),
		.access = THREAD_ALL_ACCESS,
	};
	return STATUS_SUCCESS;
}

NTSTATUS ntapc__object_get(HANDLE handle, struct object_ref *ref)
{
	ref->slot = NULL;
	if (handle == NtCurrentThread())
		return get_current_thread(&ref->object);
	if (handle == NtCurrentProcess()) {
		ref->object = (struct object){
			.type = OBJECT_PROCESS,
			.fd = -1,
			.space = -1,
			.pid = getpid(),
			.access = PROCESS_ALL_ACCESS,
		};
		return STATUS_SUCCESS;
	}
	ref->slot = ntapc__handle_pin(handle, &ref->object);
	return ref->slot ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

/* The type is checked before the access, as in NT. */
NTSTATUS ntapc__object_get_type(HANDLE handle, enum object_type type,
				ACCESS_MASK access, struct object_ref *ref)
{
	NTSTATUS status = ntapc__object_get(handle, ref);

	if (status)
		return status;
	if (ref->object.type != type)
		status = STATUS_OBJECT_TYPE_MISMATCH;
	else if (access & ~ref->object.access)
		status = STATUS_ACCESS_DENIED;
	if (status)
		ntapc__object_ref_put(ref);
	return status;
}

void ntapc__object_ref_put(struct object_ref *ref)
{
	if (ref->slot)
		ntapc__handle_unpin(ref->slot);
}

/* A handle for it. Takes its descriptor over, also when it fails. */
NTSTATUS ntapc__object_publish(const struct object *object, HANDLE *handle)
{
	NTSTATUS status = ntapc__handle_insert(object, handle);

	if (status)
		ntapc__object_close(object);
	return status;
}

/* Closes its descriptors. */
void ntapc__object_close(const struct object *object)
{
	if (object->fd >= 0)
		close(object->fd);
	if (object->type == OBJECT_PROCESS && object->space >= 0)
		close(object->space);
}

static bool copy_fd(int *fd)
{
	int saved = errno;

	if (*fd < 0)
		return true;
	*fd = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	errno = saved;
	return *fd >= 0;
}

/* A handle for the same with copies of its descriptors. */
NTSTATUS ntapc__object_duplicate(const struct object *source,
				 ACCESS_MASK access, HANDLE *handle)
{
	struct object copy = *source;

	copy.access = access;
	if (!copy_fd(&copy.fd))
		return STATUS_TOO_MANY_OPENED_FILES;
	if (copy.type == OBJECT_PROCESS && !copy_fd(&copy.space)) {
		ntapc__object_close(&copy);
		return STATUS_TOO_MANY_OPENED_FILES;
	}
	return ntapc__object_publish(&copy, handle);
}

static ACCESS_MASK map_generic(const struct generic_mapping *mapping,
			       ACCESS_MASK desired)
{
	ACCESS_MASK access = desired & ~(GENERIC_ANY | MAXIMUM_ALLOWED);

	if (desired & (GENERIC_ALL | MAXIMUM_ALLOWED))
		access |= mapping->all;
	if (desired & GENERIC_READ)
		access |= mapping->read;
	if (desired & GENERIC_WRITE)
		access |= mapping->write;
	if (desired & GENERIC_EXECUTE)
		access |= mapping->execute;
	return access;
}

static ACCESS_MASK thread_access(ACCESS_MASK access)
{
	if (access & THREAD_QUERY_INFORMATION)
		access |= THREAD_QUERY_LIMITED_INFORMATION;
	if (access & THREAD_SET_INFORMATION)
		access |= THREAD_SET_LIMITED_INFORMATION;
	if (access & THREAD_SUSPEND_RESUME)
		access |= THREAD_RESUME;
	return access;
}

static ACCESS_MASK process_access(ACCESS_MASK access)
{
	if (access & PROCESS_QUERY_INFORMATION)
		access |= PROCESS_QUERY_LIMITED_INFORMATION;
	return access;
}

/* What is granted where @desired is: with what that implies. */
ACCESS_MASK ntapc__object_access(enum object_type type, ACCESS_MASK desired)
{
	switch (type) {
	case OBJECT_THREAD:
		return thread_access(map_generic(&thread_mapping, desired));
	case OBJECT_PROCESS:
		return process_access(map_generic(&process_mapping, desired));
	case OBJECT_EVENT:
	case OBJECT_SEMAPHORE:
	case OBJECT_TIMER:
		return map_generic(&sync_mapping, desired);
	case OBJECT_MUTANT:
		return map_generic(&mutant_mapping, desired);
	case OBJECT_FILE:
		return map_generic(&file_mapping, desired);
	default:
		return desired;
	}
}

/* Which kind of object the kernel's type of it is. */
enum object_type ntapc__object_type(uint32_t type)
{
	switch (type) {
	case NTAPC_OBJECT_NOTIFICATION_EVENT:
	case NTAPC_OBJECT_SYNCHRONIZATION_EVENT:
		return OBJECT_EVENT;
	case NTAPC_OBJECT_SEMAPHORE:
		return OBJECT_SEMAPHORE;
	case NTAPC_OBJECT_MUTANT:
		return OBJECT_MUTANT;
	default:
		return OBJECT_TIMER;
	}
}

/* What @err of an ioctl on a descriptor of another kind may be. */
static bool is_another_kind(int err)
{
	return err == -ENOTTY || err == -EINVAL || err == -EOPNOTSUPP;
}

static NTSTATUS thread_from_fd(int fd, const struct ntapc_thread_info *info,
			       ACCESS_MASK desired, HANDLE *handle)
{
	struct object thread = {
		.type = OBJECT_THREAD,
		.fd = fd,
		.pid = ntapc__process_of_thread(info->tid),
		.tid = info->tid,
	};

	return ntapc__object_duplicate(&thread,
				       ntapc__object_access(OBJECT_THREAD,
							    desired),
				       handle);
}

/* A handle for a dispatcher object, or for what isn't ours. */
static NTSTATUS other_from_fd(int fd, ACCESS_MASK desired, HANDLE *handle)
{
	struct object object = { .type = OBJECT_FILE, .fd = fd };
	struct ntapc_object_info info;
	int ret = ntapc_object_info(fd, &info);

	if (ret && !is_another_kind(ret))
		return ntapc__status(ret);
	if (!ret) {
		/* Who owns that is a number. */
		if (info.type == NTAPC_OBJECT_MUTANT &&
		    info.flags & NTAPC_OBJECT_NTSYNC)
			return STATUS_OBJECT_TYPE_MISMATCH;
		object.type = ntapc__object_type(info.type);
	}
	return ntapc__object_duplicate(&object,
				       ntapc__object_access(object.type, desired),
				       handle);
}

NTSTATUS ntapc_handle_from_fd(int fd, ACCESS_MASK DesiredAccess, PHANDLE Handle)
{
	struct ntapc_process_info process;
	struct ntapc_thread_info thread;
	int ret;

	ret = ntapc_thread_info(fd, &thread);
	if (!ret)
		return thread_from_fd(fd, &thread, DesiredAccess, Handle);
	if (!is_another_kind(ret))
		return ntapc__status(ret);
	ret = ntapc_process_info(fd, &process);
	if (!is_another_kind(ret))
		return ret ? ntapc__status(ret) :
			     ntapc__process_from_fd(fd, DesiredAccess, Handle);
	return other_from_fd(fd, DesiredAccess, Handle);
}

int ntapc_handle_to_fd(HANDLE Handle)
{
	struct object_ref ref;
	int fd;

	if (ntapc__object_get(Handle, &ref))
		return -EBADF;
	ntapc__object_ref_put(&ref);
	switch (ref.object.type) {
	case OBJECT_PROCESS:
		fd = ref.object.space;
		break;
	case OBJECT_RESERVE:
		fd = -1;
		break;
	default:
		fd = ref.object.fd;
		break;
	}
	return fd < 0 ? -EBADF : fd;
}
