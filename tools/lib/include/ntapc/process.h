/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libntapc: processes, attaching to them, and their memory. Part of <ntapc.h>, which
 * says what functions return.
 *
 * Copyright (C) 2026 the ntapc authors
 */
#ifndef NTAPC_PROCESS_H
#define NTAPC_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/ntapc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- processes ------------------------------------------------------------ */

/**
 * ntapc_process_open - a descriptor for a process (NT: NtOpenProcess)
 * @pid: the id of any of its threads; 0 is the calling process
 *
 * It stands for the process and its present image: when that has exited or called
 * execve() it is readable for poll(2), and reaches nothing any more. Holding it is the
 * right to all that is below, also for another process that it is sent to (SCM_RIGHTS).
 * When the process takes other credentials or becomes undumpable, the kernel's ptrace
 * rules are asked anew (-EACCES).
 *
 * Return: a close-on-exec descriptor that the caller closes; -ESRCH: there is no such
 * process, it has ended, or it is the kernel's; -EACCES: the ptrace rules don't allow
 * it; -EINVAL: @pid is negative; -EMFILE, -ENFILE; -ENOMEM.
 */
int ntapc_process_open(pid_t pid);

/**
 * ntapc_process_open_pidfd - the same, by a pidfd, whose process no other can replace
 * @pidfd: as of pidfd_open(2)
 *
 * Return: as ntapc_process_open(); -EBADF: not open; -EINVAL: not a pidfd.
 */
int ntapc_process_open_pidfd(int pidfd);

/**
 * ntapc_process_info - a process's state and counts, also once it has ended
 * @fd: a process
 * @info: filled in; its size member is set by this function
 *
 * Return: 0; -EACCES: no longer allowed; -EBADF, -ENOTTY: @fd isn't a process.
 */
int ntapc_process_info(int fd, struct ntapc_process_info *info);

/* --- attaching ------------------------------------------------------------ */

/**
 * ntapc_attach - attach the calling thread to a process
 *	(NT: KeAttachProcess, rules 9.1 to 9.3)
 * @fd: the process
 *
 * Until it detaches, what the thread does with %NTAPC_HERE acts in that process's
 * memory. Its code and its pointers remain those of its own process. APCs that are
 * queued to it wait until then, kernel APCs for the Attached environment excepted;
 * and so do its suspension and its end by ntapc_terminate() (rule 9.9). A process that
 * isn't in memory is brought in first, for which this waits.
 *
 * Where the thread is already nothing is done: ntapc_detach() then takes it home all the
 * same. ntapc_stack_attach() doesn't have this trap.
 *
 * Return: 0; -EBUSY: it is attached to another process (NT: bugcheck 5); -ESRCH: the
 * process has ended; -EACCES: no longer allowed; -EOVERFLOW: NTAPC_STACK_COUNT_MAX
 * threads are attached to it; -EINTR: a signal handler without SA_RESTART ran in the
 * wait; -EBADF, -ENOTTY: @fd isn't a process; -ENOMEM.
 */
int ntapc_attach(int fd);

/**
 * ntapc_detach - back home (NT: KeDetachProcess, rule 9.6)
 *
 * Does nothing if the thread isn't attached. Kernel APCs for the Attached environment
 * that are pending run before, and what waited runs when it next may.
 *
 * Return: 0; -EBUSY: attachments are nested, or an APC for where it is now is still
 * queued or running (NT: bugcheck 6): it stays attached; -ENOMEM.
 */
int ntapc_detach(void);

/**
 * ntapc_stack_attach - attach, wherever one is (NT: KeStackAttachProcess, rule 9.7)
 * @fd: the process
 * @save: set to what ntapc_unstack_detach() wants
 *
 * As ntapc_attach(), but an attached thread may call it, too: up to
 * NTAPC_ATTACH_DEPTH_MAX nest. Where the thread is already nothing is done, and
 * nothing by the ntapc_unstack_detach() that belongs to it.
 *
 * Return: as ntapc_attach(), but no -EBUSY; -EOVERFLOW also: too many nest.
 */
int ntapc_stack_attach(int fd, uint32_t *save);

/**
 * ntapc_unstack_detach - undo an attachment (NT: KeUnstackDetachProcess, rule 9.8)
 * @save: of the newest ntapc_stack_attach() that hasn't been undone
 *
 * Return: 0; -EINVAL: it isn't; -EBUSY, -ENOMEM: as ntapc_detach().
 */
