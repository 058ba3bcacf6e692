// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching and detaching (section 9).
 *
 * A row is a script as in attach_script.h and what its steps answered. Afterwards
 * @states is what ntapc_test_states() says, @counts are the processes' StackCounts.
 */
#include <linux/bits.h>
#include <linux/string.h>

#include "attach_script.h"

struct attach_row {
	const char *rule;
	const char *script, *answers;
	const char *states, *counts;
};

static const struct attach_row attach_rows[] = {
	/* Attached, it has empty queues, and nothing is armed or running. */
	{ "9.2 (1)", "aB", "y", "B:/ A:/", "0100" },
	{ "9.2 (2)", "sB", "y", "B:/ A:/", "0100" },
	{ "9.2 (3)", "0n0s0o0xaB", "i i - - y", "B:/ A:ba/dc,ks", "0100" },
	{ "9.2 (4)", "0n0s0o0xsB", "i i - - y", "B:/ A:ba/dc,ks", "0100" },
	{ "9.2 (5)", "0n0s0n0s0o0x0o0xaB", "i i i i - - - - y",
	  "B:/ A:bdac/fheg,ks", "0100" },
	{ "9.2 (6)", "0nD0n0s0oT0xEaB", "i a i i - n - - y",
	  "B:/ A:cb/ped,ikuse", "0100" },
	{ "9.2 (7)", "0nD0n0s0oT0xEsB", "i a i i - n - - y",
	  "B:/ A:cb/ped,ikuse", "0100" },
	{ "9.2 (8)", "c0nDaB", "i .! y", "B:/ A:a/", "0100" },
	/* It is in the process only once that is in memory. */
	{ "9.3 (1)", "AB", "y", "A:/ A:/", "0100" },
	{ "9.3 (2)", "SB", "y", "A:/ A:/", "0100" },
	{ "9.3 (3)", "ABR", "y", "B:/ A:/", "0100" },
	{ "9.3 (4)", "SBR", "y", "B:/ A:/", "0100" },
	{ "9.3 (5)", "sBSC", "y y", "B:/ B:/ A:/", "0110" },
	{ "9.3 (6)", "sBSCR", "y y", "C:/ B:/ A:/", "0110" },
	{ "9.3 (7)", "0n0oAB", "i - y", "A:/ A:a/b,k", "0100" },
	/* Where it is already. */
	{ "9.1 (1)", "aA", "=", "A:/ -:/", "0000" },
	{ "9.1 (2)", "aBaB", "y =", "B:/ A:/", "0100" },
	{ "9.1 (3)", "sBaB", "y =", "B:/ A:/", "0100" },
	{ "9.1 (4)", "0n0oaA", "i - =", "A:a/b,k -:/", "0000" },
	{ "9.7 (1)", "sA", "=", "A:/ -:/", "0000" },
	{ "9.7 (2)", "sBsB", "y =", "B:/ A:/", "0100" },
	{ "9.7 (3)", "aBsB", "y =", "B:/ A:/", "0100" },
	{ "9.7 (4)", "sBsCsC", "y y =", "C:/ B:/ A:/", "0110" },
	{ "9.7 (5)", "sB1nsB", "y i =", "B:a/,k A:/", "0100" },
	/* Bugcheck 5. Its own process is another one, too. */
	{ "9.1 (5)", "aBaC", "y !", "B:/ A:/", "0100" },
	{ "9.1 (6)", "sBaC", "y !", "B:/ A:/", "0100" },
	{ "9.1 (7)", "aBaA", "y !", "B:/ A:/", "0100" },
	{ "9.1 (8)", "sBsCaB", "y y !", "C:/ B:/ A:/", "0110" },
	{ "9.1 (9)", "aB1n0oaC", "y i - !", "B:a/,k A:/b", "0100" },
	/* StackCount must not be at its maximum. */
	{ "9.2 (9)", "lBaB", "^", "A:/ -:/", "0M00" },
	{ "9.2 (10)", "lBsB", "^", "A:/ -:/", "0M00" },
	{ "9.2 (11)", "sBlCsC", "y ^", "B:/ A:/", "01M0" },
	{ "9.2 (12)", "lB0n1naB", "i - ^", "A:a/,k -:b/", "0M00" },
	{ "9.2 (13)", "aBlCaC", "y !", "B:/ A:/", "01M0" },
	{ "9.2 (14)", "lAaA", "=", "A:/ -:/", "M000" },
	/* Detached it is as before: the user queue isn't looked at. */
	{ "9.6 (1)", "aBd", "y y", "A:/ -:/", "0000" },
	{ "9.6 (2)", "0nD0n0s0oT0xEaBd", "i a i i - n - - y yk",
	  "A:cb/ped,ikuse -:/", "0000" },
	{ "9.6 (3)", "0oaBd", "- y y", "A:/a -:/", "0000" },
	{ "9.6 (4)", "0oTaBd", "- n y y", "A:/a,u -:/", "0000" },
	{ "9.6 (5)", "aB0xd", "y - y", "A:/a,s -:/", "0000" },
	{ "9.6 (6)", "0naB0n0s0o0xd", "i y - - - - yk", "A:cab/ed,ks -:/",
	  "0000" },
	/* The kernel queue is. */
	{ "9.6 (7)", "aB0nd", "y - yk", "A:a/,k -:/", "0000" },
	{ "9.6 (8)", "aB0sd", "y - yk", "A:a/,k -:/", "0000" },
	{ "9.6 (9)", "c0nDaBd", "i .! y yk", "A:a/,k -:/", "0000" },
	{ "9.6 (10)", "0naBrad", "i y y y", "A:/ -:/", "0000" },
	/* Not attached: nothing, or bugcheck 6. */
	{ "9.6 (11)", "d", "=", "A:/ -:/", "0000" },
	{ "9.6 (12)", "aBdd", "y y =", "A:/ -:/", "0000" },
	{ "9.6 (13)", "0n1nd", "i - =", "A:a/,k -:b/", "0000" },
	{ "9.8 (1)", "u", "!", "A:/ -:/", "0000" },
	{ "9.8 (2)", "sBuu", "y y !", "A:/ -:/", "0000" },
	/* Bugcheck 6: an APC of there is still queued or running. */
	{ "9.6 (14)", "aB1nd", "y i !", "B:a/,k A:/", "0100" },
	{ "9.6 (15)", "aB1sd", "y i !", "B:a/,k A:/", "0100" },
	{ "9.6 (16)", "aB1od", "y - !", "B:/a A:/", "0100" },
	{ "9.6 (17)", "aB1xd", "y - !", "B:/a,s A:/", "0100" },
	{ "9.6 (18)", "aB1nDd", "y i a !", "B:/,i A:/", "0100" },
	{ "9.6 (19)", "aB1nDed", "y i a y", "A:/ -:/", "0000" },
	{ "9.6 (20)", "aBc1nDd", "y i .! !", "B:a/ A:/", "0100" },
	{ "9.8 (3)", "sB1nu", "y i !", "B:a/,k A:/", "0100" },
	{ "9.8 (4)", "sB1su", "y i !", "B:a/,k A:/", "0100" },
	{ "9.8 (5)", "sB1ou", "y - !", "B:/a A:/", "0100" },
	{ "9.8 (6)", "sB1xu", "y - !", "B:/a,s A:/", "0100" },
	{ "9.8 (7)", "sB1nDu", "y i a !", "B:/,i A:/", "0100" },
	{ "9.8 (8)", "sB1nDeu", "y i a y", "A:/ -:/", "0000" },
	{ "9.8 (9)", "sBsC1nu", "y y i !", "C:a/,k B:/ A:/", "0110" },
	{ "9.8 (10)", "sBsC1ou", "y y - !", "C:/a B:/ A:/", "0110" },
	{ "9.8 (11)", "sBsC1nDu", "y y i a !", "C:/,i B:/ A:/", "0110" },
	/* One of home isn't in the way. */
	{ "9.6 (21)", "0nDaBd", "i a y y", "A:/,i -:/", "0000" },
	/* Either form ends what the other one began. */
	{ "9.8 (12)", "aBu", "y y", "A:/ -:/", "0000" },
	{ "9.8 (13)", "sBd", "y y", "A:/ -:/", "0000" },
	/* ntapc's own: not where it would lose what the ones around it saved. */
	{ "9.6 (22)", "sBsCd", "y y !", "C:/ B:/ A:/", "0110" },
	{ "9.6 (23)", "sBsCud", "y y y y", "A:/ -:/", "0000" },
	/* Attached while attached: the state goes to the caller's area. */
	{ "9.7 (6)", "sBsC", "y y", "C:/ B:/ A:/", "0110" },
	{ "9.7 (7)", "sBsCu", "y y y", "B:/ A:/", "0100" },
	{ "9.7 (8)", "sBsCuu", "y y y y", "A:/ -:/", "0000" },
	{ "9.7 (9)", "aBsCuu", "y y y y", "A:/ -:/", "0000" },
	{ "9.7 (10)", "sBsCsD", "y y y", "D:/ C:/ B:/ A:/", "0111" },
	{ "9.7 (11)", "sBsCsDuuu", "y y y y y y", "A:/ -:/", "0000" },
	{ "9.7 (12)", "sBsCusDuu", "y y y y y y", "A:/ -:/", "0000" },
	{ "9.7 (13)", "sBc1n1s1o1xTsC", "y i i - - n y",
	  "C:/ B:ba/dc,kus A:/", "0110" },
	{ "9.7 (14)", "sBc1n1s1o1xTsCu", "y i i - - n y yk",
	  "B:ba/dc,kus A:/", "0100" },
	{ "9.7 (15)", "sB1nDsC", "y i a y", "C:/ B:/,i A:/", "0110" },
	{ "9.7 (16)", "sB1nDsCueu", "y i a y y y", "A:/ -:/", "0000" },
	{ "9.8 (14)", "sBc1nDsCu", "y i .! y yk", "B:a/,k A:/", "0100" },
	{ "9.8 (15)", "sB1osCu", "y - y y", "B:/a A:/", "0100" },
	{ "9.8 (16)", "sBsC0nu", "y y - y", "B:/ A:a/", "0100" },
	{ "9.8 (17)", "sBsC0nuu", "y y - y yk", "A:a/,k -:/", "0000" },
	/* Back at home through another process: that is attached, too. */
	{ "9.7 (17)", "sBsA", "y y", "A:/ B:/ A:/", "1100" },
	{ "9.7 (18)", "sBsAuu", "y y y y", "A:/ -:/", "0000" },
	{ "9.7 (19)", "sBsAsA", "y y =", "A:/ B:/ A:/", "1100" },
	{ "9.7 (20)", "sBsAaB", "y y !", "A:/ B:/ A:/", "1100" },
	{ "9.7 (21)", "sBsAsB", "y y y", "B:/ A:/ B:/ A:/", "1200" },
	{ "9.7 (22)", "sBsAsBuuu", "y y y y y y", "A:/ -:/", "0000" },
	{ "9.7 (23)", "sBsA0n", "y y -", "A:/ B:/ A:a/", "1100" },
	{ "9.7 (24)", "sBsA1n", "y y i", "A:a/,k B:/ A:/", "1100" },
	{ "9.7 (25)", "0nsBsA", "i y y", "A:/ B:/ A:a/,k", "1100" },
	/* What waited for the Attached environment before is there. */
	{ "2.2 (1)", "1n1s1o1x", "- - - -", "A:/ -:ba/dc,s", "0000" },
	{ "2.2 (2)", "1n1s1o1xaB", "- - - - y", "B:ba/dc,ks A:/", "0100" },
	{ "2.2 (3)", "1n1s1o1xsB", "- - - - y", "B:ba/dc,ks A:/", "0100" },
	{ "2.2 (4)", "1oaB", "- y", "B:/a A:/", "0100" },
	{ "2.2 (5)", "1saB", "- y", "B:a/,k A:/", "0100" },
	{ "2.2 (6)", "0n1n0o1oaB", "i - - - y", "B:b/d,k A:a/c,k", "0100" },
	{ "2.2 (7)", "1naB1s1n", "- y i i", "B:bac/,k A:/", "0100" },
	{ "2.2 (8)", "1naBd", "- y !", "B:a/,k A:/", "0100" },
	{ "2.2 (9)", "1naBDed", "- y a y", "A:/ -:/", "0000" },
	{ "2.2 (10)", "1naBrad", "- y y y", "A:/ -:/", "0000" },
	{ "2.2 (11)", "1nsBsC", "- y y", "C:/ B:a/,k A:/", "0110" },
	{ "2.2 (12)", "1nsBsCu", "- y y yk", "B:a/,k A:/", "0100" },
	{ "2.2 (13)", "1naA", "- =", "A:/ -:a/", "0000" },
	{ "2.2 (14)", "aBd1nsC", "y y - y", "C:a/,k A:/", "0010" },
	/* The same APC waits once more. */
	{ "2.2 (15)", "1naBDedi", "- y a y -", "A:/ -:a/", "0000" },
	/* Resolved when made, when inserted. */
	{ "2.1 (1)", "m2naBi", "y -", "B:/ A:a/", "0100" },
	{ "2.1 (2)", "aBm2ndi", "y y -", "A:/ -:a/", "0000" },
	{ "2.1 (3)", "m3naBi", "y i", "B:a/,k A:/", "0100" },
	{ "2.1 (4)", "aBm3ndi", "y y i", "A:a/,k -:/", "0000" },
	/* ntapc's own: what an attachment that doesn't come about leaves. */
	{ "undo (1)", "ABb", "y .", "A:/ -:/", "0000" },
	{ "undo (2)", "SBb", "y .", "A:/ -:/", "0000" },
	{ "undo (3)", "0n0s0o0xTABb", "i i - - n y k", "A:ba/dc,kus -:/",
	  "0000" },
	{ "undo (4)", "0nD0oTEABb", "i a - n - y .", "A:/pb,iuse -:/", "0000" },
	{ "undo (5)", "AB0nb", "y - k", "A:a/,k -:/", "0000" },
	{ "undo (6)", "c0nDABb", "i .! y k", "A:a/,k -:/", "0000" },
	/* What is for the Attached environment waits for the next one. */
	{ "undo (7)", "AB1nb", "y i .", "A:/ -:a/", "0000" },
	{ "undo (8)", "1n1s1o1xABb", "- - - - y .", "A:/ -:ba/dc,s", "0000" },
	{ "undo (9)", "1n1s1o1xABbsC", "- - - - y . y", "C:ba/dc,ks A:/",
	  "0010" },
	{ "undo (10)", "1nAB1n1sb", "- y i i .", "A:/ -:cab/", "0000" },
	{ "undo (11)", "1oaBTb", "- y n .", "A:/ -:/a", "0000" },
	{ "undo (12)", "aB1nDb", "y i a .", "A:/ -:/", "0000" },
	{ "undo (13)", "0naB1nb", "i y i k", "A:a/,k -:b/", "0000" },
	/* Behind what the attachment around it has. */
	{ "undo (14)", "sBSCb", "y y .", "B:/ A:/", "0100" },
	{ "undo (15)", "sBc1n1o1xSC1n1s1o1xb", "y i - - y i i - - k",
	  "B:ead/cgbf,ks A:/", "0100" },
	{ "undo (16)", "sBSC1xb", "y y - .", "B:/a,s A:/", "0100" },
	{ "undo (17)", "sB1xSCb", "y - y .", "B:/a,s A:/", "0100" },
	{ "undo (18)", "sBSC1nb", "y y i k", "B:a/,k A:/", "0100" },
	{ "undo (19)", "sBsC1oTb", "y y - n .", "B:/a A:/", "0100" },
	{ "undo (20)", "sB1oTSC1ob", "y - n y - .", "B:/ab,u A:/", "0100" },
	{ "undo (21)", "sBsC1nDb", "y y i a .", "B:/ A:/", "0100" },
	{ "undo (22)", "sB1nDSCb", "y i a y .", "B:/,i A:/", "0100" },
	{ "undo (23)", "sBSC0nb", "y y - .", "B:/ A:a/", "0100" },
	{ "undo (24)", "sBsAb", "y y .", "B:/ A:/", "0100" },
	{ "undo (25)", "sBsAsBb", "y y y .", "A:/ B:/ A:/", "1100" },
	/* All of them, where the thread ends. NT: bugcheck 5 (7.3). */
	{ "undo (26)", "sBsCsDbbb", "y y y . . .", "A:/ -:/", "0000" },
	{ "undo (27)", "sB1nsC1nsD1n0nbbb", "y i y i y i - k k k",
	  "A:d/,k -:abc/", "0000" },
	{ "undo (28)", "sBsCSDbuu", "y y y . y y", "A:/ -:/", "0000" },
	/* Home's APCs neither wake it nor run, those of there do. */
	{ "9.9 (1)", "aBw0nv", "y - .", "B:/ A:a/", "0100" },
	{ "9.9 (2)", "aBw0sv", "y - .", "B:/ A:a/", "0100" },
	{ "9.9 (3)", "aBw0ov", "y - .", "B:/ A:/a", "0100" },
	{ "9.9 (4)", "aBy0nv", "y - .", "B:/ A:a/", "0100" },
	{ "9.9 (5)", "aBw1nv", "y w k", "B:a/,k A:/", "0100" },
	{ "9.9 (6)", "aBW1sv", "y w k", "B:a/,k A:/", "0100" },
	{ "9.9 (7)", "aBy3nv", "y w k", "B:a/,k A:/", "0100" },
	{ "9.9 (8)", "aBm2nwiv", "y w k", "B:a/,k A:/", "0100" },
	{ "9.9 (9)", "aBw1ov", "y w u", "B:/a,u A:/", "0100" },
	{ "9.9 (10)", "aBW1ov", "y - .", "B:/a A:/", "0100" },
	{ "9.9 (11)", "aBy1ov", "y - .", "B:/a A:/", "0100" },
	{ "9.9 (12)", "aBcw1nv", "y - .", "B:a/,k A:/", "0100" },
	{ "9.9 (13)", "aBcw1sv", "y w k", "B:a/,k A:/", "0100" },
	{ "9.9 (14)", "aBGw1sv", "y - .", "B:a/,k A:/", "0100" },
	{ "9.9 (15)", "sBsCw0nv", "y y - .", "C:/ B:/ A:a/", "0110" },
	{ "9.9 (16)", "sBsCw1nv", "y y w k", "C:a/,k B:/ A:/", "0110" },
	/* Armed at home is nothing to a wait there (11.2). */
	{ "9.9 (17)", "0oTaBW0ov", "- n y - .", "B:/ A:/ab,u", "0100" },
	{ "9.9 (18)", "0oaB?", "- y .", "B:/ A:/a", "0100" },
	{ "9.9 (19)", "0xaB?", "- y .", "B:/ A:/a,s", "0100" },
	{ "9.9 (20)", "0naB?", "i y .", "B:/ A:a/,k", "0100" },
	{ "9.9 (21)", "aB1o?", "y - u", "B:/a,u A:/", "0100" },
	{ "9.9 (22)", "aB1n?", "y i k", "B:a/,k A:/", "0100" },
	{ "9.9 (23)", "1oaB?", "- y u", "B:/a,u A:/", "0100" },
	{ "9.9 (24)", "1naB?", "- y k", "B:a/,k A:/", "0100" },
	{ "9.9 (25)", "aB0od?", "y - y u", "A:/a,u -:/", "0000" },
	{ "9.9 (26)", "aB0nd?", "y - yk k", "A:a/,k -:/", "0000" },
	{ "9.9 (27)", "0oaBT", "- y n", "B:/ A:/a", "0100" },
	/* Delivery */
	{ "9.9 (28)", "0n0saBD", "i i y .", "B:/ A:ba/,k", "0100" },
	{ "9.9 (29)", "aB0sDdD", "y - . yk a", "A:/ -:/", "0000" },
	{ "9.9 (30)", "aB1sD", "y i a", "B:/ A:/", "0100" },
	{ "9.9 (31)", "0xaBN", "- y .", "B:/ A:/a,s", "0100" },
	{ "9.9 (32)", "aB1xN", "y - a", "B:/ A:/", "0100" },
	{ "9.9 (33)", "0oTaBNdN", "- n y . y a", "A:/ -:/", "0000" },
	{ "9.9 (34)", "sB1nsCDuDeu", "y i y . yk a y", "A:/ -:/", "0000" },
	/* A normal one in progress at home doesn't hold up one of there. */
	{ "9.9 (35)", "0nDaB1nD", "i a y i b", "B:/,i A:/,i", "0100" },
	{ "9.9 (36)", "0nDaB1nDedD", "i a y i b y .", "A:/,i -:/", "0000" },
	{ "9.9 (37)", "0nDaBw1nv", "i a y w k", "B:b/,k A:/,i", "0100" },
	/* What ends the thread waits at home (7.5). */
	{ "9.9 (38)", "aBE", "y -", "B:/ A:/p,use", "0100" },
	{ "9.9 (39)", "aBwEv", "y - .", "B:/ A:/p,use", "0100" },
	{ "9.9 (40)", "aBE?", "y - .", "B:/ A:/p,use", "0100" },
	{ "9.9 (41)", "aB0oENd?N", "y - - . y u p", "A:/a,u -:/", "0000" },
	{ "9.9 (42)", "sBsCEuu?", "y y - y y u", "A:/p,use -:/", "0000" },
	/* Alerts are the thread's, wherever it is. */
	{ "5.1 (1)", "aBwKv", "y w a", "B:/ A:/", "0100" },
	{ "5.1 (2)", "aBwLv", "y w a", "B:/ A:/", "0100" },
	{ "5.1 (3)", "aBWKv", "y - .", "B:/ A:/", "0100" },
	{ "5.1 (4)", "KaB?", "- y a", "B:/ A:/", "0100" },
	{ "5.1 (5)", "aBLd?", "y - y a", "A:/ -:/", "0000" },
	{ "5.3 (1)", "LaBT", "- y y", "B:/ A:/", "0100" },
	/* So are regions; what is looked at on leaving is the active queue. */
	{ "8.4 (1)", "c0naBCd", "i y . yk", "A:a/,k -:/", "0000" },
	{ "8.4 (2)", "aBc1nC", "y i k", "B:a/,k A:/", "0100" },
	{ "8.4 (3)", "G0saBHd", "i y . yk", "A:a/,k -:/", "0000" },
	{ "8.4 (4)", "aBG1sH", "y i k", "B:a/,k A:/", "0100" },
	{ "8.4 (5)", "sBc1nsCCu", "y i y . yk", "B:a/,k A:/", "0100" },
	/* Removed, the flags that are settled are those of where it was. */
	{ "7.1 (1)", "0oTaBra", "- n y y", "B:/ A:/", "0100" },
	{ "7.1 (2)", "0xaBra", "- y y", "B:/ A:/", "0100" },
	{ "7.1 (3)", "1xra", "- y", "A:/ -:/", "0000" },
	{ "7.1 (4)", "0n1naBra", "i - y y", "B:b/,k A:/", "0100" },
	{ "7.1 (5)", "0n1naBrb", "i - y y", "B:/ A:a/,k", "0100" },
	{ "7.1 (6)", "sB1oTsCra", "y - n y y", "C:/ B:/ A:/", "0110" },
	{ "7.1 (7)", "sB1xsCra", "y - y y", "C:/ B:/ A:/", "0110" },
	{ "7.1 (8)", "sB1nsCra", "y i y y", "C:/ B:/ A:/", "0110" },
	{ "7.1 (9)", "sB1oTsC1oTra", "y - n y - n y", "C:/b,u B:/ A:/",
	  "0110" },
	{ "7.1 (10)", "sB1oTsC1oTrb", "y - n y - n y", "C:/ B:/a,u A:/",
	  "0110" },
	/* Of a thread that ends, all go, wherever they are. */
	{ "7.3 (1)", "sB1n1s1o1xsC1n1s1o1xsD1n1s1o1x0n0s0o0xF",
	  "y i i - - y i i - - y i i - - - - - - jinmfebalkpohgdc",
	  "D:/ C:/ B:/ A:/", "0111" },
	{ "7.3 (2)", "sB1oTsC1oTsD1oTF", "y - n y - n y - n cba",
	  "D:/ C:/ B:/ A:/", "0111" },
	{ "7.3 (3)", "sB1nsCFuu", "y i y a y y", "A:/ -:/", "0000" },
	{ "7.3 (4)", "aBEF", "y - p", "B:/ A:/", "0100" },
};

