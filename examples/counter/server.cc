// SPDX-License-Identifier: Apache-2.0
// counter-server: one node of a group that counts, and a port for clients.
//
//   increment_and_get CLIENT SEQUENCE BY   to the leader: adds, and says the sum
//   get                                    to any node: what all before have added
//
// The answer is `ok SUM`, `redirect ADDRESS`, `again` or `error: WHY`.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <asio/signal_set.hpp>

#include "bowline/api/node.h"
#include "examples/counter/client_port.h"
#include "examples/counter/counter.h"

namespace counter {
namespace {

using bowline::Applied;
using bowline::Group;
using bowline::GroupSetup;
using bowline::Node;
using bowline::NodeId;
using bowline::NodeOptions;
using bowline::Outcome;
using bowline::ReadOutcome;
using bowline::Ready;
using bowline::Refused;
using bowline::Result;

struct Member {
  std::string peers, clients;  // where each of them calls it
};

struct Arguments {
  std::uint64_t id = 0;
  std::string directory;
  std::vector<Member> members;
};

std::string redirect(const Arguments& arguments, NodeId leader) {
  if (!leader || leader.value > arguments.members.size()) return "again";
  return "redirect " + arguments.members[leader.value - 1].clients;
}

// Whoever is told `again` asks with the same number, so it does not matter whether it was done.
std::string said(const Arguments& arguments, const Outcome& outcome) {
  if (const auto* done = std::get_if<Applied>(&outcome)) return done->answer.value_or("again");
  const auto* refused = std::get_if<Refused>(&outcome);
  if (refused == nullptr || refused->why != bowline::raft::Refusal::not_leader) return "again";
  return redirect(arguments, refused->leader);
}

void serve(const Arguments& arguments, const Group& group, const Counter& counter,
           const std::string& line, Answer answer) {
  constexpr std::string_view increment = "increment_and_get ";
  if (line == "get") {
    return group.read(bowline::raft::ReadKind::linearizable,
                      [&counter, answer = std::move(answer)](const ReadOutcome& outcome) mutable {
                        const bool ready = std::holds_alternative<Ready>(outcome);
                        answer(ready ? "ok " + std::to_string(counter.value()) : "again");
                      });
  }
  if (!line.starts_with(increment))
    return answer("error: say 'get', or 'increment_and_get CLIENT SEQUENCE BY'");
  group.propose(line.substr(increment.size()),
                [&arguments, answer = std::move(answer)](const Outcome& outcome) mutable {
                  answer(said(arguments, outcome));
                });
}

int complain(const std::string& what) {
  std::fprintf(stderr, "counter-server: %s\n", what.c_str());
  return 1;
}

int run(const Arguments& arguments) {
  const Member& self = arguments.members[arguments.id - 1];
  asio::io_context loop(1);  // before the node, whose last replies still go through it
  NodeOptions options;
  options.id = NodeId{arguments.id};
  options.directory = arguments.directory;
  options.listen = self.peers;
  Result<std::unique_ptr<Node>> node = Node::open(std::move(options));
  if (!node) return complain(node.error().what);

  GroupSetup setup;
  for (const Member& member : arguments.members)
    setup.founders.push_back({.id = NodeId{setup.founders.size() + 1}, .address = member.peers});
  auto machine = std::make_unique<Counter>();
  const Counter& counter = *machine;
  const Result<Group> group =
      (*node)->start(bowline::GroupId{1}, std::move(setup), std::move(machine));
  if (!group) return complain(group.error().what);

  ClientPort port(loop, [&](const std::string& line, Answer answer) {
    serve(arguments, *group, counter, line, std::move(answer));
  });
  if (const std::string fault = port.open(self.clients); !fault.empty()) return complain(fault);
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](std::error_code, int) { loop.stop(); });
  loop.run();
  node->reset();
  return 0;
}

// 1 DIRECTORY PEERS/CLIENTS PEERS/CLIENTS …
bool read(const std::vector<std::string>& words, Arguments& arguments) {
  if (words.size() < 3) return false;
  arguments.id = std::strtoull(words[0].c_str(), nullptr, 10);
  arguments.directory = words[1];
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t slash = words[i].find('/');
    if (slash == std::string::npos) return false;
    arguments.members.push_back({words[i].substr(0, slash), words[i].substr(slash + 1)});
  }
  return arguments.id >= 1 && arguments.id <= arguments.members.size();
}

}  // namespace
}  // namespace counter

int main(int argc, char** argv) {
  counter::Arguments arguments;
  if (counter::read({argv + 1, argv + argc}, arguments)) return counter::run(arguments);
  const bool asked = argc == 2 && std::string_view(argv[1]) == "--help";
  std::fprintf(asked ? stdout : stderr,
               "usage: counter-server ID DIRECTORY PEERS/CLIENTS...\n"
               "  one PEERS/CLIENTS for each member, in the order of their ids: where the other\n"
               "  members call it, and where clients do, like 127.0.0.1:7101/127.0.0.1:8101\n");
  return asked ? 0 : 2;
}
