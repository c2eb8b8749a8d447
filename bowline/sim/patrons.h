// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bowline/base/prng.h"
#include "bowline/session/client.h"
#include "bowline/sim/world.h"

namespace bowline::sim {

// Clients of whole nodes that want each call to count once. They wait for an answer for a while,
// and then send the same call again, mostly to another node. What they are told in the end must be
// true: done is done once, with one answer, and what is void never is (I15).
class Patrons {
 public:
  explicit Patrons(World&);

  // One of them wants something.
  void act(const Operation&, NodeId at);
  // Nobody wants anything new, and the group works: all that was called gets a verdict.
  bool settle(Duration at_most);
  std::uint64_t calls() const;  // without one

 private:
  using Serial = session::Serial;
  struct Try {
    Ticket ticket;
    Serial serial;  // 0: it is about the session
    Time since;
  };
  struct Patron {
    session::Client client;
    std::map<Serial, std::string> texts;  // of the calls without a verdict
    std::set<Serial> tried;
    std::vector<Try> tries;
  };

  void begin_anew();
  void set_bounds(Prng&, NodeId at);
  void renew(Patron&);
  void go_on(Patron&, Prng&, NodeId at);
  void attempt(Patron&, Serial, NodeId at);
  void look();
  void look(Patron&);
  std::optional<session::Word> word_of(const Try&) const;
  void judge(Patron&, Serial, const session::Verdict&);

  World& world_;
  ClusterId cluster_;
  Duration patience_;
  std::uint64_t named_ = 0;
  std::uint64_t tags_ = 0;
  bool bounded_ = false;
  std::vector<Patron> patrons_;
};

}  // namespace bowline::sim
