// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bowline/host/shard.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/side_lives.h"
#include "bowline/sim/world.h"

namespace bowline::sim {

// Groups beside the one that the witnesses watch, on the same whole nodes, in the same weather.
// They are founded, used a little, destroyed on single nodes and everywhere, and founded again
// under the same id, as another cluster; often while some node still has a member of the life
// before. I27: what SideLives says, and that of what was destroyed on a node nothing is left there,
// whatever crashed in the midst of it.
class SideGroups : public Caller {
 public:
  using Life = SideLives::Life;
  SideGroups(World&, Decisions&);
  void called(std::uint32_t what) override;

  // From the world, of each process of a node.
  void opened(NodeId, const wal::Opened&);  // its log, and nothing more
  void began(NodeId);                       // the main group runs
  void wiped(NodeId);                       // its disk is lost

  // After the weather. Each newest life of which enough members run at nodes that are well has to
  // find a leader, and take a write. Says which does not; empty: all do.
  using Well = std::function<bool(NodeId)>;
  std::string settle(const Well&, Duration election);

 private:
  struct Copy {                // of a group on one node
    Life life = 0;             // whose it is; 0: there is nothing
    bool certain = false;      // it has a log, on the disk
    bool founded = false;      // or was given as a founder; else it has no say until it is named
    bool runs = false;         // or begins to
    bool destroying = false;   // asked for, and not told yet
    std::uint64_t deaths = 0;  // so often it was destroyed on this disk
  };
  struct Group {
    GroupId id;
    Life life = 0;  // the newest; 0: none
    std::map<NodeId, Copy> copies;
    std::uint64_t written = 0;  // so many writes that a client knows of
    Time asked;                 // in the calm, for the last time
  };
  struct Birth {  // of a life
    std::vector<NodeId> founders;
    std::set<NodeId> began;  // these founders cannot found it again
  };

  NodeId draw_node();
  host::Shard* shard(NodeId) const;
  host::Replica* replica(const Group&, NodeId) const;
  NodeId leader(const Group&) const;
  void wrong(NodeId, GroupId, const std::string&);
  void judge(Copy&, NodeId, GroupId, bool has_rows, std::uint64_t deaths);
  void beat(Group&);
  void use(Group&, std::uint64_t what);
  void tidy(Group&);
  void found(Group&);
  void start(Group&, NodeId, Life);
  void start_now(Group&, NodeId, Life);
  void destroy(Group&, NodeId);
  void destroyed(Group&, NodeId, const Result<void>&);
  void write(Group&, NodeId);
  void read(Group&, NodeId);
  void change(Group&, NodeId);
  bool has_files(NodeId, GroupId) const;
  const raft::Core* member(const Group&, NodeId, const Well&) const;
  bool viable(const Group&, const Well&) const;
  bool works(Group&, const Well&, std::uint64_t before, Duration again);
  std::string state_of(const Group&) const;

  World& world_;
  Chance chance_;
  SideLives lives_;
  Life newest_ = 0;
  std::uint64_t written_ = 0;
  std::vector<Group> groups_;
  std::map<Life, Birth> births_;
};

}  // namespace bowline::sim
