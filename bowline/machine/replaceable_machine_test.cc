// SPDX-License-Identifier: Apache-2.0
#include "bowline/machine/replaceable_machine.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/crc32c.h"

namespace bowline::machine {
namespace {

// A text that grows; how many commands came at once is remembered apart.
class Text final : public StateMachine {
 public:
  void apply(std::span<const Command> commands, std::span<std::string> answers) override {
    batches.push_back(commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) {
      text += commands[i].payload.view();
      answers[i] = std::to_string(text.size());
    }
  }
  std::unique_ptr<Reader> snapshot() override { return std::make_unique<Out>(*this); }
  std::unique_ptr<Writer> restore() override { return std::make_unique<In>(*this); }
  std::string text;
  bool ready = true;  // to be read
  std::vector<std::size_t> batches;

 private:
  struct Out final : Reader {
    explicit Out(const Text& of) : ready(of.ready), rest(of.text) {}
    bool is_ready() override { return ready; }
    Result<std::string> next(std::size_t most) override {
      std::string part = rest.substr(0, most);
      rest.erase(0, part.size());
      return part;
    }
    const bool& ready;
    std::string rest;
  };
  struct In final : Writer {
    explicit In(Text& of) : into(of) {}
    Result<void> add(std::string_view bytes) override {
      all += bytes;
      return {};
    }
    Result<void> commit() override {
      if (all == "bad") return std::unexpected(Error{Fault::corrupt, "no text of ours"});
      into.text = all;
      return {};
    }
    Text& into;
    std::string all;
  };
};

struct ReplaceableTest : testing::Test {
  std::string say(const std::string& command) { return say_all({command})[0]; }
  std::vector<std::string> say_all(const std::vector<std::string>& all) {
    std::vector<Command> commands;
    commands.reserve(all.size());
    for (const std::string& one : all) commands.push_back({{{1}, {++index}}, Bytes::copy(one)});
    std::vector<std::string> answers(all.size());
    machine->apply(commands, answers);
    return answers;
  }
  const std::string& text() { return dynamic_cast<Text&>(machine->within()).text; }
  std::string read_all(std::size_t piece) {
    const auto reader = machine->snapshot();
    std::string all;
    for (std::string part = *reader->next(piece); !part.empty(); part = *reader->next(piece))
      all += part;
    return all;
  }
  // What a group that has this state would export.
  static std::string exported(const std::string& state) {
    ReplaceableMachine other(std::make_unique<Text>());
    dynamic_cast<Text&>(other.within()).text = state;
    return *other.snapshot()->next(1000) + state;
  }
  Result<void> load_into(ReplaceableMachine& other, const std::string& all, std::size_t piece) {
    const auto writer = other.restore();
    for (std::size_t at = 0; at < all.size(); at += piece)
      if (Result<void> added = writer->add(all.substr(at, piece)); !added) return added;
    return writer->commit();
  }
  void replace(std::uint64_t id, const std::string& state, std::size_t parts);

