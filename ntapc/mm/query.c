// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is mapped at an address (NtQueryVirtualMemory).
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/kdev_t.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mm.h"
#include "../compat.h"

static u32 protection(vm_flags_t flags)
{
	return (flags & VM_READ ? PROT_READ : 0) |
	       (flags & VM_WRITE ? PROT_WRITE : 0) |
	       (flags & VM_EXEC ? PROT_EXEC : 0);
}

static u32 max_protection(vm_flags_t flags)
{
	return (flags & VM_MAYREAD ? PROT_READ : 0) |
	       (flags & VM_MAYWRITE ? PROT_WRITE : 0) |
	       (flags & VM_MAYEXEC ? PROT_EXEC : 0);
}

static u32 type(const struct vm_area_struct *vma)
{
	vm_flags_t flags = vma->vm_flags;

	return NTAPC_MAP_MAPPED |
	       (flags & VM_MAYSHARE ? NTAPC_MAP_SHARED : 0) |
	       (vma->vm_file ? NTAPC_MAP_FILE : 0) |
	       (flags & VM_GROWSDOWN ? NTAPC_MAP_GROWS : 0) |
	       (flags & VM_LOCKED ? NTAPC_MAP_LOCKED : 0) |
	       (flags & (VM_IO | VM_PFNMAP) ? NTAPC_MAP_IO : 0) |
	       (is_vm_hugetlb_page((struct vm_area_struct *)vma) ?
			NTAPC_MAP_HUGETLB : 0);
}

static void describe(const struct vm_area_struct *vma, struct ntapc_query *args)
{
	args->start = vma->vm_start;
	args->end = vma->vm_end;
	args->type = type(vma);
	args->protection = protection(vma->vm_flags);
	args->max_protection = max_protection(vma->vm_flags);
	if (vma->vm_file) {
		const struct inode *inode =
			ntapc_file_user_inode(vma->vm_file);

		args->offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
		args->inode = inode->i_ino;
		args->dev_major = MAJOR(inode->i_sb->s_dev);
		args->dev_minor = MINOR(inode->i_sb->s_dev);
	}
}

/*
 * From the end of the mapping in front to the beginning of @next. Mappings can't be
 * looked up backwards with what modules can call; so this halves the range until
 * there is none between.
 */
static void describe_free(struct mm_struct *mm, u64 address,
			  const struct vm_area_struct *next,
			  struct ntapc_query *args)
{
	u64 low = 0, high = address & PAGE_MASK;

	args->end = next ? next->vm_start : mm->task_size;
	/* There is nothing from @high to @address, and may be below @low. */
	while (low < high) {
		u64 middle = low + round_down((high - low) / 2, PAGE_SIZE);
		const struct vm_area_struct *vma =
			find_vma_intersection(mm, middle, high);

		if (!vma) {
			high = middle;
			continue;
		}
		/* Behind it, or behind the last one there is. */
		low = vma->vm_end;
	}
	args->start = high;
}

/* Looks; the file of the mapping, referenced, or NULL. */
static int look(struct mm_struct *mm, struct ntapc_query *args,
		struct file **file)
{
	struct vm_area_struct *vma;
	int err = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = find_vma(mm, args->address);
	if (vma && vma->vm_start <= args->address) {
		describe(vma, args);
		if (vma->vm_file)
			*file = get_file(vma->vm_file);
	} else if (args->address >= mm->task_size) {
		/* A process of 32 bits has less. */
		err = -EINVAL;
	} else {
		describe_free(mm, args->address, vma, args);
	}
	mmap_read_unlock(mm);
	return err;
}

static int put_path(struct file *file, struct ntapc_query *args)
{
	char *buffer = kmalloc(PATH_MAX, GFP_KERNEL_ACCOUNT);
	char *path;
	int err = 0;

	if (!buffer)
		return -ENOMEM;
	path = d_path(ntapc_file_user_path(file), buffer, PATH_MAX);
	/* One that is longer than any path may be has none. */
	if (!IS_ERR(path)) {
		args->path_length = strlen(path) + 1;
		if (args->path_length <= args->path_size &&
		    copy_to_user(u64_to_user_ptr(args->path), path,
				 args->path_length))
			err = -EFAULT;
	}
	kfree(buffer);
	return err;
}

/**
 * ntapc_query - NtQueryVirtualMemory
 * @space: entered
 * @args: checked; what comes out is set
 *
 * Return: 0; EINVAL if there can be nothing at the address; EINTR; EFAULT; ENOMEM.
 */
int ntapc_query(struct ntapc_space *space, struct ntapc_query *args)
{
	struct file *file = NULL;
	int err;

	args->type = 0;
	args->offset = 0;
	args->inode = 0;
	args->dev_major = 0;
	args->dev_minor = 0;
	args->protection = 0;
	args->max_protection = 0;
	args->path_length = 0;
	err = look(space->mm, args, &file);
	if (!file)
		return err;
	err = put_path(file, args);
	fput(file);
	return err;
}
