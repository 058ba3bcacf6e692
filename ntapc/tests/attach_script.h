/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a thread that attaches and detaches does, as a script.
 *
 * It is a step for each letter or two, and what the steps answered is a word for
 * each that answers:
 *
 *   aB sB	attaches to process B by KeAttachProcess, KeStackAttachProcess, and is
 *		there: y; =: it was already; !: refused; ^: too many are attached
 *   AB SB	the same, but it isn't there before
 *   R		which is now: no answer
 *   d u	KeDetachProcess, KeUnstackDetachProcess: y, = or !; and k if kernel
 *		APCs are to run now
 *   b		backs out of the newest attachment: k or a dot
 *   lB		as many are attached to process B as may be: no answer
 *   1n	another thread makes an APC for environment 1 (2.1), n(ormal) or s(pecial)
 *		kernel, o(rdinary) or x (special) user, and queues it: what the thread
 *		is owed: - nothing, i(nterrupt), w(ake it)
 *   m1n i	only makes it: no answer; queues that one, as above
 *   E		inserts what ends the thread, p, as above
 *   ra		removes APC a: y or n
 *   F		runs down all: their letters, or a dot
 *   D		it runs its kernel APCs: the same; and ! if it is blocked. A normal one's
 *		normal routine begins, and goes on till
 *   e		it is done: no answer
 *   T		it tests for an alert, which arms user APCs: y or n
 *   N		it takes a user APC: its letter or a dot
 *   K L	another thread alerts it, in kernel mode, user mode: what it is owed
 *   w W y	a user mode wait begins that is, isn't alertable; a kernel mode wait
 *   v ?	that ends; one like w would begin: what ended it
 *   c C G H	it enters, leaves a critical region, a guarded one: k or a dot for leaving
 *
 * What ended a wait is o(bject), k(ernel APC), u(ser APC), a(lert) or a dot. APCs are
 * a, b, ...
 */
#ifndef NTAPC_TESTS_ATTACH_SCRIPT_H
#define NTAPC_TESTS_ATTACH_SCRIPT_H

#include "fixture.h"

/**
 * struct attach_script - a script that runs
 * @test: its fixture is what the steps act on
 * @rest: the steps to come
 * @next: the APC to be made next, in the beginning 'a'
 * @made: the one made last
 * @target: where the attachments are to, by depth
 * @expected: what they are to answer, or NULL; at the first other answer the test
 *	ends
 * @answers: what they have answered
 */
struct attach_script {
	struct kunit *test;
	const char *rest;
	char next;
	char made;
	char target[NTAPC_ATTACH_DEPTH_MAX + 1];
	const char *expected;
	struct ntapc_test_answers answers;
};

void ntapc_test_run_script(struct attach_script *s, const char *steps);
void ntapc_test_check_index(struct kunit *test);

#endif
