// SPDX-License-Identifier: GPL-2.0-only
/*
 * Millions of random steps, each taken by the module's core and by a model of
 * NT's rules, which have to agree on every result and on all that can be seen.
 *
 * ntapc_exerciser.ko does the steps to a thread of its own. The model is as naive
 * as can be: a queue is one array, each rule is spelled out where it applies, and
 * no line of it is the core's. Numbers in comments are those of
 * Documentation/nt-semantics.rst.
 *
 * NTAPC_MODEL_STEPS says how many steps, NTAPC_MODEL_SEED which ones.
 */
#include "common.h"
#include "kselftest_harness.h"

#include "../ntapc/tests/exerciser.h"

#define KERNEL		0
#define USER		1

/* Environments (2.1) */
enum { ORIGINAL, ATTACHED, CURRENT, INSERT };

/* What a thread is owed */
enum { NOTHING, INTERRUPT, UNWAIT };

/* What ends waits (section 0) */
#define STATUS_OBJECT	0x000
#define STATUS_USER_APC	0x0c0
#define STATUS_KERNEL	0x100
#define STATUS_ALERTED	0x101
#define STATUS_TIMEOUT	0x102
#define STATUS_NONE	(-1)

#define SUSPEND_LIMIT	127

/* What attaching or detaching comes to */
enum { DONE, SAME, REFUSED, TOO_MANY };

#define NO_PROCESS	EXERCISER_NONE

/* The model */

struct apc {
	bool special;		/* goes ahead of those that aren't (3.2, 13.4) */
	bool routine;		/* has a NormalRoutine */
	bool inserted;
	bool kept;
	int mode;
	int environment;
	__u64 arg[2];
};

struct queue {
	int nr;
	__u8 apc[EXERCISER_APCS];
};

struct apc_state {
	struct queue queue[2];
	int process;
	bool in_progress;
	bool kernel_pending;
	bool user_pending;
};

enum wait { NO_WAIT, IN_WAIT, IN_SUSPENSION };

struct model {
	struct apc apc[EXERCISER_APCS];
	struct apc_state active, saved;
	struct apc_state outer[EXERCISER_DEPTH];	/* the outmost is 1 */
	struct queue kept, flushed;
	int attached;		/* so many times */
	int target[EXERCISER_DEPTH];
	bool half;		/* its newest target isn't in memory yet */
	int count[EXERCISER_PROCESSES];
	bool queueable;
	bool alerted[2];
	bool alerted_by_id;
	int kernel_disable, special_disable;
	int suspend_count, freeze_count;
	enum wait wait;
	bool by_id;		/* the wait is for an alert by id */
	bool undecided;		/* NT's state Waiting */
	bool alertable;
	int wait_mode;
	int wait_status;
};

static void put(struct queue *queue, int at, int nr)
{
	int i;

	for (i = queue->nr; i > at; i--)
		queue->apc[i] = queue->apc[i - 1];
	queue->apc[at] = nr;
	queue->nr++;
}

static int take_at(struct queue *queue, int at)
{
	int nr = queue->apc[at], i;

	queue->nr--;
	for (i = at; i < queue->nr; i++)
		queue->apc[i] = queue->apc[i + 1];
	return nr;
}

static int find(const struct queue *queue, int nr)
{
	int i;

	for (i = 0; i < queue->nr; i++)
		if (queue->apc[i] == nr)
			return i;
	return -1;
}

/* The special ones at the head of a queue. */
static int specials(const struct model *m, const struct queue *queue)
{
	int i = 0;

	while (i < queue->nr && m->apc[queue->apc[i]].special)
		i++;
	return i;
}

static int ordinaries(const struct model *m, const struct queue *queue)
{
	return queue->nr - specials(m, queue);
}

/* 7.5: it is first if it is there. */
static bool ends_thread(const struct apc_state *state)
{
	return state->queue[USER].nr &&
	       state->queue[USER].apc[0] == EXERCISER_EXIT_APC;
}

static struct apc_state *home(struct model *m)
{
	return m->attached ? &m->saved : &m->active;
}

/* 2.2 */
static struct apc_state *state_of(struct model *m, const struct apc *apc)
{
	if (apc->environment == ORIGINAL)
		return home(m);
	return m->attached ? &m->active : &m->saved;
}

/* 3.8, 11.11 */
static int end_wait(struct model *m, int status)
{
	m->undecided = false;
	m->wait_status = status;
	return UNWAIT;
}

/* 3.5: neither a region nor, if it is a normal one, another holds it up. */
static bool runs(const struct model *m, const struct apc *apc)
{
	if (m->special_disable != 0)
		return false;
	if (apc->special)
		return true;
	return m->kernel_disable == 0 && !m->active.in_progress;
}

/* 3.4 to 3.7 */
static int notify(struct model *m, const struct apc *apc, bool self)
{
	if (apc->mode == KERNEL) {
		m->active.kernel_pending = true;
		if (self)
			return m->special_disable == 0 ? INTERRUPT : NOTHING;
		if (m->wait == NO_WAIT)
			return INTERRUPT;
		if (m->undecided && runs(m, apc))
			return end_wait(m, STATUS_KERNEL);
		return NOTHING;
	}
	if (self || !m->undecided || m->wait_mode != USER)
		return NOTHING;
	if (!m->alertable && !m->active.user_pending)
		return NOTHING;
	m->active.user_pending = true;
	return end_wait(m, STATUS_USER_APC);
}

/* 3.1 to 3.3 */
static bool insert(struct model *m, int nr, __u64 arg1, __u64 arg2, bool self,
		   int *wake)
{
	struct apc *apc = &m->apc[nr];
	struct apc_state *state;
	struct queue *queue;

	*wake = NOTHING;
	if (!m->queueable || apc->inserted)
		return false;
	if (apc->environment == INSERT)
		apc->environment = m->attached ? ATTACHED : ORIGINAL;
	state = state_of(m, apc);
	queue = &state->queue[apc->mode];
	apc->arg[0] = arg1;
	apc->arg[1] = arg2;
	apc->inserted = true;
	put(queue, apc->special ? specials(m, queue) : queue->nr, nr);
	if (state == &m->active)
		*wake = notify(m, apc, self);
	return true;
}

