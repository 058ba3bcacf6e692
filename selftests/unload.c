// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module goes only when nothing of it is left to run, and comes back. Needs
 * NTAPC_KO, the module's file. NTAPC_CYCLES says how often the last test does
 * it.
 */
#include "objects.h"
#include "procs.h"
#include "kselftest_harness.h"

#include <linux/userfaultfd.h>
#include <sys/mount.h>
#include <sys/stat.h>

static const char *module_file;

static bool is_loaded(void)
{
	return !access("/sys/module/ntapc", F_OK);
}

static int unload(void)
{
	return syscall(SYS_delete_module, "ntapc", O_NONBLOCK) ? -errno : 0;
}

static int load(void)
{
	int fd = open(module_file, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	if (!ret && !wait_until(!access("/dev/ntapc", F_OK)))
		ret = -ENODEV;
	return ret;
}

/* In use, as rmmod says it. */
static bool is_busy(int error)
{
	return error == -EBUSY || error == -EAGAIN;
}

FIXTURE(unload)
{
	int fds[2];
	/* Shared with the children. */
	atomic_int *ran;
	atomic_int *stage;
};

FIXTURE_SETUP(unload)
{
	log_reset();
	module_file = getenv("NTAPC_KO");
	if (geteuid())
		SKIP(return, "needs root");
	if (!module_file || access(module_file, R_OK))
		SKIP(return, "NTAPC_KO doesn't name the module's file");
	/* Nobody else may be using it. */
	if (is_loaded() && !wait_until(!is_busy(unload())))
		SKIP(return, "the module is in use");
	ASSERT_EQ(0, load());
	self->ran = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->ran);
	self->stage = self->ran + 16;
	ASSERT_EQ(0, pipe2(self->fds, O_CLOEXEC));
}

/* The module is always there afterwards. */
FIXTURE_TEARDOWN_PARENT(unload)
{
	module_file = getenv("NTAPC_KO");
	if (!geteuid() && module_file && !access(module_file, R_OK) &&
	    !is_loaded())
		load();
}

static atomic_int *apc_ran;

static void count_apc(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg0;
	(void)arg1;
	(void)arg2;
	atomic_fetch_add(apc_ran, 1);
}

TEST_F(unload, not_while_a_descriptor_is_open)
{
	int dev = open_device(), thread, reserve;

	ASSERT_LE(0, dev);
	EXPECT_TRUE(is_busy(unload()));
	thread = open_thread(dev, 0);
	reserve = open_reserve(dev);
	close(dev);
	EXPECT_TRUE(is_busy(unload()));
	close(thread);
	EXPECT_TRUE(is_busy(unload()));
	close(reserve);
	EXPECT_TRUE(wait_until(!unload()));
	EXPECT_FALSE(is_loaded());
	EXPECT_EQ(-ENOENT, open_device());
	EXPECT_EQ(0, load());
}

TEST_F(unload, not_while_a_slot_is_mapped)
{
	int dev = open_device(), thread = open_thread(dev, 0);
	struct ntapc_control *control;

	ASSERT_LE(0, thread);
	control = map_control(thread);
	ASSERT_NE(NULL, control);
	close(thread);
	close(dev);
	EXPECT_TRUE(is_busy(unload()));
	control->guard = 1;
	EXPECT_EQ(getpid(), control->tid);
	ASSERT_EQ(0, munmap((void *)(ADDR(control) & -4096UL), 4096));
	EXPECT_TRUE(wait_until(!unload()));
}

/*
 * Objects of each type, the last of them a timer that expires all the time, and a
 * mutant that is held; the descriptors go one by one.
 */
TEST_F(unload, not_while_an_object_is_open)
{
	int objects[NR_OBJECT_TYPES], dev = open_device();
	unsigned int i;

	ASSERT_LE(0, dev);
	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		const struct object_type *type = &object_types[i];

		objects[i] = i & 1 ? create_named(dev, type->type, 0,
						  type->limit, type->name,
						  strlen(type->name), NULL) :
			     create_object(dev, type->type, 0, type->limit);
		ASSERT_LE(0, objects[i]);
		if (type->type == NTAPC_OBJECT_MUTANT) {
			EXPECT_EQ(0, try_one(objects[i]));
		}
	}
	ASSERT_EQ(0, set_timer_full(objects[i - 1], -1, 1, ADDR(count_apc), 0));
	close(dev);
	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		EXPECT_TRUE(is_busy(unload()));
		close(objects[i]);
	}
	/* The timer's APC went with it. */
	EXPECT_TRUE(wait_until(!unload()));
	EXPECT_EQ(0, load());
}

