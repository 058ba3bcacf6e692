#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# splat-scan.sh LOG: fails, showing where, when the kernel's log reports a bug.
# Leaks are not looked for here: init does, which can tell whose they are.  What it
# says ends with the essence, in few enough lines for the sum of all suites.

. "$(dirname "$0")/lib.sh"

log=${1:?usage: splat-scan.sh LOG}
splats=(
	'BUG: ' 'kernel BUG at' 'WARNING: ' '[^a-z]Oops' 'general protection fault'
	'KASAN: ' 'UBSAN: ' 'refcount_t: ' 'Kernel panic'
	'possible recursive locking' 'possible circular locking'
	'inconsistent lock state' 'suspicious RCU usage' 'bad unlock balance'
	'lock held when returning' 'held lock freed' 'Invalid wait context'
	'sleeping function called' 'scheduling while atomic'
	'INFO: task .* blocked' 'rcu: INFO' 'soft lockup' 'hard LOCKUP'
	'list_\(add\|del\) corruption'
	'ODEBUG: ' 'Bad page state' 'still has locks held'
	'double fault' 'stack guard page' 'Missing ENDBR'
)
pattern=$(printf '\\|%s' "${splats[@]}")

first=$(tr -d '\r' <"$log" | grep -n "${pattern#\\|}" | head -n 1 | cut -d: -f1) || :
[ -n "$first" ] || exit 0
say "the kernel reported a bug (line $first of $log):"
tr -d '\r' <"$log" | sed -n "$((first > 3 ? first - 3 : 1)),$((first + 60))p" >&2

essence()
{
	awk '
	{ sub(/\r$/, ""); sub(/^\[[^]]*\] */, "") }
	NR == 1 { print }
	/Comm: / && !comm { comm = $0 }
	/RIP: 0010:/ && !place { place = " " substr($2, 6) }
	# Until the next trace; "?" marks what only lay on the stack
	/Call Trace:/ { traces++ }
	traces == 1 && /\+0x[0-9a-f]+\/0x[0-9a-f]+/ && !/RIP:/ {
		sub(/^ *(\[<[0-9a-f]+>\] )?/, "")
		if ($1 != "?" && n++ < 24) {
			sub(/\+0x.*/, "")
			trace = trace " < " $0
		}
	}
	END {
		if (comm) print comm
		if (place || trace) print "at" place trace
	}'
}

sed -n "$first,$((first + 200))p" "$log" | essence | while read -r line; do
	say "$line"
done
exit 1
