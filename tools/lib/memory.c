// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The memory of a process, or of where the calling thread is attached.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

#define PATH_SIZE_MAX	4096

/* As ntapc__ioctl(), where @fd may also be NTAPC_HERE. */
static int act(int fd, unsigned long cmd, void *arg)
{
	if (fd == NTAPC_HERE) {
		fd = ntapc_instance();
		if (fd < 0)
			return fd;
	}
	return ntapc__ioctl(fd, cmd, arg);
}

static void report(struct ntapc_progress *progress, uint64_t done, uint64_t fault)
{
	if (!progress)
		return;
	progress->done = done;
	progress->fault = fault;
}

static int copy(int fd, unsigned long cmd, struct ntapc_copy *c,
		struct ntapc_progress *progress)
{
	int ret;

	c->size = sizeof(*c);
	ret = act(fd, cmd, c);
	report(progress, c->done, c->fault);
	return ret;
}

int ntapc_process_read(int fd, uint64_t address, void *to, size_t length,
		       struct ntapc_progress *progress)
{
	struct ntapc_copy c = {
		.remote = address,
		.local = (uintptr_t)to,
		.length = length,
	};

	return copy(fd, NTAPC_IOC_READ, &c, progress);
}

int ntapc_process_write(int fd, uint64_t address, const void *from, size_t length,
			struct ntapc_progress *progress)
{
	struct ntapc_copy c = {
		.remote = address,
		.local = (uintptr_t)from,
		.length = length,
	};

	return copy(fd, NTAPC_IOC_WRITE, &c, progress);
}

int ntapc_process_compare(int fd, uint64_t address, const void *with,
			  size_t length, struct ntapc_progress *progress)
{
	struct ntapc_copy c = {
		.remote = address,
		.local = (uintptr_t)with,
		.length = length,
	};

	return copy(fd, NTAPC_IOC_COMPARE, &c, progress);
}

static int copy_vector(int fd, unsigned long cmd,
		       const struct ntapc_range *remote, unsigned int nr_remote,
		       const struct ntapc_range *local, unsigned int nr_local,
		       int window, struct ntapc_progress *progress)
{
	struct ntapc_copy c = {
		.flags = NTAPC_COPY_VECTOR,
		.remote = (uintptr_t)remote,
		.local = (uintptr_t)local,
		.nr_remote = nr_remote,
		.nr_local = nr_local,
	};

	if (window != -1) {
		c.flags |= NTAPC_COPY_WINDOW;
		c.window = window;
	}
	return copy(fd, cmd, &c, progress);
}

int ntapc_process_readv(int fd, const struct ntapc_range *remote,
			unsigned int nr_remote, const struct ntapc_range *local,
			unsigned int nr_local, int window,
			struct ntapc_progress *progress)
{
	return copy_vector(fd, NTAPC_IOC_READ, remote, nr_remote, local, nr_local,
			   window, progress);
}

int ntapc_process_writev(int fd, const struct ntapc_range *remote,
			 unsigned int nr_remote, const struct ntapc_range *local,
			 unsigned int nr_local, int window,
			 struct ntapc_progress *progress)
{
	return copy_vector(fd, NTAPC_IOC_WRITE, remote, nr_remote, local,
			   nr_local, window, progress);
}

static int copy_window(int fd, unsigned long cmd, uint64_t address, int window,
		       uint64_t offset, size_t length,
		       struct ntapc_progress *progress)
{
	struct ntapc_copy c = {
		.flags = NTAPC_COPY_WINDOW,
		.remote = address,
		.local = offset,
		.length = length,
		.window = window,
	};

	return copy(fd, cmd, &c, progress);
}

int ntapc_process_read_window(int fd, uint64_t address, int window,
			      uint64_t offset, size_t length,
			      struct ntapc_progress *progress)
{
	return copy_window(fd, NTAPC_IOC_READ, address, window, offset, length,
			   progress);
}

int ntapc_process_write_window(int fd, uint64_t address, int window,
			       uint64_t offset, size_t length,
			       struct ntapc_progress *progress)
{
	return copy_window(fd, NTAPC_IOC_WRITE, address, window, offset, length,
			   progress);
}

int ntapc_process_fill(int fd, uint64_t address, size_t length, uint64_t pattern,
		       unsigned int width, struct ntapc_progress *progress)
{
	struct ntapc_fill f = {
		.size = sizeof(f),
		.width = width,
		.remote = address,
		.length = length,
		.pattern = pattern,
	};
	int ret = act(fd, NTAPC_IOC_FILL, &f);

	report(progress, f.done, f.fault);
	return ret;
}

int ntapc_process_search(int fd, uint64_t address, size_t length,
			 const void *pattern, size_t pattern_length,
			 unsigned int step, uint64_t *found,
			 struct ntapc_progress *progress)
{
	struct ntapc_search s = {
		.size = sizeof(s),
		.step = step,
		.remote = address,
		.length = length,
		.pattern = (uintptr_t)pattern,
		/* A longer one is as bad as the longest. */
		.pattern_length = pattern_length > UINT32_MAX ? UINT32_MAX :
								pattern_length,
	};
	int ret = act(fd, NTAPC_IOC_SEARCH, &s);

	*found = ret == 1 ? s.found : 0;
	report(progress, s.done, s.fault);
	return ret;
}

static int exchange(int fd, struct ntapc_exchange *e, uint64_t *old)
{
	int ret;

	e->size = sizeof(*e);
	ret = act(fd, NTAPC_IOC_EXCHANGE, e);
	if (ret >= 0)
		*old = e->old;
	return ret;
}

int ntapc_process_exchange(int fd, uint64_t address, unsigned int width,
			   uint64_t value, uint64_t *old)
{
	struct ntapc_exchange e = {
		.remote = address,
		.value = value,
		.width = width,
	};

	return exchange(fd, &e, old);
}

int ntapc_process_compare_exchange(int fd, uint64_t address, unsigned int width,
				   uint64_t value, uint64_t comparand,
				   uint64_t *old)
{
	struct ntapc_exchange e = {
		.flags = NTAPC_EXCHANGE_COMPARE,
		.remote = address,
		.value = value,
		.comparand = comparand,
		.width = width,
	};

	return exchange(fd, &e, old);
}

int ntapc_process_query(int fd, uint64_t address, struct ntapc_query *query,
			char *path, size_t path_size)
{
	*query = (struct ntapc_query){
		.size = sizeof(*query),
		.address = address,
	};
	if (path && path_size) {
		path[0] = '\0';
		query->path = (uintptr_t)path;
		query->path_size = path_size > PATH_SIZE_MAX ? PATH_SIZE_MAX :
							       path_size;
	}
	return act(fd, NTAPC_IOC_QUERY, query);
}

int ntapc_process_call(int fd, const char *name, const uint64_t arg[3],
		       uint64_t *values, unsigned int *nr_values)
{
	struct ntapc_attached_call c = { .size = sizeof(c) };
	size_t length = strlen(name);
	int ret;

	if (length >= sizeof(c.name))
		return -EINVAL;
	memcpy(c.name, name, length);
	if (arg)
		memcpy(c.arg, arg, sizeof(c.arg));
	if (values && nr_values) {
		c.values = (uintptr_t)values;
		c.nr_values = *nr_values;
	}
	ret = act(fd, NTAPC_IOC_CALL, &c);
	if (nr_values && ret >= 0)
		*nr_values = c.nr_values;
	return ret;
}
