// SPDX-License-Identifier: Apache-2.0
// Ships and where they are moored: a group of one in a directory of this program.
//
//   moorings DIRECTORY SHIP [BERTH]     moors a ship, or says where it is
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include "bowline/api/node.h"

namespace {

using namespace bowline;

// A command is `SHIP=BERTH`, and the answer is the berth before.
class Moorings final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const std::string_view command = commands[i].payload.view();
      const std::size_t middle = command.find('=');
      if (middle == std::string_view::npos) continue;  // whatever it is, do the same everywhere
      answers[i] = std::exchange(berths_[std::string(command.substr(0, middle))],
                                 std::string(command.substr(middle + 1)));
    }
  }
  std::unique_ptr<machine::Reader> snapshot() override { return std::make_unique<Out>(berths_); }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<In>(*this); }

  std::string berth(const std::string& ship) const {
    const auto found = berths_.find(ship);
    return found == berths_.end() ? "at sea" : found->second;
  }

 private:
  using Berths = std::map<std::string, std::string>;

  // A line for each ship. It is a copy: the ships go on while it is read.
  struct Out final : machine::Reader {
    explicit Out(Berths all) : left(std::move(all)) {}
    Result<std::string> next(std::size_t /*most*/) override {
      if (left.empty()) return {};
      const auto ship = left.extract(left.begin());
      return ship.key() + "=" + ship.mapped() + "\n";
    }
    Berths left;
  };
  struct In final : machine::Writer {
    explicit In(Moorings& of) : moorings(of) {}
    Result<void> add(std::string_view bytes) override {
      text += bytes;
      return {};
    }
    Result<void> commit() override {
      moorings.berths_.clear();
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t middle = text.find('=', at);
        const std::size_t end = text.find('\n', at);
        moorings.berths_[text.substr(at, middle - at)] = text.substr(middle + 1, end - middle - 1);
        at = end + 1;
      }
      return {};
    }
    Moorings& moorings;
    std::string text;
  };
  Berths berths_;
};

int complain(const Error& error) {
  std::fprintf(stderr, "moorings: %s\n", error.what.c_str());
  return 1;
}

// Refused is not done, and may be asked for again; but not for ever, and with a pause.
void moor(const Group& group, const std::string& ship, const std::string& berth) {
  Outcome outcome = group.propose(ship + "=" + berth).get();
  for (int tries = 1; tries < 100 && is_worth_asking_again(outcome); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    outcome = group.propose(ship + "=" + berth).get();
  }
  if (std::holds_alternative<Applied>(outcome)) {
    std::printf("%s is moored at %s\n", ship.c_str(), berth.c_str());
  } else {
    std::fprintf(stderr, "moorings: %s\n", text(outcome).c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: moorings DIRECTORY SHIP [BERTH]\n");
    return 2;
  }
  auto node = Node::open({.id = NodeId{1}, .directory = argv[1], .listen = "127.0.0.1:0"});
  if (!node) return complain(node.error());

  auto machine = std::make_unique<Moorings>();
  const Moorings& moorings = *machine;
  const GroupSetup setup{.founders = {{.id = NodeId{1}, .address = (*node)->address()}}};
  const Result<Group> group = (*node)->start(GroupId{1}, setup, std::move(machine));
  if (!group) return complain(group.error());

  // Who is alone elects himself, after an election timeout.
  const Result<NodeId> leader = group->await_leader(std::chrono::seconds(10)).get();
  if (!leader) return complain(leader.error());
  if (argc == 4) moor(*group, argv[2], argv[3]);
  // On the node's thread, where the machine is used.
  const Result<std::string> berth = group->query([&] { return moorings.berth(argv[2]); }).get();
  if (!berth) return complain(berth.error());
  std::printf("%s: %s\n", argv[2], berth->c_str());
  node->reset();  // closes the port, and the log
  return 0;
}
