// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/gateway_routes.h"

#include <algorithm>
#include <array>

namespace bowline::etcd {
namespace {

constexpr auto routes = std::to_array<GatewayRoute>({
    {"/v3/kv/range", "/etcdserverpb.KV/Range", "RangeRequest", "RangeResponse"},
    {"/v3/kv/put", "/etcdserverpb.KV/Put", "PutRequest", "PutResponse"},
    {"/v3/kv/deleterange", "/etcdserverpb.KV/DeleteRange", "DeleteRangeRequest",
     "DeleteRangeResponse"},
    {"/v3/kv/txn", "/etcdserverpb.KV/Txn", "TxnRequest", "TxnResponse"},
    {"/v3/kv/compaction", "/etcdserverpb.KV/Compact", "CompactionRequest", "CompactionResponse"},
    {"/v3/watch", "/etcdserverpb.Watch/Watch", "WatchRequest", "WatchResponse"},
    {"/v3/lease/grant", "/etcdserverpb.Lease/LeaseGrant", "LeaseGrantRequest",
     "LeaseGrantResponse"},
    {"/v3/lease/revoke", "/etcdserverpb.Lease/LeaseRevoke", "LeaseRevokeRequest",
     "LeaseRevokeResponse"},
    {"/v3/kv/lease/revoke", "/etcdserverpb.Lease/LeaseRevoke", "LeaseRevokeRequest",
     "LeaseRevokeResponse"},
    {"/v3/lease/keepalive", "/etcdserverpb.Lease/LeaseKeepAlive", "LeaseKeepAliveRequest",
     "LeaseKeepAliveResponse"},
    {"/v3/lease/timetolive", "/etcdserverpb.Lease/LeaseTimeToLive", "LeaseTimeToLiveRequest",
     "LeaseTimeToLiveResponse"},
    {"/v3/kv/lease/timetolive", "/etcdserverpb.Lease/LeaseTimeToLive", "LeaseTimeToLiveRequest",
     "LeaseTimeToLiveResponse"},
    {"/v3/lease/leases", "/etcdserverpb.Lease/LeaseLeases", "LeaseLeasesRequest",
     "LeaseLeasesResponse"},
    {"/v3/kv/lease/leases", "/etcdserverpb.Lease/LeaseLeases", "LeaseLeasesRequest",
     "LeaseLeasesResponse"},
    {"/v3/cluster/member/add", "/etcdserverpb.Cluster/MemberAdd", "MemberAddRequest",
     "MemberAddResponse"},
    {"/v3/cluster/member/remove", "/etcdserverpb.Cluster/MemberRemove", "MemberRemoveRequest",
     "MemberRemoveResponse"},
    {"/v3/cluster/member/update", "/etcdserverpb.Cluster/MemberUpdate", "MemberUpdateRequest",
     "MemberUpdateResponse"},
    {"/v3/cluster/member/list", "/etcdserverpb.Cluster/MemberList", "MemberListRequest",
     "MemberListResponse"},
    {"/v3/cluster/member/promote", "/etcdserverpb.Cluster/MemberPromote", "MemberPromoteRequest",
     "MemberPromoteResponse"},
    {"/v3/maintenance/alarm", "/etcdserverpb.Maintenance/Alarm", "AlarmRequest", "AlarmResponse"},
    {"/v3/maintenance/status", "/etcdserverpb.Maintenance/Status", "StatusRequest",
     "StatusResponse"},
    {"/v3/maintenance/defragment", "/etcdserverpb.Maintenance/Defragment", "DefragmentRequest",
     "DefragmentResponse"},
    {"/v3/maintenance/hash", "/etcdserverpb.Maintenance/Hash", "HashRequest", "HashResponse"},
    {"/v3/maintenance/hashkv", "/etcdserverpb.Maintenance/HashKV", "HashKVRequest",
     "HashKVResponse"},
    {"/v3/maintenance/snapshot", "/etcdserverpb.Maintenance/Snapshot", "SnapshotRequest",
     "SnapshotResponse"},
    {"/v3/maintenance/transfer-leadership", "/etcdserverpb.Maintenance/MoveLeader",
     "MoveLeaderRequest", "MoveLeaderResponse"},
    {"/v3/maintenance/downgrade", "/etcdserverpb.Maintenance/Downgrade", "DowngradeRequest",
     "DowngradeResponse"},
});

}  // namespace

std::span<const GatewayRoute> gateway_routes() { return routes; }

const GatewayRoute* find_gateway_route(std::string_view path) {
  const auto found = std::ranges::find(routes, path, &GatewayRoute::path);
  return found == routes.end() ? nullptr : &*found;
}

}  // namespace bowline::etcd
