// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handing user APCs over as records.
 */
#include <linux/uaccess.h>

#include "thread.h"

/* APCs that are taken off the queue in one hold of the lock. */
#define TAKE_CHUNK	64

/**
 * ntapc_batch_init - nothing has been taken yet
 * @batch: all of it is set
 * @to: address of the records
 * @room: how many there may be
 */
void ntapc_batch_init(struct ntapc_batch *batch, u64 to, u32 room)
{
	batch->to = u64_to_user_ptr(to);
	batch->room = room;
	batch->nr = 0;
	batch->special_only = false;
	batch->has_single = false;
	INIT_LIST_HEAD(&batch->taken);
	INIT_LIST_HEAD(&batch->stale);
}

/*
 * Takes up to @max ordinary APCs at once, which none is to go before and none of
 * which can have become stale.
 */
static void take_ordinary(struct ntapc_thread *thread, struct ntapc_batch *batch,
			  u32 max)
{
	struct ntapc_apc *apc;
	LIST_HEAD(taken);
	u32 nr;

	nr = ntapc_core_next_users(&thread->kt, max, &taken);
	list_for_each_entry(apc, &taken, entry) {
		if (!ntapc_user_apc_of(apc)->reserve)
			thread->nr_limited--;
	}
	thread->nr_user -= nr;
	thread->nr_delivered += nr;
	list_splice_tail(&taken, &batch->taken);
	batch->nr += nr;
}

/*
 * Is what was taken another module's APC? That is handed over alone: it isn't a struct
 * ntapc_user_apc, and its kernel routine is to be called first.
 */
static bool holds_client(const struct ntapc_batch *batch)
{
	return !list_empty(&batch->taken) &&
	       list_first_entry(&batch->taken, struct ntapc_apc, entry)->kind ==
		       NTAPC_KIND_CLIENT;
}

/* Takes one APC, a special one first; whether another one may follow. */
static bool take_one(struct ntapc_thread *thread, struct ntapc_batch *batch)
{
	struct ntapc_apc_state *state = &thread->kt.apc_state;
	struct ntapc_apc *apc;

	/* Each one's end would arm the next (12.2). */
	state->user_pending = !batch->special_only &&
		!list_empty(&state->normal[NTAPC_USER_MODE]);
	apc = ntapc_take_user(thread, &batch->stale);
	if (!apc)
		return false;
	/* Which one is next isn't known before: guards and stale ones decide. */
	if (unlikely(apc->kind == NTAPC_KIND_CLIENT && batch->nr)) {
		LIST_HEAD(back);

		list_add(&apc->entry, &back);
		ntapc_core_requeue(&thread->kt, &back);
		return false;
	}
	ntapc_uncount(thread, apc);
	thread->nr_delivered++;
	list_add_tail(&apc->entry, &batch->taken);
	batch->nr++;
	return likely(apc->kind != NTAPC_KIND_CLIENT);
}

/**
 * ntapc_batch_take - take up to TAKE_CHUNK APCs off the queue, special ones first
 * @thread: current's record, locked
 * @batch: what they are added to
 *
 * Return: whether there may be more.
 */
bool ntapc_batch_take(struct ntapc_thread *thread, struct ntapc_batch *batch)
{
	struct ntapc_apc_state *state = &thread->kt.apc_state;
	u32 until = min(batch->room, batch->nr + TAKE_CHUNK);

	lockdep_assert_held(&thread->lock);
	/* It ends before it would run them. */
	if (unlikely(state->exit_pending || thread->kt.apc_state_index))
		return false;
	while (batch->nr < until && (thread->nr_user || thread->nr_special)) {
		if (!state->special_pending && !thread->nr_foreign &&
		    !thread->nr_client && !batch->special_only &&
		    !list_empty(&state->normal[NTAPC_USER_MODE]))
			take_ordinary(thread, batch, until - batch->nr);
		else if (!take_one(thread, batch))
			break;
	}
	state->user_pending = false;
	ntapc_control_publish(thread);
	return batch->nr == until && until < batch->room && !holds_client(batch);
}

/*
 * If what was taken is another module's APC: its kernel routine has its say, and
 * may leave nothing to hand over.
 */
static void call_client(struct ntapc_thread *thread, struct ntapc_batch *batch)
{
	struct ntapc_apc *apc;

	if (likely(!holds_client(batch)))
		return;
	apc = list_first_entry(&batch->taken, struct ntapc_apc, entry);
	list_del(&apc->entry);
	batch->has_single = ntapc_call_client(thread, apc, &batch->single);
	batch->nr = batch->has_single;
}

