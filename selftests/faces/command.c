// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command: ntapc attach, each action, and ntapc objects; what they print, and how
 * they end.
 */
#include <stdarg.h>

#include "target.h"
#include "kselftest_harness.h"

#define OUTPUT_MAX	65536

/* Of the command: standard output, with standard error behind it. */
static char output[OUTPUT_MAX];
static size_t output_length;

static void collect(int fd)
{
	ssize_t got;

	while (output_length < OUTPUT_MAX - 1 &&
	       (got = read(fd, output + output_length,
			   OUTPUT_MAX - 1 - output_length)) > 0)
		output_length += got;
	output[output_length] = '\0';
}

/* Both are files, so that neither has to be read while it runs. */
static int memory_file(void)
{
	return syscall(SYS_memfd_create, "output", 0U);
}

/* Runs it with @input as standard input. Returns its exit status. */
static int run_command(const char *input, char **argv)
{
	int in = memory_file(), out = memory_file(), err = memory_file();
	pid_t child;
	int status;

	if (write(in, input, strlen(input)) < 0 || lseek(in, 0, SEEK_SET))
		return -1;
	child = fork();
	if (!child) {
		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		execvp("ntapc", argv);
		_exit(127);
	}
	status = end_of(child);
	lseek(out, 0, SEEK_SET);
	lseek(err, 0, SEEK_SET);
	output_length = 0;
	collect(out);
	collect(err);
	close(in);
	close(out);
	close(err);
	return status;
}

/* The same for "ntapc attach PID", with the arguments that are said, apart by spaces. */
static int run_with(const char *input, pid_t pid, const char *arguments, ...)
{
	char command[512], number[16], *argv[32] = { "ntapc", "attach", number };
	int argc = 3;
	va_list ap;

	va_start(ap, arguments);
	vsnprintf(command, sizeof(command), arguments, ap);
	va_end(ap);
	snprintf(number, sizeof(number), "%d", pid);
	for (argv[argc] = strtok(command, " "); argv[argc];
	     argv[argc] = strtok(NULL, " "))
		argc++;
	return run_command(input, argv);
}

#define run(pid, ...)	run_with("", pid, __VA_ARGS__)

FIXTURE(attach) {
	struct target t;
};

FIXTURE_SETUP(attach)
{
	ASSERT_TRUE(target_begin(&self->t));
	if (run(self->t.pid, "info") == 127)
		SKIP(return, "the command isn't installed here");
}

FIXTURE_TEARDOWN(attach)
{
	target_kill(&self->t);
}

TEST_F(attach, info)
{
	ASSERT_EQ(0, run(self->t.pid, "info"));
	EXPECT_NE(NULL, strstr(output, "state       in memory\n"));
	EXPECT_NE(NULL, strstr(output, "\nattached    0 threads or copies"));
}

TEST_F(attach, reads)
{
	ASSERT_EQ(0, run(self->t.pid, "read %lx 5000", remote(0, 7)));
	EXPECT_EQ(5000, output_length);
	EXPECT_TRUE(is_childs(output, 7, 5000));
	/* What there is, and then why there isn't more. */
	ASSERT_EQ(1, run(self->t.pid, "read 0x%lx 0x40",
			 remote(NO_ACCESS, 0) - 16));
	EXPECT_TRUE(is_childs(output, DATA_SIZE - 16, 16));
	EXPECT_NE(NULL, strstr(output + 16, "nothing accessible at 0x"));
	EXPECT_NE(NULL, strstr(output + 16, "only at the 16 bytes before\n"));
	EXPECT_EQ(0, run(self->t.pid, "read 0 0"));
	EXPECT_EQ(0, output_length);
}

