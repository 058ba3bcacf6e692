#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh: all tests in all guests.  QEMU's one after the other: such a guest has two
# processors, and waits milliseconds for each interrupt between them if it does not
# have two of the host's.  A user-mode guest has one, so that two share the tests.
# Each suite's output is shown when it is done, and the very last line is the sum.

. "$(dirname "$0")/lib.sh"

build_dir=${NTAPC_BUILD:-$top_dir/build}
reports=$build_dir/check
started=$SECONDS

# suite GUEST KVER NAME [SHARE]: one report, and its name to whoever shows it
suite()
{
	local share=${4:+-s $4}
	local report=$reports/$3-$1$2${4:+-${4%/*}}.ktap

	say "$3 ($1${2:+ $2}${4:+, $4}): running"
	# shellcheck disable=SC2086 # two arguments or none
	GUEST=$1 KVER=${2:-6.12} "$guest_dir/suite.sh" "$3" $share >"$report" 2>&1 || :
	echo "$report" >&3
}

# module GUEST KVER: builds it; what cannot be built is a failure to report
module()
{
	local log=$reports/module-$1${2:-}.ktap

	: >"$log"
	make -s --no-print-directory -C "$top_dir" module-guest GUEST="$1" KVER="${2:-6.12}" \
		>>"$log" 2> >(tee -a "$log" >&2) && return
	sed -i 's/^/# /' "$log"
	printf '== module (%s %s) ==\nnot ok 1 the module was not built\n' "$1" "${2:-}" >>"$log"
	echo "$log" >&3
	return 1
}

lane_um()
{
	module um || return 0
	suite um '' selftests 2/2 &
	suite um '' kunit
	suite um '' selftests 1/2
	wait
}

lane_qemu()
{
	if module qemu 6.12; then
		suite qemu 6.12 selftests
		suite qemu 6.12 demo
	fi
	if module qemu 6.1; then
		# A part of the rounds that the other kernel has had
		NTAPC_SLOW=4 suite qemu 6.1 selftests
	fi
}

"$guest_dir/setup.sh" guest
rm -rf "$reports"
mkdir -p "$reports"
say "building the library, the command and the tests"
quietly "$reports/image.log" "$guest_dir/image.sh"

finished=$reports/finished
mkfifo "$finished"
# A process group of their own, to end them by when this is interrupted
set -m
{
	lane_qemu 3>&1 >&2
	lane_um 3>&1 >&2
} >"$finished" </dev/null &
lanes=$!
set +m
trap 'kill -- "-$lanes" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM
while read -r report; do
	cat "$report"
	cat "$report" >>"$reports/all.ktap"
done <"$finished"
wait "$lanes" || :
trap - EXIT

say "all suites took $((SECONDS - started)) seconds; the logs are in $reports"
"$guest_dir/ktap-sum.sh" "$reports/all.ktap" | tee "$reports/sum"
