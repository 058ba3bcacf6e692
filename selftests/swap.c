// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that leave memory and come back: the two steps, the states, who
 * attaches meanwhile, and what happens to the pages (rules 9.3 to 9.5).
 */
#include "procs.h"
#include "kselftest_harness.h"

#include <sys/swap.h>

#define AREA	(256 * ONE_PAGE)

static int dev, process;
static struct target target;
static unsigned char *area;
static __u64 word = 0x1000;

static void be_target(struct target *t)
{
	(void)t;
	word = 0x1001;
	pattern_fill(area, AREA, 1);
}

FIXTURE(swap)
{
};

FIXTURE_SETUP(swap)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	area = map_pages(AREA);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_TRUE(target_start(&target, be_target));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
}

FIXTURE_TEARDOWN(swap)
{
	EXPECT_TRUE(wait_until(!stack_count(process)));
	if (target.pid)
		target_kill(&target);
}

static int begin(void)
{
	return out_swap(process, NTAPC_OUT_SWAP_BEGIN, NULL, 0);
}

static int cancel(void)
{
	return out_swap(process, NTAPC_OUT_SWAP_CANCEL, NULL, 0);
}

/* The second step, with the area as what was in memory. */
static int end(void)
{
	struct ntapc_range range = { ADDR(area), AREA };

	return out_swap(process, NTAPC_OUT_SWAP_END, &range, 1);
}

static unsigned int nr_ready(void)
{
	struct ntapc_process_info info;

	return get_process_info(process, &info) ? UINT_MAX : info.nr_ready;
}

#define EXPECT_INFO(a_state, a_count, a_ready, a_out, a_in) do {	\
	struct ntapc_process_info info_;				\
									\
	ASSERT_EQ(0, get_process_info(process, &info_));		\
	EXPECT_EQ(a_state, info_.state);				\
	EXPECT_EQ(a_count, info_.stack_count);				\
	EXPECT_EQ(a_ready, info_.nr_ready);				\
	EXPECT_EQ(a_out, info_.nr_out_swap);				\
	EXPECT_EQ(a_in, info_.nr_in_swap);				\
} while (0)

static bool fdinfo_says(const char *line)
{
	char text[4096];

	return !read_fdinfo(process, text, sizeof(text)) && strstr(text, line);
}

static void attach_once(struct worker *worker)
{
	__u32 save;

	worker->ret = attach_stack(process, &save);
	worker->arg = read_word(worker->dev, &word);
	atomic_store(&worker->stage, 1);
	if (!worker->ret)
		worker->ret = detach_stack(worker->dev, save);
}

/* The whole way: InMemory, OutSwap, OutOfMemory, and on when somebody attaches. */
TEST_F(swap, states)
{
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 0, 0);
	EXPECT_TRUE(fdinfo_says("ntapc-state:\t"));
	ASSERT_EQ(0, begin());
	EXPECT_INFO(NTAPC_PROCESS_OUT_SWAP, 0, 0, 0, 0);
	ASSERT_EQ(0, end());
	EXPECT_INFO(NTAPC_PROCESS_OUT_OF_MEMORY, 0, 0, 1, 0);
	/* It still runs, and is no different for who only looks. */
	EXPECT_EQ(0, poll_now(process));
	ASSERT_EQ(0, attach(process));
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 1, 0, 1, 1);
	EXPECT_EQ(0x1001, read_word(dev, &word));
	EXPECT_EQ(0, detach(dev));
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 1, 1);
}

/* The numbers that fdinfo has must be PROCESS_INFO's. */
TEST_F(swap, fdinfo)
{
	char states[3][512];

	ASSERT_EQ(0, read_fdinfo(process, states[0], sizeof(states[0])));
	ASSERT_EQ(0, begin());
	ASSERT_EQ(0, read_fdinfo(process, states[1], sizeof(states[1])));
	ASSERT_EQ(0, end());
	ASSERT_EQ(0, read_fdinfo(process, states[2], sizeof(states[2])));
	/* Each says something of its own. */
	EXPECT_NE(0, strcmp(states[0], states[1]));
	EXPECT_NE(0, strcmp(states[1], states[2]));
	EXPECT_NE(0, strcmp(states[0], states[2]));
}

