#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# GUEST=qemu|um KVER=6.12|6.1 shell.sh: a shell in a guest, with the module loaded.

. "$(dirname "$0")/lib.sh"
. "$guest_dir/guest-env.sh"

say "booting Linux $(cat "$(guest_kernel)/release"); 'exit' ends the guest"
say "what is in /out then is in $guest_build/out, with the kernel's log"
exec "$guest_dir/run.sh" -i -- sh -l
