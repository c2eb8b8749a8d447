// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/row.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/wal/block.h"

// The content of a batch; v is a varint:
//   table size u32 | flags u8 | follows? | echo? | rows v | row* | payload*
//   follows  segment v | end v | batch v
//   echo     batch v | content v | table size v | flags u8 | follows? | rows v | size v | row*
//   row      group v | number v | flags u8 | hard? | base? | cut v? | repaired? | entries?
//   hard     term v | voted for v | its incarnation u64 | blank u8
//   base     term v | index v | membership index v | known in v | size v | membership
//   list     count v | (size, kind and flags v | index skipped v? | terms skipped v?)*
namespace bowline::wal {
namespace {

// Of a batch.
constexpr unsigned has_follows = 1;
constexpr unsigned has_echo = 2;

// Of a row.
constexpr unsigned has_hard = 1;
constexpr unsigned has_base = 2;
constexpr unsigned discards = 4;
constexpr unsigned cuts = 8;
constexpr unsigned has_entries = 16;
constexpr unsigned has_repaired = 32;
constexpr unsigned forgets = 64;
constexpr unsigned was_moved = 128;

constexpr std::uint64_t skips_terms = 1;
constexpr std::uint64_t skips_indexes = 2;
constexpr unsigned kind_shift = 2;
constexpr std::uint64_t kind_mask = 3;
constexpr unsigned size_shift = 4;

void put_follows(std::string& out, const Follows& follows) {
  put_varint(out, follows.segment);
  put_varint(out, follows.end);
  put_varint(out, follows.batch);
}

void put_hard(std::string& out, const raft::HardState& hard) {
  put_varint(out, hard.term.value);
  put_varint(out, hard.voted_for.value);
  put(out, hard.voted_incarnation.value);
  out.push_back(hard.blank ? 1 : 0);
}

raft::HardState take_hard(Cursor& in) {
  raft::HardState hard;
  hard.term = {in.varint()};
  hard.voted_for = {in.varint()};
  hard.voted_incarnation = {in.u64()};
  const std::uint8_t blank = in.u8();
  if (blank > 1) in.fail();
  hard.blank = blank == 1;
  return hard;
}

void put_base(std::string& out, const raft::Base& base) {
  put_varint(out, base.id.term.value);
  put_varint(out, base.id.index.value);
  put_varint(out, base.membership_index.value);
  put_varint(out, base.known_in.value);
  const Bytes membership = base.membership == nullptr ? Bytes() : raft::encode(*base.membership);
  put_varint(out, membership.size());
  out += membership.view();
}

raft::Base take_base(Cursor& in) {
  raft::Base base;
  base.id.term = {in.varint()};
  base.id.index = {in.varint()};
  base.membership_index = {in.varint()};
  base.known_in = {in.varint()};
  const std::string_view membership = in.take(in.varint());
  if (membership.empty()) return base;
  base.membership = raft::decode_membership(membership);
  if (base.membership == nullptr) in.fail();
  return base;
}

std::vector<EntryHead> take_list(Cursor& in) {
  std::vector<EntryHead> list;
  const std::uint64_t count = in.varint();
  if (count > in.left()) in.fail();  // each takes a byte at least
  if (in.good()) list.reserve(count);
  LogId id;
  for (std::uint64_t i = 0; i < count && in.good(); ++i) {
    const std::uint64_t code = in.varint();
    const std::uint64_t kind = code >> kind_shift & kind_mask;
    if (kind > std::to_underlying(raft::Kind::blank) || code >> size_shift > UINT32_MAX) in.fail();
    // Bounded so that a sum cannot begin again at 0.
    const auto skipped = [&](bool skips, std::uint64_t from) {
      return skips ? in.varint_at_most(absurd - from) : 0;
    };
    const std::uint64_t indexes = skipped((code & skips_indexes) != 0, id.index.value);
    const std::uint64_t terms = skipped((code & skips_terms) != 0, id.term.value);
    id = {id.term + terms, id.index + (indexes + 1)};
    if (id.index.value >= absurd || id.term.value >= absurd) in.fail();
    list.push_back(
        {id, static_cast<raft::Kind>(kind), static_cast<std::uint32_t>(code >> size_shift), 0});
  }
  return list;
}

Row take_row(Cursor& in) {
  Row row;
  row.group = {in.varint()};
  row.number = in.varint_at_most(absurd);
  const unsigned flags = in.u8();
  row.moved = (flags & was_moved) != 0;
  row.forget = (flags & forgets) != 0;
  row.discard = (flags & discards) != 0;
  if ((flags & has_hard) != 0) row.hard = take_hard(in);
  if ((flags & has_base) != 0) row.base = take_base(in);
  if ((flags & cuts) != 0) row.cut_after = Index{in.varint()};
  if ((flags & has_repaired) != 0) row.repaired = take_list(in);
  if ((flags & has_entries) != 0) row.entries = take_list(in);
  if (row.discard && !row.base) in.fail();
  return row;
}

// The payloads lie one behind the other, in the order of the table.
std::uint64_t place_payloads(Row& row, std::uint64_t at) {
  for (auto* list : {&row.repaired, &row.entries}) {
    for (EntryHead& entry : *list) {
      entry.at = at;
      at += entry.bytes;
    }
  }
  return at;
}

}  // namespace

void Draft::add_list(const raft::Batch& entries) {
  put_varint(table_, entries.size());
  LogId last;
  for (const raft::Entry& entry : entries) {
    ensure(entry.id.index > last.index && entry.id.term >= last.term);
    const std::uint64_t indexes = entry.id.index - last.index - 1;
    const std::uint64_t terms = entry.id.term - last.term;
    put_varint(table_, std::uint64_t{entry.payload.size()} << size_shift |
                           std::uint64_t{std::to_underlying(entry.kind)} << kind_shift |
                           (indexes > 0 ? skips_indexes : 0) | (terms > 0 ? skips_terms : 0));
    if (indexes > 0) put_varint(table_, indexes);
    if (terms > 0) put_varint(table_, terms);
    last = entry.id;
    payload_bytes_ += entry.payload.size();
    payloads_.push_back(entry.payload);
  }
}

void Draft::add(GroupId group, std::uint64_t number, const raft::Persist& write, bool moved) {
  ++rows_;
  put_varint(table_, group.value);
  put_varint(table_, number);
  const unsigned flags = (write.hard_state ? has_hard : 0U) | (write.base ? has_base : 0U) |
                         (write.discard ? discards : 0U) | (write.cut_after ? cuts : 0U) |
                         (write.entries.empty() ? 0U : has_entries) |
                         (write.repaired.empty() ? 0U : has_repaired) | (moved ? was_moved : 0U);
  table_.push_back(static_cast<char>(flags));
  if (write.hard_state) put_hard(table_, *write.hard_state);
  if (write.base) put_base(table_, *write.base);
  if (write.cut_after) put_varint(table_, write.cut_after->value);
  if (!write.repaired.empty()) add_list(write.repaired);
  if (!write.entries.empty()) add_list(write.entries);
}

void Draft::add_forget(GroupId group, std::uint64_t number) {
  ++rows_;
  put_varint(table_, group.value);
  put_varint(table_, number);
  table_.push_back(static_cast<char>(forgets));
}

void Draft::follow(const Follows& follows) {
  follows_ = follows;
  follows_bytes_.clear();
  put_follows(follows_bytes_, follows);
}

void Draft::repeat(const Echo& echo) {
  echo_bytes_.clear();
  if (echo.batch == 0) return;
  put_varint(echo_bytes_, echo.batch);
  put_varint(echo_bytes_, echo.content);
  put_varint(echo_bytes_, echo.table);
  echo_bytes_.push_back(static_cast<char>(echo.follows ? has_follows : 0U));
  if (echo.follows) put_follows(echo_bytes_, *echo.follows);
  put_varint(echo_bytes_, echo.rows);
  put_varint(echo_bytes_, echo.bytes.size());
  echo_bytes_ += echo.bytes;
}

void Draft::clear() {
  follows_.reset();
  follows_bytes_.clear();
  echo_bytes_.clear();
  rows_ = 0;
  table_.clear();
  payloads_.clear();
  payload_bytes_ = 0;
}

// Into what is there: a string of a thousand rows is no small thing to make anew each time.
void Draft::tell(std::uint64_t batch, Echo& echo) const {
  const std::uint64_t content = bytes();
  echo.batch = batch;
  echo.blocks = static_cast<std::uint32_t>(blocks_for(content));
  echo.content = static_cast<std::uint32_t>(content);
  echo.table = static_cast<std::uint32_t>(content - payload_bytes_);
  echo.follows = follows_;
  echo.rows = rows_;
  echo.bytes = table_;
}

std::uint64_t Draft::bytes() const {
  const std::size_t head =
      table_size_bytes + 1 + follows_bytes_.size() + echo_bytes_.size() + varint_bytes(rows_);
  return head + table_.size() + payload_bytes_;
}

void Draft::lay_out(char* to) const {
  std::size_t at = 0;
  const auto put = [&](std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t fits = std::min(bytes.size(), room_bytes - at % room_bytes);
      std::memcpy(to + spot(at), bytes.data(), fits);
      bytes.remove_prefix(fits);
      at += fits;
    }
  };
  std::array<char, table_size_bytes + 1> begin{};
  store(begin.data(), static_cast<std::uint32_t>(bytes() - payload_bytes_));
  begin.back() =
      static_cast<char>((follows_ ? has_follows : 0U) | (echo_bytes_.empty() ? 0U : has_echo));
  std::string rows;
  put_varint(rows, rows_);
  put({begin.data(), begin.size()});
  for (const std::string_view part :
       {std::string_view(follows_bytes_), std::string_view(echo_bytes_), std::string_view(rows),
        std::string_view(table_)})
    put(part);
  for (const Bytes& payload : payloads_) put(payload.view());
  if (const std::size_t rest = at % room_bytes; rest != 0)
    std::memset(to + spot(at), 0, room_bytes - rest);  // of the last block
}

