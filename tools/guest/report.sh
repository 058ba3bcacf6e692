#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# GUEST=qemu|um KVER=6.12|6.1 report.sh SUITE [TEST]...: suite.sh, shown as it runs,
# with the sum as the last line.

. "$(dirname "$0")/lib.sh"

report=$(mktemp)
trap 'rm -f "$report"' EXIT
"$guest_dir/suite.sh" "$@" | tee "$report" || :
"$guest_dir/ktap-sum.sh" "$report"
