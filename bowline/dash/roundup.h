// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/bytes.h"
#include "bowline/dash/report.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"

namespace bowline::dash {

// How all members stand, whichever of them is asked: each speaks for itself, over the connections
// between the nodes. Whoever asks while another one is waiting waits with him, and what is fresh
// is given again: however many pages are open, the others are asked five times a second at most.
class Roundup {
 public:
  static constexpr Duration patience = std::chrono::milliseconds(400);  // with a member
  static constexpr Duration fresh = std::chrono::milliseconds(200);
  static constexpr std::size_t most_waiting = 1000;
  static constexpr std::size_t most_report_bytes = 64U << 10U;

  explicit Roundup(Sources);
  ~Roundup();
  Roundup(const Roundup&) = delete;
  Roundup& operator=(const Roundup&) = delete;

  using Told = env::Done<const std::string&>;
  // JSON. False: too many wait already, and nobody is told.
  bool ask(Told);

 private:
  void begin();
  void heard(std::uint64_t round, NodeId, std::string_view report);
  void finish();
  std::string own_report();
  std::string text() const;

  Sources sources_;
  Recent recent_;
  Time begun_;
  env::TimerId late_;
  std::vector<Told> waiting_;
  std::uint64_t round_ = 0;
  bool asking_ = false;
  std::map<NodeId, std::uint64_t> asked_;  // the errands under way
  std::map<NodeId, std::string> reports_;  // of this round
  std::string known_;                      // the last answer
  Time known_at_;
  env::Life life_;
};

}  // namespace bowline::dash
