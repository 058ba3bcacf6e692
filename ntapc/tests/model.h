/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of NT's rules as naive as can be: one array for each queue, searched and
 * shifted, and every rule spelled out.
 */
#ifndef NTAPC_TESTS_MODEL_H
#define NTAPC_TESTS_MODEL_H

#include "fixture.h"

struct model_apc {
	bool special;
	bool inserted;
	u8 mode;
	u8 environment;
	u64 arg[2];
};

#define NO_PROCESS	0xff

struct model_state {
	u8 queue[NTAPC_NR_MODES][NTAPC_TEST_APCS];
	u8 nr[NTAPC_NR_MODES];
	u8 process;
	bool in_progress;
	bool kernel_pending;
	bool user_pending;
};

#define MAX_DEPTH	4

struct model {
	struct model_apc apc[NTAPC_TEST_APCS];
	struct model_state active, saved;
	struct model_state outer[MAX_DEPTH];	/* from 1 on, the outmost first */
	u8 target[MAX_DEPTH];			/* from 0 on, the outmost first */
	unsigned int depth;	/* of attachments */
	bool half;		/* the newest one isn't in memory yet */
	u32 count[NTAPC_TEST_PROCESSES];
	bool queueable;
	bool alerted[NTAPC_NR_MODES];
	s16 kernel_disable, special_disable;
	bool in_wait;		/* blocks, or is about to stop doing so */
	bool waiting;		/* NT's state: can still be broken */
	bool acquiring;		/* looks at objects, of which one may decide */
	bool alertable;
	u8 wait_mode;
	int wait_status;
};

void model_insert_at(struct model *m, struct model_state *state, u8 nr, int at);
void model_take_at(struct model *m, struct model_state *state, u8 mode, int at);
int model_nr_special(const struct model *m, const struct model_state *state,
		     u8 mode);
int model_nr_ordinary(const struct model *m, const struct model_state *state,
		      u8 mode);
enum ntapc_wake model_unwait(struct model *m, int status);
bool model_insert(struct model *m, u8 nr, u64 arg1, u64 arg2, bool self,
		  enum ntapc_wake *wake);
void model_settle(struct model *m, struct model_state *state, u8 mode);
bool model_remove(struct model *m, u8 nr);
int model_next_kernel(struct model *m, bool *blocked);
int model_next_user(struct model *m, bool guarded);
bool model_alert(struct model *m, u8 mode, enum ntapc_wake *wake);
bool model_test_alert(struct model *m, u8 mode);
int model_wait_test(struct model *m, u8 mode, bool alertable, bool signalled,
		    bool guarded, bool due);
enum ntapc_attach_result model_attach(struct model *m, u8 process, bool stack);
enum ntapc_attach_result model_detach(struct model *m, bool unstack,
				      bool *recheck);
bool model_undo(struct model *m);
void model_requeue(struct model *m, const int *taken, int nr);

#endif
