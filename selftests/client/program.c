// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steps and programs: each function of the API as something that a test can ask
 * for, in whatever context.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "internal.h"

/* What a program is made of; written only while none runs. */
static struct {
	struct client_step step[CLIENT_STEPS_MAX];
	unsigned int nr;
} programs[CLIENT_NR_PROGRAMS];

static DECLARE_BITMAP(gates, CLIENT_NR_GATES);	/* those that are open */
static DECLARE_WAIT_QUEUE_HEAD(gates_waitq);

static s64 mark(const struct client_step *step)
{
	return 0;
}

static s64 flush(const struct client_step *step)
{
	struct ntapc_thread *thread = client_target(step->target);

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	ntapc_flush_apcs(thread, step->mode);
	ntapc_thread_dereference(thread);
	return 0;
}

/* Regions */

static s64 enter_critical(const struct client_step *step)
{
	return ntapc_enter_critical_region();
}

static s64 enter_guarded(const struct client_step *step)
{
	return ntapc_enter_guarded_region();
}

static s64 leave_critical(const struct client_step *step)
{
	ntapc_leave_critical_region();
	return 0;
}

static s64 leave_guarded(const struct client_step *step)
{
	ntapc_leave_guarded_region();
	return 0;
}

static s64 are_disabled(const struct client_step *step)
{
	return ntapc_are_apcs_disabled() | ntapc_are_all_apcs_disabled() << 1;
}

static s64 is_attached(const struct client_step *step)
{
	return ntapc_is_attached_process() | !!ntapc_current_process() << 1;
}

/* Alerts, suspension and end */

static s64 with_target(const struct client_step *step,
		       s64 (*act)(struct ntapc_thread *thread,
				  const struct client_step *step))
{
	struct ntapc_thread *thread = client_target(step->target);
	s64 result;

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	result = act(thread, step);
	ntapc_thread_dereference(thread);
	return result;
}

#define STEP_ON_TARGET(name, call)					\
static s64 do_##name(struct ntapc_thread *thread,			\
		     const struct client_step *step)			\
{									\
	return call;							\
}									\
									\
