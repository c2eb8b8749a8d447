// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/golden_world.h"

#include <algorithm>
#include <variant>

#include "bowline/base/ensure.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/words/describe.h"

namespace bowline::raft::golden {
namespace {

constexpr int patience = 10'000;  // steps until everything must have come to rest
constexpr Ticket lively{1000};    // of the writes that prove that a group still works

Found found_on(const Image& disk) {
  Found found{.hard_state = disk.hard, .base = disk.base};
  for (const Entry& entry : disk.entries) {
    found.entries.push_back({entry.id});
    if (entry.kind == Kind::membership && !disk.lost.contains(entry.id.index))
      found.configs.push_back({entry.id.index, decode_membership(entry.payload.view())});
  }
  for (const Index index : disk.lost) found.damaged.push_back({index, index});
  return found;
}

}  // namespace

// ---- disks

const Entry* Image::at(Index index) const {
  if (index <= base.id.index || index > last().index) return nullptr;
  return &entries[index - base.id.index - 1];
}

bool Image::contains(LogId id) const {
  if (id.index == base.id.index) return id == base.id;
  const Entry* entry = at(id.index);
  return entry != nullptr && entry->id == id;
}

void Image::rebase(const Base& next) {
  if (contains(next.id)) {
    std::erase_if(entries, [&](const Entry& entry) { return entry.id.index <= next.id.index; });
    lost.erase(lost.begin(), lost.upper_bound(next.id.index));
  } else {
    entries.clear();
    lost.clear();
  }
  base = next;
}

void Image::perform(const Persist& write) {
  if (write.hard_state) hard = *write.hard_state;
  if (write.discard) {
    entries.clear();
    lost.clear();
    base = *write.base;
  } else if (write.base) {
    ensure(contains(write.base->id));
    rebase(*write.base);
  }
  if (write.cut_after) {
    const Index keep = *write.cut_after;
    std::erase_if(entries, [keep](const Entry& entry) { return entry.id.index > keep; });
    lost.erase(lost.upper_bound(keep), lost.end());
  }
  for (const Entry& entry : write.repaired) {
    if (!contains(entry.id) || at(entry.id.index) == nullptr) continue;
    entries[entry.id.index - base.id.index - 1] = entry;
    lost.erase(entry.id.index);
  }
  for (const Entry& entry : write.entries) {
    ensure(entry.id.index == last().index.next());
    entries.push_back(entry);
  }
}

// ---- nodes

void World::create(NodeId id, const Base& base) {
  Node& node = nodes[id];
  node.id = id;
  node.incarnation = {id.value * 10 + 1};
  node.disk.base = base;
  start(node);
}

void World::start(Node& node) {
  ++node.starts;
  // A crash between the installed snapshot and the log's new base: the host makes up for it.
  if (node.snapshot.id.index > node.disk.base.id.index) node.disk.rebase(node.snapshot);
  node.written = node.disk;
  const ClusterId usual = node.disk.base.membership ? ClusterId{} : cluster;
  const Identity who{.self = node.id,
                     .cluster = node.cluster ? node.cluster : usual,
                     .incarnation = node.incarnation,
                     .seed = node.id.value * 1000 + node.starts};
  node.core = std::make_unique<Core>(std::make_shared<const Options>(options), who,
                                     found_on(node.disk), now);
  referee.stepped(*this);
}

// A crash keeps the first writes of those that were on their way; which ones, the disk decides.
void World::crash(Node& node, std::size_t writes_kept) {
  for (std::size_t i = 0; i < std::min(writes_kept, node.writes.size()); ++i)
    node.disk.perform(node.writes[i]);
  node.writes.clear();
  node.core.reset();
  node.restoring.reset();
  std::erase_if(mail, [&](const Mail& one) { return one.to == node.id; });
}

void World::wipe(Node& node) {
  crash(node, 0);
  node.disk = Image{};
  node.snapshot = {};
  node.incarnation = node.incarnation.next();
  node.cluster = cluster;
}

// ---- steps

void World::lie(Node& to, NodeId from, Message message) {
  referee.lied_to();
  step(to, Received{from, std::move(message)});
}

void World::step(Node& node, Input input) {
  tell(std::to_string(node.id.value) + " < " + text(input));
  Effects effects;
  node.core->step(now, std::move(input), effects);
  for (Effect& effect : effects) {
    const std::string line = text(effect) + fate_of(node, effect);
    referee.said(*this, node, effect);
    tell("    " + line);
    carry_out(node, effect);
  }
  referee.stepped(*this);
}

std::string World::fate_of(const Node& from, const Effect& effect) const {
  const NodeId* to = nullptr;
  if (const auto* send = std::get_if<Send>(&effect)) to = &send->to;
  if (const auto* span = std::get_if<SendSpan>(&effect)) to = &span->to;
  if (const auto* entries = std::get_if<SendEntries>(&effect)) to = &entries->to;
  if (to == nullptr) return "";
  const auto node = nodes.find(*to);
  if (node == nodes.end() || !node->second.core) return " (down)";
  return cuts.contains({from.id, *to}) ? " (cut)" : "";
}

void World::carry_out(Node& node, Effect& effect) {
  if (auto* persist = std::get_if<Persist>(&effect)) carry_out(node, *persist);
  if (auto* send = std::get_if<Send>(&effect)) carry_out(node, *send);
  if (auto* span = std::get_if<SendSpan>(&effect)) carry_out(node, *span);
  if (auto* entries = std::get_if<SendEntries>(&effect)) carry_out(node, *entries);
  if (auto* restore = std::get_if<Restore>(&effect)) node.restoring = std::move(*restore);
}

void World::carry_out(Node& node, Persist& effect) {
  node.written.perform(effect);
  node.writes.push_back(std::move(effect));
}

void World::carry_out(Node& node, Send& effect) {
  send(node, effect.to, std::move(effect.message));
}

void World::carry_out(Node& node, SendSpan& effect) {
  auto& body = std::get<AppendRequest>(effect.head.body);
  if (!node.core->leads(effect.head.term) || body.prev.index < node.written.base.id.index) return;
  for (Index i = body.prev.index.next(); i <= effect.last; i = i.next())
    body.entries.push_back(*node.written.at(i));
  send(node, effect.to, std::move(effect.head));
}

void World::carry_out(Node& node, SendEntries& effect) {
  auto& body = std::get<EntriesReply>(effect.head.body);
  for (const LogId id : effect.wanted)
    if (const Entry* entry = node.written.at(id.index); entry != nullptr && entry->id == id)
      body.entries.push_back(*entry);
  send(node, effect.to, std::move(effect.head));
}

void World::send(Node& from, NodeId to, Message message) {
  referee.leaves(from, to, message);
  const auto node = nodes.find(to);
  const bool arrives = node != nodes.end() && node->second.core && !cuts.contains({from.id, to});
  if (arrives) mail.push_back({from.id, to, std::move(message)});
}

void World::persist(Node& node, std::size_t writes) {
  const std::size_t count = std::min(writes, node.writes.size());
  if (count == 0) return;
  const auto end = node.writes.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto write = node.writes.begin(); write != end; ++write) {
    if (write->hard_state) referee.persisted(node, *write->hard_state);
    node.disk.perform(*write);
  }
  const Seq seq = std::prev(end)->seq;
  node.writes.erase(node.writes.begin(), end);
  step(node, Persisted{seq});
}

