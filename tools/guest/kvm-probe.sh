#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kvm-probe.sh VMLINUZ: prints kvm or tcg, whichever can boot a guest here.  That
# /dev/kvm opens proves little, so a kernel is booted, without a file system: when
# it comes as far as missing one, KVM works.  The verdict is kept until the host
# is booted again.

. "$(dirname "$0")/lib.sh"

vmlinuz=${1:?usage: kvm-probe.sh VMLINUZ}
verdict=$cache_dir/kvm-$(cat /proc/sys/kernel/random/boot_id)

# All of the output is read: who writes to nobody fails
trial()
{
	timeout -k 1 10 qemu-system-x86_64 -nodefaults -no-user-config -display none \
		-no-reboot -accel kvm -cpu max -m 256M -serial stdio \
		-kernel "$vmlinuz" -append "console=ttyS0 panic=-1" </dev/null 2>&1 |
		grep 'Kernel panic - not syncing: VFS' >/dev/null
}

if [ ! -e "$verdict" ]; then
	if [ ! -w /dev/kvm ]; then
		say "no usable /dev/kvm: QEMU emulates the processor"
		echo tcg >"$verdict"
	elif trial; then
		say "a trial boot with KVM worked: QEMU uses it"
		echo kvm >"$verdict"
	else
		say "a trial boot with KVM did not come up: QEMU emulates the processor"
		echo tcg >"$verdict"
	fi
fi
cat "$verdict"
