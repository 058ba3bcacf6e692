/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layout of every struct of the ABI, the same for 32 and 64 bit callers.
 */
#ifndef NTAPC_SELFTESTS_ABI_LAYOUT_H
#define NTAPC_SELFTESTS_ABI_LAYOUT_H

#include <stddef.h>

#include <linux/ntapc.h>

#define SIZE(type, bytes)						\
	_Static_assert(sizeof(struct ntapc_##type) == (bytes),		\
		       "size of " #type)
#define AT(type, member, bytes)						\
	_Static_assert(offsetof(struct ntapc_##type, member) == (bytes), \
		       #type "." #member)

SIZE(info, 40);
AT(info, abi_version, 4);
AT(info, features, 8);
AT(info, max_queued_thread, 16);
AT(info, max_queued_user, 20);
AT(info, queued_user, 24);
AT(info, frame_size, 28);
AT(info, nr_threads, 32);
AT(info, pad, 36);

SIZE(thread_open, 16);
AT(thread_open, flags, 4);
AT(thread_open, tid, 8);
AT(thread_open, pad, 12);

SIZE(reserve, 8);
AT(reserve, type, 4);

SIZE(dispatcher, 16);
AT(dispatcher, flags, 4);
AT(dispatcher, entry, 8);

SIZE(record, 40);
AT(record, arg, 8);
AT(record, flags, 32);
AT(record, pad, 36);

SIZE(wait, 48);
AT(wait, flags, 4);
AT(wait, deadline, 8);
AT(wait, records, 16);
AT(wait, nr_records, 24);
AT(wait, nr_objects, 28);
AT(wait, objects, 32);
AT(wait, signal, 40);
AT(wait, owner, 44);

SIZE(test_alert, 24);
AT(test_alert, flags, 4);
AT(test_alert, records, 8);
AT(test_alert, nr_records, 16);
AT(test_alert, pad, 20);

SIZE(context, 160);
AT(context, rax, 80);
AT(context, rdi, 112);
AT(context, rip, 120);
AT(context, cs, 128);
AT(context, eflags, 136);
AT(context, rsp, 144);
AT(context, ss, 152);

SIZE(frame, 208);
AT(frame, flags, 4);
AT(frame, routine, 8);
AT(frame, arg, 16);
AT(frame, restart, 40);
AT(frame, context, 48);

SIZE(continue, 16);
AT(continue, flags, 4);
AT(continue, frame, 8);

SIZE(exit_status, 8);
AT(exit_status, status, 4);

SIZE(queue, 48);
AT(queue, flags, 4);
AT(queue, routine, 8);
AT(queue, arg, 16);
AT(queue, reserve, 40);
AT(queue, pad, 44);

SIZE(queue_entry, 32);
AT(queue_entry, arg, 8);

SIZE(queue_many, 24);
AT(queue_many, flags, 4);
AT(queue_many, entries, 8);
AT(queue_many, count, 16);
AT(queue_many, pad, 20);

SIZE(thread_info, 72);
AT(thread_info, state, 4);
AT(thread_info, tid, 8);
AT(thread_info, exit_status, 12);
AT(thread_info, nr_user, 16);
AT(thread_info, nr_special, 20);
AT(thread_info, nr_queued, 24);
AT(thread_info, nr_delivered, 32);
AT(thread_info, nr_dropped, 40);
AT(thread_info, suspend_count, 48);
AT(thread_info, nr_kernel, 52);
AT(thread_info, nr_kernel_run, 56);
AT(thread_info, nr_mismatch, 64);

SIZE(control, 64);
AT(control, pending, 4);
AT(control, guard, 8);
AT(control, pad, 12);

SIZE(thread_control, 16);
AT(thread_control, offset, 4);
AT(thread_control, page, 8);

SIZE(suspend, 8);
AT(suspend, flags, 4);

SIZE(resume, 8);
AT(resume, flags, 4);

SIZE(alert, 8);
AT(alert, flags, 4);

SIZE(alert_by_id, 8);
AT(alert_by_id, tid, 4);

SIZE(wait_by_id, 16);
AT(wait_by_id, flags, 4);
AT(wait_by_id, deadline, 8);

SIZE(terminate, 8);
AT(terminate, status, 4);

SIZE(thread_context, 40);
AT(thread_context, what, 4);
AT(thread_context, context, 8);
AT(thread_context, xstate, 16);
AT(thread_context, xstate_size, 24);
AT(thread_context, ds, 28);
AT(thread_context, es, 30);
AT(thread_context, fs, 32);
AT(thread_context, gs, 34);
AT(thread_context, pad, 36);

SIZE(kernel_apc, 64);
AT(kernel_apc, flags, 4);
AT(kernel_apc, name, 8);
AT(kernel_apc, arg, 40);

SIZE(apc_result, 32);
AT(apc_result, state, 4);
AT(apc_result, order, 8);
AT(apc_result, values, 16);
AT(apc_result, nr_values, 24);
AT(apc_result, pad, 28);

SIZE(apc_remove, 8);
AT(apc_remove, flags, 4);

SIZE(process_open, 16);
AT(process_open, flags, 4);
AT(process_open, pid, 8);
AT(process_open, pad, 12);

SIZE(process_info, 40);
AT(process_info, state, 4);
AT(process_info, pid, 8);
AT(process_info, flags, 12);
AT(process_info, stack_count, 16);
AT(process_info, nr_ready, 20);
AT(process_info, nr_out_swap, 24);
AT(process_info, nr_in_swap, 32);

SIZE(attach, 16);
AT(attach, flags, 4);
AT(attach, save, 8);
AT(attach, pad, 12);

SIZE(detach, 16);
AT(detach, flags, 4);
AT(detach, save, 8);
AT(detach, pad, 12);

SIZE(out_swap, 24);
AT(out_swap, step, 4);
AT(out_swap, ranges, 8);
AT(out_swap, nr_ranges, 16);
AT(out_swap, pad, 20);

SIZE(range, 16);
AT(range, length, 8);

SIZE(copy, 64);
AT(copy, flags, 4);
AT(copy, remote, 8);
AT(copy, local, 16);
AT(copy, length, 24);
AT(copy, nr_remote, 32);
AT(copy, nr_local, 36);
AT(copy, window, 40);
AT(copy, pad, 44);
AT(copy, done, 48);
AT(copy, fault, 56);

SIZE(fill, 48);
AT(fill, width, 4);
AT(fill, remote, 8);
AT(fill, length, 16);
AT(fill, pattern, 24);
AT(fill, done, 32);
AT(fill, fault, 40);

SIZE(search, 64);
AT(search, step, 4);
AT(search, remote, 8);
AT(search, length, 16);
AT(search, pattern, 24);
AT(search, pattern_length, 32);
AT(search, pad, 36);
AT(search, found, 40);
AT(search, done, 48);
AT(search, fault, 56);

SIZE(exchange, 48);
AT(exchange, flags, 4);
AT(exchange, remote, 8);
AT(exchange, value, 16);
AT(exchange, comparand, 24);
AT(exchange, width, 32);
AT(exchange, pad, 36);
AT(exchange, old, 40);

SIZE(query, 80);
AT(query, type, 4);
AT(query, address, 8);
AT(query, start, 16);
AT(query, end, 24);
AT(query, offset, 32);
AT(query, inode, 40);
AT(query, dev_major, 48);
AT(query, dev_minor, 52);
AT(query, protection, 56);
AT(query, path_size, 60);
AT(query, path, 64);
AT(query, path_length, 72);
AT(query, max_protection, 76);

SIZE(attached_call, 80);
AT(attached_call, flags, 4);
AT(attached_call, name, 8);
AT(attached_call, arg, 40);
AT(attached_call, values, 64);
AT(attached_call, nr_values, 72);
AT(attached_call, pad, 76);

SIZE(window, 16);
AT(window, flags, 4);
AT(window, length, 8);

SIZE(create, 40);
AT(create, type, 4);
AT(create, flags, 8);
AT(create, count, 12);
AT(create, limit, 16);
AT(create, name_length, 20);
AT(create, name, 24);
AT(create, existed, 32);
AT(create, pad, 36);

SIZE(event, 16);
AT(event, op, 4);
AT(event, previous, 8);
AT(event, pad, 12);

SIZE(release, 16);
AT(release, count, 4);
AT(release, previous, 8);
AT(release, pad, 12);

SIZE(set_timer, 40);
AT(set_timer, period, 4);
AT(set_timer, due, 8);
AT(set_timer, routine, 16);
AT(set_timer, context, 24);
AT(set_timer, previous, 32);
AT(set_timer, pad, 36);

SIZE(cancel_timer, 16);
AT(cancel_timer, was_set, 4);
AT(cancel_timer, signalled, 8);
AT(cancel_timer, pad, 12);

SIZE(object_info, 40);
AT(object_info, type, 4);
AT(object_info, state, 8);
AT(object_info, limit, 12);
AT(object_info, flags, 16);
AT(object_info, nr_waiters, 20);
AT(object_info, owner, 24);
AT(object_info, period, 28);
AT(object_info, remaining, 32);

_Static_assert(NTAPC_IOC_INFO == 0x4ea0, "command numbers");
_Static_assert(NTAPC_IOC_EXIT_STATUS == 0x4ea7, "command numbers");
_Static_assert(NTAPC_IOC_WAIT_BY_ID == 0x4ea9, "command numbers");
_Static_assert(NTAPC_IOC_PROCESS_OPEN == 0x4eaa, "command numbers");
_Static_assert(NTAPC_IOC_WINDOW == 0x4eac, "command numbers");
_Static_assert(NTAPC_IOC_CREATE == 0x4ead, "command numbers");
_Static_assert(NTAPC_IOC_QUEUE == 0x4eb0, "command numbers");
_Static_assert(NTAPC_IOC_THREAD_CONTROL == 0x4eb3, "command numbers");
_Static_assert(NTAPC_IOC_KERNEL_APC == 0x4eba, "command numbers");
_Static_assert(NTAPC_IOC_PROCESS_INFO == 0x4ec0, "command numbers");
_Static_assert(NTAPC_IOC_READ == 0x4ec3, "command numbers");
_Static_assert(NTAPC_IOC_CALL == 0x4eca, "command numbers");
_Static_assert(NTAPC_IOC_APC_RESULT == 0x4ed0, "command numbers");
_Static_assert(NTAPC_IOC_APC_REMOVE == 0x4ed1, "command numbers");
_Static_assert(NTAPC_IOC_EVENT == 0x4ee0, "command numbers");
_Static_assert(NTAPC_IOC_OBJECT_INFO == 0x4ee4, "command numbers");

#undef SIZE
#undef AT

#endif /* NTAPC_SELFTESTS_ABI_LAYOUT_H */
