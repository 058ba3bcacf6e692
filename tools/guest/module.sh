#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# module.sh KDIR OUTPUT [VARIABLE=VALUE]...: builds the module against the kernel
# build directory KDIR into OUTPUT/ntapc/, from links to the sources; the
# variables are kbuild's.  Says in a sentence why a kernel cannot have it.

. "$(dirname "$0")/lib.sh"

kdir=${1:?usage: module.sh KDIR OUTPUT [VARIABLE=VALUE]...}
out=${2:?usage: module.sh KDIR OUTPUT [VARIABLE=VALUE]...}
shift 2
symbols=$kdir/Module.symvers

[ -e "$kdir/Makefile" ] || die "there are no kernel headers in $kdir.
	Install those of the running kernel (Debian: apt-get install linux-headers-$(uname -r)),
	or name others: make KDIR=<directory>.  'make demo' needs none: it fetches its own kernel."
[ -e "$symbols" ] || die "$symbols is missing: these headers cannot build modules"
grep -qP '\ttask_work_add\t' "$symbols" ||
	die "this kernel does not export task_work_add, without which there are no APCs.
	Debian's and Ubuntu's kernels do; stock Fedora and Arch kernels do not.
	'make demo' shows ntapc in a guest with a kernel that does."

quiet=(-s)
[ "${V:-0}" != 1 ] || quiet=(V=1)
[ "${V:-0}" = 1 ] || printf '  %-7s ntapc.ko for %s\n' KBUILD \
	"$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' "$kdir/include/generated/utsrelease.h")"
"$guest_dir/stage.sh" "$out"
# The running kernel's type information is of no use to this module, and making it
# needs more packages
trace make "${quiet[@]}" --no-print-directory -j"$(nproc)" -C "$kdir" M="$(realpath "$out")" \
	CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules
