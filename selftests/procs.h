/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes, for the programs that act in another one: their ioctls as functions
 * that return the result or -errno, and children that are such a process.
 */
#ifndef NTAPC_SELFTESTS_PROCS_H
#define NTAPC_SELFTESTS_PROCS_H

#include "common.h"

#include <sys/uio.h>

/* What the out members hold before a call: written or not is to be told apart. */
#define POISON32	0xccccccccU
#define POISON64	0xccccccccccccccccULL

static inline int open_process(int dev, pid_t pid)
{
	struct ntapc_process_open args = { .size = sizeof(args), .pid = pid };

	return sys_ioctl(dev, NTAPC_IOC_PROCESS_OPEN, &args);
}

static inline int open_process_pidfd(int dev, int pidfd)
{
	struct ntapc_process_open args = {
		.size = sizeof(args),
		.flags = NTAPC_PROCESS_PIDFD,
		.pid = pidfd,
	};

	return sys_ioctl(dev, NTAPC_IOC_PROCESS_OPEN, &args);
}

static inline int get_process_info(int process, struct ntapc_process_info *info)
{
	memset(info, 0xcc, sizeof(*info));
	info->size = sizeof(*info);
	return sys_ioctl(process, NTAPC_IOC_PROCESS_INFO, info);
}

/* @save may be NULL for who doesn't want it. */
static inline int attach_full(int process, __u32 flags, __u32 *save)
{
	struct ntapc_attach args = {
		.size = sizeof(args),
		.flags = flags,
		.save = POISON32,
	};
	int ret = sys_ioctl(process, NTAPC_IOC_ATTACH, &args);

	if (save)
		*save = args.save;
	return ret;
}

/* KeAttachProcess */
static inline int attach(int process)
{
	return attach_full(process, 0, NULL);
}

/* KeStackAttachProcess */
static inline int attach_stack(int process, __u32 *save)
{
	return attach_full(process, NTAPC_ATTACH_STACK, save);
}

static inline int detach_full(int dev, __u32 flags, __u32 save)
{
	struct ntapc_detach args = {
		.size = sizeof(args),
		.flags = flags,
		.save = save,
	};

	return sys_ioctl(dev, NTAPC_IOC_DETACH, &args);
}

/* KeDetachProcess */
static inline int detach(int dev)
{
	return detach_full(dev, 0, 0);
}

/* KeUnstackDetachProcess */
static inline int detach_stack(int dev, __u32 save)
{
	return detach_full(dev, NTAPC_DETACH_UNSTACK, save);
}

static inline int out_swap(int process, __u32 step,
			   const struct ntapc_range *ranges, __u32 nr_ranges)
{
	struct ntapc_out_swap args = {
		.size = sizeof(args),
		.step = step,
		.ranges = ADDR(ranges),
		.nr_ranges = nr_ranges,
	};

	return sys_ioctl(process, NTAPC_IOC_OUT_SWAP, &args);
}

/* @args afterwards holds what the kernel has written. */
static inline int copy_full(int fd, unsigned int cmd, struct ntapc_copy *args)
{
	args->size = sizeof(*args);
	args->done = POISON64;
	args->fault = POISON64;
	return sys_ioctl(fd, cmd, args);
}

/* What a copy that has ended short, without an error, is told as. */
#define SHORT	(-10000)

static inline int copy_plain(int fd, unsigned int cmd, void *local, __u64 remote,
			     __u64 length)
{
	struct ntapc_copy args = {
		.remote = remote,
		.local = ADDR(local),
		.length = length,
	};
	int ret = copy_full(fd, cmd, &args);

	return !ret && args.done != length ? SHORT : ret;
}

static inline int copy_read(int fd, void *local, const void *remote,
			    __u64 length)
{
	return copy_plain(fd, NTAPC_IOC_READ, local, ADDR(remote), length);
}

static inline int copy_write(int fd, const void *local, void *remote,
			     __u64 length)
{
	return copy_plain(fd, NTAPC_IOC_WRITE, (void *)local, ADDR(remote),
			  length);
}

