// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "apps/sim/campaign.h"

namespace bowline::apps {

// How far a campaign is, on stderr: every few seconds on a terminal, else at each tenth.
class Progress {
 public:
  Progress();
  void show(const Tally&, double seconds);
  void tell(const Failure&);

 private:
  bool terminal_;
  bool line_open_ = false;
  double shown_at_ = 0;
  std::uint64_t tenths_ = 0;
};

struct Titles {
  std::string world;
};

bool passed(const Tally&);
std::string report(const Tally&, const Titles&);  // for people; the last line says it all
std::string json(const Tally&, const Titles&);

}  // namespace bowline::apps
