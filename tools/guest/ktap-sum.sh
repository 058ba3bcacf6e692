#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ktap-sum.sh [FILE]...: counts the results in KTAP, says which failed, with what
# they said last, and ends with the one line
#
#	N passed, N failed, N skipped
#
# Only leaves count: the result of a test that has subtests, which come before it
# and are indented deeper, counts only where it says "not ok" and none of them
# did.  Results that a plan promised and that never came count as failed.  Fails
# when anything did, or when there was nothing to count.

exec awk '
function indent_of(line) {
	match(line, /^ */)
	return RLENGTH
}

# The result on this line is to be told of at the end, with the remarks before it
function failure(line,   i) {
	told = told "failed: " suite ": " line "\n"
	for (i = remarks > 4 ? remarks - 4 : 0; i < remarks; i++)
		told = told "        " remark[i] "\n"
}

# Forgets what is deeper than LEVEL after counting what its plans still miss
function close_deeper(level,   i) {
	for (i in plan)
		if (i + 0 > level) {
			if (plan[i] > seen[i]) {
				missing = plan[i] - seen[i]
				failed += missing
				failure(missing " of " plan[i] " results never came")
				bad[level] += missing
			}
			below[level] += seen[i]
			bad[level] += bad_at[i]
			delete plan[i]
			delete seen[i]
			delete bad_at[i]
		}
}

{ sub(/\r$/, "") }

/^== / { close_deeper(-1); gsub(/^== | ==$/, ""); suite = $0; remarks = 0; next }

/^ *#/ && !/# +(RUN|OK|FAIL|SKIP|Totals|Starting|Subtest|PASSED|FAILED)/ {
	gsub(/^ +/, "")
	remark[remarks++] = $0
	next
}

/^ *1\.\.[0-9]+/ {
	level = indent_of($0)
	close_deeper(level - 1)
	split($1, number, "[.][.]")
	plan[level] = number[2] + 0
	seen[level] = bad_at[level] = below[level] = bad[level] = 0
	next
}

/^ *(not )?ok [0-9]+/ {
	level = indent_of($0)
	if (!(level in plan)) plan[level] = 0
	close_deeper(level)
	seen[level]++
	leaf = below[level] == 0 && bad[level] == 0
	if ($1 == "not") {
		if (leaf || !bad[level]) {
			failed++
			gsub(/^ +/, "")
			failure($0)
		}
		bad_at[level]++
	} else if (leaf) {
		if (/# *[Ss][Kk][Ii][Pp]/) skipped++
		else passed++
	} else if (bad[level]) {
		bad_at[level]++
	}
	below[level] = bad[level] = remarks = 0
}

END {
	close_deeper(-1)
	printf "%s", told
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed || !(passed + failed + skipped)
}' "$@"
