// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/kv/answer.h"
#include "bowline/kv/request.h"
#include "bowline/kv/watches.h"

// Between etcd's messages and what the map is asked and answers. Requests of the map view the
// memory of the messages that they are made of.
namespace bowline::etcd {

// These passed their checks (checks.h).
kv::Range to_kv(const etcdserverpb::RangeRequest&);
kv::Put to_kv(const etcdserverpb::PutRequest&);
kv::DeleteRange to_kv(const etcdserverpb::DeleteRangeRequest&);
kv::Txn to_kv(const etcdserverpb::TxnRequest&);
// This has none: whether its keys are any, and from when, is for whoever asks.
kv::WatchRequest to_kv(const etcdserverpb::WatchCreateRequest&);

// All but the header of the whole answer.
void fill(mvccpb::KeyValue&, const kv::Item&);
void fill(mvccpb::Event&, const kv::Event&);
void fill(etcdserverpb::RangeResponse&, const kv::RangeAnswer&);
void fill(etcdserverpb::PutResponse&, const kv::PutAnswer&);
void fill(etcdserverpb::DeleteRangeResponse&, const kv::DeleteAnswer&);
void fill(etcdserverpb::TxnResponse&, const kv::TxnAnswer&);

}  // namespace bowline::etcd
