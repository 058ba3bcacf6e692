// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The native API: a thread's registers.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "handle.h"
#include "internal.h"

/* The processor's parts; the others say where a context comes from. */
#define CONTEXT_PARTS	0xffff
#define CONTEXT_KNOWN	(CONTEXT_ALL & CONTEXT_PARTS)

/*
 * An XSAVE area starts with what FXSAVE stores, which is what NT's FltSave is; behind
 * that is the header, whose first word says what is in the area.
 */
#define XSTATE_LEAST	576
#define XSTATE_MOST	16384	/* with tiles it is 11008 */
#define XSTATE_IN_USE	512
#define XSTATE_FP_SSE	3

_Static_assert(sizeof(XMM_SAVE_AREA32) == XSTATE_IN_USE, "as FXSAVE stores it");
_Static_assert(offsetof(XMM_SAVE_AREA32, MxCsr) == 24, "as FXSAVE stores it");

static NTSTATUS check_flags(DWORD flags)
{
	if (!(flags & CONTEXT_AMD64))
		return STATUS_INVALID_PARAMETER;
	if (flags & CONTEXT_PARTS & ~CONTEXT_KNOWN)
		return STATUS_NOT_SUPPORTED;
	return STATUS_SUCCESS;
}

static int get(int fd, struct ntapc_thread_context *c)
{
	int ret;

	do {
		ret = ntapc_context_get(fd, c);
	} while (ret == -EINTR);
	return ret;
}

static int set(int fd, const struct ntapc_thread_context *c)
{
	int ret;

	do {
		ret = ntapc_context_set(fd, c);
	} while (ret == -EINTR);
	return ret;
}

static NTSTATUS get_context(int fd, CONTEXT *nt)
{
	unsigned char xstate[XSTATE_LEAST] __attribute__((aligned(64)));
	bool floating = CONTEXT_HAS(nt->ContextFlags, CONTEXT_FLOATING_POINT);
	struct ntapc_context regs = { 0 };
	struct ntapc_thread_context c = {
		.what = ntapc__context_what(nt->ContextFlags),
	};
	int ret;

	if (c.what)
		c.context = (uintptr_t)&regs;
	if (floating) {
		c.what |= NTAPC_CONTEXT_EXTENDED;
		c.xstate = (uintptr_t)xstate;
		c.xstate_size = sizeof(xstate);
	}
	ret = c.what ? get(fd, &c) : 0;
	if (ret)
		return ntapc__status(ret);
	ntapc__context_to_nt(&regs, nt->ContextFlags, nt);
	if (CONTEXT_HAS(nt->ContextFlags, CONTEXT_SEGMENTS)) {
		nt->SegDs = c.ds;
		nt->SegEs = c.es;
		nt->SegFs = c.fs;
		nt->SegGs = c.gs;
	}
	if (floating) {
		memcpy(&nt->FltSave, xstate, sizeof(nt->FltSave));
		nt->MxCsr = nt->FltSave.MxCsr;
	}
	/* Linux keeps them for debuggers. */
	if (CONTEXT_HAS(nt->ContextFlags, CONTEXT_DEBUG_REGISTERS)) {
		nt->Dr0 = 0;
		nt->Dr1 = 0;
		nt->Dr2 = 0;
		nt->Dr3 = 0;
		nt->Dr6 = 0;
		nt->Dr7 = 0;
	}
	return STATUS_SUCCESS;
}

/*
 * Puts NT's registers together with those of the thread's that NT has in another group
 * than ntapc: rbp. Returns what is to be set, or a negative errno.
 */
static int merge_general(int fd, const CONTEXT *nt, struct ntapc_context *regs)
{
	bool control = CONTEXT_HAS(nt->ContextFlags, CONTEXT_CONTROL);
	bool integer = CONTEXT_HAS(nt->ContextFlags, CONTEXT_INTEGER);
	struct ntapc_thread_context c = {
		.what = NTAPC_CONTEXT_CONTROL,
		.context = (uintptr_t)regs,
	};
	int what = 0, ret;

	if (control)
		what |= NTAPC_CONTEXT_CONTROL;
	if (integer)
		what |= NTAPC_CONTEXT_INTEGER;
	if (control != integer) {
		ret = get(fd, &c);
		if (ret)
			return ret;
		if (integer && regs->rbp != nt->Rbp)
			what |= NTAPC_CONTEXT_CONTROL;
	}
	ntapc__context_from_nt(regs, nt->ContextFlags, nt);
	return what;
}