static void attach_desc(const struct attach_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %s", row->rule, row->script);
}

KUNIT_ARRAY_PARAM(attach, attach_rows, attach_desc);

static void check_counts(struct kunit *test, const char *expected)
{
	struct ntapc_fixture *f = test->priv;
	char counts[NTAPC_TEST_PROCESSES + 1] = "";
	int i;

	for (i = 0; i < NTAPC_TEST_PROCESSES; i++) {
		u32 count = f->process[i].stack_count;

		counts[i] = count == NTAPC_STACK_COUNT_MAX ? 'M' :
			    count < 10 ? '0' + count : '?';
		KUNIT_EXPECT_TRUE(test, list_empty(&f->process[i].ready_list));
		KUNIT_EXPECT_EQ(test, f->process[i].state,
				NTAPC_PROCESS_IN_MEMORY);
	}
	KUNIT_EXPECT_STREQ(test, counts, expected);
}

static void attached_as_told(struct kunit *test)
{
	const struct attach_row *row = test->param_value;
	struct ntapc_fixture *f = test->priv;
	struct attach_script s = {
		.test = test,
		.next = 'a',
		.expected = row->answers,
	};

	ntapc_test_run_script(&s, row->script);
	KUNIT_EXPECT_STREQ(test, s.answers.text, row->answers);
	KUNIT_EXPECT_STREQ(test, ntapc_test_states(f), row->states);
	check_counts(test, row->counts);
}

