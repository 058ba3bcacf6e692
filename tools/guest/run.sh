#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# GUEST=qemu|um KVER=6.12|6.1 run.sh [OPTION]... [--] COMMAND [ARGUMENT]...
# runs COMMAND as root in a guest with ntapc.ko loaded, shows its output, and
# exits as it did.
#
#	-t SECONDS	time limit (300)
#	-m MEMORY	of the guest (2G; um 1G)
#	-c CPUS		of the guest (2; um has one)
#	-o DIRECTORY	for the results (build/<guest>/out): the guest's /out,
#			output.log, console.log
#	-a ARGUMENTS	more kernel arguments
#	-p PARAMETERS	of the module
#	-n		do not load the module
#	-b		a benchmark: nothing is prepared that would slow it down
#	-i		interactive: the terminal is the guest's; no time limit
#
# Exit status: the command's; 124 when the time limit ended the guest; 125 when
# the guest died, or the kernel reported a bug, or memory was leaked, or the module
# could not be loaded or unloaded.  With NTAPC_GCOV=1 the line counts of a module
# built so are in DIRECTORY/gcov.

. "$(dirname "$0")/lib.sh"
. "$guest_dir/guest-env.sh"

usage()
{
	sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

limit=300 out='' extra='' attempts=3 boot_limit=300
export guest_mem='' guest_cpus='' guest_args
export job_insmod=1 job_params='' job_shell=0 job_stty='' job_hostfs='' job_gcov=${NTAPC_GCOV:-0} job_spare=1
while getopts t:m:c:o:a:p:nbih option; do
	case $option in
	t) limit=$OPTARG ;;
	m) guest_mem=$OPTARG ;;
	c) guest_cpus=$OPTARG ;;
	o) out=$OPTARG ;;
	a) extra=$OPTARG ;;
	p) job_params=$OPTARG ;;
	n) job_insmod=0 ;;
	b) job_spare=0 ;;
	i) job_shell=1 limit=0 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage

modules=$guest_build/src/ntapc
[ "$job_insmod" = 0 ] || [ -e "$modules/ntapc.ko" ] ||
	die "there is no $modules/ntapc.ko: run 'make image GUEST=$GUEST KVER=$KVER'"
kernel=$(guest_kernel)
out=${out:-$guest_build/out}
mkdir -p "$out"
out=$(cd "$out" && pwd)
# What an earlier run left there is not this run's
if [ -e "$out/.files" ]; then
	(cd "$out" && xargs -0 rm -f <.files)
fi
rm -f "$out"/console*.log "$out/output.log"
temp=$(mktemp -d "${TMPDIR:-/tmp}/ntapc-guest.XXXXXX")
terminal=$(stty -g 2>/dev/null) || :
guest_pid='' watch_pid=''
trap clean_up EXIT
trap 'exit 130' INT TERM

write_initrd()
{
	"$guest_dir/initramfs.sh" "$build_dir/image" "$modules" "$temp/base.cpio"
	"$guest_dir/job.sh" "$temp/job.cpio" "$@"
	cat "$temp/base.cpio" "$temp/job.cpio" >"$temp/initrd"
}

# boot: once; standard output and input are the guest's.  The guest runs in the
# background so that a signal to this script ends it at once.
boot()
{
	local status=0

	: >"$temp/results"
	: >"$out/console.log"
	timeout --foreground -k 5 "$limit" "$guest_dir/boot-$GUEST.sh" \
		"$kernel" "$temp/initrd" "$temp/results" "$out/console.log" <&0 &
	guest_pid=$!
	end_if_stuck </dev/null >/dev/null &
	watch_pid=$!
	wait "$guest_pid" || status=$?
	guest_pid=''
	kill "$watch_pid" 2>/dev/null || :
	wait "$watch_pid" 2>/dev/null || :
	return "$status"
}

