/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loops that hold all of a thread's state while APCs come: each has filled it
 * with known values and looks whether they are still there.
 */

	.bss
	.globl	spin_stop, spin_rounds, captured, captured_flags, captured_xmm
	.balign	64
spin_stop:
	.skip	8
spin_rounds:
	.skip	8
saved_rsp:
	.skip	8
/* rax rbx rcx rdx rsi rdi rbp rsp r8 to r15, as a dispatcher found them */
captured:
	.skip	16 * 8
captured_flags:
	.skip	8
	.balign	64
captured_xmm:
	.skip	16 * 16

	.data
	.globl	pattern
	.balign	64
pattern:
	.quad	0x0101010101010101, 0x2222222222222222, 0x3333333333333333
	.quad	0x4444444444444444, 0xf5f5f5f5f5f5f5f5, 0x6666666666666666
	.quad	0x7777777777777777, 0x8888888888888888, 0x9999999999999999
	.quad	0xaaaaaaaaaaaaaaaa, 0xbbbbbbbbbbbbbbbb, 0xcccccccccccccccc
	.quad	0xdddddddddddddddd, 0xeeeeeeeeeeeeeeee, 0x0f0f0f0f0f0f0f0f

	.text

.macro	save_callees
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
.endm

.macro	restore_callees
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
.endm

/* The general registers, in the order of the pattern. */
.macro	each_register what
	\what	rax, 0
	\what	rbx, 1
	\what	rcx, 2
	\what	rdx, 3
	\what	rsi, 4
	\what	rdi, 5
	\what	rbp, 6
	\what	r8, 7
	\what	r9, 8
	\what	r10, 9
	\what	r11, 10
	\what	r12, 11
	\what	r13, 12
	\what	r14, 13
	\what	r15, 14
.endm

.macro	fill_register name, nr
	mov	pattern + 8 * \nr(%rip), %\name
.endm

.macro	fill_red_zone name, nr
	mov	%\name, -8 - 8 * \nr(%rsp)
.endm

.macro	check_register name, nr
	cmp	pattern + 8 * \nr(%rip), %\name
	jne	9f
.endm

.macro	check_red_zone name, nr
	cmp	%\name, -8 - 8 * \nr(%rsp)
	jne	9f
.endm

/*
 * long spin_registers(void): until spin_stop; 0 if every register and the red
 * zone were as they should be all the time
 */
	.globl	spin_registers
	.type	spin_registers, @function
spin_registers:
	save_callees
	mov	%rsp, saved_rsp(%rip)
	each_register fill_register
	each_register fill_red_zone
	mov	%r15, -128(%rsp)
1:	each_register check_register
	cmp	saved_rsp(%rip), %rsp
	jne	9f
	each_register check_red_zone
	cmp	%r15, -128(%rsp)
	jne	9f
	incq	spin_rounds(%rip)
	cmpl	$0, spin_stop(%rip)
	je	1b
	xor	%eax, %eax
	jmp	2f
9:	mov	$1, %eax
2:	mov	saved_rsp(%rip), %rsp
	restore_callees
	ret
	.size	spin_registers, . - spin_registers

/* unsigned long spin_flags(unsigned long flags): the flags after spin_stop */
	.globl	spin_flags
	.type	spin_flags, @function
spin_flags:
	push	%rdi
	popfq
1:	mov	spin_stop(%rip), %ecx
	jecxz	1b
	pushfq
	pop	%rax
	cld
	ret
	.size	spin_flags, . - spin_flags

/* The x87 part: eight values, the control word and MXCSR. */
.macro	load_x87_mxcsr
	fninit
	fldcw	(%rdi)
	ldmxcsr	4(%rdi)
	.set	i, 0
	.rept	8
	fldt	64 + 16 * i(%rdi)
	.set	i, i + 1
	.endr
.endm

.macro	store_x87_mxcsr
	.set	i, 7
	.rept	8
	fstpt	64 + 16 * i(%rsi)
	.set	i, i - 1
	.endr
	fnstcw	(%rsi)
	stmxcsr	4(%rsi)
	fninit
	ldmxcsr	8(%rdi)
.endm

.macro	burn
	mov	%edx, %ecx
1:	dec	%ecx
	jnz	1b
.endm

/*
 * void spin_sse(const struct xstate *in, struct xstate *out, unsigned rounds)
 * and so on: load the state, spin, store it
 */
	.globl	spin_sse
	.type	spin_sse, @function
