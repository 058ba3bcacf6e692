// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dispatcher objects as descriptors: making and opening them, names, poll(), fdinfo,
 * and sharing them with other processes.
 */
#include "objects.h"
#include "kselftest_harness.h"

#include <sys/socket.h>
#include <sys/stat.h>

#define PATIENCE	in_ms(PATIENCE_MS)
#define ANYBODY		65534

FIXTURE(objects)
{
	int dev;
	int fds[NR_OBJECT_TYPES];
	char name[64];
};

FIXTURE_SETUP(objects)
{
	unsigned int i;

	self->dev = open_device();
	ASSERT_LE(0, self->dev);
	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		self->fds[i] = create_object(self->dev, object_types[i].type, 0,
					     object_types[i].limit);
		ASSERT_LE(0, self->fds[i]);
	}
	snprintf(self->name, sizeof(self->name), "ntapc-selftest-%d", getpid());
}

FIXTURE_TEARDOWN(objects)
{
}

/* Signalled by whatever does that to its type; mutants start so. */
static int make_signalled(int fd, __u32 type)
{
	switch (type) {
	case NTAPC_OBJECT_SEMAPHORE:
		return release_semaphore(fd, 1);
	case NTAPC_OBJECT_MUTANT:
		return 0;
	case NTAPC_OBJECT_NOTIFICATION_TIMER:
	case NTAPC_OBJECT_SYNCHRONIZATION_TIMER:
		return set_timer(fd, 0);
	default:
		return set_event(fd);
	}
}

TEST_F(objects, descriptors)
{
	unsigned int i, j;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		EXPECT_EQ(FD_CLOEXEC, fcntl(self->fds[i], F_GETFD));
		for (j = 0; j < i; j++)
			EXPECT_NE(self->fds[i], self->fds[j]);
	}
}

TEST_F(objects, bad_types)
{
	static const __u32 types[] = { 6, 7, 8, 255, 256, 1U << 31, ~0U };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_EQ(-EINVAL, create_object(self->dev, types[i], 0, 0));
		EXPECT_EQ(-EINVAL, create_object(self->dev, types[i], 0, 1));
	}
}

/* Descriptors aren't files with contents. */
TEST_F(objects, no_contents)
{
	char byte = 0;
	unsigned int i;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		EXPECT_EQ(-1, read(self->fds[i], &byte, 1));
		EXPECT_EQ(-1, write(self->fds[i], &byte, 1));
		EXPECT_EQ(-1, pread(self->fds[i], &byte, 1, 0));
		EXPECT_EQ(-1, ftruncate(self->fds[i], 0));
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED,
					   self->fds[i], 0));
	}
}

/* Readable while it is signalled; a mutant while it is nobody's. */
TEST_F(objects, poll)
{
	bool mutant, keeps;
	unsigned int i;
	__u32 type;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		type = object_types[i].type;
		mutant = type == NTAPC_OBJECT_MUTANT;
		keeps = type == NTAPC_OBJECT_NOTIFICATION_EVENT ||
			type == NTAPC_OBJECT_NOTIFICATION_TIMER;
		EXPECT_EQ(mutant ? POLLIN : 0, poll_now(self->fds[i]));
		EXPECT_EQ(0, make_signalled(self->fds[i], type));
		/* Looking at it takes nothing. */
		EXPECT_EQ(POLLIN, poll_now(self->fds[i]));
		EXPECT_EQ(POLLIN, poll_now(self->fds[i]));
		EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->fds[i]));
		/* A mutant isn't readable for its owner, either. */
		EXPECT_EQ(keeps ? POLLIN : 0, poll_now(self->fds[i]));
	}
	EXPECT_EQ(0, release_mutant(self->fds[3]));
	EXPECT_EQ(POLLIN, poll_now(self->fds[3]));
	EXPECT_EQ(1, reset_event(self->fds[0]));
	EXPECT_EQ(0, poll_now(self->fds[0]));
	EXPECT_EQ(1, set_timer(self->fds[4], MS_FROM_NOW(3600000)));
	EXPECT_EQ(0, poll_now(self->fds[4]));
}

