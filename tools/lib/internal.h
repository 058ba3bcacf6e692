/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What the library's files share.
 *
 * Who owns what: the process has one instance (instance.c) and one struct
 * process, which a fork empties. Each thread has a struct thread, made by its
 * first call and freed at its end (thread.c), its control slot in a page shared
 * with the kernel (slot.c) and its ring of records (ring.c).
 *
 * Special APCs come between any two instructions, and a thread can be suspended or
 * ended between any two, so nothing takes a lock; but making a thread does, in the C
 * library.
 */
#ifndef NTAPC_INTERNAL_H
#define NTAPC_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ntapc.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define RING_SIZE	64

/*
 * Records that the kernel handed over and that haven't run yet. See ring.c.
 */
struct ring {
	unsigned int next;	/* to run */
	unsigned int count;
	/* While a system call may be filling the ring: its caller's frame. */
	void *volatile filler;
	const uint32_t *filled;	/* where it will say how many, in @call */
	union {
		struct ntapc_wait wait;
		struct ntapc_test_alert test_alert;
	} call;
	struct ntapc_record record[RING_SIZE];
};

struct thread {
	struct ntapc_control *control;
	int fd;
	bool own_page;		/* control's page is mapped for this thread only */
	struct list_entry *entry;	/* reap.c; NULL: none */
	struct ring ring;
};

/* Reached by dispatch-x86_64.S, which knows the offset of in_call. */
struct tls {
	struct thread *thread;
	uint32_t in_call;	/* in one of the library's system calls */
	uint32_t last_error;	/* win32.c */
	struct ntapc_control unregistered;	/* stands in for the control slot */
};

extern __thread struct tls ntapc__tls __attribute__((tls_model("initial-exec")));

/* instance.c */
struct process;
struct process *ntapc__process(void);
int ntapc__ioctl(int fd, unsigned long cmd, void *arg);
int ntapc__keep_off_stdio(int fd);
void ntapc__instance_lost(void);

/* slot.c */
struct slot_table;
#define SLOT_PAGES	4096

struct slot_page {
	_Atomic uint32_t state;
	uint64_t page;
	char *addr;
};

int ntapc__slot_map(int fd, struct thread *t);
void ntapc__slot_unmap(struct thread *t);

/* reap.c */
#define LIST_SIZE	4096

struct list_entry {
	_Atomic uint64_t word;
	/* Written while it is claimed. */
	struct thread *thread;
	_Atomic int fd;
	_Atomic int tid;
};

void ntapc__list_enter(struct thread *t);
void ntapc__list_leave(struct thread *t);
void ntapc__reap_later(void);
void ntapc__reap(void);

/* The state of a process that a fork must empty, and does (MADV_WIPEONFORK). */
struct process {
	_Atomic uint32_t dispatcher_set;
	_Atomic uint32_t to_reap;
	_Atomic uint32_t list_cursor;
	struct slot_page slot_page[SLOT_PAGES];
	struct list_entry list[LIST_SIZE];
};

/* thread.c */
int ntapc__thread_register(void);

static inline struct thread *ntapc__registered(void)
{
	struct thread *t = ntapc__tls.thread;

	return t && atomic_load_explicit((_Atomic uint32_t *)&t->control->tid,
					 memory_order_relaxed) ? t : NULL;
}

/* The calling thread's, registered if it wasn't; sets *err otherwise. */
static inline struct thread *ntapc__self(int *err)
{
	struct thread *t = ntapc__registered();

	if (likely(t))
		return t;
	*err = ntapc__thread_register();
	return *err ? NULL : ntapc__tls.thread;
}

static inline uint32_t ntapc__pending(const struct thread *t)
{
	return atomic_load_explicit((_Atomic uint32_t *)&t->control->pending,
				    memory_order_relaxed);
}

/* start.c */
struct spawn {
	void *(*start)(void *arg);
	void *arg;
	void (*prepare)(int fd, void *arg);
	bool suspended;		/* create it suspended */
	pid_t tid;		/* out */
};

int ntapc__spawn(pthread_t *thread, const pthread_attr_t *attr, struct spawn *s);

/* ring.c */
bool ntapc__ring_pop(struct thread *t, struct ntapc_record *record);
bool ntapc__ring_empty(struct thread *t);
bool ntapc__ring_fill_begin(struct thread *t, const uint32_t *filled,
			    void *frame);
void ntapc__ring_fill_end(struct thread *t, void *frame);

/* wait.c */
int ntapc__wait(struct ntapc_wait *w, bool frames);
void ntapc__drain(struct thread *t);
bool ntapc__drain_ring(struct thread *t);

/* dispatch.c */
int ntapc__dispatcher_register(int fd);
void ntapc__run(const struct ntapc_record *record,
		const struct ntapc_context *context);

/* dispatch-x86_64.c, .S; dispatch-none.c elsewhere */
bool ntapc__arch_dispatch_init(void);
int ntapc__dispatch_frame(struct ntapc_frame *frame);
void ntapc__context_capture(struct ntapc_context *context);

/* sync.c */
int ntapc__object_create(struct ntapc_create *what, const char *name,
			 size_t length);

/* time.c */
#define NS_PER_UNIT	100
/* 1601-01-01 to 1970-01-01 in units of 100 ns. */
#define NT_EPOCH	INT64_C(116444736000000000)

uint64_t ntapc__now_ns(void);
uint64_t ntapc__realtime_ns(void);
int ntapc__deadline(uint64_t timeout_ns, unsigned int flags, __u64 *deadline);

struct nt_timeout {
	uint64_t ns;
	unsigned int flags;
};

struct nt_timeout ntapc__nt_timeout(int64_t hundred_ns);

#endif /* NTAPC_INTERNAL_H */
