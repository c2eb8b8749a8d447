// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"

namespace bowline::examples::kv {

// What clients and servers say to each other: a size in four bytes, and a body. A client may send
// any number of requests without waiting; answers come in any order, and name their request.

inline constexpr std::uint32_t most_frame_bytes = 9 << 20;

struct Request {
  enum class Kind : std::uint8_t {
    write,  // `body` goes into the log as it is
    read,   // `body` is a get, answered by the server itself once it knows that it may
  };
  std::uint64_t id = 0;
  Kind kind = Kind::write;
  std::string body;
};

struct Response {
  enum class Kind : std::uint8_t {
    done,     // `body` is the answer of the map
    refused,  // not done, and never will be; `leader` may know better
    never,    // as refused, and it is of no use to ask again
    unknown,  // may be done, or become so
  };
  std::uint64_t id = 0;
  Kind kind = Kind::done;
  NodeId leader;     // 0: not known
  Index place;       // of a write its own in the log, of a read the last that it has seen
  std::string body;  // empty although it is done: nobody here has seen the answer
};

std::string frame_of(const Request&);
std::string frame_of(const Response&);
std::optional<Request> decode_request(std::string_view body);
std::optional<Response> decode_response(std::string_view body);

// Makes bodies of the bytes of a connection, in whatever pieces they come.
class Frames {
 public:
  // Calls `take` with each body that is whole now. False: no frame is as long as this one says it
  // is, and the connection is of no use any more; or `take` has said so.
  bool feed(std::string_view bytes, const std::function<bool(std::string_view)>& take);

 private:
  std::string text_;
};

}  // namespace bowline::examples::kv
