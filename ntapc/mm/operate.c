// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on another address space that are more than a copy.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mm.h"

/* What goes through a buffer of the kernel's does so in parts of this size. */
#define BUFFER_SIZE	(16 << 10)

/* One part, between the process and a buffer. */
static int copy_part(struct ntapc_space *space, u64 remote, void *buffer,
		     size_t length, bool write, struct ntapc_progress *progress)
{
	struct kvec memory = { .iov_base = buffer, .iov_len = length };
	struct iov_iter local;

	iov_iter_kvec(&local, write ? WRITE : READ, &memory, 1, length);
	return ntapc_copy(space, remote, length, &local, write, progress);
}

static void *alloc_buffer(u64 length)
{
	return kmalloc(min_t(u64, length, BUFFER_SIZE), GFP_KERNEL_ACCOUNT);
}

static void repeat_pattern(void *buffer, size_t length, const u64 *pattern,
			   unsigned int width)
{
	size_t i;

	/* The lowest bytes come first: x86 is little-endian. */
	for (i = 0; i < length; i += width)
		memcpy(buffer + i, pattern, width);
}

/**
 * ntapc_fill - RtlFillMemory
 * @space: entered
 * @args: checked
 * @progress: advanced
 *
 * Return: as ntapc_copy().
 */
int ntapc_fill(struct ntapc_space *space, const struct ntapc_fill *args,
	       struct ntapc_progress *progress)
{
	size_t size = min_t(u64, args->length, BUFFER_SIZE);
	u64 left = args->length;
	void *buffer;
	int err = 0;

	if (!size)
		return 0;
	buffer = alloc_buffer(size);
	if (!buffer)
		return -ENOMEM;
	repeat_pattern(buffer, size, &args->pattern, args->width);
	while (left && !err) {
		size_t part = min_t(u64, left, size);

		err = copy_part(space, args->remote + args->length - left,
				buffer, part, true, progress);
		left -= part;
		if (left && !err)
			err = ntapc_space_check(space);
	}
	kfree(buffer);
	return err;
}

static size_t equal_bytes(const u8 *a, const u8 *b, size_t length)
{
	size_t i;

	if (!memcmp(a, b, length))
		return length;
	for (i = 0; a[i] == b[i]; i++)
		;
	return i;
}

/* One part. Returns 1 if there is a difference, which ends it. */
static int compare_part(struct ntapc_space *space,
			const struct ntapc_copy *args, size_t length, u8 *ours,
			u8 *theirs, struct ntapc_progress *progress)
{
	const void __user *local = u64_to_user_ptr(args->local);
	struct ntapc_progress read = { };
	size_t own, equal;
	int err;

	own = length - copy_from_user(ours, local + progress->done, length);
	/* That may have taken as long as the caller wanted it to. */
	err = ntapc_space_check(space);
	if (err)
		return err;
	err = copy_part(space, args->remote + progress->done, theirs, length,
			false, &read);
	/* As far as both are there. */
	equal = equal_bytes(ours, theirs, min_t(size_t, own, read.done));
	progress->done += equal;
	if (equal < min_t(size_t, own, read.done))
		return 1;
	if (err && equal == read.done) {
		progress->fault = read.fault;
		return err;
	}
	return equal == length ? 0 : -EFAULT;
}

/**
 * ntapc_compare - RtlCompareMemory
 * @space: entered
 * @args: checked
 * @progress: advanced by what is equal
 *
 * Return: 1 if something differs; 0; as ntapc_copy().
 */
int ntapc_compare(struct ntapc_space *space, const struct ntapc_copy *args,
		  struct ntapc_progress *progress)
{
	size_t size = min_t(u64, args->length, BUFFER_SIZE);
	u8 *ours, *theirs;
	int ret = 0;

	if (!size)
		return 0;
	ours = alloc_buffer(size);
	theirs = alloc_buffer(size);
	if (!ours || !theirs)
		ret = -ENOMEM;
	while (!ret && progress->done < args->length) {
		u64 left = args->length - progress->done;

		ret = compare_part(space, args, min_t(u64, left, size), ours,
				   theirs, progress);
		if (!ret && progress->done < args->length)
			ret = ntapc_space_check(space);
	}
	kfree(ours);
	kfree(theirs);
	return ret;
}

/**
 * struct hunt - a search
 * @args: what for
 * @pattern: a copy of what for
 * @buffer: what has been read and not been done with
 * @start: the remote address of @buffer
 * @length: bytes in @buffer
 */
