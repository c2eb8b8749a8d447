// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/fetching.h"
#include "bowline/host/giving.h"
#include "bowline/host/link.h"
#include "bowline/host/pace.h"
#include "bowline/host/snapshot_store.h"

namespace bowline::host {

// Snapshots on their way: those that our groups fetch, and those that other nodes fetch from us.
// Each has a connection of its own, so that no heartbeat ever waits behind it. Who needs one pulls
// it, from whichever member has it, and goes on where it was when a connection breaks.
class Transfers {
 public:
  struct Options {
    // That we give, all together; 0: no limit. A fetch is in no hurry, and whoever works is.
    std::uint64_t bytes_per_second = 64 << 20;
    std::size_t most_givings = 64;  // connections; more are turned away
    // That we fetch, each on a connection of its own; the other groups wait for their turn. A node
    // that is added to thousands of them would else be turned away by all who give.
    std::size_t fetches_at_once = 16;
    Duration stalled_after = std::chrono::seconds(3);  // without a byte: ask another member
    Duration again_after = std::chrono::milliseconds(100);
    std::uint32_t rounds = 2;  // through all members, before we say that it cannot be had
  };

  struct Hooks {
    // What this node fetched from us, of these groups, is over, well or not.
    std::move_only_function<void(NodeId, const std::set<GroupId>&)> given;
    // Why it may not have a group's, as a sentence; empty: it may.
    std::move_only_function<std::string(NodeId, GroupId)> why_not;
  };

  Transfers(env::Env, env::Network&, SnapshotStore&, wire::Hello here, Options, Hooks);
  ~Transfers();
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  // The newest snapshot of the group that a member has, if it covers the base. Fault::exists: one
  // is being fetched already, and goes on: else a leader that compacts faster than we fetch would
  // have us begin again and again. Fault::io: stop the process.
  struct Source {
    NodeId node;
    std::string address;  // empty: where the membership says
  };
  void fetch(GroupId, const Source& from, const raft::Base&, env::Done<Result<raft::Base>>);
  void stop(GroupId);
  void forget(GroupId);               // and nobody fetches from here what there is of it
  void serve(std::unique_ptr<Link>);  // another node wants to fetch
  std::optional<Fetching::Progress> progress(GroupId) const;    // none: nothing is being fetched
  std::vector<GroupId> fetching() const;                        // groups for which something is
  std::vector<std::pair<NodeId, std::uint64_t>> given() const;  // bytes, to those that fetch now

 private:
  struct Fetch {
    LogId wanted;
    std::vector<Source> sources;  // the first is the one that offered it
    std::size_t tries = 0;
    env::Done<Result<raft::Base>> done;
    std::unique_ptr<Link> link;
    std::unique_ptr<Fetching> fetching;
    env::TimerId timer;
    std::uint64_t number = 0;      // names this try; 0: none is under way
    std::uint64_t turn = 0;        // its place among those that wait for theirs; 0: it does not
    std::uint64_t seen_bytes = 0;  // had come when last we looked whether it goes on
  };
  struct Gift {
    std::unique_ptr<Link> link;
    std::unique_ptr<Giving> giving;
  };

  Fetch* find(GroupId, std::uint64_t number);
  static std::uint64_t came_so_far(const Fetch&);
  void later(env::Done<Result<raft::Base>>, Fault, const char* why);
  void wait_for_turn(GroupId);
  void next_turns();
  void call(GroupId);
  void connected(GroupId, std::uint64_t number, Result<std::unique_ptr<env::Connection>>);
  void agreed(GroupId, Fetch&);
  void came(GroupId, std::uint64_t number, const wire::Frame&);
  void look(GroupId);
  void failed(GroupId, std::uint64_t number);
  void ended(GroupId, std::uint64_t number, Result<raft::Base>);
  void finish(GroupId, Result<raft::Base>);
  void hang_up(Fetch&);
  void heard(std::uint64_t number, const wire::Frame&);  // of a gift
  void gone(std::uint64_t number);
  void bury(std::unique_ptr<Link>, std::unique_ptr<Fetching>, std::unique_ptr<Giving>);

  env::Env env_;
  env::Network& network_;
  SnapshotStore& snapshots_;
  wire::Hello here_;
  Options options_;
  Hooks hooks_;
  Pace pace_;
  std::map<GroupId, Fetch> fetches_;
  std::map<std::uint64_t, GroupId> waiting_;  // for their turn, in that order
  std::size_t under_way_ = 0;                 // fetches with a number
  std::map<std::uint64_t, Gift> gifts_;
  std::uint64_t numbers_ = 0;
  struct Dead {  // until nobody can be inside of them
    std::unique_ptr<Fetching> fetching;
    std::unique_ptr<Giving> giving;
    std::unique_ptr<Link> link;
  };
  std::vector<Dead> dead_;
  env::Life life_;
};

}  // namespace bowline::host
