// SPDX-License-Identifier: GPL-2.0-only
/*
 * A look at a thread's stack, by kernel APC.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "sample.h"

#define PATIENCE_MS	5000

static int wait_and_read(int apc, uint64_t *at)
{
	struct pollfd p = { .fd = apc, .events = POLLIN };
	struct ntapc_apc_result result = {
		.values = (uintptr_t)at,
		.nr_values = NTAPC_APC_VALUES_MAX,
	};
	int ret;

	do {
		ret = poll(&p, 1, PATIENCE_MS);
	} while (ret < 0 && errno == EINTR);
	/* Unless it has just come to run. */
	if (!ret && ntapc_apc_remove(apc))
		return -ETIME;
	ret = ntapc_apc_result(apc, &result);
	if (ret)
		return ret;
	return result.state == NTAPC_APC_RUN ? (int)result.nr_values : -ESRCH;
}

int sample_stack(int fd, uint64_t *at)
{
	const uint64_t arg[3] = { NTAPC_APC_VALUES_MAX };
	int apc, ret;

	/* Special, to be let in also where the thread is suspended. */
	apc = ntapc_kernel_apc(fd, "stack", NTAPC_KERNEL_APC_SPECIAL, arg);
	if (apc < 0)
		return apc;
	ret = wait_and_read(apc, at);
	close(apc);
	return ret;
}
