// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>
#include <vector>

#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "apps/bowline/progress_bar.h"
#include "apps/bowline/wal.h"
#include "apps/bowline/words.h"
#include "bowline/wal/names.h"
#include "bowline/wal/weighing.h"

namespace bowline::apps {
namespace {

constexpr std::size_t most_named = 8;  // groups that pin a segment, for people

using wal::GroupLoad;
using wal::GroupState;
using wal::SegmentLoad;

struct Stat {
  std::map<std::uint64_t, SegmentLoad> segments;
  std::map<GroupId, GroupLoad> groups;
};

Stat weigh(const LogFiles& log) {
  wal::Weighing weighing(log.findings.groups);
  ProgressBar bar("weighing");
  each_segment(
      log,
      [&](const SegmentAgain& segment) {
        if (segment.report.wrong.empty()) weighing.add(segment.report.number, segment.batches);
      },
      [&bar](std::uint64_t done, std::uint64_t all) { bar.show_bytes(done, all); });
  return {weighing.segments(), weighing.groups()};
}

std::uint64_t lost_in(const GroupState& group) {
  std::uint64_t lost = 0;
  for (const wal::Run& run : group.runs.all()) lost += run.lost ? run.count : 0;
  return lost;
}

// Who needs a segment: group 1, 2 and 5 more.
std::string needed_by(const SegmentLoad& load) {
  std::string text;
  std::size_t named = 0;
  for (const GroupId group : load.pinned) {
    if (named == most_named)
      return text + " and " + std::to_string(load.pinned.size() - named) + " more";
    text += (named++ == 0 ? "group " : ", ") + std::to_string(group.value);
  }
  return text.empty() ? "nobody" : text;
}

std::string text_of(std::uint64_t number, const SegmentLoad& load) {
  return wal::segment_name(number) + "  " + count(load.all.entries, "entry") + ", " +
         size(load.all.bytes) + "; live " + std::to_string(load.all.percent(load.live)) +
         " %, needed by " + needed_by(load) + "\n";
}

std::string entries_of(const GroupState& group) {
  if (group.runs.empty()) return "";
  return std::to_string(group.base.id.index.value + 1) + ".." +
         std::to_string(group.runs.last().value);
}

std::string tables_of(const LogFiles& log, const Stat& stat) {
  std::vector<Row> segments{{"SEGMENT", "ENTRIES", "SIZE", "LIVE", "NEEDED BY"}};
  for (const auto& [number, load] : stat.segments)
    segments.push_back({std::to_string(number), std::to_string(load.all.entries),
                        size(load.all.bytes), std::to_string(load.all.percent(load.live)) + " %",
                        needed_by(load)});
  std::vector<Row> groups{{"GROUP", "TERM", "ENTRIES", "FROM..TO", "SIZE", "LOST", "BACK TO"}};
  for (const auto& [id, group] : log.findings.groups) {
    const GroupLoad& load = stat.groups.at(id);
    const std::string range = entries_of(group);
    groups.push_back({std::to_string(id.value), std::to_string(group.hard.term.value),
                      std::to_string(load.live.entries), range.empty() ? "-" : range,
                      size(load.live.bytes), std::to_string(lost_in(group)),
                      "segment " + std::to_string(load.oldest)});
  }
  return columns(segments) + "\n" + columns(groups) + "\n";
}

std::string text_of(GroupId id, const GroupState& group, const GroupLoad& load) {
  std::string text = "group " + std::to_string(id.value) + ": term " +
                     std::to_string(group.hard.term.value) + ", " +
                     count(load.live.entries, "entry");
  if (!group.runs.empty()) text += " " + entries_of(group);
  text += ", " + size(load.live.bytes);
  if (const std::uint64_t lost = lost_in(group); lost > 0)
    text += ", " + std::to_string(lost) + " LOST";
  return text + ", back to segment " + std::to_string(load.oldest) + "\n";
}

// Who of the groups reaches back to the oldest segment that anybody needs.
std::string pinned_text(const Stat& stat) {
  for (const auto& [number, load] : stat.segments)
    if (!load.pinned.empty())
      return "the oldest segment that is needed is " + std::to_string(number) + ", by " +
             count(load.pinned.size(), "group");
  return "no segment is needed";
}

std::string json_of(const LogFiles& log, const Stat& stat) {
  std::vector<Json> segments;
  for (const auto& [number, load] : stat.segments) {
    std::vector<std::string> pinned;
    pinned.reserve(load.pinned.size());
    for (const GroupId group : load.pinned) pinned.push_back(std::to_string(group.value));
    segments.push_back(JsonObject()
                           .add("segment", number)
                           .add("entries", load.all.entries)
                           .add("bytes", load.all.bytes)
                           .add("live_entries", load.live.entries)
                           .add("live_bytes", load.live.bytes)
                           .add("live_percent", load.all.percent(load.live))
                           .add("pinned_by", pinned)
                           .done());
  }
  std::vector<Json> groups;
  for (const auto& [id, group] : log.findings.groups) {
    const GroupLoad& load = stat.groups.at(id);
    groups.push_back(
        JsonObject()
            .add("group", std::to_string(id.value))
            .add("term", group.hard.term.value)
            .add("base", group.base.id.index.value)
            .add("last", group.runs.empty() ? group.base.id.index.value : group.runs.last().value)
            .add("entries", load.live.entries)
            .add("bytes", load.live.bytes)
            .add("lost", lost_in(group))
            .add("oldest_segment", load.oldest)
            .done());
  }
  return JsonObject()
      .add("path", log.path)
      .add("node", std::to_string(log.identity.owner.node.value))
      .add("cluster", std::to_string(log.identity.owner.cluster.value))
      .add("shard", log.identity.owner.shard)
      .add("shards", log.identity.owner.shards)
      .add("disk", std::to_string(log.identity.disk.value))
      .add("identity_wrong", log.identity_wrong)
      .add("refused", log.refused())
      .add("segments", segments)
      .add("groups", groups)
      .done()
      .text;
}

}  // namespace

int stat(const LogFiles& log, const WalArguments& arguments) {
  const Stat stat = weigh(log);
  if (arguments.style == Style::json) {
    std::printf("%s\n", json_of(log, stat).c_str());
    return log.refused() ? something_is_wrong : all_is_well;
  }
  std::string text = arguments.style == Style::table ? tables_of(log, stat) : "";
  text += heading(log);
  if (arguments.style == Style::plain) {
    for (const auto& [number, load] : stat.segments) text += text_of(number, load);
    for (const auto& [id, group] : log.findings.groups)
      text += text_of(id, group, stat.groups.at(id));
  }
  text += count(stat.segments.size(), "segment") + ", " +
          count(log.findings.groups.size(), "group") + "; " + pinned_text(stat);
  if (log.refused()) text += "; the log is damaged, and some of it is not counted: see verify";
  std::printf("%s\n", text.c_str());
  return log.refused() ? something_is_wrong : all_is_well;
}

}  // namespace bowline::apps
