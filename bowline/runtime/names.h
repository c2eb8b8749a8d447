// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"

namespace bowline::runtime {

// Where the hosts with these names are. Whoever is to be asked for a name may not answer for half a
// minute, and the kernel has no way to ask without waiting: so each look-up has a thread of its
// own, for as long as it takes. One that hangs keeps nobody waiting who asks for another name, nor
// the end of the process. On the thread of the loop, which must outlive it.
class Names {
 public:
  struct Options {
    LookUp look_up;
    // Whoever waits for so long gets the last good answer, if there is one.
    Duration patience = std::chrono::milliseconds(250);
    std::size_t at_once = 16;  // look-ups; those of further names wait for one of them
    std::size_t kept = 1024;   // names that were found; more of them push others out
  };
  using Found = Result<std::vector<std::string>>;

  Names(Loop&, Options);
  ~Names();  // waits for no look-up
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // Whoever asks for what is being looked up already gets the same answer. If nobody knows it now,
  // it is the last good one. `done` is dropped when `asker` has expired, and so is a look-up that
  // has not begun when nobody who asked for it is left.
  void find(const std::string& host, std::weak_ptr<const void> asker, env::Done<Found> done);

 private:
  struct Asked {
    std::weak_ptr<const void> asker;
    env::Done<Found> done;
  };
  enum class Stage : std::uint8_t { idle, queued, under_way, late };
  struct Name {
    std::vector<std::string> last;  // the last good answer; empty: none
    Stage stage = Stage::idle;      // of its look-up
    std::vector<Asked> asked;       // none if idle
    env::TimerId timer;             // while it is under way, until it is late
  };
  struct WayBack;  // to the loop, for threads that may outlive us

  void begin_next();
  void begin(const std::string& host, Name&);
  void is_late(const std::string& host);
  void ended(const std::string& host, Found);
  void forget_one();

  Loop& loop_;
  Options options_;
  std::shared_ptr<WayBack> way_back_;
  std::map<std::string, Name> names_;
  std::deque<std::string> queue_;  // invariant: those whose look-up is queued, each once
  std::size_t under_way_ = 0;
  env::Life life_;
};

// What the system says. Blocks, and may be called on several threads. Fault::not_found: there is no
// such host; anything else: nobody can tell now.
Names::Found look_up_by_system(const std::string& host);

}  // namespace bowline::runtime
