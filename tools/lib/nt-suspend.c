// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: suspending, resuming and alerting threads.
 */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "handle.h"
#include "internal.h"

/*
 * Rule 6.8: whether the count can be written decides before the handle does; that
 * NULL is for who doesn't want it.
 */
static NTSTATUS act_and_count(HANDLE handle, ACCESS_MASK access, PULONG count,
			      int (*act)(int fd, unsigned int flags),
			      unsigned int flags)
{
	struct object_ref ref;
	NTSTATUS status;
	int ret;

	if (count) {
		status = ntapc__probe_for_write(count, sizeof(*count));
		if (status)
			return status;
	}
	status = ntapc__object_get_type(handle, OBJECT_THREAD, access, &ref);
	if (status)
		return status;
	ret = act(ref.object.fd, flags);
	ntapc__object_ref_put(&ref);
	if (ret == -ESRCH)
		return STATUS_THREAD_IS_TERMINATING;
	if (ret < 0)
		return ntapc__status(ret);
	if (count)
		*count = ret;
	return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtSuspendThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount)
{
	return act_and_count(ThreadHandle, THREAD_SUSPEND_RESUME,
			     PreviousSuspendCount, ntapc_suspend, 0);
}

NTSTATUS NTAPI NtResumeThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount)
{
	return act_and_count(ThreadHandle, THREAD_RESUME, PreviousSuspendCount,
			     ntapc_resume, 0);
}

NTSTATUS NTAPI NtAlertResumeThread(HANDLE ThreadHandle,
				   PULONG PreviousSuspendCount)
{
	return act_and_count(ThreadHandle, THREAD_SUSPEND_RESUME,
			     PreviousSuspendCount, ntapc_resume,
			     NTAPC_RESUME_ALERT);
}

NTSTATUS NTAPI NtAlertThread(HANDLE ThreadHandle)
{
	struct object_ref ref;
	NTSTATUS status;
	int ret;

	status = ntapc__object_get_type(ThreadHandle, OBJECT_THREAD, THREAD_ALERT,
					&ref);
	if (status)
		return status;
	ret = ntapc_alert(ref.object.fd);
	/* An ended thread can be alerted: it just doesn't notice. */
	if (ret == -ESRCH && ntapc__thread_has_exited(ref.object.fd))
		ret = 0;
	ntapc__object_ref_put(&ref);
	return ntapc__status(ret);
}

NTSTATUS NTAPI NtAlertThreadByThreadId(HANDLE ThreadId)
{
	ULONG_PTR tid = (ULONG_PTR)ThreadId;
	struct object thread;
	int ret;

	if (!tid || tid > INT_MAX)
		return STATUS_INVALID_CID;
	ret = ntapc_alert_by_id(tid);
	if (ret != -ESRCH)
		return ntapc__status(ret);
	/* Rule 15.3: an id goes on to mean its thread as long as there is a handle. */
	if (!ntapc__handle_find_thread(tid, &thread))
		return STATUS_INVALID_CID;
	return thread.pid == getpid() ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}
