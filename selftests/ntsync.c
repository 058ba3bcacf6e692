// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of ntsync, on /dev/ntapc and, with the module's parameter, on
 * /dev/ntsync: every result, every error, and which of two errors comes first. And
 * what ntapc adds: user APCs and alerts end a wait that has an alert (rules 5.1,
 * 11.1 to 11.3, 11.5 and 11.6), and its own waits know the objects.
 *
 * The tests of the fixture "ntsync" ask for nothing that ntsync itself doesn't do:
 * where a kernel has it they can be run on its /dev/ntsync.
 */
#include "ntsync.h"
#include "objects.h"
#include "kselftest_harness.h"

#include <sys/epoll.h>

/* The module, with and without the parameter */

static const char *module_file(void)
{
	const char *path = getenv("NTAPC_KO");

	return path && !geteuid() && !access(path, R_OK) ? path : NULL;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "ntapc", O_NONBLOCK) ? -errno : 0;
}

static int load(const char *parameters)
{
	int fd = open(module_file(), O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	if (!ret && !wait_until(!access("/dev/ntapc", F_OK)))
		ret = -ENODEV;
	return ret;
}

/* Has this process no descriptor open it goes, soon. */
static bool reload(const char *parameters)
{
	if (!access("/sys/module/ntapc", F_OK) && !wait_until(!unload()))
		return false;
	return !load(parameters);
}

/* 'Y', 'N', or 0 if the module isn't there. */
static char ntsync_parameter(void)
{
	int fd = open("/sys/module/ntapc/parameters/ntsync", O_RDONLY);
	char value = 0;

	if (fd < 0)
		return 0;
	if (read(fd, &value, 1) != 1)
		value = 0;
	close(fd);
	return value;
}

static bool has_ntsync(void)
{
	return !access("/dev/ntsync", F_OK);
}

/* All that the kernel's own driver has, too */

FIXTURE(ntsync)
{
	int dev;
	int other;		/* another instance */
};

FIXTURE_VARIANT(ntsync)
{
	const char *path;
};

FIXTURE_VARIANT_ADD(ntsync, dev_ntapc)
{
	.path = "/dev/ntapc",
};

FIXTURE_VARIANT_ADD(ntsync, dev_ntsync)
{
	.path = "/dev/ntsync",
};

FIXTURE_SETUP(ntsync)
{
	if (!strcmp(variant->path, "/dev/ntsync") && !has_ntsync()) {
		if (!module_file())
			SKIP(return, "NTAPC_KO doesn't name the module's file");
		ASSERT_TRUE(reload("ntsync=1"));
		if (!wait_until(has_ntsync()))
			SKIP(return, "this kernel has an ntsync of its own");
	}
	self->dev = open(variant->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->dev);
	self->other = open(variant->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(ntsync)
{
}

/* Making */

TEST_F(ntsync, made)
{
	int fds[] = { make_sem(self->dev, 1, 2), make_mutex(self->dev, 0, 0),
		      make_event(self->dev, 0, 0) };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fds[i], F_GETFD));
		EXPECT_EQ(O_RDWR, fcntl(fds[i], F_GETFL) & O_ACCMODE);
		EXPECT_EQ(-1, read(fds[i], fds, 4));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, write(fds[i], fds, 4));
		EXPECT_EQ(EINVAL, errno);
	}
}

TEST_F(ntsync, making_checks)
{
	static const unsigned long commands[] = { NTSYNC_IOC_CREATE_SEM,
		NTSYNC_IOC_CREATE_MUTEX, NTSYNC_IOC_CREATE_EVENT };
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, commands[i], NULL));
	EXPECT_EQ(-EINVAL, make_sem(self->dev, 1, 0));
	EXPECT_EQ(-EINVAL, make_sem(self->dev, UINT_MAX, UINT_MAX - 1));
	EXPECT_EQ(-EINVAL, make_mutex(self->dev, 0, 1));
	EXPECT_EQ(-EINVAL, make_mutex(self->dev, 1, 0));
	/* A semaphore that nobody can ever release, and the largest of all. */
	fd = make_sem(self->dev, 0, 0);
	EXPECT_SEM(fd, 0, 0);
	EXPECT_EQ(-EOVERFLOW, sem_release(fd, 1, NULL));
	fd = make_sem(self->dev, UINT_MAX, UINT_MAX);
	EXPECT_SEM(fd, UINT_MAX, UINT_MAX);
	fd = make_mutex(self->dev, UINT_MAX, UINT_MAX);
	EXPECT_MUTEX(fd, 0, UINT_MAX, UINT_MAX);
	/* Anything but 0 is true. */
	fd = make_event(self->dev, 0x100, 0x80000000);
	EXPECT_EVENT(fd, 1, 1);
}

