/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the selftests share: each ioctl as a function that returns its result or
 * -errno, threads that can be waited for, and two dispatchers (dispatch.S).
 */
#ifndef NTAPC_SELFTESTS_COMMON_H
#define NTAPC_SELFTESTS_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ntapc.h>

#define ADDR(p)		((__u64)(uintptr_t)(p))

/* An address that is the kernel's on every machine. */
#define KERNEL_ADDRESS	0xffff888000000000ULL
/* Not canonical, neither with four nor with five levels of page tables. */
#define NON_CANONICAL	0x0100000000000000ULL

#define NS_PER_MS	1000000ULL
#define NS_PER_SEC	1000000000ULL

/* How long an event that must come is waited for, and how often it is looked. */
#define PATIENCE_MS	20000
#define PATIENCE_ROUNDS	2000

/* Everything, by frame and by record */

static inline long sys_ioctl(int fd, unsigned long cmd, const void *arg)
{
	long ret = syscall(SYS_ioctl, fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static inline int open_device(void)
{
	int fd = open("/dev/ntapc", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int open_thread(int dev, pid_t tid)
{
	struct ntapc_thread_open args = { .size = sizeof(args), .tid = tid };

	return sys_ioctl(dev, NTAPC_IOC_THREAD_OPEN, &args);
}

static inline int open_reserve(int dev)
{
	struct ntapc_reserve args = {
		.size = sizeof(args),
		.type = NTAPC_RESERVE_USER_APC,
	};

	return sys_ioctl(dev, NTAPC_IOC_RESERVE, &args);
}

static inline int set_dispatcher(int dev, __u64 entry)
{
	struct ntapc_dispatcher args = { .size = sizeof(args), .entry = entry };

	return sys_ioctl(dev, NTAPC_IOC_DISPATCHER, &args);
}

static inline int set_exit_status(int dev, __u32 status)
{
	struct ntapc_exit_status args = {
		.size = sizeof(args),
		.status = status,
	};

	return sys_ioctl(dev, NTAPC_IOC_EXIT_STATUS, &args);
}

static inline int get_info(int dev, struct ntapc_info *info)
{
	memset(info, 0xcc, sizeof(*info));
	info->size = sizeof(*info);
	return sys_ioctl(dev, NTAPC_IOC_INFO, info);
}

static inline int get_thread_info(int thread, struct ntapc_thread_info *info)
{
	memset(info, 0xcc, sizeof(*info));
	info->size = sizeof(*info);
	return sys_ioctl(thread, NTAPC_IOC_THREAD_INFO, info);
}

static inline int queue_full(int thread, __u32 flags, __u64 routine,
			     __u64 arg0, __u64 arg1, __u64 arg2, int reserve)
{
	struct ntapc_queue args = {
		.size = sizeof(args),
		.flags = flags,
		.routine = routine,
		.arg = { arg0, arg1, arg2 },
		.reserve = reserve,
	};

	return sys_ioctl(thread, NTAPC_IOC_QUEUE, &args);
}

static inline int queue(int thread, const void *routine, __u64 arg0)
{
	return queue_full(thread, 0, ADDR(routine), arg0, 0, 0, 0);
}

static inline int queue_special(int thread, const void *routine, __u64 arg0)
{
	return queue_full(thread, NTAPC_QUEUE_SPECIAL, ADDR(routine), arg0, 0,
			  0, 0);
}

static inline int queue_interrupt(int thread, const void *routine, __u64 arg0)
{
	return queue_full(thread, NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_INTERRUPT,
			  ADDR(routine), arg0, 0, 0, 0);
}

static inline int queue_reserve(int thread, int reserve, const void *routine,
				__u64 arg0)
{
	return queue_full(thread, NTAPC_QUEUE_RESERVE, ADDR(routine), arg0, 0,
			  0, reserve);
}

static inline int queue_many(int thread, const struct ntapc_queue_entry *entries,
			     __u32 count)
{
	struct ntapc_queue_many args = {
		.size = sizeof(args),
		.entries = ADDR(entries),
		.count = count,
	};

	return sys_ioctl(thread, NTAPC_IOC_QUEUE_MANY, &args);
}

static inline int test_alert(int dev, __u32 flags)
{
	struct ntapc_test_alert args = { .size = sizeof(args), .flags = flags };

	return sys_ioctl(dev, NTAPC_IOC_TEST_ALERT, &args);
}

/* Returns how many records there were, or an error. */
static inline int take_records(int dev, struct ntapc_record *records, __u32 room)
{
	struct ntapc_test_alert args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_RECORDS,
		.records = ADDR(records),
		.nr_records = room,
	};
	int ret = sys_ioctl(dev, NTAPC_IOC_TEST_ALERT, &args);

	return ret == NTAPC_STATUS_USER_APC ? (int)args.nr_records : ret;
}

static inline int delay(int dev, __u32 flags, __u64 deadline)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = flags,
		.deadline = deadline,
	};

	return sys_ioctl(dev, NTAPC_IOC_WAIT, &args);
}

static inline int wait_thread(int dev, __u32 flags, __u64 deadline, int thread)
{
	__s32 object = thread;
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = flags,
		.deadline = deadline,
		.nr_objects = 1,
		.objects = ADDR(&object),
	};

	return sys_ioctl(dev, NTAPC_IOC_WAIT, &args);
}

