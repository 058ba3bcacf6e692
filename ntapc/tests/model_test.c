// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random steps, each taken by core/ and by a model of NT's rules side by side.
 *
 * After each step both must agree on the result and on everything that can be seen.
 */
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "model.h"

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "of the random steps; 0 takes another one each time");

static unsigned int steps = 200000;
module_param(steps, uint, 0444);
MODULE_PARM_DESC(steps, "how many random steps");

struct run {
	struct kunit *test;
	struct ntapc_fixture *f;
	struct model model;
	struct rnd_state random;
	const char *wrong;	/* what core/ and the model don't agree on */
	char what[80];		/* the step */
};

static u32 below(struct run *run, u32 ceiling)
{
	return prandom_u32_state(&run->random) % ceiling;
}

static bool one_in(struct run *run, u32 chance)
{
	return !below(run, chance);
}

static void expect(struct run *run, bool agreed, const char *what)
{
	if (!agreed && !run->wrong)
		run->wrong = what;
}

/* Comparing */

static bool same_queue(struct run *run, const struct ntapc_apc_state *state,
		       const struct model_state *model, u8 mode)
{
	const char *order = ntapc_test_order(run->f, state, mode);
	int i;

	if (strlen(order) != model->nr[mode])
		return false;
	for (i = 0; i < model->nr[mode]; i++)
		if (order[i] != 'a' + model->queue[mode][i])
			return false;
	return true;
}

static void compare_state(struct run *run, const struct ntapc_apc_state *state,
			  const struct model_state *model)
{
	expect(run, same_queue(run, state, model, NTAPC_KERNEL_MODE),
	       "the kernel queue");
	expect(run, same_queue(run, state, model, NTAPC_USER_MODE),
	       "the user queue");
	expect(run, model->process == NO_PROCESS ? !state->process :
		    state->process == &run->f->process[model->process],
	       "Process");
	expect(run, state->kernel_in_progress == model->in_progress,
	       "KernelApcInProgress");
	expect(run, state->kernel_pending == model->kernel_pending,
	       "KernelApcPending");
	expect(run, state->user_pending == model->user_pending,
	       "UserApcPending");
	expect(run, state->special_pending ==
			    !!model_nr_special(&run->model, model,
					       NTAPC_USER_MODE),
	       "SpecialUserApcPending");
}

static void compare_apcs(struct run *run)
{
	int i;

	for (i = 0; i < NTAPC_TEST_APCS; i++) {
		const struct ntapc_apc *apc = &run->f->apc[i];
		const struct model_apc *model = &run->model.apc[i];

		expect(run, apc->inserted == model->inserted, "Inserted");
		if (!apc->inserted)
			continue;
		expect(run, apc->normal.arg[0] == model->arg[0],
		       "SystemArgument1");
		expect(run, apc->normal.arg[1] == model->arg[1],
		       "SystemArgument2");
	}
}

/* All that its attachments have made of it. */
static void compare_attachments(struct run *run)
{
	const struct ntapc_kthread *kt = &run->f->kt;
	const struct ntapc_apc_save *save = kt->save;
	const struct model *m = &run->model;
	unsigned int i;

	expect(run, kt->apc_state_index == (m->depth > 0), "ApcStateIndex");
	expect(run, kt->apc_state_pointer[m->depth > 0] == &kt->apc_state,
	       "ApcStatePointer of the active state");
	expect(run, kt->apc_state_pointer[!m->depth] == &kt->saved_apc_state,
	       "ApcStatePointer of the saved state");
	for (i = m->depth; i > 0; i--, save = save->outer) {
		if (save != &run->f->save[i - 1])
			break;
		if (i > 1)
			compare_state(run, &save->state, &m->outer[i - 1]);
		else
			expect(run, !save->state.process, "the marker");
	}
	expect(run, !i && !save, "the depth");
	for (i = 0; i < NTAPC_TEST_PROCESSES; i++)
		expect(run, run->f->process[i].stack_count == m->count[i],
		       "StackCount");
}

