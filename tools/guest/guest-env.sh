# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Which guest is meant; sourced after lib.sh.  From GUEST (qemu or um) and KVER
# (6.12 or 6.1) it sets
#
#	guest_id	qemu-6.12, qemu-6.1 or um
#	build_dir	everything built for anything (NTAPC_BUILD, default build/)
#	guest_build	what is built for this guest: build/<guest_id>

GUEST=${GUEST:-qemu}
KVER=${KVER:-6.12}
case $GUEST in
um) guest_id=um ;;
qemu)
	case $KVER in
	6.12|6.1) guest_id=qemu-$KVER ;;
	*) die "there is no KVER=$KVER guest; the choices are 6.12 and 6.1" ;;
	esac ;;
*) die "there is no GUEST=$GUEST; the choices are qemu and um" ;;
esac
build_dir=${NTAPC_BUILD:-$top_dir/build}
# shellcheck disable=SC2034
guest_build=$build_dir/$guest_id

# guest_kernel: prints the directory of this guest's kernel, made if need be
guest_kernel()
{
	if [ "$GUEST" = um ]; then
		"$guest_dir/kernel-um.sh"
	else
		"$guest_dir/kernel-qemu.sh" "$KVER"
	fi
}
