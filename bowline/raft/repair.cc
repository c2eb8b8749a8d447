// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/raft/core.h"
#include "bowline/raft/membership_codec.h"

// An entry whose content our disk lost is not an entry that we never had: we may have acknowledged
// it. We keep counting it when logs are compared, we do not lead, and we ask everybody for it; an
// id names one content for all time, so that whoever has it may give it.
namespace bowline::raft {
namespace {

constexpr std::size_t most_wanted = 64;  // entries asked for at once

}  // namespace

void Core::on(Unreadable& in) {
  const Index first = std::max(in.first, outline_.base().index.next());
  const Index last = std::min(in.last, outline_.last().index);
  if (first > last) return;
  for (Index i = first; i <= last; i = i.next()) {
    // Whoever read what is being written anew has met the old copy.
    if (mending(i)) continue;
    damage_.add({i, i});
    missing_.add({i, i});
  }
  if (!missing_.any()) return;
  repair().next = now_;
  if (leader_role() != nullptr) step_aside();
  if (candidate_role() != nullptr) follow({});
  Follower& f = *follower_role();
  f.acked = std::min(f.acked, ackable());
}

void Core::ask_for_lost_entries() {
  repair().next = now_ + options_->election / 2;
  ++repair().asked;
  EntriesRequest request;
  for (const Stretch& stretch : missing_.stretches()) {
    for (Index i = stretch.first; i <= stretch.last; i = i.next()) {
      if (request.wanted.size() >= most_wanted) break;
      request.wanted.push_back({*outline_.term_at(i), i});
    }
  }
  for (const Member& m : membership().members)
    if (m.id != who_.self) send(m.id, request);
}

void Core::hear(NodeId from, const Message& m, EntriesRequest& in) {
  const LogId base = outline_.base();
  const bool compacted = base.index && std::ranges::any_of(in.wanted, [&](LogId id) {
                           return id.index <= base.index;
                         });
  auto lacking = [&](LogId id) {
    return id.index <= outline_.base().index || id.index > outline_.durable() ||
           !outline_.contains(id) || damage_.covers(id.index);
  };
  std::erase_if(in.wanted, lacking);
  if (compacted) answer(from, m, EntriesReply{{}, base_at(base.index)});
  if (in.wanted.empty()) return;
  Message head = envelope(from, EntriesReply{});
  head.to = m.from;
  emit(SendEntries{from, std::move(head), std::move(in.wanted)});
}

void Core::hear(NodeId from, const Message&, EntriesReply& in) {
  // Somebody else may still have the entries themselves: ask once more before taking it all.
  const bool nobody_has_them = repair_ && repair_->asked > 1;
  if (in.base && nobody_has_them && damaged_through(in.base->id.index) && !restoring_) {
    restoring_ = Boxed(in.base->id);
    emit(Restore{from, std::move(*in.base)});
  }
  for (Entry& entry : in.entries)
    if (missing_.covers(entry.id.index) && outline_.contains(entry.id)) mend(entry);
}

void Core::mend(Entry& entry) {
  if (entry.kind > Kind::blank) return;
  if (entry.kind == Kind::membership) {
    MembershipPtr membership = decode_membership(entry.payload.view());
    if (membership == nullptr) return;
    const bool newest = entry.id.index > memberships_.latest().at;
    memberships_.insert({entry.id.index, std::move(membership)});
    if (newest) emit(MembershipChanged{memberships_.latest(), false});
  }
  missing_.mended(entry.id.index);
  draft().repaired.push_back(std::move(entry));
}

bool Core::mending(Index i) const {
  return repair_ &&
         std::ranges::any_of(repair_->under_way, [&](const auto& one) { return one.second == i; });
}

void Core::mended() {
  if (!repair_) return;
  const std::size_t entries = erase_if(repair_->under_way, [&](const auto& one) {
    if (one.first <= persisted_) damage_.mended(one.second);
    return one.first <= persisted_;
  });
  if (entries > 0 && missing_.any()) repair_->next = now_;  // there is more
  if (entries > 0) repair_->asked = 0;
  if (!damage_.any() && repair_->under_way.empty()) repair_.reset();
}

Core::Repair& Core::repair() {
  if (!repair_) repair_ = Boxed(Repair{});
  return *repair_;
}

}  // namespace bowline::raft
