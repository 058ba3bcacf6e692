#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-qemu.sh 6.12|6.1: prints the directory that holds Debian's stock cloud
# kernel of that series, after fetching it the first time:
#
#	vmlinuz		the image QEMU boots
#	release		the kernel's release string, one line
#	build		what to give make -C for building modules
#
# NTAPC_REFRESH=1 looks for a newer version.  Nothing is installed.

. "$(dirname "$0")/lib.sh"
. "$guest_dir/apt.sh"

series=${1:?usage: kernel-qemu.sh 6.12|6.1}
case $series in
6.12) image_meta=linux-image-6.12-cloud-amd64 ;;
6.1) image_meta=linux-image-cloud-amd64 ;;
*) die "there is no KVER=$series guest; the choices are 6.12 and 6.1" ;;
esac
current=$cache_dir/qemu-$series

# extract RELEASE DEBS OUT: image and headers from DEBS, made usable in OUT
extract()
{
	local release=$1 debs=$2 out=$3 deb headers

	for deb in "$debs"/linux-image-*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$out" --strip-components=2 "./boot/vmlinuz-$release" "./boot/config-$release"
	done
	mv "$out/vmlinuz-$release" "$out/vmlinuz"
	mv "$out/config-$release" "$out/config"
	for deb in "$debs"/linux-headers-*.deb "$debs"/linux-kbuild-*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$out" ./usr
	done

	# Debian's Makefile includes the common headers' by absolute path
	headers=$out/usr/src/linux-headers-$release
	sed -i 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' "$headers/Makefile"
	ln -s "usr/src/linux-headers-$release" "$out/build"
	echo "$release" >"$out/release"
}

prepare()
{
	local image release version dir temp headers

	apt_refresh
	image=$(apt_depends "$image_meta" "linux-image-$series*-cloud-amd64")
	release=${image#linux-image-}
	version=$(apt_version "$image")
	dir=$cache_dir/qemu-$release-$version
	if [ ! -d "$dir" ]; then
		temp=$(mktemp -d "$cache_dir/tmp.XXXXXX")
		# shellcheck disable=SC2064 # expanded now: temp is local
		trap "rm -rf '$temp'" EXIT
		mkdir "$temp/debs" "$temp/out"
		headers=linux-headers-$release
		apt_fetch "$temp/debs" "$image" "$headers" \
			"$(apt_depends "$headers" 'linux-headers-*-common')" \
			"$(apt_depends "$headers" 'linux-kbuild-*')"
		apt_done
		say "unpacking kernel $release"
		extract "$release" "$temp/debs" "$temp/out"
		mv "$temp/out" "$dir"
	fi
	ln -sfn "${dir##*/}" "$current.new"
	mv -T "$current.new" "$current"
	say "kernel $release is ready in $dir"
}

if [ ! -e "$current/release" ] || [ "${NTAPC_REFRESH:-0}" = 1 ]; then
	lock "qemu-$series"
	[ -e "$current/release" ] && [ "${NTAPC_REFRESH:-0}" != 1 ] || prepare
fi
realpath "$current"