static void poll_worker(struct worker *worker)
{
	struct pollfd pollfd = { .fd = worker->arg, .events = POLLIN };

	worker->ret = poll(&pollfd, 1, PATIENCE_MS);
	worker->arg = pollfd.revents;
}

/* Who polls is woken by what makes it readable. */
TEST_F(objects, poll_blocks)
{
	struct worker worker;
	unsigned int i;
	__u32 type;

	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(self->fds[3]));
	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		type = object_types[i].type;
		worker.arg = self->fds[i];
		ASSERT_TRUE(worker_start(&worker, self->dev, poll_worker));
		ASSERT_TRUE(wait_asleep(worker.tid));
		EXPECT_EQ(0, nr_waiters(self->fds[i]));
		if (type == NTAPC_OBJECT_MUTANT) {
			EXPECT_EQ(0, release_mutant(self->fds[i]));
		} else {
			EXPECT_EQ(0, make_signalled(self->fds[i], type));
		}
		worker_join(&worker);
		EXPECT_EQ(1, worker.ret);
		EXPECT_EQ(POLLIN, worker.arg);
	}
}

static void own_worker(struct worker *worker)
{
	worker->ret = try_one(worker->arg);
	atomic_store(&worker->stage, 1);
	worker_wait(worker);
}

/* The end of a mutant's owner does, too. */
TEST_F(objects, poll_of_an_abandoned_mutant)
{
	struct worker owner = { .arg = self->fds[3] };
	struct worker poller = { .arg = self->fds[3] };

	ASSERT_TRUE(worker_start(&owner, self->dev, own_worker));
	ASSERT_TRUE(worker_reached(&owner, 1));
	ASSERT_TRUE(worker_start(&poller, self->dev, poll_worker));
	ASSERT_TRUE(wait_asleep(poller.tid));
	worker_go(&owner);
	worker_join(&owner);
	worker_join(&poller);
	EXPECT_EQ(1, poller.ret);
	EXPECT_EQ(POLLIN, poller.arg);
}