static void compare(struct run *run)
{
	const struct ntapc_kthread *kt = &run->f->kt;
	const struct model *m = &run->model;

	compare_state(run, &kt->apc_state, &m->active);
	compare_state(run, &kt->saved_apc_state, &m->saved);
	compare_attachments(run);
	expect(run, kt->alerted[0] == m->alerted[0], "Alerted[KernelMode]");
	expect(run, kt->alerted[1] == m->alerted[1], "Alerted[UserMode]");
	expect(run, kt->wait_status == m->wait_status ||
	       (!m->in_wait && !m->acquiring), "what ended the wait");
	expect(run, kt->waiting == m->in_wait, "whether it blocks");
	expect(run, kt->acquiring == m->acquiring, "whether it acquires");
	compare_apcs(run);
}

static void compare_apc(struct run *run, const struct ntapc_apc *apc, int nr)
{
	expect(run, apc == (nr < 0 ? NULL : &run->f->apc[nr]),
	       "which APC is next");
}

/* Steps */

/* The thread itself does nothing now. */
static bool is_busy(const struct run *run)
{
	return run->model.in_wait || run->model.acquiring || run->model.half;
}

static void step_init(struct run *run)
{
	u8 nr = below(run, NTAPC_TEST_APCS);
	enum ntapc_test_kind kind = below(run, NR_KINDS);
	enum ntapc_environment environment = below(run, 4);
	struct model_apc *model = &run->model.apc[nr];
	struct ntapc_apc *apc = &run->f->apc[nr];

	if (model->inserted)
		return;
	ntapc_test_make(run->f, 'a' + nr, kind);
	ntapc_apc_init(apc, &run->f->kt, environment, apc->kernel_routine,
		       apc->rundown_routine, apc->normal.routine, apc->mode,
		       TEST_CONTEXT);
	apc->special_user = kind == SPECIAL_USER;
	model->special = kind == SPECIAL_KERNEL || kind == SPECIAL_USER;
	model->mode = ntapc_test_mode(kind);
	model->environment = environment == NTAPC_ENV_CURRENT ?
				     run->model.depth > 0 : environment;
}

static void step_insert(struct run *run)
{
	u8 nr = below(run, NTAPC_TEST_APCS);
	const struct model_apc *model = &run->model.apc[nr];
	bool second_stage = model->special && model->mode == NTAPC_USER_MODE;
	bool self = !is_busy(run) && (second_stage || one_in(run, 3));
	u64 arg1 = prandom_u32_state(&run->random), arg2 = ~arg1;
	enum ntapc_wake wake, model_wake;
	bool done;

	/* Only the thread itself makes a special user APC of a kernel one. */
	if (second_stage && !self)
		return;
	snprintf(run->what, sizeof(run->what), "insert %c, mode %d%s%s",
		 'a' + nr, model->mode, model->special ? ", special" : "",
		 self ? ", to itself" : "");
	done = ntapc_core_insert(&run->f->kt, &run->f->apc[nr], arg1, arg2,
				 self, &wake);
	expect(run, done == model_insert(&run->model, nr, arg1, arg2, self,
					 &model_wake),
	       "whether it is inserted");
	expect(run, wake == model_wake, "the wake-up");
}

static void step_remove(struct run *run)
{
	u8 nr = below(run, NTAPC_TEST_APCS);

	snprintf(run->what, sizeof(run->what), "remove %c", 'a' + nr);
	expect(run, ntapc_core_remove(&run->f->kt, &run->f->apc[nr]) ==
			    model_remove(&run->model, nr),
	       "whether it was inserted");
}

static void step_flush(struct run *run)
{
	struct model_state *state = &run->model.active;
	enum ntapc_mode mode = below(run, NTAPC_NR_MODES);
	struct ntapc_apc *apc, *next;
	LIST_HEAD(flushed);

	if (!one_in(run, 4))
		return;
	snprintf(run->what, sizeof(run->what), "flush mode %d", mode);
	ntapc_core_flush(&run->f->kt, mode, &flushed);
	list_for_each_entry_safe(apc, next, &flushed, entry) {
		if (!state->nr[mode]) {
			expect(run, false, "the number of flushed APCs");
			break;
		}
		compare_apc(run, apc, state->queue[mode][0]);
		model_take_at(&run->model, state, mode, 0);
		list_del_init(&apc->entry);
	}
	model_settle(&run->model, state, mode);
}

static void step_next_kernel(struct run *run)
{
	bool due = ntapc_core_kernel_due(&run->f->kt);
	bool pending = run->model.active.kernel_pending;
	struct ntapc_apc *apc;
	bool blocked, model_blocked;

	if (is_busy(run))
		return;
	strscpy(run->what, "next kernel APC", sizeof(run->what));
	apc = ntapc_core_next_kernel(&run->f->kt, &blocked);
	expect(run, due == (pending && apc), "whether one is due");
	compare_apc(run, apc, model_next_kernel(&run->model, &model_blocked));
	expect(run, blocked == model_blocked, "whether user APCs have to wait");
}

