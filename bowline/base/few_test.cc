// SPDX-License-Identifier: Apache-2.0
#include "bowline/base/few.h"

#include <algorithm>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/boxed.h"
#include "bowline/base/prng.h"
#include "bowline/base/text.h"

namespace bowline {
namespace {

using Counted = std::shared_ptr<int>;  // tells how many of it there are

Few<std::string> words(const std::vector<std::string>& list) {
  return Few<std::string>(std::span(list));
}

std::vector<std::string> all(const Few<std::string>& list) { return {list.begin(), list.end()}; }

TEST(Few, is_one_word) {
  static_assert(sizeof(Few<std::string>) == sizeof(void*));
  EXPECT_TRUE(Few<int>().empty());
  EXPECT_EQ(Few<int>().begin(), Few<int>().end());
}

TEST(Few, destroys_what_it_held_exactly_once) {
  const auto one = std::make_shared<int>(1);
  {
    Few<Counted> list;
    for (int i = 0; i < 9; ++i) list.push_back(one);
    EXPECT_EQ(one.use_count(), 10);
    Few<Counted> copy = list;
    EXPECT_EQ(one.use_count(), 19);
    list.erase(list.begin() + 2, list.begin() + 5);
    EXPECT_EQ(one.use_count(), 16);
    const Few<Counted> moved = std::move(copy);
    EXPECT_EQ(one.use_count(), 16);
    list.clear();
    EXPECT_EQ(one.use_count(), 10);
  }
  EXPECT_EQ(one.use_count(), 1);
}

TEST(Few, gives_its_memory_back_with_the_last_element) {
  const int* const nowhere = Few<int>().begin();
  Few<int> list;
  for (int i = 0; i < 99; ++i) list.push_back(i);
  EXPECT_NE(list.begin(), nowhere);
  erase_if(list, [](int i) { return i > 0; });
  EXPECT_NE(list.begin(), nowhere);
  list.pop_back();
  EXPECT_EQ(list.begin(), nowhere);
}

TEST(Few, a_copy_is_independent) {
  Few<std::string> list = words({"a", "b"});
  const Few<std::string> copy = list;
  list.front() = "c";
  list.pop_back();
  EXPECT_EQ(all(list), (std::vector<std::string>{"c"}));
  EXPECT_EQ(all(copy), (std::vector<std::string>{"a", "b"}));
}

TEST(Few, takes_an_element_of_its_own) {
  Few<std::string> list = words({std::string(99, 'a')});
  list.push_back(list.front());
  list.insert(list.begin(), list.back());
  EXPECT_EQ(all(list), (std::vector<std::string>(3, std::string(99, 'a'))));
}

// All lists without an element share a place in memory, and must leave it as it is.
TEST(Few, more_than_there_is_cannot_go) {
  Few<std::string> none;
  EXPECT_DEATH(none.erase(none.begin(), none.begin() + 1), "ensure");
  EXPECT_DEATH(none.pop_back(), "ensure");
  Few<std::string> one = words({"a"});
  EXPECT_DEATH(one.erase(one.begin(), one.end() + 1), "ensure");
}

// Whatever is done to it, a vector would look the same.
TEST(Few, behaves_like_a_vector) {
  Prng prng(7);
  Few<std::string> list;
  std::vector<std::string> model;
  for (int step = 0; step < 20'000; ++step) {
    const auto at = static_cast<std::ptrdiff_t>(prng.below(model.size() + 1));
    const auto to = at + static_cast<std::ptrdiff_t>(
                             prng.below(model.size() + 1 - static_cast<std::size_t>(at)));
    const std::string word = std::to_string(prng.below(10)) + std::string(prng.below(40), 'x');
    const auto same = [&](const std::string& other) { return other.front() == word.front(); };
    switch (prng.below(7)) {
      case 0: list.push_back(word), model.push_back(word); break;
      case 1: list.emplace_back(word), model.emplace_back(word); break;
      case 2: list.insert(list.begin() + at, word), model.insert(model.begin() + at, word); break;
      case 3:
        list.erase(list.begin() + at, list.begin() + to);
        model.erase(model.begin() + at, model.begin() + to);
        break;
      case 4: ASSERT_EQ(erase_if(list, same), std::erase_if(model, same)); break;
      case 5: list.reserve(prng.below(12)); break;
      default:
        if (model.empty()) break;
        list.pop_back(), model.pop_back();
        break;
    }
    ASSERT_EQ(all(list), model);
    ASSERT_EQ(list.empty(), model.empty());
  }
}

TEST(Boxed, holds_nothing_until_it_is_given_something) {
  static_assert(sizeof(Boxed<std::string>) == sizeof(void*));
  Boxed<std::string> box;
  EXPECT_FALSE(box);
  EXPECT_EQ(box.get(), nullptr);
  box = Boxed(std::string("a"));
  EXPECT_EQ(*box, "a");
  box.reset();
  EXPECT_FALSE(box.has_value());
}

TEST(Boxed, a_copy_is_independent) {
  Boxed box(std::string("a"));
  const Boxed<std::string> copy = box;
  *box = "b";
  EXPECT_EQ(*copy, "a");
  const Boxed<std::string> none;
  box = none;
  EXPECT_FALSE(box);
}

TEST(Boxed, a_variant_of_boxes_tells_which_value_it_holds) {
  std::variant<Boxed<int>, Boxed<std::string>> boxes = Boxed(std::string("a"));
  EXPECT_EQ(boxed_if<int>(boxes), nullptr);
  EXPECT_EQ(*boxed_if<std::string>(boxes), "a");
}

TEST(Text, is_equal_if_its_letters_are) {
  static_assert(sizeof(Text) == sizeof(void*));
  const Text text(std::string(99, 'a'));
  Text copy;
  copy = text;
  EXPECT_EQ(copy, text);
  EXPECT_NE(copy.view().data(), text.view().data());
  EXPECT_EQ(copy.view(), std::string(99, 'a'));
  EXPECT_FALSE(text == Text("a"));
  EXPECT_EQ(Text(), Text(""));
  EXPECT_EQ(Text("ab").size(), 2U);
}

}  // namespace
}  // namespace bowline
