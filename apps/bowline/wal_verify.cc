// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>
#include <vector>

#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "apps/bowline/wal.h"
#include "apps/bowline/words.h"
#include "bowline/wal/names.h"

namespace bowline::apps {
namespace {

using wal::BatchReport;
using wal::SegmentReport;
using wal::State;

struct Sums {
  std::uint64_t batches = 0;
  std::uint64_t mended = 0;
  std::uint64_t damaged = 0;
  std::uint64_t entries = 0;
  std::uint64_t lost = 0;
  bool torn = false;
};

Sums sums_of(const LogFiles& log) {
  Sums sums;
  for (const SegmentReport& segment : log.findings.segments) {
    sums.batches += segment.batches.size();
    sums.mended += segment.with(State::mended);
    sums.damaged += segment.with(State::damaged);
    sums.torn = sums.torn || segment.torn;
    for (const BatchReport& batch : segment.batches) {
      sums.entries += batch.entries;
      sums.lost += batch.lost;
    }
  }
  return sums;
}

std::string verdict(const LogFiles& log) {
  if (log.refused()) return "refused";
  return log.harmed() ? "harmed" : "clean";
}

std::string advice(const LogFiles& log) {
  if (log.refused())
    return "; a node does not start with this log. Keep a copy and move the directory away: the "
           "node then starts empty, and has to be added anew";
  if (log.harmed())
    return "; a start mends what it can and goes on, but this disk does not keep its promises";
  return "";
}

std::string summary(const LogFiles& log) {
  const Sums sums = sums_of(log);
  std::string text = verdict(log) + ": " + count(log.findings.segments.size(), "segment") + ", " +
                     count(sums.batches, "batch") + ", " +
                     count(log.findings.groups.size(), "group") + ", " +
                     count(sums.entries, "entry");
  if (sums.mended > 0) text += ", " + count(sums.mended, "batch") + " mended";
  if (sums.damaged > 0) text += ", " + count(sums.damaged, "batch") + " damaged";
  if (sums.lost > 0) text += ", " + count(sums.lost, "entry") + " lost";
  if (sums.torn) text += ", a last write never ended";
  return text + advice(log);
}

std::string text_of(const SegmentReport& segment) {
  std::string text = wal::segment_name(segment.number) + "  " + size(segment.bytes) + "  " +
                     count(segment.batches.size(), "batch");
  for (const auto& [state, name] :
       {std::pair{State::whole, "whole"}, {State::mended, "mended"}, {State::damaged, "damaged"}})
    if (segment.with(state) > 0)
      text += ", " + std::to_string(segment.with(state)) + " " + std::string(name);
  if (segment.torn) text += ", torn";
  text += "; ends at block " + std::to_string(segment.end) + "\n";
  if (segment.bytes % wal::block_bytes != 0)
    text += "  the size of the file is no multiple of 4096: it was cut short\n";
  if (!segment.unreadable.empty())
    text += "  the disk does not give " + count(segment.unreadable.size(), "block") + "\n";
  if (segment.alone)
    text += "  judged without the next segment, which should tell where this one ends\n";
  if (!segment.wrong.empty()) text += "  lost: " + segment.wrong + "\n";
  for (const std::string& step : segment.steps) text += "  a start " + step + "\n";
  return text;
}

std::string trouble_of(const SegmentReport& segment) {
  if (!segment.wrong.empty()) return "lost: " + segment.wrong;
  std::string text;
  for (const std::string& step : segment.steps) text += (text.empty() ? "a start " : "; ") + step;
  return text.empty() ? "-" : text;
}

std::string table_of(const std::vector<SegmentReport>& segments) {
  std::vector<Row> rows{
      {"SEGMENT", "SIZE", "BATCHES", "WHOLE", "MENDED", "DAMAGED", "ENDS AT BLOCK", "TROUBLE"}};
  for (const SegmentReport& one : segments)
    rows.push_back({std::to_string(one.number), size(one.bytes), std::to_string(one.batches.size()),
                    std::to_string(one.with(State::whole)), std::to_string(one.with(State::mended)),
                    std::to_string(one.with(State::damaged)), std::to_string(one.end),
                    trouble_of(one)});
  return columns(rows);
}

Json json_of(const SegmentReport& segment) {
  std::vector<Json> bad;
  for (const BatchReport& batch : segment.batches) {
    if (batch.state == State::whole) continue;
    bad.push_back(JsonObject()
                      .add("number", batch.number)
                      .add("block", batch.block)
                      .add("blocks", batch.blocks)
                      .add("state", batch.state == State::mended ? "mended" : "damaged")
                      .add("excused", segment.excused(batch))
                      .add("bad", batch.bad)
                      .add("entries", batch.entries)
                      .add("lost", batch.lost)
                      .done());
  }
  return JsonObject()
      .add("segment", segment.number)
      .add("bytes", segment.bytes)
      .add("end", segment.end)
      .add("batches", segment.batches.size())
      .add("whole", segment.with(State::whole))
      .add("mended", segment.with(State::mended))
      .add("damaged", segment.with(State::damaged))
      .add("torn", segment.torn)
      .add("newest", segment.newest)
      .add("alone", segment.alone)
      .add("unreadable", segment.unreadable)
      .add("wrong", segment.wrong)
      .add("steps", segment.steps)
      .add("bad", bad)
      .done();
}

std::string json_of(const LogFiles& log) {
  std::vector<Json> segments;
  segments.reserve(log.findings.segments.size());
  for (const SegmentReport& segment : log.findings.segments) segments.push_back(json_of(segment));
  return JsonObject()
      .add("path", log.path)
      .add("verdict", verdict(log))
      .add("node", std::to_string(log.identity.owner.node.value))
      .add("cluster", std::to_string(log.identity.owner.cluster.value))
      .add("shard", log.identity.owner.shard)
      .add("shards", log.identity.owner.shards)
      .add("disk", std::to_string(log.identity.disk.value))
      .add("identity_mended", log.identity_mended)
      .add("identity_wrong", log.identity_wrong)
      .add("holder", log.holder)
      .add("wrong", log.findings.wrong)
      .add("groups", log.findings.groups.size())
      .add("entries", sums_of(log).entries)
      .add("lost", sums_of(log).lost)
      .add("segments", segments)
      .add("summary", summary(log))
      .done()
      .text;
}

}  // namespace

int verify(const LogFiles& log, const WalArguments& arguments) {
  std::string text;
  if (arguments.style == Style::json) {
    text = json_of(log);
  } else {
    if (arguments.style == Style::table) text = table_of(log.findings.segments) + "\n";
    text += heading(log);
    if (arguments.style == Style::plain)
      for (const SegmentReport& segment : log.findings.segments) text += text_of(segment);
    if (!log.findings.wrong.empty()) text += "lost: " + log.findings.wrong + "\n";
    text += summary(log);
  }
  std::printf("%s\n", text.c_str());
  return log.harmed() ? something_is_wrong : all_is_well;
}

}  // namespace bowline::apps
