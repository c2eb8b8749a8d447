// SPDX-License-Identifier: Apache-2.0
#include "apps/differ/rules.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/rpc/status.h"

namespace bowline::differ {
namespace {

using namespace etcdserverpb;

constexpr std::string_view unreadable = "grpc: error unmarshalling request: ";
constexpr std::string_view unreadable_message = "grpc: failed to unmarshal the received message";
constexpr std::string_view malformed_method = "malformed method name: ";

template <class M>
std::optional<M> parsed(const std::string& bytes) {
  M message;
  if (!message.ParseFromString(bytes)) return std::nullopt;
  return message;
}

template <class M>
std::optional<M> asked_for(const Exchange& exchange, std::string_view path) {
  return exchange.method.path == path ? parsed<M>(exchange.bytes) : std::nullopt;
}

// ---- rules

bool both_cannot_read(const Exchange& exchange) {
  if (exchange.ours.code != 13 || exchange.theirs.code != 13) return false;
  return std::ranges::any_of(
      std::array{unreadable, unreadable_message}, [&](std::string_view words) {
        return exchange.ours.text.starts_with(words) && exchange.theirs.text.starts_with(words);
      });
}

bool has_no_service(const Exchange& exchange) {
  return exchange.ours.code == 12 && exchange.theirs.code == 8 &&
         exchange.ours.text.starts_with(malformed_method) &&
         exchange.ours.text == exchange.theirs.text;
}

bool is_limited_sort(const RangeRequest& range) {
  return range.limit() > 0 && range.sort_order() == RangeRequest::NONE &&
         range.sort_target() != RangeRequest::KEY;
}

// All but the pairs themselves has to be the same, and so has their number.
bool without_pairs_alike(RangeResponse ours, RangeResponse theirs) {
  if (ours.kvs_size() != theirs.kvs_size()) return false;
  ours.clear_kvs();
  theirs.clear_kvs();
  ours.mutable_header()->set_raft_term(0);
  theirs.mutable_header()->set_raft_term(0);
  return ours.SerializeAsString() == theirs.SerializeAsString();
}

bool sorts_what_it_limits(const Exchange& exchange) {
  const auto range = asked_for<RangeRequest>(exchange, "/etcdserverpb.KV/Range");
  if (!range || !is_limited_sort(*range) || exchange.ours.code != 0 || exchange.theirs.code != 0)
    return false;
  const auto ours = parsed<RangeResponse>(exchange.ours.message);
  const auto theirs = parsed<RangeResponse>(exchange.theirs.message);
  return ours && theirs && without_pairs_alike(*ours, *theirs);
}

using Ops = google::protobuf::RepeatedPtrField<RequestOp>;
bool any_range(const Ops& ops, bool (*holds)(const RangeRequest&)) {
  return std::ranges::any_of(ops, [&](const RequestOp& op) {
    if (op.has_request_txn())
      return any_range(op.request_txn().success(), holds) ||
             any_range(op.request_txn().failure(), holds);
    return op.has_request_range() && holds(op.request_range());
  });
}

// The same within transactions: without the pairs of such ranges, they have to be the same.
bool drop_limited(const Ops& ops, TxnResponse& response) {
  if (ops.size() != response.responses_size()) return false;
  for (int i = 0; i < ops.size(); ++i) {
    ResponseOp& said = *response.mutable_responses(i);
    if (ops[i].has_request_txn()) {
      TxnResponse& within = *said.mutable_response_txn();
      const TxnRequest& asked = ops[i].request_txn();
      if (!drop_limited(within.succeeded() ? asked.success() : asked.failure(), within))
        return false;
    }
    if (ops[i].has_request_range() && is_limited_sort(ops[i].request_range()))
      for (auto& pair : *said.mutable_response_range()->mutable_kvs()) pair.Clear();
  }
  return true;
}

bool sorts_what_it_limits_within(const Exchange& exchange) {
  const auto txn = asked_for<TxnRequest>(exchange, "/etcdserverpb.KV/Txn");
  auto ours = parsed<TxnResponse>(exchange.ours.message);
  auto theirs = parsed<TxnResponse>(exchange.theirs.message);
  if (!txn || !ours || !theirs || exchange.ours.code != 0 || exchange.theirs.code != 0)
    return false;
  for (TxnResponse* one : {&*ours, &*theirs}) {
    one->mutable_header()->set_raft_term(0);
    if (!drop_limited(one->succeeded() ? txn->success() : txn->failure(), *one)) return false;
  }
  return ours->SerializeAsString() == theirs->SerializeAsString();
}

bool has_unknown_order(const Exchange& exchange) {
  constexpr auto unknown = [](const RangeRequest& range) {
    return !RangeRequest::SortOrder_IsValid(range.sort_order());
  };
  const bool refused =
      exchange.ours.code == 3 && exchange.ours.text == "etcdserver: invalid sort option";
  const auto range = asked_for<RangeRequest>(exchange, "/etcdserverpb.KV/Range");
  if (range) return refused && unknown(*range);
  const auto txn = asked_for<TxnRequest>(exchange, "/etcdserverpb.KV/Txn");
  return txn && refused &&
         (any_range(txn->success(), unknown) || any_range(txn->failure(), unknown));
}

bool has_negative_revision(const Exchange& exchange) {
  constexpr auto negative = [](const RangeRequest& range) { return range.revision() < 0; };
  const auto txn = asked_for<TxnRequest>(exchange, "/etcdserverpb.KV/Txn");
  // Of another range of it we may have to say something.
  return txn && exchange.theirs.code == 11 && exchange.ours.text != exchange.theirs.text &&
         exchange.theirs.text == "etcdserver: mvcc: required revision has been compacted" &&
         (any_range(txn->success(), negative) || any_range(txn->failure(), negative));
}

constexpr std::array all = {
    Rule{"bytes that are no message", "the reason is of the library that reads them",
         both_cannot_read},
    Rule{"a path without a service", "the gRPC library of 3.4 gives it another code",
         has_no_service, true},
    Rule{"a limit with a sort and no order", "etcd sorts only the first keys, which is of no use",
         sorts_what_it_limits},
    Rule{"the same within a transaction", "likewise", sorts_what_it_limits_within},
    Rule{"an unknown sort_order", "3.6 refuses it in these words; 3.4 does not sort",
         has_unknown_order, true},
    Rule{"a negative revision within a transaction", "the same field means the same",
         has_negative_revision},
    Rule{negative_start, "3.5 refuses it as compacted; 3.4 begins and then ends the watch", nullptr,
         true},
    Rule{progress_at_once, "3.5 answers when all is told; 3.4.23 at once, and without a watch",
         nullptr, true},
    Rule{progress_no_more,
         "a watch that compaction ended keeps 3.5 from telling it until the client cancels it, too",
         nullptr},
    Rule{erased_at_compacted, "3.5 keeps it for a watch that begins there; 3.4.23 forgets it",
         nullptr, true},
};

// ---- masks

void put_in_order(Message& message) {
  if (auto* left = dynamic_cast<LeaseTimeToLiveResponse*>(&message))
    std::ranges::sort(*left->mutable_keys());
  if (auto* leases = dynamic_cast<LeaseLeasesResponse*>(&message))
    std::ranges::sort(*leases->mutable_leases(), {}, &LeaseStatus::id);
}

void forget_term(Message& message) {
  const auto* const field = message.GetDescriptor()->FindFieldByName("header");
  if (field == nullptr || !message.GetReflection()->HasField(message, field)) return;
  Message* const header = message.GetReflection()->MutableMessage(&message, field);
  static_cast<ResponseHeader*>(header)->set_raft_term(0);
}

// Time goes by between the two questions.
bool is_a_second_apart(const Exchange& exchange, const Names& ours, const Names& theirs) {
  if (!exchange.method.path.ends_with("/LeaseTimeToLive")) return false;
  auto one = parsed<LeaseTimeToLiveResponse>(exchange.ours.message);
  const auto other = parsed<LeaseTimeToLiveResponse>(exchange.theirs.message);
  if (!one || !other || one->ttl() < 0 || other->ttl() < 0) return false;
  if (one->ttl() - other->ttl() > 1 || other->ttl() - one->ttl() > 1) return false;
  one->set_ttl(other->ttl());
  const Said changed{true, 0, {}, one->SerializeAsString()};
  const auto mine = comparable(exchange.method, changed, ours);
  const auto yours = comparable(exchange.method, exchange.theirs, theirs);
  return mine && yours && *mine == *yours;
}

std::string told(const Method& method, const Said& said) {
  if (!said.is_over) return "nothing";
  if (said.code != 0) return "code " + std::to_string(said.code) + ": " + said.text;
  if (method.response == nullptr) return "ok";
  const std::unique_ptr<Message> message(method.response->New());
  if (!message->ParseFromString(said.message)) return "bytes that are no answer";
  return "{ " + text(*message).substr(0, 4000) + " }";
}

}  // namespace

std::span<const Rule> rules() { return all; }

Result<std::string> comparable(const Method& method, const Said& said, const Names& names) {
  if (said.code != 0 || method.response == nullptr) return said.message;
  const std::unique_ptr<Message> message(method.response->New());
  // Nothing is lost or laid out otherwise by looking at the fields.
  if (!message->ParseFromString(said.message) || message->SerializeAsString() != said.message)
    return std::unexpected(Error{Fault::corrupt, "an answer is not what its bytes mean"});
  mark_leases(*message, names);
  forget_term(*message);
  put_in_order(*message);
  return message->SerializeAsString();
}

std::optional<std::string> difference(const Exchange& exchange, const Names& ours,
                                      const Names& theirs, Tally& tally, Release release) {
  const auto one = comparable(exchange.method, exchange.ours, ours);
  const auto other = comparable(exchange.method, exchange.theirs, theirs);
  const bool alike = one && other && *one == *other && exchange.ours.code == exchange.theirs.code &&
                     exchange.ours.text == exchange.theirs.text;
  if (alike) return std::nullopt;
  if (one && other && exchange.ours.code == 0 && exchange.theirs.code == 0 &&
      is_a_second_apart(exchange, ours, theirs))
    return std::nullopt;
  for (const Rule& rule : all) {
    if (rule.only_3_4 && release != Release::v3_4) continue;
    if (rule.allows == nullptr || !rule.allows(exchange)) continue;
    ++tally[rule.name];
    return std::nullopt;
  }
  return "ours:   " + told(exchange.method, exchange.ours) +
         "\ntheirs: " + told(exchange.method, exchange.theirs);
}

}  // namespace bowline::differ
