#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# GUEST=qemu|um KVER=6.12|6.1 bench.sh [CASES]: the benchmarks, in a guest; the
# figures also go to build/bench.json.  CASES is a list like 1,4.  The processor is
# always the same model: PKU makes the peers' signal frames dear under emulation
# and ERMS makes the kernel's copies dear, either of which would flatter ntapc.
# NTAPC_NTSYNC=FILE is an ntsync.ko for the guest's kernel, which is loaded, too,
# for ntapc to be compared with it: the guests' kernels are too old to have it.

. "$(dirname "$0")/lib.sh"
. "$guest_dir/guest-env.sh"

memory=6G
[ "$GUEST" != um ] || memory=2G
out=$guest_build/bench
ntsync=/usr/lib/ntapc-bench/ntsync.ko
rm -f "$build_dir/image$ntsync"
if [ -n "${NTAPC_NTSYNC:-}" ]; then
	mkdir -p "$build_dir/image${ntsync%/*}"
	cp "$NTAPC_NTSYNC" "$build_dir/image$ntsync"
fi
# shellcheck disable=SC2016 # the guest's shell expands these
NTAPC_CPU=max,-pku,-erms "$guest_dir/run.sh" -b -t 3600 -m "$memory" -o "$out" -- \
	sh -c '[ ! -e "$0" ] || insmod "$0" || exit; exec ntapc-bench "$@"' \
	"$ntsync" -o /out/bench.json "$@"
cp "$out/bench.json" "$build_dir/bench.json"
say "the figures are in $build_dir/bench.json"
