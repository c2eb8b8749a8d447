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

# until_so WHAT-IT-PRINTS COMMAND…: asks until it is so, for 20 s at most, and prints what it said
until_so() {
  local wanted=$1 said end=$((SECONDS + 20))
  shift
  while :; do
    said=$("$@" 2>&1)
    # shellcheck disable=SC2053
    if [[ $said == $wanted ]] || ((SECONDS >= end)); then break; fi
  done
  echo "$said"
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
revision=$(ctl get ctl/a -w json | sed 's/.*"revision":\([0-9]*\).*/\1/')
check 'put, the value from stdin' OK bash -c 'printf from-stdin | ctl put ctl/c'
check 'get --rev, before it was' '' ctl get ctl/c --rev="$revision"
check 'get, a range' $'ctl/a\n\nctl/c' ctl get ctl/a ctl/d --keys-only
check 'get --from-key' $'ctl/c\nfrom-stdin*' ctl get ctl/b --from-key --limit=1
check 'get --order' $'ctl/c\n\nctl/a' ctl get ctl/ --prefix --order=DESCEND --keys-only
for by in CREATE KEY MODIFY; do
  check "get --sort-by=$by" $'ctl/a\n\nctl/c' ctl get ctl/ --prefix --sort-by="$by" --keys-only
done
check 'get --sort-by=VERSION' $'ctl/c\n\nctl/a' ctl get ctl/ --prefix --sort-by=VERSION --keys-only
check 'get --hex' '\\x63\\x74\\x6c\\x2f\\x61*' ctl get ctl/a --hex
check 'get -w fields' '*"Revision" : *"Key" : "ctl/a"*"Value" : "2"*' ctl get ctl/a -w fields
check 'get -w protobuf' '*ctl/a*' ctl get ctl/a -w protobuf
check 'get, nothing' '' ctl get ctl/none
check 'del, a range' 0 ctl del ctl/x ctl/z
ctl put zzz-last 1 >/dev/null
check 'del --from-key' 1 ctl del zzz-l --from-key
check 'put, no key' '*key is not provided*' ctl put '' 1
check txn $'SUCCESS\n\nOK' bash -c 'txn "version(\"ctl/b\") = \"0\"\n\nput ctl/b 1\n\n\n"'
check 'txn, otherwise' $'FAILURE\n\nctl/b\n1' \
  bash -c 'txn "version(\"ctl/b\") = \"0\"\n\nput ctl/b 1\n\nget ctl/b\n\n"'
check 'txn, all that is compared' $'SUCCESS\n\nOK\n\n1' bash -c 'txn "\
mod(\"ctl/a\") > \"0\"\ncreate(\"ctl/a\") > \"0\"\nvalue(\"ctl/a\") = \"2\"\n\n\
put ctl/t 1\ndel ctl/c\n\n\n"'
check 'txn -i' '*SUCCESS*OK*' bash -c 'printf "\nput ctl/t 2\n\n\n" | ctl txn -i'
check del 1 ctl del ctl/b
check 'del --prefix --prev-kv' $'2\nctl/a\n2\nctl/t\n2' ctl del ctl/ --prefix --prev-kv
id=$(lease 100)
check 'lease grant' '[0-9a-f]*' echo "$id"
check 'put --lease' OK ctl put leased 1 --lease="$id"
check 'put --ignore-lease' OK ctl put leased 2 --ignore-lease
check 'lease keep-alive, on and on' "lease $id keepalived with TTL(100)" \
  bash -c "timeout 2 etcdctl --endpoints=$all lease keep-alive $id"
check 'lease keep-alive --once' \
  "lease $id keepalived with TTL(100)" ctl lease keep-alive --once "$id"
check 'lease timetolive' "lease $id granted with TTL(100s), remaining(*attached keys(\[leased\])" \
  ctl lease timetolive --keys "$id"
check 'lease list' "found * leases*$id*" ctl lease list
check 'lease revoke' "lease $id revoked" ctl lease revoke "$id"
check 'it has gone' '' ctl get leased
check 'lease revoke, what is not there' '*requested lease not found*' ctl lease revoke "$id"
check 'lease timetolive, what is not there' "lease $id already expired" ctl lease timetolive "$id"
revision=$(ctl get x -w json | sed 's/.*"revision":\([0-9]*\).*/\1/')
ctl put watched 1 >/dev/null
check watch $'PUT\nwatched\n1*' \
  bash -c "timeout 2 etcdctl --endpoints=$all watch watched --rev=$revision"
ctl put watched 2 >/dev/null
check 'watch --prefix --prev-kv' $'PUT\nwatched\n1\nPUT\nwatched\n1\nwatched\n2*' \
  bash -c "timeout 2 etcdctl --endpoints=$all watch watch --prefix --prev-kv --rev=$revision"
check 'watch, and run a command' 'PUT*"PUT" "watched" "1"*' bash -c \
  "timeout 2 etcdctl --endpoints=$all watch watched --rev=$revision -- sh -c \
    'echo \$ETCD_WATCH_EVENT_TYPE \$ETCD_WATCH_KEY \$ETCD_WATCH_VALUE'"
check 'watch -i' $'*PUT\nwatched\n1*' bash -c \
  "{ echo watch --rev=$revision watched; sleep 2; } | timeout 3 etcdctl --endpoints=$all watch -i"
check compaction "compacted revision $revision" ctl compaction "$revision"
check 'compaction again' '*required revision has been compacted*' ctl compaction "$revision"
check 'member list' '*started*started*started*' ctl member list
check 'endpoint status' '*true*' ctl endpoint status
check 'endpoint health' '*is healthy*is healthy*is healthy*' ctl endpoint health
check 'endpoint hashkv' '*, *' ctl endpoint hashkv
check 'endpoint status --cluster' $'*true*' ctl endpoint status --cluster
check 'endpoint health --cluster -w json' '*"health":true*"health":true*"health":true*' \
  ctl endpoint health --cluster -w json
check 'member list -w table' '*| started | *n0*| started |*| started |*' ctl member list -w table
check 'alarm list' '' ctl alarm list
check 'alarm disarm' '' ctl alarm disarm
check defrag 'Finished defragmenting*' ctl defrag
check 'defrag --cluster' 'Finished defragmenting*Finished*Finished*' ctl defrag --cluster
file=$(mktemp -d)
check 'snapshot save' "*Snapshot saved at $file/db" timeout 30 etcdctl --endpoints="${all%%,*}" \
  snapshot save "$file/db"
check 'snapshot status' '[0-9a-f]*, [0-9]*, [0-9]*, *B' etcdctl snapshot status "$file/db"
check 'snapshot restore' '*restored snapshot*' etcdctl snapshot restore "$file/db" \
  --data-dir "$file/restored"
# What is there when it begins, and what comes later.
ctl put ctl/m1 1 >/dev/null
timeout 60 etcdctl --endpoints="$all" make-mirror --prefix=ctl/m --dest-prefix=mirrored \
  "${all##*/}" >/dev/null 2>&1 &
mirror=$!
check 'make-mirror' 'mirrored1' until_so '?*' ctl get mirrored --prefix --keys-only
ctl put ctl/m2 2 >/dev/null
check 'make-mirror, what came later' $'mirrored1\n\nmirrored2' \
  until_so '*mirrored2' ctl get mirrored --prefix --keys-only
kill "$mirror"
wait "$mirror" 2>/dev/null
check 'check perf' '*PASS: Throughput is *PASS: Stddev*PASS' timeout 120 etcdctl \
  --endpoints="$all" check perf --auto-compact --auto-defrag
check 'check datascale' '*PASS: Approximate system memory used*' timeout 120 etcdctl \
  --endpoints="${all%%,*}" check datascale --auto-compact --auto-defrag
for refused in 'auth enable' 'user list' 'role list' 'user add a:b' 'role add a'; do
  # shellcheck disable=SC2086
  check "$refused" '*Unimplemented*' ctl $refused
done
check lock 'held' ctl lock mutex echo held
check elect $'*\nvalue' timeout 3 etcdctl --endpoints="$all" elect election value
timeout 60 etcdctl --endpoints="$all" elect e value >/dev/null 2>&1 &
candidate=$!
check 'elect, a candidate has won' value until_so '?*' ctl get e/ --prefix --print-value-only
check 'elect --listen' $'*value*' timeout 2 etcdctl --endpoints="$all" elect -l e
kill "$candidate"
wait "$candidate" 2>/dev/null
id_of() { sed -n 's/^Member *\([0-9a-f]*\) \(added\|updated\|removed\).*/\1/p'; }
learner=$(ctl member add n9 --learner --peer-urls=http://127.0.0.1:23799 | id_of)
check 'member add --learner' '[0-9a-f]*' echo "$learner"
check 'member list, with it' "*$learner, unstarted, *, true*" ctl member list
check 'member promote, too early' '*can only promote a learner member which is in sync*' \
  ctl member promote "$learner"
check 'member update' "Member $learner updated*" ctl member update "$learner" \
  --peer-urls=http://127.0.0.1:23798
check 'member remove' "Member $learner removed*" ctl member remove "$learner"
voter=$(ctl member add n9 --peer-urls=http://127.0.0.1:23799 | id_of)
check 'member add' '[0-9a-f]*' echo "$voter"
check 'member remove, never started' "Member $voter removed*" ctl member remove "$voter"
check 'member remove, twice' '*member not found*' ctl member remove "$voter"
both=${all%,*}
third=${all##*,}
n2=$(ctl member list | sed -n 's/^\([0-9a-f]*\), started, n2, .*/\1/p')
# shellcheck disable=SC2317 # until_so calls it
who_leads() { # move-leader has to be told to the leader itself
  ctl endpoint status | sed -n 's/^\([^,]*\), .*, true, false, .*/\1/p'
}
# shellcheck disable=SC2317 # check calls it
move_leader_to() { etcdctl --endpoints="$(until_so '?*' who_leads)" move-leader "$1"; }
if [[ $(until_so '?*' who_leads) == "$third" ]]; then
  n0=$(ctl member list | sed -n 's/^\([0-9a-f]*\), started, n0, .*/\1/p')
  check 'move-leader, away from the third' 'Leadership transferred from *' move_leader_to "$n0"
fi
check move-leader 'Leadership transferred from *' move_leader_to "$n2"
check 'move-leader, and who leads then' "$third" until_so "$third" who_leads
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
