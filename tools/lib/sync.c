// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Events, semaphores, mutants and timers by descriptor. Waits are in wait.c.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* NTAPC_IOC_CREATE with this name; @length 0: none. */
int ntapc__object_create(struct ntapc_create *what, const char *name,
			 size_t length)
{
	int fd = ntapc_instance();

	if (fd < 0)
		return fd;
	if (length > NTAPC_NAME_MAX)
		return -EINVAL;
	what->size = sizeof(*what);
	what->name_length = length;
	what->name = length ? (uintptr_t)name : 0;
	return ntapc__ioctl(fd, NTAPC_IOC_CREATE, what);
}

int ntapc_object_create(unsigned int type, uint32_t count, uint32_t limit,
			const char *name, int *existed)
{
	struct ntapc_create c = { .type = type, .count = count, .limit = limit };
	int ret;

	if (name && !*name)
		return -EINVAL;
	ret = ntapc__object_create(&c, name, name ? strlen(name) : 0);
	if (ret >= 0 && existed)
		*existed = c.existed;
	return ret;
}

int ntapc_object_open(unsigned int type, const char *name)
{
	struct ntapc_create c = { .type = type, .flags = NTAPC_CREATE_OPEN };

	if (!name)
		return -EINVAL;
	return ntapc__object_create(&c, name, strlen(name));
}

int ntapc_object_info(int fd, struct ntapc_object_info *info)
{
	*info = (struct ntapc_object_info){ .size = sizeof(*info) };
	return ntapc__ioctl(fd, NTAPC_IOC_OBJECT_INFO, info);
}

static int change_event(int fd, uint32_t op)
{
	struct ntapc_event e = { .size = sizeof(e), .op = op };
	int ret = ntapc__ioctl(fd, NTAPC_IOC_EVENT, &e);

	return ret ? ret : (int)e.previous;
}

int ntapc_event_set(int fd)
{
	return change_event(fd, NTAPC_EVENT_SET);
}

int ntapc_event_reset(int fd)
{
	return change_event(fd, NTAPC_EVENT_RESET);
}

int ntapc_event_pulse(int fd)
{
	return change_event(fd, NTAPC_EVENT_PULSE);
}

int ntapc_release(int fd, uint32_t count, int32_t *previous)
{
	struct ntapc_release r = { .size = sizeof(r), .count = count };
	int ret = ntapc__ioctl(fd, NTAPC_IOC_RELEASE, &r);

	if (!ret && previous)
		*previous = r.previous;
	return ret;
}

/* 0 and what is past become 0: at once. What doesn't fit is never. */
static int64_t due_time(uint64_t timeout_ns, unsigned int flags)
{
	uint64_t now;

	if (flags & NTAPC_REALTIME)
		return timeout_ns / NS_PER_UNIT + NT_EPOCH +
		       !!(timeout_ns % NS_PER_UNIT);
	if (flags & NTAPC_ABSOLUTE && timeout_ns != NTAPC_FOREVER) {
		now = ntapc__now_ns();
		timeout_ns = timeout_ns > now ? timeout_ns - now : 0;
	}
	return -(int64_t)(timeout_ns / NS_PER_UNIT) -
	       !!(timeout_ns % NS_PER_UNIT);
}

int ntapc_timer_set(int fd, uint64_t timeout_ns, unsigned int flags,
		    uint32_t period_ms, ntapc_routine routine,
		    uintptr_t context)
{
	struct ntapc_set_timer s = {
		.size = sizeof(s),
		.period = period_ms,
		.routine = (uintptr_t)routine,
		.context = routine ? context : 0,
	};
	int ret;

	if (flags & ~(NTAPC_ABSOLUTE | NTAPC_REALTIME) ||
	    (flags & NTAPC_ABSOLUTE && flags & NTAPC_REALTIME))
		return -EINVAL;
	s.due = due_time(timeout_ns, flags);
	ret = ntapc__ioctl(fd, NTAPC_IOC_SET_TIMER, &s);
	return ret ? ret : (int)s.previous;
}

int ntapc_timer_cancel(int fd)
{
	struct ntapc_cancel_timer c = { .size = sizeof(c) };
	int ret = ntapc__ioctl(fd, NTAPC_IOC_CANCEL_TIMER, &c);

	return ret ? ret : (int)c.was_set;
}
