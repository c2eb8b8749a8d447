// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "apps/sim/kv_clients.h"
#include "apps/sim/kv_program.h"
#include "apps/sim/kv_watchers.h"
#include "bowline/sim/program.h"
#include "bowline/sim/world.h"

namespace bowline::apps {

// The world `kv`: whole nodes that serve etcd's API, and clients of it.
class KvPlay final : public sim::Play, private sim::Caller, private sim::Witness {
 public:
  explicit KvPlay(sim::World&);

  std::unique_ptr<sim::Program> program(NodeId) override;
  Bytes command(const Bytes& text) override;
  sim::Witness& witness() override { return *this; }
  void act(const sim::Operation&, NodeId at) override;
  std::string settle(const std::function<bool(NodeId)>& works, Duration election) override;

 private:
  void called(std::uint32_t what) override;
  void remind(std::uint32_t kind, Duration after, std::uint64_t what);
  void stepped(const sim::Site&, const raft::Input&, const raft::Effects&) override;
  void forced(const sim::Site&, ClusterId) override;
  std::string unsettled(const std::function<bool(NodeId)>& works);

  KvScene scene_;
  KvClients clients_;
  KvWatchers watchers_;
};

// Lets bowline_sim know of it.
void enter_kv();

}  // namespace bowline::apps
