# Sourced by run.sh, test.sh and bench.sh: what they share. Not a command.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
top=$PWD

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

build_packages=(bazel-bootstrap g++ clang-14 pkg-config git ca-certificates
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler libabsl-dev librocksdb-dev
  libcli11-dev libyaml-cpp-dev libpugixml-dev nlohmann-json3-dev prometheus-cpp-dev libspdlog-dev
  liblzma-dev libjemalloc-dev libmnl-dev libnftables-dev libbpf-dev libgtest-dev libgmock-dev libbenchmark-dev
  coinor-libclp-dev)
# What benchmarks compare with.
peer_packages=(liblemon-dev libboost-graph-dev)
run_packages=(iproute2 nftables ethtool openssl procps xz-utils kmod coinor-libclp1)

# install PACKAGE...: only what is missing, with apt.
install() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "these Debian packages are missing, and only root can install them: ${missing[*]}
  run as root: apt-get install --no-install-recommends ${missing[*]}"
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$top/.apt.log" 2>&1 ||
    { tail -n 20 "$top/.apt.log" >&2; die "apt-get failed; its whole output is in $top/.apt.log"; }
  rm -f "$top/.apt.log"
}

# Bazel wants a home; a disk cache makes a rebuild after `bazel clean` or in another clone cheap.
export HOME=${HOME:-/root}
bazel_flags=(--disk_cache="${WAYMARK_BUILD_CACHE:-$HOME/.cache/waymark-build}")
[ -t 1 ] || bazel_flags+=(--config=ci)