static void step_next_user(struct run *run)
{
	bool guarded = one_in(run, 3);

	if (is_busy(run))
		return;
	snprintf(run->what, sizeof(run->what), "next user APC%s",
		 guarded ? ", guarded" : "");
	compare_apc(run, ntapc_core_next_user(&run->f->kt, guarded),
		    model_next_user(&run->model, guarded));
}

static void step_next_users(struct run *run)
{
	struct model_state *state = &run->model.active;
	u32 max = 1 + below(run, 4), nr = 0, there;
	struct ntapc_apc *apc, *next;
	LIST_HEAD(taken);

	if (is_busy(run) || !one_in(run, 2))
		return;
	snprintf(run->what, sizeof(run->what), "next %u user APCs", max);
	there = model_nr_ordinary(&run->model, state, NTAPC_USER_MODE);
	there = min(max, there);
	expect(run, ntapc_core_next_users(&run->f->kt, max, &taken) == there,
	       "the number of APCs");
	list_for_each_entry_safe(apc, next, &taken, entry) {
		int at = model_nr_special(&run->model, state, NTAPC_USER_MODE);

		if (at == state->nr[NTAPC_USER_MODE])
			break;
		compare_apc(run, apc, state->queue[NTAPC_USER_MODE][at]);
		model_take_at(&run->model, state, NTAPC_USER_MODE, at);
		list_del_init(&apc->entry);
		nr++;
	}
	state->user_pending = false;
	expect(run, nr == there && list_empty(&taken), "the APCs taken");
}

static void step_requeue(struct run *run)
{
	int nr = 0, want = 1 + below(run, 4), nrs[4];
	struct ntapc_apc *apc;
	LIST_HEAD(taken);

	if (is_busy(run))
		return;
	snprintf(run->what, sizeof(run->what), "requeue %d", want);
	while (nr < want) {
		apc = ntapc_core_next_user(&run->f->kt, false);
		nrs[nr] = model_next_user(&run->model, false);
		compare_apc(run, apc, nrs[nr]);
		if (!apc || run->wrong)
			break;
		list_add_tail(&apc->entry, &taken);
		nr++;
		ntapc_core_test_alert(&run->f->kt, NTAPC_USER_MODE);
		model_test_alert(&run->model, NTAPC_USER_MODE);
	}
	ntapc_core_requeue(&run->f->kt, &taken);
	model_requeue(&run->model, nrs, nr);
}

static void step_alert(struct run *run)
{
	enum ntapc_mode mode = below(run, NTAPC_NR_MODES);
	enum ntapc_wake wake, model_wake;
	bool was;

	snprintf(run->what, sizeof(run->what), "alert mode %d", mode);
	was = ntapc_core_alert(&run->f->kt, mode, &wake);
	expect(run, was == model_alert(&run->model, mode, &model_wake),
	       "whether it was alerted");
	expect(run, wake == model_wake, "the wake-up");
}

static void step_test_alert(struct run *run)
{
	enum ntapc_mode mode = below(run, NTAPC_NR_MODES);

	if (is_busy(run))
		return;
	snprintf(run->what, sizeof(run->what), "test alert, mode %d", mode);
	expect(run, ntapc_core_test_alert(&run->f->kt, mode) ==
			    model_test_alert(&run->model, mode),
	       "whether it was alerted");
}

static void step_wait(struct run *run)
{
	enum ntapc_mode mode = below(run, NTAPC_NR_MODES);
	bool alertable = one_in(run, 2), signalled = one_in(run, 4);
	bool guarded = one_in(run, 3), due = one_in(run, 4);
	struct model *m = &run->model;
	int status;

	if (is_busy(run))
		return;
	snprintf(run->what, sizeof(run->what), "wait, mode %d%s%s%s%s", mode,
		 alertable ? ", alertable" : "", signalled ? ", signalled" : "",
		 guarded ? ", guarded" : "", due ? ", due" : "");
	status = ntapc_core_wait_test(&run->f->kt, mode, alertable, signalled,
				      guarded, due);
	expect(run, status == model_wait_test(m, mode, alertable, signalled,
					      guarded, due),
	       "what ends the wait");
	if (status != NTAPC_WAIT_BLOCK)
		return;
	ntapc_core_wait_begin(&run->f->kt, mode, alertable);
	m->in_wait = true;
	m->waiting = true;
	m->alertable = alertable;
	m->wait_mode = mode;
	m->wait_status = NTAPC_WAIT_BLOCK;
}

