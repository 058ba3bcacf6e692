#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# boot-qemu.sh KERNEL INITRD RESULTS CONSOLE: boots one QEMU guest.  Standard
# input and output are the command's terminal; the kernel's log goes to the file
# CONSOLE and the results to the file RESULTS, each by a serial line of its own.
# From the environment: guest_mem, guest_cpus, guest_args (kernel arguments) and
# NTAPC_CPU (QEMU's -cpu).  The guest's one disk is there to be swapped to: it is
# empty, and gone with the guest.  The kernel isn't to test whether its timer's
# interrupts come at the pace of its own loops: they don't on a busy host, and it
# would panic.

. "$(dirname "$0")/lib.sh"

kernel=$1 initrd=$2 results=$3 console=$4
case $("$guest_dir/kvm-probe.sh" "$kernel/vmlinuz") in
kvm) accel=kvm ;;
*) accel=tcg,thread=multi ;;
esac

trace exec qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
	-accel "$accel" -cpu "${NTAPC_CPU:-max,-pku,-erms}" \
	-smp "${guest_cpus:-2}" -m "${guest_mem:-2G}" \
	-serial "file:$console" \
	-chardev stdio,id=user,signal=off -serial chardev:user \
	-serial "file:$results" \
	-drive driver=null-co,size=64M,read-zeroes=on,snapshot=on,if=none,id=swap \
	-device nvme,drive=swap,serial=ntapc-swap \
	-kernel "$kernel/vmlinuz" -initrd "$initrd" \
	-append "console=ttyS0 ignore_loglevel no_timer_check ${guest_args:-}"
