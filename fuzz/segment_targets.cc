// SPDX-License-Identifier: Apache-2.0
#include "fuzz/segment_targets.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/wal/inspect.h"
#include "bowline/wal/weighing.h"

namespace bowline::fuzz {
namespace {

using wal::Batch;
using wal::block_bytes;
using wal::EntryHead;
using wal::Row;
using wal::Seal;
using wal::State;
using wal::Survey;

constexpr unsigned puts_right = 1;
constexpr unsigned is_followed = 2;

void check_payloads(const Batch& batch, std::string_view segment) {
  const auto blocks =
      segment.substr(batch.block * block_bytes, std::size_t{batch.blocks} * block_bytes);
  ensure(blocks.size() == std::size_t{batch.blocks} * block_bytes);
  for (const Row& row : batch.table.rows)
    for (const auto* list : {&row.repaired, &row.entries})
      for (const EntryHead& entry : *list) {
        ensure(!entry.lost || batch.state == State::damaged);
        if (!entry.lost) ensure(wal::payload_of(blocks, entry).size() == entry.bytes);
      }
}

void check_survey(const Survey& survey, std::string_view segment) {
  std::uint64_t end = 0;
  std::uint64_t last = 0;
  for (const Batch& batch : survey.batches) {
    ensure(batch.block == end && batch.number > last && batch.number <= survey.highest + 1);
    ensure((batch.state == State::whole) == batch.bad.empty());
    ensure(batch.state != State::mended || batch.bad.size() == 1);
    check_payloads(batch, segment);
    end += batch.blocks;
    last = batch.number;
  }
  ensure(survey.end == end && end * block_bytes <= segment.size());
}

// Whoever reads a log that was mended finds the same in it.
void check_again(const Survey& before, std::string mended, const std::optional<Seal>& seal) {
  const auto after = wal::survey(mended, segment_place, seal);
  ensure(after.has_value() && after->batches.size() == before.batches.size());
  for (std::size_t i = 0; i < before.batches.size(); ++i) {
    ensure(after->batches[i].number == before.batches[i].number);
    ensure(after->batches[i].state != State::mended);
  }
}

void check_inspection(const std::string& segment, bool good) {
  wal::Inspector inspector({segment_place.disk});
  std::string copy = segment;
  ensure(inspector.judge(segment_place.segment, copy).wrong.empty() == good);
  const wal::Findings findings = inspector.finish();
  const auto survey = wal::survey(copy, segment_place, std::nullopt);
  if (!good || !survey) return;
  wal::Weighing weighing(findings.groups);
  weighing.add(segment_place.segment, survey->batches);
  for (const auto& [number, load] : weighing.segments())
    ensure(load.live.entries <= load.all.entries && load.live.bytes <= load.all.bytes);
  for (const auto& [id, group] : findings.groups) (void)wal::found(group);
}

bool check(const std::string& segment, const std::optional<Seal>& seal) {
  std::string bytes = segment;
  const auto survey = wal::survey(bytes, segment_place, seal);
  if (survey) {
    check_survey(*survey, bytes);
    check_again(*survey, bytes, seal);
  }
  if (!seal) check_inspection(segment, survey.has_value());
  bytes = segment;
  std::uint64_t end = 0;
  for (const Batch& batch : wal::salvage(bytes, segment_place)) {
    ensure(batch.block >= end);
    end = batch.block + batch.blocks;
    check_payloads(batch, bytes);
  }
  return survey.has_value() && !survey->batches.empty();
}

void put_right(std::span<char> block, std::uint64_t number) {
  std::string where(24, '\0');
  store(where.data(), segment_place.disk);
  store(where.data() + 8, segment_place.segment);
  store(where.data() + 16, number);
  const std::string_view rest(block.data() + 4, block.size() - 4);
  store(block.data(), crc32c(rest, crc32c(where)));
}

// As if the log had gone on behind the last batch that can be read.
Seal seal_of(std::string segment) {
  const auto batches = wal::salvage(segment, segment_place);
  if (batches.empty()) return {{segment_place.segment, 1, 1}, {}};
  const Batch& last = batches.back();
  return {{segment_place.segment, last.block + last.blocks, last.number}, last.table.own};
}

}  // namespace

bool eat_segment(std::string_view input) {
  if (input.empty()) return false;
  const auto flags = static_cast<unsigned char>(input.front());
  std::string segment(input.substr(1, segment_target_bytes - 1));
  const std::size_t blocks = (segment.size() + block_bytes - 1) / block_bytes;
  segment.resize(blocks * block_bytes);
  for (std::size_t i = 0; i < blocks && (flags & puts_right) != 0; ++i) {
    const std::span<char> block = std::span(segment).subspan(i * block_bytes, block_bytes);
    if (std::ranges::any_of(block, [](char c) { return c != 0; })) put_right(block, i);
  }
  return check(segment,
               (flags & is_followed) != 0 ? std::optional(seal_of(segment)) : std::nullopt);
}

bool eat_batches(std::string_view input) {
  if (input.empty()) return false;
  const auto flags = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  constexpr std::size_t head = 7;
  std::string segment(segment_blocks * block_bytes, '\0');
  std::uint64_t at = 0;
  while (input.size() >= head) {
    const auto gap = static_cast<signed char>(input[0]);
    const auto number = static_cast<unsigned char>(input[1]);
    const auto payload = load<std::uint16_t>(input.data() + 2);
    const auto size = load<std::uint16_t>(input.data() + 4);
    const auto bad = static_cast<unsigned char>(input[6]);
    std::string content(input.substr(head, size));
    input.remove_prefix(std::min(input.size(), head + size));
    if ((number & 0x80U) != 0 && content.size() >= wal::table_size_bytes)
      store(content.data(), static_cast<std::uint32_t>(content.size()));
    content.resize(content.size() + payload, 'p');
    at = static_cast<std::uint64_t>(std::max(std::int64_t{0}, static_cast<std::int64_t>(at) + gap));
    const std::uint64_t blocks = wal::blocks_for(content.size());
    if (at + blocks > segment_blocks) break;
    const auto place = std::span(segment).subspan(at * block_bytes, blocks * block_bytes);
    std::ranges::fill(place, '\0');
    for (std::size_t i = 0; i < content.size(); ++i) place[wal::spot(i)] = content[i];
    wal::seal(place, segment_place.plus(at), number & 0x7fU,
              static_cast<std::uint32_t>(content.size()));
    for (std::size_t i = 0; i < std::min<std::size_t>(blocks, 8); ++i)
      if ((bad >> i & 1U) != 0) place[i * block_bytes + 99] ^= 4;
    at += blocks;
  }
  return check(segment,
               (flags & is_followed) != 0 ? std::optional(seal_of(segment)) : std::nullopt);
}

}  // namespace bowline::fuzz