/* 3.2b, 7.5 */
static bool insert_exit(struct model *m, int *wake)
{
	struct apc *apc = &m->apc[EXERCISER_EXIT_APC];
	struct apc_state *state = home(m);

	*wake = NOTHING;
	if (apc->inserted)
		return false;
	apc->special = true;
	apc->routine = true;
	apc->mode = USER;
	apc->environment = ORIGINAL;
	if (!m->queueable)
		return false;
	apc->inserted = true;
	put(&state->queue[USER], 0, EXERCISER_EXIT_APC);
	state->user_pending = true;
	if (!m->attached && m->undecided && m->wait_mode == USER)
		*wake = end_wait(m, STATUS_USER_APC);
	return true;
}

/* 7.1; what is armed is ordinary ones (13.5) and what ends the thread (3.2b). */
static void settle(const struct model *m, struct apc_state *state, int mode)
{
	const struct queue *queue = &state->queue[mode];

	if (mode == KERNEL && !queue->nr)
		state->kernel_pending = false;
	if (mode == USER && !ordinaries(m, queue) && !ends_thread(state))
		state->user_pending = false;
}

/* 7.1: of the state that it is on, whichever that is. */
static bool remove_from(struct model *m, struct apc_state *state, int nr)
{
	struct apc *apc = &m->apc[nr];
	struct queue *queue = &state->queue[apc->mode];

	if (find(queue, nr) < 0)
		return false;
	take_at(queue, find(queue, nr));
	apc->inserted = false;
	settle(m, state, apc->mode);
	return true;
}

static bool remove_apc(struct model *m, int nr)
{
	int i;

	if (!m->apc[nr].inserted)
		return false;
	if (remove_from(m, &m->active, nr) || remove_from(m, &m->saved, nr))
		return true;
	for (i = 1; i < m->attached; i++)
		if (remove_from(m, &m->outer[i], nr))
			return true;
	return false;
}

/* 7.2 */
static bool flush(struct model *m, struct apc_state *state, int mode,
		  unsigned int max)
{
	struct queue *queue = &state->queue[mode];

	while (queue->nr && max--) {
		int nr = take_at(queue, 0);

		m->apc[nr].inserted = false;
		put(&m->flushed, m->flushed.nr, nr);
	}
	settle(m, state, mode);
	return queue->nr;
}

/* 7.3: all queues there are. */
static bool run_down(struct model *m, unsigned int max)
{
	bool more = false;
	int mode, i;

	for (mode = KERNEL; mode <= USER; mode++) {
		more |= flush(m, &m->active, mode, max);
		more |= flush(m, &m->saved, mode, max);
		for (i = m->attached - 1; i > 0; i--)
			more |= flush(m, &m->outer[i], mode, max);
	}
	return more;
}

/* 4.2 to 4.4 */
static int next_kernel(struct model *m, bool begins, bool *blocked)
{
	struct queue *queue = &m->active.queue[KERNEL];
	int nr;

	m->active.kernel_pending = false;
	*blocked = false;
	if (m->special_disable == 0 && !queue->nr)
		return EXERCISER_NONE;
	if (m->special_disable != 0 || !runs(m, &m->apc[queue->apc[0]])) {
		*blocked = true;
		return EXERCISER_NONE;
	}
	nr = take_at(queue, 0);
	m->apc[nr].inserted = false;
	if (m->apc[nr].routine && begins)
		m->active.in_progress = true;
	return nr;
}

static void keep(struct model *m, int nr)
{
	m->apc[nr].kept = true;
	put(&m->kept, m->kept.nr, nr);
}

/* 3.2b, 4.5, 13.4, 13.5; the guard is ntapc's own. */
static int next_user(struct model *m, bool guarded, bool keeps)
{
	struct apc_state *state = &m->active;
	struct queue *queue = &state->queue[USER];
	int nr, at = 0;

	if (!specials(m, queue) || (guarded && !ends_thread(state))) {
		if (!state->user_pending)
			return EXERCISER_NONE;
		state->user_pending = false;
		at = specials(m, queue);
		if (at == queue->nr)
			return EXERCISER_NONE;
	}
	nr = take_at(queue, at);
	m->apc[nr].inserted = false;
	if (keeps && nr != EXERCISER_EXIT_APC)
		keep(m, nr);
	return nr;
}

/* 12.2: as many at once as one after the other. */
static int next_users(struct model *m, int max, bool keeps)
{
	struct queue *queue = &m->active.queue[USER];
	int nr, taken = 0;

	while (taken < max && ordinaries(m, queue)) {
		nr = take_at(queue, specials(m, queue));
		m->apc[nr].inserted = false;
		if (keeps)
			keep(m, nr);
		else
			put(&m->flushed, m->flushed.nr, nr);
		taken++;
	}
	m->active.user_pending = false;
	return taken;
}

/* ntapc's own: as if they had never been taken, but for what arms them. */
static void requeue(struct model *m)
{
	struct queue *queue = &m->active.queue[USER];

	while (m->kept.nr) {
		int nr = take_at(&m->kept, m->kept.nr - 1);

		m->apc[nr].kept = false;
		m->apc[nr].inserted = true;
		if (m->apc[nr].special)
			put(queue, ends_thread(&m->active), nr);
		else
			put(queue, specials(m, queue), nr);
	}
}

static void drop(struct model *m)
{
	while (m->kept.nr)
		m->apc[take_at(&m->kept, 0)].kept = false;
}

/* 5.1, 5.2 */
static bool alert(struct model *m, int mode, int *wake)
{
	bool was = m->alerted[mode];
	bool breaks = mode == KERNEL || m->wait_mode == USER;

	*wake = NOTHING;
	if (!was && m->undecided && m->alertable && breaks)
		*wake = end_wait(m, STATUS_ALERTED);
	else
		m->alerted[mode] = true;
	return was;
}

static bool take_alert(struct model *m, int mode)
{
	bool was = m->alerted[mode];

	m->alerted[mode] = false;
	return was;
}

/* 5.3 */
static bool test_alert_of(struct model *m, int mode)
{
	if (take_alert(m, mode))
		return true;
	if (mode == USER && ordinaries(m, &m->active.queue[USER]))
		m->active.user_pending = true;
	return false;
}

/* 15.1 */
static int set_alert_by_id(struct model *m)
{
	m->alerted_by_id = true;
	if (m->undecided && m->by_id)
		return end_wait(m, STATUS_OBJECT);
	return NOTHING;
}

static bool take_alert_by_id(struct model *m)
{
	bool was = m->alerted_by_id;

	m->alerted_by_id = false;
	return was;
}

