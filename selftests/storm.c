// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load: many threads queueing to few that come and go, with each APC accounted
 * for; random operations against a model; a long queue that is never delivered.
 */
#include "common.h"
#include "kselftest_harness.h"

static int dev, self_fd;

/* Every APC accounted for */

#define PRODUCERS	8
#define CONSUMERS	4
#define MAX_LIVES	4096
#define BATCH		64
#define QUEUE_ENOUGH	2000

/*
 * struct life - one thread of a consumer's, from its start to its exit
 *
 * Each producer counts what it queued, the thread what it got.
 */
struct life {
	struct worker worker;
	bool by_record;
	unsigned int wanted;	/* how many to take before it exits */
	unsigned int taken;
	atomic_uint sent[PRODUCERS];
	atomic_uint sent_special[PRODUCERS];
	unsigned int got[PRODUCERS];
	atomic_uint got_special[PRODUCERS];
	atomic_uint wrong;
};

static struct life *lives;
static unsigned int nr_lives;
static _Atomic(struct life *) consumer[CONSUMERS];
static atomic_bool producers_done;
static atomic_uint producer_errors;

static void take(__u64 life_address, __u64 producer, __u64 number)
{
	struct life *life = (void *)(uintptr_t)life_address;

	if (life->worker.tid != syscall(SYS_gettid) ||
	    life->got[producer]++ != number)
		atomic_fetch_add(&life->wrong, 1);
	if (++life->taken >= life->wanted && this_frame &&
	    !life->by_record)
		this_frame->flags &= ~NTAPC_FRAME_TEST_ALERT;
}

static void take_special(__u64 life_address, __u64 producer, __u64 number)
{
	struct life *life = (void *)(uintptr_t)life_address;

	(void)number;
	if (life->worker.tid != syscall(SYS_gettid))
		atomic_fetch_add(&life->wrong, 1);
	atomic_fetch_add(&life->got_special[producer], 1);
}

static void take_records_of(struct life *life)
{
	struct ntapc_record records[BATCH];
	__u32 count, i;
	void (*routine)(__u64 arg0, __u64 arg1, __u64 arg2);

	if (wait_records(life->worker.dev, in_ms(10), records, BATCH, &count) !=
	    NTAPC_STATUS_USER_APC)
		return;
	for (i = 0; i < count; i++) {
		routine = (void *)(uintptr_t)records[i].routine;
		routine(records[i].arg[0], records[i].arg[1],
			records[i].arg[2]);
	}
}

static void consume(struct worker *worker)
{
	struct life *life = (struct life *)((char *)worker -
					    offsetof(struct life, worker));
	bool last;
	int ret;

	this_control = map_control(worker->fd);
	do {
		last = atomic_load(&producers_done);
		if (life->by_record) {
			take_records_of(life);
		} else {
			ret = delay(worker->dev, NTAPC_WAIT_ALERTABLE,
				    in_ms(10));
			if (ret != NTAPC_STATUS_SUCCESS &&
			    ret != NTAPC_STATUS_USER_APC)
				atomic_fetch_add(&life->wrong, 1);
		}
	} while (life->taken < life->wanted &&
		 !(last && !nr_pending(worker->fd)));
}