  std::unique_ptr<ReplaceableMachine> machine =
      std::make_unique<ReplaceableMachine>(std::make_unique<Text>());
  std::uint64_t index = 0;
};

TEST_F(ReplaceableTest, ordinary_commands_go_on_together_and_are_answered) {
  EXPECT_EQ(say_all({ordinary("ab"), ordinary("c"), ordinary("")}),
            (std::vector<std::string>{"2", "3", "3"}));
  EXPECT_EQ(dynamic_cast<Text&>(machine->within()).batches, (std::vector<std::size_t>{3}));
}

// Begins with that, sends all of it in parts, and ends.
void ReplaceableTest::replace(std::uint64_t id, const std::string& state, std::size_t parts) {
  const std::string all = exported(state);
  EXPECT_EQ(say(begin_replacing(id, all.size())), "");
  const std::size_t part = all.size() / parts + 1;
  for (std::size_t at = 0; at < all.size(); at += part)
    EXPECT_EQ(say(replace_part(id, at, all.substr(at, part))), "");
}

TEST_F(ReplaceableTest,
       its_snapshot_is_ready_as_long_as_its_own_part_goes_and_then_as_the_text_is) {
  say(ordinary("old"));
  bool& ready = dynamic_cast<Text&>(machine->within()).ready;
  ready = false;
  const auto reader = machine->snapshot();
  EXPECT_TRUE(reader->is_ready());
  EXPECT_EQ(reader->next(1000)->size(), exported("").size());
  EXPECT_FALSE(reader->is_ready());
  ready = true;
  EXPECT_TRUE(reader->is_ready());
  EXPECT_EQ(*reader->next(1000), "old");
}

TEST_F(ReplaceableTest, the_state_is_another_one_at_the_last_part_and_not_before) {
  say(ordinary("old"));
  replace(7, "new!", 3);
  const auto answers = say_all(
      {ordinary("er"), ordinary("!"), end_replacing(7, crc32c(exported("new!"))), ordinary("?")});
  EXPECT_EQ(answers, (std::vector<std::string>{"5", "6", "", "5"}));
  EXPECT_EQ(text(), "new!?");
  EXPECT_EQ(machine->gathered_bytes(), 0U);
}

TEST_F(ReplaceableTest, what_is_sent_twice_does_no_harm) {
  replace(7, "new!", 3);
  EXPECT_EQ(say(begin_replacing(7, exported("new!").size())), "");
  EXPECT_EQ(say(replace_part(7, 0, exported("new!").substr(0, 5))), "");
  EXPECT_EQ(say(end_replacing(7, crc32c(exported("new!")))), "");
  EXPECT_NE(say(end_replacing(7, crc32c(exported("new!")))).find("this one is over"),
            std::string::npos);
  EXPECT_EQ(text(), "new!");
}

TEST_F(ReplaceableTest, whoever_begins_anew_wins) {
  replace(7, "new!", 1);
  replace(8, "x", 1);
  EXPECT_NE(say(replace_part(7, 2, "w!")), "");
  EXPECT_NE(say(end_replacing(7, crc32c(exported("new!")))), "");
  EXPECT_EQ(say(end_replacing(8, crc32c(exported("x")))), "");
  EXPECT_EQ(text(), "x");
}

TEST_F(ReplaceableTest, what_is_wrong_is_said_and_changes_nothing) {
  say(ordinary("old"));
  say(begin_replacing(7, 3));
  EXPECT_NE(say(replace_part(7, 1, "b")).find("the part at 0 has to come first"),
            std::string::npos);
  EXPECT_NE(say(replace_part(7, 0, "long")).find("longer"), std::string::npos);
  EXPECT_NE(say(end_replacing(7, 0)).find("missing"), std::string::npos);
  say(replace_part(7, 0, "odd"));
  EXPECT_NE(say(end_replacing(7, 1)).find("its sum"), std::string::npos);
  replace(8, "bad", 1);
  EXPECT_NE(say(end_replacing(8, crc32c(exported("bad")))).find("no text of ours"),
            std::string::npos);
  say(begin_replacing(9, 3));
  say(replace_part(9, 0, "odd"));
  EXPECT_NE(say(end_replacing(9, crc32c("odd"))).find("no snapshot"), std::string::npos);
  for (const std::string& odd :
       {std::string(), std::string("\x09"), std::string("\x01"), begin_replacing(0, 1),
        begin_replacing(7, 1) + "x", end_replacing(7, 1).substr(0, 5)})
    EXPECT_NE(say(odd).find("no command"), std::string::npos);
  EXPECT_EQ(text(), "old");
}

TEST_F(ReplaceableTest, there_is_a_bound_on_what_is_gathered) {
  machine = std::make_unique<ReplaceableMachine>(std::make_unique<Text>(),
                                                 ReplaceableMachine::Bounds{.most_bytes = 10});
  EXPECT_NE(say(begin_replacing(7, 11)).find("Bounds::most_bytes"), std::string::npos);
  EXPECT_EQ(say(begin_replacing(7, 10)), "");
}

// Each replica makes its snapshots where it likes: in the midst of it, too.
TEST_F(ReplaceableTest, a_snapshot_in_the_midst_of_it_has_what_came_so_far) {
  const std::string state = exported("new!");
  say(ordinary("old"));
  say(begin_replacing(7, state.size()));
  say(replace_part(7, 0, state.substr(0, 9)));
  for (const std::size_t piece : {1U, 7U, 1000U}) {
    ReplaceableMachine other(std::make_unique<Text>());
    ASSERT_TRUE(load_into(other, read_all(piece), piece).has_value());
    EXPECT_EQ(other.gathered_bytes(), 9U);
  }
  const std::string all = read_all(1000);
  machine = std::make_unique<ReplaceableMachine>(std::make_unique<Text>());
  ASSERT_TRUE(load_into(*machine, all, 3).has_value());
  EXPECT_EQ(text(), "old");
  EXPECT_EQ(say(replace_part(7, 9, state.substr(9))), "");
  EXPECT_EQ(say(end_replacing(7, crc32c(state))), "");
  EXPECT_EQ(text(), "new!");
}

TEST_F(ReplaceableTest, a_snapshot_that_is_damaged_is_refused) {
  say(begin_replacing(7, 4));
  say(replace_part(7, 0, "ne"));
  const std::string all = read_all(1000);
  for (std::size_t bytes = 0; bytes < all.size(); ++bytes)
    EXPECT_FALSE(load_into(*machine, all.substr(0, bytes), 5).has_value()) << bytes;
  for (const std::size_t at : {0U, 21U, 32U}) {
    std::string flipped = all;
    flipped[at] = static_cast<char>(flipped[at] ^ 64);
    EXPECT_FALSE(load_into(*machine, flipped, 5).has_value()) << at;
  }
}

}  // namespace
}  // namespace bowline::machine
