/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Code that is interrupted with everything in its registers: see state.S.
 */
#ifndef NTAPC_FACES_STATE_H
#define NTAPC_FACES_STATE_H

#include <stdint.h>

#define NR_GPR		15	/* all but rsp */
#define NR_VECTOR	16
#define VECTOR_BYTES	32
#define NR_X87		8
#define RED_ZONE_WORDS	16

/* Offsets are in state.S, too. */
struct state {
	uint64_t gpr[NR_GPR];
	uint64_t red_zone[RED_ZONE_WORDS];
	uint8_t vector[NR_VECTOR][VECTOR_BYTES];
	double x87[NR_X87];
	uint64_t eflags;
	uint32_t mxcsr;
	uint16_t x87_control;
	uint16_t pad;
};

extern struct state state_before, state_after;
extern int state_has_avx;
extern volatile int state_stop;
extern char state_loop[], state_loop_end[];

/*
 * Loads state_before into the processor, spins until state_stop is set, and stores
 * what is in the processor then to state_after.
 */
void state_spin(void);

#endif /* NTAPC_FACES_STATE_H */