struct hunt {
	struct ntapc_search *args;
	u8 *pattern;
	u8 *buffer;
	u64 start;
	size_t length;
};

/* Looks through the buffer, and keeps of it what a match may still begin in. */
static bool look_through(struct hunt *hunt)
{
	const struct ntapc_search *args = hunt->args;
	u64 behind = hunt->start - args->remote;
	/* The first place in the buffer that is to be looked at. */
	size_t at = (args->step - behind % args->step) % args->step;

	for (; at + args->pattern_length <= hunt->length; at += args->step) {
		if (hunt->buffer[at] == hunt->pattern[0] &&
		    !memcmp(hunt->buffer + at, hunt->pattern,
			    args->pattern_length)) {
			hunt->args->found = hunt->start + at;
			return true;
		}
	}
	at = min(at, hunt->length);
	memmove(hunt->buffer, hunt->buffer + at, hunt->length - at);
	hunt->start += at;
	hunt->length -= at;
	return false;
}

static int search(struct ntapc_space *space, struct hunt *hunt,
		  struct ntapc_progress *progress)
{
	const struct ntapc_search *args = hunt->args;
	int err = 0;

	hunt->start = args->remote;
	hunt->length = 0;
	while (!err && progress->done < args->length) {
		size_t part = min_t(u64, args->length - progress->done,
				    BUFFER_SIZE);
		u64 before = progress->done;

		err = copy_part(space, args->remote + progress->done,
				hunt->buffer + hunt->length, part, false,
				progress);
		hunt->length += progress->done - before;
		if (look_through(hunt)) {
			progress->fault = 0;
			return 1;
		}
		if (!err && progress->done < args->length)
			err = ntapc_space_check(space);
	}
	return err;
}

/**
 * ntapc_search - look for a pattern
 * @space: entered
 * @args: checked; its @found is set
 * @progress: advanced by what was read
 *
 * Return: 1 if it was found; 0; as ntapc_copy().
 */
int ntapc_search(struct ntapc_space *space, struct ntapc_search *args,
		 struct ntapc_progress *progress)
{
	struct hunt hunt = { .args = args };
	int ret = -ENOMEM;

	args->found = 0;
	hunt.pattern = kmalloc(args->pattern_length, GFP_KERNEL_ACCOUNT);
	/* What is kept is shorter than the pattern. */
	hunt.buffer = kmalloc(BUFFER_SIZE + NTAPC_PATTERN_MAX,
			      GFP_KERNEL_ACCOUNT);
	if (hunt.pattern && hunt.buffer)
		ret = copy_from_user(hunt.pattern,
				     u64_to_user_ptr(args->pattern),
				     args->pattern_length) ? -EFAULT : 0;
	/* That may have taken as long as the caller wanted it to. */
	if (!ret)
		ret = ntapc_space_check(space);
	if (!ret)
		ret = search(space, &hunt, progress);
	kfree(hunt.pattern);
	kfree(hunt.buffer);
	return ret;
}

static bool exchange(void *word, struct ntapc_exchange *args)
{
	if (args->flags & NTAPC_EXCHANGE_COMPARE) {
		if (args->width == sizeof(u32))
			args->old = cmpxchg((u32 *)word, (u32)args->comparand,
					    (u32)args->value);
		else
			args->old = cmpxchg((u64 *)word, args->comparand,
					    args->value);
		return args->old == args->comparand;
	}
	if (args->width == sizeof(u32))
		args->old = xchg((u32 *)word, (u32)args->value);
	else
		args->old = xchg((u64 *)word, args->value);
	return true;
}

/**
 * ntapc_exchange - InterlockedExchange, InterlockedCompareExchange
 * @space: entered
 * @args: checked, so that the word is in one page; its @old is set
 *
 * The process's own atomic instructions see the same memory.
 *
 * Return: 1 if it was written; 0; as ntapc_get_pages().
 */
int ntapc_exchange(struct ntapc_space *space, struct ntapc_exchange *args)
{
	struct ntapc_pages pages;
	bool written;
	int nr;

	nr = ntapc_get_pages(space, &pages, args->remote, args->width, FOLL_WRITE);
	if (nr < 0)
		return nr;
	written = exchange(page_address(pages.page[0]) +
				   offset_in_page(args->remote), args);
	ntapc_put_pages(&pages, nr, FOLL_WRITE);
	return written;
}
