// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does to a thread of its own what a program says, one function of core/ for each
 * step: selftests/model.c has a model of the rules to compare that with. The
 * thread is nobody's, so nothing comes of what it is owed.
 *
 * A module for tests: build it into nothing that others use.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../core/apc.c"
#include "../core/deliver.c"
#include "../core/alert.c"
#include "../core/wait.c"
#include "../core/region.c"
#include "../core/suspend.c"
#include "../core/attach.c"
#include "../core/process.c"

#include "exerciser.h"

#define CHUNK	32

/**
 * struct exerciser - an open device
 * @lock: taken for each run
 * @kt: the thread
 * @process: what it can attach to; the first one is its own
 * @save: of its attachments
 * @target: where these are to
 * @depth: how many of them there are
 * @half: the newest one isn't in memory yet
 * @apc: its APCs
 * @kept: those that STEP_NEXT_USER and its like keep
 * @flushed: how many of @kept's tail are there only to be seen
 * @steps: copied from the program
 * @results: to be copied to it
 */
struct exerciser {
	struct mutex lock;	/* protects all of it */
	struct ntapc_kthread kt;
	struct ntapc_kprocess process[EXERCISER_PROCESSES];
	struct ntapc_apc_save save[EXERCISER_DEPTH];
	struct ntapc_kprocess *target[EXERCISER_DEPTH];
	unsigned int depth;
	bool half;
	struct ntapc_apc apc[EXERCISER_APCS];
	struct list_head kept;
	unsigned int flushed;
	struct exerciser_step steps[CHUNK];
	struct exerciser_result results[CHUNK];
};

/* Never called. */
static void kernel_routine(struct ntapc_apc *apc, struct ntapc_normal *normal)
{
}

static void init_apc(struct exerciser *ex, unsigned int nr,
		     enum exerciser_kind kind, enum ntapc_environment environment)
{
	bool user = kind == KIND_ORDINARY_USER || kind == KIND_SPECIAL_USER;

	ntapc_apc_init(&ex->apc[nr], &ex->kt, environment, kernel_routine, NULL,
		       kind == KIND_SPECIAL_KERNEL ? 0 : 1,
		       user ? NTAPC_USER_MODE : NTAPC_KERNEL_MODE, 0);
	ex->apc[nr].special_user = kind == KIND_SPECIAL_USER;
}

static void reset(struct exerciser *ex)
{
	unsigned int nr;

	for (nr = 0; nr < EXERCISER_PROCESSES; nr++)
		ntapc_core_process_init(&ex->process[nr]);
	ntapc_core_init(&ex->kt, &ex->process[0]);
	ex->depth = 0;
	ex->half = false;
	memset(ex->apc, 0, sizeof(ex->apc));
	INIT_LIST_HEAD(&ex->kept);
	ex->flushed = 0;
	for (nr = 0; nr < EXERCISER_APCS; nr++)
		init_apc(ex, nr, KIND_NORMAL_KERNEL, NTAPC_ENV_ORIGINAL);
	ex->kt.suspend_apc = &ex->apc[EXERCISER_SUSPEND_APC];
}

/* What can be seen */

static u32 state_flags(const struct ntapc_apc_state *state)
{
	return (state->kernel_in_progress ? FLAG_IN_PROGRESS : 0) |
	       (state->kernel_pending ? FLAG_KERNEL_PENDING : 0) |
	       (state->user_pending ? FLAG_USER_PENDING : 0) |
	       (state->special_pending ? FLAG_SPECIAL_PENDING : 0) |
	       (state->exit_pending ? FLAG_EXIT_PENDING : 0);
}

static bool pointers_are_right(const struct ntapc_kthread *kt)
{
	u8 index = kt->apc_state_index;

	return index <= 1 && kt->apc_state_pointer[index] == &kt->apc_state &&
	       kt->apc_state_pointer[!index] == &kt->saved_apc_state;
}

static u32 all_flags(const struct ntapc_kthread *kt)
{
	u32 flags = state_flags(&kt->apc_state) |
		    state_flags(&kt->saved_apc_state) << SHIFT_SAVED;

	flags |= (kt->apc_state_index ? FLAG_ATTACHED : 0) |
		 (kt->apc_queueable ? FLAG_QUEUEABLE : 0) |
		 (kt->alerted[NTAPC_KERNEL_MODE] ? FLAG_KERNEL_ALERT : 0) |
		 (kt->alerted[NTAPC_USER_MODE] ? FLAG_USER_ALERT : 0) |
		 (kt->alerted_by_id ? FLAG_ALERT_BY_ID : 0) |
		 (kt->suspended ? FLAG_SUSPENDED : 0) |
		 (ntapc_core_to_suspend(kt) ? FLAG_TO_SUSPEND : 0) |
		 (ntapc_core_apcs_disabled(kt) ? FLAG_APCS_DISABLED : 0) |
		 (ntapc_core_all_apcs_disabled(kt) ? FLAG_ALL_DISABLED : 0);
	if (kt->waiting)
		flags |= FLAG_IN_WAIT | (kt->alertable ? FLAG_ALERTABLE : 0) |
			 (kt->wait_mode ? FLAG_USER_WAIT : 0);
	return flags | (pointers_are_right(kt) ? 0 : FLAG_CORRUPT);
}

