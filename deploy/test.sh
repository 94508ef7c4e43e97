#!/usr/bin/env bash
# Runs every test: unit, conformance, whole system, the proof with real packets, and the sanitizers.
# Ends with "N passed, N failed" and exits 0 only if nothing failed.
#
#   ./deploy/test.sh [--quick]     --quick runs every test once, optimised, and no sanitizer
#
# Without --quick every test runs under AddressSanitizer and UndefinedBehaviorSanitizer, those with
# threads under ThreadSanitizer, and optimised what a sanitizer would make too slow to be thorough.
#
# WAYMARK_DATA_DIR=FOLDER also imports every topology file below that folder, and solves the matrices
# whose optimum its optima.csv states.
set -euo pipefail
. "$(dirname "$0")/common.sh"

quick=
for argument in "$@"; do
  case $argument in
    --quick) quick=1 ;;
    -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown option $argument; ./deploy/test.sh --help lists them" ;;
  esac
done

install "${build_packages[@]}" "${run_packages[@]}" python3-grpcio python3-grpc-tools python3-pkg-resources

test_env=(--test_env=WAYMARK_DATA_DIR)
can_namespace=
if unshare --net true 2>/dev/null; then
  can_namespace=1
  test_env+=(--test_env=WAYMARK_REQUIRE_KERNEL=1)
fi
passed=0
failed=0
failures=()

# suite NAME BAZEL_ARGUMENT...: runs the tests and counts them from Bazel's summary.
suite() {
  local name=$1 log
  shift
  log=$(mktemp)
  say "$name"
  bazel test --keep_going "${bazel_flags[@]}" "${test_env[@]}" "$@" 2>&1 | tee "$log" || true
  local ok bad
  ok=$(grep -cE '^//[^ ]+ +(\(cached\) )?PASSED' "$log" || true)
  bad=$(grep -cE '^//[^ ]+ +(\(cached\) )?(FAILED|TIMEOUT|NO STATUS|FLAKY|INCOMPLETE)' "$log" || true)
  # A build that breaks runs no test; that is a failure too.
  [ $((ok + bad)) -gt 0 ] || bad=1
  grep -qE '^ERROR' "$log" && [ "$bad" = 0 ] && bad=1
  passed=$((passed + ok))
  failed=$((failed + bad))
  [ "$bad" = 0 ] || failures+=("$name")
  rm -f "$log"
}

# check NAME COMMAND...: one test that is not Bazel's.
check() {
  local name=$1
  shift
  say "$name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    failures+=("$name")
  fi
}

if [ -n "$quick" ]; then
  suite "unit, conformance and whole-system tests" -c opt //...
else
  suite "the simulation, all of its seeds" -c opt //tests/sim/...
fi
say "building the programs"
bazel build -c opt "${bazel_flags[@]}" //deploy:programs
check "the proof on the simulated data plane, then a client in Python" ./deploy/run.sh --once --dataplane=sim \
  "--then=/usr/bin/python3 tests/clients/create_and_watch.py proto"
if [ -n "$can_namespace" ]; then
  check "the proof with real packets" ./deploy/run.sh --once
else
  say "no right to make network namespaces here: the proof with real packets is left out"
fi
if [ -z "$quick" ]; then
  suite "AddressSanitizer and UndefinedBehaviorSanitizer" --config=asan --build_tests_only //...
  suite "ThreadSanitizer" --config=tsan --build_tests_only //tests:concurrent
fi

for name in "${failures[@]:-}"; do [ -z "$name" ] || echo "failed: $name"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
