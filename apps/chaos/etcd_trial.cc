// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_trial.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "bowline/etcd/convert.h"
#include "bowline/etcd/errors.h"
#include "bowline/kv/command.h"

namespace bowline::chaos {
namespace {

using etcdserverpb::DeleteRangeRequest;
using etcdserverpb::DeleteRangeResponse;
using etcdserverpb::LeaseRevokeRequest;
using etcdserverpb::LeaseRevokeResponse;
using etcdserverpb::PutRequest;
using etcdserverpb::PutResponse;
using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;
using Kind = EtcdCall::Kind;

template <class Message>
Message read(const std::string& bytes) {
  Message message;
  message.ParseFromString(bytes);
  return message;
}

void add_leases(const TxnRequest& txn, std::set<kv::LeaseId>& to) {
  for (const auto* branch : {&txn.success(), &txn.failure()})
    for (const RequestOp& op : *branch) {
      if (op.has_request_put() && op.request_put().lease() != 0)
        to.insert(op.request_put().lease());
      if (op.has_request_txn()) add_leases(op.request_txn(), to);
    }
}

bool has_written(const TxnResponse& txn) {
  return std::ranges::any_of(txn.responses(), [](const etcdserverpb::ResponseOp& op) {
    return op.has_response_put() || op.response_delete_range().deleted() > 0 ||
           (op.has_response_txn() && has_written(op.response_txn()));
  });
}

template <class Response, class Said>
bool is_answer(const kv::Answer& answer, const std::string& bytes) {
  const Said* const said = std::get_if<Said>(&answer.said);
  if (said == nullptr || answer.refusal != kv::Refusal::none) return false;
  Response wanted;
  wanted.mutable_header()->set_revision(answer.revision);
  if constexpr (!std::is_same_v<Response, LeaseRevokeResponse>) etcd::fill(wanted, *said);
  return essence(read<Response>(bytes)) == wanted.SerializeAsString();
}

bool are_same(const kv::model::Write& a, const kv::model::Write& b) {
  if (a.main != b.main || a.sub != b.sub || a.key != b.key ||
      a.now.has_value() != b.now.has_value())
    return false;
  if (!a.now) return true;
  return kv::model::item_of(a.key, *a.now) == kv::model::item_of(b.key, *b.now);
}

}  // namespace

// The model views these.
struct EtcdTrial::Request {
  PutRequest put;
  DeleteRangeRequest erase;
  TxnRequest txn;
  kv::Command command;
};

EtcdTrial::EtcdTrial(const EtcdCall& call, const EtcdPast& past, std::int64_t after, Leases leases)
    : request_(std::make_unique<Request>()),
      past_(past),
      model_(after, past.at(after),
             leases == Leases::there ? leases_in(call) : std::set<kv::LeaseId>()) {
  Request& it = *request_;
  if (call.kind == Kind::put) {
    it.put.ParseFromString(call.request);
    it.command = etcd::to_kv(it.put);
  } else if (call.kind == Kind::erase) {
    it.erase.ParseFromString(call.request);
    it.command = etcd::to_kv(it.erase);
  } else if (call.kind == Kind::txn) {
    it.txn.ParseFromString(call.request);
    it.command = etcd::to_kv(it.txn);
  } else {
    it.command = kv::LeaseRevoke{.id = read<LeaseRevokeRequest>(call.request).id()};
  }
  answer_ = model_.run(it.command, 1);
}

EtcdTrial::~EtcdTrial() = default;

bool EtcdTrial::writes_all_of(std::int64_t revision) const {
  return writes() && std::ranges::equal(model_.writes(), past_.writes_at(revision), are_same);
}

bool EtcdTrial::answers(const std::string& response) const {
  if (std::holds_alternative<kv::Put>(request_->command))
    return is_answer<PutResponse, kv::PutAnswer>(answer_, response);
  if (std::holds_alternative<kv::DeleteRange>(request_->command))
    return is_answer<DeleteRangeResponse, kv::DeleteAnswer>(answer_, response);
  if (std::holds_alternative<kv::Txn>(request_->command))
    return is_answer<TxnResponse, kv::TxnAnswer>(answer_, response);
  return is_answer<LeaseRevokeResponse, kv::LeaseRevokeAnswer>(answer_, response);
}

bool EtcdTrial::refuses(const std::string& error) const {
  return answer_.refusal != kv::Refusal::none && etcd::status_of(answer_.refusal).message == error;
}

std::set<kv::LeaseId> leases_in(const EtcdCall& call) {
  std::set<kv::LeaseId> leases;
  if (call.kind == Kind::put) leases.insert(read<PutRequest>(call.request).lease());
  if (call.kind == Kind::revoke) leases.insert(read<LeaseRevokeRequest>(call.request).id());
  if (call.kind == Kind::txn) add_leases(read<TxnRequest>(call.request), leases);
  leases.erase(0);
  return leases;
}

bool says_written(const EtcdCall& call) {
  if (!call.error.empty()) return false;
  if (call.kind == Kind::put) return true;
  if (call.kind == Kind::erase) return read<DeleteRangeResponse>(call.response).deleted() > 0;
  return call.kind == Kind::txn && has_written(read<TxnResponse>(call.response));
}

// Every answer has its header in the first field.
std::optional<etcdserverpb::ResponseHeader> header_in(const EtcdCall& call) {
  if (call.fate != EtcdCall::Fate::done || !call.error.empty()) return std::nullopt;
  return read<LeaseRevokeResponse>(call.response).header();
}

std::int64_t revision_in(const EtcdCall& call) {
  const auto header = header_in(call);
  return header ? header->revision() : 0;
}

}  // namespace bowline::chaos
