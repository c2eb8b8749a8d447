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
    return
        [life = std::weak_ptr<char>(thread()), call = std::move(call)](auto&&... results) mutable {
          if (!life.expired()) call(std::forward<decltype(results)>(results)...);
        };
  }

  // Expires with us: for whoever calls out in the midst of its work.
  std::weak_ptr<const void> watch() const { return thread(); }

 private:
  // Spun when somebody asks for it first: most of many thousand groups never do.
  const std::shared_ptr<char>& thread() const {
    if (!thread_) thread_ = std::make_shared<char>();
    return thread_;
  }
  mutable std::shared_ptr<char> thread_;
};

}  // namespace bowline::env
