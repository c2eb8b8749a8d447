// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bowline::rpc {

// How a call ended: gRPC's codes, with their numbers on the wire.
enum class Code : std::uint8_t {
  ok,
  cancelled,
  unknown,
  invalid_argument,
  deadline_exceeded,
  not_found,
  already_exists,
  permission_denied,
  resource_exhausted,
  failed_precondition,
  aborted,
  out_of_range,
  unimplemented,
  internal,
  unavailable,
  data_loss,
  unauthenticated
};
inline constexpr std::size_t codes = 17;

// As gRPC's Go library prints it ("InvalidArgument"): the names that dashboards expect.
std::string_view name(Code);

struct Status {
  Code code = Code::ok;
  std::string message = {};  // UTF-8, for people; the wire's escapes are the session's business
  bool ok() const { return code == Code::ok; }
  friend bool operator==(const Status&, const Status&) = default;
};

}  // namespace bowline::rpc
