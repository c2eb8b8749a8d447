// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/memberships.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"

namespace bowline::raft {
namespace {

// A base without a membership is that of a node that knows of no group: there, nobody counts.
Config config_of(const Base& base) {
  if (base.membership) return {base.membership_index, base.membership};
  return {{}, std::make_shared<const Membership>()};
}

}  // namespace

Memberships::Memberships(const Base& base, std::span<const Config> in_log) {
  restart_from(base);
  for (const Config& config : in_log) append(config);
}

const Config& Memberships::at(Index index) const {
  const auto after = std::ranges::upper_bound(configs_, index, {}, &Config::at);
  return after == configs_.begin() ? configs_.front() : *std::prev(after);
}

std::span<const Config> Memberships::from(Index index) const {
  const auto first = std::ranges::lower_bound(configs_, index, {}, &Config::at);
  return {first, configs_.end()};
}

void Memberships::append(Config config) {
  ensure(config.membership != nullptr);
  if (planted(Bug::p33_cut_keeps_the_cut_membership))
    erase_if(configs_, [&config](const Config& old) { return old.at >= config.at; });
  ensure(configs_.empty() || configs_.back().at < config.at);
  configs_.push_back(std::move(config));
}

void Memberships::insert(Config config) {
  ensure(config.membership != nullptr);
  const auto at = std::ranges::lower_bound(configs_, config.at, {}, &Config::at);
  if (at == configs_.begin()) return;  // at or below the base, which knows better
  if (at == configs_.end() || at->at != config.at) configs_.insert(at, std::move(config));
}

bool Memberships::cut_after(Index keep) {
  if (planted(Bug::p33_cut_keeps_the_cut_membership)) return false;
  const std::size_t before = configs_.size();
  while (configs_.size() > 1 && configs_.back().at > keep) configs_.pop_back();
  return configs_.size() < before;
}

void Memberships::rebase(Index base) {
  const auto after = std::ranges::upper_bound(configs_, base, {}, &Config::at);
  if (after != configs_.begin()) configs_.erase(configs_.begin(), std::prev(after));
}

// No snapshot can end before the first entry. That one is a membership: it names the lives of those
// that the group began with.
void Memberships::committed(Index through) {
  constexpr Index first{1};
  if (configs_.size() > 1 && configs_[1].at == first && through >= first)
    configs_.erase(configs_.begin());
}

void Memberships::restart_from(const Base& base) {
  configs_.clear();
  configs_.push_back(config_of(base));
}

}  // namespace bowline::raft
