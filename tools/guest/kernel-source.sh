#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-source.sh: prints the directory of the kernel's source, from Debian's
# source package, after fetching it the first time.  What no guest compiles is left
# out.  NTAPC_REFRESH=1 looks for a newer version.

. "$(dirname "$0")/lib.sh"
. "$guest_dir/apt.sh"

series=6.12
current=$cache_dir/linux-source-$series

# Directories of which only the Kconfig files are needed
unused=(Documentation samples tools/perf tools/testing sound
	drivers/{accel,ata,bluetooth,clk,crypto,firmware,gpu,hid,hwmon,iio}
	drivers/{infiniband,isdn,media,mfd,mmc,mtd,'net/*',nvme,pci,phy,pinctrl}
	drivers/{platform,power,regulator,scsi,soc,staging,thunderbolt,usb,video}
	fs/{afs,bcachefs,btrfs,ceph,ext4,f2fs,gfs2,jfs,nfs,nfsd,ntfs3,ocfs2,smb,udf,ubifs,xfs}
	net/{bluetooth,mac80211,sctp,tipc,wireless}
	arch/{alpha,arc,arm,arm64,csky,hexagon,loongarch,m68k,microblaze,mips,nios2}
	arch/{openrisc,parisc,powerpc,riscv,s390,sh,sparc,xtensa})

unpack()
{
	local deb=$1 out=$2 leave_out=() dir

	for dir in "${unused[@]}"; do
		dir=linux-source-$series/$dir
		leave_out+=(--exclude="$dir/*.[chSs]" --exclude="$dir/*.dts*" --exclude="$dir/*.rst")
	done
	say "unpacking the kernel's source"
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/linux-source-$series.tar.xz" |
		tar -xJ -C "$out" --strip-components=1 "${leave_out[@]}"
}

prepare()
{
	local version dir temp

	apt_refresh
	version=$(apt_version "linux-source-$series")
	dir=$cache_dir/linux-source-$version
	if [ ! -d "$dir" ]; then
		temp=$(mktemp -d "$cache_dir/tmp.XXXXXX")
		# shellcheck disable=SC2064 # expanded now: temp is local
		trap "rm -rf '$temp'" EXIT
		mkdir "$temp/deb" "$temp/out"
		apt_fetch "$temp/deb" "linux-source-$series"
		apt_done
		unpack "$temp"/deb/*.deb "$temp/out"
		mv "$temp/out" "$dir"
	fi
	ln -sfn "${dir##*/}" "$current.new"
	mv -T "$current.new" "$current"
}

if [ ! -e "$current" ] || [ "${NTAPC_REFRESH:-0}" = 1 ]; then
	lock source
	[ -e "$current" ] && [ "${NTAPC_REFRESH:-0}" != 1 ] || prepare
fi
realpath "$current"
