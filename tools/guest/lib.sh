# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the guest scripts share; sourced, never run.  Standard output belongs to
# each script's result, so everything said to a person goes to standard error.

set -euo pipefail
export LC_ALL=C

guest_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the scripts that source this file
top_dir=$(cd "$guest_dir/../.." && pwd)
cache_dir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ntapc

# The Debian release whose kernels are the guests' kernels.
# shellcheck disable=SC2034
guest_suite=bookworm

say()
{
	printf '%s\n' "ntapc: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# trace COMMAND...: runs it, showing it first when V=1
trace()
{
	[ "${V:-0}" != 1 ] || printf '+ %s\n' "$*" >&2
	"$@"
}

# lock NAME: holds the cache's lock NAME until this shell exits, so that two
# runs never build the same thing; a process left running must close fd 9.
lock()
{
	mkdir -p "$cache_dir"
	exec 9>"$cache_dir/$1.lock"
	if ! flock -n 9; then
		say "waiting for another run that prepares $1"
		flock 9
	fi
}

# insist COMMAND...: until it succeeds, or has failed too often.  For what depends on
# others: archives are out of order for a while, and locks are held.
insist()
{
	local pause

	for pause in 5 20 60; do
		! "$@" || return 0
		say "'$1' failed; once more in $pause seconds"
		sleep "$pause"
	done
	"$@"
}

# quietly LOG COMMAND...: output into LOG; its end is shown when COMMAND fails
quietly()
{
	local log=$1
	shift
	[ "${V:-0}" != 1 ] || printf '+ %s\n' "$*" >&2
	if ! "$@" >>"$log" 2>&1 </dev/null; then
		tail -n 25 "$log" >&2
		die "'$1' failed; the whole log is $log"
	fi
}