/* A copy brings it in as well, and every other operation does. */
TEST_F(swap, operations_bring_it_in)
{
	struct ntapc_fill fill = {
		.width = 8, .remote = ADDR(&word), .length = 8, .pattern = 5,
	};
	struct ntapc_search search = {
		.step = 1,
		.remote = ADDR(&word),
		.length = 8,
		.pattern = ADDR(&word),
		.pattern_length = 1,
	};
	struct ntapc_query mapping;
	unsigned int i;
	__u64 value;

	for (i = 0; i < 7; i++) {
		ASSERT_EQ(0, begin());
		ASSERT_EQ(0, end());
		switch (i) {
		case 0:
			EXPECT_EQ(0x1001, read_word(process, &word));
			break;
		case 1:
			EXPECT_EQ(0, write_word(process, &word, 2));
			break;
		case 2:
			EXPECT_EQ(0, fill_full(process, &fill));
			break;
		case 3:
			EXPECT_EQ(1, compare_exchange(process, &word, 8, 6, 5,
						      &value));
			break;
		case 4:
			EXPECT_EQ(0, attached_call(process, "crc32", ADDR(&word),
						   8, &value));
			break;
		case 5:
			EXPECT_LE(0, search_full(process, &search));
			break;
		case 6:
			/* Not of the memory itself: either will do. */
			EXPECT_EQ(0, query(process, ADDR(&word), &mapping, NULL,
					   0));
			EXPECT_EQ(6, read_word(process, &word));
			break;
		}
		EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, process_state(process)) {
			TH_LOG("operation %u", i);
		}
	}
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 7, 7);
}

#define MANY	8

static struct worker attachers[MANY];

static bool start_attachers(void)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		attachers[i] = (struct worker) {};
		if (!worker_start(&attachers[i], dev, attach_once))
			return false;
	}
	return wait_until(nr_ready() == MANY);
}

#define EXPECT_ATTACHED(error, value) do {				\
	unsigned int i_;						\
									\
	for (i_ = 0; i_ < MANY; i_++) {					\
		EXPECT_TRUE(worker_reached(&attachers[i_], 1));		\
		worker_join(&attachers[i_]);				\
		EXPECT_EQ(error, attachers[i_].ret);			\
		EXPECT_EQ(value, attachers[i_].arg);			\
	}								\
} while (0)

/* Who attaches between the steps is on the ready list, and goes on after (9.3). */
TEST_F(swap, ready_list)
{
	unsigned int i;

	ASSERT_EQ(0, begin());
	ASSERT_TRUE(start_attachers());
	EXPECT_INFO(NTAPC_PROCESS_OUT_SWAP, MANY, MANY, 0, 0);
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(0, attachers[i].stage);
		EXPECT_TRUE(wait_asleep(attachers[i].tid));
	}
	ASSERT_EQ(0, end());
	EXPECT_ATTACHED(0, 0x1001);
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 1, 1);
}

/* Copies wait as well. */
static void read_once(struct worker *worker)
{
	worker->arg = read_word(process, &word);
	atomic_store(&worker->stage, 1);
}

TEST_F(swap, copies_wait)
{
	struct worker worker = {};

	ASSERT_EQ(0, begin());
	ASSERT_TRUE(worker_start(&worker, dev, read_once));
	ASSERT_TRUE(wait_until(nr_ready() == 1));
	EXPECT_TRUE(wait_asleep(worker.tid));
	EXPECT_EQ(0, worker.stage);
	ASSERT_EQ(0, end());
	ASSERT_TRUE(worker_reached(&worker, 1));
	worker_join(&worker);
	EXPECT_EQ(0x1001, worker.arg);
}