/* Each of them on the wrong kind of descriptor, and what comes before that. */
TEST_F(ntsync, commands_of_others)
{
	static const struct {
		unsigned long cmd;
		int type;		/* of the object that it is for */
		int if_null;		/* of another type, without an address */
	} table[] = {
		{ NTSYNC_IOC_SEM_RELEASE, 0, -EFAULT },
		{ NTSYNC_IOC_SEM_READ, 0, -EINVAL },
		{ NTSYNC_IOC_MUTEX_UNLOCK, 1, -EFAULT },
		{ NTSYNC_IOC_MUTEX_KILL, 1, -EFAULT },
		{ NTSYNC_IOC_MUTEX_READ, 1, -EINVAL },
		{ NTSYNC_IOC_EVENT_SET, 2, -EINVAL },
		{ NTSYNC_IOC_EVENT_RESET, 2, -EINVAL },
		{ NTSYNC_IOC_EVENT_PULSE, 2, -EINVAL },
		{ NTSYNC_IOC_EVENT_READ, 2, -EINVAL },
	};
	int fds[] = { make_sem(self->dev, 0, 1), make_mutex(self->dev, 0, 0),
		      make_event(self->dev, 0, 0) };
	unsigned int i;
	int j;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		__u32 args[2] = { 1, 1 };

		EXPECT_EQ(-ENOTTY, sys_ioctl(self->dev, table[i].cmd, args));
		EXPECT_EQ(-EFAULT, sys_ioctl(fds[table[i].type], table[i].cmd,
					     NULL));
		for (j = 0; j < 3; j++) {
			if (j == table[i].type)
				continue;
			EXPECT_EQ(-EINVAL, sys_ioctl(fds[j], table[i].cmd,
						     args));
			EXPECT_EQ(table[i].if_null,
				  sys_ioctl(fds[j], table[i].cmd, NULL));
		}
		EXPECT_EQ(1, args[0]);
	}
	/* Without an address: nothing but events has changed. */
	EXPECT_SEM(fds[0], 0, 1);
	EXPECT_MUTEX(fds[1], 0, 0, 0);
	for (j = 0; j < 3; j++) {
		EXPECT_EQ(-ENOTTY, sys_ioctl(fds[j], NTSYNC_IOC_WAIT_ANY, NULL));
		EXPECT_EQ(-ENOTTY, sys_ioctl(fds[j], NTSYNC_IOC_WAIT_ALL, NULL));
		EXPECT_EQ(-ENOTTY, sys_ioctl(fds[j], NTSYNC_IOC_CREATE_SEM,
					     NULL));
		EXPECT_EQ(-ENOTTY, sys_ioctl(fds[j], _IO('N', 0x8e), NULL));
	}
	/* Known by number, size and direction. */
	EXPECT_EQ(-ENOTTY, sys_ioctl(self->dev, _IO('N', 0x8e), NULL));
	EXPECT_EQ(-ENOTTY, sys_ioctl(self->dev, _IO('N', 0x7f), NULL));
	EXPECT_EQ(-ENOTTY, sys_ioctl(self->dev, _IO('N', 0x80), NULL));
	EXPECT_EQ(-ENOTTY, sys_ioctl(self->dev, _IOW('N', 0x80, __u64[3]),
				     NULL));
	EXPECT_EQ(-ENOTTY, sys_ioctl(fds[0], _IO('N', 0x8b), NULL));
}

/* Semaphores, mutexes, events */