# boot_logged: the same, without input, and what it writes goes to a file as well
boot_logged()
{
	local status=0 logger

	rm -f "$temp/output"
	mkfifo "$temp/output"
	tee "$out/output.log" <"$temp/output" &
	logger=$!
	boot </dev/null >"$temp/output" || status=$?
	wait "$logger"
	return "$status"
}

clean_up()
{
	if [ -n "$guest_pid" ]; then
		kill "$guest_pid" ${watch_pid:+"$watch_pid"} 2>/dev/null || :
		wait "$guest_pid" 2>/dev/null || :
	fi
	rm -rf "$temp"
	[ -z "$terminal" ] || stty "$terminal" 2>/dev/null || :
}

# came_up: whether the guest has come as far as init.  Without that it says nothing
# about this module, which init loads: emulated processors now and then trip over
# the kernel patching its own text, or wait for an interrupt that never comes.
came_up()
{
	grep -qs 'ntapc-guest: init' "$out/console.log"
}

# end_if_stuck: ends the guest unless it comes up in time
end_if_stuck()
{
	local until=$((SECONDS + boot_limit))

	while [ "$SECONDS" -lt "$until" ]; do
		sleep 1
		! came_up || return 0
	done
	say "the guest ($guest_id) has not come as far as init in $boot_limit seconds"
	kill "$guest_pid" 2>/dev/null || :
}

show_tail()
{
	say "the last lines of $1:"
	tr -d '\r' <"$1" | tail -n 40 | sed 's/^/    /' >&2
}

if [ "$GUEST" = um ]; then
	export job_channel=/dev/tty1 job_results=/host/results job_hostfs=$temp
else
	export job_channel=/dev/ttyS1 job_results=/dev/ttyS2
fi
if [ "$job_shell" = 1 ] && size=$(stty size 2>/dev/null); then
	job_stty="rows ${size% *} cols ${size#* }"
fi
# What hangs is to be found, on a machine that is busy with other things what is slow
# isn't: so the kernel waits longer than it would
guest_args="panic_on_warn=1 oops=panic hung_task_panic=1 softlockup_panic=1 panic=-1"
guest_args+=" watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=180"
guest_args+=" sysctl.kernel.hung_task_timeout_secs=240 $extra"
write_initrd "$@"

for ((attempt = 1; ; attempt++)); do
	booted=0
	if [ "$job_shell" = 1 ]; then
		# The guest ends its lines as a terminal wants them
		stty -onlcr 2>/dev/null || :
		boot || booted=$?
	else
		boot_logged || booted=$?
	fi
	[ "$attempt" -lt "$attempts" ] && ! came_up || break
	mv "$out/console.log" "$out/console-$attempt.log"
	say "the guest ($guest_id) died before init: booting again"
	sleep 5
done

[ -z "$terminal" ] || stty "$terminal" 2>/dev/null || :
tar -x -C "$temp" -f "$temp/results" 2>/dev/null || :
if [ -d "$temp/out" ]; then
	(cd "$temp/out" && find . -type f -print0) >"$out/.files"
	cp -R "$temp/out/." "$out/"
fi
if ! came_up; then
	show_tail "$out/console.log"
	say "the guest ($guest_id) did not come as far as init"
	exit 125
fi
if [ "$booted" = 124 ] || [ "$booted" = 137 ]; then
	show_tail "$out/console.log"
	[ ! -e "$out/output.log" ] || show_tail "$out/output.log"
	say "the guest ($guest_id) was ended: it was not done after $limit seconds"
	exit 124
fi
if [ ! -s "$temp/status" ]; then
	! "$guest_dir/splat-scan.sh" "$out/console.log" || show_tail "$out/console.log"
	say "the guest ($guest_id) died before the command was done"
	exit 125
fi
status=$(cat "$temp/status")
if [ "$job_shell" != 1 ] && ! "$guest_dir/splat-scan.sh" "$out/console.log"; then
	[ "$status" != 0 ] || status=125
fi
exit "$status"