int ntapc_unstack_detach(uint32_t save);

/* --- memory --------------------------------------------------------------- */

/*
 * In the place of a process: where the calling thread is, the process that it is
 * attached to or else its own. (Far from any negative errno: a failure to open
 * something doesn't lead here.)
 */
#define NTAPC_HERE	(-0x7fffffff - 1)

/**
 * struct ntapc_progress - how far an operation got, also one that failed
 * @done: how many bytes were copied, written, equal or read, from the first one on
 * @fault: after -EFAULT the address in the process that can't be accessed, or 0: it is
 *	the caller's own memory that can't be; or the address 0 there, from which on
 *	nothing was done then
 */
struct ntapc_progress {
	uint64_t done;
	uint64_t fault;
};

/**
 * ntapc_process_read - copy from a process's memory (NT: NtReadVirtualMemory)
 * @fd: a process, or %NTAPC_HERE
 * @address: in the process
 * @to: in one's own memory
 * @length: in bytes, up to SSIZE_MAX; 0 copies nothing
 * @progress: how far it got; or NULL
 *
 * Needs no attachment: with a process it attaches and detaches by itself. Pages that
 * aren't in memory are faulted in, another process that isn't (rule 9.4) is brought in.
 * A stack isn't grown for that by kernels from 6.5 on. Other threads may write there
 * meanwhile: no more than a byte is copied at once, as it were.
 *
 * Return: 0: all of it was copied; -EFAULT: not all of it, as something can't be
 * accessed, see @progress; -ESRCH: the process has ended, maybe meanwhile; -EINVAL: a
 * range that wraps, or too long; -EACCES: no longer allowed; -EINTR: a signal handler
 * ran in the wait for the process to be brought in, and nothing was copied; -EBADF,
 * -ENOTTY: @fd isn't a process; -ENOMEM.
 */
int ntapc_process_read(int fd, uint64_t address, void *to, size_t length,
		       struct ntapc_progress *progress);

/**
 * ntapc_process_write - copy to a process's memory (NT: NtWriteVirtualMemory)
 * @fd: a process, or %NTAPC_HERE
 * @address: in the process
 * @from: in one's own memory
 * @length: as for ntapc_process_read()
 * @progress: the same
 *
 * What isn't writable there isn't written to, unlike with ptrace(2) (-EFAULT).
 *
 * Return: as ntapc_process_read().
 */
int ntapc_process_write(int fd, uint64_t address, const void *from, size_t length,
			struct ntapc_progress *progress);

/**
 * ntapc_process_readv - copy from several places to several places
 * @fd: a process, or %NTAPC_HERE
 * @remote: the places in the process
 * @nr_remote: 1 to NTAPC_RANGES_MAX
 * @local: addresses in one's own memory, or offsets in @window
 * @nr_local: 1 to NTAPC_RANGES_MAX
 * @window: a window, or -1: one's own memory
 * @progress: as for ntapc_process_read(), over all of them
 *
 * In order, as process_vm_readv(2) does; the shorter total decides.
 *
 * Return: as ntapc_process_read(); -EPROTOTYPE: @window isn't one; -EINVAL also: too
 * many or none, or something outside of the window.
 */
int ntapc_process_readv(int fd, const struct ntapc_range *remote,
			unsigned int nr_remote, const struct ntapc_range *local,
			unsigned int nr_local, int window,
			struct ntapc_progress *progress);

/**
 * ntapc_process_writev - copy to several places from several places
 * @fd: a process, or %NTAPC_HERE
 * @remote: as for ntapc_process_readv()
 * @nr_remote: the same
 * @local: the same
 * @nr_local: the same
 * @window: the same
 * @progress: the same
 *
 * Return: as ntapc_process_readv().
 */
int ntapc_process_writev(int fd, const struct ntapc_range *remote,
			 unsigned int nr_remote, const struct ntapc_range *local,
			 unsigned int nr_local, int window,
			 struct ntapc_progress *progress);