TEST_F(ntsync, semaphore)
{
	int sem = make_sem(self->dev, 2, 3);
	__u32 previous, index;

	EXPECT_SEM(sem, 2, 3);
	EXPECT_EQ(0, sem_release(sem, 0, &previous));
	EXPECT_EQ(2, previous);
	EXPECT_EQ(-EOVERFLOW, sem_release(sem, 2, &previous));
	EXPECT_EQ(2, previous);		/* the count, untouched */
	EXPECT_EQ(-EOVERFLOW, sem_release(sem, UINT_MAX, NULL));
	EXPECT_SEM(sem, 2, 3);
	EXPECT_EQ(0, sem_release(sem, 1, &previous));
	EXPECT_EQ(2, previous);
	EXPECT_SEM(sem, 3, 3);
	EXPECT_EQ(0, ANY(self->dev, 1, &index, sem));
	EXPECT_EQ(0, index);
	EXPECT_SEM(sem, 2, 3);
	EXPECT_EQ(0, ANY(self->dev, 1, &index, sem));
	EXPECT_EQ(0, ANY(self->dev, 1, &index, sem));
	EXPECT_EQ(-ETIMEDOUT, ANY(self->dev, 1, &index, sem));
	EXPECT_EQ(POISON, index);
	EXPECT_SEM(sem, 0, 3);

	/* The sum must not wrap. */
	sem = make_sem(self->dev, 1, UINT_MAX);
	EXPECT_EQ(-EOVERFLOW, sem_release(sem, UINT_MAX, NULL));
	EXPECT_EQ(0, sem_release(sem, UINT_MAX - 1, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_SEM(sem, UINT_MAX, UINT_MAX);
	EXPECT_EQ(-EOVERFLOW, sem_release(sem, 1, NULL));
}

/* 11.6, with numbers for owners. */
TEST_F(ntsync, mutex)
{
	int mutex = make_mutex(self->dev, 123, 2);
	__u32 previous, index;

	EXPECT_MUTEX(mutex, 0, 123, 2);
	EXPECT_EQ(-EPERM, mutex_unlock(mutex, 124, &previous));
	EXPECT_EQ(POISON, previous);
	EXPECT_EQ(-EINVAL, mutex_unlock(mutex, 0, NULL));
	EXPECT_EQ(-ETIMEDOUT, ANY(self->dev, 124, &index, mutex));
	EXPECT_EQ(0, ANY(self->dev, 123, &index, mutex));
	EXPECT_MUTEX(mutex, 0, 123, 3);
	EXPECT_EQ(0, mutex_unlock(mutex, 123, &previous));
	EXPECT_EQ(3, previous);
	EXPECT_EQ(0, mutex_unlock(mutex, 123, &previous));
	EXPECT_EQ(0, mutex_unlock(mutex, 123, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_MUTEX(mutex, 0, 0, 0);
	EXPECT_EQ(-EPERM, mutex_unlock(mutex, 123, NULL));
	/* Owners are compared in all their bits. */
	EXPECT_EQ(0, ANY(self->dev, 0x80000000, &index, mutex));
	EXPECT_MUTEX(mutex, 0, 0x80000000, 1);
	EXPECT_EQ(0, mutex_unlock(mutex, 0x80000000, NULL));
}

/* Not signalled for its owner either, at the limit. */
TEST_F(ntsync, mutex_at_its_limit)
{
	int mutex = make_mutex(self->dev, 5, UINT_MAX);
	__u32 previous, index;

	EXPECT_EQ(-ETIMEDOUT, ANY(self->dev, 5, &index, mutex));
	EXPECT_EQ(-ETIMEDOUT, ALL(self->dev, 5, &index, mutex));
	EXPECT_EQ(0, mutex_unlock(mutex, 5, &previous));
	EXPECT_EQ(UINT_MAX, previous);
	EXPECT_EQ(0, ANY(self->dev, 5, &index, mutex));
	EXPECT_MUTEX(mutex, 0, 5, UINT_MAX);
	EXPECT_EQ(-ETIMEDOUT, ANY(self->dev, 5, &index, mutex));
}

/* 11.6: abandoned, until it is acquired. */
TEST_F(ntsync, killed_owner)
{
	int mutex = make_mutex(self->dev, 123, 2);
	int other = make_mutex(self->dev, 0, 0);
	__u32 index;

	EXPECT_EQ(-EINVAL, mutex_kill(mutex, 0));
	EXPECT_EQ(-EPERM, mutex_kill(mutex, 124));
	EXPECT_EQ(-EPERM, mutex_kill(other, 123));
	EXPECT_MUTEX(mutex, 0, 123, 2);
	EXPECT_EQ(0, mutex_kill(mutex, 123));
	EXPECT_MUTEX(mutex, -EOWNERDEAD, 0, 0);
	EXPECT_MUTEX(mutex, -EOWNERDEAD, 0, 0);
	EXPECT_EQ(-EPERM, mutex_kill(mutex, 123));
	EXPECT_EQ(-EPERM, mutex_unlock(mutex, 123, NULL));
	EXPECT_EQ(-EOWNERDEAD, ANY(self->dev, 7, &index, mutex));
	EXPECT_EQ(0, index);
	EXPECT_MUTEX(mutex, 0, 7, 1);
	EXPECT_EQ(0, ANY(self->dev, 7, &index, mutex));

	EXPECT_EQ(0, mutex_kill(mutex, 7));
	EXPECT_EQ(-EOWNERDEAD, ALL(self->dev, 8, &index, other, mutex));
	EXPECT_EQ(0, index);
	EXPECT_MUTEX(mutex, 0, 8, 1);
	EXPECT_MUTEX(other, 0, 8, 1);
	/* One that isn't taken says nothing. */
	EXPECT_EQ(0, mutex_kill(mutex, 8));
	EXPECT_EQ(0, ANY(self->dev, 8, &index, other, mutex));
	EXPECT_MUTEX(mutex, -EOWNERDEAD, 0, 0);
}

TEST_F(ntsync, events)
{
	unsigned int manual;
	__u32 previous, index;

	for (manual = 0; manual < 2; manual++) {
		int event = make_event(self->dev, manual, 0);

		EXPECT_EVENT(event, manual, 0);
		EXPECT_EQ(-ETIMEDOUT, ANY(self->dev, 1, &index, event));
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_SET, &previous));
		EXPECT_EQ(0, previous);
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_SET, &previous));
		EXPECT_EQ(1, previous);
		EXPECT_EQ(0, ANY(self->dev, 1, &index, event));
		EXPECT_EVENT(event, manual, manual);
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_RESET,
				      &previous));
		EXPECT_EQ(manual, previous);
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_PULSE,
				      &previous));
		EXPECT_EQ(0, previous);
		EXPECT_EVENT(event, manual, 0);
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_SET, NULL));
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_PULSE,
				      &previous));
		EXPECT_EQ(1, previous);
		EXPECT_EVENT(event, manual, 0);
	}
}