/*
 * 2.1, 2.2: an APC is made at one stage and inserted at that one or a later one:
 * at home, attached, attached twice, once again, at home again, attached again.
 */
static const u8 stage_depth[] = { 0, 1, 2, 1, 0, 1 };

static void go_to_depth(struct kunit *test, unsigned int depth)
{
	struct ntapc_fixture *f = test->priv;

	while (f->depth < depth)
		ntapc_test_attach(test);
	while (f->depth > depth)
		ntapc_test_detach(test);
}

static void check_environment(struct kunit *test, int environment, int made,
			      int inserted)
{
	/* By depth, and whether it is for home. */
	static const char *const expected[][2] = {
		{ "A:/ -:a/", "A:a/,k -:/" },
		{ "B:a/,k A:/", "B:/ A:a/" },
		{ "C:a/,k B:/ A:/", "C:/ B:/ A:a/" },
	};
	struct ntapc_fixture *f = test->priv;
	struct ntapc_apc *apc = ntapc_test_apc(f, 'a');
	bool attached = stage_depth[inserted], original;
	enum ntapc_wake wake;
	int stage;

	ntapc_fixture_reset(f);
	for (stage = 0; stage <= inserted; stage++) {
		go_to_depth(test, stage_depth[stage]);
		if (stage == made)
			ntapc_apc_init(apc, &f->kt, environment,
				       apc->kernel_routine, NULL, TEST_ROUTINE,
				       NTAPC_KERNEL_MODE, TEST_CONTEXT);
	}
	KUNIT_ASSERT_TRUE(test, ntapc_core_insert(&f->kt, apc, 0, 0, false,
						  &wake));

	original = environment == NTAPC_ENV_ORIGINAL ||
		   (environment == NTAPC_ENV_CURRENT && !stage_depth[made]) ||
		   (environment == NTAPC_ENV_INSERT && !attached);
	KUNIT_EXPECT_EQ(test, apc->environment, original ? 0 : 1);
	KUNIT_EXPECT_EQ(test, wake,
			original == attached ? NTAPC_WAKE_NONE :
					       NTAPC_WAKE_INTERRUPT);
	KUNIT_EXPECT_STREQ(test, ntapc_test_states(f),
			   expected[stage_depth[inserted]][original]);
}

