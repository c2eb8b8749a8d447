// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/sim/kv_call.h"
#include "apps/sim/kv_record.h"
#include "bowline/etcd/front.h"
#include "bowline/etcd/served_machine.h"
#include "bowline/sim/program.h"
#include "bowline/sim/world.h"

namespace bowline::apps {

class KvProgram;

// What the clients of a history and its programs have in common.
struct KvScene {
  sim::World& world;
  KvRecord record;
  Index told;                             // some client knows of this
  std::map<NodeId, KvProgram*> programs;  // of the nodes whose process runs

  KvProgram* program(NodeId id) const {
    const auto found = programs.find(id);
    return found == programs.end() ? nullptr : found->second;
  }
  // What a node that was given up does belongs to another cluster.
  bool counts(NodeId id) const { return !world.site(id)->given_up; }
  void tell(Index index) { told = std::max(told, index); }
  void wrong(std::string invariant, const std::string& what) {
    if (!what.empty()) world.violated({std::move(invariant), what});
  }

  // A lease lives at least until then, a client was told.
  void promise(kv::LeaseId, Index granted, Time until);
  std::optional<Time> promised(kv::LeaseId) const;
  void check_promise(kv::LeaseId);

  struct Promise {
    Index granted;
    Time until;
  };
  std::map<kv::LeaseId, Promise> promises;
};

// One life of a node that serves etcd's API: the services themselves, above the machine. Whatever
// the machine does is compared with the record.
class KvProgram final : public sim::Program {
 public:
  KvProgram(KvScene&, NodeId);
  ~KvProgram() override;

  void begin(const env::Env&, env::Network&, host::Shard&, GroupId) override;
  void end() override;

  // From outside of the process. `then` runs within it, when the service has the call.
  void call(const std::shared_ptr<KvCall>&, std::string message, env::Done<> then = {});
  void propose(std::string command);

  Index applied();  // the last command that its state is of
  const KvRecord::Entry& state() { return scene_.record.through(applied()); }
  const kv::KvMachine& map() { return served_.map(); }
  std::string state_fault();  // its state is another one than the record says

  void apply(std::span<const machine::Command>, std::span<std::string> answers) override;
  std::unique_ptr<machine::Reader> snapshot() override { return served_.snapshot(); }
  std::unique_ptr<machine::Writer> restore() override;
  void configured(LogId id, std::string_view membership) override {
    served_.configured(id, membership);
  }

 private:
  class Noting;
  void compare(const machine::Command&, std::string_view answer);
  std::string lease_fault();

  KvScene& scene_;
  NodeId node_;
  etcd::ServedMachine served_;
  std::unique_ptr<etcd::Front> front_;
  host::Shard* shard_ = nullptr;
  std::vector<std::shared_ptr<KvCall>> calls_;
  Index applied_;
  bool restored_ = false;  // and the world has yet to be asked through where
};

}  // namespace bowline::apps
