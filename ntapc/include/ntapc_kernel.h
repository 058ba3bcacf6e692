/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NT asynchronous procedure calls for other kernel modules.
 *
 * Numbers in comments are those of Documentation/nt-semantics.rst.
 */
#ifndef NTAPC_KERNEL_H
#define NTAPC_KERNEL_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/types.h>

/**
 * DOC: Overview
 *
 * A module that uses these functions is a *client*. It is what a driver is to
 * NT's kernel: it makes APCs, inserts them in the queues of threads, keeps them
 * off itself with regions, waits, and makes system threads.
 *
 * Context: unless said otherwise functions sleep, are called in task context
 * with nothing locked, and act on the current thread if they don't name one.
 * Those that say *any task context* take spin locks only and may be called in
 * atomic context, but not in interrupts.
 *
 * The routines of an APC run in the target's context: with nothing locked,
 * preemptible, and, if the target has an address space, with its user memory at
 * hand. NT's APC_LEVEL has no counterpart: a kernel routine may sleep too, and
 * special kernel APCs aren't held off while one runs.
 *
 * Unloading: an inserted APC holds its client's module until its routines have
 * returned. System threads don't: the client ends them before it goes, and those
 * that it forgets are ended for it.
 */

struct ntapc_apc;
struct ntapc_object;
struct ntapc_thread;
struct ntapc_process;

/* KPROCESSOR_MODE */
enum ntapc_mode {
	NTAPC_KERNEL_MODE,
	NTAPC_USER_MODE,
	NTAPC_NR_MODES,
};

/* KAPC_ENVIRONMENT, rule 2.1 */
enum ntapc_environment {
	NTAPC_ENV_ORIGINAL,
	NTAPC_ENV_ATTACHED,
	NTAPC_ENV_CURRENT,
	NTAPC_ENV_INSERT,
};

/* What the kernel's waits return: NT's status values. */
#define NTAPC_KWAIT_SUCCESS	0x000
#define NTAPC_KWAIT_ABANDONED	0x080
#define NTAPC_KWAIT_USER_APC	0x0c0
#define NTAPC_KWAIT_ALERTED	0x101
#define NTAPC_KWAIT_TIMEOUT	0x102

/**
 * struct ntapc_normal - what an APC is to call, in the form kernel routines
 *	may change
 * @routine: NormalRoutine; a user address for a user APC, else the address of a
 *	&ntapc_normal_routine_t
 * @context: NormalContext
 * @arg: SystemArgument1 and SystemArgument2
 */
struct ntapc_normal {
	u64 routine;
	u64 context;
	u64 arg[2];
};

/**
 * typedef ntapc_kernel_routine_t - KernelRoutine
 * @apc: off its list; the routine may free it or insert it again
 * @normal: what will be called next; setting @normal->routine to 0 suppresses it
 */
typedef void (*ntapc_kernel_routine_t)(struct ntapc_apc *apc,
				       struct ntapc_normal *normal);

/**
 * typedef ntapc_rundown_routine_t - RundownRoutine (rules 7.3, 7.4)
 * @apc: off its list, will never run; the routine may free it. It may be called
 *	in the context of any task, without the target's address space
 */
typedef void (*ntapc_rundown_routine_t)(struct ntapc_apc *apc);

/**
 * typedef ntapc_normal_routine_t - NormalRoutine of a normal kernel APC
 * @context: NormalContext
 * @arg1: SystemArgument1
 * @arg2: SystemArgument2
 */
typedef void (*ntapc_normal_routine_t)(void *context, void *arg1, void *arg2);

/**
 * struct ntapc_apc - one asynchronous procedure call (KAPC, rule 1.1)
 * @entry: on one of the target's lists while @inserted
 * @kernel_routine: see &ntapc_kernel_routine_t
 * @rundown_routine: see &ntapc_rundown_routine_t
 * @normal: what to call
 * @environment: &enum ntapc_environment, resolved as rule 2.1 says
 * @mode: &enum ntapc_mode of the list it belongs on
 * @special_user: a special user APC that has reached its second stage (13.3)
 * @inserted: on a list
 * @kind: whose it is; ntapc's own affair
 *
 * All of it is ntapc's: clients only embed it, in a &struct ntapc_kapc. The
 * members from @entry on belong to the target's lock while @inserted, to the
 * owner otherwise.
 */
struct ntapc_apc {
	struct list_head entry;
	ntapc_kernel_routine_t kernel_routine;
	ntapc_rundown_routine_t rundown_routine;
	struct ntapc_normal normal;
	u8 environment;
	u8 mode;
	bool special_user;
	bool inserted;
	u8 kind;
};

/**
 * struct ntapc_kapc - a client's APC
 * @apc: what the routines are called with: container_of() gets back here
 * @thread: the target; not referenced, see ntapc_kapc_init()
 * @owner: the client, held while the APC is inserted or its routines run
 */
struct ntapc_kapc {
	struct ntapc_apc apc;
	struct ntapc_thread *thread;
	struct module *owner;
};

/* Threads */