TEST_F(swap, cancel)
{
	ASSERT_EQ(0, begin());
	ASSERT_TRUE(start_attachers());
	ASSERT_EQ(0, cancel());
	EXPECT_ATTACHED(0, 0x1001);
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 0, 0);
	EXPECT_EQ(-EBUSY, cancel());
	EXPECT_EQ(-EBUSY, end());
	/* And once more. */
	ASSERT_EQ(0, begin());
	ASSERT_EQ(0, cancel());
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 0, 0);
}

static void attach_often(struct worker *worker)
{
	unsigned int rounds = scaled(3000), i;

	for (i = 0; i < rounds && !worker->ret; i++)
		attach_once(worker);
	atomic_store(&worker->stage, 2);
}

/* Whenever it comes while they attach: all are counted, there and at home. */
TEST_F(swap, cancels_and_attachers)
{
	unsigned int i, nr_ended = 0, cancelled = 0;
	int own = open_process(dev, 0);

	ASSERT_LE(0, own);
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(worker_start(&attachers[i], dev, attach_often));
	while (nr_ended < 2) {
		if (!begin()) {
			EXPECT_EQ(0, cancel());
			cancelled++;
		}
		for (i = 0, nr_ended = 0; i < 2; i++)
			nr_ended += atomic_load(&attachers[i].stage) == 2;
	}
	for (i = 0; i < 2; i++) {
		worker_join(&attachers[i]);
		EXPECT_EQ(0, attachers[i].ret);
	}
	EXPECT_EQ(0, stack_count(process));
	EXPECT_EQ(0, stack_count(own));
	TH_LOG("%u times", cancelled);
}

/* Closing the descriptor cancels it, any way that it is closed. */
TEST_F(swap, close)
{
	int other = open_process(dev, target.pid), copy = dup(process);
	int keep = process;

	ASSERT_LE(0, other);
	process = other;
	ASSERT_EQ(0, begin());
	process = keep;
	EXPECT_EQ(NTAPC_PROCESS_OUT_SWAP, process_state(process));
	/* It is that description's, not anybody's. */
	EXPECT_EQ(-EBUSY, end());
	EXPECT_EQ(-EBUSY, cancel());
	EXPECT_EQ(-EBUSY, begin());
	ASSERT_TRUE(start_attachers());
	close(other);
	EXPECT_ATTACHED(0, 0x1001);
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 0, 0);
	/* With two descriptors it takes both. */
	ASSERT_EQ(0, begin());
	close(copy);
	EXPECT_EQ(NTAPC_PROCESS_OUT_SWAP, process_state(process));
	ASSERT_EQ(0, cancel());
	/* After the second step it is nobody's any more. */
	ASSERT_EQ(0, begin());
	ASSERT_EQ(0, end());
	close(process);
	process = open_process(dev, target.pid);
	EXPECT_EQ(NTAPC_PROCESS_OUT_OF_MEMORY, process_state(process));
}

/* By the exit of who has begun it. */
static pid_t victim;

static void begin_and_wait(struct target *t)
{
	(void)t;
	dev = open_device();
	process = open_process(dev, victim);
	if (process < 0 || begin())
		_exit(1);
}

TEST_F(swap, owner_is_killed)
{
	struct target owner;

	victim = target.pid;
	ASSERT_TRUE(target_start(&owner, begin_and_wait));
	EXPECT_EQ(NTAPC_PROCESS_OUT_SWAP, process_state(process));
	ASSERT_TRUE(start_attachers());
	EXPECT_EQ(-SIGKILL, target_kill(&owner));
	EXPECT_ATTACHED(0, 0x1001);
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 0, 0);
}

