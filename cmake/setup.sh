# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Set-up, configuration and building, shared by examples/run, tests/run, benchmarks/run and .ci/run, which source it.
#
# Defines libration_root, and the functions say, fail, setup, configure, build. LIBRATION_SKIP_SETUP=1 in the environment
# leaves the machine's packages alone.

set -euo pipefail

libration_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
libration_jobs="${LIBRATION_JOBS:-$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}"

say() { printf '%s\n' "libration: $*" >&2; }

# fail [STATUS] MESSAGE
fail() {
  local status=1
  if [[ $1 =~ ^[0-9]+$ ]]; then
    status=$1
    shift
  fi
  say "$*"
  exit "$status"
}

# Debian's packages, group by group.
packages_of() {
  case "$1" in
    base) echo g++ cmake ninja-build libeigen3-dev libboost-dev libfmt-dev nlohmann-json3-dev librandom123-dev ;;
    tests) echo catch2 ;;
    examples) echo libcli11-dev gnuplot-nox ;;
    benchmarks) echo libbenchmark-dev ;;
    clang) echo clang $(clang_runtime) ;;
    *) fail "no such group of packages: $1" ;;
  esac
}

# The package with the sanitizers' and libFuzzer's libraries of the clang that is installed, where they are missing. Without
# a clang nothing: setup asks again when it has installed one.
clang_runtime() {
  command -v clang++ >/dev/null || return 0
  local version
  if ! compgen -G "$(clang++ -print-runtime-dir)/libclang_rt.fuzzer*" >/dev/null; then
    version="$(clang++ -dumpversion)"
    echo "libclang-rt-${version%%.*}-dev"
  fi
}

# A program serves, wherever it comes from.
program_of() {
  case "$1" in
    g++ | cmake) echo "$1" ;;
    ninja-build) echo ninja ;;
    clang) echo clang++ ;;
    gnuplot-nox) echo gnuplot ;;
  esac
}

# setup GROUP...: installs what is missing of Debian's packages, or says what is needed and ends with status 2.
setup() {
  [[ ${LIBRATION_SKIP_SETUP:-0} == 1 ]] && return
  local group package program packages=() libraries=() missing=()
  for group in "$@"; do
    read -r -a packages <<<"$(packages_of "$group")"
    for package in "${packages[@]}"; do
      program="$(program_of "$package")"
      if [[ -z $program ]]; then
        libraries+=("$package")
      elif ! command -v "$program" >/dev/null; then
        missing+=("$package")
      fi
    done
  done

  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    if ((${#missing[@]})); then
      fail 2 "this is not a Debian-like system; please install what these packages of Debian hold: ${missing[*]} ${libraries[*]}"
    fi
    return # CMake finds the libraries, or names the one that it does not find
  fi

  local installed=""
  ((${#libraries[@]} == 0)) || installed=" $(dpkg-query -W -f '${db:Status-Status}/${Package} ' "${libraries[@]}" 2>/dev/null || true) "
  for package in "${libraries[@]}"; do
    [[ $installed == *" installed/$package "* ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  local root=()
  if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      say "these packages are needed and cannot be installed without root's rights. Please run"
      say "    sudo apt-get install ${missing[*]}"
      fail 2 "and then this command again. (LIBRATION_SKIP_SETUP=1 tries without them.)"
    fi
    root=(sudo -n)
  fi
  say "installing ${missing[*]}"
  local log
  log="$(mktemp "${TMPDIR:-/tmp}/libration-setup.XXXXXX")"
  local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update >"$log" 2>&1 </dev/null || say "apt-get update failed; trying with the lists at hand"
  if ! "${apt[@]}" install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    fail 2 "apt-get could not install ${missing[*]} (all that it said: $log)"
  fi
  rm -f "$log"
  [[ " ${missing[*]} " != *" clang "* ]] || setup clang
}

# quietly LOG COMMAND...: output goes to the log. On a terminal ninja's counter is shown while it runs; the log's end is
# shown where the command fails.
quietly() {
  local log="$1" line status=0
  shift
  mkdir -p "$(dirname "$log")"
  if [[ -t 2 ]]; then
    NINJA_STATUS="[%f/%t] " "$@" 2>&1 </dev/null | tee "$log" | while IFS= read -r line; do
      if [[ $line =~ ^(\[[0-9]+/[0-9]+\]) ]]; then printf '\r%s' "${BASH_REMATCH[1]}" >&2; fi
    done || status=$?
    printf '\r\033[K' >&2
  else
    "$@" >"$log" 2>&1 </dev/null || status=$?
  fi
  if ((status)); then
    grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" | tail -n "${LIBRATION_LOG_LINES:-60}" >&2 || true
    say "failed; the whole log: $log"
  fi
  return "$status"
}

# configure PRESET PART... [-- CACHE_ENTRY...]: makes build/PRESET ready for the parts among TESTS, EXAMPLES and BENCHMARKS.
# What is configured already is left as it is.
configure() {
  local preset="$1" part entries=() parts=()
  shift
  while (($#)); do
    if [[ $1 == -- ]]; then
      shift
      entries+=("$@")
      break
    fi
    parts+=("$1")
    shift
  done
  local folder="$libration_root/build/$preset" log="$libration_root/build/$preset-configure.log"
  local cmake_version
  cmake_version="$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')"
  if [[ $(printf '%s\n' 3.25 "$cmake_version" | sort -V | head -n 1) != 3.25 ]]; then
    fail 2 "CMake $cmake_version is too old, 3.25 is needed"
  fi

  if [[ ! -e $folder/build.ninja || $libration_root/CMakePresets.json -nt $folder/build.ninja ]]; then
    for part in TESTS EXAMPLES BENCHMARKS; do
      if [[ " ${parts[*]-} " == *" $part "* ]]; then
        entries=("-DLIBRATION_BUILD_$part=ON" "${entries[@]}")
      elif [[ ! -e $folder/CMakeCache.txt ]]; then
        entries=("-DLIBRATION_BUILD_$part=OFF" "${entries[@]}")
      fi
    done
    say "configuring build/$preset"
    (cd "$libration_root" && quietly "$log" cmake --preset "$preset" "${entries[@]}")
    return # with cmake's status
  fi
  local wanted=() entry
  for part in "${parts[@]}"; do entries+=("-DLIBRATION_BUILD_$part=ON"); done
  for entry in "${entries[@]}"; do
    grep -q "^$(sed 's/^-D//; s/=.*//' <<<"$entry")\(:[A-Z]*\)\?=${entry#*=}\$" "$folder/CMakeCache.txt" || wanted+=("$entry")
  done
  ((${#wanted[@]})) || return 0
  say "configuring build/$preset with ${wanted[*]}"
  quietly "$log" cmake "$folder" "${wanted[@]}"
}

# build PRESET TARGET...
build() {
  local preset="$1"
  shift
  say "building build/$preset: $*"
  quietly "$libration_root/build/$preset-build.log" \
    cmake --build "$libration_root/build/$preset" --parallel "$libration_jobs" --target "$@"
}
