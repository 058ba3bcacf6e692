// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring's messages from ring to ring, by bare system calls.
 */
#include <linux/io_uring.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define ENTRIES	8

struct ring {
	int fd;
	unsigned int sq_tail;
	void *rings;
	size_t rings_size;
	struct io_uring_sqe *sqes;
	struct io_uring_params params;
};

static unsigned int *field(const struct ring *ring, uint32_t offset)
{
	return (unsigned int *)((char *)ring->rings + offset);
}

static bool map(struct ring *ring)
{
	const struct io_uring_params *p = &ring->params;
	size_t sq = p->sq_off.array + p->sq_entries * sizeof(unsigned int);
	size_t cq = p->cq_off.cqes +
		    p->cq_entries * sizeof(struct io_uring_cqe);

	/* One mapping of both has been there since Linux 5.4. */
	ring->rings_size = sq > cq ? sq : cq;
	ring->rings = mmap(NULL, ring->rings_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_POPULATE, ring->fd,
			   IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, p->sq_entries * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			  ring->fd, IORING_OFF_SQES);
	return ring->rings != MAP_FAILED && ring->sqes != MAP_FAILED;
}

struct ring *ring_open(void)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	unsigned int i;

	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &ring->params);
	if (ring->fd < 0) {
		free(ring);
		return NULL;
	}
	if (!map(ring))
		die("mmap of an io_uring: %m");
	for (i = 0; i < ring->params.sq_entries; i++)
		field(ring, ring->params.sq_off.array)[i] = i;
	return ring;
}

void ring_close(struct ring *ring)
{
	munmap(ring->sqes, ring->params.sq_entries * sizeof(*ring->sqes));
	munmap(ring->rings, ring->rings_size);
	close(ring->fd);
	free(ring);
}

/* The sender wants no completion of its own. */
static void prepare(struct ring *from, const struct ring *to)
{
	unsigned int index = from->sq_tail & (from->params.sq_entries - 1);

	from->sqes[index] = (struct io_uring_sqe){
		.opcode = IORING_OP_MSG_RING,
		.flags = IOSQE_CQE_SKIP_SUCCESS,
		.fd = to->fd,
		.addr = 0 /* IORING_MSG_DATA */,
		.user_data = 1,
	};
	from->sq_tail++;
	__atomic_store_n(field(from, from->params.sq_off.tail), from->sq_tail,
			 __ATOMIC_RELEASE);
}

static bool take_message(struct ring *ring)
{
	unsigned int *head = field(ring, ring->params.cq_off.head);
	unsigned int *tail = field(ring, ring->params.cq_off.tail);
	const struct io_uring_cqe *cqes =
		(void *)field(ring, ring->params.cq_off.cqes);
	unsigned int mask = ring->params.cq_entries - 1;

	if (__atomic_load_n(tail, __ATOMIC_ACQUIRE) == *head)
		return false;
	if (cqes[*head & mask].res < 0)
		die("io_uring msg_ring: error %d", -cqes[*head & mask].res);
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return true;
}

static void enter(struct ring *ring, unsigned int submit, unsigned int wait)
{
	syscall(SYS_io_uring_enter, ring->fd, submit, wait,
		wait ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
}

void ring_wait(struct ring *ring)
{
	while (!take_message(ring))
		enter(ring, 0, 1);
}

void ring_send_and_wait(struct ring *from, struct ring *to)
{
	prepare(from, to);
	enter(from, 1, 1);
	ring_wait(from);
}

void ring_send(struct ring *from, struct ring *to)
{
	prepare(from, to);
	enter(from, 1, 0);
}
