// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards what clients are told (I15). A write that was called done is in the history once, in an
// order that agrees with real time; one that was refused or overruled never is; nothing else is
// there; and every request gets one last word.
class ClientWitness : public Guard {
 public:
  // `others_write`: commands that it is not told of are somebody else's to judge.
  ClientWitness(Court& court, std::shared_ptr<const Committed> committed, bool others_write = false)
      : Guard(court, std::move(committed)), others_write_(others_write) {}
  void started(const Site&) override {}
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;
  void write_begun(Ticket, const Bytes& command) override;
  void write_ended(Ticket, raft::Outcome) override;
  void write_refused(Ticket) override;
  void read_served(Ticket, const Site&) override;
  void forced(const Site&, ClusterId) override;

 private:
  enum class Fate : std::uint8_t { open, done, never, unknown };
  struct Request {
    Fate fate = Fate::open;
    std::vector<Bytes> commands;
  };
  struct Command {
    Ticket ticket;
    Index after;  // what a client had been told when it was sent
  };
  void became_committed(const Line&);
  void last_word(Ticket, Fate);
  void note_last_words(const Site&, const raft::Effects&);

  bool others_write_;
  std::map<Ticket, Request> requests_;
  std::map<std::string_view, Command> commands_;  // the texts belong to requests_
  std::set<Ticket> answered_;                     // by a core
  Index seen_;
  Index told_;
};

}  // namespace bowline::sim
