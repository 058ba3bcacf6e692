/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that failures.c has fail: on processes and in their memory.
 */
#ifndef NTAPC_SELFTESTS_FAILURES_PROCESSES_H
#define NTAPC_SELFTESTS_FAILURES_PROCESSES_H

/* Processes */

static bool prepare_process_info(struct call *call)
{
	return ARGS(process, ntapc_process_info, .pid = 0);
}

static bool done_process_info(long ret)
{
	return !ret && RESULT(ntapc_process_info)->pid == target.pid;
}

static bool prepare_attach(struct call *call)
{
	return ARGS(process, ntapc_attach, .flags = 0);
}

static bool unchanged_attach(void)
{
	return !is_attached();
}

static bool done_attach(long ret)
{
	return !ret && is_attached() && !detach(dev);
}

static bool prepare_attach_stack(struct call *call)
{
	return ARGS(process, ntapc_attach, .flags = NTAPC_ATTACH_STACK);
}

static bool done_attach_stack(long ret)
{
	return !ret && is_attached() &&
	       !detach_stack(dev, RESULT(ntapc_attach)->save);
}

/* It takes its memory from here, once it has detached for the first time. */
static bool have_begun(void)
{
	return process_state(process) == NTAPC_PROCESS_OUT_SWAP ||
	       !out_swap(process, NTAPC_OUT_SWAP_BEGIN, NULL, 0);
}

static bool prepare_out_swap_begin(struct call *call)
{
	return ARGS(process, ntapc_out_swap, .step = NTAPC_OUT_SWAP_BEGIN);
}

static bool done_out_swap_begin(long ret)
{
	return !ret && process_state(process) == NTAPC_PROCESS_OUT_SWAP &&
	       !out_swap(process, NTAPC_OUT_SWAP_CANCEL, NULL, 0);
}

static bool prepare_out_swap_end(struct call *call)
{
	static struct ntapc_range ranges[2];

	ranges[0] = (struct ntapc_range) { ADDR(area), ONE_PAGE };
	ranges[1] = (struct ntapc_range) { ADDR(written), ONE_PAGE };
	return have_begun() &&
	       ARGS(process, ntapc_out_swap, .step = NTAPC_OUT_SWAP_END,
		    .ranges = ADDR(ranges), .nr_ranges = 2);
}

/* Who attaches has it brought in. */
static bool done_out_swap_end(long ret)
{
	return !ret && process_state(process) == NTAPC_PROCESS_OUT_OF_MEMORY &&
	       !attach(process) && !detach(dev) &&
	       process_state(process) == NTAPC_PROCESS_IN_MEMORY;
}

static bool prepare_out_swap_cancel(struct call *call)
{
	return have_begun() &&
	       ARGS(process, ntapc_out_swap, .step = NTAPC_OUT_SWAP_CANCEL);
}

static bool done_out_swap_cancel(long ret)
{
	return !ret && process_state(process) == NTAPC_PROCESS_IN_MEMORY;
}

/* Memory */

#define LENGTH	(3 * ONE_PAGE + 100)

static unsigned char *const ours_at = ours + 40;

static bool prepare_read(struct call *call)
{
	memset(ours, 0xcc, sizeof(ours));
	return ARGS(process, ntapc_copy, .remote = ADDR(area) + 60,
		    .local = ADDR(ours_at), .length = LENGTH);
}

/* As far as it says, and no further. */
static bool unchanged_read(void)
{
	__u64 done = RESULT(ntapc_copy)->done;

	return done <= LENGTH && pattern_check(ours_at, done, 60, 1) == done &&
	       same_bytes(ours_at + done, LENGTH - done, 0xcc) == LENGTH - done;
}

static bool done_read(long ret)
{
	return !ret && RESULT(ntapc_copy)->done == LENGTH &&
	       pattern_check(ours_at, LENGTH, 60, 1) == LENGTH;
}

static bool prepare_read_own(struct call *call)
{
	return prepare_read(call) && (call->arg[0] = dev);
}

static bool prepare_read_vector(struct call *call)
{
	static struct ntapc_range from[3], to[2];

	memset(ours, 0xcc, sizeof(ours));
	from[0] = (struct ntapc_range) { ADDR(area) + 60, 100 };
	from[1] = (struct ntapc_range) { ADDR(area) + 160, ONE_PAGE };
	from[2] = (struct ntapc_range) { ADDR(area) + 160 + ONE_PAGE,
					 2 * ONE_PAGE };
	to[0] = (struct ntapc_range) { ADDR(ours_at), ONE_PAGE };
	to[1] = (struct ntapc_range) { ADDR(ours_at) + ONE_PAGE,
				       2 * ONE_PAGE + 100 };
	return ARGS(process, ntapc_copy, .flags = NTAPC_COPY_VECTOR,
		    .remote = ADDR(from), .nr_remote = 3,
		    .local = ADDR(to), .nr_local = 2);
}

