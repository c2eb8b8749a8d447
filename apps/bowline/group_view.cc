// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/group_view.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "bowline/wire/printable.h"
#include "bowline/words/describe_words.h"

namespace bowline::apps {
namespace {

constexpr std::size_t most_letters = 200;

// Whatever somebody wrote, in a cell.
std::string cell(std::string_view text) { return wire::printable(text.substr(0, most_letters)); }

std::string number(auto ordinal) { return std::to_string(ordinal.value); }
std::string or_none(auto ordinal) { return ordinal ? number(ordinal) : "-"; }
std::string place(LogId id) { return number(id.term) + "/" + number(id.index); }
std::string line(const Json& json) { return json.text + "\n"; }

std::string_view word(raft::Standing standing) {
  switch (standing) {
    case raft::Standing::none: return "out";
    case raft::Standing::learner: return "learner";
    case raft::Standing::voter: return "voter";
  }
  return "?";
}

std::string standing_of(const raft::Member& member) {
  const std::string now(word(member.now));
  return member.now == member.goal ? now : now + " -> " + std::string(word(member.goal));
}

std::string silence_of(const wire::PeerReport& peer) {
  if (!peer.silent) return "never";
  return std::to_string(
             std::chrono::duration_cast<std::chrono::milliseconds>(*peer.silent).count()) +
         " ms";
}

std::string marks_of(const wire::GroupReport& report) {
  std::string marks;
  const auto mark = [&](bool is, const char* what) {
    if (is) marks += std::string(marks.empty() ? "" : ", ") + what;
  };
  mark(report.change_pending, "a change of members is under way");
  mark(report.asleep, "sleeps");
  mark(report.damaged, "lost entries, and asks for them");
  mark(report.stateless, "has no state until a snapshot came");
  mark(report.stopped,
       "has stopped: it saw what cannot be, or its machine threw; its log says which");
  return marks;
}

Json json_of(const raft::Member& member) {
  return JsonObject()
      .add("node", number(member.id))
      .add("standing", word(member.now))
      .add("goal", word(member.goal))
      .add("priority", unsigned{member.priority})
      .add("address", std::string(member.address.view()))
      .add("metadata", std::string(member.metadata.view()))
      .done();
}

Json json_of(const wire::PeerReport& peer) {
  return JsonObject()
      .add("node", number(peer.id))
      .add("match", number(peer.match))
      .add("mode", raft::word(peer.mode))
      .add("up", peer.up)
      .add("caught_up", peer.caught_up)
      .add("silent_ms",
           peer.silent
               ? std::optional(static_cast<std::uint64_t>(
                     std::chrono::duration_cast<std::chrono::milliseconds>(*peer.silent).count()))
               : std::nullopt)
      .done();
}

Json json_of(const client::Move& move) {
  return JsonObject()
      .add("group", number(move.group))
      .add("from", number(move.from))
      .add("to", number(move.to))
      .done();
}

Json json_of(const client::Outcome& outcome) {
  if (const auto* done = std::get_if<wire::Done>(&outcome))
    return JsonObject()
        .add("outcome", "done")
        .add("term", number(done->id.term))
        .add("index", number(done->id.index))
        .done();
  if (const auto* no = std::get_if<wire::Declined>(&outcome))
    return JsonObject().add("outcome", "refused").add("why", no->sentence).done();
  return JsonObject()
      .add("outcome", "unknown")
      .add("why", std::get<wire::Unsure>(outcome).sentence)
      .done();
}

Json json_of(const Console::Moved& moved) {
  return JsonObject().add("move", json_of(moved.move)).add("result", json_of(moved.outcome)).done();
}

Json json_of(const Console::Destroyed& one) {
  return JsonObject()
      .add("node", number(one.node))
      .add("address", one.address)
      .add("result", json_of(one.outcome))
      .done();
}

Json json_of(const wire::NodeReport& node) {
  std::vector<Json> groups;
  groups.reserve(node.lines.size());
  for (const wire::GroupLine& one : node.lines)
    groups.push_back(JsonObject()
                         .add("group", number(one.group))
                         .add("role", raft::word(one.role))
                         .add("leader", number(one.leader))
                         .done());
  std::vector<Json> links;
  links.reserve(node.links.size());
  for (const wire::LinkReport& link : node.links)
    links.push_back(JsonObject()
                        .add("node", number(link.id))
                        .add("address", link.address)
                        .add("version", unsigned{link.version})
                        .done());
  return JsonObject()
      .add("node", number(node.id))
      .add("name", node.name)
      .add("newest_version", unsigned{node.newest_version})
      .add("groups", node.groups)
      .add("leads", node.leads)
      .add("links", links)
      .add("all", groups)
      .done();
}

template <class From>
std::vector<Json> each(const std::vector<From>& from) {
  std::vector<Json> all;
  all.reserve(from.size());
  for (const From& one : from) all.push_back(json_of(one));
  return all;
}

}  // namespace

std::string text_of(const client::Outcome& outcome, bool json) {
  if (json) return line(json_of(outcome));
  if (const auto* done = std::get_if<wire::Done>(&outcome))
    return done->id.index ? "done, at " + place(done->id) + "\n" : "done\n";
  if (const auto* no = std::get_if<wire::Declined>(&outcome)) return no->sentence;
  return std::get<wire::Unsure>(outcome).sentence;
}

std::string text_of(const Console::Survey& survey, bool json) {
  if (json) {
    std::vector<Json> silent;
    silent.reserve(survey.silent.size());
    for (const auto& [address, why] : survey.silent)
      silent.push_back(JsonObject().add("address", address).add("why", why).done());
    return line(JsonObject().add("nodes", each(survey.nodes)).add("silent", silent).done());
  }
  std::vector<Row> nodes{{"NODE", "NAME", "SPEAKS", "GROUPS", "LEADS"}};
  std::map<GroupId, Row> groups;
  for (const wire::NodeReport& node : survey.nodes) {
    nodes.push_back({number(node.id), cell(node.name), std::to_string(node.newest_version),
                     std::to_string(node.groups), std::to_string(node.leads)});
    for (const wire::GroupLine& one : node.lines) {
      Row& row = groups.try_emplace(one.group, Row{number(one.group), "-", ""}).first->second;
      if (one.role == raft::Role::leader) row[1] = number(node.id);
      row[2] += (row[2].empty() ? "" : " ") + number(node.id);
    }
  }
  std::vector<Row> rows{{"GROUP", "LEADER", "ON"}};
  rows.reserve(1 + groups.size());
  for (auto& [group, row] : groups) rows.push_back(std::move(row));
  std::string text = columns(nodes) + "\n" + columns(rows);
  for (const auto& [address, why] : survey.silent)
    text += "\n" + address + " could not be asked: " + why + "\n";
  return text;
}

std::string text_of(const std::vector<client::Move>& moves, bool json) {
  if (json) return line(Json::of(each(moves)));
  if (moves.empty()) return "nothing would be better\n";
  std::vector<Row> rows{{"GROUP", "FROM", "TO"}};
  rows.reserve(1 + moves.size());
  for (const client::Move& move : moves)
    rows.push_back({number(move.group), number(move.from), number(move.to)});
  return columns(rows);
}

std::string text_of(const std::vector<Console::Moved>& moved, bool json) {
  if (json) return line(Json::of(each(moved)));
  if (moved.empty()) return "nothing would be better\n";
  std::vector<Row> rows{{"GROUP", "FROM", "TO", "RESULT"}};
  rows.reserve(1 + moved.size());
  for (const Console::Moved& one : moved) {
    std::string result = text_of(one.outcome, false);
    if (result.ends_with('\n')) result.pop_back();
    rows.push_back(
        {number(one.move.group), number(one.move.from), number(one.move.to), std::move(result)});
  }
  return columns(rows);
}

std::string text_of(const std::vector<Console::Destroyed>& all, bool json) {
  if (json) return line(Json::of(each(all)));
  std::vector<Row> rows{{"NODE", "ADDRESS", "RESULT"}};
  rows.reserve(1 + all.size());
  for (const Console::Destroyed& one : all) {
    std::string result = text_of(one.outcome, false);
    if (result.ends_with('\n')) result.pop_back();
    rows.push_back({number(one.node), one.address, std::move(result)});
  }
  return columns(rows);
}

std::string status_text(const wire::GroupReport& report, bool json) {
  if (json)
    return line(JsonObject()
                    .add("group", number(report.group))
                    .add("node", number(report.node))
                    .add("role", raft::word(report.role))
                    .add("term", number(report.term))
                    .add("leader", number(report.leader))
                    .add("commit", number(report.commit))
                    .add("applied", number(report.applied.index))
                    .add("last", number(report.last.index))
                    .add("base", number(report.base.index))
                    .add("snapshot", number(report.snapshot.index))
                    .add("members_at", number(report.members_at))
                    .add("change_pending", report.change_pending)
                    .add("asleep", report.asleep)
                    .add("damaged", report.damaged)
                    .add("stateless", report.stateless)
                    .add("stopped", report.stopped)
                    .add("members", each(report.members.members))
                    .add("peers", each(report.peers))
                    .done());
  std::string text = "group " + number(report.group) + ", as node " + number(report.node) +
                     " sees it, which is " + std::string(raft::word(report.role)) + "\n";
  std::vector<Row> rows{{"leader", or_none(report.leader)},
                        {"term", number(report.term)},
                        {"committed", number(report.commit)},
                        {"applied", place(report.applied)},
                        {"log", "after " + place(report.base) + ", through " + place(report.last)},
                        {"snapshot", report.snapshot.index ? place(report.snapshot) : "none"}};
  if (const std::string marks = marks_of(report); !marks.empty()) rows.push_back({"note", marks});
  text += columns(rows);
  if (report.peers.empty()) return text;
  std::vector<Row> peers{{"PEER", "HAS", "MODE", "CONNECTED", "HEARD"}};
  for (const wire::PeerReport& peer : report.peers)
    peers.push_back({number(peer.id), number(peer.match), std::string(raft::word(peer.mode)),
                     peer.up ? "yes" : "no", silence_of(peer)});
  return text + "\n" + columns(peers);
}

std::string members_text(const wire::GroupReport& report, bool json) {
  if (json)
    return line(JsonObject()
                    .add("group", number(report.group))
                    .add("leader", number(report.leader))
                    .add("cluster", number(report.members.cluster))
                    .add("members_at", number(report.members_at))
                    .add("change_pending", report.change_pending)
                    .add("members", each(report.members.members))
                    .done());
  std::vector<Row> rows{{"NODE", "STANDING", "PRIORITY", "ADDRESS", "METADATA", ""}};
  for (const raft::Member& member : report.members.members)
    rows.push_back({number(member.id), standing_of(member), std::to_string(member.priority),
                    cell(member.address.view()), cell(member.metadata.view()),
                    member.id == report.leader ? "leads" : ""});
  return columns(rows) + "\nas of entry " + number(report.members_at) +
         (report.change_pending ? "; a change is under way\n" : "\n");
}

}  // namespace bowline::apps
