#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Rules that a script can check, on every file of the project. Prints each breach as file:line: rule; status 1 where there is one.
set -euo pipefail
export LC_ALL=C.UTF-8  # columns are characters
cd "$(dirname "${BASH_SOURCE[0]}")/.."
shopt -s globstar nullglob

breaches=0
breach() {
  printf '%s\n' "$1"
  breaches=$((breaches + 1))
}

# expect_none RULE PATTERN FILE...: no line of the files matches.
expect_none() {
  local rule="$1" pattern="$2" line
  shift 2
  (($#)) || return 0
  while IFS= read -r line; do breach "$(cut -d: -f1,2 <<<"$line"): $rule"; done < <(grep -HnE "$pattern" "$@" || true)
}

# expect_each RULE PATTERN FILE...: each file has a line that matches.
expect_each() {
  local rule="$1" pattern="$2" file
  shift 2
  (($#)) || return 0
  while IFS= read -r file; do breach "$file:1: $rule"; done < <(grep -LE "$pattern" "$@" || true)
}

headers=(include/libration/**/*.hpp)
umbrellas=(include/libration/*.hpp)
for folder in include/libration/*/; do
  module="$(basename "$folder")"
  umbrella="include/libration/$module/$module.hpp"
  [[ -e $umbrella ]] || breach "$umbrella:1: a module has a header that includes all of it"
  umbrellas+=("$umbrella")
done
sources=({tests,examples,benchmarks}/**/*.{cpp,hpp})
scripts=({tests,examples,benchmarks}/run .ci/run cmake/*.sh tests/*.sh CMakeLists.txt cmake/*.cmake {tests,examples,benchmarks}/**/CMakeLists.txt)

# The licence and the shape of a header.
for file in "${headers[@]}" "${sources[@]}"; do
  IFS= read -r first <"$file" || true
  [[ $first == "// SPDX-License-Identifier: MIT" ]] || breach "$file:1: begins with the licence"
done
expect_each "has an SPDX line" "SPDX-License-Identifier: MIT" "${scripts[@]}"
expect_each "has #pragma once" '^#pragma once$' "${headers[@]}"
expect_each "says what it gives: /// \\file" '^/// \\file$' "${headers[@]}"
for file in "${headers[@]}"; do
  [[ " ${umbrellas[*]} " == *" $file "* ]] || grep -q LIBRATION_ABI "$file" ||
    { grep -vE '^(#include|#pragma once|//|$)' "$file" | grep -q . && breach "$file:1: lives in namespace libration::inline LIBRATION_ABI"; } || true
done

# What a header must not do to those who include it.
expect_none "no using namespace in a header" '^\s*using namespace' "${headers[@]}"
expect_none "nothing is added to Eigen's or the standard namespace (a specialisation is named std::x)" '^\s*namespace (Eigen|std)\b' "${headers[@]}"
expect_none "no stream objects from a header" '#include <iostream>' "${headers[@]}"
expect_none "a number stands in a text as number_text writes it" 'std::to_string\(' $(printf '%s\n' "${headers[@]}" | grep -v number_text.hpp)
expect_none "own headers by their full path in angle brackets" '#include "' "${headers[@]}"

# No promises, no leftovers.
marks='TO''DO|FIX''ME|XX''X'
expect_none "nothing is promised: do it or leave it out" "\\b($marks)\\b" "${headers[@]}" "${sources[@]}" "${scripts[@]}" ./*.md */README.md
expect_none "no tab and no blank at a line's end" $'\t|[ \t]+$' "${headers[@]}" "${sources[@]}"
# CTest takes such a name and all that follow it for one, and runs none of them.
expect_none "a test's name has each bracket closed" '^TEST_CASE\("([^["]*\]|[^"]*\[[^]"]*")' "${sources[@]}"
expect_none "at most 132 columns" '^.{133,}$' "${headers[@]}" "${sources[@]}"

# Who may include whom: each module, and what it may see beside itself. Nothing includes report.
declare -A sees=(
  [core]=""
  [scalar]="core"
  [stats]="core scalar"
  [maps]="core scalar"
  [tangent]="core scalar stats maps"
  [rollout]="core scalar maps tangent stats"
  [lyapunov]="core scalar maps tangent rollout stats"
  [error]="core scalar maps tangent rollout stats"
  [memory]="core scalar maps tangent rollout stats"
  [attention]="core scalar stats"
  [drift]="core scalar maps tangent rollout stats io"
  [diagnosis]="core scalar stats maps tangent"
  [io]="core"
  [models]="core scalar maps tangent io attention"
  [testing]="core scalar maps tangent rollout"
  [report]="core scalar stats maps tangent rollout lyapunov error memory attention diagnosis io models testing"
)
while IFS=: read -r file line include; do
  module="${file#include/libration/}"
  [[ $module == */* ]] || continue # the umbrellas
  module="${module%%/*}"
  included="${include#*<libration/}"
  included="${included%%>*}"
  included="${included%%/*}"
  included="${included%.hpp}"
  if [[ -z ${sees[$module]+known} ]]; then
    breach "$file:$line: $module is not a module; tests/house_rules.sh lists them"
  elif [[ $included != "$module" && " ${sees[$module]} " != *" $included "* ]]; then
    breach "$file:$line: $module must not include $included (may: ${sees[$module]:-nothing})"
  fi
done < <(grep -HnE '^\s*#include <libration/' "${headers[@]}" || true)

for module in "${!sees[@]}"; do
  folder="include/libration/$module"
  [[ -d $folder ]] || breach "tests/house_rules.sh:1: $module is not a module"
  # A module's header includes all of it.
  for file in "$folder"/*.hpp; do
    name="${file#include/}"
    [[ $file == "$folder/$module.hpp" ]] || grep -q "^#include <$name>" "$folder/$module.hpp" ||
      breach "$folder/$module.hpp:1: does not include $name"
  done
  # What is in detail is for its own module alone. (The maps' forms of a step are told apart by systems and laws too.)
  others=()
  for file in "${headers[@]}"; do [[ $file == "$folder"/* ]] || others+=("$file"); done
  [[ $module == maps ]] || expect_none "$module's detail is its own" "\\b$module::detail::" "${others[@]}"
done

if ((breaches)); then
  echo "house rules: $breaches breaches in ${#headers[@]} headers and ${#sources[@]} sources"
  exit 1
fi
echo "house rules: ${#headers[@]} headers and ${#sources[@]} sources keep them"