/* Who is killed in a wait, with a mutant and a timer, doesn't keep it. */
TEST_F(unload, after_waiters_were_killed)
{
	int dev, event, mutant, timer;
	pid_t child;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		dev = open_device();
		event = create_event(dev, false);
		mutant = create_mutant(dev, true);
		timer = create_timer(dev, false);
		set_timer_full(timer, -1, 1, ADDR(count_apc), 0);
		atomic_store(self->stage, mutant >= 0 ? getpid() : -1);
		_exit(wait_one(event, NTAPC_WAIT_FOREVER));
	}
	ASSERT_TRUE(wait_until(atomic_load(self->stage)));
	ASSERT_EQ(child, atomic_load(self->stage));
	ASSERT_TRUE(wait_asleep(child));
	EXPECT_TRUE(is_busy(unload()));
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	EXPECT_TRUE(wait_until(!unload()));
	EXPECT_EQ(0, load());
}

static __u64 word = 0x1000;

static void change_word(struct target *target)
{
	(void)target;
	word = 0x1001;
}

/* A thread that is attached, with no descriptor left. */
TEST_F(unload, not_while_one_is_attached)
{
	int dev = open_device(), process;
	struct target target;

	ASSERT_TRUE(target_start(&target, change_word));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	ASSERT_EQ(0, attach(process));
	close(process);
	close(dev);
	EXPECT_TRUE(is_busy(unload()));
	EXPECT_TRUE(is_busy(unload()));
	dev = open_device();
	ASSERT_LE(0, dev);
	EXPECT_EQ(0x1001, read_word(dev, &word));
	close(dev);
	/* Nor when the process has ended. */
	target_kill(&target);
	EXPECT_TRUE(is_busy(unload()));
	dev = open_device();
	EXPECT_EQ(0, detach(dev));
	EXPECT_EQ(0x1000, read_word(dev, &word));
	close(dev);
	EXPECT_TRUE(wait_until(!unload()));
}

static struct target victim;

static void attach_for_good(struct target *target)
{
	int dev = open_device();
	int process = open_process(dev, victim.pid);
	__u32 save;

	(void)target;
	if (process < 0 || attach_stack(process, &save))
		_exit(1);
	close(process);
	close(dev);
}

/* One that goes attached lets go of it. */
TEST_F(unload, after_an_attached_thread)
{
	struct target attacher;

	ASSERT_TRUE(target_start(&victim, change_word));
	ASSERT_TRUE(target_start(&attacher, attach_for_good));
	EXPECT_TRUE(is_busy(unload()));
	EXPECT_EQ(-SIGKILL, target_kill(&attacher));
	EXPECT_TRUE(wait_until(!unload()));
	/* The target doesn't notice. */
	EXPECT_EQ(-SIGKILL, target_kill(&victim));
	EXPECT_EQ(0, load());
}

TEST_F(unload, not_while_a_window_is_mapped)
{
	int dev = open_device(), window = open_window(dev, ONE_PAGE);
	char *map;

	ASSERT_LE(0, window);
	map = mmap(NULL, ONE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, window,
		   0);
	ASSERT_NE(MAP_FAILED, map);
	close(window);
	close(dev);
	EXPECT_TRUE(is_busy(unload()));
	map[0] = 1;
	EXPECT_EQ(0, munmap(map, ONE_PAGE));
	EXPECT_TRUE(wait_until(!unload()));
}

/* A process that is out of memory is back in it with the next module. */
TEST_F(unload, while_a_process_is_out)
{
	struct target target;
	int dev, process;

	ASSERT_TRUE(target_start(&target, change_word));
	/* Only now, so that the target has none of them. */
	dev = open_device();
	process = open_process(dev, target.pid);
	ASSERT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_BEGIN, NULL, 0));
	EXPECT_TRUE(is_busy(unload()));
	ASSERT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_END, NULL, 0));
	close(process);
	close(dev);
	EXPECT_TRUE(wait_until(!unload()));
	ASSERT_EQ(0, load());
	dev = open_device();
	process = open_process(dev, target.pid);
	EXPECT_EQ(NTAPC_PROCESS_IN_MEMORY, process_state(process));
	EXPECT_EQ(0x1001, read_word(process, &word));
	close(process);
	close(dev);
	target_kill(&target);
}

/*
 * Everybody has gone while the swapper is bringing a process in, or has just given up
 * on a page whose fault nobody serves: the module isn't unloaded from under it.
 */
static char *slow_page;

static void register_faults(struct target *target)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { ADDR(slow_page), ONE_PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd >= 0 && (ioctl(fd, UFFDIO_API, &api) ||
			ioctl(fd, UFFDIO_REGISTER, &range)))
		fd = -1;
	atomic_store(&target->shared->value[0], fd);
}

