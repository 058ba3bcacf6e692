// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sources under test once more: ntapc.ko exports none of their functions,
 * and like this the tests run with or without it.
 */
#include "../core/apc.c"
#include "../core/deliver.c"
#include "../core/alert.c"
#include "../core/wait.c"
#include "../core/object.c"
#include "../core/region.c"
#include "../core/suspend.c"
#include "../core/attach.c"
#include "../core/process.c"

#include "../arch/regs.c"
#ifdef CONFIG_UML
#include "../arch/um.c"
#else
#include "../arch/x86.c"
#endif