/* 11.2 */
static int test_alertable(struct model *m, int mode, bool guarded)
{
	struct apc_state *state = &m->active;
	const struct queue *queue = &state->queue[USER];

	if (take_alert(m, mode))
		return STATUS_ALERTED;
	if (mode == USER && ordinaries(m, queue)) {
		state->user_pending = true;
		return STATUS_USER_APC;
	}
	if (mode == USER && ends_thread(state))
		return STATUS_USER_APC;
	if (mode == USER && specials(m, queue) && !guarded)
		return STATUS_USER_APC;
	return take_alert(m, KERNEL) ? STATUS_ALERTED : STATUS_NONE;
}

/* 11.1 */
static int wait_test(struct model *m, int mode, int bits)
{
	int status = STATUS_NONE;

	if (m->active.kernel_pending && m->special_disable == 0)
		return STATUS_KERNEL;
	if (bits & TEST_SIGNALLED)
		return STATUS_OBJECT;
	if (bits & TEST_ALERTABLE)
		status = test_alertable(m, mode, bits & TEST_GUARDED);
	else if (mode == USER && m->active.user_pending)
		status = STATUS_USER_APC;
	if (status == STATUS_NONE && bits & TEST_DUE)
		status = STATUS_TIMEOUT;
	return status;
}

static void wait_begin(struct model *m, enum wait wait, int mode,
		       bool alertable, bool by_id)
{
	m->wait = wait;
	m->undecided = true;
	m->wait_mode = mode;
	m->alertable = alertable;
	m->by_id = by_id;
	m->wait_status = STATUS_NONE;
}

static int wait_satisfy(struct model *m)
{
	return m->undecided ? end_wait(m, STATUS_OBJECT) : NOTHING;
}

static int wait_end(struct model *m)
{
	m->wait = NO_WAIT;
	m->undecided = false;
	m->by_id = false;
	return m->wait_status;
}

/* 8.4 */
static bool look_again(struct model *m)
{
	if (!m->active.queue[KERNEL].nr)
		return false;
	m->active.kernel_pending = true;
	return true;
}

static bool leave_critical(struct model *m)
{
	m->kernel_disable++;
	if (m->kernel_disable != 0 || m->special_disable != 0)
		return false;
	return look_again(m);
}

static bool leave_guarded(struct model *m)
{
	m->special_disable++;
	return m->special_disable == 0 && look_again(m);
}

/* 6.1, 6.6: the one that is raised is @count. */
static int raise_count(struct model *m, int *count, bool self, int *wake)
{
	int was = *count;

	*wake = NOTHING;
	if (was == SUSPEND_LIMIT)
		return -1;
	if (!m->queueable)
		return was;
	++*count;
	/* 0 to 1, and the other is 0. While it still waits it just goes on. */
	if (m->suspend_count + m->freeze_count == 1 && m->wait != IN_SUSPENSION)
		insert(m, EXERCISER_SUSPEND_APC, 0, 0, self, wake);
	return was;
}

/* 6.5 to 6.7: what the semaphore does. */
static int release(struct model *m)
{
	if (m->suspend_count || m->freeze_count)
		return NOTHING;
	if (m->wait == IN_SUSPENSION && m->undecided)
		return end_wait(m, STATUS_OBJECT);
	return NOTHING;
}

static int lower_count(struct model *m, int *count, int *wake)
{
	int was = *count;

	*wake = NOTHING;
	if (was == 0)
		return 0;
	--*count;
	*wake = release(m);
	return was;
}

/* 5.5: either breaks a wait, and it is in one at most. */
static int alert_resume(struct model *m, int *wake)
{
	int by_alert, was;

	alert(m, KERNEL, &by_alert);
	was = lower_count(m, &m->suspend_count, wake);
	if (by_alert == UNWAIT)
		*wake = UNWAIT;
	return was;
}

/* 6.7 */
static int force_resume(struct model *m, int *wake)
{
	int was = m->suspend_count + m->freeze_count;

	m->suspend_count = 0;
	m->freeze_count = 0;
	*wake = release(m);
	return was;
}

/* 6.3 */
static bool suspend_begin(struct model *m)
{
	if (!m->suspend_count && !m->freeze_count)
		return false;
	wait_begin(m, IN_SUSPENSION, KERNEL, false, m->by_id);
	return true;
}

/* ntapc's own: back at the head of the normal ones. */
static bool suspend_again(struct model *m)
{
	struct apc *apc = &m->apc[EXERCISER_SUSPEND_APC];
	struct queue *queue = &home(m)->queue[KERNEL];

	if ((!m->suspend_count && !m->freeze_count) || !m->queueable)
		return false;
	if (apc->inserted)
		return true;
	apc->inserted = true;
	put(queue, specials(m, queue), EXERCISER_SUSPEND_APC);
	if (!m->attached)
		m->active.kernel_pending = true;
	return true;
}

/* 9.2: nothing is in progress or armed, and queued is only what came early. */
static void begin_state(struct apc_state *state)
{
	state->in_progress = false;
	state->user_pending = false;
	state->kernel_pending = state->queue[KERNEL].nr > 0;
}

/* 9.1, 9.2, 9.7 */
static int attach(struct model *m, int process, int bits)
{
	struct queue early[2];

	if (m->active.process == process)
		return SAME;
	if (m->attached && !(bits & ATTACH_STACK))
		return REFUSED;
	if (bits & ATTACH_FULL)
		return TOO_MANY;
	if (m->attached) {
		m->outer[m->attached] = m->active;
		m->active.queue[KERNEL].nr = 0;
		m->active.queue[USER].nr = 0;
	} else {
		memcpy(early, m->saved.queue, sizeof(early));
		m->saved = m->active;
		memcpy(m->active.queue, early, sizeof(early));
	}
	begin_state(&m->active);
	m->target[m->attached] = process;
	m->attached++;
	m->count[process]++;
	m->half = true;
	return DONE;
}

/* 9.3 */
static void resident(struct model *m)
{
	m->active.process = m->target[m->attached - 1];
	m->half = false;
}

/* 9.6, 9.8 */
static bool leave(struct model *m)
{
	m->attached--;
	m->count[m->target[m->attached]]--;
	m->half = false;
	if (m->attached) {
		m->active = m->outer[m->attached];
	} else {
		struct apc_state left = m->active;

		m->active = m->saved;
		m->saved = left;
		begin_state(&m->saved);
		m->saved.kernel_pending = false;	/* nothing runs there */
		m->saved.process = NO_PROCESS;
	}
	return look_again(m);
}

