#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A member of the three: compat/member.sh start|kill|wait NUMBER. Clients call it, too, when one of
# them is to be killed on the way and to come back. All it has is in build/compat/members.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
number=$2
place=$PWD/build/compat/members
mkdir -p "$place"

start() {
  local cluster='' i
  for i in 0 1 2; do cluster+=",n$i=http://127.0.0.1:$((23793 + i))"; done
  local clients=http://127.0.0.1:$((23790 + number)) peers=http://127.0.0.1:$((23793 + number))
  setsid build/bowline serve --name "n$number" --data-dir "$place/n$number" \
    --initial-cluster "${cluster#,}" --listen-client-urls "$clients" \
    --advertise-client-urls "$clients" --listen-peer-urls "$peers" \
    --initial-advertise-peer-urls "$peers" </dev/null >>"$place/n$number.log" 2>&1 &
  echo $! >"$place/n$number.pid"
}

kill_it() {
  local process
  [[ -f $place/n$number.pid ]] || return 0
  process=$(cat "$place/n$number.pid")
  kill -9 "$process" 2>/dev/null || return 0
  while kill -0 "$process" 2>/dev/null; do sleep 0.05; done
}

case $1 in
  start) start ;;
  kill) kill_it ;;
  wait)
    timeout 30 grep -q -m1 'ready to serve client requests' \
      <(tail -n +1 -f --pid="$(cat "$place/n$number.pid")" "$place/n$number.log")
    ;;
  *)
    echo "compat/member.sh: '$1' is none of start, kill and wait" >&2
    exit 2
    ;;
esac