/* Where the next APC is written, and how many there can be yet. */
struct seer {
	const struct exerciser *ex;
	struct exerciser_state *seen;
	u8 *to;
	unsigned int left;
};

static void see_list(struct seer *seer, const struct list_head *list)
{
	const struct ntapc_apc *apc;

	list_for_each_entry(apc, list, entry) {
		if (!seer->left) {
			seer->seen->flags |= FLAG_CORRUPT;
			break;
		}
		seer->left--;
		*seer->to++ = apc - seer->ex->apc;
	}
}

static void see_state(struct seer *seer, const struct ntapc_apc_state *state)
{
	int mode;

	for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
		see_list(seer, &state->special[mode]);
		see_list(seer, &state->normal[mode]);
		*seer->to++ = EXERCISER_END;
	}
}

static void see_lists(const struct exerciser *ex, struct exerciser_state *seen)
{
	const struct ntapc_apc_save *save;
	struct seer seer = {
		.ex = ex,
		.seen = seen,
		.to = seen->lists,
		.left = EXERCISER_APCS,
	};

	memset(seen->lists, EXERCISER_NONE, sizeof(seen->lists));
	see_state(&seer, &ex->kt.apc_state);
	see_state(&seer, &ex->kt.saved_apc_state);
	for (save = ex->kt.save; save; save = save->outer)
		if (save->state.process)
			see_state(&seer, &save->state);
	see_list(&seer, &ex->kept);
	*seer.to = EXERCISER_END;
}

static u8 process_number(const struct exerciser *ex,
			 const struct ntapc_kprocess *process)
{
	return process ? process - ex->process : EXERCISER_NONE;
}

/* The marker of a save area that has no state is only the outmost one's. */
static bool saves_are_right(const struct exerciser *ex)
{
	const struct ntapc_apc_save *save = ex->kt.save;
	unsigned int depth;

	for (depth = ex->depth; depth; depth--, save = save->outer) {
		bool has_state = depth > 1;

		if (save != &ex->save[depth - 1] ||
		    !save->state.process == has_state)
			return false;
	}
	return !save;
}

static void see_attachments(const struct exerciser *ex,
			    struct exerciser_state *seen)
{
	const struct ntapc_kthread *kt = &ex->kt;
	unsigned int depth, i;

	seen->depth = ex->depth;
	for (i = 0; i < EXERCISER_PROCESSES; i++)
		seen->stack_count[i] = ex->process[i].stack_count;
	memset(seen->process, EXERCISER_NONE, sizeof(seen->process));
	seen->process[0] = process_number(ex, kt->apc_state.process);
	seen->process[1] = process_number(ex, kt->saved_apc_state.process);
	for (depth = ex->depth, i = 0; depth > 1; depth--, i++) {
		const struct ntapc_apc_state *state = &ex->save[depth - 1].state;

		seen->process[2 + i] = process_number(ex, state->process);
		seen->outer_flags[i] = state_flags(state);
	}
}

static void see(const struct exerciser *ex, struct exerciser_state *seen)
{
	const struct ntapc_kthread *kt = &ex->kt;
	unsigned int nr;

	seen->flags = all_flags(kt);
	seen->wait_status = kt->wait_status;
	seen->kernel_disable = kt->kernel_apc_disable;
	seen->special_disable = kt->special_apc_disable;
	seen->suspend_count = kt->suspend_count;
	seen->freeze_count = kt->freeze_count;
	for (nr = 0; nr < EXERCISER_APCS; nr++) {
		const struct ntapc_apc *apc = &ex->apc[nr];

		if (!apc->inserted)
			continue;
		seen->inserted |= 1 << nr;
		seen->args += exerciser_args(nr, apc->normal.arg[0],
					     apc->normal.arg[1]);
	}
	if (!saves_are_right(ex)) {
		seen->flags |= FLAG_CORRUPT;
		return;
	}
	see_attachments(ex, seen);
	see_lists(ex, seen);
}

