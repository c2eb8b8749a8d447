// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/story.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>
#include <variant>

#include "bowline/words/describe.h"

namespace bowline::sim {
namespace {

std::string clock_text(Time time) {
  const auto us = static_cast<unsigned long long>(time.since_start.count() / 1000);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%4llu.%06llu", us / 1'000'000, us % 1'000'000);
  return text.data();
}

std::string number(NodeId id) { return std::to_string(id.value); }

// Messages are told when they leave, and writes with their effect.
bool told_elsewhere(const raft::Effect& effect) {
  return std::holds_alternative<raft::Send>(effect) ||
         std::holds_alternative<raft::SendSpan>(effect) ||
         std::holds_alternative<raft::SendEntries>(effect);
}

char mark_of(const raft::Effect& effect) {
  if (std::holds_alternative<raft::Commit>(effect)) return '+';
  if (std::holds_alternative<raft::Impossible>(effect)) return '#';
  const auto* changed = std::get_if<raft::RoleChanged>(&effect);
  return changed != nullptr && changed->role != raft::Role::follower ? '*' : ' ';
}

std::string_view what_of(Note::What what) {
  switch (what) {
    case Note::What::episode_begun: return "begins: ";
    case Note::What::episode_ended: return "is over: ";
    case Note::What::down: return "goes down";
    case Note::What::paused: return "stands still";
    case Note::What::resumed: return "goes on";
    case Note::What::message_lost: return "lost on the way to ";
    case Note::What::message_doubled: return "doubled on the way to ";
    case Note::What::rotted: return "rots on disk: index ";
    case Note::What::noticed: return "notices rot: index ";
    case Note::What::full: return "has no space left on its disk";
    case Note::What::room: return "has space again";
    case Note::What::healed: return "the weather is over";
  }
  return "";
}

}  // namespace

Story::Story(const Court& court, const Plan& plan, StoryRange range)
    : court_(court), plan_(plan), range_(range), paused_(court.sites() + 1) {}

bool Story::in_range() const {
  if (!range_.around) return true;
  const Time now = court_.true_time();
  return now + range_.within >= *range_.around && now <= *range_.around + range_.within;
}

void Story::tell(NodeId who, char mark, const std::string& what, Weight weight) {
  if ((range_.brief && weight == Weight::plain) || !in_range()) {
    ++left_out_;
    return;
  }
  const std::string head = clock_text(court_.true_time()) + "  " + mark + "  " + lanes(who) + "  ";
  // A text of several lines, such as the state of a leader, stands below its first.
  const std::string indent(std::min(what.find_first_not_of(' '), what.size()), ' ');
  std::size_t end = what.find('\n');
  write(head + what.substr(0, end));
  while (end != std::string::npos) {
    const std::size_t begin = end + 1;
    end = what.find('\n', begin);
    write(head + indent + what.substr(begin, end - begin));
  }
}

void Story::write(std::string line) {
  lines_.push_back(std::move(line));
  if (range_.last == 0 || lines_.size() <= range_.last) return;
  lines_.pop_front();
  ++left_out_;
}

std::string Story::lanes(NodeId who) const {
  std::string text;
  for (std::uint64_t id = 1; id <= court_.sites(); ++id) {
    const bool here = NodeId{id} == who;
    text += here ? '[' : ' ';
    text += lane(*court_.site({id}));
    text += here ? "] " : "  ";
  }
  return text;
}

char Story::lane(const Site& site) const {
  if (site.core == nullptr) return 'x';
  if (paused_[site.id.value]) return 'p';
  if (site.core->stopped()) return 'S';
  if (site.core->memberships().latest().membership->members.empty()) return '.';
  switch (site.core->role()) {
    case raft::Role::leader: return 'L';
    case raft::Role::candidate: return 'C';
    case raft::Role::follower: return 'f';
  }
  return '?';
}

const Episode* Story::episode(std::uint64_t id) const {
  const auto at = std::ranges::find(plan_.episodes, id, &Episode::id);
  return at == plan_.episodes.end() ? nullptr : &*at;
}

void Story::started(const Site& site) {
  tell(site.id, '!', number(site.id) + " starts: " + disk_of(site), Weight::notable);
}

void Story::crashed(const Site& site) {
  tell(site.id, '!', number(site.id) + " is down; on its disk: " + disk_of(site), Weight::notable);
}

void Story::wiped(const Site& site, Incarnation former) {
  tell(site.id, '!',
       number(site.id) + " has lost its disk; incarnation " + std::to_string(former.value) +
           " is gone, " + std::to_string(site.incarnation.value) + " takes its place",
       Weight::notable);
}

void Story::forced(const Site& site, ClusterId anew) {
  tell(site.id, '!',
       number(site.id) + " is forced to go on alone, as cluster " + std::to_string(anew.value),
       Weight::notable);
}

void Story::noted(const Note& note) {
  std::string what(what_of(note.what));
  switch (note.what) {
    case Note::What::paused: paused_[note.node.value] = true; break;
    case Note::What::resumed: paused_[note.node.value] = false; break;
    case Note::What::episode_begun:
    case Note::What::episode_ended:
      if (const Episode* it = episode(note.number))
        what += std::string(name(it->trouble)) + " #" + std::to_string(it->id);
      break;
    case Note::What::down: what += note.number == 0 ? ": power failed" : ": killed"; break;
    case Note::What::message_lost:
    case Note::What::message_doubled: return tell(note.node, ' ', "  " + what + number(note.peer));
    case Note::What::rotted:
    case Note::What::noticed: what += std::to_string(note.number); break;
    case Note::What::full:
    case Note::What::room:
    case Note::What::healed: break;
  }
  const std::string who = note.node ? number(note.node) + " " : "";
  const std::string peer = note.peer ? " (" + number(note.peer) + ")" : "";
  tell(note.node, '!', who + what + peer, Weight::notable);
}

void Story::stepped(const Site& site, const raft::Input& input, const raft::Effects& effects) {
  if (!std::holds_alternative<raft::Persisted>(input) || !effects.empty())
    tell(site.id, ' ', number(site.id) + " < " + raft::text(input));
  for (const raft::Effect& effect : effects)
    if (!told_elsewhere(effect)) tell_effect(site.id, effect);
}

void Story::tell_effect(NodeId who, const raft::Effect& effect) {
  const char mark = mark_of(effect);
  const bool notable = mark == '*' || mark == '#' ||
                       std::holds_alternative<raft::RoleChanged>(effect) ||
                       std::holds_alternative<raft::MembershipChanged>(effect) ||
                       std::holds_alternative<raft::Restore>(effect);
  tell(who, mark, "    " + raft::text(effect), notable ? Weight::notable : Weight::plain);
}

void Story::sent(const Site& site, NodeId to, const raft::Message& message) {
  tell(site.id, ' ', "    > " + number(to) + ": " + raft::text(message));
}

void Story::persisted(const Site& site, Seq seq) {
  tell(site.id, ' ', number(site.id) + " on disk #" + std::to_string(seq.value));
}

void Story::applied(const Site& site, const Line& line) {
  tell(site.id, ' ', "    applies " + raft::text(line.entry.id));
}

void Story::snapshot_taken(const Site& site) {
  tell(site.id, ' ', number(site.id) + " took a snapshot of " + raft::text(site.snapshot.base.id),
       Weight::notable);
}

void Story::snapshot_installed(const Site& site) {
  tell(site.id, ' ',
       number(site.id) + " installed a snapshot of " + raft::text(site.snapshot.base.id),
       Weight::notable);
}

void Story::write_ended(Ticket ticket, raft::Outcome outcome) {
  const char* word = outcome == raft::Outcome::committed   ? "done"
                     : outcome == raft::Outcome::overruled ? "overruled"
                                                           : "unknown";
  tell({}, ' ', "    the client of #" + std::to_string(ticket.value) + " is told: " + word);
}

void Story::read_served(Ticket ticket, const Site& site) {
  tell(site.id, ' ',
       "    the client of #" + std::to_string(ticket.value) + " reads at " +
           raft::text(site.machine.applied));
}

void Story::ended(const std::optional<Violation>& violation) {
  const StoryRange all = std::exchange(range_, {});
  for (std::uint64_t id = 1; id <= court_.sites(); ++id) {
    const Site& site = *court_.site({id});
    tell({id}, ' ',
         number({id}) + ": " + disk_of(site) + "; applied " + raft::text(site.machine.applied));
    if (site.core != nullptr) tell({id}, ' ', "    " + raft::text(*site.core));
  }
  if (violation) tell({}, '#', violation->invariant + " is broken: " + violation->what);
  range_ = all;
}

std::string disk_of(const Site& site) {
  const Image& disk = site.durable;
  std::string text = "t" + std::to_string(disk.hard.term.value);
  if (disk.hard.voted_for) text += " voted for " + number(disk.hard.voted_for);
  const LogId last = disk.lines.empty() ? disk.base.id : disk.lines.back().entry.id;
  return text + ", log (" + raft::text(disk.base.id) + ".." + raft::text(last) + "]";
}

}  // namespace bowline::sim
