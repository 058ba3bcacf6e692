// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying from and to another address space.
 *
 * By pages: the caller gets at them in batches and copies between them and its own
 * memory. Or by a stand-in: a kernel thread that is in the other address space
 * copies as if it were its own, without looking at single pages; it can only reach
 * memory that the kernel has mapped, a window. It never faults anything in, so that
 * nothing of the target's can hold it up: what isn't there is the caller's affair,
 * who then gets at one batch by pages. So is what can't be got at by pages, of which
 * device memory and memfd_secret(2)'s are mapped all the same.
 */
#include <linux/mmap_lock.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "mm.h"
#include "../arch/words.h"
#include "../compat.h"

/*
 * From how many bytes on a copy between a window and another process is a stand-in's
 * affair. Measured, as part of process_vm_readv(2)'s time (by pages | by a
 * stand-in), on 6.12:
 *
 *		UML		QEMU
 *   64 KiB	0.78 | 0.71	0.66 | 2.4
 *  256 KiB	0.43 | 0.23	0.68 | 1.1
 *    1 MiB	0.58 | 0.19	0.67 | 0.69
 *    4 MiB	0.64 | 0.18	0.68 | 0.58
 *   16 MiB	0.69 | 0.25	0.64 | 0.54
 *
 * Between other memory of the caller's and another process everything is by pages:
 * a stand-in with two halves of a buffer that is copied twice took 1.1 to 37 times
 * process_vm_readv(2)'s time on QEMU (0.31 to 0.44 on UML).
 */
#define STAND_IN_MIN	SZ_1M

/* What a stand-in copies before the caller looks around. */
#define STAND_IN_CHUNK	SZ_2M

/* A window, or other memory of the kernel's: nothing there faults. */
static bool copy_in_kernel(void *memory, size_t length, struct iov_iter *local,
			   bool write)
{
	void *ours;

	if (!iov_iter_is_kvec(local) ||
	    local->kvec->iov_len - local->iov_offset < length)
		return false;
	ours = local->kvec->iov_base + local->iov_offset;
	if (write)
		memcpy(memory, ours, length);
	else
		memcpy(ours, memory, length);
	iov_iter_advance(local, length);
	return true;
}

/*
 * Between the kernel's and the caller's memory. The kernel's is part of one page,
 * and so needs none of the checks that _copy_to_iter() goes without.
 */
static size_t copy_piece(void *memory, size_t length, struct iov_iter *local,
			 bool write)
{
	size_t done = 0;

	if (copy_in_kernel(memory, length, local, write))
		return length;
	if (iter_is_ubuf(local)) {
		void __user *user = local->ubuf + local->iov_offset;

		done = write ? ntapc_words_from_user(memory, user, length) :
			       ntapc_words_to_user(user, memory, length);
		if (done)
			iov_iter_advance(local, done);
	}
	/* What is left; or, after a fault, exactly as far as can be. */
	if (done < length)
		done += write ? _copy_from_iter(memory + done, length - done,
						local) :
				_copy_to_iter(memory + done, length - done,
					      local);
	return done;
}

/* Between the pages and the caller's memory; less than @length if that faults. */
static size_t copy_pages(const struct ntapc_pages *pages, unsigned int nr,
			 unsigned int offset, size_t length,
			 struct iov_iter *local, bool write)
{
	size_t done = 0;
	unsigned int i;

	for (i = 0; i < nr && done < length; i++, offset = 0) {
		size_t piece = min_t(size_t, PAGE_SIZE - offset, length - done);
		size_t copied = copy_piece(page_address(pages->page[i]) + offset,
					   piece, local, write);

		done += copied;
		if (copied < piece)
			break;
	}
	return done;
}

/* One batch. Returns its bytes, or an error if there is none. */
static ssize_t copy_batch(const struct ntapc_space *space, u64 remote,
			  u64 length, struct iov_iter *local, bool write,
			  struct ntapc_progress *progress)
{
	unsigned int flags = write ? FOLL_WRITE : 0;
	unsigned int offset = offset_in_page(remote);
	/* All that is read of it is written before. */
	struct ntapc_pages pages __uninitialized;
	size_t wanted, done;
	int nr;

	nr = ntapc_get_pages(space, &pages, remote, length, flags);
	if (unlikely(nr < 0)) {
		if (nr == -EFAULT)
			progress->fault = remote;
		return nr;
	}
	wanted = min_t(u64, length, ((u64)nr << PAGE_SHIFT) - offset);
	done = copy_pages(&pages, nr, offset, wanted, local, write);
	ntapc_put_pages(&pages, nr, flags);
	progress->done += done;
	if (unlikely(done < wanted))
		return -EFAULT;
	return done;
}

