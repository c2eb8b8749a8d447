// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "apps/bowline/wal.h"
#include "apps/bowline/words.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/wal/names.h"
#include "bowline/words/describe.h"

namespace bowline::apps {
namespace {

constexpr std::size_t preview = 64;  // bytes of a payload

using wal::Batch;
using wal::EntryHead;

std::string number(std::uint64_t value) { return std::to_string(value); }

const char* name_of(wal::State state) {
  if (state == wal::State::whole) return "whole";
  return state == wal::State::mended ? "mended" : "damaged";
}

const char* name_of(raft::Kind kind) {
  if (kind == raft::Kind::command) return "command";
  return kind == raft::Kind::membership ? "membership" : "blank";
}

// Consecutive entries of one term that are all there, or all lost.
struct Range {
  LogId first;
  Index last;
  std::uint64_t bytes = 0;
  bool lost = false;
};

std::vector<Range> ranges_of(const std::vector<EntryHead>& entries) {
  std::vector<Range> ranges;
  for (const EntryHead& entry : entries) {
    if (ranges.empty() || ranges.back().last.next() != entry.id.index ||
        ranges.back().first.term != entry.id.term || ranges.back().lost != entry.lost)
      ranges.push_back({entry.id, entry.id.index, 0, entry.lost});
    ranges.back().last = entry.id.index;
    ranges.back().bytes += entry.bytes;
  }
  return ranges;
}

std::string text_of(const std::vector<EntryHead>& entries) {
  std::string text;
  for (const Range& range : ranges_of(entries)) {
    text += (text.empty() ? " " : ", ") + raft::text(range.first);
    if (range.last != range.first.index) text += ".." + number(range.last.value);
    text += " (" + size(range.bytes) + (range.lost ? ", LOST)" : ")");
  }
  return text;
}

std::string text_of(const raft::HardState& hard) {
  std::string text = "term " + number(hard.term.value);
  if (hard.voted_for)
    text += " vote " + number(hard.voted_for.value) + " in its life " +
            number(hard.voted_incarnation.value);
  return text + (hard.blank ? " blank" : "");
}

std::string what_of(const wal::Row& row) {
  std::string text;
  std::string between;
  const auto say = [&](const std::string& what) { text += std::exchange(between, "; ") + what; };
  if (row.moved) say("moved here");
  if (row.forget) say("forgets the group");
  if (row.hard) say(text_of(*row.hard));
  if (row.base)
    say("begins after " + raft::text(row.base->id) + (row.discard ? ", drops all before" : "") +
        (row.base->membership == nullptr ? std::string()
                                         : ", members " + raft::text(*row.base->membership)));
  if (row.cut_after) say("cuts after " + number(row.cut_after->value));
  if (!row.repaired.empty()) say("repairs" + text_of(row.repaired));
  if (!row.entries.empty()) say("entries" + text_of(row.entries));
  return text;
}

std::string text_of(const wal::Row& row) {
  const std::string what = what_of(row);
  return "    group " + number(row.group.value) + " write " + number(row.number) +
         (what.empty() ? ":\n" : ": " + what + "\n");
}

std::string payload_text(const EntryHead& entry, std::string_view blocks) {
  if (entry.lost) return "LOST";
  const Bytes payload = wal::payload_of(blocks, entry);
  if (entry.kind == raft::Kind::membership)
    if (const auto members = raft::decode_membership(payload.view())) return raft::text(*members);
  return safe(payload.view(), preview);
}

std::string text_of(const EntryHead& entry, std::string_view blocks) {
  return raft::text(entry.id) + " " + name_of(entry.kind) + " " + size(entry.bytes) + " " +
         payload_text(entry, blocks);
}

std::string entries_of(const wal::Row& row, std::string_view blocks) {
  std::string text;
  for (const auto* list : {&row.repaired, &row.entries})
    for (const EntryHead& entry : *list) text += "      " + text_of(entry, blocks) + "\n";
  return text;
}

std::string text_of(const Batch& batch) {
  std::string text = "  batch " + number(batch.number) + " at block " + number(batch.block) + ", " +
                     count(batch.blocks, "block") + ", " + name_of(batch.state);
  if (batch.echoed) text += ", as the next batch tells";
  if (batch.table.rows.empty()) text += ", a mark";
  if (const auto& follows = batch.table.follows)
    text += follows->segment == 0
                ? std::string(", the first of all")
                : ", follows batch " + number(follows->batch) + ", which ends at block " +
                      number(follows->end) + " of segment " + number(follows->segment);
  return text + "\n";
}

Json json_of(const std::vector<EntryHead>& entries, std::string_view blocks, bool each) {
  std::vector<Json> list;
  if (each) {
    for (const EntryHead& entry : entries)
      list.push_back(JsonObject()
                         .add("index", entry.id.index.value)
                         .add("term", entry.id.term.value)
                         .add("kind", name_of(entry.kind))
                         .add("bytes", entry.bytes)
                         .add("lost", entry.lost)
                         .add("payload", payload_text(entry, blocks))
                         .done());
    return Json::of(list);
  }
  for (const Range& range : ranges_of(entries))
    list.push_back(JsonObject()
                       .add("first", range.first.index.value)
                       .add("last", range.last.value)
                       .add("term", range.first.term.value)
                       .add("bytes", range.bytes)
                       .add("lost", range.lost)
                       .done());
  return Json::of(list);
}

Json json_of(const wal::Row& row, std::string_view blocks, bool each) {
  JsonObject object;
  object.add("group", number(row.group.value)).add("write", row.number);
  if (row.moved) object.add("moved", true);
  if (row.forget) object.add("forget", true);
  if (row.hard)
    object.add("hard", JsonObject()
                           .add("term", row.hard->term.value)
                           .add("voted_for", row.hard->voted_for.value)
                           .add("voted_incarnation", number(row.hard->voted_incarnation.value))
                           .add("blank", row.hard->blank)
                           .done());
  if (row.base)
    object.add("base", JsonObject()
                           .add("term", row.base->id.term.value)
                           .add("index", row.base->id.index.value)
                           .add("discard", row.discard)
                           .add("membership", row.base->membership == nullptr
                                                  ? std::string()
                                                  : raft::text(*row.base->membership))
                           .done());
  if (row.cut_after) object.add("cut_after", row.cut_after->value);
  if (!row.repaired.empty()) object.add("repaired", json_of(row.repaired, blocks, each));
  if (!row.entries.empty()) object.add("entries", json_of(row.entries, blocks, each));
  return object.done();
}

bool wanted(const wal::Row& row, const WalArguments& arguments) {
  return !arguments.only_group || row.group.value == arguments.group;
}

// Who asks for one group does not want to read of batches without it.
bool wanted(const Batch& batch, const WalArguments& arguments) {
  return !arguments.only_group || std::ranges::any_of(batch.table.rows, [&](const wal::Row& row) {
    return wanted(row, arguments);
  });
}

void print_json(const SegmentAgain& segment, const Batch& batch, std::string_view blocks,
                const WalArguments& arguments) {
  std::vector<Json> rows;
  for (const wal::Row& row : batch.table.rows)
    if (wanted(row, arguments)) rows.push_back(json_of(row, blocks, arguments.entries));
  JsonObject object;
  object.add("segment", segment.report.number)
      .add("batch", batch.number)
      .add("block", batch.block)
      .add("blocks", batch.blocks)
      .add("state", name_of(batch.state))
      .add("echoed", batch.echoed)
      .add("judged", segment.report.wrong.empty());
  if (const auto& follows = batch.table.follows)
    object.add("follows", JsonObject()
                              .add("segment", follows->segment)
                              .add("end", follows->end)
                              .add("batch", follows->batch)
                              .done());
  std::printf("%s\n", object.add("rows", rows).done().text.c_str());
}

void print_text(const Batch& batch, std::string_view blocks, const WalArguments& arguments) {
  std::string text = text_of(batch);
  for (const wal::Row& row : batch.table.rows) {
    if (!wanted(row, arguments)) continue;
    text += text_of(row);
    if (arguments.entries) text += entries_of(row, blocks);
  }
  std::fputs(text.c_str(), stdout);
}

// A row for each write of a batch, and for each entry if they are wanted.
void add_rows(const SegmentAgain& segment, const Batch& batch, std::string_view blocks,
              const WalArguments& arguments, std::vector<Row>& table) {
  const std::string its = number(segment.report.number);
  const auto add = [&](const std::string& group, const std::string& write,
                       const std::string& what) {
    table.push_back(
        {its, number(batch.number), number(batch.block), name_of(batch.state), group, write, what});
  };
  if (batch.table.rows.empty()) add("-", "-", "a mark");
  for (const wal::Row& row : batch.table.rows) {
    if (!wanted(row, arguments)) continue;
    const std::string group = number(row.group.value), write = number(row.number);
    add(group, write, what_of(row));
    if (!arguments.entries) continue;
    for (const auto* list : {&row.repaired, &row.entries})
      for (const EntryHead& entry : *list) add(group, write, text_of(entry, blocks));
  }
}

void print_begin(const wal::SegmentReport& report) {
  std::printf("%s: the log fills %s of %s\n", wal::segment_name(report.number).c_str(),
              number(report.end).c_str(), count(report.bytes / wal::block_bytes, "block").c_str());
  if (!report.wrong.empty())
    std::printf("  lost: %s\n  what can still be read, whether it counts or not:\n",
                report.wrong.c_str());
}

void print(const SegmentAgain& segment, const WalArguments& arguments) {
  const wal::SegmentReport& report = segment.report;
  const bool plain = arguments.style == Style::plain;
  std::vector<Row> table{{"SEGMENT", "BATCH", "AT BLOCK", "STATE", "GROUP", "WRITE", "WHAT"}};
  if (plain) print_begin(report);
  for (const Batch& batch : segment.batches) {
    if (!wanted(batch, arguments)) continue;
    const auto blocks =
        std::string_view(segment.bytes)
            .substr(batch.block * wal::block_bytes, batch.blocks * wal::block_bytes);
    if (arguments.style == Style::json) {
      print_json(segment, batch, blocks, arguments);
    } else if (plain) {
      print_text(batch, blocks, arguments);
    } else {
      add_rows(segment, batch, blocks, arguments, table);
    }
  }
  if (plain && report.torn)
    std::printf("  a write that never ended begins at block %s\n", number(report.end).c_str());
  if (arguments.style == Style::table) std::printf("%s\n", columns(table).c_str());
}

}  // namespace

int dump(const LogFiles& log, const WalArguments& arguments) {
  if (arguments.style == Style::plain) std::fputs(heading(log).c_str(), stdout);
  if (arguments.style == Style::json && !log.identity_wrong.empty())
    std::fprintf(stderr, "bowline: %s\n", log.identity_wrong.c_str());
  each_segment(log, [&](const SegmentAgain& segment) {
    if (arguments.segment == 0 || arguments.segment == segment.report.number)
      print(segment, arguments);
  });
  if (arguments.style == Style::table) std::fputs(heading(log).c_str(), stdout);
  return log.refused() ? something_is_wrong : all_is_well;
}

}  // namespace bowline::apps
