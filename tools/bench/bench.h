/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ntapc-bench: ntapc beside its peers, in one guest and one run.
 *
 * A case (case-*.c) is a function that makes comparisons. A comparison
 * (compare.c) runs ntapc's side and each peer's side in turn, several times
 * over, takes the medians and reports one row for each peer (report.c). A side
 * is a function that adds samples to a series.
 */
#ifndef NTAPC_BENCH_H
#define NTAPC_BENCH_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- clock.c --------------------------------------------------------------- */

void clock_init(void);
const char *clock_name(void);
double clock_cost_ns(void);	/* of one pair of reads, already subtracted */
double clock_ns(uint64_t ticks);
uint64_t clock_slow(void);	/* where there is no time stamp counter */

static inline uint64_t clock_now(void)
{
#ifdef __x86_64__
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(lo), "=d"(hi) ::
			 "memory");
	return (uint64_t)hi << 32 | lo;
#else
	return clock_slow();
#endif
}

/* --- series.c -------------------------------------------------------------- */

/* Measured values, in ns unless a case says otherwise. */
struct series {
	double *value;
	size_t count;
	size_t room;
};

void series_add(struct series *s, double value);
/* From @begin to @end lie @of like operations. */
void series_add_time(struct series *s, uint64_t begin, uint64_t end,
		     unsigned int of);
double series_percentile(struct series *s, double percentile);
void series_free(struct series *s);

/* --- cpu.c ----------------------------------------------------------------- */

enum cpu {
	CPU_SAME,	/* all threads on one CPU */
	CPU_CROSS,	/* the two threads on one CPU each */
};

const char *cpu_name(enum cpu cpu);
bool cpu_possible(enum cpu cpu);
void cpu_init(void);
/* Where the measuring thread and its partner run. */
void cpu_pin_main(void);
void cpu_pin_partner(enum cpu cpu);
/* A real-time priority for the calling thread; 0: none. */
void cpu_priority(int priority);
/* Of a spinning target, and of who sends to it on the same CPU. */
#define LOW	1
#define HIGH	2
/* Whatever else wakes up preempts the calling thread. */
void cpu_idle_policy(void);
/* Leaves spinning real-time threads alone; what cpu_throttle() wants back. */
long cpu_unthrottle(void);
void cpu_throttle(long runtime);
/* Gives a target the time to be back in its loop or system call. */
void pause_asleep(void);
void pause_awake(void);

/* --- compare.c ------------------------------------------------------------- */

#define MAX_PEERS	4
#define MAX_VARIANTS	8

/* One repetition. @count is how many samples are wanted. */
typedef void (*side_fn)(struct series *s, enum cpu cpu, unsigned int count);

/**
 * struct peer - what ntapc is compared with
 * @name: shown
 * @run: measures it
 * @factor: ntapc is compared with this many times the peer; 0: 1
 * @wanted: the ratio that was aimed at; 0: none
 */
struct peer {
	const char *name;
	side_fn run;
	double factor;
	double wanted;
};

/**
 * struct comparison - a row for each peer
 * @id: shown and written, as "3-read"
 * @what: what is measured, in words
 * @run: measures ntapc
 * @count: samples for each repetition; 0: the default
 * @variants: ways to do the same, of whose percentiles the mean counts; 0: 1
 * @vary: has the sides do it in this way; with @variants
 * @peer: ends with a nameless one
 */
struct comparison {
	const char *id;
	const char *what;
	side_fn run;
	unsigned int count;
	unsigned int variants;
	void (*vary)(unsigned int variant);
	struct peer peer[MAX_PEERS + 1];
};

void compare(const struct comparison *c, enum cpu cpu);
/* On one CPU and, if there are two, across. */
void compare_both(const struct comparison *c);

/* --- report.c -------------------------------------------------------------- */

/**
 * struct row - one line of the table
 * @id: of the case
 * @what: in words
 * @peer: name
 * @unit: "ns" or "bytes"
 * @cpu: see enum cpu
 * @own: ntapc's median
 * @own_p99: its 99th percentile
 * @other: the peer's median
 * @other_p99: its 99th percentile
 * @ratio: @own to @other, or to a multiple
 * @wanted: the ratio aimed at, or 0
 * @n: ntapc's samples
 */
struct row {
	const char *id;
	const char *what;
	const char *peer;
	const char *unit;
	enum cpu cpu;
	double own;
	double own_p99;
	double other;
	double other_p99;
	double ratio;
	double wanted;
	size_t n;
};

void report_open(const char *path);
void report_row(const struct row *row);
void report_note(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
void report_close(void);
const char *report_guest(void);

/* --- main.c ---------------------------------------------------------------- */

struct options {
	const char *output;
	const char *guest;
	unsigned int repetitions;
	unsigned int samples;	/* for each repetition */
	double repetition_ns;	/* which is cut short after this */
	unsigned int threads;	/* for the case of many threads */
	unsigned int queued;	/* for the case of many queued */
};

extern struct options options;

void die(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));
/* Dies unless @ret is what ntapc's functions return on success. */
int must(int ret, const char *what);

