// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "bowline/api/node.h"

using namespace bowline;

// A sum. What is proposed are numbers, and each answer is the sum so far.
class Sum final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      sum_ += std::stoll(std::string(commands[i].payload.view()));
      answers[i] = std::to_string(sum_);
    }
  }
  std::unique_ptr<machine::Reader> snapshot() override {
    return std::make_unique<Out>(std::to_string(sum_));
  }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<In>(*this); }

 private:
  struct Out final : machine::Reader {
    explicit Out(std::string all) : text(std::move(all)) {}
    Result<std::string> next(std::size_t) override { return std::exchange(text, {}); }
    std::string text;
  };
  struct In final : machine::Writer {
    explicit In(Sum& of) : sum(of) {}
    Result<void> add(std::string_view bytes) override { return text += bytes, Result<void>{}; }
    Result<void> commit() override { return sum.sum_ = std::stoll(text), Result<void>{}; }
    Sum& sum;
    std::string text;
  };
  long long sum_ = 0;
};

// A group of one; three of these with three founders are a group of three.
int main() {
  const std::string place = std::filesystem::temp_directory_path() / "bowline-first-node";
  std::filesystem::remove_all(place);

  Result<std::unique_ptr<Node>> node =
      Node::open({.id = NodeId{1}, .directory = place, .listen = "127.0.0.1:0"});
  if (!node) return std::fprintf(stderr, "%s\n", node.error().what.c_str()), 1;

  const GroupSetup setup{.founders = {{.id = NodeId{1}, .address = (*node)->address()}}};
  Result<Group> group = (*node)->start(GroupId{1}, setup, std::make_unique<Sum>());
  if (!group) return std::fprintf(stderr, "%s\n", group.error().what.c_str()), 1;

  Outcome outcome = group->propose("40").get();
  while (std::holds_alternative<Refused>(outcome)) outcome = group->propose("40").get();  // elects
  outcome = group->propose("2").get();
  std::printf("%s\n", std::get<Applied>(outcome).answer->c_str());
  return std::get<Applied>(outcome).answer == "42" ? 0 : 1;
}
