// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo: a thread is suspended, looked at, resumed and ended, and takes no part.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "sample.h"
#include "stage.h"

#define STATUS		0x1234
#define SHOWN		3

static _Atomic long counted, ran;

static void count_for_ever(struct actor *me)
{
	(void)me;
	note("counts, and makes no system call", 0, 0);
	for (;;)
		atomic_fetch_add(&counted, 1);
}

static void while_suspended(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	atomic_fetch_add(&ran, 1);
	note("  special APC runs", 0, 0);
}

static void stands_still(long seen)
{
	ntapc_delay(20 * MS, 0);
	expect(atomic_load(&counted) == seen,
	       "20 ms later it still stands at %ld", seen, 0);
}

static void show_registers(int fd)
{
	static struct ntapc_context regs;
	struct ntapc_thread_context c = {
		.what = NTAPC_CONTEXT_CONTROL,
		.context = (uintptr_t)&regs,
	};
	int ret = ntapc_context_get(fd, &c);

	expect(!ret && regs.rip, "its registers: rip 0x%lx, rsp 0x%lx", regs.rip,
	       regs.rsp);
}

/* The texts are shown when the scene is over, so they have to stay. */
static void show_stack(int fd)
{
	static uint64_t at[NTAPC_APC_VALUES_MAX];
	static char name[SHOWN][256];
	struct ntapc_thread_info info;
	int n = sample_stack(fd, at), i;

	if (!expect(n > 0, "its stack, by kernel APC: %ld addresses", n, 0))
		return;
	ntapc_thread_info(fd, &info);
	for (i = 0; i < n && i < SHOWN; i++) {
		name_address(info.tid, at[i] - !!i, name[i], sizeof(name[i]));
		note("  %s", (long)name[i], 0);
	}
}

static void suspend_and_look(int fd)
{
	long seen;
	int ret;

	ret = ntapc_suspend(fd, NTAPC_SUSPEND_WAIT);
	expect(!ret, "suspends it; the count was %ld", ret, 0);
	seen = atomic_load(&counted);
	stands_still(seen);
	show_registers(fd);
	show_stack(fd);
	ret = ntapc_queue_ex(fd, NTAPC_QUEUE_SPECIAL, -1, while_suspended, 0, 0,
			     0);
	expect(!ret && !atomic_load(&ran), "queues a special APC: it has to wait",
	       0, 0);
	ret = ntapc_suspend(fd, 0);
	expect(ret == 1, "suspends it again; the count was %ld", ret, 0);
	ret = ntapc_resume(fd, 0);
	expect(ret == 2, "resumes it; the count was %ld", ret, 0);
	stands_still(seen);
	ret = ntapc_resume(fd, 0);
	expect(ret == 1, "resumes it; the count was %ld", ret, 0);
	expect(reaches(&counted, seen + 1) && reaches(&ran, 1),
	       "it counts again, and the APC has run", 0, 0);
}

void scene_steered(void)
{
	struct actor counter = { .name = "counter", .play = count_for_ever };
	struct ntapc_thread_info info;
	int ret;

	atomic_store(&counted, 0);
	atomic_store(&ran, 0);
	if (!actor_enter(&counter))
		return;
	reaches(&counted, 1000);
	suspend_and_look(counter.fd);
	ret = ntapc_terminate(counter.fd, STATUS);
	expect(!ret, "ends it, status 0x%lx: %ld", STATUS, ret);
	ret = ntapc_wait_thread(counter.fd, PATIENCE, 0);
	ntapc_thread_info(counter.fd, &info);
	expect(ret == NTAPC_STATUS_WAIT_0 && info.exit_status == STATUS,
	       "it has ended, exit status 0x%lx", info.exit_status, 0);
	ret = ntapc_suspend(counter.fd, 0);
	expect(ret == -ESRCH, "to suspend it now: %s",
	       (long)(ret < 0 ? strerrorname_np(-ret) : "accepted"), 0);
	expect(!ntapc_resume(counter.fd, 0), "to resume it now does nothing", 0,
	       0);
	actor_leave(&counter);
}
