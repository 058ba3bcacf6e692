// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another process, which does nothing but have memory.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ntapc.h>

#include "bench.h"

/*
 * Pages of the smallest size, whatever the guest's policy for large ones is, and all
 * of them there.
 */
char *memory_map(uintptr_t address, size_t length)
{
	void *memory = mmap((void *)address, length, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			    -1, 0);

	if (memory == MAP_FAILED)
		die("mmap of %zu bytes: %m", length);
	/* A kernel without large pages refuses. */
	madvise(memory, length, MADV_NOHUGEPAGE);
	memset(memory, 1, length);
	return memory;
}

static void __attribute__((noreturn)) be(struct neighbour *n, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (n->length)
		memory_map(n->address, n->length);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int open_process(int pid)
{
	struct ntapc_process_open args = { .size = sizeof(args), .pid = pid };
	int fd = ioctl(must(ntapc_instance(), "ntapc_instance"),
		       NTAPC_IOC_PROCESS_OPEN, &args);

	if (fd < 0)
		die("NTAPC_IOC_PROCESS_OPEN: %m");
	return fd;
}

void neighbour_start(struct neighbour *n, uintptr_t address, size_t length)
{
	char path[32], byte;
	int ready[2];

	*n = (struct neighbour){ .address = address, .length = length };
	if (pipe2(ready, O_CLOEXEC))
		die("pipe: %m");
	fflush(NULL);
	n->pid = fork();
	if (n->pid < 0)
		die("fork: %m");
	if (!n->pid)
		be(n, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		die("the other process has ended");
	close(ready[0]);
	n->fd = open_process(n->pid);
	snprintf(path, sizeof(path), "/proc/%d/mem", n->pid);
	n->mem_fd = open(path, O_RDWR | O_CLOEXEC);
	if (n->mem_fd < 0)
		die("%s: %m", path);
}

void neighbour_end(struct neighbour *n)
{
	close(n->fd);
	close(n->mem_fd);
	kill(n->pid, SIGKILL);
	waitpid(n->pid, NULL, 0);
}
