// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/committed.h"

#include <algorithm>
#include <iterator>

#include "bowline/base/ensure.h"
#include "bowline/raft/membership_codec.h"

namespace bowline::sim {

bool Committed::agrees(Index index, std::uint64_t prefix) const {
  if (!index) return prefix == 0;
  return index <= last() && at(index).prefix == prefix;
}

Index Committed::before(Term term) const {
  for (auto run = by_.rbegin(); run != by_.rend(); ++run)
    if (run->first < term) return run->second;
  return {};
}

const raft::Config& Committed::membership_at(Index index) const {
  ensure(begun());
  const auto after = std::ranges::upper_bound(configs_, index, {}, &raft::Config::at);
  return after == configs_.begin() ? configs_.front() : *std::prev(after);
}

Index Committed::find(std::string_view command) const {
  const auto found = commands_.find(command);
  return found == commands_.end() ? Index{} : found->second;
}

void Committed::begin(raft::MembershipPtr first) {
  if (!begun()) configs_.push_back({{}, std::move(first)});
}

void Committed::append(const Line& line, Term by) {
  lines_.push_back(line);
  const raft::Entry& entry = lines_.back().entry;
  if (by_.empty() || by_.back().first != by) by_.emplace_back(by, last());
  by_.back().second = last();
  if (entry.kind == raft::Kind::command && !commands_.emplace(entry.payload.view(), last()).second)
    twice_ = last();
  if (entry.kind != raft::Kind::membership) return;
  if (auto membership = raft::decode_membership(entry.payload.view()))
    configs_.push_back({last(), std::move(membership)});
}

void Committed::forget_after(Index keep, Term begun_anew) {
  while (last() > keep) {
    const raft::Entry& entry = lines_.back().entry;
    const auto known = commands_.find(entry.payload.view());
    if (known != commands_.end() && known->second == last()) commands_.erase(known);
    lines_.pop_back();
  }
  if (twice_ > keep) twice_ = {};
  while (configs_.size() > 1 && configs_.back().at > keep) configs_.pop_back();
  while (!by_.empty() && (by_.back().first >= begun_anew || by_before_last() >= keep))
    by_.pop_back();
  if (by_.empty()) by_.emplace_back(begun_anew.prev(), keep);
  by_.back().second = keep;
}

Index Committed::by_before_last() const {
  return by_.size() < 2 ? Index{} : by_[by_.size() - 2].second;
}

}  // namespace bowline::sim
