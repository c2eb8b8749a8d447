// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/groups_member.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <thread>

#include <malloc.h>
#include <unistd.h>

namespace bowline::bench {
namespace {

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

std::string answer(std::istream& words, GroupsNode& node, LagWatch& lag) {
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
    said << cpu_of_this_process();
  } else if (what == "disk") {
    said << node.disk();
  } else if (what == "watch") {
    lag.begin(node);
  } else if (what == "lag") {
    said << lag.longest_ms();
  }
  return said.str();
}

Child::Answer live(const GroupsNode::Setting& setting) {
  struct Life {
    explicit Life(const GroupsNode::Setting& setting) : node(setting) {}
    GroupsNode node;
    LagWatch lag;
  };
  return [life = std::make_unique<Life>(setting)](std::istream& words) {
    return answer(words, life->node, life->lag);
  };
}

}  // namespace

GroupsMember::GroupsMember(const GroupsNode::Setting& setting)
    : child_([setting] { return live(setting); }) {}

void GroupsMember::start(std::uint64_t groups) { child_.ask("start " + std::to_string(groups)); }

GroupsSeen GroupsMember::seen() {
  std::istringstream said(child_.ask("seen"));
  GroupsSeen seen;
  said >> seen.started >> seen.led >> seen.known >> seen.awake;
  return seen;
}

GroupsTraffic GroupsMember::traffic() {
  std::istringstream said(child_.ask("traffic"));
  GroupsTraffic sent;
  said >> sent.frames >> sent.letters >> sent.bytes;
  return sent;
}

GroupsMemory GroupsMember::memory() {
  std::istringstream said(child_.ask("memory"));
  GroupsMemory memory;
  said >> memory.resident_bytes >> memory.heap_bytes;
  return memory;
}

double GroupsMember::cpu_seconds() { return std::strtod(child_.ask("cpu").c_str(), nullptr); }
std::string GroupsMember::disk() { return child_.ask("disk"); }
void GroupsMember::watch_lag() { child_.ask("watch"); }
double GroupsMember::longest_lag_ms() { return std::strtod(child_.ask("lag").c_str(), nullptr); }

}  // namespace bowline::bench
