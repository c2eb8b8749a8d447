// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/worker.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <unistd.h>

#include "bowline/base/ensure.h"

namespace bowline::apps {
namespace {

Slot* the_slot = nullptr;

// The process is about to stop. The parent reads what we leave here.
void leave_last_words(const char* file, unsigned line, const char* function) {
  std::string words = std::string("ensure() failed at ") + file + ":" + std::to_string(line) +
                      " in " + function + "\n" + sim::describe_running();
  const std::size_t count = std::min(words.size(), the_slot->last_words.size() - 1);
  std::copy_n(words.data(), count, the_slot->last_words.data());
  the_slot->last_words[count] = 0;
}

void send_all(int pipe, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(pipe, bytes.data(), bytes.size());
    if (count <= 0) _exit(3);  // nobody listens any more
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

Finding examine(std::uint64_t seed, const Work& work, std::string& words) {
  const sim::History history = sim::run_history(seed, work.settings);
  if (history.violation) words = history.violation->invariant + "\n" + history.violation->what;
  if (work.twice) {
    const sim::History again = sim::run_history(seed, work.settings);
    if (again.hash != history.hash) words = "determinism\nthe same seed gave two histories";
  }
  Finding finding;
  finding.seed = seed;
  finding.hash = history.hash;
  finding.excuse = static_cast<std::uint64_t>(history.excuse);
  finding.virtual_ns = history.virtual_time.count();
  finding.leader_ns = history.leader_after.count();
  finding.level_ns = history.level_after.count();
  finding.words = words.size();
  finding.counters = history.counters;
  return finding;
}

void run_worker(const Work& work, std::uint64_t position, std::uint64_t step, int pipe,
                Slot& slot) {
  the_slot = &slot;
  on_ensure_failure(leave_last_words);
  for (; position < work.count; position += step) {
    const std::uint64_t seed = work.first + position * work.stride;
    slot.seed = seed;
    std::string words;
    const Finding finding = examine(seed, work, words);
    std::string bytes(sizeof finding, '\0');
    std::memcpy(bytes.data(), &finding, sizeof finding);
    send_all(pipe, bytes + words);
  }
  slot.seed = 0;
  _exit(0);
}

}  // namespace bowline::apps
