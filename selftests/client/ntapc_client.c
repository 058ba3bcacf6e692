// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of ntapc: the example of Documentation/kernel-api.rst, and what the
 * selftests "kernel", "kernel-attach", "kernel-process" and "kernel-objects" drive. It
 * does nothing that a driver couldn't, in whatever order a test asks for it through
 * /dev/ntapc-client: client.h says how.
 *
 *   apc.c      makes, inserts and removes APCs; their routines
 *   thread.c   finds threads; makes and stops system threads
 *   attach.c   attaches to processes, and acts there
 *   object.c   dispatcher objects, and waits for them
 *   routine.c  routines that user programs have run in other processes
 *   named.c    kernel APCs that user programs queue by name
 *   program.c  the other functions, one by one
 *   kick.c     for the benchmark
 *   log.c      what has happened
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

/* [ioctl] */
/* Reads steps, has @args->number keep them or, if that is 0, runs them. */
static long handle_steps(const struct client_program *args)
{
	void __user *user = u64_to_user_ptr(args->steps);
	size_t size = args->nr * sizeof(struct client_step);
	struct client_step *steps;
	long err = 0;

	if (args->nr > CLIENT_STEPS_MAX)
		return -EINVAL;
	steps = memdup_user(user, size);
	if (IS_ERR(steps))
		return PTR_ERR(steps);
	if (args->number) {
		err = client_set_program(args->number, steps, args->nr);
	} else {
		client_run_steps(steps, args->nr);
		if (copy_to_user(user, steps, size))
			err = -EFAULT;
	}
	kfree(steps);
	return err;
}

/* [ioctl end] */

static long ioctl_steps(void __user *user, bool store)
{
	struct client_program args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (store != !!args.number)
		return -EINVAL;
	return handle_steps(&args);
}

static long ioctl_log(void __user *user)
{
	struct client_log args;
	long err;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	err = client_log_read(&args);
	if (!err && copy_to_user(user, &args, sizeof(args)))
		err = -EFAULT;
	return err;
}

static long ioctl_kick(void __user *user)
{
	struct client_kick args;
	long err;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	err = client_kick(&args);
	if (!err && copy_to_user(user, &args, sizeof(args)))
		err = -EFAULT;
	return err;
}

static long client_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case CLIENT_IOC_RUN:
		return ioctl_steps(user, false);
	case CLIENT_IOC_PROGRAM:
		return ioctl_steps(user, true);
	case CLIENT_IOC_LOG:
		return ioctl_log(user);
	case CLIENT_IOC_KICK:
		return ioctl_kick(user);
	case CLIENT_IOC_RESET:
		client_log_reset();
		client_close_gates();
		return 0;
	}
	return -ENOTTY;
}

static const struct file_operations client_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = client_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice client_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ntapc-client",
	.fops = &client_fops,
	.mode = 0600,
};

/* [module] */
static int __init client_init(void)
{
	int err;

	err = client_register_named();
	if (err)
		return err;
	err = client_register_routines();
	if (err)
		goto err_named;
	err = misc_register(&client_device);
	if (err)
		goto err_routines;
	return 0;

err_routines:
	client_unregister_routines();
err_named:
	client_unregister_named();
	return err;
}

/*
 * No APC of ours is inserted and no routine of one is running: each would hold
 * this module. That leaves what doesn't: names, and system threads.
 */
static void __exit client_exit(void)
{
	misc_deregister(&client_device);
	client_unregister_routines();
	client_unregister_named();
	client_stop_systems();
	client_drop_processes();
	client_drop_objects();
	client_free_made();
	client_kick_exit();
}

module_init(client_init);
module_exit(client_exit);
/* [module end] */

MODULE_DESCRIPTION("A client of ntapc: an example, and test hooks");
MODULE_AUTHOR("the ntapc authors");
MODULE_LICENSE("GPL");
