// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What is fed to the decoders of bytes from disk and from the network. Whatever the bytes are, a
// decoder must neither crash nor reach beyond them, and what it accepts must make sense: that is
// checked with ensure().
namespace bowline::fuzz {

struct Target {
  std::string_view name;
  std::size_t most_bytes;               // more of an input is not looked at
  bool (*eat)(std::string_view input);  // false: the decoder refused it
};

std::span<const Target> targets();
const Target* target_named(std::string_view name);

struct Seed {
  std::string name;  // of the file in fuzz/corpus/<target>/
  std::string bytes;
};

// Inputs that make sense, to begin with.
std::vector<Seed> seeds_of(std::string_view target);

}  // namespace bowline::fuzz