static void attach_to_victim(struct target *target)
{
	int dev = open_device();
	int process = open_process(dev, victim.pid);

	target_step(target, 1);
	attach(process);
}

FIXTURE(in_swap)
{
};

FIXTURE_VARIANT(in_swap)
{
	int sharing;
};

FIXTURE_VARIANT_ADD(in_swap, private)
{
	.sharing = MAP_PRIVATE,
};

FIXTURE_VARIANT_ADD(in_swap, shared)
{
	.sharing = MAP_SHARED,
};

FIXTURE_SETUP(in_swap)
{
	unload_setup(_metadata, &(FIXTURE_DATA(unload)) {}, NULL);
}

FIXTURE_TEARDOWN_PARENT(in_swap)
{
	module_file = getenv("NTAPC_KO");
	if (!geteuid() && module_file && !access(module_file, R_OK) &&
	    !is_loaded())
		load();
}

TEST_F(in_swap, under_way)
{
	struct ntapc_range range = { .length = ONE_PAGE };
	struct target attacher;
	int dev, process, pidfd, faults, ret;

	slow_page = mmap(NULL, ONE_PAGE, PROT_READ | PROT_WRITE,
			 variant->sharing | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, slow_page);
	range.address = ADDR(slow_page);
	ASSERT_TRUE(target_start(&victim, register_faults));
	ASSERT_TRUE(target_start(&attacher, attach_to_victim));
	pidfd = pidfd_of(victim.pid);
	faults = syscall(SYS_pidfd_getfd, pidfd,
			 atomic_load(&victim.shared->value[0]), 0);
	dev = open_device();
	process = open_process(dev, victim.pid);
	ASSERT_LE(0, process);
	ASSERT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_BEGIN, NULL, 0));
	ASSERT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_END, &range, 1));
	target_go(&attacher, 1);
	ASSERT_TRUE(wait_until(process_state(process) !=
			       NTAPC_PROCESS_OUT_OF_MEMORY));
	target_kill(&attacher);
	target_kill(&victim);
	close(process);
	close(dev);
	ret = unload();
	EXPECT_TRUE(!ret || is_busy(ret));
	close(faults);
	if (ret) {
		EXPECT_TRUE(wait_until(!unload()));
	}
}

/* A thread whose APCs stay queued, with no descriptor left. */
TEST_F(unload, not_while_one_is_queued)
{
	int dev = open_device(), thread = open_thread(dev, 0);
	struct ntapc_record record;

	ASSERT_LE(0, thread);
	EXPECT_EQ(0, queue(thread, log_apc, 1));
	close(thread);
	close(dev);
	EXPECT_TRUE(is_busy(unload()));
	EXPECT_TRUE(is_busy(unload()));
	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_EQ(1, take_records(dev, &record, 1));
	EXPECT_EQ(ADDR(log_apc), record.routine);
	close(dev);
	EXPECT_TRUE(wait_until(!unload()));
}

/* What keeps the target from running. */
enum hindrance {
	READING,
	STOPPED,
	FROZEN,
	IN_VFORK,
	SPINNING,
};

FIXTURE(hindered)
{
	int fds[2];
	atomic_int *ran;
	atomic_int *stage;
};

FIXTURE_VARIANT(hindered)
{
	enum hindrance hindrance;
	__u32 flags;
	/* It is killed instead of being let go. */
	bool killed;
};

