// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bowline/base/time.h"

// How gRPC writes what it needs into HTTP/2: values that mean the same to every implementation.
namespace bowline::rpc {

// A message on the wire: a flag (1: compressed) and its size, big-endian; then its bytes.
inline constexpr std::size_t prefix_bytes = 5;
std::string prefix_of(std::uint32_t message_bytes);
std::uint32_t size_in(std::string_view prefix);  // of at least prefix_bytes

// The value of grpc-timeout: at most 8 digits and a unit. None: it is malformed. What is longer
// than we can count is as long as we can count.
std::optional<Duration> parse_timeout(std::string_view);
std::string encode_timeout(Duration);  // for clients; rounded up

// The value of grpc-message: printable ASCII, the rest as %XX.
std::string percent_encode(std::string_view);
std::string percent_decode(std::string_view);  // what is no escape stays as it is

// Base64 as -bin metadata has it: with or without the padding. None: it is something else.
std::optional<std::string> base64_decode(std::string_view);
std::string base64_encode(std::string_view);  // without padding

// "application/grpc", also with "+proto" or parameters behind it.
bool is_grpc_content(std::string_view content_type);

}  // namespace bowline::rpc
