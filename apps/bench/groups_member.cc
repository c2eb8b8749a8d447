// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/groups_member.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <thread>

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bowline/base/ensure.h"

namespace bowline::bench {
namespace {

double cpu_of_process() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string memory_of_process() {
  malloc_trim(0);
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (FILE* const file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
    unsigned long long all = 0;
    unsigned long long now = 0;
    if (std::fscanf(file, "%llu %llu", &all, &now) == 2) {
      size = all;
      resident = now;
    }
    std::fclose(file);
  }
  if (size == 0) return "0 0";
  const auto heap = mallinfo2();
  std::ostringstream said;
  said << resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) << ' '
       << heap.uordblks + heap.hblkhd;
  return said.str();
}

// Asks again and again how long the node's thread takes to answer.
class LagWatch {
 public:
  void begin(GroupsNode& node) {
    thread_ = std::thread([this, &node] {
      for (;;) {
        const double ms = std::chrono::duration<double, std::milli>(node.lag()).count();
        if (ms > longest_ms_) longest_ms_ = ms;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    thread_.detach();  // it ends with the process
  }
  double longest_ms() const { return longest_ms_; }

 private:
  std::thread thread_;
  std::atomic<double> longest_ms_ = 0;
};

std::string answer(const std::string& line, GroupsNode& node, LagWatch& lag) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  std::ostringstream said;
  if (what == "start") {
    std::uint64_t count = 0;
    words >> count;
    node.start(count);
  } else if (what == "seen") {
    const GroupsSeen seen = node.seen();
    said << seen.started << ' ' << seen.led << ' ' << seen.known << ' ' << seen.awake;
  } else if (what == "traffic") {
    const GroupsTraffic sent = node.traffic();
    said << sent.frames << ' ' << sent.letters << ' ' << sent.bytes;
  } else if (what == "memory") {
    said << memory_of_process();
  } else if (what == "cpu") {
    said << cpu_of_process();
  } else if (what == "disk") {
    said << node.disk();
  } else if (what == "watch") {
    lag.begin(node);
  } else if (what == "lag") {
    said << lag.longest_ms();
  }
  return said.str();
}

[[noreturn]] void live(const GroupsNode::Setting& setting, int from, int to) {
  GroupsNode node(setting);
  LagWatch lag;
  FILE* const in = fdopen(from, "r");
  char line[256];
  while (std::fgets(line, sizeof line, in) != nullptr) {
    const std::string said = answer(line, node, lag) + "\n";
    if (::write(to, said.data(), said.size()) < 0) break;
  }
  std::_Exit(0);
}

}  // namespace

GroupsMember::GroupsMember(const GroupsNode::Setting& setting) {
  int down[2];
  int up[2];
  ensure(pipe(down) == 0);
  ensure(pipe(up) == 0);
  process_ = fork();
  ensure(process_ >= 0);
  if (process_ == 0) {
    close(down[1]);
    close(up[0]);
    live(setting, down[0], up[1]);
  }
  close(down[0]);
  close(up[1]);
  to_ = down[1];
  from_ = up[0];
}

GroupsMember::~GroupsMember() {
  close(to_);
  kill();
  close(from_);
}

void GroupsMember::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

std::string GroupsMember::ask(const std::string& what) {
  const std::string line = what + "\n";
  if (::write(to_, line.data(), line.size()) < 0) return {};
  std::string said;
  char one = 0;
  while (::read(from_, &one, 1) == 1 && one != '\n') said += one;
  return said;
}

void GroupsMember::start(std::uint64_t groups) { ask("start " + std::to_string(groups)); }

GroupsSeen GroupsMember::seen() {
  std::istringstream said(ask("seen"));
  GroupsSeen seen;
  said >> seen.started >> seen.led >> seen.known >> seen.awake;
  return seen;
}

GroupsTraffic GroupsMember::traffic() {
  std::istringstream said(ask("traffic"));
  GroupsTraffic sent;
  said >> sent.frames >> sent.letters >> sent.bytes;
  return sent;
}

GroupsMemory GroupsMember::memory() {
  std::istringstream said(ask("memory"));
  GroupsMemory memory;
  said >> memory.resident_bytes >> memory.heap_bytes;
  return memory;
}

double GroupsMember::cpu_seconds() { return std::strtod(ask("cpu").c_str(), nullptr); }
std::string GroupsMember::disk() { return ask("disk"); }
void GroupsMember::watch_lag() { ask("watch"); }
double GroupsMember::longest_lag_ms() { return std::strtod(ask("lag").c_str(), nullptr); }

}  // namespace bowline::bench