/* What isn't possible, in which state. */
TEST_F(swap, errors)
{
	struct ntapc_range range = { ADDR(area), AREA };
	struct ntapc_range bad[] = {
		{ ADDR(area) + 1, ONE_PAGE }, { ADDR(area), 5 },
		{ ~0ULL - ONE_PAGE + 1, 2 * ONE_PAGE },
		{ ADDR(area), 1ULL << 63 },
		{ KERNEL_ADDRESS, ONE_PAGE }, { 0, 1ULL << 46 },
	};
	unsigned int i;

	EXPECT_EQ(-EINVAL, out_swap(process, 0, NULL, 0));
	EXPECT_EQ(-EINVAL, out_swap(process, 4, NULL, 0));
	/* Ranges are for the second step only. */
	EXPECT_EQ(-EINVAL, out_swap(process, NTAPC_OUT_SWAP_BEGIN, &range, 1));
	EXPECT_EQ(-EINVAL, out_swap(process, NTAPC_OUT_SWAP_CANCEL, &range, 1));
	EXPECT_EQ(-EBUSY, end());
	EXPECT_EQ(-EBUSY, cancel());
	/* Somebody is attached: StackCount (9.5). */
	ASSERT_EQ(0, attach(process));
	EXPECT_EQ(-EBUSY, begin());
	EXPECT_EQ(0, detach(dev));
	ASSERT_EQ(0, begin());
	EXPECT_EQ(-EBUSY, begin());
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, out_swap(process, NTAPC_OUT_SWAP_END, &bad[i],
					    1)) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(-EINVAL, out_swap(process, NTAPC_OUT_SWAP_END, &range,
				    NTAPC_RANGES_MAX + 1));
	EXPECT_EQ(-EFAULT, out_swap(process, NTAPC_OUT_SWAP_END, (void *)8, 1));
	/* An error changes nothing. */
	EXPECT_INFO(NTAPC_PROCESS_OUT_SWAP, 0, 0, 0, 0);
	EXPECT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_END, NULL, 0));
	EXPECT_EQ(-EBUSY, begin());
	EXPECT_EQ(-EBUSY, cancel());
	EXPECT_EQ(-EBUSY, end());
	EXPECT_EQ(0x1001, read_word(process, &word));
	/* Ranges of nothing, or of what isn't mapped any more: as it can. */
	ASSERT_EQ(0, begin());
	range.address = ADDR(area) + 4 * AREA;
	EXPECT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_END, &range, 1));
	EXPECT_EQ(0x1001, read_word(process, &word));
}

/*
 * Of itself: it isn't stopped by that, nor are its own operations in its own
 * memory, for which nobody attaches.
 */
static void attach_to_parent(struct target *t)
{
	int parent = open_process(dev, getppid());

	if (parent < 0 || attach(parent) || read_word(dev, &word) != 0x1000)
		_exit(1);
	atomic_store(&t->shared->value[0], 1);
	detach(dev);
}

TEST_F(swap, own_process)
{
	int own = open_process(dev, 0);
	struct target other;

	ASSERT_LE(0, own);
	ASSERT_EQ(0, out_swap(own, NTAPC_OUT_SWAP_BEGIN, NULL, 0));
	/* Attaching to where one is already is still nothing at all. */
	EXPECT_EQ(0, attach(own));
	EXPECT_EQ(NTAPC_PROCESS_OUT_SWAP, process_state(own));
	EXPECT_EQ(0x1000, read_word(dev, &word));
	ASSERT_EQ(0, out_swap(own, NTAPC_OUT_SWAP_END, NULL, 0));
	EXPECT_EQ(0x1000, read_word(own, &word));
	/* Who does attach brings it in. */
	ASSERT_TRUE(target_start(&other, attach_to_parent));
	EXPECT_EQ(1, other.shared->value[0]);
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, process_state(own));
	target_kill(&other);
}

static volatile int handled;

static void handle(int sig)
{
	(void)sig;
	handled++;
}

static void attach_and_tell(struct worker *worker)
{
	worker->ret = attach(process);
	atomic_store(&worker->stage, 1);
	if (!worker->ret)
		detach(worker->dev);
}

