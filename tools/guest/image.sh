#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# image.sh: builds the library, the command, the benchmarks and the selftests, and
# puts what the guests see of them into build/image: their file system but for
# busybox, /init and the module.

. "$(dirname "$0")/lib.sh"

build_dir=${NTAPC_BUILD:-$top_dir/build}
image=$build_dir/image
verbose=(-s V=)
[ "${V:-0}" != 1 ] || verbose=(V=1)

mkdir -p "$build_dir"
exec 7>"$build_dir/image.lock"
flock 7
rm -rf "$image.new"
mkdir -p "$image.new/usr/bin"
for part in tools/lib tools/ntapc tools/bench selftests; do
	[ -e "$top_dir/$part/Makefile" ] || continue
	trace make --no-print-directory -C "$top_dir/$part" "${verbose[@]}" \
		O="$build_dir/${part##*/}" LIB="$build_dir/lib" STATIC=1 DESTDIR="$image.new" PREFIX=/usr all install
done
install -m 755 "$guest_dir/kunit-results" "$image.new/usr/bin/"
rm -rf "$image"
mv "$image.new" "$image"
