// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/wal_load.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <sys/resource.h>

namespace bowline::bench {
namespace {

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

}  // namespace

Watch::Watch(double seconds) : seconds_(seconds), began_(now()), cpu_(cpu()) {}

bool Watch::is_over() const { return now() - began_ >= seconds_; }

void Watch::end(Stretch& stretch) const {
  stretch.seconds = now() - began_;
  stretch.cpu = cpu() - cpu_;
}

std::vector<Bytes> payloads(std::size_t bytes) {
  constexpr std::size_t count = 256;
  std::vector<Bytes> all;
  all.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::string text(bytes, '\0');
    for (std::size_t at = 0; at < bytes; ++at) text[at] = static_cast<char>(i * 131 + at * 7);
    all.push_back(Bytes::own(std::move(text)));
  }
  return all;
}

void stop(const std::string& why) {
  std::fprintf(stderr, "bowline-bench-wal: %s\n", why.c_str());
  std::exit(1);
}

}  // namespace bowline::bench