static bool put_single(const struct ntapc_batch *batch)
{
	struct ntapc_record record = {
		.routine = batch->single.routine,
		.arg = { batch->single.context, batch->single.arg[0],
			 batch->single.arg[1] },
	};

	return !copy_to_user(batch->to, &record, sizeof(record));
}

/* Writes the records of what has been taken; whether that worked. */
static bool put_records(const struct ntapc_batch *batch)
{
	struct ntapc_record __user *to = batch->to;
	struct ntapc_apc *apc;

	if (unlikely(batch->has_single))
		return put_single(batch);
	if (!user_write_access_begin(to, batch->nr * sizeof(*to)))
		return false;
	list_for_each_entry(apc, &batch->taken, entry) {
		u32 flags = container_of(apc, struct ntapc_user_apc, apc)->flags;

		unsafe_put_user(apc->normal.routine, &to->routine, fault);
		unsafe_put_user(apc->normal.context, &to->arg[0], fault);
		unsafe_put_user(apc->normal.arg[0], &to->arg[1], fault);
		unsafe_put_user(apc->normal.arg[1], &to->arg[2], fault);
		unsafe_put_user(flags & (NTAPC_QUEUE_SPECIAL |
					 NTAPC_QUEUE_CALLBACK_CONTEXT),
				&to->flags, fault);
		unsafe_put_user(0, &to->pad, fault);
		to++;
	}
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

/**
 * ntapc_batch_deliver - hand over what has been taken
 * @thread: current's record
 * @batch: what has been taken
 * @more: take what follows, too
 * @nr_records: where the user's count of records is
 *
 * Return: how many, 0 if all have become stale, or EFAULT with none off the queue.
 */
int ntapc_batch_deliver(struct ntapc_thread *thread, struct ntapc_batch *batch,
			bool more, u32 __user *nr_records)
{
	int ret;

	while (unlikely(more)) {
		spin_lock(&thread->lock);
		more = ntapc_batch_take(thread, batch);
		spin_unlock(&thread->lock);
		cond_resched();
	}
	call_client(thread, batch);
	ret = batch->nr;
	if (ret && (put_user(batch->nr, nr_records) || !put_records(batch))) {
		ntapc_untake(thread, &batch->taken);
		ret = -EFAULT;
	} else {
		ntapc_apcs_done(&batch->taken);
	}
	if (unlikely(!list_empty(&batch->stale)))
		ntapc_free_apcs(&batch->stale);
	return ret;
}

/**
 * ntapc_test_alert - NtTestAlert (rules 5.3, 5.4)
 * @thread: current's record
 * @args: checked
 * @nr_records: where the user's count of records is
 *
 * Return: as documented for &struct ntapc_test_alert.
 */
long ntapc_test_alert(struct ntapc_thread *thread,
		      const struct ntapc_test_alert *args,
		      u32 __user *nr_records)
{
	bool records = args->flags & NTAPC_WAIT_RECORDS;
	long status = NTAPC_STATUS_SUCCESS;
	struct ntapc_batch batch;
	bool more = false;
	bool taken = false;

	if (READ_ONCE(thread->kt.apc_state.kernel_pending) &&
	    ntapc_run_kernel_apcs(thread) == NTAPC_RAN_LEAVE)
		return ntapc_sure_to_restart(-ERESTARTNOINTR);
	if (records)
		ntapc_batch_init(&batch, args->records, args->nr_records);
again:
	spin_lock(&thread->lock);
	if (args->flags & NTAPC_TEST_SPECIAL_ONLY)
		batch.special_only = true;
	else if (ntapc_core_test_alert(&thread->kt, NTAPC_USER_MODE))
		status = NTAPC_STATUS_ALERTED;
	if (records && status == NTAPC_STATUS_SUCCESS) {
		more = ntapc_batch_take(thread, &batch);
		taken = batch.nr;
	} else {
		ntapc_control_publish(thread);
	}
	spin_unlock(&thread->lock);

	if (records && status == NTAPC_STATUS_SUCCESS) {
		int nr = ntapc_batch_deliver(thread, &batch, more, nr_records);

		/* A kernel routine that left nothing has armed the next (4.5). */
		if (!nr && taken)
			goto again;
		status = nr > 0 ? NTAPC_STATUS_USER_APC : nr;
	}
	return ntapc_deliver_sync(thread, status);
}