static bool is_done(const struct apc_state *state)
{
	return !state->in_progress && !state->queue[KERNEL].nr &&
	       !state->queue[USER].nr;
}

/* What it returns if something speaks against it, else DONE. */
static int may_detach(const struct model *m, bool unstack)
{
	if (m->attached == 0)
		return unstack ? REFUSED : SAME;
	if (!is_done(&m->active))
		return REFUSED;
	return m->attached > 1 && !unstack ? REFUSED : DONE;
}

static int detach(struct model *m, bool unstack)
{
	int ret = may_detach(m, unstack);

	if (ret == DONE && leave(m))
		ret |= RET_RECHECK;
	return ret;
}

/* ntapc's own: what is queued goes behind what is queued around it. */
static bool undo(struct model *m)
{
	int mode;

	for (mode = KERNEL; mode <= USER && m->attached > 1; mode++) {
		struct queue *from = &m->active.queue[mode];
		struct queue *to = &m->outer[m->attached - 1].queue[mode];

		while (from->nr) {
			int nr = take_at(from, 0);

			put(to, m->apc[nr].special ? specials(m, to) : to->nr,
			    nr);
		}
	}
	return leave(m);
}

/* 2.1 to 2.5 */
static void init_apc(struct model *m, int nr, int kind, int environment)
{
	struct apc *apc = &m->apc[nr];

	if (environment == CURRENT)
		environment = m->attached ? ATTACHED : ORIGINAL;
	apc->environment = environment;
	apc->routine = kind != KIND_SPECIAL_KERNEL;
	apc->special = kind == KIND_SPECIAL_KERNEL || kind == KIND_SPECIAL_USER;
	apc->mode = kind == KIND_ORDINARY_USER || kind == KIND_SPECIAL_USER ?
			    USER : KERNEL;
}

static void reset(struct model *m)
{
	int nr;

	memset(m, 0, sizeof(*m));
	m->queueable = true;
	m->saved.process = NO_PROCESS;
	m->wait_status = STATUS_NONE;
	for (nr = 0; nr < EXERCISER_APCS; nr++)
		init_apc(m, nr, KIND_NORMAL_KERNEL, ORIGINAL);
}

/* What the model expects to be seen */

static __u32 flags_of(const struct model *m, const struct apc_state *state)
{
	return (state->in_progress ? FLAG_IN_PROGRESS : 0) |
	       (state->kernel_pending ? FLAG_KERNEL_PENDING : 0) |
	       (state->user_pending ? FLAG_USER_PENDING : 0) |
	       (specials(m, &state->queue[USER]) ? FLAG_SPECIAL_PENDING : 0) |
	       (ends_thread(state) ? FLAG_EXIT_PENDING : 0);
}

static __u32 flags(const struct model *m)
{
	bool to_suspend = m->suspend_count > 0 || m->freeze_count > 0;
	bool all_disabled = m->special_disable != 0;
	bool disabled = all_disabled || m->kernel_disable != 0;
	__u32 bits = flags_of(m, &m->active) |
		     flags_of(m, &m->saved) << SHIFT_SAVED;

	bits |= (m->attached ? FLAG_ATTACHED : 0) |
		(m->queueable ? FLAG_QUEUEABLE : 0) |
		(m->alerted[KERNEL] ? FLAG_KERNEL_ALERT : 0) |
		(m->alerted[USER] ? FLAG_USER_ALERT : 0) |
		(m->alerted_by_id ? FLAG_ALERT_BY_ID : 0) |
		(m->wait == IN_SUSPENSION ? FLAG_SUSPENDED : 0) |
		(to_suspend ? FLAG_TO_SUSPEND : 0) |
		/* 8.5 */
		(disabled ? FLAG_APCS_DISABLED : 0) |
		(all_disabled ? FLAG_ALL_DISABLED : 0);
	if (m->wait != NO_WAIT)
		bits |= FLAG_IN_WAIT | (m->alertable ? FLAG_ALERTABLE : 0) |
			(m->wait_mode == USER ? FLAG_USER_WAIT : 0);
	return bits;
}

static __u8 *write_queue(__u8 *to, const struct queue *queue)
{
	memcpy(to, queue->apc, queue->nr);
	return to + queue->nr;
}

static __u8 *write_end(__u8 *to)
{
	*to = EXERCISER_END;
	return to + 1;
}

static __u8 *write_queues(__u8 *to, const struct apc_state *state)
{
	to = write_end(write_queue(to, &state->queue[KERNEL]));
	return write_end(write_queue(to, &state->queue[USER]));
}

static void expect_attachments(const struct model *m,
			       struct exerciser_state *state)
{
	int i, seen = 0;

	state->depth = m->attached;
	for (i = 0; i < EXERCISER_PROCESSES; i++)
		state->stack_count[i] = m->count[i];
	memset(state->process, EXERCISER_NONE, sizeof(state->process));
	state->process[0] = m->active.process;
	state->process[1] = m->saved.process;
	for (i = m->attached - 1; i > 0; i--, seen++) {
		state->process[2 + seen] = m->outer[i].process;
		state->outer_flags[seen] = flags_of(m, &m->outer[i]);
	}
}

static void expect_state(const struct model *m, struct exerciser_state *state)
{
	__u8 *to = state->lists;
	int nr, i;

	memset(state, 0, sizeof(*state));
	state->flags = flags(m);
	state->wait_status = m->wait_status;
	state->kernel_disable = m->kernel_disable;
	state->special_disable = m->special_disable;
	state->suspend_count = m->suspend_count;
	state->freeze_count = m->freeze_count;
	for (nr = 0; nr < EXERCISER_APCS; nr++) {
		const struct apc *apc = &m->apc[nr];

		if (!apc->inserted)
			continue;
		state->inserted |= 1 << nr;
		state->args += exerciser_args(nr, apc->arg[0], apc->arg[1]);
	}
	expect_attachments(m, state);
	memset(state->lists, EXERCISER_NONE, sizeof(state->lists));
	to = write_queues(to, &m->active);
	to = write_queues(to, &m->saved);
	for (i = m->attached - 1; i > 0; i--)
		to = write_queues(to, &m->outer[i]);
	to = write_queue(to, &m->kept);
	write_end(write_queue(to, &m->flushed));
}

