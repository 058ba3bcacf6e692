// SPDX-License-Identifier: GPL-2.0-only
/*
 * Routines of the kernel's that user programs may have run in another address space.
 */
#include <linux/crc32.h>
#include <linux/export.h>
#include <linux/kref.h>
#include <linux/mmap_lock.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mm.h"

static LIST_HEAD(routines);
static DEFINE_MUTEX(routines_mutex);

static struct ntapc_attached_routine *find(const char *name)
{
	struct ntapc_attached_routine *routine;

	lockdep_assert_held(&routines_mutex);
	list_for_each_entry(routine, &routines, entry) {
		if (!strcmp(routine->name, name))
			return routine;
	}
	return NULL;
}

/**
 * ntapc_register_attached_routine - let user programs have it run
 * @routine: lives until it is unregistered, and beyond, until the module goes
 *
 * Who may have it run in which process is what is so for copies. See &struct
 * ntapc_attached_call of the user API.
 *
 * Return: 0; EINVAL if the name is too long or empty, or there is no routine; EEXIST if
 * the name is taken.
 */
int ntapc_register_attached_routine(struct ntapc_attached_routine *routine)
{
	size_t length = strlen(routine->name);
	int err = 0;

	if (!length ||
	    length >= sizeof_field(struct ntapc_attached_call, name) ||
	    !routine->run)
		return -EINVAL;
	mutex_lock(&routines_mutex);
	if (find(routine->name))
		err = -EEXIST;
	else
		list_add_tail(&routine->entry, &routines);
	mutex_unlock(&routines_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(ntapc_register_attached_routine);

/**
 * ntapc_unregister_attached_routine - nobody has it run any more
 * @routine: registered
 *
 * One that runs keeps its module.
 */
void ntapc_unregister_attached_routine(struct ntapc_attached_routine *routine)
{
	mutex_lock(&routines_mutex);
	list_del(&routine->entry);
	mutex_unlock(&routines_mutex);
}
EXPORT_SYMBOL_GPL(ntapc_unregister_attached_routine);

/**
 * struct ntapc_routine_run - one run
 * @kref: the caller's, and the stand-in's
 * @routine: its owner is held
 * @user: one of its calls in flight; referenced
 * @process: where it runs; referenced once it is on its way
 * @actor: for whom
 * @call: its argument
 * @value: what @call's points to
 */
struct ntapc_routine_run {
	struct kref kref;
	struct ntapc_attached_routine *routine;
	struct ntapc_user *user;
	struct ntapc_process *process;
	struct ntapc_actor actor;
	struct ntapc_routine_call call;
	u64 value[NTAPC_APC_VALUES_MAX];
};

static void free_run(struct kref *kref)
{
	struct ntapc_routine_run *run =
		container_of(kref, struct ntapc_routine_run, kref);

	module_put(run->routine->owner);
	if (run->process)
		ntapc_process_put(run->process);
	ntapc_user_end_call(run->user);
	ntapc_user_put(run->user);
	kfree(run);
}

/**
 * ntapc_routine_put - the caller has seen what came of it
 * @run: from ntapc_routine_get()
 */
void ntapc_routine_put(struct ntapc_routine_run *run)
{
	kref_put(&run->kref, free_run);
}

static void put_run(void *context)
{
	ntapc_routine_put(context);
}

static int call_routine(void *context)
{
	struct ntapc_routine_run *run = context;
	int err;

	/* It may have had to wait for its turn. */
	err = ntapc_may_reach(run->process, &run->actor);
	return err ? err : run->routine->run(&run->call);
}

/**
 * ntapc_routine_get - prepare to have a routine run
 * @args: checked
 *
 * Return: for ntapc_routine_put(); ENOENT; EAGAIN; ENOMEM.
 */
struct ntapc_routine_run *
ntapc_routine_get(const struct ntapc_attached_call *args)
{
	struct ntapc_attached_routine *routine;
	struct ntapc_routine_run *run;
	int err;

	mutex_lock(&routines_mutex);
	routine = find(args->name);
	if (routine && !try_module_get(routine->owner))
		routine = NULL;
	mutex_unlock(&routines_mutex);
	if (!routine)
		return ERR_PTR(-ENOENT);
	run = kzalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
	if (run)
		run->user = ntapc_user_get(current_uid());
	if (!run || !run->user) {
		err = -ENOMEM;
		goto free;
	}
	/* What a killed caller leaves behind may take as long as it likes. */
	if (!ntapc_user_begin_call(run->user)) {
		ntapc_user_put(run->user);
		err = -EAGAIN;
		goto free;
	}
	kref_init(&run->kref);
	run->routine = routine;
	memcpy(run->call.arg, args->arg, sizeof(run->call.arg));
	run->call.value = run->value;
	return run;

free:
	kfree(run);
	module_put(routine->owner);
	return ERR_PTR(err);
}

/**
 * ntapc_routine_run - have it run, and wait for that
 * @run: from ntapc_routine_get()
 * @space: where
 *
 * Return: what the routine returns; ENOMEM; EINTR if current is being killed: it goes
 * on by itself.
 */
int ntapc_routine_run(struct ntapc_routine_run *run,
		      const struct ntapc_space *space)
{
	ntapc_process_hold(space->process);
	run->process = space->process;
	run->actor = space->actor;
	kref_get(&run->kref);
	return ntapc_stand_in_call(space->mm, call_routine, put_run, run);
}

/**
 * ntapc_routine_values - what it left
 * @run: has run
 * @values: set to the first
 *
 * Return: how many.
 */
u32 ntapc_routine_values(const struct ntapc_routine_run *run,
			 const u64 **values)
{
	*values = run->value;
	return min_t(u32, run->call.nr_values, NTAPC_APC_VALUES_MAX);
}

/**
 * ntapc_routines_forget - a module goes
 * @owner: it has unregistered its routines, if it hasn't forgotten some
 */
void ntapc_routines_forget(const struct module *owner)
{
	struct ntapc_attached_routine *routine, *next;

	mutex_lock(&routines_mutex);
	list_for_each_entry_safe(routine, next, &routines, entry) {
		if (routine->owner == owner) {
			pr_notice("module %s leaves attached routine \"%s\" registered\n",
				  owner->name, routine->name);
			list_del(&routine->entry);
		}
	}
	mutex_unlock(&routines_mutex);
}

/* ntapc's own */

#define STRING_MAX	65536
#define CRC_MAX		(16 << 20)

/*
 * How much of @length is mapped at @address, in one piece. What isn't must not be asked
 * for: some kernels would grow a stack for it, by the limits of this kernel thread.
 */
static u64 mapped(struct mm_struct *mm, u64 address, u64 length)
{
	const struct vm_area_struct *vma;
	u64 there = 0;

	if (address >= TASK_SIZE_MAX)
		return 0;
	mmap_read_lock(mm);
	vma = find_vma(mm, address);
	if (vma && vma->vm_start <= address)
		there = min_t(u64, length, vma->vm_end - address);
	mmap_read_unlock(mm);
	return there;
}

/*
 * Pages of the address space where this is, as copies get at them: not everything that
 * copy_from_user() can read is to be read from outside. Returns how many bytes.
 */
static ssize_t get_pages(struct ntapc_pages *pages, u64 address, u64 length,
			 int *nr)
{
	const struct ntapc_space here = { .mm = current->mm };

	length = mapped(here.mm, address, length);
	if (!length)
		return -EFAULT;
	*nr = ntapc_get_pages(&here, pages, address, length, 0);
	if (*nr < 0)
		return *nr;
	return min_t(u64, length,
		     ((u64)*nr << PAGE_SHIFT) - offset_in_page(address));
}

/* A page at a time: what is behind the string's end is none of its business. */
static int run_strnlen(struct ntapc_routine_call *call)
{
	u64 address = call->arg[0], left = call->arg[1];
	struct ntapc_pages pages;

	if (left > STRING_MAX || call->arg[2])
		return -EINVAL;
	while (left) {
		unsigned int offset = offset_in_page(address);
		size_t length;
		ssize_t got;
		int nr;

		got = get_pages(&pages, address,
				min_t(u64, left, PAGE_SIZE - offset), &nr);
		if (got < 0)
			return got;
		length = strnlen(page_address(pages.page[0]) + offset, got);
		ntapc_put_pages(&pages, nr, 0);
		address += length;
		left -= length;
		if (length < got)
			break;
	}
	call->value[0] = call->arg[1] - left;
	call->nr_values = 1;
	return 0;
}

static u32 crc32_pages(u32 crc, const struct ntapc_pages *pages,
		       unsigned int offset, size_t length)
{
	unsigned int i;

	for (i = 0; length; i++, offset = 0) {
		size_t piece = min_t(size_t, PAGE_SIZE - offset, length);

		crc = crc32_le(crc, page_address(pages->page[i]) + offset,
			       piece);
		length -= piece;
	}
	return crc;
}

static int run_crc32(struct ntapc_routine_call *call)
{
	u64 address = call->arg[0], left = call->arg[1];
	struct ntapc_pages pages;
	u32 crc = ~0U;

	if (left > CRC_MAX || call->arg[2])
		return -EINVAL;
	while (left) {
		ssize_t length;
		int nr;

		length = get_pages(&pages, address, left, &nr);
		if (length < 0)
			return length;
		crc = crc32_pages(crc, &pages, offset_in_page(address), length);
		ntapc_put_pages(&pages, nr, 0);
		address += length;
		left -= length;
		cond_resched();
	}
	call->value[0] = ~crc;
	call->nr_values = 1;
	return 0;
}

static struct ntapc_attached_routine own_routines[] = {
	{ .name = "strnlen", .owner = THIS_MODULE, .run = run_strnlen },
	{ .name = "crc32", .owner = THIS_MODULE, .run = run_crc32 },
};

int ntapc_routines_init(void)
{
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(own_routines) && !err; i++)
		err = ntapc_register_attached_routine(&own_routines[i]);
	return err;
}

void ntapc_routines_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(own_routines); i++)
		ntapc_unregister_attached_routine(&own_routines[i]);
}
