// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bowline/raft/core.h"

namespace bowline::raft::golden {

struct Node;
class World;

// Sees everything, as no node can, and checks what Raft promises after each step of a story.
class Referee {
 public:
  const std::vector<std::string>& violations() const { return violations_; }
  void violated(std::string what);  // the same thing is said once

  void stepped(const World&);
  void said(const World&, const Node&, const Effect&);
  void leaves(const Node& from, NodeId to, const Message&);
  void persisted(const Node& before, const HardState& next);
  void asked_to_write(Ticket ticket) { writes_[ticket] = {}; }
  void asked_to_read(const World&, Ticket);
  void lied_to() { lied_to_ = true; }  // the story makes up a message
  void asked(Ticket ticket) { open_.insert(ticket); }

 private:
  struct Committed {
    Entry entry;
    Term known_in;  // the term of whoever was first to know
  };
  using Book = std::map<Index, Committed>;

  void check_leaders(const World&);
  void check_logs(const World&);
  void check_pair(const Node&, const Node&);
  void note_committed(const Node&);
  void check_complete(const Node&);
  void last_word(Ticket);
  void decided(const Node&, const Decided&);
  const Book& book_of(const Node&);

  std::vector<std::string> violations_;
  std::map<std::pair<ClusterId, Term>, NodeId> leaders_;
  std::map<ClusterId, Book> committed_;
  std::map<Ticket, LogId> writes_;  // where each was admitted
  std::map<Ticket, Index> reads_;   // what was committed when it was asked
  std::set<Ticket> open_;           // no last word yet
  std::set<LogId> overruled_;
  bool lied_to_ = false;
};

}  // namespace bowline::raft::golden