namespace {

std::optional<Follows> take_follows(Cursor& in) {
  const std::uint64_t segment = in.varint();
  const std::uint64_t end = in.varint();
  return Follows{segment, end, in.varint()};
}

std::optional<Echo> take_echo(Cursor& in) {
  Echo echo;
  echo.batch = in.varint();
  echo.content = static_cast<std::uint32_t>(in.varint_at_most(UINT32_MAX));
  echo.table = static_cast<std::uint32_t>(in.varint_at_most(UINT32_MAX));
  echo.blocks = static_cast<std::uint32_t>(blocks_for(echo.content));
  const unsigned flags = in.u8();
  if ((flags & has_follows) != 0) echo.follows = take_follows(in);
  if (echo.batch == 0 || flags > has_follows) in.fail();
  echo.rows = in.varint();
  echo.bytes = in.take(in.varint());
  return echo;
}

// `payloads`: where they begin, and then where they end.
std::vector<Row> take_rows(Cursor& in, std::uint64_t count, std::uint64_t& payloads) {
  std::vector<Row> rows;
  if (count > in.left()) in.fail();
  if (in.good()) rows.reserve(count);
  for (std::uint64_t i = 0; i < count && in.good(); ++i) {
    rows.push_back(take_row(in));
    payloads = place_payloads(rows.back(), payloads);
  }
  return rows;
}

}  // namespace

