// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace bowline::host {

// Work of which only so much is under way at once; what comes later waits, in its order.
template <class Work>
class Turns {
 public:
  explicit Turns(std::size_t most) : most_(most) {}

  void add(std::unique_ptr<Work> work) { waiting_.push_back(std::move(work)); }
  // Whenever there is new work, or some is over. Not from within work.
  void go_on() {
    const auto is_over = [](const std::unique_ptr<Work>& work) { return work->is_over(); };
    std::erase_if(running_, is_over);
    std::erase_if(waiting_, is_over);
    while (running_.size() < most_ && !waiting_.empty()) {
      running_.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
      running_.back()->begin();
    }
  }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& work : running_) visit(*work);
    for (const auto& work : waiting_) visit(*work);
  }

 private:
  std::size_t most_;
  std::vector<std::unique_ptr<Work>> running_;
  std::deque<std::unique_ptr<Work>> waiting_;
};

}  // namespace bowline::host
