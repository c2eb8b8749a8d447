// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/bounds.h"

namespace bowline::session {
namespace {

constexpr std::uint64_t millions = 1'000'000;
constexpr std::uint64_t years_ms = 10ULL * 366 * 24 * 3'600'000;

}  // namespace

std::string Bounds::fault() const {
  if (most_sessions == 0 || most_sessions > 10 * millions)
    return "most_sessions must be between 1 and 10,000,000";
  if (most_calls == 0 || most_calls > 4096) return "most_calls must be between 1 and 4,096";
  if (most_answer_bytes > 16 * millions) return "most_answer_bytes must be at most 16,000,000";
  if (most_bytes > 16'000 * millions) return "most_bytes must be at most 16,000,000,000";
  if (lifetime_ms == 0 || lifetime_ms > years_ms)
    return "lifetime_ms must be above zero, and at most ten years";
  if (most_step_ms == 0 || most_step_ms > lifetime_ms)
    return "most_step_ms must be above zero, and at most lifetime_ms";
  return {};
}

}  // namespace bowline::session