static void all_environments(struct kunit *test)
{
	int environment, made, inserted;

	for (environment = 0; environment <= NTAPC_ENV_INSERT; environment++)
		for (made = 0; made < ARRAY_SIZE(stage_depth); made++)
			for (inserted = made;
			     inserted < ARRAY_SIZE(stage_depth); inserted++) {
				check_environment(test, environment, made,
						  inserted);
				if (!ntapc_test_failed(test))
					continue;
				kunit_info(test, "environment %d, made at stage %d, inserted at %d",
					   environment, made, inserted);
				return;
			}
}

/* 9.2, 9.6 to 9.8: each flag by itself, whatever is queued. */
static void set_flags(struct ntapc_apc_state *state, unsigned int bits)
{
	state->kernel_in_progress = bits & BIT(0);
	state->kernel_pending = bits & BIT(1);
	state->user_pending = bits & BIT(2);
	state->special_pending = bits & BIT(3);
	state->exit_pending = bits & BIT(4);
}

static unsigned int flags_of(const struct ntapc_apc_state *state)
{
	return (state->kernel_in_progress ? BIT(0) : 0) |
	       (state->kernel_pending ? BIT(1) : 0) |
	       (state->user_pending ? BIT(2) : 0) |
	       (state->special_pending ? BIT(3) : 0) |
	       (state->exit_pending ? BIT(4) : 0);
}