/* A cheap generator for each thread. */
static unsigned int random_from(__u64 *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

struct producer {
	pthread_t thread;
	unsigned int number;
	unsigned int quota;
	__u64 seed;
	bool joined;
};

static int send_some(struct producer *producer, struct life *life, int reserve)
{
	struct ntapc_queue_entry entries[BATCH];
	atomic_uint *sent = &life->sent[producer->number];
	unsigned int how = random_from(&producer->seed) % 16;
	unsigned int next = atomic_load(sent);
	unsigned int count, i;
	int ret;

	if (how == 0) {
		ret = queue_full(life->worker.fd, NTAPC_QUEUE_SPECIAL |
				 (producer->number & 1 ? NTAPC_QUEUE_INTERRUPT :
				  0), ADDR(take_special), ADDR(life),
				 producer->number, 0, 0);
		if (ret)
			return ret;
		atomic_fetch_add(&life->sent_special[producer->number], 1);
		return 1;
	}
	if (how < 4) {
		count = 1 + random_from(&producer->seed) % BATCH;
		if (count > producer->quota)
			count = producer->quota;
		for (i = 0; i < count; i++)
			entries[i] = (struct ntapc_queue_entry){
				.routine = ADDR(take),
				.arg = { ADDR(life), producer->number, next + i },
			};
		ret = queue_many(life->worker.fd, entries, count);
	} else {
		ret = queue_full(life->worker.fd,
				 how == 4 ? NTAPC_QUEUE_RESERVE : 0,
				 ADDR(take), ADDR(life), producer->number, next,
				 how == 4 ? reserve : 0);
		if (!ret)
			ret = 1;
	}
	if (ret > 0)
		atomic_fetch_add(sent, ret);
	return ret;
}

static void *produce(void *arg)
{
	struct producer *producer = arg;
	int reserve = open_reserve(dev);
	unsigned int round = 0;
	struct life *life;
	int ret;

	while (producer->quota) {
		life = atomic_load(&consumer[random_from(&producer->seed) %
					     CONSUMERS]);
		/* Don't let all of them wait for an exit. */
		if (!(producer->quota % 16) &&
		    nr_pending(life->worker.fd) > QUEUE_ENOUGH) {
			breathe(UNHURRIED);
			producer->seed++;
			continue;
		}
		ret = send_some(producer, life, reserve);
		if (ret > 0) {
			producer->quota -= ret;
			round = 0;
		} else if (ret == -ESRCH || ret == -EBUSY || ret == -EAGAIN) {
			breathe(round++);
		} else {
			atomic_fetch_add(&producer_errors, 1);
			break;
		}
	}
	close(reserve);
	return NULL;
}

static bool new_life(unsigned int slot, __u64 *seed)
{
	struct life *life;

	if (nr_lives == MAX_LIVES)
		return false;
	life = &lives[nr_lives++];
	life->by_record = random_from(seed) & 1;
	/* Some leave early, with a lot still queued. */
	life->wanted = 1 + random_from(seed) % scaled(30000);
	if (!worker_start(&life->worker, dev, consume))
		return false;
	atomic_store(&consumer[slot], life);
	return true;
}

static bool has_exited(int thread)
{
	struct ntapc_thread_info info;

	return !get_thread_info(thread, &info) &&
	       info.state & NTAPC_THREAD_EXITED;
}

FIXTURE(storm)
{
};

FIXTURE_VARIANT(storm)
{
	const char *dispatcher;
};

FIXTURE_VARIANT_ADD(storm, ioctl)
{
	.dispatcher = dispatch_continue,
};

FIXTURE_VARIANT_ADD(storm, user)
{
	.dispatcher = dispatch_user,
};

FIXTURE_SETUP(storm)
{
	log_reset();
	dev = open_frames(variant->dispatcher);
	ASSERT_LE(0, dev);
	self_fd = open_thread(dev, 0);
	ASSERT_LE(0, self_fd);
	this_control = map_control(self_fd);
	ASSERT_NE(NULL, this_control);
}

FIXTURE_TEARDOWN(storm)
{
}

TEST_F(storm, each_accounted_for_once)
{
	unsigned int total = scaled(500000), running = PRODUCERS, i, p;
	__u64 sent, got, all_sent = 0, all_dropped = 0, seed = 1;
	struct producer producers[PRODUCERS];
	struct ntapc_thread_info thread;
	struct ntapc_info before, info;
	struct life *life;

	ASSERT_EQ(0, get_info(dev, &before));
	lives = calloc(MAX_LIVES, sizeof(*lives));
	ASSERT_NE(NULL, lives);
	for (i = 0; i < CONSUMERS; i++) {
		ASSERT_TRUE(new_life(i, &seed));
	}
	for (p = 0; p < PRODUCERS; p++) {
		producers[p].number = p;
		producers[p].joined = false;
		producers[p].quota = total / PRODUCERS;
		producers[p].seed = p * 77 + 5;
		ASSERT_EQ(0, pthread_create(&producers[p].thread, NULL, produce,
					    &producers[p]));
	}
	/* Replaces those that left until all producers are through. */
	while (running) {
		for (i = 0; i < CONSUMERS; i++) {
			life = atomic_load(&consumer[i]);
			if (!has_exited(life->worker.fd))
				continue;
			worker_join(&life->worker);
			ASSERT_TRUE(new_life(i, &seed));
		}
		for (p = 0; p < PRODUCERS; p++) {
			if (producers[p].joined ||
			    pthread_tryjoin_np(producers[p].thread, NULL))
				continue;
			producers[p].joined = true;
			running--;
		}
		breathe(UNHURRIED);
	}
	atomic_store(&producers_done, true);
	for (i = 0; i < CONSUMERS; i++)
		worker_join(&atomic_load(&consumer[i])->worker);

	EXPECT_EQ(0, atomic_load(&producer_errors));
	for (i = 0; i < nr_lives; i++) {
		life = &lives[i];
		sent = 0;
		got = 0;
		for (p = 0; p < PRODUCERS; p++) {
			sent += atomic_load(&life->sent[p]);
			sent += atomic_load(&life->sent_special[p]);
			got += life->got[p];
			got += atomic_load(&life->got_special[p]);
			EXPECT_LE(life->got[p], atomic_load(&life->sent[p]));
			EXPECT_LE(atomic_load(&life->got_special[p]),
				  atomic_load(&life->sent_special[p]));
		}
		ASSERT_TRUE(wait_until(has_exited(life->worker.fd)));
		ASSERT_EQ(0, get_thread_info(life->worker.fd, &thread));
		EXPECT_EQ(0, atomic_load(&life->wrong));
		EXPECT_EQ(sent, thread.nr_queued);
		EXPECT_EQ(got, thread.nr_delivered);
		EXPECT_EQ(sent - got, thread.nr_dropped);
		EXPECT_EQ(0, thread.nr_user + thread.nr_special);
		all_sent += sent;
		all_dropped += sent - got;
	}
	EXPECT_EQ(total / PRODUCERS * PRODUCERS, all_sent);
	TH_LOG("%llu queued, %llu dropped by the exits of %u threads", all_sent,
	       all_dropped, nr_lives);
	EXPECT_TRUE(wait_until(!get_info(dev, &info) &&
			       info.queued_user == before.queued_user));
}

/*
 * The model: what ntapc should do, for one thread that queues to itself, in the
 * plainest way.
 */

#define MODEL_MAX	512
#define RESERVES	3

/* What a routine does besides logging its number. */
enum kind {
	PLAIN,
	END_CHAIN,	/* 12.3 */
	QUEUE_ONE,	/* 12.8 */
	DRAIN,		/* 12.6 */
	QUEUE_SPECIAL,	/* 13.2 */
	KINDS
};

struct model_apc {
	__u64 number;
	enum kind kind;
	int reserve;		/* which, or -1 */
	unsigned int generation;
};

struct model_queue {
	struct model_apc apcs[MODEL_MAX];
	unsigned int count;
};

static struct model {
	struct model_queue ordinary, special;
	unsigned int guard;
	bool busy[RESERVES];
	unsigned int generation[RESERVES];
	__u64 queued, delivered;
	__u64 log[LOG_MAX];
	unsigned int logged;
} model;

static struct model_apc pop(struct model_queue *queue)
{
	struct model_apc apc = queue->apcs[0];

	queue->count--;
	memmove(queue->apcs, queue->apcs + 1,
		queue->count * sizeof(*queue->apcs));
	if (apc.reserve >= 0 &&
	    model.generation[apc.reserve] == apc.generation)
		model.busy[apc.reserve] = false;
	model.delivered++;
	return apc;
}

static void push(struct model_queue *queue, __u64 number, enum kind kind,
		 int reserve)
{
	queue->apcs[queue->count++] = (struct model_apc){
		.number = number,
		.kind = kind,
		.reserve = reserve,
		.generation = reserve >= 0 ? model.generation[reserve] : 0,
	};
	model.queued++;
	if (reserve >= 0)
		model.busy[reserve] = true;
}

static bool model_drain(void);

/* Runs one; false if the chain ends with it. */
static bool model_run(const struct model_apc *apc)
{
	model.log[model.logged++ % LOG_MAX] = apc->number;
	switch (apc->kind) {
	case QUEUE_ONE:
		push(&model.ordinary, apc->number | 1ULL << 32, PLAIN, -1);
		break;
	case DRAIN:
		model_drain();
		break;
	case QUEUE_SPECIAL:
		if (model.guard) {
			push(&model.special, apc->number | 1ULL << 33, PLAIN,
			     -1);
		} else {
			model.queued++;
			model.delivered++;
			model.log[model.logged++ % LOG_MAX] =
				apc->number | 1ULL << 33;
		}
		break;
	default:
		break;
	}
	return apc->kind != END_CHAIN;
}

static bool model_drain(void)
{
	struct model_apc apc;
	bool any = false;

	while (model.ordinary.count) {
		any = true;
		apc = pop(&model.ordinary);
		if (!model_run(&apc))
			break;
	}
	return any;
}

/* The same for real. */
static void act(__u64 number, __u64 kind, __u64 unused)
{
	(void)unused;
	log_add(number);
	switch (kind) {
	case END_CHAIN:
		if (this_frame)
			this_frame->flags &= ~NTAPC_FRAME_TEST_ALERT;
		break;
	case QUEUE_ONE:
		queue_full(self_fd, 0, ADDR(act), number | 1ULL << 32, PLAIN, 0,
			   0);
		break;
	case DRAIN:
		delay(dev, NTAPC_WAIT_ALERTABLE, 0);
		break;
	case QUEUE_SPECIAL:
		queue_full(self_fd, NTAPC_QUEUE_SPECIAL, ADDR(act),
			   number | 1ULL << 33, PLAIN, 0, 0);
		break;
	}
}

TEST_F(storm, model)
{
	unsigned int steps = scaled(100000), step, op, n, i, want;
	unsigned int compared = 0;
	struct ntapc_queue_entry entries[8];
	struct ntapc_record records[8];
	int reserves[RESERVES], r, ret, expected;
	struct ntapc_thread_info info;
	struct model_apc apc;
	const char *env = getenv("NTAPC_SEED");
	__u64 seed = env ? strtoull(env, NULL, 0) : now();
	__u64 number = 0;
	enum kind kind;
	__u32 count, pending;

	TH_LOG("NTAPC_SEED=%llu", seed);
	for (i = 0; i < RESERVES; i++) {
		reserves[i] = open_reserve(dev);
		ASSERT_LE(0, reserves[i]);
	}
	for (step = 0; step < steps; step++) {
		if (log_count() > LOG_MAX / 2) {
			log_reset();
			model.logged = 0;
			compared = 0;
		}
		op = random_from(&seed) % 16;
		kind = random_from(&seed) % KINDS;
		/* Leave it room to grow inside routines. */
		if (model.ordinary.count > MODEL_MAX / 4 ||
		    model.special.count > MODEL_MAX / 4)
			op = model.guard ? 9 : 10;
		number++;
		ret = 0;
		expected = 0;
		switch (op) {
		case 0 ... 3:
			push(&model.ordinary, number, kind, -1);
			ret = queue_full(self_fd, 0, ADDR(act), number, kind, 0,
					 0);
			break;
		case 4:
			ret = queue_full(self_fd, 0, 0, number, kind, 0, 0);
			break;
		case 5:
			r = random_from(&seed) % RESERVES;
			if (model.busy[r])
				expected = -EBUSY;
			else
				push(&model.ordinary, number, kind, r);
			ret = queue_full(self_fd, NTAPC_QUEUE_RESERVE, ADDR(act),
					 number, kind, 0, reserves[r]);
			break;
		case 6:
			/* The queued APC outlives the descriptor. */
			r = random_from(&seed) % RESERVES;
			model.busy[r] = false;
			model.generation[r]++;
			close(reserves[r]);
			reserves[r] = open_reserve(dev);
			ASSERT_LE(0, reserves[r]);
			break;
		case 7:
			/* Plain: its order among nested ones is 13.2's. */
			if (model.guard) {
				push(&model.special, number, PLAIN, -1);
			} else {
				model.queued++;
				model.delivered++;
				model.log[model.logged++] = number;
			}
			ret = queue_full(self_fd, NTAPC_QUEUE_SPECIAL, ADDR(act),
					 number, PLAIN, 0, 0);
			break;
		case 8:
			if (model.guard < 3)
				this_control->guard = ++model.guard;
			break;
		case 9:
			if (!model.guard)
				break;
			model.guard = random_from(&seed) & 1 ?
				      0 : model.guard - 1;
			this_control->guard = model.guard;
			if (model.guard)
				break;
			while (model.special.count) {
				apc = pop(&model.special);
				model_run(&apc);
			}
			ret = test_alert(dev, NTAPC_TEST_SPECIAL_ONLY);
			break;
		case 10:
			if (model.guard)
				break;
			if (model_drain())
				expected = NTAPC_STATUS_USER_APC;
			ret = delay(dev, NTAPC_WAIT_ALERTABLE, 0);
			break;
		case 11:
			if (model.guard)
				break;
			model_drain();
			ret = test_alert(dev, 0);
			break;
		case 12:
			ret = delay(dev, 0, 0);
			break;
		case 13:
			if (model.guard)
				break;
			n = 1 + random_from(&seed) % 8;
			want = model.ordinary.count < n ?
			       model.ordinary.count : n;
			expected = want ? NTAPC_STATUS_USER_APC : 0;
			count = 0;
			ret = wait_records(dev, 0, records, n, &count);
			ASSERT_EQ(want, count);
			for (i = 0; i < want; i++) {
				apc = pop(&model.ordinary);
				ASSERT_EQ(apc.number, records[i].arg[0]);
				ASSERT_EQ(apc.kind, records[i].arg[1]);
			}
			break;
		case 14:
			n = 1 + random_from(&seed) % 8;
			for (i = 0; i < n; i++, number++) {
				kind = random_from(&seed) % KINDS;
				push(&model.ordinary, number, kind, -1);
				entries[i] = (struct ntapc_queue_entry){
					.routine = ADDR(act),
					.arg = { number, kind },
				};
			}
			expected = n;
			ret = queue_many(self_fd, entries, n);
			break;
		case 15:
			ASSERT_EQ(0, get_thread_info(self_fd, &info));
			ASSERT_EQ(model.ordinary.count, info.nr_user);
			ASSERT_EQ(model.special.count, info.nr_special);
			ASSERT_EQ(model.queued, info.nr_queued);
			ASSERT_EQ(model.delivered, info.nr_delivered);
			ASSERT_EQ(0, info.nr_dropped);
			pending = (model.ordinary.count ? NTAPC_PENDING_USER : 0) |
				  (model.special.count ? NTAPC_PENDING_SPECIAL :
				   0);
			ASSERT_EQ(pending, this_control->pending);
			break;
		}
		ASSERT_EQ(expected, ret) {
			TH_LOG("step %u, operation %u", step, op);
		}
		ASSERT_EQ(model.logged, log_count()) {
			TH_LOG("step %u, operation %u", step, op);
		}
		for (; compared < model.logged; compared++) {
			ASSERT_EQ(model.log[compared], log_entry(compared)) {
				TH_LOG("step %u, operation %u", step, op);
			}
		}
	}
	EXPECT_LT(steps / 20, model.delivered);
}

/* A long queue that is dropped at once */

FIXTURE(long_queue)
{
	long long thread;
	long long user;
};

FIXTURE_SETUP(long_queue)
{
	self->thread = get_parameter("max_queued_per_thread");
	self->user = get_parameter("max_queued_per_user");
	ASSERT_LT(0, self->thread);
	ASSERT_LT(0, self->user);
	dev = open_frames(dispatch_continue);
	ASSERT_LE(0, dev);
}

FIXTURE_TEARDOWN_PARENT(long_queue)
{
	set_parameter("max_queued_per_thread", self->thread);
	set_parameter("max_queued_per_user", self->user);
}

static int queue_long(int thread, unsigned int many)
{
	struct ntapc_queue_entry *entries;
	unsigned int n, i;
	int ret = 0;

	entries = calloc(NTAPC_QUEUE_MANY_MAX, sizeof(*entries));
	for (i = 0; i < NTAPC_QUEUE_MANY_MAX; i++)
		entries[i].routine = ADDR(log_apc);
	while (many) {
		n = many < NTAPC_QUEUE_MANY_MAX ? many : NTAPC_QUEUE_MANY_MAX;
		ret = queue_many(thread, entries, n);
		if (ret <= 0)
			break;
		many -= ret;
	}
	free(entries);
	return many ? ret ?: -1 : 0;
}

TEST_F(long_queue, killed)
{
	unsigned int many = scaled(1000000);
	struct ntapc_thread_info thread;
	struct ntapc_info before, info;
	int fd, fds[2];
	pid_t child;
	char c;

	ASSERT_EQ(0, set_parameter("max_queued_per_thread", 2000000));
	ASSERT_EQ(0, set_parameter("max_queued_per_user", 2000000));
	ASSERT_EQ(0, get_info(dev, &before));
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(read(fds[0], &c, 1));
	fd = open_thread(dev, child);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(wait_asleep(child));
	ASSERT_EQ(0, queue_long(fd, many));
	ASSERT_EQ(0, get_info(dev, &info));
	EXPECT_EQ(before.queued_user + many, info.queued_user);
	kill(child, SIGKILL);
	EXPECT_EQ(-SIGKILL, reap(child));
	ASSERT_TRUE(wait_until(has_exited(fd)));
	ASSERT_EQ(0, get_thread_info(fd, &thread));
	EXPECT_EQ(many, thread.nr_queued);
	EXPECT_EQ(many, thread.nr_dropped);
	ASSERT_TRUE(wait_until(!get_info(dev, &info) &&
			       info.queued_user == before.queued_user));
}

/* And one that is delivered, in order, by frame. */
static __u64 next_number, out_of_order;

static void count_up(__u64 arg0, __u64 arg1, __u64 arg2)
{
	(void)arg1;
	(void)arg2;
	out_of_order += arg0 != next_number++;
}

TEST_F(long_queue, drained)
{
	unsigned int many = scaled(100000), i;
	int fd = open_thread(dev, 0);

	ASSERT_EQ(0, set_parameter("max_queued_per_thread", 2000000));
	ASSERT_EQ(0, set_parameter("max_queued_per_user", 2000000));
	for (i = 0; i < many; i++) {
		ASSERT_EQ(0, queue(fd, count_up, i));
	}
	EXPECT_EQ(NTAPC_STATUS_USER_APC, delay(dev, NTAPC_WAIT_ALERTABLE, 0));
	EXPECT_EQ(many, next_number);
	EXPECT_EQ(0, out_of_order);
}

TEST_HARNESS_MAIN
