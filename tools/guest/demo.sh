#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# GUEST=qemu|um KVER=6.12|6.1 demo.sh: the demo, in a guest.

. "$(dirname "$0")/lib.sh"
. "$guest_dir/guest-env.sh"

say "booting Linux $(cat "$(guest_kernel)/release") in a guest"
"$guest_dir/run.sh" -t 900 -- ntapc demo || die "the demo failed"
