// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failing allocations and copies, one at a time: each operation is repeated with
 * its first, second and so on possible fault made to happen, until it gets by
 * without one. A fault is an error with nothing changed, or it isn't noticed.
 */
#include "common.h"
#include "kselftest_harness.h"

#include <sys/mount.h>

#define MOST_FAULTS	300
#define DEBUGFS		"/sys/kernel/debug"

static int dev, self_fd, other_fd, reserve_fd;
static struct ntapc_queue_entry entries[40];
static struct ntapc_record records[4];

/* What an operation's child exits with. */
enum outcome {
	UNFAULTED,	/* the operation got by without a fault */
	FAULTED,	/* there was one, and all was well */
	NOT_PREPARED,
	WRONG_ERROR,
	CHANGED,
	WRONG_SUCCESS,
};

FIXTURE(fail)
{
};

/*
 * @prepare: what has to be there before, without faults
 * @operate: the operation; an error or not
 * @undo: after a success
 */
FIXTURE_VARIANT(fail)
{
	bool (*prepare)(void);
	int (*operate)(void);
	int success;
	/* On success something is queued, or taken, or run. */
	bool changes;
};

static bool nothing(void)
{
	return true;
}

static bool have_self(void)
{
	self_fd = open_thread(dev, 0);
	return self_fd >= 0;
}

static bool have_queued(void)
{
	int i;

	if (!have_self())
		return false;
	for (i = 0; i < 3; i++)
		if (queue(self_fd, log_apc, i))
			return false;
	return true;
}

static bool have_frames(void)
{
	return !set_dispatcher(dev, ADDR(dispatch_continue)) && have_queued();
}

static bool have_reserve(void)
{
	reserve_fd = open_reserve(dev);
	return have_self() && reserve_fd >= 0;
}

static bool have_entries(void)
{
	int i;

	for (i = 0; i < 40; i++)
		entries[i].routine = 0x1000;
	return have_self();
}

static bool have_control(void)
{
	__u32 offset;
	__u64 page;

	return have_self() && !thread_control(self_fd, &offset, &page);
}

static int op_open_device(void)
{
	int fd = open_device();

	return fd < 0 ? fd : 0;
}

FIXTURE_VARIANT_ADD(fail, open_device)
{
	.prepare = nothing,
	.operate = op_open_device,
};

static int op_info(void)
{
	struct ntapc_info info;

	return get_info(dev, &info);
}

FIXTURE_VARIANT_ADD(fail, info)
{
	.prepare = nothing,
	.operate = op_info,
};

static int op_open_self(void)
{
	self_fd = open_thread(dev, 0);
	return self_fd < 0 ? self_fd : 0;
}

FIXTURE_VARIANT_ADD(fail, open_self)
{
	.prepare = nothing,
	.operate = op_open_self,
};

static int op_open_other(void)
{
	int fd = open_thread(dev, getppid());

	return fd < 0 ? fd : 0;
}

FIXTURE_VARIANT_ADD(fail, open_other)
{
	.prepare = nothing,
	.operate = op_open_other,
};

static int op_reserve(void)
{
	int fd = open_reserve(dev);

	return fd < 0 ? fd : 0;
}

FIXTURE_VARIANT_ADD(fail, reserve)
{
	.prepare = nothing,
	.operate = op_reserve,
};

static int op_dispatcher(void)
{
	return set_dispatcher(dev, ADDR(dispatch_continue));
}

FIXTURE_VARIANT_ADD(fail, dispatcher)
{
	.prepare = nothing,
	.operate = op_dispatcher,
};

static int op_exit_status(void)
{
	return set_exit_status(dev, 1);
}

FIXTURE_VARIANT_ADD(fail, exit_status)
{
	.prepare = nothing,
	.operate = op_exit_status,
};

static int op_queue(void)
{
	return queue(self_fd, log_apc, 1);
}

FIXTURE_VARIANT_ADD(fail, queue)
{
	.prepare = have_self,
	.operate = op_queue,
	.changes = true,
};