/* Steps that take more than a call */

static bool is_kept(const struct exerciser *ex, const struct ntapc_apc *apc)
{
	return !apc->inserted && !list_empty(&apc->entry);
}

static void drop_kept(struct exerciser *ex)
{
	struct ntapc_apc *apc, *next;

	list_for_each_entry_safe(apc, next, &ex->kept, entry)
		list_del_init(&apc->entry);
}

/* What a flush has shown is nobody's from now on. */
static void drop_flushed(struct exerciser *ex)
{
	while (ex->flushed) {
		list_del_init(ex->kept.prev);
		ex->flushed--;
	}
}

static void show_taken(struct exerciser *ex, struct list_head *taken, bool keep)
{
	struct list_head *each;

	if (!keep)
		list_for_each(each, taken)
			ex->flushed++;
	list_splice_tail(taken, &ex->kept);
}

static bool step_flush(struct exerciser *ex, const struct exerciser_step *step)
{
	bool more = false;
	LIST_HEAD(flushed);

	if (step->value)
		more = ntapc_core_flush_some(&ex->kt, step->a, step->value,
					     &flushed);
	else
		ntapc_core_flush(&ex->kt, step->a, &flushed);
	show_taken(ex, &flushed, false);
	return more;
}

static bool step_run_down(struct exerciser *ex,
			  const struct exerciser_step *step)
{
	LIST_HEAD(flushed);
	bool more = ntapc_core_run_down_some(&ex->kt, step->value, &flushed);

	show_taken(ex, &flushed, false);
	return more;
}

static u32 step_next_users(struct exerciser *ex,
			   const struct exerciser_step *step)
{
	LIST_HEAD(taken);
	u32 nr = ntapc_core_next_users(&ex->kt, step->value ?: 1, &taken);

	show_taken(ex, &taken, step->b);
	return nr;
}

static struct ntapc_apc *step_next_kernel(struct exerciser *ex, bool begins,
					  bool *blocked)
{
	struct ntapc_apc *apc = ntapc_core_next_kernel(&ex->kt, blocked);

	if (apc && apc->normal.routine && begins)
		ex->kt.apc_state.kernel_in_progress = true;
	return apc;
}

/* The one that ends the thread isn't anything to be put back. */
static struct ntapc_apc *step_next_user(struct exerciser *ex,
					const struct exerciser_step *step)
{
	struct ntapc_apc *apc = ntapc_core_next_user(&ex->kt, step->a);

	if (apc && step->b && apc != &ex->apc[EXERCISER_EXIT_APC])
		list_add_tail(&apc->entry, &ex->kept);
	return apc;
}

static bool step_insert_exit(struct exerciser *ex, enum ntapc_wake *wake)
{
	struct ntapc_apc *apc = &ex->apc[EXERCISER_EXIT_APC];

	if (!apc->inserted)
		init_apc(ex, EXERCISER_EXIT_APC, KIND_ORDINARY_USER,
			 NTAPC_ENV_ORIGINAL);
	return ntapc_core_insert_exit(&ex->kt, apc, wake);
}

static int step_attach(struct exerciser *ex, const struct exerciser_step *step)
{
	struct ntapc_kprocess *process = &ex->process[step->a];
	u32 count = process->stack_count;
	enum ntapc_attach_result result;

	if (step->b & ATTACH_FULL)
		process->stack_count = NTAPC_STACK_COUNT_MAX;
	result = ntapc_core_attach(&ex->kt, process, &ex->save[ex->depth],
				   step->b & ATTACH_STACK);
	if (result == NTAPC_ATTACHED) {
		ex->target[ex->depth++] = process;
		ex->half = true;
	}
	if (step->b & ATTACH_FULL)
		process->stack_count = count;
	return result;
}

static void step_resident(struct exerciser *ex)
{
	ntapc_core_attach_resident(&ex->kt, ex->target[ex->depth - 1]);
	ex->half = false;
}

/* It is the caller's again: whoever still relies on it is to be found out. */
static void drop_save(struct exerciser *ex)
{
	if (!ex->depth)
		return;
	memset(&ex->save[--ex->depth], 0xa5, sizeof(*ex->save));
}

static int step_detach(struct exerciser *ex, bool unstack)
{
	enum ntapc_attach_result result;
	bool recheck = true;

	result = ntapc_core_detach(&ex->kt, unstack, &recheck);
	if (result == NTAPC_ATTACHED)
		drop_save(ex);
	return result | (recheck ? RET_RECHECK : 0);
}

static bool step_undo(struct exerciser *ex)
{
	bool recheck = ntapc_core_attach_undo(&ex->kt,
					      ex->target[ex->depth - 1]);

	drop_save(ex);
	ex->half = false;
	return recheck;
}

