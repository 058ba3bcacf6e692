// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 8, second part: a special kernel APC one way, from the insertion to its
 * kernel routine, beside the bare task work that is below it. Both are inserted,
 * and take the time, in the selftests' client module, which has to be there.
 *
 * Who gives up the CPU to whom is as in case 3.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ntapc.h>

#include "../../selftests/client/client.h"
#include "bench.h"

#define CLIENT_KO	"/lib/modules/ntapc_client.ko"

static struct partner target;
static int client, event_fd;
static bool yielding;
static uint64_t arrival;	/* when the routine began; 0: not yet */

/* The targets. */

static void spin(struct partner *p)
{
	uint64_t seen = 0, now;

	cpu_priority(p->cpu == CPU_SAME ? LOW : 0);
	must(ntapc_thread_self(), "ntapc_thread_self");
	word_set(&p->ready, 1);
	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		now = __atomic_load_n(&arrival, __ATOMIC_RELAXED);
		if (now == seen)
			continue;
		seen = now;
		if (now && yielding)
			sched_yield();
	}
}

static void read_forever(struct partner *p)
{
	uint64_t value = 0;

	cpu_priority(0);
	must(ntapc_thread_self(), "ntapc_thread_self");
	word_set(&p->ready, 1);
	while (read(event_fd, &value, sizeof(value)) < 0 && errno == EINTR)
		;
}

/* The senders. Returns the time just before the insertion. */

static uint64_t kick(uint32_t how)
{
	struct client_kick args = {
		.how = how,
		.tid = target.tid,
		.arrival = (uintptr_t)&arrival,
	};

	if (ioctl(client, CLIENT_IOC_KICK, &args))
		die("CLIENT_IOC_KICK: %m");
	return args.begin;
}

static void kick_and_yield(struct series *s, uint32_t how)
{
	uint64_t begin;

	cpu_priority(HIGH);
	pause_asleep();
	cpu_priority(LOW);
	begin = kick(how);
	while (!__atomic_load_n(&arrival, __ATOMIC_ACQUIRE))
		sched_yield();
	series_add_time(s, begin, arrival, 1);
}

static void kick_and_be_preempted(struct series *s, uint32_t how)
{
	uint64_t begin = kick(how);

	while (!__atomic_load_n(&arrival, __ATOMIC_ACQUIRE))
		sched_yield();
	series_add_time(s, begin, arrival, 1);
}

static void kick_across(struct series *s, uint32_t how)
{
	uint64_t begin, end;

	pause_awake();
	begin = kick(how);
	while (!(end = __atomic_load_n(&arrival, __ATOMIC_ACQUIRE)))
		;
	series_add_time(s, begin, end, 1);
}

static void run(struct series *s, enum cpu cpu, unsigned int count,
		uint32_t how, void (*where)(struct partner *p))
{
	uint64_t one = 1;

	event_fd = eventfd(0, EFD_CLOEXEC);
	arrival = 0;
	yielding = cpu == CPU_SAME && where == spin;
	cpu_priority(where == spin ? HIGH : 0);
	partner_start(&target, cpu, where);
	if (cpu == CPU_SAME && where != spin)
		cpu_idle_policy();
	while (count--) {
		arrival = 0;
		if (cpu == CPU_CROSS)
			kick_across(s, how);
		else if (where == spin)
			kick_and_yield(s, how);
		else
			kick_and_be_preempted(s, how);
	}
	cpu_priority(HIGH);
	__atomic_store_n(&target.stop, 1, __ATOMIC_RELAXED);
	if (write(event_fd, &one, sizeof(one)) < 0)
		die("write to an eventfd: %m");
	partner_join(&target);
	cpu_priority(0);
	close(event_fd);
}

static void spin_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, CLIENT_KICK_APC, spin);
}

static void spin_work(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, CLIENT_KICK_TASK_WORK, spin);
}

static void read_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, CLIENT_KICK_APC, read_forever);
}

static void read_work(struct series *s, enum cpu cpu, unsigned int count)
{
	run(s, cpu, count, CLIENT_KICK_TASK_WORK, read_forever);
}

/* The client, loaded; below 0 if there is none. */
static int open_client(void)
{
	int file = open(CLIENT_KO, O_RDONLY | O_CLOEXEC);

	if (file < 0) {
		report_note("8: no kernel APCs: there is no " CLIENT_KO);
		return -1;
	}
	if (syscall(SYS_finit_module, file, "", 0) && errno != EEXIST)
		die(CLIENT_KO ": %m");
	close(file);
	file = open(CLIENT_DEVICE, O_RDWR | O_CLOEXEC);
	if (file < 0)
		die(CLIENT_DEVICE ": %m");
	return file;
}

/* The last routine may be about to drop its hold on the module. */
static void close_client(void)
{
	int tries = 0;

	close(client);
	while (syscall(SYS_delete_module, "ntapc_client", 0)) {
		if (errno != EAGAIN || ++tries > 1000)
			die("unloading ntapc_client: %m");
		pause_asleep();
	}
}

void case_kernel_apc(void)
{
	static const struct comparison spinning = {
		.id = "8-spin",
		.what = "kernel APC, target spins, one way",
		.run = spin_apc,
		.peer = { { .name = "bare task work", .run = spin_work,
			    .wanted = 1.3 } },
	};
	static const struct comparison reading = {
		.id = "8-read",
		.what = "kernel APC, target in read(2)",
		.run = read_apc,
		.peer = { { .name = "bare task work", .run = read_work,
			    .wanted = 1.3 } },
	};
	long throttle;

	client = open_client();
	if (client < 0)
		return;
	throttle = cpu_unthrottle();
	compare_both(&spinning);
	compare_both(&reading);
	cpu_throttle(throttle);
	close_client();
}
