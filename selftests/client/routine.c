// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attached routines: what user programs have run in the address spaces of other
 * processes, with NTAPC_IOC_CALL.
 */
#include <linux/uaccess.h>

#include "internal.h"

#define PEEK_MAX	8	/* there is room for more */

/* [routine] */
/* The values are the words at arg[0], arg[1] of them. */
static int peek_run(struct ntapc_routine_call *call)
{
	u64 __user *from = u64_to_user_ptr(call->arg[0]);
	u32 i;

	client_log(CLIENT_ROUTINE, 0, call->arg[0], call->arg[1], call->arg[2],
		   0);
	if (call->arg[1] > PEEK_MAX)
		return -EINVAL;
	for (i = 0; i < call->arg[1]; i++)
		if (get_user(call->value[i], from + i))
			return -EFAULT;
	call->nr_values = i;
	return 0;
}

static struct ntapc_attached_routine peek_routine = {
	.name = "client-peek",
	.owner = THIS_MODULE,
	.run = peek_run,
};

/* [routine end] */

/* Waits until gate arg[0] is open, then is of the opinion -arg[1]. */
static int hold_run(struct ntapc_routine_call *call)
{
	client_log(CLIENT_ROUTINE, 1, call->arg[0], call->arg[1], 0, 0);
	client_wait_gate(call->arg[0]);
	return -(int)call->arg[1];
}

static struct ntapc_attached_routine hold_routine = {
	.name = "client-hold",
	.owner = THIS_MODULE,
	.run = hold_run,
};

static int more_run(struct ntapc_routine_call *call)
{
	client_log(CLIENT_ROUTINE, 2, 0, 0, 0, 0);
	return 0;
}

/* Comes and goes as tests want it, and may be left when the module goes. */
static struct ntapc_attached_routine more_routine = {
	.name = "client-more",
	.owner = THIS_MODULE,
	.run = more_run,
};

s64 client_register_more(const struct client_step *step)
{
	return ntapc_register_attached_routine(&more_routine);
}

s64 client_unregister_more(const struct client_step *step)
{
	ntapc_unregister_attached_routine(&more_routine);
	return 0;
}

int client_register_routines(void)
{
	int err;

	err = ntapc_register_attached_routine(&peek_routine);
	if (err)
		return err;
	err = ntapc_register_attached_routine(&hold_routine);
	if (err)
		ntapc_unregister_attached_routine(&peek_routine);
	return err;
}

void client_unregister_routines(void)
{
	ntapc_unregister_attached_routine(&hold_routine);
	ntapc_unregister_attached_routine(&peek_routine);
}
