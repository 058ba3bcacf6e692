#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [-l] [-s N/M] [PROGRAM...]
#
# Runs all of the selftests beside it, or the named ones, and prints KTAP: a
# subtest for each program, then totals of all their results. A program fails
# when a result of its own does, when it crashes or runs into its time limit,
# when it prints fewer results than it planned, and when the kernel complains
# in its log meanwhile. Exits with 0 if nothing failed.
#
# -l lists the programs. -s runs share N of M of all of them. NTAPC_SLOW=N divides how much the long tests do; it is
# found out if unset. NTAPC_KO is where the module is, for the unload test, and
# NTAPC_CLIENT_KO where the client is, for the kernel test: beside it if unset.

cd "$(dirname "$0")" || exit 1

# In this order; whatever else is here comes before the last two, of which the
# first takes the module away for a while and the second can't be undone.
FIRST="abi abi32 open queue wait record frame special state cont eintr exec
	exit suspend held alert terminate context named process attach
	environment copy memory operate window swap reach late footprint trace lifetime storm model
	ntsync kernel kernel-attach kernel-process kernel-objects
	failures failures-steps failures-ends"
LAST="unload yama"

all_programs() {
	for p in $FIRST; do
		[ -x "$p" ] && echo "$p"
	done
	for p in * faces/*; do
		case " $(echo $FIRST $LAST) " in
		*" $p "*) continue ;;
		esac
		case $p in
		*.sh | *.o | *.a | *.so*) continue ;;
		esac
		[ -f "$p" ] && [ -x "$p" ] && echo "$p"
	done
	for p in $LAST; do
		[ -x "$p" ] && echo "$p"
	done
}

# Seconds that a program may take. A test that hangs ends before: this is for what
# goes on and on.
LIMIT=1800

uml() {
	grep -q 'User Mode Linux' /proc/cpuinfo
}

# Shell arithmetic in a loop takes about as long everywhere but on a slow guest.
measure() {
	if uml; then
		echo 20
		return
	fi
	begin=$(cut -d. -f1 /proc/uptime)$(cut -d. -f2 /proc/uptime | cut -c1-2)
	i=0
	while [ $i -lt 20000 ]; do i=$((i + 1)); done
	end=$(cut -d. -f1 /proc/uptime)$(cut -d. -f2 /proc/uptime | cut -c1-2)
	spent=$((end - begin))
	if [ $spent -gt 200 ]; then
		echo 10
	elif [ $spent -gt 100 ]; then
		echo 4
	else
		echo 1
	fi
}

if [ "$1" = -l ]; then
	all_programs
	exit 0
fi

: "${NTAPC_SLOW:=$(measure)}"
: "${NTAPC_KO:=$(for ko in "/lib/modules/$(uname -r)/ntapc.ko" \
	"/lib/modules/$(uname -r)/extra/ntapc.ko" \
	"/lib/modules/$(uname -r)/updates/ntapc.ko" /lib/modules/ntapc.ko; do
	[ -f "$ko" ] && echo "$ko" && break; done)}"
: "${NTAPC_CLIENT_KO:=$(dirname "$NTAPC_KO")/ntapc_client.ko}"
export NTAPC_SLOW NTAPC_KO NTAPC_CLIENT_KO
# What can't be undone is for a run of everything.
[ $# -eq 0 ] || [ "$1" = -s ] && export NTAPC_YAMA=3

if [ $# -eq 0 ]; then
	set -- $(all_programs)
elif [ "$1" = -s ]; then
	set -- $(all_programs | awk -v n="${2%/*}" -v m="${2#*/}" 'NR % m == n % m')
fi

out=/tmp/ntapc-selftest.$$
log=/tmp/ntapc-selftest-log.$$
trap 'rm -f $out $log' EXIT

# Kernel messages since the last call of mark.
mark() {
	mark="ntapc selftest $1 $$"
	echo "$mark" 2>/dev/null >/dev/kmsg
}

