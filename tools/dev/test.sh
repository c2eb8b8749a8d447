# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: build and run the tests

usage() {
  cat <<'END'
./dev test [--preset P] [-R REGEX]

Installs the C++ tools that are missing, compiles, and runs the tests. The last line but one counts
test cases; a test program that is not made of cases counts as one.

  --preset P   release (the default), debug, asan, tsan, clang or coverage
  -R REGEX     only test programs whose name matches

Example: ./dev test --preset asan -R core
END
}

# Counts cases in ctest's log of its last run: "passed failed".
count_cases() {
  awk '
    function close_program() {
      if (name == "") return
      if (gtest_passed + gtest_failed == 0 || (!ok && gtest_failed == 0)) {
        if (ok) gtest_passed++; else gtest_failed++
      }
      passed += gtest_passed; failed += gtest_failed
    }
    /^ *[0-9]+\/[0-9]+ Testing: / {
      close_program(); name = $3; ok = 0; gtest_passed = gtest_failed = 0
    }
    /^\[  PASSED  \] [0-9]+ tests?\./ { gtest_passed += $4 }
    /^\[  FAILED  \] [0-9]+ tests?, listed below/ { gtest_failed += $4 }
    /^Test Passed\.$/ { ok = 1 }
    END { close_program(); print passed + 0, failed + 0 }
  ' "$1"
}

main() {
  local preset=release filter=()
  while [[ $# -gt 0 ]]; do
    case $1 in
      --preset) value_of "$@" && preset=$2 && shift 2 ;;
      -R) value_of "$@" && filter=(-R "$2") && shift 2 ;;
      *) bad_usage "unknown option '$1'" ;;
    esac
  done
  install librocksdb-dev libsqlite3-dev # for a program that the documents name
  install python3          # for the test that compiles headers alone
  install etcd-client curl # for tests of bowline serve, which is compared with etcd
  install zsh              # for a test of what it completes
  unpack_etcd || fail 'etcd-server of Debian is needed, and could not be had'
  build "$preset"
  local dir status=0 passed failed
  dir=$(build_dir "$preset")
  rm -f "$dir/Testing/Temporary/LastTest.log"
  # Half of their time tests wait, for processes or for what is to happen after a while.
  ctest --test-dir "$dir" --output-on-failure --no-tests=error -j "$((2 * $(nproc)))" \
    "${filter[@]}" || status=$?
  if [[ ! -f $dir/Testing/Temporary/LastTest.log ]]; then
    fail "no test ran"
  fi
  read -r passed failed < <(count_cases "$dir/Testing/Temporary/LastTest.log")
  echo "$passed passed, $failed failed"
  if [[ $status -ne 0 || $failed -ne 0 ]]; then
    fail "$failed of $((passed + failed)) tests in $(seconds)"
  fi
  succeed "$passed tests in $(seconds)"
}