/* What fdinfo says: each line's name and value. */
TEST_F(objects, fdinfo)
{
	static const char *const types[] = {
		"notification-event", "synchronization-event", "semaphore",
		"mutant", "notification-timer", "synchronization-timer",
	};
	char text[1024], line[128];
	struct waiter waiter;
	unsigned int i;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		ASSERT_EQ(0, read_fdinfo(self->fds[i], text, sizeof(text)));
		snprintf(line, sizeof(line), "ntapc-type:\t%s\n", types[i]);
		EXPECT_NE(NULL, strstr(text, line));
		snprintf(line, sizeof(line), "ntapc-state:\t%d\n", i == 3);
		EXPECT_NE(NULL, strstr(text, line));
		EXPECT_NE(NULL, strstr(text, "ntapc-waiters:\t0\n"));
		EXPECT_EQ(i == 2, !!strstr(text, "ntapc-limit:\t2147483647\n"));
		EXPECT_EQ(i == 3, !!strstr(text, "ntapc-owner:\t0\n"));
		EXPECT_EQ(NULL, strstr(text, "ntapc-remaining"));
		EXPECT_EQ(NULL, strstr(text, "abandoned"));
	}
	release_semaphore(self->fds[2], 5);
	ASSERT_EQ(0, read_fdinfo(self->fds[2], text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-state:\t5\n"));

	try_one(self->fds[3]);
	try_one(self->fds[3]);
	ASSERT_EQ(0, read_fdinfo(self->fds[3], text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-state:\t-1\n"));
	snprintf(line, sizeof(line), "ntapc-owner:\t%d\n", gettid());
	EXPECT_NE(NULL, strstr(text, line));

	set_timer_full(self->fds[4], MS_FROM_NOW(3600000), 12, 0, 0);
	ASSERT_EQ(0, read_fdinfo(self->fds[4], text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-period:\t12\n"));
	EXPECT_NE(NULL, strstr(text, "ntapc-remaining:\t"));

	ASSERT_TRUE(waiter_start_one(&waiter, self->dev, self->fds[1]));
	ASSERT_EQ(0, read_fdinfo(self->fds[1], text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ntapc-waiters:\t1\n"));
	set_event(self->fds[1]);
	waiter_end(&waiter);
}

/* Sharing */

TEST_F(objects, dup)
{
	int copy = dup(self->fds[1]);

	ASSERT_LE(0, copy);
	EXPECT_EQ(0, set_event(copy));
	EXPECT_EQ(0, close(self->fds[1]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(copy));
	EXPECT_EQ(-EBADF, set_event(self->fds[1]));
}

/* An object doesn't need its instance. */
TEST_F(objects, instance_is_closed)
{
	int other = open_device();

	ASSERT_LE(0, other);
	EXPECT_EQ(0, close(self->dev));
	EXPECT_EQ(0, set_event(self->fds[1]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_any(other, 0, &self->fds[1], 1));
	EXPECT_EQ(NTAPC_STATUS_TIMEOUT, try_one(self->fds[1]));
}

/* A child has its parent's descriptors: both ways. */
TEST_F(objects, fork)
{
	pid_t child;

	child = fork();
	if (!child) {
		if (wait_one(self->fds[1], PATIENCE) != NTAPC_STATUS_WAIT_0)
			_exit(1);
		if (wait_any(self->dev, 0, &self->fds[1], 1) !=
		    NTAPC_STATUS_TIMEOUT)
			_exit(2);
		_exit(set_event(self->fds[0]));
	}
	ASSERT_TRUE(wait_until_waiting(self->fds[1], 1));
	EXPECT_EQ(0, set_event(self->fds[1]));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, wait_one(self->fds[0], PATIENCE));
	EXPECT_EQ(0, reap(child));
}

/* Another process, which never had an instance, receives one of each. */
static int use_received(int socket)
{
	int fds[NR_OBJECT_TYPES];
	unsigned int i;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		fds[i] = receive_fd(socket);
		if (fds[i] < 0)
			return 10 + i;
		if (make_signalled(fds[i], object_types[i].type))
			return 20 + i;
	}
	if (wait_one(fds[3], 0) || release_mutant(fds[3]))
		return 1;
	return send_fd(socket, fds[0]) ? 2 : 0;
}

TEST_F(objects, scm_rights)
{
	int sockets[2], back;
	unsigned int i;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				sockets));
	child = fork();
	if (!child) {
		for (i = 0; i < NR_OBJECT_TYPES; i++)
			close(self->fds[i]);
		close(self->dev);
		_exit(use_received(sockets[1]));
	}
	for (i = 0; i < NR_OBJECT_TYPES; i++)
		ASSERT_EQ(0, send_fd(sockets[0], self->fds[i]));
	EXPECT_EQ(0, reap(child));
	for (i = 0; i < NR_OBJECT_TYPES; i++)
		EXPECT_EQ(1, object_state(self->fds[i]));
	/* It comes back as the same object. */
	back = receive_fd(sockets[0]);
	ASSERT_LE(0, back);
	EXPECT_EQ(1, reset_event(back));
	EXPECT_EQ(0, object_state(self->fds[0]));
}

/* The only descriptor is on its way. */
TEST_F(objects, scm_rights_in_flight)
{
	int sockets[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				sockets));
	EXPECT_EQ(0, set_event(self->fds[1]));
	ASSERT_EQ(0, send_fd(sockets[0], self->fds[1]));
	ASSERT_EQ(0, send_fd(sockets[0], self->fds[2]));
	close(self->fds[1]);
	close(self->fds[2]);
	fd = receive_fd(sockets[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(fd));
	/* The other one is never received. */
	close(sockets[0]);
	close(sockets[1]);
}

/* Names */

#define NAMED(type, flags, limit, existed)				\
	create_named(self->dev, type, flags, limit, self->name,		\
		     strlen(self->name), existed)

TEST_F(objects, names)
{
	__u32 type, existed;
	int fd, again, open;
	unsigned int i;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		type = object_types[i].type;
		EXPECT_EQ(-ENOENT, NAMED(type, NTAPC_CREATE_OPEN, 0, NULL));
		fd = NAMED(type, 0, object_types[i].limit, &existed);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, existed);
		again = NAMED(type, 0, object_types[i].limit, &existed);
		ASSERT_LE(0, again);
		EXPECT_EQ(1, existed);
		open = NAMED(type, NTAPC_CREATE_OPEN, 0, &existed);
		ASSERT_LE(0, open);
		EXPECT_EQ(1, existed);
		/* One object by three descriptors. */
		EXPECT_EQ(0, make_signalled(again, type));
		EXPECT_EQ(1, object_state(fd));
		EXPECT_EQ(1, object_state(open));
		/* The name goes with the last of them. */
		close(fd);
		close(open);
		fd = NAMED(type, NTAPC_CREATE_OPEN, 0, NULL);
		EXPECT_LE(0, fd);
		EXPECT_EQ(1, object_state(fd));
		close(fd);
		close(again);
		EXPECT_EQ(-ENOENT, NAMED(type, NTAPC_CREATE_OPEN, 0, NULL));
	}
}

/* What is there is opened as it is; the arguments only have to be valid. */
TEST_F(objects, name_of_what_is_there)
{
	struct ntapc_create args = {
		.size = sizeof(args),
		.type = NTAPC_OBJECT_SEMAPHORE,
		.count = 2,
		.limit = 5,
		.name = ADDR(self->name),
		.name_length = strlen(self->name),
	};
	struct ntapc_object_info info;
	int semaphore, again;

	semaphore = sys_ioctl(self->dev, NTAPC_IOC_CREATE, &args);
	ASSERT_LE(0, semaphore);
	args.count = 7;
	args.limit = 7;
	again = sys_ioctl(self->dev, NTAPC_IOC_CREATE, &args);
	ASSERT_LE(0, again);
	EXPECT_EQ(1, args.existed);
	ASSERT_EQ(0, get_object_info(again, &info));
	EXPECT_EQ(2, info.state);
	EXPECT_EQ(5, info.limit);
	args.count = 8;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_CREATE, &args));
	args.flags = NTAPC_CREATE_OPEN;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_CREATE, &args));
	args.count = 0;
	EXPECT_EQ(-EINVAL, sys_ioctl(self->dev, NTAPC_IOC_CREATE, &args));
	args.limit = 0;
	EXPECT_LE(0, sys_ioctl(self->dev, NTAPC_IOC_CREATE, &args));
}

