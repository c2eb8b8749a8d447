// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bowline/check/cell.h"
#include "bowline/check/operation.h"
#include "bowline/check/verdict.h"

namespace bowline::check {

// Looks for an order of the operations of one key that agrees with real time and with the answers:
// the search of Wing and Gong, as Lowe made it quick. It tries what may come first, and goes back
// when somebody's end is reached who has not been placed. What was tried is remembered, as the set
// of the placed and the cell that they came to; it is never tried twice.
//
// Three things keep the unknown from being tried in all their orders: what changes nothing is
// placed as soon as it fits, because it can do no harm there; versions never go back, so nothing is
// placed that makes an answer wrong which is still to come; an unknown one that would change
// nothing is left out.
class Search {
 public:
  // All of one key, none of them refused. They must outlive this.
  explicit Search(std::vector<const Operation*> operations);

  // Takes its steps from the budget. Once.
  Ruling run(std::uint64_t& budget);

  // Numbers in `operations`: the order that was found.
  std::vector<std::size_t> order() const;
  const Cell& last() const { return cell_; }

 private:
  // A call or an end, in a list by time.
  struct Event {
    std::size_t operation = 0;
    bool is_end = false;
    std::size_t before = 0, after = 0;
  };
  struct Placed {
    std::size_t call = 0;
    Cell was;
    bool only_choice = false;
  };

  void make_events();
  bool try_to_place(std::size_t call);
  bool go_back(std::size_t& next);
  bool spoils_an_answer(const Cell&) const;
  bool is_new(const Cell&);
  std::uint32_t number_of(const Cell&);
  void take_out(std::size_t call);
  void put_back(std::size_t call);
  void unlink(std::size_t event);
  void link(std::size_t event);
  void mark(std::size_t operation);
  void unmark(std::size_t operation);

  std::vector<const Operation*> operations_;
  std::vector<Event> events_;        // the first is before all others, the last is behind them
  std::vector<std::size_t> end_of_;  // of each operation; 0: none
  std::vector<std::size_t> slot_;    // of each operation: the done by their calls, then the others
  std::size_t dones_ = 0, open_ = 0;

  // What is placed, as slots: all before the first that is open, and these behind it. They are few.
  std::size_t first_open_ = 0;
  std::set<std::size_t> ahead_;
  // The versions that those who are not placed need, with their numbers.
  std::set<std::pair<std::uint64_t, std::size_t>> needed_;

  Cell cell_;
  std::vector<Placed> placed_;
  std::unordered_map<std::string, std::uint32_t> cells_;
  std::unordered_set<std::string> seen_;
};

}  // namespace bowline::check