static int op_queue_other(void)
{
	return queue(other_fd, log_apc, 1);
}

static bool have_other(void)
{
	other_fd = open_thread(dev, getppid());
	return have_self() && other_fd >= 0;
}

FIXTURE_VARIANT_ADD(fail, queue_other)
{
	.prepare = have_other,
	.operate = op_queue_other,
};

static int op_queue_reserve(void)
{
	return queue_reserve(self_fd, reserve_fd, log_apc, 1);
}

FIXTURE_VARIANT_ADD(fail, queue_reserve)
{
	.prepare = have_reserve,
	.operate = op_queue_reserve,
	.changes = true,
};

static int op_queue_special(void)
{
	int ret = queue_special(self_fd, log_apc, 1);

	/* It has run, or it wasn't queued. */
	return ret || log_count() == 1 ? ret : -EPROTO;
}

FIXTURE_VARIANT_ADD(fail, queue_special)
{
	.prepare = have_frames,
	.operate = op_queue_special,
	.changes = true,
};

static int op_queue_many(void)
{
	int ret = queue_many(self_fd, entries, 40);

	/* Fewer is as good, as long as it says how many. */
	if (ret <= 0)
		return ret;
	return nr_pending(self_fd) == ret ? 0 : -EPROTO;
}

FIXTURE_VARIANT_ADD(fail, queue_many)
{
	.prepare = have_entries,
	.operate = op_queue_many,
	.changes = true,
};

static int op_thread_info(void)
{
	struct ntapc_thread_info info;

	return get_thread_info(self_fd, &info);
}

FIXTURE_VARIANT_ADD(fail, thread_info)
{
	.prepare = have_self,
	.operate = op_thread_info,
};

static int op_control(void)
{
	__u32 offset;
	__u64 page;

	return thread_control(self_fd, &offset, &page);
}

FIXTURE_VARIANT_ADD(fail, thread_control)
{
	.prepare = have_self,
	.operate = op_control,
};

static int op_mmap(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED, self_fd, 0);

	return map == MAP_FAILED ? -errno : 0;
}

FIXTURE_VARIANT_ADD(fail, mmap)
{
	.prepare = have_self,
	.operate = op_mmap,
};

FIXTURE_VARIANT_ADD(fail, mmap_again)
{
	.prepare = have_control,
	.operate = op_mmap,
};

static int op_take_records(void)
{
	return take_records(dev, records, 4);
}

FIXTURE_VARIANT_ADD(fail, test_alert_records)
{
	.prepare = have_queued,
	.operate = op_take_records,
	.success = 3,
	.changes = true,
};

static int op_wait_records(void)
{
	__u32 count = 0;

	return wait_records(dev, 0, records, 2, &count);
}

FIXTURE_VARIANT_ADD(fail, wait_records)
{
	.prepare = have_queued,
	.operate = op_wait_records,
	.success = NTAPC_STATUS_USER_APC,
	.changes = true,
};

static int op_delay(void)
{
	return delay(dev, 0, in_ms(5));
}

FIXTURE_VARIANT_ADD(fail, delay)
{
	.prepare = nothing,
	.operate = op_delay,
};

/* The first frame may fail to be made; all others are of NTAPC_IOC_CONTINUE. */
static int op_frames(void)
{
	return test_alert(dev, 0);
}

FIXTURE_VARIANT_ADD(fail, frames)
{
	.prepare = have_frames,
	.operate = op_frames,
	.changes = true,
};

static int op_poll(void)
{
	struct pollfd pollfd = { .fd = self_fd, .events = POLLIN };
	int ret = poll(&pollfd, 1, 0);

	return ret < 0 ? -errno : ret;
}

FIXTURE_VARIANT_ADD(fail, poll)
{
	.prepare = have_self,
	.operate = op_poll,
};