/* What can't be told has been done all the same. */
TEST_F(ntsync, results_that_cant_be_written)
{
	int sem = make_sem(self->dev, 1, 4), mutex = make_mutex(self->dev, 1, 2);
	int event = make_event(self->dev, 0, 0);
	struct ntsync_mutex_args *unlock;
	struct ntsync_wait_args *wait;
	__u32 *page;

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	page[0] = 2;
	unlock = (void *)(page + 4);
	unlock->owner = 1;
	page[8] = sem;
	wait = (void *)(page + 16);
	*wait = (struct ntsync_wait_args){
		.objs = ADDR(page + 8),
		.count = 1,
		.owner = 1,
	};
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, sys_ioctl(sem, NTSYNC_IOC_SEM_RELEASE, page));
	EXPECT_SEM(sem, 3, 4);
	EXPECT_EQ(-EFAULT, sys_ioctl(mutex, NTSYNC_IOC_MUTEX_UNLOCK, unlock));
	EXPECT_MUTEX(mutex, 0, 1, 1);
	EXPECT_EQ(-EFAULT, sys_ioctl(event, NTSYNC_IOC_EVENT_SET, page));
	EXPECT_EVENT(event, 0, 1);
	EXPECT_EQ(-EFAULT, sys_ioctl(event, NTSYNC_IOC_EVENT_RESET, page));
	EXPECT_EVENT(event, 0, 0);
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTSYNC_IOC_WAIT_ANY, wait));
	EXPECT_SEM(sem, 2, 4);
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTSYNC_IOC_WAIT_ALL, wait));
	EXPECT_SEM(sem, 1, 4);
	EXPECT_EQ(0, mprotect(page, 4096, PROT_READ | PROT_WRITE));
	page[8] = event;
	EXPECT_EQ(0, mprotect(page, 4096, PROT_READ));
	/* Nothing is written after a timeout. */
	EXPECT_EQ(-ETIMEDOUT, sys_ioctl(self->dev, NTSYNC_IOC_WAIT_ANY, wait));
}

/* Waiting: what is checked, in order */

TEST_F(ntsync, wait_checks)
{
	static const unsigned long commands[] = { NTSYNC_IOC_WAIT_ANY,
						  NTSYNC_IOC_WAIT_ALL };
	int sem = make_sem(self->dev, 4, 4);
	__u32 fds[1] = { sem };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct ntsync_wait_args good = {
			.objs = ADDR(fds),
			.count = 1,
			.index = POISON,
			.owner = 1,
		};
		/* There are no descriptors at that address. */
		const struct ntsync_wait_args bad = {
			.objs = KERNEL_ADDRESS,
			.count = 1,
			.index = POISON,
			.owner = 1,
		};
		struct ntsync_wait_args args;

#define EXPECT_WAIT(error, base, ...)					\
do {									\
	args = base;							\
	__VA_ARGS__;							\
	EXPECT_EQ(error, sys_ioctl(self->dev, commands[i], &args));	\
	EXPECT_EQ(POISON, args.index);					\
} while (0)

		EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, commands[i], NULL));
		EXPECT_WAIT(-EFAULT, bad);
		EXPECT_WAIT(-EINVAL, bad, args.pad = 1);
		EXPECT_WAIT(-EINVAL, bad, args.flags = 2);
		EXPECT_WAIT(-EINVAL, bad, args.flags = 1U << 31);
		EXPECT_WAIT(-EINVAL, bad, args.owner = 0);
		EXPECT_WAIT(-EINVAL, bad, args.count = 65);
		EXPECT_WAIT(-EINVAL, bad, args.count = 1 << 30);
		EXPECT_WAIT(-EINVAL, bad, args.count = UINT_MAX);
		/* Whatever is wrong with the descriptors comes after that. */
		EXPECT_WAIT(-EFAULT, bad, args.alert = -1);
		EXPECT_WAIT(-EINVAL, good, args.alert = -1);
		EXPECT_WAIT(-EINVAL, good, args.alert = self->dev);
		EXPECT_WAIT(-EINVAL, good, args.owner = 0);
		EXPECT_WAIT(-EINVAL, good, fds[0] = -1);
		EXPECT_WAIT(-EINVAL, good, fds[0] = self->dev);
		EXPECT_WAIT(-EINVAL, good, fds[0] = STDIN_FILENO);
		fds[0] = sem;
	}
	EXPECT_SEM(sem, 4, 4);
}

