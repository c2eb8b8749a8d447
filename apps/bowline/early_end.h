// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <csignal>
#include <functional>
#include <thread>

namespace bowline::apps {

// Ends the process when it is told to while it starts: it may read its log for long, or wait for a
// disk that is full. Nobody was answered yet, so this is a crash that loses nothing. The signals
// are blocked in all threads. From its end on, they are somebody else's.
class EarlyEnd {
 public:
  // Ends nothing while `is_ours`: the signal is the process's own then, and stays for later.
  EarlyEnd(const sigset_t& signals, std::function<bool()> is_ours);
  ~EarlyEnd();
  EarlyEnd(const EarlyEnd&) = delete;
  EarlyEnd& operator=(const EarlyEnd&) = delete;

 private:
  void watch() const;

  std::function<bool()> is_ours_;
  int told_;  // readable once a signal waits
  int over_;  // readable once the start is over
  std::thread thread_;
};

}  // namespace bowline::apps
