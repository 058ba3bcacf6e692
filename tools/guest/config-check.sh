#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# config-check.sh FRAGMENT CONFIG: fails, naming them, when options that the
# fragment asks for are not so in the finished CONFIG.

. "$(dirname "$0")/lib.sh"

fragment=${1:?usage: config-check.sh FRAGMENT CONFIG}
config=${2:?usage: config-check.sh FRAGMENT CONFIG}
wrong=()

while read -r line; do
	case $line in
	CONFIG_*)
		grep -qxF -- "$line" "$config" || wrong+=("$line") ;;
	'# CONFIG_'*' is not set')
		option=${line#'# '}
		! grep -q "^${option%% *}=" "$config" || wrong+=("${option%% *}=n") ;;
	esac
done <"$fragment"

[ ${#wrong[@]} -eq 0 ] ||
	die "$fragment asks for ${wrong[*]}, which this kernel's configuration does not take"
