// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading of mm/.
 */
#include <linux/module.h>
#include <linux/notifier.h>

#include "mm.h"

static int on_module_event(struct notifier_block *block, unsigned long event,
			   void *data)
{
	if (event == MODULE_STATE_GOING)
		ntapc_routines_forget(data);
	return NOTIFY_OK;
}

static struct notifier_block module_notifier = {
	.notifier_call = on_module_event,
};

int ntapc_mm_init(void)
{
	int err;

	err = ntapc_stand_in_init();
	if (err)
		return err;
	err = ntapc_swap_init();
	if (err)
		goto exit_stand_in;
	err = ntapc_routines_init();
	if (err)
		goto exit_swap;
	err = register_module_notifier(&module_notifier);
	if (!err)
		return 0;
	ntapc_routines_exit();
exit_swap:
	ntapc_swap_exit();
exit_stand_in:
	ntapc_stand_in_exit();
	return err;
}

void ntapc_mm_exit(void)
{
	unregister_module_notifier(&module_notifier);
	ntapc_routines_exit();
	ntapc_swap_exit();
	ntapc_stand_in_exit();
}
