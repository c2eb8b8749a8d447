// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bowline/sim/disk_life.h"
#include "bowline/sim/shadow.h"
#include "bowline/wal/log.h"

namespace bowline::sim {

// One log on one simulated disk, without any core: whoever holds it asks for writes, as cores
// would, and every answer is compared with what it must be. `wrong` says what was not; from then on
// nothing else happens.
class LogRig {
 public:
  LogRig(std::uint64_t seed, wal::Options options);

  // A life of the process. start() ends when the log is open, or refuses.
  bool start();
  void crash(std::optional<Loss> loss);  // the power fails
  void crash(Chance& chance);            // in any way
  void kill();                           // the process only
  bool up() const { return process_ != nullptr && opened_.has_value(); }

  void submit(GroupId, Write);
  void flush() { log().flush(); }
  void run(Duration duration) { loop().run(duration); }
  // What is lost is written again, as a core would have it from another node.
  void repair(GroupId, Seq);
  bool drain(Duration at_most);  // until all that was asked for is durable
  // Reads the whole log of the group back, and compares.
  void check(GroupId);

  Platter platter;
  DiskClimate climate;
  std::string wrong;
  std::string refused;  // why it did not start
  std::optional<Error> broken;
  bool full = false;                     // the log says that the disk is
  std::map<GroupId, raft::Damage> lost;  // what the log said that it cannot read any more

  Shadow& shadow(GroupId group) { return shadows_[group]; }
  const std::map<GroupId, Shadow>& shadows() const { return shadows_; }
  wal::Log& log() { return *process_->log; }
  ProcessLoop& loop() { return process_->loop; }
  const std::optional<wal::Account>& opened() const { return opened_; }
  Chance& chance() { return chance_; }

  // The same disk, and what it has to hold, apart from this one.
  LogRig copy(std::uint64_t seed) const;

 private:
  void ended();
  void compare(const std::vector<wal::Recovered>&);
  raft::Batch read(GroupId, Index after, Index through);
  void fail(std::string what) {
    if (wrong.empty()) wrong = std::move(what);
  }

  wal::Options options_;
  std::unique_ptr<Decisions> decisions_;
  Chance chance_;
  Time now_;
  std::map<GroupId, Shadow> shadows_;
  std::unique_ptr<DiskLife> process_;
  std::optional<wal::Account> opened_;
};

}  // namespace bowline::sim
