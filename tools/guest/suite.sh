#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# GUEST=qemu|um KVER=6.12|6.1 suite.sh kunit|selftests|demo [-s N/M|TEST...]: runs
# that, or share N of M of it, in the guest and prints KTAP, headed by a line
# "== NAME (GUEST) ==".  What the guest itself has done wrong is one more result.
# NTAPC_LIMIT is the time limit: several times what it takes on a machine that has
# nothing else to do, as each program has one of its own; for NTAPC_SLOW see
# selftests/run.sh.

. "$(dirname "$0")/lib.sh"
. "$guest_dir/guest-env.sh"

suite=${1:?usage: suite.sh kunit|selftests|demo [TEST]...}
shift
name="$suite ($guest_id)"
out=$build_dir/check/$suite-$guest_id
if [ "${1:-}" = -s ]; then
	name="$suite ($guest_id, $2)"
	out=$out-${2%/*}
fi
mkdir -p "$out"

case $suite in
kunit) limit=900 command=(/usr/bin/kunit-results) ;;
selftests) limit=7200 command=(/selftests/run.sh "$@")
	[ -z "${NTAPC_SLOW:-}" ] || command=(env "NTAPC_SLOW=$NTAPC_SLOW" "${command[@]}") ;;
demo) limit=900 command=(sh -c 'echo 1..1; ntapc demo >/tmp/demo; s=$?; sed "s/^/# /" /tmp/demo
	[ $s = 0 ] || echo -n "not "; echo "ok 1 ntapc demo"; exit $s') ;;
*) die "suite.sh: there is no suite '$suite'" ;;
esac

echo "== $name =="
status=0
"$guest_dir/run.sh" -t "${NTAPC_LIMIT:-$limit}" -o "$out" -- "${command[@]}" 2>"$out/runner.log" |
	tr -d '\r' | tee "$out/results.ktap" || status=${PIPESTATUS[0]}
sed 's/^/# /' "$out/runner.log"

if [ "$status" = 124 ]; then
	why="the guest ran into its time limit"
elif [ "$status" = 125 ]; then
	why="the guest died, or its kernel reported a bug or a leak"
elif [ "$status" != 0 ] && ! grep -q '^ *not ok' "$out/results.ktap"; then
	why="exit status $status"
elif ! grep -q '^ *\(not \)\?ok [0-9]' "$out/results.ktap"; then
	why="nothing was tested"
fi
if [ -n "${why:-}" ]; then
	echo "not ok 1 $name # $why"
	[ "$status" != 0 ] || status=1
fi
exit "$status"