TEST_F(attach, writes)
{
	static const char expected[] = "\x01\xab\xfftextstdin!";
	char seen[32] = "", name[] = "/tmp/ntapc-command-XXXXXX";
	int file = mkstemp(name);

	ASSERT_EQ(0, run(self->t.pid, "write %lx 01 abFF", remote(BEHIND, 0)));
	EXPECT_NE(NULL, strstr(output, ": 3 bytes written\n"));
	ASSERT_EQ(0, run(self->t.pid, "write -s %lx text", remote(BEHIND, 3)));
	ASSERT_EQ(0, run_with("stdin!", self->t.pid, "write %lx",
			      remote(BEHIND, 7)));
	ASSERT_TRUE(target_peek(&self->t, remote(BEHIND, 0), seen, 14));
	EXPECT_EQ(0, memcmp(expected, seen, sizeof(expected)));
	ASSERT_LE(0, file);
	ASSERT_EQ(4, write(file, "file", 4));
	ASSERT_EQ(0, run(self->t.pid, "write %lx -f %s", remote(BEHIND, 3), name));
	ASSERT_TRUE(target_peek(&self->t, remote(BEHIND, 3), seen, 5));
	EXPECT_EQ(0, memcmp("files", seen, 5));
	unlink(name);
	EXPECT_EQ(1, run(self->t.pid, "write %lx -f %s", remote(BEHIND, 3), name));
	EXPECT_EQ(1, run(self->t.pid, "write %lx 00", remote(READ_ONLY, 0)));
	EXPECT_EQ(2, run(self->t.pid, "write %lx 0", remote(BEHIND, 0)));
	EXPECT_EQ(2, run(self->t.pid, "write %lx xx", remote(BEHIND, 0)));
	EXPECT_EQ(2, run(self->t.pid, "write"));
	EXPECT_EQ(2, run(self->t.pid, "write -s %lx", remote(BEHIND, 0)));
}

TEST_F(attach, fills_and_dumps)
{
	char expected[512];

	ASSERT_EQ(0, run(self->t.pid, "fill %lx 50 0x41", remote(BEHIND, 0)));
	ASSERT_EQ(0, run(self->t.pid, "dump %lx 69", remote(BEHIND, 0)));
	snprintf(expected, sizeof(expected),
		 "%016lx  41 41 41 41 41 41 41 41  41 41 41 41 41 41 41 41  |AAAAAAAAAAAAAAAA|\n"
		 "*\n"
		 "%016lx  41 41 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |AA..............|\n"
		 "%016lx  00 00 00 00 00                                    |.....|\n"
		 "%016lx\n", remote(BEHIND, 0), remote(BEHIND, 48),
		 remote(BEHIND, 64), remote(BEHIND, 69));
	EXPECT_STREQ(expected, output);
	EXPECT_EQ(0, run(self->t.pid, "dump 0 0"));
	EXPECT_STREQ("", output);
	EXPECT_EQ(2, run(self->t.pid, "fill %lx 50 256", remote(BEHIND, 0)));
	EXPECT_EQ(2, run(self->t.pid, "fill %lx 50", remote(BEHIND, 0)));
	EXPECT_EQ(2, run(self->t.pid, "dump zero 16"));
	EXPECT_EQ(2, run(self->t.pid, "dump 0 -1"));
	EXPECT_EQ(1, run(self->t.pid, "dump %lx 1", remote(FREE, 0)));
}

TEST_F(attach, string)
{
	ASSERT_EQ(0, run(self->t.pid, "write %lx 41205c0a7e00", remote(BEHIND, 0)));
	ASSERT_EQ(0, run(self->t.pid, "string %lx", remote(BEHIND, 0)));
	EXPECT_STREQ("A \\\\\\x0a~\n", output);
	EXPECT_EQ(1, run(self->t.pid, "string %lx", remote(FREE, 0)));
	EXPECT_EQ(2, run(self->t.pid, "string"));
}

