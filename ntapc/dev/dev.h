/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The front door: /dev/ntapc and the descriptors that it gives. Arguments of
 * ioctls are copied in here and nowhere else.
 */
#ifndef NTAPC_DEV_H
#define NTAPC_DEV_H

#include <linux/fs.h>
#include <linux/types.h>

#include "../arch/words.h"
#include "../mm/mm.h"
#include "../sync/sync.h"
#include "../task/thread.h"

/**
 * struct ntapc_call - one ioctl, as its handler sees it
 * @file: that it was made on
 * @args: the struct, copied in; @size bytes of it came from user space
 * @user: the user's struct
 * @size: in bytes, as the user gave it
 */
struct ntapc_call {
	struct file *file;
	void *args;
	void __user *user;
	u32 size;
};

/**
 * struct ntapc_ioctl - an entry of an ioctl table
 * @size: of the struct, in bytes
 * @min_size: the least that a caller may know of it
 * @cmd: the command
 * @execute: the handler
 */
struct ntapc_ioctl {
	unsigned int size;
	unsigned int min_size;
	unsigned int cmd;
	long (*execute)(struct ntapc_call *call);
};

#define NTAPC_IOCTL(_cmd, _fn, _struct, _last)				\
	[_IOC_NR(_cmd) - NTAPC_IOCTL_BASE] = {				\
		.size = sizeof(_struct) +				\
			BUILD_BUG_ON_ZERO(sizeof(_struct) >		\
					  NTAPC_IOCTL_MAX_SIZE ||	\
					  sizeof(_struct) % 8),		\
		.min_size = offsetofend(_struct, _last),		\
		.cmd = _cmd,						\
		.execute = _fn,						\
	}

#define NTAPC_IOCTL_MAX_SIZE	96

/* Below are the numbers of ntsync's ioctls, from here on ours. */
#define NTAPC_NTSYNC_END	_IOC_NR(NTAPC_IOC_INFO)

/**
 * ntapc_try_ioctl - one command, ahead of the table that it is in
 * @file: that it was made on
 * @arg: address of the struct in user memory
 * @size: of the struct, in bytes, a constant
 * @execute: the handler
 * @ret: set to its result
 *
 * For those that are made so often that the table's way shows.
 *
 * Return: false if the struct is of another size or can't be read: that is for the
 * table's way.
 */
static __always_inline bool
ntapc_try_ioctl(struct file *file, unsigned long arg, const size_t size,
		long (*execute)(struct ntapc_call *call), long *ret)
{
	u64 args[NTAPC_IOCTL_MAX_SIZE / sizeof(u64)] __uninitialized;
	struct ntapc_call call = {
		.file = file,
		.args = args,
		.user = (void __user *)arg,
		.size = size,
	};

	if (!ntapc_struct_from_user(args, call.user, size) ||
	    *(u32 *)args != size)
		return false;
	*ret = execute(&call);
	return true;
}

/* ioctl.c */
long ntapc_dispatch_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg, const struct ntapc_ioctl *table,
			  unsigned int base, unsigned int nr);
long ntapc_copy_out(struct ntapc_call *call, const void *out, size_t size);

/* instance.c */
int ntapc_device_init(void);
void ntapc_device_exit(void);

bool ntapc_records_valid(u32 flags, u64 records, u32 nr_records);

/* wait.c */
struct ntapc_object *ntapc_dispatcher_object(const struct file *file);
long ntapc_ioctl_wait(struct ntapc_call *call);
long ntapc_ioctl_wait_object(struct ntapc_call *call);
int ntapc_ntsync_wait(const s32 *fds, u32 nr, bool alert, bool all, u32 owner,
		      unsigned long home, u64 deadline, bool realtime,
		      int *index, bool *abandoned);

/* object_file.c */
long ntapc_object_create(struct ntapc_call *call);
int ntapc_object_fd(struct ntapc_object *object, bool ntsync);
extern const struct file_operations ntapc_object_fops;
extern const struct file_operations ntapc_ntsync_object_fops;

/**
 * ntapc_object_of_file - the object that a descriptor is for
 * @file: any
 *
 * Return: the object, which @file keeps; NULL if it is of another kind.
 */
static inline struct ntapc_object *ntapc_object_of_file(const struct file *file)
{
	if (file->f_op == &ntapc_object_fops ||
	    file->f_op == &ntapc_ntsync_object_fops)
		return file->private_data;
	return NULL;
}

/* ntsync.c */
long ntapc_ntsync_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long ntapc_ntsync_object_ioctl(struct ntapc_object *object, unsigned int cmd,
			       unsigned long arg);

/* thread_file.c */
long ntapc_thread_open(struct ntapc_call *call);
struct ntapc_thread *ntapc_thread_of_file(const struct file *file);

/* reserve_file.c */
long ntapc_reserve_open(struct ntapc_call *call);
struct ntapc_reserve_object *ntapc_reserve_of_file(const struct file *file);

/* apc_file.c */
int ntapc_apc_open(struct ntapc_named_use *use, u32 flags, int fd);

/* process_file.c */
long ntapc_process_open(struct ntapc_call *call);
struct ntapc_process *ntapc_process_of_file(const struct file *file);
int ntapc_process_actor(struct file *file, struct ntapc_actor *actor);

/* memory.c */
long ntapc_memory_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* window_file.c */
long ntapc_window_open(struct ntapc_call *call);
const struct ntapc_window_memory *ntapc_window_of_file(const struct file *file);

/**
 * struct ntapc_subject - what a descriptor may stand for
 * @thread: a thread, or NULL
 * @process: then a process
 */
struct ntapc_subject {
	struct ntapc_thread *thread;
	struct ntapc_process *process;
};

/**
 * struct ntapc_checked - what a descriptor's right to act was checked against
 * @opened: ntapc_authority.nr when it was opened; good for everybody whom it has been
 *	given to; invariant
 * @again: the same when the opener, with the credentials he had then, last passed the
 *	check; good for him only. Plain loads and stores: whoever stores has just passed
 */
struct ntapc_checked {
	u32 opened;
	u32 again;
};

/* access.c */
int ntapc_access_init(void);
void ntapc_access_exit(void);
int ntapc_may_access(struct pid *pid);
int ntapc_open_by_id(pid_t id, int (*open)(struct task_struct *task));
bool ntapc_is_user_task(const struct task_struct *task);
int ntapc_may_access_task(struct task_struct *task);
int ntapc_may_access_process(struct ntapc_process *process);
int ntapc_get_actor(const struct ntapc_subject *subject,
		    const struct file *file, struct ntapc_checked *checked,
		    struct ntapc_actor *actor);
struct task_struct *ntapc_task_of_pidfd(int fd);

#endif
