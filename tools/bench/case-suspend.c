// SPDX-License-Identifier: GPL-2.0-only
/*
 * Case 8, first part: suspending a thread that runs, until it is certain that it
 * stands still, and resuming it, until it runs again. A signal's handler does the
 * same by waiting for a futex: it says that it is there by another.
 *
 * Both directions are measured in the same rounds. On one CPU the order of events
 * is made certain as in case 3: target and sender have the same real-time
 * priority, the sender a higher one only while a timer brings it back.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/ntapc.h>
#include <ntapc.h>

#include "bench.h"

/* What of a round is wanted. */
enum direction {
	SUSPENDING,
	RESUMING,
	BOTH,
};

static struct partner target;
static int pid;
static bool yielding;
static uint64_t running;	/* when the target ran again; 0: not yet */
static bool armed;		/* the target is to say so */

static void spin(struct partner *p)
{
	cpu_priority(p->cpu == CPU_SAME ? LOW : 0);
	p->fd = must(ntapc_thread_self(), "ntapc_thread_self");
	word_set(&p->ready, 1);
	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		if (!__atomic_load_n(&armed, __ATOMIC_ACQUIRE))
			continue;
		armed = false;
		__atomic_store_n(&running, clock_now(), __ATOMIC_RELEASE);
		if (yielding)
			sched_yield();
	}
}

/* By ntapc */

static void suspend_apc(void)
{
	struct ntapc_suspend args = {
		.size = sizeof(args),
		.flags = NTAPC_SUSPEND_WAIT,
	};

	if (ioctl(target.fd, NTAPC_IOC_SUSPEND, &args) < 0)
		die("NTAPC_IOC_SUSPEND: %m");
}

static void resume_apc(void)
{
	struct ntapc_resume args = { .size = sizeof(args) };

	if (ioctl(target.fd, NTAPC_IOC_RESUME, &args) != 1)
		die("NTAPC_IOC_RESUME: %m");
}

/* By signal */

static uint32_t still, go_on;

static void handler(int sig)
{
	int saved_errno = errno;

	word_set(&still, 1);
	word_wait_while(&go_on, 0);
	errno = saved_errno;
}

static void suspend_signal(void)
{
	still = 0;
	go_on = 0;
	syscall(SYS_tgkill, pid, target.tid, SIGUSR1);
	word_wait_while(&still, 0);
}

static void resume_signal(void)
{
	word_set(&go_on, 1);
}

/* One round */

static void bring_back(enum cpu cpu)
{
	if (cpu == CPU_CROSS) {
		pause_awake();
		return;
	}
	cpu_priority(HIGH);
	pause_asleep();
	cpu_priority(LOW);
}

static void measure(struct series *s, enum direction direction,
		    void (*suspend)(void), void (*resume)(void))
{
	uint64_t begin, stands, resumed;

	begin = clock_now();
	suspend();
	stands = clock_now();
	/* It can't see this before it is resumed. */
	running = 0;
	__atomic_store_n(&armed, true, __ATOMIC_RELEASE);
	resumed = clock_now();
	resume();
	while (!__atomic_load_n(&running, __ATOMIC_ACQUIRE)) {
		if (yielding)
			sched_yield();
	}
	if (direction == SUSPENDING)
		series_add_time(s, begin, stands, 1);
	else if (direction == RESUMING)
		series_add_time(s, resumed, running, 1);
	else
		series_add_time(s, begin, running, 1);
}

static void run(struct series *s, enum cpu cpu, unsigned int count,
		enum direction direction, void (*suspend)(void),
		void (*resume)(void))
{
	struct sigaction action = {
		.sa_handler = handler,
		.sa_flags = SA_RESTART,
	};

	sigaction(SIGUSR1, &action, NULL);
	pid = getpid();
	armed = false;
	yielding = cpu == CPU_SAME;
	cpu_priority(yielding ? HIGH : 0);
	partner_start(&target, cpu, spin);
	while (count--) {
		bring_back(cpu);
		measure(s, direction, suspend, resume);
	}
	cpu_priority(HIGH);
	__atomic_store_n(&target.stop, 1, __ATOMIC_RELAXED);
	partner_join(&target);
	cpu_priority(0);
}

#define SIDE(name, direction, how)					\
static void name##_##how(struct series *s, enum cpu cpu,		\
			 unsigned int count)				\
{									\
	run(s, cpu, count, direction, suspend_##how, resume_##how);	\
}

SIDE(suspending, SUSPENDING, apc)
SIDE(suspending, SUSPENDING, signal)
SIDE(resuming, RESUMING, apc)
SIDE(resuming, RESUMING, signal)
SIDE(both, BOTH, apc)
SIDE(both, BOTH, signal)

void case_suspend(void)
{
	static const struct comparison suspending = {
		.id = "8-suspend",
		.what = "suspend a spinning thread, confirmed",
		.run = suspending_apc,
		.peer = { { .name = "tgkill, waiting handler",
			    .run = suspending_signal, .wanted = 0.7 } },
	};
	static const struct comparison resuming = {
		.id = "8-resume",
		.what = "resume it, until it runs",
		.run = resuming_apc,
		.peer = { { .name = "futex to the handler",
			    .run = resuming_signal, .wanted = 0.7 } },
	};
	static const struct comparison both = {
		.id = "8-both",
		.what = "suspend and resume",
		.run = both_apc,
		.peer = { { .name = "tgkill, futexes", .run = both_signal,
			    .wanted = 0.7 } },
	};
	long throttle = cpu_unthrottle();

	compare_both(&suspending);
	compare_both(&resuming);
	compare_both(&both);
	cpu_throttle(throttle);
}
