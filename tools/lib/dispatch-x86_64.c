// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * What the dispatcher has to know of the processor, and how it may resume.
 */
#include <cpuid.h>
#include <stddef.h>

#include "dispatch-x86_64.h"
#include "internal.h"

#define CPUID_1_ECX_OSXSAVE	(1U << 27)
#define CPUID_D_1_EAX_XSAVEC	(1U << 1)
#define FXSAVE_SIZE		512

#define EFLAGS_TF		0x100

/* What the kernel leaves free between a frame and the red zone. */
#define FRAME_SPARE		16
#define RED_ZONE		128

uint32_t ntapc__xstate_size = FXSAVE_SIZE;
uint32_t ntapc__xstate_how = XSTATE_FXSAVE;

_Static_assert(offsetof(struct tls, in_call) == TLS_IN_CALL, "for the .S");
_Static_assert(offsetof(struct ntapc_frame, flags) == FRAME_FLAGS, "");
_Static_assert(offsetof(struct ntapc_frame, routine) == FRAME_ROUTINE, "");
_Static_assert(offsetof(struct ntapc_frame, context) == FRAME_CONTEXT, "");
_Static_assert(offsetof(struct ntapc_frame, context.rsp) == FRAME_RSP, "");
_Static_assert(offsetof(struct ntapc_frame, context.rip) == FRAME_RIP, "");
_Static_assert(offsetof(struct ntapc_frame, context.rbx) == FRAME_RBX, "");
_Static_assert(offsetof(struct ntapc_frame, context.eflags) == FRAME_EFLAGS, "");
_Static_assert(sizeof(struct ntapc_frame) == 208, "for the .S");
_Static_assert(sizeof(struct ntapc_continue) == 16, "for the .S");
_Static_assert(NTAPC_IOC_CONTINUE == IOC_CONTINUE, "for the .S");
_Static_assert(NTAPC_FRAME_SYNC == FRAME_F_SYNC, "for the .S");

/* Returns false where there is no dispatcher. The answer never changes. */
bool ntapc__arch_dispatch_init(void)
{
	unsigned int eax, ebx, ecx, edx, size;

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) ||
	    !(ecx & CPUID_1_ECX_OSXSAVE) ||
	    !__get_cpuid_count(0xd, 0, &eax, &ebx, &ecx, &edx))
		return true;
	size = ebx;
	if (__get_cpuid_count(0xd, 1, &eax, &ebx, &ecx, &edx) &&
	    eax & CPUID_D_1_EAX_XSAVEC) {
		if (ebx > size)
			size = ebx;
		ntapc__xstate_size = size;
		ntapc__xstate_how = XSTATE_XSAVEC;
	} else {
		ntapc__xstate_size = size;
		ntapc__xstate_how = XSTATE_XSAVE;
	}
	return true;
}

/* User code can't resume it, or mustn't write below the stack pointer there. */
static bool needs_kernel(const struct ntapc_frame *frame)
{
	const struct ntapc_context *c = &frame->context;
	uint16_t cs;

	__asm__("mov %%cs, %0" : "=r"(cs));
	return frame->flags & NTAPC_FRAME_NEED_CONTINUE || frame->restart ||
	       c->eflags & EFLAGS_TF || c->cs != cs ||
	       c->rsp - RED_ZONE - FRAME_SPARE < (uintptr_t)(frame + 1);
}

/* Returns the instance to continue with, or -1 to resume in user mode. */
int ntapc__dispatch_frame(struct ntapc_frame *frame)
{
	ntapc_run_frame(frame);
	return needs_kernel(frame) ? ntapc_instance() : -1;
}
