/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How tests drive the client module: for programs that have the harness's header.
 * Needs NTAPC_CLIENT_KO, the client's file.
 *
 * What ran is compared as text, in the order in which it ran: K1 is the kernel
 * routine of APC 1, N1 its normal routine, O another normal routine that the
 * kernel routine put in its place, R1 the rundown routine, M1 a mark between, S1
 * system thread 1. trace() also has the ends, k1, n1 and s1. What happened in an
 * attached thread is marked, as in K1@.
 */
#ifndef NTAPC_SELFTESTS_KERNEL_H
#define NTAPC_SELFTESTS_KERNEL_H

#include <sys/prctl.h>

#include "client/client.h"

#define KERNEL_MODE	0
#define USER_MODE	1
#define ERESTARTSYS	512	/* no header of the C library's has it */
#define ENV_ORIGINAL	0
#define ENV_ATTACHED	1
#define ENV_CURRENT	2
#define ENV_INSERT	3

/* Loading and unloading */

static inline const char *client_file(void)
{
	const char *path = getenv("NTAPC_CLIENT_KO");

	return path && !access(path, R_OK) ? path : NULL;
}

static inline bool client_is_loaded(void)
{
	return !access("/sys/module/ntapc_client", F_OK);
}

static inline int unload_client(void)
{
	return syscall(SYS_delete_module, "ntapc_client", O_NONBLOCK) ?
	       -errno : 0;
}

/* In use, as rmmod says it. */
static inline bool is_busy(int error)
{
	return error == -EBUSY || error == -EAGAIN;
}

static inline int load_client(void)
{
	int fd = open(client_file(), O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	if (!ret && !wait_until(!access(CLIENT_DEVICE, F_OK)))
		ret = -ENODEV;
	return ret;
}

/* The instance, the calling thread, the client. */
static int dev, self_fd, client = -1;

static inline int open_client(void)
{
	client = open(CLIENT_DEVICE, O_RDWR | O_CLOEXEC);
	return client < 0 ? -errno : 0;
}

/* With nothing left that is queued it goes, soon. */
static inline bool client_goes(void)
{
	return wait_until(!client_is_loaded() || !unload_client());
}

/* Steps */

#define STEP(name, ...) \
	((struct client_step){ .op = CLIENT_##name, ##__VA_ARGS__ })

static inline int steps_ioctl(unsigned long cmd, struct client_step *steps,
			      unsigned int nr, unsigned int number)
{
	struct client_program args = {
		.steps = ADDR(steps),
		.nr = nr,
		.number = number,
	};

	return sys_ioctl(client, cmd, &args);
}

static inline long run_steps(struct client_step *steps, unsigned int nr)
{
	int ret = steps_ioctl(CLIENT_IOC_RUN, steps, nr, 0);

	return ret ? ret : steps[nr - 1].result;
}

/* Does some steps in one system call; the result of the last. */
#define RUN(...) ({							\
	struct client_step steps_[] = { __VA_ARGS__ };			\
	run_steps(steps_, ARRAY_SIZE(steps_));				\
})

/* Stores a program. */
#define PROGRAM(number, ...) ({						\
	struct client_step steps_[] = { __VA_ARGS__ };			\
	steps_ioctl(CLIENT_IOC_PROGRAM, steps_, ARRAY_SIZE(steps_),	\
		    number);						\
})

