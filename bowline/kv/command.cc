// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/command.h"

#include <algorithm>
#include <utility>

#include "bowline/kv/codec.h"

namespace bowline::kv {
namespace {

enum class OpKind : std::uint8_t { range, put, erase, txn };

void write(std::string& out, const Interval& keys) {
  put_bytes(out, keys.key);
  put_bytes(out, keys.range_end);
}
Interval read_interval(Cursor& in) {
  const std::string_view key = take_bytes(in);
  return {key, take_bytes(in)};
}

void write(std::string& out, const Range& range) {
  write(out, range.keys);
  for (const std::int64_t number :
       {range.limit, range.revision, range.min_mod_revision, range.max_mod_revision,
        range.min_create_revision, range.max_create_revision})
    put_signed(out, number);
  out.push_back(static_cast<char>(range.order));
  out.push_back(static_cast<char>(range.sort_by));
  for (const bool flag : {range.serializable, range.keys_only, range.count_only})
    put_flag(out, flag);
}
Range read_range(Cursor& in) {
  Range range{.keys = read_interval(in)};
  for (std::int64_t* const number :
       {&range.limit, &range.revision, &range.min_mod_revision, &range.max_mod_revision,
        &range.min_create_revision, &range.max_create_revision})
    *number = take_signed(in);
  range.order = static_cast<Order>(in.u8_below(3));
  range.sort_by = static_cast<SortBy>(in.u8_below(5));
  for (bool* const flag : {&range.serializable, &range.keys_only, &range.count_only})
    *flag = take_flag(in);
  return range;
}

// The flags of a put share a byte: it is what there is most of.
void write(std::string& out, const Put& put) {
  out.push_back(static_cast<char>((put.prev_kv ? 1 : 0) | (put.ignore_value ? 2 : 0) |
                                  (put.ignore_lease ? 4 : 0)));
  put_signed(out, put.lease);
  put_bytes(out, put.key);
  put_bytes(out, put.value);
}
Put read_put(Cursor& in) {
  const std::uint8_t flags = in.u8_below(8);
  Put put;
  put.lease = take_signed(in);
  put.prev_kv = (flags & 1) != 0;
  put.ignore_value = (flags & 2) != 0;
  put.ignore_lease = (flags & 4) != 0;
  put.key = take_bytes(in);
  put.value = take_bytes(in);
  return put;
}

void write(std::string& out, const DeleteRange& erase) {
  write(out, erase.keys);
  put_flag(out, erase.prev_kv);
}
DeleteRange read_erase(Cursor& in) {
  DeleteRange erase{.keys = read_interval(in)};
  erase.prev_kv = take_flag(in);
  return erase;
}

void write(std::string& out, const Compare& compare) {
  write(out, compare.keys);
  out.push_back(static_cast<char>(compare.target));
  out.push_back(static_cast<char>(compare.result));
  put_signed(out, compare.number);
  put_bytes(out, compare.value);
}
Compare read_compare(Cursor& in) {
  Compare compare;
  compare.keys = read_interval(in);
  compare.target = static_cast<Compare::Target>(in.u8_below(5));
  compare.result = static_cast<Compare::Result>(in.u8_below(4));
  compare.number = take_signed(in);
  compare.value = take_bytes(in);
  return compare;
}

void write(std::string& out, const Txn& txn);
void write(std::string& out, const std::vector<Op>& ops) {
  put_varint(out, ops.size());
  for (const Op& op : ops) {
    out.push_back(static_cast<char>(op.what.index()));
    std::visit([&](const auto& what) { write(out, what); }, op.what);
  }
}
void write(std::string& out, const Txn& txn) {
  put_varint(out, txn.compares.size());
  for (const Compare& compare : txn.compares) write(out, compare);
  write(out, txn.success);
  write(out, txn.failure);
}

Txn read_txn(Cursor& in, std::uint32_t nesting);
Op read_op(Cursor& in, std::uint32_t nesting) {
  switch (static_cast<OpKind>(in.u8_below(4))) {
    case OpKind::range: return {read_range(in)};
    case OpKind::put: return {read_put(in)};
    case OpKind::erase: return {read_erase(in)};
    case OpKind::txn: return {read_txn(in, nesting + 1)};
  }
  std::unreachable();
}
std::vector<Op> read_ops(Cursor& in, std::uint32_t nesting) {
  std::vector<Op> ops;
  const std::uint64_t count = take_count(in);
  for (std::uint64_t i = 0; i < count && in.good(); ++i) ops.push_back(read_op(in, nesting));
  return ops;
}
Txn read_txn(Cursor& in, std::uint32_t nesting) {
  Txn txn;
  if (nesting > most_nesting) in.fail();
  const std::uint64_t count = take_count(in);
  for (std::uint64_t i = 0; i < count && in.good(); ++i) txn.compares.push_back(read_compare(in));
  txn.success = read_ops(in, nesting);
  txn.failure = read_ops(in, nesting);
  return txn;
}

void write(std::string& out, const Compact& compact) { put_signed(out, compact.revision); }
void write(std::string& out, const LeaseGrant& grant) {
  put_signed(out, grant.id);
  put_signed(out, grant.ttl);
}
void write(std::string& out, const LeaseRevoke& revoke) {
  put_signed(out, revoke.id);
  put_varint(out, revoke.expired_in);
  put_varint(out, revoke.tenure);
}
void write(std::string& out, const LeaseCheckpoint& checkpoint) {
  put_varint(out, checkpoint.term);
  put_varint(out, checkpoint.left.size());
  for (const LeaseCheckpoint::Left& left : checkpoint.left) {
    put_signed(out, left.id);
    put_signed(out, left.ttl);
    put_varint(out, left.tenure);
  }
}
void write(std::string& out, const AlarmChange& change) {
  out.push_back(static_cast<char>(change.action));
  put_varint(out, change.alarm.member);
  out.push_back(static_cast<char>(change.alarm.kind));
}

LeaseGrant read_grant(Cursor& in) {
  const LeaseId id = take_signed(in);
  return {id, take_signed(in)};
}
LeaseRevoke read_revoke(Cursor& in) {
  const LeaseId id = take_signed(in);
  const std::uint64_t expired_in = in.varint();
  return {id, expired_in, in.varint()};
}
LeaseCheckpoint read_checkpoint(Cursor& in) {
  LeaseCheckpoint checkpoint{.left = {}, .term = in.varint()};
  const std::uint64_t count = take_count(in);
  for (std::uint64_t i = 0; i < count && in.good(); ++i) {
    const LeaseId id = take_signed(in);
    const std::int64_t ttl = take_signed(in);
    checkpoint.left.push_back({id, ttl, in.varint()});
  }
  return checkpoint;
}
AlarmChange read_alarm(Cursor& in) {
  AlarmChange change;
  change.action = static_cast<AlarmChange::Action>(in.u8_below(3));
  change.alarm.member = in.varint();
  change.alarm.kind = static_cast<Alarm::Kind>(in.u8_below(3));
  return change;
}

Command read_command(Cursor& in) {
  switch (in.u8_below(std::variant_size_v<Command>)) {
    case 0: return read_put(in);
    case 1: return read_erase(in);
    case 2: return read_txn(in, 1);
    case 3: return Compact{take_signed(in)};
    case 4: return read_grant(in);
    case 5: return read_revoke(in);
    case 6: return read_checkpoint(in);
    default: return read_alarm(in);
  }
}

bool writes(const std::vector<Op>& ops) {
  return std::ranges::any_of(ops, [](const Op& op) {
    if (const auto* txn = std::get_if<Txn>(&op.what)) return kv::writes(*txn);
    return !std::holds_alternative<Range>(op.what);
  });
}

std::size_t roughly(const Command& command) {
  const auto* put = std::get_if<Put>(&command);
  return put == nullptr ? 64 : 32 + put->key.size() + put->value.size();
}

}  // namespace

std::string encode(const Command& command) {
  std::string out;
  out.reserve(roughly(command));
  out.push_back(static_cast<char>(command_version));
  out.push_back(static_cast<char>(command.index()));
  std::visit([&](const auto& what) { write(out, what); }, command);
  return out;
}

std::optional<Command> decode_command(std::string_view bytes) {
  Cursor in(bytes);
  if (in.u8() != command_version) return std::nullopt;
  Command command = read_command(in);
  if (!in.good() || !in.at_end()) return std::nullopt;
  return command;
}

bool writes(const Txn& txn) { return writes(txn.success) || writes(txn.failure); }

}  // namespace bowline::kv
