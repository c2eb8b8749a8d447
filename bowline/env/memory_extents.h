// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "bowline/env/extents.h"

namespace bowline::env {

// Extents that never leave the memory, for tests and the simulator. It is as unfriendly as it may
// be: what is dropped is overwritten at once and used again last, fetching takes some asking, what
// is wanted has to be asked for each time anew, and there is no room whenever `later_every` says
// so.
class MemoryExtents final : public Extents {
 public:
  struct Options {
    std::size_t extent_bytes = 4096;
    std::size_t extents = 64;
    std::uint32_t asks_to_fetch = 2;
    std::uint32_t asks_to_have = 3;  // of what is wanted; who looks ahead is the first
    std::uint32_t later_every = 0;   // about so often that it is asked for room it says `later`
  };
  MemoryExtents() : MemoryExtents(Options{}) {}
  explicit MemoryExtents(const Options&);
  ~MemoryExtents() override;

  Room room() override;
  std::optional<Number> take() override;
  void wait() override {}
  void seal(Number, std::size_t bytes) override;
  bool fetch(Number) override;
  bool want(const char* at, std::size_t bytes) override;
  void drop(Number) override;
  Figures figures() const override;

  std::size_t taken() const { return taken_; }
  std::uint64_t sealed() const { return sealed_; }    // ever
  std::uint64_t dropped() const { return dropped_; }  // ever
  void set_full(bool full) { is_full_ = full; }

 private:
  enum class State : std::uint8_t { free, open, sealed };
  struct Extent {
    State state = State::free;
    std::size_t bytes = 0;
    std::uint32_t asked = 0;
    std::uint32_t sum = 0;  // of what was sealed: nobody may write to it
    // How often, by where it begins in the extent.
    std::map<std::size_t, std::uint32_t> wanted = {};
  };
  void poison(Number);

  Options options_;
  std::vector<char> memory_;
  std::vector<Extent> extents_;
  std::deque<Number> free_;
  std::size_t taken_ = 0;
  std::uint64_t sealed_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t dice_ = 1;
  bool is_full_ = false;
};

}  // namespace bowline::env
