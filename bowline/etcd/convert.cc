// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/convert.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace bowline::etcd {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::RequestOp;
using etcdserverpb::WatchCreateRequest;

// An empty key of a watch stands for the first of all.
constexpr std::string_view first_key("\0", 1);

bool has(const WatchCreateRequest& request, WatchCreateRequest::FilterType filter) {
  return std::ranges::find(request.filters(), static_cast<int>(filter)) != request.filters().end();
}

std::int64_t number_of(const Compare& compare) {
  switch (compare.target()) {
    case Compare::VERSION: return compare.version();
    case Compare::CREATE: return compare.create_revision();
    case Compare::MOD: return compare.mod_revision();
    case Compare::LEASE: return compare.lease();
    default: return 0;
  }
}

// No version is below 0, so this is what every key says, or none.
kv::Compare constant(const kv::Interval& keys, bool holds) {
  return {.keys = keys,
          .target = kv::Compare::Target::version,
          .result = holds ? kv::Compare::Result::not_equal : kv::Compare::Result::equal,
          .number = -1,
          .value = {}};
}

// Every key has a version above 0; and of no key at all, no value holds.
kv::Compare any_key(const kv::Interval& keys) {
  return {.keys = keys,
          .target = kv::Compare::Target::version,
          .result = kv::Compare::Result::greater,
          .number = 0,
          .value = {}};
}

// Enums of the wire are open. What etcd does with those that it does not know: an unknown target
// counts as equal, and an unknown result holds.
kv::Compare compare_of(const Compare& compare) {
  const kv::Interval keys{compare.key(), compare.range_end()};
  const bool is_of_value = compare.target() == Compare::VALUE;
  if (!Compare::CompareResult_IsValid(compare.result()))
    return is_of_value ? any_key(keys) : constant(keys, true);
  if (!Compare::CompareTarget_IsValid(compare.target()))
    return constant(keys, compare.result() == Compare::EQUAL);
  return {.keys = keys,
          .target = static_cast<kv::Compare::Target>(compare.target()),
          .result = static_cast<kv::Compare::Result>(compare.result()),
          .number = number_of(compare),
          .value = compare.target() == Compare::VALUE ? std::string_view(compare.value())
                                                      : std::string_view()};
}

kv::Op op_of(const RequestOp& op) {
  switch (op.request_case()) {
    case RequestOp::kRequestPut: return {to_kv(op.request_put())};
    case RequestOp::kRequestDeleteRange: return {to_kv(op.request_delete_range())};
    case RequestOp::kRequestTxn: return {to_kv(op.request_txn())};
    case RequestOp::kRequestRange:
    case RequestOp::REQUEST_NOT_SET: break;
  }
  return {to_kv(op.request_range())};
}

void fill_op(etcdserverpb::ResponseOp& op, const kv::OpAnswer& answer) {
  const auto with = [&](auto& response, const auto& what) {
    response.mutable_header()->set_revision(answer.revision);
    fill(response, what);
  };
  if (const auto* range = std::get_if<kv::RangeAnswer>(&answer.what))
    return with(*op.mutable_response_range(), *range);
  if (const auto* put = std::get_if<kv::PutAnswer>(&answer.what))
    return with(*op.mutable_response_put(), *put);
  if (const auto* erased = std::get_if<kv::DeleteAnswer>(&answer.what))
    return with(*op.mutable_response_delete_range(), *erased);
  with(*op.mutable_response_txn(), std::get<kv::TxnAnswer>(answer.what));
}

}  // namespace

kv::Range to_kv(const etcdserverpb::RangeRequest& range) {
  return {.keys = {range.key(), range.range_end()},
          .limit = range.limit(),
          .revision = range.revision(),
          .order = static_cast<kv::Order>(range.sort_order()),
          .sort_by = static_cast<kv::SortBy>(range.sort_target()),
          .serializable = range.serializable(),
          .keys_only = range.keys_only(),
          .count_only = range.count_only(),
          .min_mod_revision = range.min_mod_revision(),
          .max_mod_revision = range.max_mod_revision(),
          .min_create_revision = range.min_create_revision(),
          .max_create_revision = range.max_create_revision()};
}

kv::Put to_kv(const etcdserverpb::PutRequest& put) {
  return {.key = put.key(),
          .value = put.value(),
          .lease = put.lease(),
          .prev_kv = put.prev_kv(),
          .ignore_value = put.ignore_value(),
          .ignore_lease = put.ignore_lease()};
}

kv::DeleteRange to_kv(const etcdserverpb::DeleteRangeRequest& range) {
  return {.keys = {range.key(), range.range_end()}, .prev_kv = range.prev_kv()};
}

kv::Txn to_kv(const etcdserverpb::TxnRequest& request) {
  kv::Txn txn;
  txn.compares.reserve(static_cast<std::size_t>(request.compare_size()));
  for (const Compare& compare : request.compare()) txn.compares.push_back(compare_of(compare));
  txn.success.reserve(static_cast<std::size_t>(request.success_size()));
  for (const RequestOp& op : request.success()) txn.success.push_back(op_of(op));
  txn.failure.reserve(static_cast<std::size_t>(request.failure_size()));
  for (const RequestOp& op : request.failure()) txn.failure.push_back(op_of(op));
  return txn;
}

kv::WatchRequest to_kv(const WatchCreateRequest& request) {
  return {.keys = {request.key().empty() ? first_key : std::string_view(request.key()),
                   request.range_end()},
          .start = request.start_revision(),
          .no_put = has(request, WatchCreateRequest::NOPUT),
          .no_erase = has(request, WatchCreateRequest::NODELETE),
          .prev_kv = request.prev_kv(),
          .fragment = request.fragment(),
          .progress_notify = request.progress_notify()};
}

void fill(mvccpb::KeyValue& pair, const kv::Item& item) {
  pair.set_key(item.key.data(), item.key.size());
  pair.set_create_revision(item.create_revision);
  pair.set_mod_revision(item.mod_revision);
  pair.set_version(item.version);
  pair.set_value(item.value.data(), item.value.size());
  pair.set_lease(item.lease);
}

void fill(mvccpb::Event& out, const kv::Event& event) {
  out.set_type(event.kind == kv::Event::Kind::put ? mvccpb::Event::PUT : mvccpb::Event::DELETE);
  fill(*out.mutable_kv(), event.item);
  if (event.before) fill(*out.mutable_prev_kv(), *event.before);
}

void fill(etcdserverpb::RangeResponse& response, const kv::RangeAnswer& answer) {
  response.mutable_kvs()->Reserve(static_cast<int>(answer.items.size()));
  for (const kv::Item& item : answer.items) fill(*response.add_kvs(), item);
  response.set_more(answer.more);
  response.set_count(answer.count);
}

void fill(etcdserverpb::PutResponse& response, const kv::PutAnswer& answer) {
  if (answer.before) fill(*response.mutable_prev_kv(), *answer.before);
}

void fill(etcdserverpb::DeleteRangeResponse& response, const kv::DeleteAnswer& answer) {
  response.set_deleted(answer.deleted);
  for (const kv::Item& item : answer.before) fill(*response.add_prev_kvs(), item);
}

void fill(etcdserverpb::TxnResponse& response, const kv::TxnAnswer& answer) {
  response.set_succeeded(answer.succeeded);
  for (const kv::OpAnswer& op : answer.responses) fill_op(*response.add_responses(), op);
}

}  // namespace bowline::etcd
