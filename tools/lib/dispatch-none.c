// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Where frames aren't known yet: ordinary APCs only, as records.
 */
#include "internal.h"

bool ntapc__arch_dispatch_init(void)
{
	return false;
}

void ntapc__context_capture(struct ntapc_context *context)
{
	context->rip = (uintptr_t)__builtin_return_address(0);
	context->rsp = (uintptr_t)__builtin_frame_address(0);
}

void ntapc_dispatcher(void)
{
	/* Never registered, so never entered. */
}
