// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "bowline/env/extents.h"
#include "bowline/kv/version.h"

namespace bowline::kv {

// Values of one store that have left its memory. They are written one behind the other into
// extents, and never changed. Of each extent it is known how much of it is still needed: one of
// which nothing is needed is dropped, and when much of the file is waste, what is left of the
// emptiest extent is written again. So nothing has to be defragmented, and nothing is searched for
// room.
class Cold {
 public:
  explicit Cold(std::shared_ptr<env::Extents> extents) : space_(std::move(extents)) {}
  ~Cold();
  Cold(const Cold&) = delete;
  Cold& operator=(const Cold&) = delete;

  // Larger values would waste too much of an extent.
  std::size_t most_bytes() const { return space_->extent_bytes() / 2; }

  env::Extents& space() { return *space_; }
  bool holds(const char* value) const { return space_->holds(value); }
  // From then on its value is there. No: there is no room.
  bool keep(Version&, std::string_view value);
  void forget(const Version&);
  bool want(std::string_view value) const { return space_->want(value.data(), value.size()); }

  // Room comes back, a slice at a time. What was read before is not where it was.
  // Not while it waits for a disk: ask again.
  bool can_clean() const;
  void clean(std::uint64_t most);

  std::uint64_t bytes() const { return taken_ * space_->extent_bytes(); }  // of the file
  std::uint64_t bytes_in_use() const { return live_bytes_; }  // of it, with what a record costs
  std::uint64_t memory_bytes() const;                         // for the book-keeping

 private:
  using Number = env::Extents::Number;
  // In front of each value. Nobody reads it but clean().
  struct Head {
    Version* version = nullptr;
    std::uint64_t bytes = 0;
  };
  // A record begins at a multiple of this.
  static constexpr std::size_t grain = sizeof(Head);
  struct Extent {
    std::uint64_t live_bytes = 0;
    std::size_t filled = 0;
    std::vector<std::uint64_t> dead;  // a bit for each grain where a record begins
  };
  struct Cleaning {
    Number number = 0;
    std::size_t at = 0;  // the next record
  };
  static std::size_t record_bytes(std::size_t value_bytes);

  bool make_room(std::size_t record);
  char* append(Version&, std::string_view value);
  void seal();
  void drop(Number);
  bool is_wasteful() const;
  std::optional<Number> emptiest() const;

  std::shared_ptr<env::Extents> space_;
  std::vector<std::unique_ptr<Extent>> extents_;  // by number; null: it is not ours
  std::optional<Number> open_;
  std::optional<Cleaning> cleaning_;
  bool is_stuck_ = false;    // there was no room to clean into
  std::uint64_t taken_ = 0;  // extents
  std::uint64_t live_bytes_ = 0;
};

}  // namespace bowline::kv
