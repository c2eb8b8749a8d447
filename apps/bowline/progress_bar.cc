// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/progress_bar.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <utility>

#include <unistd.h>

#include "apps/bowline/words.h"

namespace bowline::apps {
namespace {

constexpr std::size_t width = 30;

}  // namespace

ProgressBar::ProgressBar(std::string what)
    : what_(std::move(what)), is_seen_(::isatty(STDERR_FILENO) == 1) {}

void ProgressBar::show(double part, const std::string& note) {
  if (!is_seen_) return;
  const auto full = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * width);
  const std::string line =
      what_ + " [" + std::string(full, '=') + std::string(width - full, ' ') + "] " + note;
  if (line == std::exchange(shown_, line)) return;
  std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
}

void ProgressBar::show_bytes(std::uint64_t done, std::uint64_t all) {
  show(all == 0 ? 1 : static_cast<double>(done) / static_cast<double>(all),
       size(done) + " of " + size(all));
}

void ProgressBar::clear() {
  if (is_seen_ && !std::exchange(shown_, {}).empty()) std::fprintf(stderr, "\r\x1b[K");
}

}  // namespace bowline::apps
