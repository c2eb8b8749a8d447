// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/readable.h"

#include <algorithm>

#include <google/protobuf/unknown_field_set.h>

namespace bowline::etcd {
namespace {

using etcdserverpb::RequestOp;
using google::protobuf::Message;

bool is_whole(const Message& message) { return is_readable(message); }

bool is_readable_op(const RequestOp& op) {
  if (!is_whole(op)) return false;
  switch (op.request_case()) {
    case RequestOp::kRequestRange: return is_whole(op.request_range());
    case RequestOp::kRequestPut: return is_whole(op.request_put());
    case RequestOp::kRequestDeleteRange: return is_whole(op.request_delete_range());
    case RequestOp::kRequestTxn: return is_readable(op.request_txn());
    case RequestOp::REQUEST_NOT_SET: break;
  }
  return true;
}

}  // namespace

bool is_readable(const Message& message) {
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i)
    if (message.GetDescriptor()->FindFieldByNumber(unknown.field(i).number()) != nullptr)
      return false;
  return true;
}

bool is_readable(const etcdserverpb::TxnRequest& txn) {
  return is_whole(txn) && std::ranges::all_of(txn.compare(), is_whole) &&
         std::ranges::all_of(txn.success(), is_readable_op) &&
         std::ranges::all_of(txn.failure(), is_readable_op);
}

bool is_readable(const etcdserverpb::WatchRequest& request) {
  return is_whole(request) && is_whole(request.create_request()) &&
         is_whole(request.cancel_request()) && is_whole(request.progress_request());
}

}  // namespace bowline::etcd