/**
 * struct stand_in_copy - what a stand-in is to copy
 * @user: in the address space that it is in
 * @memory: the kernel's
 * @length: in bytes
 * @write: to @user
 * @left: how many bytes it couldn't
 */
struct stand_in_copy {
	void __user *user;
	void *memory;
	size_t length;
	bool write;
	size_t left;
};

/*
 * Of how many bytes from @address on would the pages be got? All pages of a mapping
 * are alike there, but for what is left out here; so one of them is asked for. It has
 * to be in memory: of huge ones some kernels would fault it in.
 */
static size_t reachable(struct mm_struct *mm, unsigned long address,
			size_t length, bool write)
{
	unsigned int flags = FOLL_NOFAULT | (write ? FOLL_WRITE : 0);
	const struct vm_area_struct *vma = find_vma(mm, address);
	struct page *page;

	if (!vma || vma->vm_start > address ||
	    vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP | VM_HUGETLB))
		return 0;
	if (ntapc_get_user_pages_remote(mm, address & PAGE_MASK, 1, flags,
					&page, NULL) != 1)
		return 0;
	put_page(page);
	return min_t(size_t, length, vma->vm_end - address);
}

/* Where nothing faults. Returns how many bytes it couldn't. */
static size_t copy_inatomic(const struct stand_in_copy *copy, size_t length)
{
	size_t done, left;

	pagefault_disable();
	done = copy->write ?
		       ntapc_words_to_user(copy->user, copy->memory, length) :
		       ntapc_words_from_user(copy->memory, copy->user, length);
	left = length - done;
	if (copy->write)
		left = __copy_to_user_inatomic(copy->user + done,
					       copy->memory + done, left);
	else
		left = __copy_from_user_inatomic(copy->memory + done,
						 copy->user + done, left);
	pagefault_enable();
	return left;
}

/*
 * The lock keeps what is mapped there until it is copied. It is only tried, as who has
 * it may take long; and held over the copy, which takes no lock as it doesn't fault.
 */
static void stand_in_copy(void *context)
{
	struct stand_in_copy *copy = context;
	struct mm_struct *mm = current->mm;
	size_t length;

	copy->left = copy->length;
	if (!access_ok(copy->user, copy->length) || !mmap_read_trylock(mm))
		return;
	length = reachable(mm, (unsigned long)copy->user, copy->length,
			   copy->write);
	if (length)
		copy->left -= length - copy_inatomic(copy, length);
	mmap_read_unlock(mm);
}

/* By a stand-in, as far as that gets. Returns how many bytes. */
static size_t copy_by_stand_in(const struct ntapc_space *space, u64 remote,
			       size_t length, struct iov_iter *local, bool write,
			       struct ntapc_progress *progress)
{
	struct stand_in_copy copy = {
		.user = u64_to_user_ptr(remote),
		.memory = local->kvec->iov_base + local->iov_offset,
		.length = min(length, STAND_IN_CHUNK),
		.write = write,
	};
	size_t done;

	ntapc_stand_in(space->mm, stand_in_copy, &copy);
	done = copy.length - copy.left;
	iov_iter_advance(local, done);
	progress->done += done;
	return done;
}

/* Bytes that a stand-in may copy at once, if it is worth that. */
static size_t for_stand_in(const struct iov_iter *local, u64 length)
{
	size_t run;

	if (likely(!iov_iter_is_kvec(local)))
		return 0;
	run = min_t(u64, length, local->kvec->iov_len - local->iov_offset);
	return run < STAND_IN_MIN ? 0 : run;
}

/**
 * ntapc_copy - from or to another address space
 * @space: entered
 * @remote: address there
 * @length: in bytes, at most what is left in @local
 * @local: the caller's memory or the kernel's; advanced
 * @write: from @local to there, else the reverse
 * @progress: advanced
 *
 * Return: 0, or as ntapc_get_pages() and ntapc_space_check(), after part of it was copied.
 * EFAULT without @progress->fault: @local can't be accessed.
 */
int ntapc_copy(struct ntapc_space *space, u64 remote, u64 length,
	       struct iov_iter *local, bool write,
	       struct ntapc_progress *progress)
{
	while (length) {
		size_t run = for_stand_in(local, length);
		ssize_t done = 0;
		int err;

		if (run)
			done = copy_by_stand_in(space, remote, run, local,
						write, progress);
		/* What it couldn't it doesn't try again before a batch is by. */
		if (!run || done < min(run, STAND_IN_CHUNK)) {
			remote += done;
			length -= done;
			done = copy_batch(space, remote, length, local, write,
					  progress);
			if (done < 0)
				return done;
		}
		remote += done;
		length -= done;
		if (!length)
			break;
		err = ntapc_space_check(space);
		if (err)
			return err;
	}
	return 0;
}