static inline int copy_vector(int fd, unsigned int cmd,
			      const struct ntapc_range *local, __u32 nr_local,
			      const struct ntapc_range *remote, __u32 nr_remote,
			      struct ntapc_copy *args)
{
	*args = (struct ntapc_copy) {
		.flags = NTAPC_COPY_VECTOR,
		.remote = ADDR(remote),
		.local = ADDR(local),
		.nr_remote = nr_remote,
		.nr_local = nr_local,
	};
	return copy_full(fd, cmd, args);
}

/* A word of the process's; what it returns if it can't be read is no such value. */
#define NO_WORD	0xbad0bad0bad0bad0ULL

static inline __u64 read_word(int fd, const void *remote)
{
	__u64 word = 0;

	return copy_read(fd, &word, remote, sizeof(word)) ? NO_WORD : word;
}

static inline int write_word(int fd, void *remote, __u64 word)
{
	return copy_write(fd, &word, remote, sizeof(word));
}

static inline int fill_full(int fd, struct ntapc_fill *args)
{
	args->size = sizeof(*args);
	args->done = POISON64;
	args->fault = POISON64;
	return sys_ioctl(fd, NTAPC_IOC_FILL, args);
}

static inline int search_full(int fd, struct ntapc_search *args)
{
	args->size = sizeof(*args);
	args->found = POISON64;
	args->done = POISON64;
	args->fault = POISON64;
	return sys_ioctl(fd, NTAPC_IOC_SEARCH, args);
}

static inline int exchange_full(int fd, struct ntapc_exchange *args)
{
	args->size = sizeof(*args);
	args->old = POISON64;
	return sys_ioctl(fd, NTAPC_IOC_EXCHANGE, args);
}

static inline int compare_exchange(int fd, void *remote, __u32 width,
				   __u64 value, __u64 comparand, __u64 *old)
{
	struct ntapc_exchange args = {
		.flags = NTAPC_EXCHANGE_COMPARE,
		.remote = ADDR(remote),
		.value = value,
		.comparand = comparand,
		.width = width,
	};
	int ret = exchange_full(fd, &args);

	*old = args.old;
	return ret;
}

static inline int query(int fd, __u64 address, struct ntapc_query *args,
			char *path, __u32 path_size)
{
	memset(args, 0xcc, sizeof(*args));
	args->size = sizeof(*args);
	args->address = address;
	args->path = ADDR(path);
	args->path_size = path_size;
	return sys_ioctl(fd, NTAPC_IOC_QUERY, args);
}

/* One value at most, which all of ntapc's own routines give. */
static inline int attached_call(int fd, const char *name, __u64 arg0, __u64 arg1,
				__u64 *value)
{
	struct ntapc_attached_call args = {
		.size = sizeof(args),
		.arg = { arg0, arg1 },
		.values = ADDR(value),
		.nr_values = value ? 1 : 0,
	};

	snprintf(args.name, sizeof(args.name), "%s", name);
	return sys_ioctl(fd, NTAPC_IOC_CALL, &args);
}

static inline int open_window(int dev, __u64 length)
{
	struct ntapc_window args = { .size = sizeof(args), .length = length };

	return sys_ioctl(dev, NTAPC_IOC_WINDOW, &args);
}

/* StackCount, or UINT_MAX. */
static inline unsigned int stack_count(int process)
{
	struct ntapc_process_info info;

	return get_process_info(process, &info) ? UINT_MAX : info.stack_count;
}

static inline unsigned int process_state(int process)
{
	struct ntapc_process_info info;

	return get_process_info(process, &info) ? UINT_MAX : info.state;
}

static inline bool process_ended(int process)
{
	struct ntapc_process_info info;

	return !get_process_info(process, &info) &&
	       info.flags & NTAPC_PROCESS_ENDED;
}

/*
 * struct target - a child to act upon
 *
 * It starts out with a copy of its parent's memory at the same addresses. What
 * @shared points to is common to both.
 */
struct target {
	pid_t pid;
	struct target_shared *shared;
};