/* A signal ends the wait, or has it start over (SA_RESTART). */
TEST_F(swap, signal_in_the_wait)
{
	struct sigaction action = { .sa_handler = handle };
	struct worker worker = {};
	int restart;

	for (restart = 0; restart < 2; restart++) {
		action.sa_flags = restart ? SA_RESTART : 0;
		ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
		handled = 0;
		ASSERT_EQ(0, begin());
		ASSERT_TRUE(worker_start(&worker, dev, attach_and_tell));
		ASSERT_TRUE(wait_until(nr_ready() == 1));
		ASSERT_TRUE(wait_asleep(worker.tid));
		pthread_kill(worker.thread, SIGUSR1);
		ASSERT_TRUE(wait_until(handled));
		if (restart) {
			EXPECT_TRUE(wait_until(nr_ready() == 1));
			EXPECT_TRUE(wait_asleep(worker.tid));
			EXPECT_EQ(0, worker.stage);
			EXPECT_EQ(0, cancel());
			EXPECT_TRUE(worker_reached(&worker, 1));
			EXPECT_EQ(0, worker.ret);
		} else {
			EXPECT_TRUE(worker_reached(&worker, 1));
			EXPECT_EQ(-EINTR, worker.ret);
			EXPECT_EQ(0, thread_bits(worker.fd) &
				  NTAPC_THREAD_ATTACHED);
			/* Nothing is left of it. */
			EXPECT_INFO(NTAPC_PROCESS_OUT_SWAP, 0, 0, 0, 0);
			EXPECT_EQ(0, cancel());
		}
		worker_join(&worker);
	}
}

/* A nested attachment that is given up leaves the outer one. */
static void attach_inside(struct worker *worker)
{
	int own = worker->arg;
	__u32 outer, inner;

	worker->arg = attach_stack(own, &outer);
	worker->ret = attach_stack(process, &inner);
	worker->arg |= detach_stack(worker->dev, outer);
	atomic_store(&worker->stage, 1);
}

TEST_F(swap, signal_in_a_nested_wait)
{
	struct sigaction action = { .sa_handler = handle };
	struct worker worker = {};
	struct target other;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_TRUE(target_start(&other, NULL));
	worker.arg = open_process(dev, other.pid);
	ASSERT_EQ(0, begin());
	ASSERT_TRUE(worker_start(&worker, dev, attach_inside));
	ASSERT_TRUE(wait_until(nr_ready() == 1));
	ASSERT_TRUE(wait_asleep(worker.tid));
	pthread_kill(worker.thread, SIGUSR1);
	ASSERT_TRUE(worker_reached(&worker, 1));
	worker_join(&worker);
	EXPECT_EQ(-EINTR, worker.ret);
	EXPECT_EQ(0, worker.arg);
	EXPECT_EQ(0, cancel());
	target_kill(&other);
}

/* SIGKILL of one that waits; the others go on. */
static void attach_now(struct target *t)
{
	dev = open_device();
	atomic_store(&t->shared->stage, 1);
	attach(process);
}

TEST_F(swap, waiter_is_killed)
{
	struct target waiter;

	ASSERT_EQ(0, begin());
	ASSERT_TRUE(target_start(&waiter, attach_now));
	ASSERT_TRUE(wait_until(nr_ready() == 1));
	ASSERT_TRUE(wait_asleep(waiter.pid));
	EXPECT_EQ(-SIGKILL, target_kill(&waiter));
	EXPECT_TRUE(wait_until(!nr_ready()));
	EXPECT_TRUE(wait_until(!stack_count(process)));
	ASSERT_TRUE(start_attachers());
	ASSERT_EQ(0, end());
	EXPECT_ATTACHED(0, 0x1001);
}

/* The target's own end: who waits learns of it, and goes on unattached. */
FIXTURE(ended)
{
};

FIXTURE_VARIANT(ended)
{
	/* Where it is then. */
	bool out;
	bool exec;
};