/* Alertable; @count is only written when there are records. */
static inline int wait_records(int dev, __u64 deadline,
			       struct ntapc_record *records, __u32 room,
			       __u32 *count)
{
	struct ntapc_wait args = {
		.size = sizeof(args),
		.flags = NTAPC_WAIT_ALERTABLE | NTAPC_WAIT_RECORDS,
		.deadline = deadline,
		.records = ADDR(records),
		.nr_records = room,
	};
	int ret = sys_ioctl(dev, NTAPC_IOC_WAIT, &args);

	if (ret == NTAPC_STATUS_USER_APC)
		*count = args.nr_records;
	return ret;
}

static inline int continue_frame(int dev, __u32 flags, const void *frame)
{
	struct ntapc_continue args = {
		.size = sizeof(args),
		.flags = flags,
		.frame = ADDR(frame),
	};

	return sys_ioctl(dev, NTAPC_IOC_CONTINUE, &args);
}

static inline int thread_control(int thread, __u32 *offset, __u64 *page)
{
	struct ntapc_thread_control args = {
		.size = sizeof(args),
		.offset = 0xcccccccc,
		.page = 0xccccccccccccccccULL,
	};
	int ret = sys_ioctl(thread, NTAPC_IOC_THREAD_CONTROL, &args);

	*offset = args.offset;
	*page = args.page;
	return ret;
}

/* Maps the page that a thread's control slot is in; NULL when it can't. */
static inline struct ntapc_control *map_control(int thread)
{
	__u32 offset;
	__u64 page;
	void *map;

	if (thread_control(thread, &offset, &page))
		return NULL;
	map = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		   MAP_SHARED, thread, 0);
	if (map == MAP_FAILED)
		return NULL;
	return (void *)((char *)map + offset);
}

/* Suspension, alerts, end, registers, kernel APCs by name */

static inline int suspend_thread(int thread, __u32 flags)
{
	struct ntapc_suspend args = { .size = sizeof(args), .flags = flags };

	return sys_ioctl(thread, NTAPC_IOC_SUSPEND, &args);
}

static inline int resume_thread(int thread, __u32 flags)
{
	struct ntapc_resume args = { .size = sizeof(args), .flags = flags };

	return sys_ioctl(thread, NTAPC_IOC_RESUME, &args);
}

static inline int alert_thread(int thread)
{
	struct ntapc_alert args = { .size = sizeof(args) };

	return sys_ioctl(thread, NTAPC_IOC_ALERT, &args);
}

static inline int alert_by_id(int dev, pid_t tid)
{
	struct ntapc_alert_by_id args = { .size = sizeof(args), .tid = tid };

	return sys_ioctl(dev, NTAPC_IOC_ALERT_BY_ID, &args);
}

