// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/sim/cohort.h"
#include "bowline/sim/hash.h"
#include "bowline/words/describe.h"

// What a host does with the effects of a core, and with the answers of its log.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t message_bytes = 20'000;

bool of_log(const raft::Core& core, const raft::Entry& entry) {
  return core.outline().term_at(entry.id.index) == entry.id.term;
}

}  // namespace

void Cohort::step(Node& node, raft::Input input) {
  if (!wrong.empty()) return;
  raft::Effects effects;
  raft::Core& core = *node.core;
  const raft::PostMortem post_mortem(core);
  core.step(now_, std::move(input), effects);
  for (raft::Effect& effect : effects) perform(node, effect);
  node.process->loop.set(node.wake, core.deadline());
}

void Cohort::perform(Node& node, raft::Effect& effect) {
  if (auto* write = std::get_if<raft::Persist>(&effect)) return persist(node, *write);
  if (auto* send = std::get_if<raft::Send>(&effect))
    return post(node, send->to, std::move(send->message));
  if (auto* span = std::get_if<raft::SendSpan>(&effect)) return send_span(node, std::move(*span));
  if (auto* send = std::get_if<raft::SendEntries>(&effect))
    return send_entries(node, std::make_shared<Answer>(*send));
  if (auto* fetch = std::get_if<raft::Restore>(&effect)) return restore(node, *fetch);
  if (auto* commit = std::get_if<raft::Commit>(&effect)) {
    node.apply_through = std::max(node.apply_through, commit->through);
    return apply(node);
  }
  if (auto* seen = std::get_if<raft::Impossible>(&effect))
    return fail(named(node.site.id) + "it met something impossible: " + seen->evidence);
  if (told) told(node.site.id, effect);
}

void Cohort::persist(Node& node, raft::Persist& write) {
  std::optional<Write> prepared = sim::prepared(write, node.site);
  if (!prepared || !sim::apply(*prepared, node.site.written) ||
      !node.shadow.submit(*std::move(prepared)))
    return fail(named(node.site.id) + "it asks for a write that makes no sense for its log");
  node.mended += write.repaired.size();
  node.process->log->submit(the_group, std::move(write));
  flush_soon(node);
}

// At the end of the turn.
void Cohort::flush_soon(Node& node) {
  if (std::exchange(node.flush_due, true)) return;
  node.process->loop.soon([&node] {
    node.flush_due = false;
    node.process->log->flush();
  });
}

void Cohort::post(Node& from, NodeId to, raft::Message message) {
  if (!to || to.value > nodes_.size()) return;  // a learner that does not exist
  Node& other = node(to);
  if (other.process == nullptr) return;
  other.process->loop.advance(now_);
  other.process->loop.after(options_.latency, [this, &other, sender = from.site.id,
                                               message = std::move(message)]() mutable {
    if (other.site.core != nullptr) step(other, raft::Received{sender, std::move(message)});
  });
}

// --- entries for others

void Cohort::send_span(Node& node, raft::SendSpan span) {
  const raft::Core& core = *node.site.core;
  const LogId prev = std::get<raft::AppendRequest>(span.head.body).prev;
  if (!core.leads(span.head.term) || !core.outline().contains(prev) || prev.index >= span.last)
    return;
  wal::Log& log = *node.process->log;
  raft::Batch found = log.peek(the_group, prev.index, span.last, message_bytes);
  if (!found.empty()) return send_found(node, std::move(span), std::move(found));
  const Index last = span.last;
  log.fetch(the_group, prev.index, last, message_bytes,
            [this, &node, prev, span = std::move(span)](Result<raft::Batch> read) mutable {
              if (read) return send_found(node, std::move(span), *std::move(read));
              const Index lost = prev.index.next();
              step(node, raft::Unreadable{lost, lost});
            });
}

void Cohort::send_found(Node& node, raft::SendSpan span, raft::Batch found) {
  const raft::Core& core = *node.site.core;
  auto& head = std::get<raft::AppendRequest>(span.head.body);
  if (!core.leads(span.head.term) || !core.outline().contains(head.prev) || found.empty()) return;
  for (const raft::Entry& entry : found)
    if (!of_log(core, entry) || !as_written(node, entry)) return;
  raft::Message message = span.head;
  head.prev = found.back().id;
  std::get<raft::AppendRequest>(message.body).entries = std::move(found);
  post(node, span.to, std::move(message));
  send_span(node, std::move(span));
}

// An answer to one who lost entries, while they are read one by one.
struct Cohort::Answer {
  explicit Answer(raft::SendEntries what) : send(std::move(what)) {}
  raft::SendEntries send;
  std::size_t next = 0;
  raft::Batch found;
};

void Cohort::send_entries(Node& node, const std::shared_ptr<Answer>& answer) {
  raft::SendEntries& send = answer->send;
  if (answer->next == send.wanted.size()) {
    if (answer->found.empty()) return;
    std::get<raft::EntriesReply>(send.head.body).entries = std::move(answer->found);
    return post(node, send.to, std::move(send.head));
  }
  const LogId id = send.wanted[answer->next++];
  const auto take = [this, &node, answer, id](const raft::Batch& batch) {
    const raft::Outline& outline = node.site.core->outline();
    const bool there = id.index > outline.base().index && outline.contains(id);
    if (there && !batch.empty() && batch.front().id == id && as_written(node, batch.front()))
      answer->found.push_back(batch.front());
    send_entries(node, answer);
  };
  wal::Log& log = *node.process->log;
  if (!node.site.core->outline().contains(id)) return take({});
  const raft::Batch batch = log.peek(the_group, id.index.prev(), id.index, message_bytes);
  if (!batch.empty()) return take(batch);
  log.fetch(the_group, id.index.prev(), id.index, message_bytes,
            [this, &node, id, take](Result<raft::Batch> read) {
              if (!read) step(node, raft::Unreadable{id.index, id.index});
              take(read ? *read : raft::Batch{});
            });
}