/*
 * The rest of the extended state stays as it is. Returns how much there is of it in
 * @area, or a negative errno.
 */
static int merge_floating(int fd, const CONTEXT *nt, unsigned char *area)
{
	struct ntapc_thread_context c = {
		.what = NTAPC_CONTEXT_EXTENDED,
		.xstate = (uintptr_t)area,
		.xstate_size = XSTATE_MOST,
	};
	uint64_t in_use;
	int ret;

	ret = get(fd, &c);
	if (ret)
		return ret;
	if (c.xstate_size > XSTATE_MOST)
		return -EOPNOTSUPP;
	memcpy(area, &nt->FltSave, sizeof(nt->FltSave));
	memcpy(area + offsetof(XMM_SAVE_AREA32, MxCsr), &nt->MxCsr,
	       sizeof(nt->MxCsr));
	memcpy(&in_use, area + XSTATE_IN_USE, sizeof(in_use));
	in_use |= XSTATE_FP_SSE;
	memcpy(area + XSTATE_IN_USE, &in_use, sizeof(in_use));
	return c.xstate_size;
}

/* With one call, from the stack: of the calling thread it doesn't return. */
static int set_context(int fd, const CONTEXT *nt)
{
	unsigned char area[XSTATE_MOST] __attribute__((aligned(64)));
	struct ntapc_thread_context c = { 0 };
	struct ntapc_context regs = { 0 };
	int ret;

	ret = merge_general(fd, nt, &regs);
	if (ret < 0)
		return ret;
	c.what = ret;
	if (c.what)
		c.context = (uintptr_t)&regs;
	if (CONTEXT_HAS(nt->ContextFlags, CONTEXT_FLOATING_POINT)) {
		ret = merge_floating(fd, nt, area);
		if (ret < 0)
			return ret;
		c.what |= NTAPC_CONTEXT_EXTENDED;
		c.xstate = (uintptr_t)area;
		c.xstate_size = ret;
	}
	return c.what ? set(fd, &c) : 0;
}

/* Debug registers are debuggers' on Linux; there are none to set. */
static bool sets_debug_registers(const CONTEXT *nt)
{
	return CONTEXT_HAS(nt->ContextFlags, CONTEXT_DEBUG_REGISTERS) &&
	       (nt->Dr0 || nt->Dr1 || nt->Dr2 || nt->Dr3 || nt->Dr7);
}

NTSTATUS NTAPI NtGetContextThread(HANDLE ThreadHandle, PCONTEXT ThreadContext)
{
	struct object_ref ref;
	NTSTATUS status;

	if (!ThreadContext)
		return STATUS_ACCESS_VIOLATION;
	status = check_flags(ThreadContext->ContextFlags);
	if (status)
		return status;
	status = ntapc__object_get_type(ThreadHandle, OBJECT_THREAD,
					THREAD_GET_CONTEXT, &ref);
	if (status)
		return status;
	status = get_context(ref.object.fd, ThreadContext);
	ntapc__object_ref_put(&ref);
	return status;
}

NTSTATUS NTAPI NtSetContextThread(HANDLE ThreadHandle, PCONTEXT ThreadContext)
{
	struct object_ref ref;
	NTSTATUS status;

	if (!ThreadContext)
		return STATUS_ACCESS_VIOLATION;
	status = check_flags(ThreadContext->ContextFlags);
	if (!status && sets_debug_registers(ThreadContext))
		status = STATUS_NOT_SUPPORTED;
	if (status)
		return status;
	status = ntapc__object_get_type(ThreadHandle, OBJECT_THREAD,
					THREAD_SET_CONTEXT, &ref);
	if (status)
		return status;
	if (ref.object.tid == gettid() &&
	    !ntapc__thread_has_exited(ref.object.fd)) {
		/* Nobody comes back to put it. */
		ntapc__object_ref_put(&ref);
		return ntapc__status(set_context(ntapc_thread_self(),
						 ThreadContext));
	}
	status = ntapc__status(set_context(ref.object.fd, ThreadContext));
	ntapc__object_ref_put(&ref);
	return status;
}
