// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Control slots: many threads' are in one page, which is mapped once.
 *
 * The table of pages only grows and takes no lock: an entry is claimed, written
 * and published, in this order. Two threads that map the same page at the same
 * time may both enter it, which costs a mapping and harms nothing.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

enum { SLOT_PAGE_FREE, SLOT_PAGE_CLAIMED, SLOT_PAGE_READY };

static char *page_map(int fd)
{
	int saved = errno;
	char *addr = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);

	if (addr == MAP_FAILED)
		addr = NULL;
	else
		errno = saved;
	return addr;
}

static unsigned int page_hash(uint64_t page)
{
	return page * 0x9e3779b97f4a7c15ull >> 52;
}

static char *page_find(struct process *p, uint64_t page)
{
	unsigned int i, n;

	for (i = page_hash(page), n = 0; n < SLOT_PAGES;
	     i = (i + 1) % SLOT_PAGES, n++) {
		struct slot_page *s = &p->slot_page[i];
		uint32_t state = atomic_load_explicit(&s->state,
						      memory_order_acquire);

		if (state == SLOT_PAGE_FREE)
			return NULL;
		if (state == SLOT_PAGE_READY && s->page == page)
			return s->addr;
	}
	return NULL;
}

/* Returns false when the table is full. */
static bool page_enter(struct process *p, uint64_t page, char *addr)
{
	unsigned int i, n;

	for (i = page_hash(page), n = 0; n < SLOT_PAGES;
	     i = (i + 1) % SLOT_PAGES, n++) {
		struct slot_page *s = &p->slot_page[i];
		uint32_t expected = SLOT_PAGE_FREE;

		if (!atomic_compare_exchange_strong(&s->state, &expected,
						    SLOT_PAGE_CLAIMED))
			continue;
		s->page = page;
		s->addr = addr;
		atomic_store_explicit(&s->state, SLOT_PAGE_READY,
				      memory_order_release);
		return true;
	}
	return false;
}

int ntapc__slot_map(int fd, struct thread *t)
{
	struct ntapc_thread_control tc = { .size = sizeof(tc) };
	struct process *p = ntapc__process();
	char *addr;
	int ret;

	if (!p)
		return -ENOMEM;
	ret = ntapc__ioctl(fd, NTAPC_IOC_THREAD_CONTROL, &tc);
	if (ret < 0)
		return ret;
	addr = page_find(p, tc.page);
	if (!addr) {
		int saved = errno;

		addr = page_map(fd);
		if (!addr) {
			ret = -errno;
			errno = saved;
			return ret;
		}
		t->own_page = !page_enter(p, tc.page, addr);
	}
	t->control = (struct ntapc_control *)(addr + tc.offset);
	return 0;
}

void ntapc__slot_unmap(struct thread *t)
{
	uintptr_t size = sysconf(_SC_PAGESIZE);

	if (t->own_page)
		munmap((void *)((uintptr_t)t->control & ~(size - 1)), size);
}