/* Takes @step; what is to come of it. */
static void take_step(struct model *m, const struct exerciser_step *step,
		      struct exerciser_result *expected)
{
	int wake = NOTHING, apc = EXERCISER_NONE, ret = 0;
	bool blocked = false, refused = false;

	m->flushed.nr = 0;
	switch (step->what) {
	case STEP_RESET:
		reset(m);
		break;
	case STEP_INIT:
		init_apc(m, step->apc, step->a, step->b);
		break;
	case STEP_INSERT:
		ret = insert(m, step->apc, step->value, ~(__u64)step->value,
			     step->a, &wake);
		break;
	case STEP_INSERT_EXIT:
		ret = insert_exit(m, &wake);
		break;
	case STEP_REMOVE:
		ret = remove_apc(m, step->apc);
		break;
	case STEP_FLUSH:
		ret = flush(m, &m->active, step->a,
			    step->value ? step->value : EXERCISER_APCS);
		break;
	case STEP_RUN_DOWN:
		ret = run_down(m, step->value);
		break;
	case STEP_NEXT_KERNEL:
		apc = next_kernel(m, step->a, &blocked);
		break;
	case STEP_KERNEL_DONE:
		m->active.in_progress = false;
		break;
	case STEP_NEXT_USER:
		apc = next_user(m, step->a, step->b);
		break;
	case STEP_NEXT_USERS:
		ret = next_users(m, step->value, step->b);
		break;
	case STEP_REQUEUE:
		requeue(m);
		break;
	case STEP_DROP:
		drop(m);
		break;
	case STEP_KERNEL_RUNS:
		ret = runs(m, &m->apc[step->apc]);
		break;
	case STEP_RETURN_TO_USER:
		take_alert(m, KERNEL);		/* 4.7 */
		break;
	case STEP_ALERT:
		ret = alert(m, step->a, &wake);
		break;
	case STEP_TEST_ALERT:
		ret = test_alert_of(m, step->a);
		break;
	case STEP_ALERT_BY_ID:
		wake = set_alert_by_id(m);
		break;
	case STEP_TAKE_ALERT_BY_ID:
		ret = take_alert_by_id(m);
		break;
	case STEP_WAIT_TEST:
		ret = wait_test(m, step->a, step->b);
		break;
	case STEP_WAIT_BEGIN:
		wait_begin(m, IN_WAIT, step->a, step->b & BEGIN_ALERTABLE,
			   step->b & BEGIN_BY_ID);
		break;
	case STEP_WAIT_SATISFY:
		wake = wait_satisfy(m);
		break;
	case STEP_WAIT_END:
		ret = wait_end(m);
		break;
	case STEP_ENTER_CRITICAL:
		m->kernel_disable--;
		break;
	case STEP_LEAVE_CRITICAL:
		ret = leave_critical(m);
		break;
	case STEP_ENTER_GUARDED:
		m->special_disable--;
		break;
	case STEP_LEAVE_GUARDED:
		ret = leave_guarded(m);
		break;
	case STEP_SUSPEND:
		ret = raise_count(m, &m->suspend_count, step->a, &wake);
		break;
	case STEP_RESUME:
		ret = lower_count(m, &m->suspend_count, &wake);
		break;
	case STEP_ALERT_RESUME:
		ret = alert_resume(m, &wake);
		break;
	case STEP_FREEZE:
		ret = raise_count(m, &m->freeze_count, step->a, &wake);
		break;
	case STEP_THAW:
		ret = lower_count(m, &m->freeze_count, &wake);
		break;
	case STEP_FORCE_RESUME:
		ret = force_resume(m, &wake);
		break;
	case STEP_SUSPEND_BEGIN:
		ret = suspend_begin(m);
		break;
	case STEP_SUSPEND_END:
		ret = wait_end(m);
		break;
	case STEP_SUSPEND_AGAIN:
		ret = suspend_again(m);
		break;
	case STEP_QUEUEABLE:
		m->queueable = step->a;
		break;
	case STEP_ATTACH:
		refused = m->half || m->attached == EXERCISER_DEPTH;
		if (!refused)
			ret = attach(m, step->a, step->b);
		break;
	case STEP_RESIDENT:
		refused = !m->half;
		if (!refused)
			resident(m);
		break;
	case STEP_DETACH:
		refused = m->half;
		if (!refused)
			ret = detach(m, step->a);
		break;
	case STEP_UNDO:
		refused = m->attached == 0;
		if (!refused)
			ret = undo(m);
		break;
	}
	*expected = (struct exerciser_result){
		.ret = ret,
		.wake = wake,
		.blocked = blocked,
		.apc = apc,
		.refused = refused,
	};
	expect_state(m, &expected->state);
}

/* Random steps */

static __u64 random_state;

/* xorshift64*: the same steps for a seed everywhere. */
static __u32 random_u32(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dULL >> 32;
}

static __u32 below(__u32 ceiling)
{
	return (__u64)random_u32() * ceiling >> 32;
}

static bool one_in(__u32 chance)
{
	return !below(chance);
}

static int some_apc(void)
{
	return EXERCISER_EXIT_APC + 1 +
	       below(EXERCISER_APCS - EXERCISER_EXIT_APC - 1);
}

/* What the steps are about for a while, so that they get anywhere. */
enum phase {
	PHASE_MIX,
	PHASE_QUEUES,
	PHASE_WAITS,
	PHASE_REGIONS,
	PHASE_SUSPEND,
	PHASE_COUNTS,	/* up to their limits */
	PHASE_ATTACHED,
	PHASE_END,
	NR_PHASES,
};

#define IN(phase)	(1 << PHASE_##phase)
#define IN_ALL		(~0)

