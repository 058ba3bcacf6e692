// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A thread's registers: ntapc's picture of them, and NT's.
 */
#include "context.h"
#include "internal.h"

int ntapc_context_get(int fd, struct ntapc_thread_context *context)
{
	context->size = sizeof(*context);
	context->pad = 0;
	return ntapc__ioctl(fd, NTAPC_IOC_GET_CONTEXT, context);
}

int ntapc_context_set(int fd, const struct ntapc_thread_context *context)
{
	struct ntapc_thread_context c = *context;

	c.size = sizeof(c);
	c.pad = 0;
	return ntapc__ioctl(fd, NTAPC_IOC_SET_CONTEXT, &c);
}

uint32_t ntapc__context_what(DWORD flags)
{
	uint32_t what = 0;

	if (CONTEXT_HAS(flags, CONTEXT_CONTROL))
		what |= NTAPC_CONTEXT_CONTROL;
	/* rbp is an integer register in NT, one of control here. */
	if (CONTEXT_HAS(flags, CONTEXT_INTEGER))
		what |= NTAPC_CONTEXT_INTEGER | NTAPC_CONTEXT_CONTROL;
	if (CONTEXT_HAS(flags, CONTEXT_SEGMENTS))
		what |= NTAPC_CONTEXT_SEGMENTS;
	return what;
}

void ntapc__context_to_nt(const struct ntapc_context *c, DWORD flags, CONTEXT *nt)
{
	if (CONTEXT_HAS(flags, CONTEXT_CONTROL)) {
		nt->SegCs = c->cs;
		nt->SegSs = c->ss;
		nt->EFlags = c->eflags;
		nt->Rsp = c->rsp;
		nt->Rip = c->rip;
	}
	if (CONTEXT_HAS(flags, CONTEXT_INTEGER)) {
		nt->Rax = c->rax;
		nt->Rcx = c->rcx;
		nt->Rdx = c->rdx;
		nt->Rbx = c->rbx;
		nt->Rbp = c->rbp;
		nt->Rsi = c->rsi;
		nt->Rdi = c->rdi;
		nt->R8 = c->r8;
		nt->R9 = c->r9;
		nt->R10 = c->r10;
		nt->R11 = c->r11;
		nt->R12 = c->r12;
		nt->R13 = c->r13;
		nt->R14 = c->r14;
		nt->R15 = c->r15;
	}
}

void ntapc__context_from_nt(struct ntapc_context *c, DWORD flags,
			    const CONTEXT *nt)
{
	if (CONTEXT_HAS(flags, CONTEXT_CONTROL)) {
		c->cs = nt->SegCs;
		c->ss = nt->SegSs;
		c->eflags = nt->EFlags;
		c->rsp = nt->Rsp;
		c->rip = nt->Rip;
	}
	if (CONTEXT_HAS(flags, CONTEXT_INTEGER)) {
		c->rax = nt->Rax;
		c->rcx = nt->Rcx;
		c->rdx = nt->Rdx;
		c->rbx = nt->Rbx;
		c->rbp = nt->Rbp;
		c->rsi = nt->Rsi;
		c->rdi = nt->Rdi;
		c->r8 = nt->R8;
		c->r9 = nt->R9;
		c->r10 = nt->R10;
		c->r11 = nt->R11;
		c->r12 = nt->R12;
		c->r13 = nt->R13;
		c->r14 = nt->R14;
		c->r15 = nt->R15;
	}
}
