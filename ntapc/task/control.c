// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control slots: 64 bytes of each thread, shared with its user code.
 *
 * The threads of a process share pages of slots, which costs them nothing: they
 * share their memory anyway. The kernel writes what is pending and reads the
 * guard count through its own mapping; nothing that is read there can hurt
 * another process.
 */
#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "thread.h"
#include "../compat.h"

#define SLOTS_PER_PAGE	(PAGE_SIZE / sizeof(struct ntapc_control))

/**
 * struct ntapc_control_page - a page of slots
 * @entry: in ntapc_process.control_pages; protected by ntapc_process.lock
 * @id: names it to user space; invariant
 * @page: referenced; each mapping has its own references; invariant
 * @used: slots in use; protected by ntapc_process.lock
 */
struct ntapc_control_page {
	struct list_head entry;
	u64 id;
	struct page *page;
	DECLARE_BITMAP(used, SLOTS_PER_PAGE);
};

static struct ntapc_control *slot_of(struct ntapc_control_page *page,
				     unsigned int nr)
{
	return (struct ntapc_control *)page_address(page->page) + nr;
}

static struct ntapc_control *take_slot(struct ntapc_process *process,
				       struct ntapc_control_page **which)
{
	struct ntapc_control *slot = NULL;
	struct ntapc_control_page *page;
	unsigned int nr;

	spin_lock(&process->lock);
	list_for_each_entry(page, &process->control_pages, entry) {
		nr = find_first_zero_bit(page->used, SLOTS_PER_PAGE);
		if (nr < SLOTS_PER_PAGE) {
			__set_bit(nr, page->used);
			slot = slot_of(page, nr);
			*which = page;
			break;
		}
	}
	spin_unlock(&process->lock);
	return slot;
}

static int add_page(struct ntapc_process *process)
{
	struct ntapc_control_page *page;

	page = kzalloc(sizeof(*page), GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	page->page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!page->page) {
		kfree(page);
		return -ENOMEM;
	}
	spin_lock(&process->lock);
	if (!list_empty(&process->control_pages))
		page->id = list_first_entry(&process->control_pages,
					    struct ntapc_control_page,
					    entry)->id + 1;
	/* The newest first: there is room in it. */
	list_add(&page->entry, &process->control_pages);
	spin_unlock(&process->lock);
	return 0;
}

/* Gives @thread, of current's process, a slot. */
static int make_slot(struct ntapc_thread *thread)
{
	struct ntapc_process *process = thread->process;
	struct ntapc_control_page *page;
	struct ntapc_control *slot;
	int err = 0;

	mutex_lock(&process->control_mutex);
	if (READ_ONCE(thread->control))
		goto out;
	slot = take_slot(process, &page);
	if (!slot) {
		err = add_page(process);
		if (err)
			goto out;
		slot = take_slot(process, &page);
	}
	memset(slot, 0, sizeof(*slot));

	spin_lock(&thread->lock);
	if (thread->retired) {
		err = -ESRCH;
	} else {
		slot->tid = pid_vnr(thread->pid);
		thread->control_page = page;
		WRITE_ONCE(thread->control, slot);
		ntapc_control_publish(thread);
	}
	spin_unlock(&thread->lock);
	if (err) {
		spin_lock(&process->lock);
		__clear_bit(slot - slot_of(page, 0), page->used);
		spin_unlock(&process->lock);
	}
out:
	mutex_unlock(&process->control_mutex);
	return err;
}

static int check_owner(const struct ntapc_thread *thread)
{
	if (ntapc_thread_is_over(thread))
		return -ESRCH;
	return ntapc_thread_is_foreign(thread) ? -EPERM : 0;
}

/**
 * ntapc_control_slot - where a thread's slot is, made if need be
 * @thread: the thread
 * @page: set to the page's name
 * @offset: set to the slot's offset in it, bytes
 *
 * Return: 0; ESRCH; EPERM if it isn't of current's process; ENOMEM.
 */
int ntapc_control_slot(struct ntapc_thread *thread, u64 *page, u32 *offset)
{
	int err = check_owner(thread);

	if (!err)
		err = make_slot(thread);
	if (err)
		return err;
	spin_lock(&thread->lock);
	if (thread->control) {
		*page = thread->control_page->id;
		*offset = offset_in_page(thread->control);
	} else {
		err = -ESRCH;
	}
	spin_unlock(&thread->lock);
	return err;
}

/**
 * ntapc_control_release - the thread needs its slot no more
 * @thread: retired, or being freed; may be called in atomic context
 */
void ntapc_control_release(struct ntapc_thread *thread)
{
	struct ntapc_process *process = thread->process;
	struct ntapc_control *slot;

	spin_lock(&thread->lock);
	slot = thread->control;
	WRITE_ONCE(thread->control, NULL);
	spin_unlock(&thread->lock);
	if (!slot)
		return;
	spin_lock(&process->lock);
	slot->tid = 0;
	__clear_bit(slot - slot_of(thread->control_page, 0),
		    thread->control_page->used);
	spin_unlock(&process->lock);
}

/**
 * ntapc_control_free_pages - the process's record goes
 * @process: nobody's any more
 */
void ntapc_control_free_pages(struct ntapc_process *process)
{
	struct ntapc_control_page *page, *next;

	list_for_each_entry_safe(page, next, &process->control_pages, entry) {
		put_page(page->page);
		kfree(page);
	}
}

/**
 * ntapc_control_publish - tell user code what is pending
 * @thread: locked
 */
void ntapc_control_publish(struct ntapc_thread *thread)
{
	const struct ntapc_apc_state *state = &thread->kt.apc_state;
	u32 pending = 0;

	lockdep_assert_held(&thread->lock);
	if (!thread->control)
		return;
	if (!list_empty(&state->normal[NTAPC_USER_MODE]))
		pending |= NTAPC_PENDING_USER;
	if (state->special_pending)
		pending |= NTAPC_PENDING_SPECIAL;
	if (thread->kt.alerted[NTAPC_USER_MODE])
		pending |= NTAPC_PENDING_ALERT;
	WRITE_ONCE(thread->control->pending, pending);
}

/*
 * A process that inherited the mapping over fork() gets a page of its own, of
 * zeros: its parent's slots are none of its business.
 */
static vm_fault_t control_fault(struct vm_fault *vmf)
{
	/* Kept by the mapping's file. Once set ->control_page stays. */
	struct ntapc_thread *thread = vmf->vma->vm_private_data;

	if (vmf->vma->vm_mm == READ_ONCE(thread->process->mm)) {
		vmf->page = thread->control_page->page;
		get_page(vmf->page);
		return 0;
	}
	vmf->page = alloc_page(GFP_HIGHUSER | __GFP_ZERO | __GFP_ACCOUNT);
	return vmf->page ? 0 : VM_FAULT_OOM;
}

static const struct vm_operations_struct control_vm_ops = {
	.fault = control_fault,
};

/**
 * ntapc_control_mmap - map the page that a thread's slot is in
 * @thread: the thread, which @vma's file keeps
 * @vma: the mapping
 *
 * Return: 0; EINVAL if @vma isn't one shared page at offset 0; ESRCH; EPERM;
 * ENOMEM.
 */
int ntapc_control_mmap(struct ntapc_thread *thread, struct vm_area_struct *vma)
{
	int err;

	if (vma->vm_end - vma->vm_start != PAGE_SIZE || vma->vm_pgoff ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	err = check_owner(thread);
	if (!err)
		err = make_slot(thread);
	if (err)
		return err;
	ntapc_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = thread;
	vma->vm_ops = &control_vm_ops;
	return 0;
}
