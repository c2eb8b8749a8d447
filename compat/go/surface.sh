#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What of the library was never called: compat/go/surface.sh DIRECTORY, of the counters that the
# client left there. It ends like a check of the client itself.
set -euo pipefail

# What says nothing to a server: constructors from the bare stubs and loggers, accessors of values,
# credentials, what only the library itself can reach.
silent='^(credentials/.*|.*:(New(Auth|Cluster|Maintenance)From.*|NewCtxClient|WithZapLogger'
silent+='|.*WithLogger|SetLogger|IsConnCanceled|StrToPermissionType|.*Cmp\.(With)?ValueBytes'
silent+='|.*Op\.WithValueBytes|.*Response\.OpResponse|.*\.(Error|String)|\*?retry.*'
silent+='|\*serverStreaming.*|\*valCtx.*|\*RemoteKV.*|\*leaseCache.*|\*resolver\.ResolveNow))$'

counted=$(go tool covdata func -i="$1" | sed -nE \
  's#^go.etcd.io/etcd/client/v3/([^:]*):[0-9]+:\s+((\*?\w+\.)?[A-Z]\w*)\s+([0-9.]+)%$#\1:\2 \4#p')
total=$(wc -l <<<"$counted")
# A list that is too short would be an empty promise.
[[ $total -gt 250 ]] || { echo "FAILED the surface: only $total functions were counted" && exit 1; }
missed=$(awk '$2 == "0.0" { print $1 }' <<<"$counted" | grep -vE "$silent" || true)
[[ -z $missed ]] || { echo "FAILED the surface: never called: ${missed//$'\n'/ }" && exit 1; }
echo "ok the surface: what speaks to a server of $total functions"
