// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/inspect.h"

#include <algorithm>
#include <utility>

namespace bowline::wal {
namespace {

std::string blocks_text(const BatchReport& batch) {
  std::string text;
  for (const std::uint32_t bad : batch.bad)
    text += (text.empty() ? "" : ", ") + std::to_string(batch.block + bad);
  return (batch.bad.size() == 1 ? "block " : "blocks ") + text;
}

}  // namespace

BatchReport report_of(const Batch& batch) {
  BatchReport report{.number = batch.number,
                     .block = batch.block,
                     .blocks = batch.blocks,
                     .state = batch.state,
                     .echoed = batch.echoed,
                     .bad = batch.bad,
                     .rows = batch.table.rows.size()};
  for (const Row& row : batch.table.rows) {
    for (const auto* list : {&row.repaired, &row.entries}) {
      report.entries += list->size();
      report.lost += static_cast<std::uint64_t>(std::ranges::count_if(*list, &EntryHead::lost));
    }
  }
  return report;
}

std::uint64_t SegmentReport::with(State state) const {
  return static_cast<std::uint64_t>(std::ranges::count(batches, state, &BatchReport::state));
}

bool SegmentReport::excused(const BatchReport& batch) const {
  return newest && !torn && batch.state == State::mended && &batch == &batches.back();
}

bool SegmentReport::harmed() const {
  return !wrong.empty() || !unreadable.empty() ||
         std::ranges::any_of(batches, [&](const BatchReport& batch) {
           return batch.state != State::whole && !excused(batch);
         });
}

bool Findings::refused() const {
  return !wrong.empty() || std::ranges::any_of(segments, [](const SegmentReport& segment) {
    return !segment.wrong.empty();
  });
}

bool Findings::harmed() const {
  return refused() || std::ranges::any_of(segments, &SegmentReport::harmed);
}

const SegmentReport& Inspector::judge(std::uint64_t number, std::span<char> bytes,
                                      std::vector<std::uint64_t> unreadable) {
  SegmentReport& report = findings_.segments.emplace_back();
  report.number = number;
  report.bytes = bytes.size();
  report.unreadable = std::move(unreadable);
  report.alone = seal_missing_;
  if (seal_ && seal_->end.segment == number) report.seal = seal_;
  const auto whole_blocks = bytes.first(bytes.size() / block_bytes * block_bytes);
  if (whole_blocks.empty()) {
    empty(report, false);
    return report;
  }
  const Result<Survey> survey = wal::survey(whole_blocks, {disk_.value, number, 0}, report.seal);
  if (!survey) {
    refuse(report, survey.error().what);
  } else if (!report.seal && hides_the_end(*survey, report.unreadable)) {
    refuse(report,
           "the disk does not give all blocks where the log ends, so nobody knows what "
           "was there");
  } else {
    report.torn = survey->torn;
    report.end = survey->end;
    if (survey->batches.empty()) {
      empty(report,
            report.unreadable.empty() && std::ranges::all_of(whole_blocks.first(block_bytes),
                                                             [](char byte) { return byte == 0; }));
    } else {
      take(report, *survey);
    }
  }
  return report;
}

// From here on nobody knows where older segments end.
void Inspector::refuse(SegmentReport& report, std::string why) {
  report.wrong = std::move(why);
  seal_.reset();
  seal_missing_ = begun_ = true;
}

void Inspector::take(SegmentReport& report, const Survey& survey) {
  report.batches.reserve(survey.batches.size());
  for (const Batch& batch : survey.batches) report.batches.push_back(report_of(batch));
  report.newest = !begun_;
  if (seal_ && !report.seal)
    return refuse(report, "it does not belong here: the next segment follows segment " +
                              std::to_string(seal_->end.segment));
  begun_ = true;
  replay_.add(report.number, survey.batches);
  plan(report);
  const Table& front = survey.batches.front().table;
  seal_ = Seal{*front.follows, front.echo};
  seal_missing_ = false;
}

void Inspector::plan(SegmentReport& report) {
  for (const BatchReport& batch : report.batches) {
    const std::string name = "batch " + std::to_string(batch.number);
    if (batch.state == State::mended)
      report.steps.push_back("rebuilds " + blocks_text(batch) + " of " + name +
                             (report.excused(batch) ? ", the last one: it may never have ended"
                                                    : ", which rotted; nothing is lost"));
    if (batch.state == State::damaged)
      report.steps.push_back("takes " + std::to_string(batch.lost) + " of " +
                             std::to_string(batch.entries) + " entries of " + name +
                             " for lost, to be fetched from other nodes: " + blocks_text(batch) +
                             " rotted");
  }
  if (report.torn)
    report.steps.push_back("leaves out a write that never ended, at block " +
                           std::to_string(report.end) + ", and goes on there");
  const auto behind = std::ranges::count_if(
      report.unreadable, [&](std::uint64_t block) { return block >= report.end; });
  if (report.newest && behind > 0)
    report.steps.push_back("writes zeros over " + std::to_string(behind) +
                           " blocks behind the end, which the disk does not give");
}

// A segment that was made in time and not used yet; or one of which the making was cut short.
void Inspector::empty(SegmentReport& report, bool blank) {
  if (seal_ && seal_->end.segment >= report.number)
    return refuse(report, "the segment is empty, although the log went on after it");
  report.steps.emplace_back(begun_ || !blank
                                ? "removes this file, which holds nothing that counts"
                                : "keeps this file, which holds nothing yet, if it has "
                                  "the size that the node is told to give segments; "
                                  "else removes it");
  if (report.torn)
    report.steps.emplace_back("leaves out a write that never ended, at the beginning");
}

Findings Inspector::finish() {
  const bool whole = !findings_.refused();
  std::ranges::sort(findings_.segments, {}, &SegmentReport::number);
  Result<std::map<GroupId, GroupState>> groups = replay_.finish();
  if (groups) {
    findings_.groups = *std::move(groups);
  } else if (whole) {
    findings_.wrong = groups.error().what;
  }
  return std::move(findings_);
}

std::vector<Batch> salvage(std::span<char> bytes, const Place& first) {
  const std::string_view view(bytes.data(), bytes.size());
  const std::uint64_t blocks = bytes.size() / block_bytes;
  std::map<std::uint64_t, std::map<std::uint64_t, Head>> heads;  // by number, by first block
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const auto head = checked(view.substr(i * block_bytes, block_bytes), first.plus(i));
    if (head && i - head->at + head->blocks <= blocks) heads[head->batch][i - head->at] = *head;
  }
  std::vector<Batch> batches;
  std::vector<bool> taken(blocks);
  for (auto newest = heads.rbegin(); newest != heads.rend(); ++newest) {
    for (const auto& [block, head] : newest->second) {
      const auto from = taken.begin() + static_cast<std::ptrdiff_t>(block);
      const auto to = from + head.blocks;
      if (std::find(from, to, true) != to) continue;
      const auto place = bytes.subspan(block * block_bytes, head.blocks * block_bytes);
      std::optional<Batch> batch = examine(place, first.plus(block), head);
      if (!batch) continue;
      std::fill(from, to, true);
      batches.push_back(*std::move(batch));
    }
  }
  std::ranges::sort(batches, {}, &Batch::block);
  return batches;
}

}  // namespace bowline::wal