/* What would make a list of two, lose APCs, or leave where nobody is. */
static bool makes_sense(const struct exerciser *ex,
			const struct exerciser_step *step)
{
	const struct ntapc_apc *apc = &ex->apc[step->apc];

	switch (step->what) {
	case STEP_INIT:
		return step->apc > EXERCISER_EXIT_APC && !apc->inserted &&
		       !is_kept(ex, apc);
	case STEP_INSERT:
		return step->apc > EXERCISER_EXIT_APC && !is_kept(ex, apc);
	case STEP_ATTACH:
		return ex->depth < EXERCISER_DEPTH && !ex->half;
	case STEP_RESIDENT:
		return ex->half;
	case STEP_DETACH:
		return !ex->half;
	case STEP_UNDO:
		return ex->depth;
	default:
		return true;
	}
}

static void do_step(struct exerciser *ex, const struct exerciser_step *step,
		    struct exerciser_result *result)
{
	struct ntapc_kthread *kt = &ex->kt;
	struct ntapc_apc *apc = &ex->apc[step->apc], *next = NULL;
	enum ntapc_wake wake = NTAPC_WAKE_NONE;
	bool blocked = false;

	switch (step->what) {
	case STEP_RESET:
		reset(ex);
		break;
	case STEP_INIT:
		init_apc(ex, step->apc, step->a, step->b);
		break;
	case STEP_INSERT:
		result->ret = ntapc_core_insert(kt, apc, step->value,
						~(u64)step->value, step->a,
						&wake);
		break;
	case STEP_INSERT_EXIT:
		result->ret = step_insert_exit(ex, &wake);
		break;
	case STEP_REMOVE:
		result->ret = ntapc_core_remove(kt, apc);
		break;
	case STEP_FLUSH:
		result->ret = step_flush(ex, step);
		break;
	case STEP_RUN_DOWN:
		result->ret = step_run_down(ex, step);
		break;
	case STEP_NEXT_KERNEL:
		next = step_next_kernel(ex, step->a, &blocked);
		break;
	case STEP_KERNEL_DONE:
		ntapc_core_kernel_done(kt);
		break;
	case STEP_NEXT_USER:
		next = step_next_user(ex, step);
		break;
	case STEP_NEXT_USERS:
		result->ret = step_next_users(ex, step);
		break;
	case STEP_REQUEUE:
		ntapc_core_requeue(kt, &ex->kept);
		break;
	case STEP_DROP:
		drop_kept(ex);
		break;
	case STEP_KERNEL_RUNS:
		result->ret = ntapc_core_kernel_runs(kt, apc);
		break;
	case STEP_RETURN_TO_USER:
		ntapc_core_return_to_user(kt);
		break;
	case STEP_ALERT:
		result->ret = ntapc_core_alert(kt, step->a, &wake);
		break;
	case STEP_TEST_ALERT:
		result->ret = ntapc_core_test_alert(kt, step->a);
		break;
	case STEP_ALERT_BY_ID:
		ntapc_core_alert_by_id(kt, &wake);
		break;
	case STEP_TAKE_ALERT_BY_ID:
		result->ret = ntapc_core_take_alert_by_id(kt);
		break;
	case STEP_WAIT_TEST:
		result->ret = ntapc_core_wait_test(kt, step->a,
						   step->b & TEST_ALERTABLE,
						   step->b & TEST_SIGNALLED,
						   step->b & TEST_GUARDED,
						   step->b & TEST_DUE);
		break;
	case STEP_WAIT_BEGIN:
		ntapc_core_wait_begin(kt, step->a, step->b & BEGIN_ALERTABLE);
		kt->waiting_by_id = step->b & BEGIN_BY_ID;
		break;
	case STEP_WAIT_SATISFY:
		wake = ntapc_core_wait_satisfy(kt);
		break;
	case STEP_WAIT_END:
		result->ret = ntapc_core_wait_end(kt);
		kt->waiting_by_id = false;
		break;
	case STEP_ENTER_CRITICAL:
		ntapc_core_enter_critical(kt);
		break;
	case STEP_LEAVE_CRITICAL:
		result->ret = ntapc_core_leave_critical(kt);
		break;
	case STEP_ENTER_GUARDED:
		ntapc_core_enter_guarded(kt);
		break;
	case STEP_LEAVE_GUARDED:
		result->ret = ntapc_core_leave_guarded(kt);
		break;
	case STEP_SUSPEND:
		result->ret = ntapc_core_suspend(kt, step->a, &wake);
		break;
	case STEP_RESUME:
		result->ret = ntapc_core_resume(kt, &wake);
		break;
	case STEP_ALERT_RESUME:
		result->ret = ntapc_core_alert_resume(kt, &wake);
		break;
	case STEP_FREEZE:
		result->ret = ntapc_core_freeze(kt, step->a, &wake);
		break;
	case STEP_THAW:
		result->ret = ntapc_core_thaw(kt, &wake);
		break;
	case STEP_FORCE_RESUME:
		result->ret = ntapc_core_force_resume(kt, &wake);
		break;
	case STEP_SUSPEND_BEGIN:
		result->ret = ntapc_core_suspend_begin(kt);
		break;
	case STEP_SUSPEND_END:
		result->ret = ntapc_core_suspend_end(kt);
		break;
	case STEP_SUSPEND_AGAIN:
		result->ret = ntapc_core_suspend_again(kt);
		break;
	case STEP_QUEUEABLE:
		kt->apc_queueable = step->a;
		break;
	case STEP_ATTACH:
		result->ret = step_attach(ex, step);
		break;
	case STEP_RESIDENT:
		step_resident(ex);
		break;
	case STEP_DETACH:
		result->ret = step_detach(ex, step->a);
		break;
	case STEP_UNDO:
		result->ret = step_undo(ex);
		break;
	}
	result->wake = wake;
	result->blocked = blocked;
	result->apc = next ? next - ex->apc : EXERCISER_NONE;
}

