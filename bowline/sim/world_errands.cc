// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/sim/world.h"

// Couriers read the node's own log: what it has in memory, or else what is on its disk. They must
// get what was written.
namespace bowline::sim {

void World::perform(Node& node, raft::SendSpan& send) {
  Errand errand{.effect = std::move(send), .begun = now_};
  if (plan_.climate.courier.count() == 0) return send_span(node, std::move(errand));
  send_out(node, std::move(errand));
}

void World::perform(Node& node, raft::SendEntries& send) {
  send_out(node, {.effect = std::move(send)});
}

void World::send_out(Node& node, Errand errand) {
  agenda_.add({.at = now_ + node.courier_chance.exponential("courier", plan_.climate.courier),
               .what = What::errand,
               .node = Node::small(node.site.id),
               .slot = errands_.put(std::move(errand)),
               .life = node.site.life});
}

// From the beginning, or with what it has read.
void World::run_errand(Node& node, Errand errand) {
  if (std::holds_alternative<raft::SendSpan>(errand.effect))
    return send_span(node, std::move(errand));
  if (std::holds_alternative<raft::SendEntries>(errand.effect))
    return send_entries(node, std::move(errand));
  scrub(node, std::move(errand));
}

// How many of the entries go into the next message.
std::uint64_t World::span_part(Node& node, std::uint64_t left) {
  if (!plan_.climate.courier_splits || left <= 1) return left;
  if (!node.courier_chance.happens("splits", 300'000)) return left;
  return 1 + node.courier_chance.below("splits after", left - 1);
}

void World::send_span(Node& node, Errand errand) {
  const Image& image = node.site.written;
  const auto& send = std::get<raft::SendSpan>(errand.effect);
  if (!node.site.core->leads(send.head.term) && !planted(Bug::p67_span_of_an_old_term_sent)) return;
  if (errand.begun < letters_since_ && now_ > letters_until_) return;  // it waited for a slow disk
  LogId prev = std::get<raft::AppendRequest>(send.head.body).prev;
  if (!contains(image, prev)) {
    // Only a later leader's log can lack it: ours loses entries at the front alone.
    if (!planted(Bug::p67_span_of_an_old_term_sent)) return;
    if (prev.index < image.base.id.index || prev.index >= image.last()) return;
  }
  const Index last = std::min(send.last, image.last());
  while (prev.index < last && !violation_) {
    if (errand.part == 0) errand.part = span_part(node, last - prev.index);
    const Index through = std::min(last, prev.index + errand.part);
    const Index read = prev.index + errand.got.size();
    if (read < through && !read_log(node, read, through, errand)) return;
    if (errand.got.size() < through - prev.index) continue;
    auto& head = std::get<raft::SendSpan>(errand.effect).head;
    raft::Message message = head;
    auto& body = std::get<raft::AppendRequest>(message.body);
    body.entries = std::exchange(errand.got, {});
    prev = std::get<raft::AppendRequest>(head.body).prev = body.entries.back().id;
    errand.part = 0;
    post(node, send.to, std::move(message));
  }
}

void World::send_entries(Node& node, Errand errand) {
  auto& send = std::get<raft::SendEntries>(errand.effect);
  auto& body = std::get<raft::EntriesReply>(send.head.body);
  while (errand.done < send.wanted.size() && !violation_) {
    if (errand.got.empty()) {
      const LogId first = send.wanted[errand.done];
      const Line* line = node.site.written.at(first.index);
      const bool here = line != nullptr && line->entry.id == first;
      if (here && !read_log(node, first.index.prev(), first.index, errand)) return;
    }
    if (!errand.got.empty()) body.entries.push_back(std::move(errand.got.front()));
    errand.got.clear();
    ++errand.done;
  }
  if (!body.entries.empty()) post(node, send.to, std::move(send.head));
}

void World::scrub(Node& node, Errand errand) {
  auto& scrub = std::get<Scrub>(errand.effect);
  if (!errand.got.empty()) scrub.next = errand.got.back().id.index.next();
  errand.got.clear();
  if (scrub.next > scrub.last) return;
  const Scrub rest = scrub;
  ask_disk(node, rest.next.prev(), rest.last, std::move(errand));
}

// True: the first of them at least are in `got`. False: the disk was asked, and the errand goes on
// with its answer.
bool World::read_log(Node& node, Index after, Index through, Errand& errand) {
  raft::Batch batch = node.process->peek(after, through);
  if (batch.empty()) {
    ask_disk(node, after, through, std::move(errand));
    return false;
  }
  if (!begins_at(node, batch, after.next())) return false;
  if (!as_written(node, batch)) {
    violated({"I20", "the log of node " + std::to_string(node.site.id.value) +
                         " has other entries in memory than were written"});
    return false;
  }
  counters_.read_in_memory += batch.size();
  std::ranges::move(batch, std::back_inserter(errand.got));
  return true;
}

void World::ask_disk(Node& node, Index after, Index through, Errand errand) {
  errand.asked = after.next();
  errand.rots = node.rots;
  errand.was_rotten = node.site.durable.rotten.covers(errand.asked);
  let_climate_in(node);
  if (node.process->loop().now() < now_) node.process->loop().advance(now_);
  node.process->fetch(after, through, errands_.put(std::move(errand)));
  arm_process(node);
}

// What was read may have gone since, or have been replaced: then nobody wants it any more.
void World::answered(Node& node, Process::Answer answer) {
  Errand errand = errands_.take(answer.number);
  if (!answer.result) {
    ++counters_.not_readable;
    const bool excused = errand.was_rotten || errand.rots != node.rots;
    notice_rot(node, {errand.asked, errand.asked}, excused);
    return missed(node, std::move(errand));
  }
  const raft::Batch& batch = *answer.result;
  if (batch.empty()) return missed(node, std::move(errand));
  if (!begins_at(node, batch, errand.asked)) return;
  if (!as_written(node, batch)) return missed(node, std::move(errand));
  counters_.read_on_disk += answer.result->size();
  std::ranges::move(*answer.result, std::back_inserter(errand.got));
  run_errand(node, std::move(errand));
}

// A span ends there; the others go on with what is next.
void World::missed(Node& node, Errand errand) {
  if (std::holds_alternative<raft::SendSpan>(errand.effect)) return;
  ++errand.done;
  if (auto* scrub = std::get_if<Scrub>(&errand.effect)) scrub->next = scrub->next.next();
  run_errand(node, std::move(errand));
}

bool World::begins_at(const Node& node, const raft::Batch& batch, Index index) {
  Index next = index;
  for (const raft::Entry& entry : batch) {
    if (entry.id.index != next)
      violated({"I20", "the log of node " + std::to_string(node.site.id.value) +
                           " gives other entries than it was asked for"});
    next = next.next();
  }
  return !violation_;
}

// False: the log has gone on. An id names one content for all time, so another content is a lie.
bool World::as_written(const Node& node, const raft::Batch& batch) {
  for (const raft::Entry& entry : batch) {
    const Line* line = node.site.written.at(entry.id.index);
    if (line == nullptr || line->entry.id != entry.id) return false;
    if (same_content(line->entry, entry)) continue;
    violated({"I20", "the log of node " + std::to_string(node.site.id.value) + " gives entry " +
                         std::to_string(entry.id.index.value) + " another content"});
    return false;
  }
  return true;
}

// Lines that cannot be read: the core is told, as soon as it is not in a step.
void World::notice_rot(Node& node, raft::Stretch lost, bool excused) {
  for (Index i = lost.first; i <= lost.last && !excused; i = i.next())
    if (!node.site.durable.rotten.covers(i) && !hurt(node, i))
      violated({"I25", "the log of node " + std::to_string(node.site.id.value) +
                           " cannot read entry " + std::to_string(i.value) +
                           ", which nothing had hurt"});
  agenda_.add({.at = now_,
               .what = What::input,
               .node = Node::small(node.site.id),
               .slot = letters_.put({raft::Unreadable{lost.first, lost.last}, {}, now_}),
               .life = node.site.life});
  note({Note::What::noticed, node.site.id, {}, lost.first.value});
}

// Its process is about to end.
void World::drop_errands(Node& node) {
  for (const std::uint32_t slot : node.process->unanswered()) errands_.take(slot);
}

}  // namespace bowline::sim
