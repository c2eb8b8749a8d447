// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// Sums that etcd's names and files have in them.
namespace bowline::etcd {

// For names, and nothing that has to be secret.
std::array<std::uint8_t, 20> sha1(std::string_view bytes);

// Over bytes that come one after the other.
class Sha256 {
 public:
  static constexpr std::size_t bytes = 32;

  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view part);
  std::string sum();  // once, of all that was added

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bowline::etcd
