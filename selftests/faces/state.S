/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A loop with patterns in all registers and in the red zone.
 */
#define GPR		0
#define RED_ZONE	120
#define VECTOR		248
#define X87		760
#define EFLAGS		824
#define MXCSR		832
#define X87_CONTROL	836
#define SIZE		840

#define DF		0x400

	.bss
	.globl	state_before, state_after, state_has_avx, state_stop
	.p2align 6
state_before:	.skip SIZE
	.p2align 6
state_after:	.skip SIZE
state_has_avx:	.skip 4
state_stop:	.skip 4
kept_mxcsr:	.skip 4
kept_control:	.skip 4

	.text
	.globl	state_spin, state_loop, state_loop_end
	.type	state_spin, @function
	.p2align 4
state_spin:
	.cfi_startproc
	endbr64
	.irp	r, rbx, rbp, r12, r13, r14, r15
	push	%\r
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %\r, 0
	.endr
	stmxcsr	kept_mxcsr(%rip)
	fnstcw	kept_control(%rip)

	/* The red zone, from its far end on. */
	lea	state_before+RED_ZONE(%rip), %rsi
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	mov	8*\i(%rsi), %rax
	mov	%rax, 8*\i-128(%rsp)
	.endr

	fninit
	.irp	i, 7, 6, 5, 4, 3, 2, 1, 0
	fldl	state_before+X87+8*\i(%rip)
	.endr
	fldcw	state_before+X87_CONTROL(%rip)
	ldmxcsr	state_before+MXCSR(%rip)
	cmpl	$0, state_has_avx(%rip)
	je	1f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovups	state_before+VECTOR+32*\i(%rip), %ymm\i
	.endr
	jmp	2f
1:
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	state_before+VECTOR+32*\i(%rip), %xmm\i
	.endr
2:
	.set	i, 0
	.irp	r, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	mov	state_before+GPR+8*i(%rip), %\r
	.set	i, i+1
	.endr
	std
state_loop:
	cmpl	$0, state_stop(%rip)
	je	state_loop
state_loop_end:
	.set	i, 0
	.irp	r, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	mov	%\r, state_after+GPR+8*i(%rip)
	.set	i, i+1
	.endr
	lea	state_after+RED_ZONE(%rip), %rsi
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	mov	8*\i-128(%rsp), %rax
	mov	%rax, 8*\i(%rsi)
	.endr
	pushfq
	.cfi_adjust_cfa_offset 8
	pop	%rax
	.cfi_adjust_cfa_offset -8
	and	$DF, %eax
	mov	%rax, state_after+EFLAGS(%rip)
	cld
	stmxcsr	state_after+MXCSR(%rip)
	fnstcw	state_after+X87_CONTROL(%rip)
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	fstpl	state_after+X87+8*\i(%rip)
	.endr
	cmpl	$0, state_has_avx(%rip)
	je	1f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovups	%ymm\i, state_after+VECTOR+32*\i(%rip)
	.endr
	vzeroupper
	jmp	2f
1:
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	%xmm\i, state_after+VECTOR+32*\i(%rip)
	.endr
2:
	fninit
	fldcw	kept_control(%rip)
	ldmxcsr	kept_mxcsr(%rip)
	.irp	r, r15, r14, r13, r12, rbp, rbx
	pop	%\r
	.cfi_adjust_cfa_offset -8
	.cfi_restore %\r
	.endr
	ret
	.cfi_endproc
	.size	state_spin, . - state_spin

	/* A dispatcher of our own: counts, and leaves the rest to the library. */
	.globl	own_dispatcher, own_dispatcher_count
	.type	own_dispatcher, @function
	.p2align 4
own_dispatcher:
	endbr64
	lock incl own_dispatcher_count(%rip)
	jmp	ntapc_dispatcher
	.size	own_dispatcher, . - own_dispatcher
	.bss
own_dispatcher_count:	.skip 4

	.section .note.GNU-stack, "", @progbits