/* 11.1(1): it looks at its objects. */
static void step_acquire(struct run *run)
{
	struct model *m = &run->model;

	if (is_busy(run))
		return;
	strscpy(run->what, "acquire", sizeof(run->what));
	ntapc_core_wait_acquire(&run->f->kt);
	m->acquiring = true;
	m->wait_status = NTAPC_WAIT_BLOCK;
}

/* 11.11: an object is signalled. */
static void step_satisfy(struct run *run)
{
	struct model *m = &run->model;
	enum ntapc_wake model_wake = NTAPC_WAKE_NONE;

	strscpy(run->what, "object signalled", sizeof(run->what));
	if (m->waiting ||
	    (m->acquiring && m->wait_status == NTAPC_WAIT_BLOCK))
		model_wake = model_unwait(m, NTAPC_WAIT_OBJECT);
	expect(run, ntapc_core_wait_satisfy(&run->f->kt) == model_wake,
	       "the wake-up");
}

static void step_wait_end(struct run *run)
{
	struct model *m = &run->model;

	if (!m->in_wait && !m->acquiring)
		return;
	strscpy(run->what, "end of wait", sizeof(run->what));
	m->acquiring = false;
	m->in_wait = false;
	m->waiting = false;
	expect(run, ntapc_core_wait_end(&run->f->kt) == m->wait_status,
	       "what ended the wait");
}

/* Regions, a normal kernel APC's begin and end, ApcQueueable. */
static void step_set(struct run *run)
{
	struct ntapc_kthread *kt = &run->f->kt;
	struct model *m = &run->model;

	if (is_busy(run))
		return;
	m->kernel_disable = one_in(run, 3) ? -1 - (int)below(run, 2) : 0;
	m->special_disable = one_in(run, 6) ? -1 : 0;
	m->active.in_progress = one_in(run, 4);
	m->queueable = !one_in(run, 10);
	snprintf(run->what, sizeof(run->what),
		 "set %d, %d, in progress %d, queueable %d", m->kernel_disable,
		 m->special_disable, m->active.in_progress, m->queueable);
	kt->kernel_apc_disable = m->kernel_disable;
	kt->special_apc_disable = m->special_disable;
	kt->apc_state.kernel_in_progress = m->active.in_progress;
	kt->apc_queueable = m->queueable;
}

static void remove_all(struct run *run, struct model_state *state)
{
	enum ntapc_mode mode;

	for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
		while (state->nr[mode]) {
			u8 nr = state->queue[mode][0];

			expect(run, ntapc_core_remove(&run->f->kt,
						      &run->f->apc[nr]),
			       "whether it was inserted");
			model_remove(&run->model, nr);
		}
	}
}

static void step_attach(struct run *run)
{
	u8 process = below(run, NTAPC_TEST_PROCESSES);
	bool stack = !one_in(run, 4), full = one_in(run, 16);
	struct ntapc_fixture *f = run->f;
	struct model *m = &run->model;
	u32 was = m->count[process];
	enum ntapc_attach_result result;

	if (is_busy(run) || m->depth == MAX_DEPTH || !one_in(run, 3))
		return;
	snprintf(run->what, sizeof(run->what), "attach to %c%s%s",
		 'A' + process, stack ? ", stack" : "", full ? ", full" : "");
	if (full) {
		m->count[process] = NTAPC_STACK_COUNT_MAX;
		f->process[process].stack_count = NTAPC_STACK_COUNT_MAX;
	}
	result = ntapc_test_try_attach(f, 'A' + process, stack);
	expect(run, result == model_attach(m, process, stack),
	       "whether it attaches");
	if (full) {
		expect(run, result != NTAPC_ATTACHED, "the limit");
		m->count[process] = was;
		f->process[process].stack_count = was;
	}
}

static void step_resident(struct run *run)
{
	struct model *m = &run->model;

	if (!m->half)
		return;
	strscpy(run->what, "resident", sizeof(run->what));
	m->active.process = m->target[m->depth - 1];
	m->half = false;
	ntapc_core_attach_resident(&run->f->kt,
				   &run->f->process[m->active.process]);
}

