// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/batch.h"

#include <algorithm>
#include <utility>

#include "bowline/base/encoding.h"

namespace bowline::wal {
namespace {

// Where no block is good, nobody who looks there finds even what has no bytes.
bool readable(const Batch& batch, std::uint64_t at, std::uint64_t bytes) {
  if (batch.state != State::damaged) return true;
  if (bytes == 0) return batch.bad.size() < batch.blocks;
  return std::ranges::none_of(batch.bad, [&](std::uint64_t bad) {
    const std::uint64_t begin = bad * room_bytes;
    return at < begin + room_bytes && begin < at + bytes;
  });
}

std::optional<Table> table_in(const Batch& batch, std::string_view blocks, const Head& head) {
  if (!readable(batch, 0, table_size_bytes)) return std::nullopt;
  const auto bytes = load<std::uint32_t>(gather(blocks, 0, table_size_bytes).data());
  if (bytes > head.content || !readable(batch, 0, bytes)) return std::nullopt;
  return decode_table(gather(blocks, 0, bytes), head.content);
}

// What is not there is what ties it to the batch before it. Whoever needs that has the echo.
std::optional<Table> table_of(const std::optional<Echo>& echo, const Head& head) {
  if (!echo || echo->batch != head.batch || echo->content != head.content) return std::nullopt;
  std::optional<std::vector<Row>> rows = decode_echo(*echo);
  if (!rows) return std::nullopt;
  return Table{echo->follows, {}, *std::move(rows), *echo};
}

}  // namespace

std::optional<Head> head_at(std::string_view blocks, const Place& first) {
  for (std::uint64_t i = 0; i < blocks.size() / block_bytes; ++i) {
    const auto head = checked(blocks.substr(i * block_bytes, block_bytes), first.plus(i));
    if (head && head->at == i) return head;
  }
  return std::nullopt;
}

std::vector<std::uint32_t> bad_blocks(std::span<const Head> found, const Head& head) {
  std::vector<std::uint32_t> bad;
  for (std::uint32_t i = 0; i < head.blocks; ++i)
    if (found[i] != Head{head.batch, i, head.blocks, head.content}) bad.push_back(i);
  return bad;
}

std::vector<std::uint32_t> bad_blocks(std::string_view blocks, const Place& first,
                                      const Head& head) {
  std::vector<std::uint32_t> bad;
  for (std::uint32_t i = 0; i < head.blocks; ++i) {
    const auto here = checked(blocks.substr(i * block_bytes, block_bytes), first.plus(i));
    if (here != Head{head.batch, i, head.blocks, head.content}) bad.push_back(i);
  }
  return bad;
}

std::optional<Batch> examine(std::span<char> blocks, const Place& first, const Head& head,
                             const std::optional<Echo>& echo) {
  return examine(blocks, first, head, bad_blocks({blocks.data(), blocks.size()}, first, head),
                 echo);
}

std::optional<Batch> examine(std::span<char> blocks, const Place& first, const Head& head,
                             std::vector<std::uint32_t> bad, const std::optional<Echo>& echo) {
  const std::string_view view(blocks.data(), blocks.size());
  Batch batch{.number = head.batch,
              .block = first.block,
              .blocks = head.blocks,
              .state = State::whole,
              .echoed = false,
              .bad = std::move(bad),
              .table = {}};
  if (batch.bad.size() == 1) {
    rebuild(blocks, first, head, batch.bad.front());
    batch.state = State::mended;
  } else if (batch.bad.size() > 1) {
    batch.state = State::damaged;
  }
  std::optional<Table> table = table_in(batch, view, head);
  batch.echoed = !table;
  if (!table) table = table_of(echo, head);
  if (!table) return std::nullopt;
  batch.table = *std::move(table);
  batch.table.own.batch = batch.number;
  batch.table.own.blocks = batch.blocks;
  for (Row& row : batch.table.rows) {
    for (auto* list : {&row.repaired, &row.entries}) {
      for (EntryHead& entry : *list) {
        entry.lost = !readable(batch, entry.at, entry.bytes);
        if (entry.kind == raft::Kind::membership && !entry.lost)
          row.memberships.push_back({entry.id, entry.kind, payload_of(view, entry)});
      }
    }
  }
  return batch;
}

std::string gather(std::string_view blocks, std::uint64_t at, std::uint64_t bytes) {
  std::string content;
  content.reserve(bytes);
  while (content.size() < bytes) {
    const std::uint64_t fits =
        std::min<std::uint64_t>(bytes - content.size(), room_bytes - at % room_bytes);
    content += blocks.substr(spot(at), fits);
    at += fits;
  }
  return content;
}

}  // namespace bowline::wal
