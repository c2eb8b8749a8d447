// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/raft_trio.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "apps/bench/addresses.h"
#include "apps/chaos/relay.h"

namespace bowline::bench {

namespace {

// A process of its own, as this one forks: "stand ID PLACE", "cut ID", "mend".
Child::Answer relay() {
  return [relay = std::make_shared<chaos::Relay>()](std::istream& words) {
    std::string what, place;
    std::uint64_t id = 0;
    words >> what >> id;
    if (what == "mend") relay->mend();
    for (std::uint64_t other = 1; what == "cut" && other <= 3; ++other) {
      relay->cut(NodeId{id}, NodeId{other});
      relay->cut(NodeId{other}, NodeId{id});
    }
    if (what != "stand") return std::string("done");
    words >> place;
    const Result<std::string> address = relay->stand_in_for(NodeId{id});
    relay->lead(NodeId{id}, place);
    return address ? *address : std::string();
  };
}

}  // namespace

RaftTrio::RaftTrio(std::string directory, std::vector<std::string> program, Wires wires)
    : directory_(std::move(directory)),
      program_(std::move(program)),
      places_(free_addresses(3)),
      addresses_(places_),
      relay_(wires == Wires::relayed ? std::make_unique<Child>(relay) : nullptr),
      members_(3) {
  for (std::uint64_t id = 1; relay_ != nullptr && id <= 3; ++id)
    addresses_[id - 1] = relay_->ask("stand " + std::to_string(id) + " " + places_[id - 1]);
  std::filesystem::remove_all(directory_);
  std::filesystem::create_directories(directory_);
  for (std::uint64_t id = 1; id <= 3; ++id) restart(id);
}

void RaftTrio::restart(std::uint64_t id) {
  members_[id - 1].reset();
  members_[id - 1] =
      std::make_unique<RaftMember>(id, addresses_, relay_ == nullptr ? "" : places_[id - 1],
                                   directory_ + "/" + std::to_string(id), program_);
}

void RaftTrio::cut_off(std::uint64_t id) { relay_->ask("cut " + std::to_string(id)); }
void RaftTrio::mend() { relay_->ask("mend"); }

RaftMember& RaftTrio::leader() {
  for (int tries = 0; tries < 1000; ++tries) {
    for (const auto& member : members_)
      if (member->leads()) return *member;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::fprintf(stderr, "bowline-bench-raft: nobody leads in %s\n", directory_.c_str());
  std::exit(1);
}

std::uint64_t RaftTrio::id_of(const RaftMember& one) const {
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (members_[i].get() == &one) return i + 1;
  return 0;
}

std::vector<RaftMember*> RaftTrio::others(const RaftMember& one) {
  std::vector<RaftMember*> others;
  for (const auto& member : members_)
    if (member.get() != &one) others.push_back(member.get());
  return others;
}

double RaftTrio::cpu_seconds() {
  double sum = 0;
  for (const auto& member : members_) sum += member->cpu_seconds();
  return sum;
}

std::uint64_t RaftTrio::wake_ups() const {
  std::uint64_t sum = 0;
  for (const auto& member : members_) sum += member->wake_ups();
  return sum;
}

}  // namespace bowline::bench
