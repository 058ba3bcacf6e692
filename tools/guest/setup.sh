#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# setup.sh [guest|style]...: makes sure that the Debian packages a target
# needs are installed.  Says nothing when they are.  As root it installs them;
# otherwise through sudo when that asks for no password; otherwise it prints the
# one command for the user to run and fails.

. "$(dirname "$0")/lib.sh"

packages_for()
{
	case $1 in
	guest) echo gcc libc6-dev make libelf1 bc bison flex xz-utils \
		    busybox-static qemu-system-x86 ;;
	style) echo perl sparse clang-format ;;
	*) die "setup.sh: unknown set of packages '$1'" ;;
	esac
}

missing_packages()
{
	local package

	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			echo "$package"
	done
}

# show_progress LOG: apt's output into LOG, and of it every twentieth package
show_progress()
{
	local line total=0 got=0 set_up=0

	while read -r line; do
		echo "$line" >>"$1"
		case $line in
		*' newly installed'*)
			total=${line%% newly installed*} total=${total##* } ;;
		Get:*)
			got=$((got + 1))
			[ $((got % 20)) != 0 ] || say "$got of $total packages downloaded" ;;
		'Setting up '*)
			set_up=$((set_up + 1))
			[ $((set_up % 20)) != 0 ] || say "$set_up of $total packages set up" ;;
		esac
	done
}

# apt LOG ARGUMENT...: as root, with patience for others who install something
apt()
{
	local log=$1 as_root=()
	shift

	[ "$(id -u)" = 0 ] || as_root=(sudo -n)
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q \
		-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
		-o Acquire::http::Timeout=60 "$@" 2>&1 </dev/null | show_progress "$log"
}

# try_to_install LOG PACKAGE...: with new lists if the old ones do not do
try_to_install()
{
	local log=$1 install=(install -y --no-install-recommends "${@:2}")

	apt "$log" "${install[@]}" && return
	say "refreshing the package lists"
	apt "$log" update || :
	apt "$log" "${install[@]}"
}

install_packages()
{
	local log=$cache_dir/setup.log

	mkdir -p "$cache_dir"
	: >"$log"
	say "installing packages: $*"
	if ! insist try_to_install "$log" "$@"; then
		tail -n 25 "$log" >&2
		die "the packages could not be installed; the whole log is $log"
	fi
	say "packages installed"
}

wanted=()
for set in "${@:-guest}"; do
	read -ra some <<<"$(packages_for "$set")"
	wanted+=("${some[@]}")
done

command -v dpkg-query >/dev/null ||
	die "the guests need Debian's packages and tools, and this system has no dpkg"
mapfile -t missing < <(missing_packages "${wanted[@]}")
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
	say "some packages are missing.  Install them and run this again:"
	printf '\n    sudo apt-get install --no-install-recommends %s\n\n' "${missing[*]}" >&2
	exit 1
fi
install_packages "${missing[@]}"
