// SPDX-License-Identifier: GPL-2.0-only
#include <linux/string.h>

#include "model.h"

void model_insert_at(struct model *m, struct model_state *state, u8 nr, int at)
{
	u8 mode = m->apc[nr].mode;
	u8 *queue = state->queue[mode];
	int i;

	for (i = state->nr[mode]++; i > at; i--)
		queue[i] = queue[i - 1];
	queue[at] = nr;
	m->apc[nr].inserted = true;
}

void model_take_at(struct model *m, struct model_state *state, u8 mode, int at)
{
	u8 *queue = state->queue[mode];
	int i;

	m->apc[queue[at]].inserted = false;
	state->nr[mode]--;
	for (i = at; i < state->nr[mode]; i++)
		queue[i] = queue[i + 1];
}

int model_nr_special(const struct model *m, const struct model_state *state,
		     u8 mode)
{
	int i, nr = 0;

	for (i = 0; i < state->nr[mode]; i++)
		nr += m->apc[state->queue[mode][i]].special;
	return nr;
}

int model_nr_ordinary(const struct model *m, const struct model_state *state,
		      u8 mode)
{
	return state->nr[mode] - model_nr_special(m, state, mode);
}

/* 2.1, 2.2 */
static struct model_state *model_state_of(struct model *m, u8 nr)
{
	u8 *environment = &m->apc[nr].environment;

	if (*environment == NTAPC_ENV_INSERT)
		*environment = m->depth > 0;
	if (*environment == NTAPC_ENV_ORIGINAL)
		return m->depth ? &m->saved : &m->active;
	return m->depth ? &m->active : &m->saved;
}

enum ntapc_wake model_unwait(struct model *m, int status)
{
	m->waiting = false;
	m->wait_status = status;
	return NTAPC_WAKE_UNWAIT;
}

/* 3.4 to 3.7 */
static enum ntapc_wake model_notify(struct model *m, u8 nr, bool self)
{
	const struct model_apc *apc = &m->apc[nr];

	if (apc->mode == NTAPC_KERNEL_MODE) {
		m->active.kernel_pending = true;
		if (self)
			return m->special_disable ? NTAPC_WAKE_NONE :
						    NTAPC_WAKE_INTERRUPT;
		if (!m->in_wait)
			return NTAPC_WAKE_INTERRUPT;
		if (!m->waiting || m->special_disable)
			return NTAPC_WAKE_NONE;
		if (!apc->special &&
		    (m->kernel_disable || m->active.in_progress))
			return NTAPC_WAKE_NONE;
		return model_unwait(m, NTAPC_WAIT_KERNEL_APC);
	}
	if (self || !m->waiting || m->wait_mode == NTAPC_KERNEL_MODE)
		return NTAPC_WAKE_NONE;
	if (!m->alertable && !m->active.user_pending)
		return NTAPC_WAKE_NONE;
	m->active.user_pending = true;
	return model_unwait(m, NTAPC_WAIT_USER_APC);
}

/* 3.1 to 3.3 */
bool model_insert(struct model *m, u8 nr, u64 arg1, u64 arg2, bool self,
		  enum ntapc_wake *wake)
{
	struct model_apc *apc = &m->apc[nr];
	struct model_state *state;

	*wake = NTAPC_WAKE_NONE;
	if (!m->queueable || apc->inserted)
		return false;
	state = model_state_of(m, nr);
	apc->arg[0] = arg1;
	apc->arg[1] = arg2;
	model_insert_at(m, state, nr,
			apc->special ? model_nr_special(m, state, apc->mode) :
				       state->nr[apc->mode]);
	if (state == &m->active)
		*wake = model_notify(m, nr, self);
	return true;
}

/* 7.1; armed are only ordinary ones (13.5). */
void model_settle(struct model *m, struct model_state *state, u8 mode)
{
	if (mode == NTAPC_KERNEL_MODE && !state->nr[mode])
		state->kernel_pending = false;
	if (mode == NTAPC_USER_MODE && !model_nr_ordinary(m, state, mode))
		state->user_pending = false;
}

