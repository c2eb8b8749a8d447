// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <vector>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards reads (I18): what a client was told before a read began is in what the read sees. Both
// writes that ended well and reads that were served count as told.
class ReadWitness : public Guard {
 public:
  using Guard::Guard;
  void write_begun(Ticket, const Bytes& command) override;
  void write_ended(Ticket, raft::Outcome) override;
  void write_refused(Ticket ticket) override { writes_.erase(ticket); }
  void read_begun(Ticket, const Site&, raft::ReadKind) override;
  void read_served(Ticket, const Site&) override;
  void old_read_served(const Site&, Duration at_most) override;
  void forced(const Site&, ClusterId) override;

 private:
  struct Read {
    raft::ReadKind kind = raft::ReadKind::linearizable;
    Index least;
    Term term;  // the newest in which something was committed
  };
  std::map<Ticket, std::vector<Bytes>> writes_;
  std::map<Ticket, Read> reads_;
  struct Known {
    Time since;
    Index told;
  };
  void tell(Index);

  Index told_;
  std::vector<Known> known_;  // how that has grown
};

}  // namespace bowline::sim
