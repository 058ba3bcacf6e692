// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntapc demo: APCs at work, scene by scene. Each scene says what NT promises and
 * looks whether it is so.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"
#include "verb.h"

/* For each scene. Guests that are emulated, on a busy machine, take their time. */
#define WATCHDOG_S	300

static const struct {
	const char *title;
	void (*play)(void);
} scenes[] = {
	{ "APCs wait until their thread is alertable, then drain in order",
	  scene_waiting },
	{ "APCs for a thread that hasn't started run before its routine",
	  scene_not_started },
	{ "An APC that waits alertably runs the ones behind it, nested",
	  scene_nested },
	{ "Special APCs interrupt a computing loop, whose result stays right",
	  scene_computing },
	{ "A guarded stretch of code keeps special APCs out",
	  scene_guarded },
	{ "A special APC can interrupt a blocking read(2), which then goes on",
	  scene_reading },
	{ "Another process gets an APC, through a descriptor that it sent",
	  scene_process },
	{ "A thread is suspended, looked at, resumed and ended, by another one",
	  scene_steered },
	{ "A thread attaches to another process, acts in its memory, comes home",
	  scene_attached },
	{ "Objects: what ends a wait first, all or nothing, an abandoned mutant",
	  scene_objects },
	{ "A suspended thread loses its place, and misses a pulse; a timer's APC",
	  scene_losing_place },
	{ "ntsync's ioctls, here, and a real APC ends their wait",
	  scene_ntsync },
	{ "Refused, each with its own error",
	  scene_refused },
	{ "Never a silent drop: the limit, and the end of a thread",
	  scene_limit },
};

static void on_alarm(int sig)
{
	static const char text[] = "\nntapc demo: stuck, giving up\n";

	(void)sig;
	(void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
	_exit(1);
}

int verb_demo(int argc, char **argv)
{
	struct ntapc_info info;
	size_t i;
	int ret;

	if (no_arguments(argc, argv))
		return 2;
	ret = ntapc_get_info(&info);
	if (ret) {
		say_unavailable(ret);
		return 1;
	}
	ret = stage_open();
	if (ret) {
		fprintf(stderr, "ntapc demo: %s\n", strerror(-ret));
		return 1;
	}
	signal(SIGALRM, on_alarm);
	printf("NT's asynchronous procedure calls, module ABI %u.\n",
	       info.abi_version);
	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		alarm(WATCHDOG_S);
		scene_begin(scenes[i].title);
		scenes[i].play();
		scene_end();
	}
	return stage_close() ? EXIT_SUCCESS : EXIT_FAILURE;
}