/* Out of home or, @nested, out of B into the caller's save area. */
static void check_flags_move(struct kunit *test, unsigned int bits, bool nested,
			     const char *kinds)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	const struct ntapc_apc_state *saved = &kt->saved_apc_state;
	bool kernel = strpbrk(kinds, "ns"), recheck;

	ntapc_fixture_reset(f);
	if (nested) {
		f->environment = NTAPC_ENV_ATTACHED;
		ntapc_test_attach(test);
		saved = &f->save[1].state;
	}
	ntapc_test_queue_all(test, kinds);
	set_flags(&kt->apc_state, bits);
	ntapc_test_attach(test);
	KUNIT_EXPECT_EQ(test, flags_of(&kt->apc_state), 0);
	KUNIT_EXPECT_EQ(test, flags_of(saved), bits);
	KUNIT_EXPECT_EQ(test, ntapc_test_try_detach(f, true, &recheck),
			NTAPC_ATTACHED);
	KUNIT_EXPECT_EQ(test, recheck, kernel);
	KUNIT_EXPECT_EQ(test, flags_of(&kt->apc_state),
			bits | (kernel ? BIT(1) : 0));
}

static void all_flags_move(struct kunit *test)
{
	static const char *const queued[] = { "", "n", "s", "o", "x", "nsox" };
	unsigned int bits, nested, i;

	for (bits = 0; bits < BIT(5); bits++)
		for (nested = 0; nested < 2; nested++)
			for (i = 0; i < ARRAY_SIZE(queued); i++) {
				check_flags_move(test, bits, nested, queued[i]);
				if (!ntapc_test_failed(test))
					continue;
				kunit_info(test, "flags %#x, nested %d, \"%s\"",
					   bits, nested, queued[i]);
				return;
			}
}

