// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/closed_load.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace bowline::bench {

ClosedLoad::ClosedLoad(std::istream& words) {
  words >> load_.payload >> load_.in_flight >> load_.warm_seconds >> load_.seconds;
}

void ClosedLoad::begin(Propose propose) {
  propose_ = std::move(propose);
  const auto span = [](double seconds) {
    return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
  };
  counts_from_ = Steady::now() + span(load_.warm_seconds);
  ends_ = counts_from_ + span(load_.seconds);
  latencies_us_.reserve(4 << 20);
  for (std::uint64_t i = 0; i < load_.in_flight; ++i) this->propose();
}

void ClosedLoad::propose() {
  ++open_;
  propose_(Steady::now());
}

void ClosedLoad::ended(Steady::time_point begun, End end) {
  const auto now = Steady::now();
  --open_;
  if (end == End::applied && now >= counts_from_ && now < ends_)
    latencies_us_.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - begun).count()));
  if (now < ends_ && end != End::refused) return propose();
  if (open_ == 0) done_.set_value();
}

std::string ClosedLoad::result() {
  done_.get_future().wait();
  std::vector<std::uint32_t>& all = latencies_us_;
  std::ranges::sort(all);
  const auto at = [&](double share) {
    return all.empty() ? 0U : all[static_cast<std::size_t>(share * double(all.size() - 1))];
  };
  std::ostringstream said;
  said << all.size() << ' ' << double(all.size()) / load_.seconds << ' ' << at(0.5) << ' '
       << at(0.99) << ' ' << at(0.999);
  return said.str();
}

}  // namespace bowline::bench
