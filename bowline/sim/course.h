// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bowline/base/prng.h"
#include "bowline/sim/witness.h"
#include "bowline/sim/world.h"

// The well-known Raft tests of a university course (MIT 6.5840), against the simulated world. The
// network, the crashes and the helpers behave as theirs do, see docs/COURSE.md; time is virtual.
namespace bowline::sim {

// What each machine applied, seen from outside: in order, without gaps, and the same everywhere.
class Ledger : public Witness {
 public:
  void started(const Site&) override;
  void applied(const Site&, const Line&) override;
  void snapshot_installed(const Site&) override;

  // Null: nobody has applied it, or it is no command.
  const std::string* at(Index) const;
  bool contains(const std::string& command) const;
  const std::string& fault() const { return fault_; }

 private:
  std::map<Index, std::string> commands_;
  std::map<std::string, Index> indices_;
  std::map<NodeId, Index> reached_;
  std::string fault_;
};

struct CourseSetup {
  std::uint32_t nodes = 3;
  bool unreliable = false;  // each message late by up to 26 ms, one in ten lost, some doubled
  bool snapshots = false;   // every ten entries
  std::uint64_t seed = 1;
  // Whole nodes, with these machines; none: only cores and logs. What is unreliable then are the
  // packets of connections.
  World::Guests guests = {};
};

// Something that goes on while the test does other things.
class Pupil {
 public:
  virtual ~Pupil() = default;
  virtual void tick() = 0;  // every few milliseconds
};

class CourseGroup {
 public:
  explicit CourseGroup(const CourseSetup&);
  CourseGroup(const CourseGroup&) = delete;
  CourseGroup& operator=(const CourseGroup&) = delete;

  World& world() { return world_; }
  Ledger& ledger() { return ledger_; }
  Prng& chance() { return prng_; }
  std::uint32_t size() const { return size_; }
  NodeId nth_after(NodeId id, std::uint64_t steps) const {
    return NodeId{(id.value - 1 + steps) % size_ + 1};
  }
  NodeId anybody() { return NodeId{1 + prng_.below(size_)}; }
  const std::vector<NodeId>& everybody() const { return everybody_; }
  std::string fault() const;  // the first thing that went wrong; empty: all is well
  void expect(bool holds, const std::string& what);

  void run(Duration);
  void join(Pupil& pupil) { pupils_.push_back(&pupil); }
  void dismiss_pupils() { pupils_.clear(); }

  void disconnect(NodeId);
  void connect(NodeId);
  bool connected(NodeId id) const { return connected_[id.value - 1]; }
  // Nothing gets from those on one side to those on the other.
  void part(const std::function<bool(NodeId)>& is_here);
  void connect_all();
  void reorder_replies() { reordering_ = true; }  // hold back two of three, up to 2.2 s
  void crash(NodeId);
  void start(NodeId id) { world_.start(id); }
  void crash_all();
  void start_all();
  bool up(NodeId id) const { return world_.up(id); }

  // At most ten looks, about half a second apart; never two leaders of one term.
  NodeId check_one_leader();
  void check_no_leader();  // among those connected
  Term check_terms();      // all agree
  bool nobody_applied(const std::string& command) const { return !ledger_.contains(command); }
  std::size_t applied_by(Index index) const { return world_.applied_by(index); }

  std::string fresh(const std::string& name = "c");  // no two are equal
  std::optional<LogId> propose(NodeId, const std::string& command);
  // Commits a command, trying whoever is connected; within ten seconds it is applied by `holders`.
  // Without retry, the first leader that takes it must manage.
  Index one(std::string command, std::size_t holders, bool retry);
  Index one(std::size_t holders, bool retry = true) { return one(fresh(), holders, retry); }
  // Until that many have applied it; false if a newer term began, or after half a minute.
  bool wait(Index, std::size_t holders, std::optional<Term> term);

  std::uint64_t requests() const;  // messages that ask for an answer
  std::uint64_t request_bytes() const;
  std::uint64_t bytes() const;  // of all messages
  std::uint64_t lost() const { return lost_; }
  std::uint64_t persisted_bytes(NodeId) const;  // raft's own, without the snapshot
  std::uint64_t most_persisted_bytes() const;

 private:
  static Plan plan_of(const CourseSetup&);
  bool passes(NodeId from, NodeId to, const raft::Message&);
  bool linked(NodeId a, NodeId b) const;
  void relink();

  std::uint32_t size_;
  bool unreliable_;
  bool power_fails_;  // at a crash; else only the process dies
  bool reordering_ = false;
  Prng prng_;
  World world_;
  std::vector<std::unique_ptr<Witness>> witnesses_;
  Ledger ledger_;
  std::vector<NodeId> everybody_;
  std::vector<bool> connected_;
  std::vector<bool> here_;  // on which side, if the nodes are parted
  std::vector<Pupil*> pupils_;
  std::uint64_t named_ = 0;
  std::uint64_t lost_ = 0;
  std::string complaint_;
};

// One command on its way, see CourseGroup::one().
class Submission {
 public:
  Submission(CourseGroup&, std::string command, std::size_t holders, bool retry);
  bool over();  // looks, and does what is due
  bool succeeded() const { return succeeded_; }
  Index index() const { return at_; }

 private:
  void submit();
  bool look();
  bool give_up() { return over_ = true; }

  CourseGroup& group_;
  std::string name_;
  std::string command_;
  std::size_t holders_;
  bool retry_;
  Time begun_;
  Time again_at_;
  Time accepted_;
  Index at_;
  NodeId next_;
  std::uint32_t attempts_ = 0;
  bool succeeded_ = false;
  bool over_ = false;
};

}  // namespace bowline::sim
