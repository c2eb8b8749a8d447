// SPDX-License-Identifier: Apache-2.0
// What else a program may need: sessions whose time goes on, a state that is saved and put back
// while the group runs, and a node that goes on alone when the others are gone.
//
//   drydock DIRECTORY     an empty one; tries each of them in it
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "bowline/api/node.h"
#include "bowline/api/offline.h"
#include "bowline/api/portable.h"
#include "bowline/machine/replaceable_machine.h"
#include "bowline/session/session_machine.h"
#include "bowline/session/ticker.h"

namespace {

using namespace bowline;

constexpr GroupId the_group{1};

// Counts ships: each command docks one, and the answer is how many there are.
class Docks final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    for (std::size_t i = 0; i < commands.size(); ++i) answers[i] = std::to_string(++ships_);
  }
  std::unique_ptr<machine::Reader> snapshot() override {
    return std::make_unique<Out>(std::to_string(ships_));
  }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<In>(*this); }

 private:
  struct Out final : machine::Reader {
    explicit Out(std::string all) : left(std::move(all)) {}
    Result<std::string> next(std::size_t /*most*/) override { return std::exchange(left, {}); }
    std::string left;
  };
  struct In final : machine::Writer {
    explicit In(Docks& of) : docks(of) {}
    Result<void> add(std::string_view bytes) override {
      text += bytes;
      return {};
    }
    Result<void> commit() override {
      docks.ships_ = std::stoul(text);
      return {};
    }
    Docks& docks;
    std::string text;
  };
  unsigned long ships_ = 0;
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "drydock: %s\n", why.c_str());
  std::exit(1);
}

template <class Value>
Value good(Result<Value> result) {
  if (!result) fail(result.error().what);
  if constexpr (!std::is_void_v<Value>) return *std::move(result);
}

// By whoever leads, who is alone here. The answer of the machine within, if it was a command.
std::string propose(const Group& group, const std::string& envelope) {
  const Outcome outcome = group.propose(machine::ordinary(envelope)).get();
  const auto* const done = std::get_if<Applied>(&outcome);
  if (done == nullptr || !done->answer) fail(text(outcome));
  const std::optional<session::Reply> reply = session::decode_reply(*done->answer);
  if (!reply) fail("that is no reply");
  const auto* const said = std::get_if<session::Done>(&*reply);
  return said == nullptr ? "" : std::string(said->answer);
}

std::string dock(const Group& group) {
  return propose(group, session::encode({.tag = 0, .body = session::Plain{"a ship"}}));
}

// A leader proposes what its ticker says, as often as it says.
void tick(const Group& group) {
  session::Ticker ticker(std::chrono::seconds(1));
  const Time began{};
  ticker.begin(0, began);
  if (ticker.due(began)) fail("it is too soon for a tick");
  propose(group, *ticker.due(began + std::chrono::seconds(1)));
  std::printf("the time of the sessions goes on\n");
}

void put_back(const Group& group, const std::string& directory) {
  dock(group);
  const std::string saved = directory + "/saved";
  good(group.export_snapshot(saved).get());
  std::printf("%s ships are docked, and 1 was when the state was saved\n", dock(group).c_str());
  good(replace_state(group, saved));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: drydock DIRECTORY\n");
    return 2;
  }
  const std::string directory = argv[1];
  const std::string log = directory + "/log";
  {
    const auto node =
        good(Node::open({.id = NodeId{1}, .directory = log, .listen = "127.0.0.1:0"}));
    const GroupSetup setup{.founders = {{.id = NodeId{1}, .address = node->address()}}};
    auto sessions = std::make_unique<session::SessionMachine>(std::make_unique<Docks>());
    const Group group = good(node->start(
        the_group, setup, std::make_unique<machine::ReplaceableMachine>(std::move(sessions))));
    good(group.await_leader(std::chrono::seconds(10)).get());
    tick(group);
    put_back(group, directory);
    std::printf("that one is back, and with the next one they are %s\n", dock(group).c_str());
  }
  const ForcedAlone alone = good(recover_offline(log, the_group, ClusterId{2}));
  std::printf("node %llu goes on alone\n", static_cast<unsigned long long>(alone.node.value));
  return 0;
}
