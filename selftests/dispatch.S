/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two dispatchers, the part that KiUserApcDispatcher plays. Both are entered
 * with rdi and rsp holding the address of a struct ntapc_frame, save the
 * extended state below it and call dispatch_run(frame, may_resume), whose result
 * says how to go on: 0 back in user mode, 1 by NTAPC_IOC_CONTINUE, 2 by
 * NTAPC_IOC_CONTINUE with NTAPC_CONTINUE_TEST_ALERT.
 *
 * All general registers are in the frame, so any may be used.
 */

#define FRAME_CONTEXT	48
#define CONTEXT_RIP	120
#define CONTEXT_EFLAGS	136
#define CONTEXT_RSP	144
#define CONTINUE_SIZE	16

#define XSAVE_HEADER	512
#define SYS_IOCTL	16
#define TRIES		3

/* The flags and the return address, below the red zone. */
#define STASH		(128 + 16)

	.text

	.globl	dispatch_continue
	.type	dispatch_continue, @function
	.balign	16
dispatch_continue:
	xor	%esi, %esi
	jmp	dispatch
	.size	dispatch_continue, . - dispatch_continue

	.globl	dispatch_user
	.type	dispatch_user, @function
	.balign	16
dispatch_user:
	mov	$1, %esi
	jmp	dispatch
	.size	dispatch_user, . - dispatch_user

	.type	dispatch, @function
	.balign	16
dispatch:
	mov	%rsp, %rbx
	mov	dispatch_xsave_size(%rip), %eax
	test	%eax, %eax
	jz	1f
	sub	%rax, %rsp
	and	$-64, %rsp
	xor	%eax, %eax
	mov	%rax, XSAVE_HEADER(%rsp)
	mov	%rax, XSAVE_HEADER + 8(%rsp)
	mov	%rax, XSAVE_HEADER + 16(%rsp)
	mov	%rax, XSAVE_HEADER + 24(%rsp)
	mov	%rax, XSAVE_HEADER + 32(%rsp)
	mov	%rax, XSAVE_HEADER + 40(%rsp)
	mov	%rax, XSAVE_HEADER + 48(%rsp)
	mov	%rax, XSAVE_HEADER + 56(%rsp)
	mov	$-1, %eax
	mov	$-1, %edx
	xsave64	(%rsp)
	jmp	2f
1:	sub	$512, %rsp
	fxsave64 (%rsp)
2:	call	dispatch_run
	mov	%eax, %r12d
	cmpl	$0, dispatch_xsave_size(%rip)
	je	3f
	mov	$-1, %eax
	mov	$-1, %edx
	xrstor64 (%rsp)
	jmp	4f
3:	fxrstor64 (%rsp)
4:	test	%r12d, %r12d
	jz	resume

	lea	-CONTINUE_SIZE(%rbx), %rsp
	dec	%r12d
	movl	$CONTINUE_SIZE, (%rsp)
	mov	%r12d, 4(%rsp)
	mov	%rbx, 8(%rsp)
	mov	$TRIES, %ebp
5:	mov	dispatch_device(%rip), %edi
	mov	dispatch_command(%rip), %esi
	mov	%rsp, %rdx
	mov	$SYS_IOCTL, %eax
	syscall
	/* It only returns if it fails; a lack of memory may pass. */
	dec	%ebp
	jnz	5b
	ud2

/*
 * The flags and the address to return to go just below the interrupted red zone,
 * which may be where the frame holds rsp and ss: these are read first. Then the
 * registers are popped off the frame, the last into rsp, and "ret" drops the
 * address and the red zone. An APC may interrupt this anywhere: what is yet to
 * be read is never below rsp.
 */
resume:
	mov	FRAME_CONTEXT + CONTEXT_RSP(%rbx), %rax
	mov	FRAME_CONTEXT + CONTEXT_RIP(%rbx), %rcx
	mov	FRAME_CONTEXT + CONTEXT_EFLAGS(%rbx), %rdx
	lea	FRAME_CONTEXT(%rbx), %rsp
	sub	$STASH, %rax
	mov	%rax, FRAME_CONTEXT + CONTEXT_RIP(%rbx)
	mov	%rdx, (%rax)
	mov	%rcx, 8(%rax)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
	pop	%rsp
	popfq
	ret	$128
	.size	dispatch, . - dispatch

	.section .note.GNU-stack, "", @progbits
