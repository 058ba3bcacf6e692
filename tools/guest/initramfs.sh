#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initramfs.sh ROOT MODULES OUTPUT: writes the guests' file system, a cpio
# archive: busybox, /init, everything in the directory ROOT (may be missing) and
# the kernel modules MODULES/*.ko, without their debug information, in /lib/modules.
# Needs no root.

. "$(dirname "$0")/lib.sh"

root=${1:?usage: initramfs.sh ROOT MODULES OUTPUT}
modules=${2:?usage: initramfs.sh ROOT MODULES OUTPUT}
output=${3:?usage: initramfs.sh ROOT MODULES OUTPUT}
busybox=$(command -v busybox) || die "busybox is missing: run 'make setup'"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"
mkdir -p "$stage"/{bin,sbin,usr/bin,usr/sbin,etc,proc,sys,dev,tmp,out,root,run,host,lib/modules}
cp "$busybox" "$stage/bin/busybox"
for applet in $("$busybox" --list); do
	[ "$applet" = busybox ] || ln -s busybox "$stage/bin/$applet"
done
cp "$guest_dir/init" "$stage/init"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$stage/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$stage/etc/group"
[ ! -d "$root" ] || cp -a "$root/." "$stage/"
for module in "$modules"/*.ko; do
	[ ! -e "$module" ] || strip --strip-debug -o "$stage/lib/modules/${module##*/}" "$module"
done
(cd "$stage" && find . | "$busybox" cpio -o -H newc -R 0:0) >"$output" 2>/dev/null
