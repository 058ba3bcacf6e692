// SPDX-License-Identifier: GPL-2.0-only
/*
 * The README's example is the one in Documentation/examples, and prints what is
 * said there.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

/* Documentation/examples/first.c's main(), see the Makefile. */
int example_main(void);

#define EMBED(symbol, file)						\
	__asm__(".section .rodata\n" #symbol ": .incbin \"" file "\"\n"	\
		".byte 0\n.previous\n");				\
	extern const char symbol[] __asm__(#symbol)

EMBED(readme, "../../README.md");
EMBED(source, "../../Documentation/examples/first.c");
EMBED(expected, "../../Documentation/examples/first.expected");

TEST(prints_what_is_expected)
{
	char printed[256] = "";
	size_t length = 0;
	int pipes[2], status;
	ssize_t got;
	pid_t child;

	ASSERT_EQ(0, pipe(pipes));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		dup2(pipes[1], STDOUT_FILENO);
		exit(example_main());
	}
	close(pipes[1]);
	while ((got = read(pipes[0], printed + length,
			   sizeof(printed) - 1 - length)) > 0)
		length += got;
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_STREQ(expected, printed);
}

TEST(is_what_the_readme_shows)
{
	/* But for the license's line. */
	const char *code = strchr(source, '\n') + 1;
	char quoted[64];

	EXPECT_NE(NULL, strstr(readme, code));
	snprintf(quoted, sizeof(quoted), "```\n%s```", expected);
	EXPECT_NE(NULL, strstr(readme, quoted));
}

TEST_HARNESS_MAIN
