// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the selftests share.
 */
#include "common.h"

#include <cpuid.h>
#include <linux/futex.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

unsigned int slowness(void)
{
	const char *value = getenv("NTAPC_SLOW");
	int slow = value ? atoi(value) : 1;

	return slow > 0 ? slow : 1;
}

unsigned int scaled(unsigned int many)
{
	unsigned int n = many / slowness();

	return n ? n : 1;
}

bool on_uml(void)
{
	static int known = -1;
	char line[256];
	FILE *file;

	if (known >= 0)
		return known;
	known = 0;
	file = fopen("/proc/cpuinfo", "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		known |= !!strstr(line, "User Mode Linux");
	fclose(file);
	return known;
}

int nr_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set);
}

void pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

char thread_state(pid_t tid)
{
	char path[64], text[512], *end;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	text[len] = 0;
	end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : 0;
}

bool wait_asleep(pid_t tid)
{
	return wait_until(thread_state(tid) == 'S');
}

static unsigned int waiting_state(int thread)
{
	struct ntapc_thread_info info;

	if (get_thread_info(thread, &info))
		return 0;
	return info.state & NTAPC_THREAD_WAITING;
}

bool wait_waiting(int thread)
{
	return wait_until(waiting_state(thread));
}

unsigned int nr_pending(int thread)
{
	struct ntapc_thread_info info;

	if (get_thread_info(thread, &info))
		return UINT_MAX;
	return info.nr_user + info.nr_special;
}

unsigned int thread_bits(int thread)
{
	struct ntapc_thread_info info;

	return get_thread_info(thread, &info) ? ~0U : info.state;
}

bool wait_bits(int thread, unsigned int mask, unsigned int bits)
{
	return wait_until((thread_bits(thread) & mask) == bits);
}

bool wait_suspended(int thread)
{
	return wait_bits(thread, NTAPC_THREAD_SUSPENDED,
			 NTAPC_THREAD_SUSPENDED);
}

bool wait_readable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int ret, round;

	/* In several, as time alone says nothing if all stood still. */
	for (round = 0; round < 20; round++) {
		do {
			ret = poll(&pollfd, 1, PATIENCE_MS / 20);
		} while (ret < 0 && errno == EINTR);
		if (ret)
			break;
	}
	return ret == 1 && pollfd.revents & POLLIN;
}

bool wait_gone(int thread)
{
	return wait_readable(thread);
}

short poll_now(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLPRI };

	return poll(&pollfd, 1, 0) < 0 ? -1 : pollfd.revents;
}

int read_fdinfo(int fd, char *text, size_t size)
{
	char path[64];
	ssize_t len;
	int file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	len = read(file, text, size - 1);
	close(file);
	text[len > 0 ? len : 0] = 0;
	return 0;
}

bool stands_still(const volatile __u64 *counter)
{
	__u64 before = *counter;
	unsigned int i;

	for (i = 0; i < 30; i++)
		breathe(i < 10 ? 0 : UNHURRIED);
	return *counter == before;
}

bool moves(const volatile __u64 *counter)
{
	__u64 before = *counter;

	return wait_until(*counter != before);
}

#define FREEZER		"/tmp/ntapc-freezer"
#define FREEZER_GROUP	FREEZER "/ntapc-suspend"

bool freezer_take(pid_t pid)
{
	mkdir(FREEZER, 0700);
	if (mount("none", FREEZER, "cgroup2", 0, NULL) && errno != EBUSY)
		return false;
	mkdir(FREEZER_GROUP, 0700);
	return !write_number(FREEZER_GROUP "/cgroup.procs", pid);
}

/* Frozen, or thawed, when cgroup.events says so. */
static bool freezer_says(const char *what)
{
	char text[256];
	ssize_t len;
	int fd;

	fd = open(FREEZER_GROUP "/cgroup.events", O_RDONLY | O_CLOEXEC);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = 0;
	return strstr(text, what);
}

bool freezer_freeze(void)
{
	return !write_number(FREEZER_GROUP "/cgroup.freeze", 1) &&
	       wait_until(freezer_says("frozen 1"));
}

bool freezer_thaw(void)
{
	return !write_number(FREEZER_GROUP "/cgroup.freeze", 0) &&
	       wait_until(freezer_says("frozen 0"));
}

void freezer_remove(void)
{
	write_number(FREEZER_GROUP "/cgroup.freeze", 0);
	wait_until(!rmdir(FREEZER_GROUP) || errno == ENOENT);
	umount(FREEZER);
	rmdir(FREEZER);
}

long long read_number(const char *path)
{
	char text[64];
	ssize_t len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return -1;
	text[len] = 0;
	return strtoll(text, NULL, 0);
}

int write_number(const char *path, long long number)
{
	int fd, len, ret = 0;
	char text[64];

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = snprintf(text, sizeof(text), "%lld\n", number);
	if (write(fd, text, len) != len)
		ret = -errno;
	close(fd);
	return ret;
}

static const char *parameter_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "/sys/module/ntapc/parameters/%s", name);
	return path;
}

long long get_parameter(const char *name)
{
	return read_number(parameter_path(name));
}

int set_parameter(const char *name, long long value)
{
	return write_number(parameter_path(name), value);
}

/* What the module's references are: descriptors, and what is under way. */
long long module_references(void)
{
	return read_number("/sys/module/ntapc/refcnt");
}

/* The message of one byte that takes a descriptor along, and memory for it. */
struct passing {
	char control[CMSG_SPACE(sizeof(int))]
		__attribute__((aligned(__alignof__(struct cmsghdr))));
	char data;
	struct iovec iov;
	struct msghdr msg;
};

