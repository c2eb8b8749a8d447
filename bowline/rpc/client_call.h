// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "bowline/rpc/status.h"

namespace bowline::rpc {

// How a call of ours ended.
struct CallEnd {
  std::optional<Status> status = {};  // of the server; none: it did not come to that
  bool untouched = false;  // nothing was done: it never left, or the server has not looked at it
  std::string why = {};    // there is no status, for people
};

// One call of a client session. What is said of one that is over goes nowhere.
struct ClientCall {
  std::uint32_t place = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t turn = 0;
};

// What the owner of a session hears of all its calls; `tag` is what he gave them. Called from
// within received(), take(), tick() and lost(), and from nothing else. They may begin calls, send,
// end and hold them; the session itself must stay. The bytes are there during the call only.
struct ClientHooks {
  using Tag = std::uint64_t;
  std::function<void(Tag, std::string_view message)> message = {};  // of a stream
  // Once for each call that was not cancelled. `answer`: of a unary call that ended well.
  std::function<void(Tag, const CallEnd&, std::string_view answer)> ended = {};
};

}  // namespace bowline::rpc