/* 9.7: as deep as it may get, each state with an APC of its own. */
static void attachments_nest(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt;
	struct attach_script s = {
		.test = test,
		.next = 'a',
		.expected = "y i",
	};
	char attach[] = "sB1n", letter[2] = "";
	struct ntapc_apc *apc;
	bool recheck;

	ntapc_core_enter_critical(kt);
	while (f->depth < NTAPC_ATTACH_DEPTH_MAX) {
		attach[1] = 'B' + f->depth % (NTAPC_TEST_PROCESSES - 1);
		s.answers.text[0] = '\0';
		ntapc_test_run_script(&s, attach);
	}
	check_counts(test, "0655");
	while (f->depth) {
		letter[0] = 'a' + f->depth - 1;
		KUNIT_EXPECT_STREQ(test,
				   ntapc_test_order(f, &kt->apc_state,
						    NTAPC_KERNEL_MODE),
				   letter);
		KUNIT_EXPECT_PTR_EQ(test, kt->apc_state.process,
				    &f->process[1 + (f->depth - 1) %
						    (NTAPC_TEST_PROCESSES - 1)]);
		apc = ntapc_test_apc(f, letter[0]);
		KUNIT_EXPECT_TRUE(test, ntapc_core_remove(kt, apc));
		KUNIT_ASSERT_EQ(test, ntapc_test_try_detach(f, true, &recheck),
				NTAPC_ATTACHED);
		KUNIT_EXPECT_EQ(test, recheck, f->depth > 0);
		ntapc_test_check_index(test);
	}
	check_counts(test, "0000");
	KUNIT_EXPECT_STREQ(test, ntapc_test_states(f), "A:/ -:/");
}

