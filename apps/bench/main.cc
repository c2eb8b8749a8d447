// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <malloc.h>

#include "apps/bench/heap.h"
#include "apps/bench/trio.h"

namespace bowline::bench {
namespace {

struct Figure {
  std::string name;
  std::string unit;
  double least = 0, median = 0, most = 0;
};

// The logs of a trio grow and go. What the kernel does to hand out the same pages again is no cost
// of the protocol, and more than half of the figure of a large batch.
void keep_pages() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
}

double cpu_ns() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e9 + static_cast<double>(spent.tv_nsec);
}

Figure summary(std::string name, std::string unit, std::vector<double> values) {
  std::ranges::sort(values);
  return {std::move(name), std::move(unit), values.front(), values[values.size() / 2],
          values.back()};
}

// CPU time of an entry from the proposal to the moment that all three have released it.
Figure entry_cost(std::size_t batch) {
  constexpr int repetitions = 9;
  const std::size_t proposals = batch == 1 ? 100'000 : 10'000;
  std::vector<double> costs;
  for (int i = 0; i < repetitions; ++i) {
    Trio trio;
    for (std::size_t n = 0; n < proposals / 10; ++n) trio.commit(batch);  // warm
    const double began = cpu_ns();
    for (std::size_t n = 0; n < proposals; ++n) trio.commit(batch);
    costs.push_back((cpu_ns() - began) / static_cast<double>(proposals * batch));
  }
  return summary("entry, batch of " + std::to_string(batch), "CPU ns", std::move(costs));
}

struct Idle {
  const char* name = nullptr;
  Trio::Lives lives = Trio::Lives::named;
  std::size_t which = 0;
  std::int64_t limit = 0;  // a test fails beyond it
};

constexpr Idle idle_cores[] = {
    {"idle leader of three", Trio::Lives::named, 0, 1023},
    {"idle follower", Trio::Lives::named, 1, 784},
    {"... leader, new group", Trio::Lives::met, 0, 1264},
    {"... follower, new group", Trio::Lives::met, 1, 1015},
};

// What an idle core holds, by what taking it down gives back. Its own size is in it: it is made on
// the heap. What it shares with others (the options) is not.
std::int64_t bytes_of(const Idle& idle) {
  Trio trio(idle.lives);
  for (int n = 0; n < 100; ++n) trio.commit(1);
  trio.idle();
  const std::int64_t before = heap_bytes();
  trio.take_down(idle.which);
  return before - heap_bytes();
}

std::vector<Figure> idle_figures() {
  std::vector<Figure> figures;
  for (const Idle& idle : idle_cores)
    figures.push_back(summary(idle.name, "bytes", {static_cast<double>(bytes_of(idle))}));
  return figures;
}

int check_heap() {
  int too_large = 0;
  for (const Idle& idle : idle_cores) {
    const std::int64_t bytes = bytes_of(idle);
    std::printf("%-26s %6lld bytes, at most %lld\n", idle.name, static_cast<long long>(bytes),
                static_cast<long long>(idle.limit));
    if (bytes > idle.limit) ++too_large;
  }
  return too_large == 0 ? 0 : 1;
}

void print(const std::vector<Figure>& figures) {
  std::printf("%-26s %-8s %10s %10s %10s\n", "", "", "least", "median", "most");
  for (const Figure& f : figures)
    std::printf("%-26s %-8s %10.0f %10.0f %10.0f\n", f.name.c_str(), f.unit.c_str(), f.least,
                f.median, f.most);
}

bool write_json(const std::string& path, const std::vector<Figure>& figures) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  std::fprintf(file, "[\n");
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const Figure& f = figures[i];
    std::fprintf(file,
                 "  {\"name\": \"%s\", \"unit\": \"%s\", \"least\": %.1f, \"median\": %.1f, "
                 "\"most\": %.1f}%s\n",
                 f.name.c_str(), f.unit.c_str(), f.least, f.median, f.most,
                 i + 1 < figures.size() ? "," : "");
  }
  std::fprintf(file, "]\n");
  return std::fclose(file) == 0;
}

constexpr const char* help =
    "bowline-bench [--json FILE] [--check-heap]\n"
    "\n"
    "Measures what an entry costs the protocol, and what an idle group holds.\n"
    "\n"
    "  --json FILE   write the results for programs, too\n"
    "  --check-heap  only compare what an idle group holds with its limits; 1 if it is beyond\n"
    "  --help        this\n";

int run(const std::string& json) {
  keep_pages();
  std::vector<Figure> figures{entry_cost(1), entry_cost(64)};
  for (Figure& figure : idle_figures()) figures.push_back(std::move(figure));
  print(figures);
  if (json.empty() || write_json(json, figures)) return 0;
  std::fprintf(stderr, "bowline-bench: cannot write %s\n", json.c_str());
  return 1;
}

}  // namespace
}  // namespace bowline::bench

int main(int argc, char** argv) {
  std::string json;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
      json = argv[++i];
    } else if (std::strcmp(argv[i], "--check-heap") == 0) {
      return bowline::bench::check_heap();
    } else if (std::strcmp(argv[i], "--help") == 0 || std::strcmp(argv[i], "-h") == 0) {
      std::fputs(bowline::bench::help, stdout);
      return 0;
    } else {
      const bool bare = std::strcmp(argv[i], "--json") == 0;
      std::fprintf(stderr, "bowline-bench: %s %s; --help lists what it takes\n", argv[i],
                   bare ? "wants a file" : "is unknown");
      return 2;
    }
  }
  return bowline::bench::run(json);
}
