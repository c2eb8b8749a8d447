# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: the rules that need no running program: layout, layers, clang's opinion

usage() {
  cat <<'END'
./dev check [--fix] [--only STEP]

Installs clang and shellcheck if they are missing, and runs these steps:

  tidy         layers, banned names, lengths, dead files, links (tools/tidy.cc)
  headers      each of them compiles alone
  format       clang-format
  shell        shellcheck of the scripts
  clang-tidy   bugs, waste, names, and all that clang warns of; a file is looked at again only
               when it or a header changed

  --fix        lay the sources out with clang-format first
  --only STEP  only this step

Example: ./dev check --only clang-tidy
END
}

sources() {
  local folder
  for folder in bowline apps tools fuzz examples docs; do
    if [[ -d $folder ]]; then find "$folder" -name '*.cc' -o -name '*.h'; fi
  done | sort
}

scripts() {
  local file
  echo dev
  find .ci tools deploy examples -type f | sort | while read -r file; do
    if [[ $file == *.sh || $file == *.sbatch ]] || head -c 20 "$file" | grep -q '^#!.*sh'; then
      echo "$file"
    fi
  done
}

# Shows what a command prints only when it fails.
quietly() {
  local out
  out=$("$@" 2>&1) || { echo "$out" && return 1; }
}

check_tidy() {
  quietly build release tidy || return 1
  build/tidy "$PWD"
}

check_headers() { quietly build release bowline_headers_alone; }

check_format() {
  local source status=0
  while read -r source; do
    if ! clang-format-19 --dry-run -Werror "$source" >/dev/null 2>&1; then
      echo "$source: format: lay it out with ./dev check --fix"
      status=1
    fi
  done < <(sources)
  return "$status"
}

check_shell() { scripts | xargs shellcheck --external-sources; }

# clang-tidy wants one command a source. The mutants and the headers alone are the same text again.
plain_commands() {
  awk '
    /^\{/ { entry = ""; skip = 0 }
    { entry = entry $0 "\n" }
    /-DBOWLINE_MUTANTS|headers_alone|cmake\/pch\.cc/ { skip = 1 }
    /^\},?$/ { if (!skip) { sub(/,?\n$/, "", entry); printf "%s%s", (n++ ? ",\n" : "[\n"), entry } }
    END { print n ? "\n]" : "[]" }
  ' "$1"
}

# The sources that a list of commands names, from the root; of the libraries these are units of a
# dozen sources each, so that what all of them include is read once.
compiled() {
  sed -nE "s|^ *\"file\": \"$PWD/([^\"]*)\".*|\\1|p" "$1" |
    grep -xF "$(sources && find "$(build_dir clang)/obj" -path '*/Unity/*.cxx')"
}

# All that counts of a source, or of the sources in a unit.
text_of() {
  cat "$1"
  [[ $1 != */Unity/* ]] || sed -nE 's/^#include "(.*\.cc)"$/\1/p' "$1" | xargs cat
}

check_clang_tidy() {
  local dir commands shared source sum todo=() status=0
  dir=$(build_dir clang)
  # The precompiled headers that the commands name must be there, and what is generated.
  quietly build clang bowline_pch_plain bowline_pch_test bowline_generated || return 1
  commands=$dir/clang-tidy
  mkdir -p "$commands/clean"
  plain_commands "$dir/compile_commands.json" >"$commands/compile_commands.json"
  # A source is clean as long as itself, all headers, the rules and its flags are as they were.
  shared=$({
    sources | grep '\.h$' | xargs -r cat
    cat .clang-tidy "$commands/compile_commands.json"
  } | sha256sum)
  while read -r source; do
    sum=$({ echo "$shared" && text_of "$source"; } | sha256sum | cut -c1-64)
    [[ -f $commands/clean/$sum ]] || todo+=("$source" "$commands/clean/$sum")
  done < <(compiled "$commands/compile_commands.json")
  echo "clang-tidy: $((${#todo[@]} / 2)) files to look at"
  [[ ${#todo[@]} -gt 0 ]] || return 0
  # shellcheck disable=SC2016
  printf '%s\n' "${todo[@]}" | xargs -n 2 -P "$(nproc)" bash -c '
    unit=()
    if [[ $1 == */Unity/* ]]; then
      unit=("--checks=-bugprone-suspicious-include" "--header-filter=/[^.]*[.](h|cc)$")
    fi
    if out=$(clang-tidy-19 --quiet "${unit[@]}" -p "$0" "$1" 2>&1); then
      : >"$2"
    else
      printf "%s\n" "$out" | grep -vE "^[0-9]+ warnings? (and [0-9]+ errors? )?(generated|treated)"
      exit 1
    fi' "$commands" || status=$?
  return "$status"
}

main() {
  local steps=(tidy headers format shell clang-tidy) fix='' step step_started failed=()
  while [[ $# -gt 0 ]]; do
    case $1 in
      --fix) fix=yes && shift ;;
      --only)
        value_of "$@"
        [[ " ${steps[*]} " == *" $2 "* ]] || bad_usage "there is no step '$2', only: ${steps[*]}"
        steps=("$2") && shift 2
        ;;
      *) bad_usage "unknown option '$1'" ;;
    esac
  done
  # shellcheck disable=SC2154  # common.sh lists them
  install "${compiler_packages[@]}" "${clang_packages[@]}"
  if [[ -n $fix ]]; then sources | xargs -r clang-format-19 -i; fi
  for step in "${steps[@]}"; do
    echo "== $step"
    step_started=$SECONDS
    if "check_${step//-/_}"; then
      echo "-- $step: ok in $((SECONDS - step_started)) s"
    else
      echo "-- $step: FAILED in $((SECONDS - step_started)) s"
      failed+=("$step")
    fi
  done
  if [[ ${#failed[@]} -gt 0 ]]; then
    fail "${#failed[@]} of ${#steps[@]} steps in $(seconds): ${failed[*]}"
  fi
  succeed "${steps[*]} in $(seconds)"
}