/* What isn't of the APC state stays as it is. */
static void rest_of_thread_stays(struct kunit *test)
{
	struct ntapc_fixture *f = test->priv;
	struct ntapc_kthread *kt = &f->kt, before;
	struct attach_script s = {
		.test = test,
		.next = 'a',
		.expected = "y y y y y y y . y y . . y y . y",
	};

	kt->suspend_apc = ntapc_test_apc(f, 'p');
	kt->kernel_apc_disable = -2;
	kt->special_apc_disable = 1;
	kt->suspend_count = 3;
	kt->freeze_count = 4;
	kt->alerted[NTAPC_USER_MODE] = true;
	kt->alerted_by_id = true;
	before = *kt;
	ntapc_test_run_script(&s, "aBd");
	KUNIT_EXPECT_EQ(test, memcmp(&before, kt, sizeof(before)), 0);
	ntapc_test_run_script(&s, "sBsCuu");
	KUNIT_EXPECT_EQ(test, memcmp(&before, kt, sizeof(before)), 0);
	ntapc_test_run_script(&s, "ABbsBSCbb");
	KUNIT_EXPECT_EQ(test, memcmp(&before, kt, sizeof(before)), 0);
	kt->apc_queueable = false;
	before = *kt;
	ntapc_test_run_script(&s, "sBSCbu");
	KUNIT_EXPECT_EQ(test, memcmp(&before, kt, sizeof(before)), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(attached_as_told, attach_gen_params),
	KUNIT_CASE(all_environments),
	KUNIT_CASE(all_flags_move),
	KUNIT_CASE(attachments_nest),
	KUNIT_CASE(rest_of_thread_stays),
	{ }
};

static struct kunit_suite suite = {
	.name = "ntapc_core_attach",
	.init = ntapc_fixture_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
