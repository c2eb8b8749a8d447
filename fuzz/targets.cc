// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/host/manifest.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/wal/batch.h"
#include "bowline/wal/identity.h"
#include "bowline/wal/row.h"
#include "fuzz/etcd_targets.h"
#include "fuzz/front_targets.h"
#include "fuzz/kv_targets.h"
#include "fuzz/rpc_targets.h"
#include "fuzz/segment_targets.h"
#include "fuzz/session_targets.h"
#include "fuzz/wire_targets.h"

namespace bowline::fuzz {
namespace {

using wal::Echo;
using wal::EntryHead;
using wal::Row;
using wal::Table;

void check_list(const std::vector<EntryHead>& entries, std::uint64_t from, std::uint64_t content) {
  LogId last;
  for (const EntryHead& entry : entries) {
    ensure(entry.id.index > last.index && entry.id.term >= last.term);
    ensure(entry.id.index.value < absurd && entry.id.term.value < absurd);
    ensure(entry.at >= from && entry.at <= content && entry.bytes <= content - entry.at);
    last = entry.id;
  }
}

bool same(const std::vector<EntryHead>& a, const std::vector<EntryHead>& b) {
  return std::ranges::equal(a, b, [](const EntryHead& x, const EntryHead& y) {
    return x.id == y.id && x.kind == y.kind && x.bytes == y.bytes && x.at == y.at;
  });
}

bool same(const std::vector<Row>& a, const std::vector<Row>& b) {
  return std::ranges::equal(a, b, [](const Row& x, const Row& y) {
    return x.group == y.group && x.number == y.number && x.moved == y.moved &&
           x.forget == y.forget && x.discard == y.discard && x.hard == y.hard &&
           x.base.has_value() == y.base.has_value() && x.cut_after == y.cut_after &&
           same(x.repaired, y.repaired) && same(x.entries, y.entries);
  });
}

raft::Batch entries_of(const std::vector<EntryHead>& heads) {
  raft::Batch entries;
  entries.reserve(heads.size());
  for (const EntryHead& head : heads)
    entries.push_back({head.id, head.kind, Bytes::own(std::string(head.bytes, 'p'))});
  return entries;
}

// What was read can be written, and then is read as the same.
void check_again(const Table& table) {
  wal::Draft draft;
  if (table.follows) draft.follow(*table.follows);
  if (table.echo) draft.repeat(*table.echo);
  for (const Row& row : table.rows)
    draft.add(row.group, row.number,
              {.hard_state = row.hard,
               .base = row.base,
               .discard = row.discard,
               .cut_after = row.cut_after,
               .repaired = entries_of(row.repaired),
               .entries = entries_of(row.entries)},
              row.moved);
  std::string blocks(wal::blocks_for(draft.bytes()) * wal::block_bytes, '\0');
  draft.lay_out(blocks.data());
  const std::string content = wal::gather(blocks, 0, draft.bytes());
  const auto size = load<std::uint32_t>(content.data());
  const auto again = wal::decode_table(std::string_view(content).substr(0, size), content.size());
  ensure(again.has_value() && again->follows == table.follows && again->echo == table.echo);
  ensure(again->rows.size() == table.rows.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    ensure(again->rows[i].hard == table.rows[i].hard &&
           again->rows[i].entries.size() == table.rows[i].entries.size());
}

std::uint16_t payload_of(std::string_view input) {
  const std::string bytes(input.substr(0, 2));
  return load<std::uint16_t>(bytes.data());
}

//   payload bytes u16 | table; its first four bytes, the size, are put right
bool eat_table(std::string_view input) {
  if (input.size() < 2 + wal::table_size_bytes) return false;
  std::string table(input.substr(2));
  store(table.data(), static_cast<std::uint32_t>(table.size()));
  const std::uint64_t content = table.size() + payload_of(input);
  const std::optional<Table> decoded = wal::decode_table(table, content);
  if (!decoded) return false;
  for (const Row& row : decoded->rows) {
    check_list(row.repaired, table.size(), content);
    check_list(row.entries, table.size(), content);
  }
  Echo own = decoded->own;
  own.batch = 1;
  const auto rows = wal::decode_echo(own);
  ensure(rows.has_value() && same(*rows, decoded->rows));
  check_again(*decoded);
  return true;
}

//   payload bytes u16 | rows u8 | rows
bool eat_echo(std::string_view input) {
  if (input.size() < 3) return false;
  constexpr std::uint32_t table = 100;
  const std::uint32_t content = table + payload_of(input);
  const Echo echo{.batch = 1,
                  .blocks = static_cast<std::uint32_t>(wal::blocks_for(content)),
                  .content = content,
                  .table = table,
                  .follows = {},
                  .rows = static_cast<std::uint8_t>(input[2]),
                  .bytes = std::string(input.substr(3))};
  const auto rows = wal::decode_echo(echo);
  if (!rows) return false;
  ensure(rows->size() == echo.rows);
  for (const Row& row : *rows) {
    check_list(row.repaired, table, content);
    check_list(row.entries, table, content);
  }
  return true;
}

//   0 | a file    1 | what is in it; it is sealed here
bool eat_identity(std::string_view input) {
  if (input.empty()) return false;
  const bool seals = input.front() != 0;
  input.remove_prefix(1);
  std::string file(input);
  if (seals) {
    const auto content = static_cast<std::uint32_t>(std::min(input.size(), wal::room_bytes));
    file.assign(wal::identity_bytes, '\0');
    std::ranges::copy(input.substr(0, content), file.begin() + wal::head_bytes);
    wal::seal(file, {}, 1, content);
  }
  const auto found = wal::decode_identity(file);
  if (!found) return false;
  std::string again(wal::identity_bytes, '\0');
  encode(*found, again);
  ensure(!seals || file == again);
  for (std::string* bytes : {&file, &again}) {
    const auto same = wal::decode_identity(*bytes);
    ensure(same.has_value() && *same == *found);
  }
  return true;
}

bool eat_membership(std::string_view input) {
  const raft::MembershipPtr membership = raft::decode_membership(input);
  if (membership == nullptr) return false;
  ensure(raft::encode(*membership).view() == input);
  return true;
}

//   the content of a manifest; its head is made here, so that the sums are right
bool eat_manifest(std::string_view input) {
  std::string bytes;
  put(bytes, host::manifest_magic);
  put(bytes, static_cast<std::uint32_t>(input.size()));
  put(bytes, crc32c(input));
  bytes += input;
  const Result<host::Manifest> manifest = host::decode_manifest(bytes);
  if (!manifest) return false;
  ensure(encode(*manifest) == bytes && manifest->identity == identity_of(*manifest));
  ensure(host::decode_manifest_file(bytes + '\0').has_value());
  std::uint64_t all = 0;
  for (std::uint32_t piece = 0; piece < manifest->pieces(); ++piece)
    all += manifest->bytes_of(piece);
  ensure(all == manifest->bytes);
  return true;
}

constexpr std::array<Target, 26> all = {{
    {"table", 70'000, eat_table},
    {"echo", 70'000, eat_echo},
    {"identity", 2 * wal::identity_bytes, eat_identity},
    {"membership", 9'000, eat_membership},
    {"segment", segment_target_bytes, eat_segment},
    {"batches", 20'000, eat_batches},
    {"letters", wire_target_bytes, eat_letters},
    {"frames", wire_target_bytes, eat_frames},
    {"hello", 600, eat_hello},
    {"parcels", wire_target_bytes, eat_parcels},
    {"asks", wire_target_bytes, eat_asks},
    {"manifest", 20'000, eat_manifest},
    {"envelopes", session_target_bytes, eat_envelopes},
    {"replies", session_target_bytes, eat_replies},
    {"sessions", session_target_bytes, eat_sessions},
    {"commands", kv_target_bytes, eat_commands},
    {"answers", kv_target_bytes, eat_answers},
    {"maps", kv_target_bytes, eat_maps},
    {"http1", rpc_target_bytes, eat_http1},
    {"http2", rpc_target_bytes, eat_http2},
    {"requests", etcd_target_bytes, eat_requests},
    {"errands", etcd_target_bytes, eat_errands},
    {"databases", database_target_bytes, eat_databases},
    {"gateway", front_target_bytes, eat_gateway},
    {"config", front_target_bytes, eat_config},
    {"watches", front_target_bytes, eat_watches},
}};

}  // namespace

std::span<const Target> targets() { return all; }

const Target* target_named(std::string_view name) {
  const auto found = std::ranges::find(all, name, &Target::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace bowline::fuzz