void World::deliver(const Mail& one) {
  const auto node = nodes.find(one.to);
  if (node == nodes.end() || !node->second.core) return;
  step(node->second, Received{one.from, one.message});
}

// The host has fetched and installed a snapshot: of what the sender has by now, so it may be newer
// than what was offered.
void World::restored(Node& node) {
  const Restore restore = *std::exchange(node.restoring, std::nullopt);
  const auto from = nodes.find(restore.from);
  Base base = restore.base;
  if (from != nodes.end() && from->second.disk.base.id > base.id) base = from->second.disk.base;
  if (base.id > node.snapshot.id) node.snapshot = base;
  step(node, Restored{base});
  if (from != nodes.end() && from->second.core) step(from->second, SnapshotEnded{node.id});
}

void World::wake(Node& node) {
  now = std::max(now, node.core->deadline());
  step(node, Woken{});
}

// ---- many steps

void World::settle(std::string_view until) {
  const auto enough = [&] { return !until.empty() && told.contains(until); };
  for (int i = 0; i < patience; ++i) {
    bool moved = false;
    for (std::size_t batch = mail.size(); batch > 0 && !mail.empty(); --batch) {
      const Mail one = std::move(mail.front());
      mail.erase(mail.begin());
      deliver(one);
      moved = true;
      if (enough()) return;
    }
    for (auto& [id, node] : nodes) {
      if (!node.core || node.disk_held || node.writes.empty()) continue;
      persist(node, node.writes.size());
      moved = true;
      if (enough()) return;
    }
    if (!moved) return;
  }
  referee.violated("this never comes to rest");
}

