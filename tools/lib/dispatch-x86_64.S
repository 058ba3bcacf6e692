/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The dispatcher: entered by the kernel with %rdi = %rsp = a struct ntapc_frame.
 *
 * The interrupted code's registers are in the frame, all but the extended state,
 * which is saved below the frame. After the APC they are restored without a system
 * call where that can be done. The stack then:
 *
 *	saved rsp
 *	  -8 .. -128	red zone, untouched
 *	  -136		rip	} written at the end; the kernel leaves
 *	  -144		flags	} these two words free
 *	  ...
 *	frame		on a 64-byte boundary
 *	xstate		on a 64-byte boundary; not if SYNC
 *
 * Signals and further APCs can come at any instruction; they leave 128 bytes below
 * %rsp alone and nothing more, so %rsp stays at or below what is still needed.
 */
#include <asm/unistd.h>

#include "dispatch-x86_64.h"

#define DW_RAX		0
#define DW_RDX		1
#define DW_RCX		2
#define DW_RBX		3
#define DW_RSI		4
#define DW_RDI		5
#define DW_RBP		6
#define DW_RSP		7
#define DW_RIP		16

#define SLEB_LO(n)	(((n) & 0x7f) | 0x80)
#define SLEB_HI(n)	(((n) >> 7) & 0x7f)

/* CFA = *(breg + offset): the interrupted stack pointer. */
#define CFA_IN_FRAME(breg) \
	.cfi_escape 0x0f, 4, 0x70 + breg, SLEB_LO(FRAME_RSP), SLEB_HI(FRAME_RSP), 0x06
/* Register reg was saved at breg + offset. */
#define REG_IN_FRAME(breg, reg, offset) \
	.cfi_escape 0x10, reg, 3, 0x70 + breg, SLEB_LO(offset), SLEB_HI(offset)

/* All of the interrupted registers, in the frame that breg points to. */
#define UNWIND_BY(breg)				\
	CFA_IN_FRAME(breg);			\
	REG_IN_FRAME(breg, DW_RIP, FRAME_RIP);	\
	REG_IN_FRAME(breg, DW_RAX, FRAME_RAX);	\
	REG_IN_FRAME(breg, DW_RDX, FRAME_RDX);	\
	REG_IN_FRAME(breg, DW_RCX, FRAME_RCX);	\
	REG_IN_FRAME(breg, DW_RBX, FRAME_RBX);	\
	REG_IN_FRAME(breg, DW_RSI, FRAME_RSI);	\
	REG_IN_FRAME(breg, DW_RDI, FRAME_RDI);	\
	REG_IN_FRAME(breg, DW_RBP, FRAME_RBP);	\
	REG_IN_FRAME(breg, 8, FRAME_R8);	\
	REG_IN_FRAME(breg, 9, FRAME_R9);	\
	REG_IN_FRAME(breg, 10, FRAME_R10);	\
	REG_IN_FRAME(breg, 11, FRAME_R11);	\
	REG_IN_FRAME(breg, 12, FRAME_R12);	\
	REG_IN_FRAME(breg, 13, FRAME_R13);	\
	REG_IN_FRAME(breg, 14, FRAME_R14);	\
	REG_IN_FRAME(breg, 15, FRAME_R15)

	.text
	.globl	ntapc_dispatcher
	.type	ntapc_dispatcher, @function
	.p2align 4
	.cfi_startproc
	.cfi_signal_frame
	UNWIND_BY(DW_RSP)
ntapc_dispatcher:
	endbr64
	mov	%rsp, %rbx
	UNWIND_BY(DW_RBX)
	cld

	/*
	 * %r13d: whether the library was in one of its own calls. If so, and the
	 * APC came on that call's return, nobody counts on the extended state.
	 */
	mov	ntapc__tls@gottpoff(%rip), %rax
	mov	%fs:TLS_IN_CALL(%rax), %r13d
	movl	$0, %fs:TLS_IN_CALL(%rax)
	xor	%r12d, %r12d
	testl	$FRAME_F_SYNC, FRAME_FLAGS(%rbx)
	jz	.Lsave
	test	%r13d, %r13d
	jnz	.Lrun

.Lsave:	/* %r12: where the extended state is */
	mov	ntapc__xstate_size(%rip), %eax
	sub	%rax, %rsp
	and	$-64, %rsp
	mov	%rsp, %r12
	mov	ntapc__xstate_how(%rip), %ecx
	test	%ecx, %ecx
	jz	.Lfxsave
	xor	%eax, %eax
	mov	%rax, 512(%r12)		/* the header */
	mov	%rax, 520(%r12)
	mov	%rax, 528(%r12)
	mov	%rax, 536(%r12)
	mov	%rax, 544(%r12)
	mov	%rax, 552(%r12)
	mov	%rax, 560(%r12)
	mov	%rax, 568(%r12)
	mov	$-1, %eax
	mov	$-1, %edx
	cmp	$XSTATE_XSAVE, %ecx
	je	.Lxsave
	xsavec64 (%r12)
	jmp	.Lclear
.Lxsave:
	xsave64	(%r12)
	jmp	.Lclear
.Lfxsave:
	fxsave64 (%r12)