static bool is_step(const struct exerciser_step *step)
{
	if (step->what >= NR_STEPS || step->apc >= EXERCISER_APCS)
		return false;
	switch (step->what) {
	case STEP_INIT:
		return step->a < NR_KINDS_OF_APC && step->b <= NTAPC_ENV_INSERT;
	case STEP_FLUSH:
	case STEP_ALERT:
	case STEP_TEST_ALERT:
	case STEP_WAIT_TEST:
	case STEP_WAIT_BEGIN:
		return step->a < NTAPC_NR_MODES;
	case STEP_ATTACH:
		return step->a < EXERCISER_PROCESSES;
	default:
		return true;
	}
}

static int run_steps(struct exerciser *ex, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct exerciser_step *step = &ex->steps[i];
		struct exerciser_result *result = &ex->results[i];

		if (!is_step(step))
			return -EINVAL;
		memset(result, 0, sizeof(*result));
		result->apc = EXERCISER_NONE;
		if (makes_sense(ex, step))
			do_step(ex, step, result);
		else
			result->refused = 1;
		see(ex, &result->state);
		drop_flushed(ex);
	}
	return 0;
}

static long run_all(struct exerciser *ex, const struct exerciser_run *run)
{
	struct exerciser_step __user *steps = u64_to_user_ptr(run->steps);
	struct exerciser_result __user *results = u64_to_user_ptr(run->results);
	unsigned int done, nr;
	int ret;

	for (done = 0; done < run->nr; done += nr) {
		nr = min_t(unsigned int, run->nr - done, CHUNK);
		if (copy_from_user(ex->steps, steps + done,
				   nr * sizeof(*steps)))
			return -EFAULT;
		ret = run_steps(ex, nr);
		if (ret)
			return ret;
		if (copy_to_user(results + done, ex->results,
				 nr * sizeof(*results)))
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static long exerciser_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct exerciser *ex = file->private_data;
	struct exerciser_run run;
	long ret;

	if (cmd != EXERCISER_RUN)
		return -ENOTTY;
	if (copy_from_user(&run, (void __user *)arg, sizeof(run)))
		return -EFAULT;
	mutex_lock(&ex->lock);
	ret = run_all(ex, &run);
	mutex_unlock(&ex->lock);
	return ret;
}

static int exerciser_open(struct inode *inode, struct file *file)
{
	struct exerciser *ex = kzalloc(sizeof(*ex), GFP_KERNEL);

	if (!ex)
		return -ENOMEM;
	mutex_init(&ex->lock);
	reset(ex);
	file->private_data = ex;
	return 0;
}

static int exerciser_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations exerciser_fops = {
	.owner = THIS_MODULE,
	.open = exerciser_open,
	.release = exerciser_release,
	.unlocked_ioctl = exerciser_ioctl,
};

static struct miscdevice exerciser_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = EXERCISER_DEVICE,
	.fops = &exerciser_fops,
	.mode = 0600,
};

module_misc_device(exerciser_device);

MODULE_DESCRIPTION("ntapc's rules, step by step, for tests");
MODULE_AUTHOR("the ntapc authors");
MODULE_LICENSE("GPL");
