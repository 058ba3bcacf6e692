// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows: memory that user space has mapped, and the kernel as well.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "mm.h"
#include "../compat.h"

/**
 * struct ntapc_window_memory - a window
 * @address: in the kernel
 * @length: in bytes, whole pages
 * @user: whose RLIMIT_MEMLOCK it counts against; referenced; NULL if the one who
 *	made it has CAP_IPC_LOCK
 *
 * Invariant.
 */
struct ntapc_window_memory {
	void *address;
	u64 length;
	struct user_struct *user;
};

/* As for other memory that can't be swapped out. */
static int charge(struct ntapc_window_memory *window)
{
	unsigned long pages = window->length >> PAGE_SHIFT;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	struct user_struct *user;
	long locked;

	if (capable(CAP_IPC_LOCK))
		return 0;
	user = get_uid(current_user());
	locked = atomic_long_read(&user->locked_vm);
	do {
		if (locked + pages > limit) {
			free_uid(user);
			return -ENOMEM;
		}
	} while (!atomic_long_try_cmpxchg(&user->locked_vm, &locked,
					  locked + pages));
	window->user = user;
	return 0;
}

static void uncharge(struct ntapc_window_memory *window)
{
	if (!window->user)
		return;
	atomic_long_sub(window->length >> PAGE_SHIFT, &window->user->locked_vm);
	free_uid(window->user);
}

/* vmalloc_user(), which doesn't charge to the memory cgroup. */
static void *alloc_memory(unsigned int nr)
{
	struct page **pages;
	void *address = NULL;
	unsigned int i;

	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++) {
		pages[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!pages[i])
			break;
		if (!(i % 512) && fatal_signal_pending(current)) {
			i++;
			break;
		}
	}
	/* From then on all of it goes with the mapping. */
	if (i == nr)
		address = vmap(pages, nr,
			       VM_MAP | VM_USERMAP | VM_MAP_PUT_PAGES,
			       PAGE_KERNEL);
	if (!address) {
		while (i--)
			__free_page(pages[i]);
		kvfree(pages);
	}
	return address;
}

/**
 * ntapc_window_alloc - make a window
 * @length: in bytes, 1 to %NTAPC_WINDOW_MAX
 *
 * Return: for ntapc_window_free(); ENOMEM.
 */
struct ntapc_window_memory *ntapc_window_alloc(u64 length)
{
	struct ntapc_window_memory *window;

	window = kzalloc(sizeof(*window), GFP_KERNEL_ACCOUNT);
	if (!window)
		return ERR_PTR(-ENOMEM);
	window->length = PAGE_ALIGN(length);
	if (charge(window)) {
		kfree(window);
		return ERR_PTR(-ENOMEM);
	}
	window->address = alloc_memory(window->length >> PAGE_SHIFT);
	if (!window->address) {
		uncharge(window);
		kfree(window);
		return ERR_PTR(-ENOMEM);
	}
	return window;
}

/**
 * ntapc_window_free - nobody has it open or mapped
 * @window: to be freed
 */
void ntapc_window_free(struct ntapc_window_memory *window)
{
	vfree(window->address);
	uncharge(window);
	kfree(window);
}

/**
 * ntapc_window_address - where a part of it is
 * @window: the window
 * @offset: in bytes
 * @length: in bytes
 *
 * Return: the address in the kernel, or NULL if that isn't all inside.
 */
void *ntapc_window_address(const struct ntapc_window_memory *window, u64 offset,
			   u64 length)
{
	if (offset > window->length || length > window->length - offset)
		return NULL;
	return window->address + array_index_nospec(offset, window->length + 1);
}

/**
 * ntapc_window_length - how large it is
 * @window: the window
 *
 * Return: its length in bytes.
 */
u64 ntapc_window_length(const struct ntapc_window_memory *window)
{
	return window->length;
}

/**
 * ntapc_window_mmap - map it
 * @window: kept by @vma's file
 * @vma: the mapping
 *
 * Return: 0, or EINVAL if it isn't shared or not all inside.
 */
int ntapc_window_mmap(const struct ntapc_window_memory *window,
		      struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return remap_vmalloc_range(vma, window->address, vma->vm_pgoff);
}
