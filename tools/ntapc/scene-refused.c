// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo: what is refused, and how.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stage.h"

#define NOBODY		65534
#define NO_SUCH_TID	0x3fffffff
#define FILL_S		5

static _Atomic long ran;

static void count(uintptr_t a, uintptr_t b, uintptr_t c)
{
	(void)a;
	(void)b;
	(void)c;
	atomic_fetch_add(&ran, 1);
}

/* @what has two places: the name of the error, "0" for none, and its number. */
static void answer(const char *what, int got, int want)
{
	expect(got == want, what,
	       (long)(got < 0 ? strerrorname_np(-got) : "accepted"), got);
}

static void leave_at_once(struct actor *me)
{
	(void)me;
}

static void refuse_dead(int self)
{
	struct actor brief = { .name = "brief", .play = leave_at_once };

	(void)self;
	answer("to open a thread that isn't there: %s",
	       ntapc_thread_open(NO_SUCH_TID), -ESRCH);
	if (!actor_enter(&brief))
		return;
	ntapc_wait_thread(brief.fd, PATIENCE, 0);
	answer("to a thread that has ended: %s",
	       ntapc_queue(brief.fd, count, 0, 0, 0), -ESRCH);
	answer("the same without a routine: %s",
	       ntapc_queue(brief.fd, NULL, 0, 0, 0), -ESRCH);
	actor_leave(&brief);
}

static void refuse_descriptors(int self)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	answer("to descriptor -1: %s", ntapc_queue(-1, count, 0, 0, 0), -EBADF);
	answer("to a descriptor of another kind: %s",
	       ntapc_queue(null, count, 0, 0, 0), -ENOTTY);
	answer("with a reserve object that isn't one: %s",
	       ntapc_queue_ex(self, 0, null, count, 0, 0, 0), -EPROTOTYPE);
	answer("with a flag that isn't known: %s",
	       ntapc_queue_ex(self, 1U << 30, -1, count, 0, 0, 0), -EINVAL);
	answer("a batch that can't be read: %s",
	       ntapc_queue_many(self, (void *)16, 1), -EFAULT);
	close(null);
}

static void refuse_busy(int self)
{
	int reserve = ntapc_reserve_create();

	answer("with a reserve object: %s",
	       ntapc_queue_ex(self, 0, reserve, count, 0, 0, 0), 0);
	answer("with the same, while its APC is queued: %s",
	       ntapc_queue_ex(self, 0, reserve, count, 0, 0, 0), -EBUSY);
	ntapc_test_alert();
	answer("with the same, when that has run: %s",
	       ntapc_queue_ex(self, 0, reserve, count, 0, 0, 0), 0);
	ntapc_test_alert();
	expect(ran == 2, "%ld have run", ran, 0);
	close(reserve);
}

/* Waits for the end of its standard input, so to speak. */
static pid_t fork_bystander(int *release)
{
	int ends[2];
	pid_t pid;
	char c;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		close(ends[1]);
		(void)!read(ends[0], &c, 1);
		_exit(0);
	}
	close(ends[0]);
	*release = ends[1];
	return pid;
}

static void refuse_stranger(int self)
{
	int release = -1;
	pid_t pid = fork_bystander(&release);
	int fd;

	(void)self;
	if (pid < 0)
		return;
	fd = ntapc_thread_open(pid);
	if (expect(fd >= 0 || fd == -EACCES,
		   "opens a process that knows nothing of ntapc", 0, 0) &&
	    fd >= 0) {
		answer("a special APC for it: %s",
		       ntapc_queue_ex(fd, NTAPC_QUEUE_SPECIAL, -1, count, 0, 0,
				      0), -ENXIO);
		close(fd);
	}
	close(release);
	waitpid(pid, NULL, 0);
}

/* Somebody who may not: we, as nobody; or pid 1, if we are nobody special. */
static void refuse_foreign(int self)
{
	pid_t pid, parent = getpid();

	(void)self;
	if (geteuid()) {
		answer("to open a thread of process 1: %s", ntapc_thread_open(1),
		       -EACCES);
		return;
	}
	pid = fork();
	if (!pid) {
		call_me("nobody");
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(1);
		answer("to open root's thread: %s", ntapc_thread_open(parent),
		       -EACCES);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

void scene_refused(void)
{
	int self = ntapc_thread_self();

	atomic_store(&ran, 0);
	answer("without a routine, to a living thread: %s",
	       ntapc_queue(self, NULL, 0, 0, 0), 0);
	expect(ntapc_delay(0, NTAPC_ALERTABLE) == NTAPC_STATUS_SUCCESS && !ran,
	       "of which nothing runs", 0, 0);
	refuse_dead(self);
	refuse_descriptors(self);
	refuse_busy(self);
	refuse_stranger(self);
	refuse_foreign(self);
}

static void hold_until_cue(struct actor *me)
{
	come(&me->cue);
	note("ends, without having been alertable", 0, 0);
}

/*
 * Queues until refused, or for long enough: kernels made for finding bugs can take a
 * minute to get there. Returns how many were queued.
 */
static long fill(int fd, int *refusal)
{
	static struct ntapc_queue_entry many[1024];
	const unsigned int n = sizeof(many) / sizeof(many[0]);
	time_t give_up = time(NULL) + FILL_S;
	unsigned int i;
	long total = 0;

	for (i = 0; i < n; i++)
		many[i].routine = (uintptr_t)count;
	while ((*refusal = ntapc_queue_many(fd, many, n)) > 0) {
		total += *refusal;
		if (time(NULL) >= give_up)
			break;
	}
	return total;
}

void scene_limit(void)
{
	struct actor victim = { .name = "victim", .play = hold_until_cue };
	struct ntapc_thread_info tinfo;
	struct ntapc_info info;
	int refusal;
	long n;

	atomic_store(&ran, 0);
	ntapc_get_info(&info);
	if (!actor_enter(&victim))
		return;
	note("the limits: %ld for a thread, %ld for a user",
	     info.max_queued_thread, info.max_queued_user);
	n = fill(victim.fd, &refusal);
	note("queues %ld to victim", n, 0);
	if (refusal > 0) {
		note("it would take too long here to reach the limit", 0, 0);
	} else {
		answer("then: %s", refusal, -EAGAIN);
		answer("and one by one: %s",
		       ntapc_queue(victim.fd, count, 0, 0, 0), -EAGAIN);
	}
	ntapc_thread_info(victim.fd, &tinfo);
	expect(tinfo.nr_user == n, "%ld are there", tinfo.nr_user, 0);
	sem_post(&victim.cue);
	/* All that are queued have to be freed first. */
	ntapc_wait_thread(victim.fd, NTAPC_FOREVER, 0);
	ntapc_thread_info(victim.fd, &tinfo);
	expect((long)tinfo.nr_dropped == n && !tinfo.nr_delivered && !ran,
	       "all %ld were dropped with it, %ld ran", tinfo.nr_dropped, ran);
	actor_leave(&victim);
}