/* A mutant that exists isn't taken by who opens it as its owner. */
TEST_F(objects, name_of_a_mutant)
{
	struct ntapc_create args = {
		.size = sizeof(args),
		.type = NTAPC_OBJECT_MUTANT,
		.name = ADDR(self->name),
		.name_length = strlen(self->name),
	};
	int mutant, again;

	mutant = sys_ioctl(self->dev, NTAPC_IOC_CREATE, &args);
	ASSERT_LE(0, mutant);
	args.count = 1;
	again = sys_ioctl(self->dev, NTAPC_IOC_CREATE, &args);
	ASSERT_LE(0, again);
	EXPECT_EQ(1, args.existed);
	EXPECT_EQ(1, object_state(mutant));
	EXPECT_EQ(-EPERM, release_mutant(again));
}

/* All types share the names; the two of events, and of timers, are one. */
TEST_F(objects, names_of_other_types)
{
	static const int family[] = { 0, 0, 2, 3, 4, 4 };
	struct ntapc_object_info info;
	unsigned int i, j;
	__u32 existed;
	int fd, other;

	for (i = 0; i < NR_OBJECT_TYPES; i++) {
		fd = NAMED(object_types[i].type, 0, object_types[i].limit, NULL);
		ASSERT_LE(0, fd);
		for (j = 0; j < NR_OBJECT_TYPES; j++) {
			other = NAMED(object_types[j].type, 0,
				      object_types[j].limit, &existed);
			if (family[i] != family[j]) {
				EXPECT_EQ(-EPROTOTYPE, other);
				EXPECT_EQ(-EPROTOTYPE,
					  NAMED(object_types[j].type,
						NTAPC_CREATE_OPEN, 0, NULL));
				continue;
			}
			EXPECT_LE(0, other);
			EXPECT_EQ(1, existed);
			ASSERT_EQ(0, get_object_info(other, &info));
			EXPECT_EQ(object_types[i].type, info.type);
			close(other);
		}
		close(fd);
	}
}

