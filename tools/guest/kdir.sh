#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# GUEST=qemu|um KVER=6.12|6.1 kdir.sh: prints the kernel build directory that
# modules for this guest are built against, after preparing the kernel.

. "$(dirname "$0")/lib.sh"
. "$guest_dir/guest-env.sh"

kernel=$(guest_kernel)
echo "$kernel/build"
