// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "bowline/sim/log_rig.h"

namespace bowline::sim {

// Writes as cores ask for them, of one group, each fit for the log that is there.
class Writes {
 public:
  explicit Writes(Chance& chance) : chance_(chance) {}
  Write next(const Image& written, std::uint64_t most_bytes);
  // What was asked for may be lost: no id of it may come again.
  void crashed() { term_ = term_.next(); }

 private:
  void change_log(const Image& written, Write&, std::uint64_t most_bytes);
  Term term_;
  std::uint64_t seqs_ = 0;
  std::uint64_t values_ = 0;
  Chance& chance_;
};

// A log under random writes, crashes and restarts. The same seed does the same.
struct LogTrial {
  std::uint64_t steps = 300;
};
struct LogTrialEnd {
  std::string wrong;  // empty: all was as it must be
  std::uint64_t starts = 0;
  std::uint64_t crashes = 0;
  std::uint64_t torn = 0;
  std::uint64_t mended = 0;
  std::uint64_t writes = 0;
  std::uint64_t retired = 0;   // segments that went
  std::uint64_t recycled = 0;  // of these: used again
  std::uint64_t full = 0;      // how often there was no space
  std::uint64_t scrubbed = 0;  // blocks that rotted and were mended while the log was open
};
LogTrialEnd run(const LogTrial&, std::uint64_t seed);

}  // namespace bowline::sim
