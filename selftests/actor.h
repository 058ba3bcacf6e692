/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What attaches: the test's own thread, or one more, or a system thread. All do the
 * same steps; for programs that have kernel.h and procs.h.
 */
#ifndef NTAPC_SELFTESTS_ACTOR_H
#define NTAPC_SELFTESTS_ACTOR_H

#define ACTOR_SYSTEM	1	/* the number of the system thread */
#define ACTOR_PROGRAM	15	/* what it does */

/* Two processes to attach to, and their numbers for steps. */
#define A	1
#define B	2

/* What is in @word in this process and in those; there is nothing in its next page. */
#define OWN	0x70
#define IN_A	0x71
#define IN_B	0x72

static struct target target_a, target_b;
static int process_a = -1, process_b = -1;
static __u64 *word;

#define READ		STEP(READ, .routine = ADDR(word))
#define WRITE(value)	STEP(WRITE, .routine = ADDR(word), .arg = { (value) })
#define ATTACH(process)	STEP(ATTACH, .target = (process))
#define DETACH		STEP(DETACH)
#define STACK(process, save)						\
	STEP(STACK_ATTACH, .target = (process), .id = (save))
#define UNSTACK(save)	STEP(UNSTACK, .id = (save))
#define IS_ATTACHED	STEP(IS_ATTACHED)
#define WHERE		STEP(WHERE)
#define GATE(number)	STEP(WAIT_GATE, .id = (number))
#define OPEN(number)	STEP(OPEN_GATE, .id = (number))
/* What kernel mode alone ends, by an alert. */
#define WAIT_ALERT							\
	STEP(DELAY, .mode = KERNEL_MODE, .flags = CLIENT_ALERTABLE,	\
	     .arg = { CLIENT_FOREVER })

/* Results of IS_ATTACHED. */
#define ATTACHED	3
#define AT_HOME		2

static inline void become_a(struct target *target)
{
	(void)target;
	close(client);
	*word = IN_A;
}

static inline void become_b(struct target *target)
{
	(void)target;
	close(client);
	*word = IN_B;
}

static inline bool start_targets(void)
{
	word = map_pages(2 * ONE_PAGE);
	if (word == MAP_FAILED)
		return false;
	mprotect((char *)word + ONE_PAGE, ONE_PAGE, PROT_NONE);
	*word = OWN;
	if (!target_start(&target_a, become_a) ||
	    !target_start(&target_b, become_b))
		return false;
	process_a = open_process(dev, target_a.pid);
	process_b = open_process(dev, target_b.pid);
	return process_a >= 0 && process_b >= 0 &&
	       !RUN(STEP(KEEP_PROCESS, .id = A, .target = target_a.pid)) &&
	       !RUN(STEP(KEEP_PROCESS, .id = B, .target = target_b.pid));
}

/* Nobody is left behind in either. */
#define EXPECT_BALANCE()						\
do {									\
	EXPECT_EQ(0, stack_count(process_a));				\
	EXPECT_EQ(0, stack_count(process_b));				\
} while (0)

struct actor {
	bool system;
	struct job job;
	/* With the results, once it has ended. */
	struct client_step steps[CLIENT_STEPS_MAX];
	unsigned int nr;
};

static inline __s32 actor_target(const struct actor *actor)
{
	return actor->system ? -ACTOR_SYSTEM : actor->job.worker.tid;
}

static inline bool actor_start_system(struct actor *actor)
{
	return !steps_ioctl(CLIENT_IOC_PROGRAM, actor->steps, actor->nr,
			    ACTOR_PROGRAM) &&
	       !RUN(STEP(CREATE_SYSTEM, .id = ACTOR_SYSTEM,
			 .program = ACTOR_PROGRAM));
}

/* The result of a step of a program that has been run; INT_MAX if it wasn't. */
static inline long result_of(unsigned int program, unsigned int step)
{
	unsigned int nr = read_events(), i;

	for (i = 0; i < nr; i++)
		if (events[i].what == CLIENT_STEP &&
		    events[i].context == program && events[i].arg[1] == step)
			return events[i].result;
	return INT_MAX;
}

/* A system thread's results are in the log only. */
static inline void find_results(struct actor *actor)
{
	unsigned int nr = read_events(), i;

	for (i = 0; i < nr; i++)
		if (events[i].what == CLIENT_STEP &&
		    events[i].context == ACTOR_PROGRAM)
			actor->steps[events[i].arg[1]].result =
				events[i].result;
}

/* Waits for its end; the result of its last step. */
static inline long actor_join(struct actor *actor)
{
	if (actor->system) {
		RUN(STEP(WAIT, .target = -ACTOR_SYSTEM,
			 .arg = { CLIENT_FOREVER }),
		    STEP(STOP_SYSTEM, .id = ACTOR_SYSTEM));
		find_results(actor);
	} else {
		worker_join(&actor->job.worker);
		memcpy(actor->steps, actor->job.steps,
		       actor->nr * sizeof(*actor->steps));
	}
	return actor->steps[actor->nr - 1].result;
}

static inline bool actor_start(struct actor *actor, bool system,
			       const struct client_step *steps, unsigned int nr)
{
	memset(actor, 0, sizeof(*actor));
	actor->system = system;
	memcpy(actor->steps, steps, nr * sizeof(*steps));
	actor->nr = nr;
	return system ? actor_start_system(actor) :
			start_job(&actor->job, steps, nr);
}

#define START_ACTOR(actor, system, ...) ({				\
	struct client_step steps_[] = { __VA_ARGS__ };			\
	actor_start(actor, system, steps_, ARRAY_SIZE(steps_));		\
})

/* Who has done the steps of the last ACT(). */
static struct actor acted;

static inline long act(bool system, const struct client_step *steps,
		       unsigned int nr)
{
	if (system)
		return actor_start(&acted, true, steps, nr) ?
		       actor_join(&acted) : -ENOEXEC;
	memcpy(acted.steps, steps, nr * sizeof(*steps));
	return run_steps(acted.steps, nr);
}

/* Does steps in the calling thread or in a system thread; the last's result. */
#define ACT(system, ...) ({						\
	struct client_step steps_[] = { __VA_ARGS__ };			\
	act(system, steps_, ARRAY_SIZE(steps_));			\
})

#define RESULT(step)	(acted.steps[step].result)

/* order(), without what only a system thread has. */
static inline const char *deeds(void)
{
	const char *text = order();

	if (text[0] != 'S')
		return text;
	text = strchr(text, ' ');
	return text ? text + 1 : "";
}

static inline bool wait_deeds(const char *expected)
{
	return wait_until(!strcmp(expected, deeds()));
}

#endif
