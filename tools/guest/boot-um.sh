#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# boot-um.sh KERNEL INITRD RESULTS CONSOLE: boots one User-mode Linux guest, the
# counterpart of boot-qemu.sh.  The results come through hostfs.  The guest stays
# on one CPU of the host, without which its speed changes by a factor of four.

. "$(dirname "$0")/lib.sh"

# allowed_cpus: those this process may use, the last one first
allowed_cpus()
{
	local range

	for range in $(taskset -cp $$ | sed 's/.*: //; s/,/ /g'); do
		seq "${range%-*}" "${range#*-}"
	done | sort -rn
}

kernel=$1 initrd=$2 console=$4
ulimit -c 0

# The last CPU that no other such guest has; the lock goes when the guest does
for cpu in $(allowed_cpus); do
	exec 8>"$cache_dir/cpu-$cpu.lock"
	! flock -n 8 || break
done
# shellcheck disable=SC2086 # arguments, not one
trace exec taskset -c "$cpu" "$kernel/linux" \
	"mem=${guest_mem:-1G}" "initrd=$initrd" \
	con=null con0=null,fd:2 con1=fd:0,fd:1 ssl=null console=tty0 \
	ignore_loglevel kasan_multi_shot ${guest_args:-} \
	2>"$console"