FIXTURE_VARIANT_ADD(ended, between_the_steps)
{
};

FIXTURE_VARIANT_ADD(ended, by_exec)
{
	.exec = true,
};

FIXTURE_VARIANT_ADD(ended, out_of_memory)
{
	.out = true,
};

FIXTURE_VARIANT_ADD(ended, out_of_memory_by_exec)
{
	.out = true,
	.exec = true,
};

static void exec_on_go(struct target *t)
{
	char *argv[] = { "/proc/self/exe", "-l", NULL };

	be_target(t);
	target_step(t, 1);
	if (!freopen("/dev/null", "w", stdout))
		_exit(1);
	execv(argv[0], argv);
	_exit(1);
}

FIXTURE_SETUP(ended)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	area = map_pages(AREA);
	ASSERT_TRUE(target_start(&target, variant->exec ? exec_on_go :
				 be_target));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
}

FIXTURE_TEARDOWN(ended)
{
}

TEST_F(ended, target)
{
	ASSERT_EQ(0, begin());
	if (variant->out) {
		ASSERT_EQ(0, end());
	} else {
		ASSERT_TRUE(start_attachers());
	}
	if (variant->exec)
		target_go(&target, 1);
	else
		kill(target.pid, SIGKILL);
	EXPECT_TRUE(wait_gone(process));
	if (!variant->out) {
		EXPECT_ATTACHED(-ESRCH, read_word(dev, &word));
	}
	EXPECT_EQ(-ESRCH, attach(process));
	EXPECT_EQ(-ESRCH, end());
	EXPECT_EQ(-ESRCH, cancel());
	EXPECT_EQ(-ESRCH, begin());
	EXPECT_EQ(0, stack_count(process));
	EXPECT_EQ(0, nr_ready());
	reap(target.pid);
	EXPECT_EQ(0, stack_count(process));
}

/* Pages that are to be brought in, and aren't there to be: as far as it goes. */
TEST_F(swap, ranges_that_have_gone)
{
	struct ntapc_range ranges[3] = {
		{ ADDR(area), 4 * ONE_PAGE },
		{ 0x10000, 16 * ONE_PAGE },
		{ ADDR(area) + 8 * ONE_PAGE, 4 * ONE_PAGE },
	};

	ASSERT_EQ(0, begin());
	ASSERT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_END, ranges, 3));
	EXPECT_EQ(0x1001, read_word(process, &word));
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 1, 1);
}

/*
 * Pages that really go. For that there has to be a device to swap to, which is
 * nobody's: a ram disk that has never been written to, or a disk that says by its
 * serial number that it is for this.
 */
#define RAM_DISK	"/dev/ram0"
#define DISK		"/dev/nvme0n1"
#define DISK_SERIAL	"/sys/class/block/nvme0n1/device/serial"
#define SWAP_NAME	"ntapc-swap"

/* What mkswap(8) writes. */
union swap_header {
	struct {
		char boot[1024];
		__u32 version, last_page, nr_bad;
		char uuid[16], name[16];
	} info;
	char page[ONE_PAGE];
};

static bool is_our_disk(void)
{
	char serial[64] = {};
	int fd = open(DISK_SERIAL, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, serial, sizeof(serial) - 1);

	close(fd);
	return len > 0 && !strncmp(serial, SWAP_NAME, strlen(SWAP_NAME));
}

static bool swap_on_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_EXCL);
	union swap_header header;
	off_t size;
	bool ours;

	if (fd < 0)
		return false;
	size = lseek(fd, 0, SEEK_END);
	ours = size >= 3 * MIB &&
	       pread(fd, &header, ONE_PAGE, 0) == ONE_PAGE &&
	       (same_bytes(&header, ONE_PAGE, 0) == ONE_PAGE ||
		!strcmp(header.info.name, SWAP_NAME));
	if (ours) {
		memset(&header, 0, sizeof(header));
		header.info.version = 1;
		header.info.last_page = size / ONE_PAGE - 1;
		strcpy(header.info.name, SWAP_NAME);
		memcpy(header.page + ONE_PAGE - 10, "SWAPSPACE2", 10);
		ours = pwrite(fd, &header, ONE_PAGE, 0) == ONE_PAGE &&
		       !fsync(fd);
	}
	close(fd);
	return ours && !swapon(path, 0);
}

