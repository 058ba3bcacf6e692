#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# job.sh OUTPUT COMMAND [ARGUMENT]...: writes the small cpio archive, appended to
# the guests' file system, that tells /init what to do.  Its job_* variables come
# from the environment; init says what they mean.

. "$(dirname "$0")/lib.sh"

# quote STRING: as one word of any shell
quote()
{
	printf "'%s'" "${1//\'/\'\\\'\'}"
}

output=${1:?usage: job.sh OUTPUT COMMAND [ARGUMENT]...}
shift
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
for name in channel results hostfs insmod params shell stty gcov spare; do
	variable=job_$name
	printf '%s=%s\n' "$variable" "$(quote "${!variable-}")"
done >"$stage/job"
{
	printf 'cd /root\nexec'
	for word in "$@"; do
		printf ' %s' "$(quote "$word")"
	done
	echo
} >"$stage/job.command"
(cd "$stage" && printf 'job\njob.command\n' | busybox cpio -o -H newc -R 0:0) >"$output" 2>/dev/null
