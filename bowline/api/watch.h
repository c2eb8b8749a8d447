// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/host/news.h"

namespace bowline {

using Hears = std::move_only_function<void(GroupId, const host::News&)>;

// Hears the news of a node as long as it lives: see Node::watch(). When its destructor returns,
// nobody is called any more, and what was given to it is gone; unless it ends within that very
// call, then both are so when the call returns. It may outlive the node. Empty: it hears nothing.
class [[nodiscard]] Watch {
 public:
  class Ear;

  Watch() = default;
  explicit Watch(std::shared_ptr<Ear> ear) : ear_(std::move(ear)) {}
  Watch(Watch&& other) noexcept : ear_(std::exchange(other.ear_, nullptr)) {}
  Watch& operator=(Watch&& other) noexcept {
    if (this != &other) {
      end();
      ear_ = std::exchange(other.ear_, nullptr);
    }
    return *this;
  }
  ~Watch() { end(); }

 private:
  void end();

  std::shared_ptr<Ear> ear_;
};

// All that watch a node, on its thread.
class Ears {
 public:
  static std::shared_ptr<Watch::Ear> make(Hears);  // on any thread
  void add(std::shared_ptr<Watch::Ear> ear) { ears_.push_back(std::move(ear)); }
  void tell(GroupId, const host::News&);

 private:
  std::vector<std::shared_ptr<Watch::Ear>> ears_;
};

}  // namespace bowline
