// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>

#include "bowline/env/env.h"

namespace bowline::host {

// Watches how long the disk has been busy with one write of the log. Costs one timer for as many
// writes as there are in the time that it waits.
class Stall {
 public:
  struct Hooks {
    std::move_only_function<std::optional<Time>() const> busy_since;
    // For so long now. Answers when to look again; none: nobody would do anything about it.
    std::move_only_function<std::optional<Duration>(Duration busy)> lasts;
  };
  Stall(env::Loop&, const env::Clock&, Hooks);
  ~Stall();
  Stall(const Stall&) = delete;
  Stall& operator=(const Stall&) = delete;

  // The disk may have something to do: look, once it has been busy for so long.
  void watch(Duration patience);
  void over();  // it came to the end of that write

 private:
  void look();
  void set(Time when);

  env::Loop& loop_;
  const env::Clock& clock_;
  Hooks hooks_;
  env::TimerId timer_;
  std::optional<Time> due_;  // when it rings
  Duration patience_{0};
  bool told_ = false;  // all that there is to tell of this write
};

}  // namespace bowline::host
