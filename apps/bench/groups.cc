// SPDX-License-Identifier: Apache-2.0
// bowline-bench-groups: three processes on loopback, each with one node and many groups that have
// nothing to do. What do they cost, and how soon do they all lead again when a node dies?
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bench/addresses.h"
#include "apps/bench/groups_member.h"
#include "apps/bowline/numbers.h"

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;

struct Arguments {
  std::uint64_t groups = 10'000;
  double seconds = 5;  // idle
  double patience = 60;
  std::uint64_t hibernate_ms = 2000;
  std::string directory = "build/bench-groups";
};

double seconds_since(Steady::time_point began) {
  return std::chrono::duration<double>(Steady::now() - began).count();
}

class Groups {
 public:
  explicit Groups(Arguments arguments);
  void run();

 private:
  void start();
  void idle();
  void death();
  // Until that holds; how long it took, in seconds.
  double wait(const char* what, const std::function<bool()>& holds) const;
  bool all_lead();
  GroupsTraffic traffic();
  double cpu_seconds();
  void wait_until_asleep();

  Arguments arguments_;
  std::vector<std::unique_ptr<GroupsMember>> members_;
  std::vector<GroupsMemory> before_;
};

Groups::Groups(Arguments arguments) : arguments_(std::move(arguments)) {
  std::filesystem::remove_all(arguments_.directory);
  const std::vector<std::string> addresses = free_addresses(3);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    GroupsNode::Setting setting;
    setting.id = id;
    setting.addresses = addresses;
    setting.directory = arguments_.directory + "/" + std::to_string(id);
    setting.hibernate_after = std::chrono::milliseconds(arguments_.hibernate_ms);
    std::filesystem::create_directories(setting.directory);
    members_.push_back(std::make_unique<GroupsMember>(setting));
  }
}

double Groups::wait(const char* what, const std::function<bool()>& holds) const {
  const auto began = Steady::now();
  while (!holds()) {
    if (seconds_since(began) > arguments_.patience) {
      std::fprintf(stderr, "bowline-bench-groups: %s: not within %.0f s; --patience allows more\n",
                   what, arguments_.patience);
      std::exit(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return seconds_since(began);
}

// One of those that live leads each group, and all of them know who.
bool Groups::all_lead() {
  std::uint64_t led = 0;
  for (const auto& member : members_) {
    if (!member->alive()) continue;
    const GroupsSeen seen = member->seen();
    if (seen.known != arguments_.groups) return false;
    led += seen.led;
  }
  return led == arguments_.groups;
}

GroupsTraffic Groups::traffic() {
  GroupsTraffic sum;
  for (const auto& member : members_) {
    if (!member->alive()) continue;
    const GroupsTraffic sent = member->traffic();
    sum.frames += sent.frames;
    sum.letters += sent.letters;
    sum.bytes += sent.bytes;
  }
  return sum;
}

double Groups::cpu_seconds() {
  double sum = 0;
  for (const auto& member : members_)
    if (member->alive()) sum += member->cpu_seconds();
  return sum;
}

void Groups::start() {
  for (const auto& member : members_) before_.push_back(member->memory());
  const double cpu = cpu_seconds();
  const auto began = Steady::now();
  for (const auto& member : members_) member->start(arguments_.groups);
  wait("not all groups lead", [this] { return all_lead(); });
  const GroupsTraffic sent = traffic();
  std::printf("%llu groups on three nodes on loopback, %s\n",
              static_cast<unsigned long long>(arguments_.groups), members_[0]->disk().c_str());
  std::printf("founded, and all lead   %8.2f s   %.2f CPU s, %llu frames with %llu messages\n",
              seconds_since(began), cpu_seconds() - cpu,
              static_cast<unsigned long long>(sent.frames),
              static_cast<unsigned long long>(sent.letters));
}

void Groups::wait_until_asleep() {
  if (arguments_.hibernate_ms == 0) {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    return;
  }
  const double took = wait("groups that have nothing to do are awake", [this] {
    return std::ranges::all_of(
        members_, [](const auto& member) { return !member->alive() || member->seen().awake == 0; });
  });
  std::printf("all asleep after        %8.2f s\n", took);
}

void Groups::idle() {
  wait_until_asleep();
  const auto groups = static_cast<double>(arguments_.groups);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const GroupsMemory now = members_[i]->memory();
    std::printf("memory, node %zu          %8.0f bytes a group in RSS, %.0f on the heap\n", i + 1,
                static_cast<double>(now.resident_bytes - before_[i].resident_bytes) / groups,
                static_cast<double>(now.heap_bytes - before_[i].heap_bytes) / groups);
  }
  const GroupsTraffic sent = traffic();
  const double cpu = cpu_seconds();
  const auto began = Steady::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(arguments_.seconds));
  const double took = seconds_since(began);
  const GroupsTraffic after = traffic();
  const double share = 100 * (cpu_seconds() - cpu) / took / 3;
  std::printf("idle                    %8.2f %% of a core a node, %.0f frames/s, %.0f messages/s\n",
              share, static_cast<double>(after.frames - sent.frames) / took / 3,
              static_cast<double>(after.letters - sent.letters) / took / 3);
}

void Groups::death() {
  const std::uint64_t led = members_[1]->seen().led;
  members_[1]->kill();
  members_[0]->watch_lag();
  members_[2]->watch_lag();
  const GroupsTraffic sent = traffic();
  const double cpu = cpu_seconds();
  const double took = wait("not all groups lead again", [this] { return all_lead(); });
  const GroupsTraffic after = traffic();
  std::printf("a node is killed that led %llu: all lead again after %.2f s\n",
              static_cast<unsigned long long>(led), took);
  std::printf(
      "  till then             %8.2f CPU s, %llu frames with %llu messages and %.1f MB\n"
      "  longest that a thread was busy  %.0f and %.0f ms\n",
      cpu_seconds() - cpu, static_cast<unsigned long long>(after.frames - sent.frames),
      static_cast<unsigned long long>(after.letters - sent.letters),
      static_cast<double>(after.bytes - sent.bytes) / 1e6, members_[0]->longest_lag_ms(),
      members_[2]->longest_lag_ms());
}

void Groups::run() {
  start();
  idle();
  death();
}

int run(const Arguments& arguments) {
  Groups(arguments).run();
  return 0;
}

}  // namespace
}  // namespace bowline::bench

int main(int argc, char** argv) {
  using namespace bowline::bench;
  CLI::App app{"Three processes on loopback with many groups that have nothing to do"};
  Arguments arguments;
  app.add_option("--groups", arguments.groups, "How many")->check(bowline::apps::at_least(1));
  app.add_option("--seconds", arguments.seconds, "How long they are watched at rest");
  app.add_option("--patience", arguments.patience, "Give up after so many seconds of waiting");
  app.add_option("--hibernate-ms", arguments.hibernate_ms,
                 "How long a group is idle before it sleeps; 0: never");
  app.add_option("--directory", arguments.directory, "Where the logs are; emptied first");
  CLI11_PARSE(app, argc, argv);
  return run(arguments);
}
