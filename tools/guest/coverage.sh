#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# coverage.sh [-v] RESULTS: the lines of the module that a run with NTAPC_GCOV=1
# executed, file by file; RESULTS is that run's -o directory.  -v: also leaves
# gcov's annotated sources in RESULTS.

. "$(dirname "$0")/lib.sh"

gcov=(gcov -n)
if [ "${1:-}" = -v ]; then
	gcov=(gcov)
	shift
fi
counts=$(realpath "${1:?usage: coverage.sh [-v] RESULTS}")
[ -d "$counts/gcov" ] || die "$1 has no line counts: run with NTAPC_GCOV=1"

cd "$counts" || exit
find gcov -name '*.gcda' | sort | while read -r data; do
	# The counts are under the path of the objects, where the graphs are
	notes=${data#gcov}
	ln -sf "${notes%.gcda}.gcno" "${data%.gcda}.gcno"
	"${gcov[@]}" "$data" 2>/dev/null
done | awk -F"'" '
/^File / { file = $2; sub(".*/src/", "", file); wanted = file ~ /\.c$/ && file ~ /^ntapc\// }
/^Lines executed/ && wanted {
	split($0, part, /[:% ]+/)
	percent = part[3]; lines = part[5]
	printf "%6.1f%% of %4d  %s\n", percent, lines, file
	sum += percent * lines / 100
	all += lines
	wanted = 0
}
END { if (all) printf "%6.1f%% of %4d  in all\n", sum * 100 / all, all }'