FIXTURE_SETUP(fail)
{
	if (access("/proc/thread-self/fail-nth", W_OK))
		SKIP(return, "the kernel has no fault injection");
	mount("none", DEBUGFS, "debugfs", 0, NULL);
	/* What the kernel lacks of these isn't tested. */
	write_number(DEBUGFS "/failslab/verbose", 0);
	write_number(DEBUGFS "/fail_page_alloc/verbose", 0);
	write_number(DEBUGFS "/fail_page_alloc/min-order", 0);
	write_number(DEBUGFS "/fail_usercopy/verbose", 0);
	{
		static const char *const files[] = {
			DEBUGFS "/failslab/ignore-gfp-wait",
			DEBUGFS "/fail_page_alloc/ignore-gfp-wait",
			DEBUGFS "/fail_page_alloc/ignore-gfp-highmem",
		};
		unsigned int i;
		int fd;

		for (i = 0; i < ARRAY_SIZE(files); i++) {
			fd = open(files[i], O_WRONLY | O_CLOEXEC);
			if (fd >= 0 && write(fd, "N", 1) != 1)
				TH_LOG("%s: can't be written", files[i]);
			if (fd >= 0)
				close(fd);
		}
	}
	dev = open_device();
	ASSERT_LE(0, dev);
}

FIXTURE_TEARDOWN(fail)
{
}

/* Runs the operation with its @nth fault; whether that happened in @faulted. */
static int with_fault(int (*operate)(void), unsigned int nth, bool *faulted)
{
	char text[16];
	int fd, ret, len;

	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	len = snprintf(text, sizeof(text), "%u", nth);
	if (fd < 0 || write(fd, text, len) != len)
		_exit(NOT_PREPARED);
	ret = operate();
	/* The count of what is left; reading it may meet the fault itself. */
	memset(text, 0, sizeof(text));
	len = pread(fd, text, sizeof(text) - 1, 0);
	*faulted = len > 0 && !atoi(text);
	if (pwrite(fd, "0", 1, 0) != 1)
		_exit(NOT_PREPARED);
	close(fd);
	return ret;
}

static bool may_be(int error)
{
	return error == -ENOMEM || error == -EFAULT || error == -ENFILE;
}

static enum outcome try(const FIXTURE_VARIANT(fail) *variant, unsigned int nth)
{
	struct ntapc_thread_info before = {}, after = {};
	bool faulted;
	int ret;

	if (!variant->prepare())
		return NOT_PREPARED;
	if (self_fd > 0)
		get_thread_info(self_fd, &before);
	ret = with_fault(variant->operate, nth, &faulted);
	if (ret == variant->success)
		return faulted ? FAULTED : UNFAULTED;
	if (!faulted || !may_be(ret)) {
		fprintf(stderr, "# fault %u: %d\n", nth, ret);
		return ret < 0 ? WRONG_ERROR : WRONG_SUCCESS;
	}
	if (self_fd > 0 && before.size) {
		get_thread_info(self_fd, &after);
		if (memcmp(&before, &after, sizeof(before)))
			return CHANGED;
	}
	/* And it works the next time. */
	log_reset();
	ret = variant->operate();
	return ret == variant->success ? FAULTED : WRONG_ERROR;
}

TEST_F_TIMEOUT(fail, each, 60)
{
	struct ntapc_info before, after;
	unsigned int nth;
	pid_t child;
	int outcome = FAULTED;

	ASSERT_EQ(0, get_info(dev, &before));
	for (nth = 1; nth < MOST_FAULTS && outcome == FAULTED; nth++) {
		child = fork();
		ASSERT_LE(0, child);
		if (!child)
			_exit(try(variant, nth));
		outcome = reap(child);
	}
	EXPECT_EQ(UNFAULTED, outcome) {
		TH_LOG("fault %u", nth - 1);
	}
	TH_LOG("%u faults", nth - 2);
	/* Nothing is left over; but for what is queued to us. */
	EXPECT_TRUE(wait_until(!get_info(dev, &after) &&
			       after.nr_threads <= before.nr_threads + 1));
	while (take_records(dev, records, 4) > 0)
		;
	EXPECT_TRUE(wait_until(!get_info(dev, &after) &&
			       after.queued_user <= before.queued_user));
}

TEST_HARNESS_MAIN
