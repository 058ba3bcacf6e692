// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel APCs that user programs queue by name, with NTAPC_IOC_KERNEL_APC.
 */
#include "internal.h"

/* [named] */
/* What is held between prepare and release is counted in the log. */
static int prepare(struct ntapc_named_call *call)
{
	client_log(CLIENT_PREPARE, 0, call->arg[0], call->arg[1], call->arg[2],
		   0);
	return call->arg[2] ? -EINVAL : 0;
}

/* In the target's context; the result is its two arguments. */
static void echo(struct ntapc_named_call *call)
{
	client_log(CLIENT_NAMED, 0, call->arg[0], call->arg[1], call->arg[2],
		   0);
	call->value[0] = call->arg[0];
	call->value[1] = call->arg[1];
	call->nr_values = 2;
}

/* After the routine, or when it is certain that it won't run. */
static void release(struct ntapc_named_call *call)
{
	client_log(CLIENT_RELEASE, 0, call->arg[0], call->arg[1], call->arg[2],
		   0);
}

static struct ntapc_named_apc echo_apc = {
	.name = "client-echo",
	.owner = THIS_MODULE,
	.prepare = prepare,
	.run = echo,
	.release = release,
};

/* [named end] */

/* Waits in the target's context until gate arg[0] is open. */
static void block(struct ntapc_named_call *call)
{
	client_log(CLIENT_NAMED, 1, call->arg[0], 0, 0, 0);
	client_wait_gate(call->arg[0]);
}

static struct ntapc_named_apc block_apc = {
	.name = "client-block",
	.owner = THIS_MODULE,
	.run = block,
};

int client_register_named(void)
{
	int err;

	err = ntapc_register_named_apc(&echo_apc);
	if (err)
		return err;
	err = ntapc_register_named_apc(&block_apc);
	if (err)
		ntapc_unregister_named_apc(&echo_apc);
	return err;
}

void client_unregister_named(void)
{
	ntapc_unregister_named_apc(&block_apc);
	ntapc_unregister_named_apc(&echo_apc);
}
