/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Code that spins with known register values, for tests to look at and to send
 * elsewhere: see steer.h.
 */
#include "steer_values.h"

	.text
	.globl	spin
	.type	spin, @function
spin:
	push	%rbp
	mov	%rsp, %rbp
	push	%rbx
	push	%r12
	push	%r15
	mov	$SPIN_XMM7, %rax
	movq	%rax, %xmm7
	mov	$SPIN_RBX, %rbx
	mov	$SPIN_R12, %r12
	mov	$SPIN_R15, %r15
	movq	$1, (%rdi)
	.globl	spin_begin
spin_begin:
	pause
	jmp	spin_begin
	.globl	spin_end
spin_end:
	.globl	spin_out_xmm7
spin_out_xmm7:
	movq	%xmm7, %rbx
	.globl	spin_out_rbx
spin_out_rbx:
	mov	%rbx, %rax
	pop	%r15
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size	spin, . - spin

	.section .note.GNU-stack, "", @progbits