struct target_shared {
	atomic_int stage;	/* how far the child has come */
	atomic_int go;		/* how far it may go */
	atomic_long value[32];
};

/* For the child: tells how far it is, and waits until it may go on. */
static inline void target_step(struct target *target, int stage)
{
	unsigned int round = 0;

	atomic_store(&target->shared->stage, stage);
	while (atomic_load(&target->shared->go) < stage)
		breathe(round++);
}

/* For the parent. */
static inline bool target_reached(struct target *target, int stage)
{
	return wait_until(atomic_load(&target->shared->stage) >= stage);
}

static inline void target_go(struct target *target, int stage)
{
	atomic_store(&target->shared->go, stage);
}

/*
 * A child that does @fn, which may be NULL, and waits to be killed; it goes with
 * its parent. Stage 1 is when @fn has returned.
 */
static inline bool target_start(struct target *target,
				void (*fn)(struct target *target))
{
	target->shared = mmap(NULL, sizeof(*target->shared),
			      PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (target->shared == MAP_FAILED)
		return false;
	target->pid = fork();
	if (!target->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fn)
			fn(target);
		atomic_store(&target->shared->stage, INT_MAX);
		for (;;)
			pause();
	}
	return target->pid > 0 && target_reached(target, 1);
}

/* Ends it; its memory in this process goes as well. */
static inline int target_kill(struct target *target)
{
	int ret;

	kill(target->pid, SIGKILL);
	ret = reap(target->pid);
	munmap(target->shared, sizeof(*target->shared));
	return ret;
}

/* The same copies by other means than ntapc's, to check these. */
static inline bool peek(pid_t pid, void *local, const void *remote,
			size_t length)
{
	struct iovec to = { local, length }, from = { (void *)remote, length };

	return process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)length;
}

static inline bool poke(pid_t pid, const void *local, void *remote,
			size_t length)
{
	struct iovec from = { (void *)local, length }, to = { remote, length };

	return process_vm_writev(pid, &from, 1, &to, 1, 0) == (ssize_t)length;
}

/* Bytes that differ by place and by seed. */
static inline unsigned char pattern_byte(size_t i, unsigned int seed)
{
	return (i * 167 + (i >> 8) * 13 + (i >> 16) * 7 + seed * 59 + 1) & 0xff;
}

static inline void pattern_fill(void *memory, size_t length, unsigned int seed)
{
	unsigned char *byte = memory;
	size_t i;

	for (i = 0; i < length; i++)
		byte[i] = pattern_byte(i, seed);
}

/* The first byte of @memory, which is from @at on, that isn't so; or @length. */
static inline size_t pattern_check(const void *memory, size_t length, size_t at,
				   unsigned int seed)
{
	const unsigned char *byte = memory;
	size_t i;

	for (i = 0; i < length; i++)
		if (byte[i] != pattern_byte(at + i, seed))
			break;
	return i;
}

/* The same for memory that holds one byte all over. */
static inline size_t same_bytes(const void *memory, size_t length,
				unsigned char value)
{
	const unsigned char *byte = memory;
	size_t i;

	for (i = 0; i < length && byte[i] == value; i++)
		;
	return i;
}

/* Memory of a process's own, from a page's beginning on. */
static inline void *map_pages(size_t length)
{
	return mmap(NULL, length, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/*
 * The same where the kernel doesn't put mappings by itself: what is unmapped of it
 * stays a hole. Once in a process.
 */
static inline void *map_pages_with_holes(size_t length)
{
	return mmap((void *)0x30000000, length, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

/* A number of /proc/PID/status, in KiB. */
static inline long long status_of(pid_t pid, const char *name)
{
	char path[64], line[256];
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) &&
		    line[strlen(name)] == ':')
			value = strtoll(line + strlen(name) + 1, NULL, 10);
	fclose(file);
	return value;
}

static inline int pidfd_of(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

#define ONE_PAGE	4096UL
#define MIB		(1UL << 20)

#endif /* NTAPC_SELFTESTS_PROCS_H */
