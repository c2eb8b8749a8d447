// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "bowline/sim/plan.h"
#include "bowline/sim/witness.h"

namespace bowline::sim {

// Which part of a history is told.
struct StoryRange {
  std::size_t last = 0;          // so many lines before the end; 0: all
  std::optional<Time> around;    // those near this moment ...
  Duration within{500'000'000};  // ... so far before and after it
  bool brief = false;            // only what changes roles, terms and disks: no messages
};

// Writes down what happens, so that a person can follow it: a line for each event, with the time,
// what all nodes are at that moment (the one that acts in brackets), and what it did.
//
//   12.345678     f  [L]  f   x   .    2 < 3: t4 match=7
//   12.345678  +  f  [L]  f   x   .      commit 7
//
//   L leader, C candidate, f follower, S stopped, p paused, x down, . not a part of any group
//   *  an election    +  a commit    !  a fault    #  a promise broken
class Story : public Witness {
 public:
  Story(const Court&, const Plan&, StoryRange);

  void started(const Site&) override;
  void crashed(const Site&) override;
  void wiped(const Site&, Incarnation former) override;
  void forced(const Site&, ClusterId) override;
  void noted(const Note&) override;
  void stepped(const Site&, const raft::Input&, const raft::Effects&) override;
  void sent(const Site&, NodeId, const raft::Message&) override;
  void persisted(const Site&, Seq) override;
  void applied(const Site&, const Line&) override;
  void snapshot_taken(const Site&) override;
  void snapshot_installed(const Site&) override;
  void write_ended(Ticket, raft::Outcome) override;
  void read_served(Ticket, const Site&) override;

  // The end: what was broken, if anything was.
  void ended(const std::optional<Violation>&) override;
  const std::deque<std::string>& lines() const { return lines_; }
  std::size_t left_out() const { return left_out_; }

 private:
  enum class Weight : std::uint8_t { plain, notable };
  void tell(NodeId who, char mark, const std::string& what, Weight = Weight::plain);
  void write(std::string line);
  void tell_effect(NodeId who, const raft::Effect&);
  bool in_range() const;
  std::string lanes(NodeId who) const;
  char lane(const Site&) const;
  const Episode* episode(std::uint64_t id) const;

  const Court& court_;
  const Plan& plan_;
  StoryRange range_;
  std::deque<std::string> lines_;
  std::vector<bool> paused_;
  std::size_t left_out_ = 0;
};

// The disk of this node, in words: for the end of a story.
std::string disk_of(const Site&);

}  // namespace bowline::sim
