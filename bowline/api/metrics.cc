// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/metrics.h"

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string_view>

#include "bowline/api/node.h"

namespace bowline {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string seconds(std::uint64_t nanoseconds) {
  char text[48];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(nanoseconds) / 1e9);
  return text;
}

class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = "bowline_" + std::string(name);
    text_ += "# HELP " + name_ + " " + std::string(help) + "\n";
    text_ += "# TYPE " + name_ + " " + std::string(type) + "\n";
  }
  void sample(const std::string& value, const std::string& labels = {},
              std::string_view suffix = {}) {
    text_ += name_ + std::string(suffix) + (labels.empty() ? "" : "{" + labels + "}") + " " +
             value + "\n";
  }
  void counter(std::string_view name, std::uint64_t value, std::string_view help) {
    family(name, "counter", help);
    sample(number(value));
  }
  void gauge(std::string_view name, std::uint64_t value, std::string_view help) {
    family(name, "gauge", help);
    sample(number(value));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

void put_counters(Page& page, const NodeStatus& node) {
  const host::Counters& all = node.counters;
  page.counter("proposals_total", all.proposals, "Commands that were proposed on this node.");
  page.counter("batches_total", all.batches, "Batches that they made.");
  page.counter("refused_total", all.refused,
               "Batches, reads and other requests that were refused.");
  page.counter("backlog_refused_total", node.backlog_refused,
               "Requests for which the node had no room, over all groups.");
  page.gauge("backlog_bytes", node.backlog_bytes,
             "Bytes of requests that are in memory only, over all groups.");
  page.counter("overruled_total", all.overruled,
               "Batches whose place another leader's entry took.");
  page.counter("unknown_total", all.unknown, "Batches of which nobody here knows what became.");
  page.counter("reads_total", all.reads, "Reads that were asked for on this node.");
  page.counter("applied_entries_total", all.applied, "Entries that the machines have applied.");
  page.counter("candidacies_total", all.candidacies, "Elections that this node stood for.");
  page.counter("terms_led_total", all.terms_led, "Elections that it won.");
  page.counter("snapshots_taken_total", all.snapshots_taken, "Snapshots of its own machines.");
  page.counter("snapshots_installed_total", all.snapshots_installed,
               "Snapshots that other nodes gave.");
  page.counter("messages_sent_total", node.sent.letters, "Messages to other nodes.");
  page.counter("frames_sent_total", node.sent.frames, "Frames that they left in.");
  page.counter("sent_bytes_total", node.sent.bytes, "Bytes of these.");
  page.counter("messages_lost_total", node.letters_lost,
               "Messages that were dropped, since there was no connection or no room.");
  page.counter("messages_received_total", all.letters_received, "Messages of other nodes.");
  page.counter("messages_stray_total", all.strays,
               "Of these, which could not be read or are for a group that is not here.");
  page.counter("messages_crowded_out_total", all.crowded_out,
               "Of these, whose entries were let go: too much waits for the disk already.");
  page.counter("log_stalls_total", all.stalls,
               "Writes of the log that took too long for a leader.");
  page.counter("turns_total", all.turns, "Turns of the node's thread.");
}

void put_log(Page& page, const LogStatus& log) {
  page.gauge("log_segments", log.segments, "Segment files of the log.");
  page.gauge("log_bytes", log.bytes, "Bytes of them.");
  page.gauge("log_full", log.full ? 1 : 0, "1 while the disk has no room for another segment.");
  page.gauge("log_stalled", log.stalled ? 1 : 0,
             "1 while the disk takes too long for one write, so that groups hand over.");
  page.family("log_busy_seconds", "gauge", "How long the disk has been busy with one write.");
  page.sample(seconds(static_cast<std::uint64_t>(log.busy.count())));
  page.counter("log_segments_retired_total", log.retired, "Segments that went.");
  page.counter("log_segments_recycled_total", log.recycled, "Of these, which were used again.");
  page.counter("log_rows_copied_total", log.copied, "Rows copied out of segments that were to go.");
  page.counter("scrub_bytes_total", log.scrubbed.bytes, "Bytes of the log read again to see rot.");
  page.counter("scrub_rounds_total", log.scrubbed.rounds, "Rounds of that through the whole log.");
  page.counter("scrub_mended_total", log.scrubbed.mended, "Batches of which a block was mended.");
  page.counter("scrub_damaged_total", log.scrubbed.damaged, "Batches of which more was lost.");
}

void put_links(Page& page, const NodeStatus& node) {
  const auto label = [](NodeId id) { return "peer=\"" + number(id.value) + "\""; };
  page.family("peer_up", "gauge", "1 while there is a connection to that node.");
  for (const LinkStatus& link : node.links) page.sample(link.up ? "1" : "0", label(link.id));
  page.family("peer_queued_bytes", "gauge", "Bytes that it has not taken yet.");
  for (const LinkStatus& link : node.links) page.sample(number(link.queued_bytes), label(link.id));
}

// The powers of two from a microsecond to half a minute.
void put_stages(Page& page, const host::Stages& all) {
  page.family("proposal_stage_seconds", "histogram",
              "How long batches of proposals took: queued, durable and committed, applied, whole.");
  for (std::size_t i = 0; i < host::stage_count; ++i) {
    const auto stage = static_cast<host::Stage>(i);
    const Histogram& times = all.of(stage);
    const std::string label = "stage=\"" + std::string(host::word(stage)) + "\"";
    for (std::uint32_t power = 10; power <= 35; ++power) {
      const std::uint64_t bound = std::uint64_t{1} << power;
      page.sample(number(times.below(bound)), label + ",le=\"" + seconds(bound) + "\"", "_bucket");
    }
    page.sample(number(times.count()), label + ",le=\"+Inf\"", "_bucket");
    page.sample(seconds(times.sum()), label, "_sum");
    page.sample(number(times.count()), label, "_count");
  }
}

using OfGroup = std::function<std::uint64_t(const GroupStatus&)>;
struct GroupFamily {
  std::string_view name, type, help;
  OfGroup value;
};

void put_groups(Page& page, const std::vector<GroupStatus>& groups) {
  const std::vector<GroupFamily> families{
      {"group_leads", "gauge", "1 if this node leads the group.",
       [](const GroupStatus& g) { return g.role == raft::Role::leader ? 1 : 0; }},
      {"group_leader", "gauge", "The id of the leader; 0: not known.",
       [](const GroupStatus& g) { return g.leader.value; }},
      {"group_term", "counter", "The term.", [](const GroupStatus& g) { return g.term.value; }},
      {"group_commit_index", "counter", "What is known to be committed.",
       [](const GroupStatus& g) { return g.commit.value; }},
      {"group_applied_index", "counter", "What the machine has applied.",
       [](const GroupStatus& g) { return g.applied.index.value; }},
      {"group_last_index", "gauge", "Where the log ends.",
       [](const GroupStatus& g) { return g.last.index.value; }},
      {"group_base_index", "counter", "After which the log begins.",
       [](const GroupStatus& g) { return g.base.index.value; }},
      {"group_snapshot_index", "counter", "Where the newest snapshot ends.",
       [](const GroupStatus& g) { return g.snapshot.index.value; }},
      {"group_members", "gauge", "So many members.",
       [](const GroupStatus& g) { return g.members.members.size(); }},
      {"group_fetched_bytes", "gauge", "Bytes here of a snapshot that is being fetched.",
       [](const GroupStatus& g) { return g.fetching ? g.fetching->bytes : 0; }},
      {"group_fetching_bytes", "gauge", "Bytes of that snapshot.",
       [](const GroupStatus& g) { return g.fetching ? g.fetching->of_bytes : 0; }},
      {"group_taken_bytes", "gauge", "Bytes written of a snapshot that is being taken.",
       [](const GroupStatus& g) { return g.taking ? g.taking->bytes : 0; }},
      {"group_loaded_bytes", "gauge", "Bytes that the machine has of one that is being loaded.",
       [](const GroupStatus& g) { return g.loading ? g.loading->bytes : 0; }},
      {"group_loading_bytes", "gauge", "Bytes of that snapshot.",
       [](const GroupStatus& g) { return g.loading ? g.loading->of_bytes : 0; }}};
  for (const GroupFamily& family : families) {
    page.family(family.name, family.type, family.help);
    for (const GroupStatus& group : groups)
      page.sample(number(family.value(group)), "group=\"" + number(group.group.value) + "\"");
  }
  page.family("group_peer_behind_entries", "gauge", "Entries that a follower of ours lacks.");
  for (const GroupStatus& group : groups)
    for (const PeerStatus& peer : group.peers)
      page.sample(
          number(group.last.index > peer.match ? group.last.index - peer.match : 0),
          "group=\"" + number(group.group.value) + "\",peer=\"" + number(peer.id.value) + "\"");
}

}  // namespace

std::string metrics_text(const NodeStatus& node, const std::vector<GroupStatus>& groups) {
  Page page;
  page.gauge("groups", node.groups, "Groups on this node.");
  page.gauge("groups_led", node.leads, "Groups that it leads.");
  page.gauge("groups_leaderless", node.leaderless, "Groups whose leader it does not know.");
  put_counters(page, node);
  put_log(page, node.log);
  put_links(page, node);
  if (node.stages != nullptr) put_stages(page, *node.stages);
  put_groups(page, groups);
  return page.take();
}

std::string metrics_text(Node& node, std::size_t most_groups) {
  const NodeStatus status = node.status().get();
  return metrics_text(status, node.groups(most_groups).get());
}

}  // namespace bowline
