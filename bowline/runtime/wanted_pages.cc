// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/wanted_pages.h"

#include <sys/mman.h>

namespace bowline::runtime {
namespace {

constexpr std::size_t most_asked = 1 << 16;

}  // namespace

WantedPages::WantedPages() : thread_([this] { run(); }) {}

WantedPages::~WantedPages() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// Who waits for one comes again and again with the same.
void WantedPages::ask(char* from, std::size_t bytes) {
  const Range range{from, bytes};
  const std::lock_guard lock(mutex_);
  if (asked_.size() >= most_asked || (!asked_.empty() && asked_.back() == range)) return;
  asked_.push_back(range);
  if (asked_.size() == 1) changed_.notify_all();
}

void WantedPages::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !asked_.empty(); });
    if (ends_) return;
    const Range range = asked_.front();
    asked_.pop_front();
    lock.unlock();
    static_cast<void>(::madvise(range.from, range.bytes, MADV_WILLNEED));
    lock.lock();
  }
}

}  // namespace bowline::runtime
