#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# stage.sh DIRECTORY: makes DIRECTORY a farm of links to the module's sources, so
# that builds for several kernels stand side by side and none writes between the
# sources.

. "$(dirname "$0")/lib.sh"

out=${1:?usage: stage.sh DIRECTORY}
mkdir -p "$out"
find "$out" -xtype l -delete
cd "$top_dir"
find Kbuild ntapc uapi selftests/client \( -name Kbuild -o -name Makefile -o -name '*.[chS]' \) -type f |
	while read -r path; do
		[ -e "$out/$path" ] && continue
		mkdir -p "$(dirname "$out/$path")"
		ln -s "$top_dir/$path" "$out/$path"
	done
