#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-um.sh: prints the directory that holds the User-mode Linux debug kernel,
# after building it from Debian's source package and um.config the first time:
#
#	linux		the kernel, a program
#	release		its release string, one line
#	build		what to give make -C ... ARCH=um for building modules
#
# The build is kept by source version and configuration; an interrupted one goes
# on where it stopped.  NTAPC_REFRESH=1 looks for a newer source package.

. "$(dirname "$0")/lib.sh"

objects=1110	# about how many the build makes, for the percentage shown
config=$guest_dir/um.config

show_progress()
{
	local line files=0 percent shown=0

	while read -r line; do
		case $line in
		'CC '*|'AS '*|'LD '*|'AR '*|'HOSTCC '*) files=$((files + 1)) ;;
		*) continue ;;
		esac
		percent=$((files * 20 / objects * 5))
		[ "$percent" -lt 100 ] || percent=99
		if [ "$percent" -gt "$shown" ]; then
			shown=$percent
			say "building the debug kernel: $percent% ($files files)"
		fi
	done
}

build()
{
	local source=$1 dir=$2 log=$2/build.log
	local make=(make -C "$source" O="$dir/obj" ARCH=um
		    KBUILD_BUILD_USER=ntapc KBUILD_BUILD_HOST=guest)

	mkdir -p "$dir/obj"
	: >"$log"
	quietly "$log" "${make[@]}" KCONFIG_ALLCONFIG="$config" allnoconfig
	"$guest_dir/config-check.sh" "$config" "$dir/obj/.config"
	say "building the debug kernel, once: several minutes"
	if ! "${make[@]}" -j"$(nproc)" all 2>&1 </dev/null 9>&- | tee -a "$log" | show_progress; then
		tail -n 25 "$log" >&2
		die "building the kernel failed; the whole log is $log"
	fi
	ln -sfn obj "$dir/build"
	ln -f "$dir/obj/linux" "$dir/linux"
	cp "$dir/obj/include/config/kernel.release" "$dir/release.new"
	mv "$dir/release.new" "$dir/release"
	say "kernel $(cat "$dir/release") is ready in $dir"
}

source=$("$guest_dir/kernel-source.sh")
key=$(grep -v '^# [^C]' "$config" | sha256sum)
dir=$cache_dir/um-${source##*/linux-source-}-${key:0:12}
if [ ! -e "$dir/release" ]; then
	lock um
	[ -e "$dir/release" ] || build "$source" "$dir"
fi
echo "$dir"
