// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the trace events say of attaching: who, in which order, and the states of the
 * process meanwhile (rules 9.3, 9.4).
 */
#include "procs.h"
#include "kselftest_harness.h"

#define TRACING	"/sys/kernel/tracing/"

static int dev, process;
static struct target target;

static bool put(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, what, strlen(what)) ==
				       (ssize_t)strlen(what);

	if (fd >= 0)
		close(fd);
	return done;
}

static bool trace(const char *event, bool on)
{
	char path[128];

	snprintf(path, sizeof(path), TRACING "events/ntapc/%s/enable", event);
	return put(path, on ? "1" : "0");
}

static const char *const events[] = {
	"ntapc_attach", "ntapc_detach", "ntapc_process_state",
	"ntapc_process_ready",
};

static bool trace_all(bool on)
{
	bool done = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		done &= trace(events[i], on);
	return done;
}

/* What is said of the target, an event in a line, without who, where and when. */
static char said[16384];

static bool read_trace(void)
{
	FILE *file = fopen(TRACING "trace", "re");
	char line[512], process_is[32];

	if (!file)
		return false;
	snprintf(process_is, sizeof(process_is), "process=%d ", target.pid);
	said[0] = 0;
	while (fgets(line, sizeof(line), file)) {
		char *event = strstr(line, "ntapc_");

		if (line[0] == '#' || !event || !strstr(event, process_is) ||
		    strlen(said) + strlen(event) >= sizeof(said))
			continue;
		strcat(said, event);
	}
	fclose(file);
	return true;
}

FIXTURE(trace)
{
};

FIXTURE_SETUP(trace)
{
	dev = open_device();
	ASSERT_LE(0, dev);
	ASSERT_TRUE(target_start(&target, NULL));
	process = open_process(dev, target.pid);
	ASSERT_LE(0, process);
	/* Else each processor has a clock of its own, and lines change places. */
	put(TRACING "trace_clock", "global");
	if (!put(TRACING "trace", "") || !trace_all(true))
		SKIP(return, "no trace events here");
}

FIXTURE_TEARDOWN(trace)
{
	trace_all(false);
	put(TRACING "trace_clock", "local");
	if (target.pid > 0)
		target_kill(&target);
}

TEST_F(trace, attach_and_detach)
{
	char expected[256];

	ASSERT_EQ(0, attach(process));
	ASSERT_EQ(0, detach(dev));
	trace_all(false);
	ASSERT_TRUE(read_trace());
	snprintf(expected, sizeof(expected),
		 "ntapc_attach: pid=%d process=%d stack_count=1\n"
		 "ntapc_detach: pid=%d process=%d stack_count=0\n",
		 gettid(), target.pid, gettid(), target.pid);
	EXPECT_EQ(0, strcmp(expected, said)) {
		TH_LOG("%s", said);
	}
}

#define MANY	6

static void attach_once(struct worker *worker)
{
	worker->ret = attach(process);
	if (!worker->ret)
		worker->ret = detach(worker->dev);
}

/* The events of the kind @event, from @said; returns how many, at most @max. */
static unsigned int find(const char *event, const char *key, char (*values)[24],
			 unsigned int max)
{
	const char *line = said;
	unsigned int nr = 0;

	while ((line = strstr(line, event)) && nr < max) {
		const char *value = strstr(line, key) + strlen(key);

		snprintf(values[nr++], sizeof(*values), "%.*s",
			 (int)strcspn(value, "\n "), value);
		line++;
	}
	return nr;
}

/* Who waited first goes on first, and the process has been in each state by then. */
TEST_F(trace, ready_list_in_order)
{
	static const char *const states[] = {
		"OutTransition", "OutSwap", "InTransition", "InSwap",
		"InMemory",
	};
	struct worker attachers[MANY] = {};
	struct ntapc_process_info info;
	char values[MANY + 1][24];
	char tid[24];
	unsigned int i;

	ASSERT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_BEGIN, NULL, 0));
	for (i = 0; i < MANY; i++) {
		ASSERT_TRUE(worker_start(&attachers[i], dev, attach_once));
		ASSERT_TRUE(wait_until(!get_process_info(process, &info) &&
				       info.nr_ready == i + 1));
	}
	ASSERT_EQ(0, out_swap(process, NTAPC_OUT_SWAP_END, NULL, 0));
	for (i = 0; i < MANY; i++) {
		worker_join(&attachers[i]);
		EXPECT_EQ(0, attachers[i].ret);
	}
	trace_all(false);
	ASSERT_TRUE(read_trace());
	ASSERT_EQ(MANY, find("ntapc_process_ready:", " pid=", values, MANY + 1));
	for (i = 0; i < MANY; i++) {
		snprintf(tid, sizeof(tid), "%d", attachers[i].tid);
		EXPECT_EQ(0, strcmp(tid, values[i])) {
			TH_LOG("%u: %s, not %s", i, values[i], tid);
		}
	}
	ASSERT_EQ(ARRAY_SIZE(states),
		  find("ntapc_process_state:", "state=", values, MANY + 1));
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		EXPECT_EQ(0, strcmp(states[i], values[i])) {
			TH_LOG("%u: %s", i, values[i]);
		}
	}
}

TEST_HARNESS_MAIN
