// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process of many threads that do nothing. They are made by bare clone()s, with
 * next to no stack, and end when the process is killed.
 */
#include <fcntl.h>
#include <linux/ntapc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define STACK_SIZE	1024

/* What a thread takes of memory, the kernel's stack before all, and a margin. */
#define THREAD_KB	36
#define SPARE_KB	(300 * 1024)

static pid_t crowd;
static int to_crowd = -1, from_crowd = -1;

static int sleep_forever(void *arg)
{
	for (;;)
		syscall(SYS_pause);
	return 0;
}

static unsigned int make_threads(int *tids, unsigned int wanted)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		    CLONE_THREAD | CLONE_SYSVSEM;
	unsigned int n;
	char *stacks;

	stacks = mmap(NULL, (size_t)wanted * STACK_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED)
		return 0;
	for (n = 0; n < wanted; n++) {
		tids[n] = clone(sleep_forever,
				stacks + (size_t)(n + 1) * STACK_SIZE, flags,
				NULL);
		if (tids[n] < 0)
			break;
	}
	return n;
}

static bool make_known(int instance, int tid, bool with_slot)
{
	struct ntapc_thread_control control = { .size = sizeof(control) };
	struct ntapc_thread_open open = { .size = sizeof(open), .tid = tid };
	int fd = ioctl(instance, NTAPC_IOC_THREAD_OPEN, &open);

	if (fd < 0)
		return false;
	if (with_slot && ioctl(fd, NTAPC_IOC_THREAD_CONTROL, &control))
		return false;
	return !close(fd);
}

/* Says how many threads it made, then obeys orders. */
static void crowd_main(int orders, int answers, unsigned int wanted)
{
	int instance = open("/dev/ntapc", O_RDWR | O_CLOEXEC);
	int *tids = calloc(wanted, sizeof(*tids));
	unsigned int i, n = make_threads(tids, wanted);
	bool with_slot;

	if (write(answers, &n, sizeof(n)) != sizeof(n))
		_exit(1);
	while (read(orders, &with_slot, sizeof(with_slot)) ==
	       sizeof(with_slot)) {
		for (i = 0; i < n; i++) {
			if (!make_known(instance, tids[i], with_slot))
				_exit(1);
		}
		if (write(answers, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	}
	_exit(0);
}

static unsigned int answer(void)
{
	unsigned int n;

	if (read(from_crowd, &n, sizeof(n)) != sizeof(n))
		die("the process of many threads has died");
	return n;
}

static void raise_limits(unsigned int wanted)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_NPROC, &unlimited);
	write_number("/proc/sys/kernel/pid_max", 4 * 1024 * 1024);
	if (read_number("/proc/sys/kernel/threads-max") < 2l * wanted)
		write_number("/proc/sys/kernel/threads-max", 2l * wanted);
}

static unsigned int affordable(unsigned int wanted)
{
	long kb = read_field("/proc/meminfo", "MemAvailable") - SPARE_KB;
	unsigned int n = kb > 0 ? kb / THREAD_KB : 1;

	return n < wanted ? n : wanted;
}

unsigned int crowd_start(unsigned int wanted)
{
	int orders[2], answers[2];
	unsigned int n;

	crowd_stop();
	wanted = affordable(wanted);
	raise_limits(wanted);
	if (pipe2(orders, O_CLOEXEC) || pipe2(answers, O_CLOEXEC))
		die("pipe: %m");
	crowd = fork();
	if (crowd < 0)
		die("fork: %m");
	if (!crowd)
		crowd_main(orders[0], answers[1], wanted);
	close(orders[0]);
	close(answers[1]);
	to_crowd = orders[1];
	from_crowd = answers[0];
	n = answer();
	if (!n)
		die("no threads could be made");
	return n;
}

void crowd_register(bool with_slots)
{
	if (write(to_crowd, &with_slots, sizeof(with_slots)) !=
	    sizeof(with_slots))
		die("the process of many threads has died");
	answer();
}

void crowd_stop(void)
{
	if (!crowd)
		return;
	kill(crowd, SIGKILL);
	waitpid(crowd, NULL, 0);
	crowd = 0;
	close(to_crowd);
	close(from_crowd);
}