/* How often: 12 times in the phases named, once in the others but a few. */
static const struct weight {
	__u8 what;
	int much, never;
} weights[] = {
	{ STEP_INIT, IN(QUEUES) | IN(ATTACHED), 0 },
	{ STEP_INIT, IN(END) | IN(MIX), IN(COUNTS) },
	{ STEP_INSERT, IN(QUEUES) | IN(WAITS) | IN(REGIONS), IN(COUNTS) },
	{ STEP_INSERT, IN(SUSPEND) | IN(ATTACHED) | IN(END) | IN(MIX), 0 },
	{ STEP_INSERT_EXIT, 0, ~IN(END) },
	{ STEP_INSERT_EXIT, 0, ~IN(END) },
	{ STEP_REMOVE, IN(QUEUES), 0 },
	{ STEP_FLUSH, 0, IN(COUNTS) },
	{ STEP_RUN_DOWN, 0, IN(COUNTS) },
	{ STEP_NEXT_KERNEL, IN(QUEUES) | IN(SUSPEND) | IN(ATTACHED), 0 },
	{ STEP_NEXT_KERNEL, IN(REGIONS) | IN(END) | IN(MIX), 0 },
	{ STEP_KERNEL_DONE, IN(SUSPEND) | IN(ATTACHED), 0 },
	{ STEP_KERNEL_DONE, 0, 0 },
	{ STEP_NEXT_USER, IN(QUEUES) | IN(END), 0 },
	{ STEP_NEXT_USERS, 0, IN(SUSPEND) },
	{ STEP_REQUEUE, IN(END), 0 },
	{ STEP_REQUEUE, 0, 0 },
	{ STEP_DROP, 0, IN(END) },
	{ STEP_KERNEL_RUNS, IN(REGIONS), 0 },
	{ STEP_RETURN_TO_USER, 0, 0 },
	{ STEP_ALERT, IN(WAITS), 0 },
	{ STEP_TEST_ALERT, IN(QUEUES) | IN(END), 0 },
	{ STEP_ALERT_BY_ID, IN(WAITS), 0 },
	{ STEP_TAKE_ALERT_BY_ID, 0, 0 },
	{ STEP_WAIT_TEST, IN(WAITS) | IN(END) | IN(MIX), 0 },
	{ STEP_WAIT_BEGIN, IN(WAITS) | IN(MIX), 0 },
	{ STEP_WAIT_BEGIN, 0, IN(COUNTS) | IN(SUSPEND) },
	{ STEP_WAIT_SATISFY, IN(WAITS), 0 },
	{ STEP_WAIT_END, IN_ALL & ~IN(WAITS), 0 },
	{ STEP_WAIT_END, IN(WAITS), 0 },
	{ STEP_ENTER_CRITICAL, IN(REGIONS), IN(SUSPEND) },
	{ STEP_LEAVE_CRITICAL, IN(REGIONS), 0 },
	{ STEP_ENTER_GUARDED, IN(REGIONS), IN(SUSPEND) },
	{ STEP_LEAVE_GUARDED, IN(REGIONS), 0 },
	{ STEP_SUSPEND, IN(SUSPEND) | IN(COUNTS), 0 },
	{ STEP_RESUME, IN(SUSPEND), IN(COUNTS) },
	{ STEP_ALERT_RESUME, 0, IN(COUNTS) },
	{ STEP_FREEZE, IN(SUSPEND) | IN(COUNTS), 0 },
	{ STEP_THAW, IN(SUSPEND), IN(COUNTS) },
	{ STEP_FORCE_RESUME, 0, IN(COUNTS) },
	{ STEP_SUSPEND_BEGIN, IN(SUSPEND) | IN(MIX), 0 },
	{ STEP_SUSPEND_END, IN(SUSPEND) | IN(MIX), 0 },
	{ STEP_SUSPEND_AGAIN, IN(SUSPEND), 0 },
	{ STEP_QUEUEABLE, 0, IN(COUNTS) },
	{ STEP_ATTACH, IN(ATTACHED), IN(QUEUES) },
	{ STEP_RESIDENT, IN_ALL, 0 },
	{ STEP_DETACH, IN_ALL & ~IN(ATTACHED), 0 },
	{ STEP_DETACH, 0, 0 },
	{ STEP_UNDO, IN_ALL & ~IN(ATTACHED), 0 },
	{ STEP_UNDO, 0, 0 },
};

/* The steps of a phase, each as often as it weighs. */
static __u8 choices[NR_PHASES][1024];
static int nr_choices[NR_PHASES];

static void weigh(void)
{
	unsigned int i, phase;

	memset(nr_choices, 0, sizeof(nr_choices));
	for (i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
		const struct weight *weight = &weights[i];

		for (phase = 0; phase < NR_PHASES; phase++) {
			int much = weight->never & 1 << phase ? 0 :
				   weight->much & 1 << phase ? 12 : 1;

			while (much--)
				choices[phase][nr_choices[phase]++] =
					weight->what;
		}
	}
}

/* Only the thread itself does these, and it can't while it waits. */
static bool is_own(int what)
{
	switch (what) {
	case STEP_RESET:
	case STEP_INIT:
	case STEP_INSERT:
	/* Its own as well, but the core is ready for others. */
	case STEP_INSERT_EXIT:
	case STEP_REMOVE:
	case STEP_FLUSH:
	case STEP_RUN_DOWN:
	case STEP_KERNEL_RUNS:
	case STEP_ALERT:
	case STEP_ALERT_BY_ID:
	case STEP_WAIT_SATISFY:
	case STEP_SUSPEND:
	case STEP_RESUME:
	case STEP_ALERT_RESUME:
	case STEP_FREEZE:
	case STEP_THAW:
	case STEP_FORCE_RESUME:
	case STEP_QUEUEABLE:
		return false;
	default:
		return true;
	}
}

/* Whether the thread itself can act. */
static bool is_idle(const struct model *m)
{
	return m->wait == NO_WAIT && !m->half;
}

/* What it is waiting for comes, or doesn't. */
static bool ends_waiting(const struct model *m, int what)
{
	switch (what) {
	case STEP_WAIT_END:
	case STEP_SUSPEND_END:
		return m->wait != NO_WAIT;
	case STEP_RESIDENT:
	case STEP_UNDO:
		return m->half;
	default:
		return false;
	}
}

static bool is_free(const struct apc *apc)
{
	return !apc->inserted && !apc->kept;
}

/* Regions as in life: a few, and seldom one left too often. */
static bool is_likely(int disable, bool enter)
{
	if (enter)
		return disable > -4 || one_in(64);
	return disable < 0 || one_in(16 << (disable > 0 ? 4 : 0));
}