.Lclear:	/* what the calling convention promises a function */
	fninit
	pushq	$0
	movl	$0x1f80, (%rsp)
	ldmxcsr	(%rsp)
	add	$8, %rsp

.Lrun:
	mov	%rbx, %rdi
	call	ntapc__dispatch_frame
	mov	%eax, %ebp		/* where to continue, or -1 */

	test	%r12, %r12
	jz	.Lrestored
	cmpl	$XSTATE_FXSAVE, ntapc__xstate_how(%rip)
	je	.Lfxrstor
	mov	$-1, %eax
	mov	$-1, %edx
	xrstor64 (%r12)
	jmp	.Lrestored
.Lfxrstor:
	fxrstor64 (%r12)
.Lrestored:
	mov	ntapc__tls@gottpoff(%rip), %rax
	mov	%r13d, %fs:TLS_IN_CALL(%rax)
	mov	%rbx, %rsp
	test	%ebp, %ebp
	jns	.Lcontinue

.Lresume:
	UNWIND_BY(DW_RSP)
	mov	FRAME_RSP(%rsp), %rcx
	mov	FRAME_RIP(%rsp), %rax
	mov	FRAME_EFLAGS(%rsp), %rdx
	mov	%rax, -136(%rcx)
	mov	%rdx, -144(%rcx)
	sub	$144, %rcx
	mov	%rcx, FRAME_ROUTINE(%rsp)	/* no longer needed there */
	mov	FRAME_R15(%rsp), %r15
	mov	FRAME_R14(%rsp), %r14
	mov	FRAME_R13(%rsp), %r13
	mov	FRAME_R12(%rsp), %r12
	mov	FRAME_RBP(%rsp), %rbp
	mov	FRAME_RBX(%rsp), %rbx
	mov	FRAME_R11(%rsp), %r11
	mov	FRAME_R10(%rsp), %r10
	mov	FRAME_R9(%rsp), %r9
	mov	FRAME_R8(%rsp), %r8
	mov	FRAME_RAX(%rsp), %rax
	mov	FRAME_RCX(%rsp), %rcx
	mov	FRAME_RDX(%rsp), %rdx
	mov	FRAME_RSI(%rsp), %rsi
	mov	FRAME_RDI(%rsp), %rdi
	mov	FRAME_ROUTINE(%rsp), %rsp
	/* From here on the interrupted registers are in place. */
	.cfi_remember_state
	.cfi_def_cfa %rsp, 144
	.cfi_offset %rip, -136
	.cfi_same_value %rax
	.cfi_same_value %rdx
	.cfi_same_value %rcx
	.cfi_same_value %rbx
	.cfi_same_value %rsi
	.cfi_same_value %rdi
	.cfi_same_value %rbp
	.cfi_same_value %r8
	.cfi_same_value %r9
	.cfi_same_value %r10
	.cfi_same_value %r11
	.cfi_same_value %r12
	.cfi_same_value %r13
	.cfi_same_value %r14
	.cfi_same_value %r15
	popfq
	.cfi_adjust_cfa_offset -8
	ret	$128
	.cfi_restore_state

	/*
	 * By a bare system call: the extended state has been restored, and a C
	 * function might not keep it. Only an error comes back; then the above has
	 * to do.
	 */
.Lcontinue:
	UNWIND_BY(DW_RBX)
	lea	-16(%rsp), %rsp		/* a struct ntapc_continue */
	movl	$16, (%rsp)
	movl	$0, 4(%rsp)
	mov	%rbx, 8(%rsp)
	mov	$__NR_ioctl, %eax
	mov	%ebp, %edi
	mov	$IOC_CONTINUE, %esi
	mov	%rsp, %rdx
	syscall
	mov	%rbx, %rsp
	jmp	.Lresume
	.cfi_endproc
	.size	ntapc_dispatcher, . - ntapc_dispatcher

	/* void ntapc__context_capture(struct ntapc_context *): the caller's. */
	.globl	ntapc__context_capture
	.hidden	ntapc__context_capture
	.type	ntapc__context_capture, @function
	.p2align 4
	.cfi_startproc
ntapc__context_capture:
	endbr64
#define CONTEXT(r)	(FRAME_##r - FRAME_CONTEXT)(%rdi)
	mov	%r15, CONTEXT(R15)
	mov	%r14, CONTEXT(R14)
	mov	%r13, CONTEXT(R13)
	mov	%r12, CONTEXT(R12)
	mov	%rbp, CONTEXT(RBP)
	mov	%rbx, CONTEXT(RBX)
	mov	(%rsp), %rax
	mov	%rax, CONTEXT(RIP)
	lea	8(%rsp), %rax
	mov	%rax, CONTEXT(RSP)
	mov	%cs, %eax
	mov	%rax, CONTEXT(CS)
	mov	%ss, %eax
	mov	%rax, CONTEXT(SS)
	pushfq
	.cfi_adjust_cfa_offset 8
	pop	%rax
	.cfi_adjust_cfa_offset -8
	mov	%rax, CONTEXT(EFLAGS)
	ret
	.cfi_endproc
	.size	ntapc__context_capture, . - ntapc__context_capture

	.section .note.GNU-stack, "", @progbits