// --- snapshots of others

void Cohort::restore(Node& node, const raft::Restore& restore) {
  node.process->loop.after(options_.latency * 3,
                           [this, &node, restore] { fetched(node, restore); });
  if (restore.from.value > nodes_.size()) return;
  Node& sender = this->node(restore.from);
  if (sender.process == nullptr) return;
  sender.process->loop.advance(now_);
  sender.process->loop.after(options_.latency * 4, [this, &sender, to = node.site.id] {
    if (sender.site.core != nullptr) step(sender, raft::SnapshotEnded{to});
  });
}

void Cohort::fetched(Node& node, const raft::Restore& restore) {
  const auto source = std::ranges::find_if(nodes_, [&](const auto& one) {
    return one.get() != &node && one->site.core != nullptr &&
           one->site.snapshot.base.id.index >= restore.base.id.index;
  });
  if (source == nodes_.end()) return step(node, raft::RestoreFailed{restore.base.id});
  const Snapshot snapshot = (*source)->site.snapshot;
  Site& site = node.site;
  ++node.restored;
  const Index through = snapshot.base.id.index;
  if (through > site.snapshot.base.id.index) site.snapshot = snapshot;
  if (through > site.machine.applied.index) {
    site.machine = {snapshot.base.id, snapshot.digest};
    node.apply_through = std::max(node.apply_through, through);
  }
  step(node, raft::Restored{snapshot.base});
}

// --- the machine

void Cohort::apply(Node& node) {
  Site& site = node.site;
  while (!node.applying && site.machine.applied.index < node.apply_through && wrong.empty()) {
    const Index after = site.machine.applied.index;
    const raft::Batch batch =
        node.process->log->peek(the_group, after, node.apply_through, message_bytes);
    if (!batch.empty()) {
      apply_all(node, batch);
      continue;
    }
    node.applying = true;
    return node.process->log->fetch(the_group, after, node.apply_through, message_bytes,
                                    [this, &node, after](Result<raft::Batch> read) {
                                      node.applying = false;
                                      if (read) apply_all(node, *read);
                                      if (!read)
                                        step(node, raft::Unreadable{after.next(), after.next()});
                                      // Nothing new: somebody has to repair it, or a snapshot is on
                                      // its way.
                                      if (node.site.machine.applied.index == after)
                                        return apply_later(node, 20ms);
                                      apply(node);
                                    });
  }
  snapshot_if_due(node);
}

void Cohort::apply_later(Node& node, Duration wait) {
  node.applying = true;
  node.process->loop.after(wait, [this, &node] {
    node.applying = false;
    apply(node);
  });
}

void Cohort::apply_all(Node& node, const raft::Batch& batch) {
  Machine& machine = node.site.machine;
  for (const raft::Entry& entry : batch) {
    // Another one was here before the snapshot of somebody else took over.
    if (entry.id.index != machine.applied.index.next() || !of_log(*node.site.core, entry)) return;
    if (!as_written(node, entry)) return;
    machine.applied = entry.id;
    machine.digest = extended(machine.digest, entry);
    const auto [at, first] =
        record.applied.try_emplace(entry.id.index, Record::Applied{entry.id, machine.digest});
    if (!first && (at->second.id != entry.id || at->second.digest != machine.digest))
      return fail(named(node.site.id) + "at index " + std::to_string(entry.id.index.value) +
                  " it is in another state than others were");
  }
}

void Cohort::snapshot_if_due(Node& node) {
  const Site& site = node.site;
  const Index at = site.machine.applied.index;
  if (node.snapshotting || at < site.snapshot.base.id.index + options_.snapshot_every) return;
  if (at > site.core->commit() || at < site.core->outline().base().index) return;
  node.snapshotting = true;
  node.process->loop.after(
      1ms, [this, &node, snapshot = Snapshot{site.core->base_at(at), site.machine.digest}] {
        snapshot_done(node, snapshot);
      });
}

// It is durable; only now may the log forget what it covers.
void Cohort::snapshot_done(Node& node, const Snapshot& snapshot) {
  node.snapshotting = false;
  const Index covered = snapshot.base.id.index;
  if (covered <= node.site.snapshot.base.id.index) return;
  node.site.snapshot = snapshot;
  if (covered.value <= options_.keeps_behind) return;
  const Index through{covered.value - options_.keeps_behind};
  if (through > node.site.core->outline().base().index) step(node, raft::Compacted{through});
}

// Whatever a log gives back is what it was given.
bool Cohort::as_written(Node& node, const raft::Entry& entry) {
  const Line* line = node.site.written.at(entry.id.index);
  if (line != nullptr && line->entry.id == entry.id && line->entry.kind == entry.kind &&
      line->entry.payload == entry.payload)
    return true;
  fail(named(node.site.id) + "entry " + std::to_string(entry.id.index.value) +
       " is not what was written");
  return false;
}

}  // namespace bowline::sim