static inline int wait_by_id(int dev, __u32 flags, __u64 deadline)
{
	struct ntapc_wait_by_id args = {
		.size = sizeof(args),
		.flags = flags,
		.deadline = deadline,
	};

	return sys_ioctl(dev, NTAPC_IOC_WAIT_BY_ID, &args);
}

static inline int terminate_thread(int thread, __u32 status)
{
	struct ntapc_terminate args = {
		.size = sizeof(args),
		.status = status,
	};

	return sys_ioctl(thread, NTAPC_IOC_TERMINATE, &args);
}

/* The registers without the extended state. */
static inline int get_context(int thread, __u32 what,
			      struct ntapc_context *context)
{
	struct ntapc_thread_context args = {
		.size = sizeof(args),
		.what = what,
		.context = ADDR(context),
	};

	return sys_ioctl(thread, NTAPC_IOC_GET_CONTEXT, &args);
}

static inline int set_context(int thread, __u32 what,
			      const struct ntapc_context *context)
{
	struct ntapc_thread_context args = {
		.size = sizeof(args),
		.what = what,
		.context = ADDR(context),
	};

	return sys_ioctl(thread, NTAPC_IOC_SET_CONTEXT, &args);
}

/* Queues one by its name; its descriptor, or an error. */
static inline int kernel_apc(int thread, __u32 flags, const char *name,
			     __u64 arg0)
{
	struct ntapc_kernel_apc args = {
		.size = sizeof(args),
		.flags = flags,
		.arg = { arg0 },
	};

	snprintf(args.name, sizeof(args.name), "%s", name);
	return sys_ioctl(thread, NTAPC_IOC_KERNEL_APC, &args);
}

static inline int apc_result(int apc, struct ntapc_apc_result *result,
			     __u64 *values, __u32 room)
{
	memset(result, 0, sizeof(*result));
	result->size = sizeof(*result);
	result->state = 0xcccccccc;
	result->order = 0xccccccccccccccccULL;
	result->values = ADDR(values);
	result->nr_values = room;
	return sys_ioctl(apc, NTAPC_IOC_APC_RESULT, result);
}

static inline int apc_remove(int apc)
{
	struct ntapc_apc_remove args = { .size = sizeof(args) };

	return sys_ioctl(apc, NTAPC_IOC_APC_REMOVE, &args);
}

/* Time */

static inline __u64 now_on(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static inline __u64 now(void)
{
	return now_on(CLOCK_MONOTONIC);
}

static inline struct timespec timespec_of_ms(unsigned int ms)
{
	return (struct timespec){
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * NS_PER_MS,
	};
}

static inline __u64 in_ms(__u64 ms)
{
	return now() + ms * NS_PER_MS;
}

/* Lets others run, longer the more rounds: one processor must be enough. */
static inline void breathe(unsigned int round)
{
	struct timespec ts = {
		.tv_nsec = round < 200 ? 50000 : round < 400 ? 200000 : 1000000,
	};

	if (round < 16)
		sched_yield();
	else
		nanosleep(&ts, NULL);
}

/* breathe() for who has nothing to hurry for. */
#define UNHURRIED	1000

/*
 * Waits for a condition to come true; is false if it never did. By time alone that
 * would be said, too, when the machine had stood still for so long.
 */
#define wait_until(condition) ({					\
	__u64 give_up_ = in_ms(PATIENCE_MS);				\
	unsigned int round_ = 0;					\
	bool met_;							\
									\
	while (!(met_ = !!(condition)) &&				\
	       (round_ < PATIENCE_ROUNDS || now() < give_up_))		\
		breathe(round_++);					\
	met_;								\
})

/* common.c */

/* How much slower than a usual machine this is, as NTAPC_SLOW says; 1 or more. */
unsigned int slowness(void);
/* @many operations on a usual machine, fewer on a slow one. */
unsigned int scaled(unsigned int many);
/* User-mode Linux lacks a few things that every other kernel has. */
bool on_uml(void);
/* How many processors this process may run on. */
int nr_cpus(void);
/* Pins the calling thread to one processor. */
void pin_to_cpu(int cpu);