/* One instance's objects are nothing to another one. */
TEST_F(ntsync, objects_of_another_instance)
{
	int own = make_sem(self->dev, 1, 1), foreign = make_sem(self->other, 1, 1);
	int again = dup(self->dev);
	__u32 index;

	EXPECT_EQ(-EINVAL, ANY(self->dev, 1, &index, foreign));
	EXPECT_EQ(-EINVAL, ANY(self->dev, 1, &index, own, foreign));
	EXPECT_EQ(-EINVAL, ALL(self->dev, 1, &index, own, foreign));
	EXPECT_EQ(-EINVAL, nt_wait(self->dev, NTSYNC_IOC_WAIT_ANY, 0, 1, foreign,
				   &index, &own, 1));
	EXPECT_SEM(own, 1, 1);
	EXPECT_EQ(0, ANY(again, 1, &index, own));
	/* They outlive it. */
	close(self->other);
	EXPECT_SEM(foreign, 1, 1);
	EXPECT_EQ(0, make_sem(again, 0, 1) < 0);
}

/* 11.5: any number up to 64, the lowest index; all or nothing. */
TEST_F(ntsync, every_count)
{
	int alert = make_event(self->dev, 1, 1);
	int fds[66];
	__u32 index;
	int nr, i;

	for (i = 0; i < 66; i++)
		fds[i] = make_sem(self->dev, 0, 1);
	for (nr = 0; nr <= 66; nr++) {
		const bool fits = nr <= NTSYNC_MAX_WAIT_COUNT;

		EXPECT_EQ(fits ? -ETIMEDOUT : -EINVAL,
			  nt_wait(self->dev, NTSYNC_IOC_WAIT_ANY, 0, 1, 0,
				  &index, fds, nr));
		EXPECT_EQ(POISON, index);
		/* With an alert there may be as many. */
		EXPECT_EQ(fits ? 0 : -EINVAL,
			  nt_wait(self->dev, NTSYNC_IOC_WAIT_ANY, 0, 1, alert,
				  &index, fds, nr));
		EXPECT_EQ(fits ? nr : POISON, index);
		/* All of none are there. */
		EXPECT_EQ(!fits ? -EINVAL : nr ? -ETIMEDOUT : 0,
			  nt_wait(self->dev, NTSYNC_IOC_WAIT_ALL, 0, 1, 0,
				  &index, fds, nr));
		EXPECT_EQ(nr ? POISON : 0, index);
		EXPECT_EQ(fits ? 0 : -EINVAL,
			  nt_wait(self->dev, NTSYNC_IOC_WAIT_ALL, 0, 1, alert,
				  &index, fds, nr));
		EXPECT_EQ(fits ? nr : POISON, index);
		if (!nr || !fits)
			continue;
		EXPECT_EQ(0, sem_release(fds[nr - 1], 1, NULL));
		EXPECT_EQ(0, nt_wait(self->dev, NTSYNC_IOC_WAIT_ANY, 0, 1,
				     alert, &index, fds, nr));
		EXPECT_EQ(nr - 1, index);
		for (i = 0; i < nr; i++)
			EXPECT_EQ(0, sem_release(fds[i], 1, NULL));
		EXPECT_EQ(0, nt_wait(self->dev, NTSYNC_IOC_WAIT_ALL, 0, 1,
				     alert, &index, fds, nr));
		EXPECT_EQ(0, index);
		for (i = 0; i < nr; i++)
			EXPECT_SEM(fds[i], 0, 1);
	}
}

/* 11.7: fine for any, where the first counts; not for all. */
TEST_F(ntsync, duplicates)
{
	int sem = make_sem(self->dev, 2, 4), event = make_event(self->dev, 0, 1);
	__u32 index;
	int fds[3] = { event, sem, event };

	EXPECT_EQ(0, ANY(self->dev, 1, &index, sem, sem, sem));
	EXPECT_EQ(0, index);
	EXPECT_SEM(sem, 1, 4);
	EXPECT_EQ(-EINVAL, ALL(self->dev, 1, &index, sem, event, sem));
	EXPECT_EQ(-EINVAL, nt_wait(self->dev, NTSYNC_IOC_WAIT_ALL, 0, 1, event,
				   &index, fds, 2));
	EXPECT_SEM(sem, 1, 4);
	EXPECT_EVENT(event, 0, 1);
	/* As the alert, too; and by another descriptor of the same. */
	EXPECT_EQ(0, nt_wait(self->dev, NTSYNC_IOC_WAIT_ANY, 0, 1, event, &index,
			     fds, 3));
	EXPECT_EQ(0, index);
	fds[0] = sem;
	fds[1] = dup(sem);
	EXPECT_EQ(-EINVAL, nt_wait(self->dev, NTSYNC_IOC_WAIT_ALL, 0, 1, 0,
				   &index, fds, 2));
}

