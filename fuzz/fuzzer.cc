// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "fuzz/targets.h"

// What clang's libFuzzer calls. --target=NAME says which decoder; the rest are its own options.
namespace {

const bowline::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  constexpr std::string_view option = "--target=";
  for (int i = 1; i < *count; ++i) {
    const std::string_view argument = (*arguments)[i];
    if (argument.starts_with(option))
      chosen = bowline::fuzz::target_named(argument.substr(option.size()));
  }
  if (chosen != nullptr) return 0;
  std::fputs("--target=NAME is missing or unknown. There are:", stderr);
  for (const auto& target : bowline::fuzz::targets())
    std::fprintf(stderr, " %.*s", static_cast<int>(target.name.size()), target.name.data());
  std::fputs("\n", stderr);
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= chosen->most_bytes) chosen->eat({reinterpret_cast<const char*>(data), size});
  return 0;
}
