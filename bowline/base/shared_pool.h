// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace bowline {

// Of values that many have and that are mostly equal, each is kept once, for as long as somebody
// has it.
template <class T>
class SharedPool {
 public:
  using Shared = std::shared_ptr<const T>;

  // `name`: the same for equal values, and another one for others.
  Shared share(Shared value, std::string_view name) {
    if (known_.size() >= most_) forget_the_dead();
    std::weak_ptr<const T>& known = known_[std::string(name)];
    if (Shared shared = known.lock()) return shared;
    known = value;
    return value;
  }
  std::size_t size() const { return known_.size(); }  // some may be gone

 private:
  static constexpr std::size_t least = 64;

  void forget_the_dead() {
    std::erase_if(known_, [](const auto& one) { return one.second.expired(); });
    most_ = std::max(least, 2 * known_.size());
  }

  std::map<std::string, std::weak_ptr<const T>> known_;
  std::size_t most_ = least;  // then they are looked through
};

}  // namespace bowline
