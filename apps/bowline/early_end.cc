// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/early_end.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace bowline::apps {

EarlyEnd::EarlyEnd(const sigset_t& signals, std::function<bool()> is_ours)
    : is_ours_(std::move(is_ours)),
      told_(::signalfd(-1, &signals, SFD_CLOEXEC)),
      over_(::eventfd(0, EFD_CLOEXEC)) {
  // Without descriptors it starts as it can, and is told to end once it has.
  if (told_ >= 0 && over_ >= 0) thread_ = std::thread([this] { watch(); });
}

EarlyEnd::~EarlyEnd() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    static_cast<void>(::write(over_, &one, sizeof one));
    thread_.join();
  }
  if (told_ >= 0) ::close(told_);
  if (over_ >= 0) ::close(over_);
}

// Nothing is read: who comes after us finds the signal where it was.
void EarlyEnd::watch() const {
  std::array<pollfd, 2> waits{{{told_, POLLIN, 0}, {over_, POLLIN, 0}}};
  while (::poll(waits.data(), waits.size(), -1) < 0) {}
  if (waits[1].revents != 0 || is_ours_()) return;
  std::fputs("told to end before it was ready: nobody was answered yet, nothing is lost\n", stderr);
  ::_exit(0);
}

}  // namespace bowline::apps
