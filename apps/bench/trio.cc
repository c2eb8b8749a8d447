// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/trio.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::bench {
namespace {

constexpr ClusterId cluster{7};

raft::MembershipPtr three(Trio::Lives lives) {
  raft::Membership membership{.cluster = cluster, .members = {}};
  membership.members.reserve(3);  // as decoding does
  for (std::uint64_t id = 1; id <= 3; ++id) {
    raft::Member member;
    member.id = {id};
    if (lives == Trio::Lives::named) member.incarnation = {100 + id};
    member.address = Text("10.0.0.1:7000");
    membership.members.push_back(member);
  }
  return std::make_shared<const raft::Membership>(std::move(membership));
}

}  // namespace

Trio::Trio(Lives lives) {
  const auto options = std::make_shared<const raft::Options>();
  for (std::uint64_t i = 0; i < 3; ++i) {
    raft::Found found;
    found.base = {{}, three(lives), {}};  // each has its own, as on three machines
    cores_[i] = std::make_unique<raft::Core>(
        options, raft::Identity{{i + 1}, cluster, {101 + i}, i + 1}, std::move(found), now_);
  }
  while (!cores_[0]->leads(cores_[0]->term())) tick(std::chrono::milliseconds(1));
  commit(1);
}

void Trio::commit(std::size_t commands) {
  raft::Propose propose{{++ticket_}, std::vector<Bytes>(commands, command_), {}};
  const std::uint64_t target = cores_[0]->outline().last().index.value + commands;
  step(0, std::move(propose));
  deliver();
  ensure(*std::ranges::min_element(released_) >= target);
}

void Trio::idle() {
  for (int i = 0; i < 1000; ++i) tick(std::chrono::milliseconds(1));
  // A log on disk would have let go of what all have: keep what the cores need, not our stand-in.
  for (auto& log : logs_) log.shrink_to_fit();
}

void Trio::tick(Duration passed) {
  now_ = now_ + passed;
  for (std::size_t i = 0; i < 3; ++i)
    if (cores_[i]->deadline() <= now_) step(i, raft::Woken{});
  deliver();
}

void Trio::step(std::size_t at, raft::Input input) {
  raft::Effects effects;
  if (!spare_.empty()) {
    effects = std::move(spare_.back());
    spare_.pop_back();
  }
  cores_[at]->step(now_, std::move(input), effects);
  perform(at, effects);
  effects.clear();
  spare_.push_back(std::move(effects));
}

void Trio::perform(std::size_t at, raft::Effects& effects) {
  for (raft::Effect& effect : effects) {
    if (auto* write = std::get_if<raft::Persist>(&effect)) {
      if (write->cut_after) logs_[at].resize(write->cut_after->value);
      for (raft::Entry& entry : write->entries) logs_[at].push_back(std::move(entry));
      written_[at] = write->seq;
    } else if (auto* sent = std::get_if<raft::Send>(&effect)) {
      send(at, sent->to, std::move(sent->message));
    } else if (auto* span = std::get_if<raft::SendSpan>(&effect)) {
      auto& request = std::get<raft::AppendRequest>(span->head.body);
      const auto log = logs_[at].begin();
      request.entries.assign(log + static_cast<std::ptrdiff_t>(request.prev.index.value),
                             log + static_cast<std::ptrdiff_t>(span->last.value));
      send(at, span->to, std::move(span->head));
    } else if (const auto* commit = std::get_if<raft::Commit>(&effect)) {
      released_[at] = commit->through.value;
    }
  }
}

void Trio::send(std::size_t from, NodeId to, raft::Message message) {
  letters_.push_back({to.value - 1, {{from + 1}, std::move(message)}});
}

// First what was written is durable, then what was sent arrives.
void Trio::deliver() {
  for (;;) {
    bool wrote = false;
    for (std::size_t i = 0; i < 3; ++i) {
      if (!written_[i]) continue;
      const Seq seq = *std::exchange(written_[i], std::nullopt);
      step(i, raft::Persisted{seq});
      wrote = true;
    }
    if (wrote) continue;
    if (letters_.empty()) return;
    Letter letter = std::move(letters_.front());
    letters_.pop_front();
    step(letter.to, std::move(letter.received));
  }
}

}  // namespace bowline::bench
