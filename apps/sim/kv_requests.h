// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/kv/request.h"
#include "bowline/kv/watches.h"

namespace bowline::apps {

// What a client of etcd would send for these.
etcdserverpb::PutRequest message_of(const kv::Put&);
etcdserverpb::DeleteRangeRequest message_of(const kv::DeleteRange&);
etcdserverpb::RangeRequest message_of(const kv::Range&);
etcdserverpb::TxnRequest message_of(const kv::Txn&);
etcdserverpb::WatchCreateRequest message_of(const kv::WatchRequest&);

}  // namespace bowline::apps
