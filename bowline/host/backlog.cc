// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/backlog.h"

#include <algorithm>

#include "bowline/base/ensure.h"

namespace bowline::host {

void Backlog::Share::join(Share other) {
  if (other.of_ == nullptr) return;
  ensure(of_ == nullptr || of_ == other.of_);
  of_ = std::exchange(other.of_, nullptr);
  bytes_ += std::exchange(other.bytes_, 0);
}

Backlog::~Backlog() { ensure(room_.bytes() == 0); }

std::optional<Backlog::Share> Backlog::take(std::uint64_t bytes, std::uint64_t proposals) {
  if (!room_.take(bytes, proposals)) return std::nullopt;
  return Share(*this, bytes);
}

Unwritten::Batch* Unwritten::find(Ticket ticket) {
  const auto found = std::ranges::lower_bound(batches_, ticket, {}, &Batch::ticket);
  return found == batches_.end() || found->ticket != ticket ? nullptr : found;
}

void Unwritten::given(Ticket ticket, std::uint64_t commands, Backlog::Share share) {
  batches_.push_back({ticket, commands, {}, std::move(share)});
}

void Unwritten::admitted(const raft::Admitted& told) {
  if (Batch* const batch = find(told.ticket))
    batch->last = {told.first.index.value + batch->commands - 1};
}

void Unwritten::refused(Ticket ticket) {
  if (const Batch* const batch = find(ticket)) batches_.erase(batch);
}

// What another leader has cut off is gone, too, if nothing came in its place.
void Unwritten::persisted(const raft::Outline& outline) {
  const auto is_over = [&](const Batch& batch) {
    return batch.last && (batch.last <= outline.durable() || batch.last > outline.last().index);
  };
  const auto first = std::ranges::find_if_not(batches_, is_over);
  batches_.erase(batches_.begin(), first);
  while (!batches_.empty() && is_over(batches_.back())) batches_.pop_back();
}

}  // namespace bowline::host
