/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels that ntapc builds for, 6.1 and later.
 */
#ifndef NTAPC_COMPAT_H
#define NTAPC_COMPAT_H

#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/version.h>

static inline void ntapc_vm_flags_set(struct vm_area_struct *vma,
				      vm_flags_t flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/* vhost's threads, for one; 6.4 */
#ifdef PF_USER_WORKER
#define NTAPC_PF_USER_WORKER	PF_USER_WORKER
#else
#define NTAPC_PF_USER_WORKER	0
#endif

/* Task work of current's that comes with every so many ticks of the scheduler. */
static inline bool ntapc_is_of_scheduler(const struct callback_head *work)
{
#ifdef CONFIG_NUMA_BALANCING
	if (work == &current->numa_work)
		return true;
#endif
	/* 6.4 to 6.18 */
#if defined(CONFIG_SCHED_MM_CID) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
	if (work == &current->cid_work)
		return true;
#endif
	return false;
}

static inline void
ntapc_hrtimer_setup(struct hrtimer *timer,
		    enum hrtimer_restart (*function)(struct hrtimer *timer),
		    clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#endif
}

static inline long ntapc_pin_user_pages_remote(struct mm_struct *mm,
					       unsigned long start,
					       unsigned long nr,
					       unsigned int flags,
					       struct page **pages, int *locked)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	return pin_user_pages_remote(mm, start, nr, flags, pages, locked);
#else
	return pin_user_pages_remote(mm, start, nr, flags, pages, NULL, locked);
#endif
}

static inline long ntapc_get_user_pages_remote(struct mm_struct *mm,
					       unsigned long start,
					       unsigned long nr,
					       unsigned int flags,
					       struct page **pages, int *locked)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	return get_user_pages_remote(mm, start, nr, flags, pages, locked);
#else
	return get_user_pages_remote(mm, start, nr, flags, pages, NULL, locked);
#endif
}

/*
 * The file that user space has mapped, as /proc/PID/maps names it: a stacked file
 * system's mapping is of a file below it, from 6.7 on without its path.
 */
static inline const struct path *ntapc_file_user_path(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return file_user_path(file);
#else
	return &file->f_path;
#endif
}

static inline const struct inode *ntapc_file_user_inode(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return d_inode(ntapc_file_user_path(file)->dentry);
#else
	return file_inode(file);
#endif
}

static inline struct file *ntapc_fd_file(struct fd f)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return fd_file(f);
#else
	return f.file;
#endif
}

#endif
