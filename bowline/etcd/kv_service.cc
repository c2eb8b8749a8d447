// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/kv_service.h"

#include <expected>
#include <optional>
#include <utility>
#include <variant>

#include "bowline/etcd/checks.h"
#include "bowline/etcd/convert.h"
#include "bowline/etcd/unary.h"
#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"
#include "bowline/kv/run.h"

namespace bowline::etcd {
namespace {

using etcdserverpb::CompactionRequest;
using etcdserverpb::DeleteRangeRequest;
using etcdserverpb::PutRequest;
using etcdserverpb::RangeRequest;
using etcdserverpb::TxnRequest;

// What the machine answered to a command, told to the client as a Response.
template <class Response, class Said>
auto answers(Here& here, rpc::Call call) {
  return [&here, call = std::move(call)](const std::expected<std::string, Wrong>& bytes) mutable {
    if (!bytes) return refuse(call, bytes.error());
    const std::optional<kv::Answer> answer = kv::decode_answer(*bytes);
    if (!answer) return refuse(call, Wrong::timed_out);
    if (answer->refusal != kv::Refusal::none) return call.finish(status_of(answer->refusal));
    const Said* const said = std::get_if<Said>(&answer->said);
    if (said == nullptr) return refuse(call, Wrong::timed_out);
    Response response;
    here.fill(*response.mutable_header(), answer->revision);
    fill(response, *said);
    etcd::answer(call, response);
  };
}

// A transaction that only reads.
std::expected<kv::TxnAnswer, kv::Refusal> read(const kv::Store& store, const kv::Txn& txn,
                                               kv::Weight& weight) {
  kv::TxnAnswer answer;
  answer.succeeded = kv::holds(store, txn.compares);
  for (const kv::Op& op : answer.succeeded ? txn.success : txn.failure) {
    weight.sum += kv::op_weight;
    if (const auto* const within = std::get_if<kv::Txn>(&op.what)) {
      auto inner = read(store, *within, weight);
      if (!inner) return std::unexpected(inner.error());
      answer.responses.push_back({.revision = 0, .what = *std::move(inner)});
      continue;
    }
    auto range = store.range(std::get<kv::Range>(op.what), weight);
    if (!range) return std::unexpected(range.error());
    answer.responses.push_back({.revision = store.revision(), .what = *std::move(range)});
  }
  return answer;
}

}  // namespace

void KvService::add_to(rpc::Router& router) {
  unary<RangeRequest>(router, "/etcdserverpb.KV/Range",
                      [this](rpc::Call call, RangeRequest&& request, std::size_t bytes) {
                        range(std::move(call), std::move(request), bytes);
                      });
  unary<PutRequest>(router, "/etcdserverpb.KV/Put",
                    [this](rpc::Call call, const PutRequest& request, std::size_t bytes) {
                      put(std::move(call), request, bytes);
                    });
  unary<DeleteRangeRequest>(
      router, "/etcdserverpb.KV/DeleteRange",
      [this](rpc::Call call, const DeleteRangeRequest& request, std::size_t bytes) {
        delete_range(std::move(call), request, bytes);
      });
  unary<TxnRequest>(router, "/etcdserverpb.KV/Txn",
                    [this](rpc::Call call, const TxnRequest& request, std::size_t bytes) {
                      txn(std::move(call), request, bytes);
                    });
  unary<CompactionRequest>(router, "/etcdserverpb.KV/Compact",
                           [this](rpc::Call call, const CompactionRequest& request, std::size_t) {
                             compact(std::move(call), request);
                           });
}

void KvService::range(rpc::Call call, RangeRequest request, std::size_t bytes) {
  if (const auto wrong = check(request)) return refuse(call, *wrong);
  if (request.serializable()) return ranges_.answer(std::move(call), std::move(request));
  if (here_.is_learner()) return refuse(call, Wrong::not_supported_for_learner);
  here_.quorum.read(bytes, life_.guard([this, call = std::move(call), request = std::move(request)](
                                           std::optional<Wrong> wrong) mutable {
    if (wrong) return refuse(call, *wrong);
    ranges_.answer(std::move(call), std::move(request));
  }));
}

void KvService::put(rpc::Call call, const PutRequest& request, std::size_t bytes) {
  if (!quota_.admits(call, cost_of(request))) return;
  if (const auto wrong = check(request)) return refuse(call, *wrong);
  if (const auto wrong = check_size(bytes, here_.settings.limits)) return refuse(call, *wrong);
  here_.quorum.propose(kv::encode(kv::Command(to_kv(request))),
                       answers<etcdserverpb::PutResponse, kv::PutAnswer>(here_, std::move(call)));
}

void KvService::delete_range(rpc::Call call, const DeleteRangeRequest& request, std::size_t bytes) {
  if (const auto wrong = check(request)) return refuse(call, *wrong);
  if (const auto wrong = check_size(bytes, here_.settings.limits)) return refuse(call, *wrong);
  here_.quorum.propose(
      kv::encode(kv::Command(to_kv(request))),
      answers<etcdserverpb::DeleteRangeResponse, kv::DeleteAnswer>(here_, std::move(call)));
}

void KvService::txn(rpc::Call call, const TxnRequest& request, std::size_t bytes) {
  if (!quota_.admits(call, cost_of(request))) return;
  if (const auto wrong = check(request, here_.settings.limits.txn_ops)) return refuse(call, *wrong);
  if (const auto wrong = check_size(bytes, here_.settings.limits)) return refuse(call, *wrong);
  if (only_reads(request)) return read_txn(std::move(call), request, bytes);
  here_.quorum.propose(kv::encode(kv::Command(to_kv(request))),
                       answers<etcdserverpb::TxnResponse, kv::TxnAnswer>(here_, std::move(call)));
}

// Nothing of it is replicated.
void KvService::read_txn(rpc::Call call, const TxnRequest& request, std::size_t bytes) {
  if (is_serializable(request)) return answer_txn(std::move(call), request);
  here_.quorum.read(bytes, life_.guard([this, call = std::move(call),
                                        request](std::optional<Wrong> wrong) mutable {
    if (wrong) return refuse(call, *wrong);
    answer_txn(std::move(call), request);
  }));
}

void KvService::answer_txn(rpc::Call call, const TxnRequest& request) {
  kv::Weight weight = here_.room.begin(call);
  const auto found = read(here_.store(), to_kv(request), weight);
  if (weight.is_too_much()) return call.finish(here_.room.refusal(weight));
  if (!found) return call.finish(status_of(found.error()));
  here_.room.took(weight);
  etcdserverpb::TxnResponse response;
  here_.fill(*response.mutable_header());
  fill(response, *found);
  etcd::answer(call, response);
}

void KvService::compact(rpc::Call call, const CompactionRequest& request) {
  here_.quorum.propose(kv::encode(kv::Command(kv::Compact{request.revision()})),
                       life_.guard([this, physical = request.physical(), call = std::move(call)](
                                       const std::expected<std::string, Wrong>& bytes) mutable {
                         if (!bytes) return refuse(call, bytes.error());
                         const std::optional<kv::Answer> answer = kv::decode_answer(*bytes);
                         if (!answer) return refuse(call, Wrong::timed_out);
                         if (answer->refusal != kv::Refusal::none)
                           return call.finish(status_of(answer->refusal));
                         if (physical && !here_.store().is_swept())
                           return sweeping_.push_back(std::move(call));
                         answer_compaction(std::move(call));
                       }));
}

void KvService::answer_compaction(rpc::Call call) {
  etcdserverpb::CompactionResponse response;
  here_.fill(*response.mutable_header());
  etcd::answer(call, response);
}

void KvService::stepped() {
  if (sweeping_.empty() || !here_.store().is_swept()) return;
  for (rpc::Call& call : std::exchange(sweeping_, {})) answer_compaction(std::move(call));
}

}  // namespace bowline::etcd