static bool swap_on(void)
{
	return (is_our_disk() && swap_on_device(DISK)) ||
	       swap_on_device(RAM_DISK);
}

/* How many pages of the area are in the target's memory. */
static unsigned int resident(void)
{
	unsigned int count = 0, i;
	__u64 entries[AREA / ONE_PAGE];
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", target.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pread(fd, entries, sizeof(entries), ADDR(area) / ONE_PAGE * 8) !=
	    sizeof(entries))
		count = UINT_MAX;
	close(fd);
	for (i = 0; i < AREA / ONE_PAGE && count != UINT_MAX; i++)
		count += entries[i] >> 63;
	return count;
}

static ssize_t page_out(pid_t pid, void *address, size_t length)
{
	struct iovec iov = { address, length };
	int pidfd = pidfd_of(pid);
	ssize_t ret;

	ret = syscall(SYS_process_madvise, pidfd, &iov, 1, MADV_PAGEOUT, 0);
	if (ret < 0)
		ret = -errno;
	close(pidfd);
	return ret;
}

FIXTURE(paging)
{
};

FIXTURE_SETUP(paging)
{
	if (geteuid())
		SKIP(return, "needs root");
	if (!swap_on())
		SKIP(return, "no device to swap to");
	swap_setup(_metadata, NULL, NULL);
}

FIXTURE_TEARDOWN_PARENT(paging)
{
	swapoff(RAM_DISK);
	if (is_our_disk())
		swapoff(DISK);
}

/* Its pages go, and come back before who attaches goes on. */
TEST_F(paging, out_and_in)
{
	static unsigned char check[AREA];
	long long before = status_of(target.pid, "VmRSS");
	unsigned int pages = AREA / ONE_PAGE, round;

	ASSERT_EQ(pages, resident());
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(0, begin());
		ASSERT_EQ(AREA, page_out(target.pid, area, AREA));
		/* Nearly all: some may be on their way to a list. */
		EXPECT_TRUE(wait_until(({
			page_out(target.pid, area, AREA);
			resident() <= pages / 8;
		}))) {
			TH_LOG("%u of %u are still there", resident(), pages);
		}
		EXPECT_GT(before, status_of(target.pid, "VmRSS"));
		EXPECT_LT(0, status_of(target.pid, "VmSwap"));
		ASSERT_EQ(0, end());
		EXPECT_EQ(NTAPC_PROCESS_OUT_OF_MEMORY, process_state(process));
		ASSERT_EQ(0, attach(process));
		EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, process_state(process));
		/* Before anything was read through it. */
		EXPECT_EQ(pages, resident());
		EXPECT_EQ(0, copy_read(dev, check, area, AREA));
		EXPECT_EQ(AREA, pattern_check(check, AREA, 0, 1));
		EXPECT_EQ(0, detach(dev));
	}
	EXPECT_INFO(NTAPC_PROCESS_IN_MEMORY, 0, 0, 3, 3);
}

/* Only what was in memory before is brought in. */
TEST_F(paging, only_the_ranges)
{
	struct ntapc_range range = {
		ADDR(area) + 64 * ONE_PAGE, 64 * ONE_PAGE,
	};
	unsigned int pages = AREA / ONE_PAGE;

	ASSERT_EQ(0, begin());
	EXPECT_TRUE(wait_until(({
		page_out(target.pid, area, AREA);
		resident() <= pages / 8;
	})));
	ASSERT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_END, &range, 1));
	ASSERT_EQ(0, attach(process));
	EXPECT_LE(64, resident());
	/* Readahead may bring in some neighbours. */
	EXPECT_GT(pages, resident());
	EXPECT_EQ(0, detach(dev));
}