#define VARIANTS(name, which)						\
FIXTURE_VARIANT_ADD(hindered, name##_ordinary)				\
{									\
	.hindrance = which,						\
	.killed = true,							\
};									\
FIXTURE_VARIANT_ADD(hindered, name##_special)				\
{									\
	.hindrance = which,						\
	.flags = NTAPC_QUEUE_SPECIAL,					\
};									\
FIXTURE_VARIANT_ADD(hindered, name##_interrupt)				\
{									\
	.hindrance = which,						\
	.flags = NTAPC_QUEUE_SPECIAL | NTAPC_QUEUE_INTERRUPT,		\
};									\
FIXTURE_VARIANT_ADD(hindered, name##_killed)				\
{									\
	.hindrance = which,						\
	.flags = NTAPC_QUEUE_SPECIAL,					\
	.killed = true,							\
}

VARIANTS(reading, READING);
VARIANTS(stopped, STOPPED);
VARIANTS(frozen, FROZEN);
VARIANTS(vfork, IN_VFORK);
VARIANTS(spinning, SPINNING);

FIXTURE_SETUP(hindered)
{
	module_file = getenv("NTAPC_KO");
	if (geteuid())
		SKIP(return, "needs root");
	if (!module_file || access(module_file, R_OK))
		SKIP(return, "NTAPC_KO doesn't name the module's file");
	if (!is_loaded())
		ASSERT_EQ(0, load());
	self->ran = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->ran);
	self->stage = self->ran + 16;
	apc_ran = self->ran;
	ASSERT_EQ(0, pipe2(self->fds, O_CLOEXEC));
}

FIXTURE_TEARDOWN_PARENT(hindered)
{
	module_file = getenv("NTAPC_KO");
	if (!geteuid() && module_file && !access(module_file, R_OK) &&
	    !is_loaded())
		load();
}

static void be_target(enum hindrance hindrance, int fd, atomic_int *stage)
{
	/* It keeps no descriptor: frames come back in user mode. */
	int dev = open_frames(dispatch_user);
	volatile pid_t child;
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dev < 0)
		_exit(1);
	close(dev);
	if (hindrance != IN_VFORK)
		atomic_store(stage, 1);
	switch (hindrance) {
	case READING:
		if (read(fd, &c, 1) != 1)
			_exit(2);
		break;
	case IN_VFORK:
		child = vfork();
		if (!child) {
			atomic_store(stage, 1);
			_exit(read(fd, &c, 1) != 1);
		}
		if (reap(child))
			_exit(3);
		break;
	case STOPPED:
	case FROZEN:
	case SPINNING:
		while (atomic_load(stage) < 2)
			;
		break;
	}
	atomic_store(stage, 3);
	_exit(0);
}

#define CGROUPS	"/tmp/ntapc-cgroups"

/* Moves a process into a frozen cgroup, or thaws it. */
static bool freeze(pid_t pid, bool on)
{
	char text[256];
	ssize_t len;
	int fd;

	if (on) {
		mkdir(CGROUPS, 0700);
		if (mount("none", CGROUPS, "cgroup2", 0, NULL) &&
		    errno != EBUSY)
			return false;
		mkdir(CGROUPS "/ntapc", 0700);
		if (write_number(CGROUPS "/ntapc/cgroup.procs", pid))
			return false;
	}
	if (write_number(CGROUPS "/ntapc/cgroup.freeze", on))
		return false;
	if (!on)
		return true;
	/* Done when cgroup.events says so. */
	return wait_until(({
		fd = open(CGROUPS "/ntapc/cgroup.events", O_RDONLY | O_CLOEXEC);
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[len > 0 ? len : 0] = 0;
		strstr(text, "frozen 1");
	}));
}

static void unfreeze_for_good(void)
{
	write_number(CGROUPS "/ntapc/cgroup.freeze", 0);
	wait_until(!rmdir(CGROUPS "/ntapc") || errno == ENOENT);
	umount(CGROUPS);
	rmdir(CGROUPS);
}

static bool hinder(enum hindrance hindrance, pid_t pid)
{
	int status;

	switch (hindrance) {
	case READING:
		return wait_asleep(pid);
	case IN_VFORK:
		return wait_until(thread_state(pid) == 'D');
	case STOPPED:
		kill(pid, SIGSTOP);
		return waitpid(pid, &status, WUNTRACED) == pid;
	case FROZEN:
		return freeze(pid, true);
	default:
		return true;
	}
}

static void let_go(enum hindrance hindrance, pid_t pid, int fd,
		   atomic_int *stage)
{
	atomic_store(stage, 2);
	switch (hindrance) {
	case READING:
	case IN_VFORK:
		if (write(fd, "x", 1) != 1)
			abort();
		break;
	case STOPPED:
		kill(pid, SIGCONT);
		break;
	case FROZEN:
		freeze(pid, false);
		break;
	default:
		break;
	}
}

/*
 * Either the module stays until the APC has run, or been dropped with its
 * thread, or it goes and nothing of it is left to run.
 */
TEST_F(hindered, target)
{
	int dev, thread, busy, expected;
	pid_t child;

	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		be_target(variant->hindrance, self->fds[0], self->stage);
	ASSERT_TRUE(wait_until(atomic_load(self->stage)));
	if (!hinder(variant->hindrance, child)) {
		kill(child, SIGKILL);
		reap(child);
		if (variant->hindrance == FROZEN) {
			unfreeze_for_good();
			SKIP(return, "no cgroup freezer");
		}
		ASSERT_TRUE(false);
	}
	dev = open_device();
	ASSERT_LE(0, dev);
	thread = open_thread(dev, child);
	ASSERT_LE(0, thread);
	EXPECT_EQ(0, queue_full(thread, variant->flags, ADDR(count_apc), 1, 0, 0,
				0));
	close(thread);
	close(dev);
	busy = unload();
	/*
	 * While it still is in the way there is no other answer. An APC that
	 * interrupts gets its frame made at once by one that reads or is frozen.
	 */
	if (variant->hindrance == STOPPED || variant->hindrance == IN_VFORK ||
	    !variant->flags) {
		EXPECT_TRUE(is_busy(busy));
	}
	if (variant->killed)
		kill(child, SIGKILL);
	else
		let_go(variant->hindrance, child, self->fds[1], self->stage);
	if (variant->hindrance == FROZEN && variant->killed)
		freeze(child, false);
	EXPECT_EQ(variant->killed ? -SIGKILL : 0, reap(child));
	if (variant->hindrance == FROZEN)
		unfreeze_for_good();
	/* In vfork() the child of the child lives on until it has read. */
	if (variant->hindrance == IN_VFORK && variant->killed)
		ASSERT_EQ(1, write(self->fds[1], "x", 1));
	expected = !!variant->flags && !variant->killed;
	/* Spinning, it may have run before the kill. */
	if (variant->hindrance != SPINNING || !variant->killed) {
		EXPECT_EQ(expected, atomic_load(self->ran));
	}
	if (busy) {
		EXPECT_TRUE(wait_until(!unload()));
	}
	EXPECT_FALSE(is_loaded());
	EXPECT_EQ(0, load());
}

/* Unloading and using it at once, from both sides. */
TEST_F(unload, races_use)
{
	unsigned int cycles = 0, i;
	__u64 end = in_ms(2000), give_up = in_ms(4 * PATIENCE_MS);
	pid_t users[3];

	apc_ran = self->ran;
	for (i = 0; i < 3; i++) {
		users[i] = fork();
		ASSERT_LE(0, users[i]);
		if (users[i])
			continue;
		while (!atomic_load(self->stage)) {
			int dev = open_frames(i & 1 ? dispatch_user :
					      dispatch_continue);
			int thread;

			if (dev < 0) {
				breathe(100);
				continue;
			}
			thread = open_thread(dev, 0);
			queue(thread, count_apc, 1);
			queue_special(thread, count_apc, 1);
			delay(dev, NTAPC_WAIT_ALERTABLE, 0);
			if (nr_pending(thread))
				_exit(1);
			close(thread);
			close(dev);
			breathe(100);
		}
		_exit(0);
	}
	/* Until both sides have had their turn, however long that takes. */
	while (now() < end ||
	       (now() < give_up && !(cycles && atomic_load(self->ran)))) {
		if (!unload()) {
			cycles++;
			ASSERT_EQ(0, load());
		}
		breathe(100);
	}
	atomic_store(self->stage, 1);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, reap(users[i]));
	}
	TH_LOG("unloaded %u times, %d APCs ran", cycles,
	       atomic_load(self->ran));
	EXPECT_LT(0, atomic_load(self->ran));
	EXPECT_TRUE(wait_until(!is_loaded() || !unload()));
}

