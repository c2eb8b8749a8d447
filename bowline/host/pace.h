// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <memory>

#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"

namespace bowline::host {

// So many bytes a second and no more, for all who share it. They go in the order in which they ask,
// each when what went before it has taken its time.
class Pace {
 public:
  Pace(env::Env, std::uint64_t bytes_per_second);  // 0: no limit
  ~Pace();
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  // `go` is called when so many bytes may go. Each asks for a few pieces at most. Who is gone by
  // then takes nothing from the others.
  void ask(const env::Life& asks, std::uint64_t bytes, env::Done<> go);

 private:
  struct Asked {
    std::weak_ptr<const void> asks;
    std::uint64_t bytes = 0;
    env::Done<> go;
  };
  void rings();
  void wait();

  env::Env env_;
  std::uint64_t bytes_per_second_;
  std::deque<Asked> waiting_;
  Time free_at_;
  env::TimerId timer_;
  env::Life life_;
};

}  // namespace bowline::host
