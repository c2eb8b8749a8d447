// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <expected>
#include <string>

namespace bowline {

// What went wrong outside of us. (What went wrong inside of us is ensure().)
enum class Fault : std::uint8_t {
  io,
  corrupt,
  torn,
  not_found,
  exists,
  unreachable,
  timeout,
  full,
  invalid  // what was asked for can never be: change it
};

struct Error {
  Fault fault = Fault::io;
  std::string what;  // for a human; no code reads it
};

template <class T>
using Result = std::expected<T, Error>;

}  // namespace bowline
