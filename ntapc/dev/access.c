// SPDX-License-Identifier: GPL-2.0-only
/*
 * May the caller act on that thread? The kernel's own answer.
 *
 * ptrace_may_access() isn't exported, and imitating it would miss what security
 * modules say. Opening /proc/TID/mem asks it, with the caller's credentials; we
 * do so in a mount of our own, which no namespace of the caller's can shape.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/uio.h>

#include "dev.h"
#include "../compat.h"

static struct vfsmount *proc;
static struct pid_namespace *proc_ns;
/* To read what is current's own, whatever its credentials. */
static struct cred *reader_cred;

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
		/* What there is no memory for isn't there, either, says proc. */
		return pid_has_task(pid, PIDTYPE_PID) ? -ENOMEM : -ESRCH;
	case -ESRCH:
		return -ESRCH;
	case -EPERM:
	case -EACCES:
		return -EACCES;
	default:
		return PTR_ERR(file);
	}
}

/**
 * ntapc_open_by_id - open what a thread's id is for
 * @id: in current's pid namespace, not negative; 0 is current
 * @open: opens it
 *
 * Return: ESRCH or what @open returns.
 */
int ntapc_open_by_id(pid_t id, int (*open)(struct task_struct *task))
{
	struct task_struct *task;
	int ret;

	if (!id)
		return open(current);
	task = ntapc_get_task(id);
	if (!task)
		return -ESRCH;
	ret = open(task);
	put_task_struct(task);
	return ret;
}

/**
 * ntapc_is_user_task - is it a thread of a process?
 * @task: any
 *
 * Return: false for kernel threads, and for those that look like a process's but
 * aren't.
 */
bool ntapc_is_user_task(const struct task_struct *task)
{
	return !(task->flags &
		 (PF_KTHREAD | PF_IO_WORKER | NTAPC_PF_USER_WORKER));
}

/**
 * ntapc_may_access_task - the same for a task
 * @task: referenced by the caller
 *
 * Return: as ntapc_may_access(); 0 if its address space is current's.
 */
int ntapc_may_access_task(struct task_struct *task)
{
	struct pid *pid;
	int err;

	if (task->mm == current->mm)
		return 0;
	pid = get_task_pid(task, PIDTYPE_PID);
	err = ntapc_may_access(pid);
	put_pid(pid);
	return err;
}

/* Has the task got that address space, and will it be there in a moment? */
static bool is_in(const struct task_struct *task, const struct mm_struct *mm)
{
	return mm && READ_ONCE(task->mm) == mm &&
	       !(READ_ONCE(task->flags) & PF_EXITING);
}

/* A thread of the process that hasn't ended, referenced, or NULL. */
static struct task_struct *get_live_thread(struct ntapc_process *process)
{
	struct mm_struct *mm = READ_ONCE(process->mm);
	struct task_struct *leader, *task, *found = NULL;

	rcu_read_lock();
	leader = pid_task(process->tgid, PIDTYPE_TGID);
	if (leader) {
		for_each_thread(leader, task) {
			if (is_in(task, mm)) {
				found = get_task_struct(task);
				break;
			}
		}
	}
	rcu_read_unlock();
	return found;
}

/* Threads that may end while they are asked about. */
#define MAX_TRIES	16

/**
 * ntapc_may_access_process - the same for a process
 * @process: any
 *
 * The question is put about one of its threads that still lives: of one that has
 * ended /proc/TID/mem can be opened by anybody.
 *
 * Return: as ntapc_may_access(); 0 if its address space is current's; ESRCH if it
 * is over.
 */
int ntapc_may_access_process(struct ntapc_process *process)
{
	int tries;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		struct task_struct *task;
		bool valid;
		int err;

		if (!ntapc_process_is_foreign(process))
			return 0;
		task = get_live_thread(process);
		if (!task)
			return -ESRCH;
		err = ntapc_may_access_task(task);
		valid = is_in(task, READ_ONCE(process->mm));
		put_task_struct(task);
		if (valid || err == -ENOMEM || err == -ENFILE)
			return err;
	}
	return -ESRCH;
}

static bool is_over(const struct ntapc_subject *subject)
{
	return subject->thread ? ntapc_thread_is_over(subject->thread) :
				 ntapc_process_is_over(subject->process);
}

static u32 authority_of(const struct ntapc_subject *subject)
{
	return subject->thread ? ntapc_thread_authority(subject->thread) :
				 ntapc_process_authority(subject->process);
}

/**
 * ntapc_get_actor - may current still use a descriptor?
 * @subject: what it stands for
 * @file: it
 * @checked: what the right was checked against
 * @actor: set to who acts
 *
 * authority.c says why not. The threads of the subject's own address space always
 * may.
 *
 * Return: 0, ESRCH, EACCES; ENOMEM or ENFILE if it couldn't be found out.
 */
int ntapc_get_actor(const struct ntapc_subject *subject,
		    const struct file *file, struct ntapc_checked *checked,
		    struct ntapc_actor *actor)
{
	struct ntapc_process *process = subject->thread ?
						subject->thread->process :
						subject->process;
	bool opener;
	int err;

