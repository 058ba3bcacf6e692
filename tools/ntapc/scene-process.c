// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo: an APC for another process.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.h"

static int send_fd(int socket, int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(socket, &msg, 0) < 0 ? -errno : 0;
}

static int receive_fd(int socket)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) <= 0)
		return -EIO;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -EIO;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	return fd;
}

static int received;

static void from_afar(uintptr_t sender, uintptr_t b, uintptr_t c)
{
	(void)b;
	(void)c;
	received++;
	note("  APC runs in process %ld, queued by process %ld", getpid(),
	     sender);
}

static void other_process(int socket)
{
	int self, ret;

	call_me("other");
	self = ntapc_thread_self();
	note("a process of its own, %ld, sends its descriptor", getpid(), 0);
	if (self < 0 || send_fd(socket, self)) {
		expect(false, "it can't: error %ld", -self, 0);
		_exit(1);
	}
	ret = ntapc_delay(PATIENCE, NTAPC_ALERTABLE);
	expect(ret == NTAPC_STATUS_USER_APC && received == 1,
	       "its wait ends with 0x%lx", ret, 0);
	ntapc_set_exit_status(42);
	_exit(0);
}

static void with_other(int fd)
{
	struct ntapc_thread_info info;
	int ret;

	expect(waits(fd, true), "has got it, and sees the other one wait", 0, 0);
	ret = ntapc_queue(fd, from_afar, getpid(), 0, 0);
	expect(!ret, "queues an APC to it: %ld", -ret, 0);
	ret = ntapc_wait_thread(fd, PATIENCE, 0);
	ntapc_thread_info(fd, &info);
	expect(ret == NTAPC_STATUS_WAIT_0 && info.exit_status == 42 &&
	       !received, "it has ended, exit status %ld", info.exit_status, 0);
	ret = ntapc_queue(fd, from_afar, getpid(), 0, 0);
	expect(ret == -ESRCH, "one more APC is refused: %s",
	       (long)strerrorname_np(-ret), 0);
}

void scene_process(void)
{
	int pair[2];
	pid_t pid;
	int fd;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		expect(false, "no sockets: error %ld", errno, 0);
		return;
	}
	pid = fork();
	if (!pid)
		other_process(pair[1]);
	close(pair[1]);
	fd = receive_fd(pair[0]);
	if (expect(fd >= 0, "receives descriptor %ld", fd, 0)) {
		with_other(fd);
		close(fd);
	}
	close(pair[0]);
	waitpid(pid, NULL, 0);
}
