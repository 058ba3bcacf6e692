/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A loop that holds known values in all registers while another thread looks at
 * them or changes them, and system calls whose registers are known.
 */

	.bss
	.globl	context_stop, context_rsp, context_after, context_flags
	.globl	context_vectors, context_vectors_after
	.balign	64
context_stop:
	.skip	8
context_rsp:
	.skip	8
/* In the order of struct ntapc_context: r15 to rdi, then rsp */
context_after:
	.skip	16 * 8
context_flags:
	.skip	8
	.balign	64
/* 16 registers of 32 bytes, of which xmm takes the first half. */
context_vectors:
	.skip	16 * 32
context_vectors_after:
	.skip	16 * 32

	.data
	.globl	context_pattern, context_avx
	.balign	64
context_pattern:
	.quad	0x1515151515151515, 0x9414141414141414, 0x1313131313131313
	.quad	0x9212121212121212, 0x0505050505050505, 0x8b0b0b0b0b0b0b0b
	.quad	0x1111111111111111, 0x9010101010101010, 0x0909090909090909
	.quad	0x8808080808080808, 0x0a0a0a0a0a0a0a0a, 0x8c0c0c0c0c0c0c0c
	.quad	0x0d0d0d0d0d0d0d0d, 0x8e0e0e0e0e0e0e0e, 0x0f0f0f0f0f0f0f0f
/* Whether to use ymm. */
context_avx:
	.quad	0

	.text

/* The general registers, in the order of the pattern. */
.macro	each_register what
	\what	r15, 0
	\what	r14, 1
	\what	r13, 2
	\what	r12, 3
	\what	rbp, 4
	\what	rbx, 5
	\what	r11, 6
	\what	r10, 7
	\what	r9, 8
	\what	r8, 9
	\what	rax, 10
	\what	rcx, 11
	\what	rdx, 12
	\what	rsi, 13
	\what	rdi, 14
.endm

.macro	fill_register name, nr
	mov	context_pattern + 8 * \nr(%rip), %\name
.endm

.macro	note_register name, nr
	mov	%\name, context_after + 8 * \nr(%rip)
.endm

/*
 * long context_spin(void): loops until context_stop, then notes down all
 * registers; 0 if it left the loop by itself, 1 if by way of context_land
 */
	.globl	context_spin, context_loop, context_loop_end, context_land
	.type	context_spin, @function
context_spin:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, context_rsp(%rip)
	cmpq	$0, context_avx(%rip)
	jne	1f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu	context_vectors + 32 * \i(%rip), %xmm\i
	.endr
	jmp	2f
1:
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	context_vectors + 32 * \i(%rip), %ymm\i
	.endr
2:	each_register fill_register
	/* The same flags all the time. */
	cmpq	$0, context_stop(%rip)
context_loop:
	pause
	cmpq	$0, context_stop(%rip)
	je	context_loop
context_loop_end:
	each_register note_register
	mov	%rsp, context_after + 120(%rip)
	mov	context_rsp(%rip), %rsp
	pushfq
	popq	context_flags(%rip)
	xor	%ebx, %ebx
	jmp	note_vectors

/* Where another thread may send it. */
context_land:
	each_register note_register
	mov	%rsp, context_after + 120(%rip)
	mov	context_rsp(%rip), %rsp
	pushfq
	popq	context_flags(%rip)
	pushq	$0x202
	popfq
	mov	$1, %ebx

note_vectors:
	cmpq	$0, context_avx(%rip)
	jne	1f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu	%xmm\i, context_vectors_after + 32 * \i(%rip)
	.endr
	jmp	2f
1:
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	%ymm\i, context_vectors_after + 32 * \i(%rip)
	.endr
	vzeroupper
2:	cld
	mov	%rbx, %rax
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	context_spin, . - context_spin

/*
 * long context_call(long number, long arg1 to arg4): a system call; its return
 * address is context_call_end
 */
	.globl	context_call, context_call_end
	.type	context_call, @function
context_call:
	push	%rbx
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	$0x7b7b7b7b7b7b7b7b, %rbx
	syscall
context_call_end:
	pop	%rbx
	ret
	.size	context_call, . - context_call

	.section .note.GNU-stack, "", @progbits