complaints() {
	dmesg 2>/dev/null | awk -v mark="$mark" '
		index($0, mark) { n = 0; next }
		/BUG:|WARNING:|KASAN|UBSAN|Oops|INFO: task|INFO: rcu|possible .* detected|general protection|refcount_t:|suspicious RCU|kernel NULL/ {
			line[n++] = $0
		}
		END { for (i = 0; i < n && i < 5; i++) print line[i] }'
}

# A 32 bit program can be executed; a listing of its tests ends with 4.
runs_here() {
	"$1" -l >/dev/null 2>&1
	case $? in
	0 | 4) true ;;
	*) false ;;
	esac
}

# Children that a program which was killed has left.
kill_leftovers() {
	for d in /proc/[0-9]*; do
		case $(readlink "$d/exe" 2>/dev/null) in
		"$PWD/$1" | "$PWD/$1 (deleted)") kill -9 "${d#/proc/}" 2>/dev/null ;;
		esac
	done
}

echo "KTAP version 1"
echo "1..$#"
echo "# slow $NTAPC_SLOW, module ${NTAPC_KO:-unknown}, kernel $(uname -r)"

number=0
failed_programs=0
pass=0
fail=0
skip=0
suite_begin=$(cut -d. -f1 /proc/uptime)

for program; do
	number=$((number + 1))
	begin=$(cut -d. -f1 /proc/uptime)
	: >$out
	mark "$program"
	if [ ! -x "./$program" ]; then
		echo "Bail out! there is no such program" >$out
		status=127
	elif [ "$program" = abi32 ] && ! runs_here "./$program"; then
		echo "1..0 # SKIP this kernel doesn't run it" >$out
		status=4
	else
		timeout -s KILL $LIMIT "./$program" >$out 2>&1 </dev/null
		status=$?
		kill_leftovers "$program"
	fi
	took=$(($(cut -d. -f1 /proc/uptime) - begin))

	# A line of counts, and the output as a subtest.
	echo "    # Subtest: $program"
	counts=$(awk -v status="$status" '
		/^1\.\.[0-9]+/ && !planned {
			planned = 1
			plan = substr($1, 4) + 0
			none = /# SKIP/
		}
		/^ok / { if (/# SKIP/) skip++; else pass++ }
		/^not ok / { fail++ }
		END {
			why = "-"
			seen = pass + fail + skip
			if (!planned)
				why = "no plan"
			else if (seen < plan)
				why = (plan - seen) " of " plan " results missing"
			else if (status == 137 || status == 143)
				why = "killed, over its time limit?"
			else if (status > 127)
				why = "signal " (status - 128)
			else if (status != 0 && status != 4 && !fail)
				why = "exit status " status
			if (planned && seen < plan)
				fail += plan - seen
			else if (why != "-")
				fail++
			if (none && !seen)
				skip++
			print pass + 0, fail + 0, skip + 0, why
		}' $out)
	sed -e '/^TAP version/d' -e 's/^/    /' $out
	set_counts() {
		p=$1 f=$2 s=$3
		shift 3
		why=$*
	}
	set_counts $counts
	complaints >$log
	if [ -s $log ]; then
		sed 's/^/    # kernel: /' $log
		f=$((f + 1))
		why="the kernel complained"
	fi
	pass=$((pass + p)) fail=$((fail + f)) skip=$((skip + s))
	note="# ${took}s"
	[ "$why" = - ] || note="$note, $why"
	if [ $f -gt 0 ]; then
		failed_programs=$((failed_programs + 1))
		echo "not ok $number $program $note"
	elif [ $p -eq 0 ] && [ $s -gt 0 ]; then
		echo "ok $number $program # SKIP"
	else
		echo "ok $number $program $note"
	fi
done

took=$(($(cut -d. -f1 /proc/uptime) - suite_begin))
echo "# Totals: pass:$pass fail:$fail skip:$skip, ${took}s"
[ $failed_programs -eq 0 ] && [ $fail -eq 0 ]
