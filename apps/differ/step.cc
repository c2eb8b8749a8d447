// SPDX-License-Identifier: Apache-2.0
#include "apps/differ/step.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <memory>
#include <regex>

#include "apps/differ/damage.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::differ {
namespace {

constexpr std::int64_t least_ttl = 1000;  // longer than an episode

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

template <class Request, class Response>
Method known(std::string_view path, bool only_reads = false) {
  return {path, &Request::default_instance(), &Response::default_instance(), only_reads};
}

// Calls `change` for every signed number in the message, and in those within it.
void each_number(Message& message, const auto& change) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* const field : fields) {
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (is_message && field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i)
        each_number(*reflection.MutableRepeatedMessage(&message, field, i), change);
    } else if (is_message) {
      each_number(*reflection.MutableMessage(&message, field), change);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64 && !field->is_repeated()) {
      reflection.SetInt64(&message, field, change(reflection.GetInt64(message, field)));
    }
  }
}

bool is_revision(std::int64_t number) {
  return std::llabs(number - revision_mark) < revision_reach;
}
bool is_lease(std::int64_t number) {
  return number >= lease_mark && number < lease_mark + revision_reach;
}

using etcdserverpb::RangeRequest;
using etcdserverpb::TxnRequest;

bool is_unknown_target(const RangeRequest& range) {
  return !RangeRequest::SortTarget_IsValid(range.sort_target());
}

bool is_unknown_order(const RangeRequest& range) {
  return !RangeRequest::SortOrder_IsValid(range.sort_order());
}

// What only one of them refuses.
bool is_disputed(const RangeRequest& range) {
  return range.revision() < 0 || is_unknown_order(range);
}

bool any_op(const TxnRequest& txn, bool (*holds)(const etcdserverpb::RequestOp&)) {
  const auto within = [&](const auto& ops) {
    return std::ranges::any_of(ops, [&](const etcdserverpb::RequestOp& op) {
      return op.has_request_txn() ? any_op(op.request_txn(), holds) : holds(op);
    });
  };
  return within(txn.success()) || within(txn.failure());
}

// A put that wants what the same transaction may have deleted.
bool may_miss_what_it_keeps(const TxnRequest& txn) {
  return any_op(txn, [](const auto& op) { return op.has_request_delete_range(); }) &&
         any_op(txn, [](const auto& op) {
           return op.request_put().ignore_value() || op.request_put().ignore_lease();
         });
}

bool writes(const TxnRequest& txn) {
  return any_op(txn, [](const auto& op) { return !op.has_request_range(); });
}

// A field whose number does not fit in the 32 bits of its tag.
bool has_long_tag(std::string_view bytes) {
  Cursor in(bytes);
  while (in.good() && !in.at_end()) {
    const std::uint64_t tag = in.varint();
    if (tag > std::numeric_limits<std::uint32_t>::max()) return true;
    switch (tag & 7U) {
      case 0: in.varint(); break;
      case 1: in.take(8); break;
      case 2: in.take(in.varint()); break;
      case 5: in.take(4); break;
      default: return false;
    }
  }
  return false;
}

// Only what was damaged has either of them, so it is enough to look for what might be one.
bool may_have_a_bad_group(const Method& method, std::string_view bytes) {
  constexpr auto begins_one = [](char byte) {
    return (static_cast<unsigned char>(byte) & 7U) == 3;
  };
  if (method.request == nullptr || !std::ranges::any_of(bytes, begins_one)) return false;
  const std::unique_ptr<Message> message(method.request->New());
  return !message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

bool may_have_an_empty_end(const Method& method, const std::string& bytes) {
  constexpr std::string_view empty_second_field("\x12\0", 2);
  if (method.request == nullptr || !bytes.contains(empty_second_field)) return false;
  const std::unique_ptr<Message> message(method.request->New());
  return message->ParseFromString(bytes) && message->SerializeAsString() != bytes;
}

std::string hex(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    constexpr std::string_view all = "0123456789abcdef";
    digits += all[static_cast<unsigned char>(byte) >> 4U];
    digits += all[static_cast<unsigned char>(byte) & 15U];
  }
  return digits;
}

}  // namespace

std::span<const Method> methods() {
  using namespace etcdserverpb;
  static const std::array all = {
      known<RangeRequest, RangeResponse>("/etcdserverpb.KV/Range", true),
      known<PutRequest, PutResponse>("/etcdserverpb.KV/Put"),
      known<DeleteRangeRequest, DeleteRangeResponse>("/etcdserverpb.KV/DeleteRange"),
      known<TxnRequest, TxnResponse>("/etcdserverpb.KV/Txn"),
      known<CompactionRequest, CompactionResponse>("/etcdserverpb.KV/Compact"),
      known<LeaseGrantRequest, LeaseGrantResponse>("/etcdserverpb.Lease/LeaseGrant"),
      known<LeaseRevokeRequest, LeaseRevokeResponse>("/etcdserverpb.Lease/LeaseRevoke"),
      known<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse>("/etcdserverpb.Lease/LeaseTimeToLive",
                                                             true),
      known<LeaseLeasesRequest, LeaseLeasesResponse>("/etcdserverpb.Lease/LeaseLeases", true),
      known<LeaseKeepAliveRequest, LeaseKeepAliveResponse>("/etcdserverpb.Lease/LeaseKeepAlive"),
      known<WatchRequest, WatchResponse>("/etcdserverpb.Watch/Watch"),
      Method{"/etcdserverpb.KV/Nothing", nullptr, nullptr, true},
      Method{"/etcdserverpb.Nothing/Range", nullptr, nullptr, true},
      Method{"/nothing", nullptr, nullptr, true},
  };
  return all;
}

