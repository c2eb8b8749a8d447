// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <memory>

#include "bowline/env/env.h"

namespace bowline::runtime {

// A few threads that do for a loop what would hold it up. They are started when first needed. All
// functions are for the thread of the loop.
class Workers {
 public:
  // Hands something over to the loop's thread. Called on any thread.
  using Post = std::function<void(env::Done<>)>;

  Workers(std::size_t threads, Post post);
  ~Workers();  // waits for what has begun; what has not is dropped, and nobody is told of either
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // `work` runs on a thread of ours, in no order; then `done` on the loop's.
  void run(env::Done<> work, env::Done<> done);
  bool is_idle() const;  // nothing waits to be done, is being done, or waits to be told of
  // Waits until all work is done, also what that leads to, and calls each `done` itself.
  void finish();

 private:
  struct State;
  std::shared_ptr<State> state_;  // also with what was posted to the loop
};

}  // namespace bowline::runtime
