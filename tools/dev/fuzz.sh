# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: feed the decoders garbage (comes with the first decoder)

usage() {
  cat <<'END'
./dev fuzz

Will run the fuzzers of the decoders. There are none yet: the first comes with the first decoder of
bytes from outside. It ends with status 3, which means "not available".

Example: ./dev fuzz
END
}

main() { not_yet "there is no fuzzer yet; the first comes with the first decoder"; }