/* Any bytes, NTAPC_NAME_MAX of them; every one counts. */
TEST_F(objects, bytes_of_names)
{
	static char names[6][NTAPC_NAME_MAX + 1];
	static const __u32 lengths[] = {
		1, 2, 2, NTAPC_NAME_MAX, NTAPC_NAME_MAX, NTAPC_NAME_MAX - 1,
	};
	unsigned int i;
	__u32 existed;

	/* "\0", "\0\0", "\0\1", and long ones that differ in the last byte. */
	names[2][1] = 1;
	memset(names[3], 0xff, NTAPC_NAME_MAX);
	memcpy(names[4], names[3], NTAPC_NAME_MAX);
	memcpy(names[5], names[3], NTAPC_NAME_MAX);
	names[4][NTAPC_NAME_MAX - 1] = 0;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_LE(0, create_named(self->dev, i & 1, 0, 0, names[i],
					  lengths[i], &existed));
		EXPECT_EQ(0, existed) {
			TH_LOG("name %u", i);
		}
	}
	EXPECT_EQ(-EINVAL, create_named(self->dev, 0, 0, 0, names[3],
					NTAPC_NAME_MAX + 1, NULL));
	EXPECT_EQ(-EINVAL, create_named(self->dev, 0, 0, 0, names[3], ~0U,
					NULL));
}

TEST_F(objects, bad_names)
{
	static const __u64 addresses[] = {
		0, 1, KERNEL_ADDRESS, NON_CANONICAL, ~0ULL,
	};
	struct ntapc_create args = {
		.size = sizeof(args),
		.name_length = 1,
	};
	unsigned int i;
	char *pages;

	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		args.name = addresses[i];
		EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTAPC_IOC_CREATE,
					     &args));
	}
	/* Its last byte isn't there. */
	pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, pages);
	ASSERT_EQ(0, munmap(pages + 4096, 4096));
	EXPECT_EQ(-EFAULT, create_named(self->dev, 0, 0, 0, pages + 4096 - 7, 8,
					NULL));
	EXPECT_LE(0, create_named(self->dev, 0, 0, 0, pages + 4096 - 8, 8,
				  NULL));
	/* Read-only is good enough. */
	ASSERT_EQ(0, mprotect(pages, 4096, PROT_READ));
	EXPECT_LE(0, create_named(self->dev, 0, 0, 0, pages + 4096 - 8, 8,
				  NULL));

	/* A name of no length, no name to open, and unknown flags. */
	EXPECT_EQ(-EINVAL, create_named(self->dev, 0, 0, 0, self->name, 0,
					NULL));
	EXPECT_EQ(-EINVAL, create_named(self->dev, 0, NTAPC_CREATE_OPEN, 0,
					NULL, 0, NULL));
	for (i = 1; i < 32; i++)
		EXPECT_EQ(-EINVAL, NAMED(0, 1U << i, 0, NULL));
	EXPECT_EQ(-ENOENT, NAMED(0, NTAPC_CREATE_OPEN, 0, NULL));
}

