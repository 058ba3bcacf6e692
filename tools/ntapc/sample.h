/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A look at a thread's stack, and names for what is found there.
 */
#ifndef NTAPC_SAMPLE_H
#define NTAPC_SAMPLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ntapc.h>

/*
 * Has the kernel APC "stack" run in the thread, and waits for it.
 * @at: where it is, then where it returns to; room for NTAPC_APC_VALUES_MAX
 *
 * Returns how many there are, or a negative errno: -ETIME if the thread didn't come to
 * a safe point, -ESRCH if it ended.
 */
int sample_stack(int fd, uint64_t *at);

/*
 * What is at @address in the process of thread @tid: "function+0x12 (file)", or
 * "file+0x1234" if the file has no symbols, or "?".
 */
void name_address(pid_t tid, uint64_t address, char *name, size_t size);

#endif /* NTAPC_SAMPLE_H */