/* The usual APCs. */
#define NORMAL(number, ...)	STEP(INSERT, .id = (number), ##__VA_ARGS__)
#define SPECIAL_AND(number, more, ...)					\
	STEP(INSERT, .id = (number), .flags = CLIENT_SPECIAL | (more),	\
	     ##__VA_ARGS__)
#define SPECIAL(number, ...)	SPECIAL_AND(number, 0, ##__VA_ARGS__)
#define MARK(number)		STEP(MARK, .id = (number))
/* A wait for nothing: a safe point, and no more. */
#define SAFE_POINT		STEP(DELAY)

/* The log */

static struct client_event events[CLIENT_LOG_MAX];

static inline unsigned int read_events(void)
{
	struct client_log args = {
		.events = ADDR(events),
		.room = CLIENT_LOG_MAX,
	};

	if (sys_ioctl(client, CLIENT_IOC_LOG, &args))
		return 0;
	return args.logged < CLIENT_LOG_MAX ? args.logged : CLIENT_LOG_MAX;
}

static inline void reset_events(void)
{
	sys_ioctl(client, CLIENT_IOC_RESET, NULL);
}

static const char what_letter[] = {
	[CLIENT_KERNEL] = 'K',
	[CLIENT_KERNEL_END] = 'k',
	[CLIENT_NORMAL] = 'N',
	[CLIENT_NORMAL_END] = 'n',
	[CLIENT_OTHER_NORMAL] = 'O',
	[CLIENT_RUNDOWN] = 'R',
	[CLIENT_SYSTEM] = 'S',
	[CLIENT_SYSTEM_END] = 's',
	[CLIENT_PREPARE] = 'P',
	[CLIENT_NAMED] = 'A',
	[CLIENT_RELEASE] = 'E',
	[CLIENT_COPIED] = 0,
	[CLIENT_READS_ON] = 0,
	[CLIENT_CALLED] = 'C',
	[CLIENT_ROUTINE] = 'U',
};

/* Each reading is good until the next. */
static inline const char *tell(bool ends)
{
	static char text[16 * CLIENT_LOG_MAX];
	unsigned int nr = read_events(), i;
	size_t length = 0;

	text[0] = 0;
	for (i = 0; i < nr; i++) {
		char letter = what_letter[events[i].what];
		unsigned int id = events[i].id;

		if (events[i].what == CLIENT_STEP &&
		    events[i].id == CLIENT_MARK) {
			letter = 'M';
			id = events[i].arg[0];
		}
		if (!letter || (letter >= 'a' && !ends))
			continue;
		length += snprintf(text + length, sizeof(text) - length,
				   "%s%c%u%s", length ? " " : "", letter, id,
				   events[i].attached ? "@" : "");
	}
	return text;
}

static inline const char *order(void)
{
	return tell(false);
}

static inline const char *trace(void)
{
	return tell(true);
}

static inline bool wait_order(const char *expected)
{
	return wait_until(!strcmp(expected, order()));
}

static inline unsigned int count_events(enum client_what what)
{
	unsigned int nr = read_events(), i, count = 0;

	for (i = 0; i < nr; i++)
		count += events[i].what == what;
	return count;
}

/* The first event of a kind, or one of zeros. */
static inline struct client_event *find_event(enum client_what what)
{
	static struct client_event none;
	unsigned int nr = read_events(), i;

	for (i = 0; i < nr; i++)
		if (events[i].what == what)
			return &events[i];
	return &none;
}

static inline unsigned int nr_kernel(int thread)
{
	struct ntapc_thread_info info;

	return get_thread_info(thread, &info) ? UINT_MAX : info.nr_kernel;
}

/* A thread that does some steps. */
struct job {
	struct worker worker;	/* first */
	struct client_step steps[16];
	unsigned int nr;
};

static inline void do_job(struct worker *worker)
{
	struct job *job = (struct job *)worker;

	atomic_store(&worker->stage, 1);
	worker->ret = run_steps(job->steps, job->nr);
	atomic_store(&worker->stage, 2);
}

static inline bool start_job(struct job *job, const struct client_step *steps,
			     unsigned int nr)
{
	memcpy(job->steps, steps, nr * sizeof(*steps));
	job->nr = nr;
	return worker_start(&job->worker, dev, do_job) &&
	       worker_reached(&job->worker, 1);
}

#define START_JOB(job, ...) ({						\
	struct client_step steps_[] = { __VA_ARGS__ };			\
	start_job(job, steps_, ARRAY_SIZE(steps_));			\
})

/* Fixtures: the client is loaded for each test, and goes after it. */

#define NEED_CLIENT()							\
do {									\
	if (geteuid())							\
		SKIP(return, "needs root");				\
	if (!client_file())						\
		SKIP(return, "NTAPC_CLIENT_KO doesn't name the client's file"); \
	if (client_is_loaded())						\
		ASSERT_TRUE(client_goes());				\
	ASSERT_EQ(0, load_client());					\
	ASSERT_EQ(0, open_client());					\
	log_reset();							\
	dev = open_frames(dispatch_continue);				\
	ASSERT_LE(0, dev);						\
	self_fd = open_thread(dev, 0);					\
	ASSERT_LE(0, self_fd);						\
} while (0)

/* What a test that has failed leaves waiting would keep the client for ever. */
static inline void open_all_gates(void)
{
	unsigned int i;

	if (open_client())
		return;
	for (i = 0; i < CLIENT_NR_GATES; i++)
		RUN(STEP(OPEN_GATE, .id = i));
	close(client);
}

/* A reference to the module that was lost would show here. */
#define CLIENT_GOES()							\
do {									\
	if (!geteuid() && client_file()) {				\
		open_all_gates();					\
		EXPECT_TRUE(client_goes());				\
	}								\
} while (0)

static inline void spin(struct worker *worker)
{
	volatile __u64 *counter = &worker->arg;

	atomic_store(&worker->stage, 1);
	while (atomic_load_explicit(&worker->go, memory_order_relaxed) < 2)
		++*counter;
}

/* The kernel's log, from here on. */
static inline int open_kernel_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	lseek(fd, 0, SEEK_END);
	return fd;
}

/* Whether a line that has come up since has all these words. */
static inline bool kernel_said(int fd, const char *first, const char *second,
			       const char *third)
{
	char line[2048];
	ssize_t length;

	while ((length = read(fd, line, sizeof(line) - 1)) > 0 ||
	       errno == EPIPE) {
		line[length > 0 ? length : 0] = 0;
		if (strstr(line, first) && strstr(line, second) &&
		    strstr(line, third))
			return true;
	}
	return false;
}

#endif
