// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/golden_referee.h"

#include <algorithm>
#include <variant>

#include "bowline/raft/golden_world.h"
#include "bowline/words/describe.h"

namespace bowline::raft::golden {
namespace {

std::string name(const Node& node) { return "node " + std::to_string(node.id.value); }
std::string at(Index index) { return " at " + std::to_string(index.value); }

ClusterId cluster_of(const Node& node) {
  return node.core->memberships().latest().membership->cluster;
}

bool same(const Entry& a, const Entry& b) {
  return a.id == b.id && a.kind == b.kind && a.payload == b.payload;
}

}  // namespace

void Referee::violated(std::string what) {
  if (std::ranges::find(violations_, what) == violations_.end())
    violations_.push_back(std::move(what));
}

void Referee::stepped(const World& world) {
  check_leaders(world);
  check_logs(world);
  for (const auto& [id, node] : world.nodes)
    if (node.core) note_committed(node);
  for (const auto& [id, node] : world.nodes)
    if (node.core && node.core->role() == Role::leader) check_complete(node);
}

void Referee::check_leaders(const World& world) {
  for (const auto& [id, node] : world.nodes) {
    if (!node.core || node.core->role() != Role::leader) continue;
    const Term term = node.core->term();
    const auto [known, first] = leaders_.try_emplace({cluster_of(node), term}, id);
    if (known->second == id) continue;
    violated("two leaders in t" + std::to_string(term.value) + ": node " +
             std::to_string(known->second.value) + " and " + name(node));
    known->second = id;
  }
}

void Referee::check_logs(const World& world) {
  for (auto a = world.nodes.begin(); a != world.nodes.end(); ++a)
    for (auto b = std::next(a); b != world.nodes.end(); ++b)
      if (a->second.core && b->second.core) check_pair(a->second, b->second);
}

// Where two logs have an entry of the same id, they have the same entries up to there.
void Referee::check_pair(const Node& a, const Node& b) {
  if (cluster_of(a) != cluster_of(b)) return;
  bool together = false;
  for (auto entry = a.written.entries.rbegin(); entry != a.written.entries.rend(); ++entry) {
    const Entry* other = b.written.at(entry->id.index);
    if (other == nullptr) continue;
    const Index index = entry->id.index;
    const bool readable = !a.written.lost.contains(index) && !b.written.lost.contains(index);
    together = together || entry->id == other->id;
    if (together && (entry->id != other->id || (readable && !same(*entry, *other))))
      return violated("the logs of " + name(a) + " and " + name(b) + " differ" + at(index));
  }
}

void Referee::note_committed(const Node& node) {
  Book& book = committed_[cluster_of(node)];
  for (const Entry& entry : node.written.entries) {
    if (entry.id.index > node.core->commit()) break;
    if (node.written.lost.contains(entry.id.index)) continue;
    const auto [known, first] =
        book.try_emplace(entry.id.index, Committed{entry, node.core->term()});
    if (!same(known->second.entry, entry))
      violated(name(node) + " has committed " + text(entry.id) + " where " +
               text(known->second.entry.id) + " was committed");
    if (first && overruled_.contains(entry.id))
      violated(text(entry.id) + " is committed, and was said to be overruled");
  }
}

// Whoever leads has everything that was committed in the terms before.
void Referee::check_complete(const Node& node) {
  for (const auto& [index, committed] : book_of(node)) {
    if (committed.known_in >= node.core->term() || index <= node.written.base.id.index) continue;
    if (!node.written.contains(committed.entry.id))
      return violated(name(node) + " leads without " + text(committed.entry.id));
  }
}

const Referee::Book& Referee::book_of(const Node& node) { return committed_[cluster_of(node)]; }

// What a message claims must be on the sender's disk at the moment when it leaves.
void Referee::leaves(const Node& from, NodeId to, const Message& message) {
  const Image& disk = from.disk;
  const std::string claim = name(from) + " says '" + text(message) + "'";
  if (const auto* reply = std::get_if<AppendReply>(&message.body); reply && reply->matched) {
    const Entry* here = disk.at(reply->match);
    const Entry* meant = from.written.at(reply->match);
    const bool covered = reply->match <= disk.base.id.index;
    const bool same_here = here != nullptr && (meant == nullptr || here->id == meant->id);
    if (!covered && !same_here) violated(claim + " before it is durable");
    // What rotted under a snapshot that is installed is not missed.
    const auto rotten = disk.lost.upper_bound(from.snapshot.id.index);
    if (rotten != disk.lost.end() && *rotten <= reply->match)
      violated(claim + " with a damaged entry");
  }
  if (const auto* vote = std::get_if<VoteReply>(&message.body);
      vote && vote->granted && !vote->pre) {
    if (disk.hard.term != message.term || disk.hard.voted_for != to)
      violated(claim + " before its vote is durable");
  }
  if (const auto* vote = std::get_if<VoteRequest>(&message.body); vote && !vote->pre) {
    if (disk.hard.term != message.term || disk.hard.voted_for != from.id)
      violated(claim + " before its own vote is durable");
    if (!disk.contains(vote->last) && vote->last != LogId{})
      violated(claim + " before its log is durable");
  }
}

void Referee::persisted(const Node& before, const HardState& next) {
  const HardState& was = before.disk.hard;
  const bool revoted = was.voted_for && was.term == next.term && was.voted_for != next.voted_for;
  if (next.term < was.term || revoted) violated(name(before) + " takes back its term or its vote");
}

void Referee::asked_to_read(const World& world, Ticket ticket) {
  asked(ticket);
  for (const auto& [id, node] : world.nodes) {
    if (!node.core) continue;
    const Book& book = committed_[cluster_of(node)];
    const Index newest = book.empty() ? Index{} : book.rbegin()->first;
    reads_[ticket] = std::max(reads_[ticket], newest);
  }
}

void Referee::last_word(Ticket ticket) {
  if (open_.erase(ticket) == 0)
    violated("a second last word for ticket " + std::to_string(ticket.value));
}

void Referee::said(const World&, const Node& node, const Effect& effect) {
  if (const auto* admitted = std::get_if<Admitted>(&effect)) {
    if (const auto write = writes_.find(admitted->ticket); write != writes_.end())
      write->second = admitted->first;
  } else if (const auto* refused = std::get_if<Refused>(&effect)) {
    last_word(refused->ticket);
  } else if (const auto* ready = std::get_if<ReadReady>(&effect)) {
    last_word(ready->ticket);
    const auto read = reads_.find(ready->ticket);
    if (read == reads_.end() || ready->index < read->second)
      violated("a stale read: ticket " + std::to_string(ready->ticket.value) + at(ready->index));
  } else if (const auto* done = std::get_if<Decided>(&effect)) {
    last_word(done->ticket);
    decided(node, *done);
  } else if (std::holds_alternative<Impossible>(effect) && !lied_to_) {
    violated(name(node) + " stopped, and nobody lied to it");
  }
}

void Referee::decided(const Node& node, const Decided& word) {
  const auto write = writes_.find(word.ticket);
  if (write == writes_.end()) return;
  const LogId id = write->second;
  note_committed(node);
  const Book& book = book_of(node);
  const auto committed = book.find(id.index);
  const bool is_in = committed != book.end() && committed->second.entry.id == id;
  if (word.outcome == Outcome::committed && !is_in)
    violated("ticket " + std::to_string(word.ticket.value) + " is not committed");
  if (word.outcome == Outcome::overruled) {
    overruled_.insert(id);
    if (is_in) violated(text(id) + " is committed, and said to be overruled");
  }
}

}  // namespace bowline::raft::golden
