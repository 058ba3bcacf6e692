// SPDX-License-Identifier: GPL-2.0-only
/*
 * May the caller act on that thread? The kernel's own answer.
 *
 * ptrace_may_access() isn't exported, and imitating it would miss what security
 * modules say. Opening /proc/TID/mem asks it, with the caller's credentials; we
 * do so in a mount of our own, which no namespace of the caller's can shape.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pid_namespace.h>

#include "dev.h"

static struct vfsmount *proc;
static struct pid_namespace *proc_ns;

/**
 * ntapc_may_access - would the kernel let current at that thread's memory?
 * @pid: the thread's, referenced by the caller
 *
 * The check is by number: it is the right thread's only if @pid still has its
 * task afterwards, which is the caller's to see.
 *
 * Return: 0, EACCES or ESRCH; ENOMEM or ENFILE if it couldn't be found out.
 */
int ntapc_may_access(struct pid *pid)
{
	struct file *file;
	char name[24];
	pid_t nr = pid_nr_ns(pid, proc_ns);

	if (!nr)
		return -ESRCH;
	snprintf(name, sizeof(name), "%d/mem", nr);
	file = file_open_root_mnt(proc, name, O_RDWR, 0);
	if (!IS_ERR(file)) {
		fput(file);
		return 0;
	}
	switch (PTR_ERR(file)) {
	case -ENOENT:
	case -ESRCH:
		return -ESRCH;
	case -EPERM:
	case -EACCES:
		return -EACCES;
	default:
		return PTR_ERR(file);
	}
}

int ntapc_access_init(void)
{
	struct file_system_type *type = get_fs_type("proc");

	if (!type)
		return -ENODEV;
	/* What the new mount's numbers mean. */
	proc_ns = get_pid_ns(task_active_pid_ns(current));
	proc = kern_mount(type);
	if (IS_ERR(proc)) {
		put_pid_ns(proc_ns);
		return PTR_ERR(proc);
	}
	return 0;
}

void ntapc_access_exit(void)
{
	kern_unmount(proc);
	put_pid_ns(proc_ns);
}
