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
s64 client_make(const struct client_step *step);
s64 client_insert_made(const struct client_step *step);
s64 client_remove(const struct client_step *step);
void client_free_made(void);

/* thread.c: threads to act upon; system threads */
struct ntapc_thread *client_target(s32 target);
s64 client_create_system(const struct client_step *step);
s64 client_stop_system(const struct client_step *step);
s64 client_forget_system(const struct client_step *step);
void client_stop_systems(void);

/* attach.c: processes, attaching to them, and what is done there */
s64 client_keep_process(const struct client_step *step);
s64 client_drop_process(const struct client_step *step);
s64 client_where(const struct client_step *step);
s64 client_attach(const struct client_step *step);
s64 client_detach(const struct client_step *step);
s64 client_stack_attach(const struct client_step *step);
s64 client_unstack(const struct client_step *step);
s64 client_read(const struct client_step *step);
s64 client_write(const struct client_step *step);
s64 client_read_on(const struct client_step *step);
s64 client_call(const struct client_step *step);
s64 client_peek(const struct client_step *step);
void client_drop_processes(void);

/* object.c: dispatcher objects, and waits for them */
s64 client_make_object(const struct client_step *step);
s64 client_keep_object(const struct client_step *step);
s64 client_object_of_thread(const struct client_step *step);
s64 client_object_of_process(const struct client_step *step);
s64 client_operate(const struct client_step *step);
s64 client_wait_object(const struct client_step *step);
s64 client_wait_objects(const struct client_step *step);
void client_drop_objects(void);

/* routine.c: what user programs may have run in other processes */
s64 client_register_more(const struct client_step *step);
s64 client_unregister_more(const struct client_step *step);
int client_register_routines(void);
void client_unregister_routines(void);

/* named.c: kernel APCs that user programs queue by name */
int client_register_named(void);
void client_unregister_named(void);

/* program.c: steps and programs */
s64 client_interval(const struct client_step *step);
void client_run_steps(struct client_step *steps, unsigned int nr);
void client_run_program(unsigned int number);
int client_set_program(unsigned int number, const struct client_step *steps,
		       unsigned int nr);
void client_wait_gate(unsigned int gate);
bool client_gate_is_open(unsigned int gate);
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
