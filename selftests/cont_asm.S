/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where NTAPC_IOC_CONTINUE is told to go on.
 */

#define CLEAR_FLAGS	(1 << 18 | 1 << 14 | 1 << 10 | 1 << 8) /* AC NT DF TF */

	.bss
	.globl	land_registers, land_flags, land_cs, land_ss
	.balign	64
/* In the order of struct ntapc_context: r15 to rdi, then rsp */
land_registers:
	.skip	16 * 8
land_flags:
	.skip	8
land_cs:
	.skip	8
land_ss:
	.skip	8
	.balign	64
	.skip	65536
land_stack:

	.text

/* Notes down everything and goes to cont_landed(). */
	.globl	cont_land
	.type	cont_land, @function
cont_land:
	mov	%r15, land_registers + 0(%rip)
	mov	%r14, land_registers + 8(%rip)
	mov	%r13, land_registers + 16(%rip)
	mov	%r12, land_registers + 24(%rip)
	mov	%rbp, land_registers + 32(%rip)
	mov	%rbx, land_registers + 40(%rip)
	mov	%r11, land_registers + 48(%rip)
	mov	%r10, land_registers + 56(%rip)
	mov	%r9, land_registers + 64(%rip)
	mov	%r8, land_registers + 72(%rip)
	mov	%rax, land_registers + 80(%rip)
	mov	%rcx, land_registers + 88(%rip)
	mov	%rdx, land_registers + 96(%rip)
	mov	%rsi, land_registers + 104(%rip)
	mov	%rdi, land_registers + 112(%rip)
	mov	%rsp, land_registers + 120(%rip)
	lea	land_stack(%rip), %rsp
	pushfq
	popq	land_flags(%rip)
	pushfq
	andq	$~CLEAR_FLAGS, (%rsp)
	popfq
	mov	%cs, %eax
	mov	%rax, land_cs(%rip)
	mov	%ss, %eax
	mov	%rax, land_ss(%rip)
	call	cont_landed
	ud2
	.size	cont_land, . - cont_land

/* A signal handler, which may be entered with AC set. */
	.globl	cont_handler
	.type	cont_handler, @function
cont_handler:
	pushfq
	andq	$~CLEAR_FLAGS, (%rsp)
	popfq
	sub	$8, %rsp
	call	cont_signalled
	ud2
	.size	cont_handler, . - cont_handler

/* Faults in 32 and 64 bit mode. */
	.globl	cont_hlt
	.type	cont_hlt, @function
cont_hlt:
	hlt
	.size	cont_hlt, . - cont_hlt

/* exit(42), for 32 bit mode */
	.globl	cont_exit32
	.type	cont_exit32, @function
	.code32
cont_exit32:
	mov	$1, %eax
	mov	$42, %ebx
	int	$0x80
	hlt
	.code64
	.size	cont_exit32, . - cont_exit32

	.section .note.GNU-stack, "", @progbits
