// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/raft_member.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <sstream>
#include <utility>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bowline/api/node.h"
#include "bowline/base/ensure.h"

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr GroupId group{1};

// Does as little as a machine can, so that what is measured is everything else.
class Counter final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command> commands, std::span<std::string>) override {
    count_ += commands.size();
  }
  std::unique_ptr<machine::Reader> snapshot() override {
    return std::make_unique<Said>(std::to_string(count_));
  }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<Heard>(*this); }

 private:
  struct Said final : machine::Reader {
    explicit Said(std::string all) : text(std::move(all)) {}
    Result<std::string> next(std::size_t) override { return std::exchange(text, {}); }
    std::string text;
  };
  struct Heard final : machine::Writer {
    explicit Heard(Counter& all) : counter(all) {}
    Result<void> add(std::string_view bytes) override {
      text += bytes;
      return {};
    }
    Result<void> commit() override {
      counter.count_ = std::strtoull(text.c_str(), nullptr, 10);
      return {};
    }
    Counter& counter;
    std::string text;
  };
  std::uint64_t count_ = 0;
};

// On the node's thread: each answer is followed by the next proposal.
struct Pressing {
  RaftLoad load;
  Bytes payload;
  host::Replica* replica = nullptr;
  Steady::time_point counts_from, ends;
  std::vector<std::uint32_t> latencies_us;
  std::uint64_t open = 0;
  std::promise<void> done;

  void begin(host::Replica* mine) {
    replica = mine;
    payload = Bytes::own(std::string(load.payload, 'x'));
    const auto now = Steady::now();
    const auto span = [](double seconds) {
      return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
    };
    counts_from = now + span(load.warm_seconds);
    ends = counts_from + span(load.seconds);
    latencies_us.reserve(4 << 20);
    for (std::uint64_t i = 0; i < load.in_flight; ++i) propose();
  }
  void propose() {
    ++open;
    replica->propose(
        payload, [this, begun = Steady::now()](const Outcome& outcome) { ended(begun, outcome); });
  }
  void ended(Steady::time_point begun, const Outcome& outcome) {
    const auto now = Steady::now();
    --open;
    if (std::holds_alternative<Applied>(outcome) && now >= counts_from && now < ends)
      latencies_us.push_back(static_cast<std::uint32_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(now - begun).count()));
    if (now < ends && !std::holds_alternative<Refused>(outcome)) return propose();
    if (open == 0) done.set_value();
  }
};

double cpu_of_process() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string press(const Group& of, std::istream& words) {
  Pressing pressing;
  words >> pressing.load.payload >> pressing.load.in_flight >> pressing.load.warm_seconds >>
      pressing.load.seconds;
  std::future<void> done = pressing.done.get_future();
  of.with([&pressing](host::Replica* replica) { pressing.begin(replica); });
  done.wait();
  std::vector<std::uint32_t>& all = pressing.latencies_us;
  std::ranges::sort(all);
  const auto at = [&](double share) {
    return all.empty() ? 0U : all[static_cast<std::size_t>(share * double(all.size() - 1))];
  };
  std::ostringstream said;
  said << all.size() << ' ' << double(all.size()) / pressing.load.seconds << ' ' << at(0.5) << ' '
       << at(0.99) << ' ' << at(0.999);
  return said.str();
}

bool done(std::future<Outcome> outcome) { return std::holds_alternative<Applied>(outcome.get()); }

[[noreturn]] void live(std::uint64_t id, const std::vector<std::string>& addresses,
                       const std::string& directory, int from, int to) {
  NodeOptions options;
  options.id = NodeId{id};
  options.directory = directory;
  options.listen = addresses[id - 1];
  Result<std::unique_ptr<Node>> node = Node::open(options);
  if (!node) {
    std::fprintf(stderr, "member %d: %s\n", static_cast<int>(id), node.error().what.c_str());
    std::_Exit(1);
  }
  GroupSetup setup;
  for (std::size_t i = 0; i < addresses.size(); ++i)
    setup.founders.push_back({.id = NodeId{i + 1}, .address = addresses[i]});
  Result<Group> started = (*node)->start(group, setup, std::make_unique<Counter>());
  if (!started) {
    std::fprintf(stderr, "member %d: %s\n", static_cast<int>(id), started.error().what.c_str());
    std::_Exit(1);
  }
  FILE* const in = fdopen(from, "r");
  char line[256];
  while (std::fgets(line, sizeof line, in) != nullptr) {
    std::istringstream words(line);
    std::string what;
    words >> what;
    std::string said = "?";
    if (what == "leads") said = started->status().get().role == raft::Role::leader ? "1" : "0";
    if (what == "cpu") said = std::to_string(cpu_of_process());
    if (what == "disk") said = (*node)->disk();
    if (what == "write") said = done(started->propose("x")) ? "1" : "0";
    if (what == "hand") said = done(started->transfer()) ? "1" : "0";
    if (what == "press") said = press(*started, words);
    said += '\n';
    if (::write(to, said.data(), said.size()) < 0) break;
  }
  std::_Exit(0);
}

}  // namespace

RaftMember::RaftMember(std::uint64_t id, const std::vector<std::string>& addresses,
                       const std::string& directory) {
  int down[2];
  int up[2];
  ensure(pipe(down) == 0);
  ensure(pipe(up) == 0);
  process_ = fork();
  ensure(process_ >= 0);
  if (process_ == 0) {
    close(down[1]);
    close(up[0]);
    live(id, addresses, directory, down[0], up[1]);
  }
  close(down[0]);
  close(up[1]);
  to_ = down[1];
  from_ = up[0];
}

RaftMember::~RaftMember() {
  close(to_);
  kill();
  close(from_);
}

void RaftMember::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

std::string RaftMember::ask(const std::string& what) {
  const std::string line = what + "\n";
  if (::write(to_, line.data(), line.size()) < 0) return {};
  std::string said;
  char one = 0;
  while (::read(from_, &one, 1) == 1 && one != '\n') said += one;
  return said;
}

void RaftMember::freeze() { ::kill(process_, SIGSTOP); }

bool RaftMember::write() { return ask("write") == "1"; }
bool RaftMember::hand_over() { return ask("hand") == "1"; }
bool RaftMember::leads() { return ask("leads") == "1"; }
double RaftMember::cpu_seconds() { return std::strtod(ask("cpu").c_str(), nullptr); }
std::string RaftMember::disk() { return ask("disk"); }

RaftFigure RaftMember::run(const RaftLoad& load) {
  std::ostringstream what;
  what << "press " << load.payload << ' ' << load.in_flight << ' ' << load.warm_seconds << ' '
       << load.seconds;
  std::istringstream said(ask(what.str()));
  RaftFigure figure;
  said >> figure.proposals >> figure.per_second >> figure.p50_us >> figure.p99_us >> figure.p999_us;
  return figure;
}

}  // namespace bowline::bench
