#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# cache-clear.sh: removes the guests' kernels, and all else, from the cache.

. "$(dirname "$0")/lib.sh"

rm -rf "$cache_dir"
