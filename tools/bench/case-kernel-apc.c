// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 8, second part: a special kernel APC one way, from the insertion to its
 * kernel routine, beside the bare task work that is below it. Both are inserted,
 * and take the time, in the selftests' client module, which has to be there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ntapc.h>

#include "../../selftests/client/client.h"
#include "bench.h"

#define CLIENT_KO	"/lib/modules/ntapc_client.ko"

static int client;

static uint64_t kick(uint32_t how)
{
	struct client_kick args = {
		.how = how,
		.tid = one_way_target.tid,
		.arrival = (uintptr_t)&one_way_arrival,
	};

	if (ioctl(client, CLIENT_IOC_KICK, &args))
		die("CLIENT_IOC_KICK: %m");
	return args.begin;
}

static uint64_t send_apc(void)
{
	return kick(CLIENT_KICK_APC);
}

static uint64_t send_work(void)
{
	return kick(CLIENT_KICK_TASK_WORK);
}

static void spin_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	one_way(s, cpu, count, ONE_WAY_SPINS, send_apc);
}

static void spin_work(struct series *s, enum cpu cpu, unsigned int count)
{
	one_way(s, cpu, count, ONE_WAY_SPINS, send_work);
}

static void read_apc(struct series *s, enum cpu cpu, unsigned int count)
{
	one_way(s, cpu, count, ONE_WAY_READS, send_apc);
}

static void read_work(struct series *s, enum cpu cpu, unsigned int count)
{
	one_way(s, cpu, count, ONE_WAY_READS, send_work);
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
