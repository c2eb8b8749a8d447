// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/bus_errors.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

#include "bowline/base/ensure.h"

namespace bowline::runtime {
namespace {

struct Region {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
};
constexpr std::size_t most_regions = 16;
std::array<Region, most_regions> regions;

// Only what may be called within a signal.
void on_bus_error(int number, siginfo_t* info, void* /*context*/) {
  const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (const Region& region : regions) {
    if (at < region.begin.load() || at >= region.end.load()) continue;
    constexpr std::string_view what =
        "bowline: the disk does not give back an old value that had left the memory. This process "
        "ends, since it cannot answer for its data. Look after the disk, then start it again: "
        "the log and the snapshots have all of it.\n";
    static_cast<void>(!::write(STDERR_FILENO, what.data(), what.size()));
    std::_Exit(EXIT_FAILURE);
  }
  std::signal(number, SIG_DFL);  // somebody else's: it happens again, without us
}

}  // namespace

BusErrors::BusErrors(const char* begin, std::size_t bytes) : place_(0) {
  const auto first = reinterpret_cast<std::uintptr_t>(begin);
  for (std::uintptr_t none = 0; place_ < most_regions; ++place_, none = 0)
    if (regions[place_].begin.compare_exchange_strong(none, first)) break;
  ensure(place_ < most_regions);
  regions[place_].end = first + bytes;
  struct sigaction action{};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

BusErrors::~BusErrors() {
  regions[place_].end = 0;
  regions[place_].begin = 0;
}

}  // namespace bowline::runtime
