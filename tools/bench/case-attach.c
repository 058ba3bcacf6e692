// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 9, first part: attaching to another process and detaching again, with nothing
 * done in between, beside a round trip to another thread: what a program would need
 * to have something done over there.
 */
#include <sys/ioctl.h>

#include <ntapc.h>

#include "bench.h"

static struct neighbour neighbour;
static int instance_fd;

static void attach_and_detach(void)
{
	struct ntapc_attach attach = {
		.size = sizeof(attach),
		.flags = NTAPC_ATTACH_STACK,
	};
	struct ntapc_detach detach = {
		.size = sizeof(detach),
		.flags = NTAPC_DETACH_UNSTACK,
	};

	if (ioctl(neighbour.fd, NTAPC_IOC_ATTACH, &attach))
		die("NTAPC_IOC_ATTACH: %m");
	detach.save = attach.save;
	if (ioctl(instance_fd, NTAPC_IOC_DETACH, &detach))
		die("NTAPC_IOC_DETACH: %m");
}

static void by_ntapc(struct series *s, enum cpu cpu, unsigned int count)
{
	while (count--) {
		uint64_t begin = clock_now();

		attach_and_detach();
		series_add_time(s, begin, clock_now(), 1);
	}
}

static void by_nothing(struct series *s, enum cpu cpu, unsigned int count)
{
	while (count--) {
		uint64_t begin = clock_now();

		ioctl(neighbour.fd, _IO(NTAPC_TYPE, 0xff), 0);
		series_add_time(s, begin, clock_now(), 1);
	}
}

void case_attach(void)
{
	static const struct comparison c = {
		.id = "9-attach",
		.what = "attach, stack form, and detach",
		.run = by_ntapc,
		.peer = {
			{ .name = "futex ping-pong", .run = pingpong_by_futex,
			  .wanted = 1.5 },
			{ .name = "2 do-nothing ioctls", .run = by_nothing,
			  .factor = 2 },
		},
	};

	instance_fd = must(ntapc_instance(), "ntapc_instance");
	neighbour_start(&neighbour, 0, 0);
	compare(&c, CPU_SAME);
	neighbour_end(&neighbour);
}