std::optional<Table> decode_table(std::string_view table, std::uint64_t content) {
  if (table.size() < table_size_bytes || content < table.size()) return std::nullopt;
  if (load<std::uint32_t>(&table.front()) != table.size()) return std::nullopt;
  Cursor in(table.substr(table_size_bytes));
  const unsigned flags = in.u8();
  if (flags > (has_follows | has_echo)) return std::nullopt;
  Table decoded;
  if ((flags & has_follows) != 0) decoded.follows = take_follows(in);
  if ((flags & has_echo) != 0) decoded.echo = take_echo(in);
  Echo& own = decoded.own;
  own.content = static_cast<std::uint32_t>(content);
  own.table = static_cast<std::uint32_t>(table.size());
  own.follows = decoded.follows;
  own.rows = in.varint();
  own.bytes = table.substr(table_size_bytes + in.at());
  std::uint64_t payloads = table.size();
  decoded.rows = take_rows(in, own.rows, payloads);
  if (!in.good() || !in.at_end() || payloads != content) return std::nullopt;
  return decoded;
}

std::optional<std::vector<Row>> decode_echo(const Echo& echo) {
  Cursor in(echo.bytes);
  std::uint64_t payloads = echo.table;
  std::vector<Row> rows = take_rows(in, echo.rows, payloads);
  if (!in.good() || !in.at_end() || payloads != echo.content) return std::nullopt;
  return rows;
}

}  // namespace bowline::wal
