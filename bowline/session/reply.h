// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "bowline/session/envelope.h"

namespace bowline::session {

// What clients hear of their envelopes. All but Done, Forgotten and Received say that this envelope
// changed nothing, or that it did just what it was for.

struct Done {  // once, whenever; the same answer however often one asks
  std::string_view answer;
};
struct Opened {
  SessionId session;
};
struct Well {};       // kept alive, closed, time and bounds moved on
struct Expired {};    // no such session: it ended, or never was. Nothing was done by this try
struct Received {};   // the client has said that it does not wait for this call any more
struct Forgotten {};  // done; its answer was too long to keep, or was given up for room
struct Beyond {};     // not done: too many calls before it are not acknowledged
struct Malformed {};  // not done: nobody made such an envelope
// In the order of their kinds on the wire.
using Reply = std::variant<Done, Opened, Well, Expired, Received, Forgotten, Beyond, Malformed>;

std::string encode(const Reply&);
// nullopt: nobody made this with encode(). The answer lies in the bytes.
std::optional<Reply> decode_reply(std::string_view);

}  // namespace bowline::session