/* 11.1: a signalled object goes before the alert, which stays as it is. */
TEST_F(ntsync, object_beats_alert)
{
	int sem = make_sem(self->dev, 2, 2), unset = make_event(self->dev, 1, 0);
	unsigned int manual;
	__u32 index;

	for (manual = 0; manual < 2; manual++) {
		int alert = make_event(self->dev, manual, 1);

		EXPECT_EQ(0, ANY_ALERT(self->dev, alert, &index, unset, sem));
		EXPECT_EQ(1, index);
		EXPECT_EVENT(alert, manual, 1);
		EXPECT_EQ(0, ALL_ALERT(self->dev, alert, &index, sem));
		EXPECT_EQ(0, index);
		EXPECT_EVENT(alert, manual, 1);
		EXPECT_SEM(sem, 0, 2);
		/* Taken like any other event. */
		EXPECT_EQ(0, ANY_ALERT(self->dev, alert, &index, unset, sem));
		EXPECT_EQ(2, index);
		EXPECT_EVENT(alert, manual, manual);
		EXPECT_EQ(0, event_do(alert, NTSYNC_IOC_EVENT_SET, NULL));
		EXPECT_EQ(0, ALL_ALERT(self->dev, alert, &index, unset, sem));
		EXPECT_EQ(2, index);
		EXPECT_EVENT(alert, manual, manual);
		EXPECT_EQ(0, event_do(alert, NTSYNC_IOC_EVENT_RESET, NULL));
		EXPECT_EQ(-ETIMEDOUT, ANY_ALERT(self->dev, alert, &index, sem));
		EXPECT_EQ(-ETIMEDOUT, ALL_ALERT(self->dev, alert, &index, sem));
		EXPECT_EQ(0, sem_release(sem, 2, NULL));
	}
}

/* Blocking */

/* 11.1: whoever waits is let go by what is signalled then. */
TEST_F(ntsync, wakes)
{
	int sem = make_sem(self->dev, 0, 9), alert = make_event(self->dev, 0, 0);
	int mutex = make_mutex(self->dev, 9, 1), event = make_event(self->dev, 1, 0);
	const int all[] = { sem, mutex, event };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct nt_waiter waiter = { .alert = alert };

		ASSERT_TRUE(nt_start(&waiter, self->dev, NTSYNC_IOC_WAIT_ANY, 5,
				     all, 3));
		switch (i) {
		case 0:
			EXPECT_EQ(0, sem_release(sem, 1, NULL));
			break;
		case 1:
			EXPECT_EQ(0, mutex_unlock(mutex, 9, NULL));
			break;
		case 2:
			EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_PULSE,
					      NULL));
			break;
		default:
			EXPECT_EQ(0, event_do(alert, NTSYNC_IOC_EVENT_SET,
					      NULL));
		}
		EXPECT_EQ(0, nt_join(&waiter));
		EXPECT_EQ(i, waiter.index);
		if (i != 1)
			continue;
		EXPECT_EQ(0, mutex_kill(mutex, 5));
		EXPECT_EQ(-EOWNERDEAD,
			  ANY(self->dev, 9, &waiter.index, mutex));
	}
	EXPECT_SEM(sem, 0, 9);
	EXPECT_EVENT(event, 1, 0);
	EXPECT_EVENT(alert, 0, 0);
}

/* 11.5: nothing is taken before all are there. */
TEST_F(ntsync, wakes_for_all)
{
	int sem = make_sem(self->dev, 0, 9), event = make_event(self->dev, 0, 0);
	int mutex = make_mutex(self->dev, 9, 1), alert = make_event(self->dev, 0, 0);
	const int all[] = { sem, mutex, event };
	struct nt_waiter waiter = { .alert = alert };
	__u32 index;

	ASSERT_TRUE(nt_start(&waiter, self->dev, NTSYNC_IOC_WAIT_ALL, 5, all, 3));
	EXPECT_EQ(0, sem_release(sem, 1, NULL));
	EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_SET, NULL));
	EXPECT_SEM(sem, 1, 9);
	EXPECT_EVENT(event, 0, 1);
	/* Another may take it meanwhile. */
	EXPECT_EQ(0, ANY(self->dev, 6, &index, sem));
	EXPECT_EQ(0, mutex_kill(mutex, 9));
	EXPECT_MUTEX(mutex, -EOWNERDEAD, 0, 0);
	EXPECT_EVENT(event, 0, 1);
	EXPECT_EQ(0, sem_release(sem, 2, NULL));
	EXPECT_EQ(-EOWNERDEAD, nt_join(&waiter));
	EXPECT_EQ(0, waiter.index);
	EXPECT_SEM(sem, 1, 9);
	EXPECT_MUTEX(mutex, 0, 5, 1);
	EXPECT_EVENT(event, 0, 0);

	waiter = (struct nt_waiter){ .alert = alert };
	ASSERT_TRUE(nt_start(&waiter, self->dev, NTSYNC_IOC_WAIT_ALL, 5, all, 3));
	EXPECT_EQ(0, event_do(alert, NTSYNC_IOC_EVENT_SET, NULL));
	EXPECT_EQ(0, nt_join(&waiter));
	EXPECT_EQ(3, waiter.index);
	EXPECT_EVENT(alert, 0, 0);
	EXPECT_SEM(sem, 1, 9);
	EXPECT_MUTEX(mutex, 0, 5, 1);
}