/**
 * ntapc_process_read_window - copy from a process's memory to a window
 * @fd: a process, or %NTAPC_HERE
 * @address: in the process
 * @window: as of ntapc_window_create()
 * @offset: in the window, in bytes
 * @length: in bytes; 0 copies nothing
 * @progress: as for ntapc_process_read()
 *
 * Return: as ntapc_process_read(); -EBADF, -EPROTOTYPE: @window isn't one; -EINVAL also:
 * outside of it.
 */
int ntapc_process_read_window(int fd, uint64_t address, int window,
			      uint64_t offset, size_t length,
			      struct ntapc_progress *progress);

/**
 * ntapc_process_write_window - copy to a process's memory from a window
 * @fd: a process, or %NTAPC_HERE
 * @address: in the process
 * @window: as for ntapc_process_read_window()
 * @offset: the same
 * @length: the same
 * @progress: the same
 *
 * Return: as ntapc_process_read_window().
 */
int ntapc_process_write_window(int fd, uint64_t address, int window,
			       uint64_t offset, size_t length,
			       struct ntapc_progress *progress);

/**
 * ntapc_process_compare - compare with one's own memory (NT: RtlCompareMemory)
 * @fd: a process, or %NTAPC_HERE
 * @address: in the process
 * @with: in one's own memory
 * @length: as for ntapc_process_read()
 * @progress: how many bytes are equal, from the first one on
 *
 * Return: 0: all are equal; 1: not all; or as ntapc_process_read().
 */
int ntapc_process_compare(int fd, uint64_t address, const void *with,
			  size_t length, struct ntapc_progress *progress);

/**
 * ntapc_process_fill - write a pattern over and over (NT: RtlFillMemory)
 * @fd: a process, or %NTAPC_HERE
 * @address: in the process
 * @length: in bytes, a multiple of @width, up to SSIZE_MAX
 * @pattern: its lowest @width bytes
 * @width: 1, 2, 4 or 8 bytes
 * @progress: as for ntapc_process_write()
 *
 * Return: as ntapc_process_write(); -EINVAL also: another width, or not a multiple.
 */
int ntapc_process_fill(int fd, uint64_t address, size_t length, uint64_t pattern,
		       unsigned int width, struct ntapc_progress *progress);

/**
 * ntapc_process_search - look for some bytes
 * @fd: a process, or %NTAPC_HERE
 * @address: where to begin, in the process
 * @length: how far to look, in bytes: what is found ends within
 * @pattern: the bytes, in one's own memory
 * @pattern_length: 1 to NTAPC_PATTERN_MAX of them
 * @step: 1 to 4096: of what distances from @address to look at
 * @found: set to the address of the first place; 0: none
 * @progress: how many bytes were read
 *
 * Return: 1: found; 0: it isn't there; or as ntapc_process_read(): what comes before
 * @progress->fault has been searched; -EINVAL also: another step or pattern length.
 */
int ntapc_process_search(int fd, uint64_t address, size_t length,
			 const void *pattern, size_t pattern_length,
			 unsigned int step, uint64_t *found,
			 struct ntapc_progress *progress);

/**
 * ntapc_process_exchange - change a word atomically (NT: InterlockedExchange)
 * @fd: a process, or %NTAPC_HERE
 * @address: in the process, a multiple of @width
 * @width: 4 or 8 bytes
 * @value: to be written; fits @width
 * @old: set to what was there
 *
 * Return: 1; -EFAULT: it can't be written to; -EINVAL: another width or address, or
 * @value doesn't fit; else as ntapc_process_write().
 */
int ntapc_process_exchange(int fd, uint64_t address, unsigned int width,
			   uint64_t value, uint64_t *old);

/**
 * ntapc_process_compare_exchange - the same, if the word has a certain value
 *	(NT: InterlockedCompareExchange)
 * @fd: a process, or %NTAPC_HERE
 * @address: as for ntapc_process_exchange()
 * @width: the same
 * @value: the same
 * @comparand: only if this is there; fits @width
 * @old: set to what was there
 *
 * Return: 1: written; 0: something else was there; or as ntapc_process_exchange().
 */
int ntapc_process_compare_exchange(int fd, uint64_t address, unsigned int width,
				   uint64_t value, uint64_t comparand,
				   uint64_t *old);

