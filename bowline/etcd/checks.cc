// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/checks.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/kv/interval.h"

namespace bowline::etcd {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::RangeRequest;
using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;
using Ops = google::protobuf::RepeatedPtrField<RequestOp>;

// ---- fields

std::optional<Wrong> check_compare(const Compare& compare) {
  if (compare.key().empty()) return Wrong::key_not_provided;
  return std::nullopt;
}

std::optional<Wrong> check_fields(const TxnRequest& txn, std::size_t most_ops);

std::optional<Wrong> check_op(const RequestOp& op, std::size_t most_ops) {
  switch (op.request_case()) {
    case RequestOp::kRequestRange: return etcd::check(op.request_range());
    case RequestOp::kRequestPut: return etcd::check(op.request_put());
    case RequestOp::kRequestDeleteRange: return etcd::check(op.request_delete_range());
    case RequestOp::kRequestTxn: return check_fields(op.request_txn(), most_ops);
    case RequestOp::REQUEST_NOT_SET: break;
  }
  return Wrong::key_not_found;  // as etcd says it, of all things
}

// The budget of what is within is what is left of ours. So nothing nests deeper than that.
std::optional<Wrong> check_fields(const TxnRequest& txn, std::size_t most_ops) {
  const auto ops = static_cast<std::size_t>(
      std::max({txn.compare_size(), txn.success_size(), txn.failure_size()}));
  if (ops > most_ops) return Wrong::too_many_ops;
  for (const Compare& compare : txn.compare())
    if (const auto wrong = check_compare(compare)) return wrong;
  for (const Ops* branch : {&txn.success(), &txn.failure()})
    for (const RequestOp& op : *branch)
      if (const auto wrong = check_op(op, most_ops - ops)) return wrong;
  return std::nullopt;
}

// ---- no key is put twice, nor put and deleted

using Keys = std::set<std::string_view>;
using Deletes = std::vector<kv::Interval>;

struct Writes {  // of one branch, with all that is within
  Keys puts;
  Deletes deletes;
};

// As etcd reads it here: one zero byte is an end like any other, and so this rule does not see a
// deletion of all keys from one on.
bool covers(const kv::Interval& interval, std::string_view key) {
  if (interval.is_single()) return key == interval.key;
  return key >= interval.key && key < interval.range_end;
}

bool is_covered(const Deletes& deletes, std::string_view key) {
  return std::ranges::any_of(deletes, [&](const auto& one) { return covers(one, key); });
}

std::optional<Writes> writes_of(const Ops& branch);

// A transaction takes one of its branches: what both of them put is put once.
bool add_branches(const TxnRequest& txn, Writes& all) {
  const auto yes = writes_of(txn.success());
  const auto no = writes_of(txn.failure());
  if (!yes || !no) return false;
  Keys puts;
  std::ranges::set_union(yes->puts, no->puts, std::inserter(puts, puts.end()));
  for (const std::string_view key : puts)
    if (is_covered(all.deletes, key) || !all.puts.insert(key).second) return false;
  for (const Writes* one : {&*yes, &*no})
    all.deletes.insert(all.deletes.end(), one->deletes.begin(), one->deletes.end());
  return true;
}

// Deletions of this level count for all that is within; those within count for the puts of this
// level, and of what comes behind. nullopt: a key is there twice.
std::optional<Writes> writes_of(const Ops& branch) {
  Writes all;
  for (const RequestOp& op : branch)
    if (op.has_request_delete_range())
      all.deletes.push_back(
          {op.request_delete_range().key(), op.request_delete_range().range_end()});
  for (const RequestOp& op : branch)
    if (op.has_request_txn() && !add_branches(op.request_txn(), all)) return std::nullopt;
  for (const RequestOp& op : branch) {
    if (!op.has_request_put()) continue;
    const std::string_view key = op.request_put().key();
    if (is_covered(all.deletes, key) || !all.puts.insert(key).second) return std::nullopt;
  }
  return all;
}

template <class Holds>
bool every_range(const Ops& ops, const Holds& holds) {
  return std::ranges::all_of(ops, [&](const RequestOp& op) {
    if (op.has_request_txn())
      return every_range(op.request_txn().success(), holds) &&
             every_range(op.request_txn().failure(), holds);
    return op.has_request_range() && holds(op.request_range());
  });
}

}  // namespace

std::optional<Wrong> check(const RangeRequest& range) {
  if (range.key().empty()) return Wrong::key_not_provided;
  if (!RangeRequest::SortOrder_IsValid(range.sort_order())) return Wrong::invalid_sort_option;
  if (!RangeRequest::SortTarget_IsValid(range.sort_target())) return Wrong::invalid_sort_option;
  return std::nullopt;
}

std::optional<Wrong> check(const etcdserverpb::PutRequest& put) {
  if (put.key().empty()) return Wrong::key_not_provided;
  if (put.ignore_value() && !put.value().empty()) return Wrong::value_provided;
  if (put.ignore_lease() && put.lease() != 0) return Wrong::lease_provided;
  return std::nullopt;
}

std::optional<Wrong> check(const etcdserverpb::DeleteRangeRequest& range) {
  if (range.key().empty()) return Wrong::key_not_provided;
  return std::nullopt;
}

std::optional<Wrong> check(const TxnRequest& txn, std::size_t most_ops) {
  if (const auto wrong = check_fields(txn, most_ops)) return wrong;
  if (!writes_of(txn.success()) || !writes_of(txn.failure())) return Wrong::duplicate_key;
  return std::nullopt;
}

std::optional<Wrong> check(const etcdserverpb::LeaseGrantRequest& grant) {
  if (grant.ttl() > most_lease_ttl) return Wrong::lease_ttl_too_large;
  return std::nullopt;
}

std::optional<Wrong> check_size(std::size_t bytes, const RequestLimits& limits) {
  if (bytes > limits.request_bytes) return Wrong::request_too_large;
  return std::nullopt;
}

bool only_reads(const TxnRequest& txn) {
  const auto any = [](const RangeRequest&) { return true; };
  return every_range(txn.success(), any) && every_range(txn.failure(), any);
}

bool is_serializable(const TxnRequest& txn) {
  const auto may_be_old = [](const RangeRequest& range) { return range.serializable(); };
  return every_range(txn.success(), may_be_old) && every_range(txn.failure(), may_be_old);
}

}  // namespace bowline::etcd
