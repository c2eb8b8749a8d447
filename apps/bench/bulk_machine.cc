// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/bulk_machine.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace bowline::bench {
namespace {

constexpr std::size_t block_bytes = 4096;
using Block = std::array<char, block_bytes>;

// Another one for each number and each count, and cheap.
void fill(Block& block, std::uint64_t number, std::uint64_t count) {
  std::uint64_t word = (number + 1) * 0x9e3779b97f4a7c15ULL ^ count;
  for (std::size_t at = 0; at < block_bytes; at += sizeof word) {
    word = word * 6364136223846793005ULL + 1442695040888963407ULL;
    std::memcpy(block.data() + at, &word, sizeof word);
  }
}

}  // namespace

class BulkMachine::Said final : public machine::Reader {
 public:
  Said(std::uint64_t bytes, std::uint64_t count) : bytes_(bytes), count_(count) {}

  Result<std::string> next(std::size_t most) override {
    std::string said;
    if (!has_begun_) said.append(reinterpret_cast<const char*>(&count_), sizeof count_);
    has_begun_ = true;
    said.reserve(most);
    while (said_ < bytes_ && said.size() < most) {
      const std::size_t at = said_ % block_bytes;
      if (at == 0) fill(block_, said_ / block_bytes, count_);
      const std::uint64_t some = std::min({block_bytes - at, most - said.size(), bytes_ - said_});
      said.append(block_.data() + at, some);
      said_ += some;
    }
    return said;
  }

 private:
  std::uint64_t bytes_;
  std::uint64_t count_;
  bool has_begun_ = false;
  std::uint64_t said_ = 0;
  Block block_{};
};

class BulkMachine::Heard final : public machine::Writer {
 public:
  explicit Heard(BulkMachine& machine) : machine_(machine) {}

  Result<void> add(std::string_view bytes) override {
    while (!bytes.empty() && head_.size() < sizeof count_) {
      head_ += bytes.front();
      bytes.remove_prefix(1);
      if (head_.size() == sizeof count_) std::memcpy(&count_, head_.data(), sizeof count_);
    }
    while (!bytes.empty()) {
      const std::size_t at = heard_ % block_bytes;
      if (at == 0) fill(block_, heard_ / block_bytes, count_);
      const std::size_t some = std::min(block_bytes - at, bytes.size());
      if (std::memcmp(block_.data() + at, bytes.data(), some) != 0)
        return std::unexpected(Error{Fault::corrupt, "these bytes were never said"});
      heard_ += some;
      bytes.remove_prefix(some);
    }
    return {};
  }
  Result<void> commit() override {
    if (heard_ != machine_.bytes_)
      return std::unexpected(Error{Fault::corrupt, "that is not all that was said"});
    machine_.count_ = count_;
    return {};
  }

 private:
  BulkMachine& machine_;
  std::string head_;
  std::uint64_t count_ = 0;
  std::uint64_t heard_ = 0;
  Block block_{};
};

std::unique_ptr<machine::Reader> BulkMachine::snapshot() {
  return std::make_unique<Said>(bytes_, count_);
}
std::unique_ptr<machine::Writer> BulkMachine::restore() { return std::make_unique<Heard>(*this); }

}  // namespace bowline::bench
