#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# style.sh: what the kernel's own tools say of the sources.  checkpatch --strict,
# sparse and W=1 must have nothing to say; clang-format, which with the kernel's
# configuration still differs from much kernel code, only advises.

. "$(dirname "$0")/lib.sh"

build_dir=${NTAPC_BUILD:-$top_dir/build}
source=$("$guest_dir/kernel-source.sh")
kdir=$(GUEST=qemu KVER=6.12 "$guest_dir/kdir.sh")
log=$build_dir/style.log
failed=0

cd "$top_dir"
mapfile -t kernel_files < <(find ntapc selftests/client -name '*.[chS]' -type f \
	! -name client.h ! -name words.h ! -name dev.h ! -name trace.h | sort)
mapfile -t uapi_files < <(find uapi selftests/client/client.h -name '*.h' -type f | sort)
mapfile -t user_files < <(find tools selftests -name '*.[ch]' -type f ! -path '*/include/kselftest*' \
	! -path 'selftests/client/*' | sort)

# Kernel versions can only be compared the one way round, ENOSYS is what the
# registers of an interrupted system call are about, and what a lock protects is in
# the kernel-doc of its struct.
kernel_ignore=FILE_PATH_CHANGES,LINUX_VERSION_CODE,CONSTANT_COMPARISON,ENOSYS
kernel_ignore+=,UNCOMMENTED_DEFINITION
# Of tables, tracepoints and assembler as strings it knows no style of theirs.
macro_ignore=$kernel_ignore,MACRO_ARG_REUSE,COMPLEX_MACRO,SPACING
macro_ignore+=,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE
macro_files=(ntapc/arch/words.h ntapc/dev/dev.h ntapc/trace.h)

# User code has no kernel API to prefer, NT's names and types are NT's, execve(2)
# takes no const, assembler has its own indentation, _Atomic is taken for a
# declaration, and the test harness's macros want braces around them, or are more than a
# statement.
user_ignore=PREFER_KERNEL_TYPES,CAMELCASE,VOLATILE,NEW_TYPEDEFS,SPDX_LICENSE_TAG
user_ignore+=,STRCPY,STRNCPY,NAKED_SSCANF,PREFER_DEFINED_ATTRIBUTE_MACRO
user_ignore+=,PREFER_FALLTHROUGH,ARRAY_SIZE,BIT_MACRO,AVOID_EXTERNS,SPLIT_STRING
user_ignore+=,SPACING,FUNCTION_ARGUMENTS,EMBEDDED_FUNCTION_NAME,TYPO_SPELLING
user_ignore+=,REPEATED_WORD,CONSTANT_COMPARISON,BRACES,MACRO_ARG_REUSE
user_ignore+=,COMPLEX_MACRO,MULTISTATEMENT_MACRO_USE_DO_WHILE,LEADING_SPACE
user_ignore+=,MACRO_WITH_FLOW_CONTROL,STATIC_CONST_CHAR_ARRAY,MULTIPLE_ASSIGNMENTS
user_ignore+=,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,LONG_LINE_STRING,LINE_SPACING

checkpatch()
{
	perl "$source/scripts/checkpatch.pl" --no-tree --strict --terse --quiet \
		--no-summary --show-types "$@"
}

say "checkpatch --strict"
checkpatch --ignore "$kernel_ignore" -f "${kernel_files[@]}" || failed=1
checkpatch --ignore "$macro_ignore" -f "${macro_files[@]}" || failed=1
# The BIT macros are not for headers that programs include
checkpatch --ignore "$kernel_ignore,BIT_MACRO" -f "${uapi_files[@]}" || failed=1
[ ${#user_files[@]} -eq 0 ] || checkpatch --ignore "$user_ignore" -f "${user_files[@]}" || failed=1

# Locks that are taken in a loop, or not always, are beyond sparse: lockdep sees to
# them in each test.
say "sparse and W=1"
rm -rf "$build_dir/style"
mkdir -p "$build_dir"
if ! V=0 "$guest_dir/module.sh" "$kdir" "$build_dir/style/src" NTAPC_TESTS=1 C=2 CF=-Wno-context W=1 >"$log" 2>&1; then
	failed=1
fi
if grep -E 'warning:|error:' "$log" | sed "s|$build_dir/style/src/||"; then
	failed=1
fi

say "clang-format, as advice"
for file in "${kernel_files[@]}" "${macro_files[@]}" "${uapi_files[@]}"; do
	case $file in *.S) continue ;; esac
	changes=$(clang-format --style="file:$source/.clang-format" "$file" | diff "$file" - | grep -c '^<') || :
	[ "$changes" = 0 ] || printf '  %s: %s lines it would write otherwise\n' "$file" "$changes"
done

[ $failed = 0 ] || die "style: there is something to mend"
say "style: nothing to mend"