static s64 name(const struct client_step *step)				\
{									\
	return with_target(step, do_##name);				\
}

STEP_ON_TARGET(alert, ntapc_alert_thread(thread, step->mode))
STEP_ON_TARGET(alert_resume, ntapc_alert_resume_thread(thread))
STEP_ON_TARGET(suspend, ntapc_suspend_thread(thread))
STEP_ON_TARGET(resume, ntapc_resume_thread(thread))
STEP_ON_TARGET(force_resume, ntapc_force_resume_thread(thread))
STEP_ON_TARGET(terminate, ntapc_terminate_thread(thread, step->arg[0]))

static s64 test_alert(const struct client_step *step)
{
	return ntapc_test_alert_thread(step->mode);
}

static s64 freeze_all(const struct client_step *step)
{
	return ntapc_freeze_all_threads();
}

static s64 thaw_all(const struct client_step *step)
{
	ntapc_thaw_all_threads();
	return 0;
}

/* Waits */

/* NT's: units of 100 ns; below 0 from now on, else since 1601. */
s64 client_interval(const struct client_step *step)
{
	if (step->flags & CLIENT_RAW_TIME)
		return step->arg[0];
	return step->arg[0] == CLIENT_FOREVER ? S64_MIN :
						-(s64)(step->arg[0] * 10000);
}

static s64 delay(const struct client_step *step)
{
	return ntapc_delay_execution(step->mode,
				     step->flags & CLIENT_ALERTABLE,
				     client_interval(step));
}

static s64 do_wait(struct ntapc_thread *thread, const struct client_step *step)
{
	s64 interval = client_interval(step);

	return ntapc_wait_for_thread(thread, step->mode,
				     step->flags & CLIENT_ALERTABLE,
				     step->arg[0] == CLIENT_FOREVER ?
				     NULL : &interval);
}

static s64 wait_for_thread(const struct client_step *step)
{
	return with_target(step, do_wait);
}

/* In a system thread */

static s64 exit_system(const struct client_step *step)
{
	ntapc_terminate_system_thread(step->arg[0]);
	/* This isn't a system thread. */
	return -EINVAL;
}

static s64 vanish(const struct client_step *step)
{
	if (!(current->flags & PF_KTHREAD))
		return -EINVAL;
	kthread_complete_and_exit(NULL, 0);
}

static s64 should_stop(const struct client_step *step)
{
	return ntapc_system_thread_should_stop();
}

static s64 deliver(const struct client_step *step)
{
	ntapc_deliver_kernel_apcs();
	return 0;
}

/* What has nothing to do with ntapc */

bool client_gate_is_open(unsigned int gate)
{
	return gate >= CLIENT_NR_GATES || test_bit(gate, gates);
}

/* An open gate, a kill, and the end of a system thread let everybody through. */
void client_wait_gate(unsigned int gate)
{
	wait_event_killable(gates_waitq, client_gate_is_open(gate) ||
			    ntapc_system_thread_should_stop());
}

static s64 wait_gate(const struct client_step *step)
{
	client_wait_gate(step->id);
	return 0;
}

static s64 open_gate(const struct client_step *step)
{
	if (step->id >= CLIENT_NR_GATES)
		return -EINVAL;
	set_bit(step->id, gates);
	wake_up_all(&gates_waitq);
	return 0;
}

void client_close_gates(void)
{
	bitmap_zero(gates, CLIENT_NR_GATES);
}

static s64 write_user(const struct client_step *step)
{
	u64 __user *where = u64_to_user_ptr(step->routine);

	return put_user(step->arg[0], where);
}

static DEFINE_SPINLOCK(leaked_lock);

/* What no routine may do. */
static s64 leak(const struct client_step *step)
{
	switch (step->id) {
	case CLIENT_LEAK_PREEMPT:
		preempt_disable();
		return 0;
	case CLIENT_LEAK_IRQ:
		local_irq_disable();
		return 0;
	case CLIENT_LEAK_LOCK:
		/* Nobody else ever wants it. */
		if (!spin_trylock(&leaked_lock))
			return -EBUSY;
		__release(&leaked_lock);
		return 0;
	}
	return -EINVAL;
}

static s64 (*const ops[CLIENT_NR_OPS])(const struct client_step *step) = {
	[CLIENT_MARK] = mark,
	[CLIENT_INSERT] = client_insert,
	[CLIENT_MAKE] = client_make,
	[CLIENT_INSERT_MADE] = client_insert_made,
	[CLIENT_REMOVE] = client_remove,
	[CLIENT_FLUSH] = flush,
	[CLIENT_ENTER_CRITICAL] = enter_critical,
	[CLIENT_LEAVE_CRITICAL] = leave_critical,
	[CLIENT_ENTER_GUARDED] = enter_guarded,
	[CLIENT_LEAVE_GUARDED] = leave_guarded,
	[CLIENT_ARE_DISABLED] = are_disabled,
	[CLIENT_IS_ATTACHED] = is_attached,
	[CLIENT_KEEP_PROCESS] = client_keep_process,
	[CLIENT_DROP_PROCESS] = client_drop_process,
	[CLIENT_WHERE] = client_where,
	[CLIENT_ATTACH] = client_attach,
	[CLIENT_DETACH] = client_detach,
	[CLIENT_STACK_ATTACH] = client_stack_attach,
	[CLIENT_UNSTACK] = client_unstack,
	[CLIENT_READ] = client_read,
	[CLIENT_WRITE] = client_write,
	[CLIENT_READ_ON] = client_read_on,
	[CLIENT_CALL] = client_call,
	[CLIENT_PEEK] = client_peek,
	[CLIENT_REGISTER] = client_register_more,
	[CLIENT_UNREGISTER] = client_unregister_more,
	[CLIENT_ALERT] = alert,
	[CLIENT_TEST_ALERT] = test_alert,
	[CLIENT_ALERT_RESUME] = alert_resume,
	[CLIENT_SUSPEND] = suspend,
	[CLIENT_RESUME] = resume,
	[CLIENT_FORCE_RESUME] = force_resume,
	[CLIENT_FREEZE_ALL] = freeze_all,
	[CLIENT_THAW_ALL] = thaw_all,
	[CLIENT_TERMINATE] = terminate,
	[CLIENT_DELAY] = delay,
	[CLIENT_WAIT] = wait_for_thread,
	[CLIENT_MAKE_OBJECT] = client_make_object,
	[CLIENT_KEEP_OBJECT] = client_keep_object,
	[CLIENT_OBJECT_OF_THREAD] = client_object_of_thread,
	[CLIENT_OBJECT_OF_PROCESS] = client_object_of_process,
	[CLIENT_OBJECT_FD] = client_operate,
	[CLIENT_SET_EVENT] = client_operate,
	[CLIENT_RESET_EVENT] = client_operate,
	[CLIENT_PULSE_EVENT] = client_operate,
	[CLIENT_RELEASE_SEMAPHORE] = client_operate,
	[CLIENT_RELEASE_MUTANT] = client_operate,
	[CLIENT_SET_TIMER] = client_operate,
	[CLIENT_CANCEL_TIMER] = client_operate,
	[CLIENT_READ_STATE] = client_operate,
	[CLIENT_WAIT_OBJECT] = client_wait_object,
	[CLIENT_WAIT_OBJECTS] = client_wait_objects,
	[CLIENT_CREATE_SYSTEM] = client_create_system,
	[CLIENT_STOP_SYSTEM] = client_stop_system,
	[CLIENT_FORGET_SYSTEM] = client_forget_system,
	[CLIENT_EXIT_SYSTEM] = exit_system,
	[CLIENT_VANISH] = vanish,
	[CLIENT_SHOULD_STOP] = should_stop,
	[CLIENT_DELIVER] = deliver,
	[CLIENT_WAIT_GATE] = wait_gate,
	[CLIENT_OPEN_GATE] = open_gate,
	[CLIENT_WRITE_USER] = write_user,
	[CLIENT_LEAK] = leak,
};

/* Where a step stands is in the log, so that a test finds its result. */
static s64 run_step(const struct client_step *step, unsigned int program,
		    unsigned int index)
{
	s64 result = -EINVAL;

	if (step->op < CLIENT_NR_OPS)
		result = ops[step->op](step);
	if (step->flags & CLIENT_QUIET)
		return result;
	client_log(CLIENT_STEP, step->op, program, step->id, index, result);
	return result;
}

void client_run_steps(struct client_step *steps, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		steps[i].result = run_step(&steps[i], 0, i);
}

void client_run_program(unsigned int number)
{
	unsigned int i;

	if (number >= CLIENT_NR_PROGRAMS)
		return;
	for (i = 0; i < programs[number].nr; i++)
		run_step(&programs[number].step[i], number, i);
}

int client_set_program(unsigned int number, const struct client_step *steps,
		       unsigned int nr)
{
	if (!number || number >= CLIENT_NR_PROGRAMS)
		return -EINVAL;
	memcpy(programs[number].step, steps, nr * sizeof(*steps));
	programs[number].nr = nr;
	return 0;
}