static bool prepare_read_window(struct call *call)
{
	return ARGS(process, ntapc_copy, .flags = NTAPC_COPY_WINDOW,
		    .remote = ADDR(area), .window = window,
		    .length = 2 * ONE_PAGE);
}

static bool done_read_window(long ret)
{
	return !ret && RESULT(ntapc_copy)->done == 2 * ONE_PAGE;
}

static bool prepare_read_large(struct call *call)
{
	return ARGS(process, ntapc_copy, .flags = NTAPC_COPY_WINDOW,
		    .remote = ADDR(large), .window = large_window,
		    .length = LARGE);
}

static bool done_read_large(long ret)
{
	return !ret && RESULT(ntapc_copy)->done == LARGE;
}

static bool prepare_write(struct call *call)
{
	pattern_fill(ours, sizeof(ours), 4);
	memset(written, 2, AREA);
	return poke(target.pid, written, written, AREA) &&
	       ARGS(process, ntapc_copy, .remote = ADDR(written) + 60,
		    .local = ADDR(ours), .length = LENGTH);
}

static bool unchanged_write(void)
{
	__u64 done = RESULT(ntapc_copy)->done;

	return done <= LENGTH && peek(target.pid, written, written, AREA) &&
	       pattern_check(written + 60, done, 0, 4) == done &&
	       same_bytes(written + 60 + done, LENGTH - done, 2) ==
			LENGTH - done;
}

static bool done_write(long ret)
{
	return !ret && RESULT(ntapc_copy)->done == LENGTH &&
	       unchanged_write();
}

/* To a page that is to be made first. */
static bool prepare_write_untouched(struct call *call)
{
	return !madvise(untouched, ONE_PAGE, MADV_DONTNEED) &&
	       ARGS(dev, ntapc_copy, .remote = ADDR(untouched),
		    .local = ADDR(ours), .length = ONE_PAGE);
}

static bool done_write_untouched(long ret)
{
	return !ret && !memcmp(untouched, ours, ONE_PAGE);
}

static bool prepare_fill(struct call *call)
{
	return ARGS(process, ntapc_fill, .width = 8, .remote = ADDR(written),
		    .length = AREA, .pattern = 0x0101010101010101ULL);
}

static bool done_fill(long ret)
{
	return !ret && RESULT(ntapc_fill)->done == AREA &&
	       peek(target.pid, written, written, AREA) &&
	       same_bytes(written, AREA, 1) == AREA;
}

static bool prepare_compare(struct call *call)
{
	return ARGS(process, ntapc_copy, .remote = ADDR(area),
		    .local = ADDR(area), .length = AREA);
}

static bool done_compare(long ret)
{
	return !ret && RESULT(ntapc_copy)->done == AREA;
}

static bool prepare_search(struct call *call)
{
	return ARGS(process, ntapc_search, .step = 1, .remote = ADDR(area),
		    .length = AREA, .pattern = ADDR(area) + AREA - 300,
		    .pattern_length = 300);
}

static bool done_search(long ret)
{
	return ret == 1 && RESULT(ntapc_search)->found;
}

static bool prepare_exchange(struct call *call)
{
	return ARGS(process, ntapc_exchange, .remote = ADDR(written),
		    .value = 6, .width = 8);
}

static bool unchanged_exchange(void)
{
	return read_word(process, written) != 6;
}

static bool done_exchange(long ret)
{
	return ret == 1 && !write_word(process, written, 5);
}

static bool prepare_query(struct call *call)
{
	memset(ours, 0, sizeof(ours));
	return ARGS(process, ntapc_query, .address = ADDR(log_apc),
		    .path = ADDR(ours), .path_size = sizeof(ours) / 8);
}

static bool done_query(long ret)
{
	return !ret && RESULT(ntapc_query)->path_length ==
			strlen((char *)ours) + 1;
}

static bool prepare_query_own(struct call *call)
{
	return prepare_query(call) && (call->arg[0] = dev);
}

static bool prepare_attached_call(struct call *call)
{
	values[0] = 0;
	return ARGS(process, ntapc_attached_call, .name = "crc32",
		    .arg = { ADDR(area), 2 * ONE_PAGE },
		    .values = ADDR(values), .nr_values = 1);
}

static bool done_attached_call(long ret)
{
	return !ret && RESULT(ntapc_attached_call)->nr_values == 1 && values[0];
}

#endif
