// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <future>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline {

// A reply for whoever waits with a future, and which is kept in any case: what a node drops when it
// ends, as it drops reads that its disk has not done yet, answers what was said at the beginning. A
// std::promise would have the waiting thread end in an exception instead.
template <class What>
class Promise {
 public:
  explicit Promise(What if_dropped) : if_dropped_(std::move(if_dropped)) {}
  Promise(Promise&& other) noexcept
      : promise_(std::move(other.promise_)),
        if_dropped_(std::move(other.if_dropped_)),
        open_(std::exchange(other.open_, false)) {}
  Promise& operator=(Promise&&) = delete;
  ~Promise() {
    if (open_) promise_.set_value(std::move(if_dropped_));
  }

  std::future<What> future() { return promise_.get_future(); }
  void operator()(What what) {
    ensure(std::exchange(open_, false));  // once
    promise_.set_value(std::move(what));
  }

 private:
  std::promise<What> promise_;
  What if_dropped_;
  bool open_ = true;
};

// The same for whoever waits with a callback: it is called in any case, and if it is dropped, then
// by whoever drops it.
template <class What>
class Kept {
 public:
  using Reply = std::move_only_function<void(What)>;
  Kept(Reply reply, What if_dropped)
      : reply_(std::move(reply)), if_dropped_(std::move(if_dropped)) {}
  Kept(Kept&& other) noexcept
      : reply_(std::exchange(other.reply_, {})), if_dropped_(std::move(other.if_dropped_)) {}
  Kept& operator=(Kept&&) = delete;
  ~Kept() {
    if (reply_) reply_(std::move(if_dropped_));
  }

  void operator()(What what) {
    ensure(static_cast<bool>(reply_));  // once
    std::exchange(reply_, {})(std::move(what));
  }

 private:
  Reply reply_;
  What if_dropped_;
};

}  // namespace bowline
