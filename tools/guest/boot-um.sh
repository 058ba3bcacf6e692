#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# boot-um.sh KERNEL INITRD RESULTS CONSOLE: boots one User-mode Linux guest, the
# counterpart of boot-qemu.sh.  The results come through hostfs.  The guest stays
# on one CPU of the host, without which its speed changes by a factor of four.

. "$(dirname "$0")/lib.sh"

kernel=$1 initrd=$2 console=$4
ulimit -c 0
allowed=$(taskset -cp $$ | sed 's/.*[ ,-]//')
# shellcheck disable=SC2086 # arguments, not one
trace exec taskset -c "$allowed" "$kernel/linux" \
	"mem=${guest_mem:-1G}" "initrd=$initrd" \
	con=null con0=null,fd:2 con1=fd:0,fd:1 ssl=null console=tty0 \
	ignore_loglevel kasan_multi_shot ${guest_args:-} \
	2>"$console"
