#!/usr/bin/env bash
# Measures, beside the peer or the raw ceiling in the same run, and prints tables with the ratio.
#
#   ./deploy/bench.sh [NAME...]     without a name: all of them
#
#   store      durable commits a second with 1 and 64 writers, beside raw RocksDB
#   paths      path computation beside LEMON, Boost and a bare loop; WAYMARK_BENCH_TOPOLOGIES names
#              topology files to run it on, else those of gabriel350, rf1239, Kdl754 and Cogentco
#              below the folder WAYMARK_DATA_DIR, else it is a seeded carrier of 350 nodes
#   scale      what a plan of 340 data centres and 5,500 customers costs, and small changes of it
#   te         the mesh optimiser beside COIN CLP; WAYMARK_BENCH_TE names instances, TOPOLOGY or
#              TOPOLOGY=DEMANDS, else they are seeded carriers; WAYMARK_BENCH_REFERENCE gives optimal
#              MLUs, NAME=VALUE
#   hose       worst loads, admission and routes of hoses beside COIN CLP; WAYMARK_BENCH_HOSE names
#              topology files, else it is a seeded carrier of 350 nodes
#   southbound acknowledged changes at 340 agents, routes in one stream, re-synchronisation, memory of
#              3,000 agents, beside bare gRPC streams
#   dataplane  repair, reconciliation and throughput of the Linux data plane (root)
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,18s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
. "$(dirname "$0")/common.sh"

names=("$@")
[ $# -gt 0 ] || names=(store paths te hose scale southbound dataplane)
install "${build_packages[@]}" "${run_packages[@]}"
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/waymark-bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT

# run TARGET ARGUMENT...
run() {
  bazel build -c opt "${bazel_flags[@]}" "//$1"
  say "$1"
  local program=bazel-bin/${1/://}
  shift
  "$program" "$@"
}

for name in "${names[@]}"; do
  case $name in
    store) run controller/store:store_benchmark "$folder" ;;
    paths)
      install "${peer_packages[@]}"
      topologies=${WAYMARK_BENCH_TOPOLOGIES:-}
      if [ -z "$topologies" ] && [ -n "${WAYMARK_DATA_DIR:-}" ]; then
        for topology in gabriel350_0_gravity rf1239_real_hard Kdl754 Cogentco; do
          topologies+=" $(find -L "$WAYMARK_DATA_DIR" -name "$topology.graph" -print -quit)"
        done
      fi
      # shellcheck disable=SC2086
      run tests/bench:paths_benchmark $topologies
      ;;
    te)
      # shellcheck disable=SC2086
      run tests/bench:te_benchmark ${WAYMARK_BENCH_TE:-}
      ;;
    hose)
      # shellcheck disable=SC2086
      run tests/bench:hose_benchmark ${WAYMARK_BENCH_HOSE:-}
      ;;
    scale) run tests/bench:scale_benchmark ;;
    southbound) run tests/bench:southbound_benchmark "$folder" ;;
    dataplane) run tests/conformance:linux_measure ;;
    *) die "no benchmark called $name; there are: store paths te hose scale southbound dataplane" ;;
  esac
done
