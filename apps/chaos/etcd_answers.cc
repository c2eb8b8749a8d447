// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_answers.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "apps/chaos/etcd_trial.h"
#include "bowline/etcd/checks.h"
#include "bowline/etcd/convert.h"
#include "bowline/etcd/errors.h"

namespace bowline::chaos {
namespace {

using etcd::Wrong;
using Kind = EtcdCall::Kind;
using Fate = EtcdCall::Fate;

constexpr std::array<std::string_view, 9> kinds = {
    "put", "delete", "txn", "range", "compaction", "grant", "revoke", "keep-alive", "time-to-live"};

bool is(const EtcdCall& call, Wrong wrong) { return call.error == etcd::text_of(wrong); }

std::int64_t compaction_of(const EtcdCall& call) {
  etcdserverpb::CompactionRequest request;
  request.ParseFromString(call.request);
  return request.revision();
}

etcdserverpb::RangeRequest range_of(const EtcdCall& call) {
  etcdserverpb::RangeRequest request;
  request.ParseFromString(call.request);
  return request;
}

// What one member has by itself is as old as it likes.
bool may_be_old(const EtcdCall& call) {
  if (call.kind == Kind::range) return range_of(call).serializable();
  if (call.kind == Kind::keep_alive || call.kind == Kind::time_to_live) return true;
  if (call.kind != Kind::txn) return false;
  etcdserverpb::TxnRequest txn;
  txn.ParseFromString(call.request);
  return etcd::only_reads(txn) && etcd::is_serializable(txn);
}

}  // namespace

EtcdAnswers::EtcdAnswers(const EtcdHistory& history, const EtcdPast& past, const EtcdKnown& known,
                         const EtcdCauses& causes)
    : history_(history), past_(past), known_(known), causes_(causes) {
  for (const EtcdCall& call : history.calls)
    if (call.kind == Kind::compact && call.fate != Fate::refused) compactions_.push_back(&call);
}

std::string EtcdAnswers::fault() const {
  for (const EtcdCall& call : history_.calls) {
    if (call.fate != Fate::done) continue;
    const std::string fault = fault_of(call);
    if (fault.empty()) continue;
    return std::string(kinds.at(static_cast<std::size_t>(call.kind))) + " of client " +
           std::to_string(call.client) + " at member " + std::to_string(call.member + 1) + " [" +
           std::to_string(call.called) + ", " + std::to_string(call.ended) + "]: " + fault;
  }
  for (const EtcdKnown::Sight& sight : known_.all())
    if (sight.revision <= past_.last() && sight.at < causes_.born(sight.revision))
      return "revision " + std::to_string(sight.revision) +
             " was seen before anybody asked for what it is (I15)";
  return {};
}

std::string EtcdAnswers::fault_of(const EtcdCall& call) const {
  if (!call.error.empty()) return refusal_fault(call);
  const std::int64_t revision = revision_in(call);
  if (revision < kv::first_revision) return "the answer has no revision (I23)";
  if (revision > past_.last())
    return "it is done at revision " + std::to_string(revision) +
           ", which is lost: the record ends before (I10)";
  if (std::string fault = place_fault(call, revision); !fault.empty()) return fault;
  switch (call.kind) {
    case Kind::range: return range_fault(call);
    case Kind::compact:
      return compaction_of(call) > revision ? "nothing was there to compact (I15)" : "";
    case Kind::put:
    case Kind::erase:
    case Kind::txn:
    case Kind::revoke: return write_fault(call, revision);
    default: return lease_fault(call);
  }
}

std::string EtcdAnswers::place_fault(const EtcdCall& call, std::int64_t revision) const {
  const std::int64_t known = known_.before(call.called);
  if (!may_be_old(call) && revision < known + (says_written(call) ? 1 : 0))
    return "it is at revision " + std::to_string(revision) + ", and revision " +
           std::to_string(known) + " was known when it was called (I18)";
  return {};
}

std::string EtcdAnswers::write_fault(const EtcdCall& call, std::int64_t revision) const {
  const bool may_have_written = says_written(call) || call.kind == Kind::revoke;
  if (may_have_written) {
    const EtcdTrial trial(call, past_, revision - 1);
    if (trial.answers(call.response) && trial.writes_all_of(revision)) return {};
    if (call.kind != Kind::revoke)
      return "the record has something else at revision " + std::to_string(revision) +
             " than it would write there, or its answer is wrong (I15)";
  }
  const EtcdTrial trial(call, past_, revision);
  if (!trial.writes() && trial.answers(call.response)) return {};
  return "it is not answered as the state after revision " + std::to_string(revision) +
         " has it (I15)";
}

std::string EtcdAnswers::range_fault(const EtcdCall& call) const {
  const etcdserverpb::RangeRequest request = range_of(call);
  const kv::Range range = etcd::to_kv(request);
  const std::int64_t revision = revision_in(call);
  if (range.revision > revision) return "it shows the future (I18)";
  const std::int64_t of = range.revision > 0 ? range.revision : revision;
  for (const EtcdCall* compaction : compactions_)
    if (compaction->fate == Fate::done && compaction->error.empty() && !range.serializable &&
        compaction->ended < call.called && compaction_of(*compaction) > of)
      return "it shows what was compacted before it was called (I18)";
  const kv::model::Model model(of, past_.at(of), {});
  etcdserverpb::RangeResponse wanted, response;
  wanted.mutable_header()->set_revision(revision);
  etcd::fill(wanted, model.range_at(of, range));
  response.ParseFromString(call.response);
  if (essence(response) == wanted.SerializeAsString()) return {};
  return "it shows something else than what was there at revision " + std::to_string(of) + " (I18)";
}

// ---- answers that say no

std::int64_t EtcdAnswers::newest_until(Moment moment) const {
  std::int64_t from = kv::first_revision;
  std::int64_t to = past_.last();
  while (from < to) {
    const std::int64_t middle = to - (to - from) / 2;
    if (causes_.born(middle) > moment) {
      to = middle - 1;
    } else {
      from = middle;
    }
  }
  return from;
}

std::int64_t EtcdAnswers::most_compacted(Moment moment, const EtcdCall* but) const {
  std::int64_t most = 0;
  for (const EtcdCall* call : compactions_)
    if (call != but && call->called < moment) most = std::max(most, compaction_of(*call));
  return most;
}

std::string EtcdAnswers::refused_range_fault(const EtcdCall& call) const {
  const std::int64_t of = range_of(call).revision();
  if (is(call, Wrong::compacted))
    return of > 0 && of < most_compacted(call.ended) ? "" : "nobody compacted that (I18)";
  if (is(call, Wrong::future_revision))
    return of > known_.before(call.called) || (may_be_old(call) && of > 0)
               ? ""
               : "that revision was known when it was called (I18)";
  return "a range is refused: " + call.error;
}

std::string EtcdAnswers::refusal_fault(const EtcdCall& call) const {
  switch (call.kind) {
    case Kind::range: return refused_range_fault(call);
    case Kind::compact:
      if (is(call, Wrong::compacted))
        return most_compacted(call.ended, &call) >= compaction_of(call)
                   ? ""
                   : "nobody compacted as much (I15)";
      return is(call, Wrong::future_revision) && compaction_of(call) > known_.before(call.called)
                 ? ""
                 : "a compaction is refused: " + call.error;
    case Kind::revoke: return is(call, Wrong::lease_not_found) ? "" : call.error;
    case Kind::put:
    case Kind::erase:
    case Kind::txn: break;
    default: return "it is refused: " + call.error;
  }
  const auto leases =
      is(call, Wrong::lease_not_found) ? EtcdTrial::Leases::gone : EtcdTrial::Leases::there;
  const std::int64_t to = newest_until(call.ended);
  for (std::int64_t at = known_.before(call.called); at <= to; ++at)
    if (EtcdTrial(call, past_, at, leases).refuses(call.error)) return {};
  return "at no place that it may have had it is refused with '" + call.error + "' (I15)";
}

// The revisions of these say nothing about leases: see etcd_leases.h.
std::string EtcdAnswers::lease_fault(const EtcdCall& call) const {
  if (call.kind == Kind::grant) {
    etcdserverpb::LeaseGrantRequest request;
    request.ParseFromString(call.request);
    etcdserverpb::LeaseGrantResponse granted;
    granted.ParseFromString(call.response);
    return granted.id() == request.id() && granted.ttl() >= request.ttl()
               ? ""
               : "another lease is granted than was asked for (I17)";
  }
  if (call.kind != Kind::time_to_live) return {};
  etcdserverpb::LeaseTimeToLiveResponse response;
  response.ParseFromString(call.response);
  // A new leader adds an election timeout.
  return response.ttl() > response.grantedttl() + 1 ? "a lease has more than it was granted (I17)"
                                                    : "";
}

}  // namespace bowline::chaos
