#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# GUEST=qemu|um KVER=6.12|6.1 bench.sh [CASES]: the benchmarks, in a guest; the
# figures also go to build/bench.json.  CASES is a list like 1,4.  The processor is
# always the same model: PKU makes the peers' signal frames dear under emulation
# and ERMS makes the kernel's copies dear, either of which would flatter ntapc.

. "$(dirname "$0")/lib.sh"
. "$guest_dir/guest-env.sh"

memory=6G
[ "$GUEST" != um ] || memory=2G
out=$guest_build/bench
NTAPC_CPU=max,-pku,-erms "$guest_dir/run.sh" -t 3600 -m "$memory" -o "$out" -- \
	/usr/bin/ntapc-bench -o /out/bench.json "$@"
cp "$out/bench.json" "$build_dir/bench.json"
say "the figures are in $build_dir/bench.json"