/* A pulse lets one go, or all; who comes later isn't. */
TEST_F(ntsync, pulse)
{
	unsigned int manual, i;

	for (manual = 0; manual < 2; manual++) {
		int event = make_event(self->dev, manual, 0);
		struct nt_waiter waiters[3] = {};

		for (i = 0; i < 3; i++)
			ASSERT_TRUE(nt_start(&waiters[i], self->dev,
					     NTSYNC_IOC_WAIT_ANY, 1, &event, 1));
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_PULSE, NULL));
		EXPECT_EVENT(event, manual, 0);
		/* In the order in which they came. */
		for (i = 0; i < 3; i++) {
			EXPECT_EQ(0, nt_join(&waiters[i]));
			if (!manual)
				EXPECT_EQ(0, event_do(event,
						      NTSYNC_IOC_EVENT_PULSE,
						      NULL));
		}
	}
}

/* Owners are numbers: nobody's end is an owner's, and whoever knows one may unlock. */
TEST_F(ntsync, owners_are_numbers)
{
	int mutex = make_mutex(self->dev, 0, 0);
	struct nt_waiter waiters[2] = {};
	pid_t child;
	__u32 index;

	ASSERT_TRUE(nt_begin(&waiters[0], self->dev, NTSYNC_IOC_WAIT_ANY, 7,
			     &mutex, 1));
	EXPECT_EQ(0, nt_join(&waiters[0]));
	EXPECT_MUTEX(mutex, 0, 7, 1);
	/* Another thread under the same name. */
	EXPECT_EQ(0, ANY(self->dev, 7, &index, mutex));
	EXPECT_MUTEX(mutex, 0, 7, 2);
	child = fork();
	if (!child)
		_exit(mutex_unlock(mutex, 7, NULL) ||
		      ANY(self->dev, 7, &index, mutex));
	EXPECT_EQ(0, reap(child));
	EXPECT_MUTEX(mutex, 0, 7, 2);

	/* It goes to the first that may have it, in order. */
	ASSERT_TRUE(nt_start(&waiters[0], self->dev, NTSYNC_IOC_WAIT_ANY, 8,
			     &mutex, 1));
	ASSERT_TRUE(nt_start(&waiters[1], self->dev, NTSYNC_IOC_WAIT_ANY, 9,
			     &mutex, 1));
	EXPECT_EQ(0, mutex_unlock(mutex, 7, NULL));
	EXPECT_MUTEX(mutex, 0, 7, 1);
	EXPECT_EQ(0, mutex_kill(mutex, 7));
	EXPECT_EQ(-EOWNERDEAD, nt_join(&waiters[0]));
	EXPECT_MUTEX(mutex, 0, 8, 1);
	EXPECT_EQ(0, mutex_unlock(mutex, 8, NULL));
	EXPECT_EQ(0, nt_join(&waiters[1]));
	EXPECT_MUTEX(mutex, 0, 9, 1);
}

