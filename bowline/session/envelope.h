// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "bowline/base/ids.h"
#include "bowline/session/bounds.h"

namespace bowline::session {

using SessionId = Ordinal<struct SessionTag>;  // the index of the entry that opened it; 0: none
using Serial = Ordinal<struct SerialTag>;      // numbers the calls of one session, from 1 on

// What clients propose. A view lies in the bytes that were decoded.

struct Plain {  // as if there were no sessions
  std::string_view command;
};
struct Open {};
struct Call {
  SessionId session;
  Serial serial;
  Serial from;  // all answers below this serial have arrived, or are not waited for any more
  std::string_view command;
};
struct KeepAlive {
  SessionId session;
  Serial from;
};
struct Close {
  SessionId session;
};
struct Tick {  // the time that the sessions go by is this, or later
  std::uint64_t time_ms = 0;
};
struct SetBounds {
  Bounds bounds;
};
// In the order of their kinds on the wire.
using Body = std::variant<Plain, Open, Call, KeepAlive, Close, Tick, SetBounds>;

struct Envelope {
  // Of the sender's choice, and without a meaning: it tells two tries of one call apart in a log.
  std::uint64_t tag = 0;
  Body body;
};

std::string encode(const Envelope&);
// nullopt: nobody made this with encode().
std::optional<Envelope> decode_envelope(std::string_view);

}  // namespace bowline::session
