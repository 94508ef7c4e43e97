#!/usr/bin/env bash
# Measures, beside the peer or the raw ceiling in the same run, and prints tables with the ratio.
#
#   ./deploy/bench.sh [NAME...]     without a name: all of them
#
#   store      durable commits a second with 1 and 64 writers, beside raw RocksDB
#   compute    path computation on a 350-node carrier
set -euo pipefail
. "$(dirname "$0")/common.sh"

declare -A targets=(
  [store]=//controller/store:store_benchmark
  [compute]=//controller/compute:compute_benchmark
)
names=("$@")
[ $# -gt 0 ] || names=(store compute)
case ${1:-} in -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
install "${build_packages[@]}"
for name in "${names[@]}"; do
  target=${targets[$name]:-}
  [ -n "$target" ] || die "no benchmark called $name; there are: ${!targets[*]}"
  bazel build -c opt "${bazel_flags[@]}" "$target"
  say "$name"
  program=${target#//}
  "bazel-bin/${program/://}"
done
