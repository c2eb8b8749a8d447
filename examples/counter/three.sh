#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# three.sh DIRECTORY [HOST [SERVER]]: three counter-servers, one group, until this script ends.

set -euo pipefail
if [[ $# -lt 1 || $1 == -* ]]; then
  echo "usage: examples/counter/three.sh DIRECTORY [HOST [SERVER]]"
  exit 2
fi
directory=$1
host=${2:-127.0.0.1}
server=${3:-build/counter-server}

members=()
for id in 1 2 3; do members+=("$host:710$id/$host:810$id"); done
mkdir -p "$directory"

processes=()
end() {
  kill "${processes[@]}" 2>/dev/null || true
  wait
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for id in 1 2 3; do
  "$server" "$id" "$directory/$id" "${members[@]}" &
  processes+=("$!")
  echo "$id: process $!, clients at $host:810$id"
done
wait