/**
 * ntapc_process_query - what is mapped at an address (NT: NtQueryVirtualMemory)
 * @fd: a process, or %NTAPC_HERE
 * @address: any in the process
 * @query: filled in, but for its first members and path, which are this function's;
 *	path_length, with the terminating 0, tells if @path is too small
 * @path: where the path of a mapped file goes; empty if there is none or it doesn't
 *	fit; or NULL
 * @path_size: room there in bytes
 *
 * The next mapping, or free range, begins at @query->end, unless that is -EINVAL.
 *
 * Return: 0; -EINVAL: @address isn't a user address; -ESRCH; -EACCES; -EINTR: as
 * ntapc_process_read(); -EBADF, -ENOTTY; -ENOMEM.
 */
int ntapc_process_query(int fd, uint64_t address, struct ntapc_query *query,
			char *path, size_t path_size);

/**
 * ntapc_process_call - have a routine of the kernel's run in a process's memory
 * @fd: a process, or %NTAPC_HERE
 * @name: "strnlen", "crc32", or one that another module has registered; see struct
 *	ntapc_attached_call
 * @arg: the routine's business; NULL: all 0
 * @values: where its results go; or NULL
 * @nr_values: how many there is room for; set to how many there are; NULL: none
 *
 * Return: what the routine does, 0 if it says nothing else; -ENOENT: there is no such
 * routine; -EAGAIN: NTAPC_CALLS_MAX of the user's calls are under way; -EINVAL: a name
 * that is too long, or the routine doesn't take @arg; -EFAULT: what the routine can't
 * access; -ESRCH; -EACCES; -EINTR: as ntapc_process_read(); -EBADF, -ENOTTY; -ENOMEM.
 */
int ntapc_process_call(int fd, const char *name, const uint64_t arg[3],
		       uint64_t *values, unsigned int *nr_values);

/* --- windows -------------------------------------------------------------- */

/**
 * ntapc_window_create - memory that large copies are fastest to and from
 * @length: in bytes, 1 to NTAPC_WINDOW_MAX; rounded up to whole pages
 * @memory: set to where all of it is mapped in one's own memory
 *
 * It starts out as zeros and counts against RLIMIT_MEMLOCK. It can also be mapped, all
 * or some whole pages of it, with mmap(2), MAP_SHARED.
 *
 * Return: a close-on-exec descriptor, for ntapc_window_destroy(); -EINVAL: another
 * length; -EMFILE, -ENFILE; -ENOMEM: also because of RLIMIT_MEMLOCK.
 */
int ntapc_window_create(size_t length, void **memory);

/**
 * ntapc_window_destroy - unmap it and close it
 * @window: what ntapc_window_create() returned
 * @memory: the same
 * @length: as it was called with
 *
 * It is freed when nobody has it open or mapped any more.
 *
 * Return: 0; -EINVAL: @memory isn't the beginning of a page; -EBADF.
 */
int ntapc_window_destroy(int window, void *memory, size_t length);

/* --- out-swap ------------------------------------------------------------- */

/**
 * ntapc_process_out_swap - a process's pages leave memory (rules 9.3 to 9.5)
 * @fd: the process
 * @length: set to how many bytes of its memory the kernel was asked to reclaim; or NULL
 *
 * Its own pages (private and anonymous, not locked) that are in memory are given to
 * reclaim, process_madvise(2) MADV_PAGEOUT, and its state is OutOfMemory then. Who
 * next attaches to it, or reads or writes there, waits until the swapper has brought in
 * what was in memory before. Reclaim takes what it can: without swap space nothing, and
 * not what other processes have mapped, too. The process itself isn't stopped by this
 * and faults in what it touches: suspend it before if it is to stay out. What it does to
 * itself, by this library's functions or not, doesn't change its state.
 *
 * More than NTAPC_RANGES_MAX stretches of pages are joined over small gaps; what is left
 * over stays in memory. An error leaves the process InMemory.
 *
 * Return: 0; -EBUSY: a thread is attached to it or a copy under way, or it isn't
 * InMemory; -EPERM: another process, and no CAP_SYS_NICE, which process_madvise(2)
 * wants; -ESRCH: it has ended; -EACCES: no longer allowed, or /proc/PID/pagemap can't be
 * opened; -ENOENT: no /proc, or it isn't in the caller's pid namespace; -EBADF, -ENOTTY:
 * @fd isn't a process; -ENOMEM.
 */
int ntapc_process_out_swap(int fd, uint64_t *length);

#ifdef __cplusplus
}
#endif

#endif /* NTAPC_PROCESS_H */