static struct msghdr *passing_init(struct passing *p)
{
	memset(p, 0, sizeof(*p));
	p->iov = (struct iovec){ &p->data, 1 };
	p->msg.msg_iov = &p->iov;
	p->msg.msg_iovlen = 1;
	p->msg.msg_control = p->control;
	p->msg.msg_controllen = sizeof(p->control);
	return &p->msg;
}

int send_fd(int socket, int fd)
{
	struct passing p;
	struct msghdr *msg = passing_init(&p);
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, msg, 0) == 1 ? 0 : -errno;
}

int receive_fd(int socket)
{
	struct passing p;
	struct msghdr *msg = passing_init(&p);
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(socket, msg, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	cmsg = CMSG_FIRSTHDR(msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -ENOMSG;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			return -INT_MAX;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;

	atomic_store(&worker->tid, syscall(SYS_gettid));
	while (!atomic_load(&worker->go))
		sched_yield();
	worker->fn(worker);
	return NULL;
}

bool worker_start(struct worker *worker, int dev,
		  void (*fn)(struct worker *worker))
{
	worker->dev = dev;
	worker->fn = fn;
	atomic_init(&worker->tid, 0);
	atomic_init(&worker->stage, 0);
	atomic_init(&worker->go, 0);
	if (pthread_create(&worker->thread, NULL, worker_main, worker))
		return false;
	if (!wait_until(atomic_load(&worker->tid)))
		return false;
	worker->fd = open_thread(dev, atomic_load(&worker->tid));
	atomic_store(&worker->go, 1);
	return worker->fd >= 0;
}

bool worker_reached(struct worker *worker, int stage)
{
	return wait_until(atomic_load(&worker->stage) >= stage);
}

void worker_join(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
}

void worker_wait(struct worker *worker)
{
	int go;

	while ((go = atomic_load(&worker->go)) < 2)
		syscall(SYS_futex, &worker->go, FUTEX_WAIT_PRIVATE, go, NULL);
}

bool worker_finish(struct worker *worker)
{
	if (!worker_reached(worker, 2))
		return false;
	worker_go(worker);
	worker_join(worker);
	close(worker->fd);
	return true;
}

void worker_go(struct worker *worker)
{
	atomic_store(&worker->go, 2);
	syscall(SYS_futex, &worker->go, FUTEX_WAKE_PRIVATE, INT_MAX);
}

/* Places taken, and entries written. */
static atomic_uint taken, logged;
static __u64 log_entries[LOG_MAX];

void log_reset(void)
{
	atomic_store(&taken, 0);
	atomic_store(&logged, 0);
}

void log_add(__u64 entry)
{
	unsigned int i = atomic_fetch_add(&taken, 1);

	if (i < LOG_MAX)
		log_entries[i] = entry;
	atomic_fetch_add(&logged, 1);
}

void log_apc(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	log_add(arg0);
}

unsigned int log_count(void)
{
	return atomic_load(&logged);
}

__u64 log_entry(unsigned int i)
{
	return i < LOG_MAX ? log_entries[i] : 0;
}

#ifdef __x86_64__

/* dispatch.S knows these. */
_Static_assert(offsetof(struct ntapc_frame, context) == 48, "FRAME_CONTEXT");
_Static_assert(offsetof(struct ntapc_context, rip) == 120, "CONTEXT_RIP");
_Static_assert(offsetof(struct ntapc_context, eflags) == 136, "CONTEXT_EFLAGS");
_Static_assert(offsetof(struct ntapc_context, rsp) == 144, "CONTEXT_RSP");
_Static_assert(sizeof(struct ntapc_continue) == 16, "CONTINUE_SIZE");

const unsigned int dispatch_command = NTAPC_IOC_CONTINUE;
int dispatch_device = -1;
/* Bytes that xsave writes; 0 where there is only fxsave. */
unsigned int dispatch_xsave_size;

__thread struct ntapc_frame *this_frame;
__thread struct ntapc_control *this_control;

/* What dispatch_run() returns: how to go on. */
#define RESUME_IN_USER_MODE	0
#define RESUME_BY_IOCTL		1
#define RESUME_TEST_ALERT	2

int dispatch_run(struct ntapc_frame *frame, int may_resume);

/* Called by both dispatchers, with the extended state saved. */
int dispatch_run(struct ntapc_frame *frame, int may_resume)
{
	void (*routine)(__u64 arg0, __u64 arg1, __u64 arg2);
	struct ntapc_frame *outer = this_frame;
	int saved_errno = errno;
	bool test;

	this_frame = frame;
	routine = (void *)(uintptr_t)frame->routine;
	routine(frame->arg[0], frame->arg[1], frame->arg[2]);
	this_frame = outer;
	errno = saved_errno;

	test = frame->flags & NTAPC_FRAME_TEST_ALERT;
	if (may_resume && !(frame->flags & NTAPC_FRAME_NEED_CONTINUE)) {
		if (!test)
			return RESUME_IN_USER_MODE;
		if (this_control &&
		    !(__atomic_load_n(&this_control->pending, __ATOMIC_ACQUIRE) &
		      (NTAPC_PENDING_USER | NTAPC_PENDING_ALERT)))
			return RESUME_IN_USER_MODE;
	}
	return test ? RESUME_TEST_ALERT : RESUME_BY_IOCTL;
}

static void __attribute__((constructor)) measure_xsave(void)
{
	unsigned int a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) && c & bit_OSXSAVE &&
	    __get_cpuid_count(13, 0, &a, &b, &c, &d))
		dispatch_xsave_size = b;
}

int open_frames(const char *dispatcher)
{
	int dev = open_device();
	int ret;

	if (dev < 0)
		return dev;
	ret = set_dispatcher(dev, ADDR(dispatcher));
	if (ret)
		return ret;
	dispatch_device = dev;
	return dev;
}

#endif /* __x86_64__ */