/* Whether @m allows a step of this kind; its details. */
static bool fill_in(const struct model *m, struct exerciser_step *step)
{
	const struct apc *apc;

	switch (step->what) {
	case STEP_INIT:
		step->apc = some_apc();
		step->a = below(NR_KINDS_OF_APC);
		step->b = one_in(2) ? ORIGINAL : below(4);
		return is_free(&m->apc[step->apc]);
	case STEP_INSERT:
		step->apc = some_apc();
		step->value = random_u32();
		apc = &m->apc[step->apc];
		step->a = is_idle(m) && one_in(3);
		/* 13.3: the second stage is the thread's own doing. */
		if (apc->special && apc->mode == USER) {
			if (!is_idle(m))
				return false;
			step->a = true;
		}
		return !apc->kept && (!apc->inserted || one_in(16));
	case STEP_REMOVE:
		step->apc = below(EXERCISER_APCS);
		/* Nobody removes what ends the thread when there are others. */
		if (step->apc == EXERCISER_EXIT_APC)
			return specials(m, &m->active.queue[USER]) < 2 &&
			       specials(m, &m->saved.queue[USER]) < 2 &&
			       one_in(4);
		return m->apc[step->apc].inserted ? one_in(2) : one_in(16);
	case STEP_FLUSH:
		step->a = below(2);
		/* Nor is part of the queue flushed then. */
		if (one_in(2) && !ends_thread(&m->active))
			step->value = 1 + below(4);
		return one_in(4);
	case STEP_RUN_DOWN:
		step->value = ends_thread(&m->active) || ends_thread(&m->saved) ?
				      EXERCISER_APCS : 1 + below(4);
		return !m->queueable || one_in(16);
	case STEP_NEXT_KERNEL:
		step->a = one_in(2);
		return true;
	case STEP_NEXT_USER:
		step->a = one_in(3);
		step->b = one_in(2);
		return true;
	case STEP_NEXT_USERS:
		step->b = one_in(2);
		step->value = 1 + below(4);
		return !ends_thread(&m->active);
	case STEP_REQUEUE:
	case STEP_DROP:
		return m->kept.nr > 0;
	case STEP_KERNEL_RUNS:
		step->apc = some_apc();
		return m->apc[step->apc].mode == KERNEL;
	case STEP_ALERT:
	case STEP_TEST_ALERT:
		step->a = below(2);
		return true;
	case STEP_WAIT_TEST:
		step->a = below(4) > 0;
		step->b = random_u32() & random_u32() & 0xf;
		step->b |= one_in(2) ? TEST_ALERTABLE : 0;
		return true;
	case STEP_WAIT_BEGIN:
		step->a = below(4) > 0;
		step->b = below(4);
		return true;
	case STEP_WAIT_END:
		return m->wait == IN_WAIT;
	case STEP_SUSPEND_END:
		return m->wait == IN_SUSPENSION;
	case STEP_ENTER_CRITICAL:
		return is_likely(m->kernel_disable, true);
	case STEP_LEAVE_CRITICAL:
		return is_likely(m->kernel_disable, false);
	case STEP_ENTER_GUARDED:
		return is_likely(m->special_disable, true);
	case STEP_LEAVE_GUARDED:
		return is_likely(m->special_disable, false);
	case STEP_SUSPEND:
	case STEP_FREEZE:
		step->a = is_idle(m) && one_in(3);
		return true;
	case STEP_QUEUEABLE:
		step->a = m->queueable ? !one_in(3) : !one_in(4);
		return true;
	case STEP_ATTACH:
		step->a = below(EXERCISER_PROCESSES);
		step->b = (one_in(4) ? 0 : ATTACH_STACK) |
			  (one_in(16) ? ATTACH_FULL : 0);
		/* What is kept belongs to the state that it was taken from. */
		return !m->kept.nr && (m->attached < EXERCISER_DEPTH ||
				       one_in(64));
	case STEP_RESIDENT:
		return m->half ? one_in(2) : one_in(1024);
	case STEP_DETACH:
		step->a = !one_in(4);
		return !m->kept.nr && (may_detach(m, step->a) == DONE ||
				       one_in(64));
	case STEP_UNDO:
		if (!m->attached)
			return one_in(1024);
		return !m->kept.nr && (m->half ? one_in(4) : one_in(64));
	default:
		return true;
	}
}

static enum phase phase;
static int phase_left;

static void next_step(const struct model *m, struct exerciser_step *step)
{
	if (!phase_left--) {
		phase = below(NR_PHASES);
		phase_left = 64 + below(512);
		if (one_in(4)) {
			*step = (struct exerciser_step){ .what = STEP_RESET };
			return;
		}
	}
	for (;;) {
		*step = (struct exerciser_step){
			.what = choices[phase][below(nr_choices[phase])],
		};
		if (!is_idle(m) && is_own(step->what) &&
		    !ends_waiting(m, step->what))
			continue;
		if (fill_in(m, step))
			return;
	}
}

/* Running, comparing */

#define BATCH	2048
#define TAIL	40

/* They are compared as they are in memory. */
_Static_assert(sizeof(struct exerciser_result) == 72, "no holes");

struct run {
	int fd;
	__u64 done;
	struct model model;
	struct exerciser_step steps[BATCH], old[BATCH];
	struct exerciser_result expected[BATCH], results[BATCH];
};

static struct run run;

static const char *const names[NR_STEPS] = {
	[STEP_RESET] = "reset",
	[STEP_INIT] = "init",
	[STEP_INSERT] = "insert",
	[STEP_INSERT_EXIT] = "insert exit",
	[STEP_REMOVE] = "remove",
	[STEP_FLUSH] = "flush",
	[STEP_RUN_DOWN] = "run down",
	[STEP_NEXT_KERNEL] = "next kernel",
	[STEP_KERNEL_DONE] = "kernel done",
	[STEP_NEXT_USER] = "next user",
	[STEP_NEXT_USERS] = "next users",
	[STEP_REQUEUE] = "requeue",
	[STEP_DROP] = "drop",
	[STEP_KERNEL_RUNS] = "kernel runs",
	[STEP_RETURN_TO_USER] = "return to user",
	[STEP_ALERT] = "alert",
	[STEP_TEST_ALERT] = "test alert",
	[STEP_ALERT_BY_ID] = "alert by id",
	[STEP_TAKE_ALERT_BY_ID] = "take alert by id",
	[STEP_WAIT_TEST] = "wait test",
	[STEP_WAIT_BEGIN] = "wait begin",
	[STEP_WAIT_SATISFY] = "wait satisfy",
	[STEP_WAIT_END] = "wait end",
	[STEP_ENTER_CRITICAL] = "enter critical",
	[STEP_LEAVE_CRITICAL] = "leave critical",
	[STEP_ENTER_GUARDED] = "enter guarded",
	[STEP_LEAVE_GUARDED] = "leave guarded",
	[STEP_SUSPEND] = "suspend",
	[STEP_RESUME] = "resume",
	[STEP_ALERT_RESUME] = "alert resume",
	[STEP_FREEZE] = "freeze",
	[STEP_THAW] = "thaw",
	[STEP_FORCE_RESUME] = "force resume",
	[STEP_SUSPEND_BEGIN] = "suspend begin",
	[STEP_SUSPEND_END] = "suspend end",
	[STEP_SUSPEND_AGAIN] = "suspend again",
	[STEP_QUEUEABLE] = "queueable",
	[STEP_ATTACH] = "attach",
	[STEP_RESIDENT] = "resident",
	[STEP_DETACH] = "detach",
	[STEP_UNDO] = "undo",
};

