# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: the rules that need no running program: layout, layers, clang's opinion

usage() {
  cat <<'END'
./dev check [--fix] [--only STEP]

Installs clang and shellcheck if they are missing, fetches clang-tidy, and runs these steps:

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
  find .ci tools deploy examples compat docs -type f | sort | while read -r file; do
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

# CMake's target `bowline_headers_alone` does the same with a source for each header.
check_headers() {
  local marks=${XDG_CACHE_HOME:-$HOME/.cache}/bowline/headers flags
  quietly build release bowline_generated || return 1
  flags=$(cat build/obj/headers_alone/flags) || return 1
  mkdir -p "$marks" || return 1
  find "$marks" -type f -mtime +30 -delete
  # shellcheck disable=SC2086  # many words
  sources | grep '[.]h$' | tools/dev/headers_alone.py "$marks" "$(nproc)" \
    c++ $flags -fsyntax-only
}

check_format() {
  if ! sources | xargs -n 50 -P "$(nproc)" clang-format-19 --dry-run -Werror; then
    echo 'format: lay them out with ./dev check --fix'
    return 1
  fi
}

check_shell() { scripts | xargs shellcheck --external-sources; }

# clang-tidy wants one command a source: it goes through all that it finds for one. The headers
# alone are the same text again, and so are the libraries with planted bugs; of what is compiled
# with these only, that is the command. The precompiled headers are of another clang: it reads what
# they are made of.
plain_commands() {
  sed -E 's/ -Winvalid-pch//; s/ -Xclang -include-pch -Xclang [^ ]+//' "$1" | awk '
    function show(entry) { sub(/,?\n$/, "", entry); printf "%s%s", (n++ ? ",\n" : "[\n"), entry }
    /^\{/ { entry = ""; skip = planted = 0 }
    { entry = entry $0 "\n" }
    /headers_alone|cmake\/pch\.cc|\/bowline_[a-z_]+_mutants\.dir\/Unity\// { skip = 1 }
    /-DBOWLINE_MUTANTS/ { planted = 1 }
    /^ *"file":/ { file = $0 }
    /^\},?$/ && !skip && planted { last[file] = entry }
    /^\},?$/ && !skip && !planted && !seen[file]++ { show(entry) }
    END {
      for (file in last) if (!(file in seen)) show(last[file])
      print n ? "\n]" : "[]"
    }
  '
}

