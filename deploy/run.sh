#!/usr/bin/env bash
# Builds Waymark, brings up the example carrier on this machine, proves that it works, and stays up.
#
#   ./deploy/run.sh [--once] [--dataplane=linux|sim] [--verbose]
#
#   --once             exit after the proof: 0 if every line of it holds, else 1
#   --dataplane=linux  real packets through the Linux kernel, one network namespace a switch (root; the default)
#   --dataplane=sim    the same through the simulated data plane; needs no rights beyond installed packages
#   --verbose          show what the controller and the agents log
set -euo pipefail
. "$(dirname "$0")/common.sh"

dataplane=linux
lab_flags=()
for argument in "$@"; do
  case $argument in
    --once | --verbose | --then=*) lab_flags+=("$argument") ;;
    --dataplane=linux | --dataplane=sim) dataplane=${argument#*=} ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown option $argument; ./deploy/run.sh --help lists them" ;;
  esac
done
lab_flags+=("--dataplane=$dataplane")

if [ "$dataplane" = linux ] && ! unshare --net true 2>/dev/null; then
  die "no right to make network namespaces here (root with CAP_NET_ADMIN and CAP_SYS_ADMIN is needed).
  The same proof runs without any rights on the simulated data plane: ./deploy/run.sh --dataplane=sim"
fi

install "${build_packages[@]}" "${run_packages[@]}"

say "building (the first build takes some minutes, later ones seconds)"
bazel build -c opt "${bazel_flags[@]}" //deploy:programs

exec bazel-bin/tests/lab/waymark-lab "${lab_flags[@]}" --bin=bazel-bin --example=deploy/example
