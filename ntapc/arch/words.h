/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copying from and to user memory by plain loads and stores.
 *
 * Without fast string instructions the kernel's own copies use others, that take up
 * to twice the time of these, depending on where the buffers are.
 */
#ifndef NTAPC_ARCH_WORDS_H
#define NTAPC_ARCH_WORDS_H

#include <linux/types.h>
#include <linux/uaccess.h>

#ifdef CONFIG_UML

static inline size_t ntapc_words_to_user(void __user *to, const void *from,
					 size_t length)
{
	return 0;
}

static inline size_t ntapc_words_from_user(void *to, const void __user *from,
					   size_t length)
{
	return 0;
}

static inline bool ntapc_struct_from_user(u64 *to, const void __user *from,
					  size_t size)
{
	return !copy_from_user(to, from, size);
}

#else

#include <asm/asm.h>
#include <asm/cpufeature.h>

#define NTAPC_TURN	64	/* bytes */

static inline bool ntapc_by_words(void)
{
	return !static_cpu_has(X86_FEATURE_ERMS) &&
	       !static_cpu_has(X86_FEATURE_FSRM);
}

/* One word; a fault leads to the label "out" of the function. */
#define NTAPC_LOAD(n)							\
	"1: movq " #n "(%0), %%rax\n"					\
	_ASM_EXTABLE_UA(1b, %l[out])					\
	"movq %%rax, " #n "(%1)\n"

#define NTAPC_STORE(n)							\
	"movq " #n "(%0), %%rax\n"					\
	"1: movq %%rax, " #n "(%1)\n"					\
	_ASM_EXTABLE_UA(1b, %l[out])

#define NTAPC_8(word)							\
	word(0) word(8) word(16) word(24) word(32) word(40) word(48) word(56)

/*
 * (unsafe_get_user() can't do this: with compilers that know no asm goto with
 * outputs it tests for a fault after each word.) Of a turn that faults some words
 * may have been copied.
 *
 * Both return how many bytes were copied in whole turns, as far as nothing faults;
 * 0 where the kernel's own copy is as good.
 */
static __always_inline size_t ntapc_words_to_user(void __user *to,
						  const void *from,
						  size_t length)
{
	const void *start = from;
	size_t nr = length / NTAPC_TURN;

	if (!ntapc_by_words() || !user_access_begin(to, length))
		return 0;
	for (; nr; nr--, to += NTAPC_TURN, from += NTAPC_TURN)
		asm goto(NTAPC_8(NTAPC_STORE)
			 : : "r" (from), "r" (to) : "rax", "memory" : out);
out:
	user_access_end();
	return from - start;
}

static __always_inline size_t ntapc_words_from_user(void *to,
						    const void __user *from,
						    size_t length)
{
	void *start = to;
	size_t nr = length / NTAPC_TURN;

	if (!ntapc_by_words() || !user_access_begin(from, length))
		return 0;
	for (; nr; nr--, to += NTAPC_TURN, from += NTAPC_TURN)
		asm goto(NTAPC_8(NTAPC_LOAD)
			 : : "r" (from), "r" (to) : "rax", "memory" : out);
out:
	user_access_end();
	return to - start;
}

/*
 * A struct of whole words, so small that how copy_from_user() gets there costs more
 * than the copy. Returns whether that worked.
 */
static __always_inline bool ntapc_struct_from_user(u64 *to,
						   const void __user *from,
						   size_t size)
{
	const u64 __user *word = from;
	size_t i;

	if (!user_read_access_begin(from, size))
		return false;
	for (i = 0; i < size / sizeof(u64); i++)
		unsafe_get_user(to[i], word + i, fault);
	user_read_access_end();
	return true;
fault:
	user_read_access_end();
	return false;
}

#endif
#endif
