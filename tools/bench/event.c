// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events that one wait resets: ntapc's and the kinds they are compared with, all
 * by bare system calls, so that a case can do the same with each.
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/ntapc.h>
#include <linux/ntapc_ntsync.h>
#include <ntapc.h>

#include "bench.h"

/* For any kind. */

bool event_set_open(struct event_set *set, const struct event_kind *kind,
		    unsigned int nr)
{
	unsigned int i;

	*set = (struct event_set){ .kind = kind };
	if (!kind->there())
		return false;
	for (i = 0; i < nr; i++) {
		set->fd[i] = kind->make();
		if (set->fd[i] < 0)
			die("an event of %s: %m", kind->name);
		set->poll[i] = (struct pollfd){ .fd = set->fd[i],
						.events = POLLIN };
	}
	set->nr = nr;
	return true;
}

void event_set_close(struct event_set *set)
{
	while (set->nr)
		close(set->fd[--set->nr]);
}

/* ntapc */

static int instance_fd;

static bool ntapc_there(void)
{
	instance_fd = must(ntapc_instance(), "ntapc_instance");
	return true;
}

static int make_ntapc(void)
{
	struct ntapc_create args = {
		.size = sizeof(args),
		.type = NTAPC_OBJECT_SYNCHRONIZATION_EVENT,
	};

	return ioctl(instance_fd, NTAPC_IOC_CREATE, &args);
}

static void set_ntapc(int fd)
{
	struct ntapc_event args = {
		.size = sizeof(args),
		.op = NTAPC_EVENT_SET,
	};

	if (ioctl(fd, NTAPC_IOC_EVENT, &args))
		die("NTAPC_IOC_EVENT: %m");
}

static void wait_ntapc(int fd)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.deadline = NTAPC_WAIT_FOREVER,
	};

	if (ioctl(fd, NTAPC_IOC_WAIT, &args))
		die("NTAPC_IOC_WAIT: %m");
}

static unsigned int wait_many_ntapc(struct event_set *set, uint32_t flags)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = flags,
		.deadline = NTAPC_WAIT_FOREVER,
		.nr_objects = set->nr,
		.objects = (uintptr_t)set->fd,
	};
	int status = ioctl(instance_fd, NTAPC_IOC_WAIT, &args);

	if (status < 0)
		die("NTAPC_IOC_WAIT: %m");
	return status;
}

static unsigned int wait_any_ntapc(struct event_set *set)
{
	return wait_many_ntapc(set, 0);
}

static void wait_all_ntapc(struct event_set *set, bool backwards)
{
	wait_many_ntapc(set, NTAPC_WAIT_ALL);
}

const struct event_kind event_ntapc = {
	.name = "ntapc",
	.there = ntapc_there,
	.make = make_ntapc,
	.set = set_ntapc,
	.wait = wait_ntapc,
	.wait_any = wait_any_ntapc,
	.wait_all = wait_all_ntapc,
};

/* eventfd: what poll() says is readable has to be read to be reset. */

static bool eventfd_there(void)
{
	return true;
}

static int make_eventfd(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static void set_eventfd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		die("write to an eventfd: %m");
}

static void wait_eventfd(int fd)
{
	uint64_t value;

	if (read(fd, &value, sizeof(value)) != sizeof(value))
		die("read from an eventfd: %m");
}

static unsigned int wait_any_eventfd(struct event_set *set)
{
	unsigned int i;

	if (poll(set->poll, set->nr, -1) < 1)
		die("poll of eventfds: %m");
	for (i = 0; i < set->nr - 1 && !set->poll[i].revents; i++)
		;
	wait_eventfd(set->fd[i]);
	return i;
}

/* One after the other, first what is set last: so it blocks but once. */
static void wait_all_eventfd(struct event_set *set, bool backwards)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		wait_eventfd(set->fd[backwards ? i : set->nr - 1 - i]);
}

const struct event_kind event_eventfd = {
	.name = "eventfd",
	.there = eventfd_there,
	.make = make_eventfd,
	.set = set_eventfd,
	.wait = wait_eventfd,
	.wait_any = wait_any_eventfd,
	.wait_all = wait_all_eventfd,
};

/* ntsync, on kernels that have it: since 6.14 */

#define NTSYNC_OWNER	1

static int ntsync_fd = -2;

static bool ntsync_there(void)
{
	if (ntsync_fd == -2) {
		ntsync_fd = open("/dev/ntsync", O_RDWR | O_CLOEXEC);
		if (ntsync_fd < 0)
			report_note("ntsync isn't there: %m");
	}
	return ntsync_fd >= 0;
}

static int make_ntsync(void)
{
	struct ntsync_event_args args = { };

	return ioctl(ntsync_fd, NTSYNC_IOC_CREATE_EVENT, &args);
}

static void set_ntsync(int fd)
{
	uint32_t previous;

	if (ioctl(fd, NTSYNC_IOC_EVENT_SET, &previous))
		die("NTSYNC_IOC_EVENT_SET: %m");
}

static unsigned int wait_many_ntsync(const int *fds, unsigned int nr,
				     unsigned long command)
{
	struct ntsync_wait_args args = {
		.timeout = ~0ull,
		.objs = (uintptr_t)fds,
		.count = nr,
		.owner = NTSYNC_OWNER,
	};

	if (ioctl(ntsync_fd, command, &args))
		die("a wait of ntsync's: %m");
	return args.index;
}

static void wait_ntsync(int fd)
{
	wait_many_ntsync(&fd, 1, NTSYNC_IOC_WAIT_ANY);
}

static unsigned int wait_any_ntsync(struct event_set *set)
{
	return wait_many_ntsync(set->fd, set->nr, NTSYNC_IOC_WAIT_ANY);
}

static void wait_all_ntsync(struct event_set *set, bool backwards)
{
	wait_many_ntsync(set->fd, set->nr, NTSYNC_IOC_WAIT_ALL);
}

const struct event_kind event_ntsync = {
	.name = "ntsync",
	.there = ntsync_there,
	.make = make_ntsync,
	.set = set_ntsync,
	.wait = wait_ntsync,
	.wait_any = wait_any_ntsync,
	.wait_all = wait_all_ntsync,
};

/* Mutants, and ntsync's mutexes: acquired and released by one thread */

int mutant_make_ntapc(void)
{
	struct ntapc_create args = {
		.size = sizeof(args),
		.type = NTAPC_OBJECT_MUTANT,
	};
	int fd;

	ntapc_there();
	fd = ioctl(instance_fd, NTAPC_IOC_CREATE, &args);
	if (fd < 0)
		die("a mutant: %m");
	return fd;
}

void mutant_use_ntapc(int fd)
{
	struct ntapc_release args = { .size = sizeof(args), .count = 1 };

	wait_ntapc(fd);
	if (ioctl(fd, NTAPC_IOC_RELEASE, &args))
		die("NTAPC_IOC_RELEASE: %m");
}

int mutant_make_ntsync(void)
{
	struct ntsync_mutex_args args = { };
	int fd;

	if (!ntsync_there())
		return -1;
	fd = ioctl(ntsync_fd, NTSYNC_IOC_CREATE_MUTEX, &args);
	if (fd < 0)
		die("a mutex of ntsync's: %m");
	return fd;
}

void mutant_use_ntsync(int fd)
{
	struct ntsync_mutex_args args = { .owner = NTSYNC_OWNER };

	wait_ntsync(fd);
	if (ioctl(fd, NTSYNC_IOC_MUTEX_UNLOCK, &args))
		die("NTSYNC_IOC_MUTEX_UNLOCK: %m");
}