	actor->foreign = ntapc_process_is_foreign(process);
	actor->authority = 0;
	if (is_over(subject))
		return -ESRCH;
	if (!actor->foreign)
		return 0;
	actor->authority = authority_of(subject);
	if (actor->authority == checked->opened)
		return 0;
	/* The file keeps its opener's credentials: the same can't be others. */
	opener = current_cred() == file->f_cred;
	if (opener && actor->authority == READ_ONCE(checked->again))
		return 0;
	err = subject->thread ? ntapc_may_access(subject->thread->pid) :
				ntapc_may_access_process(process);
	if (err)
		return err;
	/* Was it this one that was asked about, as it is now? */
	if (is_over(subject))
		return -ESRCH;
	if (authority_of(subject) != actor->authority)
		return -EACCES;
	/* What one may says nothing about others who have the descriptor. */
	if (opener)
		WRITE_ONCE(checked->again, actor->authority);
	return 0;
}

/* pidfds */

/* kernel_read(), which takes only files that have ->read_iter. */
static ssize_t read_seq_file(struct file *file, void *buffer, size_t size)
{
	struct kvec memory = { .iov_base = buffer, .iov_len = size };
	struct iov_iter iter;
	struct kiocb kiocb;

	if (file->f_op->read != seq_read)
		return kernel_read(file, buffer, size, &file->f_pos);
	init_sync_kiocb(&kiocb, file);
	iov_iter_kvec(&iter, READ, &memory, 1, size);
	return seq_read_iter(&kiocb, &iter);
}

static bool is_open(int fd)
{
	struct fd f = fdget(fd);
	bool open = ntapc_fd_file(f);

	if (open)
		fdput(f);
	return open;
}

/* What the kernel says about one of current's descriptors. */
static int read_fdinfo(int fd, char *buffer, size_t size)
{
	pid_t nr = task_pid_nr_ns(current, proc_ns);
	const struct cred *own;
	struct file *file;
	char name[40];
	ssize_t length;

	if (!nr)
		return -ESRCH;
	snprintf(name, sizeof(name), "%d/fdinfo/%d", nr, fd);
	/* An undumpable process may not look at itself there. */
	own = override_creds(reader_cred);
	file = file_open_root_mnt(proc, name, O_RDONLY, 0);
	if (IS_ERR(file)) {
		revert_creds(own);
		if (PTR_ERR(file) != -ENOENT)
			return PTR_ERR(file);
		/* As in ntapc_may_access(). */
		return is_open(fd) ? -ENOMEM : -EBADF;
	}
	length = read_seq_file(file, buffer, size - 1);
	fput(file);
	revert_creds(own);
	if (length < 0)
		return length;
	buffer[length] = 0;
	return 0;
}

/* The number of a pidfd's process, -1 if it is gone; EINVAL for other files. */
static int read_pidfd(int fd, pid_t *nr)
{
	static const char before[] = "\nino:\t", key[] = "Pid:\t";
	char buffer[256];
	char *line;
	int err;

	err = read_fdinfo(fd, buffer, sizeof(buffer));
	if (err)
		return err;
	/*
	 * It is the first of what is a pidfd's own. Further down it might be
	 * something that a user has named so, a dma-buf for one.
	 */
	line = strstr(buffer, before);
	line = line ? strchr(line + 1, '\n') : NULL;
	if (!line || !strstarts(line + 1, key))
		return -EINVAL;
	line += 1 + strlen(key);
	line[strcspn(line, "\n")] = 0;
	return kstrtoint(line, 10, nr) ? -EINVAL : 0;
}

/**
 * ntapc_task_of_pidfd - the process that a pidfd of current's is for
 * @fd: the descriptor
 *
 * What modules may call doesn't tell; what the kernel prints about the descriptor
 * does. The number is the process's own, and no other's by now, if it is still
 * printed after it was looked up.
 *
 * Return: the task, referenced; EBADF; EINVAL if it is no pidfd; ESRCH.
 */
struct task_struct *ntapc_task_of_pidfd(int fd)
{
	struct task_struct *task;
	pid_t nr, again;
	int err;

	err = read_pidfd(fd, &nr);
	if (err)
		return ERR_PTR(err);
	if (nr <= 0)
		return ERR_PTR(-ESRCH);
	rcu_read_lock();
	task = pid_task(find_pid_ns(nr, proc_ns), PIDTYPE_PID);
	/* What has no id where the caller is, is out of its reach. */
	if (task && pid_vnr(task_pid(task)))
		get_task_struct(task);
	else
		task = NULL;
	rcu_read_unlock();
	if (!task)
		return ERR_PTR(-ESRCH);
	err = read_pidfd(fd, &again);
	if (!err && again == nr)
		return task;
	put_task_struct(task);
	return ERR_PTR(err ? err : -ESRCH);
}

int ntapc_access_init(void)
{
	struct file_system_type *type = get_fs_type("proc");

	if (!type)
		return -ENODEV;
	reader_cred = prepare_kernel_cred(&init_task);
	if (!reader_cred)
		return -ENOMEM;
	/* What the new mount's numbers mean. */
	proc_ns = get_pid_ns(task_active_pid_ns(current));
	proc = kern_mount(type);
	if (IS_ERR(proc)) {
		put_pid_ns(proc_ns);
		put_cred(reader_cred);
		return PTR_ERR(proc);
	}
	return 0;
}

void ntapc_access_exit(void)
{
	kern_unmount(proc);
	put_pid_ns(proc_ns);
	put_cred(reader_cred);
}
