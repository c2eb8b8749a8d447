// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "bowline/api/node.h"

using namespace bowline;

// Never throws: whatever was proposed is in the log for good, and each replica has to get past it.
std::optional<long long> number_in(std::string_view text) {
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A sum. What is proposed are numbers, and each answer is the sum so far.
class Sum final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const std::optional<long long> number = number_in(commands[i].payload.view());
      long long sum = 0;
      if (!number) {
        answers[i] = "not a number";
      } else if (__builtin_add_overflow(sum_, *number, &sum)) {
        answers[i] = "too much";
      } else {
        answers[i] = std::to_string(sum_ = sum);
      }
    }
  }
  std::unique_ptr<machine::Reader> snapshot() override {
    return std::make_unique<Out>(std::to_string(sum_));
  }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<In>(*this); }

  long long value() const { return sum_; }

 private:
  struct Out final : machine::Reader {
    explicit Out(std::string all) : text(std::move(all)) {}
    Result<std::string> next(std::size_t) override { return std::exchange(text, {}); }
    std::string text;
  };
  struct In final : machine::Writer {
    explicit In(Sum& of) : sum(of) {}
    Result<void> add(std::string_view bytes) override { return text += bytes, Result<void>{}; }
    Result<void> commit() override {
      const std::optional<long long> number = number_in(text);
      if (!number) return std::unexpected(Error{Fault::corrupt, "the sum is not a number"});
      sum.sum_ = *number;
      return {};
    }
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

  auto machine = std::make_unique<Sum>();
  const Sum& sum = *machine;  // for queries: the node has it from now on
  const GroupSetup setup{.founders = {{.id = NodeId{1}, .address = (*node)->address()}}};
  const Result<Group> group = (*node)->start(GroupId{1}, setup, std::move(machine));
  if (!group) return std::fprintf(stderr, "%s\n", group.error().what.c_str()), 1;

  // Who is alone elects himself, after an election timeout.
  const Result<NodeId> leader = group->await_leader(std::chrono::seconds(10)).get();
  if (!leader) return std::fprintf(stderr, "%s\n", leader.error().what.c_str()), 1;

  for (const char* number : {"40", "x", "2"}) {
    const Outcome outcome = group->propose(number).get();
    const auto* const done = std::get_if<Applied>(&outcome);
    std::printf("%s: %s\n", number,
                (done != nullptr ? done->answer.value_or("?") : text(outcome)).c_str());
  }
  const Result<long long> seen = group->query([&sum] { return sum.value(); }).get();
  std::printf("%s\n", seen ? std::to_string(*seen).c_str() : seen.error().what.c_str());
  return seen == 42 ? 0 : 1;
}