/* Often with nothing in its way. */
static void step_detach(struct run *run)
{
	struct model *m = &run->model;
	bool unstack = !one_in(run, 4), recheck = true, model_recheck;
	enum ntapc_attach_result result;

	if (is_busy(run) || one_in(run, 3))
		return;
	snprintf(run->what, sizeof(run->what), "detach%s",
		 unstack ? ", unstack" : "");
	if (m->depth && one_in(run, 2))
		remove_all(run, &m->active);
	result = ntapc_test_try_detach(run->f, unstack, &recheck);
	expect(run, result == model_detach(m, unstack, &model_recheck),
	       "whether it detaches");
	expect(run, recheck == model_recheck, "whether kernel APCs are to run");
}

static void step_undo(struct run *run)
{
	struct model *m = &run->model;
	char process;

	if (m->in_wait || m->acquiring || !m->depth || (!m->half && !one_in(run, 8)))
		return;
	process = 'A' + m->target[m->depth - 1];
	snprintf(run->what, sizeof(run->what), "undo attaching to %c", process);
	expect(run, ntapc_test_undo(run->f, process) == model_undo(m),
	       "whether kernel APCs are to run");
}

static bool run_down_state(struct run *run, struct model_state *state, u8 mode,
			   unsigned int max, struct list_head *flushed)
{
	for (; max && state->nr[mode]; max--) {
		struct ntapc_apc *apc;

		apc = list_first_entry_or_null(flushed, struct ntapc_apc, entry);
		compare_apc(run, apc, state->queue[mode][0]);
		model_take_at(&run->model, state, mode, 0);
		if (!apc)
			return false;
		list_del_init(&apc->entry);
	}
	model_settle(&run->model, state, mode);
	return state->nr[mode];
}

/* 7.3: wherever they are. */
static void step_run_down(struct run *run)
{
	unsigned int max = 1 + below(run, 4), i;
	struct model *m = &run->model;
	bool more, model_more = false;
	LIST_HEAD(flushed);
	u8 mode;

	if (!one_in(run, 16))
		return;
	snprintf(run->what, sizeof(run->what), "run down, %u of each", max);
	more = ntapc_core_run_down_some(&run->f->kt, max, &flushed);
	for (mode = 0; mode < NTAPC_NR_MODES; mode++) {
		model_more |= run_down_state(run, &m->active, mode, max,
					     &flushed);
		model_more |= run_down_state(run, &m->saved, mode, max,
					     &flushed);
		for (i = m->depth; i-- > 1;)
			model_more |= run_down_state(run, &m->outer[i], mode,
						     max, &flushed);
	}
	expect(run, more == model_more, "whether there are more");
	expect(run, list_empty(&flushed), "the number of APCs run down");
}

static void (*const step_functions[])(struct run *run) = {
	step_init, step_init, step_init, step_insert, step_insert, step_insert,
	step_insert, step_insert, step_remove, step_flush, step_next_kernel,
	step_next_kernel, step_next_user, step_next_user, step_next_users,
	step_requeue,
	step_alert, step_test_alert, step_wait, step_wait, step_acquire,
	step_satisfy, step_wait_end, step_wait_end, step_set, step_attach, step_attach,
	step_resident, step_detach, step_undo, step_run_down,
};

static void core_does_as_model(struct kunit *test)
{
	u64 used = seed ?: get_random_u64();
	struct run *run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, run);
	run->test = test;
	run->f = test->priv;
	run->model.queueable = true;
	run->model.saved.process = NO_PROCESS;
	for (i = 0; i < NTAPC_TEST_APCS; i++)
		run->model.apc[i].mode = NTAPC_KERNEL_MODE;
	prandom_seed_state(&run->random, used);
	kunit_info(test, "seed=%llu, %u steps", used, steps);

	for (i = 0; i < steps && !run->wrong; i++) {
		run->what[0] = '\0';
		step_functions[below(run, ARRAY_SIZE(step_functions))](run);
		compare(run);
		if (!(i % 1024))
			cond_resched();
	}
	if (run->wrong)
		KUNIT_FAIL(test, "seed=%llu, step %d (%s): not agreed on %s",
			   used, i, run->what, run->wrong);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(core_does_as_model),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_model",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