/* Copies fault in what is out, also of a process that counts as in memory. */
TEST_F(paging, copies_fault_in)
{
	static unsigned char check[AREA];
	unsigned int pages = AREA / ONE_PAGE;

	EXPECT_TRUE(wait_until(({
		page_out(target.pid, area, AREA);
		resident() <= pages / 8;
	})));
	EXPECT_EQ(0, copy_read(process, check, area, AREA));
	EXPECT_EQ(AREA, pattern_check(check, AREA, 0, 1));
	EXPECT_TRUE(wait_until(({
		page_out(target.pid, area, AREA);
		resident() <= pages / 8;
	})));
	pattern_fill(check, AREA, 2);
	EXPECT_EQ(0, copy_write(process, check, area, AREA));
	memset(check, 0, AREA);
	ASSERT_TRUE(peek(target.pid, check, area, AREA));
	EXPECT_EQ(AREA, pattern_check(check, AREA, 0, 2));
	/* And one's own. */
	pattern_fill(area, AREA, 3);
	EXPECT_TRUE(wait_until(({
		page_out(getpid(), area, AREA);
		status_of(getpid(), "VmSwap") > 0;
	})));
	EXPECT_EQ(0, copy_write(process, area, check, AREA));
	ASSERT_TRUE(peek(target.pid, check, check, AREA));
	EXPECT_EQ(AREA, pattern_check(check, AREA, 0, 3));
}

/* The target runs on meanwhile, and finds its data. */
static void keep_checking(struct target *t)
{
	be_target(t);
	atomic_store(&t->shared->stage, 1);
	while (!atomic_load(&t->shared->go)) {
		if (pattern_check(area, AREA, 0, 1) != AREA)
			_exit(1);
		atomic_fetch_add(&t->shared->value[0], 1);
	}
	_exit(0);
}

static atomic_bool swapping;

static void attach_all_the_time(struct worker *worker)
{
	__u32 save;

	while (atomic_load(&swapping)) {
		if (attach_stack(process, &save) ||
		    read_word(worker->dev, &word) != 0x1001 ||
		    detach_stack(worker->dev, save))
			worker->ret++;
		atomic_store(&worker->stage, 1);
		/* Now and then nobody is. */
		breathe(++worker->arg % 32);
	}
}

/* Out and in all the time, while it runs and others attach. */
TEST_F(paging, storm)
{
	unsigned int rounds = scaled(400), i;
	struct ntapc_process_info info;
	struct worker workers[3] = {};

	target_kill(&target);
	close(process);
	ASSERT_TRUE(target_start(&target, keep_checking));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	atomic_store(&swapping, true);
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(worker_start(&workers[i], dev,
					 attach_all_the_time));
		ASSERT_TRUE(worker_reached(&workers[i], 1));
	}
	for (i = 0; i < rounds; i++) {
		int ret;

		/* When nobody is attached. */
		ASSERT_TRUE(wait_until(({
			ret = begin();
			ret != -EBUSY;
		})));
		ASSERT_EQ(0, ret);
		page_out(target.pid, area, AREA);
		ASSERT_EQ(0, i % 5 ? end() : cancel());
	}
	atomic_store(&swapping, false);
	for (i = 0; i < 3; i++) {
		worker_join(&workers[i]);
		EXPECT_EQ(0, workers[i].ret);
	}
	EXPECT_EQ(0, get_process_info(process, &info));
	EXPECT_EQ(rounds - (rounds + 4) / 5, info.nr_out_swap);
	EXPECT_TRUE(moves((void *)&target.shared->value[0]));
	target_go(&target, 1);
	EXPECT_EQ(0, reap(target.pid));
	EXPECT_TRUE(wait_gone(process));
	target.pid = 0;
	EXPECT_EQ(0, stack_count(process));
}

TEST_HARNESS_MAIN
