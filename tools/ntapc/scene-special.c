// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo: special user APCs, which come at any instruction. What they call here
 * is async-signal-safe, as in a signal handler.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <ntapc/nt.h>

#include "stage.h"

#define INTERRUPTIONS	5
#define ROUNDS		200000
#define LANES		8

static _Atomic long landed;

/* Floating point in vector registers and integers, all in one number. */
static _Atomic long computing;

static double compute(const _Atomic int *go_on)
{
	double lane[LANES] = { 1, 2, 3, 4, 5, 6, 7, 8 }, sum = 0;
	uint64_t hash = 1469598103934665603u;
	int i, k;

	do {
		atomic_store(&computing, 1);
		for (i = 0; i < LANES; i++)
			lane[i] = i + 1;
		hash = 1469598103934665603u;
		for (i = 0; i < ROUNDS; i++) {
			for (k = 0; k < LANES; k++)
				lane[k] = lane[k] * 1.0000001 + k;
			hash = (hash ^ i) * 1099511628211u;
		}
	} while (go_on && atomic_load(go_on));
	for (k = 0; k < LANES; k++)
		sum += lane[k];
	return sum + (double)(hash >> 12);
}

static _Atomic int go_on;
static double result;

static void calculate(struct actor *me)
{
	(void)me;
	note("computes, makes no system call", 0, 0);
	result = compute(&go_on);
	note("has computed", 0, 0);
}

/* Uses the registers that the loop uses. */
static void interruption(uintptr_t arg, uintptr_t b, uintptr_t c)
{
	const struct ntapc_callback_data *data = (void *)arg;
	volatile double x = 3.25;

	(void)b;
	(void)c;
	x = x * x + data->parameter;
	errno = EDOM;
	note("  special APC %ld, interrupts what is at 0x%lx", data->parameter,
	     data->context->Rip);
	atomic_fetch_add(&landed, 1);
}

void scene_computing(void)
{
	struct actor calculator = { .name = "calculator", .play = calculate };
	double right = compute(NULL);
	int i, ret;

	atomic_store(&go_on, 1);
	atomic_store(&computing, 0);
	atomic_store(&landed, 0);
	if (!actor_enter(&calculator))
		return;
	reaches(&computing, 1);
	for (i = 1; i <= INTERRUPTIONS; i++) {
		ret = ntapc_queue_ex(calculator.fd, NTAPC_QUEUE_SPECIAL |
				     NTAPC_QUEUE_CALLBACK_CONTEXT, -1,
				     interruption, i, 0, 0);
		if (ret || !reaches(&landed, i)) {
			expect(false, "special APC %ld didn't land, error %ld",
			       i, -ret);
			break;
		}
	}
	atomic_store(&go_on, 0);
	actor_leave(&calculator);
	expect(landed == INTERRUPTIONS, "%ld special APCs have run", landed, 0);
	expect(result == right, "the loop's result is right to the last bit", 0,
	       0);
}

static void plain_special(uintptr_t n, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	note("  special APC %ld runs", n, 0);
	atomic_fetch_add(&landed, 1);
}

void scene_guarded(void)
{
	int self = ntapc_thread_self();

	atomic_store(&landed, 0);
	ntapc_queue_ex(self, NTAPC_QUEUE_SPECIAL, -1, plain_special, 1, 0, 0);
	expect(landed == 1, "queued to itself: it has run when the call returns",
	       0, 0);
	note("enters a guarded stretch and queues two more", 0, 0);
	ntapc_guard_enter();
	ntapc_queue_ex(self, NTAPC_QUEUE_SPECIAL, -1, plain_special, 2, 0, 0);
	ntapc_queue_ex(self, NTAPC_QUEUE_SPECIAL, -1, plain_special, 3, 0, 0);
	expect(landed == 1, "they are held back", 0, 0);
	note("leaves it", 0, 0);
	ntapc_guard_leave();
	expect(landed == 3, "now they have run", 0, 0);
}

static int pipe_end[2];

static void read_pipe(struct actor *me)
{
	char c = 0;
	ssize_t got;

	(void)me;
	note("reads from an empty pipe", 0, 0);
	got = read(pipe_end[0], &c, 1);
	expect(got == 1 && c == 'x', "read %ld byte: '%c', and no EINTR", got, c);
}

static void wake_main(uintptr_t sem, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	note("  special APC runs in the midst of read(2)", 0, 0);
	sem_post((sem_t *)sem);
}

/* Until the thread sleeps in the kernel. */
static bool blocks(int fd)
{
	time_t give_up = time(NULL) + PATIENCE / 1000000000;
	struct ntapc_thread_info info;
	char path[64], state = 0;
	FILE *file;

	if (ntapc_thread_info(fd, &info))
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", info.tid);
	do {
		sched_yield();
		file = fopen(path, "r");
		if (!file)
			return false;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		fclose(file);
	} while (state != 'S' && time(NULL) < give_up);
	return state == 'S';
}

void scene_reading(void)
{
	struct actor reader = { .name = "reader", .play = read_pipe };
	int i;

	if (pipe(pipe_end)) {
		expect(false, "no pipe: error %ld", errno, 0);
		return;
	}
	if (actor_enter(&reader)) {
		expect(blocks(reader.fd), "sees reader block", 0, 0);
		for (i = 0; i < 2; i++) {
			ntapc_queue_ex(reader.fd, NTAPC_QUEUE_SPECIAL |
				       NTAPC_QUEUE_INTERRUPT, -1, wake_main,
				       (uintptr_t)&reader.done, 0, 0);
			expect(come(&reader.done), "the APC came", 0, 0);
		}
		note("writes to the pipe", 0, 0);
		expect(write(pipe_end[1], "x", 1) == 1, "written", 0, 0);
		actor_leave(&reader);
	}
	close(pipe_end[0]);
	close(pipe_end[1]);
}
