/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What spin(), in steer_asm.S, has in its registers.
 */
#ifndef NTAPC_FACES_STEER_VALUES_H
#define NTAPC_FACES_STEER_VALUES_H

#define SPIN_RBX	0x1111222233334444
#define SPIN_R12	0x5555666677778888
#define SPIN_R15	0x123456789abcdef0
#define SPIN_XMM7	0x0f1e2d3c4b5a6978

#endif /* NTAPC_FACES_STEER_VALUES_H */
