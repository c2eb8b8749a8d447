// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

// Every behaviour of three real cores within bounds, breadth first, so that what is found is found
// by a shortest path. Nothing is sampled: any message that was ever sent may arrive at any time,
// any number of times, or never; any timer may fire at any time; any write takes any time, and a
// crash keeps any prefix of those in flight.
//
// A step of a core depends on nothing but the core and the input. So each is taken once, and then
// known: a state of the world is three numbers of known replicas with their inboxes, and what was
// observed so far. That is what makes tens of millions of states affordable.
namespace bowline::sim::small {

inline constexpr std::uint64_t nodes = 3;
inline constexpr std::uint64_t most_terms = 7;
inline constexpr std::uint64_t most_entries = 2;

// Where the search begins.
enum class Start : std::uint8_t {
  fresh,  // a new group: empty disks, nobody was ever elected
  split,  // node 1 led term 1 and node 3 led term 2, both by the vote of node 2, and neither got
          // its first entry to anybody; all messages of that time are lost
};

struct Limits {
  Start start = Start::fresh;
  bool pre_vote = true;
  std::uint8_t terms = 2;    // no step into a higher one is taken
  std::uint8_t entries = 2;  // proposed by clients, to any leader; at most most_entries
  std::uint8_t crashes = 1;  // of all nodes together
  // Fired by all nodes together: election timeouts, and leaders that lose touch with the others. 0:
  // any number, which ends without pre-vote only, where each firing opens a term.
  std::uint8_t timers = 2;
  // Of a leader in its term: heartbeats, the first of which opens it, and times that it asks a
  // follower anew because something was lost.
  std::uint8_t rounds = 1;
  // On their way to one node at a time, each to arrive at most once; one more, and any of them is
  // lost. Of equal ones there is one. 0: whatever was ever sent may arrive again and again.
  std::uint8_t letters = 0;
  std::uint32_t states = 150'000'000;  // the search gives up beyond
  bool check_merges = false;           // compare what is taken for the same: slow, for tests
};
std::string text(const Limits&);

struct Report {
  bool complete = false;  // every state within the limits was visited
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint64_t depth = 0;  // of the deepest state
  std::uint64_t replicas = 0;
  std::uint64_t path = 0;   // how many steps lead to what was violated
  std::uint64_t steps = 0;  // that a core took
  std::uint64_t letters = 0;
  std::string broken;              // what was violated; empty: nothing
  std::vector<std::string> story;  // how, if something was
  // At most: that two replicas that differ had the same 64-bit digest. All else is compared whole.
  double collision = 0;
};

// How far a search has come, for whoever waits for it. There is no clock in here: it is told after
// so many transitions, and who is told may look at one.
struct Halfway {
  std::uint64_t states = 0;  // or cells
  std::uint64_t transitions = 0;
  std::uint64_t waiting = 0;  // states that are known and were not looked at yet
};
using Onlooker = std::function<void(const Halfway&)>;
inline constexpr std::uint64_t told_after = 1'000'000;  // transitions, and what is begun is ended

Report search(const Limits&, const Onlooker& = {});

}  // namespace bowline::sim::small
