// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>

namespace bowline::env {

// A member of whoever hands callbacks to something that may live longer than itself.
class Life {
 public:
  // Does what `call` does, but nothing once we are gone.
  template <class Call>
  auto guard(Call call) const {
    return [life = std::weak_ptr<char>(life_), call = std::move(call)](auto&&... results) mutable {
      if (!life.expired()) call(std::forward<decltype(results)>(results)...);
    };
  }

  // Expires with us: for whoever calls out in the midst of its work.
  std::weak_ptr<const void> watch() const { return life_; }

 private:
  std::shared_ptr<char> life_ = std::make_shared<char>();
};

}  // namespace bowline::env