TEST_F(attach, searches)
{
	char expected[64];

	ASSERT_EQ(0, run(self->t.pid, "write -s %lx aaa", remote(BEHIND, 100)));
	/* Also those that overlap. */
	ASSERT_EQ(0, run(self->t.pid, "search -s %lx 4096 aa", remote(BEHIND, 0)));
	snprintf(expected, sizeof(expected), "%lx\n%lx\n", remote(BEHIND, 100),
		 remote(BEHIND, 101));
	EXPECT_STREQ(expected, output);
	EXPECT_EQ(0, run(self->t.pid, "search %lx 4096 61 61 61 00",
			 remote(BEHIND, 0)));
	EXPECT_EQ(1, run(self->t.pid, "search %lx 4096 62", remote(BEHIND, 0)));
	EXPECT_STREQ("", output);
	EXPECT_EQ(1, run(self->t.pid, "search %lx 4096 62", remote(FREE, 0)));
	EXPECT_STRNE("", output);
	EXPECT_EQ(2, run(self->t.pid, "search %lx 4096", remote(BEHIND, 0)));
}

TEST_F(attach, queries)
{
	char expected[128], *line;
	int n = 0;

	ASSERT_EQ(0, run(self->t.pid, "query %lx", remote(READ_ONLY, 5)));
	snprintf(expected, sizeof(expected), "%08lx-%08lx r--p ",
		 remote(READ_ONLY, 0), remote(FREE, 0));
	EXPECT_EQ(0, strncmp(expected, output, strlen(expected)));
	ASSERT_EQ(0, run(self->t.pid, "query %lx", remote(FREE, 5)));
	snprintf(expected, sizeof(expected), "%08lx-%08lx free\n",
		 remote(FREE, 0), remote(BEHIND, 0));
	EXPECT_STREQ(expected, output);
	ASSERT_EQ(0, run(self->t.pid, "query"));
	for (line = strtok(output, "\n"); line; line = strtok(NULL, "\n"))
		n++;
	EXPECT_LT(5, n);
	EXPECT_EQ(1, run(self->t.pid, "query ffffffffffffffff"));
}

TEST_F(attach, out_swap)
{
	int status = run(self->t.pid, "out-swap");

	if (status == 1 && strstr(output, "CAP_SYS_NICE"))
		SKIP(return, "no CAP_SYS_NICE");
	ASSERT_EQ(0, status);
	EXPECT_NE(NULL, strstr(output, " KiB given to reclaim\n"));
	/* Nobody has it open in between. */
	ASSERT_EQ(0, run(self->t.pid, "info"));
	EXPECT_NE(NULL, strstr(output, "state       out of memory\n"));
	EXPECT_EQ(1, run(self->t.pid, "out-swap"));
	ASSERT_EQ(0, run(self->t.pid, "read %lx 64", remote(0, 0)));
	EXPECT_TRUE(is_childs(output, 0, 64));
	ASSERT_EQ(0, run(self->t.pid, "info"));
	EXPECT_NE(NULL, strstr(output, "1 times out of memory, 1 times brought"));
}

TEST_F(attach, wrong_usage)
{
	EXPECT_EQ(2, run(self->t.pid, ""));
	EXPECT_NE(NULL, strstr(output, "usage: ntapc attach PID ACTION"));
	EXPECT_EQ(2, run(self->t.pid, "nothing"));
	EXPECT_NE(NULL, strstr(output, "no action 'nothing'"));
	EXPECT_EQ(2, run(self->t.pid, "info more"));
	EXPECT_EQ(2, run(self->t.pid, "read 0"));
	EXPECT_NE(NULL, strstr(output, "usage: ntapc attach PID read ADDR LENGTH"));
	EXPECT_EQ(2, run(0, "info"));
	EXPECT_EQ(2, run(-1, "info"));
	EXPECT_EQ(1, run(0x3fffffff, "info"));
	EXPECT_NE(NULL, strstr(output, "it has ended, or isn't there"));
}

/* ntapc objects, of this process itself */

static int run_objects(char *pid)
{
	char *argv[] = { "ntapc", "objects", pid, NULL };

	return run_command("", argv);
}

