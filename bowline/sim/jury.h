// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "bowline/sim/witness.h"

namespace bowline::sim {

// The guards together. Tells each of them everything, in their order, but for what is done by a
// site that was given up: that belongs to another cluster, whose disks were lost and whose promises
// are void. What it sends still reaches the new cluster, which must not be moved by it.
class Jury : public Witness {
 public:
  explicit Jury(std::vector<std::unique_ptr<Witness>> all) : all_(std::move(all)) {}

  void started(const Site&) override;
  void crashed(const Site&) override;
  void wiped(const Site&, Incarnation former) override;
  void forced(const Site&, ClusterId) override;
  void noted(const Note&) override;
  void ended(const std::optional<Violation>&) override;
  void stepped(const Site&, const raft::Input&, const raft::Effects&) override;
  void sent(const Site&, NodeId, const raft::Message&) override;
  void shipped(const Site&, NodeId) override;
  void no_way(const Site&, NodeId) override;
  void persisted(const Site&, Seq) override;
  void applied(const Site&, const Line&) override;
  void snapshot_taken(const Site&) override;
  void snapshot_installed(const Site&) override;
  void write_begun(Ticket, const Bytes& command) override;
  void write_ended(Ticket, raft::Outcome) override;
  void write_refused(Ticket) override;
  void read_begun(Ticket, const Site&, raft::ReadKind) override;
  void read_served(Ticket, const Site&) override;
  void old_read_served(const Site&, Duration at_most) override;

 private:
  std::vector<std::unique_ptr<Witness>> all_;
};

}  // namespace bowline::sim
