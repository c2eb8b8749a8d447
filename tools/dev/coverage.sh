# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: which share of the protocol's lines its tests run

usage() {
  cat <<'END'
./dev coverage [--min PERCENT]

Builds with line counts, runs the tests of bowline/raft, and prints the share of lines that ran, for
each file of the protocol and in total.

  --min PERCENT   fail when the total is below this (default 95)

Example: ./dev coverage --min 90
END
}

# Reads gcov's line-by-line listings; a line counts once, however many objects contain it.
# Prints `percent run lines file`, the total last; 94.99 % is not 95 %.
summarise() {
  awk '
    function row(some, all, name, through) {
      printf "%6.1f %6d %6d  %s\n", int(1000 * some / all) / 10, some, all, name | through
    }
    FNR == 1 { file = "" }
    {
      split($0, part, ":")
      count = part[1]; line = part[2] + 0
      gsub(/ /, "", count)
      if (line == 0 && part[3] == "Source") {
        file = part[4]
        sub(/^.*\/bowline\/raft\//, "bowline/raft/", file)
        next
      }
      if (file !~ /^bowline\/raft\// || file ~ /_test\.|\/golden_|\/test_|_testing\./) next
      if (line == 0 || count == "-" || count == "") next
      key = file SUBSEP line
      if (!(key in ran)) { ran[key] = 0; lines[file]++ }
      if (count !~ /^[#=]/ && !ran[key]) { ran[key] = 1; run[file]++ }
    }
    END {
      for (file in lines) {
        row(run[file], lines[file], file, "sort -k4")
        all += lines[file]; all_run += run[file]
      }
      close("sort -k4")
      if (all > 0) row(all_run, all, "total", "cat")
    }
  ' "$@"
}

# The test programs that bowline/raft/CMakeLists.txt registers.
raft_tests() {
  sed -nE 's/^ *bowline_test\( *([A-Za-z0-9_-]+).*/\1/p' bowline/raft/CMakeLists.txt
}

main() {
  local min=95
  while [[ $# -gt 0 ]]; do
    case $1 in
      --min) value_of "$@" && min=$2 && shift 2 ;;
      *) bad_usage "unknown option '$1'" ;;
    esac
  done
  [[ $min =~ ^[0-9]+(\.[0-9]+)?$ ]] || bad_usage "--min takes a number, not '$min'"
  if [[ ! -f bowline/raft/CMakeLists.txt || -z $(raft_tests) ]]; then
    not_yet "the protocol has no tests yet"
  fi
  local dir listings total
  local -a tests
  mapfile -t tests < <(raft_tests)
  dir=$(build_dir coverage)
  build coverage "${tests[@]}"
  find "$dir" -name '*.gcda' -delete
  ctest --test-dir "$dir" --output-on-failure --no-tests=error -j2 \
    -R "^($(raft_tests | paste -sd '|'))\$"

  listings=$dir/listings
  rm -rf "$listings" && mkdir -p "$listings"
  # One listing a source and object: headers appear in several, and summarise() puts them together.
  # From the compiler's notes, not from the counts: a source that no test runs has only the former.
  find "$PWD/$dir/obj/bowline/raft" -name '*.gcno' -not -path '*_mutants.dir/*' |
    (cd "$listings" && xargs gcov --hash-filenames --preserve-paths --long-file-names \
      2> >(grep -v 'assuming not executed' >&2) >/dev/null)
  echo "     %    ran  lines"
  summarise "$listings"/*.gcov | tee "$dir/coverage.txt"
  total=$(awk '$4 == "total" { print $1 }' "$dir/coverage.txt")
  if [[ -z $total ]]; then fail "gcov counted no line of bowline/raft"; fi
  if awk -v total="$total" -v min="$min" 'BEGIN { exit !(total < min) }'; then
    fail "$total % of the lines of bowline/raft ran, at least $min % are wanted"
  fi
  succeed "$total % of the lines of bowline/raft ran, in $(seconds)"
}
