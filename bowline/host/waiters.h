// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "bowline/base/few.h"
#include "bowline/host/outcome.h"
#include "bowline/raft/core.h"
#include "bowline/raft/effect.h"

namespace bowline::host {

// Who waits for what at one replica. Proposals of one turn are one batch with one ticket, and are
// told apart again when it is decided. Each reply is called once, unless the replica ends before.
class Waiters {
 public:
  // Tickets are drawn from here on, so that those of different replicas are told apart in a log.
  explicit Waiters(Ticket before) : last_(before) {}

  Ticket propose(std::vector<Reply> replies);  // along the commands
  Ticket read(std::vector<ReadReply> replies);
  Ticket operate(Reply);  // anything else: a handover, a change of the membership

  void admitted(const raft::Admitted&);
  void refused(const raft::Refused&);
  void decided(const raft::Decided&, const raft::Core&, Index applied);
  void read_ready(const raft::ReadReady&, Index applied);

  // The machine has applied these, in their order; one answer each.
  void applied(std::span<const LogId> ids, std::span<std::string> answers);
  void restored(Index through);  // ... or has got all of it at once
  void end();                    // of the replica: nobody here will ever know

  std::size_t reads() const { return reads_; }  // that wait, for a round or for the machine
  bool empty() const {
    return batches_.empty() && operations_.empty() && reading_.empty() && allowed_.empty();
  }

 private:
  struct Batch {
    Ticket ticket;
    LogId first;                 // once admitted
    std::vector<Reply> replies;  // those that were given are empty
    std::size_t open = 0;        // that were not
    bool decided = false;        // all that is open now is committed, and waits for the machine
  };
  struct Operation {
    Ticket ticket;
    Reply reply;
  };
  struct Reads {  // of one turn
    Ticket ticket;
    std::vector<ReadReply> replies;
  };
  struct Allowed {
    Index after;
    std::vector<ReadReply> replies;
  };
  Batch& batch(Ticket);
  Batch* batch_with(LogId);
  static void answer(Batch&, std::size_t i, Outcome);
  void drop_finished();
  void serve_reads(Index applied);

  // Lists that take a word while nobody waits: there may be very many of us, at rest.
  Ticket last_;
  Few<Batch> batches_;         // by ticket, and so by where they begin
  Few<Operation> operations_;  // by ticket; some take minutes
  Few<Reads> reading_;         // by ticket; not allowed yet
  Few<Allowed> allowed_;       // by what must be applied first
  std::size_t reads_ = 0;      // in both
};

}  // namespace bowline::host
