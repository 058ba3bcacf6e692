# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Debian packages without touching the system's configuration; sourced after
# lib.sh.  The kernels live in the release's security suite, which a bare system
# does not list: so apt runs with a state of its own in the cache, on sources
# derived from the ones the user has configured.  Needs no root.

apt_dir=$cache_dir/apt

private_apt()
{
	local tool=$1
	shift
	"$tool" -q \
		-o Dir::Etc::sourcelist="$apt_dir/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$apt_dir/lists" \
		-o Dir::Cache="$apt_dir/cache" \
		-o APT::Sandbox::User="$(id -un)" \
		-o Acquire::Languages=none \
		-o Acquire::Retries=3 \
		-o Acquire::http::Timeout=60 \
		"$@"
}

# configured_uri RELEASE: the first URI the user's own sources name for RELEASE
configured_uri()
{
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)' |
		awk -v release="$1" '$1 == "Packages" && $3 == release && $4 == "main" && !seen++ {
			sub("/+$", "", $2); print $2 }'
}

write_sources()
{
	local main security

	main=$(configured_uri "$guest_suite")
	[ -n "$main" ] || die "apt's sources name no Debian '$guest_suite' main archive, where the guest kernels come from"
	security=$(configured_uri "$guest_suite-security")
	if [ -z "$security" ]; then
		case $main in
		*/debian) security=$main-security ;;
		*) die "cannot tell where the '$guest_suite-security' suite is from '$main': add it to apt's sources" ;;
		esac
	fi
	printf 'deb %s %s main\n' "$main" "$guest_suite" "$security" "$guest_suite-security" \
		>"$apt_dir/sources.list"
}

# apt_refresh: fetches the package lists, unless that was done within the hour;
# from here on this shell holds the lock of the private state
apt_refresh()
{
	mkdir -p "$apt_dir"/{lists,cache/archives}/partial
	exec 8>"$apt_dir/lock"
	flock 8
	write_sources
	[ -z "$(find "$apt_dir/fresh" -mmin -60 2>/dev/null)" ] || return 0
	say "fetching the lists of Debian packages"
	: >"$apt_dir/log"
	quietly "$apt_dir/log" insist fetch_lists
	touch "$apt_dir/fresh"
}

fetch_lists()
{
	private_apt apt-get update -o APT::Update::Error-Mode=any
}

# apt_done: lets another run use the private state
apt_done()
{
	exec 8>&-
}

# apt_depends PACKAGE GLOB: the name of the package matching GLOB that PACKAGE
# depends on
apt_depends()
{
	local name

	while read -r name; do
		# shellcheck disable=SC2053 # the right side is a pattern
		[[ $name == $2 ]] && echo "$name" && return
	done < <(private_apt apt-cache depends --important "$1" |
		 sed -n 's/^ *|\{0,1\}Depends: //p')
	die "Debian's package $1 depends on nothing named '$2'"
}

# apt_version PACKAGE: the version apt would install
apt_version()
{
	private_apt apt-cache policy "$1" | awk '$1 == "Candidate:" { print $2 }'
}

# fetch_package PACKAGE: what the lists say may have left the archive since
fetch_package()
{
	private_apt apt-get download "$1" && return
	fetch_lists || :
	private_apt apt-get download "$1"
}

# apt_fetch DIRECTORY PACKAGE...: downloads PACKAGEs as .deb files
apt_fetch()
{
	local dir=$1 package
	shift

	for package in "$@"; do
		say "downloading $package ($(private_apt apt-cache show --no-all-versions "$package" |
			awk '$1 == "Size:" { printf "%.1f MB", $2 / 1e6 }'))"
		(cd "$dir" && quietly "$apt_dir/log" insist fetch_package "$package")
	done
}
