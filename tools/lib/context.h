/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Registers, between ntapc's picture of them and NT's.
 */
#ifndef NTAPC_CONTEXT_H
#define NTAPC_CONTEXT_H

#include "ntapc.h"
#include "ntapc/types.h"

/* Whether @flags names the whole of a part, the processor's bit included. */
#define CONTEXT_HAS(flags, part)	(((flags) & (part)) == (part))

/* Which NTAPC_CONTEXT_* general registers of NT's @flags are in. */
uint32_t ntapc__context_what(DWORD flags);

/* The general registers that @flags names; what else is there is left alone. */
void ntapc__context_to_nt(const struct ntapc_context *c, DWORD flags, CONTEXT *nt);
void ntapc__context_from_nt(struct ntapc_context *c, DWORD flags,
			    const CONTEXT *nt);

#endif /* NTAPC_CONTEXT_H */