Time World::next_deadline() const {
  Time next = never;
  for (const auto& [id, node] : nodes)
    if (node.core) next = std::min(next, node.core->deadline());
  return next;
}

void World::advance(Duration duration) {
  const Time end = now + duration;
  for (int i = 0; i < patience && next_deadline() <= end; ++i) {
    now = std::max(now, next_deadline());
    for (auto& [id, node] : nodes)
      if (node.core && node.core->deadline() <= now) wake(node);
  }
  now = end;
}

void World::run(Duration duration) {
  const Time end = now + duration;
  settle();
  for (int i = 0; i < patience && next_deadline() <= end; ++i) {
    now = std::max(now, next_deadline());
    for (auto& [id, node] : nodes)
      if (node.core && node.core->deadline() <= now) wake(node);
    settle();
  }
  now = end;
}

// ---- does it still work?

void World::mend_everything() {
  cuts.clear();
  for (Mail& one : std::exchange(delayed, {})) mail.push_back(std::move(one));
  for (auto& [id, node] : nodes) {
    node.disk_held = false;
    if (!node.core) start(node);
    if (node.core->role() == Role::follower) step(node, Fullness{false});
    step(node, Stalled{false});
  }
  if (options.hibernate_after == Duration{0}) return;
  for (auto& [id, node] : nodes)
    for (const auto& [peer, other] : nodes)
      if (peer != id) step(node, Contact{peer});
}

Node* World::leading() {
  Node* best = nullptr;
  for (auto& [id, node] : nodes) {
    const bool leads = node.core && node.core->role() == Role::leader && !node.core->stopped();
    if (leads && (best == nullptr || node.core->term() > best->core->term())) best = &node;
  }
  return best;
}

// On every node that the leader's membership counts and that did not stop.
bool World::everywhere(const Node& leader, Index index) const {
  const Membership& membership = *leader.core->memberships().latest().membership;
  return std::ranges::all_of(nodes, [&](const auto& one) {
    const Core& core = *one.second.core;
    const Member* member = membership.find(core.self());
    const bool counts = member != nullptr && !core.stopped() &&
                        (!member->incarnation || member->incarnation == core.incarnation());
    return !counts || core.commit() >= index;
  });
}

bool World::live(Duration limit) {
  mend_everything();
  Ticket ticket = lively;
  std::pair<Node*, Index> written{nullptr, {}};
  for (const Time end = now + limit; now < end;) {
    run(std::chrono::milliseconds(50));
    for (auto& [id, node] : nodes)
      if (node.restoring) restored(node);
    Node* leader = leading();
    if (leader == nullptr) continue;
    if (leader == written.first && leader->core->commit() >= written.second &&
        everywhere(*leader, written.second)) {
      const std::string in_term = std::to_string(leader->core->term().value);
      told.clear();
      tell(std::to_string(leader->id.value) + " leads t" + in_term + ", and a write commits at " +
           std::to_string(written.second.value));
      return true;
    }
    if (leader == written.first && leader->written.last().index >= written.second) continue;
    ticket = ticket.next();
    referee.asked(ticket);
    referee.asked_to_write(ticket);
    step(*leader, Propose{ticket, {Bytes::copy("alive")}, {}});
    written = {leader, leader->written.last().index};
  }
  told.clear();
  for (const auto& [id, node] : nodes) tell(text(*node.core));
  referee.violated("no write commits any more");
  return false;
}

}  // namespace bowline::raft::golden