/* What fails leaves no name behind. */
TEST_F(objects, failure_leaves_no_name)
{
	struct ntapc_create *args;
	int fd, last = -1;

	args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, args);
	args->size = sizeof(*args);
	args->name = ADDR(self->name);
	args->name_length = strlen(self->name);
	ASSERT_EQ(0, mprotect(args, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, sys_ioctl(self->dev, NTAPC_IOC_CREATE, args));
	EXPECT_EQ(-ENOENT, NAMED(0, NTAPC_CREATE_OPEN, 0, NULL));

	while ((fd = dup(self->dev)) >= 0)
		last = fd;
	EXPECT_EQ(-EMFILE, NAMED(0, 0, 0, NULL));
	close(last);
	EXPECT_EQ(-ENOENT, NAMED(0, NTAPC_CREATE_OPEN, 0, NULL));
}

/* Another instance, another process, and after the maker's death. */
TEST_F(objects, names_are_shared)
{
	int other = open_device(), fd, mine;
	__u32 existed;
	pid_t child;

	ASSERT_LE(0, other);
	mine = NAMED(1, 0, 0, NULL);
	ASSERT_LE(0, mine);
	fd = create_named(other, 1, 0, 0, self->name, strlen(self->name),
			  &existed);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, existed);
	close(mine);
	child = fork();
	if (!child) {
		close(fd);
		fd = NAMED(1, NTAPC_CREATE_OPEN, 0, NULL);
		_exit(fd < 0 ? 1 : set_event(fd));
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(NTAPC_STATUS_WAIT_0, try_one(fd));
	close(fd);
	EXPECT_EQ(-ENOENT, NAMED(1, NTAPC_CREATE_OPEN, 0, NULL));
}

/* The effective user's own: whoever else makes that name has another object. */
TEST_F(objects, names_are_a_users)
{
	__u32 existed;
	pid_t child;
	int mine;

	if (geteuid())
		SKIP(return, "needs root");
	mine = NAMED(1, 0, 0, NULL);
	ASSERT_LE(0, mine);
	child = fork();
	if (!child) {
		if (seteuid(ANYBODY))
			_exit(1);
		if (NAMED(1, NTAPC_CREATE_OPEN, 0, NULL) != -ENOENT)
			_exit(2);
		/* Another type, even. */
		if (NAMED(2, 0, 1, &existed) < 0 || existed)
			_exit(3);
		/* The real uid again, but that one's objects aren't there. */
		if (seteuid(0))
			_exit(4);
		_exit(NAMED(1, NTAPC_CREATE_OPEN, 0, NULL) < 0 ? 5 : 0);
	}
	EXPECT_EQ(0, reap(child));
}

TEST_F(objects, names_are_of_an_ipc_namespace)
{
	__u32 existed;
	pid_t child;
	int mine;

	mine = NAMED(1, 0, 0, NULL);
	ASSERT_LE(0, mine);
	child = fork();
	if (!child) {
		if (unshare(CLONE_NEWIPC))
			_exit(77);
		if (NAMED(1, NTAPC_CREATE_OPEN, 0, NULL) != -ENOENT)
			_exit(1);
		if (NAMED(1, 0, 0, &existed) < 0 || existed)
			_exit(2);
		/* A descriptor is a descriptor. */
		_exit(set_event(mine));
	}
	switch (reap(child)) {
	case 77:
		SKIP(return, "no IPC namespace to be had");
	case 0:
		EXPECT_EQ(1, object_state(mine));
		break;
	default:
		EXPECT_TRUE(false);
	}
}

TEST_HARNESS_MAIN
