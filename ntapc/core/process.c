// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that are in memory, or are not (rules 9.3 to 9.5).
 *
 *   InMemory --begin--> OutTransition --start--> OutSwap --end--> OutOfMemory
 *      ^  ^                   |                   |  |                |
 *      |  +--- cancelled, or somebody attaches ---+  +---+     somebody attaches
 *      |                                                 v            v
 *      +------------- end ------------- InSwap <--start-- InTransition
 */
#include <linux/ntapc.h>

#include "core.h"

/**
 * ntapc_core_process_init - this part of KeInitializeProcess
 * @process: to be initialised
 */
void ntapc_core_process_init(struct ntapc_kprocess *process)
{
	process->state = NTAPC_PROCESS_IN_MEMORY;
	process->stack_count = 0;
	INIT_LIST_HEAD(&process->ready_list);
}

/**
 * ntapc_core_process_enter - be counted as attached, without a state of one's own
 * @process: any
 *
 * Return: false, with no effect, if StackCount is at its limit.
 */
bool ntapc_core_process_enter(struct ntapc_kprocess *process)
{
	if (process->stack_count == NTAPC_STACK_COUNT_MAX)
		return false;
	process->stack_count++;
	return true;
}

/**
 * ntapc_core_process_leave - the reverse
 * @process: entered, or attached to
 */
void ntapc_core_process_leave(struct ntapc_kprocess *process)
{
	process->stack_count--;
}

/**
 * ntapc_core_process_wait - who attaches waits until it is in memory (rule 9.3)
 * @process: not InMemory
 * @entry: goes to the tail of the ready list
 *
 * Return: whether the swapper is to be told.
 */
bool ntapc_core_process_wait(struct ntapc_kprocess *process,
			     struct list_head *entry)
{
	list_add_tail(entry, &process->ready_list);
	if (process->state != NTAPC_PROCESS_OUT_OF_MEMORY)
		return false;
	process->state = NTAPC_PROCESS_IN_TRANSITION;
	return true;
}

/**
 * ntapc_core_out_swap_begin - choose it to leave memory (rule 9.5)
 * @process: any
 *
 * Return: false, with no effect, if it isn't InMemory or somebody is attached.
 */
bool ntapc_core_out_swap_begin(struct ntapc_kprocess *process)
{
	if (process->state != NTAPC_PROCESS_IN_MEMORY || process->stack_count)
		return false;
	process->state = NTAPC_PROCESS_OUT_TRANSITION;
	return true;
}

/**
 * ntapc_core_out_swap_start - its pages are about to go
 * @process: OutTransition
 *
 * Return: false if somebody has attached meanwhile: it is InMemory, and who is on
 * the ready list goes on.
 */
bool ntapc_core_out_swap_start(struct ntapc_kprocess *process)
{
	if (!list_empty(&process->ready_list)) {
		process->state = NTAPC_PROCESS_IN_MEMORY;
		return false;
	}
	process->state = NTAPC_PROCESS_OUT_SWAP;
	return true;
}

/**
 * ntapc_core_out_swap_end - its pages are gone
 * @process: OutSwap
 *
 * Return: whether the swapper is to be told, because somebody waits already.
 */
bool ntapc_core_out_swap_end(struct ntapc_kprocess *process)
{
	bool wanted = !list_empty(&process->ready_list);

	process->state = wanted ? NTAPC_PROCESS_IN_TRANSITION :
				  NTAPC_PROCESS_OUT_OF_MEMORY;
	return wanted;
}

/**
 * ntapc_core_out_swap_cancel - they stay after all
 * @process: OutSwap; who is on the ready list goes on
 */
void ntapc_core_out_swap_cancel(struct ntapc_kprocess *process)
{
	process->state = NTAPC_PROCESS_IN_MEMORY;
}

/**
 * ntapc_core_in_swap_start - the swapper has got to it
 * @process: InTransition
 */
void ntapc_core_in_swap_start(struct ntapc_kprocess *process)
{
	process->state = NTAPC_PROCESS_IN_SWAP;
}

/**
 * ntapc_core_in_swap_end - its pages are back
 * @process: InSwap; who is on the ready list goes on, in order
 */
void ntapc_core_in_swap_end(struct ntapc_kprocess *process)
{
	process->state = NTAPC_PROCESS_IN_MEMORY;
}
