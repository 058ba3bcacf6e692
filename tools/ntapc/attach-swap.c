// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc attach PID info, out-swap: whether a process is in memory, and that it isn't.
 */
#include <stdio.h>

#include "attach.h"

static const char *state_name(__u32 state)
{
	static const char *const names[] = {
		[NTAPC_PROCESS_IN_MEMORY] = "in memory",
		[NTAPC_PROCESS_OUT_OF_MEMORY] = "out of memory",
		[NTAPC_PROCESS_IN_TRANSITION] = "to be brought in",
		[NTAPC_PROCESS_OUT_TRANSITION] = "to leave memory",
		[NTAPC_PROCESS_IN_SWAP] = "being brought in",
		[NTAPC_PROCESS_OUT_SWAP] = "leaving memory",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

int attach_info(struct target *t, int argc, char **argv)
{
	struct ntapc_process_info info;
	int ret;

	(void)argv;
	if (argc != 1)
		return wrong_usage(t);
	ret = ntapc_process_info(t->fd, &info);
	if (ret)
		return target_refused(t, ret, NULL);
	printf("process     %d%s\n", t->pid,
	       info.flags & NTAPC_PROCESS_32BIT ? ", 32 bits" : "");
	printf("state       %s%s\n", state_name(info.state),
	       info.flags & NTAPC_PROCESS_ENDED ? ", ended" : "");
	printf("attached    %u threads or copies, of at most %u; %u of them wait"
	       " for it\n", info.stack_count, NTAPC_STACK_COUNT_MAX,
	       info.nr_ready);
	printf("ever        %llu times out of memory, %llu times brought in\n",
	       (unsigned long long)info.nr_out_swap,
	       (unsigned long long)info.nr_in_swap);
	return 0;
}

int attach_out_swap(struct target *t, int argc, char **argv)
{
	uint64_t length = 0;
	int ret;

	(void)argv;
	if (argc != 1)
		return wrong_usage(t);
	ret = ntapc_process_out_swap(t->fd, &length);
	if (ret)
		return target_refused(t, ret, NULL);
	printf("process %d: %llu KiB given to reclaim\n", t->pid,
	       (unsigned long long)(length >> 10));
	return 0;
}
