// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bowline/wal/survey.h"

namespace bowline::wal {

inline constexpr std::uint64_t forged_disk = 11;

// A segment that is written as the log writes it, for tests.
class ForgedSegment {
 public:
  // `before`: of the last batch of the segment before it.
  explicit ForgedSegment(std::uint64_t number = 5, Echo before = {}, std::uint64_t blocks = 64)
      : number_(number), echo_(std::move(before)), bytes_(blocks * block_bytes, '\0') {}

  // What the batch repeats is added here.
  ForgedSegment& put(std::uint64_t batch, Draft draft);
  // A batch with `entries` entries of 1,000 bytes each.
  ForgedSegment& add(std::uint64_t number, std::size_t entries,
                     const std::optional<Follows>& follows = std::nullopt);
  ForgedSegment& first(std::uint64_t number, std::size_t entries) {
    return add(number, entries, Follows{number_ - 1, 60, number - 1});
  }
  // Goes back: what was written there is overwritten, as far as the new batch reaches.
  ForgedSegment& resume_at(std::size_t batch);
  ForgedSegment& spoil(std::size_t batch, std::uint64_t block);
  ForgedSegment& erase(std::size_t batch, std::uint64_t blocks);

  Seal sealed() const { return {follows(), echo_}; }
  Follows follows() const { return {number_, end_, echo_.batch}; }  // for what comes next
  Result<Survey> judged(const std::optional<Seal>& seal = std::nullopt) const {
    std::string copy = bytes_;
    return survey(copy, {forged_disk, number_, 0}, seal);
  }
  std::uint64_t number() const { return number_; }
  std::uint64_t begin(std::size_t batch) const { return begins_[batch]; }
  std::uint64_t end() const { return end_; }
  const Echo& echo() const { return echo_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::uint64_t number_;
  std::uint64_t end_ = 0;
  Echo echo_;
  std::string bytes_;
  std::vector<std::uint64_t> begins_;
};

}  // namespace bowline::wal
