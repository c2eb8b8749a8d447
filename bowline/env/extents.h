// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

namespace bowline::env {

// Memory by the extent, for bytes that are written once, read now and then, and forgotten: what is
// in a sealed extent may leave the memory and be read from a disk when somebody looks at it.
// Whoever reads it sees no difference but time: an extent stays at its address. Nothing of it
// survives the process. All functions are for one thread.
class Extents {
 public:
  using Number = std::uint32_t;
  enum class Room : std::uint8_t {
    yes,
    later,  // others are still being written; ask again
    none,   // the disk is full, or broken
  };
  struct Figures {
    std::uint64_t file_bytes = 0;     // of the disk that are taken
    std::uint64_t pending_bytes = 0;  // sealed, and not on the disk yet
  };

  virtual ~Extents() = default;
  Extents(const Extents&) = delete;
  Extents& operator=(const Extents&) = delete;

  std::size_t extent_bytes() const { return extent_bytes_; }
  bool holds(const char* at) const { return at >= begin_ && at < end_; }
  Number number_of(const char* at) const {
    return static_cast<Number>(static_cast<std::size_t>(at - begin_) / extent_bytes_);
  }
  char* at(Number number) const { return begin_ + number * extent_bytes_; }

  // Is there room for more? One extent is kept back: take() may give one when this says otherwise,
  // to whoever will drop another soon.
  virtual Room room() = 0;
  // To be written to; what is in it is anything. nullopt: there is no room, or not yet.
  virtual std::optional<Number> take() = 0;
  // Waits until room() says something else than `later`. For who loads much at once.
  virtual void wait() = 0;
  // Its first bytes are written, and stay as they are until it is dropped.
  virtual void seal(Number, std::size_t bytes) = 0;
  // Can all of a sealed extent be read without waiting for a disk? If not it is fetched: ask again.
  virtual bool fetch(Number) = 0;
  // These bytes, that were written, will be read soon. Can they be without waiting for a disk? If
  // not they are fetched: ask again. A yes is good for now: others need memory, too.
  virtual bool want(const char* at, std::size_t bytes) = 0;
  // Nobody needs it any more.
  virtual void drop(Number) = 0;
  virtual Figures figures() const = 0;

 protected:
  explicit Extents(std::size_t extent_bytes) : extent_bytes_(extent_bytes) {}
  void found_at(char* begin, std::size_t extents) {
    begin_ = begin;
    end_ = begin + extents * extent_bytes_;
  }

 private:
  std::size_t extent_bytes_;
  char* begin_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace bowline::env
