// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/kv_requests.h"

#include <string>
#include <variant>

namespace bowline::apps {
namespace {

void fill(etcdserverpb::Compare& message, const kv::Compare& compare) {
  using Target = kv::Compare::Target;
  message.set_key(std::string(compare.keys.key));
  message.set_range_end(std::string(compare.keys.range_end));
  message.set_target(static_cast<etcdserverpb::Compare::CompareTarget>(compare.target));
  message.set_result(static_cast<etcdserverpb::Compare::CompareResult>(compare.result));
  switch (compare.target) {
    case Target::version: return message.set_version(compare.number);
    case Target::create: return message.set_create_revision(compare.number);
    case Target::mod: return message.set_mod_revision(compare.number);
    case Target::value: return message.set_value(std::string(compare.value));
    case Target::lease: return message.set_lease(compare.number);
  }
}

void fill(etcdserverpb::RequestOp& message, const kv::Op& op) {
  if (const auto* put = std::get_if<kv::Put>(&op.what)) {
    *message.mutable_request_put() = message_of(*put);
  } else if (const auto* erase = std::get_if<kv::DeleteRange>(&op.what)) {
    *message.mutable_request_delete_range() = message_of(*erase);
  } else if (const auto* range = std::get_if<kv::Range>(&op.what)) {
    *message.mutable_request_range() = message_of(*range);
  } else {
    *message.mutable_request_txn() = message_of(std::get<kv::Txn>(op.what));
  }
}

}  // namespace

etcdserverpb::PutRequest message_of(const kv::Put& put) {
  etcdserverpb::PutRequest message;
  message.set_key(std::string(put.key));
  message.set_value(std::string(put.value));
  message.set_lease(put.lease);
  message.set_prev_kv(put.prev_kv);
  message.set_ignore_value(put.ignore_value);
  message.set_ignore_lease(put.ignore_lease);
  return message;
}

etcdserverpb::DeleteRangeRequest message_of(const kv::DeleteRange& erase) {
  etcdserverpb::DeleteRangeRequest message;
  message.set_key(std::string(erase.keys.key));
  message.set_range_end(std::string(erase.keys.range_end));
  message.set_prev_kv(erase.prev_kv);
  return message;
}

etcdserverpb::RangeRequest message_of(const kv::Range& range) {
  etcdserverpb::RangeRequest message;
  message.set_key(std::string(range.keys.key));
  message.set_range_end(std::string(range.keys.range_end));
  message.set_limit(range.limit);
  message.set_revision(range.revision);
  message.set_sort_order(static_cast<etcdserverpb::RangeRequest::SortOrder>(range.order));
  message.set_sort_target(static_cast<etcdserverpb::RangeRequest::SortTarget>(range.sort_by));
  message.set_serializable(range.serializable);
  message.set_keys_only(range.keys_only);
  message.set_count_only(range.count_only);
  message.set_min_mod_revision(range.min_mod_revision);
  message.set_max_mod_revision(range.max_mod_revision);
  message.set_min_create_revision(range.min_create_revision);
  message.set_max_create_revision(range.max_create_revision);
  return message;
}

etcdserverpb::TxnRequest message_of(const kv::Txn& txn) {
  etcdserverpb::TxnRequest message;
  for (const kv::Compare& compare : txn.compares) fill(*message.add_compare(), compare);
  for (const kv::Op& op : txn.success) fill(*message.add_success(), op);
  for (const kv::Op& op : txn.failure) fill(*message.add_failure(), op);
  return message;
}

etcdserverpb::WatchCreateRequest message_of(const kv::WatchRequest& watch) {
  etcdserverpb::WatchCreateRequest message;
  message.set_key(std::string(watch.keys.key));
  message.set_range_end(std::string(watch.keys.range_end));
  message.set_start_revision(watch.start);
  message.set_prev_kv(watch.prev_kv);
  message.set_fragment(watch.fragment);
  message.set_progress_notify(watch.progress_notify);
  if (watch.no_put) message.add_filters(etcdserverpb::WatchCreateRequest::NOPUT);
  if (watch.no_erase) message.add_filters(etcdserverpb::WatchCreateRequest::NODELETE);
  return message;
}

}  // namespace bowline::apps
