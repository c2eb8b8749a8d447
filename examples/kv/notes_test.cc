// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/notes.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace bowline::examples::kv {
namespace {

class NotesTest : public testing::Test {
 protected:
  ~NotesTest() override { std::filesystem::remove(path_); }
  void life(std::uint64_t index) {
    Result<Notes> notes = Notes::open(path_);
    ASSERT_TRUE(notes) << notes.error().what;
    notes->note(Index{index}, {.verb = Verb::put, .key = "x", .value = "a", .mark = 7});
  }
  std::string said() const {
    std::ostringstream all;
    all << std::ifstream(path_).rdbuf();
    return all.str();
  }
  std::string path_ = testing::TempDir() + "bowline-notes";
};

TEST_F(NotesTest, each_life_goes_on_behind_the_last) {
  life(1);
  const std::string one = said();
  EXPECT_TRUE(one.starts_with("1 7 ")) << one;
  life(2);
  EXPECT_EQ(said(), one + "2" + one.substr(1));
}

// Else the two are one line that says what nobody wrote.
TEST_F(NotesTest, what_a_killed_process_left_of_a_line_goes) {
  life(1);
  const std::string one = said();
  std::ofstream(path_, std::ios::app) << "2 7 19";
  life(3);
  EXPECT_EQ(said(), one + "3" + one.substr(1));
}

TEST_F(NotesTest, where_no_directory_is_they_cannot_be) {
  const Result<Notes> notes = Notes::open(path_ + "/not/there");
  ASSERT_FALSE(notes);
  EXPECT_NE(notes.error().what.find("is its directory there"), std::string::npos);
}

}  // namespace
}  // namespace bowline::examples::kv