static int run_objects_here(void)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", getpid());
	return run_objects(number);
}

/* Whether there is a line for the descriptor that goes on like this. */
static bool shows(int fd, const char *type, const char *state)
{
	char line[256];

	snprintf(line, sizeof(line), "\n%5d  %-21s  %s\n", fd, type, state);
	return strstr(output, line);
}

FIXTURE(objects) {
	int event, semaphore, mutant, timer;
};

FIXTURE_SETUP(objects)
{
	if (run_objects_here() == 127)
		SKIP(return, "the command isn't installed here");
	self->event = ntapc_object_create(NTAPC_OBJECT_NOTIFICATION_EVENT, 0, 0,
					  NULL, NULL);
	self->semaphore = ntapc_object_create(NTAPC_OBJECT_SEMAPHORE, 3, 10, NULL,
					      NULL);
	self->mutant = ntapc_object_create(NTAPC_OBJECT_MUTANT, 0, 0, NULL, NULL);
	self->timer = ntapc_object_create(NTAPC_OBJECT_SYNCHRONIZATION_TIMER, 0,
					  0, NULL, NULL);
	ASSERT_LE(0, self->event);
	ASSERT_LE(0, self->semaphore);
	ASSERT_LE(0, self->mutant);
	ASSERT_LE(0, self->timer);
}

FIXTURE_TEARDOWN(objects)
{
}

TEST_F(objects, shows_states)
{
	ASSERT_EQ(0, run_objects_here());
	EXPECT_EQ(0, strncmp("   fd  type                   state\n", output, 35));
	EXPECT_TRUE(shows(self->event, "notification-event", "not signalled"));
	EXPECT_TRUE(shows(self->semaphore, "semaphore", "3 of 10"));
	EXPECT_TRUE(shows(self->mutant, "mutant", "free"));
	EXPECT_TRUE(shows(self->timer, "synchronization-timer",
			  "not signalled, not set"));
	EXPECT_TRUE(shows(ntapc_instance(), "instance", "ABI 1"));
	ntapc_event_set(self->event);
	ntapc_release(self->semaphore, 2, NULL);
	ASSERT_EQ(0, run_objects_here());
	EXPECT_TRUE(shows(self->event, "notification-event", "signalled"));
	EXPECT_TRUE(shows(self->semaphore, "semaphore", "5 of 10"));
}

TEST_F(objects, shows_a_timer)
{
	char line[64];

	ASSERT_EQ(0, ntapc_timer_set(self->timer, 1000 * 1000 * MS, 0, 250, NULL,
				     0));
	ASSERT_EQ(0, run_objects_here());
	/* Not a second has passed, or some have. */
	snprintf(line, sizeof(line), "\n%5d  %-21s  not signalled, due in 9",
		 self->timer, "synchronization-timer");
	EXPECT_NE(NULL, strstr(output, line));
	EXPECT_NE(NULL, strstr(output, " s and every 250 ms\n"));
	ASSERT_EQ(1, ntapc_timer_cancel(self->timer));
	ASSERT_EQ(0, run_objects_here());
	EXPECT_TRUE(shows(self->timer, "synchronization-timer",
			  "not signalled, not set"));
	/* One that has expired and has no period. */
	ASSERT_EQ(0, ntapc_timer_set(self->timer, 0, 0, 0, NULL, 0));
	ASSERT_EQ(0, ntapc_wait_object(self->timer, PATIENCE_NS, 0));
	ASSERT_EQ(0, run_objects_here());
	EXPECT_TRUE(shows(self->timer, "synchronization-timer",
			  "not signalled, not set"));
}

static void *acquire_twice(void *arg)
{
	int fd = *(int *)arg;

	ntapc_wait_object(fd, NTAPC_FOREVER, 0);
	ntapc_wait_object(fd, NTAPC_FOREVER, 0);
	return NULL;
}