# The sources that a list of commands names, from the root; of the libraries these are units of a
# dozen sources each, so that what all of them include is read once.
compiled() {
  awk -F '"' -v root="$PWD/" '
    /^ *"file":/ && index($4, root) == 1 { print substr($4, length(root) + 1) }
  ' "$1" | grep -xF "$(sources && find "$(build_dir clang)/obj" -path '*/Unity/*.cxx')"
}

# For each of these: its name, its command, and the sums of all sources of ours that it is made of.
contents_of_compiled() {
  local commands=$1 unit
  {
    sources | xargs sha256sum | awk '{ print "sum", $2, $1 }'
    sources | xargs grep -H '^#include "' | sed -E 's/^([^:]*):#include "([^"]*)".*/uses \1 \2/'
    awk -F '"' '/^ *"command":/ { command = $0 } /^ *"file":/ { print "command", $4, command }' \
      "$commands" | sed "s|$PWD/||g; s|$PWD||g"
    compiled "$commands" | while read -r unit; do
      [[ $unit != */Unity/* ]] || sed -nE "s|^#include \"$PWD/(.*)\"\$|uses $unit \1|p" "$unit"
      echo "unit $unit"
    done
  } | awk '
    $1 == "sum" { sum[$2] = $3 }
    $1 == "uses" { uses[$2] = uses[$2] " " $3 }
    $1 == "command" { command[$2] = $0 }
    $1 == "unit" {
      split("", seen)
      all[n = 1] = $2
      contents = ""
      for (i = 1; i <= n; ++i) {
        contents = contents " " sum[all[i]]
        count = split(uses[all[i]], next_ones, " ")
        for (j = 1; j <= count; ++j)
          if (!(next_ones[j] in seen)) { seen[next_ones[j]]; all[++n] = next_ones[j] }
      }
      print $2, command[$2], contents
    }
  '
}

# Where no package index can be reached, Debian's does the same in five times the time.
find_clang_tidy() {
  tools/dev/clang_tidy.sh "$1" && return
  [[ $? -eq 3 ]] || return 1
  echo 'using the clang-tidy of Debian, which takes five times as long' >&2
  install clang-tidy-19 >&2 && echo clang-tidy-19
}

check_clang_tidy() {
  local dir cache tidy commands clean rules source contents sum count=0 todo=() status=0
  dir=$(build_dir clang)
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/bowline
  tidy=$(find_clang_tidy "$cache") || return 1
  quietly build clang bowline_generated || return 1 # what sources include must be there
  commands=$dir/clang-tidy
  clean=$cache/clang-tidy
  mkdir -p "$commands" "$clean" || return 1
  find "$clean" -type f -mtime +30 -delete
  plain_commands "$dir/compile_commands.json" >"$commands/compile_commands.json" || return 1
  if ! contents_of_compiled "$commands/compile_commands.json" >"$commands/contents"; then
    echo "$dir/compile_commands.json names no source of ours"
    return 1
  fi
  # A source is clean as long as itself, what it includes, the rules and its flags are as they were;
  # in whichever clone of whoever runs this.
  rules=$({
    "$tidy" --version
    cat .clang-tidy cmake/pch* bowline/etcd/proto/*.proto
    declare -f plain_commands compiled contents_of_compiled look_at
  } | sha256sum) || return 1
  while read -r source contents; do
    sum=$(echo "$rules $source $contents" | sha256sum | cut -c1-64)
    [[ -f $clean/$sum ]] || todo+=("$source" "$clean/$sum")
    count=$((count + 1))
  done <"$commands/contents"
  echo "$(basename "$tidy"): $((${#todo[@]} / 2)) of $count files to look at"
  [[ ${#todo[@]} -gt 0 ]] || return 0
  if [[ ${#todo[@]} -ge 100 ]]; then
    look_at_heaps "$tidy" "$commands" "${todo[@]}" && return
    still_to_do todo
    echo "clang-tidy: and now $((${#todo[@]} / 2)) of them one by one"
  fi
  export -f look_at
  printf '%s\0' "${todo[@]}" |
    tidy=$tidy xargs -0 -n 2 -P "$(nproc)" bash -c 'look_at "$@"' "$commands" || status=$?
  return "$status"
}

# look_at_heaps CLANG_TIDY COMMANDS FILE MARK [FILE MARK…]: the same of many at once.
look_at_heaps() {
  local tidy=$1 commands=$2 file status=0
  local -A mark_of=()
  shift 2
  while [[ $# -gt 0 ]]; do mark_of[$1]=$2 && shift 2; done
  rm -rf "$commands/heaps"
  mkdir -p "$commands/heaps" || return 1
  printf '%s\n' "${!mark_of[@]}" | sort |
    tools/dev/clang_tidy_heaps.py "$tidy" "$commands" "$(nproc)" >"$commands/heaps/clean" ||
    status=1
  while read -r file; do : >"${mark_of[$file]}"; done <"$commands/heaps/clean"
  return "$status"
}

# still_to_do NAME: leaves of this list, FILE MARK [FILE MARK…], those without a mark.
still_to_do() {
  local -n list=$1
  local all=("${list[@]}")
  list=()
  set -- "${all[@]}"
  while [[ $# -gt 0 ]]; do
    [[ -f $2 ]] || list+=("$1" "$2")
    shift 2
  done
}

# look_at FILE MARK: leaves the mark where it finds nothing; $0 is the folder of the commands.
look_at() {
  local unit=() out
  if [[ $1 == */Unity/* ]]; then
    unit=("--checks=-bugprone-suspicious-include" "--header-filter=/[^.]*[.](h|cc)$")
  fi
  if out=$("$tidy" --quiet "${unit[@]}" -p "$0" "$1" 2>&1); then
    : >"$2"
  else
    printf '%s\n' "$out" | grep -vE '^[0-9]+ warnings? (and [0-9]+ errors? )?(generated|treated)'
    exit 1
  fi
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
  install "${compiler_packages[@]}" "${clang_packages[@]}" ca-certificates curl python3
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
