/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that failures.c has fail: what isn't an ioctl.
 */
#ifndef NTAPC_SELFTESTS_FAILURES_OTHERS_H
#define NTAPC_SELFTESTS_FAILURES_OTHERS_H

static bool prepare_open(struct call *call)
{
	return CALL(SYS_openat, AT_FDCWD, (unsigned long)"/dev/ntapc", O_RDWR);
}

static bool prepare_map_control(struct call *call)
{
	return CALL(SYS_mmap, 0, ONE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		    own_thread(), 0);
}

static bool done_map_control(long ret)
{
	const struct ntapc_control *control = (void *)ret;
	unsigned int i, found = 0;

	for (i = 0; i < ONE_PAGE / sizeof(*control); i++)
		found += control[i].tid == (__u32)syscall(SYS_gettid);
	return !munmap((void *)ret, ONE_PAGE) && found == 1;
}

static bool prepare_map_window(struct call *call)
{
	return CALL(SYS_mmap, 0, 2 * ONE_PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, window, 0);
}

static bool done_map_window(long ret)
{
	return !munmap((void *)ret, 2 * ONE_PAGE);
}

/*
 * A page fault in a mapping, on behalf of a copy to there. It is amid other memory:
 * User-mode Linux panics where there is no page for the page table.
 */
static unsigned char *control_page(void)
{
	return written + ONE_PAGE;
}

static bool prepare_fault(struct call *call)
{
	return mmap(control_page(), ONE_PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, own_thread(), 0) != MAP_FAILED &&
	       CALL(SYS_getrandom, (unsigned long)control_page() + ONE_PAGE - 8,
		    8, 0);
}

static bool done_fault(long ret)
{
	memset(control_page() + ONE_PAGE - 8, 0, 8);
	return ret == 8 &&
	       mmap(control_page(), ONE_PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
			control_page();
}

static struct pollfd pollfds[16];

/* More than the kernel has room for without memory. */
static bool prepare_poll(struct call *call)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		pollfds[i].events = POLLIN | POLLPRI;
	for (i = 0; i < MANY; i++)
		pollfds[i].fd = many[i];
	pollfds[12].fd = own_thread();
	pollfds[13].fd = process;
	pollfds[14].fd = have_run_apc() ? apc : -1;
	pollfds[15].fd = there;
	return CALL(SYS_poll, (unsigned long)pollfds, 16, 0);
}

static bool done_poll(long ret)
{
	return ret == 1 && pollfds[14].revents == POLLIN && !close(apc) &&
	       (apc = -1);
}

static int epoll = -1;

static bool prepare_epoll(struct call *call)
{
	static struct epoll_event event = { .events = EPOLLIN };

	if (epoll < 0)
		epoll = epoll_create1(EPOLL_CLOEXEC);
	return epoll >= 0 &&
	       CALL(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, there,
		    (unsigned long)&event);
}

static bool done_epoll(long ret)
{
	return !ret && !close(epoll) && (epoll = -1);
}

static int fdinfo = -1;

static bool prepare_fdinfo(struct call *call)
{
	char path[64];

	if (fdinfo < 0) {
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", there);
		fdinfo = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fdinfo >= 0 &&
	       CALL(SYS_pread64, fdinfo, (unsigned long)ours, sizeof(ours) - 1, 0);
}

static bool done_fdinfo(long ret)
{
	ours[ret] = 0;
	return strstr((char *)ours, "ntapc-type:\tthread") && !close(fdinfo) &&
	       (fdinfo = -1);
}

#endif