TEST_F(objects, shows_an_owner)
{
	struct ntapc_object_info info;
	pthread_t thread;
	char state[64];

	ASSERT_EQ(0, ntapc_wait_object(self->mutant, 0, 0));
	snprintf(state, sizeof(state), "held by thread %d", gettid());
	ASSERT_EQ(0, run_objects_here());
	EXPECT_TRUE(shows(self->mutant, "mutant", state));
	pthread_create(&thread, NULL, acquire_twice, &self->mutant);
	do {
		ASSERT_EQ(0, ntapc_object_info(self->mutant, &info));
		sched_yield();
	} while (!info.nr_waiters);
	ASSERT_EQ(0, ntapc_wait_object(self->mutant, 0, 0));
	strcat(state, ", 2 times; 1 waiting");
	ASSERT_EQ(0, run_objects_here());
	EXPECT_TRUE(shows(self->mutant, "mutant", state)) {
		TH_LOG("no \"%s\" in:\n%s", state, output);
	}
	ntapc_release(self->mutant, 1, NULL);
	ntapc_release(self->mutant, 1, NULL);
	pthread_join(thread, NULL);
	/* Whoever is joined may still be about to end, for the kernel. */
	do {
		ASSERT_EQ(0, ntapc_object_info(self->mutant, &info));
		sched_yield();
	} while (!(info.flags & NTAPC_OBJECT_ABANDONED));
	ASSERT_EQ(0, run_objects_here());
	EXPECT_TRUE(shows(self->mutant, "mutant", "free, abandoned"));
}

TEST_F(objects, shows_other_kinds)
{
	int reserve = ntapc_reserve_create(), self_fd = ntapc_thread_self();
	int process = ntapc_process_open(getpid());
	char state[64];

	ASSERT_LE(0, reserve);
	ASSERT_LE(0, process);
	ASSERT_EQ(0, run_objects_here());
	EXPECT_TRUE(shows(reserve, "reserve", "free"));
	snprintf(state, sizeof(state), "%d, running", gettid());
	EXPECT_TRUE(shows(self_fd, "thread", state));
	snprintf(state, sizeof(state), "%d, in-memory", getpid());
	EXPECT_TRUE(shows(process, "process", state));
	ASSERT_EQ(0, ntapc_queue_ex(self_fd, 0, reserve, log_apc, 1, 0, 0));
	ASSERT_EQ(0, run_objects_here());
	EXPECT_TRUE(shows(reserve, "reserve", "in use"));
	snprintf(state, sizeof(state),
		 "%d, running; 1 ordinary APCs queued, 0 special ones", gettid());
	EXPECT_TRUE(shows(self_fd, "thread", state));
	/* None that isn't ntapc's. */
	EXPECT_EQ(NULL, strstr(output, "\n    0  "));
}

TEST_F(objects, none)
{
	pid_t child = fork();

	if (!child) {
		char *argv[] = { "ntapc", "objects", "4194304", NULL };
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", getpid());
		for (int fd = 3; fd < 256; fd++)
			close(fd);
		argv[2] = pid;
		if (run_command("", argv))
			_exit(1);
		_exit(strstr(output, " has nothing of ntapc's open\n") ? 0 : 2);
	}
	EXPECT_EQ(0, end_of(child));
}

TEST_F(objects, wrong_usage)
{
	char *more[] = { "ntapc", "objects", "1", "2", NULL };

	EXPECT_EQ(2, run_objects(NULL));
	EXPECT_EQ(0, strcmp("usage: ntapc objects PID\n", output));
	EXPECT_EQ(2, run_command("", more));
	EXPECT_EQ(2, run_objects("none"));
	EXPECT_EQ(2, run_objects("0"));
	EXPECT_EQ(1, run_objects("1073741823"));
	EXPECT_NE(NULL, strstr(output, "there is no process 1073741823"));
}

TEST_HARNESS_MAIN