const Method& method_of(std::string_view path) {
  const auto found = std::ranges::find(methods(), path, &Method::path);
  ensure(found != methods().end());
  return *found;
}

std::int64_t Names::lease(std::size_t slot) const {
  return leases[slot] != 0 ? leases[slot] : first_lease + static_cast<std::int64_t>(slot);
}

std::string bytes_for(const Step& step, const Names& names) {
  std::string bytes = step.bytes;
  // What is damaged has to be the same bytes for both, and so has no id that a server chose.
  const Names its = step.damage == 0 ? names : Names{.base = names.base};
  if (step.method != nullptr && step.method->request != nullptr) {
    const std::unique_ptr<Message> message(step.method->request->New());
    ensure(message->ParseFromString(bytes));
    each_number(*message, [&](std::int64_t number) {
      if (is_revision(number)) return names.base + (number - revision_mark);
      if (is_lease(number)) return its.lease(static_cast<std::size_t>(number - lease_mark));
      return number;
    });
    bytes = message->SerializeAsString();
  }
  return step.damage == 0 ? bytes : damaged(std::move(bytes), step.damage);
}

void mark_leases(Message& message, const Names& names) {
  const bool none = std::ranges::all_of(names.leases, [](std::int64_t id) { return id == 0; });
  if (none) return;
  each_number(message, [&](std::int64_t number) {
    const auto slot = std::ranges::find(names.leases, number);
    if (number == 0 || slot == names.leases.end()) return number;
    return lease_mark + (slot - names.leases.begin());
  });
}

std::string_view why_not(const Method& method, const std::string& bytes, Release theirs) {
  if (has_long_tag(bytes)) return "the readers of protobuf do not agree on such a tag";
  if (theirs == Release::v3_5 && may_have_a_bad_group(method, bytes))
    return "that of 3.5 does not look into a group which nobody knows";
  if (may_have_an_empty_end(method, bytes))
    return "a range_end that is sent and empty is none; to etcd it is the end of all keys";
  RangeRequest range;
  if (method.path == "/etcdserverpb.KV/Range" && range.ParseFromString(bytes) &&
      is_unknown_target(range))
    return "3.4 and 3.5 end their process for that sort_target";
  if (method.path == "/etcdserverpb.KV/Range" && theirs == Release::v3_5 && is_unknown_order(range))
    return "3.5 ends its process for that sort_order";
  TxnRequest txn;
  if (method.path == "/etcdserverpb.KV/Txn" && txn.ParseFromString(bytes)) {
    if (any_op(txn, [](const auto& op) { return is_unknown_target(op.request_range()); }))
      return "3.4 and 3.5 end their process for that sort_target";
    if (theirs == Release::v3_5 &&
        any_op(txn, [](const auto& op) { return is_unknown_order(op.request_range()); }))
      return "3.5 ends its process for that sort_order";
    if (may_miss_what_it_keeps(txn))
      return "etcd ends its process if the key of ignore_value is deleted before";
    if (writes(txn) && any_op(txn, [](const auto& op) { return is_disputed(op.request_range()); }))
      return "one would write, the other one not";
  }
  etcdserverpb::LeaseGrantRequest grant;
  if (method.path == "/etcdserverpb.Lease/LeaseGrant" && grant.ParseFromString(bytes) &&
      grant.ttl() < least_ttl)
    return "when the lease ends is a matter of chance";
  etcdserverpb::WatchRequest watch;
  if (method.path == "/etcdserverpb.Watch/Watch" && watch.ParseFromString(bytes) &&
      theirs == Release::v3_4 && watch.create_request().start_revision() < 0 &&
      watch.create_request().watch_id() == 0)
    return "3.4 gives an id to what it refuses, and counts on from there";
  return {};
}

std::string text(const Message& message) {
  const std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  std::string line = copy->ShortDebugString();
  std::string out;
  static const std::regex numbers("\\b\\d{15,}\\b");
  auto at = line.cbegin();
  for (std::sregex_iterator i(line.begin(), line.end(), numbers); i != std::sregex_iterator();
       ++i) {
    const std::int64_t number = std::strtoll(i->str().c_str(), nullptr, 10);
    out.append(at, i->operator[](0).first);
    at = i->operator[](0).second;
    const std::int64_t from = number - revision_mark;
    if (is_revision(number)) {
      out += (from < 0 ? "BASE" : "BASE+") + std::to_string(from);
    } else if (is_lease(number)) {
      out += "LEASE#" + std::to_string(number - lease_mark);
    } else {
      out += i->str();
    }
  }
  out.append(at, line.cend());
  return out;
}

std::string text(const Step& step) {
  const auto message = [&] {
    if (step.method == nullptr || step.method->request == nullptr) return std::string();
    const std::unique_ptr<Message> made(step.method->request->New());
    return made->ParseFromString(step.bytes) ? text(*made) : std::string("?");
  };
  const std::string stream = "stream " + std::to_string(step.stream);
  std::string line;
  switch (step.kind) {
    case Step::Kind::call: line = std::string(step.method->path) + " { " + message() + " }"; break;
    case Step::Kind::open: line = stream + " opens"; break;
    case Step::Kind::say: line = stream + " { " + message() + " }"; break;
    case Step::Kind::hang_up: line = stream + " is given up, and opens again"; break;
    case Step::Kind::expire: line = "a lease of a second ends, with its keys"; break;
  }
  if (step.damage != 0)
    line += " damaged by " + std::to_string(step.damage) + ": " + hex(bytes_for(step, {}));
  if (step.slot != no_slot) line += " becomes LEASE#" + std::to_string(step.slot);
  return line;
}

}  // namespace bowline::differ
