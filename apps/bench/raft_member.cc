// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/raft_member.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <sstream>
#include <utility>

#include "bowline/api/node.h"

namespace bowline::bench {
namespace {

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

std::string press(const Group& of, std::istream& words) {
  ClosedLoad load(words);
  const Bytes payload = Bytes::own(std::string(load.load().payload, 'x'));
  of.with([&](host::Replica* replica) {
    load.begin([&load, &payload, replica](ClosedLoad::Steady::time_point begun) {
      replica->propose(payload, [&load, begun](const Outcome& outcome) {
        using End = ClosedLoad::End;
        load.ended(begun, std::holds_alternative<Applied>(outcome)   ? End::applied
                          : std::holds_alternative<Refused>(outcome) ? End::refused
                                                                     : End::unknown);
      });
    });
  });
  return load.result();
}

bool done(std::future<Outcome> outcome) { return std::holds_alternative<Applied>(outcome.get()); }

Child::Answer live(std::uint64_t id, const std::vector<std::string>& addresses,
                   const std::string& listen, const std::string& directory) {
  const auto stop = [id](const Error& error) {
    std::fprintf(stderr, "member %d: %s\n", static_cast<int>(id), error.what.c_str());
    std::_Exit(1);
  };
  NodeOptions options;
  options.id = NodeId{id};
  options.directory = directory;
  options.listen = listen.empty() ? addresses[id - 1] : listen;
  Result<std::unique_ptr<Node>> node = Node::open(options);
  if (!node) stop(node.error());
  GroupSetup setup;
  for (std::size_t i = 0; i < addresses.size(); ++i)
    setup.founders.push_back({.id = NodeId{i + 1}, .address = addresses[i]});
  const Result<Group> started = (*node)->start(group, setup, std::make_unique<Counter>());
  if (!started) stop(started.error());
  return [node = *std::move(node), started = *started](std::istream& words) {
    std::string what;
    words >> what;
    if (what == "leads")
      return std::string(started.status().get().role == raft::Role::leader ? "1" : "0");
    if (what == "cpu") return std::to_string(cpu_of_this_process());
    if (what == "disk") return node->disk();
    if (what == "write") return std::string(done(started.propose("x")) ? "1" : "0");
    if (what == "hand") return std::string(done(started.transfer()) ? "1" : "0");
    if (what == "press") return press(started, words);
    return std::string("?");
  };
}

std::vector<std::string> with_words(std::vector<std::string> program, std::uint64_t id,
                                    const std::vector<std::string>& addresses,
                                    const std::string& directory) {
  std::string all;
  for (const std::string& address : addresses) all += (all.empty() ? "" : ",") + address;
  program.insert(program.end(), {std::to_string(id), all, directory});
  return program;
}

}  // namespace

RaftMember::RaftMember(std::uint64_t id, const std::vector<std::string>& addresses,
                       std::string listen, const std::string& directory,
                       const std::vector<std::string>& program)
    : child_(program.empty() ? Child([=, listen = std::move(listen)] {
        return live(id, addresses, listen, directory);
      })
                             : Child(with_words(program, id, addresses, directory))) {}

bool RaftMember::write() { return child_.ask("write") == "1"; }
bool RaftMember::hand_over() { return child_.ask("hand") == "1"; }
bool RaftMember::leads() { return child_.ask("leads") == "1"; }
double RaftMember::cpu_seconds() { return std::strtod(child_.ask("cpu").c_str(), nullptr); }
std::string RaftMember::disk() { return child_.ask("disk"); }

RaftFigure RaftMember::run(const RaftLoad& load) {
  std::ostringstream what;
  what << "press " << load.payload << ' ' << load.in_flight << ' ' << load.warm_seconds << ' '
       << load.seconds;
  std::istringstream said(child_.ask(what.str()));
  RaftFigure figure;
  said >> figure.proposals >> figure.per_second >> figure.p50_us >> figure.p99_us >> figure.p999_us;
  return figure;
}

}  // namespace bowline::bench