/* The letter for a thread's state in its stat file; 0 if there is none. */
char thread_state(pid_t tid);
/* Waits until a thread sleeps. */
bool wait_asleep(pid_t tid);
/* Waits until a thread is in a wait of ntapc's. */
bool wait_waiting(int thread);
/* What a thread has queued. */
unsigned int nr_pending(int thread);
/* The bits NTAPC_THREAD_* of a thread; all of them if they can't be had. */
unsigned int thread_bits(int thread);
/* Waits until of the bits in @mask just those of @bits are set. */
bool wait_bits(int thread, unsigned int mask, unsigned int bits);
/* Waits until a thread is suspended. */
bool wait_suspended(int thread);
/* Waits for a thread's end, by poll(). */
bool wait_gone(int thread);
/* Waits until @fd can be read. */
bool wait_readable(int fd);
/* What poll() says of a descriptor now. */
short poll_now(int fd);
/* What a descriptor's file in fdinfo holds. */
int read_fdinfo(int fd, char *text, size_t size);

/*
 * Whether a counter, that its thread raises whenever it runs, stays as it is
 * while others come to run many times; and whether it goes on.
 */
bool stands_still(const volatile __u64 *counter);
bool moves(const volatile __u64 *counter);

/* A cgroup of its own for a process, which can be frozen. */
bool freezer_take(pid_t pid);
bool freezer_freeze(void);
bool freezer_thaw(void);
void freezer_remove(void);

/* A number in a file of the kernel's; -1 if it can't be read. */
long long read_number(const char *path);
int write_number(const char *path, long long number);
/* A parameter of the module. */
long long get_parameter(const char *name);
int set_parameter(const char *name, long long value);
long long module_references(void);

/* Passes a descriptor through a socket; 0 or the descriptor, or an error. */
int send_fd(int socket, int fd);
int receive_fd(int socket);

/* Waits for a child; its exit status, or -signal. */
int reap(pid_t pid);

/*
 * struct worker - a thread to act upon
 *
 * worker_start() returns when @fn is about to run, with @fd open.
 */
struct worker {
	pthread_t thread;
	void (*fn)(struct worker *worker);
	int dev;		/* an instance */
	int fd;			/* the thread's descriptor */
	atomic_int tid;
	atomic_int stage;	/* how far @fn has come */
	atomic_int go;		/* 2 after worker_go() */
	long ret;
	__u64 arg;
};

bool worker_start(struct worker *worker, int dev,
		  void (*fn)(struct worker *worker));
/* Waits until the worker has come as far as @stage. */
bool worker_reached(struct worker *worker, int stage);
void worker_join(struct worker *worker);
/* What @fn may do, and what makes it go on. */
void worker_wait(struct worker *worker);
void worker_go(struct worker *worker);
/* It is past its stage 1, and stays at worker_wait(): it goes on, to its end. */
bool worker_finish(struct worker *worker);

/* A log of what ran, in order. */

#define LOG_MAX		4096

void log_reset(void);
/* An APC's routine: logs its first argument. */
void log_apc(__u64 arg0, __u64 arg1, __u64 arg2);
void log_add(__u64 entry);
unsigned int log_count(void);
__u64 log_entry(unsigned int i);

/* Frames */

/*
 * dispatch_continue ends every APC with NTAPC_IOC_CONTINUE; dispatch_user goes
 * back by itself whenever the frame allows it. Both save the extended state.
 */
extern const char dispatch_continue[], dispatch_user[];

/* Opens an instance and registers a dispatcher; the instance, or an error. */
int open_frames(const char *dispatcher);

/* The frame of the APC that the calling thread is running. */
extern __thread struct ntapc_frame *this_frame;
/* The calling thread's control slot, once it has mapped it. */
extern __thread struct ntapc_control *this_control;

#endif /* NTAPC_SELFTESTS_COMMON_H */
