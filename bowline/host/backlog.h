// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <utility>

#include "bowline/base/few.h"
#include "bowline/base/ids.h"
#include "bowline/host/allowance.h"
#include "bowline/raft/effect.h"
#include "bowline/raft/outline.h"

namespace bowline::host {

// The proposals that a node has in memory only, from the call until they are on its disk. Each
// group has its bounds, and there may be thousands of groups: this is the bound over all of them.
// Whoever proposes beyond it is refused before anything is taken.
class Backlog {
 public:
  // A proposal weighs so much more than its bytes: its reply, and its place in queues.
  static constexpr std::uint64_t overhead = 256;

  // What somebody takes of it. Given back when it goes.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() {
      if (of_ != nullptr) of_->room_.give_back(bytes_);
    }

    void join(Share other);  // of the same one
    std::uint64_t bytes() const { return bytes_; }

   private:
    friend class Backlog;
    Share(Backlog& of, std::uint64_t bytes) : of_(&of), bytes_(bytes) {}

    Backlog* of_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  explicit Backlog(std::uint64_t most_bytes) : room_(most_bytes) {}
  ~Backlog();
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  // None: it is full.
  std::optional<Share> take(std::uint64_t bytes, std::uint64_t proposals = 1);

  std::uint64_t bytes() const { return room_.bytes(); }
  std::uint64_t most_bytes() const { return room_.most_bytes(); }
  std::uint64_t refused() const { return room_.refused(); }  // proposals, since the start

 private:
  Allowance room_;
};

// The shares of the batches that one replica has given to its core, until they are on the disk or
// will never be. Takes a word while there are none.
class Unwritten {
 public:
  void given(Ticket, std::uint64_t commands, Backlog::Share);
  void admitted(const raft::Admitted&);
  void refused(Ticket);
  void persisted(const raft::Outline&);  // as it is after each write that has ended
  void end() { batches_.clear(); }
  bool empty() const { return batches_.empty(); }

 private:
  struct Batch {
    Ticket ticket;
    std::uint64_t commands = 0;
    Index last;  // 0: not admitted yet
    Backlog::Share share;
  };
  Batch* find(Ticket);

  Few<Batch> batches_;  // by ticket, and so by where they end
};

}  // namespace bowline::host