/* --- util.c ---------------------------------------------------------------- */

/* A word that threads wait for; what it has become is returned. */
uint32_t word_wait_while(uint32_t *word, uint32_t value);
void word_set(uint32_t *word, uint32_t value);
bool write_number(const char *path, long value);
long read_number(const char *path);
/* A line "name: value" or "name value" of a file as /proc/meminfo; -1: none. */
long read_field(const char *path, const char *name);

/* --- partner.c ------------------------------------------------------------- */

/**
 * struct partner - the second thread of a comparison
 * @main: runs in it, pinned; sets @ready when the first thread may begin
 * @cpu: where
 * @tid: its id
 * @fd: its ntapc descriptor, if it has set it
 * @ready: see word_set()
 * @stop: set when it is to end
 */
struct partner {
	void (*main)(struct partner *p);
	enum cpu cpu;
	int tid;
	int fd;
	uint32_t ready;
	uint32_t stop;
	unsigned long handle;
};

/* Returns when it is @ready. */
void partner_start(struct partner *p, enum cpu cpu,
		   void (*main)(struct partner *p));
void partner_join(struct partner *p);

/* --- one-way.c ------------------------------------------------------------- */

enum one_way_where {
	ONE_WAY_SPINS,	/* the target does, in user code */
	ONE_WAY_READS,	/* it blocks in read(2) */
};

/* When what was sent began to run in the target, which sets it; 0: not yet. */
extern uint64_t one_way_arrival;
extern struct partner one_way_target;

/* @send returns the time just before it sends. */
void one_way(struct series *s, enum cpu cpu, unsigned int count,
	     enum one_way_where where, uint64_t (*send)(void));

/* --- pingpong.c ------------------------------------------------------------ */

/* A side: there and back between two threads that block in futex(2). */
void pingpong_by_futex(struct series *s, enum cpu cpu, unsigned int count);

/* --- event.c: events of several kinds -------------------------------------- */

#define MAX_EVENTS	64

struct event_set;

/**
 * struct event_kind - events that are reset by one wait
 * @name: shown
 * @there: false: this kernel doesn't have them
 * @make: returns a descriptor; < 0: errno says why not
 * @set: one of them
 * @wait: for one
 * @wait_any: for one of several; returns which
 * @wait_all: for all; @backwards: that is how they are set
 */
struct event_kind {
	const char *name;
	bool (*there)(void);
	int (*make)(void);
	void (*set)(int fd);
	void (*wait)(int fd);
	unsigned int (*wait_any)(struct event_set *set);
	void (*wait_all)(struct event_set *set, bool backwards);
};

struct event_set {
	const struct event_kind *kind;
	unsigned int nr;
	int fd[MAX_EVENTS];
	struct pollfd poll[MAX_EVENTS];
};

extern const struct event_kind event_ntapc, event_eventfd, event_ntsync;

/* False, and nothing, if there are none of the kind. */
bool event_set_open(struct event_set *set, const struct event_kind *kind,
		    unsigned int nr);
void event_set_close(struct event_set *set);

/* A descriptor; -1: there are none */
int mutant_make_ntapc(void);
int mutant_make_ntsync(void);
/* Acquires and releases. */
void mutant_use_ntapc(int fd);
void mutant_use_ntsync(int fd);

/* --- neighbour.c: another process ------------------------------------------ */

/**
 * struct neighbour - a process to act on
 * @pid: its id
 * @fd: its ntapc descriptor
 * @mem_fd: its /proc/PID/mem
 * @address: of its memory
 * @length: of that, in bytes; 0: none
 */
struct neighbour {
	int pid;
	int fd;
	int mem_fd;
	uintptr_t address;
	size_t length;
};

void neighbour_start(struct neighbour *n, uintptr_t address, size_t length);
void neighbour_end(struct neighbour *n);
/* The same kind of memory in this process. */
char *memory_map(uintptr_t address, size_t length);

/* --- msgring.c: io_uring's messages ---------------------------------------- */

struct ring;

struct ring *ring_open(void);	/* NULL: the kernel has none */
void ring_close(struct ring *ring);
/* Sends a message to @to and, in the same call, waits for one on @from. */
void ring_send_and_wait(struct ring *from, struct ring *to);
void ring_wait(struct ring *ring);
void ring_send(struct ring *from, struct ring *to);

/* --- crowd.c: a process of many threads ------------------------------------ */

/* As many as asked for, or as memory allows; returns how many. */
unsigned int crowd_start(unsigned int wanted);
/* Has ntapc know them, each with a control slot, or without. */
void crowd_register(bool with_slots);
/* Ends them; nothing if there are none. */
void crowd_stop(void);

/* --- the cases ------------------------------------------------------------- */

void case_pieces(void);
void case_self(void);
void case_round_trip(void);
void case_special(void);
void case_suspend(void);
void case_kernel_apc(void);
void case_attach(void);
void case_copy(void);
void case_drain(void);
void case_queue(void);
void case_wait(void);
void case_event(void);
void case_wake(void);
void case_scale(void);
void case_memory(void);

#endif
