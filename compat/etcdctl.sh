#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# etcdctl through its commands: compat/etcdctl.sh ENDPOINT,ENDPOINT,ENDPOINT MEMBER, of which the
# last is the program that kills the member of the third endpoint, and starts it again.
set -uo pipefail

export ETCDCTL_API=3
all=$1
member=$2
failed=0

# check NAME WHAT-IT-PRINTS COMMAND…: a pattern of the shell
check() {
  local name=$1 wanted=$2 said
  shift 2
  said=$("$@" 2>&1)
  # shellcheck disable=SC2053
  if [[ $said == $wanted ]]; then
    echo "ok $name"
  else
    echo "FAILED $name: ${said:0:300}"
    failed=1
  fi
}

ctl() { timeout 30 etcdctl --endpoints="$all" "$@"; }
# shellcheck disable=SC2317 # bash -c calls it
txn() { printf '%b' "$1" | ctl txn; }
lease() { ctl lease grant "$1" | sed -n 's/^lease \([0-9a-f]*\) granted.*/\1/p'; }
export -f ctl txn
export all

check put OK ctl put ctl/a 1
check 'put --prev-kv' $'OK\nctl/a\n1' ctl put ctl/a 2 --prev-kv
check 'put --ignore-value' OK ctl put ctl/a --ignore-value
check get $'ctl/a\n2' ctl get ctl/a
check 'get --prefix --limit' $'ctl/a\n2' ctl get ctl/ --prefix --limit=1
check 'get --sort-by' $'2' ctl get ctl/ --prefix --sort-by=VALUE --order=DESCEND --print-value-only
check 'get --consistency=s' $'ctl/a' ctl get ctl/a --consistency=s --keys-only
check 'get -w json' '{"header":{"cluster_id":*"count":1}' ctl get ctl/a -w json
check txn $'SUCCESS\n\nOK' bash -c 'txn "version(\"ctl/b\") = \"0\"\n\nput ctl/b 1\n\n\n"'
check 'txn, otherwise' $'FAILURE\n\nctl/b\n1' \
  bash -c 'txn "version(\"ctl/b\") = \"0\"\n\nput ctl/b 1\n\nget ctl/b\n\n"'
check del 1 ctl del ctl/b
check 'del --prefix --prev-kv' $'1\nctl/a\n2' ctl del ctl/ --prefix --prev-kv
id=$(lease 100)
check 'lease grant' '[0-9a-f]*' echo "$id"
check 'put --lease' OK ctl put leased 1 --lease="$id"
check 'lease keep-alive' "lease $id keepalived with TTL(100)" ctl lease keep-alive --once "$id"
check 'lease timetolive' "lease $id granted with TTL(100s), remaining(*attached keys(\[leased\])" \
  ctl lease timetolive --keys "$id"
check 'lease list' "found * leases*$id*" ctl lease list
check 'lease revoke' "lease $id revoked" ctl lease revoke "$id"
check 'it has gone' '' ctl get leased
revision=$(ctl get x -w json | sed 's/.*"revision":\([0-9]*\).*/\1/')
ctl put watched 1 >/dev/null
check watch $'PUT\nwatched\n1*' \
  bash -c "timeout 2 etcdctl --endpoints=$all watch watched --rev=$revision"
check compaction "compacted revision $revision" ctl compaction "$revision"
check 'compaction again' '*required revision has been compacted*' ctl compaction "$revision"
check 'member list' '*started*started*started*' ctl member list
check 'endpoint status' '*true*' ctl endpoint status
check 'endpoint health' '*is healthy*is healthy*is healthy*' ctl endpoint health
check 'endpoint hashkv' '*, *' ctl endpoint hashkv
check 'alarm list' '' ctl alarm list
check defrag 'Finished defragmenting*' ctl defrag
check lock 'held' ctl lock mutex echo held
check elect $'*\nvalue' timeout 3 etcdctl --endpoints="$all" elect election value
both=${all%,*}
third=${all##*,}
n2=$(ctl member list | sed -n 's/^\([0-9a-f]*\), started, n2, .*/\1/p')
who_leads() { # move-leader has to be told to the leader itself
  ctl endpoint status | sed -n 's/^\([^,]*\), .*, true, false, .*/\1/p'
}
if [[ $(who_leads) != "$third" ]]; then
  leader=$(who_leads)
  check move-leader 'Leadership transferred from *' etcdctl --endpoints="$leader" move-leader "$n2"
fi
"$member" kill 2
whole=$all all=$both
check 'put, without the leader' OK ctl put after 1
check 'get, without a member' $'after\n1' ctl get after
"$member" start 2
"$member" wait 2
all=$third
check 'get, from the member that is back' $'after\n1' ctl get after
all=$whole
check 'all are healthy again' '*is healthy*is healthy*is healthy*' ctl endpoint health
exit "$failed"