struct ntapc_thread *ntapc_thread_current(void);
struct ntapc_thread *ntapc_thread_lookup(pid_t tid);
struct ntapc_thread *ntapc_thread_of_task(struct task_struct *task);
void ntapc_thread_reference(struct ntapc_thread *thread);
void ntapc_thread_dereference(struct ntapc_thread *thread);

/* Processes, and attaching to them */

/**
 * struct ntapc_attach_state - where ntapc_stack_attach_process() saved to
 *	(KAPC_STATE)
 * @save: ntapc's own; unlike NT's it only names the place
 */
struct ntapc_attach_state {
	u32 save;
};

struct ntapc_process *ntapc_process_lookup(pid_t pid);
struct ntapc_process *ntapc_process_of_thread(struct ntapc_thread *thread);
void ntapc_process_reference(struct ntapc_process *process);
void ntapc_process_dereference(struct ntapc_process *process);
struct ntapc_process *ntapc_current_process(void);
int __must_check ntapc_attach_process(struct ntapc_process *process);
int ntapc_detach_process(void);
int __must_check ntapc_stack_attach_process(struct ntapc_process *process,
					    struct ntapc_attach_state *state);
int ntapc_unstack_detach_process(const struct ntapc_attach_state *state);
bool ntapc_is_attached_process(void);
int ntapc_read_attached(void *to, u64 from, size_t length, size_t *done);
int ntapc_write_attached(u64 to, const void *from, size_t length,
			 size_t *done);
int ntapc_call_attached(int (*routine)(void *context), void *context);

/**
 * struct ntapc_routine_call - one call of a registered attached routine
 * @arg: what the user gave
 * @value: for the user to read afterwards
 * @nr_values: how many of @value, at most %NTAPC_APC_VALUES_MAX
 */
struct ntapc_routine_call {
	u64 arg[3];
	u64 *value;
	u32 nr_values;
};

/**
 * struct ntapc_attached_routine - a routine that user programs may have run in
 *	another address space
 * @name: unique among them, 1 to 31 characters; invariant
 * @owner: THIS_MODULE
 * @run: in a kernel thread that is attached to the process: copy_from_user() and
 *	its kin go there. It may sleep. Returns 0 or a negative errno for the
 *	caller
 * @entry: ntapc's own
 */
struct ntapc_attached_routine {
	const char *name;
	struct module *owner;
	int (*run)(struct ntapc_routine_call *call);
	struct list_head entry;
};

int ntapc_register_attached_routine(struct ntapc_attached_routine *routine);
void ntapc_unregister_attached_routine(struct ntapc_attached_routine *routine);

/* APCs */

void __ntapc_kapc_init(struct ntapc_kapc *kapc, struct ntapc_thread *thread,
		       enum ntapc_environment environment,
		       ntapc_kernel_routine_t kernel_routine,
		       ntapc_rundown_routine_t rundown_routine,
		       u64 normal_routine, enum ntapc_mode mode,
		       u64 normal_context, struct module *owner);

/**
 * ntapc_kapc_init - KeInitializeApc (section 2)
 * @kapc: to be initialised; must not be inserted
 * @thread: the target. The caller holds a reference until the APC's routine has
 *	been called or it has been removed
 * @environment: &enum ntapc_environment. %NTAPC_ENV_CURRENT is resolved now
 * @kernel_routine: required
 * @rundown_routine: required: called in the place of @kernel_routine when the
 *	thread ends first. (NT frees the pool memory if there is none; nothing of
 *	the kind can be done here.)
 * @normal_routine: 0 makes a special kernel APC, whatever @mode says (2.3); else
 *	a &ntapc_normal_routine_t, cast, for a normal kernel APC, or an address in
 *	the target's process for a user APC
 * @mode: &enum ntapc_mode of @normal_routine
 * @normal_context: its first argument
 *
 * Any task context.
 */
#define ntapc_kapc_init(kapc, thread, environment, kernel_routine,	\
			rundown_routine, normal_routine, mode,		\
			normal_context)					\
	__ntapc_kapc_init(kapc, thread, environment, kernel_routine,	\
			  rundown_routine, normal_routine, mode,	\
			  normal_context, THIS_MODULE)

bool ntapc_kapc_insert(struct ntapc_kapc *kapc, u64 arg1, u64 arg2);
bool ntapc_kapc_remove(struct ntapc_kapc *kapc);
void ntapc_flush_apcs(struct ntapc_thread *thread, enum ntapc_mode mode);

/* Regions */

int __must_check ntapc_enter_critical_region(void);
void ntapc_leave_critical_region(void);
int __must_check ntapc_enter_guarded_region(void);
void ntapc_leave_guarded_region(void);
bool ntapc_are_apcs_disabled(void);
bool ntapc_are_all_apcs_disabled(void);

/* Alerts */

bool ntapc_alert_thread(struct ntapc_thread *thread, enum ntapc_mode mode);
bool ntapc_test_alert_thread(enum ntapc_mode mode);
int ntapc_alert_resume_thread(struct ntapc_thread *thread);

/* Suspension and end */