TEST_F(unload, cycles)
{
	const char *env = getenv("NTAPC_CYCLES");
	unsigned int cycles, cycle;
	int dev, thread, other;
	pid_t child;
	char c;

	cycles = env ? atoi(env) : on_uml() ? 60 : 20;
	apc_ran = self->ran;
	for (cycle = 0; cycle < cycles; cycle++) {
		child = fork();
		ASSERT_LE(0, child);
		if (!child)
			_exit(read(self->fds[0], &c, 1) != 1);
		dev = open_frames(dispatch_continue);
		ASSERT_LE(0, dev);
		thread = open_thread(dev, 0);
		ASSERT_LE(0, thread);
		other = open_thread(dev, child);
		ASSERT_LE(0, other);
		ASSERT_EQ(0, queue(thread, count_apc, 1));
		ASSERT_EQ(0, queue_special(thread, count_apc, 1));
		ASSERT_EQ(NTAPC_STATUS_USER_APC,
			  delay(dev, NTAPC_WAIT_ALERTABLE, 0));
		ASSERT_EQ(2 * (cycle + 1), atomic_load(self->ran));
		ASSERT_EQ(0, queue(other, count_apc, 1));
		close(thread);
		close(other);
		close(dev);
		/* It goes while the module does, one way or the other. */
		if (cycle & 1)
			kill(child, SIGKILL);
		else
			ASSERT_EQ(1, write(self->fds[1], "x", 1));
		ASSERT_TRUE(wait_until(!unload()));
		reap(child);
		ASSERT_EQ(0, load());
	}
}

TEST_HARNESS_MAIN