/* Timeouts: absolute, on either clock, 0 and any past one at once. */
TEST_F(ntsync, timeouts)
{
	static const __u64 past[] = { 0, 1, 1ULL << 63, ~0ULL - 1 };
	int event = make_event(self->dev, 1, 0);
	unsigned int i, all;
	__u32 index;

	for (all = 0; all < 2; all++) {
		unsigned long cmd = all ? NTSYNC_IOC_WAIT_ALL :
					  NTSYNC_IOC_WAIT_ANY;
		__u64 due;

		for (i = 0; i < ARRAY_SIZE(past); i++) {
			EXPECT_EQ(-ETIMEDOUT, nt_wait_flags(self->dev, cmd, 0,
				  past[i], 1, 0, &index, &event, 1));
			EXPECT_EQ(-ETIMEDOUT, nt_wait_flags(self->dev, cmd,
				  NTSYNC_WAIT_REALTIME, past[i], 1, 0, &index,
				  &event, 1));
		}
		due = in_ms(30);
		EXPECT_EQ(-ETIMEDOUT, nt_wait_flags(self->dev, cmd, 0, due, 1,
						    0, &index, &event, 1));
		EXPECT_LE(due, now());
		due = now_on(CLOCK_REALTIME) + 30 * NS_PER_MS;
		EXPECT_EQ(-ETIMEDOUT, nt_wait_flags(self->dev, cmd,
			  NTSYNC_WAIT_REALTIME, due, 1, 0, &index, &event, 1));
		EXPECT_LE(due, now_on(CLOCK_REALTIME));
		/* For nothing, until then; all of nothing is there. */
		due = in_ms(30);
		EXPECT_EQ(all ? 0 : -ETIMEDOUT,
			  nt_wait_flags(self->dev, cmd, 0, due, 1, 0, &index,
					NULL, 0));
		if (!all)
			EXPECT_LE(due, now());
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_SET, NULL));
		EXPECT_EQ(0, nt_wait_flags(self->dev, cmd, 0, ~0ULL, 1, 0,
					   &index, &event, 1));
		EXPECT_EQ(0, event_do(event, NTSYNC_IOC_EVENT_RESET, NULL));
	}
}

static atomic_int handled;

static void handle(int sig)
{
	(void)sig;
	atomic_fetch_add(&handled, 1);
}

/* A handler with SA_RESTART doesn't end the wait, one without does. */
TEST_F(ntsync, signals)
{
	int sem = make_sem(self->dev, 0, 1);
	unsigned int all, restart;

	for (all = 0; all < 2; all++)
		for (restart = 0; restart < 2; restart++) {
			struct sigaction action = {
				.sa_handler = handle,
				.sa_flags = restart ? SA_RESTART : 0,
			};
			struct nt_waiter waiter = {};
			int before = atomic_load(&handled);

			sigaction(SIGUSR1, &action, NULL);
			ASSERT_TRUE(nt_start(&waiter, self->dev, all ?
					     NTSYNC_IOC_WAIT_ALL :
					     NTSYNC_IOC_WAIT_ANY, 1, &sem, 1));
			pthread_kill(waiter.thread, SIGUSR1);
			ASSERT_TRUE(wait_until(atomic_load(&handled) > before));
			if (restart)
				EXPECT_EQ(0, sem_release(sem, 1, NULL));
			EXPECT_EQ(restart ? 0 : -EINTR, nt_join(&waiter));
			EXPECT_EQ(restart ? 0 : POISON, waiter.index);
			EXPECT_SEM(sem, 0, 1);
		}
}

/* They have no poll(): always ready, and nothing for epoll. */
TEST_F(ntsync, no_poll)
{
	int fds[] = { make_sem(self->dev, 0, 1), make_mutex(self->dev, 1, 1),
		      make_event(self->dev, 1, 0) };
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		struct pollfd pollfd = { .fd = fds[i],
					 .events = POLLIN | POLLOUT };

		EXPECT_EQ(1, poll(&pollfd, 1, 0));
		EXPECT_EQ(POLLIN | POLLOUT, pollfd.revents);
		EXPECT_EQ(-1, epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event));
		EXPECT_EQ(EPERM, errno);
	}
}

#define ROUNDS	2000

struct stress {
	int dev, mutex;
	volatile unsigned int count;
};

static void *stress(void *arg)
{
	struct stress *s = arg;
	__u32 owner = syscall(SYS_gettid), index;
	unsigned int i, rounds = scaled(ROUNDS);
	long failed = 0;

	for (i = 0; i < rounds; i++) {
		failed += nt_wait(s->dev, NTSYNC_IOC_WAIT_ANY, ~0ULL, owner,
				  0, &index, &s->mutex, 1) != 0;
		s->count++;
		failed += mutex_unlock(s->mutex, owner, NULL) != 0;
	}
	return (void *)failed;
}

/* 11.6: one at a time. */
TEST_F(ntsync, mutual_exclusion)
{
	struct stress s = { .dev = self->dev,
			    .mutex = make_mutex(self->dev, 0, 0) };
	pthread_t threads[4];
	unsigned int i;
	void *failed;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, stress, &s));
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		EXPECT_EQ(NULL, failed);
	}
	EXPECT_EQ(4 * scaled(ROUNDS), s.count);
	EXPECT_MUTEX(s.mutex, 0, 0, 0);
}

#include "ntsync-apc.h"

int main(int argc, char **argv)
{
	char before = ntsync_parameter();
	int ret = test_harness_run(argc, argv);

	/* The module is left as it was found. */
	if (module_file() && before == 'N' && ntsync_parameter() != 'N')
		reload("");
	return ret;
}
