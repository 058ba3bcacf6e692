/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Offsets for dispatch-x86_64.S, which dispatch-x86_64.c compares with the structs.
 */
#ifndef NTAPC_DISPATCH_X86_64_H
#define NTAPC_DISPATCH_X86_64_H

#define TLS_IN_CALL	8

/* struct ntapc_frame */
#define FRAME_FLAGS	4
#define FRAME_ROUTINE	8
#define FRAME_CONTEXT	48
#define FRAME_R15	48
#define FRAME_R14	56
#define FRAME_R13	64
#define FRAME_R12	72
#define FRAME_RBP	80
#define FRAME_RBX	88
#define FRAME_R11	96
#define FRAME_R10	104
#define FRAME_R9	112
#define FRAME_R8	120
#define FRAME_RAX	128
#define FRAME_RCX	136
#define FRAME_RDX	144
#define FRAME_RSI	152
#define FRAME_RDI	160
#define FRAME_RIP	168
#define FRAME_CS	176
#define FRAME_EFLAGS	184
#define FRAME_RSP	192
#define FRAME_SS	200

#define FRAME_F_SYNC	4

#define IOC_CONTINUE	0x4ea6

/* ntapc__xstate_how */
#define XSTATE_FXSAVE	0
#define XSTATE_XSAVE	1
#define XSTATE_XSAVEC	2

#endif /* NTAPC_DISPATCH_X86_64_H */
