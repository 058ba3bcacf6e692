// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of what has happened, in order.
 */
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "internal.h"

static struct client_event events[CLIENT_LOG_MAX];
static u32 logged;		/* may be more than there is room for */
static DEFINE_SPINLOCK(log_lock);

void client_log(enum client_what what, u32 id, u64 context, u64 arg1, u64 arg2,
		s64 result)
{
	struct client_event event = {
		.what = what,
		.id = id,
		.tid = task_pid_vnr(current),
		.attached = ntapc_is_attached_process(),
		.context = context,
		.arg = { arg1, arg2 },
		.result = result,
	};

	spin_lock(&log_lock);
	if (logged < CLIENT_LOG_MAX)
		events[logged] = event;
	logged++;
	spin_unlock(&log_lock);
}

long client_log_read(struct client_log *args)
{
	struct client_event *copy;
	u32 nr;
	long err = 0;

	copy = kvcalloc(CLIENT_LOG_MAX, sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	spin_lock(&log_lock);
	args->logged = logged;
	nr = min_t(u32, logged, CLIENT_LOG_MAX);
	nr = args->from < nr ? min(nr - args->from, args->room) : 0;
	if (nr)
		memcpy(copy, events + args->from, nr * sizeof(*copy));
	spin_unlock(&log_lock);
	if (copy_to_user(u64_to_user_ptr(args->events), copy,
			 nr * sizeof(*copy)))
		err = -EFAULT;
	kvfree(copy);
	return err;
}

void client_log_reset(void)
{
	spin_lock(&log_lock);
	logged = 0;
	spin_unlock(&log_lock);
}
