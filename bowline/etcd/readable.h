// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <google/protobuf/message.h>

#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::etcd {

// A field that is known, but has another type on the wire, makes a message unreadable for etcd. The
// parser that we use takes it for one of a later version, and would leave it out.
bool is_readable(const google::protobuf::Message&);  // without what is within its messages
bool is_readable(const etcdserverpb::TxnRequest&);
bool is_readable(const etcdserverpb::WatchRequest&);

}  // namespace bowline::etcd
