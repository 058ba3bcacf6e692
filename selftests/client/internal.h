/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the client module's parts know of each other.
 */
#ifndef NTAPC_CLIENT_INTERNAL_H
#define NTAPC_CLIENT_INTERNAL_H

#include <ntapc_kernel.h>

#include "client.h"

/* apc.c: making, inserting and removing APCs */
s64 client_insert(const struct client_step *step);
s64 client_remove(const struct client_step *step);

/* thread.c: threads to act upon; system threads */
struct ntapc_thread *client_target(s32 target);
s64 client_create_system(const struct client_step *step);
s64 client_stop_system(const struct client_step *step);
s64 client_forget_system(const struct client_step *step);
void client_stop_systems(void);

/* named.c: kernel APCs that user programs queue by name */
int client_register_named(void);
void client_unregister_named(void);

/* program.c: steps and programs */
void client_run_steps(struct client_step *steps, unsigned int nr);
void client_run_program(unsigned int number);
int client_set_program(unsigned int number, const struct client_step *steps,
		       unsigned int nr);
void client_wait_gate(unsigned int gate);
void client_close_gates(void);

/* log.c: what has happened */
void client_log(enum client_what what, u32 id, u64 context, u64 arg1, u64 arg2,
		s64 result);
long client_log_read(struct client_log *args);
void client_log_reset(void);

/* kick.c: for the benchmark */
int client_kick(struct client_kick *args);
void client_kick_exit(void);

#endif
