/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Other processes' address spaces: being in them, acting in them, and whether they
 * are in memory. The only user of kthread_use_mm().
 *
 * Who keeps an address space alive
 *
 *   Being attached doesn't: only its structure is kept (by the process's record).
 *   Who acts in it holds its mm_users from ntapc_space_enter() to
 *   ntapc_space_leave(), and looks between two batches whether the process is
 *   over. So what a process leaves behind is freed when it has ended and the last
 *   batch has. A system thread that is attached holds mm_users all the time; what
 *   is below it is unmapped once nobody else is there (literal.c).
 *
 * No lock of ntapc's is held while user memory is accessed or faulted in.
 */
#ifndef NTAPC_MM_H
#define NTAPC_MM_H

#include <linux/mm.h>
#include <linux/uio.h>

#include "../task/thread.h"

/**
 * struct ntapc_space - an address space that is acted in
 * @process: whose; kept by the caller
 * @mm: its mm_users are held
 * @actor: who acts
 * @entered: it counts in the process's StackCount
 */
struct ntapc_space {
	struct ntapc_process *process;
	struct mm_struct *mm;
	struct ntapc_actor actor;
	bool entered;
};

/**
 * struct ntapc_progress - how far an operation has come
 * @done: bytes
 * @fault: the remote address that stopped it, or 0
 */
struct ntapc_progress {
	u64 done;
	u64 fault;
};

/*
 * Pages that are got at a time: a few for what is small, so that their entries
 * stay in the cache. 64 instead of 16 gain 2 to 6 % on 1 MiB, 512 no more; and an
 * array of 64 needs no memory.
 */
#define NTAPC_PAGES		64
#define NTAPC_PAGES_FEW		16
#define NTAPC_PAGES_SMALL	(64 << 10)

/**
 * struct ntapc_pages - pages of another address space
 * @page: the pages
 */
struct ntapc_pages {
	struct page *page[NTAPC_PAGES];
};

/* init.c */
int ntapc_mm_init(void);
void ntapc_mm_exit(void);
int ntapc_stand_in_init(void);
void ntapc_stand_in_exit(void);
int ntapc_swap_init(void);
void ntapc_swap_exit(void);

/* space.c: entering, and pages */
int ntapc_space_enter(struct ntapc_space *space, struct ntapc_process *process,
		      const struct ntapc_actor *actor, bool attached);
void ntapc_space_leave(struct ntapc_space *space);
int ntapc_may_reach(struct ntapc_process *process,
		    const struct ntapc_actor *actor);
int ntapc_space_check(const struct ntapc_space *space);
bool ntapc_range_valid(u64 address, u64 length);
int ntapc_get_pages(const struct ntapc_space *space, struct ntapc_pages *pages,
		    u64 address, u64 length, unsigned int flags);
void ntapc_put_pages(struct ntapc_pages *pages, unsigned int nr,
		     unsigned int flags);

/* copy.c: to and from, by pages or by a stand-in */
int ntapc_copy(struct ntapc_space *space, u64 remote, u64 length,
	       struct iov_iter *local, bool write,
	       struct ntapc_progress *progress);

/* operate.c */
int ntapc_fill(struct ntapc_space *space, const struct ntapc_fill *args,
	       struct ntapc_progress *progress);
int ntapc_compare(struct ntapc_space *space, const struct ntapc_copy *args,
		  struct ntapc_progress *progress);
int ntapc_search(struct ntapc_space *space, struct ntapc_search *args,
		 struct ntapc_progress *progress);
int ntapc_exchange(struct ntapc_space *space, struct ntapc_exchange *args);

/* query.c */
int ntapc_query(struct ntapc_space *space, struct ntapc_query *args);

/* stand_in.c: kernel threads that are in an address space for somebody */
void ntapc_stand_in(struct mm_struct *mm, void (*routine)(void *context),
		    void *context);
int ntapc_stand_in_call(struct mm_struct *mm, int (*routine)(void *context),
			void (*release)(void *context), void *context);
void ntapc_enter_mm(struct mm_struct *mm);
void ntapc_leave_mm(struct mm_struct *mm);

/* routine.c: what user programs may have run there */
struct ntapc_routine_run;
struct ntapc_routine_run *
ntapc_routine_get(const struct ntapc_attached_call *args);
void ntapc_routine_put(struct ntapc_routine_run *run);
int ntapc_routine_run(struct ntapc_routine_run *run,
		      const struct ntapc_space *space);
u32 ntapc_routine_values(const struct ntapc_routine_run *run,
			 const u64 **values);
void ntapc_routines_forget(const struct module *owner);
int ntapc_routines_init(void);
void ntapc_routines_exit(void);

/* attach.c: attaching */
int ntapc_attach(struct ntapc_thread *thread, struct ntapc_process *process,
		 const struct ntapc_actor *actor, bool stack, u32 *save);
int ntapc_detach(struct ntapc_thread *thread, bool unstack, u32 save);
struct ntapc_process *ntapc_where(const struct ntapc_thread *thread,
				  struct ntapc_actor *actor);

/* literal.c: system threads go there themselves */
int ntapc_literal_enter(struct ntapc_attachment *attachment);

/* swap.c: being in memory */
void ntapc_tell_swapper(struct ntapc_process *process);
int ntapc_wait_ready(struct ntapc_process *process, struct ntapc_ready *ready,
		     bool killable);
int ntapc_out_swap_begin(struct ntapc_process *process, const void *owner);
int ntapc_out_swap_end(struct ntapc_process *process, const void *owner,
		       struct ntapc_range *ranges, u32 nr_ranges);
int ntapc_out_swap_cancel(struct ntapc_process *process, const void *owner);
void ntapc_process_info(struct ntapc_process *process,
			struct ntapc_process_info *info);

/* window.c: memory that is mapped by user space and by the kernel */
struct ntapc_window_memory;
struct ntapc_window_memory *ntapc_window_alloc(u64 length);
void ntapc_window_free(struct ntapc_window_memory *window);
u64 ntapc_window_length(const struct ntapc_window_memory *window);
void *ntapc_window_address(const struct ntapc_window_memory *window, u64 offset,
			   u64 length);
int ntapc_window_mmap(const struct ntapc_window_memory *window,
		      struct vm_area_struct *vma);

#endif