int ntapc_suspend_thread(struct ntapc_thread *thread);
int ntapc_resume_thread(struct ntapc_thread *thread);
int ntapc_force_resume_thread(struct ntapc_thread *thread);
int ntapc_freeze_all_threads(void);
void ntapc_thaw_all_threads(void);
int ntapc_terminate_thread(struct ntapc_thread *thread, u32 status);

/* Waits */

int ntapc_delay_execution(enum ntapc_mode mode, bool alertable, s64 interval);
int ntapc_wait_for_thread(struct ntapc_thread *thread, enum ntapc_mode mode,
			  bool alertable, const s64 *timeout);

/* How many objects a wait can be for (MAXIMUM_WAIT_OBJECTS). */
#define NTAPC_KWAIT_OBJECTS_MAX	64

int ntapc_wait_for_single_object(struct ntapc_object *object,
				 enum ntapc_mode mode, bool alertable,
				 const s64 *timeout);
int ntapc_wait_for_multiple_objects(unsigned int nr,
				    struct ntapc_object *const *objects,
				    bool all, enum ntapc_mode mode,
				    bool alertable, const s64 *timeout);

/* Dispatcher objects */

struct ntapc_object *ntapc_create_event(bool notification, bool signalled);
struct ntapc_object *ntapc_create_semaphore(u32 count, u32 limit);
struct ntapc_object *ntapc_create_mutant(void);
struct ntapc_object *ntapc_create_mutex(void);
struct ntapc_object *ntapc_create_timer(bool notification);
struct ntapc_object *ntapc_object_by_fd(int fd);
int ntapc_object_open_fd(struct ntapc_object *object);
struct ntapc_object *ntapc_object_of_thread(struct ntapc_thread *thread);
struct ntapc_object *ntapc_object_of_process(struct ntapc_process *process);
void ntapc_object_reference(struct ntapc_object *object);
void ntapc_object_dereference(struct ntapc_object *object);
bool ntapc_set_event(struct ntapc_object *event);
bool ntapc_reset_event(struct ntapc_object *event);
bool ntapc_pulse_event(struct ntapc_object *event);
int ntapc_release_semaphore(struct ntapc_object *semaphore, u32 count,
			    u32 *previous);
int ntapc_release_mutant(struct ntapc_object *mutant);
bool ntapc_set_timer(struct ntapc_object *timer, s64 due, u32 period);
bool ntapc_cancel_timer(struct ntapc_object *timer);
s32 ntapc_read_state(struct ntapc_object *object);

/* System threads */

struct ntapc_thread *
__ntapc_create_system_thread(u32 (*start)(void *context), void *context,
			     const char *name, struct module *owner);

/**
 * ntapc_create_system_thread - PsCreateSystemThread
 * @start: what it runs; its result is the thread's exit status
 * @context: the argument of @start
 * @name: as in ps(1), at most 15 characters of it
 *
 * The thread has APC queues, regions and waits, and no user mode. Its kernel APCs
 * run at its safe points: when it starts or is in one of the waits here, leaves a
 * region, or calls ntapc_deliver_kernel_apcs(). It ends when @start returns or
 * calls ntapc_terminate_system_thread(), which @start has to do soon once
 * ntapc_system_thread_should_stop().
 *
 * Return: a reference, or an error: ENOMEM, or EINTR if the caller is killed.
 */
#define ntapc_create_system_thread(start, context, name)		\
	__ntapc_create_system_thread(start, context, name, THIS_MODULE)

void ntapc_terminate_system_thread(u32 status);
bool ntapc_system_thread_should_stop(void);
u32 ntapc_stop_system_thread(struct ntapc_thread *thread);
void ntapc_deliver_kernel_apcs(void);

/* Kernel APCs that user programs queue by name */

/**
 * struct ntapc_named_call - one use of a named routine
 * @arg: what the user gave
 * @value: for the user to read once it has run
 * @nr_values: how many of @value, at most %NTAPC_APC_VALUES_MAX
 * @thread: the target
 * @private: the client's own
 */
struct ntapc_named_call {
	u64 arg[3];
	u64 *value;
	u32 nr_values;
	struct ntapc_thread *thread;
	void *private;
};

/**
 * struct ntapc_named_apc - a routine that user programs may queue by name
 * @name: unique, 1 to 31 characters; invariant
 * @owner: THIS_MODULE
 * @prepare: or NULL. In the context of who queues, in front of anything else:
 *	checks call->arg. Returns 0 or an error for the user; nothing follows an
 *	error
 * @run: in the target's context
 * @release: or NULL. Undoes @prepare, after @run or in its place. Any task
 *	context
 * @entry: ntapc's own
 */
struct ntapc_named_apc {
	const char *name;
	struct module *owner;
	int (*prepare)(struct ntapc_named_call *call);
	void (*run)(struct ntapc_named_call *call);
	void (*release)(struct ntapc_named_call *call);
	struct list_head entry;
};

int ntapc_register_named_apc(struct ntapc_named_apc *named);
void ntapc_unregister_named_apc(struct ntapc_named_apc *named);

#endif