spin_sse:
	load_x87_mxcsr
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu	256 + 64 * \i(%rdi), %xmm\i
	.endr
	burn
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu	%xmm\i, 256 + 64 * \i(%rsi)
	.endr
	store_x87_mxcsr
	ret
	.size	spin_sse, . - spin_sse

	.globl	spin_avx
	.type	spin_avx, @function
spin_avx:
	load_x87_mxcsr
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	256 + 64 * \i(%rdi), %ymm\i
	.endr
	burn
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	%ymm\i, 256 + 64 * \i(%rsi)
	.endr
	vzeroupper
	store_x87_mxcsr
	ret
	.size	spin_avx, . - spin_avx

	.globl	spin_avx512
	.type	spin_avx512, @function
spin_avx512:
	load_x87_mxcsr
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovw	128 + 64 + 8 * \i(%rdi), %k\i
	.endr
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vmovdqu64 256 + 64 * \i(%rdi), %zmm\i
	.endr
	burn
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vmovdqu64 %zmm\i, 256 + 64 * \i(%rsi)
	.endr
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovw	%k\i, 128 + 64 + 8 * \i(%rsi)
	.endr
	vzeroupper
	store_x87_mxcsr
	ret
	.size	spin_avx512, . - spin_avx512

/* void wreck_sse(void) and so on: leave nothing as it was */
.macro	wreck_x87_mxcsr
	fninit
	fld1
	fldpi
	push	$0x9fc0
	ldmxcsr	(%rsp)
	pop	%rax
.endm

	.globl	wreck_sse
	.type	wreck_sse, @function
wreck_sse:
	wreck_x87_mxcsr
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	pcmpeqd	%xmm\i, %xmm\i
	.endr
	ret
	.size	wreck_sse, . - wreck_sse

	.globl	wreck_avx
	.type	wreck_avx, @function
wreck_avx:
	wreck_x87_mxcsr
	vzeroall
	ret
	.size	wreck_avx, . - wreck_avx

	.globl	wreck_avx512
	.type	wreck_avx512, @function
wreck_avx512:
	wreck_x87_mxcsr
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kxnorw	%k\i, %k\i, %k\i
	.endr
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vpternlogd $0xff, %zmm\i, %zmm\i, %zmm\i
	.endr
	ret
	.size	wreck_avx512, . - wreck_avx512

/* A dispatcher that notes down what it finds. */
	.globl	dispatch_capture
	.type	dispatch_capture, @function
dispatch_capture:
	mov	%rax, captured + 0(%rip)
	mov	%rbx, captured + 8(%rip)
	mov	%rcx, captured + 16(%rip)
	mov	%rdx, captured + 24(%rip)
	mov	%rsi, captured + 32(%rip)
	mov	%rdi, captured + 40(%rip)
	mov	%rbp, captured + 48(%rip)
	mov	%rsp, captured + 56(%rip)
	mov	%r8, captured + 64(%rip)
	mov	%r9, captured + 72(%rip)
	mov	%r10, captured + 80(%rip)
	mov	%r11, captured + 88(%rip)
	mov	%r12, captured + 96(%rip)
	mov	%r13, captured + 104(%rip)
	mov	%r14, captured + 112(%rip)
	mov	%r15, captured + 120(%rip)
	pushfq
	popq	captured_flags(%rip)
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu	%xmm\i, captured_xmm + 16 * \i(%rip)
	.endr
	jmp	dispatch_continue
	.size	dispatch_capture, . - dispatch_capture

/*
 * long in_rseq(struct rseq *rseq, volatile int *flag): loops in a restartable
 * sequence until *flag isn't 0, or until it is aborted; returns 1 for that
 */
	.globl	in_rseq, rseq_start, rseq_end, rseq_abort
	.type	in_rseq, @function
in_rseq:
	lea	rseq_descriptor(%rip), %rax
	mov	%rax, 8(%rdi)
rseq_start:
	mov	(%rsi), %eax
	test	%eax, %eax
	jz	rseq_start
rseq_end:
	movq	$0, 8(%rdi)
	xor	%eax, %eax
	ret
	/* The signature that glibc registers. */
	.byte	0x0f, 0xb9, 0x3d
	.long	0x53053053
rseq_abort:
	mov	$1, %eax
	ret
	.size	in_rseq, . - in_rseq

	.section .data.rel.ro, "aw"
	.balign	32
rseq_descriptor:
	.long	0, 0
	.quad	rseq_start, rseq_end - rseq_start, rseq_abort

	.section .note.GNU-stack, "", @progbits