static int model_find(const struct model_state *state, u8 mode, u8 nr)
{
	int i;

	for (i = 0; i < state->nr[mode]; i++)
		if (state->queue[mode][i] == nr)
			return i;
	return -1;
}

/* "The state it was on": any. */
static void model_remove_from(struct model *m, struct model_state *state, u8 nr)
{
	u8 mode = m->apc[nr].mode;
	int at = model_find(state, mode, nr);

	if (at < 0)
		return;
	model_take_at(m, state, mode, at);
	model_settle(m, state, mode);
}

bool model_remove(struct model *m, u8 nr)
{
	unsigned int i;

	if (!m->apc[nr].inserted)
		return false;
	model_remove_from(m, &m->active, nr);
	model_remove_from(m, &m->saved, nr);
	for (i = 1; i < m->depth; i++)
		model_remove_from(m, &m->outer[i], nr);
	return true;
}

/* 4.2 to 4.4. The number of the APC, or -1. */
int model_next_kernel(struct model *m, bool *blocked)
{
	struct model_state *state = &m->active;
	int nr;

	*blocked = false;
	state->kernel_pending = false;
	if (m->special_disable) {
		*blocked = true;
		return -1;
	}
	if (!state->nr[NTAPC_KERNEL_MODE])
		return -1;
	nr = state->queue[NTAPC_KERNEL_MODE][0];
	if (!m->apc[nr].special && (state->in_progress || m->kernel_disable)) {
		*blocked = true;
		return -1;
	}
	model_take_at(m, state, NTAPC_KERNEL_MODE, 0);
	return nr;
}

/* 4.5, 13.4, 13.5; the guard is ntapc's own. */
int model_next_user(struct model *m, bool guarded)
{
	struct model_state *state = &m->active;
	int at = 0, nr;

	if (guarded || !model_nr_special(m, state, NTAPC_USER_MODE)) {
		if (!state->user_pending)
			return -1;
		state->user_pending = false;
		at = model_nr_special(m, state, NTAPC_USER_MODE);
		if (at == state->nr[NTAPC_USER_MODE])
			return -1;
	}
	nr = state->queue[NTAPC_USER_MODE][at];
	model_take_at(m, state, NTAPC_USER_MODE, at);
	return nr;
}

/* 5.1 */
bool model_alert(struct model *m, u8 mode, enum ntapc_wake *wake)
{
	bool was = m->alerted[mode];

	*wake = NTAPC_WAKE_NONE;
	if (!was && m->waiting && m->alertable && mode <= m->wait_mode)
		*wake = model_unwait(m, NTAPC_WAIT_ALERTED);
	else
		m->alerted[mode] = true;
	return was;
}

/* 5.3 */
bool model_test_alert(struct model *m, u8 mode)
{
	bool was = m->alerted[mode];

	m->alerted[mode] = false;
	if (!was && mode == NTAPC_USER_MODE &&
	    model_nr_ordinary(m, &m->active, mode))
		m->active.user_pending = true;
	return was;
}

/* 11.2 */
static int model_test_alertable(struct model *m, u8 mode, bool guarded)
{
	struct model_state *state = &m->active;
	int ordinary = model_nr_ordinary(m, state, NTAPC_USER_MODE);
	int special = model_nr_special(m, state, NTAPC_USER_MODE);

	if (m->alerted[mode]) {
		m->alerted[mode] = false;
		return NTAPC_WAIT_ALERTED;
	}
	if (mode == NTAPC_USER_MODE && ordinary)
		state->user_pending = true;
	if (mode == NTAPC_USER_MODE && (ordinary || (special && !guarded)))
		return NTAPC_WAIT_USER_APC;
	if (m->alerted[NTAPC_KERNEL_MODE]) {
		m->alerted[NTAPC_KERNEL_MODE] = false;
		return NTAPC_WAIT_ALERTED;
	}
	return NTAPC_WAIT_BLOCK;
}