static void print_result(const char *who, const struct exerciser_result *r)
{
	const struct exerciser_state *s = &r->state;
	unsigned int i;

	printf("# %s: ret %d, wake %u, blocked %u, apc %d, refused %u, "
	       "flags %#x, status %d, disabled %d %d, counts %u %u, "
	       "inserted %#x, args %#llx, lists",
	       who, r->ret, r->wake, r->blocked,
	       r->apc == EXERCISER_NONE ? -1 : r->apc, r->refused, s->flags,
	       s->wait_status, s->kernel_disable, s->special_disable,
	       s->suspend_count, s->freeze_count, s->inserted,
	       (unsigned long long)s->args);
	for (i = 0; i < sizeof(s->lists) && s->lists[i] != EXERCISER_NONE; i++)
		if (s->lists[i] == EXERCISER_END)
			printf(" |");
		else
			printf(" %d", s->lists[i]);
	printf(", processes");
	for (i = 0; i < EXERCISER_STATES && (i < 2 || i <= s->depth); i++)
		printf(" %d", s->process[i] == EXERCISER_NONE ? -1 :
							       s->process[i]);
	printf(", outer flags");
	for (i = 0; i < EXERCISER_STATES - 2; i++)
		printf(" %#x", s->outer_flags[i]);
	printf(", stack counts");
	for (i = 0; i < EXERCISER_PROCESSES; i++)
		printf(" %u", s->stack_count[i]);
	printf("\n");
}

/* What led to it: steps of this batch, and of the one before if there is one. */
static void print_divergence(int at)
{
	int i = at - TAIL;

	if (i < 0 && !run.done)
		i = 0;
	for (; i <= at; i++) {
		const struct exerciser_step *step =
			i < 0 ? &run.old[BATCH + i] : &run.steps[i];

		printf("# %llu: %s apc %u, a %u, b %u, value %u\n",
		       (unsigned long long)run.done + i, names[step->what],
		       step->apc, step->a, step->b, step->value);
	}
	print_result("model", &run.expected[at]);
	print_result("core ", &run.results[at]);
}

/* Has the core take the batch's steps; the number of the first that differs. */
static int compare_batch(unsigned int nr)
{
	struct exerciser_run args = {
		.steps = ADDR(run.steps),
		.results = ADDR(run.results),
		.nr = nr,
	};
	unsigned int i;

	if (sys_ioctl(run.fd, EXERCISER_RUN, &args))
		return -2;
	for (i = 0; i < nr; i++)
		if (memcmp(&run.results[i], &run.expected[i],
			   sizeof(run.results[i])))
			return i;
	return -1;
}

static void make_batch(unsigned int nr)
{
	unsigned int i;

	memcpy(run.old, run.steps, sizeof(run.old));
	for (i = 0; i < nr; i++) {
		next_step(&run.model, &run.steps[i]);
		take_step(&run.model, &run.steps[i], &run.expected[i]);
	}
}

static __u64 number_from(const char *name, __u64 otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

#define MODULE	"/lib/modules/ntapc_exerciser.ko"

static int load_exerciser(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

FIXTURE(model)
{
	__u64 seed;
};

FIXTURE_SETUP(model)
{
	int ret = 0;

	if (access("/dev/" EXERCISER_DEVICE, F_OK))
		ret = load_exerciser();
	if (ret == -ENOENT)
		SKIP(return, "there is no " MODULE);
	if (ret == -EPERM)
		SKIP(return, "may not load modules");
	ASSERT_EQ(0, ret);
	ASSERT_TRUE(wait_until(!access("/dev/" EXERCISER_DEVICE, F_OK)));
	run.fd = open("/dev/" EXERCISER_DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, run.fd);

	self->seed = number_from("NTAPC_MODEL_SEED", 0);
	while (!self->seed)
		ASSERT_EQ(sizeof(self->seed),
			  syscall(SYS_getrandom, &self->seed,
				  sizeof(self->seed), 0));
	random_state = self->seed;
	weigh();
	reset(&run.model);
}

/* Whoever had it loaded before has it loaded again. */
FIXTURE_TEARDOWN_PARENT(model)
{
	syscall(SYS_delete_module, "ntapc_exerciser", O_NONBLOCK);
}

/* User-mode Linux isn't what NTAPC_SLOW says it is: no step waits for anything. */
static __u64 nr_steps(void)
{
	return number_from("NTAPC_MODEL_STEPS",
			   on_uml() ? 10000000 : scaled(10000000));
}

TEST_F_TIMEOUT(model, core_does_as_model, 600)
{
	__u64 steps = nr_steps();
	int differs = -1;

	printf("# NTAPC_MODEL_SEED=%llu NTAPC_MODEL_STEPS=%llu\n",
	       (unsigned long long)self->seed, (unsigned long long)steps);
	while (run.done < steps) {
		unsigned int nr = steps - run.done < BATCH ? steps - run.done :
							     BATCH;

		make_batch(nr);
		differs = compare_batch(nr);
		if (differs != -1)
			break;
		run.done += nr;
	}
	ASSERT_NE(-2, differs);
	if (differs >= 0)
		print_divergence(differs);
	EXPECT_EQ(-1, differs);
}

/* The core takes one step that the model doesn't: that is found. */
TEST_F(model, difference_is_found)
{
	make_batch(BATCH);
	EXPECT_EQ(-1, compare_batch(BATCH));
	run.done = BATCH;
	make_batch(BATCH);
	run.steps[BATCH / 2] = (struct exerciser_step){
		.what = STEP_QUEUEABLE,
		.a = !(run.expected[BATCH / 2].state.flags & FLAG_QUEUEABLE),
	};
	EXPECT_EQ(BATCH / 2, compare_batch(BATCH));
}

TEST_HARNESS_MAIN
