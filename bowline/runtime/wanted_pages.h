// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>

namespace bowline::runtime {

// Asks the kernel for pages of a file that is mapped, on a thread of its own: even who only asks
// has to wait, when the disk has as much to do already as it takes.
class WantedPages {
 public:
  WantedPages();
  ~WantedPages();
  WantedPages(const WantedPages&) = delete;
  WantedPages& operator=(const WantedPages&) = delete;

  // Whole pages. If too many wait already nothing happens: ask again.
  void ask(char* from, std::size_t bytes);

 private:
  struct Range {
    char* from = nullptr;
    std::size_t bytes = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };
  void run();

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<Range> asked_;
  bool ends_ = false;

  std::thread thread_;  // the last one: it uses all others
};

}  // namespace bowline::runtime
