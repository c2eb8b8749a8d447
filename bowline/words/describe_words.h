// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "bowline/raft/effect.h"
#include "bowline/raft/why.h"

// The words for the small values that the texts of describe.h are put together from.
namespace bowline::raft {

template <class Thing>
std::string number(Ordinal<Thing> ordinal) {
  return std::to_string(ordinal.value);
}
inline std::string ticket(Ticket one) { return "ticket " + number(one); }
inline std::string round(Round one) { return one ? " r" + number(one) : ""; }

std::string_view word(Denial);
std::string_view word(Refusal);
std::string_view word(Outcome);
std::string_view word(Standby);
std::string_view word(Wrong);
std::string_view word(Role);
std::string_view word(Hindrance);
std::string_view word(Stall);
std::string_view word(Progress::Mode);

}  // namespace bowline::raft