/* 11.1 */
int model_wait_test(struct model *m, u8 mode, bool alertable, bool signalled,
		    bool guarded, bool due)
{
	int status = NTAPC_WAIT_BLOCK;

	if (m->active.kernel_pending && !m->special_disable)
		return NTAPC_WAIT_KERNEL_APC;
	if (signalled)
		return NTAPC_WAIT_OBJECT;
	if (alertable)
		status = model_test_alertable(m, mode, guarded);
	else if (mode == NTAPC_USER_MODE && m->active.user_pending)
		status = NTAPC_WAIT_USER_APC;
	if (status != NTAPC_WAIT_BLOCK)
		return status;
	return due ? NTAPC_WAIT_TIMEOUT : NTAPC_WAIT_BLOCK;
}

/* What is moved are the queues, or with them all of it. */
static void model_move_queues(struct model_state *to, struct model_state *from)
{
	memcpy(to->queue, from->queue, sizeof(to->queue));
	memcpy(to->nr, from->nr, sizeof(to->nr));
	memset(from->nr, 0, sizeof(from->nr));
}

/* 9.2: but what has waited for the Attached environment is there. */
static void model_clear(struct model_state *state)
{
	state->in_progress = false;
	state->kernel_pending = state->nr[NTAPC_KERNEL_MODE];
	state->user_pending = false;
}

/* 9.1, 9.2, 9.7 */
enum ntapc_attach_result model_attach(struct model *m, u8 process, bool stack)
{
	struct model_state early;

	if (m->active.process == process)
		return NTAPC_ATTACH_SAME;
	if (m->depth && !stack)
		return NTAPC_ATTACH_REFUSED;
	if (m->count[process] == NTAPC_STACK_COUNT_MAX)
		return NTAPC_ATTACH_EXCEEDED;
	m->count[process]++;
	if (m->depth) {
		m->outer[m->depth] = m->active;
		memset(m->active.nr, 0, sizeof(m->active.nr));
	} else {
		early = m->saved;
		m->saved = m->active;
		model_move_queues(&m->active, &early);
	}
	model_clear(&m->active);
	m->target[m->depth++] = process;
	m->half = true;
	return NTAPC_ATTACHED;
}

/* 9.6, 9.8: what is in the active queues waits for the next time. */
static bool model_leave(struct model *m)
{
	struct model_state left = m->active;

	m->depth--;
	m->count[m->target[m->depth]]--;
	m->half = false;
	if (m->depth) {
		m->active = m->outer[m->depth];
	} else {
		m->active = m->saved;
		memset(&m->saved, 0, sizeof(m->saved));
		model_move_queues(&m->saved, &left);
		m->saved.process = NO_PROCESS;
	}
	if (!m->active.nr[NTAPC_KERNEL_MODE])
		return false;
	m->active.kernel_pending = true;
	return true;
}

enum ntapc_attach_result model_detach(struct model *m, bool unstack,
				      bool *recheck)
{
	*recheck = false;
	if (!m->depth && !unstack)
		return NTAPC_ATTACH_SAME;
	if (!m->depth || m->active.in_progress ||
	    m->active.nr[NTAPC_KERNEL_MODE] || m->active.nr[NTAPC_USER_MODE])
		return NTAPC_ATTACH_REFUSED;
	if (m->depth > 1 && !unstack)
		return NTAPC_ATTACH_REFUSED;
	*recheck = model_leave(m);
	return NTAPC_ATTACHED;
}

/* ntapc's own: the attachment around it gets them, as if inserted there. */
bool model_undo(struct model *m)
{
	struct model_state *to = &m->outer[m->depth - 1];
	int mode, i;

	for (mode = 0; mode < NTAPC_NR_MODES && m->depth > 1; mode++)
		for (i = 0; i < m->active.nr[mode]; i++) {
			u8 nr = m->active.queue[mode][i];

			model_insert_at(m, to, nr, m->apc[nr].special ?
						model_nr_special(m, to, mode) :
						to->nr[mode]);
		}
	return model_leave(m);
}

/* Puts @nr of @taken, in this order, back into the model's user queue. */
void model_requeue(struct model *m, const int *taken, int nr)
{
	struct model_state *state = &m->active;
	int specials = 0, ordinaries = 0, i;

	for (i = 0; i < nr; i++) {
		int at;

		if (m->apc[taken[i]].special)
			at = specials++;
		else
			at = model_nr_special(m, state, NTAPC_USER_MODE) +
			     ordinaries++;
		model_insert_at(m, state, taken[i], at);
	}
}
